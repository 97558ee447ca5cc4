// SPDX-License-Identifier: GPL-2.0-only
/*
 * lines.c - one line per event, for people and for grep
 *
 *   +8.412345  web-07#1  0000:3b:00.2  PRE_COPY      read 1.00 MiB, 61.0 µs
 *
 * The VM and its side come first.  An event is told when it is over, and the time is
 * that of its end: lines are in order of their time, and --from and --to go by it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view/common.h"

struct lines {
	FILE *f;
	struct view_options opt;
	uint64_t prev_ns;
	bool any;
};

struct lines *lines_create(FILE *f, const struct view_options *opt)
{
	struct lines *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->f = f;
	l->opt = *opt;
	return l;
}

void lines_destroy(struct lines *l)
{
	free(l);
}

static void print_duration(struct lines *l, const char *before, uint64_t ns)
{
	char buf[UNITS_LEN];

	fprintf(l->f, "%s%s", before, units_duration(buf, ns));
}

static void print_size(struct lines *l, const char *before, uint64_t bytes)
{
	char buf[UNITS_LEN];

	fprintf(l->f, "%s%s", before, units_size(buf, bytes, l->opt.bytes));
}

static void print_bits(struct lines *l, uint64_t bits, const char *(*name_of)(unsigned int))
{
	const char *sep = "";
	unsigned int i;

	if (!bits)
		fputs("none", l->f);
	for (i = 0; bits; i++, bits >>= 1) {
		const char *name = i < 32 ? name_of(i) : NULL;

		if (!(bits & 1))
			continue;
		if (name)
			fprintf(l->f, "%s%s", sep, name);
		else
			fprintf(l->f, "%sbit %u", sep, i);
		sep = "|";
	}
}

static void print_target(struct lines *l, int64_t target)
{
	if (target == EVENT_TARGET_NONE)
		fputs(" ?", l->f);
	else if (target >= 0 && target < MIG_STATE_NR)
		fprintf(l->f, " %s", mig_state_name((uint32_t)target));
	else
		fprintf(l->f, " %lld", (long long)target);
}

/* "read 1.00 MiB", "read ENOMSG x212 in 9 ms". */
static void print_io(struct lines *l, const struct event *ev)
{
	char buf[UNITS_LEN];
	uint64_t calls = event_calls(ev);

	fputc(' ', l->f);
	if (ev->ret > 0) {
		print_size(l, "", (uint64_t)ev->ret);
		/* The usual: the buffer was filled. */
		if ((uint64_t)ev->ret != ev->io.size)
			print_size(l, " of ", ev->io.size);
	} else if (ev->ret == 0) {
		fputs(ev->io.size ? "0" : "0 of 0 B", l->f);
	} else {
		fputs(errno_label(buf, ev->ret), l->f);
	}
	if (calls > 1) {
		fprintf(l->f, " ×%llu", (unsigned long long)calls);
		print_duration(l, " in ", event_end_ns(ev) - ev->t_ns);
	}
}

/* What stands before its call, or after what says that it is still out. */
static void print_why(struct lines *l, const struct event *ev)
{
	char text[WHY_TEXT_LEN];

	fprintf(l->f, ": %s",
		ev->why.call == EV_NONE ? "between two calls" : event_call_name(ev->why.call));
	print_duration(l, " ", ev->dur_ns);
	fprintf(l->f, ": %s", judge_why_of(ev, text)[0] ? text : "not known");
}

static void print_inside(struct lines *l, const struct event *ev)
{
	char name[NAME_LEN];

	fprintf(l->f, " %s: %s", event_call_name(ev->inside.call),
		safe_name(name, ev->inside.function));
	if (ev->inside.folded)
		fprintf(l->f, " x%llu", (unsigned long long)ev->inside.count);
	print_duration(l, " ", ev->inside.total_ns);
	if (ev->inside.folded)
		print_duration(l, ", the longest ", ev->inside.longest_ns);
}

