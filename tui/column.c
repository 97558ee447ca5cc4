// SPDX-License-Identifier: GPL-2.0-only
/*
 * column.c - a column of a plot: what of an event goes into it, and the same in few bytes
 */
#include "tui/store_internal.h"

static const char *const kind_names[SK_NR] = {
	[SK_READ] = "read",	      [SK_WRITE] = "write",	  [SK_ARC] = "arc",
	[SK_SET_STATE] = "set_state", [SK_INFO] = "precopy_info", [SK_DATA_SIZE] = "data_size",
	[SK_DMA_LOG] = "dma_log",     [SK_RESET] = "reset",
};

const char *store_kind_name(enum store_kind k)
{
	return k < SK_NR ? kind_names[k] : "unknown";
}

uint64_t store_latency_floor(unsigned int row)
{
	static const uint64_t floors[STORE_LATENCY_ROWS] = {
		0,	   1000,       3000,	   10000,	30000,	  100000,
		300000,	   1000000,    3000000,	   10000000,	30000000, 100000000,
		300000000, 1000000000, 3000000000, 10000000000,
	};

	return row < STORE_LATENCY_ROWS ? floors[row] : UINT64_MAX;
}

static unsigned int latency_row(uint64_t ns)
{
	unsigned int row = STORE_LATENCY_ROWS - 1;

	while (store_latency_floor(row) > ns)
		row--;
	return row;
}

int store_kind_of(uint32_t kind)
{
	switch (kind) {
	case EV_READ:
		return SK_READ;
	case EV_WRITE:
		return SK_WRITE;
	case EV_ARC:
		return SK_ARC;
	case EV_SET_STATE:
		return SK_SET_STATE;
	case EV_PRECOPY_INFO:
		return SK_INFO;
	case EV_DATA_SIZE:
		return SK_DATA_SIZE;
	case EV_DMA_LOG_START:
	case EV_DMA_LOG_STOP:
	case EV_DMA_LOG_REPORT:
		return SK_DMA_LOG;
	case EV_RESET:
		return SK_RESET;
	default:
		return -1;
	}
}

/* ---- what goes in ---- */

void column_takes(struct store_column *c, uint64_t initial, uint64_t rest)
{
	if (!c->has_left) {
		c->initial_min = c->initial_max = initial;
		c->rest_min = c->rest_max = rest;
	} else {
		if (initial < c->initial_min)
			c->initial_min = initial;
		if (initial > c->initial_max)
			c->initial_max = initial;
		if (rest < c->rest_min)
			c->rest_min = rest;
		if (rest > c->rest_max)
			c->rest_max = rest;
	}
	c->has_left = true;
	c->initial_last = initial;
	c->rest_last = rest;
}

void column_left(struct store_column *c, const struct said *st)
{
	c->own = true;
	c->left_last = st->left != MODEL_NONE;
	if (c->left_last)
		column_takes(c, st->initial, st->left - st->initial);
}

void column_event(struct store_column *c, const struct event *ev, uint32_t state, bool v2)
{
	uint64_t calls = event_calls(ev);
	int k = store_kind_of(ev->kind);

	c->any = true;
	if (k >= 0 && calls)
		c->heat[k][latency_row(ev->dur_ns / calls)] += (uint32_t)calls;
	if (event_failed(ev))
		c->flags |= COLUMN_ERROR;
	switch (ev->kind) {
	case EV_READ:
	case EV_WRITE:
		c->calls += calls;
		if (ev->ret > 0) {
			c->bytes += (uint64_t)ev->ret;
			if (ev->dur_ns > c->io_max_ns)
				c->io_max_ns = ev->dur_ns;
		} else if (ev->kind == EV_READ && ev->ret == -ENOMSG) {
			c->enomsg += calls;
			c->flags |= COLUMN_ENOMSG;
		} else if (ev->kind == EV_READ && !ev->ret && mig_state_is_precopy(state)) {
			c->flags |= COLUMN_ENOMSG;
		}
		break;
	case EV_PRECOPY_INFO:
		if (v2 && ev->ret >= 0 && (ev->precopy_info.flags & PRECOPY_INFO_REINIT))
			c->flags |= COLUMN_REINIT;
		break;
	case EV_ARC:
		if (ev->ret >= 0 && ev->arc.to == MIG_STOP_COPY)
			c->flags |= COLUMN_SWITCH;
		if (ev->ret >= 0 && ev->arc.to == MIG_ERROR)
			c->flags |= COLUMN_ERROR;
		break;
	case EV_LOSS:
		c->flags |= COLUMN_LOSS;
		break;
	case EV_MARK:
		c->flags |= COLUMN_MARK;
		break;
	}
}

