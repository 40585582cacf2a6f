/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/landlock/landlock.h"

#include <errno.h>
#include <inttypes.h>

#include "libutil/log.h"
#include "libutil/path.h"
#include "runtime/annotation.h"

#define PORT_MAX 65535

/* As it is written. */
struct rule_text {
	struct oci_strings paths;
	struct oci_u32s ports;
	struct oci_strings allowed;
};

struct rules_text {
	struct oci_strings handled[LANDLOCK_KIND_COUNT];
	struct oci_array path_beneath, net_port; /* struct rule_text */
	bool best_effort;
};

static const char *const kind_keys[LANDLOCK_KIND_COUNT] = {
	[LANDLOCK_FS] = "handledAccessFs",
	[LANDLOCK_NET] = "handledAccessNet",
	[LANDLOCK_SCOPED] = "scoped",
};

#define R(...) FIELD_ROW(struct rule_text, __VA_ARGS__)
static const struct field path_rows[] = {
	R(paths, "paths", FIELD_STRINGS, .bits = FIELD_REQUIRED),
	R(allowed, "allowedAccess", FIELD_STRINGS, .bits = FIELD_REQUIRED),
};
static const struct field port_rows[] = {
	R(ports, "ports", FIELD_U32S, .bits = FIELD_REQUIRED),
	R(allowed, "allowedAccess", FIELD_STRINGS, .bits = FIELD_REQUIRED),
};
static const struct field_type path_type = FIELD_TYPE("rule", struct rule_text, path_rows);
static const struct field_type port_type = FIELD_TYPE("rule", struct rule_text, port_rows);

#define T(...) FIELD_ROW(struct rules_text, __VA_ARGS__)
static const struct field rules_rows[] = {
	T(handled[LANDLOCK_FS], "handledAccessFs", FIELD_STRINGS),
	T(handled[LANDLOCK_NET], "handledAccessNet", FIELD_STRINGS),
	T(handled[LANDLOCK_SCOPED], "scoped", FIELD_STRINGS),
	T(path_beneath, "pathBeneath", FIELD_OBJECTS, .type = &path_type),
	T(net_port, "netPort", FIELD_OBJECTS, .type = &port_type),
	T(best_effort, "bestEffort", FIELD_BOOL),
};
static const struct field_type rules_type =
	FIELD_TYPE("Landlock rules", struct rules_text, rules_rows);

/* A misspelt member would leave the program with rights that were to be taken. */
struct stranger {
	char name[CLIP_SIZE];
};

static void note_stranger(void *ctx, const char *path, const char *key UNUSED,
			  const struct field_type *known UNUSED)
{
	struct stranger *s = ctx;

	if (!s->name[0])
		(void)clip_text(s->name, path, strlen(path));
}

static int read_rights(enum landlock_kind kind, const struct oci_strings *words, const char *path,
		       uint64_t *ret, struct err *e)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < words->n; i++) {
		uint64_t right = landlock_right(kind, words->items[i]);
		char shown[CLIP_SIZE];

		if (right == 0)
			return err_set(e, EINVAL, "%s[%zu]: unknown right '%s'", path, i,
				       clip_text(shown, words->items[i], strlen(words->items[i])));
		mask |= right;
	}
	*ret = mask;
	return 0;
}

static int check_places(const struct rule_text *t, const char *path, struct err *e)
{
	for (size_t i = 0; i < t->paths.n; i++)
		if (!path_is_absolute(t->paths.items[i]))
			return err_set(e, EINVAL, "%s.paths[%zu]: must be an absolute path", path,
				       i);
	for (size_t i = 0; i < t->ports.n; i++)
		if (t->ports.items[i] > PORT_MAX)
			return err_set(e, EINVAL, "%s.ports[%zu]: %" PRIu32 " is above %d", path, i,
				       t->ports.items[i], PORT_MAX);
	return 0;
}

static int read_rule(enum landlock_kind kind, const struct rule_text *t, uint64_t handled,
		     const char *path, struct landlock_rule *ret, struct err *e)
{
	char allowed[64];
	uint64_t extra;
	int r;

	(void)snprintf(allowed, sizeof(allowed), "%s.allowedAccess", path);
	r = read_rights(kind, &t->allowed, allowed, &ret->allowed, e);
	if (r >= 0)
		r = check_places(t, path, e);
	if (r < 0)
		return r;
	extra = ret->allowed & ~handled;
	if (extra)
		return err_set(e, EINVAL, "%s: '%s' (0x%" PRIx64 ") is not in %s", allowed,
			       landlock_right_name(kind, extra) ? landlock_right_name(kind, extra)
								: "a right",
			       extra, kind_keys[kind]);
	if (ret->allowed == 0)
		return err_set(e, EINVAL, "%s: a rule must allow something", allowed);
	ret->paths = t->paths;
	ret->ports = t->ports;
	return 0;
}

