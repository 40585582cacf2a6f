/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/cdi/yaml.h"

#include <errno.h>

#ifdef HAVE_LIBYAML
#include <yaml.h>

/* What a value has to be: the members of `object`, or items of `kind`. */
struct wanted {
	enum field_kind kind;
	const struct field_type *object;
	bool many;
};

struct walk {
	const char *name;
	yaml_document_t *doc;
	struct json_writer w;
	unsigned depth;
	struct err *e;
};

/* ---- What the rows want ---- */

static struct wanted of_row(const struct field *f)
{
	switch ((enum field_kind)f->kind) {
	case FIELD_OBJECT:
		return (struct wanted){ FIELD_OBJECT, f->type, false };
	case FIELD_OBJECTS:
		return (struct wanted){ FIELD_OBJECT, f->type, true };
	case FIELD_STRINGS:
	case FIELD_ENUMS:
		return (struct wanted){ FIELD_STRING, NULL, true };
	case FIELD_U32S:
		return (struct wanted){ FIELD_U64, NULL, true };
	case FIELD_OPT_BOOL:
		return (struct wanted){ FIELD_BOOL, NULL, false };
	case FIELD_STRING:
	case FIELD_BOOL:
	case FIELD_I64:
	case FIELD_U64:
	case FIELD_REAL:
	case FIELD_ENUM:
	case FIELD_STRMAP:
	case FIELD_OBJMAP:
	case FIELD_KEYSET:
	case FIELD_IGNORED:
		break;
	}
	return (struct wanted){ (enum field_kind)f->kind, f->type, false };
}

/* A member that no row knows is for the walker to speak of. */
static struct wanted of_member(const struct wanted *in, const char *key)
{
	const struct field_type *t = in->kind == FIELD_OBJECT ? in->object : NULL;

	for (size_t i = 0; t && i < t->n_fields; i++)
		if (streq(t->fields[i].key, key))
			return of_row(&t->fields[i]);
	return (struct wanted){ FIELD_STRING, NULL, false };
}

static struct wanted of_item(const struct wanted *in)
{
	return (struct wanted){ in->kind, in->object, false };
}

/* ---- Nodes ---- */

static int refuse(const struct walk *k, const yaml_node_t *n, const char *why)
{
	return err_set(k->e, EBADMSG, "%s: line %zu: %s", k->name, n->start_mark.line + 1, why);
}

static int write_node(struct walk *k, int id, const struct wanted *want);

