"""A VMM of a few lines that moves a device of the reference driver from one process's source to its destination.

Promises: every call is made once and in the order of a migration; `here(place)` is asked at each place between two calls.
"""
import ctypes
import errno
import os
import struct
import subprocess
import sys

import lab

CHUNK = 1 << 20
# Bytes a read() in STOP_COPY: of its 32 that makes two, and a last one; without PRE_COPY the whole device passes.
LAST = 16 if lab.PRECOPY else CHUNK
libc = ctypes.CDLL(None, use_errno=True)


def moved(call, *args):
    n = call(*args)
    if n < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return n


class Move:
    """One migration; here() does what is to be done at a place."""

    def __init__(self, a, b):
        self.src, self.dst = lab.Vfio(a), lab.Vfio(b)
        self.buffer = ctypes.create_string_buffer(CHUNK)

    def here(self, place):
        pass

    def read(self, size):
        n = moved(libc.read, self.save, self.buffer, ctypes.c_size_t(size))
        return self.buffer[:n]

    def write(self, data):
        moved(libc.write, self.load, data, ctypes.c_size_t(len(data)))

    def precopy(self):
        if not lab.PRECOPY:
            return
        try:
            while True:
                self.write(self.read(CHUNK))
        except OSError as e:
            if e.errno != errno.ENOMSG:
                raise

    def stop_copy(self):
        """What was read last is sent when the end is known, so that something is on its way then."""
        self.write(self.read(LAST))
        self.here("between-reads")
        held = b""
        while True:
            data = self.read(LAST)
            if not data:
                break
            if held:
                self.write(held)
            held = data
        self.here("on-its-way")
        self.write(held)

    def dirty_pages(self, flags):
        self.src._ioctl(self.src.fds[0], 117, struct.pack("II", 8, flags))

    def run(self):
        src, dst = self.src, self.dst
        self.load = dst.set_state(dst.RESUMING)
        if lab.PRECOPY:
            self.save = src.set_state(src.PRE_COPY)
        self.dirty_pages(1)
        self.precopy()
        if lab.PRECOPY:
            src.set_state(src.PRE_COPY_P2P)
            self.here("between-arcs")
            src.set_state(src.STOP_COPY)
        else:
            self.save = src.set_state(src.STOP_COPY)
        self.here("before-first-read")
        self.stop_copy()
        self.here("before-load")
        dst.set_state(dst.STOP)
        self.here("before-running")
        dst.set_state(dst.RUNNING)
        src.set_state(src.STOP)
        self.dirty_pages(2)
        os.close(self.save)
        os.close(self.load)
        src.set_state(src.RUNNING)
        src.close()
        dst.close()


def played(path, name, argv, count=1, record=()):
    """@argv of the running scenario so many times, each in a process of its own, recorded together in @path: to attach and to
    detach takes an emulated machine as long as ten migrations. What each said."""
    said = []
    with lab.Recorder([lab.vfioscope(), "record", "-q", *record, "-o", path], name=name):
        for _ in range(count):
            p = subprocess.run([sys.executable, os.path.abspath(sys.argv[0]), *argv], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, universal_newlines=True)
            if p.returncode:
                raise lab.LabError("%s: the VMM failed: %s" % (name, p.stdout.strip().splitlines()[-1]))
            said.append(p.stdout)
    return said
