#!/bin/sh
# What is printed: the table byte by byte, the columns, the forms of names.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

new_tree
add_process 1 init 0 1
add_inet tcp 127.0.0.1:631 LISTEN 900
add_fd 1 40 900
add_process 4711 nginx 1 4700
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_inet tcp '[::]:80' LISTEN 1002 queues=128:3
add_inet tcp 127.0.0.1:80 ESTABLISHED 1003 remote=127.0.0.1:50000 queues=10:4294967295
add_inet udp 0.0.0.0:53 UNCONNECTED 1004
add_inet udp '[::1]:53' ESTABLISHED 1005 remote='[::1]:4000'
add_inet raw 0.0.0.0:1 UNCONNECTED 1006
add_inet raw '[::]:58' UNCONNECTED 1007
add_inet tcp '[::ffff:10.0.0.1]:80' CLOSE_WAIT 1008 remote='[::ffff:10.0.0.2]:4001'
add_inet tcp '[fe80::1:0:0:2]:80' LISTEN 4294967295
add_unix 1010 STREAM LISTEN '/run/a b.sock'
add_unix 1011 SEQPACKET CONNECTED
add_unix 1012 DGRAM UNCONNECTED @name
add_fd 4711 6 1001
add_fd 4711 7 1002
add_fd 4711 8 1003
add_fd 4711 9 1004
add_fd 4711 10 1005
add_fd 4711 11 1006
add_fd 4711 12 1007
add_fd 4711 13 1008
add_fd 4711 12345 4294967295
add_fd 4711 15 1010
add_fd 4711 16 1011
add_fd 4711 17 1012
add_process 815 very-long-name1 4711 4700
add_fd 815 3 1001

# --- the table -------------------------------------------------------------

expect 'default_table' 0 <<EOF
COMMAND          PID $user_title     FD TYPE     DEVICE SIZE/OFF NODE NAME
init               1 $user_cell    40u IPv4        900      0t0  TCP 127.0.0.1:631 (LISTEN)
very-long-name1  815 $user_cell     3u IPv4       1001      0t0  TCP *:80 (LISTEN)
nginx           4711 $user_cell     6u IPv4       1001      0t0  TCP *:80 (LISTEN)
nginx           4711 $user_cell     7u IPv6       1002      0t0  TCP *:80 (LISTEN)
nginx           4711 $user_cell     9u IPv4       1004      0t0  UDP *:53
nginx           4711 $user_cell 12345u IPv6 4294967295      0t0  TCP [fe80::1:0:0:2]:80 (LISTEN)
EOF
expect 'table_of_every_kind' 0 -i -U -p 4711 <<EOF
COMMAND  PID $user_title     FD TYPE             DEVICE SIZE/OFF NODE NAME
nginx   4711 $user_cell     6u IPv4               1001      0t0  TCP *:80 (LISTEN)
nginx   4711 $user_cell     7u IPv6               1002      0t0  TCP *:80 (LISTEN)
nginx   4711 $user_cell     8u IPv4               1003      0t0  TCP 127.0.0.1:80->127.0.0.1:50000 (ESTABLISHED)
nginx   4711 $user_cell     9u IPv4               1004      0t0  UDP *:53
nginx   4711 $user_cell    10u IPv6               1005      0t0  UDP [::1]:53->[::1]:4000
nginx   4711 $user_cell    11u  raw               1006      0t0  RAW *:1
nginx   4711 $user_cell    12u raw6               1007      0t0  RAW *:58
nginx   4711 $user_cell    13u IPv6               1008      0t0  TCP 10.0.0.1:80->10.0.0.2:4001 (CLOSE_WAIT)
nginx   4711 $user_cell    15u unix 0x00000000000003f2      0t0 1010 /run/a b.sock type=STREAM (LISTEN)
nginx   4711 $user_cell    16u unix 0x00000000000003f3      0t0 1011 type=SEQPACKET (CONNECTED)
nginx   4711 $user_cell    17u unix 0x00000000000003f4      0t0 1012 @name type=DGRAM (UNCONNECTED)
nginx   4711 $user_cell 12345u IPv6         4294967295      0t0  TCP [fe80::1:0:0:2]:80 (LISTEN)
EOF
expect 'table_without_header_is_as_narrow_as_its_cells' 0 --no-header 631 <<EOF
init 1 $user 40u IPv4 900 0t0 TCP 127.0.0.1:631 (LISTEN)
EOF
expect_nothing 'header_only_before_a_first_row' 1 9999
# --- columns added by options ----------------------------------------------

