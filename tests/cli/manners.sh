#!/bin/bash
# The manners of contract.md, for every command that --help lists: streams, exit
# codes, one line per mistake, colour, terminals, pipes, full disks, bad files.
#
# What needs a kernel that can be traced is tests/vm/scenarios/doctor's.
# shellcheck disable=SC2015,SC2016 # bad() succeeds; scripts for another shell
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

v=$(realpath "${VFIOSCOPE:-build/vfioscope}")
good=$PWD/tests/data/recordings/v1-migration.vfs
tmp=$(mktemp -d)
chmod 755 "$tmp"
trap 'rm -rf "$tmp"' EXIT
failed=0
esc=$'\033'

bad() { echo "$*"; failed=1; }

# run CMD...: sets status, out and err (each a file), and says what ran.
run() {
	ran="$*"
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
}

# want STATUS STDERR-PATTERN CMD...: the pattern is of the whole of stderr; an
# error is one line there and nothing on stdout.
want() {
	local exit=$1 pattern=$2 err
	shift 2
	run "$@"
	err=$(cat "$tmp/err")
	# shellcheck disable=SC2053 # a pattern
	[ "$status" = "$exit" ] && [[ $err == $pattern ]] ||
		bad "$ran: exit $status (want $exit), stderr: $err (want: $pattern)"
	[ "$(wc -l <"$tmp/err")" -le 1 ] || bad "$ran: more than a line on stderr"
	if [ "$exit" != 0 ] && [ -s "$tmp/out" ]; then
		bad "$ran: an error, and on stdout: $(head -1 "$tmp/out")"
	fi
}

# want_json STATUS CMD...: the same error as {"error": ...} on stdout.
want_json() {
	local exit=$1
	shift
	run "$@"
	[ "$status" = "$exit" ] || bad "$ran: exit $status (want $exit)"
	[ ! -s "$tmp/err" ] || bad "$ran: on stderr: $(head -1 "$tmp/err")"
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
assert list(d) == ["error"] and isinstance(d["error"], str) and d["error"], d' "$tmp/out" ||
		bad "$ran: no {\"error\": ...} on stdout"
}

# tty CMD...: what a terminal would get; nobody types there.
tty() {
	local words
	printf -v words '%q ' "$@"
	timeout -k 1 10 script -qec "$words" /dev/null </dev/null | tr -d '\r'
	return "${PIPESTATUS[0]}"
}

commands=$("$v" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | grep -vx help)
readers=''
for c in $commands; do
	# cut writes a recording: it has a test of its own.
	[ "$c" != cut ] && "$v" "$c" --help | grep -q -e '--migration N' && readers+=" $c"
done
[ "$(wc -w <<<"$commands")" -ge 6 ] || bad "which commands are there? $commands"
[ "$(wc -w <<<"$readers")" -ge 3 ] || bad "which readers are there? $readers"

# ---- every command ------------------------------------------------------------------

want 0 "" "$v" --help
want 0 "" "$v" --version
want 0 "" "$v" help
want 0 "" "$v" help help
want 2 "vfioscope: unknown command 'recrod'; did you mean 'record'?" "$v" recrod
want 2 "vfioscope: unknown command 'xyzzy'; 'vfioscope --help' lists them" "$v" xyzzy
want 2 "vfioscope: unknown command 'xyzzy'; *" "$v" help xyzzy
want 2 "vfioscope: live: unknown option '--frmat'; did you mean '--format'?" "$v" --frmat json
want_json 2 "$v" xyzzy --format json
for c in $commands; do
	want 0 "" "$v" "$c" --help
	grep -q "^Usage: vfioscope $c" "$tmp/out" || bad "$c --help: no usage line"
	awk 'length > 80 { exit 1 }' "$tmp/out" || bad "$c --help: wider than 80 columns"
	for o in --quiet --verbose --color; do
		grep -q -e "$o" "$tmp/out" || bad "$c --help: no $o"
	done
	run "$v" help "$c"
	[ "$status" = 0 ] && cmp -s "$tmp/out" <("$v" "$c" --help) || bad "help $c: not $c --help"
	want 2 "vfioscope: $c: unknown option '--colour'; did you mean '--color'?" "$v" "$c" --colour never
	want 2 "vfioscope: $c: unknown option '-Z'" "$v" "$c" -Z
	want 2 "vfioscope: $c: --color: 'pink' is not one of auto, always, never*" "$v" "$c" --color pink
	want 2 "vfioscope: $c: option '--color' needs a value" "$v" "$c" --color
	if "$v" "$c" --help | grep -q -e '--format'; then
		want_json 2 "$v" "$c" --format json --colour
		want 2 "vfioscope: $c: --format: 'yaml' is not one of *" "$v" "$c" --format yaml
	fi
	want 5 "vfioscope: cannot write: No space left on device" \
		bash -c '"$1" "$2" --help >/dev/full' bash "$v" "$c"
