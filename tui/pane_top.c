// SPDX-License-Identifier: GPL-2.0-only
/*
 * pane_top.c - header, sentence, key line, device table; and the empty screen
 */
#include <stdarg.h>
#include <string.h>

#include "tui/internal.h"

static const char *const pane_names[PANE_NR] = {
	"header", "sentence", "keys", "devices", "bytes", "states", "downtime", "events",
	"latency", "problems",
};

const char *pane_name(enum pane p)
{
	return p < PANE_NR ? pane_names[p] : "";
}

void pane_title(struct scope *s, enum pane p, struct rect r, const char *name,
		const char *fmt, ...)
{
	unsigned int attr = s->focus == p ? CELL_REVERSE : 0;
	char text[512];
	va_list ap;
	int col;

	cells_fill(s->cells, (struct rect){ r.row, r.col, 1, r.cols }, 0x2500, ROLE_TITLE, 0);
	col = cells_printf(s->cells, r.row, r.col + 1, ROLE_TITLE, CELL_BOLD | attr, " %d %s ",
			   p - PANE_FIRST + 1, name);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (*text)
		cells_printf(s->cells, r.row, col + 1, ROLE_TITLE, 0, " %s ", text);
}

/* The parts of the header, as far as they are to be shown. */
struct header {
	struct {
		char text[400];
		unsigned int role;
		int weight;		/* what is least needed goes first; 0: never */
	} part[8];
	int n;
};

static void part(struct header *h, unsigned int role, int weight, const char *text)
{
	snprintf(h->part[h->n].text, sizeof(h->part[0].text), "%s", text);
	h->part[h->n].role = role;
	h->part[h->n++].weight = weight;
}

static void drop_parts(struct header *h, int room)
{
	int i, width, worst;

	for (;;) {
		for (i = 0, width = 0, worst = -1; i < h->n; i++) {
			width += cells_width(h->part[i].text) + 3;
			if (h->part[i].weight && (worst < 0 ||
						  h->part[i].weight > h->part[worst].weight))
				worst = i;
		}
		if (width <= room || worst < 0)
			return;
		memmove(&h->part[worst], &h->part[worst + 1],
			(size_t)(h->n - worst - 1) * sizeof(h->part[0]));
		h->n--;
	}
}

static void say_loss(struct scope *s, struct model *m, char *text, size_t size, unsigned int *role)
{
	const struct model_loss *l = model_loss(m);
	const struct source_health *h = &s->status.health;
	char a[UNITS_LEN];

	*role = ROLE_HEADER;
	snprintf(text, size, "loss 0");
	if (l->places) {
		*role = ROLE_BAD;
		if (l->events)
			snprintf(text, size, "LOSS %s", units_count(a, l->events));
		else
			snprintf(text, size, "LOSS in %llu place%s", (unsigned long long)l->places,
				 l->places == 1 ? "" : "s");
	}
	if (s->status.has_health && (h->frames_damaged || h->bytes_skipped)) {
		*role = ROLE_BAD;
		snprintf(text + strlen(text), size - strlen(text), ", DAMAGE %s",
			 units_size(a, h->bytes_skipped, false));
	} else if (s->status.has_health && !h->ended && !s->status.loading) {
		*role = ROLE_BAD;
		snprintf(text + strlen(text), size - strlen(text), ", NO CLEAN END");
	}
}

