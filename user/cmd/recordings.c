// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "cmd/recordings.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/evidence.h"
#include "recording/recording.h"
#include "recording/summaries.h"
#include "util/array.h"

static int no_memory(void)
{
	return cmd_fail(EXIT_BAD_FILE, "out of memory");
}

/* ---- which ---- */

static int add(struct recordings *r, const char *path, const char *error)
{
	struct list_file *f;

	if (array_room(&r->file, r->n + 1, &r->cap, sizeof(*r->file)))
		return no_memory();
	f = &r->file[r->n++];
	f->path = strdup(path);
	f->error = error ? strdup(error) : NULL;
	return f->path && (!error || f->error) ? 0 : no_memory();
}

static bool has_suffix(const char *path)
{
	size_t len = strlen(path), n = strlen(RECORDING_SUFFIX);

	return len > n && !strcmp(path + len - n, RECORDING_SUFFIX);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int add_directory(struct recordings *r, const char *path)
{
	char *roots[] = { (char *)path, NULL }, *why;
	/* Links that lead to directories are not followed: no file comes twice. */
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	int status = 0;
	FTSENT *at;

	if (!fts)
		return no_memory();
	while (!status && (errno = 0, at = fts_read(fts))) {
		switch (at->fts_info) {
		case FTS_F:
		case FTS_SL:
			if (has_suffix(at->fts_path))
				status = add(r, at->fts_path, NULL);
			break;
		case FTS_DNR:
		case FTS_ERR:
		case FTS_NS:
			why = NULL;
			if (asprintf(&why, "%s: %s", at->fts_path, strerror(at->fts_errno)) < 0)
				status = no_memory();
			else
				status = add(r, at->fts_path, why);
			free(why);
			break;
		}
	}
	if (!status && errno == ENOMEM)
		status = no_memory();
	fts_close(fts);
	return status;
}

static int add_path(struct recordings *r, const char *path)
{
	struct stat st;

	if (strcmp(path, "-") && !stat(path, &st) && S_ISDIR(st.st_mode))
		return add_directory(r, path);
	return add(r, path, NULL);
}

/* ---- each of them ---- */

static bool has_summary(struct list_file *f)
{
	uint8_t *data;
	size_t len;
	bool ok;

	if (!strcmp(f->path, "-") || recording_summary(f->path, &data, &len))
		return false;
	ok = summary_decode(&f->sum, data, len);
	if (!ok)
		summary_free(&f->sum);
	free(data);
	return ok;
}

static int analyse(struct list_file *f)
{
	char *paths[] = { (char *)f->path };
	struct evidence_opts how = { 0 };
	struct evidence e;
	int status;

	cmd_hold_errors(true);
	status = evidence_open(&e, paths, 1, EVIDENCE_ONCE);
	if (!status)
		status = evidence_read(&e, &how);
	cmd_hold_errors(false);
	if (status)
		f->error = strdup(cmd_last_error());
	else if (summary_of(&f->sum, &e.view))
		status = no_memory();
	evidence_close(&e);
	f->analysed = !status;
	if (status && !f->error)
		return no_memory();
	return 0;
}

/* By the file of summaries, or into it. */
static int analyse_once(struct list_file *f, struct summaries *cache)
{
	char path[PATH_MAX];
	const uint8_t *data;
	struct buf b = { 0 };
	struct stat st, now;
	size_t len;
	int status;

	if (!cache || !strcmp(f->path, "-") || !realpath(f->path, path) || stat(path, &st) ||
	    !S_ISREG(st.st_mode))
		return analyse(f);
	if (summaries_get(cache, path, &st, &data, &len)) {
		if (summary_decode(&f->sum, data, len))
			return 0;
		summary_free(&f->sum);
	}
	status = analyse(f);
	/* One that grew meanwhile comes to something else. */
	if (status || f->error || stat(path, &now) || now.st_size != st.st_size)
		return status;
	summary_encode(&b, &f->sum);
	if (b.failed || summaries_put(cache, path, &st, b.data, b.len))
		status = no_memory();
	buf_free(&b);
	return status;
}

static int read_all(struct recordings *r, struct summaries *cache, bool quiet)
{
	int status = 0;
	size_t i;

	for (i = 0; i < r->n && !status; i++) {
		struct list_file *f = &r->file[i];

		if (!f->error && !has_summary(f))
			status = analyse_once(f, cache);
		if (f->error && !quiet)
			cmd_tell("%s", f->error);
	}
	return status;
}

int recordings_read(struct recordings *r, char *const *paths, size_t n, const char *cache,
		    bool quiet)
{
	struct summaries *s = NULL;
	char err[SUMMARIES_ERR_LEN];
	int status = 0;
	size_t i, in = 0;

	memset(r, 0, sizeof(*r));
	for (i = 0; i < n; i++)
		in += !strcmp(paths[i], "-");
	if (in > 1)
		return cmd_fail(EXIT_USAGE, "only one recording can come on standard input");
	if (cache && summaries_open(&s, cache, VFIOSCOPE_VERSION, err))
		status = cmd_fail(EXIT_USAGE, "--cache: %s", err);
	for (i = 0; i < n && !status; i++)
		status = add_path(r, paths[i]);
	if (!status)
		status = read_all(r, s, quiet);
	if (!status && s && summaries_save(s, err))
		status = cmd_fail(EXIT_BAD_FILE, "--cache: %s", err);
	summaries_close(s);
	return status;
}

void recordings_free(struct recordings *r)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		summary_free(&r->file[i].sum);
		free((char *)r->file[i].path);
		free((char *)r->file[i].error);
	}
	free(r->file);
	memset(r, 0, sizeof(*r));
}
