#!/bin/sh
# Network namespaces: those of processes, of names, and those that a descriptor
# or a socket keeps. Ports of one are not mixed with ports of another.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

note='whoport: not everything was found in this network namespace; -N all looks into the others, too'

# Number of a process' network namespace.
number_of() {
	readlink "/proc/$1/ns/net" | tr -dc 0-9
}

# name_netns NAME: a namespace of that name, with its loopback up.
name_netns() {
	: >"/run/netns/$1"
	unshare --net="/run/netns/$1" "$holder" lo-up </dev/null >/dev/null 2>&1
}

named=
if [ -z "$skip_all" ]; then
	hold from:25000 tcp4 tcp4 "unix-stream:$tmp/here" unix-stream:@both
	here=$(number_of $$)
	run 9
	alone=$status$(cat "$tmp/err")
	in_new_netns "$holder" from:25000 tcp4 "unix-stream:$tmp/far" unix-stream:@both \
		unix-stream:@far
	far=$held_by there=$(number_of "$held_by")
	in_new_netns "$holder" from:25000 timewait4
	waiting=$held_by
	keep netns4 netnsfd4 stay-netns4 thread-netns4 dual
	case $tmp$BUILD$whoport in
	*/run/*) ;; # would be hidden
	*)
		mount -t tmpfs none /run 2>/dev/null && mkdir /run/netns && name_netns blue &&
			name_netns empty && named=yes
		;;
	esac
	[ -z "$named" ] || hold_as nsenter --net=/run/netns/blue "$holder" from:25100 tcp4
fi

needs_names() {
	[ -n "$named" ] && return
	skip='namespaces cannot be named here'
	return 1
}

# listener [NETNS]: the row of what whose() found.
listener() {
	row="$(cat "/proc/$pid/comm") $pid root ${fd}u IPv4 $inode 0t0 TCP ${1:+$1 }127.0.0.1:$port (LISTEN)"
}

# expect_elsewhere WORD: not found here, and the note says how to find it.
expect_elsewhere() {
	run "$1"
	expect_status 1
	expect_no_output
	[ "$(cat "$tmp/err")" = "$note" ] || { show_run; complain 'expected the note that names -N all'; }
	for words in -w '-N self' '-w -t'; do
		# shellcheck disable=SC2086 # words
		run $words "$1"
		expect_nothing
	done
}

# --- where a listener can be ------------------------------------------------

# KIND N NETNS: the listener, by what its namespace is called.
in_other() {
	whose "$1" "$2" || return 0
	listener "$3"
	for word in "$port" "tcp:$port" "127.0.0.1:$port"; do
		expect_elsewhere "$word"
		run -N all "$word"
		expect_answer "$row"
	done
	run -N all --source=proc "$port"
	expect_answer "$row"
	run -t --netns=all "$port"
	expect_status 0
	expect_no_message
	expect_pids "$pid"
	run -Nall
	expect_status 0
	expect_no_message
	expect_row "$row"
	run -N all -p "$pid"
	expect_status 0
	expect_row "$row"
	[ "$(rows | grep -c " $inode ")" = 1 ] || { show_run; complain 'expected one row of it'; }
	run
	expect_no_inode "$inode"
}

# Words that ask for one namespace, for the listener and whatever it has.
only_by() {
	listener
	for word in "$@"; do
		run -N "$word"
		expect_answer "$row"
		run "--netns=$word" --source=proc "$port"
		expect_answer "$row"
		run "-N$word" -t "$port"
		expect_status 0
		expect_pids "$pid"
		run -N "$word" 9
		expect_nothing
	done
}

of_process() {
	whose stay-netns4 || return 0
	in_other stay-netns4 1 "$(number_of "$pid")"
	only_by "$pid" "/proc/$pid/ns/net"
}
check 'a listener in the namespace of a process' of_process

of_thread() {
	whose thread-netns4 || return 0
	place=/proc/$pid/task/$tid/ns/net
	in_other thread-netns4 1 "$(readlink "$place" | tr -dc 0-9)"
	only_by "$place"
	run -N "$pid" "$port"
	expect_nothing
}
check 'a listener in the namespace of a thread' of_thread

of_descriptor() {
	whose netnsfd4.ns || return 0
	place=/proc/$pid/fd/$fd
	in_other netnsfd4 1 "$inode"
	only_by "$place"
	# Where no descriptor of a socket leads, one of this shell does.
	in_new_netns "$holder" from:25300 timewait4
	exec 9<"/proc/$held_by/ns/net"
	kill "$held_by"
	wait "$held_by" 2>/dev/null
	run -N all 25300 -o STATE,LOCAL --no-header
	expect_answer 'TIME_WAIT 127.0.0.1:25300'
	exec 9<&-
}
check 'a listener in a namespace that a descriptor keeps' of_descriptor

of_socket() {
	whose netns4 || return 0
	run -N all "$port" -o NETNS --no-header
	number=$(cat "$tmp/out")
	case $number in
	'' | *[!0-9]* | "$here" | "$there") show_run && complain 'expected another number' ;;
	esac
	in_other netns4 1 "$number"
}
check 'a listener in a namespace that the socket alone keeps' of_socket

of_name() {
	needs_names || return 0
	in_other tcp4 4 blue
	only_by blue /run/netns/blue "$pid"
	run -N empty "$port"
	expect_nothing
	kill "$pid"
	while kill -0 "$pid" 2>/dev/null; do :; done
	run -N blue
	expect_nothing
}
check 'a listener in a namespace that has a name' of_name

without_process() {
	needs_names || return 0
	nsenter --net=/run/netns/empty "$holder" from:25100 timewait4 </dev/null >/dev/null
	run -N empty 25100 -o PID,STATE,LOCAL --no-header
	expect_answer '- TIME_WAIT 127.0.0.1:25100'
	run -N all 25100 -o NETNS,PID,STATE,LOCAL --no-header
	expect_answer 'empty - TIME_WAIT 127.0.0.1:25100'
	expect_elsewhere 25100
}
check 'what is left in a namespace that only a name keeps' without_process

# --- not mixed --------------------------------------------------------------

same_port() {
	whose tcp4
	listener
	ours=$row us=$pid
	run 25000
	expect_answer "$ours"
	run -t -N self 25000
	expect_pids "$us"
	listener "$here"
	ours=$row
	whose tcp4 3
	listener "$there"
	run -N all -sLISTEN 25000
	expect_answer "$ours" "$row"
	run -N all -t 25000
	expect_pids "$us" "$pid"
	run -p "$pid" 25000 -N all
	expect_answer "$row"
	listener
	run -N "$far" 25000
	expect_answer "$row"
}
check 'the same port in two namespaces' same_port

time_wait() {
	run -N "$waiting" 25000 -o PID,LOCAL,STATE --no-header
	expect_answer '- 127.0.0.1:25000 TIME_WAIT'
	run -N all 25000 -o PID,NETNS,LOCAL,STATE --no-header
	expect_answer "$us $here 127.0.0.1:25000 LISTEN" "$far $there 127.0.0.1:25000 LISTEN" \
		"- $(number_of "$waiting") 127.0.0.1:25000 TIME_WAIT"
	run -N "$waiting" -t 25000
	expect_nothing
}
check 'a listener in one, TIME_WAIT in another' time_wait

# A connection waits there; our listener on that port does not get it.
queue() {
	become_nobody || return 0
	in_new_netns "$holder" from:26000 queue4
	server=$held_by
	# shellcheck disable=SC2086 # words
	hold_as $as_nobody "$holder" from:26000 tcp4
	for words in "-N $server" '-N all'; do
		# shellcheck disable=SC2086 # words
		run -w $words -sESTABLISHED 26000 -o PID,REASON --no-header
		expect_answer "- not accepted yet: its listener's holder is hidden"
	done
	run 26000 -o PID,STATE --no-header
	expect_answer "$held_by LISTEN"
	restore
	for words in "-N $server" '-N all'; do
		# shellcheck disable=SC2086 # words
		run $words -sESTABLISHED 26000 -o PID,REASON --no-header
		expect_status 0
		expect_row "- not accepted yet: holder,$server"
	done
}
check 'a connection in a queue is for the listener of its namespace' queue

# --- processes and paths ----------------------------------------------------

process_elsewhere() {
	whose tcp4 3
	listener "$there"
	run -p "$pid"
	expect_row "$row"
	whose netns4 || return 0
	run -p "$pid" -i -o PID,FD,INODE --no-header
	expect_status 0
	for kind in netns4 netnsfd4 dual; do
		whose "$kind"
		expect_row "$pid ${fd}u $inode"
	done
	run -p "$pid"
	expect_status 0
	expect_no_message
	whose dual
	expect_row "keeper $pid root ${fd}u IPv6 $inode 0t0 TCP $here *:$port (LISTEN)"
	whose netnsfd4
	listener "$(whose netnsfd4.ns && echo "$inode")"
	expect_row "$row"
	whose tcp4
	run -p "$pid"
	! grep -q "$here" "$tmp/out" || { show_run; complain 'expected no column NETNS'; }
}
check '-p shows sockets of other namespaces, and which' process_elsewhere

# KIND N WORD NETNS: one unix row.
unix_row() {
	whose "$1" "$2"
	run -o PID,FD,INODE,NETNS --no-header ${5:+-N "$5"} "$3"
	expect_answer "$pid ${fd}u $inode $4"
}

unix_paths() {
	unix_row unix-stream 3 "$tmp/far" "$there"
	unix_row unix-stream 1 "$tmp/here" "$here"
	unix_row unix-stream 1 "$tmp/here" "$here" "$far"
	run -t "$tmp/far"
	expect_status 0
	expect_no_message
	expect_pids "$far"
	run "$tmp/far"
	expect_text " $there $tmp/far type=STREAM (LISTEN)"
	run "$tmp/here"
	expect_status 0
	expect_no_message
	! grep -q "$here" "$tmp/out" || { show_run; complain 'expected no column NETNS'; }
	run "$tmp/nowhere"
	expect_nothing
}
check 'a path means a unix socket of any namespace' unix_paths

unix_names() {
	unix_row unix-stream 2 @both "$here"
	unix_row unix-stream 4 @both "$there" "$far"
	expect_elsewhere @far
	unix_row unix-stream 5 @far "$there" "$far"
	run -U -N "$far" -o LOCAL --no-header
	expect_answer "$tmp/far" @both @far
}
check 'an abstract name means one of this namespace' unix_names

# --- errors and notes -------------------------------------------------------

refused() {
	sh -c : &
	gone=$!
	wait "$gone"
	: >"$tmp/file"
	for word in nosuch "$tmp/file" "$tmp" /nowhere "$gone" . .. / 0 4194305 \
		/proc/self/ns/mnt /proc/self/ns/user self/x ALL; do
		run -N "$word"
		expect_status 2
		expect_no_output
		expect_one_message
		expect_text "-N $word: "
	done
	run -N "$gone"
	expect_text 'no such process'
	run -N nosuch
	expect_text 'no such network namespace'
	run -N "$tmp/file"
	expect_text 'not a network namespace'
	run -N ''
	expect_status 2
	expect_no_output
	expect_text "Try 'whoport --help'"
}
check '-N of what is no network namespace is an error' refused

no_note() {
	[ "$alone" = 1 ] || complain "without another namespace: $alone"
	expect_elsewhere 9
	expect_elsewhere -i:9
	for words in 25000 '-N all 9' "-N $far 9" '-w 9' "$tmp/nowhere" -i; do
		# shellcheck disable=SC2086 # words
		run $words
		expect_no_message
	done
	run 25000 9
	expect_text "$note"
}
check 'the note: only if there are others, and nothing was chosen' no_note

# --- an ordinary user -------------------------------------------------------

by_nobody() {
	become_nobody || return 0
	whose tcp4 3
	theirs="- - root - IPv4 $inode 0t0 TCP pid:$pid 127.0.0.1:25000 (LISTEN) [hidden: permission]"
	run -w -N all -sLISTEN 25000
	expect_status 0
	expect_row "$theirs"
	run -N all -t -sLISTEN 25000
	expect_status 2
	expect_no_output
	run -w -N "$far"
	expect_answer "$(echo "$theirs" | sed "s/ pid:$far / /")"
	run -w -N "$waiting" 25000 -o PID,STATE --no-header
	expect_answer '- TIME_WAIT'
	# shellcheck disable=SC2086 # words
	in_new_netns $as_nobody "$holder" from:25200 tcp4
	own=$(number_of "$held_by")
	row="holder $held_by nobody 3u IPv4 $(awk -v pid="$held_by" '$1 == pid { print $4 }' \
		"$tmp/held") 0t0 TCP $own 127.0.0.1:25200 (LISTEN)"
	[ "$(id -un 65534 2>/dev/null)" = nobody ] || row=$(echo "$row" | sed 's/ nobody / 65534 /')
	run -w -N all 25200
	expect_answer "$row"
	run -N all -t 25200
	expect_pids "$held_by"
	run -p "$held_by"
	expect_answer "$row"
	run -N "$held_by"
	expect_answer "$(echo "$row" | sed "s/ $own / /")"
	run 25200
	expect_status 1
	expect_no_output
	run -w "$tmp/far" -o PID,NETNS,LOCAL --no-header
	expect_answer "- pid:$far $tmp/far"
	whose thread-netns4 && run -w -N all "$port" -o PID,INODE,REASON --no-header &&
		expect_answer "- $inode hidden: permission"
	restore
}
check 'uid 65534 reads the namespaces of processes' by_nobody

unreadable() {
	needs_names || return 0
	become_nobody || return 0
	run -N blue
	expect_status 2
	expect_no_output
	expect_one_message
	expect_text 'Operation not permitted'
	run -N all 9 # who knows
	expect_status 2
	expect_no_output
	expect_text 'could not be read'
	restore
	run -N all 9
	expect_nothing
}
check 'a namespace that uid 65534 may not enter is an error, or a note' unreadable
