/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * advise_items.h - what advise.c finds and advise_print.c prints; nobody else's
 */
#ifndef VFIOSCOPE_VIEW_ADVISE_ITEMS_H
#define VFIOSCOPE_VIEW_ADVISE_ITEMS_H

#include "util/text.h"
#include "view/advise.h"

enum advice_kind { ADVICE_SET, ADVICE_HELPS, ADVICE_NO_HELP, ADVICE_UNKNOWN, ADVICE_NEVER_FITS };

struct advice_item {
	const char *topic;
	enum advice_kind kind;
	uint64_t value_ns, of_ns; /* MODEL_NONE: it has none */
	char *text, *source;
};

/* The stop of a migration that completed, on its source at least. */
struct advice_stop {
	const struct migration *g;
	const struct side *src;
	bool both;	    /* its downtime is known; else @ns is the source's part */
	bool initial;	    /* a device has initial data, or may have */
	uint64_t ns;	    /* of all of it */
	uint64_t io_max_ns; /* in read() of the device that is read longest */
};

struct advice_device {
	char name[TEXT_SAFE_LEN(EVENT_NAME_LEN)], driver[TEXT_SAFE_LEN(EVENT_NAME_LEN)];
	uint64_t least_ns, arcs_ns, bytes, left;
	uint32_t migration;
	size_t stops;
	bool never_converges;
};

struct advice {
	struct advice_item *item;
	size_t n, cap;
	struct advice_stop *stop;
	size_t n_stops, cap_stops;
	struct advice_device *device;
	size_t n_devices, cap_devices;
	size_t migrations;
	bool failed;
};

#endif
