# Fixture proc trees and TAP for the scripts beside this file; sourced, not run.
#
# A script builds a tree, then says what whoport must answer:
#
#     new_tree
#     add_process 811 nginx
#     add_fd 811 6 1001
#     add_inet tcp 0.0.0.0:80 LISTEN 1001
#     expect 'port_names_its_holder' 0 --no-header -o PID,NAME 80 <<EOF
#     811 *:80 (LISTEN)
#     EOF
#
# Lines of the expected text that begin with "! " are stderr's. Everything is
# compared exactly. Text files have the kernel's format; see proc_net_tcp.rst
# in Documentation/networking, and unix_seq_show() in net/unix/af_unix.c.
# shellcheck shell=sh
set -u

: "${WHOPORT:=$PWD/whoport}"
case $WHOPORT in /*) ;; *) WHOPORT=$PWD/$WHOPORT ;; esac
export LC_ALL=C TZ=UTC0 TERM=dumb
unset NO_COLOR WHOPORT_SCAN 2>/dev/null

case $0 in
*/*) tests=${0%/*}/.. ;;
*) tests=.. ;;
esac
case $tests in /*) ;; *) tests=$PWD/$tests ;; esac
# shellcheck source=../lib_json.sh
. "$tests/lib_json.sh"

umask 022 # another user may have to read the trees
tmp=$(mktemp -d) || exit 1
tree=
trees=0
as= # words that run a command as somebody else

# Directories may have been made unreadable.
cleanup() {
	status=$?
	trap - EXIT
	cd / || status=1
	chmod -R u+rwx "$tmp"
	rm -rf "$tmp"
	exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- who and where ---------------------------------------------------------

uid=$(id -u)
user=$(id -un 2>/dev/null) || user=$uid
hz=$(getconf CLK_TCK 2>/dev/null) || hz=100
little=$(printf '\001\000' | od -An -tu2 | tr -d ' ')

# Set user_cell, user_title and no_user: cells of the USER column.
user_width=${#user}
[ "$user_width" -ge 4 ] || user_width=4
# shellcheck disable=SC2034 # used in expected texts
user_cell=$(printf "%${user_width}s" "$user") user_title=$(printf "%${user_width}s" USER) \
	no_user=$(printf "%${user_width}s" -)

# --- fixture trees ---------------------------------------------------------

# Start a tree without processes and sockets; sets tree.
new_tree() {
	trees=$((trees + 1))
	tree=$tmp/proc$trees
	mkdir -p "$tree"
	printf 'cpu  1 2 3 4\nbtime 1700000000\n' >"$tree/stat"
	make_tables "$tree/net"
}

# make_tables DIR: socket tables, to which rows are added from now on.
make_tables() {
	tables=$1
	mkdir -p "$tables"
	inet_header='  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'
	for table in tcp tcp6 udp udp6 udplite udplite6 raw raw6; do
		printf '%-149s\n' "$inet_header" >"$tables/$table"
	done
	echo 'Num       RefCount Protocol Flags    Type St Inode Path' >"$tables/unix"
	echo 'sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode' \
		>"$tables/netlink"
	echo 'sk               RefCnt Type Proto  Iface R Rmem   User   Inode' >"$tables/packet"
}

# put_task DIR TID COMMAND PPID PGID STATE: what a task has of its own.
put_task() {
	mkdir -p "$1/fd"
	printf '%s\n' "$3" >"$1/comm"
	# Started a minute after boot; field 22.
	printf '%d (%s) %s %d %d %d 0 -1 4194304 1 0 0 0 1 1 0 0 20 0 1 0 %d 1000 10 0\n' \
		"$2" "$3" "$6" "$4" "$5" "$5" $((60 * hz)) >"$1/stat"
}

# add_process PID COMMAND [PPID [PGID [STATE]]]
add_process() {
	put_task "$tree/$1" "$1" "$2" "${3:-1}" "${4:-$1}" "${5:-S}"
	put_task "$tree/$1/task/$1" "$1" "$2" "${3:-1}" "${4:-$1}" "${5:-S}"
	printf '%s\000--serve\000a b\000' "$2" >"$tree/$1/cmdline"
	ln -s /srv "$tree/$1/cwd"
}

# add_fd PID FD INODE: a socket in the table of the leader.
add_fd() {
	add_link "$1" "$2" "socket:[$3]"
}

# add_link PID FD TARGET: any descriptor.
add_link() {
	ln -s "$3" "$tree/$1/fd/$2"
	ln -s "$3" "$tree/$1/task/$1/fd/$2"
}

# add_ring PID FD: an io_uring; its fdinfo is what stdin says.
add_ring() {
	add_link "$1" "$2" 'anon_inode:[io_uring]'
	mkdir -p "$tree/$1/fdinfo"
	{
		printf 'pos:\t0\nflags:\t02000002\nmnt_id:\t17\nino:\t9\nSqThread:\t-1\n'
		cat
	} >"$tree/$1/fdinfo/$2"
}

# add_map PID FILE: a line of maps.
add_map() {
	echo "7f0a1ab7a000-7f0a1ab7b000 rw-s 00000000 00:09 4242                       $2" \
		>>"$tree/$1/maps"
}

# put_in_netns PID NAME: all with one NAME share a network namespace, which is a
# file here; PID `self` is whoport's.
put_in_netns() {
	: >>"$tree/netns-$2"
	mkdir -p "$tree/$1/ns"
	ln "$tree/netns-$2" "$tree/$1/ns/net"
}

# add_thread PID TID COMMAND
add_thread() {
	put_task "$tree/$1/task/$2" "$2" "$3" 1 "$1" S
}

# add_thread_fd PID TID FD INODE: a socket in that thread's table only.
add_thread_fd() {
	ln -s "socket:[$4]" "$tree/$1/task/$2/fd/$3"
}

# Print eight hex digits in network order as the kernel prints them.
host_order() {
	if [ "$little" = 1 ]; then
		echo "$1" | sed 's/\(..\)\(..\)\(..\)\(..\)/\4\3\2\1/'
	else
		echo "$1"
	fi
}

# Print the parts of a text that stand between separators.
split() {
	echo "$2" | tr "$1" ' '
}

hex_v4() {
	# shellcheck disable=SC2046,SC2183 # four words
	host_order "$(printf '%02X%02X%02X%02X' $(split . "$1"))"
}

# hex_groups TEXT: `fe80:1` as 16-bit groups, `127.0.0.1` at the end too.
hex_groups() {
	for group in $(split : "$1"); do
		case $group in
		*.*)
			# shellcheck disable=SC2046,SC2183 # four words
			printf '%02X%02X%02X%02X' $(split . "$group")
			;;
		*) printf '%04X' "0x$group" ;;
		esac
	done
}

hex_v6() {
	case $1 in
	*::*) head=$(hex_groups "${1%%::*}") tail=$(hex_groups "${1#*::}") ;;
	*) head=$(hex_groups "$1") tail= ;;
	esac
	while [ $((${#head} + ${#tail})) -lt 32 ]; do
		head=${head}0000
	done
	for word in $(echo "$head$tail" | sed 's/......../& /g'); do
		printf '%s' "$(host_order "$word")"
	done
}

# hex_end 127.0.0.1:80, hex_end '[::1]:80'
hex_end() {
	case $1 in
	'['*)
		address=${1#'['}
		printf '%s:%04X' "$(hex_v6 "${address%']:'*}")" "${1##*]:}"
		;;
	*) printf '%s:%04X' "$(hex_v4 "${1%:*}")" "${1##*:}" ;;
	esac
}

hex_state() {
	case $1 in
	ESTABLISHED) echo 01 ;;
	SYN_SENT) echo 02 ;;
	SYN_RECV) echo 03 ;;
	FIN_WAIT1) echo 04 ;;
	FIN_WAIT2) echo 05 ;;
	TIME_WAIT) echo 06 ;;
	CLOSE | UNCONNECTED) echo 07 ;;
	CLOSE_WAIT) echo 08 ;;
	LAST_ACK) echo 09 ;;
	LISTEN) echo 0A ;;
	CLOSING) echo 0B ;;
	esac
}

# add_inet TABLE LOCAL STATE INODE [remote=END] [uid=N] [queues=TX:RX] [timer=N:SECONDS]
# TABLE is tcp, udp, udplite or raw; an address in brackets goes into the v6 table.
add_inet() {
	table=$1 local_end=$2 state=$3 inode=$4
	shift 4
	owner=$uid tx=0 rx=0 timer=0 seconds=0
	case $local_end in
	'['*) file=${table}6 remote='[::]:0' ;;
	*) file=$table remote=0.0.0.0:0 ;;
	esac
	for setting; do
		case $setting in
		remote=*) remote=${setting#*=} ;;
		uid=*) owner=${setting#*=} ;;
		queues=*) tx=${setting#*=} rx=${tx#*:} tx=${tx%:*} ;;
		timer=*) timer=${setting#*=} seconds=${timer#*:} timer=${timer%:*} ;;
		esac
	done
	row=$(printf '%4d: %s %s %s %08X:%08X %02X:%08X %08X %5d %8d %d 1 0000000000000000 100 0 0 10 0' \
		0 "$(hex_end "$local_end")" "$(hex_end "$remote")" "$(hex_state "$state")" \
		"$tx" "$rx" "$timer" $((seconds * hz)) 0 "$owner" 0 "$inode")
	printf '%-149s\n' "$row" >>"$tables/$file"
}

# add_unix INODE STREAM|DGRAM|SEQPACKET LISTEN|UNCONNECTED|CONNECTING|CONNECTED [NAME]
add_unix() {
	flags=0 kind=1 st=1
	case $2 in DGRAM) kind=2 ;; SEQPACKET) kind=5 ;; esac
	case $3 in LISTEN) flags=65536 ;; CONNECTING) st=2 ;; CONNECTED) st=3 ;; esac
	printf '%016x: %08X %08X %08X %04X %02X %5d%s\n' \
		"$1" 2 0 "$flags" "$kind" "$st" "$1" "${4:+ $4}" >>"$tables/unix"
}

# add_netlink INODE PROTOCOL PORTID: the kernel's own have port ID 0.
add_netlink() {
	printf '%016x %-3d %-10u %08x %-8d %-8d %-5d %-8d %-8u %-8d\n' \
		"$1" "$2" "$3" 0 0 0 0 2 0 "$1" >>"$tables/netlink"
}

# add_packet INODE TYPE PROTOCOL INTERFACE [UID]: TYPE 3 is raw, PROTOCOL is hexadecimal.
add_packet() {
	printf '%016x %-6d %-4d %04x   %-5d %1d %-6u %-6u %-6d\n' \
		"$1" 3 "$2" "0x$3" "$4" 1 0 "${5:-$uid}" "$1" >>"$tables/packet"
}

# --- answers ---------------------------------------------------------------

# Run whoport on the tree; sets status, fills $tmp/out and $tmp/err.
ask() {
	# shellcheck disable=SC2086 # $as is words
	$as "$WHOPORT" --proc "$tree" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
}

# report NAME: the case passed if $tmp/wrong is empty.
report() {
	if [ -s "$tmp/wrong" ]; then
		echo "not ok - $1"
		sed 's/^/# /' "$tmp/wrong"
	else
		echo "ok - $1"
	fi
}

skip() {
	echo "ok - $1 # SKIP $2"
}

# lacks PATTERN FILE: no line matches; those that do are printed.
lacks() {
	! grep -n -e "$1" "$2"
}

# verify NAME COMMAND...: the case passed if the command succeeds.
verify() {
	name=$1
	shift
	if "$@" >"$tmp/wrong" 2>&1; then
		: >"$tmp/wrong"
	else
		echo "failed: $*" >>"$tmp/wrong"
	fi
	report "$name"
}

# Compare what ask() left with $tmp/expected and a status.
compare_answer() {
	sed '/^! /d' "$tmp/expected" >"$tmp/expected.out"
	sed -n 's/^! //p' "$tmp/expected" >"$tmp/expected.err"
	{
		diff -u "$tmp/expected.out" "$tmp/out"
		diff -u "$tmp/expected.err" "$tmp/err"
		[ "$status" = "$1" ] || echo "exit status $status, expected $1"
	} >"$tmp/wrong"
}

# expect NAME STATUS ARG... <<EOF: run whoport and compare all it does.
expect() {
	cat >"$tmp/expected"
	name=$1 wanted=$2
	shift 2
	ask "$@"
	compare_answer "$wanted"
	[ ! -s "$tmp/wrong" ] || printf 'whoport %s\n' "$*" | cut -c 1-200 >>"$tmp/wrong"
	report "$name"
}

# expect_nothing NAME STATUS ARG...: neither stdout nor stderr.
expect_nothing() {
	expect "$@" </dev/null
}

# True if what ask() left is a usage error that names an object.
is_refusal() {
	[ "$status" = 2 ] || echo "exit status $status"
	[ ! -s "$tmp/out" ] || echo 'stdout is not empty'
	[ "$(wc -l <"$tmp/err")" -eq 2 ] || echo 'stderr has not two lines'
	[ "$(sed -n 2p "$tmp/err")" = "Try 'whoport --help'" ] || echo 'no hint in the second line'
	first=$(sed -n 1p "$tmp/err")
	case $first in
	whoport:\ *"$1"*:\ ?*) ;;
	*) echo "the first line does not name $1" ;;
	esac
	[ ${#first} -le 200 ] || echo 'the first line is too long'
	[ "$(LC_ALL=C tr -d '\n\040-\176\200-\377' <"$tmp/err" | wc -c)" -eq 0 ] ||
		echo 'control bytes on stderr'
}

# refuses NAME OBJECT ARG...: a command line is refused, and the message names the object.
refuses() {
	name=$1 object=$2
	shift 2
	ask "$@"
	is_refusal "$object" >"$tmp/wrong"
	[ ! -s "$tmp/wrong" ] || {
		cat "$tmp/err"
		printf 'whoport %s\n' "$*"
	} | cut -c 1-200 >>"$tmp/wrong"
	report "$name"
}

# valid_json NAME document|lines [some|cycles]...: what ask() left is what the schema says.
valid_json() {
	name=$1
	shift
	if needs_python jsonschema; then
		check_json "$@" "$tmp/out" >"$tmp/wrong"
		report "$name"
	else
		skip "$name" "$why_not"
	fi
}

# Run what follows as a user whom file modes bind; false if there is no way,
# then why_not tells the reason. To that user all trees are read-only.
become_ordinary() {
	[ "$uid" = 0 ] || return 0
	# shellcheck disable=SC2034 # for the caller's skip
	why_not='setpriv is missing'
	command -v setpriv >/dev/null || return 1
	cp "$WHOPORT" "$tmp/whoport"
	chmod 755 "$tmp"
	WHOPORT=$tmp/whoport
	as='setpriv --reuid=65534 --regid=65534 --clear-groups'
	# shellcheck disable=SC2034
	why_not='another user cannot run the binary'
	ask --version
	[ "$status" = 0 ]
}

# Set asker, who asks after become_ordinary, and denied: what bind() would meet in a
# listener of the scripts' user.
# shellcheck disable=SC2034 # theirs
name_asker() {
	asker=$user denied='works only with SO_REUSEPORT, if what is there has it set, too:'
	[ -n "$as" ] || return 0
	asker=$(awk -F: '$3 == 65534 { print $1; exit }' /etc/passwd)
	asker=${asker:-65534} denied='fails with EADDRINUSE:'
}

# True if there is a UTF-8 locale; sets utf8.
has_utf8() {
	utf8=$(locale -a 2>/dev/null | grep -i '^C\.utf-\{0,1\}8$' | head -n 1)
	[ -n "$utf8" ]
}

# has_service NAME PORT/PROTO: whether /etc/services says so.
has_service() {
	grep -q "^$1[[:space:]][[:space:]]*$2" /etc/services 2>/dev/null
}
