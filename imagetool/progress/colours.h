/* SPDX-License-Identifier: Apache-2.0 */
/* Colours of a build on a terminal, as people choose them for BuildKit.  Pure. */
#ifndef IMAGETOOL_PROGRESS_COLOURS_H
#define IMAGETOOL_PROGRESS_COLOURS_H

#define COLOUR_SIZE 16

/* What is written to switch one on; "": none. */
struct colours {
	char run[COLOUR_SIZE], cancel[COLOUR_SIZE], error[COLOUR_SIZE], warning[COLOUR_SIZE];
	char faint[COLOUR_SIZE], off[COLOUR_SIZE];
};

/*
 * `none` is NO_COLOR, `chosen` BUILDKIT_COLORS: "run=green:error=255,0,0", names or red, green and
 * blue up to 255.  Either may be NULL.  A NO_COLOR that says something takes all away.  Returns the
 * beginning of what is no colour in `chosen`, which is not looked at then, or NULL.
 */
const char *colours_choose(const char *none, const char *chosen, struct colours *ret);

#endif
