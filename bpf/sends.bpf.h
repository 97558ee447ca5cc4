/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sends.bpf.h - why a socket takes no more while a thread waits to send on it
 *
 * TCP itself keeps the time in which a connection was limited by the window of its
 * receiver, and that in which it was by its send buffer, for tcp_info (tcp_chrono_start());
 * what it was busy besides these is the network: congestion, pacing, queues.  What a wait
 * added to them is its reason.  The unit is the jiffy, 1 to 10 ms, so only their shares
 * of the wait are taken.
 *
 * These clocks say less than it seems.  A window can be full because the receiver does not
 * read, or since all that fits into it is on its way; that of the send buffer runs only
 * from the next packet that goes out while somebody waits; and a buffer that is full of
 * what is on its way is small for a long path, not for a queue.  See send_ends().
 */
#ifndef VFIOSCOPE_SENDS_BPF_H
#define VFIOSCOPE_SENDS_BPF_H

#include "bpf/record.bpf.h"
#include "bpf/syscall.bpf.h"

/* include/uapi/linux/stat.h, include/linux/socket.h, include/uapi/linux/in.h */
#define S_IFMT	    0170000
#define S_IFSOCK    0140000
#define AF_UNIX	    1
#define AF_INET	    2
#define AF_INET6    10
#define IPPROTO_TCP 6

/* include/linux/tcp.h, enum tcp_chrono; chrono_stat[] begins with the first */
#define CHRONO_RECEIVER 2
#define CHRONO_BUFFER	3

/* include/linux/netdevice.h, GSO_LEGACY_MAX_SIZE: what TCP hands down at once at most */
#define PACKETS_AT_ONCE 65536

/* Shares of a wait, of SHARE_ALL; the rest is not known. */
#define SHARE_ALL 65536

struct send_shares {
	__u32 receiver, buffers, network;
};

/* How the connection did at the end of a wait; all 0: it is no TCP connection. */
struct send_path {
	__u32 srtt_us;
	__u32 cwnd; /* packets */
};

/* The socket when a wait to send on it begins. */
struct send_begin {
	__u64 sk; /* struct sock * of TCP; 0: it is none */
	__u64 acked;
	__u32 jiffies;
	__u32 receiver, buffer; /* jiffies that it was limited by these */
	__u32 retransmitted;
	__u32 unread;	   /* the receiver has much that it did not read */
	__u32 buffer_only; /* nothing but the send buffer is in the way of more */
	__u32 local;	   /* a unix socket: whoever has its other end does not read */
};

/* Has the receiver room for so much less than it had that it must have left much unread? */
static __always_inline bool is_unread(const struct tcp_sock *tp)
{
	return BPF_CORE_READ(tp, snd_wnd) < BPF_CORE_READ(tp, max_window) / 2;
}

/* Does the round trip consist of queues, mostly?  The shortest of some minutes is the path. */
static __always_inline bool is_queued(const struct tcp_sock *tp, __u32 srtt_us)
{
	return srtt_us / 2 > BPF_CORE_READ(tp, rtt_min.s[0].v);
}

/*
 * Is all sent that was written, or so much that the rest is one that TCP holds back to send
 * it with more, though the window and the congestion window have room?  As long as the
 * writer sleeps no more comes, so that this remains so.
 */
static __always_inline bool is_buffer_only(const struct tcp_sock *tp)
{
	__u32 next = BPF_CORE_READ(tp, snd_nxt), mss = BPF_CORE_READ(tp, mss_cache);
	__u32 unsent = BPF_CORE_READ(tp, write_seq) - next;
	__s32 room = BPF_CORE_READ(tp, snd_una) + BPF_CORE_READ(tp, snd_wnd) - next;

	if (unsent < mss)
		return true;
	return unsent < PACKETS_AT_ONCE && room >= (__s32)mss &&
	       BPF_CORE_READ(tp, packets_out) < BPF_CORE_READ(tp, snd_cwnd);
}

/* Up to @now, with that which goes on. */
static __always_inline __u32 chrono(const struct tcp_sock *tp, __u32 which, __u32 now)
{
	__u32 sum = which == CHRONO_BUFFER ? BPF_CORE_READ(tp, chrono_stat[CHRONO_BUFFER - 1]) :
					     BPF_CORE_READ(tp, chrono_stat[CHRONO_RECEIVER - 1]);

	if (BPF_CORE_READ_BITFIELD_PROBED(tp, chrono_type) == which)
		sum += now - BPF_CORE_READ(tp, chrono_start);
	return sum;
}

/* The socket of the first argument of the system call that @task is in; NULL: it is none. */
static __always_inline struct sock *send_sock(struct task_struct *task)
{
#ifdef SYS_READ
	user_regs *regs = (void *)bpf_task_pt_regs(task);
	struct socket *socket;
	struct file *file;
	__u64 fd;

	if (bpf_probe_read_kernel(&fd, sizeof(fd), &USER_ARG1(regs)))
		return NULL;
	file = task_file(task, fd);
	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
#else
	return NULL;
#endif
}

