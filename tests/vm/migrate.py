"""A whole QEMU-to-QEMU migration of one VFIO device inside the lab, with the evidence kept for crosscheck.py.

Promises: the destination is compared with the source after the migration completed and before it runs, through
windows that no driver and no VMM is part of; what is kept in $OUT is result.json, src.log and dst.log (QEMU's own
trace), src.serial and dst.serial, and a.vfs when vfioscope recorded.
"""

import argparse
import json
import os
import re
import threading
import time

import lab
import reports
from lab import LabError, say

URI = "unix:/tmp/migration.sock"
# x-device-dirty-page-tracking=off: the drivers here have no (or stub) DMA logging, and Debian's kernels could not
# report it anyway (no IOMMUFD); QEMU then tracks by the container and only warns.
DEVICE = "enable-migration=on,x-device-dirty-page-tracking=off,migration-events=on"


def arguments(description):
    p = argparse.ArgumentParser(description=description)
    p.add_argument("--no-record", action="store_true", help="without vfioscope even if it is there")
    p.add_argument("--live", action="store_true", help="vfioscope's live lines go to the output too")
    p.add_argument("--waves", type=int, default=3, help="how often dirty data must have risen and fallen")
    p.add_argument("--pace", type=float, default=0, help="seconds of rest between waves, for those who watch")
    p.add_argument("--no-compare", action="store_true",
                   help="the destination runs at once: an honest downtime, but no byte for byte comparison")
    p.add_argument("--accel", default="tcg", choices=("tcg", "kvm"), help="what runs the cpus of the two nested machines")
    p.add_argument("--no-precopy", action="store_true", help="by STOP_COPY alone, which is all that Linux 6.1 has")
    p.add_argument("--reinit", action="store_true", help="the device is reconfigured in pre-copy, and the VMM has opted in to be told")
    p.add_argument("--cdev", action="store_true", help="by the devices' cdevs and IOMMUFD (needs build-modules cdev)")
    p.add_argument("--ram", type=int, default=16, help="MiB of the nested machine")
    return p


def device(options, host):
    """QEMU's arguments for the device `host`, "host=BDF" or "sysfsdev=PATH"."""
    if not options.cdev:
        return ["-device", "vfio-pci,id=v0,%s,%s" % (host, DEVICE)]
    # x-no-mmap: IOMMUFD maps no BAR. QEMU only warns of that, and then asks for its dirty pages: EINVAL, and no migration.
    return ["-object", "iommufd,id=iommufd0", "-device", "vfio-pci,id=v0,%s,%s,iommufd=iommufd0,x-no-mmap=on" % (host, DEVICE)]


CAPS = "return-path", "switchover-ack", "events"


def pair(source_args, destination_args, paused=True, caps=CAPS, prefix="", source=None, vm="vm0", uri=URI):
    """Source and destination, ready for `migrate`; the destination stays paused when it has arrived."""
    src = source or lab.Qemu(prefix + "src", source_args, vm)
    dst = lab.Qemu(prefix + "dst", destination_args + ["-incoming", "defer"] + (["-S"] if paused else []), vm)
    for vm in (dst,) if source else (src, dst):
        vm.connect()
        vm.do("migrate-set-capabilities", capabilities=[{"capability": c, "state": True} for c in caps])
    if uri.startswith("unix:") and os.path.exists(uri[5:]):
        os.unlink(uri[5:])
    dst.do("migrate-incoming", uri=uri)
    return src, dst


