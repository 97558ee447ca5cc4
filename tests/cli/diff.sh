#!/bin/bash
# diff: exit codes, thresholds and JSON on recordings of QEMU.
. "$(dirname "$0")/lib"
data=tests/data/judge
ref=$data/reference-qemu.vfs

has() { grep -qF -- "$1" "$tmp/out" || { fail "no '$1' in:"; head -30 "$tmp/out"; }; }

cases=tests/data/cases
want 0 "" "$v" diff $ref $ref
has "SAME: nothing is beyond the thresholds"
awk 'length > 80 { exit 1 }' "$tmp/out" || fail "wider than 80 columns"
want 0 "" "$v" diff --threshold all=0% $ref - <$ref
# Made of it, with the clocks of two hosts (tests/data/merge/make.c): 3 ms more downtime,
# all of it in a write().
"$v" merge -q tests/data/merge/src.vfs tests/data/merge/dst.vfs -o "$tmp/m.vfs" || fail "merge"
want 1 "" "$v" diff $ref "$tmp/m.vfs"
has "DIFFERENT: 1 of 1 migration (write)"
want 0 "" "$v" diff --threshold all=25% $ref "$tmp/m.vfs"
# Another VM is another migration.
want 1 "" "$v" diff $ref $cases/S3-hisi-tiny.vfs
has "only in A"
has "only in B"
has "DIFFERENT: 2 of 2 migrations"
want 0 "" "$v" diff --by order --threshold downtime=3ms $ref "$tmp/m.vfs"
want 1 "" "$v" diff --by order --threshold downtime=2999us $ref "$tmp/m.vfs"
has "+3.00 ms"
has "DIFFERENT: 1 of 1 migration (downtime)"
want 0 "" "$v" diff --by order --threshold downtime=0.04% $ref "$tmp/m.vfs"
want 1 "" "$v" diff --by order --threshold downtime=0.03% $ref "$tmp/m.vfs"
# A recording without a migration is nothing to compare with, on either side.
"$v" cut -q $ref --to 0.000001 -o "$tmp/none.vfs" || fail "cut"
want 3 "" "$v" diff $ref "$tmp/none.vfs"
has "INCONCLUSIVE: no migration is in B"
want 3 "" "$v" diff "$tmp/none.vfs" $ref
has "INCONCLUSIVE: no migration is in A"
want 3 "" "$v" diff --by sample $ref "$tmp/none.vfs"
# An improvement is none of a regression, but for who asks.
want 0 "" "$v" diff --by order --threshold downtime=2999us "$tmp/m.vfs" $ref
has "BETTER: nothing is worse, and 1 figure is better"
want 1 "" "$v" diff --by order --threshold downtime=2999us --both-ways "$tmp/m.vfs" $ref
# What is named counts, and nothing else.
want 1 "" "$v" diff $cases/S6-mlx5-4vf-alike.vfs $cases/S1-mlx5-16vf.vfs
has "(arcs, io, dirty-sync, write, load, start, bytes, stop-copy)"
want 0 "" "$v" diff --threshold downtime=10% $cases/S6-mlx5-4vf-alike.vfs $cases/S1-mlx5-16vf.vfs
want 1 "" "$v" diff --threshold downtime=1% --threshold io=off $cases/S6-mlx5-4vf-alike.vfs $cases/S1-mlx5-16vf.vfs
has "(downtime)"
# A load that was not done is no improvement, and is named; nor is the way back to one.
want 1 "" "$v" diff $cases/02-hisi-duplicate-good.vfs $cases/02-hisi-duplicate-bad.vfs
has "RESUMING to STOP         3.10 ms    1.00 µs   -3.10 ms -100.0 %  work not done"
has "DIFFERENT: 1 of 1 migration (RESUMING to STOP: work not done)"
want 1 "" "$v" diff $cases/02-hisi-duplicate-bad.vfs $cases/02-hisi-duplicate-good.vfs
has "DIFFERENT: 1 of 1 migration (RESUMING to STOP)"
want 0 "" "$v" diff --threshold downtime=off --threshold arc=off $cases/02-hisi-duplicate-good.vfs $cases/02-hisi-duplicate-bad.vfs
want 1 "" "$v" diff --format json --threshold arc=50% $cases/02-hisi-duplicate-good.vfs $cases/02-hisi-duplicate-bad.vfs
jq -e '.migrations[0].metrics | map(select(.counts)) | length == 1 and .[0].name == "arc" and .[0].side == "destination" and
	.[0].from == "RESUMING" and .[0].to == "STOP" and .[0].b == 1000 and .[0].change == "work not done"' "$tmp/out" >/dev/null ||
	fail "the arc in JSON"
# Both hosts' recordings, and what merge makes of them: the same; one host's alone has
# no downtime to compare, and no pass when it was asked for.
for c in S1-mlx5-16vf S3-hisi-tiny S6-mlx5-4vf-alike; do
	want 0 "" "$v" diff --threshold all=0% --base $cases/$c-src.vfs $cases/$c-dst.vfs --new $cases/$c.vfs
	has "SAME"
	want 0 "" "$v" diff $cases/$c-src.vfs $cases/$c.vfs
	want 3 "" "$v" diff --threshold downtime=10% $cases/$c-src.vfs $cases/$c.vfs
	has "INCONCLUSIVE: what was asked for is not known of both"
	want 3 "" "$v" diff $cases/$c-src.vfs $cases/$c-dst.vfs
