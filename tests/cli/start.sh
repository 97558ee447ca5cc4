#!/bin/bash
# How a process is started: with descriptors 0 to 2 closed, set-user-ID, with -q in any spelling.
# shellcheck source=tests/cli/lib
. "$(dirname "$0")/lib"

data=tests/data/merge
f=tests/data/recordings/v1-migration.vfs

# ---- descriptors 0 to 2 closed: what was opened first got their messages ----
"$v" merge -v $data/src.vfs $data/dst.vfs -o "$tmp/want.vfs" 2>/dev/null </dev/null
"$v" merge -v $data/src.vfs $data/dst.vfs -o "$tmp/no2.vfs" 2>&- </dev/null
"$v" merge -v $data/src.vfs $data/dst.vfs -o "$tmp/no012.vfs" 0<&- 1>&- 2>&-
for n in no2 no012; do
	# the command line in META differs by the file's name alone
	"$v" export "$tmp/$n.vfs" >"$tmp/$n.json" && "$v" export "$tmp/want.vfs" | cmp - "$tmp/$n.json" ||
		fail "merge with descriptors closed ($n) wrote another recording"
	"$v" check "$tmp/$n.vfs" >"$tmp/out" 2>&1
	grep -q 'cannot be read' "$tmp/out" && fail "merge with descriptors closed ($n) made a damaged recording"
done
"$v" report -o "$tmp/want.txt" $f </dev/null
"$v" report -o "$tmp/got.txt" $f 0<&- 1>&- 2>&- && cmp "$tmp/want.txt" "$tmp/got.txt" ||
	fail "report -o with descriptors closed"
# A name that does not exist is told nowhere, and not into a file.
cp $f "$tmp/copy.vfs"
"$v" report "$tmp/copy.vfs" "$tmp/none.vfs" 0<&- 1>&- 2>&-
[ $? = 5 ] || fail "report of nothing with descriptors closed: exit $?"
cmp $f "$tmp/copy.vfs" || fail "a message went into the recording"
# stdout that is not there cannot be written to.
"$v" report $f >&- 2>"$tmp/err"
[ $? = 5 ] && grep -q 'cannot write: Bad file descriptor' "$tmp/err" || fail "report >&-: $(cat "$tmp/err")"
# While it writes, none of the three is the output.
mkfifo "$tmp/fifo"
"$v" export - -o "$tmp/slow.json" <"$tmp/fifo" 1>&- 2>&- &
pid=$!
exec 7>"$tmp/fifo"
head -c 2000 $f >&7
for _ in $(seq 100); do
	[ -n "$(find "/proc/$pid/fd" -newer /dev/null -lname "$tmp/*" 2>/dev/null | grep -v '/0$')" ] && break
	sleep 0.05
done
for n in 1 2; do
	[ "$(readlink "/proc/$pid/fd/$n")" = /dev/null ] || fail "descriptor $n, which was closed, is $(readlink "/proc/$pid/fd/$n")"
done
exec 7>&-
wait "$pid"
"$v" report - <&- >"$tmp/out" 2>"$tmp/err"
[ $? = 5 ] && grep -q 'standard input: Bad file descriptor' "$tmp/err" || fail "report - <&-: $(cat "$tmp/err")"

# ---- -q wherever and however it is written ----
for q in -q --quiet --qui -qv -vq; do
	"$v" merge $q $data/src.vfs $data/dst.vfs -f -o "$tmp/q.vfs" 2>"$tmp/err"
	[ -s "$tmp/err" ] && fail "merge $q said: $(cat "$tmp/err")"
done
"$v" merge $data/src.vfs $data/dst.vfs -f -o "$tmp/q.vfs" 2>"$tmp/err"
[ -s "$tmp/err" ] || fail "merge without -q says nothing: this test tests nothing"

# ---- set-user-ID; the leak sanitizer traces itself, which such a program may not ----
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null && ! grep -q __asan_init "$v"; then
	dir=$(mktemp -d /var/tmp/vfioscope-start.XXXXXX)
	chmod 755 "$dir"
	install -m 4755 "$v" "$dir/suid"
	install -m 2755 "$v" "$dir/sgid"
	install -m 755 "$v" "$dir/plain"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/plain" --version >/dev/null ||
		fail "nobody cannot run it at all"
	for s in suid sgid; do
		setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/$s" --version >"$tmp/out" 2>"$tmp/err"
		[ $? = 2 ] && grep -q 'set-user-ID' "$tmp/err" && [ ! -s "$tmp/out" ] ||
			fail "$s: it ran: $(cat "$tmp/out" "$tmp/err")"
	done
	rm -rf "$dir"
fi

# ---- readers: as nobody, and with nothing that they do not need ----
"$v" export - -o "$tmp/slow2.json" <"$tmp/fifo" &
pid=$!
exec 7>"$tmp/fifo"
head -c 2000 $f >&7
for _ in $(seq 100); do
	grep -q '^NoNewPrivs:.1' "/proc/$pid/status" && break
	sleep 0.05
done
# CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH at most: to open the files that it is given
eff=$(sed -n 's/^CapEff:.*\(..\)$/\1/p' "/proc/$pid/status")
grep -q '^CapPrm:.00000000000000' "/proc/$pid/status" && [ $((0x$eff & ~6)) = 0 ] ||
	fail "a reader keeps $(grep -e CapPrm -e CapEff "/proc/$pid/status")"
grep -q '^NoNewPrivs:.1' "/proc/$pid/status" || fail "a reader without no_new_privs"
if ! grep -q __asan_init "$v"; then
	grep -q '^Seccomp:.2' "/proc/$pid/status" || fail "a reader without a filter"
fi
exec 7>&-
wait "$pid"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	dir=$(mktemp -d /var/tmp/vfioscope-start.XXXXXX)
	chmod 755 "$dir"
	install -m 755 "$v" "$dir/v"
	install -m 644 $f $data/src.vfs $data/dst.vfs "$dir"
	install -d -m 777 "$dir/out"
	nobody() { (cd "$dir/out" && exec setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/v" "$@"); }
	for c in report check info export; do
		"$v" $c "$dir/v1-migration.vfs" >"$tmp/want" 2>/dev/null
		nobody $c "$dir/v1-migration.vfs" >"$tmp/got" 2>/dev/null
		cmp -s "$tmp/got" "$tmp/want" || fail "$c as nobody"
	done
	nobody diff "$dir/src.vfs" "$dir/dst.vfs" >/dev/null 2>&1
	[ $? -le 3 ] || fail "diff as nobody"
	nobody merge -q "$dir/src.vfs" "$dir/dst.vfs" -o m.vfs || fail "merge as nobody"
	printf ':resize 24x80\n:export x.json\n' >"$dir/script"
	nobody replay --script "$dir/script" "$dir/src.vfs" || fail "replay as nobody"
	[ -s "$dir/out/x.json" ] && [ -s "$dir/out/m.vfs" ] || fail "nobody's outputs are not there"
	chmod 600 "$dir/src.vfs"
	nobody report "$dir/src.vfs" >/dev/null 2>"$tmp/err"
	[ $? = 5 ] && grep -q 'Permission denied' "$tmp/err" || fail "nobody reads root's recording"
	rm -rf "$dir"
fi

exit $failed
