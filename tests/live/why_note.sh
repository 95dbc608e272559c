#!/bin/sh
# The headline of --why as a note below an answer: where nobody can be named, and a port
# alone was asked for.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_why.sh
. "${0%/*}/lib_why.sh"

hold timewait4 tcp4 queue4
whose timewait4.client
near=$port
whose timewait4.server
waiting=$port

# expect_note WORD...: whoport WORD... says the headline that --why does, below its rows.
expect_note() {
	run --why "$1"
	headline | sed 's/ [0-9]* s, / NN s, /' >"$tmp/due"
	run "$@"
	sed 's/^whoport: //; s/ [0-9]* s, / NN s, /' "$tmp/note" >"$tmp/noted"
	cmp -s "$tmp/due" "$tmp/noted" || { show_run; complain "expected $(cat "$tmp/due")"; }
	expect_no_message
}

expect_no_note() {
	[ ! -s "$tmp/note" ] || { show_run; complain 'expected no note'; }
}

of_time_wait() {
	whose timewait4.server
	for word in "$waiting" "tcp:$waiting" "127.0.0.1:$waiting" "$waiting/tcp"; do
		expect_note "$word"
		expect_status 0
	done
	expect_note "tcp:$waiting" -t
	expect_status 1
	grep -q "left by a connection with 127.0.0.1:$near$" "$tmp/note" ||
		{ show_run; complain 'expected whose TIME_WAIT it is'; }
}
check 'TIME_WAIT: the headline is a note' of_time_wait

of_hidden() {
	whose tcp4
	ask_as_nobody || return 0
	run "$port"
	expect_status 0
	expect_one_message
	grep -q "^whoport: bind() to $port/tcp as $asker fails with EADDRINUSE: " "$tmp/note" ||
		{ show_run; complain 'expected the note'; }
	ask_as_root
}
check 'a hidden holder: the headline beside what could not be read' of_hidden

not_of_the_held() {
	whose tcp4
	for words in "$port" "-t $port" "$port $near" "127.0.0.1:$port"; do
		# shellcheck disable=SC2086 # words
		run $words
		expect_no_note
	done
	own_port
	run "$port"
	expect_status 1
	expect_no_note
}
check 'no note where a holder is named, or nothing is there' not_of_the_held

# A look that is narrower does not see what holds the port.
not_of_the_narrow() {
	whose queue4.listener
	for words in "-s^LISTEN $port" "-sESTABLISHED $port" "-i:$port -sESTABLISHED" \
		"-i4 $waiting" "-sTIME_WAIT $waiting" "-u ^nobody $waiting" "-w $waiting" \
		"-J $waiting" "-F $waiting" "-i:$waiting"; do
		# shellcheck disable=SC2086 # words
		run $words
		expect_no_note
		expect_no_message
	done
}
check 'no note where more than a port is chosen' not_of_the_narrow
release
