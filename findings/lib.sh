# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
# shellcheck shell=bash
#
# lib.sh: what the findings share, to be sourced.  A finding unpacks Debian packages of one version in a folder of its
# own, runs them there, and fails when they no longer do what it tells.  OpenRDMA is not in it.
set -euo pipefail

dir=$(mktemp -d "${TMPDIR:-/var/tmp}/openrdma-finding.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM HUP
changed=0

# unpack NAME=VERSION...: into $dir/root.  Skips (77) where the archive has that version no longer.
unpack()
{
	local deb

	mkdir -p "$dir/debs" "$dir/root"
	if ! (cd "$dir/debs" && apt-get -q -o APT::Sandbox::User=root download "$@") >"$dir/log" 2>&1; then
		tail -n 5 "$dir/log" >&2
		echo "SKIP: cannot be had: $*"
		exit 77
	fi
	for deb in "$dir"/debs/*.deb; do
		dpkg-deb -x "$deb" "$dir/root"
	done
	echo "# $*"
}

# same WHAT SEEN TOLD
same()
{
	if [ "$2" = "$3" ]; then
		printf 'as told: %s: %s\n' "$1" "$2"
	else
		printf 'changed: %s\n  now:  %s\n  told: %s\n' "$1" "$2" "$3"
		changed=1
	fi
}
