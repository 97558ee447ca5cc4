// SPDX-License-Identifier: GPL-2.0-only
/*
 * event_words.c - an event in words: what happened, what it means, what stands around it
 */
#include <errno.h>
#include <string.h>

#include "tui/page.h"

/* Events that are looked at for the one before and after of the same device. */
#define NEIGHBOURS 2000U

bool scope_current(struct scope *s, struct event *ev, struct log_row *row)
{
	uint64_t budget = 12000;

	if (!log_prev(s, s->cursor, row, &budget))
		return false;
	/* The cursor may stand in the middle of a run. */
	return store_get(s->store, s->cursor > row->last ? row->last : s->cursor - 1, ev);
}

static const char *of_read(const struct event *ev, uint32_t state)
{
	if (ev->ret > 0)
		return "the VMM took so much of the device's state out of the driver";
	if (ev->ret == -ENOMSG)
		return "ENOMSG, the temporary end: in pre-copy there is nothing to read now, more may come; "
		       "the next PRECOPY_INFO says how much";
	if (!ev->ret && state == MIG_STOP_COPY)
		return "0, the end of the stream: the device has given all of its state";
	if (!ev->ret)
		return "0 bytes, though this state has no end of the stream";
	return "the driver gave no data: unless it was asked too late, this session cannot be completed";
}

/* What it means that this happened, and with this result. */
static const char *meaning(const struct event *ev, uint32_t state)
{
	bool bad = ev->ret < 0;

	switch (ev->kind) {
	case EV_DEVICE_OPEN:
		return bad ? "the device could not be opened" : "the VMM took the device over";
	case EV_DEVICE_CLOSE:
		return "the VMM let go of the device; what it was in the middle of is over";
	case EV_RESET:
		return "the VMM reset the device: it runs afresh, and a data FD that was out is dead";
	case EV_DEVICE_RESET:
		return "the device was reset: it runs afresh, and a data FD that was out is dead";
	case EV_FEATURE:
		return bad ? "the device was asked for a feature, and does not have it" :
			     "a feature of the device was asked for or set";
	case EV_MIGRATION_FLAGS:
		return bad ? "the device was asked whether it can migrate, and cannot" :
			     "the device was asked in which ways it can migrate";
	case EV_SET_STATE:
		return bad ? "the VMM asked for a state and did not get it: the device stays in the last "
			     "state that an arc reached" :
			     "the VMM asked for a state; the kernel walked the arcs to it, which stand "
			     "before this line";
	case EV_GET_STATE:
		return "the VMM asked in which state the device is";
	case EV_ARC:
		return bad ? "the driver failed to take the device over this arc" :
			     "the driver took the device over this arc of the state machine";
	case EV_STREAM_OPEN:
		return "a data FD is out: through it the state of the device is read or written";
	case EV_PRECOPY_INFO:
		return bad ? "the driver did not say how much is left in pre-copy" :
			     "the driver says what is left to read: first the initial data, which should "
			     "be read before the stop, then what got dirty since";
	case EV_PRECOPY_INFO_V2:
		return "the VMM can take news that all initial data comes anew (REINIT)";
	case EV_DATA_SIZE:
		return bad ? "the driver did not estimate what a stop would have to move" :
			     "the driver estimates so much would have to be moved if the VM were stopped now";
	case EV_READ:
		return of_read(ev, state);
	case EV_WRITE:
		return bad ? "the device did not take what it was given: the load cannot be complete" :
			     "the VMM gave so much of the saved state to the device";
	case EV_POLL:
		return "the VMM waited for data, or looked whether there is some";
	case EV_STREAM_CLOSE:
		return "a reference to the data FD was given back";
	case EV_STREAM_RELEASE:
		return "the data FD is gone";
	case EV_DMA_LOG_START:
		return bad ? "the device does not log which pages it writes to" :
			     "from now on the device logs which pages it writes to";
	case EV_DMA_LOG_STOP:
		return "the device no longer logs which pages it writes to";
	case EV_DMA_LOG_REPORT:
		return bad ? "the log of written pages could not be read" :
			     "the VMM asked which pages the device wrote to";
	case EV_STUCK:
		return "a call has been out for so long that it is told before it returns";
	case EV_WHY:
		if (ev->why.call == EV_NONE)
			return "what a thread did between its calls while a device stood still: the "
			       "next one is what ended it";
		return "what the time of a call was spent on: the call itself is the next of its "
		       "thread, or has not returned yet";
	case EV_INSIDE:
		if (ev->inside.folded)
			return "so often this function of the kernel ran in the call, each time too "
			       "shortly to be told alone: the call itself is the next of its thread";
		return "this function of the kernel ran in the call, which is the next of its thread; "
		       "its time is also that of the functions that it ran in";
	case EV_LOSS:
		return "here events are missing: what is said of this stretch is a lower bound";
	case EV_MARK:
		return "somebody marked this moment";
	case EV_PROCESS_EXIT:
		return "a process that held a device ended";
	default:
		return "";
	}
}

