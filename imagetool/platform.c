/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/platform.h"

#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "imagetool/errors.h"
#include "imagetool/store/descriptor.h"
#include "libutil/alloc.h"
#include "libutil/strbuf.h"
#include "libutil/strv.h"

/* ---- Words ---- */

/* uname's and other spellings of what image documents call it. */
static const struct {
	const char *from, *arch, *variant;
} arch_alias[] = {
	{ "aarch64", "arm64", "" },
	{ "armhf", "arm", "v7" },
	{ "armv5tel", "arm", "v5" },
	{ "armv6l", "arm", "v6" },
	{ "armv7l", "arm", "v7" },
	{ "armv8l", "arm", "v7" },
	{ "i386", "386", "" },
	{ "i486", "386", "" },
	{ "i586", "386", "" },
	{ "i686", "386", "" },
	{ "loongarch64", "loong64", "" },
	{ "x86_64", "amd64", "" },
};

/* Variants from small to large: each runs what stands before it.  image-index.md "Platform
 * Variants". */
#define VARIANTS_MAX 20
static const struct {
	const char *arch;
	const char *fallback; /* what no variant means */
	const char *order[VARIANTS_MAX];
} arch_variants[] = {
	{ "amd64", "v1", { "v1", "v2", "v3", "v4" } },
	{ "arm", "v7", { "v5", "v6", "v7", "v8" } },
	{ "arm64",
	  "v8",
	  { "v8", "v8.1", "v8.2", "v8.3", "v8.4", "v8.5", "v8.6", "v8.7", "v8.8", "v8.9", "v9",
	    "v9.1", "v9.2", "v9.3", "v9.4", "v9.5" } },
	{ "ppc64le", "power8", { "power8", "power9", "power10", "power11" } },
	{ "riscv64", "rva20u64", { "rva20u64", "rva22u64", "rva23u64" } },
};

/* Position of a variant in its architecture's order; -1 when the table does not know it. */
static int variant_rank(const char *arch, const char *variant)
{
	for (size_t i = 0; i < ARRAY_LEN(arch_variants); i++) {
		if (!streq(arch_variants[i].arch, arch))
			continue;
		if (variant[0] == '\0')
			variant = arch_variants[i].fallback;
		for (int v = 0; v < VARIANTS_MAX && arch_variants[i].order[v]; v++) {
			if (streq(arch_variants[i].order[v], variant))
				return v;
		}
	}
	return -1;
}

static int set_word(char to[PLATFORM_WORD_SIZE], const char *from)
{
	int n = snprintf(to, PLATFORM_WORD_SIZE, "%s", from);

	return n < 0 || n >= PLATFORM_WORD_SIZE ? -EINVAL : 0;
}

static int set_arch(struct platform *p, const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(arch_alias); i++) {
		if (!streq(arch_alias[i].from, word))
			continue;
		(void)set_word(p->variant, arch_alias[i].variant);
		return set_word(p->arch, arch_alias[i].arch);
	}
	return set_word(p->arch, word);
}

/* ---- This machine ---- */

#if defined(__x86_64__)
static const char *host_variant(void)
{
	__builtin_cpu_init();
	if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("popcnt"))
		return "v1";
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2") ||
	    !__builtin_cpu_supports("fma"))
		return "v2";
	if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
	    !__builtin_cpu_supports("avx512cd") || !__builtin_cpu_supports("avx512dq") ||
	    !__builtin_cpu_supports("avx512vl"))
		return "v3";
	return "v4";
}
#else
static const char *host_variant(void)
{
	return "";
}
#endif

void platform_host(struct platform *ret)
{
	struct utsname uts;

	*ret = (struct platform){ .os = "linux" };
	if (uname(&uts) < 0 || set_arch(ret, uts.machine) < 0)
		return;
	if (ret->variant[0] == '\0')
		(void)set_word(ret->variant, host_variant());
}

int platform_parse(const char *text, struct platform *ret, struct err *e)
{
	auto_(strv) struct strv words = { 0 };
	struct platform p = { 0 };

	strv_split(&words, text, '/', false);
	if (words.n < 2 || words.n > 3)
		return err_set(e, EINVAL, "platform '%s' is not os/architecture[/variant]", text);
	for (size_t i = 0; i < words.n; i++) {
		if (words.v[i][0] == '\0')
			return err_set(e, EINVAL, "platform '%s' has an empty part", text);
	}
	if (set_word(p.os, words.v[0]) < 0 || set_arch(&p, words.v[1]) < 0 ||
	    (words.n == 3 && set_word(p.variant, words.v[2]) < 0))
		return err_set(e, EINVAL, "platform '%s' has a part of more than %d bytes", text,
			       PLATFORM_WORD_SIZE - 1);
	*ret = p;
	return 0;
}

