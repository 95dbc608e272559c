#!/bin/sh
# -k and a process ID that belongs to somebody else in the middle of it: whoport is
# stopped there, the holder ends, and a stranger takes its process ID.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_kill.sh
. "${0%/*}/lib_kill.sh"

# A traced process cannot look for its leaks; the other tests do.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

# swap POINT CHANGE WORD...: whoport WORD..., and what swap says of it; or the case is
# skipped.
swap() {
	rm -f "$tmp/out" "$tmp/err"
	point=$1 change=$2
	shift 2
	shown="$point, $change: whoport $*"
	"$BUILD/live/swap" "$point" "$change" "$tmp/out" "$tmp/err" "$WHOPORT" "$@" \
		>"$tmp/swap" </dev/null 3>&-
	skip=$(sed -n 's/^unavailable: //p' "$tmp/swap")
	[ -z "$skip" ] || return 1
	# shellcheck disable=SC2046 # words
	set -- $(sed -n 's/^holder //p' "$tmp/swap")
	pid=$1 port=$2
	status=$(sed -n 's/^status //p' "$tmp/swap")
	grep -q '^reached yes$' "$tmp/swap" || { show_run; complain 'the point was not reached'; }
}

# expect_now STATE: of the process with that ID.
expect_now() {
	[ "$(sed -n 's/^now //p' "$tmp/swap")" = "$1" ] ||
		{ show_run; complain "expected $1: $(cat "$tmp/swap")"; }
}

# expect_told LINE...: what follows the row.
expect_told() {
	rows | sed 1d >"$tmp/got"
	printf '%s\n' "$@" | cmp -s - "$tmp/got" || { show_run; complain "expected:$nl$*"; }
}

# POINT CHANGE STATE WHAT: nobody is signalled; the holder "had ended before", or so.
not_signalled() {
	for option in --source=auto --source=proc --scan=proc; do
		swap "$1" "$2" -k PORT "$option" || return 0
		expect_now "$3"
		expect_status 0
		expect_no_message
		expect_told "swap,$pid $4" "$port/tcp is free"
	done
}
gone='had ended before' let_go='does not hold it any more: not signalled'

check 'before it is pinned: a stranger is what is pinned, and not signalled' \
	not_signalled open reuse alive "$let_go"
check 'the same with a stranger that listens' \
	not_signalled open reuse-listen alive "$let_go"
check 'when it is pinned: the stranger is not signalled' not_signalled ask reuse alive "$gone"
check 'before it is looked at: the stranger is not signalled' \
	not_signalled asked reuse alive "$gone"
check 'the same with a stranger that listens there' \
	not_signalled asked reuse-listen alive "$gone"
check 'when the signal is sent: the stranger is not signalled' \
	not_signalled send reuse alive "$gone"
check 'the same with a stranger that listens on' \
	not_signalled send reuse-listen alive "$gone"

check 'the holder ends before it is pinned' not_signalled open end ended "$gone"
check 'the holder ends before the signal' not_signalled send end ended "$gone"
check 'the holder closes its socket before it is pinned: it is not signalled' \
	not_signalled open close alive "$let_go"
check 'the holder closes its socket before it is looked at: it is not signalled' \
	not_signalled asked close alive "$let_go"

# The stranger is one more that holds the port, and not one that was there before.
takes_over() {
	swap "$1" reuse-port -k PORT || return 0
	expect_now alive
	expect_status 2
	rows | sed 1d >"$tmp/got"
	grep -Fxq "swap,$pid $2" "$tmp/got" || { show_run; complain "expected: $2"; }
	grep -q "^$port/tcp is held again by swap,$pid; started by swap,[0-9]*\$" "$tmp/got" ||
		{ show_run; complain 'expected that it is held again'; }
}
check 'a stranger that takes the port as well is not signalled' takes_over open "$let_go"
check 'the same when it is pinned' takes_over asked "$gone"
check 'the same when the signal is sent' takes_over send "$gone"

# Otherwise all of this would show nothing.
signalled() {
	swap send none -kCONT PORT || return 0
	expect_now signalled
	expect_status 0
	expect_no_message
	expect_told "SIGCONT sent to swap,$pid"
	swap send none -kKILL -p PID PORT || return 0
	expect_now ended
	expect_status 0
	expect_told "SIGKILL sent to swap,$pid: ended" "$port/tcp is free"
}
check 'the holder itself is signalled' signalled

# A kernel before 5.3, or a filter that does not know the call.
without_pidfd() {
	export NO_PIDFD=yes
	"$@"
	unset NO_PIDFD
}
no_pidfd_signalled() {
	swap asked none -kCONT PORT || return 0
	expect_now signalled
	expect_status 0
	expect_told "SIGCONT sent to swap,$pid"
	swap asked none -kKILL PORT || return 0
	expect_now ended
	expect_status 0
	expect_no_message
	expect_told "SIGKILL sent to swap,$pid: ended" "$port/tcp is free"
}
check 'without pidfd: the holder is signalled' without_pidfd no_pidfd_signalled
for change in reuse reuse-listen; do
	check "without pidfd: a stranger ($change) is not, before it is asked" \
		without_pidfd not_signalled ask $change alive "$gone"
	check "without pidfd: a stranger ($change) is not, before it is looked at" \
		without_pidfd not_signalled asked $change alive "$gone"
done
check 'without pidfd: a holder that has ended' without_pidfd not_signalled asked end ended "$gone"
check 'without pidfd: a holder that has closed its socket is not signalled' \
	without_pidfd not_signalled asked close alive "$let_go"
