// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_view_export.c - CSV, Perfetto, OpenMetrics, the encoder below: what
 * tests/cli/export.sh cannot see in the recordings that it has
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/synth.h"
#include "util/pb.h"
#include "view/export.h"

static struct synth s;
static struct model *m;
static struct view_options opt;
static char *out;
static size_t out_len;

static int setup(void **state)
{
	(void)state;
	synth_init(&s);
	memset(&opt, 0, sizeof(opt));
	m = model_create();
	return m ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	model_destroy(m);
	synth_free(&s);
	free(out);
	out = NULL;
	return 0;
}

static void begin(const char *device, const char *comm, const char *vm)
{
	synth_device(&s, 1, device, "mlx5_vfio_pci", 7);
	synth_task(&s, 100, comm, vm);
	synth_open(&s);
}

/* What export does: to the end, then once more. */
static void export(const struct export_format *format)
{
	FILE *f = (free(out), open_memstream(&out, &out_len));
	struct event_context ctx;
	struct view_evidence e;
	struct view_file file;
	struct model *again;
	size_t i;
	void *x;

	for (i = 0; i < s.n; i++)
		assert_int_equal(model_feed(m, &s.ev[i], NULL), 0);
	view_one_file(&e, &file, m, "/tmp/x.vfs", NULL, NULL);
	if (format->sums) {
		format->sums(f, &e, &opt);
	} else {
		again = model_create();
		x = format->create(f, &opt, &e);
		for (i = 0; i < s.n; i++) {
			assert_int_equal(model_feed(again, &s.ev[i], &ctx), 0);
			assert_int_equal(format->event(x, again, &s.ev[i], &ctx), 0);
		}
		model_destroy(again);
		assert_int_equal(format->finish(x), 0);
		format->destroy(x);
	}
	fclose(f);
}

static void again(void)
{
	model_destroy(m);
	m = model_create();
}

static size_t times(const char *what)
{
	const char *p = out;
	size_t n = 0;

	while ((p = memmem(p, out_len - (size_t)(p - out), what, strlen(what)))) {
		p++;
		n++;
	}
	return n;
}

static void has(const char *what)
{
	if (!times(what))
		fail_msg("'%s' is missing in:\n%s", what, out);
}

/* Scripts go by these names; one more is added at the end of its kind only. */
static void test_csv_header(void **state)
{
	static const char header[] =
		"seq,t_ns,time,dur_ns,cpu,pid,tid,comm,kind,host,vm,device,driver,stream,migration,"
		"side,session,ret,errno,state,how,by,index,op,flags,target,reported,from,to,direction,name,adopted,"
		"initial_bytes,dirty_bytes,stop_copy_length,size,count,t_last_ns,mask,waits,wait_ns,"
		"refs,driver_refs,page_size,ranges,iova,length,call,age_ns,t_from_ns,t_to_ns,cause,what,text,code,signal,"
		"so_far,on_cpu_ns,asleep_ns,blocked_ns,lock_ns,runqueue_ns,fault_ns,faults,longest_ns,stack,send_ns,receive_ns,poll_ns,futex_ns,stopped_ns,kvm_log_ns,"
		"send_receiver_ns,send_buffers_ns,send_network_ns,srtt_ns,cwnd,retransmits,futex_vcpu_ns,"
		"function,depth,folded,total_ns,call_t_ns\r\n";

	(void)state;
	export(&export_csv);
	assert_string_equal(out, header);
}

static void test_csv_rows(void **state)
{
	struct event *ev;

	(void)state;
	begin("0000:3b:00.2", "=1+1", "a,\"b\"");
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 90 * US);
	synth_poll(&s, 0x41);
	synth_empty_run(&s, -ENOMSG, 3, US, 40 * US);
	ev = synth_add(&s, EV_MARK, 0, 0);
	ev->device = 0;
	strcpy(ev->mark.text, "two\nlines");
	export(&export_csv);
	has(",'=1+1,device_open,,\"a,\"\"b\"\"\",0000:3b:00.2,mlx5_vfio_pci,,,,,3,,RUNNING,,");
	has(",arc,,\"a,\"\"b\"\"\",0000:3b:00.2,mlx5_vfio_pci,,1,1,1,0,,PRE_COPY,,,,,,PRE_COPY,,RUNNING,"
	    "PRE_COPY,,");
	has(",stream_open,");
	/* The poll's wait ends at the read. */
	has(",IN|RDNORM,false,10000,");
	has(",-42,ENOMSG,PRE_COPY,");
	has(",1048576,3,1000000");
	has(",two\\x0alines,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\r\n");
}

