// SPDX-License-Identifier: GPL-2.0-only
/*
 * exercise.c - vfioscope exercise: migrations with no VMM
 *
 * The only command that touches a device.
 */
#define _GNU_SOURCE
#include "cmd/exercise.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "cmd/watch.h"
#include "util/json.h"
#include "util/units.h"

#define SEED_UNSET     UINT64_MAX
#define MIGRATIONS_MAX 1000000

static const char *const formats[] = { "text", "json", "junit", NULL };
static const char *const waits[] = { "poll", "spin", "info", NULL };
static const char *const autos[] = { "auto", "off", NULL };
static const char *const cancels[] = { "never", "precopy", "stop-copy", NULL };
static const char *const resets[] = { "never", "precopy", "stop-copy", "resuming", NULL };

static const struct opt opts[] = {
	{ 0, "to", OPT_STRING, OPT_AT(struct exercise_opts, plan.to), .arg = "DEVICE",
	  .help = "load the stream into this device as it comes; else it goes back into its own" },
	{ 0, "with", OPT_STRING, OPT_AT(struct exercise_opts, plan.with), .arg = "DEVICE",
	  .help = "a sibling, opened by the same process, which runs and stops along" },
	{ 0, "no-load", OPT_FLAG, OPT_AT(struct exercise_opts, plan.no_load),
	  .help = "save the state and load it nowhere" },
	{ 0, "switch", OPT_STRING, OPT_AT(struct exercise_opts, switch_), .arg = "POLICY",
	  .help = "when to leave pre-copy: converged (the default), initial, below=SIZE, after=TIME, at-once, or no-precopy" },
	{ 0, "precopy-limit", OPT_DURATION, OPT_AT(struct exercise_opts, plan.policy.limit_ns),
	  .help = "the longest stay in pre-copy, whatever the policy (30s)" },
	{ 0, "bandwidth", OPT_SIZE, OPT_AT(struct exercise_opts, plan.bandwidth),
	  .help = "read no more than this in a second of pre-copy" },
	{ 0, "buffer", OPT_STRING, OPT_AT(struct exercise_opts, buffer), .arg = "SIZE",
	  .help = "how much one read() or write() asks for; 'random': odd sizes (1MiB)" },
	{ 0, "wait", OPT_ENUM, OPT_AT(struct exercise_opts, wait), .values = waits,
	  .help = "on an empty stream: poll it, read it again at once as QEMU does, or ask for an info" },
	{ 0, "p2p", OPT_ENUM, OPT_AT(struct exercise_opts, p2p), .values = autos,
	  .help = "go through the P2P states where the device has them" },
	{ 0, "dirty", OPT_STRING, OPT_AT(struct exercise_opts, dirty), .arg = "REGION[:RATE]",
	  .help = "WRITE noise to this region (a number, as 2 for BAR 2) of each device before, and to the source's at RATE (1MiB a second; max) during pre-copy" },
	{ 0, "compare", OPT_STRING, OPT_AT(struct exercise_opts, compare),
	  .arg = "REGION[:OFFSET[:LENGTH]]|stream",
	  .help = "verify that the region arrives (that of --dirty), or save the state again on both sides and compare the streams" },
	{ 0, "cancel", OPT_ENUM, OPT_AT(struct exercise_opts, cancel), .values = cancels,
	  .help = "go back to RUNNING from there" },
	{ 0, "reset", OPT_ENUM, OPT_AT(struct exercise_opts, reset), .values = resets,
	  .help = "reset the device there" },
	{ 0, "delay", OPT_LIST, OPT_AT(struct exercise_opts, delay), .arg = "WHERE=TIME",
	  .help = "a delay of the VMM's own: read (between reads in STOP_COPY), arc (before it), load (before the final load)" },
	{ 0, "repeat", OPT_ORDINAL, OPT_AT(struct exercise_opts, repeat), .arg = "N",
	  .help = "so many migrations, one after the other (1)" },
	{ 0, "seed", OPT_U64, OPT_AT(struct exercise_opts, plan.seed), .arg = "N",
	  .help = "what decides everything that is random; it is printed" },
	{ 0, "vary", OPT_FLAG, OPT_AT(struct exercise_opts, plan.vary),
	  .help = "each migration another switch, buffer, bandwidth, dirty rate, way to wait; some are cancelled" },
	{ 0, "no-probes", OPT_FLAG, OPT_AT(struct exercise_opts, plan.no_probes),
	  .help = "only the calls of a VMM: no GET_STATE after each step, no look behind the end of the stream" },
	{ 0, "fault", OPT_STRING, OPT_AT(struct exercise_opts, fault), .arg = "NAME",
	  .values = fault_words, .help = "do what a VMM must not do; 'list' tells what each is" },
	{ 0, "check", OPT_FLAG, OPT_AT(struct exercise_opts, check),
	  .help = "record it and judge it, with the output and exit code of 'check'" },
	{ 'o', "output", OPT_STRING, OPT_AT(struct exercise_opts, output), .arg = "FILE",
	  .help = "with --check: keep the recording" },
	{ 'f', "force", OPT_FLAG, OPT_AT(struct exercise_opts, force),
	  .help = "overwrite an existing FILE" },
	{ 0, "format", OPT_ENUM, OPT_AT(struct exercise_opts, format), .values = formats,
	  .help = "how to print; junit: with --check" },
	OPT_TABLE(cmd_judging_opts, struct exercise_opts, judging),
	OPT_TABLE(cmd_common_opts, struct exercise_opts, common),
	OPT_END,
};