class Precopy:
    """What QEMU's own trace says of the source's pre-copy so far."""

    def __init__(self, log):
        self.lines = lab.Lines(log)
        self.empty_hits = 0
        self.dirty = []		# (when it was read, init, dirty) of every query of the device
        self.initial = []	# init alone

    def look(self):
        for line in self.lines.more():
            if "vfio_save_block_precopy_empty_hit" in line:
                self.empty_hits += 1
            # Since QEMU 11.1 each query has a line of its own.
            m = re.search(r"vfio_state_pending_exact .*initial size (\d+),? .*dirty size (\d+)", line) or \
                re.search(r"vfio_query_precopy_size .*init (\d+), dirty (\d+), .*ret 0", line)
            if m:
                self.dirty.append((time.monotonic(), int(m.group(1)), int(m.group(2))))
                self.initial.append(int(m.group(1)))
        return self

    def last(self):
        return self.dirty[-1] if self.dirty else (0, 1, 0)


class Watch:
    """The recorder and the live lines, when there is a tool."""

    def __init__(self, options):
        self.recorder = self.live = None
        tool = lab.vfioscope()
        self.used = bool(tool) and not options.no_record
        if not self.used:
            return
        self.file = lab.OUT + "/a.vfs"
        self.recorder = lab.Recorder([tool, "record", "-o", self.file])
        say("vfioscope is attached (%.1f s): %s" % (self.recorder.ready_s, self.recorder.text().splitlines()[-1]))
        if options.live:
            self.live = lab.Recorder([tool, "live"], name="live", ready=False)

    def stop(self):
        if self.live:
            self.live.stop()
        if self.recorder:
            self.recorder.stop()
            say(self.recorder.text().splitlines()[-1])


def timed(result, name):
    result.setdefault("timings_s", {})[name] = round(time.monotonic() - lab.BEGAN, 3)


def compare(result, src, dst, a, b):
    """Device memory of both sides, while neither runs."""
    states = src.do("query-status")["status"], dst.do("query-status")["status"]
    if states[0] != "postmigrate" or dst.do("query-status")["running"]:
        raise LabError("the source is '%s' and the destination '%s': nothing may run while they are compared" % states)
    one, two = a.bytes(), b.bytes()
    wrong = lab.first_difference(one, two)
    result["bar"] = {"size": len(one), "equal": wrong is None, "src_sha256": lab.sha256(one)}
    result["bar"]["dst_sha256"] = result["bar"]["src_sha256"] if wrong is None else lab.sha256(two)
    if wrong:
        lab.save(result)
        raise LabError("device memory did not arrive as it was: " + wrong)
    say("device memory of source and destination: %d MiB equal, sha256 %s" % (len(one) >> 20, result["bar"]["src_sha256"][:16]))


