#!/bin/sh
# --sockopts: what a Python server and its clients have set on their sockets, as root and
# as the same user, in JSON and on the cards.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

if [ -z "$skip_all" ]; then
	if ! needs_python socket; then
		skip_all=$why_not
	elif ! command -v jq >/dev/null; then
		skip_all='jq is missing'
	fi
fi

# A server with a connection that it accepted, the client's end and a unix pair, all held
# by one process. Each is told on a line of its own: what was set, then what getsockopt()
# gives of what the kernel may have changed.
cat >"$tmp/sockets.py" <<'EOF'
import json
import os
import socket
import struct
import sys

SOL, TCP = socket.SOL_SOCKET, socket.IPPROTO_TCP


def put(s, level, name, value):
    s.setsockopt(level, getattr(socket, name), value)


def tell(what, s, **options):
    port = s.getsockname()[1] if s.family == socket.AF_INET else 0
    for name in ("SO_SNDBUF", "SO_RCVBUF"):
        options[name.lower()] = s.getsockopt(SOL, getattr(socket, name))
    print(what, os.getpid(), s.fileno(), port, json.dumps(options), flush=True)


server = socket.socket()
for name in ("SO_REUSEADDR", "SO_KEEPALIVE"):
    put(server, SOL, name, 1)
put(server, SOL, "SO_SNDBUF", 20000)
put(server, SOL, "SO_RCVBUF", 30000)
put(server, SOL, "SO_LINGER", struct.pack("ii", 1, 60))
for name, value in (("TCP_KEEPIDLE", 42), ("TCP_KEEPINTVL", 7), ("TCP_KEEPCNT", 3)):
    put(server, TCP, name, value)
server.bind(("127.0.0.1", 0))
server.listen()
tell("server", server, so_reuseaddr=True, so_reuseport=False, so_keepalive=True, so_linger=60,
     so_acceptconn=True, so_protocol=6, tcp_keepidle=42, tcp_keepintvl=7, tcp_keepcnt=3,
     tcp_nodelay=False)

client = socket.socket()
put(client, TCP, "TCP_NODELAY", 1)
put(client, TCP, "TCP_USER_TIMEOUT", 9000)
put(client, SOL, "SO_RCVTIMEO", struct.pack("ll", 2, 500000))
put(client, SOL, "SO_PRIORITY", 5)
put(client, socket.IPPROTO_IP, "IP_TTL", 33)
client.connect(server.getsockname())
tell("client", client, so_reuseaddr=False, so_keepalive=False, so_linger=None,
     so_acceptconn=False, so_rcvtimeo=2500, so_sndtimeo=0, so_priority=5, tcp_nodelay=True,
     tcp_user_timeout=9000, tcp_keepidle=7200, tcp_keepintvl=75, tcp_keepcnt=9, ip_ttl=33)
accepted = server.accept()[0]
# A refused connection: its error is its owner's to read.
failed = socket.socket()
failed.setblocking(False)
nobody = socket.socket()
nobody.bind(("127.0.0.1", 0))
failed.connect_ex(nobody.getsockname())
ends = socket.socketpair()
put(ends[0], SOL, "SO_PASSCRED", 1)
tell("pair", ends[0], so_passcred=True,
     so_peercred={"pid": os.getpid(), "uid": os.getuid(), "gid": os.getgid()})
print("error", os.getpid(), failed.fileno(), 0, "{}", flush=True)
print("ready", flush=True)
for line in sys.stdin:
    print(failed.getsockopt(SOL, socket.SO_ERROR), flush=True)
EOF

# start COMMAND...: the sockets of a process, started by way of a command: its lines in
# $tmp/told, its PID in $pid.
start() {
	mkfifo "$tmp/orders" "$tmp/lines.now"
	"$@" "$python" "$tmp/sockets.py" <"$tmp/orders" >"$tmp/lines.now" 2>"$tmp/python" &
	exec 4>"$tmp/orders" 5<"$tmp/lines.now"
	: >"$tmp/lines"
	line=
	while read -r line <&5 && [ "$line" != ready ]; do
		printf '%s\n' "$line" >>"$tmp/lines"
	done
	[ "$line" = ready ] || complain "Python failed: $(cat "$tmp/python")"
	pid=$(awk '{ print $2; exit }' "$tmp/lines")
}

