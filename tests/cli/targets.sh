#!/bin/sh
# What the words of the command line select: ports, addresses, unix names.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# rows NAME STATUS ARG...: short rows.
rows() {
	name=$1 wanted=$2
	shift 2
	expect "$name" "$wanted" --no-header -o PID,FD,NODE,NAME "$@"
}

new_tree
add_process 100 nginx
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_inet tcp '[::]:80' LISTEN 1002
add_fd 100 6 1001
add_fd 100 7 1002
add_process 101 worker 100
add_inet tcp 127.0.0.1:80 ESTABLISHED 1003 remote=127.0.0.1:5000
add_fd 101 8 1003
add_process 200 dnsmasq
add_inet udp 0.0.0.0:53 UNCONNECTED 1101
add_inet udp '[::]:53' UNCONNECTED 1102
add_inet tcp 0.0.0.0:53 LISTEN 1103
add_fd 200 4 1101
add_fd 200 5 1102
add_fd 200 6 1103
add_process 300 curl
add_inet tcp 127.0.0.1:5000 ESTABLISHED 1201 remote=127.0.0.1:80
add_inet udp 10.0.0.1:4000 ESTABLISHED 1202 remote=10.0.0.2:53
add_inet tcp 10.0.0.1:7000 ESTABLISHED 1203 remote=10.0.0.2:443
add_inet udp 0.0.0.0:7000 UNCONNECTED 1204
add_fd 300 3 1201
add_fd 300 4 1202
add_fd 300 5 1203
add_fd 300 6 1204
add_process 400 app
add_inet tcp 127.0.0.1:8080 LISTEN 1301
add_inet tcp 127.0.0.2:8080 LISTEN 1302
add_inet tcp '[::1]:8080' LISTEN 1303
add_inet tcp '[::ffff:127.0.0.1]:8081' LISTEN 1304
add_inet tcp '[fe80::1:2]:8082' LISTEN 1305
add_fd 400 3 1301
add_fd 400 4 1302
add_fd 400 5 1303
add_fd 400 6 1304
add_fd 400 7 1305

# --- ports -----------------------------------------------------------------

for target in 80 :80 80,80 tcp:80 80/tcp TCP:80 79-81; do
	rows "target_${target}_selects_holders_only" 0 "$target" <<EOF
100 6u TCP *:80 (LISTEN)
100 7u TCP *:80 (LISTEN)
EOF
done
rows 'source_port_is_the_answer_when_nobody_holds_it' 0 5000 <<EOF
300 3u TCP 127.0.0.1:5000->127.0.0.1:80 (ESTABLISHED)
EOF
rows 'holder_of_one_protocol_does_not_hide_leftovers_of_another' 0 7000 <<EOF
300 5u TCP 10.0.0.1:7000->10.0.0.2:443 (ESTABLISHED)
300 6u UDP *:7000
EOF
rows 'connected_udp_holds_its_port' 0 4000 <<EOF
300 4u UDP 10.0.0.1:4000->10.0.0.2:53
EOF
rows 'remote_port_is_no_target' 1 443 </dev/null
rows 'list_and_range_in_one_word' 0 53,8000-8080 <<EOF
200 4u UDP *:53
200 5u UDP *:53
200 6u TCP *:53 (LISTEN)
400 3u TCP 127.0.0.1:8080 (LISTEN)
400 4u TCP 127.0.0.2:8080 (LISTEN)
400 5u TCP [::1]:8080 (LISTEN)
EOF
rows 'words_are_alternatives' 0 :80 53/tcp <<EOF
100 6u TCP *:80 (LISTEN)
100 7u TCP *:80 (LISTEN)
200 6u TCP *:53 (LISTEN)
EOF
rows 'every_port_there_can_be' 0 8081-65535 <<EOF
400 6u TCP 127.0.0.1:8081 (LISTEN)
400 7u TCP [fe80::1:2]:8082 (LISTEN)
EOF
rows 'port_0_is_a_port' 1 0 </dev/null
rows 'words_behind_two_dashes_are_targets' 0 -- 8081 <<EOF
400 6u TCP 127.0.0.1:8081 (LISTEN)
EOF
for target in udp:53 53/udp UDP:53; do
	rows "target_${target}_means_one_protocol" 0 "$target" <<EOF
200 4u UDP *:53
200 5u UDP *:53
EOF
done
rows 'protocol_goes_before_a_list' 0 tcp:53,8081 <<EOF
200 6u TCP *:53 (LISTEN)
400 6u TCP 127.0.0.1:8081 (LISTEN)
EOF

# A range asks for each of its ports by itself.
new_tree
add_process 100 server
add_inet tcp 0.0.0.0:8000 LISTEN 1001
add_inet tcp 127.0.0.1:8001 ESTABLISHED 1002 remote=127.0.0.1:80
add_fd 100 3 1001
add_fd 100 4 1002
rows 'elements_of_a_list_find_leftovers_by_themselves' 0 8000,8001 <<EOF
100 3u TCP *:8000 (LISTEN)
100 4u TCP 127.0.0.1:8001->127.0.0.1:80 (ESTABLISHED)
EOF
tree=$tmp/proc1

