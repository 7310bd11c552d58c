#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
# The example of docs/access-layer.md does what the document says.   test-example.sh PROGRAM
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"; [ -z "${server:-}" ] || kill "$server" 2>/dev/null || :' EXIT
: >"$dir/out"
"$1" server 0 >>"$dir/out" &
server=$!
port=
for _ in $(seq 100); do
	port=$(sed -n 's/^listening on //p' "$dir/out")
	[ -z "$port" ] || break
	sleep 0.05
done
[ -n "$port" ] || { echo "the server does not listen"; exit 1; }
"$1" client 127.0.0.1 "$port" "hello, memory"
wait "$server"
server=
grep -qx 'hello, memory' "$dir/out" || { cat "$dir/out"; exit 1; }
# nobody listens any more
if "$1" client 127.0.0.1 "$port" again 2>"$dir/err"; then
	echo "connected to nobody"
	exit 1
fi
grep -q 'Connection refused' "$dir/err"
