#!/bin/sh
# Scanners: --scan and WHOPORT_SCAN on a tree, of which no kernel knows; --stats.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

new_tree
add_process 811 nginx
add_process 812 worker 811 811
add_process 813 idle
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_inet tcp 0.0.0.0:81 LISTEN 1002
add_inet tcp 10.0.0.1:9000 TIME_WAIT 0 remote=10.0.0.2:4000 timer=3:41 uid=0
add_inet tcp '[::]:443' LISTEN 1003
add_inet udp 0.0.0.0:53 UNCONNECTED 1004
add_unix 1005 STREAM LISTEN /run/x.sock
add_fd 811 6 1001
add_fd 812 6 1001
add_fd 811 7 1003
add_fd 812 3 1004
add_fd 812 4 1005

# What ask() left is to be expected once more.
note_plain() {
	cp "$tmp/out" "$tmp/expected"
	sed 's/^/! /' "$tmp/err" >>"$tmp/expected"
	plain=$status
}

# same NAME OPTION ARG...: the option changes nothing that ARGs do.
same() {
	name=$1 option=$2
	shift 2
	ask "$@"
	note_plain
	ask "$option" "$@"
	compare_answer "$plain"
	report "$name"
}

# --- a scanner that is there -----------------------------------------------

expect 'auto_walks_without_a_word' 0 --scan=auto --no-header -o PID,FD,NAME 80 443 <<EOF
811 6u *:80 (LISTEN)
811 7u *:443 (LISTEN)
812 6u *:80 (LISTEN)
EOF
for selection in '80' '' '-U' '--all' '-p 811' '-c worker' '-K 80' '-t 80' '-g811 -R' '-d 6' '81' \
	'9000' '9999' '-V 80 9999' '-N all' '--source=proc 53' '-iTCP -sLISTEN' '/run/x.sock'; do
	for option in --scan=auto --scan=proc; do
		# shellcheck disable=SC2086 # words
		same "scanner_changes_nothing: $option $selection" "$option" $selection
	done
done

# --- and one that is not ---------------------------------------------------

# refuses_iterator NAME ARG...: one line on stderr, and no row.
refuses_iterator() {
	name=$1
	shift
	ask "$@"
	{
		[ "$status" = 2 ] || echo "exit status $status"
		cat "$tmp/out"
		[ "$(wc -l <"$tmp/err")" -eq 1 ] || echo 'stderr has not one line'
		case $(cat "$tmp/err") in
		'whoport: --scan=bpf: '?*) ;;
		*) cat "$tmp/err" ;;
		esac
	} >"$tmp/wrong"
	report "$name"
}

for selection in '80' '' '-U' '--all' '-t 80' '81' '-N all' '--source=proc 53' '--stats 80' \
	'-iTCP -sLISTEN' '/run/x.sock'; do
	# shellcheck disable=SC2086 # words
	refuses_iterator "bpf_is_refused: $selection" --scan=bpf $selection
done
refuses_iterator 'last_scanner_counts' --scan=proc --scan=bpf 80

# --- the environment -------------------------------------------------------

# walks NAME ARG...: port 80 has its rows.
walks() {
	name=$1
	shift
	expect "$name" 0 --no-header -o PID,FD "$@" 80 <<EOF
811 6u
812 6u
EOF
}

export WHOPORT_SCAN
WHOPORT_SCAN=bpf
refuses_iterator 'environment_asks_for_bpf' 80
walks 'option_beats_the_environment' --scan=proc
walks 'option_auto_beats_the_environment' --scan=auto
WHOPORT_SCAN=proc
refuses_iterator 'option_bpf_beats_the_environment' --scan=bpf 80
for WHOPORT_SCAN in proc auto ''; do
	walks "environment_needs_no_option: '$WHOPORT_SCAN'"
done
unset WHOPORT_SCAN

# --- statistics ------------------------------------------------------------

# stats NAME ARG...: --stats adds four lines to stderr and changes nothing else.
stats() {
	name=$1
	shift
	ask "$@"
	note_plain
	ask --stats "$@"
	sed -n '/^whoport: stats:/p' "$tmp/err" >"$tmp/stats"
	sed '/^whoport: stats:/d' "$tmp/err" >"$tmp/rest"
	mv "$tmp/rest" "$tmp/err"
	compare_answer "$plain"
	[ "$(wc -l <"$tmp/stats")" -eq 4 ] || cat "$tmp/stats" >>"$tmp/wrong"
	report "$name"
}

# said NAME PATTERN: the statistics have a line that matches.
said() {
	verify "$1" grep -q -x -e "$2" "$tmp/stats"
}

for selection in '80' '' '-t 80' '-U' '--all' '-p 811' '-K 80' '81' '-N all' '-V 9999' \
	'-o PID 443' '-Q 9999' '-t 9999' '--scan=proc 80'; do
	# shellcheck disable=SC2086 # words
	stats "stats_change_nothing_else: $selection" $selection
done

number='[0-9][0-9]*' ms='[0-9][0-9]*\.[0-9][0-9]'
stats 'stats_of_two_targets' 80 443
said 'stats_count' "whoport: stats: rows 3 sockets 2 processes 3 descriptors $number denied 0"
said 'stats_name_source_and_scanner' \
	'whoport: stats: source text; scanner proc\( (bpf: [A-Z].*)\)\{0,1\}'
said 'stats_have_phases_and_memory' \
	"whoport: stats: ms:\( [a-z][a-z]* $ms\)\{4,\} total $ms"
said 'stats_have_memory' "whoport: stats: memory: peak KiB $number"
for phase in scan sockets again strays unheld rows output; do
	said "stats_have_a_phase: $phase" "whoport: stats: ms:.* $phase $ms .*"
done
stats 'stats_without_the_iterator_asked_for' --scan=proc 80
said 'stats_blame_nobody_for_what_was_asked' 'whoport: stats: source text; scanner proc'
stats 'stats_without_rows' 9999
said 'stats_count_nothing' 'whoport: stats: rows 0 sockets 0 processes 0 descriptors 0 denied 0'

# Not where there is no answer.
for arguments in '--scan=x 80' '99999' '--proc /nonexistent 80'; do
	# shellcheck disable=SC2086 # words
	ask --stats $arguments
	verify "stats_need_an_answer: $arguments" lacks 'stats' "$tmp/err"
done
ask --stats --help
verify 'help_has_no_stats' test ! -s "$tmp/err"
