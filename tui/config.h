/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config.h - the scope's configuration file: keys, colours
 *
 *	# a comment
 *	theme = light			dark, light, 8
 *	colour bad = magenta		a role and a name, or 0 to 255
 *	key x = next failure		a key, <Ctrl-X>, <Home> and a command
 */
#ifndef VFIOSCOPE_TUI_CONFIG_H
#define VFIOSCOPE_TUI_CONFIG_H

#include <stddef.h>

#include "tui/theme.h"

#define BINDS_MAX 64

struct bind {
	int key;
	char command[96];
};

struct scope_config {
	struct theme theme;
	struct bind bind[BINDS_MAX];
	size_t n_binds;
};

#define CONFIG_ERR_LEN 200

/* What holds without a file. */
void config_init(struct scope_config *c);
/* 0, or -EINVAL: *@line (from 1) and one line in @err say what is wrong. */
int config_parse(struct scope_config *c, const char *text, size_t len, unsigned int *line,
		 char err[CONFIG_ERR_LEN]);

#endif
