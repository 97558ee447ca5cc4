#!/bin/bash
# Several files are one evidence: several hosts on one clock, recordings of one boot
# behind one another; what is given twice or follows an END is refused.
. "$(dirname "$0")/lib"
data=tests/data/merge
src=$data/src.vfs dst=$data/dst.vfs
is() { [ "$2" = "$3" ] || fail "$1: $2, want $3"; }

"$v" merge -q $src $dst -o "$tmp/m.vfs"

# ---- both files are what their merge is, in every reader ----

same() { # same WHAT FILTER COMMAND...: the JSON of both, but for the files
	local what=$1 filter=$2
	shift 2
	"$v" "$@" --format json $src $dst | jq -S "$filter" >"$tmp/both"
	"$v" "$@" --format json "$tmp/m.vfs" | jq -S "$filter" >"$tmp/one"
	[ -s "$tmp/both" ] || fail "$what: nothing"
	diff "$tmp/both" "$tmp/one" >"$tmp/diff" || { fail "$what of both files and of their merge:"; head -20 "$tmp/diff"; }
}
nofile='del(.traces) | del(.. | .trace?)'
same report "$nofile" report
same check "$nofile" check
for f in ndjson csv; do
	cmp <("$v" export --format $f $src $dst) <("$v" export --format $f "$tmp/m.vfs") || fail "export --format $f"
done
# In whatever order, and whichever comes from a pipe, the story is the same.
story() { "$v" export "$@" | jq -c '[.t_ns, .dur_ns, .kind, .pid, .tid, .device, .ret, .size]' | sort; }
story $src $dst >"$tmp/story"
story $dst $src | cmp - "$tmp/story" || fail "the other way round it is another story"
story - $dst <$src | cmp - "$tmp/story" || fail "one from a pipe is another story"
story <(cat $src) <(cat $dst) | cmp - "$tmp/story" || fail "both from pipes are another story"

# Pids, devices and names are those of the host, which is a field of its own.
"$v" report --format json $src $dst >"$tmp/r"
is "devices" "$(jq -c '[.devices[] | [.host, .device]]' "$tmp/r")" '[["node7","0000:01:00.0"],["node8","0000:01:00.0"]]'
is "pids" "$("$v" export $src $dst | jq -s -c '[.[].pid] | unique')" "[252]"
is "files" "$(jq -c '[.traces[].path] == ["'$src'", "'$dst'"]' "$tmp/r")" true
jq -e '.clock.tied[0] | test("CLOCK_REALTIME of both hosts")' "$tmp/r" >/dev/null || fail "how the clocks were tied is not in the JSON"
# A drift is told where there is one.
jq -e '.clock.tied[0] | test("; meanwhile the clocks drifted by 413")' "$tmp/r" >/dev/null || fail "drift: $(jq .clock "$tmp/r")"
is "clocks that keep step" "$("$v" report --format json tests/data/cases/15-qat-refused-{src,dst}.vfs | jq -r '.clock.tied[]')" \
	"by CLOCK_REALTIME of both hosts: the times of node-b are moved by -23h53m"
jq -e '.clock.bound_ns > 3000000 and .clock.bound_ns < 4000000' "$tmp/r" >/dev/null || fail "the bound is not in the JSON"
want 0 "" "$v" report $src $dst
grep -q "^  clock .*CLOCK_REALTIME" "$tmp/out" || fail "report does not say how the clocks were tied"
grep -q "^  bound .*causality" "$tmp/out" || fail "report does not say how far it may be off"
want 0 "" "$v" info $src $dst
grep -q "^  clock .*CLOCK_REALTIME" "$tmp/out" || fail "info does not say how the clocks were tied"
want 0 "" "$v" report --format html $src $dst
grep -q "CLOCK_REALTIME of both hosts" "$tmp/out" || fail "the page does not say how the clocks were tied"
is "one host has one clock" "$("$v" report --format json $src | jq -c .clock)" '{"tied":[],"bound":[],"steps":[],"bound_ns":0}'

