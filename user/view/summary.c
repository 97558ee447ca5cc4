// SPDX-License-Identifier: GPL-2.0-only
#include "view/summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/sat.h"
#include "view/common.h"
#include "view/downtime.h"

/* ---- lists of findings ---- */

const char *summary_next(const char *rules, char word[SUMMARY_WORD_LEN])
{
	size_t len = strcspn(rules, ",");

	snprintf(word, SUMMARY_WORD_LEN, "%.*s",
		 (int)(len < SUMMARY_WORD_LEN ? len : SUMMARY_WORD_LEN - 1), rules);
	return rules + len + (rules[len] == ',');
}

static bool has_word(const char *list, const char *word)
{
	char w[SUMMARY_WORD_LEN];

	while (*list) {
		list = summary_next(list, w);
		if (!strcmp(w, word))
			return true;
	}
	return false;
}

static void add_word(char list[SUMMARY_RULES_LEN], const char *word)
{
	size_t len = strlen(list);

	if (*word && !has_word(list, word))
		snprintf(list + len, SUMMARY_RULES_LEN - len, "%s%s", len ? "," : "", word);
}

const char *summary_rule(const char *word)
{
	const char *colon = strchr(word, ':');

	return colon ? colon + 1 : word;
}

uint32_t summary_count(const char *rules, enum severity severity)
{
	const char *name = severity_name(severity);
	char w[SUMMARY_WORD_LEN];
	uint32_t n = 0;

	while (*rules) {
		rules = summary_next(rules, w);
		n += strlen(name) == strcspn(w, ":") && !strncmp(w, name, strlen(name));
	}
	return n;
}

void summary_add_rules(char rules[SUMMARY_RULES_LEN], const char *from, const char *except)
{
	char w[SUMMARY_WORD_LEN];

	while (*from) {
		from = summary_next(from, w);
		if (!except || strcmp(summary_rule(w), except))
			add_word(rules, w);
	}
}

/* What was found of migration @id, 0: of none. */
static void list_rules(char rules[SUMMARY_RULES_LEN], const struct judge *j, uint32_t id)
{
	char word[SUMMARY_WORD_LEN];
	size_t i;

	for (i = 0; j && i < judge_findings(j); i++) {
		const struct finding *f = judge_finding(j, i);

		if (f->migration != id || f->because_of || f->ignored)
			continue;
		snprintf(word, sizeof(word), "%s:%s", severity_name(f->severity),
			 judge_rule(f->rule)->name);
		add_word(rules, word);
	}
}

/* ---- of a model ---- */

static void copy(char *dst, size_t size, const char *src)
{
	snprintf(dst, size, "%s", src ?: "");
}

static void add_drivers(struct summary_migration *l, struct model *m, uint32_t side)
{
	const struct side *s = model_side(m, side);
	size_t len;
	uint32_t i;

	for (i = 0; s && i < s->n_devices; i++) {
		const struct model_device *d =
			model_device(m, model_side_device(m, side, i)->device);
		const char *at = d && d->driver[0] ? strstr(l->driver, d->driver) : l->driver;

		/* In the list already, as a word? */
		while (at && *at && strcspn(at, ",") != strlen(d->driver))
			at = strstr(at + 1, d->driver);
		len = strlen(l->driver);
		if (d && d->driver[0] && !(at && *at))
			snprintf(l->driver + len, sizeof(l->driver) - len, "%s%s", len ? ", " : "",
				 d->driver);
	}
}

static void set_cause(struct summary_migration *l, const struct view_evidence *e,
		      const struct migration *g)
{
	const struct failure *c = &g->cause[0];
	char text[FAILURE_TEXT_LEN], dev[NAME_LEN], host[NAME_LEN];
	const char *h;

	if (!g->n_causes)
		return;
	h = host_label(host, e, c->host, c->device, c->t_ns);
	snprintf(l->cause, sizeof(l->cause), "%s%s%.60s%s%.60s", judge_failure_text(c, text),
		 c->device ? ", on " : "",
		 c->device ? device_on_host(dev, model_device(e->model, c->device), c->device) : "",
		 h && c->device ? " of " :
		 h		? ", on " :
				  "",
		 h ?: "");
}

