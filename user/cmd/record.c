// SPDX-License-Identifier: GPL-2.0-only
/*
 * record.c - headless capture into a recording
 *
 * Events go from the capture through the fold into the writer, and past the
 * model, which counts what the summary tells.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd/each.h"
#include "cmd/judging.h"
#include "cmd/keep.h"
#include "cmd/metrics_out.h"
#include "cmd/watch.h"
#include "recording/fold.h"
#include "recording/recording.h"
#include "util/mono.h"
#include "util/notify.h"
#include "util/units.h"

/* As timeout(1): the capture failed, the command could not be run or found. */
#define STATUS_CAPTURE_FAILED 125
#define STATUS_CANNOT_RUN     126
#define STATUS_NOT_FOUND      127

#define LINGER_MAX_NS 10000000000ULL

#define WAIT_MS	  50
#define IDLE_MS	  5000
#define TICK_NS	  10000000ULL
#define STATUS_NS 5000000000ULL

struct record_opts {
	struct cmd_common common;
	struct cmd_watch watch;
	const char *output;
	bool force;
	uint64_t duration;
	uint64_t migrations;
	uint64_t linger;
	uint64_t ready_fd; /* 0: none */
	bool record_args;
	const char *each; /* a directory */
	struct opt_list keep_if;
	struct shelf_limits limits;
	const char *policy, *profile, *metrics;
};

static const struct opt record_opts[] = {
	{ 'o', "output", OPT_STRING, OPT_AT(struct record_opts, output), .arg = "FILE",
	  .help = "the recording; - streams it to stdout (vfioscope-HOST-UTC.vfs)" },
	{ 'f', "force", OPT_FLAG, OPT_AT(struct record_opts, force),
	  .help = "overwrite an existing recording" },
	{ 0, "duration", OPT_DURATION, OPT_AT(struct record_opts, duration),
	  .help = "stop after this long" },
	{ 0, "migrations", OPT_ORDINAL, OPT_AT(struct record_opts, migrations), .arg = "N",
	  .help = "stop when N migrations are over on this host, whatever came of them" },
	{ 0, "linger", OPT_DURATION, OPT_AT(struct record_opts, linger),
	  .help = "after CMD wait this long for what is under way to end (10s, which is the most)" },
	{ 0, "ready-fd", OPT_U64, OPT_AT(struct record_opts, ready_fd), .arg = "FD",
	  .help = "write a line to this descriptor when every hook is attached" },
	{ 0, "record-args", OPT_FLAG, OPT_AT(struct record_opts, record_args),
	  .help = "keep CMD's arguments in the recording, not its name alone: secrets stand in them" },
	{ 0, "each-migration", OPT_STRING, OPT_AT(struct record_opts, each), .arg = "DIR",
	  .help = "go on for ever, and make a recording in DIR of each migration of a VM" },
	{ 0, "keep-if", OPT_LIST, OPT_AT(struct record_opts, keep_if), .arg = "CONDITION[|...]",
	  .help = "of these keep those for which one holds: failed, finding, over-budget, stop>300ms (all)" },
	{ 0, "keep-last", OPT_ORDINAL, OPT_AT(struct record_opts, limits.last), .arg = "N",
	  .help = "drop the oldest when DIR has more than N" },
	{ 0, "keep-size", OPT_SIZE, OPT_AT(struct record_opts, limits.bytes), .arg = "SIZE",
	  .help = "drop the oldest when they have more than SIZE together" },
	{ 0, "keep-age", OPT_DURATION, OPT_AT(struct record_opts, limits.age_ns), .arg = "TIME",
	  .help = "drop what is older than TIME (7d)" },
	{ 0, "policy", OPT_STRING, OPT_AT(struct record_opts, policy), .arg = "FILE",
	  .help = "the budgets of --keep-if over-budget, as check has them" },
	{ 0, "profile", OPT_STRING, OPT_AT(struct record_opts, profile), .arg = "NAME",
	  .help = "of the policy file take the part called [NAME], too" },
	{ 0, "metrics", OPT_STRING, OPT_AT(struct record_opts, metrics), .arg = "FILE|unix:PATH",
	  .help = "keep there what all came to, for Prometheus: a textfile, or a socket" },
	OPT_TABLE(cmd_watch_opts, struct record_opts, watch),
	OPT_TABLE(cmd_common_opts, struct record_opts, common),
	OPT_END,
};

