// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_metrics - record --metrics: what is counted, and where it goes
 */
#include "tests/unit/each_help.h"

#define put	      metrics_put
#define start	      metrics_start
#define clock_gettime fake_clock_gettime
#include "user/cmd/metrics_out.c"
#undef put
#undef start
#undef clock_gettime

static char text[65536];   /* what was written last */
static char top[PATH_MAX]; /* where the tree is */

static void load(const char *path)
{
	static unsigned int loaded;
	int fd = open(path, O_RDONLY);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	close(fd);
	/* For who wants to show them to a real Prometheus (tests/cli/prometheus.sh). */
	if (getenv("METRICS_TEXTS")) {
		char copy[PATH_MAX];
		FILE *f;

		snprintf(copy, sizeof(copy), "%s/%u.prom", getenv("METRICS_TEXTS"), ++loaded);
		f = fopen(copy, "w");
		assert_non_null(f);
		assert_int_equal(fwrite(text, 1, (size_t)n, f), n);
		assert_int_equal(fclose(f), 0);
	}
}

/* A line of its own. */
static void has_line(const char *line)
{
	const char *p = strstr(text, line);

	if (!p || (p != text && p[-1] != '\n') || p[strlen(line)] != '\n')
		print_message("no '%s' in\n%s", line, text);
	assert_non_null(p);
	assert_true((p == text || p[-1] == '\n') && p[strlen(line)] == '\n');
}

static void lint(const char *path)
{
	char command[PATH_MAX + 64];

	if (system("command -v promtool >/dev/null 2>&1"))
		fail_msg("promtool is missing: tests/deps check installs it");
	/* It says what it does not like, and that alone does not make it fail. */
	snprintf(command, sizeof(command),
		 "promtool check metrics <%s >lint 2>&1 && test ! -s lint", path);
	if (system(command))
		fail_msg("promtool: %d", system("cat lint"));
}

/* Every family that the dashboard and the alerts ask for is there. */
static void is_asked_for(const char *file)
{
	static char asked[65536];
	char path[PATH_MAX * 2], name[128], type[160];
	const char *p = asked;
	size_t len, n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", top, file);
	f = fopen(path, "r");
	assert_non_null(f);
	asked[fread(asked, 1, sizeof(asked) - 1, f)] = '\0';
	fclose(f);
	while ((p = strstr(p, "vfioscope_recorder_"))) {
		static const char *const of[] = { "_bucket", "_count", "_sum" };
		size_t i;

		len = strspn(p, "abcdefghijklmnopqrstuvwxyz_");
		snprintf(name, sizeof(name), "%.*s", (int)len, p);
		for (i = 0; i < 3; i++) {
			size_t tail = strlen(of[i]);

			if (len > tail && !strcmp(name + len - tail, of[i]))
				name[len - tail] = '\0';
		}
		snprintf(type, sizeof(type), "# TYPE %s ", name);
		if (!strstr(text, type))
			print_message("%s asks for %s\n", file, name);
		assert_non_null(strstr(text, type));
		p += len;
		n++;
	}
	assert_true(n > 5);
}

static struct each *counting(struct metrics_out **m, const char *where)
{
	struct each_opts o = { .dir = "d",
			       .keep_if = &keeps_all,
			       .watch = &watch,
			       .src = &source,
			       .argc = 1,
			       .argv = args,
			       .command = 1 };
	struct each *e;

	assert_int_equal(metrics_out_open(m, where), 0);
	o.metrics = metrics_out_sums(*m);
	assert_int_equal(each_open(&e, &o), 0);
	return e;
}