/* ---- in few bytes ---- */

enum {
	P_ANY = 1 << 0,
	P_OWN = 1 << 1,
	P_LEFT = 1 << 2,
	P_LEFT_LAST = 1 << 3,
};

void sum_put(struct buf *b, const struct sum *sum)
{
	const struct store_column *c = &sum->col;
	uint8_t flags = (uint8_t)((c->any ? P_ANY : 0) | (c->own ? P_OWN : 0) |
				  (c->has_left ? P_LEFT : 0) | (c->left_last ? P_LEFT_LAST : 0));
	unsigned int k, r, cells = 0;

	buf_put(b, &flags, 1);
	buf_put_varint(b, sum->end.state);
	/* Wraps to 0 where nothing is known. */
	buf_put_varint(b, sum->end.left + 1);
	buf_put_varint(b, sum->end.initial);
	if (c->has_left) {
		buf_put_varint(b, c->initial_min);
		buf_put_varint(b, c->initial_max);
		buf_put_varint(b, c->initial_last);
		buf_put_varint(b, c->rest_min);
		buf_put_varint(b, c->rest_max);
		buf_put_varint(b, c->rest_last);
	}
	if (!c->any)
		return;
	buf_put_varint(b, c->bytes);
	buf_put_varint(b, c->calls);
	buf_put_varint(b, c->enomsg);
	buf_put_varint(b, c->io_max_ns);
	buf_put_varint(b, c->flags);
	for (k = 0; k < SK_NR; k++)
		for (r = 0; r < STORE_LATENCY_ROWS; r++)
			cells += c->heat[k][r] != 0;
	buf_put_varint(b, cells);
	for (k = 0; k < SK_NR; k++)
		for (r = 0; r < STORE_LATENCY_ROWS; r++)
			if (c->heat[k][r]) {
				buf_put_varint(b, k * STORE_LATENCY_ROWS + r);
				buf_put_varint(b, c->heat[k][r]);
			}
}

void sum_take(const uint8_t *p, struct store_column *c, struct said *st)
{
	uint64_t initial[3], rest[3], io_max_ns;
	unsigned int flags = *p++, i, cells;

	st->state = (uint32_t)codec_varint(&p);
	st->left = codec_varint(&p) - 1;
	st->initial = codec_varint(&p);
	if (!c)
		return;
	if (flags & P_LEFT) {
		for (i = 0; i < 3; i++)
			initial[i] = codec_varint(&p);
		for (i = 0; i < 3; i++)
			rest[i] = codec_varint(&p);
		/* Least, most, last. */
		for (i = 0; i < 3; i++)
			column_takes(c, initial[i], rest[i]);
	}
	if (flags & P_OWN) {
		c->own = true;
		c->left_last = flags & P_LEFT_LAST;
	}
	if (!(flags & P_ANY))
		return;
	c->any = true;
	c->bytes += codec_varint(&p);
	c->calls += codec_varint(&p);
	c->enomsg += codec_varint(&p);
	io_max_ns = codec_varint(&p);
	if (io_max_ns > c->io_max_ns)
		c->io_max_ns = io_max_ns;
	c->flags |= (uint32_t)codec_varint(&p);
	for (cells = (unsigned int)codec_varint(&p); cells; cells--) {
		i = (unsigned int)codec_varint(&p);
		c->heat[i / STORE_LATENCY_ROWS][i % STORE_LATENCY_ROWS] +=
			(uint32_t)codec_varint(&p);
	}
}