# End it.
stop() {
	exec 4>&- 5<&-
	wait
	rm "$tmp/orders" "$tmp/lines.now"
}

# told WHAT: its $fd, $port and, in $want, what it has set.
told() {
	# shellcheck disable=SC2046 # words
	set -- $(sed -n "s/^$1 //p" "$tmp/lines")
	fd=$2 port=$3
	shift 3
	want=$*
}

# expect_options WHAT: those that run() left, under -J, of that descriptor.
expect_options() {
	told "$1"
	# shellcheck disable=SC2016 # jq's
	jq -e --argjson want "$want" --argjson fd "$fd" --argjson pid "$pid" '
		[.processes[] | select(.pid == $pid) | .files[] | select(.fd == $fd)
			| .details.options]
		| length == 1 and (.[0] | contains($want))' "$tmp/out" >/dev/null ||
		complain "$shown: expected of $1: $want$nl$(cat "$tmp/out" "$tmp/err")"
}

in_json() {
	told server
	run --sockopts -J "$port"
	expect_status 0
	expect_options server
	run --sockopts -J -p "$pid"
	expect_options server
	expect_options client
	expect_options pair
}

# expect_on_card TEXT...: each is somewhere; values may go on in another line, and those of
# names stand behind a colon or as a card's do.
expect_on_card() {
	tr -d '\n' <"$tmp/out" | sed 's/,  */,/g; s/name:*  */name: /g' >"$tmp/card"
	for text; do
		grep -Fq -e "$text" "$tmp/card" || { show_run; complain "expected: $text"; }
	done
}

on_cards() {
	told server
	run --sockopts "$port"
	expect_status 0
	sndbuf=${want#*'"so_sndbuf": '}
	sndbuf=${sndbuf%%[!0-9]*}
	expect_on_card "SO_REUSEADDR,SO_KEEPALIVE,SO_ACCEPTCONN,SO_LINGER(60),SO_SNDBUF($sndbuf),SO_RCVBUF(" \
		'TCP_KEEPIDLE(42),TCP_KEEPINTVL(7),TCP_KEEPCNT(3)' \
		"sockname: AF_INET 127.0.0.1  port: $port"
	server_port=$port
	told client
	run --sockopts -sESTABLISHED "$port"
	expect_status 0
	expect_on_card 'SO_RCVTIMEO(2.5)' 'TCP_NODELAY' 'TCP_USER_TIMEOUT(9000)' 'IP_TTL(33)' \
		"sockname: AF_INET 127.0.0.1  port: $port" \
		"peername: AF_INET 127.0.0.1  port: $server_port"
	! grep -Fq SO_KEEPALIVE "$tmp/out" || { show_run; complain 'expected no SO_KEEPALIVE'; }
	run --sockopts -U -p "$pid"
	expect_on_card SO_PASSCRED "SO_PEERCRED(pid $pid uid "
}

without_the_option() {
	told server
	run -D -J "$port"
	jq -e '[.processes[].files[].details.options] | all(. == null)' "$tmp/out" >/dev/null ||
		{ show_run; complain 'expected no options'; }
	run -D "$port"
	! grep -q 'SO_\|TCP_' "$tmp/out" || { show_run; complain 'expected no options'; }
}

# 111 is ECONNREFUSED, on all but a few architectures.
error_stays() {
	told error
	run --sockopts -J -p "$pid"
	expect_status 0
	echo >&4
	read -r error <&5
	[ "$error" != 0 ] || complain 'SO_ERROR was taken'
}

# The port is free once its owner has closed it: no copy of ours lasts.
port_comes_free() {
	told server
	run --sockopts -J "$port"
	stop
	run --all -sLISTEN "$port"
	expect_status 1
}

cases() {
	check "$1: what was set is told in JSON" in_json
	check "$1: what was set is told on cards" on_cards
	check "$1: nothing is copied unless asked for" without_the_option
	check "$1: an error stays its owner's" error_stays
	check "$1: no copy is kept" port_comes_free
}

[ -n "$skip_all" ] || start env
cases root

as_same_user() {
	become_nobody || return
	chmod 644 "$tmp/sockets.py"
	start setpriv --reuid=65534 --regid=65534 --clear-groups
}
check 'the same user: sockets are made' as_same_user
[ -n "$via" ] || skip_all=${skip_all:-'needs root'}
cases 'the same user'
