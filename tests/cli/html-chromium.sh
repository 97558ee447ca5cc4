#!/bin/bash
# report --format html in a browser: light, dark, on a phone, printed. No error in
# its console, nothing wider than the screen, and what is drawn is there to be seen.
#
# Only with LONG=1, and where there is a chromium (tests/deps long installs it).
. "$(dirname "$0")/lib"

[ -n "${LONG:-}" ] || exit 0
for chromium in chromium chromium-browser google-chrome ''; do
	[ -n "$chromium" ] || { echo "skipped: there is no chromium"; exit 0; }
	command -v "$chromium" >/dev/null && break
done

# A page as it is made for both hosts, for one whose migration failed, for findings and
# a plot of each kind, and for a clock that ends.
"$v" report --format html tests/data/merge/src.vfs tests/data/merge/dst.vfs >"$tmp/hosts.html" || fail "hosts: $?"
c=tests/data/cases
"$v" report --format html $c/S1-mlx5-16vf-src.vfs $c/S1-mlx5-16vf-dst.vfs >"$tmp/S1.html" || fail "S1: $?"
for f in $c/01-hisi-mismatch.vfs $c/11-xe-read-oops.vfs $c/fleet.vfs tests/tui/data/failed.vfs tests/data/judge/mtty-qemu.vfs tests/data/judge/reference-qemu.vfs \
	tests/data/recordings/v1-kinds.vfs; do
	"$v" report --format html "$f" >"$tmp/$(basename "$f" .vfs).html" || fail "$f: $?"
done
# And such as are given: HTML_PAGES="a.html b.html", with SHOTS=DIR to look at them oneself.
# shellcheck disable=SC2086 # a list
[ -z "${HTML_PAGES:-}" ] || cp $HTML_PAGES "$tmp"

HOME=$tmp timeout 300 python3 - "$chromium" "$tmp" "${SHOTS:-}" <<'PY' || fail "not as it should be"
import base64, fcntl, json, os, pathlib, select, subprocess, sys, time

chromium, tmp, shots = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
bad = []


class Browser:
    """Chromium by its DevTools protocol, over a pair of pipes: fd 3 in, fd 4 out."""

    def __init__(self):
        ours_r, theirs_w = os.pipe()
        theirs_r, ours_w = os.pipe()
        r, w = (fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (theirs_r, theirs_w))
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{r} 4>&{w}', "-", chromium, "--headless", "--no-sandbox",
             "--disable-gpu", "--disable-background-networking", "--no-first-run",
             f"--user-data-dir={tmp}/profile", "--remote-debugging-pipe", "about:blank"],
            pass_fds=(r, w), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for fd in (theirs_r, theirs_w, r, w):
            os.close(fd)
        self.r, self.w, self.buf, self.id, self.events = ours_r, ours_w, b"", 0, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = None
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for what in ("Page", "Runtime", "Log"):
            self.call(what + ".enable")

    def message(self, until):
        while b"\0" not in self.buf:
            assert select.select([self.r], [], [], max(0, until - time.time()))[0], "no answer"
            data = os.read(self.r, 1 << 20)
            assert data, "the browser ended"
            self.buf += data
        one, self.buf = self.buf.split(b"\0", 1)
        return json.loads(one)

    def call(self, method, **params):
        self.id += 1
        m = {"id": self.id, "method": method, "params": params}
        if getattr(self, "session", None):
            m["sessionId"] = self.session
        os.write(self.w, json.dumps(m).encode() + b"\0")
        until = time.time() + 60
        while True:
            answer = self.message(until)
            if answer.get("id") == self.id:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self.events.append(answer)

    def wait(self, method):
        until = time.time() + 60
        while not any(e.get("method") == method for e in self.events):
            self.events.append(self.message(until))

    def eval(self, js):
        r = self.call("Runtime.evaluate", expression=js, returnByValue=True)
        assert "exceptionDetails" not in r, r
        return r["result"].get("value")


