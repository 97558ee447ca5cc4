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
# A dashboard: panels with a number and a place of their own.
jq -e '(.panels | length) == ([.panels[].id] | unique | length) and (.panels | all(.targets | length > 0)) and
	([.panels[].gridPos | [.x, .y]] | unique | length) == (.panels | length)' contrib/grafana/vfioscope.json >/dev/null || fail "the dashboard"
exit $failed
