/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.json and repositories of a docker-archive that is being written. */
#ifndef IMAGETOOL_COPY_DOCKER_TEXTS_H
#define IMAGETOOL_COPY_DOCKER_TEXTS_H

#include "imagetool/copy/target.h"
#include "libutil/json.h"

struct docker_text_image {
	const char **ids; /* of its layers: hex of their chain ids */
	const char **diff_ids;
	struct image_descriptor *layers;
	size_t n;
	const char *config_name; /* "HEX.json" */
	const char *config_text;
	size_t config_len;
	const char *name; /* "nginx:1.25", as docker has it; NULL: none */
};

struct docker_texts {
	struct arena arena; /* owns all of them */
	struct docker_text_image **images;
	size_t n;
};

void docker_texts_done(struct docker_texts *s);
int docker_texts_add(struct docker_texts *s, const struct target_image *image,
		     struct docker_text_image **ret, struct err *e);
void docker_texts_name(struct docker_texts *s, struct docker_text_image *image, const char *name);

void docker_texts_manifest(const struct docker_texts *s, struct strbuf *out);
void docker_texts_repositories(const struct docker_texts *s, struct strbuf *out);

#endif
