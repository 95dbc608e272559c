#!/bin/sh
# -k on servers that do not go, or come back; other signals; and an interrupted wait.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_kill.sh
. "${0%/*}/lib_kill.sh"

# --- who ignores ----------------------------------------------------------------

# The line to type next, from stderr.
advised() {
	sed -n 's/^whoport: .*; whoport \(-kKILL .*\) ends what ignores other signals$/\1/p' "$tmp/err"
}

survivor() {
	clear
	serve ignore:TERM tcp4
	whose tcp4
	run -k "$port"
	expect_status 2
	expect_one_message
	expect_error "1 process has not ended; whoport -kKILL -p $pid $port/tcp ends what ignores other signals"
	expect_lines "$(row)" "SIGTERM sent to server,$pid: still there" \
		"$port/tcp is still held by server,$pid"
	expect_untouched
	words=$(advised)
	# shellcheck disable=SC2086 # as they would be typed
	run $words
	expect_status 0
	expect_no_message
	expect_lines "$(row)" "SIGKILL sent to server,$pid: ended" "$port/tcp is free"
	expect_ended "$pid"
}
both 'who ignores SIGTERM survives, and the line to type next ends it' survivor

# What had to be forced has to be forced again.
forced_survivor() {
	clear
	serve ignore:TERM tcp4
	whose tcp4
	run -k --force --stats "$port"
	expect_status 2
	expect_error "1 process has not ended; whoport --force -kKILL -p $pid $port/tcp ends what ignores other signals"
	expect_error 'stats: identity: pidfd and descriptor'
	run --force -kKILL -p "$pid" "$port/tcp"
	expect_status 0
	expect_ended "$pid"
}
check 'the line to type next has --force, if it was there' forced_survivor

grace() {
	clear
	serve ignore:TERM tcp4
	whose tcp4
	run -k --grace=0.3 "$port"
	expect_status 0
	expect_no_message
	expect_lines "$(row)" "SIGTERM and SIGKILL sent to server,$pid: ended" "$port/tcp is free"
	expect_ended "$pid"
	expect_bind yes "try:$port"
}
both '--grace=0.3 ends who ignores SIGTERM' grace

# Of two holders one goes by itself: only the other is killed.
half_grace() {
	clear
	serve ignore:TERM tcp4 fork:1 default:TERM
	whose tcp4
	goer=$pid
	whose fork
	run -k --grace=0.3 "$port"
	expect_status 0
	expect_no_message
	rows | grep '^SIG' | sort >"$tmp/got"
	printf '%s\n' "SIGTERM sent to server,$goer: ended" \
		"SIGTERM and SIGKILL sent to server,$pid: ended" | sort | cmp -s - "$tmp/got" ||
		{ show_run; complain 'expected SIGKILL for one'; }
	expect_last "$port/tcp is free"
	expect_ended "$pid" "$goer"
}
check '--grace kills only who is left' half_grace

# --- who comes back -----------------------------------------------------------------

# Its successor holds the port before it ends.
replaced() {
	clear
	serve supervise
	supervisor=$held_by
	whose supervise
	run -k "$port"
	expect_status 2
	expect_no_message
	rows >"$tmp/got"
	new=$(sed -n "s/^$port\/tcp is held again by server,\([0-9]*\); started by server,$supervisor\$/\1/p" \
		"$tmp/got")
	[ "${new:-$pid}" != "$pid" ] || { show_run; complain 'expected a successor'; }
	expect_lines "$(row)" "SIGTERM sent to server,$pid: ended" \
		"$port/tcp is held again by server,$new; started by server,$supervisor"
	expect_ended "$pid"
	expect_lives "$supervisor" "${new:-0}"
	# The supervisor holds nothing: it is for the user to end it.
	kill -KILL "$supervisor"
	[ -z "$new" ] || kill -KILL "$new"
}
both 'a server that is replaced: held again, and by whom it was started' replaced

# It comes back after a tenth of a second, as systemd has it; later where nobody gets a
# turn, and then whoport may have looked before. So there are some attempts, of which one
# is to see it.
restarted() {
	clear
	serve tcp4 # chooses the port
	whose tcp4
	clear
	# shellcheck disable=SC2016 # for that shell
	hold_as sh -c 'while :; do "$1" reuseaddr "$2"; sleep 0.1; done' sh "$server" "tcp4:$port"
	loop=$held_by seen=
	for attempt in 1 2 3 4 5 6 7 8; do
		wait_for holds "$port" || break
		run -k "$port"
		pid=$(rows | sed -n 's/^SIGTERM sent to server,\([0-9]*\): ended$/\1/p')
		expect_ended "$pid"
		again="$port/tcp is held again by server,[0-9]*; started by sh,$loop\$"
		if rows | sed -n '$p' | grep -q "$again"; then
			expect_status 2
			seen=$attempt
			break
		fi
		expect_status 0
		expect_last "$port/tcp is free"
	done
	[ -n "$seen" ] || { show_run; complain 'expected to see it again'; }
	kill -KILL "$loop"
}

