// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_record - what `record` does when its output fails
 *
 * The command itself (user/cmd/record.c and what it consists of) on a capture of our
 * own, in a child: it makes events until it is stopped.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/each_sources.h"
#define set judging_set
#include "user/cmd/judging.c"
#undef set
#define put   metrics_put
#define start metrics_start
#include "user/cmd/metrics_out.c"
#undef put
#undef start
#include "user/cmd/record.c"

#include "tests/unit/tmpdir.h"
#include "util/mono.h"

#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* ---- a capture of our own ---- */

struct capture {
	struct event_source src;
	struct meta meta;
	uint64_t n;	  /* events so far */
	uint64_t step_us; /* between two */
	bool silent;	  /* nothing happens at all */
	bool stopped;
	int after; /* what comes for ever when it is stopped; 0: its end */
};

static struct capture fake;

static int fake_next(struct event_source *src, struct event *ev, int timeout_ms)
{
	static uint64_t noise = 1;
	struct capture *c = (struct capture *)src;

	if (c->stopped)
		return c->after == -EAGAIN ? 0 : c->after ?: -ENODATA;
	if (c->step_us && timeout_ms)
		usleep((useconds_t)c->step_us);
	if (c->silent)
		return 0;
	memset(ev, 0, sizeof(*ev));
	ev->t_ns = mono_ns();
	if (!c->n++) {
		ev->kind = EV_DEVICE;
		ev->device = 1;
		strcpy(ev->device_def.name, "0000:01:00.0");
		return 1;
	}
	/* not to be compressed much */
	noise = noise * 6364136223846793005ULL + 1442695040888963407ULL;
	ev->kind = EV_READ;
	ev->device = ev->stream = 1;
	ev->io.size = noise >> 20;
	ev->ret = (int64_t)(noise >> 33);
	ev->dur_ns = noise >> 40;
	return 1;
}

static const struct meta *fake_meta(struct event_source *src)
{
	return &((struct capture *)src)->meta;
}

static void fake_health(struct event_source *src, struct source_health *out)
{
	(void)src;
	memset(out, 0, sizeof(*out));
	out->ended = true;
}

static const char *fake_error(struct event_source *src)
{
	(void)src;
	return "";
}

static void fake_close(struct event_source *src)
{
	(void)src;
}

static const struct event_source_ops fake_ops = {
	fake_next, fake_meta, fake_health, fake_error, fake_close,
};

struct event_source *capture_source(struct capture *c)
{
	return &c->src;
}

void capture_stop(struct capture *c)
{
	c->stopped = true;
}

/* ---- what the command finds around it ---- */

volatile sig_atomic_t cmd_watch_signal;
const struct opt cmd_common_opts[] = { OPT_END };
const struct opt cmd_watch_opts[] = { OPT_END };

static void on_signal(int sig)
{
	cmd_watch_signal = sig;
}

void cmd_watch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

int cmd_watch_open(const struct cmd_watch *w, const struct cmd_common *common, struct capture **c)
{
	(void)w;
	(void)common;
	fake.src.ops = &fake_ops;
	*c = &fake;
	return 0;
}

void cmd_watch_close(struct capture *c)
{
	(void)c;
}

void cmd_watch_attached(const struct capture *c, char *buf, size_t size)
{
	(void)c;
	snprintf(buf, size, "attached 1/1 (none)");
}

void cmd_watch_settle(bool child, bool serves)
{
	(void)child;
	(void)serves;
}

void cmd_watch_let_go(struct capture *c)
{
	(void)c;
}

volatile sig_atomic_t cmd_watch_reload;

static void on_reload(int sig)
{
	cmd_watch_reload = sig;
}

void cmd_watch_reloads(void)
{
	struct sigaction sa = { .sa_handler = on_reload };

	sigaction(SIGUSR2, &sa, NULL);
}

void capture_idle(struct capture *c, bool idle)
{
	(void)c;
	(void)idle;
}

char *cmd_read_text(FILE *f, const char *path, const char *what, size_t *len, int *status)
{
	(void)f;
	(void)len;
	*status = cmd_fail(EXIT_USAGE, "%s: no %s", path, what);
	return NULL;
}

void cmd_tell(const char *fmt, ...)
{
	(void)fmt;
}

int cmd_fail(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return status;
}

void cmd_note(const char *fmt, ...)
{
	(void)fmt;
}

