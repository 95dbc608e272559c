# shellcheck shell=sh
# shellcheck disable=SC2034 # for the scripts
# Sourced by the live tests of the kernel's iterator over descriptors, which numbers
# processes as the initial pid namespace does: they stay in it.
#
#	. "${0%/*}/lib_bpf.sh"
#	hold tcp4
#	check 'a listener' both -iTCP -sLISTEN
#
# Without the rights for it, or where the kernel has no such iterator, each case is
# skipped.
# shellcheck source-path=SCRIPTDIR source=lib.sh
same_pids=yes
. "${0%/*}/lib.sh"
trap 'release; rm -rf "$tmp"' EXIT

# Everything that rows of both scanners have in common.
all_columns=INODE,PID,NETNS,FD,TYPE,NODE,DEVICE,SIZE,STATE,LOCAL,REMOTE,UID,USER,COMMAND,NAME,REASON

# Why the iterator cannot be had here; nothing if it can.
missing_iterator() {
	needed=$((1 << 21)) # CAP_SYS_ADMIN
	if [ "$LIVE_NAMESPACE" != root ]; then
		echo 'needs root'
	elif [ "$(readlink /proc/self/ns/pid)" != 'pid:[4026531836]' ]; then
		echo 'needs the initial pid namespace'
	elif [ $((0x$(sed -n 's/^CapEff:\t//p' /proc/self/status) & needed)) = 0 ]; then
		echo 'needs CAP_SYS_ADMIN'
	elif [ ! -r /sys/kernel/btf/vmlinux ]; then
		echo 'this kernel does not describe its types'
	elif ! "$WHOPORT" -w --scan=bpf -N all 9 >/dev/null 2>"$tmp/why" && [ -s "$tmp/why" ]; then
		sed 's/^whoport: //; s/#/no. /g; q' "$tmp/why"
	fi
}
[ -n "$skip_all" ] || skip_all=$(missing_iterator)

# The statistics, apart from other messages.
split_stats() {
	sed -n 's/^whoport: stats: //p' "$tmp/err" >"$tmp/stats"
	sed -i '/^whoport: stats: /d' "$tmp/err"
}

# expect_scanner NAME: what looked for holders, if anything did.
expect_scanner() {
	grep -q ' processes 0 ' "$tmp/stats" && return
	grep -q "; scanner $1\( \|\$\)" "$tmp/stats" ||
		{ show_run; complain "expected scanner $1: $(cat "$tmp/stats")"; }
}

# Of rows that begin with INODE, PID and NETNS: those of our holders, or of no
# process and this namespace or one that is noted.
ours() {
	rows | awk -v netns="$(readlink /proc/self/ns/net | tr -dc 0-9)" '
		BEGIN { known[netns] }
		FILENAME == ARGV[1] { held[$1]; next }
		FILENAME == ARGV[2] { known[$1]; next }
		($2 == "-" && $3 in known) || $2 in held' "$tmp/held" "$tmp/netns" -
}
: >"$tmp/netns"

# ask SCANNER WORD...: the answer in $tmp/rows.SCANNER, $tmp/err and $status.
# Connections age meanwhile.
ask() {
	scanner=$1
	shift
	run --stats "--scan=$scanner" "$@"
	sed -i 's/time-wait: [0-9]* s/time-wait: N s/g' "$tmp/out"
	split_stats
	rows >"$tmp/rows.$scanner"
}

# The same of all processes' rows ours only.
ask_ours() {
	scanner=$1
	shift
	ask "$scanner" --no-header -w "$@" -o "$all_columns"
	ours >"$tmp/rows.$scanner"
}

# differ WORD...: whether the two answers do.
differ() {
	cmp -s "$tmp/rows.proc" "$tmp/rows.bpf" ||
		complain "whoport $*: < proc, > bpf:$nl$(diff "$tmp/rows.proc" "$tmp/rows.bpf")"
}

# Remains of a minute may end between two answers, once: then they are asked for again.
settled() {
	cmp -s "$tmp/rows.proc" "$tmp/rows.bpf" ||
		! grep -qE 'TIME_WAIT|FIN_WAIT|SYN_RECV|LAST_ACK' "$tmp/rows.proc"
}

# The answers of both scanners, again as long as remains end between them.
ask_ours_twice() {
	for try in 1 2 3 4; do
		ask_ours proc "$@"
		ask_ours bpf "$@"
		settled && return
	done
}

# both WORD...: both scanners give the same, rows and notes and exit status.
both() {
	ask proc "$@"
	expect_scanner proc
	cp "$tmp/err" "$tmp/err.proc"
	first=$status
	ask bpf "$@"
	expect_scanner bpf
	expect_status "$first"
	cmp -s "$tmp/err.proc" "$tmp/err" || complain "whoport $*: stderr differs:$nl$(
		diff "$tmp/err.proc" "$tmp/err")"
	differ "$@"
}

# both_ours WORD...: the same in all columns, of our holders.
both_ours() {
	ask_ours_twice "$@"
	expect_scanner bpf
	expect_no_message
	differ "$@"
}
