#!/bin/bash
# merge: two hosts' recordings of one migration of QEMU (tests/data/merge/make.c
# says how they came to be) give the downtime of the one that they are made of.
. "$(dirname "$0")/lib"
data=tests/data/merge
whole=tests/data/judge/reference-qemu.vfs

downtimes() { "$v" report --format json "$1" | jq -c '[.migrations[] | .downtime_ns]'; }
is() { [ "$2" = "$3" ] || fail "$1: $2, want $3"; }

true_ns=$("$v" report --format json $whole | jq '.migrations[0].downtime_ns')
is "the whole" "$true_ns" 9259376588

# The destination's CLOCK_REALTIME is 3 ms ahead: so is the downtime, and no more.
want 0 "vfioscope: by CLOCK_REALTIME of both hosts: the times of * are moved by +15.003 s*
vfioscope: causality: the quickest bytes took 3.70 ms from read() to write(), *
vfioscope: migration 1 is seen on both sides (vm and bytes): downtime 9.262 s" "$v" merge $data/src.vfs $data/dst.vfs -o "$tmp/m.vfs"
is "3 ms ahead" "$(downtimes "$tmp/m.vfs")" "[$((true_ns + 3000000))]"
# 200 ms behind: causality corrects it by the least.
want 0 "*the clocks were wrong by 199 ms at least*" "$v" merge $data/src.vfs $data/behind.vfs -o "$tmp/b.vfs"
short=$((true_ns - $(downtimes "$tmp/b.vfs" | jq '.[0]')))
[ $short -gt 0 ] && [ $short -lt 1000000 ] || fail "200 ms behind: the downtime is $short ns too short"

# Nothing else has changed: each event of both once, and what they add up to.
for f in src dst; do "$v" export $data/$f.vfs | jq -r '[.kind, .ret, .size, .count] | @csv'; done | sort >"$tmp/parts"
"$v" export "$tmp/m.vfs" | jq -r '[.kind, .ret, .size, .count] | @csv' | sort | cmp - "$tmp/parts" ||
	fail "events are missing, new or other"
keys='[.migrations[] | [.direction, .outcome, .bytes_total, .reads, .writes, .enomsg]] | sort'
is "sums" "$("$v" report --format json "$tmp/m.vfs" | jq -c "$keys")" "$("$v" report --format json $whole | jq -c "$keys")"
is "devices" "$("$v" report --format json "$tmp/m.vfs" | jq -c '[.devices[].device]')" \
	'["0000:01:00.0","0000:01:00.0"]'
is "hosts" "$("$v" report --format json "$tmp/m.vfs" | jq -c '[.devices[].host]')" '["node7","node8"]'
"$v" export "$tmp/m.vfs" | jq -e -s 'all(.[]; .t_ns >= 0) and ([.[].pid] | max < 10000)' >"$tmp/out" ||
	fail "processes are not what they were on their hosts"
is "host" "$("$v" report --format json "$tmp/m.vfs" | jq -r '.traces[0].host')" "node7 and node8"
"$v" info "$tmp/m.vfs" >"$tmp/info"
grep -q "merged  .*clock: by CLOCK_REALTIME" "$tmp/info" || fail "info does not say how the clocks were tied"
grep -q "bound: causality" "$tmp/info" || fail "info does not say how far it may be off"

# Every reader takes it, and it is the same wherever it goes.
for c in report check export info "export --format perfetto" "report --format html"; do
	# shellcheck disable=SC2086
	want 0 "" "$v" $c "$tmp/m.vfs"
done
want 0 "" bash -c "$v merge -q $data/src.vfs $data/dst.vfs -o - >$tmp/pipe"
cmp -s <("$v" export "$tmp/pipe") <("$v" export "$tmp/m.vfs") || fail "-o - gives another recording"
want 0 "" bash -c "$v merge -q $data/src.vfs - -o - <$data/dst.vfs >$tmp/pipe"
cmp -s <("$v" export "$tmp/pipe") <("$v" export "$tmp/m.vfs") || fail "from a pipe it is another recording"
want 0 "" bash -c "$v merge -q $data/src.vfs $data/dst.vfs -o - | head -c 100 >/dev/null; exit \${PIPESTATUS[0]}"