# One axis: a moment of it is the same in both files and in the merge.
for o in "--to 5s" "--from 12s --to 13s" "--migration 2"; do
	# shellcheck disable=SC2086
	cmp <("$v" export $o $src $dst) <("$v" export $o "$tmp/m.vfs") || fail "export $o"
done
first=$("$v" export $src | jq -s '.[0].t_ns')
is "--from counts from the first event of the evidence" \
	"$("$v" export --from 12s $src $dst | jq -s "[.[] | select(.count == null) | .t_ns + .dur_ns] | min >= $first + 12000000000")" true
printf ':resize 24x100\n:save-screen! %s/screen\n' "$tmp" >"$tmp/script"
want 0 "" "$v" replay --script "$tmp/script" $src $dst
cp "$tmp/screen" "$tmp/both"
want 0 "" "$v" replay --script "$tmp/script" "$tmp/m.vfs"
diff <(tail -n +2 "$tmp/both") <(tail -n +2 "$tmp/screen") >"$tmp/diff" || { fail "replay shows something else:"; cat "$tmp/diff"; }

# A merge and another boot's recording: its hosts keep their names.
is "merged with a third" "$("$v" report --format json "$tmp/m.vfs" tests/data/judge/mtty-qemu.vfs |
	jq -c '[.devices[].host] | unique | length')" 3
want 0 "*" "$v" merge "$tmp/m.vfs" tests/data/judge/mtty-qemu.vfs -o "$tmp/three.vfs"
cmp <(story "$tmp/three.vfs") <(story "$tmp/m.vfs" tests/data/judge/mtty-qemu.vfs) || fail "merge of a merge"

# One that was merged before events had a host: names and numbers are taken back.
story $data/old.vfs | cmp - "$tmp/story" || fail "an old merge is another story"
is "hosts of an old merge" "$("$v" report --format json $data/old.vfs | jq -c '[.devices[] | [.host, .device]]')" \
	'[["node7","0000:01:00.0"],["node8","0000:01:00.0"]]'
is "names of processes in an old merge" "$("$v" export $data/old.vfs | jq -s -c '[.[] | select(.device) | .vm] | unique')" '["vm0"]'
story $data/old.vfs tests/data/judge/mtty-qemu.vfs | cmp - <(story "$tmp/three.vfs") || fail "an old merge with a third"

# ---- recordings of one boot, one behind the other ----

early=tests/data/judge/conforming-qemu.vfs late=tests/data/judge/cancelled-in-stop-copy.vfs
"$v" report --format json $late $early >"$tmp/r"
is "one boot has one clock" "$(jq -c .clock "$tmp/r")" '{"tied":[],"bound":[],"steps":[],"bound_ns":0}'
is "one boot is one host" "$(jq -c '[.devices[].host] | unique' "$tmp/r")" '["vfioscope-lab"]'
cmp <(story $late $early) <(story $early; story $late) || fail "one behind the other they are not what they are alone"
is "which goes first" "$("$v" export $late $early | jq -s '[.[] | select(.count == null) | .t_ns + .dur_ns] | . == sort')" true
want 0 "*" "$v" merge $early $late -o "$tmp/day.vfs"
cmp <(story $early $late) <(story "$tmp/day.vfs") || fail "their merge is not what they are"
is "a merge of one boot is of that boot" "$("$v" info --format json "$tmp/day.vfs" | jq -r .meta.boot_id)" \
	"$("$v" info --format json $early | jq -r .meta.boot_id)"

# A clock that is a minute out says of two halves that one was over when the other began: that
# the bytes took so long bounds what the clocks say, and no more than a second of it joins.
"$v" report --format json $src $data/far.vfs >"$tmp/r"
jq -e '.clock.bound_ns > 60e9' "$tmp/r" >/dev/null || fail "the bound of a clock that is a minute out: $(jq -c .clock "$tmp/r")"
is "migrations by a clock that is a minute out" "$(jq '.migrations | length' "$tmp/r")" 2

# ---- given twice ----

