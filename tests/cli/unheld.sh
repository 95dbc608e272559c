#!/bin/sh
# Sockets that no descriptor holds: io_uring, mappings, who probably does; and
# the rows of netlink and packet sockets.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# rows NAME STATUS ARG...: short rows; the note of why a port is busy is for reasons.sh.
rows() {
	name=$1 wanted=$2
	shift 2
	expect "$name" "$wanted" -w --no-header -o PID,FD,NODE,NAME "$@"
}

# --- io_uring --------------------------------------------------------------

new_tree
add_process 811 server
add_process 812 other
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_inet udp 0.0.0.0:82 UNCONNECTED 1002
add_inet tcp 0.0.0.0:83 LISTEN 1003
add_inet tcp 0.0.0.0:84 LISTEN 1004
add_inet tcp 127.0.0.1:84 ESTABLISHED 1005 remote=127.0.0.1:4000
add_inet tcp 127.0.0.1:80 ESTABLISHED 0 remote=127.0.0.1:4001
add_inet udp 0.0.0.0:85 UNCONNECTED 1006
add_fd 811 3 1003
add_fd 812 3 1003
add_ring 811 5 <<EOT
UserFiles:	7
    0: socket:[1001]
    1: /dev/null
    3: socket:[1002]
    4: pipe:[1006]
    5: socket:[1003]
    6: socket:[1005]
UserBufs:	0
PollList:
CqOverflowList:
EOT
# Nothing but the list of files is one.
add_ring 812 9 <<EOT
socket:[1006]
UserFiles:	1
    0: /srv/socket:[1006]
UserBufs:	1
    0: socket:[1006]
    1: socket:[1006]
PollList:
EOT

expect 'ring_is_a_holder' 0 80 <<EOT
COMMAND PID $user_title     FD TYPE DEVICE SIZE/OFF NODE NAME
server  811 $user_cell ring:5 IPv4   1001      0t0  TCP *:80 (LISTEN)
EOT
rows 'ring_holds_udp' 0 82 <<EOT
811 ring:5 UDP *:82
EOT
rows 'ring_holds_a_connection' 0 -i:84 -sESTABLISHED <<EOT
811 ring:5 TCP 127.0.0.1:84->127.0.0.1:4000 (ESTABLISHED)
EOT
expect 'pid_of_a_ring' 0 -t 80 82 <<EOT
811
EOT
rows 'rings_beside_descriptors' 0 80,83 <<EOT
811     3u TCP *:83 (LISTEN)
811 ring:5 TCP *:80 (LISTEN)
812     3u TCP *:83 (LISTEN)
EOT
rows 'ring_of_a_chosen_process' 0 -p 811 -iUDP <<EOT
811 ring:5 UDP *:82
EOT
rows 'ring_of_a_chosen_command' 0 -c server 80 <<EOT
811 ring:5 TCP *:80 (LISTEN)
EOT
rows 'ring_of_a_chosen_user' 0 -u "$uid" 80 <<EOT
811 ring:5 TCP *:80 (LISTEN)
EOT
expect_nothing 'ring_of_a_process_that_was_not_chosen' 1 -p 812 80
expect_nothing 'ring_of_a_command_left_out' 1 -c ^server -p 811,812 80
rows 'ring_holds_the_listener_of_a_queue' 0 --all 80 <<EOT
811 ring:5 TCP *:80 (LISTEN)
  -      - TCP 127.0.0.1:80->127.0.0.1:4001 (ESTABLISHED) [not accepted yet: server,811]
EOT
rows 'socket_that_no_ring_has' 0 85 84/tcp <<EOT
- - TCP *:84 (LISTEN) [unknown: kernel, or in flight]
- - UDP *:85 [unknown: kernel, or in flight]
EOT
expect 'facts_of_the_holder' 0 --no-header -R -g 80 <<EOT
server 811 1 811 $user ring:5 IPv4 1001 0t0 TCP *:80 (LISTEN)
EOT
expect 'ring_has_no_thread' 0 -o PID,TID,FD -K 80 <<EOT
PID TID     FD
811   - ring:5
EOT

# A leader that has ended: the ring is in the table of a thread.
new_tree
add_process 811 server 1 811 Z
rmdir "$tree/811/fd" && mkdir "$tree/811/fd"
add_thread 811 812 worker
ln -s 'anon_inode:[io_uring]' "$tree/811/task/812/fd/7"
mkdir "$tree/811/task/812/fdinfo"
printf 'UserFiles:\t1\n    0: socket:[1001]\n' >"$tree/811/task/812/fdinfo/7"
add_inet tcp 0.0.0.0:80 LISTEN 1001
expect 'ring_of_a_thread' 0 --no-header -o PID,TID,TASKCMD,FD 80 <<EOT
811 812 - ring:7
EOT

