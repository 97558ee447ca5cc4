#!/bin/bash
# hostile: recordings made to do harm, and every other recording of the tests, through
# every command and the scope: no crash, no hang, no memory without bounds, and an exit
# status of the contract. Also of a tool with sanitizers, which say more:
# VFIOSCOPE=build-san/vfioscope tests/cli/hostile.sh
. "$(dirname "$0")/lib"

printf '%s\n' ':resize 24x80' 'G[[{{<Enter><Esc>34567z' ':resize 3x20' 'nnd0+<' ':resize 60x200' '1zj<Enter>' \
	>"$tmp/script"

python3 - "$v" "$tmp" <<'PY' || failed=1
import glob, os, resource, signal, sys

tool, tmp = sys.argv[1:]
with open(tool, "rb") as f:
    sanitized = b"__asan_init" in f.read()
# of the processor and of memory; a sanitizer costs
SECONDS = 10 if sanitized else 2
LIMIT = 64 << 20
# What one kind of file is allowed to be: 0 and 1 of check and diff, 3 a hole, 5 cannot be read.
CONTRACT = (0, 1, 3, 5)
hostile = sorted(glob.glob("tests/data/hostile/*.vfs"))
files = hostile + sorted(sum((glob.glob(g) for g in (
    "tests/data/recordings/*.vfs", "tests/data/merge/*.vfs", "tests/data/judge/*.vfs",
    "tests/data/cases/*.vfs", "tests/tui/data/*.vfs")), []))
commands = [
    ["check"], ["check", "--format", "json", "--max-downtime", "1ms"], ["check", "--format", "junit"],
    ["report"], ["report", "--sessions", "--bytes"], ["report", "--format", "json"],
    ["report", "--format", "html"], ["info"], ["info", "--format", "json"],
    ["export", "--format", "ndjson"], ["export", "--format", "csv"], ["export", "--format", "perfetto"],
    ["export", "--format", "openmetrics"], ["replay", "--script", tmp + "/script"],
    ["list"], ["list", "--format", "json"], ["advise"],
    ["cut", "-f", "--migration", "1", "-o", tmp + "/cut"], ["cut", "-f", "--anonymise", "-o", tmp + "/cut"],
]
bad = []
n = 0


def one(argv, allowed=CONTRACT):
    """Runs it once: its status, its time and its memory are the kernel's to say."""
    global n
    n += 1
    pid = os.fork()
    if not pid:
        try:
            null = os.open("/dev/null", os.O_RDWR)
            err = os.open(tmp + "/err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            for fd in range(3):
                os.dup2(err if fd == 2 else null, fd)
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
            os.execv(tool, [tool] + argv)
        finally:
            os._exit(127)
    _, status, used = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    name = " ".join(argv)
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        bad.append("%s: no end within %d s" % (name, SECONDS))
    elif code not in allowed:
        with open(tmp + "/err", errors="replace") as f:
            bad.append("%s: exit %d: %s" % (name, code, f.read()[-2000:]))
    if not sanitized and used.ru_maxrss << 10 > LIMIT:
        bad.append("%s: %d MiB of memory" % (name, used.ru_maxrss >> 10))


for path in files:
    for c in commands:
        # Of some there is no migration to cut.
        one(c + [path], CONTRACT + ((2,) if c[0] == "cut" else ()))
    one(["diff", path, path])
    one(["merge", "-f", "-o", tmp + "/merged", path, "tests/data/recordings/v1-migration.vfs"],
        CONTRACT + ((2,) if "/recordings/" in path else ()))  # of one boot, at the same time
for line in bad:
    print(line)
if len(hostile) < 9 or len(files) < 60:
    bad.append("")
    print("only %d files, %d of them hostile" % (len(files), len(hostile)))
sys.exit(bool(bad))
PY
exit "$failed"
