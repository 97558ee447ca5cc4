// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_tui_terminal.c - the real program on a real pseudo-terminal, with libvterm
 * as the terminal: what a person would see, and what is left when it has gone
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>
#include <vterm.h>
#include <wchar.h>

#include <cmocka.h>

#include "tui/tui.h"

#define DATA "tests/tui/data/"

struct term {
	VTerm *vt;
	VTermScreen *screen;
	int fd, slave;
	pid_t pid;
	int rows, cols;
	bool altscreen, mouse, cursor;
	bool colors;	 /* any cell ever had one */
	size_t bytes;	 /* written by the program */
	char raw[16384]; /* the last of that */
	size_t n_raw;
	struct termios before;
};

static int on_prop(VTermProp prop, VTermValue *val, void *arg)
{
	struct term *t = arg;

	if (prop == VTERM_PROP_ALTSCREEN)
		t->altscreen = val->boolean;
	return 1;
}

static const VTermScreenCallbacks callbacks = { .settermprop = on_prop };

static void term_start(struct term *t, int rows, int cols, const char *term, const char *lang,
		       const char *const *argv)
{
	struct winsize ws = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };
	const char *bin = getenv("VFIOSCOPE") ?: "build/vfioscope";
	const char *args[16] = { bin };
	int i;

	memset(t, 0, sizeof(*t));
	t->rows = rows;
	t->cols = cols;
	t->cursor = true;
	t->vt = vterm_new(rows, cols);
	vterm_set_utf8(t->vt, 1);
	t->screen = vterm_obtain_screen(t->vt);
	vterm_screen_set_callbacks(t->screen, &callbacks, t);
	vterm_screen_enable_altscreen(t->screen, 1);
	vterm_screen_reset(t->screen, 1);
	assert_int_equal(openpty(&t->fd, &t->slave, NULL, NULL, &ws), 0);
	tcgetattr(t->slave, &t->before);
	for (i = 0; argv[i]; i++)
		args[i + 1] = argv[i];
	t->pid = fork();
	assert_true(t->pid >= 0);
	if (!t->pid) {
		close(t->fd);
		login_tty(t->slave);
		setenv("TERM", term, 1);
		setenv("LC_ALL", lang, 1);
		unsetenv("NO_COLOR");
		/* A shell script's "&" and nohup ignore some of them, and that is inherited. */
		for (i = 1; i < NSIG; i++)
			signal(i, SIG_DFL);
		execv(bin, (char *const *)args);
		_exit(127);
	}
}

/* The last of "MODEh" and "MODEl" in what was written. */
static void note_mode(const char *buf, size_t n, const char *mode, bool *on)
{
	size_t len = strlen(mode), i;

	for (i = 0; i + len < n; i++)
		if (!memcmp(buf + i, mode, len) && (buf[i + len] == 'h' || buf[i + len] == 'l'))
			*on = buf[i + len] == 'h';
}

static void keep_raw(struct term *t, const char *buf, size_t n)
{
	size_t room = sizeof(t->raw) - 1, drop;

	if (n > room) {
		buf += n - room;
		n = room;
	}
	drop = t->n_raw + n > room ? t->n_raw + n - room : 0;
	memmove(t->raw, t->raw + drop, t->n_raw - drop);
	t->n_raw -= drop;
	memcpy(t->raw + t->n_raw, buf, n);
	t->n_raw += n;
}

/* Give the terminal what the program wrote within some time. */
static void term_run(struct term *t, int ms)
{
	struct pollfd p = { .fd = t->fd, .events = POLLIN };
	char buf[65536];
	ssize_t n;

	while (poll(&p, 1, ms) == 1) {
		n = read(t->fd, buf, sizeof(buf));
		if (n <= 0)
			return;
		t->bytes += (size_t)n;
		keep_raw(t, buf, (size_t)n);
		/*
		 * libvterm 0.1 reads only the first of several modes in one sequence,
		 * and brings back an older cursor with the other screen.
		 */
		note_mode(buf, (size_t)n, "1000", &t->mouse);
		note_mode(buf, (size_t)n, "?25", &t->cursor);
		vterm_input_write(t->vt, buf, (size_t)n);
		/* the terminal answers when it was asked */
		n = (ssize_t)vterm_output_read(t->vt, buf, sizeof(buf));
		if (n > 0 && write(t->fd, buf, (size_t)n) < 0)
			return;
	}
}

