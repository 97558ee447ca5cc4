// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "cmd/rewrite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/keep.h"
#include "recording/output.h"
#include "recording/recording.h"
#include "view/summarise.h"

struct rewrite {
	const char *path;
	const struct meta *meta;
	struct recording_writer *w;
	struct output *output;
	struct summariser *summariser;
};

static bool is_input(char *const *paths, size_t n, const struct stat *out)
{
	struct stat st;
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(paths[i], "-") && !stat(paths[i], &st) && st.st_dev == out->st_dev &&
		    st.st_ino == out->st_ino)
			return true;
	return false;
}

int rewrite_check(const char *path, bool force, char *const *paths, size_t n)
{
	struct stat st;

	if (strcmp(path, "-") && !stat(path, &st) && S_ISREG(st.st_mode) && is_input(paths, n, &st))
		return cmd_fail(EXIT_USAGE, "%s: is one of the files that are read", path);
	return keep_check(path, force);
}

static void drop(struct rewrite *rw)
{
	output_close(rw->output);
	summariser_destroy(rw->summariser);
	free(rw);
}

static int failed(const char *path, int err)
{
	/* The reader of a pipe has all that it wanted. */
	return err == -EPIPE ? EXIT_OK : cmd_fail(EXIT_BAD_FILE, "%s: %s", path, strerror(-err));
}

int rewrite_begin(struct rewrite **rwp, const char *path, bool force, const struct meta *meta,
		  uint64_t bound_ns)
{
	struct rewrite *rw = calloc(1, sizeof(*rw));
	char why[OUTPUT_ERR_LEN];
	int fd, err;

	*rwp = NULL;
	if (!rw)
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	rw->path = path;
	rw->meta = meta;
	if (output_open(&rw->output, path, keep_flags(force), why)) {
		free(rw);
		return cmd_fail(EXIT_BAD_FILE, "%s", why);
	}
	fd = output_fd(rw->output);
	err = fd < 0 ? fd : recording_writer_open(&rw->w, fd, NULL);
	if (err && fd >= 0)
		close(fd);
	if (!err)
		err = recording_writer_meta(rw->w, meta);
	if (err) {
		recording_writer_close(rw->w);
		drop(rw);
		return failed(path, err);
	}
	rw->summariser = summariser_create(NULL);
	summariser_bound(rw->summariser, bound_ns);
	*rwp = rw;
	return 0;
}

int rewrite_put(struct rewrite *rw, const struct event *ev)
{
	summariser_take(rw->summariser, ev);
	return recording_writer_put(rw->w, ev);
}

int rewrite_end(struct rewrite *rw, int err, bool ended)
{
	int status, closed;

	if (!err && ended) {
		summariser_write(rw->summariser, rw->w, rw->meta, NULL);
		err = recording_writer_end(rw->w);
	}
	closed = recording_writer_close(rw->w);
	err = err ?: closed;
	if (!err)
		err = output_publish(rw->output);
	status = err ? failed(rw->path, err) : 0;
	drop(rw);
	return status;
}

void rewrite_abandon(struct rewrite *rw)
{
	recording_writer_close(rw->w);
	drop(rw);
}
