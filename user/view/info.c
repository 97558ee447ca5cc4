// SPDX-License-Identifier: GPL-2.0-only
/*
 * info.c - what a trace holds, before anybody asks what it means
 */
#include <string.h>

#include "util/json.h"
#include "view/common.h"
#include "view/inside.h"

/* What is longer is in --format json. */
#define VALUE_MAX 512

static void put_pairs(FILE *f, const struct meta *m)
{
	char key[TEXT_SAFE_LEN(64)], value[TEXT_SAFE_LEN(VALUE_MAX)];
	const char *prev = "";
	size_t i;

	for (i = 0; m && i < m->n; i++) {
		const char *k = m->entries[i].key, *v = m->entries[i].value;

		/* The same key again is a list: its name stands once. */
		fprintf(f, "  ");
		text_pad(f, strcmp(prev, k) ? text_safe(key, sizeof(key), k, 64) : "", 14, false);
		fprintf(f, " %s%s\n", text_safe(value, sizeof(value), v, VALUE_MAX),
			strnlen(v, VALUE_MAX + 1) > VALUE_MAX ? "..." : "");
		prev = k;
	}
}

static void print_flags(FILE *f, const struct model_device *d)
{
	const char *sep = " ";
	unsigned int bit;

	fputs(", flags", f);
	if (!d->has_flags)
		fputs(" not known", f);
	for (bit = 0; bit < 32; bit++) {
		if (!(d->migration_flags >> bit & 1) || !event_mig_flag_name(bit))
			continue;
		fprintf(f, "%s%s", sep, event_mig_flag_name(bit));
		sep = "|";
	}
	if (d->precopy_info_v2)
		fputs(", info v2", f);
}

static void print_ops(FILE *f, const char *name, uint32_t ops)
{
	unsigned int bit;

	fprintf(f, ", %s", name);
	for (bit = 0; bit < 32; bit++)
		if ((ops >> bit & 1) && event_stream_op_name(bit))
			fprintf(f, " %s", event_stream_op_name(bit));
	if (!ops)
		fputs(" nothing", f);
}

static void print_streams(FILE *f, struct model *m, uint32_t device)
{
	char name[NAME_LEN];
	uint32_t id;

	for (id = 1; id <= model_sessions(m); id++) {
		const struct session *g = model_session_peek(m, id);
		const struct model_stream *s;

		if (g->device != device)
			continue;
		s = model_stream(m, g->stream);
		if (!s)
			continue;
		fprintf(f, "    stream %u, %s", s->number, event_direction_name(s->direction));
		if (!s->defined) {
			fputs(": its hand-out is not in the evidence\n", f);
			continue;
		}
		fprintf(f, " \"%s\"%s", safe_name(name, s->name),
			s->adopted ? ", was open before the capture" : "");
		print_ops(f, "has", s->ops);
		print_ops(f, "hooked", s->hooked);
		fputc('\n', f);
		if (!(s->ops & STREAM_OP_POLL))
			fputs("      no .poll: polls invisible\n", f);
		if (!(s->ops & STREAM_OP_IOCTL) && s->direction == DIR_SAVE)
			fputs("      no .ioctl: precopy infos impossible\n", f);
		if (s->ops & ~s->hooked) {
			print_ops(f, "    NOT SEEN:", s->ops & ~s->hooked);
			fputc('\n', f);
		}
	}
}

/* What one file is, and what it says of itself. */
static void put_file(FILE *f, const struct view_evidence *e, const struct view_file *t,
		     const struct meta *notes, const struct view_options *opt)
{
	char a[UNITS_LEN], path[TEXT_SAFE_LEN(160)];
	uint64_t real = t->first_ns ? model_realtime_ns(e->model, t->first_ns) : 0;

	fprintf(f, "%s%s%s\n", paint(opt, C_BOLD), text_safe(path, sizeof(path), t->path, 160),
		paint(opt, C_OFF));
	put_pairs(f, notes);
	fprintf(f, "  %-14s %s", "covers", units_duration(a, t->last_ns - t->first_ns));
	if (real)
		fprintf(f, " from %s", units_rfc3339(a, real));
	fputc('\n', f);
	fprintf(f, "  %-14s ", "loss");
	if (t->loss_places)
		fprintf(f, "%s%llu EVENTS LOST in %llu places%s\n", paint(opt, C_RED),
			(unsigned long long)t->lost, (unsigned long long)t->loss_places,
			paint(opt, C_OFF));
	else
		fputs("none\n", f);
	fprintf(f, "  %-14s ", "damage");
	if (health_unreadable(t->health))
		fprintf(f, "%s%s SKIPPED, %llu frames damaged%s\n", paint(opt, C_RED),
			units_size(a, t->health->bytes_skipped, opt->bytes),
			(unsigned long long)t->health->frames_damaged, paint(opt, C_OFF));
	else
		fputs("none\n", f);
	if (t->health && !t->health->ended)
		fprintf(f, "  %-14s %sDID NOT END CLEANLY, %s kept%s\n", "end", paint(opt, C_RED),
			units_duration(a, t->last_ns - t->first_ns), paint(opt, C_OFF));
	fprintf(f, "\n%sMade by%s\n", paint(opt, C_BOLD), paint(opt, C_OFF));
	if (t->meta && t->meta->n)
		put_pairs(f, t->meta);
	else
		fputs("  the recording does not say\n", f);
	fputc('\n', f);
}