static void test_pb(void **state)
{
	/* field 1: message { field 2: 300, field 3: "ab" }, field 16: 2^64 - 1 */
	static const uint8_t want[] = {
		0x0a, 0x87, 0x80, 0x80, 0x00, 0x10, 0xac, 0x02, 0x1a, 0x02, 'a',  'b',
		0x80, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
	};
	char big[200] = "";
	struct buf b = { 0 };
	size_t at;

	(void)state;
	at = pb_begin(&b, 1);
	pb_u64(&b, 2, 300);
	pb_string(&b, 3, "ab");
	pb_end(&b, at);
	pb_u64(&b, 16, UINT64_MAX);
	assert_int_equal(b.len, sizeof(want));
	assert_memory_equal(b.data, want, sizeof(want));
	/* A length of two digits. */
	buf_reset(&b);
	memset(big, 'x', sizeof(big) - 1);
	at = pb_begin(&b, 1);
	pb_string(&b, 1, big);
	pb_end(&b, at);
	assert_int_equal(b.data[1], 0x80 | ((199 + 3) & 0x7f));
	assert_int_equal(b.data[2], 0x81);
	buf_free(&b);
}

static void test_perfetto_overlap(void **state)
{
	struct event *ev;

	(void)state;
	begin("0000:3b:00.2", "mig", "web-07");
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 90 * US);
	synth_read(&s, MIB, 60 * US);
	synth_read(&s, MIB, 60 * US);
	export(&export_perfetto);
	assert_int_equal(times("thread 100"), 1);
	assert_int_equal(times("read"), 2 + 1);
	/* Two at once: the second needs a track of its own, the third does not. */
	synth_read(&s, MIB, 60 * US);
	ev = &s.ev[s.n - 1];
	ev->t_ns = s.ev[s.n - 2].t_ns + 10 * US;
	synth_read(&s, MIB, 60 * US);
	again();
	export(&export_perfetto);
	assert_int_equal(times("thread 100"), 2);
}

/* More tracks than were thought of at first, each with its own bytes. */
static void test_perfetto_many(void **state)
{
	char name[32];
	uint32_t i;

	(void)state;
	for (i = 1; i <= 100; i++) {
		snprintf(name, sizeof(name), "0000:%02x:00.2", i);
		synth_device(&s, i, name, "mlx5_vfio_pci", 7);
		synth_task(&s, 100 + i, "mig", "web-07");
		synth_open(&s);
		synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 90 * US);
		synth_read(&s, MIB, 60 * US);
	}
	export(&export_perfetto);
	assert_int_equal(times("bytes moved"), 100);
	assert_int_equal(times("(mlx5_vfio_pci)"), 100);
	/* A counter's 1 MiB: field 30, varint. */
	assert_int_equal(times("\xf0\x01\x80\x80\x40"), 100);
}

/* What a stop was spent on is a track of its own, where something of that was recorded. */
static void test_perfetto_reasons(void **state)
{
	struct event *ev;
	int with;

	(void)state;
	for (with = 0; with < 2; with++) {
		synth_free(&s);
		synth_init(&s);
		again();
		begin("0000:3b:00.2", "mig", "web-07");
		synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 90 * US);
		synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), 90 * US);
		ev = synth_between(&s, 70 * MS);
		ev->why.on_cpu_ns = 20 * MS;
		ev->why.futex_ns = 50 * MS;
		if (!with)
			ev->kind = EV_MARK;
		/* Between these two nothing was. */
		synth_read(&s, MIB, 60 * US);
		synth_read(&s, 0, 60 * US);
		synth_set_state(&s, SYNTH_PATH(MIG_STOP), 90 * US);
		export(&export_perfetto);
		assert_int_equal(times("what it was spent on: sums, end to end"), with);
		assert_int_equal(times("waiting for another thread") > 0, with);
		assert_int_equal(times("not recorded"), with);
	}
}

