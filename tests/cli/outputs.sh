#!/bin/bash
# Outputs: whole or not at all, never over evidence, never through somebody else's name.
# What recording/output.c does by itself is tests/unit/test_output.c's.
# shellcheck source=tests/cli/lib
. "$(dirname "$0")/lib"

data=tests/data/merge
f=tests/data/recordings/v1-migration.vfs
good=$tmp/good.vfs
cp $f "$good"

no_litter() { # no hidden file is left
	[ -z "$(find "$tmp" -name '.*' -type f)" ] || fail "$1 left $(find "$tmp" -name '.*' -type f)"
}

# ---- every command with -o ----
writers=''
for c in $("$v" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | grep -vx help); do
	"$v" "$c" --help | grep -q '^ *-o, --output' && writers+=" $c"
done
[ "$(wc -w <<<"$writers")" -ge 6 ] || fail "which commands have -o? $writers"

args() { # what comes behind the command
	case $1 in
	merge) echo "$data/src.vfs $data/dst.vfs" ;;
	diff) echo "$f $f" ;;
	cut) echo "--migration 1 $f" ;;
	record) echo ;;
	*) echo "$f" ;;
	esac
}
for c in $writers; do
	[ "$c" != exercise ] || continue	# looks at its device first
	read -ra a <<<"$(args "$c")"
	case $c in record | merge | cut) force=-f ;; *) force= ;; esac
	# A symbolic link is not followed, whatever is behind it.
	echo precious >"$tmp/precious"
	ln -sf precious "$tmp/link"
	ln -sf nowhere "$tmp/dangling"
	for link in link dangling; do
		want 5 "vfioscope: $tmp/$link: is a symbolic link, which is not followed" \
			"$v" "$c" $force -o "$tmp/$link" "${a[@]}"
	done
	[ "$(cat "$tmp/precious")" = precious ] && [ -L "$tmp/link" ] && [ ! -e "$tmp/nowhere" ] ||
		fail "$c -o wrote through a symbolic link"
	want 5 "vfioscope: $tmp: is a directory" "$v" "$c" $force -o "$tmp" "${a[@]}"
	# A FIFO that nobody reads is no reason to wait for ever.
	[ -p "$tmp/fifo" ] || mkfifo "$tmp/fifo"
	if [ -n "$force" ]; then
		want 2 "vfioscope: $tmp/fifo: is no regular file; *" "$v" "$c" -o "$tmp/fifo" "${a[@]}"
	fi
	# record attaches first
	[ "$c" = record ] ||
		want 5 "vfioscope: $tmp/fifo: nobody reads it" "$v" "$c" $force -o "$tmp/fifo" "${a[@]}"
	no_litter "$c"
done

# ---- text: replaced whole, and only text ----
for c in report check info export list advise; do
	want 5 "vfioscope: $good: is a recording, which is not overwritten" "$v" $c -o "$good" $f
	cmp -s $f "$good" || fail "$c -o wrote over a recording"
	echo old >"$tmp/text"
	chmod 644 "$tmp/text"
	inode=$(stat -c %i "$tmp/text")
	exec 8<"$tmp/text"
	"$v" $c -o "$tmp/text" $f >/dev/null 2>&1
	"$v" $c $f >"$tmp/want" 2>/dev/null
	cmp -s "$tmp/want" "$tmp/text" || fail "$c -o is not $c"
	[ "$(cat <&8)" = old ] && [ "$(stat -c %i "$tmp/text")" != "$inode" ] || fail "$c -o writes into the old file"
	[ "$(stat -c %a "$tmp/text")" = 644 ] || fail "$c -o: the mode became $(stat -c %a "$tmp/text")"
	exec 8<&-
	# Half of one is none: the old file stays.
	if (ulimit -f 1; trap '' XFSZ; "$v" $c -o "$tmp/text" --format "$([ $c = export ] && echo csv || echo json)" \
			tests/data/merge/src.vfs >/dev/null 2>"$tmp/err"); then
		[ "$(stat -c %s "$tmp/text")" -le 1024 ] || fail "$c under a limit of 1 KiB"
	else
		grep -q 'File too large' "$tmp/err" || fail "$c under a file size limit: $(cat "$tmp/err")"
		cmp -s "$tmp/want" "$tmp/text" || fail "$c under a file size limit did not leave the old file"
	fi
	no_litter $c
