# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
# shellcheck shell=bash
#
# To be sourced before lib.sh by a test that mounts: runs it again in a mount namespace of its own.  Copies of that
# (ip netns exec makes one for each program) follow its unmounts; others have no copy of its mounts that would keep
# them alive.
if [ "$(id -u)" = 0 ] && [ -z "${OPENRDMA_OWN_MOUNTS-}" ]; then
	# shellcheck disable=SC2016	# for the inner shell
	OPENRDMA_OWN_MOUNTS=1 exec unshare --mount --propagation private -- \
		bash -c 'mount --make-rshared / && exec bash "$@"' own-mounts "$0" "$@"
fi
