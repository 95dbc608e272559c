#!/bin/sh
# What psutil knows of connections, whoport says, too. How the two write it down:
#
#     psutil            whoport -j
#     family, type      family inet, inet6, unix; protocol TCP, UDP, STREAM ...
#     laddr, raddr      local, remote {address, port}; () is null; a unix path is `path`
#     status            state of TCP; NONE for UDP and unix
#     pid None, fd -1   null, with a reason
#
# psutil reads text: of an internet socket it names one descriptor, it has no BOUND, no
# UDP-Lite and no raw sockets.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

kinds=$BUILD/live/kinds
if ! needs_python psutil; then
	skip_all=$why_not
fi

hold tcp4 tcp4-any tcp6 tcp6-dual tcp6-only tcp6-mapped conn4 conn6 conn4in6 finwait2 halfclosed \
	timewait4 queue4 queue6 orphan4 lastack4 synrecv4 synsent4 udp4 udp4-any udp6 udp6-dual \
	udp4-conn udplite4 raw4 bound4 dup4 prefork:3 far4 named:odd group \
	"unix-stream:$tmp/stream" "unix-dgram:$tmp/dgram" "unix-seqpacket:$tmp/seq" \
	"unix-conn:$tmp/conn" "unix-queue:$tmp/queue" unix-stream:@abstract pair pair-dgram
hold_as "$kinds" pair:3 "server:$tmp/server" seqpacket-server:@packets far6 far4in6 udp-pair4 \
	udp-pair6 idle idle-dgram dgram-log:@log waiting:@waiting

cat >"$tmp/compare.py" <<'EOF'
import collections
import socket
import sys

import psutil

sys.path.insert(0, sys.argv[1])
from json_check import parse, unescape

SOCKETS = {"TCP": socket.SOCK_STREAM, "UDP": socket.SOCK_DGRAM, "STREAM": socket.SOCK_STREAM,
           "DGRAM": socket.SOCK_DGRAM, "SEQPACKET": socket.SOCK_SEQPACKET}
FAMILIES = {"inet": socket.AF_INET, "inet6": socket.AF_INET6, "unix": socket.AF_UNIX}


def end(value):
    return (value["address"], value["port"]) if value else ()


def of_whoport(row):
    if row["family"] == "unix":
        ends = (unescape(row["path"] or "").decode(), "")
    else:
        ends = (end(row["local"]), end(row["remote"]))
    status = row["state"] if row["protocol"] == "TCP" else "NONE"
    return (row["pid"], -1 if row["fd"] is None else row["fd"], FAMILIES[row["family"]],
            SOCKETS[row["protocol"]], *ends, status)


def of_psutil(connection, pid):
    unix = connection.family == socket.AF_UNIX
    raddr = ("" if unix else ()) if not connection.raddr else tuple(connection.raddr)
    laddr = connection.laddr if unix else tuple(connection.laddr)
    return (pid, connection.fd, connection.family, connection.type, laddr, raddr,
            connection.status)


with open(sys.argv[2], "rb") as file:
    rows = [parse(line) for line in file]
rows = [row for row in rows if row["family"] in FAMILIES and row["protocol"] in SOCKETS]
ours = collections.Counter(of_whoport(row) for row in rows if row["state"] != "BOUND")
inodes = collections.defaultdict(set)
for row in rows:
    if row["inode"]:
        inodes[row["inode"]].add(of_whoport(row))

if sys.argv[3:]:
    theirs = [of_psutil(c, int(pid)) for pid in sys.argv[3:]
              for c in psutil.Process(int(pid)).connections(kind="all")]
else:
    theirs = [of_psutil(c, c.pid) for c in psutil.net_connections(kind="all")]
theirs = collections.Counter(theirs)
for one, count in (theirs - ours).items():
    print("psutil alone:", one, count)
for one, count in (ours - theirs).items():
    # Somebody else, or another descriptor, has the same socket, and psutil knows that.
    shared = [same for same in inodes.values() if one in same and len(same) > 1]
    if not any(same & set(theirs) for same in shared):
        print("whoport alone:", one, count)
holders = sum(1 for row in rows if row["pid"])
if len(theirs) < 60 or holders < 60:
    print("too few:", len(theirs), holders)
EOF

# compare [PID...]: what run() left.
compare() {
	valid_json lines
	skip=''
	wrong=$("$python" "$tmp/compare.py" "$tests" "$tmp/out" "$@" 2>&1) ||
		wrong="failed: $wrong"
	[ -z "$wrong" ] || complain "$shown$nl$wrong"
}

of_processes() {
	pids=$(awk '{ print $1 }' "$tmp/held" | sort -nu)
	run -w -j -p "$(echo "$pids" | tr '\n' , | sed 's/,$//')"
	# shellcheck disable=SC2086 # words
	compare $pids
}
check 'the connections of processes' of_processes

of_namespace() {
	for words in --all '-i -U' '--all --source=proc' '-i -U --scan=proc'; do
		# shellcheck disable=SC2086 # words
		run -w -j $words
		compare
	done
}
check 'the connections of the namespace' of_namespace

# Each holder of what several have.
shared() {
	for kind in prefork pair.b; do
		whose "$kind" last
		run -j -i -U
		needs_python json
		wanted=$(awk -v inode="$inode" '$4 == inode { print $1, $3 }' "$tmp/held" | sort)
		got=$("$python" - "$tests" "$tmp/out" "$inode" <<'EOF' | sort
import sys
sys.path.insert(0, sys.argv[1])
from json_check import parse
with open(sys.argv[2], "rb") as file:
    for row in map(parse, file):
        if row["inode"] == int(sys.argv[3]):
            print(row["pid"], row["fd"])
EOF
		)
		[ "$got" = "$wanted" ] || complain "$kind: $got, expected $wanted"
		[ "$(echo "$got" | grep -c '')" -ge 2 ] || complain "$kind: one holder"
	done
}
check 'all holders of shared sockets' shared
release
