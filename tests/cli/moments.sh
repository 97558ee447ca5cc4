#!/bin/bash
# moments: what every pane of the scope shows at random times is what `report --to` prints for
# them; and --from/--to mean the same to all readers.
. "$(dirname "$0")/lib"
data=tests/tui/data

tests/tui/moments "$v" 400 $data/*.vfs || fail "the scope and report --to disagree"

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

exit $failed
