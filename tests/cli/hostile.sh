#!/bin/bash
# hostile: recordings made to do harm, and every other recording of the tests, through
# every command and the scope: no crash, an exit status of the contract, each run within
# 2 s of the processor, 64 MiB of memory and a minute on the clock. FIGURES=1 says what the
# worst of each command took. Also of a tool with sanitizers, which say more and are given
# 10 s and any memory: VFIOSCOPE=build-san/vfioscope tests/cli/hostile.sh
. "$(dirname "$0")/lib"

# What the scope is made to do: nothing is drawn that is not saved.
screen() { echo ":save-screen! $tmp/screen"; }
for size in 24x80 3x20 60x200; do
	echo ":resize $size"
	for pane in 1 2 3 4 5 6 7 8 9; do
		printf '%s\n' ":pane $pane" z
		screen
		echo z
		screen
	done
done >"$tmp/panes"
for keys in ':resize 60x200' G g '[[{{' ']}' xX iI '^_' '.,' Z T ++++ -- 0 '<>' '<Enter>' '<Esc>' 5 '<Enter>' '<Down><PgDn>' \
	kj '/err<Enter>' nN '/read<Enter>' n '&err<Enter>' G '&read<Enter>' g '&<Enter>' e e a m Gm "'" B \
	'M<Enter>' '"<Enter>' vVdD O 'Fx<Enter>' 'F<Enter>' t t t u b b '?' '<Esc>' P p; do
	echo "$keys"
	screen
done >"$tmp/keys"
printf ':%s %s\n' export! "$tmp/events" write-report! "$tmp/report" >>"$tmp/keys"

python3 - "$v" "$tmp" <<'PY' || failed=1
import glob, os, resource, shutil, signal, sys

tool, tmp = sys.argv[1:]
with open(tool, "rb") as f:
    sanitized = b"__asan_init" in f.read()
# of the processor and of memory; a sanitizer costs
SECONDS = 10 if sanitized else 2
LIMIT = 64 << 20
# One that waits for what never comes uses neither; the machine may be busy.
CLOCK = 60
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
    ["export", "--format", "openmetrics"],
    ["replay", "--script", tmp + "/panes"], ["replay", "--script", tmp + "/keys"],
    ["list"], ["list", "--format", "json"], ["advise"],
    ["cut", "-f", "--migration", "1", "-o", tmp + "/cut"], ["cut", "-f", "--anonymise", "-o", tmp + "/cut"],
]
bad = []
worst = {}  # of each command: seconds, MiB


def one(argv, allowed=CONTRACT):
    """Runs it once: its status, its time and its memory are the kernel's to say."""
    pid = os.fork()
    if not pid:
        try:
            null = os.open("/dev/null", os.O_RDWR)
            err = os.open(tmp + "/err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            for fd in range(3):
                os.dup2(err if fd == 2 else null, fd)
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
            signal.alarm(CLOCK)
            os.execv(tool, [tool] + argv)
        finally:
            os._exit(127)
    _, status, used = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    name = " ".join(argv)
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        bad.append("%s: no end within %d s" % (name, SECONDS))
    elif code == -signal.SIGALRM:
        bad.append("%s: it waits, and for nothing" % name)
    elif code not in allowed:
        with open(tmp + "/err", errors="replace") as f:
            bad.append("%s: exit %d: %s" % (name, code, f.read()[-2000:]))
    if not sanitized and used.ru_maxrss << 10 > LIMIT:
        bad.append("%s: %d MiB of memory" % (name, used.ru_maxrss >> 10))
    kind = " ".join(os.path.basename(a) for a in argv if not a.endswith(".vfs"))
    took = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    worst[kind] = tuple(map(max, took, worst.get(kind, took)))


def drawn():
    """Did the scope do what its script says?"""
    try:
        with open(tmp + "/screen", encoding="utf-8") as f:
            lines = f.readlines()
        os.remove(tmp + "/screen")
        return len(lines) == 60
    except FileNotFoundError:
        return False


for path in files:
    # Marks are written beside the recording.
    path = shutil.copy(path, tmp)
    for c in commands:
        # Of some there is no migration to cut.
        one(c + [path], CONTRACT + ((2,) if c[0] == "cut" else ()))
        if c[0] == "replay" and not drawn():
            bad.append("%s %s: no screen of 60 lines" % (" ".join(c), path))
    one(["diff", path, path])
    one(["merge", "-f", "-o", tmp + "/merged", path, "tests/data/recordings/v1-migration.vfs"],
        CONTRACT + ((2,) if "/v1-" in path else ()))  # of one boot, at the same time
for line in bad:
    print(line)
if os.environ.get("FIGURES"):
    for kind, took in sorted(worst.items()):
        print("%5.2f s %6.1f MiB  %s" % (*took, kind))
if len(hostile) < 9 or len(files) < 60:
    bad.append("")
    print("only %d files, %d of them hostile" % (len(files), len(hostile)))
sys.exit(bool(bad))
PY
exit "$failed"
