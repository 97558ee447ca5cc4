// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every state of every recording in the tree: what the model says of each event,
 * which the judge and the exports go by, against a walk of its own that knows
 * nothing but the uAPI's sentences.
 */
#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "judge/judge.h"
#include "model/model.h"
#include "recording/recording.h"
#include "tests/unit/allocs.h"

#define DEVICES 4096

static struct {
	uint32_t state, opens;
	bool session;
	uint64_t moved_ns, reset_ns;
} dev[DEVICES];

static bool hides_state(const struct event *ev)
{
	switch (ev->loss.what) {
	case EV_NONE:
	case EV_DEVICE_OPEN:
	case EV_DEVICE_CLOSE:
	case EV_RESET:
	case EV_DEVICE_RESET:
	case EV_SET_STATE:
	case EV_ARC:
		return true;
	default:
		return ev->loss.what >= EV_KIND_NR;
	}
}

static void lose(const struct event *ev)
{
	uint32_t i;

	for (i = 1; hides_state(ev) && i < DEVICES; i++)
		if (!ev->device || ev->device == i)
			dev[i].state = MIG_UNKNOWN;
}

/* What is proven of the device after @ev, by the sentences alone. */
static void walk(const struct event *ev, bool has_session)
{
	uint32_t n = ev->device;
	uint64_t end = ev->t_ns + ev->dur_ns;

	if (ev->kind == EV_LOSS) {
		lose(ev);
		return;
	}
	if (!n || n >= DEVICES)
		return;
	switch (ev->kind) {
	case EV_ARC:
		if (ev->ret >= 0 && ev->arc.to < MIG_STATE_NR)
			dev[n].state = ev->arc.to;
		else if (ev->arc.to < MIG_STATE_NR || ev->arc.from >= MIG_STATE_NR)
			dev[n].state = MIG_UNKNOWN;
		else
			dev[n].state = ev->arc.from;
		dev[n].moved_ns = end;
		break;
	case EV_SET_STATE:
		if (ev->ret >= 0 && ev->set_state.target >= 0 &&
		    ev->set_state.target < MIG_STATE_NR)
			dev[n].state = (uint32_t)ev->set_state.target;
		if (dev[n].reset_ns > ev->t_ns)
			dev[n].state = MIG_UNKNOWN;
		break;
	case EV_GET_STATE:
		if (ev->ret >= 0 && ev->get_state.reported < MIG_STATE_NR &&
		    ev->t_ns >= dev[n].moved_ns)
			dev[n].state = ev->get_state.reported;
		break;
	case EV_RESET:
	case EV_DEVICE_RESET:
		if (ev->ret < 0)
			break;
		dev[n].state = MIG_RUNNING;
		dev[n].moved_ns = dev[n].reset_ns = end;
		break;
	case EV_DEVICE_OPEN:
		if (ev->ret >= 0 && !dev[n].opens++ && !has_session) {
			dev[n].state = MIG_RUNNING;
			dev[n].moved_ns = end;
		}
		break;
	case EV_DEVICE_CLOSE:
		if (dev[n].opens && --dev[n].opens)
			break;
		dev[n].state = MIG_UNKNOWN;
		dev[n].moved_ns = end;
		break;
	default:
		break;
	}
}

static void look_at(const char *path)
{
	struct event_source *src;
	struct event_context ctx;
	struct model *m = model_create();
	struct judge *j = judge_create(NULL);
	struct event ev;
	char err[512];
	int rc;

	memset(dev, 0, sizeof(dev));
	for (size_t i = 0; i < DEVICES; i++)
		dev[i].state = MIG_UNKNOWN;
	if (recording_open(&src, path, err, sizeof(err)))
		fail_msg("%s", err);
	while ((rc = src->ops->next(src, &ev, -1)) > 0) {
		const struct model_device *d = model_device(m, ev.device);
		bool session = d && d->session;

		assert_int_equal(model_feed(m, &ev, &ctx), 0);
		assert_int_equal(judge_feed(j, m, &ev, &ctx), 0);
		walk(&ev, session);
		if (!ctx.has_state || ctx.device->number >= DEVICES)
			continue;
		if (ctx.state != dev[ctx.device->number].state)
			fail_msg("%s: event %llu (%s): the model says %s, the sentences %s", path,
				 (unsigned long long)ev.seq, event_kind_name(ev.kind),
				 mig_state_name(ctx.state),
				 mig_state_name(dev[ctx.device->number].state));
	}
	src->ops->close(src);
	judge_destroy(j);
	model_destroy(m);
}

static void test_states(void **state)
{
	static const char *const where[] = {
		"tests/data/judge/*.vfs", "tests/data/recordings/*.vfs", "tests/data/merge/*.vfs",
		"tests/data/cases/*.vfs", "tests/tui/data/*.vfs",
	};
	size_t i, k, n = 0;
	glob_t g;

	(void)state;
	for (i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		if (glob(where[i], 0, NULL, &g))
			continue;
		for (k = 0; k < g.gl_pathc; k++, n++)
			look_at(g.gl_pathv[k]);
		globfree(&g);
	}
	assert_true(n >= 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_states) };

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
