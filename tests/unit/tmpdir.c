// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/tmpdir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[64];

int tmpdir_enter(void **state)
{
	(void)state;
	strcpy(path, "/tmp/vfioscope-test.XXXXXX");
	return mkdtemp(path) && !chdir(path) ? 0 : -1;
}

int tmpdir_leave(void **state)
{
	char cmd[96];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf %s", path);
	return chdir("/") || system(cmd);
}

const char *tmpdir_path(void)
{
	return path;
}
