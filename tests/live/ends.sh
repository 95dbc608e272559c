#!/bin/sh
# -E and +E, column PEER and the key peer: who has the other end of unix sockets and of
# connections of the machine with itself.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

kinds=$BUILD/live/kinds
hold_as "$kinds" pair dgram-pair "server:$tmp/server" server:@server \
	seqpacket-server:@packets "waiting:$tmp/waiting" waiting:@waiting far4 far6 far4in6 \
	udp-pair4 udp-pair6 waiting4 waiting6 idle "dgram-log:$tmp/log"

# take NAME KIND [N]: what whose() finds as $NAME_pid, $NAME_fd, $NAME_inode, $NAME_port.
take() {
	whose "$2" "${3:-1}" || return
	eval "$1_pid=\$pid $1_fd=\$fd $1_inode=\$inode $1_port=\$port"
}

# Sets here and there: what is asked about, and its other end.
# one_way NAME: the row of `here` is called NAME, in which PEER is its other end.
one_way() {
	# shellcheck disable=SC2154 # take() sets them
	peer="$there_pid,kinds,${there_fd}u"
	# shellcheck disable=SC2154
	set -- "$(printf '%s' "$1" | sed "s/PEER/$peer/")" -p "$here_pid" -d "$here_fd"
	name=$1
	shift
	run -E "$@" -o PID,FD,INODE,NAME --no-header
	# shellcheck disable=SC2154
	expect_answer "$here_pid ${here_fd}u $here_inode $name"
	run -E "$@" -o PID,PEER,FD --no-header
	expect_answer "$here_pid $peer ${here_fd}u"
	run "$@" -o PEER,PID --no-header
	expect_answer "$peer $here_pid"
	run -E "$@" -Fn
	grep -qxF "n${name% (*}" "$tmp/out" ||
		{ show_run; complain "expected the field ${name% (*}"; }
	run -E -j "$@"
	valid_json lines
	# shellcheck disable=SC2154
	query "[row['peer'] for row in rows] == [[{'pid': $there_pid, 'command': 'kinds', \
		'fd': $there_fd, 'inode': $there_inode}]]"
	run "$@" -o NAME --no-header
	! rows | grep -Fq -e "$there_pid,kinds" ||
		{ show_run; complain 'the end is shown unasked'; }
	run -j "$@"
	query "[row['peer'] for row in rows] == [None]"
	# Both are listed once, whichever is asked for.
	for ask in "-p $here_pid -d $here_fd" "-p $there_pid -d $there_fd" \
		"-p $here_pid,$there_pid -d $here_fd,$there_fd"; do
		# shellcheck disable=SC2086 # words
		run -w +E $ask -o PID,FD,INODE --no-header
		expect_row "$here_pid ${here_fd}u $here_inode"
		expect_row "$there_pid ${there_fd}u $there_inode"
		[ -z "$(rows | sort | uniq -d)" ] || { show_run; complain 'a row twice'; }
	done
}

# Turn round.
swap() {
	eval "$(for part in pid fd inode port; do
		eval "echo here_$part=\$there_$part there_$part=\$here_$part"
	done)"
}

# both_ways KIND KIND N HERE THERE: of the N-th of both kinds the names; PEER, INO and
# the ports NEAR and FAR are filled in.
both_ways() {
	take here "$1" "$3" || return 0
	take there "$2" "$3" || return 0
	for name in "$4" "$5"; do
		# shellcheck disable=SC2154
		one_way "$(printf '%s' "$name" |
			sed "s/INO/->INO=$there_inode/; s/NEAR/$here_port/
				s/FAR/$there_port/; s|TMP|$tmp|")"
		swap
	done
}

check 'a socket pair of parent and child' both_ways pair.a pair.b 1 \
	'type=STREAM INO PEER (CONNECTED)' 'type=STREAM INO PEER (CONNECTED)'
check 'a datagram pair' both_ways dgram-pair.a dgram-pair.b 1 \
	'type=DGRAM INO PEER (CONNECTED)' 'type=DGRAM INO PEER (CONNECTED)'
for n in 1 2 3; do
	check "client $n of a unix server" both_ways server.client server.server $n \
		'type=STREAM INO PEER (CONNECTED)' 'TMP/server type=STREAM INO PEER (CONNECTED)'
	check "client $n of an abstract unix server" both_ways server.client server.server \
		$((n + 3)) 'type=STREAM INO PEER (CONNECTED)' \
		'@server type=STREAM INO PEER (CONNECTED)'
	check "client $n of a seqpacket server" both_ways seqpacket-server.client \
		seqpacket-server.server $n 'type=SEQPACKET INO PEER (CONNECTED)' \
		'@packets type=SEQPACKET INO PEER (CONNECTED)'
done
check 'TCP of IPv4' both_ways far4.client far4.server 1 \
	'127.0.0.1:NEAR->127.0.0.1:FAR PEER (ESTABLISHED)' \
	'127.0.0.1:NEAR->127.0.0.1:FAR PEER (ESTABLISHED)'
