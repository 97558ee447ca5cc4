#!/usr/bin/env python3
"""Holds a recording against what QEMU itself says of the same migration.

usage: crosscheck.py [--tool VFIOSCOPE] DIR       check the results of a migration scenario
       crosscheck.py --tamper [--tool ...] DIR    and then prove that the check notices every kind of tampering

DIR holds result.json, src.log and dst.log (QEMU's -trace output, 10.0 to 11.1) and the recording a.vfs, from which
the tool makes a.ndjson and a.report.json unless they are there already. Exit 0 when everything agrees; else 1 and one
line per disagreement.

What must agree, for the source, event for event and in order: every state, every read with its size, every empty
read, the end of the stream, and at each of QEMU's exact queries the numbers that it got; for the destination the
states and the bytes; for both the sums, and QEMU's own query-migrate; the stop window and the downtime between QEMU's own
downtime checkpoints; and the judge, who finds no error and no warning in what QEMU does. QEMU 11.1 traces each query by itself, older ones are known by what
they imply. The model behind it (QEMU 10, without multifd):
  save_setup       data_size, set_state PRE_COPY, precopy_info
  exact query      data_size, and precopy_info while in pre-copy
  save_iterate     one read in pre-copy
  complete         reads until one gives 0
"""

import argparse
import copy
import json
import os
import re
import subprocess
import sys
from datetime import datetime

import reports

# "PID@SECONDS.FRACTION:EVENT ..." until QEMU 11.0; since 11.1 "RFC3339 EVENT ..."
LINE = re.compile(r"^(?:\d+@(\d+\.\d+):|(\d{4}-\d\d-\d\dT[\d:.]+Z) )(\w+) ?(.*)$")
PRECOPY = ("PRE_COPY", "PRE_COPY_P2P")
ANY = None
# How long a busy machine may keep QEMU from the next thing that it does, s: what ours has to be within is held on the other side.
BUSY = 0.05


class Token(object):
    """One step of the protocol, from either witness: what, its value (ANY: not told), when (s, wall clock), where."""

    def __init__(self, what, value, when, where):
        self.what, self.value, self.when, self.where = what, value, when, where

    def __str__(self):
        return self.what if self.value is ANY else "%s %s" % (self.what, self.value)

    def agrees(self, other):
        return self.what == other.what and (ANY in (self.value, other.value) or self.value == other.value)


def qemu_lines(path):
    with open(path, errors="replace") as f:
        for number, line in enumerate(f, 1):
            m = LINE.match(line.rstrip("\n"))
            if m:
                when = float(m.group(1)) if m.group(1) else wall({"time": m.group(2)})
                yield "%s:%d" % (os.path.basename(path), number), when, m.group(3), m.group(4)


