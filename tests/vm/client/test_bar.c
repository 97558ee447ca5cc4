// SPDX-License-Identifier: GPL-2.0
/* The memory as a guest sees it, and that no way around the tracker is open. */
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "client.h"

void test_bar(struct device *a, struct device *b)
{
	struct vfio_device_ioeventfd ioe = { .argsz = sizeof(ioe) };
	uint64_t sizes[] = { 1, 2, 3, 4, 7, 8, 13, 4096, 5000 };
	uint8_t out[5000], in[5000];
	struct feature f = {};
	int fd, ret, none;
	size_t i, k;
	void *p;

	check(a->bar_size >= PAGE, "BAR 2 has %llu bytes", (long long)a->bar_size);
	check(!(a->bar_flags & VFIO_REGION_INFO_FLAG_MMAP), "BAR 2 is not offered for mmap");
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, a->fd, a->bar);
	check(p == MAP_FAILED && errno == EINVAL, "mmap of BAR 2 fails with EINVAL");

	fd = eventfd(0, EFD_CLOEXEC);
	ioe.flags = VFIO_DEVICE_IOEVENTFD_32;
	ioe.offset = a->bar;
	ioe.fd = fd;
	ret = ioctl(a->fd, VFIO_DEVICE_IOEVENTFD, &ioe);
	check(ret < 0, "an ioeventfd on BAR 2 is refused (%s)", strerror(errno));
	close(fd);

	f.data[0] = VFIO_PCI_BAR2_REGION_INDEX;
	ret = device_feature(a, FEAT_DMA_BUF | FEAT_GET, &f);
	check(ret < 0, "a dma-buf of BAR 2 is refused (%s)", strerror(-ret));

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t off = PAGE - 3 + i;
		size_t n = sizes[i];

		for (k = 0; k < n; k++)
			out[k] = rnd();
		quiet(bar_write(a, off, out, n) == (ssize_t)n, "write of %zu", n);
		quiet(bar_read(a, off, in, n) == (ssize_t)n, "read of %zu", n);
		quiet(!memcmp(in, out, n), "%zu bytes came back different", n);
	}
	check(true, "writes of 1 to 5000 bytes at odd offsets read back");
	check_eq(bar_write(a, a->bar_size, out, 1), -EINVAL, "write behind the end");
	check_eq(bar_write(a, a->bar_size - 3, out, 8), 3, "write across the end");
	check_eq(bar_write(a, 0, (void *)8, 8), -EFAULT, "write from nowhere");
	check_eq(bar_write(a, 0, out, 0), 0, "write of nothing");

	device_memory(a, false);
	check_eq(bar_write(a, 0, out, 4), -EIO, "write with memory off");
	device_memory(a, true);
	check_eq(bar_write(a, 0, out, 4), 4, "write with memory on again");

	/* a stopped device takes no writes once a stream depends on it */
	check_eq(device_set(a, MIG_STOP, &none), 0, "STOP");
	check_eq(bar_write(a, 0, out, 4), 4, "write in STOP");
	need(!device_set(a, MIG_STOP_COPY, &fd), "STOP_COPY");
	check_eq(bar_write(a, 0, out, 4), -EBUSY, "write in STOP_COPY");
	check_eq(bar_read(a, 0, in, 4), 4, "read in STOP_COPY");
	close(fd);
	need(!device_set(a, MIG_RESUMING, &fd), "RESUMING");
	check_eq(bar_write(a, 0, out, 4), -EBUSY, "write in RESUMING");
	close(fd);
	check_eq(device_reset(a), 0, "reset");
	check_eq(bar_write(a, 0, out, 4), 4, "write after the reset");
}
