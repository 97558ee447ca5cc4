// SPDX-License-Identifier: GPL-2.0-only
#include "view/vmm_words.h"

#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "view/common.h"
#include "view/downtime.h"

#define EVENT_NAME "vmstate_downtime_checkpoint "
#define NAME_SIZE  40
/* A migration has nine; what a recording claims beyond is left out. */
#define WORDS_KEPT 1024
/* After the last device runs QEMU has some to say still. */
#define AFTER_NS   1000000000ULL

struct vmm_word {
	uint64_t t_ns;
	char name[NAME_SIZE];
};

struct vmm_words {
	struct vmm_word *w;
	size_t n, cap;
};

struct vmm_words *vmm_words_create(void)
{
	return calloc(1, sizeof(struct vmm_words));
}

void vmm_words_destroy(struct vmm_words *w)
{
	if (w)
		free(w->w);
	free(w);
}

int vmm_words_take(struct vmm_words *w, const struct event *ev)
{
	const char *name, *end = ev->mark.text + strnlen(ev->mark.text, sizeof(ev->mark.text));
	size_t len;

	name = memmem(ev->mark.text, (size_t)(end - ev->mark.text), EVENT_NAME,
		      sizeof(EVENT_NAME) - 1);
	if (!name || w->n == WORDS_KEPT)
		return 0;
	name += sizeof(EVENT_NAME) - 1;
	for (len = 0;
	     name + len < end && strchr("abcdefghijklmnopqrstuvwxyz0123456789-", name[len]); len++)
		;
	if (!len || len >= NAME_SIZE)
		return 0;
	if (array_room(&w->w, w->n + 1, &w->cap, sizeof(*w->w)))
		return -ENOMEM;
	w->w[w->n].t_ns = ev->t_ns;
	memcpy(w->w[w->n].name, name, len);
	w->w[w->n++].name[len] = '\0';
	return 0;
}

/* ---- beside the devices' ---- */

static uint64_t stopped_ns(struct model *m, const struct migration *g)
{
	uint64_t last = MODEL_NONE, end_ns;
	uint32_t id;

	for (id = model_side_session(m, g->source, 0); id;
	     id = model_side_session(m, g->source, id)) {
		const struct session *s = model_session_peek(m, id);

		if (s->switch_ns == MODEL_NONE)
			continue;
		end_ns = sat_add(s->switch_ns, s->switch_arc_ns);
		if (last == MODEL_NONE || end_ns > last)
			last = end_ns;
	}
	return last;
}

/* The same moment of the devices: when, and what it is; NULL: they have none. */
static const char *ours(const char *name, struct model *m, const struct migration *g,
			uint64_t *t_ns)
{
	const struct side *src = model_side(m, g->source), *dst = model_side(m, g->destination);

	*t_ns = MODEL_NONE;
	if (!strcmp(name, "src-downtime-start")) {
		*t_ns = g->stop.start_ns;
		return "the first device's stop";
	}
	if (!strcmp(name, "src-vm-stopped")) {
		*t_ns = src ? stopped_ns(m, g) : MODEL_NONE;
		return "the last device in STOP_COPY";
	}
	if (!strcmp(name, "src-iterable-saved")) {
		*t_ns = src ? src->eof_ns : MODEL_NONE;
		return "the last device's last byte";
	}
	if (!strcmp(name, "dst-precopy-bh-vm-started")) {
		*t_ns = dst ? dst->run_ns : MODEL_NONE;
		return "the last device's start";
	}
	return NULL;
}

/* The next one of the migration's time, from number *@i on; NULL: there is no more. */
static const struct vmm_word *
next_word(const struct view_evidence *e, const struct migration *g, size_t *i)
{
	while (e->words && *i < e->words->n) {
		const struct vmm_word *w = &e->words->w[(*i)++];

		if (w->t_ns >= g->begin_ns && w->t_ns <= sat_add(g->end_ns, AFTER_NS))
			return w;
	}
	return NULL;
}

void vmm_words_text(FILE *f, const struct view_evidence *e, const struct migration *g,
		    const struct view_options *opt, int indent)
{
	uint64_t first = model_first_ns(e->model), from = MODEL_NONE, to = MODEL_NONE, t_ns, off;
	char a[UNITS_LEN], b[UNITS_LEN];
	const struct vmm_word *w;
	const char *what;
	size_t i = 0;

	while ((w = next_word(e, g, &i))) {
		if (!strcmp(w->name, "src-downtime-start"))
			from = w->t_ns;
		else if (!strcmp(w->name, "dst-precopy-bh-vm-started"))
			to = w->t_ns;
		fprintf(f, "%*s%-28s ", indent, "", w->name);
		text_pad(f, time_label(a, opt, e->model, w->t_ns, first, first), 12, true);
		what = ours(w->name, e->model, g, &t_ns);
		if (what && t_ns != MODEL_NONE) {
			off = t_ns > w->t_ns ? t_ns - w->t_ns : w->t_ns - t_ns;
			fprintf(f, "  %s%s%s", what, off ? " " : ": then",
				off ? units_duration(b, off) : "");
			fputs(!off ? "" : t_ns > w->t_ns ? " later" : " earlier", f);
		}
		fputc('\n', f);
	}
	if (from == MODEL_NONE || to == MODEL_NONE || to < from)
		return;
	fprintf(f, "%*sby these its downtime is %s", indent, "", units_duration(a, to - from));
	if (g->downtime_ns != MODEL_NONE)
		fprintf(f, ", that of the devices %s", units_duration(b, g->downtime_ns));
	fputc('\n', f);
}

void vmm_words_json(struct json *j, const char *key, const struct view_evidence *e,
		    const struct migration *g)
{
	const struct vmm_word *w;
	const char *what;
	uint64_t t_ns;
	size_t i = 0;

	json_key(j, key);
	w = next_word(e, g, &i);
	if (!w) {
		json_null(j);
		return;
	}
	json_array_begin(j);
	for (; w; w = next_word(e, g, &i)) {
		what = ours(w->name, e->model, g, &t_ns);
		json_object_begin(j);
		json_kstring(j, "name", w->name);
		json_ku64(j, "t_ns", w->t_ns);
		json_kname(j, "devices", what);
		json_known(j, "devices_ns", t_ns);
		json_object_end(j);
	}
	json_array_end(j);
}
