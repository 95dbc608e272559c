#!/bin/sh
# --why of ports: what is done with them, beside what bind() really says.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_why.sh
. "${0%/*}/lib_why.sh"

no_help='SO_REUSEADDR does not help against a socket that listens'
no_reuse='it has no SO_REUSEADDR, which helps only if both sockets set it'
has_reuse='it has SO_REUSEADDR set: with it on both sides the port is shared'

# --- listeners --------------------------------------------------------------

listener() {
	hold tcp4
	whose tcp4
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE "holder,$pid listens on 127.0.0.1:$port"
	fact "$no_help"
	try "whoport -k 127.0.0.1:$port/tcp"
	for word in "$port" "tcp:$port"; do
		asks tcp :: "$port" "$word"
		place=$port/tcp
		says EADDRINUSE EADDRINUSE "holder,$pid listens on 127.0.0.1:$port"
		fact "only 127.0.0.1:$port is taken: another address works"
	done
}
check 'a listener' listener

listener_with_reuse() {
	hold_as "$server" reuseaddr tcp4
	whose tcp4 last
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE "server,$pid listens on 127.0.0.1:$port"
	fact "$no_help"
}
check 'a listener with SO_REUSEADDR' listener_with_reuse

many_holders() {
	hold prefork:4
	whose prefork
	asks tcp 127.0.0.1 "$port"
	who=$(awk -v port="$port" '$5 == port { print "holder," $1 }' "$tmp/held" | sort -t, -k2n |
		head -n 3 | tr '\n' ' ')
	says EADDRINUSE EADDRINUSE "$who... listen on 127.0.0.1:$port"
}
check 'a listener with five holders' many_holders

own_group() {
	hold_as "$server" reuseport tcp4
	whose tcp4 last
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE "server,$pid listens on 127.0.0.1:$port"
	fact 'it has SO_REUSEPORT set: a socket of the same user that sets it, too, shares the port'
	case $(headline) in
	*' works only with SO_REUSEPORT: '*) ;;
	*) show_run; complain 'expected SO_REUSEPORT to work' ;;
	esac
}
check 'a SO_REUSEPORT group of ours' own_group

foreign_group() {
	ask_as_nobody || return 0
	cp "$server" "$tmp/server"
	# shellcheck disable=SC2086 # words
	hold_as $as_nobody "$tmp/server" reuseport tcp4
	other=$asker
	ask_as_root
	whose tcp4 last
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE "server,$pid listens on 127.0.0.1:$port"
	fact "its SO_REUSEPORT group is $other's: no other user can join it"
	case $(headline) in
	*' fails with EADDRINUSE: '*) ;;
	*) show_run; complain 'expected it to fail' ;;
	esac
}
check 'a SO_REUSEPORT group of another user' foreign_group

multipath() {
	keep mptcp4
	whose mptcp4 || return 0
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE "keeper,$pid listens on 127.0.0.1:$port"
}
check 'a listener of Multipath TCP' multipath

# --- bound, UDP -----------------------------------------------------------------

bound() {
	needs_kernel 6 8 || return 0
	keep bound4
	whose bound4
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE \
		"keeper,$pid is bound to 127.0.0.1:$port and does not listen, so that most tools do not show it"
	fact "$no_reuse"
	try "whoport -k 127.0.0.1:$port/tcp"
}
check 'bound and not listening' bound

bound_with_reuse() {
	needs_kernel 6 8 || return 0
	own_port
	hold_as "$later" reuse "tcp:$port" ready
	whose tcp last
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE ok \
		"later,$pid is bound to 127.0.0.1:$port and does not listen, so that most tools do not show it"
	fact "$has_reuse"
}
check 'bound and not listening, with SO_REUSEADDR' bound_with_reuse

udp() {
	hold udp4
	whose udp4
	asks udp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE "holder,$pid receives on 127.0.0.1:$port"
	fact "$no_reuse"
	asks tcp 127.0.0.1 "$port"
	says ok ok 'nothing is in the way'
}
check 'UDP, which is not in the way of TCP' udp

udp_with_reuse() {
	hold_as "$server" reuseaddr udp4
	whose udp4 last
	asks udp 127.0.0.1 "$port"
	says EADDRINUSE ok "server,$pid receives on 127.0.0.1:$port"
	fact "$has_reuse"
}
check 'UDP with SO_REUSEADDR' udp_with_reuse

both_protocols() {
	hold_as "$server" tcp4
	whose tcp4 last
	hold_as "$server" "udp4:$port"
	tcp=$pid
	whose udp4 last
	asks tcp 127.0.0.1 "$port" "127.0.0.1:$port"
	place=127.0.0.1:$port/tcp
	says EADDRINUSE EADDRINUSE "server,$tcp listens on 127.0.0.1:$port"
	fact "bind() to 127.0.0.1:$port/udp as root fails with EADDRINUSE: server,$pid receives on 127.0.0.1:$port"
}
check 'TCP and UDP at once' both_protocols

