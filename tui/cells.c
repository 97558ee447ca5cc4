// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "tui/cells.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "util/text.h"

static struct rect whole(const struct cells *c)
{
	return (struct rect){ 0, 0, c->rows, c->cols };
}

static struct rect intersect(struct rect a, struct rect b)
{
	struct rect r;
	int row = a.row + a.rows < b.row + b.rows ? a.row + a.rows : b.row + b.rows;
	int col = a.col + a.cols < b.col + b.cols ? a.col + a.cols : b.col + b.cols;

	r.row = a.row > b.row ? a.row : b.row;
	r.col = a.col > b.col ? a.col : b.col;
	r.rows = row > r.row ? row - r.row : 0;
	r.cols = col > r.col ? col - r.col : 0;
	return r;
}

struct cells *cells_create(int rows, int cols)
{
	struct cells *c = calloc(1, sizeof(*c));

	if (c && cells_resize(c, rows, cols)) {
		free(c);
		return NULL;
	}
	return c;
}

void cells_destroy(struct cells *c)
{
	if (!c)
		return;
	free(c->at);
	free(c);
}

int cells_resize(struct cells *c, int rows, int cols)
{
	struct cell *at;

	if (rows < 1)
		rows = 1;
	if (cols < 1)
		cols = 1;
	at = calloc((size_t)rows * cols, sizeof(*at));
	if (!at)
		return -ENOMEM;
	free(c->at);
	c->at = at;
	c->rows = rows;
	c->cols = cols;
	cells_clear(c);
	return 0;
}

void cells_clear(struct cells *c)
{
	int i;

	for (i = 0; i < c->rows * c->cols; i++)
		c->at[i] = (struct cell){ .ch = ' ' };
	c->clip = whole(c);
}

void cells_clip(struct cells *c, struct rect r)
{
	c->clip = intersect(whole(c), r);
}

void cells_clip_none(struct cells *c)
{
	c->clip = whole(c);
}

static bool inside(const struct cells *c, int row, int col)
{
	return row >= c->clip.row && row < c->clip.row + c->clip.rows && col >= c->clip.col &&
	       col < c->clip.col + c->clip.cols;
}

/* What no terminal may get: controls, surrogates, what turns text around. */
static bool is_harmless(uint32_t ch)
{
	if (ch < 0x20 || (ch >= 0x7f && ch < 0xa0))
		return false;
	if ((ch >= 0xd800 && ch < 0xe000) || ch > 0x10ffff)
		return false;
	if ((ch >= 0x200b && ch <= 0x200f) || (ch >= 0x2028 && ch <= 0x202e) ||
	    (ch >= 0x2060 && ch <= 0x206f) || ch == 0xfeff || ch == 0x061c ||
	    (ch >= 0xfff0 && ch <= 0xfffb) || ch == 0xad)
		return false;
	return true;
}

static int width_of(uint32_t ch)
{
	int w = ch < 0x7f ? 1 : wcwidth((wchar_t)ch);

	/* A C locale knows no width; one column is what nearly all take. */
	return w < 0 ? 1 : w;
}

/* The other half of a wide character that is cut becomes a blank. */
static void blank_halves(struct cells *c, int row, int col)
{
	struct cell *at = &c->at[row * c->cols + col];

	if ((at->attr & CELL_HALF) && col > 0)
		at[-1].ch = ' ';
	if (col + 1 < c->cols && (at[1].attr & CELL_HALF)) {
		at[1].ch = ' ';
		at[1].attr &= ~CELL_HALF;
	}
}

static void put(struct cells *c, int row, int col, uint32_t ch, unsigned int role,
		unsigned int attr)
{
	struct cell *at = &c->at[row * c->cols + col];

	blank_halves(c, row, col);
	at->ch = ch;
	at->role = (uint8_t)role;
	at->attr = (uint8_t)attr;
}

/* Columns taken: 0 for a mark without width, which has no cell here. */
static int put_wide(struct cells *c, int row, int col, uint32_t ch, unsigned int role,
		    unsigned int attr)
{
	int w;

	if (!is_harmless(ch))
		ch = 0xfffd;
	w = width_of(ch);
	if (w == 0)
		return 0;
	if (w == 2 && (!inside(c, row, col) || !inside(c, row, col + 1))) {
		if (inside(c, row, col))
			put(c, row, col, ' ', role, attr);
		if (inside(c, row, col + 1))
			put(c, row, col + 1, ' ', role, attr);
		return 2;
	}
	if (!inside(c, row, col))
		return w;
	put(c, row, col, ch, role, attr);
	if (w == 2)
		put(c, row, col + 1, ' ', role, attr | CELL_HALF);
	return w;
}

void cells_put(struct cells *c, int row, int col, uint32_t ch, unsigned int role, unsigned int attr)
{
	put_wide(c, row, col, ch, role, attr);
}

int cells_text(struct cells *c, int row, int col, unsigned int role, unsigned int attr,
	       const char *text)
{
	size_t len = strlen(text), n;
	uint32_t ch;

	while (len) {
		n = text_utf8(text, len, &ch);
		if (!n) {
			ch = 0xfffd;
			n = 1;
		}
		col += put_wide(c, row, col, ch, role, attr);
		text += n;
		len -= n;
	}
	return col;
}

