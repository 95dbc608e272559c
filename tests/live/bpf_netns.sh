#!/bin/sh
# The iterator sees every network namespace at once: -N all gives what the walk
# gives, without a look into those whose sockets are all held.
# shellcheck source-path=SCRIPTDIR source=lib_bpf.sh
. "${0%/*}/lib_bpf.sh"

# Note the namespace of the holder that was started last.
note() {
	readlink "/proc/$held_by/ns/net" | tr -dc '0-9\n' >>"$tmp/netns"
}

# elsewhere COMMAND KIND...: a holder in a namespace of its own.
elsewhere() {
	in_new_netns "$@"
	note
}

if [ -z "$skip_all" ]; then
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		elsewhere "$holder" from:3${i}00 tcp4 udp4 tcp6
		[ "$i" != 7 ] || seventh=$held_by
	done
	settled=$(cat "$tmp/netns")
fi

# --- without looking -------------------------------------------------------

# The namespaces that an answer enters.
entered() {
	via="strace -E ASAN_OPTIONS=detect_leaks=0 -f -qq -y -e trace=setns -o $tmp/trace"
	run "$@"
	via=
	entries=$(grep -c setns "$tmp/trace")
}

stays_out() {
	if ! command -v strace >/dev/null || ! strace -qq -o "$tmp/trace" true 2>/dev/null; then
		skip='no strace here'
		return 0
	fi
	entered -w --scan=proc -N all 3700
	[ "$entries" -ge 20 ] || complain "expected the walk to enter 20: $entries"
	entered -w --scan=bpf -N all 3700
	expect_status 0
	for netns in $settled; do
		! grep -q "$netns" "$tmp/trace" ||
			complain "namespace $netns was entered: $(cat "$tmp/trace")"
	done
	rows | awk '{ print $2 }' >"$tmp/got"
	grep -qx "$seventh" "$tmp/got" || { show_run; complain "expected $seventh"; }
	both_ours -N all 3700
}
check 'a port: no namespace is entered whose sockets are all held' stays_out

# --- the same rows -----------------------------------------------------------

for words in 3700 '' -i -iTCP -iUDP -sLISTEN -U '-iTCP -sESTABLISHED' 9; do
	# shellcheck disable=SC2086 # words
	check "twenty namespaces: -N all $words" both_ours -N all $words
done

# remains PORT: for a minute, in a namespace that only a descriptor of this shell keeps.
remains() {
	in_new_netns "$holder" "from:$1" timewait4
	note
	exec 9<"/proc/$held_by/ns/net"
	kill "$held_by"
	wait "$held_by" 2>/dev/null
}

if [ -z "$skip_all" ]; then
	elsewhere "$holder" from:4000 finwait2 tcp4
	elsewhere "$holder" from:4000 timewait4
	elsewhere "$holder" from:4000 synrecv4
	elsewhere "$holder" from:4000 queue4 queue6 queue4-left
	elsewhere "$holder" from:4000 orphan4 lastack4
	elsewhere "$holder" from:4000 raw4 raw6 udplite4 udplite6 bound4 conn4 conn4in6 netlink
	elsewhere "$holder" from:4000 dead-leader private-table prefork:3 reuseport:2 mptcp4
	elsewhere "$holder" unix-stream:@there "unix-stream:$tmp/there" 'unix-dgram:@a\nb' \
		"unix-conn:$tmp/conn" pair
	elsewhere "$keeper" device4 packet v6both bound4-port0 shutdown4
	elsewhere "$keeper" ring4 ringacc4
	elsewhere "$keeper" flight4 map4
	keep netns4 netnsfd4 stay-netns4 thread-netns4 "unixnetns:$tmp/lost"
	remains 4200
fi

for words in '' -i -iTCP -iUDP -i4 -i6 -iraw -iudplite -imptcp -U '-U -sLISTEN' -sLISTEN \
	-s^LISTEN '-iTCP -sTIME_WAIT' '-iTCP -sFIN_WAIT1' '-iTCP -sFIN_WAIT2' '-iTCP -sSYN_RECV' \
	'-iTCP -sCLOSE_WAIT' '-iTCP -sLAST_ACK' '-iTCP -sESTABLISHED' -sTCP:BOUND --all @there \
	1-9 4000-4300 '--all 4000-4300' -i@127.0.0.1 '-i TCP@[::1]'; do
	# shellcheck disable=SC2086 # words
	check "odd namespaces: -N all $words" both_ours -N all $words
done
check 'a path in another namespace' both_ours "$tmp/there"
check 'and a connection there' both_ours --all "$tmp/conn"

each_port() {
	awk '$1 != "unavailable" && $5 > 1024 && !seen[$5]++ { print $5 }' "$tmp/held" >"$tmp/ports"
	while read -r port; do
		both_ours -N all "$port"
		both_ours -N all "tcp:$port" "udp:$port"
			done <"$tmp/ports"
}
check 'each port by itself' each_port

# What no process holds is there, by the walk and by the iterator.
unheld() {
	remains 4400
	for scanner in proc bpf; do
		run -w --scan=$scanner -N all 4400 -o PID,STATE --no-header
		expect_status 0
		expect_row '- TIME_WAIT'
		whose ring4 || continue
		run -w --scan=$scanner -N all "$port" -o PID,FD --no-header
		expect_status 0
		expect_row "$pid ring:$fd"
	done
	skip=
}
check 'what no process holds is found' unheld

# A namespace that a listener alone keeps, of which no process tells.
left_behind() {
	hold_as "$BUILD/live/crowd" left-behind
	whose left-behind || return 0
	run -w --scan=bpf -N all "$port" -o PID,FD --no-header
	expect_answer "$pid ${fd}u"
	whose left-behind.remains
	for scanner in proc bpf; do
		for words in "$port" "-i:$port" '-iTCP -sTIME_WAIT'; do
			# shellcheck disable=SC2086 # words
			run -w --scan=$scanner -N all $words -o PID,STATE,LOCAL --no-header
			expect_status 0
			expect_row "- TIME_WAIT 127.0.0.1:$port"
		done
	done
}
check 'what is left where only a listener is' left_behind

# Without the right to enter namespaces: those of processes are known by their text.
not_entered() {
	via='setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin'
	if $via true 2>/dev/null; then
		whose netns4
		run -w --scan=bpf -N all -o PID,FD,INODE --no-header
		expect_row "$pid ${fd}u $inode"
		run -w --scan=bpf -N all "$port" -o PID,FD,INODE --no-header
		expect_answer "$pid ${fd}u $inode"
	else
		skip='setpriv cannot'
	fi
	restore
}
check 'a listener in a namespace that may not be entered' not_entered

device() {
	if ! command -v ip >/dev/null || ! nsenter --net="/proc/$seventh/ns/net" \
		ip link add vx7 type vxlan id 7 dstport 4789 dev lo 2>/dev/null ||
		! nsenter --net="/proc/$seventh/ns/net" ip link set vx7 up; then
		skip='no vxlan here'
		return 0
	fi
	run -w --scan=bpf -N all 4789 -o PID,REASON --no-header
	expect_status 0
	expect_row '- kernel: vxlan vx7'
	both_ours -N all 4789
	both_ours -N all -iUDP
}
check 'a socket of the kernel in a namespace with others that are held' device
exec 9<&-
release
