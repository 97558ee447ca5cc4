// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which functions a kernel's types name as a driver's: on types made up here as
 * a kernel has them that has vfio and a driver built in, and on those of Linux 7.3
 * and its seven drivers that migrate (tests/data/btf/merge.py).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/discover.h"
#include "tests/unit/allocs.h"

struct types {
	struct btf *btf;
	int file_ptr, vdev_ptr, state, u32;
};

static struct types types_of_vfio(const char *state)
{
	struct types t = { .btf = btf__new_empty() };

	assert_non_null(t.btf);
	t.u32 = btf__add_int(t.btf, "unsigned int", 4, 0);
	t.file_ptr = btf__add_ptr(t.btf, btf__add_struct(t.btf, "file", 232));
	t.vdev_ptr = btf__add_ptr(t.btf, btf__add_fwd(t.btf, "vfio_device", BTF_FWD_STRUCT));
	t.state = btf__add_enum(t.btf, state, 4);
	assert_true(btf__add_enum_value(t.btf, "VFIO_DEVICE_STATE_ERROR", 0) == 0);
	return t;
}

static int add_func(struct types *t, const char *name, int ret, int arg0, int arg1)
{
	int proto = btf__add_func_proto(t->btf, ret);

	assert_int_equal(btf__add_func_param(t->btf, "vdev", arg0), 0);
	if (arg1)
		assert_int_equal(btf__add_func_param(t->btf, "arg", arg1), 0);
	return btf__add_func(t->btf, name, BTF_FUNC_STATIC, proto);
}

static void test_builtin(void **state)
{
	struct types t = types_of_vfio("vfio_device_mig_state");
	struct found_func *found;
	int a, b;

	(void)state;
	assert_int_equal(discover_builtin(t.btf, &found), 0);
	free(found);
	a = add_func(&t, "mlx5vf_pci_set_device_state", t.file_ptr, t.vdev_ptr, t.state);
	/* Near misses: an argument less, another result, another device, a bare number. */
	add_func(&t, "one_argument", t.file_ptr, t.vdev_ptr, 0);
	add_func(&t, "gives_no_file", t.u32, t.vdev_ptr, t.state);
	add_func(&t, "of_a_file", t.file_ptr, t.file_ptr, t.state);
	add_func(&t, "of_a_number", t.file_ptr, t.vdev_ptr, t.u32);
	/* Of the data FD's operations the kernel has thousands: they are not looked for. */
	add_func(&t, "some_ioctl", t.u32, t.file_ptr, t.u32);
	b = add_func(&t, "pds_vfio_set_device_state", t.file_ptr, t.vdev_ptr, t.state);
	assert_int_equal(discover_builtin(t.btf, &found), 2);
	assert_string_equal(found[0].name, "mlx5vf_pci_set_device_state");
	assert_int_equal(found[0].btf_id, a);
	assert_int_equal(found[0].proto, PROTO_SET_STATE);
	assert_string_equal(found[1].name, "pds_vfio_set_device_state");
	assert_int_equal(found[1].btf_id, b);
	free(found);
	btf__free(t.btf);
}

static void test_other_enum(void **state)
{
	struct types t = types_of_vfio("some_other_state");
	struct found_func *found;

	(void)state;
	add_func(&t, "set_state", t.file_ptr, t.vdev_ptr, t.state);
	assert_int_equal(discover_builtin(t.btf, &found), 0);
	free(found);
	btf__free(t.btf);
}

