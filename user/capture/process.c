// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "capture/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * A set of process numbers, open addressing.  It is emptied when it fills up:
 * the cost is that names are told again, and the memory stays flat.
 */
#define SLOTS 4096

struct processes {
	uint32_t pid[SLOTS]; /* 0: free */
	bool known[SLOTS];   /* false: told, then forgotten */
	bool unwanted[SLOTS];
	bool ended[SLOTS];
	unsigned int used;
};

struct processes *processes_create(void)
{
	return calloc(1, sizeof(struct processes));
}

void processes_destroy(struct processes *p)
{
	free(p);
}

static unsigned int slot_of(const struct processes *p, uint32_t pid)
{
	unsigned int i = pid * 2654435761u % SLOTS;

	while (p->pid[i] && p->pid[i] != pid)
		i = (i + 1) % SLOTS;
	return i;
}

static void copy_vm(char vm[EVENT_NAME_LEN], const char *from, size_t len)
{
	if (len >= EVENT_NAME_LEN)
		len = EVENT_NAME_LEN - 1;
	memcpy(vm, from, len);
	vm[len] = '\0';
}

bool process_vm_from_cmdline(const char *cmdline, size_t len, char vm[EVENT_NAME_LEN])
{
	const char *word = cmdline, *end = cmdline + len, *value, *stop;
	size_t n;

	for (; word < end; word += n + 1) {
		n = strnlen(word, end - word);
		if (strncmp(word, "-name", n) && strncmp(word, "--name", n))
			continue;
		if (n != strlen("-name") && n != strlen("--name"))
			continue;
		value = word + n + 1;
		if (value >= end)
			return false;
		n = strnlen(value, end - value);
		stop = value + n;
		/* The name is the first part, or the one with "guest=". */
		while (value < stop) {
			const char *comma = memchr(value, ',', stop - value);
			const char *part_end = comma ? comma : stop;

			if (part_end - value > 6 && !strncmp(value, "guest=", 6)) {
				copy_vm(vm, value + 6, part_end - value - 6);
				return true;
			}
			if (!memchr(value, '=', part_end - value) && part_end > value) {
				copy_vm(vm, value, part_end - value);
				return true;
			}
			value = part_end + 1;
		}
		return false;
	}
	return false;
}

bool process_vm_from_cgroup(const char *cgroup, char vm[EVENT_NAME_LEN])
{
	const char *line, *slash;
	size_t n;

	for (line = cgroup; line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (strncmp(line, "0::", 3))
			continue;
		line += 3;
		n = strcspn(line, "\n");
		slash = memrchr(line, '/', n);
		if (!slash || slash + 1 == line + n)
			return false;
		copy_vm(vm, slash + 1, line + n - slash - 1);
		return true;
	}
	return false;
}

/* Up to @size - 1 bytes of /proc/@pid/@file, NUL-terminated; their number. */
static ssize_t read_proc(uint32_t pid, const char *file, char *buf, size_t size)
{
	char path[64];
	ssize_t n, total = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while ((size_t)total < size - 1 && (n = read(fd, buf + total, size - 1 - total)) > 0)
		total += n;
	close(fd);
	buf[total] = '\0';
	return total;
}

void processes_forget(struct processes *p, uint32_t pid)
{
	p->known[slot_of(p, pid)] = false;
}

void processes_ended(struct processes *p, uint32_t pid)
{
	unsigned int slot = slot_of(p, pid);

	if (p->pid[slot] == pid)
		p->ended[slot] = true;
}

void processes_used(struct processes *p, uint32_t pid)
{
	unsigned int slot = slot_of(p, pid);

	if (p->ended[slot])
		p->known[slot] = false;
}

void processes_unwant(struct processes *p, uint32_t pid)
{
	unsigned int slot = slot_of(p, pid);

	if (p->pid[slot] == pid)
		p->unwanted[slot] = true;
}

bool processes_wanted(const struct processes *p, uint32_t pid)
{
	unsigned int slot = slot_of(p, pid);

	return p->pid[slot] != pid || !p->unwanted[slot];
}

