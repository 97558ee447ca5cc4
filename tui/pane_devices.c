// SPDX-License-Identifier: GPL-2.0-only
/*
 * pane_devices.c - the table: migrations, worst first, and the devices of the open one
 */
#include <string.h>

#include "tui/internal.h"

struct column {
	const char *name;
	int width;
	bool right;
};

enum { C_VM, C_DEVICE, C_DOES, C_DRIVER, C_STATE, C_FOR, C_MOVED, C_LEFT, C_STOP, C_BAD, C_NR };

static void choose_columns(const struct scope *s, int cols, struct column c[C_NR])
{
	static const struct column narrow[C_NR] = {
		[C_DEVICE] = { "DEVICE", 13, false }, [C_STATE] = { "STATE", 13, false },
		[C_FOR] = { "FOR", 9, true }, [C_MOVED] = { "MOVED", 10, true },
		[C_LEFT] = { "LEFT", 10, true }, [C_BAD] = { "!", 3, true },
	}, normal[C_NR] = {
		[C_VM] = { "VM", 7, false }, [C_DEVICE] = { "DEVICE", 13, false },
		[C_DOES] = { "DOES", 7, false }, [C_STATE] = { "STATE", 13, false },
		[C_FOR] = { "FOR", 8, true }, [C_MOVED] = { "MOVED", 9, true },
		[C_LEFT] = { "LEFT", 9, true }, [C_STOP] = { "STOP", 9, true },
		[C_BAD] = { "!", 3, true },
	}, wide[C_NR] = {
		[C_VM] = { "VM", 10, false }, [C_DEVICE] = { "DEVICE", 19, false },
		[C_DOES] = { "DOES", 8, false }, [C_DRIVER] = { "DRIVER", 18, false }, [C_STATE] = { "STATE", 14, false },
		[C_FOR] = { "FOR", 9, true }, [C_MOVED] = { "MOVED", 11, true },
		[C_LEFT] = { "LEFT", 11, true }, [C_STOP] = { "STOP", 10, true },
		[C_BAD] = { "!", 4, true },
	};
	int i, sum = 2;

	memcpy(c, cols >= 116 ? wide : cols >= 80 ? normal : narrow, sizeof(wide));
	if (cols >= 89 && cols < 116)
		c[C_DRIVER] = (struct column){ "DRIVER", 9, false };
	/* A very small screen: what is least needed goes, from the right. */
	for (i = 0; i < C_NR; i++)
		sum += c[i].width;
	for (i = C_MOVED; i >= C_FOR && sum > cols; i--) {
		sum -= c[i].width;
		c[i].width = 0;
	}
	if (sum > cols) {
		sum -= c[C_BAD].width;
		c[C_BAD].width = 0;
	}
	if (sum > cols) {
		sum -= c[C_LEFT].width;
		c[C_LEFT].width = 0;
	}
	/* Sizes in bytes have up to twice as many digits. */
	if (s->opt.bytes && cols > 140) {
		c[C_MOVED].width += 5;
		c[C_LEFT].width += 5;
		cols -= 10;
	}
	if (cols > 140) {
		c[C_DEVICE].width += (cols - 140) / 2 < 20 ? (cols - 140) / 2 : 20;
		c[C_VM].width += (cols - 140) / 4 < 20 ? (cols - 140) / 4 : 20;
	}
}

/* What a migration or a device of it does, or how that ended. */
static const char *does(bool save, bool ended, uint32_t outcome, unsigned int *role)
{
	*role = ROLE_STATE;
	if (outcome == OUTCOME_FAILED) {
		*role = ROLE_BAD;
		return "FAILED";
	}
	if (!ended)
		return save ? "leaves" : "comes";
	if (outcome == OUTCOME_COMPLETED) {
		*role = ROLE_GOOD;
		return save ? "done" : "came";
	}
	*role = ROLE_WARN;
	return outcome == OUTCOME_CANCELLED ? "stays" : "no end";
}

struct table_line {
	char text[C_NR][NAME_LEN];
	unsigned int role[C_NR];
};

static void line_init(struct table_line *l)
{
	int i;

	memset(l, 0, sizeof(*l));
	for (i = C_FOR; i < C_NR; i++)
		strcpy(l->text[i], "–");
}

