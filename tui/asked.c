// SPDX-License-Identifier: GPL-2.0-only
/*
 * asked.c - what a match asks of an event: its text, its device's state, what is usual
 */
#include "tui/internal.h"

static const char *line_of(void *arg, const struct event *ev)
{
	return scope_line(arg, ev);
}

static uint32_t state_of(void *arg, const struct event *ev)
{
	struct scope *s = arg;
	uint32_t device = model_event_device(store_model(s->store), ev);

	return device ? store_state(s->store, device, event_end_ns(ev)) : MIG_UNKNOWN;
}

/* So long that of this device's calls of this kind half took a tenth of it or less. */
static uint64_t outlier_ns(struct scope *s, uint32_t device, enum store_kind kind)
{
	uint64_t total = 0, sum = 0, median;
	struct store_column all;
	unsigned int row;
	size_t i;

	for (i = 0; i < s->n_usual; i++)
		if (s->usual[i].device == device && s->usual[i].kind == kind &&
		    s->usual[i].count == store_count(s->store))
			return s->usual[i].outlier_ns;
	store_columns(s->store, device, store_first_ns(s->store), store_last_ns(s->store) + 1, 1,
		      &all);
	for (row = 0; row < STORE_LATENCY_ROWS; row++)
		total += all.heat[kind][row];
	for (row = 0; row + 1 < STORE_LATENCY_ROWS && sum * 2 < total; row++)
		sum += all.heat[kind][row];
	median = store_latency_floor(row);
	/* The oldest goes for it. */
	i = s->n_usual < sizeof(s->usual) / sizeof(s->usual[0]) ? s->n_usual++ : s->next_usual++;
	s->next_usual %= sizeof(s->usual) / sizeof(s->usual[0]);
	s->usual[i] = (struct usual){ device, kind, store_count(s->store),
				      total < 8 ? UINT64_MAX : median * 10 };
	return s->usual[i].outlier_ns;
}

static bool is_outlier(void *arg, const struct event *ev)
{
	struct scope *s = arg;
	uint32_t device = model_event_device(store_model(s->store), ev);
	uint64_t calls = event_calls(ev);
	int kind = store_kind_of(ev->kind);

	return device && kind >= 0 && calls &&
	       ev->dur_ns / calls > outlier_ns(s, device, (enum store_kind)kind);
}

const struct match_ask *scope_ask(struct scope *s)
{
	s->ask = (struct match_ask){ .model = store_model(s->store),
				     .first_ns = store_first_ns(s->store),
				     .line = line_of,
				     .state = state_of,
				     .outlier = is_outlier,
				     .arg = s };
	return &s->ask;
}
