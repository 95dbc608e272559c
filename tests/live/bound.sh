#!/bin/sh
# What only netlink tells of a port: TCP sockets that are bound without
# listening, [::] without IPv4, devices, Multipath TCP.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

keep bound4 bound6 boundany shutdown4 bound4-port0 dual v6only v6both device4 mptcp4 mptcp4-conn
hold tcp4 udp4 bound4

# row TYPE NODE NAME: the row of what whose() found.
row() {
	row="$(cat "/proc/$pid/comm") $pid root ${fd}u $1 $inode 0t0 $2 $3"
}

# no_row INODE: whatever it was that ran.
no_row() {
	! rows | grep -q " $1 " || { show_run; complain "expected no row of inode $1"; }
}

# KIND TYPE ADDRESS
named_by_port() {
	needs_kernel 6 8 || return 0
	whose "$1" || return 0
	row "$2" TCP "$3:$port (BOUND)"
	for word in "$port" ":$port" "tcp:$port" "$port/tcp" "1,$port" "$3:$port" "-i:$port" \
		"-i${2#IPv}TCP:$port"; do
		run "$word"
		expect_answer "$row"
	done
	run -sBOUND "$port"
	expect_answer "$row"
	run "-sTCP:bound" "-i:$port"
	expect_answer "$row"
	run -p "$pid" -d "$fd"
	expect_answer "$row"
	run -t "$port"
	expect_status 0
	expect_no_message
	expect_pids "$pid"
	for words in -sLISTEN -s^BOUND "-d^$fd" "-p^$pid"; do
		run "$words" "$port"
		expect_nothing
	done
	run "udp:$port"
	expect_nothing
	run "$port" -o STATE,LOCAL,REMOTE,REASON --no-header
	expect_answer "BOUND $3:$port *:* -"
}
check 'a bound socket is named by its port' named_by_port bound4 IPv4 127.0.0.1
check 'a bound IPv6 socket is named by its port' named_by_port bound6 IPv6 '[::1]'
check 'a socket bound to the wildcard is named by its port' named_by_port boundany IPv4 '*'
check 'a listener that was shut down still holds its port' named_by_port shutdown4 IPv4 127.0.0.1

by_address() {
	needs_kernel 6 8 || return 0
	whose bound4
	row IPv4 TCP "127.0.0.1:$port (BOUND)"
	for address in 127.0.0.1 localhost 0.0.0.0 '[::]'; do
		run "$address:$port"
		expect_answer "$row"
	done
	for address in 127.0.0.2 '[::1]'; do
		run "$address:$port"
		expect_nothing
	done
	whose boundany
	row IPv4 TCP "*:$port (BOUND)"
	run "127.0.0.2:$port"
	expect_answer "$row"
	run "[::1]:$port"
	expect_nothing
}
check 'addresses find a bound socket as they find a listener' by_address

bound_states() {
	needs_kernel 6 8 || return 0
	for kind in bound4 bound6 boundany shutdown4; do
		whose "$kind"
		echo "$pid ${fd}u $inode BOUND"
	done >"$tmp/bound"
	whose bound4 2
	echo "$pid ${fd}u $inode BOUND" >>"$tmp/bound"
	run -sBOUND -o PID,FD,INODE,STATE --no-header
	expect_answer "$(cat "$tmp/bound")"
	run -iTCP -sBOUND -o PID,FD,INODE,STATE --no-header
	expect_answer "$(cat "$tmp/bound")"
	run -o PID,FD,INODE,STATE --no-header
	expect_status 0
	while read -r bound; do
		expect_row "$bound"
	done <"$tmp/bound"
	run -sLISTEN
	while read -r _ _ bound _; do
		no_row "$bound"
	done <"$tmp/bound"
}
check '-sBOUND shows them all, and so does the listing' bound_states

# The port of such a socket is free, whatever getsockname() says.
given_back() {
	whose bound4-port0
	run "$port"
	expect_nothing
	run -t "$port"
	expect_nothing
	run
	no_row "$inode"
	run -sBOUND
	no_row "$inode"
	run -p "$pid" -d "$fd" -o PID,FD,INODE --no-header
	expect_answer "$pid ${fd}u $inode"
}
check 'a port that shutdown() gave back is nobody'"'"'s' given_back

# The kernel does not look for the port among bound sockets.
other_ports() {
	for words in 1 tcp:1 127.0.0.1:1 '-i:1' '1 -sBOUND' '-i:1 -sBOUND' 1-9 1,2,3,4,5,6; do
		# shellcheck disable=SC2086 # words
		run $words
		expect_nothing
		# shellcheck disable=SC2086 # words
		run -t $words
		expect_nothing
	done
	run -w --source=proc 1
	expect_nothing
}
check 'bound sockets are not found on other ports' other_ports

by_text() {
	whose bound4
	run --source=proc "$port"
	expect_status 1
	expect_no_output
	expect_one_message
	expect_text 'bound but do not listen cannot be seen here'
	run -w --source=proc "$port"
	expect_nothing
	run -w --source=proc -sBOUND
	expect_nothing
	whose tcp4
	run --source=proc "$port"
	expect_status 0
	expect_no_message
}
check 'text has no bound sockets, and says so' by_text

