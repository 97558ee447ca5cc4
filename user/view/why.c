// SPDX-License-Identifier: GPL-2.0-only
#include "view/why.h"

#include <string.h>

#include "view/common.h"

/* A part that is this small a share of its whole is not told in words. */
#define SHARE_TOLD 100

/* What is between calls and longer than @most_ns is another part's. */
static void find_worst(struct part_why *out, const struct model *m, uint32_t parts,
		       uint32_t session, uint64_t most_ns, uint64_t from_ns, uint64_t to_ns)
{
	const struct call_why *w;
	uint32_t n, i;

	w = parts >> PART_GAP & 1 ? model_session_gaps(m, session, &n) :
				    model_session_slow(m, session, &n);
	/* One of which the steps have the most is told of at those. */
	for (i = 0; i < n; i++)
		if (parts >> w[i].part & 1 && w[i].own_ns >= w[i].dur_ns / 2 && w[i].t_ns < to_ns &&
		    sat_add(w[i].t_ns, w[i].dur_ns) > from_ns &&
		    (w[i].part != PART_GAP || w[i].dur_ns <= most_ns) &&
		    (!out->worst || w[i].dur_ns > out->worst->dur_ns))
			out->worst = &w[i];
}

void part_why(struct part_why *out, const struct model *m, enum stop_part part,
	      const struct spent *spent, uint32_t side, uint32_t session, uint64_t from_ns,
	      uint64_t to_ns)
{
	uint32_t calls = stop_part_calls(part), id;

	out->m = m;
	out->spent = *spent;
	out->worst = NULL;
	if (!spent->any)
		return;
	if (session)
		find_worst(out, m, calls, session, spent->ns, from_ns, to_ns);
	for (id = session ? 0 : model_side_session(m, side, 0); id;
	     id = model_side_session(m, side, id))
		find_worst(out, m, calls, id, spent->ns, from_ns, to_ns);
}

const char *part_why_words(const struct part_why *w, char buf[PART_WHY_LEN])
{
	uint64_t total = w->spent.any ? w->spent.ns : 0;
	bool told[WHY_PARTS] = { false };
	char a[UNITS_LEN], limits[LIMITS_TEXT_LEN];
	size_t len = 0;
	int k, best;

	buf[0] = '\0';
	for (;;) {
		for (best = -1, k = 0; k < WHY_PARTS; k++)
			if (!told[k] && (best < 0 || w->spent.why_ns[k] > w->spent.why_ns[best]))
				best = k;
		if (!w->spent.any || best < 0 || !w->spent.why_ns[best] ||
		    w->spent.why_ns[best] < total / SHARE_TOLD)
			break;
		told[best] = true;
		len += (size_t)snprintf(buf + len, PART_WHY_LEN - len, "%s%s %s", len ? ", " : "",
					units_duration(a, w->spent.why_ns[best]),
					why_part_words((enum why_part)best));
		if (len < PART_WHY_LEN &&
		    judge_detail_text(w->spent.why_ns, (enum why_part)best, NULL, limits)[0])
			len += (size_t)snprintf(buf + len, PART_WHY_LEN - len, " (%s)", limits);
		if (len >= PART_WHY_LEN)
			return buf;
	}
	if (len && w->spent.rest_ns > total / SHARE_TOLD)
		snprintf(buf + len, PART_WHY_LEN - len, ", %s not recorded",
			 units_duration(a, w->spent.rest_ns));
	return buf;
}

const char *call_why_name(const struct call_why *w, char buf[CALL_NAME_LEN])
{
	char a[UNITS_LEN];

	if (w->call == EV_NONE)
		snprintf(buf, CALL_NAME_LEN, "between two calls");
	else if (w->call == EV_ARC)
		snprintf(buf, CALL_NAME_LEN, "arc to %s", state_label(a, w->to));
	else if (w->call == EV_SET_STATE && w->to != MIG_UNKNOWN)
		snprintf(buf, CALL_NAME_LEN, "SET_STATE(%s)", state_label(a, w->to));
	else
		snprintf(buf, CALL_NAME_LEN, "%s", event_call_name(w->call));
	return buf;
}

