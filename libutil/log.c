/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include "libutil/parse.h"
#include "libutil/strbuf.h"

/* A line beyond this is cut: a runaway message must not fill a disk. */
#define LINE_MAX_BYTES ((size_t)64 << 10)

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

/* The one global of the library: where this process logs to. */
static struct {
	const char *program;
	enum log_level level;
	bool level_asked;
	bool only; /* nothing to stderr */
	enum log_format format;
	int fd; /* of the file, -1: none */
	enum log_format file_format;
} sink = { .program = "", .level = LOG_LEVEL_WARNING, .fd = -1 };

void log_init(const char *program)
{
	sink.program = program;
}

void log_set_level(enum log_level level)
{
	sink.level = level;
	sink.level_asked = true;
}

void log_set_format(enum log_format format)
{
	sink.format = format;
}

void log_set_only(bool only)
{
	sink.only = only;
}

int log_open_file(const char *path, enum log_format format, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);

	if (fd < 0)
		return err_sys(e, "open log file '%s'", path);
	if (sink.fd >= 0)
		(void)close(sink.fd);
	sink.fd = fd;
	sink.file_format = format;
	return 0;
}

bool log_wants(enum log_level level)
{
	return level <= sink.level;
}

int log_parse_level(const char *text, enum log_level *ret, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(level_names); i++) {
		if (streq(text, level_names[i])) {
			*ret = (enum log_level)i;
			return 0;
		}
	}
	if (streq(text, "warn")) {
		*ret = LOG_LEVEL_WARNING;
		return 0;
	}
	return err_set(e, EINVAL, "unknown log level '%s': use error, warning, info or debug",
		       text);
}

/* What a line says. */
struct line {
	enum log_level level;
	const char *msg;
	void (*members)(const void *ctx, struct json_writer *w); /* JSON; may be NULL */
	const void *ctx;
};

static void build_json(struct strbuf *out, const struct line *l)
{
	struct json_writer w = { .out = out };
	char text[TIME_TEXT_SIZE];
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)time_text(now, text);
	/* Whole seconds are enough: the fraction gives way to the zone. */
	memcpy(text + strlen("2026-01-02T03:04:05"), "Z", sizeof("Z"));
	json_object(&w);
	json_kv_string(&w, "level", level_names[l->level]);
	json_kv_string(&w, "msg", l->msg);
	json_kv_string(&w, "time", text);
	if (l->members)
		l->members(l->ctx, &w);
	json_object_end(&w);
	strbuf_addc(out, '\n');
}

static void build_text(struct strbuf *out, const struct line *l)
{
	if (*sink.program)
		strbuf_addf(out, "%s: ", sink.program);
	strbuf_addf(out, "%s: ", level_names[l->level]);
	/* One line stays one line, and names from outside send no sequences to a terminal. */
	strbuf_add_printable(out, l->msg, strlen(l->msg), "\t");
	strbuf_addc(out, '\n');
}

/* A whole line is one write, so lines of several processes never mix. */
static void send(int fd, enum log_format format, const struct line *l)
{
	/* Escapes make a byte six at most. */
	auto_(strbuf) struct strbuf out = { .max = 8 * LINE_MAX_BYTES };

	if (format == LOG_FORMAT_JSON)
		build_json(&out, l);
	else
		build_text(&out, l);
	/* Nobody is left to be told when the log itself cannot be written. */
	while (write(fd, strbuf_str(&out), out.len) < 0 && errno == EINTR)
		;
}

static bool file_takes(enum log_level level)
{
	if (sink.fd < 0)
		return false;
	return level == LOG_LEVEL_ERROR || sink.level_asked || sink.file_format == LOG_FORMAT_TEXT;
}

/* The file first: callers read it as soon as stderr is at its end. */
static void send_all(const struct line *l)
{
	if (file_takes(l->level))
		send(sink.fd, sink.file_format, l);
	if (sink.fd < 0 || (l->level == LOG_LEVEL_ERROR && !sink.only))
		send(STDERR_FILENO, sink.format, l);
}

void log_failure(const char *msg, void (*members)(const void *ctx, struct json_writer *w),
		 const void *ctx)
{
	const struct line l = {
		.level = LOG_LEVEL_ERROR, .msg = msg, .members = members, .ctx = ctx
	};
	int keep = errno;

	send_all(&l);
	errno = keep;
}

void log_write(enum log_level level, const char *fmt, ...)
{
	auto_(strbuf) struct strbuf msg = { .max = LINE_MAX_BYTES };
	struct line l = { .level = level };
	int keep = errno;
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, fmt);
	strbuf_vaddf(&msg, fmt, ap);
	va_end(ap);
	l.msg = msg.failed ? "(message too long)" : strbuf_str(&msg);
	send_all(&l);
	errno = keep;
}
