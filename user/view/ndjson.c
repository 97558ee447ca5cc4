// SPDX-License-Identifier: GPL-2.0-only
/*
 * ndjson.c - one JSON object per event, and the schema of it
 *
 * Both come from the field tables of event.h and the list of common fields
 * below.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/json.h"
#include "view/common.h"
#include "view/export.h"
#include "view/rows.h"
#include "view/value.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct ndjson {
	struct json *j;
	struct rows *rows;
};

static void put_event(void *arg, const struct row *row);

struct ndjson *ndjson_create(FILE *f, const struct view_options *opt, struct model *ended)
{
	struct ndjson *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->j = json_create(f, false);
	n->rows = rows_create(opt, ended, put_event, n);
	if (!n->j || !n->rows) {
		ndjson_destroy(n);
		return NULL;
	}
	return n;
}

void ndjson_destroy(struct ndjson *n)
{
	if (!n)
		return;
	json_destroy(n->j);
	rows_destroy(n->rows);
	free(n);
}

static void put_state(struct json *j, uint64_t state)
{
	const char *name = state <= UINT32_MAX ? mig_state_name((uint32_t)state) : NULL;

	if (name)
		json_string(j, name);
	else
		json_u64(j, state);
}

static void put_field(struct json *j, const struct event *ev, const struct event_field *fd)
{
	char buf[BIT_NAME_LEN];
	const char *bit;
	struct value v;

	if (!value_of(ev, fd, &v))
		return;
	json_key(j, fd->name);
	switch (v.type) {
	case VALUE_S64:
		json_s64(j, v.s64);
		break;
	case VALUE_BOOL:
		json_bool(j, v.u64 != 0);
		break;
	case VALUE_TEXT:
		json_string_len(j, v.text, v.len);
		break;
	case VALUE_BITS:
		json_array_begin(j);
		while ((bit = value_next_bit(&v, &v.u64, buf)))
			json_string(j, bit);
		json_array_end(j);
		break;
	default:
		json_u64(j, v.u64);
		break;
	}
}

static void put_event(void *arg, const struct row *row)
{
	const struct event_context *ctx = row->ctx;
	const struct event *ev = row->ev;
	struct json *j = ((struct ndjson *)arg)->j;
	const struct event_field *fields;
	char buf[UNITS_LEN], number[16];
	size_t n, i;

	json_object_begin(j);
	json_ku64(j, "seq", ev->seq);
	json_ku64(j, "t_ns", ev->t_ns);
	if (row->realtime_ns)
		json_kstring(j, "time", units_rfc3339(buf, row->realtime_ns));
	else
		json_knull(j, "time"); /* no clock pair in the evidence */
	json_ku64(j, "dur_ns", ev->dur_ns);
	json_ku64(j, "cpu", ev->cpu);
	json_ku64(j, "pid", ev->pid);
	json_ku64(j, "tid", ev->tid);
	json_key(j, "comm");
	json_string_len(j, ev->comm, strnlen(ev->comm, sizeof(ev->comm)));
	json_kstring(j, "kind", event_kind_name(ev->kind));
	if (ctx->host)
		json_kstring(j, "host", ctx->host);
	if (ctx->vm)
		json_kstring(j, "vm", ctx->vm);
	if (ctx->device) {
		if (ctx->device->name[0]) {
			json_kstring(j, "device", ctx->device->name);
		} else {
			snprintf(number, sizeof(number), "#%u", ctx->device->number);
			json_kstring(j, "device", number);
		}
		if (ctx->device->driver[0])
			json_kstring(j, "driver", ctx->device->driver);
	}
	if (ev->stream)
		json_ku64(j, "stream", ev->stream);
	if (row->migration)
		json_ku64(j, "migration", row->migration);
	if (ctx->side)
		json_ku64(j, "side", ctx->side);
	if (ctx->session)
		json_ku64(j, "session", ctx->session);
	if (value_has_result(ev->kind)) {
		json_ks64(j, "ret", ev->ret);
		if (ev->ret < 0 && ev->ret > -4096) {
			const char *name = errno_name((int)-ev->ret);

			if (name)
				json_kstring(j, "errno", name);
		}
	}
	if (ctx->has_state) {
		json_key(j, "state");
		put_state(j, ctx->state);
	}
	fields = event_fields(ev->kind, &n);
	for (i = 0; i < n; i++)
		put_field(j, ev, &fields[i]);
	json_object_end(j);
	json_line_end(j);
}

