#!/bin/sh
# -k, --close and --wait: which command lines are refused, and in which words; who is
# left alone; and what --wait says of fixture trees. Nobody is signalled here.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

new_tree
add_process 100 server
add_process 101 other
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_inet tcp 0.0.0.0:81 LISTEN 1002
add_inet tcp 127.0.0.1:82 LISTEN 1003
add_inet tcp '[::1]:82' LISTEN 1004
add_inet udp 0.0.0.0:53 UNCONNECTED 1005
add_inet udp 10.0.0.1:54 ESTABLISHED 1006 remote=10.0.0.2:53
add_inet tcp 10.0.0.1:9000 ESTABLISHED 1007 remote=10.0.0.2:4000
add_inet tcp 10.0.0.1:9001 TIME_WAIT 0 remote=10.0.0.2:4000 timer=3:41 uid=0
add_inet tcp 10.0.0.1:9002 LAST_ACK 0 remote=10.0.0.2:4000 timer=1:1
add_inet tcp 0.0.0.0:83 LISTEN 1008
add_unix 1010 STREAM LISTEN /run/x.sock
add_unix 1011 DGRAM UNCONNECTED /run/log.sock
add_unix 1012 STREAM UNCONNECTED /run/idle.sock
add_unix 1013 STREAM LISTEN @bus
for inode in 1001 1003 1004 1005 1006 1007 1010 1011 1012 1013; do
	add_fd 100 "${inode#10}" "$inode"
done
add_fd 100 70 1002
add_fd 101 3 1002
add_fd 101 4 1008

# --- refused command lines ---------------------------------------------------

# refuses NAME MESSAGE ARG...: these two lines, and nothing else. Port 90 is free: there a
# wait that should have been refused ends, and is told.
refuses() {
	name=$1 message=$2
	shift 2
	expect "$name" 2 "$@" <<EOF
! whoport: $message
! Try 'whoport --help'
EOF
}

missing='needs a target, -i, -U or -p'
unknown='no such signal; a port stands apart: -k 8080'
refuses 'kill_of_nothing' "-k: $missing" -k
refuses 'kill_of_nothing_by_force' "-k: $missing" -k --force
refuses 'kill_of_nothing_dry' "-k: $missing" -kKILL --dry-run
refuses 'kill_of_processes_left_out' "-k: $missing" -k -p ^100
refuses 'kill_takes_no_target_attached' "--kill=8080: $unknown" -k8080
refuses 'kill_unknown_signal' "--kill=FOO: $unknown" -kFOO 80
refuses 'kill_unknown_signal_long' "--kill=FOO: $unknown" --kill=FOO 80
refuses 'kill_signal_in_lower_case' "--kill=kill: $unknown" --kill=kill 80
refuses 'kill_signal_0' "--kill=0: $unknown" -k0 80
refuses 'kill_signal_too_large' "--kill=99: $unknown" -k99 80
refuses 'kill_signal_below_rtmin' "--kill=RTMIN-1: $unknown" -kRTMIN-1 80
refuses 'kill_signal_and_letters' '-k Kt: not a value of this option' -kKt 80
refuses 'kill_signal_empty' '--kill=: needs a value' --kill= 80
refuses 'kill_signal_as_a_word' 'KILL: no such port or service' -k KILL 80
refuses 'kill_signal_without_equals' '--killKILL: unknown option' --killKILL 80
refuses 'kill_bad_signal_before_a_good_one' "--kill=FOO: $unknown" -kFOO -kTERM 80

for option in grace timeout; do
	with=-k
	[ $option = grace ] || with=--wait=free
	for value in x -1 +1 .5 1. 1.5s 1,5 0x1 0.1234 1000001 ' 1' ''; do
		refuses "${option}_of_'$value'" "--$option=$value: must be seconds up to 1000000, with three decimals at most" \
			$with 90 "--$option=$value"
	done
	refuses "${option}_of_nothing" "--$option: needs a value" $with 90 --$option
done

