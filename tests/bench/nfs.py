# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""NFS servers: openrdma-nfsd over RDMA with our fio engine, nfs-ganesha over TCP with libnfs and fio's own.

Both serve the same file, which is in the page cache.  Debian's fio has no NFS engine: it is built from the
source of the very fio that is installed (tests/bench/meson.build).  Ganesha and its rpcbind run in a network
namespace of their own, with a /run of their own, for they register there.
"""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from processes import Failed, Lacking, Server, cpu_s, free_port
from subjects import ALL_WORKLOADS, FEW_WORKLOADS, WORKLOADS, OpenRdma, Subject, fio_result

GANESHA_PORTS = (2049, 20048)	# of NFS and MOUNT, in its own namespace
# libnfs 4.0 and Ganesha 4.3 come to a standstill with 32 requests of 1 MiB.
GANESHA_WORKLOADS = {name: WORKLOADS[name] for name in ("randread-4k", "latency-1")} | FEW_WORKLOADS

GANESHA_CONF = """
NFS_CORE_PARAM {{ Protocols = 3; NFS_Port = {ports[0]}; MNT_Port = {ports[1]}; Enable_NLM = false;
		  Enable_RQUOTA = false; }}
NFS_KRB5 {{ Active_krb5 = false; }}
NFSV4 {{ RecoveryBackend = fs; }}
EXPORT {{ Export_Id = 1; Path = "{share}"; Pseudo = /share; Protocols = 3; Transports = TCP;
	  Access_Type = RW; Squash = none; SecType = sys; FSAL {{ Name = VFS; }} }}