static size_t first(const char *what)
{
	const char *at = memmem(out, out_len, what, strlen(what));

	if (!at)
		fail_msg("'%s' is missing", what);
	return (size_t)(at - out);
}

/* Functions come innermost first, and are written in the order of their begins, in their call. */
static void test_perfetto_inside(void **state)
{
	struct event *ev;

	(void)state;
	begin("0000:3b:00.2", "mig", "web-07");
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 90 * US);
	synth_inside(&s, EV_ARC, "in_the_step", 10 * US, 50 * US);
	synth_read(&s, MIB, 900 * US);
	synth_inside(&s, EV_READ, "innermost", 200 * US, 100 * US)->inside.depth = 1;
	synth_inside(&s, EV_READ, "outermost", 100 * US, 300 * US);
	synth_inside(&s, EV_READ, "afterwards", 500 * US, 100 * US);
	ev = synth_inside(&s, EV_READ, "shortly", 0, 900 * US);
	ev->inside.folded = 1;
	ev->inside.count = 12;
	export(&export_perfetto);
	assert_true(first("set_state(") < first("in_the_step"));
	assert_true(first("PRE_COPY") < first("in_the_step"));
	assert_true(first("outermost") < first("innermost"));
	assert_true(first("innermost") < first("afterwards"));
	assert_int_equal(times("shortly x12"), 1);
	assert_int_equal(times("thread 100"), 1);
	/* What lies across another needs a track of its own. */
	synth_read(&s, MIB, 900 * US);
	synth_inside(&s, EV_READ, "earlier", 100 * US, 300 * US);
	synth_inside(&s, EV_READ, "across", 200 * US, 300 * US);
	again();
	export(&export_perfetto);
	assert_int_equal(times("thread 100"), 2);
}

/* More in one call than are held back: those before go out without it, and none is missing. */
static void test_perfetto_inside_max(void **state)
{
	const uint32_t n = 4096 + 1;
	uint32_t i;

	(void)state;
	begin("0000:3b:00.2", "mig", "web-07");
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 90 * US);
	for (i = 0; i < n; i++) {
		struct event *ev = synth_add(&s, EV_INSIDE, 1, 0);

		ev->inside.call = EV_READ;
		ev->inside.call_t_ns = s.now;
		ev->inside.count = ev->inside.total_ns = ev->inside.longest_ns = 1;
		strcpy(ev->inside.function, "all_the_time");
	}
	synth_read(&s, MIB, 60 * US);
	export(&export_perfetto);
	/* Each by its name, and as a note of its own. */
	assert_int_equal(times("all_the_time"), 2 * n);
}

static void test_perfetto_names(void **state)
{
	(void)state;
	begin("dev\033[1m\xff", "c\xe2\x80\xae", "vm");
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 90 * US);
	synth_empty_run(&s, -ENOMSG, 212, US, 40 * US);
	synth_set_state_fails(&s, MIG_STOP, EIO);
	export(&export_perfetto);
	assert_int_equal(times("\033"), 0);
	assert_int_equal(times("\xe2\x80\xae"), 0);
	has("dev\\x1b[1m\\xff (mlx5_vfio_pci)");
	has("ENOMSG x212");
	has("PRE_COPY -> STOP EIO");
	has("set_state(STOP) EIO");
	has("RUNNING -> PRE_COPY");
}

