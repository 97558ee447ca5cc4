// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_view_text.c - the report, info and the lines: what they say, that
 * they fit 80 columns, and that no name gets out as it is
 */
#include <errno.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/synth.h"
#include "util/text.h"
#include "view/view.h"

static struct synth s;
static struct model *m;
static struct view_options opt;
static const char *path;
static struct source_health health;
static struct meta meta;
static char *out;
static size_t out_len;

static int setup(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	synth_init(&s);
	memset(&opt, 0, sizeof(opt));
	memset(&health, 0, sizeof(health));
	health.ended = true;
	m = model_create();
	path = "x.vfs";
	meta_add(&meta, "host", "node7");
	meta_add(&meta, "kernel", "6.12.95 #1 SMP");
	meta_add(&meta, "hook", "vfio ioctl fentry ok");
	return m ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	model_destroy(m);
	synth_free(&s);
	meta_clear(&meta);
	free(out);
	out = NULL;
	return 0;
}

static void begin(void)
{
	synth_device(&s, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_task(&s, 100, "mig", "web-07");
	synth_open(&s);
}

static void feed(void)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		assert_int_equal(model_feed(m, &s.ev[i], NULL), 0);
}

enum view { REPORT_TEXT, REPORT_JSON, INFO_TEXT, INFO_JSON, VIEWS };

static void show(enum view view)
{
	struct view_evidence e;
	struct view_file file;
	FILE *f;

	free(out);
	view_one_file(&e, &file, m, path, &meta, &health);
	f = open_memstream(&out, &out_len);
	switch (view) {
	case REPORT_TEXT:
		report_text(f, &e, &opt);
		break;
	case REPORT_JSON:
		report_json(f, &e, &opt);
		break;
	case INFO_TEXT:
		info_text(f, &e, NULL, &opt);
		break;
	default:
		info_json(f, &e, NULL, &opt);
		break;
	}
	fclose(f);
}

static void show_lines(void)
{
	struct event_context ctx;
	struct lines *l;
	FILE *f;
	size_t i;

	free(out);
	f = open_memstream(&out, &out_len);
	l = lines_create(f, &opt);
	for (i = 0; i < s.n; i++) {
		assert_int_equal(model_feed(m, &s.ev[i], &ctx), 0);
		assert_int_equal(lines_event(l, m, &s.ev[i], &ctx), 0);
	}
	lines_destroy(l);
	fclose(f);
}

static void has(const char *what)
{
	if (!strstr(out, what))
		fail_msg("'%s' is missing in:\n%s", what, out);
}

static void lacks(const char *what)
{
	if (strstr(out, what))
		fail_msg("'%s' should not be in:\n%s", what, out);
}

/* Nothing that a terminal obeys, and no line wider than it is. */
static void assert_harmless(size_t columns)
{
	char *p, *nl;
	size_t len = strlen(out), n;
	uint32_t cp;

	for (p = out; len; p += n, len -= n) {
		n = text_utf8(p, len, &cp);
		assert_true(n > 0);
		assert_true(cp >= 0x20 || cp == '\n');
		assert_true(cp < 0x7f || cp >= 0xa0);
		assert_false(cp >= 0x202a && cp <= 0x202e);
	}
	for (p = out; columns && (nl = strchr(p, '\n')); p = nl + 1) {
		*nl = '\0';
		if (text_width(p) > columns)
			fail_msg("wider than %zu: %s", columns, p);
		*nl = '\n';
	}
}

