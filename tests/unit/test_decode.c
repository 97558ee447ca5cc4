// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_decode.c - what event each wire record becomes, field by field, and how a stack is
 * told: tests/data/values/decoded.txt
 */
#include "capture/decode.h"

#include "tests/unit/allocs.h"
#include "tests/unit/golden.h"

#include <inttypes.h>

static FILE *out;

static void put_event(const struct event *ev)
{
	size_t i, n;
	const struct event_field *f = event_fields(ev->kind, &n);

	fprintf(out, " %s t=%" PRIu64 " dur=%" PRIu64 " ret=%" PRId64 " cpu=%u %u/%u %u %u '%s'",
		event_kind_name(ev->kind), ev->t_ns, ev->dur_ns, ev->ret, ev->cpu, ev->pid, ev->tid,
		ev->device, ev->stream, ev->comm);
	for (i = 0; i < n; i++) {
		const char *p = (const char *)ev + f[i].offset;
		uint64_t v = 0;

		if (f[i].type == EF_STR) {
			if (*p)
				fprintf(out, " %s='%s'", f[i].name, p);
			continue;
		}
		memcpy(&v, p, f[i].size);
		if (v)
			fprintf(out, " %s=%" PRIx64, f[i].name, v);
	}
	fputc('\n', out);
}

union record {
	struct wire_head head;
	struct wire_device device;
	struct wire_device_reset device_reset;
	struct wire_reset reset;
	struct wire_feature feature;
	struct wire_arc arc;
	struct wire_stream_open stream_open;
	struct wire_close close;
	struct wire_io io;
	struct wire_poll poll;
	struct wire_info info;
	struct wire_lost_exit lost_exit;
	struct wire_dirty_pages dirty_pages;
	struct wire_process_exit process_exit;
	struct wire_why why;
};

static union record rec;

/* Every number another, names of letters; then @kind and what it returned. */
static void fill(uint32_t kind, int64_t ret)
{
	uint8_t *p = (uint8_t *)&rec;
	size_t i;

	for (i = 0; i < sizeof(rec); i++)
		p[i] = i % 4 < 2 ? (uint8_t)(i * 7 + kind) : 0;
	rec.head.kind = (__u16)kind;
	rec.head.start_ns = 1000;
	rec.head.end_ns = 1777;
	rec.head.ret = ret;
	memset(rec.head.comm, 'c', sizeof(rec.head.comm));
	if (kind == WIRE_DEVICE) {
		memset(rec.device.name, 'n', sizeof(rec.device.name));
		strcpy(rec.device.driver, "driver");
		memset(rec.device.bus, 'b', sizeof(rec.device.bus));
	}
	if (kind == WIRE_STREAM_OPEN)
		memset(rec.stream_open.name, 's', sizeof(rec.stream_open.name));
	if (kind == WIRE_WHY) {
		memset((uint8_t *)&rec + sizeof(rec.head), 0, sizeof(rec) - sizeof(rec.head));
		rec.why.call = WIRE_READ;
	}
}

static void decode(const char *what, uint64_t arg)
{
	struct event ev;
	int err;

	memset(&ev, 0x55, sizeof(ev));
	err = decode_record(&rec, sizeof(rec), &ev);
	fprintf(out, "%s %" PRIx64 ": %d\n", what, arg, err);
	if (!err)
		put_event(&ev);
}

static void put_kinds(void)
{
	uint32_t kind, v;

	for (kind = 0; kind < WIRE_KIND_NR + 2; kind++) {
		fprintf(out, "kind %u is %s\n", kind, event_kind_name(decode_kind(kind)) ?: "none");
		fill(kind, 0);
		decode("well", kind);
		fill(kind, -5);
		decode("failed", kind);
		fill(kind, 3);
		rec.head.start_ns = 0;
		decode("entry not seen", kind);
	}
	for (v = 0; v < 4; v++) {
		fill(WIRE_RESET, 0);
		rec.reset.cmd = VFIO_IOCTL_DEVICE_RESET + v;
		decode("reset", v);
		fill(WIRE_STREAM_OPEN, 0);
		rec.stream_open.f_mode = v;
		decode("mode", v);
		fill(WIRE_DIRTY_PAGES, 0);
		rec.dirty_pages.flags = v;
		decode("dirty pages", v);
		fill(WIRE_INFO, v & 1 ? -22 : 0);
		rec.info.valid = v & 2;
		decode("info", v);
	}
	for (v = 0; v < WIRE_KIND_NR; v++) {
		fill(WIRE_DEVICE_RESET, 0);
		rec.device_reset.by = v;
		decode("reset by", v);
		fill(WIRE_LOST_EXIT, 0);
		rec.lost_exit.call = v;
		decode("lost", v);
		fill(WIRE_WHY, 0);
		rec.why.call = v;
		rec.why.feature = VFIO_FEATURE_SET | VFIO_FEATURE_MIG_DEVICE_STATE;
		decode("why", v);
	}
	fill(WIRE_ARC, 0);
	rec.arc.to = WIRE_STATE_UNKNOWN;
	decode("arc", WIRE_STATE_UNKNOWN);
	for (v = 0; v < 3; v++) {
		static const uint32_t status[] = { 9, 0x0700, 0x8b };

		fill(WIRE_PROCESS_EXIT, 0);
		rec.process_exit.status = status[v];
		decode("status", status[v]);
	}
}

