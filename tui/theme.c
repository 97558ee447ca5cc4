// SPDX-License-Identifier: GPL-2.0-only
#include "tui/theme.h"

#include <string.h>

#include "util/units.h"

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE };

const char *const theme_names[] = { "dark", "light", "8", NULL };

const char *const theme_role_names[ROLE_NR + 1] = {
	[ROLE_TEXT] = "text",	[ROLE_HEADER] = "header", [ROLE_TITLE] = "title",
	[ROLE_KEY] = "key",	[ROLE_DIM] = "dim",	  [ROLE_GOOD] = "good",
	[ROLE_WARN] = "warn",	[ROLE_BAD] = "bad",	  [ROLE_INITIAL] = "initial",
	[ROLE_DIRTY] = "dirty", [ROLE_STATE] = "state",	  [ROLE_MARK] = "mark",
	[ROLE_HEAT1] = "heat1", [ROLE_HEAT2] = "heat2",	  [ROLE_HEAT3] = "heat3",
	[ROLE_HEAT4] = "heat4",
};

static const struct theme dark = { {
	[ROLE_TEXT] = { -1, -1 },
	[ROLE_HEADER] = { -1, -1 },
	[ROLE_TITLE] = { CYAN, 74 },
	[ROLE_KEY] = { YELLOW, 221 },
	[ROLE_DIM] = { -1, 245 },
	[ROLE_GOOD] = { GREEN, 114 },
	[ROLE_WARN] = { YELLOW, 214 },
	[ROLE_BAD] = { RED, 203 },
	[ROLE_INITIAL] = { BLUE, 67 },
	[ROLE_DIRTY] = { MAGENTA, 140 },
	[ROLE_STATE] = { CYAN, 81 },
	[ROLE_MARK] = { YELLOW, 228 },
	[ROLE_HEAT1] = { BLUE, 24 },
	[ROLE_HEAT2] = { CYAN, 31 },
	[ROLE_HEAT3] = { MAGENTA, 140 },
	[ROLE_HEAT4] = { YELLOW, 221 },
} };

/* On paper nothing may be pale. */
static const struct theme light = { {
	[ROLE_TEXT] = { -1, -1 },
	[ROLE_HEADER] = { -1, -1 },
	[ROLE_TITLE] = { BLUE, 24 },
	[ROLE_KEY] = { MAGENTA, 90 },
	[ROLE_DIM] = { -1, 242 },
	[ROLE_GOOD] = { GREEN, 28 },
	[ROLE_WARN] = { MAGENTA, 130 },
	[ROLE_BAD] = { RED, 160 },
	[ROLE_INITIAL] = { BLUE, 25 },
	[ROLE_DIRTY] = { MAGENTA, 97 },
	[ROLE_STATE] = { BLUE, 26 },
	[ROLE_MARK] = { MAGENTA, 90 },
	[ROLE_HEAT1] = { CYAN, 110 },
	[ROLE_HEAT2] = { BLUE, 32 },
	[ROLE_HEAT3] = { MAGENTA, 97 },
	[ROLE_HEAT4] = { -1, 16 },
} };

bool theme_by_name(struct theme *t, const char *name)
{
	int role;

	if (!strcmp(name, "light")) {
		*t = light;
	} else if (!strcmp(name, "dark") || !strcmp(name, "8")) {
		*t = dark;
		for (role = 0; *name == '8' && role < ROLE_NR; role++)
			t->look[role].fg256 = t->look[role].fg8;
	} else {
		return false;
	}
	return true;
}

bool theme_color(const char *name, struct look *out)
{
	static const char *const names[] = { "black", "red",	 "green", "yellow",
					     "blue",  "magenta", "cyan",  "white" };
	uint64_t n;
	short i;

	if (!strcmp(name, "default")) {
		out->fg8 = out->fg256 = -1;
		return true;
	}
	for (i = 0; i < 8; i++) {
		if (!strcmp(name, names[i])) {
			out->fg8 = out->fg256 = i;
			return true;
		}
	}
	if (units_parse_u64(name, &n) || n > 255)
		return false;
	out->fg256 = (short)n;
	/* Of a palette of 256 the first eight are those of the palette of eight. */
	out->fg8 = n < 8 ? (short)n : -1;
	return true;
}
