// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_tui_tables.c - the scope's functions of plain values, whole tables of them against
 * tests/golden/scope-tables.log: where panes are, what axes say, what typing does, what a file of
 * keys and colours is taken for
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/golden.h"
#include "tui/axis.h"
#include "tui/config.h"
#include "tui/layout.h"
#include "tui/line.h"
#include "tui/scope.h"

#define GOLDEN	 "tests/golden/scope-tables.log"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- where panes are ---- */

static void put_layout(FILE *f, int rows, int cols, const struct layout_options *o)
{
	struct layout l;
	int p, i;

	layout_compute(&l, rows, cols, o);
	fprintf(f, "%dx%d %d%s devices, %d problems, %s%s%s:", rows, cols, o->devices,
		o->fleet ? " fleet" : "", o->problems, panes[o->focus]->name,
		o->zoomed ? " alone" : "", l.tiny ? ", tiny" : "");
	for (p = 0; p < PANE_NR; p++)
		if (layout_has(&l, (enum pane_id)p))
			fprintf(f, " %s %d,%d %dx%d", panes[p]->name ?: "-", l.at[p].row,
				l.at[p].col, l.at[p].rows, l.at[p].cols);
	fprintf(f, " | %d,%d |", l.side_row, l.side_col);
	/* Whose the cells along the way from corner to corner are, and those just outside. */
	for (i = -1; i <= 8; i++) {
		p = layout_pane_at(&l, i * rows / 8, i * cols / 8);
		fprintf(f, " %s", p == PANE_NR ? "-" : panes[p]->name);
	}
	fputc('\n', f);
}

static void layouts(FILE *f)
{
	static const int rows[] = { -1, 0,  1,	2,  3,	4,  9,	14, 15, 16, 19, 20,
				    24, 25, 26, 27, 30, 34, 39, 40, 41, 60, 100 };
	static const int cols[] = { 0, 20, 59, 60, 61, 80, 100, 109, 110, 111, 120, 200, 300 };
	static const int devices[] = { 1, 0, 5, 64 }, problems[] = { 0, 3, 40 };
	struct layout_options o;
	size_t r, c, n = 0;

	for (r = 0; r < COUNT(rows); r++)
		for (c = 0; c < COUNT(cols); c++, n++) {
			memset(&o, 0, sizeof(o));
			o.devices = devices[n % 4];
			o.fleet = n % 5 > 2;
			o.problems = problems[n % 3];
			o.focus = (enum pane_id)(PANE_FIRST + n % (PANE_NR - PANE_FIRST));
			o.main = n % 2 ? PANE_BYTES : PANE_SIDES;
			put_layout(f, rows[r], cols[c], &o);
			o.zoomed = true;
			if (n % 7 == 0)
				put_layout(f, rows[r], cols[c], &o);
		}
}

/* ---- axes ---- */

static void axes(FILE *f)
{
	static const uint64_t widths[] = {
		0,
		1,
		2,
		9,
		10,
		11,
		999,
		1000,
		1999,
		2000,
		4999,
		5000,
		123456,
		1000000,
		99999999,
		250000000,
		1000000000,
		59999999999,
		3600000000000,
		86400000000000,
		UINT64_MAX - 1,
		UINT64_MAX,
	};
	static const uint64_t max[] = { 1,     2,	3,	    1023,	1024,	   1025,
					65536, 1000000, 1ULL << 30, 3ULL << 40, UINT64_MAX };
	static const uint64_t times[] = {
		0,	 1,	     1000,	   1500,	  999999,
		1000000, 1050000000, 105453000000, 3600000000000, UINT64_MAX
	};
	static const uint64_t steps[] = {
		1,	 2,	   5,	     10,	50,	    99,
		100,	 101,	   1000,     99999,	100000,	    200000,
		1000000, 50000000, 99999999, 100000000, 1000000000, 20000000000
	};
	char buf[UNITS_LEN];
	size_t i, k, n;

	for (i = 0; i < COUNT(widths); i++)
		for (k = 1; k < 12; k += 3)
			fprintf(f, "axis_step %llu %zu: %llu\n", (unsigned long long)widths[i], k,
				(unsigned long long)axis_step(widths[i], (unsigned int)k));
	for (i = 0; i < COUNT(times); i++)
		for (k = 0; k < COUNT(steps); k++)
			fprintf(f, "axis_time %llu %llu: %s, next %llu, %llu\n",
				(unsigned long long)times[i], (unsigned long long)steps[k],
				axis_time(buf, times[i], steps[k]),
				(unsigned long long)axis_next(times[i], steps[k], UINT64_MAX),
				(unsigned long long)axis_next(times[i], steps[k], times[i] + 1000));
	for (i = 0; i < COUNT(max); i++)
		for (k = 1; k <= 9; k += 4) {
			struct scale sc;

			scale_fit(&sc, max[i], (int)k, i % 2 ? 8 : 4);
			fprintf(f, "scale %llu, %zu rows: %g to %g;", (unsigned long long)max[i], k,
				sc.lo, sc.hi);
			for (n = 0; n < k; n++) {
				scale_label(&sc, (int)n, buf);
				fprintf(f, " %s", buf);
			}
			for (n = 0; n < COUNT(max); n++)
				fprintf(f, " %d",
					max[n] <= max[i] ? scale_height(&sc, max[n]) : -1);
			fprintf(f, " %d\n", scale_height(&sc, 0));
		}
}