static void test_report(void **state)
{
	const struct synth_plan plan = {
		.precopy = true,
		.precopy_reads = 300,
		.stop_copy_reads = 96,
	};

	(void)state;
	begin();
	synth_source(&s, &plan);
	feed();
	show(REPORT_TEXT);
	assert_harmless(80);
	/* The sentence opens it. */
	assert_ptr_equal(
		out,
		strstr(out,
		       "web-07 with 0000:3b:00.2 (mlx5_vfio_pci), leaving node7: COMPLETED in 227 ms,\n"
		       "  396 MiB of device state; stopped for 45.7 ms on the source, 44 % of it between\n"
		       "  the last change of state and the first read() (VMM: RAM); no downtime is\n"
		       "  known: the destination is not in the evidence.\n"));
	has("vCPUs stop a little earlier and start a little later than the devices do.)\n");
	has("MIGRATION 1  web-07 with 0000:3b:00.2 (mlx5_vfio_pci), leaving node7\n"
	    "  outcome       COMPLETED in 227 ms; began +0.000110, 2026-01-02T03:04:05Z\n"
	    "  joined        to no destination: not in the evidence\n"
	    "  downtime      not known: the destination is not in the evidence\n"
	    "  stop window   45.7 ms (100 %) on the source, from +0.030607; where it went:\n"
	    "    state arcs          15.0 ms  32.8 %  #####            the driver\n");
	has("    outside             21.0 ms  46.0 %  #######          VMM, RAM, network\n"
	    "      to 1st read       20.0 ms  43.8 %                   VMM: RAM\n"
	    "      between reads      960 µs   2.1 %                   VMM, network\n");
	has("SOURCE  node7: mig, pid 100, +0.000110 to +0.227297\n"
	    "  stop window   45.7 ms, +0.030607 to +0.076285, the last byte of 0000:3b:00.2\n"
	    "  dirty log     reported 1 time; 2.00 ms of the stop\n"
	    "  Device        Pre-copy      Left   Stopped     Arcs   read()      p50      p99\n"
	    "  0000:3b:00.2   300 MiB  96.0 MiB  96.0 MiB  15.0 ms  7.68 ms  61.4 µs  80.0 µs\n");
	has("  recording     x.vfs: loss none, damage none\n"
	    "                on node7, kernel 6.12.95, 227 ms, ");
	lacks("SESSION");
	lacks("HOLES");
	lacks("in flight");
	/* Not one blank at the end of a line. */
	lacks(" \n");
	opt.bytes = true;
	show(REPORT_TEXT);
	has("100663296 B");
	opt.time = TIME_WALL;
	show(REPORT_TEXT);
	has("from 03:04:05.030607; where it\n");
}

/* Every session in full, on the evidence's one time axis. */
/* Where a stop ends of which no end was seen, and where one that was closed in its midst. */
static void test_stop_without_end(void **state)
{
	int closed;

	(void)state;
	for (closed = 0; closed < 2; closed++) {
		teardown(NULL);
		setup(NULL);
		begin();
		synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
		synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), MS);
		synth_read(&s, MIB, US);
		if (closed) {
			synth_stream_close(&s);
			synth_close(&s);
		}
		feed();
		opt.sessions = true;
		show(REPORT_TEXT);
		has("Stop window");
		if (closed)
			lacks("to the last call seen");
		else
			has("to the last call seen\n");
	}
}

static void test_report_sessions(void **state)
{
	const struct synth_plan plan = {
		.precopy = true,
		.precopy_reads = 300,
		.stop_copy_reads = 96,
	};

	(void)state;
	begin();
	synth_source(&s, &plan);
	feed();
	opt.sessions = true;
	show(REPORT_TEXT);
	assert_harmless(80);
	has("SESSION 1  of migration 1, source: 0000:3b:00.2 (mlx5_vfio_pci)\n"
	    "  on node7; COMPLETED in 227 ms, 396 MiB read\n");
	has("the driver has no .poll: polls are invisible\n");
	has("  PRE_COPY          +0.001027    32.6 ms     300 MiB       513     212      -\n");
	has("  STOP_COPY         +0.045621     182 ms    96.0 MiB        97       -      1\n");
	has("       RUNNING -> PRE_COPY          +0.000127     900 µs  #\n");
	has("from +0.030607 to the read() that gave 0\n");
	has("  state arcs          15.0 ms  #####            the driver\n"
	    "    PRE_COPY_P2P      3.00 ms\n"
	    "    STOP_COPY         12.0 ms\n");
	has("    to 1st read       20.0 ms                   VMM: RAM\n");
	has("  its first arc came 42.0 µs after the last read() of pre-copy\n");
	has("96.0 MiB at the switchover (MIG_DATA_SIZE);\n");
	has("initial bytes 300 MiB -> 0 B, 0 first seen at +0.022054\n");
	has("dirty bytes 0 B at first, 0 B at last,\n"
	    "                max 96.0 KiB at +0.030520, rose 1 time, fell 1 time\n");
	has("longest ×212 in 8.44 ms");
	lacks("uAPI");
}

