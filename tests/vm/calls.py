#!/usr/bin/env python3
"""Hold a recording against the client's own log of its calls.

usage: calls.py CLIENT.LOG RECORDING.ndjson

Promises: every call that the client logged is in the recording exactly once and, thread by thread, in its order, with
its result; no call of the client's threads is there that the client did not make. A poll() that waits is as many calls
of the driver's poll operation as it took, one that does not is one, and the last of them gave what the client got.
With counted losses up to that many calls may be missing, in order all the same, and polls are not compared. Exit 1 with
the first difference of each thread.
"""
import json
import sys

STATES = ["ERROR", "STOP", "RUNNING", "STOP_COPY", "RESUMING", "RUNNING_P2P", "PRE_COPY", "PRE_COPY_P2P"]
KINDS = {"set_state", "get_state", "migration_flags", "feature", "data_size", "precopy_info", "precopy_info_v2",
         "dma_log_start", "dma_log_stop", "dma_log_report", "reset", "read", "write", "poll", "stream_close"}
POLL = ["IN", "PRI", "OUT", "ERR", "HUP", "NVAL", "RDNORM", "RDBAND", "WRNORM", "WRBAND", "MSG", None, None, "RDHUP"]
# What is compared of each: what the client knows.
FIELDS = ("size", "target", "reported", "stop_copy_length", "initial_bytes", "dirty_bytes", "index", "op", "how")


def state(v):
    return STATES[v] if isinstance(v, int) and 0 <= v < len(STATES) else v


def key(e):
    out = [e["kind"], e.get("ret", 0)]
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


def gave(poll, event):
    """Whether this call of the driver's poll operation gave what the client's poll() returned."""
    mask = sum(1 << POLL.index(name) for name in event["mask"])
    return mask & poll["wanted"] == poll["got"]


def polls_fit(polls, events):
    """Whether these calls of poll(), in this order, can have been these calls of the driver's operation."""
    if not polls:
        return not events
    first, rest = polls[0], polls[1:]
    if events and events[0]["waits"] != first["waits"]:
        return False
    most = min(first.get("max", len(events)), len(events) - sum(p["min"] for p in rest))
    return any(gave(first, events[n - 1]) and not any(e["waits"] for e in events[1:n]) and polls_fit(rest, events[n:])
               for n in range(first["min"], most + 1))


def split(events):
    """The keys of all that is no poll, and the polls before each of them and at the end."""
    keys, polls = [], [[]]
    for e in events:
        if e["kind"] == "poll":
            polls[-1].append(e)
        else:
            keys.append(key(e))
            polls.append([])
    return keys, polls


def compare(client, events, lost):
    """Lines of what is wrong; empty when nothing is."""
    wrong = []
    mine, theirs = threads(client), threads(events)
    for tid in sorted(set(mine) | set(theirs)):
        (a, a_polls), (b, b_polls) = split(mine.get(tid, [])), split(theirs.get(tid, []))
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
        elif not lost:
            for n, (p, q) in enumerate(zip(a_polls, b_polls)):
                if not polls_fit(p, q):
                    wrong.append("thread %d: before call %d of %d the client polled %s, the recording has %s"
                                 % (tid, n + 1, len(a), p, [(e["waits"], e["mask"]) for e in q]))
                    break
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
    said = [e for e in client if e["kind"] != "poll"]
    missing = len(said) - sum(1 for e in events if e["kind"] != "poll")
    print("calls: %d calls of %d threads, %s, are in the recording exactly once and in order%s (%d kinds, %d results)"
          % (len(said), len(threads(client)), "all but %d" % missing if missing else "all of them, and %d of poll()" % (len(client) - len(said)),
             "; %d counted as lost" % lost if lost else "", len({e["kind"] for e in client}), len({e["ret"] for e in client if e["ret"] <= 0})))
    # The comparison must notice: a call left out, one twice, a result changed, two swapped.
    if not lost:
        # Of a poll that waits one more or one less may be as it was.
        n = next(k for k in range(len(events) // 2, len(events)) if events[k]["kind"] != "poll")
        swapped = next((k for k in range(n, len(events) - 1) if key(events[k]) != key(events[k + 1])
                        and events[k]["tid"] == events[k + 1]["tid"]), None)
        tampered = [events[:n] + events[n + 1:], events[:n] + events[n:n + 1] + events[n:],
                    events[:n] + [dict(events[n], ret=events[n]["ret"] - 1)] + events[n + 1:]]
        if swapped is not None:
            tampered.append(events[:swapped] + [events[swapped + 1], events[swapped]] + events[swapped + 2:])
        for kind, change in ("poll", lambda e: dict(e, mask=[m for m in e["mask"] if m != "IN"] if "IN" in e["mask"] else ["IN"])), \
                ("poll", lambda e: dict(e, waits=not e["waits"])), ("stream_close", None):
            k = next((k for k in range(len(events)) if events[k]["kind"] == kind and not events[k].get("waits")), None)
            if k is not None:
                tampered.append(events[:k] + ([change(events[k])] if change else []) + events[k + 1:])
        for n, t in enumerate(tampered):
            if not compare(client, t, 0):
                return "a tampered recording (%d) passes: the comparison proves nothing" % n
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
