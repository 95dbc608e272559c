#!/bin/sh
# --wait=listen: not before it is so, and soon after. And how any wait ends otherwise.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_later.sh
. "${0%/*}/lib_later.sh"

server_starts() {
	begin
	later ready await "$stamp" tcp:$at listen
	until_then "$@" --wait=listen $at
	expect_told 0 "$at is listened on by later,$held_by"
}
check 'a server that starts after a moment' server_starts
check 'a server that starts, by text' server_starts --source=proc
check 'a server that starts, in any network namespace' server_starts -N all

already() {
	begin
	later tcp:$at listen ready
	before=$(clock)
	for limit in --timeout=60 --timeout=0 --timeout=0.1; do
		run --wait=listen $limit tcp:$at
		expect_told 0 "$at/tcp is listened on by later,$held_by"
	done
	[ $(($(clock) - before)) -lt 5000 ] || complain 'it waited'
}
check 'a server that is there already' already

only_bound() {
	begin
	later tcp:$at ready await "$stamp" listen
	until_then --wait=listen $at
	expect_told 0 "$at is listened on by later,$held_by"
}
check 'a socket that is bound is no server yet' only_bound

# Who is there first is another one.
udp_server() {
	begin
	later tcp:$at listen ready await "$stamp" udp:$at
	until_then --wait=listen udp:$at
	expect_told 0 "$at/udp is listened on by later,$held_by"
	begin
	later udp:$at ready await "$stamp" tcp:$at listen
	until_then --wait=listen $at/tcp
	expect_told 0 "$at/tcp is listened on by later,$held_by"
}
check 'UDP and TCP are not each other' udp_server

# NAME WORD
unix_server() {
	begin
	later "unix:$1" ready await "$stamp" listen
	until_then --wait=listen "$2"
	expect_told 0 "$2 is listened on by later,$held_by"
}
ln -s . "$tmp/here"
check 'a unix server by its path' unix_server "$tmp/path" "$tmp/path"
check 'a unix server by its file' unix_server "$tmp/file" "$tmp/here/file"
check 'a unix server by its abstract name' unix_server @abstract @abstract

# The file is another one than at the start, and the name does not say where it is.
other_file() {
	begin
	later "chdir:$tmp" unix:again listen ready
	begin
	later "chdir:$tmp" ready await unlink:again nap:50 "$stamp" unix:again listen
	until_then --wait=listen "$tmp/again"
	expect_told 0 "$tmp/again is listened on by later,$held_by"
}
check 'a unix server whose file is new' other_file

# FIRST SECOND WORD: a server at the first address is none of WORD's.
by_address() {
	begin
	later "tcp:$1,$at" listen ready await "$stamp" "tcp:$2,$at" listen
	held_there || return 0
	until_then --wait=listen "$3:$at"
	expect_told 0 "$4$at/tcp is listened on by later,$held_by"
}
check 'another address is not enough' by_address 127.0.0.2 127.0.0.1 tcp:127.0.0.1 127.0.0.1:
check 'IPv4 is not enough for IPv6' by_address 127.0.0.1 ::1 'tcp:[::1]' '[::1]:'
check 'IPv6 is not enough for IPv4' by_address ::1 127.0.0.1 tcp:127.0.0.1 127.0.0.1:
check 'the wildcard is enough' by_address ::1 0.0.0.0 tcp:127.0.0.1 127.0.0.1:

several() {
	begin
	later tcp:$at listen ready await udp:$((at + 1)) unix:@several nap:100 listen nap:100 \
		"$stamp" tcp:$((at + 2)) listen
	until_then --wait=listen @several $at-$((at + 2)) $at
	expect_told 0 "@several is listened on by later,$held_by" "$at is listened on by later,$held_by" \
		"$((at + 1)) is listened on by later,$held_by" \
		"$((at + 2)) is listened on by later,$held_by" "$at is listened on by later,$held_by"
	at=$((at + 2))
}
check 'all of several targets' several

