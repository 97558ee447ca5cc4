// SPDX-License-Identifier: GPL-2.0-only
/*
 * pane_top.c - header, sentence, key line; and the empty screen
 */
#include <string.h>

#include "tui/internal.h"

/* The parts of the header, as far as they are to be shown. */
struct header {
	struct {
		char text[400];
		unsigned int role;
		int weight; /* what is least needed goes first; 0: never */
	} part[10];
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
			if (h->part[i].weight &&
			    (worst < 0 || h->part[i].weight > h->part[worst].weight))
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
				 plural(l->places));
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

/* Migrations by outcome: what went wrong is never left out. */
static void count_migrations(struct scope *s, struct model *m, struct header *h)
{
	unsigned int n[OUTCOME_FAILED + 1] = { 0 }, under_way = 0;
	char text[160];
	size_t i, len = 0;

	for (i = 0; i < s->n_fleet; i++) {
		const struct migration *g = model_migration(m, s->fleet[i].migration);

		/* What failed has failed, also while its VMM still cleans up. */
		if (g->ended || g->outcome == OUTCOME_FAILED)
			n[g->outcome]++;
		else
			under_way++;
	}
	if (n[OUTCOME_FAILED]) {
		snprintf(text, sizeof(text), "%u FAILED", n[OUTCOME_FAILED]);
		part(h, ROLE_BAD, 0, text);
	}
	text[0] = '\0';
	if (n[OUTCOME_COMPLETED])
		len += (size_t)snprintf(text + len, sizeof(text) - len, ", %u %s",
					n[OUTCOME_COMPLETED], s->cols < 100 ? "done" : "completed");
	if (n[OUTCOME_CANCELLED])
		len += (size_t)snprintf(text + len, sizeof(text) - len, ", %u cancelled",
					n[OUTCOME_CANCELLED]);
	if (n[OUTCOME_UNFINISHED])
		len += (size_t)snprintf(text + len, sizeof(text) - len, ", %u unfinished",
					n[OUTCOME_UNFINISHED]);
	if (under_way)
		len += (size_t)snprintf(text + len, sizeof(text) - len, ", %u under way",
					under_way);
	if (len)
		part(h, ROLE_HEADER, 1, text + 2);
}

static void draw_header(struct scope *s, struct model *m, struct rect r)
{
	char text[400], a[UNITS_LEN], safe[TEXT_SAFE_LEN(64)];
	const char *host = s->status.meta ? meta_get(s->status.meta, "host") : NULL, *base;
	unsigned int attached, hooks, role;
	struct header h = { .n = 0 };
	uint32_t worst;
	uint64_t real;
	size_t n;
	int col, i;

	cells_fill(s->cells, r, ' ', ROLE_HEADER, CELL_REVERSE);
	col = cells_text(s->cells, r.row, r.col + 1, ROLE_HEADER, CELL_REVERSE | CELL_BOLD,
			 "vfioscope");
	base = s->opt.path && strrchr(s->opt.path, '/') ? strrchr(s->opt.path, '/') + 1 :
							  s->opt.path;
	if (s->opt.live || !base)
		snprintf(text, sizeof(text), " %s %s", s->opt.live ? "live" : "replay",
			 text_safe(safe, sizeof(safe), host ?: "", 24));
	else
		snprintf(text, sizeof(text), "%s %s", s->cols < 70 ? "" : " replay",
			 text_safe(safe, sizeof(safe), base,
				   s->cols < 70	 ? 14 :
				   s->cols < 110 ? 24 :
						   64));
	col = cells_text(s->cells, r.row, col, ROLE_HEADER, CELL_REVERSE, text);

	real = model_realtime_ns(store_model(s->store), s->cursor_ns);
	if (s->opt.time == TIME_MONO || !real || s->opt.time == TIME_REL) {
		scope_time(s, a, s->cursor_ns);
		snprintf(text, sizeof(text), "%.*s s", (int)strlen(a) - 3, a);
	} else {
		snprintf(text, sizeof(text), "%.12sZ", units_clock(a, real));
	}
	if (!scope_is_empty(s))
		part(&h, ROLE_HEADER, 2, text);
	if (s->status.loading && !s->opt.live)
		part(&h, ROLE_WARN, s->follow ? 4 : 0, s->follow ? "READING" : "PAUSED");
	else if (!s->follow && s->opt.live)
		part(&h, ROLE_WARN, 0, "PAUSED");
	scope_hooks(s, &attached, &hooks);
	if (hooks) {
		snprintf(text, sizeof(text), "hooks %u/%u", attached, hooks);
		part(&h, attached < hooks ? ROLE_BAD : ROLE_HEADER, attached < hooks ? 0 : 3, text);
	}
	if (s->playing) {
		snprintf(text, sizeof(text), "▶ %gx", s->speed);
		part(&h, ROLE_WARN, 0, text);
	}
	say_loss(s, m, text, sizeof(text), &role);
	part(&h, role, 0, text);
	if (s->status.recording) {
		snprintf(text, sizeof(text), "●rec %s",
			 units_size(a, s->status.recorded_bytes, false));
		part(&h, ROLE_HEADER, 2, text);
	}
	count_migrations(s, m, &h);
	n = scope_findings(s, NULL, 0, &worst);
	snprintf(text, sizeof(text), "%zu finding%s", n, plural(n));
	part(&h, !n ? ROLE_HEADER : worst == SEV_ERROR ? ROLE_BAD : ROLE_WARN, 0, text);
	drop_parts(&h, r.col + r.cols - col);
	for (i = 0; i < h.n; i++) {
		col = cells_text(s->cells, r.row, col, ROLE_HEADER, CELL_REVERSE, " │ ");
		role = h.part[i].role;
		col = cells_text(s->cells, r.row, col, role,
				 CELL_REVERSE | (role != ROLE_HEADER ? CELL_BOLD : 0),
				 h.part[i].text);
	}
}

