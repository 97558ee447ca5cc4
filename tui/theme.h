/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * theme.h - the colours of roles
 *
 * Promises: red is trouble (ROLE_BAD) and nothing else, in every theme.
 */
#ifndef VFIOSCOPE_TUI_THEME_H
#define VFIOSCOPE_TUI_THEME_H

#include <stdbool.h>

#include "tui/cells.h"

/* Numbers of a terminal's palette: of 8, and of 256; -1: its own. */
struct theme {
	struct look {
		short fg8, fg256;
	} look[ROLE_NR];
};

/* "dark", "light", "8"; NULL-terminated. */
extern const char *const theme_names[];
/* False: there is none of that name; *@t stays as it was. */
bool theme_by_name(struct theme *t, const char *name);
/* "text", "bad", ...: by enum role. */
extern const char *const theme_role_names[ROLE_NR + 1];
/* "red", "default", "0" to "255". */
bool theme_color(const char *name, struct look *out);

#endif
