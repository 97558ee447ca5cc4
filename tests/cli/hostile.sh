#!/bin/bash
# hostile: recordings made to do harm, and every other recording of the tests, through
# every command and the scope: no crash, no hang, no memory without bounds, and an exit
# status of the contract.
. "$(dirname "$0")/lib"

python3 - "$v" "$tmp" <<'PY' || failed=1
import glob, os, subprocess, sys

tool, tmp = sys.argv[1:]
hostile = sorted(glob.glob("tests/data/hostile/*.vfs"))
others = sorted(glob.glob("tests/data/recordings/*.vfs") + glob.glob("tests/data/merge/*.vfs") +
                glob.glob("tests/data/judge/*.vfs") + glob.glob("tests/data/cases/*.vfs") +
                glob.glob("tests/tui/data/*.vfs"))
commands = [
    ["check"], ["check", "--format", "json"], ["check", "--format", "junit"], ["report"],
    ["report", "--sessions"], ["report", "--format", "json"], ["report", "--format", "html"],
    ["info"], ["info", "--format", "json"], ["export", "--format", "ndjson"],
    ["export", "--format", "csv"], ["export", "--format", "perfetto"],
    ["export", "--format", "openmetrics"], ["list"], ["list", "--format", "json"], ["advise"],
    ["cut", "-f", "--migration", "1", "-o", tmp + "/cut"], ["cut", "-f", "--anonymise", "-o", tmp + "/cut"],
]
# Of what harms nobody only what draws: its own tests give it to the others.
some = [["report", "--format", "html"], ["export", "--format", "perfetto"]]
sanitized = bool(os.environ.get("ASAN_OPTIONS"))
limit = 64 << 20
bad = []


def one(argv, expect):
    child = subprocess.run(["timeout", "-s", "KILL", "30"] + argv, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if child.returncode not in expect:
        bad.append("%s: %s: %s" % (" ".join(argv[1:]), "no end" if child.returncode in (-9, 137)
                                   else "exit %d" % child.returncode,
                                   child.stderr.decode("utf-8", "replace")[-200:]))


def memory(argv):
    pid = os.fork()
    if not pid:
        null = os.open("/dev/null", os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        os.execv(argv[0], argv)
    return os.wait4(pid, 0)[2].ru_maxrss << 10


n = 0
for path in hostile:
    for c in commands:
        # Of some there is no migration to cut.
        one([tool] + c + [path], (0, 1, 2, 3, 5) if c[0] == "cut" else (0, 1, 3, 5))
        n += 1
        if not sanitized:
            used = memory([tool] + c + [path])
            if used > limit:
                bad.append("%s %s: %d MiB of memory" % (" ".join(c), path, used >> 20))
    one([tool, "diff", path, path], (0, 1, 3, 5))
    one([tool, "merge", "-f", "-o", tmp + "/merged", path, "tests/data/recordings/v1-migration.vfs"],
        (0, 1, 3, 5))
for path in others:
    for c in some:
        one([tool] + c + [path], (0, 1, 3, 5))
        n += 1
for line in bad:
    print(line)
if len(hostile) < 9 or n < 150:
    print("only %d runs" % n)
    bad.append("")
sys.exit(bool(bad))
PY
exit "$failed"
