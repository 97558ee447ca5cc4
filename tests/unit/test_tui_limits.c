// SPDX-License-Identifier: GPL-2.0-only
/*
 * Edges of the scope: searches over the ends of chunks and beyond one step, runs of the
 * log that are cut, the least and the last of the time axis, as many words as fit.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/scope_help.h"
#include "tui/axis.h"
#include "tui/pane.h"
#include "tui/store_internal.h"

static struct synth made;

static int setup(void **state)
{
	(void)state;
	synth_init(&made);
	synth_task(&made, 4711, "qemu-system-x86", "web-07");
	synth_device(&made, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_open(&made);
	synth_set_state(&made, SYNTH_PATH(MIG_PRE_COPY), MS);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	synth_free(&made);
	return 0;
}

static struct scope *scope_of_made(void)
{
	return scope_drawn(made.ev, made.n, NULL);
}

/* Reads up to event @n, counted from 0. */
static void up_to(size_t n)
{
	while (made.n < n)
		synth_read(&made, MIB, US);
}

/* ---- search ---- */

/* Backwards, around the beginning: the very last event is the first that is looked at. */
static void test_search_from_the_end(void **state)
{
	struct scope *s;

	(void)state;
	up_to(300);
	synth_read(&made, -EIO, US);
	s = scope_of_made();
	scope_seek_event(s, 100);
	assert_int_equal(scope_next(s, "failure", -1), 0);
	settle(s);
	assert_int_equal(scope_cursor(s), made.n);
	scope_destroy(s);
}

/* Ticks are in seconds down to a tenth of one, in smaller units below. */
static void test_axis_units(void **state)
{
	char buf[UNITS_LEN];

	(void)state;
	assert_string_equal(axis_time(buf, 300 * MS, 100 * MS), "0.3 s");
	assert_string_equal(axis_time(buf, 300 * MS, 50 * MS), "300 ms");
	assert_string_equal(axis_time(buf, 300 * US, 100 * US), "0.3 ms");
	assert_string_equal(axis_time(buf, 300 * US, 50 * US), "300 µs");
}

static void test_search_over_chunks(void **state)
{
	/* The first and the last of chunks, and neighbours; some next to chunks that have none. */
	static const size_t at[] = { 100,  255,	 256,  257,  511,  512,
				     1023, 1024, 1279, 1792, 2047, 2048 };
	size_t n = sizeof(at) / sizeof(at[0]), i;
	struct scope *s;

	(void)state;
	assert_int_equal(CHUNK, 256);
	for (i = 0; i < n; i++) {
		up_to(at[i]);
		synth_add(&made, EV_GET_STATE, US, 0)->get_state.reported = MIG_PRE_COPY;
	}
	up_to(at[n - 1] + 300);
	s = scope_of_made();
	scope_key(s, 'g');
	assert_int_equal(scope_command(s, "search kind=get_state"), 0);
	for (i = 0; i < n; i++) {
		settle(s);
		assert_int_equal(scope_cursor(s), at[i] + 1);
		scope_key(s, 'n');
	}
	/* Beyond the last it begins anew. */
	settle(s);
	assert_int_equal(scope_cursor(s), at[0] + 1);
	scope_key(s, 'G');
	for (i = n; i-- > 0;) {
		scope_key(s, 'N');
		settle(s);
		assert_int_equal(scope_cursor(s), at[i] + 1);
	}
	scope_key(s, 'N');
	settle(s);
	assert_int_equal(scope_cursor(s), at[n - 1] + 1);
	scope_destroy(s);
}

/* What is further away than one step looks is found all the same, both ways. */
static void test_search_far(void **state)
{
	struct scope *s;
	size_t first, last;

	(void)state;
	up_to(20);
	first = made.n + 1;
	synth_read(&made, MIB, 2 * SEC);
	up_to(made.n + SEARCH_STEP + 500);
	last = made.n + 1;
	synth_read(&made, MIB, 2 * SEC);
	up_to(made.n + SEARCH_STEP + 500);
	s = scope_of_made();
	scope_key(s, 'g');
	assert_int_equal(scope_command(s, "search dur>1s"), 0);
	settle(s);
	assert_int_equal(scope_cursor(s), first);
	scope_key(s, 'n');
	settle(s);
	assert_int_equal(scope_cursor(s), last);
	scope_key(s, 'G');
	scope_key(s, 'N');
	assert_true(scope_searching(s));
	settle(s);
	assert_int_equal(scope_cursor(s), last);
	scope_key(s, 'N');
	settle(s);
	assert_int_equal(scope_cursor(s), first);
	scope_destroy(s);
}

