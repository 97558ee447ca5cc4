// SPDX-License-Identifier: GPL-2.0-only
#include "view/value.h"

#include <stdio.h>
#include <string.h>

bool value_has_result(uint32_t kind)
{
	return kind != EV_STUCK && kind != EV_LOSS && kind != EV_MARK && kind != EV_PROCESS_EXIT &&
	       kind != EV_WHY && kind != EV_INSIDE;
}

const char *value_next_bit(const struct value *v, uint64_t *bits, char buf[BIT_NAME_LEN])
{
	unsigned int bit;
	const char *name;

	if (!*bits)
		return NULL;
	bit = (unsigned int)__builtin_ctzll(*bits);
	*bits &= *bits - 1;
	name = bit < 32 ? v->bit_name(bit) : NULL;
	if (name)
		return name;
	snprintf(buf, BIT_NAME_LEN, "BIT_%u", bit);
	return buf;
}

static bool put_text(struct value *v, const char *text)
{
	v->type = VALUE_TEXT;
	v->text = text;
	v->len = text ? strlen(text) : 0;
	return text;
}

/* By its name, or the number of one that has none. */
static bool put_state(struct value *v, uint64_t state)
{
	v->type = VALUE_U64;
	v->u64 = state;
	if (state <= UINT32_MAX && mig_state_name((uint32_t)state))
		put_text(v, mig_state_name((uint32_t)state));
	return true;
}

static bool put_bits(struct value *v, uint64_t bits, const char *(*name)(unsigned int bit))
{
	v->type = VALUE_BITS;
	v->u64 = bits;
	v->bit_name = name;
	return true;
}

bool value_of(const struct event *ev, const struct event_field *fd, struct value *v)
{
	const char *p = (const char *)ev + fd->offset;
	uint32_t u32 = 0;

	memset(v, 0, sizeof(*v));
	if ((fd->flags & EFF_INTERNAL) || ((fd->flags & EFF_ON_SUCCESS) && ev->ret < 0) ||
	    ((fd->flags & EFF_NOT_ONE) && event_calls(ev) == 1))
		return false;
	switch (fd->type) {
	case EF_U64:
	case EF_MIG_FLAGS:
		memcpy(&v->u64, p, sizeof(v->u64));
		break;
	case EF_S64:
	case EF_TARGET:
		memcpy(&v->s64, p, sizeof(v->s64));
		break;
	case EF_STR:
		break;
	default:
		memcpy(&u32, p, sizeof(u32));
		v->u64 = u32;
		break;
	}
	if ((fd->flags & EFF_KNOWN) &&
	    (fd->type == EF_TARGET ? v->s64 == EVENT_TARGET_NONE : v->u64 == EVENT_NOT_SEEN))
		return false;

	switch (fd->type) {
	case EF_S64:
		v->type = VALUE_S64;
		return true;
	case EF_STR:
		v->type = VALUE_TEXT;
		v->text = p;
		v->len = strnlen(p, fd->size);
		return true;
	case EF_STATE:
		return put_state(v, u32);
	case EF_TARGET:
		v->type = VALUE_S64;
		return v->s64 < 0 || put_state(v, (uint64_t)v->s64);
	case EF_MIG_FLAGS:
		return put_bits(v, v->u64, event_mig_flag_name);
	case EF_POLL_MASK:
		return put_bits(v, u32, event_poll_bit_name);
	case EF_STREAM_OPS:
		return put_bits(v, u32, event_stream_op_name);
	case EF_BOOL:
		v->type = VALUE_BOOL;
		return true;
	case EF_RESET_HOW:
		return put_text(v, event_reset_how_name(u32));
	case EF_FEATURE_OP:
		return put_text(v, u32 == FEATURE_OP_NONE ? NULL : event_feature_op_name(u32));
	case EF_DIRECTION:
		return put_text(v, event_direction_name(u32));
	case EF_KIND:
		return put_text(v, u32 == EV_NONE ? NULL : event_kind_name(u32));
	case EF_LOSS_CAUSE:
		return put_text(v, event_loss_cause_name(u32));
	case EF_VM_SOURCE:
		return put_text(v, event_vm_source_name(u32));
	default:
		v->type = VALUE_U64;
		return true;
	}
}
