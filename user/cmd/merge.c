// SPDX-License-Identifier: GPL-2.0-only
/*
 * merge.c - vfioscope merge: both hosts' recordings on one clock
 *
 * Two passes over each recording: the first ties the clocks, the second
 * writes.  What comes from a pipe is kept in a temporary file in between.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "model/align.h"
#include "recording/merge.h"
#include "recording/output.h"
#include "recording/recording.h"
#include "util/units.h"

struct options {
	struct cmd_common common;
	const char *output;
	bool force;
};

static const struct opt opts[] = {
	{ 'o', "output", OPT_STRING, OPT_AT(struct options, output), .arg = "FILE",
	  .help = "the merged recording; - streams it to stdout" },
	{ 'f', "force", OPT_FLAG, OPT_AT(struct options, force),
	  .help = "overwrite an existing recording" },
	OPT_TABLE(cmd_common_opts, struct options, common),
	OPT_END
};

struct input {
	const char *path;
	int spool;			/* what came from a pipe; -1: nothing did */
};

struct job {
	struct options o;
	struct input in[2];
	struct align *clocks;
	struct alignment align;
	struct event_source *src[2];
	struct meta meta;		/* of the result */
	struct model *model;
	struct output *output;
	struct recording_writer *w;
	int argc;
	char **argv;
};

/* ---- inputs ---- */

static int spool_stdin(struct input *in)
{
	FILE *tmp;
	char buf[65536];
	ssize_t n = 0;
	int err;

	if (isatty(STDIN_FILENO))
		return cmd_fail(EXIT_USAGE, "standard input is a terminal; a recording is expected there");
	tmp = tmpfile();
	in->spool = tmp ? fcntl(fileno(tmp), F_DUPFD_CLOEXEC, 3) : -1;
	err = errno;
	if (tmp)
		fclose(tmp);
	while (in->spool >= 0 && (n = read(STDIN_FILENO, buf, sizeof(buf))) > 0) {
		if (write(in->spool, buf, (size_t)n) != n) {
			n = -1;
			break;
		}
	}
	if (in->spool < 0 || n < 0)
		return cmd_fail(EXIT_BAD_FILE, "standard input: %s", strerror(in->spool < 0 ? err : errno));
	return 0;
}

static int open_input(struct input *in, struct event_source **src)
{
	char err[512];
	int fd;

	if (in->spool < 0)
		return cmd_open(in->path, src);
	fd = fcntl(in->spool, F_DUPFD_CLOEXEC, 3);
	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return cmd_fail(EXIT_BAD_FILE, "standard input: %s", strerror(errno));
	if (!recording_open_fd(src, fd, "standard input", err, sizeof(err)))
		return 0;
	close(fd);
	return cmd_fail(EXIT_BAD_FILE, "%s", err);
}

static void close_inputs(struct job *j)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (j->src[i])
			j->src[i]->ops->close(j->src[i]);
		j->src[i] = NULL;
	}
}

/* ---- what is told of it ---- */

static const char *signed_duration(char buf[UNITS_LEN + 1], int64_t ns)
{
	buf[0] = ns < 0 ? '-' : '+';
	units_duration(buf + 1, (uint64_t)(ns < 0 ? -ns : ns));
	return buf;
}

#define SAY_LEN	320

/* How the clocks were tied, and how far that may be off. */
static void say_clock(const struct job *j, char say[SAY_LEN])
{
	const struct alignment *a = &j->align;
	char off[UNITS_LEN + 1], drift[UNITS_LEN];

	signed_duration(off, a->offset_ns);
	units_duration(drift, a->drift_ns);
	switch (a->clock) {
	case ALIGN_CLOCK_SAME:
		snprintf(say, SAY_LEN, "both are of one boot of one machine and share its clock");
		break;
	case ALIGN_CLOCK_REALTIME:
		snprintf(say, SAY_LEN, "by CLOCK_REALTIME of both hosts: %s on the destination's times, "
			 "changing by %s%s", off, drift, a->stepped[0] || a->stepped[1] ?
			 "; CLOCK_REALTIME was set during the capture, its last value counts" : "");
		break;
	default:
		snprintf(say, SAY_LEN, "by causality alone, for a recording has no clock pair: %s on the "
			 "destination's times, the way between the hosts taken for nothing", off);
	}
}

