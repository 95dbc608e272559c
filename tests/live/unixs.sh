#!/bin/sh
# Unix sockets: by path and by abstract name, of every type, and their pairs.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

cd "$tmp" || exit 1
mkdir dir
ln -s dir link
hold "unix-stream:$tmp/stream" "unix-dgram:$tmp/dgram" "unix-seqpacket:$tmp/seq" \
	unix-stream:dir/relative unix-stream:@abstract 'unix-dgram:@nul\0inside' \
	unix-padded:@padded 'unix-seqpacket:@packets' pair pair-dgram \
	"unix-conn:$tmp/conn" "unix-queue:$tmp/queue" tcp4

# is_row NAME: the output is the one row of what whose() found.
is_row() {
	expect_status 0
	expect_no_message
	name=$1
	case $options in # text has no NULs
	*proc*) name=$(printf '%s' "$name" | sed 's/\\0/@/g') ;;
	esac
	device='0x[0-9a-f]\{16\}'
	pattern=$(printf '%s' "$name" | sed 's/[][\\.*^$]/\\&/g')
	[ "$(rows | grep -c '')" = 1 ] || { show_run; complain 'expected one row'; }
	rows | grep -q "^holder $pid root ${fd}u unix $device 0t0 $inode $pattern\$" ||
		{ show_run; complain "expected inode $inode, ${fd}u: $1"; }
}

# KIND N NAME, then the words that mean it.
by_name() {
	whose "$1" "$2"
	shown_name=$3
	shift 3
	for source in '' --source=proc '-w --source=diag'; do
		options=$source
		for word in "$@"; do
			run "$word"
			is_row "$shown_name"
			run -U "$word"
			is_row "$shown_name"
			run -t "$word"
			expect_status 0
			expect_pids "$pid"
		done
		run -U -a -p "$pid" -d "$fd"
		is_row "$shown_name"
	done
	restore
}

check 'a stream listener by its path' by_name unix-stream 1 "$tmp/stream type=STREAM (LISTEN)" \
	"$tmp/stream" ./stream "$tmp/dir/../stream"
check 'a datagram socket by its path' by_name unix-dgram 1 \
	"$tmp/dgram type=DGRAM (UNCONNECTED)" "$tmp/dgram" ./dgram
check 'a seqpacket listener by its path' by_name unix-seqpacket 1 \
	"$tmp/seq type=SEQPACKET (LISTEN)" "$tmp/seq" ./seq
check 'a relative name as it was bound' by_name unix-stream 2 \
	'dir/relative type=STREAM (LISTEN)' dir/relative ./dir/relative
check 'an abstract name' by_name unix-stream 3 '@abstract type=STREAM (LISTEN)' @abstract
check 'an abstract name with a NUL inside' by_name unix-dgram 2 \
	'@nul\0inside type=DGRAM (UNCONNECTED)' '@nul\0inside'
check 'an abstract seqpacket listener' by_name unix-seqpacket 2 \
	'@packets type=SEQPACKET (LISTEN)' @packets

linked() {
	whose unix-stream 1
	ln -s "$tmp" "$tmp/dir/up"
	run "$tmp/dir/up/stream"
	is_row "$tmp/stream type=STREAM (LISTEN)"
}
check 'a path through a symbolic link' linked

padded() {
	whose unix-padded
	run @padded
	expect_nothing
	zeros=$(printf '%0101d' 0 | sed 's/0/\\0/g')
	run "@padded$zeros"
	is_row "@padded$zeros type=STREAM (LISTEN)"
	options=--source=proc
	run "@padded$zeros"
	is_row "@padded$zeros type=STREAM (LISTEN)"
	restore
}
check 'an abstract name padded with NULs is another name' padded

# The file counts as much as the name: netlink tells both.
by_file() {
	release
	mkdir sub
	keep "unixhard:$tmp/hard" "unixrel:$tmp/sub/rel" "unixhard:$tmp/moved"
	ln -s hard.link soft
	mv moved after
	whose unixhard
	for word in "$tmp/hard" ./hard.link "$tmp/soft" "$tmp/sub/../hard.link"; do
		run "$word" -o PID,INODE,NAME --no-header
		expect_answer "$pid $inode $tmp/hard type=STREAM (LISTEN)"
	done
	run -t ./hard.link
	expect_pids "$pid"
	whose unixhard 2
	for word in ./after "$tmp/moved.link" "$tmp/moved"; do
		run "$word" -o PID,INODE,NAME --no-header
		expect_answer "$pid $inode $tmp/moved type=STREAM (LISTEN)"
	done
	: >moved # another file of the name it was bound to
	run ./after -o INODE --no-header
	expect_answer "$inode"
	whose unixrel
	for word in sub/rel "$tmp/sub/rel"; do
		run "$word" -o PID,INODE,NAME --no-header
		expect_answer "$pid $inode rel type=STREAM (LISTEN)"
	done
	run ./nothing
	expect_nothing
	run "$tmp/sub"
	expect_nothing
}

