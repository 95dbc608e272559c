#!/bin/sh
# Sockets without a holder: the reason in NAME, the notes on stderr, one of which says
# what bind() would meet.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# names NAME STATUS ARG...: PID and NAME of each row.
names() {
	name=$1 wanted=$2
	shift 2
	expect "$name" "$wanted" --no-header -o COMMAND,PID,NAME "$@"
}

# --- what the kernel keeps -------------------------------------------------

new_tree
add_process 100 server
add_inet tcp 127.0.0.1:22 LISTEN 1001
add_fd 100 3 1001
add_inet tcp 10.0.0.1:9000 TIME_WAIT 0 remote=10.0.0.2:4000 timer=3:41 uid=0
add_inet tcp 10.0.0.1:9001 FIN_WAIT2 0 remote=10.0.0.2:4001 timer=3:5 uid=0
add_inet tcp 10.0.0.1:9002 FIN_WAIT1 0 remote=10.0.0.2:4002 timer=4:9
add_inet tcp 10.0.0.1:9003 LAST_ACK 0 remote=10.0.0.2:4003 timer=1:2
add_inet tcp '[::1]:9004' CLOSING 0 remote='[::1]:4004' timer=1:2
add_inet tcp '[::ffff:10.0.0.1]:9005' TIME_WAIT 0 remote='[::ffff:10.0.0.2]:4005' timer=3:60 uid=0
add_inet tcp 127.0.0.1:22 TIME_WAIT 0 remote=127.0.0.1:4006 timer=3:1 uid=0

names 'time_wait_tells_the_seconds_left' 0 9000 <<EOF
- - 10.0.0.1:9000->10.0.0.2:4000 (TIME_WAIT) [time-wait: 41 s]
! whoport: bind() to 9000/tcp as $user works only with SO_REUSEADDR, if what is there has it set, too: TIME_WAIT for 41 s, left by a connection with 10.0.0.2:4000
EOF
names 'time_wait_in_the_v6_table' 0 9005 <<EOF
- - 10.0.0.1:9005->10.0.0.2:4005 (TIME_WAIT) [time-wait: 60 s]
! whoport: bind() to 9005/tcp as $user works only with SO_REUSEADDR, if what is there has it set, too: TIME_WAIT for 60 s, left by a connection with 10.0.0.2:4005
EOF
names 'fin_wait2_remainder_is_a_time_wait' 0 9001 <<EOF
- - 10.0.0.1:9001->10.0.0.2:4001 (FIN_WAIT2) [time-wait: 5 s]
! whoport: bind() to 9001/tcp as $user works only with SO_REUSEADDR, if what is there has it set, too: FIN_WAIT2 for 5 s, left by a connection with 10.0.0.2:4001
EOF
names 'orphan_fin_wait1' 0 9002 <<EOF
- - 10.0.0.1:9002->10.0.0.2:4002 (FIN_WAIT1) [orphan]
! whoport: bind() to 9002/tcp as $user works only with SO_REUSEADDR, if what is there has it set, too: a closed connection to 10.0.0.2:4002 has data that was not taken yet (FIN_WAIT1)
EOF
names 'orphan_last_ack' 0 9003 <<EOF
- - 10.0.0.1:9003->10.0.0.2:4003 (LAST_ACK) [orphan]
! whoport: bind() to 9003/tcp as $user works only with SO_REUSEADDR, if what is there has it set, too: a closed connection to 10.0.0.2:4003 has data that was not taken yet (LAST_ACK)
EOF
names 'orphan_closing' 0 9004 <<EOF
- - [::1]:9004->[::1]:4004 (CLOSING) [orphan]
! whoport: bind() to 9004/tcp as $user works only with SO_REUSEADDR, if what is there has it set, too: a closed connection to [::1]:4004 has data that was not taken yet (CLOSING)
EOF
names 'listener_hides_time_wait_on_its_port' 0 22 <<EOF
server 100 127.0.0.1:22 (LISTEN)
EOF
names 'selected_state_shows_time_wait' 0 -sTIME_WAIT <<EOF
- - 127.0.0.1:22->127.0.0.1:4006 (TIME_WAIT) [time-wait: 1 s]
- - 10.0.0.1:9000->10.0.0.2:4000 (TIME_WAIT) [time-wait: 41 s]
- - 10.0.0.1:9005->10.0.0.2:4005 (TIME_WAIT) [time-wait: 60 s]
EOF
for words in '-sTIME_WAIT 9000' '-i4 9000' '-w 9000'; do
	# shellcheck disable=SC2086 # words
	names "note_of_bind_is_for_ports_alone: $words" 0 $words <<EOF
