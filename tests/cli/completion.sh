#!/bin/bash
# The generated completion, completed with in a real bash: commands, options,
# words, files, names from sysfs; what bash cuts at '=' and ':' included.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

v=$(realpath "${VFIOSCOPE:-build/vfioscope}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

"$v" completion bash >"$tmp/completion" || exit 1
"$v" completion fish 2>/dev/null && { echo "completion fish: exit 0"; failed=1; }

# A sysfs with two devices of two drivers, one with a BDF and one with a UUID.
for d in 0000:3b:00.2=mlx9_vfio_pci 83b8f4f2-509f-382f-3c1e-e6bfe0fa1001=mtty; do
	mkdir -p "$tmp/sys/devices/${d%=*}" "$tmp/sys/drivers/${d#*=}" "$tmp/sys/class/vfio-dev/vfio-${d#*=}"
	ln -s "$tmp/sys/drivers/${d#*=}" "$tmp/sys/devices/${d%=*}/driver"
	ln -s "$tmp/sys/devices/${d%=*}" "$tmp/sys/class/vfio-dev/vfio-${d#*=}/device"
done
mkdir "$tmp/files" "$tmp/files/old"
touch "$tmp/files/a.vfs" "$tmp/files/with blank.vfs" "$tmp/files/notes.txt"

# complete_line LINE: what bash would offer behind LINE, one per line.  The
# shell's own cutting is asked of readline, by a Tab in an interactive bash
# being too slow: words are cut as COMP_WORDBREAKS says.
complete_line() {
	(cd "$tmp/files" && VFIOSCOPE_SYSFS=$tmp/sys bash --norc --noprofile -c '
		. "$1"
		line=$2 word= COMP_WORDS=()
		for ((i = 0; i < ${#line}; i++)); do
			c=${line:i:1}
			case $c in
			" ") [ -z "$word" ] || COMP_WORDS+=("$word"); word= ;;
			[=:]) [ -z "$word" ] || COMP_WORDS+=("$word"); COMP_WORDS+=("$c"); word= ;;
			*) word+=$c ;;
			esac
		done
		# Behind a blank stands an empty word, behind "=" bash sees "=".
		[[ -z $word && $line == *[=:] ]] || COMP_WORDS+=("$word")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_vfioscope
		[ ${#COMPREPLY[@]} = 0 ] || printf "%s\n" "${COMPREPLY[@]}"
	' bash "$tmp/completion" "$1" 2>"$tmp/err")
	[ ! -s "$tmp/err" ] || { echo "stderr of '$1': $(cat "$tmp/err")"; return 1; }
}

# want LINE WORD...: exactly these are offered.
want() {
	local line=$1 got
	shift
	got=$(complete_line "$line")
	if [ "$(sort <<<"$got")" != "$(printf '%s\n' "$@" | sort)" ]; then
		echo "'$line': offered [$(tr '\n' ' ' <<<"$got")], want [$*]"
		failed=1
	fi
}

# has LINE WORD...: at least these are offered.
has() {
	local line=$1 got w
	shift
	got=$(complete_line "$line")
	for w; do
		grep -qxF -e "$w" <<<"$got" || { echo "'$line': '$w' is not offered"; failed=1; }
	done
}

want "vfioscope rec" record
# shellcheck disable=SC2046 # words are wanted
want "vfioscope rep" $("$v" --help | sed -n 's/^  \(rep[a-z]*\) .*/\1/p')
has "vfioscope " live record report export info doctor help
want "vfioscope help in" info
want "vfioscope info --form" --format
want "vfioscope info --format " text json
want "vfioscope info --format=" text json
want "vfioscope info --format=j" json
want "vfioscope --format j" json
has "vfioscope -" --format --version --help
want "vfioscope report --bytes --time w" wall
want "vfioscope live --device " 0000:3b:00.2 83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
want "vfioscope live --device 0000:3" 3b:00.2
want "vfioscope live --device=0000:3b:" 00.2
want "vfioscope live --device 83" 83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
want "vfioscope record --driver m" mlx9_vfio_pci mtty
has "vfioscope record --pid $$" $$
want "vfioscope report " a.vfs "with blank.vfs" old
want "vfioscope report a" a.vfs
want "vfioscope report no" notes.txt
want "vfioscope report -q a.vfs w" "with blank.vfs"
want "vfioscope record -o " a.vfs "with blank.vfs" notes.txt old
has "vfioscope record -- bas" bash
want "vfioscope record -f -- cat no" notes.txt
want "vfioscope record cat --form"
want "vfioscope export --from " ""
want "vfioscope exercise 83" 83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
want "vfioscope exercise --to 0000:3" 3b:00.2
want "vfioscope exercise --fault fd" fd-lost
has "vfioscope exercise --fault " list not-converging
want "vfioscope exercise --cancel st" stop-copy
want "vfioscope explain stop" stop-window
want "vfioscope explain eof" eof-in-precopy
want "vfioscope explain ENOM" ENOMEM ENOMSG
want "vfioscope nonsense --" ""

# Every option of every --help is offered, and no other.
for c in $("$v" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | grep -vx help); do
	# shellcheck disable=SC2046 # words are wanted
	want "vfioscope $c --" $("$v" "$c" --help | sed -n 's/^  \(-., \|    \)\(--[a-z0-9-]*\).*/\2/p')
done

# Installed where bash looks for it; what is built is taken as it is.
make -s -o all install DESTDIR="$tmp/root" prefix=/usr >/dev/null 2>&1 ||
	{ echo "make install failed"; failed=1; }
bash -c '. "$1"; complete -p vfioscope' bash \
	"$tmp/root/usr/share/bash-completion/completions/vfioscope" >/dev/null || failed=1
exit $failed
