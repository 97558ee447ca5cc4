// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "util/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

const char *const color_when_names[] = { "auto", "always", "never", NULL };

size_t text_utf8(const char *str, size_t len, uint32_t *cp)
{
	const unsigned char *s = (const unsigned char *)str;
	size_t n, i;
	uint32_t c, min;

	if (!len)
		return 0;
	c = s[0];
	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	if (c >= 0xc2 && c <= 0xdf) {
		n = 2;
		min = 0x80;
		c &= 0x1f;
	} else if (c >= 0xe0 && c <= 0xef) {
		n = 3;
		min = 0x800;
		c &= 0x0f;
	} else if (c >= 0xf0 && c <= 0xf4) {
		n = 4;
		min = 0x10000;
		c &= 0x07;
	} else {
		return 0;
	}
	if (len < n)
		return 0;
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	/* Overlong forms, surrogates, and beyond Unicode. */
	if (c < min || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		return 0;
	*cp = c;
	return n;
}

size_t text_utf8_put(char out[4], uint32_t cp)
{
	size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4, i;
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (i = n - 1; i > 0; i--, cp >>= 6)
		out[i] = (char)(0x80 | (cp & 0x3f));
	out[0] = (char)(lead[n] | cp);
	return n;
}

/*
 * Characters that do something instead of being seen: controls, line
 * separators, bidirectional marks and overrides (CVE-2021-42574 and its kin),
 * zero-width ones, tags.
 */
static bool is_harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x061c || c == 0x180e ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff ||
	       (c >= 0xfff0 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

char *text_safe(char *dst, size_t size, const char *src, size_t len)
{
	size_t i = 0, o = 0, n, w;
	uint32_t cp;
	char esc[16];

	if (!size)
		return dst;
	len = strnlen(src, len);
	while (i < len) {
		n = text_utf8(src + i, len - i, &cp);
		if (n && !is_harmful(cp)) {
			if (o + n >= size)
				break;
			memcpy(dst + o, src + i, n);
			o += n;
			i += n;
			continue;
		}
		if (!n || cp < 0x80)
			w = snprintf(esc, sizeof(esc), "\\x%02x", (unsigned char)src[i]);
		else
			w = snprintf(esc, sizeof(esc), "\\u%04x", (unsigned int)cp);
		if (o + w >= size)
			break;
		memcpy(dst + o, esc, w);
		o += w;
		i += n ? n : 1;
	}
	dst[o] = '\0';
	return dst;
}

static size_t char_width(uint32_t cp)
{
	int w = wcwidth((wchar_t)cp);

	/* The C locale knows no width beyond ASCII: assume an ordinary letter. */
	return w < 0 ? 1 : (size_t)w;
}

void text_markup(FILE *f, const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		switch (s[i]) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		case '\'':
			fputs("&#39;", f);
			break;
		default:
			if (len - i >= 3 && (!memcmp(s + i, "\xef\xbf\xbe", 3) ||
					     !memcmp(s + i, "\xef\xbf\xbf", 3))) {
				fputc('?', f);
				i += 2;
			} else {
				fputc(s[i], f);
			}
		}
	}
}

size_t text_width(const char *s)
{
	size_t len = strlen(s), n, width = 0;
	uint32_t cp;

	while (len) {
		n = text_utf8(s, len, &cp);
		width += n ? char_width(cp) : 1;
		n = n ? n : 1;
		s += n;
		len -= n;
	}
	return width;
}

void text_pad(FILE *f, const char *s, size_t width, bool right)
{
	size_t have = text_width(s), used = 0, len = strlen(s), n;
	uint32_t cp;

	if (!width || have <= width) {
		if (right && have < width)
			fprintf(f, "%*s", (int)(width - have), "");
		fputs(s, f);
		if (!right && have < width)
			fprintf(f, "%*s", (int)(width - have), "");
		return;
	}
	/* Cut: the last column is the ellipsis. */
	while (len) {
		n = text_utf8(s, len, &cp);
		if (used + (n ? char_width(cp) : 1) > width - 1)
			break;
		used += n ? char_width(cp) : 1;
		n = n ? n : 1;
		fwrite(s, 1, n, f);
		s += n;
		len -= n;
	}
	fputs("…", f);
	used++;
	if (used < width)
		fprintf(f, "%*s", (int)(width - used), "");
}

bool text_use_color(enum color_when when, FILE *f)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (when == COLOR_ALWAYS)
		return true;
	/* https://no-color.org: present and not empty. */
	if (when == COLOR_NEVER || (no && *no))
		return false;
	if (!term || !strcmp(term, "dumb"))
		return false;
	return isatty(fileno(f));
}
