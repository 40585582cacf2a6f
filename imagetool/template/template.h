/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --format: the part of Go's templates that docker's and podman's users write, over a
 * JSON value.
 *
 *   {{.Config.Env}} {{json .}} {{index .Config.Labels "a.b"}} {{.Id | printf "%.12s"}}
 *   {{range .Layers}}…{{else}}…{{end}} {{range $i, $v := .X}} {{if}} {{else if}} {{with}}
 *   {{$x := .Name}} {{/ * comment * /}} {{- trims -}} "strings" `raw` 12 true nil (pipelines)
 *
 * Functions: json join split lower upper title truncate pad print println printf (%s %d %v
 * %q) len index eq ne lt le gt ge and or not.  A member that is not there is an error in an object
 * whose names are capital, as a document's are; elsewhere, as with labels, it is "<no value>".
 * define, template, block, break and calls of methods are not there.
 *
 * Templates are a user's, documents may be anybody's: steps, depth and output are bounded.
 */
#ifndef IMAGETOOL_TEMPLATE_TEMPLATE_H
#define IMAGETOOL_TEMPLATE_TEMPLATE_H

#include "libutil/json.h"

#define TEMPLATE_MAX       ((size_t)64 << 10) /* bytes of a template */
#define TEMPLATE_DEPTH     32                 /* of blocks and parentheses */
#define TEMPLATE_STEPS_MAX 1000000
#define TEMPLATE_OUT_MAX   ((size_t)64 << 20)

struct template;

int template_parse(const char *text, struct template **ret, struct err *e);
void template_free(struct template *t);
AUTO_DEFINE(template, template_free)

int template_run(const struct template *t, const struct json *dot, struct strbuf *out,
		 struct err *e);

#endif