"""

GANESHA_START = """
mount -t tmpfs none /run && mkdir /run/ganesha || exit 1
rpcbind -f &
for n in $(seq 50); do [ -S /run/rpcbind.sock ] && break; sleep 0.1; done
exec ganesha.nfsd -F -f "$1" -L "$2" -p /run/ganesha/pid -N EVENT
"""


def make_share(scratch, size):
    """A directory with one file of random bytes, written to the disk, so that nothing is left to be done for it."""
    share = os.path.join(scratch, "share")
    path = os.path.join(share, "data")
    if not os.path.exists(path):
        os.makedirs(share, exist_ok=True)
        chunk = os.urandom(1 << 20)
        with open(path, "wb") as file:
            for _ in range(size >> 20):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    return share


def need_root():
    if os.geteuid() != 0:
        raise Lacking("an NFS server needs root")


class OpenRdmaNfs(OpenRdma):
    """openrdma-nfsd over RDMA, `openrdma bench` with the fio engine."""

    def workloads(self):
        return ALL_WORKLOADS if self.crc == "on" else FEW_WORKLOADS

    def start(self):
        self.serve()
        self.bench("write-1m", 1)

    def serve(self):
        nfsd = self.programs.get("openrdma-nfsd")
        if not nfsd or not self.programs.get("openrdma"):
            raise Lacking("openrdma-nfsd is not built")
        need_root()
        self.share = make_share(self.scratch, self.size)
        self.rdma_port = free_port()
        try:
            self.server = Server([nfsd, "--listen", "127.0.0.1", "--port", str(self.port), "--rdma-port",
                                  str(self.rdma_port), "--no-rpcbind", "--crc", self.crc, "--state",
                                  os.path.join(self.scratch, self.name + "-state"), "--export",
                                  f"{self.share} *(rw,no_root_squash,insecure)"], self.port, self.log())
        except Failed as failure:
            if "file handle" in str(failure):
                raise Lacking(f"the file system of {self.scratch} has no file handles") from failure
            raise

    def url(self):
        return f"nfs://127.0.0.1:{self.rdma_port}{self.share}/data?mount-port={self.port}&crc={self.crc}"


class Ganesha(Subject):
    """nfs-ganesha's VFS over TCP, fio's nfs engine.  What it fails at leaves it out: it is not what is tested."""

    def __init__(self, name, scratch, size, engine):
        super().__init__(name, scratch, size)
        self.engine = engine
        self.namespace = None

    def workloads(self):
        return GANESHA_WORKLOADS

    def start(self):
        need_root()
        for program in "ganesha.nfsd", "rpcbind", "ip", "fio":
            if not shutil.which(program):
                raise Lacking(f"{program} is not installed")
        if not self.engine:
            raise Lacking("fio's nfs engine is not built: libnfs-dev and -Dfio_source=$(tools/fio-headers)")
        self.share = make_share(self.scratch, self.size)
        conf = os.path.join(self.scratch, "ganesha.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write(GANESHA_CONF.format(ports=GANESHA_PORTS, share=self.share))
        name = f"openrdma-bench-{os.getpid()}"
        for command in ["ip", "netns", "add", name], ["ip", "-n", name, "link", "set", "lo", "up"]:
            if subprocess.run(command, capture_output=True, check=False).returncode != 0:
                raise Lacking("cannot make a network namespace")
            self.namespace = name
        with open(self.log(), "wb") as output:
            self.process = subprocess.Popen(self.inside("sh", "-c", GANESHA_START, "sh", conf, self.log()),
                                            stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        until = time.monotonic() + 20
        while not self.serves():
            if self.process.poll() is not None or time.monotonic() > until:
                raise Lacking(f"ganesha does not start: {self.last_words()}")
            time.sleep(0.1)
        self.fio("--name=fill", "--rw=write", "--bs=1m", "--iodepth=4")

    def inside(self, *command):
        return ["ip", "netns", "exec", self.namespace, *command]

    def serves(self):
        listening = subprocess.run(self.inside("cat", "/proc/net/tcp6", "/proc/net/tcp"), capture_output=True,
                                   text=True, check=False).stdout
        return all(re.search(f":{port:04X} [0-9A-F]+:0000 0A", listening) for port in GANESHA_PORTS)

    def last_words(self):
        with open(self.log(), encoding="utf-8", errors="replace") as file:
            return file.read().strip()[-500:]

    def pids(self):
        found = subprocess.run(["ip", "netns", "pids", self.namespace], capture_output=True, text=True, check=False)
        return [int(pid) for pid in found.stdout.split()]

    def stop(self):
        if not self.namespace:
            return
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)	# all that this namespace has are ours
        if hasattr(self, "process"):
            self.process.wait()
        subprocess.run(["ip", "netns", "del", self.namespace], check=False)
        self.namespace = None

    def fio(self, *options):
        """Its jobs are processes, which outlive it when they hang: they end with the namespace."""
        url = f"nfs://127.0.0.1{self.share}?nfsport={GANESHA_PORTS[0]}&mountport={GANESHA_PORTS[1]}&version=3"
        output = os.path.join(self.scratch, "ganesha-fio.json")
        words = tempfile.TemporaryFile()	# a pipe would be held open by what hangs
        before = set(self.pids())
        fio = subprocess.Popen(self.inside(
            "fio", "--output-format=json", f"--output={output}", f"--ioengine=external:{self.engine}",
            f"--nfs_url={url}", "--filename=/data", f"--size={self.size}", *options),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=words, cwd=self.scratch)
        try:
            status = fio.wait(60)
        except subprocess.TimeoutExpired as late:
            raise Lacking("fio with libnfs hangs") from late
        finally:
            for pid in set(self.pids()) - before:
                os.kill(pid, signal.SIGKILL)
            fio.wait()
        if status != 0:
            words.seek(0)
            raise Lacking(f"fio with libnfs: status {status}: {words.read().decode(errors='replace')[-300:]}")
        with open(output, encoding="utf-8") as file:
            return file.read()

    def measure(self, workload, seconds):
        before = cpu_s(self.process.pid)
        result = self.run(workload, seconds)
        used = cpu_s(self.process.pid) - before
        result["server_us"] = used / (result["iops"] * (seconds + self.ramp_s)) * 1e6
        return result

    def run(self, workload, seconds):
        return fio_result(self.fio(self.job_file(workload, seconds)), GANESHA_WORKLOADS[workload][2])
