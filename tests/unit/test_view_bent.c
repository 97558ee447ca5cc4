// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_view_bent.c - the plays, bent, and what every view prints of that
 *
 * tests/data/values/views.txt has a sum per play and view; BLESS=1 writes it anew.  What a
 * view has to say stands in tests/golden: here it is only held that it goes on to say that
 * where evidence is odd.  To see what became different, hold the texts of two builds side
 * by side:
 *
 *	SHOW='PLAY: VIEW' build/tests/unit/test_view_bent
 */
#include <locale.h>

#include "tests/unit/bent.h"
#include "view/advise.h"
#include "view/diff.h"
#include "view/export.h"
#include "view/list.h"
#include "view/metrics.h"
#include "view/samples.h"
#include "view/trends.h"
#include "view/vmm_words.h"

#define DO(what) assert_int_equal(what, 0)

/* ---- what models do not care for, and views do ---- */

static const char *const functions[] = {
	"mlx5vf_save_<callback>",
	"vfio_\033[31mpin",
	"migf&read",
	"a_very_long_name_of_a_function_which_somebody_typed_once_and_no_table_has_room_for",
};

/* In each @nth call a function ran, once or often; one of them cannot be seen. */
static void with_functions(uint64_t nth)
{
	struct event *ev;
	size_t i, k, n = 0;

	for (i = 0; i < e.n && !event_kind_is_public(e.ev[i].kind); i++)
		;
	for (k = 0; k < 4 && i < e.n; k++, i++) {
		ev = insert(i, 1);
		memset(ev, 0, sizeof(*ev));
		ev->kind = EV_FUNCTION;
		ev->t_ns = ev[1].t_ns;
		ev->host = ev[1].host;
		ev->function_def.unseen = k == 2 ? UNSEEN_REFUSED : UNSEEN_NOT;
		ev->ret = k == 2 ? -EINVAL : 0;
		snprintf(ev->function_def.name, sizeof(ev->function_def.name), "%s", functions[k]);
	}
	for (; i < e.n; i++) {
		const struct event *of = &e.ev[i];

		if (!(event_traits(of->kind) & EVT_CALL) || event_calls(of) > 1 || i % nth)
			continue;
		ev = insert(i++, 1);
		*ev = ev[1];
		ev->kind = EV_INSIDE;
		ev->ret = 0;
		memset(&ev->inside, 0, sizeof(ev->inside));
		ev->inside.call = ev[1].kind;
		ev->inside.call_t_ns = ev->t_ns;
		ev->inside.folded = n % 3 == 1;
		ev->inside.count = ev->inside.folded ? n % 5 + 1 : 1;
		ev->inside.depth = n % 2;
		if (!ev->inside.folded) {
			ev->t_ns += ev->dur_ns / 4;
			ev->dur_ns /= 2;
		}
		ev->inside.total_ns = ev->dur_ns;
		ev->inside.longest_ns = ev->dur_ns / ev->inside.count;
		snprintf(ev->inside.function, sizeof(ev->inside.function), "%s",
			 functions[n++ * 7 % 4]);
	}
}

