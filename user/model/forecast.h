/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * forecast.h - what a stop would cost now, and how good estimates have been
 *
 * Pure functions of a model.  Promises:
 * - a forecast says where it comes from and never hides that it is a guess:
 *   a range, whose width follows from what it rests on;
 * - nothing is forecast for a device that nothing is known of;
 * - truths are only taken from sessions that were read to their end without a
 *   hole in the evidence.
 */
#ifndef VFIOSCOPE_FORECAST_H
#define VFIOSCOPE_FORECAST_H

#include "model/model.h"

enum forecast_trend {
	TREND_UNKNOWN = 0,	/* under two infos with a read between them */
	TREND_CONVERGING = 1,	/* it gets less, or each wave of dirty data is read out */
	TREND_NOT_CONVERGING = 2,
	TREND_DONE = 3,		/* nothing is left: it only waits */
};

enum forecast_basis {
	FORECAST_NONE = 0,
	FORECAST_DEVICE = 1,	/* earlier stop windows of this device */
	FORECAST_DRIVER = 2,	/* of other devices with its driver */
	FORECAST_SESSION = 3,	/* this session's own rate and arcs */
};

struct forecast {
	enum forecast_trend trend;
	uint64_t read_bps, dirty_bps;	/* MODEL_NONE: not known */
	uint64_t left_bytes;		/* to be moved in STOP_COPY; MODEL_NONE */
	bool left_is_data_size;		/* else initial + dirty */
	uint64_t left_age_ns;		/* how old that estimate is */
	enum forecast_basis basis;
	uint32_t samples;		/* earlier windows that it rests on */
	uint64_t low_ns, mid_ns, high_ns;	/* the stop window; MODEL_NONE */
	/*
	 * What mid_ns is made of: arcs, the drain of what is left, and what no
	 * call of this device explains; MODEL_NONE: not known, and not in mid_ns.
	 */
	uint64_t arcs_ns, drain_ns, other_ns;
	/* What the destination took after that, in the migration that mid_ns is from. */
	uint64_t load_ns;
};

/* What is to be expected of migration @id if it were switched at @now_ns. */
void forecast_migration(struct model *m, uint32_t id, uint64_t now_ns, struct forecast *out);

const char *forecast_trend_name(uint32_t trend);
/* "this device's earlier migrations", ... */
const char *forecast_basis_text(uint32_t basis);

/* One migration whose estimates can be held against the truth. */
struct estimate_sample {
	const char *driver;		/* owned by the model */
	uint64_t data_size, precopy_info;	/* at the switch; MODEL_NONE */
	uint64_t bytes;			/* that STOP_COPY gave */
	uint64_t window_ns;		/* the stop window */
	uint64_t driver_ns;		/* its arcs and its read()s */
};

/*
 * The sample of migration @id.  False: no source, not read to its end, a hole,
 * or no window.
 */
bool estimate_of(struct model *m, uint32_t id, struct estimate_sample *out);

#define ESTIMATE_MIN_SAMPLES	8

/*
 * Spearman's rank correlation of x[i] and y[i], ties with their mean rank.
 * False under ESTIMATE_MIN_SAMPLES pairs or when one side never changes:
 * then there is none.
 */
bool rank_correlation(const uint64_t *x, const uint64_t *y, size_t n, double *rho);

#endif
