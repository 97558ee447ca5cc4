// SPDX-License-Identifier: GPL-2.0-only
/*
 * panes.c - the table of panes, made of pane.h's list
 */
#include "tui/pane.h"

#define PANE_ENTRY(ID, name) [PANE_##ID] = &pane_##name,
const struct pane *const panes[PANE_NR] = {
	PANE_ENTRY(HEADER, header) PANE_ENTRY(SENTENCE, sentence) PANE_ENTRY(KEYS, keys)
		SCOPE_PANES(PANE_ENTRY)
};