def qemu_source(path, only=None):
    """The steps that QEMU's trace of the source implies, the device's name, and the counts of the equations."""
    tokens, name, state = [], None, None
    counts = {"exact": 0, "exact_in_precopy": 0, "empty_hits": 0, "blocks": 0, "block_bytes": 0, "iterates": 0, "buffer": None}
    block_since_iterate = asked = False
    complete = False
    with open(path, errors="replace") as f:
        tells_queries = any("vfio_query_" in line for line in f)
    if tells_queries:	# the equations count the one of save_setup apart
        counts["exact"] = counts["exact_in_precopy"] = -1
    for where, when, event, rest in qemu_lines(path):
        def step(what, value=ANY):
            tokens.append(Token(what, value, when, where))

        m = re.match(r" *\(([^)]+)\) *(.*)$", rest)
        dev, rest = (m.group(1), m.group(2)) if m else (None, rest)
        if only and dev != only:
            continue
        if event == "vfio_migration_realize":
            name = dev
        elif event == "vfio_migration_set_state" and re.search(r"new state PRE_COPY,", rest):
            if not tells_queries:
                step("data_size")
            asked = True
        elif event == "vfio_migration_set_device_state":
            state = re.search(r"state (\w+)", rest).group(1)
            step("set_state", state)
            if state == "PRE_COPY" and not tells_queries:
                step("precopy_info")
        elif event == "vfio_query_stop_copy_size" and rest.endswith("ret 0"):
            step("data_size", int(re.search(r"size (\d+)", rest).group(1)))
            counts["exact"] += 1
        elif event == "vfio_query_precopy_size" and rest.endswith("ret 0"):
            m = re.search(r"init (\d+), dirty (\d+)", rest)
            step("precopy_info", (int(m.group(1)), int(m.group(2))))
            counts["exact_in_precopy"] += 1
        elif event == "vfio_save_setup":
            if not asked and not tells_queries:	# a paused machine's device is not asked to PRE_COPY
                step("data_size")
            asked = False
            counts["buffer"] = int(re.search(r"size (?:0x)?(\w+)", rest).group(1))
        elif event == "vfio_save_block":
            n = int(re.search(r"data_size (\d+)", rest).group(1))
            step("read", n)
            counts["blocks"] += 1
            counts["block_bytes"] += n
            block_since_iterate = True
        elif event == "vfio_save_iterate":
            counts["iterates"] += 1
            if not block_since_iterate:
                step("empty read")
            block_since_iterate = False
        elif event == "vfio_save_block_precopy_empty_hit":
            counts["empty_hits"] += 1
        elif event == "vfio_state_pending_exact":
            m = re.search(r"stopcopy size (\d+) precopy initial size (\d+) precopy dirty size (\d+)", rest)
            step("data_size", int(m.group(1)))
            counts["exact"] += 1
            if state in PRECOPY:
                step("precopy_info", (int(m.group(2)), int(m.group(3))))
                counts["exact_in_precopy"] += 1
        elif event == "vfio_save_complete_precopy_start":
            block_since_iterate = False
        elif event == "vfio_save_complete_precopy":
            step("end of stream")
            complete = True
    return tokens, name, counts, complete


def qemu_destination(path, only=None):
    tokens, name, loaded = [], None, 0
    for where, when, event, rest in qemu_lines(path):
        m = re.match(r" *\(([^)]+)\) *(.*)$", rest)
        dev, rest = (m.group(1), m.group(2)) if m else (None, rest)
        if only and dev != only:
            continue
        if event == "vfio_migration_realize":
            name = dev
        elif event == "vfio_migration_set_device_state":
            tokens.append(Token("set_state", re.search(r"state (\w+)", rest).group(1), when, where))
        elif event == "vfio_load_state_device_data":
            loaded += int(re.search(r"size (\d+)", rest).group(1))
    return tokens, name, loaded


def wall(event):
    """When a call returned, as QEMU's clock would stamp it."""
    t = event["time"].replace("Z", "+00:00")
    head, frac, zone = re.match(r"(.*?)(\.\d+)?([+-]\d\d:\d\d)$", t).groups()
    begun = datetime.strptime(head + zone[:3] + zone[4:], "%Y-%m-%dT%H:%M:%S%z").timestamp() + float(frac or 0)
    return begun + event.get("dur_ns", 0) / 1e9


def recorded(events, device):
    """The same steps out of the recording."""
    tokens = []
    for e in events:
        if e.get("device") != device:
            continue
        kind, ret = e["kind"], e.get("ret", 0)

        def step(what, value=ANY):
            tokens.append(Token(what, value, wall(e), "seq %d" % e["seq"]))

        if kind == "set_state" and ret >= 0:
            step("set_state", e.get("target"))
        elif kind == "data_size" and ret >= 0:
            step("data_size", e["stop_copy_length"])
        elif kind == "data_size" and e.get("errno") == "ENOTTY":
            # Before Linux 6.2 a device cannot tell: QEMU asks, and takes it for 100 GiB.
            step("data_size")
        elif kind == "precopy_info" and ret >= 0:
            step("precopy_info", (e["initial_bytes"], e["dirty_bytes"]))
        elif kind == "read" and ret > 0:
            step("read", ret)
        elif kind == "read" and (e.get("errno") == "ENOMSG" or (ret == 0 and e.get("state") in PRECOPY)):
            for _ in range(e.get("count", 1)):
                step("empty read")
        elif kind == "read" and ret == 0:
            for _ in range(e.get("count", 1)):
                step("end of stream")
        elif kind in ("read", "write", "set_state", "data_size", "precopy_info"):
            step("%s gave %s" % (kind, e.get("errno", ret)))
    return tokens


