// SPDX-License-Identifier: GPL-2.0-only
/*
 * exercise, from its first call to its last, on devices that are made of air
 *
 * Each call in turn is made to fail once: whatever it is, the devices are in
 * RUNNING afterwards and no descriptor stays open.
 */
#include "tests/unit/air.h"

static void arrives(void **state)
{
	static const uint32_t abilities[] = {
		ALL,
		ALL & ~UAPI_FLAG_P2P,
		ALL & ~UAPI_FLAG_PRE_COPY,
		UAPI_FLAG_STOP_COPY,
	};
	static const enum policy_kind kinds[] = {
		POLICY_CONVERGED,
		POLICY_INITIAL,
		POLICY_AT_ONCE,
		POLICY_NONE,
	};
	struct exercise_result r;
	struct exercise_plan p;
	size_t i, k, to;

	(void)state;
	for (i = 0; i < 4; i++) {
		for (k = 0; k < 4; k++) {
			for (to = 0; to < 2; to++) {
				bool pre = (abilities[i] & UAPI_FLAG_PRE_COPY) && k < 2;

				prepare(abilities[i]);
				p = plan_of(to);
				p.policy.kind = kinds[k];
				r = fine(&p);
				assert_int_equal(r.outcome, EXERCISE_COMPLETED);
				assert_int_equal(r.verified, VERIFIED_SAME);
				assert_int_equal(r.bytes_precopy + r.bytes_stop_copy,
						 PAGES * RECORD + 4);
				assert_int_equal(r.bytes_written, PAGES * RECORD + 4);
				assert_int_equal(!!r.bytes_precopy, pre);
				assert_true(r.has_data_size && r.data_size == sizeof(air[0].mem));
				assert_int_equal(r.has_left, (abilities[i] & UAPI_FLAG_PRE_COPY) &&
								     kinds[k] != POLICY_NONE);
				assert_string_equal(r.why,
						    to ? "" :
							 "it had been the same before the "
							 "load: --dirty would make it a proof");
				if (to)
					assert_memory_equal(air[0].mem, air[1].mem,
							    sizeof(air[0].mem));
			}
		}
	}
}

static void written_to(void **state)
{
	uint64_t stay = 50000000;
	struct exercise_result r;
	struct exercise_plan p;
	size_t to, how;

	(void)state;
	for (to = 0; to < 2; to++) {
		for (how = 0; how < 3; how++) {
			prepare(ALL);
			p = plan_of(to);
			p.compare.given = false;
			p.dirty = (struct exercise_region){ .given = true, .index = 2 };
			p.dirty.rate = how ? 1 << 20 : 0;
			p.buffer = how == 2 ? 0 : 3000;
			/* On a busy machine the thread that writes may have to wait. */
			do {
				p.policy = (struct policy){ POLICY_AFTER, stay, 10000000000 };
				r = fine(&p);
			} while ((!r.dirtied || r.bytes_precopy <= PAGES * RECORD) &&
				 (stay *= 2) < 10000000000);
			assert_int_equal(r.outcome, EXERCISE_COMPLETED);
			assert_int_equal(r.verified, VERIFIED_SAME);
			assert_true(r.dirtied > 0);
			assert_true(r.bytes_precopy > PAGES * RECORD);
		}
	}
}

/* A destination that is not what the source was, and one of which nothing is known. */
static void told(void **state)
{
	struct exercise_result r;
	struct exercise_plan p = plan_of(true);

	(void)state;
	prepare(ALL);
	p.compare.given = false;
	r = fine(&p);
	assert_int_equal(r.verified, VERIFIED_NOT);
	assert_non_null(strstr(r.why, "nothing was named"));
	/* Once more what is there already. */
	p = plan_of(true);
	r = fine(&p);
	assert_int_equal(r.verified, VERIFIED_SAME);
	assert_non_null(strstr(r.why, "had been the same"));
	p = plan_of(true);
	p.compare = (struct exercise_region){ .given = true, .stream = true };
	r = fine(&p);
	assert_int_equal(r.verified, VERIFIED_SAME);
	assert_int_equal(r.verified_bytes, PAGES * RECORD + 4);
}

