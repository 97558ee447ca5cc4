"""What scenarios share: nested QEMU and QMP, PCI binding, windows onto device memory, the recorder, the result.

Promises: standard library only; every wait has a limit and names what it waited for; nothing of ours reads or
writes a device under test except through the VMM or a window (a second PCI function that shows the same memory).
"""

import atexit
import fcntl
import glob
import json
import mmap
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import time

try:
    from _sha2 import sha256 as _sha256	# under emulation three times faster than OpenSSL's
except ImportError:
    from hashlib import sha256 as _sha256

OUT = os.environ.get("OUT", "/tmp/out")
LAB = os.environ.get("LAB", "/lab")
BEGAN = time.monotonic()
# Where insmod() finds modules, and what runs the nested machines' cpus: load_vfio() and use_accel() change them.
MODULES = LAB + "/modules"
ACCEL = "tcg"
# Linux 7.1 brought the opt-in to PRECOPY_INFOv2.
PRECOPY_INFO_V2 = [int(n) for n in os.uname().release.split(".")[:2]] >= [7, 1]
# Linux 6.2 brought PRE_COPY.
PRECOPY = os.environ.get("LAB_KERNEL", "").split("-")[0] != "6.1"
# Every limit of a wait, times this: a machine may be slow. A wait ends when it has what it waits for.
PATIENCE = int(os.environ.get("VFIOSCOPE_PATIENCE", "3"))


# Advice that an emulated machine on a busy host earns by itself now and then: it does stand still, and is short of cpu.
BUSY_HOST = {"slow-call", "slow-first-byte", "cpu-starved", "dirty-log-bound", "network-bound"}


class LabError(Exception):
    pass


def say(text):
    sys.stdout.write("[%6.2f] %s\n" % (time.monotonic() - BEGAN, text))
    sys.stdout.flush()


def recorders():
    """The processes of the tool that are there: recorders, and those that let go of their hooks."""
    found = []
    for exe in glob.glob("/proc/[0-9]*/exe"):
        try:
            if os.readlink(exe) == LAB + "/bin/vfioscope":
                found.append(int(exe.split("/")[2]))
        except OSError:
            pass
    return found


def main(scenario, wreck=False):
    """Runs a scenario's function: its exception becomes one sentence and exit 1, its return the done mark."""
    try:
        scenario()
        if not wreck:
            wait_for("what recorders leave behind to let go of the hooks", 30, lambda: not recorders(), 0.1)
    except (LabError, OSError, subprocess.SubprocessError) as e:
        say("FAILED: %s" % e)
        if os.environ.get("LAB_DEBUG"):
            raise
        sys.exit(1)
    open(os.environ.get("LAB_DONE", os.path.join(OUT, "done")), "w").close()


def builtin(name):
    """Whether this kernel has the module `name` built in."""
    with open("/lib/modules/%s/modules.builtin" % os.uname().release) as f:
        return any(os.path.basename(line.strip()).replace("-", "_") == name.replace("-", "_") + ".ko" for line in f)


def unload(*modules):
    """By modprobe, with what they alone depend on. What is built in stays."""
    for module in modules:
        if not builtin(module):
            sh("modprobe", "-r", module)


def rmmod(*modules):
    """A tracer that is detaching from the modules' functions may need a moment."""
    def attempt(module):
        return subprocess.run(["rmmod", module], stderr=subprocess.DEVNULL).returncode == 0
    for module in modules:
        if builtin(module):
            continue
        wait_for("module %s to be unloadable (who uses it?)" % module, 20, lambda: attempt(module), 0.2)


def need(true, text, *args):
    if not true:
        raise LabError(text % args)


def wait_for(what, seconds, probe, step=0.02):
    """Calls probe() until it gives something true, and gives that."""
    seconds *= PATIENCE
    end = time.monotonic() + seconds
    while True:
        got = probe()
        if got:
            return got
        if time.monotonic() > end:
            raise LabError("waited %g s for %s" % (seconds, what))
        time.sleep(step)


def sh(*argv):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    if done.returncode:
        raise LabError("%s: exit %d: %s" % (" ".join(argv), done.returncode, done.stdout.strip()))
    return done.stdout


