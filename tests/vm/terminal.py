"""A program at a terminal of its own: a pseudo-terminal, what it wrote, and keys for it.

Promises: what is written is taken all the time, so that a program never waits for its terminal; standard library only.
"""

import fcntl
import os
import pty
import select
import struct
import termios
import threading

import lab


class Terminal:
    def __init__(self, argv, rows=40, columns=120):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="linux", LC_ALL="C.UTF-8")
            # The size is there before the program looks at it.
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execv(argv[0], argv)
        self.out = b""
        self.status = None
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while True:
            try:
                if select.select([self.fd], [], [], 1)[0]:
                    self.out += os.read(self.fd, 65536)
            except OSError:
                return

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def wait_text(self, text, seconds):
        lab.wait_for("the scope to show %r" % text, seconds, lambda: text in self.out, 0.05)

    def alive(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is None

    def wait(self, seconds):
        lab.wait_for("the program to leave its terminal", seconds, lambda: not self.alive(), 0.05)
        self.reader.join(3)
        return self.status


class Scope(Terminal):
    """`vfioscope live --record` at a terminal; a screen is saved by the scope itself, into $OUT/NAME.txt and .roles."""

    used = True

    def __init__(self, name, *options):
        self.name = name
        self.path = "%s/%s.vfs" % (lab.OUT, name)
        self.screens = {}
        super().__init__([lab.vfioscope(), "live", "--record", self.path] + list(options))
        self.wait_text(b"hooks", 60)

    def command(self, line):
        self.type(":" + line + "\r")

    def screen(self, name):
        """What is on the screen now, as text."""
        path = "%s/%s-%s" % (lab.OUT, self.name, name)
        self.command("save-roles " + path + ".roles")
        self.command("save-screen " + path + ".txt")

        def saved():
            try:
                with open(path + ".txt", "rb") as f:
                    text = f.read()
            except FileNotFoundError:
                return None
            # Not before all of it is there.
            return text.decode() if text.count(b"\n") >= 40 else None
        text = self.screens[name] = lab.wait_for("the scope to save its screen '%s'" % name, 10, saved, 0.01)
        return text

    def stop(self):
        self.type("q")
        if self.wait(30):
            raise lab.LabError("the scope ended with %d" % self.status)
        with open("%s/%s.tty" % (lab.OUT, self.name), "wb") as f:
            f.write(self.out)

    def text(self):
        return "the scope"


def sentence(screen):
    """The second row: the one that says it all."""
    return screen.split("\n")[1].strip()