static void print_detail(struct lines *l, const struct event *ev, const struct event_context *ctx)
{
	char a[UNITS_LEN], b[UNITS_LEN], name[TEXT_SAFE_LEN(EVENT_TEXT_LEN)];

	switch (ev->kind) {
	case EV_RESET:
		fprintf(l->f, " %s", event_reset_how_name(ev->reset.how) ?: "?");
		break;
	case EV_FEATURE:
		fprintf(l->f, " %u %s", ev->feature.index,
			event_feature_op_name(ev->feature.op) ?: "?");
		break;
	case EV_MIGRATION_FLAGS:
		if (ev->ret >= 0) {
			fputc(' ', l->f);
			print_bits(l, ev->migration_flags.flags, event_mig_flag_name);
		}
		break;
	case EV_SET_STATE:
		print_target(l, ev->set_state.target);
		break;
	case EV_GET_STATE:
		if (ev->ret >= 0)
			fprintf(l->f, " %s", state_label(a, ev->get_state.reported));
		break;
	case EV_ARC:
		fprintf(l->f, " %s -> %s", state_label(a, ev->arc.from),
			state_label(b, ev->arc.to));
		if (ev->arc.target != ev->arc.to)
			fprintf(l->f, " (to %s)", state_label(a, ev->arc.target));
		break;
	case EV_STREAM_OPEN:
		fprintf(l->f, " %s %s%s", event_direction_name(ev->stream_open.direction) ?: "?",
			safe_name(name, ev->stream_open.name),
			ev->stream_open.adopted ? " (was open before)" : "");
		break;
	case EV_PRECOPY_INFO:
		if (ev->ret >= 0) {
			print_size(l, " initial ", ev->precopy_info.initial_bytes);
			print_size(l, ", dirty ", ev->precopy_info.dirty_bytes);
			/* Without the opt-in the flags are the caller's garbage. */
			if (ev->precopy_info.flags && ctx->device && ctx->device->precopy_info_v2)
				fprintf(l->f, ", flags %#x", ev->precopy_info.flags);
		}
		break;
	case EV_DATA_SIZE:
		if (ev->ret >= 0)
			print_size(l, " ", ev->data_size.stop_copy_length);
		break;
	case EV_READ:
	case EV_WRITE:
		print_io(l, ev);
		break;
	case EV_POLL:
		fputc(' ', l->f);
		print_bits(l, ev->poll.mask, event_poll_bit_name);
		if (ev->poll.waits)
			fputs(", waits", l->f);
		if (ev->poll.wait_ns != EVENT_WAIT_UNKNOWN)
			print_duration(l, " for ", ev->poll.wait_ns);
		break;
	case EV_DMA_LOG_START:
		fprintf(l->f, " %u ranges,", ev->dma_log.ranges);
		print_size(l, " pages of ", ev->dma_log.page_size);
		break;
	case EV_DMA_LOG_REPORT:
		fprintf(l->f, " iova %#llx", (unsigned long long)ev->dma_log.iova);
		print_size(l, " + ", ev->dma_log.length);
		break;
	case EV_STUCK:
		fprintf(l->f, ": %s has not returned", event_kind_name(ev->stuck.call) ?: "a call");
		print_duration(l, " for ", ev->stuck.age_ns);
		break;
	case EV_WHY:
		print_why(l, ev);
		break;
	case EV_INSIDE:
		print_inside(l, ev);
		break;
	case EV_LOSS:
		if (ev->loss.count)
			fprintf(l->f, " of %llu events", (unsigned long long)ev->loss.count);
		else
			fputs(" of events, nobody knows how many", l->f);
		if (ev->loss.what != EV_NONE && event_kind_name(ev->loss.what))
			fprintf(l->f, " (%s)", event_kind_name(ev->loss.what));
		fprintf(l->f, ", %s", event_loss_cause_name(ev->loss.cause) ?: "?");
		print_duration(l, ", within ", ev->loss.t_to_ns - ev->loss.t_from_ns);
		break;
	case EV_MARK:
		fprintf(l->f, ": %s",
			text_safe(name, sizeof(name), ev->mark.text, sizeof(ev->mark.text)));
		break;
	}
}

