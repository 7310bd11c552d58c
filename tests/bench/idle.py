# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""What a target costs that has many sessions and nothing to do."""
import os
import subprocess
import time

from processes import Failed, Server, cpu_s, free_port, resident_bytes

SESSIONS = 64
CPU_PERCENT_MAX = 0.5
RESIDENT_MIB_MAX = 64


def measure_idle(programs, scratch, seconds):
    """Processor share in percent and resident MiB of openrdma-targetd with a LUN that has no memory."""
    port = free_port()
    server = Server([programs["openrdma-targetd"], "--portal", f"127.0.0.1:{port}", "--lun",
                     "null0=null:,size=1T"], port, os.path.join(scratch, "idle.log"))
    client = None
    try:
        client = subprocess.Popen([programs["idle_sessions"], "127.0.0.1", str(port),
                                   "iqn.2026-11.org.openrdma:null0", str(SESSIONS)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True)
        if client.stdout.readline().strip() != "ready":
            raise Failed(f"{SESSIONS} sessions: {client.stderr.read().strip()}")
        time.sleep(1)
        before, began = cpu_s(server.pid), time.monotonic()
        time.sleep(seconds)
        used, elapsed = cpu_s(server.pid) - before, time.monotonic() - began
        return {"sessions": SESSIONS, "cpu_percent": used / elapsed * 100,
                "resident_mib": resident_bytes(server.pid) / (1 << 20)}
    finally:
        if client:
            client.stdin.close()
            client.wait()
        server.stop()


def judge_idle(idle):
    what = f"idle with {idle['sessions']} sessions"
    return [
        {"what": f"{what}: percent of a processor", "ratio": idle["cpu_percent"],
         "promise": f"< {CPU_PERCENT_MAX:g}", "kept": idle["cpu_percent"] < CPU_PERCENT_MAX},
        {"what": f"{what}: MiB", "ratio": idle["resident_mib"], "promise": f"< {RESIDENT_MIB_MAX}",
         "kept": idle["resident_mib"] < RESIDENT_MIB_MAX},
    ]
