// SPDX-License-Identifier: GPL-2.0-only
/*
 * complete.c - what a word that is being typed could become
 */
#include <string.h>

#include "tui/internal.h"

#define CHOICES_MAX 64

/* What the word that begins at @from of a line could become. */
struct choices {
	char text[CHOICES_MAX][72];
	char common[72]; /* what all begin with, those that there is no room for too */
	bool cut;	 /* there are such */
	size_t n, from;
};

static void offer(struct choices *c, const char *word, const char *text)
{
	size_t i, k;

	/* What cannot be typed as one word is no choice. */
	if (strncmp(text, word, strlen(word)) || strlen(text) >= sizeof(c->text[0]) ||
	    strpbrk(text, " \t"))
		return;
	for (i = 0; i < c->n; i++)
		if (!strcmp(c->text[i], text))
			return;
	if (!c->n)
		strcpy(c->common, text);
	for (k = 0; c->common[k] && c->common[k] == text[k]; k++)
		;
	c->common[k] = '\0';
	if (c->n == CHOICES_MAX)
		c->cut = true;
	else
		strcpy(c->text[c->n++], text);
}

static void offer_all(struct choices *c, const char *word, const char *const *texts)
{
	for (; *texts; texts++)
		offer(c, word, *texts);
}

/* Names of the evidence behind a beginning, as far as they are plain. */
static void offer_names(struct scope *s, struct choices *c, const char *word, const char *before,
			bool devices)
{
	struct model *m = store_model(s->store);
	char text[128], safe[NAME_LEN];
	uint32_t i;

	for (i = 0; devices && i < model_devices(m); i++) {
		snprintf(text, sizeof(text), "%s%.60s", before,
			 safe_name(safe, model_device_at(m, i)->name));
		offer(c, word, text);
	}
	for (i = 0; !devices && i < model_migrations(m); i++) {
		const char *vm = model_migration(m, i + 1)->vm;

		if (!vm)
			continue;
		snprintf(text, sizeof(text), "%s%.60s", before, safe_name(safe, vm));
		offer(c, word, text);
	}
}

static void offer_words(struct scope *s, struct choices *c, const char *word)
{
	bool negated = *word == '!';
	char text[64];
	uint32_t i;

	word += negated;
	if (!strncmp(word, "kind=", 5)) {
		for (i = 0; i < EV_KIND_NR; i++) {
			if (!event_kind_is_public(i))
				continue;
			snprintf(text, sizeof(text), "kind=%s", event_kind_name(i));
			offer(c, word, text);
		}
	} else if (!strncmp(word, "state=", 6)) {
		for (i = 0; i < MIG_STATE_NR; i++) {
			snprintf(text, sizeof(text), "state=%s", mig_state_name(i));
			offer(c, word, text);
		}
	} else if (!strncmp(word, "device=", 7)) {
		offer_names(s, c, word, "device=", true);
	} else if (!strncmp(word, "vm=", 3)) {
		offer_names(s, c, word, "vm=", false);
	} else {
		offer_all(c, word, match_words);
	}
	c->from += negated;
}

static void offer_args(struct scope *s, struct choices *c, enum request req, const char *word)
{
	char text[64];
	int i;

	switch (req) {
	case REQ_SEARCH:
	case REQ_FILTER:
		offer_words(s, c, word);
		break;
	case REQ_TIME:
		offer_all(c, word, time_base_names);
		break;
	case REQ_GRAPH:
		offer_all(c, word, scope_glyphs_names);
		break;
	case REQ_SORT:
		offer_all(c, word, fleet_sort_names);
		break;
	case REQ_NEXT:
	case REQ_PREV:
		offer_all(c, word, moment_names);
		break;
	case REQ_ZOOM:
		offer_all(c, word, zoom_names);
		break;
	case REQ_COPY:
		offer_all(c, word, copy_names);
		break;
	case REQ_LEVEL:
		offer(c, word, "fleet");
		offer(c, word, "migration");
		break;
	case REQ_KIND:
		for (i = 0; i < SK_NR; i++)
			offer(c, word, store_kind_name(i));
		break;
	case REQ_PANE:
		for (i = PANE_FIRST; i < PANE_NR; i++)
			offer(c, word, panes[i]->name);
		break;
	case REQ_DEVICE:
		offer_names(s, c, word, "", true);
		break;
	case REQ_FLEET:
		offer_names(s, c, word, "", false);
		break;
	case REQ_MIGRATION:
		for (i = 1; i <= (int)model_migrations(store_model(s->store)); i++) {
			snprintf(text, sizeof(text), "%d", i);
			offer(c, word, text);
		}
		break;
	default:
		break;
	}
}

/* What could stand at byte @at of what is typed. */
static void choices(struct scope *s, enum prompt p, const char *line, size_t at, struct choices *c)
{
	const struct request_entry *e;
	char text[LINE_MAX_LEN], *word, *space;

	memset(c, 0, sizeof(*c));
	snprintf(text, sizeof(text), "%.*s", (int)at, line);
	word = strrchr(text, ' ');
	word = word ? word + 1 : text;
	c->from = (size_t)(word - text);
	if (p == PROMPT_SEARCH || p == PROMPT_FILTER) {
		offer_words(s, c, word);
	} else if (p == PROMPT_FLEET) {
		offer_args(s, c, REQ_FLEET, word);
	} else if (p == PROMPT_COMMAND && word == text) {
		for (e = requests; e->req; e++)
			if (e->help)
				offer(c, word, e->name);
	} else if (p == PROMPT_COMMAND) {
		space = strchr(text, ' ');
		e = request_by_name(text, (size_t)(space - text));
		if (e)
			offer_args(s, c, e->req, word);
	}
}

void scope_complete(struct scope *s)
{
	size_t i, len, used = 0;
	struct choices c;
	char common[sizeof(c.common) + 1];

	choices(s, s->prompt, s->edit.text, s->edit.at, &c);
	s->hint[0] = '\0';
	if (!c.n) {
		snprintf(s->hint, sizeof(s->hint), "nothing begins so");
		return;
	}
	strcpy(common, c.common);
	len = strlen(common);
	/* What is whole goes on with a blank; what ends with its sign with its value. */
	if (c.n == 1 && len && !strchr("=<>", common[len - 1]))
		strcpy(common + len, " ");
	line_replace(&s->edit, c.from, common);
	for (i = 0; c.n > 1 && i < c.n && used < sizeof(s->hint); i++)
		used += (size_t)snprintf(s->hint + used, sizeof(s->hint) - used, "%s%s",
					 i ? " " : "", c.text[i]);
	if (c.cut && used < sizeof(s->hint))
		snprintf(s->hint + used, sizeof(s->hint) - used, " ...");
}