static void say_bound(const struct job *j, char say[SAY_LEN])
{
	const struct alignment *a = &j->align;
	char way[UNITS_LEN], by[UNITS_LEN + 1];
	int64_t ns = a->way_ns[ALIGN_SRC] + a->correction_ns;

	if (!a->has_way[ALIGN_SRC] && !a->has_way[ALIGN_DST]) {
		snprintf(say, SAY_LEN, "no migration is seen on both sides: causality cannot check it");
		return;
	}
	if (a->contradicts) {
		snprintf(say, SAY_LEN, "no offset fits the migrations in both directions: the middle was "
			 "taken, times of the two hosts do not compare");
		return;
	}
	if (a->clock == ALIGN_CLOCK_SAME || a->clock == ALIGN_CLOCK_CAUSALITY || !a->has_way[ALIGN_SRC]) {
		snprintf(say, SAY_LEN, "%u migration%s seen on both sides", a->pairs,
			 a->pairs == 1 ? " is" : "s are");
		return;
	}
	if (a->correction_ns) {
		snprintf(say, SAY_LEN, "the clocks were wrong by %s at least: bytes would have been written "
			 "before they were read; corrected by that, a downtime is the shortest that can be",
			 units_duration(by, (uint64_t)(a->correction_ns < 0 ? -a->correction_ns :
						       a->correction_ns)));
		return;
	}
	snprintf(say, SAY_LEN, "causality: the quickest bytes took %s from read() to write(), so a downtime "
		 "over both hosts is at most that much too long; how much too short%s%s",
		 units_duration(way, (uint64_t)ns), a->has_way[ALIGN_DST] ? ": " :
		 ", nothing in these recordings can prove", a->has_way[ALIGN_DST] ?
		 units_duration(by, (uint64_t)(a->way_ns[ALIGN_DST] - a->correction_ns)) : "");
}

/* Of one input, what readers and the judge look for. */
static int add_meta_of(struct job *j, struct meta *out, int side)
{
	const struct meta *m = j->src[side]->ops->meta(j->src[side]);
	const char *host = align_host(j->clocks, side);
	const char *kernel = meta_get(m, "kernel"), *command = meta_get(m, "command");
	struct source_health health = { 0 };
	int err = 0;
	size_t i;

	err |= meta_addf(out, "merged", "%s: %s, kernel %s, %s", host,
			 meta_get(m, "host") ?: "host not known", kernel ?: "not known",
			 command ?: "command not known");
	for (i = 0; i < m->n; i++) {
		const char *key = m->entries[i].key;

		if (!strcmp(key, "hook") || !strcmp(key, "driver"))
			err |= meta_add(out, key, m->entries[i].value);
		else if (!strcmp(key, "filter") || !strcmp(key, "note") || !strcmp(key, "merged"))
			err |= meta_addf(out, key, "%s: %s", host, m->entries[i].value);
	}
	j->src[side]->ops->health(j->src[side], &health);
	if (!health.ended)
		err |= meta_addf(out, "note", "%s: the recording did not end cleanly", host);
	if (health.bytes_skipped || health.frames_damaged)
		err |= meta_addf(out, "note", "%s: %" PRIu64 " bytes of the recording were unreadable",
				 host, health.bytes_skipped);
	return err;
}

static int make_meta(struct job *j)
{
	const struct meta *a = j->src[0]->ops->meta(j->src[0]), *b = j->src[1]->ops->meta(j->src[1]);
	const char *ka = meta_get(a, "kernel") ?: "not known", *kb = meta_get(b, "kernel") ?: "not known";
	char say[SAY_LEN], command[2048] = "vfioscope";
	size_t len = strlen(command);
	struct meta *m = &j->meta;
	int err = 0, i;

	for (i = 0; i < j->argc && len < sizeof(command) - 1; i++)
		len += (size_t)snprintf(command + len, sizeof(command) - len, " %s", j->argv[i]);
	err |= meta_add(m, "tool", "vfioscope");
	err |= meta_add(m, "tool.version", VFIOSCOPE_VERSION);
	err |= meta_add(m, "command", command);
	if (meta_get(a, "started"))
		err |= meta_add(m, "started", meta_get(a, "started"));
	err |= meta_addf(m, "host", "%s and %s", align_host(j->clocks, ALIGN_SRC),
			 align_host(j->clocks, ALIGN_DST));
	/* Views show the first word: the release. */
	if (!strcmp(ka, kb))
		err |= meta_add(m, "kernel", ka);
	else
		err |= meta_addf(m, "kernel", "%.*s/%s", (int)strcspn(ka, " "), ka, kb);
	if (j->align.clock == ALIGN_CLOCK_SAME)
		err |= meta_add(m, "boot_id", meta_get(a, "boot_id"));
	say_clock(j, say);
	err |= meta_addf(m, "merged", "clock: %s", say);
	say_bound(j, say);
	err |= meta_addf(m, "merged", "bound: %s", say);
	for (i = 0; i < 2 && !err; i++)
		err = add_meta_of(j, m, i);
	return err;
}

