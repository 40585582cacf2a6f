/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a bundle, or risky, before anything runs: all of it, each
 * finding with its place in the document, a level, and what to do.
 *
 * Three kinds of finding.  The document breaks the specification (document.c);
 * this host would refuse it, by the plans that `create` makes (host.c); or it
 * works and gives the container power over the host (risk_*.c).  Nothing is
 * changed, and nothing of the root file system is trusted.
 */
#ifndef RUNTIME_LINT_LINT_H
#define RUNTIME_LINT_LINT_H

#include "oci-spec/runtime_spec.h"
#include "runtime/container/host.h"
#include "runtime/lint/rules.h"

/* Findings beyond this many are counted and not kept: a hostile document makes millions. */
#define LINT_MAX_FINDINGS 1000

struct lint_finding {
	enum lint_rule rule;
	const char *path; /* in the document; "" is all of it */
	const char *text;
};

struct lint_request {
	const struct host *host;
	const char *bundle;
	const char *config;    /* NULL: config.json of the bundle */
	struct strv ignore;    /* ids of rules */
	enum lint_level least; /* show no less important ones */
};

struct lint {
	const struct lint_request *req;
	struct arena arena; /* owns all texts */
	const char *bundle; /* absolute */
	const char *name;   /* of the document */
	int bundlefd;
	struct runtime_spec *spec;          /* NULL: it could not be read */
	const struct spec_process *process; /* these two are never NULL: what is absent is empty */
	const struct spec_linux *linux_;
	bool faulty; /* the document is not what the specification says: no plan can be made of it
		      */
	struct lint_finding *v;
	size_t n, cap;
	size_t count[LINT_LEVELS]; /* all, also those that were not kept */
};

/* Find everything.  Fails only when there is no document to look at, or a wrong id in `ignore`. */
int lint_run(struct lint *l, const struct lint_request *req, struct err *e);
void lint_done(struct lint *l);
AUTO_DEFINE_DONE(lint, lint_done)

/* The same of a text, without looking at the host: for tests. */
void lint_text(struct lint *l, const char *text, size_t len);

/* Worst level first; for people. */
void lint_report_text(const struct lint *l, struct strbuf *out);
/* {"bundle", "errors", "warnings", "notes", "findings": [...]} */
void lint_report_json(const struct lint *l, struct strbuf *out);

/* ---- For the files of this room ---- */

/* `path` is copied, and its control characters are not. */
void lint_add(struct lint *l, enum lint_rule rule, const char *path, const char *fmt, ...)
	PRINTF(4, 5);
/* A failure of a plan: what it says before ": " is the path when it looks like one. */
void lint_add_failure(struct lint *l, enum lint_rule rule, const char *path, const struct err *why);
/* "mounts[3].options"; lies in the arena. */
const char *lint_path(struct lint *l, const char *fmt, ...) PRINTF(2, 3);

void lint_document(struct lint *l, const char *text, size_t len);
void lint_host(struct lint *l);
void lint_process(struct lint *l);
void lint_mounts(struct lint *l);
void lint_linux(struct lint *l);
void lint_seccomp(struct lint *l);
void lint_annotations(struct lint *l);

/* The container gets a namespace of this type that is not the host's, as far as the document tells.
 */
bool lint_has_namespace(const struct lint *l, enum oci_namespace type);
bool lint_has_word(const struct oci_strings *list, const char *word);

#endif
