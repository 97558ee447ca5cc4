/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * why.h - what the calls of a part of a stop spent their time on, in words and JSON
 */
#ifndef VFIOSCOPE_VIEW_WHY_H
#define VFIOSCOPE_VIEW_WHY_H

#include "model/spent.h"
#include "util/json.h"
#include "view/inside.h"
#include "view/view.h"

/* Of a part: what it was spent on, as far as that was recorded. */
struct part_why {
	const struct model *m;
	struct spent spent;
	const struct call_why
		*worst; /* its longest call, or time between calls; the model's; or NULL */
};

/*
 * Of @part, of which @spent tells, on @side, or in @session alone if that is not 0,
 * between @from_ns and @to_ns.
 */
void part_why(struct part_why *out, const struct model *m, enum stop_part part,
	      const struct spent *spent, uint32_t side, uint32_t session, uint64_t from_ns,
	      uint64_t to_ns);

/* "405 ms blocked, 5.10 ms on the cpu"; "" when nothing was recorded; harmless text. */
#define PART_WHY_LEN 480
const char *part_why_words(const struct part_why *w, char buf[PART_WHY_LEN]);

/* "arc to STOP_COPY", "read()" */
#define CALL_NAME_LEN 48
const char *call_why_name(const struct call_why *w, char buf[CALL_NAME_LEN]);

/*
 * Of a part its sums, unless its longest call is nearly all of it, and that call:
 * "STOP_COPY 412 ms: 405 ms blocked in ..."; "" when nothing was recorded; harmless text.
 */
#define WHY_SENTENCE_LEN (PART_WHY_LEN + WHY_TEXT_LEN + CALL_NAME_LEN + 64)
const char *part_why_sentence(const struct part_why *w, char buf[WHY_SENTENCE_LEN]);
/*
 * What ran in that call of the functions that were asked for: "inside: FUNCTION once
 * 400 ms"; "" when nothing did; harmless text.
 */
const char *part_why_inside(const struct part_why *w, char buf[INSIDE_WORDS_LEN]);
/* Both as lines of text, after @indent blanks; none when there is nothing. */
void part_why_text(FILE *f, const struct part_why *w, int indent);

/* The members of an object, or null. */
void part_why_json(struct json *j, const char *key, const struct part_why *w);
void call_why_json(struct json *j, const struct model *m, const struct call_why *w);
/* The slow calls of a session, an array. */
void slow_calls_json(struct json *j, const char *key, const struct model *m, uint32_t session);

#endif
