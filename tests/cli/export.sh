#!/bin/bash
# export: each format against the NDJSON of the same recording. CSV has its
# rows, Perfetto its calls as slices that nest, OpenMetrics the report's sums.
. "$(dirname "$0")/lib"

files="tests/data/recordings/*.vfs tests/data/judge/*.vfs tests/tui/data/failed.vfs"

cat >"$tmp/check_csv.py" <<'PY'
import csv, json, sys

raw = open(sys.argv[1], "rb").read()
assert raw.endswith(b"\r\n") and raw.count(b"\n") == raw.count(b"\r\n")
rows = list(csv.DictReader(raw.decode("utf-8").splitlines()))
events = [json.loads(line) for line in open(sys.argv[2], encoding="utf-8")]
assert len(rows) == len(events), (len(rows), len(events))
for row, ev in zip(rows, events):
    assert None not in row and None not in row.values(), row
    for key, value in ev.items():
        if isinstance(value, list):
            value = "|".join(value)
        elif isinstance(value, bool):
            value = str(value).lower()
        elif value is None:
            value = ""
        # Texts are made harmless, and no formula.
        if isinstance(value, str) and (not value.isascii() or not value.isprintable() or value[:1] in "=+-@" and value):
            assert min(row[key], default=" ") >= " " and "\x7f" not in row[key], row[key]
            assert not row[key].startswith(("=", "+", "-", "@")), row[key]
            continue
        assert row[key] == str(value), (key, row[key], value)
    for key, value in row.items():
        assert key in ev or value == "", (key, value, ev)
PY

cat >"$tmp/check_perfetto.py" <<'PY'
import json, re, sys

text = open(sys.argv[1], encoding="utf-8").read()
events = [json.loads(line) for line in open(sys.argv[2], encoding="utf-8")]
report = json.load(open(sys.argv[3], encoding="utf-8"))


def parse(lines):
    out = []
    for line in lines:
        line = line.strip()
        if line == "}":
            return out
        if line.endswith(" {"):
            out.append((line[:-2], parse(lines)))
        else:
            key, _, value = line.partition(": ")
            # A number in the place of a name: a field that the schema does not have.
            assert not key.isdigit(), line
            out.append((key, value.strip('"')))
    return out


def one(message, key, default=None):
    found = [v for k, v in message if k == key]
    assert len(found) <= 1, (key, message)
    return found[0] if found else default


packets = [p for k, p in parse(iter(text.splitlines())) if k == "packet"]
first = packets[0]
assert one(first, "sequence_flags") == "1" and one(one(first, "clock_snapshot"), "primary_trace_clock") == "3", first
tracks, slices, counters, instants = {}, {}, {}, []
for p in packets:
    assert one(p, "trusted_packet_sequence_id") == "1"
    d = one(p, "track_descriptor")
    if d:
        uuid, parent = one(d, "uuid"), one(d, "parent_uuid")
        assert uuid not in tracks, d
        assert parent is None or parent in tracks, d
        tracks[uuid] = (one(d, "name"), parent, one(d, "counter"))
    e = one(p, "track_event")
    if not e:
        continue
    assert one(p, "timestamp_clock_id") == "3"
    uuid, kind, t = one(e, "track_uuid"), one(e, "type"), int(one(p, "timestamp"))
    assert uuid in tracks, e
    assert (kind == "TYPE_COUNTER") == (tracks[uuid][2] is not None), e
    notes = {one(n, "name"): next(v for k, v in n if k != "name") for k, n in e if k == "debug_annotations"}
    if kind == "TYPE_COUNTER":
        counters.setdefault(tracks[uuid][0], []).append((t, int(one(e, "counter_value"))))
    elif kind == "TYPE_INSTANT":
        instants.append((t, one(e, "name"), tracks[uuid][0], notes))
    else:
        slices.setdefault(uuid, []).append((t, kind, one(e, "name"), notes))

