#!/bin/bash
# Out of memory is an error in every reader command: tests/oom/run, every fourth allocation
# (LONG=1: each), and a machine that from some point on has no memory at all.
# shellcheck source=tests/cli/lib
. "$(dirname "$0")/lib"

if grep -q __asan_init "$v"; then
	echo "the address sanitizer has a malloc of its own"
	exit 0
fi
step=4
[ -z "${LONG:-}" ] || step=1
tests/oom/run --step $step || failed=1
tests/oom/run --step $((step * 8)) --on || failed=1
exit $failed
