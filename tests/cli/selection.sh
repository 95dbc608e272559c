#!/bin/sh
# The selection options: -i -s -U -p -g -u -c -d --all -a, alone and together.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# picks NAME ARG...: each row by its inode, which here begins with its PID.
picks() {
	name=$1
	shift
	expect "$name" 0 --no-header -o INODE "$@"
}

# finds_nothing NAME ARG...
finds_nothing() {
	name=$1
	shift
	expect_nothing "$name" 1 "$@"
}

new_tree
add_process 10 nginx 1 10
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_inet tcp '[::]:80' LISTEN 1002
add_inet tcp 10.0.0.1:80 ESTABLISHED 1003 remote=10.0.0.2:4000
add_fd 10 6 1001
add_fd 10 7 1002
add_fd 10 8 1003
add_process 11 nginx-worker 10 10
add_inet tcp 127.0.0.1:9000 CLOSE_WAIT 1101 remote=127.0.0.1:8080
add_inet udp 0.0.0.0:9000 UNCONNECTED 1102
add_fd 11 3 1101
add_fd 11 4 1102
add_process 12 Resolver 1 12
add_inet udp 127.0.0.1:53 UNCONNECTED 1201
add_inet udp '[::1]:53' UNCONNECTED 1202
add_inet udp 10.0.0.1:4001 ESTABLISHED 1203 remote=10.0.0.3:53
add_inet tcp '[::1]:53' LISTEN 1204
add_fd 12 12 1201
add_fd 12 13 1202
add_fd 12 14 1203
add_fd 12 15 1204
add_process 13 ping 1 13
add_inet raw 0.0.0.0:1 UNCONNECTED 1301
add_inet raw '[::]:58' UNCONNECTED 1302
add_fd 13 3 1301
add_fd 13 4 1302
add_process 14 db 1 14
add_unix 1401 STREAM LISTEN /run/db.sock
add_unix 1402 STREAM CONNECTED /run/db.sock
add_unix 1403 STREAM CONNECTED
add_unix 1404 DGRAM UNCONNECTED @log
add_inet tcp '[::ffff:10.0.0.1]:5432' ESTABLISHED 1405 remote='[::ffff:10.1.2.3]:6000'
add_fd 14 3 1401
add_fd 14 4 1402
add_fd 14 5 1403
add_fd 14 6 1404
add_fd 14 9 1405
# An fd of a kind that no table has.
add_fd 14 20 1420

# --- none ------------------------------------------------------------------

picks 'default_is_what_waits_for_others' <<EOF
1001
1002
1102
1201
1202
1204
EOF
picks 'default_with_unix_sockets' -U <<EOF
1401
1402
1403
1404
EOF

# --- -i --------------------------------------------------------------------

for spec in -i '-i -n' '-n -i' -iTCP,UDP,RAW -aiTCP,UDP,RAW; do
	# shellcheck disable=SC2086 # words
	picks "inet_all: $spec" $spec <<EOF
1001
1002
1003
1101
1102
1201
1202
1203
1204
1301
1302
1405
EOF
done
for spec in -iTCP -itcp '-i TCP' '-i tcp' -nPiTCP '-i:0-65535 -iTCP -a -iTcp -sTCP:LISTEN,ESTABLISHED,CLOSE_WAIT'; do
	# shellcheck disable=SC2086 # words
	picks "inet_tcp: $spec" $spec <<EOF
1001
1002
1003
1101
1204
1405
EOF
done
for spec in -iUDP '-i udp' -i4UDP\ -i6UDP; do
	# shellcheck disable=SC2086 # words
	picks "inet_udp: $spec" $spec <<EOF
1102
1201
1202
1203
EOF
done
picks 'inet_raw' -iraw <<EOF
1301
1302
EOF
for spec in -i4 '-i 4'; do
	# shellcheck disable=SC2086 # words
	picks "inet_family_4: $spec" $spec <<EOF