# --- names of /etc/services ------------------------------------------------

if has_service http 80/tcp && has_service domain 53/tcp && has_service domain 53/udp; then
	for target in http :http tcp:http HTTP http/tcp; do
		rows "service_name_${target}" 0 "$target" <<EOF
100 6u TCP *:80 (LISTEN)
100 7u TCP *:80 (LISTEN)
EOF
	done
	rows 'service_name_of_one_protocol' 0 tcp:domain <<EOF
200 6u TCP *:53 (LISTEN)
EOF
	rows 'service_names_in_a_list' 0 udp:domain,http <<EOF
200 4u UDP *:53
200 5u UDP *:53
EOF
else
	skip 'service_names' '/etc/services is missing or lacks http and domain'
fi

# --- addresses -------------------------------------------------------------

rows 'address_conflicts_with_itself' 0 127.0.0.1:8080 <<EOF
400 3u TCP 127.0.0.1:8080 (LISTEN)
EOF
rows 'address_conflicts_with_wildcards_of_both_families' 0 127.0.0.3:80 <<EOF
100 6u TCP *:80 (LISTEN)
100 7u TCP *:80 (LISTEN)
EOF
rows 'ipv6_address_conflicts_with_its_wildcard_only' 0 '[::1]:80' <<EOF
100 7u TCP *:80 (LISTEN)
EOF
rows 'ipv6_address_conflicts_with_itself' 0 '[::1]:8080' <<EOF
400 5u TCP [::1]:8080 (LISTEN)
EOF
rows 'ipv4_wildcard_conflicts_with_every_ipv4_address' 0 0.0.0.0:8080 <<EOF
400 3u TCP 127.0.0.1:8080 (LISTEN)
400 4u TCP 127.0.0.2:8080 (LISTEN)
EOF
rows 'ipv6_wildcard_conflicts_with_every_address' 0 '[::]:8080' <<EOF
400 3u TCP 127.0.0.1:8080 (LISTEN)
400 4u TCP 127.0.0.2:8080 (LISTEN)
400 5u TCP [::1]:8080 (LISTEN)
EOF
rows 'v4_mapped_socket_holds_the_ipv4_address' 0 127.0.0.1:8081 <<EOF
400 6u TCP 127.0.0.1:8081 (LISTEN)
EOF
rows 'ipv4_wildcard_conflicts_with_a_v4_mapped_socket' 0 0.0.0.0:8081 <<EOF
400 6u TCP 127.0.0.1:8081 (LISTEN)
EOF
rows 'v4_mapped_target_means_the_ipv4_address' 0 '[::ffff:127.0.0.1]:8080' <<EOF
400 3u TCP 127.0.0.1:8080 (LISTEN)
EOF
rows 'address_of_nobody' 1 127.0.0.9:8080 </dev/null
rows 'address_with_a_port_list' 0 127.0.0.1:8080,8081 <<EOF
400 3u TCP 127.0.0.1:8080 (LISTEN)
400 6u TCP 127.0.0.1:8081 (LISTEN)
EOF
rows 'ipv6_address_in_another_spelling' 0 '[FE80:0::1:2]:8082' <<EOF
400 7u TCP [fe80::1:2]:8082 (LISTEN)
EOF
# What conflicts is decided among the sockets at that address.
rows 'leftovers_at_an_address_without_holder' 0 10.0.0.1:7000/tcp <<EOF
300 5u TCP 10.0.0.1:7000->10.0.0.2:443 (ESTABLISHED)
EOF
if grep -q '^127\.0\.0\.1[[:space:]].*localhost' /etc/hosts 2>/dev/null; then
	ask --no-header -o PID,FD,NAME localhost:8080
	verify 'localhost_means_127.0.0.1' grep -qx '400 3u 127.0.0.1:8080 (LISTEN)' "$tmp/out"
	verify 'localhost_leaves_out_other_addresses' lacks '127\.0\.0\.2' "$tmp/out"
else
	skip 'localhost_means_127.0.0.1' '/etc/hosts lacks localhost'
fi

# --- with selections -------------------------------------------------------

rows 'holders_are_decided_before_a_process_is_chosen' 1 80 -p 101 </dev/null
rows 'holders_are_decided_before_a_command_is_chosen' 1 80 -c worker </dev/null
rows 'target_with_a_state_means_that_state' 0 80 -sESTABLISHED <<EOF
101 8u TCP 127.0.0.1:80->127.0.0.1:5000 (ESTABLISHED)
EOF
rows 'target_with_excluded_state_means_every_other' 0 80 -s^LISTEN <<EOF
101 8u TCP 127.0.0.1:80->127.0.0.1:5000 (ESTABLISHED)
EOF
rows 'target_with_all_means_every_state' 0 --all 80 <<EOF
100 6u TCP *:80 (LISTEN)
100 7u TCP *:80 (LISTEN)
101 8u TCP 127.0.0.1:80->127.0.0.1:5000 (ESTABLISHED)
EOF
rows 'target_is_narrowed_by_family' 0 80 -i6 <<EOF
100 7u TCP *:80 (LISTEN)
EOF
rows 'target_is_narrowed_by_protocol' 0 53 -iTCP <<EOF
200 6u TCP *:53 (LISTEN)
EOF

