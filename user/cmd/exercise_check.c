// SPDX-License-Identifier: GPL-2.0-only
/*
 * exercise_check.c - exercise --check: a child drives, this process records it
 * and then judges the recording as `check` does
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/evidence.h"
#include "cmd/exercise.h"
#include "cmd/keep.h"
#include "cmd/watch.h"
#include "recording/fold.h"
#include "util/mono.h"

struct watched {
	struct exercise_opts *o;
	struct capture *capture;
	struct event_source *src;
	struct keep *keep;
	struct fold *fold;
	pid_t child;
	int go; /* a byte, and the child begins */
	int child_status;
	char path[4096];
	bool temporary;
};

/*
 * A change of state, a reset or a write that is out for so long, or any call
 * after a signal asked for the end, does not come back.
 */
#define LOOK_NS	     50000000ULL
#define STUCK_NS     20000000000ULL
#define SIGNALLED_NS 5000000000ULL

/* Behind the recording there is nobody. */
static int put_nowhere(struct event_sink *sink, const struct event *ev)
{
	(void)sink;
	(void)ev;
	return 0;
}

static struct event_sink nowhere = { .put = put_nowhere };

static int choose_path(struct watched *w)
{
	const char *dir = getenv("TMPDIR");
	int fd;

	if (w->o->output) {
		snprintf(w->path, sizeof(w->path), "%s", w->o->output);
		if (!strcmp(w->path, "-"))
			return cmd_fail(EXIT_USAGE,
					"exercise: the recording of --check goes to a file");
		return keep_check(w->path, w->o->force);
	}
	snprintf(w->path, sizeof(w->path), "%.3800s/vfioscope-exercise.XXXXXX",
		 dir ? dir : "/var/tmp");
	fd = mkostemp(w->path, O_CLOEXEC);
	if (fd < 0)
		return cmd_fail(EXIT_BAD_FILE, "%s: %s", w->path, strerror(errno));
	close(fd);
	w->temporary = true;
	return 0;
}

