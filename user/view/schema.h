/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * schema.h - JSON Schema (draft 2020-12) of an output, from a table
 *
 * An object is a line of its members, "name:type", so that it reads like what
 * it describes.  Types: u an integer that is not negative, i any integer, n a
 * number, b, s; S a state (its name, or the number of one without); @x an object
 * of this table, [..] an array, {s} an object of texts; a|b|c one of these words
 * ('~': a blank); T a state's name or a number; a '?' behind it: or null.
 */
#ifndef VFIOSCOPE_VIEW_SCHEMA_H
#define VFIOSCOPE_VIEW_SCHEMA_H

#include <stddef.h>
#include <stdio.h>

struct schema_object {
	const char *name, *text, *members;
};

/* The first of @objects is the output, the others those that it and they name. */
void schema_print(FILE *f, const char *title, const struct schema_object *objects, size_t n);

#endif
