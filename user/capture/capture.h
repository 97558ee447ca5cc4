/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture.h - the live source: what the hooks of this kernel see
 *
 * A capture only watches.  It attaches BPF programs to VFIO's own functions
 * and to the data-FD operations of every driver that it finds, makes no VFIO
 * call of its own, and keeps no migration waiting: what finds no room in the
 * ring is counted and told as EV_LOSS at its place.
 *
 * While a capture is open, the modules whose functions it hooks cannot be
 * unloaded.
 */
#ifndef VFIOSCOPE_CAPTURE_H
#define VFIOSCOPE_CAPTURE_H

#include <sys/types.h>

#include "event.h"
#include "source.h"

struct capture;

/* How a function may be traced. */
enum capture_method {
	CAPTURE_AUTO = 0, /* fentry, and where it cannot attach, kprobe */
	CAPTURE_FENTRY = 1,
	CAPTURE_KPROBE = 2,
};
/* "auto", "fentry", "kprobe", in enum order, NULL-terminated. */
extern const char *const capture_method_names[];

/* Functions that can be timed within calls. */
#define CAPTURE_FUNCTIONS_MAX 16

struct capture_opts {
	const char *device; /* only this device (BDF or UUID); NULL: all */
	const char *driver; /* only devices of this driver; NULL: all */
	const char *vm;	    /* only processes of this VM; NULL: all */
	pid_t pid;	    /* only calls of this process; 0: all */
	size_t ring_bytes;  /* rounded up to a power of two pages; 0: 16 MiB */
	enum capture_method method;
	bool no_join; /* do not adopt what is open already */
	bool no_why;  /* do not ask the scheduler what calls wait for */
	/*
	 * Names of functions that are timed within calls, up to CAPTURE_FUNCTIONS_MAX, each
	 * once; not with @no_why.
	 */
	const char (*inside)[EVENT_NAME_LEN];
	size_t n_inside;
	bool waits; /* for migrations: between them what the whole host goes through is not hooked */
	bool verbose; /* libbpf's own messages on stderr */
};

/* How one function is traced. */
struct capture_hook {
	char module[64];    /* "vmlinux" for the kernel itself */
	char function[128]; /* or the tracepoint's name */
	const char *kind;   /* "read", "ioctl", "set_state", ...; static */
	/* "fentry", "kprobe", "tracepoint"; static; "none" when it is not traced */
	const char *method;
	uint64_t since_ns; /* CLOCK_MONOTONIC: it sees calls that begin later */
	/* why it is not traced, or not by the better method; "" when all is well */
	char reason[160];
};

static inline bool capture_hook_attached(const struct capture_hook *h)
{
	return h->method[0] != 'n';
}

/* One of struct capture_opts' functions. */
struct capture_function {
	char name[EVENT_NAME_LEN];
	char symbol[EVENT_NAME_LEN]; /* what the kernel calls it; "": it is not there */
	uint32_t unseen;	     /* enum event_unseen: UNSEEN_NOT while it is attached */
	int err;		     /* of UNSEEN_REFUSED: -errno */
};

/*
 * Attach every hook that can be attached.  0, or -errno with one line in
 * @err, without newline, that says what is missing and what helps:
 * -EPERM, -ENOSYS (the kernel cannot do it), -ENODEV (vfio is not loaded), or
 * whatever the kernel answered.  The caller closes the source.
 */
int capture_open(struct capture **out, const struct capture_opts *opts, char *err, size_t err_len);

/* Events as they happen; owned by the capture, valid until its close(). */
struct event_source *capture_source(struct capture *c);

/* The hooks, attached or not; valid until the next next(). */
const struct capture_hook *capture_hooks(const struct capture *c, size_t *n);

/* Some functions are traced in a way in which the kernel may hide calls and count none. */
bool capture_uncounted(const struct capture *c);

/* Of number @i, from 0, in the order of struct capture_opts; NULL: there are no more. */
const struct capture_function *capture_function(const struct capture *c, size_t i);

/*
 * Let go of the drivers' modules, so that they can be unloaded: nothing more is
 * seen of a driver until its module was away and is back.  The number of
 * modules.
 */
int capture_let_go(struct capture *c);

/*
 * Did the last close() of a capture leave hooks behind, because the kernel did
 * not let go of them in time?  They go when it does.
 */
bool capture_left_behind(void);

/*
 * Nothing is under way: until told otherwise look at the ring every few seconds, not 20
 * times in one, and at the counters and the calls that hang twice a minute.  What begins a migration wakes all the
 * same.
 */
void capture_idle(struct capture *c, bool idle);

/*
 * No event after this moment will be delivered; those before it still are:
 * call next() until -ENODATA.
 */
void capture_stop(struct capture *c);

#endif
