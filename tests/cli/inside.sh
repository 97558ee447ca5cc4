#!/bin/bash
# --inside: which names it takes; what ran within calls, in every reader, and after cut and merge.
. "$(dirname "$0")/lib"

f=tests/data/judge/inside.vfs
names='a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p'

is() { # WHAT GOT WANT
	[ "$2" = "$3" ] || fail "$1: $2, not $3"
}

# What is wrong with a name is told in one line, before anything is attached.
refused() { # WHAT ARG...
	local what=$1 got
	shift
	for c in record live; do
		"$v" $c "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
		got=$?
		[ $got = 2 ] || fail "$c $*: exit $got"
		grep -q -- "$what" "$tmp/err" && [ "$(wc -l <"$tmp/err")" = 1 ] || fail "$c $*: $(cat "$tmp/err")"
	done
}
refused "a name is missing" --inside ""
refused "a name is missing" --inside "one,,two"
refused "a name is missing" --inside "one,"
refused "'9lives' is no function's name" --inside 9lives
refused "'a b' is no function's name" --inside "a b"
refused "'.part' is no function's name" --inside .part
refused "'one' is named twice" --inside one,two --inside three,one
refused "at most 63 characters" --inside "$(printf 'x%.0s' {1..64})"
refused "at most 16 functions" --inside "$names,q"
refused "it needs --why on" --why off --inside one
# As many as there may be, with a name as long as one may be: what fails then is something else.
"$v" record --inside "${names%p}$(printf 'x%.0s' {1..63})" --pid 99999999999 >"$tmp/out" 2>"$tmp/err" </dev/null
grep -q -- "--inside" "$tmp/err" && fail "sixteen names: $(cat "$tmp/err")"

# What ran, where, and what was not seen.
story() {
	"$v" report --format json "$@" | jq -c '[.migrations[].sessions[] | {direction, inside: [.inside[] |
		{function, seen, reason, calls, total_ns, longest_ns, longest_call, longest_to}],
		slow: [.slow_calls[] | select(.inside | length > 0) | {call, to, inside: [.inside[] | {function, calls, total_ns}]}]}] | sort'
}
story $f >"$tmp/story"
is "delays of the source" "$(jq -c '.[] | select(.direction == "save") | .inside[0] | [.function, .calls, .longest_call, .longest_to]' "$tmp/story")" \
	'["ivshmem_delay",2,"arc","STOP_COPY"]'
is "not seen" "$(jq -c '.[0].inside[2] | [.function, .seen, .calls, .total_ns]' "$tmp/story")" \
	'["no_function_has_this_name",false,null,null]'
is "slow calls" "$(jq -c '[.[].slow[].call]' "$tmp/story")" '["arc","write","arc","read"]'
want 0 "" "$v" report $f
grep -q 'inside: ivshmem_delay once' "$tmp/out" || fail "report: not in a call's lines"
grep -q '^  inside        ivshmem_delay 2 times' "$tmp/out" || fail "report: not beside its side"
grep -q 'no_function_has_this_name not seen: no function has that name' "$tmp/out" || fail "report: what was not seen"
want 0 "" "$v" info $f
grep -q '^  no_function_has_this_name: not seen: no function has that name' "$tmp/out" || fail "info: $(cat "$tmp/out")"
grep -q '^  ivshmem_delay: seen$' "$tmp/out" || fail "info: $(cat "$tmp/out")"
# Where none was asked for it is null, not an empty list.
is "none asked for" "$("$v" report --format json tests/data/judge/waits-to-send.vfs | jq -c '[.migrations[].sessions[].inside] | unique')" '[null]'
is "info of none" "$("$v" info --format json tests/data/judge/waits-to-send.vfs | jq -c .inside)" null

# A part of it, without names, keeps the functions; so does what is put together again.
want 0 "*" "$v" cut --anonymise $f -o "$tmp/a.vfs"
story "$tmp/a.vfs" | cmp -s - "$tmp/story" || fail "cut --anonymise: another story"
want 0 "*" "$v" cut --from 1.6s $f -o "$tmp/late.vfs"
is "a cut from the middle" "$("$v" info --format json "$tmp/late.vfs" | jq -c '[.inside[].function] | sort')" \
	'["ivshmem_delay","no_function_has_this_name","schedule_hrtimeout_range"]'
want 0 "*" "$v" merge $f tests/data/judge/waits-to-send.vfs -o "$tmp/m.vfs"
is "merged with one that asked for none" "$("$v" report --format json "$tmp/m.vfs" | jq -c '[.migrations[].sessions[].inside | if . then length else . end]')" \
	"$("$v" report --format json $f tests/data/judge/waits-to-send.vfs | jq -c '[.migrations[].sessions[].inside | if . then length else . end]')"

exit $failed
