// SPDX-License-Identifier: GPL-2.0
/* Every request from every state, for the flags that the driver offers. */
#include "client.h"

static bool precopy(uint32_t s)
{
	return s == MIG_PRE_COPY || s == MIG_PRE_COPY_P2P;
}

static bool saving(uint32_t s)
{
	return precopy(s) || s == MIG_STOP_COPY;
}

/* The FD arcs and the blocked ones, said independently of the kernel's table. */
static bool legal(struct device *d, uint32_t from, uint32_t to)
{
	return device_has(d, to) && !(from == MIG_STOP_COPY && precopy(to));
}

static bool gives_fd(uint32_t from, uint32_t to)
{
	if (from == to)
		return false;
	if (to == MIG_RESUMING)
		return true;
	return saving(to) && !(precopy(from) && saving(to));
}

/* Does the session of @from live on in @to? */
static bool shares(uint32_t from, uint32_t to)
{
	return from == to || (precopy(from) && saving(to));
}

static void one(struct device *d, uint32_t from, uint32_t to, const struct blob *stream)
{
	int old = -1, fd = -1, ret, state, none;
	char byte, what[80];
	bool ok = true;
	ssize_t n;

	snprintf(what, sizeof(what), "%s -> %s%s", state_name(from),
		 to < MIG_NR ? state_name(to) : "nonsense",
		 stream ? " with a complete stream" : "");

	if (from != MIG_RUNNING) {
		ret = device_set(d, from, &old);
		need(!ret, "%s: cannot get to the first state: %d", what, ret);
	}
	if (stream) {
		ret = feed(old, stream, 0, stream->len, 1 << 20);
		need(!ret, "%s: writing the stream: %d", what, ret);
	}

	ret = device_set(d, to, &fd);
	state = device_state(d);
	if (!legal(d, from, to)) {
		ok = check(ret == -EINVAL && state == (int)from,
			   "%s: is refused with EINVAL (%d), state %s", what, ret,
			   state_name(state));
	} else if (from == MIG_RESUMING && to != from && !stream) {
		ok = check(ret == -EINVAL && state == MIG_RESUMING,
			   "%s without a stream: is refused with EINVAL (%d), state %s", what, ret,
			   state_name(state));
	} else {
		ok = check(!ret && state == (int)to && (gives_fd(from, to) ? fd >= 0 : fd == -1),
			   "%s: %d, FD %d, state %s", what, ret, fd, state_name(state));
		if (old >= 0 && !shares(from, to)) {
			n = saving(from) ? read(old, &byte, 1) : write(old, "", 1);
			quiet(n == -1 && errno == ENODEV, "%s: the ended session gives %zd, %s",
			      what, n, strerror(errno));
		} else if (old >= 0 && saving(from)) {
			n = read(old, &byte, 1);
			quiet(n == 1, "%s: the shared session gives %zd", what, n);
		}
		if (fd >= 0 && saving(to)) {
			n = read(fd, &byte, 1);
			quiet(n == 1, "%s: the new session gives %zd", what, n);
		}
	}
	if (!ok)
		diag("state is now %s", state_name(device_state(d)));

	if (old >= 0)
		close(old);
	if (fd >= 0)
		close(fd);
	if (device_state(d) == MIG_RESUMING)
		quiet(!device_reset(d), "%s: reset", what);
	ret = device_set(d, MIG_RUNNING, &none);
	quiet(!ret && none == -1 && device_state(d) == MIG_RUNNING,
	      "%s: cannot get back to RUNNING: %d", what, ret);
	device_memory(d, true);
}

void test_arcs(struct device *a, struct device *b)
{
	struct blob stream = {};
	uint32_t from, to;
	int ret;

	diag("flags %#x", a->mig);
	check(a->mig == 1 || a->mig == 3 || a->mig == 5 || a->mig == 7,
	      "the migration flags %#x are a legal combination", a->mig);

	for (from = 0; from < MIG_NR; from++) {
		if (!device_has(a, from))
			continue;
		for (to = 0; to < MIG_NR; to++)
			one(a, from, to, NULL);
		one(a, from, 8, NULL);
		one(a, from, 0xffffffff, NULL);
	}

	ret = save_stopped(a, &stream);
	need(!ret, "a stream to resume from: %d", ret);
	check_eq(stream.len, full_bytes(a), "bytes of a whole stream");
	for (to = 0; to < MIG_NR; to++)
		if (device_has(a, to) && to != MIG_RESUMING)
			one(a, MIG_RESUMING, to, &stream);
	blob_free(&stream);
}