refuses 'grace_alone' '--grace: goes with -k only' --grace=1 80
refuses 'grace_with_close' '--grace: goes with -k only' --close --grace=1 80
refuses 'grace_with_wait' '--grace: goes with -k only' --wait=free --grace=1 90
refuses 'force_alone' '--force: goes with -k only' --force 80
refuses 'force_with_close' '--force: goes with -k only' --close --force 80
refuses 'force_with_wait' '--force: goes with -k only' --wait=free --force 90
refuses 'timeout_alone' '--timeout: goes with --wait only' --timeout=1 90
refuses 'timeout_with_kill' '--timeout: goes with --wait only' -k --timeout=1 90
refuses 'timeout_with_close' '--timeout: goes with --wait only' --close --timeout=1 90
for option in --dry-run --ask; do
	refuses "${option#--}_alone" "$option: goes with -k or --close only" $option 80
	refuses "${option#--}_with_wait" "$option: goes with -k or --close only" \
		--wait=free $option 90
done
refuses 'ask_without_terminal' '--ask: needs a terminal to ask at' -k --ask 80
refuses 'ask_without_terminal_to_close' '--ask: needs a terminal to ask at' --close --ask 80
for option in dry-run ask force close; do
	refuses "${option}_takes_no_value" "--$option=yes: takes no value" -k "--$option=yes" 80
done

one='only one of -k, --close, --wait and --why at a time'
refuses 'kill_and_close' "-k: $one" -k --close 80
refuses 'close_and_kill' "-k: $one" --close --kill=TERM 80
refuses 'kill_and_wait' "-k: $one" -k --wait=free 90
refuses 'close_and_wait' "--close: $one" --wait=listen --close 90
refuses 'all_three' "-k: $one" -k --close --wait=free 90

refuses 'close_of_nothing' "--close: $missing" --close
for option in -k --close; do
	for words in -i -U '-i -U' '-t -i' -iTCP '-i4 -i6UDP' '-iTCP,UDP -s ^TIME_WAIT' '-U -p ^1' \
		'-i -u ^0 -c ^init -d ^3'; do
		# shellcheck disable=SC2086 # words
		refuses "all_there_is: $option $words" \
			"$option: that is everything: name a port, a host, a process or a state" \
			$option $words
	done
done
refuses 'close_of_states' "--close: $missing" --close -s TIME_WAIT

for value in 80 FREE freed 'free,listen' ''; do
	refuses "wait_for_'$value'" "--wait=$value: must be free or listen" "--wait=$value" 90
done
refuses 'wait_takes_the_next_word' '--wait=90: must be free or listen' --wait 90
refuses 'wait_without_value' '--wait: needs a value' 80 --wait
refuses 'wait_without_target' '--wait: needs a target' --wait=free
refuses 'wait_without_target_in_time' '--wait: needs a target' --wait=listen --timeout=0
refuses 'wait_of_the_next_word_without_target' '--wait: needs a target' --wait free
alone='takes targets alone, such as 8080, udp:53, /run/x.sock'
refuses 'wait_of_unix_sockets' "--wait: $alone" --wait=free -U
for words in -U -iTCP -i:80 '-p 100' '-p ^100' '-s LISTEN' '-c server' '-u 0' '-g100' '-d 3'; do
	# shellcheck disable=SC2086 # words
	refuses "wait_with_$words" "--wait: $alone" \
		--wait=listen --timeout=0 80 $words
	# shellcheck disable=SC2086 # words
	refuses "wait_with_${words}_alone" "--wait: $alone" \
		--wait=listen --timeout=0 $words
done
refuses 'wait_for_a_bad_target' '99999: ports go from 0 to 65535' --wait=free --timeout=0 80 99999

# --- nobody is signalled in another tree -------------------------------------

# No process of the real tree can have this number (PID_MAX_LIMIT is 2^22): should this
# check be lost one day, nobody is hurt.
wait_tree=$tree
new_tree
add_process 4194400 server
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_unix 1002 STREAM LISTEN /run/x.sock
add_fd 4194400 3 1001
add_fd 4194400 4 1002
elsewhere='acts on the /proc of its own pid namespace only'
for words in 80 '-p 4194400' '-U --dry-run' '-i:80' '-t 80' '--dry-run 80' '--force 80' '-Q 80' 4711 \
	'-N self 80'; do
	# shellcheck disable=SC2086 # words
	expect "kill_in_another_tree: $words" 2 -k $words <<EOF