twice() { # twice NAME FILE FILE
	want 2 "vfioscope: $2 and $3 overlap: both hold the same * of $1, from *; give only one of them" "$v" check "$2" "$3"
	want 2 "vfioscope: $2 and $3 overlap: *" "$v" merge "$2" "$3" -o "$tmp/x.vfs"
	want 2 "vfioscope: $2 and $3 overlap: *" "$v" replay --script "$tmp/script" "$2" "$3"
	for c in report export info; do
		want 2 "vfioscope: $2 and $3 overlap: *" "$v" $c "$2" "$3"
	done
	[ ! -e "$tmp/x.vfs" ] || fail "a merge that was refused left a file"
}
# Two parts that have one instant in common: the event that was then is in both.
at=$("$v" export $src | jq -r 'select(.kind == "stream_close") | .t_ns' | tail -n 1)
"$v" cut -q --to "@$at" $src -o "$tmp/until.vfs" 2>/dev/null && "$v" cut -q --from "@$at" $src -o "$tmp/since.vfs" 2>/dev/null ||
	fail "a recording cannot be cut at @$at"
want 2 "vfioscope: * overlap: both hold the same 0 ns of node7, from @$at to @$at *" "$v" check "$tmp/until.vfs" "$tmp/since.vfs"
cp $src "$tmp/copy.vfs"
head -c 10000 $dst >"$tmp/part.vfs"
twice node7 $src $src
twice node7 $src "$tmp/copy.vfs"
twice node7 $src "$tmp/m.vfs"
twice node8 "$tmp/m.vfs" $dst
twice node8 $dst "$tmp/part.vfs"
twice node8 "$tmp/three.vfs" $dst
twice "*" "$tmp/day.vfs" $late
twice node7 $src $data/old.vfs
twice node8 $data/old.vfs $dst
want 2 "vfioscope: $dst and $tmp/m.vfs overlap: *" "$v" report $dst $src "$tmp/m.vfs"
want 2 "vfioscope: only one recording can come on standard input" "$v" report - -
# Two evidences are two: a recording may well be held against itself.
want 0 "" "$v" diff $src $src

# ---- behind the end, and before it ----

size=$(stat -c %s $src)
cat $src $dst >"$tmp/cat.vfs"
(cat $src; echo junk) >"$tmp/junk.vfs"
for c in report check export info "export --format csv" "export --format openmetrics" "report --format html" \
	 "replay --script $tmp/script"; do
	# shellcheck disable=SC2086
	want 5 "vfioscope: *$(stat -c %s $dst) bytes of another recording follow the end of the recording, at byte $size" "$v" $c "$tmp/cat.vfs"
	# shellcheck disable=SC2086
	want 5 "vfioscope: *5 bytes follow the end of the recording, at byte $size" "$v" $c "$tmp/junk.vfs"
done
want 5 "vfioscope: $tmp/junk.vfs: 5 bytes follow *" "$v" report $dst "$tmp/junk.vfs"
want 5 "vfioscope: $tmp/junk.vfs: 5 bytes follow *" "$v" merge "$tmp/junk.vfs" $dst -o "$tmp/x.vfs"
want 5 "vfioscope: $tmp/junk.vfs: 5 bytes follow *" "$v" diff "$tmp/junk.vfs" $dst
want 5 "vfioscope: standard input: at least * follow *" bash -c "cat $src $dst | $v report -"

head -c 20000 $dst >"$tmp/cut.vfs"
for f in ndjson csv perfetto openmetrics; do
	want 0 "vfioscope: $tmp/cut.vfs: * did not end cleanly*" "$v" export --format $f -o /dev/null "$tmp/cut.vfs"
done
want 0 "*vfioscope: $tmp/cut.vfs: the recording did not end cleanly: *" "$v" export -o /dev/null $src "$tmp/cut.vfs"
want 0 "*vfioscope: $tmp/cut.vfs: the recording did not end cleanly: *" "$v" merge $src "$tmp/cut.vfs" -o "$tmp/c.vfs"
for c in report info; do
	want 0 "" "$v" $c $src "$tmp/cut.vfs"
	grep -qi "did not end cleanly" "$tmp/out" || fail "$c does not say that a file was cut"
done
want 3 "" "$v" check $src "$tmp/cut.vfs"
exit $failed