# --- unix sockets ----------------------------------------------------------

new_tree
mkdir "$tmp/run"
: >"$tmp/run/x.sock"
ln -s run "$tmp/link"
add_process 500 db
add_unix 2001 STREAM LISTEN "$tmp/run/x.sock"
add_unix 2002 STREAM CONNECTED "$tmp/run/x.sock"
add_unix 2003 DGRAM UNCONNECTED "$tmp/run/log sock:1"
add_unix 2004 STREAM LISTEN @abstract
add_unix 2005 SEQPACKET LISTEN @a@b
add_unix 2006 STREAM LISTEN relative.sock
add_unix 2007 STREAM CONNECTED "$tmp/run/alone"
add_unix 2008 STREAM CONNECTED
for fd in 1 2 3 4 5 6 7 8; do
	add_fd 500 "$fd" "200$fd"
done

rows 'unix_socket_by_path' 0 "$tmp/run/x.sock" <<EOF
500 1u 2001 $tmp/run/x.sock type=STREAM (LISTEN)
EOF
rows 'unix_path_through_a_symbolic_link' 0 "$tmp/link/x.sock" <<EOF
500 1u 2001 $tmp/run/x.sock type=STREAM (LISTEN)
EOF
rows 'unix_path_with_blank_and_colon' 0 "$tmp/run/log sock:1" <<EOF
500 3u 2003 $tmp/run/log sock:1 type=DGRAM (UNCONNECTED)
EOF
rows 'unix_path_with_all' 0 --all "$tmp/run/x.sock" <<EOF
500 1u 2001 $tmp/run/x.sock type=STREAM (LISTEN)
500 2u 2002 $tmp/run/x.sock type=STREAM (CONNECTED)
EOF
rows 'unix_path_of_a_connection_without_listener' 0 "$tmp/run/alone" <<EOF
500 7u 2007 $tmp/run/alone type=STREAM (CONNECTED)
EOF
rows 'unix_path_is_no_prefix' 1 "$tmp/run/x.soc" </dev/null
cd "$tmp/run" || exit 1
rows 'unix_path_below_the_working_directory' 0 ./x.sock <<EOF
500 1u 2001 $tmp/run/x.sock type=STREAM (LISTEN)
EOF
rows 'unix_path_beside_the_working_directory' 0 ../run/x.sock <<EOF
500 1u 2001 $tmp/run/x.sock type=STREAM (LISTEN)
EOF
rows 'unix_socket_bound_by_a_relative_name' 0 ./relative.sock <<EOF
500 6u 2006 relative.sock type=STREAM (LISTEN)
EOF
cd / || exit 1
rows 'abstract_name' 0 @abstract <<EOF
500 4u 2004 @abstract type=STREAM (LISTEN)
EOF
rows 'abstract_name_with_nul' 0 '@a\0b' <<EOF
500 5u 2005 @a@b type=SEQPACKET (LISTEN)
EOF
rows 'abstract_name_is_no_prefix' 1 @abstrac </dev/null
rows 'abstract_name_is_no_path' 1 /abstract </dev/null
rows 'unix_and_port_targets_are_alternatives' 1 @abstract 80 <<EOF
500 4u 2004 @abstract type=STREAM (LISTEN)
EOF

# --- many ------------------------------------------------------------------

tree=$tmp/proc1
many=$(awk 'BEGIN { for (i = 1; i <= 10000; i++) print i }')
# shellcheck disable=SC2086 # 10,000 words
rows 'ten_thousand_targets' 0 -Q -iTCP -sLISTEN $many <<EOF
100 6u TCP *:80 (LISTEN)
100 7u TCP *:80 (LISTEN)
200 6u TCP *:53 (LISTEN)
400 3u TCP 127.0.0.1:8080 (LISTEN)
400 4u TCP 127.0.0.2:8080 (LISTEN)
400 5u TCP [::1]:8080 (LISTEN)
400 6u TCP 127.0.0.1:8081 (LISTEN)
400 7u TCP [fe80::1:2]:8082 (LISTEN)
EOF
list=$(echo "$many" | tr '\n' ',')
rows 'ten_thousand_ports_in_one_word' 0 "${list%,}/tcp" -i6 <<EOF
100 7u TCP *:80 (LISTEN)
400 5u TCP [::1]:8080 (LISTEN)
400 6u TCP 127.0.0.1:8081 (LISTEN)
400 7u TCP [fe80::1:2]:8082 (LISTEN)
EOF
