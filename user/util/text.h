/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text.h - text for a terminal
 *
 * Names in a trace were written by the traced system: a VM's name may hold
 * escape sequences, broken UTF-8 or right-to-left overrides.  Promises:
 * - text_safe() output holds no control character, no invalid UTF-8, no
 *   bidirectional control and no line separator: each such byte or character
 *   becomes a visible replacement (\x1b, \u202e);
 * - columns are padded by what a terminal shows, not by bytes;
 * - no colour reaches a file unless it was asked for.
 *
 * Widths need a UTF-8 locale; the functions decode UTF-8 themselves and fall
 * back to width 1 per character when wcwidth() does not know one.
 */
#ifndef VFIOSCOPE_UTIL_TEXT_H
#define VFIOSCOPE_UTIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Decode one UTF-8 character of the @len bytes at @s into *@cp.  The number
 * of bytes it takes; 0 when they are no valid character (or @len is 0).
 */
size_t text_utf8(const char *s, size_t len, uint32_t *cp);
/* Encode @cp, below 0x110000, into @out; the number of bytes it takes. */
size_t text_utf8_put(char out[4], uint32_t cp);

/*
 * Write the harmless form of @src (at most @len bytes, or up to NUL) to @dst,
 * always NUL-terminated, cut at a whole character when @size is too small.
 * Returns @dst.  TEXT_SAFE_LEN(strlen(src)) bytes are always enough: the worst
 * case is one bad byte, shown as \xNN.
 */
#define TEXT_SAFE_LEN(n) ((n)*4 + 1)
char *text_safe(char *dst, size_t size, const char *src, size_t len);

/*
 * Write harmless text (@len bytes of what text_safe() left) as XML and HTML have it,
 * in an element or a quoted attribute.  The two characters that XML refuses although
 * they are harmless, U+FFFE and U+FFFF, become "?".
 */
void text_markup(FILE *f, const char *s, size_t len);

/* Columns that a (harmless) string takes on a terminal. */
size_t text_width(const char *s);

/*
 * Print @s in exactly @width columns (0: as it is): cut with an ellipsis when
 * it is wider, padded left-aligned, or right-aligned when @right.
 */
void text_pad(FILE *f, const char *s, size_t width, bool right);

enum color_when {
	COLOR_AUTO = 0,
	COLOR_ALWAYS = 1,
	COLOR_NEVER = 2,
};
/* The words of --color in enum order, NULL-terminated. */
extern const char *const color_when_names[];

/* Colour on @f?  --color wins, then NO_COLOR, TERM=dumb, isatty(). */
bool text_use_color(enum color_when when, FILE *f);

#endif
