#!/bin/sh
# -D: what the cards and the key `details` of JSON tell of real sockets and processes, beside
# what /proc and ss say.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

traffic=$BUILD/live/traffic
if [ -z "$skip_all" ]; then
	cp "$holder" "$tmp/gone"
	hold_as "$traffic" data4 drops4 full4 device4 shut
	hold tcp6-only tcp6-dual pair prefork:2 timewait4
	hold_as "$tmp/gone" tcp4
	gone=$held_by
	rm "$tmp/gone"
fi

# line LABEL: its values, of the first card that has one; wrapped lines as one.
line() {
	awk -v label="$1" '
		on && /^               / { sub(/^ +/, " "); text = text $0; next }
		on { exit }
		substr($0, 3, 12) == sprintf("%-12s", label) { on = 1; text = substr($0, 16) }
		END { print text }' "$tmp/cards"
}

# of_socket KIND: the card of a socket alone.
of_socket() {
	whose "$1" || return 1
	run -D -p "$pid" -d "$fd"
	expect_status 0
	awk -v head=",$pid ${fd}u " 'index($0, head) { on = 1 } on' "$tmp/out" >"$tmp/cards"
}

# expect_line LABEL PATTERN: of awk.
expect_line() {
	line "$1" | grep -Eqx -e "$2" || { show_run; complain "expected at $1: $2"; }
}

expect_no_line() {
	[ -z "$(line "$1")" ] || { show_run; complain "expected no line $1"; }
}

backlog() {
	of_socket full4 || return 0
	expect_line backlog '3 connections wait, limit 5'
	expect_line inode "$inode, cookie [0-9]+"
	expect_no_line queues
	expect_no_line rtt
	run -j -D -p "$pid" -d "$fd"
	query "[row['details']['backlog'] for row in rows] == [{'waiting': 3, 'limit': 5}]"
	valid_json lines
}
check 'a listener has its backlog' backlog

connection() {
	of_socket data4.server || return 0
	server=$pid,traffic,${fd}u
	expect_line queues '4000 bytes to be read, 0 bytes not acknowledged'
	expect_line received '5000 bytes in [0-9]+ segments?, last .* ago'
	expect_line sent '7 bytes in [0-9]+ segments?, acknowledged 7 bytes, last .* ago'
	expect_line retransmits '0 segments.*'
	expect_line rtt '0\.[0-9]+ ms, .*rto 2[0-9][0-9] ms.*'
	expect_line congestion '.*, state open, cwnd [0-9]+.*'
	expect_line memory 'receive [0-9]+ of [0-9]+ bytes, send 0 of .*'
	of_socket data4.client || return 0
	expect_line 'other end' "$server"
	run -j -D -p "$pid" -d "$fd"
	valid_json lines
	query "rows[0]['details']['tcp']['bytes_acked'] == 5001"
	query "rows[0]['details']['tcp']['bytes_received'] == 7"
}
check 'a connection has what went through it' connection

# What does not change while nothing is sent, beside ss.
as_ss() {
	if ! command -v ss >/dev/null || ! ss -i 2>/dev/null | grep -q .; then
		skip='ss is missing'
		return 0
	fi
	whose data4.client || return 0
	run -j -D -p "$pid" -d "$fd"
	ss -tinmO "sport = $port" | tail -n +2 >"$tmp/ss"
	for pair in rtt:rtt cwnd:snd_cwnd bytes_sent:bytes_sent bytes_acked:bytes_acked \
		bytes_received:bytes_received segs_out:segs_out segs_in:segs_in mss:snd_mss \
		pmtu:pmtu rcvmss:rcv_mss advmss:advmss rcv_ssthresh:rcv_ssthresh \
		snd_wnd:snd_wnd; do
		value=$(tr ' ' '\n' <"$tmp/ss" | sed -n "s/^${pair%:*}:\([0-9.]*\).*/\1/p")
		[ -n "$value" ] || continue # an older ss
		if [ "${pair%:*}" = rtt ]; then
			query "abs(rows[0]['details']['tcp']['rtt'] - 1000 * $value) < 1"
		else
			query "rows[0]['details']['tcp']['${pair#*:}'] == $value"
		fi
	done
	mem=$(sed -n 's/.*skmem:(r\([0-9]*\),rb\([0-9]*\),.*/\1 \2/p' "$tmp/ss")
	[ -z "$mem" ] || query "[rows[0]['details']['memory'][key] for key in \
		('receive', 'receive_limit')] == [${mem% *}, ${mem#* }]"
}
check 'ss says the same of a connection' as_ss

drops() {
	of_socket drops4 || return 0
	# As the text of the kernel, whose last column it is.
	count=$(awk -v inode="$inode" '$10 == inode { print $NF }' /proc/net/udp)
	[ "$count" -gt 0 ] || complain 'nothing was dropped'
	expect_line drops "$count"
	expect_line queues '[1-9][0-9]* bytes to be read, 0 bytes to be sent'
}
check 'a full receive buffer has drops' drops

v6only() {
	of_socket tcp6-only || return 0
	expect_line 'IPv6 only' 'yes'
	of_socket tcp6-dual || return 0
	expect_line 'IPv6 only' 'no: takes IPv4, too'
}
check 'a socket of IPv6 tells whether it takes IPv4' v6only

device() {
	of_socket device4 || return 0
	expect_line device lo
}
check 'a bound device has a name' device

