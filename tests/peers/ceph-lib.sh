# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
# shellcheck shell=bash disable=SC2154
#
# A Ceph of one machine in the test's namespace and directory, to be sourced after lib.sh: a monitor, an OSD that keeps
# its objects in memory, a metadata server, one file system.  No keys (auth none): who may reach the loopback of the
# namespace may use it.
#
#   ceph_up NAME                 skips when Ceph is not installed; NAME of the file system; sets ceph_conf
#   ceph_down                    at the end of a test that passes; peer_end does it too, slower
#   ceph_direct WHAT PATH ...    by Ceph's own client: mkdir PATH [MODE], fill PATH COUNT, cat PATH, ls PATH,
#                                acl PATH UID (may read it, and others than the owner may not)
#
# The daemons are peer_spawn'ed: peer_end ends them.

ceph_python=/usr/bin/python3		# where Debian's python3-cephfs is

ceph_cmd()
{
	timeout 60 ip netns exec "$peer_ns" ceph -c "$ceph_conf" "$@" 2>>"$peer_dir/ceph.log"
}

ceph_need()
{
	peer_need ceph ceph-mon ceph-osd ceph-mds monmaptool
	"$ceph_python" -c 'import cephfs' 2>/dev/null || skip "python3-cephfs is not installed (tools/install-packages)"
}

ceph_write_conf()
{
	local d=$peer_dir/ceph

	mkdir -p "$d/mon" "$d/osd" "$d/mds" "$d/run"
	ceph_conf=$d/ceph.conf
	cat >"$ceph_conf" <<-END
		[global]
		fsid = $1
		mon host = [v2:127.0.0.1:3300,v1:127.0.0.1:6789]
		public addr = 127.0.0.1
		cluster addr = 127.0.0.1
		auth cluster required = none
		auth service required = none
		auth client required = none
		auth allow insecure global id reclaim = false
		run dir = $d/run
		admin socket = $d/run/\$name.\$pid.asok
		log file = $d/\$name.log
		mon cluster log file = $d/cluster.log
		pid file =
		heartbeat file =
		mon data = $d/mon
		mon data avail crit = 1
		mon allow pool size one = true
		osd data = $d/osd
		osd objectstore = memstore
		memstore device bytes = 1073741824
		osd memory target = 939524096
		osd pool default size = 1
		osd pool default min size = 1
		osd crush chooseleaf type = 0
		osd pool default pg autoscale mode = off
		mds data = $d/mds
		client mount timeout = 20
		client acl type = posix_acl
	END
}

ceph_serving()
{
	ceph_cmd mds stat | grep -q up:active
}

ceph_up()
{
	local id osd d=$peer_dir/ceph

	ceph_need
	id=$(</proc/sys/kernel/random/uuid)
	osd=$(</proc/sys/kernel/random/uuid)
	ceph_write_conf "$id"
	monmaptool --create --addv a '[v2:127.0.0.1:3300,v1:127.0.0.1:6789]' --fsid "$id" "$d/monmap" \
		>>"$peer_dir/ceph.log"
	ceph-mon --mkfs -i a --monmap "$d/monmap" -c "$ceph_conf" >>"$peer_dir/ceph.log" 2>&1
	peer_spawn ceph-mon ceph-mon -f -i a -c "$ceph_conf"
	ceph_cmd osd new "$osd" >/dev/null || fail "the monitor does not answer"
	peer_exec ceph-osd --mkfs -i 0 --osd-uuid "$osd" -c "$ceph_conf" >>"$peer_dir/ceph.log" 2>&1
	peer_spawn ceph-osd ceph-osd -f -i 0 -c "$ceph_conf"
	peer_spawn ceph-mds ceph-mds -f -i a -c "$ceph_conf"
	ceph_cmd osd pool create metadata 4
	ceph_cmd osd pool create data 4
	ceph_cmd fs new "$1" metadata data
	peer_wait 60 ceph_serving || fail "no metadata server becomes active"
}

# At once: nobody needs what they have, and without a monitor they would wait for it.
ceph_down()
{
	peer_stop ceph-mds KILL
	peer_stop ceph-osd KILL
	peer_stop ceph-mon KILL
}

ceph_direct()
{
	timeout 60 ip netns exec "$peer_ns" "$ceph_python" - "$ceph_conf" "$@" <<-'END'
		import struct
		import sys
		import cephfs

		conf, what, path = sys.argv[1:4]
		more = sys.argv[4:]
		fs = cephfs.LibCephFS(conffile=conf)
		fs.mount()
		path = path.encode()
		if what == "mkdir":
		    fs.mkdir(path, int(more[0], 8) if more else 0o755)
		elif what == "fill":
		    for i in range(int(more[0])):
		        fs.close(fs.open(path + b"/a-name-that-is-not-short-%d" % i, "w", 0o644))
		elif what == "cat":
		    fd, at = fs.open(path, "r"), 0
		    while data := fs.read(fd, at, 1 << 20):
		        sys.stdout.buffer.write(data)
		        at += len(data)
		    fs.close(fd)
		elif what == "acl":
		    nobody, acl = 0xFFFFFFFF, struct.pack("<I", 2)
		    for tag, perm, who in ((1, 6, nobody), (2, 4, int(more[0])), (4, 0, nobody),
		                           (16, 4, nobody), (32, 0, nobody)):
		        acl += struct.pack("<HHI", tag, perm, who)
		    fs.setxattr(path, "system.posix_acl_access", acl, 0)
		elif what == "ls":
		    d = fs.opendir(path)
		    while e := fs.readdir(d):
		        if e.d_name not in (b".", b".."):
		            print(e.d_name.decode())
		    fs.closedir(d)
		fs.unmount()
	END
}
