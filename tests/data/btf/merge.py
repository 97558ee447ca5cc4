#!/usr/bin/env python3
"""The types of a kernel that has drivers built in, made of those of one that has them as modules.

usage: merge.py VMLINUX MODULE.ko... >builtin.btf     (uncompressed; VMLINUX is the one that the modules were built against)

Writes BTF that stands alone: every function of the modules, some of the kernel's that have the same prototypes, and the
types that these prototypes name, as pahole made them. What a structure has inside nobody asks for, so that each is only declared.
"""
import re
import struct
import sys

INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, PROTO, VAR, SECTION, FLOAT, DECL_TAG, TYPE_TAG, ENUM64 = range(1, 20)
EXTRA = {INT: (4, 0), ARRAY: (12, 0), STRUCT: (0, 12), UNION: (0, 12), ENUM: (0, 8), PROTO: (0, 8), VAR: (4, 0), SECTION: (0, 12),
         DECL_TAG: (4, 0), ENUM64: (0, 12)}
# The kernel's own file operations, and one whose read() takes no file.
OTHERS = re.compile(r"rtc_dev_(read|ioctl|poll|release)|devkmsg_(read|poll|release)|tty_(read|ioctl|poll|release)|pipe_(poll|ioctl|release)|sys_off_notify")


def section(path, wanted=b".BTF"):
    data = open(path, "rb").read()
    at, = struct.unpack_from("<Q", data, 40)
    size, n, names = struct.unpack_from("<HHH", data, 58)
    headers = [struct.unpack_from("<IIQQQQ", data, at + i * size) for i in range(n)]
    for name, _, _, _, offset, length in headers:
        where = headers[names][4] + name
        if data[where:].startswith(wanted + b"\0"):
            return data[offset:offset + length]
    return None


class Types:
    def __init__(self, raw, base=None):
        magic, _, _, head, at, length, strings, self.bytes = struct.unpack_from("<HBBIIIII", raw)
        assert magic == 0xeb9f
        self.base, self.types = base, []
        self.strings = raw[head + strings:head + strings + self.bytes]
        self.first = base.first + len(base.types) if base else 1
        self.text_from = base.text_from + base.bytes if base else 0
        at += head
        end = at + length
        while at < end:
            name, info, what = struct.unpack_from("<III", raw, at)
            fixed, each = EXTRA.get(info >> 24 & 31, (0, 0))
            size = fixed + each * (info & 0xffff)
            self.types.append((name, info, what, raw[at + 12:at + 12 + size]))
            at += 12 + size

    def type(self, n):
        return self.types[n - self.first] if n >= self.first else self.base.type(n)

    def text(self, at):
        if at < self.text_from:
            return self.base.text(at)
        at -= self.text_from
        return self.strings[at:self.strings.index(b"\0", at)]


class Merged:
    def __init__(self):
        self.types, self.known, self.strings, self.texts = [], {}, bytearray(b"\0"), {b"": 0}

    def text(self, s):
        if s not in self.texts:
            self.texts[s] = len(self.strings)
            self.strings += s + b"\0"
        return self.texts[s]

    def add(self, name, info, what, more=b""):
        packed = struct.pack("<III", self.text(name), info, what) + more
        if packed not in self.known:
            self.types.append(packed)
            self.known[packed] = len(self.types)
        return self.known[packed]

    def take(self, src, n):
        if not n:
            return 0
        name, info, what, more = src.type(n)
        name, kind, count = src.text(name), info >> 24 & 31, info & 0xffff
        if kind in (STRUCT, UNION):
            return self.add(name, FWD << 24 | (kind == UNION) << 31, 0)
        if kind in (INT, FLOAT, FWD):
            return self.add(name, info, what, more)
        if kind == ENUM:
            values = [struct.unpack_from("<Ii", more, i * 8) for i in range(count)]
            return self.add(name, info, what, b"".join(struct.pack("<Ii", self.text(src.text(t)), v) for t, v in values))
        if kind == ENUM64:
            values = [struct.unpack_from("<III", more, i * 12) for i in range(count)]
            return self.add(name, info, what, b"".join(struct.pack("<III", self.text(src.text(t)), a, b) for t, a, b in values))
        if kind == PROTO:
            params = [struct.unpack_from("<II", more, i * 8) for i in range(count)]
            more = b"".join(struct.pack("<II", self.text(src.text(t)), self.take(src, p)) for t, p in params)
        elif kind == ARRAY:
            of, by, length = struct.unpack("<III", more)
            return self.add(name, info, what, struct.pack("<III", self.take(src, of), self.take(src, by), length))
        return self.add(name, info, self.take(src, what), more)

    def write(self, f):
        types = b"".join(self.types)
        f.write(struct.pack("<HBBIIIII", 0xeb9f, 1, 0, 24, 0, len(types), len(types), len(self.strings)) + types + self.strings)


def module(path, vmlinux):
    """One built outside of the kernel's tree has its own copy of what it needs of the kernel's types."""
    own = section(path, b".BTF.base")
    return Types(section(path), Types(own) if own else vmlinux)


def main():
    vmlinux, merged = Types(section(sys.argv[1])), Merged()
    for src in [vmlinux] + [module(path, vmlinux) for path in sys.argv[2:]]:
        for n, (name, info, _, _) in enumerate(src.types, src.first):
            if info >> 24 & 31 == FUNC and (src is not vmlinux or OTHERS.fullmatch(src.text(name).decode())):
                merged.take(src, n)
    merged.write(sys.stdout.buffer)


main()
