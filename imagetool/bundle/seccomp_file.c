/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles in files.  Docker's form is the runtime-spec's with conditions on each rule. */
#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "imagetool/bundle/edit.h"
#include "imagetool/bundle/seccomp.h"
#include "libutil/file.h"

/* ---- The document ---- */

struct filter {
	struct oci_strings caps, arches;
	const char *min_kernel;
};
struct file_rule {
	struct oci_strings names;
	const char *name;
	int action;
	struct opt_u64 errno_ret;
	struct oci_array args; /* struct spec_seccomp_arg */
	struct filter *includes, *excludes;
};
struct arch_map {
	const char *architecture;
	struct oci_strings sub;
};
struct file_profile {
	struct spec_seccomp spec; /* but for its syscalls */
	struct oci_array rules;   /* struct file_rule */
	struct oci_array arch_map;
};

#define A(...) FIELD_ROW(struct spec_seccomp_arg, __VA_ARGS__)
static const struct field arg_rows[] = {
	A(index, "index", FIELD_U64, .bits = FIELD_REQUIRED, .min = 0, .max = UINT32_MAX),
	A(value, "value", FIELD_U64, .bits = FIELD_REQUIRED),
	A(value_two, "valueTwo", FIELD_U64),
	A(op, "op", FIELD_ENUM, .bits = FIELD_REQUIRED, .words = &oci_seccomp_op_words),
};
static const struct field_type arg_type =
	FIELD_TYPE("seccomp argument", struct spec_seccomp_arg, arg_rows);

#define F(...) FIELD_ROW(struct filter, __VA_ARGS__)
static const struct field filter_rows[] = {
	F(caps, "caps", FIELD_STRINGS),
	F(arches, "arches", FIELD_STRINGS),
	F(min_kernel, "minKernel", FIELD_STRING),
};
static const struct field_type filter_type =
	FIELD_TYPE("seccomp condition", struct filter, filter_rows);

#define R(...) FIELD_ROW(struct file_rule, __VA_ARGS__)
static const struct field rule_rows[] = {
	R(names, "names", FIELD_STRINGS),
	R(name, "name", FIELD_STRING),
	R(action, "action", FIELD_ENUM, .bits = FIELD_REQUIRED, .words = &oci_seccomp_action_words),
	R(errno_ret, "errnoRet", FIELD_U64, .min = 0, .max = UINT32_MAX),
	R(args, "args", FIELD_OBJECTS, .type = &arg_type),
	R(includes, "includes", FIELD_OBJECT, .type = &filter_type),
	R(excludes, "excludes", FIELD_OBJECT, .type = &filter_type),
	FIELD_ROW_IGNORED("comment"),
	FIELD_ROW_IGNORED("errno"),
};
static const struct field_type rule_type = FIELD_TYPE("seccomp rule", struct file_rule, rule_rows);

#define M(...) FIELD_ROW(struct arch_map, __VA_ARGS__)
static const struct field map_rows[] = {
	M(architecture, "architecture", FIELD_STRING, .bits = FIELD_REQUIRED),
	M(sub, "subArchitectures", FIELD_STRINGS),
};
static const struct field_type map_type = FIELD_TYPE("seccomp archMap", struct arch_map, map_rows);

#define P(...) FIELD_ROW(struct file_profile, __VA_ARGS__)
static const struct field profile_rows[] = {
	P(spec.default_action, "defaultAction", FIELD_ENUM, .bits = FIELD_REQUIRED,
	  .words = &oci_seccomp_action_words),
	P(spec.default_errno_ret, "defaultErrnoRet", FIELD_U64, .min = 0, .max = UINT32_MAX),
	P(spec.architectures, "architectures", FIELD_STRINGS),
	P(spec.flags, "flags", FIELD_ENUMS, .words = &oci_seccomp_flag_words),
	P(spec.listener_path, "listenerPath", FIELD_STRING),
	P(spec.listener_metadata, "listenerMetadata", FIELD_STRING),
	P(rules, "syscalls", FIELD_OBJECTS, .type = &rule_type),
	P(arch_map, "archMap", FIELD_OBJECTS, .type = &map_type),
	FIELD_ROW_IGNORED("defaultErrno"),
};
static const struct field_type profile_type =
	FIELD_TYPE("seccomp profile", struct file_profile, profile_rows);

/* ---- Conditions ---- */

/* Go's words for architectures, which docker's conditions are in: ours and those it runs too. */
#if defined(__x86_64__)
static const char *const go_architectures[] = { "amd64", "x32", "x86", NULL };
#elif defined(__aarch64__)
static const char *const go_architectures[] = { "arm64", "arm", NULL };
#elif defined(__i386__)
static const char *const go_architectures[] = { "x86", "386", NULL };
#elif defined(__arm__)
static const char *const go_architectures[] = { "arm", NULL };
#elif defined(__powerpc64__)
static const char *const go_architectures[] = { "ppc64le", NULL };
#elif defined(__s390x__)
static const char *const go_architectures[] = { "s390x", "s390", NULL };
#elif defined(__riscv)
static const char *const go_architectures[] = { "riscv64", NULL };
#else
static const char *const go_architectures[] = { NULL };
#endif

