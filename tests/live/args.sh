#!/bin/sh
# The standard descriptors, many targets, and what must not happen.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

hold tcp4 udp4

# $row: that of the TCP listener.
the_row() {
	whose tcp4
	row="holder $pid root ${fd}u IPv4 $inode 0t0 TCP 127.0.0.1:$port (LISTEN)"
}

closed_stdout() {
	the_row
	shown='whoport PORT >&-' && : >"$tmp/out"
	"$WHOPORT" "$port" >&- 2>"$tmp/err"
	status=$?
	expect_status 2
	expect_one_message
	"$WHOPORT" -t "$port" >&- 2>"$tmp/err"
	status=$?
	expect_status 2
	expect_one_message
	"$WHOPORT" --help >&- 2>"$tmp/err"
	status=$?
	expect_status 2
}
check 'closed stdout: exit status 2 and one line' closed_stdout

full_disk() {
	if [ ! -c /dev/full ]; then
		skip='no /dev/full'
		return
	fi
	the_row
	shown='whoport PORT >/dev/full' && : >"$tmp/out"
	"$WHOPORT" "$port" >/dev/full 2>"$tmp/err"
	status=$?
	expect_status 2
	expect_one_message
	"$WHOPORT" -t "$port" >/dev/full 2>"$tmp/err"
	status=$?
	expect_status 2
}
check 'a full disk: exit status 2 and one line' full_disk

closed_stderr() {
	the_row
	shown='whoport PORT 2>&-' && : >"$tmp/err"
	"$WHOPORT" "$port" >"$tmp/out" 2>&-
	status=$?
	expect_status 0
	expect_rows "$row"
	"$WHOPORT" 99999 >"$tmp/out" 2>&-
	status=$?
	expect_status 2
	expect_no_output
	"$WHOPORT" "$port" >&- 2>&-
	status=$?
	expect_status 2
}
check 'closed stderr: the exit status alone' closed_stderr

closed_stdin() {
	the_row
	shown='whoport PORT <&-' && : >"$tmp/err"
	"$WHOPORT" "$port" >"$tmp/out" 2>"$tmp/err" <&-
	status=$?
	expect_answer "$row"
	"$WHOPORT" "$port" >"$tmp/out" 2>"$tmp/err" <&- 3>&-
	status=$?
	expect_answer "$row"
	"$WHOPORT" "$port" >&- 2>&- <&-
	status=$?
	expect_status 2
}
check 'closed stdin is no matter' closed_stdin

stdin_is_left() {
	the_row
	printf 'a\nb\n' >"$tmp/words"
	left=$({ "$WHOPORT" "$port" >"$tmp/out" 2>"$tmp/err"; cat; } <"$tmp/words")
	[ "$left" = "a${nl}b" ] || complain 'stdin was read'
}
check 'stdin is never read' stdin_is_left

broken_pipe() {
	the_row
	shown='whoport --all | true' && : >"$tmp/out"
	# The reader is gone before there is anything to write.
	mkfifo "$tmp/pipe"
	sh -c 'exec 4<"$1"; exec 4<&-' sh "$tmp/pipe" &
	reader=$!
	{
		wait "$reader"
		"$WHOPORT" --all 2>"$tmp/err"
		echo $? >"$tmp/status"
	} >"$tmp/pipe"
	expect_no_message
	status=$(cat "$tmp/status")
	# Two ways to end quietly: an error, or the signal itself.
	case $status in
	2 | 141) ;;
	*) show_run && complain 'expected the exit status 2 or 141' ;;
	esac
}
check 'a reader that has gone is no news' broken_pipe

many_targets() {
	the_row
	# shellcheck disable=SC2046 # words
	run $(awk -v port="$port" 'BEGIN {
		for (i = 0; i < 9999; i++) print 40001 + i
		print port }')
	expect_status 1
	expect_no_message
	expect_rows "$row"
	# shellcheck disable=SC2046
	run -Q $(awk 'BEGIN { for (i = 0; i < 9999; i++) print "127.0.0.1:" 40001 + i }') "$port"
	expect_answer "$row"
	# shellcheck disable=SC2046
	run -t $(awk -v port="$port" 'BEGIN { for (i = 0; i < 10000; i++) print port }')
	expect_status 0
	expect_pids "$pid"
	run -Q "$(awk 'BEGIN { for (i = 0; i < 9999; i++) printf "%d,", 40001 + i }')$port"
	expect_answer "$row"
}
check '10,000 targets' many_targets

everything() {
	the_row
	run 0-65535 -o INODE --no-header
	expect_status 0
	expect_row "$inode"
	whose udp4
	expect_row "$inode"
}
check 'the range of all ports' everything

nothing_is_ended() {
	the_row
	run -k
	expect_status 2
	expect_no_output
	run -t
	expect_status 2
	expect_no_output
	run "$port"
	expect_answer "$row"
	kill -0 "$pid" || complain 'the holder is gone'
}
check '-k and -t without a target are refused' nothing_is_ended

for_kill() {
	the_row
	kill "$("$WHOPORT" -t "$port")"
	wait "$held_by" 2>/dev/null
	run "$port"
	expect_nothing
}
check 'what -t prints is fit for kill' for_kill
