#!/usr/bin/env python3
"""Holds JSON against a schema of ours, in both directions: what is not in it may not be there, what is must be.

usage: schema SCHEMA FILE...; or load(), check() from another script
"""
import json
import sys

schema = None
KEYS = {"$schema", "$defs", "title", "description", "type", "properties", "required", "additionalProperties",
        "items", "enum", "anyOf", "$ref", "minimum"}

def of_type(v, t):
    return {"null": v is None, "boolean": isinstance(v, bool), "string": isinstance(v, str),
            "integer": isinstance(v, int) and not isinstance(v, bool), "array": isinstance(v, list),
            "number": isinstance(v, (int, float)) and not isinstance(v, bool), "object": isinstance(v, dict)}[t]

# What of the specification the schema uses; anything else in it is an error of ours.
def check(v, s, at):
    unknown = set(s) - KEYS
    assert not unknown, ("the checker does not know", unknown)
    if "$ref" in s:
        return check(v, schema["$defs"][s["$ref"][len("#/$defs/"):]], at)
    if "anyOf" in s:
        for one in s["anyOf"]:
            if "type" in one and not of_type(v, one["type"]):
                continue
            if "$ref" in one and v is None:
                continue
            return check(v, one, at)
        raise AssertionError("%s: nothing of anyOf" % at)
    if "enum" in s:
        assert v in s["enum"], "%s: %r is not one of %s" % (at, v, s["enum"])
        return
    types = s.get("type", [])
    types = [types] if isinstance(types, str) else types
    assert not types or any(of_type(v, t) for t in types), "%s: %r is no %s" % (at, v, types)
    if isinstance(v, int) and not isinstance(v, bool):
        assert v >= s.get("minimum", v), "%s: %r" % (at, v)
    if isinstance(v, dict):
        known = s.get("properties", {})
        for k in s.get("required", []):
            assert k in v, "%s: %s is missing" % (at, k)
        for k, x in v.items():
            extra = s.get("additionalProperties", True)
            assert k in known or extra, "%s: %s is not in the schema" % (at, k)
            check(x, known[k] if k in known else extra, "%s.%s" % (at, k))
    if isinstance(v, list) and "items" in s:
        for i, x in enumerate(v):
            check(x, s["items"], "%s[%d]" % (at, i))


def load(schema_file, name):
    """The object in @name, which is what the schema says."""
    global schema
    with open(schema_file) as f:
        schema = json.load(f)
    with open(name) as f:
        value = json.load(f)
    check(value, schema, name)
    try:
        import jsonschema
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.Draft202012Validator(schema).validate(value)
    except (ImportError, AttributeError):
        pass
    return value


if __name__ == "__main__":
    for each in sys.argv[2:]:
        load(sys.argv[1], each)