void pane_header(struct scope *s, struct model *m, struct rect r)
{
	char text[400], a[UNITS_LEN], safe[TEXT_SAFE_LEN(64)];
	const char *host = s->status.meta ? meta_get(s->status.meta, "host") : NULL, *base;
	unsigned int attached, hooks, role, failed;
	struct header h = { .n = 0 };
	uint32_t worst;
	uint64_t real;
	size_t n;
	int col, i;

	cells_fill(s->cells, r, ' ', ROLE_HEADER, CELL_REVERSE);
	col = cells_text(s->cells, r.row, r.col + 1, ROLE_HEADER, CELL_REVERSE | CELL_BOLD,
			 "vfioscope");
	base = s->opt.path && strrchr(s->opt.path, '/') ? strrchr(s->opt.path, '/') + 1 : s->opt.path;
	if (s->opt.live || !base)
		snprintf(text, sizeof(text), " %s %s", s->opt.live ? "live" : "replay",
			 text_safe(safe, sizeof(safe), host ?: "", 24));
	else
		snprintf(text, sizeof(text), " replay %s", text_safe(safe, sizeof(safe), base, 32));
	col = cells_text(s->cells, r.row, col, ROLE_HEADER, CELL_REVERSE, text);

	real = model_realtime_ns(store_model(s->store), s->cursor_ns);
	if (s->opt.time == TIME_MONO || !real || s->opt.time == TIME_REL) {
		scope_time(s, a, s->cursor_ns);
		snprintf(text, sizeof(text), "%.*s s", (int)strlen(a) - 3, a);
	} else {
		snprintf(text, sizeof(text), "%.12sZ", units_clock(a, real));
	}
	if (!scope_is_empty(s))
		part(&h, ROLE_HEADER, 1, text);
	if (s->status.loading && !s->opt.live)
		part(&h, ROLE_WARN, s->follow ? 4 : 0, s->follow ? "READING" : "PAUSED");
	else if (!s->follow && s->opt.live)
		part(&h, ROLE_WARN, 0, "PAUSED");
	scope_hooks(s, &attached, &hooks);
	if (hooks) {
		snprintf(text, sizeof(text), "hooks %u/%u", attached, hooks);
		part(&h, attached < hooks ? ROLE_BAD : ROLE_HEADER, attached < hooks ? 0 : 3, text);
	}
	say_loss(s, m, text, sizeof(text), &role);
	part(&h, role, 0, text);
	if (s->status.recording) {
		snprintf(text, sizeof(text), "●rec %s",
			 units_size(a, s->status.recorded_bytes, false));
		part(&h, ROLE_HEADER, 2, text);
	}
	for (i = (int)model_sessions(m), failed = 0; i > 0; i--)
		failed += model_session_peek(m, (uint32_t)i)->outcome == OUTCOME_FAILED;
	if (failed) {
		snprintf(text, sizeof(text), "%u FAILED", failed);
		part(&h, ROLE_BAD, 0, text);
	}
	n = scope_findings(s, 0, &worst);
	snprintf(text, sizeof(text), "%zu finding%s", n, n == 1 ? "" : "s");
	part(&h, !n ? ROLE_HEADER : worst == INSIGHT_ERROR ? ROLE_BAD : ROLE_WARN, 0, text);
	drop_parts(&h, r.col + r.cols - col);
	for (i = 0; i < h.n; i++) {
		col = cells_text(s->cells, r.row, col, ROLE_HEADER, CELL_REVERSE, " │ ");
		role = h.part[i].role;
		col = cells_text(s->cells, r.row, col, role, CELL_REVERSE |
				 (role != ROLE_HEADER ? CELL_BOLD : 0), h.part[i].text);
	}
}

void pane_sentence(struct scope *s, struct model *m, struct rect r)
{
	struct sentence o;
	size_t cut = 0, len;
	int w;

	scope_sentence(s, m, &o);
	/* Whole clauses are better than a cut one; the first says most. */
	while (r.rows < 2 && cells_width(o.text) > r.cols - 1) {
		char *clause = strrchr(o.text, ';');

		if (!clause || clause < o.text + r.cols / 2)
			break;
		*clause = '\0';
	}
	if (r.rows < 2 || cells_width(o.text) <= r.cols - 1) {
		cells_field(s->cells, r.row, r.col + (s->layout.tiny ? 0 : 1),
			    r.cols - (s->layout.tiny ? 0 : 1), false, o.role, CELL_BOLD, o.text);
		return;
	}
	/* Two lines: break at a blank. */
	len = strlen(o.text);
	for (w = 0; cut < len; cut++) {
		if ((o.text[cut] & 0xc0) != 0x80 && ++w > r.cols)
			break;
	}
	while (cut > 0 && o.text[cut] != ' ')
		cut--;
	if (!cut)
		cut = (size_t)r.cols < len ? (size_t)r.cols : len;
	else
		o.text[cut++] = '\0';
	cells_field(s->cells, r.row, r.col, r.cols, false, o.role, CELL_BOLD, o.text);
	cells_field(s->cells, r.row + 1, r.col, r.cols, false, o.role, CELL_BOLD, o.text + cut);
}

