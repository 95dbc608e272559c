#!/bin/sh
# Internet sockets: each kind is found by each word that means it, and its row
# is right.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

hold tcp4 tcp4-any tcp6 tcp6-dual tcp6-only tcp6-mapped \
	udp4 udp4-any udp6 udp6-dual udp6-only udp4-conn udplite4 udplite6 \
	raw4 raw6 dup4 high4 conn4 conn6 conn4in6 far4 group \
	finwait2 halfclosed synsent4 pair unix-stream:@inet

# row TYPE NODE NAME: the row of what whose() found.
row() {
	row="holder $pid root ${fd}u $1 $inode 0t0 $2 $3"
}

# A socket that holds its port: KIND TYPE NODE ADDRESS STATE, and the word that
# is its protocol.
holds_port() {
	whose "$1" || return 0
	row "$2" "$3" "$4:$port$5"

	for word in "$port" "$6:$port" "-i:$port" "-i${2#IPv}$6:$port"; do
		run "$word"
		expect_answer "$row"
	done
	run "-i$6"
	expect_row "$row"
	run -p "$pid" -d "$fd"
	expect_answer "$row"
	run -t "$port"
	expect_status 0
	expect_pids "$pid"
	run
	expect_row "$row"
	if [ "$6" = tcp ]; then
		run -iTCP -sLISTEN
		expect_row "$row"
		run -iTCP '-s^LISTEN'
		expect_no_inode "$inode"
	else
		run -sUNCONNECTED
		expect_row "$row"
		run -sLISTEN
		expect_no_inode "$inode"
	fi
}

# Every spelling of a port and of -i; arguments as above.
spellings() {
	whose "$1" || return 0
	row "$2" "$3" "$4:$port$5"

	for word in ":$port" "$port/$6" "1,$port" "$port-$port" "*:$port"; do
		run "$word"
		expect_answer "$row"
	done
	for spec in ":$port" "$6:$port" "$3:$port" "$3@$4:$port" "${2#IPv}:$port" "$port"; do
		run -nP -a -i "$spec"
		expect_answer "$row"
	done
	run "-nPi$3:$port"
	expect_answer "$row"
}

# The words that do not mean a socket: KIND, then words with PORT in them.
is_spared_by() {
	whose "$1" || return 0
	shift
	for word in "$@"; do
		run "$(printf '%s' "$word" | sed "s/PORT/$port/")"
		expect_nothing
	done
}

# An address finds what a bind to it would meet: KIND TYPE NODE ADDRESS STATE
# and the addresses.
conflicts_with() {
	whose "$1" || return 0
	row "$2" "$3" "$4:$port$5"
	shift 5
	for address in "$@"; do
		run "$address:$port"
		expect_answer "$row"
	done
}

check 'tcp4 is found by its port' holds_port tcp4 IPv4 TCP 127.0.0.1 ' (LISTEN)' tcp
check 'tcp4 wildcard is found by its port' holds_port tcp4-any IPv4 TCP '*' ' (LISTEN)' tcp
check 'tcp6 is found by its port' holds_port tcp6 IPv6 TCP '[::1]' ' (LISTEN)' tcp
check 'tcp6 dual stack is found by its port' holds_port tcp6-dual IPv6 TCP '*' ' (LISTEN)' tcp
check 'tcp6 v6only is found by its port' holds_port tcp6-only IPv6 TCP '*' ' (LISTEN)' tcp
check 'tcp6 v4-mapped is found by its port' \
	holds_port tcp6-mapped IPv6 TCP 127.0.0.1 ' (LISTEN)' tcp
check 'a descriptor of five digits is shown whole' \
	holds_port high4 IPv4 TCP 127.0.0.1 ' (LISTEN)' tcp
check 'udp4 is found by its port' holds_port udp4 IPv4 UDP 127.0.0.1 '' udp
check 'udp4 wildcard is found by its port' holds_port udp4-any IPv4 UDP '*' '' udp
check 'udp6 is found by its port' holds_port udp6 IPv6 UDP '[::1]' '' udp
check 'udp6 dual stack is found by its port' holds_port udp6-dual IPv6 UDP '*' '' udp
check 'udp6 v6only is found by its port' holds_port udp6-only IPv6 UDP '*' '' udp
check 'udplite4 is found by its port' holds_port udplite4 IPv4 UDPLITE 127.0.0.1 '' udplite
check 'udplite6 is found by its port' holds_port udplite6 IPv6 UDPLITE '[::1]' '' udplite

