# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""FUSE mounts: `openrdma mount` of openrdma-nfsd by RDMA, and tests/bench/fuse_pass of the same file.

One file is read in sequence, 1 MiB at a time, by fio, with the page cache of the mount empty at the start of each pass
(fio drops it), and that of the file below full.  All mounts read ahead the same and are asked for the same at once.

"pass" is what a FUSE passthrough is with libfuse: data goes by splice.  "pass-copy" has a buffer for each thread and
copies once, which is the least that a FUSE file system can do without a network: a ceiling, about which nothing is
promised, because what comes by a network on the same machine is copied three times more.
"""
import math
import os
import shutil
import signal
import subprocess
import time

from nfs import OpenRdmaNfs, make_share, need_root
from processes import Failed, Lacking, cpu_s, output_of
from subjects import Subject, fio_result

# name: (fio's engine, depth, direct)
MOUNT_WORKLOADS = {
    "mount-1m": ("psync", 1, False),
    "mount-1m-8": ("io_uring", 8, False),
    "mount-direct-1m": ("psync", 1, True),
    "mount-direct-1m-8": ("io_uring", 8, True),
}
READAHEAD_KB = 8192		# what `openrdma mount` sets
PASS_BYTES_S = 1e9		# about; so much is read for each second that is asked for


def device_of(path):
    for line in open("/proc/self/mountinfo", encoding="utf-8"):
        fields = line.split()
        if fields[4] == path:
            return fields[2]
    return None


class Mounted:
    """A FUSE program in the foreground, from its mount to its end."""

    def __init__(self, argv, path, log):
        os.makedirs(path, exist_ok=True)
        self.path, self.log = path, log
        with open(log, "ab") as output:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            self.wait_for(lambda: device_of(path) and self.readahead(), "does not mount")
        except Failed:
            self.stop()
            raise

    def wait_for(self, done, complaint):
        until = time.monotonic() + 20
        while not done():
            if self.process.poll() is not None or time.monotonic() > until:
                with open(self.log, encoding="utf-8", errors="replace") as file:
                    raise Failed(f"{complaint}: {file.read().strip()[-500:] or 'it printed nothing'}")
            time.sleep(0.05)

    def readahead(self):
        """Sets it where the program does not; true once it is set."""
        path = f"/sys/class/bdi/{device_of(self.path)}/read_ahead_kb"
        try:
            with open(path, "w", encoding="ascii") as file:
                file.write(str(READAHEAD_KB))
            return True
        except OSError:
            return False

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        if device_of(self.path):
            subprocess.run(["umount", "-l", self.path], check=False)


class Mount(Subject):
    """Base of the two: fio on the file `data` of self.mounted."""

    def __init__(self, name, scratch, size):
        super().__init__(name, scratch, size)
        self.mounted = None

    def workloads(self):
        return MOUNT_WORKLOADS

    def start(self):
        need_root()
        if not os.access("/dev/fuse", os.R_OK | os.W_OK):
            raise Lacking("there is no /dev/fuse")
        if not shutil.which("fio"):
            raise Lacking("fio is not installed")
        self.share = make_share(self.scratch, self.size)
        self.path = os.path.join(self.scratch, self.name)

    def stop(self):
        if self.mounted:
            self.mounted.stop()

    def measure(self, workload, seconds):
        engine, depth, direct = MOUNT_WORKLOADS[workload]
        passes = max(2, math.ceil(seconds * PASS_BYTES_S / self.size))
        before = cpu_s(self.mounted.process.pid), self.server_cpu_s()
        text = output_of(["fio", "--output-format=json", "--name=read", f"--filename={self.path}/data", "--readonly",
                          "--rw=read", "--bs=1m", f"--size={self.size}", f"--loops={passes}", "--invalidate=1",
                          f"--ioengine={engine}", f"--iodepth={depth}", f"--direct={int(direct)}"], 120)
        result = fio_result(text, False)
        operations = passes * (self.size >> 20)
        result["client_us"] += (cpu_s(self.mounted.process.pid) - before[0]) / operations * 1e6
        result["server_us"] = (self.server_cpu_s() - before[1]) / operations * 1e6
        return result

    def server_cpu_s(self):
        return 0.0


class Passthrough(Mount):
    """tests/bench/fuse_pass: the file of the server's directory, and nothing else."""

    def __init__(self, name, scratch, size, program, *options):
        super().__init__(name, scratch, size)
        self.program, self.options = program, options

    def start(self):
        super().start()
        if not self.program:
            raise Lacking("fuse_pass is not built: libfuse3-dev")
        self.mounted = Mounted([self.program, os.path.join(self.share, "data"), self.path, *self.options], self.path,
                               self.log())


class OpenRdmaMount(Mount):
    """`openrdma mount` by RDMA of an openrdma-nfsd of its own."""

    def __init__(self, name, scratch, size, programs, options="vers=3"):
        super().__init__(name, scratch, size)
        self.programs, self.options = programs, options
        self.nfsd = OpenRdmaNfs(name, scratch, size, programs)

    def start(self):
        super().start()
        self.nfsd.serve()
        self.mounted = Mounted([self.programs["openrdma"], "mount", "--foreground", f"127.0.0.1:{self.share}",
                                self.path, "-o", f"ro,proto=rdma,port={self.nfsd.rdma_port},"
                                f"mountport={self.nfsd.port},{self.options}"], self.path, self.log() + "-mount")

    def stop(self):
        super().stop()
        self.nfsd.stop()

    def server_cpu_s(self):
        return cpu_s(self.nfsd.server.pid)
