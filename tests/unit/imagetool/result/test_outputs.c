/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

AUTO_DEFINE_DONE(result_outputs, result_outputs_done)
AUTO_DEFINE_DONE(result_annotations, result_annotations_done)

static void refuses(const char *text, const char *why)
{
	auto_(result_outputs) struct result_outputs o = { 0 };
	struct err e = { 0 };

	assert_true(result_outputs_add(&o, text, &e) < 0);
	assert_non_null(strstr(e.msg, why));
}

static void a_place_alone_is_a_directory_or_standard_output(void **state UNUSED)
{
	auto_(result_outputs) struct result_outputs o = { 0 };

	assert_int_equal(result_outputs_add(&o, "out/dir", NULL), 0);
	assert_int_equal(o.items[0].kind, OUTPUT_LOCAL);
	assert_string_equal(o.items[0].dest, "out/dir");
}

static void words_are_csv(void **state UNUSED)
{
	auto_(result_outputs) struct result_outputs o = { 0 };
	struct err e = { 0 };

	assert_int_equal(result_outputs_add(&o,
					    "type=image,\"name=localhost:5000/a:1,b\",push=true,"
					    "compression=zstd,compression-level=7,"
					    "force-compression=1,oci-mediatypes=t",
					    &e),
			 0);
	assert_int_equal(o.items[0].kind, OUTPUT_IMAGE);
	assert_int_equal(o.items[0].names.n, 2);
	assert_string_equal(o.items[0].names.v[0], "localhost:5000/a:1");
	assert_string_equal(o.items[0].names.v[1], "docker.io/library/b:latest");
	assert_true(result_output_is_pushed(&o.items[0]));
	assert_int_equal(o.items[0].compression.kind, LAYER_ZSTD);
	assert_int_equal(o.items[0].compression.level, 7);
	assert_true(o.items[0].force_compression);
	assert_int_equal(o.items[0].oci_types, OUTPUT_YES);
}

static void what_cannot_be_is_told(void **state UNUSED)
{
	refuses("", "it is empty");
	refuses("type=nix", "unknown type 'nix'");
	refuses("dest=x,name=y", "it needs a type");
	refuses("type=oci", "needs dest=");
	refuses("type=local,dest=-", "directory can't go to standard output");
	refuses("type=oci,dest=x,color=red", "unknown key 'color'");
	refuses("type=local,dest=x,push=true", "type=local has no 'push'");
	refuses("type=oci,dest=x,tar=maybe", "neither true nor false");
	refuses("type=image,compression=lz4", "unknown compression");
	refuses("type=image,compression=zstd,oci-mediatypes=false", "exclude each other");
	refuses("type=image,compression=estargz,oci-mediatypes=false", "exclude each other");
	refuses("type=image,compression=estargz,compression-level=10", "no level 10");
	refuses("type=image,name=Bad Name", "name");
	refuses("type=local,dest=x,annotation.a=b", "has no annotations");
	refuses("type=oci,dest=\"x", "double quote");
	refuses("type=local,dest=x,mode=delete", "nothing that is there is deleted");
}

static void annotation_keys_say_their_document(void **state UNUSED)
{
	auto_(result_outputs) struct result_outputs o = { 0 };
	const struct result_annotation *n;

	assert_int_equal(result_outputs_add(&o,
					    "type=oci,dest=x,annotation.a=1,"
					    "annotation-index.b.c=2,"
					    "annotation-manifest-descriptor[linux/arm64].d=3",
					    NULL),
			 0);
	n = o.items[0].annotations.items;
	assert_int_equal(o.items[0].annotations.n, 3);
	assert_int_equal(n[0].places, 1U << ANNOTATION_MANIFEST);
	assert_int_equal(n[1].places, 1U << ANNOTATION_INDEX);
	assert_string_equal(n[1].key, "b.c");
	assert_int_equal(n[2].places, 1U << ANNOTATION_MANIFEST_DESCRIPTOR);
	assert_true(n[2].one);
	assert_string_equal(n[2].platform.arch, "arm64");
}

