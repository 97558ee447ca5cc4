// SPDX-License-Identifier: GPL-2.0-only
/*
 * outcome.c - rules about how a migration came out: the model says how, they say
 * what that means and who has to act
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "judge/internal.h"
#include "util/units.h"

/* ---- a failure in words, and whose it is ---- */

static const char *call_text(const struct failure *f, char buf[64])
{
	char a[32];

	if (f->kind == EV_SET_STATE && f->target != EVENT_TARGET_NONE) {
		snprintf(buf, 64, "SET_STATE(%s)", state_text((uint32_t)f->target, a));
		return buf;
	}
	return event_call_name(f->kind);
}

const char *judge_failure_text(const struct failure *f, char buf[FAILURE_TEXT_LEN])
{
	char call[64], err[32], a[32], b[32], at[UNITS_LEN], size[UNITS_LEN], step[96] = "";

	switch (f->kind) {
	case EV_NONE:
		snprintf(buf, FAILURE_TEXT_LEN, "nothing in the evidence says why");
		return buf;
	case EV_PROCESS_EXIT:
		if (f->signal)
			snprintf(buf, FAILURE_TEXT_LEN, "the VMM was ended by signal %u (SIG%s)",
				 f->signal, sigabbrev_np((int)f->signal) ?: "?");
		else
			snprintf(buf, FAILURE_TEXT_LEN, "the VMM ended with exit code %u", f->code);
		return buf;
	case EV_DEVICE_CLOSE:
		snprintf(
			buf, FAILURE_TEXT_LEN,
			"the device was closed in mid-session (its process ended, or let go of it)");
		return buf;
	case EV_RESET:
	case EV_DEVICE_RESET:
		snprintf(buf, FAILURE_TEXT_LEN, "the device was reset in mid-session (%s)",
			 f->kind == EV_RESET ? "by the VMM" : "by its guest, the bus or sysfs");
		return buf;
	}
	if (f->from != MIG_UNKNOWN && f->to != MIG_UNKNOWN)
		snprintf(step, sizeof(step), " in the step %s to %s", state_text(f->from, a),
			 state_text(f->to, b));
	if (f->kind == EV_READ || f->kind == EV_WRITE)
		snprintf(buf, FAILURE_TEXT_LEN, "%s of %s gave %s after %s", call_text(f, call),
			 size_text(size, f->size), errno_text(f->ret, err),
			 size_text(at, f->bytes));
	else if (f->bytes)
		snprintf(buf, FAILURE_TEXT_LEN, "%s gave %s%s after %s", call_text(f, call),
			 errno_text(f->ret, err), step, size_text(at, f->bytes));
	else
		snprintf(buf, FAILURE_TEXT_LEN, "%s gave %s%s", call_text(f, call),
			 errno_text(f->ret, err), step);
	return buf;
}

/* Who ended a process: somebody from outside, or what it did itself. */
static uint32_t signal_party(uint32_t signal)
{
	switch (signal) {
	case 0:
	case SIGABRT:
	case SIGFPE:
	case SIGILL:
	case SIGSEGV:
	case SIGSYS:
	case SIGTRAP:
	case SIGPIPE:
	case SIGALRM:
		return PARTY_VMM;
	case SIGBUS: /* a mapped BAR that went away, bad memory, or the VMM's own */
		return PARTY_UNKNOWN;
	default:
		return PARTY_ADMIN;
	}
}