1001
1003
1101
1102
1201
1203
1301
EOF
done
for spec in -i6 '-i 6'; do
	# shellcheck disable=SC2086 # words
	picks "inet_family_6: $spec" $spec <<EOF
1002
1202
1204
1302
1405
EOF
done
picks 'inet_family_and_protocol' -i4TCP <<EOF
1001
1003
1101
EOF
picks 'inet_family_and_protocol_lower_case_next_word' -i 6udp <<EOF
1202
EOF
picks 'inet_repeated_is_alternatives' -i4UDP -i6TCP <<EOF
1002
1102
1201
1203
1204
1405
EOF
for spec in -i:53 '-i :53' -i53 '-i 53' -iTCP,UDP:53 -iTCP:53\ -iUDP:53; do
	# shellcheck disable=SC2086 # words
	picks "inet_port_of_either_end: $spec" $spec <<EOF
1201
1202
1203
1204
EOF
done
picks 'inet_port_of_one_protocol' -iTCP:53 <<EOF
1204
EOF
picks 'inet_port_remote_end' -iTCP:8080 <<EOF
1101
EOF
picks 'inet_port_list_and_range' -iTCP:53,79-81 <<EOF
1001
1002
1003
1204
EOF
picks 'inet_bare_port_list_and_range' -i 79-81,9000 <<EOF
1001
1002
1003
1101
1102
EOF
picks 'inet_family_and_port' -i6:53 <<EOF
1202
1204
EOF
picks 'inet_host_of_either_end' -i@10.0.0.2 <<EOF
1003
EOF
picks 'inet_host_next_word' -i @127.0.0.1 <<EOF
1101
1201
EOF
picks 'inet_host_does_not_mean_the_wildcard' -i@127.0.0.1:80 -i@127.0.0.1:53 -Q <<EOF
1201
EOF
picks 'inet_host_and_port_are_of_the_same_end' -i@10.0.0.2:4000 <<EOF
1003
EOF
finds_nothing 'inet_host_and_port_of_different_ends' -i@10.0.0.2:80
picks 'inet_protocol_host_port' -iUDP@127.0.0.1:53 <<EOF
1201
EOF
picks 'inet_host_list' -i@10.0.0.2,10.0.0.3 <<EOF
1003
1203
EOF
picks 'inet_prefix' -i@10.0.0.0/24 <<EOF
1003
1203
1405
EOF
picks 'inet_prefix_not_on_a_byte' -i@10.0.0.3/31 <<EOF
1003
1203
EOF
picks 'inet_prefix_and_port' -iTCP@10.0.0.0/8:80 <<EOF
1003
EOF
picks 'inet_prefix_matches_v4_mapped' -i@10.1.0.0/16 <<EOF
1405
EOF
picks 'inet_v6_host_in_brackets' '-i@[::1]' <<EOF
1202
1204
EOF
picks 'inet_v6_host_and_port' '-iTCP@[::1]:53' <<EOF
1204
EOF
picks 'inet_v6_prefix' '-i6@[::]/127' <<EOF
1002
1202
1204
1302
EOF
if has_service http 80/tcp && has_service domain 53/tcp && has_service domain 53/udp; then
	picks 'inet_service_name' -iTCP:http <<EOF
1001
1002
1003
EOF
	picks 'inet_bare_service_name' -i domain <<EOF
1201
1202
1203
1204
EOF
else
	skip 'inet_service_name' '/etc/services is missing or lacks http and domain'
fi
picks 'inet_takes_no_word_that_is_no_value' -Q -U -i /run/db.sock <<EOF
1401
EOF
finds_nothing 'inet_port_of_nobody' -i:1
picks 'inet_list_with_pids_means_the_local_end' -t -i:53 <<EOF
12
EOF
picks 'pids_of_a_cluster' -ti:9000 <<EOF
11
EOF
finds_nothing 'pids_of_a_port_spare_the_client' -ti:8080
picks 'pids_of_a_port_with_a_state_name_the_client' -ti:8080 -sCLOSE_WAIT <<EOF
11
EOF
picks 'pids_of_a_host_and_port_name_the_client' -ti@127.0.0.1:8080 <<EOF
11
EOF

