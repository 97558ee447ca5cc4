/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fuzz.h - what the fuzz targets share
 *
 * A target is one LLVMFuzzerTestOneInput(); libFuzzer calls it, or driver.c where there
 * is none (gcc).  An oracle that does not hold ends the process through fuzz_die(), as
 * a crash does: whoever drives keeps the input.
 */
#ifndef VFIOSCOPE_TESTS_FUZZ_H
#define VFIOSCOPE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* One line on stderr, then abort(). */
void fuzz_die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/*
 * An input may take so much of the processor's time, sanitizers included; what takes
 * longer hangs.  Not of the clock's: other processes have no say in it.
 */
#define FUZZ_LIMIT_SECONDS 2
/* The input that begins now has that long. */
void fuzz_begin(void);

/*
 * For targets that write files: a directory of this process alone.  Between the two
 * it is the working directory, and it is empty before each.
 */
void fuzz_dir_enter(void);
void fuzz_dir_leave(void);
/* A new file there; its descriptor. */
int fuzz_dir_create(const char *name);

/* The input as it is used up: what is not there is 0. */
struct bytes {
	const uint8_t *p;
	size_t n;
};

/* The next @width (0..8) bytes, little-endian. */
uint64_t take(struct bytes *b, unsigned int width);
static inline uint8_t take8(struct bytes *b)
{
	return (uint8_t)take(b, 1);
}
/* The next @n bytes, or as many as there are. */
struct bytes take_bytes(struct bytes *b, size_t n);
/* A string of the next bytes, up to @size - 1 of them; @size says all. */
void take_string(struct bytes *b, char *s, size_t size);
/* A number of any size, the odd ones often; also close to @near. */
uint64_t take_odd(struct bytes *b, uint64_t near);

#endif
