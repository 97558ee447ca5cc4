// SPDX-License-Identifier: GPL-2.0-only
#include "util/json.h"
#include "view/advise_items.h"
#include "view/common.h"

static const char *const kinds[] = {
	[ADVICE_SET] = "set",
	[ADVICE_HELPS] = "helps",
	[ADVICE_NO_HELP] = "no help",
	[ADVICE_UNKNOWN] = "not seen",
	[ADVICE_NEVER_FITS] = "never fits",
};

void advice_text(FILE *f, const struct advice *a, const struct view_options *opt)
{
	size_t i;

	fprintf(f, "%s%zu migration%s, of which %zu completed with a stop that was seen%s\n",
		paint(opt, C_BOLD), a->migrations, plural(a->migrations), a->n_stops,
		paint(opt, C_OFF));
	for (i = 0; i < a->n; i++) {
		const struct advice_item *x = &a->item[i];

		fprintf(f, "\n%s%s%s", paint(opt, x->kind == ADVICE_NO_HELP ? C_DIM : C_BOLD),
			x->topic, paint(opt, C_OFF));
		fprintf(f, " (%s)\n  ", kinds[x->kind]);
		wrap_text(f, x->text, 2, 2, 80);
		fprintf(f, "%s  from ", paint(opt, C_DIM));
		wrap_text(f, x->source, 7, 7, 80);
		fputs(paint(opt, C_OFF), f);
	}
	if (!a->n_stops)
		fputs("There is nothing to go by: no migration completed with its source in\n"
		      "whole evidence.\n",
		      f);
}

void advice_json(FILE *f, const struct advice *a)
{
	struct json *j = json_create(f, true);
	size_t i;

	if (!j)
		return;
	json_object_begin(j);
	json_ku64(j, "version", 2);
	json_tool(j);
	json_ku64(j, "migrations", a->migrations);
	json_ku64(j, "stops", a->n_stops);
	json_key(j, "advice");
	json_array_begin(j);
	for (i = 0; i < a->n; i++) {
		const struct advice_item *x = &a->item[i];

		json_object_begin(j);
		json_kstring(j, "topic", x->topic);
		json_kstring(j, "kind", kinds[x->kind]);
		json_known(j, "ns", x->value_ns);
		json_known(j, "of_ns", x->of_ns);
		json_kstring(j, "text", x->text);
		json_kstring(j, "source", x->source);
		json_object_end(j);
	}
	json_array_end(j);
	json_object_end(j);
	json_line_end(j);
	json_destroy(j);
}