done
(umask 027; "$v" report -o "$tmp/new" $f)
[ "$(stat -c %a "$tmp/new")" = 640 ] || fail "report -o does not follow the umask: $(stat -c %a "$tmp/new")"
# /dev/stdout and the shell's >(...) are links to what is no file
"$v" report $f >"$tmp/want"
"$v" report -o /dev/stdout $f | cmp -s - "$tmp/want" || fail "report -o /dev/stdout"
"$v" report -o >(cat >"$tmp/sub") $f; sleep 0.2
cmp -s "$tmp/sub" "$tmp/want" || fail "report -o >(...)"

# ---- recordings ----
(umask 0; "$v" merge -q $data/src.vfs $data/dst.vfs -o "$tmp/m.vfs")
[ "$(stat -c %a "$tmp/m.vfs")" = 600 ] || fail "a recording's mode is $(stat -c %a "$tmp/m.vfs")"
cp "$tmp/m.vfs" "$tmp/before"
want 2 "vfioscope: $tmp/m.vfs exists; -f overwrites it" "$v" merge -q $data/src.vfs $data/dst.vfs -o "$tmp/m.vfs"
# One that somebody records is not replaced even so.
exec 8<"$tmp/m.vfs"
flock -x 8
want 5 "vfioscope: $tmp/m.vfs: is being recorded by another process" \
	"$v" merge -q $data/src.vfs $data/dst.vfs -f -o "$tmp/m.vfs"
exec 8<&-
cmp -s "$tmp/before" "$tmp/m.vfs" || fail "a recording that was open was written over"
want 0 "" "$v" merge -q $data/src.vfs $data/dst.vfs -f -o "$tmp/m.vfs"
# A merge that fails leaves the old one.
echo old >"$tmp/old"
if (ulimit -f 1; "$v" merge -q $data/src.vfs $data/dst.vfs -f -o "$tmp/old" 2>"$tmp/err"); then
	[ "$(stat -c %s "$tmp/old")" -le 1024 ] || fail "merge under a limit of 1 KiB"
else
	[ "$(cat "$tmp/old")" = old ] || fail "a merge that failed took the old file"
	grep -q 'File too large' "$tmp/err" || fail "merge under a file size limit: $(cat "$tmp/err")"
fi
no_litter merge

# ---- the scope ----
scope() { # scope COMMAND...: its exit code; each line is typed
	printf ':resize 40x120\n' >"$tmp/script"
	printf ':%s\n' "$@" >>"$tmp/script"
	timeout 20 "$v" replay --script "$tmp/script" $f >"$tmp/out" 2>"$tmp/err"
}
for what in export save-screen save-roles write-report; do
	echo old >"$tmp/o"
	scope "$what $tmp/o" && fail "$what replaced a file without '!'"
	[ "$(cat "$tmp/o")" = old ] || fail "$what wrote over a file"
	scope "$what! $tmp/o" || fail "$what!: $(cat "$tmp/err")"
	[ "$(head -c 3 "$tmp/o")" != old ] || fail "$what! wrote nothing"
	scope "$what! $good" && fail "$what! replaced a recording"
	cmp -s $f "$good" || fail "$what! wrote over a recording"
	ln -sf precious "$tmp/link"
	scope "$what! $tmp/link" && fail "$what! followed a link"
	[ "$(cat "$tmp/precious")" = precious ] || fail "$what! wrote through a link"
	no_litter "$what"
	scope "$what! /dev/full" && fail "$what! onto a full device"
	grep -q "/dev/full: No space left on device" "$tmp/err" || fail "$what! onto a full device: $(cat "$tmp/err")"
done
scope "units!" && fail "units! is a command"
# Marks lie beside the recording, for its owner alone; a FIFO there stops nobody.
(umask 0; timeout 20 "$v" replay --script <(printf ':seek end\n:mark here\n') "$good" >/dev/null)
[ "$(stat -c %a "$good.marks" 2>/dev/null)" = 600 ] || fail "marks: mode $(stat -c %a "$good.marks" 2>/dev/null)"
rm -f "$good.marks"
mkfifo "$good.marks"
timeout 20 "$v" replay --script <(printf ':seek end\n:mark here\n') "$good" >/dev/null 2>&1
[ $? != 124 ] || fail "a FIFO in the place of the marks stops replay"
rm -f "$good.marks"
ln -s precious "$good.marks"
timeout 20 "$v" replay --script <(printf ':seek end\n:mark here\n') "$good" >/dev/null 2>&1
[ "$(cat "$tmp/precious")" = precious ] || fail "a mark was written through a link"

exit $failed
