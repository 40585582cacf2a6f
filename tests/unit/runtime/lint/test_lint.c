/* SPDX-License-Identifier: Apache-2.0 */
/* tests/data/lint: each NAME.json with the findings that are due in NAME.findings. */
#include "runtime/lint/lint.h"

#include "tests/unit/oci-spec/data.h"

/* What depends on the host the test runs on. */
static const char *const host_rules[] = { "unmasked-path" };

static void lint_one(const struct data *d, struct lint *l, struct lint_request *req)
{
	for (size_t i = 0; i < ARRAY_LEN(host_rules); i++)
		strv_add(&req->ignore, host_rules[i]);
	*l = (struct lint){ .req = req, .bundlefd = -1, .bundle = "/b" };
	lint_text(l, d->text, d->len);
}

/* "level path [rule]" lines, as they were found. */
static void summary(const struct lint *l, struct strbuf *out)
{
	for (size_t i = 0; i < l->n; i++)
		strbuf_addf(out, "%s %s [%s]\n", lint_level_name(lint_rows[l->v[i].rule].level),
			    l->v[i].path, lint_rows[l->v[i].rule].id);
}

static void each_document_has_the_findings_beside_it(void **state UNUSED)
{
	auto_(strv) struct strv names = { 0 };

	data_list("lint", ".json", &names);
	for (size_t i = 0; i < names.n; i++) {
		autofree char *stem = xstrndup(names.v[i], strlen(names.v[i]) - strlen(".json"));
		autofree char *file = xasprintf("lint/%s.json", stem);
		autofree char *beside = xasprintf("lint/%s.findings", stem);
		struct lint_request req = { .least = LINT_NOTE };
		auto_(data) struct data d = data_read(file);
		auto_(data) struct data want = data_read(beside);
		auto_(lint) struct lint l = { 0 };
		auto_(strbuf) struct strbuf got = { 0 };

		lint_one(&d, &l, &req);
		summary(&l, &got);
		if (!streq(strbuf_str(&got), want.text))
			fail_msg("%s: got\n%s", file, strbuf_str(&got));
		strv_done(&req.ignore);
	}
}

/* What engines make every day is no mistake; what their users asked for is what is told. */
static void engines_documents_have_no_errors_and_few_warnings(void **state UNUSED)
{
	static const struct {
		const char *name;
		size_t warnings;
	} rows[] = {
		{ "containerd-default.json", 1 }, /* no seccomp */
		{ "containerd-tty-seccomp-memory.json", 0 },
		{ "cri-pause.json", 1 }, /* no seccomp */
		{ "docker-bridge-port.json", 0 },
		{ "docker-default.json", 0 },
		{ "docker-privileged.json", 8 },
		{ "docker-tty.json", 0 },
		{ "docker-unconfined.json", 1 }, /* no seccomp */
		{ "docker-volumes-env.json", 0 },
		{ "podman-default.json", 0 },
		{ "podman-hardened.json", 0 },
		{ "podman-tty-limits.json", 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autofree char *file = xasprintf("bundles/%s", rows[i].name);
		struct lint_request req = { .least = LINT_NOTE };
		auto_(data) struct data d = data_read_bundle(file);
		auto_(lint) struct lint l = { 0 };
		auto_(strbuf) struct strbuf got = { 0 };

		lint_one(&d, &l, &req);
		summary(&l, &got);
		if (l.count[LINT_ERROR] || l.count[LINT_WARNING] != rows[i].warnings)
			fail_msg("%s: got\n%s", file, strbuf_str(&got));
		strv_done(&req.ignore);
	}
}

static void every_rule_is_told_by_some_document_or_needs_the_host(void **state UNUSED)
{
	static const char *const of_the_host[] = {
		"rootfs",          "program",       "namespace",     "cgroup",     "mount",
		"mount-source",    "hook",          "sysctl",        "annotation", "seccomp-filter",
		"writable-bundle", "writable-hook", "unmasked-path", "landlock",   "intel-rdt",
	};
	auto_(strbuf) struct strbuf all = { 0 };
	auto_(strv) struct strv names = { 0 };

	data_list("lint", ".findings", &names);
	for (size_t i = 0; i < names.n; i++) {
		autofree char *file = xasprintf("lint/%s", names.v[i]);
		auto_(data) struct data d = data_read(file);

		strbuf_adds(&all, d.text);
	}
	for (int i = 0; i < LINT_RULE_COUNT; i++) {
		autofree char *tag = xasprintf("[%s]", lint_rows[i].id);
		bool host = false;

		for (size_t k = 0; k < ARRAY_LEN(of_the_host); k++)
			host = host || streq(lint_rows[i].id, of_the_host[k]);
		if (!host && !strstr(strbuf_str(&all), tag))
			fail_msg("no document has %s", tag);
	}
}

static void an_ignored_rule_is_silent_and_a_wrong_id_is_told(void **state UNUSED)
{
	static const char text[] = "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"}}";
	struct data d = { .text = (char *)(uintptr_t)text, .len = strlen(text) };
	struct lint_request req = { .least = LINT_ERROR };
	auto_(lint) struct lint l = { 0 };
	struct err e = { 0 };
	size_t before;

	lint_one(&d, &l, &req);
	before = l.count[LINT_WARNING];
	/* Counted, not shown. */
	assert_true(before > 0);
	assert_int_equal(l.n, 0);
	lint_done(&l);
	strv_add(&req.ignore, "no-seccomp");
	lint_one(&d, &l, &req);
	assert_int_equal(l.count[LINT_WARNING], before - 1);
	assert_int_equal(lint_rule_find("no-secomp", &e), -22);
	assert_string_equal(e.msg, "unknown rule 'no-secomp', did you mean 'no-seccomp'?");
	strv_done(&req.ignore);
}

static void reports_tell_place_reason_rule_and_advice(void **state UNUSED)
{
	static const char text[] =
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"hostnam\":\"\\u001b[2J\"}";
	struct data d = { .text = (char *)(uintptr_t)text, .len = strlen(text) };
	struct lint_request req = { .least = LINT_NOTE };
	auto_(lint) struct lint l = { 0 };
	auto_(strbuf) struct strbuf out = { 0 }, json = { 0 };

	lint_one(&d, &l, &req);
	lint_report_text(&l, &out);
	assert_true(starts_with(strbuf_str(&out),
				"warning: hostnam: unknown name 'hostnam', did you mean "
				"'hostname'? [misspelt-member]\n    correct the name: "));
	assert_non_null(strstr(strbuf_str(&out), "0 errors, "));
	lint_report_json(&l, &json);
	assert_true(starts_with(strbuf_str(&json), "{\n  \"bundle\": \"/b\",\n  \"errors\": 0,\n"));
	assert_non_null(strstr(strbuf_str(&json), "\"rule\": \"misspelt-member\""));
	strv_done(&req.ignore);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_document_has_the_findings_beside_it),
		cmocka_unit_test(engines_documents_have_no_errors_and_few_warnings),
		cmocka_unit_test(every_rule_is_told_by_some_document_or_needs_the_host),
		cmocka_unit_test(an_ignored_rule_is_silent_and_a_wrong_id_is_told),
		cmocka_unit_test(reports_tell_place_reason_rule_and_advice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
