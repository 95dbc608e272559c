#!/bin/sh
# The two sources, text and netlink, say the same of each socket wherever both
# can tell; and where netlink is refused, text does.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

if [ -z "$skip_all" ]; then
	cd "$tmp" || exit 1
	hold tcp4 tcp4-any tcp6 tcp6-dual tcp6-only tcp6-mapped udp4 udp4-any udp6 udp6-dual \
		udp6-only udp4-conn udplite4 udplite6 raw4 raw6 dup4 high4 conn4 conn6 conn4in6 far4 \
		halfclosed finwait2 timewait4 orphan4 lastack4 queue4 queue6 queue4in6 queue4-left \
		synrecv4 synsent4 prefork:2 reuseport:2 dead-leader private-table
	hold "unix-stream:$tmp/stream" "unix-dgram:$tmp/dgram" unix-seqpacket:@seq unix-stream:@name \
		"unix-conn:$tmp/conn" "unix-queue:$tmp/queue" pair pair-dgram
	keep bound4 boundany v6only v6both device4 ring4 map4 stay-netns4 netns4
	hold tcp4 # the storm's
	whose tcp4 2
	noisy=$port
fi

# What text cannot tell is made alike: bound sockets, the backlog's limit, owners
# of what was closed, devices. Seconds pass, and full queues are still filled.
alike() {
	rows | awk -v noisy="$noisy" '
		$1 == "BOUND" || $3 ~ ":" noisy "$" { next }
		$3 ~ /:[0-9]+$/ && substr($3, match($3, /[0-9]+$/)) > 32000 { next }
		$1 == "LISTEN" { $4 = "-" }
		{ for (i = 4; i <= 5; i++) if ($i > 1000) $i = "much" }
		$2 == 0 { $6 = $7 = "-" }
		{ gsub(/%lo:/, ":"); gsub(/time-wait: [0-9]+ s/, "time-wait: N s"); print }' | sort
}

# answer SOURCE FILE WORD...: all columns that both have.
answer() {
	source=$1 file=$2
	shift 2
	run -w "--source=$source" --no-header "$@" \
		-o STATE,INODE,LOCAL,SENDQ,RECVQ,UID,USER,COMMAND,PID,TID,FD,TYPE,DEVICE,SIZE,NODE,REMOTE,NETNS,NAME,REASON
	alike >"$file"
	[ "$status" != 2 ] || { show_run; complain 'expected an answer'; }
}

# expect_same WORD...: from the sources in $tmp/a and $tmp/b.
expect_same() {
	cmp -s "$tmp/a" "$tmp/b" ||
		complain "whoport $*: the sources differ:$nl$(diff "$tmp/a" "$tmp/b")"
}

# expect_lines COUNT: at least as many.
expect_lines() {
	[ "$(grep -c '' "$tmp/a")" -ge "$1" ] || { show_run; complain "expected $1 rows"; }
}

agree() {
	answer proc "$tmp/a" "$@"
	answer diag "$tmp/b" "$@"
	expect_same "$@"
}

listings() {
	agree -iTCP,UDP,UDPLITE
	expect_lines 45
	agree -iTCP,UDP,UDPLITE -K
	expect_lines 45
	agree
	expect_lines 28
	agree -sLISTEN
	expect_lines 20
	agree -iTCP -s^LISTEN,ESTABLISHED
	expect_lines 10
	agree -i6TCP
	expect_lines 8
	agree -N all
	expect_lines 29
	whose prefork
	agree -iTCP,UDP -p "$pid"
	expect_lines 30
}
check 'text and netlink agree on listings' listings

# Where netlink has no raw sockets, text answers.
chosen_by_default() {
	answer proc "$tmp/a" -i
	answer auto "$tmp/b" -i
	expect_same -i
	expect_lines 47
}
check 'so does what is chosen by default' chosen_by_default

by_port() {
	awk -v noisy="$noisy" '$5 > 1024 && $5 != noisy && !seen[$5]++ &&
		$6 !~ /bound|netns|timewait4.client/ { print $5 }' "$tmp/held" >"$tmp/ports"
	[ "$(grep -c '' "$tmp/ports")" -gt 50 ] || complain 'expected more ports'
	while read -r port; do
		agree "$port"
		expect_lines 1
		agree --all "$port"
		expect_lines 1
	done <"$tmp/ports"
	agree 1-9
	agree 1024-32000
	expect_lines 40
	# More than the kernel is asked for one by one, and one with a range.
	# shellcheck disable=SC2046 # words
	agree $(head -n 6 "$tmp/ports")
	expect_lines 6
	port=$(head -n 1 "$tmp/ports")
	agree "$port,1024-32000"
	expect_lines 40
}
check 'text and netlink agree on each port' by_port