static const char *term_text(struct term *t)
{
	static char *text;
	VTermScreenCell cell;
	VTermPos pos;
	size_t len;
	FILE *f;
	int blank;

	free(text);
	text = NULL;
	f = open_memstream(&text, &len);
	for (pos.row = 0; pos.row < t->rows; pos.row++) {
		blank = 0;
		for (pos.col = 0; pos.col < t->cols; pos.col++) {
			vterm_screen_get_cell(t->screen, pos, &cell);
			if (!VTERM_COLOR_IS_DEFAULT_FG(&cell.fg))
				t->colors = true;
			if (!cell.chars[0] || cell.chars[0] == ' ') {
				blank++;
				continue;
			}
			if (cell.chars[0] == (uint32_t)-1)
				continue;
			for (; blank; blank--)
				fputc(' ', f);
			fprintf(f, "%lc", (wint_t)cell.chars[0]);
		}
		fputc('\n', f);
	}
	fclose(f);
	return text;
}

/* Wait until the screen says so; fails with the screen when it never does. */
static void term_expect(struct term *t, const char *what)
{
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		term_run(t, 50);
		if (strstr(term_text(t), what))
			return;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - begin.tv_sec < 60);
	fail_msg("no '%s' in\n%s", what, term_text(t));
}

static void term_type(struct term *t, const char *keys)
{
	assert_int_equal(write(t->fd, keys, strlen(keys)), strlen(keys));
}

/* How it ended; the terminal must be as before. */
static int term_end(struct term *t)
{
	struct timespec begin, now;
	struct termios after;
	int status;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (waitpid(t->pid, &status, WNOHANG) == 0) {
		term_run(t, 20);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - begin.tv_sec > 60) {
			kill(t->pid, SIGKILL);
			fail_msg("it does not end:\n%s", term_text(t));
		}
	}
	term_run(t, 50);
	assert_int_equal(tcgetattr(t->slave, &after), 0);
	assert_int_equal(after.c_lflag, t->before.c_lflag);
	assert_int_equal(after.c_iflag, t->before.c_iflag);
	assert_int_equal(after.c_oflag, t->before.c_oflag);
	assert_false(t->altscreen);
	assert_false(t->mouse);
	assert_true(t->cursor);
	vterm_free(t->vt);
	close(t->fd);
	close(t->slave);
	return status;
}

static const char *const replay[] = { "replay", DATA "qemu.vfs", NULL };

static void golden(struct term *t, const char *name)
{
	char path[256], want[65536];
	const char *got = term_text(t);
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "tests/tui/golden/%s.txt", name);
	if (getenv("BLESS")) {
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(got, f);
		fclose(f);
		return;
	}
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s: no such golden; BLESS=1 makes it, read it then", path);
	n = fread(want, 1, sizeof(want) - 1, f);
	want[n] = '\0';
	fclose(f);
	if (strcmp(got, want))
		fail_msg("%s: the screen is another:\n%s--- want:\n%s", path, got, want);
}

static void test_screen_and_keys(void **state)
{
	struct term t;

	(void)state;
	term_start(&t, 24, 80, "xterm-256color", "C.UTF-8", replay);
	term_expect(&t, "3130 of 3130");
	assert_true(t.altscreen);
	assert_true(t.mouse);
	assert_false(t.cursor);
	golden(&t, "terminal-80x24");
	assert_true(t.colors);
	term_type(&t, "?");
	term_expect(&t, "HELP");
	term_type(&t, "\033");
	term_expect(&t, "5 EVENTS");
	/* arrows as a terminal sends them */
	term_type(&t, "\033OD");
	term_expect(&t, "3129 of 3130");
	term_type(&t, "/kind=precopy_info\r");
	term_expect(&t, "around the end");
	term_type(&t, "N");
	term_expect(&t, "found: precopy_info");
	term_type(&t, "q");
	assert_int_equal(term_end(&t), 0);
}