static bool has_any_arch(const struct oci_strings *list)
{
	for (const char *const *p = go_architectures; *p; p++)
		if (edit_has_string(list, *p))
			return true;
	return false;
}

static bool kernel_is_at_least(const char *text)
{
	unsigned want[2] = { 0 }, have[2] = { 0 };
	struct utsname u;

	if (uname(&u) < 0 || sscanf(u.release, "%u.%u", &have[0], &have[1]) != 2 ||
	    sscanf(text, "%u.%u", &want[0], &want[1]) != 2)
		return false;
	return have[0] != want[0] ? have[0] > want[0] : have[1] >= want[1];
}

/* All that is asked for is there. */
static bool is_included(const struct filter *f, const struct oci_strings *caps)
{
	if (!f)
		return true;
	if (f->arches.n && !has_any_arch(&f->arches))
		return false;
	for (size_t i = 0; i < f->caps.n; i++)
		if (!edit_has_string(caps, f->caps.items[i]))
			return false;
	return !f->min_kernel || kernel_is_at_least(f->min_kernel);
}

/* Any of it is enough. */
static bool is_excluded(const struct filter *f, const struct oci_strings *caps)
{
	if (!f)
		return false;
	if (has_any_arch(&f->arches))
		return true;
	for (size_t i = 0; i < f->caps.n; i++)
		if (edit_has_string(caps, f->caps.items[i]))
			return true;
	return f->min_kernel && kernel_is_at_least(f->min_kernel);
}

/* ---- To the runtime's form ---- */

static int add_rule(struct spec_seccomp *s, const struct file_rule *from, struct arena *a,
		    struct err *e)
{
	struct spec_seccomp_rule *to;

	if (from->name && from->names.n)
		return err_set(e, EINVAL, "a rule has both 'name' and 'names'");
	if (!from->name && !from->names.n)
		return err_set(e, EINVAL, "a rule names no system call");
	to = edit_push(a, &s->syscalls, sizeof(*to));
	to->names = from->names;
	if (from->name)
		edit_push_string(a, &to->names, from->name);
	to->action = from->action;
	to->errno_ret = from->errno_ret;
	to->args = from->args;
	return 0;
}

/* archMap lists, for each machine, what else it runs. */
static int add_architectures(struct spec_seccomp *s, const struct file_profile *p, struct arena *a,
			     struct err *e)
{
	const struct arch_map *map = p->arch_map.items;

	if (!p->arch_map.n)
		return 0;
	if (s->architectures.n)
		return err_set(e, EINVAL, "both 'architectures' and 'archMap' are given");
	for (size_t i = 0; i < p->arch_map.n; i++) {
		if (!seccomp_architectures[0] ||
		    !streq(map[i].architecture, seccomp_architectures[0]))
			continue;
		edit_push_string(a, &s->architectures, map[i].architecture);
		for (size_t k = 0; k < map[i].sub.n; k++)
			edit_push_string(a, &s->architectures, map[i].sub.items[k]);
	}
	return 0;
}

static int convert(const struct file_profile *p, const struct oci_strings *caps, struct arena *a,
		   struct spec_seccomp **ret, struct err *e)
{
	struct spec_seccomp *s = arena_alloc(a, 1, sizeof(*s));
	const struct file_rule *rules = p->rules.items;
	int r;

	*s = p->spec;
	r = add_architectures(s, p, a, e);
	for (size_t i = 0; i < p->rules.n && r >= 0; i++)
		if (is_included(rules[i].includes, caps) && !is_excluded(rules[i].excludes, caps))
			r = add_rule(s, &rules[i], a, e);
	if (r >= 0)
		*ret = s;
	return r;
}

int seccomp_parse(const char *name, const char *text, size_t len, const struct oci_strings *caps,
		  struct arena *a, struct spec_seccomp **ret, struct err *e)
{
	void *profile = NULL;
	int r = oci_decode(&profile_type, name, text, len, NULL, a, &profile, e);

	if (r < 0)
		return r;
	r = convert(profile, caps, a, ret, e);
	return r < 0 ? err_wrap(e, r, "%s", name) : 0;
}

int seccomp_read(const char *path, const struct oci_strings *caps, struct arena *a,
		 struct spec_seccomp **ret, struct err *e)
{
	autofree char *text = NULL;
	const char *name;
	size_t len = 0;
	int r = file_read_named(path, SECCOMP_FILE_MAX, &text, &len, &name, e);

	return r < 0 ? r : seccomp_parse(name, text, len, caps, a, ret, e);
}
