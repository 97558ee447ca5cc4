#!/bin/bash
# check: exit codes, budgets, policy files, JSON, JUnit, and names
# that want to be more than names. tests/data/judge holds recordings of QEMU
# migrations made in the lab.
. "$(dirname "$0")/lib"
data=tests/data/judge

# has TEXT: in the output of the last command.
has() {
	grep -qF -- "$1" "$tmp/out" || { echo "no '$1' in:"; head -20 "$tmp/out"; failed=1; }
}

# A conforming migration passes; mtty is known for one thing and nothing else.
want 0 "" "$v" check --strict "$data/reference-qemu.vfs"
has "PASS"
want 1 "" "$v" check "$data/mtty-qemu.vfs"
has "FINDINGS: 1 warning"
has "eof-in-precopy"
want 0 "" "$v" check --ignore eof-in-precopy "$data/mtty-qemu.vfs"
has "IGNORED"
want 3 "" "$v" check "$data/killed-recorder.vfs"
has "damaged-trace"
# A proven finding outranks the hole.
want 1 "" "$v" check "$data/killed-recorder.vfs" "$data/mtty-qemu.vfs"
want 0 "" "$v" check --migration 1 "$data/mtty-qemu.vfs"
want 1 "" "$v" check --migration 2 "$data/mtty-qemu.vfs"
want 3 "" "$v" check --migration 9 "$data/mtty-qemu.vfs"
# A cut: before the migration there is none, in its midst nothing is wrong yet.
want 3 "" "$v" check --to 3s "$data/mtty-qemu.vfs"
has "no-migration"
want 0 "" "$v" check --to 3.3s "$data/mtty-qemu.vfs"
want 1 "" "$v" check --to 3.7s "$data/mtty-qemu.vfs"
want 1 "" "$v" check --from 3s "$data/mtty-qemu.vfs"
want 5 "vfioscope: /nonexistent: *" "$v" check /nonexistent
want 5 "vfioscope: README.md: *" "$v" check README.md
want 2 "vfioscope: check: which recording? *" "$v" check

# Budgets, by option and by policy; the command line wins.
f=$data/reference-qemu.vfs
want 1 "" "$v" check --max-downtime 1s "$f"
has "downtime-budget"
want 0 "" "$v" check --max-downtime 20s --max-stop-window 400ms --expect completed=2 "$f"
want 1 "" "$v" check --max-stop-window 100ms "$f"
want 1 "" "$v" check --max-arc 200ms "$f"
has "the arc STOP to RESUMING took 237.5 ms"
want 0 "" "$v" check --max-arc 200ms --max-arc STOP:RESUMING=300ms "$f"
want 1 "" "$v" check --expect completed=3 "$f"
has "2 completed migrations in the evidence, 3 expected"
printf '# budgets\nmax-downtime = 1s\n\nmax-arc = STOP:RESUMING=300ms # slow\n' >"$tmp/policy"
want 1 "" "$v" check --policy "$tmp/policy" "$f"
want 0 "" "$v" check --policy "$tmp/policy" --max-downtime 20s "$f"
printf 'strict = yes\nmax-downtime: 1s\n' >"$tmp/policy"
want 2 "vfioscope: $tmp/policy:2: 'max-downtime: 1s' is no 'key = value'" \
	"$v" check --policy "$tmp/policy" "$f"
printf 'max-arc = FOO:STOP=1s\n' >"$tmp/policy"
want 2 "vfioscope: $tmp/policy:1: max-arc: *names no two states" "$v" check --policy "$tmp/policy" "$f"
want 2 "vfioscope: check: --max-downtime: 'soon' is no duration *" "$v" check --max-downtime soon "$f"
want 2 "vfioscope: check: --ignore: 'nosuch' is no rule*" "$v" check --ignore nosuch "$f"
want 2 "vfioscope: check: --expect: *" "$v" check --expect finished=1 "$f"
want 2 "" "$v" check --format json --expect finished=1 "$f"
has '{"error":'

# JSON and JUnit are what they say, whatever the names in the recording are.
for f in "$data"/*.vfs tests/data/recordings/*.vfs; do
	for format in json junit text; do
		timeout 20 "$v" check --format $format "$f" >"$tmp/$format" 2>"$tmp/err" </dev/null
		echo $? >>"$tmp/codes"
		[ -s "$tmp/err" ] && { cat "$tmp/err"; failed=1; }
	done
	if LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f]' "$tmp/text" "$tmp/junit"; then
		echo "check $f: control characters"
		failed=1
	fi
	timeout 20 "$v" report --format json "$f" >"$tmp/report" </dev/null
	python3 - "$tmp" <<'PY' || { echo "$f"; failed=1; }
import json, sys, xml.etree.ElementTree as ET
tmp = sys.argv[1]
check = json.load(open(tmp + '/json'))
report = json.load(open(tmp + '/report'))
codes = open(tmp + '/codes').read().split()[-3:]
assert len(set(codes)) == 1, codes
code = {'pass': '0', 'findings': '1', 'inconclusive': '3'}[check['verdict']]
assert codes[0] == code, (codes, check['verdict'])
assert check['findings'] == report['findings'] and check['verdict'] == report['verdict']
ids = {f['id'] for f in check['findings']}
for f in check['findings']:
    for key in ('rule', 'severity', 'party', 'device', 'stream', 'migration', 't_ns', 'seq',
                'text', 'because_of'):
        assert key in f, key
    assert f['severity'] in ('error', 'warning', 'advice', 'inconclusive')
    assert f['party'] in ('driver', 'vmm', 'admin')
    assert f['because_of'] is None or f['because_of'] in ids
assert (check['verdict'] == 'findings') == any(f['counts'] for f in check['findings'])
root = ET.parse(tmp + '/junit').getroot()
suite = root.find('testsuite')
cases = suite.findall('testcase')
assert int(suite.get('tests')) == len(cases)
for what in ('failure', 'error', 'skipped'):
    n = {'failure': 'failures', 'error': 'errors', 'skipped': 'skipped'}[what]
    assert int(suite.get(n)) == sum(c.find(what) is not None for c in cases), what
names = [(c.get('classname'), c.get('name')) for c in cases]
assert len(names) == len(set(names))
bad = int(suite.get('failures')) > 0
assert bad == (check['verdict'] == 'findings')
PY
done

exit $failed
