#!/bin/sh
# Sockets whose holder cannot be named: each row ends in the reason.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

hold timewait4 finwait2 queue4 queue6 queue4in6 queue4-left synrecv4 orphan4 lastack4 tcp4

# A row without PID, command and descriptor: TYPE NAME. USER is left open.
expect_unheld() {
	expect_status 0
	expect_no_message
	rows | sed 's/^- - [^ ]* - /- - USER - /' >"$tmp/got"
	printf '%s\n' "- - USER - $1 0 0t0 TCP $2" >"$tmp/want"
	cmp -s "$tmp/want" "$tmp/got" || { show_run; complain "expected: $2"; }
}

# Seconds of a time-wait reason, which are then read as N.
take_seconds() {
	seconds=$(sed -n 's/.*\[time-wait: \([0-9]*\) s\]$/\1/p' "$tmp/out")
	if [ -z "$seconds" ] || [ "$seconds" -lt 1 ] || [ "$seconds" -gt 60 ]; then
		show_run
		complain 'expected 1 to 60 seconds left'
	fi
	sed 's/\[time-wait: [0-9]* s\]/[time-wait: N s]/' "$tmp/out" >"$tmp/plain"
	mv "$tmp/plain" "$tmp/out"
}

time_wait() {
	whose timewait4.client
	near=$port
	whose timewait4.server
	for word in "$port" "127.0.0.1:$port" "-i:$port"; do
		run "$word"
		take_seconds
		expect_unheld IPv4 "127.0.0.1:$port->127.0.0.1:$near (TIME_WAIT) [time-wait: N s]"
	done
	run -sTIME_WAIT "-i:$near" -o PID,STATE --no-header
	expect_answer '- TIME_WAIT'
	run -t "$port"
	expect_nothing
	run "$near"
	expect_nothing
}
check 'TIME_WAIT holds the port, and says how long' time_wait

fin_wait2() {
	whose finwait2.server
	far=$port
	whose finwait2.client
	run "$port"
	take_seconds
	expect_unheld IPv4 "127.0.0.1:$port->127.0.0.1:$far (FIN_WAIT2) [time-wait: N s]"
	run -t "$port"
	expect_nothing
}
check 'FIN_WAIT2 of a closed client is as TIME_WAIT' fin_wait2

# A connection in a queue: KIND TYPE ADDRESS STATE.
in_queue() {
	whose "$1.client" || return 0
	near=$port
	whose "$1.listener"
	run -s^LISTEN "$port"
	expect_unheld "$2" \
		"$3:$port->$3:$near ($4) [not accepted yet: holder,$pid]"
	run "$port" -o PID,FD,STATE --no-header
	expect_answer "$pid ${fd}u LISTEN"
	run --all "$port" -o PID,STATE --no-header
	expect_answer "$pid LISTEN" "- $4"
}
check 'a connection nobody accepted names the server' in_queue queue4 IPv4 127.0.0.1 ESTABLISHED
check 'the same over IPv6' in_queue queue6 IPv6 '[::1]' ESTABLISHED
check 'the same from IPv4 to a dual stack listener' \
	in_queue queue4in6 IPv6 127.0.0.1 ESTABLISHED
check 'a client that left before accept()' in_queue queue4-left IPv4 127.0.0.1 CLOSE_WAIT
check 'SYN_RECV names the server' in_queue synrecv4 IPv4 127.0.0.1 SYN_RECV

# KIND STATE.
orphan() {
	whose "$1.server"
	far=$port server=$pid
	whose "$1.client"
	run "$port"
	expect_unheld IPv4 "127.0.0.1:$port->127.0.0.1:$far ($2) [orphan]"
	run -t "$port"
	expect_nothing
	run -t "-i@127.0.0.1:$port"
	expect_pids "$server"
}
check 'an orphan in FIN_WAIT1' orphan orphan4 FIN_WAIT1
check 'an orphan in LAST_ACK' orphan lastack4 LAST_ACK

unowned_last() {
	run -i -o PID --no-header
	expect_status 0
	rows | awk '$1 == "-" { unowned = 1; next } unowned { bad = 1 } END { exit bad || !unowned }' ||
		{ show_run; complain 'unowned rows are not last'; }
}
check 'rows without a holder are last' unowned_last

# --- no permission ----------------------------------------------------------

