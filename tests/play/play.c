// SPDX-License-Identifier: GPL-2.0-only
/*
 * play.c - recordings of what a play says: who did what, in what order
 *
 *	play FILE DIR
 *
 * FILE holds plays, each "== NAME" and lines below it.  Of each one recording per host
 * is written, DIR/NAME-HOST.vfs, as that host would have recorded it: its own clock, its
 * own numbers.  Lines that begin with '=' are what a test wants of it, and '#' begins a
 * remark: neither is for us.  The others are what happens:
 *
 *	vmm NAME HOST PID VM DEVICES DRIVER [FLAGS [BUS]]
 *		VM: '-' has no name, 'cgroup:X' one that only its host knows; FLAGS: s, p, c
 *		(STOP_COPY, P2P, PRE_COPY; default spc)
 *	clock HOST REAL MONO	that host's clocks are ahead by so much (before its events)
 *	wait TIME | rewind TIME	the next thing begins later; earlier: beside what was told
 *	capture HOST		that host's recording begins here
 *	cut HOST		it ends here, without an end
 *	[||] WHO[.I] WHAT [ARGUMENT...] [!ERRNO] [@TIME]
 *		WHO: one of the VMMs; I: its device, else all of them in turn, or by threads
 *		at once (||); !ERRNO: the call fails; @TIME: how long it takes
 *
 * WHAT is a call (open close reset flr log unlog report size info flags get to read write
 * spin fdclose, or "fdclose unseen" before its hook), its process's end (exit killed), what is seen of a call that is out
 * (hang), what was lost (lose), or one of those that synth.h's players do at one go (leave
 * stop drain finish back arrive fill run).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol.h"
#include "recording/recording.h"
#include "tests/unit/synth.h"
#include "util/units.h"

#define VMMS	16
#define DEVICES 32
#define HOSTS	8
#define WORDS	24
#define NONE	UINT64_MAX

struct vmm {
	char name[32];
	uint32_t host, pid, n;
	uint64_t flags;
	struct {
		uint32_t number, stream, state;
	} dev[DEVICES];
};

struct host {
	char name[32];
	uint64_t real_ns, mono_ns; /* ahead by */
	uint32_t devices, streams;
	uint64_t from_ns, to_ns;
	bool cut;
};

/* One line of a play, in pieces. */
struct step {
	char *arg[WORDS];
	int n;
	int err;
	uint64_t took_ns; /* NONE: what is usual */
	bool at_once;
};

static struct synth s;
static struct vmm vmms[VMMS];
static struct host hosts[HOSTS]; /* by number, from 1 */
static uint32_t n_vmms, n_hosts;
static const char *path;
static int line_nr;

static void __attribute__((noreturn)) bad(const char *what, const char *word)
{
	fprintf(stderr, "%s:%d: %s '%s'\n", path, line_nr, what, word ?: "");
	exit(2);
}

/* ---- words ---- */

static const char *arg(const struct step *t, int i)
{
	if (i >= t->n)
		bad("too short:", t->n ? t->arg[0] : "");
	return t->arg[i];
}

static uint64_t time_of(const char *word)
{
	uint64_t ns;

	if (units_parse_duration(word, &ns))
		bad("no time:", word);
	return ns;
}

static uint64_t size_of(const char *word)
{
	uint64_t bytes;

	if (units_parse_size(word, &bytes))
		bad("no size:", word);
	return bytes;
}

static int errno_of(const char *word)
{
	int i;

	for (i = 1; i < 600; i++)
		if (errno_name(i) && !strcmp(errno_name(i), word))
			return i;
	i = atoi(word);
	if (i <= 0)
		bad("no errno:", word);
	return i;
}

static uint8_t state_of(const char *word)
{
	uint8_t i;

	for (i = 0; i < MIG_STATE_NR; i++)
		if (!strcmp(mig_state_name(i), word))
			return i;
	bad("no state:", word);
}

static uint32_t host_of(const char *word)
{
	uint32_t i;

	for (i = 1; i <= n_hosts; i++)
		if (!strcmp(hosts[i].name, word))
			return i;
	if (n_hosts + 1 == HOSTS)
		bad("one host too many:", word);
	hosts[++n_hosts] = (struct host){ .to_ns = NONE };
	snprintf(hosts[n_hosts].name, sizeof(hosts[n_hosts].name), "%s", word);
	return n_hosts;
}

