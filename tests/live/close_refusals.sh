#!/bin/sh
# --close closes nothing where it should not, may not, cannot, or is not to.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_later.sh
. "${0%/*}/lib_later.sh"
# shellcheck source-path=SCRIPTDIR source=lib_close.sh
. "${0%/*}/lib_close.sh"

# --- refused ------------------------------------------------------------------------

# Not even what could be closed is.
with_listener() {
	connect conn4
	for words in "$far" "--all $far" "$near $far" "-t $near $far" "--dry-run $near $far"; do
		# shellcheck disable=SC2086 # words
		run --close $words
		expect_refusal "127.0.0.1:$far (LISTEN): to destroy a listener does not free its \
port: -k ends its process; -s ^LISTEN leaves it out"
		expect_connections 1 "$near"
		expect_connections 1 "$far"
		expect_listener "$far"
	done
}
check 'a listener, and nothing beside it is closed' with_listener

# KIND WORD NAME REASON: as well; a % is the port.
refused() {
	connect conn4
	hold "$1"
	kind=${1%%:*}
	whose "$kind" || return 0
	run --close "$near" "$(echo "$2" | sed "s/%/$port/")"
	expect_refusal "$(echo "$3" | sed "s/%/$port/"): $4"
	expect_connections 1 "$near"
}
bound() {
	needs_kernel 6 8 || return 0
	refused bound4 % '127.0.0.1:% (BOUND)' \
		'it is no connection: -k ends its process; -s ^BOUND,^CLOSE leaves it out'
}
check 'a socket that is only bound' bound
check 'an unconnected UDP socket' refused udp4 % 127.0.0.1:% \
	'to destroy it does not free its port: -k ends its process; -s ESTABLISHED takes connected sockets only'
check 'a unix socket' refused unix-stream:@close @close '@close type=STREAM (LISTEN)' \
	'only connections of TCP and UDP can be destroyed: -k ends its process'
check 'Multipath TCP' refused mptcp4 % '127.0.0.1:% (LISTEN)' \
	'the kernel cannot destroy Multipath TCP: -k ends its process'

# Asked for TCP alone, the tables show a part of it as a connection.
subflow() {
	release
	keep mptcp4-conn
	whose mptcp4-conn.server || return 0
	run --close -s^LISTEN "tcp:$port"
	expect_status 2
	expect_text 'the kernel cannot destroy Multipath TCP: -k ends its process'
	expect_text 'nothing was closed'
}
check 'a part of a Multipath TCP connection' subflow

unix_connection() {
	release
	hold unix-conn:@joined
	run --close -sCONNECTED @joined
	expect_refusal "@joined type=STREAM (CONNECTED): only connections of TCP and UDP can be \
destroyed: -k ends its process"
}
check 'a unix connection' unix_connection

dry_run() {
	connect conn4
	run --close --dry-run "$near"
	expect_outcome 0 "127.0.0.1:$near->127.0.0.1:$far (ESTABLISHED) would be closed"
	expect_connections 1 "$near"
	expect_connections 1 "$far"
	expect_descriptors
}
check '--dry-run closes nothing' dry_run

nothing_there() {
	release
	hold tcp4
	whose tcp4
	run --close -s^LISTEN "$port"
	expect_nothing
	run --close 9
	expect_nothing
	run --close -Q 9
	expect_status 0
	expect_no_output
	for word in '' -sESTABLISHED --all; do
		run --close $word
		expect_status 2
		expect_no_output
	done
	expect_listener "$port"
}
check 'nothing to close, and nothing named' nothing_there

by_text() {
	connect conn4
	run --close --source=proc "$near"
	expect_status 2
	expect_no_message
	expect_text "(ESTABLISHED): not closed: it can only be named through sock_diag"
	expect_connections 1 "$near"
	expect_connections 1 "$far"
}
check 'by text no socket can be named' by_text

# --- whose right it is ------------------------------------------------------------------

# What is printed is as without --close.
expect_no_right() {
	run --close "$near"
	expect_status 2
	[ "$(cat "$tmp/err")" = "whoport: --close: needs CAP_NET_ADMIN$1" ] ||
		{ show_run; complain "expected CAP_NET_ADMIN$1"; }
	expect_connections 1 "$near"
	expect_connections 1 "$far"
}

other_user() {
	connect timewait4
	near=$far
	become_nobody || return 0
	run --close "$far"
	expect_status 2
	expect_one_message
	expect_connections 1 "$far"
	# shellcheck disable=SC2086 # words
	hold_as $via "$holder" conn4
	whose conn4.client
	near=$port
	whose conn4.server
	far=$port
	expect_no_right ': nothing was closed; sudo would help'
	run --close --dry-run "$near"
	expect_outcome 0 "127.0.0.1:$near->127.0.0.1:$far (ESTABLISHED) would be closed"
	expect_connections 1 "$near"
	restore
}
check 'another user may not, not even what is his' other_user

no_capability() {
	via='setpriv --bounding-set=-net_admin --inh-caps=-net_admin'
	# shellcheck disable=SC2086 # words
	$via true 2>/dev/null || skip='no capability can be dropped here'
	[ -n "$skip" ] || connect conn4
	[ -n "$skip" ] || expect_no_right ' over the netns: nothing was closed'
	restore
}
check 'root without CAP_NET_ADMIN' no_capability

# The same ports are ours, too.
other_netns() {
	begin
	later tcp:$at listen connect:$at accept ready
	whose connect
	near=$port
	in_new_netns "$later" tcp:$at listen connect:$at accept ready
	whose connect 2
	run --close -s^LISTEN -N "$held_by" "$at"
	expect_status 0
	expect_no_message
	expect_text "127.0.0.1:$at->127.0.0.1:$port (ESTABLISHED): closed"
	expect_connections 0 "$at" "$held_by"
	expect_connections 0 "$port" "$held_by"
	expect_connections 1 "$at"
	expect_connections 1 "$near"
	expect_descriptors
	run --close -s^LISTEN -N all "$at"
	expect_status 0
	expect_no_message
	expect_text "127.0.0.1:$at->127.0.0.1:$near (ESTABLISHED): closed"
	expect_connections 0 "$at"
	expect_descriptors
}
check 'in another network namespace' other_netns

mkfifo "$tmp/answer"

# ANSWER, to --ask at a terminal.
answered() {
	[ "$(script -qec 'echo works' /dev/null </dev/null 2>/dev/null | tr -d '\r\n')" = works ] || {
		skip='no script(1)'
		return
	}
	connect conn4
	shown="--ask: $1" status='?'
	exec 5<>"$tmp/answer" # it never ends
	echo "$1" >&5
	script -qec "'$WHOPORT' --close --ask $near >'$tmp/out'" /dev/null <&5 >"$tmp/err"
	exec 5>&-
	expect_text "close 127.0.0.1:$near->127.0.0.1:$far (ESTABLISHED)? [y/N]"
	case $1 in
	y) expect_text '(ESTABLISHED): closed' && expect_connections 0 "$near" ;;
	*) expect_text 'nothing was closed' && expect_connections 1 "$near" ;;
	esac
	expect_descriptors
}
check '--ask, and yes' answered y
check '--ask, and no' answered n
release
