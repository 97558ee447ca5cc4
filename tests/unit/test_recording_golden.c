// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_recording_golden.c - recordings of earlier versions stay readable
 *
 * tests/data/recordings/NAME.vfs is never written again; NAME.expect says what
 * is in it, one event per line, fields that are zero left out (so that a field
 * that is new since then does not change the line).
 *
 * GOLDEN_WRITE=1 writes the files that are not there yet.
 */
#include "tests/unit/allocs.h"
#include "tests/unit/recording_help.h"

#include <errno.h>

static const char *const names[] = { "v1-migration", "v1-kinds", "v1-killed", "v1-damaged" };

static char *path_of(const char *name, const char *suffix)
{
	static char path[4096];
	const char *slash = strrchr(__FILE__, '/');

	snprintf(path, sizeof(path), "%.*s/../data/recordings/%s%s", (int)(slash - __FILE__),
		 __FILE__, name, suffix);
	return path;
}

static void print_string(FILE *f, const char *s)
{
	for (; *s; s++) {
		if (*s > ' ' && *s < 127 && *s != '%')
			fputc(*s, f);
		else
			fprintf(f, "%%%02x", (unsigned char)*s);
	}
}

static void print_event(FILE *f, const struct event *ev)
{
	const struct event_field *fl;
	size_t i, n;

	fprintf(f, "%llu %s t=%llu", (unsigned long long)ev->seq, event_kind_name(ev->kind),
		(unsigned long long)ev->t_ns);
	if (ev->dur_ns)
		fprintf(f, " dur=%llu", (unsigned long long)ev->dur_ns);
	if (ev->ret)
		fprintf(f, " ret=%lld", (long long)ev->ret);
	if (ev->cpu)
		fprintf(f, " cpu=%u", ev->cpu);
	if (ev->pid || ev->tid)
		fprintf(f, " task=%u/%u", ev->pid, ev->tid);
	if (ev->comm[0]) {
		fprintf(f, " comm=");
		print_string(f, ev->comm);
	}
	if (ev->device)
		fprintf(f, " device=%u", ev->device);
	if (ev->stream)
		fprintf(f, " stream=%u", ev->stream);
	fl = event_fields(ev->kind, &n);
	for (i = 0; i < n; i++) {
		const char *p = (const char *)ev + fl[i].offset;
		uint64_t v = 0;
		uint32_t u;

		if (fl[i].type == EF_STR) {
			if (*p) {
				fprintf(f, " %u=", fl[i].id);
				print_string(f, p);
			}
			continue;
		}
		if (fl[i].size == 8) {
			memcpy(&v, p, 8);
		} else {
			memcpy(&u, p, 4);
			v = u;
		}
		if (v)
			fprintf(f, " %u=%llu", fl[i].id, (unsigned long long)v);
	}
	fputc('\n', f);
}

static char *dump(const char *path)
{
	struct event_source *src;
	struct source_health h;
	const struct meta *m;
	char msg[256] = "", *text = NULL;
	struct event ev;
	size_t len, i;
	FILE *f;

	if (recording_open(&src, path, msg, sizeof(msg)))
		fail_msg("%s", msg);
	f = open_memstream(&text, &len);
	assert_non_null(f);
	while (src->ops->next(src, &ev, -1) == 1)
		print_event(f, &ev);
	m = src->ops->meta(src);
	for (i = 0; i < m->n; i++) {
		fprintf(f, "meta ");
		print_string(f, m->entries[i].key);
		fputc('=', f);
		print_string(f, m->entries[i].value);
		fputc('\n', f);
	}
	src->ops->health(src, &h);
	fprintf(f, "ended=%d skipped=%llu damaged=%llu\n", h.ended,
		(unsigned long long)h.bytes_skipped, (unsigned long long)h.frames_damaged);
	fclose(f);
	src->ops->close(src);
	return text;
}

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	if (!f)
		fail_msg("%s: %s", path, strerror(errno));
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
	fclose(f);
	return text;
}

static void spill(const char *path, const void *p, size_t len)
{
	FILE *f = fopen(path, "wx");

	if (!f)
		fail_msg("%s: %s", path, strerror(errno));
	assert_int_equal(fwrite(p, 1, len, f), len);
	fclose(f);
}

static struct bytes make(int which)
{
	struct recording_writer_opts o = { .frame_events = 64, .snapshot_frames = 3 };
	struct meta m = sample_meta();
	struct events e = { 0 };
	struct gen_migration mig;
	struct bytes b;
	size_t i;

	if (which == 1) {
		struct gen g = { 41 };
		uint32_t k;

		e.ev = calloc(3 * EV_KIND_NR, sizeof(*e.ev));
		for (i = 0; i < 3; i++)
			for (k = 0; k < EV_KIND_NR; k++)
				if (event_kind_name(k))
					gen_event(&g, k, &e.ev[e.n++]);
		o.frame_events = 60;
		o.level = -1;
	} else {
		if (!which) {
			/* large enough for planes with statistics of their own */
			o.frame_events = 600;
			o.flush_ns = o.urgent_ns = UINT64_MAX;
			o.snapshot_frames = 1;
		}
		e.n = which ? 250 : 700;
		e.ev = calloc(e.n, sizeof(*e.ev));
		gen_migration_init(&mig, 1);
		mig.empty_percent = 20;
		for (i = 0; i < e.n; i++)
			gen_migration_next(&mig, &e.ev[i]);
		for (i = 100; i < e.n; i += 101) {
			/* folded */
			e.ev[i].kind = EV_READ;
			memset(&e.ev[i].io, 0, sizeof(e.ev[i].io));
			e.ev[i].ret = -ENOMSG;
			e.ev[i].io.count = i;
			e.ev[i].io.size = 1048576;
			e.ev[i].io.t_last_ns = e.ev[i].t_ns + e.ev[i].dur_ns - 900;
		}
	}
	b = record(e.ev, e.n, &m, &o, which != 2);
	if (which == 2)
		b.len -= 40;
	if (which == 3)
		b.p[b.len / 4] ^= 0x10;
	free(e.ev);
	meta_clear(&m);
	return b;
}

static void test_golden(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *got, *want;

		if (getenv("GOLDEN_WRITE") && access(path_of(names[i], ".vfs"), F_OK)) {
			struct bytes b = make(i);

			spill(path_of(names[i], ".vfs"), b.p, b.len);
			free(b.p);
			got = dump(path_of(names[i], ".vfs"));
			spill(path_of(names[i], ".expect"), got, strlen(got));
			free(got);
		}
		got = dump(path_of(names[i], ".vfs"));
		want = slurp(path_of(names[i], ".expect"));
		if (strcmp(got, want)) {
			size_t k = 0, line = 1;

			for (; got[k] == want[k]; k++)
				line += got[k] == '\n';
			fail_msg("%s.vfs differs from what is expected at line %zu", names[i],
				 line);
		}
		free(got);
		free(want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