uint32_t judge_failure_party(const struct failure *f)
{
	switch (f->kind) {
	case EV_READ:
		return f->ret == -EFAULT ? PARTY_UNKNOWN : PARTY_DRIVER;
	case EV_WRITE:
		/* A bad buffer of the VMM's, or a driver's word for a stream that does not fit. */
		return f->ret == -EFAULT || f->ret == -EINVAL || f->ret == -ENOMEM ?
			       PARTY_UNKNOWN :
			       PARTY_DRIVER;
	case EV_SET_STATE:
		/* What the destination refuses may be the two devices. */
		return protocol_is_load(f->from, f->to)	      ? PARTY_UNKNOWN :
		       f->ret == -EMFILE || f->ret == -EFAULT ? PARTY_VMM :
								PARTY_DRIVER;
	case EV_DMA_LOG_START:
	case EV_DMA_LOG_REPORT:
		return f->ret == -EFAULT ? PARTY_VMM : PARTY_DRIVER;
	case EV_RESET:
		return PARTY_VMM;
	case EV_PROCESS_EXIT:
		return signal_party(f->signal);
	case EV_DEVICE_CLOSE:
		return PARTY_VMM;
	default:
		return PARTY_UNKNOWN;
	}
}

/* ---- the migration ---- */

/* The same, where the other half of the stream can be looked at, too. */
static uint32_t party_in(struct model *m, const struct failure *f)
{
	const struct session *dst = model_session(m, f->session), *src;

	if (f->kind != EV_SET_STATE || !protocol_is_load(f->from, f->to) || !dst)
		return judge_failure_party(f);
	src = model_session(m, dst->peer);
	if (!src || src->holes || dst->holes)
		return PARTY_UNKNOWN;
	if (dst->bytes_total < src->bytes_total || !src->eof)
		return PARTY_VMM;
	return PARTY_DRIVER | PARTY_ADMIN;
}

const char *judge_consequence_text(struct model *m, const struct migration *g)
{
	const struct side *s = model_side(m, g->consequence);

	if (!s)
		return NULL;
	if (s->direction == DIR_RESUME)
		return s->outcome == OUTCOME_COMPLETED ? "its destination ran all the same" :
		       s->ended			       ? "its destination was given up" :
							 NULL;
	if (s->ran_again_ns != MODEL_NONE)
		return "its source, which had completed, runs again";
	return s->outcome == OUTCOME_CANCELLED ? "its source was given back and runs on" : NULL;
}

static const char *side_text(const struct migration *g, const struct model *m,
			     const struct failure *f)
{
	const struct side *src = model_side_peek(m, g->source);

	if (src && src->host == f->host && src->pid == f->pid &&
	    (!f->session || model_session_peek(m, f->session)->side == src->id))
		return "source";
	return "destination";
}

void rule_migration_failed(struct look *l)
{
	struct model *m = l->model;
	uint32_t id, i;

	for (id = 1; id <= model_migrations(m); id++) {
		const struct migration *g = model_migration(m, id);
		struct finding f = finding_of(RULE_MIGRATION_FAILED, g->end_ns, 0);
		const char *after = judge_consequence_text(m, g);
		char what[2][FAILURE_TEXT_LEN];

		if (g->outcome != OUTCOME_FAILED)
			continue;
		f.migration = g->id;
		f.side = g->source ? g->source : g->destination;
		if (!g->n_causes) {
			find_at(l->j, &f,
				"the migration failed, and nothing in the evidence says why");
			continue;
		}
		for (i = 0; i < g->n_causes; i++) {
			f.party |= party_in(m, &g->cause[i]);
			judge_failure_text(&g->cause[i], what[i]);
		}
		f.t_ns = g->cause[0].t_ns;
		f.seq = g->cause[0].seq;
		f.host = g->cause[0].host;
		f.device = g->cause[0].device;
		f.stream = g->cause[0].stream;
		f.session = g->cause[0].session;
		if (f.session)
			f.side = model_session_peek(m, f.session)->side;
		if (g->n_causes == 1)
			find_at(l->j, &f, "on the %s: %s%s%s", side_text(g, m, &g->cause[0]),
				what[0], after ? "; then " : "", after ?: "");
		else
			find_at(l->j, &f,
				"on the %s: %s; on the %s: %s (the clocks do not tell "
				"which was first)",
				side_text(g, m, &g->cause[0]), what[0],
				side_text(g, m, &g->cause[1]), what[1]);
	}
}