struct recorder {
	struct record_opts o;
	struct capture *capture;
	struct event_source *src;
	struct model *model;
	struct keep *keep; /* one recording of all, or: */
	struct each *each;
	struct metrics_out *metrics;
	struct keep_if keep_if;
	struct judge_opts budgets;
	uint64_t watchdog_ns, fed_ns, told_ns; /* of the service's manager */
	char status[256];
	struct fold *fold;
	struct event_sink *sink; /* the fold's, or the recording's */
	uint64_t begin_ns;
	pid_t child;
	int child_status;
	uint64_t lingers_until; /* CMD has ended; 0: not yet, or there is none */
	bool side_ended;	/* since the migrations were last counted */
	uint64_t ended;		/* migrations, of that count */
	char path[4096];
	bool progress; /* a progress line is on the terminal */
};

/* 0, or the exit code with the error told. */
static int read_budgets(const struct record_opts *o, struct judge_opts *budgets)
{
	struct cmd_judging j = { .command = "record", .policy = o->policy, .profile = o->profile };

	return cmd_judging_options(&j, budgets);
}

static void default_path(char *buf, size_t size)
{
	char host[128] = "host", when[32];
	time_t now = time(NULL);
	struct tm tm;

	gethostname(host, sizeof(host) - 1);
	host[strcspn(host, "/")] = '\0';
	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(buf, size, "vfioscope-%s-%s" RECORDING_SUFFIX, host, when);
}

static void tell_ready(struct recorder *r)
{
	char attached[400];
	int err;

	cmd_watch_attached(r->capture, attached, sizeof(attached));
	if (r->each)
		cmd_note("%s, recording each migration into %s", attached, r->o.each);
	else
		cmd_note("%s, recording to %s", attached,
			 strcmp(r->path, "-") ? r->path : "stdout");
	if (r->o.ready_fd) {
		dprintf((int)r->o.ready_fd, "%s\n", attached);
		/* whoever waits there sees the end of it; ours stay ours */
		if (r->o.ready_fd > STDERR_FILENO)
			close((int)r->o.ready_fd);
	}
	err = notify("READY=1");
	if (err && err != -ECONNREFUSED)
		cmd_note("cannot notify systemd: %s", strerror(-err));
}

static pid_t start_command(struct recorder *r, char **argv)
{
	pid_t pid = fork();
	struct sigaction dfl = { .sa_handler = SIG_DFL };

	if (pid)
		return pid;
	sigaction(SIGINT, &dfl, NULL);
	sigaction(SIGTERM, &dfl, NULL);
	sigaction(SIGPIPE, &dfl, NULL);
	sigaction(SIGXFSZ, &dfl, NULL);
	/* stdout is the recording's */
	if (!strcmp(r->path, "-"))
		dup2(STDERR_FILENO, STDOUT_FILENO);
	execvp(argv[0], argv);
	fprintf(stderr, "vfioscope: %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
}

static void say_each(const struct recorder *r, char *buf, size_t size)
{
	struct each_stats st;

	each_stats(r->each, &st);
	snprintf(buf, size,
		 "%zu under way, %llu kept, %llu dropped, %llu not recorded, %llu events lost",
		 each_under_way(r->each), (unsigned long long)st.kept,
		 (unsigned long long)st.dropped + st.trimmed, (unsigned long long)st.missed,
		 (unsigned long long)st.lost);
}

/* What the service's manager wants to hear. */
static void tell_manager(struct recorder *r, uint64_t now)
{
	char text[256] = "STATUS=";

	if (r->watchdog_ns && now - r->fed_ns >= r->watchdog_ns / 4) {
		r->fed_ns = now;
		notify("WATCHDOG=1");
	}
	if (now - r->told_ns < STATUS_NS)
		return;
	r->told_ns = now;
	say_each(r, text + strlen(text), sizeof(text) - strlen(text));
	if (!strcmp(text, r->status))
		return;
	notify(text);
	snprintf(r->status, sizeof(r->status), "%s", text);
}

/* SIGUSR2: what is under way goes on under the old policy. */
static void reload(struct recorder *r, uint64_t now)
{
	struct judge_opts fresh;
	char text[80];

	if (!cmd_watch_reload)
		return;
	cmd_watch_reload = 0;
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu",
		 (unsigned long long)(now / 1000));
	notify(text);
	if (!read_budgets(&r->o, &fresh)) {
		r->budgets = fresh;
		cmd_note("the policy, the clock and the limits are looked at anew");
	}
	each_reload(r->each);
	notify("READY=1");
}

