/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The official JSON schemas and our rows describe the same documents.  Every
 * difference is named; those we want stand in a list with their reasons, and
 * the list may not hold one that is gone.
 */
#include "tests/unit/oci-spec/data.h"

#include <inttypes.h>

#include "oci-spec/image_spec.h"
#include "oci-spec/runtime_spec.h"

/* ---- Differences we want ---- */

static const char *const wanted[] = {
	/* What the kernel takes: seconds in an int, -1000 to 1000, a pid. */
	"config.hooks.prestart.timeout: the rows' maximum is 2147483647, the schema's none",
	"config.hooks.createRuntime.timeout: the rows' maximum is 2147483647, the schema's none",
	"config.hooks.createContainer.timeout: the rows' maximum is 2147483647, the schema's none",
	"config.hooks.startContainer.timeout: the rows' maximum is 2147483647, the schema's none",
	"config.hooks.poststart.timeout: the rows' maximum is 2147483647, the schema's none",
	"config.hooks.poststop.timeout: the rows' maximum is 2147483647, the schema's none",
	"config.process.oomScoreAdj: the rows' minimum is -1000, the schema's none",
	"config.process.oomScoreAdj: the rows' maximum is 1000, the schema's none",
	"state.pid: the rows' maximum is 2147483647, the schema's none",
	/* The last number means "unchanged" to setresuid(2): the process would stay root. */
	"config.process.user.uid: the rows' maximum is 4294967294, the schema's 4294967295",
	"config.process.user.gid: the rows' maximum is 4294967294, the schema's 4294967295",
	"config.process.user.additionalGids: the rows' maximum is 4294967294, the schema's 4294967295",
	/* Docker once wrote the type bits too. */
	"config.linux.devices.fileMode: the rows' maximum is 4294967295, the schema's 511",
	/* runtime_check*.c knows these words and says more about them; test_runtime_check has each
	   of them. */
	"config.linux.rootfsPropagation: the schema has words, the rows take any string",
	"config.linux.seccomp.architectures: the schema has words, the rows take any string",
	"config.linux.memoryPolicy.mode: the schema has words, the rows take any string",
	"config.linux.memoryPolicy.flags: the schema has words, the rows take any string",
	"config.linux.personality.domain: the schema has words, the rows take any string",
	/* config-linux.md: "mode (string, REQUIRED)". */
	"config.linux.memoryPolicy.mode: required only by the rows",
	/* What runc and crun add to the state. */
	"state.status: the schema lacks the word 'paused'",
	"state.rootfs: the schema lacks it",
	"state.created: the schema lacks it",
	"state.owner: the schema lacks it",
	"state.exit: the schema lacks it",
	"state.mounts: the schema lacks it",
	"state.devices: the schema lacks it",
	/* A document we write, and read only to show. */
	"features.linux.namespaces: the schema has words, the rows take any string",
	"features.linux.seccomp.actions: the schema has words, the rows take any string",
	"features.linux.seccomp.operators: the schema has words, the rows take any string",
	"features.linux.seccomp.archs: the schema has words, the rows take any string",
	"features.linux.seccomp.knownFlags: the schema has words, the rows take any string",
	"features.linux.seccomp.supportedFlags: the schema has words, the rows take any string",
	/* features-linux.md has them, the schema was not brought up to date. */
	"features.linux.intelRdt.schemata: the schema lacks it",
	"features.linux.intelRdt.monitoring: the schema lacks it",
	"features.linux.memoryPolicy: the schema lacks it",
	/* A descriptor is the same struct wherever it stands. */
	"descriptor.platform: the schema lacks it",
	"manifest.config.platform: the schema lacks it",
	"manifest.subject.platform: the schema lacks it",
	"manifest.layers.platform: the schema lacks it",
	"index.subject.platform: the schema lacks it",
	"index.manifests.data: the schema lacks it",
	"index.manifests.artifactType: the schema lacks it",
	/* Reserved by image-index.md. */
	"index.manifests.platform.features: the schema lacks it",
	/* The decoder says what to do about Docker's schema 1. */
	"manifest.schemaVersion: the rows' minimum is -9223372036854775808, the schema's 2",
	"manifest.schemaVersion: the rows' maximum is 9223372036854775807, the schema's 2",
	"index.schemaVersion: the rows' minimum is -9223372036854775808, the schema's 2",
	"index.schemaVersion: the rows' maximum is 9223372036854775807, the schema's 2",
	/* Images of FROM scratch without files have none. */
	"manifest.layers: the schema wants an item, the rows do not",
	/* A size is never negative. */
	"index.manifests.size: the rows' minimum is 0, the schema's -9223372036854775808",
	/* Checked by the decoder with a message of its own. */
	"image.rootfs.type: the schema has words, the rows take any string",
	"layout.imageLayoutVersion: the schema has words, the rows take any string",
	/* Docker's members. */
	"image.config.Hostname: the schema lacks it",
	"image.config.Domainname: the schema lacks it",
	"image.config.AttachStdin: the schema lacks it",
	"image.config.AttachStdout: the schema lacks it",
	"image.config.AttachStderr: the schema lacks it",
	"image.config.Tty: the schema lacks it",
	"image.config.OpenStdin: the schema lacks it",
	"image.config.StdinOnce: the schema lacks it",
	"image.config.Healthcheck: the schema lacks it",
	"image.config.Image: the schema lacks it",
	"image.config.NetworkDisabled: the schema lacks it",
	"image.config.MacAddress: the schema lacks it",
	"image.config.OnBuild: the schema lacks it",
	"image.config.StopTimeout: the schema lacks it",
	"image.config.Shell: the schema lacks it",
	"image.config.Memory: the schema lacks it",
	"image.config.MemorySwap: the schema lacks it",
	"image.config.CpuShares: the schema lacks it",
	"image.id: the schema lacks it",
	"image.parent: the schema lacks it",
	"image.container: the schema lacks it",
	"image.container_config: the schema lacks it",
	"image.docker_version: the schema lacks it",
	/* BuildKit's. */
	"image.moby.buildkit.cache.v0: the schema lacks it",
	NULL,
};

