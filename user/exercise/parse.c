// SPDX-License-Identifier: GPL-2.0-only
/*
 * parse.c - the words of the command line, and what contradicts itself in them
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exercise/exercise.h"
#include "util/units.h"

#define MIB	    (1ULL << 20)
/* A vfio-pci device has nine regions of the bus, others have their own. */
#define REGIONS_MAX 256

int exercise_parse_switch(const char *s, struct policy *p, char err[EXERCISE_ERR_LEN])
{
	static const struct {
		const char *name;
		enum policy_kind kind;
	} plain[] = {
		{ "converged", POLICY_CONVERGED },
		{ "initial", POLICY_INITIAL },
		{ "at-once", POLICY_AT_ONCE },
		{ "no-precopy", POLICY_NONE },
	};
	size_t i;

	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (!strcmp(s, plain[i].name)) {
			p->kind = plain[i].kind;
			return 0;
		}
	}
	if (!strncmp(s, "after=", 6) && !units_parse_duration(s + 6, &p->value)) {
		p->kind = POLICY_AFTER;
		return 0;
	}
	if (!strncmp(s, "below=", 6) && !units_parse_size(s + 6, &p->value)) {
		p->kind = POLICY_BELOW;
		return 0;
	}
	snprintf(err, EXERCISE_ERR_LEN,
		 "--switch: '%.80s' is none of converged, initial, at-once, "
		 "no-precopy, after=TIME, below=SIZE",
		 s);
	return -EINVAL;
}

/* The number in front of the first ':' (or the end); *@rest is behind it, or NULL. */
static int parse_index(const char *s, uint32_t *index, const char **rest)
{
	unsigned long n;
	char *end;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	errno = 0;
	n = strtoul(s, &end, 10);
	if (errno || n >= REGIONS_MAX || (*end && *end != ':'))
		return -EINVAL;
	*index = (uint32_t)n;
	*rest = *end ? end + 1 : NULL;
	return 0;
}

int exercise_parse_dirty(const char *s, struct exercise_region *r, char err[EXERCISE_ERR_LEN])
{
	char rate[UNITS_LEN];
	const char *rest;
	size_t len;

	*r = (struct exercise_region){ .given = true, .rate = MIB };
	if (parse_index(s, &r->index, &rest))
		goto bad;
	if (!rest)
		return 0;
	r->rate = 0;
	if (!strcmp(rest, "max"))
		return 0;
	len = strlen(rest);
	if (len > 2 && !strcmp(rest + len - 2, "/s"))
		len -= 2;
	if (len >= sizeof(rate))
		goto bad;
	memcpy(rate, rest, len);
	rate[len] = '\0';
	if (units_parse_size(rate, &r->rate) || !r->rate)
		goto bad;
	return 0;
bad:
	snprintf(err, EXERCISE_ERR_LEN, "--dirty: '%.80s' is no region and rate (2, 2:4MiB, 2:max)",
		 s);
	return -EINVAL;
}

static int parse_number(const char *s, size_t len, uint64_t *n)
{
	char text[UNITS_LEN], *end;

	if (!len || len >= sizeof(text))
		return -EINVAL;
	memcpy(text, s, len);
	text[len] = '\0';
	if (strncmp(text, "0x", 2))
		return units_parse_size(text, n);
	errno = 0;
	*n = strtoull(text + 2, &end, 16);
	return errno || *end || !text[2] || text[2] == '-' || text[2] == '+' ? -EINVAL : 0;
}

int exercise_parse_compare(const char *s, struct exercise_region *r, char err[EXERCISE_ERR_LEN])
{
	const char *rest, *colon;
	size_t len;

	*r = (struct exercise_region){ .given = true };
	if (!strcmp(s, "stream")) {
		r->stream = true;
		return 0;
	}
	if (parse_index(s, &r->index, &rest))
		goto bad;
	if (!rest)
		return 0;
	colon = strchr(rest, ':');
	len = colon ? (size_t)(colon - rest) : strlen(rest);
	if (parse_number(rest, len, &r->offset))
		goto bad;
	if (colon && (parse_number(colon + 1, strlen(colon + 1), &r->length) || !r->length))
		goto bad;
	return 0;
bad:
	snprintf(err, EXERCISE_ERR_LEN,
		 "--compare: '%.80s' is no region, no part of one "
		 "(2, 2:0x1000, 2:0x1000:4096), nor 'stream'",
		 s);
	return -EINVAL;
}

