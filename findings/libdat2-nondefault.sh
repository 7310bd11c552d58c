#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# libdat2: an entry of dat.conf that says "nondefault" is not in the registry at all.
#
#   libdapl2, libdapl-dev 2.1.10.1.f1e05b7a-3+b1 (Debian 12, the last that has it)
#
# The fourth field of an entry is default or nondefault.  One would take the latter for a provider that has to be asked
# for by its name; but dat_registry_list_providers() does not tell it.  And a call with room for no entry, to learn how
# many there are, gives the number *and* an error.  Neither needs an RDMA device, nor that the provider's library is
# there: entries are listed without a look at it.
. "$(dirname "$(readlink -f "$0")")/lib.sh"

command -v cc >/dev/null || { echo "SKIP: needs a C compiler"; exit 77; }
unpack libdapl2=2.1.10.1.f1e05b7a-3+b1 libdapl-dev=2.1.10.1.f1e05b7a-3+b1

cat >"$dir/list.c" <<'END'
#include <dat2/udat.h>
#include <stdio.h>

int main(void)
{
	DAT_PROVIDER_INFO room[8], *info[8];
	DAT_COUNT n = -1;
	DAT_RETURN r;

	for (int i = 0; i < 8; i++)
		info[i] = &room[i];
	r = dat_registry_list_providers(8, &n, info);
	printf("%s %d:", r == DAT_SUCCESS ? "success" : "error", n);
	for (int i = 0; i < n; i++)
		printf(" %s", info[i]->ia_name);
	n = -1;
	r = dat_registry_list_providers(0, &n, NULL);
	printf(", of none: %s %d\n", r == DAT_SUCCESS ? "success" : "error", n);
	return 0;
}
END
cat >"$dir/dat.conf" <<'END'
first u2.0 nonthreadsafe default libnowhere.so.2 example.2.0 "" ""
second u2.0 nonthreadsafe nondefault libnowhere.so.2 example.2.0 "" ""
third u2.0 threadsafe default libnowhere.so.2 example.2.0 "" ""
END
lib=$dir/root/usr/lib/x86_64-linux-gnu
cc -o "$dir/list" "$dir/list.c" -I "$dir/root/usr/include" "$lib/libdat2.so.2"
same "listed" "$(DAT_OVERRIDE=$dir/dat.conf LD_LIBRARY_PATH=$lib "$dir/list")" \
	"success 2: first third, of none: error 2"
exit $changed