int cmd_parse(const struct command *cmd, int argc, char **argv, void *values, int *status)
{
	char err[OPT_ERR_LEN];
	bool help;
	int first = opt_parse(cmd->opts, argc, argv, values, cmd->flags, &help, err);

	if (first < 0)
		*status = cmd_fail(EXIT_USAGE, "%s", err);
	return first;
}

/* ---- running it ---- */

static char out[4096]; /* of its stderr */

struct run {
	void (*before)(void);  /* in the child */
	void (*during)(pid_t); /* here, after 300 ms */
	int stdout_fd;
	uint64_t step_us;
};

static int lines(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += *s == '\n';
	return n;
}

/* Its exit status, and in *@ms how long it took after during(). */
static int run_record(const struct run *run, uint64_t *ms, const char *const *args)
{
	char *argv[16] = { (char *)"record" };
	uint64_t began;
	int argc, status, fd;
	ssize_t n;
	pid_t pid;

	for (argc = 1; args[argc - 1]; argc++)
		argv[argc] = (char *)args[argc - 1];
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		/* however the tests were started */
		signal(SIGINT, SIG_DFL);
		alarm(20);
		fd = open("stderr", O_RDWR | O_CREAT | O_TRUNC, 0600);
		dup2(fd, STDERR_FILENO);
		if (run->stdout_fd > 0)
			dup2(run->stdout_fd, STDOUT_FILENO);
		fake.step_us = run->step_us;
		if (run->before)
			run->before();
		_exit(cmd_record(argc, argv));
	}
	usleep(300000);
	if (run->during)
		run->during(pid);
	began = mono_ns();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	*ms = (mono_ns() - began) / 1000000;
	fd = open("stderr", O_RDONLY);
	n = read(fd, out, sizeof(out) - 1);
	out[n > 0 ? n : 0] = '\0';
	close(fd);
	if (!WIFEXITED(status))
		print_message("killed by %d; stderr: %s\n", WTERMSIG(status), out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#define RECORD(run, ms, ...) run_record(run, ms, (const char *const[]){ __VA_ARGS__, NULL })

/* "...: N events (SIZE) are kept, M are not" */
static void told(const char *what, uint64_t *kept, uint64_t *missed)
{
	const char *p = strstr(out, what);
	unsigned long long k, m;
	char size[40];

	if (!p || lines(out) != 1)
		print_message("stderr: %s", out);
	assert_non_null(p);
	assert_int_equal(lines(out), 1);
	p += strlen(what);
	assert_int_equal(sscanf(p, "; %llu events (%39[^)]) are kept, %llu are not", &k, size, &m),
			 3);
	*kept = k;
	*missed = m;
}

/* Events that can be read from it; no damage. */
static uint64_t events_of(const char *path, bool *ended)
{
	struct recording_stat st;
	char err[256];

	assert_int_equal(recording_stat(path, &st, NULL, NULL, err, sizeof(err)), 0);
	assert_int_equal(st.health.bytes_skipped, 0);
	assert_int_equal(st.lost, 0);
	*ended = st.health.ended;
	return st.events;
}

static void send_int(pid_t pid)
{
	kill(pid, SIGINT);
}

static void plain(void **state)
{
	struct run r = { .during = send_int, .step_us = 100 };
	bool ended;
	uint64_t ms;

	(void)state;
	assert_int_equal(RECORD(&r, &ms, "-o", "a.vfs"), 0);
	assert_string_equal(out, "");
	assert_true(events_of("a.vfs", &ended) > 10);
	assert_true(ended);
	assert_int_equal(RECORD(&r, &ms, "-o", "a.vfs"), EXIT_USAGE);
	r.during = NULL;
	assert_int_equal(RECORD(&r, &ms, "-f", "-o", "a.vfs", "--", "sh", "-c", "exit 7"), 7);
	assert_int_equal(RECORD(&r, &ms, "-f", "-o", "a.vfs", "--", "sh", "-c", "kill -9 $$"), 137);
	assert_int_equal(RECORD(&r, &ms, "-f", "-o", "a.vfs", "--ready-fd", "77"), EXIT_USAGE);
	assert_int_equal(RECORD(&r, &ms, "-f", "-o", "no/a.vfs"), EXIT_BAD_FILE);
	assert_int_equal(RECORD(&r, &ms, "-f", "-o", "no/a.vfs", "--", "true"), 125);
}

/* A signal that comes while the command goes on alone is the command's. */
static void duration_first(void **state)
{
	struct run r = { .step_us = 100 };
	uint64_t ms;

	(void)state;
	r.during = send_int;
	assert_int_equal(RECORD(&r, &ms, "--duration", "50ms", "-o", "a.vfs", "--", "sh", "-c",
				"sleep 1; exit 9"),
			 9);
}

static void ring_breaks(void)
{
	fake.after = -EIO;
}

static void ring_says_nothing(void)
{
	fake.after = -EAGAIN;
}

/* What was there before the end could not be taken: that is no success and has no END. */
static void drain_fails(void **state)
{
	struct run r = { .during = send_int, .step_us = 100 };
	uint64_t ms;
	bool ended;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		r.before = i ? ring_says_nothing : ring_breaks;
		r.during = send_int;
		assert_int_equal(RECORD(&r, &ms, "-f", "-o", "a.vfs"), EXIT_NO_ATTACH);
		assert_int_equal(lines(out), 1);
		assert_true(events_of("a.vfs", &ended) > 10);
		assert_false(ended);
		r.during = NULL;
		assert_int_equal(RECORD(&r, &ms, "-f", "-o", "a.vfs", "--", "sleep", "0.4"), 125);
	}
}

