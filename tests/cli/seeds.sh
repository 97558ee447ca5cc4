#!/bin/bash
# docs/seeds.md: every command in it is run, and what the page shows below it
# must be in its output, line after line.
. "$(dirname "$0")/lib"

n=0 cmd='' from=1
while IFS= read -r line; do
	if [[ $line =~ ^\ +\$\ vfioscope\ (.*) ]]; then
		cmd=${BASH_REMATCH[1]} from=1 n=$((n + 1))
		# shellcheck disable=SC2086 # a command line of our own
		"$v" $cmd >"$tmp/out" 2>"$tmp/err"
		[ -s "$tmp/out" ] || { echo "'$cmd' says nothing: $(cat "$tmp/err")"; failed=1; }
		continue
	fi
	[ -n "$cmd" ] || continue
	if [[ ! $line =~ ^\ {6} ]]; then
		cmd=
		continue
	fi
	# Where the line is, at or after the one before it.
	at=$(tail -n +"$from" "$tmp/out" | grep -nxF -- "${line:6}" | head -1 | cut -d: -f1)
	if [ -z "$at" ]; then
		echo "'vfioscope $cmd' does not say, after line $((from - 1)):"
		echo "${line:6}"
		failed=1
		continue
	fi
	from=$((from + at))
done <docs/seeds.md
[ "$n" -ge 15 ] || { echo "docs/seeds.md has $n commands"; failed=1; }
exit "${failed:-0}"