/* ---- who ---- */

static void as(const struct vmm *v, uint32_t i)
{
	s.host = v->host;
	s.pid = s.tid = v->pid;
	s.device = v->dev[i].number;
	s.stream = v->dev[i].stream;
	s.state = v->dev[i].state;
	s.next_stream = hosts[v->host].streams;
	memcpy(s.comm, "qemu-system-x86", EVENT_COMM_LEN);
}

static void was(struct vmm *v, uint32_t i)
{
	v->dev[i].stream = s.stream;
	v->dev[i].state = s.state;
	hosts[v->host].streams = s.next_stream;
}

static void enter(const struct step *t)
{
	struct vmm *v = &vmms[n_vmms];
	const char *vm = arg(t, 4), *flags = t->n > 7 ? t->arg[7] : "spc";
	bool cgroup = !strncmp(vm, "cgroup:", 7);
	uint32_t i;

	if (n_vmms++ == VMMS)
		bad("one VMM too many:", arg(t, 1));
	memset(v, 0, sizeof(*v));
	snprintf(v->name, sizeof(v->name), "%s", arg(t, 1));
	v->host = host_of(arg(t, 2));
	v->pid = (uint32_t)atoi(arg(t, 3));
	v->n = (uint32_t)atoi(arg(t, 5));
	v->flags = (strchr(flags, 's') ? MIG_FLAG_STOP_COPY : 0) |
		   (strchr(flags, 'p') ? MIG_FLAG_P2P : 0) |
		   (strchr(flags, 'c') ? MIG_FLAG_PRE_COPY : 0);
	if (v->n > DEVICES || !v->n)
		bad("no number of devices:", arg(t, 5));
	as(v, 0);
	s.device = 0;
	synth_task(&s, v->pid, "qemu-system-x86", cgroup ? vm + 7 : strcmp(vm, "-") ? vm : "");
	s.ev[s.n - 1].task_def.source = cgroup ? VM_SOURCE_CGROUP : VM_SOURCE_NAME;
	for (i = 0; i < v->n; i++) {
		char name[32];

		v->dev[i].number = ++hosts[v->host].devices;
		as(v, i);
		snprintf(name, sizeof(name), "0000:%s:%02x.%x", t->n > 8 ? t->arg[8] : "3b", i / 8,
			 i % 8);
		synth_device(&s, s.device, name, arg(t, 6), v->flags);
		synth_open(&s);
		was(v, i);
	}
}

/* ---- calls ---- */

static struct event *call(uint32_t kind, const struct step *t, uint64_t usual_ns, int64_t ret)
{
	struct event *ev = synth_add(&s, kind, t->took_ns != NONE ? t->took_ns : usual_ns,
				     t->err ? -t->err : ret);

	if (event_traits(kind) & EVT_STREAM)
		ev->stream = s.stream;
	return ev;
}

static void go(const uint8_t *to, const struct step *t)
{
	uint32_t from = s.state, old = s.stream;

	synth_set_state(&s, to, t->took_ns != NONE ? t->took_ns : MS);
	/* A VMM closes its data FD when the session is over. */
	if (old && s.stream == old && protocol_ends_session(from, s.state)) {
		synth_stream_close(&s);
		s.stream = 0;
	}
}

#define GO(t, ...) go(SYNTH_PATH(__VA_ARGS__), t)

/* SET_STATE of a list of states; an error is that of the last step. */
static void do_to(const struct step *t)
{
	uint8_t to[WORDS];
	int n = 0, i;
	char list[128], *word, *save;

	snprintf(list, sizeof(list), "%s", arg(t, 2));
	for (word = strtok_r(list, ",", &save); word; word = strtok_r(NULL, ",", &save))
		to[n++] = state_of(word);
	if (!t->err) {
		to[n] = 255;
		go(to, t);
		return;
	}
	/* Arcs that went well, then one that did not, in one call. */
	{
		uint64_t begin = s.now, took = t->took_ns != NONE ? t->took_ns : 10 * US;
		struct event *ev;

		s.now += 2 * US;
		for (i = 0; i < n; i++) {
			uint64_t gap = s.gap;

			s.gap = 0;
			ev = synth_add(&s, EV_ARC, took, i == n - 1 ? -t->err : 0);
			s.gap = gap;
			ev->arc.from = s.state;
			ev->arc.to = to[i];
			ev->arc.target = to[n - 1];
			if (i < n - 1)
				s.state = to[i];
		}
		s.now = begin;
		ev = synth_add(&s, EV_SET_STATE, (uint64_t)n * took + 4 * US, -t->err);
		ev->set_state.target = to[n - 1];
	}
}