# --- addresses --------------------------------------------------------------------

wildcard_held() {
	hold tcp4-any
	whose tcp4-any
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE "holder,$pid listens on 0.0.0.0:$port"
	fact "0.0.0.0:$port takes every address"
	asks tcp :: "$port"
	says EADDRINUSE EADDRINUSE "holder,$pid listens on 0.0.0.0:$port"
	fact '[::] covers what is taken; only IPv4 is taken: [::] with IPV6_V6ONLY works'
}
check '0.0.0.0 is held, 127.0.0.1 and [::] are wanted' wildcard_held

wildcard_wanted() {
	hold tcp4
	whose tcp4 last
	asks tcp 0.0.0.0 "$port"
	says EADDRINUSE EADDRINUSE "holder,$pid listens on 127.0.0.1:$port"
	fact "0.0.0.0 covers what is taken; only 127.0.0.1:$port is taken: another address works"
	asks tcp :: "$port"
	says EADDRINUSE EADDRINUSE "holder,$pid listens on 127.0.0.1:$port"
	asks tcp 127.0.0.2 "$port"
	says ok ok 'what is on the port has another address or device'
}
check '127.0.0.1 is held, 0.0.0.0 and [::] are wanted, 127.0.0.2 is free' wildcard_wanted

dual_stack() {
	keep dual
	whose dual || return 0
	for address in 0.0.0.0 127.0.0.1; do
		asks tcp "$address" "$port"
		says EADDRINUSE EADDRINUSE "keeper,$pid listens on [::]:$port"
		fact "[::]:$port is of IPv6 and takes IPv4, too: it has not set IPV6_V6ONLY"
	done
}
check '[::] is held without IPV6_V6ONLY, IPv4 is wanted' dual_stack

six_alone() {
	hold tcp6-only
	whose tcp6-only || return 0
	for address in 0.0.0.0 127.0.0.1; do
		asks tcp "$address" "$port"
		says ok ok 'what is on the port has another address or device'
	done
	asks tcp :: "$port"
	says EADDRINUSE EADDRINUSE "holder,$pid listens on [::]:$port"
	fact '[::] covers what is taken; only IPv6 is taken: 0.0.0.0 works'
}
check '[::] is held with IPV6_V6ONLY, IPv4 is wanted' six_alone

device() {
	keep device4
	whose device4.tcp || return 0
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE "keeper,$pid listens on 127.0.0.1%lo:$port"
	fact 'it is bound to device lo: a socket that is bound to another one is not in its way'
	whose device4.udp
	asks udp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE "keeper,$pid receives on 127.0.0.1%lo:$port"
}
check 'bound to a device' device

# --- connections --------------------------------------------------------------------

range() {
	awk '{ print $1 " to " $2 }' /proc/sys/net/ipv4/ip_local_port_range
}

reserved=/proc/sys/net/ipv4/ip_local_reserved_ports

source_port() {
	own_port
	far=$port
	hold_as "$later" "tcp:$port" listen "connect:$port" accept ready
	whose connect last
	client=$pid
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE \
		"later,$pid uses it as the source port of its connection 127.0.0.1:$port->127.0.0.1:$far"
	fact "$port is of ip_local_port_range, $(range), from which connections get their ports"
	whose accept last
	fact "the other end is here: $pid,later,${fd}u"
	whose connect last
	try "sysctl -w net.ipv4.ip_local_reserved_ports=$port"
	was=$(cat "$reserved")
	if ! { echo "8080,$port" >"$reserved"; } 2>/dev/null; then
		skip='ip_local_reserved_ports cannot be set here'
		return 0
	fi
	asks tcp 127.0.0.1 "$port"
	fact "$port is of ip_local_port_range, $(range), but reserved by now: no new connection gets it"
	try "whoport -k -sESTABLISHED 127.0.0.1:$port/tcp"
	echo 8080 >"$reserved"
	asks tcp 127.0.0.1 "$port"
	try "sysctl -w net.ipv4.ip_local_reserved_ports=8080,$port"
	echo "$was" >"$reserved"
	expect_lives "$client"
}
expect_lives() {
	kill -0 "$1" 2>/dev/null || { show_run; complain "process $1 has ended"; }
}
check 'source port of an outgoing connection' source_port

