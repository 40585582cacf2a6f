/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar is the one of distribution's reference package, Docker's short
 * names included: a first component with a dot, a colon or a capital, or
 * "localhost", is a registry.
 */
#include <ctype.h>
#include <errno.h>

#include "libutil/alloc.h"
#include "oci-spec/image_spec.h"

#define DEFAULT_REGISTRY "docker.io"
#define LEGACY_REGISTRY  "index.docker.io"
#define OFFICIAL_PREFIX  "library/"
#define DEFAULT_TAG      "latest"

#define NAME_MAX_LEN      255 /* registry and repository */
#define TAG_MAX_LEN       128
#define REFERENCE_MAX_LEN 1024

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alnum(char c)
{
	return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

/* ---- Parts ---- */

/* Between letters and digits: one '.', one or two '_', any number of '-'. */
static const char *skip_separator(const char *p, const char *end)
{
	const char *start = p;
	char c = *p;

	while (p < end && *p == c)
		p++;
	if (c == '-' || (c == '.' && p - start == 1) || (c == '_' && p - start <= 2))
		return p;
	return NULL;
}

static bool is_component(const char *p, const char *end)
{
	if (p == end || !is_lower_or_digit(*p) || !is_lower_or_digit(end[-1]))
		return false;
	while (p < end) {
		if (is_lower_or_digit(*p))
			p++;
		else
			p = skip_separator(p, end);
		if (!p)
			return false;
	}
	return true;
}

static bool is_repository(const char *text)
{
	const char *p = text;

	for (;;) {
		const char *end = strchrnul(p, '/');

		if (!is_component(p, end))
			return false;
		if (!*end)
			return true;
		p = end + 1;
	}
}

static bool is_port(const char *p)
{
	size_t digits = strspn(p, "0123456789");

	return digits >= 1 && digits <= 5 && !p[digits];
}

/* "[::1]" and what follows it; the address itself is not looked into further. */
static bool is_ipv6_registry(const char *text)
{
	size_t n = strspn(text + 1, "0123456789abcdefABCDEF:");
	const char *rest = text + 1 + n;

	return n > 0 && *rest == ']' && (!rest[1] || (rest[1] == ':' && is_port(rest + 2)));
}

static bool is_host_label(const char *p, const char *end)
{
	if (p == end || !is_alnum(*p) || !is_alnum(end[-1]))
		return false;
	for (; p < end; p++) {
		if (!is_alnum(*p) && *p != '-')
			return false;
	}
	return true;
}

static bool is_registry(const char *text)
{
	const char *end = strchrnul(text, ':');
	const char *p = text;

	if (*text == '[')
		return is_ipv6_registry(text);
	while (p <= end) {
		const char *dot = memchr(p, '.', (size_t)(end - p));
		const char *label_end = dot ? dot : end;

		if (!is_host_label(p, label_end))
			return false;
		p = label_end + 1;
	}
	return !*end || is_port(end + 1);
}

bool reference_is_tag(const char *text)
{
	size_t n = strlen(text);

	if (n == 0 || n > TAG_MAX_LEN || *text == '.' || *text == '-')
		return false;
	for (; *text; text++) {
		if (!is_alnum(*text) && *text != '_' && *text != '.' && *text != '-')
			return false;
	}
	return true;
}

static bool has_upper(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (isupper((unsigned char)s[i]))
			return true;
	}
	return false;
}

/* Is the part before the first slash a registry? */
static bool names_registry(const char *s, size_t len)
{
	return memchr(s, '.', len) || memchr(s, ':', len) || has_upper(s, len) ||
	       (len == strlen("localhost") && memcmp(s, "localhost", len) == 0);
}

static bool is_image_id(const char *name)
{
	return strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64;
}

/* ---- The whole ---- */

/* Cuts "@digest" and ":tag" off `name`. */
static int split_suffixes(char *name, struct image_reference *r, struct err *e)
{
	char *at = strchr(name, '@');
	char *colon, *slash;

	if (at) {
		int ret = digest_check(at + 1, e);

		if (ret < 0)
			return ret;
		r->digest = xstrdup(at + 1);
		*at = '\0';
	}
	slash = strrchr(name, '/');
	colon = strrchr(slash ? slash : name, ':');
	if (colon) {
		if (!reference_is_tag(colon + 1))
			return err_set(e, EINVAL, "'%.130s' is not a legal tag", colon + 1);
		r->tag = xstrdup(colon + 1);
		*colon = '\0';
	} else if (!at) {
		r->tag = xstrdup(DEFAULT_TAG);
	}
	return 0;
}

