#!/bin/sh
# Processes and connections come and go while whoport looks: it says nothing
# of them, and finds what is quiet every time.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

hold tcp4 udp6 prefork:2

# What every question is to find.
prepare() {
	whose prefork
	shared=$port
	sharers=$(awk '$6 == "prefork" { print $1 }' "$tmp/held")
	whose tcp4
	quiet=$port
	row="holder $pid root ${fd}u IPv4 $inode 0t0 TCP 127.0.0.1:$port (LISTEN)"
}

by_port() {
	run "$quiet"
	expect_answer "$row"
	run -t "$quiet"
	expect_status 0
	expect_no_message
	expect_pids "$pid"
	run "-iTCP:$quiet" -sLISTEN
	expect_answer "$row"
	run "$shared" -o PID --no-header
	expect_answer "$sharers"
}

in_listings() {
	for words in '-iTCP -sLISTEN' '' -i --all "-p $pid" '-K -u 0'; do
		# shellcheck disable=SC2086 # words
		run $words
		# Where nobody gets a turn for long, a process may be about to end, which
		# refuses us, in both looks: but not twice.
		# shellcheck disable=SC2086 # words
		[ ! -s "$tmp/err" ] || run $words
		expect_status 0
		expect_no_message
		rows | grep -q " ${fd}u IPv4 $inode " || { show_run; complain 'not found'; }
	done
}

# in_storm SECONDS QUESTION: ask until the storm is over.
in_storm() {
	prepare
	"$BUILD/live/storm" "$1" "$quiet" >"$tmp/storm" 3>&- &
	storm=$! rounds=0
	while kill -0 "$storm" 2>/dev/null && [ -z "$problem" ]; do
		"$2"
		rounds=$((rounds + 1))
	done
	kill "$storm" 2>/dev/null
	wait "$storm" 2>/dev/null
	[ -n "$problem" ] || [ "$rounds" -gt 0 ] || complain "only $rounds rounds"
	echo "# $rounds rounds, $(sort "$tmp/storm" | paste -s -d, -)"
}
check 'in a storm: a quiet listener by its port' in_storm 1.5 by_port
check 'in a storm: a quiet listener in listings, which say nothing' in_storm 1.5 in_listings

after_the_storm() {
	prepare
	by_port
	in_listings
}
check 'after the storm' after_the_storm
