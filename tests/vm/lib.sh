# shellcheck shell=bash
# tests/vm/lib.sh - what the lab's host-side scripts share: names, the cache, one lock.
#
# Promises: nothing is written into the clone; everything that is made once and kept lives under
# $VFIOSCOPE_CACHE (default /var/cache/vfioscope), which may be removed at any time.

lab_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # used by the scripts that source this file
top_dir=$(cd "$lab_dir/../.." && pwd)
lab_cache=${VFIOSCOPE_CACHE:-/var/cache/vfioscope}
lab_me=${0##*/}

lab_say() { printf '%s: %s\n' "$lab_me" "$*" >&2; }
lab_die() { lab_say "$*"; exit 1; }

# The kernels that the lab knows; the first is the default.
lab_kernel_known() {
	case $1 in
	6.12|6.12.95|7.3) ;;
	*) lab_die "unknown kernel '$1' (6.12, 6.12.95 or 7.3)" ;;
	esac
}

lab_need_root() {
	[ "$(id -u)" = 0 ] || lab_die "needs root (chroot, mounts, device nodes): run it as root or by sudo"
}

lab_need() {
	local t
	for t; do
		PATH=$PATH:/usr/sbin:/sbin command -v "$t" >/dev/null ||
			lab_die "'$t' is missing: tests/deps lab installs it"
	done
}

# lab_lock NAME: exclusive until this process ends. Says so when it has to wait.
lab_lock() {
	mkdir -p "$lab_cache"
	exec 9>"$lab_cache/$1.lock"
	flock -n 9 || { lab_say "waiting for another run that holds $1.lock"; flock 9; }
}
