// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording/old_merge.h"
#include "recording/recording.h"
#include "recording/vmm_log.h"
#include "util/units.h"
#include "view/common.h"

struct evidence_file {
	const char *path;
	int spool;		  /* what came from a pipe; -1: nothing did */
	struct event_source *src; /* the second pass' own, or the only one's */
	struct meta meta;	  /* of the first pass, complete */
	struct host_part *part;	  /* its host numbers are the file's own */
	size_t n_parts;
	uint32_t *number; /* of each part's host, in all files together */
	uint32_t *hosts;  /* that events were seen of, for the view */
	struct source_health scanned, health;
};

/* ---- files ---- */

static const char *name_of(const struct evidence_file *f)
{
	return strcmp(f->path, "-") ? f->path : "standard input";
}

static bool is_pipe(const char *path)
{
	struct stat st;

	if (!strcmp(path, "-"))
		return true;
	return !stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static int open_spool(const struct evidence_file *f, struct event_source **src)
{
	char err[512];
	int fd;

	fd = fcntl(f->spool, F_DUPFD_CLOEXEC, 3);
	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return cmd_fail(EXIT_BAD_FILE, "%s: %s", name_of(f), strerror(errno));
	if (!recording_open_fd(src, fd, name_of(f), err, sizeof(err)))
		return 0;
	close(fd);
	return cmd_fail(EXIT_BAD_FILE, "%s", err);
}

static int open_file(const struct evidence_file *f, struct event_source **src)
{
	int status = f->spool < 0 ? cmd_open(f->path, src) : open_spool(f, src);

	if (!status && old_merge_open(src))
		status = cmd_fail(EXIT_BAD_FILE, "%s: out of memory", name_of(f));
	return status;
}

/* What can be read once is kept, for it is read twice. */
static int spool(struct evidence_file *f)
{
	int fd, err = 0;
	char buf[65536];
	ssize_t n = 0;
	FILE *tmp;

	if (!strcmp(f->path, "-") && isatty(STDIN_FILENO))
		return cmd_fail(EXIT_USAGE,
				"standard input is a terminal; a recording is expected there");
	fd = strcmp(f->path, "-") ? open(f->path, O_RDONLY | O_CLOEXEC) :
				    fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return cmd_fail(EXIT_BAD_FILE, "%s: %s", name_of(f), strerror(errno));
	tmp = tmpfile();
	f->spool = tmp ? fcntl(fileno(tmp), F_DUPFD_CLOEXEC, 3) : -1;
	if (f->spool < 0)
		err = errno;
	if (tmp)
		fclose(tmp);
	while (!err && (n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0)
			err = errno == EINTR ? 0 : errno;
		else if (write(f->spool, buf, (size_t)n) != n)
			err = errno ?: ENOSPC;
	}
	close(fd);
	return err ? cmd_fail(EXIT_BAD_FILE, "%s: %s", name_of(f), strerror(err)) : 0;
}

const struct meta *evidence_meta(const struct evidence *e, size_t file)
{
	/* A second pass has not come to all of it yet. */
	return e->align ? &e->file[file].meta : e->file[file].src->ops->meta(e->file[file].src);
}

void evidence_scanned(const struct evidence *e, size_t file, struct source_health *out)
{
	*out = e->file[file].scanned;
}

/* ---- what is said of the clocks ---- */

const char *evidence_host(const struct evidence *e, size_t file)
{
	return hosts_get(&e->hosts, e->file[file].number[0])->name;
}

static const char *clock_name(const struct evidence *e, size_t clock)
{
	size_t i;

	for (i = 0; i < e->n - 1; i++)
		if (align_clock_of(e->align, i) == clock)
			break;
	return evidence_host(e, i);
}

static const char *signed_duration(char buf[UNITS_LEN + 1], int64_t ns)
{
	buf[0] = ns < 0 ? '-' : '+';
	units_duration(buf + 1, (uint64_t)(ns < 0 ? -(uint64_t)ns : (uint64_t)ns));
	return buf;
}

/* How a clock was tied to the reference. */
static int say_clock(struct evidence *e, size_t clock)
{
	const struct align_tie *t = align_tie(e->align, clock);
	const char *name = clock_name(e, clock);
	char off[UNITS_LEN + 1], drift[UNITS_LEN];

	signed_duration(off, t->offset_ns);
	units_duration(drift, t->drift_ns);
	switch (t->kind) {
	case ALIGN_NONE:
		return meta_addf(
			&e->clock, "clock",
			"nothing ties the clock of %s to the others: a recording "
			"has no clock pair, and no migration is seen on both sides; its times and "
			"theirs do not compare",
			name);
	case ALIGN_SAME:
		return 0;
	case ALIGN_REALTIME:
		return meta_addf(
			&e->clock, "clock",
			"by CLOCK_REALTIME of both hosts: the times of %s are moved by %s%s%s%s",
			name, off, t->drift_ns ? "; meanwhile the clocks drifted by " : "",
			t->drift_ns ? drift : "",
			t->stepped || align_tie(e->align, align_reference(e->align))->stepped ?
				"; CLOCK_REALTIME was set during the capture, its last value counts" :
				"");
	default:
		return meta_addf(&e->clock, "clock",
				 "by causality alone, for a recording has no clock pair: %s "
				 "on the times of %s, the way between the hosts taken for nothing",
				 off, name);
	}
}

/* And how far that may be off. */
static int say_bound(struct evidence *e, size_t clock)
{
	const struct align_tie *t = align_tie(e->align, clock);
	/* Between two there is only one that it can be about. */
	const char *name = align_n(e->align) > 2 ? clock_name(e, clock) : "";
	const char *sep = *name ? ": " : "";
	char in[UNITS_LEN], by[UNITS_LEN];
	uint64_t correction = (uint64_t)(t->correction_ns < 0 ? -(uint64_t)t->correction_ns :
								(uint64_t)t->correction_ns);

	if (t->kind == ALIGN_SAME || t->kind == ALIGN_NONE)
		return 0;
	if (!t->has_way[ALIGN_IN] && !t->has_way[ALIGN_OUT])
		return meta_addf(&e->clock, "bound",
				 "%s%snot known: no stream is seen on both hosts from its first "
				 "byte to its last, by which causality could check the clocks",
				 name, sep);
	if (t->contradicts)
		return meta_addf(&e->clock, "bound",
				 "%s%sno offset fits the migrations in both directions: the "
				 "middle was taken, times of the hosts do not compare",
				 name, sep);
	if (t->kind == ALIGN_CAUSALITY || !t->has_way[ALIGN_IN])
		return meta_addf(&e->clock, "bound", "%s%s%u stream%s seen on both sides", name,
				 sep, t->streams, t->streams == 1 ? " is" : "s are");
	if (t->correction_ns)
		return meta_addf(
			&e->clock, "bound",
			"%s%sthe clocks were wrong by %s at least: bytes would have "
			"been written before they were read; corrected by that, a downtime is the "
			"shortest that can be",
			name, sep, units_duration(by, correction));
	return meta_addf(
		&e->clock, "bound",
		"%s%scausality: the quickest bytes took %s from read() to write(), "
		"so a downtime over both hosts is at most that much too long; how much too short%s%s",
		name, sep, units_duration(in, (uint64_t)t->way_ns[ALIGN_IN]),
		t->has_way[ALIGN_OUT] ? ": " : ", nothing in these recordings can prove",
		t->has_way[ALIGN_OUT] ? units_duration(by, (uint64_t)t->way_ns[ALIGN_OUT]) : "");
}

/* What a merged recording says of itself, with the files' own words. */
static int say_merged(struct evidence *e, const struct meta *m, uint64_t *bound)
{
	const char *said = meta_get(m, "clock.bound");
	uint64_t ns = 0;
	size_t i;
	int err = 0;

	for (i = 0; i < m->n && !err; i++) {
		const char *key = m->entries[i].key, *value = m->entries[i].value;

		if (!strcmp(key, "merged") && !strncmp(value, "clock: ", 7)) {
			err = meta_add(&e->clock, "clock", value + 7);
			/* Clocks that were tied, and nobody says how well. */
			if (!strncmp(value + 7, "by ", 3) && !said)
				ns = UINT64_MAX;
		} else if (!strcmp(key, "merged") && !strncmp(value, "bound: ", 7)) {
			err = meta_add(&e->clock, "bound", value + 7);
		}
	}
	if (said && units_parse_u64(said, &ns))
		ns = UINT64_MAX;
	if (ns > *bound)
		*bound = ns;
	return err;
}

/* What it means for the times of day that are printed. */
static int say_steps(struct evidence *e)
{
	char by[UNITS_LEN + 1], from[UNITS_LEN], to[UNITS_LEN], more[40] = "";
	uint64_t first = model_first_ns(e->model);
	struct clock_step s;
	uint32_t n = model_clock_steps(e->model, &s);

	if (!n)
		return 0;
	if (n > 1)
		snprintf(more, sizeof(more), ", and %" PRIu32 " more time%s", n - 1,
			 n == 2 ? "" : "s");
	return meta_addf(
		&e->clock, "step",
		"CLOCK_REALTIME was set (or the machine slept) by %s between +%s and +%s%s: "
		"times of day are what it showed then",
		signed_duration(by, s.by_ns), units_duration(from, sat_sub(s.from_ns, first)),
		units_duration(to, sat_sub(s.to_ns, first)), more);
}

uint64_t evidence_join_bound_ns(const struct evidence *e)
{
	return e->view.bound_ns < 1000000000ULL ? e->view.bound_ns : 1000000000ULL;
}

int evidence_say_clocks(struct evidence *e)
{
	uint64_t bound = e->align ? align_bound_ns(e->align) : 0;
	size_t i;
	int err = 0;

	for (i = 0; e->align && i < align_n(e->align) && !err; i++)
		err = say_clock(e, i) ?: say_bound(e, i);
	for (i = 0; i < e->n && !err; i++)
		err = say_merged(e, evidence_meta(e, i), &bound);
	if (!err && e->model)
		err = say_steps(e);
	e->view.bound_ns = bound;
	e->view.clock = &e->clock;
	return err ? cmd_fail(EXIT_BAD_FILE, "out of memory") : 0;
}

/* ---- several files ---- */

static int keep_meta(struct evidence *e, struct evidence_file *f, const struct meta *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (meta_add(&f->meta, m->entries[i].key, m->entries[i].value))
			return -ENOMEM;
	f->part = host_parts(m, &f->n_parts);
	f->number = f->part ? calloc(f->n_parts, sizeof(*f->number)) : NULL;
	if (!f->number)
		return -ENOMEM;
	for (i = 0; i < f->n_parts; i++)
		if (hosts_number(&e->hosts, &f->part[i], &f->number[i]))
			return -ENOMEM;
	return 0;
}

/* The first pass over one. */
static int scan(struct evidence *e, size_t i)
{
	struct evidence_file *f = &e->file[i];
	struct event_source *src = NULL;
	int err, status;

	if (is_pipe(f->path)) {
		status = spool(f);
		if (status)
			return status;
	}
	status = open_file(f, &src);
	if (status)
		return status;
	err = align_scan(e->align, src);
	if (!err)
		err = keep_meta(e, f, src->ops->meta(src));
	if (err)
		status = cmd_fail(EXIT_BAD_FILE, "%s",
				  err == -ENOMEM ? "out of memory" : src->ops->error(src));
	else if (f->n_parts == 1 && !f->part[0].host)
		align_span(e->align, i, &f->part[0].first_ns, &f->part[0].last_ns);
	src->ops->health(src, &f->scanned);
	src->ops->close(src);
	return status;
}

/* What one of the files holds of one host, as far as it says. */
struct share {
	const char *boot, *name;
	uint64_t first_ns, last_ns;  /* on the host's own clock; 0: not known */
	uint64_t from_real, to_real; /* CLOCK_REALTIME, of the whole file; 0: not known */
};

/* The shares of a file, one at a time. */
static bool share_of(const struct evidence *e, size_t file, size_t i, struct share *s)
{
	const struct evidence_file *f = &e->file[file];
	uint64_t first, last;

	memset(s, 0, sizeof(*s));
	if (i >= f->n_parts)
		return false;
	align_span(e->align, file, &first, &last);
	if (!first || !align_wall(e->align, file, first, &s->from_real) ||
	    !align_wall(e->align, file, last, &s->to_real))
		s->from_real = s->to_real = 0;
	s->boot = f->part[i].boot;
	s->name = f->part[i].name;
	s->first_ns = f->part[i].first_ns;
	s->last_ns = f->part[i].last_ns;
	return true;
}

/* Do both hold the same?  Then *@from and *@to say when, on the wall clock where @wall. */
static bool is_twice(const struct share *a, const struct share *b, bool *wall, uint64_t *from,
		     uint64_t *to)
{
	*wall = !*a->boot || !*b->boot;
	if (!*wall && strcmp(a->boot, b->boot))
		return false;
	/* Who says no boot is known by his name and the time of day. */
	if (*wall && !*a->boot && !*b->boot && a->first_ns && a->first_ns == b->first_ns &&
	    a->last_ns == b->last_ns)
		*wall = false;
	else if (*wall && (host_is_nobody(a->name) || strcmp(a->name, b->name)))
		return false;
	if (*wall) {
		*from = a->from_real > b->from_real ? a->from_real : b->from_real;
		*to = a->to_real < b->to_real ? a->to_real : b->to_real;
		return a->to_real && b->to_real && *from <= *to;
	}
	*from = a->first_ns > b->first_ns ? a->first_ns : b->first_ns;
	*to = a->last_ns < b->last_ns ? a->last_ns : b->last_ns;
	return a->last_ns && b->last_ns && *from <= *to;
}

/* What two files both hold would be counted twice. */
static int refuse_overlap(const struct evidence *e, size_t a, size_t b)
{
	char d[UNITS_LEN], t0[UNITS_LEN], t1[UNITS_LEN], name[TEXT_SAFE_LEN(EVENT_NAME_LEN)];
	struct share p, q;
	uint64_t from, to;
	size_t i, k;
	bool wall;

	for (i = 0; share_of(e, a, i, &p); i++) {
		for (k = 0; share_of(e, b, k, &q); k++) {
			if (!is_twice(&p, &q, &wall, &from, &to))
				continue;
			if (wall) {
				units_rfc3339(t0, from);
				units_rfc3339(t1, to);
			} else {
				snprintf(t0, sizeof(t0), "@%" PRIu64, from);
				snprintf(t1, sizeof(t1), "@%" PRIu64, to);
			}
			return cmd_fail(
				EXIT_USAGE,
				"%s and %s overlap: both hold the same %s of %s, from %s to "
				"%s%s; give only one of them",
				name_of(&e->file[a]), name_of(&e->file[b]),
				units_duration(d, to - from),
				host_is_nobody(p.name) ?
					"one host" :
					text_safe(name, sizeof(name), p.name, strlen(p.name)),
				t0, t1, wall ? "" : " of its CLOCK_MONOTONIC");
		}
	}
	return 0;
}

static int join(struct evidence *e, bool follow)
{
	struct event_source **all = calloc(e->n, sizeof(*all));
	int status = 0;
	size_t i;

	if (!all)
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	for (i = 0; i < e->n && !status; i++) {
		status = open_file(&e->file[i], &all[i]);
		e->file[i].src = all[i];
	}
	if (status) {
		for (i = 0; i < e->n; i++) {
			if (all[i])
				all[i]->ops->close(all[i]);
			e->file[i].src = NULL;
		}
		goto out;
	}
	if (!follow) {
		for (i = 0; align_clock_of(e->align, i) != align_reference(e->align); i++)
			;
		e->how = (struct merge_opts){
			.clock = i,
			.to_clock = align_time,
			.arg = e->align,
			.cut_is_loss = true,
		};
	}
	if (merge_open(&e->src, all, e->n, follow ? NULL : &e->how)) {
		for (i = 0; i < e->n; i++)
			e->file[i].src = NULL;
		status = cmd_fail(EXIT_BAD_FILE, "out of memory");
	}
out:
	free(all);
	return status;
}

static int open_several(struct evidence *e)
{
	size_t i, k;
	int status;

	e->align = align_create();
	if (!e->align)
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	for (i = 0; i < e->n; i++) {
		status = scan(e, i);
		for (k = 0; k < i && !status; k++)
			status = refuse_overlap(e, k, i);
		if (status)
			return status;
	}
	if (align_clocks(e->align))
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	return join(e, false);
}

int evidence_open(struct evidence *e, char *const *paths, size_t n, enum evidence_use use)
{
	bool pipes = false;
	size_t i, in = 0;
	int status;

	memset(e, 0, sizeof(*e));
	e->file = calloc(n, sizeof(*e->file));
	e->files = calloc(n, sizeof(*e->files));
	if (!e->file || !e->files)
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	for (e->n = 0; e->n < n; e->n++) {
		e->file[e->n].path = paths[e->n];
		e->file[e->n].spool = -1;
		in += !strcmp(paths[e->n], "-");
	}
	if (in > 1)
		return cmd_fail(EXIT_USAGE, "only one recording can come on standard input");
	for (i = 0; i < n; i++)
		pipes |= is_pipe(paths[i]);
	if (n == 1) {
		status = use == EVIDENCE_TWICE && pipes ? spool(&e->file[0]) : 0;
		if (!status)
			status = open_file(&e->file[0], &e->src);
		e->file[0].src = e->src;
	} else {
		status = use == EVIDENCE_FOLLOW && pipes ? join(e, true) : open_several(e);
	}
	e->recorded = e->src;
	return status;
}

void evidence_close(struct evidence *e)
{
	size_t i;

	vmm_words_destroy(e->words);
	trends_destroy(e->trends);
	judge_destroy(e->judge);
	model_destroy(e->model);
	if (e->src)
		e->src->ops->close(e->src);
	for (i = 0; e->file && i < e->n; i++) {
		if (e->file[i].spool >= 0)
			close(e->file[i].spool);
		meta_clear(&e->file[i].meta);
		free(e->file[i].part);
		free(e->file[i].number);
		free(e->file[i].hosts);
	}
	free(e->file);
	free(e->files);
	align_destroy(e->align);
	hosts_free(&e->hosts);
	meta_clear(&e->clock);
}

int evidence_parts(const struct evidence *e, size_t file, struct meta *out)
{
	const struct evidence_file *f = &e->file[file];
	struct host_part p;
	size_t i;

	for (i = 0; i < f->n_parts; i++) {
		p = f->part[i];
		p.host = f->number[i];
		if (host_part_add(out, &p))
			return -ENOMEM;
	}
	return 0;
}

/* ---- reading ---- */

static int count(struct evidence *e, const struct event *ev)
{
	size_t from = e->n > 1 ? merge_from(e->recorded) : 0;
	struct view_file *v = &e->files[from];
	uint32_t *h;
	size_t i;

	/* A line of a log is of none of the files. */
	if (!event_kind_is_public(ev->kind) || (e->logs && vmm_log_is_line(e->src)))
		return 0;
	if (!v->events++)
		v->first_ns = ev->t_ns;
	if (event_end_ns(ev) > v->last_ns)
		v->last_ns = event_end_ns(ev);
	v->calls += event_calls(ev);
	if (event_is_hole(ev)) {
		v->lost += ev->loss.count;
		v->loss_places++;
	}
	for (i = 0; i < v->n_hosts; i++)
		if (v->hosts[i] == ev->host)
			return 0;
	h = realloc(e->file[from].hosts, (v->n_hosts + 1) * sizeof(*h));
	if (!h)
		return -ENOMEM;
	h[v->n_hosts++] = ev->host;
	v->hosts = e->file[from].hosts = h;
	return 0;
}

static int feed(struct evidence *e, const struct evidence_opts *o, const struct event *ev)
{
	struct event_context ctx;
	int err;

	err = count(e, ev);
	if (!err)
		err = model_feed(e->model, ev, &ctx);
	if (!err && e->judge)
		err = judge_feed(e->judge, e->model, ev, &ctx);
	if (!err && ev->kind == EV_MARK)
		err = vmm_words_take(e->words, ev);
	if (!err && e->trends)
		err = trends_event(e->trends, e->model, ev, &ctx);
	if (!err && o->each)
		err = o->each(o->arg, e->model, ev, &ctx);
	return err;
}

static int broken(const struct evidence *e, int err)
{
	/* A source begins what it says with its name. */
	return cmd_fail(EXIT_BAD_FILE, "%s",
			err == -ENOMEM ? "out of memory" : e->src->ops->error(e->src));
}

/*
 * What is expected of the migrations that were asked for: how many completed, and
 * may there be more, in what was lost or in what has no end here?
 */
static int judge_expected(struct evidence *e, const struct view_options *asked)
{
	struct outcomes n;
	bool hole;

	outcomes_of(&e->view, asked, &n);
	hole = model_loss(e->model)->places || health_damaged(&e->health) ||
	       n.completed + n.unfinished >= judge_options(e->judge)->expect_completed;
	return judge_expectation(e->judge, n.completed, hole);
}

static int finish(struct evidence *e, const struct evidence_opts *o)
{
	struct view_options asked = { .migration = o->migration };
	struct judge_evidence je = {
		.health = &e->health,
		.meta = e->src->ops->meta(e->src),
		.migration = o->migration,
	};
	int err;

	e->src->ops->health(e->src, &e->health);
	if (!e->judge)
		return 0;
	if (o->window) {
		asked.window = *o->window;
		je.from_ns = time_window_begin_ns(o->window, e->model);
	}
	err = judge_finish(e->judge, e->model, &je);
	return err ? err : judge_expected(e, &asked);
}

static void fill_view(struct evidence *e)
{
	size_t i;

	for (i = 0; i < e->n; i++) {
		struct view_file *v = &e->files[i];

		v->path = e->file[i].path;
		v->meta = evidence_meta(e, i);
		e->file[i].src->ops->health(e->file[i].src, &e->file[i].health);
		v->health = &e->file[i].health;
	}
	e->view.files = e->files;
	e->view.n_files = e->n;
	e->view.meta = e->src->ops->meta(e->src);
	e->view.health = &e->health;
	e->view.model = e->model;
	e->view.judge = e->judge;
	e->view.trends = e->trends;
	e->view.words = e->words;
}

void evidence_tell_damage(const struct evidence *e)
{
	struct source_health h = { 0 };
	char size[UNITS_LEN];
	size_t i;

	for (i = 0; i < e->n; i++) {
		e->file[i].src->ops->health(e->file[i].src, &h);
		if (health_unreadable(&h))
			cmd_note("%s: %s of the recording cannot be read%s", name_of(&e->file[i]),
				 units_size(size, h.bytes_skipped, false),
				 h.over_budget ?
					 ": it names more events, devices, streams or processes than a recording of "
					 "its size can have seen" :
					 "");
		if (!h.ended)
			cmd_note("%s: the recording did not end cleanly: what came last is missing",
				 name_of(&e->file[i]));
	}
}

int evidence_read(struct evidence *e, const struct evidence_opts *o)
{
	bool over = false;
	struct event ev;
	int err, fed;

	e->model = model_create();
	e->judge = o->without_judge ? NULL : judge_create(o->judge);
	e->trends = o->with_trends ? trends_create() : NULL;
	e->words = vmm_words_create();
	if (!e->model || !e->words || (!o->without_judge && !e->judge) ||
	    (o->with_trends && !e->trends))
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	while ((err = e->src->ops->next(e->src, &ev, -1)) >= 0) {
		if (!err)
			continue; /* a signal, on a pipe */
		/*
		 * The first event tells when the evidence began, so it is inside or
		 * nothing is.  Beyond the window only damage is still of interest.
		 */
		if (o->window && !over && event_kind_is_public(ev.kind))
			over = time_window_is_over(o->window, e->model, &ev);
		if (over || (o->window && ev.kind == EV_CLOCK && model_first_ns(e->model) &&
			     time_window_is_over(o->window, e->model, &ev)))
			continue;
		fed = feed(e, o, &ev);
		if (fed == -EIO)
			return EXIT_BAD_FILE;
		if (fed)
			return broken(e, fed);
	}
	if (err != -ENODATA)
		return broken(e, err);
	/* Sides are joined as far as the clocks allow: a bound beyond a second tells nothing. */
	if (evidence_say_clocks(e))
		return EXIT_BAD_FILE;
	model_set_clock_bound(e->model, evidence_join_bound_ns(e));
	e->view.model = e->model;
	if (finish(e, o))
		return broken(e, -ENOMEM);
	fill_view(e);
	return 0;
}

static int again(struct evidence *e, const struct evidence_opts *o, struct model *m)
{
	struct event_context ctx;
	struct event ev;
	int err = 0;

	while ((err = e->src->ops->next(e->src, &ev, -1)) >= 0) {
		if (!err)
			continue;
		/* Of a recording that is still written there is more by now. */
		if (event_kind_is_public(ev.kind) && model_events(m) == model_events(e->model))
			return 0;
		err = model_feed(m, &ev, &ctx);
		if (!err)
			err = o->each(o->arg, m, &ev, &ctx);
		if (err == -EIO)
			return EXIT_BAD_FILE;
		if (err)
			return broken(e, err);
	}
	return err < 0 && err != -ENODATA ? broken(e, err) : 0;
}

int evidence_again(struct evidence *e, const struct evidence_opts *o)
{
	/* The view has what belongs to the sources of the first time. */
	struct event_source *first = e->src, **of = calloc(e->n, sizeof(*of));
	struct model *m = model_create();
	int status;
	size_t i;

	if (!m || !of) {
		status = cmd_fail(EXIT_BAD_FILE, "out of memory");
		goto out;
	}
	for (i = 0; i < e->n; i++)
		of[i] = e->file[i].src;
	e->src = NULL;
	status = e->n == 1 ? open_file(&e->file[0], &e->src) : join(e, false);
	if (!status)
		status = again(e, o, m);
	if (e->src)
		e->src->ops->close(e->src);
	e->src = first;
	for (i = 0; i < e->n; i++)
		e->file[i].src = of[i];
out:
	model_destroy(m);
	free(of);
	return status;
}