/* ---- Schema files ---- */

struct schema_file {
	const char *name; /* "config-linux.json" */
	const struct json *root;
	struct schema_file *next;
};

struct walk {
	const char *dir; /* "spec/runtime-spec" */
	struct schema_file *files;
	struct arena *a;
	struct strv *found; /* differences */
};

/* A place in a file: references are relative to it. */
struct schema {
	struct schema_file *file;
	const struct json *node;
};

static struct schema_file *load(struct walk *w, const char *name)
{
	autofree char *path = xasprintf("%s/%s", w->dir, name);
	auto_(data) struct data d = { 0 };
	struct schema_file *f;
	struct json *root;
	struct err e = { 0 };

	for (f = w->files; f; f = f->next) {
		if (streq(f->name, name))
			return f;
	}
	d = data_read(path);
	if (json_parse(path, d.text, d.len, w->a, &root, &e) < 0)
		fail_msg("%s", e.msg);
	f = arena_alloc(w->a, 1, sizeof(*f));
	*f = (struct schema_file){ arena_strdup(w->a, name), root, w->files };
	w->files = f;
	return f;
}

/* "defs.json#/definitions/uint32", "#/definitions/Major", "content-descriptor.json" */
static struct schema resolve(struct walk *w, struct schema_file *from, const char *ref)
{
	autofree char *copy = xstrdup(ref);
	char *fragment = strchr(copy, '#');
	struct schema s = { from, NULL };
	char *save = NULL;

	if (fragment)
		*fragment++ = '\0';
	if (*copy)
		s.file = load(w, copy);
	s.node = s.file->root;
	for (char *p = fragment ? strtok_r(fragment, "/", &save) : NULL; p;
	     p = strtok_r(NULL, "/", &save))
		s.node = json_get(s.node, p);
	if (!s.node)
		fail_msg("%s: reference '%s' leads nowhere", from->name, ref);
	return s;
}

/* ---- What a schema says once references and combinations are put together ---- */

#define MAX_PROPERTIES 64

struct property {
	const char *key;
	struct schema schema;
};

struct shape {
	const char *type; /* "string", ...; NULL when the schema does not say */
	struct property properties[MAX_PROPERTIES];
	size_t n_properties;
	struct schema map; /* additionalProperties or patternProperties */
	struct schema items;
	const struct json *words;
	const struct json *required[8];
	size_t n_required;
	const struct json *minimum, *maximum, *min_items;
};

static void collect(struct walk *w, struct schema s, struct shape *ret);