int ndjson_event(struct ndjson *n, const struct model *m, const struct event *ev,
		 const struct event_context *ctx)
{
	int err = rows_event(n->rows, m, ev, ctx);

	return err ? err : json_error(n->j);
}

int ndjson_finish(struct ndjson *n)
{
	rows_finish(n->rows);
	json_flush(n->j);
	return json_error(n->j);
}

/* ---- the schema ---- */

static const struct {
	const char *name, *type, *text;
	bool always, nullable;
} common_fields[] = {
	{ "seq", "integer", "number of the event, from 1", true, false },
	{ "t_ns", "integer", "start, CLOCK_MONOTONIC nanoseconds", true, false },
	{ "time", "string",
	  "the same instant, RFC 3339 UTC; null when the trace holds no clock pair", true, true },
	{ "dur_ns", "integer",
	  "duration in nanoseconds; of a folded run: time inside all its calls", true, false },
	{ "cpu", "integer", "processor that it ended on", true, false },
	{ "pid", "integer", "process, initial namespace", true, false },
	{ "tid", "integer", "thread, initial namespace", true, false },
	{ "comm", "string", "name of the thread", true, false },
	{ "kind", "string", "what happened", true, false },
	{ "host", "string", "the host that it happened on, in evidence of several", false, false },
	{ "vm", "string", "name of the virtual machine", false, false },
	{ "device", "string", "PCI address or UUID; #N when its name is not in the trace", false,
	  false },
	{ "driver", "string", "the device's driver", false, false },
	{ "stream", "integer", "number of the data FD, unique in the trace", false, false },
	{ "migration", "integer",
	  "number of the migration of a VM that it belongs to; never in a "
	  "stream that goes on: what is joined with what is known at its end",
	  false, false },
	{ "side", "integer", "number of the side: what one process does for a migration", false,
	  false },
	{ "session", "integer", "number of the session: one device and one data FD", false, false },
	{ "ret", "integer", "raw result; negative: -errno", false, false },
	{ "errno", "string", "name of the errno, when ret is negative", false, false },
	{ "state", NULL, "migration state of the device after the event, if it is proven", false,
	  false },
};

static void schema_enum(struct json *j, const char *(*name_of)(uint32_t), uint32_t from, uint32_t n)
{
	uint32_t i;

	json_key(j, "enum");
	json_array_begin(j);
	for (i = from; i < n; i++)
		if (name_of(i))
			json_string(j, name_of(i));
	json_array_end(j);
}

static void schema_bits(struct json *j, const char *(*name_of)(unsigned int))
{
	unsigned int i;

	json_kstring(j, "type", "array");
	json_key(j, "items");
	json_object_begin(j);
	json_kstring(j, "type", "string");
	json_key(j, "examples");
	json_array_begin(j);
	for (i = 0; i < 32; i++)
		if (name_of(i))
			json_string(j, name_of(i));
	json_array_end(j);
	json_object_end(j);
}

/* A state by name, or the number of one that has none. */
static void schema_state(struct json *j)
{
	json_key(j, "anyOf");
	json_array_begin(j);
	json_object_begin(j);
	json_key(j, "enum");
	json_array_begin(j);
	for (uint32_t i = 0; i < MIG_STATE_NR; i++)
		json_string(j, mig_state_name(i));
	json_string(j, mig_state_name(MIG_UNKNOWN));
	json_array_end(j);
	json_object_end(j);
	json_object_begin(j);
	json_kstring(j, "type", "integer");
	json_object_end(j);
	json_array_end(j);
}