static void print_functions(FILE *f, const struct model *m, const struct view_options *opt)
{
	char a[NAME_LEN], b[NAME_LEN], why[UNSEEN_WORDS_LEN];
	const struct model_function *fn;
	uint32_t i;

	if (!model_functions(m))
		return;
	fprintf(f, "\n%sFunctions within calls%s\n", paint(opt, C_BOLD), paint(opt, C_OFF));
	for (i = 0; (fn = model_function(m, i)); i++) {
		fprintf(f, "  %s", safe_name(a, fn->name));
		if (fn->symbol[0])
			fprintf(f, ", as %s", safe_name(b, fn->symbol));
		if (model_host(m, fn->host))
			fprintf(f, " on %s", safe_name(b, model_host(m, fn->host)));
		fprintf(f, ": %s%s\n", fn->unseen == UNSEEN_NOT ? "seen" : "not seen: ",
			unseen_words(fn->unseen, fn->err, why));
	}
}

void info_text(FILE *f, const struct view_evidence *t, const struct meta *notes,
	       const struct view_options *opt)
{
	char a[UNITS_LEN], b[UNITS_LEN], name[NAME_LEN];
	uint32_t i;
	size_t k;

	for (k = 0; k < t->n_files; k++)
		put_file(f, t, &t->files[k], notes ? &notes[k] : NULL, opt);
	if (t->clock && t->clock->n) {
		fprintf(f, "%sClocks%s\n", paint(opt, C_BOLD), paint(opt, C_OFF));
		put_pairs(f, t->clock);
		fputc('\n', f);
	}
	fprintf(f, "%sEvents%s\n", paint(opt, C_BOLD), paint(opt, C_OFF));
	for (i = 1; i < EV_KIND_NR; i++) {
		uint64_t n = model_events_of(t->model, i);

		if (!n)
			continue;
		fprintf(f, "  %-18s", event_kind_name(i));
		text_pad(f, units_count(a, n), 13, true);
		fputc('\n', f);
	}
	fprintf(f, "  %-18s", "all");
	text_pad(f, units_count(a, model_events(t->model)), 13, true);
	if (model_calls(t->model) != model_events(t->model))
		fprintf(f, "   %s calls before folding", units_count(b, model_calls(t->model)));
	fprintf(f, "\n\n%sDevices%s\n", paint(opt, C_BOLD), paint(opt, C_OFF));
	for (i = 0; i < model_devices(t->model); i++) {
		const struct model_device *d = model_device_at(t->model, i);

		if (!d)
			continue;
		fprintf(f, "  %s", device_label(name, d, d->number));
		if (model_host(t->model, d->host))
			fprintf(f, " on %s", safe_name(name, model_host(t->model, d->host)));
		if (d->driver[0])
			fprintf(f, ", driver %s", safe_name(name, d->driver));
		print_flags(f, d);
		fprintf(f, ", %u migration%s\n", d->sessions, d->sessions == 1 ? "" : "s");
		print_streams(f, t->model, d->number);
	}
	if (!model_devices(t->model))
		fputs("  none\n", f);
	print_functions(f, t->model, opt);
}

/* A list of {key, value}: keys may repeat and their order matters. */
static void put_meta(struct json *j, const char *name, const struct meta *m)
{
	size_t i, k;

	json_key(j, name);
	json_object_begin(j);
	for (i = 0; m && i < m->n; i++) {
		const char *key = m->entries[i].key;
		size_t times = 0;
		bool first = true;

		for (k = 0; k < m->n; k++) {
			if (strcmp(m->entries[k].key, key))
				continue;
			first &= k >= i;
			times++;
		}
		if (!first)
			continue;
		/* "hook" is a list even when there is only one. */
		json_key(j, key);
		if (times == 1 && strcmp(key, "hook")) {
			json_string(j, m->entries[i].value);
			continue;
		}
		json_array_begin(j);
		for (k = i; k < m->n; k++)
			if (!strcmp(m->entries[k].key, key))
				json_string(j, m->entries[k].value);
		json_array_end(j);
	}
	json_object_end(j);
}

static void put_ops(struct json *j, const char *key, uint32_t ops)
{
	unsigned int bit;

	json_key(j, key);
	json_array_begin(j);
	for (bit = 0; bit < 32; bit++)
		if ((ops >> bit & 1) && event_stream_op_name(bit))
			json_string(j, event_stream_op_name(bit));
	json_array_end(j);
}