/* ---- driving ---- */

struct driver {
	struct exercise_opts *o;
	FILE *out;
	struct json *json;
	bool show, shown; /* a progress line may be, is on the terminal */
	uint64_t count[EXERCISE_FAILED + 1], differ, unverified;
};

static void end_progress(struct driver *d)
{
	if (d->shown)
		fputs("\r\033[K", stderr);
	d->shown = false;
}

static void on_note(void *ctx, int level, const char *line)
{
	struct driver *d = ctx;

	if (level > (int)d->o->common.verbose)
		return;
	end_progress(d);
	cmd_note("%s", line);
}

static void on_progress(void *ctx, const struct exercise_result *r)
{
	struct driver *d = ctx;
	char pre[UNITS_LEN], stop[UNITS_LEN];

	if (!d->show)
		return;
	units_size(pre, r->bytes_precopy, false);
	units_size(stop, r->bytes_stop_copy, false);
	fprintf(stderr, "\r\033[K%u/%llu  pre-copy %s  stop-copy %s", r->number,
		(unsigned long long)d->o->repeat, pre, stop);
	d->shown = true;
}

static void print_text(struct driver *d, const struct exercise_result *r)
{
	char pre[UNITS_LEN], stop[UNITS_LEN], total[UNITS_LEN], window[UNITS_LEN], size[UNITS_LEN];
	const struct exercise_plan *p = &d->o->plan;
	char safe[TEXT_SAFE_LEN(EXERCISE_ERR_LEN)];

	units_size(pre, r->bytes_precopy, false);
	units_size(stop, r->bytes_stop_copy, false);
	units_duration(total, r->total_ns);
	units_duration(window, r->stop_ns);
	fprintf(d->out, "%u  %s%s%s  %s in %s: %s pre-copy, %s stop-copy", r->number, p->device,
		p->no_load ? "" : " -> ",
		p->no_load ? "" :
		p->to	   ? p->to :
			     "itself",
		exercise_outcome_name(r->outcome), total, pre, stop);
	if (r->stop_ns)
		fprintf(d->out, " in %s", window);
	if (r->how[0])
		fprintf(d->out, " (%s)", r->how);
	if (r->gave_up)
		fputs(", did not converge", d->out);
	if (r->error[0])
		fprintf(d->out, "; %s", text_safe(safe, sizeof(safe), r->error, sizeof(r->error)));
	switch (r->verified) {
	case VERIFIED_SAME:
		units_size(size, r->verified_bytes, false);
		fprintf(d->out, "; verified: %s the same", size);
		break;
	case VERIFIED_DIFFERS:
		fputs("; DIFFERS", d->out);
		break;
	default:
		fputs("; not verified", d->out);
	}
	if (r->why[0])
		fprintf(d->out, ": %s", text_safe(safe, sizeof(safe), r->why, sizeof(r->why)));
	fputc('\n', d->out);
	fflush(d->out);
}

