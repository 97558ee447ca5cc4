// SPDX-License-Identifier: GPL-2.0-only
/*
 * shelf.c - a directory of recordings of one migration each
 *
 * One thread does what waits for the disk, in the order in which it was asked to.
 */
#define _GNU_SOURCE
#include "cmd/shelf.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "recording/recording.h"
#include "util/sat.h"
#include "util/units.h"

#define STAMP_LEN   16 /* 20261130T010203Z */
#define WHO_LEN	    64
#define UNDER_WAY   "-recording" RECORDING_SUFFIX
#define INTERRUPTED "interrupted"
#define NAMES_MAX   1000 /* of one second, VM and outcome */

struct job {
	struct job *next;
	int fd;	    /* -1: only the limits */
	char *path; /* NULL: only the limits */
	char word[40];
	bool keep;
	char text[500];
	char why[400];
};

struct shelf {
	const char *dir;
	struct shelf_limits limits;
	uint64_t real_ns, boot_ns; /* the clocks, read together */

	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t wake, idle;
	/* under the lock: */
	struct job *first, *last;
	struct shelf_news *news, *newest;
	bool busy, stop;
};

/* ---- names ---- */

static uint64_t clock_ns(clockid_t which)
{
	struct timespec ts;

	clock_gettime(which, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

static void read_clocks(struct shelf *s)
{
	s->real_ns = clock_ns(CLOCK_REALTIME);
	s->boot_ns = clock_ns(CLOCK_BOOTTIME);
}

/* What a file system and a shell take without a word: the rest becomes "_". */
static void plain_name(char out[WHO_LEN + 1], const char *who)
{
	size_t i;

	for (i = 0; i < WHO_LEN && who[i]; i++)
		out[i] = isalnum((unsigned char)who[i]) || strchr("._+-", who[i]) ? who[i] : '_';
	out[i] = '\0';
	if (!i)
		snprintf(out, WHO_LEN + 1, "unknown");
}

/* Has it the form of a name of ours? */
static bool is_ours(const char *name)
{
	static const char stamp[] =
		"dddddddd"
		"T"
		"dddddd"
		"Z-";
	size_t len = strlen(name), i;

	for (i = 0; i < sizeof(stamp) - 1; i++)
		if (stamp[i] == 'd' ? !isdigit((unsigned char)name[i]) : name[i] != stamp[i])
			return false;
	return len > sizeof(stamp) + strlen(RECORDING_SUFFIX) &&
	       !strcmp(name + len - strlen(RECORDING_SUFFIX), RECORDING_SUFFIX);
}

static bool is_under_way(const char *name)
{
	size_t len = strlen(name);

	return len > strlen(UNDER_WAY) && !strcmp(name + len - strlen(UNDER_WAY), UNDER_WAY);
}

/* A name of @word: the @n-th try. */
static void name_as(char *path, size_t size, const char *dir, const char *stem, const char *word,
		    unsigned int n)
{
	char again[16] = "";

	if (n)
		snprintf(again, sizeof(again), ".%u", n + 1);
	snprintf(path, size, "%s/%s-%s%s" RECORDING_SUFFIX, dir, stem, word, again);
}

static int make_dir(const char *dir)
{
	struct stat st;

	if (!mkdir(dir, 0700))
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (stat(dir, &st))
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int shelf_name(struct shelf *s, uint64_t real_ns, const char *who, char *path, size_t size)
{
	char stem[STAMP_LEN + WHO_LEN + 8], name[WHO_LEN + 1], stamp[STAMP_LEN + 1];
	time_t t = (time_t)(real_ns / 1000000000);
	struct stat st;
	unsigned int n;
	struct tm tm;
	int err;

	err = make_dir(s->dir);
	if (err)
		return err;
	plain_name(name, who);
	gmtime_r(&t, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	for (n = 0; n < NAMES_MAX; n++) {
		char again[16] = "";

		/* Before the word, by which a name that is under way is known. */
		if (n)
			snprintf(again, sizeof(again), ".%u", n + 1);
		snprintf(stem, sizeof(stem), "%s-%s%s", stamp, name, again);
		name_as(path, size, s->dir, stem, "recording", 0);
		if (lstat(path, &st))
			return errno == ENOENT ? 0 : -errno;
	}
	return -EEXIST;
}

/* ---- in the thread ---- */

static void tell(struct shelf *s, struct shelf_news *n)
{
	pthread_mutex_lock(&s->lock);
	n->next = NULL;
	if (s->newest)
		s->newest->next = n;
	else
		s->news = n;
	s->newest = n;
	pthread_mutex_unlock(&s->lock);
}

static int sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = fsync(fd) ? -errno : 0;
	close(fd);
	return err;
}

/* Is what has the name still the file that we wrote? */
static bool is_it(int fd, const char *path)
{
	struct stat a, b;

	return !fstat(fd, &a) && !lstat(path, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* From the name that it has, "DIR/STEM-recording.vfs", to that with @word, into @path. */
static int rename_as(const char *dir, char path[PATH_MAX], const char *word)
{
	const char *name = strrchr(path, '/') + 1;
	char to[PATH_MAX], stem[NAME_MAX + 1];
	unsigned int n;

	snprintf(stem, sizeof(stem), "%.*s", (int)(strlen(name) - strlen(UNDER_WAY)), name);
	for (n = 0; n < NAMES_MAX; n++) {
		name_as(to, sizeof(to), dir, stem, word, n);
		if (!renameat2(AT_FDCWD, path, AT_FDCWD, to, RENAME_NOREPLACE)) {
			snprintf(path, PATH_MAX, "%s", to);
			return 0;
		}
		/* A file system that cannot: who else has names of ours here? */
		if (errno == EINVAL && access(to, F_OK) && !rename(path, to)) {
			snprintf(path, PATH_MAX, "%s", to);
			return 0;
		}
		if (errno != EEXIST && errno != EINVAL)
			return -errno;
	}
	return -EEXIST;
}

struct entry {
	char name[NAME_MAX + 1];
	uint64_t mtime_ns, size;
};

static int by_age(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->mtime_ns != y->mtime_ns)
		return x->mtime_ns < y->mtime_ns ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* All that is over; 0 or -errno. */
static int read_dir(const char *dir, struct entry **out, size_t *n)
{
	size_t cap = 0;
	struct dirent *d;
	struct stat st;
	DIR *handle = opendir(dir);

	*out = NULL;
	*n = 0;
	if (!handle)
		return -errno;
	while ((d = readdir(handle))) {
		if (!is_ours(d->d_name) || is_under_way(d->d_name) ||
		    fstatat(dirfd(handle), d->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode))
			continue;
		if (*n == cap) {
			struct entry *e = realloc(*out, (cap = cap ? cap * 2 : 64) * sizeof(*e));

			if (!e) {
				closedir(handle);
				return -ENOMEM;
			}
			*out = e;
		}
		snprintf((*out)[*n].name, sizeof((*out)[*n].name), "%s", d->d_name);
		(*out)[*n].mtime_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000ULL +
				      (uint64_t)st.st_mtim.tv_nsec;
		(*out)[(*n)++].size = (uint64_t)st.st_size;
	}
	closedir(handle);
	if (*n)
		qsort(*out, *n, sizeof(**out), by_age);
	return 0;
}

/* Of @n recordings of @bytes: which limit has the oldest against it?  NULL: none. */
static const char *too_much(const struct shelf *s, const struct entry *oldest, size_t n,
			    uint64_t bytes, uint64_t now_ns)
{
	if (s->limits.last && n > s->limits.last)
		return "--keep-last";
	if (s->limits.bytes && bytes > s->limits.bytes)
		return "--keep-size";
	if (s->limits.age_ns && sat_sub(now_ns, oldest->mtime_ns) > s->limits.age_ns)
		return "--keep-age";
	return NULL;
}

/* @from, which is "", or what was told before. */
static void say_trimmed(struct shelf *s, struct shelf_news *news, const char *first,
			const char *last, uint64_t bytes, const char *limits)
{
	char size[UNITS_LEN];

	units_size(size, bytes, false);
	snprintf(news->text, sizeof(news->text), "%s: dropped the oldest %u (%s), %s%s%s: %s",
		 s->dir, news->trimmed, size, first, news->trimmed > 1 ? " to " : "",
		 news->trimmed > 1 ? last : "", limits);
	tell(s, news);
}

/* Drop the oldest until the rest is within the limits; the newest stays. */
static void trim(struct shelf *s)
{
	uint64_t bytes = 0, dropped = 0, now_ns, boot_ns = clock_ns(CLOCK_BOOTTIME);
	const char *why, *last = NULL, *first = NULL;
	struct shelf_news *news;
	char limits[60] = "";
	struct entry *e;
	size_t n, i;
	int dir;

	if (!s->limits.last && !s->limits.bytes && !s->limits.age_ns)
		return;
	news = calloc(1, sizeof(*news));
	pthread_mutex_lock(&s->lock);
	now_ns = sat_add(s->real_ns, sat_sub(boot_ns, s->boot_ns));
	pthread_mutex_unlock(&s->lock);
	dir = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!news || dir < 0 || read_dir(s->dir, &e, &n)) {
		/* Whoever could not be kept for that has been told. */
		free(news);
		if (dir >= 0)
			close(dir);
		return;
	}
	for (i = 0; i < n; i++)
		bytes = sat_add(bytes, e[i].size);
	for (i = 0; i + 1 < n; i++) {
		why = too_much(s, &e[i], n - i, bytes, now_ns);
		if (!why)
			break;
		bytes -= e[i].size;
		if (unlinkat(dir, e[i].name, 0))
			continue;
		first = first ?: e[i].name;
		last = e[i].name;
		dropped += e[i].size;
		news->trimmed++;
		if (!strstr(limits, why))
			snprintf(limits + strlen(limits), sizeof(limits) - strlen(limits), "%s%s",
				 limits[0] ? ", " : "", why);
	}
	if (news->trimmed)
		say_trimmed(s, news, first, last, dropped, limits);
	else
		free(news);
	free(e);
	close(dir);
}

static void finish(struct shelf *s, struct job *j)
{
	struct shelf_news *n = calloc(1, sizeof(*n));
	char path[PATH_MAX], size[UNITS_LEN];
	struct stat st = { 0 };
	int err = 0;

	snprintf(path, sizeof(path), "%s", j->path);
	if (!is_it(j->fd, path))
		err = -ENOENT;
	else if (!j->keep)
		err = unlink(path) ? -errno : 0;
	else
		err = (fsync(j->fd) ? -errno : 0) ?: rename_as(s->dir, path, j->word);
	/* Also of what it has under its first name. */
	if (!err)
		err = sync_dir(s->dir);
	fstat(j->fd, &st);
	close(j->fd);
	if (!n)
		return;
	n->err = err;
	n->kept = j->keep && err != -ENOENT;
	n->dropped = !j->keep;
	n->bytes = n->kept ? (uint64_t)st.st_size : 0;
	units_size(size, (uint64_t)st.st_size, false);
	if (err)
		snprintf(n->text, sizeof(n->text), "%s: NOT KEPT as it should be, %.300s: %s",
			 j->text, path,
			 err == -ENOENT ? "was removed while it was recorded" : strerror(-err));
	else if (j->keep)
		snprintf(n->text, sizeof(n->text), "%s: kept as %.300s, %s%s%s%s", j->text,
			 strrchr(path, '/') + 1, size, j->why[0] ? " (" : "", j->why,
			 j->why[0] ? ")" : "");
	else
		snprintf(n->text, sizeof(n->text), "%s: dropped, %s (%s)", j->text, size, j->why);
	tell(s, n);
}

static void job_free(struct job *j)
{
	free(j->path);
	free(j);
}

static void do_job(struct shelf *s, struct job *j)
{
	if (j->path)
		finish(s, j);
	trim(s);
	job_free(j);
}

static void *work(void *arg)
{
	struct shelf *s = arg;
	struct job *j;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (!s->first && !s->stop)
			pthread_cond_wait(&s->wake, &s->lock);
		j = s->first;
		if (!j)
			break;
		s->first = j->next;
		if (!s->first)
			s->last = NULL;
		s->busy = true;
		pthread_mutex_unlock(&s->lock);
		do_job(s, j);
		pthread_mutex_lock(&s->lock);
		s->busy = false;
		pthread_cond_broadcast(&s->idle);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* ---- for the others ---- */

static void start_thread(struct shelf *s)
{
	sigset_t all, old;

	/* Signals are for who waits for events. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	s->running = !pthread_create(&s->thread, NULL, work, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* The thread begins late: what this process has given away by then, it has not either. */
static void ask(struct shelf *s, struct job *j)
{
	if (!s->running)
		start_thread(s);
	/* Without one whoever asks waits. */
	if (!s->running) {
		do_job(s, j);
		return;
	}
	pthread_mutex_lock(&s->lock);
	if (s->last)
		s->last->next = j;
	else
		s->first = j;
	s->last = j;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

void shelf_put(struct shelf *s, int fd, const char *path, const char *word, bool keep,
	       const char *text, const char *why)
{
	struct job *j = calloc(1, sizeof(*j));

	if (j)
		j->path = strdup(path);
	if (!j || !j->path) {
		/* It keeps its first name, and the next recorder finds it. */
		cmd_tell("%s: out of memory: it stays under this name", path);
		close(fd);
		free(j);
		return;
	}
	j->fd = fd;
	j->keep = keep;
	snprintf(j->word, sizeof(j->word), "%s", word);
	snprintf(j->text, sizeof(j->text), "%s", text);
	snprintf(j->why, sizeof(j->why), "%s", why);
	ask(s, j);
}

int shelf_reload(struct shelf *s)
{
	struct job *j = calloc(1, sizeof(*j));
	int err = make_dir(s->dir);

	pthread_mutex_lock(&s->lock);
	read_clocks(s);
	pthread_mutex_unlock(&s->lock);
	if (j)
		ask(s, j);
	return err ?: access(s->dir, W_OK | X_OK) ? -errno : 0;
}

struct shelf_news *shelf_news(struct shelf *s)
{
	struct shelf_news *n;

	pthread_mutex_lock(&s->lock);
	n = s->news;
	if (n)
		s->news = n->next;
	if (!s->news)
		s->newest = NULL;
	pthread_mutex_unlock(&s->lock);
	return n;
}

void shelf_news_free(struct shelf_news *n)
{
	free(n);
}

void shelf_wait(struct shelf *s)
{
	pthread_mutex_lock(&s->lock);
	while (s->first || s->busy)
		pthread_cond_wait(&s->idle, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

/* What a recorder that was killed left: whatever is in it, it is over. */
static void take_leftover(struct shelf *s, const char *name)
{
	char path[PATH_MAX];
	int fd, err;

	if (snprintf(path, sizeof(path), "%s/%s", s->dir, name) >= (int)sizeof(path))
		return;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	/* Another recorder's, who is at it? */
	if (!flock(fd, LOCK_EX | LOCK_NB)) {
		err = rename_as(s->dir, path, INTERRUPTED);
		if (err)
			cmd_tell("%s: %s", path, strerror(-err));
		else
			cmd_note("%s: its recorder was killed; now %s", name,
				 strrchr(path, '/') + 1);
	}
	close(fd);
}

static int take_leftovers(struct shelf *s)
{
	char(*name)[NAME_MAX + 1] = NULL;
	size_t n = 0, cap = 0, i;
	struct dirent *d;
	DIR *dir = opendir(s->dir);

	if (!dir)
		return -errno;
	/* Not while it is read: names change. */
	while ((d = readdir(dir))) {
		if (!is_ours(d->d_name) || !is_under_way(d->d_name))
			continue;
		if (n == cap) {
			void *p = realloc(name, (cap = cap ? cap * 2 : 16) * sizeof(*name));

			if (!p)
				break;
			name = p;
		}
		snprintf(name[n++], sizeof(*name), "%s", d->d_name);
	}
	closedir(dir);
	for (i = 0; i < n; i++)
		take_leftover(s, name[i]);
	free(name);
	return 0;
}

int shelf_open(struct shelf **out, const char *dir, const struct shelf_limits *limits)
{
	struct shelf *s;
	int err;

	*out = NULL;
	/* The longest name must fit behind it. */
	if (!*dir || strlen(dir) > PATH_MAX - NAME_MAX - 2)
		return cmd_fail(EXIT_USAGE, "'%.80s' is no directory", dir);
	err = make_dir(dir);
	if (err)
		return cmd_fail(EXIT_BAD_FILE, "%s: %s", dir, strerror(-err));
	s = calloc(1, sizeof(*s));
	if (!s)
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	s->dir = dir;
	s->limits = *limits;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->wake, NULL);
	pthread_cond_init(&s->idle, NULL);
	read_clocks(s);
	err = take_leftovers(s);
	if (err) {
		shelf_close(s);
		return cmd_fail(EXIT_BAD_FILE, "%s: %s", dir, strerror(-err));
	}
	*out = s;
	return 0;
}

void shelf_close(struct shelf *s)
{
	struct shelf_news *n;

	if (!s)
		return;
	if (s->running) {
		pthread_mutex_lock(&s->lock);
		s->stop = true;
		pthread_cond_signal(&s->wake);
		pthread_mutex_unlock(&s->lock);
		pthread_join(s->thread, NULL);
	}
	while ((n = shelf_news(s)))
		shelf_news_free(n);
	pthread_cond_destroy(&s->idle);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