static int read_rules(enum landlock_kind kind, const char *key, const struct oci_array *list,
		      uint64_t handled, struct arena *a, struct landlock_rule **ret, struct err *e)
{
	const struct rule_text *t = list->items;
	struct landlock_rule *rules = arena_alloc(a, list->n + 1, sizeof(*rules));

	for (size_t i = 0; i < list->n; i++) {
		char path[48];
		int r;

		(void)snprintf(path, sizeof(path), "%s[%zu]", key, i);
		r = read_rule(kind, &t[i], handled, path, &rules[i], e);
		if (r < 0)
			return r;
	}
	*ret = rules;
	return 0;
}

static int convert(const struct rules_text *t, struct arena *a, struct landlock_rules *ret,
		   struct err *e)
{
	uint64_t any = 0;
	int r = 0;

	for (int kind = 0; kind < LANDLOCK_KIND_COUNT && r >= 0; kind++) {
		r = read_rights((enum landlock_kind)kind, &t->handled[kind], kind_keys[kind],
				&ret->handled.v[kind], e);
		any |= ret->handled.v[kind];
	}
	if (r >= 0 && any == 0)
		r = err_set(e, EINVAL, "handles no right: it would forbid nothing");
	if (r >= 0)
		r = read_rules(LANDLOCK_FS, "pathBeneath", &t->path_beneath,
			       ret->handled.v[LANDLOCK_FS], a, &ret->paths, e);
	if (r >= 0)
		r = read_rules(LANDLOCK_NET, "netPort", &t->net_port, ret->handled.v[LANDLOCK_NET],
			       a, &ret->ports, e);
	ret->n_paths = t->path_beneath.n;
	ret->n_ports = t->net_port.n;
	ret->best_effort = t->best_effort;
	return r;
}

int landlock_parse(const char *text, struct arena *a, struct landlock_rules **ret, struct err *e)
{
	char name[64];
	struct stranger s = { .name = "" };
	struct decode_opts opts = { .unknown = note_stranger, .ctx = &s };
	struct landlock_rules *rules = arena_alloc(a, 1, sizeof(*rules));
	void *object = NULL;
	int r;

	(void)snprintf(name, sizeof(name), "annotations.%s", annotation_key(ANNOTATION_LANDLOCK));
	r = oci_decode(&rules_type, name, text, strlen(text), &opts, a, &object, e);
	if (r >= 0 && s.name[0])
		r = err_set(e, EINVAL, "%s: unknown member '%s'", name, s.name);
	if (r < 0)
		return r;
	r = convert(object, a, rules, e);
	if (r < 0)
		return err_wrap(e, r, "%s", name);
	*ret = rules;
	return 0;
}

int landlock_of(const struct runtime_spec *spec, struct arena *a, struct landlock_rules **ret,
		struct err *e)
{
	const char *text = annotation_of(&spec->annotations, ANNOTATION_LANDLOCK);

	*ret = NULL;
	return text && text[0] ? landlock_parse(text, a, ret, e) : 0;
}

/* ---- What the kernel has ---- */

static int too_new(enum landlock_kind kind, uint64_t missing, int abi, struct err *e)
{
	int since = landlock_since(kind, missing);
	const char *name = annotation_key(ANNOTATION_LANDLOCK);

	if (abi == 0)
		return err_set(e, EOPNOTSUPP,
			       "annotations.%s: this kernel has no Landlock, or it is off (boot "
			       "with lsm=landlock,...); \"bestEffort\":true does without",
			       name);
	if (since == 0)
		return err_set(e, EOPNOTSUPP,
			       "annotations.%s: %s: 0x%" PRIx64 " is unknown to version %d of "
			       "Landlock, which this kernel has; \"bestEffort\":true does without",
			       name, kind_keys[kind], missing, abi);
	return err_set(e, EOPNOTSUPP,
		       "annotations.%s: %s: '%s' needs version %d of Landlock (Linux %s), this "
		       "kernel has %d; \"bestEffort\":true does without",
		       name, kind_keys[kind], landlock_right_name(kind, missing), since,
		       landlock_linux(since), abi);
}

static void drop_rights(struct landlock_rules *rules)
{
	for (size_t i = 0; i < rules->n_paths; i++)
		rules->paths[i].allowed &= rules->handled.v[LANDLOCK_FS];
	for (size_t i = 0; i < rules->n_ports; i++)
		rules->ports[i].allowed &= rules->handled.v[LANDLOCK_NET];
}

int landlock_fit(struct landlock_rules *rules, int abi, struct err *e)
{
	uint64_t any = 0;

	for (int kind = 0; kind < LANDLOCK_KIND_COUNT; kind++) {
		uint64_t known = landlock_known((enum landlock_kind)kind, abi);
		uint64_t missing = rules->handled.v[kind] & ~known;

		if (missing && !rules->best_effort)
			return too_new((enum landlock_kind)kind, missing, abi, e);
		rules->handled.v[kind] &= known;
		any |= rules->handled.v[kind];
	}
	drop_rights(rules);
	return any != 0;
}
