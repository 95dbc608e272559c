#!/bin/sh
# -k and -t where no terminal is: PIDs for other programs, an output that cannot be
# written, nothing asked and no control bytes.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_kill.sh
. "${0%/*}/lib_kill.sh"

# ask COMMAND: a shell runs it, with $w as whoport and $p as the port, its stdin /dev/null.
ask() {
	shown=$1
	# shellcheck disable=SC2086 # words
	w=$WHOPORT p=$port $via sh -c "$1" >"$tmp/out" 2>"$tmp/err" </dev/null 3>&-
	status=$?
}

# shellcheck disable=SC2016 # for that shell
pids_for_kill() {
	if ! env kill -l >/dev/null 2>&1; then
		skip='kill is no program here'
		return
	fi
	clear
	serve tcp4 fork:2
	whose tcp4
	ask '"$w" -t "$p" | xargs -r kill'
	expect_status 0
	expect_no_output
	expect_no_message
	# shellcheck disable=SC2046 # words
	set -- $(awk '{ print $1 }' "$tmp/held")
	wait_for all_ended "$@"
	expect_bind yes "try:$port"
	ask '"$w" -t "$p" | xargs -r kill'
	expect_status 0
	expect_no_output
	expect_no_message
}
all_ended() {
	for process in "$@"; do
		! lives "$process" || return 1
	done
}
both 'whoport -t PORT | xargs -r kill' pids_for_kill

expect_plain() {
	[ "$(LC_ALL=C tr -d '\n\040-\176' <"$tmp/out" | wc -c)" = 0 ] ||
		{ show_run; complain 'expected no control bytes'; }
	! grep -q ' $' "$tmp/out" || { show_run; complain 'expected no trailing blanks'; }
}

# shellcheck disable=SC2016 # for that shell
piped() {
	for word in -k '-k --grace=60'; do
		clear
		serve tcp4
		whose tcp4
		ask "\"\$w\" $word \"\$p\" | cat"
		expect_status 0
		expect_no_message
		expect_plain
		expect_lines "$(row)" "SIGTERM sent to server,$pid: ended" "$port/tcp is free"
		expect_ended "$pid"
	done
}
both 'whoport -k PORT | cat: nothing is asked, no control bytes' piped

hostile_name() {
	clear
	hold 'named:\x1b]0;x\n'
	whose named
	run -k "$port"
	expect_status 0
	expect_plain
	expect_text "SIGTERM sent to ^[\\x5d0\\x3bx\\n,$pid: ended"
	expect_last "$port/tcp is free"
	expect_ended "$pid"
}
check 'a name with control bytes is escaped in every line' hostile_name

# Where the rows cannot be written nobody could know what was done.
# shellcheck disable=SC2016 # for that shell
not_written() {
	clear
	serve tcp4
	whose tcp4
	for words in -k '-k --force' '-kKILL --grace=0' '-k -t'; do
		for to in '>/dev/full' '>&-'; do
			ask "exec \"\$w\" $words \"\$p\" $to"
			expect_status 2
			grep -q '^whoport: standard output: .*; nothing was signalled$' "$tmp/err" ||
				{ show_run; complain 'expected what is wrong'; }
			expect_untouched
		done
	done
}
both 'a full disk or a closed output: nobody is signalled' not_written

# A reader that has gone before the first row.
# shellcheck disable=SC2016 # for that shell
reader_gone() {
	clear
	serve tcp4
	whose tcp4
	mkfifo "$tmp/pipe$started"
	chmod 666 "$tmp/pipe$started"
	# Both ends of it are open for a moment, then only the writing one.
	ask "exec 4<>$tmp/pipe$started 5>$tmp/pipe$started 4<&-; exec \"\$w\" -k \"\$p\" >&5"
	expect_status 2
	expect_untouched
}
both 'a reader that has gone: nobody is signalled' reader_gone

# shellcheck disable=SC2016 # for that shell
no_answer() {
	clear
	serve tcp4
	whose tcp4
	ask '"$w" -k --ask "$p"'
	expect_status 2
	expect_untouched
	ask 'echo y | "$w" -k --ask "$p"'
	expect_status 2
	expect_untouched
	ask '"$w" -k --ask "$p" <&-'
	expect_status 2
	expect_untouched
}
both '--ask without a terminal: nobody is signalled' no_answer

# stdin is not read: what is there stays for the next program.
# shellcheck disable=SC2016 # for that shell
stdin_left() {
	clear
	serve tcp4
	whose tcp4
	ask 'echo mine | { "$w" -k "$p"; cat; }'
	expect_status 0
	expect_last mine
	expect_ended "$pid"
}
check 'stdin is left alone' stdin_left

# shellcheck disable=SC2016 # for that shell
empty_variable() {
	clear
	serve tcp4
	whose tcp4
	for words in '-k' '-k $none' '-k "$none"' '-kKILL $none' '-k -i:$none' '-t' '-t "$none"'; do
		ask "none=; \"\$w\" $words"
		expect_status 2
		expect_no_output
		expect_untouched
	done
}
check 'an empty variable: nobody is signalled' empty_variable
clear
