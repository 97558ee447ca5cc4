// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy.c - settings by name: a policy file and the command line say the same
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "judge/internal.h"
#include "util/units.h"

static const struct {
	const char *name;
	size_t offset;
} durations[] = {
#define D(name, member)                                   \
	{                                                 \
		name, offsetof(struct judge_opts, member) \
	}
	D("max-downtime", max_downtime_ns),	D("max-stop-window", max_stop_window_ns),
	D("max-dirty-sync", max_dirty_sync_ns), D("max-read", max_read_ns),
	D("max-write", max_write_ns),		D("stuck-after", stuck_after_ns),
#undef D
};

static uint32_t state_from_name(const char *name, size_t len)
{
	uint32_t i;

	for (i = 0; i < MIG_STATE_NR; i++)
		if (strlen(mig_state_name(i)) == len && !strncmp(mig_state_name(i), name, len))
			return i;
	return MIG_UNKNOWN;
}

static int bad_duration(const char *key, const char *value, char err[JUDGE_ERR_LEN])
{
	snprintf(err, JUDGE_ERR_LEN, "%s: '%.40s' is no duration (300ms, 1.5s)", key, value);
	return -EINVAL;
}

/* A budget: a time with its unit, for nobody knows what 300 is. */
static int parse_budget(const char *value, uint64_t *ns)
{
	return value[strspn(value, "0123456789. \t")] ? units_parse_duration(value, ns) : -EINVAL;
}

/* "50ms" for every arc, "FROM:TO=50ms" for one. */
static int set_arc(struct judge_opts *o, const char *value, char err[JUDGE_ERR_LEN])
{
	const char *colon = strchr(value, ':'), *eq = strchr(value, '=');
	uint32_t from, to, i;
	uint64_t ns;

	if (!colon && !eq) {
		if (parse_budget(value, &ns) || !ns)
			return bad_duration("max-arc", value, err);
		o->max_arc_ns = ns;
		return 0;
	}
	if (!colon || !eq || eq < colon) {
		snprintf(err, JUDGE_ERR_LEN,
			 "max-arc: '%.60s' is neither a duration nor FROM:TO=DURATION", value);
		return -EINVAL;
	}
	from = state_from_name(value, (size_t)(colon - value));
	to = state_from_name(colon + 1, (size_t)(eq - colon - 1));
	if (from == MIG_UNKNOWN || to == MIG_UNKNOWN) {
		snprintf(err, JUDGE_ERR_LEN, "max-arc: '%.60s' names no two states", value);
		return -EINVAL;
	}
	if (parse_budget(eq + 1, &ns) || !ns)
		return bad_duration("max-arc", eq + 1, err);
	for (i = 0; i < o->n_arcs; i++)
		if (o->arc[i].from == from && o->arc[i].to == to)
			break;
	if (i == JUDGE_ARC_BUDGETS) {
		snprintf(err, JUDGE_ERR_LEN, "max-arc: more than %d arcs", JUDGE_ARC_BUDGETS);
		return -EINVAL;
	}
	if (i == o->n_arcs)
		o->n_arcs++;
	o->arc[i].from = from;
	o->arc[i].to = to;
	o->arc[i].ns = ns;
	return 0;
}

static int set_ignore(struct judge_opts *o, const char *value, char err[JUDGE_ERR_LEN])
{
	char name[128], *driver;
	uint32_t id;
	size_t n;

	while (*value) {
		value += strspn(value, ", \t");
		n = strcspn(value, ", \t");
		if (!n)
			break;
		snprintf(name, sizeof(name), "%.*s", (int)n, value);
		driver = strchr(name, '@');
		if (driver)
			*driver++ = '\0';
		id = judge_rule_from_name(name);
		if (id == RULE_NR) {
			snprintf(err, JUDGE_ERR_LEN,
				 "ignore: '%.60s' is no rule; 'vfioscope explain' lists them",
				 name);
			return -EINVAL;
		}
		value += n;
		if (!driver) {
			o->ignore[id] = true;
			continue;
		}
		if (!*driver || o->n_ignore_at == JUDGE_IGNORES_AT) {
			snprintf(err, JUDGE_ERR_LEN,
				 *driver ?
					 "ignore: more than %d RULE@DRIVER" :
					 "ignore: RULE@DRIVER wants a driver's name, as one of %d",
				 JUDGE_IGNORES_AT);
			return -EINVAL;
		}
		o->ignore_at[o->n_ignore_at].rule = id;
		snprintf(o->ignore_at[o->n_ignore_at++].driver, EVENT_NAME_LEN, "%s", driver);
	}
	return 0;
}