static void do_io(const struct step *t, bool write)
{
	uint64_t n = t->err ? 0 : size_of(arg(t, 2)),
		 times = t->n > 3 ? strtoull(t->arg[3], NULL, 10) : 1;

	while (times--) {
		struct event *ev = call(write ? EV_WRITE : EV_READ, t,
					n || t->err ? 50 * US : 2 * US, (int64_t)n);

		ev->io.size = write && n ? n : write && t->n > 2 ? size_of(t->arg[2]) : MIB;
	}
}

static void do_hang(const struct step *t, const struct vmm *v)
{
	uint32_t kind = event_kind_from_name(arg(t, 2));
	uint64_t age = time_of(arg(t, 3)), begin = s.now, at;

	if (!kind)
		bad("no call:", arg(t, 2));
	for (at = SEC; at <= age; at += SEC) {
		struct event *ev;

		s.now = begin + at;
		ev = synth_add(&s, EV_STUCK, 0, 0);
		ev->stuck.call = kind;
		ev->stuck.age_ns = at;
		if (event_traits(kind) & EVT_STREAM)
			ev->stream = s.stream;
	}
	(void)v;
}

static void do_lose(const struct step *t)
{
	uint64_t over = t->took_ns != NONE ? t->took_ns : 10 * MS;
	uint32_t what = t->n > 3 ? event_kind_from_name(t->arg[3]) : EV_NONE;

	synth_loss(&s, strtoull(arg(t, 2), NULL, 10), s.now > over ? s.now - over : 0, s.now, what);
}

static void do_ends(const struct step *t, bool killed)
{
	struct event *ev = synth_add(&s, EV_PROCESS_EXIT, 0, 0);

	ev->device = 0;
	*(killed ? &ev->process_exit.signal : &ev->process_exit.code) = (uint32_t)atoi(arg(t, 2));
}

/* ---- what a VMM does at one go ---- */

static void do_leave(const struct step *t, const struct vmm *v)
{
	call(EV_DMA_LOG_START, t, 20 * US, 0);
	synth_data_size(&s, 4 * MIB);
	if (!(v->flags & MIG_FLAG_PRE_COPY))
		return;
	GO(t, MIG_PRE_COPY);
	synth_info(&s, MIB, 0);
	synth_read(&s, MIB, 50 * US);
	synth_info(&s, 0, 0);
}

static void do_pause(const struct step *t, const struct vmm *v)
{
	if (s.state == MIG_PRE_COPY)
		GO(t, v->flags & MIG_FLAG_P2P ? MIG_PRE_COPY_P2P : MIG_STOP_COPY);
	else if (v->flags & MIG_FLAG_P2P)
		GO(t, MIG_RUNNING_P2P, MIG_STOP);
	else
		GO(t, MIG_STOP);
}

static void do_drain(const struct step *t)
{
	uint64_t n = strtoull(arg(t, 2), NULL, 10);

	while (n--)
		synth_read(&s, MIB, 50 * US);
	synth_read(&s, 0, 2 * US);
}

static void do_arrive(const struct step *t, const struct vmm *v)
{
	if (v->flags & MIG_FLAG_P2P)
		GO(t, MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING);
	else
		GO(t, MIG_STOP, MIG_RESUMING);
}

static void do_fill(const struct step *t)
{
	uint64_t n = strtoull(arg(t, 2), NULL, 10);

	while (n--) {
		synth_write(&s, MIB, 50 * US);
		s.ev[s.n - 1].io.size = MIB;
	}
}

static void do_close(const struct step *t)
{
	(void)t;
	if (s.stream)
		synth_stream_close(&s);
	s.stream = 0;
	synth_close(&s);
}

static void do_resume(const struct step *t, const struct vmm *v)
{
	if (v->flags & MIG_FLAG_P2P)
		GO(t, MIG_STOP, MIG_RUNNING_P2P);
	else
		GO(t, MIG_STOP, MIG_RUNNING);
}