def ivshmem(options, watch=Watch, during=None, driver="ivshmem_vfio_pci"):
    """Scenario (a). `watch(options)` starts the recorder; `during(watch)` runs in a thread once it migrates."""
    result = {"scenario": "qemu-migrate"}
    lab.load_vfio(options.cdev)
    lab.use_accel(options.accel)
    lab.insmod(driver, "precopy=%d" % (not options.no_precopy))
    a, b = lab.Ivshmem(0), lab.Ivshmem(1)
    a.fill()
    b.fill()
    differ = lab.first_difference(a.bytes(), b.bytes())
    if not differ:
        raise LabError("the two devices' memory is equal before the migration: a compare would prove nothing")
    result["before"] = differ
    a.bind(driver)
    b.bind(driver)
    watch = watch(options)
    result["recorded"], result["compared"] = watch.used, not options.no_compare
    timed(result, "watching")

    common = ["-m", str(options.ram)]
    common += ["-kernel", lab.LAB + "/guest.elf"]
    src, dst = pair(common + device(options, "host=" + a.bdf), common + device(options, "host=" + b.bdf), not options.no_compare)
    say("guest: " + src.expect("READY.*", 30).group(0))
    src.ask("b 3000", "BURST.*")
    timed(result, "migrate")

    # QEMU asks the device for exact sizes, and may switch over, below bandwidth x downtime limit: 1 MiB here. The container
    # tracks pinned memory as always dirty, so RAM alone keeps it above that until the limit is raised. (With a limit of
    # 0 QEMU would never ask and switch over at the first estimate of 0.)
    # Without pre-copy nothing holds it: all passes in the stop, and where the device cannot tell how much that is (before Linux
    # 6.2) QEMU takes it for 100 GiB.
    src.do("migrate-set-parameters", **{"downtime-limit": 1000, "avail-switchover-bandwidth": 1 << 20, "max-bandwidth": 1 << 30})
    if options.no_precopy:
        src.ask("r 150 100", "RATE.*")
        src.do("migrate-set-parameters", **{"avail-switchover-bandwidth": 1 << 40})
    src.do("migrate", uri=URI)
    helper = None
    if during:
        helper = threading.Thread(target=during, args=(watch,), daemon=True)
        helper.start()
    pre = Precopy(src.log)
    result["precopy"] = not options.no_precopy
    if not options.no_precopy:
        lab.wait_for("the initial data to be read", 60, lambda: pre.look().dirty and pre.last()[1] == 0, 0.1)
    waves = []
    for n in range(0 if options.no_precopy else options.waves):
        time.sleep(options.pace)
        size = 1200 + 600 * n
        begun, hits = len(pre.look().dirty), pre.empty_hits

        def peak():
            return max([d for _, _, d in pre.look().dirty[begun:]] + [0])

        for attempt in range(3):
            # QEMU may drain a burst between two of its queries; then nobody saw it rise, and it is made again.
            src.ask("b %d" % size, "BURST.*", 60)
            try:
                lab.wait_for("dirty data to rise", 2, peak, 0.05)
                break
            except LabError:
                if attempt == 2:
                    raise
        lab.wait_for("dirty data to fall to nothing and an empty stream", 60,
                     lambda: pre.look().last()[2] == 0 and pre.empty_hits > hits, 0.1)
        waves.append({"pages": size, "bursts": attempt + 1, "peak_dirty_bytes": peak(), "empty_hits": pre.empty_hits})
        say("wave %d: %d pages written, dirty bytes seen up to %d, stream empty %d times" % (n + 1, size, peak(), pre.empty_hits))
    result["waves"] = waves

    if options.reinit:
        # All of the device is new initial data, which only REINIT lets grow: Linux 7.1, and a VMM that opts in (QEMU 11.1).
        begun = len(pre.look().dirty)
        lab.write("/sys/kernel/debug/%s/%s/reconfigure" % (driver, a.bdf), "1\n")
        lab.wait_for("initial data to be there again and read again", 120,
                     lambda: pre.look().last()[1] == 0 and max(pre.initial[begun:] + [0]) > 0, 0.1)
        result["reinit_initial_bytes"] = max(pre.initial[begun:])
        say("reconfigured: initial bytes up to %d again, and read" % result["reinit_initial_bytes"])

    # The last stretch: the guest keeps writing, so that STOP_COPY has something to carry.
    if not options.no_precopy:
        src.ask("r 150 100", "RATE.*")
        time.sleep(0.3)
        timed(result, "limit raised")
        src.do("migrate-set-parameters", **{"downtime-limit": 1000 * (options.ram + 64)})
    final = src.wait_migration(60)
    dst.wait_migration(20)
    timed(result, "completed")
    result["query_migrate"] = {"src": final, "dst": dst.migration()}
    result["vfio_transferred"] = final["vfio"]["transferred"]
    say("COMPLETED: vfio %d bytes, downtime %s ms" % (result["vfio_transferred"], final.get("downtime")))

    if not options.no_compare:
        compare(result, src, dst, a, b)
        dst.do("cont")
    dst.type("")	# a half line may have migrated with the serial port
    dst.ask("r 0 0", "RATE.*")
    verdict = dst.ask("v", "VERIFY (OK|FAIL).*", 60).group(0)
    result["verify"] = verdict
    say("guest on the destination: " + verdict)
    timed(result, "verified")
    if not verdict.startswith("VERIFY OK"):
        lab.save(result)
        raise LabError("the guest's memory and its device do not fit together: " + verdict)
    if helper:
        helper.join()
    src.quit()
    dst.quit()
    watch.stop()
    result["qmp_events"] = {"src": src.events, "dst": dst.events}
    if options.reinit and watch.used:
        told = [e for e in report(watch.file)[1] if e["kind"] == "precopy_info" and e.get("flags", 0) & 1]
        if len(told) != 1:
            raise LabError("REINIT was recorded %d times, not once" % len(told))
        say("REINIT recorded: initial bytes %d, dirty bytes %d" % (told[0]["initial_bytes"], told[0]["dirty_bytes"]))
    timed(result, "over")
    lab.save(result)
    a.unbind()
    b.unbind()
    lab.rmmod(driver)
    lab.unload_vfio(options.cdev)
    return result