static void test_words(void **state)
{
	char err[MATCH_TEXT * 2];
	struct match m;

	(void)state;
	assert_int_equal(match_parse(&m, "1 2 3 4 5 6 7 8", err), 0);
	assert_int_equal(m.n, MATCH_TERMS);
	assert_int_equal(match_parse(&m, "1 2 3 4 5 6 7 8 9", err), -EINVAL);
	assert_string_equal(err, "at most 8 words");
}

/* ---- the log ---- */

/* Every event of a run of @n empty reads finds the same lines; how many they are. */
static size_t lines_of_run(size_t n, size_t most)
{
	struct log_row row, last = {};
	size_t first = made.n, i, lines = 0;
	struct scope *s;

	for (i = 0; i < n; i++)
		synth_read(&made, -ENOMSG, i == n / 2 ? 5 * US : US);
	synth_read(&made, MIB, US);
	s = scope_of_made();
	for (i = first; i < first + n; i++) {
		log_row_at(s, i, &row);
		assert_in_range(i, row.first, row.last);
		assert_int_equal(row.calls, row.last - row.first + 1);
		assert_true(row.calls < 2 * most);
		assert_int_equal(row.least_ns, US);
		assert_int_equal(row.most_ns,
				 row.first <= first + n / 2 && row.last >= first + n / 2 ? 5 * US :
											   US);
		if (lines && row.first == last.first) {
			assert_memory_equal(&row, &last, sizeof(row));
			continue;
		}
		assert_int_equal(row.first, lines ? last.last + 1 : first);
		last = row;
		lines++;
	}
	assert_int_equal(last.last, first + n - 1);
	log_row_at(s, first + n, &row);
	assert_int_equal(row.first, row.last);
	scope_destroy(s);
	return lines;
}

static void test_runs(void **state)
{
	const size_t most = 1024;

	(void)state;
	assert_int_equal(lines_of_run(10, most), 1);
	assert_true(made.n < most / 2);
	/* From there to the multiple of it that is the next but one. */
	assert_int_equal(lines_of_run(2 * most - made.n, most), 1);
	while (made.n % most)
		synth_read(&made, made.n % 2 ? MIB : 2 * MIB, US);
	assert_int_equal(lines_of_run(most, most), 1);
	while (made.n % most)
		synth_read(&made, made.n % 2 ? MIB : 2 * MIB, US);
	assert_int_equal(lines_of_run(most + 1, most), 2);
	assert_int_equal(lines_of_run(5 * most, most), 5);
}

/* The least and the most of a line are those of all its pieces, wherever one looks from. */
static void test_run_of_two_pieces(void **state)
{
	const size_t most = 1024;
	struct log_row row;
	struct scope *s;
	size_t first = made.n, i;

	(void)state;
	while (made.n < 2 * most)
		synth_read(&made, -ENOMSG, made.n < most ? US : 2 * US);
	synth_read(&made, MIB, US);
	s = scope_of_made();
	for (i = first; i < 2 * most; i += 100) {
		log_row_at(s, i, &row);
		assert_int_equal(row.first, first);
		assert_int_equal(row.last, 2 * most - 1);
		assert_int_equal(row.least_ns, US);
		assert_int_equal(row.most_ns, 2 * US);
	}
	scope_destroy(s);
}

/* What a filter has once found empty is not looked at again, also after a look back from within it. */
static void test_barren(void **state)
{
	struct log_row row;
	struct scope *s;
	uint64_t budget;

	(void)state;
	up_to(5000);
	synth_read(&made, 2 * MIB, US);
	s = scope_of_made();
	assert_int_equal(scope_set_filter(s, "2.00"), 0);
	budget = UINT64_MAX;
	assert_true(log_next(s, 100, &row, &budget));
	assert_int_equal(row.first, 5000);
	budget = UINT64_MAX;
	assert_false(log_prev(s, 3000, &row, &budget));
	budget = 100;
	assert_true(log_next(s, 3000, &row, &budget));
	assert_int_equal(row.first, 5000);
	scope_destroy(s);
}