check 'every spelling of a TCP port' spellings tcp4 IPv4 TCP 127.0.0.1 ' (LISTEN)' tcp
check 'every spelling of a UDP port' spellings udp6 IPv6 UDP '[::1]' '' udp
check 'every spelling of a UDPLITE port' spellings udplite4 IPv4 UDPLITE 127.0.0.1 '' udplite

state_words() {
	whose tcp4
	row IPv4 TCP "127.0.0.1:$port (LISTEN)"
	for states in TCP:LISTEN listening tcp:listen,established '^CLOSE_WAIT'; do
		run -iTCP "-s$states"
		expect_row "$row"
	done
	run -sTCP:LISTEN
	expect_row "$row"
}
check 'every spelling of LISTEN' state_words

check 'an address and the wildcards find tcp4' \
	conflicts_with tcp4 IPv4 TCP 127.0.0.1 ' (LISTEN)' 127.0.0.1 localhost 0.0.0.0 '[::]'
check 'any IPv4 address finds the tcp4 wildcard' \
	conflicts_with tcp4-any IPv4 TCP '*' ' (LISTEN)' 127.0.0.1 127.0.0.2 0.0.0.0 '[::]'
check 'an address and the wildcard find tcp6' \
	conflicts_with tcp6 IPv6 TCP '[::1]' ' (LISTEN)' '[::1]' '[::]'
check 'every address finds a dual stack listener' conflicts_with tcp6-dual IPv6 TCP '*' \
	' (LISTEN)' '[::1]' '[::]' 127.0.0.1 127.0.0.2 0.0.0.0
check 'IPv6 addresses find a v6only listener' \
	conflicts_with tcp6-only IPv6 TCP '*' ' (LISTEN)' '[::1]' '[::]'
check 'IPv4 addresses find a v4-mapped listener' conflicts_with tcp6-mapped IPv6 TCP \
	127.0.0.1 ' (LISTEN)' 127.0.0.1 0.0.0.0 '[::]' '[::ffff:127.0.0.1]'
check 'every address finds a dual stack UDP socket' \
	conflicts_with udp6-dual IPv6 UDP '*' '' '[::1]' '[::]' 127.0.0.1 0.0.0.0

check 'other words spare tcp4' is_spared_by tcp4 udp:PORT PORT/udp 127.0.0.2:PORT '[::1]:PORT' \
	-i6:PORT -iUDP:PORT -i@127.0.0.2:PORT -i@127.0.1.0/24:PORT -iTCP:1-2
check 'other words spare the tcp4 wildcard' is_spared_by tcp4-any udp:PORT '[::1]:PORT'
check 'other words spare tcp6' is_spared_by tcp6 udp:PORT 127.0.0.1:PORT 0.0.0.0:PORT -i4:PORT
check 'other words spare a v4-mapped listener' is_spared_by tcp6-mapped '[::1]:PORT' -i4:PORT
check 'other words spare udp4' is_spared_by udp4 tcp:PORT 127.0.0.2:PORT '[::1]:PORT' \
	-iTCP:PORT -iUDPLITE:PORT
check 'other words spare udplite4' is_spared_by udplite4 tcp:PORT udp:PORT

# --- connections ------------------------------------------------------------

# A connection: KIND, TYPE of client and server, address of both.
connection() {
	whose "$1.listener" || return 0
	listening="holder $pid root ${fd}u $3 $inode 0t0 TCP $5:$port (LISTEN)" at=$port
	whose "$1.client"
	near=$port
	row "$2" TCP "$4:$near->$4:$at (ESTABLISHED)"
	client=$row
	whose "$1.server"
	row "$3" TCP "$4:$at->$4:$near (ESTABLISHED)"

	run "$at"
	expect_answer "$listening"
	run "$near"
	expect_answer "$client"
	run "tcp:$near"
	expect_answer "$client"
	run "$4:$near"
	expect_answer "$client"
	run --all "$at"
	expect_answer "$listening" "$row"
	run -sESTABLISHED "$at"
	expect_answer "$row"
	run "-s^LISTEN" "$at"
	expect_answer "$row"
	run "-i:$at"
	expect_answer "$listening" "$client" "$row"
	run "-iTCP@$4:$at" -sESTABLISHED
	expect_answer "$client" "$row"
	run "-i:$near"
	expect_answer "$client" "$row"
	run -sTCP:ESTAB -i ":$near"
	expect_answer "$client" "$row"
	run "udp:$near"
	expect_nothing
}
check 'conn4: the port is the listener, the rest by -i' \
	connection conn4 IPv4 IPv4 127.0.0.1 127.0.0.1
