#!/bin/bash
# cut: what is kept is a recording of its own, of which every command says the same as of
# the whole; no name is left in it when none is wanted.
. "$(dirname "$0")/lib"
cases=tests/data/cases
judge=tests/data/judge

has() { grep -qF -- "$1" "$tmp/err" || { fail "no '$1' in:"; head -20 "$tmp/err"; }; }

want 2 "*where to*" "$v" cut --migration 1 $cases/fleet.vfs
want 2 "*what of it*" "$v" cut $cases/fleet.vfs -o "$tmp/x.vfs"
want 2 "*one recording*" "$v" cut --migration 1 -o "$tmp/x.vfs"
want 2 "*no migration 99*" "$v" cut --migration 99 $cases/fleet.vfs -o "$tmp/x.vfs"
want 2 "*no device is called*" "$v" cut --device 0000:ff:00.0 $cases/fleet.vfs -o "$tmp/x.vfs"
[ ! -e "$tmp/x.vfs" ] || fail "something was left"

# What check says of migration $2 of $1: times on the host's clock, which a cut does not move.
said() {
	"$v" check --format json --migration "$2" "$1" 2>/dev/null | jq -cS --argjson n "$2" '
		(.migrations[] | select(.id == $n) | [.vm, .outcome, .begin, .end, .downtime_ns, .downtime_why, .stopped_ns,
			.stop, .downtime, .bytes_total, .devices, (.cause | if . then [.call, .errno, .state, .party, .bytes] else . end)]),
		([.findings[] | select(.migration == $n) | [.rule, .severity, .party, .device, .host, .t_ns, .text]] | sort)'
}