- - 10.0.0.1:9000->10.0.0.2:4000 (TIME_WAIT) [time-wait: 41 s]
EOF
done
expect 'time_wait_has_no_owner' 0 -o USER,UID,REASON -sFIN_WAIT2 <<EOF
USER UID REASON
   -   - time-wait: 5 s
EOF
expect_nothing 'chosen_processes_have_no_remainders' 1 9000 -c server
expect_nothing 'chosen_descriptors_have_no_remainders' 1 9000 -d 3

# --- connections in an accept queue ----------------------------------------

new_tree
add_process 811 nginx
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_inet tcp 10.0.0.1:80 ESTABLISHED 0 remote=10.0.0.2:4000
add_inet tcp 10.0.0.1:80 SYN_RECV 0 remote=10.0.0.2:4001
add_inet tcp 10.0.0.1:80 CLOSE_WAIT 0 remote=10.0.0.2:4002
add_fd 811 6 1001
add_process 812 exact
add_inet tcp 10.0.0.1:81 LISTEN 1002
add_inet tcp 10.0.0.1:81 ESTABLISHED 0 remote=10.0.0.2:4003
add_inet tcp 10.0.0.9:81 ESTABLISHED 0 remote=10.0.0.2:4004
add_fd 812 6 1002
add_process 813 wildcard
add_inet tcp 0.0.0.0:81 LISTEN 1003
add_fd 813 6 1003
add_process 814 dual
add_inet tcp '[::]:82' LISTEN 1004
add_inet tcp 10.0.0.1:82 ESTABLISHED 0 remote=10.0.0.2:4005
add_inet tcp '[::ffff:10.0.0.1]:82' ESTABLISHED 0 remote='[::ffff:10.0.0.2]:4006'
add_inet tcp '[::1]:82' ESTABLISHED 0 remote='[::1]:4007'
add_fd 814 6 1004
add_process 815 group-a
add_inet tcp 0.0.0.0:83 LISTEN 1005
add_fd 815 6 1005
add_process 816 group-b
add_inet tcp 0.0.0.0:83 LISTEN 1006
add_inet tcp 10.0.0.1:83 ESTABLISHED 0 remote=10.0.0.2:4008
add_fd 816 6 1006
add_process 817 'two words'
add_inet tcp 0.0.0.0:84 LISTEN 1007
add_inet tcp 10.0.0.1:84 ESTABLISHED 0 remote=10.0.0.2:4009
add_fd 817 6 1007
add_inet tcp 10.0.0.1:85 ESTABLISHED 0 remote=10.0.0.2:4010
add_unix 1008 STREAM LISTEN /run/x.sock
add_unix 0 STREAM CONNECTING /run/x.sock
add_fd 817 7 1008

names 'unaccepted_names_the_holder_of_a_selected_listener' 0 --all 80 <<EOF
nginx 811 *:80 (LISTEN)
-       - 10.0.0.1:80->10.0.0.2:4000 (ESTABLISHED) [not accepted yet: nginx,811]
-       - 10.0.0.1:80->10.0.0.2:4001 (SYN_RECV) [not accepted yet: nginx,811]
-       - 10.0.0.1:80->10.0.0.2:4002 (CLOSE_WAIT) [not accepted yet: nginx,811]
EOF
for selection in '80 -sSYN_RECV' '-sSYN_RECV -i:80' '-iTCP:4001' -sTCP:SYN_RECV; do
	# shellcheck disable=SC2086 # words
	names "unaccepted_names_the_holder_of_another_listener: $selection" 0 $selection <<EOF
