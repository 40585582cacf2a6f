/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/auth/credential.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "libutil/alloc.h"

void secret_free(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void credential_done(struct credential *c)
{
	free(c->user);
	free(c->from);
	secret_free(c->password);
	secret_free(c->identity_token);
	secret_free(c->registry_token);
	*c = (struct credential){ 0 };
}

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

void credential_copy(struct credential *to, const struct credential *from)
{
	*to = (struct credential){ .user = copy(from->user),
				   .password = copy(from->password),
				   .identity_token = copy(from->identity_token),
				   .registry_token = copy(from->registry_token),
				   .from = copy(from->from) };
}

void credential_set(struct credential *c, const char *user, const char *secret)
{
	if (streq(user, CREDENTIAL_TOKEN_USER)) {
		c->identity_token = xstrdup(secret);
		return;
	}
	c->user = xstrdup(user);
	c->password = xstrdup(secret);
}

/* ---- Basic ---- */

char *credential_basic(const struct credential *c)
{
	char *plain = xasprintf("%s:%s", c->user ? c->user : "", c->password ? c->password : "");
	size_t len = strlen(plain);
	char *out = xcalloc((len + 2) / 3 * 4 + 1, 1);

	(void)EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)plain, (int)len);
	secret_free(plain);
	return out;
}

/* A wiped buffer for what base64 decodes to. */
struct plain {
	unsigned char *data;
	size_t size;
};

static void plain_done(struct plain *p)
{
	if (p->data)
		explicit_bzero(p->data, p->size);
	free(p->data);
}
AUTO_DEFINE_DONE(plain, plain_done)

/* Some writers leave the padding out; libcrypto wants it. */
static int decode(const char *text, struct plain *ret)
{
	size_t len = strlen(text), padding;
	autofree char *padded = NULL;
	int n;

	while (len > 0 && text[len - 1] == '=')
		len--;
	padding = (4 - len % 4) % 4;
	if (padding == 3 || len > CREDENTIAL_SECRET_MAX * 2)
		return -EINVAL;
	padded = xasprintf("%.*s%.*s", (int)len, text, (int)padding, "==");
	ret->size = (len + padding) / 4 * 3 + 1;
	ret->data = xcalloc(ret->size, 1);
	n = EVP_DecodeBlock(ret->data, (const unsigned char *)padded, (int)(len + padding));
	explicit_bzero(padded, strlen(padded));
	if (n < 0)
		return -EINVAL;
	ret->data[(size_t)n - padding] = '\0';
	return n - (int)padding;
}

int credential_from_basic(struct credential *c, const char *text, struct err *e)
{
	auto_(plain) struct plain plain = { 0 };
	int n = decode(text, &plain);
	char *colon;

	if (n < 0 || memchr(plain.data, '\0', (size_t)n))
		return err_set(e, EINVAL, "'auth' is not base64 of a name and a password");
	colon = strchr((char *)plain.data, ':');
	if (!colon)
		return err_set(e, EINVAL, "'auth' has no colon between name and password");
	*colon = '\0';
	/* "echo user:password | base64" ends in a newline. */
	colon[1 + strcspn(colon + 1, "\r\n")] = '\0';
	credential_set(c, (char *)plain.data, colon + 1);
	return 0;
}
