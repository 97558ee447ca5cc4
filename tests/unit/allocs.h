/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * allocs.h - how much memory is not given back: without a sanitizer, and in every run
 *
 * The program's malloc() and its kin are these, also for the C library.  Included by one
 * file of a program.  With a sanitizer, which has its own, nothing is counted.
 */
#ifndef VFIOSCOPE_TESTS_ALLOCS_H
#define VFIOSCOPE_TESTS_ALLOCS_H

#include <stdio.h>
#include <stdlib.h>

/* Blocks that are allocated now. */
static long allocs;

/* For main(): @failed, what the tests came to, and a failure where memory was not given back. */
static inline int all_given_back(int failed)
{
	fclose(stdout); /* its buffer */
	if (!failed && allocs)
		fprintf(stderr, "%ld blocks were not given back\n", allocs);
	return failed || allocs;
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);

void *malloc(size_t size)
{
	void *p = __libc_malloc(size);

	__atomic_add_fetch(&allocs, p != NULL, __ATOMIC_RELAXED);
	return p;
}

void *calloc(size_t n, size_t size)
{
	void *p = __libc_calloc(n, size);

	__atomic_add_fetch(&allocs, p != NULL, __ATOMIC_RELAXED);
	return p;
}

void *realloc(void *old, size_t size)
{
	void *p = __libc_realloc(old, size);

	__atomic_add_fetch(&allocs, !old && p, __ATOMIC_RELAXED);
	if (old && !p && !size)
		__atomic_sub_fetch(&allocs, 1, __ATOMIC_RELAXED);
	return p;
}

void free(void *p)
{
	__atomic_sub_fetch(&allocs, p != NULL, __ATOMIC_RELAXED);
	__libc_free(p);
}
#endif

#endif
