// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_anonymise.c - which names of events and META are replaced, by what, and what is kept
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "recording/anonymise.h"
#include "tests/unit/allocs.h"

static struct anonymiser *a;

static int setup(void **state)
{
	(void)state;
	a = anonymise_create();
	return a ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	anonymise_destroy(a);
	return 0;
}

/* An event of @kind with a name in it, and the thread's. */
static struct event named(uint32_t kind, const char *name, const char *comm)
{
	struct event ev = { .kind = kind, .pid = 7, .t_ns = 5 };
	char *at = kind == EV_DEVICE ? ev.device_def.name :
		   kind == EV_TASK   ? ev.task_def.vm :
		   kind == EV_HOST   ? ev.host_def.name :
		   kind == EV_MARK   ? ev.mark.text :
				       NULL;

	if (at)
		snprintf(at, EVENT_NAME_LEN, "%s", name);
	if (kind == EV_DEVICE)
		strcpy(ev.device_def.driver, "mlx5_vfio_pci");
	snprintf(ev.comm, sizeof(ev.comm), "%s", comm);
	return ev;
}

static void test_events(void **state)
{
	static const struct {
		uint32_t kind;
		const char *name, *comm, *want, *want_comm;
	} ways[] = {
		{ EV_DEVICE, "0000:3b:00.2", "", "device-1", "" },
		{ EV_DEVICE, "0000:3b:00.3", "qemu", "device-2", "process-1" },
		{ EV_DEVICE, "0000:3b:00.2", "qemu", "device-1", "process-1" },
		{ EV_TASK, "web-07", "qemu-system", "vm-1", "process-2" },
		{ EV_TASK, "", "qemu", "", "process-1" },
		{ EV_TASK, "web-0", "", "vm-2", "" },
		{ EV_TASK, "web-07", "", "vm-1", "" },
		{ EV_HOST, "web-07", "", "host-1", "" }, /* the same word of another kind */
		{ EV_HOST, "node8", "", "host-2", "" },
		{ EV_MARK, "the operator said so", "me", "mark-1", "process-3" },
		{ EV_MARK, "", "", "", "" },
		{ EV_READ, NULL, "qemu", NULL, "process-1" },
		{ EV_LOSS, NULL, "", NULL, "" },
		/* As long as it can be. */
		{ EV_DEVICE, "012345678901234567890123456789012345678901234567890123456789012", "",
		  "device-3", "" },
		{ EV_DEVICE, "01234567890123456789012345678901234567890123456789012345678901", "",
		  "device-4", "" },
		{ EV_READ, NULL, "012345678901234", NULL, "process-4" },
		{ EV_READ, NULL, "01234567890123", NULL, "process-5" },
	};
	static const size_t count[ANON_NR] = { 2, 2, 5, 4, 1, 0 };
	struct event ev, want;
	size_t i, round;

	(void)state;
	/* Learned before or not, and again: the numbers stay. */
	for (round = 0; round < 3; round++) {
		for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
			ev = named(ways[i].kind, ways[i].name, ways[i].comm);
			if (round == 1)
				assert_int_equal(anonymise_learn(a, &ev), 0);
			want = named(ways[i].kind, ways[i].want, ways[i].want_comm);
			assert_int_equal(anonymise_event(a, &ev), 0);
			if (memcmp(&ev, &want, sizeof(ev)))
				fail_msg("%zu: '%s' '%s'", i, ev.device_def.name, ev.comm);
		}
		for (i = 0; i < ANON_NR; i++)
			assert_int_equal(anonymise_count(a, (enum anonymous)i), count[i]);
	}
}

/* What is learned has its number then, whatever comes first. */
static void test_learned(void **state)
{
	struct event ev = named(EV_TASK, "db", "one"), first = ev;

	(void)state;
	assert_int_equal(anonymise_learn(a, &ev), 0);
	assert_memory_equal(&ev, &first, sizeof(ev));
	ev = named(EV_TASK, "web", "two");
	assert_int_equal(anonymise_event(a, &ev), 0);
	assert_string_equal(ev.task_def.vm, "vm-2");
	assert_string_equal(ev.comm, "process-2");
	assert_int_equal(anonymise_event(a, &first), 0);
	assert_string_equal(first.task_def.vm, "vm-1");
}

