// SPDX-License-Identifier: GPL-2.0-only
/*
 * summary_code.c - a summary as bytes
 *
 * A row of records, each a number that says what it is, its length, and its fields; a
 * record belongs to the last one before it of the kind above.  docs/vfioscope-recording.5
 * has the numbers, which are never used for anything else.
 */
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/fields.h"
#include "util/varint.h"
#include "view/summary.h"

enum { RECORD_RECORDING = 1, RECORD_MIGRATION, RECORD_SOURCE, RECORD_DESTINATION, RECORD_DEVICE };

static const struct field recording_fields[] = {
	FIELD(1, TEXT, struct summary, host),
	FIELD(2, U64, struct summary, ahead_ns),
	FIELD(3, BOOL, struct summary, has_clock),
	FIELD(4, BOOL, struct summary, ended),
	FIELD(5, U64, struct summary, lost),
	FIELD(6, U64, struct summary, unreadable),
	FIELD(7, TEXT, struct summary, rules),
	FIELD(8, BOOL, struct summary, omitted),
	FIELDS_END,
};

#define M(id, type, member) FIELD(id, type, struct summary_migration, member)
static const struct field migration_fields[] = {
	M(1, TEXT, vm),		  M(2, TEXT, process),
	M(3, TEXT, driver),	  M(4, U32, outcome),
	M(5, BOOL, ended),	  M(6, BOOL, ran_again),
	M(7, U64, begin_real_ns), M(8, U64, end_real_ns),
	M(9, U64, duration_ns),	  M(10, U64, downtime_ns),
	M(11, U32, downtime_why), M(12, U64, stop_ns),
	M(13, U64, stopped_ns),	  M(14, TEXT, part),
	M(15, U64, part_ns),	  M(16, U32, devices),
	M(17, U64, bytes),	  M(18, U32, joined),
	M(19, TEXT, cause),	  M(20, U32, party),
	M(21, TEXT, rules),	  FIELDS_END,
};
#undef M

#define S(id, type, member) FIELD(id, type, struct summary_side, member)
#define D(id, type, member) FIELD(id, type, struct summary_side, digest.member)
static const struct field side_fields[] = {
	S(1, TEXT, host),
	S(2, TEXT, kernel),
	D(3, U32, side.pid),
	D(4, TEXT, side.comm),
	D(5, TEXT, side.vm),
	D(6, U32, side.vm_source),
	D(7, U32, side.outcome),
	D(8, BOOL, side.ended),
	D(9, BOOL, side.joined_late),
	D(10, BOOL, side.paused_before),
	D(11, U64, side.begin_ns),
	D(12, U64, side.end_ns),
	D(13, U64, side.ran_again_ns),
	D(14, U64, side.bytes_total),
	D(15, U64, side.eof_ns),
	D(16, U64, side.run_ns),
	D(17, U64, side.lost),
	D(18, U64, side.holes),
	D(19, U64, side.stopped_ns),
	D(20, BOOL, side.stop_over),
	D(21, BOOL, side.dirty_log_seen),
	D(22, U64, side.stop.start_ns),
	D(23, U64, side.stop.end_ns),
	D(24, U64, side.stop.total_ns),
	D(25, U64, side.stop.arcs_ns),
	D(26, U64, side.stop.load_ns),
	D(27, U64, side.stop.io_ns),
	D(28, U64, side.stop.dirty_sync_ns),
	D(29, U64, side.stop.outside_ns),
	D(30, U64, side.stop.unattributed_ns),
	D(31, U64, side.stop.in_flight_ns),
	D(32, U64, side.stop.gap_ns[0]),
	D(33, U64, side.stop.gap_ns[1]),
	D(34, U64, side.stop.gap_ns[2]),
	D(35, U64, side.stop.gap_ns[3]),
	D(36, U64, side.stop.gap_ns[4]),
	D(37, U32, side.cause.kind),
	D(38, U32, side.cause.pid),
	D(39, S64, side.cause.ret),
	D(40, S64, side.cause.target),
	D(41, U32, side.cause.from),
	D(42, U32, side.cause.to),
	D(43, U32, side.cause.code),
	D(44, U32, side.cause.signal),
	D(45, U64, side.cause.t_ns),
	D(46, U64, side.cause.end_ns),
	D(47, U64, side.cause.bytes),
	D(48, U64, side.cause.size),
	D(49, TEXT, side.cause.comm),
	D(50, U32, cause_device),
	D(51, U32, n_eof),
	D(52, U32, phase[0]),
	D(53, U32, phase[1]),
	D(54, U32, phase[2]),
	D(55, U32, phase[3]),
	FIELDS_END,
};
_Static_assert(GAP_NR == 5, "a field for each");
#undef S
#undef D

static const struct field device_fields[] = {
	FIELD(1, TEXT, struct digest_device, name),
	FIELD(2, TEXT, struct digest_device, driver),
	FIELD(3, U64, struct digest_device, bytes_total),
	FIELD(4, U32, struct digest_device, order),
	FIELD(5, BOOL, struct digest_device, asked),
	FIELDS_END,
};

