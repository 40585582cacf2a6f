/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of upload.h share. */
#ifndef IMAGETOOL_REGISTRY_UPLOAD_INTERNAL_H
#define IMAGETOOL_REGISTRY_UPLOAD_INTERNAL_H

#include "imagetool/registry/session.h"
#include "imagetool/registry/upload.h"
#include "imagetool/registry/upload_session.h"

/* Requests of an upload; upload_steps.c has what each sends and what its answers lead to. */
enum upload_step {
	STEP_LOOK,   /* HEAD: is it there? */
	STEP_MOUNT,  /* POST: does another repository lend it? */
	STEP_SINGLE, /* POST with all of it */
	STEP_BEGIN,  /* POST: a place to send it to */
	STEP_STATUS, /* GET: how much has arrived? */
	STEP_CHUNK,  /* PATCH */
	STEP_FINISH, /* PUT, with what is left when that is all of it */
};

struct uploads {
	struct registry *registry;
	const struct upload_opts *opts;
	struct shipment *shipments;
	size_t n;
	size_t running, done;
	bool no_single; /* the registry does not take a blob with the first POST */
};

/* One blob under way. */
struct shipment {
	struct uploads *all;
	struct upload *item;
	enum upload_step step;
	struct http_transfer transfer;
	struct retry retry;
	char *url;           /* of the request */
	struct strv headers; /* of the request */
	struct http_payload payload;
	char *token;     /* the token this request went out with */
	bool new_token;  /* a 401 was answered by a fresh token since the last success */
	bool no_mount;   /* tried */
	bool no_single;  /* tried */
	unsigned begun;  /* uploads that were begun */
	char *location;  /* where the upload goes on; NULL: none is open */
	int64_t arrived; /* bytes the registry has said it has */
	int64_t chunk;   /* bytes of one request; 0: all */
	int64_t chunk_min;
	int64_t part;       /* bytes this request brings */
	int64_t not_before; /* of http_now_ms() */
	struct upload_session session;
	char *session_key;
	/* upload_body.c */
	struct digest *hash;
	int64_t position, hashed; /* bytes: where the reader is; how far the hash is */
	bool verified;
};

/* ---- upload_body.c ---- */

/* Make `payload` bring `part` bytes from `arrived` on. */
void shipment_set_payload(struct shipment *s);
/* Start to look at all of it anew. */
void shipment_body_done(struct shipment *s);

/* ---- upload_steps.c ---- */

/* Fill in URL, headers and payload of the request for s->step. */
int shipment_prepare(struct shipment *s, struct err *e);
/* After the answer: the next step, or the end of it. */
int shipment_judge(struct shipment *s, struct err *e);

/* ---- upload_plan.c: decisions; pure ---- */

/* A single POST or PUT beyond this is not worth repeating. */
#define UPLOAD_SINGLE_MAX ((int64_t)64 << 10)
/* Unfinished uploads below this are not worth remembering. */
#define UPLOAD_REMEMBER_MIN ((int64_t)1 << 20)
/* When a registry takes less in one request than the blob has. */
#define UPLOAD_CHUNK     ((int64_t)64 << 20)
#define UPLOAD_CHUNK_MIN ((int64_t)1 << 20)
/* A registry that keeps losing what arrived. */
#define UPLOAD_BEGUN_MAX 8

/* Bytes that arrived, from the Range header of an upload, "0-1023" or "bytes=0-1023"; 0 for "0-0",
 * which registries say of nothing.  -EINVAL for anything else, also NULL. */
int upload_range(const char *range, int64_t *ret);
/* Bytes of the next request. */
int64_t upload_part(int64_t left, int64_t chunk, int64_t chunk_min);
/* A smaller chunk after "too large"; 0: there is none. */
int64_t upload_smaller_chunk(int64_t part, int64_t chunk_min);

#endif
