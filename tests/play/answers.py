"""answers.py TOOL PLAY DIR [NAME...]: makes the recordings of the plays of this folder in DIR
and holds what the tool says of them against the answers that stand beside them.  Silent
when all is right; what is not is told, and exit 1."""
import glob
import itertools
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

TOOL, PLAY, DIR = sys.argv[1:4]
ONLY = sys.argv[4:]
FILES = sorted(glob.glob(os.path.join(os.path.dirname(__file__), "*.play")))
OUTCOMES = ("completed", "failed", "cancelled", "unfinished")
wrong = 0


def fail(name, text):
    global wrong
    wrong = 1
    print(f"{name}: {text}")


def run(*args, status=None):
    p = subprocess.run([TOOL, *args], capture_output=True, text=True, timeout=60)
    if status is not None and p.returncode != status:
        raise AssertionError(f"{' '.join(args)}: exit {p.returncode}, want {status}: {p.stderr.strip()}")
    return p


def plays(file):
    """Name, hosts in order of their entrance, and the lines of what is wanted."""
    name, hosts, want = None, [], []
    for line in open(file):
        if line.startswith("== "):
            if name:
                yield name, hosts, want
            name, hosts, want = line[3:].strip(), [], []
        elif line.startswith("= "):
            want.append(line[2:].strip())
        elif line.startswith(("vmm ", "clock ")):
            host = line.split()[2 if line.startswith("vmm ") else 1]
            if host not in hosts:
                hosts.append(host)
    if name:
        yield name, hosts, want


def squeeze(text):
    return " ".join(text.split())


def story(check):
    """What must not depend on how the files are given: all but files, numbers of events and clocks."""
    keys = ("vm", "outcome", "downtime_why", "devices", "bytes_total")
    return json.dumps([
        check["verdict"], check["protocol"], check["outcomes"],
        sorted([f["rule"], f["severity"], f["party"], f["counts"]] for f in check["findings"]),
        [[g[k] for k in keys] + [g["cause"] and g["cause"]["text"], g["joined"]["how"], g["joined"]["sure"]]
         for g in check["migrations"]]], sort_keys=True)


def answer(name, files, want):
    """STATUS COMPLETED FAILED CANCELLED UNFINISHED RULES; the check's JSON and text."""
    status, *rest = want.split()
    outcomes, rules = rest[:4], rest[4:]
    text = run("check", *files, status=int(status)).stdout
    check = json.loads(run("check", "--format", "json", *files).stdout)
    got = sorted({f["rule"] + ("" if f["counts"] else "*") for f in check["findings"]})
    if rules != ["any"] and got != sorted(r for r in rules if r != "-"):
        fail(name, f"found {' '.join(got) or '-'}, want {' '.join(rules)}\n{text}")
    got = [str(check["outcomes"][o]) for o in OUTCOMES]
    if got != outcomes:
        fail(name, f"outcomes {' '.join(got)}, want {' '.join(outcomes)}\n{text}")
    return check, text


