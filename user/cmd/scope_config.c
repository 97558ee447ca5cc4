// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "cmd/scope_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"

static int read_file(struct scope_config *c, const char *path, FILE *f)
{
	char err[CONFIG_ERR_LEN], *text;
	unsigned int line;
	int status = 0;
	size_t len;

	text = cmd_read_text(f, path, "configuration", &len, &status);
	if (text && config_parse(c, text, len, &line, err))
		status = cmd_fail(EXIT_USAGE, "%s:%u: %s", path, line, err);
	free(text);
	return status;
}

int scope_config_read(struct scope_config *c, const char *path)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char *own = NULL;
	int status = 0, n = 0;
	FILE *f;

	config_init(c);
	if (!path && base && *base == '/')
		n = asprintf(&own, "%s/vfioscope/scope.conf", base);
	else if (!path && home && *home == '/')
		n = asprintf(&own, "%s/.config/vfioscope/scope.conf", home);
	if (n < 0)
		return cmd_fail(EXIT_USAGE, "out of memory");
	if (!path && !own)
		return 0;
	f = fopen(path ?: own, "re");
	if (f) {
		status = read_file(c, path ?: own, f);
		fclose(f);
	} else if (path || (errno != ENOENT && errno != ENOTDIR && errno != EACCES)) {
		/* Of another's home, as after setuid(), nobody has asked for one. */
		status = cmd_fail(EXIT_USAGE, "%s: %s", path ?: own, strerror(errno));
	}
	free(own);
	return status;
}
