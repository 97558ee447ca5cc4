#!/bin/bash
# docs/seeds.md and README.md: every command whose output they show is run, and
# what stands below it must be in its output, line after line.
. "$(dirname "$0")/lib"

n=0 cmd='' from=1 indent=''
while IFS= read -r line; do
	# Indented in a list, or at the edge between fences.
	if [[ $line =~ ^(\ *)\$\ vfioscope\ (.*) ]]; then
		indent=${BASH_REMATCH[1]} cmd=${BASH_REMATCH[2]} from=1 n=$((n + 1))
		# shellcheck disable=SC2086 # a command line of our own
		"$v" $cmd >"$tmp/out" 2>"$tmp/err"
		[ -s "$tmp/out" ] || { echo "'$cmd' says nothing: $(cat "$tmp/err")"; failed=1; }
		continue
	fi
	[ -n "$cmd" ] || continue
	if [[ $line != "$indent"* || $line == '```' ]]; then
		cmd=
		continue
	fi
	# Where the line is, at or after the one before it.
	at=$(tail -n +"$from" "$tmp/out" | grep -nxF -- "${line#"$indent"}" | head -1 | cut -d: -f1)
	if [ -z "$at" ]; then
		echo "'vfioscope $cmd' does not say, after line $((from - 1)):"
		echo "${line#"$indent"}"
		failed=1
		continue
	fi
	from=$((from + at))
done < <(cat docs/seeds.md README.md)
[ "$n" -ge 18 ] || { echo "only $n commands are shown"; failed=1; }
exit "${failed:-0}"