static const struct driver {
	const char *set_state, *read, *write, *ioctl, *release;
} drivers[] = {
	{ "mlx5vf_pci_set_device_state", "mlx5vf_save_read", "mlx5vf_resume_write",
	  "mlx5vf_precopy_ioctl", "mlx5vf_release_file" },
	{ "hisi_acc_vfio_pci_set_device_state", "hisi_acc_vf_save_read", "hisi_acc_vf_resume_write",
	  "hisi_acc_vf_precopy_ioctl", "hisi_acc_vf_release_file" },
	{ "pds_vfio_set_device_state", "pds_vfio_save_read", "pds_vfio_restore_write", NULL,
	  "pds_vfio_release_file" },
	{ "qat_vf_pci_set_device_state", "qat_vf_save_read", "qat_vf_resume_write",
	  "qat_vf_precopy_ioctl", "qat_vf_release_file" },
	{ "virtiovf_pci_set_device_state", "virtiovf_save_read", "virtiovf_resume_write",
	  "virtiovf_precopy_ioctl", "virtiovf_release_file" },
	{ "xe_vfio_pci_set_device_state", "xe_vfio_pci_save_read", "xe_vfio_pci_resume_write", NULL,
	  "xe_vfio_pci_release_file" },
	{ "mtty_set_state", "mtty_save_read", "mtty_resume_write", "mtty_precopy_ioctl",
	  "mtty_release_migf" },
};

#define N_DRIVERS (int)(sizeof(drivers) / sizeof(drivers[0]))

static void test_real(void **state)
{
	struct btf *btf = btf__parse("tests/data/btf/builtin-7.3.btf", NULL);
	struct found_func *found;
	const struct driver *d;
	int i;

	(void)state;
	assert_int_equal(libbpf_get_error(btf), 0);
	assert_true(discover_vfio_builtin(btf));
	assert_int_equal(discover_builtin(btf, &found), N_DRIVERS);
	for (i = 0; i < N_DRIVERS; i++) {
		d = &drivers[i];
		assert_string_equal(found[i].name, d->set_state);
		assert_int_equal(found[i].proto, PROTO_SET_STATE);
		assert_int_equal(discover_find(btf, d->set_state, PROTO_SET_STATE),
				 found[i].btf_id);
		assert_true(discover_find(btf, d->read, PROTO_READ) > 0);
		assert_true(discover_find(btf, d->write, PROTO_WRITE) > 0);
		assert_true(!d->ioctl || discover_find(btf, d->ioctl, PROTO_IOCTL) > 0);
		assert_true(discover_find(btf, d->release, PROTO_RELEASE) > 0);
		/* By name alone it would be found. */
		assert_int_equal(discover_find(btf, d->read, PROTO_WRITE), -ENOENT);
		assert_int_equal(discover_find(btf, d->set_state, PROTO_RELEASE), -ENOENT);
	}
	free(found);
	assert_true(discover_find(btf, "rtc_dev_poll", PROTO_POLL) > 0);
	/* tty_read() is a read_iter(). */
	assert_int_equal(discover_find(btf, "tty_read", PROTO_READ), -ENOENT);
	assert_int_equal(discover_find(btf, "no_such_function", PROTO_READ), -ENOENT);
	btf__free(btf);
}

static void test_ambiguous(void **state)
{
	static const char kallsyms[] =
		"0000000000000000 T set_state\n"
		"0000000000000000 t save_read\n"
		"0000000000000000 t save_read_more\n"
		"0000000000000000 d release\n"
		"0000000000000000 t release\n"
		"0000000000000000 t save_read\n"
		"0000000000000000 t set_state\t[mlx5_vfio_pci]\n";
	struct found_func funcs[] = { { .name = "set_state" },
				      { .name = "save_read" },
				      { .name = "release" },
				      { .name = "not_there" } };
	char path[] = "/tmp/kallsyms.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, kallsyms, sizeof(kallsyms) - 1), sizeof(kallsyms) - 1);
	close(fd);
	discover_ambiguous(path, funcs, 4);
	unlink(path);
	/* A module's of that name is told by its module; data is no function. */
	assert_false(funcs[0].ambiguous);
	assert_true(funcs[1].ambiguous);
	assert_false(funcs[2].ambiguous);
	assert_false(funcs[3].ambiguous);
	/* One that is not to be read. */
	memset(&funcs[1], 0, sizeof(funcs[1]));
	discover_ambiguous(path, funcs, 4);
	assert_false(funcs[1].ambiguous);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builtin),
		cmocka_unit_test(test_other_enum),
		cmocka_unit_test(test_real),
		cmocka_unit_test(test_ambiguous),
	};

	return all_given_back(cmocka_run_group_tests_name("discover", tests, NULL, NULL));
}
