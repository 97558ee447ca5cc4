// SPDX-License-Identifier: GPL-2.0-only
/*
 * driver.c - drives a fuzz target where there is no libFuzzer
 *
 * usage: fuzz_X [-runs=N] [-seed=N] [-max_len=N] [-input=FILE] FILE|DIR...
 *
 * Each file (of a folder, too) is an input, as it is; then come N more, made of them by
 * chance, the same for the same seed.  The options are libFuzzer's, and any other of
 * its form (-x=y) is passed over.  There is no feedback: it finds again what was
 * found, and little else.  Exit 0: every input was run.
 *
 * The input under way lies in -input's FILE (fuzz-input) until it has ended well: what is
 * left after a crash is the input that crashed.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define LEN_MAX (1U << 20)

struct input {
	uint8_t *p;
	size_t n;
};

static struct input *corpus;
static size_t n_corpus;
static uint64_t seed = 1;
static size_t max_len = 65536;
static const char *kept = "fuzz-input";
static uint8_t *shared; /* the bytes of @kept */
static int shared_fd;
static uint64_t done;

static uint64_t below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return n ? (seed * 0x2545f4914f6cdd1dULL >> 11) % n : 0;
}

static void run(const uint8_t *p, size_t n)
{
	uint8_t *exact = malloc(n ? n : 1); /* so that its end is the end */

	if (!exact || ftruncate(shared_fd, (off_t)n))
		fuzz_die("driver: out of memory");
	memcpy(exact, p, n);
	memcpy(shared, p, n);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	done++;
}

static void add(const char *path)
{
	struct stat st;
	struct input *in;
	FILE *f;

	if (stat(path, &st))
		fuzz_die("driver: %s: cannot be read", path);
	if (S_ISDIR(st.st_mode)) {
		struct dirent **d = NULL;
		int n = scandir(path, &d, NULL, alphasort), i;

		for (i = 0; i < n; i++) {
			char *sub = NULL;

			if (d[i]->d_name[0] != '.' &&
			    asprintf(&sub, "%s/%s", path, d[i]->d_name) >= 0)
				add(sub);
			free(sub);
			free(d[i]);
		}
		free(d);
		return;
	}
	if (st.st_size > LEN_MAX)
		fuzz_die("driver: %s: too large", path);
	corpus = realloc(corpus, (n_corpus + 1) * sizeof(*corpus));
	f = fopen(path, "re");
	if (!corpus || !f)
		fuzz_die("driver: %s: cannot be read", path);
	in = &corpus[n_corpus++];
	in->n = (size_t)st.st_size;
	in->p = malloc(in->n ? in->n : 1);
	if (!in->p || fread(in->p, 1, in->n, f) != in->n)
		fuzz_die("driver: %s: cannot be read", path);
	fclose(f);
	printf("%s\n", path);
	fflush(stdout);
	run(in->p, in->n);
}

/* One change of @p, which has room for @max_len. */
static size_t mutate(uint8_t *p, size_t n)
{
	static const uint8_t odd[] = { 0, 1, 0x7f, 0x80, 0xff, 0xfe, 16, 64 };
	const struct input *other = n_corpus ? &corpus[below(n_corpus)] : NULL;
	size_t at = below(n + 1), len, from;

	switch (below(8)) {
	case 0:
		if (n)
			p[at % n] ^= (uint8_t)(1U << below(8));
		break;
	case 1:
		if (n)
			p[at % n] = odd[below(sizeof(odd))];
		break;
	case 2:
		if (n)
			p[at % n] = (uint8_t)below(256);
		break;
	case 3: /* insert */
		if (n < max_len) {
			memmove(p + at + 1, p + at, n - at);
			p[at] = (uint8_t)below(256);
			n++;
		}
		break;
	case 4: /* take out */
		len = below(n - at < 32 ? n - at + 1 : 32);
		memmove(p + at, p + at + len, n - at - len);
		n -= len;
		break;
	case 5: /* again */
		len = below(n - at < 32 ? n - at + 1 : 32);
		if (n + len <= max_len) {
			memmove(p + at + len, p + at, n - at);
			n += len;
		}
		break;
	case 6: /* a piece of another */
	case 7:
		if (!other || !other->n)
			break;
		from = below(other->n);
		len = below(other->n - from < 256 ? other->n - from + 1 : 256);
		if (n + len > max_len)
			break;
		memmove(p + at + len, p + at, n - at);
		memcpy(p + at, other->p + from, len);
		n += len;
		break;
	}
	return n;
}

static void by_chance(uint64_t runs)
{
	uint8_t *p = malloc(max_len);
	const struct input *in;
	unsigned int changes;
	size_t n;

	if (!p)
		fuzz_die("driver: out of memory");
	while (runs--) {
		in = n_corpus ? &corpus[below(n_corpus)] : NULL;
		n = in ? in->n < max_len ? in->n : max_len : 0;
		if (in)
			memcpy(p, in->p, n);
		for (changes = 1 + (unsigned int)below(8); changes; changes--)
			n = mutate(p, n);
		run(p, n);
	}
	free(p);
}

int main(int argc, char **argv)
{
	uint64_t runs = 0;
	size_t i;
	int a;

	for (a = 1; a < argc; a++) {
		if (!strncmp(argv[a], "-runs=", 6))
			runs = strtoull(argv[a] + 6, NULL, 10);
		else if (!strncmp(argv[a], "-seed=", 6))
			seed = strtoull(argv[a] + 6, NULL, 10) ?: 1;
		else if (!strncmp(argv[a], "-max_len=", 9))
			max_len = strtoull(argv[a] + 9, NULL, 10);
		else if (!strncmp(argv[a], "-input=", 7))
			kept = argv[a] + 7;
	}
	if (!max_len || max_len > LEN_MAX)
		max_len = LEN_MAX;
	shared_fd = open(kept, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (shared_fd < 0)
		fuzz_die("driver: %s: cannot be made", kept);
	shared = mmap(NULL, LEN_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, shared_fd, 0);
	if (shared == MAP_FAILED)
		fuzz_die("driver: %s: cannot be mapped", kept);
	LLVMFuzzerInitialize(&argc, &argv);
	for (a = 1; a < argc; a++)
		if (argv[a][0] != '-')
			add(argv[a]);
	by_chance(runs);
	printf("%llu inputs\n", (unsigned long long)done);
	unlink(kept);
	for (i = 0; i < n_corpus; i++)
		free(corpus[i].p);
	free(corpus);
	return 0;
}