def clock_offset():
    """Seconds to add to CLOCK_MONOTONIC to get the wall clock that QEMU's log stamps."""
    a = time.clock_gettime(time.CLOCK_MONOTONIC)
    w = time.clock_gettime(time.CLOCK_REALTIME)
    b = time.clock_gettime(time.CLOCK_MONOTONIC)
    return w - (a + b) / 2


# ---- modules and devices ---------------------------------------------------------------------------------------

def insmod(name, *params, btf=True):
    """Kbuild's files may have a dash where the module's name has an underscore. Without BTF it is as the kernel sees a
    module that was built where pahole or vmlinux were not: it looks for the section by name, and finds none.
    One that is built in is there."""
    if builtin(name):
        return
    path = "%s/%s.ko" % (MODULES, name)
    if not os.path.exists(path):
        path = "%s/%s.ko" % (MODULES, name.replace("_", "-"))
    if not btf:
        with open(path, "rb") as f:
            data = f.read()
        path = "/tmp/%s.ko" % name
        with open(path, "wb") as f:
            f.write(data.replace(b"\0.BTF\0", b"\0.xtf\0"))
    sh("insmod", path, *params)
    if not btf and os.path.exists("/sys/kernel/btf/" + name):
        raise LabError("%s was to be loaded without BTF" % name)


CDEV = "iommufd", "vfio", "vfio_iommu_type1", "vfio_pci_core", "mdev"


def load_vfio(cdev=False):
    """VFIO for PCI and mediated devices. With `cdev` the one that has cdevs and IOMMUFD (build-modules cdev), whose modules
    insmod() then takes."""
    global MODULES
    if not cdev:
        sh("modprobe", "-a", "vfio-pci-core", "vfio_iommu_type1")
        return
    MODULES = LAB + "/modules/cdev"
    sh("modprobe", "irqbypass")
    for name in CDEV:
        insmod(name)
    if not os.path.exists("/dev/iommu"):
        raise LabError("there is no /dev/iommu")


def unload_vfio(cdev=False):
    if not cdev:
        unload("vfio-pci-core")
        return
    for name in reversed(CDEV):
        rmmod(name)


def use_accel(accel):
    """`kvm`: the emulated machine's cpu has SVM, so that nested machines run under KVM's own code, slowly."""
    global ACCEL
    if accel == "kvm":
        sh("modprobe", "kvm_amd")
        if not os.path.exists("/dev/kvm"):
            raise LabError("kvm_amd is loaded, and yet there is no /dev/kvm")
    ACCEL = accel


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


class Pci:
    """The ivshmem device behind one of the machine's root ports."""

    def __init__(self, port):
        self.bdf = self._behind(port)
        self.sysfs = "/sys/bus/pci/devices/" + self.bdf

    @staticmethod
    def _behind(port):
        slot = 16 + port if port < 15 else port - 7	# as in `run`
        found = glob.glob("/sys/bus/pci/devices/0000:00:%02x.0/0000:??:??.?" % slot)
        if len(found) != 1:
            raise LabError("no ivshmem device behind root port %d" % port)
        return os.path.basename(found[0])

    def bind(self, driver):
        write(self.sysfs + "/driver_override", driver)
        write("/sys/bus/pci/drivers_probe", self.bdf)
        now = os.path.basename(os.path.realpath(self.sysfs + "/driver"))
        if now != driver:
            raise LabError("%s did not bind to %s" % (self.bdf, driver))

    def unbind(self):
        if os.path.exists(self.sysfs + "/driver"):
            write(self.sysfs + "/driver/unbind", self.bdf)
        write(self.sysfs + "/driver_override", "\n")


def other_size():
    """The device whose memory has another size than device 0 and 1 have."""
    return Pci(4)


