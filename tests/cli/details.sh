#!/bin/sh
# -D: cards, and the key `details` of JSON, on proc trees of text.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

named="$user ($uid)"
id -un >/dev/null 2>&1 || named=$uid

# --- cards -----------------------------------------------------------------

new_tree
echo '11580.31 99.00' >"$tree/uptime"
add_process 1 init 0
add_process 90 sshd 1
add_process 811 nginx 90
ln -s '/usr/sbin/nginx (deleted)' "$tree/811/exe"
printf 'Name:\tnginx\nUid:\t4294967294\t%s\t0\t0\n' "$uid" >"$tree/811/status"
printf '0::/system.slice/nginx.service\n' >"$tree/811/cgroup"
# Terminal 136:3, four threads.
sed 's/ 0 -1 4194304/ 34819 -1 4194304/; s/ 20 0 1 0 / 20 0 4 0 /' "$tree/811/stat" >"$tmp/stat"
cp "$tmp/stat" "$tree/811/stat"
add_process 812 worker 811
add_inet tcp 0.0.0.0:80 LISTEN 1001 queues=0:2
add_inet tcp '[::1]:81' ESTABLISHED 1002 remote='[::1]:4000' queues=10:5 timer=1:2
add_inet tcp '[::1]:4000' ESTABLISHED 1007 remote='[::1]:81'
add_inet tcp 127.0.0.1:80 TIME_WAIT 0 remote=127.0.0.1:4001 timer=3:41 uid=0
add_unix 1005 STREAM LISTEN '/run/a b.sock'
add_fd 811 6 1001
add_fd 811 7 1002
add_fd 811 8 1005
add_fd 812 3 1001
add_fd 812 4 1007

# Only root's sshd is one.
session=
[ "$uid" != 0 ] || session='  session      ssh, through sshd,90
'
of_811="nginx,811
  command      nginx --serve a b
  exe          /usr/sbin/nginx (deleted)
  cwd          /srv
  user         $named, real 4294967294
  started      2023-11-14 22:14:20, 3 h 12 min ago
  parents      sshd,90 < init,1
  terminal     pts/3
$session  unit         nginx.service
  cgroup       /system.slice/nginx.service
  threads      4
  descriptors  3"
of_812="worker,812
  command      worker --serve a b
  cwd          /srv
  user         $named
  started      2023-11-14 22:14:20, 3 h 12 min ago
  parents      nginx,811 < sshd,90 < init,1
$session  threads      1
  descriptors  2"

expect 'port_to_process' 0 -D 80 <<EOF
$of_811

nginx,811 6u IPv4 TCP *:80 (LISTEN)
  inode        1001
  owner        $named
  shared with  812,worker,3u
  backlog      2 connections wait

$of_812

worker,812 3u IPv4 TCP *:80 (LISTEN)
  told above   811,nginx,6u
EOF
expect 'process_to_its_sockets' 0 --details -p 811 <<EOF
$of_811

nginx,811 6u IPv4 TCP *:80 (LISTEN)
  inode        1001
  owner        $named
  backlog      2 connections wait

nginx,811 7u IPv6 TCP [::1]:81->[::1]:4000 (ESTABLISHED)
  inode        1002
  owner        $named
  other end    812,worker,4u
  queues       5 bytes to be read, 10 bytes not acknowledged
  timer        retransmit in 2 s

nginx,811 8u unix /run/a b.sock type=STREAM (LISTEN)
  inode        1005
EOF
expect 'sockets_without_holder' 0 -D -sTIME_WAIT 80 <<EOF
- IPv4 TCP 127.0.0.1:80->127.0.0.1:4001 (TIME_WAIT)
  reason       time-wait: 41 s
  timer        time-wait in 41 s
EOF
expect_nothing 'nothing_found' 1 -D 9999
ask -D -p 811
cp "$tmp/out" "$tmp/plain"
ask -D -E -Tqs -R -g --no-header +c 2 -p 811
verify 'options_of_the_table_change_nothing' diff "$tmp/plain" "$tmp/out"
ask -D --color=always 80
verify 'heads_stand_out' test "$(grep -c "$(printf '^\033\\[1m.*\033\\[m$')" "$tmp/out")" = 4
ask -D -l -p 812
verify 'users_as_numbers' grep -qx "  user         $uid" "$tmp/out"
ask -D -r1c2m= -p 812
verify 'cards_again' test "$(grep -c '^worker,812$' "$tmp/out")" = 2

