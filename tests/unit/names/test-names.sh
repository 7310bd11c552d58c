#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# test-names.sh PREFIX LIBRARY: what a library of ours gives to programs is its own.
#
# Every name begins with PREFIX, no library that a program of this field may load beside it has one of them, and
# calls from one part of the library to another do not go through a table that the rest of the program may fill.
set -uo pipefail

prefix=$1 library=$2
for program in nm readelf; do
	command -v $program >/dev/null || { echo "SKIP: $program is not installed"; exit 77; }
done

# names FILE: the functions and objects that it gives, without versions.
names()
{
	nm -D --defined-only -- "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort -u
}

failed=0
say()
{
	echo "not ok - $*"
	failed=1
}

ours=$(names "$library")
[ -n "$ours" ] || say "$library gives no names"
others=$(grep -v "^$prefix" <<<"$ours")
[ -z "$others" ] || say "names without $prefix:" $others

compared=0
for name in libnfs libiscsi libibverbs librdmacm libdat2 libcephfs librbd libfabric; do
	while read -r file; do
		compared=$((compared + 1))
		both=$(comm -12 <(echo "$ours") <(names "$file"))
		[ -z "$both" ] || say "$file has the same names:" $both
	done < <(find /usr/lib /lib -name "$name.so.*" -type f 2>/dev/null | sort -u)
done

inner=$(readelf -Wr "$library" | awk '$3 ~ /JUMP_SLO|GLOB_DAT/ { sub(/@.*/, "", $5); print $5 }' | sort -u |
	comm -12 - <(echo "$ours"))
[ -z "$inner" ] || say "calls of its own that others could take:" $inner

[ $failed -ne 0 ] || echo "ok - $(wc -l <<<"$ours") names, compared with $compared libraries"
exit $failed
