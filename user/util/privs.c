// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "util/privs.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_AARCH64
#endif

/* Two 32-bit words a set, as capget(2) has it. */
static int drop_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	int cap, i, err = 0;

	if (syscall(SYS_capget, &head, data))
		return -errno;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	/* EINVAL: the kernel knows no further; EPERM: no CAP_SETPCAP, nor what it would take away */
	for (cap = 0; cap < 64 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) && errno != EPERM)
			err = -errno;
	for (i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(keep >> 32 * i);
		data[i].effective &= data[i].permitted;
		data[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &head, data))
		err = -errno;
	return err;
}

#if defined(AUDIT_ARCH_HERE) && !defined(__SANITIZE_ADDRESS__)

#ifndef SYS_bpf
#error "a kernel's headers without bpf() are too old"
#endif

/* The first are for PRIVS_READ alone, the next for all but PRIVS_SERVE. */
static const uint16_t forbidden[] = {
	SYS_bpf,
	SYS_perf_event_open,
#define FIRST_OF_WATCH 2
	SYS_accept,
	SYS_accept4,
#define FIRST_OF_SERVE 4
	SYS_execve,
	SYS_execveat,
	SYS_ptrace,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_socket,
	SYS_connect,
	SYS_bind,
	SYS_listen,
	SYS_unshare,
	SYS_setns,
	SYS_mount,
	SYS_umount2,
	SYS_pivot_root,
	SYS_chroot,
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_kexec_load,
	SYS_reboot,
	SYS_setuid,
	SYS_setgid,
	SYS_setreuid,
	SYS_setregid,
	SYS_setresuid,
	SYS_setresgid,
	SYS_setgroups,
	SYS_keyctl,
	SYS_add_key,
	SYS_request_key,
	SYS_swapon,
	SYS_swapoff,
	SYS_open_by_handle_at,
	SYS_quotactl,
	SYS_acct,
	SYS_settimeofday,
	SYS_clock_settime,
	SYS_sethostname,
	SYS_setdomainname,
	SYS_syslog,
#ifdef SYS_userfaultfd
	SYS_userfaultfd,
#endif
#ifdef SYS_io_uring_setup
	/* would do any of them out of the filter's sight */
	SYS_io_uring_setup,
#endif
#ifdef SYS_kexec_file_load
	SYS_kexec_file_load,
#endif
#ifdef SYS_pidfd_getfd
	SYS_pidfd_getfd,
#endif
#ifdef SYS_open_tree
	SYS_open_tree,
	SYS_move_mount,
	SYS_fsopen,
	SYS_fsmount,
#endif
#ifdef SYS_iopl
	SYS_iopl,
	SYS_ioperm,
#endif
};

#define N_FORBIDDEN (sizeof(forbidden) / sizeof(forbidden[0]))

static int set_filter(enum privs_filter which)
{
	struct sock_filter code[N_FORBIDDEN + 6];
	struct sock_fprog prog = { .filter = code };
	const uint16_t *list = forbidden + (which == PRIVS_READ	 ? 0 :
					    which == PRIVS_SERVE ? FIRST_OF_SERVE :
								   FIRST_OF_WATCH);
	size_t n = N_FORBIDDEN - (size_t)(list - forbidden), i;
	size_t allow = 4 + n, forbid = allow + 1; /* the two lines at the end */

	_Static_assert(N_FORBIDDEN < 200, "a jump's offset has 8 bits");
/* a jump counts from the line behind its own */
#define TO_FORBID(from) ((uint8_t)(forbid - (from)-1))
	code[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					       offsetof(struct seccomp_data, arch));
	/* another machine's calls (a 32-bit one's) have other numbers: none of them */
	code[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_HERE, 0,
					       TO_FORBID(1));
	code[2] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					       offsetof(struct seccomp_data, nr));
	/* x32 is the same machine with this bit */
	code[3] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, TO_FORBID(3),
					       0);
	for (i = 0; i < n; i++)
		code[4 + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, list[i],
							   TO_FORBID(4 + i), 0);
#undef TO_FORBID
	code[allow] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[forbid] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	n = forbid + 1;
	prog.len = (unsigned short)n;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) ? -errno : 0;
}

#else

static int set_filter(enum privs_filter which)
{
	(void)which;
	return 0;
}

#endif

int privs_drop(uint64_t keep, enum privs_filter filter)
{
	int err = drop_capabilities(keep), ret;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	ret = filter == PRIVS_NO_FILTER ? 0 : set_filter(filter);
	/* a kernel without seccomp */
	return err ?: ret == -EINVAL ? 0 : ret;
}
