#!/bin/sh
# Names that others choose: shown whole and escaped, and never believed.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

esc=$(printf '\033')

# Nothing but printable bytes and newlines, and as many lines as expected.
expect_harmless() {
	if [ "$(LC_ALL=C tr -d '\n\040-\176' <"$tmp/out" | wc -c)" != 0 ]; then
		show_run
		complain 'expected no control bytes'
	fi
	if grep -q ' $' "$tmp/out"; then
		show_run
		complain 'expected no trailing blanks'
	fi
	[ -z "${1:-}" ] || [ "$(grep -c '' "$tmp/out")" = "$1" ] ||
		{ show_run; complain "expected $1 lines"; }
}

# --- process names ----------------------------------------------------------

hold 'named:x) y (z' 'named:a\n\x1b[31mb' 'named:(\x9b2J\x7f\x5c' 'named:\xe2\x80\xae\xc3\xa9' \
	'named: ' 'named:1 (x) R 2 3 4 5' named: "note:$nl$esc]0;title$esc\\" \
	"note:COMMAND PID$nl"'kernel 1 root 3u' tcp4

# N of the named processes, what COMMAND and TASKCMD show.
named() {
	whose named "$1"
	run "$port"
	expect_answer "$2 $pid root ${fd}u IPv4 $inode 0t0 TCP 127.0.0.1:$port (LISTEN)"
	expect_harmless 2
	run -t "$port"
	expect_status 0
	expect_pids "$pid"
	run -R -g "$port" -o PID,PPID,PGID --no-header
	expect_answer "$pid $(awk '/^PPid:/ { ppid = $2 } /^NSpgid:/ { pgid = $NF }
		END { print ppid, pgid }' "/proc/$pid/status")"
}
check 'a name with parentheses and blanks' named 1 'x)\x20y\x20(z'
check 'a name with newline and ESC' named 2 'a\n^[[31mb'
check 'a name with C1 control, DEL and backslash' named 3 "(\\x9b2J^?\\\\"
check 'a name that is not ASCII, in the C locale' named 4 '\xe2\x80\xae\xc3\xa9'
check 'a name of one blank' named 5 '\x20'
check 'a name that goes on as /proc/PID/stat does' named 6 '1\x20(x)\x20R\x202\x203\x204\x205'
check 'an empty name' named 7 -

utf8_name() {
	locale=C.UTF-8
	if [ "$(LC_ALL=$locale locale charmap 2>/dev/null)" != UTF-8 ]; then
		skip='no UTF-8 locale'
	else
		whose named 4
		run "$port" -o COMMAND,PID --no-header
		expect_answer "\\xe2\\x80\\xae$(printf '\303\251') $pid"
		whose named 3
		run "$port" -o COMMAND,PID --no-header
		expect_answer "(\\x9b2J^?\\\\ $pid"
	fi
	locale=
}
check 'in a UTF-8 locale letters pass, reordering marks do not' utf8_name

by_command() {
	whose named 1
	run -c 'x) y' -o PID --no-header
	expect_answer "$pid"
	run -c '/^x\) y \(z$/' -o PID --no-header
	expect_answer "$pid"
	whose named 2
	run -c "a$nl$esc" -o PID --no-header
	expect_answer "$pid"
	run -c "b$nl$esc"
	expect_status 1
	expect_no_output
}
check '-c takes such names as they are' by_command

arguments() {
	whose tcp4
	run "$port" -o PID,ARGS --no-header
	expect_status 0
	expect_harmless 1
	rows | grep -Fq "note:\\n^[]0;title^[\\\\ note:COMMAND PID\\nkernel 1 root 3u" ||
		{ show_run; complain 'expected the arguments'; }
}
check 'arguments with ESC and newline' arguments

whole_listing() {
	for option in --all -i -K '-oCOMMAND,TASKCMD,ARGS,CWD,NAME' -c/./; do
		run --all "$option"
		expect_status 0
		expect_no_message
		expect_harmless
	done
}
check 'no control byte in any listing' whole_listing

# --- names of unix sockets --------------------------------------------------

if [ -z "$skip_all" ]; then
	release
	cd "$tmp" || exit 1
	path="$tmp/a${nl}b ${esc}[31m c"
	hold "unix-stream:$path" 'unix-dgram:@\x1b]0;x\x07 d\n\xff' 'unix-stream:@\0\0z' \
		"unix-seqpacket:$tmp/: 1 2" 'unix-stream:@@' "unix-stream:$tmp/end " \
		'unix-stream:@wh\0port77' 'unix-stream:@wh@port78' 'unix-stream:@wh\\0port79'
fi

# KIND N NAME TARGET. Text shows a NUL as @, and so does NAME then.
unix_name() {
	whose "$1" "$2"
	for source in auto diag proc; do
		options=--source=$source name=$3
		[ "$source" != proc ] || name=$(printf '%s' "$3" | sed 's/\\0/@/g')
		run -U -p "$pid" -d "$fd" -o PID,FD,INODE,NAME --no-header
		expect_answer "$pid ${fd}u $inode $name"
		expect_harmless 1
		run "$4" -o PID,FD,INODE,NAME --no-header
		expect_answer "$pid ${fd}u $inode $name"
		run -t "$4"
		expect_status 0
		expect_pids "$pid"
	done
	restore
}
check 'a path with newline, ESC and blanks' \
	unix_name unix-stream 1 "$tmp/a\\nb ^[[31m c type=STREAM (LISTEN)" "${path:-}"