calls = {}
for uuid, marks in slices.items():
    # As an importer does it: by time, in the order of the file where it is the same.
    marks.sort(key=lambda m: m[0])
    depth = 0
    for t, kind, name, notes in marks:
        depth += 1 if kind == "TYPE_SLICE_BEGIN" else -1
        assert depth in (0, 1), (tracks[uuid], t, name, depth)
        if kind == "TYPE_SLICE_BEGIN":
            begun = (t, name, notes)
        elif "seq" in begun[2]:
            calls[int(begun[2]["seq"])] = (begun[0], t, begun[1], begun[2])
    assert depth == 0, tracks[uuid]

AS_INSTANT = ("stream_open", "stream_release", "device_reset", "stuck", "mark")
seen = {int(n["seq"]) for _, _, _, n in instants if "seq" in n}
info = enomsg = 0
for ev in events:
    seq, kind = ev["seq"], ev["kind"]
    if kind in AS_INSTANT:
        assert seq in seen, ev
        continue
    start, end, name, notes = calls[seq]
    if kind == "loss":
        assert (start, end) == (ev["t_from_ns"], max(ev["t_from_ns"], ev["t_to_ns"])), ev
        continue
    assert start == ev["t_ns"], ev
    assert end == (ev["t_last_ns"] if "t_last_ns" in ev else start + ev["dur_ns"]) or "t_last_ns" in ev, ev
    if kind == "arc":
        assert name.split(" -> ")[0] == str(ev["from"]) and name.split(" -> ")[1].split()[0].startswith(str(ev["to"])), name
    if kind in ("read", "write"):
        assert int(notes["size"]) == ev["size"] and int(notes["ret"]) == ev["ret"], (notes, ev)
    enomsg += kind == "read" and ev.get("errno") == "ENOMSG"
    info += kind == "precopy_info" and ev["ret"] >= 0
assert len(calls) + len(seen & {e["seq"] for e in events if e["kind"] in AS_INSTANT}) == len(events)
assert sum(i[2] == "ENOMSG" for i in instants) == enomsg
assert len(counters.get("initial bytes", [])) == len(counters.get("dirty bytes", [])) == info
moved = {}
for ev in events:
    if ev["kind"] in ("read", "write") and ev["ret"] > 0:
        moved[ev.get("stream")] = moved.get(ev.get("stream"), 0) + ev["ret"]
assert max([v for _, v in counters.get("bytes moved", [(0, 0)])]) == max(moved.values(), default=0)
found = sorted((t, name) for t, name, track, _ in instants if track == "findings")
assert found == sorted((f["t_ns"], f["rule"]) for f in report["findings"]), found
PY

cat >"$tmp/check_openmetrics.py" <<'PY'
import json, re, sys