expect 'parent' 0 -R 631 <<EOF
COMMAND PID PPID $user_title  FD TYPE DEVICE SIZE/OFF NODE NAME
init      1    0 $user_cell 40u IPv4    900      0t0  TCP 127.0.0.1:631 (LISTEN)
EOF
expect 'process_group' 0 -g -p 815 -sLISTEN <<EOF
COMMAND         PID PGID $user_title FD TYPE DEVICE SIZE/OFF NODE NAME
very-long-name1 815 4700 $user_cell 3u IPv4   1001      0t0  TCP *:80 (LISTEN)
EOF
expect 'process_group_leaves_the_next_word_a_target' 0 -g 631 <<EOF
COMMAND PID PGID $user_title  FD TYPE DEVICE SIZE/OFF NODE NAME
init      1    1 $user_cell 40u IPv4    900      0t0  TCP 127.0.0.1:631 (LISTEN)
EOF
expect 'parent_and_group_in_a_cluster' 0 -gR -p1 <<EOF
COMMAND PID PPID PGID $user_title  FD TYPE DEVICE SIZE/OFF NODE NAME
init      1    0    1 $user_cell 40u IPv4    900      0t0  TCP 127.0.0.1:631 (LISTEN)
EOF
expect 'threads' 0 -K 631 <<EOF
COMMAND PID TID TASKCMD $user_title  FD TYPE DEVICE SIZE/OFF NODE NAME
init      1   -       - $user_cell 40u IPv4    900      0t0  TCP 127.0.0.1:631 (LISTEN)
EOF
expect 'threads_leave_the_next_word_a_target' 0 -K -o PID,TID 631 <<EOF
PID TID
  1   -
EOF
expect 'numeric_user' 0 -l --no-header -o USER,PID 631 <<EOF
$uid 1
EOF

# --- states and queues -----------------------------------------------------

expect 'no_states' 0 -T --no-header -o NAME -p 4711 -i4 <<EOF
*:80
127.0.0.1:80->127.0.0.1:50000
*:53
*:1
EOF
expect 'queues_without_states' 0 -Tq --no-header -o NAME -p 4711 -i -a -d 7-10 <<EOF
*:80 (QR=3 QS=128)
127.0.0.1:80->127.0.0.1:50000 (QR=4294967295 QS=10)
*:53 (QR=0 QS=0)
[::1]:53->[::1]:4000 (QR=0 QS=0)
EOF
expect 'queues_and_states' 0 -Tqs --no-header -o NAME -p 4711 -iTCP -a -d 7-10 <<EOF
*:80 (LISTEN QR=3 QS=128)
127.0.0.1:80->127.0.0.1:50000 (ESTABLISHED QR=4294967295 QS=10)
EOF
expect 'states' 0 -Ts --no-header -o NAME 631 <<EOF
127.0.0.1:631 (LISTEN)
EOF
expect 'states_leave_the_next_word_a_target' 0 -T 631 --no-header -o NAME <<EOF
127.0.0.1:631
EOF

# --- the width of COMMAND --------------------------------------------------

expect 'command_cut' 0 +c 3 --no-header -o COMMAND,PID -iTCP:80 -sLISTEN -i4 -c very <<EOF
ver 815
EOF
expect 'command_cut_attached' 0 +c3 -o COMMAND,PID -p 815,1 -Q <<EOF
COMMAND PID
ini       1
ver     815
EOF
expect 'command_whole' 0 +c 0 --no-header -o COMMAND -p 815 <<EOF
very-long-name1
EOF

# A kernel thread's or a worker's name may be longer than 15 bytes.
new_tree
add_process 42 a-name-of-more-than-fifteen
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_fd 42 3 1001
expect 'command_is_fifteen_wide' 0 --no-header -o COMMAND,PID 80 <<EOF
a-name-of-more- 42
EOF
expect 'command_as_long_as_it_is' 0 +c 0 --no-header -o COMMAND,PID 80 <<EOF
a-name-of-more-than-fifteen 42
EOF
tree=$tmp/proc1