# Every migration of these: failed, cancelled, unfinished, of several, of both hosts, in
# recordings that have been cut off; LONG: of all.
n=0
files=("$cases"/{01-hisi-mismatch,04-mlx5-cancel-leak,11-xe-read-oops,15-qat-refused-dst,fleet}.vfs
	"$judge"/{cancelled-in-stop-copy,killed-recorder,stream-not-drained}.vfs tests/data/merge/behind.vfs tests/data/cut/*.vfs)
[ -z "${LONG:-}" ] || files=("$cases"/*.vfs "$judge"/*.vfs tests/data/merge/*.vfs tests/data/cut/*.vfs)
for f in "${files[@]}"; do
	for id in $("$v" report --format json "$f" | jq '.migrations[].id'); do
		want 0 "*" "$v" cut --migration "$id" "$f" -o "$tmp/c.vfs" -f
		begin=$("$v" report --format json --migration "$id" "$f" | jq -c '.migrations[] | [.begin_ns, (.sides.source != null)]')
		as=$("$v" report --format json "$tmp/c.vfs" | jq -c --argjson b "$begin" '.migrations[] | select([.begin_ns, (.sides.source != null)] == $b) | .id')
		[ -n "$as" ] || { fail "$f $id: not in the cut"; continue; }
		said "$f" "$id" >"$tmp/whole"
		said "$tmp/c.vfs" "$as" >"$tmp/part"
		cmp -s "$tmp/whole" "$tmp/part" || { fail "$f, migration $id (as $as) is another:"; diff "$tmp/whole" "$tmp/part"; }
		# Nothing is made up: each migration of the cut is one of the whole, by when it began, or was under way when it begins.
		"$v" report --format json "$f" | jq -c '[.migrations[].begin_ns]' >"$tmp/begins"
		"$v" report --format json "$tmp/c.vfs" | jq -e --slurpfile b "$tmp/begins" 'all(.migrations[]; .begin_ns as $t | $b[0] | index($t))' >/dev/null ||
			fail "$f, migration $id: the cut has a migration that the whole has not"
		n=$((n + 1))
	done
done
[ $n -ge 19 ] || fail "only $n migrations were cut"

# One of eight, and nothing of the others.
want 0 "*events kept*" "$v" cut --migration 4 $cases/fleet.vfs -o "$tmp/one.vfs"
"$v" export "$tmp/one.vfs" | jq -r '.vm // empty' | sort -u >"$tmp/vms"
[ "$(cat "$tmp/vms")" = web-04 ] || fail "VMs in it: $(tr '\n' ' ' <"$tmp/vms")"
"$v" info "$tmp/one.vfs" | grep -q 'migration 4 of 8' || fail "it does not say that it was cut"
# Cut again it is the same; every command reads it.
want 0 "" "$v" cut -q --migration 1 "$tmp/one.vfs" -o "$tmp/two.vfs"
cmp -s <("$v" export "$tmp/one.vfs") <("$v" export "$tmp/two.vfs") || fail "cut again"
want 0 "" "$v" report "$tmp/one.vfs"
want 0 "" "$v" list "$tmp/one.vfs"
want 0 "" "$v" export --format perfetto -o "$tmp/p" "$tmp/one.vfs"
want 1 "" "$v" check "$tmp/one.vfs"
# The whole and its part are the same events twice.
want 2 "*overlap*" "$v" report $judge/reference-qemu.vfs <("$v" cut -q --migration 1 $judge/reference-qemu.vfs -o -)

# By time: in the middle of a session, which is then one that was joined late.
want 0 "" "$v" cut -q --from 3.5s --to 6s $judge/reference-qemu.vfs -o "$tmp/t.vfs"
"$v" export "$tmp/t.vfs" | jq -s -e 'length > 100 and ([.[] | .t_ns + .dur_ns] | max - min) < 2600000000 and
	([.[] | select(.kind == "stream_open" and .adopted)] | length) > 0' >/dev/null || fail "by time"
want 3 "" "$v" check "$tmp/t.vfs"
grep -q joined-late "$tmp/out" || fail "not joined late"
want 2 "*is after*" "$v" cut --from 6s --to 5s $judge/reference-qemu.vfs -o "$tmp/x.vfs"

# What was cut off was not silence; what was only watched to the end was.
"${v%/*}/tests/play/play" tests/play/evidence.play "$tmp" || exit 1
still() { "$v" report --format text "$1" | grep -c 'stood still for 12\.'; }
want 0 "" "$v" cut -q --migration 1 "$tmp/silence-in-the-stop-a.vfs" -o "$tmp/s.vfs"
[ "$(still "$tmp/s.vfs")" = 1 ] || fail "the silence is cut off"
want 0 "" "$v" cut -q --to 3s "$tmp/silence-in-the-stop-a.vfs" -o "$tmp/s.vfs" -f
[ "$(still "$tmp/s.vfs")" = 0 ] || fail "silence beyond the cut"
[ "$("$v" report --to 3s "$tmp/silence-in-the-stop-a.vfs" | grep -c 'stood still for 12\.')" = 0 ] || fail "silence beyond --to"

# Of so many migrations more is found than is kept: what is found of one alone is no reason to take all others along.
many
[ "$("$v" check --format json "$tmp/many-a.vfs" | jq .findings_omitted)" = 96 ] || fail "not more than is kept"
for id in 2 560; do
	want 0 "" "$v" cut -q --migration $id "$tmp/many-a.vfs" -o "$tmp/s.vfs" -f
	[ "$("$v" report --format json "$tmp/s.vfs" | jq '.migrations | length')" -le 2 ] || fail "migration $id takes others along"
done

# Whose close() was not seen is known: it is in that one's cut alone.
closes() { "$v" export "$1" | grep -c '"what":"stream_close"'; }
want 0 "" "$v" cut -q --migration 1 "$tmp/close-unseen-a.vfs" -o "$tmp/s.vfs" -f
[ "$(closes "$tmp/s.vfs")" = 1 ] || fail "the close() is cut off"
want 0 "" "$v" cut -q --migration 2 "$tmp/close-unseen-a.vfs" -o "$tmp/s.vfs" -f
[ "$(closes "$tmp/s.vfs")" = 0 ] || fail "another's close()"

# By device: no other is in it.
want 0 "" "$v" cut -q --device 0000:b1:03.0 $cases/S1-mlx5-16vf-src.vfs -o "$tmp/d.vfs"
"$v" export "$tmp/d.vfs" | jq -r '.device // empty' | sort -u >"$tmp/devs"
[ "$(cat "$tmp/devs")" = 0000:b1:03.0 ] || fail "devices in it: $(tr '\n' ' ' <"$tmp/devs")"

# What the recorder could not finish is not finished by it.
want 0 "" "$v" cut -q --migration 1 $judge/killed-recorder.vfs -o "$tmp/k.vfs"
want 3 "" "$v" check "$tmp/k.vfs"

# Without names: none of the whole's is left in any byte, and the judge says the same.
for f in $cases/S1-mlx5-16vf.vfs $cases/fleet.vfs $cases/15-qat-refused-dst.vfs $judge/reference-qemu.vfs tests/data/merge/src.vfs; do
	want 0 "*remains: *" "$v" cut --anonymise "$f" -o "$tmp/a.vfs" -f
	has "replaced: "
	{
		"$v" export "$f" | jq -r '.vm, .host, .device, .comm | values'
		"$v" info --format json "$f" | jq -r '.. | .host? | strings'
	} | sort -u | awk 'length > 2' >"$tmp/names"
	[ -s "$tmp/names" ] || fail "$f: no names to look for"
	{
		"$v" export "$tmp/a.vfs"
		"$v" report --format json "$tmp/a.vfs"
		"$v" info "$tmp/a.vfs"
	} >"$tmp/all"
	grep -Fwf "$tmp/names" "$tmp/all" | head -3 >"$tmp/left"
	[ ! -s "$tmp/left" ] || fail "$f: a name is left: $(cut -c1-200 "$tmp/left")"
	# A finding's words may name a sibling.
	said='[.findings[] | [.rule, .severity, .party, .t_ns, (.text | gsub("[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]|device-[0-9]+"; "DEVICE"))]],
		[.migrations[] | [.outcome, .downtime_ns]], .verdict'
	cmp -s <("$v" check --format json "$f" | jq -cS "$said") <("$v" check --format json "$tmp/a.vfs" | jq -cS "$said") ||
		fail "$f: without names it is another"
done
# The same name is the same everywhere, and two are two.
[ "$("$v" export $cases/fleet.vfs | jq -r '.vm // empty' | sort -u | wc -l)" = "$("$v" cut -q --anonymise $cases/fleet.vfs -o - | "$v" export - | jq -r '.vm // empty' | sort -u | wc -l)" ] ||
	fail "as many VMs"
exit $failed
