#!/bin/sh
# Names that other users choose, and tables that are not what they should be.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# True if a file holds no control bytes but newlines.
is_harmless() {
	[ "$(LC_ALL=C tr -d '\n\040-\176\200-\377' <"$1" | wc -c)" -eq 0 ]
}

# harmless NAME STATUS ARG... <<EOF: expect, and no control bytes.
harmless() {
	case_name=$1
	expect "$@"
	verify "${case_name}_without_control_bytes" is_harmless "$tmp/out"
}

esc=$(printf '\033') tab=$(printf '\t') cr=$(printf '\r') del=$(printf '\177')
newline='
'

# --- commands --------------------------------------------------------------

new_tree
add_process 10 'x) y (z' 5 6
add_process 11 "a${newline}b${esc}[2Jc" 5 6
add_process 12 "$(printf 'na\303\257ve')" 5 6
add_process 13 "$(printf 'bad\377\303')" 5 6
add_process 14 "$(printf 'csi\302\233m')" 5 6
add_process 15 "tab${tab}cr${cr}del${del}" 5 6
add_process 16 'back\slash' 5 6
add_process 17 "$(printf 'rtl\342\200\256x')" 5 6
add_process 18 ") R 1 1 1" 5 6
add_process 19 "${newline}${newline}" 5 6
add_process 20 "-" 5 6
for pid in 10 11 12 13 14 15 16 17 18 19 20; do
	add_inet tcp 0.0.0.0:$pid LISTEN "10$pid"
	add_fd "$pid" 3 "10$pid"
done

