// SPDX-License-Identifier: GPL-2.0-only
#include "tui/axis.h"

#include <math.h>
#include <stdio.h>

#include "util/sat.h"

void scale_fit(struct scale *sc, uint64_t max, int rows, int steps)
{
	int top = max ? (int)ceil(log2((double)max) + 0.01) : 0, each;

	sc->rows = rows;
	sc->steps = steps;
	/* Four decades, or from a byte on. */
	each = (13 + rows - 1) / rows;
	if (top < rows * each)
		top = rows * each;
	sc->hi = top;
	sc->lo = top - rows * each;
}

int scale_height(const struct scale *sc, uint64_t bytes)
{
	double h;

	if (!bytes)
		return 0;
	h = (log2((double)bytes) - sc->lo) / (sc->hi - sc->lo) * sc->rows * sc->steps;
	if (h < 1)
		return 1;
	return h > sc->rows * sc->steps ? sc->rows * sc->steps : (int)(h + 0.5);
}

void scale_label(const struct scale *sc, int row, char buf[UNITS_LEN])
{
	static const char units[] = "BKMGTPE";
	int bits = (int)(sc->hi - (sc->hi - sc->lo) * row / sc->rows + 0.5);

	snprintf(buf, UNITS_LEN, "%d%c", 1 << bits % 10, units[bits / 10 < 6 ? bits / 10 : 6]);
}

uint64_t axis_step(uint64_t width_ns, unsigned int parts)
{
	static const unsigned int round[] = { 5, 2, 1 };
	uint64_t decade = 1, want = parts ? width_ns / parts : width_ns;
	unsigned int i;

	if (!want)
		return 1;
	while (decade <= want / 10)
		decade *= 10;
	for (i = 0; i < 3; i++)
		if (round[i] * decade <= want)
			return round[i] * decade;
	return decade;
}

uint64_t axis_next(uint64_t t, uint64_t step, uint64_t to)
{
	t = sat_add(t, step);
	return t <= to ? t : UINT64_MAX;
}

char *axis_time(char buf[UNITS_LEN], uint64_t ns, uint64_t step)
{
	static const struct {
		uint64_t ns;
		const char *name;
	} units[] = { { 1000000000, "s" }, { 1000000, "ms" }, { 1000, "µs" }, { 1, "ns" } };
	int digits = 0;
	uint64_t part;
	unsigned int i;

	/*
	 * Seconds down to a tenth, then what the step is a whole number of; beyond the first
	 * second always seconds, as the log has them.
	 */
	for (i = 0; i < 3 && ns < units[0].ns && step < units[i].ns / 10; i++)
		;
	for (part = step; part && part < units[i].ns; part *= 10)
		digits++;
	snprintf(buf, UNITS_LEN, "%.*f %s", digits, (double)ns / (double)units[i].ns,
		 units[i].name);
	return buf;
}
