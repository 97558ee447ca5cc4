/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * forecast.h - what a stop would cost now, and how good estimates have been
 *
 * Pure functions of a model.  Promises:
 * - a forecast says where it comes from and never hides that it is a guess:
 *   a range, whose width follows from what it rests on;
 * - nothing is forecast for a device that nothing is known of;
 * - a forecast rests on what was over, and on what was seen, when it was made;
 * - truths are only taken from sessions that were read to their end without a
 *   hole in the evidence.
 */
#ifndef VFIOSCOPE_FORECAST_H
#define VFIOSCOPE_FORECAST_H

#include "model/model.h"

/*
 * What is to be expected of the device of session @id if it were switched at
 * @now_ns.  What was expected when it was: struct session.forecast.
 */
void forecast_session(struct model *m, uint32_t id, uint64_t now_ns, struct forecast *out);

/*
 * The same of the VM with all its devices, in two parts.  What was expected when it
 * was stopped: struct side.forecast.
 */
void forecast_side(const struct model *m, uint32_t side, uint64_t now_ns,
		   struct stop_forecast *out);
/*
 * Both parts of a forecast whose devices' part is known.  False: the rest is not, so
 * there is no total, and what is given is the devices' part alone.
 */
bool stop_forecast_total(const struct stop_forecast *f, uint64_t *low_ns, uint64_t *mid_ns,
			 uint64_t *high_ns);

/* "converging", "this device's earlier migrations", ...; "unknown", never NULL. */
const char *forecast_trend_name(uint32_t trend);
const char *forecast_basis_text(uint32_t basis);

/* One migration whose estimates can be held against the truth. */
struct estimate_sample {
	const char *driver;		  /* owned by the model */
	uint64_t data_size, precopy_info; /* at the switch; MODEL_NONE */
	uint64_t bytes;			  /* that STOP_COPY gave */
	uint64_t window_ns;		  /* the stop window */
	uint64_t driver_ns;		  /* its arcs and its read()s */
	uint64_t low_ns, high_ns;	  /* forecast of driver_ns; MODEL_NONE */
};

/*
 * The sample of migration @id.  False: no source, not read to its end, a hole,
 * or no window.
 */
bool estimate_of(struct model *m, uint32_t id, struct estimate_sample *out);

#define ESTIMATE_MIN_SAMPLES 8

/*
 * Spearman's rank correlation of x[i] and y[i], ties with their mean rank.
 * False under ESTIMATE_MIN_SAMPLES pairs or when one side never changes:
 * then there is none.
 */
bool rank_correlation(const uint64_t *x, const uint64_t *y, size_t n, double *rho);

#endif