/* First pass. */
static int scan(struct job *j)
{
	struct source_health health;
	int i, err, status;

	for (i = 0; i < 2; i++) {
		status = open_input(&j->in[i], &j->src[i]);
		if (status)
			return status;
		err = align_scan(j->clocks, i, j->src[i]);
		if (err == -ENOMEM)
			return cmd_fail(EXIT_BAD_FILE, "%s: out of memory", j->in[i].path);
		if (err)
			return cmd_fail(EXIT_BAD_FILE, "%s: %s", j->in[i].path,
					j->src[i]->ops->error(j->src[i]));
		j->src[i]->ops->health(j->src[i], &health);
		/* The result would look whole. */
		if (health.bytes_trailing)
			return cmd_fail(EXIT_BAD_FILE, "%s: %" PRIu64 " bytes follow the end of the recording: "
					"they would be lost", j->in[i].path, health.bytes_trailing);
	}
	align_clocks(j->clocks, &j->align);
	/* Now that both are read to their ends, they have said all of themselves. */
	err = make_meta(j);
	close_inputs(j);
	if (err)
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	if (j->align.clock == ALIGN_CLOCK_NONE)
		return cmd_fail(EXIT_INCONCLUSIVE,
				"nothing ties the two clocks together: a recording has no clock pair, "
				"and no migration is seen on both sides");
	return 0;
}

static void tell(const struct job *j)
{
	char say[SAY_LEN], a[UNITS_LEN];
	uint32_t id;

	say_clock(j, say);
	cmd_note("%s", say);
	say_bound(j, say);
	cmd_note("%s", say);
	for (id = 1; id <= model_sessions(j->model); id++) {
		const struct session *g = model_session(j->model, id);

		if (g->direction == DIR_SAVE && g->peer && g->downtime_ns != MODEL_NONE)
			cmd_note("migrations %u and %u are two sides of one: downtime %s", g->id,
				 g->peer, units_duration(a, g->downtime_ns));
	}
}

/* ---- the result ---- */

static bool is_input(const struct job *j, const struct stat *out)
{
	struct stat st;
	int i;

	for (i = 0; i < 2; i++)
		if (j->in[i].spool < 0 && !stat(j->in[i].path, &st) && st.st_dev == out->st_dev &&
		    st.st_ino == out->st_ino)
			return true;
	return false;
}

static unsigned int output_flags(const struct job *j)
{
	return OUTPUT_RECORDING | (j->o.force ? OUTPUT_REPLACE | OUTPUT_DEVICE : 0);
}

/* What can be said wrong about the output before anything is read. */
static int check_output(const struct job *j)
{
	char err[OUTPUT_ERR_LEN];
	struct stat st;
	int ret;

	if (!j->o.output)
		return cmd_fail(EXIT_USAGE, "merge: where to? '-o FILE'");
	if (!strcmp(j->o.output, "-")) {
		if (isatty(STDOUT_FILENO))
			return cmd_fail(EXIT_USAGE,
					"a recording is binary: it is not written to a terminal");
		return 0;
	}
	if (!stat(j->o.output, &st) && S_ISREG(st.st_mode) && is_input(j, &st))
		return cmd_fail(EXIT_USAGE, "%s: is one of the recordings to be merged", j->o.output);
	ret = output_check(j->o.output, output_flags(j), err);
	return ret ? cmd_fail(ret == -EEXIST ? EXIT_USAGE : EXIT_BAD_FILE, "%s", err) : 0;
}

static int open_output(struct job *j)
{
	char why[OUTPUT_ERR_LEN];
	int fd, err;

	if (output_open(&j->output, j->o.output, output_flags(j), why))
		return cmd_fail(EXIT_BAD_FILE, "%s", why);
	fd = output_fd(j->output);
	err = fd < 0 ? fd : recording_writer_open(&j->w, fd, NULL);
	if (err && fd >= 0)
		close(fd);
	if (!err)
		err = recording_writer_meta(j->w, &j->meta);
	if (!err)
		return 0;
	return err == -EPIPE ? EXIT_OK : cmd_fail(EXIT_BAD_FILE, "%s: %s", j->o.output, strerror(-err));
}