/* Whatever differs begins another line. */
static void test_runs_of_one(void **state)
{
	struct log_row row;
	struct scope *s;
	size_t first = made.n, i;
	struct event *ev;

	(void)state;
	for (i = 0; i < 6; i++) {
		synth_read(&made, -ENOMSG, US);
		ev = &made.ev[made.n - 1];
		switch (i) {
		case 1:
			ev->stream = 7;
			break;
		case 2:
			ev->tid = 7;
			break;
		case 3:
			ev->device = 7;
			break;
		case 4:
			ev->io.size = 4096;
			break;
		case 5:
			ev->ret = 0;
			break;
		}
	}
	s = scope_of_made();
	for (i = 0; i < 6; i++) {
		log_row_at(s, first + i, &row);
		assert_int_equal(row.first, first + i);
		assert_int_equal(row.last, first + i);
	}
	scope_destroy(s);
}

/* ---- latencies ---- */

static const char *line_of(struct scope *s, int row, char line[1024])
{
	static char *text;
	const char *at;
	size_t len;
	FILE *f;

	free(text);
	f = open_memstream(&text, &len);
	cells_print(s->cells, f);
	fclose(f);
	for (at = text; row > 0; row--)
		at = strchr(at, '\n') + 1;
	snprintf(line, 1024, "%.*s", (int)strcspn(at, "\n"), at);
	return line;
}

/* Where there is no room for all, the quick ones share the last line, and no line is too many. */
static void test_latencies_that_fit(void **state)
{
	static const char *const want[] = { "300 ms", "100 ms", "30 ms", "10 ms" };
	struct rect r = { 20, 0, 6, 120 };
	char line[1024];
	struct scope *s;
	uint64_t ns;
	int i;

	(void)state;
	for (ns = 2 * US; ns < 3 * SEC; ns *= 3)
		synth_read(&made, MIB, ns);
	s = scope_of_made();
	s->kind = SK_READ;
	cells_clear(s->cells);
	panes[PANE_LATENCY]->draw(s, scope_model(s), r);
	for (i = 0; i < 4; i++) {
		assert_non_null(strstr(line_of(s, 21 + i, line), "\u2524"));
		if (!strstr(line, want[i]))
			fail_msg("%d: %s is not in: %s", i, want[i], line);
	}
	assert_null(strstr(line_of(s, 25, line), "\u2524"));
	scope_destroy(s);
}

/* ---- time ---- */

/* An event is over when its end has come: from then on it is before the cursor. */
static void test_at_its_end(void **state)
{
	struct store *st = store_create();
	size_t i;

	(void)state;
	up_to(700);
	for (i = 0; i < made.n; i++)
		assert_int_equal(store_append(st, &made.ev[i], NULL), 0);
	for (i = made.n - 300; i < made.n; i++) {
		assert_int_equal(store_position(st, event_end_ns(&made.ev[i])), i + 1);
		assert_int_equal(store_position(st, event_end_ns(&made.ev[i]) - 1), i);
		assert_int_equal(store_time(st, i + 1), event_end_ns(&made.ev[i]));
	}
	store_destroy(st);
}

static void test_zoom(void **state)
{
	struct scope *s;
	uint64_t width;
	int i;

	(void)state;
	up_to(300);
	s = scope_of_made();
	for (i = 0; i < 80; i++) {
		scope_key(s, '+');
		scope_draw(s);
	}
	assert_string_equal(scope_message(s), "a microsecond is the least");
	width = s->to_ns - s->from_ns;
	assert_true(width >= 1000 && width < 2000);
	scope_destroy(s);
}

/* Labels stand at round times, up to where all times end. */
static void test_axis_ends(void **state)
{
	(void)state;
	assert_int_equal(axis_next(10, 5, 20), 15);
	assert_int_equal(axis_next(15, 5, 20), 20);
	assert_int_equal(axis_next(20, 5, 20), UINT64_MAX);
	assert_int_equal(axis_next(UINT64_MAX - 7, 5, UINT64_MAX), UINT64_MAX - 2);
	assert_int_equal(axis_next(UINT64_MAX - 2, 5, UINT64_MAX), UINT64_MAX);
}

