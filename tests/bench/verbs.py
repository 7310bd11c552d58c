# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""Programs written for rdma-core: Debian's perftest under `openrdma run`, beside bare TCP that does the same.

Each measurement starts both ends.  measure() returns what subjects.py says; `latency` figures are half of a
round trip, as perftest prints them.  Processor time has perftest's start in it, which finds out the clock's rate
by looking at it for 0.2 s.
"""
import json
import os
import re
import shutil
import time

from processes import Failed, Pair, free_port, listening, output_of

# name: (perftest's program, its options, tcp_pp's arguments, message size)
VERBS_WORKLOADS = {
    "verbs-write-1m": ("ib_write_bw", ["--report_gbits"], ["stream", "--sleep"], 1 << 20),
    "verbs-send-lat": ("ib_send_lat", [], ["latency"], 2),
    "verbs-send-lat-e": ("ib_send_lat", ["-e"], ["latency", "--sleep"], 2),
}
LATENCY_ROUND_TRIPS_S = 40000	# so many fill a second of a busy machine
HANDSHAKE_S = 20		# a run may take so much longer than asked


class VerbsSubject:
    """Nothing runs between measurements."""

    def __init__(self, name):
        self.name = name

    def workloads(self):
        return VERBS_WORKLOADS

    def start(self):
        """Raises Failed when it cannot run here."""

    def stop(self):
        pass


class BarePp(VerbsSubject):
    """tests/bench/tcp_pp: bytes and nothing else."""

    def __init__(self, name, program):
        super().__init__(name)
        self.program = program

    def measure(self, workload, seconds):
        _, _, arguments, size = VERBS_WORKLOADS[workload]
        way, *options = arguments
        result = json.loads(output_of([self.program, way, str(size), *options, "--seconds", str(seconds)],
                                      seconds + HANDSHAKE_S))
        return {
            "iops": result["ops_per_s"],
            "mb_s": result["bytes_per_s"] / 1e6,
            "p50_us": result["p50_us"] or None,
            "p99_us": result["p99_us"] or None,
            "client_us": result["client_cpu_us_per_op"],
            "server_us": result["server_cpu_us_per_op"],
        }


class Perftest(VerbsSubject):
    """Both ends on our libraries, connected by rdma_cm."""

    def __init__(self, name, programs, crc="on"):
        super().__init__(name)
        self.programs, self.crc = programs, crc

    def start(self):
        for program in {row[0] for row in VERBS_WORKLOADS.values()}:
            if not shutil.which(program):
                raise Failed(f"{program} is not installed (perftest)")
        if "openrdma" not in self.programs:
            raise Failed("openrdma is not built")

    def command(self, workload, seconds, port):
        program, options, _, size = VERBS_WORKLOADS[workload]
        if program.endswith("_lat"):	# with -D it prints no median
            length = ["-n", str(max(1000, int(seconds * LATENCY_ROUND_TRIPS_S)))]
        else:
            length = ["-D", str(max(1, round(seconds)))]
        return [self.programs["openrdma"], "run", "--crc", self.crc, "--", program, "-R", "-F", "-s", str(size),
                "-p", str(port), *length, *options]

    def measure(self, workload, seconds):
        port = free_port()
        argv = self.command(workload, seconds, port)
        with Pair(on_processor(0, argv)) as pair:
            until = time.monotonic() + HANDSHAKE_S
            while not listening(port):
                if pair.server_ended() or time.monotonic() > until:
                    raise Failed(f"{' '.join(argv)} does not listen: {pair.server_words()}")
                time.sleep(0.02)
            text = pair.run_client(on_processor(1, [*argv, "127.0.0.1"]), seconds * 4 + HANDSHAKE_S)
            row = result_row(text)
            if argv[5].endswith("_lat"):
                return latency_figures(row, pair)
            return bandwidth_figures(row, pair, VERBS_WORKLOADS[workload][3], seconds)


def on_processor(n, argv):
    """As tcp_pp does: the n-th of the processors that we may use, if there are so many."""
    processors = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(processors[n]), *argv] if n < len(processors) else argv


def result_row(text):
    """The numbers of the only line that has nothing else (a deviation may be no number)."""
    rows = [line.split() for line in text.splitlines() if re.fullmatch(r"\s*\d[-\s\d.na]+", line)]
    if len(rows) != 1 or len(rows[0]) < 5:
        raise Failed(f"perftest printed no result: {text.strip()[-500:]}")
    return [float(word) for word in rows[0]]


def latency_figures(row, pair):
    """#bytes #iterations t_min t_max t_typical t_avg t_stdev 99% 99.9%"""
    iterations, median, average, p99 = row[1], row[4], row[5], row[7]
    return {
        "iops": 1e6 / (2 * average),
        "mb_s": None,
        "p50_us": median,
        "p99_us": p99,
        "client_us": pair.client_cpu_s() / iterations * 1e6,
        "server_us": pair.server_cpu_s() / iterations * 1e6,
    }


def bandwidth_figures(row, pair, size, seconds):
    """#bytes #iterations peak average rate; the two in Gb/s, of the middle of the run"""
    bytes_per_s = row[3] * 1e9 / 8
    messages = bytes_per_s / size * max(1, round(seconds))
    return {
        "iops": bytes_per_s / size,
        "mb_s": bytes_per_s / 1e6,
        "p50_us": None,
        "p99_us": None,
        "client_us": pair.client_cpu_s() / messages * 1e6,
        "server_us": pair.server_cpu_s() / messages * 1e6,
    }