static void collect_each(struct walk *w, struct schema s, const char *key, struct shape *ret)
{
	const struct json *list = json_get(s.node, key);

	for (size_t i = 0; list && i < list->len; i++) {
		const char *type = json_get_string(&list->items[i], "type");

		/* "oneOf [T, null]": all our kinds take null. */
		if (!type || !streq(type, "null"))
			collect(w, (struct schema){ s.file, &list->items[i] }, ret);
	}
}

static void collect_properties(struct schema s, struct shape *ret)
{
	const struct json *list = json_get(s.node, "properties");

	for (size_t i = 0; list && i < list->len; i++) {
		assert_true(ret->n_properties < MAX_PROPERTIES);
		ret->properties[ret->n_properties++] =
			(struct property){ list->keys[i], { s.file, &list->items[i] } };
	}
}

static void collect_map(struct schema s, struct shape *ret)
{
	const struct json *any = json_get(s.node, "additionalProperties");
	const struct json *pattern = json_get(s.node, "patternProperties");

	if (any && any->kind == JSON_OBJECT)
		ret->map = (struct schema){ s.file, any };
	if (!pattern)
		return;
	assert_int_equal(pattern->len, 1);
	assert_string_equal(pattern->keys[0], ".{1,}");
	ret->map = (struct schema){ s.file, &pattern->items[0] };
}

static void take(const struct json *node, const char *key, const struct json **ret)
{
	const struct json *v = json_get(node, key);

	if (v)
		*ret = v;
}

static void collect(struct walk *w, struct schema s, struct shape *ret)
{
	const char *ref = json_get_string(s.node, "$ref");
	const char *type = json_get_string(s.node, "type");
	const struct json *items = json_get(s.node, "items");
	const struct json *required = json_get(s.node, "required");

	if (ref)
		collect(w, resolve(w, s.file, ref), ret);
	if (type)
		ret->type = type;
	if (items)
		ret->items = (struct schema){ s.file, items };
	if (required) {
		assert_true(ret->n_required < ARRAY_LEN(ret->required));
		ret->required[ret->n_required++] = required;
	}
	collect_properties(s, ret);
	collect_map(s, ret);
	collect_each(w, s, "allOf", ret);
	collect_each(w, s, "anyOf", ret);
	collect_each(w, s, "oneOf", ret);
	take(s.node, "enum", &ret->words);
	take(s.node, "minimum", &ret->minimum);
	take(s.node, "maximum", &ret->maximum);
	take(s.node, "minItems", &ret->min_items);
}

static bool shape_requires(const struct shape *s, const char *key)
{
	for (size_t i = 0; i < s->n_required; i++) {
		for (size_t k = 0; k < s->required[i]->len; k++) {
			if (streq(s->required[i]->items[k].string, key))
				return true;
		}
	}
	return false;
}

/* ---- Comparison ---- */

static void differ(struct walk *w, const char *path, const char *fmt, ...) PRINTF(3, 4);
static void differ(struct walk *w, const char *path, const char *fmt, ...)
{
	autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	strv_addf(w->found, "%s: %s", path, text);
}

static bool is_type(const struct shape *s, const char *type)
{
	return s->type && streq(s->type, type);
}

static void compare_objects(struct walk *w, const char *path, const struct field_type *type,
			    const struct shape *s);

static void compare_words(struct walk *w, const char *path, const struct field_words *words,
			  const struct shape *s)
{
	if (!s->words) {
		differ(w, path, "the rows have words, the schema has none");
		return;
	}
	for (size_t i = 0; i < s->words->len; i++) {
		const char *word = s->words->items[i].string;

		if (!field_word_value(words, word, strlen(word)))
			differ(w, path, "the rows lack the word '%s'", word);
	}
	for (size_t i = 0; words->words[i]; i++) {
		bool known = false;

		for (size_t k = 0; k < s->words->len; k++)
			known |= streq(s->words->items[k].string, words->words[i]);
		if (!known)
			differ(w, path, "the schema lacks the word '%s'", words->words[i]);
	}
}

/* A bound of a schema as text; large ones were rounded to doubles by whoever wrote the image
 * schemas. */
