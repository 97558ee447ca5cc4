/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hosts.h - which hosts a recording is of
 *
 * A recording is of one boot of one machine, or, when it was merged, of several.
 * What a merged one is made of stands in its META, so that it is known again
 * when a part of it is given a second time.
 */
#ifndef VFIOSCOPE_RECORDING_HOSTS_H
#define VFIOSCOPE_RECORDING_HOSTS_H

#include "event.h"
#include "source.h"

#define BOOT_ID_LEN 64

/* What a recording holds of one boot. */
struct host_part {
	uint32_t host;		   /* its number in the recording; 0: the only one */
	char boot[BOOT_ID_LEN];	   /* "": not known */
	char name[EVENT_NAME_LEN]; /* as META has it; "": not known */
	/* On that host's own CLOCK_MONOTONIC; both 0: not said (of one host: read it). */
	uint64_t first_ns, last_ns;
};

/*
 * The parts that @m names, one at least, in an array that the caller frees; *@n
 * is their number.  NULL: out of memory.
 */
struct host_part *host_parts(const struct meta *m, size_t *n);

/* Does the name tell nobody's from another's: none, or what every machine is called? */
bool host_is_nobody(const char *name);

/*
 * The hosts of several recordings, numbered from 1 in order of first sight, a boot
 * once: as merge.h has them.  A zeroed one is empty.
 */
struct host {
	char boot[BOOT_ID_LEN];
	/* Its own, or, of a host without a name or with another's, one that tells it apart. */
	char name[EVENT_NAME_LEN];
	bool introduced; /* its EV_HOST was delivered */
};

struct hosts {
	struct host *h;
	uint32_t n;
};

/* The number of @p's host, a new one if need be.  0 or -ENOMEM. */
int hosts_number(struct hosts *hs, const struct host_part *p, uint32_t *number);
/* Number 1..n. */
static inline const struct host *hosts_get(const struct hosts *hs, uint32_t number)
{
	return &hs->h[number - 1];
}
void hosts_free(struct hosts *hs);

/* Add @p to @m as a part of a merged recording.  0 or -ENOMEM. */
int host_part_add(struct meta *m, const struct host_part *p);

/*
 * What was wrong with a recording stays wrong with what is made of it: a note of it,
 * for the META of a new one (nothing if it is sound: 0, or -ENOMEM), and back into
 * the health of whoever reads that.
 */
#define HOST_DAMAGE_KEY "damage"
int host_damage_add(struct meta *m, const char *host, const struct source_health *h);
void host_damage_read(const char *value, struct source_health *h);

#endif
