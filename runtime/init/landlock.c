/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The annotation's rules.  The ruleset is made while every path can be opened, as the container's
 * root sees it; it is enforced last, since it also binds this process.
 */
#include <errno.h>
#include <fcntl.h>

#include "libutil/beneath.h"
#include "libutil/cleanup.h"
#include "libutil/log.h"
#include "runtime/annotation.h"
#include "runtime/init/stage.h"
#include "runtime/landlock/landlock.h"

static int allow_paths(const struct init *in, const struct landlock_rule *rule, int rulesetfd,
		       struct err *e)
{
	for (size_t i = 0; i < rule->paths.n; i++) {
		const char *path = rule->paths.items[i];
		autofd int fd = beneath_open(in->rootfd, path, O_PATH, 0, BENEATH_CHROOT, e);
		int r;

		/* A mistake when the container is created; later its own doing, and there is
		 * nothing to be allowed. */
		if (fd == -ENOENT && in->job->kind == INIT_EXEC) {
			err_clear(e);
			continue;
		}
		r = fd < 0 ? fd : landlock_allow_path(rulesetfd, fd, rule->allowed, e);
		if (r < 0)
			return err_wrap(e, r, "paths[%zu]: '%s'", i, path);
	}
	return 0;
}

static int allow_ports(const struct landlock_rule *rule, int rulesetfd, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < rule->ports.n && r >= 0; i++)
		r = landlock_allow_port(rulesetfd, rule->ports.items[i], rule->allowed, e);
	return r;
}

static int make_ruleset(const struct init *in, const struct landlock_rules *rules, struct err *e)
{
	autofd int fd = landlock_ruleset(&rules->handled, e);
	int r = fd;

	for (size_t i = 0; i < rules->n_paths && r >= 0; i++) {
		r = allow_paths(in, &rules->paths[i], fd, e);
		if (r < 0)
			(void)err_wrap(e, r, "pathBeneath[%zu]", i);
	}
	for (size_t i = 0; i < rules->n_ports && r >= 0; i++) {
		r = allow_ports(&rules->ports[i], fd, e);
		if (r < 0)
			(void)err_wrap(e, r, "netPort[%zu]", i);
	}
	return r < 0 ? r : steal_fd(&fd);
}

int landlock_prepare(struct init *in, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	struct landlock_rules *rules = NULL;
	int r = landlock_of(in->spec, &a, &rules, e);

	if (r < 0 || !rules)
		return r;
	r = landlock_fit(rules, landlock_abi(), e);
	if (r == 0)
		log_warning("annotations.%s: this kernel knows none of these rights; the "
			    "container runs without",
			    annotation_key(ANNOTATION_LANDLOCK));
	if (r <= 0)
		return r;
	r = in->landlockfd = make_ruleset(in, rules, e);
	return r < 0 ? err_wrap(e, r, "annotations.%s", annotation_key(ANNOTATION_LANDLOCK)) : 0;
}

int landlock_restrict(struct init *in, struct err *e)
{
	autofd int fd = in->landlockfd;
	int r;

	in->landlockfd = -1;
	if (fd < 0)
		return 0;
	r = landlock_enforce(fd, e);
	return r < 0 ? err_wrap(e, r, "annotations.%s", annotation_key(ANNOTATION_LANDLOCK)) : 0;
}
