# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""Starting, watching and ending the programs of a benchmark, and what processor time they use."""
import os
import re
import resource
import signal
import socket
import subprocess
import tempfile
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


def listening(port):
    """The same of any address, asked of the kernel: for servers that would take a probe for a client."""
    wanted = f":{port:04X}"
    for table in "/proc/net/tcp", "/proc/net/tcp6":
        try:
            with open(table, encoding="ascii") as file:
                rows = [line.split() for line in file]
        except OSError:
            continue
        if any(row[1].endswith(wanted) and row[3] == "0A" for row in rows):
            return True
    return False


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


class Lacking(Failed):
    """This machine lacks what the subject needs: it is left out, and nothing is wrong."""


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


class Pair:
    """A server that serves one client and ends with it, and what processor time each of the two used."""

    def __init__(self, argv):
        self.argv = argv
        self.output = tempfile.TemporaryFile()	# a pipe that fills up would stop it
        self.server = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output)
        self.usage = self.client_usage = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.usage is None:
            self.server.kill()
            os.waitpid(self.server.pid, 0)
            self.server.returncode = -signal.SIGKILL
        self.output.close()

    def server_ended(self):
        return self.usage is not None or self.wait_for_server(0)

    def server_words(self):
        self.output.seek(0)
        return self.output.read().decode(errors="replace").strip()[-500:] or "it printed nothing"

    def wait_for_server(self, limit_s):
        until = time.monotonic() + limit_s
        while True:
            pid, status, usage = os.wait4(self.server.pid, os.WNOHANG)
            if pid:
                self.server.returncode = os.waitstatus_to_exitcode(status)
                self.usage = usage
                return True
            if time.monotonic() >= until:
                return False
            time.sleep(0.02)

    def run_client(self, argv, limit_s):
        """What the client prints, once both have ended well."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            text = output_of(argv, limit_s)
        except Failed as failure:
            raise Failed(f"{failure}; the server: {self.server_words()}") from failure
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.client_usage = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if not self.wait_for_server(10):
            raise Failed(f"{' '.join(self.argv)} did not end with its client")
        if self.server.returncode != 0:
            raise Failed(f"{' '.join(self.argv)}: status {self.server.returncode}: {self.server_words()}")
        return text

    def client_cpu_s(self):
        return self.client_usage

    def server_cpu_s(self):
        return self.usage.ru_utime + self.usage.ru_stime