int exercise_parse_buffer(const char *s, uint64_t *size, char err[EXERCISE_ERR_LEN])
{
	*size = 0;
	if (!strcmp(s, "random"))
		return 0;
	if (!units_parse_size(s, size) && *size && *size <= (1ULL << 30))
		return 0;
	snprintf(err, EXERCISE_ERR_LEN,
		 "--buffer: '%.80s' is neither 'random' nor a size up to 1GiB", s);
	return -EINVAL;
}

int exercise_parse_delay(const char *s, struct exercise_plan *p, char err[EXERCISE_ERR_LEN])
{
	const struct {
		const char *name;
		uint64_t *ns;
	} where[] = {
		{ "read=", &p->delay_read_ns },
		{ "arc=", &p->delay_arc_ns },
		{ "load=", &p->delay_load_ns },
	};
	size_t i;

	for (i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		size_t len = strlen(where[i].name);

		if (!strncmp(s, where[i].name, len) && !units_parse_duration(s + len, where[i].ns))
			return 0;
	}
	snprintf(err, EXERCISE_ERR_LEN,
		 "--delay: '%.80s' is none of read=TIME, arc=TIME, load=TIME", s);
	return -EINVAL;
}

static int contradiction(char err[EXERCISE_ERR_LEN], const char *what)
{
	snprintf(err, EXERCISE_ERR_LEN, "%s", what);
	return -EINVAL;
}

int exercise_plan_check(const struct exercise_plan *p, char err[EXERCISE_ERR_LEN])
{
	const struct fault_info *f = fault_info(p->fault);

	if (p->to && !strcmp(p->to, p->device))
		return contradiction(
			err, "--to: leave it out to load the stream back into the device itself");
	if (p->no_load && p->compare.stream)
		return contradiction(err, "--no-load leaves nothing to compare the stream with");
	if (p->with && (!strcmp(p->with, p->device) || (p->to && !strcmp(p->with, p->to))))
		return contradiction(err, "--with: the sibling must be another device");
	if (p->to && p->no_load)
		return contradiction(err, "--no-load and --to contradict each other");
	if (p->no_load && p->reset == STAGE_RESUMING)
		return contradiction(err, "--reset resuming: with --no-load nothing is resumed");
	if (p->cancel && p->reset)
		return contradiction(err, "--cancel and --reset end the same session: one of them");
	if (p->policy.kind == POLICY_NONE &&
	    (p->cancel == STAGE_PRECOPY || p->reset == STAGE_PRECOPY))
		return contradiction(
			err, "--switch no-precopy leaves no pre-copy to cancel or reset in");
	if (p->vary && (f || p->cancel || p->reset))
		return contradiction(
			err,
			"--vary chooses how it ends: it does not go with --cancel, --reset, --fault");
	if (!f)
		return 0;
	if (p->cancel || p->reset)
		return contradiction(err, "--fault does not go with --cancel or --reset");
	if ((f->needs & FAULT_NEEDS_TO) && !p->to) {
		snprintf(err, EXERCISE_ERR_LEN, "--fault %s needs a second device: --to DEVICE",
			 f->name);
		return -EINVAL;
	}
	if ((f->needs & FAULT_NEEDS_WITH) && !p->with) {
		snprintf(err, EXERCISE_ERR_LEN, "--fault %s needs a sibling: --with DEVICE",
			 f->name);
		return -EINVAL;
	}
	if ((f->needs & FAULT_NEEDS_DIRTY) && !p->dirty.given) {
		snprintf(err, EXERCISE_ERR_LEN,
			 "--fault %s needs a region to write to: --dirty REGION", f->name);
		return -EINVAL;
	}
	return 0;
}
