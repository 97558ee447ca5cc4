// SPDX-License-Identifier: GPL-2.0
/* Streams that are not what a source sent must not be accepted. */
#include "client.h"

static struct blob good;

/* Feeds @s, and wants it refused: by write(), or at the latest by the arc. */
static void refused(struct device *a, const struct blob *s, const char *what)
{
	int fd, ret, arc, none, state;

	need(!device_set(a, MIG_RESUMING, &fd), "%s: RESUMING", what);
	ret = feed(fd, s, 0, s->len, -1);
	arc = device_set(a, MIG_RUNNING, &none);
	state = device_state(a);
	check((!ret || ret == -EINVAL) && arc == -EINVAL && state == MIG_RESUMING,
	      "%s: write %d, arc %d, state %s", what, ret, arc, state_name(state));
	if (ret) {
		ret = write(fd, "", 1) < 0 ? -errno : 0;
		quiet(ret == -EINVAL, "%s: writing on gives %d", what, ret);
	}
	check_eq(device_reset(a), 0, "the way out is a reset");
	quiet(device_state(a) == MIG_RUNNING, "%s: RUNNING after the reset", what);
	device_memory(a, true);
	close(fd);
}

static struct blob copy(void)
{
	struct blob b = { malloc(good.len + 8192), good.len, good.len + 8192 };

	memcpy(b.data, good.data, good.len);
	return b;
}

static void flip(struct device *a, size_t at, const char *what)
{
	struct blob b = copy();

	b.data[at] ^= 0x10;
	refused(a, &b, what);
	blob_free(&b);
}

static void cut(struct device *a, size_t len, const char *what)
{
	struct blob b = copy();

	b.len = len;
	refused(a, &b, what);
	blob_free(&b);
}

void test_reject(struct device *a, struct device *b)
{
	const size_t rec = RECORD + PAGE, last = HEADER + (a->bar_size / PAGE - 1) * rec;
	struct device other;
	struct blob s = {};
	uint8_t *before, *after;
	unsigned int bit;
	int fd, ret, none;

	fill_bar(a, 3);
	need(!save_stopped(a, &good) && good.len == full_bytes(a), "a good stream");

	cut(a, 0, "nothing");
	cut(a, 1, "one byte");
	cut(a, HEADER, "a header alone");
	cut(a, HEADER + 7, "a piece of a record");
	cut(a, good.len / 2, "half");
	cut(a, good.len - END, "END missing");
	cut(a, good.len - 1, "the last byte missing");

	flip(a, 0, "magic");
	flip(a, 8, "version");
	flip(a, 13, "page size");
	flip(a, 18, "BAR size");
	flip(a, 31, "reserved bits");
	flip(a, HEADER + 1, "offset");
	flip(a, HEADER + 7, "offset far out of range");
	flip(a, HEADER + 9, "length");
	flip(a, HEADER + 12, "type");
	flip(a, HEADER + RECORD + 5, "data of the first page");
	flip(a, last + RECORD + 77, "data of the last page");
	flip(a, good.len - 1, "END: reserved");
	flip(a, good.len - 5, "END: checksum");
	flip(a, good.len - 16, "END: count");

	/* all of the header is looked at, and before anything else */
	for (ret = 0, bit = 0; bit < HEADER * 8; bit++) {
		uint8_t head[HEADER];

		memcpy(head, good.data, HEADER);
		head[bit / 8] ^= 1 << bit % 8;
		need(!device_set(a, MIG_RESUMING, &fd), "RESUMING");
		ret += write(fd, head, HEADER) == -1 && errno == EINVAL;
		device_reset(a);
		close(fd);
	}
	check_eq(ret, HEADER * 8, "bits of the header that matter");
	device_memory(a, true);

	s = copy();
	s.data[s.len++] = 0;
	refused(a, &s, "one byte too many");
	blob_free(&s);

	s = copy();
	memmove(s.data + HEADER + 5 * rec, s.data + HEADER + 6 * rec, s.len - HEADER - 6 * rec);
	s.len -= rec;
	refused(a, &s, "a page missing");
	blob_free(&s);

	s = copy();
	memmove(s.data + HEADER + 6 * rec, s.data + HEADER + 5 * rec, s.len - HEADER - 5 * rec);
	s.len += rec;
	refused(a, &s, "a page twice");
	blob_free(&s);

	s = copy();
	memmove(s.data, s.data + HEADER, s.len - HEADER);
	s.len -= HEADER;
	refused(a, &s, "no header");
	blob_free(&s);

	/* bad from the start: nothing of it may reach the memory */
	before = bar_copy(a);
	s = copy();
	memset(s.data + HEADER + RECORD, 0xee, PAGE);
	s.data[0] ^= 1;
	refused(a, &s, "a foreign stream");
	after = bar_copy(a);
	check(!memcmp(before, after, a->bar_size), "a foreign stream leaves the memory alone");
	free(before);
	free(after);
	blob_free(&s);

	/* short is not bad: it may be completed */
	need(!device_set(a, MIG_RESUMING, &fd), "RESUMING");
	check_eq(feed(fd, &good, 0, good.len / 3, -1), 0, "a third");
	check_eq(device_set(a, MIG_STOP, &none), -EINVAL, "a third is refused");
	check_eq(feed(fd, &good, good.len / 3, good.len, -1), 0, "the rest");
	check_eq(device_set(a, MIG_STOP, &none), 0, "then it is accepted");
	device_set(a, MIG_RUNNING, &none);
	close(fd);

	if (other_size) {
		ret = device_open(&other, other_size);
		need(!ret, "opening %s: %d", other_size, ret);
		need(other.bar_size != a->bar_size, "%s has another size", other_size);
		blob_free(&s);
		need(!save_stopped(&other, &s), "a stream of %s", other_size);
		device_close(&other);
		refused(a, &s, "a stream of a device of another size");
		blob_free(&s);
	} else {
		diag("no device of another size");
	}
	blob_free(&good);
}