static void do_one(const char *what, const struct step *t, struct vmm *v)
{
	if (!strcmp(what, "open")) {
		synth_open(&s);
	} else if (!strcmp(what, "close")) {
		do_close(t);
	} else if (!strcmp(what, "reset")) {
		call(EV_RESET, t, 500 * US, 0);
		s.state = t->err ? s.state : MIG_RUNNING;
	} else if (!strcmp(what, "flr")) {
		call(EV_DEVICE_RESET, t, 500 * US, 0);
		s.state = MIG_RUNNING;
	} else if (!strcmp(what, "log")) {
		call(EV_DMA_LOG_START, t, 20 * US, 0);
	} else if (!strcmp(what, "unlog")) {
		call(EV_DMA_LOG_STOP, t, 20 * US, 0);
	} else if (!strcmp(what, "report")) {
		call(EV_DMA_LOG_REPORT, t, 100 * US, 0);
	} else if (!strcmp(what, "flags")) {
		struct event *ev = call(EV_MIGRATION_FLAGS, t, 3 * US, 0);

		ev->migration_flags.flags = t->err ? 0 : v->flags;
	} else if (!strcmp(what, "get")) {
		call(EV_GET_STATE, t, 3 * US, 0)->get_state.reported =
			t->n > 2 ? state_of(t->arg[2]) : s.state;
	} else if (!strcmp(what, "size")) {
		struct event *ev = call(EV_DATA_SIZE, t, 5 * US, 0);

		ev->data_size.stop_copy_length = t->err ? 0 : size_of(arg(t, 2));
	} else if (!strcmp(what, "info")) {
		struct event *ev = call(EV_PRECOPY_INFO, t, 5 * US, 0);

		ev->precopy_info.initial_bytes = t->err ? 0 : size_of(arg(t, 2));
		ev->precopy_info.dirty_bytes = t->err ? 0 : size_of(arg(t, 3));
	} else if (!strcmp(what, "to")) {
		do_to(t);
	} else if (!strcmp(what, "read") || !strcmp(what, "write")) {
		do_io(t, what[0] == 'w');
	} else if (!strcmp(what, "spin")) {
		synth_empty_run(&s, -ENOMSG, (uint32_t)atoi(arg(t, 2)), US, 40 * US);
	} else if (!strcmp(what, "fdclose")) {
		if (t->n > 2 && !strcmp(arg(t, 2), "unseen"))
			synth_close_unseen(&s, 5 * MS);
		else
			synth_stream_close(&s);
		s.stream = 0;
	} else if (!strcmp(what, "hang")) {
		do_hang(t, v);
	} else if (!strcmp(what, "leave")) {
		do_leave(t, v);
	} else if (!strcmp(what, "drain")) {
		do_drain(t);
	} else if (!strcmp(what, "arrive")) {
		do_arrive(t, v);
	} else if (!strcmp(what, "fill")) {
		do_fill(t);
	} else {
		bad("nothing that happens:", what);
	}
}

/* Each device in turn, or by threads that begin together. */
static void each(const char *what, const struct step *t, struct vmm *v, uint32_t first, uint32_t n,
		 void (*one)(const char *what, const struct step *t, struct vmm *v))
{
	uint64_t begin = s.now, end = s.now;
	uint32_t i;

	for (i = first; i < first + n; i++) {
		if (t->at_once)
			s.now = begin;
		as(v, i);
		if (t->at_once)
			s.tid = v->pid + 1 + i;
		one(what, t, v);
		was(v, i);
		if (s.now > end)
			end = s.now;
	}
	s.now = end;
}

static void then_pause(const char *what, const struct step *t, struct vmm *v)
{
	(void)what;
	do_pause(t, v);
}

/* The second round of "stop": those that do not stop-copy yet. */
static void then_stop_copy(const char *what, const struct step *t, struct vmm *v)
{
	(void)what;
	(void)v;
	if (s.state != MIG_STOP_COPY)
		GO(t, MIG_STOP_COPY);
}

static void then_stop(const char *what, const struct step *t, struct vmm *v)
{
	(void)what;
	(void)v;
	GO(t, MIG_STOP);
}

