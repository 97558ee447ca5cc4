#!/bin/bash
# Bytes behind the end of a recording, and bad bytes in its first eight: said by every
# reader, no pass for check, no recording lost.
# shellcheck source=tests/cli/lib
. "$(dirname "$0")/lib"

good=tests/data/merge/src.vfs
dst=tests/data/merge/dst.vfs
"$v" check $good >"$tmp/out"
[ $? = 0 ] || fail "check of $good is not 0: this test tests nothing: $(cat "$tmp/out")"

cat $good $good >"$tmp/two.vfs"
(cat $good; echo) >"$tmp/one.vfs"
n=$(stat -c %s $good)
for f in two:$n one:1; do
	bytes=${f#*:} f=$tmp/${f%:*}.vfs
	note="vfioscope: $f: $bytes bytes follow the end of the recording and are not read"
	want 3 "$note" "$v" check "$f"
	grep -q "$bytes bytes follow the end of the recording" "$tmp/out" || fail "check does not tell the $bytes bytes"
	want 3 "$note" "$v" check --format json "$f"
	jq -e --arg b "$bytes bytes follow" '.verdict == "inconclusive" and ([.findings[].text | select(startswith($b))] | length == 1)' \
		"$tmp/out" >/dev/null || fail "check --format json"
	want 0 "$note" "$v" report "$f"
	grep -q 'SKIPPED' "$tmp/out" || fail "report calls it no damage"
	want 0 "$note" "$v" report --format json "$f"
	for x in ndjson csv openmetrics perfetto; do
		want 0 "$note" "$v" export --format $x "$f"
	done
	want 0 "$note" "$v" info "$f"
	grep -q "trailing.*$bytes bytes" "$tmp/out" || fail "info does not tell the $bytes bytes"
	want 3 "$note" "$v" diff $good "$f"
	want 5 "vfioscope: $f: $bytes bytes follow the end of the recording*" "$v" merge "$f" $dst -o "$tmp/m.vfs"
	[ ! -e "$tmp/m.vfs" ] || fail "merge forgets them"
	want 0 "" "$v" replay --script <(printf ':resize 24x120\n:save-screen! %s\n' "$tmp/screen") "$f"
	grep -q 'DAMAGE' "$tmp/screen" || fail "replay calls it no damage"
	# from a pipe, whoever writes how slowly
	(cat "$f" | "$v" check -) >/dev/null 2>"$tmp/err"
	[ $? = 3 ] && grep -q "$bytes bytes follow" "$tmp/err" || fail "from a pipe: $(cat "$tmp/err")"
done
(cat $good; sleep 0.1; cat $good) | "$v" check - >/dev/null 2>&1
[ $? = 3 ] || fail "a second recording that comes a little later is a pass"

# ---- a bad byte in the magic ----
events=$("$v" export $good | wc -l)
for ((i = 0; i < 8; i++)); do
	cp $good "$tmp/bad.vfs"
	printf 'x' | dd of="$tmp/bad.vfs" bs=1 seek=$i conv=notrunc status=none
	want 3 "" "$v" check "$tmp/bad.vfs"
	want 0 "" "$v" export "$tmp/bad.vfs"
	[ "$(wc -l <"$tmp/out")" = "$events" ] || fail "byte $i of the magic costs $((events - $(wc -l <"$tmp/out"))) events"
	want 3 "" "$v" check - <"$tmp/bad.vfs"
done
# As a text-mode transfer leaves it, as much is read as there is, and no pass.
tr -d '\r' <$good >"$tmp/text.vfs"
want 3 "" "$v" check "$tmp/text.vfs"
LC_ALL=C tr '\200-\377' '\000-\177' <$good >"$tmp/text.vfs"
want 5 "*text-mode transfer*" "$v" check "$tmp/text.vfs"
head -c 100000 /dev/urandom >"$tmp/random"
want 5 "*is not a vfioscope recording" "$v" check "$tmp/random"

exit $failed
