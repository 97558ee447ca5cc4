// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_judge_drivers.c - a session of each driver in the tree, as its source
 * says that it behaves, and what a reader of that source expects to be told
 *
 * The VMM is QEMU 10.2 throughout: it never polls, spins on an empty stream,
 * and leaves PRE_COPY when little is left.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/allocs.h"
#include "tests/unit/judge_help.h"

#define OPS_MLX5 OPS_POLL
#define OPS_INFO (STREAM_OP_READ | STREAM_OP_IOCTL | STREAM_OP_RELEASE)
#define OPS_READ (STREAM_OP_READ | STREAM_OP_RELEASE)

/*
 * GET_PRECOPY_INFO starts a save in the firmware and announces it; 6.12 has no
 * inflight_save, so read() says ENOMSG until it is done.  What is read is 16
 * bytes more than announced: the record's header is not counted.
 */
static void mlx5_6_12(struct synth *s)
{
	begin(s, "mlx5_vfio_pci", 7);
	s->ops = OPS_MLX5;
	precopy(s);
	synth_info(s, 2 * MIB, 0);
	synth_read(s, MIB, 300 * US);
	synth_read(s, MIB, 300 * US);
	synth_info(s, 0, 0);
	synth_read(s, -ENOMSG, US);
	synth_info(s, 0, 96 * KIB);
	synth_read(s, -ENOMSG, US);
	synth_pause(s, 20 * MS);
	synth_read(s, 96 * KIB + 16, 50 * US);
	synth_info(s, 0, 0);
	stop_copy(s);
	drain(s);
}

/* 7.3 waits for the save in flight and counts the header; REINIT after an opt-in. */
static void mlx5_7_3(struct synth *s)
{
	begin(s, "mlx5_vfio_pci", 7);
	s->ops = OPS_MLX5;
	synth_add(s, EV_PRECOPY_INFO_V2, US, 0);
	precopy(s);
	synth_info(s, 2 * MIB, 0);
	synth_read(s, MIB, 300 * US);
	synth_read(s, MIB, 300 * US);
	synth_info(s, 0, 96 * KIB + 16);
	synth_read(s, 96 * KIB + 16, 20 * MS);
	synth_read(s, -ENOMSG, US);
	synth_info(s, MIB, 0);
	last(s)->precopy_info.flags = PRECOPY_INFO_REINIT;
	synth_read(s, MIB, 300 * US);
	synth_info(s, 0, 0);
	stop_copy(s);
	drain(s);
}

/*
 * Once a second the whole context again, in between nothing; no .poll; the
 * stop gives it once more.
 */
static void virtio(struct synth *s)
{
	int i;

	begin(s, "virtio_vfio_pci", 7);
	s->ops = OPS_INFO;
	precopy(s);
	synth_info(s, 4 * MIB, 0);
	synth_read(s, 4 * MIB, 300 * US);
	for (i = 0; i < 6; i++) {
		synth_empty_run(s, -ENOMSG, 2000, US, 40 * US);
		synth_info(s, 0, 0);
		synth_pause(s, 900 * MS);
		synth_info(s, 0, 4 * MIB);
		synth_read(s, 4 * MIB, 300 * US);
	}
	stop_copy(s);
	synth_read(s, 4 * MIB, 300 * US);
	synth_read(s, 0, US);
	end(s);
}

/* 40 match bytes, then 0 for an empty stream; no P2P; 176 bytes in all. */
static void hisi_acc(struct synth *s)
{
	begin(s, "hisi_acc_vfio_pci", 5);
	s->ops = OPS_INFO;
	synth_data_size(s, 176);
	precopy(s);
	synth_info(s, 40, 0);
	synth_read(s, 40, US);
	synth_empty_run(s, 0, 300, US, 40 * US);
	synth_info(s, 0, 0);
	synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), 5 * MS);
	synth_read(s, 136, US);
	synth_read(s, 0, US);
	end(s);
}

/* A block of 4096 bytes, its set-up part in PRE_COPY; 0 for an empty stream. */
static void qat(struct synth *s)
{
	begin(s, "qat_vfio_pci", 7);
	s->ops = OPS_INFO;
	precopy(s);
	synth_info(s, 512, 0);
	synth_read(s, 512, US);
	synth_read(s, 0, US);
	synth_info(s, 0, 0);
	stop_copy(s);
	synth_read(s, 3584, US);
	synth_read(s, 0, US);
	end(s);
}

/* No PRE_COPY; MIG_DATA_SIZE is 65536 always; in the end it finds itself in ERROR. */
static void pds(struct synth *s)
{
	begin(s, "pds_vfio_pci", 3);
	s->ops = OPS_READ;
	synth_data_size(s, 65536);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP), MS);
	synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), 3 * MS);
	synth_read(s, 4 * MIB, US);
	synth_read(s, 0, US);
	synth_set_state(s, SYNTH_PATH(MIG_STOP), MS);
	synth_stream_close(s);
	/* the firmware recovers: an asynchronous move to ERROR */
	synth_add(s, EV_GET_STATE, US, 0)->get_state.reported = MIG_ERROR;
	s->state = MIG_ERROR;
	synth_add(s, EV_SET_STATE, US, -EIO)->set_state.target = MIG_RUNNING;
	synth_reset(s);
	synth_close(s);
	synth_pause(s, 2 * SEC);
	synth_add(s, EV_MARK, 0, 0);
}

/* No PRE_COPY; MIG_DATA_SIZE returns a negative errno as a size; read() waits. */
static void xe(struct synth *s)
{
	begin(s, "xe_vfio_pci", 3);
	s->ops = OPS_READ;
	synth_data_size(s, (uint64_t)-ENODEV);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP), MS);
	synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), MS);
	synth_read(s, 512 * MIB, 120 * MS);
	synth_read(s, 512 * MIB, 80 * MS);
	synth_read(s, 0, US);
	end(s);
}

static const struct {
	const char *name;
	void (*play)(struct synth *s);
	const char *want;
} drivers[] = {
	/* the first read of STOP_COPY gives MIB where 0 was announced: under 1 MiB off */
	{ "mlx5 6.12", mlx5_6_12, "premature-enomsg | findings" },
	{ "mlx5 7.3", mlx5_7_3, "| pass" },
	{ "virtio", virtio, "~poll-missing ~not-converging | pass" },
	{ "hisi_acc", hisi_acc, "eof-in-precopy ~poll-missing | findings" },
	{ "qat", qat, "eof-in-precopy | findings" },
	{ "pds", pds, "~data-size-off state-desync error-state< | findings" },
	{ "xe", xe, "data-size-absurd ~slow-first-byte | findings" },
};

static void test_drivers(void **state)
{
	unsigned int bad = 0;
	size_t i;

	(void)state;
	judge_opts_init(&opts);
	for (i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		struct synth s;
		struct model *m;
		struct judge *j;

		synth_init(&s);
		drivers[i].play(&s);
		judge_synth(&s, &m, &j);
		if (strcmp(judge_line(j), drivers[i].want)) {
			print_message("%s:\n  want %s\n  got  %s\n", drivers[i].name,
				      drivers[i].want, judge_line(j));
			bad++;
		}
		judge_destroy(j);
		model_destroy(m);
		synth_free(&s);
	}
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drivers),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
