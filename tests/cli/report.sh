#!/bin/bash
# report: every JSON output is what --json-schema says, in both directions; the
# parts of each downtime add up; the text opens with a sentence per migration and
# ends with what came of all.
. "$(dirname "$0")/lib"

cat >"$tmp/validate.py" <<'PY'
import sys

sys.path.insert(0, "tests/cli")
import schema

def total(parts):
    return sum(p["ns"] or 0 for p in parts)

for name in sys.argv[2:]:
    r = schema.load(sys.argv[1], name)
    assert r["version"] == 2
    ids = [g["id"] for g in r["migrations"]]
    assert ids == sorted(set(ids)), ids
    for g in r["migrations"]:
        at = "%s: migration %d" % (name, g["id"])
        assert (g["downtime_ns"] is None) == (g["downtime_why"] is not None) == (g["downtime"] is None), at
        if g["downtime"] is not None:
            assert total(g["downtime"]) == g["downtime_ns"], at
        src, dst = g["sides"]["source"], g["sides"]["destination"]
        assert src or dst, at
        if src and src["stop_window_ns"] is not None:
            parts = ["arcs_ns", "io_ns", "dirty_sync_ns", "outside_ns", "unattributed_ns"]
            assert sum(src[k] or 0 for k in parts) == src["stop_window_ns"], at
            assert sum(src["gaps"].values()) == src["outside_ns"], at
            if g["downtime"] is None:
                assert total(g["stop"]) == src["stop_window_ns"], at
        for p in (g["downtime"] or []) + (g["stop"] or []):
            assert sum(x["ns"] for x in p["shares"]) <= (p["ns"] or 0), at
        assert g["cause"] is None or g["outcome"] == "failed", at
        assert g["causes"][:1] == ([g["cause"]] if g["cause"] else []), at
        assert (g["joined"]["how"] is None) == (not (src and dst)), at
        assert (g["joined"]["why"] is None) == bool(src and dst), at
        for s in g["sessions"]:
            assert s["side"] in [x["id"] for x in (src, dst) if x], at
            # What was not seen says why, and what was seen does not.
            for k in s["not_seen"]:
                assert s[k] is None, (at, k)
            for k in ("polls", "stream", "bytes_precopy", "eof_ns", "peer", "left_bytes", "initial_bytes_last",
                      "data_size_last", "estimate_at_switchover", "stop_window_ns", "load_ns"):
                assert s[k] is not None or s["not_seen"][k], (at, k)
        for side in (src, dst):
            for k in side["not_seen"] if side else []:
                assert side[k] is None, (at, k)
            for k in ("stop_window_ns", "eof_ns", "run_ns"):
                assert not side or side[k] is not None or side["not_seen"][k], (at, k)
    n = r["outcomes"]
    assert n["completed"] + n["failed"] + n["cancelled"] + n["unfinished"] == len(r["migrations"]), n
PY

"$v" report --json-schema >"$tmp/schema" || fail "--json-schema"
outputs=()
n=0
for f in tests/data/*/*.vfs tests/tui/data/*.vfs ${VFIOSCOPE_CASES:+"$VFIOSCOPE_CASES"/*.vfs}; do
	n=$((n + 1))
	files=("$f")
	# Of two hosts: each alone, and both together.
	[[ $f != *-src.vfs || ! -e ${f%-src.vfs}-dst.vfs ]] || files+=("${f%-src.vfs}-dst.vfs")
	"$v" report --format json "${files[@]}" >"$tmp/$n.json" || fail "$f: report --format json gave $?"
	outputs+=("$tmp/$n.json")
	"$v" report "${files[@]}" >"$tmp/text" || fail "$f: report gave $?"
	"$v" report --sessions "${files[@]}" >"$tmp/full" || fail "$f: report --sessions gave $?"
	if [[ ${#files[@]} == 2 ]]; then
		"$v" report --format json "$f" >"$tmp/$n-alone.json" || fail "$f: alone"
		outputs+=("$tmp/$n-alone.json")
	fi
	# 80 columns, but where a name is long by itself.
	wide=$(LC_ALL=C.UTF-8 grep -hE '^.{81,}' "$tmp/text" "$tmp/full" | grep -v '[0-9a-f]-[0-9a-f]\{4\}-[0-9a-f]\{4\}-\|\\x')
	[[ -z $wide ]] || fail "$f: wider than 80 columns: $wide"
	# A sentence per migration opens it; the last line says what came of all.
	migrations=$(jq '.migrations | length' "$tmp/$n.json")
	sed '/^MIGRATION /,$d' "$tmp/text" >"$tmp/top"
	# (a sentence goes over several lines)
	n_top=$(tr '\n' ' ' <"$tmp/top" | grep -oE ': +(COMPLETED|CANCELLED|FAILED|UNFINISHED) ' | grep -c .)
	[[ $n_top == "$migrations" ]] || fail "$f: $n_top sentences for $migrations migrations"
	[[ $migrations != 0 ]] || grep -q '^No migration is in this evidence\.' "$tmp/top" || fail "$f: nothing said"
	[[ $(grep -cE '^MIGRATION [0-9]+ ' "$tmp/text") == "$migrations" ]] || fail "$f: MIGRATION blocks"
	[[ $(grep -cE '^SESSION [0-9]+ ' "$tmp/full") == $(jq '[.migrations[].sessions[]] | length' "$tmp/$n.json") ]] ||
		fail "$f: sessions in full"
	grep -q '^SESSION ' "$tmp/text" && fail "$f: sessions without --sessions"
	last=$(tail -n 1 "$tmp/text")
	[[ $last == "protocol: "*"; migrations: "* ]] || fail "$f: last line: $last"
	for o in completed failed cancelled unfinished; do
		k=$(jq ".outcomes.$o" "$tmp/$n.json")
		[[ $k == 0 || $last == *"$k $o"* ]] || fail "$f: last line has no $k $o: $last"
	done
done
PYTHONDONTWRITEBYTECODE=1 python3 "$tmp/validate.py" "$tmp/schema" "${outputs[@]}" || failed=1

# The checker is one: what is missing, what is too much, what has another type.
f=${outputs[0]}
jq 'del(.migrations[0].joined)' "$f" >"$tmp/bad1"
jq '.migrations[0].extra = 1' "$f" >"$tmp/bad2"
jq '.migrations[0].begin_ns = "x"' "$f" >"$tmp/bad3"
jq '.verdict = "fine"' "$f" >"$tmp/bad4"
for k in 1 2 3 4; do
	PYTHONDONTWRITEBYTECODE=1 python3 "$tmp/validate.py" "$tmp/schema" "$tmp/bad$k" 2>/dev/null && fail "bad$k was taken"
done
exit $failed
