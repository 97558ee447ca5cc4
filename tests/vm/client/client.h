/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vfio-client: drives a VFIO device with migration as a VMM would, and checks
 * every answer against include/uapi/linux/vfio.h.
 *
 * Conventions: calls that can fail return -errno. A check prints one TAP line.
 * What a test merely needs in order to go on is need()ed: its failure ends
 * that test.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "uapi.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PAGE	      4096u
#define RECORD	      16u /* the driver's record head */
#define HEADER	      32u
#define END	      32u

/* device.c */

struct device {
	const char *bdf;
	int container, group, fd;
	uint64_t bar, bar_size; /* region offset of BAR 2, and its size */
	uint64_t config;	/* region offset of the config space */
	uint32_t bar_flags;
	uint32_t mig; /* MIG_FLAG_* */
};

int device_open(struct device *d, const char *bdf);
void device_close(struct device *d);
int device_set(struct device *d, uint32_t state, int *fd);
int device_state(struct device *d);
int device_reset(struct device *d);
int device_feature(struct device *d, uint32_t flags, struct feature *f);
int64_t device_data_size(struct device *d);
void device_memory(struct device *d, bool on);
ssize_t bar_write(struct device *d, uint64_t off, const void *buf, size_t n);
ssize_t bar_read(struct device *d, uint64_t off, void *buf, size_t n);
bool device_has(struct device *d, uint32_t state);
const char *state_name(uint32_t state);
int precopy_info(int fd, struct precopy_info *info);
int poll_now(int fd, short events);

/* transfer.c: the stream of a migration, kept in memory */

struct blob {
	uint8_t *data;
	size_t len, cap;
};

void blob_free(struct blob *b);
/* Reads until 0 or -errno, in chunks of @max, or of random sizes if negative. */
int drain(int fd, struct blob *b, long max);
/* Writes [from, to) likewise. */
int feed(int fd, const struct blob *b, size_t from, size_t to, long max);
/* A whole stream of @d, which is left in RUNNING. */
int save_stopped(struct device *d, struct blob *b);
void fill_bar(struct device *d, unsigned int seed);
uint8_t *bar_copy(struct device *d);
uint64_t full_bytes(struct device *d);
uint32_t rnd(void);
void rnd_seed(uint32_t seed);

/* tap.c */

extern int tap_failed, tap_count;
extern const char *tap_test;

bool tap(bool pass, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void diag(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
double now(void);

#define check(cond, ...) tap(cond, __FILE__, __LINE__, __VA_ARGS__)
#define check_eq(a, b, what)                                              \
	do {                                                              \
		long long a_ = (a), b_ = (b);                             \
		check(a_ == b_, "%s: %lld, expected %lld", what, a_, b_); \
	} while (0)
/* one line for many things alike: silent when right */
#define quiet(cond, ...)                           \
	do {                                       \
		if (!(cond))                       \
			check(false, __VA_ARGS__); \
	} while (0)
#define need(cond, ...)                            \
	do {                                       \
		if (!(cond)) {                     \
			check(false, __VA_ARGS__); \
			return;                    \
		}                                  \
	} while (0)

/* the tests; @b is NULL without a second device */

void test_arcs(struct device *a, struct device *b);
void test_bar(struct device *a, struct device *b);
void test_close(struct device *a, struct device *b);
void test_errno(struct device *a, struct device *b);
void test_fail(struct device *a, struct device *b);
void test_poll(struct device *a, struct device *b);
void test_precopy(struct device *a, struct device *b);
void test_race(struct device *a, struct device *b);
void test_reinit(struct device *a, struct device *b);
void test_reject(struct device *a, struct device *b);
void test_reset(struct device *a, struct device *b);
void test_roundtrip(struct device *a, struct device *b);

/* test_fault.c: one migration under a fault of the driver's; an exit status */
int fault_run(struct device *a, struct device *b, const char *name);

/* a device of another size, or NULL: for test_reject() */
extern const char *other_size;

#endif