static void schema_field(struct json *j, const struct event_field *fd)
{
	json_key(j, fd->name);
	json_object_begin(j);
	switch (fd->type) {
	case EF_U64:
	case EF_U32:
		json_kstring(j, "type", "integer");
		json_ku64(j, "minimum", 0);
		break;
	case EF_S64:
		json_kstring(j, "type", "integer");
		break;
	case EF_STR:
		json_kstring(j, "type", "string");
		break;
	case EF_STATE:
	case EF_TARGET:
		schema_state(j);
		break;
	case EF_MIG_FLAGS:
		schema_bits(j, event_mig_flag_name);
		break;
	case EF_POLL_MASK:
		schema_bits(j, event_poll_bit_name);
		break;
	case EF_STREAM_OPS:
		schema_bits(j, event_stream_op_name);
		break;
	case EF_BOOL:
		json_kstring(j, "type", "boolean");
		break;
	case EF_RESET_HOW:
		schema_enum(j, event_reset_how_name, 0, RESET_HOT + 2);
		break;
	case EF_FEATURE_OP:
		schema_enum(j, event_feature_op_name, FEATURE_OP_GET, FEATURE_OP_PROBE + 2);
		break;
	case EF_DIRECTION:
		schema_enum(j, event_direction_name, 0, DIR_RESUME + 2);
		break;
	case EF_KIND:
		schema_enum(j, event_kind_name, 1, EV_DEVICE);
		break;
	case EF_LOSS_CAUSE:
		schema_enum(j, event_loss_cause_name, 0, LOSS_DETACHED + 2);
		break;
	case EF_VM_SOURCE:
		schema_enum(j, event_vm_source_name, 0, VM_SOURCE_CGROUP + 1);
		break;
	}
	json_object_end(j);
}

/* Is the field there in every event of its kind? */
static bool field_is_always(const struct event_field *fd)
{
	return !fd->flags && fd->type != EF_KIND && fd->type != EF_FEATURE_OP;
}

static void schema_kind(struct json *j, uint32_t kind)
{
	const struct event_field *fields;
	size_t n, i;

	fields = event_fields(kind, &n);
	json_object_begin(j);
	json_key(j, "properties");
	json_object_begin(j);
	json_key(j, "kind");
	json_object_begin(j);
	json_kstring(j, "const", event_kind_name(kind));
	json_object_end(j);
	for (i = 0; i < n; i++)
		if (!(fields[i].flags & EFF_INTERNAL))
			schema_field(j, &fields[i]);
	json_object_end(j);
	json_key(j, "required");
	json_array_begin(j);
	json_string(j, "kind");
	if (value_has_result(kind))
		json_string(j, "ret");
	for (i = 0; i < n; i++)
		if (field_is_always(&fields[i]))
			json_string(j, fields[i].name);
	json_array_end(j);
	json_object_end(j);
}

void ndjson_schema(FILE *f)
{
	struct json *j = json_create(f, true);
	uint32_t kind;
	size_t i;

	if (!j)
		return;
	json_object_begin(j);
	json_kstring(j, "$schema", "https://json-schema.org/draft/2020-12/schema");
	json_kstring(j, "title", "one line of vfioscope export --format ndjson");
	json_kstring(j, "description",
		     "Readers skip fields and kinds that they do not know: new ones may come.");
	json_kstring(j, "type", "object");
	json_key(j, "properties");
	json_object_begin(j);
	for (i = 0; i < ARRAY_SIZE(common_fields); i++) {
		json_key(j, common_fields[i].name);
		json_object_begin(j);
		json_kstring(j, "description", common_fields[i].text);
		if (!common_fields[i].type) {
			schema_state(j);
		} else if (common_fields[i].nullable) {
			json_key(j, "type");
			json_array_begin(j);
			json_string(j, common_fields[i].type);
			json_string(j, "null");
			json_array_end(j);
		} else {
			json_kstring(j, "type", common_fields[i].type);
		}
		json_object_end(j);
	}
	json_object_end(j);
	json_key(j, "required");
	json_array_begin(j);
	for (i = 0; i < ARRAY_SIZE(common_fields); i++)
		if (common_fields[i].always)
			json_string(j, common_fields[i].name);
	json_array_end(j);
	json_key(j, "oneOf");
	json_array_begin(j);
	for (kind = 1; kind < EV_KIND_NR; kind++)
		if (event_kind_is_public(kind))
			schema_kind(j, kind);
	json_array_end(j);
	json_object_end(j);
	json_line_end(j);
	json_destroy(j);
}

/* ---- export ---- */

static void *create(FILE *f, const struct view_options *opt, const struct view_evidence *e)
{
	return ndjson_create(f, opt, e->model);
}

static int event(void *x, const struct model *m, const struct event *ev,
		 const struct event_context *ctx)
{
	return ndjson_event(x, m, ev, ctx);
}

static int finish(void *x)
{
	return ndjson_finish(x);
}

static void destroy(void *x)
{
	ndjson_destroy(x);
}

const struct export_format export_ndjson = {
	.create = create,
	.event = event,
	.finish = finish,
	.destroy = destroy,
};
