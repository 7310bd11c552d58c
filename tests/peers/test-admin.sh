#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# Both daemons, started from configuration files, and what their admin sockets say while `openrdma bench` and
# `openrdma nfs` use them; bad clients of these sockets; sockets of others and of the dead; exports read again.
#
#   usage: test-admin.sh
. "$(dirname "$0")/lib.sh"
peer_need python3 socat curl fio
peer_begin_alone
for program in openrdma-targetd openrdma-nfsd openrdma; do
	peer_program $program
	declare "${program//-/_}=$peer_found"
done
# shellcheck disable=SC2154
targetd=$openrdma_targetd nfsd=$openrdma_nfsd
check=$peer_src/admin-check.py
t_sock=$peer_dir/t.sock
n_sock=$peer_dir/n.sock
url=iser://$peer_host/iqn.2026-11.org.openrdma:ram/0
share=$peer_dir/share
server=nfs://$peer_host
mkdir -p "$share" "$peer_dir/more"

cat >"$peer_dir/targetd.conf" <<END
# what the test serves
portal = $peer_host
lun = ram=ram:,size=64M	# memory
lun = none=null:,size=1T,ro
admin = $t_sock
END
cat >"$peer_dir/exports" <<END
$share *(rw,no_root_squash,insecure)
END
cat >"$peer_dir/nfsd.conf" <<END
exports = $peer_dir/exports
listen = $peer_host
state = $peer_dir/state
no-rpcbind
admin = $n_sock
END

o()
{
	timeout 30 ip netns exec "$peer_ns" "$openrdma" "$@"
}

# json SOCKET EXPRESSION: of the status s.
json()
{
	o status --json "$1" | python3 -c 'import json, sys; s = json.load(sys.stdin); print(eval(sys.argv[1]))' "$2"
}

# metric SERIES: of both daemons, in $peer_dir/metrics.
metric()
{
	local value

	value=$(awk -v series="$1" '$1 == series { print $2 }' "$peer_dir/metrics")
	[ -n "$value" ] || fail "no metric $1"
	echo "$value"
}

metrics_read()
{
	{ o metrics "$t_sock" && o metrics "$n_sock"; } >"$peer_dir/metrics.text"
	python3 "$check" metrics <"$peer_dir/metrics.text" >"$peer_dir/metrics"
}

expect()
{
	local code=$1 text=$2 status=0

	shift 2
	o "$@" >"$peer_dir/said" 2>&1 || status=$?
	[ "$status" = "$code" ] || fail "openrdma $*: exit $status, expected $code: $(cat "$peer_dir/said")"
	grep -q -- "$text" "$peer_dir/said" || fail "openrdma $*: said $(cat "$peer_dir/said")"
}

peer_spawn targetd "$targetd" --config "$peer_dir/targetd.conf"
peer_spawn nfsd "$nfsd" --config "$peer_dir/nfsd.conf"
peer_wait_port 3260 targetd
peer_wait_port 20049 nfsd
for sock in "$t_sock" "$n_sock"; do
	peer_wait 5 test -S "$sock"
	[ "$(stat -c %a "$sock")" = 600 ] || fail "mode of $sock"
done
[ "$(json "$t_sock" '[(l["name"], l["size"], l["read_only"]) for l in s["luns"]]')" = \
	"[('ram', 67108864, False), ('none', 1099511627776, True)]" ] || fail "LUNs"
[ "$(json "$t_sock" 's["portals"]')" = "['$peer_host:3260']" ] || fail "portals"
[ "$(json "$n_sock" 's["exports"][0]["path"]')" = "$share" ] || fail "exports"
say "configuration files"

# A session that lasts, and what it counts.
bench_start()
{
	o bench randread-4k --runtime "$1" --json "$url" >"$peer_dir/bench.json" 2>"$peer_dir/bench.log" &
	bench=$!
	peer_wait 10 session_busy
}

session_busy()
{
	[ "$(json "$t_sock" 'any(x["commands"] > 100 for x in s["sessions"])')" = True ]
}

