// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_stack.c - made-up and broken recordings through everything that reads one
 *
 * The input: a byte that says how (bit 0: what follows is a recording, to be repaired;
 * else a program that makes two), three that choose views, the length of what keys are
 * made of (a byte) and that, then a recording or a program (program.h).
 *
 * Not all of it for each input (stack_some()): a run looks at more of them.
 *
 * Oracles: see stack.h; and what was written is read, and what was read can be written
 * and read again the same.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recording/recording.h"
#include "recording/registry.h"
#include "tests/fuzz/program.h"
#include "tests/fuzz/repair.h"
#include "tests/fuzz/stack.h"

#define HOW_RECORDING (1U << 0)

static bool thorough;
static uint64_t chance;

bool stack_some(unsigned int one_in)
{
	chance = chance * 6364136223846793005ULL + 1442695040888963407ULL;
	return thorough || (chance >> 33) % one_in == 0;
}

static void chance_of(const uint8_t *p, size_t n)
{
	size_t i;

	chance = n;
	for (i = 0; i < n; i++)
		chance = (chance ^ p[i]) * 0x100000001b3ULL;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	setlocale(LC_CTYPE, "C.UTF-8");
	thorough = getenv("FUZZ_THOROUGH");
	stack_views_begin();
	return 0;
}

static void read_trace(const char *path, struct trace *t)
{
	struct event_source *src;
	char err[512];
	int rc;

	t->n = 0;
	t->whole = false;
	t->readable = !recording_open(&src, path, err, sizeof(err));
	if (!t->readable)
		return;
	while (t->n < STACK_EVENTS && (rc = src->ops->next(src, &t->ev[t->n], -1)) == 1)
		t->n++;
	t->whole = t->n < STACK_EVENTS && rc == -ENODATA;
	src->ops->health(src, &t->health);
	src->ops->close(src);
}

/* What was put is what is read. */
static void written_is_read(const struct program *p, unsigned int host, const struct trace *t)
{
	const struct synth *s = &p->host[host].s;
	size_t i;

	if (!t->readable || !t->whole)
		fuzz_die("what was written cannot be read");
	if (health_unreadable(&t->health) || t->health.ended == p->host[host].cut)
		fuzz_die("what was written is said to be damaged");
	if (t->n != s->n)
		fuzz_die("%zu events written, %zu read", s->n, t->n);
	for (i = 0; i < t->n; i++)
		if (!event_same(&t->ev[i], &s->ev[i]))
			fuzz_die("event %zu is not what was written", i + 1);
}

static void written_again(const struct trace *t)
{
	static struct trace again;
	const struct recording_writer_opts o = { .level = -1, .frame_events = 100 };
	struct recording_writer *w;
	size_t i;

	if (recording_writer_open(&w, fuzz_dir_create("again.vfs"), &o))
		fuzz_die("what was read cannot be written");
	for (i = 0; i < t->n; i++)
		if (recording_writer_put(w, &t->ev[i]))
			fuzz_die("what was read cannot be put");
	if (recording_writer_end(w) || recording_writer_close(w))
		fuzz_die("what was read cannot be ended");
	read_trace("again.vfs", &again);
	if (t->n && (again.n != t->n || health_damaged(&again.health)))
		fuzz_die("%zu events were read, written, and are %zu", t->n, again.n);
	for (i = 0; i < t->n; i++)
		if (!event_same(&again.ev[i], &t->ev[i]))
			fuzz_die("event %zu is another when it was written again", i + 1);
}

/* A recording as it may be; the other host's is a sound one. */
static void recordings_of_bytes(struct bytes *b)
{
	const uint8_t sound[] = { 172, 1, 0x35 }; /* of program.c: a migration */
	struct bytes program = { sound, sizeof(sound) };
	unsigned int how = take8(b);
	struct program p;
	uint8_t *copy = malloc(b->n + 1);
	int fd = fuzz_dir_create(STACK_A);

	if (!copy)
		fuzz_die("out of memory");
	memcpy(copy, b->p, b->n);
	repair(copy, b->n, how);
	if (write(fd, copy, b->n) != (ssize_t)b->n)
		fuzz_die("a recording cannot be written");
	close(fd);
	free(copy);
	program_run(&p, &program);
	program_write(&p, 1, fuzz_dir_create(STACK_B));
	program_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trace t, other;
	struct bytes b = { data, size }, script;
	uint8_t how, views[STACK_VIEWS];
	struct program p;
	bool two = true;
	unsigned int i;

	if (size < 6)
		return 0;
	fuzz_begin();
	fuzz_dir_enter();
	chance_of(data, size);
	how = take8(&b);
	for (i = 0; i < STACK_VIEWS; i++)
		views[i] = take8(&b);
	script = take_bytes(&b, take8(&b));
	if (how & HOW_RECORDING) {
		recordings_of_bytes(&b);
		read_trace(STACK_A, &t);
	} else {
		program_run(&p, &b);
		for (i = 0; i < PROGRAM_HOSTS; i++)
			program_write(&p, i, fuzz_dir_create(i ? STACK_B : STACK_A));
		read_trace(STACK_A, &t);
		written_is_read(&p, 0, &t);
		two = p.host[1].s.n > 1;
		if (two) {
			read_trace(STACK_B, &other);
			written_is_read(&p, 1, &other);
		}
		program_free(&p);
	}
	if (t.readable) {
		if (stack_some(4))
			written_again(&t);
		stack_model(&t, &script);
	}
	stack_views(&t, views, &script, two);
	if (how & 2 && stack_some(2))
		stack_store(&t, &script);
	if (how & 4 && stack_some(2))
		stack_scope(&t, &script);
	fuzz_dir_leave();
	return 0;
}