/* @task, the current one, goes to sleep in a system call that sends, which holds its file. */
static __noinline void send_begins(struct task_struct *task, struct send_begin *b)
{
	struct sock *sk = send_sock(task);
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	__u32 family;

	b->sk = 0;
	b->local = 0;
	if (!sk)
		return;
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	b->local = family == AF_UNIX;
	if ((family != AF_INET && family != AF_INET6) ||
	    BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP ||
	    !bpf_core_field_exists(tp->chrono_stat))
		return;
	b->sk = (__u64)sk;
	b->jiffies = bpf_jiffies64();
	b->receiver = chrono(tp, CHRONO_RECEIVER, b->jiffies);
	b->buffer = chrono(tp, CHRONO_BUFFER, b->jiffies);
	b->retransmitted = BPF_CORE_READ(tp, total_retrans);
	b->acked = BPF_CORE_READ(tp, bytes_acked);
	b->unread = is_unread(tp);
	b->buffer_only = is_buffer_only(tp);
}

/* What share of a wait of @jiffies so many are; of one that is shorter than a jiffy: all, or nothing. */
static __always_inline __u32 share_of(__u32 n, __u32 jiffies, bool now)
{
	if (!jiffies)
		return now ? SHARE_ALL : 0;
	/* Read while others change it, it may be anything. */
	if (n > jiffies)
		n = n >> 31 ? 0 : jiffies;
	return (__u64)n * SHARE_ALL / jiffies;
}

/*
 * Was the window full of what was on its way, for @ns?  Then about one window was
 * acknowledged in each round trip, and the receiver never said that it has room for much
 * less.
 */
static __always_inline bool
was_on_its_way(const struct send_begin *b, const struct tcp_sock *tp, __u32 srtt_us, __u64 ns)
{
	__u32 window = BPF_CORE_READ(tp, max_window);

	if (!window || b->unread || is_unread(tp))
		return false;
	return (BPF_CORE_READ(tp, bytes_acked) - b->acked) * srtt_us / window >= ns / 2000;
}

/*
 * The wait that began with @b is over; it took @ns.  Retransmissions meanwhile.
 *
 * The receiver's is what the window was full for of what it had not read.  The buffers'
 * is what they were full for of what was on its way, unless that stood in a queue.
 */
static __noinline __u32 send_ends(const struct send_begin *b, __u64 ns, struct send_shares *s,
				  struct send_path *path)
{
	struct tcp_sock *tp = (struct tcp_sock *)b->sk;
	__u32 jiffies, now, type, receiver, buffers;

	s->receiver = b->local ? SHARE_ALL : 0;
	s->buffers = s->network = 0;
	path->srtt_us = path->cwnd = 0;
	if (!tp)
		return 0;
	now = bpf_jiffies64();
	jiffies = now - b->jiffies;
	type = BPF_CORE_READ_BITFIELD_PROBED(tp, chrono_type);
	path->srtt_us = BPF_CORE_READ(tp, srtt_us) >> 3;
	path->cwnd = BPF_CORE_READ(tp, snd_cwnd);
	receiver = share_of(chrono(tp, CHRONO_RECEIVER, now) - b->receiver, jiffies,
			    type == CHRONO_RECEIVER);
	buffers = share_of(chrono(tp, CHRONO_BUFFER, now) - b->buffer, jiffies,
			   type == CHRONO_BUFFER);
	if (b->buffer_only) {
		receiver = 0;
		buffers = SHARE_ALL;
	}
	if (buffers > SHARE_ALL - receiver)
		buffers = SHARE_ALL - receiver;
	if (receiver && was_on_its_way(b, tp, path->srtt_us, ns * receiver / SHARE_ALL)) {
		buffers += receiver;
		receiver = 0;
	}
	if (is_queued(tp, path->srtt_us))
		buffers = 0;
	s->receiver = receiver;
	s->buffers = buffers;
	s->network = SHARE_ALL - receiver - buffers;
	return BPF_CORE_READ(tp, total_retrans) - b->retransmitted;
}

/* Sums of such waits, in ns; of __u64 alone: see why_sums_add(). */
struct send_sums {
	__u64 receiver, buffers, network, unknown;
	__u64 retransmitted; /* packets */
};

/* A wait of @ns, or so much of one, with these shares; what they leave is not known. */
static __always_inline void send_book(struct send_sums *sums, const struct send_shares *s, __u64 ns)
{
	__u64 receiver = ns * s->receiver / SHARE_ALL, buffers = ns * s->buffers / SHARE_ALL;
	__u64 network = ns * s->network / SHARE_ALL;

	/* Where nothing is unknown, not a nanosecond is. */
	if (s->receiver + s->buffers + s->network == SHARE_ALL)
		network = ns - receiver - buffers;
	sums->receiver += receiver;
	sums->buffers += buffers;
	sums->network += network;
	sums->unknown += ns - receiver - buffers - network;
}

/* The shares of what was added to @from until now. */
static __always_inline void
send_shares_since(const struct send_sums *from, const struct send_sums *now, struct send_shares *s)
{
	__u64 receiver = now->receiver - from->receiver, buffers = now->buffers - from->buffers;
	__u64 network = now->network - from->network;
	__u64 all = receiver + buffers + network + now->unknown - from->unknown;

	s->receiver = s->buffers = s->network = 0;
	if (!all)
		return;
	s->receiver = receiver * SHARE_ALL / all;
	s->buffers = buffers * SHARE_ALL / all;
	s->network = now->unknown == from->unknown ? SHARE_ALL - s->receiver - s->buffers :
						     network * SHARE_ALL / all;
}

#endif