/* Each feature, asked in each way, with each part of it readable or not. */
static void put_features(void)
{
	uint32_t index, op, valid;

	for (index = 0; index < 14; index++) {
		for (op = 0; op < 8; op++) {
			for (valid = 0; valid < 8; valid++) {
				/* Of those without a kind of their own less is enough. */
				if ((index == 0 || index == 3 || index > 12) && valid != 1)
					continue;
				fill(WIRE_FEATURE, valid & 1 ? 0 : -22);
				rec.feature.flags = op << 16 | index;
				rec.feature.valid = valid;
				decode("feature", (uint64_t)op << 16 | index << 4 | valid);
			}
		}
	}
}

static void put_stacks(void)
{
	static const char *const stacks[][WIRE_FRAMES] = {
		{ NULL },
		{ "msleep+0x2f/0x40" },
		{ "msleep+0x2f/0x40", "save+0x10/0x20 [mlx5_vfio_pci]" },
		{ "msleep+0x2f/0x40", "?", "save+0x10/0x20 [m]" },
		{ "", "msleep+0x2f/0x40" },
		{ "save+0x1/0x2", "vfs_read+0xd/0x300", "ksys_read+0x1/0x2" },
		{ "vfs_read+0xd/0x300", "save+0x1/0x2" },
		{ "vfs_reader+0xd/0x300", "save+0x1/0x2" },
		{ "a+0x1/0x2", "__x64_sys_ioctl+0x1/0x2" },
		{ "a+0x1/0x2", "el0_svc+0x1/0x2" },
		{ "a+0x1/0x2", "do_syscall_64+0x1/0x2", "b+0x1/0x2" },
		/* Who traces is not told of, nor the function twice that is traced. */
		{ "bpf_trampoline_1234+0x1/0x2", "save+0x5/0x20 [m]" },
		{ "save+0x5/0x20 [m]", "bpf_trampoline_1234+0x1/0x2", "save+0x9/0x20 [m]",
		  "b+0x1/0x2" },
		{ "save+0x5/0x20 [m]", "save+0x9/0x20 [m]" },
		{ "save+0x5/0x20 [m]", "bpf_prog_a+0x1/0x2", "saved+0x9/0x20 [m]" },
		{ "saved+0x5/0x20 [m]", "bpf_prog_a+0x1/0x2", "save+0x9/0x20 [m]" },
		{ "a+0x1/0x2", "save+0x5/0x20", "arch_rethook_trampoline+0x1/0x2",
		  "save+0x9/0x20" },
		{ "__kretprobe_trampoline+0x1/0x2", "a+0x1/0x2" },
		{ "a+0x1/0x2 [b]", "a+0x1 [b]", "a [b]", "a/2" },
		{ "a+1/2", "b+1/2", "c+1/2", "d+1/2", "e+1/2", "f+1/2", "g+1/2", "h+1/2" },
	};
	char name[WIRE_FRAME_LEN + 1];
	struct event ev;
	size_t i, k, n;

	for (i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
		fill(WIRE_WHY, 0);
		for (k = 0; k < WIRE_FRAMES && stacks[i][k]; k++)
			strcpy(rec.why.frame[k], stacks[i][k]);
		/* Frames that there are not, too. */
		for (n = k; n <= k + 1; n++) {
			rec.why.n_frames = (uint32_t)(n == k ? k : 100);
			decode_why(&rec.why, &ev);
			fprintf(out, "stack %zu, %zu: '%s'\n", i, n - k, ev.why.stack);
		}
	}
	/* As much as there is room for: frames of @n bytes. */
	for (n = 28; n <= WIRE_FRAME_LEN; n++) {
		fill(WIRE_WHY, 0);
		rec.why.n_frames = WIRE_FRAMES;
		for (k = 0; k < WIRE_FRAMES; k++) {
			memset(name, 'a' + (int)k, sizeof(name));
			memcpy(rec.why.frame[k], name, n);
		}
		decode_why(&rec.why, &ev);
		fprintf(out, "frames of %zu: %zu\n", n, strlen(ev.why.stack));
	}
}

static void test_decoded(void **state)
{
	char *text = NULL;
	size_t len;

	(void)state;
	out = open_memstream(&text, &len);
	assert_non_null(out);
	put_kinds();
	put_features();
	put_stacks();
	fclose(out);
	golden("tests/data/values/decoded.txt", text);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decoded),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