static void show_progress(struct recorder *r, uint64_t now)
{
	struct recording_writer_stats st;
	char size[UNITS_LEN], text[200];

	r->progress = true;
	if (r->each) {
		say_each(r, text, sizeof(text));
		fprintf(stderr, "\r\033[K%llu s  %s",
			(unsigned long long)((now - r->begin_ns) / 1000000000), text);
		return;
	}
	keep_stats(r->keep, &st);
	units_size(size, st.bytes, false);
	fprintf(stderr, "\r\033[K%llu s  %llu events  %s  lost %llu  migrations %u",
		(unsigned long long)((now - r->begin_ns) / 1000000000),
		(unsigned long long)st.events, size, (unsigned long long)st.lost,
		model_migrations(r->model));
}

static void end_progress(struct recorder *r)
{
	if (r->progress)
		fputs("\r\033[K", stderr);
	r->progress = false;
}

/*
 * Migrations whose sides on this host are over; of one whose both sides are here that
 * is one.  What was counted as two may turn out to be one as the second side's bytes
 * come in, so it is counted anew.
 */
static uint64_t migrations_ended(struct recorder *r)
{
	struct each_stats st;
	uint32_t i;

	if (r->each) {
		each_stats(r->each, &st);
		return st.ended;
	}
	if (!r->side_ended)
		return r->ended;
	r->side_ended = false;
	r->ended = 0;
	for (i = 1; i <= model_migrations(r->model); i++)
		r->ended += model_migration(r->model, i)->ended;
	return r->ended;
}

static bool is_side_under_way(const struct recorder *r)
{
	uint32_t i;

	if (r->each)
		return each_under_way(r->each);
	for (i = model_sides(r->model); i; i--)
		if (!model_side_peek(r->model, i)->ended)
			return true;
	return false;
}

static int take(struct recorder *r, const struct event *ev)
{
	struct event_context ctx;
	int err;

	/* It has a model of its own, of what the fold leaves. */
	if (r->each)
		return r->sink->put(r->sink, ev);
	err = model_feed(r->model, ev, &ctx);
	if (err)
		return err;
	r->side_ended |= ctx.side_ended;
	return r->sink->put(r->sink, ev);
}

/* A signal to us is for the command, which has our terminal's SIGINT already. */
static void pass_signal(struct recorder *r)
{
	if (cmd_watch_signal && cmd_watch_signal != SIGINT)
		kill(r->child, cmd_watch_signal);
	cmd_watch_signal = 0;
}

/* The command's end, and what a signal means while it runs. */
static void look_after_command(struct recorder *r, uint64_t now)
{
	if (waitpid(r->child, &r->child_status, WNOHANG) == r->child) {
		r->child = 0;
		/* A VMM cleans up after it said "completed". */
		r->lingers_until = now + r->o.linger;
		return;
	}
	pass_signal(r);
}

/* True when the capture has done what it was asked to; @idle: nothing waits to be read. */
static bool is_over(struct recorder *r, uint64_t now, bool idle)
{
	if (r->child > 0)
		look_after_command(r, now);
	else if (cmd_watch_signal)
		return true;
	if (r->lingers_until && (now >= r->lingers_until || (idle && !is_side_under_way(r))))
		return true;
	if (r->o.duration && now - r->begin_ns >= r->o.duration)
		return true;
	return r->o.migrations && migrations_ended(r) >= r->o.migrations;
}

