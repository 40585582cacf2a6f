/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/result/statement.h"

#define IN_TOTO_TYPE "https://in-toto.io/Statement/v1"

static void write_subject(struct json_writer *w, const struct statement_subject *s)
{
	json_object(w);
	json_kv_string(w, "name", s->name);
	json_key(w, "digest");
	json_object(w);
	json_kv_string(w, "sha256", digest_hex(s->digest));
	json_object_end(w);
	json_object_end(w);
}

void statement_write(const struct result_statement *s, const struct statement_subject *subjects,
		     size_t n, struct json_writer *w)
{
	json_object(w);
	json_kv_string(w, "_type", IN_TOTO_TYPE);
	json_kv_string(w, "predicateType", s->predicate_type);
	json_key(w, "subject");
	json_array(w);
	for (size_t i = 0; i < n; i++)
		write_subject(w, &subjects[i]);
	json_array_end(w);
	json_key(w, "predicate");
	json_text(w, s->predicate, s->len);
	json_object_end(w);
}