static void ended_early(void **state)
{
	static const struct {
		enum exercise_stage cancel, reset;
	} ways[] = {
		{ STAGE_PRECOPY, 0 },	{ STAGE_STOP_COPY, 0 }, { 0, STAGE_PRECOPY },
		{ 0, STAGE_STOP_COPY }, { 0, STAGE_RESUMING },
	};
	struct exercise_result r;
	struct exercise_plan p;
	size_t i, to;

	(void)state;
	for (i = 0; i < 5; i++) {
		for (to = 0; to < 2; to++) {
			prepare(ALL);
			p = plan_of(to);
			p.cancel = ways[i].cancel;
			p.reset = ways[i].reset;
			r = fine(&p);
			assert_int_equal(r.outcome, p.cancel ? EXERCISE_CANCELLED : EXERCISE_RESET);
			assert_int_equal(r.verified, VERIFIED_NOT);
		}
	}
}

/* Each where it was asked for, and not in another part. */
static void delays(void **state)
{
	const uint64_t d = 400000000;
	struct exercise_result r;
	struct exercise_plan p;

	(void)state;
	prepare(ALL);
	p = plan_of(true);
	p.delay_arc_ns = d;
	r = fine(&p);
	assert_true(r.total_ns >= d && r.precopy_ns >= d && r.stop_ns < d && r.load_ns < d);
	p = plan_of(true);
	p.delay_read_ns = d;
	r = fine(&p);
	/* END and the 0 after it. */
	assert_true(r.stop_ns >= d && r.precopy_ns < d && r.load_ns < d);
	p = plan_of(true);
	p.delay_load_ns = d;
	r = fine(&p);
	assert_true(r.total_ns >= d && r.precopy_ns < d && r.stop_ns < d && r.load_ns < d);
}

/* Devices of one group share what can be opened once only. */
static void one_group(void **state)
{
	struct exercise_plan p = plan_of(true);
	char path[128], was[24], err[EXERCISE_ERR_LEN];
	struct exercise_result r;
	int fd;

	(void)state;
	prepare(ALL);
	p.with = "02:00.0";
	memcpy(was, air[1].group, sizeof(was));
	snprintf(path, sizeof(path), "%s/bus/pci/devices/%.15s/iommu_group", sysfs_dir,
		 air[1].name);
	unlink(path);
	make_link(air[0].group, "%s", path);
	memcpy(air[1].group, air[0].group, sizeof(was));
	assert_int_equal(fine(&p).verified, VERIFIED_SAME);

	/* Somebody else has it: nothing is opened. */
	fd = open("/dev/vfio/air0", O_RDWR);
	assert_true(fd >= 0);
	air[0].resets = 0;
	assert_int_equal(run(&p, &r, err), -EBUSY);
	assert_non_null(strstr(err, "in use by another process"));
	assert_int_equal(air[0].resets, 0);
	close(fd);
	unlink(path);
	make_link(was, "%s", path);
	memcpy(air[1].group, was, sizeof(was));
}

/* The kernel of the lab has no iommufd: this is all that tries that way. */
static void by_cdev(void **state)
{
	struct exercise_plan p = plan_of(true);
	char err[EXERCISE_ERR_LEN];
	struct exercise_result r;
	struct exercise *x;
	unsigned int k;
	int fd, fd2;

	(void)state;
	prepare(ALL);
	has_cdevs = true;
	assert_int_equal(exercise_open(&x, &p, err), 0);
	assert_string_equal(exercise_method(x), "iommufd");
	exercise_close(x);
	assert_int_equal(fine(&p).verified, VERIFIED_SAME);

	/* In use by its group, then by another opener of its cdev. */
	fd = open("/dev/vfio/air0", O_RDWR);
	air[0].resets = 0;
	assert_int_equal(run(&p, &r, err), -EBUSY);
	assert_non_null(strstr(err, "in use by another process"));
	close(fd);
	fd = open("/dev/vfio/devices/vfio-air0", O_RDWR);
	fd2 = open("/dev/iommu", O_RDWR);
	assert_int_equal(
		ioctl(fd, UAPI_IOC_BIND_IOMMUFD, &(struct uapi_bind_iommufd){ .iommufd = fd2 }), 0);
	air[0].resets = 0;
	assert_int_equal(run(&p, &r, err), -EBUSY);
	assert_int_equal(air[0].resets, 0);
	close(fd);
	close(fd2);
	assert_int_equal(n_open, 0);

	/* What this way cannot do the other one can. */
	for (k = 1; k < 4; k++) {
		prepare(ALL);
		fail_at = k;
		assert_int_equal(exercise_open(&x, &p, err), 0);
		assert_string_equal(exercise_method(x), "type1");
		exercise_close(x);
		assert_int_equal(n_open, 0);
	}
	has_cdevs = false;
}

