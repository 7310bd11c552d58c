# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""What is measured: bare TCP, nbdkit, tgt and OpenRDMA, each with a disk of the same size in memory.

A subject is started once, its disk is filled with data (pages that were never written are cheaper to
read), and then asked for one workload after the other.  measure() returns a dictionary:

    iops, mb_s, p50_us, p99_us    as the client program reports them (None where it does not)
    client_us, server_us          processor time of each end for one operation
"""
import json
import math
import os
import re
import shutil
import signal

from processes import Failed, Server, children_cpu_s, cpu_s, free_port, output_of

HERE = os.path.dirname(os.path.realpath(__file__))
PROFILES = os.path.join(HERE, "..", "..", "fio-profiles")

# name: (block size, depth, write)
WORKLOADS = {
    "randread-4k": (4096, 32, False),
    "read-1m": (1 << 20, 32, False),
    "write-1m": (1 << 20, 32, True),
    "latency-1": (4096, 1, False),
}
# The same profiles with a few requests at once, for those to whom more of this size is too many.
FEW_WORKLOADS = {
    "read-1m-4": (1 << 20, 4, False),
    "write-1m-4": (1 << 20, 4, True),
}
ALL_WORKLOADS = {**WORKLOADS, **FEW_WORKLOADS}


def profile_of(workload):
    return workload.removesuffix("-4") if workload in FEW_WORKLOADS else workload


def fio_result(text, write):
    """One job's figures from fio's JSON."""
    job = json.loads(text[text.index("{"):])["jobs"][0]
    side = job["write" if write else "read"]
    if job["error"] or side["total_ios"] == 0:
        raise Failed(f"fio: error {job['error']}, {side['total_ios']} operations")
    percent = (side.get("lat_ns", {}).get("percentile") or side["clat_ns"].get("percentile") or
               side["lat_ns"]["percentile"])
    busy_s = (job["usr_cpu"] + job["sys_cpu"]) / 100 * side["runtime"] / 1000
    return {
        "iops": side["iops"],
        "mb_s": side["bw_bytes"] / 1e6,
        "p50_us": percent["50.000000"] / 1000,
        "p99_us": percent["99.000000"] / 1000,
        "client_us": busy_s / side["total_ios"] * 1e6,
    }


class Subject:
    """Base of the others: a server whose processor time is read around each run."""

    server = None
    ramp_s = 1.0	# before the client's figures count

    def __init__(self, name, scratch, size):
        self.name, self.scratch, self.size = name, scratch, size
        self.port = free_port()

    def workloads(self):
        return WORKLOADS

    def start(self):
        """Raises Failed when it cannot run here."""

    def stop(self):
        if self.server:
            self.server.stop()

    def log(self):
        return os.path.join(self.scratch, self.name + ".log")

    def measure(self, workload, seconds):
        before = cpu_s(self.server.pid)
        result = self.run(workload, seconds)
        used = cpu_s(self.server.pid) - before
        # The server also worked during the client's ramp time.
        result["server_us"] = used / (result["iops"] * (seconds + self.ramp_s)) * 1e6
        return result

    def run(self, workload, seconds):
        raise NotImplementedError

    def job_file(self, workload, seconds):
        """Our own profile with another run time, and depth, which fio's command line cannot change."""
        with open(os.path.join(PROFILES, profile_of(workload) + ".fio"), encoding="utf-8") as profile:
            text = profile.read()
        text = re.sub(r"^runtime=.*$", f"runtime={seconds}", text, flags=re.MULTILINE)
        text = re.sub(r"^ramp_time=.*$", f"ramp_time={self.ramp_s}", text, flags=re.MULTILINE)
        if workload in FEW_WORKLOADS:
            depth = FEW_WORKLOADS[workload][1]
            text = re.sub(r"^iodepth.*$", "", text, flags=re.MULTILINE) + f"iodepth={depth}\n"
        path = os.path.join(self.scratch, f"{self.name}-{workload}.fio")
        with open(path, "w", encoding="utf-8") as job:
            job.write(text)
        return path


class BareTcp(Subject):
    """tests/bench/tcp_rr: bytes and nothing else."""

    def __init__(self, name, scratch, size, program):
        super().__init__(name, scratch, size)
        self.program = program

    def workloads(self):
        return ALL_WORKLOADS

    def measure(self, workload, seconds):
        block, depth, write = ALL_WORKLOADS[workload]
        result = json.loads(output_of(
            [self.program, "write" if write else "read", str(block), "--depth", str(depth), "--region",
             str(self.size), "--seconds", str(seconds), "--warmup", str(self.ramp_s)],
            seconds + 30))
        return {
            "iops": result["ops_per_s"],
            "mb_s": result["bytes_per_s"] / 1e6,
            "p50_us": result["p50_us"],
            "p99_us": result["p99_us"],
            "client_us": result["client_cpu_us_per_op"],
            "server_us": result["server_cpu_us_per_op"],
        }