static void test_report_troubles(void **state)
{
	(void)state;
	begin();
	synth_set_state_fails(&s, MIG_RESUMING, EBUSY);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_info(&s, MIB, 0);
	synth_empty_run(&s, 0, 7, US, 30 * US);
	synth_loss(&s, 12, s.now, s.now, EV_NONE);
	synth_read(&s, -EIO, US);
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), MS);
	health.ended = false;
	health.bytes_skipped = 2048;
	health.frames_damaged = 1;
	health.last_ns = s.now;
	feed();
	show(REPORT_TEXT);
	assert_harmless(80);
	/* Said at once, and in full where the evidence is. */
	assert_true(strstr(out, "THE EVIDENCE HAS HOLES: events were lost, and a recording is "
				"damaged") < strstr(out, "MIGRATION 1"));
	has("  recording     x.vfs\n                12 EVENTS LOST in 1 place\n"
	    "                figures marked HOLES are lower bounds\n"
	    "                2.00 KiB SKIPPED as unreadable (1 damaged frame)\n"
	    "                THE RECORDING DID NOT END CLEANLY, 2.37 ms kept\n");
	/* An attempt that died early is a migration, and so is what came after it. */
	has("FAILED after\n  14.0 µs: SET_STATE(RESUMING) gave EBUSY in the step RUNNING to RESUMING, on\n"
	    "  0000:3b:00.2 of node7, by mig (pid 100), at +0.000110 s; the driver has to\n"
	    "  act.\n");
	has("    it was asked for a data FD, and gave none; FAILED STEP RUNNING to RESUMING:\n");
	has("read() of 1.00 MiB gave EIO after 0 B, on 0000:3b:00.2 of node7, by mig (pid\n"
	    "  100), at +0.001354 s; the driver has to act; no device was stopped.\n");
	has("    FAILED: read() of 1.00 MiB gave EIO after 0 B; HOLES: 12 events lost that\n");
	has("  stop window   none: no device was stopped\n");
	lacks(" \n");
	opt.sessions = true;
	show(REPORT_TEXT);
	assert_harmless(80);
	has("failed call   read() of 1.00 MiB gave EIO after 0 B\n");
	has("read() gave 0 in PRE_COPY 7 times (uAPI: should be ENOMSG)\n");
	has("12 events lost in 1 place that it may have touched:\n");
	has("  UNKNOWN ");
	show(REPORT_JSON);
	has("\"outcome\": \"failed\"");
	has("\"events\": 12,");
	has("\"stop_window_ns\": null,");
	has("\"stop_window_ns\": \"no device was stopped\"");
	has("\"ended\": false");
	has("\"zero_reads_precopy\": 7,");
	has("\"call\": \"set_state\",");
	has("\"party\": \"driver\",");
	has("\"attempt\": true,");
}

/* A close() that came before its hook is told, and is no hole. */
static void test_report_close_unseen(void **state)
{
	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), MS);
	synth_close_unseen(&s, 2 * MS);
	feed();
	assert_true(model_stream(m, s.stream)->closed);
	assert_int_equal(model_loss(m)->closes, 1);
	assert_int_equal(model_loss(m)->events, 0);
	assert_int_equal(model_loss(m)->places, 0);
	assert_int_equal(model_session(m, 1)->holes, 0);
	show(REPORT_TEXT);
	assert_harmless(80);
	has("loss none");
	has("  closes        of 1 data FD it was not seen when the VMM closed it\n");
	lacks("HOLES");
	show(REPORT_JSON);
	has("\"closes\": 1,");
}

static void test_report_nothing(void **state)
{
	(void)state;
	show(REPORT_TEXT);
	has("nothing: no event\n");
	has("No migration is in this evidence.\n");
	show(REPORT_JSON);
	has("\"migrations\": [],");
	begin();
	feed();
	show(REPORT_TEXT);
	has("0000:3b:00.2: no data FD was asked for; RUNNING at the end\n");
}

