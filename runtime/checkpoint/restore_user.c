/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/checkpoint/restore_user.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "runtime/annotation.h"

/* Real, effective, saved, and that of the file system. */
#define N_IDS 4

static bool has(const struct oci_strings *names, const char *cap)
{
	for (size_t i = 0; i < names->n; i++)
		if (streq(names->items[i], cap))
			return true;
	return false;
}

/* Without noNewPrivileges programs with set-user-ID bits are a way.  With it execve(2) adds nothing
 * to what is permitted, so the bounding set does not matter. */
static bool may_change(const struct spec_process *p, const char *cap)
{
	const struct spec_capabilities *c = p->capabilities;

	return !p->no_new_privileges ||
	       (c && (has(&c->permitted, cap) || has(&c->effective, cap) || has(&c->ambient, cap)));
}

/* The id that we see, or one that nobody has. */
static uint64_t seen_from_here(const char *map, uint64_t id)
{
	uint64_t inside, outside, size;
	int used = 0;

	for (; sscanf(map, " %" SCNu64 " %" SCNu64 " %" SCNu64 "%n", &inside, &outside, &size,
		      &used) == 3;
	     map += used)
		if (id >= inside && id - inside < size)
			return outside + (id - inside);
	return UINT64_MAX;
}

static bool is_granted(uint64_t seen, const char *map, uint64_t id, const struct oci_u32s *more)
{
	bool granted = seen == seen_from_here(map, id);

	for (size_t i = 0; more && i < more->n; i++)
		granted |= seen == seen_from_here(map, more->items[i]);
	return granted;
}

/* Those in the line "NAME:\tID\tID...", at most `max`; all of them are `id` or among `more`. */
static int check_line(const char *status, const char *name, size_t max, const char *map,
		      uint64_t id, const struct oci_u32s *more, struct err *e)
{
	const char *at = strstr(status, name);

	for (at = at ? at + strlen(name) : ""; max > 0; max--) {
		char *end;
		uint64_t seen;

		at += strspn(at, " \t");
		seen = strtoull(at, &end, 10);
		if (end == at || *at == '\n')
			return 0;
		if (!is_granted(seen, map, id, more))
			return err_set(e, EPERM, "%s has %" PRIu64 ", which is not of process.user",
				       name + 1, seen);
		at = end;
	}
	return 0;
}

int restore_check_user(const char *status, const char *uid_map, const char *gid_map,
		       const struct runtime_spec *spec, struct err *e)
{
	static const struct spec_user root;
	const struct spec_process *p = spec->process;
	const struct spec_user *u = p && p->user ? p->user : &root;
	bool keep = false;
	int r = annotation_flag(&spec->annotations, ANNOTATION_KEEP_GROUPS, &keep, e);

	if (r >= 0 && p && !may_change(p, "CAP_SETUID"))
		r = check_line(status, "\nUid:", N_IDS, uid_map, u->uid.v, NULL, e);
	if (r < 0 || !p || may_change(p, "CAP_SETGID"))
		return r;
	r = check_line(status, "\nGid:", N_IDS, gid_map, u->gid.v, NULL, e);
	/* Those of a caller long ago are nobody's to compare. */
	if (r < 0 || keep)
		return r;
	return check_line(status, "\nGroups:", SIZE_MAX, gid_map, u->gid.v, &u->additional_gids, e);
}
