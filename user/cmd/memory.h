/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory.h - out of memory is an error, whoever overlooked it
 *
 * A view that could not have its memory prints less, and nothing of what it prints
 * says so.  Every function checks its own allocations; but that all of them do, and
 * that all their callers pass it on, is a promise that one line breaks.  So the tool
 * is linked with its allocator's entries wrapped (the Makefile's --wrap), and a command
 * that reads does not end well after one of them failed.
 */
#ifndef VFIOSCOPE_CMD_MEMORY_H
#define VFIOSCOPE_CMD_MEMORY_H

#include <stdbool.h>

/* Did the process get no memory at any time, for whatever it asked it? */
bool memory_failed(void);

#endif