/* How far it was from the one at @n, with what that was. */
static void neighbour(struct page *p, const struct event *ev, uint64_t n, int dir)
{
	struct scope *s = p->s;
	char a[UNITS_LEN];
	struct event e;
	unsigned int k;

	for (k = 0; k < NEIGHBOURS; k++) {
		if (dir < 0 && !n)
			return;
		n = dir < 0 ? n - 1 : n + 1;
		if (!store_get(s->store, n, &e))
			return;
		if (!event_kind_is_public(e.kind) || e.device != ev->device || !e.device)
			continue;
		if (dir < 0)
			units_duration(a, event_end_ns(ev) > event_end_ns(&e) ?
						  event_end_ns(ev) - event_end_ns(&e) :
						  0);
		else
			units_duration(a, event_end_ns(&e) > event_end_ns(ev) ?
						  event_end_ns(&e) - event_end_ns(ev) :
						  0);
		page_field(p, dir < 0 ? "before it" : "after it", "%s; %s %s", scope_line(s, &e), a,
			   dir < 0 ? "earlier" : "later");
		return;
	}
}

static void in_session(struct page *p, struct model *m, const struct event *ev)
{
	const struct session *g = scope_session_of(m, 0, ev->device);
	char a[UNITS_LEN], b[UNITS_LEN];

	if (!g || !(event_traits(ev->kind) & EVT_IO))
		return;
	if (ev->kind == EV_READ)
		page_field(p, "so far", "%s reads, %s ENOMSG, %s", units_count(a, g->reads),
			   units_count(b, g->enomsg),
			   scope_size(p->s, (char[UNITS_LEN]){ 0 }, g->bytes_total));
	else
		page_field(p, "so far", "%s writes, %s", units_count(a, g->writes),
			   scope_size(p->s, b, g->bytes_total));
}

static void findings(struct page *p, const struct log_row *row)
{
	struct scope *s = p->s;
	size_t i;

	for (i = 0; i < judge_findings(s->judge); i++) {
		const struct finding *f = judge_finding(s->judge, i);

		if (f->seq < row->first + 1 || f->seq > row->last + 1)
			continue;
		page_line(p, f->severity == SEV_ERROR ? ROLE_BAD : ROLE_WARN, CELL_BOLD, "%s (%s)",
			  judge_rule(f->rule)->name, party_name(f->party));
		page_text(p, ROLE_TEXT, f->text);
	}
}

void event_words(struct page *p, struct model *m, const struct event *ev, const struct log_row *row)
{
	char a[UNITS_LEN], b[UNITS_LEN], name[NAME_LEN], safe[TEXT_SAFE_LEN(EVENT_COMM_LEN)];
	const struct model_device *d = ev->device ? model_device(m, ev->device) : NULL;
	uint32_t state = d ? d->state : MIG_UNKNOWN;
	struct scope *s = p->s;
	const char *means;
	uint64_t real;

	page_line(p, event_failed(ev) ? ROLE_BAD : ROLE_TEXT, CELL_BOLD, "%s", scope_line(s, ev));
	means = meaning(ev, state);
	if (*means)
		page_text(p, ROLE_TEXT, means);
	findings(p, row);
	if (row->last != row->first || row->calls > 1)
		page_field(p, "one of", "%llu equal calls in a row",
			   (unsigned long long)row->calls);
	real = model_realtime_ns(store_model(s->store), ev->t_ns);
	page_field(p, "began", "%s%s%s", scope_time(s, a, ev->t_ns), real ? ", " : "",
		   real ? units_rfc3339(b, real) : "");
	if (ev->dur_ns)
		page_field(p, "took", "%s%s", units_duration(a, ev->dur_ns),
			   event_calls(ev) > 1 ? ", all of them together" : "");
	if (ev->ret < 0)
		page_field(p, "result", "%s: %s", errno_label(a, ev->ret),
			   ev->ret > -4096 ? strerror((int)-ev->ret) : "no errno");
	if (d)
		page_field(p, "device", "%s, %s at the cursor",
			   scope_device_name(m, ev->device, 60, name), state_label(a, state));
	in_session(p, m, ev);
	if (ev->pid)
		page_field(p, "by", "%s, process %u",
			   text_safe(safe, sizeof(safe), ev->comm, sizeof(ev->comm)), ev->pid);
	neighbour(p, ev, row->first, -1);
	neighbour(p, ev, row->last, 1);
}