unix_sockets() {
	for words in -U '-U -sLISTEN' "$tmp/stream" "$tmp/queue --all" @seq @name "$tmp/conn" @nobody; do
		for source in proc diag; do
			# shellcheck disable=SC2086 # words
			run -w --source=$source --no-header $words \
				-o STATE,INODE,COMMAND,PID,FD,TYPE,SIZE,NODE,LOCAL,NETNS,NAME,REASON
			rows | sort >"$tmp/$source"
		done
		cp "$tmp/proc" "$tmp/a"
		cp "$tmp/diag" "$tmp/b"
		expect_same "$words"
		[ "$words" = @nobody ] || expect_lines 1
	done
	run -U --no-header -o INODE
	rows | sort >"$tmp/a"
	expect_lines 12
}
check 'text and netlink agree on unix sockets' unix_sockets

# What is neither: netlink may not know it, and some no table at all.
other_protocols() {
	keep packet netlink vsock xdp bound4-port0
	for source in auto proc diag; do
		whose netlink
		run -w --source=$source -p "$pid" -o FD,TYPE,INODE,NAME --no-header
		expect_status 0
		sed -i 's/ dev=.*//; s/ vsock / sock /; s/ xdp / sock /' "$tmp/out"
		expect_row "${fd}u netlink $inode ROUTE portid=$port"
		whose packet && expect_row "${fd}u packet $inode ALL type=RAW"
		whose vsock && expect_text "${fd}u sock $inode "
		whose xdp && expect_text "${fd}u sock $inode "
		whose bound4-port0
		expect_row "${fd}u sock $inode protocol: TCP"
		run -w --source=$source -p "$pid"
		! grep -q NETNS "$tmp/out" || { show_run; complain 'expected no column NETNS'; }
		run -w --source=$source --all -o FD,TYPE,INODE --no-header
		whose netlink
		expect_row "${fd}u netlink $inode"
	done
	skip=
}
check 'a process shows its sockets of other protocols, by both' other_protocols

# Sockets come and go; what stays is the same in every answer.
storm() {
	answer proc "$tmp/a" -iTCP,UDP,UDPLITE
	expect_lines 45
	"$BUILD/live/storm" 1.5 "$noisy" >"$tmp/storm" 3>&- &
	storm=$! rounds=0
	while kill -0 "$storm" 2>/dev/null && [ -z "$problem" ]; do
		for source in proc diag; do
			answer "$source" "$tmp/b" -iTCP,UDP,UDPLITE
			expect_same "--source=$source"
		done
		rounds=$((rounds + 1))
	done
	kill "$storm" 2>/dev/null
	wait "$storm" 2>/dev/null
	[ "$rounds" -gt 0 ] || complain 'no round'
	echo "# $rounds rounds, $(sort "$tmp/storm" | paste -s -d, -)"
}
check 'and while other sockets come and go' storm

# --- facts ------------------------------------------------------------------

seconds_left() {
	hold timewait4 # a minute may have passed
	whose timewait4.server last
	for source in proc diag; do
		run --source=$source "$port" -w
		sed -n 's/.*\[time-wait: \([0-9]*\) s\]$/\1/p' "$tmp/out" >"$tmp/$source"
		grep -qx '[1-9]\|[1-5][0-9]\|60' "$tmp/$source" ||
			{ show_run; complain 'expected 1 to 60 seconds'; }
	done
	apart=$(($(cat "$tmp/proc") - $(cat "$tmp/diag")))
	case $apart in 0 | 1) ;; *) complain "$apart seconds apart" ;; esac
}
check 'TIME_WAIT has the same seconds left' seconds_left

# expect_owner PORT UID: of what was closed. Of uid 0 text cannot tell that it is
# meant.
expect_owner() {
	for source in auto diag; do
		run -w --source=$source "$1" -l -o UID,USER,PID,REASON --no-header
		expect_answer "$2 $2 - orphan"
	done
	known=$2
	[ "$2" != 0 ] || known=-
	run --source=proc "$1" -l -o UID,USER,PID,REASON --no-header
	expect_answer "$known $known - orphan"
	run -u "$2" "$1" -o REASON --no-header
	expect_answer orphan
	run -w -u 4242 "$1"
	expect_nothing
}