check 'conn6: the port is the listener, the rest by -i' \
	connection conn6 IPv6 IPv6 '[::1]' '[::1]'
check 'conn4in6: a v4-mapped end is dotted and IPv6' \
	connection conn4in6 IPv4 IPv6 127.0.0.1 '*'

families_of_mapped() {
	whose conn4in6.server || return 0
	run "-i4:$port" -sESTABLISHED
	expect_no_inode "$inode"
	run "-i6:$port" -sESTABLISHED
	rows | grep -q " $inode " || complain '-i6 left a v4-mapped connection out'
	whose conn4in6.client
	run "-i6:$port" -sESTABLISHED
	expect_no_inode "$inode"
}
check '-i4 and -i6 go by the family of the socket' families_of_mapped

udp_connection() {
	whose udp4-conn.server
	row IPv4 UDP "127.0.0.1:$port"
	server=$row at=$port
	whose udp4-conn.client
	row IPv4 UDP "127.0.0.1:$port->127.0.0.1:$at"
	run "$at"
	expect_answer "$server"
	run "$port"
	expect_answer "$row"
	run "-iUDP:$at"
	expect_answer "$server" "$row"
	run
	expect_row "$server"
	expect_no_inode "$inode"
}
check 'a connected UDP socket is on its own port, and no listener' udp_connection

other_states() {
	whose finwait2.server
	at=$port
	whose finwait2.client
	near=$port
	whose finwait2.server
	row IPv4 TCP "127.0.0.1:$at->127.0.0.1:$near (CLOSE_WAIT)"
	run "$at"
	expect_answer "$row"
	run -sCLOSE-WAIT "-i:$at"
	expect_answer "$row"
	whose halfclosed.server
	at=$port
	whose halfclosed.client
	row IPv4 TCP "127.0.0.1:$port->127.0.0.1:$at (FIN_WAIT2)"
	run "$port"
	expect_answer "$row"
	run -sFIN-WAIT-2 "$port"
	expect_answer "$row"
	whose synsent4.listener
	at=$port
	whose synsent4.client
	row IPv4 TCP "127.0.0.1:$port->127.0.0.1:$at (SYN_SENT)"
	run -iTCP -ssyn-sent
	expect_answer "$row"
	run "$port"
	expect_answer "$row"
}
check 'CLOSE_WAIT, FIN_WAIT2 and SYN_SENT keep their holders' other_states

pids_of_ends() {
	whose far4.client
	client=$pid
	whose far4.listener
	run -t "$port"
	expect_pids "$pid"
	run -t "-i:$port"
	expect_pids "$pid"
	run -t "-iTCP:$port"
	expect_pids "$pid"
	run -t "-i@127.0.0.1:$port"
	expect_pids "$pid" "$client"
	run -t "-i:$port" -sESTABLISHED
	expect_pids "$pid" "$client"
	run "-ti:$port"
	expect_pids "$pid"
}
check '-t -i:PORT spares the clients' pids_of_ends

# --- the rest ---------------------------------------------------------------

two_descriptors() {
	whose dup4.first
	row IPv4 TCP "127.0.0.1:$port (LISTEN)"
	first=$row
	whose dup4.second
	row IPv4 TCP "127.0.0.1:$port (LISTEN)"
	run "$port"
	expect_answer "$first" "$row"
	run -t "$port"
	expect_pids "$pid"
	run -d "$fd" "$port"
	expect_answer "$row"
	run -d "^$fd" "$port"
	expect_answer "$first"
}
check 'a socket behind two descriptors has two rows' two_descriptors