/* Of one recording, or of many. */
static int tick(struct recorder *r, uint64_t now)
{
	int err = r->fold ? fold_tick(r->fold, now) : 0;

	if (err || !r->each)
		return err ?: keep_tick(r->keep, now);
	err = each_tick(r->each, now);
	capture_idle(r->capture, !each_under_way(r->each));
	reload(r, now);
	tell_manager(r, now);
	metrics_out_tick(r->metrics, r->each, now);
	return err;
}

/* How long to wait for an event, in ms: nobody is woken for nothing. */
static int patience(const struct recorder *r)
{
	uint64_t ms = IDLE_MS;

	if (!r->each || r->child > 0 || each_under_way(r->each))
		return WAIT_MS;
	if (r->watchdog_ns && r->watchdog_ns / 4000000 < ms)
		ms = r->watchdog_ns / 4000000;
	if (r->o.duration && r->o.duration / 1000000 < ms)
		ms = r->o.duration / 1000000;
	return ms < WAIT_MS ? WAIT_MS : (int)ms;
}

static int run(struct recorder *r)
{
	bool progress = isatty(STDERR_FILENO) && !r->o.common.quiet && !r->child;
	uint64_t now, looked = 0, shown = 0;
	unsigned int since = 0;
	struct event ev;
	int n, err;

	for (;;) {
		n = r->src->ops->next(r->src, &ev, patience(r));
		if (n < 0)
			return n;
		if (n > 0) {
			err = take(r, &ev);
			if (err)
				return err;
			/* At a million events a second the clock is not read for each. */
			if (++since < 256 && event_end_ns(&ev) < looked + TICK_NS)
				continue;
		}
		since = 0;
		now = mono_ns();
		if (now - looked < TICK_NS)
			continue;
		looked = now;
		cmd_watch_let_go(r->capture);
		err = tick(r, now);
		if (err)
			return err;
		if (progress && now - shown > 1000000000) {
			shown = now;
			show_progress(r, now);
		}
		if (is_over(r, now, !n))
			return 0;
	}
}

/* Take what happened before the end, and make the recording whole. */
static int finish(struct recorder *r)
{
	struct event ev;
	int n, err;

	capture_stop(r->capture);
	while ((n = r->src->ops->next(r->src, &ev, 0)) > 0) {
		err = take(r, &ev);
		if (err)
			return err;
	}
	/* An END would say that nothing is missing. */
	if (n != -ENODATA)
		return n < 0 ? n : -EIO;
	err = r->fold ? fold_flush(r->fold) : 0;
	if (err || !r->each)
		return err ?: keep_end(r->keep);
	each_end(r->each);
	metrics_out_end(r->metrics, r->each);
	return 0;
}

static void summarise_each(struct recorder *r)
{
	struct each_stats st;
	char size[UNITS_LEN];

	each_stats(r->each, &st);
	units_size(size, st.bytes, false);
	cmd_note("%llu migration%s: %llu kept (%s), %llu dropped, %llu not recorded, "
		 "%llu cut short; %llu events, %llu lost",
		 (unsigned long long)st.begun, st.begun == 1 ? "" : "s",
		 (unsigned long long)st.kept, size, (unsigned long long)st.dropped,
		 (unsigned long long)st.missed, (unsigned long long)st.cut,
		 (unsigned long long)st.events, (unsigned long long)st.lost + st.events_missed);
}

static void summarise(struct recorder *r)
{
	struct recording_writer_stats st;
	char moved[UNITS_LEN], size[UNITS_LEN];
	uint64_t bytes = 0;
	uint32_t i;

	if (r->each) {
		summarise_each(r);
		return;
	}
	for (i = 1; i <= model_sessions(r->model); i++)
		bytes += model_session(r->model, i)->bytes_total;
	keep_stats(r->keep, &st);
	units_size(moved, bytes, false);
	units_size(size, st.bytes, false);
	cmd_note("%llu events (%s), %llu lost, %s moved, %u migration%s",
		 (unsigned long long)st.events, size, (unsigned long long)st.lost, moved,
		 model_migrations(r->model), model_migrations(r->model) == 1 ? "" : "s");
}