pids_of_servers() {
	begin
	later tcp:$at listen ready
	first=$held_by
	later ready await "$stamp" tcp:$((at + 1)) listen
	until_then -t --wait=listen $at $((at + 1))
	expect_told 0 "$first" "$held_by"
	at=$((at + 1))
}
check '-t: the servers, and nothing else' pids_of_servers

# A worker that its server left behind with a connection.
pids_without_connections() {
	begin
	later reuse tcp:$at listen connect:$at accept close ready
	run -t --wait=free --timeout=0 $at
	expect_status 0
	expect_no_output
	later reuse tcp:$at listen ready
	run -t --wait=listen --timeout=1 $at
	expect_told 0 "$held_by"
}
check '-t: nobody who only has a connection' pids_without_connections

# A server of ours is none of theirs.
other_netns() {
	begin
	later tcp:$at listen ready
	in_new_netns "$later" ready await "$stamp" tcp:$at listen
	there=$held_by
	until_then -N "$there" --wait=listen $at
	expect_told 0 "$at is listened on by later,$there"
	hold_as nsenter --net="/proc/$there/ns/net" "$later" tcp:$((at + 1)) listen \
		ready await "$stamp" exit
	run -N "$there" --timeout=0 --wait=free $((at + 1))
	expect_told 1 "$((at + 1)) is held by later,$held_by"
	until_then -N "$there" --wait=free $((at + 1))
	expect_told 0 "$((at + 1)) is free"
	run -N "$there" --timeout=0 --wait=free $at
	expect_told 1 "$at is held by later,$there"
	at=$((at + 1))
}
check 'another network namespace' other_netns

# --- who may look, and when it ends -----------------------------------------------

other_user() {
	for way in exit close; do
		begin
		later tcp:$at listen ready await "$stamp" $way
		become_nobody || return 0
		run --timeout=0 --wait=free $at
		expect_told 1 "$at is held [hidden: permission]"
		until_then --wait=free $at
		expect_told 0 "$at is free"
		begin
		restore
		later ready await "$stamp" tcp:$at listen
		become_nobody
		until_then --wait=listen $at
		expect_told 0 "$at is listened on [hidden: permission]"
		restore
	done
}
check 'another user may wait, too' other_user

times_out() {
	begin
	later tcp:$at listen ready
	for word in "free $at" "listen $((at + 1))"; do
		# shellcheck disable=SC2086 # words
		set -- $word
		before=$(clock)
		run --timeout=0.5 --wait="$1" "$2"
		[ $(($(clock) - before)) -ge 49 ] || { show_run; complain 'ended early'; }
		case $1 in
		free) expect_told 1 "$at is held by later,$held_by" ;;
		*) expect_told 1 "$2 is not listened on" ;;
		esac
	done
	run --timeout=0 --wait=listen $at $((at + 1))
	expect_told 1 "$at is listened on by later,$held_by" "$((at + 1)) is not listened on"
	run --timeout=0 --wait=free $((at + 1))
	expect_told 0 "$((at + 1)) is free"
	at=$((at + 1))
}
check 'after the timeout it says how it is' times_out

interrupted() {
	begin
	later tcp:$at listen ready
	for word in "free $at" "listen $((at + 1))"; do
		held_by=- # itself
		# shellcheck disable=SC2086 # words
		until_then --wait=$word
		expect_status 130
		expect_no_message
		expect_no_output
	done
	at=$((at + 1))
}
check 'SIGINT ends it' interrupted

on_a_terminal() {
	[ "$(script -qec 'echo works' /dev/null </dev/null 2>/dev/null | tr -d '\r\n')" = works ] || {
		skip='no script(1)'
		return
	}
	begin
	later tcp:$at listen ready await "$stamp" close
	via="$BUILD/live/stopwatch $held_by $tmp/stamp"
	script -qec "$via '$WHOPORT' --wait=free --timeout=60 $at" /dev/null </dev/null |
		tr -d '\r' >"$tmp/out"
	via='' status='?' shown='on a terminal'
	: >"$tmp/err"
	printf '%s\n' "whoport: waiting until free: $at" "$at is free" | cmp -s - "$tmp/out" ||
		{ show_run; complain 'expected two lines'; }
}
check 'on a terminal it says what it waits for' on_a_terminal
release