done

# ---- readers --------------------------------------------------------------------------

mkdir "$tmp/dir"
: >"$tmp/empty"
echo "no recording at all, only text that is longer than a header of forty bytes" >"$tmp/text"
head -c 25 "$good" >"$tmp/cut"
head -c 200 /dev/zero >"$tmp/zeros"
cp "$good" "$tmp/unreadable"
chmod 0 "$tmp/unreadable"
python3 - "$good" "$tmp" <<'PY'
import struct, sys, zlib
data = bytearray(open(sys.argv[1], "rb").read())
def patched(name, at, fmt, value):
    d = bytearray(data)
    struct.pack_into(fmt, d, at, value)
    struct.pack_into("<I", d, 36, zlib.crc32(bytes(d[:36])))
    open(sys.argv[2] + "/" + name, "wb").write(d)
patched("newer", 8, "<H", 2)		# major version
patched("feature", 24, "<Q", 1 << 40)	# incompatible feature
PY

for c in $readers; do
	want 2 "vfioscope: $c: which recording? *" "$v" "$c"
	want 5 "vfioscope: /nonexistent: No such file or directory" "$v" "$c" /nonexistent
	want 5 "vfioscope: $tmp/dir: is a directory*" "$v" "$c" "$tmp/dir"
	want 5 "vfioscope: $tmp/empty: is empty" "$v" "$c" "$tmp/empty"
	want 5 "vfioscope: $tmp/text: is not a vfioscope recording" "$v" "$c" "$tmp/text"
	want 5 "vfioscope: $tmp/zeros: is not a vfioscope recording" "$v" "$c" "$tmp/zeros"
	want 5 "vfioscope: $tmp/cut: is cut in the file header*" "$v" "$c" "$tmp/cut"
	want 5 "vfioscope: $tmp/newer: needs a newer vfioscope (format 2.0, *" "$v" "$c" "$tmp/newer"
	want 5 "vfioscope: $tmp/feature: *" "$v" "$c" "$tmp/feature"
	want 5 "vfioscope: standard input: is empty" "$v" "$c" -
	for f in dir empty text newer; do
		"$v" "$c" --help | grep -q -e --format || break
		want_json 5 "$v" "$c" --format "$([ "$c" = export ] && echo ndjson || echo json)" "$tmp/$f"
	done
	if [ "$(id -u)" = 0 ]; then
		want 5 "vfioscope: $tmp/unreadable: Permission denied" \
			setpriv --reuid=65534 --clear-groups "$v" "$c" "$tmp/unreadable"
	fi
	# A terminal is no recording.
	[[ $(tty "$v" "$c" -) == *"standard input is a terminal"* ]] || bad "$c -: reads a terminal"

	want 2 "vfioscope: --from: 'soon' is not a time *" "$v" "$c" --from soon "$good"
	want 2 "vfioscope: --to: 'later' is not a time *" "$v" "$c" --to later "$good"
	want 2 "vfioscope: --from 5s is after --to 1s" "$v" "$c" --from 5s --to 1s "$good"
	want 2 "vfioscope: --migration: *" "$v" "$c" --migration 99999999999 "$good"
	want 2 "vfioscope: $c: --migration: 'two' is not a number from 1 on" "$v" "$c" --migration two "$good"

	# The scope is a picture, which its own tests look at.
	if [ "$c" = replay ]; then
		want 2 "vfioscope: replay: standard output is not a terminal*" "$v" "$c" "$good"
		continue
	fi
	"$v" "$c" "$good" >"$tmp/whole" 2>/dev/null
	"$v" "$c" - <"$good" >"$tmp/piped" 2>"$tmp/err"
	case $? in 0|1|3) ;; *) bad "$c -: exit $?: $(cat "$tmp/err")" ;; esac
	[ ! -s "$tmp/err" ] || bad "$c -: $(cat "$tmp/err")"
	[ -s "$tmp/piped" ] || bad "$c -: nothing"

	for t in rel wall mono delta; do
		run "$v" "$c" --time $t "$good"
		[ -s "$tmp/out" ] && [ ! -s "$tmp/err" ] || bad "$c --time $t: $(cat "$tmp/err")"
	done
	# What is outside the window is not shown; info tells of the file itself, and
	# check judges all of it.
	if [ "$c" != info ] && [ "$c" != check ]; then
		for w in "--from 2099-01-01T00:00:00Z" "--from 100h" "--migration 77" "--to @1"; do
			# shellcheck disable=SC2086 # words are wanted
			run "$v" "$c" $w "$good"
			[ ! -s "$tmp/err" ] || bad "$c $w: $(cat "$tmp/err")"
			# advise counts them, and there is little to leave out here.
			[ "$c" = advise ] && ! cmp -s "$tmp/out" "$tmp/whole" && continue
			[ "$(wc -c <"$tmp/out")" -lt "$(wc -c <"$tmp/whole")" ] || bad "$c $w: shows as much as without"
		done
	fi

	run "$v" "$c" -q "$good"
	cmp -s "$tmp/out" "$tmp/whole" || bad "$c -q: other data"
	[ ! -s "$tmp/err" ] || bad "$c -q: $(cat "$tmp/err")"

	# Colour at a terminal alone, and as one wishes.
	run "$v" "$c" "$good"
	grep -q "$esc" "$tmp/out" && bad "$c: colour in a pipe"
	run "$v" "$c" --color never "$good"
	grep -q "$esc" "$tmp/out" && bad "$c --color never: colour"
	(unset NO_COLOR; TERM=xterm tty "$v" "$c" --color never "$good") | grep -q "$esc" && bad "$c --color never: colour"
	NO_COLOR=1 TERM=xterm tty "$v" "$c" "$good" | grep -q "$esc" && bad "$c: colour with NO_COLOR"
	TERM=dumb tty "$v" "$c" "$good" | grep -q "$esc" && bad "$c: colour at TERM=dumb"

	# A reader that goes is no error, whether it reads a bit or nothing.
	for sink in 'head -c 1' 'true'; do
		run bash -c '"$1" "$2" "$3" | '"$sink"'; exit ${PIPESTATUS[0]}' bash "$v" "$c" "$good"
		case $status in 0|1|3) ;; *) bad "$c | $sink: exit $status: $(cat "$tmp/err")" ;; esac
		[ ! -s "$tmp/err" ] || bad "$c | $sink: $(cat "$tmp/err")"
	done
	want 5 "vfioscope: cannot write: No space left on device" "$v" "$c" "$good" -o /dev/full
	want 5 "vfioscope: $tmp/dir: is a directory" "$v" "$c" "$good" -o "$tmp/dir"
	want 5 "vfioscope: cannot write: *" bash -c '"$1" "$2" "$3" >&-' bash "$v" "$c" "$good"
	# What was recorded is not lost to a slip of the hand.
	cp "$good" "$tmp/mine.vfs"
	want 5 "vfioscope: $tmp/mine.vfs: is a recording, which is not overwritten" \
		"$v" "$c" "$tmp/mine.vfs" -o "$tmp/mine.vfs"
	cmp -s "$good" "$tmp/mine.vfs" || bad "$c -o: the recording is gone"
	run "$v" "$c" "$good" -o "$tmp/result"
	cmp -s "$tmp/result" "$tmp/whole" && [ ! -s "$tmp/out" ] || bad "$c -o FILE: not what stdout gets"