check 'TCP of IPv6' both_ways far6.client far6.server 1 \
	'[::1]:NEAR->[::1]:FAR PEER (ESTABLISHED)' '[::1]:NEAR->[::1]:FAR PEER (ESTABLISHED)'
check 'TCP from IPv4 to a dual stack server' both_ways far4in6.client far4in6.server 1 \
	'127.0.0.1:NEAR->127.0.0.1:FAR PEER (ESTABLISHED)' \
	'127.0.0.1:NEAR->127.0.0.1:FAR PEER (ESTABLISHED)'
check 'UDP of IPv4' both_ways udp-pair4.client udp-pair4.server 1 \
	'127.0.0.1:NEAR->127.0.0.1:FAR PEER' '127.0.0.1:NEAR->127.0.0.1:FAR PEER'
check 'UDP of IPv6' both_ways udp-pair6.client udp-pair6.server 1 \
	'[::1]:NEAR->[::1]:FAR PEER' '[::1]:NEAR->[::1]:FAR PEER'
datagram_client() {
	take here dgram-log.client
	take there dgram-log.listener
	peer="$there_pid,kinds,${there_fd}u"
	run -E -p "$here_pid" -o NAME,PEER --no-header
	expect_answer "type=DGRAM ->INO=$there_inode $peer (CONNECTED) $peer"
	run +E -p "$here_pid" -o PID,INODE --no-header
	expect_answer "$here_pid $here_inode" "$there_pid $there_inode"
	run -E -j -p "$here_pid"
	valid_json lines
	query "[end['pid'] for end in rows[0]['peer']] == [$there_pid]"
}
check 'a datagram client' datagram_client
# The server has no peer of its own, but those that send to it.
datagram_server() {
	take here dgram-log.listener
	take there dgram-log.client
	run -E -p "$here_pid" -d "$here_fd" -o PEER --no-header
	expect_answer "$there_pid,kinds,${there_fd}u"
	run +E -p "$here_pid" -d "$here_fd" -o PID,INODE --no-header
	expect_answer "$here_pid $here_inode" "$there_pid $there_inode"
}
check 'a datagram server' datagram_server

# wait_for KIND N NAME: PEER with its reason.
wait_for() {
	take here "$1.client" "$2" || return 0
	take there "$1.listener" "$2"
	peer="[not-accepted] $there_pid,kinds,${there_fd}u"
	name=$(printf '%s' "$3" | sed "s/NEAR/$here_port/; s/FAR/$there_port/; s/PEER/$peer/")
	run -E -p "$here_pid" -o PID,FD,INODE,NAME --no-header
	expect_answer "$here_pid ${here_fd}u $here_inode $name"
	run -E -p "$here_pid" -o PEER,PID --no-header
	expect_answer "$peer $here_pid"
	run -E -j -p "$here_pid"
	valid_json lines
	query "[row['peer'] for row in rows] == [[{'pid': $there_pid, 'command': 'kinds', \
		'fd': $there_fd, 'inode': $there_inode}]]"
}
check 'a unix client that nobody has accepted' wait_for waiting 1 \
	'type=STREAM PEER (CONNECTED)'
check 'one of an abstract server' wait_for waiting 2 'type=STREAM PEER (CONNECTED)'
check 'a TCP client that nobody has accepted' wait_for waiting4 1 \
	'127.0.0.1:NEAR->127.0.0.1:FAR PEER (ESTABLISHED)'
check 'the same over IPv6' wait_for waiting6 1 '[::1]:NEAR->[::1]:FAR PEER (ESTABLISHED)'

queue_row() {
	take here waiting4.client
	take there waiting4.listener
	run -E "$there_port" -s^LISTEN -o PID,PEER --no-header
	expect_answer "- $here_pid,kinds,${here_fd}u"
	run -E -j "$there_port" -s^LISTEN
	valid_json lines
	query "[row['peer'] for row in rows] == [[{'pid': $here_pid, 'command': 'kinds', \
		'fd': $here_fd, 'inode': $here_inode}]]"
	run -E "$there_port" -o PEER,STATE --no-header
	expect_answer '- LISTEN'
}
check 'what waits in the queue of a listener has its client' queue_row

none() {
	whose idle
	run -E -p "$pid" -d "$fd" -o NAME,PEER --no-header
	expect_answer 'type=STREAM (UNCONNECTED) -'
	run -E -j -p "$pid" -d "$fd"
	valid_json lines
	query "[row['peer'] for row in rows] == [[]]"
	run +E -p "$pid" -d "$fd" -o INODE --no-header
	expect_answer "$inode"
}
check 'a socket without other end' none

