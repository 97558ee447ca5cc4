// SPDX-License-Identifier: GPL-2.0-only
#include "capture/discover.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *proto_name(enum proto proto)
{
	static const char *const names[PROTO_NR] = {
		[PROTO_SET_STATE] = "set_state",   [PROTO_READ] = "read",
		[PROTO_WRITE] = "write",	   [PROTO_POLL] = "poll",
		[PROTO_IOCTL] = "ioctl",	   [PROTO_RELEASE] = "release",
		[PROTO_PCI_VOID] = "device_reset",
	};

	return (unsigned int)proto < PROTO_NR ? names[proto] : "unknown";
}

static int name_cmp(const void *a, const void *b)
{
	return strcmp(((const struct found_module *)a)->name,
		      ((const struct found_module *)b)->name);
}

static void look_at(struct found_module *m)
{
	char path[160], state[16] = "";
	struct stat st;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/%s", m->name);
	m->instance = stat(path, &st) ? 0 : st.st_ino;
	snprintf(path, sizeof(path), "/sys/module/%s/initstate", m->name);
	f = fopen(path, "re");
	if (f) {
		if (!fgets(state, sizeof(state), f))
			state[0] = '\0';
		fclose(f);
	}
	m->live = !strncmp(state, "live", 4);
	m->coming = !strncmp(state, "coming", 6);
}

/* @all: also what is no module that is loaded, or being loaded. */
static int add_names(const char *path, struct found_module *found, int n, int max, bool all)
{
	struct dirent *de;
	DIR *dir;
	int i;

	dir = opendir(path);
	if (!dir)
		return n;
	while ((de = readdir(dir)) && n < max) {
		if (de->d_name[0] == '.' || strlen(de->d_name) >= sizeof(found[0].name))
			continue;
		for (i = 0; i < n; i++)
			if (!strcmp(found[i].name, de->d_name))
				break;
		if (i < n)
			continue;
		strcpy(found[n].name, de->d_name);
		look_at(&found[n]);
		if (all || found[n].live || found[n].coming)
			n++;
	}
	closedir(dir);
	return n;
}

int discover_modules(struct found_module *found, int max, bool builtin)
{
	char path[160];
	int i, n;

	if (builtin) {
		/* Most of these folders are of what is built in. */
		n = add_names("/sys/module", found, 0, max, false);
	} else if (access("/sys/module/vfio", F_OK)) {
		return -ENODEV;
	} else {
		n = add_names("/sys/module/vfio/holders", found, 0, max, true);
	}
	for (i = 0; i < n && !builtin; i++) {
		snprintf(path, sizeof(path), "/sys/module/%s/holders", found[i].name);
		n = add_names(path, found, n, max, true);
	}
	qsort(found, n, sizeof(found[0]), name_cmp);
	return n;
}

static const struct btf_type *strip(const struct btf *btf, __u32 id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	while (t && (btf_is_mod(t) || btf_is_typedef(t)))
		t = btf__type_by_id(btf, t->type);
	return t;
}

static bool is_int(const struct btf *btf, __u32 id, unsigned int size)
{
	const struct btf_type *t = strip(btf, id);

	return t && btf_is_int(t) && t->size == size;
}

static bool is_ptr_to_struct(const struct btf *btf, __u32 id, const char *name)
{
	const struct btf_type *t = strip(btf, id);

	if (!t || !btf_is_ptr(t))
		return false;
	t = strip(btf, t->type);
	/* A module that never looks inside has only a forward declaration. */
	return t && (btf_is_struct(t) || btf_is_fwd(t)) &&
	       !strcmp(btf__name_by_offset(btf, t->name_off), name);
}

static bool is_ptr_to_int(const struct btf *btf, __u32 id, unsigned int size, bool is_const)
{
	const struct btf_type *t = strip(btf, id);
	bool found_const = false;

	if (!t || !btf_is_ptr(t))
		return false;
	t = btf__type_by_id(btf, t->type);
	while (t && (btf_is_mod(t) || btf_is_typedef(t))) {
		if (btf_is_const(t))
			found_const = true;
		t = btf__type_by_id(btf, t->type);
	}
	return t && btf_is_int(t) && t->size == size && found_const == is_const;
}

static bool is_enum(const struct btf *btf, __u32 id, const char *name)
{
	const struct btf_type *t = strip(btf, id);

	return t && btf_is_enum(t) && !strcmp(btf__name_by_offset(btf, t->name_off), name);
}

/* The prototype of a FUNC, or PROTO_NR when it is none of ours. */
static enum proto proto_of(const struct btf *btf, const struct btf_type *proto)
{
	const struct btf_param *p = btf_params(proto);
	unsigned int n = btf_vlen(proto);

