#!/bin/sh
# Where the iterator cannot be had, or does not pay, the walk over /proc answers,
# and says nothing of it unless asked.
# shellcheck source-path=SCRIPTDIR source=lib_bpf.sh
. "${0%/*}/lib_bpf.sh"

# --- when it is used --------------------------------------------------------

# Needs a machine with few besides ours.
does_not_pay() {
	if [ "$(stat -c %s /proc/[0-9]*/fd 2>/dev/null | awk '{ sum += $1 } END { print sum + 0 }')" -gt 900 ]; then
		skip='other processes have many descriptors'
		return 0
	fi
	hold tcp4
	whose tcp4
	ask auto -w "$port"
	expect_scanner proc
	grep -q '(bpf: not worth it)' "$tmp/stats" || { show_run; complain "$(cat "$tmp/stats")"; }
	ask bpf -w "$port"
	expect_scanner bpf
	release
}
check 'with few descriptors the iterator is not used' does_not_pay

if [ -z "$skip_all" ]; then
	hold_as "$BUILD/live/crowd" files:1200 # enough for it to pay
	hold tcp4 tcp6 udp4 conn4 queue4 unix-stream:@name prefork:2
	whose tcp4
	ours=$port
fi

pays() {
	ask auto -w "$ours"
	expect_scanner bpf
	ask auto -w -N all "$ours"
	expect_scanner bpf
	# A process alone is quickly read.
	whose tcp4
	ask auto -w -p "$pid"
	expect_scanner proc
}
check 'with many it is' pays

# calls FILE WORD...: how many bpf(2) calls an answer takes.
calls() {
	via="strace -E ASAN_OPTIONS=detect_leaks=0 -f -qq -e trace=bpf -o $tmp/trace"
	run "$@"
	via=
	bpf_calls=$(grep -c 'bpf(' "$tmp/trace")
}

asks_the_kernel() {
	if ! command -v strace >/dev/null || ! strace -qq -o "$tmp/trace" true 2>/dev/null; then
		skip='no strace here'
		return 0
	fi
	calls --scan=bpf -w "$ours"
	expect_status 0
	[ "$bpf_calls" -ge 3 ] || complain "expected bpf(2): $(cat "$tmp/trace")"
	calls --scan=proc -w "$ours"
	expect_status 0
	[ "$bpf_calls" = 0 ] || complain "expected no bpf(2): $(cat "$tmp/trace")"
	export WHOPORT_SCAN=proc
	for words in "$ours" '' -i -U --all '-N all'; do
		# shellcheck disable=SC2086 # words
		calls -w $words
		expect_status 0
		[ "$bpf_calls" = 0 ] || complain "$words: expected no bpf(2): $(cat "$tmp/trace")"
	done
	calls --scan=bpf -w "$ours"
	[ "$bpf_calls" -ge 3 ] || complain 'expected the option before the environment'
	export WHOPORT_SCAN=bpf
	calls -w "$ours"
	[ "$bpf_calls" -ge 3 ] || complain 'expected bpf(2) by WHOPORT_SCAN'
	unset WHOPORT_SCAN
}
check 'WHOPORT_SCAN=proc keeps it from bpf(2)' asks_the_kernel

# --- when it is refused -----------------------------------------------------

# The answer to words; our rows alone where the sockets of all processes are meant.
plain() {
	scanner=$1
	shift
	case $* in *'-N all'* | --all) ask_ours "$scanner" "$@" && cat "$tmp/rows.$scanner" && return ;; esac
	run "--scan=$scanner" "$@"
	cat "$tmp/out"
	# Other processes come and go.
	sed 's/^whoport: [0-9]* process[a-z]* could/whoport: some could/' "$tmp/err"
	echo "exit status $status"
}

# refused PATTERN [WORDS...]: by $via the iterator is, for that reason; the walk answers.
refused() {
	reason=$1
	shift
	for words in "$ours" '' '-N all -iTCP' "$@"; do
		# shellcheck disable=SC2086 # words
		plain proc $words >"$tmp/a"
		# shellcheck disable=SC2086 # words
		plain auto $words >"$tmp/b"
		cmp -s "$tmp/a" "$tmp/b" || complain "whoport $words: < proc, > auto:$nl$(
			diff "$tmp/a" "$tmp/b")"
	done
	ask auto -w "$ours"
	expect_no_message
	expect_scanner proc
	grep -q "(bpf: .*$reason.*)" "$tmp/stats" ||
		complain "expected $reason: $(cat "$tmp/stats")"
	for words in "$ours" -i '-N all'; do
		# shellcheck disable=SC2086 # words
		run --scan=bpf $words
		expect_status 2
		expect_no_output
		expect_one_message
		expect_text '--scan=bpf: '
	done
}

