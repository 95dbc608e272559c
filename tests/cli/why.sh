#!/bin/sh
# --why over fixture trees: which command lines are refused, what is judged, and the exit
# status. Whether the kernel agrees is asked in tests/live/why_pairs.sh.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# setting NAME TEXT: a file of sys/net.
setting() {
	mkdir -p "$tree/sys/net/$(dirname "$1")"
	printf '%s\n' "$2" >"$tree/sys/net/$1"
}

# A tree of ours, with IPv6 on loopback alone.
new_host() {
	new_tree
	mkdir -p "$tree/self/net"
	echo '00000000000000000000000000000001 01 80 10 80       lo' >"$tree/self/net/if_inet6"
	setting ipv4/ip_unprivileged_port_start 0
	setting ipv4/ip_local_port_range '32768	60999'
}

# says NAME STATUS ARG... <<EOF: the headlines; facts and commands are left out.
says() {
	cat >"$tmp/expected"
	name=$1 wanted=$2
	shift 2
	ask --why "$@"
	cp "$tmp/out" "$tmp/told"
	sed '/^  /d' "$tmp/told" >"$tmp/out"
	compare_answer "$wanted"
	[ ! -s "$tmp/wrong" ] || cat "$tmp/told" >>"$tmp/wrong"
	report "$name"
}

# tells NAME LINE: the last answer has this fact or command.
tells() {
	: >"$tmp/wrong"
	grep -Fxq -e "  $2" "$tmp/told" || cp "$tmp/told" "$tmp/wrong"
	report "$1"
}

# --- refused command lines -------------------------------------------------------------

new_host
one='only one of -k, --close, --wait and --why at a time'
# is_refused NAME MESSAGE ARG...
is_refused() {
	name=$1 message=$2
	shift 2
	expect "$name" 2 "$@" <<EOT
! whoport: $message
! Try 'whoport --help'
EOT
}
targets='takes targets alone, such as 8080, udp:53, /run/x.sock'
is_refused 'why_of_nothing' '--why: needs a target' --why
is_refused 'why_and_kill' "-k: $one" --why -k 80
is_refused 'why_and_close' "--close: $one" --why --close 80
is_refused 'why_and_wait' "--why: $one" --why --wait=free 80
is_refused 'why_of_an_address_specification' "--why: $targets" --why -i:80
is_refused 'why_of_unix_sockets' "--why: $targets" --why -U
is_refused 'why_of_a_process' "--why: $targets" --why 80 -p 1
is_refused 'why_of_another_namespace' '--why: judges its own network namespace: nsenter -t PID -n whoport --why ... another one' \
	--why -N 1 80
is_refused 'why_in_json' '-J: goes with answers only, not with actions' --why -J 80
is_refused 'why_in_json_lines' '-j: goes with answers only, not with actions' --why -j 80
is_refused 'why_in_fields' '-F: goes with answers only, not with actions' --why -F 80
is_refused 'why_in_pids' '-t: goes with rows only, not with --why' --why -t 80
is_refused 'why_again_and_again' '-r: goes with answers only, not with actions' --why -r 80
is_refused 'why_by_force' '--force: goes with -k only' --why --force 80
is_refused 'probe_of_nothing' '--probe: goes with --why only' --probe 80
is_refused 'probe_with_kill' '--probe: goes with --why only' --probe -k 80
is_refused 'why_of_no_port' 'nosuch: no such port or service' --why nosuch
expect 'too_many_places' 2 --why 1-1025 <<'EOT'
! whoport: --why: more than 1024 ports
EOT

# --- text ----------------------------------------------------------------------------------

# That it has no sockets which are bound and do not listen is told of real ones only, see
# tests/live/why_pairs.sh.
new_host
add_process 100 server
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_inet tcp 127.0.0.1:81 LISTEN 1002
add_inet tcp '[::]:82' LISTEN 1003
add_inet tcp '[::1]:83' LISTEN 1004
add_inet udp 0.0.0.0:53 UNCONNECTED 1005
add_inet tcp 10.0.0.1:84 LISTEN 1006 uid=4711
add_inet tcp 10.0.0.1:9000 ESTABLISHED 1007 remote=10.0.0.2:40000
add_inet tcp 10.0.0.1:40000 ESTABLISHED 1008 remote=10.0.0.2:443
add_inet tcp 10.0.0.1:40001 ESTABLISHED 1009 remote=10.0.0.1:40001
add_inet tcp 10.0.0.1:9001 TIME_WAIT 0 remote=10.0.0.2:4000 timer=3:41 uid=0
add_inet tcp 10.0.0.1:9002 LAST_ACK 0 remote=10.0.0.2:4000 timer=1:1
for inode in 1001 1002 1003 1004 1005 1006 1007 1008 1009; do
	add_fd 100 "${inode#10}" "$inode"
done