/* The first line of a /proc file without its newline; "" when it has gone. */
static void read_comm(uint32_t pid, char comm[EVENT_COMM_LEN])
{
	char buf[64];

	memset(comm, 0, EVENT_COMM_LEN);
	if (read_proc(pid, "comm", buf, sizeof(buf)) <= 0)
		return;
	buf[strcspn(buf, "\n")] = '\0';
	snprintf(comm, EVENT_COMM_LEN, "%.15s", buf);
}

bool processes_first_sight(struct processes *p, uint32_t pid, struct process_name *name)
{
	/* libvirt's command lines are long; -name comes early in them. */
	static char buf[64 << 10];
	unsigned int slot = slot_of(p, pid);
	ssize_t n;

	if (p->pid[slot] == pid && p->known[slot])
		return false;
	if (p->used >= SLOTS * 3 / 4) {
		memset(p, 0, sizeof(*p));
		slot = slot_of(p, pid);
	}
	if (p->pid[slot] != pid)
		p->used++;
	p->pid[slot] = pid;
	p->known[slot] = true;
	p->unwanted[slot] = false;
	p->ended[slot] = false;

	memset(name, 0, sizeof(*name));
	read_comm(pid, name->comm);
	n = read_proc(pid, "cmdline", buf, sizeof(buf));
	if (n > 0 && process_vm_from_cmdline(buf, n, name->vm)) {
		name->source = VM_SOURCE_NAME;
		return true;
	}
	n = read_proc(pid, "cgroup", buf, sizeof(buf));
	if (n > 0 && process_vm_from_cgroup(buf, name->vm))
		name->source = VM_SOURCE_CGROUP;
	return true;
}

bool process_visible(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) || st.st_ino == PROCESS_INIT_PIDNS_INO;
}

uint32_t process_of_thread(uint32_t tid, char comm[EVENT_COMM_LEN])
{
	char buf[4096];
	const char *line;
	ssize_t n;

	read_comm(tid, comm);
	n = read_proc(tid, "status", buf, sizeof(buf));
	if (n <= 0)
		return 0;
	line = strstr(buf, "\nTgid:");
	return line ? strtoul(line + strlen("\nTgid:"), NULL, 10) : 0;
}

/* Field @number of /proc/PID/stat as proc(5) counts them, from 3 on; NULL when there is none. */
static const char *stat_field(const char *stat, int number)
{
	/* The second is a name, which may hold anything. */
	const char *at = strrchr(stat, ')');
	int field;

	for (field = 2; at && field < number; field++) {
		at = strchr(at, ' ');
		if (at)
			at++;
	}
	return at;
}

bool process_has_ended(uint32_t pid)
{
	const char *state, *threads;
	char buf[1024];

	if (read_proc(pid, "stat", buf, sizeof(buf)) <= 0)
		return true;
	state = stat_field(buf, 3);
	threads = stat_field(buf, 20);
	/* A first thread that has ended is a zombie for as long as others go on. */
	return state && threads && strchr("ZX", *state) && strtoul(threads, NULL, 10) <= 1;
}

bool process_in_file_call(uint32_t tid)
{
	static const long calls[] = {
		SYS_read,   SYS_write,	SYS_readv,	SYS_writev,	 SYS_ioctl,
		SYS_close,  SYS_ppoll,	SYS_pselect6,	SYS_epoll_pwait, SYS_io_uring_enter,
		SYS_splice, SYS_exit,	SYS_exit_group,
#ifdef SYS_poll
		SYS_poll,   SYS_select, SYS_epoll_wait,
#endif
	};
	char buf[256], comm[EVENT_COMM_LEN], *end;
	size_t i;
	long nr;

	/* "running", "NR arguments...", or "-1 ...": blocked outside a system call */
	if (read_proc(tid, "syscall", buf, sizeof(buf)) < 0)
		return false;
	nr = strtol(buf, &end, 10);
	if (end == buf)
		return true;
	/* A worker of io_uring calls the file without a system call of its own. */
	if (nr == -1) {
		read_comm(tid, comm);
		return !strncmp(comm, "iou-wrk-", 8);
	}
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (nr == calls[i])
			return true;
	return false;
}

uint64_t process_user_time(uint32_t tid)
{
	char buf[1024];
	const char *at;

	if (read_proc(tid, "stat", buf, sizeof(buf)) <= 0)
		return 0;
	at = stat_field(buf, 14);
	return at ? strtoull(at, NULL, 10) : 0;
}
