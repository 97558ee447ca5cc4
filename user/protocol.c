// SPDX-License-Identifier: GPL-2.0-only
#include "protocol.h"

#include "util/sat.h"

bool protocol_is_fd_arc(uint32_t from, uint32_t to, uint32_t *direction)
{
	if (direction)
		*direction = to == MIG_RESUMING ? DIR_RESUME : DIR_SAVE;
	return (from == MIG_RUNNING && to == MIG_PRE_COPY) ||
	       (from == MIG_RUNNING_P2P && to == MIG_PRE_COPY_P2P) ||
	       (from == MIG_STOP && (to == MIG_STOP_COPY || to == MIG_RESUMING));
}

bool protocol_wants_fd(int64_t target, uint32_t *direction)
{
	if (direction)
		*direction = target == MIG_RESUMING ? DIR_RESUME : DIR_SAVE;
	return target == MIG_RESUMING ||
	       (target >= 0 && target < MIG_STATE_NR && mig_state_is_saving((uint32_t)target));
}

bool protocol_ends_session(uint32_t from, uint32_t to)
{
	if (mig_state_is_saving(from))
		return !mig_state_is_saving(to);
	return from == MIG_RESUMING && to != MIG_RESUMING;
}

bool protocol_runs_freely(uint32_t state)
{
	return state == MIG_RUNNING || state == MIG_PRE_COPY;
}

bool protocol_claims(uint32_t state, bool has_flags, uint64_t flags)
{
	uint64_t need = state == MIG_RUNNING_P2P  ? MIG_FLAG_P2P :
			state == MIG_PRE_COPY	  ? MIG_FLAG_PRE_COPY :
			state == MIG_PRE_COPY_P2P ? MIG_FLAG_PRE_COPY | MIG_FLAG_P2P :
						    0;

	return !has_flags || (flags & need) == need;
}

bool protocol_is_forbidden(uint32_t from, uint32_t target)
{
	return (from == MIG_STOP_COPY && mig_state_is_precopy(target)) ||
	       (from == MIG_ERROR && target != MIG_ERROR);
}

void left_init(struct left *l)
{
	l->info_bytes = l->size_bytes = PROTOCOL_NONE;
	l->info_ns = l->size_ns = l->info_since = l->size_since = 0;
}

void left_took_info(struct left *l, uint64_t initial, uint64_t dirty, uint64_t t_ns)
{
	uint64_t sum = sat_add(initial, dirty);

	/* The sum of two claims may be no number of bytes at all. */
	l->info_bytes = sum < PROTOCOL_NONE - 1 ? sum : PROTOCOL_NONE - 1;
	l->info_ns = t_ns;
	l->info_since = 0;
}

void left_took_size(struct left *l, uint64_t length, uint64_t t_ns)
{
	if (length >> 63)
		return;
	l->size_bytes = length;
	l->size_ns = t_ns;
	l->size_since = 0;
}

void left_read(struct left *l, uint64_t bytes)
{
	sat_inc(&l->info_since, bytes);
	sat_inc(&l->size_since, bytes);
}

static uint64_t less(uint64_t bytes, uint64_t since)
{
	return bytes == PROTOCOL_NONE ? PROTOCOL_NONE : sat_sub(bytes, since);
}

uint64_t left_by_info(const struct left *l)
{
	return less(l->info_bytes, l->info_since);
}

uint64_t left_by_size(const struct left *l)
{
	return less(l->size_bytes, l->size_since);
}

uint64_t left_bytes(const struct left *l, enum left_source *source, uint64_t *t_ns)
{
	enum left_source which;

	if (l->size_bytes != PROTOCOL_NONE &&
	    (l->info_bytes == PROTOCOL_NONE || l->size_ns >= l->info_ns ||
	     l->info_ns - l->size_ns <= LEFT_TOGETHER_NS))
		which = LEFT_DATA_SIZE;
	else
		which = l->info_bytes != PROTOCOL_NONE ? LEFT_PRECOPY_INFO : LEFT_NOT_SEEN;
	if (source)
		*source = which;
	if (t_ns)
		*t_ns = which == LEFT_DATA_SIZE ? l->size_ns : l->info_ns;
	return which == LEFT_DATA_SIZE ? left_by_size(l) : left_by_info(l);
}

const char *left_source_name(uint32_t source)
{
	return source == LEFT_DATA_SIZE	   ? "MIG_DATA_SIZE" :
	       source == LEFT_PRECOPY_INFO ? "precopy info" :
					     "not seen";
}