static void annotations_have_prefixes(void **state UNUSED)
{
	auto_(result_annotations) struct result_annotations a = { 0 };
	auto_(arena) struct arena arena = { 0 };
	struct oci_strmap map = { 0 };
	struct platform arm, amd;
	struct err e = { 0 };

	assert_int_equal(platform_parse("linux/arm64", &arm, NULL), 0);
	assert_int_equal(platform_parse("linux/amd64", &amd, NULL), 0);
	assert_int_equal(result_annotations_add(&a, "plain=1=2", NULL), 0);
	assert_int_equal(result_annotations_add(&a, "com.example/x:y=z", NULL), 0);
	assert_int_equal(result_annotations_add(&a, "index,manifest:both=", NULL), 0);
	assert_int_equal(result_annotations_add(&a, "manifest[linux/arm64]:arm=v", NULL), 0);
	result_annotations_apply(&a, ANNOTATION_MANIFEST, &amd, &arena, &map);
	assert_int_equal(map.n, 3);
	assert_string_equal(map.items[0].key, "both");
	assert_string_equal(map.items[1].key, "com.example/x:y");
	assert_string_equal(map.items[2].value, "1=2");
	map = (struct oci_strmap){ 0 };
	result_annotations_apply(&a, ANNOTATION_MANIFEST, &arm, &arena, &map);
	assert_int_equal(map.n, 4);
	map = (struct oci_strmap){ 0 };
	result_annotations_apply(&a, ANNOTATION_INDEX, NULL, &arena, &map);
	assert_int_equal(map.n, 1);
	assert_int_equal(result_annotations_add(&a, "novalue", &e), -EINVAL);
	assert_int_equal(result_annotations_add(&a, "index[linux/arm64]:a=b", &e), -EINVAL);
	assert_int_equal(result_annotations_add(&a, "manifest,shelf:a=b", &e), -EINVAL);
	assert_int_equal(result_annotations_add(&a, "index:=b", &e), -EINVAL);
}

static void without_outputs_the_image_is_stored(void **state UNUSED)
{
	auto_(result_plan) struct result_plan p = { 0 };
	const struct result_flags none = { 0 };

	assert_int_equal(result_plan_make(&none, &p, NULL), 0);
	assert_int_equal(p.outputs.n, 1);
	assert_true(result_output_is_stored(&p.outputs.items[0]));
	assert_true(result_plan_wants_layers(&p));
	assert_false(result_plan_wants_roots(&p));
}

static void a_push_needs_a_name(void **state UNUSED)
{
	auto_(result_plan) struct result_plan p = { 0 };
	const struct result_flags flags = { .push = true };
	struct err e = { 0 };

	assert_int_equal(result_plan_make(&flags, &p, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "give --tag"));
}

static void push_and_load_add_to_outputs(void **state UNUSED)
{
	auto_(result_plan) struct result_plan p = { 0 };
	struct result_flags flags = { .push = true, .load = true };

	strv_add(&flags.tags, "x");
	strv_add(&flags.outputs, "type=local,dest=d");
	assert_int_equal(result_plan_make(&flags, &p, NULL), 0);
	assert_int_equal(p.outputs.n, 3);
	assert_int_equal(p.outputs.items[1].kind, OUTPUT_REGISTRY);
	assert_int_equal(p.outputs.items[2].kind, OUTPUT_IMAGE);
	assert_true(result_plan_wants_roots(&p));
	strv_done(&flags.tags);
	strv_done(&flags.outputs);
}

static void only_one_goes_to_standard_output(void **state UNUSED)
{
	auto_(result_plan) struct result_plan p = { 0 };
	struct result_flags flags = { 0 };
	struct err e = { 0 };

	strv_add(&flags.outputs, "type=tar,dest=-");
	strv_add(&flags.outputs, "type=oci,dest=-");
	assert_int_equal(result_plan_make(&flags, &p, &e), -EINVAL);
	strv_done(&flags.outputs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_alone_is_a_directory_or_standard_output),
		cmocka_unit_test(words_are_csv),
		cmocka_unit_test(what_cannot_be_is_told),
		cmocka_unit_test(annotation_keys_say_their_document),
		cmocka_unit_test(annotations_have_prefixes),
		cmocka_unit_test(without_outputs_the_image_is_stored),
		cmocka_unit_test(a_push_needs_a_name),
		cmocka_unit_test(push_and_load_add_to_outputs),
		cmocka_unit_test(only_one_goes_to_standard_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
