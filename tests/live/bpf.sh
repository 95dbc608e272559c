#!/bin/sh
# The kernel's iterator over descriptors gives the rows that the walk over /proc
# gives, whatever holds a socket.
# shellcheck source-path=SCRIPTDIR source=lib_bpf.sh
. "${0%/*}/lib_bpf.sh"

if [ -z "$skip_all" ]; then
	cd "$tmp" || exit 1
	hold tcp4 tcp4-any tcp6 tcp6-dual tcp6-only tcp6-mapped mptcp4 udp4 udp4-any udp6 \
		udp6-dual udp6-only udp4-conn udplite4 udplite6 raw4 raw6 bound4 dup4 high4 \
		conn4 conn6 conn4in6 far4 halfclosed finwait2 timewait4 orphan4 lastack4 \
		queue4 queue6 queue4in6 queue4-left synrecv4 synsent4 prefork:8 reuseport:4 \
		dead-leader private-table nodump group 'named:a\nb\x1b[1m'
	hold "unix-stream:$tmp/stream" "unix-dgram:$tmp/dgram" "unix-seqpacket:$tmp/seq" \
		unix-stream:@name 'unix-stream:@a\0b' unix-padded:@padded unix-dgram:@dgram \
		'unix-stream:@c\nd\x1b' unix-seqpacket:@seq "unix-conn:$tmp/conn" \
		"unix-queue:$tmp/queue" pair pair-dgram tcp4 unix-forge:@forged
	keep bound4 bound6 boundany bound4-port0 shutdown4 v6only v6both dual device4 mptcp4 \
		mptcp4-conn packet netlink vsock xdp sctp4 ring4 ring4-many ringacc4 ringpoll4 \
		ringmap4 map4 mappacket flight4 aio4 netns4 netnsfd4 stay-netns4 thread-netns4 \
		unixhard "unixnetns:$tmp/lost" unixrel
fi

crowd=
if [ -z "$skip_all" ]; then
	hold_as "$BUILD/live/crowd" orphans:50 highest many:400 nodump userns
	crowd=yes
fi

# --- rows -------------------------------------------------------------------

for words in '' -i -iTCP -iUDP -i4 -i6 -iraw -iudplite -imptcp -U '-i -U' -sLISTEN \
	'-iTCP -sLISTEN' '-iTCP -s^LISTEN' '-iTCP -sFIN_WAIT2' '-iTCP -sTIME_WAIT' \
	'-iTCP -sSYN_RECV' '-iTCP -sCLOSE_WAIT' -sTCP:BOUND '-U -sLISTEN' '-U -sCONNECTED' \
	--all 1-65535 '--all 1-65535' tcp:1-65535 127.0.0.1:1024-65535 '[::1]:1024-65535' \
	-i@127.0.0.1 -N1 @name @seq @nobody '-u root -i' '-u 65534 -i' '-u ^root -i'; do
	case $words in -N1) words="-N $$" ;; esac
	# shellcheck disable=SC2086 # words
	check "whoport $words" both_ours $words
done

# As they are printed, with the notes.
printed() {
	for words in '' -i '-iTCP -sLISTEN' '-iTCP -s^LISTEN,FIN_WAIT2,TIME_WAIT' -iUDP -U '-l -iTCP' \
		'-n -P -i' '-R -iTCP' '-g -iTCP' '-Tqs -iTCP' '-iTCP +c0' '-t -iTCP' '-t -U' \
		'-o PPID,PGID,ARGS,CWD,START,PID,FD,INODE' '-o RECVQ,SENDQ,INODE -i'; do
		# shellcheck disable=SC2086 # words
		both $words
	done
}
check 'rows as they are printed, and notes' printed

# KIND...: by its port, in other words, and as PID.
by_port() {
	awk '$1 != "unavailable" && $5 > 1024 && $6 !~ /netns|^netlink|^raw/ && !seen[$5]++ { print $5 }' "$tmp/held" >"$tmp/ports"
	while read -r port; do
		both -w "$port"
		both -w -t "$port"
	done <"$tmp/ports"
	[ "$(grep -c '' "$tmp/ports")" -gt 50 ] || complain 'expected more ports'
}
check 'each port by itself' by_port

paths() {
	whose unixhard
	for words in "$tmp/stream" "$tmp/conn" "$tmp/queue" "--all $tmp/queue" "$tmp/dgram" \
		"./unixhard.$pid" "./unixhard.$pid.link" '@a\0b'; do
		# shellcheck disable=SC2086 # words
		both -w $words
	done
}
check 'unix sockets by path and name' paths

