/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a program's manual page or bash completion from its own tables.  Built
 * once per program: PROGRAM names its `struct program`, PROGRAM_HEADER the header.
 * One without commands has OPTION_ROWS in place of PROGRAM, and no completion.
 *
 *     gen_docs man TEMPLATE     TEMPLATE with the tables' sections for the line
 *                               @OPTIONS@, and the version for each @VERSION@
 *     gen_docs completion
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include PROGRAM_HEADER
#include "libutil/file.h"
#include "libutil/verb.h"

#define USAGE         "usage: gen_docs man TEMPLATE | gen_docs completion"
#define TEMPLATE_MAX  ((size_t)1 << 20)
#define SECTIONS_MARK "@OPTIONS@\n"
#define VERSION_MARK  "@VERSION@"

#ifdef OPTION_ROWS
static void write_sections(struct strbuf *out)
{
	verb_write_man_options(OPTION_ROWS, out);
}

static int write_completion(struct strbuf *out UNUSED, struct err *e)
{
	return err_set(e, EINVAL, "a program without commands has no completion");
}
#else
static void write_sections(struct strbuf *out)
{
	verb_write_man(&PROGRAM, out);
}

static int write_completion(struct strbuf *out, struct err *e UNUSED)
{
	verb_write_completion(&PROGRAM, out);
	return 0;
}
#endif

/* Appends `text` with each `mark` replaced; returns how many there were. */
static int replace(struct strbuf *out, const char *text, const char *mark, const char *with)
{
	const char *at;
	int n = 0;

	for (; (at = strstr(text, mark)); text = at + strlen(mark), n++) {
		strbuf_add(out, text, (size_t)(at - text));
		strbuf_adds(out, with);
	}
	strbuf_adds(out, text);
	return n;
}

static int write_man(const char *path, struct strbuf *out, struct err *e)
{
	auto_(strbuf) struct strbuf sections = { 0 };
	auto_(strbuf) struct strbuf whole = { 0 };
	autofree char *template = NULL;
	int r = file_read_at(AT_FDCWD, path, TEMPLATE_MAX, &template, NULL, e);

	if (r < 0)
		return r;
	write_sections(&sections);
	if (replace(&whole, template, SECTIONS_MARK, strbuf_str(&sections)) != 1)
		return err_set(e, EBADMSG, "'%s' needs one line '@OPTIONS@'", path);
	(void)replace(out, strbuf_str(&whole), VERSION_MARK, PACKAGE_VERSION);
	return 0;
}

static int generate(char **argv, struct strbuf *out, struct err *e)
{
	if (streq(argv[1], "man") && argv[2])
		return write_man(argv[2], out, e);
	if (streq(argv[1], "completion"))
		return write_completion(out, e);
	return err_set(e, EINVAL, USAGE);
}

int main(int argc, char **argv)
{
	auto_(strbuf) struct strbuf out = { 0 };
	struct err e = { 0 };
	int r = argc > 1 ? generate(argv, &out, &e) : err_set(&e, EINVAL, USAGE);

	if (r >= 0)
		r = strbuf_check(&out, "document", &e);
	if (r >= 0 && (fwrite(strbuf_str(&out), 1, out.len, stdout) != out.len || fflush(stdout)))
		r = err_sys(&e, "write to standard output");
	if (r < 0)
		(void)fprintf(stderr, "gen_docs: %s\n", e.msg);
	return r < 0;
}