text = open(sys.argv[1], encoding="utf-8").read()
report = json.load(open(sys.argv[2], encoding="utf-8"))
assert text.endswith("# EOF\n") and text.count("# EOF") == 1
LABEL = r'[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"'
SAMPLE = re.compile(r'(vfioscope_[a-z_]+)\{(%s(?:,%s)*)\} (-?\d+(?:\.\d+)?)$' % (LABEL, LABEL))
families, family, seen, values = {}, None, set(), {}
for line in text.splitlines()[:-1]:
    m = re.match(r"# (TYPE|UNIT|HELP) (vfioscope_[a-z_]+) (.+)$", line)
    if m:
        what, name, rest = m.groups()
        if what == "TYPE":
            assert name not in families and rest in ("counter", "gauge"), line
            families[name] = {}
            family = name
        assert name == family, line
        families[name][what] = rest
        # The unit is the end of the name.
        assert what != "UNIT" or name.endswith("_" + rest), line
        continue
    m = SAMPLE.match(line)
    assert m, line
    name, labels, value = m.groups()
    # A family's samples stand together; a counter's end with _total.
    assert name == family + ("_total" if families[family]["TYPE"] == "counter" else ""), line
    assert families[family].get("HELP", "").endswith("."), family
    assert (name, labels) not in seen, line
    seen.add((name, labels))
    got = dict(re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', labels))
    values.setdefault(name[len("vfioscope_"):], []).append((got, float(value)))
for f in families:
    assert not f.endswith("_total") and not (f.endswith("_seconds") and "UNIT" not in families[f]), f


def of(name, g, **labels):
    found = [v for l, v in values.get(name, []) if l["migration"] == str(g["id"]) and
             all(l.get(k) == w for k, w in labels.items())]
    assert len(found) <= 1, (name, found)
    return found[0] if found else None


def same(ns, seconds):
    return (ns is None) == (seconds is None) and (ns is None or abs(ns / 1e9 - seconds) < 1e-9 * max(1, seconds))


for g in report["migrations"]:
    assert of("migration_info", g, outcome=g["outcome"], direction=g["direction"]) == 1
    assert same(g["downtime_ns"], of("downtime_seconds", g)), g["downtime_ns"]
    assert same(g["stop_window_ns"], of("stop_window_seconds", g))
    for part in ("arcs", "io", "dirty_sync", "outside", "unattributed"):
        assert same(g[part + "_ns"], of("stop_window_part_seconds", g, part=part)), part
    assert of("calls_total", g, call="read") == g["reads"] and of("calls_total", g, call="write") == g["writes"]
    assert sum(v for l, v in values["moved_bytes_total"] if l["migration"] == str(g["id"])) == g["bytes_total"]
    if g["direction"] == "save":
        assert of("empty_reads_total", g, gave="ENOMSG") == g["enomsg"]
    assert of("estimate_bytes", g) == g["estimate_at_switchover"]
assert len(values.get("migration_info", [])) == len(report["migrations"])
assert sum(v for _, v in values["lost_events_total"]) == report["loss"]["events"]
assert sum(v for _, v in values.get("findings", [])) == len(report["findings"])
assert [l["verdict"] for l, v in values["verdict"] if v == 1] == [report["verdict"]]
PY

for f in $files; do
	"$v" export "$f" >"$tmp/ndjson"
	"$v" report --format json "$f" >"$tmp/report"
	want 0 "" "$v" export --format csv "$f"
	head -1 "$tmp/out" >"$tmp/header"
	[ -e "$tmp/header1" ] || cp "$tmp/header" "$tmp/header1"
	cmp -s "$tmp/header" "$tmp/header1" || fail "$f: another header"
	python3 "$tmp/check_csv.py" "$tmp/out" "$tmp/ndjson" || fail "$f: csv"
	want 0 "" "$v" export --format openmetrics "$f"
	# v1-kinds is made up by chance: its times run over, its losses are no numbers to add up.
	[[ $f == *v1-kinds* ]] || python3 "$tmp/check_openmetrics.py" "$tmp/out" "$tmp/report" ||
		fail "$f: openmetrics"
	want 0 "" "$v" export --format perfetto "$f"
	cp "$tmp/out" "$tmp/pftrace"
	if command -v protoc >/dev/null; then
		protoc --proto_path=tests/data --decode=perfetto.protos.Trace perfetto.proto \
			<"$tmp/pftrace" >"$tmp/decoded" || fail "$f: protoc cannot decode it"
		[[ $f == *v1-kinds* ]] ||
			python3 "$tmp/check_perfetto.py" "$tmp/decoded" "$tmp/ndjson" "$tmp/report" || fail "$f: perfetto"
	fi
	# The same from a pipe.
	for format in csv perfetto openmetrics; do
		cmp -s <("$v" export --format $format "$f") <("$v" export --format $format - <"$f") ||
			fail "$f: $format differs from a pipe"
	done
done
f=tests/data/judge/reference-qemu.vfs
[ "$("$v" export --format csv --migration 1 $f | wc -l)" = $(($("$v" export --migration 1 $f | wc -l) + 1)) ] ||
	fail "csv --migration"
"$v" export --format openmetrics --migration 2 $f | grep -q 'migration="1"' && fail "openmetrics --migration 2 has 1"
want 5 "vfioscope: cannot write: No space left on device" "$v" export --format perfetto $f -o /dev/full
want 5 "vfioscope: /nonexistent: No such file or directory" "$v" export --format openmetrics /nonexistent
for format in csv perfetto openmetrics; do
	want 0 "" bash -c "$v export --format $format $f | head -c 1 >/dev/null; exit \${PIPESTATUS[0]}"
done
exit $failed
