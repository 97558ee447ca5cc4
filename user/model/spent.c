// SPDX-License-Identifier: GPL-2.0-only
#include "model/spent.h"

#include <string.h>

#include "util/sat.h"

#define BIT(x)	 (1U << (x))
#define ALL_GAPS (BIT(GAP_NR) - 1)

/* Of which calls, or of which gaps between them, a part consists. */
static const struct {
	uint32_t calls, gaps;
} made_of[STOP_PARTS] = {
	[STOP_ARCS] = { .calls = BIT(PART_ARC) | BIT(PART_LOAD) },
	[STOP_IO] = { .calls = BIT(PART_IO) },
	[STOP_DIRTY_SYNC] = { .calls = BIT(PART_DIRTY_SYNC) },
	[STOP_OUTSIDE] = { .gaps = ALL_GAPS },
	[STOP_OTHER] = { .calls = BIT(PART_OTHER) },
	[LAND_TRANSFER] = { .gaps = BIT(GAP_FIRST_IO) | BIT(GAP_IO) },
	[LAND_WRITE] = { .calls = BIT(PART_IO) },
	[LAND_BEFORE_LOAD] = { .gaps = BIT(GAP_ARCS) | BIT(GAP_LOAD) },
	[LAND_LOAD] = { .calls = BIT(PART_LOAD) },
	[LAND_ARCS] = { .calls = BIT(PART_ARC) },
	[LAND_BETWEEN] = { .gaps = BIT(GAP_START) },
	[LAND_OTHER] = { .calls = BIT(PART_OTHER) | BIT(PART_DIRTY_SYNC) },
};

enum why_part why_detail_of(enum why_part detail)
{
	return detail < WHY_FUTEX_VCPU ? WHY_SEND : WHY_FUTEX;
}

bool why_detail_known(const uint64_t ns[WHY_SUMS], enum why_part detail)
{
	enum why_part of = why_detail_of(detail);
	bool any = false;
	int k;

	for (k = WHY_PARTS; k < WHY_SUMS; k++)
		any |= why_detail_of((enum why_part)k) == of && ns[k];
	return any || !ns[of];
}

uint32_t stop_part_calls(enum stop_part part)
{
	return made_of[part].gaps ? BIT(PART_GAP) : made_of[part].calls;
}

static void add(struct spent *out, const uint64_t (*sum)[WHY_SUMS], uint32_t which)
{
	uint32_t p, k;

	for (p = 0; which >> p; p++)
		for (k = 0; k < WHY_SUMS && which >> p & 1; k++)
			sat_inc(&out->why_ns[k], sum[p][k]);
}

/* What two threads tell of an instant is in the sums twice, and was there once. */
static void fit(struct spent *out)
{
	uint64_t told = 0;
	uint32_t k;

	for (k = 0; k < WHY_PARTS; k++)
		sat_inc(&told, out->why_ns[k]);
	out->any = told && out->ns;
	out->rest_ns = out->any ? out->ns : 0;
	for (k = 0; k < WHY_SUMS && told > out->ns; k++)
		out->why_ns[k] = sat_scale(out->why_ns[k], out->ns, told);
	for (k = 0; k < WHY_PARTS; k++)
		out->rest_ns = sat_sub(out->rest_ns, out->why_ns[k]);
}

static void spend(struct spent *out, uint64_t ns, const uint64_t (*why)[WHY_SUMS],
		  const uint64_t (*gap_why)[WHY_SUMS], enum stop_part part)
{
	memset(out, 0, sizeof(*out));
	out->ns = ns;
	add(out, why, made_of[part].calls);
	add(out, gap_why, made_of[part].gaps);
	fit(out);
}

void window_spent(const struct session_window *w, enum stop_part part, struct spent *out)
{
	const uint64_t ns[] = {
		[STOP_ARCS] = w->arcs_ns + w->load_ns, [STOP_IO] = w->io_ns,
		[STOP_DIRTY_SYNC] = w->dirty_sync_ns,  [STOP_OUTSIDE] = w->outside_ns,
		[STOP_OTHER] = w->unattributed_ns,
	};

	if (w->start_ns == MODEL_NONE || part > STOP_OTHER)
		memset(out, 0, sizeof(*out));
	else
		spend(out, ns[part], w->why_ns, w->gap_why_ns, part);
}

void window_gap_spent(const struct session_window *w, enum window_gap gap, struct spent *out)
{
	memset(out, 0, sizeof(*out));
	out->ns = w->gap_ns[gap];
	add(out, w->gap_why_ns, BIT(gap));
	fit(out);
}

void migration_spent(const struct migration *g, enum stop_part part, struct spent *out)
{
	const struct landing *l = &g->landing;
	const uint64_t ns[STOP_PARTS] = {
		[LAND_TRANSFER] = l->transfer_ns,
		[LAND_WRITE] = l->write_ns,
		[LAND_BEFORE_LOAD] = l->before_load_ns,
		[LAND_LOAD] = l->load_ns,
		[LAND_ARCS] = l->arcs_ns,
		[LAND_BETWEEN] = l->start_ns,
		[LAND_OTHER] = l->unattributed_ns,
	};

	if (part <= STOP_OTHER)
		window_spent(&g->stop, part, out);
	else if (part < STOP_PARTS)
		spend(out, ns[part], l->why_ns, l->gap_why_ns, part);
}

bool migration_spent_on(const struct migration *g, enum stop_part first, enum stop_part last,
			uint64_t ns[WHY_SUMS])
{
	struct spent spent;
	bool any = false;
	uint32_t part, k;

	for (part = first; part <= last; part++) {
		migration_spent(g, (enum stop_part)part, &spent);
		any |= spent.any;
		for (k = 0; k < WHY_SUMS; k++)
			sat_inc(&ns[k], spent.why_ns[k]);
	}
	return any;
}

uint64_t migration_stop_ns(const struct migration *g)
{
	if (g->downtime_ns != MODEL_NONE)
		return g->downtime_ns;
	return g->stop.start_ns == MODEL_NONE ? 0 : g->stop.total_ns;
}
