/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/spawn/filter.h"

#include <errno.h>

#include "runtime/annotation.h"
#include "runtime/spawn/listener.h"

static int compile(const struct store *s, const struct runtime_spec *spec,
		   const struct spec_seccomp *profile, struct seccomp_program *ret, struct err *e)
{
	const char *raw = annotation_of(&spec->annotations, ANNOTATION_SECCOMP_BPF);
	autofd int cachefd = -1;
	bool fail_unknown = false;
	int r;

	if (raw && raw[0]) {
		bool listens = profile && listener_path(profile, &spec->annotations);

		r = seccomp_load_raw(raw, profile, listens, ret, e);
		return r < 0 ? err_wrap(e, r, "annotations.%s",
					annotation_key(ANNOTATION_SECCOMP_BPF))
			     : 0;
	}
	if (!profile)
		return 0;
	r = annotation_flag(&spec->annotations, ANNOTATION_SECCOMP_UNKNOWN, &fail_unknown, e);
	if (r < 0)
		return r;
	cachefd = store_open_seccomp(s);
	return seccomp_compile(profile, fail_unknown, cachefd, ret, e);
}

int filter_compile(const struct store *s, const struct runtime_spec *spec,
		   struct seccomp_program *ret, struct err *e)
{
	const struct spec_seccomp *profile = spec->linux_ ? spec->linux_->seccomp : NULL;
	int r = compile(s, spec, profile, ret, e);

	if (r < 0 || !ret->notify || listener_path(profile, &spec->annotations))
		return r;
	return err_set(
		e, EINVAL,
		"config.json: linux.seccomp.listenerPath: missing, though a rule has SCMP_ACT_NOTIFY");
}