done
(unset NO_COLOR; TERM=xterm tty "$v" report "$good") | grep -q "$esc" || bad "report: no colour at a terminal"
run env NO_COLOR=1 "$v" report --color always "$good"
grep -q "$esc" "$tmp/out" || bad "report --color always: no colour"

# A disk that is full in the middle: one line, and nothing half-written.
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	mkdir "$tmp/small"
	run unshare -m bash -c 'mount -t tmpfs -o size=16k none "$2/small" && "$1" export "$3" -o "$2/small/x"; s=$?
		ls "$2/small"; exit $s' bash "$v" "$tmp" "$good"
	[ "$status" = 5 ] && [ "$(cat "$tmp/err")" = "vfioscope: cannot write: No space left on device" ] ||
		bad "export on a full disk: exit $status, $(cat "$tmp/err")"
	[ ! -s "$tmp/out" ] || bad "export on a full disk leaves $(cat "$tmp/out")"
fi

# ---- captures --------------------------------------------------------------------------

cd "$tmp" || exit 1
cp "$good" have.vfs
want 2 "vfioscope: have.vfs exists; -f overwrites it" "$v" record -o have.vfs
cmp -s "$good" have.vfs || bad "record -o have.vfs: it is another file now"
want 5 "vfioscope: dir: is a directory" "$v" record -o dir
want 2 "vfioscope: record: --duration: 'long' is not a duration *" "$v" record --duration long
mapfile -t many < <(seq -f "--keep-if=downtime>%.0fms" 17)
want 2 "vfioscope: record: --keep-if: at most 16 conditions" "$v" record "${many[@]}" --each-migration d
"$v" record "${many[@]:1}" --each-migration /nonexistent/d 2>&1 | grep -q 'at most' && bad "16 conditions are too many"
want 2 "vfioscope: --linger: 10s at most" "$v" record --linger 10001ms
want 125 "vfioscope: --linger: 10s at most" "$v" record --linger 10001ms -- true
"$v" record --linger 10s -o /nonexistent/x.vfs 2>&1 | grep -q linger && bad "--linger 10s is too much"
want 2 "vfioscope: record: --ring: 'big' is not a size *" "$v" record --ring big
want 2 "vfioscope: live: 'x': it takes no argument*" "$v" live x
want 2 "vfioscope: doctor: 'x': it takes no argument" "$v" doctor x
[[ $(tty "$v" record -o -) == "vfioscope: a recording is binary: it is not written to a terminal" ]] ||
	bad "record -o - at a terminal: $(tty "$v" record -o - | head -c 200)"