/* What a device cannot do is told before it is begun. */
static void unable(void **state)
{
	struct exercise_plan p = plan_of(false);
	char err[EXERCISE_ERR_LEN];
	struct exercise_result r;

	(void)state;
	prepare(0);
	assert_int_equal(run(&p, &r, err), -EOPNOTSUPP);
	assert_non_null(strstr(err, "has no migration support"));
	air[0].resets = 0;
	not_viable = true;
	assert_int_equal(run(&p, &r, err), -EPERM);
	not_viable = false;
	assert_non_null(strstr(err, "its IOMMU group air0 is not viable"));
	assert_int_equal(air[0].resets, 0);
	prepare(UAPI_FLAG_STOP_COPY);
	p.cancel = STAGE_PRECOPY;
	assert_int_equal(run(&p, &r, err), -EOPNOTSUPP);
	assert_non_null(strstr(err, "has no PRE_COPY, which --cancel precopy needs"));
	p = plan_of(true);
	p.with = "02:00.0";
	p.fault = FAULT_P2P_SKIPPED;
	assert_int_equal(run(&p, &r, err), -EOPNOTSUPP);
	p = plan_of(true);
	p.compare.index = 3;
	assert_int_equal(run(&p, &r, err), -ENXIO);
	assert_non_null(strstr(err, "has no region 3"));
	p.compare.index = 2;
	p.compare.offset = PAGES * PAGE - 8;
	p.compare.length = 9;
	assert_int_equal(run(&p, &r, err), -ERANGE);
	p.compare.length = 8;
	assert_int_equal(fine(&p).verified_bytes, 8);
	assert_int_equal(n_open, 0);
}

/* Faults leave the devices in order, too; a stream that is cut does not arrive. */
static void broken(void **state)
{
	struct exercise_result r;
	struct exercise_plan p;
	uint32_t fault;

	(void)state;
	for (fault = FAULT_NONE + 1; fault < FAULT_NR; fault++) {
		prepare(ALL);
		p = plan_of(true);
		p.with = "02:00.0";
		p.fault = fault;
		r = fine(&p);
		assert_int_equal(r.outcome, fault == FAULT_FD_LOST || fault == FAULT_RESUME_SHORT ||
							    fault == FAULT_RESUME_REJECTED ||
							    fault == FAULT_STREAM_NOT_DRAINED ||
							    fault == FAULT_RESET_IN_SESSION ||
							    fault == FAULT_CONCURRENT_IO ?
						    EXERCISE_FAULTED :
						    EXERCISE_COMPLETED);
		if (r.outcome == EXERCISE_COMPLETED)
			assert_memory_equal(air[0].mem, air[1].mem, sizeof(air[0].mem));
	}
}

/* Each call fails once, in each of several plans. */
static void each_call_fails(void **state)
{
	struct exercise_plan plans[6];
	unsigned int i, k, failed, opened;
	char err[EXERCISE_ERR_LEN];
	struct exercise_result r;
	int ret;

	(void)state;
	for (i = 0; i < 6; i++)
		plans[i] = plan_of(i % 2);
	plans[2].compare.stream = true;
	plans[3].compare.stream = true;
	plans[3].with = "02:00.0";
	plans[4].policy.kind = POLICY_NONE;
	plans[5].cancel = STAGE_STOP_COPY;
	for (i = 0; i < 12; i++) {
		fail_to_error = i / 6;
		failed = opened = 0;
		for (k = 1;; k++) {
			prepare(ALL);
			fail_at = k;
			err[0] = '\0';
			ret = run(&plans[i % 6], &r, err);
			assert_int_equal(n_open, 0);
			if (calls < k)
				break;
			/* Told in words, wherever it was; or it did no harm. */
			if (ret && !r.number) {
				assert_true(err[0]);
				opened++;
			} else if (r.outcome == EXERCISE_FAILED || ret) {
				assert_true(r.error[0] || ret);
				failed++;
			} else {
				assert_int_not_equal(r.verified, VERIFIED_DIFFERS);
			}
		}
		/* Nearly every call counts; infos and looks behind the end do not. */
		assert_true(opened >= 8);
		assert_true(failed >= k / 3);
	}
	fail_to_error = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrives), cmocka_unit_test(written_to),
		cmocka_unit_test(told),	   cmocka_unit_test(ended_early),
		cmocka_unit_test(delays),  cmocka_unit_test(one_group),
		cmocka_unit_test(by_cdev), cmocka_unit_test(unable),
		cmocka_unit_test(broken),  cmocka_unit_test(each_call_fails),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