# What every page is asked. Elements that scroll in a box of their own may be wider.
ASK = """(() => {
const all = s => [...document.querySelectorAll(s)], vis = e => e.getClientRects().length > 0;
const rect = e => e.getBoundingClientRect();
const W = document.documentElement.clientWidth;
const cut = all('body *').filter(e => vis(e) && !e.closest('svg') && !e.closest('.scroll > *') &&
    !e.closest('pre') && !e.closest('.bar > *') &&
    (rect(e).right > W + 1 || rect(e).left < -1)).map(e => e.tagName + '.' + e.className + ': ' +
    e.textContent.slice(0, 40) + ' ' + rect(e).left + '..' + rect(e).right);
// Text that does not fit into a box that hides it; ticks and words of bars are cut on purpose.
const hidden = all('td, th, dd, .n, .num, .w, .tile, summary').filter(e => vis(e) &&
    getComputedStyle(e).overflowX != 'visible' && e.scrollWidth > e.clientWidth + 1).length;
const boxes = all('.scroll').filter(e => vis(e) && e.scrollWidth > e.clientWidth + 1 &&
    getComputedStyle(e).overflowX != 'auto').map(e => e.textContent.slice(0, 60) + e.scrollWidth + '>' + e.clientWidth);
const bars = all('.fall .b > i');
const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number); return (r * 3 + g * 6 + b) / 2550; };
const body = getComputedStyle(document.body);
return {width: document.documentElement.scrollWidth, W, cut: cut.slice(0, 5), hidden, boxes,
    fall: bars.length, drawn: bars.filter(e => rect(e).width >= 1 && rect(e).height >= 4 &&
        getComputedStyle(e).backgroundColor != 'rgba(0, 0, 0, 0)').length,
    sum: all('.fall .b:not(.share) > i').reduce((n, e) => n + parseFloat(e.style.width), 0),
    falls: all('.fall').length,
    who: all('.fall .w:not(:empty)').filter(e => !vis(e)).length,
    states: all('.timeline .bar > i').filter(e => vis(e) && rect(e).width >= 1).length,
    rows: all('.trow .bar').length,
    plots: all('details[open] .plot svg path').filter(e => e.getAttribute('d') &&
        rect(e).width > 0 && e.closest('svg').getBoundingClientRect().height > 8).length,
    ticks: all('.axis').filter(vis).map(e => e.children.length),
    folded: all('details:not([open])').length,
    bg: light(body.backgroundColor), fg: light(body.color)};
})()"""

MODES = {
    "light": (1100, "screen", "light", False),
    "dark": (1100, "screen", "dark", False),
    "narrow": (375, "screen", "light", True),
    "print": (720, "print", "dark", False),
}
# What a page has to show at least: waterfalls, plots.
WANT = {"S1": (1, 0), "01-hisi-mismatch": (0, 2), "11-xe-read-oops": (1, 1), "fleet": (7, 0), "hosts": (1, 3), "reference-qemu": (1, 3), "mtty-qemu": (1, 2), "failed": (0, 1)}


def look(b, page, mode):
    width, media, scheme, mobile = MODES[mode]
    b.events.clear()
    b.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=mobile)
    b.call("Emulation.setEmulatedMedia", media=media,
           features=[{"name": "prefers-color-scheme", "value": scheme}])
    b.call("Page.navigate", url=page.as_uri())
    b.wait("Page.loadEventFired")
    # Once as it comes, once with all that is folded.
    for what in ("", "document.querySelectorAll('details').forEach(d => d.open = true); "):
        b.eval(what + "0")
        said = b.eval(ASK)
        check(page.stem, mode + (", unfolded" if what else ""), said)
        if shots:
            name = f"{shots}/{page.stem}-{mode}{'-all' if what else ''}.png"
            pathlib.Path(name).write_bytes(base64.b64decode(b.call(
                "Page.captureScreenshot", captureBeyondViewport=True)["data"]))
    if media == "print":
        pdf = base64.b64decode(b.call("Page.printToPDF", printBackground=True)["data"])
        if not pdf.startswith(b"%PDF") or len(pdf) < 10000:
            bad.append(f"{page.stem}, print: no PDF, or nothing in it ({len(pdf)} B)")
        if shots:
            pathlib.Path(f"{shots}/{page.stem}.pdf").write_bytes(pdf)
    for e in b.events:
        p = e.get("params", {})
        if e.get("method") == "Log.entryAdded" and p["entry"]["level"] in ("error", "warning"):
            bad.append(f"{page.stem}, {mode}: console: {p['entry']['text']}")
        if e.get("method") in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
            bad.append(f"{page.stem}, {mode}: console: {p}")


def check(page, mode, x):
    def must(ok, what):
        if not ok:
            bad.append(f"{page}, {mode}: {what}: {x}")

    falls, plots = WANT.get(page, (0, 0))
    must(x["width"] <= x["W"], "the page is wider than the screen")
    must(not x["cut"], "something stands over the edge")
    must(not x["hidden"] and not x["boxes"], "something is cut")
    must(x["falls"] >= falls and x["drawn"] == x["fall"] and (not falls or x["fall"] >= 3), "the waterfall")
    must(not x["falls"] or abs(x["sum"] - 100 * x["falls"]) < 1 * x["falls"], "the waterfall's sum")
    must(not x["who"], "whose time it was is not shown")
    must(x["plots"] >= plots, "the plots")
    must(not x["rows"] or x["states"] >= 1, "the devices' states")
    must(all(n <= 6 for n in x["ticks"]), "ticks")
    dark = mode.startswith("dark")
    must((x["bg"] < 0.2 and x["fg"] > 0.7) if dark else (x["bg"] > 0.9 and x["fg"] < 0.3), "colours")


b = Browser()
try:
    for page in sorted(tmp.glob("*.html")):
        for mode in MODES:
            look(b, page, mode)
finally:
    b.process.terminate()
    b.process.wait()
for line in bad:
    print(line)
sys.exit(bool(bad))
PY
exit $failed
