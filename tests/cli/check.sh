#!/bin/bash
# check: exit codes, budgets, policy files, JSON, JUnit, and names
# that want to be more than names. tests/data/judge holds recordings of QEMU
# migrations made in the lab.
. "$(dirname "$0")/lib"
data=tests/data/judge

# has TEXT: in the output of the last command, wherever a line ends.
has() {
	tr -s ' \n' ' ' <"$tmp/out" | grep -qF -- "$(tr -s ' ' <<<"$1")" || { echo "no '$1' in:"; head -20 "$tmp/out"; failed=1; }
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
# One migration: what is found about the others is not asked for, and what is not
# there has not passed.
cases=tests/data/cases
want 1 "" "$v" check --migration 1 "$data/mtty-qemu.vfs"
want 3 "" "$v" check --migration 2 "$data/mtty-qemu.vfs"
has "migration 2 is not in the evidence: it has 1"
has "protocol: cannot say; migrations: none"
want 0 "" "$v" check --migration 3 "$cases/04-mlx5-cancel-leak.vfs"
has "protocol: clean; migrations: 1 cancelled"
want 1 "" "$v" check --migration 4 "$cases/04-mlx5-cancel-leak.vfs"
has "protocol: clean; migrations: 1 failed"
want 0 "" "$v" check --migration 2 --expect completed=0 "$cases/04-mlx5-cancel-leak.vfs"
# A cut: before the migration there is none, in its midst nobody knows how it ends.
want 3 "" "$v" check --to 3s "$data/mtty-qemu.vfs"
has "no-migration"
want 3 "" "$v" check --to 3.3s "$data/mtty-qemu.vfs"
has "evidence-ends"
want 1 "" "$v" check --to 3.7s "$data/mtty-qemu.vfs"
want 1 "" "$v" check --from 3s "$data/mtty-qemu.vfs"
# A time that holds none is no pass, though the evidence has four.
want 3 "" "$v" check --from 110s "$cases/04-mlx5-cancel-leak.vfs"
has "no migration is in the time that was asked for, of 4 in the evidence"
want 0 "" "$v" check --from 110s --expect completed=0 "$cases/04-mlx5-cancel-leak.vfs"
want 0 "" "$v" check --from 50s --to 104s "$cases/04-mlx5-cancel-leak.vfs"
# What is expected is expected of what was asked for; what has no end may still come.
want 1 "" "$v" check --expect completed=1 "$cases/15-qat-refused-src.vfs"
want 3 "" "$v" check --expect completed=1 --ignore call-stuck "$cases/11-xe-read-oops.vfs"
want 1 "" "$v" check --expect completed=2 --ignore call-stuck "$cases/11-xe-read-oops.vfs"

# A failure that is wanted: shown, not counted, and what it consists of neither.
want 0 "" "$v" check --ignore migration-failed "$cases/05-mlx5-save-fails.vfs"
has "IGNORED"
has "io-failed"
has "migrations: 1 failed"
want 1 "" "$v" check --ignore migration-failed "$cases/01-hisi-mismatch.vfs"
want 0 "" "$v" check --ignore migration-failed,eof-in-precopy@hisi_acc_vfio_pci "$cases/01-hisi-mismatch.vfs"
want 1 "" "$v" check --ignore migration-failed,eof-in-precopy@mtty "$cases/01-hisi-mismatch.vfs"

# Budgets: none is held against what failed or was given back; what is known is too
# much already, or nobody can tell.
want 1 "" "$v" check --max-downtime 1ms "$cases/05-mlx5-save-fails.vfs"
has "  skipped      downtime-budget"
has "the migration failed: no budget is held against it"
want 0 "" "$v" check --max-downtime 1ms "$cases/15-qat-refused-src.vfs"
has "the migration was given back: no budget is held against it"
want 1 "" "$v" check --max-downtime 50ms "$cases/S3-hisi-tiny-src.vfs"
has "the stop on the source alone is 87.3 ms, the budget for the downtime 50.0 ms"
want 3 "" "$v" check --max-downtime 100ms "$cases/S5-mlx5-reinit.vfs" --max-downtime 1s
has "the budget for the downtime is not decided: the destination is not in the evidence"
want 1 "" "$v" check --max-downtime 1s "$cases/11-xe-read-oops.vfs"
has "the stop on the source alone is 62.059 s"
want 2 "vfioscope: check: --max-downtime: '300' is no duration *" "$v" check --max-downtime 300 "$cases/fleet.vfs"
want 2 "vfioscope: check: --max-arc: '20' is no duration *" "$v" check --max-arc 20 "$cases/fleet.vfs"
want 5 "vfioscope: /nonexistent: *" "$v" check /nonexistent
want 5 "vfioscope: README.md: *" "$v" check README.md
want 2 "vfioscope: check: which recording? *" "$v" check

# Budgets, by option and by policy; the command line wins.
f=$data/reference-qemu.vfs
want 1 "" "$v" check --max-downtime 1s "$f"
has "downtime-budget"
want 0 "" "$v" check --max-downtime 20s --max-stop-window 400ms --expect completed=1 "$f"
want 1 "" "$v" check --max-stop-window 100ms "$f"
want 1 "" "$v" check --max-arc 200ms "$f"
has "the arc STOP to RESUMING took 237 ms"
want 0 "" "$v" check --max-arc 200ms --max-arc STOP:RESUMING=300ms "$f"
want 1 "" "$v" check --expect completed=3 "$f"
has "1 completed migration in the evidence, 3 expected"
printf '# budgets\nmax-downtime = 1s\n\nmax-arc = STOP:RESUMING=300ms # slow\n' >"$tmp/policy"
want 1 "" "$v" check --policy "$tmp/policy" "$f"
want 0 "" "$v" check --policy "$tmp/policy" --max-downtime 20s "$f"
printf 'strict = yes\nmax-downtime: 1s\n' >"$tmp/policy"
want 2 "vfioscope: $tmp/policy:2: 'max-downtime: 1s' is no 'key = value'" \
	"$v" check --policy "$tmp/policy" "$f"
# What a policy sets nobody has to say again.
printf 'strict = yes\n' >"$tmp/policy"
want 0 "" "$v" check $data/enomsg-spin.vfs
want 1 "" "$v" check --strict $data/enomsg-spin.vfs
want 1 "" "$v" check --policy "$tmp/policy" $data/enomsg-spin.vfs
# Profiles: what stands before the first is for all, and a mistake is one in any of them.
printf 'max-stop-window = 400ms\n[ lab ]\nmax-downtime = 20s\n[tight]\nmax-downtime = 1s # both hosts\n' >"$tmp/policy"
want 0 "" "$v" check --policy "$tmp/policy" "$f"
want 0 "" "$v" check --policy "$tmp/policy" --profile lab "$f"
want 1 "" "$v" check --policy "$tmp/policy" --profile tight "$f"
has "downtime-budget"
want 2 "vfioscope: $tmp/policy: there is no profile 'ligth', but lab, tight" "$v" check --policy "$tmp/policy" --profile ligth "$f"
want 2 "vfioscope: check: --profile: of which --policy?" "$v" check --profile lab "$f"
printf '[lab]\nmax-downtime = 20s\n[tight]\nmax-downtime = soon\n' >"$tmp/policy"
want 2 "vfioscope: $tmp/policy:4: max-downtime: *" "$v" check --policy "$tmp/policy" --profile lab "$f"
printf '[lab]\nmax-downtime = 20s\n' >"$tmp/policy"
want 2 "vfioscope: $tmp/policy: which profile? lab" "$v" check --policy "$tmp/policy" "$f"
# The one that is shipped: each of its profiles is one.
for p in $(sed -n 's/^\[\(.*\)\]$/\1/p' contrib/ci/policy.conf); do
	"$v" check --policy contrib/ci/policy.conf --profile "$p" "$f" >/dev/null 2>"$tmp/err"
	[ $? -le 1 ] && [ ! -s "$tmp/err" ] || fail "policy.conf: $p: $(cat "$tmp/err")"
done
# As long as a policy may be, and a byte more.
{ printf 'max-downtime = 20s\n'; yes "# $(printf '%0.s-' {1..97})" | head -c $((65536 - 20)); printf '\n'; } >"$tmp/policy"
[ "$(stat -c %s "$tmp/policy")" = 65536 ] || fail "the longest policy is not"
want 0 "" "$v" check --policy "$tmp/policy" "$f"
printf '\n' >>"$tmp/policy"
want 2 "vfioscope: $tmp/policy: a policy is shorter than that" "$v" check --policy "$tmp/policy" "$f"
printf 'max-arc = FOO:STOP=1s\n' >"$tmp/policy"
want 2 "vfioscope: $tmp/policy:1: max-arc: *names no two states" "$v" check --policy "$tmp/policy" "$f"
want 2 "vfioscope: check: --max-downtime: 'soon' is no duration *" "$v" check --max-downtime soon "$f"
want 2 "vfioscope: check: --ignore: 'nosuch' is no rule*" "$v" check --ignore nosuch "$f"
want 2 "vfioscope: check: --expect: *" "$v" check --expect finished=1 "$f"
want 2 "" "$v" check --format json --expect finished=1 "$f"
has '{"error":'

# JSON and JUnit are what they say, whatever the names in the recording are.
# SARIF and annotations: a result for each finding of the JSON, with its rule and its page.
for c in 15-qat-refused 02-hisi-duplicate-good 04-mlx5-cancel-leak fleet; do
	"$v" check --format json "$cases/$c.vfs" >"$tmp/json"
	"$v" check --format sarif -o "$tmp/sarif" "$cases/$c.vfs"
	"$v" check --format annotations "$cases/$c.vfs" >"$tmp/notes"
	jq -e --slurpfile j "$tmp/json" '.version == "2.1.0" and (.runs | length) == 1 and (.runs[0] |
		(.tool.driver.rules | all(.help.text | length > 100)) and .invocations[0].executionSuccessful and
		([.results[] | [.ruleId, .message.text]] | sort) == ([$j[0].findings[] | [.rule, .text]] | sort) and
		(.tool.driver.rules as $rules | .results | all($rules[.ruleIndex].id == .ruleId)) and
		(.results | all((.kind == "open") == (.level == "none") and .locations[0].physicalLocation.artifactLocation.uri != "")))' \
		"$tmp/sarif" >/dev/null || fail "$c: SARIF: $(jq -c '.runs[0].results[] | [.ruleId, .kind, .level]' "$tmp/sarif")"
	n=$(jq '[.findings[] | select(.because_of == null and (.ignored | not))] | length' "$tmp/json")
	[ "$(grep -c '^::\(error\|warning\|notice\) file=.*,title=[a-z0-9-]*::' "$tmp/notes")" = "$n" ] && [ "$(wc -l <"$tmp/notes")" = "$n" ] ||
		fail "$c: annotations, of which there are $n: $(cat "$tmp/notes")"