check 'an abstract name with ESC, BEL, newline and a stray byte' \
	unix_name unix-dgram 1 '@^[]0;x^G d\n\xff type=DGRAM (UNCONNECTED)' \
	"@$esc]0;x$(printf '\007') d\\n\\xff"
check 'an abstract name of NULs' \
	unix_name unix-stream 2 '@\0\0z type=STREAM (LISTEN)' '@\0\0z'
check 'a path with colons and numbers' \
	unix_name unix-seqpacket 1 "$tmp/: 1 2 type=SEQPACKET (LISTEN)" "$tmp/: 1 2"
check 'an abstract name that begins with @' \
	unix_name unix-stream 3 '@@ type=STREAM (LISTEN)' '@@'
check 'a path that ends in a blank' \
	unix_name unix-stream 4 "$tmp/end type=STREAM (LISTEN)" "$tmp/end "

check 'an abstract name with a NUL inside' \
	unix_name unix-stream 5 '@wh\0port77 type=STREAM (LISTEN)' '@wh\0port77'
check 'an abstract name with @ inside' \
	unix_name unix-stream 6 '@wh@port78 type=STREAM (LISTEN)' '@wh@port78'

backslash_in_name() {
	whose unix-stream 7
	run '@wh\\0port79' -o INODE,NAME --no-header
	expect_answer "$inode @wh\\\\0port79 type=STREAM (LISTEN)"
	run '@wh\0port79'
	expect_nothing
}
check 'an abstract name with a backslash is no NUL' backslash_in_name

other_names() {
	for word in '@wh@port77' '@wh\0port78' @wh '@wh\0' '@wh\0port' "$tmp/a" "$tmp/end"; do
		run "$word"
		expect_nothing
		run -w --source=diag -t "$word"
		expect_nothing
	done
}
check 'netlink tells NUL from @' other_names

unix_listing() {
	for source in auto diag proc; do
		run --source=$source -U
		expect_status 0
		expect_no_message
		expect_harmless 10
	done
}
check 'one line for each unix socket' unix_listing

# --- forged rows ------------------------------------------------------------

# by_each_source CASE...: one of those below.
by_each_source() {
	for source in auto proc diag; do
		options="-w --source=$source"
		"$@"
	done
	restore
}

# forge KIND...: the last one's inode is used by the forger.
forge() {
	[ -z "$skip_all" ] || return 0
	release
	hold "$@" unix-forge:/run/victim
}

# The forged name leads to nobody, and no row has it as its own.
expect_no_victim() {
	run /run/victim
	expect_nothing
	run -t /run/victim
	expect_nothing
	run -U -o NAME --no-header
	! rows | grep -q '^/run/victim' || { show_run; complain 'a forged row is believed'; }
}

# Of his name nothing is lost.
whole_forger() {
	whose unix-forge
	run -U -p "$pid" -d "$fd" -o INODE,NAME --no-header
	expect_status 0
	rows | grep -q "^$inode @f0\\\\n00.* /run/victim type=STREAM (LISTEN)\$" ||
		{ show_run; complain 'the forger is not shown whole'; }
}

forged_tcp() {
	whose tcp4
	run "$port"
	expect_answer "holder $pid root ${fd}u IPv4 $inode 0t0 TCP 127.0.0.1:$port (LISTEN)"
	run -p "$pid" -d "$fd" -o INODE,TYPE --no-header
	expect_answer "$inode IPv4"
	expect_no_victim
}
forge tcp4
check 'a forged row with the inode of a TCP listener' by_each_source forged_tcp
check 'its forger is shown whole' by_each_source whole_forger

forged_netlink() {
	whose netlink
	run -U -p "$pid" -d "$fd"
	expect_nothing
	expect_no_victim
}
forge netlink
check 'a forged row with the inode of a netlink socket' by_each_source forged_netlink
check 'its forger is shown whole as well' by_each_source whole_forger

# NAME TARGET: the real unix socket stays what it is.
forged_unix() {
	whose unix-stream
	run "$1" -o PID,FD,INODE,NAME --no-header
	expect_answer "$pid ${fd}u $inode $1 type=STREAM (LISTEN)"
	run -U -p "$pid" -d "$fd" -o INODE,NAME --no-header
	expect_answer "$inode $1 type=STREAM (LISTEN)"
	expect_no_victim
}
forge unix-stream:@real
check 'a forged row with the inode of another unix socket' by_each_source forged_unix @real
check 'the forger of a unix row is shown whole' by_each_source whole_forger

# Rows that follow a short name could be a part of it, as far as text can tell.
forge unix-dgram:@a unix-dgram:@b unix-dgram:@c unix-dgram:@d unix-dgram:@e unix-dgram:@f \
	unix-stream:@g
check 'the same, among sockets of short names' by_each_source forged_unix @g