- - 10.0.0.1:80->10.0.0.2:4001 (SYN_RECV) [not accepted yet: nginx,811]
EOF
done
names 'unaccepted_exact_address_before_the_wildcard' 0 81 -sESTABLISHED <<EOF
- - 10.0.0.1:81->10.0.0.2:4003 (ESTABLISHED) [not accepted yet: exact,812]
- - 10.0.0.9:81->10.0.0.2:4004 (ESTABLISHED) [not accepted yet: wildcard,813]
EOF
names 'unaccepted_of_a_dual_stack_listener' 0 82 -sESTABLISHED <<EOF
- - 10.0.0.1:82->10.0.0.2:4005 (ESTABLISHED) [not accepted yet: dual,814]
- - [::1]:82->[::1]:4007 (ESTABLISHED) [not accepted yet: dual,814]
- - 10.0.0.1:82->10.0.0.2:4006 (ESTABLISHED) [not accepted yet: dual,814]
EOF
names 'unaccepted_of_a_dual_stack_listener_that_is_not_selected' 0 82 -i4 -sESTABLISHED <<EOF
- - 10.0.0.1:82->10.0.0.2:4005 (ESTABLISHED) [not accepted yet: dual,814]
EOF
names 'unaccepted_of_a_group_is_of_one_of_them' 0 83 -sESTABLISHED <<EOF
- - 10.0.0.1:83->10.0.0.2:4008 (ESTABLISHED) [not accepted yet: one of group-a,815 group-b,816]
EOF
names 'unaccepted_names_a_command_escaped' 0 84 -sESTABLISHED <<EOF
- - 10.0.0.1:84->10.0.0.2:4009 (ESTABLISHED) [not accepted yet: two\\x20words,817]
EOF
names 'unaccepted_without_listener' 0 85 <<EOF
- - 10.0.0.1:85->10.0.0.2:4010 (ESTABLISHED) [not accepted yet]
! whoport: bind() to 85/tcp as $user works only with SO_REUSEADDR, if what is there has it set, too: somebody [not accepted yet] uses it in its connection 10.0.0.1:85->10.0.0.2:4010
EOF
names 'unaccepted_unix_connection' 0 --all /run/x.sock <<EOF
two\\x20words 817 /run/x.sock type=STREAM (LISTEN)
-              - /run/x.sock type=STREAM (CONNECTING) [not accepted yet: two\\x20words,817]
EOF
expect 'unaccepted_reason_as_a_column' 0 --no-header -o REASON 80 -sSYN_RECV <<EOF
not accepted yet: nginx,811
EOF

# A listener that is inherited has several holders, and one is no guess.
add_process 818 child 811
add_fd 818 6 1001
names 'unaccepted_of_an_inherited_listener' 0 80 -sSYN_RECV <<EOF
- - 10.0.0.1:80->10.0.0.2:4001 (SYN_RECV) [not accepted yet: nginx,811 child,818]
EOF

# --- nobody is known -------------------------------------------------------

new_tree
add_process 100 server
add_inet udp 0.0.0.0:4789 UNCONNECTED 1001 uid=0
names 'unknown_while_every_process_could_be_read' 0 4789 <<EOF
- - *:4789 [unknown: kernel, or in flight]
! whoport: bind() to 4789/udp as $user works only with SO_REUSEADDR, if what is there has it set, too: 0.0.0.0:4789 is bound by somebody who cannot be named [unknown: kernel, or in flight]
EOF

# --- missing rights --------------------------------------------------------

new_tree
add_process 100 open
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_fd 100 3 1001
add_process 200 closed
add_inet tcp 0.0.0.0:81 LISTEN 1002
add_inet tcp 0.0.0.0:80 LISTEN 1003
add_fd 200 3 1002
add_fd 200 4 1003
add_inet tcp 0.0.0.0:82 LISTEN 1004 uid=65533
add_inet tcp 10.0.0.1:83 TIME_WAIT 0 remote=10.0.0.2:4000 timer=3:41 uid=0
# Threads of init, a zombie: not readable, but they hold nothing.
add_process 300 gone 1 300 Z
chmod 000 "$tree/200/fd" "$tree/300/fd"
open_tree=$tree

