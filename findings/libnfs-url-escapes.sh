#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# libnfs does not decode percent escapes of its nfs:// URLs (RFC 3986 2.1, RFC 2224).
#
#   libnfs13 4.0.0-1+deb12u1 (Debian 12)
#
# nfs://server.example/a%20b/c is the directory "a%20b" to it: a path with a blank is written with the blank, and "#"
# stands for itself instead of beginning a fragment.  A "?" always ends the path, so a name that holds one cannot be
# reached.  A program that makes the URL with a URL library opens another file than the one that it means.
. "$(dirname "$(readlink -f "$0")")/lib.sh"

unpack libnfs13=4.0.0-1+deb12u1

# path URL: directory and file as libnfs understands them.
path()
{
	/usr/bin/python3 - "$dir/root/usr/lib/x86_64-linux-gnu/libnfs.so.13" "$1" <<-'END'
		import ctypes
		import sys

		class Url(ctypes.Structure):
		    _fields_ = [("server", ctypes.c_char_p), ("path", ctypes.c_char_p), ("file", ctypes.c_char_p)]

		lib = ctypes.CDLL(sys.argv[1])
		lib.nfs_init_context.restype = ctypes.c_void_p
		lib.nfs_parse_url_full.restype = ctypes.POINTER(Url)
		lib.nfs_parse_url_full.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
		url = lib.nfs_parse_url_full(lib.nfs_init_context(), sys.argv[2].encode())
		print(url[0].path.decode(), url[0].file.decode())
	END
}

same "an escaped blank" "$(path 'nfs://server.example/a%20b/c')" "/a%20b /c"
same "a bare blank" "$(path 'nfs://server.example/a b/c')" "/a b /c"
same "an escaped question mark" "$(path 'nfs://server.example/a/b%3Fc')" "/a /b%3Fc"
same "a number sign" "$(path 'nfs://server.example/a#b/c')" "/a#b /c"
exit $changed
