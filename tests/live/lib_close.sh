# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # of lib.sh, and for the scripts
# Sourced after lib_later.sh by the tests of --close: what became of connections, from
# the kernel's own tables, and of processes.
#
#	connect conn4                   # a kind of holder.c
#	run --close "$near"
#	expect_outcome 0 "127.0.0.1:$near->127.0.0.1:$far (ESTABLISHED): closed"
#	expect_connections 0 "$near"
#	expect_descriptors

kernel_config() {
	zcat /proc/config.gz 2>/dev/null || cat "/boot/config-$(uname -r)" 2>/dev/null
}

if [ -z "$skip_all" ]; then
	run --source=diag 9
	[ "$status" != 2 ] || skip_all='no sock_diag here'
	! kernel_config | grep -q '^# CONFIG_INET_DIAG_DESTROY is not set' ||
		skip_all='the kernel cannot destroy sockets'
fi

# connections PORT [PID]: how many have it at their local end; listeners do not count,
# nor does what is only bound.
connections() {
	cat "/proc/${2:-self}/net/tcp" "/proc/${2:-self}/net/tcp6" "/proc/${2:-self}/net/udp" \
		2>/dev/null | awk -v port="$(printf ':%04X' "$1")" '
		substr($2, length($2) - 4) == port && $4 != "0A" && $4 != "07" { n++ }
		END { print n + 0 }'
}

# expect_connections N PORT [PID]: soon, for a peer has to be told first.
expect_connections() {
	tries=0
	while [ "$(connections "$2" "${3:-self}")" != "$1" ]; do
		tries=$((tries + 1))
		if [ "$tries" = 100 ]; then
			show_run
			complain "expected $1 connections of port $2"
			return
		fi
		sleep 0.05
	done
}

expect_listener() {
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$(printf ':%04X' "$1")" '
		substr($2, length($2) - 4) == port && $4 == "0A" { found = 1 } END { exit !found }' ||
		{ show_run; complain "nobody listens on $1"; }
}

# Who held something lives and has its descriptors.
expect_descriptors() {
	while read -r pid _ fd inode _; do
		case $pid,$fd in unavailable,* | *,-1) continue ;; esac
		[ "$(readlink "/proc/$pid/fd/$fd")" = "socket:[$inode]" ] ||
			{ show_run; complain "$pid has lost descriptor $fd"; }
	done <"$tmp/held"
	kill -0 "$held_by" || { show_run; complain "$held_by has ended"; }
}

# expect_outcome STATUS LINE...: after the rows.
expect_outcome() {
	expect_status "$1"
	shift
	expect_no_message
	printf '%s\n' "$@" >"$tmp/want"
	rows | grep -v ' 0t0 ' >"$tmp/got"
	cmp -s "$tmp/want" "$tmp/got" || { show_run; complain "expected:$nl$*"; }
}

# expect_refusal LINE...: and that nothing was closed.
expect_refusal() {
	expect_status 2
	printf 'whoport: %s\n' "$@" 'nothing was closed' | cmp -s - "$tmp/err" ||
		{ show_run; complain "expected:$nl$*"; }
	! rows | grep -v ' 0t0 ' | grep -qvx '[0-9]*' || { show_run; complain 'expected rows only'; }
	expect_descriptors
}

# KIND: a fresh one; its ports are $near and $far.
connect() {
	release
	hold "$1"
	whose "$1.client" || return
	near=$port
	whose "$1.server"
	far=$port
}