/* What threads waited for, in calls and between two, of those kinds that have no other bend. */
static void with_waits(uint64_t by)
{
	size_t i, n = 0;

	slower(by);
	for (i = 1; i < e.n; i++) {
		const struct event *of = &e.ev[i];
		struct event *ev;
		uint64_t part, took;
		bool between;

		between = n % 3 == 2 && of->t_ns > event_end_ns(of - 1) + EVENT_WHY_MIN_NS;
		took = between ? of->t_ns - event_end_ns(of - 1) : of->dur_ns;
		if (!(event_traits(of->kind) & EVT_CALL) || took < EVENT_WHY_MIN_NS ||
		    event_calls(of) > 1)
			continue;
		ev = insert(i++, 1);
		*ev = ev[1];
		ev->kind = EV_WHY;
		ev->ret = 0;
		memset(&ev->why, 0, sizeof(ev->why));
		if (between) {
			ev->t_ns = of->t_ns - took;
			ev->device = ev->stream = 0;
		}
		ev->dur_ns = took;
		part = took / 8;
		ev->why.call = between ? EV_NONE : ev[1].kind;
		ev->why.so_far = 0;
		ev->why.send_ns = n % 2 ? 3 * part : EVENT_NOT_SEEN;
		ev->why.send_receiver_ns = n % 4 == 1 ? part : EVENT_NOT_SEEN;
		ev->why.send_buffers_ns = n % 4 == 1 ? part / 2 : EVENT_NOT_SEEN;
		ev->why.send_network_ns = n % 4 == 1 ? part * 3 / 2 : EVENT_NOT_SEEN;
		ev->why.srtt_ns = n % 4 == 1 ? 40000000 : EVENT_NOT_SEEN;
		ev->why.cwnd = n % 4 == 1 ? n : EVENT_NOT_SEEN;
		ev->why.retransmits = n % 4 == 1 ? n % 3 : EVENT_NOT_SEEN;
		ev->why.receive_ns = n % 5 == 0 ? part : 0;
		ev->why.poll_ns = n % 5 == 1 ? part : 0;
		ev->why.futex_ns = n % 5 == 2 ? 2 * part : 0;
		ev->why.futex_vcpu_ns = n % 10 == 2 ? part : EVENT_NOT_SEEN;
		ev->why.stopped_ns = n % 5 == 3 ? part : 0;
		ev->why.kvm_log_ns = n % 5 == 4 ? part : 0;
		ev->why.lock_ns = EVENT_NOT_SEEN;
		ev->why.on_cpu_ns = took - (n % 2 ? 3 * part : 0) - ev->why.receive_ns -
				    ev->why.poll_ns - ev->why.futex_ns - ev->why.stopped_ns -
				    ev->why.kvm_log_ns;
		ev->why.longest_ns = n % 2 ? 2 * part : 0;
		snprintf(ev->why.stack, sizeof(ev->why.stack), "%s",
			 n % 3 ? "sk_stream_wait_memory+0x2f < tcp_sendmsg<&>\033" : "");
		n++;
	}
}

/* Nobody's word is to be trusted. */
static void hostile(uint64_t nth)
{
	size_t i;

	for (i = 0; i < e.n; i++) {
		struct event *ev = &e.ev[i];

		if (ev->kind == EV_TASK)
			snprintf(ev->task_def.vm, sizeof(ev->task_def.vm),
				 "vm,\"%zu\"\n<b>\033[2J\xc3\xa4\xff&;=:|", i % nth);
		else if (ev->kind == EV_DEVICE)
			snprintf(ev->device_def.driver, sizeof(ev->device_def.driver),
				 "d,\"<r>\033\xe2\x80\xae%zu\\'", i % nth);
		else if (ev->kind == EV_HOST)
			snprintf(ev->host_def.name, sizeof(ev->host_def.name), "h\xff<%zu>,::", i);
		else if (ev->pid)
			snprintf(ev->comm, sizeof(ev->comm), "c\033%u<,\"", ev->tid % 10);
	}
}

/* Somebody's notes among the events, and QEMU's moments of a downtime. */
static void with_marks(uint64_t nth)
{
	static const char *const words[] = {
		"before the <b>test</b>\033[2J",
		"qemu: vmstate_downtime_checkpoint src-downtime-start",
		"qemu: vmstate_downtime_checkpoint src-vm-stopped",
		"",
		"qemu: vmstate_downtime_checkpoint dst-precopy-bh-enter",
		"a, \"b\" ; c\xff",
	};
	struct event *ev;
	size_t i, k = 0;

	for (i = nth; i < e.n; i += nth) {
		if (!event_kind_is_public(e.ev[i].kind))
			continue;
		ev = insert(i, 1);
		memset(ev, 0, sizeof(*ev));
		ev->kind = EV_MARK;
		ev->t_ns = event_end_ns(ev - 1);
		ev->host = ev[1].host;
		snprintf(ev->mark.text, sizeof(ev->mark.text), "%s", words[k++ % 6]);
	}
}

static void as_it_is(uint64_t unused)
{
	(void)unused;
}

static const struct bent more_bents[] = {
	{ "straight", .one = as_it_is },
	{ "functions", .one = with_functions, .arg = 3 },
	{ "all-functions", .one = with_functions, .arg = 1 },
	{ "waits", .one = with_waits, .arg = 1 },
	{ "waits-20", .one = with_waits, .arg = 20 },
	{ "hostile", .one = hostile, .arg = 3 },
	{ "marks", .one = with_marks, .arg = 6 },
};

#define MORE_BENTS (sizeof(more_bents) / sizeof(more_bents[0]))

/* ---- what there is of one ---- */

