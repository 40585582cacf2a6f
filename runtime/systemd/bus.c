/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/systemd/bus.h"

#include <errno.h>
#include <time.h>

#include "libutil/path.h"
#include "runtime/systemd/message.h"

#define SYSTEMD  "org.freedesktop.systemd1"
#define OBJECT   "/org/freedesktop/systemd1"
#define MANAGER  SYSTEMD ".Manager"
#define NO_UNIT  SYSTEMD ".NoSuchUnit"
#define HAS_UNIT SYSTEMD ".UnitExists"

struct bus {
	const struct request *req;
	sd_bus *sd;
	uint64_t until_us;  /* CLOCK_MONOTONIC */
	char *job;          /* object path of the job waited for; owned */
	char *result;       /* how it ended; owned; NULL: it did not yet */
	bool direct;        /* connected to systemd itself, with no daemon between */
	sd_bus_error error; /* of the last call */
};

static void bus_done(struct bus *b)
{
	sd_bus_error_free(&b->error);
	(void)sd_bus_flush_close_unref(b->sd);
	free(b->job);
	free(b->result);
}
AUTO_DEFINE_DONE(bus, bus_done)

static void unref_at_exit(sd_bus_message **m)
{
	(void)sd_bus_message_unref(*m);
}
#define automessage __attribute__((cleanup(unref_at_exit)))

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t left_us(const struct bus *b)
{
	uint64_t now = now_us();

	return now < b->until_us ? b->until_us - now : 0;
}

/* ---- connection ---- */

/* systemd listens itself too: that is for hosts, or moments, without a message bus. */
static int connect_direct(struct bus *b)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	autofree char *address = NULL;
	int r;

	if (b->req->bus == REQUEST_SYSTEM)
		dir = "/run";
	/* The text is an address, in which these begin something else. */
	if (!dir || !path_is_absolute(dir) || strpbrk(dir, ",;%= "))
		return -ENOENT;
	address = xasprintf("unix:path=%s/systemd/private", dir);
	r = sd_bus_new(&b->sd);
	if (r >= 0)
		r = sd_bus_set_address(b->sd, address);
	if (r >= 0)
		r = sd_bus_start(b->sd);
	b->direct = r >= 0;
	return r;
}

static int connect(struct bus *b, struct err *e)
{
	bool system = b->req->bus == REQUEST_SYSTEM;
	int r = system ? sd_bus_open_system(&b->sd) : sd_bus_open_user(&b->sd);
	sd_bus *half;

	if (r < 0) {
		half = b->sd;
		b->sd = NULL;
		(void)sd_bus_unref(half);
		if (connect_direct(b) >= 0)
			r = 0;
	}
	if (r < 0 && system)
		return err_set(e, -r, "connect to the system bus: %s", strerror(-r));
	if (r < 0)
		return err_set(e, -r,
			       "connect to the user's bus: %s (is there a session, are "
			       "DBUS_SESSION_BUS_ADDRESS or XDG_RUNTIME_DIR set?)",
			       strerror(-r));
	(void)sd_bus_set_method_call_timeout(b->sd, (uint64_t)b->req->timeout_ms * 1000);
	return 0;
}

/* ---- calls ---- */

static int new_call(struct bus *b, const char *method, sd_bus_message **ret, struct err *e)
{
	int r = sd_bus_message_new_method_call(b->sd, ret, SYSTEMD, OBJECT, MANAGER, method);

	return r < 0 ? err_set(e, -r, "compose '%s': %s", method, strerror(-r)) : 0;
}

/* The error's name stays in b->error for the caller to look at. */
static int call(struct bus *b, sd_bus_message *m, sd_bus_message **reply, struct err *e)
{
	int r;

	sd_bus_error_free(&b->error);
	r = sd_bus_call(b->sd, m, left_us(b), &b->error, reply);
	if (r < 0)
		return err_set(e, -r, "systemd: %s '%s': %s", sd_bus_message_get_member(m),
			       b->req->unit, b->error.message ? b->error.message : strerror(-r));
	return 0;
}

static bool failed_with(const struct bus *b, const char *name)
{
	return sd_bus_error_has_name(&b->error, name) > 0;
}