static int stalled[2];

/* However long it takes on a busy machine. */
static void when_stalled(pid_t pid)
{
	struct pollfd p = { .fd = stalled[1], .events = POLLOUT };
	int i;

	for (i = 0; i < 1500 && poll(&p, 1, 0) > 0; i++)
		usleep(10000);
	kill(pid, SIGINT);
}

static void stalled_reader(void **state)
{
	struct run r = { .during = when_stalled, .step_us = 0 };
	uint64_t ms, kept, missed;
	int i;

	(void)state;
	/* 100 us: the signal finds it between two writes as well as in one */
	for (i = 0; i < 2; i++) {
		r.step_us = i ? 100 : 0;
		assert_int_equal(pipe(stalled), 0);
		fcntl(stalled[1], F_SETPIPE_SZ, 16384);
		r.stdout_fd = stalled[1];
		assert_int_equal(RECORD(&r, &ms, "-o", "-"), EXIT_BAD_FILE);
		assert_true(ms < 2000);
		told("stdout: its reader has stalled", &kept, &missed);
		assert_true(missed > 0);
		close(stalled[0]);
		close(stalled[1]);
	}
}

/* One that is slow is waited for. */
static void drain_slowly(pid_t pid)
{
	char buf[1024];

	kill(pid, SIGINT);
	close(stalled[1]);
	do
		usleep(200);
	while (read(stalled[0], buf, sizeof(buf)) > 0);
	close(stalled[0]);
}

static void slow_reader(void **state)
{
	struct run r = { .during = drain_slowly, .step_us = 100 };
	uint64_t ms;

	(void)state;
	assert_int_equal(pipe(stalled), 0);
	r.stdout_fd = stalled[1];
	assert_int_equal(RECORD(&r, &ms, "-o", "-"), EXIT_OK);
	assert_string_equal(out, "");
}

static void limit_size(void)
{
	struct rlimit l = { 20000, 20000 };

	setrlimit(RLIMIT_FSIZE, &l);
}

static void too_large(void **state)
{
	struct run r = { .before = limit_size };
	uint64_t ms, kept, missed;
	bool ended;

	(void)state;
	assert_int_equal(RECORD(&r, &ms, "-o", "a.vfs"), EXIT_BAD_FILE);
	told("a.vfs: File too large", &kept, &missed);
	assert_true(kept == events_of("a.vfs", &ended) && missed > 0);
	assert_false(ended);
	assert_int_equal(RECORD(&r, &ms, "-f", "-o", "a.vfs", "--", "sleep", "0.5"), 125);
	told("a.vfs: File too large", &kept, &missed);
}

/* ---- a quota: what the kernel gives is played, no file system here has one ---- */

static uint64_t quota = UINT64_MAX; /* bytes that may still be written to files */

