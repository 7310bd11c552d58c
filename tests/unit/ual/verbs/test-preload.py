#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""test-preload.py LIBRSPRELOAD: socket programs over rsockets, and over TCP where the other end has none.

Server and client are this program again, with and without the library preloaded.
"""
import os
import socket
import subprocess
import sys
import threading

DATA = bytes(range(256)) * 8000
LIMIT_S = 30


def over_rdma():
    with open("/proc/self/maps", encoding="ascii") as maps:
        return "openrdma-soft" in maps.read()


def serve():
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        print(listener.getsockname()[1], flush=True)
        while True:
            conn, _ = listener.accept()
            with conn:
                # what an RDMA client says to a server that does not know it begins with MPA's key
                if conn.recv(3, socket.MSG_PEEK) == b"MPA":
                    threading.Event().wait(3)
                    continue
                copy = os.dup(conn.fileno())
                conn.close()
                with socket.socket(fileno=copy) as same:
                    while chunk := same.recv(65536):
                        same.sendall(chunk)
                return


def client(port):
    with socket.create_connection(("127.0.0.1", int(port)), timeout=20) as conn:
        sender = threading.Thread(target=lambda: (conn.sendall(DATA), conn.shutdown(socket.SHUT_WR)))
        sender.start()
        got = b""
        while chunk := conn.recv(100000):
            got += chunk
        sender.join()
    if got != DATA:
        sys.exit("wrong data: %d bytes of %d" % (len(got), len(DATA)))
    print("rdma" if over_rdma() and os.environ.get("LD_PRELOAD") else "tcp")


def pair(library, server_preloaded):
    preloaded = dict(os.environ, LD_PRELOAD=library)
    with subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True,
                          env=preloaded if server_preloaded else None) as server:
        try:
            port = server.stdout.readline().strip()
            return subprocess.run([sys.executable, __file__, "--client", port], env=preloaded,
                                  stdout=subprocess.PIPE, text=True, timeout=LIMIT_S,
                                  check=True).stdout.strip()
        finally:
            server.terminate()


def main():
    if sys.argv[1] == "--serve":
        return serve()
    if sys.argv[1] == "--client":
        return client(sys.argv[2])
    assert pair(sys.argv[1], True) == "rdma"
    pair(sys.argv[1], False)
    print("ok")
    return None


if __name__ == "__main__":
    main()
