/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/whose.h"

#include <errno.h>
#include <sys/stat.h>

#include "libutil/ids.h"
#include "libutil/path.h"
#include "libutil/proc.h"

#define STATE_MAX        ((size_t)1 << 20)
#define STATE_TIMEOUT_MS 10000

static const char *const files[OCI_NS_COUNT] = {
	[OCI_NS_PID] = "pid",       [OCI_NS_NETWORK] = "net", [OCI_NS_MOUNT] = "mnt",
	[OCI_NS_IPC] = "ipc",       [OCI_NS_UTS] = "uts",     [OCI_NS_USER] = "user",
	[OCI_NS_CGROUP] = "cgroup", [OCI_NS_TIME] = "time",
};

const char *whose_file(enum oci_namespace type)
{
	return files[type];
}

/* The runtime knows: programs meet as programs. */
static int ask_state(const char *id, struct strbuf *out, struct err *e)
{
	const char *const argv[] = { "creel", "state", "--", id, NULL };
	struct proc_spec spec = { .path = "creel",
				  .search = true,
				  .argv = (char *const *)(const void *)argv };
	char text[PROC_STATUS_TEXT_SIZE];
	int status, r;

	out->max = STATE_MAX;
	r = proc_run(&spec, NULL, 0, out, STATE_TIMEOUT_MS, &status, e);
	if (r < 0)
		return err_wrap(e, r, "ask creel for its state");
	if (proc_exit_code(status) == 0)
		return 0;
	return err_set(e, ENOENT, "creel state %s: %.*s", proc_status_text(status, text),
		       (int)strcspn(strbuf_str(out), "\n"), strbuf_str(out));
}

static int find_pid(const char *id, struct arena *a, int64_t *ret, struct err *e)
{
	auto_(strbuf) struct strbuf text = { 0 };
	struct oci_state *state;
	void *doc = NULL;
	int r = id_check(id, e);

	if (r >= 0)
		r = ask_state(id, &text, e);
	if (r >= 0)
		r = oci_decode(&oci_state_type, "creel state", strbuf_str(&text), text.len, NULL, a,
			       &doc, e);
	if (r < 0)
		return r;
	state = doc;
	if (!state->pid.set || state->pid.v <= 0)
		return err_set(e, ESRCH, "it does not run");
	*ret = state->pid.v;
	return 0;
}

static int use_container(enum oci_namespace type, const char *id, struct arena *a,
			 struct whose_answer *ret, struct err *e)
{
	int64_t pid = 0;
	int r = find_pid(id, a, &pid, e);

	if (r < 0)
		return err_wrap(e, r, "container '%s'", id);
	*ret = (struct whose_answer){
		.kind = WHOSE_PATH,
		.container = arena_strdup(a, id),
		.path = arena_printf(a, "/proc/%lld/ns/%s", (long long)pid, files[type]),
		.root = arena_printf(a, "/proc/%lld/root", (long long)pid),
	};
	return 0;
}

static int use_path(const char *path, struct arena *a, struct whose_answer *ret, struct err *e)
{
	struct stat st;

	if (!path_is_absolute(path))
		return err_set(e, EINVAL, "'%s' is not an absolute path", path);
	if (stat(path, &st) < 0)
		return err_sys(e, "stat '%s'", path);
	*ret = (struct whose_answer){ .kind = WHOSE_PATH, .path = arena_strdup(a, path) };
	return 0;
}

int whose_parse(enum oci_namespace type, const char *text, struct arena *a,
		struct whose_answer *ret, struct err *e)
{
	*ret = (struct whose_answer){ .kind = WHOSE_DEFAULT };
	if (!text)
		return 0;
	if (starts_with(text, "container:"))
		return use_container(type, text + strlen("container:"), a, ret, e);
	if (starts_with(text, "ns:"))
		return use_path(text + strlen("ns:"), a, ret, e);
	if (streq(text, "host"))
		ret->kind = WHOSE_HOST;
	else if (streq(text, "private") || (type == OCI_NS_IPC && streq(text, "shareable")))
		ret->kind = WHOSE_PRIVATE;
	else if (streq(text, "none") && (type == OCI_NS_IPC || type == OCI_NS_NETWORK))
		ret->kind = WHOSE_NONE;
	else if (type == OCI_NS_NETWORK)
		return err_set(
			e, EINVAL,
			"'%s' would have to be made by an engine: use none, host, container:ID, or "
			"ns:PATH of a namespace that CNI or pasta has connected",
			text);
	else
		return err_set(e, EINVAL, "'%s' is none of private, host%s, container:ID, ns:PATH",
			       text, type == OCI_NS_IPC ? ", shareable, none" : "");
	return 0;
}