static void line_findings(struct scope *s, struct table_line *l, const struct column c[C_NR],
			  const struct migration *g, uint32_t device)
{
	uint32_t worst;
	size_t n = scope_findings(s, g, device, &worst);

	if (!n)
		return;
	if (n > 9 && c[C_BAD].width < 4)
		snprintf(l->text[C_BAD], NAME_LEN, "%c+", "EWA?"[worst]);
	else
		snprintf(l->text[C_BAD], NAME_LEN, "%c%zu", "EWA?"[worst], n);
	l->role[C_BAD] = worst == SEV_ERROR ? ROLE_BAD : ROLE_WARN;
}

/* A migration in one line; what failed or hangs stands where others have their sides. */
static void migration_line(struct scope *s, struct model *m, const struct column c[C_NR],
			   const struct migration *g, struct table_line *l)
{
	const struct side *src = g->source ? model_side(m, g->source) : NULL;
	const struct side *own = src ?: model_side(m, g->destination);
	const struct model_flight *stuck = scope_stuck(s, m, g);
	enum left_source source;
	uint64_t left = scope_side_left(m, g->source, &source), stop = MODEL_NONE;
	uint32_t device = g->n_causes ? g->cause[0].device : stuck ? stuck->device : 0;
	char a[UNITS_LEN];

	line_init(l);
	if (g->vm)
		safe_name(l->text[C_VM], g->vm);
	else
		snprintf(l->text[C_VM], NAME_LEN, "pid %u", own->pid);
	if (device)
		scope_device_name(m, device, c[C_DEVICE].width - 1, l->text[C_DEVICE]);
	else
		snprintf(l->text[C_DEVICE], NAME_LEN, "%u device%s", own->n_devices,
			 own->n_devices == 1 ? "" : "s");
	snprintf(l->text[C_DOES], NAME_LEN, "%s",
		 does(src != NULL, g->ended, g->outcome, &l->role[C_DOES]));
	if (g->outcome == OUTCOME_FAILED && g->n_causes) {
		const struct failure *f = &g->cause[0];

		/* A narrow column cuts the call, not the errno. */
		snprintf(l->text[C_STATE], NAME_LEN, "%s%s%s",
			 f->ret < 0 ? errno_label(a, f->ret) : "", f->ret < 0 ? " " : "",
			 event_call_name(f->kind));
		snprintf(l->text[C_DRIVER], NAME_LEN, "%s", party_name(judge_failure_party(f)));
		l->role[C_STATE] = l->role[C_DRIVER] = ROLE_BAD;
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
		units_duration(l->text[C_FOR], (g->ended		   ? g->end_ns :
						s->cursor_ns > g->begin_ns ? s->cursor_ns :
									     g->begin_ns) -
						       g->begin_ns);
	scope_size(s, l->text[C_MOVED], own->bytes_total);
	if (left != MODEL_NONE)
		scope_size(s, l->text[C_LEFT], left);
	if (g->downtime_ns != MODEL_NONE)
		stop = g->downtime_ns;
	else if (g->stopped_ns != MODEL_NONE)
		stop = g->stopped_ns;
	else if (src && src->stop.start_ns != MODEL_NONE)
		stop = src->stop_over || g->ended || stuck ? src->stop.total_ns :
		       s->cursor_ns > src->stop.start_ns   ? s->cursor_ns - src->stop.start_ns :
							     0;
	if (stop != MODEL_NONE)
		units_duration(l->text[C_STOP], stop);
	line_findings(s, l, c, g, 0);
}

static void device_line(struct scope *s, struct model *m, const struct column c[C_NR],
			const struct table_row *r, struct table_line *l)
{
	const struct model_device *d = model_device(m, r->device);
	const struct session *g = scope_session_of(m, r->side, r->device);
	const struct side *x = r->side ? model_side_peek(m, r->side) : NULL;
	bool save = g && g->direction == DIR_SAVE;
	enum left_source source;
	uint64_t left = scope_left(g, &source);
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
	scope_device_name(m, d->number, c[C_DEVICE].width - 1, l->text[C_DEVICE]);
	if (g)
		snprintf(l->text[C_DOES], NAME_LEN, "%s",
			 does(save, g->ended, g->outcome, &l->role[C_DOES]));
	else if (x && x->outcome == OUTCOME_FAILED)
		snprintf(l->text[C_DOES], NAME_LEN, "%s",
			 does(true, true, x->outcome, &l->role[C_DOES]));
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
	} else if (save && !g->ended) {
		forecast_session(m, g->id, s->cursor_ns, &f);
		if (f.basis != FORECAST_NONE && f.mid_ns != MODEL_NONE)
			snprintf(l->text[C_STOP], NAME_LEN, "≈%s", units_duration(a, f.mid_ns));
	}
	line_findings(s, l, c, NULL, d->number);
}