/* A method that takes the unit's name, and perhaps a word and a number. */
static int call_unit(struct bus *b, const char *method, const char *word, int number,
		     sd_bus_message **reply, struct err *e)
{
	automessage sd_bus_message *m = NULL;
	int r = new_call(b, method, &m, e);

	if (r < 0)
		return r;
	r = sd_bus_message_append_basic(m, 's', b->req->unit);
	if (r >= 0 && word)
		r = sd_bus_message_append_basic(m, 's', word);
	if (r >= 0 && number)
		r = sd_bus_message_append_basic(m, 'i', &number);
	if (r < 0)
		return err_set(e, -r, "compose '%s': %s", method, strerror(-r));
	return call(b, m, reply, e);
}

/* ---- jobs ---- */

static int on_message(sd_bus_message *m, void *ctx, sd_bus_error *error UNUSED)
{
	struct bus *b = ctx;
	const char *job, *unit, *result;
	uint32_t id;

	if (sd_bus_message_is_signal(m, MANAGER, "JobRemoved") > 0 &&
	    sd_bus_message_read(m, "uoss", &id, &job, &unit, &result) >= 0 && b->job &&
	    streq(job, b->job) && !b->result)
		b->result = xstrdup(result);
	return 0;
}

/*
 * Before the job is asked for, or its end could be missed.  Only this unit's signals: the bus
 * daemon would wake us for each container that starts elsewhere.  The match is the daemon's alone,
 * as sd-bus itself does not find an argument behind one that is no text.
 */
static int watch_jobs(struct bus *b, struct err *e)
{
	automessage sd_bus_message *m = NULL;
	autofree char *match = xasprintf("type='signal',sender='" SYSTEMD "',interface='" MANAGER
					 "',member='JobRemoved',path='" OBJECT "',arg2='%s'",
					 b->req->unit);
	int r = sd_bus_add_filter(b->sd, NULL, on_message, b);

	if (r >= 0 && !b->direct)
		r = sd_bus_call_method(b->sd, "org.freedesktop.DBus", "/org/freedesktop/DBus",
				       "org.freedesktop.DBus", "AddMatch", NULL, NULL, "s", match);
	if (r < 0)
		return err_set(e, -r, "watch systemd's jobs: %s", strerror(-r));
	r = new_call(b, "Subscribe", &m, e);
	return r < 0 ? r : call(b, m, NULL, e);
}

static int keep_job(struct bus *b, sd_bus_message *reply, struct err *e)
{
	const char *job;
	int r = sd_bus_message_read(reply, "o", &job);

	if (r < 0)
		return err_set(e, -r, "systemd's answer: %s", strerror(-r));
	free(b->job);
	free(b->result);
	b->job = xstrdup(job);
	b->result = NULL;
	return 0;
}

static int wait_job(struct bus *b, struct err *e)
{
	while (!b->result) {
		int r = sd_bus_process(b->sd, NULL);

		if (r == 0 && left_us(b) == 0)
			return err_set(e, ETIMEDOUT,
				       "systemd: the job of '%s' is not done after %u ms",
				       b->req->unit, (unsigned)b->req->timeout_ms);
		if (r == 0)
			r = sd_bus_wait(b->sd, left_us(b));
		if (r < 0 && r != -EINTR)
			return err_set(e, -r, "wait for systemd: %s", strerror(-r));
	}
	if (!streq(b->result, "done"))
		return err_set(e, EIO, "systemd: the job of '%s' ended with '%s'", b->req->unit,
			       b->result);
	return 0;
}

/* ---- verbs ---- */

/* "" where it says what it does not know, as older ones have no name for that. */
static bool is_unknown_property(const struct bus *b)
{
	return failed_with(b, SD_BUS_ERROR_PROPERTY_READ_ONLY) ||
	       failed_with(b, SD_BUS_ERROR_UNKNOWN_PROPERTY);
}

static int compose(struct bus *b, bool all, sd_bus_message **ret, struct err *e)
{
	bool start = b->req->verb == REQUEST_START;
	int runtime = true,
	    r = new_call(b, start ? "StartTransientUnit" : "SetUnitProperties", ret, e);

	if (r < 0)
		return r;
	r = sd_bus_message_append_basic(*ret, 's', b->req->unit);
	if (r >= 0)
		r = start ? sd_bus_message_append_basic(*ret, 's', "fail")
			  : sd_bus_message_append_basic(*ret, 'b', &runtime);
	if (r < 0)
		return err_set(e, -r, "compose a message: %s", strerror(-r));
	r = message_add_properties(*ret, b->req, all, e);
	/* Auxiliary units: none. */
	if (r >= 0 && start)
		r = sd_bus_message_append(*ret, "a(sa(sv))", 0);
	return r;
}