done
want 1 "" "$v" check --format annotations $cases/15-qat-refused.vfs
grep -q '^::error file=tests/data/cases/15-qat-refused.vfs,title=migration-failed::tls-1 with 0000.6b:00.1 .*gave EINVAL' "$tmp/out" || fail "$(cat "$tmp/out")"
# An advice is a note, but where nothing is advice.
for as in "note 0" "warning 1 --strict"; do
	read -r l code strict <<<"$as"
	want "$code" "" "$v" check --format sarif ${strict:+"$strict"} $data/enomsg-spin.vfs
	jq -e --arg l "$l" '.runs[0].results | any(.ruleId == "enomsg-spin" and .level == $l)' "$tmp/out" >/dev/null || fail "SARIF: no $l"
done
want 0 "" "$v" check --format sarif --ignore migration-failed $cases/05-mlx5-save-fails.vfs
jq -e '.runs[0].results | any(.ruleId == "migration-failed" and .suppressions[0].justification == "--ignore")' "$tmp/out" >/dev/null || fail "suppressed"
want 5 "vfioscope: /nonexistent: *" "$v" check --format sarif -o "$tmp/sarif" /nonexistent
jq -e '.runs[0] | (.invocations[0] | .executionSuccessful == false and (.toolExecutionNotifications[0].message.text | test("nonexistent"))) and .results == []' "$tmp/sarif" >/dev/null || fail "SARIF of nothing"
want 5 "vfioscope: /nonexistent: *" "$v" check --format annotations /nonexistent
[ "$(cat "$tmp/out")" = "::error title=vfioscope::/nonexistent: No such file or directory" ] || fail "$(cat "$tmp/out")"
cp $cases/15-qat-refused.vfs "$tmp/a, b:%.vfs"
want 1 "" "$v" check --format annotations "$tmp/a, b:%.vfs"
grep -q "^::error file=.*/a%2C b%3A%25.vfs,title=" "$tmp/out" || fail "$(cat "$tmp/out")"
want 1 "" "$v" check --format sarif "$tmp/a, b:%.vfs"
grep -q '"uri": ".*/a,%20b%3A%25.vfs"' "$tmp/out" || fail "$(grep uri "$tmp/out")"

