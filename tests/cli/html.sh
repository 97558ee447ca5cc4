#!/bin/bash
# report --format html: one page that is well formed, whole in itself, and says
# what the text report says.
. "$(dirname "$0")/lib"

page() {
	python3 - "$@" <<'PY' || fail "$1: not as it should be"
import html.parser, re, sys

text = open(sys.argv[1], encoding="utf-8").read()
assert text.startswith("<!DOCTYPE html>") and text.endswith("</html>\n")
VOID = {"meta", "br", "path"}
OPTIONAL = {"td", "th", "li", "dt", "dd"}	# whose end another begin, or the end of the whole, implies


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.words = [], set(), set(), []

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "img", "link", "iframe", "object", "embed"), tag
        if tag in OPTIONAL and self.open[-1] in OPTIONAL:
            self.open.pop()
        for name, value in attrs:
            assert not name.startswith("on"), name
            assert name not in ("src", "srcset", "data", "action", "formaction"), name
            if name == "href":
                assert re.fullmatch("#[a-z0-9]+", value), value
                self.links.add(value[1:])
            if name == "id":
                assert value not in self.ids, value
                self.ids.add(value)
            if name == "style":
                assert re.fullmatch(r"(left|width|top):-?[\d.]+%(;width:-?[\d.]+%)?", value), value
                for n in re.findall(r"-?[\d.]+", value):
                    assert -0.01 <= float(n) <= 100.01, value
            if name == "d":
                assert re.fullmatch(r"([MLHVZ ]|-?\d+(\.\d+)?)*", value), value
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        while self.open[-1] in OPTIONAL and tag != self.open[-1]:
            self.open.pop()
        assert self.open and self.open[-1] == tag, (tag, self.open, self.getpos())
        self.open.pop()

    def handle_data(self, data):
        self.words.append(data)


p = Page()
p.feed(text)
p.close()
assert not p.open, p.open
assert p.links <= p.ids, p.links - p.ids
assert "url(" not in text and "@import" not in text
assert not any(ord(c) < 32 and c != "\n" for c in text), "control characters"
said = re.sub(r"\s+", " ", " ".join(p.words))
for want in sys.argv[2:]:
    assert want in said, "no '%s'" % want
PY
}

# said TEXT PAGE: the text's first sentences and its last line are in the page.
said() {
	python3 - "$@" <<'PY'
import html, re, sys

text, page = (open(name, encoding="utf-8").read() for name in sys.argv[1:])
page = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", "", page)))
sentences = re.split(r"\n(?=\S)", re.split(r"\n\n|\nTHE EVIDENCE", text)[0])
sentences.append(text.strip().splitlines()[-1])
for s in sentences:
    s = re.sub(r"\s+", " ", s).strip()
    # The note on downtimes stands by itself, and in no brackets.
    if not s.startswith("(") and not s.startswith("vCPUs "):
        assert s in page, s
PY
}

for f in tests/data/recordings/*.vfs tests/data/judge/*.vfs tests/tui/data/failed.vfs tests/data/cases/*.vfs; do
	want 0 "" "$v" report --format html "$f"
	cp "$tmp/out" "$tmp/page.html"
	page "$tmp/page.html"
	# What happened is said as in the text.
	"$v" report --format text "$f" >"$tmp/text"
	said "$tmp/text" "$tmp/page.html" || fail "$f: not the sentences of the text"
	# Figures are those of the text: each duration of its table of arcs is in the page.
	"$v" report --sessions "$f" | sed -n '/^  Arc /,/^$/s/.*-> [A-Z0-9_ ]*[+-][0-9.]* *\([0-9.]* [a-zµ]*\).*/\1/p' >"$tmp/arcs"
	while read -r took; do
		grep -qF "<td class=num>$took</tr>" "$tmp/page.html" || fail "$f: no arc of $took in the page"
	done <"$tmp/arcs"
	cmp -s "$tmp/page.html" <("$v" report --format html --color always "$f") || fail "$f: colour changes the page"
