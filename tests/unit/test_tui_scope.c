// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_tui_scope.c - the whole screen without a terminal: figures of any moment,
 * every size, every key, hostile names
 */
#include <glob.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "recording/recording.h"
#include "tests/unit/scope_help.h"

#define DATA "tests/tui/data/"

static uint64_t seed = 88172645463325252ULL;

static uint64_t rnd(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static bool row_has(struct scope *s, int row, const char *what)
{
	const char *text = screen(s), *end;
	char line[4096];

	for (; row > 0; row--)
		text = strchr(text, '\n') + 1;
	end = strchr(text, '\n');
	snprintf(line, sizeof(line), "%.*s", (int)(end - text), text);
	return strstr(line, what) != NULL;
}

static struct event *read_recording(const char *path, size_t *n)
{
	struct event_source *src;
	struct event *evs = NULL;
	size_t cap = 0;
	char err[256];

	*n = 0;
	if (recording_open(&src, path, err, sizeof(err)))
		fail_msg("%s", err);
	for (;;) {
		if (*n == cap) {
			cap = cap ? cap * 2 : 1024;
			evs = realloc(evs, cap * sizeof(*evs));
			assert_non_null(evs);
		}
		if (src->ops->next(src, &evs[*n], -1) <= 0)
			break;
		(*n)++;
	}
	src->ops->close(src);
	return evs;
}

static struct synth made;

static struct scope *synth_scope(const struct scope_options *o)
{
	synth_one_migration(&made);
	return scope_of(made.ev, made.n, o);
}

/*
 * A thousand moments of each recording: what stands on the screen is what a model
 * says that was fed with the events up to then.
 */
static void check_moments(const char *path, unsigned int moments)
{
	struct scope *s;
	struct event *evs;
	struct model *m;
	uint64_t t, n, i, end;
	char cmd[64], want[UNITS_LEN * 2];
	size_t all;
	uint32_t d;

	evs = read_recording(path, &all);
	assert_true(all > 10);
	s = scope_of(evs, all, NULL);
	scope_resize(s, 40, 160);
	for (; moments; moments--) {
		t = store_first_ns(s->store) +
		    rnd(store_last_ns(s->store) - store_first_ns(s->store) + 1);
		snprintf(cmd, sizeof(cmd), "seek @%llu", (unsigned long long)t);
		assert_int_equal(scope_command(s, cmd), 0);
		m = model_create();
		for (n = 0, end = 0; n < all; n++) {
			/* up to the first event that ended later */
			if (event_kind_is_public(evs[n].kind) && event_end_ns(&evs[n]) > end)
				end = event_end_ns(&evs[n]);
			if (end > t)
				break;
			model_feed(m, &evs[n], NULL);
		}
		/* definitions between two events belong to either */
		while (n > scope_cursor(s) && n && !event_kind_is_public(evs[n - 1].kind))
			n--;
		assert_int_equal(scope_cursor(s), n);
		screen(s);
		for (i = 0; i < (uint64_t)s->table_n; i++) {
			const struct model_device *dev;
			const struct session *g;
			char a[UNITS_LEN];

			d = s->table[i].device;
			if (!d)
				continue;
			dev = model_device(m, d);
			assert_non_null(dev);
			if (dev->state != MIG_UNKNOWN)
				assert_true(row_has(s, s->table_row + (int)i,
						    state_label(a, dev->state)));
			g = scope_session_of(m, s->table[i].side, d);
			if (!g)
				continue;
			assert_true(row_has(s, s->table_row + (int)i,
					    units_size(a, g->bytes_total, false)));
			if (d == s->device && g->direction == DIR_SAVE && g->reads) {
				snprintf(want, sizeof(want), "%s ENOMSG, p99",
					 units_count(a, g->enomsg));
				if (!strstr(screen(s), want))
					fail_msg("no '%s' at %llu in\n%s", want,
						 (unsigned long long)t, screen(s));
			}
			if (g->window.start_ns != MODEL_NONE && g->direction == DIR_SAVE)
				/* how long it stands still, to the moment or to the last byte */
				assert_true(row_has(
					s, s->table_row + (int)i,
					units_duration(a, g->ended || g->eof ?
								  g->window.total_ns :
								  t - g->window.start_ns)));
		}
		model_destroy(m);
	}
	scope_destroy(s);
	free(evs);
}

static void test_moments(void **state)
{
	(void)state;
	check_moments(DATA "qemu.vfs", 600);
	check_moments(DATA "mtty.vfs", 300);
	check_moments(DATA "killed.vfs", 100);
}

/* Does a pane show anything below its title? */
static bool pane_empty(const struct cells *c, struct rect r, int title)
{
	int row, col;

	for (row = r.row + title; row < r.row + r.rows; row++)
		for (col = r.col; col < r.col + r.cols; col++)
			if (c->at[row * c->cols + col].ch != ' ')
				return false;
	return true;
}

/* A size that no screen has is refused, not drawn. */
static void test_no_size(void **state)
{
	static const char *const bad[] = { "resize 24x95516135", "resize 2001x80", "resize 0x80",
					   "resize 24x80x", "resize 99999999999x1" };
	struct scope *s = synth_scope(NULL);
	size_t i;

	(void)state;
	assert_int_equal(scope_command(s, "resize 24x80"), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(scope_command(s, bad[i]), -22);
	assert_true(s->rows == 24 && s->cols == 80);
	scope_destroy(s);
}

static void test_every_size(void **state)
{
	struct scope *s = synth_scope(NULL);
	int rows, cols, p;

	(void)state;
	for (rows = 5; rows <= 100; rows += rows < 30 ? 1 : 7) {
		for (cols = 20; cols <= 300; cols += cols < 124 ? 3 : 23) {
			for (p = PANE_FIRST; p < PANE_NR; p++) {
				const struct cells *c;
				int q;

				s->focus = (enum pane_id)p;
				scope_resize(s, rows, cols);
				c = scope_draw(s);
				assert_int_equal(c->rows, rows);
				assert_int_equal(c->cols, cols);
				if (rows < 15 || cols < 60)
					continue;
				for (q = 0; q < PANE_NR; q++)
					if (layout_has(&s->layout, q) &&
					    pane_empty(c, s->layout.at[q], q >= PANE_FIRST))
						fail_msg("%dx%d: pane %s is empty:\n%s", rows, cols,
							 panes[q]->name, screen(s));
			}
		}
	}
	scope_destroy(s);
}

/* Whatever is typed: no crash, no control character, a screen of the right size. */
static void type_anything(struct scope *s, unsigned int keys)
{
	static const char files[] = "swo:"; /* these write, or may */
	unsigned int i;
	int key;

	for (i = 0; i < keys; i++) {
		key = rnd(6) ? (int)(0x20 + rnd(0x60)) : (int)(SKEY_UP + rnd(9));
		if (!s->prompt && (strchr(files, key) || key == 'q'))
			continue;
		if (rnd(50) == 0)
			key = SKEY_ESC;
		if (rnd(50) == 0)
			key = SKEY_ENTER;
		/* what was typed at a prompt must not become a file's name */
		if (s->prompt == PROMPT_COMMAND)
			key = SKEY_ESC;
		scope_key(s, key);
		if (rnd(4) == 0)
			scope_mouse(s, (enum scope_mouse)rnd(4), (int)rnd(40), (int)rnd(130));
		if (rnd(10) == 0)
			scope_resize(s, 5 + (int)rnd(50), 20 + (int)rnd(150));
		if (rnd(5) == 0)
			scope_tick(s, 0);
		if (rnd(3) == 0)
			scope_draw(s);
	}
	assert_false(scope_done(s));
}

static void test_any_keys(void **state)
{
	struct scope *s = synth_scope(NULL);

	(void)state;
	type_anything(s, 20000);
	scope_destroy(s);
}

/* The same on every recording of the tree, golden ones of early days and damaged ones, too. */
static void test_any_keys_anywhere(void **state)
{
	static const char *const where[] = { DATA "*.vfs", "tests/data/*/*.vfs",
					     "tests/data/*/*/*.vfs" };
	unsigned int files = 0;
	struct event *evs;
	struct scope *s;
	glob_t found;
	size_t i, k, n;

	(void)state;
	for (k = 0; k < sizeof(where) / sizeof(where[0]); k++) {
		if (glob(where[k], 0, NULL, &found))
			continue;
		for (i = 0; i < found.gl_pathc; i++, files++) {
			evs = read_recording(found.gl_pathv[i], &n);
			s = scope_of(evs, n, NULL);
			type_anything(s, 400);
			scope_destroy(s);
			free(evs);
		}
		globfree(&found);
	}
	assert_true(files > 20);
}

static void test_every_key_is_bound_once(void **state)
{
	const struct request_entry *e, *o;
	size_t i, k;

	(void)state;
	for (e = requests; e->req; e++) {
		assert_non_null(e->name);
		for (i = 0; i < 4 && e->keys[i]; i++)
			for (o = e + 1; o->req; o++)
				for (k = 0; k < 4 && o->keys[k]; k++)
					assert_true(e->keys[i] != o->keys[k] || e->only != o->only);
		for (o = e + 1; o->req; o++)
			assert_string_not_equal(e->name, o->name);
	}
}

static void test_hostile_names(void **state)
{
	static const char bad[] = "\033[31m\xe2\x80\xae\xff\n\033]0;x\007";
	struct scope *s;
	struct synth y;
	const char *text;
	size_t i;

	(void)state;
	synth_init(&y);
	synth_task(&y, 1, bad, bad);
	synth_device(&y, 1, bad, bad, 7);
	synth_open(&y);
	synth_source(&y, &(struct synth_plan){ .precopy = true,
					       .precopy_reads = 9,
					       .stop_copy_reads = 2 });
	strcpy(synth_add(&y, EV_MARK, 0, 0)->mark.text, bad);
	s = scope_of(y.ev, y.n, &(struct scope_options){ .path = bad });
	for (i = 0; i < 7; i++) {
		scope_key(s, (int)('1' + i));
		scope_resize(s, 40, 150);
		scope_key(s, SKEY_ENTER);
		for (text = screen(s); *text; text++)
			assert_false((unsigned char)*text < 0x20 && *text != '\n');
		assert_null(strstr(screen(s), "\xe2\x80\xae"));
		scope_key(s, SKEY_ESC);
	}
	scope_destroy(s);
	synth_free(&y);
}

static void test_steps(void **state)
{
	struct scope *s = synth_scope(NULL);
	uint64_t before;

	(void)state;
	scope_draw(s);
	scope_key(s, 'g');
	assert_true(scope_cursor(s) < 6);
	scope_key(s, ']');
	assert_string_equal(event_kind_name(EV_ARC), "arc");
	before = scope_cursor(s);
	scope_key(s, ']');
	assert_true(scope_cursor(s) > before);
	scope_key(s, '[');
	assert_int_equal(scope_cursor(s), before);
	scope_key(s, SKEY_RIGHT);
	scope_key(s, SKEY_LEFT);
	assert_int_equal(scope_cursor(s), before);
	scope_key(s, 'G');
	assert_int_equal(scope_cursor(s), scope_count(s));
	scope_key(s, '{');
	assert_true(scope_cursor(s) < scope_count(s));
	scope_destroy(s);
}

static void test_search_and_filter(void **state)
{
	struct scope *s = synth_scope(NULL);
	struct event ev;

	(void)state;
	scope_resize(s, 30, 100);
	scope_key(s, 'g');
	assert_int_equal(scope_command(s, "search kind=arc STOP_COPY"), 0);
	while (scope_searching(s))
		scope_tick(s, 0);
	assert_true(store_get(s->store, scope_cursor(s) - 1, &ev));
	assert_int_equal(ev.kind, EV_ARC);
	assert_int_equal(ev.arc.to, MIG_STOP_COPY);
	assert_int_equal(scope_command(s, "filter kind=precopy_info"), 0);
	assert_null(strstr(strstr(screen(s), "5 EVENTS"), "read 1.00 MiB"));
	assert_non_null(strstr(strstr(screen(s), "5 EVENTS"), "precopy_info initial"));
	/* an empty log says what keeps it empty */
	scope_key(s, 'e');
	assert_non_null(strstr(screen(s), "& and Enter shows all"));
	assert_int_equal(scope_command(s, "filter"), 0);
	assert_non_null(strstr(screen(s), "no event failed; e shows all events"));
	scope_key(s, 'e');
	/* search and filter are kept apart */
	assert_string_equal(s->search_text, "kind=arc STOP_COPY");
	assert_int_equal(scope_command(s, "filter kind=nonsense"), -22);
	assert_int_equal(scope_command(s, "filter"), 0);
	assert_non_null(strstr(strstr(screen(s), "5 EVENTS"), "no filter"));
	assert_int_equal(scope_command(s, "search nowhere-to-be-found"), 0);
	while (scope_searching(s))
		scope_tick(s, 0);
	assert_non_null(strstr(scope_message(s), "nothing here matches"));
	scope_destroy(s);
}

/* Pausing holds the cursor while events go on being taken. */
static void test_pause(void **state)
{
	struct scope_options o = { .live = true };
	struct scope *s = scope_create(&o);
	struct synth y;
	uint64_t held;
	size_t i;

	(void)state;
	synth_init(&y);
	synth_task(&y, 4711, "qemu-system-x86", "web-07");
	synth_device(&y, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_open(&y);
	synth_source(&y, &(struct synth_plan){ .precopy = true,
					       .precopy_reads = 30,
					       .stop_copy_reads = 4 });
	for (i = 0; i < y.n / 2; i++)
		scope_feed(s, &y.ev[i]);
	screen(s);
	scope_key(s, ' ');
	held = scope_cursor(s);
	assert_int_equal(held, y.n / 2);
	for (; i < y.n; i++)
		scope_feed(s, &y.ev[i]);
	assert_non_null(strstr(screen(s), "PAUSED"));
	assert_int_equal(scope_cursor(s), held);
	assert_int_equal(scope_count(s), y.n);
	scope_key(s, 'f');
	screen(s);
	assert_int_equal(scope_cursor(s), y.n);
	scope_destroy(s);
	synth_free(&y);
}

/* Live and replay: the same events give the same figures. */
static void test_live_is_replay(void **state)
{
	struct scope *r = synth_scope(NULL), *l;
	struct scope_options o = { .live = true };
	char a[4096], b[4096];
	size_t i;

	(void)state;
	l = scope_create(&o);
	for (i = 0; i < made.n; i++) {
		scope_feed(l, &made.ev[i]);
		if (i % 7 == 0)
			scope_draw(l);
	}
	/* all but header (who shows it) and key line */
	for (i = 1; i < 23; i++) {
		const char *x = screen(r), *y;
		size_t k;

		for (k = 0; k < i; k++)
			x = strchr(x, '\n') + 1;
		snprintf(a, sizeof(a), "%.*s", (int)strcspn(x, "\n"), x);
		y = screen(l);
		for (k = 0; k < i; k++)
			y = strchr(y, '\n') + 1;
		snprintf(b, sizeof(b), "%.*s", (int)strcspn(y, "\n"), y);
		assert_string_equal(a, b);
	}
	scope_destroy(r);
	scope_destroy(l);
}

static void test_marks(void **state)
{
	char path[] = "/tmp/vfioscope-marks-XXXXXX";
	struct scope_options o = { .marks_path = path };
	struct scope *s;
	char line[256];
	FILE *f;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	s = synth_scope(&o);
	scope_draw(s);
	scope_key(s, '{');
	scope_draw(s);
	assert_int_equal(scope_command(s, "mark here it went wrong"), 0);
	f = fopen(path, "r");
	assert_non_null(fgets(line, sizeof(line), f));
	assert_int_equal(line[0], '#');
	assert_non_null(fgets(line, sizeof(line), f));
	assert_non_null(strstr(line, " here it went wrong\n"));
	fclose(f);
	scope_destroy(s);
	/* they are there the next time, and one jumps to them */
	s = synth_scope(&o);
	scope_draw(s);
	scope_key(s, '\'');
	assert_non_null(strstr(scope_message(s), "here it went wrong"));
	scope_destroy(s);
	unlink(path);
}

static void test_empty(void **state)
{
	struct scope *s = scope_of(NULL, 0, NULL);
	struct scope_options o = { .live = true };
	struct meta meta = { 0 };
	struct scope_status st = { .meta = &meta };

	(void)state;
	assert_non_null(strstr(screen(s), "no event"));
	scope_destroy(s);
	s = scope_create(&o);
	meta_add(&meta, "hook", "vfio vfio_mig_get_next_state arc fentry ok");
	meta_add(&meta, "hook", "mlx5_vfio_pci mlx5vf_save_read read none no BTF");
	scope_set_status(s, &st);
	assert_non_null(strstr(screen(s), "hooks 1/2"));
	assert_non_null(strstr(screen(s), "start a VM"));
	assert_non_null(strstr(screen(s), "mlx5vf_save_read"));
	scope_destroy(s);
	meta_clear(&meta);
}

/* The row of the table that has @what; "" when there is none. */
static const char *table_row(struct scope *s, const char *what)
{
	static char line[1024];
	const char *text = screen(s), *end;
	int row;

	for (row = 0; row < 12 && *text; row++, text = end + 1) {
		end = strchr(text, '\n');
		snprintf(line, sizeof(line), "%.*s", (int)(end - text), text);
		if (row > 2 && strstr(line, what))
			return line;
	}
	return "";
}

/*
 * Three machines at once, two devices of which leave while one runs and one arrives: each
 * has its row and its figures, the eye is led to who leaves, and one axis holds them all.
 */
static void test_several_machines(void **state)
{
	static const uint64_t all = MIG_FLAG_STOP_COPY | MIG_FLAG_P2P | MIG_FLAG_PRE_COPY;
	struct scope *s;
	uint64_t from, to, cursor;

	(void)state;
	synth_free(&made);
	synth_init(&made);
	synth_task(&made, 4713, "qemu", "app-01");
	synth_device(&made, 4, "0000:5e:00.3", "mlx5_vfio_pci", all);
	synth_open(&made);
	synth_set_state(&made, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING), MS);
	synth_write(&made, 3 * MIB, MS);
	synth_task(&made, 4712, "qemu", "db-02");
	synth_device(&made, 3, "0000:5e:00.1", "mlx5_vfio_pci", all);
	synth_open(&made);
	synth_task(&made, 4711, "qemu", "web-07");
	synth_device(&made, 1, "0000:3b:00.2", "mlx5_vfio_pci", all);
	synth_open(&made);
	synth_set_state(&made, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_info(&made, 64 * MIB, 0);
	synth_read(&made, 16 * MIB, MS);
	synth_device(&made, 2, "0000:3b:00.3", "mlx5_vfio_pci", all);
	synth_open(&made);
	synth_set_state(&made, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_info(&made, 32 * MIB, 0);
	synth_read(&made, 8 * MIB, MS);
	s = scope_of(made.ev, made.n, NULL);
	scope_resize(s, 40, 120);
	/* A row for each migration, then who does not migrate. */
	assert_non_null(strstr(table_row(s, "web-07"), "▶ web-07 "));
	assert_non_null(strstr(table_row(s, "web-07"), "2 devices"));
	assert_non_null(strstr(table_row(s, "web-07"), "leaves"));
	assert_non_null(strstr(table_row(s, "web-07"), "72.0 MiB"));
	assert_non_null(strstr(table_row(s, "5e:00.1"), "db-02"));
	assert_non_null(strstr(table_row(s, "app-01"), "▸ app-01 "));
	/* An only device has a name. */
	assert_non_null(strstr(table_row(s, "app-01"), "0000:5e:00.3"));
	assert_non_null(strstr(table_row(s, "app-01"), "comes"));
	assert_true(table_row(s, "5e:00.3") == table_row(s, "app-01") ||
		    strstr(table_row(s, "5e:00.3"), "app-01"));
	/* By what moved the other order, and only who is asked for. */
	assert_int_equal(scope_command(s, "sort name"), 0);
	assert_true(row_has(s, 3, "app-01") && row_has(s, 4, "web-07"));
	assert_int_equal(scope_command(s, "sort worst"), 0);
	assert_true(row_has(s, 3, "web-07") && row_has(s, 4, "app-01"));
	assert_int_equal(scope_command(s, "fleet comes"), 0);
	assert_non_null(strstr(table_row(s, "app-01"), "comes"));
	assert_string_equal(table_row(s, "db-02 "), table_row(s, "5e:00.1"));
	assert_int_equal(scope_command(s, "fleet !comes"), 0);
	assert_string_equal(table_row(s, "app-01"), "");
	assert_int_equal(scope_command(s, "fleet"), 0);
	assert_non_null(strstr(table_row(s, "app-01"), "comes"));
	/* Enter opens one: its devices, and nobody else; Enter again is all of the device. */
	scope_key(s, SKEY_ENTER);
	assert_non_null(strstr(table_row(s, "web-07"), "▾ web-07 "));
	assert_non_null(strstr(table_row(s, "3b:00.2"), "48.0 MiB"));
	assert_non_null(strstr(table_row(s, "3b:00.3"), "24.0 MiB"));
	assert_string_equal(table_row(s, "app-01"), "");
	assert_string_equal(table_row(s, "5e:00.1"), "");
	scope_key(s, SKEY_ENTER);
	assert_non_null(strstr(screen(s), "DEVICE 0000:3b:00.2"));
	scope_key(s, SKEY_ESC);
	scope_key(s, SKEY_ESC);
	assert_non_null(strstr(table_row(s, "app-01"), "▸ app-01 "));
	/* The VM that leaves, with all of its devices, in the sentence. */
	assert_true(row_has(s, 1, "web-07 (2 devices) LEAVING: 72.0 MiB left by precopy info"));
	assert_true(row_has(s, 0, "2 under way"));
	/* Another device is another look at the same moment; all have one cursor. */
	assert_int_equal(scope_command(s, "zoom-fit"), 0);
	scope_draw(s);
	from = s->from_ns;
	to = s->to_ns;
	cursor = s->cursor_ns;
	assert_int_equal(scope_command(s, "device 5e:00.3"), 0);
	assert_true(row_has(s, 1, "app-01") && row_has(s, 1, "ARRIVING") &&
		    row_has(s, 1, "3.00 MiB written"));
	assert_non_null(strstr(table_row(s, "5e:00.3"), "3.00 MiB"));
	assert_string_equal(table_row(s, "3b:00.3"), "");
	assert_true(s->from_ns == from && s->to_ns == to && s->cursor_ns == cursor);
	/* A moment at which only the first was there. */
	assert_int_equal(scope_command(s, "device"), 0);
	scope_key(s, 'g');
	assert_string_equal(table_row(s, "web-07"), "");
	/* The log can be that of one machine. */
	scope_key(s, 'G');
	assert_int_equal(scope_command(s, "filter vm=web-07"), 0);
	assert_null(strstr(strstr(screen(s), "5 EVENTS"), "5e:00."));
	assert_non_null(strstr(strstr(screen(s), "5 EVENTS"), "3b:00.3"));
	scope_destroy(s);
}

/* A VM of two devices (numbers from @first) leaves; @fails: one is refused its STOP_COPY. */
static void vm_leaves(uint32_t pid, const char *vm, uint32_t first, bool fails)
{
	static const uint64_t all = MIG_FLAG_STOP_COPY | MIG_FLAG_P2P | MIG_FLAG_PRE_COPY;
	uint32_t stream[2], k, step;
	char name[32];

	synth_task(&made, pid, "qemu", vm);
	for (k = 0; k < 2; k++) {
		snprintf(name, sizeof(name), "0000:3%u:00.%u", first / 2, k);
		synth_device(&made, first + k, name, "mlx5_vfio_pci", all);
		synth_open(&made);
		made.state = MIG_RUNNING;
		synth_set_state(&made, SYNTH_PATH(MIG_PRE_COPY), MS);
		synth_info(&made, 20 * MIB, 0);
		synth_read(&made, 16 * MIB, MS);
		stream[k] = made.stream;
	}
	for (step = 0; step < 3; step++) {
		for (k = 0; k < 2; k++) {
			made.device = first + k;
			made.stream = stream[k];
			made.state = step == 0 ? MIG_PRE_COPY :
				     step == 1 ? MIG_PRE_COPY_P2P :
						 MIG_STOP_COPY;
			if (step == 0) {
				synth_set_state(&made, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
			} else if (step == 1 && fails && !k) {
				synth_set_state_fails(&made, MIG_STOP_COPY, 5);
				return;
			} else if (step == 1) {
				synth_set_state(&made, SYNTH_PATH(MIG_STOP_COPY), MS);
				synth_read(&made, 4 * MIB, MS);
				synth_read(&made, 0, US);
			} else {
				synth_set_state(&made, SYNTH_PATH(MIG_STOP), MS);
			}
		}
	}
}

/* Three VMs one after the other: the failed one is what the scope opens on. */
static void test_worst_first(void **state)
{
	static const char *const vms[] = { "web-01", "web-02", "web-03" };
	bool seen[7] = { false };
	struct event ev;
	struct scope *s;
	unsigned int i;
	uint64_t at;

	(void)state;
	synth_free(&made);
	synth_init(&made);
	for (i = 0; i < 3; i++)
		vm_leaves(4711 + i, vms[i], 1 + 2 * i, i == 1);
	s = scope_of(made.ev, made.n, NULL);
	scope_resize(s, 40, 120);
	if (!row_has(
		    s, 1,
		    "web-02 0000:31:00.0 FAILED: SET_STATE(STOP_COPY) gave EIO after 16.0 MiB; the driver's turn"))
		fail_msg("%s", screen(s));
	assert_true(row_has(s, 0, "1 FAILED") && row_has(s, 0, "2 completed"));
	assert_true(row_has(s, 3, "▶ web-02 ") && row_has(s, 3, " 0000:31:00.0 ") &&
		    row_has(s, 3, " FAILED "));
	assert_true(row_has(s, 3, "EIO SET_STATE"));
	scope_resize(s, 24, 80);
	assert_true(row_has(s, 1, "web-02 31:00.0 FAILED: SET_STATE(STOP_COPY) gave EIO"));
	/* The others are a key away: each device of each VM, each VM. */
	for (i = 0; i < 6; i++) {
		scope_key(s, 'd');
		scope_draw(s);
		seen[s->device] = true;
	}
	for (i = 1; i <= 6; i++)
		assert_true(seen[i]);
	assert_int_equal(s->device, 3);
	scope_key(s, 'v');
	assert_true(row_has(s, 1, "web-03 MIGRATED"));
	scope_key(s, 'v');
	assert_true(row_has(s, 1, "web-01 MIGRATED"));
	scope_key(s, 'V');
	scope_key(s, 'V');
	assert_true(row_has(s, 1, "web-02 31:00.0 FAILED"));
	/* What is wrong with it comes before what is wrong elsewhere. */
	assert_true(s->n_found > 0 && scope_finding_of(judge_finding(s->judge, s->found[0]),
						       scope_migration(s, scope_model(s))));
	/* The arcs before it failed, and the beginning: no failure is told. */
	assert_non_null(strstr(screen(s), "FAILED"));
	for (i = 0, at = s->cursor; i < 2; i++, at = s->cursor) {
		scope_key(s, '[');
		assert_true(s->cursor < at);
	}
	assert_true(store_get(s->store, s->cursor - 1, &ev) && ev.kind == EV_ARC);
	assert_int_equal(scope_command(s, "seek 0s"), 0);
	assert_null(strstr(screen(s), "FAILED"));
	scope_destroy(s);
}

/* Of a call that hangs the age is told up to when it was last seen out, however late it is. */
static void test_stuck(void **state)
{
	struct scope_options o = { .live = true };
	struct scope *s = scope_create(&o);
	struct event *ev;
	unsigned int i;
	size_t k;

	(void)state;
	synth_free(&made);
	synth_init(&made);
	synth_task(&made, 4711, "qemu", "web-07");
	synth_device(&made, 1, "0000:3b:00.2", "xe_vfio_pci", MIG_FLAG_STOP_COPY);
	synth_open(&made);
	synth_set_state(&made, SYNTH_PATH(MIG_STOP, MIG_STOP_COPY), MS);
	synth_read(&made, 4 * MIB, MS);
	for (i = 6; i <= 62; i += 8) {
		synth_pause(&made, 8 * 1000 * MS);
		ev = synth_add(&made, EV_STUCK, 0, 0);
		ev->stuck.call = EV_READ;
		ev->stuck.age_ns = i * 1000 * MS;
		ev->stream = 1;
	}
	for (k = 0; k < made.n; k++)
		assert_int_equal(scope_feed(s, &made.ev[k]), 0);
	for (i = 0; i < 2; i++) {
		scope_resize(s, 40, 120);
		if (!row_has(
			    s, 1,
			    "web-07 0000:3b:00.2 STUCK: read() has not returned for 62.000 s in STOP_COPY; the driver's turn"))
			fail_msg("%s", screen(s));
		scope_resize(s, 24, 80);
		assert_true(row_has(
			s, 1, "web-07 3b:00.2 STUCK: read() out for 62.000 s; driver's turn"));
		/* an hour later nobody has looked again */
		scope_tick(s, made.now + 3600 * 1000 * MS);
	}
	scope_destroy(s);
}

/* What was refused before there was a data FD is a migration that failed. */
static void test_refused(void **state)
{
	struct scope *s;
	struct event *ev;

	(void)state;
	synth_free(&made);
	synth_init(&made);
	synth_task(&made, 4711, "qemu", "ovmf-1");
	synth_device(&made, 9, "0000:b1:00.2", "mlx5_vfio_pci", MIG_FLAG_STOP_COPY);
	synth_open(&made);
	ev = synth_add(&made, EV_DMA_LOG_START, US, -22);
	ev->dma_log.ranges = 3;
	s = scope_of(made.ev, made.n, NULL);
	assert_true(row_has(s, 1, "ovmf-1 b1:00.2 FAILED: DMA_LOGGING_START gave EINVAL"));
	assert_true(row_has(s, 0, "1 FAILED"));
	assert_non_null(strstr(table_row(s, "0000:b1:00.2"), "FAILED"));
	scope_destroy(s);
}

/* MIG_DATA_SIZE knows more than infos that say nothing is left: LEFT is what the model has. */
static void test_left_is_the_models(void **state)
{
	struct scope *s;

	(void)state;
	synth_free(&made);
	synth_init(&made);
	synth_task(&made, 4711, "qemu", "web-07");
	synth_device(&made, 1, "0000:3b:00.2", "mlx5_vfio_pci",
		     MIG_FLAG_STOP_COPY | MIG_FLAG_PRE_COPY);
	synth_open(&made);
	synth_set_state(&made, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_info(&made, 0, 0);
	synth_data_size(&made, 118 * MIB);
	synth_read(&made, 2 * MIB, MS);
	s = scope_of(made.ev, made.n, NULL);
	scope_resize(s, 40, 120);
	assert_true(row_has(s, 1, "116 MiB left by MIG_DATA_SIZE"));
	assert_non_null(strstr(table_row(s, "3b:00.2"), "116 MiB"));
	assert_non_null(strstr(screen(s), "now: 116 MiB left"));
	assert_non_null(strstr(screen(s), "▒ rest"));
	scope_destroy(s);
}

/* The latency pane shows calls while there are any, whatever kind was chosen; k goes through those there are. */
static void test_latency_kinds(void **state)
{
	struct scope *s = synth_scope(NULL);
	bool seen[SK_NR] = { false };
	unsigned int i, kinds = 0;

	(void)state;
	scope_resize(s, 40, 120);
	assert_int_equal(scope_command(s, "pane latency"), 0);
	for (i = 0; i < 2 * SK_NR; i++) {
		assert_null(strstr(screen(s), "in this stretch"));
		kinds += !seen[scope_kind_shown(s)];
		seen[scope_kind_shown(s)] = true;
		scope_key(s, 'k');
	}
	/* It reads, goes through arcs, asks; nothing is written or reset. */
	assert_true(kinds >= 4);
	assert_false(seen[SK_WRITE] || seen[SK_RESET]);
	assert_int_equal(scope_command(s, "kind reset"), 0);
	assert_string_equal(scope_message(s), "no reset of this device in this stretch");
	assert_non_null(strstr(screen(s), "LATENCY ─ read"));
	scope_destroy(s);
}

/* A capture that begins in mid-migration: who moves what is told, no state is made up. */
static void test_joined_late(void **state)
{
	static const uint32_t directions[] = { DIR_SAVE, DIR_RESUME };
	struct scope *s;
	struct event *ev;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		synth_free(&made);
		synth_init(&made);
		synth_task(&made, 4711, "qemu-system-x86", "web-07");
		synth_device(&made, 1, "0000:3b:00.2", "mlx5_vfio_pci", MIG_FLAG_STOP_COPY);
		made.stream = 1;
		ev = synth_add(&made, EV_STREAM_OPEN, 0, 0);
		ev->stream_open.direction = directions[i];
		ev->stream_open.adopted = 1;
		if (directions[i] == DIR_SAVE)
			synth_read(&made, 5 * MIB, MS);
		else
			synth_write(&made, 5 * MIB, MS);
		s = scope_of(made.ev, made.n, NULL);
		scope_resize(s, 40, 120);
		assert_true(row_has(s, 1,
				    directions[i] ?
					    "ARRIVING, its state not yet known: 5.00 MiB written" :
					    "LEAVING, its state not yet known: 5.00 MiB read"));
		assert_false(row_has(s, 1, "UNKNOWN"));
		scope_destroy(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_several_machines),
		cmocka_unit_test(test_worst_first),
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_left_is_the_models),
		cmocka_unit_test(test_latency_kinds),
		cmocka_unit_test(test_joined_late),
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_no_size),
		cmocka_unit_test(test_every_size),
		cmocka_unit_test(test_any_keys),
		cmocka_unit_test(test_any_keys_anywhere),
		cmocka_unit_test(test_every_key_is_bound_once),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_search_and_filter),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_live_is_replay),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_empty),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
