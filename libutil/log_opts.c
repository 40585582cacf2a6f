/* SPDX-License-Identifier: Apache-2.0 */
#include "libutil/log_opts.h"

#include <errno.h>

const char *const log_opts_formats[] = {
	[LOG_FORMAT_TEXT] = "text",
	[LOG_FORMAT_JSON] = "json",
	NULL,
};

int log_opts_apply(const struct log_opts *o, struct err *e)
{
	enum log_level level = LOG_LEVEL_DEBUG;
	int r = 0;

	if (o->level && !o->debug)
		r = log_parse_level(o->level, &level, e);
	if (r < 0)
		return r;
	if (o->level || o->debug)
		log_set_level(level);
	if (o->only && !o->file)
		return err_set(e, EINVAL, "--log-only needs --log FILE");
	if (o->file) {
		log_set_only(o->only);
		return log_open_file(o->file, (enum log_format)o->format, e);
	}
	log_set_format((enum log_format)o->format);
	return 0;
}
