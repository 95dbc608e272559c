#!/bin/sh
# Who holds a socket: servers that fork, groups that share a port, threads.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

hold prefork:8 reuseport:4 dead-leader private-table tcp4

# Rows and PIDs of a kind: KIND and how many processes hold it.
every_process() {
	whose "$1"
	at=$port
	awk -v kind="$1" '$6 == kind { print $1 }' "$tmp/held" | sort -n >"$tmp/pids"
	awk -v kind="$1" '$6 == kind {
		print "holder", $1, "root", $3 "u IPv4", $4, "0t0 TCP 127.0.0.1:" $5 " (LISTEN)" }' \
		"$tmp/held" >"$tmp/rows"
	[ "$(grep -c '' "$tmp/rows")" = "$2" ] || complain "the helper made no $2 holders"
	expected=$(cat "$tmp/rows")
	pids=$(cat "$tmp/pids")

	run "$at"
	expect_answer "$expected"
	run "-iTCP:$at" -sLISTEN
	expect_answer "$expected"
	run -t "$at"
	expect_status 0
	expect_no_message
	expect_pids "$pids"
}
check 'a pre-forked server: nine holders of one socket' every_process prefork 9
check 'a SO_REUSEPORT group: four holders of four sockets' every_process reuseport 4

sorted_rows() {
	whose prefork
	run "$port" -o PID --no-header
	expect_status 0
	rows >"$tmp/got"
	sort -n "$tmp/got" | cmp -s - "$tmp/got" || { show_run; complain 'not sorted by PID'; }
}
check 'rows are sorted by PID' sorted_rows

some_holders() {
	whose prefork 3
	run -p "$pid" "$port" -o PID --no-header
	expect_answer "$pid"
	run -p "^$pid" "$port" -o PID --no-header
	expect_status 0
	[ "$(rows | grep -c '')" = 8 ] || { show_run; complain 'expected eight rows'; }
	whose prefork 1
	run -R -p "^$pid" "$port"
	expect_status 0
	[ "$(rows | awk -v ppid="$pid" '$3 == ppid' | wc -l)" = 8 ] ||
		{ show_run; complain 'expected eight children'; }
}
check '-p leaves the other holders out' some_holders

queue_of_group() {
	whose reuseport.client
	near=$port
	whose reuseport
	run -sESTABLISHED "$port" -o PID,REASON --no-header
	expect_status 0
	expect_no_message
	named=$(rows | sed -n 's/^- not accepted yet: one of \([^]]*\)$/\1/p')
	[ -n "$named" ] || { show_run; complain 'expected the group'; }
	# At least some of the group, and nobody else.
	for process in $named; do
		[ "$process" = ... ] || awk -v named="$process" '
			$6 == "reuseport" && "holder," $1 == named { found = 1 }
			END { exit !found }' "$tmp/held" || { show_run; complain "$process?"; }
	done
	run "$near" -o PID --no-header
	whose reuseport.client
	expect_answer "$pid"
}
check 'a connection in the queue of a group names it' queue_of_group

# KIND: one row, by its port, in a listing and as PID.
one_holder() {
	whose "$1"
	row="holder $pid root ${fd}u IPv4 $inode 0t0 TCP 127.0.0.1:$port (LISTEN)"
	run "$port"
	expect_answer "$row"
	run
	expect_row "$row"
	run -p "$pid"
	expect_row "$row"
	run -iTCP -sLISTEN
	expect_row "$row"
	run -t "$port"
	expect_status 0
	expect_pids "$pid"
}
check 'a process whose main thread has exited' one_holder dead-leader
check 'a thread with a descriptor table of its own' one_holder private-table

# KIND and the thread's name: -K names the thread.
thread_of() {
	whose "$1"
	run -K "$port"
	expect_status 0
	expect_no_message
	expect_row "holder $pid $tid $2 root ${fd}u IPv4 $inode 0t0 TCP 127.0.0.1:$port (LISTEN)"
	run -K "$port" -o PID,TID,TASKCMD,FD --no-header
	expect_status 0
	expect_row "$pid $tid $2 ${fd}u"
}
check '-K names the thread of a dead leader' thread_of dead-leader holder
check '-K names the thread with a table of its own' thread_of private-table private

no_thread() {
	whose tcp4
	run -K "$port"
	expect_answer "holder $pid - - root ${fd}u IPv4 $inode 0t0 TCP 127.0.0.1:$port (LISTEN)"
}
check '-K and a process without threads' no_thread

# Without root's rights, for processes of the same user.
as_other_user() {
	if [ "$LIVE_NAMESPACE" != root ]; then
		skip='needs root'
		return
	fi
	release
	hold_as setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$holder" dead-leader private-table
	cp "$WHOPORT" "$tmp/whoport"
	WHOPORT=$tmp/whoport via='setpriv --reuid=65534 --regid=65534 --clear-groups'
	for kind in dead-leader private-table; do
		whose "$kind"
		run -t "$port"
		expect_status 0
		expect_no_message
		expect_pids "$pid"
	done
}
check 'both kinds of threads as an ordinary user' as_other_user