class Ivshmem(Pci):
    """Device 0 to 7 and the window onto its memory."""

    PORTS = (0, 2), (1, 3), (5, 7), (6, 8), (9, 13), (10, 14), (11, 15), (12, 16)

    def __init__(self, number):
        port, window = self.PORTS[number]
        super().__init__(port)
        self.window = self._behind(window)
        path = "/sys/bus/pci/devices/%s/" % self.window
        write(path + "enable", "1")
        # Mapped as memory where the machine can: arm64 does not take a copy's wide accesses to a device's.
        fd = os.open(path + ("resource2_wc" if os.path.exists(path + "resource2_wc") else "resource2"), os.O_RDWR)
        self.size = os.fstat(fd).st_size
        self.map = mmap.mmap(fd, self.size)
        os.close(fd)

    def fill(self):
        """Noise in which no two pages, and no two fills, are alike."""
        block = os.urandom(1 << 20)
        salt = os.urandom(8)
        for at in range(0, self.size, len(block)):
            self.map[at:at + len(block)] = block
        for at in range(0, self.size, 4096):
            self.map[at:at + 16] = salt + struct.pack("<Q", at)

    def bytes(self):
        return self.map[:]


class Vfio:
    """A device, opened as a VMM would: by its group and type1, which is what Debian's kernels have."""

    STOP, RUNNING, STOP_COPY, RESUMING, RUNNING_P2P, PRE_COPY, PRE_COPY_P2P = range(1, 8)

    def __init__(self, bdf):
        group = os.path.basename(os.readlink("/sys/bus/pci/devices/%s/iommu_group" % bdf))
        self.fds = [os.open("/dev/vfio/vfio", os.O_RDWR | os.O_CLOEXEC), os.open("/dev/vfio/" + group, os.O_RDWR | os.O_CLOEXEC)]
        self._ioctl(self.fds[1], 104, struct.pack("i", self.fds[0]))
        self._ioctl(self.fds[0], 102, 3)
        # A buffer that may change: else the result is not handed out.
        self.fd = self._ioctl(self.fds[1], 106, bytearray(bdf.encode() + b"\0"))

    @staticmethod
    def _ioctl(fd, nr, arg):
        return fcntl.ioctl(fd, 0x3b00 | nr, arg)

    def set_state(self, state):
        """The data FD, or -1. As any VMM, it must be closed by the caller."""
        f = bytearray(struct.pack("IIIi", 16, 1 << 17 | 2, state, -1))
        self._ioctl(self.fd, 117, f)
        return struct.unpack("IIIi", f)[3]

    def close(self):
        for fd in [self.fd] + self.fds:
            os.close(fd)


def first_difference(a, b):
    """None when equal, else a sentence with the place and the extent."""
    if a == b:
        return None
    pages = [at for at in range(0, max(len(a), len(b)), 4096) if a[at:at + 4096] != b[at:at + 4096]]
    at = pages[0]
    at += next((i for i, (x, y) in enumerate(zip(a[at:at + 4096], b[at:at + 4096])) if x != y), 0)
    return "%d of %d pages differ, first at byte %#x" % (len(pages), len(a) // 4096, at)


def sha256(data):
    return _sha256(data).hexdigest()


# ---- the nested VMM --------------------------------------------------------------------------------------------

class Lines:
    """The lines of a growing file, each handed out once."""

    def __init__(self, path):
        self.path, self.at, self.rest = path, 0, ""

    def more(self):
        try:
            with open(self.path, errors="replace") as f:
                f.seek(self.at)
                data = f.read()
                self.at = f.tell()
        except FileNotFoundError:
            return []
        lines = (self.rest + data).split("\n")
        self.rest = lines.pop()
        return lines


class Background:
    """A process of ours: by `with` stopped at its end, and when something went wrong there, at once."""

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, wrong, *_):
        if wrong:
            self.kill()
        else:
            self.stop()


