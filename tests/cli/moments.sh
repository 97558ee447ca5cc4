#!/bin/bash
# moments: what every pane of the scope shows at random times is what `report --to` prints for
# them; and --from/--to mean the same to all readers.
. "$(dirname "$0")/lib"
data=tests/tui/data

tests/tui/moments "$v" "${MOMENTS:-200}" $data/*.vfs || fail "the scope and report --to disagree"
# Failures, tables of many devices, several files in one: fewer moments of many recordings.
tests/tui/moments "$v" 20 tests/data/cases/*.vfs tests/data/judge/*.vfs tests/data/merge/src.vfs || fail "the scope and report --to disagree"

# A reader's --to is a cut: what ended later does not exist, whatever began before.
for f in $data/qemu.vfs $data/mtty.vfs; do
	for to in 0s 1s 2.345s 9s 12.6s; do
		python3 - "$v" "$f" "$to" <<'EOF2' || fail "$f --to $to"
import json, subprocess, sys
v, f, to = sys.argv[1:]
def run(*a):
    return subprocess.run([v, *a], stdout=subprocess.PIPE).stdout.decode()
events = [json.loads(l) for l in run("export", f).splitlines()]
end = lambda e: e.get("t_last_ns") or e["t_ns"] + e["dur_ns"]
first = events[0]["t_ns"]
t = first + round(float(to[:-1]) * 1e9)
# In order of completion: nothing that ends later is in front of what is kept.
want = [e["seq"] for e in events if end(e) <= t]
assert [json.loads(l)["seq"] for l in run("export", "--to", to, f).splitlines()] == want, "export"
report = json.loads(run("report", "--format", "json", "--to", to, f))
assert report["traces"][0]["events"] == len(want), "report"
reads = sum(e.get("count", 1) for e in events if e["kind"] == "read" and end(e) <= t)
sessions = [s for g in report["migrations"] for s in g["sessions"]]
assert sum(s["reads"] for s in sessions) == reads, "reads"
for m in report["migrations"] + sessions:
    assert m["end_ns"] <= t, m
for x in json.loads(run("check", "--format", "json", "--to", to, f))["findings"]:
    assert x["t_ns"] is None or x["t_ns"] <= t, x
EOF2
	done
done

# Where the clock of day is set, an event has the date that it showed then, in every view, and
# is found by it; and every command says that it was set.
step=tests/data/merge/step.vfs
python3 - "$v" $step <<'EOF2' || fail "dates where the clock is set"
import csv, io, json, subprocess, sys
v, f = sys.argv[1:]
def run(*a, rc=0):
    p = subprocess.run([v, *a], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    # A report has a place of its own for it.
    assert a[0] == "check" or "CLOCK_REALTIME was set" in (p.stderr if a[0] == "export" else p.stdout + p.stderr).decode("utf-8", "replace"), a
    return p.stdout.decode("utf-8", "replace")
events = [json.loads(l) for l in run("export", f).splitlines()]
whole = [json.loads(l) for l in subprocess.run([v, "export", "tests/data/merge/src.vfs"],
                                                stdout=subprocess.PIPE).stdout.splitlines()]
assert len(events) == len(whole)
changed = [a["time"] != b["time"] for a, b in zip(events, whole)]
by = [int(a["time"][11:13]) - int(b["time"][11:13]) for a, b in zip(events, whole) if a["time"] != b["time"]]
assert 0 < changed.count(True) < len(changed) and set(by) == {2}, by
rows = list(csv.DictReader(io.StringIO(run("export", "--format", "csv", f))))
assert [r["time"] for r in rows] == [e["time"] for e in events], "csv"
piped = subprocess.run([v, "export", "-"], stdin=open(f), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
assert [json.loads(l)["time"] for l in piped.stdout.splitlines()] == [e["time"] for e in events], "a pipe"
report = json.loads(run("report", "--format", "json", f))
dated = {e["t_ns"]: e["time"] for e in events}
g = report["migrations"][0]
assert g["begin"] == dated[g["begin_ns"]], (g["begin"], dated[g["begin_ns"]])
assert report["clock"]["steps"] and "7200" not in report["clock"]["steps"][0], report["clock"]
for c in (["check"], ["info"], ["report"], ["report", "--format", "html"], ["export", "--format", "perfetto"],
          ["export", "--format", "openmetrics"], ["check", "--format", "junit"]):
    run(*c, f)
for e in (events[0], events[changed.index(True)], events[-1]):
    kept = [json.loads(l) for l in run("export", "--from", e["time"], f).splitlines()]
    assert e["seq"] in [x["seq"] for x in kept], e["time"]
    assert all(x["t_ns"] + x["dur_ns"] >= e["t_ns"] for x in kept), e["time"]
    kept = [json.loads(l)["t_ns"] for l in run("export", "--to", e["time"], f).splitlines()]
    assert all(t <= e["t_ns"] for t in kept), e["time"]
EOF2
"$v" report $step 2>/dev/null | grep -q 'step .*CLOCK_REALTIME was set' || fail "report does not say that the clock was set"

exit $failed
