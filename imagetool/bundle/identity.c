/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/bundle/identity.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "libutil/alloc.h"
#include "libutil/dir.h"
#include "libutil/file.h"

#define HOST_FILE_MAX ((size_t)1 << 20)
#define NAME_LENGTH   64 /* the kernel's, without the NUL */

void identity_done(struct identity *i)
{
	strbuf_done(&i->hosts);
	strbuf_done(&i->hostname);
	strbuf_done(&i->resolv);
}

/* ---- Words ---- */

static bool is_name(const char *text)
{
	if (!isalnum((unsigned char)*text))
		return false;
	for (const char *p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-._", *p))
			return false;
	return true;
}

static int check_name(const char *option, const char *text, struct err *e)
{
	if (!text)
		return 0;
	if (!is_name(text) || strlen(text) > NAME_LENGTH)
		return err_set(e, EINVAL,
			       "%s '%s': letters, digits, '-', '.' and '_', at most %d of them",
			       option, text, NAME_LENGTH);
	return 0;
}

static bool is_address(const char *text)
{
	unsigned char any[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, any) == 1 || inet_pton(AF_INET6, text, any) == 1;
}

/* ---- hosts ---- */

static const char standard_hosts[] = "127.0.0.1\tlocalhost\n"
				     "::1\tlocalhost ip6-localhost ip6-loopback\n"
				     "fe00::0\tip6-localnet\n"
				     "ff00::0\tip6-mcastprefix\n"
				     "ff02::1\tip6-allnodes\n"
				     "ff02::2\tip6-allrouters\n";

/* "NAME:ADDRESS", "NAME=ADDRESS"; an IPv6 address may stand in brackets. */
int identity_add_host(const char *text, const char *gateway, struct strbuf *out, struct err *e)
{
	size_t len = strcspn(text, ":=");
	autofree char *name = xstrndup(text, len);
	autofree char *address = xstrdup(text[len] ? text + len + 1 : "");
	size_t address_len = strlen(address);

	if (address[0] == '[' && address[address_len - 1] == ']') {
		address[address_len - 1] = '\0';
		memmove(address, address + 1, address_len - 1);
	}
	if (streq(address, "host-gateway") && !gateway)
		return err_set(e, EINVAL,
			       "--add-host '%s': the host has no address that is known in this "
			       "network: name it",
			       text);
	if (streq(address, "host-gateway")) {
		free(address);
		address = xstrdup(gateway);
	}
	if (!is_name(name) || !is_address(address))
		return err_set(e, EINVAL, "--add-host '%s': expected NAME:ADDRESS", text);
	strbuf_addf(out, "%s\t%s\n", address, name);
	return 0;
}

static void add_text(struct strbuf *out, const char *text)
{
	strbuf_adds(out, text);
	if (out->len && out->data[out->len - 1] != '\n')
		strbuf_addc(out, '\n');
}

static int decide_hosts(const struct container_options *o, bool host_network,
			const struct identity_host *host, struct strbuf *out, struct err *e)
{
	int r = 0;

	if (!host_network && !o->hostname && !o->add_hosts.n)
		return 0;
	add_text(out, host_network && host->hosts ? host->hosts : standard_hosts);
	for (size_t i = 0; i < o->add_hosts.n && r >= 0; i++)
		r = identity_add_host(o->add_hosts.v[i], host_network ? IDENTITY_LOOPBACK : NULL,
				      out, e);
	if (r < 0 || !o->hostname)
		return r;
	if (o->domainname)
		strbuf_addf(out, "127.0.0.1\t%s.%s %s\n", o->hostname, o->domainname, o->hostname);
	else
		strbuf_addf(out, "127.0.0.1\t%s\n", o->hostname);
	return 0;
}

/* ---- resolv.conf ---- */

struct resolver {
	struct strv servers, search, options;
};

static void resolver_done(struct resolver *r)
{
	strv_done(&r->servers);
	strv_done(&r->search);
	strv_done(&r->options);
}
AUTO_DEFINE_DONE(resolver, resolver_done)

/* What a resolver of the host understands of its file; the last "search" counts. */
static void parse_resolv(const char *text, bool host_network, struct resolver *ret)
{
	auto_(strv) struct strv lines = { 0 };

	strv_split(&lines, text, '\n', true);
	for (size_t i = 0; i < lines.n; i++) {
		auto_(strv) struct strv words = { 0 };

		for (char *p = lines.v[i]; *p; p++)
			*p = *p == '\t' ? ' ' : *p;
		strv_split(&words, lines.v[i], ' ', true);
		if (words.n < 2)
			continue;
		/* A server on the host's loopback can't be reached from another network. */
		if (streq(words.v[0], "nameserver") &&
		    (host_network ||
		     (!starts_with(words.v[1], "127.") && !streq(words.v[1], "::1"))))
			strv_add(&ret->servers, words.v[1]);
		if (streq(words.v[0], "search")) {
			strv_done(&ret->search);
			ret->search = (struct strv){ 0 };
			strv_add_all(&ret->search, words.v + 1);
		}
		if (streq(words.v[0], "options"))
			strv_add_all(&ret->options, words.v + 1);
	}
}

static int check_resolver(const struct container_options *o, struct err *e)
{
	for (size_t i = 0; i < o->dns.n; i++)
		if (!is_address(o->dns.v[i]))
			return err_set(e, EINVAL, "--dns '%s': no address", o->dns.v[i]);
	for (size_t i = 0; i < o->dns_search.n; i++)
		if (!streq(o->dns_search.v[i], ".") && !is_name(o->dns_search.v[i]))
			return err_set(e, EINVAL, "--dns-search '%s': no domain",
				       o->dns_search.v[i]);
	for (size_t i = 0; i < o->dns_options.n; i++)
		if (!is_name(o->dns_options.v[i]) && !strchr(o->dns_options.v[i], ':'))
			return err_set(e, EINVAL, "--dns-option '%s': no option of a resolver",
				       o->dns_options.v[i]);
	for (size_t i = 0; i < o->dns_options.n; i++)
		if (strpbrk(o->dns_options.v[i], " \t\n"))
			return err_set(e, EINVAL, "--dns-option '%s': give one at a time",
				       o->dns_options.v[i]);
	return 0;
}

static void write_words(const char *key, const struct strv *words, struct strbuf *out)
{
	if (!words->n || streq(words->v[0], "."))
		return;
	strbuf_adds(out, key);
	for (size_t i = 0; i < words->n; i++)
		strbuf_addf(out, " %s", words->v[i]);
	strbuf_addc(out, '\n');
}

/* Each option replaces its part of the host's. */
static int decide_resolv(const struct container_options *o, bool host_network,
			 const struct identity_host *host, struct strbuf *out, struct err *e)
{
	auto_(resolver) struct resolver have = { 0 };
	const struct strv *servers;
	int r = check_resolver(o, e);

	if (r < 0)
		return r;
	if (!o->dns.n && !o->dns_search.n && !o->dns_options.n) {
		if (host_network && host->resolv)
			add_text(out, host->resolv);
		return 0;
	}
	parse_resolv(host->resolv ? host->resolv : "", host_network, &have);
	servers = o->dns.n ? &o->dns : &have.servers;
	for (size_t i = 0; i < servers->n; i++)
		strbuf_addf(out, "nameserver %s\n", servers->v[i]);
	write_words("search", o->dns_search.n ? &o->dns_search : &have.search, out);
	write_words("options", o->dns_options.n ? &o->dns_options : &have.options, out);
	return 0;
}

/* ---- All of it ---- */

int identity_decide(const struct container_options *o, bool host_network,
		    const struct identity_host *host, struct identity *ret, struct err *e)
{
	int r = check_name("--hostname", o->hostname, e);

	if (r >= 0)
		r = check_name("--domainname", o->domainname, e);
	if (r >= 0)
		r = decide_hosts(o, host_network, host, &ret->hosts, e);
	if (r >= 0)
		r = decide_resolv(o, host_network, host, &ret->resolv, e);
	if (r >= 0 && o->hostname)
		strbuf_addf(&ret->hostname, "%s\n", o->hostname);
	return r;
}

int identity_make(const struct container_options *o, bool host_network, struct identity *ret,
		  struct err *e)
{
	autofree char *hosts = NULL, *resolv = NULL;

	/* A host without them is no failure. */
	(void)file_read_at(AT_FDCWD, IDENTITY_HOSTS, HOST_FILE_MAX, &hosts, NULL, NULL);
	(void)file_read_at(AT_FDCWD, IDENTITY_RESOLV, HOST_FILE_MAX, &resolv, NULL, NULL);
	return identity_decide(o, host_network, &(struct identity_host){ hosts, resolv }, ret, e);
}

static const struct {
	size_t text;
	const char *source, *name, *destination;
} files[] = {
#define FILE_ROW(member, file, place)                                                              \
	{                                                                                          \
		offsetof(struct identity, member), IDENTITY_DIR "/" file, file, place              \
	}
	FILE_ROW(hosts, "hosts", IDENTITY_HOSTS),
	FILE_ROW(hostname, "hostname", IDENTITY_HOSTNAME),
	FILE_ROW(resolv, "resolv.conf", IDENTITY_RESOLV),
#undef FILE_ROW
};

static const struct strbuf *text_of(const struct identity *i, size_t offset)
{
	return (const struct strbuf *)(const void *)((const char *)i + offset);
}

void identity_add_mounts(const struct identity *i, struct mount_args *m)
{
	for (size_t n = 0; n < ARRAY_LEN(files); n++)
		if (text_of(i, files[n].text)->len)
			mount_args_add_file(m, files[n].source, files[n].destination, false);
}

int identity_write(const struct identity *i, int bundlefd, struct err *e)
{
	autofd int dirfd = -1;
	int r = 0;

	if (!i->hosts.len && !i->hostname.len && !i->resolv.len)
		return 0;
	if (mkdirat(bundlefd, IDENTITY_DIR, 0755) < 0)
		return err_sys(e, "make directory '%s'", IDENTITY_DIR);
	dirfd = dir_open_at(bundlefd, IDENTITY_DIR, e);
	if (dirfd < 0)
		return dirfd;
	for (size_t n = 0; n < ARRAY_LEN(files) && r >= 0; n++) {
		const struct strbuf *text = text_of(i, files[n].text);

		if (text->len)
			r = file_replace_at(dirfd, files[n].name, text->data, text->len, 0644,
					    FILE_NO_SYNC, e);
	}
	return r;
}