class Qemu(Background):
    """One QEMU with QMP, a serial port and its own trace log (in $OUT). Usable once connect() has returned."""

    def __init__(self, name, args, vm="vm0"):
        self.name = name
        self.log = "%s/%s.log" % (OUT, name)
        self.serial_log = "%s/%s.serial" % (OUT, name)
        qmp, serial = self.sockets = "/tmp/%s.qmp" % name, "/tmp/%s.serial" % name
        self.stderr = open("%s/%s.err" % (OUT, name), "w+")
        self.seen = ""
        argv = ["qemu-system-x86_64", "-accel", ACCEL, "-M", "q35", "-nodefaults", "-display", "none", "-no-user-config",
                "-name", "%s,debug-threads=on" % vm, "-msg", "timestamp=on",
                "-trace", "vfio_*", "-trace", "-vfio_region_*", "-trace", "-vfio_pci_*_config",
                "-trace", "vmstate_downtime_*", "-trace", "migrate_*", "-trace", "*switchover*", "-D", self.log,
                "-qmp", "unix:%s,server=on,wait=off" % qmp,
                "-chardev", "socket,id=ser,path=%s,server=on,wait=off,logfile=%s" % (serial, self.serial_log),
                "-serial", "chardev:ser"] + args
        self.argv = argv
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self.stderr, stderr=self.stderr)
        atexit.register(self.kill)
        self.events = []

    def connect(self):
        self.qmp = self._connect(self.sockets[0])
        self.qmp_seen = b""
        self._line()
        self.do("qmp_capabilities")
        self.serial = self._connect(self.sockets[1])
        return self

    def _connect(self, path):
        # The sockets are there before the machine is: QEMU answers when its devices are realized.
        s = socket.socket(socket.AF_UNIX)

        def attempt():
            if self.process.poll() is not None:
                self.stderr.seek(0)
                raise LabError("QEMU '%s' ended with %d: %s" % (self.name, self.process.returncode, self.stderr.read().strip()))
            try:
                s.connect(path)
                return True
            except OSError:
                return False
        wait_for("QEMU '%s' to open %s" % (self.name, path), 30, attempt)
        s.settimeout(90)
        return s

    def do(self, command, **arguments):
        request = {"execute": command}
        if arguments:
            request["arguments"] = arguments
        self.qmp.sendall(json.dumps(request).encode() + b"\n")
        while True:
            reply = self._line()
            if reply is None:
                raise LabError("QEMU '%s' went away during %s" % (self.name, command))
            if "event" in reply:
                self.events.append(reply)
            elif "error" in reply:
                raise LabError("%s of '%s': %s" % (command, self.name, reply["error"]["desc"]))
            else:
                return reply["return"]

    def _line(self, wait=True):
        """The next line of QMP; None when there is none yet (and no waiting is wanted), or no more at all."""
        while b"\n" not in self.qmp_seen:
            if not wait and not select.select([self.qmp], [], [], 0)[0]:
                return None
            try:
                data = self.qmp.recv(65536)
            except ConnectionError:
                data = b""
            if not data:
                return None
            self.qmp_seen += data
        line, self.qmp_seen = self.qmp_seen.split(b"\n", 1)
        return json.loads(line)

    def saw(self, event, field=None, value=None):
        """Whether QEMU has told of it. Asks nothing: while QEMU drains a device it would not answer."""
        while True:
            got = self._line(wait=False)
            if got is None:
                break
            self.events.append(got)
        return any(e.get("event") == event and (field is None or e["data"].get(field) == value) for e in self.events)

    def migration(self):
        return self.do("query-migrate")

    def wait_migration(self, seconds, status="completed"):
        def probe():
            m = self.migration()
            if m.get("status") == status:
                return m
            if m.get("status") in ("failed", "cancelled", "completed"):
                raise LabError("migration of '%s' is %s, not %s: %s" % (self.name, m["status"], status, m.get("error-desc", "no reason given")))
            return None
        return wait_for("'%s' to be %s" % (self.name, status), seconds, probe, 0.05)

    def type(self, line):
        """A command to the guest. No waiting: a stopped guest reads it when it runs."""
        self.serial.sendall(line.encode() + b"\n")

    def expect(self, pattern, seconds):
        """The next line of the guest that matches, as a match object."""
        seconds *= PATIENCE
        end = time.monotonic() + seconds
        while True:
            while "\n" in self.seen:
                line, self.seen = self.seen.split("\n", 1)
                m = re.search(pattern, line.strip())
                if m:
                    return m
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.serial], [], [], left)[0]:
                raise LabError("the guest of '%s' did not say /%s/ within %g s" % (self.name, pattern, seconds))
            data = self.serial.recv(4096)
            if not data:
                raise LabError("QEMU '%s' closed the serial port while /%s/ was awaited" % (self.name, pattern))
            self.seen += data.decode(errors="replace")

    def ask(self, line, pattern, seconds=20):
        self.type(line)
        return self.expect(pattern, seconds)

    def quit(self):
        try:
            self.do("quit")
        except (LabError, OSError):
            pass
        try:
            self.process.wait(20 * PATIENCE)
        except subprocess.TimeoutExpired:
            raise LabError("QEMU '%s' did not quit" % self.name)
        if self.process.returncode:
            raise LabError("QEMU '%s' ended with %d" % (self.name, self.process.returncode))