static void print_json(struct driver *d, const struct exercise_result *r)
{
	struct json *j = d->json;

	json_object_begin(j);
	json_ku64(j, "number", r->number);
	json_kstring(j, "outcome", exercise_outcome_name(r->outcome));
	json_ku64(j, "total_ns", r->total_ns);
	json_ku64(j, "precopy_ns", r->precopy_ns);
	json_ku64(j, "stop_ns", r->stop_ns);
	json_ku64(j, "load_ns", r->load_ns);
	json_ku64(j, "bytes_precopy", r->bytes_precopy);
	json_ku64(j, "bytes_stop_copy", r->bytes_stop_copy);
	json_ku64(j, "bytes_written", r->bytes_written);
	json_ku64(j, "reads", r->reads);
	json_ku64(j, "writes", r->writes);
	json_ku64(j, "empty_reads", r->empty);
	json_ku64(j, "precopy_infos", r->infos);
	if (r->has_left) {
		json_ku64(j, "initial_bytes_last", r->initial_left);
		json_ku64(j, "dirty_bytes_last", r->dirty_left);
	}
	if (r->has_data_size)
		json_ku64(j, "stop_copy_length", r->data_size);
	if (r->how[0])
		json_kstring(j, "how", r->how);
	json_kbool(j, "gave_up", r->gave_up);
	json_ku64(j, "dirtied_bytes", r->dirtied);
	json_kstring(j, "verified", exercise_verified_name(r->verified));
	json_ku64(j, "verified_bytes", r->verified_bytes);
	if (r->why[0])
		json_kstring(j, "why", r->why);
	if (r->error[0])
		json_kstring(j, "error", r->error);
	json_object_end(j);
}

static void begin_output(struct driver *d, const struct exercise *x)
{
	const struct exercise_plan *p = &d->o->plan;

	cmd_note("seed %llu, %s by %s", (unsigned long long)p->seed, exercise_driver(x),
		 exercise_method(x));
	if (!d->json)
		return;
	json_object_begin(d->json);
	json_kstring(d->json, "device", p->device);
	json_kstring(d->json, "driver", exercise_driver(x));
	json_kstring(d->json, "opened_by", exercise_method(x));
	if (p->to)
		json_kstring(d->json, "to", p->to);
	if (p->fault)
		json_kstring(d->json, "fault", fault_info(p->fault)->name);
	json_ku64(d->json, "seed", p->seed);
	json_key(d->json, "migrations");
	json_array_begin(d->json);
}

static void end_output(struct driver *d)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i <= EXERCISE_FAILED; i++)
		n += d->count[i];
	if (d->json) {
		json_array_end(d->json);
		json_key(d->json, "summary");
		json_object_begin(d->json);
		json_ku64(d->json, "migrations", n);
		for (i = 0; i <= EXERCISE_FAILED; i++)
			json_ku64(d->json, exercise_outcome_name((uint32_t)i), d->count[i]);
		json_ku64(d->json, "differ", d->differ);
		json_ku64(d->json, "not_verified", d->unverified);
		json_object_end(d->json);
		json_object_end(d->json);
		json_line_end(d->json);
		return;
	}
	fprintf(d->out, "%llu migration%s:", (unsigned long long)n, n == 1 ? "" : "s");
	for (i = 0; i <= EXERCISE_FAILED; i++)
		if (d->count[i])
			fprintf(d->out, " %llu %s,", (unsigned long long)d->count[i],
				exercise_outcome_name((uint32_t)i));
	if (d->differ)
		fprintf(d->out, " %llu DIFFER,", (unsigned long long)d->differ);
	if (d->unverified)
		fprintf(d->out, " %llu not verified,", (unsigned long long)d->unverified);
	fprintf(d->out, " seed %llu\n", (unsigned long long)d->o->plan.seed);
}