static void put_record(struct buf *out, uint32_t type, const struct field *table,
		       const void *values)
{
	struct buf fields = { 0 };

	fields_put(&fields, table, values);
	buf_put_varint(out, type);
	buf_put_bytes(out, fields.data, fields.len);
	out->failed |= fields.failed;
	buf_free(&fields);
}

void summary_encode(struct buf *out, const struct summary *s)
{
	size_t i, k, n;

	put_record(out, RECORD_RECORDING, recording_fields, s);
	for (i = 0; i < s->n; i++) {
		const struct summary_migration *l = &s->migration[i];

		put_record(out, RECORD_MIGRATION, migration_fields, l);
		for (k = 0; k < SUMMARY_SIDES; k++) {
			const struct summary_side *x = &l->side[k];

			if (!x->is)
				continue;
			put_record(out, k ? RECORD_DESTINATION : RECORD_SOURCE, side_fields, x);
			for (n = 0; n < x->digest.n_devices; n++)
				put_record(out, RECORD_DEVICE, device_fields, &x->digest.device[n]);
		}
	}
}

/* ---- back ---- */

/* What is being read, and of what there is room for so much. */
struct reading {
	struct summary *s;
	struct summary_migration *l;
	struct summary_side *x;
	size_t cap, device_cap;
	bool any;
};

static bool take_migration(struct reading *r, const uint8_t *data, size_t len)
{
	if (array_room(&r->s->migration, r->s->n + 1, &r->cap, sizeof(*r->s->migration)))
		return false;
	r->l = &r->s->migration[r->s->n++];
	r->x = NULL;
	return fields_get(data, len, migration_fields, r->l);
}

static bool take_side(struct reading *r, int which, const uint8_t *data, size_t len)
{
	if (!r->l || r->l->side[which].is)
		return false;
	r->x = &r->l->side[which];
	r->x->is = true;
	r->device_cap = 0;
	r->x->digest.side.direction = which == SUMMARY_SOURCE ? DIR_SAVE : DIR_RESUME;
	return fields_get(data, len, side_fields, r->x);
}

static bool take_device(struct reading *r, const uint8_t *data, size_t len)
{
	struct digest *d = r->x ? &r->x->digest : NULL;

	if (!d || array_room(&d->device, d->n_devices + 1, &r->device_cap, sizeof(*d->device)))
		return false;
	return fields_get(data, len, device_fields, &d->device[d->n_devices++]);
}

static bool take(struct reading *r, uint64_t type, const uint8_t *data, size_t len)
{
	switch (type) {
	case RECORD_RECORDING:
		if (r->any)
			return false;
		r->any = true;
		return fields_get(data, len, recording_fields, r->s);
	case RECORD_MIGRATION:
		return take_migration(r, data, len);
	case RECORD_SOURCE:
		return take_side(r, SUMMARY_SOURCE, data, len);
	case RECORD_DESTINATION:
		return take_side(r, SUMMARY_DESTINATION, data, len);
	case RECORD_DEVICE:
		return take_device(r, data, len);
	default:
		return true; /* a newer one's idea */
	}
}

/* Each migration is one of a source, of a destination, or of both, and came out somehow. */
static bool is_whole(const struct summary *s)
{
	size_t i, k;

	for (i = 0; i < s->n; i++) {
		const struct summary_side *side = s->migration[i].side;

		if ((!side[SUMMARY_SOURCE].is && !side[SUMMARY_DESTINATION].is) ||
		    s->migration[i].outcome > OUTCOME_FAILED)
			return false;
		for (k = 0; k < SUMMARY_SIDES; k++)
			if (side[k].digest.cause_device > side[k].digest.n_devices ||
			    side[k].digest.side.outcome > OUTCOME_FAILED)
				return false;
	}
	return true;
}

/* Ten thousand are kept: no room that is not needed. */
static void shrink(void *arrayp, size_t n, size_t size)
{
	void *p, *smaller;

	memcpy(&p, arrayp, sizeof(p));
	smaller = n ? realloc(p, n * size) : NULL;
	if (smaller)
		memcpy(arrayp, &smaller, sizeof(smaller));
}

static void shrink_all(struct summary *s)
{
	size_t i, k;

	for (i = 0; i < s->n; i++) {
		for (k = 0; k < SUMMARY_SIDES; k++) {
			struct digest *d = &s->migration[i].side[k].digest;

			shrink(&d->device, d->n_devices, sizeof(*d->device));
		}
	}
	shrink(&s->migration, s->n, sizeof(*s->migration));
}

bool summary_decode(struct summary *s, const uint8_t *data, size_t len)
{
	const uint8_t *p = data, *end = data + len;
	struct reading r = { .s = s };
	uint64_t type, n;

	memset(s, 0, sizeof(*s));
	while (p < end) {
		if (!varint_get(&p, end, &type) || !varint_get(&p, end, &n) ||
		    n > (uint64_t)(end - p) || !take(&r, type, p, (size_t)n))
			return false;
		p += n;
	}
	shrink_all(s);
	return r.any && is_whole(s);
}
