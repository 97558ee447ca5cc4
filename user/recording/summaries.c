// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "recording/summaries.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recording/format.h"
#include "recording/output.h"
#include "util/array.h"
#include "util/buf.h"
#include "util/fields.h"
#include "util/varint.h"

#define MAGIC	     "\x89VFC\r\n\x1a\n"
#define MAGIC_LEN    8
/* Some hundred thousand recordings: more is nobody's. */
#define FILE_MAX_LEN (1ULL << 30)

struct key {
	char path[PATH_MAX], version[64];
	uint64_t size, changed_ns, dev, ino;
};

static const struct field key_fields[] = {
	FIELD(1, TEXT, struct key, path),
	FIELD(2, U64, struct key, size),
	FIELD(3, U64, struct key, changed_ns),
	FIELD(4, U64, struct key, dev),
	FIELD(5, U64, struct key, ino),
	FIELD(6, TEXT, struct key, version),
	FIELDS_END,
};

struct entry {
	char *path;
	uint64_t size, changed_ns, dev, ino;
	uint8_t *data;
	size_t len;
};

struct summaries {
	char *path;
	char version[64];
	struct entry *e; /* by path up to @sorted */
	size_t n, sorted, cap;
	bool changed;
};

/* ---- entries ---- */

static uint64_t changed_ns(const struct stat *st)
{
	return (uint64_t)st->st_mtim.tv_sec * 1000000000ULL + (uint64_t)st->st_mtim.tv_nsec;
}

static int by_path(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static struct entry *find(const struct summaries *s, const char *path)
{
	const struct entry key = { .path = (char *)path };

	return s->sorted ? bsearch(&key, s->e, s->sorted, sizeof(key), by_path) : NULL;
}

static int add(struct summaries *s, const struct key *k, const uint8_t *data, size_t len)
{
	struct entry *e;

	if (array_room(&s->e, s->n + 1, &s->cap, sizeof(*s->e)))
		return -ENOMEM;
	e = &s->e[s->n];
	*e = (struct entry){
		.path = strdup(k->path),
		.size = k->size,
		.changed_ns = k->changed_ns,
		.dev = k->dev,
		.ino = k->ino,
		.data = malloc(len ? len : 1),
		.len = len,
	};
	if (!e->path || !e->data) {
		free(e->path);
		free(e->data);
		return -ENOMEM;
	}
	memcpy(e->data, data, len);
	s->n++;
	return 0;
}

static void drop_all(struct summaries *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		free(s->e[i].path);
		free(s->e[i].data);
	}
	s->n = s->sorted = 0;
}

/* ---- the file ---- */

/* 0; -EBADMSG: damaged; -EINVAL: another kind of file; -ENOMEM. */
static int parse(struct summaries *s, const uint8_t *data, size_t len)
{
	const uint8_t *p = data + MAGIC_LEN, *end = data + len - 4, *fields;
	uint64_t n, m;
	struct key *k;
	int err = 0;

	if (len < MAGIC_LEN || memcmp(data, MAGIC, MAGIC_LEN))
		return -EINVAL;
	if (len < MAGIC_LEN + 4 || get_le32(end) != format_crc(data, len - 4))
		return -EBADMSG;
	k = malloc(sizeof(*k));
	if (!k)
		return -ENOMEM;
	while (!err && p < end) {
		memset(k, 0, sizeof(*k));
		if (!varint_get(&p, end, &n) || n > (uint64_t)(end - p)) {
			err = -EBADMSG;
			break;
		}
		fields = p;
		p += n;
		if (!varint_get(&p, end, &m) || m > (uint64_t)(end - p) ||
		    !fields_get(fields, (size_t)n, key_fields, k)) {
			err = -EBADMSG;
			break;
		}
		if (!strcmp(k->version, s->version))
			err = add(s, k, p, (size_t)m);
		p += m;
	}
	free(k);
	return err;
}

static int read_file(int fd, uint8_t **data, size_t *len)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > FILE_MAX_LEN)
		return -EINVAL;
	*data = malloc((size_t)st.st_size + 1);
	if (!*data)
		return -ENOMEM;
	for (*len = 0; *len < (size_t)st.st_size; *len += (size_t)n) {
		n = read(fd, *data + *len, (size_t)st.st_size - *len);
		if (n < 0)
			return -errno;
		if (!n)
			break;
	}
	return 0;
}

static int load(struct summaries *s)
{
	int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;
	uint8_t *data = NULL;
	size_t len = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	err = read_file(fd, &data, &len);
	close(fd);
	if (!err && len)
		err = parse(s, data, len);
	free(data);
	if (err == -EBADMSG) {
		drop_all(s);
		err = 0;
	}
	if (!err && s->n)
		qsort(s->e, s->n, sizeof(*s->e), by_path);
	s->sorted = s->n;
	return err;
}