int exercise_drive(struct exercise_opts *o, FILE *out)
{
	struct driver d = {
		.o = o,
		.out = out,
		.show = isatty(STDERR_FILENO) && !o->common.quiet,
	};
	char err[EXERCISE_ERR_LEN] = "";
	struct exercise_result r;
	struct exercise *x;
	int ret = 0, status;
	uint64_t i;

	o->plan.note = on_note;
	o->plan.progress = on_progress;
	o->plan.ctx = &d;
	o->plan.interrupted = &cmd_watch_signal;
	if (exercise_open(&x, &o->plan, err))
		return cmd_fail(EXIT_NO_ATTACH, "%s", err);
	if (o->format == EXERCISE_JSON && out == stdout)
		d.json = json_create(out, false);
	begin_output(&d, x);
	for (i = 1; i <= o->repeat && !ret && !cmd_watch_signal; i++) {
		ret = exercise_migrate(x, (uint32_t)i, &r);
		end_progress(&d);
		d.count[r.outcome]++;
		d.differ += r.verified == VERIFIED_DIFFERS;
		d.unverified += r.verified == VERIFIED_NOT;
		if (d.json)
			print_json(&d, &r);
		else
			print_text(&d, &r);
	}
	exercise_close(x);
	end_output(&d);
	if (d.json)
		json_destroy(d.json);
	status = d.count[EXERCISE_FAILED] || d.differ || ret ? EXIT_FINDINGS : EXIT_OK;
	if (cmd_watch_signal && !status)
		status = 128 + cmd_watch_signal;
	return out == stdout ? cmd_close_output(out, status) : status;
}

/* ---- the command line ---- */

static int list_faults(int format)
{
	struct json *j = format == EXERCISE_JSON ? json_create(stdout, false) : NULL;
	const struct fault_info *f;
	uint32_t i;

	if (j)
		json_array_begin(j);
	for (i = 0; i < FAULT_NR; i++) {
		f = fault_info(i);
		if (!f)
			continue;
		if (!j) {
			printf("%-20s %s\n", f->name, f->what);
			continue;
		}
		json_object_begin(j);
		json_kstring(j, "fault", f->name);
		json_kstring(j, "what", f->what);
		json_kbool(j, "needs_to", f->needs & FAULT_NEEDS_TO);
		json_kbool(j, "needs_with", f->needs & FAULT_NEEDS_WITH);
		json_kbool(j, "needs_dirty", f->needs & FAULT_NEEDS_DIRTY);
		json_object_end(j);
	}
	if (j) {
		json_array_end(j);
		json_line_end(j);
		json_destroy(j);
	}
	return cmd_close_output(stdout, EXIT_OK);
}

static int read_words(struct exercise_opts *o)
{
	struct exercise_plan *p = &o->plan;
	char err[EXERCISE_ERR_LEN];
	const char *near;
	int ret = 0;
	size_t i;

	p->wait = (enum exercise_wait)o->wait;
	p->no_p2p = o->p2p;
	p->cancel = (enum exercise_stage)o->cancel;
	p->reset = (enum exercise_stage)o->reset;
	p->buffer = 1 << 20;
	p->fault = o->fault ? fault_from_name(o->fault) : FAULT_NONE;
	if (p->fault == FAULT_NR) {
		near = opt_nearest(o->fault, fault_words);
		return cmd_fail(
			EXIT_USAGE,
			near ? "exercise: there is no fault '%.60s'; did you mean '%s'?" :
			       "exercise: there is no fault '%.60s'; '--fault list' names them",
			o->fault, near);
	}
	if (o->switch_)
		ret = exercise_parse_switch(o->switch_, &p->policy, err);
	if (!ret && o->dirty)
		ret = exercise_parse_dirty(o->dirty, &p->dirty, err);
	if (!ret && o->compare)
		ret = exercise_parse_compare(o->compare, &p->compare, err);
	if (!ret && o->buffer)
		ret = exercise_parse_buffer(o->buffer, &p->buffer, err);
	for (i = 0; !ret && i < o->delay.n; i++)
		ret = exercise_parse_delay(o->delay.items[i], p, err);
	if (!ret)
		ret = exercise_plan_check(p, err);
	if (ret)
		return cmd_fail(EXIT_USAGE, "exercise: %s", err);
	if (o->repeat > MIGRATIONS_MAX)
		return cmd_fail(EXIT_USAGE, "exercise: --repeat: from 1 to %d", MIGRATIONS_MAX);
	if (o->output && !o->check)
		return cmd_fail(EXIT_USAGE, "exercise: -o keeps the recording of --check");
	if (o->format == EXERCISE_JUNIT && !o->check)
		return cmd_fail(EXIT_USAGE, "exercise: --format junit is what --check prints");
	return 0;
}