/* 0, or a negative errno; *@in: an input is at fault. */
static int copy_events(struct job *j, struct event_source *all, bool *in)
{
	struct event ev;
	int err;

	for (;;) {
		err = all->ops->next(all, &ev, -1);
		*in = err < 0 && err != -ENODATA;
		if (err == -ENODATA)
			return recording_writer_end(j->w);
		if (err < 0)
			return err;
		err = model_feed(j->model, &ev, NULL);
		if (!err)
			err = recording_writer_put(j->w, &ev);
		if (err)
			return err;
	}
}

static int write_result(struct job *j)
{
	bool same = j->align.clock == ALIGN_CLOCK_SAME, in = false;
	const char *labels[] = { same ? NULL : align_host(j->clocks, ALIGN_SRC),
				 same ? NULL : align_host(j->clocks, ALIGN_DST) };
	struct merge_opts how = {
		.clock = ALIGN_SRC, .to_clock = align_time, .arg = j->clocks, .labels = labels,
		.cut_is_loss = true,
	};
	struct event_source *all;
	int err, status = 0, i;

	for (i = 0; i < 2 && !status; i++)
		status = open_input(&j->in[i], &j->src[i]);
	if (status)
		return status;
	j->model = model_create();
	err = merge_open_as(&all, j->src, 2, &how);
	/* They are the merged source's now, however it went. */
	j->src[0] = j->src[1] = NULL;
	if (err || !j->model)
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	status = open_output(j);
	if (!status && j->w) {
		err = copy_events(j, all, &in);
		if (err && in)
			status = cmd_fail(EXIT_BAD_FILE, "%s", all->ops->error(all));
		else if (err && err != -EPIPE)
			status = cmd_fail(EXIT_BAD_FILE, "%s: %s", j->o.output, strerror(-err));
		err = recording_writer_close(j->w);
		if (!status && !err)
			err = output_publish(j->output);
		if (err && err != -EPIPE && !status)
			status = cmd_fail(EXIT_BAD_FILE, "%s: %s", j->o.output, strerror(-err));
	}
	output_close(j->output);
	all->ops->close(all);
	return status;
}

static int run(struct job *j)
{
	int status = check_output(j), i;

	for (i = 0; i < 2 && !status; i++)
		if (!strcmp(j->in[i].path, "-"))
			status = spool_stdin(&j->in[i]);
	if (status)
		return status;
	j->clocks = align_create();
	if (!j->clocks)
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	status = scan(j);
	if (!status)
		status = write_result(j);
	if (!status)
		tell(j);
	return status;
}

int cmd_merge(int argc, char **argv)
{
	struct job j = { .in = { { .spool = -1 }, { .spool = -1 } }, .argc = argc, .argv = argv };
	int first, status, i;

	first = cmd_parse(&command_merge, argc, argv, &j.o, &status);
	if (first < 0)
		return status;
	if (argc - first != 2)
		return cmd_fail(EXIT_USAGE, "merge: it takes two recordings: "
				"'vfioscope merge SRC DST -o FILE'");
	j.in[0].path = argv[first];
	j.in[1].path = argv[first + 1];
	if (!strcmp(j.in[0].path, "-") && !strcmp(j.in[1].path, "-"))
		return cmd_fail(EXIT_USAGE, "merge: only one of the two can come on standard input");
	status = run(&j);
	close_inputs(&j);
	for (i = 0; i < 2; i++)
		if (j.in[i].spool >= 0)
			close(j.in[i].spool);
	align_destroy(j.clocks);
	meta_clear(&j.meta);
	model_destroy(j.model);
	return status;
}

const struct command command_merge = {
	.name = "merge",
	.summary = "Both hosts' recordings of a migration, on one clock",
	.args = "SRC DST -o FILE",
	.text = "The clock is the source's. CLOCK_REALTIME of both hosts ties the two together,\n"
		"and causality checks it: no byte is written before it was read. How far it may\n"
		"be off is told, and kept in the result, which every other command reads.",
	.examples = "  vfioscope merge src.vfs dst.vfs -o both.vfs\n"
		    "  ssh node8 cat dst.vfs | vfioscope merge src.vfs - -o - | vfioscope report -",
	.opts = opts,
	.run = cmd_merge,
};
