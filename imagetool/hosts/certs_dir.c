/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/hosts/certs_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "imagetool/hosts/config_dirs.h"
#include "libutil/alloc.h"
#include "libutil/file.h"
#include "libutil/path.h"

int certs_add_ca(struct endpoint *p, const char *file, struct err *e)
{
	autofree char *text = NULL;
	char *all;
	int r = file_read_at(AT_FDCWD, file, CERT_FILE_MAX, &text, NULL, e);

	if (r < 0)
		return err_wrap(e, r, "certificate");
	all = xasprintf("%s%s\n", p->ca ? p->ca : "", text);
	free(p->ca);
	p->ca = all;
	return 0;
}

/* "x.cert" -> "x.key" and back; owned. */
static char *partner(const char *path, const char *from, const char *to)
{
	return xasprintf("%.*s%s", (int)(strlen(path) - strlen(from)), path, to);
}

static int take_client(struct endpoint *p, const char *cert, struct err *e)
{
	autofree char *key = partner(cert, ".cert", ".key");

	if (access(key, R_OK) < 0)
		return err_sys(e, "'%s' is the key of '%s'", key, cert);
	if (!p->client_cert) {
		p->client_cert = xstrdup(cert);
		p->client_key = steal_ptr(&key);
	}
	return 0;
}

static int check_key(const char *key, struct err *e)
{
	autofree char *cert = partner(key, ".key", ".cert");

	return access(cert, R_OK) < 0 ? err_sys(e, "'%s' is the certificate of '%s'", cert, key)
				      : 0;
}

int certs_from_dir(struct endpoint *p, const char *dir, struct err *e)
{
	auto_(strv) struct strv ca = { 0 }, cert = { 0 }, key = { 0 };
	int r;

	if (access(dir, F_OK) < 0)
		return 0;
	r = config_list(dir, ".crt", &ca, e);
	if (r >= 0)
		r = config_list(dir, ".cert", &cert, e);
	if (r >= 0)
		r = config_list(dir, ".key", &key, e);
	for (size_t i = 0; i < ca.n && r >= 0; i++)
		r = certs_add_ca(p, ca.v[i], e);
	for (size_t i = 0; i < cert.n && r >= 0; i++)
		r = take_client(p, cert.v[i], e);
	for (size_t i = 0; i < key.n && r >= 0; i++)
		r = check_key(key.v[i], e);
	return r < 0 ? err_wrap(e, r, "certificates in '%s'", dir) : 1;
}

static int find_below(struct endpoint *p, const char *base, struct err *e)
{
	autofree char *dir = base ? path_join(base, p->authority) : NULL;

	return dir ? certs_from_dir(p, dir, e) : 0;
}

int certs_find(struct endpoint *p, struct err *e)
{
	autofree char *containers = config_user_path("containers/certs.d");
	autofree char *docker = config_user_path("docker/certs.d");
	const char *const bases[] = { containers, docker, "/etc/containers/certs.d",
				      "/etc/docker/certs.d" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(bases) && r == 0; i++)
		r = find_below(p, bases[i], e);
	return r;
}
