// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_exercise_look.c - which devices exercise takes, by a /sys that is made up, and why
 * it takes no others
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "exercise/device.h"
#include "exercise/exercise.h"
#include "tests/unit/tmpdir.h"

static void make_dir(const char *path)
{
	char part[512];
	const char *p = path;

	while ((p = strchr(p, '/'))) {
		snprintf(part, sizeof(part), "%.*s", (int)(p - path), path);
		mkdir(part, 0755);
		p++;
	}
	assert_true(!mkdir(path, 0755) || errno == EEXIST);
}

/* NULL: it has none of that. */
static void device(const char *bus, const char *name, const char *driver, const char *vfio_dev,
		   const char *group)
{
	char dir[256], path[400];

	snprintf(dir, sizeof(dir), "bus/%s/devices/%s", bus, name);
	make_dir(dir);
	if (driver) {
		snprintf(path, sizeof(path), "%s/driver", dir);
		assert_int_equal(symlink(driver, path), 0);
	}
	if (vfio_dev) {
		snprintf(path, sizeof(path), "%s/vfio-dev/%s", dir, vfio_dev);
		make_dir(path);
	}
	if (group) {
		snprintf(path, sizeof(path), "%s/iommu_group", dir);
		assert_int_equal(symlink(group, path), 0);
	}
}

static void make_sysfs(void)
{
	setenv("VFIOSCOPE_SYSFS", tmpdir_path(), 1);
	device("pci", "0000:3b:00.2", "../../../drivers/mlx5_vfio_pci", "vfio7", "../../groups/41");
	device("pci", "0000:3b:00.3", "plain", "vfio8", "42");
	device("pci", "0001:3b:00.2", "../drivers/qat_vfio_pci", "vfio9", "../43");
	device("pci", "0000:3b:00.4", NULL, NULL, "../44");
	device("pci", "0000:3b:00.5", "../drivers/nvme", NULL, "../45");
	device("pci", "0000:3b:00.6", "../drivers/nvme", "", "../46");
	device("pci", "0000:3b:00.7", "../drivers/vfio-pci", "vfio10", NULL);
	device("mdev", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "../drivers/mtty", "vfio11",
	       "../47");
	device("css", "0.0.1234", "../drivers/vfio_ccw", "vfio12", "../48");
}

static void test_look(void **state)
{
	static const struct {
		const char *name;
		int err;
		const char *is; /* name bus driver group, or what is told */
	} ways[] = {
		{ "3b:00.2", 0, "0000:3b:00.2 pci mlx5_vfio_pci 41" },
		{ "3B:00.2", 0, "0000:3b:00.2 pci mlx5_vfio_pci 41" },
		{ "0000:3b:00.2", 0, "0000:3b:00.2 pci mlx5_vfio_pci 41" },
		{ "0000:3B:00.2", 0, "0000:3b:00.2 pci mlx5_vfio_pci 41" },
		{ "0001:3b:00.2", 0, "0001:3b:00.2 pci qat_vfio_pci 43" },
		{ "3b:00.3", 0, "0000:3b:00.3 pci plain 42" },
		{ "83B8F4F2-509F-382F-3C1E-E6BFE0FA1001", 0,
		  "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001 mdev mtty 47" },
		{ "0.0.1234", 0, "0.0.1234 css vfio_ccw 48" },
		{ "3b:00.4", -ENODEV,
		  "0000:3b:00.4: is bound to no driver; it must be bound to a VFIO driver with "
		  "migration" },
		{ "3b:00.5", -ENODEV,
		  "0000:3b:00.5: is bound to nvme, which is not a VFIO driver: it is left alone" },
		{ "3b:00.6", -ENODEV,
		  "0000:3b:00.6: is bound to nvme, which is not a VFIO driver: it is left alone" },
		{ "3b:00.7", -ENODEV,
		  "0000:3b:00.7: has no IOMMU group, and this kernel no VFIO character devices: it "
		  "cannot be opened" },
		{ "3b:00.1", -ENOENT, "0000:3b:00.1: there is no such device" },
		{ "3b:00", -ENOENT, "3b:00: there is no such device" },
		{ "3b:00.2x", -ENOENT, "3b:00.2x: there is no such device" },
		{ "", -ENOENT, "'' is neither a PCI address nor a UUID" },
		{ ".", -ENOENT, "'.' is neither a PCI address nor a UUID" },
		{ "..", -ENOENT, "'..' is neither a PCI address nor a UUID" },
		{ "a/b", -ENOENT, "'a/b' is neither a PCI address nor a UUID" },
		/* 63 characters, and 64 */
		{ "012345678901234567890123456789012345678901234567890123456789012", -ENOENT,
		  "012345678901234567890123456789012345678901234567890123456789012: there is no such "
		  "device" },
		{ "0123456789012345678901234567890123456789012345678901234567890123", -ENOENT,
		  "'0123456789012345678901234567890123456789012345678901234567890123' is neither a PCI "
		  "address nor a UUID" },
	};
	char err[DEVICE_ERR_LEN], is[256];
	struct device d;
	size_t i;
	int ret;

	(void)state;
	make_sysfs();
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		memset(&d, 0x55, sizeof(d));
		err[0] = '\0';
		ret = device_look(&d, ways[i].name, err);
		if (!ret)
			snprintf(is, sizeof(is), "%.60s %s %s %s", d.name, d.bus, d.driver,
				 d.group);
		else
			snprintf(is, sizeof(is), "%.250s", err);
		if (ret != ways[i].err || strcmp(is, ways[i].is))
			fail_msg("%s: %d %s", ways[i].name, ret, is);
		/* Nothing is open. */
		assert_true(d.fd == -1 && d.iommu == -1 && d.group_fd == -1 && !d.by_cdev);
		if (!ret)
			assert_string_equal(d.cdev, "");
	}
}

