#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# openrdma run: which programs it starts, and which it refuses because the dynamic loader would not give them our
# libraries.  The exit status is the program's own, 126 for a refusal, 127 for a program that there is none of.
#
#   test-run.sh OPENRDMA COMPILER...
#
# A set-user-ID program of somebody else can be made by root alone; an ordinary user's run leaves those out.
set -u
openrdma=$(readlink -f "$1")
shift
compiler=("$@")
dir=$(mktemp -d /tmp/openrdma-run.XXXXXX)
trap 'rm -rf "$dir"' EXIT
failed=0
unset LD_LIBRARY_PATH
chmod 755 "$dir"
cd "$dir" || exit 1

# expect STATUS PATTERN WHAT COMMAND...: what it prints, of both streams, matches.
expect()
{
	local wanted=$1 pattern=$2 what=$3 out status=0

	shift 3
	out=$(timeout 20 "$@" 2>&1 </dev/null) || status=$?
	if [ $status -ne "$wanted" ] || ! grep -qE -- "$pattern" <<<"$out"; then
		echo "FAIL: $what: status $status instead of $wanted, or no '$pattern' in: $out"
		failed=1
	else
		echo "ok: $what"
	fi
}

run()
{
	local wanted=$1 pattern=$2 what=$3

	shift 3
	expect "$wanted" "$pattern" "$what" "$openrdma" run -- "$@"
}

cat >program.c <<'END'
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
	const char *path = getenv("LD_LIBRARY_PATH");
	printf("started %s\n", path ? path : "without a path");
	return argc > 1 ? atoi(argv[1]) : 0;
}
END
"${compiler[@]}" -o dynamic program.c || exit 1

run 0 '^started /' "an ordinary program" ./dynamic
run 42 '^started ' "its exit status" ./dynamic 42
PATH=$dir:$PATH run 7 '^started ' "found by PATH" dynamic 7
LD_LIBRARY_PATH=/before run 0 '^started /.+:/before$' "in front of what was there" ./dynamic
printf '#!/bin/sh\nexec ./dynamic 5\n' >script
printf 'exec ./dynamic 6\n' >text
chmod +x script text
run 5 '^started /' "a script" ./script
run 6 '^started /' "a text that a shell would run" ./text
run 127 'absent: No such file' "a program that there is none of" ./absent
run 127 'openrdma-absent: No such file' "the same in PATH" openrdma-absent
run 126 'program.c: Permission denied' "a file that is no program" ./program.c
run 126 'Permission denied' "a directory" /tmp
# What seems to be a program and is none is the kernel's and the shell's to judge, as without us.
head -c 64 dynamic >short
printf '\177ELF' >magic
chmod +x short magic
for broken in short magic; do
	run 127 'not found|cannot execute' "a damaged program ($broken)" ./$broken
done

if "${compiler[@]}" -static -o static program.c 2>/dev/null; then
	run 126 'static: is statically linked' "a static program" ./static
else
	echo "left out: no static C library"
fi
if "${compiler[@]}" -static-pie -fPIE -o static-pie program.c 2>/dev/null; then
	run 126 'static-pie: is statically linked' "a static, position-independent program" ./static-pie
fi
# The class is the fifth octet: what a 32-bit program begins with.
cp dynamic other
printf '\001' | dd of=other bs=1 seek=4 conv=notrunc status=none
run 126 'other: is a 32-bit program' "a 32-bit program" ./other

if [ "$(id -u)" = 0 ]; then
	for mode in 4755 2755; do
		cp dynamic special
		chown 65534:65534 special
		chmod $mode special
		run 126 'special: gets privileges when it starts' "mode $mode of another user" ./special
	done
	run 0 '^started /' "it again without the mode" ./dynamic
	expect 0 '^started /' "where no privileges can be gained, the mode means nothing" \
		setpriv --no-new-privs "$openrdma" run -- ./special
	chown 0:0 special
	chmod 4755 special
	run 0 '^started /' "one that gains nothing" ./special
	# CAP_NET_RAW, permitted and effective, as setcap(8) writes it.
	if python3 -c 'import os, sys; os.setxattr(sys.argv[1], "security.capability",
		bytes.fromhex("0100000200200000000000000000000000000000"))' ./dynamic 2>/dev/null; then
		user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
		if "${user[@]}" "$openrdma" run --help >/dev/null 2>&1; then
			expect 126 'dynamic: gets privileges when it starts' "a program with capabilities" \
				"${user[@]}" "$openrdma" run -- ./dynamic
		else
			echo "left out: nobody may not run $openrdma"
		fi
	else
		echo "left out: no capabilities in files here"
	fi
else
	echo "left out: programs that gain privileges (not root)"
fi
exit $failed