static void test_resize(void **state)
{
	struct winsize ws = { .ws_row = 40, .ws_col = 120 };
	struct term t;

	(void)state;
	term_start(&t, 24, 80, "xterm-256color", "C.UTF-8", replay);
	term_expect(&t, "3130 of 3130");
	vterm_set_size(t.vt, 40, 120);
	t.rows = 40;
	t.cols = 120;
	ioctl(t.fd, TIOCSWINSZ, &ws);
	term_expect(&t, "6 LATENCY");
	golden(&t, "terminal-120x40");
	ws.ws_row = 9;
	ws.ws_col = 40;
	vterm_set_size(t.vt, 9, 40);
	t.rows = 9;
	t.cols = 40;
	ioctl(t.fd, TIOCSWINSZ, &ws);
	term_expect(&t, "closed");
	golden(&t, "terminal-40x9");
	term_type(&t, "q");
	assert_int_equal(term_end(&t), 0);
}

static void test_mouse(void **state)
{
	struct term t;

	(void)state;
	term_start(&t, 24, 80, "xterm-256color", "C.UTF-8", replay);
	term_expect(&t, "3130 of 3130");
	/* a click on the second device, then in the middle of the plot */
	vterm_mouse_move(t.vt, 4, 12, 0);
	term_type(&t, "\033[<0;12;5M\033[<0;12;5m");
	term_expect(&t, "BYTES MOVED");
	term_type(&t, "\033[<0;40;8M\033[<0;40;8m");
	term_expect(&t, "LEAVING");
	assert_non_null(strstr(term_text(&t), "BYTES MOVED"));
	/* two presses at one place, on the cursor's line of the log: why */
	term_type(&t, "\033[<0;30;22M\033[<0;30;22m\033[<0;30;22M\033[<0;30;22m");
	term_expect(&t, "WHY");
	term_type(&t, "\033");
	term_run(&t, 300);
	assert_null(strstr(term_text(&t), "WHY"));
	/* two presses at two places are two clicks */
	term_type(&t, "\033[<0;30;22M\033[<0;30;22m");
	term_run(&t, 60);
	term_type(&t, "\033[<0;30;21M\033[<0;30;21m");
	term_run(&t, 300);
	assert_null(strstr(term_text(&t), "WHY"));
	/* the wheel over the log, down and up */
	term_type(&t, "g");
	term_expect(&t, " 4 of 3130");
	term_type(&t, "\033[<65;30;22M");
	term_expect(&t, " 5 of 3130");
	term_type(&t, "\033[<65;30;22M");
	term_expect(&t, " 6 of 3130");
	term_type(&t, "\033[<64;30;22M");
	term_expect(&t, " 5 of 3130");
	term_type(&t, "q");
	assert_int_equal(term_end(&t), 0);
}

static void test_no_colors(void **state)
{
	static const char *const never[] = { "replay", "--color", "never", DATA "qemu.vfs", NULL };
	struct term t;

	(void)state;
	term_start(&t, 24, 80, "xterm-256color", "C.UTF-8", never);
	term_expect(&t, "3130 of 3130");
	/* the same glyphs: colour says nothing of its own */
	golden(&t, "terminal-80x24");
	assert_false(t.colors);
	term_type(&t, "q");
	assert_int_equal(term_end(&t), 0);
	term_start(&t, 24, 80, "vt100", "C.UTF-8", replay);
	term_expect(&t, "3130 of 3130");
	golden(&t, "terminal-80x24");
	assert_false(t.colors);
	term_type(&t, "q");
	/* no alternate screen there: only its modes are given back */
	assert_int_equal(term_end(&t), 0);
}

