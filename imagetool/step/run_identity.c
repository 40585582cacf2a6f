/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/hosts and /etc/resolv.conf of a step, as BuildKit makes them; the layer has neither. */
#include "imagetool/bundle/identity.h"

#include <errno.h>

#include "imagetool/step/run_internal.h"

#define DEFAULT_HOSTNAME "buildkitsandbox"
#define DEFAULT_SERVERS  "nameserver 8.8.8.8\nnameserver 8.8.4.4\n"
/* Until the network is there, and says. */
#define NOT_YET "0.0.0.0"

const char *run_hostname(const struct run_step *s)
{
	return s->run->hostname && *s->run->hostname ? s->run->hostname : DEFAULT_HOSTNAME;
}

/* Where --add-host finds the host; NULL: nowhere. */
static const char *gateway_of(const struct run_step *s)
{
	if (s->connection == RUN_CONNECT_HOST)
		return IDENTITY_LOOPBACK;
	if (s->connection != RUN_CONNECT_CNI)
		return NULL;
	return s->attachment.result ? cni_result_gateway(s->attachment.result) : NOT_YET;
}

/* The host's own file stays the host's, also where the network is. */
char *run_hosts_text(const struct run_step *s, struct err *e)
{
	const struct container_options *o = s->env->options;
	auto_(strbuf) struct strbuf text = { 0 };

	strbuf_addf(&text, "127.0.0.1\tlocalhost %s\n::1\tlocalhost ip6-localhost ip6-loopback\n",
		    run_hostname(s));
	for (size_t i = 0; i < o->add_hosts.n; i++)
		if (identity_add_host(o->add_hosts.v[i], gateway_of(s), &text, e) < 0)
			return NULL;
	return strbuf_steal(&text);
}

char *run_resolv_text(const struct run_step *s, struct err *e)
{
	/* Names of the host are none of the step's business: only how to ask for others. */
	struct container_options o = { .dns = s->env->options->dns,
				       .dns_search = s->env->options->dns_search,
				       .dns_options = s->env->options->dns_options };
	auto_(identity) struct identity i = { 0 };
	const char *server = run_network_server(s);

	if (server && !o.dns.n && !o.dns_search.n && !o.dns_options.n)
		return xasprintf("nameserver %s\n", server);
	if (identity_make(&o, s->connection == RUN_CONNECT_HOST, &i, e) < 0)
		return NULL;
	if (!i.resolv.len)
		strbuf_adds(&i.resolv, DEFAULT_SERVERS);
	return strbuf_steal(&i.resolv);
}