done
# A failure is worse, its end is better; what nobody knows is no sameness.
want 1 "" "$v" diff --by order $cases/14-mlx5-dirty-underreport.vfs $cases/05-mlx5-save-fails.vfs
has "outcome               completed -> failed  worse"
want 0 "" "$v" diff --by order --threshold outcome --threshold findings $cases/05-mlx5-save-fails.vfs $cases/14-mlx5-dirty-underreport.vfs
has "outcome               failed -> completed  better"
want 3 "" "$v" diff --by order --threshold outcome $cases/05-mlx5-save-fails.vfs $cases/11-xe-read-oops.vfs
# Another driver; a file that was cut; nothing to compare.
want 1 "" "$v" diff --by order $ref $data/mtty-qemu.vfs
has "none -> eof-in-precopy  worse"
want 3 "" "$v" diff $ref $data/killed-recorder.vfs
has "INCONCLUSIVE: the evidence has a hole"
want 3 "" "$v" diff --format json $ref $data/killed-recorder.vfs
jq -e '.verdict == "inconclusive" and .traces[1].hole and (.migrations | all(.inconclusive and (.differs | not)))' "$tmp/out" >/dev/null ||
	fail "json of a recording that was cut"

# JSON's figures are the report's.
want 1 "" "$v" diff --format json --by order $ref "$tmp/m.vfs"
python3 - "$tmp/out" <("$v" report --format json $ref) <("$v" report --format json "$tmp/m.vfs") <<'PY' || fail "json"
import json, sys
d, a, b = (json.load(open(f)) for f in sys.argv[1:])
side = {"stop-window": "stop_window_ns", "arcs": "arcs_ns", "io": "io_ns",
        "dirty-sync": "dirty_sync_ns", "outside": "outside_ns", "bytes": "bytes_total"}
assert d["verdict"] == "different" and len(d["migrations"]) == 1
pair, g, h = d["migrations"][0], a["migrations"][0], b["migrations"][0]
seen = {m["name"]: m for m in pair["metrics"] if "device" not in m}
assert len(seen) == 18, seen.keys()
for name, key in side.items():
    assert (seen[name]["a"], seen[name]["b"]) == (g["sides"]["source"][key], h["sides"]["source"][key]), name
for name, key in (("downtime", "downtime_ns"), ("outcome", "outcome")):
    assert (seen[name]["a"], seen[name]["b"]) == (g[key], h[key]), name
assert seen["downtime"]["difference"] == 3000000
# each device's arcs are there by name, and are what its session has
arcs = [m for m in pair["metrics"] if m["name"] == "arc"]
names = {g["sides"][k]["id"]: k for k in ("source", "destination")}
want = {(names[x["side"]], r["from"], r["to"]) for x in g["sessions"] for r in x["arcs"]}
assert {(m["side"], m["from"], m["to"]) for m in arcs} == want
PY

cp $cases/fleet.vfs "$tmp/fleet.vfs"
# Sets as samples: too few tell nothing, and no run counts twice.
want 3 "" "$v" diff --by sample --base $ref --new "$tmp/m.vfs"
has "INCONCLUSIVE: 4 completed migrations"
want 0 "" "$v" diff --by sample --threshold enomsg=50% --base $cases/fleet.vfs --new "$tmp/fleet.vfs"
has "6 completed, 1 unfinished, 1 failed"
has "SAME"
want 0 "" "$v" diff --by sample --format json --threshold enomsg=50% --base $cases/fleet.vfs --new "$tmp/fleet.vfs"
jq -e '.verdict == "same" and .base.compared == .new.compared and
	(.figures[] | select(.name == "enomsg")) == ((.figures[] | select(.name == "enomsg")) | .p = 1 | .change = "same")' "$tmp/out" >/dev/null ||
	fail "samples as JSON: $(head -c 300 "$tmp/out")"
want 2 "*is given twice" "$v" diff --by sample --base $ref --new $ref
# "-" is never a file of that name.
cp $ref "$tmp/-"
(cd "$tmp" && "$OLDPWD/$v" diff --by sample --base ./- --new - <"$OLDPWD/$cases/fleet.vfs" >out 2>&1)
[ $? != 2 ] || fail "diff ./- -: $(cat "$tmp/out")"
want 2 "*--threshold*" "$v" diff --by sample --threshold arc.p95=5 --base $ref --new "$tmp/m.vfs"

want 2 "vfioscope: diff: it takes two recordings: *" "$v" diff $ref
want 2 "vfioscope: diff: it takes two recordings: *" "$v" diff $ref $ref $ref
want 2 "vfioscope: diff: only one of the two *" "$v" diff - -
want 2 "vfioscope: diff: --threshold: '300' is no threshold of downtime (10%, 5ms, off)" "$v" diff --threshold downtime=300 $ref $ref
want 2 "vfioscope: diff: it takes two recordings: *" "$v" diff --base $ref $ref
want 2 "vfioscope: diff: it takes two recordings: *" "$v" diff --base $ref --new $ref --by order $ref
want 2 "vfioscope: diff: *base*" "$v" diff --base
want 2 "vfioscope: $cases/fleet.vfs and $cases/fleet.vfs overlap: *" "$v" diff --base $cases/fleet.vfs $cases/fleet.vfs --new $ref
want 2 "vfioscope: diff: --threshold: 'fast' is no threshold of downtime (10%, 5ms, off)" "$v" diff --threshold downtime=fast $ref $ref
want 2 "vfioscope: diff: --threshold: nothing that is compared is called 'uptime'" "$v" diff --threshold uptime=1s $ref $ref
want 2 "vfioscope: diff: --threshold: 'downtime' is no NAME=THRESHOLD" "$v" diff --threshold downtime $ref $ref
want 5 "vfioscope: /nonexistent: No such file or directory" "$v" diff $ref /nonexistent
want 5 "" "$v" diff --format json /nonexistent $ref
grep -q '^{"error":' "$tmp/out" || fail "no error as JSON"
want 5 "vfioscope: cannot write: No space left on device" "$v" diff $ref $ref -o /dev/full
exit $failed