static int command_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* With a command, whatever kept the capture from its work is 125. */
static int failed(bool with_command, int status)
{
	return with_command ? STATUS_CAPTURE_FAILED : status;
}

/* The command alone decides what a signal means. */
static int wait_command(struct recorder *r)
{
	while (r->child > 0 && waitpid(r->child, &r->child_status, 0) < 0 && errno == EINTR)
		pass_signal(r);
	return command_status(r->child_status);
}

/* What is recorded no more is counted, as far as it came. */
static void count_missed(struct recorder *r)
{
	struct event ev;

	if (!r->keep)
		return;
	capture_stop(r->capture);
	while (r->src->ops->next(r->src, &ev, 0) > 0)
		keep_missed(r->keep, event_kind_is_public(ev.kind));
}

/* 0, or the exit code with the error told. */
static int check_each(struct recorder *r)
{
	int status = keep_if_parse(&r->keep_if, &r->o.keep_if);

	if (status)
		return status;
	if (r->o.each && r->o.output)
		return cmd_fail(EXIT_USAGE, "record: --each-migration makes its own names: no -o");
	if (!r->o.each && (r->keep_if.n || r->o.limits.last || r->o.limits.bytes ||
			   r->o.limits.age_ns || r->o.policy || r->o.metrics))
		return cmd_fail(
			EXIT_USAGE,
			"record: --keep-if, --keep-last, --keep-size, --keep-age, --policy and --metrics are of --each-migration");
	if (keep_if_wants_budgets(&r->keep_if) && !r->o.policy)
		return cmd_fail(EXIT_USAGE,
				"record: --keep-if over-budget: over which? --policy FILE");
	return read_budgets(&r->o, &r->budgets);
}

static int check(struct recorder *r)
{
	int status = check_each(r);

	if (status)
		return status;
	if (r->o.output)
		snprintf(r->path, sizeof(r->path), "%s", r->o.output);
	else if (!r->o.each)
		default_path(r->path, sizeof(r->path));
	if (r->o.linger > LINGER_MAX_NS)
		return cmd_fail(EXIT_USAGE, "--linger: 10s at most");
	return r->o.each ? 0 : keep_check(r->path, r->o.force);
}

/* Where it all goes: a recording, or a directory of them. */
static int open_sink(struct recorder *r, int argc, char **argv, int command)
{
	struct each_opts each = {
		.dir = r->o.each,
		.limits = r->o.limits,
		.keep_if = &r->keep_if,
		.budgets = r->o.policy ? &r->budgets : NULL,
		.metrics = metrics_out_sums(r->metrics),
		.watch = &r->o.watch,
		.src = r->src,
		.argc = argc,
		.argv = argv,
		.command = command,
		.cancel = &cmd_watch_signal,
	};
	struct keep_opts keep = {
		.path = r->path,
		.force = r->o.force,
		.watch = &r->o.watch,
		.src = r->src,
		.argc = argc,
		.argv = argv,
		.command = command,
		.cancel = &cmd_watch_signal,
	};
	int status = r->o.each ? each_open(&r->each, &each) : keep_open(&r->keep, &keep);

	if (status)
		return status;
	r->sink = r->each ? each_sink(r->each) : keep_sink(r->keep);
	if (r->o.watch.no_fold)
		return 0;
	if (fold_open(&r->fold, r->sink, 0))
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	r->sink = fold_sink(r->fold);
	return 0;
}

