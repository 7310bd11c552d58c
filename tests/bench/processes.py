# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""Starting, watching and ending the programs of a benchmark, and what processor time they use."""
import os
import re
import resource
import signal
import socket
import subprocess
import time

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def free_port():
    """A port on 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def cpu_s(pid):
    """User and system seconds of a process so far, its threads included."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def resident_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) * 1024


def children_cpu_s():
    """User and system seconds of the programs that were run and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Failed(Exception):
    """A program did not do what the benchmark needs; the text is for people."""


class Server:
    """A program in the background, from its first listening on the port to stop()."""

    def __init__(self, argv, port, log, env=None):
        self.log = log
        with open(log, "wb") as output:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                            env={**os.environ, **(env or {})})
        until = time.monotonic() + 10
        while not listens(port):
            if self.process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise Failed(f"{argv[0]} does not listen on port {port}: {self.last_words()}")
            time.sleep(0.05)

    @property
    def pid(self):
        return self.process.pid

    def last_words(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read().strip()[-500:] or "it printed nothing"

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()


def output_of(argv, limit_s, env=None):
    """What a program prints; Failed, with its complaint, unless it ends well within the limit."""
    try:
        run = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                             errors="replace", timeout=limit_s, env={**os.environ, **(env or {})})
    except subprocess.TimeoutExpired as late:
        raise Failed(f"{argv[0]} took longer than {limit_s:.0f} s") from late
    except OSError as error:
        raise Failed(f"{argv[0]}: {error.strerror}") from error
    if run.returncode != 0:
        raise Failed(f"{' '.join(argv)}: status {run.returncode}: {(run.stderr or run.stdout).strip()[-500:]}")
    return run.stdout
