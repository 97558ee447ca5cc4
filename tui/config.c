// SPDX-License-Identifier: GPL-2.0-only
#include "tui/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tui/internal.h"

void config_init(struct scope_config *c)
{
	memset(c, 0, sizeof(*c));
	theme_by_name(&c->theme, "dark");
}

/* A key as the help and scripts write it; 0: none. */
static int key_of(const char *name)
{
	char inner[16];
	uint32_t ch;
	size_t len = strlen(name), n;

	if (name[0] == '<' && len > 2 && sscanf(name, "<%15[^>]>", inner) == 1 &&
	    strlen(inner) + 2 == len)
		return request_key_by_name(inner);
	n = text_utf8(name, len, &ch);
	return n && n == len && ch > 0x20 && ch != 0x7f ? (int)ch : 0;
}

static int set_key(struct scope_config *c, const char *name, const char *command,
		   char err[CONFIG_ERR_LEN])
{
	size_t len = strcspn(command, " !"), i;
	int key = key_of(name);

	if (!key) {
		snprintf(err, CONFIG_ERR_LEN, "'%.20s' is no key", name);
		return -EINVAL;
	}
	if (!request_by_name(command, len)) {
		snprintf(err, CONFIG_ERR_LEN, "there is no command '%.*s'",
			 (int)(len < 40 ? len : 40), command);
		return -EINVAL;
	}
	if (strlen(command) >= sizeof(c->bind[0].command)) {
		snprintf(err, CONFIG_ERR_LEN, "the command is too long");
		return -EINVAL;
	}
	for (i = 0; i < c->n_binds && c->bind[i].key != key; i++)
		;
	if (i == BINDS_MAX) {
		snprintf(err, CONFIG_ERR_LEN, "more than %d keys", BINDS_MAX);
		return -EINVAL;
	}
	if (i == c->n_binds)
		c->n_binds++;
	c->bind[i].key = key;
	strcpy(c->bind[i].command, command);
	return 0;
}

static int set_color(struct scope_config *c, const char *role, const char *color,
		     char err[CONFIG_ERR_LEN])
{
	struct look look;
	int i = scope_name_at(theme_role_names, role);

	if (i < 0) {
		snprintf(err, CONFIG_ERR_LEN, "nothing is called '%.20s' that has a colour", role);
		return -EINVAL;
	}
	if (!theme_color(color, &look)) {
		snprintf(err, CONFIG_ERR_LEN,
			 "'%.20s' is no colour (a name of eight, default, or 0 to 255)", color);
		return -EINVAL;
	}
	c->theme.look[i] = look;
	return 0;
}

static int parse_line(struct scope_config *c, char *text, char err[CONFIG_ERR_LEN])
{
	char *eq, *value, *end, what[16], name[32], rest[2];

	eq = strstr(text, " = ");
	/* The key may be an '=' itself. */
	if (eq == text + 3 && !strncmp(text, "key", 3))
		eq = strstr(eq + 2, " = ");
	if (!eq) {
		snprintf(err, CONFIG_ERR_LEN,
			 "a line is 'WHAT = VALUE', with blanks around the '='");
		return -EINVAL;
	}
	*eq = '\0';
	value = eq + 3 + strspn(eq + 3, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	switch (sscanf(text, "%15s %31s %1s", what, name, rest)) {
	case 1:
		if (strcmp(what, "theme"))
			break;
		if (theme_by_name(&c->theme, value))
			return 0;
		snprintf(err, CONFIG_ERR_LEN, "there is no theme '%.20s': dark, light, 8", value);
		return -EINVAL;
	case 2:
		if (!strcmp(what, "key"))
			return set_key(c, name, value, err);
		if (!strcmp(what, "colour") || !strcmp(what, "color"))
			return set_color(c, name, value, err);
		break;
	}
	snprintf(err, CONFIG_ERR_LEN, "'%.40s' is not theme, colour ROLE or key KEY", text);
	return -EINVAL;
}

int config_parse(struct scope_config *c, const char *text, size_t len, unsigned int *line,
		 char err[CONFIG_ERR_LEN])
{
	const char *end = text + len, *nl;
	char copy[256], raw[CONFIG_ERR_LEN];
	size_t n, i;

	for (*line = 1; text < end; text = nl + 1, ++*line) {
		nl = memchr(text, '\n', (size_t)(end - text));
		nl = nl ?: end;
		n = (size_t)(nl - text);
		for (i = 0; i < n && (text[i] == ' ' || text[i] == '\t'); i++)
			;
		if (i == n || text[i] == '#')
			continue;
		if (n - i >= sizeof(copy) || memchr(text, '\0', n)) {
			snprintf(err, CONFIG_ERR_LEN,
				 "this is no line of text, or a very long one");
			return -EINVAL;
		}
		memcpy(copy, text + i, n - i);
		copy[n - i] = '\0';
		if (parse_line(c, copy, err)) {
			memcpy(raw, err, sizeof(raw));
			text_safe(err, CONFIG_ERR_LEN, raw, sizeof(raw));
			return -EINVAL;
		}
	}
	return 0;
}
