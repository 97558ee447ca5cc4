// SPDX-License-Identifier: GPL-2.0-only
/*
 * merge.c - vfioscope merge: several hosts' recordings on one clock
 *
 * The evidence that every reader makes of several files, written down.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cmd/evidence.h"
#include "cmd/rewrite.h"
#include "cmd/toolmeta.h"
#include "util/units.h"

struct options {
	struct cmd_common common;
	const char *output;
	bool force;
	struct opt_list logs;
};

static const struct opt opts[] = {
	{ 'o', "output", OPT_STRING, OPT_AT(struct options, output), .arg = "FILE",
	  .help = "the merged recording; - streams it to stdout" },
	{ 'f', "force", OPT_FLAG, OPT_AT(struct options, force),
	  .help = "overwrite an existing recording" },
	OPT_TABLE(cmd_vmm_log_opts, struct options, logs),
	OPT_TABLE(cmd_common_opts, struct options, common),
	OPT_END,
};

struct job {
	struct options o;
	struct evidence e;
	struct meta meta; /* of the result */
	struct model *model;
	int argc;
	char **argv;
};

/* ---- what is told of it ---- */

/* Of one input, what readers and the judge look for. */
static int add_meta_of(struct job *j, struct meta *out, size_t file)
{
	const struct meta *m = evidence_meta(&j->e, file);
	const char *host = evidence_host(&j->e, file);
	const char *kernel = meta_get(m, "kernel"), *command = meta_get(m, "command");
	struct source_health health;
	int err = 0;
	size_t i;

	err |= meta_addf(out, "merged", "%s: %s, kernel %s, %s", host,
			 meta_get(m, "host") ?: "host not known", kernel ?: "not known",
			 command ?: "command not known");
	for (i = 0; i < m->n; i++) {
		const char *key = m->entries[i].key;

		if (!strcmp(key, "hook") || !strcmp(key, "driver"))
			err |= meta_add(out, key, m->entries[i].value);
		else if (!strcmp(key, "filter") || !strcmp(key, "note") ||
			 (!strcmp(key, "merged") && strncmp(m->entries[i].value, "clock: ", 7) &&
			  strncmp(m->entries[i].value, "bound: ", 7)))
			err |= meta_addf(out, key, "%s: %s", host, m->entries[i].value);
	}
	evidence_scanned(&j->e, file, &health);
	return err | host_damage_add(out, host, &health);
}

/* "node7 and node8", "6.12.0/7.3.0 #1": what differs, in the order of the files. */
static void list(const struct job *j, const char *key, const char *between, bool releases,
		 char *out, size_t size)
{
	size_t i, k, len = 0;

	out[0] = '\0';
	for (i = 0; i < j->e.n && len < size; i++) {
		const char *v = key ? meta_get(evidence_meta(&j->e, i), key) ?: "not known" :
				      evidence_host(&j->e, i);

		for (k = 0; k < i; k++)
			if (!strcmp(v, key ? meta_get(evidence_meta(&j->e, k), key) ?: "not known" :
					     evidence_host(&j->e, k)))
				break;
		if (k < i)
			continue;
		len += (size_t)snprintf(out + len, size - len, "%s%.*s", len ? between : "",
					(int)(releases ? strcspn(v, " ") : strlen(v)), v);
	}
}

static int make_meta(struct job *j)
{
	const struct meta *ref = evidence_meta(&j->e, j->e.how.clock);
	struct meta *m = &j->meta;
	char text[1000];
	size_t k;
	int err;

	err = tool_name(m, j->argc, j->argv, j->argc);
	if (meta_get(ref, "started"))
		err |= meta_add(m, "started", meta_get(ref, "started"));
	list(j, NULL, " and ", false, text, sizeof(text));
	err |= meta_add(m, "host", text);
	/* Views show the first word: the release. */
	list(j, "kernel", "/", j->e.hosts.n > 1, text, sizeof(text));
	err |= meta_add(m, "kernel", text);
	/* Whose clock it is. */
	if (meta_get(ref, "boot_id"))
		err |= meta_add(m, "boot_id", meta_get(ref, "boot_id"));
	for (k = 0; k < j->e.view.clock->n; k++)
		err |= meta_addf(m, "merged", "%s: %s", j->e.view.clock->entries[k].key,
				 j->e.view.clock->entries[k].value);
	if (j->e.view.bound_ns != UINT64_MAX)
		err |= meta_addf(m, "clock.bound", "%" PRIu64, j->e.view.bound_ns);
	for (k = 0; k < j->e.n && !err; k++)
		err = j->e.hosts.n > 1 ? evidence_parts(&j->e, k, m) : 0;
	for (k = 0; k < j->e.n && !err; k++)
		err = add_meta_of(j, m, k);
	for (k = 0; k < j->o.logs.n && !err; k++)
		err = meta_addf(m, "merged", "log: %s", j->o.logs.items[k]);
	return err ? cmd_fail(EXIT_BAD_FILE, "out of memory") : 0;
}

