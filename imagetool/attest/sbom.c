/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/attest/sbom.h"

#include <stdlib.h>
#include <time.h>

#include "imagetool/attest/spdx_license.h"
#include "libutil/digest.h"
#include "libutil/json.h"
#include "libutil/parse.h"

#define NOTHING_SAID "NOASSERTION"
#define DOCUMENT_ID  "SPDXRef-DOCUMENT"
#define ROOT_ID      "SPDXRef-DocumentRoot"

/* Whole seconds, as SPDX has them. */
static void write_time(struct json_writer *w, int64_t seconds)
{
	char text[TIME_TEXT_SIZE];

	(void)time_text((struct timespec){ .tv_sec = seconds }, text);
	memcpy(text + strcspn(text, "."), "Z", sizeof("Z"));
	json_kv_string(w, "created", text);
}

/* ---- Licenses ---- */

/* One that SPDX does not know, with its text. */
struct own_license {
	char *ref; /* owned */
	const char *text;
};

static int compare_own(const void *a, const void *b)
{
	return strcmp(((const struct own_license *)a)->ref, ((const struct own_license *)b)->ref);
}

static bool has_own_license(const struct package *p)
{
	return p->license && spdx_says_something(p->license) && !spdx_is_expression(p->license);
}

static char *license_of(const struct package *p)
{
	auto_(strbuf) struct strbuf ref = { 0 };

	if (!p->license || !spdx_says_something(p->license))
		return xstrdup(NOTHING_SAID);
	if (spdx_is_expression(p->license))
		return xstrdup(p->license);
	spdx_license_ref(p->license, &ref);
	return xstrdup(strbuf_str(&ref));
}

static void write_own_license(struct json_writer *w, const struct own_license *l)
{
	json_object(w);
	json_kv_string(w, "licenseId", l->ref);
	json_kv_string(w, "name", l->text);
	json_kv_string(w, "extractedText", l->text);
	json_object_end(w);
}

static void write_own_licenses(struct json_writer *w, const struct packages *p)
{
	autofree struct own_license *own = xcalloc(p->n + 1, sizeof(*own));
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (has_own_license(&p->items[i]))
			own[n++] = (struct own_license){ license_of(&p->items[i]),
							 p->items[i].license };
	if (n == 0)
		return;
	qsort(own, n, sizeof(*own), compare_own);
	json_key(w, "hasExtractedLicensingInfos");
	json_array(w);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || !streq(own[i - 1].ref, own[i].ref))
			write_own_license(w, &own[i]);
	json_array_end(w);
	for (size_t i = 0; i < n; i++)
		free(own[i].ref);
}

/* ---- Packages ---- */

static void write_purl(struct json_writer *w, const struct packages *all, const struct package *p)
{
	auto_(strbuf) struct strbuf purl = { 0 };

	package_purl(all, p, &purl);
	json_key(w, "externalRefs");
	json_array(w);
	json_object(w);
	json_kv_string(w, "referenceCategory", "PACKAGE-MANAGER");
	json_kv_string(w, "referenceType", "purl");
	json_kv_string(w, "referenceLocator", strbuf_str(&purl));
	json_object_end(w);
	json_array_end(w);
}

static void write_package(struct json_writer *w, const struct packages *all, size_t i)
{
	const struct package *p = &all->items[i];
	autofree char *id = xasprintf("SPDXRef-Package-%zu", i + 1);
	autofree char *version =
		xasprintf("%s%s%s", p->epoch ? p->epoch : "", p->epoch ? ":" : "", p->version);
	autofree char *license = license_of(p);
	autofree char *source = xasprintf("found in %s", p->where ? p->where : "the image");

	json_object(w);
	json_kv_string(w, "name", p->name);
	json_kv_string(w, "SPDXID", id);
	json_kv_string(w, "versionInfo", version);
	json_kv_string(w, "supplier", NOTHING_SAID);
	json_kv_string(w, "downloadLocation", NOTHING_SAID);
	json_kv_bool(w, "filesAnalyzed", false);
	json_kv_string(w, "sourceInfo", source);
	json_kv_string(w, "licenseConcluded", NOTHING_SAID);
	json_kv_string(w, "licenseDeclared", license);
	json_kv_string(w, "copyrightText", NOTHING_SAID);
	if (p->origin) {
		autofree char *comment = xasprintf("source package: %s", p->origin);

		json_kv_string(w, "comment", comment);
	}
	write_purl(w, all, p);
	json_object_end(w);
}

