/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/attest/packages.h"

#include <errno.h>
#include <stdlib.h>

#include "imagetool/attest/lines.h"
#include "imagetool/result/purl.h"
#include "libutil/strbuf.h"

static const char *const kinds[] = {
#define X(kind, word) [PACKAGE_##kind] = (word),
	PACKAGE_KINDS(X)
#undef X
};

void packages_done(struct packages *p)
{
	free(p->items);
	arena_done(&p->arena);
	*p = (struct packages){ 0 };
}

static const char *keep(struct packages *p, const char *text)
{
	return text && *text ? arena_strdup(&p->arena, text) : NULL;
}

int packages_add(struct packages *p, const struct package *one, struct err *e)
{
	struct package *n;

	if (!one->name || !*one->name || !one->version || !*one->version)
		return 0;
	if (p->n == PACKAGES_MAX)
		return err_set(e, E2BIG, "there are more than %d packages", PACKAGES_MAX);
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 64;
		p->items = xreallocarray(p->items, p->cap, sizeof(*p->items));
	}
	n = &p->items[p->n++];
	*n = (struct package){ .kind = one->kind,
			       .name = keep(p, one->name),
			       .version = keep(p, one->version),
			       .arch = keep(p, one->arch),
			       .license = keep(p, one->license),
			       .origin = keep(p, one->origin),
			       .epoch = keep(p, one->epoch),
			       .where = keep(p, one->where) };
	return 0;
}

/* ---- Order ---- */

static int compare_texts(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare(const void *a, const void *b)
{
	const struct package *x = a, *y = b;
	int r = (int)x->kind - (int)y->kind;

	if (r == 0)
		r = strcmp(x->name, y->name);
	if (r == 0)
		r = strcmp(x->version, y->version);
	if (r == 0)
		r = compare_texts(x->epoch, y->epoch);
	if (r == 0)
		r = compare_texts(x->arch, y->arch);
	return r ? r : compare_texts(x->where, y->where);
}

void packages_sort(struct packages *p)
{
	size_t n = 0;

	if (p->n == 0)
		return;
	qsort(p->items, p->n, sizeof(*p->items), compare);
	for (size_t i = 0; i < p->n; i++)
		if (n == 0 || compare(&p->items[n - 1], &p->items[i]) != 0)
			p->items[n++] = p->items[i];
	p->n = n;
}

/* ---- purl ---- */

static bool is_of_distribution(enum package_kind kind)
{
	return kind == PACKAGE_DEB || kind == PACKAGE_APK || kind == PACKAGE_RPM;
}

/* Most distributions call themselves there as in os-release. */
static const char *maker(const struct packages *all, const struct package *p)
{
	if (!all->os_id)
		return kinds[p->kind];
	if (p->kind == PACKAGE_RPM && streq(all->os_id, "rhel"))
		return "redhat";
	return p->kind == PACKAGE_RPM && starts_with(all->os_id, "opensuse") ? "opensuse"
									     : all->os_id;
}

static void add_qualifier(struct strbuf *out, char *separator, const char *key, const char *value)
{
	strbuf_addf(out, "%c%s=", *separator, key);
	purl_escape(out, value, "");
	*separator = '&';
}

void package_purl(const struct packages *all, const struct package *p, struct strbuf *out)
{
	char separator = '?';

	strbuf_addf(out, "pkg:%s/", kinds[p->kind]);
	if (is_of_distribution(p->kind)) {
		purl_escape(out, maker(all, p), "");
		strbuf_addc(out, '/');
	}
	purl_escape(out, p->name, "/");
	strbuf_addc(out, '@');
	purl_escape(out, p->version, "");
	if (p->arch)
		add_qualifier(out, &separator, "arch", p->arch);
	if (is_of_distribution(p->kind) && all->os_id && all->os_version) {
		autofree char *distro = xasprintf("%s-%s", all->os_id, all->os_version);

		add_qualifier(out, &separator, "distro", distro);
	}
	if (p->epoch)
		add_qualifier(out, &separator, "epoch", p->epoch);
	if (p->kind == PACKAGE_RPM && p->origin)
		add_qualifier(out, &separator, "upstream", p->origin);
}

/* ---- os-release ---- */

static const char *unquote(struct packages *p, struct line v)
{
	if (v.len >= 2 && (*v.text == '"' || *v.text == '\'') && v.text[v.len - 1] == *v.text) {
		v.text++;
		v.len -= 2;
	}
	return v.len ? arena_strndup(&p->arena, v.text, v.len) : NULL;
}

void parse_os_release(struct packages *p, const char *text, size_t len)
{
	const char *end = text + len;
	struct line l, v;

	while (line_next(&text, end, &l)) {
		if (line_value(&l, "ID=", &v))
			p->os_id = unquote(p, v);
		else if (line_value(&l, "VERSION_ID=", &v))
			p->os_version = unquote(p, v);
	}
}
