/* SPDX-License-Identifier: Apache-2.0 */
/* How a build is shown: by its options, and by the variables that BuildKit's clients know. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "imagetool/build/internal.h"
#include "imagetool/errors.h"
#include "libutil/log.h"
#include "libutil/parse.h"

/* In bytes; -1: no limit. */
static int64_t log_limit(const char *variable)
{
	const char *text = getenv(variable);
	int64_t limit;

	if (!text || !*text)
		return 0;
	if (parse_i64(text, &limit) == 0 && limit >= -1 && limit != 0)
		return limit;
	log_warning("%s: '%s' is no number of bytes and no -1: it is not looked at", variable,
		    text);
	return 0;
}

static unsigned log_lines(void)
{
	static const char variable[] = "BUILDKIT_TTY_LOG_LINES";
	const char *text = getenv(variable);
	uint32_t n;

	if (!text || !*text)
		return 0;
	if (parse_u32(text, &n) == 0 && n > 0)
		return n;
	log_warning("%s: '%s' is no number of lines: it is not looked at", variable, text);
	return 0;
}

static void choose_colours(struct build *b)
{
	const char *chosen = getenv("BUILDKIT_COLORS");
	const char *unknown = colours_choose(getenv("NO_COLOR"), chosen, &b->colours);

	if (unknown)
		log_warning("BUILDKIT_COLORS: '%.*s' is not looked at: run, cancel, error or "
			    "warning gets a colour's name, or red,green,blue up to 255",
			    (int)strcspn(unknown, ":"), unknown);
}

/* BUILDKIT_PROGRESS is for who says nothing else. */
static int choose_mode(const struct build_options *o, enum progress_mode *ret, struct err *e)
{
	const char *text = getenv("BUILDKIT_PROGRESS");

	*ret = o->quiet ? PROGRESS_QUIET : (enum progress_mode)o->progress;
	if (*ret != PROGRESS_AUTO || !text || !*text)
		return 0;
	for (int i = 0; progress_modes[i]; i++)
		if (streq(text, progress_modes[i])) {
			*ret = (enum progress_mode)i;
			return 0;
		}
	return err_set(e, IMAGE_EUSAGE,
		       "BUILDKIT_PROGRESS '%.50s': there are auto, tty, plain, rawjson and quiet",
		       text);
}

int build_open_progress(struct build *b, struct err *e)
{
	struct progress_opts o = {
		.fd = STDERR_FILENO,
		.log_max = log_limit("BUILDKIT_STEP_LOG_MAX_SIZE"),
		.log_speed_max = log_limit("BUILDKIT_STEP_LOG_MAX_SPEED"),
		.log_lines = log_lines(),
		.colours = &b->colours,
	};
	int r = choose_mode(b->opts, &o.mode, e);

	b->shown = o.mode;
	choose_colours(b);
	return r < 0 ? r : progress_open(&o, &b->progress, e);
}