# by PATTERN COMMAND...: through a command that takes something away.
by() {
	reason=$1
	shift
	via=$*
	if ! $via true 2>/dev/null; then
		skip="$1 is not possible here"
	else
		refused "$reason"
	fi
	restore
}

every_word() {
	via="$BUILD/live/nobpf EPERM all"
	refused 'not permitted' "-t $ours" -i '-iTCP -sLISTEN' -U @name "-N all $ours" \
		'-s^LISTEN -iTCP' 9 -K '-u 0 -iTCP' --all "-p $pid"
	restore
}
check 'bpf(2) refused by seccomp' every_word
check 'no bpf(2) in this kernel' by 'not implemented' "$BUILD/live/nobpf" ENOSYS all
check 'no program may be loaded' by 'denied' "$BUILD/live/nobpf" EACCES load
check 'no such program is known' by 'Invalid argument' "$BUILD/live/nobpf" EINVAL load
check 'no iterator may be linked' by 'not permitted' "$BUILD/live/nobpf" EPERM link
check 'no iterator may be made' by 'Invalid argument' "$BUILD/live/nobpf" EINVAL iter
check 'the kernel has no memory for it' by 'buffer space' "$BUILD/live/nobpf" ENOMEM load

caps='-bpf,-perfmon,-sys_admin'
check 'without its capabilities' by 'not permitted' setpriv --bounding-set=$caps --inh-caps=$caps
check 'without CAP_PERFMON and CAP_SYS_ADMIN' by 'not permitted' \
	setpriv --bounding-set=-perfmon,-sys_admin --inh-caps=-perfmon,-sys_admin
check 'in a user namespace' by 'not permitted' unshare --user --map-root-user

few_capabilities() {
	via='setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin'
	if ! $via true 2>/dev/null; then
		skip='setpriv cannot'
	else
		both -w "$ours"
	fi
	restore
}
check 'with CAP_BPF and CAP_PERFMON alone it is to be had' few_capabilities

of_nobody() {
	become_nobody || return 0
	refused 'not permitted'
	restore
}
check 'as uid 65534' of_nobody

# --- what it needs ----------------------------------------------------------

# with_types FILE: that over the description of the kernel's types.
with_types() {
	mount --bind "$1" /sys/kernel/btf/vmlinux 2>/dev/null || skip='nothing can be mounted here'
}

types() {
	with_types "$1"
	[ -n "$skip" ] || refused "$2"
	umount /sys/kernel/btf/vmlinux 2>/dev/null
}

if [ -z "$skip_all" ]; then
	: >"$tmp/empty"
	head -c 100000 /sys/kernel/btf/vmlinux >"$tmp/short"
	head -c 10 /sys/kernel/btf/vmlinux >"$tmp/head"
	head -c 200000 /dev/zero >"$tmp/zeros"
	head -c 200000 /dev/urandom >"$tmp/noise"
	# The right beginning, and what follows is something else.
	{ head -c 24 /sys/kernel/btf/vmlinux; tail -c +25 /sys/kernel/btf/vmlinux | rev; } \
		>"$tmp/mixed" 2>/dev/null
	mkdir "$tmp/none"
fi
for file in empty short head zeros noise; do
	check "the description of types is $file" types "$tmp/$file" .
done
check 'or not that at all' types "$tmp/mixed" .
check 'or /dev/null' types /dev/null .

no_types() {
	if mount --bind "$tmp/none" /sys/kernel/btf 2>/dev/null; then
		refused 'No such file'
		umount /sys/kernel/btf
	else
		skip='nothing can be mounted here'
	fi
}
check 'there is none' no_types

# --- other numbers of processes ---------------------------------------------

check 'in a pid namespace' by 'device' unshare --pid --fork --mount-proc

outer_proc() {
	mkdir -p "$tmp/proc"
	mount --rbind /proc "$tmp/proc" 2>/dev/null || { skip='nothing can be mounted here'; return; }
	via='unshare --pid --fork --mount-proc' options="--proc=$tmp/proc"
	refused device
	via=''
	both -w "$ours" # the same, under another name
	restore
	umount -l "$tmp/proc"
}
check 'in a pid namespace with /proc of another' outer_proc

fixture() {
	mkdir -p "$tmp/tree/net" "$tmp/tree/811/fd"
	cp /proc/net/tcp "$tmp/tree/net/"
	options="--proc=$tmp/tree"
	run -w --scan=bpf "$ours"
	expect_status 2
	expect_no_output
	expect_one_message
	ask auto -w "$ours"
	expect_scanner proc
	restore
}
check 'with a /proc that is none' fixture
release
