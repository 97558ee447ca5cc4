/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * syscall.bpf.h - the registers with which a task entered the kernel, and its files
 */
#ifndef VFIOSCOPE_SYSCALL_BPF_H
#define VFIOSCOPE_SYSCALL_BPF_H

#include "bpf/record.bpf.h"

/*
 * The number of the call, as the entry code kept it, and the user's registers.
 * x86: arch/x86/entry/syscalls/syscall_64.tbl; arm64: include/uapi/asm-generic/unistd.h,
 * and arch/arm64/kernel/syscall.c, which keeps the first argument in orig_x0.
 */
#if defined(__TARGET_ARCH_x86)
#define SYS_READ	 0
#define SYS_WRITE	 1
#define SYS_POLL	 7
#define SYS_IOCTL	 16
#define SYS_READV	 19
#define SYS_WRITEV	 20
#define SYS_SELECT	 23
#define SYS_SENDTO	 44
#define SYS_RECVFROM	 45
#define SYS_SENDMSG	 46
#define SYS_RECVMSG	 47
#define SYS_FUTEX	 202
#define SYS_EPOLL_WAIT	 232
#define SYS_PSELECT6	 270
#define SYS_PPOLL	 271
#define SYS_EPOLL_PWAIT	 281
#define SYS_SENDMMSG	 307
#define SYS_EPOLL_PWAIT2 441
#define USER_SYSCALL(r)	 ((r)->orig_rax)
#define USER_ARG1(r)	 ((r)->rdi)
#define USER_ARG2(r)	 ((r)->rsi)
#define USER_ARG3(r)	 ((r)->rdx)
#define USER_SP(r)	 ((r)->rsp)
#define USER_IP(r)	 ((r)->rip)
typedef struct pt_regs user_regs;
#elif defined(__TARGET_ARCH_arm64)
#define SYS_EPOLL_PWAIT	 22
#define SYS_READ	 63
#define SYS_WRITE	 64
#define SYS_IOCTL	 29
#define SYS_READV	 65
#define SYS_WRITEV	 66
#define SYS_PSELECT6	 72
#define SYS_PPOLL	 73
#define SYS_FUTEX	 98
#define SYS_SENDTO	 206
#define SYS_RECVFROM	 207
#define SYS_SENDMSG	 211
#define SYS_RECVMSG	 212
#define SYS_SENDMMSG	 269
#define SYS_EPOLL_PWAIT2 441
/* struct pt_regs of arch/arm64/include/asm/ptrace.h, as far as it is older than any kernel here */
typedef struct {
	struct user_pt_regs user;
	__u64 orig_x0;
	__s32 syscallno;
} user_regs;
#define USER_SYSCALL(r)	 ((r)->syscallno)
#define USER_ARG1(r)	 ((r)->orig_x0)
#define USER_ARG2(r)	 ((r)->user.regs[1])
#define USER_ARG3(r)	 ((r)->user.regs[2])
#define USER_SP(r)	 ((r)->user.sp)
#define USER_IP(r)	 ((r)->user.pc)
#endif

/* What a task may wait in, between two calls on a device. */
enum syscall_wait {
	SYSCALL_OTHER,
	SYSCALL_SENDS,
	SYSCALL_RECEIVES,
	SYSCALL_POLLS,
	SYSCALL_FUTEX,
};

static __always_inline enum syscall_wait syscall_wait(struct task_struct *task)
{
#ifdef SYS_READ
	user_regs *regs = (void *)bpf_task_pt_regs(task);
	__typeof__(USER_SYSCALL(regs)) nr;

	if (bpf_probe_read_kernel(&nr, sizeof(nr), &USER_SYSCALL(regs)))
		return SYSCALL_OTHER;
	/* An exception or an interrupt has no number of a call, but -1. */
	switch (nr) {
	case SYS_WRITE:
	case SYS_WRITEV:
	case SYS_SENDTO:
	case SYS_SENDMSG:
	case SYS_SENDMMSG:
		return SYSCALL_SENDS;
	case SYS_READ:
	case SYS_READV:
	case SYS_RECVFROM:
	case SYS_RECVMSG:
		return SYSCALL_RECEIVES;
#ifdef SYS_POLL
	case SYS_POLL:
	case SYS_SELECT:
	case SYS_EPOLL_WAIT:
#endif
	case SYS_PPOLL:
	case SYS_PSELECT6:
	case SYS_EPOLL_PWAIT:
	case SYS_EPOLL_PWAIT2:
		return SYSCALL_POLLS;
	case SYS_FUTEX:
		return SYSCALL_FUTEX;
	}
#endif
	return SYSCALL_OTHER;
}

/* The open file of a number; @task does not change its table meanwhile, or is at rest. */
static __always_inline struct file *task_file(struct task_struct *task, __u32 fd)
{
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file **files, *file = NULL;

	if (!fdt || fd >= BPF_CORE_READ(fdt, max_fds))
		return NULL;
	files = BPF_CORE_READ(fdt, fd);
	if (bpf_probe_read_kernel(&file, sizeof(file), files + fd))
		return NULL;
	return file;
}

#endif