# --- -s --------------------------------------------------------------------

for state in LISTEN listen Listening 'LISTEN ' TCP:LISTEN tcp:listen; do
	# shellcheck disable=SC2086 # "LISTEN " is another word without its blank
	picks "state_$state" -s $state <<EOF
1001
1002
1204
EOF
done
for state in CLOSE_WAIT close-wait CLOSE-WAIT; do
	picks "state_$state" -s$state <<EOF
1101
EOF
done
for state in ESTABLISHED estab TCP:ESTAB; do
	picks "state_$state" -iTCP -s$state <<EOF
1003
1405
EOF
done
picks 'state_with_protocol_selects_it' -sTCP:LISTEN,CLOSE_WAIT <<EOF
1001
1002
1101
1204
EOF
picks 'state_of_udp' -sUDP:UNCONNECTED <<EOF
1102
1201
1202
EOF
picks 'state_of_udp_connected' -iUDP -sESTABLISHED <<EOF
1203
EOF
picks 'states_of_two_protocols' -sTCP:LISTEN -sUDP:ESTABLISHED <<EOF
1001
1002
1203
1204
EOF
picks 'state_left_out' -iTCP -s^LISTEN,^CLOSE_WAIT <<EOF
1003
1405
EOF
picks 'state_left_out_keeps_other_protocols' -i4 -sTCP:^LISTEN,^CLOSE_WAIT -s^UNCONNECTED <<EOF
1003
1203
EOF
picks 'state_of_inet_leaves_no_udp' -i -sLISTEN <<EOF
1001
1002
1204
EOF
picks 'state_unix_listen' -U -sLISTEN <<EOF
1401
EOF
picks 'state_unix_connected' -U -s connected <<EOF
1402
1403
EOF
picks 'state_unix_unconnected' -U -sUNCONNECTED <<EOF
1404
EOF
picks 'state_unix_named' -sunix:LISTEN <<EOF
1401
EOF
picks 'state_of_both_kinds' -U -iTCP -sLISTEN <<EOF
1001
1002
1204
1401
EOF
finds_nothing 'state_nobody_is_in' -sFIN_WAIT2

# --- -U --------------------------------------------------------------------

picks 'unix_beside_inet_is_an_alternative' -U -iTCP:53 <<EOF
1204
1401
1402
1403
1404
EOF
picks 'inet_port_beside_unix' -i6UDP -U -sUNCONNECTED <<EOF
1202
1404
EOF

# --- processes -------------------------------------------------------------