shut() {
	of_socket shut.shut || return 0
	near=$inode
	expect_line 'shut down' sending
	whose shut.full || return 0
	expect_line 'other end' "inode $inode $pid,traffic,${fd}u"
	of_socket shut.full || return 0
	expect_line 'shut down' receiving
	expect_line queues '3 bytes to be read, 0 bytes to be sent'
	expect_line 'other end' "inode $near $pid,traffic,[0-9]+u"
}
check 'a socket pair has its other end' shut

namespace() {
	of_socket full4 || return 0
	number=$(readlink "/proc/$pid/ns/net" | tr -dc 0-9)
	expect_line netns "$number"
	path=$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
	[ -z "$path" ] || [ -z "$(line cgroup)" ] || expect_line cgroup "$path"
	expect_line owner 'root \(0\)'
}
check 'a socket has namespace, cgroup and owner' namespace

shared() {
	whose prefork || whose prefork.parent || return 0
	run -D "$port"
	[ "$(grep -c '^  told above ' "$tmp/out")" -ge 1 ] || complain 'expected a shared socket'
	[ "$(grep -c '^  shared with ' "$tmp/out")" = 1 ] || complain 'expected it to be told once'
	[ -z "$problem" ] || show_run
}
check 'a socket of several processes is told once' shared

time_wait() {
	whose timewait4.server || return 0
	run -D "-sTIME_WAIT" -i ":$port"
	cp "$tmp/out" "$tmp/cards"
	expect_line reason 'time-wait: [0-9]+ s'
	expect_line timer 'time-wait in .*'
}
check 'a remainder has its timer' time_wait

# --- processes -------------------------------------------------------------

process() {
	whose full4 || return 0
	run -D -p "$pid"
	cp "$tmp/out" "$tmp/cards"
	expect_line exe "$(readlink "/proc/$pid/exe")"
	expect_line cwd "$(readlink "/proc/$pid/cwd")"
	expect_line command "$(tr '\0' ' ' <"/proc/$pid/cmdline" | sed 's/ $//')"
	expect_line descriptors "$(find "/proc/$pid/fd" -mindepth 1 | wc -l)"
	expect_line threads 1
	expect_line user 'root \(0\)'
	expect_line started '2.*, .* ago'
	# The script started it; PID 1 is the end.
	expect_line parents "[^ ]*,$$( <.*)?"
	expect_line parents ".*,1"
}
check 'a process has what /proc says' process

deleted() {
	run -D -p "$gone"
	cp "$tmp/out" "$tmp/cards"
	expect_line exe "$tmp/gone \\(deleted\\)"
	run -j -D -p "$gone"
	query "{row['details']['exe_deleted'] for row in rows} == {True}"
}
check 'a program that was replaced is told' deleted

terminal() {
	if ! command -v script >/dev/null; then
		skip='script is missing'
		return 0
	fi
	: >"$tmp/tty"
	script -qec "tty >'$tmp/tty'; '$holder' tcp4 >'$tmp/said-tty'" /dev/null \
		<&3 >/dev/null 2>&1 3>&- &
	script=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		grep -qs ready "$tmp/said-tty" && break
		sleep 0.1
	done
	at=$(sed -n 's/ .*tcp4$//p' "$tmp/said-tty" 2>/dev/null)
	if [ -z "$at" ]; then
		skip='script has no terminal here'
	else
		run -D -p "$at"
		cp "$tmp/out" "$tmp/cards"
		expect_line terminal "$(sed 's|^/dev/||' "$tmp/tty")"
	fi
	kill $script 2>/dev/null
	wait $script 2>/dev/null
}
check 'a process has its terminal' terminal

# --- an ordinary user ------------------------------------------------------

stranger() {
	whose data4.server || return 0
	become_nobody || return 0
	run -D -i ":$port" -sESTABLISHED
	restore
	grep "^- .*:$port->" "$tmp/out" | head -n 1 | grep -q . || complain 'expected its socket'
	awk -v head=":$port->" '/^-/ { on = index($0, head) } on' "$tmp/out" >"$tmp/cards"
	# The kernel tells these to everybody.
	expect_line reason 'hidden: permission.*'
	expect_line queues '4000 bytes to be read, .*'
	expect_line received '5000 bytes in .*'
	expect_line memory 'receive .*'
}
check 'a stranger is told of sockets' stranger

own() {
	[ "$LIVE_NAMESPACE" = root ] || { skip='needs root'; return 0; }
	cp "$holder" "$tmp/own"
	# shellcheck disable=SC2086 # words
	hold_as $as_nobody "$tmp/own" udp4
	whose udp4 || return 0
	become_nobody || return 0
	run -D -p "$pid"
	restore
	cp "$tmp/out" "$tmp/cards"
	expect_status 0
	expect_line exe "$tmp/own"
	expect_line parents ".*,1"
	expect_no_line 'not shown'
}
check 'an ordinary user is told of processes of its own' own

valid() {
	run -J -D -w --all
	valid_json document
	run -j -D -w --all
	valid_json lines
}
check 'all of it is valid JSON' valid

both_sources() {
	whose full4 || return 0
	run --source=proc -D -p "$pid" -d "$fd"
	cp "$tmp/out" "$tmp/cards"
	expect_line backlog '3 connections wait'
	expect_no_line memory
	expect_no_line drops
	for scan in bpf proc; do
		run "--scan=$scan" -D -p "$pid" -d "$fd"
		[ "$status" = 0 ] || continue # the kernel has no iterator
		cp "$tmp/out" "$tmp/cards"
		expect_line backlog '3 connections wait, limit 5'
	done
}
check 'every way to read them gives cards' both_sources