/* The axis goes its way, and the cursor stays in sight. */
static void test_pan(void **state)
{
	struct scope *s;
	uint64_t width, from;
	int i;

	(void)state;
	up_to(3000);
	s = scope_of_made();
	for (i = 0; i < 4; i++)
		scope_key(s, '+');
	scope_draw(s);
	width = s->to_ns - s->from_ns;
	for (i = 0; i < 12; i++) {
		from = s->from_ns;
		scope_key(s, '<');
		assert_int_equal(s->from_ns, from - width / 4);
		assert_int_equal(s->to_ns - s->from_ns, width);
		assert_true(s->cursor_ns >= s->from_ns && s->cursor_ns <= s->to_ns);
	}
	for (i = 0; i < 8; i++) {
		from = s->from_ns;
		scope_key(s, '>');
		assert_int_equal(s->from_ns, from + width / 4);
		assert_true(s->cursor_ns >= s->from_ns && s->cursor_ns <= s->to_ns);
	}
	scope_destroy(s);
}

/* A page of the log leaves one line of it in sight. */
static void test_page(void **state)
{
	struct scope *s;
	uint64_t at;
	int n, i;

	(void)state;
	/* None like the one before: a line each. */
	for (i = 0; i < 400; i++)
		synth_read(&made, 1 + i, US);
	s = scope_of_made();
	scope_seek_event(s, 100);
	scope_draw(s);
	n = s->log_n;
	assert_in_range(n, 5, 40);
	at = s->cursor;
	assert_int_equal(scope_command(s, "page-next"), 0);
	assert_int_equal(s->cursor, at + (uint64_t)n - 1);
	scope_draw(s);
	assert_int_equal(scope_command(s, "page-prev"), 0);
	assert_int_equal(s->cursor, at);
	scope_destroy(s);
}

/* ---- what is kept of what was typed, and of where one was ---- */

/* A file of @n marks, its name in @path. */
static void write_marks(char *path, unsigned int n)
{
	int fd = mkstemp(path);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	unsigned int i;

	assert_non_null(f);
	for (i = 0; i < n; i++)
		fprintf(f, "%llu mark-%u\n", (unsigned long long)made.ev[made.n - 1].t_ns + i,
			i + 1);
	assert_int_equal(fclose(f), 0);
}

/* Its last page of the list of marks. */
static const char *end_of_marks(struct scope *s)
{
	assert_int_equal(scope_command(s, "marks"), 0);
	screen(s);
	s->scroll = 1 << 20;
	return screen(s);
}