static void tell(const struct job *j)
{
	char a[UNITS_LEN];
	uint32_t id;
	size_t i;

	evidence_tell_damage(&j->e);
	evidence_tell_logs(&j->e);
	for (i = 0; i < j->e.view.clock->n; i++)
		cmd_note("%s", j->e.view.clock->entries[i].value);
	for (id = 1; id <= model_migrations(j->model); id++) {
		const struct migration *g = model_migration(j->model, id);

		if (g->source && g->destination)
			cmd_note("migration %u is seen on both sides (%s): %s%s", g->id,
				 joined_how_text(g->joined.how),
				 g->downtime_ns != MODEL_NONE ? "downtime " :
								downtime_why_text(g->downtime_why),
				 g->downtime_ns != MODEL_NONE ? units_duration(a, g->downtime_ns) :
								"");
	}
}

/* ---- the result ---- */

static int write_result(struct job *j)
{
	struct event_source *all = j->e.src;
	struct rewrite *rw;
	struct event ev;
	int err, status;

	j->model = model_create();
	if (!j->model)
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	status = rewrite_begin(&rw, j->o.output, j->o.force, &j->meta,
			       evidence_join_bound_ns(&j->e));
	if (status || !rw)
		return status;
	while ((err = all->ops->next(all, &ev, -1)) >= 0) {
		if (!err)
			continue;
		err = model_feed(j->model, &ev, NULL) ?: rewrite_put(rw, &ev);
		if (err)
			return rewrite_end(rw, err, false);
	}
	if (err == -ENODATA)
		return rewrite_end(rw, 0, true);
	/* An input is at fault. */
	rewrite_abandon(rw);
	return cmd_fail(EXIT_BAD_FILE, "%s", all->ops->error(all));
}

static int run(struct job *j, char *const *paths, int n)
{
	int status;
	size_t i;

	if (!j->o.output)
		return cmd_fail(EXIT_USAGE, "merge: where to? '-o FILE'");
	status = rewrite_check(j->o.output, j->o.force, paths, (size_t)n);
	if (!status)
		status = rewrite_check(j->o.output, j->o.force, (char *const *)j->o.logs.items,
				       j->o.logs.n);
	if (!status)
		status = evidence_open(&j->e, paths, (size_t)n, EVIDENCE_ONCE);
	if (!status)
		status = evidence_add_logs(&j->e, &j->o.logs);
	if (!status)
		status = evidence_say_clocks(&j->e);
	if (status)
		return status;
	for (i = 0; i < align_n(j->e.align); i++)
		if (align_tie(j->e.align, i)->kind == ALIGN_NONE)
			return cmd_fail(EXIT_INCONCLUSIVE, "%s",
					meta_get(j->e.view.clock, "clock"));
	status = make_meta(j);
	if (!status)
		status = write_result(j);
	if (!status)
		tell(j);
	return status;
}

int cmd_merge(int argc, char **argv)
{
	struct job j = { .argc = argc, .argv = argv };
	int first, status;

	first = cmd_parse(&command_merge, argc, argv, &j.o, &status);
	if (first < 0)
		return status;
	if (argc - first < 2)
		return cmd_fail(EXIT_USAGE, "merge: it takes two recordings: "
					    "'vfioscope merge SRC DST -o FILE'");
	status = run(&j, argv + first, argc - first);
	evidence_close(&j.e);
	meta_clear(&j.meta);
	opt_list_free(&j.o.logs);
	model_destroy(j.model);
	return status;
}

const struct command command_merge = {
	.name = "merge",
	.summary = "Several hosts' recordings of a migration, on one clock",
	.args = "SRC DST... -o FILE",
	.text = "The clock is that of the host with most sources. CLOCK_REALTIME of the hosts\n"
		"ties theirs to it, and causality checks it: no byte is written before it was\n"
		"read. How far it may be off is told, and kept in the result. Every other command\n"
		"does the same with several files; this one is for keeping them as one.\n"
		"--vmm-log, which may be given several times, puts the lines of a VMM's log\n"
		"between the events, as marks: QEMU's of its trace events, or one with a time of\n"
		"day before each line.",
	.examples = "  vfioscope merge src.vfs dst.vfs -o both.vfs\n"
		    "  ssh node8 cat dst.vfs | vfioscope merge src.vfs - -o - | vfioscope report -",
	.opts = opts,
	.run = cmd_merge,
};