static int set(struct judge_opts *o, const char *key, const char *value, char err[JUDGE_ERR_LEN])
{
	uint64_t ns;
	size_t i;

	for (i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		if (strcmp(key, durations[i].name))
			continue;
		if (parse_budget(value, &ns) || !ns)
			return bad_duration(key, value, err);
		*(uint64_t *)((char *)o + durations[i].offset) = ns;
		return 0;
	}
	if (!strcmp(key, "max-arc"))
		return set_arc(o, value, err);
	if (!strcmp(key, "ignore"))
		return set_ignore(o, value, err);
	if (!strcmp(key, "strict")) {
		if (strcmp(value, "yes") && strcmp(value, "no")) {
			snprintf(err, JUDGE_ERR_LEN, "strict: yes or no, not '%.40s'", value);
			return -EINVAL;
		}
		o->strict = !strcmp(value, "yes");
		return 0;
	}
	if (!strcmp(key, "expect")) {
		if (strncmp(value, "completed=", 10) ||
		    units_parse_u64(value + 10, &o->expect_completed)) {
			snprintf(err, JUDGE_ERR_LEN, "expect: '%.40s' is not completed=N", value);
			return -EINVAL;
		}
		o->expects_completed = true;
		return 0;
	}
	snprintf(err, JUDGE_ERR_LEN, "'%.40s' is no setting", key);
	return -EINVAL;
}

int judge_opts_set(struct judge_opts *o, const char *key, const char *value,
		   char err[JUDGE_ERR_LEN])
{
	struct judge_opts changed = *o;
	int rc = set(&changed, key, value, err);

	/* Of a list that ends with a mistake nothing is taken. */
	if (!rc)
		*o = changed;
	return rc;
}

static char *trim(char *s)
{
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	n = strlen(s);
	while (n && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
	return s;
}

/* "[name]": its name, in place; NULL: it is none. */
static char *section(char *s)
{
	size_t n = strlen(s);

	if (s[0] != '[' || s[n - 1] != ']')
		return NULL;
	s[n - 1] = '\0';
	return trim(s + 1);
}

/* Which there are: the end of a sentence. */
static void add_name(char names[JUDGE_ERR_LEN], const char *name)
{
	size_t len = strlen(names);

	snprintf(names + len, JUDGE_ERR_LEN - len, "%s%.40s", len ? ", " : "", name);
}

static int set_line(struct judge_opts *o, char *line, char err[JUDGE_ERR_LEN])
{
	char *eq = strchr(line, '=');

	if (!eq) {
		snprintf(err, JUDGE_ERR_LEN, "'%.40s' is no 'key = value'", line);
		return -EINVAL;
	}
	*eq = '\0';
	return judge_opts_set(o, trim(line), trim(eq + 1), err);
}

int judge_policy(struct judge_opts *o, const char *text, size_t len, const char *profile,
		 unsigned int *line, char err[JUDGE_ERR_LEN])
{
	/* Of profiles that are not taken: only whether they could be. */
	struct judge_opts other = *o, *into = o;
	char buf[512], names[JUDGE_ERR_LEN] = "", *hash, *key, *name;
	bool any = false, found = false;
	size_t n;

	for (*line = 1; len; (*line)++) {
		const char *end = memchr(text, '\n', len);

		n = end ? (size_t)(end - text) : len;
		if (n >= sizeof(buf) || memchr(text, '\0', n)) {
			snprintf(err, JUDGE_ERR_LEN, "the line is too long or no text");
			return -EINVAL;
		}
		memcpy(buf, text, n);
		buf[n] = '\0';
		text += end ? n + 1 : n;
		len -= end ? n + 1 : n;
		hash = strchr(buf, '#');
		if (hash)
			*hash = '\0';
		key = trim(buf);
		if (!*key)
			continue;
		name = section(key);
		if (name && !*name) {
			snprintf(err, JUDGE_ERR_LEN, "a profile without a name");
			return -EINVAL;
		}
		if (name) {
			into = profile && !strcmp(name, profile) ? o : &other;
			found |= into == o;
			add_name(names, name);
			continue;
		}
		any |= into == o;
		if (set_line(into, key, err))
			return -EINVAL;
	}
	*line = 0;
	if (profile && !found)
		snprintf(err, JUDGE_ERR_LEN, "there is no profile '%.40s'%s%.80s", profile,
			 *names ? ", but " : " at all", names);
	else if (!any && *names)
		snprintf(err, JUDGE_ERR_LEN, "which profile? %.120s", names);
	else
		return 0;
	return -EINVAL;
}
