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
tracks, slices, counters, instants, flows, ends = {}, {}, {}, [], {}, {}
for p in packets:
    assert one(p, "trusted_packet_sequence_id") == "1"
    d = one(p, "track_descriptor")
    if d:
        uuid, parent = one(d, "uuid"), one(d, "parent_uuid")
        assert uuid not in tracks, d
        assert parent is None or parent in tracks, d
        tracks[uuid] = (one(d, "name"), parent, one(d, "counter"), one(d, "thread"), one(d, "process"))
    e = one(p, "track_event")
    if not e:
        continue
    assert one(p, "timestamp_clock_id") == "3"
    uuid, kind, t = one(e, "track_uuid"), one(e, "type"), int(one(p, "timestamp"))
    assert uuid in tracks, e
    assert (kind == "TYPE_COUNTER") == (tracks[uuid][2] is not None), e
    notes = {one(n, "name"): next(v for k, v in n if k != "name") for k, n in e if k == "debug_annotations"}
    if one(e, "flow_ids"):
        assert one(e, "flow_ids") not in flows, e
        flows[one(e, "flow_ids")] = notes
    if one(e, "terminating_flow_ids"):
        assert one(e, "terminating_flow_ids") not in ends, e
        ends[one(e, "terminating_flow_ids")] = notes
    if kind == "TYPE_COUNTER":
        counters.setdefault(tracks[uuid][0], []).append((t, int(one(e, "counter_value"))))
    elif kind == "TYPE_INSTANT":
        instants.append((t, one(e, "name"), tracks[uuid][0], notes))
    else:
        slices.setdefault(uuid, []).append((t, kind, one(e, "name"), notes))

calls, others = {}, {}
for uuid, marks in slices.items():
    # As an importer does it: by time, in the order of the file where it is the same.
    marks.sort(key=lambda m: m[0])
    stack = []
    for t, kind, name, notes in marks:
        if kind == "TYPE_SLICE_BEGIN":
            stack.append((t, name, notes, stack[-1] if stack else None))
            continue
        assert stack, (tracks[uuid], t)
        start, name, notes, above = stack.pop()
        done = {"start": start, "end": t, "name": name, "notes": notes, "above": above, "track": uuid}
        if "seq" in notes:
            assert int(notes["seq"]) not in calls, notes
            calls[int(notes["seq"])] = done
        else:
            others.setdefault(uuid, []).append(done)
    assert not stack, tracks[uuid]

AS_INSTANT = ("stream_release", "device_reset", "stuck", "mark", "process_exit", "why")
seen = {int(n["seq"]): n for _, _, _, n in instants if "seq" in n}
info = empty = inside = told_of = 0
arcs = {}
for ev in events:
    seq, kind = ev["seq"], ev["kind"]
    # The reason of a call is told at that; other times of a thread are instants of its track.
    if kind == "why" and "call" in ev and not ev["so_far"]:
        assert seq not in calls and seq not in seen, ev
        of, = [e for e in events if e["kind"] == ev["call"] and e["tid"] == ev["tid"] and e["t_ns"] == ev["t_ns"] and e["seq"] > seq]
        told = {k: str(v) for k, v in ev.items() if k.endswith("_ns") and k not in ("t_ns", "dur_ns", "longest_ns")}
        have = calls[of["seq"]]["notes"] if of["seq"] in calls else seen[of["seq"]]
        told_of += 1
        assert told and all(have["why_" + k] == v for k, v in told.items()), (ev, have)
        continue
    notes = calls[seq]["notes"] if seq in calls else seen[seq]
    for key in ("host", "stream", "migration", "side", "session"):
        assert str(ev.get(key)) == str(notes.get(key)), (key, notes, ev)
    assert ("device" in ev) == ("device" in notes), (notes, ev)
    if kind in AS_INSTANT or kind == "inside" and ev["folded"]:
        assert seq in seen and seq not in calls, ev
        continue
    # Once, and nowhere else.
    assert seq not in seen, ev
    c = calls[seq]
    start, end, name = c["start"], c["end"], c["name"]
    if kind == "loss":
        assert (start, end) == (ev["t_from_ns"], max(ev["t_from_ns"], ev["t_to_ns"])), ev
        continue
    if kind == "stream_open":
        assert start == ev["t_ns"] + ev["dur_ns"], ev
        continue
    assert start == ev["t_ns"], ev
    assert end == (ev["t_last_ns"] if "t_last_ns" in ev else start + ev["dur_ns"]) or "t_last_ns" in ev, ev
    if kind == "read" and (ev.get("errno") == "ENOMSG" or "count" in ev):
        assert tracks[c["track"]][0] == "empty reads", ev
        empty += 1
    else:
        thread, up, _, task, _ = tracks[c["track"]]
        assert thread == "thread %d" % ev["tid"], (thread, ev)
        assert not task or (one(task, "tid"), one(task, "pid")) == (str(ev["tid"]), str(ev["pid"])), task
        process = tracks[up][4]
        assert not process or one(process, "pid") == str(ev["pid"]), process
    if kind == "arc":
        assert name.split(" -> ")[0] == str(ev["from"]) and name.split(" -> ")[1].split()[0].startswith(str(ev["to"])), name
        arcs.setdefault((ev.get("host"), ev["tid"]), []).append(c)
    if kind == "inside":
        of, = [e for e in events if e["kind"] == ev["call"] and e["tid"] == ev["tid"] and e["t_ns"] == ev["call_t_ns"] and e["seq"] > seq]
        assert name == ev["function"], (name, ev)
        # In its call, and in as many others as it says.
        above = c["above"]
        for _ in range(ev["depth"]):
            assert above[2]["function"] != ev["function"], (above, ev)
            above = above[3]
        assert above and above[2]["seq"] == str(of["seq"]), (above, of, ev)
    if kind == "set_state":
        for arc in arcs.pop((ev.get("host"), ev["tid"]), []):
            if arc["start"] >= start and arc["end"] <= end:
                assert arc["above"] and arc["above"][2]["seq"] == str(seq), (arc, ev)
                inside += 1
    if kind in ("read", "write"):
        assert int(notes["size"]) == ev["size"] and int(notes["ret"]) == ev["ret"], (notes, ev)
    info += kind == "precopy_info" and ev["ret"] >= 0