static void test_ascii(void **state)
{
	const char *text;
	struct term t;

	(void)state;
	term_start(&t, 24, 80, "xterm", "C", replay);
	term_expect(&t, "3130 of 3130");
	for (text = term_text(&t); *text; text++)
		assert_true((unsigned char)*text < 0x7f);
	golden(&t, "terminal-80x24-ascii");
	term_type(&t, "q");
	assert_int_equal(term_end(&t), 0);
}

static void test_signals(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGSEGV, SIGABRT, SIGQUIT, SIGUSR1 };
	struct term t;
	size_t i;
	int status;

	(void)state;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		term_start(&t, 24, 80, "xterm-256color", "C.UTF-8", replay);
		term_expect(&t, "3130 of 3130");
		kill(t.pid, signals[i]);
		status = term_end(&t);
		assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0 ||
			    signals[i] == SIGTERM || signals[i] == SIGINT);
	}
}

/* A shell line instead of the program itself. */
static void term_start_shell(struct term *t, const char *line)
{
	const char *args[] = { "-c", line, NULL };
	char *bin = getenv("VFIOSCOPE") ? strdup(getenv("VFIOSCOPE")) : NULL;

	setenv("SCOPE", bin ?: "build/vfioscope", 1);
	setenv("VFIOSCOPE", "/bin/bash", 1);
	term_start(t, 24, 80, "xterm-256color", "C.UTF-8", args);
	if (bin)
		setenv("VFIOSCOPE", bin, 1);
	else
		unsetenv("VFIOSCOPE");
	free(bin);
}

static void test_suspend(void **state)
{
	struct term t;

	(void)state;
	term_start_shell(&t, "set -m; $SCOPE replay " DATA "qemu.vfs; echo; stty -a | "
			     "grep -o -- '-*icanon'; echo STOPPED; read x; fg");
	term_expect(&t, "3130 of 3130");
	term_type(&t, "\x1a");
	term_expect(&t, "STOPPED");
	assert_null(strstr(term_text(&t), "-icanon"));
	assert_false(t.altscreen);
	assert_false(t.mouse);
	term_type(&t, "\r");
	term_expect(&t, "3130 of 3130");
	assert_true(t.altscreen);
	term_type(&t, "q");
	assert_int_equal(term_end(&t), 0);
}

/* Only what changed goes over a slow link. */
static void test_bytes(void **state)
{
	struct term t;
	size_t first;

	(void)state;
	term_start(&t, 24, 80, "xterm-256color", "C.UTF-8", replay);
	term_expect(&t, "3130 of 3130");
	term_run(&t, 300);
	first = t.bytes;
	term_run(&t, 500);
	/* nothing happens: nothing is sent */
	assert_int_equal(t.bytes, first);
	term_type(&t, ":");
	term_run(&t, 300);
	assert_true(t.bytes - first < 400);
	term_type(&t, "\033");
	term_run(&t, 200);
	term_type(&t, "q");
	assert_int_equal(term_end(&t), 0);
}

/* The recording comes on stdin, keys from the terminal. */
static void test_stream_on_stdin(void **state)
{
	struct term t;

	(void)state;
	term_start_shell(&t, "cat " DATA "qemu.vfs | $SCOPE replay -");
	term_expect(&t, "3130 of 3130");
	term_type(&t, "q");
	assert_int_equal(term_end(&t), 0);
}

/* ---- a terminal that takes nothing ---- */

/* Reads without end, 2000 a second; how many were given is told to the test. */
struct endless {
	struct event_source source;
	struct meta meta;
	volatile uint64_t *given;
	struct timespec begin;
};