static char *bound_text(const struct json *v, bool is_max)
{
	if (!v)
		return xstrdup("none");
	switch (v->number.kind) {
	case JSON_NUM_I64:
		return xasprintf("%" PRId64, v->number.i64);
	case JSON_NUM_U64:
		return v->number.u64 == 9223372036854776000U ? xasprintf("%" PRId64, INT64_MAX)
							     : xasprintf("%" PRIu64, v->number.u64);
	case JSON_NUM_REAL:
		break;
	}
	return xstrdup(is_max ? "18446744073709551615" : "-9223372036854775808");
}

static void compare_range(struct walk *w, const char *path, const struct field *row,
			  const struct shape *s)
{
	bool whole = !row->min && !row->max;
	int64_t min = !whole ? row->min : row->kind == FIELD_I64 ? INT64_MIN : 0;
	uint64_t max = !whole                    ? row->max
		       : row->kind == FIELD_I64  ? INT64_MAX
		       : row->kind == FIELD_U32S ? UINT32_MAX
						 : UINT64_MAX;
	autofree char *our_min = xasprintf("%" PRId64, min);
	autofree char *our_max = xasprintf("%" PRIu64, max);
	autofree char *their_min = bound_text(s->minimum, false);
	autofree char *their_max = bound_text(s->maximum, true);

	if (!s->minimum && !s->maximum && whole)
		return;
	if (!streq(our_min, their_min))
		differ(w, path, "the rows' minimum is %s, the schema's %s", our_min, their_min);
	if (!streq(our_max, their_max))
		differ(w, path, "the rows' maximum is %s, the schema's %s", our_max, their_max);
}

static void compare_text(struct walk *w, const char *path, const struct shape *s)
{
	if (!is_type(s, "string"))
		differ(w, path, "the rows have a string, the schema %s",
		       s->type ? s->type : "nothing");
	else if (s->words)
		differ(w, path, "the schema has words, the rows take any string");
}

static void compare_array(struct walk *w, const char *path, const struct field *row,
			  const struct shape *s)
{
	struct shape item = { 0 };
	bool nonempty = s->min_items && s->min_items->number.i64 > 0;

	if (!is_type(s, "array")) {
		differ(w, path, "the rows have an array, the schema %s",
		       s->type ? s->type : "nothing");
		return;
	}
	if (nonempty != !!(row->bits & FIELD_NONEMPTY))
		differ(w, path,
		       nonempty ? "the schema wants an item, the rows do not"
				: "the rows want an item, the schema does not");
	collect(w, s->items, &item);
	if (row->kind == FIELD_STRINGS)
		compare_text(w, path, &item);
	else if (row->kind == FIELD_ENUMS)
		compare_words(w, path, row->words, &item);
	else if (row->kind == FIELD_U32S)
		compare_range(w, path, row, &item);
	else
		compare_objects(w, path, row->type, &item);
}

static void compare_map_value(struct walk *w, const char *path, const struct field *row,
			      struct schema value)
{
	struct shape s = { 0 };

	collect(w, value, &s);
	if (row->kind == FIELD_STRMAP)
		compare_text(w, path, &s);
	else if (row->kind == FIELD_OBJMAP)
		compare_objects(w, path, row->type, &s);
	else if (!is_type(&s, "object"))
		differ(w, path, "the rows have a set of names, the schema's values are %s", s.type);
}

static void compare_map(struct walk *w, const char *path, const struct field *row,
			const struct shape *s)
{
	if (!is_type(s, "object") || (!s->map.node && !s->n_properties)) {
		differ(w, path, "the rows have a map, the schema does not");
		return;
	}
	if (s->map.node)
		compare_map_value(w, path, row, s->map);
	/* timeOffsets: both names have the same object. */
	for (size_t i = 0; i < s->n_properties; i++)
		compare_map_value(w, path, row, s->properties[i].schema);
}

