// SPDX-License-Identifier: GPL-2.0-only
/*
 * explain.c - which page a word means, a page, or the list of pages
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "judge/judge.h"
#include "judge/page.h"
#include "util/json.h"
#include "view/common.h"

/* As long as any name that a page has or answers to, with room for a prefix. */
#define WORD_LEN 80

/* errnos end below it: MAX_ERRNO of the kernel's include/linux/err.h */
#define ERRNO_END 4096

/*
 * One spelling for all that people type: "Pre_Copy", "in read()" and "stop
 * window" are "pre-copy", "in-read" and "stop-window".  False: too long for a
 * name.
 */
static bool spell(const char *word, size_t len, char out[WORD_LEN])
{
	size_t i, n = 0;

	for (i = 0; i < len; i++) {
		char c = (char)tolower((unsigned char)word[i]);

		if (c == '(' || c == ')')
			continue;
		if (c == '_' || isspace((unsigned char)c))
			c = '-';
		if (n + 1 == WORD_LEN)
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return n > 0;
}

/*
 * The line "Also: A, B." of a page, which names what else it answers to: its
 * text after the colon, @len bytes without the full stop; NULL when it has none.
 */
static const char *page_also(const struct page *p, size_t *len)
{
	const char *at = strstr(p->text, "\n\nAlso: ");
	const char *end;

	if (!at)
		return NULL;
	at += strlen("\n\nAlso: ");
	end = strstr(at, "\n\n");
	*len = end ? (size_t)(end - at) : strlen(at);
	while (*len && (at[*len - 1] == '.' || at[*len - 1] == '\n'))
		--*len;
	return at;
}

/* The next of the comma-separated words of @at; advances *@at and *@len. */
static const char *next_also(const char **at, size_t *len, size_t *word_len)
{
	const char *word;

	while (*len && (isspace((unsigned char)**at) || **at == ','))
		++*at, --*len;
	word = *at;
	for (*word_len = 0; *word_len < *len && word[*word_len] != ','; ++*word_len)
		;
	*at += *word_len;
	*len -= *word_len;
	return *word_len ? word : NULL;
}

static bool answers_to(const struct page *p, const char *spelt)
{
	char own[WORD_LEN];
	const char *at, *word;
	size_t len, n;

	if (spell(p->name, strlen(p->name), own) && !strcmp(own, spelt))
		return true;
	at = page_also(p, &len);
	while (at && (word = next_also(&at, &len, &n)))
		if (spell(word, n, own) && !strcmp(own, spelt))
			return true;
	return false;
}

int explain_errno(const char *word)
{
	char spelt[WORD_LEN], own[WORD_LEN];
	const char *digits = word[0] == '-' ? word + 1 : word, *name;
	char *end;
	long n;

	if (isdigit((unsigned char)digits[0])) {
		n = strtol(digits, &end, 10);
		return !*end && n > 0 && n < ERRNO_END ? (int)n : 0;
	}
	if (!spell(word, strlen(word), spelt))
		return 0;
	for (n = 1; n < ERRNO_END; n++) {
		name = errno_name((int)n);
		if (name && spell(name, strlen(name), own) && !strcmp(own, spelt))
			return (int)n;
	}
	return 0;
}

static const struct page *find_spelt(const char *spelt)
{
	unsigned int i;

	for (i = 0; i < page_count; i++)
		if (answers_to(&page_table[i], spelt))
			return &page_table[i];
	return NULL;
}

const struct page *explain_find(const char *word)
{
	static const char prefix[] = "vfio-device-state-";
	char spelt[WORD_LEN];
	const struct page *p;
	size_t len;

	if (word[0] == '-' || isdigit((unsigned char)word[0])) {
		word = errno_name(explain_errno(word));
		if (!word)
			return NULL;
	}
	if (!spell(word, strlen(word), spelt))
		return NULL;
	p = find_spelt(spelt);
	if (!p && !strncmp(spelt, prefix, strlen(prefix)))
		p = find_spelt(spelt + strlen(prefix));
	/* A name of the JSON, which has its unit: "stop_window_ns". */
	len = strlen(spelt);
	if (!p && len > 3 && !strcmp(spelt + len - 3, "-ns")) {
		spelt[len - 3] = '\0';
		p = find_spelt(spelt);
	}
	return p;
}

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

	fprintf(f, "%s%.*s%s", paint(opt, C_BOLD), (int)strcspn(p->text + 2, "\n"), p->text + 2,
		paint(opt, C_OFF));
	if (!strcmp(p->kind, "errno"))
		fprintf(f, "  (errno %d)\n", explain_errno(p->name));
	else if (id == RULE_NR)
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
	const char *at, *word;
	size_t len, n;

	if (!j)
		return;
	json_object_begin(j);
	json_kstring(j, "name", p->name);
	json_kstring(j, "kind", p->kind);
	if (!strcmp(p->kind, "errno"))
		json_ku64(j, "number", (uint64_t)explain_errno(p->name));
	json_key(j, "also");
	json_array_begin(j);
	for (at = page_also(p, &len); at && (word = next_also(&at, &len, &n));)
		json_string_len(j, word, n);
	json_array_end(j);
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
	static const char *const kinds[] = { "word", "state", "errno" };
	static const char *const heads[] = { "Words of the reports", "States", "Errnos" };
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
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
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