static int fork_child(struct watched *w)
{
	int ends[2], status;
	char byte;

	if (pipe2(ends, O_CLOEXEC))
		return cmd_fail(EXIT_NO_ATTACH, "pipe: %s", strerror(errno));
	fflush(NULL);
	w->child = fork();
	if (w->child < 0) {
		close(ends[0]);
		close(ends[1]);
		return cmd_fail(EXIT_NO_ATTACH, "fork: %s", strerror(errno));
	}
	if (w->child) {
		close(ends[0]);
		w->go = ends[1];
		return 0;
	}
	close(ends[1]);
	/* Nobody watches any more: no device is left to itself. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	status = EXIT_NO_ATTACH;
	if (read(ends[0], &byte, 1) == 1)
		status = exercise_drive(w->o, stderr);
	fflush(NULL);
	_exit(status);
}

/* Until the child has ended and all that it did was seen. */
static int follow(struct watched *w)
{
	struct event_sink *sink = fold_sink(w->fold);
	uint64_t now, signalled = 0, looked = 0;
	bool over = false;
	struct event ev;
	int n, err = 0;

	for (;;) {
		n = w->src->ops->next(w->src, &ev, over ? 0 : 50);
		if (n < 0)
			return n == -ENODATA ? fold_flush(w->fold) : n;
		if (n > 0) {
			err = sink->put(sink, &ev);
			if (err)
				return err;
			if (!over && ev.kind == EV_STUCK && ev.stuck.call != EV_READ &&
			    ev.stuck.call != EV_POLL && ev.stuck.age_ns >= STUCK_NS) {
				over = true;
				capture_stop(w->capture);
			}
		}
		now = mono_ns();
		/* Events may come without end, and a signal between them. */
		if (n > 0 && now - looked < LOOK_NS)
			continue;
		looked = now;
		if (!n) {
			err = fold_tick(w->fold, now);
			if (err)
				return err;
			keep_tick(w->keep, now);
		}
		/* It was sent to this process alone, or to both: twice is once. */
		if (cmd_watch_signal && !signalled) {
			signalled = now;
			kill(w->child, cmd_watch_signal);
		}
		if (over)
			continue;
		if (waitpid(w->child, &w->child_status, WNOHANG) == w->child)
			w->child = 0;
		if (!w->child || (signalled && now - signalled > SIGNALLED_NS)) {
			over = true;
			capture_stop(w->capture);
		}
	}
}

static int record(struct watched *w, int argc, char **argv)
{
	struct cmd_watch filter = { .pid = (uint64_t)w->child };
	char attached[400];
	int status, err;

	status = cmd_watch_open(&filter, &w->o->common, &w->capture);
	if (status)
		return status;
	w->src = capture_source(w->capture);
	status = keep_open(&w->keep,
			   &(struct keep_opts){
				   .path = w->path,
				   .force = w->temporary || w->o->force,
				   .watch = &filter,
				   .src = w->src,
				   .next = &nowhere,
				   .argc = argc,
				   .command = argc,
				   .argv = argv,
			   });
	if (status)
		return status;
	err = fold_open(&w->fold, keep_sink(w->keep), 0);
	if (err)
		return cmd_fail(EXIT_BAD_FILE, "%s", strerror(-err));
	if (w->o->common.verbose) {
		cmd_watch_attached(w->capture, attached, sizeof(attached));
		cmd_note("%s", attached);
	}
	cmd_watch_settle(true, false);
	if (write(w->go, "", 1) != 1)
		return cmd_fail(EXIT_NO_ATTACH, "the process that drives is gone");
	err = follow(w);
	if (!err)
		err = keep_end(w->keep);
	if (keep_error(w->keep))
		return cmd_fail(EXIT_BAD_FILE, "%s", keep_error(w->keep));
	if (err)
		return cmd_fail(EXIT_BAD_FILE, "%s: %s", w->path, strerror(-err));
	return 0;
}

static int judge(struct watched *w, const struct judge_opts *jo)
{
	struct view_options view = { 0 };
	struct judge_opts own = *jo;
	struct evidence_opts how = { .judge = &own };
	struct evidence e;
	char *paths[] = { w->path };
	int status;

	/*
	 * There is no VM: a device that is saved once more to be compared runs on, and its
	 * stream is written to nobody.  What came of each round this command knows itself.
	 */
	own.ignore[RULE_RAN_AGAIN] = own.ignore[RULE_EVIDENCE_ENDS] = true;
	status = evidence_open(&e, paths, 1, EVIDENCE_ONCE);
	if (!status)
		status = evidence_read(&e, &how);
	if (!status) {
		if (w->temporary)
			e.files[0].path = w->o->plan.device;
		view.color = text_use_color(w->o->common.color, stdout);
		if (w->o->format == EXERCISE_JSON)
			check_json(stdout, &e.view, &view);
		else if (w->o->format == EXERCISE_JUNIT)
			check_junit(stdout, &e.view, &view);
		else
			check_text(stdout, &e.view, &view);
		status = cmd_close_output(stdout, cmd_judging_status(view_verdict(&e.view, &view)));
	}
	evidence_close(&e);
	return status;
}

/*
 * It waits for its beginning, or drives a device that is to be left in order, or
 * hangs in the kernel, where only the driver could let it go.
 */
static void end_child(struct watched *w)
{
	int i;

	kill(w->child, SIGTERM);
	for (i = 0; i < 100; i++) {
		if (waitpid(w->child, &w->child_status, WNOHANG) == w->child)
			return;
		if (i == 50)
			kill(w->child, SIGKILL);
		usleep(50000);
	}
	cmd_note("process %d hangs in the kernel and is left behind", (int)w->child);
	w->child_status = W_EXITCODE(EXIT_FINDINGS, 0);
}

int exercise_check(struct exercise_opts *o, int argc, char **argv)
{
	struct watched w = { .o = o, .go = -1 };
	struct judge_opts jo;
	int status, drove = EXIT_OK;

	status = cmd_judging_options(&o->judging, &jo);
	if (!status)
		status = choose_path(&w);
	if (!status)
		status = fork_child(&w);
	if (!status)
		status = record(&w, argc, argv);
	if (w.go >= 0)
		close(w.go);
	if (w.child > 0)
		end_child(&w);
	fold_close(w.fold);
	keep_close(w.keep);
	cmd_watch_close(w.capture);
	if (!status) {
		drove = WIFEXITED(w.child_status) ? WEXITSTATUS(w.child_status) :
						    128 + WTERMSIG(w.child_status);
		/* What could not be driven is told; there is nothing to judge. */
		status = drove && drove != EXIT_FINDINGS ? drove : judge(&w, &jo);
		if (!status)
			status = drove;
	}
	if (w.temporary)
		unlink(w.path);
	return status;
}
