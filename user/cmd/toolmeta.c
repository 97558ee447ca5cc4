// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/toolmeta.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "util/buf.h"
#include "util/units.h"

/* A value of META may have 64 KiB; a command line that long tells nobody anything. */
#define COMMAND_MAX 4096

static int command_line(struct meta *m, int argc, char **argv, int command)
{
	struct buf b = { 0 };
	int i, err;

	buf_put(&b, "vfioscope", strlen("vfioscope"));
	for (i = 0; i < argc && i <= command && b.len < COMMAND_MAX; i++) {
		buf_put(&b, " ", 1);
		buf_put(&b, argv[i], strlen(argv[i]));
	}
	if (b.len > COMMAND_MAX) {
		b.len = COMMAND_MAX;
		buf_put(&b, "...", 3);
	}
	buf_put(&b, "", 1);
	err = b.failed ? -ENOMEM : meta_add(m, "command", (char *)b.data);
	if (!err && argc - command > 1)
		err = meta_addf(
			m, "note",
			"%d argument%s of the command that was run: not kept (--record-args)",
			argc - command - 1, argc - command == 2 ? "" : "s");
	buf_free(&b);
	return err;
}

int tool_name(struct meta *m, int argc, char **argv, int command)
{
	return meta_add(m, "tool", "vfioscope")			      ?:
		       meta_add(m, "tool.version", VFIOSCOPE_VERSION) ?:
		       command_line(m, argc, argv, command);
}

int tool_meta(struct meta *m, const struct cmd_watch *watch, int argc, char **argv, int command)
{
	char when[UNITS_LEN];
	struct timespec now;
	int err;

	clock_gettime(CLOCK_REALTIME, &now);
	units_rfc3339(when, (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec);
	err = tool_name(m, argc, argv, command);
	err = err ?: meta_add(m, "started", when);
	if (watch->no_fold)
		err = err ?: meta_add(m, "note", "empty reads are not folded (--no-fold)");
	if (watch->device)
		err = err ?: meta_addf(m, "filter", "device %s", watch->device);
	if (watch->driver)
		err = err ?: meta_addf(m, "filter", "driver %s", watch->driver);
	if (watch->vm)
		err = err ?: meta_addf(m, "filter", "vm %s", watch->vm);
	if (watch->pid)
		err = err ?: meta_addf(m, "filter", "pid %llu", (unsigned long long)watch->pid);
	return err;
}