schema=tests/data/schemas/junit.xsd
for f in "$data"/*.vfs "$cases"/*.vfs tests/data/recordings/*.vfs; do
	for format in json junit text; do
		timeout 20 "$v" check --format $format "$f" >"$tmp/$format" 2>"$tmp/err" </dev/null
		echo $? >>"$tmp/codes"
		[ -s "$tmp/err" ] && { cat "$tmp/err"; failed=1; }
	done
	if LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f]' "$tmp/text" "$tmp/junit"; then
		echo "check $f: control characters"
		failed=1
	fi
	xmllint --noout --schema $schema "$tmp/junit" 2>"$tmp/err" || { head -3 "$tmp/err"; fail "$f: JUnit"; }
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
# the report's object, without what each device did
for g in report['migrations']:
    del g['sessions']
assert check == report
ids = {f['id'] for f in check['findings']}
numbers = {g['id'] for g in check['migrations']}
for f in check['findings']:
    for key in ('rule', 'severity', 'party', 'host', 'device', 'stream', 'session', 'migration', 't_ns',
                'seq', 'text', 'because_of'):
        assert key in f, key
    assert f['severity'] in ('error', 'warning', 'advice', 'inconclusive')
    assert set(f['party'].split(', ')) <= {'driver', 'vmm', 'admin', 'unknown'}
    assert f['because_of'] is None or f['because_of'] in ids
    assert f['migration'] is None or f['migration'] in numbers
assert (check['verdict'] == 'findings') == any(f['counts'] for f in check['findings'])
assert sum(check['outcomes'][o] for o in ('completed', 'failed', 'cancelled', 'unfinished')) == len(numbers)
# a failed migration is never a pass
assert not check['outcomes']['failed'] or check['verdict'] == 'findings'
root = ET.parse(tmp + '/junit').getroot()
suites = root.findall('testsuite')
assert [s.get('name') for s in suites][-1] == 'evidence' and len(suites) == len(numbers) + 1
sums = dict.fromkeys(('tests', 'failures', 'errors'), 0)
for suite, g in zip(suites, check['migrations'] + [None]):
    cases = suite.findall('testcase')
    assert int(suite.get('tests')) == len(cases)
    for what in ('failure', 'error', 'skipped'):
        n = {'failure': 'failures', 'error': 'errors', 'skipped': 'skipped'}[what]
        assert int(suite.get(n)) == sum(c.find(what) is not None for c in cases), what
    for n in sums:
        sums[n] += int(suite.get(n))
    assert abs(float(suite.get('time')) - sum(float(c.get('time')) for c in cases)) < 1e-5
    if g:
        took = g['end_ns'] - g['begin_ns']
        assert abs(float(suite.get('time')) * 1e9 - took) < 1001 + took / 1e9
        assert not g['begin'] or suite.get('timestamp') == g['begin'][:19], (suite.get('timestamp'), g['begin'])
        failed = [c for c in cases if c.get('name') == 'migration-failed'][0]
        assert (failed.find('failure') is not None) == (g['outcome'] == 'failed')
for n in sums:
    assert int(root.get(n)) == sums[n]
assert (sums['failures'] > 0) == (check['verdict'] == 'findings')
assert not sums['errors'] or any(f['severity'] == 'inconclusive' and not f['ignored'] for f in check['findings'])
assert check['verdict'] != 'inconclusive' or sums['errors']
PY
done

# The names of suites and cases are those of the next run: of the VM and of the rules.
names() { python3 -c "
import sys, xml.etree.ElementTree as ET
for s in ET.parse(sys.argv[1]).getroot():
    for c in s.findall('testcase'):
        print(s.get('name'), c.get('classname'), c.get('name'), sep='|')" "$1"; }
want 1 "" "$v" check --format junit -o "$tmp/a.xml" "$cases/02-hisi-duplicate-good.vfs" --max-downtime 1ns --strict --expect completed=2
cp "$cases/02-hisi-duplicate-bad.vfs" "$tmp/another name.vfs"
want 3 "" "$v" check --format junit -o "$tmp/b.xml" "$tmp/another name.vfs" --max-downtime 1ns
cmp <(names "$tmp/a.xml") <(names "$tmp/b.xml") || fail "names differ from run to run"
names "$tmp/a.xml" | cut -d'|' -f1,2 | grep -E 'vfs|/|node|[0-9]' && fail "a path, a number or an address in a name"
want 1 "" "$v" check --format junit -o "$tmp/a.xml" "$cases/04-mlx5-cancel-leak.vfs"
[ "$(names "$tmp/a.xml" | cut -d'|' -f1 | uniq | tr '\n' '|')" = \
	"migration of web-07|migration of web-07, second|migration of web-07, third|migration of web-07, fourth|evidence|" ] ||
	fail "suites: $(names "$tmp/a.xml" | cut -d'|' -f1 | uniq)"
# Of several findings that weigh the same the first gives the case its message.
want 1 "" "$v" check --format junit -o "$tmp/a.xml" --max-arc 1ns "$cases/S3-hisi-tiny.vfs"
python3 - "$tmp/a.xml" <<'PY' || fail "a case has another's message"
import sys, xml.etree.ElementTree as ET
failures = list(ET.parse(sys.argv[1]).getroot().iter('failure'))
assert all(f.text.startswith(f.get('message')) for f in failures)
assert any(not line.startswith(f.get('message')) for f in failures for line in f.text.split('\n')[:-2])
PY
# skipped CASE REASON: in the report of the last command.
skipped() {
	python3 - "$tmp/a.xml" "$1" "$2" <<'PY' || { fail "'$1' is not skipped: $2"; }
import sys, xml.etree.ElementTree as ET
s = ET.parse(sys.argv[1]).getroot()[0]
found = [c for c in s.findall('testcase') if c.get('name') == sys.argv[2]][0].find('skipped')
assert found is not None and found.get('message') == sys.argv[3], found
PY
}
want 1 "" "$v" check --format junit -o "$tmp/a.xml" --max-downtime 300ms "$cases/08-dma-log-start-einval.vfs"
skipped downtime-budget "the migration failed"
skipped eof-in-precopy "no device was in PRE_COPY"
skipped resume-short "only one of its sides is in the evidence"
skipped fd-lost "no data FD was asked for"
want 0 "" "$v" check --format junit -o "$tmp/a.xml" --max-downtime 1ms "$cases/15-qat-refused-src.vfs"
skipped downtime-budget "the migration was given back"
skipped arc-budget "no such budget is set"
want 0 "" "$v" check --format junit -o "$tmp/a.xml" --ignore migration-failed "$cases/05-mlx5-save-fails.vfs"
skipped migration-failed "ignored: on the source: read() of 1.00 MiB gave ENODEV after 105 MiB"

# What cannot be read is in the report, which is written all the same; no report of an
# earlier run is left.
for args in "5 /nonexistent" "5 README.md" "2 $cases/fleet.vfs $cases/fleet.vfs" "2 --max-downtime 300 $cases/fleet.vfs" \
	"2 --max-downtimes 300ms $cases/fleet.vfs" "2 "; do
	echo stale >"$tmp/a.xml"
	# shellcheck disable=SC2086 # words
	want "${args%% *}" "vfioscope: *" "$v" check --format junit -o "$tmp/a.xml" ${args#* }
	xmllint --noout --schema $schema "$tmp/a.xml" 2>"$tmp/err" || fail "${args#* }: $(head -3 "$tmp/err")"
	grep -q '<error type="unreadable" message="' "$tmp/a.xml" || fail "${args#* }: no error in the report"
done
want 5 "vfioscope: /nonexistent: *" "$v" check --format junit /nonexistent
has '<error type="unreadable" message="/nonexistent: No such file or directory"/>'
# Whole or not at all: a report that could not be written to its end is not there.
want 5 "vfioscope: cannot write: *" bash -c "ulimit -f 1; exec '$v' check --format junit -o '$tmp/c.xml' '$cases/fleet.vfs'"
[ ! -e "$tmp/c.xml" ] || fail "half a report"

# Of more than is kept some advice is left out: that is no matter, but where advice counts, and then nothing has passed.
many
want 0 "" "$v" check --ignore initial-bytes-grew@mlx5_vfio_pci "$tmp/many-a.vfs"
want 3 "" "$v" check --strict --ignore initial-bytes-grew@mlx5_vfio_pci "$tmp/many-a.vfs"
has "96 more findings were not kept"
want 3 "" "$v" check --format junit --strict --ignore initial-bytes-grew@mlx5_vfio_pci "$tmp/many-a.vfs"
[ "$(grep '<testcase [^>]*/>' "$tmp/out" | grep -vc ' name="readable"')" = 0 ] || fail "JUnit: a case passed of which more was found than is kept"
has '<skipped message="more was found than is kept"/>'

exit $failed