static void draw_sentence(struct scope *s, struct model *m, struct rect r)
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

/* What is typed, as far as it is in sight of where one types; what it could become. */
static void draw_prompt(struct scope *s, struct rect r, const char *sign)
{
	int col = cells_text(s->cells, r.row, r.col, ROLE_KEY, CELL_BOLD, sign), at, begin = col;
	char head[LINE_MAX_LEN], safe[TEXT_SAFE_LEN(LINE_MAX_LEN)];
	size_t skip = 0;

	snprintf(head, sizeof(head), "%.*s", (int)s->edit.at, s->edit.text);
	text_safe(safe, sizeof(safe), head, sizeof(head));
	while (cells_width(safe + skip) > r.cols - 10) {
		do
			skip++;
		while ((safe[skip] & 0xc0) == 0x80);
	}
	at = cells_text(s->cells, r.row, begin, ROLE_TEXT, 0, safe + skip);
	text_safe(safe, sizeof(safe), s->edit.text + s->edit.at, sizeof(s->edit.text));
	col = cells_text(s->cells, r.row, at, ROLE_TEXT, 0, safe);
	if (!*safe)
		cells_put(s->cells, r.row, col++, ' ', ROLE_TEXT, 0);
	cells_attr(s->cells, (struct rect){ r.row, at, 1, 1 }, CELL_REVERSE);
	if (s->hint[0] && col + 2 < r.col + r.cols)
		cells_field(s->cells, r.row, col + 2, r.col + r.cols - col - 2, false, ROLE_DIM, 0,
			    s->hint);
}

/* The line at the bottom: a prompt, a message, or the keys that matter most. */
static void draw_keys(struct scope *s, struct model *m, struct rect r)
{
	const struct {
		const char *key, *what;
	} hints[] = {
		{ "?", "help" },       { "←→", "event" },    { "[]", "arc" },
		{ "{}", "migration" }, { "Space", "pause" }, { "f", "follow" },
		{ "/", "find" },       { "&", "filter" },    { "+-0", "zoom" },
		{ "v", "next VM" },    { "Enter", "why" },   { request_pane_keys(), "panes" },
		{ ":", "command" },    { "q", "quit" },
	};
	static const char *const prompts[] = { "", ":", "/", "&", "fleet: ", "mark: " };
	int col = r.col + 1, quit = r.col + r.cols - 6;
	size_t i;

	(void)m;
	if (s->prompt) {
		draw_prompt(s, r, prompts[s->prompt]);
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

const struct pane pane_header = { .name = "header", .least = 1, .draw = draw_header };
const struct pane pane_sentence = { .name = "sentence", .least = 1, .draw = draw_sentence };
const struct pane pane_keys = { .name = "keys", .least = 1, .draw = draw_keys };

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
