// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_view_ndjson.c - lines of NDJSON, letter by letter
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/synth.h"
#include "view/view.h"

static struct synth s;
static struct model *m, *end;
static bool goes_on;
static struct view_options opt;
static char *out;
static size_t out_len;

static int setup(void **state)
{
	(void)state;
	synth_init(&s);
	memset(&opt, 0, sizeof(opt));
	m = model_create();
	end = model_create();
	goes_on = false;
	return m && end ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	model_destroy(m);
	model_destroy(end);
	synth_free(&s);
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

static void export(void)
{
	FILE *f = open_memstream(&out, &out_len);
	struct event_context ctx;
	struct ndjson *n;
	size_t i;

	for (i = 0; i < s.n; i++)
		assert_int_equal(model_feed(end, &s.ev[i], NULL), 0);
	n = ndjson_create(f, &opt, goes_on ? NULL : end);
	for (i = 0; i < s.n; i++) {
		assert_int_equal(model_feed(m, &s.ev[i], &ctx), 0);
		assert_int_equal(ndjson_event(n, m, &s.ev[i], &ctx), 0);
	}
	assert_int_equal(ndjson_finish(n), 0);
	ndjson_destroy(n);
	fclose(f);
}

static size_t lines(void)
{
	size_t n = 0;
	const char *p;

	for (p = out; (p = strchr(p, '\n')); p++)
		n++;
	return n;
}

/* Line @n, from 1; the newline is cut off. */
static const char *line(size_t n)
{
	static char buf[4096];
	const char *p = out;

	while (--n)
		p = strchr(p, '\n') + 1;
	snprintf(buf, sizeof(buf), "%.*s", (int)strcspn(p, "\n"), p);
	return buf;
}

#define HEAD(seq, us, dur)                                                     \
	"{\"seq\":" #seq ",\"t_ns\":1000000" #us "000,"                        \
	"\"time\":\"2026-01-02T03:04:05.000" #us "000Z\",\"dur_ns\":" #dur "," \
	"\"cpu\":0,\"pid\":100,\"tid\":100,\"comm\":\"mig\","
#define WHO "\"vm\":\"web-07\",\"device\":\"0000:3b:00.2\",\"driver\":\"mlx5_vfio_pci\","

static void test_golden(void **state)
{
	struct event *ev;

	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 90 * US);
	synth_info(&s, 4096, 0);
	synth_read(&s, 4096, 10 * US);
	synth_empty_run(&s, -ENOMSG, 3, US, 40 * US);
	ev = synth_add(&s, EV_SET_STATE, US, -EINVAL);
	ev->set_state.target = 8;
	ev = synth_add(&s, EV_SET_STATE, US, -EFAULT);
	ev->set_state.target = EVENT_TARGET_NONE;
	synth_add(&s, EV_PRECOPY_INFO, US, -EINVAL)->stream = 1;
	export();
	assert_int_equal(lines(), 10);
	assert_string_equal(line(1), HEAD(4, 000, 100000) "\"kind\":\"device_open\"," WHO
							  "\"ret\":3,\"state\":\"RUNNING\"}");
	assert_string_equal(
		line(2),
		HEAD(5, 112,
		     90000) "\"kind\":\"arc\"," WHO
			    "\"migration\":1,\"side\":1,\"session\":1,\"ret\":0,\"state\":\"PRE_COPY\","
			    "\"from\":\"RUNNING\",\"to\":\"PRE_COPY\",\"target\":\"PRE_COPY\"}");
	assert_string_equal(
		line(3),
		HEAD(6, 202,
		     0) "\"kind\":\"stream_open\"," WHO
			"\"stream\":1,\"migration\":1,\"side\":1,\"session\":1,\"ret\":0,\"state\":\"PRE_COPY\","
			"\"direction\":\"save\",\"name\":\"synth_mig\",\"adopted\":false}");
	assert_string_equal(
		line(4),
		HEAD(7, 110,
		     94000) "\"kind\":\"set_state\"," WHO
			    "\"stream\":1,\"migration\":1,\"side\":1,\"session\":1,\"ret\":0,\"state\":\"PRE_COPY\",\"target\":\"PRE_COPY\"}");
	assert_string_equal(
		line(5),
		HEAD(8, 214,
		     5000) "\"kind\":\"precopy_info\"," WHO
			   "\"stream\":1,\"migration\":1,\"side\":1,\"session\":1,\"ret\":0,\"state\":\"PRE_COPY\","
			   "\"initial_bytes\":4096,\"dirty_bytes\":0,\"flags\":0}");
	assert_string_equal(
		line(6),
		HEAD(9, 229,
		     10000) "\"kind\":\"read\"," WHO
			    "\"stream\":1,\"migration\":1,\"side\":1,\"session\":1,\"ret\":4096,\"state\":\"PRE_COPY\","
			    "\"size\":1048576}");
	assert_string_equal(
		line(7),
		HEAD(10, 249,
		     3000) "\"kind\":\"read\"," WHO
			   "\"stream\":1,\"migration\":1,\"side\":1,\"session\":1,\"ret\":-42,\"errno\":\"ENOMSG\","
			   "\"state\":\"PRE_COPY\",\"size\":1048576,\"count\":3,"
			   "\"t_last_ns\":1000000329000}");
	assert_string_equal(
		line(8),
		HEAD(11, 340,
		     1000) "\"kind\":\"set_state\"," WHO
			   "\"migration\":1,\"side\":1,\"session\":1,\"ret\":-22,\"errno\":\"EINVAL\",\"state\":\"PRE_COPY\","
			   "\"target\":8}");
	/* Absent when the call failed before it named one. */
	assert_string_equal(
		line(9),
		HEAD(12, 351,
		     1000) "\"kind\":\"set_state\"," WHO
			   "\"migration\":1,\"side\":1,\"session\":1,\"ret\":-14,\"errno\":\"EFAULT\",\"state\":\"PRE_COPY\"}");
	/* What a failed call gave is nothing. */
	assert_string_equal(
		line(10),
		HEAD(13, 362,
		     1000) "\"kind\":\"precopy_info\"," WHO
			   "\"stream\":1,\"migration\":1,\"side\":1,\"session\":1,\"ret\":-22,\"errno\":\"EINVAL\","
			   "\"state\":\"PRE_COPY\"}");
}