others() {
	for word in "$tmp/strea" "$tmp/stream2" /stream @stream "@$tmp/stream" @abstrac \
		@abstract2 @ABSTRACT '@nul' "$tmp"; do
		run "$word"
		expect_nothing
	done
}
check 'other names find nothing' others

connection() {
	whose unix-conn.listener
	run "$tmp/conn"
	is_row "$tmp/conn type=STREAM (LISTEN)"
	run -t "$tmp/conn"
	expect_pids "$pid"
	listener=$inode
	whose unix-conn.server
	server=$inode
	run --all "$tmp/conn" -o INODE,STATE --no-header
	expect_answer "$listener LISTEN" "$server CONNECTED"
	run -sCONNECTED "$tmp/conn"
	is_row "$tmp/conn type=STREAM (CONNECTED)"
	whose unix-conn.client
	run -U -p "$pid" -d "$fd"
	is_row 'type=STREAM (CONNECTED)'
}
check 'a path means its listener, --all its connections too' connection

queue() {
	whose unix-queue.listener
	run -U -o PID,STATE,NAME --no-header
	expect_status 0
	expect_no_message
	expect_row "- CONNECTING $tmp/queue type=STREAM (CONNECTING) [not accepted yet: holder,$pid]"
	run "$tmp/queue"
	is_row "$tmp/queue type=STREAM (LISTEN)"
}
check 'a connection in the queue names the server' queue

pairs() {
	for end in pair.a pair.b pair-dgram.a pair-dgram.b; do
		whose "$end"
		run -U -p "$pid" -d "$fd" -o PID,FD,TYPE,INODE,STATE --no-header
		expect_answer "$pid ${fd}u unix $inode CONNECTED"
	done
}
check 'the ends of socket pairs' pairs

all_of_them() {
	run -U -o PID,FD,INODE --no-header
	expect_status 0
	rows | grep -v '^- ' | sort >"$tmp/got"
	awk '$6 ~ /^(unix|pair)/ { print $1, $3 "u", $4 }' "$tmp/held" | sort >"$tmp/want"
	cmp -s "$tmp/want" "$tmp/got" || { show_run; complain "$(diff "$tmp/want" "$tmp/got")"; }
	run -U -sLISTEN -o INODE --no-header
	expect_status 0
	rows | sort >"$tmp/got"
	awk '$6 ~ /^unix/ && $6 !~ /dgram|client|server/ { print $4 }' "$tmp/held" |
		sort >"$tmp/want"
	cmp -s "$tmp/want" "$tmp/got" || { show_run; complain "$(diff "$tmp/want" "$tmp/got")"; }
}
check '-U shows every unix socket, -sLISTEN the listeners' all_of_them

beside_inet() {
	whose tcp4
	run -U "-i:$port" -o INODE --no-header
	expect_status 0
	expect_row "$inode"
	whose pair.a
	expect_row "$inode"
	run -i -o INODE --no-header
	! rows | grep -Fxq "$inode" || { show_run; complain '-i shows unix sockets'; }
}
check '-U and -i are alternatives' beside_inet

gone() {
	release
	run "$tmp/stream"
	expect_nothing
	run @abstract
	expect_nothing
}
check 'a path left behind by a dead server holds nothing' gone

# Nothing leads to its network namespace but the socket itself.
in_lost_netns() {
	release
	keep "unixnetns:$tmp/lost"
	whose unixnetns || return 0
	for word in "$tmp/lost" ./lost; do
		run "$word" -o PID,FD,INODE,NAME --no-header
		expect_answer "$pid ${fd}u $inode $tmp/lost type=STREAM (LISTEN)"
		run -t "$word"
		expect_status 0
		expect_no_message
		expect_pids "$pid"
	done
	run ./found
	expect_nothing
	run -U
	! grep -q " $inode " "$tmp/out" || { show_run; complain '-U shows another namespace'; }
}
check 'a path whose network namespace has no process' in_lost_netns
check 'a path by its file: links, renamed, relative to elsewhere' by_file
