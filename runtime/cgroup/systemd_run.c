/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/wait.h>

#include "libutil/proc.h"
#include "libutil/strv.h"
#include "runtime/cgroup/systemd.h"

#define HELPER PKGLIBEXECDIR "/creel-systemd"
/* Beyond the time systemd has: the helper reports that itself. */
#define GRACE_MS 5000

/* Where the buses are; nothing else of a caller's environment reaches the helper. */
static const char *const passed_on[] = {
	"DBUS_SYSTEM_BUS_ADDRESS",
	"DBUS_SESSION_BUS_ADDRESS",
	"XDG_RUNTIME_DIR",
};

static int run(const struct strbuf *request, uint32_t timeout_ms, struct strbuf *answer,
	       struct err *e)
{
	static const char name[] = "creel-systemd";
	char *const argv[] = { xstrdup(name), NULL };
	auto_(strv) struct strv env = { 0 };
	struct proc_spec spec = { .path = HELPER, .argv = argv, .die_with_parent = true };
	int status = 0, r;

	for (size_t i = 0; i < ARRAY_LEN(passed_on); i++)
		if (getenv(passed_on[i]))
			strv_env_set(&env, passed_on[i], getenv(passed_on[i]));
	spec.envp = strv_argv(&env);
	r = proc_run(&spec, request->data, request->len, answer, (int)timeout_ms + GRACE_MS,
		     &status, e);
	free(argv[0]);
	if (r == -ENOENT)
		return err_set(e, ENOENT,
			       "'" HELPER "' is missing: the systemd cgroup driver needs it "
			       "(make install, or --cgroup-manager=cgroupfs)");
	if (r >= 0 && !WIFEXITED(status)) {
		char text[PROC_STATUS_TEXT_SIZE];

		return err_set(e, ECHILD, "'" HELPER "' was %s", proc_status_text(status, text));
	}
	return r;
}

int systemd_run(const struct request *req, struct err *e)
{
	auto_(strbuf) struct strbuf text = { .max = REQUEST_MAX }, answer = { .max = ANSWER_MAX };
	int r;

	request_encode(req, &text);
	r = strbuf_check(&text, "the request to systemd", e);
	if (r >= 0)
		r = run(&text, req->timeout_ms, &answer, e);
	if (r >= 0)
		r = strbuf_check(&answer, "the answer of '" HELPER "'", e);
	if (r >= 0)
		r = answer_decode(strbuf_str(&answer), e);
	return r < 0 ? err_wrap(e, r, "systemd cgroup driver") : 0;
}