# Somebody destroyed the socket: the process lives, and so does the port.
destroyed() {
	whose tcp4
	needs_kernel 6 8 || return 0
	if ! ss -Kt state listening src ":$port" >/dev/null 2>&1 ||
		[ -n "$(ss -Htl src ":$port")" ]; then
		skip='ss cannot destroy listeners here'
		return 0
	fi
	row IPv4 TCP "127.0.0.1:$port (BOUND)"
	run "$port"
	expect_answer "$row"
	run -t "$port"
	expect_status 0
	expect_pids "$pid"
	run -sBOUND
	expect_row "$row"
	run
	expect_row "$row"
	run -sLISTEN "$port"
	expect_nothing
}
check 'a listener that was destroyed still holds its port' destroyed

# --- [::] and IPv4 ----------------------------------------------------------

without_ipv4() {
	whose v6only
	row IPv6 TCP "*:$port (LISTEN)"
	six=$row
	whose v6only.four
	row IPv4 TCP "*:$port (LISTEN)"
	for source in auto diag; do
		options="-w --source=$source"
		for address in 127.0.0.1 127.0.0.2 0.0.0.0; do
			run "$address:$port"
			expect_answer "$row"
		done
		run "[::1]:$port"
		expect_answer "$six"
		for word in "[::]:$port" "$port" "*:$port"; do
			run "$word"
			expect_answer "$six" "$row"
		done
	done
	options=--source=proc # which cannot tell
	run "127.0.0.1:$port"
	expect_answer "$six" "$row"
	run "[::1]:$port"
	expect_answer "$six"
	restore
}
check 'an IPv4 address spares [::] without IPv4' without_ipv4

both() {
	whose v6both.only
	row IPv6 TCP "*:$port (LISTEN)"
	only=$row
	whose v6both.dual
	row IPv6 TCP "*:$port (LISTEN)"
	run "127.0.0.1:$port"
	expect_answer "$row"
	run "[::1]:$port"
	expect_answer "$only" "$row"
	run "$port"
	expect_answer "$only" "$row"
	run -t "$port"
	expect_pids "$pid"
	whose dual
	row IPv6 TCP "*:$port (LISTEN)"
	for address in 127.0.0.1 0.0.0.0 '[::1]' '[::]'; do
		run "$address:$port"
		expect_answer "$row"
	done
}
check 'of two [::] on a port IPv4 finds the one that takes it' both

# --- devices ----------------------------------------------------------------

# PART NODE STATE
on_device() {
	whose "device4.$1" || return 0
	row IPv4 "$2" "127.0.0.1%lo:$port$3"
	for word in "$port" "127.0.0.1:$port" "-i:$port" "-i@127.0.0.1:$port"; do
		run "$word"
		expect_answer "$row"
	done
	run
	expect_row "$row"
	run "$port" -o LOCAL --no-header
	expect_answer "127.0.0.1%lo:$port"
	row IPv4 "$2" "127.0.0.1:$port$3"
	run --source=proc "$port"
	expect_answer "$row"
}
check 'a listener names the device it is bound to' on_device tcp TCP ' (LISTEN)'
check 'a UDP socket names the device it is bound to' on_device udp UDP ''

# --- Multipath TCP ----------------------------------------------------------

multipath() {
	whose mptcp4 || return 0
	row IPv4 MPTCP "127.0.0.1:$port (LISTEN)"
	for word in "$port" "mptcp:$port" "-i:$port" "-iMPTCP:$port" "127.0.0.1:$port"; do
		run "$word"
		expect_answer "$row"
	done
	run -t "$port"
	expect_pids "$pid"
	run
	expect_row "$row"
	[ "$(rows | grep -c " $inode ")" = 1 ] || { show_run; complain 'expected one row of it'; }
	# To ask for TCP is to ask for its subflow.
	row IPv4 TCP "127.0.0.1:$port (LISTEN)"
	for word in "tcp:$port" "-iTCP:$port"; do
		run "$word"
		expect_answer "$row"
	done
	run --source=proc "$port"
	expect_answer "$row"
}
check 'an MPTCP listener is one row' multipath

multipath_connection() {
	whose mptcp4-conn.listener || return 0
	at=$port
	row IPv4 MPTCP "127.0.0.1:$at (LISTEN)"
	listener=$row
	whose mptcp4-conn.client
	near=$port
	row IPv4 MPTCP "127.0.0.1:$near->127.0.0.1:$at (ESTABLISHED)"
	client=$row
	whose mptcp4-conn.server
	row IPv4 MPTCP "127.0.0.1:$at->127.0.0.1:$near (ESTABLISHED)"
	run "$at"
	expect_answer "$listener"
	run --all "$at"
	expect_answer "$listener" "$row"
	run "-i:$at"
	expect_answer "$listener" "$client" "$row"
	run "$near"
	expect_answer "$client"
}
check 'an MPTCP connection is one row for each end' multipath_connection