bench_start 3
[ "$(json "$t_sock" '[(x["target"], x["transport"], x["peer"].split(":")[0]) for x in s["sessions"] if x["commands"] > 100][0]')" = \
	"('iqn.2026-11.org.openrdma:ram', 'iWARP', '$peer_host')" ] || fail "session: $(o status --json "$t_sock")"
expect 0 "SESSION  LUN" status "$t_sock"
timeout 4 ip netns exec "$peer_ns" "$openrdma" status --watch=1 "$t_sock" >"$peer_dir/watch" || [ $? = 124 ]
grep -q 'Now: [1-9][0-9]* commands/s' "$peer_dir/watch" || fail "no rates: $(cat "$peer_dir/watch")"

# Bad clients while it goes on.
python3 "$check" garbage "$t_sock"
wait $bench || fail "the benchmark: $(cat "$peer_dir/bench.log")"
bench_start 4
python3 "$check" crowd "$t_sock" 100 60 >"$peer_dir/crowd" &
crowd=$!
peer_wait 10 grep -q here "$peer_dir/crowd"
for _ in 1 2 3; do
	json "$t_sock" 's["ok"]' >/dev/null || fail "no answer beside a crowd"
done
wait $bench || fail "the benchmark beside a crowd: $(cat "$peer_dir/bench.log")"
kill $crowd && wait $crowd || true
metrics_read
commands=$(metric openrdma_iscsi_commands_total)
bytes=$(metric 'openrdma_iscsi_bytes_total{direction="read"}')
python3 - "$peer_dir/bench.json" "$commands" "$bytes" <<'END' || fail "counters"
import json, sys
text = open(sys.argv[1]).read()
ios = json.loads(text[text.index("{"):])["jobs"][0]["read"]["total_ios"]
commands, count = float(sys.argv[2]), float(sys.argv[3])
assert ios > 0 and commands >= ios and count >= 4096 * ios, (ios, commands, count)
END
[ "$(metric openrdma_iscsi_command_seconds_count)" -gt 100 ] || fail "latency"
[ "$(metric openrdma_iscsi_sessions_broken_total)" = 0 ] || fail "sessions broke"
say "sessions, counters, bad clients"

# An initiator whose session is dropped comes again.
bench_start 3
id=$(json "$t_sock" '[x["id"] for x in s["sessions"] if x["commands"] > 100][0]')
o drop "$t_sock" "$id" || fail "drop $id"
wait $bench || fail "the benchmark over a dropped session: $(cat "$peer_dir/bench.log")"
grep -q "session ended: dropped by the administrator" "$peer_dir/targetd.log" || fail "the log does not say it"
grep -q "logged in to iqn" "$peer_dir/targetd.log" || fail "the log does not say who comes"
expect 3 "no such" drop "$t_sock" "$id"
expect 3 "is no ID" drop "$t_sock" elephant
metrics_read
[ "$(metric openrdma_iscsi_sessions_broken_total)" = 1 ] || fail "a dropped session is not counted"
say "a session dropped"

head -c 3000000 /dev/urandom >"$peer_dir/src"
for way in "rdma 3" "rdma 4.2" "tcp 3" "tcp 4.1"; do
	read -r proto vers <<<"$way"
	o nfs cp --proto "$proto" --vers "$vers" "$peer_dir/src" "$server$share/f"
	o nfs cat --proto "$proto" --vers "$vers" "$server$share/f" | cmp - "$peer_dir/src"
