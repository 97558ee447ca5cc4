#!/bin/bash
# diff: exit codes, thresholds and JSON on recordings of QEMU.
. "$(dirname "$0")/lib"
data=tests/data/judge
ref=$data/reference-qemu.vfs

has() { grep -qF -- "$1" "$tmp/out" || { fail "no '$1' in:"; head -30 "$tmp/out"; }; }

want 0 "" "$v" diff $ref $ref
has "SAME: nothing is beyond the thresholds"
awk 'length > 80 { exit 1 }' "$tmp/out" || fail "wider than 80 columns"
want 0 "" "$v" diff --threshold all=0% $ref - <$ref
# Made of it, with the clocks of two hosts (tests/data/merge/make.c): 3 ms more downtime.
"$v" merge -q tests/data/merge/src.vfs tests/data/merge/dst.vfs -o "$tmp/m.vfs" || fail "merge"
want 1 "" "$v" diff $ref "$tmp/m.vfs"
has "only in A"
has "DIFFERENT: 2 of 3 migrations"
want 0 "" "$v" diff --by order $ref "$tmp/m.vfs"
want 0 "" "$v" diff --by order --threshold downtime=3ms $ref "$tmp/m.vfs"
want 1 "" "$v" diff --by order --threshold downtime=2999us $ref "$tmp/m.vfs"
has "+3.00 ms"
want 0 "" "$v" diff --by order --threshold downtime=2999us --worse "$tmp/m.vfs" $ref
want 0 "" "$v" diff --by order --threshold downtime=0.04% $ref "$tmp/m.vfs"
want 1 "" "$v" diff --by order --threshold downtime=0.03% $ref "$tmp/m.vfs"
# Another driver; a file that was cut; nothing to compare.
want 1 "" "$v" diff --by order $ref $data/mtty-qemu.vfs
has "none -> eof-in-precopy"
want 3 "" "$v" diff $ref $data/killed-recorder.vfs
has "INCONCLUSIVE: the evidence has a hole"
want 3 "" "$v" diff --format json $ref $data/killed-recorder.vfs
jq -e '.verdict == "inconclusive" and .traces[1].hole and (.migrations | all(.inconclusive and (.differs | not)))' "$tmp/out" >/dev/null ||
	fail "json of a recording that was cut"

# JSON's figures are the report's.
want 0 "" "$v" diff --format json --by order $ref "$tmp/m.vfs"
python3 - "$tmp/out" <("$v" report --format json $ref) <("$v" report --format json "$tmp/m.vfs") <<'PY' || fail "json"
import json, sys
d, a, b = (json.load(open(f)) for f in sys.argv[1:])
keys = {"downtime": "downtime_ns", "stop-window": "stop_window_ns", "arcs": "arcs_ns", "io": "io_ns",
        "dirty-sync": "dirty_sync_ns", "outside": "outside_ns", "bytes": "bytes_total", "outcome": "outcome"}
assert d["verdict"] == "same" and len(d["migrations"]) == 2
for pair in d["migrations"]:
    g = [m for m in a["migrations"] if m["id"] == pair["a"]][0]
    h = [m for m in b["migrations"] if m["id"] == pair["b"]][0]
    assert g["direction"] == h["direction"] == pair["direction"]
    seen = {m["name"]: m for m in pair["metrics"]}
    assert len(seen) == 15
    for name, key in keys.items():
        assert (seen[name]["a"], seen[name]["b"]) == (g[key], h[key]), name
    assert seen["downtime"]["difference"] == 3000000
PY

want 2 "vfioscope: diff: it takes two recordings: *" "$v" diff $ref
want 2 "vfioscope: diff: it takes two recordings: *" "$v" diff $ref $ref $ref
want 2 "vfioscope: diff: only one of the two *" "$v" diff - -
want 2 "vfioscope: diff: --threshold: 'fast' is no threshold of downtime (10%, 5ms, off)" "$v" diff --threshold downtime=fast $ref $ref
want 2 "vfioscope: diff: --threshold: nothing that is compared is called 'uptime'" "$v" diff --threshold uptime=1s $ref $ref
want 2 "vfioscope: diff: --threshold: 'downtime' is no NAME=THRESHOLD" "$v" diff --threshold downtime $ref $ref
want 5 "vfioscope: /nonexistent: No such file or directory" "$v" diff $ref /nonexistent
want 5 "" "$v" diff --format json /nonexistent $ref
grep -q '^{"error":' "$tmp/out" || fail "no error as JSON"
want 5 "vfioscope: cannot write: No space left on device" "$v" diff $ref $ref -o /dev/full
exit $failed