# Two rings have one socket; one ring in two processes.
new_tree
add_process 811 parent
add_process 812 child 811
add_inet tcp 0.0.0.0:80 LISTEN 1001
for pid in 811 812; do
	add_ring $pid 5 <<EOT
UserFiles:	1
    0: socket:[1001]
EOT
done
add_ring 812 6 <<EOT
UserFiles:	2
    0: socket:[1001]
    1: socket:[1001]
EOT
rows 'rings_that_share_a_socket' 0 80 <<EOT
811 ring:5 TCP *:80 (LISTEN)
812 ring:5 TCP *:80 (LISTEN)
812 ring:6 TCP *:80 (LISTEN)
EOT

# Text that is no fdinfo: no row is lost, none is invented.
new_tree
add_process 811 server
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_inet tcp 0.0.0.0:81 LISTEN 1002
add_ring 811 4 <<EOT
UserFiles:	x
    0: socket:[1001]
EOT
add_ring 811 5 <<EOT
UserFiles:	4
    0: socket:[1001
    x: socket:[1001]
    1 socket:[1001]
    2: socket:[1001]x
    3: socket:[]
    4: socket:[99999999999999999999999]
$(printf '\033[2J\001')
EOT
add_link 811 6 'anon_inode:[io_uring]' # without fdinfo
add_link 811 7 'anon_inode:[io_uring]x'
mkdir -p "$tree/811/fdinfo/8"
add_link 811 8 'anon_inode:[io_uring]'
printf '    0: socket:[1002]\nUserFiles:\t1\n    0: socket:[1002]' >"$tree/811/fdinfo/9"
add_link 811 9 'anon_inode:[io_uring]'
rows 'damaged_fdinfo_invents_no_holder' 0 80 81 <<EOT
811 ring:9 TCP *:81 (LISTEN)
  -      - TCP *:80 (LISTEN) [unknown: kernel, or in flight]
EOT

# --- mappings --------------------------------------------------------------

new_tree
add_process 811 server
add_process 812 other
add_process 813 'third one'
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_inet tcp 127.0.0.1:81 ESTABLISHED 1002 remote=127.0.0.1:4000
add_inet udp 0.0.0.0:82 UNCONNECTED 1003
add_packet 1004 3 0003 0
add_map 811 /usr/bin/server
add_map 811 'socket:[1001]'
add_map 811 'socket:[1001]'
add_map 812 '/srv/socket:[1003]'
add_map 812 'socket:[1003]x'
add_map 812 'socket:[1002] (deleted)'
add_map 812 'socket:[1002]'
add_map 813 'socket:[1004]'
echo 'no map socket:[1003]' >>"$tree/813/maps"

expect 'mapping_is_a_holder' 0 80 <<EOT
COMMAND PID $user_title  FD TYPE DEVICE SIZE/OFF NODE NAME
server  811 $user_cell mem IPv4   1001      0t0  TCP *:80 (LISTEN)
EOT
expect 'pid_of_a_mapping' 0 -t 80 -iTCP <<EOT
811
EOT
rows 'mapping_of_a_connection' 0 81 <<EOT
812 mem TCP 127.0.0.1:81->127.0.0.1:4000 (ESTABLISHED)
EOT
rows 'mapping_of_something_else' 0 82 <<EOT
- - UDP *:82 [unknown: kernel, or in flight]
EOT
rows 'mapping_of_a_chosen_process' 0 -p 812 <<EOT
812 mem TCP 127.0.0.1:81->127.0.0.1:4000 (ESTABLISHED)
EOT
expect_nothing 'mapping_of_a_process_that_was_not_chosen' 1 -p 812 80
expect 'mapping_of_a_packet_socket' 0 --no-header -p 813 <<EOT
third\\x20one 813 $user mem packet 1004 0t0 1004 ALL type=RAW
EOT
rows 'mappings_among_all' 0 --all -Q <<EOT
811 mem  TCP *:80 (LISTEN)
812 mem  TCP 127.0.0.1:81->127.0.0.1:4000 (ESTABLISHED)
813 mem 1004 ALL type=RAW
  -   -  UDP *:82 [unknown: kernel, or in flight]
EOT

# --- who probably holds it -------------------------------------------------

# A tree in which 811 is the only one in a namespace with the socket on port 80.
new_suspect() {
	new_tree
	add_process 811 server
	add_process 812 other
	put_in_netns self home
	put_in_netns 811 home
	put_in_netns 812 home
	add_inet tcp 0.0.0.0:80 LISTEN 1001
}

# A ring that waits for something, as 811 or another has it.
add_waiting_ring() {
	add_ring "$1" "$2" <<EOT
UserFiles:	0
UserBufs:	0
PollList:
  op=13, task_works=0
CqOverflowList:
EOT
}

new_suspect
add_waiting_ring 811 4
rows 'ring_with_requests_is_a_suspect' 0 80 <<EOT
- - TCP *:80 (LISTEN) [unknown: kernel, or in flight; probably server,811, through io_uring]
EOT
expect_nothing 'suspect_is_no_pid' 2 -w -t 80
expect 'suspect_in_a_column' 0 -w --no-header -o REASON 80 <<EOT
unknown: kernel, or in flight; probably server,811, through io_uring
EOT
expect_nothing 'suspect_is_no_holder' 1 -p 811 80
add_waiting_ring 811 5
rows 'suspect_for_two_reasons_is_one' 0 80 <<EOT
- - TCP *:80 (LISTEN) [unknown: kernel, or in flight; probably server,811, through io_uring]
EOT
add_map 812 '/[aio] (deleted)'
rows 'two_suspects_are_none' 0 80 <<EOT
- - TCP *:80 (LISTEN) [unknown: kernel, or in flight]
EOT

new_suspect
add_ring 811 4 <<EOT
UserFiles:	1
    0: TCP
EOT
rows 'ring_that_tells_no_inode_is_a_suspect' 0 80 <<EOT
- - TCP *:80 (LISTEN) [unknown: kernel, or in flight; probably server,811, through io_uring]
EOT
new_suspect
add_ring 811 4 <<EOT
UserFiles:	1
UserBufs:	0
EOT
rows 'ring_that_stays_busy_is_a_suspect' 0 80 <<EOT
- - TCP *:80 (LISTEN) [unknown: kernel, or in flight; probably server,811, through io_uring]
EOT
new_suspect
add_map 811 'anon_inode:[io_uring]'
rows 'ring_that_is_only_mapped_is_a_suspect' 0 80 <<EOT
- - TCP *:80 (LISTEN) [unknown: kernel, or in flight; probably server,811, through io_uring]
EOT
add_ring 811 4 <<EOT
UserFiles:	0
PollList:
EOT
rows 'ring_with_a_descriptor_tells_all_it_has' 0 80 <<EOT
- - TCP *:80 (LISTEN) [unknown: kernel, or in flight]
EOT
new_suspect
add_map 811 '/[aio] (deleted)'
rows 'asynchronous_io_is_a_suspect' 0 80 <<EOT
- - TCP *:80 (LISTEN) [unknown: kernel, or in flight; probably server,811, through asynchronous I/O]
EOT
add_inet udp 0.0.0.0:81 UNCONNECTED 1002 uid=4000000000
rows 'suspect_of_another_user' 0 81 <<EOT
- - UDP *:81 [unknown: kernel, or in flight]
EOT
rm -r "$tree/811/ns"
put_in_netns 811 blue
rows 'suspect_in_another_namespace' 0 80 <<EOT
- - TCP *:80 (LISTEN) [unknown: kernel, or in flight]
EOT

# The number of accept4(2) in task/TID/syscall.
case $(uname -m) in
x86_64) accept=288 ;;
aarch64 | riscv64 | loongarch64) accept=242 ;;
*) accept= ;;
esac
new_suspect
echo "${accept:-0} 0xc8 0x0 0x0 0x0 0x0 0x0 0x7f42729a3ea0 0x7f4272ab272f" >"$tree/811/task/811/syscall"
if [ -n "$accept" ] && [ "$(getconf LONG_BIT)" = 64 ]; then
	rows 'thread_that_waits_on_a_closed_descriptor_is_a_suspect' 0 80 <<EOT
