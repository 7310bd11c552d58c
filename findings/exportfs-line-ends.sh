#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# exportfs: a backslash at the end of a line is a blank, so a list of options cannot be broken at its commas.
#
#   nfs-kernel-server 1:2.6.2-4+deb12u1 (Debian 12; 2.8.3 of Debian 13 is alike)
#
# exports(5) has lines continued by a backslash.  Between two hosts that works.  Inside the parentheses, where a long
# line begs to be broken, the break counts as a blank: "bad option list", and reading ends there: what stands in
# later lines is not exported either.  An fsid beyond 32 bits is another surprise: it is cut without a word, so
# that two numbers that differ may be one.  Needs root (a mount namespace of its own hides /etc and /var/lib/nfs).
. "$(dirname "$(readlink -f "$0")")/lib.sh"

[ "$(id -u)" = 0 ] || { echo "SKIP: exportfs needs root"; exit 77; }
unpack nfs-kernel-server=1:2.6.2-4+deb12u1
mkdir "$dir/a" "$dir/b"

# table TEXT: status of exportfs, and what it made of that file, one export a line: path, client, fsid if given.
table()
{
	printf '%b\n' "$1" >"$dir/exports"
	unshare -m sh -c '
		mkdir -p /var/lib/nfs && mount -t tmpfs none /var/lib/nfs && : >/var/lib/nfs/etab || exit
		mkdir "$1/etc" && cp -a /etc/passwd /etc/group /etc/nsswitch.conf "$1/etc/" 2>/dev/null
		cp "$1/exports" "$1/etc/exports" && mount --bind "$1/etc" /etc || exit
		"$1/root/usr/sbin/exportfs" -ra >/dev/null 2>&1
		echo "status $?"
		cat /var/lib/nfs/etab' - "$dir" | sed -E "s#$dir##; s#\(.*(,fsid=[0-9]+).*#\1#; s#\(.*##" | tr '\t\n' '  '
	rm -rf "$dir/etc"
}

same "broken between hosts" "$(table "$dir/a 192.0.2.1(rw,no_subtree_check) \\\\\\n 192.0.2.2(ro,no_subtree_check)")" \
	"status 0 /a 192.0.2.1 /a 192.0.2.2 "
same "broken between options" \
	"$(table "$dir/a 192.0.2.1(rw,\\\\\\nno_subtree_check)\\n$dir/b 192.0.2.1(ro,no_subtree_check)")" "status 1 "
same "an fsid of 41 bits" "$(table "$dir/a 192.0.2.1(rw,no_subtree_check,fsid=1234567890123)")" \
	"status 0 /a 192.0.2.1,fsid=1912276171 "
exit $changed
