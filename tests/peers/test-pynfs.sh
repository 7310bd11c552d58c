#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# pynfs, the conformance tests of NFSv4.1, on openrdma-nfsd over TCP.  PYNFS names its folder (built there: see its
# README; python3-ply and python3-gssapi are needed).  Its group `all` passes; the tests outside of it ask for
# delegations, pNFS and layouts, which are not served.
#
#   usage: PYNFS=FOLDER test-pynfs.sh [TEST...]      default: all; of newer versions: all nodeleg noEID4
. "$(dirname "$0")/lib.sh"
pynfs=${PYNFS:-}
[ -e "$pynfs/nfs4.1/testserver.py" ] || skip "PYNFS does not name a folder with pynfs"
peer_begin_alone
peer_program openrdma-nfsd

share=$peer_dir/share
mkdir "$share"
peer_spawn nfsd "$peer_found" --listen $peer_host --no-rdma --no-rpcbind --lease 10 --state "$peer_dir/state" \
	--export "$share *(rw,no_root_squash,insecure)"
peer_wait_port 2049 nfsd
[ $# -gt 0 ] || set -- all
status=0
cd "$pynfs/nfs4.1" || exit 1
timeout 600 env PATH="/usr/bin:$PATH" PYTHONDONTWRITEBYTECODE=1 ip netns exec "$peer_ns" \
	python3 testserver.py "$peer_host:$share" --maketree "$@" >"$peer_dir/pynfs.txt" 2>&1 || status=$?
cd / || exit 1
grep -q '^Command line asked for' "$peer_dir/pynfs.txt" ||
	fail "pynfs ended with status $status: $(tail -n 5 "$peer_dir/pynfs.txt")"
tail -n 1 "$peer_dir/pynfs.txt" | sed 's/^/# /'
failed=$(grep -A4 -E ': (FAILURE|WARNING)$' "$peer_dir/pynfs.txt" || true)
[ -z "$failed" ] || fail "pynfs: $failed"
grep -qE ': PASS$' "$peer_dir/pynfs.txt" || fail "no test passed"
peer_stop nfsd || fail "openrdma-nfsd ended with status $?"
say "passed"