static void test_openmetrics_names(void **state)
{
	(void)state;
	begin("dev\"\\", "mig", "a\nb\"} 1");
	synth_source(&s, &(struct synth_plan){ 8, 4, true });
	export(&export_openmetrics);
#define REC "{recording=\"x.vfs\",began=\"2026-01-02T03:04:05.000000000Z\","
#define VM  "vm=\"a\\\\x0ab\\\"} 1\","
	has("vfioscope_migration_info" REC VM
	    "outcome=\"completed\",sides=\"source\",migration=\"1\"} 1\n");
	/* What is not known has no sample. */
	assert_int_equal(times("vfioscope_downtime_seconds{"), 0);
	has("# TYPE vfioscope_downtime_seconds gauge\n");
	has("vfioscope_moved_bytes" REC VM "migration=\"1\",side=\"1\",session=\"1\","
	    "device=\"dev\\\"\\\\\",driver=\"mlx5_vfio_pci\",phase=\"stop_copy\",role=\"source\"} "
	    "4194304\n");
	assert_int_equal(times("# EOF\n"), 1);
	assert_string_equal(out + out_len - 6, "# EOF\n");
}

/* A state that was left and came back: all the time in it. */
static void test_openmetrics_dwell(void **state)
{
	static const char sample[] = "state=\"PRE_COPY\",role=\"source\"} ";
	const struct session *g;
	uint64_t ns = 0;
	const char *at;
	uint32_t i, n = 0;

	(void)state;
	begin("0000:3b:00.2", "mig", "web-07");
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_pause(&s, 30 * MS);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_pause(&s, 70 * MS);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P, MIG_STOP_COPY), MS);
	export(&export_openmetrics);
	g = model_session(m, 1);
	for (i = 0; i < g->n_states; i++) {
		if (g->states[i].state != MIG_PRE_COPY)
			continue;
		ns += g->states[i].dwell_ns;
		n++;
	}
	assert_int_equal(n, 2);
	at = strstr(out, sample);
	assert_non_null(at);
	assert_int_equal(strtod(at + strlen(sample), NULL) * 1e9 + 0.5, ns);
}

/* The counter of bytes begins anew with each data FD. */
static void test_perfetto_moved(void **state)
{
	(void)state;
	begin("0000:3b:00.2", "mig", "web-07");
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_read(&s, MIB, US);
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), MS);
	synth_stream_close(&s);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_read(&s, MIB, US);
	export(&export_perfetto);
	/* 1 MiB twice, and never 2. */
	assert_int_equal(times("\xf0\x01\x80\x80\x40"), 2);
	assert_int_equal(times("\xf0\x01\x80\x80\x80\x01"), 0);
}

/* A host that one file names is not that of what is in another. */
static void test_openmetrics_whose_host(void **state)
{
	struct view_file file[2];
	struct view_evidence e;
	struct meta meta = { 0 };
	size_t i, n;
	FILE *f;

	(void)state;
	begin("0000:3b:00.2", "mig", "web-07");
	synth_source(&s, &(struct synth_plan){ 8, 4, true });
	for (i = 0; i < s.n; i++)
		assert_int_equal(model_feed(m, &s.ev[i], NULL), 0);
	meta_add(&meta, "host", "node7");
	for (n = 1; n <= 2; n++) {
		view_one_file(&e, &file[0], m, "/tmp/x.vfs", &meta, NULL);
		file[1] = (struct view_file){ .path = "/tmp/y.vfs" };
		e.n_files = n;
		free(out);
		f = open_memstream(&out, &out_len);
		export_openmetrics.sums(f, &e, &opt);
		fclose(f);
		has("vfioscope_device_sessions{");
		assert_int_equal(strstr(strstr(out, "vfioscope_device_sessions{"),
					"host=\"node7\"") <
					 strstr(strstr(out, "vfioscope_device_sessions{"), "\n"),
				 n == 1);
	}
	meta_clear(&meta);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_csv_header, setup, teardown),
		cmocka_unit_test_setup_teardown(test_csv_rows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pb, setup, teardown),
		cmocka_unit_test_setup_teardown(test_perfetto_overlap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_perfetto_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_perfetto_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_perfetto_reasons, setup, teardown),
		cmocka_unit_test_setup_teardown(test_perfetto_inside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_perfetto_inside_max, setup, teardown),
		cmocka_unit_test_setup_teardown(test_openmetrics_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_openmetrics_dwell, setup, teardown),
		cmocka_unit_test_setup_teardown(test_perfetto_moved, setup, teardown),
		cmocka_unit_test_setup_teardown(test_openmetrics_whose_host, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
