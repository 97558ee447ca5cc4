// SPDX-License-Identifier: GPL-2.0-only
/*
 * info.c - vfioscope info: what a recording holds
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/evidence.h"
#include "recording/recording.h"
#include "util/units.h"

struct info_opts {
	struct cmd_common common;
	struct cmd_reader reader;
	int format;
	bool bytes;
	const char *output;
};

enum { FORMAT_TEXT, FORMAT_JSON };

static const char *const formats[] = { "text", "json", NULL };

static const struct opt opts[] = {
	{ 0, "format", OPT_ENUM, OPT_AT(struct info_opts, format), .values = formats,
	  .help = "how to print" },
	{ 'o', "output", OPT_STRING, OPT_AT(struct info_opts, output), .arg = "FILE",
	  .help = "write to FILE instead of stdout" },
	{ 0, "bytes", OPT_FLAG, OPT_AT(struct info_opts, bytes),
	  .help = "sizes exactly, in bytes" },
	OPT_TABLE(cmd_reader_opts, struct info_opts, reader),
	OPT_TABLE(cmd_common_opts, struct info_opts, common),
	OPT_END,
};

/* What only a file can tell; a pipe can be read once, and the events need it. */
static int file_notes(const char *path, const struct info_opts *o, struct meta *notes)
{
	struct recording_stat st;
	char err[512], a[UNITS_LEN], b[UNITS_LEN];
	unsigned int t;
	bool text = o->format == FORMAT_TEXT;
	int ret;

	ret = recording_stat(path, &st, NULL, NULL, err, sizeof(err));
	if (ret)
		return cmd_fail(EXIT_BAD_FILE, "%s", err);
	ret = meta_addf(notes, "format", "%u.%u", st.major, st.minor);
	if (text)
		ret |= meta_addf(notes, "size", "%s, %.2f bytes per event",
				 units_size(a, st.bytes, o->bytes),
				 st.events ? (double)st.bytes / (double)st.events : 0.0);
	else
		ret |= meta_addf(notes, "bytes", "%llu", (unsigned long long)st.bytes);
	if (st.trailing_bytes)
		ret |= meta_addf(notes, "trailing", "%llu bytes behind the end",
				 (unsigned long long)st.trailing_bytes);
	if (st.unknown_events)
		ret |= meta_addf(notes, "unknown", "%llu events of newer kinds",
				 (unsigned long long)st.unknown_events);
	ret |= meta_add(notes, "index", st.has_index ? "yes" : "no");
	for (t = 0; t < RECORDING_FRAME_TYPE_NR; t++) {
		const struct recording_type_stat *s = &st.type[t];

		if (!s->frames)
			continue;
		ret |= meta_addf(notes, "frames", "%s %llu, %s (%s raw)",
				 recording_frame_type_name(t) ? recording_frame_type_name(t) :
								"unknown",
				 (unsigned long long)s->frames, units_size(a, s->bytes, o->bytes),
				 units_size(b, s->raw_bytes, o->bytes));
	}
	return ret ? cmd_fail(EXIT_BAD_FILE, "out of memory") : 0;
}

int cmd_info(int argc, char **argv)
{
	struct info_opts o = { .format = FORMAT_TEXT };
	struct evidence_opts how = { .without_judge = true };
	struct view_options view = { 0 };
	struct evidence e = { 0 };
	struct meta *notes = NULL;
	int first, status, i, n;
	FILE *f;

	first = cmd_parse(&command_info, argc, argv, &o, &status);
	if (first < 0)
		return status;
	n = argc - first;
	if (!n)
		return cmd_fail(EXIT_USAGE, "info: which recording? 'vfioscope info FILE...'");
	status = cmd_reader_window(&o.reader, &view.window);
	if (status)
		return status;
	notes = calloc((size_t)n, sizeof(*notes));
	if (!notes)
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	for (i = 0; i < n && !status; i++)
		if (strcmp(argv[first + i], "-"))
			status = file_notes(argv[first + i], &o, &notes[i]);
	if (!status)
		status = evidence_open(&e, argv + first, (size_t)n, EVIDENCE_ONCE);
	if (!status)
		status = evidence_read(&e, &how);
	if (status)
		goto out;
	f = cmd_open_output(o.output);
	if (!f) {
		status = EXIT_BAD_FILE;
		goto out;
	}
	view.bytes = o.bytes;
	view.color = text_use_color(o.common.color, f);
	if (o.format == FORMAT_JSON)
		info_json(f, &e.view, notes, &view);
	else
		info_text(f, &e.view, notes, &view);
	status = cmd_close_output(f, EXIT_OK);
out:
	evidence_close(&e);
	for (i = 0; i < n; i++)
		meta_clear(&notes[i]);
	free(notes);
	return status;
}

const struct command command_info = {
	.name = "info",
	.summary = "What a recording holds: kernel, drivers, hooks, loss, damage, clocks",
	.args = "FILE...",
	.text = "FILE is a recording, or '-' for one that comes on standard input.",
	.examples = "  vfioscope info FILE\n  vfioscope info --format json FILE | jq .damage",
	.opts = opts,
	.run = cmd_info,
};