# In which the walk is told to look, whatever was asked.
by_process() {
	for words in "-p $pid" '-c keeper' "-p ^$pid -i" '-c ^keep -i' '-d 0-50 -i' '-g 1 -i' -K \
		'-K -iTCP' '-o PID,TID,TASKCMD,FD,INODE -i'; do
		# shellcheck disable=SC2086 # words
		ask proc -w --no-header $words
		# shellcheck disable=SC2086 # words
		ask bpf -w --no-header $words
		for scanner in proc bpf; do
			awk 'FILENAME == ARGV[1] { held[$1]; next }
				$1 in held || $2 in held' "$tmp/held" "$tmp/rows.$scanner" >"$tmp/a"
			cp "$tmp/a" "$tmp/rows.$scanner"
		done
		differ "$words"
	done
}
check 'processes and threads' by_process

# --- sources ----------------------------------------------------------------

# Text has no bound sockets and takes MPTCP for TCP; the iterator tells of both.
from_text() {
	for words in '' -i -iTCP -iUDP -U '-U -sLISTEN' '-i -U' -sLISTEN tcp:1-65535 @name \
		'-N all -i' '-N all -U' --all; do
		for scanner in proc bpf; do
			# shellcheck disable=SC2086 # words
			ask_ours "$scanner" --source=proc $words
			# What is only bound is in no text: there it is a socket of some protocol.
			# What lasts a minute can end between the two, on a slow machine, and a
			# connection be made.
			sed -i '/ BOUND /d; / sock .*protocol: TCP/d; / time-wait: /d; s/ MPTCP / TCP /
				s/SYN_RECV/ESTABLISHED/g' "$tmp/rows.$scanner"
		done
		expect_no_message
		unix_names
		differ "--source=proc $words"
	done
}

# What text shows as @ is NUL or @, and a padded name is cut; the iterator knows.
unix_names() {
	for scanner in proc bpf; do
		awk '$5 != "unix" { print; next } { print $1, $2, $3, $4, $9, $14 }' \
			"$tmp/rows.$scanner" >"$tmp/a"
		cp "$tmp/a" "$tmp/rows.$scanner"
	done
}
check 'with text as the source' from_text

exact_names() {
	whose unix-stream 3
	run -w --scan=bpf --source=proc -U -o INODE,LOCAL --no-header
	expect_row "$inode @a\\0b"
	whose unix-forge
	# The socket whose inode was forged has its own name.
	whose tcp4 2
	! rows | grep -q "^$inode " || { show_run; complain 'the forged row was believed'; }
}
check 'names that text cannot tell' exact_names

bound_from_text() {
	for kind in bound4 bound6 boundany; do
		whose "$kind"
		run -w --scan=bpf --source=proc "$port" -o PID,STATE --no-header
		expect_row "$pid BOUND"
	done
}
check 'bound sockets, of which text does not tell' bound_from_text

from_netlink() {
	for words in '' -i -iTCP -iUDP -U --all; do
		# shellcheck disable=SC2086 # words
		ask_ours_twice --source=diag $words
		# Where the kernel has no raw_diag.
		sed -i '/ RAW /d; /protocol: RAW/d' "$tmp/rows.proc" "$tmp/rows.bpf"
		differ "--source=diag $words"
	done
}
check 'with netlink as the source' from_netlink

no_netlink() {
	via="$BUILD/live/nonetlink EPERM"
	$via true 2>/dev/null || { skip='no seccomp here'; restore; return 0; }
	from_text
	restore
}
check 'where netlink is refused' no_netlink

# --- threads ----------------------------------------------------------------

user_of_threads() {
	hold_as "$BUILD/live/crowd" other-user
	whose other-user
	both_ours "$port"
	whose other-user
	run -w --scan=bpf "$port" -l -o PID,USER --no-header
	expect_answer "$pid 0"
}
check 'USER is the process'"'"'s, whatever its threads are' user_of_threads

many_threads() {
	whose orphans.first
	for scanner in proc bpf; do
		run -w --scan=$scanner -iTCP -o PID,FD,INODE --no-header
		[ "$(rows | grep -c "^$pid ")" = 50 ] || complain "$scanner: expected 50 rows of $pid"
	done
}
check 'two hundred threads of a dead main thread: a row for each descriptor' many_threads
[ -z "$crowd" ] || release