def mtty(options):
    """Scenario (b): the kernel's sample driver, as Debian's source has it."""
    result = {"scenario": "mtty-migrate"}
    uuids = ["83b8f4f2-509f-382f-3c1e-e6bfe0fa100%d" % i for i in (1, 2)]
    if options.cdev:
        lab.load_vfio(True)
    else:
        lab.sh("modprobe", "-a", "vfio", "vfio_iommu_type1", "mdev")
    lab.use_accel(options.accel)
    lab.insmod("mtty")
    for u in uuids:
        lab.write("/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-2/create", u)
    watch = Watch(options)
    result["recorded"] = watch.used
    path = "sysfsdev=/sys/bus/mdev/devices/"
    common = ["-m", str(options.ram)]
    src, dst = pair(common + device(options, path + uuids[0]), common + device(options, path + uuids[1]))
    src.do("migrate", uri=URI)
    final = src.wait_migration(60)
    dst.wait_migration(20)
    result["query_migrate"] = {"src": final, "dst": dst.migration()}
    result["vfio_transferred"] = final["vfio"]["transferred"]
    say("COMPLETED: vfio %d bytes, downtime %s ms" % (result["vfio_transferred"], final.get("downtime")))
    dst.do("cont")
    lab.wait_for("the destination to run", 10, lambda: dst.do("query-status")["running"])
    src.quit()
    dst.quit()
    watch.stop()
    result["qmp_events"] = {"src": src.events, "dst": dst.events}
    lab.save(result)
    for u in uuids:
        lab.write("/sys/bus/mdev/devices/%s/remove" % u, "1")
    lab.rmmod("mtty")
    if options.cdev:
        lab.unload_vfio(True)
    return result


# ---- many short migrations on one boot: scenarios/ways and its like ------------------------------------------------

# Below this product QEMU asks for exact sizes and may switch over; RAM that is always dirty keeps it above (see ivshmem()).
STAY = {"downtime-limit": 1000, "avail-switchover-bandwidth": 1 << 20, "max-bandwidth": 1 << 30}
GO = {"downtime-limit": 200000, "avail-switchover-bandwidth": 1 << 30, "max-bandwidth": 1 << 30}


def report(path):
    """What `vfioscope report` says of a recording, and the events themselves."""
    tool = lab.vfioscope()
    found = json.loads(lab.sh(tool, "report", "--format", "json", path))
    return found, lab.events(path)


class Any:
    def __eq__(self, other):
        return True

    def __repr__(self):
        return "any"


ANY = Any()


class Bench:
    """The reference driver's devices, bound, and for each case a recording and QEMUs of its own.

    What is kept of a case: CASE.vfs, CASE-src.log, CASE-dst.log, and a line in result.json from which crosscheck.py
    --cases knows what to hold against what.
    """

    def __init__(self, scenario, devices=2, driver="ivshmem_vfio_pci", params=(), options=DEVICE):
        if not lab.vfioscope():
            raise LabError("there is no vfioscope: build it first")
        self.scenario, self.driver, self.cases, self.options = scenario, driver, {}, options
        lab.sh("modprobe", "-a", "vfio-pci-core", "vfio_iommu_type1")
        if driver == "vfio-pci":
            lab.sh("modprobe", driver)
        else:
            lab.insmod(driver, *params)
        self.devices = [lab.Ivshmem(i) for i in range(devices)]
        for d in self.devices:
            d.fill()
            d.bind(driver)

    def close(self):
        for d in self.devices:
            d.unbind()
        lab.rmmod(self.driver.replace("-", "_"))
        lab.unload("vfio-pci-core")
        lab.save({"scenario": self.scenario, "cases": self.cases})

    def case(self, name, record=True):
        return Case(self, name, record)


