// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "util/units.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define NSEC_PER_SEC 1000000000ULL

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* @v / @unit with three significant digits, rounded half up, all in integers. */
static void three_digits(char *buf, size_t size, uint64_t v, uint64_t unit)
{
	__uint128_t scaled = v;
	unsigned int decimals;

	/* Which of 9.99, 99.9, 999 it is may change by the rounding itself. */
	for (decimals = 2; decimals > 0; decimals--) {
		uint64_t mul = decimals == 2 ? 100 : 10;
		uint64_t r = (uint64_t)((scaled * mul + unit / 2) / unit);

		if (r < 1000) {
			snprintf(buf, size, "%llu.%0*llu", (unsigned long long)(r / mul),
				 (int)decimals, (unsigned long long)(r % mul));
			return;
		}
	}
	snprintf(buf, size, "%llu", (unsigned long long)((scaled + unit / 2) / unit));
}

char *units_size(char buf[UNITS_LEN], uint64_t bytes, bool exact)
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	unsigned int i = 0;
	char num[24];

	if (exact || bytes < 1024) {
		snprintf(buf, UNITS_LEN, "%llu B", (unsigned long long)bytes);
		return buf;
	}
	/* 1023.9 KiB rounds to 1024 and is shown as 1.00 MiB. */
	while (i + 1 < ARRAY_SIZE(names) &&
	       (i == 0 || bytes >= (1ULL << (10 * (i + 1))) - (1ULL << (10 * i)) / 2))
		i++;
	three_digits(num, sizeof(num), bytes, 1ULL << (10 * i));
	snprintf(buf, UNITS_LEN, "%s %s", num, names[i]);
	return buf;
}

char *units_duration(char buf[UNITS_LEN], uint64_t ns)
{
	uint64_t s;
	char num[24];

	if (ns < 1000) {
		snprintf(buf, UNITS_LEN, "%llu ns", (unsigned long long)ns);
	} else if (ns < 999500) {
		three_digits(num, sizeof(num), ns, 1000);
		snprintf(buf, UNITS_LEN, "%s µs", num);
	} else if (ns < 999500000) {
		three_digits(num, sizeof(num), ns, 1000000);
		snprintf(buf, UNITS_LEN, "%s ms", num);
	} else if (ns < 99999500000ULL) {
		uint64_t ms = (ns + 500000) / 1000000;

		snprintf(buf, UNITS_LEN, "%llu.%03llu s", (unsigned long long)(ms / 1000),
			 (unsigned long long)(ms % 1000));
	} else {
		s = ns / NSEC_PER_SEC + (ns % NSEC_PER_SEC >= NSEC_PER_SEC / 2);
		if (s < 3600)
			snprintf(buf, UNITS_LEN, "%llum%02llus", (unsigned long long)(s / 60),
				 (unsigned long long)(s % 60));
		else if (s < 86400)
			snprintf(buf, UNITS_LEN, "%lluh%02llum", (unsigned long long)(s / 3600),
				 (unsigned long long)(s / 60 % 60));
		else
			snprintf(buf, UNITS_LEN, "%llud%02lluh", (unsigned long long)(s / 86400),
				 (unsigned long long)(s / 3600 % 24));
	}
	return buf;
}

char *units_count(char buf[UNITS_LEN], uint64_t n)
{
	char digits[24];
	size_t len, i, o = 0;

	len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	for (i = 0; i < len; i++) {
		if (i && len > 4 && (len - i) % 3 == 0)
			buf[o++] = ' ';
		buf[o++] = digits[i];
	}
	buf[o] = '\0';
	return buf;
}

/* @v as exactly @n digits. */
static char *put_digits(char *p, unsigned int v, unsigned int n)
{
	unsigned int i;

	for (i = n; i > 0; i--) {
		p[i - 1] = '0' + v % 10;
		v /= 10;
	}
	return p + n;
}