/* Every other kind, whole. */
static void test_golden_kinds(void **state)
{
	struct event *ev;

	(void)state;
	begin();
	ev = synth_add(&s, EV_RESET, US, 0);
	ev->reset.how = RESET_HOT;
	synth_add(&s, EV_DEVICE_RESET, US, 0);
	ev = synth_add(&s, EV_FEATURE, US, -ENOTTY);
	ev->feature.index = 3;
	ev->feature.op = FEATURE_OP_PROBE;
	synth_add(&s, EV_MIGRATION_FLAGS, US, 0)->migration_flags.flags = 7;
	synth_add(&s, EV_GET_STATE, US, 0)->get_state.reported = MIG_RUNNING;
	synth_add(&s, EV_PRECOPY_INFO_V2, US, 0);
	synth_data_size(&s, 99);
	ev = synth_add(&s, EV_DMA_LOG_START, US, 0);
	ev->dma_log.page_size = 4096;
	ev->dma_log.ranges = 2;
	synth_dma_report(&s, US);
	synth_add(&s, EV_DMA_LOG_STOP, US, 0);
	ev = synth_add(&s, EV_STUCK, 0, 0);
	ev->stuck.call = EV_READ;
	ev->stuck.age_ns = SEC;
	s.device = 0;
	synth_loss(&s, 5, 1, 2, EV_NONE);
	ev = synth_add(&s, EV_MARK, 0, 0);
	strcpy(ev->mark.text, "here");
	export();
	assert_int_equal(lines(), 14);
#define SIDE	     "\"migration\":1,\"side\":1,"
#define HAS(n, what) assert_non_null(strstr(line(n), what))
	HAS(2, "\"kind\":\"reset\"," WHO "\"ret\":0,\"state\":\"RUNNING\",\"how\":\"hot\"}");
	HAS(3, "\"kind\":\"device_reset\"," WHO "\"ret\":0,\"state\":\"RUNNING\"}");
	HAS(4,
	    "\"ret\":-25,\"errno\":\"ENOTTY\",\"state\":\"RUNNING\",\"index\":3,\"op\":\"probe\"}");
	HAS(5, "\"flags\":[\"STOP_COPY\",\"P2P\",\"PRE_COPY\"]}");
	HAS(6, "\"kind\":\"get_state\"," WHO
	       "\"ret\":0,\"state\":\"RUNNING\",\"reported\":\"RUNNING\"}");
	HAS(7, "\"kind\":\"precopy_info_v2\"," WHO "\"ret\":0,\"state\":\"RUNNING\"}");
	HAS(8, "\"kind\":\"data_size\"," WHO SIDE
	       "\"ret\":0,\"state\":\"RUNNING\",\"stop_copy_length\":99}");
	HAS(9, "\"kind\":\"dma_log_start\"," WHO SIDE
	       "\"ret\":0,\"state\":\"RUNNING\",\"page_size\":4096,\"ranges\":2}");
	HAS(10, "\"page_size\":4096,\"iova\":0,\"length\":1048576}");
	HAS(11, "\"kind\":\"dma_log_stop\"," WHO SIDE "\"ret\":0,\"state\":\"RUNNING\"}");
	HAS(12, "\"kind\":\"stuck\"," WHO
		"\"state\":\"RUNNING\",\"call\":\"read\",\"age_ns\":1000000000}");
	HAS(13,
	    "\"comm\":\"\",\"kind\":\"loss\",\"count\":5,\"t_from_ns\":1,\"t_to_ns\":2,\"cause\":\"ring\"}");
	HAS(14, "\"kind\":\"mark\",\"vm\":\"web-07\",\"text\":\"here\"}");
}