static void split_registry(const char *name, struct image_reference *r)
{
	const char *slash = strchr(name, '/');
	const char *path = name;

	if (slash && names_registry(name, (size_t)(slash - name))) {
		r->registry = xstrndup(name, (size_t)(slash - name));
		path = slash + 1;
		if (streq(r->registry, LEGACY_REGISTRY)) {
			free(r->registry);
			r->registry = xstrdup(DEFAULT_REGISTRY);
		}
	} else {
		r->registry = xstrdup(DEFAULT_REGISTRY);
	}
	if (streq(r->registry, DEFAULT_REGISTRY) && !strchr(path, '/'))
		r->repository = xasprintf(OFFICIAL_PREFIX "%s", path);
	else
		r->repository = xstrdup(path);
}

static int parse(const char *text, struct image_reference *r, struct err *e)
{
	autofree char *name = xstrdup(text);
	int ret = split_suffixes(name, r, e);

	if (ret < 0)
		return ret;
	if (is_image_id(name))
		return err_set(e, EINVAL, "64 hex digits are an image id, not a name");
	split_registry(name, r);
	if (!is_registry(r->registry))
		return err_set(e, EINVAL, "'%.100s' is not a registry's host name", r->registry);
	if (!*r->repository || streq(r->repository, OFFICIAL_PREFIX))
		return err_set(e, EINVAL, "the repository is missing");
	if (has_upper(r->repository, strlen(r->repository)))
		return err_set(e, EINVAL, "repository '%.100s' must be in lower case",
			       r->repository);
	if (!is_repository(r->repository))
		return err_set(e, EINVAL, "'%.100s' is not a legal repository", r->repository);
	if (strlen(r->registry) + 1 + strlen(r->repository) > NAME_MAX_LEN)
		return err_set(e, EINVAL, "the name is longer than %d bytes", NAME_MAX_LEN);
	return 0;
}

static bool has_control(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return true;
	}
	return false;
}

int reference_parse(const char *text, struct image_reference *ret, struct err *e)
{
	auto_(image_reference) struct image_reference r = { 0 };
	char clipped[CLIP_SIZE];
	int ret_code;

	/* After this, messages may repeat the text as it is. */
	if (has_control(text))
		return err_set(e, EINVAL,
			       "image reference '%s': blanks and control characters are not legal",
			       clip_text(clipped, text, strlen(text)));
	if (strlen(text) > REFERENCE_MAX_LEN)
		return err_set(e, EINVAL, "image reference '%.60s...': longer than %d bytes", text,
			       REFERENCE_MAX_LEN);
	ret_code = parse(text, &r, e);
	if (ret_code < 0)
		return err_wrap(e, ret_code, "image reference '%.200s'", text);
	*ret = r;
	r = (struct image_reference){ 0 };
	return 0;
}

void image_reference_done(struct image_reference *r)
{
	free(r->registry);
	free(r->repository);
	free(r->tag);
	free(r->digest);
	*r = (struct image_reference){ 0 };
}

static char *text_of(const char *prefix, const char *slash, const char *repository,
		     const struct image_reference *r)
{
	return xasprintf("%s%s%s%s%s%s%s", prefix, slash, repository, r->tag ? ":" : "",
			 r->tag ? r->tag : "", r->digest ? "@" : "", r->digest ? r->digest : "");
}

char *reference_text(const struct image_reference *r)
{
	return text_of(r->registry, "/", r->repository, r);
}

char *reference_familiar(const struct image_reference *r)
{
	const char *repository = r->repository;

	if (!streq(r->registry, DEFAULT_REGISTRY))
		return reference_text(r);
	/* "library/a/b" is not an official image, and the short form would name another one. */
	if (starts_with(repository, OFFICIAL_PREFIX) &&
	    !strchr(repository + strlen(OFFICIAL_PREFIX), '/'))
		repository += strlen(OFFICIAL_PREFIX);
	/* "localhost/a" on docker.io would read as a registry, 64 hex digits as an image id. */
	if ((names_registry(repository, strcspn(repository, "/")) && strchr(repository, '/')) ||
	    is_image_id(repository))
		return reference_text(r);
	return text_of("", "", repository, r);
}