# --- what does not go together ---------------------------------------------

refuses 'cards_and_pids' --details -D -t 80
refuses 'cards_and_columns' -o -D -o PID -J 80
refuses 'cards_and_kill' --details -D -k 80
refuses 'cards_take_no_value' Z -DZ 80

# --- JSON ------------------------------------------------------------------

ask -J -D --all
valid_json 'details_in_a_document_are_valid' document
verify 'every_object_has_them' test "$(grep -o '"details":{' "$tmp/out" | wc -l)" -eq \
	"$(grep -c '^{"pid"\|^{"fd"\|^{"unit"' "$tmp/out")"
ask -j -D --all
valid_json 'details_in_lines_are_valid' lines
ask -J -D -Fp 80
valid_json 'details_beside_chosen_keys_are_valid' document some
verify 'details_beside_chosen_keys' grep -q '"details":{"exe":"/usr/sbin/nginx","exe_deleted":true' \
	"$tmp/out"
ask -j -D -d 6 -p 811
verify 'details_of_a_line' grep -q '"tty":"pts/3",.*"threads":4,"fds":3,"socket_cgroup":null' \
	"$tmp/out"
ask -J --all
verify 'no_details_unasked' lacks '"details"' "$tmp/out"

# --- foreign names ---------------------------------------------------------

newline='
'
esc=$(printf '\033')
new_tree
add_process 10 "a${newline}b c"
printf 'x\000\n  exe  /bin/sh\033[2J\000' >"$tree/10/cmdline"
ln -s "/tmp/${newline}  user         root (0)${esc}]0;x" "$tree/10/exe"
printf '0::/a\033b.service\n' >"$tree/10/cgroup"
add_unix 1001 STREAM LISTEN "$(printf '/run/-\033 (deleted)')"
add_fd 10 3 1001
ask -D -U
verify 'foreign_names_without_control_bytes' lacks '[[:cntrl:]]' "$tmp/out"
verify 'foreign_names_make_no_line' test "$(grep -c '^  user ' "$tmp/out")" = 1
verify 'foreign_names_make_no_exe' test "$(grep -c '^  exe ' "$tmp/out")" = 1
ask -J -D -U
valid_json 'foreign_names_are_valid' document

# --- width -----------------------------------------------------------------

new_tree
long=$(printf '%0200d' 0)
add_process 1 init 0
last=1
for pid in 20 21 22 23 24 25 26 27 28; do
	add_process $pid "a-parent-of-$pid" $last
	last=$pid
done
add_process 30 server 28
printf 'server\000%s\000' "$long" >"$tree/30/cmdline"
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_fd 30 3 1001
ask -D 80
verify 'command_line_is_whole' grep -qx "  command      server $long" "$tmp/out"
verify 'nothing_else_is_longer_than_a_line' \
	test "$(awk 'length($0) > 80' "$tmp/out" | wc -l)" -eq 1
verify 'every_parent_is_there' test "$(grep -o 'a-parent-of-' "$tmp/out" | wc -l)" -eq 9

# --- large, cut off, full --------------------------------------------------

awk 'BEGIN {
	for (i = 0; i < 2000; i++)
		printf "%4d: 0100007F:%04X 00000000:0000 06 00000000:00000000 03:00001000 00000000     0        0 0 3 0\n", i, 20000 + i
}' >>"$tree/net/tcp"
ask -D --all
verify 'many_cards' test "$(grep -c 'reason       time-wait' "$tmp/out")" -eq 2000
"$WHOPORT" --proc "$tree" -D --all 2>"$tmp/err" | head -n 1 >"$tmp/out"
verify 'reader_that_ends_early_is_no_news' test ! -s "$tmp/err"
if [ -c /dev/full ]; then
	"$WHOPORT" --proc "$tree" -D --all >/dev/full 2>"$tmp/err"
	verify 'full_disk' test "$?" = 2
else
	skip 'full_disk' '/dev/full is missing'
fi
