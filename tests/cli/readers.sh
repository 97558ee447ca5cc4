#!/bin/bash
# report, export and info on the golden recordings: valid JSON, exit codes,
# one line per error, a closed pipe is no error.
. "$(dirname "$0")/lib"
data=tests/data/recordings

json() {
	python3 - "$@" <<'PY' || failed=1
import json, sys
name, kind = sys.argv[1], sys.argv[2]
data = open(name, 'rb').read()
text = data.decode('utf-8')               # valid UTF-8 or it raises
assert not any(ord(c) < 32 and c != '\n' for c in text), 'control characters'
def once(pairs):                          # no key twice
    assert len({k for k, _ in pairs}) == len(pairs), pairs
    return dict(pairs)
if kind == 'ndjson':
    last = 0
    for line in text.split('\n'):
        if not line:
            continue
        ev = json.loads(line, object_pairs_hook=once)
        for key in ('seq', 't_ns', 'time', 'dur_ns', 'cpu', 'pid', 'tid', 'comm', 'kind'):
            assert key in ev, (key, ev)
        assert ev['seq'] > last
        last = ev['seq']
        assert ('errno' not in ev) or ev['ret'] < 0
    assert last, 'no line'
else:
    json.loads(text, object_pairs_hook=once)
PY
}

for f in "$data"/*.vfs; do
	for args in "report" "report --bytes --time wall" "report --format json" \
		    "info" "info --format json" "export"; do
		# An export has no place for damage: it is told beside it.
		err=
		[[ $args != export || $f != *damaged* && $f != *killed* ]] || err="vfioscope: *: * of the recording cannot be read*"
		# Its clock of day goes back and forth.
		[[ $args != export || $f != *v1-kinds* ]] || err="vfioscope: CLOCK_REALTIME was set*"
		# shellcheck disable=SC2086
		want 0 "$err" "$v" $args "$f"
		cp "$tmp/out" "$tmp/file"
		[[ $args == *json* ]] && json "$tmp/out" json
		[[ $args == export ]] && json "$tmp/out" ndjson
		# The same from a pipe; the name is another, and so are a file's notes.
		if [[ $args == export ]]; then
			want 0 "$err" "$v" $args - < "$f"
			cmp -s "$tmp/out" "$tmp/file" || { echo "$args -: differs"; failed=1; }
		fi
	done
	# No byte that a terminal would obey, whatever the names are.
	for args in report info; do
		if "$v" $args "$f" | LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f]'; then
			echo "$args $f: control characters"
			failed=1
		fi
	done
done

f=$data/v1-migration.vfs
want 0 "" "$v" export --json-schema
json "$tmp/out" json
want 0 "" "$v" --help
want 0 "" "$v" --version
for c in report export info; do
	want 0 "" "$v" $c --help
	want 2 "vfioscope: $c: which recording? *" "$v" $c
done
want 2 "vfioscope: unknown command 'repotr'; did you mean 'report'?" "$v" repotr
want 2 "vfioscope: report: unknown option '--fomat'; did you mean '--format'?" "$v" report --fomat x
want 2 "vfioscope: --from: 'soon' is not a time *" "$v" report --from soon "$f"
want 5 "vfioscope: /nonexistent: No such file or directory" "$v" report /nonexistent
want 5 "vfioscope: README.md: *" "$v" info README.md
want 5 "" "$v" report --format json /nonexistent
json "$tmp/out" json
grep -q '^{"error":' "$tmp/out" || { echo "no error as JSON"; failed=1; }
want 5 "vfioscope: cannot write: No space left on device" "$v" export "$f" -o /dev/full
want 0 "" bash -c "$v export $f | head -1 >/dev/null; exit \${PIPESTATUS[0]}"
want 0 "" bash -c "$v report $f | head -1 >/dev/null; exit \${PIPESTATUS[0]}"
exit $failed
