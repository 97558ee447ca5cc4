// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmm_logs.c - the logs of VMMs beside the recordings of a command line
 */
#include <errno.h>
#include <inttypes.h>

#include "cmd/evidence.h"
#include "recording/vmm_log.h"

const struct opt cmd_vmm_log_opts[] = {
	{ 0, "vmm-log", OPT_LIST, 0, .arg = "FILE",
	  .help = "put the lines of this log of QEMU's or libvirt's on the axis, as marks" },
	OPT_END,
};

int evidence_add_logs(struct evidence *e, const struct opt_list *paths)
{
	char err[VMM_LOG_ERR_LEN];
	int ret;

	if (!paths->n)
		return 0;
	ret = vmm_log_open(&e->src, paths->items, paths->n, err);
	if (ret)
		return cmd_fail(EXIT_BAD_FILE, "%s", err);
	e->logs = paths;
	return 0;
}

void evidence_tell_logs(const struct evidence *e)
{
	uint64_t n;
	size_t i;

	for (i = 0; e->logs && i < e->logs->n; i++) {
		n = vmm_log_marks(e->src, i);
		if (n)
			cmd_note("%s: %" PRIu64 " line%s of it, as marks", e->logs->items[i], n,
				 n == 1 ? "" : "s");
		else
			cmd_note("%s: no line of it lies in the recordings' time",
				 e->logs->items[i]);
	}
}
