// SPDX-License-Identifier: GPL-2.0-only
/*
 * What doctor reads of a machine, on a tree that stands for one: nothing is
 * tried there, and nothing is guessed of what is missing.
 */
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

#include "capture/probe.h"
#include "tests/unit/allocs.h"
#include "tests/unit/tmpdir.h"

static void sh(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void sh(const char *fmt, ...)
{
	char cmd[1024];
	int len = snprintf(cmd, sizeof(cmd), "cd %s && ", tmpdir_path());
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd + len, sizeof(cmd) - len, fmt, ap);
	va_end(ap);
	assert_int_equal(system(cmd), 0);
}

static struct probe *probe(void)
{
	struct probe *p = probe_run(&(struct probe_opts){ .root = tmpdir_path() });

	assert_non_null(p);
	return p;
}

static void test_nothing_there(void **state)
{
	struct probe *p = probe();
	int i;

	(void)state;
	assert_false(p->sys);
	assert_false(p->proc);
	assert_int_equal(p->vmlinux_btf, PROBE_UNKNOWN);
	assert_int_equal(p->vfio, PROBE_UNKNOWN);
	assert_string_equal(p->lockdown, "");
	assert_int_equal(p->bpf_jit, -1);
	for (i = 0; i < PROBE_CAP_NR; i++)
		assert_int_equal(p->cap[i], PROBE_UNKNOWN);
	assert_int_equal(p->init_userns, PROBE_UNKNOWN);
	assert_int_equal(p->fentry.works, PROBE_UNKNOWN);
	assert_int_equal(p->capture.works, PROBE_UNKNOWN);
	assert_int_equal(p->n_modules, 0);
	assert_int_equal(p->n_devices, 0);
	assert_null(probe_config(p, "CONFIG_VFIO"));
	probe_free(p);
}

static void test_machine(void **state)
{
	struct probe *p;

	(void)state;
	sh("mkdir -p sys/kernel/btf sys/kernel/security sys/module/vfio sys/module/iommufd "
	   "proc/self proc/sys/net/core proc/sys/kernel");
	sh("touch sys/kernel/btf/vmlinux sys/module/iommufd/initstate");
	sh("echo 'none [integrity] confidentiality' >sys/kernel/security/lockdown");
	sh("echo 0 >proc/sys/net/core/bpf_jit_enable; echo 3 >proc/sys/kernel/perf_event_paranoid");
	/* CAP_BPF (39) and CAP_PERFMON (38), not CAP_SYS_ADMIN (21) */
	sh("printf 'Name:\\tx\\nCapEff:\\t000000c000000000\\nSeccomp:\\t2\\n' >proc/self/status");
	sh("printf '# CONFIG_VFIO_X is not set\\nCONFIG_VFIO=m\\nCONFIG_VFIO_PCI=y\\n' | "
	   "gzip >proc/config.gz");
	sh("mkdir -p sys/devices/0000:3b:00.2 sys/drivers/d1 sys/module/d1_mod sys/groups/17 "
	   "sys/class/vfio-dev/vfio0 sys/class/vfio-dev/gone");
	sh("ln -s ../../../devices/0000:3b:00.2 sys/class/vfio-dev/vfio0/device");
	sh("ln -s ../../drivers/d1 sys/devices/0000:3b:00.2/driver");
	sh("ln -s ../../module/d1_mod sys/drivers/d1/module");
	sh("ln -s ../../groups/17 sys/devices/0000:3b:00.2/iommu_group");

	p = probe();
	assert_true(p->sys);
	assert_true(p->proc);
	assert_int_equal(p->vmlinux_btf, PROBE_YES);
	assert_string_equal(p->lockdown, "integrity");
	assert_int_equal(p->bpf_jit, 0);
	assert_int_equal(p->perf_paranoid, 3);
	assert_int_equal(p->ftrace, -1);
	assert_int_equal(p->cap[PROBE_CAP_BPF], PROBE_YES);
	assert_int_equal(p->cap[PROBE_CAP_PERFMON], PROBE_YES);
	assert_int_equal(p->cap[PROBE_CAP_SYS_ADMIN], PROBE_NO);
	assert_true(p->seccomp);
	assert_string_equal(probe_config(p, "CONFIG_VFIO"), "m");
	assert_string_equal(probe_config(p, "CONFIG_VFIO_PCI"), "y");
	assert_string_equal(probe_config(p, "CONFIG_VFIO_X"), "n");
	assert_string_equal(probe_config(p, "CONFIG_VFI"), "n");

	/* No initstate: built in, with the kernel's BTF; the other has none. */
	assert_int_equal(p->vfio, PROBE_YES);
	assert_int_equal(p->n_modules, 2);
	assert_string_equal(p->modules[0].name, "vfio");
	assert_true(p->modules[0].builtin);
	assert_int_equal(p->modules[0].btf, PROBE_YES);
	assert_string_equal(p->modules[1].name, "iommufd");
	assert_false(p->modules[1].builtin);
	assert_int_equal(p->modules[1].btf, PROBE_NO);

	assert_int_equal(p->n_devices, 1);
	assert_string_equal(p->devices[0].name, "0000:3b:00.2");
	assert_string_equal(p->devices[0].driver, "d1");
	assert_string_equal(p->devices[0].module, "d1_mod");
	assert_string_equal(p->devices[0].group, "17");
	assert_int_equal(p->devices[0].migrates, PROBE_UNKNOWN);
	probe_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_there, tmpdir_enter, tmpdir_leave),
		cmocka_unit_test_setup_teardown(test_machine, tmpdir_enter, tmpdir_leave),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