# The chosen process, and with +E what it talks to.
chosen() {
	take here pair.b
	take there pair.a
	run -E -p "$here_pid" -o PID --no-header
	expect_answer "$here_pid"
	run +E -p "$here_pid" -o PID,FD --no-header
	expect_answer "$here_pid ${here_fd}u" "$there_pid ${there_fd}u"
	run +E -J -p "$here_pid"
	valid_json document
	run +E -Ff -p "$here_pid"
	expect_rows "p$here_pid" "f$here_fd" "p$there_pid" "f$there_fd"
	take there far4.server
	run -E "-i:$there_port" -sESTABLISHED -p "$there_pid" -o PID --no-header
	expect_answer "$there_pid"
}
check '-p means the chosen process, +E its other ends, too' chosen

everything_once() {
	run +E -U -i -o PID,FD,INODE --no-header
	expect_status 0
	rows | grep -v ^- | sort >"$tmp/got"
	awk '$3 >= 0 { print $1, $3 "u", $4 }' "$tmp/held" | sort >"$tmp/want"
	cmp -s "$tmp/want" "$tmp/got" || { show_run; complain "$(diff "$tmp/want" "$tmp/got")"; }
	run +E -J -U -i
	valid_json document
	run -E -U -i -o PID,FD,INODE --no-header
	rows | grep -v ^- | sort >"$tmp/got"
	cmp -s "$tmp/want" "$tmp/got" || { show_run; complain "$(diff "$tmp/want" "$tmp/got")"; }
}
check 'where both ends are selected, each row is there once' everything_once

# Text tells of addresses only.
by_text() {
	take here far4.client
	take there far4.server
	run -w --source=proc -E -p "$here_pid" -o PEER --no-header
	expect_answer "$there_pid,kinds,${there_fd}u"
	take here pair.a
	run -w --source=proc -E -p "$here_pid" -d "$here_fd" -o PEER,NAME --no-header
	expect_answer '- type=STREAM (CONNECTED)'
	run -w --source=proc -E -J --all
	valid_json document
}
check 'of text: internet, not unix' by_text

# --- several holders --------------------------------------------------------

release
hold_as "$kinds" pair:2
shared() {
	take here pair.a
	take first pair.b 1
	take second pair.b 2
	# shellcheck disable=SC2154
	both="$first_pid,kinds,${first_fd}u $second_pid,kinds,${second_fd}u"
	run -E -p "$here_pid" -o NAME --no-header
	# shellcheck disable=SC2154
	expect_answer "type=STREAM ->INO=$first_inode $both (CONNECTED)"
	run -E -j -p "$here_pid"
	valid_json lines
	query "[end['pid'] for end in rows[0]['peer']] == [$first_pid, $second_pid]"
	for one in "$first_pid" "$second_pid"; do
		run -E -p "$one" -o PEER --no-header
		expect_answer "$here_pid,kinds,${here_fd}u"
		run +E -p "$one" -o PID --no-header
		expect_answer "$one" "$here_pid"
	done
	run +E -p "$here_pid" -o PID --no-header
	expect_answer "$here_pid" "$first_pid" "$second_pid"
}
check 'an end that two processes share' shared

# --- other network namespaces -----------------------------------------------

release
hold_as "$kinds" netns-pair netns-lost-pair "netns-server:$tmp/far"
# elsewhere KIND KIND SERVER: NAME of the second begins with SERVER.
elsewhere() {
	take here "$1" || return 0
	take there "$2" || return 0
	one_way "${3:+$3 }type=STREAM ->INO=$there_inode PEER (CONNECTED)"
}
check 'an end in a process of another namespace' elsewhere netns-pair.a netns-pair.b ''
check 'the end of that process' elsewhere netns-pair.b netns-pair.a ''
check 'a client of another namespace' elsewhere netns-server.server netns-server.client \
	"$tmp/far"
check 'the server of such a client' elsewhere netns-server.client netns-server.server ''
check 'both ends in a namespace without process' elsewhere \
	netns-lost-pair.a netns-lost-pair.b ''

# --- no permission ----------------------------------------------------------

release
hold_as "$kinds" nobody-pair
hidden() {
	take here nobody-pair.b || return 0
	take there nobody-pair.a
	become_nobody || return 0
	run -w -E -p "$here_pid" -o PID,FD,NAME --no-header
	name="type=STREAM ->INO=$there_inode [permission] (CONNECTED)"
	expect_answer "$here_pid ${here_fd}u $name"
	run -w -E -p "$here_pid" -o PEER --no-header
	expect_answer '[permission]'
	run -w -E -j -p "$here_pid"
	valid_json lines
	query "rows[0]['peer'] == [{'pid': None, 'command': None, 'fd': None, \
		'inode': $there_inode}]"
	run -w +E -p "$here_pid" -o PID,INODE,REASON --no-header
	expect_answer "$here_pid $here_inode -" "- $there_inode hidden: permission"
	run -w +E -J -p "$here_pid"
	valid_json document
	restore
	run -E -p "$here_pid" -o PEER --no-header
	expect_answer "$there_pid,kinds,${there_fd}u"
}
check 'an end that is hidden from an ordinary user' hidden
release
