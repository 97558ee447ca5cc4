// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_policy.c - what settings and policy files make of the judge's options, and what is
 * said of those that are wrong: tests/data/values/policies.txt
 */
#include "judge/judge.h"

#include "tests/unit/allocs.h"
#include "tests/unit/golden.h"

#include <inttypes.h>

static FILE *out;
static struct judge_opts opts;

static void put_number(const char *name, uint64_t n)
{
	if (n)
		fprintf(out, " %s=%" PRIu64, name, n);
}

static void put_opts(void)
{
	uint32_t i;

	put_number("max-downtime", opts.max_downtime_ns);
	put_number("max-stop-window", opts.max_stop_window_ns);
	put_number("max-arc", opts.max_arc_ns);
	put_number("max-read", opts.max_read_ns);
	put_number("max-write", opts.max_write_ns);
	put_number("max-dirty-sync", opts.max_dirty_sync_ns);
	put_number("stuck-after", opts.stuck_after_ns);
	for (i = 0; i < opts.n_arcs; i++)
		fprintf(out, " %s:%s=%" PRIu64, mig_state_name(opts.arc[i].from),
			mig_state_name(opts.arc[i].to), opts.arc[i].ns);
	for (i = 0; i < RULE_NR; i++)
		if (opts.ignore[i])
			fprintf(out, " ignore:%s", judge_rule(i)->name);
	for (i = 0; i < opts.n_ignore_at; i++)
		fprintf(out, " ignore:%s@%s", judge_rule(opts.ignore_at[i].rule)->name,
			opts.ignore_at[i].driver);
	fprintf(out, "%s%s", opts.strict ? " strict" : "",
		opts.expects_completed ? " expects" : "");
	put_number("completed", opts.expect_completed);
	fputc('\n', out);
}

static void put_settings(void)
{
	static const struct {
		const char *key, *value;
	} ways[] = {
		{ "max-downtime", "300ms" },
		{ "max-downtime", "1.5s" },
		{ "max-downtime", "1ns" },
		{ "max-downtime", "0ms" },
		{ "max-downtime", "300" },
		{ "max-downtime", "3.5" },
		{ "max-downtime", " 300ms" },
		{ "max-downtime", "" },
		{ "max-downtime", "soon" },
		{ "max-downtime", "-1s" },
		{ "max-downtime", "300ms and a word that is longer than what is told of it" },
		{ "max-stop-window", "2m" },
		{ "max-dirty-sync", "5us" },
		{ "max-read", "49us" },
		{ "max-write", "50us" },
		{ "stuck-after", "3s" },
		{ "stuck-after", "0s" },
		{ "max-arc", "50ms" },
		{ "max-arc", "0ms" },
		{ "max-arc", "50" },
		{ "max-arc", "PRE_COPY:PRE_COPY_P2P=50ms" },
		{ "max-arc", "PRE_COPY_P2P:PRE_COPY=7ms" },
		{ "max-arc", "ERROR:PRE_COPY_P2P=1s" },
		{ "max-arc", "PRE_COPY:PRE_COPY_P2P=0ms" },
		{ "max-arc", "PRE_COPY:PRE_COPY_P2P=50" },
		{ "max-arc", "PRE_COPY:PRE_COPY_P2P=" },
		{ "max-arc", "PRE_COPY:PRE_COPY_P2P" },
		{ "max-arc", "PRE_COPY=50ms" },
		{ "max-arc", "PRE_COPY=50ms:STOP" },
		{ "max-arc", "PRE_COP:STOP=50ms" },
		{ "max-arc", "PRE_COPY_:STOP=50ms" },
		{ "max-arc", "PRE_COPY:STO=50ms" },
		{ "max-arc", "PRE_COPY:STOP_=50ms" },
		{ "max-arc", ":STOP=50ms" },
		{ "max-arc", "PRE_COPY:=50ms" },
		{ "max-arc", "UNKNOWN:STOP=50ms" },
		{ "max-arc", "running:stop=50ms" },
		{ "ignore", "eof-in-precopy" },
		{ "ignore", "eof-in-precopy,data-after-eof" },
		{ "ignore", "eof-in-precopy data-after-eof\tslow-call" },
		{ "ignore", " ,, eof-in-precopy ,, " },
		{ "ignore", "" },
		{ "ignore", ", \t" },
		{ "ignore", "eof-in-precop" },
		{ "ignore", "eof-in-precopy," },
		{ "ignore", "eof-in-precopyy" },
		{ "ignore", "eof-in-precopy,no-such-rule" },
		{ "ignore", "eof-in-precopy@mlx5_vfio_pci" },
		{ "ignore", "eof-in-precopy@mlx5_vfio_pci,eof-in-precopy@xe-vfio-pci slow-call" },
		{ "ignore", "eof-in-precopy@" },
		{ "ignore", "@mlx5_vfio_pci" },
		{ "ignore", "no-such-rule@mlx5_vfio_pci" },
		{ "ignore", "eof-in-precopy@a@b" },
		{ "strict", "yes" },
		{ "strict", "no" },
		{ "strict", "true" },
		{ "strict", "" },
		{ "strict", "yess" },
		{ "expect", "completed=0" },
		{ "expect", "completed=3" },
		{ "expect", "completed=" },
		{ "expect", "completed=x" },
		{ "expect", "completed=-1" },
		{ "expect", "failed=1" },
		{ "expect", "completed" },
		{ "max-everything", "1s" },
		{ "", "1s" },
		{ "max-downtim", "1s" },
		{ "max-downtimes", "1s" },
		{ "a key that is longer than what is told of it, by some", "1s" },
	};
	char err[JUDGE_ERR_LEN];
	size_t i;
	int rc;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		judge_opts_init(&opts);
		err[0] = '\0';
		rc = judge_opts_set(&opts, ways[i].key, ways[i].value, err);
		fprintf(out, "%s = '%s': %d %s\n", ways[i].key, ways[i].value, rc, err);
		put_opts();
	}
	/* One after the other: the last counts, and of arcs each its own. */
	judge_opts_init(&opts);
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		judge_opts_set(&opts, ways[i].key, ways[i].value, err);
	fprintf(out, "all of them:\n");
	put_opts();
}

