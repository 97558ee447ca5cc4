#!/bin/bash
# exercise's manners where there is nothing to exercise: what it refuses, and
# that it does so before anything is touched. A sysfs of our own has the devices.
. "$(dirname "$0")/lib"

sys=$tmp/sys
mkdir -p "$sys/bus/pci/devices" "$sys/bus/mdev/devices" "$sys/drivers/nvme" "$sys/drivers/mlx9" "$sys/groups/17"
device() {	# device BUS NAME [DRIVER [GROUP]]
	local d=$sys/bus/$1/devices/$2
	mkdir -p "$d"
	[ -z "${3:-}" ] || ln -s "$sys/drivers/$3" "$d/driver"
	[ -z "${4:-}" ] || { mkdir -p "$d/vfio-dev/vfio99"; ln -s "$sys/groups/$4" "$d/iommu_group"; }
}
device pci 0000:3b:00.0
device pci 0000:3b:00.1 nvme
device pci 0000:3b:00.2 mlx9 17991
device pci 0001:3b:00.3 mlx9 17992
device mdev 83b8f4f2-509f-382f-3c1e-e6bfe0fa1001 mlx9 17993
export VFIOSCOPE_SYSFS=$sys

# Words, before any look at a device.
want 2 "*exercise: which device? *" "$v" exercise
want 2 "*exercise: one DEVICE; *--to" "$v" exercise a b
want 2 "*--switch: 'never' is none of converged, *" "$v" exercise a --switch never
want 2 "*--buffer: '0' is neither *" "$v" exercise a --buffer 0
want 2 "*--dirty: '2:' is no region and rate *" "$v" exercise a --dirty 2:
want 2 "*--compare: 'BAR2' is no region*" "$v" exercise a --compare BAR2
want 2 "*--delay: 'here=1s' is none of *" "$v" exercise a --delay here=1s
want 2 "*--cancel and --reset *" "$v" exercise a --cancel precopy --reset precopy
want 2 "*--no-load and --to contradict each other" "$v" exercise a --no-load --to b
want 2 "*--repeat: *0* is not a number from 1 on" "$v" exercise a --repeat 0
want 2 "*--repeat: from 1 to 1000000" "$v" exercise a --repeat 1000001
want 4 "vfioscope: a: *" "$v" exercise a --repeat 1000000
want 2 "*-o keeps the recording of --check" "$v" exercise a -o x.vfs
want 2 "*--format junit is what --check prints" "$v" exercise a --format junit
want 2 "*--vary chooses how it ends: *" "$v" exercise a --vary --fault fd-lost
want 2 "*no fault 'fd-lsot'; did you mean 'fd-lost'?" "$v" exercise a --fault fd-lsot
want 2 "*--fault p2p-skipped needs a sibling: --with DEVICE" "$v" exercise a --fault p2p-skipped
want 2 "*--fault resume-short needs a second device: --to DEVICE" "$v" exercise a --fault resume-short
want 2 "*--fault not-converging needs a region *" "$v" exercise a --fault not-converging
want 2 "*exercise: --max-read: *" "$v" exercise 3b:00.2 --check --max-read soon
want 0 "" "$v" exercise --fault list
[ "$(wc -l <"$tmp/out")" -ge 12 ] || fail "--fault list: $(wc -l <"$tmp/out") lines"
# Each is a rule that can be looked up.
while read -r name _; do
	"$v" explain "$name" >/dev/null || fail "explain $name"
done <"$tmp/out"
want 0 "" "$v" exercise --fault list --format json
python3 -c 'import json, sys; assert len(json.load(open(sys.argv[1]))) >= 12' "$tmp/out" || fail "--fault list: no JSON"

# Devices: all are looked at before one is opened.
want 4 "*0000:ff:00.0: there is no such device" "$v" exercise ff:00.0
want 4 "*'../3b' is neither a PCI address nor a UUID" "$v" exercise ../3b
want 4 "*0000:3b:00.0: is bound to no driver; *" "$v" exercise 3b:00.0
want 4 "*0000:3b:00.1: is bound to nvme, which is not a VFIO driver: it is left alone" "$v" exercise 3b:00.1
want 4 "*0000:3b:00.1: is bound to nvme, *" "$v" exercise 3b:00.2 --to 0000:3b:00.1
want 4 "*0000:3b:00.0: is bound to no driver; *" "$v" exercise 3b:00.2 --with 3b:00.0
want 4 "*0000:3b:00.1: is bound to nvme, *" "$v" exercise 3b:00.1 --check
want 4 "*0000:3b:00.2: is named twice" "$v" exercise 3b:00.2 --to 0000:3B:00.2
want 4 "*0000:3b:00.2: cannot open /dev/vfio/17991: No such file*" "$v" exercise 3b:00.2
want 4 "*0001:3b:00.3: cannot open /dev/vfio/17992: No such file*" "$v" exercise 0001:3b:00.3
want 4 "*fa1001: cannot open /dev/vfio/17993: No such file*" "$v" exercise 83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
want 4 "" "$v" exercise 3b:00.0 --format json
python3 -c 'import json, sys; assert "no driver" in json.load(open(sys.argv[1]))["error"]' "$tmp/out" ||
	fail "no {\"error\": ...}: $(cat "$tmp/out")"
# Untrusted names stay on their line.
want 4 "*neither a PCI address nor a UUID" "$v" exercise $'\033[31m/x'
grep -q $'\033' "$tmp/err" && fail "an escape sequence on stderr"
exit $failed
