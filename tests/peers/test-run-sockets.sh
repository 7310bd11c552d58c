#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# Programs that know only sockets, unmodified, by `openrdma run --sockets`: netcat, socat, curl with Python's
# web server, iperf3.  What they move is compared, and their connections are seen on the wire to begin with MPA's
# key: a program that fell back to plain TCP would move the data as well.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
peer_need nc socat curl python3 iperf3 dumpcap cmp
run_begin self
run_ours=("${run_ours[@]:0:${#run_ours[@]}-1}" --sockets --)
run_limit_s=60
cd "$peer_dir"
head -c 20M /dev/urandom >data

# watch NAME: from now on the next port; over_rdma NAME AT-LEAST: so many connections began as RDMA.
watch()
{
	peer_spawn "$1.capture" dumpcap -q -i lo -f "tcp port $((run_port + 1)) and less 400" -w "$1.pcap"
	peer_wait 10 test -s "$1.pcap" || fail "dumpcap does not start"
}

over_rdma()
{
	local began n

	for ((n = 0; n < 50; n++)); do		# the kernel hands over what it holds when it likes
		began=$(grep -ao 'MPA ID Req Frame' "$1.pcap" | wc -l || true)
		((began < $2)) || break
		sleep 0.1
	done
	((began >= $2)) || run_bad "$1" "$began connections began as RDMA, not $2"
	peer_stop "$1.capture"
	say "ok $1: $began connections"
}

same()
{
	cmp data "$1.got" || run_bad "$1" "other data came"
}

# netcat and socat read and write what run_start does not give them.
cat >sink <<'END'
exec "$@" >"$SINK"
END
cat >source <<'END'
exec "$@" <data
END

watch netcat
SINK=netcat.got run_serve netcat "bash sink nc -l -N ADDR PORT"
run_connect netcat "bash source nc -N ADDR PORT"
run_served netcat
same netcat
over_rdma netcat 1

watch socat
run_serve socat "socat -u TCP-LISTEN:PORT,bind=ADDR,reuseaddr OPEN:socat.got,creat"
run_connect socat "socat -u OPEN:data TCP:ADDR:PORT"
run_served socat
same socat
over_rdma socat 1

watch http
run_serve http "python3 -m http.server PORT --bind ADDR"
for n in 1 2 3; do
	rm -f http.got
	run_connect http "curl -sS -o http.got http://ADDR:PORT/data"
	same http
done
run_expect=22
run_connect http "curl -sSf http://ADDR:PORT/absent"
run_says http active '404'
run_expect=0
run_stop ours http.passive
over_rdma http 4

# One connection to agree, the others for data; -R sends from the server, --bidir in both directions.
for options in "" "-R" "-P 4" "--bidir"; do
	name=iperf3$(tr -d ' ' <<<"$options")
	watch "$name"
	run_pair "$name" "iperf3 -s -1 -B ADDR -p PORT" "iperf3 -c ADDR -p PORT -n 20M -l 64K $options"
	run_says "$name" active 'iperf Done'
	over_rdma "$name" 2
done
