/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/cni/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/cni/record.h"
#include "libutil/proc.h"

#define ANSWER_MAX ((size_t)1 << 20) /* bytes */
#define PATIENCE   60000             /* milliseconds for one plugin */
/* Plugins call programs of the host: iptables, nft. */
#define PROGRAMS "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* One call of one plugin. */
struct call {
	const struct cni_host *host;
	const struct cni_attachment *at;
	const char *command; /* "ADD", "DEL" */
	const char *type;
	int stopfd;
};

/* ---- Rights ---- */

/* By the user namespace that owns the network's: the kernel tells no others. */
int cni_check_rights(struct err *e)
{
	autofd int net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), owner = -1;
	struct stat own, of_net;

	if (net < 0 || stat("/proc/self/ns/user", &own) < 0)
		return err_sys(e, "open '/proc/self/ns'");
	owner = ioctl(net, NS_GET_USERNS);
	if (geteuid() == 0 && owner >= 0 && fstat(owner, &of_net) == 0 &&
	    own.st_ino == of_net.st_ino)
		return 0;
	return err_set(e, EPERM,
		       "the host's networks are its root's to connect to: use --network pasta");
}

/* ---- A plugin ---- */

static char *find_plugin(const struct call *c, struct err *e)
{
	auto_(strv) struct strv dirs = { 0 };

	strv_split(&dirs, c->host->path, ':', true);
	for (size_t i = 0; i < dirs.n; i++) {
		autofree char *path = xasprintf("%s/%s", dirs.v[i], c->type);

		if (dirs.v[i][0] == '/' && access(path, X_OK) == 0)
			return steal_ptr(&path);
	}
	(void)err_set(
		e, ENOENT,
		"plugin '%s' is not in '%s': install it (Debian: containernetworking-plugins), "
		"or name its directory with --cni-plugin-path",
		c->type, c->host->path);
	return NULL;
}

static void add_environment(const struct call *c, struct strv *env)
{
	strv_add(env, PROGRAMS);
	strv_addf(env, "CNI_COMMAND=%s", c->command);
	strv_addf(env, "CNI_CONTAINERID=%s", c->at->id);
	strv_addf(env, "CNI_NETNS=%s", c->at->netns);
	strv_add(env, "CNI_IFNAME=" CNI_INTERFACE);
	strv_addf(env, "CNI_PATH=%s", c->host->path);
}

static int judge(const struct call *c, int status, const struct strbuf *answer, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	char text[PROC_STATUS_TEXT_SIZE];
	const char *said;

	if (status == 0)
		return 0;
	said = cni_error_text(strbuf_str(answer), answer->len, &a);
	return err_set(e, EIO, "network '%s': plugin '%s' (%s): %.500s", c->at->net->name, c->type,
		       c->command, said ? said : proc_status_text(status, text));
}

static int call_plugin(const struct call *c, const struct strbuf *input, struct strbuf *answer,
		       struct err *e)
{
	autofree char *path = find_plugin(c, e);
	auto_(strv) struct strv env = { 0 };
	const char *argv[] = { path, NULL };
	autofd int nullfd = -1;
	int status, r;

	if (!path)
		return -e->code;
	nullfd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (nullfd < 0)
		return err_sys(e, "open '/dev/null'");
	add_environment(c, &env);
	r = proc_run(&(struct proc_spec){ .path = path,
					  .argv = (char *const *)(const void *)argv,
					  .envp = strv_argv(&env),
					  .new_session = true,
					  .stopfds = { c->stopfd, -1 },
					  .may_stop = true,
					  .errfd = nullfd },
		     input->data, input->len, answer, PATIENCE, &status, e);
	return r < 0 ? err_wrap(e, r, "network '%s'", c->at->net->name)
		     : judge(c, status, answer, e);
}

static int call_with(struct call *c, size_t plugin, const struct json *before,
		     struct strbuf *answer, struct err *e)
{
	auto_(strbuf) struct strbuf input = { .max = CNI_CONF_MAX + ANSWER_MAX };
	int r;

	c->type = json_get_string(c->at->net->plugins[plugin], "type");
	cni_plugin_input(c->at->net, plugin, before, &input);
	r = strbuf_check(&input, "a network's configuration", e);
	return r < 0 ? r : call_plugin(c, &input, answer, e);
}

/* ---- All of them ---- */

static int add_one(struct call *c, struct cni_attachment *at, size_t plugin, struct arena *a,
		   struct err *e)
{
	auto_(strbuf) struct strbuf answer = { .max = ANSWER_MAX };
	struct json *result;
	int r = call_with(c, plugin, at->result, &answer, e);

	if (r >= 0)
		r = json_parse("answer", strbuf_str(&answer), answer.len, a, &result, e);
	if (r >= 0 && result->kind != JSON_OBJECT)
		r = err_set(e, EBADMSG, "expected an object");
	if (r < 0)
		return err_wrap(e, r, "attach a network by '%s'", c->type);
	at->result = result;
	return 0;
}

static int add_all(const struct cni_host *host, struct cni_attachment *at, struct arena *a,
		   struct err *e)
{
	struct call c = { .host = host, .at = at, .command = "ADD", .stopfd = host->stopfd };
	int r = 0;

	for (size_t i = 0; i < at->net->n && r >= 0; i++)
		r = add_one(&c, at, i, a, e);
	return r < 0 ? r : cni_record_write(at, host, e);
}

int cni_attach(const struct cni_host *host, struct cni_attachment *at, struct arena *a,
	       struct err *e)
{
	int r;

	at->result = NULL;
	r = cni_record_open(host, at, e);
	if (r < 0)
		return r;
	r = add_all(host, at, a, e);
	if (r < 0)
		(void)cni_detach(host, at, NULL);
	return r;
}

/* The other way round.  To plugins before 0.4.0 the result says nothing. */
int cni_detach(const struct cni_host *host, struct cni_attachment *at, struct err *e)
{
	struct call c = { .host = host, .at = at, .command = "DEL", .stopfd = -1 };
	struct err first = { 0 };
	int r;

	for (size_t i = at->net->n; i-- > 0;) {
		auto_(strbuf) struct strbuf answer = { .max = ANSWER_MAX };
		struct err mine = { 0 };

		r = call_with(&c, i, at->result, &answer, &mine);
		if (r < 0 && !first.code)
			first = mine;
	}
	cni_record_close(host, at, first.code == 0);
	return first.code ? err_take(e, &first) : 0;
}

/* ---- Of others ---- */

static int detach_left(const struct cni_host *host, struct cni_attachment *at, void *ctx UNUSED,
		       struct err *e)
{
	at->netns = "";
	return cni_detach(host, at, e);
}

int cni_sweep(const struct cni_host *host, struct err *e)
{
	return cni_record_each_left(host, detach_left, NULL, e);
}
