// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which functions a kernel's types name as a driver's: on types made up here as
 * a kernel has them that has vfio and a driver built in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>

#include "capture/discover.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builtin),
		cmocka_unit_test(test_other_enum),
	};

	return cmocka_run_group_tests_name("discover", tests, NULL, NULL);
}