int summaries_open(struct summaries **sp, const char *path, const char *version,
		   char err[SUMMARIES_ERR_LEN])
{
	struct summaries *s = calloc(1, sizeof(*s));
	int ret = -ENOMEM;

	*sp = s;
	if (s) {
		s->path = strdup(path);
		snprintf(s->version, sizeof(s->version), "%s", version);
	}
	if (s && s->path)
		ret = load(s);
	if (ret == -EINVAL)
		snprintf(err, SUMMARIES_ERR_LEN, "%s: is no file of summaries", path);
	else if (ret)
		snprintf(err, SUMMARIES_ERR_LEN, "%s: %s", path, strerror(-ret));
	return ret;
}

void summaries_close(struct summaries *s)
{
	if (!s)
		return;
	drop_all(s);
	free(s->e);
	free(s->path);
	free(s);
}

bool summaries_get(const struct summaries *s, const char *path, const struct stat *st,
		   const uint8_t **data, size_t *len)
{
	const struct entry *e = find(s, path);

	if (!e || e->size != (uint64_t)st->st_size || e->changed_ns != changed_ns(st) ||
	    e->dev != st->st_dev || e->ino != st->st_ino)
		return false;
	*data = e->data;
	*len = e->len;
	return true;
}

int summaries_put(struct summaries *s, const char *path, const struct stat *st, const uint8_t *data,
		  size_t len)
{
	struct key *k = calloc(1, sizeof(*k));
	const struct entry *old = find(s, path);
	size_t at = old ? (size_t)(old - s->e) : s->n;
	int err = k ? 0 : -ENOMEM;

	if (!err && strlen(path) < sizeof(k->path)) {
		snprintf(k->path, sizeof(k->path), "%s", path);
		k->size = (uint64_t)st->st_size;
		k->changed_ns = changed_ns(st);
		k->dev = st->st_dev;
		k->ino = st->st_ino;
		err = add(s, k, data, len);
	}
	/* What it said before is not written again. */
	if (!err && old)
		s->e[at].len = 0;
	if (!err)
		s->changed = true;
	free(k);
	return err;
}

static void encode(const struct summaries *s, struct buf *out)
{
	struct key *k = calloc(1, sizeof(*k));
	struct buf fields = { 0 };
	uint8_t crc[4];
	size_t i;

	out->failed |= !k;
	buf_put(out, MAGIC, MAGIC_LEN);
	for (i = 0; i < s->n && k; i++) {
		const struct entry *e = &s->e[i];

		if (!e->len)
			continue;
		snprintf(k->path, sizeof(k->path), "%s", e->path);
		k->size = e->size;
		k->changed_ns = e->changed_ns;
		k->dev = e->dev;
		k->ino = e->ino;
		memcpy(k->version, s->version, sizeof(k->version));
		buf_reset(&fields);
		fields_put(&fields, key_fields, k);
		out->failed |= fields.failed;
		buf_put_bytes(out, fields.data, fields.len);
		buf_put_bytes(out, e->data, e->len);
	}
	if (!out->failed) {
		put_le32(crc, format_crc(out->data, out->len));
		buf_put(out, crc, sizeof(crc));
	}
	buf_free(&fields);
	free(k);
}

int summaries_save(struct summaries *s, char err[SUMMARIES_ERR_LEN])
{
	struct output *o = NULL;
	struct buf out = { 0 };
	int ret = -ENOMEM;
	FILE *f;

	if (!s->changed)
		return 0;
	encode(s, &out);
	if (out.failed) {
		snprintf(err, SUMMARIES_ERR_LEN, "%s: out of memory", s->path);
		goto done;
	}
	ret = output_open(&o, s->path, OUTPUT_REPLACE, err);
	if (ret)
		goto done;
	f = output_stream(o);
	if (!f) {
		ret = -errno;
	} else {
		/* Others' machines are in it, as in a recording. */
		errno = 0;
		ret = fchmod(fileno(f), 0600)			 ? -errno :
		      fwrite(out.data, 1, out.len, f) == out.len ? 0 :
								   -(errno ?: EIO);
		if (fclose(f) && !ret)
			ret = -(errno ?: EIO);
	}
	if (!ret)
		ret = output_publish(o);
	if (ret)
		snprintf(err, SUMMARIES_ERR_LEN, "%s: %s", s->path, strerror(-ret));
done:
	output_close(o);
	buf_free(&out);
	return ret;
}