def compare(who, said, seen, wrong, slack=2.0):
    """Both lists step for step; the first difference is told with what stands around it."""
    for i, (q, r) in enumerate(zip(said, seen)):
        if not q.agrees(r):
            wrong.append("%s, step %d: QEMU says '%s' (%s), the recording '%s' (%s); before that both had '%s'" %
                         (who, i + 1, q, q.where, r, r.where, said[i - 1] if i else "nothing"))
            return
    if len(said) > len(seen):
        q = said[len(seen)]
        wrong.append("%s: the recording ends after %d steps, QEMU goes on with '%s' (%s)" % (who, len(seen), q, q.where))
    elif len(seen) > len(said):
        r = seen[len(said)]
        wrong.append("%s: QEMU's trace ends after %d steps, the recording goes on with '%s' (%s)" % (who, len(said), r, r.where))
    # The folded ones share one time.
    for q, r in zip(said, seen):
        if q.what != "empty read" and abs(q.when - r.when) > slack:
            wrong.append("%s: '%s' is at %.6f in the recording (%s) and at %.6f in QEMU's trace (%s)" %
                         (who, q, r.when, r.where, q.when, q.where))
            return


def sums(events, device, kind):
    return sum(e["ret"] for e in events if e["kind"] == kind and e.get("device") == device and e.get("ret", 0) > 0)


def equal(wrong, what, a, b):
    if a != b:
        wrong.append("%s: %s is not %s" % (what, a, b))


def curve(events, device):
    """How often dirty bytes rose from a level and later fell to 0."""
    humps, up = 0, False
    for e in events:
        if e["kind"] == "precopy_info" and e.get("device") == device and e.get("ret", 0) >= 0:
            if e["dirty_bytes"] > 0:
                up = True
            elif up:
                humps, up = humps + 1, False
    return humps


def check(result, src_log, dst_log, events, report):
    wrong = []
    mtty = result["scenario"] == "mtty-migrate"
    said, src, counts, complete = qemu_source(src_log)
    said_dst, dst, loaded = qemu_destination(dst_log)
    if not complete:
        return ["QEMU's trace of the source does not reach the end of a migration"]
    for name in src, dst:
        if not any(e.get("device") == name for e in events):
            wrong.append("the recording has no event of device %s" % name)
    seen, seen_dst = recorded(events, src), recorded(events, dst)

    lost = sum(e.get("count", 1) for e in events if e["kind"] == "loss")
    equal(wrong, "lost events", lost, 0)
    compare("source", said, seen, wrong)
    compare("destination", said_dst, [t for t in seen_dst if t.what.startswith("set_state")], wrong)

    of = lambda kind: [e for e in events if e["kind"] == kind and e.get("device") == src]
    reads = sums(events, src, "read")
    writes = sums(events, dst, "write")
    equal(wrong, "bytes read on the source against query-migrate's vfio.transferred", reads, result["vfio_transferred"])
    equal(wrong, "bytes read on the source against the sum of vfio_save_block", reads, counts["block_bytes"])
    equal(wrong, "bytes written on the destination against bytes read on the source", writes, reads)
    equal(wrong, "bytes written on the destination against the sum of vfio_load_state_device_data", writes, loaded)
    equal(wrong, "data_size events against vfio_state_pending_exact + 1", len(of("data_size")), counts["exact"] + 1)
    begun = len([t for t in said if t.what == "set_state" and t.value == "PRE_COPY"])
    equal(wrong, "precopy_info events against exact queries in pre-copy + its begin", len(of("precopy_info")), counts["exact_in_precopy"] + begun)
    in_precopy = sum(e.get("count", 1) for e in of("read") if e.get("state") in PRECOPY)
    equal(wrong, "reads in pre-copy against vfio_save_iterate", in_precopy, counts["iterates"])
    for e in of("read"):
        if e["size"] != counts["buffer"]:
            wrong.append("seq %d: read() asked for %d bytes, QEMU's buffer is %d" % (e["seq"], e["size"], counts["buffer"]))
            break

    runs, was = 0, False
    for e in of("read"):
        now = e.get("errno") == "ENOMSG"
        runs += now and not was
        was = now
    equal(wrong, "runs of ENOMSG against vfio_save_block_precopy_empty_hit", runs, counts["empty_hits"])
    zeros = sum(e.get("count", 1) for e in of("read") if e.get("ret") == 0 and e.get("state") in PRECOPY)
    if mtty:
        if not zeros:
            wrong.append("the zero-byte read() in PRE_COPY that mtty gives is not in the recording")
    elif not result.get("precopy", True):
        equal(wrong, "reads in pre-copy, of a device that has none", in_precopy, 0)
    else:
        if not runs:
            wrong.append("not one ENOMSG in the recording")
        humps, want = curve(events, src), max(2, len(result.get("waves", [])))
        if humps < want:
            wrong.append("dirty bytes rose and fell to 0 %d times in the recording, the guest made it happen %d times" % (humps, want))

    if report is not None:
        migrations = reports.sessions(report)
        for device, direction, total in (src, "save", reads), (dst, "resume", writes):
            mine = [m for m in migrations if m["device"] == device]
            if len(mine) != 1:
                wrong.append("the report has %d migrations of %s, not one" % (len(mine), device))
                continue
            m = mine[0]
            equal(wrong, "the report's outcome of %s" % device, m["outcome"], "completed")
            equal(wrong, "the report's bytes_total of %s" % device, m["bytes_total"], total)
            if device == src:
                equal(wrong, "the report's bytes_precopy + bytes_stop_copy", m["bytes_precopy"] + m["bytes_stop_copy"], reads)
                equal(wrong, "the report's enomsg", m["enomsg"], sum(e.get("count", 1) for e in of("read") if e.get("errno") == "ENOMSG"))
                equal(wrong, "the report's precopy_infos", m["precopy_infos"], len(of("precopy_info")))
                if mtty and m["empty_reads"] < 1:
                    wrong.append("the report does not count mtty's zero-byte read() in PRE_COPY among its empty reads")
    return wrong


