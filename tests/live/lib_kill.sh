# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # of lib.sh, and for the scripts
# Sourced after lib.sh by the tests of -k: servers that it may end, who lives, and what
# came free.
#
#	serve reuseaddr tcp4            # server.c's words
#	whose tcp4
#	run -k "$port"
#	expect_status 0
#	expect_ended "$pid"
#	expect_lines "$(row)" "SIGTERM sent to server,$pid: ended" "$port/tcp is free"

server=$BUILD/live/server as='' user=root

serve() {
	# shellcheck disable=SC2086 # words
	hold_as $as "$server" "$@"
}

# End all servers, whatever they ignore, and forget what they held.
clear() {
	for held_by in $holders; do
		kill -KILL "$held_by"
		wait "$held_by"
	done 2>/dev/null
	holders=
	: >"$tmp/held"
}

# As an ordinary user: the servers, and whoport.
be_nobody() {
	become_nobody || return
	[ -x "$tmp/server" ] || cp "$server" "$tmp/server"
	as=$as_nobody server=$tmp/server
	user=$(awk -F: '$3 == 65534 { print $1; exit }' /etc/passwd)
	user=${user:-65534}
}

be_root() {
	restore
	as='' server=$BUILD/live/server user=root
}

as_ordinary_user() {
	be_nobody || return 0
	"$@"
	be_root
}

# both NAME FUNCTION [ARGUMENT...]: a case as root, and one as an ordinary user.
both() {
	name=$1
	shift
	check "$name" "$@"
	check "$name, as an ordinary user" as_ordinary_user "$@"
}

# Is it running? A zombie is not.
lives() {
	case $(sed -n 's/^State:.\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null) in
	'' | Z | X) return 1 ;;
	esac
}

expect_ended() {
	for process in "$@"; do
		! lives "$process" || { show_run; complain "process $process lives"; }
	done
}

expect_lives() {
	for process in "$@"; do
		lives "$process" || { show_run; complain "process $process has ended"; }
	done
}

# No outcome was told: neither of a process nor of a port.
expect_nobody_signalled() {
	! grep -q 'SIG[A-Z0-9]* \|^[0-9].*/tcp is' "$tmp/out" ||
		{ show_run; complain 'somebody was signalled'; }
}

# expect_untouched: what whose() found lives and has its socket.
expect_untouched() {
	expect_lives "$pid"
	[ "$(readlink "/proc/$pid/fd/$fd")" = "socket:[$inode]" ] ||
		{ show_run; complain "process $pid has lost its socket"; }
}

# row_of COMMAND: the row of what whose() found, a listener.
row_of() {
	echo "$1 $pid $user ${fd}u IPv4 $inode 0t0 TCP 127.0.0.1:$port (LISTEN)"
}

row() {
	row_of server
}

# expect_lines LINE...: without the header, in this order; seconds are read as NN.
expect_lines() {
	printf '%s\n' "$@" >"$tmp/want"
	rows | sed 's/ [1-9][0-9]* s\([:,]\|$\)/ NN s\1/' >"$tmp/got"
	cmp -s "$tmp/want" "$tmp/got" || { show_run; complain "expected:$nl$*"; }
}

# expect_last LINE: the same for the last one.
expect_last() {
	last=$(rows | sed -n '$s/ [1-9][0-9]* s\([:,]\|$\)/ NN s\1/; $p')
	[ "$last" = "$1" ] || { show_run; complain "expected last: $1"; }
}

# expect_error TEXT: on stderr, a whole line after the program's name.
expect_error() {
	grep -Fxq -e "whoport: $1" "$tmp/err" || { show_run; complain "expected: whoport: $1"; }
}

# expect_bind yes|no WORD...: does bind() work?
expect_bind() {
	wanted=$1 got=no
	shift
	! "$server" "$@" >/dev/null 2>"$tmp/bind" || got=yes
	[ "$got" = "$wanted" ] ||
		{ show_run; complain "bind: $* works: $got" "$(cat "$tmp/bind")"; }
}