harmless 'commands_in_the_c_locale' 0 --no-header -o PID,PPID,PGID,COMMAND <<'EOF'
10 5 6 x)\x20y\x20(z
11 5 6 a\nb^[[2Jc
12 5 6 na\xc3\xafve
13 5 6 bad\xff\xc3
14 5 6 csi\xc2\x9bm
15 5 6 tab\tcr\rdel^?
16 5 6 back\\slash
17 5 6 rtl\xe2\x80\xaex
18 5 6 )\x20R\x201\x201\x201
19 5 6 \n\n
20 5 6 -
EOF
if has_utf8; then
	export LC_ALL="$utf8"
	harmless 'commands_in_a_utf8_locale' 0 --no-header -o COMMAND,PID <<EOF
x)\\x20y\\x20(z         10
a\\nb^[[2Jc            11
$(printf 'na\303\257ve')                 12
bad\\xff\\xc3           13
csi\\xc2\\x9bm          14
tab\\tcr\\rdel^?        15
back\\\\slash           16
rtl\\xe2\\x80\\xaex      17
)\\x20R\\x201\\x201\\x201 18
\\n\\n                  19
-                     20
EOF
	LC_ALL=C
else
	skip 'commands_in_a_utf8_locale' 'there is no C.UTF-8 locale'
fi
harmless 'commands_on_a_terminal' 0 --color=never -p 11 <<EOF
COMMAND    PID $user_title FD TYPE DEVICE SIZE/OFF NODE NAME
a\\nb^[[2Jc  11 $user_cell 3u IPv4   1011      0t0  TCP *:11 (LISTEN)
EOF
expect 'command_with_blanks_is_chosen' 0 --no-header -o PID -c 'x) y' <<EOF
10
EOF
expect 'command_with_newline_is_chosen' 0 --no-header -o PID -c "a${newline}b" <<EOF
11
EOF
# A process cannot make itself look like another's group by its name.
expect 'process_group_behind_the_last_parenthesis' 1 -g1 -o PID </dev/null

new_tree
add_process 10 server
printf 'a\000b c\000\033[2J\000\n\000' >"$tree/10/cmdline"
rm "$tree/10/cwd"
ln -s "/tmp/x${newline}y${esc}]0;t" "$tree/10/cwd"
add_thread 10 11 "t${esc}[1m"
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_thread_fd 10 11 3 1001
harmless 'arguments_directory_and_thread' 0 --no-header -K -o TASKCMD,CWD,ARGS 80 <<'EOF'
t^[[1m /tmp/x\ny^[]0;t a b c ^[[2J \n
EOF

# --- unix names ------------------------------------------------------------

new_tree
add_process 30 db
add_unix 1001 STREAM LISTEN "/run/a${newline}b"
add_unix 1002 STREAM LISTEN "/run/${esc}[31mred"
add_unix 1003 STREAM LISTEN '/run/with  two blanks '
add_unix 1004 STREAM LISTEN "/run/tab${tab}cr${cr}"
add_unix 1005 DGRAM UNCONNECTED "@abs${newline}${newline}tract:1"
add_unix 1006 STREAM LISTEN '/run/back\slash'
add_unix 1007 STREAM LISTEN "$(printf '/run/na\303\257ve\377')"
add_unix 1008 STREAM LISTEN '/run/plain'
for fd in 1 2 3 4 5 6 7 8; do
	add_fd 30 "$fd" "100$fd"
done
harmless 'unix_names_in_the_c_locale' 0 --no-header -o INODE,NAME -U <<'EOF'
1001 /run/a\nb type=STREAM (LISTEN)
1002 /run/^[[31mred type=STREAM (LISTEN)
1003 /run/with  two blanks  type=STREAM (LISTEN)
1004 /run/tab\tcr\r type=STREAM (LISTEN)
1005 @abs\n\ntract:1 type=DGRAM (UNCONNECTED)
1006 /run/back\\slash type=STREAM (LISTEN)
1007 /run/na\xc3\xafve\xff type=STREAM (LISTEN)
1008 /run/plain type=STREAM (LISTEN)
EOF
if has_utf8; then
	export LC_ALL="$utf8"
	harmless 'unix_name_in_a_utf8_locale' 0 --no-header -o NAME -U -d 7 <<EOF
$(printf '/run/na\303\257ve')\\xff type=STREAM (LISTEN)
EOF
	LC_ALL=C
else
	skip 'unix_name_in_a_utf8_locale' 'there is no C.UTF-8 locale'
fi
harmless 'unix_name_in_a_column_of_its_own' 0 --no-header -o LOCAL -U -d 1-2 <<'EOF'
/run/a\nb
/run/^[[31mred
EOF
harmless 'unix_target_with_newline' 0 --no-header -o PID,NAME "/run/a${newline}b" <<'EOF'
30 /run/a\nb type=STREAM (LISTEN)
EOF
harmless 'abstract_target_with_newlines' 0 --no-header -o PID,NAME '@abs\n\x0atract:1' <<'EOF'
30 @abs\n\ntract:1 type=DGRAM (UNCONNECTED)
EOF
expect 'unix_target_with_trailing_blank' 0 --no-header -o PID '/run/with  two blanks ' <<EOF
30
EOF

# --- forged rows -----------------------------------------------------------

forged='0000000000000000: 00000002 00000000 00010000 0001 01'
new_tree
add_process 40 honest
add_process 41 evil
add_inet tcp 0.0.0.0:80 LISTEN 2001
add_unix 2002 STREAM LISTEN /run/honest.sock
add_unix 2003 STREAM LISTEN "/tmp/evil${newline}$forged  2002 /f"
add_unix 2004 STREAM LISTEN "/tmp/evil${newline}$forged  2001 /g"
add_unix 2005 STREAM LISTEN "/tmp/evil${newline}$forged  2006 /h"
add_unix 2006 STREAM LISTEN /run/after.sock
add_unix 2007 STREAM CONNECTED
add_fd 40 3 2001
add_fd 40 4 2002
add_fd 40 5 2006
add_fd 40 6 2007
add_fd 41 3 2003
add_fd 41 4 2004
add_fd 41 5 2005

expect 'forged_row_renames_no_socket_before_it' 0 --no-header -o PID,FD,NAME /run/honest.sock <<EOF
40 4u /run/honest.sock type=STREAM (LISTEN)
EOF
expect_nothing 'forged_row_lends_no_name' 1 /f
expect 'forged_row_hides_no_port' 0 --no-header -o PID,FD,NAME 80 <<EOF
40 3u *:80 (LISTEN)
EOF
ask --no-header -o PID,FD,NAME -U
verify 'forged_row_hides_no_socket_after_it' grep -qx '40 5u /run/after.sock type=STREAM (LISTEN)' "$tmp/out"
verify 'forged_row_hides_no_socket_without_name' grep -qx '40 6u type=STREAM (CONNECTED)' "$tmp/out"
verify 'forger_is_shown' grep -q '^41 3u /tmp/evil' "$tmp/out"
verify 'forger_of_an_inet_row_is_shown' grep -q '^41 4u /tmp/evil' "$tmp/out"
verify 'forger_is_shown_whole' grep -qFx \
	"41 3u /tmp/evil\\n$forged  2002 /f type=STREAM (LISTEN)" "$tmp/out"
verify 'forged_rows_are_harmless' is_harmless "$tmp/out"
ask --no-header -o PID,FD,NAME -U -i
verify 'forged_row_overrides_no_inet_socket' grep -qx '40 3u \*:80 (LISTEN)' "$tmp/out"
verify 'forged_row_is_not_believed_beside_the_inet_socket' lacks '^40 3u /g' "$tmp/out"

# --- malformed tables ------------------------------------------------------

# The valid rows around what each case puts in between.
# damage NAME COUNT: stdin is put into the table.
damage() {
	new_tree
	add_process 50 server
	add_fd 50 3 3001
	add_fd 50 4 3002
	add_inet tcp 0.0.0.0:80 LISTEN 3001
	cat >>"$tree/net/tcp"
	add_inet tcp 0.0.0.0:81 LISTEN 3002
	harmless "$1" 0 --no-header -o PID,FD,NAME <<EOF
50 3u *:80 (LISTEN)
50 4u *:81 (LISTEN)
! whoport: $2 lines of the socket tables could not be understood
EOF
}
damage 'garbage_hides_no_row' 3 <<'EOF'
this is no row

   0: 00000000:0050
EOF
damage 'rows_cut_short_hide_no_row' 4 <<'EOF'
   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0
   0: 0000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 99
   0: 00000000:10050 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 99
   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 -99
EOF
awk 'BEGIN { for (i = 0; i < 20000; i++) printf "0123456789"; print ""; print "\033[2J\007" }' \
	>"$tmp/damage"
damage 'overlong_and_control_bytes_hide_no_row' 2 <"$tmp/damage"
printf '\000\001\377\n   0: \000\n' >"$tmp/damage"
damage 'bytes_that_are_no_text_hide_no_row' 2 <"$tmp/damage"

new_tree
add_process 50 server
add_inet tcp 0.0.0.0:80 LISTEN 3001
add_inet tcp 0.0.0.0:81 LISTEN 3002
add_fd 50 3 3001
add_fd 50 4 3002
printf '%s' "$(cat "$tree/net/tcp")" >"$tmp/cut"
cat "$tmp/cut" >"$tree/net/tcp"
expect 'last_row_without_newline_counts' 0 --no-header -o PID,FD,NAME <<EOF
50 3u *:80 (LISTEN)
50 4u *:81 (LISTEN)
EOF
: >"$tree/net/udp"
rm "$tree/net/tcp6" "$tree/net/raw" "$tree/net/unix"
expect 'tables_that_are_empty_or_missing' 0 --no-header -o PID,FD,NAME -i -U -Q <<EOF
50 3u *:80 (LISTEN)
50 4u *:81 (LISTEN)
EOF
expect 'notes_can_be_left_out' 0 -w --no-header -o PID,FD,NAME <<EOF
50 3u *:80 (LISTEN)
50 4u *:81 (LISTEN)
EOF

# Links and entries that only look like sockets.
ln -s 'socket:[3001]x' "$tree/50/fd/10"
ln -s 'socket:[]' "$tree/50/fd/11"
ln -s 'socket:[99999999999999999999999]' "$tree/50/fd/12"
ln -s '/tmp/socket:[3001]' "$tree/50/fd/13"
ln -s 'socket:[3001]' "$tree/50/fd/14x"
ln -s 'pipe:[3001]' "$tree/50/fd/15"
mkdir "$tree/99999999999" "$tree/51x" "$tree/52"
expect 'links_that_are_no_sockets' 0 --no-header -o PID,FD 80 <<EOF
50 3u
EOF

# Files that are none: nothing waits for them, and no row is lost.
mkdir "$tree/0" "$tree/0/fd"
ln -s 'socket:[3001]' "$tree/0/fd/3"
rm "$tree/50/comm"
mkdir "$tree/50/comm"
expect 'command_that_cannot_be_read_is_unknown' 0 --no-header -o COMMAND,PID,FD 80 <<EOF
- 50 3u
EOF
echo junk >"$tree/50/stat"
expect 'junk_in_stat_loses_no_row' 0 --no-header -o PID,PGID,FD 80 <<EOF
50 0 3u
EOF
new_tree
rm "$tree/net/tcp"
mkfifo "$tree/net/tcp"
expect 'fifo_is_no_table' 2 80 <<EOF
! whoport: $tree/net/tcp: Invalid argument
EOF
rm "$tree/net/tcp"
ln -s /dev/zero "$tree/net/tcp"
expect 'device_is_no_table' 2 80 <<EOF
! whoport: $tree/net/tcp: Too many levels of symbolic links
EOF