/* Two devices of one process: which of them was waited for, and what for. */
static void test_report_stop(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 1; i <= 2; i++) {
		synth_device(&s, i, i == 1 ? "0000:3b:00.2" : "0000:3b:00.3", "mlx5_vfio_pci", 7);
		synth_task(&s, 100, "qemu", "web-07");
		synth_open(&s);
		synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	}
	for (i = 1; i <= 2; i++) {
		s.device = i;
		s.state = MIG_PRE_COPY;
		synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
		synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), MS);
	}
	for (i = 1; i <= 2; i++) {
		s.device = s.stream = i;
		synth_read(&s, MIB, i * 40 * MS);
		synth_read(&s, 0, US);
	}
	/* the first is cleaned up, of the second the evidence ends here */
	s.device = s.stream = 1;
	s.state = MIG_STOP_COPY;
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), MS);
	feed();
	show(REPORT_TEXT);
	assert_harmless(80);
	has("web-07 with 2 devices (mlx5_vfio_pci), leaving node7: UNFINISHED after 127 ms\n");
	has("  stop window   124 ms (100 %) on the source, from +0.002250; where it went:\n"
	    "    state arcs          4.00 ms   3.2 %                   the driver\n"
	    "    in read()            120 ms  96.7 %  ###############  the driver\n"
	    "    dirty sync         not seen\n"
	    "    all else            84.0 µs   0.1 %                   outside, unattributed\n");
	has("the last byte of 0000:3b:00.3\n");
	has("  0000:3b:00.2  1.00 MiB  2.00 ms  40.0 ms  40.0 ms  40.0 ms\n"
	    "  0000:3b:00.3  1.00 MiB  2.00 ms  80.0 ms  80.0 ms  80.0 ms\n");
	/* What is outside one device's calls is inside the other's. */
	opt.sessions = true;
	show(REPORT_TEXT);
	has("other devices, VMM, network\n");
	lacks("VMM: RAM");
	show(REPORT_JSON);
	has("\"stop_window_ns\": 124086000,");
	has("\"part\": \"io\",\n          \"ns\": 120002000,\n          \"party\": \"driver\",");
	has("\"dirty_sync_ns\": \"no dirty log of the devices is in the evidence");
	opt.migration = 3;
	show(REPORT_TEXT);
	lacks("MIGRATION");
}

/* A call that has not returned is time, and a line of its own. */
static void test_report_in_flight(void **state)
{
	struct event *ev;

	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P, MIG_STOP_COPY), MS);
	ev = synth_add(&s, EV_STUCK, 0, 0);
	ev->t_ns += 42 * SEC;
	ev->stuck.call = EV_READ;
	ev->stuck.age_ns = 42 * SEC;
	feed();
	show(REPORT_TEXT);
	assert_harmless(80);
	/* (a number and its unit in one line) */
	has("leaving node7: UNFINISHED after\n  42.003 s when the evidence ends; read() on 0000");
	has("read() on 0000:3b:00.2 has not returned for\n  42.000 s; its guest has stood still for 42.002 s so far, 100 % of it in");
	has("    in read()          42.000 s 100.0 %");
	has("    42.000 s of it in a call that had not returned when it was last seen\n");
	show(REPORT_JSON);
	has("\"in_flight_ns\": 42000000000,");
}