static void table_line_draw(struct scope *s, struct model *m, const struct column c[C_NR], int row,
			    struct rect r, const struct table_row *t)
{
	bool sel = scope_row_selected(s, m, t), open;
	const struct migration *now = scope_migration(s, m);
	unsigned int attr = sel ? CELL_BOLD : 0;
	struct table_line l;
	int col = r.col + 2, i;

	if (t->device)
		device_line(s, m, c, t, &l);
	else
		migration_line(s, m, c, model_migration(m, t->migration), &l);
	open = !t->device && now && now->id == t->migration;
	cells_text(s->cells, row, r.col, sel || open ? ROLE_KEY : ROLE_DIM, CELL_BOLD,
		   sel	     ? "▶" :
		   t->device ? " " :
		   open	     ? "▾" :
			       "▸");
	for (i = 0; i < C_NR; i++) {
		if (!c[i].width)
			continue;
		cells_field(s->cells, row, col, c[i].right ? c[i].width : c[i].width - 1,
			    c[i].right, l.role[i], t->device ? attr : CELL_BOLD, l.text[i]);
		col += c[i].width;
	}
}

static void draw(struct scope *s, struct model *m, struct rect r)
{
	size_t first = 0, at = 0, k, n = s->n_rows;
	struct column c[C_NR];
	int col = r.col + 2, i, rows = r.rows - 1;
	unsigned int attr = s->focus == PANE_DEVICES ? CELL_REVERSE : 0;
	char more[64];

	choose_columns(s, r.cols, c);
	cells_fill(s->cells, (struct rect){ r.row, r.col, 1, r.cols }, ' ', ROLE_TITLE, attr);
	for (i = 0; i < C_NR; i++) {
		if (!c[i].width)
			continue;
		cells_field(s->cells, r.row, col, c[i].right ? c[i].width : c[i].width - 1,
			    c[i].right, ROLE_TITLE, CELL_BOLD | attr, c[i].name);
		col += c[i].width;
	}
	if (rows < 1)
		return;
	for (k = 0; k < n; k++)
		if (scope_row_selected(s, m, &s->rowlist[k]))
			at = k;
	/* The selected one is in sight. */
	if (at >= (size_t)rows)
		first = at - (size_t)rows + 1;
	s->table_row = r.row + 1;
	for (i = 0; i < rows && first + (size_t)i < n; i++) {
		const struct table_row *t = &s->rowlist[first + (size_t)i];

		table_line_draw(s, m, c, r.row + 1 + i, r, t);
		if (i < (int)(sizeof(s->table) / sizeof(s->table[0]))) {
			s->table[i] = *t;
			s->table_n = i + 1;
		}
	}
	if (n > (size_t)rows) {
		snprintf(more, sizeof(more), " %zu of %zu, d/D, v/V ", at + 1, n);
		if (r.cols > 120)
			cells_text(s->cells, r.row, r.col + r.cols - cells_width(more), ROLE_DIM, 0,
				   more);
	}
}

static void click(struct scope *s, int row, int col)
{
	struct model *m = scope_model(s);
	const struct table_row *r;

	(void)col;
	if (row < s->table_row || row >= s->table_row + s->table_n)
		return;
	r = &s->table[row - s->table_row];
	if (r->device)
		scope_pin(s, r->side, r->device);
	else if (m && r->migration <= model_migrations(m))
		scope_pin_migration(s, m, model_migration(m, r->migration));
}

const struct pane pane_devices = {
	.name = "devices",
	.place = PLACE_TABLE,
	.least = 2,
	.draw = draw,
	.click = click,
	.page = device_page,
	.step = scope_step_device,
};
