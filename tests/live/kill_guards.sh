#!/bin/sh
# -k refuses to signal PID 1, itself, where it comes from, and what works for others.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_kill.sh
. "${0%/*}/lib_kill.sh"

# inside WORD...: PID 1 of a new pid namespace holds a port, and runs whoport WORD...
# there: what it logs are signals.
inside() {
	clear
	: >"$tmp/log"
	shown="in a new pid namespace: whoport $*"
	# shellcheck disable=SC2016 # for that shell
	unshare --pid --fork --mount-proc "$server" "log:$tmp/log" catch:TERM catch:HUP tcp4 \
		run sh -c 'out=$1 err=$2; shift 2; exec "$@" "$PORT" >"$out" 2>"$err"' \
		sh "$tmp/out" "$tmp/err" "$WHOPORT" "$@" >"$tmp/said" </dev/null 3>&-
	port=$(awk '$6 == "tcp4" { print $5 }' "$tmp/said")
	status=$(sed -n 's/^status //p' "$tmp/said")
	[ -n "$status" ] || skip='no pid namespace in this one'
}

first_process() {
	for words in -k '-k --force' '-kKILL --force' '-kHUP --force' '-k --grace=0 --force'; do
		# shellcheck disable=SC2086 # words
		inside $words
		[ -z "$skip" ] || return 0
		expect_status 2
		expect_nobody_signalled
		expect_error 'server,1: PID 1 of this pid namespace, with which all of it would end; use: the stop command for the container, from outside of it'
		expect_error 'nothing was signalled'
		[ ! -s "$tmp/log" ] || complain "PID 1 got signal $(cat "$tmp/log")"
	done
}
check 'PID 1: never, not even with --force' first_process

dry_first() {
	inside -k --dry-run
	expect_status 2
	expect_nobody_signalled
}
check 'PID 1 and a dry run: it says the same' dry_first

# in_shell SCRIPT: a shell holds a port, $PORT in $FD, and does SCRIPT, where $w is whoport.
in_shell() {
	clear
	shown="$1"
	# shellcheck disable=SC2016,SC2086 # for that shell; words
	$as "$server" tcp4 exec env w="$WHOPORT" sh -c "$1"'; echo "$?" >&3' \
		>"$tmp/out" 2>"$tmp/err" 3>"$tmp/status" </dev/null
	sed -n '/ tcp4$/p' "$tmp/out" >"$tmp/held"
	sed '/ tcp4$/d; /^ready$/d' "$tmp/out" >"$tmp/rest"
	mv "$tmp/rest" "$tmp/out"
	status=$(cat "$tmp/status")
	whose tcp4
}

own_shell() {
	# shellcheck disable=SC2016 # for that shell
	in_shell 'eval "( exec \"\$w\" -k \$PORT $FD>&- )"'
	expect_status 2
	expect_nobody_signalled
	expect_error "sh,$pid: whoport was started from it; use: whoport in another session, or --force"
	expect_error 'nothing was signalled; --force signals all that may be'
	expect_rows "$(row_of sh)"
}
both 'the shell that whoport was started from' own_shell

itself() {
	# shellcheck disable=SC2016 # for that shell
	in_shell '"$w" -k "$PORT"'
	expect_status 2
	expect_nobody_signalled
	expect_error "sh,$pid: whoport was started from it; use: whoport in another session, or --force"
	grep -q "^whoport: whoport,[0-9]*: whoport itself, which has inherited descriptor $fd; use: whoport ARGS $fd>&-\$" \
		"$tmp/err" || { show_run; complain 'expected whoport itself'; }
}
both 'whoport itself has inherited it' itself

alone() {
	clear
	shown='whoport -k of its own descriptor'
	# shellcheck disable=SC2016,SC2086 # for that shell; words
	$as "$server" tcp4 exec env w="$WHOPORT" sh -c 'exec "$w" -k "$PORT"' \
		>"$tmp/out" 2>"$tmp/err" </dev/null 3>&-
	status=$?
	expect_status 2
	expect_nobody_signalled
	grep -q '^whoport: whoport,[0-9]*: whoport itself, which has inherited descriptor' "$tmp/err" ||
		{ show_run; complain 'expected whoport itself'; }
	expect_error 'nothing was signalled'
}
both 'whoport alone holds it' alone

# With --force the shell ends; the descriptor that whoport has inherited as well.
forced_shell() {
	clear
	# shellcheck disable=SC2016 # for that shell
	hold_as "$server" tcp4 exec sh -c '"$1" -k --force "$PORT" >"$2" 2>"$3"; exit 1' \
		sh "$WHOPORT" "$tmp/out" "$tmp/err"
	whose tcp4
	shown='whoport -k --force of its own shell' status=unknown
	wait_for ended_and_told
	expect_ended "$pid"
	rows | grep -Fxq "SIGTERM sent to sh,$pid: ended" || { show_run; complain 'expected its end'; }
	expect_last "$port/tcp is free"
	grep -q '^whoport: whoport,[0-9]*: whoport itself' "$tmp/err" ||
		{ show_run; complain 'expected whoport itself'; }
	expect_bind yes "try:$port"
}
ended_and_told() {
	! lives "$pid" && grep -q 'tcp is' "$tmp/out"
}
check 'with --force the shell ends' forced_shell

# as_program NAME WORD...: a server by that name.
as_program() {
	clear
	program=$1
	shift
	cp "$BUILD/live/server" "$tmp/$program"
	# shellcheck disable=SC2086 # words
	hold_as $as "$tmp/$program" "$@"
	whose tcp4
}

container() {
	as_program docker-proxy tcp4 args -proto tcp -host-ip 127.0.0.1 -host-port 8080 \
		-container-ip 172.17.0.2 -container-port 80
	run -k "$port"
	expect_status 2
	expect_nobody_signalled
	expect_rows "$(row_of docker-proxy)"
	expect_error "docker-proxy,$pid: the port forwarder of a container; use: docker stop \$(docker ps -q --filter publish=$port)"
	expect_error 'nothing was signalled; --force signals all that may be'
	expect_untouched
	run -k --dry-run "$port"
	expect_status 2
	expect_nobody_signalled
	run -k --force "$port"
	expect_status 0
	expect_no_message
	expect_lines "$(row_of docker-proxy)" "SIGTERM sent to docker-proxy,$pid: ended" \
		"$port/tcp is free"
	expect_ended "$pid"
}
both 'docker-proxy: the advice, and --force' container

guarded_and_not() {
	as_program systemd tcp4
	manager=$pid at=$port
	serve "udp4:$at"
	whose udp4
	run -k "$at"
	expect_status 2
	expect_nobody_signalled
	expect_text "whoport: systemd,$manager: a user's service manager"
	expect_lives "$manager" "$pid"
	run -k "udp:$at"
	expect_status 0
	expect_ended "$pid"
	expect_lives "$manager"
}
both 'one guarded holder among others: nobody is signalled' guarded_and_not
clear