static void then_unlog(const char *what, const struct step *t, struct vmm *v)
{
	(void)what;
	(void)v;
	call(EV_DMA_LOG_STOP, t, 20 * US, 0);
}

static void then_back(const char *what, const struct step *t, struct vmm *v)
{
	(void)what;
	if (s.state != MIG_RUNNING && s.state != MIG_PRE_COPY && s.state != MIG_RUNNING_P2P &&
	    v->flags & MIG_FLAG_P2P)
		GO(t, MIG_STOP, MIG_RUNNING_P2P, MIG_RUNNING);
	else if (s.state != MIG_RUNNING)
		GO(t, MIG_RUNNING);
}

static void then_resume(const char *what, const struct step *t, struct vmm *v)
{
	(void)what;
	do_resume(t, v);
}

static void then_run(const char *what, const struct step *t, struct vmm *v)
{
	(void)what;
	(void)v;
	if (s.state != MIG_RUNNING)
		GO(t, MIG_RUNNING);
}

static void act(struct step *t)
{
	char *dot = strchr(arg(t, 0), '.'), *dash;
	const char *what = arg(t, 1);
	uint32_t first = 0, n, i;
	struct vmm *v = NULL;

	if (dot)
		*dot++ = '\0';
	for (i = 0; i < n_vmms && !v; i++)
		if (!strcmp(vmms[i].name, t->arg[0]))
			v = &vmms[i];
	if (!v)
		bad("nobody is", t->arg[0]);
	n = v->n;
	if (dot) {
		first = (uint32_t)atoi(dot);
		dash = strchr(dot, '-');
		n = dash ? (uint32_t)atoi(dash + 1) - first + 1 : 1;
		if (first + n > v->n)
			bad("no device", dot);
	}
	if (!strcmp(what, "lose") || !strcmp(what, "exit") || !strcmp(what, "killed")) {
		as(v, 0);
		if (what[0] == 'l')
			do_lose(t);
		else
			do_ends(t, what[0] == 'k');
	} else if (!strcmp(what, "stop")) {
		each(what, t, v, first, n, then_pause);
		each(what, t, v, first, n, then_stop_copy);
	} else if (!strcmp(what, "finish")) {
		each(what, t, v, first, n, then_stop);
		each(what, t, v, first, n, then_unlog);
	} else if (!strcmp(what, "back")) {
		each(what, t, v, first, n, then_back);
		each(what, t, v, first, n, then_unlog);
	} else if (!strcmp(what, "run")) {
		each(what, t, v, first, n, then_resume);
		each(what, t, v, first, n, then_run);
	} else {
		each(what, t, v, first, n, do_one);
	}
}

