#!/bin/sh
# Processes, threads, connections and descriptors come and go while the iterator
# goes over them: what is quiet is found every time, and no row is wrong.
# shellcheck source-path=SCRIPTDIR source=lib_bpf.sh
. "${0%/*}/lib_bpf.sh"

if [ -z "$skip_all" ]; then
	hold tcp4 tcp6 udp4 bound4 prefork:3 dead-leader private-table unix-stream:@quiet
	awk '$6 !~ /unix/ { print $1, $3 "u", $4 }' "$tmp/held" | sort >"$tmp/quiet"
	whose tcp4
	quiet=$port row="holder $pid root ${fd}u IPv4 $inode 0t0 TCP 127.0.0.1:$port (LISTEN)"
	whose unix-stream
	named="$pid ${fd}u $inode"
	hold_as "$BUILD/live/restless" exec mover births
	restless=$held_by
	hold_as "$BUILD/live/crowd" files:1200 many:600
	awk '$6 ~ /many/ { print $1, $3 "u", $4 }' "$tmp/held" | sort >>"$tmp/quiet"
	whose exec
	changing="$pid ${fd}u $inode"
	whose mover
	moving=$inode
fi

# That every quiet descriptor is there; and of those whose port tells the process
# no other has it.
look_through() {
	run -w --scan=bpf --no-header "$@" -o PID,FD,INODE,LOCAL
	expect_status 0
	expect_no_message
	rows | cut -d ' ' -f 1-3 | sort >"$tmp/got"
	missing=$(sort "$tmp/quiet" | comm -23 - "$tmp/got")
	[ -z "$missing" ] || complain "whoport $*: missing: $missing"
	grep -Fxq "$changing" "$tmp/got" || complain "whoport $*: missing: $changing"
	grep -q " $moving$" "$tmp/got" || complain "whoport $*: missing: $moving"
	wrong=$(rows | awk '$4 ~ /^127[.]0[.]0[.]2:/ && $1 != "-" {
		port = substr($4, 11); if (30000 + $1 % 30000 != port) print }')
	[ -z "$wrong" ] || complain "whoport $*: wrong: $wrong"
	checked=$((checked + $(rows | grep -c '127[.]0[.]0[.]2:')))
	repeated=$(uniq -d "$tmp/got" | grep -v '^-')
	[ -z "$repeated" ] || complain "whoport $*: twice: $repeated"
}

# Whoever is about to end may not be asked for its namespace: -w.
by_port() {
	for words in '' '-N all'; do
		# shellcheck disable=SC2086 # words
		run -w --scan=bpf $words -o COMMAND,PID,USER,FD,TYPE,DEVICE,SIZE,NODE,NAME "$quiet"
		expect_answer "$row"
	done
	run -w --scan=bpf -t "$quiet"
	expect_status 0
	expect_no_message
	run -w --scan=bpf @quiet -o PID,FD,INODE --no-header
	expect_answer "$named"
}

listings() {
	look_through -i
	look_through -iTCP,UDP
	look_through -N all -i@127.0.0.0/8 -i@::1
	look_through -o PPID,ARGS,CWD -i
	look_through --source=proc -i
}

# in_storm SECONDS QUESTION: ask until the storm is over.
in_storm() {
	"$BUILD/live/storm" "$1" "$quiet" >"$tmp/storm" 3>&- &
	storm=$! rounds=0 checked=0
	while kill -0 "$storm" 2>/dev/null && [ -z "$problem" ]; do
		"$2"
		rounds=$((rounds + 1))
	done
	kill "$storm" 2>/dev/null
	wait "$storm" 2>/dev/null
	[ -n "$problem" ] || [ "$rounds" -gt 0 ] || complain 'no round'
	echo "# $rounds rounds, $checked rows of the short-lived, $(sort "$tmp/storm" | paste -s -d, -)"
}
check 'in a storm: a quiet listener by its port' in_storm 3 by_port
check 'in a storm: what is quiet in listings, and no wrong row' in_storm 6 listings

# A number is given again at once: what is told of a process is of the one that held
# the socket.
reborn() {
	hold_as "$BUILD/live/restless" reborn
	for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
		run -w --scan=bpf -i@127.0.0.3 -o PID,PGID,COMMAND,NODE --no-header
		# Of one that has ended meanwhile no more than the command is known.
		wrong=$(rows | awk '$1 != "-" && $2 != "-" && (tolower($4) != $3 || ($4 == "TCP") != ($1 == $2))')
		[ -z "$wrong" ] || complain "round $round: $wrong"
	done
	kill "$held_by"
	wait "$held_by" 2>/dev/null
}
check 'processes of one number are told apart' reborn

# Threads share a table when the main thread has ended, and end themselves while
# it is read.
passing_on() {
	kill "$restless"
	wait "$restless" 2>/dev/null
	hold_as "$BUILD/live/crowd" orphans:700
	whose orphans.first
	run -w --scan=bpf -i -o PID,INODE --no-header
	[ "$(rows | grep -c "^$pid ")" = 700 ] || complain "expected 700 rows of $pid"
}
check 'two hundred threads of a dead main thread: a row for each descriptor' passing_on
release