/* The line at the bottom: a prompt, a message, or the keys that matter most. */
void pane_keys(struct scope *s, struct model *m, struct rect r)
{
	static const struct { const char *key, *what; } hints[] = {
		{ "?", "help" }, { "←→", "event" }, { "[]", "arc" }, { "{}", "migration" },
		{ "Space", "pause" }, { "f", "follow" }, { "/", "find" }, { "&", "filter" },
		{ "+-0", "zoom" }, { "Enter", "why" }, { "1-7", "panes" }, { ":", "command" },
		{ "q", "quit" },
	};
	static const char *const prompts[] = { "", ":", "/", "&", "mark: " };
	int col = r.col + 1, quit = r.col + r.cols - 6;
	size_t i;

	(void)m;
	if (s->prompt) {
		char safe[TEXT_SAFE_LEN(sizeof(s->input))];

		col = cells_text(s->cells, r.row, r.col, ROLE_KEY, CELL_BOLD, prompts[s->prompt]);
		text_safe(safe, sizeof(safe), s->input, sizeof(s->input));
		/* The end is where one types. */
		i = cells_width(safe) > r.cols - 10 ? strlen(safe) - (size_t)(r.cols - 10) : 0;
		while (i && (safe[i] & 0xc0) == 0x80)
			i++;
		col = cells_text(s->cells, r.row, col, ROLE_TEXT, 0, safe + i);
		cells_put(s->cells, r.row, col, ' ', ROLE_TEXT, CELL_REVERSE);
		return;
	}
	if (s->message[0]) {
		cells_field(s->cells, r.row, r.col + 1, r.cols - 1, false,
			    s->message_bad ? ROLE_BAD : ROLE_TEXT, CELL_BOLD, s->message);
		return;
	}
	for (i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		int w = cells_width(hints[i].key) + cells_width(hints[i].what) + 2;
		bool last = i + 1 == sizeof(hints) / sizeof(hints[0]);

		/* The way out is always there. */
		if (!last && col + w > quit)
			continue;
		col = cells_text(s->cells, r.row, col, ROLE_KEY, CELL_BOLD, hints[i].key);
		col = cells_printf(s->cells, r.row, col, ROLE_DIM, 0, " %s", hints[i].what) + 1;
	}
}

/* ---- devices ---- */

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
		[C_DRIVER] = { "DRIVER", 8, false }, [C_STATE] = { "STATE", 13, false },
		[C_FOR] = { "FOR", 8, true }, [C_MOVED] = { "MOVED", 9, true },
		[C_LEFT] = { "LEFT", 9, true }, [C_STOP] = { "STOP≈", 8, true },
		[C_BAD] = { "!", 3, true },
	}, wide[C_NR] = {
		[C_VM] = { "VM", 10, false }, [C_DEVICE] = { "DEVICE", 19, false },
		[C_DOES] = { "DOES", 9, false }, [C_DRIVER] = { "DRIVER", 18, false }, [C_STATE] = { "STATE", 14, false },
		[C_FOR] = { "FOR", 9, true }, [C_MOVED] = { "MOVED", 11, true },
		[C_LEFT] = { "LEFT", 11, true }, [C_STOP] = { "STOP≈", 9, true },
		[C_BAD] = { "!", 4, true },
	};
	int i, sum = 2;

	(void)s;
	memcpy(c, cols >= 116 ? wide : cols >= 80 ? normal : narrow, sizeof(wide));
	if (cols >= 89 && cols < 116)
		c[C_DOES] = wide[C_DOES];
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
	if (cols > 140) {
		c[C_DEVICE].width += (cols - 140) / 2 < 20 ? (cols - 140) / 2 : 20;
		c[C_VM].width += (cols - 140) / 4 < 20 ? (cols - 140) / 4 : 20;
	}
}