class Nbdkit(Subject):
    """nbdkit's memory plugin over TCP, fio's nbd engine."""

    def start(self):
        for program in "nbdkit", "fio":
            if not shutil.which(program):
                raise Failed(f"{program} is not installed")
        self.server = Server(["nbdkit", "-f", "-i", "127.0.0.1", "-p", str(self.port), "memory",
                              str(self.size)], self.port, self.log())
        self.fio("--name=fill", "--rw=write", "--bs=1m", "--iodepth=16")

    def fio(self, *options):
        return output_of(["fio", "--output-format=json", "--ioengine=nbd",
                          f"--uri=nbd://127.0.0.1:{self.port}", f"--size={self.size}", *options], 120)

    def run(self, workload, seconds):
        return fio_result(self.fio(self.job_file(workload, seconds)), WORKLOADS[workload][2])


class Tgt(Subject):
    """Debian's tgtd on plain iSCSI over TCP, with iscsi-perf; its file lies in memory."""

    target = "iqn.2026-11.org.openrdma.bench:tgt"
    ramp_s = 0.0

    def start(self):
        for program in "tgtd", "tgtadm", "iscsi-perf":
            if not shutil.which(program):
                raise Failed(f"{program} is not installed")
        if os.geteuid() != 0:
            raise Failed("tgtd needs root")
        self.env = {"TGT_IPC_SOCKET": os.path.join(self.scratch, "tgt")}
        self.file = f"/dev/shm/openrdma-bench-{os.getpid()}"
        with open(self.file, "wb") as disk:
            chunk = os.urandom(1 << 20)
            for _ in range(self.size >> 20):
                disk.write(chunk)
        self.server = Server(["tgtd", "-f", "--iscsi", f"portal=127.0.0.1:{self.port}"], self.port,
                             self.log(), self.env)
        self.admin("new", "target", "-T", self.target)
        self.admin("new", "logicalunit", "--lun", "1", "-b", self.file)
        self.admin("bind", "target", "-I", "ALL")

    def admin(self, operation, mode, *options):
        output_of(["tgtadm", "--lld", "iscsi", "--op", operation, "--mode", mode, "--tid", "1", *options],
                  20, self.env)

    def stop(self):
        if self.server:
            self.server.stop(signal.SIGKILL)	# it ignores the milder ones while it has a target
        if hasattr(self, "file"):
            os.unlink(self.file)

    def run(self, workload, seconds):
        block, depth, write = WORKLOADS[workload]
        if write:
            raise Failed("iscsi-perf only reads")
        seconds = max(1, round(seconds))
        before = children_cpu_s()
        text = output_of(["iscsi-perf", "-m", str(depth), "-b", str(block // 512), "-t", str(seconds),
                          *(["-r"] if block == 4096 else []),
                          f"iscsi://127.0.0.1:{self.port}/{self.target}/1"], seconds + 30)
        average = re.findall(r"iops average (\d+)", text)
        if not average or int(average[-1]) == 0:
            raise Failed("iscsi-perf printed no result")
        iops = float(average[-1])
        return {
            "iops": iops,
            "mb_s": iops * block / 1e6,
            "p50_us": None,
            "p99_us": None,
            "client_us": (children_cpu_s() - before) / (iops * seconds) * 1e6,
        }


class OpenRdma(Subject):
    """openrdma-targetd with a RAM LUN, `openrdma bench` with the fio engine."""

    def __init__(self, name, scratch, size, programs, crc="on"):
        super().__init__(name, scratch, size)
        self.programs, self.crc = programs, crc

    def start(self):
        targetd = self.programs.get("openrdma-targetd")
        if not targetd or not self.programs.get("openrdma"):
            raise Failed("openrdma is not built")
        self.server = Server([targetd, "--portal", f"127.0.0.1:{self.port}", "--lun",
                              f"ram0=ram:,size={self.size >> 20}M", "--crc", self.crc], self.port, self.log())
        self.bench("write-1m", max(1, self.size / 1e9))

    def bench(self, workload, seconds):
        return output_of([self.programs["openrdma"], "bench", profile_of(workload), self.url(), "--runtime",
                          str(math.ceil(seconds)), "--depth", str(ALL_WORKLOADS[workload][1]), "--json",
                          "--destroy-data"], seconds + 60)

    def url(self):
        return f"iser://127.0.0.1:{self.port}/iqn.2026-11.org.openrdma:ram0/0?crc={self.crc}"

    def run(self, workload, seconds):
        return fio_result(self.bench(workload, seconds), ALL_WORKLOADS[workload][2])
