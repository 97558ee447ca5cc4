// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_script.c - any text as the scope's filter, its script, and a file of marks
 *
 * The input's first byte says which.  A filter that is taken: what it matches by the
 * kinds and errors that it says it wants, it matches; turned around ('!') each event
 * matches one of the two.  A script is obeyed to its end, or refused in one line, and
 * the screen is drawn.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/synth.h"
#include "tui/internal.h"
#include "tui/tui.h"

static struct synth trace;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct synth_plan plan = { .precopy = true, .precopy_reads = 6, .stop_copy_reads = 3 };

	(void)argc;
	(void)argv;
	setlocale(LC_CTYPE, "C.UTF-8");
	synth_init(&trace);
	synth_task(&trace, 100, "qemu-system-x86", "web-1");
	synth_device(&trace, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_open(&trace);
	synth_source(&trace, &plan);
	synth_set_state_fails(&trace, MIG_STOP_COPY, EIO);
	synth_task(&trace, 101, "qemu-system-x86", "web-1");
	synth_device(&trace, 2, "0000:75:00.1", "hisi_acc_vfio_pci", 7);
	synth_open(&trace);
	synth_destination(&trace, 300000);
	synth_loss(&trace, 3, trace.now - 1000, trace.now, EV_READ);
	return 0;
}

static const char *line_of(void *arg, const struct event *ev)
{
	(void)ev;
	return arg;
}

static uint32_t state_of(void *arg, const struct event *ev)
{
	(void)arg;
	return ev->kind % MIG_STATE_NR;
}

static bool is_outlier(void *arg, const struct event *ev)
{
	(void)arg;
	return ev->dur_ns & 1;
}

static void filter(const char *text)
{
	static char line[] = "READ 1.00 MiB, 61.0 us";
	char err[MATCH_TEXT * 2], turned[300];
	struct model *m = model_create();
	struct match match, not ;
	const struct match_ask ask = { m, trace.ev[0].t_ns, line_of, state_of, is_outlier, line };
	bool single = !strpbrk(text, " \t!");
	size_t i;

	memset(err, 0, sizeof(err));
	if (match_parse(&match, text, err)) {
		if (!err[0] || !memchr(err, 0, sizeof(err)))
			fuzz_die("a filter is refused, and not said why");
		goto out;
	}
	if (match.n > MATCH_TERMS)
		fuzz_die("%u terms", match.n);
	snprintf(turned, sizeof(turned), "!%s", text);
	single = single && match.n == 1 && !match_parse(&not, turned, err);
	for (i = 0; i < trace.n; i++) {
		const struct event *ev = &trace.ev[i];
		bool yes;

		if (model_feed(m, ev, NULL))
			fuzz_die("out of memory");
		yes = match_event(&match, ev, &ask);
		if (yes && ((match.kinds && !(match.kinds >> ev->kind & 1)) ||
			    (match.errors && !event_failed(ev)) ||
			    (match.longer_ns && ev->dur_ns <= match.longer_ns)))
			fuzz_die("'%.80s' matches an event that a search would skip", text);
		if (single && yes == match_event(&not, ev, &ask))
			fuzz_die("'%.80s' and its opposite agree of an event", text);
	}
out:
	model_destroy(m);
}

/* A file's name has no folder in it: what is written stays where we are. */
static void script(char *text, size_t len)
{
	struct tui_trace t = { .src = synth_as_source(&trace) };
	const struct scope_options o = { .path = "a.vfs", .marks_path = "a.vfs.marks" };
	char err[TUI_ERR_LEN], *p;
	FILE *f;
	int rc;

	for (p = text; (p = memchr(p, '/', len - (size_t)(p - text)));)
		*p = '?';
	f = len ? fmemopen(text, len, "re") : NULL;
	t.scope = scope_create(&o);
	if (f) {
		memset(err, 0, sizeof(err));
		rc = tui_script(&t, f, err);
		if (rc && (!err[0] || strchr(err, '\n')))
			fuzz_die("a script is refused, and not said why in a line");
		fclose(f);
	}
	scope_draw(t.scope);
	scope_destroy(t.scope);
	t.src->ops->close(t.src);
}

/* Marks lie beside a recording, where anybody may have left something. */
static void marks(const struct bytes *b)
{
	static char look[] = "G'''mx\n:save-screen s\n";
	int fd = fuzz_dir_create("a.vfs.marks");

	if (write(fd, b->p, b->n) != (ssize_t)b->n)
		fuzz_die("marks cannot be written");
	close(fd);
	script(look, strlen(look));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = { data, size };
	char text[256], *copy;
	uint8_t how;

	if (!size)
		return 0;
	fuzz_begin();
	how = take8(&b);
	if (how % 3 == 0) {
		memset(text, 0, sizeof(text));
		memcpy(text, b.p, b.n < sizeof(text) ? b.n : sizeof(text) - 1);
		filter(text);
		return 0;
	}
	fuzz_dir_enter();
	if (how % 3 == 1) {
		copy = malloc(b.n + 1);
		if (!copy)
			fuzz_die("out of memory");
		memcpy(copy, b.p, b.n);
		script(copy, b.n);
		free(copy);
	} else {
		marks(&b);
	}
	fuzz_dir_leave();
	return 0;
}
