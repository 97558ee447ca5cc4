/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scope_config.h - where the scope's configuration file is
 */
#ifndef VFIOSCOPE_CMD_SCOPE_CONFIG_H
#define VFIOSCOPE_CMD_SCOPE_CONFIG_H

#include "tui/config.h"

/*
 * Read @path, which must be there; NULL: the user's own, if there is one,
 * $XDG_CONFIG_HOME/vfioscope/scope.conf or ~/.config/vfioscope/scope.conf.
 * An exit code; what is wrong has been said, with its line.
 */
int scope_config_read(struct scope_config *c, const char *path);

#endif
