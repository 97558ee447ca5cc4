#!/bin/bash
# The systemd unit: installed where it belongs, with the tool that was installed; systemd
# understands all of it, and finds little that it could reach.
. "$(dirname "$0")/lib"

make -s -o all install DESTDIR="$tmp/root" prefix=/usr >/dev/null 2>&1 || fail "make install"
unit=$tmp/root/usr/lib/systemd/system/vfioscope.service
grep -q '^ExecStart=/usr/bin/vfioscope record --each-migration ' "$unit" || fail "ExecStart of $unit"
make -s -o all install DESTDIR="$tmp/none" prefix=/usr systemdunitdir= >/dev/null 2>&1 || fail "make install"
[ ! -e "$tmp/none/usr/lib/systemd" ] || fail "a unit although none was asked for"

# Its options are options.
options=$(sed -n 's/^Environment="VFIOSCOPE_OPTIONS=\(.*\)"/\1/p' "$unit")
# shellcheck disable=SC2086 # words are wanted
want 2 "*no -o*" "$v" record --each-migration "$tmp/d" $options -o "$tmp/a.vfs"

if command -v systemd-analyze >/dev/null; then
	# verify looks whether the program is there.
	mkdir "$tmp/units"
	sed "s|/usr/bin/vfioscope|/bin/true|; /^Documentation=/d" "$unit" >"$tmp/units/vfioscope.service"
	systemd-analyze verify --man=no "$tmp/units/vfioscope.service" >"$tmp/out" 2>&1 && [ ! -s "$tmp/out" ] ||
		fail "systemd-analyze verify: $(head -3 "$tmp/out")"
	# What attaching takes (CAP_SYS_ADMIN, bpf()) costs 1.9 of 10.
	systemd-analyze security --offline=yes --threshold=22 "$tmp/units/vfioscope.service" >"$tmp/out" 2>&1 ||
		fail "systemd-analyze security: $(tail -1 "$tmp/out")"
else
	fail "systemd-analyze is missing: tests/deps check installs it"
fi
exit $failed
