// SPDX-License-Identifier: GPL-2.0-only
/*
 * diff.c - vfioscope diff: two evidences, migration by migration
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/evidence.h"
#include "view/diff.h"
#include "view/samples.h"

struct options {
	struct cmd_common common;
	struct opt_list threshold, base, new_;
	int by, format;
	bool both_ways, bytes;
	const char *output;
};

enum { FORMAT_TEXT, FORMAT_JSON };
enum { BY_VM, BY_ORDER, BY_SAMPLE };

static const char *const formats[] = { "text", "json", NULL };
static const char *const by_names[] = { "vm", "order", "sample", NULL };

static const struct opt opts[] = {
	{ 0, "base", OPT_LIST, OPT_AT(struct options, base), .arg = "FILE...",
	  .help = "A in several recordings (both hosts'), as check takes them" },
	{ 0, "new", OPT_LIST, OPT_AT(struct options, new_), .arg = "FILE...",
	  .help = "B in several recordings" },
	{ 0, "threshold", OPT_LIST, OPT_AT(struct options, threshold), .arg = "NAME=LIMIT",
	  .help = "what counts, and from where on: downtime=10%, arc=5ms, bytes=1MiB, findings, io=off, all=5%; of samples downtime.p95=10%, too" },
	{ 0, "by", OPT_ENUM, OPT_AT(struct options, by), .values = by_names,
	  .help = "what is held against what: the same VM's, whatever the VM in order, or all of A against all of B as samples" },
	{ 0, "both-ways", OPT_FLAG, OPT_AT(struct options, both_ways),
	  .help = "an improvement is a difference, too" },
	{ 0, "format", OPT_ENUM, OPT_AT(struct options, format), .values = formats,
	  .help = "how to print" },
	{ 'o', "output", OPT_STRING, OPT_AT(struct options, output), .arg = "FILE",
	  .help = "write to FILE instead of stdout" },
	{ 0, "bytes", OPT_FLAG, OPT_AT(struct options, bytes), .help = "sizes exactly, in bytes" },
	OPT_TABLE(cmd_common_opts, struct options, common),
	OPT_END,
};

static const int codes[] = {
	[DIFF_SAME] = EXIT_OK,
	[DIFF_BETTER] = EXIT_OK,
	[DIFF_INCONCLUSIVE] = EXIT_INCONCLUSIVE,
	[DIFF_DIFFERENT] = EXIT_FINDINGS,
};

static int compare(const struct options *o, char **const paths[2], const size_t n[2])
{
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
	how.both_ways = o->both_ways;
	for (i = 0; i < o->threshold.n; i++)
		if (diff_options_set(&how, o->threshold.items[i], err))
			return cmd_fail(EXIT_USAGE, "diff: --threshold: %s", err);
	for (i = 0; i < 2 && !status; i++) {
		status = evidence_open(&e[i], paths[i], n[i], EVIDENCE_ONCE);
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

/* The same run given twice would be two values that are one. */
static int refuse_twice(char **const paths[2], const size_t n[2])
{
	struct stat *st = calloc(n[0] + n[1] + 1, sizeof(*st));
	size_t i, k, s, at = 0;
	int status = st ? 0 : cmd_fail(EXIT_BAD_FILE, "out of memory");

	for (s = 0; s < 2 && !status; s++) {
		for (i = 0; i < n[s] && !status; i++, at++) {
			if (!strcmp(paths[s][i], "-") || stat(paths[s][i], &st[at]))
				continue;
			for (k = 0; k < at && !status; k++)
				if (st[k].st_ino == st[at].st_ino && st[k].st_dev == st[at].st_dev)
					status = cmd_fail(EXIT_USAGE, "diff: %s is given twice",
							  paths[s][i]);
		}
	}
	free(st);
	return status;
}

static int add_recording(struct samples *s, int which, char *path)
{
	struct evidence_opts read = { 0 };
	struct evidence e;
	int status = evidence_open(&e, &path, 1, EVIDENCE_ONCE);

	if (!status)
		status = evidence_read(&e, &read);
	if (!status && samples_add(s, which, &e.view))
		status = cmd_fail(EXIT_BAD_FILE, "out of memory");
	evidence_close(&e);
	return status;
}

static int compare_samples(const struct options *o, char **const paths[2], const size_t n[2])
{
	struct view_options view = { .bytes = o->bytes };
	struct samples_options how;
	enum diff_verdict v = DIFF_INCONCLUSIVE;
	struct samples *s = NULL;
	char err[DIFF_ERR_LEN];
	int status, which, bad;
	size_t i;
	FILE *f;

	samples_options_init(&how);
	how.median.both_ways = o->both_ways;
	for (i = 0; i < o->threshold.n; i++)
		if (samples_options_set(&how, o->threshold.items[i], err))
			return cmd_fail(EXIT_USAGE, "diff: --threshold: %s", err);
	status = refuse_twice(paths, n);
	if (!status) {
		s = samples_create(&how);
		status = s ? 0 : cmd_fail(EXIT_BAD_FILE, "out of memory");
	}
	for (which = 0; which < 2; which++)
		for (i = 0; i < n[which] && !status; i++)
			status = add_recording(s, which, paths[which][i]);
	f = status ? NULL : cmd_open_output(o->output);
	if (f) {
		view.color = text_use_color(o->common.color, f);
		bad = o->format == FORMAT_JSON ? samples_json(f, s, &v) :
						 samples_text(f, s, &view, &v);
		status = cmd_close_output(f, bad ? cmd_fail(EXIT_BAD_FILE, "out of memory") :
						   codes[v]);
	} else if (!status) {
		status = EXIT_BAD_FILE;
	}
	samples_destroy(s);
	return status;
}