- - TCP *:80 (LISTEN) [unknown: kernel, or in flight; probably server,811, in a thread that waits on it]
EOT
	add_link 811 200 "socket:[5]"
	rows 'thread_that_waits_on_an_open_descriptor' 0 80 <<EOT
- - TCP *:80 (LISTEN) [unknown: kernel, or in flight]
EOT
else
	skip 'thread_that_waits_on_a_closed_descriptor' 'numbers of system calls are not known'
fi
add_process 814 "$(printf 'a\033[2Jb')"
put_in_netns 814 home
add_map 814 '/[aio]'
expect 'suspect_is_escaped' 0 --no-header -o REASON 80 <<EOT
unknown: kernel, or in flight; probably a^[\\x5b2Jb,814, through asynchronous I/O
! whoport: bind() to 80/tcp as $user works only with SO_REUSEPORT, if what is there has it set, too: 0.0.0.0:80 is listened on by somebody who cannot be named [unknown: kernel, or in flight; probably a^[\\x5b2Jb,814, through asynchronous I/O]
EOT

# What may not be read proves nothing.
new_suspect
add_process 815 closed
add_ring 811 5 <<EOT
UserFiles:	1
    0: socket:[1001]
EOT
add_map 812 'socket:[1001]'
chmod 000 "$tree/811/fdinfo" "$tree/812/maps" "$tree/815/fd"
if become_ordinary; then
	name_asker
	rows 'evidence_that_cannot_be_read' 0 +w 80 <<EOT
- - TCP *:80 (LISTEN) [hidden: permission]
! whoport: 1 process could not be read; sudo would show more
! whoport: bind() to 80/tcp as $asker $denied 0.0.0.0:80 is listened on by a process that we may not see, of $user [hidden: permission]
EOT
else
	skip 'evidence_that_cannot_be_read' "$why_not"
fi
as=

# --- netlink and packet ----------------------------------------------------

new_tree
add_process 811 server
add_process 812 sniffer
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_fd 811 3 1001
add_netlink 4 0 0
add_netlink 5 15 0
add_netlink 1101 0 811
add_netlink 1102 16 4294963200
add_netlink 1103 1 812
add_netlink 1104 9 4711
add_fd 811 4 1101
add_fd 811 5 1102
add_fd 812 3 1103
add_packet 1201 3 0003 2
add_packet 1202 2 0800 0
add_packet 1203 3 0000 0
add_packet 1204 3 1234 0 4000000000
add_fd 812 4 1201
add_fd 812 5 1202
add_fd 812 6 1203

expect 'netlink_of_a_process' 0 -p 811 <<EOT
COMMAND PID $user_title FD    TYPE DEVICE SIZE/OFF NODE NAME
server  811 $user_cell 3u    IPv4   1001      0t0  TCP *:80 (LISTEN)
server  811 $user_cell 4u netlink   1101      0t0 1101 ROUTE portid=811
server  811 $user_cell 5u netlink   1102      0t0 1102 GENERIC portid=4294963200
EOT
expect 'packet_of_a_process' 0 -p 812 <<EOT
COMMAND PID $user_title FD    TYPE DEVICE SIZE/OFF NODE NAME
sniffer 812 $user_cell 3u netlink   1103      0t0 1103 protocol 1 portid=812
sniffer 812 $user_cell 4u  packet   1201      0t0 1201 ALL type=RAW dev=2
sniffer 812 $user_cell 5u  packet   1202      0t0 1202 IP type=DGRAM
sniffer 812 $user_cell 6u  packet   1203      0t0 1203 none type=RAW
EOT
expect 'every_kind_of_socket' 0 --no-header -o PID,UID,TYPE,NAME --all <<EOT
811 $(printf '%10s' "$uid")    IPv4 *:80 (LISTEN)
811          - netlink ROUTE portid=811
811          - netlink GENERIC portid=4294963200
812          - netlink protocol 1 portid=812
812 $(printf '%10s' "$uid")  packet ALL type=RAW dev=2
812 $(printf '%10s' "$uid")  packet IP type=DGRAM
812 $(printf '%10s' "$uid")  packet none type=RAW
  -          - netlink ROUTE [kernel]
  -          - netlink KOBJECT_UEVENT [kernel]
  -          - netlink AUDIT portid=4711 [unknown: kernel, or in flight]
  - 4000000000  packet 0x1234 type=RAW [unknown: kernel, or in flight]
EOT
expect 'kinds_without_addresses' 0 --no-header -o LOCAL,REMOTE,STATE,RECVQ -p 812 -d 3-4 <<EOT
- - - -
- - - -
EOT
expect 'state_is_not_shown_for_them' 0 --no-header -o NAME -Tqs -p 812 -d 4 <<EOT
ALL type=RAW dev=2
EOT
rows 'inet_leaves_them_out' 0 -i <<EOT
811 3u TCP *:80 (LISTEN)
EOT
rows 'states_leave_them_out' 0 -sLISTEN <<EOT
811 3u TCP *:80 (LISTEN)
EOT
rows 'listing_leaves_them_out' 0 <<EOT
811 3u TCP *:80 (LISTEN)
EOT
expect 'owner_of_a_packet_socket' 0 --no-header -o NAME -u 4000000000 <<EOT
0x1234 type=RAW [unknown: kernel, or in flight]
EOT

new_tree
add_process 811 server
echo 'this is no row' >>"$tree/net/netlink"
add_netlink 1101 0 811
echo '0 0 0 0' >>"$tree/net/packet"
add_packet 1201 3 0003 0
add_fd 811 3 1101
add_fd 811 4 1201
expect 'damaged_rows_hide_none' 0 --no-header -o FD,NAME -p 811 <<EOT
3u ROUTE portid=811
4u ALL type=RAW
! whoport: 2 lines of the socket tables could not be understood
EOT
rm "$tree/net/netlink" "$tree/net/packet"
expect 'tables_that_are_missing' 0 --no-header -o FD,TYPE,NAME -p 811 <<EOT
3u sock protocol: unknown
4u sock protocol: unknown
EOT