static void test_poll_wait(void **state)
{
	struct event *ev;

	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	s.tid = 1;
	synth_poll(&s, 0); /* waits */
	s.tid = 2;
	synth_read(&s, 5, US); /* somebody else's call */
	s.tid = 1;
	synth_pause(&s, 3 * MS);
	synth_poll(&s, 0x41); /* the next call, and a poll again */
	s.tid = 1;
	ev = synth_add(&s, EV_ARC, 0, -5); /* inside the next call */
	ev->arc.from = ev->arc.to = ev->arc.target = MIG_PRE_COPY;
	synth_read(&s, 5, US);
	s.tid = 3;
	synth_poll(&s, 0); /* never ends */
	s.tid = 1;
	synth_read(&s, 5, US);
	export();
	assert_int_equal(lines(), 11);
	/* From its end to the next call's begin. */
	HAS(5, "\"mask\":[],\"waits\":true,\"wait_ns\":3021000}");
	HAS(6, "\"kind\":\"read\"");
	HAS(7, "\"mask\":[\"IN\",\"RDNORM\"],\"waits\":false,\"wait_ns\":20000}");
	HAS(10, "\"mask\":[],\"waits\":true}");
	HAS(11, "\"kind\":\"read\"");
}

/* What is joined with what is known at the end only: a live stream has no migration. */
static void test_goes_on(void **state)
{
	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	goes_on = true;
	export();
	assert_null(strstr(out, "\"migration\""));
	HAS(4, "\"stream\":1,\"side\":1,\"session\":1,\"ret\":0,");
}

/*
 * What is held back outlives what the model knew of its VM: the name is that of its
 * time, and no memory that was given back.
 */
static void test_held_names(void **state)
{
	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	s.tid = 1;
	synth_poll(&s, 0);
	s.tid = 2;
	synth_task(&s, 100, "mig", "renamed");
	synth_read(&s, 5, US);
	export();
	HAS(5, "\"kind\":\"poll\",\"vm\":\"web-07\"");
	HAS(6, "\"kind\":\"read\",\"vm\":\"renamed\"");
}