syn_sent() {
	hold synsent4
	whose synsent4.listener
	far=$port
	whose synsent4.client
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE \
		"holder,$pid uses it as the source port of its connection 127.0.0.1:$port->127.0.0.1:$far"
	try "whoport -k -sSYN_SENT 127.0.0.1:$port/tcp"
}
check 'source port of a connection that is being made' syn_sent

accepted() {
	own_port
	hold_as "$later" "tcp:$port" listen "connect:$port" accept close ready
	whose connect last
	near=$port
	whose accept last
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE \
		"later,$pid still has a connection that outlives its listener: 127.0.0.1:$port->127.0.0.1:$near"
	try "whoport -k -sESTABLISHED 127.0.0.1:$port/tcp"
}
check 'a connection that outlives its listener' accepted

accepted_with_reuse() {
	own_port
	hold_as "$later" reuse "tcp:$port" listen "connect:$port" accept close ready
	whose connect last
	near=$port
	whose accept last
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE ok \
		"later,$pid still has a connection that outlives its listener: 127.0.0.1:$port->127.0.0.1:$near"
	fact "$has_reuse"
}
check 'the same of a listener with SO_REUSEADDR' accepted_with_reuse

self_connect() {
	own_port
	hold_as "$binder" self "$port"
	whose self
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE \
		"binder,$pid is connected to itself through 127.0.0.1:$port: it called the port while nobody listened, from the port itself"
	try "whoport -k -sESTABLISHED 127.0.0.1:$port/tcp"
}
check 'connected to itself' self_connect

# --- remainders ---------------------------------------------------------------------

# The command for what nobody holds: root can end it.
rest_command() {
	echo "whoport --close 127.0.0.1:$1/tcp"
}

both_needed='both sockets need SO_REUSEADDR, the new one and the one that the connection was; what that had cannot be read any more'

time_wait() {
	hold timewait4
	whose timewait4.client
	near=$port
	whose timewait4.server
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE "TIME_WAIT for NN s, left by a connection with 127.0.0.1:$near"
	fact "$both_needed"
	try "$(rest_command "$port")"
	seconds=$(headline | sed 's/.* for \([0-9]*\) s, .*/\1/')
	case $seconds in
	[1-9] | [1-5][0-9] | 60) ;;
	*) complain "not 1 to 60 seconds: $seconds" ;;
	esac
}
check 'TIME_WAIT' time_wait

in_time_wait() {
	"$whoport" -w -sTIME_WAIT "127.0.0.1:$port" >/dev/null 2>&1
}

time_wait_with_reuse() {
	own_port
	hold_as "$later" reuse "tcp:$port" listen "connect:$port" accept hangup close ready
	whose connect last
	near=$port
	whose accept last
	wait_for in_time_wait || return 0
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE ok "TIME_WAIT for NN s, left by a connection with 127.0.0.1:$near"
	fact "$both_needed"
}
check 'TIME_WAIT of a socket with SO_REUSEADDR' time_wait_with_reuse

fin_wait2() {
	hold finwait2
	whose finwait2.server
	far=$port
	whose finwait2.client
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE "FIN_WAIT2 for NN s, left by a connection with 127.0.0.1:$far"
	fact "$both_needed"
}
check 'FIN_WAIT2 without a holder' fin_wait2

# KIND STATE
orphan() {
	hold "$1"
	whose "$1.server"
	far=$port other=$pid other_fd=$fd
	whose "$1.client"
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE \
		"a closed connection to 127.0.0.1:$far has data that was not taken yet ($2)"
	fact "the other end, which takes nothing, is here: $other,holder,${other_fd}u"
	try "$(rest_command "$port")"
}
check 'an orphan in FIN_WAIT1, and who keeps it' orphan orphan4 FIN_WAIT1
check 'an orphan in LAST_ACK, and who keeps it' orphan lastack4 LAST_ACK

# --- free ---------------------------------------------------------------------------

free() {
	own_port
	asks tcp 127.0.0.1 "$port"
	says ok ok 'nothing is in the way'
	no_try
	asks tcp :: "$port" "$port"
	place=$port
	says ok ok 'nothing is in the way'
}
check 'a free port' free

elsewhere() {
	in_new_netns "$holder" tcp4
	whose tcp4 last
	asks tcp 127.0.0.1 "$port"
	wanted="it is free here; holder,$pid has it in another network namespace, "
	[ "$bound" = 'ok ok' ] || complain "bind() says $bound"
	expect_status 1
	case $(headline) in
	"bind() to 127.0.0.1:$port/tcp as root works: $wanted"?*) ;;
	*) show_run; complain "expected: $wanted" ;;
	esac
	try "whoport -N all 127.0.0.1:$port/tcp"
	expect_form
	tell_row
}
check 'free here, held in another network namespace' elsewhere
release
