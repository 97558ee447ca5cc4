"""What `vfioscope report --format json` (version 2) says, as the scenarios look at it."""


def sessions(found):
    """Every session, in order of number, each with what its migration says of it: `downtime_ns`, `landing`."""
    out = []
    for m in found["migrations"]:
        parts = {p["part"]: p["ns"] for p in m["downtime"] or [] if p["side"] == "destination"}
        for s in m["sessions"]:
            out.append(dict(s, downtime_ns=m["downtime_ns"], landing=parts or None))
    return sorted(out, key=lambda s: s["id"])