! whoport: -k: $elsewhere
EOF
	case $words in *force*) continue ;; esac
	# shellcheck disable=SC2086 # words
	expect "close_in_another_tree: $words" 2 --close $words <<EOF
! whoport: --close: $elsewhere
EOF
done
expect 'probe_in_another_tree' 2 --why --probe 80 <<EOF
! whoport: --probe: binds in its own network namespace, which another /proc does not show
EOF
expect 'kill_with_grace_in_another_tree' 2 -kKILL --grace=0.5 80 <<EOF
! whoport: -k: $elsewhere
EOF
expect 'the_same_without_kill' 0 --no-header -o PID,NAME 80 <<EOF
4194400 *:80 (LISTEN)
EOF
tree=$wait_tree tables=$wait_tree/net

# --- until somebody listens --------------------------------------------------

expect 'listen_reached' 0 --wait=listen 80 --timeout=0 <<EOF
80 is listened on by server,100
EOF
expect 'listen_reached_without_timeout' 0 --wait=listen 80 <<EOF
80 is listened on by server,100
EOF
expect 'listen_not_reached' 1 --wait=listen 90 --timeout=0 <<EOF
90 is not listened on
EOF
expect 'listen_times_out' 1 --wait=listen 90 --timeout=0.1 <<EOF
90 is not listened on
EOF
expect 'listen_value_as_the_next_word' 1 --wait listen 90 --timeout 0.05 <<EOF
90 is not listened on
EOF
expect 'listen_of_one_protocol' 0 --wait=listen tcp:80 --timeout=0 <<EOF
80/tcp is listened on by server,100
EOF
expect 'listen_of_another_protocol' 1 --wait=listen udp:80 --timeout=0 <<EOF
80/udp is not listened on
EOF
expect 'listen_of_udp' 0 --wait=listen 53/udp --timeout=0 <<EOF
53/udp is listened on by server,100
EOF
expect 'listen_of_connected_udp' 1 --wait=listen 54/udp --timeout=0 <<EOF
54/udp is not listened on
EOF
expect 'listen_of_a_connection' 1 --wait=listen 9000 --timeout=0 <<EOF
9000 is not listened on
EOF
expect 'listen_of_an_address' 0 --wait=listen 127.0.0.1:82 --timeout=0 <<EOF
127.0.0.1:82 is listened on by server,100
EOF
expect 'listen_of_another_address' 1 --wait=listen 127.0.0.2:82 --timeout=0 <<EOF
127.0.0.2:82 is not listened on
EOF
expect 'listen_of_an_ipv6_address' 0 --wait=listen '[::1]:82/tcp' --timeout=0 <<EOF
[::1]:82/tcp is listened on by server,100
EOF
expect 'listen_names_all_holders' 0 --wait=listen 81 --timeout=0 <<EOF
81 is listened on by server,100 other,101
EOF
expect 'listen_list' 0 --wait=listen 80,81 --timeout=0 <<EOF
80 is listened on by server,100
81 is listened on by server,100 other,101
EOF
expect 'listen_list_in_part' 1 --wait=listen 80,90 --timeout=0 <<EOF
80 is listened on by server,100
90 is not listened on
EOF
expect 'listen_range' 0 --wait=listen 80-82 --timeout=0 <<EOF
80 is listened on by server,100
81 is listened on by server,100 other,101
82 is listened on by server,100
EOF
expect 'listen_range_in_part' 1 --wait=listen 79-80 --timeout=0 <<EOF
79 is not listened on
80 is listened on by server,100
EOF
expect 'listen_path' 0 --wait=listen /run/x.sock --timeout=0 <<EOF
/run/x.sock is listened on by server,100
EOF
expect 'listen_path_of_datagrams' 0 --wait=listen /run/log.sock --timeout=0 <<EOF
/run/log.sock is listened on by server,100
EOF
expect 'listen_path_of_a_stream_that_does_not' 1 --wait=listen /run/idle.sock --timeout=0 <<EOF
/run/idle.sock is not listened on
EOF
expect 'listen_path_of_nobody' 1 --wait=listen /run/y.sock --timeout=0 <<EOF
/run/y.sock is not listened on
EOF
expect 'listen_abstract' 0 --wait=listen @bus --timeout=0 <<EOF
@bus is listened on by server,100
EOF