static bool is_told(uint32_t kind)
{
	return kind == EV_STUCK || kind == EV_LOSS || kind == EV_MARK || kind == EV_WHY ||
	       kind == EV_INSIDE;
}

static void print_text(struct lines *l, const struct event *ev, const struct event_context *ctx)
{
	char buf[UNITS_LEN];

	fputs(event_kind_name(ev->kind), l->f);
	print_detail(l, ev, ctx);
	if (is_told(ev->kind))
		return;
	if (ev->ret < 0 && ev->kind != EV_READ && ev->kind != EV_WRITE)
		fprintf(l->f, ": %s", errno_label(buf, ev->ret));
	if (event_calls(ev) == 1)
		print_duration(l, ", ", ev->dur_ns);
}

void lines_text(FILE *f, const struct view_options *opt, const struct event *ev,
		const struct event_context *ctx)
{
	struct lines l = { .f = f, .opt = *opt };

	print_text(&l, ev, ctx);
}

/* Whose: the VM, and the side's number, which is the same in every output. */
static void print_side(struct lines *l, const struct event_context *ctx)
{
	char vm[NAME_LEN] = "-", who[NAME_LEN + 16];

	if (ctx->vm)
		safe_name(vm, ctx->vm);
	if (ctx->side)
		snprintf(who, sizeof(who), "%s#%u", vm, ctx->side);
	else
		snprintf(who, sizeof(who), "%s", vm);
	text_pad(l->f, who, 8, false);
	fputs("  ", l->f);
}

static void print_side_change(struct lines *l, const struct model *m,
			      const struct event_context *ctx)
{
	const struct side *s = model_side_peek(m, ctx->side_began);

	if (s)
		fprintf(l->f, " [%s begins]", s->direction == DIR_SAVE ? "source" : "destination");
	s = model_side_peek(m, ctx->side_ended);
	if (s)
		fprintf(l->f, " [%s #%u: %s]", s->direction == DIR_SAVE ? "source" : "destination",
			s->id, outcome_name(s->outcome));
}

int lines_event(struct lines *l, const struct model *m, const struct event *ev,
		const struct event_context *ctx)
{
	char label[NAME_LEN], buf[UNITS_LEN], when[UNITS_LEN];
	const char *color = "";
	uint64_t t_ns = event_end_ns(ev);
	bool empty;

	if (!event_kind_is_public(ev->kind) || !time_window_has(&l->opt.window, m, ev))
		return 0;
	if (!l->any)
		l->prev_ns = t_ns;
	l->any = true;

	empty = event_is_empty_read(ev);
	if (ev->kind == EV_LOSS || ev->kind == EV_STUCK)
		color = paint(&l->opt, C_RED);
	else if (ev->ret < 0 && !empty && !is_told(ev->kind))
		color = paint(&l->opt, C_RED);
	else if (empty)
		color = paint(&l->opt, C_DIM);
	else if (ev->kind == EV_ARC || ev->kind == EV_SET_STATE)
		color = paint(&l->opt, C_BOLD);

	fputs(color, l->f);
	time_label(when, &l->opt, m, t_ns, model_first_ns(m), l->prev_ns);
	fprintf(l->f, "%*s  ", l->opt.time == TIME_WALL ? 15 : 11, when);
	print_side(l, ctx);
	text_pad(l->f, ctx->device ? device_label(label, ctx->device, ctx->device->number) : "-",
		 12, false);
	fputs("  ", l->f);
	text_pad(l->f, ctx->has_state ? state_label(buf, ctx->state) : "-", 12, false);
	fputs("  ", l->f);
	print_text(l, ev, ctx);
	print_side_change(l, m, ctx);
	fprintf(l->f, "%s\n", *color ? C_OFF : "");
	l->prev_ns = t_ns;
	return ferror(l->f) ? -EIO : 0;
}
