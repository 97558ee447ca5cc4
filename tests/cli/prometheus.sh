#!/bin/bash
# What export and record --metrics write, through a real node_exporter into a real Prometheus,
# which raises each of contrib's alerts and answers each query of contrib's dashboard. (That
# promtool finds every export in order, export.sh sees, and of a recorder test_metrics.)
#
# Where prometheus or prometheus-node-exporter is missing it is skipped (tests/deps long
# installs the second). It takes half a minute, most of which it waits.
. "$(dirname "$0")/lib"

for program in prometheus prometheus-node-exporter; do
	command -v $program >/dev/null || { echo "skipped: there is no $program"; exit 0; }
done

# A recorder's text: nothing yet, three migrations, and one more that failed.
mkdir "$tmp/texts" "$tmp/text"
METRICS_TEXTS=$tmp/texts "${v%/*}/tests/unit/test_metrics" >"$tmp/out" 2>&1 || fail "$(tail -5 "$tmp/out")"
# Two recordings at once, with other labels: both hosts, and one that failed.
"$v" export --format openmetrics tests/data/cases/S1-mlx5-16vf.vfs >"$tmp/S1.prom" || fail "S1"
"$v" export --format openmetrics tests/data/cases/05-mlx5-save-fails.vfs >"$tmp/05.prom" || fail "05"

timeout 300 python3 - "$tmp" <<'PY' || fail "not as it should be"
import http.server, json, os, re, shutil, socket, subprocess, sys, threading, time, urllib.parse, urllib.request

tmp = sys.argv[1]
bad = []
RECORDER = tmp + "/text/vfioscope.prom"


def need(true, text, *args):
    if not true:
        bad.append(text % args if args else text)


def port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, probe, seconds=60):
    end = time.monotonic() + seconds
    while True:
        try:
            got = probe()
        except OSError:
            got = None
        if got or time.monotonic() > end:
            need(got, "waited %d s for %s", seconds, what)
            return got
        time.sleep(0.2)


