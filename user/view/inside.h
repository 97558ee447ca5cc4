/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * inside.h - functions of the kernel that somebody named, within calls: in words and JSON
 */
#ifndef VFIOSCOPE_VIEW_INSIDE_H
#define VFIOSCOPE_VIEW_INSIDE_H

#include "util/json.h"
#include "view/view.h"

/*
 * Of a call: "mlx5_cmd_exec 3 times 401 ms, the longest 390 ms; NAME once 2 ms"; "" when
 * nothing ran.  Harmless text.
 */
#define INSIDE_WORDS_LEN 640
const char *inside_call_words(const struct model *m, const struct call_why *w,
			      char buf[INSIDE_WORDS_LEN]);

/*
 * Of a session, or a side: "NAME 3 times 401 ms, the longest 390 ms in STOP -> STOP_COPY",
 * "NAME not called", "NAME not seen: why".  Harmless text.
 */
#define INSIDE_LINE_LEN 320
const char *inside_words(const struct model *m, const struct session_inside *s,
			 char buf[INSIDE_LINE_LEN]);
/* Why a function is not seen; "" when it is.  Harmless text. */
#define UNSEEN_WORDS_LEN 160
const char *unseen_words(uint32_t unseen, int64_t err, char buf[UNSEEN_WORDS_LEN]);

/*
 * All sessions of a side together, one of each function.  An array of *@n, to be freed;
 * NULL: none was asked for there, or there is no memory.
 */
struct session_inside *inside_of_side(const struct model *m, uint32_t side, uint32_t *n);

/* An array, or null where none was asked for: of a session; of a call. */
void inside_json(struct json *j, const char *key, const struct model *m, uint32_t session);
void inside_call_json(struct json *j, const char *key, const struct model *m,
		      const struct call_why *w);

#endif