assert len(calls) + len(seen) + told_of == len(events)
assert sum(tracks[c["track"]][0] == "empty reads" for c in calls.values()) == empty
assert inside or "reference" not in sys.argv[4]
assert len(counters.get("initial bytes", [])) == len(counters.get("dirty bytes", [])) == info
moved = {}
for ev in events:
    if ev["kind"] in ("read", "write") and ev["ret"] > 0:
        moved[ev.get("stream")] = moved.get(ev.get("stream"), 0) + ev["ret"]
assert max([v for _, v in counters.get("bytes moved", [(0, 0)])]) == max(moved.values(), default=0)
found = sorted((t, name) for t, name, track, _ in instants if track == "findings")
assert found == sorted((f["t_ns"], f["rule"]) for f in report["findings"]), found

# Each migration: its time, its sides, its stop, and parts that are the whole of it.
roots = {int(others[u][0]["notes"]["migration"]): u for u, t in tracks.items()
         if t[1] is None and u in others and t[0].startswith("migration ")}
told = {}
for ev in events:
    if "migration" in ev:
        told.setdefault(ev["migration"], set()).add(ev["side"])
assert set(told) == set(roots), (told, roots)
for number, root in roots.items():
    whole, = others[root]
    of = {t[0]: others.get(u, []) for u, t in tracks.items() if t[1] == root}
    sides = [s for n, s in of.items() if "source, " in n or "destination, " in n]
    assert {int(s["notes"]["side"]) for s, in sides} == told[number], (sides, told)
    parts = [s for s in of.get("where the time went: sums, end to end", []) if not s["above"]]
    length = sum(s["end"] - s["start"] for s in parts)
    for a, b in zip(parts, parts[1:]):
        assert a["end"] == b["start"], (a, b)
    # What they were spent on is as long as the parts of which something is recorded.
    known = [g["downtime"] or g["stop"] or [] for g in report["migrations"] if g["id"] == number][0]
    reasons = of.get("what it was spent on: sums, end to end", [])
    assert sum(s["end"] - s["start"] for s in reasons) == sum(p["ns"] for p in known if p["why"]), (reasons, known)
    if "downtime_ns" in whole["notes"]:
        stop = [s["end"] - s["start"] for s in of["stop"] if not s["above"]]
        assert stop == [int(whole["notes"]["downtime_ns"])] == [length], (stop, length)
        assert sum(s["end"] - s["start"] for s in of["stop"] if s["above"]) == length
assert report["version"] == 2
assert {g["id"]: (g["outcome"], g["downtime_ns"]) for g in report["migrations"]} == {
    n: (others[u][0]["name"], int(others[u][0]["notes"]["downtime_ns"]) if "downtime_ns" in others[u][0]["notes"] else None)
    for n, u in roots.items()}
assert set(ends) <= set(flows), (flows, ends)
for i, notes in ends.items():
    assert notes["migration"] == flows[i]["migration"] and notes["side"] != flows[i]["side"], notes
PY

cat >"$tmp/check_openmetrics.py" <<'PY'
import json, re, sys

