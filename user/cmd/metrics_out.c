// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "cmd/metrics_out.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "recording/output.h"

#define SOON_NS	    1000000000ULL
#define ALIVE_NS    60000000000ULL
#define PATIENCE_MS 300 /* for a GET */

struct metrics_out {
	const char *where; /* a file, or behind "unix:" */
	struct metrics *sums;
	uint64_t start_real_ns, written_ns, alive_ns;
	char *text; /* as it was written last */
	size_t len;
	bool failed; /* and that was told */

	int listens; /* -1: a file */
	int wake[2]; /* whose end ends the thread */
	bool running;
	pthread_t thread;
	pthread_mutex_t lock; /* of the text */
};

/* ---- a socket ---- */

static int fill_addr(struct sockaddr_un *addr, const char *path)
{
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	if (!*path || strlen(path) >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	memcpy(addr->sun_path, path, strlen(path));
	return 0;
}

/* Of a recorder that was killed: a socket to which nobody listens. */
static void remove_stale(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	if (fd < 0)
		return;
	if (!lstat(addr->sun_path, &st) && S_ISSOCK(st.st_mode) &&
	    connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) && errno == ECONNREFUSED)
		unlink(addr->sun_path);
	close(fd);
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr;
	int err = fill_addr(&addr, path), fd;

	if (err)
		return err;
	remove_stale(&addr);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* Who may reach it the directory says: nothing of it is a secret. */
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || chmod(path, 0666) ||
	    listen(fd, 16)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static void send_all(int fd, const char *p, size_t len)
{
	ssize_t n;

	while (len && (n = send(fd, p, len, MSG_NOSIGNAL)) > 0) {
		p += n;
		len -= (size_t)n;
	}
}

static void answer(struct metrics_out *m, int fd)
{
	static const char head[] = "HTTP/1.0 200 OK\r\n"
				   "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
				   "Connection: close\r\n\r\n";
	const struct timeval patience = { .tv_sec = 2 };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char request[4096], *text;
	size_t len;
	bool http;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	http = poll(&p, 1, PATIENCE_MS) > 0 &&
	       recv(fd, request, sizeof(request), MSG_DONTWAIT) >= 4 && !memcmp(request, "GET ", 4);
	pthread_mutex_lock(&m->lock);
	len = m->len;
	text = malloc(len + 1);
	if (text && len)
		memcpy(text, m->text, len);
	pthread_mutex_unlock(&m->lock);
	if (http && text)
		send_all(fd, head, sizeof(head) - 1);
	if (text)
		send_all(fd, text, len);
	free(text);
}

static void *serve(void *arg)
{
	struct metrics_out *m = arg;
	struct pollfd p[2] = { { .fd = m->listens, .events = POLLIN },
			       { .fd = m->wake[0], .events = POLLIN } };
	int fd;

	while (poll(p, 2, -1) >= 0 || errno == EINTR) {
		if (p[1].revents)
			break;
		if (!(p[0].revents & POLLIN))
			continue;
		fd = accept4(m->listens, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		answer(m, fd);
		close(fd);
	}
	return NULL;
}

static int start(struct metrics_out *m)
{
	sigset_t all, old;
	int err;

	if (m->running)
		return 0;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	err = pthread_create(&m->thread, NULL, serve, m);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	m->running = !err;
	return -err;
}

/* ---- both ---- */

static int replace_file(const struct metrics_out *m, const char *text, size_t len,
			char err[OUTPUT_ERR_LEN])
{
	struct output *o;
	int ret = output_open(&o, m->where, OUTPUT_REPLACE | OUTPUT_SHARED, err);
	FILE *f;

	if (ret)
		return ret;
	f = output_stream(o);
	if (!f || fwrite(text, 1, len, f) != len)
		ret = -errno;
	if (f && fclose(f) && !ret)
		ret = -errno;
	if (!ret)
		ret = output_publish(o);
	if (ret)
		snprintf(err, OUTPUT_ERR_LEN, "%s: %s", m->where, strerror(-ret));
	output_close(o);
	return ret;
}

/* All of it, or NULL without memory. */
static char *render(const struct metrics_out *m, const struct each *e, size_t *len)
{
	struct metrics_recorder r = { .start_real_ns = m->start_real_ns,
				      .under_way = each_under_way(e) };
	struct each_stats st;
	char *text = NULL;
	FILE *f = open_memstream(&text, len);
	bool bad;

	if (!f)
		return NULL;
	each_stats(e, &st);
	r.kept = st.kept;
	r.dropped = st.dropped;
	r.trimmed = st.trimmed;
	r.cut = st.cut;
	r.missed = st.missed;
	r.events = st.events;
	r.events_missed = st.events_missed;
	r.lost = st.lost;
	r.bytes = st.bytes;
	r.clock_steps = st.clock_steps;
	metrics_print(f, m->sums, &r);
	bad = ferror(f);
	if (fclose(f) || bad) {
		free(text);
		return NULL;
	}
	return text;
}

/* @alive: also when nothing has changed. */
static void put(struct metrics_out *m, const struct each *e, bool alive)
{
	char err[OUTPUT_ERR_LEN], *text;
	size_t len;
	int ret = 0;

	text = render(m, e, &len);
	if (!text)
		return;
	if (!alive && m->text && m->len == len && !memcmp(m->text, text, len)) {
		free(text);
		return;
	}
	pthread_mutex_lock(&m->lock);
	free(m->text);
	m->text = text;
	m->len = len;
	pthread_mutex_unlock(&m->lock);
	if (m->listens < 0)
		ret = replace_file(m, text, len, err);
	else if ((ret = start(m)))
		snprintf(err, sizeof(err), "%s: %s", m->where, strerror(-ret));
	if (ret && !m->failed)
		cmd_tell("--metrics: %s", err);
	m->failed = ret;
}

int metrics_out_open(struct metrics_out **out, const char *where)
{
	struct metrics_out *m = calloc(1, sizeof(*m));
	char err[OUTPUT_ERR_LEN];
	struct timespec now;

	*out = NULL;
	if (m)
		m->sums = metrics_create();
	if (!m || !m->sums) {
		free(m);
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	}
	m->where = where;
	m->listens = m->wake[0] = m->wake[1] = -1;
	pthread_mutex_init(&m->lock, NULL);
	clock_gettime(CLOCK_REALTIME, &now);
	m->start_real_ns = (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
	if (strncmp(where, "unix:", 5)) {
		if (output_check(where, OUTPUT_REPLACE, err)) {
			metrics_out_close(m);
			return cmd_fail(EXIT_BAD_FILE, "--metrics: %s", err);
		}
		*out = m;
		return 0;
	}
	m->where = where + 5;
	m->listens = listen_at(m->where);
	if (m->listens < 0 || pipe2(m->wake, O_CLOEXEC)) {
		int ret = m->listens < 0 ? m->listens : -errno;

		metrics_out_close(m);
		return cmd_fail(EXIT_BAD_FILE, "--metrics: %s: %s", where + 5, strerror(-ret));
	}
	*out = m;
	return 0;
}

bool metrics_out_serves(const struct metrics_out *m)
{
	return m && m->listens >= 0;
}

struct metrics *metrics_out_sums(struct metrics_out *m)
{
	return m ? m->sums : NULL;
}

void metrics_out_tick(struct metrics_out *m, const struct each *e, uint64_t now_ns)
{
	bool alive;

	if (!m || (m->written_ns && now_ns - m->written_ns < SOON_NS))
		return;
	alive = !m->text || now_ns - m->alive_ns >= ALIVE_NS;
	if (alive)
		m->alive_ns = now_ns;
	m->written_ns = now_ns;
	put(m, e, alive);
}

void metrics_out_end(struct metrics_out *m, const struct each *e)
{
	if (m)
		put(m, e, true);
}

void metrics_out_close(struct metrics_out *m)
{
	if (!m)
		return;
	if (m->running) {
		close(m->wake[1]);
		m->wake[1] = -1;
		pthread_join(m->thread, NULL);
	}
	if (m->listens >= 0) {
		close(m->listens);
		unlink(m->where);
	}
	if (m->wake[0] >= 0)
		close(m->wake[0]);
	if (m->wake[1] >= 0)
		close(m->wake[1]);
	pthread_mutex_destroy(&m->lock);
	metrics_destroy(m->sums);
	free(m->text);
	free(m);
}