static void counts(void **state)
{
	struct metrics_out *m;
	struct each *e;
	struct synth s;
	struct stat st;
	uint32_t i;

	(void)state;
	umask(077);
	e = counting(&m, "a.prom");
	metrics_out_tick(m, e, mono_ns);
	load("a.prom");
	has_line("vfioscope_recorder_under_way 0");
	has_line("vfioscope_recorder_start_time_seconds 1767323045.000000000");
	/* A counter that begins with 1 has not increased, as Prometheus sees it. */
	has_line(
		"vfioscope_recorder_findings_total{rule=\"migration-failed\",severity=\"error\"} 0");
	has_line("vfioscope_recorder_part_seconds_count{part=\"arcs\"} 0");
	has_line("vfioscope_recorder_part_seconds_count{part=\"load\"} 0");
	assert_null(strstr(text, "driver="));
	lint("a.prom");
	assert_int_equal(stat("a.prom", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	for (i = 1; i <= 3; i++)
		migrate(e, i, 4);
	/* one that fails */
	tell_clocks(e);
	vm_begins(&s, 9, "web-1", mono_ns - 1000 * SEC);
	s.ev[0].device_def.driver[0] = '"'; /* nobody's to trust */
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_read(&s, -EIO, 60 * US);
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), MS);
	PLAY(e, &s);
	metrics_out_tick(m, e, mono_ns + 2 * SEC);
	load("a.prom");
	has_line("vfioscope_recorder_under_way 1");
	has_line(
		"vfioscope_recorder_migrations_total{driver=\"\\\"ynth_vfio_pci\",outcome=\"failed\"} 0");
	after_tail(e);
	shelf_wait(e->shelf);
	wait_until(e, mono_ns + SEC);
	metrics_out_tick(m, e, mono_ns + 4 * SEC);
	load("a.prom");
	lint("a.prom");
	has_line(
		"vfioscope_recorder_migrations_total{driver=\"synth_vfio_pci\",outcome=\"completed\"} 3");
	has_line(
		"vfioscope_recorder_migrations_total{driver=\"synth_vfio_pci\",outcome=\"failed\"} 0");
	has_line(
		"vfioscope_recorder_migrations_total{driver=\"\\\"ynth_vfio_pci\",outcome=\"failed\"} 1");
	has_line("vfioscope_recorder_migration_bytes_total{driver=\"synth_vfio_pci\"} 19169280");
	has_line(
		"vfioscope_recorder_findings_total{rule=\"migration-failed\",severity=\"error\"} 1");
	/* 3 + 12 + 2 + 20 ms and three reads, each of them */
	has_line("vfioscope_recorder_stop_seconds_bucket{le=\"0.025\"} 0");
	has_line("vfioscope_recorder_stop_seconds_bucket{le=\"0.05\"} 3");
	has_line("vfioscope_recorder_stop_seconds_bucket{le=\"+Inf\"} 3");
	has_line("vfioscope_recorder_stop_seconds_count 3");
	/* Nobody has seen the other host. */
	has_line("vfioscope_recorder_downtime_seconds_count 0");
	has_line("vfioscope_recorder_part_seconds_bucket{part=\"arcs\",le=\"0.025\"} 3");
	has_line("vfioscope_recorder_migration_duration_seconds_count{outcome=\"failed\"} 1");
	has_line("vfioscope_recorder_recordings_total{result=\"kept\"} 4");
	has_line("vfioscope_recorder_under_way 0");
	assert_non_null(strstr(text,
			       "vfioscope_recorder_last_stop_seconds{outcome=\"completed\"} 0.0"));
	assert_null(strstr(text, "web-1"));
	is_asked_for("contrib/grafana/vfioscope.json");
	is_asked_for("contrib/prometheus/vfioscope.rules.yml");
	metrics_out_close(m);
	done(e, &s, NULL);
	umask(022);
}

/* However many drivers there are, a bounded number has a series. */
static void bounded(void **state)
{
	struct metrics *m = metrics_create();
	struct metrics_recorder r = { 0 };
	struct summary_migration l = { .downtime_ns = MODEL_NONE, .stop_ns = MODEL_NONE };
	struct summary sum = { .migration = &l, .n = 1 };
	struct model *model = model_create();
	FILE *f = fopen("b.prom", "w");
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		snprintf(l.driver, sizeof(l.driver), "driver_%d", i);
		l.outcome = OUTCOME_COMPLETED;
		metrics_take(m, &sum, model);
	}
	metrics_print(f, m, &r);
	fclose(f);
	load("b.prom");
	lint("b.prom");
	assert_null(strstr(text, "driver_16"));
	has_line(
		"vfioscope_recorder_migrations_total{driver=\"driver_15\",outcome=\"completed\"} 1");
	has_line("vfioscope_recorder_migrations_total{driver=\"other\",outcome=\"completed\"} 984");
	metrics_destroy(m);
	model_destroy(model);
}

