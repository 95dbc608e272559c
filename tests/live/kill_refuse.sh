#!/bin/sh
# -k refuses: without rights, where somebody is hidden, and where process IDs are not
# its own. Then it signals nobody.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_kill.sh
. "${0%/*}/lib_kill.sh"

# --- rights -----------------------------------------------------------------------

foreign() {
	clear
	serve tcp4
	whose tcp4
	become_nobody || return 0
	for word in -k -kKILL '-k --force' '-k --grace=0' '-k --dry-run'; do
		# shellcheck disable=SC2086 # words
		run $word "$port"
		expect_status 2
		expect_nobody_signalled
		expect_error 'nothing was signalled: the holder of a socket of root is hidden; sudo would show more'
		expect_rows "- - root - IPv4 $inode 0t0 TCP 127.0.0.1:$port (LISTEN) [hidden: permission]"
		expect_untouched
	done
	restore
}
check 'an ordinary user and a listener of root: nobody is signalled' foreign

# Seen, but not for us to signal: it is not hidden from a user with a capability.
visible() {
	clear
	serve tcp4
	whose tcp4
	become_nobody || return 0
	via='setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,+sys_ptrace,+dac_read_search --ambient-caps=-all,+sys_ptrace,+dac_read_search'
	if ! $via true 2>/dev/null; then
		skip='no ambient capabilities here'
		restore
		return 0
	fi
	for force in '' --force; do
		# shellcheck disable=SC2086 # words
		run -k $force "$port"
		expect_status 2
		expect_nobody_signalled
		expect_error "server,$pid: a process of root that may not be signalled: Operation not permitted"
		expect_rows "$(row)"
		expect_untouched
	done
	expect_error 'nothing was signalled'
	restore
}
check 'a process that is seen and may not be signalled' visible

# Two holders of one listener, of which one is another user's.
mixed() {
	clear
	become_nobody || return 0
	serve tcp4 fork-as:65534
	whose tcp4
	theirs=$pid
	whose fork-as
	run -t "$port"
	expect_pids "$pid"
	run -k "$port"
	expect_status 2
	expect_nobody_signalled
	expect_error 'a socket of root may have another, hidden holder; to signal the others would not free the port; sudo would show more'
	expect_error 'nothing was signalled; --force signals all that may be'
	expect_lives "$pid" "$theirs"
	for words in "-u root $port" "-k -u root $port"; do # of whom nothing can be read
		# shellcheck disable=SC2086 # words
		run $words
		expect_status 2
		expect_nobody_signalled
		expect_text 'asked for could not be read; sudo would show more'
	done
	run -k --force "$port"
	expect_status 2
	rows | grep -Fxq "SIGTERM sent to server,$pid: ended" ||
		{ show_run; complain 'expected that ours ends'; }
	expect_last "$port/tcp is still held [hidden: permission]"
	expect_ended "$pid"
	expect_lives "$theirs"
	restore
}
check 'one of two holders is hidden: only with --force the other ends' mixed

# Two words, one of them for a hidden holder.
two_ports() {
	clear
	serve tcp4
	whose tcp4
	theirs=$port their_pid=$pid
	be_nobody || return 0
	serve tcp4
	whose tcp4 2
	run -k "$port" "$theirs"
	expect_status 2
	expect_nobody_signalled
	expect_error 'the holder of a socket of root is hidden; to signal the others would not free the port; sudo would show more'
	expect_error 'nothing was signalled; --force signals all that may be'
	expect_lives "$pid" "$their_pid"
	run -k --force "$port" "$theirs"
	expect_status 2
	rows | grep -Fxq "SIGTERM sent to server,$pid: ended" ||
		{ show_run; complain 'expected that ours ends'; }
	grep -q "^$port/tcp is free\$" "$tmp/out" || { show_run; complain 'expected that it is free'; }
	expect_ended "$pid"
	expect_lives "$their_pid"
	be_root
}
check 'of two ports one is held by somebody hidden' two_ports

# --- whose process IDs ---------------------------------------------------------------

other_proc() {
	clear
	serve tcp4
	whose tcp4
	for words in '-k --proc=/proc' '-k --force --proc=/proc' '-kCONT --proc=/proc'; do
		# shellcheck disable=SC2086 # words
		run $words "$port"
		expect_status 2
		expect_no_output
		expect_one_message
		expect_error '-k: acts on the /proc of its own pid namespace only'
		expect_untouched
	done
	via='unshare --pid --fork'
	if $via true 2>/dev/null; then
		run -k "$port"
		expect_status 2
		expect_no_output
		expect_error '-k: acts on the /proc of its own pid namespace only'
		expect_untouched
	fi
	restore
}
check 'another /proc, or that of another pid namespace' other_proc
clear
