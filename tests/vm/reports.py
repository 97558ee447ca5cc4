"""What `vfioscope report --format json` (version 2) says, as the scenarios look at it."""

# The parts of a downtime that lie on the destination, after the source's last byte.
LANDING = ("transfer", "write", "before_load", "load", "arcs_to_run", "between_arcs_to_run", "other_calls")


def sessions(found):
    """Every session, in order of number, each with what its migration says of it: `migration`, `downtime_ns`, `landing`."""
    out = []
    for m in found["migrations"]:
        parts = {p["part"]: p["ns"] for p in m["downtime"] or [] if p["side"] == "destination"}
        for s in m["sessions"]:
            out.append(dict(s, migration=m["id"], migration_outcome=m["outcome"], downtime_ns=m["downtime_ns"],
                            landing=parts or None))
    return sorted(out, key=lambda s: s["id"])
