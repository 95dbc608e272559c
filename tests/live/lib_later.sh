# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # of lib.sh, and for the scripts
# Sourced after lib.sh by the tests of --wait and --close: something happens while
# whoport waits.
#
#	begin                                   # a port of its own, $at
#	later ready await "$stamp" tcp:$at listen       # later.c's words
#	until_then --wait=listen $at            # starts, then it happens, then returns
#	expect_told 0 "$at is listened on by later,$held_by"
#
# How soon it returned is told, but only judged by what a busy machine does, too,
# unless LIVE_WITHIN_MS=50 says otherwise.

later=$BUILD/live/later stamp=stamp:$tmp/stamp
at=4000 # a port of each case; the holders' are higher

# later WORD...: what is there, `ready await`, then what happens at "$stamp".
later() {
	hold_as "$later" "$@"
}

# Hundredths of a second since the start.
clock() {
	awk '{ print int($1 * 100) }' /proc/uptime
}

# A port that nobody has, and nobody who has one.
begin() {
	release
	at=$((at + 1))
}

# until_then WORD...: whoport waits, then it happens; it returns after that.
until_then() {
	usual=$via via="$BUILD/live/stopwatch $held_by $tmp/stamp${via:+ $via}"
	run --timeout=60 "$@"
	via=$usual
	took=$(cat "$tmp/stamp.ms")
	echo "# $current: $took ms"
	case $took in
	early | never) show_run; complain "returned $took" ;;
	*) [ "$took" -le "${LIVE_WITHIN_MS:-5000}" ] || { show_run; complain "after $took ms"; } ;;
	esac
}

# expect_told STATUS LINE...: these, in any order, and nothing on stderr. Seconds are read
# as NN, and a last packet that has not come yet as if it had.
expect_told() {
	expect_status "$1"
	shift
	expect_no_message
	printf '%s\n' "$@" | sort >"$tmp/want"
	sed 's/ [1-9][0-9]* s\([:,]\|$\)/ NN s\1/; s/FIN_WAIT2/TIME_WAIT/' "$tmp/out" |
		sort >"$tmp/got"
	cmp -s "$tmp/want" "$tmp/got" || { show_run; complain "expected:$nl$*"; }
}

# expect_bind yes|no [reuse] KIND:PORT: does bind() work?
expect_bind() {
	wanted=$1 got=yes
	shift
	! "$later" "$@" </dev/null | grep -q '^unavailable' || got=no
	[ "$got" = "$wanted" ] || { show_run; complain "bind: $* works: $got"; }
}

held_there() {
	grep -q '^unavailable' "$tmp/held" || return 0
	skip=$(sed -n 's/^unavailable //p' "$tmp/held")
	return 1
}
