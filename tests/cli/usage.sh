#!/bin/sh
# Command lines that are refused: two lines on stderr, exit status 2.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

new_tree
add_process 100 server
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_inet udp 0.0.0.0:53 UNCONNECTED 1002
add_unix 1003 STREAM LISTEN /run/x.sock
add_fd 100 3 1001
add_fd 100 4 1002
add_fd 100 5 1003

# --- targets ---------------------------------------------------------------

refuses 'port_above_65535' 99999 99999
refuses 'port_of_many_digits' 18446744073709551696 18446744073709551696
refuses 'port_below_0' -1 -- -1
refuses 'backward_range' 80-22 80-22
refuses 'range_without_end' 80- 80-
refuses 'range_of_three' 1-2-3 1-2-3
refuses 'range_above_65535' 80-70000 80-70000
refuses 'list_with_an_empty_element' 80,,81 80,,81
refuses 'list_that_ends_in_a_comma' 80, 80,
refuses 'unknown_service' nosuchservice nosuchservice
refuses 'unknown_service_of_a_protocol' tcp:nosuchservice tcp:nosuchservice
refuses 'unknown_service_in_a_list' 80,nosuchservice 80,nosuchservice
refuses 'empty_word' "''" ''
refuses 'empty_port' : :
refuses 'blank' ' ' ' '
refuses 'port_with_blanks' ' 80' ' 80'
refuses 'port_with_a_sign' +80 -- +80
refuses 'hexadecimal_port' 0x50 0x50
refuses 'fraction' 80.5 80.5
refuses 'protocol_without_port' tcp: tcp:
refuses 'two_protocols' tcp:80/udp tcp:80/udp
refuses 'host_without_port' 127.0.0.1: 127.0.0.1:
refuses 'v6_address_without_port' '[::1]' '[::1]'
refuses 'v6_address_without_brackets' ::1:80 ::1:80
refuses 'control_bytes_are_escaped' '^[[2J' "$(printf '\033[2J')"
refuses 'abstract_name_too_long' @ "@$(printf '%0120d' 0)"
refuses 'abstract_name_with_unknown_escape' @ '@a\q'
refuses 'one_bad_target_among_good_ones' 99999 80 99999 53
nines=$(printf '%0100000d' 0 | tr 0 9)
refuses 'argument_of_100_kb' 99999 "$nines"
refuses 'port_list_of_100_kb' '' "$(printf '%0100000d' 0),nosuchservice"
refuses 'name_of_100_kb' '' "$(printf '%0100000d' 1 | tr 01 ab)"
refuses 'path_of_100_kb' '' "/$(printf '%0100000d' 1)"
refuses 'value_of_100_kb' '-p 99999' -p "$nines"
refuses 'option_of_100_kb' '' "--$(printf '%0100000d' 1)"
# A name longer than any host's: nobody is asked for it.
long_host=$(printf '%0300d' 1 | tr 01 ab)
refuses 'unknown_host' aaaa "$long_host:80"
refuses 'inet_unknown_host' @aaaa "-i@$long_host:80"
refuses 'host_of_100_kb' '' "$(printf '%0100000d' 1 | tr 01 ab):80"

# --- values ----------------------------------------------------------------

refuses 'inet_unknown_protocol' tcq -i tcq
refuses 'inet_unknown_protocol_attached' tcq -itcq
refuses 'inet_unknown_protocol_with_port' tcq:80 -itcq:80
refuses 'inet_prefix_too_long' @10.0.0.0/33 -i@10.0.0.0/33
refuses 'inet_v6_prefix_too_long' /129 '-i@[::1]/129'
refuses 'inet_port_above_65535' 99999 -i:99999
refuses 'inet_backward_range' 80-22 -i:80-22
refuses 'inet_empty_port' TCP: -iTCP:
refuses 'inet_raw_has_no_ports' RAW:80 -iRAW:80
refuses 'inet_comma_at_the_end' TCP, -iTCP,
refuses 'inet_empty_host' @ -i@
refuses 'inet_two_families' 46 -i46tcp
refuses 'unknown_state' FOO -s FOO
refuses 'unknown_state_attached' FOO -sFOO
refuses 'unknown_state_of_a_protocol' TCP:FOO -sTCP:FOO
refuses 'state_of_unknown_protocol' tcq -stcq:LISTEN
refuses 'empty_state' -s -s ''
refuses 'empty_element_of_states' LISTEN, -sLISTEN,
refuses 'pid_is_no_number' '-p x' -p x
refuses 'pid_empty' -p -p ''
refuses 'pid_empty_element' 5, -p 5,
refuses 'pid_above_all_pids' 99999999999 -p 99999999999
refuses 'pid_left_out_is_no_number' ^x -p ^x
refuses 'pid_left_out_is_empty' ^ -p ^
refuses 'pid_below_0' -5 -p -5
refuses 'user_unknown' nosuchuser -u nosuchuser
refuses 'user_unknown_left_out' nosuchuser -u ^nosuchuser
refuses 'user_empty' -u -u ''
refuses 'command_empty' -c -c ''
refuses 'command_regex_left_open' /a -c /a
refuses 'command_regex_bad' '/(/' -c '/(/'
refuses 'command_regex_unknown_letter' /a/q -c /a/q
refuses 'fd_is_no_number' '-d x' -d x
refuses 'fd_backward_range' 5-3 -d 5-3
refuses 'fd_open_range' 5- -d 5-
refuses 'fd_empty' -d -d ''
refuses 'columns_unknown' NOSUCH -o NOSUCH
refuses 'columns_empty' -o -o ''
refuses 'columns_empty_element' -o -o PID,
refuses 'colour_unknown' sometimes --color=sometimes
refuses 'colour_empty' --color --color=
refuses 'netns_empty' -N -N ''
refuses 'netns_empty_attached' -N --netns=
refuses 'source_unknown' --source=x --source=x
refuses 'source_unknown_next_word' --source=x --source x
refuses 'source_in_upper_case' --source=PROC --source=PROC
refuses 'source_empty' --source --source=
refuses 'scan_unknown' --scan=x --scan=x
refuses 'scan_unknown_next_word' --scan=x --scan x
refuses 'scan_in_upper_case' --scan=BPF --scan=BPF
refuses 'scan_empty' --scan --scan=
refuses 'scan_unknown_before_a_good_one' --scan=x --scan=x --scan=proc 80
refuses 'scan_of_100_kb' --scan=99999 --scan="$nines"
refuses 'width_is_no_number' wide +c wide
refuses 'width_below_0' -1 +c -1

