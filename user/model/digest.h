/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * digest.h - a side as what is needed of it when its events are not at hand
 *
 * A recording keeps such digests at its end.  Of the digests of many recordings a
 * model is made that joins sides as it does those of one evidence, by the same code,
 * and knows of each migration the outcome, the cause and the downtime.  What a digest
 * has not: what happened on the destination between the source's last byte and its own
 * start, where the two were recorded apart (migration.parts_known is false then).
 */
#ifndef VFIOSCOPE_MODEL_DIGEST_H
#define VFIOSCOPE_MODEL_DIGEST_H

#include "model/model.h"

struct digest_device {
	char name[EVENT_NAME_LEN], driver[EVENT_NAME_LEN];
	uint64_t bytes_total; /* that its last session moved */
	uint32_t order;	      /* of opens; 0: not seen */
	bool asked;	      /* for a data FD; else it is here for the cause alone */
};

/* Times are those of the clock that the digest is on. */
struct digest {
	struct side side; /* numbers in it are of the model that it comes from */
	uint32_t n_eof;
	uint32_t phase[4];
	uint32_t cause_device; /* index into device[] + 1; 0 */
	struct digest_device *device;
	uint32_t n_devices;
};

/* Of side @id.  0 or -ENOMEM; digest_free() is due in both cases. */
int model_digest(struct model *m, uint32_t id, struct digest *out);
void digest_free(struct digest *d);
/* Put it on another clock: @ahead_ns (modulo 2^64) is added to every instant. */
void digest_shift(struct digest *d, uint64_t ahead_ns);

/*
 * The side of a digest becomes one of @m, on host @host, which has the name
 * @host_name.  Its number in *@id.  0 or -ENOMEM, as model_feed().
 */
int model_add_digest(struct model *m, const struct digest *d, uint32_t host, const char *host_name,
		     uint32_t *id);

#endif