static int write_scalar(struct walk *k, const yaml_node_t *n, const struct wanted *want)
{
	const char *text = (const char *)n->data.scalar.value;

	if (n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		yaml_plain_scalar(&k->w, text, n->data.scalar.length, want->kind);
	else
		json_string_n(&k->w, text, n->data.scalar.length);
	return 0;
}

static int write_sequence(struct walk *k, const yaml_node_t *n, const struct wanted *want)
{
	const struct wanted item = of_item(want);
	int r = 0;

	json_array(&k->w);
	for (const yaml_node_item_t *at = n->data.sequence.items.start;
	     at < n->data.sequence.items.top && r >= 0; at++)
		r = write_node(k, *at, &item);
	json_array_end(&k->w);
	return r;
}

static int write_key(struct walk *k, const yaml_node_t *n, const char **ret)
{
	const char *key = (const char *)n->data.scalar.value;

	if (n->type != YAML_SCALAR_NODE)
		return refuse(k, n, "the name of a member has to be a text");
	if (strlen(key) != n->data.scalar.length)
		return refuse(k, n, "the name of a member has a NUL in it");
	if (streq(key, "<<"))
		return refuse(k, n, "merged members ('<<') are not taken here: write them out");
	json_key(&k->w, key);
	*ret = key;
	return 0;
}

static int write_mapping(struct walk *k, const yaml_node_t *n, const struct wanted *want)
{
	int r = 0;

	json_object(&k->w);
	for (const yaml_node_pair_t *at = n->data.mapping.pairs.start;
	     at < n->data.mapping.pairs.top && r >= 0; at++) {
		const char *key = "";

		r = write_key(k, yaml_document_get_node(k->doc, at->key), &key);
		if (r >= 0) {
			const struct wanted member = of_member(want, key);

			r = write_node(k, at->value, &member);
		}
	}
	json_object_end(&k->w);
	return r;
}

/* An alias is the node that it names, and may name one around it: the depth ends that, and the
 * text's limit what is repeated and repeated. */
static int write_node(struct walk *k, int id, const struct wanted *want)
{
	const yaml_node_t *n = yaml_document_get_node(k->doc, id);
	int r;

	if (k->depth == JSON_MAX_DEPTH)
		return refuse(k, n, "nested too deeply");
	if (strbuf_check(k->w.out, k->name, k->e) < 0)
		return -EFBIG;
	k->depth++;
	switch (n->type) {
	case YAML_SCALAR_NODE:
		r = write_scalar(k, n, want);
		break;
	case YAML_SEQUENCE_NODE:
		r = write_sequence(k, n, want);
		break;
	case YAML_MAPPING_NODE:
		r = write_mapping(k, n, want);
		break;
	case YAML_NO_NODE:
	default: /* of libyaml, not ours */
		r = refuse(k, n, "not a value");
	}
	k->depth--;
	return r;
}

/* ---- What libyaml says ---- */

static int fail(const char *name, const yaml_parser_t *p, struct err *e)
{
	const char *why = p->problem ? p->problem : "cannot be read";

	if (p->error == YAML_MEMORY_ERROR)
		return err_set(e, ENOMEM, "%s: out of memory", name);
	if (p->error == YAML_READER_ERROR)
		return err_set(e, EBADMSG, "%s: byte %zu: %s", name, p->problem_offset, why);
	return err_set(e, EBADMSG, "%s: line %zu, column %zu: %s", name, p->problem_mark.line + 1,
		       p->problem_mark.column + 1, why);
}

/* ---- Before it is parsed ---- */

/* The time libyaml takes grows with the square of these: nesting, names of nodes, abbreviations of
 * tags.  Words alone cost it nothing. */
#define ANCHORS_MAX 256

struct counts {
	unsigned depth, anchors;
};

/* NULL: it is within the limits so far. */
static const char *count_token(struct counts *c, yaml_token_type_t type)
{
	switch ((int)type) {
	case YAML_FLOW_SEQUENCE_START_TOKEN:
	case YAML_FLOW_MAPPING_START_TOKEN:
	case YAML_BLOCK_SEQUENCE_START_TOKEN:
	case YAML_BLOCK_MAPPING_START_TOKEN:
		return c->depth++ == JSON_MAX_DEPTH ? "nested too deeply" : NULL;
	case YAML_FLOW_SEQUENCE_END_TOKEN:
	case YAML_FLOW_MAPPING_END_TOKEN:
	case YAML_BLOCK_END_TOKEN:
		c->depth -= c->depth > 0;
		return NULL;
	case YAML_ANCHOR_TOKEN:
		return c->anchors++ == ANCHORS_MAX ? "too many nodes have names" : NULL;
	case YAML_TAG_DIRECTIVE_TOKEN:
		return "%TAG is not taken here";
	default:
		return NULL;
	}
}

static int check_cost(const char *name, yaml_parser_t *p, const struct field_type *type UNUSED,
		      struct strbuf *ret UNUSED, struct err *e)
{
	struct counts counts = { 0 };
	const char *why = NULL;
	bool more = true;

	while (more && !why) {
		yaml_token_t t;

		if (!yaml_parser_scan(p, &t))
			return fail(name, p, e);
		why = count_token(&counts, t.type);
		if (why)
			(void)err_set(e, EBADMSG, "%s: line %zu: %s", name, t.start_mark.line + 1,
				      why);
		more = t.type != YAML_STREAM_END_TOKEN;
		yaml_token_delete(&t);
	}
	return why ? -EBADMSG : 0;
}

/* ---- Documents ---- */

static int write_document(struct walk *k, const struct field_type *type)
{
	const struct wanted all = { FIELD_OBJECT, type, false };
	const yaml_node_t *root = yaml_document_get_root_node(k->doc);
	int r;

	if (!root)
		return err_set(k->e, EBADMSG, "%s: it is empty", k->name);
	r = write_node(k, 1, &all);
	return r < 0 ? r : strbuf_check(k->w.out, k->name, k->e);
}

static int expect_end(const char *name, yaml_parser_t *p, struct err *e)
{
	yaml_document_t second;
	bool more;

	if (!yaml_parser_load(p, &second))
		return fail(name, p, e);
	more = yaml_document_get_root_node(&second);
	yaml_document_delete(&second);
	return more ? err_set(e, EBADMSG, "%s: a file has one document, not several", name) : 0;
}

static int parse(const char *name, yaml_parser_t *p, const struct field_type *type,
		 struct strbuf *ret, struct err *e)
{
	yaml_document_t doc;
	struct walk k = { .name = name, .doc = &doc, .w = { .out = ret }, .e = e };
	int r;

	if (!yaml_parser_load(p, &doc))
		return fail(name, p, e);
	r = write_document(&k, type);
	yaml_document_delete(&doc);
	return r < 0 ? r : expect_end(name, p, e);
}

/* A parser reads its input once. */
typedef int pass_fn(const char *name, yaml_parser_t *p, const struct field_type *type,
		    struct strbuf *ret, struct err *e);

static int pass(pass_fn *fn, const char *name, const char *text, size_t len,
		const struct field_type *type, struct strbuf *ret, struct err *e)
{
	yaml_parser_t p;
	int r;

	if (!yaml_parser_initialize(&p))
		return err_set(e, ENOMEM, "%s: out of memory", name);
	yaml_parser_set_input_string(&p, (const unsigned char *)text, len);
	r = fn(name, &p, type, ret, e);
	yaml_parser_delete(&p);
	return r;
}

int yaml_to_json(const char *name, const char *text, size_t len, const struct field_type *type,
		 struct strbuf *ret, struct err *e)
{
	int r = pass(check_cost, name, text, len, type, ret, e);

	return r < 0 ? r : pass(parse, name, text, len, type, ret, e);
}

#else

int yaml_to_json(const char *name, const char *text UNUSED, size_t len UNUSED,
		 const struct field_type *type UNUSED, struct strbuf *ret UNUSED, struct err *e)
{
	return err_set(
		e, ENOTSUP,
		"%s: this program was built without libyaml: write it as JSON, or build with "
		"libyaml (Debian: libyaml-dev)",
		name);
}

#endif