/* What the device does, or how that ended. */
static const char *does(const struct session *g, unsigned int *role)
{
	bool save = g && g->direction == DIR_SAVE;

	*role = ROLE_TEXT;
	if (!g)
		return "–";
	if (!g->ended) {
		*role = ROLE_STATE;
		return save ? "leaving" : "arriving";
	}
	switch (g->outcome) {
	case OUTCOME_COMPLETED:
		*role = ROLE_GOOD;
		return save ? "left" : "arrived";
	case OUTCOME_CANCELLED:
		*role = ROLE_WARN;
		return save ? "stays" : "gave up";
	case OUTCOME_FAILED:
		*role = ROLE_BAD;
		return "FAILED";
	default:
		*role = ROLE_WARN;
		return "gave up";
	}
}

static void device_row(struct scope *s, struct model *m, const struct column c[C_NR], int row,
		       struct rect r, const struct model_device *d)
{
	const struct session *g = scope_migration_of(m, d->number);
	char text[C_NR][NAME_LEN] = { { 0 } }, a[UNITS_LEN];
	bool sel = d->number == s->device, save = g && g->direction == DIR_SAVE;
	enum left_source source;
	uint64_t left;
	struct insight_forecast f;
	unsigned int role[C_NR] = { 0 }, attr = sel ? CELL_BOLD : 0;
	uint32_t worst;
	const char *vm;
	int col = r.col + 2, i;
	size_t n;

	vm = g && g->vm[0] ? g->vm : model_vm(m, d->host, d->pid);
	if (vm)
		safe_name(text[C_VM], vm);
	else
		strcpy(text[C_VM], "–");
	scope_device_name(m, d->number, c[C_DEVICE].width - 1, text[C_DEVICE]);
	strcpy(text[C_DOES], does(g, &role[C_DOES]));
	if (d->driver[0])
		safe_name(text[C_DRIVER], d->driver);
	snprintf(text[C_STATE], NAME_LEN, "%s", scope_state_label(s, d, a));
	role[C_STATE] = d->state == MIG_ERROR ? ROLE_BAD : d->session ? ROLE_STATE : ROLE_TEXT;
	if (d->state_since_ns && d->state_since_ns <= s->cursor_ns)
		units_duration(text[C_FOR], s->cursor_ns - d->state_since_ns);
	strcpy(text[C_MOVED], "–");
	strcpy(text[C_LEFT], "–");
	strcpy(text[C_STOP], "–");
	strcpy(text[C_BAD], "–");
	if (g)
		scope_size(s, text[C_MOVED], g->bytes_total);
	left = scope_left(g, &source);
	if (left != MODEL_NONE)
		scope_size(s, text[C_LEFT], left);
	if (save && g->window.start_ns != MODEL_NONE) {
		units_duration(text[C_STOP], g->ended || g->eof || s->cursor_ns < g->window.start_ns ?
			       g->window.total_ns : s->cursor_ns - g->window.start_ns);
	} else if (save && !g->ended) {
		insight_forecast(m, g->id, s->cursor_ns, &f);
		if (f.known)
			snprintf(text[C_STOP], NAME_LEN, "≈%s", units_duration(a, f.likely_ns));
	}
	n = scope_findings(s, d->number, &worst);
	if (n) {
		snprintf(text[C_BAD], NAME_LEN, "%c%zu", "EWA?"[worst <= INSIGHT_INCONCLUSIVE ?
							    worst : 3], n);
		role[C_BAD] = worst == INSIGHT_ERROR ? ROLE_BAD : ROLE_WARN;
	}
	cells_text(s->cells, row, r.col, ROLE_KEY, CELL_BOLD, sel ? "▶" : " ");
	for (i = 0; i < C_NR; i++) {
		if (!c[i].width)
			continue;
		cells_field(s->cells, row, col, c[i].right ? c[i].width : c[i].width - 1,
			    c[i].right, role[i], attr, text[i]);
		col += c[i].width;
	}
}