int cells_printf(struct cells *c, int row, int col, unsigned int role, unsigned int attr,
		 const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return cells_text(c, row, col, role, attr, text);
}

int cells_width(const char *text)
{
	size_t len = strlen(text), n;
	uint32_t ch;
	int w = 0;

	while (len) {
		n = text_utf8(text, len, &ch);
		if (!n) {
			ch = 0xfffd;
			n = 1;
		}
		w += is_harmless(ch) ? width_of(ch) : 1;
		text += n;
		len -= n;
	}
	return w;
}

void cells_field(struct cells *c, int row, int col, int width, bool right, unsigned int role,
		 unsigned int attr, const char *text)
{
	struct rect old = c->clip;
	int w = cells_width(text);

	if (width <= 0)
		return;
	cells_clip(c, intersect(old, (struct rect){ row, col, 1, width }));
	cells_fill(c, (struct rect){ row, col, 1, width }, ' ', role, attr);
	if (w > width) {
		cells_text(c, row, col, role, attr, text);
		cells_put(c, row, col + width - 1, 0x2026, role, attr);
	} else {
		cells_text(c, row, right ? col + width - w : col, role, attr, text);
	}
	c->clip = old;
}

void cells_fill(struct cells *c, struct rect r, uint32_t ch, unsigned int role, unsigned int attr)
{
	int row, col;

	r = intersect(c->clip, r);
	for (row = r.row; row < r.row + r.rows; row++)
		for (col = r.col; col < r.col + r.cols; col++)
			put(c, row, col, ch, role, attr);
}

void cells_attr(struct cells *c, struct rect r, unsigned int attr)
{
	int row, col;

	r = intersect(c->clip, r);
	for (row = r.row; row < r.row + r.rows; row++)
		for (col = r.col; col < r.col + r.cols; col++)
			c->at[row * c->cols + col].attr |= (uint8_t)attr;
}

static uint32_t ascii_of(uint32_t ch)
{
	static const struct {
		uint32_t ch;
		char as;
	} map[] = {
		{ 0x2500, '-' }, { 0x2502, '|' }, { 0x2504, '.' }, { 0x250a, ':' }, { 0x2524, '+' },
		{ 0x251c, '+' }, { 0x253c, '+' }, { 0x2514, '+' }, { 0x2510, '+' }, { 0x250c, '+' },
		{ 0x2518, '+' }, { 0x252c, '+' }, { 0x2534, '+' }, { 0x2190, '<' }, { 0x2191, '^' },
		{ 0x2192, '>' }, { 0x2193, 'v' }, { 0x25b6, '>' }, { 0x25c0, '<' }, { 0x25b2, '^' },
		{ 0x25bc, 'v' }, { 0x25cf, '*' }, { 0x25cb, 'o' }, { 0x2588, '#' }, { 0x2593, '%' },
		{ 0x2592, ':' }, { 0x2591, '.' }, { 0xb7, '.' },   { 0x2013, '-' }, { 0x2014, '-' },
		{ 0x2026, '~' }, { 0xb5, 'u' },	  { 0x3bc, 'u' },  { 0xd7, 'x' },   { 0x2248, '~' },
		{ 0x2264, '<' }, { 0x2265, '>' }, { 0x2551, '|' }, { 0x2590, '|' }, { 0x258c, '|' },
	};
	size_t i;

	if (ch < 0x7f)
		return ch;
	for (i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (map[i].ch == ch)
			return (unsigned char)map[i].as;
	if (ch >= 0x2581 && ch <= 0x2587)
		return ch <= 0x2583 ? '_' : '=';
	if (ch >= 0x2801 && ch <= 0x28ff)
		return '*';
	return '?';
}

void cells_to_ascii(struct cells *c)
{
	int i;

	for (i = 0; i < c->rows * c->cols; i++) {
		c->at[i].ch = ascii_of(c->at[i].ch);
		c->at[i].attr &= ~CELL_HALF;
	}
}

void cells_print(const struct cells *c, FILE *f)
{
	int row, col, end;
	char utf8[4];
	size_t n;

	for (row = 0; row < c->rows; row++) {
		const struct cell *line = &c->at[row * c->cols];

		for (end = c->cols; end > 0 && line[end - 1].ch == ' '; end--)
			;
		for (col = 0; col < end; col++) {
			if (line[col].attr & CELL_HALF)
				continue;
			n = text_utf8_put(utf8, line[col].ch);
			fwrite(utf8, 1, n, f);
		}
		fputc('\n', f);
	}
}

void cells_print_roles(const struct cells *c, FILE *f)
{
	static const char letters[ROLE_NR + 1] = ".htkdgwbiysm1234";
	int row, col, end;

	for (row = 0; row < c->rows; row++) {
		const struct cell *line = &c->at[row * c->cols];

		for (end = c->cols; end > 0; end--)
			if (line[end - 1].role || line[end - 1].attr)
				break;
		for (col = 0; col < end; col++) {
			char l = letters[line[col].role < ROLE_NR ? line[col].role : 0];

			if (line[col].attr & CELL_REVERSE)
				l = l == '.' ? 'R' : (char)(l >= 'a' && l <= 'z' ? l - 32 : l);
			else if (line[col].attr & CELL_BOLD && l == '.')
				l = '*';
			else if (line[col].attr & CELL_DIM && l == '.')
				l = ',';
			fputc(l, f);
		}
		fputc('\n', f);
	}
}