/* How far did the destination get with what its source gave whole? */
static const char *destination_stands(const struct side *src, const struct side *dst)
{
	if (dst->ended)
		return "the destination was closed before it ran";
	if (dst->bytes_total < src->bytes_total && !dst->holes && !dst->joined_late)
		return "the destination has not taken all of its state in";
	return "loaded, not started: the destination does not run in the evidence";
}

void rule_evidence_ends(struct look *l)
{
	struct model *m = l->model;
	uint32_t id;

	for (id = 1; id <= model_migrations(m); id++) {
		const struct migration *g = model_migration(m, id);
		const struct side *src = model_side(m, g->source),
				  *dst = model_side(m, g->destination);
		struct finding f = finding_of(RULE_EVIDENCE_ENDS, g->end_ns, 0);
		const char *why;

		if (g->outcome != OUTCOME_UNFINISHED)
			continue;
		f.migration = g->id;
		f.side = g->source ? g->source : g->destination;
		f.host = src ? src->host : dst ? dst->host : 0;
		if (src && dst && src->outcome == OUTCOME_COMPLETED) {
			why = destination_stands(src, dst);
			f.side = dst->id;
			f.host = dst->host;
		} else if (src && dst && dst->outcome == OUTCOME_COMPLETED) {
			why = "the destination runs, and its source was not seen to give its end";
		} else if (!src) {
			why = "its source is not in the evidence, and would tell";
		} else {
			why = "the evidence ends in it";
		}
		find_at(l->j, &f, "nothing in the evidence says how the migration ended: %s", why);
	}
}

/* Did the process that saved the source's state give it back to the same device? */
static bool is_own_destination(struct model *m, const struct side *src)
{
	uint32_t id, i, k;

	for (id = 1; id <= model_sides(m); id++) {
		const struct side *dst = model_side(m, id);

		if (dst->direction != DIR_RESUME || dst->host != src->host ||
		    dst->pid != src->pid || dst->begin_ns < src->begin_ns)
			continue;
		for (i = 0; i < src->n_devices; i++)
			for (k = 0; k < dst->n_devices; k++)
				if (model_side_device(m, src->id, i)->device ==
				    model_side_device(m, id, k)->device)
					return true;
	}
	return false;
}

void rule_ran_again(struct look *l)
{
	struct model *m = l->model;
	uint32_t id;

	for (id = 1; id <= model_migrations(m); id++) {
		const struct migration *g = model_migration(m, id);
		const struct side *src = model_side(m, g->source),
				  *dst = model_side(m, g->destination);
		struct finding f;

		if (!src || !g->ran_again || g->outcome == OUTCOME_FAILED)
			continue;
		/* One process with both ends tests them: there is no VM to run twice. */
		if (g->joined.how == JOINED_PROCESS || (!dst && is_own_destination(m, src)))
			continue;
		f = finding_of(RULE_RAN_AGAIN, src->ran_again_ns, 0);
		f.migration = g->id;
		f.side = src->id;
		f.host = src->host;
		if (dst && dst->run_ns != MODEL_NONE) {
			f.severity = SEV_ERROR;
			f.party = PARTY_VMM;
			find_at(l->j, &f,
				"the source completed and runs again while the destination "
				"runs, too: one VM runs twice");
		} else if (!dst) {
			find_at(l->j, &f,
				"the source completed and runs again, and its destination is "
				"not in the evidence: saved to a file, or taken back");
		} else {
			find_at(l->j, &f,
				"the source completed and runs again; the destination never "
				"ran: the migration was taken back");
		}
	}
}