const char *part_why_sentence(const struct part_why *w, char buf[WHY_SENTENCE_LEN])
{
	char why[WHY_TEXT_LEN] = "", name[CALL_NAME_LEN], a[UNITS_LEN];
	char words[PART_WHY_LEN] = "";
	bool worst = w->worst && judge_why_text(w->worst, why)[0];

	buf[0] = '\0';
	if (!w->spent.any)
		return buf;
	/* One call that is all of it says the same. */
	if (!worst || w->worst->dur_ns < w->spent.ns - w->spent.ns / 10)
		part_why_words(w, words);
	if (worst)
		snprintf(buf, WHY_SENTENCE_LEN, "%s%s%s %s: %s", words, words[0] ? "; " : "",
			 call_why_name(w->worst, name), units_duration(a, w->worst->dur_ns), why);
	else
		snprintf(buf, WHY_SENTENCE_LEN, "%s", words);
	return buf;
}

const char *part_why_inside(const struct part_why *w, char buf[INSIDE_WORDS_LEN])
{
	char words[INSIDE_WORDS_LEN];

	buf[0] = '\0';
	if (w->spent.any && w->worst && inside_call_words(w->m, w->worst, words)[0])
		snprintf(buf, INSIDE_WORDS_LEN, "inside: %.*s", INSIDE_WORDS_LEN - 10, words);
	return buf;
}

static void put_line(FILE *f, const char *text, int indent)
{
	if (!text[0])
		return;
	fprintf(f, "%*s", indent, "");
	wrap_text(f, text, (size_t)indent, (size_t)indent + 2, 80);
}

void part_why_text(FILE *f, const struct part_why *w, int indent)
{
	char text[WHY_SENTENCE_LEN], inside[INSIDE_WORDS_LEN];

	put_line(f, part_why_sentence(w, text), indent);
	put_line(f, part_why_inside(w, inside), indent);
}

/* ---- JSON ---- */

void call_why_json(struct json *j, const struct model *m, const struct call_why *w)
{
	char key[32], stack[TEXT_SAFE_LEN(EVENT_STACK_LEN)];
	int k;

	json_object_begin(j);
	json_kname(j, "call", event_kind_name(w->call));
	json_kname(j, "to", w->to == MIG_UNKNOWN ? NULL : mig_state_name(w->to));
	json_ku64(j, "t_ns", w->t_ns);
	json_ku64(j, "dur_ns", w->dur_ns);
	json_kbool(j, "in_stop", w->in_stop);
	for (k = 0; k < WHY_SUMS; k++) {
		snprintf(key, sizeof(key), "%s_ns", why_part_key((enum why_part)k));
		json_known(j, key, w->ns[k]);
	}
	json_known(j, "srtt_ns", w->srtt_ns);
	json_known(j, "cwnd", w->cwnd);
	json_known(j, "retransmits", w->retransmits);
	json_known(j, "faults", w->faults);
	json_known(j, "longest_ns", w->longest_ns);
	json_kname(j, "stack",
		   text_safe(stack, sizeof(stack), w->stack, strnlen(w->stack, EVENT_STACK_LEN)));
	inside_call_json(j, "inside", m, w);
	json_object_end(j);
}

void part_why_json(struct json *j, const char *key, const struct part_why *w)
{
	char name[32];
	int k;

	json_key(j, key);
	if (!w->spent.any) {
		json_null(j);
		return;
	}
	json_object_begin(j);
	for (k = 0; k < WHY_PARTS; k++) {
		snprintf(name, sizeof(name), "%s_ns", why_part_key((enum why_part)k));
		json_ku64(j, name, w->spent.why_ns[k]);
	}
	for (; k < WHY_SUMS; k++) {
		bool known = why_detail_known(w->spent.why_ns, (enum why_part)k);

		snprintf(name, sizeof(name), "%s_ns", why_part_key((enum why_part)k));
		json_known(j, name, known ? w->spent.why_ns[k] : MODEL_NONE);
	}
	json_ku64(j, "not_recorded_ns", w->spent.rest_ns);
	json_key(j, "longest");
	if (w->worst)
		call_why_json(j, w->m, w->worst);
	else
		json_null(j);
	json_object_end(j);
}

void slow_calls_json(struct json *j, const char *key, const struct model *m, uint32_t session)
{
	const struct call_why *w;
	uint32_t n, i;

	w = model_session_slow(m, session, &n);
	json_key(j, key);
	json_array_begin(j);
	for (i = 0; i < n; i++)
		call_why_json(j, m, &w[i]);
	json_array_end(j);
}
