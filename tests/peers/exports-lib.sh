# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
# shellcheck shell=bash
#
# A table of exports(5) and what a server makes of it, for our server and for the kernel's: libnfs's programs (Debian's
# libnfs-utils) say any user and group that they are told to, and come from the address that they go to.
#
#   exports_begin DIR            makes the directories; addresses on lo; DIR/exports
#   exports_judge DIR NFS MOUNT  all of the table, by these ports; stops at the first that is otherwise
#
# Who sources it has fail().

exports_none=4294967295		# -1: the id that no user and no group has

# In the table @ is what each entry has.
exports_table='
all-none *(@,rw,all_squash,no_root_squash,anonuid=1000,anongid=1000)
none-all *(@,rw,no_root_squash,all_squash,anonuid=1000,anongid=1000)
all-root *(@,rw,all_squash,root_squash)
back *(@,rw,no_root_squash,all_squash,no_all_squash)
minus *(@,rw,anonuid=-2,anongid=-2)
root *(@,rw)
none *(@,rw,no_root_squash)
any-host *(@,ro) 10.0.0.5(@,rw)
host-any 10.0.0.5(@,ro) *(@,rw)
net-host 10.0.0.0/24(@,ro) 10.0.0.5(@,rw)
short 10.0.0.0/8(@,ro) 10.0.0.0/24(@,rw)
long 10.0.0.0/24(@,rw) 10.0.0.0/8(@,ro)
prefix 10.0.0.5/32(@,ro) 10.0.0.5(@,rw)
lines 10.0.0.5(@,rw)
lines 10.0.0.6(@,ro)
defaults -@,rw 10.0.0.5 10.0.0.6(ro)
more -@,rw 10.0.0.5 -ro 10.0.0.6
sec *(@,sec=sys,rw,sec=krb5,ro)
sec-later *(@,sec=krb5,rw,sec=sys)
sec-entry -@,sec=sys,rw 10.0.0.5(ro)
unknown no-such-host..invalid(@,rw) 10.0.0.5(@,rw)
a#b 10.0.0.5(@,rw)
a 10.0.0.6(@,rw)
"w # h" 10.0.0.5(@,rw)
e\040f 10.0.0.5(@,rw)
'

exports_begin()
{
	local dir=$1 line number=0 name

	for name in 5 6; do
		ip address add 10.0.0.$name/32 dev lo
	done
	ip address add 10.0.1.5/32 dev lo
	while read -r line; do
		[ -n "$line" ] || continue
		name=${line%% *}
		[ "$name" != '"w' ] || name='w # h'
		[ "$name" != 'e\040f' ] || name='e f'
		if ! [ -d "$dir/$name" ]; then
			mkdir -m 777 "$dir/$name"
			number=$((number + 1))
		fi
		line=${line//@/insecure,no_subtree_check,fsid=$number}
		case $line in
		\"*) echo "\"$dir/${line#\"}" ;;
		*) echo "$dir/$line" ;;
		esac
	done <<<"$exports_table" >"$dir/exports"
	mkdir -m 777 "$dir/none/sub"
	ln -s sub "$dir/none/near"
	ln -s "$dir/none/sub" "$dir/none/far"
	ln -s ../none/sub "$dir/root/over"
	ln -s none "$dir/alias"
}

# exports_owner UID:GID ADDRESS NAME [WHERE]: whose a file is that is made so, and is in WHERE then; "ro", "refused".
exports_owner()
{
	local who=${1%:*} group=${1#*:} file=$exports_dir/${4-$3}/made

	timeout 20 nfs-cp "$exports_dir/exports" \
		"nfs://$2$exports_dir/$3/made?uid=$who&gid=$group&version=3&nfsport=$exports_nfs&mountport=$exports_mount" \
		>"$exports_dir/said" 2>&1 || true
	if [ -e "$file" ]; then
		stat -c %u:%g "$file"
		rm -f "$file"
	elif grep -q 'NFS3ERR_ROFS' "$exports_dir/said"; then
		echo ro
	else
		echo refused
	fi
}

# is EXPECTED UID:GID ADDRESS NAME [WHERE]
is()
{
	local got

	got=$(exports_owner "$2" "$3" "${@:4}")
	[ "$got" = "$1" ] || fail "$4: $2 from $3: $got, expected $1 ($(tail -n 1 "$exports_dir/said"))"
}

exports_judge()
{
	local name

	exports_dir=$1 exports_nfs=$2 exports_mount=$3
	for name in all-none none-all; do
		is 1000:1000 0:0 10.0.0.5 $name
		is 1000:1000 2000:2000 10.0.0.5 $name
	done
	is 65534:65534 2000:2000 10.0.0.5 all-root
	is 0:0 0:0 10.0.0.5 back
	is 4294967294:4294967294 0:0 10.0.0.5 minus
	is 65534:65534 0:0 10.0.0.5 root
	for name in root none; do
		is 65534:65534 $exports_none:$exports_none 10.0.0.5 $name
		is 2000:65534 2000:$exports_none 10.0.0.5 $name
		is 4294967294:4294967294 4294967294:4294967294 10.0.0.5 $name
	done
	for name in any-host net-host prefix lines defaults more unknown sec-entry; do
		is 7:7 7:7 10.0.0.5 $name
	done
	for name in host-any short; do
		is ro 7:7 10.0.0.5 $name
	done
	for name in any-host net-host short lines defaults more; do
		is ro 7:7 10.0.0.6 $name
	done
	for name in host-any long sec sec-later; do
		is 7:7 7:7 10.0.0.6 $name
	done
	for name in prefix unknown a#b "w # h" "e f"; do
		is refused 7:7 10.0.0.6 "$name"
	done
	for name in lines a; do
		is refused 7:7 10.0.1.5 $name
	done
	is ro 7:7 10.0.1.5 short
	is ro 7:7 10.0.1.5 long
	is refused 7:7 10.0.0.5 a
	is 7:7 7:7 10.0.0.6 a
	for name in a#b "w # h" "e f"; do
		is 7:7 7:7 10.0.0.5 "$name"
	done
	# By way of links, in an export, above it, from one to another; slashes.
	for name in none/near none/far root/over alias/sub alias/near /none//sub/. ./none/./near; do
		is 7:7 7:7 10.0.0.5 $name none/sub
	done
}
