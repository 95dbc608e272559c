#!/bin/sh
# Exit statuses: 0 every item was found, 1 one was not, 2 no answer.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

new_tree
add_process 100 server
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_inet udp 0.0.0.0:53 UNCONNECTED 1002
add_inet tcp 10.0.0.1:9000 TIME_WAIT 0 remote=10.0.0.2:4000 timer=3:41 uid=0
add_inet tcp 10.0.0.1:9001 LAST_ACK 0 remote=10.0.0.2:4000 timer=1:1
add_unix 1003 STREAM LISTEN /run/x.sock
add_fd 100 3 1001
add_fd 100 4 1002
add_fd 100 5 1003
add_process 101 idle

# exits NAME STATUS ARG...: status alone, and nothing on stderr.
exits() {
	name=$1 wanted=$2
	shift 2
	ask "$@"
	{
		[ "$status" = "$wanted" ] || echo "whoport $*: exit status $status, expected $wanted"
		cat "$tmp/err"
	} >"$tmp/wrong"
	report "$name"
}

# --- rows ------------------------------------------------------------------

exits 'listing' 0
exits 'found' 0 80
exits 'every_item_found' 0 80 53/udp /run/x.sock
exits 'one_item_missing' 1 80 81
exits 'unix_item_missing' 1 80 /run/y.sock
exits 'nothing_found' 1 81
exits 'missing_is_fine_with_rows' 0 -Q 80 81
exits 'missing_is_fine_without_rows' 0 -Q 81
exits 'one_word_is_one_item' 0 80,81
exits 'a_range_is_one_item' 0 79-90
exits 'same_item_twice' 0 80 80
exits 'time_wait_is_found' 0 -w 9000
exits 'item_of_a_narrower_selection_missing' 1 80 53 -iTCP
exits 'inet_found' 0 -i:80
exits 'inet_list_found' 0 -i :80,53
exits 'inet_list_element_missing' 1 -i :80,81
exits 'inet_list_element_missing_next_word' 1 -i 80,81
exits 'inet_range_is_one_element' 0 -i:79-90
exits 'inet_one_of_two_missing' 1 -i:80 -i:81
exits 'inet_nothing_found' 1 -i:81
exits 'inet_missing_is_fine' 0 -Q -i :80,81
exits 'unix_found' 0 -U
exits 'unix_nothing_found' 1 -U -sCONNECTED
exits 'pid_found' 0 -p 100
exits 'pid_list_element_missing' 1 -p 100,4711
exits 'pid_without_sockets_is_missing' 1 -p 100,101
exits 'pid_left_out_is_no_item' 0 -p 100,^4711
exits 'user_list_found' 0 -u "$uid"
exits 'user_list_element_missing' 1 -u "$uid,4000000000"
exits 'command_one_of_two_missing' 1 -c server -c other
exits 'command_left_out_is_no_item' 0 -c server -c ^other
exits 'pgid_list_element_missing' 1 -g100,4711
exits 'fd_list_found' 0 -d 3,4
exits 'fd_list_element_missing' 1 -d 3,9
exits 'state_is_no_item' 0 -sLISTEN,TIME_WAIT,SYN_SENT
exits 'missing_is_fine_in_lists' 0 -Q -p 100,4711 -c server -c other -d 3,9

# --- what was not found, said ----------------------------------------------

expect 'verbose_says_nothing_if_all_is_found' 0 -V --no-header -o PID 80 <<EOF
100
EOF
expect 'verbose_names_each_missing_target' 1 -V --no-header -o PID 80 81 /run/y.sock <<EOF
100
! whoport: 81: not found
! whoport: /run/y.sock: not found
EOF
expect 'verbose_names_the_missing_pid' 1 -V --no-header -o PID,FD -p 4711,100,4712 -iTCP <<EOF
100 3u
! whoport: -p 4711: not found
! whoport: -p 4712: not found
EOF
expect 'verbose_names_a_missing_command' 1 -V -c other <<EOF
! whoport: -c other: not found
EOF
expect 'verbose_with_missing_is_fine' 0 -V -Q 81 <<EOF
! whoport: 81: not found
EOF
ask -V -i :80,81
verify 'verbose_names_a_missing_inet_port' grep -q '81.*: not found$' "$tmp/err"
verify 'verbose_does_not_name_a_found_inet_port' lacks 80 "$tmp/err"

# --- -t --------------------------------------------------------------------

exits 'pids_found' 0 -t 80
exits 'pids_found_beside_a_missing_item' 0 -t 80 81
exits 'pids_of_nothing' 1 -t 81
exits 'pids_of_time_wait' 1 -w -t 9000
exits 'pids_of_an_orphan' 1 -w -t 9001
exits 'pids_of_time_wait_beside_a_holder' 0 -w -t 9000 80
exits 'pids_of_inet' 0 -ti:80
exits 'pids_of_a_process' 0 -t -p 100
exits 'pids_of_a_process_without_sockets' 1 -t -p 101
expect_nothing 'pids_of_nothing_print_nothing' 1 -t 81
expect_nothing 'pids_of_time_wait_print_nothing' 1 -w -t 9000

# --- no answer -------------------------------------------------------------

# fails NAME OBJECT ARG...: one line on stderr, nothing else.
fails() {
	name=$1 object=$2
	shift 2
	ask "$@"
	{
		[ "$status" = 2 ] || echo "exit status $status"
		[ ! -s "$tmp/out" ] || echo 'stdout is not empty'
		[ "$(wc -l <"$tmp/err")" -eq 1 ] || echo 'stderr has not one line'
		case $(cat "$tmp/err") in
		whoport:\ *"$object"*:\ ?*) ;;
		*) echo "stderr does not name $object" ;;
		esac
	} >"$tmp/wrong"
	[ ! -s "$tmp/wrong" ] || cat "$tmp/err" >>"$tmp/wrong"
	report "$name"
}
good_tree=$tree
new_tree
rm -r "$tree/net"
fails 'tree_without_net' net 80
new_tree
rm "$tree"/net/*
fails 'tree_without_tables' net 80
new_tree
rm "$tree/net/tcp"
mkdir "$tree/net/tcp"
fails 'table_that_is_no_file' tcp 80
new_tree
add_inet tcp 0.0.0.0:80 LISTEN 1001
chmod 000 "$tree/net/tcp6"
unreadable_tree=$tree
tree=$good_tree
if become_ordinary; then
	tree=$unreadable_tree
	fails 'table_that_cannot_be_read' tcp6 80
	fails 'table_that_cannot_be_read_for_pids' tcp6 -t 80
	exits 'table_that_is_not_asked_for' 1 53/udp
else
	skip 'table_that_cannot_be_read' "$why_not"
fi