class Case:
    def __init__(self, bench, name, record=True):
        self.bench, self.name = bench, name
        self.path = "%s/%s.vfs" % (lab.OUT, name)
        self.recorder = lab.Recorder([lab.vfioscope(), "record", "-f", "-o", self.path], name=name) if record else None
        self.kept = bench.cases[name] = {"multifd": False, "src": [], "dst": []}
        self.src = self.dst = None
        self.uri, self.ram, self.vcpus = URI, 16, 1	# MiB
        say("---- %s" % name)

    def args(self, devices):
        out = ["-m", str(self.ram), "-smp", str(self.vcpus), "-kernel", lab.LAB + "/guest.elf"]
        for i, n in enumerate(devices):
            out += ["-device", "vfio-pci,id=v%d,host=%s%s" % (i, self.bench.devices[n].bdf, self.bench.options and "," + self.bench.options)]
        return out

    def start(self, src=(0,), dst=(1,), caps=CAPS, paused=False, burst=500):
        self.kept["multifd"] = "multifd" in caps
        self.kept["src"] = [self.bench.devices[n].bdf for n in src]
        self.kept["dst"] = [self.bench.devices[n].bdf for n in dst]
        self.src, self.dst = pair(self.args(src), self.args(dst), paused, caps, self.name + "-", uri=self.uri)
        self.src.expect("READY.*", 30)
        if burst:
            self.src.ask("b %d" % burst, "BURST.*")
        return self.src, self.dst

    def source_alone(self, src=(0,)):
        self.kept["src"] = [self.bench.devices[n].bdf for n in src]
        self.src = lab.Qemu(self.name + "-src", self.args(src)).connect()
        self.src.expect("READY.*", 30)
        return self.src

    def migrate(self, **parameters):
        self.src.do("migrate-set-parameters", **parameters)
        self.src.do("migrate", uri=self.uri)

    def arrived(self):
        """Waits for the end on both sides; the figures of query-migrate."""
        final = self.src.wait_migration(60)
        self.dst.wait_migration(20)
        self.kept["transferred"] = final["vfio"]["transferred"]
        return final

    def verify(self, vm):
        vm.type("")
        got = vm.ask("v", "VERIFY (OK|FAIL).*", 60).group(0)
        if not got.startswith("VERIFY OK"):
            raise LabError("%s: the guest's memory and its device do not fit together: %s" % (self.name, got))

    def over(self, want, quit=True):
        """Ends everything; `want` is {device: [(direction, outcome), ...]} of the report. Returns report and events."""
        for vm in (self.src, self.dst) if quit else ():
            if vm and vm.process.poll() is None:
                vm.quit()
        self.recorder.stop()
        found, events = report(self.path)
        lost = sum(e["count"] for e in events if e["kind"] == "loss")
        if lost:
            raise LabError("%s: %d events were lost" % (self.name, lost))
        got = {}
        for m in reports.sessions(found):
            got.setdefault(m["device"], []).append((m["direction"], m["outcome"]))
        if got != want:
            raise LabError("%s: the report tells of %s, not of %s" % (self.name, got, want))
        say("%s: %s" % (self.name, "; ".join("%s %s" % (d, ", ".join("%s %s" % o for o in got[d])) for d in sorted(got)) or "no migration"))
        return found, events

    def bdf(self, n):
        return self.bench.devices[n].bdf