void pane_devices(struct scope *s, struct model *m, struct rect r)
{
	uint32_t numbers[1024], n = 0, i, first = 0, at = 0;
	struct column c[C_NR];
	int col = r.col + 2, k, rows = r.rows - 1;
	unsigned int attr = s->focus == PANE_DEVICES ? CELL_REVERSE : 0;
	char more[64];

	for (i = 0; i < model_devices(m) && n < 1024; i++) {
		uint32_t number = model_device_at(m, i)->number;

		if (!scope_device_shown(m, number))
			continue;
		if (number == s->device)
			at = n;
		numbers[n++] = number;
	}
	choose_columns(s, r.cols, c);
	cells_fill(s->cells, (struct rect){ r.row, r.col, 1, r.cols }, ' ', ROLE_TITLE, attr);
	for (k = 0; k < C_NR; k++) {
		if (!c[k].width)
			continue;
		cells_field(s->cells, r.row, col, c[k].right ? c[k].width : c[k].width - 1,
			    c[k].right, ROLE_TITLE, CELL_BOLD | attr, c[k].name);
		col += c[k].width;
	}
	if (rows < 1)
		return;
	/* The selected one is in sight. */
	if (at >= (uint32_t)rows)
		first = at - (uint32_t)rows + 1;
	s->table_row = r.row + 1;
	for (k = 0; k < rows && first + (uint32_t)k < n; k++) {
		device_row(s, m, c, r.row + 1 + k, r, model_device(m, numbers[first + (uint32_t)k]));
		if (k < (int)(sizeof(s->table) / sizeof(s->table[0]))) {
			s->table[k] = numbers[first + (uint32_t)k];
			s->table_n = k + 1;
		}
	}
	if (n > (uint32_t)rows) {
		snprintf(more, sizeof(more), " %u of %u, d/D ", at + 1, n);
		if (r.cols > 100)
			cells_text(s->cells, r.row, r.col + r.cols - cells_width(more), ROLE_DIM, 0,
				   more);
	}
}

/* ---- nothing to show ---- */

void empty_draw(struct scope *s, struct rect r)
{
	const struct meta *meta = s->status.meta;
	unsigned int attached, hooks;
	char safe[TEXT_SAFE_LEN(160)];
	int row = r.row + 1, col = r.col + 2;
	size_t i;

	scope_hooks(s, &attached, &hooks);
	if (s->opt.live)
		cells_text(s->cells, row++, col, ROLE_TEXT, CELL_BOLD,
			   "Watching. No VFIO device has been touched yet.");
	else if (s->status.loading)
		cells_text(s->cells, row++, col, ROLE_TEXT, CELL_BOLD, "Waiting for events.");
	else
		cells_text(s->cells, row++, col, ROLE_WARN, CELL_BOLD,
			   "The recording holds no event: nothing used a VFIO device while it ran.");
	row++;
	if (s->opt.live) {
		cells_text(s->cells, row++, col, ROLE_TEXT, 0, "What to do next:");
		cells_text(s->cells, row++, col, ROLE_TEXT, 0,
			   "  start a VM with a VFIO device, or migrate one: it shows up here");
		cells_text(s->cells, row++, col, ROLE_TEXT, 0,
			   "  make demo            migrates a device in a virtual machine, here");
		cells_text(s->cells, row++, col, ROLE_TEXT, 0,
			   "  vfioscope doctor     says what can be traced on this machine");
		row++;
	}
	if (!hooks)
		return;
	cells_printf(s->cells, row++, col, attached < hooks ? ROLE_BAD : ROLE_TEXT, CELL_BOLD,
		     "%u of %u hooks attached (module function what method):", attached, hooks);
	for (i = 0; i < meta->n && row < r.row + r.rows; i++) {
		if (strcmp(meta->entries[i].key, "hook"))
			continue;
		text_safe(safe, sizeof(safe), meta->entries[i].value, 160);
		cells_text(s->cells, row++, col + 2, strstr(safe, " none") ? ROLE_BAD : ROLE_DIM, 0,
			   safe);
	}
}