text = open(sys.argv[1], encoding="utf-8").read()
report = json.load(open(sys.argv[2], encoding="utf-8"))
events = [json.loads(line) for line in open(sys.argv[3], encoding="utf-8")]
assert text.endswith("# EOF\n") and text.count("# EOF") == 1
LABEL = r'[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"'
SAMPLE = re.compile(r'(vfioscope_[a-z_]+)\{(%s(?:,%s)*)\} (-?\d+(?:\.\d+)?)$' % (LABEL, LABEL))
families, family, seen, values = {}, None, set(), {}
for line in text.splitlines()[:-1]:
    m = re.match(r"# (TYPE|UNIT|HELP) (vfioscope_[a-z_]+) (.+)$", line)
    if m:
        what, name, rest = m.groups()
        if what == "TYPE":
            # The two formats name a counter otherwise; a gauge is one in both.
            assert name not in families and rest == "gauge", line
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
    # A family's samples stand together.
    assert name == family, line
    assert families[family].get("HELP", "").endswith("."), family
    assert (name, labels) not in seen, line
    seen.add((name, labels))
    got = re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', labels)
    assert len(dict(got)) == len(got), line
    got = dict(got)
    assert got["recording"] and got["began"], line
    values.setdefault(name[len("vfioscope_"):], []).append((got, float(value)))
for f in families:
    assert not f.endswith(("_total", "_sum", "_count", "_bucket")), f
    assert not (f.endswith("_seconds") and "UNIT" not in families[f]), f


def sums(name, *keys, **where):
    out = {}
    for l, v in values.get(name, []):
        if all(l.get(k) == w for k, w in where.items()):
            key = tuple(l[k] for k in keys)
            out[key] = out.get(key, 0) + v
    return out


# As many as the events tell of, each with what its events add up to.
numbers = lambda key: {str(e[key]) for e in events if key in e}
assert {k for k, in sums("migration_info", "migration")} == numbers("migration")
assert {k for k, in sums("side_info", "side")} == numbers("side")
assert all(v == 1 for n in ("migration_info", "side_info", "session_info") for _, v in values.get(n, []))
assert {k for k, in sums("session_info", "session")} >= numbers("session")
moved, calls, failed, enomsg, of = {}, {}, {}, {}, {}
for e in events:
    if "session" not in e:
        continue
    key = (str(e["session"]),)
    of[key] = (str(e["migration"]), str(e["side"]))
    if e["kind"] in ("read", "write"):
        moved[key] = moved.get(key, 0) + max(e["ret"], 0)
        calls[key + (e["kind"],)] = calls.get(key + (e["kind"],), 0) + e.get("count", 1)
        failed[key + (e["kind"],)] = failed.get(key + (e["kind"],), 0) + (e["ret"] < 0 and e["errno"] != "ENOMSG")
    if e["kind"] == "read" and e.get("errno") == "ENOMSG":
        enomsg[key] = enomsg.get(key, 0) + e.get("count", 1)
plus = lambda d: {k: v for k, v in d.items() if v}
assert plus(sums("moved_bytes", "session")) == plus(moved), (sums("moved_bytes", "session"), moved)
got = {k: v for k, v in plus(sums("calls", "session", "call")).items() if k[1] in ("read", "write")}
# A read that fails when its session is over is not the session's any more.
assert set(got) == set(calls) and all(0 <= calls[k] - got[k] <= failed.get(k, 0) for k in calls), (got, calls)
assert plus(sums("empty_reads", "session", gave="ENOMSG")) == enomsg
for (session, migration, side), _ in sums("session_info", "session", "migration", "side").items():
    assert of.get((session,), (migration, side)) == (migration, side)
# A downtime is one: of both sides, its parts add up to it; an arriving side has no stop.
down = sums("downtime_seconds", "migration")
assert set(down) <= set(sums("migration_info", "migration", sides="both", outcome="completed"))
parts = sums("downtime_part_seconds", "migration")
assert set(parts) == set(down) and all(abs(parts[k] - down[k]) < 1e-6 for k in down), (parts, down)
for name in ("stop_window_seconds", "stop_window_part_seconds", "side_stop_seconds"):
    assert not sums(name, "side", role="destination"), name
for name in ("events", "lost_events", "ended"):
    assert name in values, name
assert sum(v for _, v in values["events"]) == len(events)
assert sum(v for _, v in values["lost_events"]) == report["loss"]["events"]
assert sum(v for _, v in values.get("findings", [])) == len(report["findings"])
assert [l["verdict"] for l, v in values["verdict"] if v == 1] == [report["verdict"]]
PY

# promtool_likes FILE: the metrics of it in $tmp/out.
promtool_likes() {
	command -v promtool >/dev/null || return
	promtool check metrics <"$tmp/out" >"$tmp/lint" 2>&1 && [ ! -s "$tmp/lint" ] ||
		fail "$1: promtool: $(head -1 "$tmp/lint")"
}