static void test_plan(void **state)
{
	static const struct {
		const char *device, *to, *with, *err;
	} ways[] = {
		{ "3b:00.2", NULL, NULL, "" },
		{ "3b:00.2", "3b:00.3", NULL, "" },
		{ "3b:00.2", "3b:00.3", "0001:3b:00.2", "" },
		{ "3b:00.2", NULL, "3b:00.3", "" },
		{ "3b:00.2", "0000:3b:00.2", NULL, "0000:3b:00.2: is named twice" },
		{ "3b:00.2", NULL, "3B:00.2", "0000:3b:00.2: is named twice" },
		{ "3b:00.2", "3b:00.3", "3b:00.3", "0000:3b:00.2: is named twice" },
		{ "3b:00.2", "3b:00.3", "3b:00.2", "0000:3b:00.2: is named twice" },
		{ "3b:00.1", "3b:00.3", NULL, "0000:3b:00.1: there is no such device" },
		{ "3b:00.2", "3b:00.1", NULL, "0000:3b:00.1: there is no such device" },
		{ "3b:00.2", "3b:00.3", "3b:00.1", "0000:3b:00.1: there is no such device" },
	};
	char err[EXERCISE_ERR_LEN];
	size_t i;
	int ret;

	(void)state;
	make_sysfs();
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const struct exercise_plan p = {
			.device = ways[i].device,
			.to = ways[i].to,
			.with = ways[i].with,
		};

		err[0] = '\0';
		ret = exercise_look(&p, err);
		if (!ret != !ways[i].err[0] || strcmp(err, ways[i].err))
			fail_msg("%zu: %d %s", i, ret, err);
	}
}

static void test_state_names(void **state)
{
	static const char *const names[] = {
		"ERROR",       "STOP",	   "RUNNING",	   "STOP_COPY", "RESUMING",
		"RUNNING_P2P", "PRE_COPY", "PRE_COPY_P2P", "?",		"?"
	};
	uint32_t i;

	(void)state;
	for (i = 0; i < 10; i++)
		assert_string_equal(state_name(i), names[i]);
	assert_string_equal(state_name(UINT32_MAX), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_look, tmpdir_enter, tmpdir_leave),
		cmocka_unit_test_setup_teardown(test_plan, tmpdir_enter, tmpdir_leave),
		cmocka_unit_test(test_state_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