too='if what is there has it set, too'
says 'a_listener' 0 tcp:80 <<EOT
bind() to 80/tcp as $user works only with SO_REUSEPORT, $too: server,100 listens on 0.0.0.0:80
EOT
tells 'a_listener_and_reuseaddr' 'SO_REUSEADDR does not help against a socket that listens'
tells 'who_has_it_is_ended' 'try: whoport -k 80/tcp'
says 'a_listener_of_another_user' 0 tcp:10.0.0.1:84 <<EOT
bind() to 10.0.0.1:84/tcp as $user fails with EADDRINUSE: server,100 listens on 10.0.0.1:84
EOT
says 'datagrams' 0 53/udp <<EOT
bind() to 53/udp as $user works only with SO_REUSEADDR, $too: server,100 receives on 0.0.0.0:53
EOT
says 'the_worst_protocol_is_told' 0 53 <<EOT
bind() to 53/udp as $user works only with SO_REUSEADDR, $too: server,100 receives on 0.0.0.0:53
EOT
says 'an_accepted_connection' 0 tcp:9000 <<EOT
bind() to 9000/tcp as $user works only with SO_REUSEADDR, $too: server,100 still has a connection that outlives its listener: 10.0.0.1:9000->10.0.0.2:40000
EOT
says 'a_source_port' 0 tcp:40000 <<EOT
bind() to 40000/tcp as $user works only with SO_REUSEADDR, $too: server,100 uses it as the source port of its connection 10.0.0.1:40000->10.0.0.2:443
EOT
tells 'a_source_port_is_of_the_range' \
	'40000 is of ip_local_port_range, 32768 to 60999, from which connections get their ports'
says 'connected_to_itself' 0 tcp:40001 <<EOT
bind() to 40001/tcp as $user works only with SO_REUSEADDR, $too: server,100 is connected to itself through 10.0.0.1:40001: it called the port while nobody listened, from the port itself
EOT
says 'time_wait' 0 tcp:9001 <<EOT
bind() to 9001/tcp as $user works only with SO_REUSEADDR, $too: TIME_WAIT for 41 s, left by a connection with 10.0.0.2:4000
EOT
says 'an_orphan' 0 tcp:9002 <<EOT
bind() to 9002/tcp as $user works only with SO_REUSEADDR, $too: a closed connection to 10.0.0.2:4000 has data that was not taken yet (LAST_ACK)
EOT
says 'a_free_port' 1 90 tcp:90 <<EOT
bind() to 90 as $user works: nothing is in the way
bind() to 90/tcp as $user works: nothing is in the way
EOT
says 'another_address_is_free' 1 tcp:127.0.0.2:81 <<EOT
bind() to 127.0.0.2:81/tcp as $user works: what is on the port has another address or device
EOT
says 'text_does_not_tell_v6only' 2 0.0.0.0:82/tcp <<EOT
bind() to 0.0.0.0:82/tcp as $user cannot be judged: server,100 listens on [::]:82
EOT
tells 'v6only_is_not_known' \
	'[::]:82 is of IPv6 and takes IPv4, too, unless it has set IPV6_V6ONLY, which cannot be read'
says 'a_wildcard_of_ipv6_keeps_its_family' 0 'tcp:[::1]:82' <<EOT
bind() to [::1]:82/tcp as $user works only with SO_REUSEPORT, $too: server,100 listens on [::]:82
EOT
says 'an_address_of_ipv6_keeps_no_ipv4' 1 tcp:0.0.0.0:83 <<EOT
bind() to 0.0.0.0:83/tcp as $user works: what is on the port has another address or device
EOT
says 'several_targets_as_they_were_typed' 2 udp:90 tcp:80 tcp:0.0.0.0:82 <<EOT
bind() to 90/udp as $user works: nothing is in the way
bind() to 80/tcp as $user works only with SO_REUSEPORT, $too: server,100 listens on 0.0.0.0:80
bind() to 0.0.0.0:82/tcp as $user cannot be judged: server,100 listens on [::]:82
EOT
says 'some_fail_and_some_work' 0 udp:53,90-91 <<EOT
bind() to 53/udp as $user works only with SO_REUSEADDR, $too: server,100 receives on 0.0.0.0:53
bind() to 90/udp as $user works: nothing is in the way
bind() to 91/udp as $user works: nothing is in the way
EOT
says 'all_work' 1 udp:90-92 <<EOT
bind() to 90/udp as $user works: nothing is in the way
bind() to 91/udp as $user works: nothing is in the way
bind() to 92/udp as $user works: nothing is in the way
EOT
ask --why udp:1000-2023
verify 'as_many_places_as_may_be' [ "$status:$(wc -l <"$tmp/out")" = 1:1024 ]

# --- what keeps an address -----------------------------------------------------------------