/* A wait that never ends holds back a bounded number of lines, in order. */
static void test_poll_hold_is_bounded(void **state)
{
	const char *p;
	char want[32];
	uint32_t i;

	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	for (i = 0; i < 3 * NDJSON_HOLD_MAX; i++) {
		s.tid = i % 500 ? 7 : 1000 + i;
		if (i % 500)
			synth_read(&s, 1, US);
		else
			synth_poll(&s, 0);
	}
	export();
	assert_int_equal(lines(), 4 + 3 * NDJSON_HOLD_MAX);
	for (p = out, i = 4; *p; p = strchr(p, '\n') + 1, i++) {
		snprintf(want, sizeof(want), "{\"seq\":%u,", i);
		assert_memory_equal(p, want, strlen(want));
	}
}

static void test_filters(void **state)
{
	const struct synth_plan plan = { .precopy = true, .precopy_reads = 1, .stop_copy_reads = 1 };

	(void)state;
	begin();
	synth_source(&s, &plan);
	synth_device(&s, 2, "b", "drv", 7);
	synth_open(&s);
	synth_source(&s, &plan);
	opt.migration = 2;
	export();
	/* With what its side did before the first data FD. */
	assert_int_equal(lines(), 23);
	assert_null(strstr(out, "\"migration\":1"));
	assert_null(strstr(out, "device_open"));
}

static void test_window(void **state)
{
	uint32_t i;

	(void)state;
	begin(); /* begins at 1000 s, 2026-01-02T03:04:05Z */
	for (i = 0; i < 9; i++) {
		s.now = (1001 + i) * SEC;
		synth_data_size(&s, i); /* takes its time */
	}
	opt.window.from.ref = TIME_REF_FIRST;
	opt.window.from.ns = 3 * SEC;
	opt.window.to.ref = TIME_REF_REALTIME;
	opt.window.to.ns = 1767323045ULL * SEC + 5 * SEC;
	export();
	/* The last one ends behind it. */
	assert_int_equal(lines(), 2);
	HAS(1, "\"stop_copy_length\":2}");
	HAS(2, "\"stop_copy_length\":3}");
}

static void test_hostile_names(void **state)
{
	(void)state;
	synth_device(&s, 1, "\033[2J\"dev\\", "\xff\xfe", 7);
	synth_task(&s, 100, "c\"\n\x01",
		   "\xe2\x80\xae"
		   "vm\033]0;x\a");
	synth_open(&s);
	s.device = 0;
	strcpy(synth_add(&s, EV_MARK, 0, 0)->mark.text, "}\n{\"seq\":1}");
	export();
	assert_int_equal(lines(), 2);
	for (const char *p = out; *p; p++)
		assert_true((unsigned char)*p >= 0x20 || *p == '\n');
	HAS(1, "\"comm\":\"c\\\"\\u000a\\u0001\"");
	HAS(1, "\"device\":\"\\u001b[2J\\\"dev\\\\\",\"driver\":\"\\u00ff\\u00fe\"");
	HAS(2, "\"text\":\"}\\u000a{\\\"seq\\\":1}\"}");
}

/* The schema names every field of every public kind. */
static void test_schema(void **state)
{
	char want[64];
	uint32_t kind;
	FILE *f;

	(void)state;
	f = open_memstream(&out, &out_len);
	ndjson_schema(f);
	fclose(f);
	for (kind = 1; kind < EV_KIND_NR; kind++) {
		const struct event_field *fd;
		size_t n, i;

		snprintf(want, sizeof(want), "\"const\": \"%s\"",
			 event_kind_name(kind) ? event_kind_name(kind) : "?");
		assert_int_equal(strstr(out, want) != NULL, event_kind_is_public(kind));
		fd = event_fields(kind, &n);
		for (i = 0; i < n && event_kind_is_public(kind); i++) {
			snprintf(want, sizeof(want), "\"%s\": {", fd[i].name);
			if (!(fd[i].flags & EFF_INTERNAL))
				assert_non_null(strstr(out, want));
		}
	}
	assert_null(strstr(out, "\"hooked\""));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_golden),	 T(test_golden_kinds), T(test_poll_wait),
		T(test_goes_on), T(test_held_names),   T(test_poll_hold_is_bounded),
		T(test_filters), T(test_window),       T(test_hostile_names),
		T(test_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
