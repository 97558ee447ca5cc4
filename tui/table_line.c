// SPDX-License-Identifier: GPL-2.0-only
/*
 * table_line.c - what a row of the table says
 */
#include <string.h>

#include "tui/table.h"
#include "view/downtime.h"

static void line_init(struct table_line *l)
{
	int i;

	memset(l, 0, sizeof(*l));
	for (i = C_FOR; i < C_NR; i++)
		strcpy(l->text[i], i == C_SPARK || i == C_PART ? "" : "–");
}

static void line_findings(struct scope *s, struct table_line *l, const struct migration *g,
			  uint32_t device)
{
	uint32_t worst;
	size_t n = scope_findings(s, g, device, &worst);

	if (!n)
		return;
	snprintf(l->text[C_BAD], NAME_LEN, "%c%zu", "EWA?"[worst], n);
	l->role[C_BAD] = worst == SEV_ERROR ? ROLE_BAD : ROLE_WARN;
}

/* Where most of the stop went. */
static void longest_part(struct model *m, const struct migration *g, struct table_line *l)
{
	struct downtime_part part[MIGRATION_PARTS_MAX];
	const struct downtime_part *p = parts_longest(part, migration_parts(m, g, part));
	char name[UNITS_LEN];

	if (!p || !p->total_ns || l->text[C_PART][0])
		return;
	snprintf(l->text[C_PART], NAME_LEN, " %s %u %%", downtime_part_name(p, name),
		 (unsigned int)sat_percent(p->ns, p->total_ns));
}

/* A migration in one line; what failed or hangs stands where others have their sides. */
void table_migration(struct scope *s, struct model *m, const int width[C_NR],
		     const struct migration *g, struct table_line *l)
{
	const struct side *src = g->source ? model_side(m, g->source) : NULL;
	const struct side *own = src ?: model_side(m, g->destination);
	const struct model_flight *stuck = scope_stuck(s, m, g);
	enum left_source source;
	uint64_t left = scope_side_left(m, g->source, &source), stop;
	enum stop_kind kind;
	uint32_t device = g->n_causes ? g->cause[0].device : stuck ? stuck->device : 0;
	char a[UNITS_LEN];

	line_init(l);
	/* An only one has a name. */
	if (!device && own->n_devices == 1)
		device = model_side_device(m, own->id, 0)->device;
	if (g->vm)
		safe_name(l->text[C_VM], g->vm);
	else
		snprintf(l->text[C_VM], NAME_LEN, "pid %u", own->pid);
	if (device)
		scope_device_name(m, device, width[C_DEVICE], l->text[C_DEVICE]);
	else
		snprintf(l->text[C_DEVICE], NAME_LEN, "%u device%s", own->n_devices,
			 plural(own->n_devices));
	snprintf(l->text[C_DOES], NAME_LEN, "%s",
		 scope_does(src != NULL, g->ended, g->outcome, &l->role[C_DOES]));
	if (g->outcome == OUTCOME_FAILED && g->n_causes) {
		const struct failure *f = &g->cause[0];

		/* A narrow column cuts the call, not the errno. */
		snprintf(l->text[C_STATE], NAME_LEN, "%s%s%s",
			 f->ret < 0 ? errno_label(a, f->ret) : "", f->ret < 0 ? " " : "",
			 event_call_name(f->kind));
		snprintf(l->text[C_PART], NAME_LEN, " turn: %s",
			 party_name(scope_failure_party(s, g)));
		l->role[C_STATE] = l->role[C_PART] = ROLE_BAD;
	} else if (stuck) {
		snprintf(l->text[C_STATE], NAME_LEN, "%s out", event_call_name(stuck->call));
		strcpy(l->text[C_DOES], "STUCK");
		l->role[C_STATE] = l->role[C_DOES] = ROLE_BAD;
	} else if (src && g->destination) {
		strcpy(l->text[C_STATE], "both sides");
	} else {
		strcpy(l->text[C_STATE], src ? "source" : "destination");
	}
	if (stuck && g->outcome != OUTCOME_FAILED)
		units_duration(l->text[C_FOR], stuck->seen_ns - stuck->start_ns);
	else
		units_duration(l->text[C_FOR],
			       (g->ended || g->outcome == OUTCOME_FAILED ? g->end_ns :
				s->cursor_ns > g->begin_ns		 ? s->cursor_ns :
									   g->begin_ns) -
				       g->begin_ns);
	scope_size(s, l->text[C_MOVED], own->bytes_total);
	if (left != MODEL_NONE)
		scope_size(s, l->text[C_LEFT], left);
	stop = scope_stop_ns(s, m, g, &kind);
	if (stop != MODEL_NONE)
		snprintf(l->text[C_STOP], NAME_LEN, "%s%s",
			 kind == STOP_FORECAST ? "≈" :
			 kind == STOP_AT_LEAST ? ">" :
						 "",
			 units_duration(a, stop));
	longest_part(m, g, l);
	line_findings(s, l, g, 0);
}