/*
 * The civil date of a day since 1970 by hand: this runs once per NDJSON line,
 * and gmtime_r() + snprintf() took most of an export's time.  The year begins
 * in March, so that the leap day is its last; an era is 400 years.
 */
char *units_rfc3339(char buf[UNITS_LEN], uint64_t realtime_ns)
{
	uint64_t s = realtime_ns / NSEC_PER_SEC, days = s / 86400 + 719468;
	unsigned int sec = s % 86400, era = days / 146097, doe = days % 146097;
	unsigned int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned int mp = (5 * doy + 2) / 153;
	unsigned int mon = mp < 10 ? mp + 3 : mp - 9;
	char *p = buf;

	p = put_digits(p, yoe + era * 400 + (mon <= 2), 4);
	*p++ = '-';
	p = put_digits(p, mon, 2);
	*p++ = '-';
	p = put_digits(p, doy - (153 * mp + 2) / 5 + 1, 2);
	*p++ = 'T';
	p = put_digits(p, sec / 3600, 2);
	*p++ = ':';
	p = put_digits(p, sec / 60 % 60, 2);
	*p++ = ':';
	p = put_digits(p, sec % 60, 2);
	*p++ = '.';
	p = put_digits(p, realtime_ns % NSEC_PER_SEC, 9);
	*p++ = 'Z';
	*p = '\0';
	return buf;
}

char *units_clock(char buf[UNITS_LEN], uint64_t realtime_ns)
{
	uint64_t s = realtime_ns / NSEC_PER_SEC % 86400;

	snprintf(buf, UNITS_LEN, "%02u:%02u:%02u.%06u", (unsigned int)(s / 3600),
		 (unsigned int)(s / 60 % 60), (unsigned int)(s % 60),
		 (unsigned int)(realtime_ns % NSEC_PER_SEC / 1000));
	return buf;
}

/*
 * "12.345" times @unit at the start of *@s, exactly; *@s moves behind the
 * number.  @unit is only known after the number, hence two steps: digits are
 * collected as @mant / @div.
 */
static int parse_number(const char **s, uint64_t *mant, uint64_t *div)
{
	const char *p = *s;
	bool dot = false, any = false;

	*mant = 0;
	*div = 1;
	for (;; p++) {
		if (*p == '.' && !dot) {
			dot = true;
			continue;
		}
		if (*p < '0' || *p > '9')
			break;
		any = true;
		if (dot && *div >= 1000000000ULL)
			continue; /* finer than a nanosecond of a second */
		if (__builtin_mul_overflow(*mant, 10, mant) ||
		    __builtin_add_overflow(*mant, (uint64_t)(*p - '0'), mant))
			return -ERANGE;
		if (dot)
			*div *= 10;
	}
	if (!any)
		return -EINVAL;
	*s = p;
	return 0;
}

struct unit {
	const char *name;
	uint64_t value;
};

static int parse_with_units(const char *s, const struct unit *units, size_t n, bool nocase,
			    uint64_t *out)
{
	uint64_t mant, div;
	__uint128_t v;
	size_t i;
	int err;

	err = parse_number(&s, &mant, &div);
	if (err)
		return err;
	while (*s == ' ')
		s++;
	for (i = 0; i < n; i++)
		if (nocase ? !strcasecmp(s, units[i].name) : !strcmp(s, units[i].name))
			break;
	if (i == n)
		return -EINVAL;
	v = (__uint128_t)mant * units[i].value / div;
	if (v > UINT64_MAX)
		return -ERANGE;
	*out = (uint64_t)v;
	return 0;
}

int units_parse_size(const char *s, uint64_t *bytes)
{
	static const struct unit units[] = {
		{ "", 1 },
		{ "B", 1 },
		{ "K", 1ULL << 10 },
		{ "KiB", 1ULL << 10 },
		{ "KB", 1000 },
		{ "M", 1ULL << 20 },
		{ "MiB", 1ULL << 20 },
		{ "MB", 1000000 },
		{ "G", 1ULL << 30 },
		{ "GiB", 1ULL << 30 },
		{ "GB", 1000000000 },
		{ "T", 1ULL << 40 },
		{ "TiB", 1ULL << 40 },
		{ "TB", 1000000000000ULL },
	};

	return parse_with_units(s, units, ARRAY_SIZE(units), true, bytes);
}