static void put_streams(struct json *j, struct model *m)
{
	uint32_t id;

	json_key(j, "streams");
	json_array_begin(j);
	for (id = 1; id <= model_sessions(m); id++) {
		const struct session *g = model_session_peek(m, id);
		const struct model_stream *s = model_stream(m, g->stream);

		if (!s)
			continue;
		json_object_begin(j);
		json_ku64(j, "stream", s->number);
		json_ku64(j, "device", s->device);
		json_ku64(j, "migration", g->id);
		json_kstring(j, "direction", event_direction_name(s->direction));
		json_kbool(j, "defined", s->defined);
		if (s->defined) {
			json_kstring(j, "name", s->name);
			json_kbool(j, "adopted", s->adopted);
			put_ops(j, "ops", s->ops);
			put_ops(j, "hooked", s->hooked);
		}
		json_object_end(j);
	}
	json_array_end(j);
}

static void put_functions(struct json *j, const struct model *m)
{
	char why[UNSEEN_WORDS_LEN];
	const struct model_function *fn;
	uint32_t i;

	json_key(j, "inside");
	if (!model_functions(m)) {
		json_null(j);
		return;
	}
	json_array_begin(j);
	for (i = 0; (fn = model_function(m, i)); i++) {
		json_object_begin(j);
		json_kname(j, "host", model_host(m, fn->host));
		json_kname(j, "function", fn->name);
		json_kname(j, "symbol", fn->symbol);
		json_kbool(j, "seen", fn->unseen == UNSEEN_NOT);
		json_kname(j, "reason",
			   fn->unseen == UNSEEN_NOT ? NULL :
						      unseen_words(fn->unseen, fn->err, why));
		json_object_end(j);
	}
	json_array_end(j);
}

static void put_file_json(struct json *j, const struct view_evidence *e, const struct view_file *t,
			  const struct meta *notes)
{
	uint64_t real = t->first_ns ? model_realtime_ns(e->model, t->first_ns) : 0;
	char buf[UNITS_LEN];

	json_kstring(j, "path", t->path);
	put_meta(j, "file", notes);
	put_meta(j, "meta", t->meta);
	json_ku64(j, "first_ns", t->first_ns);
	json_ku64(j, "last_ns", t->last_ns);
	json_key(j, "time");
	if (real)
		json_string(j, units_rfc3339(buf, real));
	else
		json_null(j);
	json_key(j, "loss");
	json_object_begin(j);
	json_ku64(j, "events", t->lost);
	json_ku64(j, "places", t->loss_places);
	json_object_end(j);
	json_key(j, "damage");
	json_object_begin(j);
	json_ku64(j, "bytes_skipped", t->health ? t->health->bytes_skipped : 0);
	json_ku64(j, "frames", t->health ? t->health->frames_damaged : 0);
	json_kbool(j, "ended", !t->health || t->health->ended);
	json_object_end(j);
}

void info_json(FILE *f, const struct view_evidence *t, const struct meta *notes,
	       const struct view_options *opt)
{
	struct json *j = json_create(f, true);
	uint32_t i;
	size_t k;

	(void)opt;
	if (!j)
		return;
	json_object_begin(j);
	/* Of one file it is all about that; several are a list. */
	if (t->n_files == 1) {
		put_file_json(j, t, &t->files[0], notes);
	} else {
		json_key(j, "files");
		json_array_begin(j);
		for (k = 0; k < t->n_files; k++) {
			json_object_begin(j);
			put_file_json(j, t, &t->files[k], notes ? &notes[k] : NULL);
			json_object_end(j);
		}
		json_array_end(j);
	}
	if (t->n_files > 1 || (t->clock && t->clock->n))
		put_meta(j, "clock", t->clock);
	json_key(j, "events");
	json_object_begin(j);
	for (i = 1; i < EV_KIND_NR; i++)
		if (model_events_of(t->model, i))
			json_ku64(j, event_kind_name(i), model_events_of(t->model, i));
	json_object_end(j);
	json_ku64(j, "events_total", model_events(t->model));
	json_ku64(j, "calls_total", model_calls(t->model));
	json_key(j, "devices");
	json_array_begin(j);
	for (i = 0; i < model_devices(t->model); i++) {
		const struct model_device *d = model_device_at(t->model, i);
		unsigned int bit;

		if (!d)
			continue;
		json_object_begin(j);
		json_ku64(j, "number", d->number);
		json_kname(j, "host", model_host(t->model, d->host));
		json_kstring(j, "device", d->name);
		json_kstring(j, "driver", d->driver);
		json_kstring(j, "bus", d->bus);
		json_key(j, "flags");
		json_array_begin(j);
		for (bit = 0; bit < 32; bit++)
			if ((d->migration_flags >> bit & 1) && event_mig_flag_name(bit))
				json_string(j, event_mig_flag_name(bit));
		json_array_end(j);
		json_kbool(j, "precopy_info_v2", d->precopy_info_v2);
		json_ku64(j, "migrations", d->sessions);
		json_object_end(j);
	}
	json_array_end(j);
	put_streams(j, t->model);
	put_functions(j, t->model);
	json_object_end(j);
	json_line_end(j);
	json_destroy(j);
}