void rule_write_after_error(struct look *l)
{
	const struct session *g = l->g;
	struct finding f = finding_of(RULE_WRITE_AFTER_ERROR, g->gap_ns, g->gap_seq);
	char a[UNITS_LEN], b[UNITS_LEN];

	if (!g->gap)
		return;
	f.device = g->device;
	f.stream = g->stream;
	f.session = g->id;
	find_at(l->j, &f,
		"a write() failed after %s, and %s more were written%s: the stream has a gap",
		size_text(a, g->gap_bytes), size_text(b, g->bytes_total - g->gap_bytes),
		g->loaded ? " and loaded" : "");
}

/* ---- the two ends of a stream ---- */

static bool is_sound(const struct session *g)
{
	return !g->holes && !g->joined_late;
}

static struct finding about(const struct session *g, enum rule_id rule)
{
	struct finding f =
		finding_of(rule, g->load_start_ns == MODEL_NONE ? g->end_ns : g->load_start_ns,
			   g->load_seq);

	f.device = g->device;
	f.stream = g->stream;
	f.session = g->id;
	f.side = g->side;
	f.host = g->host;
	return f;
}

/*
 * What the source read and the destination wrote: of two devices that belong
 * together, or, where nothing but their order says so, of all of them.
 */
static bool both_ends(struct model *m, const struct session *dst, uint64_t *read, uint64_t *written,
		      bool *complete)
{
	const struct session *src = model_session(m, dst->peer);
	const struct side *a, *b;

	if (!src || !is_sound(src) || !is_sound(dst))
		return false;
	*read = src->bytes_total;
	*written = dst->bytes_total;
	*complete = src->eof;
	if (!dst->peer_by_order)
		return true;
	a = model_side(m, src->side);
	b = model_side(m, dst->side);
	if (!a || !b || a->holes || b->holes || a->n_devices != b->n_devices)
		return false;
	*read = a->bytes_total;
	*written = b->bytes_total;
	return true;
}

void rule_resume_short(struct look *l)
{
	uint32_t id;

	for (id = 1; id <= model_sessions(l->model); id++) {
		const struct session *dst = model_session(l->model, id);
		uint64_t read, written;
		char a[UNITS_LEN], b[UNITS_LEN];
		struct finding f;
		bool complete;

		if (dst->direction != DIR_RESUME || !dst->load_tried || !dst->loaded ||
		    !both_ends(l->model, dst, &read, &written, &complete) || written >= read)
			continue;
		f = about(dst, RULE_RESUME_SHORT);
		find_at(l->j, &f,
			"%s of the %s that were read from the source were written, and "
			"RESUMING to STOP succeeded all the same",
			size_text(a, written), size_text(b, read));
	}
}

void rule_resume_rejected(struct look *l)
{
	uint32_t id;

	for (id = 1; id <= model_sessions(l->model); id++) {
		const struct session *dst = model_session(l->model, id);
		uint64_t read, written;
		char a[32], b[UNITS_LEN], c[UNITS_LEN];
		const char *err;
		struct finding f;
		bool complete;

		if (dst->direction != DIR_RESUME || !dst->load_tried || dst->loaded || dst->attempt)
			continue;
		err = dst->load_ret ? errno_text(dst->load_ret, a) : "ERROR";
		f = about(dst, RULE_RESUME_REJECTED);
		if (!both_ends(l->model, dst, &read, &written, &complete)) {
			f.party = PARTY_UNKNOWN;
			find_at(l->j, &f,
				"RESUMING to STOP gave %s after %s; without its source in the "
				"evidence nobody can say whether the stream was whole",
				err, size_text(b, dst->bytes_total));
		} else if (written < read || !complete) {
			f.party = PARTY_VMM;
			find_at(l->j, &f,
				"RESUMING to STOP gave %s: only %s were written, the source's "
				"stream %s",
				err, size_text(b, written),
				complete ? "is longer" : "was not read to its end");
		} else {
			f.party = PARTY_DRIVER | PARTY_ADMIN;
			find_at(l->j, &f,
				"RESUMING to STOP gave %s although the whole stream of the "
				"source, %s, was written: do the two devices fit?",
				err, size_text(c, written));
		}
	}
}
