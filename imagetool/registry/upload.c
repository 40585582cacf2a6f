/* SPDX-License-Identifier: Apache-2.0 */
/* Many uploads at once, each a small state machine; what is left open when one fails. */
#include "imagetool/registry/upload.h"

#include <errno.h>

#include "imagetool/errors.h"
#include "imagetool/registry/upload_internal.h"
#include "libutil/alloc.h"
#include "libutil/log.h"

#define TICK_MS 100
/* For telling the registry that nothing more comes. */
#define CANCEL_MS 3000

/* ---- The beginning and the end of one ---- */

static void shipment_init(struct shipment *s, struct uploads *all, struct upload *item)
{
	const struct registry *r = all->registry;
	int dirfd = item->size >= UPLOAD_REMEMBER_MIN ? all->opts->sessions_dirfd : -1;

	*s = (struct shipment){ .all = all,
				.item = item,
				.retry = { .max = r->opts.retries },
				.chunk = all->opts->chunk };
	s->session_key = xasprintf("%s/%s@%s", r->base, r->repository, item->digest);
	upload_session_open(&s->session, dirfd, s->session_key, &s->location);
	item->remembered = s->location != NULL;
}

static void shipment_done(struct shipment *s)
{
	http_transfer_done(&s->transfer);
	shipment_body_done(s);
	upload_session_close(&s->session);
	strv_done(&s->headers);
	free(s->session_key);
	free(s->location);
	free(s->url);
	free(s->token);
}

static int name_blob(const struct shipment *s, int r, struct err *e)
{
	return e && starts_with(e->msg, "blob '") ? r
						  : err_wrap(e, r, "blob '%s'", s->item->digest);
}

/* What a later run can go on with stays; content that is wrong now will be wrong then. */
static bool worth_keeping(int r)
{
	return r == -IMAGE_ENETWORK || r == -EINTR || r == -IMAGE_EREGISTRY;
}

static int shipment_end(struct uploads *u, struct shipment *s, struct err *e)
{
	int r;

	s->item->state = UPLOAD_WAITING;
	u->running--;
	r = shipment_judge(s, e);
	/* Frees the connection for others while this one waits. */
	http_transfer_done(&s->transfer);
	if (s->item->state == UPLOAD_DONE) {
		shipment_body_done(s);
		u->done++;
	}
	if (r < 0 && !worth_keeping(r))
		upload_session_forget(&s->session);
	return r < 0 ? name_blob(s, r, e) : 0;
}

/* ---- All of them ---- */

static int start_ready(struct uploads *u, struct err *e)
{
	int64_t now = http_now_ms();

	for (size_t i = 0; i < u->n && u->running < REGISTRY_PARALLEL; i++) {
		struct shipment *s = &u->shipments[i];
		int r;

		if (s->item->state != UPLOAD_WAITING || s->not_before > now)
			continue;
		r = shipment_prepare(s, e);
		if (r < 0)
			return name_blob(s, r, e);
		s->item->state = UPLOAD_RUNNING;
		u->running++;
	}
	return 0;
}

static int end_finished(struct uploads *u, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < u->n && r >= 0; i++) {
		struct shipment *s = &u->shipments[i];

		if (s->item->state == UPLOAD_RUNNING && s->transfer.done)
			r = shipment_end(u, s, e);
	}
	return r;
}

static int upload_all(struct uploads *u, download_tick_fn *tick, void *ctx, struct err *e)
{
	int r = 0;

	while (u->done < u->n && r >= 0) {
		r = start_ready(u, e);
		if (r >= 0)
			r = http_poll(u->registry->http, TICK_MS, e);
		if (r >= 0)
			r = end_finished(u, e);
		tick(ctx);
	}
	return r;
}

/* ---- Giving up ---- */

static size_t start_cancelling(struct uploads *u)
{
	size_t started = 0;

	for (size_t i = 0; i < u->n; i++) {
		struct shipment *s = &u->shipments[i];

		http_transfer_done(&s->transfer);
		/* The next run may want those that are remembered. */
		if (!s->location || s->session.fd >= 0)
			continue;
		s->transfer = (struct http_transfer){
			.method = "DELETE",
			.url = s->location,
			.authorization = session_secret_for(u->registry, s->location),
			.foreign = !session_owns_url(u->registry, s->location),
		};
		started += http_start(u->registry->http, &s->transfer, NULL) >= 0;
	}
	return started;
}

/* Registries forget by themselves, days later; their answer changes nothing. */
static void cancel(struct uploads *u)
{
	int64_t end = http_now_ms() + CANCEL_MS;
	size_t open = start_cancelling(u);

	while (open > 0 && http_now_ms() < end) {
		if (http_poll(u->registry->http, TICK_MS, NULL) < 0)
			return;
		open = 0;
		for (size_t i = 0; i < u->n; i++)
			open += u->shipments[i].transfer.easy && !u->shipments[i].transfer.done;
	}
}

int registry_upload(struct registry *r, const struct upload_opts *opts, struct upload *items,
		    size_t n, download_tick_fn *tick, void *ctx, struct err *e)
{
	struct uploads u = { .registry = r, .opts = opts, .n = n };
	int result;

	upload_session_clean(opts->sessions_dirfd);
	u.shipments = xcalloc(n ? n : 1, sizeof(*u.shipments));
	for (size_t i = 0; i < n; i++)
		shipment_init(&u.shipments[i], &u, &items[i]);
	result = upload_all(&u, tick, ctx, e);
	if (result < 0)
		cancel(&u);
	for (size_t i = 0; i < n; i++)
		shipment_done(&u.shipments[i]);
	free(u.shipments);
	return result;
}
