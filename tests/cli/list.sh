#!/bin/bash
# list: a row per migration over many recordings, sums, filters, formats; what cannot be
# read keeps nothing else from being listed.
. "$(dirname "$0")/lib"
cases=tests/data/cases

has() { grep -qF -- "$1" "$tmp/out" || { fail "no '$1' in:"; head -40 "$tmp/out"; }; }

want 2 "*which recordings*" "$v" list
want 0 "" "$v" list $cases
has "recordings    27"
has "mlx5_vfio_pci"
grep -q '^2026-05-28 20:27:09  hpc-node-3 .* node-a > node-b .* completed .* 1.379 s  dirty_sync ' "$tmp/out" || fail "the row of S1"

# Both hosts' recordings make the row that their merge makes: outcome, downtime, cause.
for c in 01-hisi-mismatch 15-qat-refused S1-mlx5-16vf S3-hisi-tiny S6-mlx5-4vf-alike; do
	want 0 "" "$v" list --format json $cases/$c.vfs
	jq -c '.migrations[] | [.vm, .outcome, .downtime_ns, .stop_window_ns, .devices, .drivers, .begin,
		.sides.source.host, .sides.destination.host, (.cause != null), .verdict]' "$tmp/out" >"$tmp/merged"
	want 0 "" "$v" list --format json $cases/$c-dst.vfs $cases/$c-src.vfs
	jq -c '.migrations[] | [.vm, .outcome, .downtime_ns, .stop_window_ns, .devices, .drivers, .begin,
		.sides.source.host, .sides.destination.host, (.cause != null), .verdict]' "$tmp/out" >"$tmp/apart"
	cmp -s "$tmp/merged" "$tmp/apart" || fail "$c: merged and apart: $(cat "$tmp/merged" "$tmp/apart")"
	# And what the report says.
	"$v" report --format json $cases/$c.vfs | jq -c '.migrations[0] | [.vm, .outcome, .downtime_ns]' >"$tmp/report"
	jq -c '.[0:3]' "$tmp/merged" | cmp -s - "$tmp/report" || fail "$c: the report: $(cat "$tmp/report")"
	# A recording and its merge: once.
	want 0 "" "$v" list --format json $cases/$c.vfs $cases/$c-src.vfs $cases/$c-dst.vfs
	jq -e '(.migrations | length) == 1 and .recordings.migrations_held_twice == 2' "$tmp/out" >/dev/null || fail "$c: twice"
done

# What merge writes has a summary, and says the same without its events.
"$v" merge -q $cases/S1-mlx5-16vf-src.vfs $cases/S1-mlx5-16vf-dst.vfs -o "$tmp/m.vfs" || fail merge
want 0 "" "$v" list --format json "$tmp/m.vfs"
jq -e '.recordings.without_summary == 0 and .migrations[0].downtime_ns == 1379000000 and
	.migrations[0].largest_part == {"part": "dirty_sync", "ns": 448000000}' "$tmp/out" >/dev/null || fail "of the summary"
want 0 "" "$v" info "$tmp/m.vfs"
# Cut, it is read whole, and no less is known.
head -c -1 "$tmp/m.vfs" >"$tmp/cut.vfs"
want 0 "" "$v" list --format json "$tmp/cut.vfs"
jq -e '.recordings.without_summary == 1 and .recordings.not_ended == 1 and .migrations[0].downtime_ns == 1379000000' \
	"$tmp/out" >/dev/null || fail "without its end"

# Every JSON is what its schema says.
"$v" list --json-schema >"$tmp/schema" || fail "--json-schema"
n=0
for d in $cases tests/data/judge tests/data/merge tests/data/recordings tests/data/hostile "$tmp/m.vfs" "$tmp/nowhere"; do
	timeout 20 "$v" list --group-by driver,host,vm,kernel,outcome,rule --format json "$d" >"$tmp/$n.json" 2>/dev/null
	n=$((n + 1))
done
PYTHONDONTWRITEBYTECODE=1 python3 tests/cli/schema.py "$tmp/schema" "$tmp"/[0-9].json || failed=1
jq 'del(.migrations[0].joined)' "$tmp/0.json" >"$tmp/less"
PYTHONDONTWRITEBYTECODE=1 python3 tests/cli/schema.py "$tmp/schema" "$tmp/less" 2>/dev/null && fail "the checker takes anything"

# Filters, sorting, columns, groups.
want 0 "" "$v" list --outcome failed --columns vm,cause --group-by none $cases
has "7 migrations: 7 failed"
has "write() of 40 B gave EFAULT"
want 0 "" "$v" list --vm 'web-0[1-3]' --sort -vm --columns vm --group-by none $cases/fleet.vfs
[ "$(tail -3 "$tmp/out" | tr -d '\n')" = "web-03web-02web-01" ] || fail "sorted: $(tail -3 "$tmp/out")"
want 0 "" "$v" list --vm 'web-0[1-3]' --sort -vm --reverse -n 1 --columns vm --group-by none $cases/fleet.vfs
has "(1 of 3 migrations)"
want 0 "" "$v" list --where 'stop>1s' --where 'driver!=mlx5*' --columns vm --group-by none $cases
has "2 migrations"
want 0 "" "$v" list --rule call-stuck $cases
has "1 migration: 1 failed"
want 0 "" "$v" list --since 2026-05-01 --until 2026-05-28T20:26:43Z -n 0 $cases
has "2 migrations: 2 completed"
want 0 "" "$v" list --since 1d --group-by kernel,outcome $cases
has "0 migrations"
for bad in "--sort downtme" "--where downtime>300" "--where nothing" "--columns x" "--group-by downtime" "--outcome faild" \
	"--since yesterday" "--where vm>a"; do
	# shellcheck disable=SC2086 # an option and its value
	want 2 "vfioscope: list: --*" "$v" list $bad $cases
