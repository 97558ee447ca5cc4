// SPDX-License-Identifier: GPL-2.0-only
#include "capture/attach_internal.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "vfioscope.skel.h"

/*
 * A hash that changes under the walk may begin it again: enough is enough.
 */
#define WALK_MAX (2 * 8192)

static void device_flights(const struct attach *a,
			   void (*fn)(const struct attach_flight *f, void *arg), void *arg)
{
	int fd = bpf_map__fd(a->skel->maps.calls);
	__u64 key, *prev = NULL;
	struct wire_call call;
	unsigned int n;

	for (n = 0; n < WALK_MAX && !bpf_map_get_next_key(fd, prev, &key); n++) {
		prev = &key;
		if (bpf_map_lookup_elem(fd, &key, &call))
			continue;
		fn(
			&(struct attach_flight){
				.start_ns = call.start_ns,
				.kind = call.kind,
				.device = call.device,
				.tid = key,
				.pid = key >> 32,
				.feature_target = call.target,
				.has_target = call.has_target,
			},
			arg);
	}
}

static void overflow_flights(const struct attach *a,
			     void (*fn)(const struct attach_flight *f, void *arg), void *arg)
{
	int fd = bpf_map__fd(a->skel->maps.io_overflow);
	struct wire_overflow_key key, *prev = NULL;
	struct wire_overflow val;
	unsigned int n;

	for (n = 0; n < WALK_MAX && !bpf_map_get_next_key(fd, prev, &key); n++) {
		prev = &key;
		if (bpf_map_lookup_elem(fd, &key, &val))
			continue;
		fn(
			&(struct attach_flight){
				.start_ns = val.start_ns,
				.kind = val.kind,
				.device = val.device,
				.stream = key.stream,
				.tid = key.tid,
			},
			arg);
	}
}

void attach_flights(const struct attach *a, void (*fn)(const struct attach_flight *f, void *arg),
		    void *arg)
{
	const volatile struct wire_stream *st;
	uint64_t owner, start;
	size_t i, k;

	device_flights(a, fn, arg);
	overflow_flights(a, fn, arg);
	for (i = 0; i < WIRE_STREAMS; i++) {
		st = &a->streams[i];
		if (st->id <= a->skel->bss->streams_retired)
			continue; /* free, too: 0 */
		for (k = 0; k < WIRE_CELLS; k++) {
			/* Its start is written after its owner, and cleared before. */
			owner = st->cell[k].owner;
			start = st->cell[k].start_ns;
			if (!owner || !start || st->cell[k].owner != owner)
				continue;
			fn(
				&(struct attach_flight){
					.start_ns = start,
					.kind = owner & 0xff,
					.device = st->device,
					.stream = st->id,
					.tid = owner >> 8,
				},
				arg);
		}
	}
}

void attach_earlier(struct attach *a,
		    void (*fn)(uint64_t id, const struct wire_earlier *call, void *arg), void *arg)
{
	int map = bpf_map__fd(a->skel->maps.earlier);
	struct wire_earlier call;
	__u64 key, ids[WIRE_EARLIER];
	size_t n = 0, i;
	char buf[64];

	/* It prints nothing; reading is what makes it go on. */
	if (attach_iterate(a, a->skel->progs.earlier_calls, buf, sizeof(buf), NULL, NULL))
		return;
	/* Emptied for the next look; what is deleted cannot be walked from. */
	while (n < WIRE_EARLIER && !bpf_map_get_next_key(map, n ? &ids[n - 1] : NULL, &key))
		ids[n++] = key;
	for (i = 0; i < n; i++) {
		if (!bpf_map_lookup_elem(map, &ids[i], &call))
			fn(ids[i], &call, arg);
		bpf_map_delete_elem(map, &ids[i]);
	}
}
