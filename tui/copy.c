// SPDX-License-Identifier: GPL-2.0-only
/*
 * copy.c - what is handed to the terminal's clipboard
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/internal.h"

const char *const copy_names[] = { "event", "sentence", "command", NULL };

/* As a shell takes it; false: it has a character that no line should have. */
static bool put_path(FILE *f, const char *path)
{
	const char *p;

	for (p = path; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	fputs(path[0] == '-' ? " './" : " '", f);
	for (p = path; *p; p++) {
		if (*p == '\'')
			fputs("'\\''", f);
		else
			fputc(*p, f);
	}
	fputc('\'', f);
	return true;
}

/* The report of this moment, of the migration on the screen. */
static bool put_command(struct scope *s, struct model *m, FILE *f)
{
	const struct migration *g = scope_migration(s, m);

	if (s->opt.live || !s->opt.path)
		return false;
	fprintf(f, "vfioscope report --to @%llu", (unsigned long long)s->cursor_ns);
	if (g)
		fprintf(f, " --migration %u", g->id);
	return put_path(f, s->opt.path);
}

int scope_copy(struct scope *s, const char *what)
{
	struct model *m = scope_model(s);
	struct sentence o;
	struct log_row row;
	struct event ev;
	bool known = true, ok = true;
	struct words w;
	char *text;
	FILE *f;

	f = m ? words_open(&w) : NULL;
	if (!f)
		return -EINVAL;
	if (!strcmp(what, "event")) {
		ok = scope_current(s, &ev, &row);
		if (ok)
			fprintf(f, "%s", scope_line(s, &ev));
	} else if (!strcmp(what, "sentence")) {
		scope_sentence(s, m, &o);
		fputs(o.text, f);
	} else if (!strcmp(what, "command")) {
		ok = put_command(s, m, f);
	} else {
		known = false;
	}
	text = words_close(&w);
	if (!known || !ok || !text) {
		scope_say(s, true,
			  !known       ? "what is copied is event, sentence or command" :
			  *what == 'e' ? "no event here" :
					 "there is no one recording that a report could be of");
		free(text);
		return -EINVAL;
	}
	free(s->clip);
	s->clip = text;
	scope_say(s, false, "copied: %s", text);
	return 0;
}

char *scope_take_clip(struct scope *s)
{
	char *text = s->clip;

	s->clip = NULL;
	return text;
}
