// SPDX-License-Identifier: GPL-2.0-only
/*
 * csv.c - one row per event, with the columns of all kinds
 *
 * RFC 4180: a header, CRLF, quotes where they are needed.  The columns are those of
 * NDJSON, from the same tables and always the same; what a kind has not is empty, and
 * lists are joined with '|'.  A text that a spreadsheet would take for a
 * formula gets an apostrophe in front: names are the traced system's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view/common.h"
#include "view/csv.h"
#include "view/export.h"
#include "view/rows.h"
#include "view/value.h"

#define COLUMNS_MAX 64

struct csv {
	FILE *f;
	struct rows *rows;
	const char *column[COLUMNS_MAX]; /* of the bodies' fields */
	unsigned int n;
};

static const char *const common[] = {
	"seq",	     "t_ns", "time",	"dur_ns", "cpu",    "pid",    "tid",
	"comm",	     "kind", "host",	"vm",	  "device", "driver", "stream",
	"migration", "side", "session", "ret",	  "errno",  "state",
};

void csv_text(FILE *f, const char *s, size_t len)
{
	const char *quote;
	char *safe, *p;

	len = strnlen(s, len);
	safe = malloc(TEXT_SAFE_LEN(len));
	/* What is missing of it shows as an error of the stream: cmd/memory.h. */
	if (!safe)
		return;
	text_safe(safe, TEXT_SAFE_LEN(len), s, len);
	quote = strpbrk(safe, ",\"") ? "\"" : "";
	fprintf(f, "%s%s", quote, *safe && strchr("=+-@", *safe) ? "'" : "");
	for (p = safe; *p; p++) {
		if (*p == '"')
			fputc('"', f);
		fputc(*p, f);
	}
	fputs(quote, f);
	free(safe);
}

static void put_value(FILE *f, struct value *v)
{
	char buf[BIT_NAME_LEN];
	const char *bit, *sep = "";

	switch (v->type) {
	case VALUE_S64:
		fprintf(f, "%lld", (long long)v->s64);
		break;
	case VALUE_BOOL:
		fputs(v->u64 ? "true" : "false", f);
		break;
	case VALUE_TEXT:
		csv_text(f, v->text, v->len);
		break;
	case VALUE_BITS:
		for (; (bit = value_next_bit(v, &v->u64, buf)); sep = "|")
			fprintf(f, "%s%s", sep, bit);
		break;
	default:
		fprintf(f, "%llu", (unsigned long long)v->u64);
		break;
	}
}

static void put_number(FILE *f, uint32_t n)
{
	if (n)
		fprintf(f, "%u", n);
	fputc(',', f);
}

static void put_common(FILE *f, const struct row *row)
{
	const struct event_context *ctx = row->ctx;
	const struct event *ev = row->ev;
	char buf[UNITS_LEN], name[NAME_LEN];
	const char *err = NULL;

	fprintf(f, "%llu,%llu,%s,%llu,%u,%u,%u,", (unsigned long long)ev->seq,
		(unsigned long long)ev->t_ns,
		row->realtime_ns ? units_rfc3339(buf, row->realtime_ns) : "",
		(unsigned long long)ev->dur_ns, ev->cpu, ev->pid, ev->tid);
	csv_text(f, ev->comm, sizeof(ev->comm));
	fprintf(f, ",%s,", event_kind_name(ev->kind));
	if (ctx->host)
		csv_text(f, ctx->host, EVENT_NAME_LEN);
	fputc(',', f);
	if (ctx->vm)
		csv_text(f, ctx->vm, EVENT_NAME_LEN);
	fputc(',', f);
	if (ctx->device && ctx->device->name[0])
		csv_text(f, ctx->device->name, sizeof(ctx->device->name));
	else if (ctx->device)
		fputs(device_label(name, ctx->device, ctx->device->number), f);
	fputc(',', f);
	if (ctx->device)
		csv_text(f, ctx->device->driver, sizeof(ctx->device->driver));
	fputc(',', f);
	put_number(f, ev->stream);
	put_number(f, row->migration);
	put_number(f, ctx->side);
	put_number(f, ctx->session);
	if (value_has_result(ev->kind)) {
		fprintf(f, "%lld", (long long)ev->ret);
		err = ev->ret < 0 && ev->ret > -4096 ? errno_name((int)-ev->ret) : NULL;
	}
	fprintf(f, ",%s,", err ? err : "");
	if (ctx->has_state && mig_state_name(ctx->state))
		fputs(mig_state_name(ctx->state), f);
	else if (ctx->has_state)
		fprintf(f, "%u", ctx->state);
}

static void put_row(void *arg, const struct row *row)
{
	const struct event *ev = row->ev;
	const struct event_field *fields;
	struct csv *c = arg;
	struct value v;
	unsigned int i;
	size_t n, k;

	put_common(c->f, row);
	fields = event_fields(ev->kind, &n);
	for (i = 0; i < c->n; i++) {
		fputc(',', c->f);
		for (k = 0; k < n; k++)
			if (!strcmp(fields[k].name, c->column[i]) && value_of(ev, &fields[k], &v))
				put_value(c->f, &v);
	}
	fputs("\r\n", c->f);
}

static bool has_column(const struct csv *c, const char *name)
{
	unsigned int i;

	for (i = 0; i < c->n; i++)
		if (!strcmp(c->column[i], name))
			return true;
	return false;
}

static void put_header(struct csv *c)
{
	const struct event_field *fields;
	uint32_t kind;
	size_t n, i;

	for (i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		fprintf(c->f, "%s%s", i ? "," : "", common[i]);
	for (kind = 1; kind < EV_KIND_NR; kind++) {
		if (!event_kind_is_public(kind))
			continue;
		fields = event_fields(kind, &n);
		for (i = 0; i < n && c->n < COLUMNS_MAX; i++) {
			if ((fields[i].flags & EFF_INTERNAL) || has_column(c, fields[i].name))
				continue;
			c->column[c->n++] = fields[i].name;
			fprintf(c->f, ",%s", fields[i].name);
		}
	}
	fputs("\r\n", c->f);
}

static void destroy(void *x)
{
	struct csv *c = x;

	if (!c)
		return;
	rows_destroy(c->rows);
	free(c);
}

static void *create(FILE *f, const struct view_options *opt, const struct view_evidence *e)
{
	struct csv *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->f = f;
	c->rows = rows_create(opt, e->model, put_row, c);
	if (!c->rows) {
		free(c);
		return NULL;
	}
	put_header(c);
	return c;
}

static int event(void *x, const struct model *m, const struct event *ev,
		 const struct event_context *ctx)
{
	struct csv *c = x;
	int err = rows_event(c->rows, m, ev, ctx);

	return err ? err : ferror(c->f) ? -EIO : 0;
}

static int finish(void *x)
{
	struct csv *c = x;

	rows_finish(c->rows);
	return ferror(c->f) ? -EIO : 0;
}

const struct export_format export_csv = {
	.create = create,
	.event = event,
	.finish = finish,
	.destroy = destroy,
};
