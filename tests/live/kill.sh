#!/bin/sh
# -k: all who hold a port end, nobody else, and the last line is true.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_kill.sh
. "${0%/*}/lib_kill.sh"

plain() {
	clear
	serve tcp4
	whose tcp4
	expect_bind no "try:$port"
	run -k "$port"
	expect_status 0
	expect_no_message
	expect_lines "$(row)" "SIGTERM sent to server,$pid: ended" "$port/tcp is free"
	expect_ended "$pid"
	expect_bind yes "try:$port"
	run -k "$port"
	expect_nothing
}
both 'a server ends, and a plain bind works' plain

# A connection between two processes: the client's line is in $client_* then.
connect() {
	clear
	serve "$@"
	whose tcp4
	serve "client:$port"
	whose client
	client=$pid client_fd=$fd client_inode=$inode
	whose tcp4
}

expect_client_untouched() {
	pid=$client fd=$client_fd inode=$client_inode
	expect_untouched
}

connected() {
	connect reuseaddr tcp4
	run -k "$port"
	expect_status 0
	expect_no_message
	expect_lines "$(row)" "SIGTERM sent to server,$pid: ended" \
		"$port/tcp is free with SO_REUSEADDR; FIN_WAIT2 for NN s"
	expect_ended "$pid"
	expect_client_untouched
	expect_bind no "try:$port"
	expect_bind yes reuseaddr "try:$port"
}
both 'a connected client lives; the port is free with SO_REUSEADDR' connected

without_reuseaddr() {
	connect tcp4
	run -k "$port"
	expect_status 0
	expect_no_message
	expect_lines "$(row)" "SIGTERM sent to server,$pid: ended" \
		"$port/tcp is free in NN s: FIN_WAIT2, without SO_REUSEADDR"
	expect_ended "$pid"
	expect_client_untouched
	expect_bind no "try:$port"
	expect_bind no reuseaddr "try:$port"
}
both 'a server without SO_REUSEADDR leaves its port busy for a while' without_reuseaddr

# A child keeps the connection, and not the listener.
connection_left() {
	clear
	serve reuseaddr once tcp4
	whose tcp4
	server_end=$pid at=$port
	serve "client:$port"
	whose client
	client=$pid client_fd=$fd client_inode=$inode
	serve reuseaddr "tcp4:$at"
	whose tcp4 2
	run -k "$at"
	expect_status 0
	expect_lines "$(row)" "SIGTERM sent to server,$pid: ended" \
		"$at/tcp is free with SO_REUSEADDR; 1 connection is open: server,$server_end"
	expect_ended "$pid"
	expect_lives "$server_end"
	expect_client_untouched
	expect_bind no "try:$at"
	expect_bind yes reuseaddr "try:$at"
}
both 'whoever has only a connection lives, and is named' connection_left

# --- many holders --------------------------------------------------------------

# COUNT WORD...: holders of one port; a dry run, then the real one.
all_end() {
	count=$1
	shift
	clear
	serve "$@"
	pids=$(awk '{ print $1 }' "$tmp/held" | sort -n)
	port=$(awk '{ print $5; exit }' "$tmp/held")
	[ "$(echo "$pids" | grep -c '')" = "$count" ] || complain "the helper made no $count holders"

	run "$port"
	rows >"$tmp/shown"
	[ "$(grep -c '' "$tmp/shown")" = "$count" ] || { show_run; complain "expected $count rows"; }
	names=$(awk '{ print $1 "," $2 }' "$tmp/shown")
	run -k --dry-run "$port"
	expect_status 0
	expect_no_message
	expect_lines "$(cat "$tmp/shown")" "$(echo "$names" | sed 's/.*/SIGTERM would be sent to &/')"
	# shellcheck disable=SC2086 # words
	expect_lives $pids
	expect_bind no "try:$port"
	run -k "$port"
	expect_status 0
	expect_no_message
	expect_lines "$(cat "$tmp/shown")" "$(echo "$names" | sed 's/.*/SIGTERM sent to &: ended/')" \
		"$port/tcp is free"
	# shellcheck disable=SC2086 # words
	expect_ended $pids
	expect_bind yes "try:$port"
}
both 'a pre-forked server: nine processes end' all_end 9 tcp4 fork:8
both 'a SO_REUSEPORT group: four processes end' all_end 4 group:4
both 'a child that became sleep has inherited the listener' all_end 2 tcp4 child sleep 1000
both 'a shell became sleep itself' all_end 1 tcp4 exec sleep 1000

each_once() {
	clear
	serve tcp4 udp4
	whose tcp4
	tcp=$port
	whose udp4
	run -k "$tcp" "$port"
	expect_status 0
	[ "$(rows | grep -c '^SIGTERM sent')" = 1 ] || { show_run; complain 'expected one signal'; }
	rows | tail -n 2 | sort >"$tmp/last"
	printf '%s\n' "$tcp/tcp is free" "$port/udp is free" | sort | cmp -s - "$tmp/last" ||
		{ show_run; complain 'expected two ports that are free'; }
}
check 'a process with two ports is signalled once' each_once

mixed_words() {
	clear
	serve tcp4
	serve tcp6
	whose tcp6
	six=$pid
	run -k "[::1]:$port"
	expect_status 0
	expect_last "[::1]:$port/tcp is free"
	expect_ended "$six"
	whose tcp4
	expect_untouched
	run -k -c nobody "$port"
	expect_status 1
	expect_error "$port is held by server,$pid, whom the other selections leave out"
	expect_untouched
	run -k -p "^$pid" "$port"
	expect_status 1
	expect_error "$port is held by server,$pid, whom the other selections leave out"
	expect_untouched
	run -k -p "$pid" "127.0.0.1:$port"
	expect_status 0
	expect_last "127.0.0.1:$port/tcp is free"
	expect_ended "$pid"
}
check 'addresses and processes narrow it' mixed_words

nothing_named() {
	clear
	serve tcp4
	whose tcp4
	for words in -k '-k -c server' '-k -u 0' '-k -sLISTEN' '-k -N all' '-k --all'; do
		# shellcheck disable=SC2086 # words
		run $words
		expect_status 2
		expect_no_output
		expect_untouched
	done
	run -k ''
	expect_status 2
	expect_no_output
	expect_untouched
}
check 'without a target nobody is signalled' nothing_named
clear
