// SPDX-License-Identifier: GPL-2.0-only
#include "recording/hosts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY	    "part"
/* of HOST_DAMAGE_KEY */
#define NO_END	    ", no end"
#define OVER_BUDGET ", more than its size can hold"

static void copy(char *dst, size_t size, const char *src)
{
	size_t n = src ? strnlen(src, size - 1) : 0;

	memcpy(dst, src ? src : "", n);
	memset(dst + n, 0, size - n);
}

/* "1 12345 67890 BOOT NAME"; the name is last, it may hold anything. */
static bool parse(const char *value, struct host_part *p)
{
	char boot[BOOT_ID_LEN];
	int end = 0;

	memset(p, 0, sizeof(*p));
	/* NOLINTNEXTLINE: a number too large is the largest */
	if (sscanf(value, "%" SCNu32 " %" SCNu64 " %" SCNu64 " %63s%n", &p->host, &p->first_ns,
		   &p->last_ns, boot, &end) != 4 ||
	    !p->host)
		return false;
	copy(p->boot, sizeof(p->boot), strcmp(boot, "-") ? boot : "");
	copy(p->name, sizeof(p->name), value[end] ? value + end + 1 : "");
	return true;
}

struct host_part *host_parts(const struct meta *m, size_t *n)
{
	struct host_part *p;
	size_t i;

	*n = 0;
	p = calloc(m->n + 1, sizeof(*p));
	if (!p)
		return NULL;
	for (i = 0; i < m->n; i++)
		if (!strcmp(m->entries[i].key, KEY))
			*n += parse(m->entries[i].value, &p[*n]);
	if (*n)
		return p;
	memset(p, 0, sizeof(*p));
	copy(p->boot, sizeof(p->boot), meta_get(m, "boot_id"));
	copy(p->name, sizeof(p->name), meta_get(m, "host"));
	*n = 1;
	return p;
}

int host_part_add(struct meta *m, const struct host_part *p)
{
	return meta_addf(m, KEY, "%" PRIu32 " %" PRIu64 " %" PRIu64 " %s %s", p->host, p->first_ns,
			 p->last_ns, p->boot[0] ? p->boot : "-", p->name);
}

bool host_is_nobody(const char *name)
{
	static const char *const nobody[] = { "", "(none)", "localhost", "localhost.localdomain" };
	size_t i;

	for (i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++)
		if (!strcmp(name, nobody[i]))
			return true;
	return false;
}

/* A host that nobody named has a name by which it is told apart all the same. */
static void name_host(struct hosts *hs, uint32_t i, const char *name)
{
	struct host *h = &hs->h[i];
	uint32_t k;

	if (host_is_nobody(name)) {
		snprintf(h->name, sizeof(h->name), "host %" PRIu32, i + 1);
		return;
	}
	copy(h->name, sizeof(h->name), name);
	for (k = 0; k < i; k++)
		if (!strcmp(hs->h[k].name, name))
			snprintf(h->name, sizeof(h->name), "%.48s (%" PRIu32 ")", name, i + 1);
}

int hosts_number(struct hosts *hs, const struct host_part *p, uint32_t *number)
{
	struct host *h;
	uint32_t i;

	for (i = 0; p->boot[0] && i < hs->n; i++) {
		if (!strcmp(hs->h[i].boot, p->boot)) {
			*number = i + 1;
			return 0;
		}
	}
	h = realloc(hs->h, (hs->n + 1) * sizeof(*h));
	if (!h)
		return -ENOMEM;
	hs->h = h;
	memset(&h[hs->n], 0, sizeof(*h));
	copy(h[hs->n].boot, sizeof(h->boot), p->boot);
	name_host(hs, hs->n, p->name);
	*number = ++hs->n;
	return 0;
}

int host_damage_add(struct meta *m, const char *host, const struct source_health *h)
{
	if (!health_damaged(h))
		return 0;
	return meta_addf(m, HOST_DAMAGE_KEY,
			 "%" PRIu64 " bytes, %" PRIu64 " frames%s%s: of the recording of %s",
			 h->bytes_skipped, h->frames_damaged, h->ended ? "" : NO_END,
			 h->over_budget ? OVER_BUDGET : "", host);
}

/* Is @word in front of the colon? */
static bool says(const char *value, const char *word)
{
	const char *at = strstr(value, word);

	return at && at < value + strcspn(value, ":");
}

void host_damage_read(const char *value, struct source_health *h)
{
	struct source_health one = { .ended = !says(value, NO_END),
				     .over_budget = says(value, OVER_BUDGET) };

	/* Whoever wrote it: something was wrong. */
	/* NOLINTNEXTLINE: a number too large is the largest */
	if (sscanf(value, "%" SCNu64 " bytes, %" SCNu64 " frames", &one.bytes_skipped,
		   &one.frames_damaged) != 2)
		one.frames_damaged = 1;
	health_join(h, &one);
}

void hosts_free(struct hosts *hs)
{
	free(hs->h);
	memset(hs, 0, sizeof(*hs));
}
