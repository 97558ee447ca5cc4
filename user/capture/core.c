// SPDX-License-Identifier: GPL-2.0-only
/*
 * The functions that every driver's migration goes through, by whatever name
 * and wherever this kernel has them: in modules, or built in.
 */
#include "capture/attach_internal.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct core_hook {
	const char *module, *function, *kind;
	bool required;
} core_hooks[] = {
	{ "vfio", "vfio_device_fops_unl_ioctl", "device_ioctl", true },
	{ "vfio", "vfio_mig_get_next_state", "arc", true },
	{ "vfio", "vfio_df_open", "device_open", false },
	{ "vfio", "vfio_df_close", "device_close", false },
	{ "vfio", "vfio_unregister_group_dev", "device_gone", false },
	{ "vmlinux", "filp_flush", "stream_close", false },
	{ "vmlinux", "__pci_reset_function_locked", "pci_reset", false },
	{ "vfio", "vfio_fops_unl_ioctl", "container_ioctl", false },
	{ "iommufd", "iommufd_fops_ioctl", "iommufd_ioctl", false },
	{ "vmlinux", "sched_process_exit", "process_exit", false },
	{ "vmlinux", "module_load", "module_load", false },
};

/* What shows the same where a kernel does not have the function: those before 6.6. */
static const struct older_hook {
	const char *function, *older, *kind;
} older_hooks[] = {
	{ "vfio_df_open", "vfio_group_fops_unl_ioctl", "group_ioctl" },
	{ "vfio_df_close", "vfio_device_fops_release", "device_release" },
	{ "filp_flush", "filp_close", "stream_close" },
};

/* Where the functions of a module are. */
struct home {
	const char *module; /* "vmlinux" when it is built in */
	const struct btf *btf;
	int fd; /* of that BTF; the kernel's own needs none: 0 */
};

int attach_btf_fd(const char *module)
{
	struct bpf_btf_info info;
	char name[64];
	__u32 id = 0, len;
	int fd;

	while (!bpf_btf_get_next_id(id, &id)) {
		fd = bpf_btf_get_fd_by_id(id);
		if (fd < 0) {
			if (errno == ENOENT)
				continue;
			return -errno;
		}
		memset(&info, 0, sizeof(info));
		memset(name, 0, sizeof(name));
		info.name = (__u64)(unsigned long)name;
		info.name_len = sizeof(name);
		len = sizeof(info);
		if (!bpf_obj_get_info_by_fd(fd, &info, &len) && info.kernel_btf &&
		    !strcmp(name, module))
			return fd;
		close(fd);
	}
	return -ENOENT;
}

/*
 * The function that serves @core in this kernel, and as what kind of hook; its
 * BTF id, or negative.
 */
static int find_core(const struct core_hook *core, const struct btf *btf, const char **function,
		     const char **kind)
{
	int id = btf__find_by_name_kind(btf, core->function, BTF_KIND_FUNC);
	size_t i;

	*function = core->function;
	*kind = core->kind;
	for (i = 0; id < 0 && i < ARRAY_SIZE(older_hooks); i++) {
		if (strcmp(older_hooks[i].function, core->function))
			continue;
		*function = older_hooks[i].older;
		*kind = older_hooks[i].kind;
		id = btf__find_by_name_kind(btf, *function, BTF_KIND_FUNC);
	}
	return id;
}

bool core_has(const char *function)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(core_hooks); i++)
		if (!strcmp(core_hooks[i].function, function))
			return true;
	return false;
}

int attach_core(struct attach *a, struct btf *vmlinux, struct btf *vfio, char *err, size_t err_len)
{
	struct btf *iommufd = btf__load_module_btf("iommufd", vmlinux);
	const struct home kernel = { "vmlinux", vmlinux, 0 };
	struct home homes[] = {
		{ "vfio", vfio, a->builtin ? -1 : attach_btf_fd("vfio") },
		{ "iommufd", iommufd, attach_btf_fd("iommufd") },
	};
	const struct capture_hook *h;
	const char *function, *kind;
	const struct core_hook *core;
	const struct home *home;
	int id, ret = 0;
	size_t i, k;

	if (libbpf_get_error(iommufd))
		homes[1].btf = iommufd = NULL;
	for (i = 0; i < ARRAY_SIZE(core_hooks) && !ret; i++) {
		core = &core_hooks[i];
		home = &kernel;
		for (k = 0; k < ARRAY_SIZE(homes); k++)
			if (homes[k].btf && !strcmp(core->module, homes[k].module))
				home = &homes[k];
		id = find_core(core, home->btf, &function, &kind);
		/*
		 * A kernel whose IOMMUFD stands in for the container has no ioctl
		 * of that, and most have no IOMMUFD.
		 */
		if (id < 0 && home->fd >= 0 &&
		    (!strcmp(core->kind, "container_ioctl") ||
		     !strcmp(core->kind, "iommufd_ioctl")))
			continue;
		ret = attach_hook(a, home->module, function, kind,
				  home->fd < 0 ? home->fd :
				  id < 0       ? id :
						 0,
				  home->fd, id);
		if (ret)
			break;
		h = &a->hooks[a->n_hooks - 1];
		if (core->required && !capture_hook_attached(h)) {
			snprintf(err, err_len, "cannot trace %s() of %s (%s)", function,
				 home->module, h->reason);
			ret = -ENOSYS;
		}
	}
	for (k = 0; k < ARRAY_SIZE(homes); k++)
		if (homes[k].fd >= 0)
			close(homes[k].fd);
	btf__free(iommufd);
	if (!ret && a->builtin)
		ret = builtin_hook_drivers(a, vmlinux);
	return ret;
}