# ---- vfioscope around it ---------------------------------------------------------------------------------------

class Recorder(Background):
    """vfioscope (or whatever is given) in the background: waits until it says that it is ready, ends it by SIGINT; by `with`
    at its end, and when something went wrong there, at once."""

    def __init__(self, argv, name="record", ready=True, seconds=60, stdout=None):
        self.name = name
        self.err = open("%s/%s.err" % (OUT, name), "w+")
        r, w = os.pipe()
        if ready:
            argv = argv + ["--ready-fd", str(w)]
        began = time.monotonic()
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=stdout, stderr=self.err, pass_fds=[w])
        atexit.register(self.kill)
        os.close(w)
        if ready:
            seconds *= PATIENCE
            if not select.select([r], [], [], seconds)[0]:
                raise LabError("the recorder was not ready within %g s: %s" % (seconds, self.text()))
            if not os.read(r, 64):
                self.process.wait(10)
                raise LabError("the recorder ended with %s before it was ready: %s" % (self.process.returncode, self.text()))
        os.close(r)
        self.ready_s = time.monotonic() - began

    def text(self):
        self.err.flush()
        with open(self.err.name) as f:
            return f.read().strip()

    def stop(self, seconds=30):
        self.process.send_signal(signal.SIGINT)
        seconds *= PATIENCE
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise LabError("the recorder did not end within %g s of SIGINT" % seconds)
        if self.process.returncode:
            raise LabError("the recorder ended with %d: %s" % (self.process.returncode, self.text()))


def traced():
    """Functions that ftrace is redirected from, a line each, the name first: none when nobody traces."""
    with open("/sys/kernel/tracing/enabled_functions") as f:
        return f.read().splitlines()


def vfioscope():
    """The path of the tool, or None when no build was brought in."""
    path = LAB + "/bin/vfioscope"
    return path if os.path.exists(path) else None


def each_event(path, why=False):
    """The events of a recording, one by one: a storm leaves millions. Unless `why`, without the reasons of slow calls, of which
    no two recordings of one run have the same, and without the losses of those."""
    p = subprocess.Popen([vfioscope(), "export", "--format", "ndjson", path], stdout=subprocess.PIPE, universal_newlines=True)
    for line in p.stdout:
        e = json.loads(line)
        if why or e["kind"] != "why" and (e["kind"] != "loss" or e.get("what") != "why"):
            yield e
    if p.wait():
        raise LabError("vfioscope export %s ended with %d" % (path, p.returncode))


def events(path, why=False):
    return list(each_event(path, why))


def lost(found):
    """How many of the events were lost."""
    return sum(e["count"] for e in found if e["kind"] == "loss")


def steady(what, measure, judge, times=3):
    """What @measure gives, and what @judge has against it: measured again where there is something, for an emulated
    machine on a busy host is late now and then; a defect is there each time."""
    for n in range(times):
        found = measure(n)
        wrong = judge(found)
        if not wrong:
            break
        say("%s, time %d of %d: %s" % (what, n + 1, times, "; ".join(wrong)))
    return found, wrong


def save(result):
    result.setdefault("kernel", os.uname().release)
    result.setdefault("clock_offset_s", clock_offset())
    with open(OUT + "/result.json", "w") as f:
        json.dump(result, f, indent=1, sort_keys=True)
        f.write("\n")