# --- options ---------------------------------------------------------------

refuses 'option_unknown' -y -y
refuses 'option_unknown_in_a_cluster' y -nPy
refuses 'option_unknown_plus' +y +y
refuses 'option_unknown_long' --nosuch --nosuch
refuses 'option_unknown_long_with_value' --nosuch --nosuch=1
refuses 'option_abbreviated' --colum --colum=PID
refuses 'option_takes_no_value' --no-header --no-header=1
refuses 'stats_takes_no_value' --stats --stats=1
for option in -s -p -u -c -d -o -N --columns --color --netns --proc --source --scan +c; do
	refuses "value_missing: $option" "$option" "$option"
done
refuses 'value_missing_in_a_cluster' -s -nPs
for option in +D +d +L -x; do
	ask "$option" /tmp
	{
		is_refusal "$option"
		grep -q 'file' "$tmp/err" || {
			echo 'the message does not say that it is about files'
			cat "$tmp/err"
		}
	} >"$tmp/wrong"
	report "lsof_option_about_files_is_named_as_such: $option"
done
refuses 'proc_that_is_missing' /nonexistent --proc /nonexistent
refuses 'proc_that_is_no_directory' "$tree/stat" --proc "$tree/stat"
refuses 'proc_empty' '' --proc ''

# --- the environment -------------------------------------------------------

export WHOPORT_SCAN
for WHOPORT_SCAN in x PROC 'proc ' proc,bpf 0; do
	refuses "environment_has_no_such_scanner: '$WHOPORT_SCAN'" "WHOPORT_SCAN $WHOPORT_SCAN" 80
done
WHOPORT_SCAN=$nines
refuses 'environment_of_100_kb' 'WHOPORT_SCAN 99999' 80
WHOPORT_SCAN=$(printf '\033[2J')
refuses 'environment_with_control_bytes' 'WHOPORT_SCAN ^[[2J' 80
unset WHOPORT_SCAN

# --- selections that can never match ---------------------------------------

refuses 'target_of_another_protocol' tcp:53 tcp:53 -iUDP
refuses 'target_of_another_protocol_among_good_ones' tcp:53 80 tcp:53 -iUDP
refuses 'unix_target_and_inet' /run/x.sock /run/x.sock -iTCP
refuses 'abstract_target_and_inet' @name @name -i
refuses 'port_target_and_unix' 80 80 -U
refuses 'v6_target_and_ipv4' '[::1]:80' '[::1]:80' -i4
refuses 'target_and_state_of_another_protocol' 80/udp 80/udp -sLISTEN
refuses 'target_and_protocol_of_a_state' tcp:80 tcp:80 -sUDP:UNCONNECTED
refuses 'target_and_raw' 80 80 -iRAW
refuses 'state_and_protocol' selection -iUDP -sLISTEN
refuses 'state_and_protocol_of_a_state' selection -iTCP -sUDP:UNCONNECTED
refuses 'state_that_a_protocol_does_not_know' selection -sUDP:LISTEN
refuses 'state_and_unix' selection -U -sTIME_WAIT
refuses 'state_asked_for_and_left_out' selection -sLISTEN,^LISTEN
refuses 'state_asked_for_and_left_out_apart' selection -sLISTEN -s ^LISTEN
refuses 'pid_asked_for_and_left_out' selection -p 5,^5
refuses 'pid_asked_for_and_left_out_apart' selection -p 5 -p ^5
refuses 'pgid_asked_for_and_left_out' selection -g5,^5
refuses 'user_asked_for_and_left_out' selection -u "$uid,^$uid"
refuses 'user_asked_for_and_left_out_by_name' selection -u "$uid" -u "^$user"
refuses 'fd_asked_for_and_left_out' selection -d 3,^1-5
refuses 'command_asked_for_and_left_out' selection -c server -c ^server
refuses 'command_asked_for_and_left_out_by_prefix' selection -c server -c ^serv

# --- -t, -k and --close need something ----------------------------------------------

for selection in '' '-c server' "-u $uid" -sLISTEN --all '-d 3' -g100 '-p ^5' -Q; do
	# shellcheck disable=SC2086 # words
	refuses "pids_without_target: $selection" -t -t $selection
	# shellcheck disable=SC2086 # words
	refuses "kill_without_target: $selection" -k -k $selection
	# shellcheck disable=SC2086 # words
	refuses "close_without_target: $selection" --close --close $selection
done
refuses 'kill_with_signal_without_target' -k -kKILL
refuses 'kill_long_without_target' -k --kill
refuses 'pids_of_an_empty_variable' "''" -t ''
refuses 'kill_of_an_empty_variable' "''" -k ''
refuses 'close_of_an_empty_variable' "''" --close ''
refuses 'wait_of_an_empty_variable' "''" --wait=free ''