ssize_t __real_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n)
{
	struct stat st;

	if (quota == UINT64_MAX || fd <= STDERR_FILENO || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return __real_write(fd, p, n);
	if (!quota && n) {
		errno = EDQUOT;
		return -1;
	}
	/* What still fits is taken. */
	n = n < quota ? n : (size_t)quota;
	quota -= n;
	return __real_write(fd, p, n);
}

static void limit_quota(void)
{
	quota = 1000000; /* some frames */
}

static void no_quota(void)
{
	quota = 0;
}

static void over_quota(void **state)
{
	struct run r = { .before = limit_quota };
	uint64_t ms, kept, missed;
	bool ended;

	(void)state;
	assert_int_equal(RECORD(&r, &ms, "-o", "a.vfs"), EXIT_BAD_FILE);
	told("a.vfs: Disk quota exceeded", &kept, &missed);
	assert_true(kept && kept == events_of("a.vfs", &ended) && missed > 0);
	assert_false(ended);
	assert_int_equal(RECORD(&r, &ms, "-f", "-o", "a.vfs", "--", "sleep", "0.5"), 125);
	told("a.vfs: Disk quota exceeded", &kept, &missed);
	/* Not even the first byte: no file is left. */
	r.before = no_quota;
	assert_int_equal(RECORD(&r, &ms, "-o", "b.vfs"), EXIT_BAD_FILE);
	assert_string_equal(out, "b.vfs: Disk quota exceeded\n");
	assert_int_equal(access("b.vfs", F_OK), -1);
}

static void small_disk(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mkdir("disk", 0700) || mount("tmpfs", "disk", "tmpfs", 0, "size=16k"))
		_exit(77);
}

static void full_disk(void **state)
{
	struct run r = { .before = small_disk };
	uint64_t ms, kept, missed;
	int status;

	(void)state;
	status = RECORD(&r, &ms, "-o", "disk/a.vfs");
	if (status == 77)
		skip();
	assert_int_equal(status, EXIT_BAD_FILE);
	told("disk/a.vfs: No space left on device", &kept, &missed);
	assert_true(missed > 0);
	rmdir("disk");
	assert_int_equal(RECORD(&r, &ms, "-o", "disk/a.vfs", "--", "sleep", "0.5"), 125);
	rmdir("disk");
	r.before = NULL;
	assert_int_equal(RECORD(&r, &ms, "-f", "-o", "/dev/full"), EXIT_BAD_FILE);
	assert_string_equal(out, "/dev/full: No space left on device\n");
}

static void remove_it(pid_t pid)
{
	(void)pid;
	assert_int_equal(unlink("a.vfs"), 0);
}

static void cut_it(pid_t pid)
{
	(void)pid;
	assert_int_equal(truncate("a.vfs", 10), 0);
}

static void append_it(pid_t pid)
{
	FILE *f = fopen("a.vfs", "a");

	(void)pid;
	fputs("mine", f);
	fclose(f);
}

static void tampered(void **state)
{
	struct run r = { .during = remove_it, .step_us = 100 };
	uint64_t ms, kept, missed;

	(void)state;
	assert_int_equal(RECORD(&r, &ms, "-o", "a.vfs"), EXIT_BAD_FILE);
	told("a.vfs: was removed while it was recorded", &kept, &missed);
	assert_true(kept == 0 && missed > 0 && ms < 2000);
	assert_int_equal(RECORD(&r, &ms, "-o", "a.vfs", "--", "sleep", "1"), 125);
	told("a.vfs: was removed while it was recorded", &kept, &missed);
	r.during = cut_it;
	assert_int_equal(RECORD(&r, &ms, "-o", "a.vfs"), EXIT_BAD_FILE);
	told("a.vfs: was cut or written to by somebody else while it was recorded", &kept, &missed);
	assert_true(kept == 0 && missed > 0 && ms < 2000);
	r.during = append_it;
	assert_int_equal(RECORD(&r, &ms, "-f", "-o", "a.vfs", "--", "sleep", "1"), 125);
	told("a.vfs: was cut or written to by somebody else while it was recorded", &kept, &missed);
}

static const char *command_of(const char *path, bool *note)
{
	static char command[256];
	struct event_source *src;
	const struct meta *m;
	char err[256];
	size_t i;

	assert_int_equal(recording_open(&src, path, err, sizeof(err)), 0);
	{
		struct event ev;

		while (src->ops->next(src, &ev, -1) > 0)
			;
	}
	m = src->ops->meta(src);
	snprintf(command, sizeof(command), "%s", meta_get(m, "command") ?: "(none)");
	*note = false;
	for (i = 0; i < m->n; i++)
		*note |= !strcmp(m->entries[i].key, "note") &&
			 strstr(m->entries[i].value, "2 arguments") != NULL;
	src->ops->close(src);
	return command;
}

