#!/bin/bash
# goldens: whole outputs, held against tests/golden/*.txt. Each of those is a transcript: a line that
# begins with "$ " is a command, and below it stands all that comes of it: what it prints, what it
# complains of ("! "), and with which status it ends ("[exit N]", if not 0). Together they have every
# sentence, column and field of every format, in as few recordings as that takes.
#
# BLESS=1 writes what has come out into them: read the diff before committing it. A new case is a new
# line with a command. With words: only those whose name contains one of them.
#
# The commands run where p/ holds the recordings of the plays (PLAY-HOST.vfs) and tests/ a copy of the others.
. "$(dirname "$0")/lib"
v=$(realpath "$v")
play=${v%/*}/tests/play/play
golden=$PWD/tests/golden
export LC_ALL=C.UTF-8 TZ=UTC
unset NO_COLOR COLUMNS

mkdir -p "$tmp/w/p"
mkdir -p "$tmp/w/tests/tui"
cp -r tests/data tests/play "$tmp/w/tests/"
cp -r tests/tui/data "$tmp/w/tests/tui/"
for f in tests/play/*.play; do "$play" "$f" "$tmp/w/p" || exit 1; done
cd "$tmp/w" || exit 1
version=$("$v" --version)
version=${version#vfioscope }

vfioscope() { timeout "$limit" "$v" "$@"; }

# The page without its style, which is a constant, a tag that opens a thing in a line of its own.
page() { sed -e '/<style>/,/<\/style>/d' -e 's/<\(h[1-6]\|tr\|p\|dt\|section\|table\|svg\|path\|details\)\b/\n&/g' | sed '/^$/d'; }

# A trace of Perfetto's as text, a packet in a line, less what all of them say.
packets() {
	protoc --proto_path=tests/data --decode=perfetto.protos.Trace perfetto.proto |
		sed -e '/^ *\(trusted_packet_sequence_id\|timestamp_clock_id\|categories\): /d' -e '/sequence_flags: 2/d' -e 's/^  *//' |
		awk '/^packet {/ && line { print line; line = "" } { line = line (line ? " " : "") $0 } END { print line }' |
		sed -E -e 's/debug_annotations \{ [a-z0-9]*_value: ("([^"\\]|\\.)*"|[^ ]*) name: "([a-z_0-9]*)" \}/\3=\1/g' -e 's/^packet \{ (.*) \}$/\1/'
}

# scope [OPTION+]FILE[+FILE] ROWSxCOLS COMMAND...: the scope's screen, and after each command (but those that begin
# with '-') the rows that are others; roles: the same of what each character is (cells_print_roles()).
walk() {
	local what=$1 size=$3 files n=0 word
	read -ra files <<<"${2//+/ }"
	shift 3
	rm -rf "$tmp/s"
	rm -f -- "${files[@]/%/.marks}"
	mkdir "$tmp/s"
	: >"$tmp/s/was"
	{
		printf ':resize %s\n:%s %s/s/0\n' "$size" "$what" "$tmp"
		for word; do
			n=$((n + 1))
			if [ "${word#-}" = "$word" ]; then
				printf ':%s\n:%s %s/s/%d\n' "$word" "$what" "$tmp" $n
			else
				printf ':%s\n' "${word#-}"
			fi
		done
	} >"$tmp/script"
	vfioscope replay --script - "${files[@]}" <"$tmp/script"
	local status=$?
	n=0
	for word in "$size" "$@"; do
		echo "--- $word"
		if [ -e "$tmp/s/$n" ]; then
			cat -n "$tmp/s/$n" | sed 's/ *$//' >"$tmp/s/is"
			diff --changed-group-format='%>' --unchanged-group-format='' "$tmp/s/was" "$tmp/s/is"
			mv "$tmp/s/is" "$tmp/s/was"
		fi
		n=$((n + 1))
	done
	return $status
}
# refused COMMAND...: each by itself, and what is said against it.
refused() {
	local word
	for word; do
		echo "--- $word"
		echo ":$word" | vfioscope replay --script - tests/tui/data/two.vfs 2>&1
	done
}
# says [OPTION+]FILE[+FILE] COMMAND...: the first two rows behind each command, at four widths.
says() {
	local files word size
	read -ra files <<<"${1//+/ }"
	shift
	for size in 24x60 24x90 24x140 12x200; do
		echo "--- $size"
		rm -f "$tmp"/said.*
		for word in redraw "$@"; do
			printf ':resize %s\n:%s\n:save-screen\n' "$size" "$word"
		done | awk -v to="$tmp/said." '/^:save-screen/ { printf "%s %s%03d\n", $0, to, ++n; next } { print }' |
			vfioscope replay --script - "${files[@]}"
		head -q -n 2 "$tmp"/said.*
	done
}
scope() { walk save-screen "$@"; }
roles() { walk save-roles "$@"; }

for g in "$golden"/*.txt; do
	name=${g##*/}
	name=${name%.txt}
	if [ $# -gt 0 ]; then
		for word; do [[ $name == *"$word"* ]] && break; done
		[[ $name == *"$word"* ]] || continue
	fi
	if [ "$name" = perfetto ] && ! command -v protoc >/dev/null; then
		continue
	fi
	n=0
	while IFS= read -r line; do
		n=$((n + 1))
		printf '%s\n' "$line"
		eval "${line#\$ }" >"$tmp/out" 2>"$tmp/err" </dev/null
		status=$?
		# A filter had enough: by chance before all was written.
		[ $status != 141 ] || status=0
		sed "s/\b${version//./\\.}\b/VERSION/g" "$tmp/out"
		[ -z "$(tail -c 1 "$tmp/out")" ] || echo
		sed 's/^/! /' "$tmp/err"
		[ $status = 0 ] || echo "[exit $status]"
	done < <(grep '^\$ ' "$g") >"$tmp/now"
	[ $n -gt 0 ] || fail "$name: no command"
	cmp -s "$g" "$tmp/now" && continue
	if [ -n "${BLESS:-}" ]; then
		cp "$tmp/now" "$g"
	else
		fail "$name is another:"
		diff -u "$g" "$tmp/now"
	fi
done
exit $failed