struct all_of {
	struct model *m;
	struct judge *j;
	struct trends *trends;
	struct vmm_words *words;
	struct summary sum;
	struct view_file file;
	struct view_evidence v;
	char path[80];
};

static const struct meta said = {
	.n = 3,
	.entries =
		(struct meta_entry[]){
			{ (char *)"clock", (char *)"tied by <hand>" },
			{ (char *)"bound", (char *)"off by 2 ms at most" },
			{ (char *)"step", (char *)"the clock of day was set" },
		},
};

static void take_in(struct all_of *x, const char *play, size_t i)
{
	struct event_context ctx;
	struct judge_opts opts;
	size_t k;

	judge_opts_init(&opts);
	opts.max_downtime_ns = 300000000;
	opts.max_arc_ns = opts.max_read_ns = opts.max_write_ns = 10000000;
	x->m = model_create();
	x->j = judge_create(&opts);
	x->trends = trends_create();
	x->words = vmm_words_create();
	assert_true(x->m && x->j && x->trends && x->words);
	model_set_clock_bound(x->m, e.bound_ns);
	for (k = 0; k < e.n; k++) {
		DO(model_feed(x->m, &e.ev[k], &ctx));
		DO(judge_feed(x->j, x->m, &e.ev[k], &ctx));
		DO(trends_event(x->trends, x->m, &e.ev[k], &ctx));
		if (e.ev[k].kind == EV_MARK)
			DO(vmm_words_take(x->words, &e.ev[k]));
	}
	DO(judge_finish(x->j, x->m,
			&(struct judge_evidence){ .health = &e.health, .meta = &e.meta }));
	snprintf(x->path, sizeof(x->path), "%s<%zu>.vfs", play, i);
	view_one_file(&x->v, &x->file, x->m, x->path, &e.meta, &e.health);
	x->v.judge = x->j;
	x->v.trends = x->trends;
	x->v.words = x->words;
	x->v.clock = i % 5 == 1 ? &said : NULL;
	x->v.bound_ns = e.bound_ns ?: i % 3 == 1 ? 2000000 : i % 3 == 2 ? UINT64_MAX : 0;
	DO(summary_of(&x->sum, &x->v));
}

static void give_back(struct all_of *x)
{
	summary_free(&x->sum);
	vmm_words_destroy(x->words);
	trends_destroy(x->trends);
	judge_destroy(x->j);
	model_destroy(x->m);
}

/* ---- views ---- */

/* The options of the @i-th. */
static struct view_options options(const struct all_of *x, size_t i)
{
	struct view_options o = {
		.color = i % 2,
		.bytes = i / 2 % 2,
		.sessions = i % 3,
		.time = (enum time_base)(i % 4),
	};

	/* Sums and lines of one alone, also of one that there is not. */
	if (i % 5 == 3)
		o.migration = (uint32_t)(i % (model_migrations(x->m) + 2));
	return o;
}

static void see_report(FILE *f, struct all_of *x, const struct view_options *o)
{
	report_text(f, &x->v, o);
}

static void see_json(FILE *f, struct all_of *x, const struct view_options *o)
{
	report_json(f, &x->v, o);
}

static void see_html(FILE *f, struct all_of *x, const struct view_options *o)
{
	report_html(f, &x->v, o);
}

static void see_check(FILE *f, struct all_of *x, const struct view_options *o)
{
	check_text(f, &x->v, o);
	check_json(f, &x->v, o);
	fprintf(f, "%d\n", view_verdict(&x->v, o));
}

static void see_ci(FILE *f, struct all_of *x, const struct view_options *o)
{
	check_junit(f, &x->v, o);
	check_sarif(f, &x->v, o);
	check_annotations(f, &x->v, o);
}

static void see_info(FILE *f, struct all_of *x, const struct view_options *o)
{
	info_text(f, &x->v, o->color ? &said : NULL, o);
	info_json(f, &x->v, o->color ? NULL : &said, o);
}

static void see_advice(FILE *f, struct all_of *x, const struct view_options *o)
{
	struct advice *a = advise(&x->v, o);

	assert_non_null(a);
	fprintf(f, "%zu\n", advice_stops(a));
	advice_text(f, a, o);
	advice_json(f, a);
	advice_free(a);
}