class OpenMetrics(http.server.BaseHTTPRequestHandler):
    """A recording's export as a target of its own, by its own name: Prometheus's parser for that is a strict one."""

    def do_GET(self):
        with open(tmp + "/S1.prom", "rb") as f:
            text = f.read()
        self.send_response(200)
        self.send_header("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OpenMetrics)
threading.Thread(target=server.serve_forever, daemon=True).start()
exporter_port, prometheus_port = port(), port()
with open(tmp + "/prometheus.yml", "w") as f:
    f.write("""global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%s/contrib/prometheus/vfioscope.rules.yml]
scrape_configs:
  - {job_name: node, honor_labels: false, static_configs: [{targets: ['127.0.0.1:%d']}]}
  - {job_name: recording, static_configs: [{targets: ['127.0.0.1:%d']}]}
""" % (os.getcwd(), exporter_port, server.server_port))
log = open(tmp + "/log", "w+")
ours = [
    subprocess.Popen(["prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
                      "--collector.textfile.directory=%s/text" % tmp, "--web.listen-address=127.0.0.1:%d" % exporter_port],
                     stdout=log, stderr=log),
    subprocess.Popen(["prometheus", "--config.file=%s/prometheus.yml" % tmp, "--storage.tsdb.path=%s/tsdb" % tmp,
                      "--web.listen-address=127.0.0.1:%d" % prometheus_port], stdout=log, stderr=log)]


def api(path, **arguments):
    url = "http://127.0.0.1:%d/api/v1/%s?%s" % (prometheus_port, path, urllib.parse.urlencode(arguments))
    try:
        with urllib.request.urlopen(url, timeout=20) as r:
            return json.load(r)["data"]
    except urllib.error.HTTPError as e:
        if e.code == 503:  # it is not ready yet
            raise
        need(False, "%s: %s", arguments or path, json.load(e).get("error"))
        return {"result": []}


def query(q):
    return api("query", query=q)["result"]


def value(q):
    got = query(q)
    return float(got[0]["value"][1]) if len(got) == 1 else None


def last(selector):
    """As it was seen last: a busy machine misses a scrape, and what was there is none of now."""
    return "last_over_time(%s[5m])" % selector


def put(text):
    """As the recorder does: whole."""
    with open(RECORDER + ".new", "w") as f:
        f.write(text)
    os.rename(RECORDER + ".new", RECORDER)


def seen(marker):
    """Prometheus has it, and has had it twice."""
    wait_for("Prometheus to have " + marker, lambda: (value("count_over_time((%s)[1h:1s])" % marker) or 0) >= 2)


def show():
    with open(tmp + "/texts/1.prom") as f:
        first = f.read()
    with open(tmp + "/texts/2.prom") as f:
        second = f.read()
    with open(tmp + "/texts/3.prom") as f:
        third = f.read()
    for name in "S1", "05":
        shutil.copy("%s/%s.prom" % (tmp, name), "%s/text/" % tmp)
    put(first)
    wait_for("Prometheus", lambda: api("status/runtimeinfo"))
    seen("vfioscope_recorder_under_way == 0")
    need(wait_for("the export's target", lambda: value("max_over_time(up{job='recording'}[5m])") == 1),
         "an export is no OpenMetrics: %s", [t["lastError"] for t in api("targets")["activeTargets"]])
    need(value("max_over_time(node_textfile_scrape_error[5m])") == 0, "node_exporter does not take the files")

    # ---- two recordings in one folder ----
    for job in "node", "recording":
        of = "{recording='S1-mlx5-16vf.vfs',job='%s'}" % job
        need(value(last("vfioscope_downtime_seconds" + of)) == 1.379, "%s: the downtime of S1: %s", job, query(last("vfioscope_downtime_seconds")))
        parts = value("sum(%s)" % last("vfioscope_downtime_part_seconds" + of))
        need(parts and abs(parts - 1.379) < 1e-9, "%s: the parts of S1 are %s", job, parts)
    need(value("count(%s)" % last("vfioscope_migration_info{job='node',outcome='failed',recording='05-mlx5-save-fails.vfs'}")) == 1,
         "05 failed: %s", query(last("vfioscope_migration_info")))
    need(value("count(count by (recording) (%s))" % last("vfioscope_events{job='node'}")) == 2, "of two recordings: %s", query(last("vfioscope_events")))

    # ---- a recorder ----
    put(second)
    seen("vfioscope_recorder_under_way == 1")
    put(third)
    seen("sum(vfioscope_recorder_migrations_total{outcome='failed'}) == 1")
    need(value("sum(%s)" % last("vfioscope_recorder_migrations_total")) == 4, "migrations: %s", query("vfioscope_recorder_migrations_total"))
    need(value("sum(increase(vfioscope_recorder_migrations_total{outcome='failed'}[15m]) > bool 0)") == 1, "the first failure is no increase: %s",
         query("increase(vfioscope_recorder_migrations_total{outcome='failed'}[15m])"))
    wait_for("the alert of the failure", lambda: firing() & {"VfioMigrationFailed"}, 20)
    need(firing() == {"VfioMigrationFailed"}, "raised: %s", firing())
    dashboard()

    # ---- and what else can go wrong: the same text, with other figures ----
    fourth = third
    for old, new in ((r'(recordings_total\{result="missed"\}) 0', r"\1 1"), (r"(lost_events_total) 0", r"\1 17"),
                     (r'(findings_total\{rule="data-after-eof",severity="error"\}) 0', r"\1 1"), (r'(outcome="failed"\}) 1\n', r"\1 9\n"),
                     (r'(stop_seconds_bucket\{le="(?:0\.5|[1-9]\d*|\+Inf)"\}) 3', r"\1 63"), (r"(stop_seconds_count) 3", r"\1 63")):
        fourth, n = re.subn(old, new, fourth)
        need(n, "the text has no %s", old)
    put(fourth)
    os.utime(RECORDER, (time.time() - 400,) * 2)
    seen("vfioscope_recorder_lost_events_total == 17")
    rules = [r for g in api("rules")["groups"] for r in g["rules"]]
    want = {r["name"] for r in rules}
    wait_for("every alert", lambda: firing() | pending() == want, 20)
    need(firing() | pending() == want, "not raised: %s", want - firing() - pending())
    need(pending() == {"VfioscopeGone"}, "pending: %s", pending())
    for r in (r for g in api("rules")["groups"] for r in g["rules"]):
        need(r["health"] == "ok" and not r.get("lastError"), "%s: %s", r["name"], r.get("lastError"))
        for a in r["alerts"]:
            for text in a["annotations"].values():
                need("<" not in text and "no value" not in text, "%s: %s", r["name"], text)
    return len(want)


def firing(state="firing"):
    return {a["labels"]["alertname"] for a in api("alerts")["alerts"] if a["state"] == state}


def pending():
    return firing("pending")


def dashboard():
    """Each query, as Grafana asks it; its variables take what there is."""
    with open("contrib/grafana/vfioscope.json") as f:
        d = json.load(f)
    for v in d["templating"]["list"]:
        if v["type"] != "query":
            continue
        metric, label = re.match(r"label_values\((\w+), (\w+)\)$", v["query"]["query"]).groups()
        need(api("series", **{"match[]": metric}) and all(label in s for s in api("series", **{"match[]": metric})), "no %s to choose", v["name"])
    now = time.time()
    asked = 0
    for p in d["panels"]:
        for t in p["targets"]:
            q = t["expr"].replace("$instance", ".*").replace("$driver", ".*").replace("$__range", "6h").replace("$__rate_interval", "4m")
            q = q.replace("$__interval", p.get("interval", "1s"))
            need("$" not in q, "%s: %s", p["title"], q)
            got = api("query_range", query=q, start=now - 60, end=now, step=1)["result"]
            need(any(v != "NaN" for s in got for _, v in s["values"]), "%s: nothing comes of %s", p["title"], q)
            legend = set(re.findall(r"{{\s*(\w+)\s*}}", t.get("legendFormat", "")))
            need(all(legend <= set(s["metric"]) for s in got), "%s: its legend wants %s of %s", p["title"], legend, got[:1])
            asked += 1
    need(asked > 15, "%d queries", asked)


try:
    show()
finally:
    for p in ours:
        p.terminate()
        p.wait()
    server.shutdown()
    log.flush()
    with open(tmp + "/log") as f:
        for line in f:
            # The lab's tests run as root, which node_exporter would rather not.
            if re.search(r"level=(warn|error)", line) and not re.search("as root user|Received SIGTERM", line):
                need(False, "%s", line.strip())
for b in bad:
    print(b)
sys.exit(bool(bad))
PY
exit $failed
