// SPDX-License-Identifier: GPL-2.0
/*
 * vfio-client [-t TEST]... [-o BDF] A [B]
 * vfio-client -f RULE A B
 *
 *   A, B	PCI addresses of two devices of the same size, bound to a driver
 *		with migration; B is where the round trip goes
 *   -o BDF	a device of another size, whose streams A must refuse
 *   -t TEST	only this; may be repeated
 *   -f RULE	no test, but one migration under this fault of the driver's
 *
 * Prints TAP. Exit: 0 all passed, 1 something failed, 2 it could not begin.
 */
#include <getopt.h>
#include <signal.h>

#include "client.h"

const char *other_size;

static const struct {
	const char *name;
	void (*run)(struct device *a, struct device *b);
} tests[] = {
	{ "bar", test_bar },
	{ "arcs", test_arcs },
	{ "errno", test_errno },
	{ "precopy", test_precopy },
	{ "poll", test_poll },
	{ "reinit", test_reinit },
	{ "roundtrip", test_roundtrip },
	{ "reject", test_reject },
	{ "reset", test_reset },
	{ "close", test_close },
	{ "fail", test_fail },
	{ "race", test_race },
};

static void hung(int sig)
{
	static const char text[] = "\nBail out! no progress for too long\n";

	if (write(1, text, sizeof(text) - 1)) {
	}
	_exit(1);
}

int main(int argc, char **argv)
{
	const char *only[ARRAY_SIZE(tests)], *fault = NULL;
	size_t nonly = 0, i, j;
	struct device a, b;
	int opt, ret;

	while ((opt = getopt(argc, argv, "t:o:f:")) != -1) {
		if (opt == 't' && nonly < ARRAY_SIZE(only))
			only[nonly++] = optarg;
		else if (opt == 'f')
			fault = optarg;
		else if (opt == 'o')
			other_size = optarg;
		else
			goto usage;
	}
	if (argc - optind < 1 + !!fault || argc - optind > 2)
		goto usage;
	for (j = 0; j < nonly; j++) {
		for (i = 0; i < ARRAY_SIZE(tests); i++)
			if (!strcmp(only[j], tests[i].name))
				break;
		if (i == ARRAY_SIZE(tests)) {
			fprintf(stderr, "vfio-client: no test '%s'\n", only[j]);
			return 2;
		}
	}

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, hung);
	if (fault) {
		alarm(60);
		ret = device_open(&a, argv[optind]);
		if (!ret) {
			ret = device_open(&b, argv[optind + 1]);
			if (ret)
				device_close(&a);
		}
		if (ret) {
			fprintf(stderr, "vfio-client: cannot open the devices: %s\n",
				strerror(-ret));
			return 2;
		}
		tap_test = "fault";
		ret = fault_run(&a, &b, fault);
		device_close(&a);
		device_close(&b);
		return ret;
	}
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		double t0 = now();

		for (j = 0; j < nonly; j++)
			if (!strcmp(only[j], tests[i].name))
				break;
		if (nonly && j == nonly)
			continue;

		/* each test begins with devices that were just opened */
		alarm(300);
		ret = device_open(&a, argv[optind]);
		if (!ret && optind + 1 < argc) {
			ret = device_open(&b, argv[optind + 1]);
			if (ret)
				device_close(&a);
		} else {
			b.fd = -1;
		}
		if (ret) {
			fprintf(stderr, "vfio-client: cannot open the devices: %s\n",
				strerror(-ret));
			return 2;
		}
		tap_test = tests[i].name;
		tests[i].run(&a, b.fd < 0 ? NULL : &b);
		device_close(&a);
		if (b.fd >= 0 || optind + 1 < argc)
			device_close(&b);
		diag("%s: %.2f s", tests[i].name, now() - t0);
	}
	printf("1..%d\n", tap_count);
	if (tap_failed)
		printf("# %d of %d failed\n", tap_failed, tap_count);
	return tap_failed ? 1 : 0;
usage:
	fprintf(stderr, "usage: vfio-client [-t TEST]... [-o BDF] A [B]\n"
			"       vfio-client -f RULE A B\ntests:");
	for (i = 0; i < ARRAY_SIZE(tests); i++)
		fprintf(stderr, " %s", tests[i].name);
	fprintf(stderr, "\n");
	return 2;
}
