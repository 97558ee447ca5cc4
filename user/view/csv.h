/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * csv.h - what every table of CSV is made of
 */
#ifndef VFIOSCOPE_VIEW_CSV_H
#define VFIOSCOPE_VIEW_CSV_H

#include <stddef.h>
#include <stdio.h>

/*
 * Up to NUL or @len bytes as a field of RFC 4180: harmless, in quotes where it needs
 * them, and with an apostrophe in front of what a spreadsheet would take for a formula.
 */
void csv_text(FILE *f, const char *s, size_t len);

#endif