def check_cases(path, result, tool):
    """Many short migrations (scenario `ways`): every step of each, as far as QEMU's trace tells it. (lines, steps)"""
    wrong, steps = [], 0
    for name, case in sorted(result["cases"].items()):
        base = os.path.join(path, name)
        # Two hosts of the lab are one kernel: their recordings have one clock as they are.
        parts = [base + side for side in ("-src", "-dst")] if case.get("hosts") else [base]
        events = [e for p in parts for e in load(made(p + ".ndjson", tool, "export", "--format", "ndjson", p + ".vfs"))]
        events.sort(key=lambda e: e["t_ns"] + e["dur_ns"])
        for device in case["src"]:
            said, _, counts, _ = qemu_source(base + "-src.log", device)
            mine = [e for e in events if not (case["multifd"] and e["kind"] == "read" and e.get("state") == "STOP_COPY")]
            seen = recorded(mine, device)
            if case.get("hosts"):
                # The recorder came when the machine ran already.
                said = said[next((i for i, t in enumerate(said) if t.what == "data_size"), len(said)):]
            if case.get("reset"):
                # From the first call that fails on QEMU's trace tells what it remembers, not what it was told.
                failed = next((i for i, t in enumerate(seen) if " gave " in t.what), len(seen))
                said, seen = said[:failed], seen[:failed]
            compare("%s, source" % name, said, seen, wrong)
            steps += len(said)
            if not said:
                wrong.append("%s: QEMU's trace says nothing of %s" % (name, device))
            reads = sums(mine, device, "read")
            equal(wrong, "%s: bytes read on the source against the sum of vfio_save_block" % name, reads, counts["block_bytes"])
        for device in case["dst"]:
            said, _, loaded = qemu_destination(base + "-dst.log", device)
            compare("%s, destination" % name, said, [t for t in recorded(events, device) if t.what.startswith("set_state")], wrong)
            steps += len(said)
            if not case["multifd"] and "transferred" in case:
                equal(wrong, "%s: bytes written on the destination against the sum of vfio_load_state_device_data" % name,
                      sums(events, device, "write"), loaded)
        if "transferred" in case and not case["multifd"]:
            reads = sum(sums(events, d, "read") for d in case["src"])
            if case.get("attempts", 1) == 1:
                equal(wrong, "%s: bytes read against query-migrate's vfio.transferred" % name, reads, case["transferred"])
        if "downtime_ms" in case:
            report, bound = None, 0
            if case["report"]:
                both = [base + "-src.vfs", base + "-dst.vfs"]
                with open(made(base + ".both.json", tool, "report", "--format", "json", *both)) as f:
                    report = json.load(f)
                # Two hosts' clocks agree as well as the report says that they do.
                bound = report["clock"]["bound_ns"] or 0 if case.get("hosts") else 0
                report = report["migrations"]
            more, told = vm_downtime(case, base + "-src.log", base + "-dst.log", events, report, bound)
            wrong += ["%s: %s" % (name, w) for w in more]
            for t in told:
                print("crosscheck: %s: %s" % (name, t))
    return wrong, steps