static void choose_seed(uint64_t *seed)
{
	uint32_t some = 0;

	if (*seed != SEED_UNSET)
		return;
	/* Short enough to be typed again. */
	if (getrandom(&some, sizeof(some), GRND_NONBLOCK) != sizeof(some))
		some = (uint32_t)time(NULL);
	*seed = some;
}

int cmd_exercise(int argc, char **argv)
{
	struct exercise_opts o = {
		.plan.policy.limit_ns = 30000000000ULL,
		.plan.seed = SEED_UNSET,
		.repeat = 1,
		.judging.command = "exercise",
	};
	char err[EXERCISE_ERR_LEN];
	int first, status;

	first = cmd_parse(&command_exercise, argc, argv, &o, &status);
	if (first < 0)
		goto out;
	if (o.fault && !strcmp(o.fault, fault_words[FAULT_WORD_LIST])) {
		status = list_faults(o.format);
		goto out;
	}
	if (argc - first != 1) {
		status = cmd_fail(EXIT_USAGE,
				  first == argc ?
					  "exercise: which device? 'vfioscope exercise DEVICE'" :
					  "exercise: one DEVICE; another one is given by --to");
		goto out;
	}
	o.plan.device = argv[first];
	choose_seed(&o.plan.seed);
	status = read_words(&o);
	if (status)
		goto out;
	/* Before anything is attached, forked or opened. */
	if (exercise_look(&o.plan, err)) {
		status = cmd_fail(EXIT_NO_ATTACH, "%s", err);
		goto out;
	}
	cmd_watch_signals();
	status = o.check ? exercise_check(&o, argc, argv) : exercise_drive(&o, stdout);
out:
	opt_list_free(&o.delay);
	cmd_judging_free(&o.judging);
	return status;
}

const struct command command_exercise = {
	.name = "exercise",
	.summary = "Drive migrations of a VFIO device, with no VMM",
	.args = "DEVICE",
	.text = "For authors of drivers. DEVICE is a PCI address or a UUID, bound to a VFIO\n"
		"driver and in use by nobody. Opening a device resets it; nothing but the region\n"
		"of --dirty is written to. Saves its state as a VMM would and loads it into the\n"
		"device of --to, or back into its own.\n\n"
		"Exit status: 0 done, 1 a call failed that must not, or what arrived differs (or,\n"
		"with --check, there are findings), 2 usage, 3 inconclusive (--check), 4 a device\n"
		"cannot be reached or used, or the hooks of --check cannot be attached.",
	.examples =
		"  vfioscope exercise 0000:3b:00.2 --to 0000:3b:00.3 --check\n"
		"  vfioscope exercise 3b:00.2 --dirty 2:4MiB --switch below=1MiB --buffer random\n"
		"  vfioscope exercise 3b:00.2 --cancel stop-copy --repeat 100 --seed 7\n"
		"  vfioscope exercise 3b:00.2 --to 3b:00.3 --dirty 2 --vary --repeat 100 --check\n"
		"  vfioscope exercise --fault list",
	.opts = opts,
	.privileged = true,
	.run = cmd_exercise,
};
