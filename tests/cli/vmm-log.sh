#!/bin/bash
# --vmm-log: a log of QEMU's beside its recording, in report and, by merge, in the recording.
# The log is made of the recording's own times, as QEMU would have written them.
. "$(dirname "$0")/lib"
f=tests/data/judge/reference-qemu.vfs
src=tests/data/merge/src.vfs dst=tests/data/merge/dst.vfs
none="no line of it begins with a time of day, as in a log of QEMU's or libvirt's"

# has TEXT: in the output of the last command, wherever a line ends.
has() {
	tr -s ' \n' ' ' <"$tmp/out" | grep -qF -- "$(tr -s ' ' <<<"$1")" || { fail "no '$1' in:"; head -40 "$tmp/out"; }
}

# 50 ms before the first device stops, and 70 ms after the last one starts.
"$v" report --format json $f >"$tmp/report.json"
"$v" export --format ndjson $f >"$tmp/events"
python3 - "$tmp/report.json" "$tmp/events" >"$tmp/qemu.log" <<'PY' || fail "no log was made"
import calendar, json, sys, time

g = json.load(open(sys.argv[1]))["migrations"][0]
events = [json.loads(line) for line in open(sys.argv[2])]
first = events[0]
head, frac = first["time"].rstrip("Z").split(".")
offset = calendar.timegm(time.strptime(head, "%Y-%m-%dT%H:%M:%S")) * 10**9 + int(frac.ljust(9, "0")) - first["t_ns"]


def say(t_ns, what):
    us = (t_ns + offset) // 1000
    print("4711@%d.%06d:%s" % (us // 10**6, us % 10**6, what))


begin = g["sides"]["source"]["stop_window_start_ns"]
say(first["t_ns"] - 10**9, "vfio_before the recording")
say(begin - 50000000, "vmstate_downtime_checkpoint src-downtime-start")
say(begin + 1000, "vmstate_downtime_save type=iterable idstr=ram instance_id=0 downtime=1")
say(g["sides"]["destination"]["run_ns"] + 70000000, "vmstate_downtime_checkpoint dst-precopy-bh-vm-started")
say(events[-1]["t_ns"] + 10**11, "vfio_after it")
print("nothing of a time")
PY
want 0 "vfioscope: $tmp/qemu.log: 3 lines of it, as marks" "$v" report --vmm-log "$tmp/qemu.log" $f
has "vmm log QEMU's checkpoints, and the devices' moments src-downtime-start"
has "the first device's stop 50.0 ms later"
has "the last device's start 70.0 ms earlier"
has "by these its downtime is "
grep -q "by these its downtime is .*, that of the devices " "$tmp/out" || fail "the two downtimes are not side by side"
want 0 "*" "$v" report --format json --vmm-log "$tmp/qemu.log" $f
[ "$(jq -c '[.migrations[0].checkpoints[] | [.name, (.devices_ns - .t_ns) / 1e6 | if type == "number" then round else . end]]' "$tmp/out")" = \
	'[["src-downtime-start",50],["dst-precopy-bh-vm-started",-70]]' ] || fail "JSON: $(jq -c '.migrations[0].checkpoints' "$tmp/out")"
[ "$(jq '.traces[0].events' "$tmp/out")" = "$(jq '.traces[0].events' "$tmp/report.json")" ] || fail "lines of a log are counted as events of the recording"
[ "$(jq '.migrations[0].checkpoints' "$tmp/report.json")" = null ] || fail "without a log there are checkpoints"
want 0 "*" "$v" report --format html --vmm-log "$tmp/qemu.log" $f
grep -q "src-downtime-start .*stop 50.0 ms later$" "$tmp/out" || fail "the page has no checkpoints, each in a line of its own"
want 0 "*" "$v" report --format json --vmm-log "$tmp/qemu.log" $f
# But for the marks nothing is different.
diff <(jq 'del(.migrations[].checkpoints)' "$tmp/report.json") <(jq 'del(.migrations[].checkpoints)' "$tmp/out") || fail "a log changes a report"

# Merged, the lines are in the recording, and its readers tell the same.
want 0 "*qemu.log: 3 lines of it, as marks*" "$v" merge $src $dst --vmm-log "$tmp/qemu.log" -o "$tmp/m.vfs"
"$v" export --format ndjson "$tmp/m.vfs" | jq -r 'select(.kind == "mark") | .text' >"$tmp/marks"
cmp - "$tmp/marks" <<'END' || fail "the marks"
qemu.log: vmstate_downtime_checkpoint src-downtime-start
qemu.log: vmstate_downtime_save type=iterable idstr=ram instance_id=0 downtime=1
qemu.log: vmstate_downtime_checkpoint dst-precopy-bh-vm-started
END
want 0 "" "$v" report "$tmp/m.vfs"
has "the first device's stop 50.0 ms later"
want 0 "" "$v" info "$tmp/m.vfs"
has "log: $tmp/qemu.log"
# Anonymised, nothing of what it said is left.
want 0 "*" "$v" cut --anonymise --migration 1 "$tmp/m.vfs" -o "$tmp/a.vfs"
! strings "$tmp/a.vfs" | grep -q "vmstate" || fail "the log's words are left"
"$v" export --format ndjson "$tmp/a.vfs" | grep -c vmstate >"$tmp/n"
[ "$(cat "$tmp/n")" = 0 ] || fail "the log's words are left"

# What is no log is refused, in one line, and no file is left.
want 5 "vfioscope: $tmp/none: No such file or directory" "$v" report --vmm-log "$tmp/none" $f
want 5 "vfioscope: README.md: $none" "$v" report --vmm-log README.md $f
want 5 "vfioscope: $f: $none" "$v" report --vmm-log $f $f
want 5 "vfioscope: tests: Is a directory" "$v" report --vmm-log tests $f
want 5 "vfioscope: /dev/null: $none" "$v" merge $src $dst --vmm-log /dev/null -o "$tmp/x.vfs"
head -c 3000000 /dev/zero >"$tmp/zero"
want 5 "vfioscope: $tmp/zero: $none" "$v" merge $src $dst --vmm-log "$tmp/zero" -o "$tmp/x.vfs"
[ ! -e "$tmp/x.vfs" ] || fail "a merge that was refused left a file"
want 2 "vfioscope: $tmp/qemu.log: is one of the *s that are read" "$v" merge -f $src $dst --vmm-log "$tmp/qemu.log" -o "$tmp/qemu.log"
# One of another time is told to be so.
echo "1@1000.5:long ago" >"$tmp/old.log"
want 0 "vfioscope: $tmp/old.log: no line of it lies in the recordings' time" "$v" report --vmm-log "$tmp/old.log" $f
# A pipe is as good.
want 0 "*: 3 lines of it, as marks" bash -c "$v report --vmm-log <(cat $tmp/qemu.log) $f"
exit $failed
