# shellcheck shell=sh
# shellcheck disable=SC2034 # for the scripts
# Sourced by the live tests: fresh namespaces, the holder of sockets, TAP.
#
#	. "${0%/*}/lib.sh"
#	hold tcp4 udp4                  # the holder opens these and is ready
#	tcp4_by_port() {
#		whose tcp4              # its line: $pid $tid $fd $inode $port
#		run "$port"             # whoport: $status, $tmp/out, $tmp/err, $tmp/note
#		expect_answer "holder $pid root ${fd}u IPv4 $inode 0t0 TCP 127.0.0.1:$port (LISTEN)"
#	}
#	check 'a port names its listener' tcp4_by_port
#
# The script runs as root of user, network, pid and mount namespaces of its own
# (as real root without the user namespace); when it ends, the kernel ends what
# is left in them. With same_pids=yes, set before, it stays among all processes;
# holders end with it there. Where namespaces are not allowed, each case is skipped.
set -u

: "${BUILD:=build}" "${WHOPORT:=$PWD/whoport}"
holder=$BUILD/live/holder keeper=$BUILD/live/keeper
skip_all=
script=$0
tests=${0%/*}/..
case $tests in /*) ;; *) tests=$PWD/$tests ;; esac
# shellcheck source-path=SCRIPTDIR source=../lib_json.sh
. "$tests/lib_json.sh"

# Go on in new namespaces.
enter_namespaces() {
	export LIVE_FIRST=$$
	pids='--pid --fork --mount-proc'
	[ -z "${same_pids:-}" ] || pids=
	for user in '' '--user --map-root-user'; do
		[ -n "$user" ] || [ "$(id -u)" = 0 ] || continue
		# shellcheck disable=SC2086 # words
		if unshare $user --net --mount $pids \
			"$holder" lo-up </dev/null >/dev/null 2>&1; then
			# shellcheck disable=SC2086
			LIVE_NAMESPACE=${user:-root} exec unshare $user --net --mount $pids \
				sh "$script"
		fi
	done
	skip_all='namespaces are not allowed here'
}

# Network namespaces that are mounted outside would be news in answers.
mounted_netns() {
	awk '$4 ~ /^net:\[/ && / - nsfs / { print $5 }' /proc/self/mountinfo
}

# What an ordinary user may not unmount is out of sight of a root without /run.
leave_mounts() {
	for path in "$PWD" "$BUILD" "$WHOPORT"; do
		case $path in /run/* | /mnt/*) return ;; esac
	done
	mount -t tmpfs none /mnt || return
	for dir in /*; do
		if [ -L "$dir" ]; then
			cp -P "$dir" "/mnt$dir"
		elif [ -d "$dir" ]; then
			mkdir "/mnt$dir"
			[ "$dir" = /run ] || [ "$dir" = /mnt ] || mount --rbind "$dir" "/mnt$dir"
		fi
	done
	# shellcheck disable=SC2016 # for that shell
	LIVE_ROOT=left exec chroot /mnt sh -c 'cd "$1" && exec sh "$2"' sh "$PWD" "$script"
}

if [ ! -x "$holder" ]; then
	echo "not ok - $holder is missing: make live-helpers"
	exit 1
fi
[ -n "${LIVE_NAMESPACE:-}" ] || enter_namespaces
if [ -z "$skip_all" ] && [ -n "$(mounted_netns)" ]; then
	mounted_netns | xargs -n 1 umount 2>/dev/null
	[ -z "$(mounted_netns)" ] || [ -n "${LIVE_ROOT:-}" ] || leave_mounts 2>/dev/null
	[ -z "$(mounted_netns)" ] || skip_all='network namespaces are mounted here'
fi

tmp=$(mktemp -d) || exit 1
chmod 755 "$tmp"
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
mkfifo "$tmp/open"
exec 3<>"$tmp/open" # the holders' stdin: it never ends
: >"$tmp/held"
holders='' started=0
nl='
'

[ -n "$skip_all" ] || "$holder" lo-up </dev/null >/dev/null

# Give who is started next ports of its own, a hundred; from 25000 on they are the
# scripts'. Another script at the same time, which -N all sees, begins elsewhere.
fresh_ports() {
	started=$((started + 1))
	LIVE_PORTS=$((10000 + (LIVE_FIRST * 37 + started) % 150 * 100))
	export LIVE_PORTS
}

# hold_as COMMAND... -- KIND...: start a holder by way of a command. Its lines
# are added to what is held, its process ID is in $held_by.
hold_as() {
	[ -z "$skip_all" ] || return 0
	fresh_ports
	said=$tmp/said$started # of its own: it ends with its writers
	mkfifo "$said"
	"$@" <&3 3>&- >"$said" &
	held_by=$!
	holders="$holders $held_by"
	line=
	while read -r line && [ "$line" != ready ]; do
		echo "$line"
	done <"$said" >>"$tmp/held"
	[ "$line" = ready ] && return
	echo "not ok - the holder failed"
	exit 1
}

hold() {
	hold_as "$holder" "$@"
}

# The same with keeper's kinds.
keep() {
	hold_as "$keeper" "$@"
}

# in_new_netns COMMAND... -- KIND...: the same in a network namespace of its own.
in_new_netns() {
	# shellcheck disable=SC2016 # for that shell
	hold_as unshare --net sh -c '"$0" lo-up </dev/null >/dev/null && exec "$@"' \
		"$holder" "$@"
}

# wait_for COMMAND...: until it succeeds, a minute at most.
wait_for() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		if [ "$tries" = 1200 ]; then
			complain "waited in vain: $*"
			return 1
		fi
		sleep 0.05
	done
}

# End the holders and forget what they held.
release() {
	for held_by in $holders; do
		kill "$held_by"
		wait "$held_by"
	done 2>/dev/null
	holders=
	: >"$tmp/held"
}

# whose KIND [N]: the first line of a kind, the N-th, or with "last" the last, into
# $pid $tid $fd $inode $port.
# A kind that this machine does not have skips the case.
whose() {
	pid='' tid='' fd='' inode='' port=''
	# shellcheck disable=SC2046 # words
	set -- "$1" $(awk -v kind="$1" -v n="${2:-1}" '
		$6 == kind && (++seen == n || n == "last") { line = $1 " " $2 " " $3 " " $4 " " $5 }
		END { print line }' "$tmp/held")
	if [ $# = 6 ]; then
		pid=$2 tid=$3 fd=$4 inode=$5 port=$6
		return 0
	fi
	why=$(sed -n "s/^unavailable ${1%%.*}: //p" "$tmp/held")
	[ -n "$why" ] || complain "no $1 is held"
	skip=${1%%.*}': '$why
	return 1
}

# What run runs whoport by, such as setpriv, and its first options.
via='' options=''

run() {
	shown=$(printf '%s' "${via:+$via }whoport ${options:+$options }$*" |
		LC_ALL=C tr -c '[:print:]' '?')
	# shellcheck disable=SC2086 # words
	LC_ALL=${locale:-C} $via "$WHOPORT" $options "$@" >"$tmp/out" 2>"$tmp/told" </dev/null 3>&-
	status=$?
	# Why a port is busy whose holder cannot be named is a test's own matter: why_note.sh.
	grep '^whoport: bind() to ' "$tmp/told" >"$tmp/note"
	grep -v '^whoport: bind() to ' "$tmp/told" >"$tmp/err"
	return 0
}

as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'

# Let run ask as uid 65534, which skips the case where that cannot be. With a
# copy of the program: nobody may look into our directories.
become_nobody() {
	if [ "$LIVE_NAMESPACE" != root ]; then
		skip='needs root'
		return 1
	fi
	[ -x "$tmp/whoport" ] || cp "$whoport" "$tmp/whoport"
	via=$as_nobody WHOPORT=$tmp/whoport
	$via "$WHOPORT" --version >/dev/null 2>&1 && return
	skip='uid 65534 cannot run programs here'
	restore
	return 1
}

# Let run ask in the usual way again.
whoport=$WHOPORT
restore() {
	via='' options='' WHOPORT=$whoport
}

# needs_kernel MAJOR MINOR: else the case is skipped.
needs_kernel() {
	uname -r | awk -F'[.-]' -v major="$1" -v minor="$2" \
		'{ exit !($1 > major || ($1 == major && $2 >= minor)) }' && return
	skip="needs Linux $1.$2"
	return 1
}

# Note what is wrong in the case at work.
complain() {
	[ -z "$problem" ] && echo "# $current"
	problem=yes
	printf '%s\n' "$*" | LC_ALL=C tr -c '[:print:]\n' '?' | sed 's/^/#   /'
}

show_run() {
	complain "$shown: exit status $status"
	complain "$(sed 's/^/out: /' "$tmp/out")"
	complain "$(sed 's/^/err: /' "$tmp/err" "$tmp/note")"
}

expect_status() {
	[ "$status" = "$1" ] || { show_run; complain "expected exit status $1"; }
}

expect_no_output() {
	[ ! -s "$tmp/out" ] || { show_run; complain 'expected no output'; }
}

expect_no_message() {
	[ ! -s "$tmp/err" ] || { show_run; complain 'expected nothing on stderr'; }
}

# One line on stderr that begins with the program's name.
expect_one_message() {
	if [ "$(grep -c '' "$tmp/err")" != 1 ] || ! grep -q '^whoport: ' "$tmp/err"; then
		show_run
		complain 'expected one line on stderr'
	fi
}

# The rows without the header, one blank between the columns.
rows() {
	sed '1{/^COMMAND /d;}; s/  */ /g; s/^ //' "$tmp/out"
}

