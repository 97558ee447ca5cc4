#!/usr/bin/env python3
"""Tests crosscheck.py without a VM: an invented migration told twice, as QEMU's trace and as a recording, must agree;
every tampering with the recording must be noticed; and an honest difference must be named where it is.
"""

import copy
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crosscheck

SRC, DST = "0000:01:00.0", "0000:02:00.0"
WALL = 1700000000.0


class Story(object):
    """Tells each step to both witnesses."""

    def __init__(self, zero_for_enomsg=False):
        self.src, self.dst, self.events = [], [], []
        self.t = 0.0
        self.zero = zero_for_enomsg
        self.state = {SRC: "RUNNING", DST: "RUNNING"}
        self.hit = False
        self.total = 0

    def log(self, dev, event, text=""):
        (self.src if dev == SRC else self.dst).append("77@%.6f:%s  (%s) %s\n" % (WALL + self.t + 0.00001, event, dev, text))

    def event(self, dev, kind, **fields):
        self.t += 0.001
        e = {"seq": len(self.events) + 1, "t_ns": int(self.t * 1e9), "dur_ns": 5000, "kind": kind, "device": dev, "ret": 0,
             "state": self.state[dev], "time": "2023-11-14T22:13:%09.6fZ" % (20 + self.t)}
        e.update(fields)
        self.events.append(e)
        return e

    def set_state(self, dev, state):
        self.state[dev] = state
        if state == "PRE_COPY":
            self.event(dev, "data_size", stop_copy_length=96)
        self.log(dev, "vfio_migration_set_state", "new state %s, recover state ERROR" % state)
        self.event(dev, "set_state", target=state)
        self.log(dev, "vfio_migration_set_device_state", "state %s" % state)
        if state == "PRE_COPY":
            self.event(dev, "precopy_info", initial_bytes=64, dirty_bytes=0)
            self.log(dev, "vfio_save_setup", "data buffer size 96")

    def read(self, n):
        precopy = self.state[SRC] == "PRE_COPY"
        if n:
            self.event(SRC, "read", size=96, ret=n)
            self.log(SRC, "vfio_save_block", "data_size %d" % n)
            self.log(DST, "vfio_load_state_device_data", "size %d ret 0" % n)
            self.event(DST, "write", size=n, ret=n - n // 3)
            if n // 3:
                self.event(DST, "write", size=n // 3, ret=n // 3)
            self.total += n
            self.hit = False
        elif self.zero or not precopy:
            self.event(SRC, "read", size=96, ret=0)
        else:
            last = self.events[-1]
            if last.get("errno") == "ENOMSG":
                last["count"] = last.get("count", 1) + 1
            else:
                self.event(SRC, "read", size=96, ret=-42, errno="ENOMSG")
            if not self.hit:
                self.log(SRC, "vfio_save_block_precopy_empty_hit")
            self.hit = True
        if precopy:
            self.log(SRC, "vfio_save_iterate", "precopy initial size 0 precopy dirty size 0")

    def exact(self, stop, dirty):
        self.event(SRC, "data_size", stop_copy_length=stop)
        self.event(SRC, "precopy_info", initial_bytes=0, dirty_bytes=dirty)
        self.log(SRC, "vfio_state_pending_exact",
                 "precopy 0 postcopy 0 stopcopy size %d precopy initial size 0 precopy dirty size %d" % (stop, dirty))

    def tell(self):
        for dev in SRC, DST:
            self.log(dev, "vfio_migration_realize")
            self.set_state(dev, "RUNNING_P2P") if dev == SRC else None
        self.set_state(DST, "RESUMING")
        self.set_state(SRC, "PRE_COPY")
        for n in 32, 32, 0, 0:
            self.read(n)
        for dirty in 48, 0, 90, 0:
            self.exact(96, dirty)
            self.read(dirty)
            self.read(0)
        self.set_state(SRC, "PRE_COPY_P2P")
        self.set_state(SRC, "STOP_COPY")
        self.read(36)
        self.read(0)
        self.log(SRC, "vfio_save_complete_precopy", "ret 0")
        self.set_state(SRC, "STOP")
        self.set_state(DST, "RUNNING")
        return self

    def checked(self, events=None, result=None):
        with tempfile.TemporaryDirectory() as d:
            for name, lines in ("src.log", self.src), ("dst.log", self.dst):
                with open(os.path.join(d, name), "w") as f:
                    f.writelines(lines)
            r = {"scenario": "mtty-migrate" if self.zero else "qemu-migrate", "vfio_transferred": self.total}
            r.update(result or {})
            return crosscheck.check(r, d + "/src.log", d + "/dst.log", self.events if events is None else events, None)


def expect(what, wrong, *words):
    """No complaint when no words are given; else a complaint that has them all."""
    if not words:
        assert not wrong, "%s: %s" % (what, wrong)
    else:
        assert any(all(w in line for w in words) for line in wrong), "%s: no complaint with %s in %s" % (what, words, wrong)


def downtimes():
    """A stop of 40 ms and a downtime of 90, between QEMU's checkpoints; whatever is moved out of there is noticed."""
    def told(window=40, downtime=90, running=90, said=100, last_arc=4, eof=40):
        def log(f, ms, text):
            f.write("7@%.6f:vmstate_downtime_%s\n" % (WALL + ms / 1e3, text))
            f.flush()

        def event(kind, device, ms, dur, **more):
            stamp = "2023-11-14T22:13:%09.6fZ" % (20 + ms / 1e3)
            return dict({"kind": kind, "device": device, "t_ns": int(ms * 1e6), "time": stamp, "dur_ns": int(dur * 1e6), "seq": 1, "ret": 0}, **more)

        events = [event("read", SRC, 30, 1, state="STOP_COPY"), event("read", SRC, 35, 5, state="STOP_COPY"),
                  event("set_state", DST, running - 1, 1, target="RUNNING")]
        arcs = [{"to": "STOP_COPY", "start_ns": int(last_arc * 1e6) - 1000000, "dur_ns": 1000000}]
        m = {"direction": "save", "device": SRC, "stop_window_start_ns": 0, "eof_ns": int(eof * 1e6), "arcs": arcs, "id": 1,
             "stop_window_ns": int(window * 1e6)}
        report = {"migrations": [{"id": 1, "outcome": "completed", "downtime_ns": int(downtime * 1e6), "sessions": [m],
                                  "downtime": [{"part": "load", "ns": 1, "side": "destination"}]}]}
        with tempfile.NamedTemporaryFile("w") as src, tempfile.NamedTemporaryFile("w") as dst:
            for ms, text in (-4, "checkpoint src-downtime-start"), (5, "checkpoint src-vm-stopped"), \
                    (41, "save type=iterable idstr=x/vfio instance_id=0 downtime=12000"), \
                    (42, "checkpoint src-iterable-saved"), (96, "checkpoint src-downtime-end"):
                log(src, ms, text)
            for ms, text in (80, "checkpoint dst-precopy-bh-announced"), (91, "checkpoint dst-precopy-bh-vm-started"):
                log(dst, ms, text)
            result = {"compared": False, "query_migrate": {"src": {"downtime": said}}}
            return crosscheck.downtime(result, src.name, dst.name, events, report)[0]

    expect("an honest downtime", told())
    expect("a late last arc", told(last_arc=9), "src-vm-stopped")
    expect("a late end of the stream", told(eof=46), "src-iterable-saved")
    expect("a downtime that ends too early", told(downtime=80), "does not end where")
    expect("a device that runs too late", told(running=95, downtime=95), "vm-started")
    expect("another figure of QEMU's", told(said=120), "by other than the two ends")


def vm_downtimes():
    """Two devices a side: from the first arc of the one to the last of the other, whichever they are."""
    def told(said=100, downtime=90, migrations=1, bound_ms=0, **late):
        at = dict({"left0": 0, "left1": 2, "ran0": 85, "ran1": 90}, **late)

        def arc(device, ms, before, after):
            stamp = "2023-11-14T22:13:%09.6fZ" % (20 + ms / 1e3)
            return {"kind": "arc", "device": device, "t_ns": int(ms * 1e6), "time": stamp, "dur_ns": 0, "seq": 1, "ret": 0, "from": before, "to": after}

        events = [arc("a", -50, "RUNNING", "RUNNING_P2P"), dict(arc("a", -20, "", ""), kind="stream_open"),
                  arc("a", at["left0"], "PRE_COPY", "PRE_COPY_P2P"), arc("b", at["left1"], "PRE_COPY", "PRE_COPY_P2P")]
        events += [arc(d, at["ran%d" % n], "RUNNING_P2P", "RUNNING") for n, d in enumerate("xy") if at["ran%d" % n]]
        with tempfile.NamedTemporaryFile("w") as src, tempfile.NamedTemporaryFile("w") as dst:
            for f, ms, name in (src, -4, "src-downtime-start"), (src, 96, "src-downtime-end"), \
                    (dst, 80, "dst-precopy-bh-announced"), (dst, 91, "dst-precopy-bh-vm-started"):
                f.write("7@%.6f:vmstate_downtime_checkpoint %s\n" % (WALL + ms / 1e3, name))
                f.flush()
            return crosscheck.vm_downtime({"src": ["a", "b"], "dst": ["x", "y"], "downtime_ms": said}, src.name, dst.name, events,
                                          [{"downtime_ns": int(downtime * 1e6)}] * migrations, int(bound_ms * 1e6))[0]

    expect("an honest downtime of two devices", told())
    expect("the second device first", told(left0=3, left1=1, downtime=89))
    expect("the first device last", told(ran0=90, ran1=84))
    expect("a report that ends with the first device", told(downtime=85), "the report's downtime is 85000000 ns")
    expect("clocks that are no better", told(downtime=85, bound_ms=5))
    expect("clocks that are better", told(downtime=85, bound_ms=4.9), "the report's downtime is 85000000 ns")
    expect("a device that does not run", told(ran1=0), "the devices that run on the destination are ['x']")
    expect("a device that runs too late", told(ran1=95, downtime=95), "vm-started")
    expect("another figure of QEMU's", told(said=120), "by more than the two ends")
    expect("two migrations", told(migrations=2), "2 migrations")


def main():
    downtimes()
    vm_downtimes()
    story = Story().tell()
    expect("an honest recording", story.checked())
    expect("an honest recording of mtty", Story(zero_for_enomsg=True).tell().checked())

    tried = 0
    for what, events in crosscheck.tamperings(story.events, SRC, DST):
        tried += 1
        assert story.checked(events), "%s was not noticed" % what
    for drop in range(len(story.events)):
        events = story.events[:drop] + story.events[drop + 1:]
        assert story.checked(events), "dropping %s was not noticed" % story.events[drop]

    expect("another sum", story.checked(result={"vfio_transferred": story.total + 1}), "vfio.transferred", str(story.total))
    expect("more waves than seen", story.checked(result={"waves": [1, 2, 3]}), "rose and fell", "3 times")
    expect("nothing recorded", story.checked([]), "no event of device", SRC)
    events = copy.deepcopy(story.events)
    at = next(i for i, e in enumerate(events) if e["kind"] == "read" and e["ret"] == 90)
    events[at]["ret"] = 89
    expect("a wrong size", story.checked(events), "'read 90'", "'read 89'", "seq %d" % events[at]["seq"])
    events = copy.deepcopy(story.events)
    events[at]["time"] = "2023-11-14T22:14:40.000000Z"
    expect("a wrong clock", story.checked(events), "read 90", "QEMU's trace", "seq %d" % events[at]["seq"])
    unfinished = Story().tell()
    unfinished.src = [line for line in unfinished.src if "complete_precopy" not in line]
    expect("an unfinished trace", unfinished.checked(), "does not reach the end")
    mtty = Story(zero_for_enomsg=True).tell()
    expect("mtty told as a good driver", Story().tell().checked(result={"scenario": "mtty-migrate"}), "zero-byte read()")
    expect("a good driver told as mtty", mtty.checked(result={"scenario": "qemu-migrate"}), "not one ENOMSG")
    print("crosscheck_test: ok (%d tamperings, %d single drops)" % (tried, len(story.events)))


main()
