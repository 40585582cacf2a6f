/* SPDX-License-Identifier: Apache-2.0 */
/* A step's network namespace on a network of the host's administrator. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "imagetool/step/run_internal.h"
#include "libutil/file.h"
#include "libutil/log.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define HOSTS       "/etc/hosts"

static const struct run_place *find_place(const struct run_step *s, const char *target)
{
	for (size_t i = 0; i < s->n_places; i++)
		if (s->places[i].kind == PLACE_FILE && streq(s->places[i].target, target))
			return &s->places[i];
	return NULL;
}

static bool is_told(const struct container_options *o)
{
	return o->dns.n || o->dns_search.n || o->dns_options.n;
}

/* The files are the step's own; their texts were made before the network was there. */
static int rewrite(const struct run_place *p, const char *text, struct err *e)
{
	autofd int fd = open(p->source, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open '%s'", p->source);
	return file_write_all(fd, text, strlen(text), e);
}

static int take_servers(struct run_step *s, struct err *e)
{
	const struct run_place *p = find_place(s, RESOLV_CONF);
	auto_(strbuf) struct strbuf text = { 0 };
	int r;

	cni_result_resolv(s->attachment.result, &text);
	if (!p || !text.len || is_told(s->env->options))
		return 0;
	r = strbuf_check(&text, RESOLV_CONF, e);
	return r < 0 ? r : rewrite(p, text.data, e);
}

static int take_gateway(struct run_step *s, struct err *e)
{
	const struct run_place *p = find_place(s, HOSTS);
	autofree char *text = NULL;

	if (!p || !s->env->options->add_hosts.n)
		return 0;
	text = run_hosts_text(s, e);
	return text ? rewrite(p, text, e) : -EINVAL;
}

static struct cni_host host_of(const char *dir, const char *path, int stopfd, struct arena *a)
{
	return (struct cni_host){ .path = path,
				  .dir = arena_printf(a, "%s/" RUN_NETS, dir),
				  .stopfd = stopfd };
}

int run_cni_start(struct run_step *s, struct err *e)
{
	struct cni_host host = host_of(s->env->dir, s->env->cni_path, s->env->cancelfd, &s->arena);
	int r;

	s->attachment.net = s->env->cni;
	s->attachment.id = s->id;
	s->attachment.netns = s->netns;
	r = cni_attach(&host, &s->attachment, &s->arena, e);
	if (r >= 0)
		r = take_servers(s, e);
	return r < 0 ? r : take_gateway(s, e);
}

void run_cni_stop(struct run_step *s)
{
	struct cni_host host = host_of(s->env->dir, s->env->cni_path, -1, &s->arena);
	struct err why = { 0 };

	if (s->attachment.recordfd >= 0 && cni_detach(&host, &s->attachment, &why) < 0)
		log_warning("%s; the next build tries again", why.msg);
}

void run_cni_sweep(const char *dir)
{
	auto_(arena) struct arena a = { 0 };
	struct cni_host host = host_of(dir, CNI_PATH_LIST, -1, &a);

	(void)cni_sweep(&host, NULL);
}