# expect_rows ROW...: these rows and no others, in any order.
expect_rows() {
	printf '%s\n' "$@" | sort >"$tmp/want"
	rows | sort >"$tmp/got"
	cmp -s "$tmp/want" "$tmp/got" || { show_run; complain "expected:$nl$*"; }
}

# expect_row ROW: among others.
expect_row() {
	rows | grep -Fxq -e "$1" || { show_run; complain "expected among others: $1"; }
}

# expect_text TEXT: somewhere on stdout or stderr.
expect_text() {
	rows | cat - "$tmp/err" | grep -Fq -e "$1" || { show_run; complain "expected: $1"; }
}

# expect_no_inode INODE: no row of that socket (default columns, inet).
expect_no_inode() {
	! awk -v inode="$1" '$6 == inode || $8 == inode { found = 1 } END { exit !found }' \
		"$tmp/out" || { show_run; complain "expected no row of inode $1"; }
}

# expect_answer ROW...: found, in silence.
expect_answer() {
	expect_status 0
	expect_no_message
	expect_rows "$@"
}

# expect_nothing: not found, in silence.
expect_nothing() {
	expect_status 1
	expect_no_message
	expect_no_output
}

# expect_pids PID...: exactly these under -t, in this order.
expect_pids() {
	printf '%s\n' "$@" >"$tmp/want"
	cmp -s "$tmp/want" "$tmp/out" || { show_run; complain "expected:$nl$*"; }
}

# query PYTHON: true of the rows of -j that run() left.
query() {
	if ! needs_python json; then
		skip=$why_not
		return
	fi
	wrong=$("$python" - "$tests" "$tmp/out" "$1" 2>&1 <<'EOF'
import sys
sys.path.insert(0, sys.argv[1])
from json_check import parse
with open(sys.argv[2], "rb") as file:
    rows = [parse(line) for line in file]
if not eval(sys.argv[3]):
    print(rows)
EOF
	) || wrong="failed: $wrong"
	[ -z "$wrong" ] || complain "$shown: not so: $1$nl$wrong"
}

# valid_json document|lines [some|cycles]...: what run() left is what the schema says.
valid_json() {
	if ! needs_python jsonschema; then
		skip=$why_not
		return
	fi
	wrong=$(check_json "$@" "$tmp/out") || complain "$shown: not as the schema: $wrong"
}

# check NAME FUNCTION [ARGUMENT...]: one case.
check() {
	current=$1 problem='' skip=$skip_all
	shift
	[ -n "$skip" ] || "$@"
	if [ -n "$problem" ]; then
		echo "not ok - $current"
	elif [ -n "$skip" ]; then
		echo "ok - $current # SKIP $skip"
	else
		echo "ok - $current"
	fi
}
