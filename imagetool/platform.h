/* SPDX-License-Identifier: Apache-2.0 */
/* Platforms of images: os/architecture[/variant], and which member of an index fits. */
#ifndef IMAGETOOL_PLATFORM_H
#define IMAGETOOL_PLATFORM_H

#include "libutil/err.h"
#include "oci-spec/image_spec.h"

#define PLATFORM_WORD_SIZE 32
#define PLATFORM_TEXT_SIZE (3 * PLATFORM_WORD_SIZE)

struct platform {
	char os[PLATFORM_WORD_SIZE];
	char arch[PLATFORM_WORD_SIZE];    /* GOARCH words: amd64, arm64, arm, … */
	char variant[PLATFORM_WORD_SIZE]; /* "" when none was asked for */
};

/* "linux/arm64/v8"; uname's spellings (x86_64, aarch64) are understood. */
int platform_parse(const char *text, struct platform *ret, struct err *e);
/* Also an architecture alone, as people type it: "arm64" is of Linux. */
int platform_parse_typed(const char *text, struct platform *ret, struct err *e);
/* What --platform says. */
int platform_of_option(const char *text, struct platform *ret, struct err *e);
/* This machine's. */
void platform_host(struct platform *ret);
/* "os/arch[/variant]" of a descriptor's or our platform, for messages and tables. */
const char *platform_text(const struct platform *p, char buf[PLATFORM_TEXT_SIZE]);

/*
 * May an image for `have` run where `want` is asked for?  amd64 and arm64 without a variant mean v1
 * and v8; a smaller variant of the same architecture runs on a larger one (arm v6 on v7, amd64 v2
 * on v3).  `have` without a variant fits every variant.
 */
bool platform_fits(const struct platform *want, const struct image_platform *have);

/*
 * The first descriptor of the index that fits, as image-spec says ("the first matching"); an exact
 * variant wins over a smaller one.  Entries without a platform fit only when nothing else does and
 * they are manifests or indexes; attestations (platform unknown/unknown) never.
 * Returns its position, or -IMAGE_ENOTFOUND with the platforms there are in the message.
 */
int platform_choose(const struct image_index *index, const struct platform *want, struct err *e);

#endif
