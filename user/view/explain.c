// SPDX-License-Identifier: GPL-2.0-only
/*
 * explain.c - a page, or the list of pages
 */
#include <string.h>

#include "judge/judge.h"
#include "judge/page.h"
#include "util/json.h"
#include "view/common.h"

/* The page's Markdown, as a terminal likes it. */
static void put_page(FILE *f, const char *text, const struct view_options *opt)
{
	while (*text) {
		int len = (int)strcspn(text, "\n");

		if (!strncmp(text, "## ", 3))
			fprintf(f, "%s%.*s%s\n", paint(opt, C_BOLD), len - 3, text + 3,
				paint(opt, C_OFF));
		else if (!strncmp(text, "> ", 2))
			fprintf(f, "    %s%.*s%s\n", paint(opt, C_DIM), len - 2, text + 2,
				paint(opt, C_OFF));
		else
			fprintf(f, "%.*s\n", len, text);
		text += len;
		text += *text == '\n';
	}
}

void explain_text(FILE *f, const struct page *p, const struct view_options *opt)
{
	uint32_t id = strcmp(p->kind, "rule") ? RULE_NR : judge_rule_from_name(p->name);
	const char *body = strchr(p->text, '\n');

	fprintf(f, "%s%s%s", paint(opt, C_BOLD), p->name, paint(opt, C_OFF));
	if (id == RULE_NR)
		fprintf(f, "  (%s)\n", p->kind);
	else if (judge_rule(id)->severity == SEV_INCONCLUSIVE)
		fprintf(f, "  (rule: %s)\n", severity_name(judge_rule(id)->severity));
	else
		fprintf(f, "  (rule: %s, the %s has to act)\n",
			severity_name(judge_rule(id)->severity), party_name(judge_rule(id)->party));
	if (body)
		put_page(f, body + 1, opt);
}

void explain_json(FILE *f, const struct page *p)
{
	uint32_t id = strcmp(p->kind, "rule") ? RULE_NR : judge_rule_from_name(p->name);
	struct json *j = json_create(f, true);
	const enum rule_id *c;

	if (!j)
		return;
	json_object_begin(j);
	json_kstring(j, "name", p->name);
	json_kstring(j, "kind", p->kind);
	if (id != RULE_NR) {
		const struct rule *r = judge_rule(id);

		json_kstring(j, "severity", severity_name(r->severity));
		json_kstring(j, "party", party_name(r->party));
		json_kstring(j, "summary", r->summary);
		json_kstring(j, "basis", r->basis);
		json_key(j, "consequences");
		json_array_begin(j);
		for (c = r->consequences; c && *c != RULE_NR; c++)
			json_string(j, judge_rule(*c)->name);
		json_array_end(j);
	}
	json_kstring(j, "text", p->text);
	json_object_end(j);
	json_line_end(j);
	json_destroy(j);
}

void explain_list_text(FILE *f, const struct view_options *opt)
{
	static const char *const kinds[] = { "state", "errno" };
	static const char *const heads[] = { "States", "Errnos" };
	uint32_t i;
	size_t k;
	int col;

	fprintf(f, "%sRules%s\n", paint(opt, C_BOLD), paint(opt, C_OFF));
	for (i = 0; i < RULE_NR; i++) {
		const struct rule *r = judge_rule(i);

		fprintf(f, "  %-21s %-12s %s\n", r->name, severity_name(r->severity),
			r->severity == SEV_INCONCLUSIVE ? "" : party_name(r->party));
		fprintf(f, "      %s%s%s\n", paint(opt, C_DIM), r->summary, paint(opt, C_OFF));
	}
	for (k = 0; k < 2; k++) {
		fprintf(f, "\n%s%s%s\n ", paint(opt, C_BOLD), heads[k], paint(opt, C_OFF));
		for (i = 0, col = 1; i < page_count; i++) {
			int len = (int)strlen(page_table[i].name) + 1;

			if (strcmp(page_table[i].kind, kinds[k]))
				continue;
			if (col + len > 78) {
				fputs("\n ", f);
				col = 1;
			}
			fprintf(f, " %s", page_table[i].name);
			col += len;
		}
		fputc('\n', f);
	}
}

void explain_list_json(FILE *f)
{
	struct json *j = json_create(f, true);
	uint32_t i;

	if (!j)
		return;
	json_array_begin(j);
	for (i = 0; i < page_count; i++) {
		const struct page *p = &page_table[i];

		json_object_begin(j);
		json_kstring(j, "name", p->name);
		json_kstring(j, "kind", p->kind);
		if (!strcmp(p->kind, "rule") && judge_rule_from_name(p->name) != RULE_NR) {
			const struct rule *r = judge_rule(judge_rule_from_name(p->name));

			json_kstring(j, "severity", severity_name(r->severity));
			json_kstring(j, "party", party_name(r->party));
			json_kstring(j, "summary", r->summary);
		}
		json_object_end(j);
	}
	json_array_end(j);
	json_line_end(j);
	json_destroy(j);
}