for f in tests/data/cases/*.vfs; do
	want 0 "" "$v" export --format openmetrics "$f"
	promtool_likes "$f"
done

# What an older recording does not know is not there, also where it is written anew.
old=tests/data/judge/waits-to-send.vfs
"$v" cut -q --migration 1 "$old" -o "$tmp/again.vfs"
for f in "$old" "$tmp/again.vfs"; do
	want 0 "" "$v" export "$f"
	jq -es '[.[] | select(.kind == "why" and .send_ns > 0)] | length > 0 and all(has("send_receiver_ns") or has("srtt_ns") or has("retransmits") | not)' \
		"$tmp/out" >/dev/null || fail "$f: what limited the sending was not recorded"
	want 0 "" "$v" report --format json "$f"
	jq -e '[.migrations[0].downtime[].why | select(. and .send_ns > 0)] | length > 0 and all(.send_receiver_ns == null and .send_network_ns == null)' \
		"$tmp/out" >/dev/null || fail "$f: what limited the sending is reported"
done

for f in $files; do
	"$v" export "$f" >"$tmp/ndjson"
	"$v" report --format json "$f" >"$tmp/report"
	# An export has no place for damage: it is told beside it.
	err=
	[[ $f != *damaged* && $f != *killed* ]] || err="vfioscope: $f: *"
	# Its clock of day goes back and forth.
	[[ $f != *v1-kinds* ]] || err="vfioscope: CLOCK_REALTIME was set*"
	want 0 "$err" "$v" export --format csv "$f"
	head -1 "$tmp/out" >"$tmp/header"
	[ -e "$tmp/header1" ] || cp "$tmp/header" "$tmp/header1"
	cmp -s "$tmp/header" "$tmp/header1" || fail "$f: another header"
	python3 "$tmp/check_csv.py" "$tmp/out" "$tmp/ndjson" || fail "$f: csv"
	want 0 "$err" "$v" export --format openmetrics "$f"
	# v1-kinds is made up by chance: its times run over, its losses are no numbers to add up.
	[[ $f == *v1-kinds* ]] || python3 "$tmp/check_openmetrics.py" "$tmp/out" "$tmp/report" "$tmp/ndjson" ||
		fail "$f: openmetrics"
	promtool_likes "$f"
	want 0 "$err" "$v" export --format perfetto "$f"
	cp "$tmp/out" "$tmp/pftrace"
	if command -v protoc >/dev/null; then
		protoc --proto_path=tests/data --decode=perfetto.protos.Trace perfetto.proto \
			<"$tmp/pftrace" >"$tmp/decoded" || fail "$f: protoc cannot decode it"
		[[ $f == *v1-kinds* ]] ||
			python3 "$tmp/check_perfetto.py" "$tmp/decoded" "$tmp/ndjson" "$tmp/report" "$f" || fail "$f: perfetto"
	fi
	# The same from a pipe.
	for format in ndjson csv perfetto openmetrics; do
		cmp -s <("$v" export --format $format "$f" | grep -av 'recording=') \
			<(cat "$f" | "$v" export --format $format - | grep -av 'recording=') ||
			fail "$f: $format differs from a pipe"
	done
done
f=tests/data/judge/reference-qemu.vfs
[ "$("$v" export --format csv --migration 1 $f | wc -l)" = $(($("$v" export --migration 1 $f | wc -l) + 1)) ] ||
	fail "csv --migration"
"$v" export --format openmetrics --migration 2 $f | grep -q 'migration="1"' && fail "openmetrics --migration 2 has 1"
want 5 "vfioscope: cannot write: No space left on device" "$v" export --format perfetto $f -o /dev/full
want 5 "vfioscope: /nonexistent: No such file or directory" "$v" export --format openmetrics /nonexistent
# Two recordings in one folder: no sample is in both, and TYPE, UNIT and HELP are the same.
mkdir "$tmp/folder"
for f in tests/data/judge/*.vfs; do
	cp "$f" "$tmp/folder/x.vfs"
	"$v" export --format openmetrics "$tmp/folder/x.vfs" -o "$tmp/folder/$(basename "$f").prom"
done 2>/dev/null
sed -n 's/^\(vfioscope.*\) .*/\1/p' "$tmp"/folder/*.prom | sort | uniq -d | grep . && fail "a sample is in two files"
sed -n 's/^# \(TYPE\|UNIT\|HELP\) \([a-z_]*\) .*/\1 \2/p' "$tmp"/folder/*.prom | sort -u | wc -l >"$tmp/families"
grep -h '^# [THU]' "$tmp"/folder/*.prom | sort -u | wc -l | cmp -s - "$tmp/families" || fail "families differ between files"
f=tests/data/judge/reference-qemu.vfs
for format in csv perfetto openmetrics; do
	want 0 "" bash -c "$v export --format $format $f | head -c 1 >/dev/null; exit \${PIPESTATUS[0]}"
done
exit $failed
