/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * protocol.h - what the migration protocol says of states, arcs, sessions and
 * of what is left
 *
 * Pure: no event, no device, no memory of its own.  Whoever needs to know what an
 * arc means asks here; nobody else says it.  Source: the state machine in
 * include/uapi/linux/vfio.h (enum vfio_device_mig_state, "The optional peer to
 * peer (P2P) quiescent state", VFIO_MIG_GET_PRECOPY_INFO).
 */
#ifndef VFIOSCOPE_PROTOCOL_H
#define VFIOSCOPE_PROTOCOL_H

#include "event.h"

/* "Not seen": bytes and times for which 0 would be a claim. */
#define PROTOCOL_NONE UINT64_MAX

/* The four arcs that hand out a data FD; *@direction (may be NULL) is the FD's. */
bool protocol_is_fd_arc(uint32_t from, uint32_t to, uint32_t *direction);

/*
 * Should a SET_STATE to @target, asked for while the device has no session, have
 * handed out a data FD?  *@direction (may be NULL) as above.
 */
bool protocol_wants_fd(int64_t target, uint32_t *direction);

/* Does the arc end the session that @from belongs to? */
bool protocol_ends_session(uint32_t from, uint32_t to);

/* The arc by which a destination takes the state in. */
static inline bool protocol_is_load(uint32_t from, uint32_t to)
{
	return from == MIG_RESUMING && to == MIG_STOP;
}

/*
 * RUNNING or PRE_COPY: the guest has all of the device.  In the P2P states the
 * guest stands still already: they belong to the stop.
 */
bool protocol_runs_freely(uint32_t state);

/* The optional states need what MIG_FLAG_* says; without @has_flags nobody knows. */
bool protocol_claims(uint32_t state, bool has_flags, uint64_t flags);

/* Does the state machine forbid to get from @from to @target, by whatever way? */
bool protocol_is_forbidden(uint32_t from, uint32_t target);

/*
 * What is left to be read of a source's session, by what its driver said last.
 * There are two ways to ask, precopy info (initial + dirty bytes) and
 * MIG_DATA_SIZE; the younger answer counts, less what was read since.  Of two
 * that were asked for together (LEFT_TOGETHER_NS) MIG_DATA_SIZE counts: it has
 * what only STOP_COPY gives, which the info of some drivers leaves out.
 */
#define LEFT_TOGETHER_NS 10000000ULL

enum left_source {
	LEFT_NOT_SEEN = 0,
	LEFT_PRECOPY_INFO = 1,
	LEFT_DATA_SIZE = 2,
};

struct left {
	uint64_t info_bytes, info_ns, info_since; /* initial + dirty; when; read since */
	uint64_t size_bytes, size_ns, size_since; /* stop_copy_length; the same */
};

void left_init(struct left *l);
void left_took_info(struct left *l, uint64_t initial, uint64_t dirty, uint64_t t_ns);
/* A length of 2^63 or more is no length: it is not taken. */
void left_took_size(struct left *l, uint64_t length, uint64_t t_ns);
void left_read(struct left *l, uint64_t bytes);
/* Each answer less what was read since, PROTOCOL_NONE when there is none. */
uint64_t left_by_info(const struct left *l);
uint64_t left_by_size(const struct left *l);
/* That which counts; *@source and *@t_ns (when it was said) may be NULL. */
uint64_t left_bytes(const struct left *l, enum left_source *source, uint64_t *t_ns);
/* "MIG_DATA_SIZE", "precopy info", "not seen". */
const char *left_source_name(uint32_t source);

#endif
