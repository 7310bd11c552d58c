# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
# shellcheck shell=bash
#
# Guest side of the peer tests: read by every script that peer_guest (../lib.sh) runs.
#
#   PEER_DIR     the test's directory on the machine, writable
#   PEER_SRC     this directory's parent          PEER_BUILD   the build directory
#   PEER_HOST    address of the machine           PEER_CARD    address of the guest

say()
{
	echo "# guest: $*"
}

fail()
{
	echo "FAIL: guest: $*"
	exit 1
}

# wait_for SECONDS COMMAND...: until the command succeeds; fails when it never does.
wait_for()
{
	local until=$((SECONDS + $1))

	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < until)) || return 1
		sleep 0.2
	done
}

# siw_up: puts the kernel's software iWARP device siw0 on the network card.  A guest without a card gets
# a dummy one, so that both ends can live in it; prints the address.
siw_up()
{
	local dev=vec0

	if [ ! -e /sys/class/net/vec0 ]; then
		dev=dummy0
		ip link show dev $dev >/dev/null 2>&1 || ip link add $dev type dummy
		ip address replace 10.99.0.1/24 dev $dev
		ip link set $dev mtu 9000 up
	fi
	[ -e /sys/class/infiniband/siw0 ] || rdma link add siw0 type siw netdev $dev
	ip -4 -brief address show dev $dev | awk '{ sub("/.*", "", $3); print $3 }'
}

# initiator_up: open-iscsi's daemon with the settings of a short test.
initiator_up()
{
	mkdir -p /etc/iscsi /run/lock/iscsi
	rm -rf /etc/iscsi/nodes /etc/iscsi/send_targets
	echo InitiatorName=iqn.2026-11.org.openrdma.test:guest >/etc/iscsi/initiatorname.iscsi
	cat >/etc/iscsi/iscsid.conf <<-END
		node.startup = manual
		node.session.timeo.replacement_timeout = ${1:-30}
		node.conn[0].timeo.noop_out_interval = 2
		node.conn[0].timeo.noop_out_timeout = 3
	END
	iscsid -f >/run/iscsid.log 2>&1 &
	wait_for 10 initiator_answers || fail "iscsid does not start: $(tail -n 3 /run/iscsid.log)"
}

# iscsiadm's status 21 means that there is no session: the daemon has answered.
initiator_answers()
{
	local status=0

	iscsiadm -m session || status=$?
	[ "$status" -eq 0 ] || [ "$status" -eq 21 ]
}

# discover INTERFACE PORTAL: INTERFACE is iser or default (TCP); prints "PORTAL,TPGT IQN" lines.
discover()
{
	iscsiadm -m discovery -t sendtargets -I "$1" -p "$2"
}

# disks: the block devices of all sessions, one path a line.
disks()
{
	local block

	for block in /sys/class/iscsi_session/session*/device/target*/*/block/*; do
		[ ! -e "$block" ] || echo "/dev/${block##*/}"
	done
}

disks_are()
{
	[ "$(disks | wc -l)" -eq "$1" ]
}

# login INTERFACE PORTAL [COUNT]: discovers, logs in to all and waits for COUNT disks (1).
login()
{
	discover "$1" "$2" >/dev/null || fail "discovery over $1 at $2"
	iscsiadm -m node --login >/run/login.log 2>&1 || { cat /run/login.log; fail "login at $2"; }
	wait_for 15 disks_are "${3:-1}" || fail "$(disks | wc -l) disks instead of ${3:-1}"
}

logout()
{
	iscsiadm -m node --logout >/run/logout.log 2>&1 || { cat /run/logout.log; fail "logout"; }
	wait_for 15 disks_are 0 || fail "disks are left after the logout"
}

# lio_target ADDRESS [MIB]: the kernel's target, a RAM disk over iSER.  Its portals for TCP and for iSER on
# one address and port collide, since siw listens on an ordinary socket: the one for TCP, which cannot be
# left out, is made in a network namespace where it is in nobody's way.
lio_target()
{
	local root=/sys/kernel/config/target iqn=iqn.2026-11.org.openrdma.test:lio mib=${2:-64}
	local store=$root/core/rd_mcp_0/disk portal group=$root/iscsi/$iqn/tpgt_1 setting

	mkdir -p "$store"
	echo "rd_pages=$((mib * 256))" >"$store/control"
	echo 1 >"$store/enable"
	mkdir -p "$root/iscsi"
	mkdir -p "$group/lun/lun_0"
	ln -s "$store" "$group/lun/lun_0/disk"
	ip netns add aside
	ip -n aside link set lo up
	ip -n aside address add "$1/32" dev lo
	portal=$group/np/$1:3260
	nsenter --net=/run/netns/aside mkdir -p "$portal"
	echo 1 >"$portal/iser"
	for setting in authentication:0 demo_mode_write_protect:0 generate_node_acls:1 cache_dynamic_acls:1; do
		echo "${setting#*:}" >"$group/attrib/${setting%:*}"
	done
	echo 1 >"$group/enable"
	lio_iqn=$iqn
}