static void take(char *line)
{
	struct step t = { .took_ns = NONE };
	char *word, *save;

	for (word = strtok_r(line, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
		if (word[0] == '#')
			break;
		if (t.n == WORDS)
			bad("too long:", word);
		if (!strcmp(word, "||"))
			t.at_once = true;
		else if (word[0] == '!')
			t.err = errno_of(word + 1);
		else if (word[0] == '@')
			t.took_ns = time_of(word + 1);
		else
			t.arg[t.n++] = word;
	}
	if (!t.n)
		return;
	if (!strcmp(t.arg[0], "vmm"))
		enter(&t);
	else if (!strcmp(t.arg[0], "wait"))
		s.now += time_of(arg(&t, 1));
	else if (!strcmp(t.arg[0], "rewind"))
		s.now -= time_of(arg(&t, 1));
	else if (!strcmp(t.arg[0], "capture"))
		hosts[host_of(arg(&t, 1))].from_ns = s.now;
	else if (!strcmp(t.arg[0], "cut")) {
		hosts[host_of(arg(&t, 1))].to_ns = s.now;
		hosts[host_of(arg(&t, 1))].cut = true;
	} else if (!strcmp(t.arg[0], "clock")) {
		uint32_t h = host_of(arg(&t, 1));

		hosts[h].real_ns = time_of(arg(&t, 2));
		hosts[h].mono_ns = time_of(arg(&t, 3));
	} else
		act(&t);
}

/* ---- recordings ---- */

static int by_end(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	uint64_t ex = event_end_ns(x), ey = event_end_ns(y);

	if (ex != ey)
		return ex < ey ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static int put_clock(struct recording_writer *w, const struct host *h, uint64_t at_ns)
{
	struct event ev = { .kind = EV_CLOCK, .t_ns = at_ns + h->mono_ns };

	ev.clock.realtime_ns = s.ev[0].clock.realtime_ns + (at_ns - s.ev[0].t_ns) + h->real_ns;
	ev.clock.boottime_ns = ev.t_ns;
	return recording_writer_put(w, &ev);
}

/* A data FD that was born before the capture began, and lives: it is found. */
static bool is_found(size_t at, uint64_t from_ns)
{
	size_t i;

	if (s.ev[at].kind != EV_STREAM_OPEN)
		return false;
	for (i = at; i < s.n && event_end_ns(&s.ev[i]) < from_ns; i++)
		if (s.ev[i].kind == EV_STREAM_RELEASE && s.ev[i].stream == s.ev[at].stream &&
		    s.ev[i].host == s.ev[at].host)
			return false;
	return true;
}

static int write_host(const char *dir, const char *name, uint32_t number)
{
	static const char *const hooks[] = {
		"vfio vfio_mig_get_next_state arc fentry ok",
		"vfio vfio_device_fops_unl_ioctl set_state fentry ok"
	};
	struct host *h = &hosts[number];
	struct recording_writer *w;
	struct meta meta = { 0 };
	char file[512], boot[64];
	size_t i;
	int fd, err;

	snprintf(file, sizeof(file), "%s/%s-%s.vfs", dir, name, h->name);
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || recording_writer_open(&w, fd, NULL))
		return -EIO;
	snprintf(boot, sizeof(boot), "%s-%s", name, h->name);
	meta_add(&meta, "tool", "vfioscope");
	meta_add(&meta, "host", h->name);
	meta_add(&meta, "kernel", "6.12.117 #1 SMP");
	meta_add(&meta, "boot_id", boot);
	for (i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
		meta_add(&meta, "hook", hooks[i]);
	err = recording_writer_meta(w, &meta) ?: put_clock(w, h, h->from_ns ?: s.ev[0].t_ns);
	meta_clear(&meta);
	for (i = 0; i < s.n && !err; i++) {
		struct event ev = s.ev[i];
		bool names = !event_kind_is_public(ev.kind);

		if (ev.host != number || ev.kind == EV_CLOCK || event_end_ns(&ev) > h->to_ns)
			continue;
		if (!names && event_end_ns(&ev) < h->from_ns) {
			names = is_found(i, h->from_ns);
			if (!names)
				continue;
			ev.stream_open.adopted = true;
		}
		if (names && ev.t_ns < h->from_ns)
			ev.t_ns = h->from_ns;
		ev.host = 0;
		ev.t_ns += h->mono_ns;
		if (event_traits(ev.kind) & EVT_IO && ev.io.t_last_ns)
			ev.io.t_last_ns += h->mono_ns;
		if (ev.kind == EV_LOSS) {
			ev.loss.t_from_ns += h->mono_ns;
			ev.loss.t_to_ns += h->mono_ns;
		}
		err = recording_writer_put(w, &ev);
	}
	if (!err && !h->cut)
		err = put_clock(w, h, s.now) ?: recording_writer_end(w);
	return recording_writer_close(w) ?: err;
}

/* The play @name is over: its recordings. */
static void curtain(const char *dir, const char *name)
{
	uint32_t i;
	int err;

	if (!name[0])
		return;
	qsort(s.ev, s.n, sizeof(*s.ev), by_end);
	for (i = 1; i <= n_hosts; i++) {
		err = write_host(dir, name, i);
		if (err)
			bad(strerror(-err), name);
	}
	synth_free(&s);
	n_vmms = n_hosts = 0;
}

int main(int argc, char **argv)
{
	char line[512], name[64] = "";
	FILE *f;

	if (argc != 3)
		return 2;
	path = argv[1];
	f = fopen(path, "r");
	if (!f)
		bad("cannot read", path);
	while (fgets(line, sizeof(line), f)) {
		line_nr++;
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "== ", 3)) {
			curtain(argv[2], name);
			snprintf(name, sizeof(name), "%.63s", line + 3);
			synth_init(&s);
		} else if (line[0] != '=' && name[0]) {
			take(line);
		}
	}
	curtain(argv[2], name);
	fclose(f);
	return 0;
}
