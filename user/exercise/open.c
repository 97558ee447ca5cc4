// SPDX-License-Identifier: GPL-2.0-only
/*
 * open.c - the devices of a plan: looked up, opened, and held against it
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exercise/run.h"

static int look(const struct exercise_plan *p, struct exercise *x, char err[EXERCISE_ERR_LEN])
{
	int ret;

	x->has_dst = p->to;
	x->has_sib = p->with;
	ret = device_look(&x->src, p->device, err);
	if (!ret && p->to)
		ret = device_look(&x->dst, p->to, err);
	if (!ret && p->with)
		ret = device_look(&x->sib, p->with, err);
	/* "01:00.0" and "0000:01:00.0" are one device. */
	if (!ret && ((p->to && !strcmp(x->src.name, x->dst.name)) ||
		     (p->with && !strcmp(x->src.name, x->sib.name)) ||
		     (p->to && p->with && !strcmp(x->dst.name, x->sib.name)))) {
		snprintf(err, EXERCISE_ERR_LEN, "%s: is named twice", x->src.name);
		ret = -EINVAL;
	}
	return ret;
}

int exercise_look(const struct exercise_plan *plan, char err[EXERCISE_ERR_LEN])
{
	struct exercise x = { 0 };

	return look(plan, &x, err);
}

static int region_of(struct device *d, const struct exercise_region *want, uint32_t need,
		     struct region *r, char err[EXERCISE_ERR_LEN])
{
	int ret = device_region(d, want->index, r);

	if (ret || !r->size) {
		snprintf(err, EXERCISE_ERR_LEN, "%s: has no region %u", d->name, want->index);
		return ret ? ret : -ENXIO;
	}
	if ((r->flags & need) != need) {
		snprintf(err, EXERCISE_ERR_LEN, "%s: region %u cannot be %s", d->name, want->index,
			 need & VFIO_REGION_INFO_FLAG_WRITE ? "written" : "read");
		return -EACCES;
	}
	if (want->offset >= r->size || want->length > r->size - want->offset) {
		snprintf(err, EXERCISE_ERR_LEN, "%s: region %u has %llu bytes only", d->name,
			 want->index, (unsigned long long)r->size);
		return -ERANGE;
	}
	r->offset += want->offset;
	r->size = want->length ? want->length : r->size - want->offset;
	return 0;
}

static int open_regions(struct exercise *x, char err[EXERCISE_ERR_LEN])
{
	const struct exercise_plan *p = x->plan;
	const struct exercise_region *compare = p->compare.given ? &p->compare : &p->dirty;
	int ret = 0;

	if (p->dirty.given) {
		ret = region_of(&x->src, &p->dirty, VFIO_REGION_INFO_FLAG_WRITE, &x->dirty_src,
				err);
		if (!ret && x->has_dst)
			ret = region_of(&x->dst, &p->dirty, VFIO_REGION_INFO_FLAG_WRITE,
					&x->dirty_dst, err);
	}
	if (!ret && compare->given && !compare->stream) {
		ret = region_of(&x->src, compare, VFIO_REGION_INFO_FLAG_READ, &x->compare_src, err);
		if (!ret && x->has_dst)
			ret = region_of(&x->dst, compare, VFIO_REGION_INFO_FLAG_READ,
					&x->compare_dst, err);
	}
	return ret;
}

/* What the plan asks for and the device does not have. */
static int check_abilities(const struct exercise *x, char err[EXERCISE_ERR_LEN])
{
	const struct exercise_plan *p = x->plan;
	const struct fault_info *f = fault_info(p->fault);
	const char *what = NULL;

	if (!device_has(&x->src, UAPI_FLAG_PRE_COPY)) {
		if (p->cancel == STAGE_PRECOPY)
			what = "--cancel precopy";
		else if (p->reset == STAGE_PRECOPY)
			what = "--reset precopy";
		else if (f && (f->needs & FAULT_NEEDS_PRECOPY))
			what = f->name;
		if (what) {
			snprintf(err, EXERCISE_ERR_LEN, "%s: has no PRE_COPY, which %s needs",
				 x->src.name, what);
			return -EOPNOTSUPP;
		}
	}
	if (p->reset && p->reset != STAGE_RESUMING && !(x->src.flags & VFIO_DEVICE_FLAGS_RESET)) {
		snprintf(err, EXERCISE_ERR_LEN, "%s: cannot be reset", x->src.name);
		return -EOPNOTSUPP;
	}
	if (f && (f->needs & FAULT_NEEDS_P2P) &&
	    (!device_has(&x->src, UAPI_FLAG_P2P) || !device_has(&x->sib, UAPI_FLAG_P2P))) {
		snprintf(err, EXERCISE_ERR_LEN, "%s needs two devices with the P2P states",
			 f->name);
		return -EOPNOTSUPP;
	}
	return 0;
}

int exercise_open(struct exercise **xp, const struct exercise_plan *plan,
		  char err[EXERCISE_ERR_LEN])
{
	struct exercise *x = calloc(1, sizeof(*x));
	int ret;

	*xp = NULL;
	if (!x) {
		snprintf(err, EXERCISE_ERR_LEN, "out of memory");
		return -ENOMEM;
	}
	x->plan = plan;
	x->src.fd = x->dst.fd = x->sib.fd = -1;
	x->src.group_fd = x->dst.group_fd = x->sib.group_fd = -1;
	x->src.iommu = x->dst.iommu = x->sib.iommu = -1;
	ret = look(plan, x, err);
	if (!ret)
		ret = device_open(&x->src, NULL, err);
	if (!ret && x->has_dst)
		ret = device_open(&x->dst, &x->src, err);
	if (!ret && x->has_sib)
		ret = device_open(&x->sib, &x->src, err);
	if (!ret)
		ret = check_abilities(x, err);
	if (!ret)
		ret = open_regions(x, err);
	if (ret) {
		exercise_close(x);
		return ret;
	}
	*xp = x;
	return 0;
}

void exercise_close(struct exercise *x)
{
	if (!x)
		return;
	if (x->has_sib)
		device_close(&x->sib);
	if (x->has_dst)
		device_close(&x->dst);
	device_close(&x->src);
	free(x);
}

const char *exercise_method(const struct exercise *x)
{
	return x->src.by_cdev ? "iommufd" : "type1";
}

const char *exercise_driver(const struct exercise *x)
{
	return x->src.driver;
}
