// SPDX-License-Identifier: GPL-2.0
/* A reset in every state, by the ioctl and from outside of VFIO. */
#include <fcntl.h>

#include "client.h"

static int sysfs_reset(struct device *d)
{
	char path[128];
	int fd, ret;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset", d->bdf);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	ret = write(fd, "1", 1) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

void test_reset(struct device *a, struct device *b)
{
	struct blob s = {};
	uint32_t state;
	int fd, ret, how;
	uint64_t x = 1;
	ssize_t n;
	char byte;

	for (state = 0; state < MIG_NR; state++) {
		if (!device_has(a, state))
			continue;
		for (how = 0; how < 4; how++) {
			const char *by = how & 1 ? "sysfs" : "ioctl";
			bool used = how & 2;

			ret = device_set(a, state, &fd);
			quiet(!ret, "%s: %d", state_name(state), ret);
			if (used && fd >= 0)
				quiet((state == MIG_RESUMING ? write(fd, "VSHM", 4) :
							       read(fd, &byte, 1)) > 0,
				      "using the session");
			ret = how & 1 ? sysfs_reset(a) : device_reset(a);
			check(!ret && device_state(a) == MIG_RUNNING,
			      "reset by %s in %s%s: %d, state %s", by, state_name(state),
			      used ? ", session in use" : "", ret, state_name(device_state(a)));
			if (fd >= 0) {
				n = state == MIG_RESUMING ? write(fd, "", 1) : read(fd, &byte, 1);
				quiet(n < 0 && errno == ENODEV, "%s: the session survived: %zd %s",
				      state_name(state), n, strerror(errno));
				ret = poll_now(fd, POLLIN);
				quiet(ret & POLLERR, "%s: poll says %#x", state_name(state), ret);
				close(fd);
			}
			device_memory(a, true);
			quiet(bar_write(a, 8, &x, 8) == 8, "%s: BAR after the reset",
			      state_name(state));
		}
	}
	check_eq(save_stopped(a, &s), 0, "a migration after all that");
	check_eq(s.len, full_bytes(a), "is complete");
	blob_free(&s);
}
