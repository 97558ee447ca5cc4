// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "cmd/keep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/toolmeta.h"
#include "recording/output.h"
#include "util/units.h"

/* How often it is looked at whether the file is still there. */
#define LOOK_NS 500000000ULL

struct keep {
	struct event_sink sink;
	struct event_sink *next;
	struct event_source *src;
	struct output *output;
	struct recording_writer *writer;
	struct summariser *summariser;
	struct summary sum; /* once it has ended */
	bool summed;
	struct meta meta; /* as written */
	size_t meta_told;
	uint64_t looked_ns;
	uint64_t missed;
	int err;
	char why[400];
	char path[256];
};

static int failed(struct keep *k, int err)
{
	if (err && !k->err)
		k->err = err;
	return k->err;
}

/* As strerror() where it says what happened, and what happened where it does not. */
static const char *reason(int err)
{
	switch (err) {
	case -ENOENT:
		return "was removed while it was recorded";
	case -ESTALE:
		return "was cut or written to by somebody else while it was recorded";
	case -EINTR:
		return "its reader has stalled";
	}
	return strerror(-err);
}

static int keep_put(struct event_sink *sink, const struct event *ev)
{
	struct keep *k = (struct keep *)sink;
	int err = k->err ?: failed(k, recording_writer_put(k->writer, ev));

	if (err)
		k->missed++;
	/* It goes on: what the whole came to is known all the same. */
	summariser_take(k->summariser, ev);
	return k->next ? k->next->put(k->next, ev) : err;
}

/* What the summary goes by; without memory for it there is none. */
static void remember_meta(struct keep *k, const struct meta *m)
{
	size_t i;

	for (i = 0; i < m->n && k->summariser; i++) {
		if (!meta_add(&k->meta, m->entries[i].key, m->entries[i].value))
			continue;
		summariser_destroy(k->summariser);
		k->summariser = NULL;
	}
}

/* What the source has told of itself since the last time: drivers come late. */
static int write_meta(struct keep *k)
{
	const struct meta *all = k->src->ops->meta(k->src);
	struct meta rest = *all;

	if (k->err || k->meta_told >= all->n)
		return k->err;
	rest.entries += k->meta_told;
	rest.n -= k->meta_told;
	k->meta_told = all->n;
	remember_meta(k, &rest);
	return failed(k, recording_writer_meta(k->writer, &rest));
}

unsigned int keep_flags(bool force)
{
	return OUTPUT_RECORDING | (force ? OUTPUT_REPLACE | OUTPUT_DEVICE : 0);
}

int keep_check(const char *path, bool force)
{
	char err[OUTPUT_ERR_LEN];
	int ret;

	if (!strcmp(path, "-") && isatty(STDOUT_FILENO))
		return cmd_fail(EXIT_USAGE,
				"a recording is binary: it is not written to a terminal");
	ret = output_check(path, keep_flags(force), err);
	return ret ? cmd_fail(ret == -EEXIST ? EXIT_USAGE : EXIT_BAD_FILE, "%s", err) : 0;
}

/* The file has its name once its beginning is written: nothing is left that holds nothing. */
static int begin(struct keep *k, const struct keep_opts *o)
{
	struct meta m = {};
	int fd = output_fd(k->output), err;

	if (fd < 0)
		return fd;
	err = recording_writer_open(&k->writer, fd,
				    &(struct recording_writer_opts){
					    .cancel = o->cancel,
				    });
	if (err) {
		close(fd);
		return err;
	}
	err = tool_meta(&m, o->watch, o->argc, o->argv, o->command);
	if (!err)
		err = recording_writer_meta(k->writer, &m);
	remember_meta(k, &m);
	meta_clear(&m);
	if (!err)
		err = write_meta(k);
	return err ?: output_publish(k->output);
}

int keep_open(struct keep **kp, const struct keep_opts *o)
{
	char why[OUTPUT_ERR_LEN];
	struct keep *k;
	int err;

	*kp = NULL;
	k = calloc(1, sizeof(*k));
	if (!k)
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	k->sink.put = keep_put;
	k->next = o->next;
	k->src = o->src;
	k->summariser = summariser_create(o->budgets);
	snprintf(k->path, sizeof(k->path), "%s", strcmp(o->path, "-") ? o->path : "stdout");
	err = output_open(&k->output, o->path, keep_flags(o->force), why);
	if (err) {
		summariser_destroy(k->summariser);
		free(k);
		return cmd_fail(err == -EEXIST ? EXIT_USAGE : EXIT_BAD_FILE, "%s", why);
	}
	err = begin(k, o);
	if (err) {
		err = cmd_fail(EXIT_BAD_FILE, "%s: %s", k->path, reason(err));
		keep_close(k);
		return err;
	}
	*kp = k;
	return 0;
}

struct event_sink *keep_sink(struct keep *k)
{
	return &k->sink;
}

int keep_tick(struct keep *k, uint64_t now_ns)
{
	if (k->err)
		return k->err;
	if (now_ns - k->looked_ns >= LOOK_NS) {
		k->looked_ns = now_ns;
		if (failed(k, output_lost(k->output)))
			return k->err;
	}
	failed(k, recording_writer_tick(k->writer, now_ns));
	return write_meta(k);
}

void keep_stats(const struct keep *k, struct recording_writer_stats *out)
{
	recording_writer_stats(k->writer, out);
}

void keep_missed(struct keep *k, uint64_t n)
{
	k->missed += n;
}

const char *keep_error(struct keep *k)
{
	struct recording_writer_stats st;
	char size[UNITS_LEN];
	uint64_t kept;

	if (!k->err)
		return NULL;
	recording_writer_stats(k->writer, &st);
	/* what was cut or has no name any more is not kept */
	kept = k->err == -ENOENT || k->err == -ESTALE ? 0 : st.events - st.buffered;
	snprintf(k->why, sizeof(k->why), "%s%.150s: %s; %llu events (%s) are kept, %llu are not",
		 k->next ? "NOT RECORDING any more: " : "", k->path, reason(k->err),
		 (unsigned long long)kept, units_size(size, kept ? st.bytes : 0, false),
		 (unsigned long long)st.events - kept + k->missed);
	return k->why;
}

int keep_end(struct keep *k)
{
	write_meta(k);
	failed(k, output_lost(k->output));
	if (!k->err) {
		k->summed = summariser_write(k->summariser, k->writer, &k->meta, &k->sum);
		failed(k, recording_writer_end(k->writer));
	}
	return k->err;
}

const struct summary *keep_summary(struct keep *k)
{
	if (k->err && !k->summed)
		k->summed = summariser_write(k->summariser, k->writer, &k->meta, &k->sum);
	return k->summed ? &k->sum : NULL;
}

struct model *keep_model(const struct keep *k)
{
	return summariser_model(k->summariser);
}

bool keep_over_budget(const struct keep *k)
{
	return k->summed && summariser_over_budget(k->summariser);
}

int keep_fd(const struct keep *k)
{
	return output_fd(k->output);
}

int keep_close(struct keep *k)
{
	int err;

	if (!k)
		return 0;
	err = recording_writer_close(k->writer);
	err = k->err ?: err;
	output_close(k->output);
	summariser_destroy(k->summariser);
	summary_free(&k->sum);
	meta_clear(&k->meta);
	free(k);
	return err;
}
