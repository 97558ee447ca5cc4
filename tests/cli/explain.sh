#!/bin/bash
# explain: every word that a report prints has a page, and so have the errnos
# that drivers give; names in every spelling, numbers, the list, completion.
. "$(dirname "$0")/lib"

want 0 "" "$v" explain
cp "$tmp/out" "$tmp/list"
want 0 "" "$v" explain --format json
cp "$tmp/out" "$tmp/list.json"

# Every page is found by its name, prints, and is JSON; each kind has its parts,
# what a page also answers to leads to it, and no name means two things.
python3 - "$v" "$tmp/list.json" "$tmp/list" <<'PY' || failed=1
import errno, json, re, subprocess, sys

tool, listed, text = sys.argv[1:]
pages = json.load(open(listed))
shown = set(re.findall(r"\S+", open(text).read()))
parts = {
    "rule": ["What it means", "The sentence", "How to confirm it", "What to change"],
    "word": ["What it means", "Where it comes from", "What to do"],
    "state": ["The sentence", "In practice"],
    "errno": ["Who gives it", "In practice"],
}
bad = []
seen = {}


def explain(*argv):
    return subprocess.run([tool, "explain", *argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True, timeout=20)


def spelt(word):
    return re.sub(r"[\s_]", "-", re.sub(r"[()]", "", word)).lower()


for p in pages:
    name = p["name"]
    run = explain("--format", "json", name)
    if run.returncode:
        bad.append("%s: exit %d" % (name, run.returncode))
        continue
    page = json.loads(run.stdout)
    if (page["name"], page["kind"]) != (name, p["kind"]):
        bad.append("%s (%s) leads to %s (%s)" % (name, p["kind"], page["name"], page["kind"]))
    if name not in shown:
        bad.append("%s is not in the list" % name)
    if name != "UNKNOWN":
        bad += ["%s: no '## %s'" % (name, part) for part in parts[p["kind"]]
                if "\n## %s\n\n" % part not in page["text"]]
    if p["kind"] == "errno" and getattr(errno, name, page["number"]) != page["number"]:
        bad.append("%s: number %d" % (name, page["number"]))
    for line in page["text"].splitlines():
        if len(line) > 80:
            bad.append("%s: too wide: %s" % (name, line))
    for word in [name] + page["also"]:
        if seen.setdefault(spelt(word), name) != name:
            bad.append("'%s' means %s and %s" % (word, seen[spelt(word)], name))
    for word in page["also"]:
        run = explain("--format", "json", word)
        if run.returncode or json.loads(run.stdout)["name"] != name:
            bad.append("%s: its '%s' does not lead to it" % (name, word))
    # What it points to is there.
    for word in re.findall(r"`explain ([^`]+)`", page["text"]):
        if word.isupper() and "ERR" in word or word in ("RULE", "ERRNO"):
            continue
        if explain(*word.split()).returncode:
            bad.append("%s points to '%s', which is not there" % (name, word))
for line in bad:
    print(line)
if len(pages) < 140:
    print("only %d pages" % len(pages))
sys.exit(bool(bad) or len(pages) < 140)
PY

# The words of the text report: what stands in its first column, and what a part
# of a stop is called. A label is followed by two blanks or ends a line's column.
# Sentences, which a report begins with, have no columns.
for f in tests/data/judge/*.vfs tests/data/merge/*.vfs tests/tui/data/*.vfs; do
	"$v" report --color never "$f" 2>/dev/null | sed -n '/^MIGRATION /,$p'
done | python3 -c '
import re, sys
words = set()
for line in sys.stdin:
    m = re.match(r"  (?:  )?([A-Za-z][A-Za-z0-9() ]*?)(?:  +\S|$)", line.rstrip("\n"))
    if not m or "->" in line or re.match(r"    [A-Z_0-9]+ ", line):
        continue
    if re.match(r"  (State|Arc|Device) ", line):
        words.update(line.split())
        words.discard("Device")  # heads a column of names: no word of ours
    elif line.strip() == "none":
        pass  # no finding
    else:
        words.add(m.group(1).strip())
for w in sorted(words):
    print(w)
' >"$tmp/words"
n=0
while read -r word; do
	"$v" explain "$word" >/dev/null 2>&1 || fail "the report prints '$word', which has no page"
	n=$((n + 1))
done <"$tmp/words"
[ "$n" -ge 25 ] || fail "only $n words are found in the reports"

# Words of the outputs' fixed names: outcomes, severities, parties, the JSON's.
for word in completed cancelled failed unfinished error warning advice inconclusive ignored skipped \
	driver vmm admin migration side session source destination downtime cause joined \
	downtime_ns stop_window_ns outside_ns unattributed_ns in_flight_ns dirty_sync_ns arcs_ns io_ns left_bytes \
	initial_bytes dirty_bytes estimate_at_switchover empty_reads read_latency process_exit signal reinits; do
	want 0 "" "$v" explain "$word"
done

# A state and an errno have one name in many spellings, and an errno has a number.
for word in pre-copy Pre_Copy PRE_COPY VFIO_DEVICE_STATE_PRE_COPY; do
	want 0 "" "$v" explain "$word"
	grep -q '^PRE_COPY ' "$tmp/out" || fail "$word is not PRE_COPY"
done
for word in ENOMSG enomsg 42 -42; do
	want 0 "" "$v" explain "$word"
	grep -q '^ENOMSG  (errno 42)' "$tmp/out" || fail "$word is not ENOMSG"
done
want 0 "" "$v" explain --format json -42
want 0 "" "$v" explain -512
grep -q '^ERESTARTSYS ' "$tmp/out" || fail "-512 is not ERESTARTSYS"
for words in "stop window" "to 1st read" "in read()"; do
	# shellcheck disable=SC2086 # several arguments
	want 0 "" "$v" explain $words
	want 0 "" "$v" explain "$words"
done

# ENODEV is no proof of a reset.
want 0 "" "$v" explain ENODEV
grep -qi 'never conclude a reset' "$tmp/out" || fail "ENODEV: $(cat "$tmp/out")"

want 2 "vfioscope: explain: nothing is known of 'ENOMSGG'; did you mean 'ENOMSG'?" "$v" explain ENOMSGG
want 2 "vfioscope: explain: one word at a time" "$v" explain a b
want 2 "vfioscope: explain: errno 99 is EADDRNOTAVAIL (*), which no driver is known to give" "$v" explain -99
want 2 "vfioscope: explain: nothing is known of '0'; *" "$v" explain 0
want 2 "vfioscope: explain: nothing is known of '4096'; *" "$v" explain -4096
want 2 "vfioscope: explain: nothing is known of '42x'; *" "$v" explain 42x
want 2 "vfioscope: explain: nothing is known of 'x*'; *" "$v" explain "$(printf 'x%.0s' {1..500})"
want 2 "vfioscope: explain: nothing is known of ''; *" "$v" explain ""

exit $failed