int units_parse_duration(const char *s, uint64_t *ns)
{
	static const struct unit units[] = {
		{ "", NSEC_PER_SEC },
		{ "s", NSEC_PER_SEC },
		{ "ms", 1000000 },
		{ "us", 1000 },
		{ "µs", 1000 },
		{ "μs", 1000 },
		{ "ns", 1 },
		{ "m", 60 * NSEC_PER_SEC },
		{ "min", 60 * NSEC_PER_SEC },
		{ "h", 3600 * NSEC_PER_SEC },
		{ "d", 86400 * NSEC_PER_SEC },
	};

	return parse_with_units(s, units, ARRAY_SIZE(units), false, ns);
}

static bool two_digits(const char **p, int *v)
{
	const char *s = *p;

	if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
		return false;
	*v = (s[0] - '0') * 10 + s[1] - '0';
	*p = s + 2;
	return true;
}

static bool skip(const char **p, const char *set)
{
	if (!**p || !strchr(set, **p))
		return false;
	(*p)++;
	return true;
}

int units_parse_rfc3339(const char *s, uint64_t *realtime_ns)
{
	int century, year, mon, day, hour, min, sec, oh = 0, om = 0, sign = 0;
	uint64_t frac = 0, scale = NSEC_PER_SEC;
	struct tm tm = { 0 };
	int64_t t;

	if (!two_digits(&s, &century) || !two_digits(&s, &year) || !skip(&s, "-") ||
	    !two_digits(&s, &mon) || !skip(&s, "-") || !two_digits(&s, &day) || !skip(&s, "Tt ") ||
	    !two_digits(&s, &hour) || !skip(&s, ":") || !two_digits(&s, &min) || !skip(&s, ":") ||
	    !two_digits(&s, &sec))
		return -EINVAL;
	if (*s == '.') {
		s++;
		if (*s < '0' || *s > '9')
			return -EINVAL;
		for (; *s >= '0' && *s <= '9'; s++) {
			if (scale == 1)
				continue;
			scale /= 10;
			frac += (uint64_t)(*s - '0') * scale;
		}
	}
	if (*s == '+' || *s == '-') {
		sign = *s++ == '+' ? -1 : 1;
		if (!two_digits(&s, &oh) || !skip(&s, ":") || !two_digits(&s, &om))
			return -EINVAL;
	} else if (!skip(&s, "Zz")) {
		return -EINVAL;
	}
	if (*s || mon < 1 || mon > 12 || day < 1 || day > 31 || hour > 23 || min > 59 || sec > 60 ||
	    oh > 23 || om > 59)
		return -EINVAL;
	tm.tm_year = century * 100 + year - 1900;
	tm.tm_mon = mon - 1;
	tm.tm_mday = day;
	tm.tm_hour = hour;
	tm.tm_min = min;
	/* A leap second is the next minute's first: added apart. */
	t = (int64_t)timegm(&tm) + sec + sign * (oh * 3600 + om * 60);
	if (tm.tm_mday != day) /* February 30th became March */
		return -EINVAL;
	if (t < 0 || (uint64_t)t > UINT64_MAX / NSEC_PER_SEC - 1)
		return -ERANGE;
	*realtime_ns = (uint64_t)t * NSEC_PER_SEC + frac;
	return 0;
}

int units_parse_u64(const char *s, uint64_t *v)
{
	uint64_t r = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(r, 10, &r) ||
		    __builtin_add_overflow(r, (uint64_t)(*s - '0'), &r))
			return -ERANGE;
	}
	*v = r;
	return 0;
}