static const char *const files[] = {
	"",
	"\n\n",
	"# nothing\n",
	"max-downtime = 300ms",
	"max-downtime = 300ms\n",
	"  max-downtime\t=\t 300ms \t\n\tstrict=yes # as in CI\n",
	"max-downtime = 300ms # 1s\n#strict = yes\nmax-read=1ms",
	"max-downtime = 300ms\r\nmax-read = 1ms\r\n",
	"max-downtime 300ms\n",
	"\n\nmax-downtime = soon\nstrict = yes\n",
	"strict = yes\nmax-downtime = soon\nmax-read = 1ms\n",
	"= 300ms\n",
	"max-downtime =\n",
	"max-arc = PRE_COPY:STOP_COPY=5ms\nmax-arc = 7ms\n",
	"expect = completed=2\n",
	"max-read = 1ms\n[ci]\nmax-read = 2ms\n[lab]\nmax-read = 3ms\n",
	"[ci]\nmax-read = 2ms\n[lab]\nmax-read = 3ms\nstrict = yes\n",
	"[ci]\nmax-read = 2ms\n[lab]\nmax-read = soon\n",
	"[lab]\nmax-read = soon\n[ci]\nmax-read = 2ms\n",
	"[ci]\nmax-read = 2ms\n[lab]\nmax-write = 3ms\n[ci]\nmax-write = 4ms\n",
	"[ ci ]\nmax-read = 2ms\n",
	"[ci\nmax-read = 2ms\n",
	"ci]\nmax-read = 2ms\n",
	"[]\nmax-read = 2ms\n",
	"[ci] # for CI\nmax-read = 2ms\n",
	"[a-profile-with-a-name-that-is-longer-than-what-is-told]\nmax-read = 2ms\n[ci]\n",
};

static void put_files(void)
{
	static const char *const profiles[] = { NULL, "ci", "lab", "" };
	char err[JUDGE_ERR_LEN], long_line[600];
	unsigned int line;
	size_t i, k, n;
	int rc;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		for (k = 0; k < 4; k++) {
			judge_opts_init(&opts);
			err[0] = '\0';
			rc = judge_policy(&opts, files[i], strlen(files[i]), profiles[k], &line,
					  err);
			fprintf(out, "file %zu, %s: %d at %u %s\n", i, profiles[k] ?: "none", rc,
				line, err);
			put_opts();
		}
	}
	/* As long as a line can be, and longer; and what is no text. */
	for (n = 509; n < 514; n++) {
		memset(long_line, ' ', sizeof(long_line));
		memcpy(long_line, "strict = yes", 12);
		long_line[n] = '\n';
		memcpy(long_line + n + 1, "max-read = 1s", 13);
		judge_opts_init(&opts);
		err[0] = '\0';
		rc = judge_policy(&opts, long_line, n + 14, NULL, &line, err);
		fprintf(out, "a line of %zu: %d at %u %s\n", n, rc, line, err);
		put_opts();
	}
	judge_opts_init(&opts);
	rc = judge_policy(&opts, "strict = yes\nmax-read\0 = 1s\n", 28, NULL, &line, err);
	fprintf(out, "no text: %d at %u %s\n", rc, line, err);
	put_opts();
}

static void test_policies(void **state)
{
	char *text = NULL;
	size_t len;

	(void)state;
	out = open_memstream(&text, &len);
	assert_non_null(out);
	put_settings();
	put_files();
	fclose(out);
	golden("tests/data/values/policies.txt", text);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policies),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
