#!/bin/sh
# Descriptors that the process's own directory does not show, and -K.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

new_tree
# The main thread has exited: its table is empty, its threads live.
add_process 100 server 1 100 Z
add_thread 100 101 server-acc
add_thread 100 102 server-log
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_thread_fd 100 101 3 1001
add_thread_fd 100 102 3 1001
# A thread after unshare(CLONE_FILES).
add_process 200 multi
add_thread 200 201 'private one'
add_thread 200 202 shared
add_inet tcp 0.0.0.0:81 LISTEN 1002
add_inet tcp 0.0.0.0:82 LISTEN 1003
add_fd 200 3 1002
add_thread_fd 200 201 7 1003
add_thread_fd 200 202 3 1002
# Nothing is left of it but an exit status.
add_process 300 zombie 1 300 Z

expect 'dead_leader_is_found' 0 -o COMMAND,PID,FD,NAME 80 <<EOF
COMMAND PID FD NAME
server  100 3u *:80 (LISTEN)
EOF
expect 'dead_leader_for_pids' 0 -t 80 <<EOF
100
EOF
expect 'private_table_is_found' 0 -o COMMAND,PID,FD,NAME 82 <<EOF
COMMAND PID FD NAME
multi   200 7u *:82 (LISTEN)
EOF
expect 'private_table_for_pids' 0 -t 81 82 <<EOF
200
EOF
expect 'shared_table_gives_one_row' 0 -o COMMAND,PID,FD,NAME 81 <<EOF
COMMAND PID FD NAME
multi   200 3u *:81 (LISTEN)
EOF
expect 'everything_once' 0 --no-header -o PID,FD,NAME <<EOF
100 3u *:80 (LISTEN)
200 3u *:81 (LISTEN)
200 7u *:82 (LISTEN)
EOF
expect 'threads_of_a_dead_leader' 0 -K -o COMMAND,PID,TID,TASKCMD,FD,NAME 80 <<EOF
COMMAND PID TID    TASKCMD FD NAME
server  100 101 server-acc 3u *:80 (LISTEN)
server  100 102 server-log 3u *:80 (LISTEN)
EOF
expect 'threads_beside_their_leader' 0 -K -o COMMAND,PID,TID,TASKCMD,FD,NAME 81 82 <<EOF
COMMAND PID TID        TASKCMD FD NAME
multi   200   -              - 3u *:81 (LISTEN)
multi   200 201 private\\x20one 7u *:82 (LISTEN)
multi   200 202         shared 3u *:81 (LISTEN)
EOF
expect 'threads_ignored' 0 -Ki -o PID,TID,NAME 81 <<EOF
PID TID NAME
200   - *:81 (LISTEN)
EOF
expect 'threads_in_the_default_table' 0 -K 82 <<EOF
COMMAND PID TID        TASKCMD $user_title FD TYPE DEVICE SIZE/OFF NODE NAME
multi   200 201 private\\x20one $user_cell 7u IPv4   1003      0t0  TCP *:82 (LISTEN)
EOF
expect 'dead_leader_chosen_by_pid' 0 -p 100 -o PID,NAME <<EOF
PID NAME
100 *:80 (LISTEN)
EOF
expect 'dead_leader_chosen_by_command' 0 -c serv -o PID,NAME <<EOF
PID NAME
100 *:80 (LISTEN)
EOF
expect 'private_table_chosen_by_pid' 0 -p 200 82 -o PID,NAME <<EOF
PID NAME
200 *:82 (LISTEN)
EOF
expect 'private_table_chosen_by_descriptor' 0 -d 7 -o PID,NAME <<EOF
PID NAME
200 *:82 (LISTEN)
EOF
expect 'private_table_among_all_sockets_of_a_process' 0 -p 200 -o PID,FD,NAME <<EOF
PID FD NAME
200 3u *:81 (LISTEN)
200 7u *:82 (LISTEN)
EOF
expect_nothing 'zombie_holds_nothing' 1 -p 300