/* Each part of a stop and of what came behind it that was seen has a series; a share has none. */
static void parts(void **state)
{
	static const char *const keys[] = {
		"arcs",	       "io",   "outside",     "unattributed",	     "transfer",    "write",
		"before_load", "load", "arcs_to_run", "between_arcs_to_run", "other_calls",
	};
	struct metrics *m = metrics_create();
	struct metrics_recorder r = { 0 };
	struct summary sum = { 0 };
	struct model *model = model_create();
	struct event_source *src;
	char path[PATH_MAX + 64], line[120], err[256];
	struct event ev;
	size_t i, n = 0;
	FILE *f;
	char *at;

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/data/judge/reference-qemu.vfs", top);
	assert_int_equal(recording_open(&src, path, err, sizeof(err)), 0);
	while (src->ops->next(src, &ev, -1) == 1)
		assert_int_equal(model_feed(model, &ev, NULL), 0);
	src->ops->close(src);
	metrics_take(m, &sum, model);
	metrics_take(m, &sum, model);
	f = fopen("c.prom", "w");
	metrics_print(f, m, &r);
	fclose(f);
	load("c.prom");
	lint("c.prom");
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(line, sizeof(line), "vfioscope_recorder_part_seconds_count{part=\"%s\"} 2",
			 keys[i]);
		has_line(line);
	}
	has_line("vfioscope_recorder_part_seconds_count{part=\"dirty_sync\"} 0");
	has_line("vfioscope_recorder_part_seconds_count{part=\"destination\"} 0");
	for (at = text; (at = strstr(at, "part_seconds_count{")); at++)
		n++;
	assert_int_equal(n, sizeof(keys) / sizeof(keys[0]) + 2);
	metrics_destroy(m);
	model_destroy(model);
}

static size_t connect_and_say(const char *request, int *status)
{
	struct sockaddr_un addr;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	size_t len = 0;
	ssize_t n;

	fill_addr(&addr, "m.sock");
	*status = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	if (!*status && *request)
		assert_int_equal(write(fd, request, strlen(request)), strlen(request));
	while (!*status && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(fd);
	return len;
}

static void a_socket(void **state)
{
	struct metrics_out *m, *other;
	struct each *e;
	int status, fd;

	(void)state;
	e = counting(&m, "unix:m.sock");
	assert_true(metrics_out_serves(m));
	metrics_out_tick(m, e, mono_ns);
	assert_true(connect_and_say("", &status) > 500);
	assert_memory_equal(text, "# HELP ", 7);
	assert_true(connect_and_say("GET /metrics HTTP/1.1\r\n\r\n", &status) > 500);
	assert_memory_equal(text, "HTTP/1.0 200 OK\r\n", 17);
	has_line("vfioscope_recorder_under_way 0");
	/* Somebody's who lives. */
	assert_int_equal(metrics_out_open(&other, "unix:m.sock"), EXIT_BAD_FILE);
	metrics_out_close(m);
	connect_and_say("", &status);
	assert_int_equal(status, -1);
	/* Of one that was killed. */
	fd = listen_at("m.sock");
	close(fd);
	assert_int_equal(access("m.sock", F_OK), 0);
	assert_int_equal(metrics_out_open(&m, "unix:m.sock"), 0);
	metrics_out_close(m);
	/* No socket of ours. */
	fclose(fopen("m.sock", "w"));
	assert_int_equal(metrics_out_open(&m, "unix:m.sock"), EXIT_BAD_FILE);
	assert_int_equal(access("m.sock", F_OK), 0);
	assert_int_equal(metrics_out_open(&m, "unix:"), EXIT_BAD_FILE);
	assert_int_equal(metrics_out_open(&m, "no/a.prom"), 0);
	/* It is told once, and tried again. */
	metrics_out_tick(m, e, mono_ns);
	metrics_out_tick(m, e, mono_ns + 100 * SEC);
	is_told("--metrics: no/a.prom: No such file or directory");
	assert_null(strstr(strstr(told, "--metrics: no/a.prom") + 1, "--metrics: no/a.prom"));
	mkdir("no", 0700);
	metrics_out_tick(m, e, mono_ns + 200 * SEC);
	load("no/a.prom");
	metrics_out_close(m);
	each_close(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = { T(counts), T(bounded), T(parts), T(a_socket) };

	if (!getcwd(top, sizeof(top)))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
