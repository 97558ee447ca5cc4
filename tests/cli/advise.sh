#!/bin/bash
# advise: what an expert would say of the field cases, each with its figure, and never more
# than the parts give.
. "$(dirname "$0")/lib"
cases=tests/data/cases

has() { grep -qF -- "$1" <(tr -s ' \n' ' ' <"$tmp/out") || { fail "no '$1' in:"; head -40 "$tmp/out"; }; }
# of TOPIC FIELD: of the JSON in $tmp/out
of() { jq -r --arg t "$1" ".advice[] | select(.topic == \$t) | .$2" "$tmp/out" | head -1; }

want 2 "*which recording*" "$v" advise
# The limit that was set there is 500 s.
want 0 "" "$v" advise $cases/13-vgpu-not-converging.vfs
has "set it to 12 s: the one stop that was seen took 11.614 s"
has "fits no limit under 9.151 s"
has "waiting does not help, for it dirties as fast as it is read: 14.0 GiB were left"
has "of pre-copy gave nothing"
awk 'length > 80 { exit 1 }' "$tmp/out" || fail "wider than 80 columns"
want 0 "" "$v" advise --format json $cases/13-vgpu-not-converging.vfs
[ "$(of "downtime limit" ns)" = 12000000000 ] || fail "the limit of 13: $(of "downtime limit" ns)"
[ "$(of switchover-ack kind)" = "not seen" ] || fail "the destination was not seen"
# Of one device nothing is read beside it; the last of the RAM goes over the network, as the device's state does.
gaps() { "$v" report --format json "$1" | jq --argjson p "$2" '[.migrations[0] | (.downtime // .stop)[] | ., (.shares // [])[] | select(.part | IN($p[])) | .ns] | add'; }
p=$(gaps $cases/13-vgpu-not-converging.vfs '["to_first_io", "between_io"]')
[ "$(of bandwidth ns)" = "$p" ] || fail "bandwidth of 13: $(of bandwidth ns), not $p"
p=$(gaps $cases/13-vgpu-not-converging.vfs '["between_io"]')
[ "$(of multifd ns)" = "$p" ] || fail "multifd of 13: $(of multifd ns), not $p"
[[ "$(of multifd text)" == "the device's state is sent"* ]] || fail "multifd of one device: $(of multifd text)"

# The parts of the report, and nothing beyond them.
want 0 "" "$v" advise --format json $cases/S1-mlx5-16vf-src.vfs $cases/S1-mlx5-16vf-dst.vfs
[ "$(of "downtime limit" ns)" = 1400000000 ] || fail "the limit of S1"
[ "$(of "dirty log" ns)" = 448000000 ] || fail "the dirty log of S1"
for c in S1-mlx5-16vf S3-hisi-tiny S6-mlx5-4vf-alike 14-mlx5-dirty-underreport fleet; do
	want 0 "" "$v" advise --format json $cases/$c.vfs
	jq -e '.stops > 0 and ([.advice[] | select(.kind == "helps" or .kind == "no help") | .ns <= .of_ns] | all) and
		([.advice[] | .text != "" and .source != ""] | all)' "$tmp/out" >/dev/null || fail "$c: more than the parts"
	want 0 "" "$v" advise $cases/$c.vfs
done
# Sixteen that are read at once already: what is left is beyond the longest of them.
want 0 "" "$v" advise --format json $cases/S1-mlx5-16vf.vfs
longest=$("$v" report --sessions --format json $cases/S1-mlx5-16vf.vfs | jq '[.migrations[0].sessions[] | select(.direction == "save") | .io_ns] | max')
p=$(($(gaps $cases/S1-mlx5-16vf.vfs '["io", "between_io"]') - longest))
[ "$(of multifd ns)" = "$p" ] || fail "multifd of S1: $(of multifd ns), not $p"
# What the destination's driver did after the last byte, and not what the VMM does before the load.
for c in S1-mlx5-16vf S3-hisi-tiny; do
	want 0 "" "$v" advise --format json $cases/$c.vfs
	p=$(gaps $cases/$c.vfs '["write", "load"]')
	[ "$(of switchover-ack ns)" = "$p" ] || fail "switchover-ack of $c: $(of switchover-ack ns), not $p"
	[ "$(of switchover-ack kind)" = "no help" ] || fail "switchover-ack of $c: $(of switchover-ack text)"
done
# The RAM that is left over is most of this stop, and goes over the network.
[ "$(of bandwidth kind)" = helps ] || fail "bandwidth of S3: $(of bandwidth text)"
# Of a device without initial data there is nothing to take in early.
want 0 "" "$v" advise tests/data/judge/initial-bytes-zero.vfs
has "would not be felt: no device has initial data from migration 1, precopy info"

# Nothing to go by.
want 3 "" "$v" advise $cases/01-hisi-mismatch.vfs
has "There is nothing to go by"
want 5 "*nowhere*" "$v" advise "$tmp/nowhere"
exit $failed