static void free_words(char **words)
{
	size_t i;

	for (i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
}

/* "--base A B --new C" as "--base=A --base=B --new=C"; *@out is for free_words(). */
static int spread(int argc, char **argv, char ***out)
{
	char **v = calloc((size_t)argc + 1, sizeof(*v)), *word;
	const char *group = NULL;
	int i, n = 0;

	*out = v;
	for (i = 0; v && i < argc; i++) {
		if (!strcmp(argv[i], "--base") || !strcmp(argv[i], "--new")) {
			group = argv[i];
			if (i + 1 < argc && (argv[i + 1][0] != '-' || !argv[i + 1][1]))
				continue;
			group = NULL; /* without a file: a mistake, which the parser tells */
		} else if (argv[i][0] == '-' && argv[i][1]) {
			group = NULL;
		}
		if (asprintf(&word, "%s%s%s", group ?: "", group ? "=" : "", argv[i]) < 0) {
			free_words(v);
			return -1;
		}
		v[n++] = word;
	}
	return v ? n : -1;
}

static int one_standard_input(char **const paths[2], const size_t n[2])
{
	size_t i, k, in = 0;

	for (i = 0; i < 2; i++)
		for (k = 0; k < n[i]; k++)
			in += !strcmp(paths[i][k], "-");
	return in < 2 ? 0 :
			cmd_fail(EXIT_USAGE, "diff: only one of the two can come on standard "
					     "input");
}

int cmd_diff(int argc, char **argv)
{
	struct options o = { 0 };
	char **paths[2], **args;
	int first, status, n_args;
	size_t n[2] = { 1, 1 };

	n_args = spread(argc, argv, &args);
	if (n_args < 0)
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	first = cmd_parse(&command_diff, n_args, args, &o, &status);
	if (first < 0)
		goto out;
	if (o.base.n || o.new_.n) {
		paths[0] = (char **)o.base.items;
		paths[1] = (char **)o.new_.items;
		n[0] = o.base.n;
		n[1] = o.new_.n;
	} else {
		paths[0] = args + first;
		paths[1] = args + first + 1;
	}
	if (o.base.n || o.new_.n ? !o.base.n || !o.new_.n || first != n_args : n_args - first != 2)
		status = cmd_fail(EXIT_USAGE,
				  "diff: it takes two recordings: 'vfioscope diff A B', or "
				  "'vfioscope diff --base A... --new B...'");
	else
		status = one_standard_input(paths, n);
	if (!status)
		status = o.by == BY_SAMPLE ? compare_samples(&o, paths, n) : compare(&o, paths, n);
out:
	opt_list_free(&o.threshold);
	opt_list_free(&o.base);
	opt_list_free(&o.new_);
	free_words(args);
	return status;
}

const struct command command_diff = {
	.name = "diff",
	.summary = "Two recordings compared, migration by migration",
	.args = "A B",
	.text = "A or B may be '-', a recording that comes on standard input; of several files\n"
		"each (--base SRC DST --new MERGED) the hosts are put together as check does it.\n"
		"Exit status: 0 nothing is worse beyond the thresholds, 1 a difference, 3\n"
		"inconclusive (the evidence has a hole, what was asked for is not in both, or no\n"
		"migration), 2 usage, 5 a file cannot be read. Less time, bytes or calls are an\n"
		"improvement, but for a load that takes next to nothing: it was not done.\n\n"
		"Compared are, of a migration: outcome, findings (no threshold), downtime and\n"
		"its parts: stop-window (arcs, io, dirty-sync, outside), transfer, write,\n"
		"before-load, load, start; duration (times), bytes, stop-copy (sizes), calls,\n"
		"enomsg; of each device: each arc, latency-p50, latency-p99 (times),\n"
		"device-bytes. Without --threshold 10 % and 1 ms, 64 KiB or 10 calls, both, must\n"
		"be exceeded; what is named counts, and then nothing else does. What the stop\n"
		"was spent on (why-send, why-runqueue, ...: times) counts only where it is named.\n\n"
		"With --by sample every recording is read by itself, and each completed migration\n"
		"is one value of each figure (of several devices their mean). A figure differs\n"
		"when its median does, by 5 % (a time by 0.1 ms, too) or its threshold, and a\n"
		"rank test (Mann and Whitney's, exact up to 60 values, corrected for the number\n"
		"of figures) says that it is no chance. Let the runs of both alternate.",
	.examples = "  vfioscope diff --threshold downtime=5% old-driver.vfs new-driver.vfs\n"
		    "  vfioscope diff --base src.vfs dst.vfs --new merged.vfs\n"
		    "  vfioscope diff --by order --format json A B | jq .verdict\n"
		    "  vfioscope diff --by sample --base old/*.vfs --new new/*.vfs",
	.opts = opts,
	.run = cmd_diff,
};