# ---- the downtime, and the judge ------------------------------------------------------------------------------------

def checkpoints(path):
    """QEMU's own marks of a downtime, and how long its savers say that each took: {name: s}, {name: s}."""
    marks, took = {}, {}
    for _, when, event, rest in qemu_lines(path):
        if event == "vmstate_downtime_checkpoint":
            marks[rest.strip()] = when
        elif event == "vmstate_downtime_save":
            m = re.match(r"type=([\w-]+) idstr=(\S+) instance_id=\d+ downtime=(\d+)", rest)
            took[m.group(1) + " " + m.group(2)] = int(m.group(3)) / 1e6
    return marks, took


def as_qemu_says(ns, before, after, said, slack):
    """Is a downtime with its two ends (s) QEMU's own figure (ms)? That reads its clock, and then says so."""
    return -2 - 1e3 * slack <= ns / 1e6 + 1e3 * (before + after) - said <= 2 + 1e3 * BUSY


def downtime(result, src_log, dst_log, events, report, slack=0.002):
    """The report's stop window against QEMU's checkpoints: (wrong, what there is to tell). @slack: s, of two clocks."""
    marks, took = checkpoints(src_log)
    marks_dst, _ = checkpoints(dst_log)
    wrong, told = [], []
    m = next((m for m in reports.sessions(report) if m["direction"] == "save" and m["eof_ns"]), None)
    if not m or "src-downtime-start" not in marks:
        return ["no finished source, or no checkpoint of QEMU's to hold against it"], told
    offset = min(wall(e) - (e["t_ns"] + e.get("dur_ns", 0)) / 1e9 for e in events)
    at = lambda ns: ns / 1e9 + offset
    start, end = at(m["stop_window_start_ns"]), at(m["eof_ns"])
    running = [wall(e) for e in events if e["kind"] == "set_state" and e.get("target") == "RUNNING" and e["device"] != m["device"]]

    def between(what, first, then):
        if then - first < -slack:
            wrong.append("%s: %.3f ms too early" % (what, (first - then) * 1e3))
        return (then - first) * 1e3

    told.append("stop window %.1f ms: begins %.2f ms after src-downtime-start, its last arc ends %.2f ms before src-vm-stopped, "
                "its end is %.2f ms before src-iterable-saved" %
                (m["stop_window_ns"] / 1e6, between("the window's begin after src-downtime-start", marks["src-downtime-start"], start),
                 between("the arc that stops the device before src-vm-stopped",
                         at(next(a["start_ns"] + a["dur_ns"] for a in m["arcs"] if a["to"] in ("STOP", "STOP_COPY"))), marks["src-vm-stopped"]),
                 between("the end of the stream before src-iterable-saved", end, marks["src-iterable-saved"])))
    reads = [e for e in events if e["kind"] == "read" and e.get("device") == m["device"] and e.get("state") == "STOP_COPY"]
    drain = next((v for k, v in took.items() if k.startswith("iterable") and k.endswith("/vfio")), None)
    if reads and drain is not None:
        ours = wall(reads[-1]) - (wall(reads[0]) - reads[0]["dur_ns"] / 1e9)
        told.append("draining the device: %.2f ms, QEMU says %.2f" % (ours * 1e3, drain * 1e3))
        if not -slack < drain - ours < BUSY:
            wrong.append("the reads of STOP_COPY span %.3f ms, QEMU's saver took %.3f" % (ours * 1e3, drain * 1e3))
    said = result["query_migrate"]["src"].get("downtime")
    if result.get("compared", True):
        return wrong, told		# the destination was held, for its memory to be looked at
    if not m["downtime_ns"] or not m["landing"] or not running:
        return wrong + ["both sides are in the evidence, and the report knows no downtime"], told
    ran = running[-1]
    between("the device running after dst-precopy-bh-announced", marks_dst["dst-precopy-bh-announced"], ran)
    between("the device running before dst-precopy-bh-vm-started", ran, marks_dst["dst-precopy-bh-vm-started"])
    if abs((at(m["stop_window_start_ns"]) + m["downtime_ns"] / 1e9) - ran) > slack:
        wrong.append("the downtime does not end where the device runs")
    # QEMU's own figure goes from its first checkpoint to its last one on the source, which is later than the guest runs.
    before, after = start - marks["src-downtime-start"], marks["src-downtime-end"] - ran
    told.append("downtime %.1f ms, QEMU says %s ms: it begins %.1f ms earlier and ends %.1f ms later" %
                (m["downtime_ns"] / 1e6, said, before * 1e3, after * 1e3))
    if not as_qemu_says(m["downtime_ns"], before, after, said, slack):
        wrong.append("downtime: %.1f ms, less than QEMU's %s ms by other than the two ends" % (m["downtime_ns"] / 1e6, said))
    return wrong, told