/* What the contract names is there, in every migration. */
static void test_report_json_fields(void **state)
{
	static const char *const top[] = {
		"version",  "tool", "traces",  "devices",  "migrations",
		"findings", "loss", "verdict", "protocol", "outcomes",
	};
	static const char *const fields[] = {
		"id",
		"vm",
		"outcome",
		"cause",
		"begin_ns",
		"end_ns",
		"begin",
		"downtime_ns",
		"downtime_why",
		"downtime",
		"joined",
		"how",
		"sure",
		"why",
		"sides",
		"source",
		"destination",
		"host",
		"pid",
		"comm",
		"stop_window_ns",
		"forecast",
		"sessions",
		"side",
		"peer",
		"device",
		"driver",
		"direction",
		"start_ns",
		"states",
		"state",
		"enter_ns",
		"dwell_ns",
		"arcs",
		"from",
		"to",
		"dur_ns",
		"ret",
		"bytes_precopy",
		"bytes_stop_copy",
		"bytes_total",
		"reads",
		"writes",
		"enomsg",
		"empty_reads",
		"polls",
		"precopy_infos",
		"precopy_infos_failed",
		"initial_bytes_first",
		"initial_bytes_last",
		"dirty_bytes_last",
		"reinits",
		"left_bytes",
		"estimate_at_switchover",
		"arcs_ns",
		"io_ns",
		"dirty_sync_ns",
		"outside_ns",
		"unattributed_ns",
		"in_flight_ns",
		"read_latency",
		"p50_ns",
		"p99_ns",
		"max_ns",
		"not_seen",
		"completed",
		"failed",
		"cancelled",
		"unfinished",
		"ran_again",
	};
	const struct synth_plan plan = { .precopy = true, .precopy_reads = 2, .stop_copy_reads = 1 };
	char want[64];
	size_t i;

	(void)state;
	begin();
	synth_source(&s, &plan);
	feed();
	show(REPORT_JSON);
	for (i = 0; i < sizeof(top) / sizeof(top[0]); i++) {
		snprintf(want, sizeof(want), "\n  \"%s\": ", top[i]);
		has(want);
	}
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		snprintf(want, sizeof(want), "\"%s\": ", fields[i]);
		has(want);
	}
	has("\"version\": 2,\n");
	has("\"verdict\": null,\n");
	has("\"protocol\": null,\n");
	has("\"findings\": [],\n");
	has("\"downtime_ns\": null,");
	has("\"vm\": \"web-07\",");
	has("\"outcome\": \"completed\",");
	has("\"estimate_at_switchover\": 1048576,");
	has("\"downtime_why\": \"the destination is not in the evidence\",");
	has("\"downtime\": null,");
	has("\"polls\": \"the driver has no .poll\"");
	has("\"destination\": null\n");
}

static void test_report_filter(void **state)
{
	const struct synth_plan plan = { .precopy = true, .precopy_reads = 2, .stop_copy_reads = 1 };

	(void)state;
	begin();
	synth_source(&s, &plan);
	synth_reset(&s);
	synth_pause(&s, 10 * SEC);
	synth_source(&s, &plan);
	feed();
	opt.migration = 2;
	show(REPORT_TEXT);
	has("MIGRATION 2");
	lacks("MIGRATION 1");
	opt.migration = 3;
	show(REPORT_TEXT);
	has("No migration in what was asked for.\n");
	opt.migration = 0;
	opt.window.to.ref = TIME_REF_FIRST;
	opt.window.to.ns = SEC;
	show(REPORT_TEXT);
	has("MIGRATION 1");
	lacks("MIGRATION 2");
}

static void test_info(void **state)
{
	const struct synth_plan plan = { .precopy = true, .precopy_reads = 2, .stop_copy_reads = 1 };

	(void)state;
	begin();
	synth_source(&s, &plan);
	feed();
	show(INFO_TEXT);
	assert_harmless(0);
	has("  kernel         6.12.95 #1 SMP\n");
	has("  hook           vfio ioctl fentry ok\n");
	has("  read                          6\n");
	has("  all                          25   236 calls before folding\n");
	has("  0000:3b:00.2, driver mlx5_vfio_pci, flags STOP_COPY|P2P|PRE_COPY, 1 migration\n");
	has("    stream 1, save \"synth_mig\", has read ioctl release, hooked read ioctl release\n"
	    "      no .poll: polls invisible\n");
	show(INFO_JSON);
	has("\"hook\": [\n");
	has("\"kernel\": \"6.12.95 #1 SMP\"");
	has("\"streams\": [\n");
}

static void test_info_value_max(void **state)
{
	char value[514], want[600];

	(void)state;
	memset(value, 'x', sizeof(value));
	value[512] = '\0';
	meta_add(&meta, "note", value);
	value[512] = 'y';
	value[513] = '\0';
	meta_add(&meta, "other", value);
	show(INFO_TEXT);
	snprintf(want, sizeof(want), "  note           %.512s\n", value);
	has(want);
	/* That it goes on is said; all of it is in the other form. */
	snprintf(want, sizeof(want), "  other          %.512s...\n", value);
	has(want);
	show(INFO_JSON);
	has(value);
}

