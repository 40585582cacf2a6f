/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/verb/argument.h"

#include "imagetool/errors.h"

int argument_reference(const char *text, struct image_reference *ret, struct err *e)
{
	return image_usage(reference_parse(text, ret, e));
}

int argument_check_reference(const char *text, struct err *e)
{
	auto_(image_reference) struct image_reference ref = { 0 };

	if (starts_with(text, "docker://"))
		text += strlen("docker://");
	return argument_reference(text, &ref, e);
}

int argument_check_tags(const struct strv *tags, struct err *e)
{
	for (size_t i = 0; i < tags->n; i++)
		if (!reference_is_tag(tags->v[i]))
			return err_set(e, IMAGE_EUSAGE, "--tag: '%.130s' is not a legal tag",
				       tags->v[i]);
	return 0;
}

int argument_place(const char *text, struct place *ret, struct err *e)
{
	auto_(place) struct place p = { 0 };
	int r = image_usage(place_parse(text, &p, e));

	if (r >= 0 && p.kind == PLACE_REGISTRY)
		r = argument_check_reference(p.name, e);
	if (r < 0)
		return r;
	*ret = p;
	p = (struct place){ 0 };
	return 0;
}