def vm_downtime(case, src_log, dst_log, events, migrations, bound_ns=0, slack=0.002):
    """A machine's downtime, all its devices', out of the events and against QEMU's own: (wrong, what there is to tell).

    It begins with the first arc of a device of the source that leaves RUNNING or PRE_COPY for another state, and ends when the
    last device of the destination is in RUNNING. @migrations: the report's, or None: then nothing is held against it;
    @bound_ns: by how much two clocks may have put it wrong.
    """
    marks, _ = checkpoints(src_log)
    marks_dst, _ = checkpoints(dst_log)
    # At its start a machine's devices go to RUNNING_P2P and back.
    born = min(e["t_ns"] for e in events if e["kind"] == "stream_open" and e["device"] in case["src"])
    arcs = [e for e in events if e["kind"] == "arc" and e.get("ret", 0) >= 0 and e["t_ns"] > born]
    left = [e for e in arcs if e["device"] in case["src"] and e["from"] in ("RUNNING", "PRE_COPY") and e["to"] not in ("RUNNING", "PRE_COPY")]
    ran = [e for e in arcs if e["device"] in case["dst"] and e["to"] == "RUNNING" and left and e["t_ns"] > left[0]["t_ns"]]
    if not left or {e["device"] for e in ran} != set(case["dst"]):
        return ["the devices that run on the destination are %s" % sorted({e["device"] for e in ran})], []
    first = min(left, key=lambda e: e["t_ns"])
    last = max(ran, key=lambda e: e["t_ns"] + e["dur_ns"])
    ns = last["t_ns"] + last["dur_ns"] - first["t_ns"]
    begins, ends = wall(first) - first["dur_ns"] / 1e9, wall(last)
    before, after = begins - marks["src-downtime-start"], marks["src-downtime-end"] - ends
    wrong, said = [], case["downtime_ms"]
    for what, gap in (("the first arc after src-downtime-start", before),
                      ("the last device running after dst-precopy-bh-announced", ends - marks_dst["dst-precopy-bh-announced"]),
                      ("the last device running before dst-precopy-bh-vm-started", marks_dst["dst-precopy-bh-vm-started"] - ends)):
        if gap < -slack:
            wrong.append("%s: %.3f ms too early" % (what, -gap * 1e3))
    if not as_qemu_says(ns, before, after, said, slack):
        wrong.append("downtime: %.1f ms, other than QEMU's %s ms by more than the two ends" % (ns / 1e6, said))
    for m in migrations or []:
        if abs(m["downtime_ns"] - ns) > bound_ns:
            wrong.append("the report's downtime is %s ns, by the events it is %d" % (m["downtime_ns"], ns))
    if migrations is not None and len(migrations) != 1:
        wrong.append("%d migrations, and there was one" % len(migrations))
    return wrong, ["downtime of %d devices %.1f ms, QEMU says %s ms: it begins %.1f ms earlier and ends %.1f ms later" %
                   (len(case["src"]), ns / 1e6, said, before * 1e3, after * 1e3)]