done
metrics_read
for direction in read write; do
	[ "$(metric "openrdma_nfs_bytes_total{direction=\"$direction\"}")" = 12000000 ] || fail "bytes: $direction"
done
[ "$(metric 'openrdma_nfs_ops_total{version="4",op="WRITE"}')" -gt 1 ] || fail "operations of version 4"
[ "$(metric 'openrdma_nfs_ops_total{version="3",op="READ"}')" -gt 1 ] || fail "procedures of version 3"
[ "$(metric 'openrdma_nfs_connections_total{transport="rdma"}')" -ge 4 ] || fail "connections"
errors=$(metric 'openrdma_nfs_op_errors_total{version="3",op="LOOKUP"}')
expect 3 "No such file" nfs stat --vers 3 "$server$share/none"
metrics_read
[ "$(metric 'openrdma_nfs_op_errors_total{version="3",op="LOOKUP"}')" = $((errors + 1)) ] || fail "errors"

# A client that stays: its input does not end.
exec 8> >(timeout 30 ip netns exec "$peer_ns" "$openrdma" nfs cp --vers 4.2 - "$server$share/g" >"$peer_dir/cp.log" 2>&1)
client_there()
{
	[ "$(json "$n_sock" 'len(s["clients"]) == 1 and len(s["connections"]) == 1')" = True ]
}
peer_wait 10 client_there
[ "$(json "$n_sock" '(s["clients"][0]["version"], s["clients"][0]["transport"], s["connections"][0]["versions"])')" = \
	"('4.2', 'rdma', ['4'])" ] || fail "client: $(o status --json "$n_sock")"
expect 0 "CONNECTION  PEER" status "$n_sock"
id=$(json "$n_sock" 's["clients"][0]["id"]')
o drop "$n_sock" "$id" || fail "drop $id"
[ "$(json "$n_sock" 's["clients"]')" = "[]" ] || fail "the client is still there"
o drop "$n_sock" "$(json "$n_sock" 's["connections"][0]["id"]')" || fail "the connection cannot be dropped"
exec 8>&-
python3 "$check" garbage "$n_sock"

# exports_are LINES: read again; both versions see them.
exports_are()
{
	printf '%s\n' "$@" >"$peer_dir/exports"
	o reload "$n_sock"
}
for vers in 3 4.2; do
	exports_are "$share *(ro,insecure)" "$peer_dir/more *(rw,no_root_squash,insecure)"
	expect 1 "Read-only" nfs cp --vers $vers "$peer_dir/src" "$server$share/h"
	o nfs cp --vers $vers "$peer_dir/src" "$server$peer_dir/more/h" || fail "a new export, version $vers"
	cmp "$peer_dir/src" "$peer_dir/more/h"
	exports_are "$share *(rw,no_root_squash,insecure)"
	o nfs cp --vers $vers "$peer_dir/src" "$server$share/h" || fail "writable again, version $vers"
	expect 3 "" nfs stat --vers $vers "$server$peer_dir/more/h"
done
[ "$(json "$n_sock" '[e["path"] for e in s["exports"]]')" = "['$share']" ] || fail "an export that ended is shown"
printf '%s *(rw,no_root_squash,insecure)\n%s *(rx)\n' "$share" "$peer_dir/more" >"$peer_dir/exports"
expect 3 "$peer_dir/exports:2: rx: unknown option" reload "$n_sock"
printf '%s *(rw,no_root_squash,insecure,fsid=7)\n' "$share" >"$peer_dir/exports"
expect 3 "its fsid can change with a restart" reload "$n_sock"
o nfs stat "$server$share/h" >/dev/null || fail "exports are not as they were before a mistake"
printf '%s *(rw,no_root_squash,insecure)\n' "$share" "$peer_dir/more" >"$peer_dir/exports"
kill -HUP "${peer_pid[nfsd]}"
more_there()
{
	o nfs stat "$server$peer_dir/more/h" >/dev/null 2>&1
}
peer_wait 10 more_there
say "exports read again"
say "NFS: counters, clients, connections"

curl -s --max-time 10 --unix-socket "$n_sock" http://localhost/metrics | python3 "$check" metrics >"$peer_dir/http"
grep -q '^openrdma_nfs_calls_total' "$peer_dir/http" || fail "HTTP"
[ "$(curl -s --max-time 10 -o /dev/null -w '%{http_code}' --unix-socket "$n_sock" http://localhost/)" = 404 ] || fail "HTTP 404"
echo metrics | timeout 10 socat -t 5 - "UNIX-CONNECT:$t_sock" | python3 "$check" metrics >/dev/null
python3 "$check" ask "$t_sock" 'help\n' | grep -q '"drop ID"' || fail "help"
expect 4 "no daemon answers" status "$peer_dir/nowhere.sock"
expect 4 "no daemon answers" metrics "$peer_dir/nowhere.sock"
expect 2 "unknown option" status --frobnicate
say "HTTP, socat, errors"

# LUNs read again under load: one session goes on, that of a LUN that ends is dropped, a new LUN is found.
bench_start 5
kept=$(json "$t_sock" '[x["id"] for x in s["sessions"] if x["target"].endswith(":ram") and x["commands"] > 100][0]')
o bench randread-4k --runtime 30 "iser://$peer_host/iqn.2026-11.org.openrdma:none/0" >"$peer_dir/none.log" 2>&1 &
none_bench=$!
none_busy()
{
	[ "$(json "$t_sock" 'any(x["target"].endswith(":none") and x["commands"] > 100 for x in s["sessions"])')" = True ]
}
peer_wait 10 none_busy
cp "$peer_dir/targetd.conf" "$peer_dir/targetd.before"
sed -i 's/^lun = none=.*/lun = fresh=null:,size=2T/' "$peer_dir/targetd.conf"
o reload "$t_sock"
[ "$(json "$t_sock" '[l["name"] for l in s["luns"]]')" = "['ram', 'fresh']" ] || fail "LUNs after reload"
[ "$(json "$t_sock" "[x['id'] for x in s['sessions'] if x['id'] == '$kept'] == ['$kept']")" = True ] || fail "a session was dropped"
[ "$(json "$t_sock" 'any(x["target"].endswith(":none") for x in s["sessions"])')" = False ] || fail "a LUN that ended has a session"
o discover $peer_host >"$peer_dir/said"
grep -q openrdma:fresh "$peer_dir/said" && ! grep -q openrdma:none "$peer_dir/said" || fail "discovered: $(cat "$peer_dir/said")"
echo "lun = broken=$peer_dir/no/such" >>"$peer_dir/targetd.conf"
expect 3 "no/such does not exist" reload "$t_sock"
cp "$peer_dir/targetd.before" "$peer_dir/targetd.conf"
kill -HUP "${peer_pid[targetd]}"
none_there()
{
	[ "$(json "$t_sock" '[l["name"] for l in s["luns"]]')" = "['ram', 'none']" ]
}
peer_wait 10 none_there
wait $bench || fail "the session that was to stay: $(cat "$peer_dir/bench.log")"
kill $none_bench 2>/dev/null || true
wait $none_bench || true
say "LUNs read again"

# refused TEXT ARG...: a daemon that does not start, and says so.
refused()
{
	local text=$1 status=0

	shift
	timeout 10 ip netns exec "$peer_ns" "$targetd" --portal $peer_host:3270 --lun a=ram:,size=1M "$@" \
		>"$peer_dir/said" 2>&1 || status=$?
	[ $status = 1 ] || [ $status = 2 ] || fail "exit $status: $*"
	grep -q -- "$text" "$peer_dir/said" || fail "said $(cat "$peer_dir/said")"
}
refused "another daemon answers there" --admin "$t_sock"
refused "is no socket" --admin "$peer_dir/src"
refused "No such file" --admin "$peer_dir/no/such/folder.sock"
refused "too long" --admin "$peer_dir/$(printf 'x%.0s' {1..120})"
echo "bogus = 1" >"$peer_dir/bad.conf"
refused "bad.conf:1: unknown name bogus" --config "$peer_dir/bad.conf"
[ "$(json "$t_sock" 's["ok"]')" = True ] || fail "the daemon's socket was taken away"
peer_stop targetd KILL
[ -S "$t_sock" ] || fail "the socket of a killed daemon is gone: nothing to be replaced"
peer_spawn targetd "$targetd" --config "$peer_dir/targetd.conf"
answers()
{
	o status "$t_sock" >/dev/null 2>&1
}
peer_wait 10 answers
peer_stop targetd
[ ! -e "$t_sock" ] || fail "an orderly end leaves the socket"
say "sockets of others and of the dead"

peer_stop nfsd
[ ! -e "$n_sock" ] || fail "an orderly end leaves the socket"
say "passed"