/* Secrets stand in arguments; the name of the program is what one wants to know. */
static void arguments(void **state)
{
	struct run r = { .step_us = 100 };
	uint64_t ms;
	bool note;

	(void)state;
	assert_int_equal(RECORD(&r, &ms, "-o", "a.vfs", "--", "sh", "-c", ": --password=hunter2"),
			 0);
	assert_string_equal(command_of("a.vfs", &note), "vfioscope record -o a.vfs -- sh");
	assert_true(note);
	assert_int_equal(RECORD(&r, &ms, "--record-args", "-o", "b.vfs", "--", "sh", "-c", ": -x"),
			 0);
	assert_string_equal(command_of("b.vfs", &note),
			    "vfioscope record --record-args -o b.vfs -- sh -c : -x");
	assert_false(note);
}

/* ---- always on ---- */

static int manager; /* its socket */
static char heard[4096];

static void listen_there(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "notify" };

	manager = socket(AF_UNIX, SOCK_DGRAM, 0);
	unlink("notify");
	assert_int_equal(bind(manager, (struct sockaddr *)&addr, sizeof(addr)), 0);
}

static void hear(void)
{
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(heard) - 2 &&
	       (n = recv(manager, heard + len, sizeof(heard) - len - 2, MSG_DONTWAIT)) > 0) {
		len += (size_t)n;
		heard[len++] = '\n';
	}
	heard[len] = '\0';
}

static void is_silent(void)
{
	fake.silent = true;
}

static void is_a_service(void)
{
	char path[128];

	is_silent();
	snprintf(path, sizeof(path), "%s/notify", tmpdir_path());
	setenv("NOTIFY_SOCKET", path, 1);
	setenv("WATCHDOG_USEC", "200000", 1);
	unsetenv("WATCHDOG_PID");
}

static void reload_it(pid_t pid)
{
	kill(pid, SIGUSR2);
	usleep(400000);
	kill(pid, SIGTERM);
}

static int times(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what))) {
		n++;
		text += strlen(what);
	}
	return n;
}

/* It waits, says that it is alive, and leaves nothing where nothing migrated. */
static void always_on(void **state)
{
	struct run r = { .before = is_a_service, .during = reload_it, .step_us = 10000 };
	uint64_t ms;

	(void)state;
	listen_there();
	assert_int_equal(RECORD(&r, &ms, "--each-migration", "d"), EXIT_OK);
	hear();
	assert_int_equal(times(heard, "RELOADING=1\nMONOTONIC_USEC="), 1);
	assert_int_equal(times(heard, "READY=1"), 2);
	assert_true(times(heard, "WATCHDOG=1") >= 3);
	assert_int_equal(times(heard, "STATUS=0 under way, 0 kept"), 1);
	assert_int_equal(rmdir("d"), 0);
	close(manager);
	r = (struct run){ .before = is_silent, .step_us = 10000 };
	assert_int_equal(RECORD(&r, &ms, "--each-migration", "d", "--duration", "200ms"), EXIT_OK);
	assert_true(ms < 2000);
	assert_int_equal(RECORD(&r, &ms, "--each-migration", "d", "--", "sh", "-c", "exit 5"), 5);
	assert_int_equal(RECORD(&r, &ms, "--each-migration", "no/d"), EXIT_BAD_FILE);
	assert_int_equal(RECORD(&r, &ms, "--each-migration", ""), EXIT_USAGE);
	assert_int_equal(RECORD(&r, &ms, "--each-migration", "d", "-o", "a.vfs"), EXIT_USAGE);
	assert_int_equal(RECORD(&r, &ms, "--keep-last", "3"), EXIT_USAGE);
	assert_int_equal(RECORD(&r, &ms, "--each-migration", "d", "--keep-if", "over-budget"),
			 EXIT_USAGE);
	assert_int_equal(RECORD(&r, &ms, "--each-migration", "d", "--policy", "none"), EXIT_USAGE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, tmpdir_enter, tmpdir_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(plain),	T(duration_first), T(drain_fails), T(stalled_reader),
		T(slow_reader), T(too_large),	   T(over_quota),  T(full_disk),
		T(tampered),	T(arguments),	   T(always_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