# KIND TYPE, and what is before the descriptor in its row and after.
raw_socket() {
	whose "$1" || return 0
	run -iraw
	rows | grep -q "^holder $pid root ${fd}u $2 $inode 0t0 RAW " ||
		{ show_run; complain "no row of $1"; }
	run -i
	rows | grep -q " $inode " || complain '-i left a raw socket out'
	run "$port"
	expect_no_inode "$inode"
}
check 'a raw socket is found by -iraw, not as a port' raw_socket raw4 raw
check 'a raw6 socket is found by -iraw, not as a port' raw_socket raw6 raw6

every_listener() {
	awk '$6 !~ /^(raw|pair|unix|udp4-conn.client)|\.(client|server|first)$/ && $3 >= 0 \
		{ print $1, $3, $4 }' "$tmp/held" >"$tmp/list"
	awk '$6 ~ /^(dup4.first|udp4-conn.server)$/ { print $1, $3, $4 }' "$tmp/held" >>"$tmp/list"
	run
	expect_status 0
	expect_no_message
	rows | awk '{ sub(/u$/, "", $4); print $2, $4, $6 }' | sort >"$tmp/got"
	sort "$tmp/list" >"$tmp/want"
	cmp -s "$tmp/want" "$tmp/got" ||
		{ show_run; complain "$(diff "$tmp/want" "$tmp/got")"; }
}
check 'without arguments: every listener and unconnected UDP socket' every_listener

ranges() {
	whose tcp4
	row IPv4 TCP "127.0.0.1:$port (LISTEN)"
	run "tcp:$((port - 1))-$port"
	expect_row "$row"
	run "-iTCP:$((port - 1))-$((port + 1))"
	expect_row "$row"
	run -i@127.0.0.0/8 -iTCP
	expect_row "$row"
	run "-iTCP@127.0.0.0/8:$port"
	expect_answer "$row"
	run "-iTCP@localhost:$port"
	expect_answer "$row"
}
check 'ranges, prefixes and host names of -i' ranges

several() {
	whose udp4
	row IPv4 UDP "127.0.0.1:$port"
	udp=$row udp_port=$port
	whose tcp4
	row IPv4 TCP "127.0.0.1:$port (LISTEN)"
	run "$port" "$udp_port"
	expect_answer "$row" "$udp"
	run "$port,$udp_port"
	expect_answer "$row" "$udp"
	run "tcp:$port" "udp:$port"
	expect_status 1
	expect_no_message
	expect_rows "$row"
	run "-i:$port" "-i:$udp_port"
	expect_answer "$row" "$udp"
	run -Q "tcp:$port" "udp:$port"
	expect_answer "$row"
}
check 'several targets are alternatives; one not found is status 1' several

selection() {
	whose group
	row IPv4 UDP "127.0.0.1:$port"
	group=$pid
	run -g "$port"
	expect_answer "$(echo "$row" | sed "s/^holder $pid/& $group/")"
	run "-g$group" -o PID,FD,INODE --no-header
	expect_answer "$pid ${fd}u $inode"
	whose tcp4
	row IPv4 TCP "127.0.0.1:$port (LISTEN)"
	for option in "-p$pid" "-p^$group" -uroot -u0 '-u^nobody' -chold '-c/^HOLDER$/i' \
		'-c^nginx' "-g^$group" "-d0-$fd"; do
		run "$option" "$port"
		case $option in
		-g*) rows | grep -q " $inode " || { show_run; complain "not by $option"; } ;;
		*) expect_answer "$row" ;;
		esac
	done
	for option in "-p$group" "-p^$pid" '-u^root' '-c^hold' -cnginx "-d^$fd"; do
		run "$option" "$port"
		expect_nothing
	done
}
check '-p, -u, -c, -g and -d narrow' selection

process_sockets() {
	whose tcp4
	run -p "$pid" -o FD,INODE --no-header
	expect_status 0
	awk -v pid="$pid" '$1 == pid && $3 >= 0 { print $3 "u", $4 }' "$tmp/held" |
		sort >"$tmp/want"
	rows | sort >"$tmp/listed"
	comm -23 "$tmp/want" "$tmp/listed" >"$tmp/missing"
	[ ! -s "$tmp/missing" ] || { show_run; complain "missing: $(cat "$tmp/missing")"; }
}
check '-p shows every socket of the process' process_sockets

gone() {
	whose tcp4
	at=$port
	release
	run "$at"
	expect_nothing
	run -t "$at"
	expect_nothing
}
check 'a port that came free holds nothing' gone
