// SPDX-License-Identifier: GPL-2.0-only
/*
 * check.c - the judgement alone, as text: each migration in a sentence, what was
 * found about it below, then what was found about the evidence as such
 *
 * JSON is the report's (report_json.c), JUnit is junit.c.
 */
#include <stdlib.h>

#include "view/common.h"
#include "view/findings.h"
#include "view/sentence.h"

static void put_sentence(FILE *f, const struct view_evidence *e, const struct migration *g,
			 const struct view_options *opt)
{
	struct words w;
	char *text;

	if (!words_open(&w)) {
		fputs("out of memory\n", f);
		return;
	}
	fprintf(w.f, "%s%u%s  ", paint(opt, C_BOLD), g->id, paint(opt, C_OFF));
	migration_sentence(w.f, e, g, opt);
	text = words_close(&w);
	wrap_text(f, text ? text : "", 0, 3, 79);
	free(text);
}

const char *budget_skipped_text(const struct migration *g)
{
	switch (g->outcome) {
	case OUTCOME_FAILED:
		return "the migration failed";
	case OUTCOME_CANCELLED:
		return "the migration was given back";
	default:
		return NULL;
	}
}

static void put_skipped(FILE *f, const struct view_evidence *e, const struct migration *g,
			const struct view_options *opt)
{
	const struct judge_opts *o = judge_options(e->judge);

	if (!budget_skipped_text(g) ||
	    !(o->max_downtime_ns || o->max_stop_window_ns || o->max_dirty_sync_ns))
		return;
	fprintf(f, "  %s%-12s%s %s%s%s\n               %s: no budget is held against it\n",
		paint(opt, C_DIM), "skipped", paint(opt, C_OFF), paint(opt, C_BOLD),
		judge_rule(RULE_DOWNTIME_BUDGET)->name, paint(opt, C_OFF), budget_skipped_text(g));
}

void check_text(FILE *f, const struct view_evidence *e, const struct view_options *opt)
{
	char path[TEXT_SAFE_LEN(160)];
	struct finding_walk w;
	bool any = false;
	uint32_t id;
	size_t i;

	for (i = 0; i < e->n_files; i++)
		fprintf(f, "%s%s%s%s", i ? " + " : "", paint(opt, C_BOLD),
			text_safe(path, sizeof(path), e->files[i].path, 160), paint(opt, C_OFF));
	fputc('\n', f);
	for (id = 1; id <= model_migrations(e->model); id++) {
		const struct migration *g = model_migration(e->model, id);

		if (!view_wants(e, opt, g))
			continue;
		put_sentence(f, e, g, opt);
		findings_of_text(f, e, opt, id);
		put_skipped(f, e, g, opt);
	}
	findings_begin(&w, e, opt);
	while (!any && findings_next(&w))
		any = !w.at.f->migration;
	if (any) {
		fprintf(f, "%sThe evidence%s\n", paint(opt, C_BOLD), paint(opt, C_OFF));
		findings_of_text(f, e, opt, 0);
	}
	verdict_text(f, e, opt);
}
