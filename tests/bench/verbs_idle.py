# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""What our libibverbs and librdmacm cost a program that does not open a device."""
import os
import subprocess
import time

from processes import Failed, cpu_s

SWITCHES_MAX = 3	# in all of the time: the measured one may be given a processor for nothing now and then
LOAD_US_MAX = 5000	# of processor time, once; rdma-core's own take half a millisecond


def measure_verbs_idle(programs, seconds):
    """Threads, descriptors and processor time beside those of a program without the libraries."""
    libraries = [programs["libibverbs.so.1"], programs["librdmacm.so.1"]]
    plain = look_at([programs["load_library"]], seconds / 2)
    loaded = look_at([programs["load_library"], *libraries], seconds)
    listed = look_at([programs["load_library"], "--list", *libraries], seconds)
    return {"plain": plain, "loaded": loaded, "listed": listed}


def look_at(argv, seconds):
    env = {**os.environ, "LD_LIBRARY_PATH": os.path.dirname(argv[-1])}
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, env=env) as process:
        try:
            said = process.stdout.readline().strip()
            if not said:
                raise Failed(f"{' '.join(argv)}: {process.stderr.read().strip()}")
            before = switches(process.pid), cpu_s(process.pid)
            time.sleep(seconds)
            return {
                "load_us": float(said),
                "threads": len(os.listdir(f"/proc/{process.pid}/task")),
                "descriptors": len(os.listdir(f"/proc/{process.pid}/fd")),
                "switches": switches(process.pid) - before[0],
                "cpu_s": cpu_s(process.pid) - before[1],
            }
        finally:
            process.stdin.close()
            process.wait()


def switches(pid):
    """How often it was given a processor: finer than the clock of its processor time."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)


def judge_verbs_idle(idle):
    verdicts = []
    for state in "loaded", "listed":
        for figure in "threads", "descriptors", "switches", "cpu_s":
            more = idle[state][figure] - idle["plain"][figure]
            limit = SWITCHES_MAX if figure == "switches" else 0
            verdicts.append({"what": f"verbs {state}, nothing opened: more {figure}", "ratio": more,
                             "promise": f"<= {limit}", "kept": more <= limit})
        verdicts.append({"what": f"verbs {state}, nothing opened: ms to get there",
                         "ratio": idle[state]["load_us"] / 1000, "promise": f"< {LOAD_US_MAX // 1000}",
                         "kept": idle[state]["load_us"] < LOAD_US_MAX})
    return verdicts