# --- -o --------------------------------------------------------------------

# column COLUMN TITLE CELL: both with the blanks of their column.
column() {
	expect "column_$1" 0 -o "$1,NAME" -p 4711 -d 7 <<EOF
$2 NAME
$3 *:80 (LISTEN)
EOF
}
column COMMAND COMMAND 'nginx  '
column PID ' PID' 4711
column TID TID '  -'
column TASKCMD TASKCMD '      -'
column PPID PPID '   1'
column PGID PGID 4700
column USER "$user_title" "$user_cell"
column FD FD 7u
column TYPE TYPE IPv6
column DEVICE DEVICE '  1002'
column SIZE SIZE/OFF '     0t0'
column NODE NODE ' TCP'
column STATE ' STATE' LISTEN
column LOCAL LOCAL '*:80 '
column REMOTE REMOTE '*:*   '
column INODE INODE ' 1002'
column NETNS NETNS '    -'
uid_width=${#uid}
[ "$uid_width" -ge 3 ] || uid_width=3
column UID "$(printf "%${uid_width}s" UID)" "$(printf "%${uid_width}s" "$uid")"
column ARGS 'ARGS             ' 'nginx --serve a b'
column CWD 'CWD ' /srv
column START '              START' 2023-11-14T22:14:20
column RECVQ RECVQ '    3'
column SENDQ SENDQ '  128'
column REASON REASON '-     '
expect 'columns_in_any_case_and_order' 0 -o name,fD,Pid,TYPE -p 4711 -d 7,12345 <<EOF
NAME                            FD  PID TYPE
*:80 (LISTEN)                   7u 4711 IPv6
[fe80::1:0:0:2]:80 (LISTEN) 12345u 4711 IPv6
EOF
expect 'columns_long_option' 0 --columns=PID,NAME 631 <<EOF
PID NAME
  1 127.0.0.1:631 (LISTEN)
EOF
expect 'columns_long_option_next_word' 0 --columns PID,NAME 631 <<EOF
PID NAME
  1 127.0.0.1:631 (LISTEN)
EOF
expect 'columns_attached' 0 -oPID,NAME 631 <<EOF
PID NAME
  1 127.0.0.1:631 (LISTEN)
EOF
expect 'columns_of_both_ends' 0 -o LOCAL,REMOTE --no-header -p 4711 -d 8,10 <<EOF
127.0.0.1:80 127.0.0.1:50000
[::1]:53     [::1]:4000
EOF
expect 'last_column_is_aligned_too' 0 -o FD,PID 80 -i4 <<EOF
FD  PID
3u  815
6u 4711
EOF
expect 'only_column_is_aligned_too' 0 -o PID 631,80 -i4 <<EOF
 PID
   1
 815
4711
EOF

# --- -t --------------------------------------------------------------------

expect 'pids_ascending_and_unique' 0 -t 80 631 <<EOF
1
815
4711
EOF
expect 'pids_are_all_that_is_printed' 0 -t -K -R -o NAME --color=always 631 <<EOF
1
EOF
expect 'pids_of_unix_sockets' 0 -t -U <<EOF
4711
EOF
expect 'pids_of_pids' 0 -t -p 815,1 <<EOF
1
815
EOF

# --- names of ports and hosts ----------------------------------------------

expect 'numeric_without_asking' 0 -nP --no-header -o NAME 631 <<EOF
127.0.0.1:631 (LISTEN)
EOF
if has_service http 80/tcp; then
	expect 'port_names' 0 +P --no-header -o NAME -iTCP -p 4711 -d 6,8 <<EOF
*:http (LISTEN)
127.0.0.1:http->127.0.0.1:50000 (ESTABLISHED)
EOF
	expect 'last_word_on_port_names_counts' 0 +P -P --no-header -o NAME -p 4711 -d 6 <<EOF
*:80 (LISTEN)
EOF
else
	skip 'port_names' '/etc/services is missing or lacks http'
fi
if grep -q '^127\.0\.0\.1[[:space:]][[:space:]]*localhost' /etc/hosts 2>/dev/null; then
	expect 'host_names' 0 +n --no-header -o NAME 631 <<EOF
localhost:631 (LISTEN)
EOF
	expect 'last_word_on_host_names_counts' 0 +n -n --no-header -o NAME 631 <<EOF
127.0.0.1:631 (LISTEN)
EOF
else
	skip 'host_names' '/etc/hosts lacks localhost'
fi

# --- rows without a holder, blanks, colour ---------------------------------

new_tree
add_process 7 server
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_inet tcp 10.0.0.1:80 TIME_WAIT 0 remote=10.0.0.2:4000 timer=3:41 uid=0
add_inet tcp 10.0.0.1:80 LAST_ACK 0 remote=10.0.0.2:4001 timer=1:1
add_fd 7 3 1001

# Before Linux 6.17 the kernel told uid 0 for every socket without a file.
owner=$user_cell
[ "$uid" != 0 ] || owner=$no_user
expect 'unowned_rows_come_last' 0 --all 80 <<EOF
COMMAND PID $user_title FD TYPE DEVICE SIZE/OFF NODE NAME
server    7 $user_cell 3u IPv4   1001      0t0  TCP *:80 (LISTEN)
-         - $no_user  - IPv4      0      0t0  TCP 10.0.0.1:80->10.0.0.2:4000 (TIME_WAIT) [time-wait: 41 s]
-         - $owner  - IPv4      0      0t0  TCP 10.0.0.1:80->10.0.0.2:4001 (LAST_ACK) [orphan]
EOF
cp "$tmp/out" "$tmp/plain"
expect 'columns_of_unowned_rows' 0 80 -sTIME_WAIT \
	-o TID,TASKCMD,PPID,PGID,UID,ARGS,CWD,START,NETNS,RECVQ,REASON,COMMAND <<EOF
TID TASKCMD PPID PGID UID ARGS CWD START NETNS RECVQ REASON          COMMAND
  -       -    -    -   - -    -       -     -     0 time-wait: 41 s -
EOF
ask --all 80 -o NAME,ARGS,COMMAND
verify 'no_trailing_blanks' lacks '[[:blank:]]$' "$tmp/out"
ask --all 80 -o NAME,PID,ARGS,REASON
verify 'no_trailing_blanks_in_another_last_column' lacks '[[:blank:]]$' "$tmp/out"

esc=$(printf '\033')
ask --all 80 --color=always
verify 'colour_always' grep -q "$esc" "$tmp/out"
sed "s/$esc\\[[0-9;]*m//g" "$tmp/out" >"$tmp/bare"
verify 'colour_changes_no_text' diff "$tmp/plain" "$tmp/bare"
# True if each line that sets a colour ends in setting none.
is_reset() {
	! grep "$esc" "$1" | grep -v "$esc\\[0*m[^$esc]*\$"
}
verify 'colour_ends_with_its_line' is_reset "$tmp/out"
for when in --color=never --color=auto '--color auto'; do
	# shellcheck disable=SC2086 # words
	ask --all 80 $when
	verify "no_colour_in_a_pipe: $when" diff "$tmp/plain" "$tmp/out"
done

# on_terminal NAME plain|coloured SETTING ARG...: the answer on a terminal.
on_terminal() {
	name=$1 wanted=$2 setting=$3
	shift 3
	script -qec "env $setting '$WHOPORT' --proc '$tree' --all 80 $*" /dev/null \
		</dev/null 2>&1 | tr -d '\r' >"$tmp/out"
	found=plain
	! grep -q "$esc" "$tmp/out" || found=coloured
	verify "$name" test "$found" = "$wanted"
}
if [ "$(script -qec 'echo works' /dev/null </dev/null 2>/dev/null | tr -d '\r\n')" = works ]; then
	on_terminal 'terminal_is_coloured' coloured TERM=xterm
	on_terminal 'terminal_without_ability' plain TERM=dumb
	on_terminal 'no_color_is_honoured' plain 'TERM=xterm NO_COLOR=1'
	on_terminal 'empty_no_color_says_nothing' coloured 'TERM=xterm NO_COLOR='
	on_terminal 'no_color_yields_to_the_option' coloured 'TERM=xterm NO_COLOR=1' --color=always
	on_terminal 'colour_never_on_a_terminal' plain TERM=xterm --color=never
else
	skip 'terminal_is_coloured' 'script(1) is missing'
fi