# Without the privilege nothing is attached, whatever the kernel; nothing is left behind.
mkdir -m 777 nobody
as=()
[ "$(id -u)" != 0 ] || as=(setpriv --reuid=65534 --clear-groups)
"${as[@]}" "$v" --version >/dev/null 2>&1 || as=()	# a tree that nobody else may enter
if [ ${#as[@]} -gt 0 ] || [ "$(id -u)" != 0 ]; then
	want 4 "vfioscope: ?*" "${as[@]}" "$v" record -o nobody/a.vfs
	want 4 "vfioscope: ?*" "${as[@]}" "$v" record -q -o nobody/a.vfs
	want 4 "vfioscope: ?*" "${as[@]}" "$v" record -f -o nobody/a.vfs --duration 1s
	want 4 "vfioscope: ?*" "${as[@]}" "$v" record -o -
	want 125 "vfioscope: ?*" "${as[@]}" "$v" record -o nobody/a.vfs -- touch nobody/ran
	want 4 "vfioscope: ?*" "${as[@]}" "$v" live
	want 4 "vfioscope: ?*" "${as[@]}" "$v"
	want_json 4 "${as[@]}" "$v" live --format json
	want 4 "vfioscope: ?*" "${as[@]}" "$v" live --once
	want_json 4 "${as[@]}" "$v" live --once --format json
	[ -z "$(ls -A nobody)" ] || bad "a capture that could not begin left $(ls -A nobody)"
	run "${as[@]}" "$v" doctor
	[ "$status" = 4 ] && [ "$(wc -l <err)" = 1 ] || bad "doctor without privilege: exit $status, $(cat err)"
	grep -q 'CAP_SYS_ADMIN is missing' out || bad "doctor without privilege does not say which is missing"
fi

# ---- doctor ----------------------------------------------------------------------------

run "$v" doctor
case $status in
0) [ ! -s err ] || bad "doctor: $(cat err)" ;;
4) [ "$(wc -l <err)" = 1 ] || bad "doctor: $(cat err)" ;;
*) bad "doctor: exit $status" ;;
esac
grep -q "$esc" out && bad "doctor: colour in a pipe"
awk 'length > 80 { exit 1 }' out || bad "doctor: wider than 80 columns"
tail -1 out | grep -q '^support  ' || bad "doctor: no summary at the end"
with=$status
run "$v" doctor --format json
[ "$status" = "$with" ] && [ ! -s err ] || bad "doctor --format json: exit $status, $(cat err)"
python3 - out "$status" <<'PY' || bad "doctor --format json"
import json, sys
d = json.load(open(sys.argv[1]))
for key in ("tool", "kernel", "privileges", "modules", "devices", "hooks", "capture", "checks", "support", "summary"):
    assert key in d, key
assert (d["support"] == "none") == (sys.argv[2] == "4") == ("error" in d), d["support"]
for c in d["checks"]:
    # A problem comes with what helps; what is the user's own to find out does not.
    assert c["level"] != "problem" or "help" in c, c
PY
# A container without /sys: it says what it cannot see, and does not guess.
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	run unshare -m bash -c 'mount -t tmpfs none /sys && exec "$1" doctor' bash "$v"
	[ "$status" = 4 ] && grep -q 'BAD   /sys' out && [ "$(wc -l <err)" = 1 ] ||
		bad "doctor without /sys: exit $status, $(cat err)"
	run unshare -m bash -c 'mount -t tmpfs none /proc && exec "$1" doctor' bash "$v"
	grep -q '/proc' out || bad "doctor without /proc: exit $status, $(cat out err)"
fi
exit $failed