# pattern_write DEVICE MIB, pattern_verify DEVICE MIB: incompressible data, known by its checksum.
pattern_write()
{
	head -c "$(($2 << 20))" /dev/urandom >/run/pattern
	dd if=/run/pattern of="$1" bs=1M oflag=direct conv=fsync status=none
}

pattern_verify()
{
	echo 3 >/proc/sys/vm/drop_caches
	dd if="$1" bs=1M count="$2" iflag=direct status=none | cmp - /run/pattern || fail "$1: data differ"
}

# file_system TYPE DEVICE: makes it, copies a tree of real files in, and finds all of it after a remount.
file_system()
{
	local type=$1 device=$2 at=/run/fs-$1

	mkdir -p "$at"
	case $type in
	ext4) mkfs.ext4 -q -F "$device" ;;
	xfs) mkfs.xfs -q -f "$device" ;;
	esac
	mount -t "$type" "$device" "$at"
	cp -a /usr/include/linux "$at/tree"
	(cd "$at/tree" && find . -type f -exec sha256sum {} +) >/run/sums
	umount "$at"
	case $type in
	ext4) e2fsck -fn "$device" >/run/fsck.log 2>&1 || { cat /run/fsck.log; fail "ext4 is damaged"; } ;;
	xfs) xfs_repair -n "$device" >/run/fsck.log 2>&1 || { cat /run/fsck.log; fail "XFS is damaged"; } ;;
	esac
	mount -t "$type" "$device" "$at"
	(cd "$at/tree" && sha256sum --quiet -c /run/sums) || fail "$type: checksums differ"
	fstrim "$at" 2>/dev/null || say "no discard on $device"
	umount "$at"
	say "$type: $(wc -l </run/sums) files are as they were written"
}

# fio_verify DEVICE [SIZE]: random writes of mixed sizes, read back with checksums.
fio_verify()
{
	fio --name=verify --filename="$1" --size="${2:-24m}" --rw=randwrite --bsrange=4k-256k --ioengine=libaio \
		--iodepth=16 --direct=1 --verify=crc32c --do_verify=1 --verify_fatal=1 --randrepeat=0 \
		--eta=never --output=/run/fio.log || { cat /run/fio.log; fail "fio --verify on $1"; }
	say "fio --verify=crc32c on $1 found all data"
}

# meet FILE: tells the machine; met FILE [SECONDS]: waits for its answer.
meet()
{
	: >"$PEER_DIR/$1"
}

met()
{
	wait_for "${2:-60}" test -e "$PEER_DIR/$1" || fail "the machine did not make $1"
}

# program NAME: the path of one of our programs; its providers are those of the build.
program()
{
	find "$PEER_BUILD" -type f -perm -u+x -name "$1" -print -quit
}

# serve_jobs: runs every $PEER_DIR/NAME.job until $PEER_DIR/no-more-jobs is there (see ../run-lib.sh).
serve_jobs()
{
	local job

	cd "$PEER_DIR"
	: >serving
	until [ -e no-more-jobs ]; do
		for job in *.job; do
			[ -e "$job" ] || continue
			mv "$job" "${job%.job}.begun"
			serve_job "${job%.job}" &
		done
		sleep 0.1
	done
}

# serve_job NAME: NAME.ready when it listens on the port in NAME.port, NAME.status at its end; NAME.stop
# ends it.
serve_job()
{
	local name=$1 pid status=0

	bash "$name.begun" >"$name.log" 2>&1 </dev/null &
	pid=$!
	while kill -0 $pid 2>/dev/null; do
		[ ! -e "$name.stop" ] || kill $pid 2>/dev/null || true
		if [ -e "$name.port" ] && [ ! -e "$name.ready" ]; then
			ss -Hltn "sport = :$(<"$name.port")" | grep -q . && : >"$name.ready"
		fi
		sleep 0.1
	done
	wait $pid || status=$?
	echo $status >"$name.ended"
	mv "$name.ended" "$name.status"
}
