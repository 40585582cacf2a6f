/* SPDX-License-Identifier: Apache-2.0 */
/* --annotation and annotation keys of --output: which document of the image one is for.  Pure. */
#ifndef IMAGETOOL_RESULT_ANNOTATIONS_H
#define IMAGETOOL_RESULT_ANNOTATIONS_H

#include "imagetool/platform.h"

/* As buildx spells them in front of the key. */
#define ANNOTATION_PLACES(X)                                                                       \
	X(MANIFEST, "manifest")                                                                    \
	X(MANIFEST_DESCRIPTOR, "manifest-descriptor")                                              \
	X(INDEX, "index")                                                                          \
	X(INDEX_DESCRIPTOR, "index-descriptor")

enum annotation_place {
#define X(place, word) ANNOTATION_##place,
	ANNOTATION_PLACES(X)
#undef X
		ANNOTATION_PLACE_COUNT
};

struct result_annotation {
	unsigned places; /* 1 << enum annotation_place */
	bool one;        /* only for: */
	struct platform platform;
	char *key, *value; /* owned */
};

struct result_annotations {
	struct result_annotation *items; /* owned */
	size_t n;
};

/* --annotation: "[PLACE[[PLATFORM]][,PLACE...]:]KEY=VALUE". */
int result_annotations_add(struct result_annotations *a, const char *text, struct err *e);
/* A key of --output: "annotation[-PLACE][[PLATFORM]].KEY".  0: it is none of these. */
int result_annotations_add_key(struct result_annotations *a, const char *key, const char *value,
			       struct err *e);
void result_annotations_done(struct result_annotations *a);

/* Put those for this place (and platform; NULL: of the index) into the map, in order of keys. */
void result_annotations_apply(const struct result_annotations *a, enum annotation_place place,
			      const struct platform *platform, struct arena *arena,
			      struct oci_strmap *ret);
bool result_annotations_have(const struct result_annotations *a, enum annotation_place place);

#endif
