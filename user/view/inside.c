// SPDX-License-Identifier: GPL-2.0-only
#include "view/inside.h"

#include <stdlib.h>
#include <string.h>

#include "view/common.h"

static const char *name_of(const struct model *m, uint32_t function, char buf[NAME_LEN])
{
	const struct model_function *f = model_function(m, function);

	return f ? safe_name(buf, f->name) : "?";
}

static const char *times(char buf[UNITS_LEN + 8], uint64_t n)
{
	char a[UNITS_LEN];

	if (n == 1)
		snprintf(buf, UNITS_LEN + 8, "once");
	else
		snprintf(buf, UNITS_LEN + 8, "%s times", units_count(a, n));
	return buf;
}

/* "NAME 3 times 401 ms, the longest 390 ms"; of one that is the same. */
static size_t put_sum(char *buf, size_t size, const char *name, uint64_t calls, uint64_t total_ns,
		      uint64_t longest_ns)
{
	char a[UNITS_LEN + 8], b[UNITS_LEN], c[UNITS_LEN];
	int len = snprintf(buf, size, "%s %s %s%s%s", name, times(a, calls),
			   units_duration(b, total_ns), calls > 1 ? ", the longest " : "",
			   calls > 1 ? units_duration(c, longest_ns) : "");

	return len < 0 ? 0 : (size_t)len;
}

const char *inside_call_words(const struct model *m, const struct call_why *w,
			      char buf[INSIDE_WORDS_LEN])
{
	char name[NAME_LEN];
	size_t len = 0;
	uint32_t i;

	buf[0] = '\0';
	for (i = 0; i < w->n_inside && len < INSIDE_WORDS_LEN; i++) {
		const struct inside_sum *s = &w->inside[i];

		len += (size_t)snprintf(buf + len, INSIDE_WORDS_LEN - len, "%s", i ? "; " : "");
		if (len < INSIDE_WORDS_LEN)
			len += put_sum(buf + len, INSIDE_WORDS_LEN - len,
				       name_of(m, s->function, name), s->calls, s->total_ns,
				       s->longest_ns);
	}
	if (w->inside_left_out && len < INSIDE_WORDS_LEN)
		snprintf(buf + len, INSIDE_WORDS_LEN - len, "; and %u more", w->inside_left_out);
	return buf;
}

const char *unseen_words(uint32_t unseen, int64_t err, char buf[UNSEEN_WORDS_LEN])
{
	char a[UNITS_LEN];

	snprintf(buf, UNSEEN_WORDS_LEN, "%s%s%s", event_unseen_words(unseen), err < 0 ? ": " : "",
		 err < 0 ? errno_label(a, err) : "");
	return buf;
}

const char *inside_words(const struct model *m, const struct session_inside *s,
			 char buf[INSIDE_LINE_LEN])
{
	char safe[NAME_LEN], why[UNSEEN_WORDS_LEN], a[UNITS_LEN], b[UNITS_LEN];
	const char *name = name_of(m, s->function, safe);
	size_t len;

	if (s->unseen != UNSEEN_NOT) {
		snprintf(buf, INSIDE_LINE_LEN, "%.80s not seen: %s", name,
			 unseen_words(s->unseen, s->err, why));
		return buf;
	}
	if (!s->calls) {
		snprintf(buf, INSIDE_LINE_LEN, "%.80s not called", name);
		return buf;
	}
	len = put_sum(buf, INSIDE_LINE_LEN, name, s->calls, s->total_ns, s->longest_ns);
	if (len >= INSIDE_LINE_LEN)
		return buf;
	if (s->longest_call == EV_ARC)
		snprintf(buf + len, INSIDE_LINE_LEN - len, " in %s -> %s",
			 state_label(a, s->longest_from), state_label(b, s->longest_to));
	else if (s->longest_call == EV_SET_STATE && s->longest_to != MIG_UNKNOWN)
		snprintf(buf + len, INSIDE_LINE_LEN - len, " in SET_STATE(%s)",
			 state_label(a, s->longest_to));
	else
		snprintf(buf + len, INSIDE_LINE_LEN - len, " in %s",
			 event_call_name(s->longest_call));
	return buf;
}

