// SPDX-License-Identifier: GPL-2.0-only
#include "exercise/fault.h"

#include <stddef.h>
#include <string.h>

const char *const fault_words[] = {
	"none",
	"fd-lost",
	"resume-short",
	"resume-rejected",
	"stream-not-drained",
	"precopy-thrown-away",
	"left-precopy-early",
	"enomsg-spin",
	"reset-in-session",
	"stream-left-open",
	"p2p-skipped",
	"concurrent-io",
	"not-converging",
	"list",
	NULL
};

static const struct fault_info faults[FAULT_NR] = {
	[FAULT_FD_LOST] = {
		"fd-lost", "a session begins with no descriptor free (EMFILE), or every other time EFAULT",
		0,
	},
	[FAULT_RESUME_SHORT] = {
		"resume-short", "the last piece of the stream is not written, for a driver that accepts that",
		FAULT_NEEDS_TO,
	},
	[FAULT_RESUME_REJECTED] = {
		"resume-rejected", "the last piece of the stream is not written, for a driver that refuses that",
		FAULT_NEEDS_TO,
	},
	[FAULT_STREAM_NOT_DRAINED] = {
		"stream-not-drained", "STOP_COPY is left for STOP after the first piece",
		0,
	},
	[FAULT_PRECOPY_THROWN_AWAY] = {
		"precopy-thrown-away", "PRE_COPY is left for STOP, and STOP_COPY begins anew",
		FAULT_NEEDS_PRECOPY,
	},
	[FAULT_LEFT_PRECOPY_EARLY] = {
		"left-precopy-early", "PRE_COPY is left for STOP_COPY as soon as the first info was given",
		FAULT_NEEDS_PRECOPY,
	},
	[FAULT_ENOMSG_SPIN] = {
		"enomsg-spin", "an empty stream is read again and again instead of polled",
		FAULT_NEEDS_PRECOPY,
	},
	[FAULT_RESET_IN_SESSION] = {
		"reset-in-session", "the source is reset while its stream is read",
		0,
	},
	[FAULT_STREAM_LEFT_OPEN] = {
		"stream-left-open", "the device is closed before its data FD",
		0,
	},
	[FAULT_P2P_SKIPPED] = {
		"p2p-skipped", "the source is stopped while its sibling still runs",
		FAULT_NEEDS_WITH | FAULT_NEEDS_P2P,
	},
	[FAULT_CONCURRENT_IO] = {
		"concurrent-io", "two threads read the stream at a time",
		0,
	},
	[FAULT_NOT_CONVERGING] = {
		"not-converging", "the region is dirtied as fast as it is read, for some seconds",
		FAULT_NEEDS_DIRTY | FAULT_NEEDS_PRECOPY,
	},
};

const struct fault_info *fault_info(uint32_t fault)
{
	return fault < FAULT_NR && faults[fault].name ? &faults[fault] : NULL;
}

uint32_t fault_from_name(const char *name)
{
	uint32_t i;

	if (!strcmp(name, fault_words[FAULT_NONE]))
		return FAULT_NONE;
	for (i = 0; i < FAULT_NR; i++)
		if (faults[i].name && !strcmp(faults[i].name, name))
			return i;
	return FAULT_NR;
}
