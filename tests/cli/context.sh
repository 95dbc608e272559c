#!/bin/sh
# The line about each process that holds a target: on a terminal, and nowhere else.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

new_tree
echo "1000000.00 1.00" >"$tree/uptime"
add_process 811 node
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_inet tcp '[::]:80' LISTEN 1002
add_fd 811 6 1001
add_fd 811 7 1002
echo '0::/system.slice/pm2.service' >"$tree/811/cgroup"
add_process 812 node
add_fd 812 6 1001
printf 'evil\033[31m\000  in /etc\n' >"$tree/812/cmdline"
rm "$tree/812/cwd"
add_inet tcp 0.0.0.0:80 TIME_WAIT 0 remote=10.0.0.1:4000
add_process 813 java
add_inet tcp 0.0.0.0:85 LISTEN 1003
add_fd 813 3 1003
printf 'java\000-jar\000/opt/app/lib/application-1.2.3.jar\000' >"$tree/813/cmdline"
echo '0::/system.slice/app.service' >"$tree/813/cgroup"
add_inet tcp 0.0.0.0:90 LISTEN 2001
pid=900
while [ $pid -lt 912 ]; do
	add_process $pid server
	add_fd $pid 3 2001
	pid=$((pid + 1))
done

# Ages are as long as this machine is up.
hide_ages() {
	tr -d '\r' | sed 's/, [0-9][0-9]* \(s\|min\|h\|d\)\(, \|$\|'"$esc"'\)/, AGE\2/
		s/  [0-9][0-9]* \(s\|min\|h\|d\)$/  AGE/'
}
esc=$(printf '\033')

# shown COLUMNS SETTING ARG...: what is on a terminal of so many columns, in $tmp/out.
shown() {
	cols=$1 setting=$2
	shift 2
	script -qec "stty cols $cols; env $setting '$WHOPORT' --proc '$tree' $*" /dev/null \
		</dev/null 2>&1 | hide_ages >"$tmp/out"
}

# on_terminal NAME COLUMNS SETTING ARG... <<EOF: all of it.
on_terminal() {
	cat >"$tmp/expected"
	name=$1
	shift
	shown "$@"
	diff -u "$tmp/expected" "$tmp/out" >"$tmp/wrong"
	report "$name"
}

# no_line NAME ARG...: nothing of it on a terminal.
no_line() {
	name=$1
	shift
	shown 100 TERM=dumb "$@"
	verify "$name" lacks '^    ' "$tmp/out"
}

expect 'none_in_a_pipe' 0 --no-header 80 <<EOF
node 811 $user 6u IPv4 1001 0t0 TCP *:80 (LISTEN)
node 811 $user 7u IPv6 1002 0t0 TCP *:80 (LISTEN)
node 812 $user 6u IPv4 1001 0t0 TCP *:80 (LISTEN)
EOF
if [ "$(script -qec 'echo works' /dev/null </dev/null 2>/dev/null | tr -d '\r\n')" != works ]; then
	skip 'line_below_the_last_row' 'script(1) is missing'
	exit 0
fi

on_terminal 'line_below_the_last_row' 100 TERM=dumb --no-header 80 <<EOF
node 811 $user 6u IPv4 1001 0t0 TCP *:80 (LISTEN)
node 811 $user 7u IPv6 1002 0t0 TCP *:80 (LISTEN)
    node --serve a b  in /srv, AGE, pm2.service
node 812 $user 6u IPv4 1001 0t0 TCP *:80 (LISTEN)
    evil^[[31m in /etc\\n  AGE
EOF
shown 54 TERM=dumb --no-header 85
verify 'arguments_leave_room_for_the_rest' grep -Eqx \
	'    java -jar /opt/[^ ]*[.][.][.]  in /srv, AGE, app[.]service' "$tmp/out"
on_terminal 'line_is_dim' 100 TERM=xterm --no-header -p 811 -i4 80 <<EOF
node 811 $user 6u IPv4 1001 0t0 TCP *:80 (LISTEN)
${esc}[2m    node --serve a b  in /srv, AGE, pm2.service${esc}[m
EOF
on_terminal 'no_color_leaves_the_line' 100 'TERM=xterm NO_COLOR=1' --no-header -p 811 -i4 80 <<EOF
node 811 $user 6u IPv4 1001 0t0 TCP *:80 (LISTEN)
    node --serve a b  in /srv, AGE, pm2.service
EOF
on_terminal 'every_cycle_has_it' 100 TERM=dumb --no-header -p 811 -i4 -r0c2 80 <<EOF
node 811 $user 6u IPv4 1001 0t0 TCP *:80 (LISTEN)
    node --serve a b  in /srv, AGE, pm2.service
=======
node 811 $user 6u IPv4 1001 0t0 TCP *:80 (LISTEN)
    node --serve a b  in /srv, AGE, pm2.service
=======
EOF

shown 100 TERM=dumb 90
verify 'ten_lines_at_most' test "$(grep -c '^    server' "$tmp/out")" = 10
verify 'every_row_is_there' test "$(grep -c '^server' "$tmp/out")" = 12
no_line 'brief_leaves_it_out' --brief 80
no_line 'selection_without_target_has_none' -i:80
no_line 'no_selection_has_none'
for words in '-o COMMAND,PID,NAME' -t -J -j -Fpn; do
	# shellcheck disable=SC2086 # words
	no_line "none_with: $words" $words 80
done