done
f=tests/data/judge/reference-qemu.vfs
want 0 "" "$v" report --format html -o "$tmp/q.html" $f
page "$tmp/q.html" "PASS" "protocol: clean; migrations: 1 completed" \
	"vm0 with 0000:01:00.0 (ivshmem_vfio_pci)" "source and destination, by vm and bytes" \
	"Where the downtime went: 9.259 s (100 %)" "before the load" "its driver" \
	"nothing for now: ENOMSG 15 times" "602 KiB" "the other side is" "loss" "damage"
# Two devices at most: each is unfolded, and its plots are seen without a click.
[ "$(grep -c '<details id="s[0-9]*" open>' "$tmp/q.html")" = 2 ] || fail "$f: its two sessions are not open"
"$v" report --format html --migration 1 $f >"$tmp/one.html"
page "$tmp/one.html" "Migration 1"
# Both hosts' files are one migration, as their merge is.
"$v" report --format html tests/data/merge/src.vfs tests/data/merge/dst.vfs >"$tmp/hosts.html"
page "$tmp/hosts.html" "1 completed" "Where the downtime went" "after the source's last byte: destination"
"$v" report --format html tests/data/judge/mtty-qemu.vfs $f >"$tmp/two.html"
page "$tmp/two.html" "0, as if at the end, 2 times" "FINDINGS" "eof-in-precopy" "Migration 2"
"$v" report --format html --migration 2 tests/data/judge/mtty-qemu.vfs $f >"$tmp/one.html"
page "$tmp/one.html" "Migration 2"
grep -q 'id="m1"' "$tmp/one.html" && fail "--migration 2 shows migration 1"
# A call that failed: which, how, where, whose turn.
want 0 "" "$v" report --format html tests/tui/data/failed.vfs
page "$tmp/out" "FAILED" "cause" "whose turn" "migrations: "

# The field cases: one migration each unless more is said, with its right answer.
c=tests/data/cases
case_page() {
	local f=$1
	shift
	want 0 "" "$v" report --format html "$c/$f.vfs"
	page "$tmp/out" "$@"
}
case_page 01-hisi-mismatch "1 failed" "write() of 40 B gave EFAULT" "of node-b" "its source was given back and runs on"
case_page 04-mlx5-cancel-leak "3 cancelled" "1 failed" "EINVAL"
case_page 05-mlx5-save-fails "1 failed" "gave ENODEV" "the driver has to act"
case_page 08-dma-log-start-einval "1 failed" "EINVAL" "dirty log"
case_page 10-xe-write-after-error "write-after-error" "1 failed" "EIO"
case_page 11-xe-read-oops "call-stuck" "has not returned for 62.000 s" "dirty sync not seen" \
	"62.000 s of it in a call that had not returned"
case_page 15-qat-refused "resume-rejected" "1 failed" "EINVAL"
case_page 16b-ch-restore "PASS" "1 completed"
case_page S3-hisi-tiny "eof-in-precopy" "109 ms"
case_page S5-mlx5-reinit "PASS" "REINIT"
case_page S6-mlx5-4vf-alike "PASS" "1 completed" "source and destination, by vm and order" "Where the downtime went"
case_page fleet "FAILED" "SET_STATE(STOP_COPY) gave EIO" "Migration 8"
for f in "$c/S1-mlx5-16vf.vfs" "$c/S1-mlx5-16vf-src.vfs $c/S1-mlx5-16vf-dst.vfs"; do
	# shellcheck disable=SC2086 # one file, or two
	"$v" report --format html $f >"$tmp/s1.html"
	page "$tmp/s1.html" "PASS" "protocol: clean; migrations: 1 completed" "with 16 devices" \
		"Where the downtime went: 1.379 s (100 %)" "dirty sync 448 ms 32.5 %" "Each of the 16 sessions in full"
	grep -q "Migration 2" "$tmp/s1.html" && fail "$f: more than one migration"
	grep -q '<details id="s[0-9]*" open' "$tmp/s1.html" && fail "$f: a session is unfolded"
done
exit $failed
