// SPDX-License-Identifier: GPL-2.0-only
/*
 * insight.c - what went wrong, from the events alone: calls that failed, losses,
 * calls that hang
 */
#include "tui/insight.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MAX	1024

struct kept {
	struct insight_finding f;
	uint32_t kind;
	int64_t ret;
	char text[224];
};

struct insight {
	struct kept *at;
	size_t n;
};

struct insight *insight_create(void)
{
	return calloc(1, sizeof(struct insight));
}

void insight_destroy(struct insight *in)
{
	if (!in)
		return;
	free(in->at);
	free(in);
}

static bool failed(const struct event *ev)
{
	switch (ev->kind) {
	case EV_READ:
	case EV_WRITE:
	case EV_SET_STATE:
	case EV_GET_STATE:
	case EV_RESET:
	case EV_PRECOPY_INFO:
	case EV_DATA_SIZE:
	case EV_DMA_LOG_START:
	case EV_DMA_LOG_REPORT:
		return ev->ret < 0 && !event_is_empty_read(ev) && ev->ret != -EAGAIN &&
		       ev->ret != -EINTR && !(ev->ret <= -512 && ev->ret >= -516);
	case EV_LOSS:
	case EV_STUCK:
		return true;
	default:
		return false;
	}
}

static void describe(struct kept *k, const struct event *ev)
{
	const char *name = event_kind_name(ev->kind), *err;

	switch (ev->kind) {
	case EV_LOSS:
		k->f.rule = "lost-events";
		k->f.severity = INSIGHT_INCONCLUSIVE;
		k->f.party = "admin";
		snprintf(k->text, sizeof(k->text), "events were lost: figures are lower bounds");
		return;
	case EV_STUCK:
		k->f.rule = "call-stuck";
		k->f.severity = INSIGHT_ERROR;
		k->f.party = "driver";
		snprintf(k->text, sizeof(k->text), "a %s has not returned",
			 event_kind_name(ev->stuck.call) ?: "call");
		return;
	}
	err = ev->ret > -4096 ? errno_name((int)-ev->ret) : NULL;
	k->f.rule = "failed-call";
	k->f.severity = INSIGHT_WARNING;
	k->f.party = "driver";
	snprintf(k->text, sizeof(k->text), "%s gave %s", name, err ?: "an error");
}

int insight_feed(struct insight *in, struct model *m, const struct event *ev,
		 const struct event_context *ctx)
{
	uint32_t device = ctx->device ? ctx->device->number : 0;
	struct kept *at;
	size_t i;

	(void)m;
	if (!failed(ev))
		return 0;
	for (i = 0; i < in->n; i++) {
		at = &in->at[i];
		if (at->kind == ev->kind && at->ret == ev->ret && at->f.device == device &&
		    at->f.migration == ctx->migration) {
			at->f.count++;
			return 0;
		}
	}
	if (in->n == KEPT_MAX)
		return 0;
	at = realloc(in->at, (in->n + 1) * sizeof(*at));
	if (!at)
		return -ENOMEM;
	in->at = at;
	at = &in->at[in->n++];
	memset(at, 0, sizeof(*at));
	at->kind = ev->kind;
	at->ret = ev->ret;
	at->f.device = device;
	at->f.migration = ctx->migration;
	at->f.t_ns = ev->t_ns;
	at->f.seq = ev->seq;
	at->f.count = 1;
	describe(at, ev);
	return 0;
}

int insight_finish(struct insight *in, struct model *m, const struct source_health *health,
		   const struct meta *meta)
{
	(void)in;
	(void)m;
	(void)health;
	(void)meta;
	return 0;
}

size_t insight_findings(const struct insight *in)
{
	return in->n;
}

bool insight_finding(const struct insight *in, size_t i, struct insight_finding *out)
{
	if (i >= in->n)
		return false;
	*out = in->at[i].f;
	out->text = in->at[i].text;
	out->basis = "";
	return true;
}

void insight_forecast(struct model *m, uint32_t id, struct insight_forecast *out)
{
	(void)m;
	(void)id;
	memset(out, 0, sizeof(*out));
	out->converges = -1;
}