# Cut short, damaged: said, and at its place.
head -c 20000 $data/dst.vfs >"$tmp/cut.vfs"
want 0 "*" "$v" merge $data/src.vfs "$tmp/cut.vfs" -o "$tmp/c.vfs"
want 3 "" "$v" check "$tmp/c.vfs"
is "cut" "$("$v" report --format json "$tmp/c.vfs" | jq -c '[.loss.places, .loss.damaged_places, .loss.ended]')" '[1,1,false]'
"$v" info "$tmp/c.vfs" | grep -q "damage .*, no end: of the recording of node8" || fail "info does not say that one was cut"

# Damage stays damage, whatever it hit: as all commands say it of the parts, they say it of the result.
for what in META INDEX SNAPSHOT magic; do
	python3 - $data/dst.vfs "$tmp/bad.vfs" $what <<-'PY'
		import struct, sys
		b = bytearray(open(sys.argv[1], "rb").read())
		types = {"META": 1, "SNAPSHOT": 5, "INDEX": 7}
		at = 40
		while sys.argv[3] in types and struct.unpack_from("<H", b, at + 4)[0] != types[sys.argv[3]]:
		    at += 56 + struct.unpack_from("<I", b, at + 8)[0]
		b[at + 60 if sys.argv[3] in types else 3] ^= 0x40
		open(sys.argv[2], "wb").write(b)
	PY
	want 0 "*" "$v" merge -f $data/src.vfs "$tmp/bad.vfs" -o "$tmp/c.vfs"
	want 3 "*" "$v" check $data/src.vfs "$tmp/bad.vfs"
	want 3 "*" "$v" check "$tmp/c.vfs"
	is "damaged $what" "$("$v" report --format json "$tmp/c.vfs" | jq -c '[.loss.bytes_skipped, .loss.ended, .verdict]')" \
		"$("$v" report --format json $data/src.vfs "$tmp/bad.vfs" | jq -c '[.loss.bytes_skipped, .loss.ended, .verdict]')"
	for c in report check info "export --format ndjson" "export --format csv" "report --format html" "check --format junit" "export --format openmetrics"; do
		# shellcheck disable=SC2086
		"$v" $c "$tmp/c.vfs" >"$tmp/out" 2>&1
		grep -qiE 'cannot be read|unreadable|damage' "$tmp/out" || fail "$c does not say that $what was damaged"
	done
done

# Manners.
want 2 "vfioscope: merge: it takes two recordings: *" "$v" merge $data/src.vfs -o "$tmp/x.vfs"
want 2 "vfioscope: merge: where to? '-o FILE'" "$v" merge $data/src.vfs $data/dst.vfs
want 2 "vfioscope: $tmp/m.vfs exists; -f overwrites it" "$v" merge $data/src.vfs $data/dst.vfs -o "$tmp/m.vfs"
want 0 "" "$v" merge -q -f $data/src.vfs $data/dst.vfs -o "$tmp/m.vfs"
want 2 "vfioscope: $tmp/m.vfs: is one of the files that are read" "$v" merge -f "$tmp/m.vfs" $data/dst.vfs -o "$tmp/m.vfs"
want 2 "vfioscope: only one recording can come on standard input" "$v" merge - - -o "$tmp/x.vfs"
want 5 "vfioscope: /nonexistent: No such file or directory" "$v" merge $data/src.vfs /nonexistent -o "$tmp/x.vfs"
# Of a command line that is too long there is a part, and it is said to be one.
command_of() {
	local many
	mapfile -t many < <(yes -- -q | head -n "$1")
	"$v" merge "${many[@]}" $data/src.vfs $data/dst.vfs -f -o "$tmp/l.vfs"
	"$v" info --format json "$tmp/l.vfs" | jq -r .meta.command
}
command_of 1000 >"$tmp/out"
[ "$(tail -c 8 "$tmp/out")" = dst.vfs ] || fail "a command line of 3 KB is not kept"
command_of 2000 >"$tmp/out"
[ "$(wc -c <"$tmp/out")" = $((4096 + 3 + 1)) ] && [ "$(tail -c 4 "$tmp/out")" = ... ] ||
	fail "of a command line of 6 KB $(wc -c <"$tmp/out") bytes are kept"
want 5 "vfioscope: README.md: *" "$v" merge README.md $data/dst.vfs -o "$tmp/x.vfs"
want 5 "vfioscope: /dev/full: No space left on device" "$v" merge $data/src.vfs $data/dst.vfs -f -o /dev/full
[ ! -e "$tmp/x.vfs" ] || fail "a merge that failed left a file"
exit $failed
