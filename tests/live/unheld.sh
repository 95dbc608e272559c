#!/bin/sh
# Sockets that no descriptor refers to: rings and mappings hold them, the kernel
# does, or nothing tells who, and then a single suspect is named as such.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

# What a row says here that nothing explains.
unseen='not visible from this pid namespace'

# End the holders; what rings held is let go a moment later, 2 s at most.
clear() {
	release
	tries=0
	while run -w -i && [ -s "$tmp/out" ] && [ "$tries" -lt 40 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
}

# Start keeper with these alone; the first is what the case is about.
alone() {
	clear
	keep "$@"
	whose "$1"
}

# --- holders ----------------------------------------------------------------

# The row of a holder: FD NODE STATE.
row() {
	row="keeper $pid root $1 IPv4 $inode 0t0 $2 127.0.0.1:$port$3"
}

# Found by every word, and by none that asks for descriptors.
expect_holder() {
	for word in "$port" "-i:$port" "127.0.0.1:$port" "$1:$port"; do
		run "$word"
		expect_answer "$row"
	done
	for words in "-p $pid" '-c keep' '-u 0' "-p $pid -c k" -K; do
		# shellcheck disable=SC2086 # words
		run $words "$port" -o PID,FD,INODE --no-header
		expect_answer "$(echo "$row" | awk '{ print $2, $4, $6 }')"
	done
	run -t "$port"
	expect_status 0
	expect_no_message
	expect_pids "$pid"
	run
	expect_row "$row"
	run --source=proc "$port"
	expect_answer "$row"
	run -p "$pid"
	expect_row "$row"
	for words in "-p^$pid" -cnobody -u^root; do
		run "$words" "$port"
		expect_nothing
	done
}

ring() {
	alone ring4 || return 0
	row "ring:$fd" TCP ' (LISTEN)'
	expect_holder tcp
}
check 'a fixed file of io_uring is held by the ring' ring

ring_of_many() {
	alone ring4-many || return 0
	row "ring:$fd" TCP ' (LISTEN)'
	expect_holder tcp
	listener=$row
	whose ring4-many.udp
	row "ring:$fd" UDP ''
	expect_holder udp
	run -p "$pid"
	expect_answer "$listener" "$row"
	run -i
	expect_answer "$listener" "$row"
}
check 'of a ring with other files each socket is found' ring_of_many

mapping() {
	alone map4 || return 0
	row mem TCP ' (LISTEN)'
	expect_holder tcp
	run -p "$pid"
	expect_answer "$row"
}
check 'a mapped socket is held by the mapping' mapping

packet_mapping() {
	alone mappacket || return 0
	run -p "$pid" -o COMMAND,PID,USER,FD,TYPE,INODE --no-header
	expect_answer "keeper $pid root mem packet $inode"
	run --all -o PID,FD,TYPE,INODE --no-header
	expect_row "$pid mem packet $inode"
}
check 'a packet ring without descriptor is among the sockets of its process' packet_mapping

# KIND FD
not_descriptors() {
	alone "$1" || return 0
	for list in 0-100000 "$([ "$fd" = -1 ] && echo 0 || echo "$fd")" "^100000,0-9"; do
		run -d "$list" "$port"
		expect_nothing
		run -t -d "$list" "$port"
		expect_nothing
	done
	run -d 0-100000 -p "$pid" -i
	expect_nothing
}
check '-d leaves out what a ring holds' not_descriptors ring4
check '-d leaves out what a mapping holds' not_descriptors map4

beside_descriptors() {
	alone ring4 map4 dual || return 0
	ring=$port
	row "ring:$fd" TCP ' (LISTEN)'
	first=$row
	whose map4 || return 0
	mapped=$port
	row mem TCP ' (LISTEN)'
	second=$row
	whose dual
	run "$ring" "$mapped" "$port"
	expect_answer "$first" "$second" \
		"keeper $pid root ${fd}u IPv6 $inode 0t0 TCP *:$port (LISTEN)"
	run -t "$ring" "$mapped" "$port"
	expect_pids "$pid"
	clear
	run "$ring" "$mapped"
	expect_nothing
}
check 'rings, mappings and descriptors of one process' beside_descriptors

# --- suspects ---------------------------------------------------------------

# expect_unseen [SUFFIX [LISTED]]: the row of what whose() found, by its port
# and in listings, which do not look for everything.
expect_unseen() {
	suffix=${1:-} listed=${2-${1:-}}
	row="- - root - IPv4 $inode 0t0 TCP 127.0.0.1:$port (LISTEN) [$unseen"
	run "$port"
	expect_status 0
	expect_one_message
	expect_rows "$row$suffix]"
	run -w "127.0.0.1:$port"
	expect_answer "$row$suffix]"
	run
	expect_row "$row$listed]"
	run "-i:$port" -o PID,REASON --no-header
	expect_rows "- $unseen$listed"
	run -t "$port"
	expect_status 2
	expect_no_output
	for words in "-p $pid" '-c keep' '-d 0-9999'; do
		# shellcheck disable=SC2086 # words
		run -w $words "$port"
		expect_nothing
	done
}

# KIND, words before and after the name, and what a listing says of it.
suspected() {
	alone "$1" || return 0
	suspect=", or probably $2keeper,$pid$3"
	expect_unseen "$suspect" "${4-$suspect}"
}
check 'a pending accept of io_uring: a suspect' suspected ringacc4 '' ', through io_uring'
check 'a pending poll of io_uring: a suspect' suspected ringpoll4 '' ', through io_uring'
check 'a ring that is mapped only: a suspect' suspected ringmap4 '' ', through io_uring'
check 'a pending asynchronous poll: a suspect' suspected aio4 '' ', through asynchronous I/O'
check 'a thread that sleeps in accept(): a suspect for who asks for the port' \
	suspected accept4 '' ', in a thread that waits on it' ''
check 'a listener in flight: the receiver is a suspect for who asks for the port' \
	suspected flight4 'in a message to ' '' ''
check 'the same in a datagram' suspected flight4-dgram 'in a message to ' '' ''

without_netlink() {
	options=--source=proc
	for kind in ringacc4 ringmap4 aio4 accept4; do
		alone "$kind" || continue
		run "$port" -o REASON --no-header
		expect_status 0
		grep -q ", or probably keeper,$pid" "$tmp/out" ||
			{ show_run; complain "expected keeper,$pid"; }
	done
	restore
}
check 'suspects of what text tells' without_netlink

no_evidence() {
	alone ringreg4 || return 0
	expect_unseen
}
check 'a ring that nothing shows: nobody is suspected' no_evidence

two_suspects() {
	alone ringacc4 || return 0
	keep ringacc4
	expect_unseen
	whose ringacc4 2
	expect_unseen
	whose ringacc4
	kill "$pid"
	while kill -0 "$pid" 2>/dev/null; do :; done
	whose ringacc4 2
	expect_unseen ", or probably keeper,$pid, through io_uring"
}
check 'of two suspects none is named, of one that is left it is' two_suspects

one_for_two() {
	alone ringacc4 ringpoll4 || return 0
	expect_unseen ", or probably keeper,$pid, through io_uring"
	whose ringpoll4
	expect_unseen ", or probably keeper,$pid, through io_uring"
}
check 'one suspect for two sockets' one_for_two

other_owner() {
	if [ "$LIVE_NAMESPACE" != root ]; then
		skip='needs root'
		return 0
	fi
	clear
	# shellcheck disable=SC2086 # words
	hold_as $as_nobody "$keeper" ringacc4
	keep ringreg4
	whose ringreg4 || return 0
	expect_unseen
	whose ringacc4 || return 0
	run "$port" -l -o PID,USER,REASON --no-header
	expect_status 0
	expect_rows "- 65534 $unseen, or probably keeper,$pid, through io_uring"
}
check 'a suspect of another user is none' other_owner

other_netns() {
	clear
	in_new_netns "$keeper" ringacc4
	keep ringreg4
	whose ringreg4 || return 0
	expect_unseen
	ours=$port
	whose ringacc4 || return 0
	run -N all "$ours" "$port" -o LOCAL,PID,REASON --no-header
	expect_status 0
	expect_rows "127.0.0.1:$ours - $unseen" \
		"127.0.0.1:$port - $unseen, or probably keeper,$pid, through io_uring"
}
check 'a suspect of another network namespace is none' other_netns

# --- the kernel -------------------------------------------------------------

# vxlan NAME PORT OPTION...: make it, or skip the case.
vxlan() {
	if ! command -v ip >/dev/null || ! ip link add "$1" type vxlan id "$2" dstport "$2" \
		dev lo 2>/dev/null || ! ip link set "$1" up; then
		skip='no vxlan here'
		return 1
	fi
}

kernel() {
	clear
	vxlan vx0 4789 || return 0
	hold udp4
	row="UDP *:4789 [kernel: vxlan vx0]"
	for source in auto proc; do
		options=--source=$source
		for words in 4789 udp:4789 -i:4789 '' -iUDP '-u 0 4789'; do
			# shellcheck disable=SC2086 # words
			run $words
			expect_status 0
			expect_no_message
			rows | cut -d ' ' -f 1,2,3,4,5,7- >"$tmp/plain"
			grep -Fxq -e "- - root - IPv4 0t0 $row" "$tmp/plain" ||
				{ show_run; complain "expected: $row"; }
		done
	done
	restore
	for words in '-t 4789' '-d 0-99 4789' 'tcp:4789' '-p 1 4789'; do
		# shellcheck disable=SC2086 # words
		run $words
		expect_nothing
	done
	whose udp4
	run -t 4789 "$port"
	expect_status 0
	expect_no_message
	expect_pids "$pid"
	become_nobody || { skip=''; return 0; }
	run 4789 -o PID,REASON --no-header
	expect_answer '- kernel: vxlan vx0'
	run -t 4789
	expect_nothing
	restore
}
check 'the port of a vxlan device is the kernel'"'"'s' kernel

kernel_elsewhere() {
	vxlan vx1 4800 || return 0
	hold_as unshare --net "$holder" udp4-any # no device there
	whose udp4-any
	run -N "$pid"
	expect_answer "holder $pid root ${fd}u IPv4 $inode 0t0 UDP *:$port"
	run -N "$pid" 4800
	expect_nothing
	ip link del vx1
	run 4800
	expect_status 1
	expect_no_output
}
check 'and of no other network namespace, nor after the device is gone' kernel_elsewhere
release