def stops(tool, name, recording, devices):
    """The parts of a machine's stop are the whole of it, and its ends are those of its first and its last device."""
    found = json.loads(subprocess.check_output([tool, "report", "--format", "json", recording], universal_newlines=True))
    wrong, most = [], 0
    for m in found["migrations"]:
        side = m["sides"]["source"]
        if not side or not side["stop_over"] or side["stop_window_ns"] is None or side["paused_before"]:
            continue
        mine = [s for s in m["sessions"] if s["direction"] == "save" and s["eof_ns"] and s["stop_window_start_ns"]]
        mine = [s for s in mine if s["stop_window_start_ns"] >= side["stop_window_start_ns"]]
        parts = sum(side[k] or 0 for k in ("arcs_ns", "io_ns", "dirty_sync_ns", "outside_ns", "unattributed_ns"))
        equal(wrong, "%s: the parts of a stop of %d devices" % (name, side["devices"]), parts, side["stop_window_ns"])
        equal(wrong, "%s: the begin of a stop" % name, side["stop_window_start_ns"], min(s["stop_window_start_ns"] for s in mine))
        equal(wrong, "%s: the end of a stop" % name, side["stop_window_start_ns"] + side["stop_window_ns"], max(s["eof_ns"] for s in mine))
        equal(wrong, "%s: the last byte" % name, side["eof_ns"], max(s["eof_ns"] for s in mine))
        most = max(most, side["devices"])
        if devices > 1:
            print("crosscheck: %s: a stop of %.1f ms for %d devices" % (name, side["stop_window_ns"] / 1e6, side["devices"]))
    if devices > 1 and most != devices:
        wrong.append("%s: no stop of %d devices in the report" % (name, devices))
    return wrong


def judged(tool, recording, expected=()):
    """What the judge says of a conforming VMM's migration beyond the warnings that its driver is known to deserve."""
    p = subprocess.run([tool, "check", "--format", "json", recording], stdout=subprocess.PIPE, universal_newlines=True)
    found = json.loads(p.stdout)
    name = os.path.basename(recording)
    got = sorted({f["rule"] for f in found["findings"] if f["severity"] in ("error", "warning")})
    if got != sorted(expected):
        return ["%s: the judge finds %s: %s" % (name, ", ".join(got) or "nothing", "; ".join(f["text"] for f in found["findings"]))]
    if found["verdict"] != ("findings" if expected else "pass"):
        if {f["rule"] for f in found["findings"]} != {"no-migration"}:
            return ["%s: the judge's verdict is %s" % (name, found["verdict"])]
    return []


# ---- tampering: what the check must notice ------------------------------------------------------------------------