holds() {
	run -t "$1"
	[ "$status" = 0 ]
}
check 'a server that a loop restarts' restarted

# --- other signals ----------------------------------------------------------------

# Who catches a signal is not waited for; the log says that it came.
caught() {
	clear
	: >"$tmp/log"
	chmod 666 "$tmp/log"
	serve "log:$tmp/log" "catch:$1" tcp4
	whose tcp4
	run "-k$1" "$port"
	expect_status 0
	expect_no_message
	expect_lines "$(row)" "SIG$1 sent to server,$pid"
	wait_for test -s "$tmp/log"
	[ "$(cat "$tmp/log")" = "$2" ] || complain "caught $(cat "$tmp/log")"
	expect_untouched
}
both '-kHUP is not waited for where it is caught' caught HUP 01
both '-kCONT is not waited for' caught CONT 18

not_caught() {
	clear
	serve tcp4
	whose tcp4
	run -kUSR1 "$port"
	expect_status 0
	expect_no_message
	expect_lines "$(row)" "SIGUSR1 sent to server,$pid: ended" "$port/tcp is free"
	expect_ended "$pid"
}
both '-kUSR1 ends who does not catch it' not_caught

ignored() {
	clear
	serve ignore:HUP tcp4
	whose tcp4
	run -kHUP "$port"
	expect_status 0
	expect_no_message
	expect_lines "$(row)" "SIGHUP sent to server,$pid"
	expect_untouched
}
check '-kHUP is not waited for where it is ignored' ignored

is_stopped() {
	grep -q '^State:.T' "/proc/$pid/status"
}

stopped() {
	clear
	serve tcp4
	whose tcp4
	run -kSTOP "$port"
	expect_status 0
	expect_no_message
	expect_lines "$(row)" "SIGSTOP sent to server,$pid"
	wait_for is_stopped
	expect_untouched
	run -k "$port"
	expect_status 2
	expect_lines "$(row)" "SIGTERM sent to server,$pid: still there, as it is stopped" \
		"$port/tcp is still held by server,$pid"
	expect_error "1 process has not ended; whoport -kCONT -p $pid $port/tcp lets what is stopped go on, and end"
	run -kKILL "$port"
	expect_status 0
	expect_lines "$(row)" "SIGKILL sent to server,$pid: ended" "$port/tcp is free"
}
both '-kSTOP stops, -kKILL ends who is stopped' stopped

numbers() {
	clear
	serve tcp4
	whose tcp4
	for word in -k0 -k-9 -k65 -k-1 -kterm -kTERM9 -kNOSUCH --kill=0; do
		run "$word" "$port"
		expect_status 2
		expect_no_output
		expect_untouched
	done
	run -k 0
	expect_nothing
	expect_untouched
	run -k9 "$port"
	expect_status 0
	expect_lines "$(row)" "SIGKILL sent to server,$pid: ended" "$port/tcp is free"
}
check 'a number, and what is no signal' numbers

# --- interrupted ------------------------------------------------------------------

interrupted() {
	clear
	: >"$tmp/log"
	chmod 666 "$tmp/log"
	serve "log:$tmp/log" catch:TERM tcp4
	whose tcp4
	shown="whoport -k $port"
	# A background job of a shell ignores SIGINT, unless somebody undoes it.
	# shellcheck disable=SC2086 # words
	$via "$server" default:INT exec "$WHOPORT" -k "$port" >"$tmp/out" 2>"$tmp/err" </dev/null 3>&- &
	waiter=$!
	wait_for test -s "$tmp/log" # so it waits now, or will in a moment
	kill "-$1" "$waiter"
	wait "$waiter"
	status=$?
	expect_status "$2"
	expect_no_message
	expect_lines "$(row)" "SIGTERM sent to server,$pid: not waited for"
	expect_untouched
}
both 'SIGINT ends the wait: 130, and what was signalled is told' interrupted INT 130
both 'SIGTERM does, too' interrupted TERM 143
clear
