#!/bin/bash
# The manual pages say what the tool says: each option of each --help is in
# vfioscope(1) with the same letter and value, and no other is; the pages are
# clean to mandoc where it is installed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

v=$(realpath "${VFIOSCOPE:-build/vfioscope}")
failed=0

python3 - "$v" docs/vfioscope.1 <<'PY' || failed=1
import re, shlex, subprocess, sys

tool, page = sys.argv[1:]


def helped(*argv):
    return subprocess.run([tool, *argv], stdout=subprocess.PIPE, check=True, universal_newlines=True).stdout


def of_help(command):
    out = set()
    for line in helped(command, "--help").splitlines():
        m = re.match(r"  (?:-(.), |    )--([a-z0-9-]+)(?: (\S+(?: \S+)*?))?(?:  .*)?$", line)
        if m:
            out.add((m.group(1), m.group(2), m.group(3)))
    return out


def words(line):
    """The text of a line with a font macro: alternating fonts are joined, one font's words have blanks."""
    macro, _, rest = line.partition(" ")
    args = shlex.split(rest.replace("\\-", "-").replace("\\", "\\\\"))
    text = (" " if macro in (".B", ".I") else "").join(args)
    return re.sub(r"\\f[A-Z]|\\&", "", text)


own, shared, uses = {}, {}, {}
section = None
lines = open(page).read().splitlines()
for i, line in enumerate(lines):
    if line.startswith((".SH", ".SS")):
        m = re.match(r'\.SS "vfioscope ([a-z]+)"', line)
        section = own.setdefault(m.group(1), set()) if m else None
        if m:
            name = m.group(1)
            uses[name] = []
    elif line.startswith('.\\" options-set: '):
        section = shared.setdefault(line.split(": ")[1], set())
    elif line.startswith('.\\" options: '):
        uses[name] = line.split(": ")[1].split()
    elif line == ".TP" and section is not None:
        m = re.match(r"(?:-(.), )?--([a-z0-9-]+)(?: (.+))?$", words(lines[i + 1]))
        if not m:
            sys.exit("%s:%d: what is this option? %s" % (page, i + 2, words(lines[i + 1])))
        if m.groups() in section:
            sys.exit("%s:%d: a second time" % (page, i + 2))
        section.add(m.groups())

bad = []
listed = re.findall(r"^  ([a-z]+) ", helped("--help").split("Commands:")[1].split("\n\n")[0], re.M)
if sorted(listed) != sorted(own):
    bad.append("commands: --help has %s, the page %s" % (sorted(listed), sorted(own)))
for command in listed:
    if command == "help" or command not in own:
        continue
    has = own[command].union(*(shared[s] for s in uses[command]))
    for what, options in (("is not in the page", of_help(command) - has), ("is not in --help", has - of_help(command))):
        for letter, name, arg in sorted(options, key=str):
            bad.append("%s: %s--%s%s %s" % (command, "-%s, " % letter if letter else "", name, " " + arg if arg else "", what))
for line in bad:
    print(line)
sys.exit(bool(bad))
PY

for p in docs/*.[1-8]; do
	# What a page refers to is there.
	for other in $(sed 's/\\//g' "$p" | grep -o 'vfioscope-[a-z]* ([1-8])' | tr -d ' ()' | sed 's/.$/.&/' | sort -u); do
		[ -e "docs/$other" ] || { echo "$p refers to $other, which is not there"; failed=1; }
	done
	if command -v mandoc >/dev/null; then
		mandoc -T lint -W warning "$p" || failed=1
		# Nothing runs over the edge of a terminal.
		mandoc -T utf8 -O width=78 "$p" | col -bx | awk -v p="$p" '
			length > 80 { print p ": too wide: " $0; bad = 1 } END { exit bad }' || failed=1
	fi
done
exit $failed
