// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "recording/anonymise.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recording/hosts.h"
#include "util/array.h"
#include "util/buf.h"

static const char *const words[ANON_NR] = {
	[ANON_HOST] = "host",	  [ANON_VM] = "vm",	[ANON_PROCESS] = "process",
	[ANON_DEVICE] = "device", [ANON_MARK] = "mark", [ANON_BOOT] = "boot",
};

const char *const anonymise_remains[] = {
	"times of day and how long each call took",
	"sizes, results, states and the order of the calls",
	"names of drivers, of the kernel's functions and of the anonymous inodes",
	"releases and versions of the kernels and of vfioscope",
	"process and thread ids, and numbers of cpus",
	NULL,
};

struct name {
	char *name;
	enum anonymous kind;
	size_t number;
};

struct anonymiser {
	struct name *name;
	size_t n, cap;
	size_t count[ANON_NR];
};

struct anonymiser *anonymise_create(void)
{
	return calloc(1, sizeof(struct anonymiser));
}

void anonymise_destroy(struct anonymiser *a)
{
	size_t i;

	for (i = 0; a && i < a->n; i++)
		free(a->name[i].name);
	if (a)
		free(a->name);
	free(a);
}

size_t anonymise_count(const struct anonymiser *a, enum anonymous kind)
{
	return a->count[kind];
}

/* Its number among those of its kind, from 1; 0: out of memory. */
static size_t number_of(struct anonymiser *a, enum anonymous kind, const char *s, size_t size)
{
	size_t len = strnlen(s, size), i;

	for (i = a->n; i-- > 0;)
		if (a->name[i].kind == kind && strlen(a->name[i].name) == len &&
		    !memcmp(a->name[i].name, s, len))
			return a->name[i].number;
	if (array_room(&a->name, a->n + 1, &a->cap, sizeof(*a->name)))
		return 0;
	a->name[a->n].name = strndup(s, len);
	if (!a->name[a->n].name)
		return 0;
	a->name[a->n].kind = kind;
	a->name[a->n].number = ++a->count[kind];
	return a->name[a->n++].number;
}

/* The texts of an event that are names. */
struct text {
	char *s;
	size_t size;
	enum anonymous kind;
};

static size_t texts_of(struct event *ev, struct text out[2])
{
	size_t n = 0;

	if (ev->comm[0])
		out[n++] = (struct text){ ev->comm, sizeof(ev->comm), ANON_PROCESS };
	switch (ev->kind) {
	case EV_DEVICE:
		out[n] = (struct text){ ev->device_def.name, sizeof(ev->device_def.name),
					ANON_DEVICE };
		break;
	case EV_TASK:
		out[n] = (struct text){ ev->task_def.vm, sizeof(ev->task_def.vm), ANON_VM };
		break;
	case EV_HOST:
		out[n] = (struct text){ ev->host_def.name, sizeof(ev->host_def.name), ANON_HOST };
		break;
	case EV_MARK:
		out[n] = (struct text){ ev->mark.text, sizeof(ev->mark.text), ANON_MARK };
		break;
	default:
		return n;
	}
	return n + (*out[n].s != '\0');
}

int anonymise_learn(struct anonymiser *a, const struct event *ev)
{
	struct event copy = *ev;
	struct text t[2];
	size_t n = texts_of(&copy, t), i;

	for (i = 0; i < n; i++)
		if (!number_of(a, t[i].kind, t[i].s, t[i].size))
			return -ENOMEM;
	return 0;
}

int anonymise_event(struct anonymiser *a, struct event *ev)
{
	struct text t[2];
	size_t n = texts_of(ev, t), i, number;

	for (i = 0; i < n; i++) {
		number = number_of(a, t[i].kind, t[i].s, t[i].size);
		if (!number)
			return -ENOMEM;
		memset(t[i].s, 0, t[i].size);
		snprintf(t[i].s, t[i].size, "%s-%zu", words[t[i].kind], number);
	}
	return 0;
}

/* ---- META ---- */

/* A merged recording's hosts, as "a and b" says them, are those of its parts. */
int anonymise_learn_meta(struct anonymiser *a, const struct meta *m)
{
	size_t n, i;
	struct host_part *part = host_parts(m, &n);
	int err = part ? 0 : -ENOMEM;

	for (i = 0; i < n && !err; i++) {
		if (part[i].name[0] && !number_of(a, ANON_HOST, part[i].name, sizeof(part[i].name)))
			err = -ENOMEM;
		if (!err && part[i].boot[0] &&
		    !number_of(a, ANON_BOOT, part[i].boot, sizeof(part[i].boot)))
			err = -ENOMEM;
	}
	free(part);
	return err;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The longest name that stands at @s as a word; NULL: none does. */
static const struct name *name_at(const struct anonymiser *a, const char *text, const char *s)
{
	const struct name *best = NULL;
	size_t i, len;

	for (i = 0; i < a->n; i++) {
		len = strlen(a->name[i].name);
		if (!len || (best && len <= strlen(best->name)) || strncmp(s, a->name[i].name, len))
			continue;
		if ((s > text && is_word(s[-1]) && is_word(*s)) ||
		    (is_word(s[len]) && is_word(s[len - 1])))
			continue;
		best = &a->name[i];
	}
	return best;
}

static char *clean(const struct anonymiser *a, const char *text)
{
	const struct name *x;
	struct buf b = { 0 };
	char word[64];
	const char *s;

	for (s = text; *s;) {
		x = name_at(a, text, s);
		if (!x) {
			buf_put(&b, s++, 1);
			continue;
		}
		snprintf(word, sizeof(word), "%s-%zu", words[x->kind], x->number);
		buf_put(&b, word, strlen(word));
		s += strlen(x->name);
	}
	buf_put(&b, "", 1);
	if (!b.failed)
		return (char *)b.data;
	buf_free(&b);
	return NULL;
}

/* Nobody's name is in these. */
static bool is_kept(const char *key)
{
	static const char *const keys[] = { "tool",   "tool.version", "started",
					    "kernel", "machine",      "hook",
					    "driver", "clock.bound",  NULL };
	size_t i;

	for (i = 0; keys[i]; i++)
		if (!strcmp(key, keys[i]))
			return true;
	return false;
}

/* In these there may be some, and readers go by what else is in them. */
static bool is_cleaned(const char *key, const char *value)
{
	if (!strcmp(key, "merged"))
		return !strncmp(value, "clock: ", 7) || !strncmp(value, "bound: ", 7);
	return !strcmp(key, "host") || !strcmp(key, "boot_id") || !strcmp(key, "part") ||
	       !strcmp(key, "filter");
}

int anonymise_meta(struct anonymiser *a, const struct meta *m, struct meta *out)
{
	size_t i;
	int err = 0;

	for (i = 0; i < m->n && !err; i++) {
		const char *key = m->entries[i].key, *value = m->entries[i].value;
		char *text;

		if (is_kept(key)) {
			err = meta_add(out, key, value);
			continue;
		}
		if (!is_cleaned(key, value))
			continue;
		text = clean(a, value);
		err = text ? meta_add(out, key, text) : -ENOMEM;
		free(text);
	}
	return err;
}
