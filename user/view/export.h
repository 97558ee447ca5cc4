/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * export.h - what a format of export is
 *
 * A file per format defines one struct export_format, export_NAME, and the list
 * below names it.  The events come after the evidence was read to its end,
 * so that a format knows how each migration came out before it writes a line.
 */
#ifndef VFIOSCOPE_VIEW_EXPORT_H
#define VFIOSCOPE_VIEW_EXPORT_H

#include "view/view.h"

struct export_format {
	bool binary; /* not for a terminal */
	bool judged; /* it has use for findings */
	/* Sums: all at once, no event is needed.  NULL: it takes events. */
	void (*sums)(FILE *f, const struct view_evidence *e, const struct view_options *opt);

	/* @e: the evidence, read to its end; it outlives what is returned.  NULL: no memory. */
	void *(*create)(FILE *f, const struct view_options *opt, const struct view_evidence *e);
	/*
	 * The event that @m has just taken, definitions included; @m is not @e->model, but
	 * numbers everything the same, and is gone when finish() is called.  0, -ENOMEM, or -EIO when @f has failed.
	 */
	int (*event)(void *x, const struct model *m, const struct event *ev,
		     const struct event_context *ctx);
	int (*finish)(void *x);
	void (*destroy)(void *x); /* NULL is fine */
};

/* The formats, the first by default: export_NAME of view/NAME.c, and what it is. */
#define EXPORT_FORMATS(F)                                               \
	F(ndjson, "one JSON object per event (the default)")            \
	F(csv, "one row per event, the fields of all kinds as columns") \
	F(perfetto, "a trace that ui.perfetto.dev opens")               \
	F(openmetrics, "figures of each migration, for a textfile collector")

#define EXPORT_DECLARE(name, text) extern const struct export_format export_##name;
EXPORT_FORMATS(EXPORT_DECLARE)
#undef EXPORT_DECLARE

#endif