static unsigned int lines_of(const char *path)
{
	FILE *f = fopen(path, "r");
	unsigned int n = 0;
	int c;

	assert_non_null(f);
	while ((c = fgetc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

static void test_marks_max(void **state)
{
	static const unsigned int n[] = { 1023, 1024, 1025 };
	unsigned int i;

	(void)state;
	up_to(300);
	for (i = 0; i < 3; i++) {
		char path[] = "/tmp/vfioscope-marks-XXXXXX";
		struct scope_options o = { .marks_path = path };
		const char *text;
		struct scope *s;

		write_marks(path, n[i]);
		s = scope_drawn(made.ev, made.n, &o);
		text = end_of_marks(s);
		assert_non_null(strstr(text, n[i] == 1023 ? "mark-1023" : "mark-1024"));
		assert_null(strstr(text, "mark-1025"));
		/* That some are not there is said. */
		assert_int_equal(!!strstr(text, "more marks than 1024"), n[i] == 1025);
		scope_key(s, SKEY_ESC);
		if (n[i] == 1023) {
			assert_int_equal(scope_command(s, "mark one more"), 0);
			assert_int_equal(lines_of(path), 1024);
		}
		/* What is refused is not in the file either. */
		assert_int_not_equal(scope_command(s, "mark too many"), 0);
		assert_non_null(strstr(scope_message(s), "no room for another mark"));
		assert_int_equal(lines_of(path), n[i] < 1024 ? 1024 : n[i]);
		scope_destroy(s);
		unlink(path);
	}
}

/* Those of the evidence count as well. */
static void test_marks_of_evidence(void **state)
{
	unsigned int n;

	(void)state;
	for (n = 1024; n <= 1025; n++) {
		struct scope *s;
		unsigned int i;

		teardown(NULL);
		setup(NULL);
		for (i = 0; i < n; i++)
			snprintf(synth_add(&made, EV_MARK, 0, 0)->mark.text, EVENT_TEXT_LEN,
				 "mark-%u", i + 1);
		s = scope_of_made();
		assert_non_null(strstr(end_of_marks(s), "mark-1024"));
		assert_int_equal(!!strstr(screen(s), "more marks than 1024"), n == 1025);
		scope_destroy(s);
	}
}

static void test_history_max(void **state)
{
	struct history h = { 0 };
	struct line l;
	char text[16];
	int i;

	(void)state;
	for (i = 1; i <= 33; i++) {
		snprintf(text, sizeof(text), "line-%d", i);
		history_add(&h, text);
		line_set(&l, "");
		for (int k = 0; k < 40; k++)
			history_step(&h, &l, -1);
		/* Of 33 the first is gone. */
		assert_string_equal(l.text, i <= 32 ? "line-1" : "line-2");
		h.at = h.n;
	}
	history_free(&h);
}

static void test_jumps_max(void **state)
{
	unsigned int n, i;

	(void)state;
	up_to(300);
	for (n = 99; n <= 101; n++) {
		struct scope *s = scope_of_made();

		for (i = 0; i < n; i++) {
			scope_seek_event(s, 10 + i);
			scope_remember(s);
		}
		scope_seek_event(s, 250);
		/* The way back takes a place as well. */
		for (i = 0; i < 120; i++)
			scope_jump(s, -1);
		assert_int_equal(s->cursor, n == 99 ? 10 : 10 + n - 99);
		scope_destroy(s);
	}
}

static void test_screen_max(void **state)
{
	struct scope *s;

	(void)state;
	up_to(2600);
	s = scope_of_made();
	assert_int_equal(scope_command(s, "resize 2000x4000"), 0);
	/* As many rows of the log and columns of the plots as there are at most. */
	assert_non_null(strstr(screen(s), "web-07"));
	assert_int_equal(s->plot.cols, PLOT_COLS_MAX);
	assert_int_not_equal(scope_command(s, "resize 2001x4000"), 0);
	assert_int_not_equal(scope_command(s, "resize 2000x4001"), 0);
	assert_non_null(strstr(scope_message(s), "up to 2000x4000"));
	scope_destroy(s);
}

static void test_keys_max(void **state)
{
	struct scope_config c;
	char err[CONFIG_ERR_LEN], text[64];
	unsigned int line, i;

	(void)state;
	config_init(&c);
	for (i = 0; i < 64; i++) {
		snprintf(text, sizeof(text), "key %c = quit\n", (char)('!' + i));
		assert_int_equal(config_parse(&c, text, strlen(text), &line, err), 0);
	}
	assert_int_equal(c.n_binds, 64);
	/* One that is there already may change. */
	assert_int_equal(config_parse(&c, "key ! = time wall", 17, &line, err), 0);
	assert_string_equal(c.bind[0].command, "time wall");
	assert_int_equal(config_parse(&c, "key z = quit", 12, &line, err), -EINVAL);
	assert_string_equal(err, "more than 64 keys");
}

/* A VM of @n devices, of which the last is called otherwise, that leaves. */
static void many_devices(unsigned int n)
{
	char name[32];
	unsigned int i;

	teardown(NULL);
	setup(NULL);
	synth_free(&made);
	synth_init(&made);
	synth_task(&made, 4711, "qemu-system-x86", "web-07");
	for (i = 1; i <= n; i++) {
		snprintf(name, sizeof(name), "%s:%02x.0", i == n ? "0001:00" : "0000:3b", i);
		synth_device(&made, i, name, "mlx5_vfio_pci", 7);
		synth_open(&made);
		synth_set_state(&made, SYNTH_PATH(MIG_PRE_COPY), MS);
		synth_info(&made, 0, MIB);
	}
}

/* What a Tab makes of the name of a device. */
static void completed(struct scope *s, const char *want)
{
	const char *text = ":device 0";

	for (; *text; text++)
		scope_key(s, (unsigned char)*text);
	scope_key(s, '\t');
	assert_string_equal(s->edit.text, want);
	scope_key(s, SKEY_ESC);
}

/* What there is no room to offer is a choice all the same. */
static void test_choices_max(void **state)
{
	unsigned int n;

	(void)state;
	for (n = 64; n <= 66; n++) {
		struct scope *s;

		many_devices(n);
		s = scope_of_made();
		completed(s, "device 000");
		assert_int_equal(!!strstr(s->hint, "..."), 0);
		scope_destroy(s);
	}
}

static void test_rows_max(void **state)
{
	static const unsigned int n[] = { 63, 64, 65 };
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		char command[32];
		struct scope *s;

		many_devices(n[i]);
		s = scope_of_made();
		scope_resize(s, 2000, 400);
		scope_draw(s);
		assert_int_equal(s->table_n, n[i] < 64 ? n[i] : 64);
		/* The selected one is among them. */
		snprintf(command, sizeof(command), "device 0001:00:%02x.0", n[i]);
		assert_int_equal(scope_command(s, command), 0);
		scope_draw(s);
		assert_int_equal(s->table_n, n[i] < 64 ? n[i] : 64);
		assert_int_equal(s->table[s->table_n - 1].device, n[i]);
		scope_destroy(s);
	}
}

/* ---- the page of a stop ---- */

/* Its end, of a stop with @reads reads, none like the one before; freed by the next screen(). */
static const char *end_of_stop(struct scope **s, unsigned int reads)
{
	unsigned int i;

	teardown(NULL);
	setup(NULL);
	synth_set_state(&made, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	synth_set_state(&made, SYNTH_PATH(MIG_STOP_COPY), MS);
	for (i = 0; i < reads; i++)
		synth_read(&made, (int64_t)(1 + i), US);
	*s = scope_of_made();
	assert_int_equal(scope_command(*s, "pane downtime"), 0);
	scope_key(*s, SKEY_ENTER);
	assert_non_null(strstr(screen(*s), "call by call"));
	(*s)->scroll = 1 << 20;
	return screen(*s);
}

static void test_calls_of_a_stop(void **state)
{
	unsigned int lines, others, n;
	const char *text;
	struct scope *s;

	(void)state;
	/* What is in it but the reads: its title is a line, too. */
	text = strstr(end_of_stop(&s, 100), " of ");
	while (text && sscanf(text, " of %u lines", &lines) != 1)
		text = strstr(text + 1, " of ");
	assert_non_null(text);
	others = lines - 1 - 100;
	assert_in_range(others, 1, 10);
	scope_destroy(s);
	for (n = 1999; n <= 2001; n++) {
		text = end_of_stop(&s, n - others);
		/* Of just as many as there is room for nothing is missing. */
		assert_int_equal(!!strstr(text, "... and more"), n == 2001);
		scope_destroy(s);
	}
}

/* ---- models that are kept ---- */

/* They cost what their devices cost: at 192 MiB every other one goes. */
static void test_models_max(void **state)
{
	struct checkpoints p;
	struct model *m = model_create();
	uint64_t cost, fit, k;
	struct event ev = { .kind = EV_DEVICE };
	uint32_t i;

	(void)state;
	for (i = 1; i <= 100; i++) {
		ev.device = i;
		assert_int_equal(model_feed(m, &ev, NULL), 0);
	}
	checkpoints_init(&p);
	checkpoint(&p, m, 8192 - 1);
	assert_int_equal(p.n, 0);
	checkpoint(&p, m, 8192);
	assert_int_equal(p.n, 1);
	cost = p.cost;
	fit = (192ULL << 20) / cost;
	assert_true(fit > 200 && fit < 300);
	for (k = 2; k <= fit; k++)
		checkpoint(&p, m, k * 8192);
	assert_int_equal(p.n, fit);
	assert_int_equal(p.cost, fit * cost);
	assert_int_equal(p.spacing, 8192);
	checkpoint(&p, m, k * 8192);
	assert_int_equal(p.n, (fit + 1) / 2);
	assert_int_equal(p.cost, p.n * cost);
	assert_int_equal(p.spacing, 2 * 8192);
	for (k = 0; k < p.n; k++)
		assert_int_equal(p.at[k].n, (k + 1) * 2 * 8192);
	checkpoints_free(&p);
	model_destroy(m);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_search_from_the_end),
		T(test_axis_units),
		T(test_run_of_two_pieces),
		T(test_barren),
		T(test_search_over_chunks),
		T(test_search_far),
		T(test_words),
		T(test_runs),
		T(test_runs_of_one),
		T(test_latencies_that_fit),
		T(test_at_its_end),
		T(test_zoom),
		T(test_axis_ends),
		T(test_pan),
		T(test_page),
		T(test_marks_max),
		T(test_marks_of_evidence),
		T(test_history_max),
		T(test_jumps_max),
		T(test_screen_max),
		T(test_keys_max),
		T(test_choices_max),
		T(test_rows_max),
		T(test_calls_of_a_stop),
		T(test_models_max),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
