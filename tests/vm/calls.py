#!/usr/bin/env python3
"""Hold a recording against the client's own log of its calls.

usage: calls.py CLIENT.LOG RECORDING.ndjson [--lost N]

Promises: every call that the client logged is in the recording exactly once and, thread by thread, in its order, with
its result; no call of the client's threads is there that the client did not make. With counted losses up to that many
calls may be missing, in order all the same. Exit 1 with the first difference of each thread.
"""
import json
import sys

STATES = ["ERROR", "STOP", "RUNNING", "STOP_COPY", "RESUMING", "RUNNING_P2P", "PRE_COPY", "PRE_COPY_P2P"]
KINDS = {"set_state", "get_state", "migration_flags", "feature", "data_size", "precopy_info", "precopy_info_v2",
         "dma_log_start", "dma_log_stop", "dma_log_report", "reset", "read", "write"}
# What is compared of each: what the client knows.
FIELDS = ("size", "target", "reported", "stop_copy_length", "initial_bytes", "dirty_bytes", "index", "op", "how")


def state(v):
    return STATES[v] if isinstance(v, int) and 0 <= v < len(STATES) else v


def key(e):
    out = [e["kind"], e["ret"]]
    for f in FIELDS:
        if f in e:
            out.append((f, state(e[f]) if f in ("target", "reported") else e[f]))
    return tuple(out)


def threads(events):
    by = {}
    for e in events:
        by.setdefault(e["tid"], []).append(e)
    return by


def recorded(path):
    """The events of the client's own calls, and what was lost."""
    events, lost = [], 0
    with open(path) as f:
        for line in f:
            e = json.loads(line)
            if e["kind"] == "loss":
                lost += e["count"]
            elif e["kind"] in KINDS:
                # A folded run would hide what this test is about.
                assert e.get("count", 1) == 1, "folded events: record with --no-fold"
                events.append(e)
    return events, lost


def compare(client, events, lost):
    """Lines of what is wrong; empty when nothing is."""
    wrong = []
    mine, theirs = threads(client), threads(events)
    for tid in sorted(set(mine) | set(theirs)):
        a, b = [key(e) for e in mine.get(tid, [])], [key(e) for e in theirs.get(tid, [])]
        i = j = missing = 0
        while i < len(a) and j < len(b):
            if a[i] == b[j]:
                j += 1
            elif missing < lost:
                missing += 1
            else:
                break
            i += 1
        missing += len(a) - i if j == len(b) else 0
        if j < len(b) or missing > lost:
            wrong.append("thread %d: call %d of %d is %s to the client, event %d of %d is %s to the recording"
                         % (tid, i + 1, len(a), a[i] if i < len(a) else "none", j + 1, len(b), b[j] if j < len(b) else "none"))
        lost -= min(missing, lost)
    return wrong


def main(client_log, ndjson):
    with open(client_log) as f:
        client = [json.loads(line) for line in f]
    events, lost = recorded(ndjson)
    if not client:
        return "the client logged nothing: this proves nothing"
    wrong = compare(client, events, lost)
    if wrong:
        return "\n".join(wrong[:8])
    print("calls: %d calls of %d threads are in the recording, exactly once and in order (%d kinds, %d results), %d lost"
          % (len(client), len(threads(client)), len({e["kind"] for e in client}), len({e["ret"] for e in client if e["ret"] <= 0}), lost))
    # The comparison must notice: a call left out, one twice, a result changed, two swapped.
    if not lost:
        n = len(events) // 2
        swapped = next((k for k in range(n, len(events) - 1) if key(events[k]) != key(events[k + 1])
                        and events[k]["tid"] == events[k + 1]["tid"]), None)
        tampered = [events[:n] + events[n + 1:], events[:n] + events[n:n + 1] + events[n:],
                    events[:n] + [dict(events[n], ret=events[n]["ret"] - 1)] + events[n + 1:]]
        if swapped is not None:
            tampered.append(events[:swapped] + [events[swapped + 1], events[swapped]] + events[swapped + 2:])
        for t in tampered:
            if not compare(client, t, 0):
                return "a tampered recording passes: the comparison proves nothing"
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
