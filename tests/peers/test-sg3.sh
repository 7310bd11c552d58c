#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# What a disk must answer: sg3-utils in the guest against a LUN of openrdma-targetd.
. "$(dirname "$0")/lib.sh"
peer_need iscsiadm rdma sg_inq sg_vpd
peer_program openrdma-targetd
peer_begin

peer_target "disk=$peer_dir/disk.img,create,size=64M"
peer_guest -t 120 <<'GUEST'
siw_up >/dev/null
initiator_up
login iser "$PEER_HOST"
disk=$(disks)
blocks=$((64 << 20 >> 9))

# ok NAME COMMAND...: succeeds; refused NAME SENSE COMMAND...: fails with that sense.
ok()
{
	local name=$1

	shift
	"$@" >/run/out 2>&1 || { cat /run/out; fail "$name: status $?"; }
	say "ok $name"
}

refused()
{
	local name=$1 sense=$2

	shift 2
	! "$@" >/run/out 2>&1 || { cat /run/out; fail "$name was not refused"; }
	grep -qiE "$sense" /run/out || { cat /run/out; fail "$name: not refused with $sense"; }
	say "ok $name is refused"
}

has()
{
	grep -qiE "$1" /run/out || { cat /run/out; fail "no $1"; }
}

ok "TEST UNIT READY" sg_turs -n 3 "$disk"
ok "INQUIRY" sg_inq "$disk"
has "version=0x0?[67]"
ok "VPD 00" sg_vpd -p sv "$disk"
for page in sn di bl bdc lbpv; do
	has "\[$page\]"
done
ok "VPD 80" sg_vpd -p sn "$disk"
has "Unit serial number: .*[0-9a-z]"
ok "VPD 83" sg_vpd -p di "$disk"
has "0x6024f52"
grep -q '^naa\.6024f52[0-9a-f]\{25\}$' "/sys/block/${disk##*/}/device/wwid" || fail "wwid: $(cat "/sys/block/${disk##*/}/device/wwid")"
ok "VPD B0" sg_vpd -p bl "$disk"
has "Maximum unmap LBA count: *[1-9]"
ok "VPD B1" sg_vpd -p bdc "$disk"
ok "VPD B2" sg_vpd -p lbpv "$disk"
has "LBPU\)?: *1"
refused "VPD B9" "illegal request|page not supported|not supported" sg_vpd -f -p 0xb9 "$disk"
ok "REPORT LUNS" sg_luns "$disk"
ok "READ CAPACITY 10" sg_readcap "$disk"
has "Number of (logical )?blocks=$blocks"
ok "READ CAPACITY 16" sg_readcap --16 "$disk"
has "lbpme=1"
ok "GET LBA STATUS" sg_get_lba_status --lba=0 "$disk"
has "mapped"
ok "MODE SENSE 6" sg_modes -6 "$disk"
ok "MODE SENSE 10 caching" sg_modes -p 8 "$disk"
has "caching"
ok "MODE SENSE 10 error recovery" sg_modes -p 1 "$disk"
has "01 0a c0 00"
ok "sg_format, what it would change" sg_format "$disk"
has "number of blocks=$blocks|block count=$blocks"
ok "REQUEST SENSE" sg_requests "$disk"
ok "START STOP UNIT" sg_start --start "$disk"
ok "SYNCHRONIZE CACHE" sg_sync "$disk"
ok "VERIFY" sg_verify --count=64 "$disk"

head -c 1M /dev/urandom >/run/data
for size in 6 10 12 16; do
	ok "WRITE $size, FUA" sg_dd if=/run/data of="$disk" bs=512 count=128 seek=$((size * 128)) \
		cdbsz=$size $([ $size = 6 ] || echo oflag=fua)
	ok "READ $size" sg_dd if="$disk" of=/run/back bs=512 count=128 skip=$((size * 128)) cdbsz=$size
	cmp -n 65536 /run/data /run/back || fail "READ $size returns other data"
done
ok "WRITE SAME 16" sg_write_same --16 --in=/run/data --lba=4096 --num=256 --xferlen=512 "$disk"
ok "read it" sg_dd if="$disk" of=/run/back bs=512 skip=4351 count=1
cmp -n 512 /run/data /run/back || fail "WRITE SAME wrote other data"
refused "WRITE SAME 16 with two blocks of data" "illegal request" \
	sg_write_same --16 --in=/run/data --lba=4096 --num=256 --xferlen=1024 "$disk"
refused "WRITE SAME 10 with two blocks of data" "illegal request" \
	sg_write_same --10 --in=/run/data --lba=4096 --num=256 --xferlen=1024 "$disk"
ok "UNMAP" sg_unmap --lba=4096 --num=256 "$disk"
ok "read it" sg_dd if="$disk" of=/run/back bs=512 skip=4096 count=256
cmp -n 131072 /run/back /dev/zero || fail "unmapped blocks are not zero"
refused "a read past the end" "LBA out of range|illegal request" \
	sg_raw -r 512 "$disk" 28 00 $(printf '%02x %02x %02x %02x' $((blocks >> 24)) $((blocks >> 16 & 255)) \
	$((blocks >> 8 & 255)) $((blocks & 255))) 00 00 01 00
refused "an unknown command" "invalid command|illegal request" sg_raw "$disk" d1 00 00 00 00 00
logout
GUEST
peer_target_end