/* ---- typing ---- */

static void typing(FILE *f)
{
	static const struct {
		const char *name;
		int key;
	} keys[] = {
		{ "Left", SKEY_LEFT },
		{ "Right", SKEY_RIGHT },
		{ "Home", SKEY_HOME },
		{ "End", SKEY_END },
		{ "Backspace", SKEY_BACKSPACE },
		{ "Del", SKEY_DELETE },
		{ "^A", 1 },
		{ "^B", 2 },
		{ "^D", 4 },
		{ "^E", 5 },
		{ "^F", 6 },
		{ "^K", 11 },
		{ "^U", 21 },
		{ "^W", 23 },
		{ "^G", 7 },
		{ "Up", SKEY_UP },
	};
	static const char *const texts[] = {
		"", "a", "one two  three ", "é ü\xf0\x9f\x98\x80 x", "   ", "word"
	};
	struct line l;
	size_t i, k, at;

	for (i = 0; i < COUNT(texts); i++)
		for (k = 0; k < COUNT(keys); k++) {
			size_t len = strlen(texts[i]);

			for (at = 0; at <= len; at += at + 3 < len || at == len ? 3 : len - at) {
				bool is;

				line_set(&l, texts[i]);
				/* not in the midst of a character */
				while (at < len && (texts[i][at] & 0xc0) == 0x80)
					at++;
				l.at = at;
				is = line_key(&l, keys[k].key);
				fprintf(f, "'%s' %zu %s: ", texts[i], at, keys[k].name);
				if (is)
					fprintf(f, "'%s' %zu of %zu\n", l.text, l.at, l.len);
				else
					fputs("no such key\n", f);
				line_set(&l, texts[i]);
				l.at = at;
				if (k == 0 && line_insert(&l, 0x20ac))
					fprintf(f, "'%s' %zu €: '%s' %zu of %zu\n", texts[i], at,
						l.text, l.at, l.len);
				line_set(&l, texts[i]);
				l.at = at;
				if (k == 1) {
					line_replace(&l, at / 3, "new");
					fprintf(f, "'%s' %zu to %zu replaced: '%s' %zu of %zu\n",
						texts[i], at / 3, at, l.text, l.at, l.len);
				}
			}
		}
}

/* Which characters can be typed. */
static void characters(FILE *f)
{
	static const uint32_t chars[] = { 0,	  0x1f,	   0x20,     0x7e,    0x7f,   0x80,
					  0x9f,	  0xa0,	   0xd7ff,   0xd800,  0xdfff, 0xe000,
					  0xfffd, 0x10000, 0x10ffff, 0x110000 };
	struct line l;
	size_t i;

	for (i = 0; i < COUNT(chars); i++) {
		line_set(&l, "ab");
		l.at = 1;
		if (line_insert(&l, chars[i]))
			fprintf(f, "U+%04x: %zu of %zu\n", chars[i], l.at, l.len);
		else
			fprintf(f, "U+%04x: refused, '%s' %zu of %zu\n", chars[i], l.text, l.at,
				l.len);
	}
}

