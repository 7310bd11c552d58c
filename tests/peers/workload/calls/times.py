# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""Times: which of them each call changes, and what they can be set to."""
import os

from calls.lib import OTHER, OWNER, as_user, begin, call, put, remove, say, tick

PAST = 10**18


def times(path):
    at = os.lstat(path)
    return at.st_atime_ns, at.st_mtime_ns, at.st_ctime_ns


def changed(name, paths, function):
    """Which times of the paths change; atime is the reader's affair, and relatime's."""
    for path in paths:
        if os.path.lexists(path) and not os.path.islink(path):
            os.utime(path, ns=(PAST, PAST))
    before = {path: times(path) for path in paths}
    tick()
    call(name, function)
    for path in paths:
        if not os.path.lexists(path):
            continue
        now = times(path)
        say(f"{name}, of {path}", " ".join(
            word for i, word in ((1, "mtime"), (2, "ctime")) if now[i] != before[path][i]) or "none")
        if now[2] < before[path][2]:
            say(f"{name}, of {path}", "ctime goes back")


def write(path, how=os.O_WRONLY, data=b"x"):
    fd = os.open(path, how, 0o644)
    os.write(fd, data)
    os.close(fd)


def by_calls():
    begin("time")
    os.mkdir("d")
    os.mkdir("e")
    put("d/f", b"12345")
    os.symlink("f", "d/l")
    changed("read", ["d/f", "d"], lambda: open("d/f", "rb").read() and None)
    changed("write", ["d/f", "d"], lambda: write("d/f"))
    changed("write of nothing", ["d/f"], lambda: write("d/f", data=b""))
    changed("append", ["d/f", "d"], lambda: write("d/f", os.O_WRONLY | os.O_APPEND))
    changed("truncate", ["d/f", "d"], lambda: os.truncate("d/f", 2))
    changed("truncate to what it is", ["d/f"], lambda: os.truncate("d/f", 2))
    changed("O_TRUNC", ["d/f", "d"], lambda: os.close(os.open("d/f", os.O_WRONLY | os.O_TRUNC)))
    changed("O_TRUNC of an empty one", ["d/f"], lambda: os.close(os.open("d/f", os.O_WRONLY | os.O_TRUNC)))
    changed("O_CREAT of one that is there", ["d/f", "d"], lambda: os.close(os.open("d/f", os.O_CREAT | os.O_WRONLY)))
    changed("chmod", ["d/f", "d"], lambda: os.chmod("d/f", 0o600))
    changed("chmod to what it is", ["d/f"], lambda: os.chmod("d/f", 0o600))
    changed("chown", ["d/f", "d"], lambda: os.chown("d/f", 5, 5))
    changed("chown to what it is", ["d/f"], lambda: os.chown("d/f", 5, 5))
    changed("chown of -1", ["d/f"], lambda: os.chown("d/f", -1, -1))
    changed("link", ["d/f", "d", "e"], lambda: os.link("d/f", "e/g"))
    changed("unlink of another name", ["d/f", "d", "e"], lambda: os.unlink("e/g"))
    changed("rename", ["d/f", "d", "e"], lambda: os.rename("d/f", "d/g"))
    changed("rename elsewhere", ["d/g", "d", "e"], lambda: os.rename("d/g", "e/f"))
    changed("rename of a directory", ["d", "e"], lambda: os.rename("d", "e/d") or os.rename("e/d", "d"))
    changed("create", ["d"], lambda: put("d/new"))
    changed("mkdir", ["d"], lambda: os.mkdir("d/sub"))
    changed("rmdir", ["d"], lambda: os.rmdir("d/sub"))
    changed("symlink", ["d"], lambda: os.symlink("x", "d/s"))
    changed("mkfifo", ["d"], lambda: os.mkfifo("d/p"))
    changed("unlink", ["d"], lambda: os.unlink("d/new"))
    changed("failed create", ["d"], lambda: os.mkdir("d/s"))
    changed("list", ["d"], lambda: os.listdir("d") and None)
    changed("rename over", ["e/f", "d", "e"], lambda: put("d/n") or os.rename("d/n", "e/f"))
    fd = os.open("d/open", os.O_CREAT | os.O_RDWR, 0o644)
    before = os.fstat(fd)
    tick()
    os.write(fd, b"data")
    now = os.fstat(fd)
    say("write, at once", (now.st_mtime_ns > before.st_mtime_ns, now.st_ctime_ns > before.st_ctime_ns))
    os.utime(fd, ns=(PAST, PAST))
    say("set after a write", os.fstat(fd).st_mtime_ns == PAST)
    os.close(fd)
    say("and after the close", os.stat("d/open").st_mtime_ns == PAST)


def settings():
    begin("utimes")
    for value in (0, 1, 999999999, 10**9, PAST + 123456789, (1 << 31) * 10**9 - 1, (1 << 31) * 10**9, (1 << 32) * 10**9,
                  -1, -10**9, -(1 << 31) * 10**9, 15032385535 * 10**9):
        put("x")
        call(f"{value}", os.utime, "x", ns=(value, value))
        say(f"{value}, then", times("x")[:2])
        remove("x")
    for mode, owner in (0o666, OWNER), (0o644, OWNER), (0o666, OTHER), (0o644, OTHER), (0o000, OWNER):
        put("x", b"", mode, owner)

        def batch():
            title = f"{mode:o} of {owner} by {OWNER}"
            call(f"{title} given", os.utime, "x", ns=(PAST, PAST))
            call(f"{title} now", os.utime, "x")

        as_user(OWNER, batch)
        remove("x")
    os.symlink("nowhere", "l")
    call("of a link", os.utime, "l", ns=(PAST, PAST), follow_symlinks=False)
    say("of a link, then", times("l")[:2])
    os.mkdir("d")
    call("of a directory", os.utime, "d", ns=(PAST, PAST + 1))
    say("of a directory, then", times("d")[:2])


SECTIONS = by_calls, settings
