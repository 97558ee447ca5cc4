/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * allocs.h - memory that is not given back, and memory that there is not, in every run and
 * without a sanitizer
 *
 * The program's malloc() and its kin are these, also for the C library.  Included by one
 * file of a program.  The address sanitizer has its own: nothing is counted then, and
 * nothing fails (OWN_MALLOC is 0).
 */
#ifndef VFIOSCOPE_TESTS_ALLOCS_H
#define VFIOSCOPE_TESTS_ALLOCS_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_MALLOC 0
#else
#define OWN_MALLOC 1
#endif

/* Blocks that are allocated now; volatile: the compiler knows that malloc() reads none of ours. */
static volatile long allocs;
/* The allocation that fails: how many are still to come before it; -1: none.  How many did. */
static volatile long alloc_fails_at = -1, allocs_failed;

#if OWN_MALLOC
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);

static bool alloc_fails(void)
{
	if (alloc_fails_at < 0 || alloc_fails_at--)
		return false;
	allocs_failed++;
	return true;
}

static void *alloc_count(void *p)
{
	__atomic_add_fetch(&allocs, p != NULL, __ATOMIC_RELAXED);
	return p;
}

void *malloc(size_t size)
{
	return alloc_fails() ? NULL : alloc_count(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
	return alloc_fails() ? NULL : alloc_count(__libc_calloc(n, size));
}

void *realloc(void *old, size_t size)
{
	void *p = alloc_fails() ? NULL : __libc_realloc(old, size);

	return old ? p : alloc_count(p);
}

void free(void *p)
{
	__atomic_sub_fetch(&allocs, p != NULL, __ATOMIC_RELAXED);
	__libc_free(p);
}
#endif

/* For main(): @failed, what the tests came to, and a failure where memory was not given back. */
static inline int all_given_back(int failed)
{
	fclose(stdout); /* its buffer */
	if (!failed && allocs)
		fprintf(stderr, "%ld blocks were not given back\n", allocs);
	return failed || allocs;
}

#endif
