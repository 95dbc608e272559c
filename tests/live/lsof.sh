#!/bin/sh
# The sets of sockets are lsof's, but for raw sockets, which its -i leaves out.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

if ! command -v lsof >/dev/null; then
	skip_all='lsof is not installed'
fi

hold tcp4 tcp4 tcp4-any tcp6 tcp6-dual tcp6-only tcp6-mapped conn4 conn6 conn4in6 \
	finwait2 halfclosed udp4 udp4-any udp6 udp6-dual udp6-only udp4-conn dup4 synsent4 \
	unix-stream:@lsof "unix-dgram:$tmp/dgram" "unix-seqpacket:$tmp/seq" \
	"unix-conn:$tmp/conn" pair pair-dgram

# Fields of lsof -F: process, descriptor, then type, device, inode, protocol. The
# inode of an internet socket is in the device field.
lsof_set() {
	lsof -nP -F pftdi "$@" 2>/dev/null | awk '
		function flush() { if (fd != "") print pid, fd, type ~ /^IPv/ ? device : inode; fd = "" }
		/^p/ { flush(); pid = substr($0, 2) }
		/^f/ { flush(); fd = substr($0, 2) }
		/^t/ { type = substr($0, 2) }
		/^d/ { device = substr($0, 2) }
		/^i/ { inode = substr($0, 2) }
		END { flush() }' | sort
}

# The rows of whoport that have a holder.
whoport_set() {
	run "$@" -o PID,FD,INODE --no-header
	rows | awk '$1 != "-" { sub(/u$/, "", $2); print }' | sort >"$tmp/got"
}

# The same words for both.
same() {
	whose tcp4
	lsof_set "$@" -a -p "$pid" >"$tmp/lsof"
	whoport_set "$@" -a -p "$pid"
	differ "$@"
}

differ() {
	expect_status 0
	expect_no_message
	[ -s "$tmp/lsof" ] || complain "lsof found nothing: $*"
	cmp -s "$tmp/lsof" "$tmp/got" ||
		{ show_run; complain "$*:$nl$(diff "$tmp/lsof" "$tmp/got")"; }
}

for words in -i -iTCP -iUDP -i4 -i6 -i@127.0.0.1 -iTCP@127.0.0.1 -U; do
	check "the same sets: $words" same "$words"
done

lo=$(awk '$6 == "tcp4" { print $5; exit }' "$tmp/held")
hi=$(awk '$6 == "conn4.client" { print $5 }' "$tmp/held")
check 'the same sets: -iTCP:LO-HI' same "-iTCP:$lo-$hi"
check 'the same sets: -i:PORT' same "-i:$lo"
check 'the same sets: -iTCP:PORT,PORT' same "-iTCP:$lo,$hi"
check 'the same sets: -iTCP -sTCP:LISTEN' same -iTCP -sTCP:LISTEN
check 'the same sets: -iTCP -sTCP:^LISTEN' same -iTCP '-sTCP:^LISTEN'

short_state() {
	whose tcp4
	lsof_set -iTCP -sTCP:LISTEN -a -p "$pid" >"$tmp/lsof"
	whoport_set -iTCP -sLISTEN -p "$pid"
	differ -iTCP -sLISTEN
}
check 'the same sets: -iTCP -sLISTEN' short_state

enough() {
	count=$(awk '$3 >= 0' "$tmp/held" | wc -l)
	[ "$count" -ge 30 ] || complain "only $count sockets"
	whose tcp4
	whoport_set -i -U -p "$pid"
	awk '$3 >= 0 { print $1, $3, $4 }' "$tmp/held" | sort >"$tmp/lsof"
	differ -i -U
}
check 'every one of 30 assorted sockets is in -i or -U' enough

# One row of both tables, column by column.
same_row() {
	whose tcp4
	run "$port"
	rows >"$tmp/ours"
	lsof -nP "-iTCP:$port" -sTCP:LISTEN 2>/dev/null | sed '1d; s/  */ /g' >"$tmp/theirs"
	cmp -s "$tmp/ours" "$tmp/theirs" || { show_run; complain "$(cat "$tmp/theirs")"; }
}
check 'the row of a listener is that of lsof' same_row

same_pids() {
	whose tcp4
	run -t "-iTCP:$port"
	[ "$(lsof -t "-iTCP:$port" 2>/dev/null)" = "$(cat "$tmp/out")" ] ||
		{ show_run; complain "lsof -t: other processes"; }
}
check 'the same -t' same_pids