static void compare_kind(struct walk *w, const char *path, const struct field *row,
			 const struct shape *s)
{
	switch ((enum field_kind)row->kind) {
	case FIELD_STRING:
		compare_text(w, path, s);
		break;
	case FIELD_BOOL:
	case FIELD_OPT_BOOL:
		if (!is_type(s, "boolean"))
			differ(w, path, "the rows have a boolean, the schema %s", s->type);
		break;
	case FIELD_I64:
	case FIELD_U64:
		if (!is_type(s, "integer"))
			differ(w, path, "the rows have an integer, the schema %s", s->type);
		else
			compare_range(w, path, row, s);
		break;
	case FIELD_REAL:
		if (!is_type(s, "number"))
			differ(w, path, "the rows have a number, the schema %s", s->type);
		break;
	case FIELD_ENUM:
		compare_words(w, path, row->words, s);
		break;
	case FIELD_OBJECT:
		if (!is_type(s, "object"))
			differ(w, path, "the rows have an object, the schema %s", s->type);
		else
			compare_objects(w, path, row->type, s);
		break;
	case FIELD_STRINGS:
	case FIELD_U32S:
	case FIELD_ENUMS:
	case FIELD_OBJECTS:
		compare_array(w, path, row, s);
		break;
	case FIELD_STRMAP:
	case FIELD_OBJMAP:
	case FIELD_KEYSET:
		compare_map(w, path, row, s);
		break;
	case FIELD_IGNORED:
		break;
	}
}

static const struct field *find_row(const struct field_type *type, const char *key)
{
	for (size_t i = 0; i < type->n_fields; i++) {
		if (streq(type->fields[i].key, key))
			return &type->fields[i];
	}
	return NULL;
}

static void compare_objects(struct walk *w, const char *path, const struct field_type *type,
			    const struct shape *s)
{
	for (size_t i = 0; i < s->n_properties; i++) {
		const struct property *p = &s->properties[i];
		const struct field *row = find_row(type, p->key);
		autofree char *below = xasprintf("%s.%s", path, p->key);
		struct shape member = { 0 };
		bool required = shape_requires(s, p->key);

		if (!row) {
			differ(w, below, "the rows lack it");
			continue;
		}
		if (required != !!(row->bits & FIELD_REQUIRED))
			differ(w, below,
			       required ? "required only by the schema"
					: "required only by the rows");
		collect(w, p->schema, &member);
		compare_kind(w, below, row, &member);
	}
	for (size_t i = 0; i < type->n_fields; i++) {
		bool known = false;

		for (size_t k = 0; k < s->n_properties; k++)
			known |= streq(s->properties[k].key, type->fields[i].key);
		if (!known)
			strv_addf(w->found, "%s.%s: the schema lacks it", path,
				  type->fields[i].key);
	}
}

/* ---- Tests ---- */

static void compare_document(const char *dir, const char *file, const char *path,
			     const struct field_type *type, struct strv *found)
{
	auto_(arena) struct arena a = { 0 };
	struct walk w = { .dir = dir, .a = &a, .found = found };
	struct shape s = { 0 };

	collect(&w, resolve(&w, NULL, file), &s);
	compare_objects(&w, path, type, &s);
}

static bool is_wanted(const char *difference)
{
	for (size_t i = 0; wanted[i]; i++) {
		if (streq(wanted[i], difference))
			return true;
	}
	return false;
}

static void the_rows_and_the_official_schemas_say_the_same(void **state UNUSED)
{
	static const struct {
		const char *dir, *file, *path;
		const struct field_type *type;
	} documents[] = {
		{ "spec/runtime-spec", "config-schema.json", "config", &runtime_spec_type },
		{ "spec/runtime-spec", "state-schema.json", "state", &oci_state_type },
		{ "spec/runtime-spec", "features-schema.json", "features", &oci_features_type },
		{ "spec/image-spec", "content-descriptor.json", "descriptor",
		  &image_descriptor_type },
		{ "spec/image-spec", "image-manifest-schema.json", "manifest",
		  &image_manifest_type },
		{ "spec/image-spec", "image-index-schema.json", "index", &image_index_type },
		{ "spec/image-spec", "config-schema.json", "image", &image_config_type },
		{ "spec/image-spec", "image-layout-schema.json", "layout", &image_layout_type },
	};
	auto_(strv) struct strv found = { 0 };
	size_t bad = 0;

	for (size_t i = 0; i < ARRAY_LEN(documents); i++)
		compare_document(documents[i].dir, documents[i].file, documents[i].path,
				 documents[i].type, &found);
	for (size_t i = 0; i < found.n; i++) {
		if (is_wanted(found.v[i]))
			continue;
		print_error("new difference: %s\n", found.v[i]);
		bad++;
	}
	for (size_t i = 0; wanted[i]; i++) {
		if (strv_has(&found, wanted[i]))
			continue;
		print_error("no difference any more: %s\n", wanted[i]);
		bad++;
	}
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rows_and_the_official_schemas_say_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