static void test_meta(void **state)
{
	static const struct {
		const char *key, *value, *want; /* NULL: it is left out */
	} ways[] = {
		{ "tool", "vfioscope", "vfioscope" },
		{ "tool.version", "0.1 of node7", "0.1 of node7" },
		{ "started", "2026-01-02", "2026-01-02" },
		{ "kernel", "6.12", "6.12" },
		{ "machine", "x86_64", "x86_64" },
		{ "hook", "vfio read fexit ok", "vfio read fexit ok" },
		{ "driver", "mlx5_vfio_pci", "mlx5_vfio_pci" },
		{ "clock.bound", "12", "12" },
		{ "host", "node7", "host-1" },
		{ "boot_id", "1234-5678", "boot-1" },
		{ "part", "host node7 boot 1234-5678", "host host-1 boot boot-1" },
		{ "filter", "device 0000:3b:00.2 of web-07", "device device-1 of vm-1" },
		/* As a word: where no letter, digit or _ goes on. */
		{ "filter", "web-07x", "web-07x" },
		{ "filter", "xweb-07", "xweb-07" },
		{ "filter", "web-07-a,web-07", "vm-1-a,vm-1" },
		{ "filter", "_web-07", "_web-07" },
		{ "filter", "(web-07)", "(vm-1)" },
		{ "filter", "web-070", "web-070" },
		{ "filter", "node7 node77 node7", "host-1 node77 host-1" },
		/* The longest that is there. */
		{ "filter", "web-07.example", "vm-2" },
		{ "filter", "web-07.exampl", "vm-1.exampl" },
		{ "filter", "", "" },
		{ "merged", "clock: node7's", "clock: host-1's" },
		{ "merged", "bound: 12 ns", "bound: 12 ns" },
		{ "merged", "node7", NULL },
		{ "merged", "clock:", NULL },
		{ "cmdline", "record -o /home/web-07", NULL },
		{ "hosts", "node7", NULL },
		{ "tools", "vfioscope", NULL },
		{ "", "node7", NULL },
	};
	struct meta learn = { 0 }, m, out;
	struct event ev;
	size_t i;

	(void)state;
	assert_int_equal(meta_add(&learn, "host", "node7"), 0);
	assert_int_equal(meta_add(&learn, "boot_id", "1234-5678"), 0);
	assert_int_equal(anonymise_learn_meta(a, &learn), 0);
	assert_int_equal(anonymise_count(a, ANON_HOST), 1);
	assert_int_equal(anonymise_count(a, ANON_BOOT), 1);
	meta_clear(&learn);
	ev = named(EV_DEVICE, "0000:3b:00.2", "");
	assert_int_equal(anonymise_learn(a, &ev), 0);
	ev = named(EV_TASK, "web-07", "");
	assert_int_equal(anonymise_learn(a, &ev), 0);
	ev = named(EV_TASK, "web-07.example", "");
	assert_int_equal(anonymise_learn(a, &ev), 0);
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		memset(&m, 0, sizeof(m));
		memset(&out, 0, sizeof(out));
		assert_int_equal(meta_add(&m, ways[i].key, ways[i].value), 0);
		assert_int_equal(anonymise_meta(a, &m, &out), 0);
		if (out.n != (ways[i].want ? 1 : 0) ||
		    (out.n && (strcmp(out.entries[0].value, ways[i].want) ||
			       strcmp(out.entries[0].key, ways[i].key))))
			fail_msg("%s '%s': '%s'", ways[i].key, ways[i].value,
				 out.n ? out.entries[0].value : "left out");
		meta_clear(&m);
		meta_clear(&out);
	}
	anonymise_destroy(NULL);
	assert_non_null(anonymise_remains[0]);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = { T(test_events), T(test_learned), T(test_meta) };

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