static int endless_next(struct event_source *src, struct event *ev, int timeout_ms)
{
	struct endless *e = (struct endless *)src;
	struct timespec now;
	uint64_t due;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!e->begin.tv_sec)
		e->begin = now;
	due = (uint64_t)(now.tv_sec - e->begin.tv_sec) * 2000 +
	      (uint64_t)((now.tv_nsec - e->begin.tv_nsec) / 500000);
	if (*e->given >= due) {
		if (timeout_ms)
			poll(NULL, 0, timeout_ms);
		return 0;
	}
	*ev = (struct event){ .kind = EV_READ,
			      .t_ns = (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec,
			      .dur_ns = 1000 + *e->given % 977,
			      .ret = 4096,
			      .device = 1,
			      .stream = 1,
			      .pid = 77,
			      .tid = 77,
			      .seq = ++*e->given };
	return 1;
}

static const struct meta *endless_meta(struct event_source *src)
{
	return &((struct endless *)src)->meta;
}

static void endless_health(struct event_source *src, struct source_health *out)
{
	(void)src;
	*out = (struct source_health){ .ended = true };
}

static const char *endless_error(struct event_source *src)
{
	(void)src;
	return "";
}

/* A link that stands still costs no event, and q still leaves when it goes on. */
static void test_stalled(void **state)
{
	static const struct event_source_ops ops = {
		.next = endless_next,
		.meta = endless_meta,
		.health = endless_health,
		.error = endless_error,
	};
	volatile uint64_t *given = mmap(NULL, sizeof(*given), PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct winsize ws = { .ws_row = 60, .ws_col = 200 };
	struct endless e = { .source.ops = &ops, .given = given };
	struct scope_options so = { .live = true };
	struct tui_trace trace = { .src = &e.source };
	struct tui_options to = { .trace = &trace, .color = true };
	char err[TUI_ERR_LEN], buf[65536];
	struct pollfd p = { .events = POLLIN };
	uint64_t stuck;
	int fd, status;
	pid_t pid;

	(void)state;
	assert_true(given != MAP_FAILED);
	pid = forkpty(&fd, NULL, NULL, &ws);
	assert_true(pid >= 0);
	if (!pid) {
		setenv("TERM", "xterm-256color", 1);
		setlocale(LC_ALL, "C.UTF-8");
		trace.scope = scope_create(&so);
		_exit(tui_run(&to, err) != 0);
	}
	p.fd = fd;
	while (*given < 1000 && poll(&p, 1, 3000) == 1 && read(fd, buf, sizeof(buf)) > 0)
		;
	/* Ctrl-S: from here on a write waits. */
	assert_int_equal(write(fd, "\x13", 1), 1);
	poll(NULL, 0, 500);
	stuck = *given;
	poll(NULL, 0, 1500);
	assert_true(*given > stuck + 2000);
	assert_int_equal(write(fd, "\x11q", 2), 2);
	while (poll(&p, 1, 3000) == 1 && read(fd, buf, sizeof(buf)) > 0)
		;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	close(fd);
}

/* A terminal that lies about its size, and one that cannot do anything. */
static void test_odd_terminals(void **state)
{
	struct term t;
	int status;

	(void)state;
	term_start(&t, 24, 80, "dumb", "C.UTF-8", replay);
	status = term_end(&t);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	term_start(&t, 24, 80, "no-such-terminal", "C.UTF-8", replay);
	status = term_end(&t);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	/* No second screen: what is left there is no line to type on. */
	term_start(&t, 24, 80, "vt100", "C.UTF-8", replay);
	term_expect(&t, "3130 of 3130");
	term_type(&t, "q");
	term_run(&t, 500);
	assert_null(strstr(term_text(&t), "help"));
	assert_non_null(strstr(term_text(&t), "5 EVENTS"));
	assert_int_equal(term_end(&t), 0);
	/* One that claims to wrap at once and does not: nothing is shifted. */
	term_start(&t, 24, 80, "ansi", "C.UTF-8", replay);
	term_expect(&t, "3130 of 3130");
	assert_non_null(strstr(term_text(&t), "\n vm0 "));
	assert_non_null(strstr(term_text(&t), "\n\xe2\x94\x80 2 BYTES"));
	term_type(&t, "q");
	assert_int_equal(term_end(&t), 0);
}

/* What @t was told to put into its clipboard since it was last asked, decoded; NULL: nothing. */
static const char *clip(struct term *t)
{
	static const char begin[] = "\033]52;c;";
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static char out[4096];
	char *p = memmem(t->raw, t->n_raw, begin, sizeof(begin) - 1), *end;
	uint32_t bits = 0, n = 0;
	size_t len = 0;

	if (!p)
		return NULL;
	p += sizeof(begin) - 1;
	end = memchr(p, '\a', t->n_raw - (size_t)(p - t->raw));
	assert_non_null(end);
	/* Four digits for three bytes, what is missing of the last three as "=". */
	assert_int_equal((end - p) % 4, 0);
	for (; p < end && *p != '='; p++) {
		const char *digit = strchr(digits, *p);

		assert_true(digit && *digit);
		bits = bits << 6 | (uint32_t)(digit - digits);
		n += 6;
		if (n < 8)
			continue;
		n -= 8;
		out[len++] = (char)(bits >> n);
	}
	assert_int_equal(end - p, n / 2);
	for (; p < end; p++)
		assert_int_equal(*p, '=');
	out[len] = '\0';
	t->n_raw = 0;
	return out;
}

/* To the clipboard goes the text, and to a terminal that has none, or too long, nothing. */
static void test_clipboard(void **state)
{
	static const struct {
		const char *keys, *text;
	} copies[] = {
		{ ":copy event\r", "device_close, 15.9 ms" },
		{ ":copy sentence\r",
		  "vm0 MIGRATED: downtime 9.259 s; most of it before the load: 8.798 s (95 %); 88.4 MiB read in 18.650 s" },
		{ ":copy command\r",
		  "vfioscope report --to @47219989857 --migration 1 'tests/tui/data/qemu.vfs'" },
		{ "\033OD:copy event\r", "device_close, 15.9 ms" },
	};
	static char far[2600 + sizeof(DATA "qemu.vfs")];
	const char *argv[] = { "replay", far, NULL };
	struct term t;
	size_t i;

	(void)state;
	term_start(&t, 24, 80, "xterm-256color", "C.UTF-8", replay);
	term_expect(&t, "3130 of 3130");
	assert_null(clip(&t));
	for (i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
		term_type(&t, copies[i].keys);
		term_run(&t, 300);
		assert_string_equal(clip(&t), copies[i].text);
	}
	term_type(&t, "q");
	assert_int_equal(term_end(&t), 0);
	/* Without a mouse it is none that would know. */
	term_start(&t, 24, 80, "vt100", "C.UTF-8", replay);
	term_expect(&t, "3130 of 3130");
	term_type(&t, ":copy event\r");
	term_run(&t, 500);
	assert_null(clip(&t));
	term_type(&t, "q");
	assert_int_equal(term_end(&t), 0);
	for (i = 0; i < 2600; i += 2)
		memcpy(far + i, "./", 2);
	strcpy(far + 2600, DATA "qemu.vfs");
	term_start(&t, 24, 80, "xterm-256color", "C.UTF-8", argv);
	term_expect(&t, "3130 of 3130");
	term_type(&t, ":copy command\r");
	term_run(&t, 300);
	assert_null(clip(&t));
	term_type(&t, ":copy event\r");
	term_run(&t, 300);
	assert_non_null(clip(&t));
	term_type(&t, "q");
	assert_int_equal(term_end(&t), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_screen_and_keys), cmocka_unit_test(test_resize),
		cmocka_unit_test(test_mouse),		cmocka_unit_test(test_no_colors),
		cmocka_unit_test(test_ascii),		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_suspend),		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_stream_on_stdin), cmocka_unit_test(test_stalled),
		cmocka_unit_test(test_odd_terminals),	cmocka_unit_test(test_clipboard),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	signal(SIGPIPE, SIG_IGN);
	/* A sanitizer would take the signals that end a program, and what ncurses keeps for a leak. */
	setenv("ASAN_OPTIONS", "handle_segv=0:handle_abort=0:detect_leaks=0", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