/* Also from some moment on, and up to one. */
static void see_export(FILE *f, struct all_of *x, const struct view_options *o,
		       const struct export_format *format)
{
	struct view_options part = *o;
	struct event_context ctx;
	struct model *m;
	size_t i;
	void *to;

	if (o->bytes) {
		part.window.from.ns = e.ev[e.n / 3].t_ns;
		part.window.from.ref = TIME_REF_MONO;
	}
	if (o->color) {
		part.window.to.ns = 400000000;
		part.window.to.ref = TIME_REF_FIRST;
	}
	if (format->sums) {
		format->sums(f, &x->v, &part);
		return;
	}
	m = model_create();
	to = format->create(f, &part, &x->v);
	assert_true(m && to);
	for (i = 0; i < e.n; i++) {
		DO(model_feed(m, &e.ev[i], &ctx));
		DO(format->event(to, m, &e.ev[i], &ctx));
	}
	model_destroy(m);
	DO(format->finish(to));
	format->destroy(to);
}

#define SEE_EXPORT(name, text)                                                          \
	static void see_##name(FILE *f, struct all_of *x, const struct view_options *o) \
	{                                                                               \
		see_export(f, x, o, &export_##name);                                    \
	}
EXPORT_FORMATS(SEE_EXPORT)

static void see_lines(FILE *f, struct all_of *x, const struct view_options *o)
{
	struct lines *l = lines_create(f, o);
	struct model *m = model_create();
	struct event_context ctx;
	size_t i;

	(void)x;
	assert_true(l && m);
	for (i = 0; i < e.n; i++) {
		DO(model_feed(m, &e.ev[i], &ctx));
		DO(lines_event(l, m, &e.ev[i], &ctx));
		if (i % 8 == 0 && event_kind_is_public(e.ev[i].kind)) {
			lines_text(f, o, &e.ev[i], &ctx);
			fputc('\n', f);
		}
	}
	lines_destroy(l);
	model_destroy(m);
}

/* Summed up, as bytes, back, and in a list. */
static void see_list(FILE *f, struct all_of *x, const struct view_options *o)
{
	struct list_file file[2] = { { .path = "a.vfs", .analysed = o->color },
				     { .path = x->path, .error = "cannot <be> read" } };
	char err[LIST_ERR_LEN];
	struct list_query q;
	struct buf b = { 0 };
	struct list l;
	size_t i;

	summary_encode(&b, &x->sum);
	for (i = 0; i < b.len; i++)
		fprintf(f, "%02x", b.data[i]);
	assert_true(summary_decode(&file[0].sum, b.data, b.len));
	buf_free(&b);
	DO(list_build(&l, file, o->bytes ? 2 : 1));
	list_query_init(&q);
	if (o->sessions)
		DO(list_query_sort(&q, "-downtime,vm", err));
	if (o->bytes)
		DO(list_query_where(&q, "duration>=1ms", err));
	list_apply(&l, &q);
	DO(list_text(f, &l, &q, o));
	DO(list_csv(f, &l, &q));
	DO(list_json(f, &l, &q));
	DO(list_html(f, &l, &q));
	list_free(&l);
	summary_free(&file[0].sum);
}

/* Against what it was before, and that against it. */
static struct all_of unbent;

static void see_diff(FILE *f, struct all_of *x, const struct view_options *o)
{
	struct diff_options how;
	size_t i;

	diff_options_init(&how);
	how.by_order = o->bytes;
	how.both_ways = o->color;
	for (i = 0; i < 2; i++) {
		struct view_evidence ab[2];

		ab[i] = unbent.v;
		ab[!i] = x->v;
		fprintf(f, "%d\n", diff_text(f, ab, &how, o));
		fprintf(f, "%d\n", diff_json(f, ab, &how));
	}
}

static const struct view {
	const char *name;
	void (*see)(FILE *f, struct all_of *x, const struct view_options *o);
	/* Of so many bends one, of each play others: all of all take long. */
	size_t every;
} views[] = {
	{ "report", see_report, 4 },
	{ "json", see_json, 6 },
	{ "html", see_html, 8 },
	{ "check", see_check, 5 },
	{ "ci", see_ci, 6 },
	{ "info", see_info, 5 },
	{ "advice", see_advice, 3 },
	{ "ndjson", see_ndjson, 6 },
	{ "csv", see_csv, 8 },
	{ "perfetto", see_perfetto, 7 },
	{ "openmetrics", see_openmetrics, 7 },
	{ "lines", see_lines, 5 },
	{ "list", see_list, 7 },
	{ "diff", see_diff, 6 },
};

#define VIEWS (sizeof(views) / sizeof(views[0]))

/* What is added up over all bends of a play. */
enum { SAMPLES = VIEWS, METRICS, SUMS };

static FILE *out;
static size_t n_plays;
static uint32_t sums[SUMS];
static const char *show;

static void note(const char *play, const char *view, uint32_t *sum, const char *bent, char *text)
{
	char name[128];

	snprintf(name, sizeof(name), "%s: %s", play, view);
	if (show && !strcmp(show, name))
		printf("==== %s\n%s", bent, text);
	*sum = *sum * 31 + sum_of(text);
	free(text);
}

/* Zeroes are no ends of what is binary, and another version of the tool says the same. */
static char *text_of(char *text, size_t len)
{
	static const char version[] = VFIOSCOPE_VERSION;
	char *at = text;
	size_t i;

	for (i = 0; i < len; i++)
		if (!text[i])
			text[i] = 1;
	while ((at = strstr(at, version)))
		memmove(at, at + strlen(version), strlen(at + strlen(version)) + 1);
	return text;
}

static void one_bent(const char *play, const struct bent *by, size_t i, struct samples *s,
		     struct metrics *metrics)
{
	struct all_of x = { 0 };
	char *text;
	size_t len, k;
	FILE *f;

	bend_by(by);
	take_in(&x, play, i);
	/* Some eight and eight: the exact rank test of more takes long. */
	if (i % 5 == 0)
		DO(samples_add(s, i % 2, &x.v));
	metrics_take(metrics, &x.sum, x.m);
	for (k = 0; k < VIEWS; k++) {
		struct view_options o = options(&x, i / views[k].every + n_plays);

		if ((i + n_plays) % views[k].every)
			continue;
		text = NULL;
		f = open_memstream(&text, &len);
		assert_non_null(f);
		views[k].see(f, &x, &o);
		fclose(f);
		note(play, views[k].name, &sums[k], by->name, text_of(text, len));
	}
	give_back(&x);
}

static void bend(const char *play)
{
	const struct metrics_recorder r = { .start_real_ns = 1, .events = 2 };
	const struct view_options plain = { 0 };
	long before = allocs;
	struct metrics *metrics = metrics_create();
	struct samples_options how;
	enum diff_verdict v;
	struct samples *s;
	char *text = NULL;
	size_t len, i;
	FILE *f;

	straight_keep();
	memset(sums, 0, sizeof(sums));
	memset(&unbent, 0, sizeof(unbent));
	take_in(&unbent, play, 0);
	samples_options_init(&how);
	s = samples_create(&how);
	assert_true(metrics && s);
	for (i = 0; i < MORE_BENTS + BENTS; i++)
		one_bent(play, i < MORE_BENTS ? &more_bents[i] : &bents[i - MORE_BENTS], i, s,
			 metrics);
	give_back(&unbent);
	f = open_memstream(&text, &len);
	DO(samples_text(f, s, &plain, &v));
	fprintf(f, "%d\n", v);
	DO(samples_json(f, s, &v));
	fclose(f);
	note(play, "samples", &sums[SAMPLES], "all", text);
	text = NULL;
	f = open_memstream(&text, &len);
	metrics_print(f, metrics, &r);
	fclose(f);
	note(play, "metrics", &sums[METRICS], "all", text);
	samples_destroy(s);
	metrics_destroy(metrics);
	for (i = 0; i < SUMS; i++)
		fprintf(out, "%s: %s %08x\n", play,
			i == SAMPLES ? "samples" :
			i == METRICS ? "metrics" :
				       views[i].name,
			sums[i]);
	straight_forget();
	/* What is made once (the C library's, of a locale) is made in the first. */
	if (n_plays++)
		assert_int_equal(allocs, before);
}

static void test_views(void **state)
{
	static const char *const plays[] = { "failures", "vms", "evidence" };
	char *text = NULL;
	size_t len, i;

	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	show = getenv("SHOW");
	out = open_memstream(&text, &len);
	assert_non_null(out);
	for (i = 0; i < 3; i++)
		each_play(plays[i], bend);
	fclose(out);
	golden("tests/data/values/views.txt", text);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_views),
	};

	return cmocka_run_group_tests(tests, NULL, forget_evidence);
}
