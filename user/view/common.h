/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * common.h - what the views share: harmless names, times, colour, JSON of the model
 */
#ifndef VFIOSCOPE_VIEW_COMMON_H
#define VFIOSCOPE_VIEW_COMMON_H

#include "util/json.h"
#include "util/text.h"
#include "util/units.h"
#include "view/view.h"

/* Overridden by the Makefile. */
#ifndef VFIOSCOPE_VERSION
#define VFIOSCOPE_VERSION "0.1.0"
#endif

#define NAME_LEN TEXT_SAFE_LEN(EVENT_NAME_LEN)

#define C_BOLD	 "\033[1m"
#define C_DIM	 "\033[2m"
#define C_RED	 "\033[31m"
#define C_GREEN	 "\033[32m"
#define C_YELLOW "\033[33m"
#define C_OFF	 "\033[0m"

/* The escape sequence, or "" without colour. */
static inline const char *paint(const struct view_options *opt, const char *seq)
{
	return opt->color ? seq : "";
}

/* The harmless form of a name of the traced system. */
static inline const char *safe_name(char buf[NAME_LEN], const char *name)
{
	return text_safe(buf, NAME_LEN, name, EVENT_NAME_LEN);
}

/* A device's name, or "#N" when nobody said it. */
const char *device_label(char buf[NAME_LEN], const struct model_device *d, uint32_t number);

/* "PRE_COPY", or the number of a state without a name. */
const char *state_label(char buf[UNITS_LEN], uint32_t state);

/* "ENOMSG", or "error N" for a negative result without a name. */
const char *errno_label(char buf[UNITS_LEN], int64_t ret);

/*
 * An instant in @opt's base, without unit for the clock, with it else.
 * @ref_ns: what relative times count from; @prev_ns: the line before.
 */
char *time_label(char buf[UNITS_LEN], const struct view_options *opt, const struct model *m,
		 uint64_t t_ns, uint64_t ref_ns, uint64_t prev_ns);

/* "s" for all but one. */
static inline const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* A text that is put together first. */
struct words {
	FILE *f;
	char *text;
	size_t len;
};
/* What to write it to; NULL: out of memory, and nothing is to be closed. */
FILE *words_open(struct words *w);
/* The text, to be freed; NULL: out of memory. */
char *words_close(struct words *w);

/*
 * Words of @s (harmless, escape sequences of paint() may be in it) in lines of at
 * most @width columns; all but the first begin at @indent.  The first one is at
 * column @at already.  Ends with a newline.
 */
void wrap_text(FILE *f, const char *s, size_t at, size_t indent, size_t width);

/* "PASS", ... */
const char *verdict_caps(enum verdict v);
/* "COMPLETED", ... */
const char *outcome_caps(uint32_t outcome);
/* C_GREEN for what came out well, ... */
const char *outcome_color(uint32_t outcome);

/* Is the migration, or one of a span of time, among what @opt asks for? */
bool view_wants(const struct view_evidence *e, const struct view_options *opt,
		const struct migration *g);

/*
 * What a host is called: by its events, else by what merged recordings of old put
 * before a device's name, else by the recording that it is in; NULL: not known.
 */
const char *host_label(char buf[NAME_LEN], const struct view_evidence *e, uint32_t host,
		       uint32_t device, uint64_t t_ns);
const char *side_host(char buf[NAME_LEN], const struct view_evidence *e, const struct side *s);
/* A device's name on its host: without that host's name before it. */
const char *device_on_host(char buf[NAME_LEN], const struct model_device *d, uint32_t number);
/* The driver of all devices of a side; NULL: they have several, or it is not known. */
const char *side_driver(const struct model *m, const struct side *s);
/* The first session of a migration (its source's), NULL: it has none. */
const struct session *migration_first_session(struct model *m, const struct migration *g);
/* Devices that were asked for a data FD, on the side that tells most. */
uint32_t migration_devices(struct model *m, const struct migration *g);
/* Bytes of the device state that it moved: what was read, else what was written. */
uint64_t migration_bytes(struct model *m, const struct migration *g);
/* Who has to act on its failure, PARTY_*: as the judge found it. */
uint32_t migration_party(const struct view_evidence *e, const struct migration *g);

/* How many migrations came out how. */
struct outcomes {
	uint64_t total, completed, failed, cancelled, unfinished;
	uint64_t ran_again; /* of the completed ones, on their source */
};
void outcomes_of(const struct view_evidence *e, const struct view_options *opt,
		 struct outcomes *out);

/* null where @v is MODEL_NONE. */
void json_known(struct json *j, const char *key, uint64_t v);
/* "device": its name, "#7" for want of one, or null for 0; "driver". */
void device_json(struct json *j, const struct view_evidence *e, uint32_t number);

/* "tool": who wrote this object. */
void json_tool(struct json *j);

#endif
