// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "cmd/keep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/toolmeta.h"
#include "recording/output.h"
#include "recording/recording.h"

struct keep {
	struct event_sink sink;
	struct event_sink *next;
	struct event_source *src;
	struct output *output;
	struct recording_writer *writer;
	size_t meta_told;
	int err;
	char why[256];
	char path[256];
};

static void failed(struct keep *k, int err)
{
	if (!err || k->err)
		return;
	k->err = err;
	snprintf(k->why, sizeof(k->why), "NOT RECORDING any more: %.150s: %s", k->path,
		 strerror(-err));
}

static int keep_put(struct event_sink *sink, const struct event *ev)
{
	struct keep *k = (struct keep *)sink;

	if (!k->err)
		failed(k, recording_writer_put(k->writer, ev));
	return k->next->put(k->next, ev);
}

/* What the source has told of itself since the last time: drivers come late. */
static void write_meta(struct keep *k)
{
	const struct meta *all = k->src->ops->meta(k->src);
	struct meta rest = *all;

	if (k->err || k->meta_told >= all->n)
		return;
	rest.entries += k->meta_told;
	rest.n -= k->meta_told;
	k->meta_told = all->n;
	failed(k, recording_writer_meta(k->writer, &rest));
}

int keep_open(struct keep **kp, const char *path, bool force, const struct cmd_watch *watch,
	      struct event_source *src, struct event_sink *next, int argc, char **argv)
{
	char why[OUTPUT_ERR_LEN];
	struct meta m = {};
	struct keep *k;
	int fd, err;

	*kp = NULL;
	k = calloc(1, sizeof(*k));
	if (!k)
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	k->sink.put = keep_put;
	k->next = next;
	k->src = src;
	snprintf(k->path, sizeof(k->path), "%s", path);
	err = output_open(&k->output, path, OUTPUT_RECORDING |
			  (force ? OUTPUT_REPLACE | OUTPUT_DEVICE : 0), why);
	if (err) {
		free(k);
		return cmd_fail(err == -EEXIST ? EXIT_USAGE : EXIT_BAD_FILE, "%s", why);
	}
	fd = output_fd(k->output);
	err = fd < 0 ? fd : recording_writer_open(&k->writer, fd, NULL);
	if (err) {
		if (fd >= 0)
			close(fd);
		keep_close(k);
		return cmd_fail(EXIT_BAD_FILE, "%s: %s", path, strerror(-err));
	}
	failed(k, tool_meta(&m, watch, argc, argv, argc));
	if (!k->err)
		failed(k, recording_writer_meta(k->writer, &m));
	meta_clear(&m);
	write_meta(k);
	if (!k->err)
		failed(k, output_publish(k->output));
	if (k->err) {
		err = k->err;
		keep_close(k);
		return cmd_fail(EXIT_BAD_FILE, "%s: %s", path, strerror(-err));
	}
	*kp = k;
	return 0;
}

struct event_sink *keep_sink(struct keep *k)
{
	return &k->sink;
}

void keep_tick(struct keep *k, uint64_t now_ns)
{
	if (k->err)
		return;
	failed(k, recording_writer_tick(k->writer, now_ns));
	write_meta(k);
}

uint64_t keep_bytes(const struct keep *k)
{
	struct recording_writer_stats st;

	recording_writer_stats(k->writer, &st);
	return st.bytes;
}

const char *keep_error(const struct keep *k)
{
	return k->err ? k->why : NULL;
}

int keep_end(struct keep *k)
{
	write_meta(k);
	if (!k->err)
		failed(k, recording_writer_end(k->writer));
	return k->err;
}

void keep_close(struct keep *k)
{
	if (!k)
		return;
	recording_writer_close(k->writer);
	output_close(k->output);
	free(k);
}