# Lines in any order.
ask --wait=listen --timeout=0 80 53/udp /run/x.sock
sort "$tmp/out" >"$tmp/sorted"
mv "$tmp/sorted" "$tmp/out"
cat >"$tmp/expected" <<EOF
/run/x.sock is listened on by server,100
53/udp is listened on by server,100
80 is listened on by server,100
EOF
compare_answer 0
report 'listen_of_several_targets'
ask --wait=listen --timeout=0 80 53/udp /run/y.sock
verify 'listen_of_several_targets_in_part' test "$status" = 1
verify 'listen_of_several_targets_names_the_missing' \
	grep -qx '/run/y.sock is not listened on' "$tmp/out"

# --- until it is free --------------------------------------------------------

expect 'free_reached' 0 --wait=free 90 --timeout=0 <<EOF
90 is free
EOF
expect 'free_reached_without_timeout' 0 --wait=free 90 <<EOF
90 is free
EOF
expect 'free_not_reached' 1 --wait=free 80 --timeout=0 <<EOF
80 is held by server,100
EOF
expect 'free_times_out' 1 --wait=free 80 --timeout=0.1 <<EOF
80 is held by server,100
EOF
expect 'free_names_all_holders' 1 --wait=free 81 --timeout=0 <<EOF
81 is held by server,100 other,101
EOF
expect 'free_of_one_protocol' 0 --wait=free udp:80 --timeout=0 <<EOF
80/udp is free
EOF
expect 'free_of_udp' 1 --wait=free udp:53 --timeout=0 <<EOF
53/udp is held by server,100
EOF
expect 'free_of_connected_udp' 1 --wait=free udp:54 --timeout=0 <<EOF
54/udp is held by server,100
EOF
expect 'free_of_another_address' 0 --wait=free 127.0.0.2:82 --timeout=0 <<EOF
127.0.0.2:82 is free
EOF
expect 'free_of_an_address_below_a_wildcard' 1 --wait=free 127.0.0.2:80 --timeout=0 <<EOF
127.0.0.2:80 is held by server,100
EOF
expect 'free_of_time_wait' 0 --wait=free 9001 --timeout=0 <<EOF
9001 is free with SO_REUSEADDR, if what is left has it set, too; TIME_WAIT for 41 s
EOF
expect 'free_of_an_orphan' 0 --wait=free 9002 --timeout=0 <<EOF
9002 is free with SO_REUSEADDR, if what is left has it set, too; LAST_ACK that is still being sent
EOF
expect 'free_list_in_part' 1 --wait=free 80,90 --timeout=0 <<EOF
80 is held by server,100
90 is free
EOF
expect 'free_range' 0 --wait=free 90-92 --timeout=0 <<EOF
90 is free
91 is free
92 is free
EOF
expect 'free_range_in_part' 1 --wait=free 79-80 --timeout=0 <<EOF
79 is free
80 is held by server,100
EOF
expect 'free_path' 1 --wait=free /run/x.sock --timeout=0 <<EOF
/run/x.sock is held by server,100
EOF
expect 'free_path_that_does_not_listen' 1 --wait=free /run/idle.sock --timeout=0 <<EOF
/run/idle.sock is held by server,100
EOF
expect 'free_abstract' 0 --wait=free @nobody --timeout=0 <<EOF
@nobody is free
EOF
expect 'free_path_without_file' 0 --wait=free "$tmp/y.sock" --timeout=0 <<EOF
$tmp/y.sock is free
EOF
: >"$tmp/y.sock"
expect 'free_path_with_file' 0 --wait=free "$tmp/y.sock" --timeout=0 <<EOF
$tmp/y.sock is free once its file is removed
EOF
expect 'free_of_a_name_with_control_bytes' 0 --wait=free "$(printf '/nowhere/\033[2J')" --timeout=0 <<'EOF'
/nowhere/^[[2J is free
EOF

# --- with other options ------------------------------------------------------

expect 'pids_of_listeners' 0 --wait=listen -t 81 --timeout=0 <<EOF
100
101
EOF
expect_nothing 'pids_of_nobody_that_listens' 1 --wait=listen -t 90 --timeout=0
expect_nothing 'pids_of_a_free_port' 0 --wait=free -t 90 --timeout=0
expect 'pids_of_who_is_in_the_way' 1 --wait=free -t 80 --timeout=0 <<EOF
100
EOF
expect 'missing_is_fine_but_not_late' 1 --wait=listen -Q 90 --timeout=0 <<EOF
90 is not listened on
EOF
expect 'last_wait_counts' 0 --wait=listen --wait=free 90 --timeout=0 <<EOF
90 is free
EOF
expect 'last_timeout_counts' 1 --wait=listen --timeout=1000000 --timeout=0 90 <<EOF
90 is not listened on
EOF
expect 'seconds_with_decimals' 1 --wait=listen --timeout=0.001 90 <<EOF
90 is not listened on
EOF

# --- what changes meanwhile --------------------------------------------------

# Hundredths of a second.
now() {
	awk '{ sub(/[.]/, "", $1); print $1 }' /proc/uptime
}

# begin ARG...: run whoport for a minute at most, and return when it sleeps; sets waiter.
begin() {
	began=$(now)
	"$WHOPORT" --proc "$tree" --timeout=60 "$@" >"$tmp/out" 2>"$tmp/err" </dev/null &
	waiter=$!
	until [ "$(readlink "/proc/$waiter/exe")" = "$(readlink -f "$WHOPORT")" ] &&
		grep -q ') S ' "/proc/$waiter/stat"; do
		# If it has ended at once, the cases below tell.
		kill -0 "$waiter" || return 0
	done 2>/dev/null
}

# ends NAME STATUS: what begin() started, and said, before its time was over.
ends() {
	cat >"$tmp/expected"
	{ wait "$waiter"; } 2>/dev/null # the shell tells of signals
	status=$?
	compare_answer "$2"
	[ $(($(now) - began)) -lt 6000 ] || echo 'it was not seen in time' >>"$tmp/wrong"
	report "$1"
}

# is_waiting NAME: it has not ended.
is_waiting() {
	verify "$1" kill -0 "$waiter"
}

if [ -r "/proc/$$/stat" ] && [ -r /proc/uptime ]; then
	began=$(now)
	ask --wait=listen 90 --timeout=0.3
	verify 'timeout_is_not_early' test $(($(now) - began)) -ge 30
	begin --wait=listen 90
	is_waiting 'listen_waits'
	add_fd 101 90 1090 # first: a row without holder would be an answer
	add_inet tcp 0.0.0.0:90 LISTEN 1090
	ends 'listen_is_seen' 0 <<EOF
90 is listened on by other,101
EOF
	begin --wait=listen /run/late.sock 90 -t
	is_waiting 'listen_waits_for_a_path'
	add_fd 100 91 1091
	add_unix 1091 STREAM LISTEN /run/late.sock
	ends 'listen_of_a_path_is_seen' 0 <<EOF
100
101
EOF
	begin --wait=free 90
	is_waiting 'free_waits'
	grep -v ' 1090 ' "$tree/net/tcp" >"$tmp/tcp"
	mv "$tmp/tcp" "$tree/net/tcp"
	ends 'free_is_seen' 0 <<EOF
90 is free
EOF
	begin --wait=free 83
	kill -TERM "$waiter"
	ends 'wait_ends_by_a_signal' 143 </dev/null
else
	skip 'listen_waits' '/proc is missing'
fi

# --- no answer ---------------------------------------------------------------

new_tree
rm -r "$tree/net"
expect 'wait_without_tables' 2 --wait=free 80 --timeout=0 <<EOF
! whoport: $tree/net: No such file or directory
EOF

# --- help --------------------------------------------------------------------

"$WHOPORT" --help >"$tmp/help" 2>&1
for option in -k --kill --grace --dry-run --ask --force --close --wait --timeout; do
	verify "help_lists_$option" grep -q -e "^  \(-.[^,]*, \)\{0,1\}$option\([],=[ ]\|\$\)" "$tmp/help"
done