says 'an_address_of_nobody' 0 'udp:[2001:db8::1]:90' <<EOT
bind() to [2001:db8::1]:90/udp as $user fails with EADDRNOTAVAIL: [2001:db8::1] is no address of this network namespace
EOT
tells 'addresses_are_listed' 'try: ip address'
says 'link_local_without_interface' 0 'udp:[fe80::1]:90' <<EOT
bind() to [fe80::1]:90/udp as $user fails with EINVAL: [fe80::1] is link-local and needs its interface, as in [fe80::1%eth0]
EOT
says 'multicast_for_tcp' 0 'tcp:[ff05::1]:90' <<EOT
bind() to [ff05::1]:90/tcp as $user fails with EINVAL: [ff05::1] is a multicast address, which TCP cannot have
EOT
says 'multicast_for_udp' 1 'udp:[ff05::1]:90' <<EOT
bind() to [ff05::1]:90/udp as $user works: nothing is in the way
EOT
echo '20010db8000000000000000000000001 02 40 00 40     eth0' >>"$tree/self/net/if_inet6"
echo '20010db8000000000000000000000002 02 40 00 48     eth0' >>"$tree/self/net/if_inet6"
says 'tentative_and_duplicate' 0 'udp:[2001:db8::1]:90' 'udp:[2001:db8::2]:90' <<EOT
bind() to [2001:db8::1]:90/udp as $user fails with EADDRNOTAVAIL: [2001:db8::1] is tentative: the kernel still asks the network whether it is taken
bind() to [2001:db8::2]:90/udp as $user fails with EADDRNOTAVAIL: [2001:db8::2] is not in use here, because another host has it (dadfailed)
EOT
setting ipv6/conf/all/disable_ipv6 1
says 'ipv6_is_off' 0 'udp:[2001:db8::3]:90' <<EOT
bind() to [2001:db8::3]:90/udp as $user fails with EADDRNOTAVAIL: IPv6 is switched off here (disable_ipv6)
EOT
rm "$tree/self/net/if_inet6"
says 'ipv6_is_missing' 0 'udp:[::1]:90' <<EOT
bind() to [::1]:90/udp as $user fails with EAFNOSUPPORT: the kernel has no IPv6
EOT
says 'a_port_alone_does_without_ipv6' 1 udp:90 <<EOT
bind() to 90/udp as $user works: nothing is in the way
EOT

# Our capabilities are those of the tree where no namespace is known.
new_host
setting ipv4/ip_unprivileged_port_start 80
if [ "$uid" = 0 ] && ! become_ordinary; then
	skip 'privileged_ports' "$why_not"
else
	ask --why udp:79 udp:80
	sed -i 's/ as [^ ]* / as somebody /' "$tmp/out"
	verify 'privileged_ports' [ "$status:$(sed '/^  /d' "$tmp/out")" = \
"0:bind() to 79/udp as somebody fails with EACCES: ports below 80 need CAP_NET_BIND_SERVICE
bind() to 80/udp as somebody works: nothing is in the way" ]
fi
as=

# --- garbage --------------------------------------------------------------------------------

# Settings that nobody writes are as if they were missing.
new_host
add_process 100 server
add_inet tcp 10.0.0.1:9000 ESTABLISHED 1007 remote=10.0.0.2:40000
add_fd 100 3 1007
for file in ipv4/ip_local_port_range ipv4/ip_local_reserved_ports ipv4/ip_nonlocal_bind \
	ipv6/ip_nonlocal_bind ipv6/conf/all/disable_ipv6; do
	# shellcheck disable=SC2016 # as it is
	setting "$file" "$(printf '\033]0;x\007 99999999999999999999 -1 , - ;$HOME')"
done
head -c 70000 /dev/urandom >"$tree/self/net/if_inet6"
head -c 70000 /dev/urandom >"$tree/self/net/ip_vs"
head -c 300 /dev/urandom >"$tree/self/net/ip_tables_names"
says 'garbage_in_settings' 0 tcp:9000 <<EOT
bind() to 9000/tcp as $user works only with SO_REUSEADDR, $too: server,100 uses it in its connection 10.0.0.1:9000->10.0.0.2:40000
EOT
verify 'no_control_bytes_from_settings' \
	[ "$(LC_ALL=C tr -d '\n\040-\176' <"$tmp/told" | wc -c)" -eq 0 ]
says 'garbage_for_a_range' 2 tcp:0 <<EOT
bind() to 0/tcp as $user cannot be judged: ip_local_port_range cannot be read
EOT
says 'garbage_of_addresses' 0 'udp:[::1]:90' <<EOT
bind() to [::1]:90/udp as $user fails with EADDRNOTAVAIL: [::1] is no address of this network namespace
EOT

# What a process calls itself does not reach the terminal.
new_host
add_process 100 "$(printf 'a\033[31m')"
add_inet udp 0.0.0.0:53 UNCONNECTED 1005
add_fd 100 3 1005
says 'a_hostile_name' 0 udp:53 <<EOT
bind() to 53/udp as $user works only with SO_REUSEADDR, $too: a^[\x5b31m,100 receives on 0.0.0.0:53
EOT

# --- hints ------------------------------------------------------------------------------------

new_host
cat >"$tree/self/net/ip_vs" <<'EOT'
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
UDP  0A000001:005A rr
EOT
echo nat >"$tree/self/net/ip_tables_names"
says 'hints_do_not_change_the_verdict' 1 udp:90 <<EOT
bind() to 90/udp as $user works: nothing is in the way
EOT
tells 'a_virtual_service' \
	'perhaps: IPVS has a virtual service on the port, which answers without a socket'
tells 'nat' 'perhaps: NAT rules may send connections to the port elsewhere (nft list ruleset)'