done

# CSV: a line each, and as many fields as titles.
want 0 "" "$v" list --format json $cases
rows=$(jq '.migrations | length' "$tmp/out")
want 0 "" "$v" list --format csv $cases
python3 - "$tmp/out" "$rows" <<'PY' || fail "csv"
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="")))
assert len(rows) == int(sys.argv[2]), len(rows)
assert all(None not in r and None not in r.values() for r in rows)
s1 = [r for r in rows if r["downtime_ns"] == "1379000000"]
assert len(s1) == 1 and s1[0]["host"] == "node-a|node-b" and s1[0]["part"] == "dirty_sync", s1
PY
want 0 "" "$v" list --format html -o "$tmp/l.html" $cases
grep -q 'hpc-node-3' "$tmp/l.html" || fail "html"

# What cannot be read: a line each, the rest is listed, 5.
mkdir -p "$tmp/d/sub"
cp $cases/S3-hisi-tiny.vfs "$tmp/d/sub/a.vfs"
echo nonsense >"$tmp/d/bad.vfs"
: >"$tmp/d/empty.vfs"
echo "not looked at" >"$tmp/d/notes.txt"
want 5 "*bad.vfs: is not a vfioscope recording*empty.vfs: is empty" "$v" list "$tmp/d"
[ "$(wc -l <"$tmp/err")" = 2 ] || fail "a line each: $(cat "$tmp/err")"
has "1 migration: 1 completed"
has "recordings    3, 2 cannot be read"
want 5 "" "$v" list --format json "$tmp/d"
jq -e '(.errors | length) == 2 and (.migrations | length) == 1 and .recordings.unreadable == 2' "$tmp/out" >/dev/null || fail "errors in JSON"
want 5 "*nowhere*" "$v" list "$tmp/nowhere" "$tmp/d/sub"
has "1 migration"
mkdir "$tmp/none"
want 0 "" "$v" list "$tmp/none"
has "0 migrations"
# Nothing is left beside or in the evidence.
[ "$(cd "$tmp/d" && find . -type f | sort | tr '\n' ' ')" = "./bad.vfs ./empty.vfs ./notes.txt ./sub/a.vfs " ] || fail "left something"
cmp -s $cases/S3-hisi-tiny.vfs "$tmp/d/sub/a.vfs" || fail "wrote into evidence"
# What was analysed is kept where it is told to, and read from there until the recording changes.
same() { cmp -s "$tmp/first" "$tmp/out" || fail "the cache says something else: $(diff "$tmp/first" "$tmp/out" | head -3)"; }
want 0 "" "$v" list --format csv $cases
cp "$tmp/out" "$tmp/first"
want 0 "" "$v" list --format csv --cache "$tmp/cache" $cases
same
[ "$(stat -c %a "$tmp/cache")" = 600 ] || fail "the cache's mode"
want 0 "" "$v" list --format csv --cache "$tmp/cache" $cases
same
want 0 "" "$v" list --format json --cache "$tmp/cache" $cases
jq -e '.recordings.without_summary == 0' "$tmp/out" >/dev/null || fail "the cache was not used"
want 0 "" "$v" list --format json --cache "$tmp/cache" "$tmp/d/sub"
cp $cases/fleet.vfs "$tmp/d/sub/a.vfs"
want 0 "" "$v" list --format json --cache "$tmp/cache" "$tmp/d/sub"
jq -e '.recordings.without_summary == 1 and (.migrations | length) == 8' "$tmp/out" >/dev/null || fail "a changed recording"
cp $cases/S3-hisi-tiny.vfs "$tmp/d/sub/a.vfs"
# Damaged, it is begun anew; what is no cache stays.
printf '\377' | dd of="$tmp/cache" bs=1 seek=100 conv=notrunc 2>/dev/null
want 0 "" "$v" list --format csv --cache "$tmp/cache" $cases
same
want 2 "*is no file of summaries" "$v" list --cache "$tmp/d/notes.txt" $cases
want 2 "*is no file of summaries" "$v" list --cache $cases/fleet.vfs $cases
[ "$(cat "$tmp/d/notes.txt")" = "not looked at" ] || fail "wrote over notes.txt"
# On standard input.
want 0 "" "$v" list - <$cases/S3-hisi-tiny.vfs
has "1 migration: 1 completed"
want 2 "*only one*" "$v" list - - <$cases/S3-hisi-tiny.vfs

# Names of strangers are text, whatever they hold.
for f in text csv html json; do
	timeout 60 "$v" list --format $f tests/data/hostile tests/data/recordings >"$tmp/out" 2>/dev/null
	[ $? -le 5 ] || fail "hostile names as $f"
	LC_ALL=C grep -q "$(printf '[\001-\010\013\014\016-\037\177]')" "$tmp/out" && fail "a control character as $f"
	iconv -f UTF-8 -t UTF-8 "$tmp/out" >/dev/null 2>&1 || fail "no UTF-8 as $f"
done
exit $failed