static void test_lines(void **state)
{
	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 900 * US);
	synth_info(&s, MIB, 0);
	synth_read(&s, MIB, 61 * US);
	synth_read(&s, 4096, 61 * US);
	synth_empty_run(&s, -ENOMSG, 212, US, 40 * US);
	synth_set_state_fails(&s, MIG_STOP_COPY, EIO);
	show_lines();
	assert_harmless(100);
	assert_string_equal(
		out,
		"  +0.000100  web-07    0000:3b:00.2  RUNNING       device_open, 100 µs\n"
		"  +0.001012  web-07#1  0000:3b:00.2  PRE_COPY      arc RUNNING -> PRE_COPY, 900 µs [source begins]\n"
		"  +0.001012  web-07#1  0000:3b:00.2  PRE_COPY      stream_open save synth_mig, 0 ns\n"
		"  +0.001014  web-07#1  0000:3b:00.2  PRE_COPY      set_state PRE_COPY, 904 µs\n"
		"  +0.001029  web-07#1  0000:3b:00.2  PRE_COPY      precopy_info initial 1.00 MiB, dirty 0 B, 5.00 µs\n"
		"  +0.001100  web-07#1  0000:3b:00.2  PRE_COPY      read 1.00 MiB, 61.0 µs\n"
		"  +0.001171  web-07#1  0000:3b:00.2  PRE_COPY      read 4.00 KiB of 1.00 MiB, 61.0 µs\n"
		"  +0.009621  web-07#1  0000:3b:00.2  PRE_COPY      read ENOMSG ×212 in 8.44 ms\n"
		"  +0.009644  web-07#1  0000:3b:00.2  UNKNOWN       arc PRE_COPY -> STOP_COPY: EIO, 10.0 µs\n"
		"  +0.009646  web-07#1  0000:3b:00.2  UNKNOWN       set_state STOP_COPY: EIO, 14.0 µs\n");
	/* The same, from line to line. */
	teardown(NULL);
	setup(NULL);
	begin();
	synth_data_size(&s, MIB);
	opt.time = TIME_DELTA;
	show_lines();
	has("  +0.000015  web-07#1  0000:3b:00.2  RUNNING       data_size 1.00 MiB, 5.00 µs [source begins]\n");
}

static void test_hostile_names(void **state)
{
	static const char evil[] = "\033[2J\"<b>\\\xff\xe2\x80\xae\n\x9b";
	const struct synth_plan plan = { .precopy = true, .precopy_reads = 2, .stop_copy_reads = 1 };
	struct event *ev;
	int view;

	(void)state;
	meta_add(&meta, evil, evil);
	path = evil;
	synth_device(&s, 1, evil, evil, 7);
	synth_task(&s, 100, evil, evil);
	synth_open(&s);
	synth_source(&s, &plan);
	for (size_t i = 0; i < s.n; i++)
		if (s.ev[i].kind == EV_STREAM_OPEN)
			strcpy(s.ev[i].stream_open.name, evil);
	ev = synth_add(&s, EV_MARK, 0, 0);
	strcpy(ev->mark.text, evil);
	/* Not even the NUL is there. */
	ev = synth_add(&s, EV_MARK, 0, 0);
	memset(ev->mark.text, 'x', sizeof(ev->mark.text));
	memset(ev->comm, 'y', sizeof(ev->comm));
	show_lines();
	assert_harmless(0);
	has("\\x1b[2J\"<b>\\\\xff\\u202e");
	for (view = 0; view < VIEWS; view++) {
		show(view);
		if (view == REPORT_JSON || view == INFO_JSON) {
			assert_null(strchr(out, '\033'));
			has("\\u001b[2J");
		} else {
			assert_harmless(0);
			has("\\x1b[2J");
		}
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_report),
		T(test_report_sessions),
		T(test_report_in_flight),
		T(test_stop_without_end),
		T(test_report_troubles),
		T(test_report_close_unseen),
		T(test_report_nothing),
		T(test_report_stop),
		T(test_report_json_fields),
		T(test_report_filter),
		T(test_info),
		T(test_info_value_max),
		T(test_lines),
		T(test_hostile_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
