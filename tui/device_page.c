// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_page.c - a device, and what the report says of its migration
 */
#include <stdlib.h>
#include <string.h>

#include "tui/page.h"

void device_page(struct page *p, struct model *m)
{
	const struct migration *g = scope_migration(p->s, m);
	const struct model_device *d = model_device(m, p->s->device);
	char name[NAME_LEN], drv[NAME_LEN], a[UNITS_LEN], b[UNITS_LEN];
	struct view_options v = { .time = p->s->opt.time, .bytes = p->s->opt.bytes };
	struct view_evidence t;
	struct view_file file;
	char *text = NULL, *at, *nl;
	size_t len;
	FILE *f;

	if (!d) {
		page_line(p, ROLE_DIM, 0, "no device");
		return;
	}
	page_line(p, ROLE_TITLE, CELL_BOLD, "DEVICE %s", scope_device_name(m, d->number, 60, name));
	page_field(p, "driver", "%s on the %s bus", safe_name(drv, d->driver),
		   text_safe(b, sizeof(b), d->bus, 8));
	page_field(p, "can", "%s%s%s%s", d->has_flags ? "" : "not known",
		   d->migration_flags & MIG_FLAG_STOP_COPY ? "STOP_COPY " : "",
		   d->migration_flags & MIG_FLAG_P2P ? "P2P " : "",
		   d->migration_flags & MIG_FLAG_PRE_COPY ? "PRE_COPY" : "");
	page_field(p, "state", "%s", state_label(a, d->state));
	page_field(p, "sessions", "%u", d->sessions);
	page_blank(p);
	if (!g)
		return;
	/* What the report says of it: the very same words. */
	v.migration = g->id;
	f = open_memstream(&text, &len);
	if (!f)
		return;
	scope_evidence(p->s, m, &t, &file);
	report_text(f, &t, &v);
	if (!fclose(f) && text) {
		at = strstr(text, "\nMIGRATION");
		for (at = at ? at + 1 : text; *at; at = nl + 1) {
			nl = strchr(at, '\n');
			if (!nl)
				break;
			*nl = '\0';
			page_line(p, ROLE_TEXT, 0, "%s", at);
		}
	}
	free(text);
}
