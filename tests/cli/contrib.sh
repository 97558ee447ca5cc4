#!/bin/bash
# contrib: what is shipped to be used with the tool is what its readers take. That it asks
# for nothing that the tool does not have, tests/unit/test_metrics looks at.
. "$(dirname "$0")/lib"

if command -v promtool >/dev/null; then
	promtool check rules contrib/prometheus/vfioscope.rules.yml >"$tmp/out" 2>&1 || fail "$(cat "$tmp/out")"
	(cd contrib/prometheus && promtool test rules vfioscope.rules.test.yml) >"$tmp/out" 2>&1 || fail "$(cat "$tmp/out")"
	# Each alert has a case in which it is raised.
	for a in $(sed -n 's/^ *- alert: //p' contrib/prometheus/vfioscope.rules.yml); do
		grep -A1 "alertname: $a\$" contrib/prometheus/vfioscope.rules.test.yml | grep -q 'exp_alerts:$' || fail "$a is never raised"
	done
else
	fail "promtool is missing: tests/deps check installs it"
fi
# The jobs: every command line of theirs that reads a recording does, and ends as it says.
root=$PWD tool=$(realpath "$v")
mkdir -p "$tmp/job/contrib" && cp -r contrib/ci "$tmp/job/contrib/" && cp tests/data/cases/15-qat-refused.vfs "$tmp/job/migration.vfs"
# shellcheck disable=SC2317 # called by what eval runs
vfioscope() { "$tool" "$@"; }
for job in github gitlab; do
	n=0
	while read -r line; do
		# shellcheck disable=SC2034 # for what is evaluated
		(cd "$tmp/job" && POLICY=contrib/ci/policy.conf && eval "$line") >"$tmp/out" 2>"$tmp/err"
		got=$? n=$((n + 1))
		case $line in
		*"|| true"|*report*) [ $got = 0 ] ;;
		*) [ $got = 1 ] ;; # a migration that failed
		esac && [ ! -s "$tmp/err" ] || fail "$job: $line: exit $got, $(cat "$tmp/err")"
	done < <(sed -n 's/^ *\(- \|run: \)*\(vfioscope \(check\|report\) .*\)/\2/p' contrib/ci/$job.yml)
	[ $n = 4 ] || fail "$job: $n command lines"
	for f in sarif xml html; do [ -s "$tmp/job/migration.$f" ] || fail "$job: no migration.$f"; done
	if [ $job = gitlab ]; then
		sed -n "/^      jq '/,/migration.sarif/p" contrib/ci/gitlab.yml | tr '\n' ' ' >"$tmp/line"
		(cd "$tmp/job" && eval "$(cat "$tmp/line")") || fail "gitlab: jq"
		jq -e 'length > 0 and all(.check_name != "" and (.fingerprint | length > 5) and .location.path == "migration.vfs" and .severity != null)' \
			"$tmp/job/gl-code-quality-report.json" >/dev/null || fail "gitlab: $(cat "$tmp/job/gl-code-quality-report.json")"
	fi
	rm -f "$tmp/job"/migration.{sarif,xml,html}
	python3 - "$root/contrib/ci/$job.yml" <<-'PY' || fail "$job: no YAML"
	import sys
	try:
	    import yaml
	except ImportError:
	    sys.exit(0)
	sys.exit(not isinstance(yaml.safe_load(open(sys.argv[1])), dict))
	PY
done

# A dashboard: panels with a number and a place of their own.
jq -e '(.panels | length) == ([.panels[].id] | unique | length) and (.panels | all(.targets | length > 0)) and
	([.panels[].gridPos | [.x, .y]] | unique | length) == (.panels | length)' contrib/grafana/vfioscope.json >/dev/null || fail "the dashboard"
exit $failed