/* What was typed before, back and forth, and what is kept of more than can be. */
static void histories(FILE *f)
{
	static const int way[] = { -1, -1, -1, -1, 1, -1, 1, 1, 1, 1, -1, 1 };
	struct history h = { 0 };
	char text[16];
	struct line l;
	size_t i;
	int n;

	for (n = 0; n < 3; n++) {
		fprintf(f, "history of %zu:", h.n);
		line_set(&l, "new");
		for (i = 0; i < COUNT(way); i++) {
			history_step(&h, &l, way[i]);
			fprintf(f, " %s'%s' %zu", way[i] < 0 ? "older " : "newer ", l.text, l.at);
		}
		fputc('\n', f);
		history_add(&h, n ? "b" : "a");
		history_add(&h, "a");
		history_add(&h, "");
	}
	for (i = 0; i < HISTORY_MAX + 2; i++) {
		snprintf(text, sizeof(text), "line %zu", i);
		history_add(&h, text);
	}
	fprintf(f, "history of %zu:", h.n);
	line_set(&l, "new");
	for (i = 0; i < HISTORY_MAX + 1; i++) {
		history_step(&h, &l, -1);
		fprintf(f, " %s", l.text);
	}
	fputc('\n', f);
	history_free(&h);
}

/* ---- files of keys and colours ---- */

static void configs(FILE *f)
{
	static const char *const of[] = {
		"",
		"\n\n",
		"# only this",
		"theme = dark",
		"theme = light\n",
		"theme = 8",
		"theme = ",
		"theme =dark",
		"theme= dark",
		"theme",
		"= dark",
		"theme = pink",
		"theme = dark # no remark",
		"colour text = red",
		"color text = red",
		"colour bad = 255",
		"colour bad = 256",
		"colour bad = -1",
		"colour bad = default",
		"colour bad = ",
		"colour = red",
		"colour nothing = red",
		"colour bad = 12x",
		"colour  good  =  cyan ",
		"key x = next failure",
		"key <F1> = help",
		"key <Ctrl-T> = time wall",
		"key <Nothing> = help",
		"key  = help",
		"key xy = help",
		"key x = ",
		"key x = nothing",
		"key x = help me",
		"key = = zoom-in",
		"key # = zoom-in",
		"key é = mark",
		"other = thing",
		"\ttheme = light",
		"theme = light\ntheme = 8",
		"theme = light\r\n",
		"key x = help\nkey x = quit",
		"theme = dark\n\n# x\nkey q = pane 99\n",
	};
	struct scope_config c;
	char err[CONFIG_ERR_LEN];
	unsigned int line;
	size_t i, k;
	int r;

	for (i = 0; i < COUNT(of); i++) {
		config_init(&c);
		line = 0;
		err[0] = '\0';
		fprintf(f, "config '%s': ", of[i]);
		r = config_parse(&c, of[i], strlen(of[i]), &line, err);
		if (r) {
			fprintf(f, "line %u: %s\n", line, err);
			continue;
		}
		fputs("taken;", f);
		for (k = 0; k < ROLE_NR; k++)
			fprintf(f, " %d/%d", c.theme.look[k].fg8, c.theme.look[k].fg256);
		for (k = 0; k < c.n_binds; k++)
			fprintf(f, " %d '%s'", c.bind[k].key, c.bind[k].command);
		fputc('\n', f);
	}
	for (i = 0; theme_names[i]; i++) {
		struct theme t;

		assert_true(theme_by_name(&t, theme_names[i]));
		fprintf(f, "theme %s:", theme_names[i]);
		for (k = 0; k < ROLE_NR; k++)
			fprintf(f, " %s %d/%d", theme_role_names[k], t.look[k].fg8,
				t.look[k].fg256);
		fputc('\n', f);
	}
}

static void test_tables(void **state)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	layouts(f);
	axes(f);
	typing(f);
	characters(f);
	histories(f);
	configs(f);
	fclose(f);
	golden(GOLDEN, text);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_tables) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