static int record(struct recorder *r, int argc, char **argv, char **command)
{
	bool with_command = command[0] != NULL;
	int err, status = check(r);

	if (status)
		return failed(with_command, status);
	/* Nothing is open yet but what we were given. */
	if (r->o.ready_fd && (r->o.ready_fd > INT_MAX || fcntl((int)r->o.ready_fd, F_GETFD) < 0))
		return failed(with_command, cmd_fail(EXIT_USAGE, "--ready-fd: %llu is not open",
						     (unsigned long long)r->o.ready_fd));
	cmd_watch_signals();
	if (r->o.each)
		cmd_watch_reloads();
	r->watchdog_ns = notify_watchdog_ns();
	r->model = model_create();
	if (!r->model)
		return failed(with_command, cmd_fail(EXIT_NO_ATTACH, "out of memory"));
	r->o.watch.waits = r->o.each != NULL;
	status = cmd_watch_open(&r->o.watch, &r->o.common, &r->capture);
	if (status)
		return failed(with_command, status);
	r->src = capture_source(r->capture);
	/* After the hooks are attached: a capture that cannot begin leaves nothing. */
	if (r->o.metrics)
		status = metrics_out_open(&r->metrics, r->o.metrics);
	if (status)
		return failed(with_command, status);
	status = open_sink(r, argc, argv,
			   r->o.record_args || !with_command ? argc : (int)(command - argv));
	if (status)
		return failed(with_command, status);

	tell_ready(r);
	r->begin_ns = mono_ns();
	if (with_command) {
		r->child = start_command(r, command);
		if (r->child < 0)
			return cmd_fail(STATUS_CAPTURE_FAILED, "cannot start %s: %s", command[0],
					strerror(errno));
	}
	cmd_watch_settle(with_command, metrics_out_serves(r->metrics));
	err = run(r);
	end_progress(r);
	if (!err)
		err = finish(r);
	if (!err) {
		summarise(r);
		/* --duration or --migrations came first: the command goes on. */
		return with_command ? wait_command(r) : EXIT_OK;
	}
	/* The reader of a pipe has all that it wanted. */
	if (err == -EPIPE && !with_command)
		return EXIT_OK;
	count_missed(r);
	if (r->keep && keep_error(r->keep))
		status = cmd_fail(EXIT_BAD_FILE, "%s", keep_error(r->keep));
	else
		status = cmd_fail(EXIT_NO_ATTACH, "%s",
				  r->src->ops->error(r->src)[0] ? r->src->ops->error(r->src) :
								  strerror(-err));
	wait_command(r);
	return failed(with_command, status);
}

int cmd_record(int argc, char **argv)
{
	struct recorder r = { .o.linger = LINGER_MAX_NS };
	int first, status, err;

	first = cmd_parse(&command_record, argc, argv, &r.o, &status);
	if (first < 0)
		return status;
	status = record(&r, argc, argv, argv + first);
	fold_close(r.fold);
	each_close(r.each);
	metrics_out_close(r.metrics);
	err = keep_close(r.keep);
	/* Some file systems tell of a full disk only now. */
	if (err && err != -EPIPE && status == EXIT_OK)
		status = cmd_fail(failed(argv[first], EXIT_BAD_FILE), "%s: %s", r.path,
				  strerror(-err));
	cmd_watch_close(r.capture);
	model_destroy(r.model);
	opt_list_free(&r.o.keep_if);
	opt_list_free(&r.o.watch.inside);
	return status;
}

const struct command command_record = {
	.name = "record",
	.summary = "Record this machine's migrations into a file or a stream",
	.args = "[-- CMD [ARG]...]",
	.text = "Captures until CMD ends, a signal comes, or --duration or --migrations is\n"
		"reached. With CMD the exit status is CMD's, or 125 when the capture failed; what\n"
		"is under way when CMD ends is waited for, --linger long.\n\n"
		"With --each-migration it goes on for ever: DIR gets a recording of each\n"
		"migration of a VM, TIME-VM-OUTCOME.vfs, from before its first sign to after its\n"
		"end; 'vfioscope list DIR' tells of all. SIGUSR2 has --policy, the clock and the\n"
		"limits looked at anew.",
	.examples = "  vfioscope record -o incident.vfs\n"
		    "  vfioscope record --migrations 1 -o - | vfioscope report -\n"
		    "  vfioscope record --each-migration /var/lib/vfioscope --keep-last 500 \\\n"
		    "    --keep-if 'failed|finding|stop>300ms'",
	.opts = record_opts,
	.flags = OPTS_STOP_AT_ARG,
	.privileged = true,
	.run = cmd_record,
};