def tamperings(events, src, dst):
    """(what was done, the events after it), for every kind of loss or lie."""
    def where(test):
        return [i for i, e in enumerate(events) if test(e)]

    def drop(what, at):
        return "dropping " + what, events[:at] + events[at + 1:]

    def change(what, at, **fields):
        changed = copy.deepcopy(events)
        changed[at].update(fields)
        return what, changed

    def is_src(kind):
        return lambda e: e["kind"] == kind and e.get("device") == src

    for kind in "set_state", "data_size", "precopy_info":
        for at in sorted(set(where(is_src(kind))[:1] + where(is_src(kind))[-1:])):
            yield drop("%s at seq %d" % (kind, events[at]["seq"]), at)
    full = where(lambda e: is_src("read")(e) and e["ret"] > 0)
    for at in sorted({full[0], full[len(full) // 2], full[-1]}):
        yield drop("the read at seq %d" % events[at]["seq"], at)
        yield change("one byte less at seq %d" % events[at]["seq"], at, ret=events[at]["ret"] - 1)
    empty = where(lambda e: is_src("read")(e) and (e.get("errno") == "ENOMSG" or e["ret"] == 0))
    yield drop("an empty read", empty[0])
    yield drop("the end of the stream", empty[-1])
    yield change("one empty read too many", empty[0], count=events[empty[0]].get("count", 1) + 1)
    writes = where(lambda e: e["kind"] == "write" and e.get("device") == dst and e["ret"] > 0)
    yield drop("a write", writes[len(writes) // 2])
    # Without pre-copy, and before Linux 6.2, there is nothing of these to be wrong about.
    for at in where(lambda e: is_src("data_size")(e) and e["ret"] >= 0)[-1:]:
        yield change("another stop_copy_length", at, stop_copy_length=events[at]["stop_copy_length"] + 1)
    for at in where(is_src("precopy_info"))[-1:]:
        yield change("other dirty bytes", at, dirty_bytes=events[at]["dirty_bytes"] + 4096)
    at = where(is_src("set_state"))[-1]
    yield change("another state", at, target="RESUMING")
    yield "adding a loss", events + [{"kind": "loss", "seq": events[-1]["seq"] + 1, "count": 3}]
    if len(full) > 1 and events[full[0]]["ret"] != events[full[-1]]["ret"]:
        swapped = list(events)
        swapped[full[0]], swapped[full[-1]] = swapped[full[-1]], swapped[full[0]]
        yield "two reads in the other order", swapped


def load(path):
    events = []
    with open(path) as f:
        for number, line in enumerate(f, 1):
            try:
                events.append(json.loads(line))
            except ValueError as e:
                raise SystemExit("crosscheck: %s, line %d is no JSON: %s" % (path, number, e))
    return events


def made(path, tool, *argv):
    """The file, made by the tool if it is not there."""
    if not os.path.exists(path):
        if not tool:
            raise SystemExit("crosscheck: %s is missing, and there is no --tool to make it" % path)
        with open(path + ".tmp", "w") as f:
            if subprocess.call([tool] + list(argv), stdout=f):
                raise SystemExit("crosscheck: '%s %s' failed" % (tool, " ".join(argv)))
        os.rename(path + ".tmp", path)
    return path


def main():
    p = argparse.ArgumentParser(description="holds a recording against QEMU's own trace")
    p.add_argument("--tool", help="the vfioscope to export with")
    p.add_argument("--tamper", action="store_true", help="prove that the check notices tampering")
    p.add_argument("dir")
    a = p.parse_args()
    at = lambda name: os.path.join(a.dir, name)

    with open(at("result.json")) as f:
        result = json.load(f)
    if "cases" in result:
        wrong, steps = check_cases(a.dir, result, a.tool)
        for name in sorted(result["cases"]) if a.tool else ():
            # A reset or a kill ends a migration, whatever the other VMM makes of it.
            wrong += judged(a.tool, at(name + ".vfs"), ["migration-failed"] if result["cases"][name].get("fails") else [])
            wrong += stops(a.tool, name, at(name + ".vfs"), len(result["cases"][name]["src"]))
        for w in wrong:
            print("crosscheck: " + w)
        if not wrong:
            print("crosscheck: %d steps of %d cases agree with QEMU" % (steps, len(result["cases"])))
        return 1 if wrong or not steps else 0
    events = load(made(at("a.ndjson"), a.tool, "export", "--format", "ndjson", at("a.vfs")))
    with open(made(at("a.report.json"), a.tool, "report", "--format", "json", at("a.vfs"))) as f:
        report = json.load(f)
    wrong = check(result, at("src.log"), at("dst.log"), events, report)
    mtty = result["scenario"] == "mtty-migrate"
    if not mtty and not wrong:
        more, told = downtime(result, at("src.log"), at("dst.log"), events, report)
        wrong += more
        for t in told:
            print("crosscheck: " + t)
    if a.tool:
        wrong += judged(a.tool, at("a.vfs"), ["eof-in-precopy"] if mtty else [])
    for w in wrong:
        print("crosscheck: " + w)
    if wrong:
        return 1
    said, src, counts, _ = qemu_source(at("src.log"))
    print("crosscheck: %d steps of the source agree with QEMU (%d reads, %d bytes, %d exact queries, %d empty runs), nothing lost" %
          (len(said), counts["blocks"], counts["block_bytes"], counts["exact"], counts["empty_hits"]))
    if a.tamper:
        _, dst, _ = qemu_destination(at("dst.log"))
        tried = 0
        for what, changed in tamperings(events, src, dst):
            tried += 1
            if not check(result, at("src.log"), at("dst.log"), changed, None):
                print("crosscheck: %s was not noticed" % what)
                return 1
        print("crosscheck: each of %d tamperings is noticed" % tried)
    return 0


if __name__ == "__main__":
    sys.exit(main())
