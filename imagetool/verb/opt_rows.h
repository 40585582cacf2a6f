/* SPDX-License-Identifier: Apache-2.0 */
/* Options that many verbs have, each spelled and described in one place.  `at` is where the value
 * lies in the verb's struct of values: a bool for flags, a `const char *` else. */
#ifndef IMAGETOOL_VERB_OPT_ROWS_H
#define IMAGETOOL_VERB_OPT_ROWS_H

#include "libutil/opts.h"

/* Of an image that is there already; what is asked of a registry says more, in registry_flags.h. */
#define MEMBER_OPT_ROW(at)                                                                         \
	{                                                                                          \
		.name = "platform", .kind = OPT_STRING, .offset = (at),                            \
		.arg = "OS/ARCH[/VARIANT]",                                                        \
		.help = "which member of a multi-platform image; by default this machine's"        \
	}

#define QUIET_OPT_ROW(at, what)                                                                    \
	{                                                                                          \
		.letter = 'q', .name = "quiet", .kind = OPT_FLAG, .offset = (at), .help = (what)   \
	}

#define JSON_OPT_ROW(at, what)                                                                     \
	{                                                                                          \
		.name = "json", .kind = OPT_FLAG, .offset = (at), .help = (what)                   \
	}

#endif