/* Without the name of a system in front of it. */
static bool is_arch(const char *word)
{
	static const char *const others[] = { "386",   "loong64", "mips64le", "ppc64",
					      "s390x", "mips64",  "mipsle",   "mips" };

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (streq(others[i], word))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(arch_alias); i++)
		if (streq(arch_alias[i].from, word))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(arch_variants); i++)
		if (streq(arch_variants[i].arch, word))
			return true;
	return false;
}

int platform_parse_typed(const char *text, struct platform *ret, struct err *e)
{
	autofree char *full = is_arch(text) ? xasprintf("linux/%s", text) : NULL;

	return platform_parse(full ? full : text, ret, e);
}

int platform_of_option(const char *text, struct platform *ret, struct err *e)
{
	int r = platform_parse_typed(text, ret, e);

	return r < 0 ? image_usage(err_wrap(e, r, "--platform")) : 0;
}

const char *platform_text(const struct platform *p, char buf[PLATFORM_TEXT_SIZE])
{
	(void)snprintf(buf, PLATFORM_TEXT_SIZE, "%s/%s%s%s", p->os, p->arch,
		       p->variant[0] ? "/" : "", p->variant);
	return buf;
}

/* ---- Choice ---- */

#define FIT_NONE    (-1)
#define FIT_UNKNOWN 0 /* the image does not say */
#define FIT_BASE    1 /* + rank of the variant */

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

/* How well: FIT_NONE, or larger for a variant closer to what is wanted. */
static int fit(const struct platform *want, const struct image_platform *have)
{
	struct platform h = { 0 };
	const char *variant = or_empty(have->variant);
	int want_rank, have_rank;

	if (set_arch(&h, or_empty(have->architecture)) < 0)
		return FIT_NONE;
	if (!streq(want->os, or_empty(have->os)) || !streq(want->arch, h.arch))
		return FIT_NONE;
	if (variant[0] == '\0')
		variant = h.variant;
	want_rank = variant_rank(want->arch, want->variant);
	have_rank = variant_rank(want->arch, variant);
	if (streq(variant, want->variant))
		return FIT_BASE + (want_rank < 0 ? 0 : want_rank);
	if (variant[0] == '\0')
		return FIT_BASE;
	return want_rank >= 0 && have_rank >= 0 && have_rank <= want_rank ? FIT_BASE + have_rank
									  : FIT_NONE;
}

bool platform_fits(const struct platform *want, const struct image_platform *have)
{
	return fit(want, have) != FIT_NONE;
}

static void list_platforms(const struct image_index *index, struct strbuf *out)
{
	const struct image_descriptor *all = index->manifests.items;

	for (size_t i = 0; i < index->manifests.n; i++) {
		const struct image_platform *p = all[i].platform;

		if (!p || streq(or_empty(p->os), "unknown"))
			continue;
		strbuf_addf(out, "%s%s/%s", out->len ? ", " : "", or_empty(p->os),
			    or_empty(p->architecture));
		if (p->variant)
			strbuf_addf(out, "/%s", p->variant);
	}
}

int platform_choose(const struct image_index *index, const struct platform *want, struct err *e)
{
	const struct image_descriptor *all = index->manifests.items;
	auto_(strbuf) struct strbuf there = { .max = 256 };
	char text[PLATFORM_TEXT_SIZE];
	int best = -1, best_fit = FIT_NONE;

	for (size_t i = 0; i < index->manifests.n; i++) {
		enum media_kind kind = descriptor_kind(&all[i]);
		int f;

		/* Media types nobody knows yet must not disturb. */
		if (kind != MEDIA_MANIFEST && kind != MEDIA_INDEX)
			continue;
		f = all[i].platform ? fit(want, all[i].platform) : FIT_UNKNOWN;
		if (f > best_fit) {
			best = (int)i;
			best_fit = f;
		}
	}
	if (best >= 0)
		return best;
	list_platforms(index, &there);
	return err_set(e, IMAGE_ENOTFOUND, "no image for platform %s; there is %s",
		       platform_text(want, text), there.len ? strbuf_str(&there) : "none at all");
}