picks 'pid_means_its_sockets_of_every_kind' -p 14 <<EOF
1401
1402
1403
1404
1405
1420
EOF
picks 'pid_list' -p11,13 <<EOF
1101
1102
1301
1302
EOF
picks 'pid_repeated' -p 11 -p 13 <<EOF
1101
1102
1301
1302
EOF
picks 'pid_left_out' -p^10,^12 <<EOF
1102
EOF
picks 'pid_and_inet' -p 10,12 -iTCP -sLISTEN <<EOF
1001
1002
1204
EOF
picks 'pid_and_unix' -U -p14 -sLISTEN <<EOF
1401
EOF
picks 'pgid_attached' -g10 -iTCP <<EOF
1001
1002
1003
1101
EOF
picks 'pgid_list' -g13,10 -iTCP,RAW -s^LISTEN <<EOF
1003
1101
1301
1302
EOF
picks 'pgid_left_out' -g^10,^12,^14 -i <<EOF
1301
1302
EOF
picks 'pgid_chooses_processes' -g13 <<EOF
1301
1302
EOF
picks 'command_is_a_prefix' -c nginx <<EOF
1001
1002
1003
1101
1102
EOF
picks 'command_whole' -cnginx- <<EOF
1101
1102
EOF
picks 'command_left_out' -iTCP -c ^nginx <<EOF
1204
1405
EOF
picks 'command_repeated' -cpi -cRes -i6 <<EOF
1202
1204
1302
EOF
picks 'command_regex' -c '/^(ping|db)$/' -i <<EOF
1301
1302
1405
EOF
picks 'command_regex_any_case' -c /RESOLV/i -iTCP <<EOF
1204
EOF
picks 'command_regex_extended' -c '/^pin+.?$/x' -iraw <<EOF
1301
1302
EOF
picks 'command_regex_left_out' -iTCP -c '^/nginx$/' <<EOF
1101
1204
1405
EOF
finds_nothing 'command_case_counts' -c NGINX
finds_nothing 'command_regex_case_counts' -c /NGINX/
picks 'fd' -d 15 <<EOF
1204
EOF
picks 'fd_list_and_range' -d 7-8,12,20 <<EOF
1002
1003
1201
1420
EOF
picks 'fd_left_out' -iTCP -d ^6,^7,^8 <<EOF
1101
1204
1405
EOF
picks 'fd_left_out_range' -iTCP -d ^5-9 <<EOF
1101
1204
EOF
picks 'user_by_number' -u "$uid" -iraw <<EOF
1301
1302
EOF
picks 'user_by_name' -u "$user" -iraw <<EOF
1301
1302
EOF
picks 'user_chooses_processes' -u "$uid" -p13 <<EOF
1301
1302
EOF
finds_nothing 'user_left_out' -i -u "^$uid"
finds_nothing 'user_left_out_by_name' -i -u "^$user"
finds_nothing 'user_of_no_process' -i -u 4000000000
picks 'user_list' -Q -i -u "4000000000,$uid" -c ping <<EOF
1301
1302
EOF

# --- together --------------------------------------------------------------

picks 'kinds_all_hold' -iTCP -sLISTEN -p 10,^11 -c nginx -d 6 -u "$uid" -g10 -a <<EOF
1001
EOF
finds_nothing 'kinds_all_hold_or_nothing' -iTCP -sLISTEN -p 11
picks 'and_is_accepted' -a -iUDP -c Resolver <<EOF
1201
1202
1203
EOF
picks 'target_and_pid' 53 -p 12 -iUDP <<EOF
1201
1202
EOF
picks 'all_means_every_socket' --all <<EOF
1001
1002
1003
1101
1102
1201
1202
1203
1204
1301
1302
1401
1402
1403
1404
1405
1420
EOF
picks 'all_with_a_selection' --all -iTCP -p14 <<EOF
1405
EOF
picks 'last_value_of_a_repeated_flag' -iTCP -K -Ki -c db <<EOF
1405
EOF

# --- UDP-Lite, and hosts by name -------------------------------------------

new_tree
add_process 10 server
add_inet udplite 0.0.0.0:80 UNCONNECTED 1001
add_inet udplite '[::]:80' UNCONNECTED 1002
add_inet udp 0.0.0.0:80 UNCONNECTED 1003
add_inet tcp 127.0.0.1:80 ESTABLISHED 1004 remote=127.0.0.1:81
add_fd 10 3 1001
add_fd 10 4 1002
add_fd 10 5 1003
add_fd 10 6 1004
picks 'inet_udplite' -iUdpLite <<EOF
1001
1002
EOF
picks 'inet_udplite_is_not_udp' -iUDP <<EOF
1003
EOF
picks 'inet_udplite_port' -i4UDPLITE:80 <<EOF
1001
EOF
if grep -q '^127\.0\.0\.1[[:space:]][[:space:]]*localhost' /etc/hosts 2>/dev/null; then
	picks 'inet_host_by_name' -i4@localhost:81 <<EOF
1004
EOF
else
	skip 'inet_host_by_name' '/etc/hosts lacks localhost'
fi
