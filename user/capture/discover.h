/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * discover.h - which functions of which modules to hook, found by prototype
 *
 * No driver is known by name: a module that depends on vfio, and in it every
 * function whose BTF prototype is that of a data-FD operation or of
 * migration_set_state.  What such a hook sees of other files is dropped on the
 * kernel side.
 */
#ifndef VFIOSCOPE_DISCOVER_H
#define VFIOSCOPE_DISCOVER_H

#include <stdbool.h>
#include <stddef.h>

struct btf;

/* The prototypes that are looked for, each with its pair of templates. */
enum proto {
	PROTO_SET_STATE,
	PROTO_READ,
	PROTO_WRITE,
	PROTO_POLL,
	PROTO_IOCTL,
	PROTO_RELEASE,
	PROTO_PCI_VOID,
	PROTO_NR,
};

struct found_func {
	enum proto proto;
	unsigned int btf_id; /* in the BTF of the module, or of the kernel; 0: not known */
	char name[128];
	bool ambiguous; /* see discover_ambiguous() */
};

/* "read", "set_state", ...: what a hook of this prototype is called; "unknown", never NULL. */
const char *proto_name(enum proto proto);

/* As many as are looked at. */
#define MAX_MODULES 512

struct found_module {
	char name[64];
	/* of its folder in /sys/module: one that was away and is back has another */
	unsigned long long instance;
	bool live;   /* false: it cannot be hooked */
	bool coming; /* but soon */
};

/*
 * The modules that depend on vfio, directly or not, in alphabetical order, at
 * most @max.  @builtin: vfio is built in, and nothing says which do: all that are
 * loaded.  Their number, or -ENODEV when vfio itself is not loaded.
 */
int discover_modules(struct found_module *found, int max, bool builtin);

/*
 * The functions of @module to hook, in the order of its BTF; free() *@out.
 * @vmlinux is the kernel's BTF.  Their number, or -errno: -ENOENT when the
 * module has no BTF.
 */
int discover_funcs(const char *module, struct btf *vmlinux, struct found_func **out);

/* Is vfio in the kernel itself?  It may then have no folder in /sys/module. */
bool discover_vfio_builtin(const struct btf *vmlinux);
/* The same of drivers that are built into the kernel: their migration_set_state alone. */
int discover_builtin(struct btf *vmlinux, struct found_func **out);
/* The BTF id of the function of that name and prototype, or -ENOENT. */
int discover_find(const struct btf *btf, const char *name, enum proto proto);
/*
 * Which names of functions that are built in several functions have: of those the
 * kernel takes any, or none.  @kallsyms: the path of its list, of which only names
 * are looked at, so that no privilege is needed; one that cannot be read says of
 * none that it is.
 */
void discover_ambiguous(const char *kallsyms, struct found_func *funcs, int n);

#endif