static void write_root(struct json_writer *w, const char *name)
{
	json_object(w);
	json_kv_string(w, "name", name);
	json_kv_string(w, "SPDXID", ROOT_ID);
	json_kv_string(w, "supplier", NOTHING_SAID);
	json_kv_string(w, "downloadLocation", NOTHING_SAID);
	json_kv_bool(w, "filesAnalyzed", false);
	json_kv_string(w, "licenseConcluded", NOTHING_SAID);
	json_kv_string(w, "licenseDeclared", NOTHING_SAID);
	json_kv_string(w, "copyrightText", NOTHING_SAID);
	json_kv_string(w, "primaryPackagePurpose", "CONTAINER");
	json_object_end(w);
}

static void write_relation(struct json_writer *w, const char *from, const char *type,
			   const char *to)
{
	json_object(w);
	json_kv_string(w, "spdxElementId", from);
	json_kv_string(w, "relationshipType", type);
	json_kv_string(w, "relatedSpdxElement", to);
	json_object_end(w);
}

static void write_relations(struct json_writer *w, const struct packages *p)
{
	json_key(w, "relationships");
	json_array(w);
	write_relation(w, DOCUMENT_ID, "DESCRIBES", ROOT_ID);
	for (size_t i = 0; i < p->n; i++) {
		autofree char *id = xasprintf("SPDXRef-Package-%zu", i + 1);

		write_relation(w, ROOT_ID, "CONTAINS", id);
	}
	json_array_end(w);
}

static void write_packages(struct json_writer *w, const struct packages *p, const char *name)
{
	json_key(w, "packages");
	json_array(w);
	write_root(w, name);
	for (size_t i = 0; i < p->n; i++)
		write_package(w, p, i);
	json_array_end(w);
}

/* Every document needs a name of its own: the digest of what it says. */
static char *name_space(const struct packages *p, const char *name)
{
	auto_(strbuf) struct strbuf text = { 0 };
	struct json_writer w = { .out = &text };
	char digest[DIGEST_TEXT_SIZE];

	json_array(&w);
	json_string(&w, name);
	for (size_t i = 0; i < p->n; i++)
		write_package(&w, p, i);
	json_array_end(&w);
	digest_of(DIGEST_SHA256, strbuf_str(&text), text.len, digest);
	return xasprintf("https://spdx.org/spdxdocs/creel-image/%s", strchr(digest, ':') + 1);
}

/* What is missing, as far as that is known. */
static void write_comment(struct json_writer *w, const struct packages *p)
{
	auto_(strbuf) struct strbuf text = { 0 };

	if (p->rpm_unread)
		strbuf_addf(&text,
			    "The image has a data base of rpm, which was not read, or not to its "
			    "end: %s. Packages of it are missing here.",
			    p->rpm_unread);
	if (p->n_unread)
		strbuf_addf(&text,
			    "%s%zu file(s) of package managers could not be read or are too large: "
			    "what they list is missing here.",
			    text.len ? " " : "", p->n_unread);
	if (text.len)
		json_kv_string(w, "comment", strbuf_str(&text));
}

void sbom_write(const struct packages *p, const char *name, int64_t created, struct strbuf *out)
{
	autofree char *space = name_space(p, name);
	struct json_writer w = { .out = out };

	json_object(&w);
	json_kv_string(&w, "spdxVersion", "SPDX-2.3");
	json_kv_string(&w, "dataLicense", "CC0-1.0");
	json_kv_string(&w, "SPDXID", DOCUMENT_ID);
	json_kv_string(&w, "name", name);
	json_kv_string(&w, "documentNamespace", space);
	json_key(&w, "creationInfo");
	json_object(&w);
	json_key(&w, "creators");
	json_array(&w);
	json_string(&w, "Tool: creel-image-" PACKAGE_VERSION);
	json_array_end(&w);
	write_time(&w, created);
	json_object_end(&w);
	write_comment(&w, p);
	write_packages(&w, p, name);
	write_own_licenses(&w, p);
	write_relations(&w, p);
	json_object_end(&w);
}
