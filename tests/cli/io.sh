#!/bin/sh
# Standard streams that are closed, full or cut off; --help and --version.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

new_tree
add_process 100 server
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_fd 100 3 1001
# So many rows that they need several writes.
awk 'BEGIN {
	for (i = 0; i < 4000; i++)
		printf "%4d: 0100007F:%04X 00000000:0000 06 00000000:00000000 03:00001000 00000000     0        0 0 3 0\n", i, 20000 + i
}' >>"$tree/net/tcp"

# is_status WANTED: and nothing on stdout.
is_status() {
	[ "$status" = "$1" ] || {
		echo "exit status $status, expected $1"
		return 1
	}
}

# --- stdout ----------------------------------------------------------------

"$WHOPORT" --proc "$tree" 80 >&- 2>"$tmp/err"
status=$?
verify 'closed_stdout' is_status 2
verify 'closed_stdout_is_said_in_one_line' test "$(wc -l <"$tmp/err")" -eq 1
"$WHOPORT" --proc "$tree" -t 80 >&- 2>"$tmp/err"
status=$?
verify 'closed_stdout_for_pids' is_status 2
for option in --help --version; do
	"$WHOPORT" "$option" >&- 2>"$tmp/err"
	status=$?
	verify "closed_stdout_for $option" is_status 2
done
if [ -c /dev/full ]; then
	for words in 80 '-t 80' '--all -iTCP' --help --version; do
		# shellcheck disable=SC2086 # words
		"$WHOPORT" --proc "$tree" $words >/dev/full 2>"$tmp/err"
		status=$?
		verify "full_disk: $words" is_status 2
		verify "full_disk_is_said_in_one_line: $words" test "$(wc -l <"$tmp/err")" -eq 1
	done
else
	skip 'full_disk' '/dev/full is missing'
fi

"$WHOPORT" --proc "$tree" -sTIME_WAIT >"$tmp/out" 2>"$tmp/err"
verify 'every_row_of_a_large_answer' test "$(wc -l <"$tmp/out")" -eq 4001
"$WHOPORT" --proc "$tree" -sTIME_WAIT 2>"$tmp/err" | head -n 1 >"$tmp/out"
verify 'reader_that_ends_early' grep -q '^COMMAND' "$tmp/out"
verify 'reader_that_ends_early_is_no_news' test ! -s "$tmp/err"
(
	trap '' PIPE
	"$WHOPORT" --proc "$tree" -sTIME_WAIT 2>"$tmp/err"
) | head -n 1 >"$tmp/out"
verify 'reader_that_ends_early_is_no_news_without_the_signal' test ! -s "$tmp/err"

# --- stderr ----------------------------------------------------------------

"$WHOPORT" --proc "$tree" --no-header -o PID 80 >"$tmp/out" 2>&-
status=$?
verify 'closed_stderr' is_status 0
verify 'closed_stderr_leaves_stdout' test "$(cat "$tmp/out")" = 100
"$WHOPORT" --proc "$tree" 99999 >"$tmp/out" 2>&-
status=$?
verify 'closed_stderr_usage_error' is_status 2
verify 'closed_stderr_puts_no_message_elsewhere' test ! -s "$tmp/out"
"$WHOPORT" --proc "$tree" -V 81 >"$tmp/out" 2>&-
status=$?
verify 'closed_stderr_not_found' is_status 1
verify 'closed_stderr_puts_no_note_elsewhere' test ! -s "$tmp/out"
if [ -c /dev/full ]; then
	"$WHOPORT" --proc "$tree" -V 81 >"$tmp/out" 2>/dev/full
	status=$?
	verify 'full_stderr' is_status 1
fi

# --- stdin -----------------------------------------------------------------

"$WHOPORT" --proc "$tree" --no-header -o PID 80 >"$tmp/out" 2>"$tmp/err" <&-
status=$?
verify 'closed_stdin' is_status 0
verify 'closed_stdin_leaves_stdout' test "$(cat "$tmp/out")" = 100
echo 81 | "$WHOPORT" --proc "$tree" --no-header -o PID 80 >"$tmp/out" 2>"$tmp/err"
verify 'stdin_is_not_read' test "$(cat "$tmp/out")" = 100
"$WHOPORT" --proc "$tree" 80 <&- >&- 2>&-
status=$?
verify 'everything_closed' is_status 2
"$WHOPORT" --proc "$tree" 81 <&- >&- 2>&-
status=$?
verify 'everything_closed_and_nothing_to_say' is_status 2

# --- the proc tree ---------------------------------------------------------

for option in --proc=proc1 '--proc proc1'; do
	# shellcheck disable=SC2086 # words
	(cd "$tmp" && "$WHOPORT" $option --no-header -o PID 80) >"$tmp/out" 2>"$tmp/err"
	verify "proc_tree_by_relative_path: $option" test "$(cat "$tmp/out")" = 100
done

# --- help and version ------------------------------------------------------

"$WHOPORT" --help >"$tmp/help" 2>"$tmp/err"
status=$?
verify 'help' is_status 0
verify 'help_is_no_message' test ! -s "$tmp/err"
# True if no line is wider than a terminal.
is_narrow() {
	awk 'length > 80 { print; wide = 1 } END { exit wide }' "$1"
}
verify 'help_fits_80_columns' is_narrow "$tmp/help"
verify 'help_has_no_trailing_blanks' lacks '[[:blank:]]$' "$tmp/help"
for option in -i -U -s -p -u -c -d -g -N --netns --all -a -t -o --columns --no-header -R -K -l -T \
	+c +P +n -n -P --color -Q -V -w --source --proc -h --help -v --version; do
	verify "help_lists $option" grep -q "^  \(.*, \)\{0,1\}$option\([ =,[]\|\$\)" "$tmp/help"
done
"$WHOPORT" -h >"$tmp/out" 2>"$tmp/err"
verify 'help_by_letter' diff "$tmp/help" "$tmp/out"
"$WHOPORT" --version >"$tmp/out" 2>"$tmp/err"
status=$?
verify 'version' is_status 0
verify 'version_is_one_line' test "$(wc -l <"$tmp/out")" -eq 1
verify 'version_names_program_and_number' grep -q '^whoport [0-9][0-9.]*' "$tmp/out"
cp "$tmp/out" "$tmp/version"
"$WHOPORT" -v >"$tmp/out" 2>"$tmp/err"
verify 'version_by_letter' diff "$tmp/version" "$tmp/out"