	if (n == 4 && is_int(btf, proto->type, 8) && is_ptr_to_struct(btf, p[0].type, "file") &&
	    is_int(btf, p[2].type, 8) && is_ptr_to_int(btf, p[3].type, 8, false)) {
		if (is_ptr_to_int(btf, p[1].type, 1, false))
			return PROTO_READ;
		if (is_ptr_to_int(btf, p[1].type, 1, true))
			return PROTO_WRITE;
	}
	if (n == 3 && is_int(btf, proto->type, 8) && is_ptr_to_struct(btf, p[0].type, "file") &&
	    is_int(btf, p[1].type, 4) && is_int(btf, p[2].type, 8))
		return PROTO_IOCTL;
	if (n == 2 && is_int(btf, proto->type, 4) && is_ptr_to_struct(btf, p[0].type, "file") &&
	    is_ptr_to_struct(btf, p[1].type, "poll_table_struct"))
		return PROTO_POLL;
	if (n == 2 && is_int(btf, proto->type, 4) && is_ptr_to_struct(btf, p[0].type, "inode") &&
	    is_ptr_to_struct(btf, p[1].type, "file"))
		return PROTO_RELEASE;
	if (n == 2 && is_ptr_to_struct(btf, proto->type, "file") &&
	    is_ptr_to_struct(btf, p[0].type, "vfio_device") &&
	    is_enum(btf, p[1].type, "vfio_device_mig_state"))
		return PROTO_SET_STATE;
	if (n == 1 && proto->type == 0 && is_ptr_to_struct(btf, p[0].type, "pci_dev"))
		return PROTO_PCI_VOID;
	return PROTO_NR;
}

/* The functions from type @id on that are of ours, all of them or one kind (PROTO_NR: all). */
static int find_funcs(const struct btf *btf, __u32 id, enum proto only, struct found_func **out)
{
	struct found_func *funcs = NULL, *more;
	__u32 last = btf__type_cnt(btf);
	const struct btf_type *t, *proto;
	int n = 0, cap = 0;
	enum proto kind;

	for (; id < last; id++) {
		t = btf__type_by_id(btf, id);
		if (!btf_is_func(t))
			continue;
		proto = btf__type_by_id(btf, t->type);
		kind = proto ? proto_of(btf, proto) : PROTO_NR;
		if (kind == PROTO_NR || (only != PROTO_NR && kind != only))
			continue;
		if (n == cap) {
			cap = cap ? cap * 2 : 16;
			more = realloc(funcs, cap * sizeof(*funcs));
			if (!more) {
				free(funcs);
				return -ENOMEM;
			}
			funcs = more;
		}
		funcs[n].proto = kind;
		funcs[n].btf_id = id;
		snprintf(funcs[n].name, sizeof(funcs[n].name), "%s",
			 btf__name_by_offset(btf, t->name_off));
		n++;
	}
	*out = funcs;
	return n;
}

bool discover_vfio_builtin(const struct btf *vmlinux)
{
	return btf__find_by_name_kind(vmlinux, "vfio_device_fops_unl_ioctl", BTF_KIND_FUNC) > 0;
}

int discover_builtin(struct btf *vmlinux, struct found_func **out)
{
	*out = NULL;
	return find_funcs(vmlinux, 1, PROTO_SET_STATE, out);
}

int discover_find(const struct btf *btf, const char *name, enum proto proto)
{
	__u32 id, last = btf__type_cnt(btf);
	const struct btf_type *t, *of;

	for (id = 1; id < last; id++) {
		t = btf__type_by_id(btf, id);
		if (!btf_is_func(t) || strcmp(btf__name_by_offset(btf, t->name_off), name))
			continue;
		of = btf__type_by_id(btf, t->type);
		if (of && proto_of(btf, of) == proto)
			return id;
	}
	return -ENOENT;
}

void discover_ambiguous(const char *kallsyms, struct found_func *funcs, int n)
{
	bool *seen = calloc(n ? n : 1, sizeof(*seen));
	FILE *f = fopen(kallsyms, "re");
	char line[640], name[512], type;
	int i;

	while (f && seen && fgets(line, sizeof(line), f)) {
		/* "address type name", and "[module]" behind a module's, which come last. */
		if (sscanf(line, "%*s %c %511s", &type, name) != 2 || strchr(line, '['))
			continue;
		if (!strchr("tTwW", type))
			continue;
		for (i = 0; i < n; i++) {
			if (strcmp(name, funcs[i].name))
				continue;
			funcs[i].ambiguous |= seen[i];
			seen[i] = true;
		}
	}
	if (f)
		fclose(f);
	free(seen);
}

int discover_funcs(const char *module, struct btf *vmlinux, struct found_func **out)
{
	struct found_func *funcs = NULL;
	bool migrates = false;
	struct btf *btf;
	int n, kept, i, err;

	*out = NULL;
	btf = btf__load_module_btf(module, vmlinux);
	err = libbpf_get_error(btf);
	if (err)
		return err;
	n = find_funcs(btf, btf__type_cnt(vmlinux), PROTO_NR, &funcs);
	btf__free(btf);
	/*
	 * void (struct pci_dev *) is a common prototype, and reset_done matters
	 * only in a driver that migrates.
	 */
	for (i = 0; i < n; i++)
		migrates |= funcs[i].proto == PROTO_SET_STATE;
	for (i = 0, kept = 0; i < n; i++)
		if (funcs[i].proto != PROTO_PCI_VOID || migrates)
			funcs[kept++] = funcs[i];
	*out = funcs;
	return n < 0 ? n : kept;
}
