#!/bin/bash
# replay: golden screens by script mode, manners, and one run inside tmux.
#
# BLESS=1 writes the goldens anew: read every one before committing it.
. "$(dirname "$0")/lib"
v=$(realpath "$v")	# tmux runs it from elsewhere
data=tests/tui/data
gold=tests/tui/golden
export LC_ALL=C.UTF-8

# ---- scenes ----

while read -r name recording size commands; do
	case $name in '' | '#'*) continue ;; esac
	{
		echo ":resize $size"
		tr ';' '\n' <<<"$commands" | sed 's/^ */:/'
		echo ":save-screen $tmp/screen"
		echo ":save-roles $tmp/roles"
	} >"$tmp/script"
	rm -f "$tmp/screen" "$tmp/roles"
	files=()
	for r in ${recording//+/ }; do files+=("$data/$r.vfs"); done
	want 0 "" "$v" replay --script "$tmp/script" "${files[@]}"
	if [ -n "${BLESS:-}" ]; then
		cp "$tmp/screen" "$gold/$name.txt"
		cp "$tmp/roles" "$gold/$name.roles"
	fi
	for part in txt:screen roles:roles; do
		if ! diff -u "$gold/$name.${part%:*}" "$tmp/${part#*:}" >"$tmp/diff" 2>&1; then
			fail "scene $name is another:"
			cat "$tmp/diff"
		fi
	done
	# Nothing is wider than the screen, and it has as many lines.
	[ "$(wc -L <"$tmp/screen")" -le "${size#*x}" ] || fail "scene $name is too wide"
	[ "$(wc -l <"$tmp/screen")" = "${size%x*}" ] || fail "scene $name: number of lines"
done <tests/tui/scenes.txt

# The README's pictures show the screens of today.
[ -n "${BLESS:-}" ] && tests/tui/pictures docs/pictures
tests/tui/pictures --check docs/pictures || fail "tests/tui/pictures docs/pictures makes them anew"

# ---- the numbers are those of report ----

printf ':migration 1\n:write-report %s/report\n' "$tmp" >"$tmp/script"
want 0 "" "$v" replay --script "$tmp/script" $data/killed.vfs
"$v" report --migration 1 $data/killed.vfs >"$tmp/report2"
diff -u "$tmp/report2" "$tmp/report" || fail "the scope's report at the end is not report's"

printf ':axis 0s end\n:export %s/events\n' "$tmp" >"$tmp/script"
want 0 "" "$v" replay --script "$tmp/script" $data/mtty.vfs
"$v" export $data/mtty.vfs | cmp - "$tmp/events" || fail "the scope's export is not export's"

# ---- budgets reach the scope's judge ----

screen() { # screen OPTION...: what the scope says of qemu.vfs's first migration
	printf ':resize 40x120\n:migration 1\n:save-screen! %s/screen\n' "$tmp" >"$tmp/script"
	want 0 "" "$v" replay --script "$tmp/script" "$@" $data/qemu.vfs
}
screen
grep -q 'downtime-budget\|arc-budget' "$tmp/screen" && fail "a budget that nobody gave"
screen --max-stop-window 1ms --max-arc 1ns
grep -q 'downtime-budget' "$tmp/screen" || fail "--max-stop-window does not reach the scope's judge"
grep -q 'arc-budget' "$tmp/screen" || fail "--max-arc does not reach the scope's judge"
sed -n 2p "$tmp/screen" | grep -q 'budget 1.00 ms: OVER' || { fail "the sentence does not tell the budget:"; sed -n 2p "$tmp/screen"; }
echo 'max-stop-window = 1ms' >"$tmp/policy"
screen --policy "$tmp/policy"
grep -q 'downtime-budget' "$tmp/screen" || fail "--policy does not reach the scope's judge"
sed -n 1p "$tmp/screen" | grep -q ' 1 finding' || fail "the header does not count it: $(sed -n 1p "$tmp/screen")"
screen --policy "$tmp/policy" --ignore downtime-budget
sed -n 1p "$tmp/screen" | grep -q '[1-9] finding' && fail "--ignore does not reach the scope's judge"
want 2 "vfioscope: replay: --max-downtime*" "$v" replay --max-downtime soon --script "$tmp/script" $data/qemu.vfs
want 2 "vfioscope: live: --max-downtime*" "$v" live --max-downtime soon

# ---- marks lie beside the recording ----

cp $data/mtty.vfs "$tmp/m.vfs"
before=$(cksum <"$tmp/m.vfs")
printf ':seek 1s\n:mark it began here\n' >"$tmp/script"
want 0 "" "$v" replay --script "$tmp/script" "$tmp/m.vfs"
[ "$before" = "$(cksum <"$tmp/m.vfs")" ] || fail "a mark changed the recording"
grep -q ' it began here$' "$tmp/m.vfs.marks" || fail "no mark in m.vfs.marks"

# ---- manners ----

want 2 "vfioscope: replay: which recording? *" "$v" replay
want 5 "vfioscope: /nonexistent: No such file or directory" "$v" replay /nonexistent
want 2 "vfioscope: replay: standard output is not a terminal; *" "$v" replay $data/mtty.vfs
want 2 "vfioscope: --from: 'soon' is not a time *" "$v" replay --from soon $data/mtty.vfs
echo ':nonsense' >"$tmp/script"
want 2 "vfioscope: $tmp/script: line 1: no command 'nonsense'*" "$v" replay --script "$tmp/script" $data/mtty.vfs
echo ':seek never' >"$tmp/script"
want 2 "vfioscope: $tmp/script: line 1: 'never' is not a time*" "$v" replay --script "$tmp/script" $data/mtty.vfs
want 2 "vfioscope: /nonexistent: No such file or directory" "$v" replay --script /nonexistent $data/mtty.vfs
want 0 "" bash -c "echo :quit | $v replay --script - $data/mtty.vfs"
want 0 "" bash -c "echo :quit >$tmp/q; $v replay --script $tmp/q - <$data/mtty.vfs"
want 0 "" "$v" replay --help

# ---- inside tmux: a real terminal of another make, resized ----

if command -v tmux >/dev/null; then
	t() { tmux -f /dev/null -L "vfioscope-test-$$" "$@"; }
	expect() {
		for _ in $(seq 100); do
			t capture-pane -p >"$tmp/pane" 2>/dev/null
			grep -q -- "$1" "$tmp/pane" && return 0
			sleep 0.1
		done
		fail "tmux: no '$1' in:"
		cat "$tmp/pane"
	}
	TMUX='' t new-session -d -x 80 -y 24 "env PS1='shell> ' bash --norc --noprofile"
	t send-keys "$v replay $PWD/$data/qemu.vfs" Enter
	expect '3130 of 3130'
	t resize-window -x 120 -y 40
	expect '6 LATENCY'
	t send-keys '['
	expect 'RUNNING_P2P -> STOP'
	t resize-window -x 60 -y 15
	expect '2 BYTES'
	t send-keys C-z
	expect 'Stopped'
	t send-keys 'fg' Enter
	expect '2 BYTES'
	t send-keys q
	sleep 0.3
	t send-keys 'echo back=$((40+2))' Enter
	expect 'back=42'
	grep -q 'BYTES' "$tmp/pane" && fail "tmux: the screen was not given back"
	t kill-server
fi
exit $failed
