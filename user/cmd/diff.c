// SPDX-License-Identifier: GPL-2.0-only
/*
 * diff.c - vfioscope diff: two recordings, migration by migration
 */
#include <string.h>

#include "cmd/evidence.h"
#include "view/diff.h"

struct options {
	struct cmd_common common;
	struct opt_list threshold;
	int by, format;
	bool worse, bytes;
	const char *output;
};

enum { FORMAT_TEXT, FORMAT_JSON };
enum { BY_DEVICE, BY_ORDER };

static const char *const formats[] = { "text", "json", NULL };
static const char *const by_names[] = { "device", "order", NULL };

static const struct opt opts[] = {
	{ 0, "threshold", OPT_LIST, OPT_AT(struct options, threshold), .arg = "NAME=LIMIT",
	  .help = "how far apart is the same: downtime=10%, arcs=5ms, bytes=1MiB, io=off, all=5%" },
	{ 0, "by", OPT_ENUM, OPT_AT(struct options, by), .values = by_names,
	  .help = "what is held against what: same VM, device and direction, or only direction and order" },
	{ 0, "worse", OPT_FLAG, OPT_AT(struct options, worse),
	  .help = "less time, bytes or calls are no difference" },
	{ 0, "format", OPT_ENUM, OPT_AT(struct options, format), .values = formats,
	  .help = "how to print" },
	{ 'o', "output", OPT_STRING, OPT_AT(struct options, output), .arg = "FILE",
	  .help = "write to FILE instead of stdout" },
	{ 0, "bytes", OPT_FLAG, OPT_AT(struct options, bytes),
	  .help = "sizes exactly, in bytes" },
	OPT_TABLE(cmd_common_opts, struct options, common),
	OPT_END
};

static int compare(const struct options *o, char **paths)
{
	static const int codes[] = {
		[DIFF_SAME] = EXIT_OK, [DIFF_INCONCLUSIVE] = EXIT_INCONCLUSIVE,
		[DIFF_DIFFERENT] = EXIT_FINDINGS,
	};
	struct view_options view = { .bytes = o->bytes };
	struct diff_options how;
	struct view_evidence ab[2];
	struct evidence e[2];
	struct evidence_opts read = { 0 };
	enum diff_verdict v;
	char err[DIFF_ERR_LEN];
	int status = 0;
	size_t i;
	FILE *f;

	memset(e, 0, sizeof(e));
	memset(ab, 0, sizeof(ab));
	diff_options_init(&how);
	how.by_order = o->by == BY_ORDER;
	how.worse = o->worse;
	for (i = 0; i < o->threshold.n; i++)
		if (diff_options_set(&how, o->threshold.items[i], err))
			return cmd_fail(EXIT_USAGE, "diff: --threshold: %s", err);
	for (i = 0; i < 2 && !status; i++) {
		status = evidence_open(&e[i], paths + i, 1, EVIDENCE_ONCE);
		if (!status)
			status = evidence_read(&e[i], &read);
		ab[i] = e[i].view;
	}
	f = status ? NULL : cmd_open_output(o->output);
	if (f) {
		view.color = text_use_color(o->common.color, f);
		v = o->format == FORMAT_JSON ? diff_json(f, ab, &how) :
					       diff_text(f, ab, &how, &view);
		status = cmd_close_output(f, codes[v]);
	} else if (!status) {
		status = EXIT_BAD_FILE;
	}
	for (i = 0; i < 2; i++)
		evidence_close(&e[i]);
	return status;
}

int cmd_diff(int argc, char **argv)
{
	struct options o = { 0 };
	int first, status;

	first = cmd_parse(&command_diff, argc, argv, &o, &status);
	if (first >= 0 && argc - first != 2)
		status = cmd_fail(EXIT_USAGE, "diff: it takes two recordings: 'vfioscope diff A B'");
	else if (first >= 0 && !strcmp(argv[first], "-") && !strcmp(argv[first + 1], "-"))
		status = cmd_fail(EXIT_USAGE, "diff: only one of the two can come on standard input");
	else if (first >= 0)
		status = compare(&o, argv + first);
	opt_list_free(&o.threshold);
	return status;
}

const struct command command_diff = {
	.name = "diff",
	.summary = "Two recordings compared, migration by migration",
	.args = "A B",
	.text =
"A or B may be '-', a recording that comes on standard input.\n"
"Exit status: 0 nothing is beyond the thresholds, 1 a difference, 3 inconclusive\n"
"(the evidence has a hole, or no migration), 2 usage, 5 a file cannot be read.\n\n"
"Compared are: outcome, findings (off is their only threshold), downtime,\n"
"stop-window and its parts arcs, io, dirty-sync and outside, duration,\n"
"latency-p50, latency-p99 (times), bytes, stop-copy (sizes), calls, enomsg.\n"
"Without --threshold 10 % and 1 ms, 64 KiB or 10 calls, both, must be exceeded.",
	.examples =
"  vfioscope diff --worse --threshold downtime=5% old-driver.vfs new-driver.vfs\n"
"  vfioscope diff --by order --format json A B | jq .verdict",
	.opts = opts,
	.run = cmd_diff,
};