# Listable, but each link is refused.
new_tree
add_process 100 listable
add_inet tcp 0.0.0.0:81 LISTEN 1002
add_fd 100 3 1002
add_fd 100 4 1005
add_process 101 closed
chmod 444 "$tree/100/fd"
chmod 000 "$tree/101"
listable_tree=$tree
tree=$open_tree

if become_ordinary; then
	name_asker
	expect 'hidden_by_permission' 0 81 <<EOF
COMMAND PID $user_title FD TYPE DEVICE SIZE/OFF NODE NAME
-         - $user_cell  - IPv4   1002      0t0  TCP *:81 (LISTEN) [hidden: permission]
! whoport: 1 process could not be read; sudo would show more
! whoport: bind() to 81/tcp as $asker $denied 0.0.0.0:81 is listened on by a process that we may not see, of $user [hidden: permission]
EOF
	expect 'hidden_beside_a_holder' 0 -o PID,NAME 80 <<EOF
PID NAME
100 *:80 (LISTEN)
  - *:80 (LISTEN) [hidden: permission]
! whoport: 1 process could not be read; sudo would show more
EOF
	names 'hidden_owner_cannot_be_the_unreadable_process' 0 82 <<EOF
- - *:82 (LISTEN) [unknown: kernel, or one of 1 unreadable processes]
! whoport: 1 process could not be read; sudo would show more
! whoport: bind() to 82/tcp as $asker fails with EADDRINUSE: 0.0.0.0:82 is listened on by somebody who cannot be named [unknown: kernel, or one of 1 unreadable processes]
EOF
	names 'no_note_of_processes_where_nothing_stayed_unexplained' 0 83 <<EOF
- - 10.0.0.1:83->10.0.0.2:4000 (TIME_WAIT) [time-wait: 41 s]
! whoport: bind() to 83/tcp as $asker works only with SO_REUSEADDR, if what is there has it set, too: TIME_WAIT for 41 s, left by a connection with 10.0.0.2:4000
EOF
	expect_nothing 'no_note_where_nothing_is_selected' 1 9999
	expect 'hidden_leaves_nothing_for_pids' 2 -t 81 <<EOF
! whoport: 1 process could not be read; sudo would show more
! whoport: bind() to 81/tcp as $asker $denied 0.0.0.0:81 is listened on by a process that we may not see, of $user [hidden: permission]
EOF
	expect 'hidden_beside_a_holder_for_pids' 2 -t 80 <<EOF
100
! whoport: 1 process could not be read; sudo would show more
EOF
	names 'hidden_row_is_selected_by_its_owner' 0 -u "$uid" 81 <<EOF
- - *:81 (LISTEN) [hidden: permission]
! whoport: 1 process could not be read; sudo would show more
EOF
	expect_nothing 'hidden_row_is_left_out_by_its_owner' 1 -u "^$uid" 81
	expect 'chosen_process_that_cannot_be_read' 2 -p 200 <<EOF
! whoport: 1 process asked for could not be read; sudo would show more
EOF
	expect 'descriptor_of_a_hidden_holder' 2 -d 3 81 <<EOF
! whoport: 1 process asked for could not be read; sudo would show more
EOF
	expect 'descriptor_of_a_hidden_holder_for_pids' 2 -t -d 3 81 <<EOF
! whoport: 1 process asked for could not be read; sudo would show more
EOF
	names 'unreadable_process_that_was_not_chosen' 0 -p 100 -i <<EOF
open 100 *:80 (LISTEN)
EOF
	tree=$listable_tree
	names 'processes_are_counted_not_descriptors' 0 81 <<EOF
- - *:81 (LISTEN) [hidden: permission]
! whoport: 2 processes could not be read; sudo would show more
! whoport: bind() to 81/tcp as $asker $denied 0.0.0.0:81 is listened on by a process that we may not see, of $user [hidden: permission]
EOF
else
	skip 'hidden_by_permission' "$why_not"
fi
