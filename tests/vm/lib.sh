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

# The kernels that the lab knows, one a line: NAME, the Debian suite that it comes from, its version in the names of its
# packages ("-": the suite's own, whatever it is today), and the name of its source package. A name ends in a flavour of
# Debian's where there is one (-rt, -arm64). Without a source there is no sample driver and none of the vendors'; of those
# marked "image" the archive has kept nothing but the image: nothing is built for them, and the hooks alone are seen; of one
# marked "orphan" not even the small packages that the image asks for. Of 6.19 to 7.1 it has no modules any more. Of version
# "built" is what build-kernel builds of that source: kernel/FLAVOUR.config says how.
lab_kernels='
6.1        bookworm            -              linux-source-6.1
6.1-rt     bookworm            -              linux-source-6.1
6.12       trixie              -              linux-source-6.12
6.12-rt    trixie              -              linux-source-6.12
6.12-arm64 trixie              -              linux-source-6.12
6.12-builtin trixie            built          linux-source-6.12
6.12.95    bookworm-backports  6.12.95+deb12  linux-source-6.12
6.16       trixie-backports    6.16.12+deb13  image
6.17       trixie-backports    6.17.13+deb13  image
6.18       trixie-backports    6.18.15+deb13  orphan
7.2        trixie-backports    7.2.12+deb13   none
7.3        trixie-backports    -              linux-source-7.3
7.3-rt     trixie-backports    -              linux-source-7.3
'

lab_kernel_names() { awk 'NF { print $1 }' <<<"$lab_kernels"; }

# lab_kernel NAME: sets kernel_suite, kernel_version, kernel_source, kernel_flavour (rt, builtin or nothing) and kernel_arch
lab_kernel() {
	local line
	line=$(grep -E "^${1//./\\.} " <<<"$lab_kernels") ||
		lab_die "unknown kernel '$1' (one of: $(lab_kernel_names | tr '\n' ' '))"
	# shellcheck disable=SC2034 # what they say is used by the scripts that source this file
	read -r _ kernel_suite kernel_version kernel_source <<<"$line"
	# shellcheck disable=SC2034
	case $1 in
	*-arm64) kernel_flavour='' kernel_arch=arm64 ;;
	*-rt) kernel_flavour=rt kernel_arch=amd64 ;;
	*-builtin) kernel_flavour=builtin kernel_arch=amd64 ;;
	*) kernel_flavour='' kernel_arch=amd64 ;;
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
