/* SPDX-License-Identifier: Apache-2.0 */
/* Rows against bytes as containerd writes and reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shim/message/bootstrap.h"
#include "shim/message/events.h"
#include "shim/message/metrics_v2.h"
#include "shim/message/options.h"
#include "shim/message/task.h"

static void the_prefix_of_a_type_does_not_count(void **state UNUSED)
{
	struct msg_any bare = { .type_url = "containerd.runc.v1.Options" };
	struct msg_any full = { .type_url = "type.googleapis.com/containerd.runc.v1.Options" };
	struct msg_any json = { .type_url = MSG_SPEC_PROCESS };

	assert_true(msg_any_is(&bare, MSG_RUNC_OPTIONS));
	assert_true(msg_any_is(&full, MSG_RUNC_OPTIONS));
	assert_true(msg_any_is(&json, MSG_SPEC_PROCESS));
	assert_false(msg_any_is(NULL, MSG_RUNC_OPTIONS));
	assert_string_equal(msg_any_name(&(struct msg_any){ 0 }), "");
}

/* Members of each message ascend, or nobody finds the later ones. */
static void check_rows(const struct pb_message *m)
{
	for (size_t i = 0; i < m->n_fields; i++) {
		if (i > 0)
			assert_true(m->fields[i - 1].number < m->fields[i].number);
		if (m->fields[i].kind == PB_MESSAGE) {
			assert_non_null(m->fields[i].type);
			check_rows(m->fields[i].type);
		}
	}
}

static void rows_ascend(void **state UNUSED)
{
#define X(method, request, reply)                                                                  \
	check_rows(&msg_##request##_message);                                                      \
	check_rows(&msg_##reply##_message);
	MSG_TASK_METHODS(X)
#undef X
	for (size_t i = 0; i < MSG_EVENT_COUNT; i++)
		check_rows(msg_event_kinds[i].message);
	check_rows(&msg_forward_request_message);
	check_rows(&msg_runc_options_message);
	check_rows(&msg_linux_options_message);
	check_rows(&msg_checkpoint_options_message);
	check_rows(&msg_bootstrap_params_message);
	check_rows(&msg_runtime_info_message);
	check_rows(&msg_metrics_v1_message);
	check_rows(&msg_metrics_v2_message);
}

/* A Create request, as ctr has containerd send it, shortened. */
static void a_request_of_containerds_is_understood(void **state UNUSED)
{
	static const char wire[] = "\x0a\x03one"
				   "\x12\x06/b/one"
				   "\x1a\x1b\x0a\x07overlay\x12\x07overlay\"\x07index=o"
				   "2\x04/out:\x04/err"
				   "R*\x0a\x1a"
				   "containerd.runc.v1.Options\x12\x0c"
				   "2\x0a/bin/creel";
	auto_(arena) struct arena a = { 0 };
	struct msg_create_request q = { 0 };
	struct msg_runc_options o = { 0 };
	const struct msg_mount *m;
	struct err e = { 0 };

	if (pb_decode(&msg_create_request_message, wire, sizeof(wire) - 1, &a, &q, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(q.id, "one");
	assert_string_equal(q.bundle, "/b/one");
	assert_int_equal(q.rootfs.n, 1);
	m = q.rootfs.items;
	assert_string_equal(m->type, "overlay");
	assert_string_equal(((const char **)m->options.items)[0], "index=o");
	assert_null(q.stdin_path);
	assert_string_equal(q.stdout_path, "/out");
	assert_string_equal(q.stderr_path, "/err");
	assert_true(msg_any_is(q.options, MSG_RUNC_OPTIONS));
	assert_int_equal(pb_decode(&msg_runc_options_message, q.options->value.data,
				   q.options->value.len, &a, &o, NULL),
			 0);
	assert_string_equal(o.binary_name, "/bin/creel");
	assert_false(o.systemd_cgroup.set);
}

static void an_exit_is_what_containerd_reads(void **state UNUSED)
{
	static const char wire[] = "\x0a\x03one\x12\x02"
				   "e1\x18\x88\x0e\x20\x89\x01*\x06\x08\xac\x02\x10\x88'";
	auto_(strbuf) struct strbuf out = { 0 };
	struct msg_timestamp at = msg_timestamp((struct timespec){ 300, 5000 });
	struct msg_event_exit event = { .container_id = "one",
					.id = "e1",
					.pid = pb_set(1800),
					.exit_status = pb_set(137),
					.exited_at = &at };

	pb_encode(msg_event_kinds[MSG_EVENT_EXIT].message, &event, &out);
	assert_int_equal(out.len, sizeof(wire) - 1);
	assert_memory_equal(out.data, wire, out.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_prefix_of_a_type_does_not_count),
		cmocka_unit_test(rows_ascend),
		cmocka_unit_test(a_request_of_containerds_is_understood),
		cmocka_unit_test(an_exit_is_what_containerd_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