void table_device(struct scope *s, struct model *m, const int width[C_NR],
		  const struct table_row *r, struct table_line *l)
{
	const struct model_device *d = model_device(m, r->device);
	const struct session *g = scope_session_of(m, r->side, r->device);
	const struct side *x = r->side ? model_side_peek(m, r->side) : NULL;
	bool save = g && g->direction == DIR_SAVE;
	enum left_source source;
	uint64_t left = session_left(g, &source);
	struct forecast f;
	char a[UNITS_LEN];
	const char *vm = x && x->vm[0] ? x->vm : model_vm(m, d->host, d->pid);

	line_init(l);
	if (r->migration && s->n_fleet > 1)
		l->text[C_VM][0] = '\0';
	else if (vm)
		safe_name(l->text[C_VM], vm);
	else
		strcpy(l->text[C_VM], "–");
	scope_device_name(m, d->number, width[C_DEVICE], l->text[C_DEVICE]);
	if (g)
		snprintf(l->text[C_DOES], NAME_LEN, "%s",
			 scope_does(save, g->ended, g->outcome, &l->role[C_DOES]));
	/* Of its side it is there for nothing but what it refused. */
	else if (x)
		snprintf(l->text[C_DOES], NAME_LEN, "%s",
			 scope_does(true, true, x->outcome, &l->role[C_DOES]));
	else
		strcpy(l->text[C_DOES], "–");
	if (d->driver[0])
		safe_name(l->text[C_DRIVER], d->driver);
	/* Of an earlier migration only its own is told, not how the device is now. */
	if (!g || scope_session_of(m, 0, r->device) == g) {
		snprintf(l->text[C_STATE], NAME_LEN, "%s", scope_state_label(s, d, a));
		l->role[C_STATE] = d->state == MIG_ERROR ? ROLE_BAD :
				   d->session		 ? ROLE_STATE :
							   ROLE_TEXT;
		if (d->state_since_ns && d->state_since_ns <= s->cursor_ns)
			units_duration(l->text[C_FOR], s->cursor_ns - d->state_since_ns);
	} else {
		strcpy(l->text[C_STATE], "earlier");
	}
	if (g)
		scope_size(s, l->text[C_MOVED], g->bytes_total);
	if (left != MODEL_NONE)
		scope_size(s, l->text[C_LEFT], left);
	if (save && g->window.start_ns != MODEL_NONE) {
		units_duration(l->text[C_STOP],
			       g->ended || g->eof || s->cursor_ns < g->window.start_ns ?
				       g->window.total_ns :
				       s->cursor_ns - g->window.start_ns);
	} else if (save) {
		forecast_session(m, g->id, model_last_ns(m), &f);
		if (f.basis != FORECAST_NONE && f.mid_ns != MODEL_NONE)
			snprintf(l->text[C_STOP], NAME_LEN, "≈%s", units_duration(a, f.mid_ns));
	}
	line_findings(s, l, NULL, d->number);
}
