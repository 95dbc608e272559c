#!/bin/sh
# Among all processes of the machine: there a row that nothing explains is not
# for a pid namespace to blame.
# shellcheck source-path=SCRIPTDIR source=lib.sh
same_pids=yes
. "${0%/*}/lib.sh"
trap 'release; rm -rf "$tmp"' EXIT

# Where the machine hides something from root as well, or is a container.
unseen=
if [ -z "$skip_all" ]; then
	if [ "$(readlink /proc/self/ns/pid)" != 'pid:[4026531836]' ]; then
		skip_all='this is a pid namespace already'
	elif find /proc/[0-9]*/fd -type l -printf '%l' 2>&1 >/dev/null | grep -q denied; then
		unseen=yes
	fi
fi

# expect_unknown BEST SUFFIX: the reason of what whose() found. Whoever may not be
# read could be the holder: then it is not known to be in flight.
expect_unknown() {
	run "$port" -o PID,USER,FD,INODE --no-header
	expect_status 0
	expect_rows "- root - $inode"
	run -w "$port" -o REASON --no-header
	reason=$(cat "$tmp/out")
	case $unseen/$reason in
	/"$1$2") ;;
	yes/"unknown: kernel, or one of "[0-9]*" unreadable processes$2") ;;
	yes/"hidden: permission${2:+, or ${2#; }}") ;;
	*) show_run && complain "expected: $1$2" ;;
	esac
	run "$port"
	if [ -z "$unseen" ]; then
		expect_no_message
	else
		expect_one_message
		expect_text ' could not be read'
	fi
	run -w -t "$port"
	expect_status 2
	expect_no_output
	run -w "-i:$port" -o INODE --no-header
	expect_answer "$inode"
}

# KIND BEST SUFFIX, where PID stands for the process.
unexplained() {
	release
	keep "$1"
	whose "$1" || return 0
	expect_unknown "$2" "$(echo "$3" | sed "s/PID/$pid/")"
}
check 'in flight' unexplained flight4 'in flight' '; probably in a message to keeper,PID'
check 'in flight in a datagram' \
	unexplained flight4-dgram 'in flight' '; probably in a message to keeper,PID'
check 'unknown, with a suspect' unexplained accept4 'unknown: kernel, or in flight' \
	'; probably keeper,PID, in a thread that waits on it'
check 'unknown, without' unexplained ringreg4 'unknown: kernel, or in flight' ''

# For programs: who has it, once it is known to be in flight.
in_flight_json() {
	release
	keep flight4
	whose flight4
	run -w -j "$port"
	valid_json lines
	case $unseen in
	'') expected="\"reason\":\"in-flight\",\"listener\":null,\"holders\":[{\"pid\":$pid," ;;
	*) expected="\"suspects\":[{\"pid\":$pid," ;;
	esac
	grep -qF "$expected" "$tmp/out" || { show_run; complain "expected: $expected"; }
}
check 'in flight in JSON' in_flight_json

# In another user's name nobody unreadable is of that user.
of_nobody() {
	if [ "$LIVE_NAMESPACE" != root ]; then
		skip='needs root'
		return 0
	fi
	release
	# shellcheck disable=SC2086 # words
	hold_as $as_nobody "$keeper" flight4
	whose flight4
	run -w "$port" -l -o USER,REASON --no-header
	expect_status 0
	best='in flight'
	[ -z "$unseen" ] || best='unknown: kernel, or one of [0-9]* unreadable processes'
	grep -qx "65534 $best; probably in a message to keeper,$pid" "$tmp/out" ||
		{ show_run; complain "expected: $best"; }
}
check 'what is nobody'"'"'s is not hidden from root' of_nobody

# The machine's processes are there, and none of them is taken for a holder.
plain() {
	release
	hold tcp4
	whose tcp4
	run "$port"
	expect_answer "holder $pid root ${fd}u IPv4 $inode 0t0 TCP 127.0.0.1:$port (LISTEN)"
	run -t "$port"
	expect_status 0
	expect_pids "$pid"
	run -w
	expect_status 0
	expect_row "holder $pid root ${fd}u IPv4 $inode 0t0 TCP 127.0.0.1:$port (LISTEN)"
	become_nobody || { skip=''; return 0; }
	run "$port" -o PID,REASON --no-header
	expect_status 0
	expect_one_message
	expect_text 'sudo would show more'
	expect_text '- hidden: permission'
	restore
}
check 'a listener among the processes of the machine' plain
