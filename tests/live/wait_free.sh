#!/bin/sh
# --wait=free: not before a port or a name is, and soon after.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_later.sh
. "${0%/*}/lib_later.sh"

# exit|close WORDS TARGET NAME [OPTION]...: the holder ends, or lives without its socket.
# A % is the port.
comes_free() {
	begin
	way=$1 words=$(echo "$2" | sed "s/%/$at/") word=$(echo "$3" | sed "s/%/$at/")
	name=$(echo "$4" | sed "s/%/$at/")
	shift 4
	# shellcheck disable=SC2086 # words
	later $words ready await "$stamp" "$way"
	held_there || return 0
	run --timeout=0 "$@" --wait=free "$word"
	expect_told 1 "$name is held by later,$held_by"
	until_then "$@" --wait=free "$word"
	expect_told 0 "$name is free"
	[ "$way" = exit ] || kill -0 "$held_by" || complain 'the holder has ended'
	expect_bind yes "${words%% *}"
}
check 'a server ends' comes_free exit 'tcp:% listen' % %
check 'a server ends, by text' comes_free exit 'tcp:% listen' % % --source=proc -w
check 'a server closes its socket' comes_free close 'tcp:% listen' tcp:% %/tcp
check 'a server closes its socket, by text' comes_free close 'tcp:% listen' % % --source=proc -w
check 'who has bound a port closes it' comes_free close tcp:% % %
check 'a UDP socket is closed' comes_free close udp:% %/udp %/udp
check 'an IPv6 server closes its socket' comes_free close 'tcp:::1,% listen' '[::1]:%' '[::1]:%'
check 'the wildcard is closed' comes_free close 'tcp:0.0.0.0,% listen' '127.0.0.1:%' '127.0.0.1:%'
check 'an abstract name is closed' comes_free close 'unix:@n% listen' @n% @n%
check 'a server with an abstract name ends' comes_free exit 'unix:@m% listen' @m% @m%

# Text has no sockets that are only bound: one may be in the way.
bound_unseen() {
	begin
	later "tcp:$at" ready
	run --source=proc --wait=free --timeout=0 "$at"
	expect_status 0
	expect_text "$at is free"
	expect_text 'TCP sockets that are bound but do not listen cannot be seen here'
	run --wait=free --timeout=0 "$at"
	[ "$status" = 1 ] || needs_kernel 6 8 || return 0
	expect_status 1
}
check 'what text does not tell is said' bound_unseen

path_left() {
	begin
	later "unix:$tmp/left" listen ready await "$stamp" exit
	until_then --wait=free "$tmp/left"
	expect_told 0 "$tmp/left is free once its file is removed"
}
check 'a path is free but for its file' path_left

# A connection keeps no name.
name_left() {
	begin
	later unix:@left listen unix-connect:@left accept ready await "$stamp" close
	until_then --wait=free @left
	expect_told 0 '@left is free'
	expect_bind yes unix:@left
}
check 'an abstract name is free although connected' name_left

# Who was seen first is not the last to have it.
handed_over() {
	begin
	later tcp:$at listen ready await hand-over nap:200 "$stamp" close
	until_then --wait=free $at
	expect_told 0 "$at is free"
}
check 'another process has taken over' handed_over

other_holder() {
	begin
	later tcp:127.0.0.2,$at listen ready
	keeper=$held_by
	later tcp:127.0.0.1,$at listen tcp:$((at + 1)) listen ready await close nap:100 "$stamp" exit
	run --timeout=0 --wait=free $at-$((at + 1))
	expect_told 1 "$at is held by later,$keeper later,$held_by" \
		"$((at + 1)) is held by later,$held_by"
	until_then --wait=free 127.0.0.1:$at $((at + 1))
	expect_told 0 "127.0.0.1:$at is free" "$((at + 1)) is free"
	run --timeout=0 --wait=free $at
	expect_told 1 "$at is held by later,$keeper"
	run --timeout=0 -t --wait=free $at
	expect_told 1 "$keeper"
	at=$((at + 1))
}
check 'all of several targets, and no others' other_holder

# A connection whose server hangs up first, then closes its listener.
time_wait() {
	needs_kernel 5 6 || return 0 # pidfd_getfd
	begin
	later reuse tcp:$at listen connect:$at accept ready await hangup nap:100 "$stamp" exit
	until_then --wait=free $at
	expect_told 0 "$at is free with SO_REUSEADDR; TIME_WAIT for NN s"
	expect_bind no tcp:$at
	expect_bind yes reuse tcp:$at
}
check 'TIME_WAIT is left: free with SO_REUSEADDR' time_wait

blocked() {
	needs_kernel 5 6 || return 0
	begin
	later tcp:$at listen connect:$at accept ready await hangup "$stamp" exit
	usual=$via via="$BUILD/live/stopwatch $held_by $tmp/stamp"
	run --wait=free --timeout=4 $at
	via=$usual
	expect_told 1 "$at is free in NN s: TIME_WAIT, without SO_REUSEADDR"
	expect_bind no tcp:$at
	expect_bind no reuse tcp:$at
}
check 'TIME_WAIT without SO_REUSEADDR: not free for a while' blocked

# Nobody else is in it.
netns_of_holder() {
	begin
	in_new_netns "$later" tcp:$at listen ready await "$stamp" exit
	until_then -N "$held_by" --wait=free $at
	expect_told 0 "$at is free"
}
check 'the network namespace of who ends' netns_of_holder
release