# The listener of others: it is shown, with one note, and -t cannot tell.
# Arguments: KIND, whether the note may name sudo.
expect_hidden() {
	whose "$1"
	hidden="- - root - IPv4 $inode 0t0 TCP 127.0.0.1:$port (LISTEN) [hidden: permission]"
	run "$port"
	expect_status 0
	expect_one_message
	expect_rows "$hidden"
	case $2$(grep -c sudo "$tmp/err") in
	sudo1 | none0) ;;
	*) show_run && complain "expected help: $2" ;;
	esac
	run -iTCP -sLISTEN
	expect_status 0
	expect_one_message
	expect_row "$hidden"
	run -w "$port"
	expect_answer "$hidden"
	run -t "$port"
	expect_status 2
	expect_no_output
}

other_user() {
	become_nobody || return 0
	expect_hidden tcp4 sudo
	restore
}
check 'the listener of another user is hidden, not absent' other_user

other_user_queue() {
	become_nobody || return 0
	whose queue4.listener
	run -s^LISTEN "$port" -o PID,REASON --no-header
	expect_status 0
	rows | grep -q '^- not accepted yet: its listener.s holder is hidden$' ||
		{ show_run; complain 'expected a hidden server'; }
	run -t -s^LISTEN "$port"
	[ "$status" != 0 ] || { show_run; complain 'expected no status 0'; }
	expect_no_output
	restore
}
check 'a queue whose server is hidden names nobody' other_user_queue

no_silence_needed() {
	become_nobody || return 0
	whose timewait4.server
	run "$port"
	expect_status 0
	expect_no_message
	run 9
	expect_nothing
	run -t 9
	expect_nothing
	restore
}
check 'unreadable processes alone make no note' no_silence_needed

mine_and_theirs() {
	become_nobody || return 0
	# shellcheck disable=SC2086 # words
	hold_as $as_nobody "$holder" tcp4
	whose tcp4
	theirs=$port
	whose tcp4 2
	run -t "$port"
	expect_status 0
	expect_no_message
	expect_pids "$pid"
	run -t "$port" "$theirs"
	expect_status 2
	expect_pids "$pid"
	run "$port" "$theirs" -o PID --no-header
	expect_status 0
	expect_one_message
	expect_rows "$pid" -
	restore
}
check 'own PIDs are printed beside a hidden holder, with status 2' mine_and_theirs

unreadable_process() {
	become_nobody || return 0
	whose tcp4
	run -p "$pid"
	expect_status 2
	expect_no_output
	expect_one_message
	restore
}
check '-p of an unreadable process cannot be answered' unreadable_process

without_proc() {
	become_nobody || return 0
	if mount -o remount,hidepid=2 /proc 2>/dev/null; then
		expect_hidden tcp4 sudo
		mount -o remount,hidepid=0 /proc
	else
		skip='hidepid cannot be set here'
	fi
	restore
}
check 'hidepid hides whole processes, and the row remains' without_proc

# Root of a container without CAP_SYS_PTRACE: sudo would be no help.
without_ptrace() {
	via='setpriv --bounding-set=-sys_ptrace --inh-caps=-sys_ptrace'
	if ! $via true 2>/dev/null; then
		skip='setpriv cannot drop capabilities'
	else
		expect_hidden tcp4 none
	fi
	restore
}
check 'root without CAP_SYS_PTRACE: hidden, and no word of sudo' without_ptrace

# From a pid namespace below this one.
below() {
	whose tcp4
	outside="- - root - IPv4 $inode 0t0 TCP 127.0.0.1:$port (LISTEN)"
	via='unshare --pid --mount --fork --mount-proc'
	if ! $via true 2>/dev/null; then
		skip='no namespace below this one'
	else
		run "$port"
		expect_status 0
		expect_one_message
		! grep -q sudo "$tmp/err" || { show_run; complain 'sudo would not help'; }
		expect_rows "$outside [not visible from this pid namespace]"
		run -t "$port"
		expect_status 2
		expect_no_output
	fi
	restore
}
check 'a holder outside the pid namespace' below

not_dumpable() {
	release
	hold nodump tcp4
	whose nodump
	run "$port"
	expect_answer "holder $pid root ${fd}u IPv4 $inode 0t0 TCP 127.0.0.1:$port (LISTEN)"
	become_nobody || return 0
	release
	# shellcheck disable=SC2086 # words
	hold_as $as_nobody "$holder" nodump tcp4
	whose tcp4
	run -t "$port"
	expect_status 0
	expect_pids "$pid"
	whose nodump
	run "$port" -l -o PID,USER,INODE,REASON --no-header
	expect_status 0
	expect_one_message
	expect_rows "- 65534 $inode hidden: permission"
	run -t "$port"
	expect_status 2
	expect_no_output
	restore
}
check 'a process that is not dumpable: root sees it, its own user does not' not_dumpable