def views(name, files, check):
    """Each of the others says what check says."""
    report = json.loads(run("report", "--format", "json", *files, status=0).stdout)
    for key in ("verdict", "protocol", "outcomes"):
        assert report[key] == check[key], f"report's {key} is {report[key]}, check's {check[key]}"
    for g in report["migrations"]:
        if g["downtime_ns"] is not None:
            assert sum(p["ns"] or 0 for p in g["downtime"]) == g["downtime_ns"], "its parts are not the downtime"
        else:
            assert g["downtime_why"], "no downtime and no reason"

    root = ET.fromstring(run("check", "--format", "junit", *files).stdout)
    failed = {c.get("name") for c in root.iter("testcase") if c.find("failure") is not None}
    assert failed == {f["rule"] for f in check["findings"] if f["counts"]}, f"JUnit's failures: {failed}"
    suites = [s for s in root if s.get("name") != "evidence"]
    got = [{p.get("name"): p.get("value") for p in s.find("properties")}["outcome"] for s in suites]
    assert got == [g["outcome"] for g in check["migrations"]], f"JUnit's outcomes: {got}"

    text = run("report", *files, status=0).stdout
    html = re.sub(r"<[^>]*>", " ", run("report", "--format", "html", *files, status=0).stdout)
    screen = os.path.join(DIR, "screen")
    script = os.path.join(DIR, "script")
    open(script, "w").write(f":resize 50x140\n:save-screen! {screen}\n")
    run("replay", "--script", script, *files, status=0)
    scope = open(screen).read()
    metrics = run("export", "--format", "openmetrics", *files, status=0).stdout
    events = [json.loads(line) for line in run("export", *files, status=0).stdout.splitlines()]
    for i, g in enumerate(report["migrations"]):
        word = g["outcome"].upper()
        assert word in text, f"report does not say {word}"
        assert word in html, f"the page does not say {word}"
        assert f'outcome="{g["outcome"]}",' in "".join(
            line for line in metrics.splitlines() if line.startswith("vfioscope_migration_info{") and
            f'migration="{g["id"]}"' in line), f"OpenMetrics has another outcome of migration {g['id']}"
        if g["cause"]:
            c = g["cause"]
            what = c["errno"] or ("SIG" if c.get("signal") else None)
            for where, said in (("report", text), ("the page", html)):
                assert squeeze(c["text"]) in squeeze(said), f"{where} does not say '{c['text']}'"
            if what:
                assert what in scope, f"the scope does not say {what}:\n{scope}"
    worst = "FAILED" if check["outcomes"]["failed"] else None
    if worst:
        assert worst in scope, f"the scope does not say {worst}:\n{scope}"
    got = {e["migration"] for e in events if e.get("migration")}
    assert got <= {g["id"] for g in report["migrations"]}, f"events of migrations {got}"
    return report


def one(name, hosts, want):
    paths = {h: os.path.join(DIR, f"{name}-{h}.vfs") for h in hosts}
    files = list(paths.values())
    if not want or not want[0][0].isdigit():
        return fail(name, "no answer stands beside it")
    check, text = answer(name, files, want[0])
    report = views(name, files, check)
    # In any order, merged, and never twice.
    ways = [list(w) for w in itertools.permutations(files)][1:]
    if len(files) > 1:
        merged = os.path.join(DIR, "merged.vfs")
        run("merge", "-q", "-f", *files, "-o", merged, status=0)
        ways.append([merged])
    for way in ways:
        other = json.loads(run("check", "--format", "json", *way).stdout)
        if story(other) != story(check):
            fail(name, f"{' '.join(map(os.path.basename, way))}: another story:\n{story(check)}\n{story(other)}")
    run("check", files[0], files[0], status=2)
    for line in want[1:]:
        word, rest = line.split(None, 1)
        if word == "is":
            p = subprocess.run(["jq", "-e", rest], input=json.dumps(report), capture_output=True, text=True)
            if p.returncode:
                fail(name, f"not so: {rest}\n{p.stderr}{text}")
        elif word == "says" and squeeze(rest) not in squeeze(text):
            fail(name, f"does not say '{rest}':\n{text}")
        elif word == "tells" and squeeze(rest) not in squeeze(run("report", *files).stdout):
            fail(name, f"report does not tell '{rest}'")
        elif word == "silent" and squeeze(rest) in squeeze(text):
            fail(name, f"says '{rest}':\n{text}")
        elif word == "check":
            status, *opts = rest.split()
            try:
                run("check", *opts, *files, status=int(status))
            except AssertionError as e:
                fail(name, e)
        elif word == "alone":
            host, rest = rest.split(None, 1)
            answer(f"{name}-{host}", [paths[host]], rest)
        elif word not in ("says", "tells", "silent"):
            fail(name, f"nothing that is wanted: {line}")


for f in FILES:
    subprocess.run([PLAY, f, DIR], check=True)
n = 0
for name, hosts, want in itertools.chain(*map(plays, FILES)):
    if ONLY and not any(o in name for o in ONLY):
        continue
    n += 1
    if os.environ.get("SHOW"):
        print(f"... {name}", file=sys.stderr, flush=True)
    try:
        one(name, hosts, want)
    except (AssertionError, json.JSONDecodeError, KeyError, subprocess.TimeoutExpired) as e:
        fail(name, repr(e) if not isinstance(e, AssertionError) else e)
if not n:
    fail("plays", "none was played")
sys.exit(wrong)
