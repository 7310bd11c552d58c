# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""Calls, and the lines that say what they gave: the same on any file system that does as POSIX and Linux say."""
import ctypes
import errno
import os
import stat
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
OWNER, OTHER, GROUP = 1000, 1001, 2000
section = ""


def begin(name):
    """A directory of its own, which is then the current one; lines begin with its name."""
    global section
    section = name
    os.chdir(top)
    os.mkdir(name)
    os.chmod(name, 0o777)
    os.chdir(name)


def say(name, result):
    print(f"{section} {name}: {result}", flush=True)


def name_of(error):
    return errno.errorcode.get(error, str(error))


def call(name, function, *args, **words):
    """Says what it returns, or with which error it fails; returns what it returned."""
    try:
        result = function(*args, **words)
    except OSError as error:
        say(name, name_of(error.errno))
        return None
    except ValueError as error:
        say(name, f"ValueError {error}")
        return None
    say(name, "ok" if result is None else result)
    return result


def c(function, *args):
    """A call that Python has not."""
    result = getattr(libc, function)(*args)
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return result


def become(uid, gid=None, groups=()):
    os.setgroups(list(groups))
    os.setgid(uid if gid is None else gid)
    os.setuid(uid)


def as_user(uid, batch, gid=None, groups=()):
    """The batch by another user, in a process of its own; root: by this one."""
    if uid == 0:
        batch()
        return
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            become(uid, gid, groups)
            batch()
            sys.stdout.flush()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def child(batch):
    """The batch in a process of its own: what it returns, a number."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        code = 255
        try:
            code = batch() or 0
        except OSError as error:
            code = error.errno
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def put(path, data=b"", mode=0o644, owner=None):
    fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    os.write(fd, data)
    os.close(fd)
    if owner is not None:
        os.chown(path, owner, owner)
    os.chmod(path, mode)


def what(path):
    """All of a file that does not depend on where and when."""
    at = os.lstat(path)
    kind = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link", stat.S_IFIFO: "fifo",
            stat.S_IFSOCK: "sock", stat.S_IFCHR: "char", stat.S_IFBLK: "block"}[stat.S_IFMT(at.st_mode)]
    size = "" if kind == "dir" else f" size {at.st_size}"
    dev = f" dev {at.st_rdev:x}" if kind in ("char", "block") else ""
    return f"{kind} {stat.S_IMODE(at.st_mode):04o} {at.st_uid}:{at.st_gid} nlink {at.st_nlink}{size}{dev}"


def show(name, path):
    call(name, what, path)


KINDS = ("none", "file", "dir", "full", "link", "dangling", "loop", "fifo", "socket")


def make(kind, path):
    """Something of the kind, by whoever it is."""
    if kind == "file":
        put(path, b"contents")
    elif kind in ("dir", "full"):
        os.mkdir(path)
        if kind == "full":
            put(f"{path}/inside")
    elif kind == "link":
        put(f"{path}.target", b"target")
        os.symlink(f"{os.path.basename(path)}.target", path)
    elif kind == "dangling":
        os.symlink("nowhere-at-all", path)
    elif kind == "loop":
        os.symlink(os.path.basename(path), path)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        os.mknod(path, 0o644 | stat.S_IFSOCK)


def remove(path):
    for at in (path, f"{path}.target"):
        try:
            if stat.S_ISDIR(os.lstat(at).st_mode):
                for name in os.listdir(at):
                    remove(f"{at}/{name}")
                os.rmdir(at)
            else:
                os.unlink(at)
        except FileNotFoundError:
            pass


def tick():
    """Long enough for the next time to be another one."""
    time.sleep(0.025)


def main(directory, sections):
    global top
    os.umask(0o022)
    top = os.path.abspath(directory)
    for run in sections:
        run()
    os.chdir("/")