static void join(struct session_inside *to, const struct session_inside *from)
{
	/* It is seen where any of them saw it. */
	if (from->unseen != UNSEEN_NOT)
		return;
	if (to->unseen != UNSEEN_NOT) {
		*to = *from;
		return;
	}
	sat_inc(&to->calls, from->calls);
	sat_inc(&to->total_ns, from->total_ns);
	if (from->longest_ns <= to->longest_ns)
		return;
	to->longest_ns = from->longest_ns;
	to->longest_t_ns = from->longest_t_ns;
	to->longest_call = from->longest_call;
	to->longest_from = from->longest_from;
	to->longest_to = from->longest_to;
}

struct session_inside *inside_of_side(const struct model *m, uint32_t side, uint32_t *n)
{
	uint32_t max = model_functions(m), id, k, i, have;
	const struct session_inside *s;
	struct session_inside *out;

	*n = 0;
	out = max ? calloc(max, sizeof(*out)) : NULL;
	for (id = out ? model_side_session(m, side, 0) : 0; id;
	     id = model_side_session(m, side, id)) {
		s = model_session_inside(m, id, &have);
		for (i = 0; i < have; i++) {
			for (k = 0; k < *n && out[k].function != s[i].function; k++)
				;
			if (k < *n)
				join(&out[k], &s[i]);
			else
				out[(*n)++] = s[i];
		}
	}
	if (!*n) {
		free(out);
		out = NULL;
	}
	return out;
}

/* ---- JSON ---- */

static void put_function(struct json *j, const struct model *m, uint32_t number)
{
	const struct model_function *f = model_function(m, number);

	json_kname(j, "function", f ? f->name : NULL);
}

void inside_json(struct json *j, const char *key, const struct model *m, uint32_t session)
{
	char why[UNSEEN_WORDS_LEN];
	const struct session_inside *s;
	const struct model_function *f;
	uint32_t n, i;
	bool seen;

	s = model_session_inside(m, session, &n);
	json_key(j, key);
	if (!n) {
		json_null(j);
		return;
	}
	json_array_begin(j);
	for (i = 0; i < n; i++, s++) {
		f = model_function(m, s->function);
		seen = s->unseen == UNSEEN_NOT;
		json_object_begin(j);
		put_function(j, m, s->function);
		json_kname(j, "symbol", f ? f->symbol : NULL);
		json_kbool(j, "seen", seen);
		json_kname(j, "reason", seen ? NULL : unseen_words(s->unseen, s->err, why));
		json_known(j, "since_ns", seen && s->since_ns ? s->since_ns : MODEL_NONE);
		json_known(j, "calls", seen ? s->calls : MODEL_NONE);
		json_known(j, "total_ns", seen ? s->total_ns : MODEL_NONE);
		json_known(j, "longest_ns", seen && s->calls ? s->longest_ns : MODEL_NONE);
		json_known(j, "longest_t_ns", seen ? s->longest_t_ns : MODEL_NONE);
		json_kname(j, "longest_call", seen ? event_kind_name(s->longest_call) : NULL);
		json_kname(j, "longest_from",
			   s->longest_from == MIG_UNKNOWN ? NULL : mig_state_name(s->longest_from));
		json_kname(j, "longest_to",
			   s->longest_to == MIG_UNKNOWN ? NULL : mig_state_name(s->longest_to));
		json_object_end(j);
	}
	json_array_end(j);
}

void inside_call_json(struct json *j, const char *key, const struct model *m,
		      const struct call_why *w)
{
	uint32_t i;

	json_key(j, key);
	if (!model_functions(m)) {
		json_null(j);
		return;
	}
	json_array_begin(j);
	for (i = 0; i < w->n_inside; i++) {
		json_object_begin(j);
		put_function(j, m, w->inside[i].function);
		json_ku64(j, "calls", w->inside[i].calls);
		json_ku64(j, "total_ns", w->inside[i].total_ns);
		json_ku64(j, "longest_ns", w->inside[i].longest_ns);
		json_known(j, "longest_t_ns", w->inside[i].longest_t_ns);
		json_object_end(j);
	}
	json_array_end(j);
}
