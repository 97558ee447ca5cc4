// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_json.c - report --format json
 *
 * Names are the contract's and the schema's; what is not known is null, never 0.
 */
#include <string.h>

#include "util/json.h"
#include "view/common.h"
#include "view/findings.h"

static void put_trace(struct json *j, const struct view_evidence *e, const struct view_file *t)
{
	char buf[UNITS_LEN];
	uint64_t real;
	const char *v;

	json_object_begin(j);
	json_kstring(j, "path", t->path);
	v = t->meta ? meta_get(t->meta, "host") : NULL;
	json_kname(j, "host", v);
	v = t->meta ? meta_get(t->meta, "kernel") : NULL;
	json_kname(j, "kernel", v);
	v = t->meta ? meta_get(t->meta, "command") : NULL;
	json_kname(j, "command", v);
	v = t->meta ? meta_get(t->meta, "tool.version") : NULL;
	json_kname(j, "tool_version", v);
	json_ku64(j, "first_ns", t->first_ns);
	json_ku64(j, "last_ns", t->last_ns);
	json_key(j, "time");
	real = t->first_ns ? model_realtime_ns(e->model, t->first_ns) : 0;
	if (real)
		json_string(j, units_rfc3339(buf, real));
	else
		json_null(j);
	json_ku64(j, "events", t->events);
	json_ku64(j, "calls", t->calls);
	json_kbool(j, "ended", !t->health || t->health->ended);
	json_ku64(j, "bytes_skipped", t->health ? t->health->bytes_skipped : 0);
	json_ku64(j, "frames_damaged", t->health ? t->health->frames_damaged : 0);
	json_object_end(j);
}

static void put_devices(struct json *j, const struct view_evidence *e)
{
	char buf[UNITS_LEN], host[NAME_LEN];
	const char *state;
	uint32_t i, bit;

	for (i = 0; i < model_devices(e->model); i++) {
		const struct model_device *d = model_device_at(e->model, i);

		if (!d)
			continue;
		json_object_begin(j);
		json_kname(j, "host",
			   host_label(host, e, d->host, d->number, model_first_ns(e->model)));
		json_ku64(j, "number", d->number);
		json_kname(j, "device", d->name);
		json_kname(j, "driver", d->driver);
		json_kname(j, "bus", d->bus);
		json_key(j, "flags");
		if (d->has_flags) {
			json_array_begin(j);
			for (bit = 0; bit < 32; bit++)
				if ((d->migration_flags >> bit & 1) && event_mig_flag_name(bit))
					json_string(j, event_mig_flag_name(bit));
			json_array_end(j);
		} else {
			json_null(j);
		}
		json_kbool(j, "precopy_info_v2", d->precopy_info_v2);
		state = mig_state_name(d->state);
		json_key(j, "state");
		if (state)
			json_string(j, state);
		else
			json_u64(j, d->state);
		json_ku64(j, "sessions", d->sessions);
		json_ku64(j, "failed_set_states", d->failures);
		/* Why there is nothing to migrate it by. */
		json_kname(j, "flags_errno",
			   d->flags_asked && d->flags_ret < 0 ? errno_label(buf, d->flags_ret) :
								NULL);
		json_object_end(j);
	}
}

static void put_sentences(struct json *j, const char *key, const struct meta *m, const char *of)
{
	size_t i;

	json_key(j, key);
	json_array_begin(j);
	for (i = 0; m && i < m->n; i++)
		if (!strcmp(m->entries[i].key, of))
			json_string(j, m->entries[i].value);
	json_array_end(j);
}

/* "traces", "clock", "devices" and "loss". */
static void traces_json(struct json *j, const struct view_evidence *e)
{
	const struct model_loss *l = model_loss(e->model);
	const struct source_health *h = e->health;
	size_t i;

	json_key(j, "traces");
	json_array_begin(j);
	for (i = 0; i < e->n_files; i++)
		put_trace(j, e, &e->files[i]);
	json_array_end(j);
	json_key(j, "clock");
	json_object_begin(j);
	put_sentences(j, "tied", e->clock, "clock");
	put_sentences(j, "bound", e->clock, "bound");
	put_sentences(j, "steps", e->clock, "step");
	json_known(j, "bound_ns", e->bound_ns);
	json_object_end(j);
	json_key(j, "devices");
	json_array_begin(j);
	put_devices(j, e);
	json_array_end(j);
	json_key(j, "loss");
	json_object_begin(j);
	json_ku64(j, "events", l->events);
	json_ku64(j, "places", l->places);
	json_ku64(j, "damaged_places", l->damage);
	json_ku64(j, "reasons", l->reasons);
	json_ku64(j, "inside", l->insides);
	json_ku64(j, "closes", l->closes);
	json_ku64(j, "bytes_skipped", h ? h->bytes_skipped : 0);
	json_kbool(j, "ended", !h || h->ended);
	json_object_end(j);
}

static void put_report(FILE *f, const struct view_evidence *e, const struct view_options *opt,
		       bool sessions)
{
	struct json *j = json_create(f, true);

	if (!j)
		return;
	json_object_begin(j);
	json_ku64(j, "version", 2);
	json_tool(j);
	traces_json(j, e);
	migrations_json(j, e, opt, sessions);
	estimates_json(j, e);
	/* Without a judge: no findings is not "none found". */
	findings_json(j, e, opt);
	outcomes_json(j, e, opt);
	json_object_end(j);
	json_line_end(j);
	json_destroy(j);
}

void report_json(FILE *f, const struct view_evidence *e, const struct view_options *opt)
{
	put_report(f, e, opt, true);
}

void check_json(FILE *f, const struct view_evidence *e, const struct view_options *opt)
{
	put_report(f, e, opt, false);
}
