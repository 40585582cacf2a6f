/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/spawn/listener.h"

#include <errno.h>
#include <fcntl.h>

#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "runtime/annotation.h"

void listener_document(const struct spec_seccomp *seccomp, const struct oci_state *state, pid_t pid,
		       struct strbuf *out)
{
	struct json_writer w = { .out = out };
	struct oci_state now = *state;

	if (now.status == OCI_STATUS_NONE) {
		now.status = OCI_STATUS_CREATING;
		now.pid = (struct opt_i64){ .set = true, .v = pid };
	}
	json_object(&w);
	json_kv_string(&w, "ociVersion", RUNTIME_SPEC_VERSION);
	json_key(&w, "fds");
	json_array(&w);
	json_string(&w, "seccompFd");
	json_array_end(&w);
	json_kv_i64(&w, "pid", pid);
	if (seccomp->listener_metadata)
		json_kv_string(&w, "metadata", seccomp->listener_metadata);
	json_key(&w, "state");
	oci_encode_value(&oci_state_type, &now, &w);
	json_object_end(&w);
}

const char *listener_path(const struct spec_seccomp *seccomp, const struct oci_strmap *annotations)
{
	const char *path = annotation_of(annotations, ANNOTATION_SECCOMP_RECEIVER);

	if (seccomp && seccomp->listener_path)
		return seccomp->listener_path;
	return path && path[0] ? path : NULL;
}

int listener_send(const struct spec_seccomp *seccomp, const struct oci_state *state, pid_t pid,
		  int listenerfd, struct err *e)
{
	auto_(strbuf) struct strbuf doc = { 0 };
	const char *path = listener_path(seccomp, &state->annotations);
	autofd int sock = -1;
	int r;

	sock = fd_unix_connect_at(AT_FDCWD, path, SOCK_STREAM, e);
	if (sock < 0)
		return err_wrap(e, sock, "seccomp listener");
	listener_document(seccomp, state, pid, &doc);
	r = fd_send(sock, doc.data, doc.len, &listenerfd, 1, e);
	return r < 0 ? err_wrap(e, r, "seccomp listener '%s'", path) : 0;
}
