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

# ---- set-user-ID ----
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
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

exit $failed
