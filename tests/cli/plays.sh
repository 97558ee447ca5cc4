#!/bin/bash
# plays: what happens and its one right answer (tests/play/*.play): recordings are made of
# it, one per host, and every output has to say the same, in whatever order the files are
# given, and merged.  With words: only the plays whose name contains one of them.
. "$(dirname "$0")/lib"
python3 tests/play/answers.py "$v" "${v%/*}/tests/play/play" "$tmp" "$@" || failed=1
exit $failed