owners() {
	needs_kernel 6 17 || return 0
	for kind in orphan4.client lastack4.client; do
		whose "$kind"
		expect_owner "$port" 0
	done
	hold timewait4
	whose timewait4.server last
	run "$port" -o UID,USER --no-header
	expect_answer '- -'
	[ "$LIVE_NAMESPACE" = root ] || return 0
	# shellcheck disable=SC2086 # words
	hold_as $as_nobody "$holder" orphan4
	whose orphan4.client 2
	expect_owner "$port" 65534
}
check 'an orphan has its late owner' owners

queues() {
	for source in proc diag auto; do
		for kind in queue4 queue6 queue4in6 queue4-left synrecv4; do
			whose "$kind.listener" || continue
			run -w --source=$source -s^LISTEN "$port" -o REASON --no-header
			expect_answer "not accepted yet: holder,$pid"
			run -w --source=$source "$port" -o PID,FD,STATE --no-header
			expect_answer "$pid ${fd}u LISTEN"
		done
	done
	whose queue4.listener
	run "$port" -o RECVQ,SENDQ --no-header
	expect_answer '1 16'
}
check 'connections in a queue, by both' queues

only_netlink() {
	needs_kernel 6 8 || return 0
	whose bound4
	for source in auto diag; do
		run -w --source=$source "$port" -o PID,FD,STATE --no-header
		expect_answer "$pid ${fd}u BOUND"
	done
	run -w --source=proc "$port"
	expect_nothing
	for kind in device4.tcp device4.udp; do
		whose "$kind" || continue
		run -w --source=diag "$port" -o LOCAL --no-header
		expect_answer "127.0.0.1%lo:$port"
	done
}
check 'what netlink alone tells' only_netlink

# --- without netlink --------------------------------------------------------

# plain WORD...: the answer with all its usual columns.
plain() {
	run "$@"
	sed 's/time-wait: [0-9]* s/time-wait: N s/' "$tmp/out"
	sed 's/^/err: /' "$tmp/err"
	echo "$status"
}

refuse() {
	"$BUILD/live/nonetlink" "$1" true 2>/dev/null || { skip='no seccomp here'; return 0; }
	whose tcp4
	row="holder $pid root ${fd}u IPv4 $inode 0t0 TCP 127.0.0.1:$port (LISTEN)" tcp4=$port
	whose stay-netns4 && far=$pid
	whose conn4.client
	near=$port
	hold timewait4
	whose timewait4.server last
	for words in "$tcp4" "-i:$near" "$port" "-t $tcp4" '' -i -U --all '-N all' "-N $far" \
		'-sTIME_WAIT -iTCP' "$tmp/stream" @name "-p $pid" '-s^LISTEN -iTCP' 9 '-N nosuch'; do
		# shellcheck disable=SC2086 # words
		plain --source=proc $words >"$tmp/a"
		via="$BUILD/live/nonetlink $1"
		# shellcheck disable=SC2086 # words
		plain $words >"$tmp/b"
		restore
		expect_same "$words"
		expect_lines 1
	done
	via="$BUILD/live/nonetlink $1"
	run "$tcp4"
	expect_answer "$row"
	run
	expect_row "$row"
	run "$port"
	expect_text '(TIME_WAIT) [time-wait: '
	run @name -o COMMAND,TYPE --no-header
	expect_answer 'holder unix'
	run -N all -o NETNS,PID --no-header
	expect_row "$(readlink "/proc/$far/ns/net" | tr -dc 0-9) $far"
	whose netns4 && run -N all "$port" -o PID,FD --no-header && expect_answer "$pid ${fd}u"
	for words in '' "$tcp4" -U "-N $far" '-N all'; do
		# shellcheck disable=SC2086 # words
		run --source=diag $words
		expect_status 2
		expect_no_output
		expect_one_message
	done
	restore
	run --source=diag -w "$tcp4"
	expect_answer "$row"
}
check 'netlink refused by seccomp: text answers' refuse EPERM
check 'no netlink in this kernel: text answers' refuse EAFNOSUPPORT