static void set_part(struct summary_migration *l, struct model *m, const struct migration *g)
{
	struct downtime_part part[MIGRATION_PARTS_MAX];
	const struct downtime_part *p = parts_longest(part, migration_parts(m, g, part));

	if (!p)
		return;
	copy(l->part, sizeof(l->part), p->key);
	l->part_ns = p->ns;
}

static void set_side(struct summary_side *out, const struct view_evidence *e, uint32_t id)
{
	const struct side *s = model_side(e->model, id);
	const struct meta *meta;
	const char *kernel;
	char host[NAME_LEN];

	if (!s)
		return;
	out->is = true;
	copy(out->host, sizeof(out->host), side_host(host, e, s));
	meta = e->n_files ? e->files[view_file_of(e, s->host, s->begin_ns)].meta : NULL;
	kernel = meta ? meta_get(meta, "kernel") : NULL;
	if (kernel)
		snprintf(out->kernel, sizeof(out->kernel), "%.*s", (int)strcspn(kernel, " "),
			 kernel);
}

void summary_line(struct summary_migration *l, const struct view_evidence *e,
		  const struct migration *g, bool real, uint64_t ahead_ns)
{
	struct model *m = e->model;
	const struct side *any = model_side(m, g->source ? g->source : g->destination);

	copy(l->vm, sizeof(l->vm), g->vm);
	copy(l->process, sizeof(l->process), any->comm);
	add_drivers(l, m, g->source);
	add_drivers(l, m, g->destination);
	l->outcome = g->outcome;
	l->ended = g->ended;
	l->ran_again = g->ran_again;
	l->begin_real_ns = real ? g->begin_ns + ahead_ns : 0;
	l->end_real_ns = real ? g->end_ns + ahead_ns : 0;
	l->duration_ns = sat_sub(g->end_ns, g->begin_ns);
	l->downtime_ns = g->downtime_ns;
	l->downtime_why = g->downtime_why;
	l->stop_ns = g->stop.start_ns == MODEL_NONE ? MODEL_NONE : g->stop.total_ns;
	l->stopped_ns = g->stopped_ns;
	set_part(l, m, g);
	l->devices = migration_devices(m, g);
	l->bytes = migration_bytes(m, g);
	l->joined = g->joined.how;
	set_cause(l, e, g);
	l->party = g->outcome == OUTCOME_FAILED ? migration_party(e, g) : PARTY_UNKNOWN;
	set_side(&l->side[SUMMARY_SOURCE], e, g->source);
	set_side(&l->side[SUMMARY_DESTINATION], e, g->destination);
}

static int add_migration(struct summary *s, const struct view_evidence *e,
			 const struct migration *g)
{
	struct summary_migration *l = &s->migration[s->n++];
	int err = 0;

	summary_line(l, e, g, s->has_clock, s->ahead_ns);
	list_rules(l->rules, e->judge, g->id);
	if (g->source)
		err = model_digest(e->model, g->source, &l->side[SUMMARY_SOURCE].digest);
	if (!err && g->destination)
		err = model_digest(e->model, g->destination, &l->side[SUMMARY_DESTINATION].digest);
	return err;
}

int summary_of(struct summary *s, const struct view_evidence *e)
{
	uint32_t n = model_migrations(e->model), id;
	uint64_t real = model_realtime_ns(e->model, model_last_ns(e->model));
	int err = model_join_error(e->model);

	memset(s, 0, sizeof(*s));
	copy(s->host, sizeof(s->host), e->meta ? meta_get(e->meta, "host") : NULL);
	s->has_clock = real;
	s->ahead_ns = real - model_last_ns(e->model);
	s->ended = !e->health || e->health->ended;
	s->unreadable = e->health ? e->health->bytes_skipped : 0;
	s->lost = model_loss(e->model)->events;
	s->omitted = e->judge && judge_omitted_matters(e->judge);
	list_rules(s->rules, e->judge, 0);
	s->migration = calloc(n ? n : 1, sizeof(*s->migration));
	if (!s->migration)
		return -ENOMEM;
	for (id = 1; id <= n && !err; id++)
		err = add_migration(s, e, model_migration(e->model, id));
	return err;
}

void summary_free(struct summary *s)
{
	size_t i, k;

	for (i = 0; s->migration && i < s->n; i++)
		for (k = 0; k < SUMMARY_SIDES; k++)
			digest_free(&s->migration[i].side[k].digest);
	free(s->migration);
	memset(s, 0, sizeof(*s));
}