static int call_with(struct bus *b, bool all, sd_bus_message **reply, struct err *e)
{
	automessage sd_bus_message *m = NULL;
	int r = compose(b, all, &m, e);

	return r < 0 ? r : call(b, m, reply, e);
}

static int call_with_properties(struct bus *b, sd_bus_message **reply, struct err *e)
{
	int r = call_with(b, true, reply, e);

	if (r < 0 && is_unknown_property(b)) {
		err_clear(e);
		r = call_with(b, false, reply, e);
	}
	return r;
}

/* A unit of that name that failed, or is about to be forgotten, is in the way only until it is
 * told. */
static int start(struct bus *b, struct err *e)
{
	automessage sd_bus_message *reply = NULL;
	int r = watch_jobs(b, e);

	if (r < 0)
		return r;
	r = call_with_properties(b, &reply, e);
	if (r < 0 && failed_with(b, HAS_UNIT)) {
		(void)call_unit(b, "ResetFailedUnit", NULL, 0, NULL, NULL);
		err_clear(e);
		r = call_with_properties(b, &reply, e);
		if (r < 0 && failed_with(b, HAS_UNIT))
			return err_set(e, EEXIST,
				       "systemd: unit '%s' exists already (see systemctl status)",
				       b->req->unit);
	}
	if (r >= 0)
		r = keep_job(b, reply, e);
	return r < 0 ? r : wait_job(b, e);
}

/* systemd writes to the group's files after it has answered; it answers the next call when that is
 * done. */
static int set(struct bus *b, struct err *e)
{
	automessage sd_bus_message *reply = NULL;
	int r = call_with_properties(b, &reply, e);

	if (r >= 0)
		(void)sd_bus_call_method(b->sd, SYSTEMD, OBJECT, "org.freedesktop.DBus.Peer",
					 "Ping", NULL, NULL, "");
	return r;
}

/* Who owns neither the group a process is in nor one above both may not move it: systemd may. */
static int attach(struct bus *b, struct err *e)
{
	automessage sd_bus_message *m = NULL;
	int r = new_call(b, "AttachProcessesToUnit", &m, e);

	if (r < 0)
		return r;
	r = sd_bus_message_append_basic(m, 's', b->req->unit);
	if (r < 0)
		return err_set(e, -r, "compose a message: %s", strerror(-r));
	r = message_add_value_of(m, b->req, "Subgroup", e);
	if (r >= 0)
		r = message_add_value_of(m, b->req, "PIDs", e);
	return r < 0 ? r : call(b, m, NULL, e);
}

static int stop(struct bus *b, struct err *e)
{
	automessage sd_bus_message *reply = NULL;
	int r = watch_jobs(b, e);

	if (r < 0)
		return r;
	/* Whoever is left had its chance. */
	(void)call_unit(b, "KillUnit", "all", 9, NULL, NULL);
	r = call_unit(b, "StopUnit", "replace", 0, &reply, e);
	if (r < 0 && failed_with(b, NO_UNIT)) {
		err_clear(e);
		return 0;
	}
	if (r >= 0)
		r = keep_job(b, reply, e);
	if (r >= 0)
		r = wait_job(b, e);
	(void)call_unit(b, "ResetFailedUnit", NULL, 0, NULL, NULL);
	return r;
}

int bus_serve(const struct request *req, struct err *e)
{
	static int (*const verbs[REQUEST_VERB_COUNT])(struct bus *, struct err *) = {
		[REQUEST_START] = start,
		[REQUEST_SET] = set,
		[REQUEST_ATTACH] = attach,
		[REQUEST_STOP] = stop,
	};
	auto_(bus) struct bus b = { .req = req,
				    .until_us = now_us() + (uint64_t)req->timeout_ms * 1000 };
	int r = connect(&b, e);

	return r < 0 ? r : verbs[req->verb](&b, e);
}
