#!/bin/sh
# -r and +r: cycles, what stands between them, when they end and with which status.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# Trees whose table changes while whoport reads it again and again.
new_tree
add_process 811 server
add_process 812 other
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_fd 811 3 1001
add_fd 812 4 1002

# switch_to PORT INODE: one listener instead of what there was; without words none.
switch_to() {
	mkdir -p "$tmp/next"
	(
		make_tables "$tmp/next"
		[ $# = 0 ] || add_inet tcp "0.0.0.0:$1" LISTEN "$2"
	)
	mv "$tmp/next/tcp" "$tree/net/tcp"
}

# begin ARG...: let whoport run beside us.
begin() {
	: >"$tmp/out"
	"$WHOPORT" --proc "$tree" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null &
	running=$!
}

# await PATTERN: until the output has such a line.
await() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			! grep -q "$1" "$tmp/out" || return 0
			sleep 0.05
		done
	done
	echo "no line $1" >>"$tmp/late"
}

# end_status: wait until it ends by itself, ten seconds at most.
end_status() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			kill -0 "$running" 2>/dev/null || break 2
			sleep 0.05
		done
	done
	! kill "$running" 2>/dev/null || echo 'it did not end' >>"$tmp/late"
	wait "$running" 2>/dev/null
	status=$?
}

# stop: end it by a signal.
stop() {
	kill "$running"
	wait "$running" 2>/dev/null
	status=$?
}

# ended NAME STATUS: quietly, with that status.
ended() {
	{
		[ ! -e "$tmp/late" ] || cat "$tmp/late"
		rm -f "$tmp/late"
		[ "$status" = "$2" ] || echo "exit status $status, expected $2"
		[ ! -s "$tmp/err" ] || cat "$tmp/err"
	} >"$tmp/wrong"
	[ ! -s "$tmp/wrong" ] || head -n 20 "$tmp/out" >>"$tmp/wrong"
	report "$1"
}

# --- cycles ----------------------------------------------------------------

expect 'one_cycle' 0 -rc1 --no-header -o PID,NAME 80 <<EOF
811 *:80 (LISTEN)
=======
EOF
expect 'three_cycles' 0 -r0.1c3 -o PID,NAME 80 <<EOF
PID NAME
811 *:80 (LISTEN)
=======
PID NAME
811 *:80 (LISTEN)
=======
PID NAME
811 *:80 (LISTEN)
=======
EOF
expect 'cycles_while_something_is_found' 0 +r0.01c2 -t 80 <<EOF
811
=======
811
=======
EOF
expect 'cycles_without_a_pause' 0 -r0c3 -t 80 <<EOF
811
=======
811
=======
811
=======
EOF
expect 'word_behind_r_is_a_target' 0 -t -r0c1 80 <<EOF
811
=======
EOF
expect 'cluster' 0 -nPr0c1 -t 80 <<EOF
811
=======
EOF
expect 'last_r_counts' 0 -r9c9 -r0c1 -t 80 <<EOF
811
=======
EOF
expect 'cycles_of_fields' 0 -r0.01c2 -Fpn 80 <<EOF
p811
n*:80
m
p811
n*:80
m
EOF
expect 'cycles_without_rows' 1 -r0.01c2 9999 <<EOF
=======
=======
EOF
expect 'cycles_without_rows_are_fine' 0 -r0.01c2 -Q 9999 <<EOF
=======
=======
EOF
expect 'cycles_of_fields_without_rows' 1 -r0.01c2 -F 9999 <<EOF
m
m
EOF
expect 'one_of_two_found' 1 -r0.01c2 --no-header -o PID 80 9999 <<EOF
811
=======
811
=======
EOF
expect 'one_of_two_is_enough_for_pids' 0 -r0.01c2 -t 80 9999 <<EOF
811
=======
811
=======
EOF
expect 'what_is_missing_is_said_each_time' 1 -r0.01c2 -V 9999 <<EOF
=======
=======
! whoport: 9999: not found
! whoport: 9999: not found
EOF

# The marker of fields with NULs: m, NUL, newline.
ask -r0.01c2 -Fp0 80
printf 'p811\000\nm\000\np811\000\nm\000\n' >"$tmp/bytes"
verify 'marker_with_nul' cmp "$tmp/bytes" "$tmp/out"
ask -r0.01c1m-- -Fp0 80
printf 'p811\000\nm--\000\n' >"$tmp/bytes"
verify 'marker_of_ones_own_with_nul' cmp "$tmp/bytes" "$tmp/out"

# --- the marker ------------------------------------------------------------

expect 'marker_of_ones_own' 0 -r0.01c2m=== -t 80 <<EOF
811
===
811
===
EOF
expect 'marker_of_fields' 0 -r0.01c1m=== -Fp 80 <<EOF
p811
m===
EOF
expect 'marker_without_seconds_and_count' 0 +rc1mnext -t 80 <<EOF
811
next
EOF
expect 'empty_marker' 0 -r0c2m -t 80 <<EOF
811

811

EOF
expect 'percent' 0 -r0c1m%% -t 80 <<EOF
811
%
EOF
expect 'newline_in_a_marker' 0 -r0c1ma%nb -t 80 <<EOF
811
a
b
EOF
before=$(date -u +%Y-%m-%dT%H:%M)
ask -r0c1m%Y-%m-%dT%H:%M -t 80
after=$(date -u +%Y-%m-%dT%H:%M)
sed -n 2p "$tmp/out" >"$tmp/time"
verify 'time_in_a_marker' grep -qxF -e "$before" -e "$after" "$tmp/time"
ask "-r0c1m$(printf '%01000d' 0)" -t 80
verify 'long_marker' test "$(sed -n 2p "$tmp/out" | wc -c)" -eq 1001

# --- JSON ------------------------------------------------------------------

version=$("$WHOPORT" --version | sed 's/^whoport //')
head="{\"schema\":1,\"version\":\"$version\",\"processes\":["
expect 'document_a_cycle' 0 -r0.01c2 -J -Ff 80 <<EOF
$head
{"pid":811,"files":[
{"fd":3,"kind":"fd"}]}],
"unowned":[]}
$head
{"pid":811,"files":[
{"fd":3,"kind":"fd"}]}],
"unowned":[]}
EOF
valid_json 'document_a_cycle_is_valid' document some cycles
expect 'empty_document_a_cycle' 1 -r0.01c2 -J 9999 <<EOF
$head],"unowned":[]}
$head],"unowned":[]}
EOF
valid_json 'empty_document_a_cycle_is_valid' document cycles
ask -r0.01c3 -j 80
verify 'lines_of_all_cycles' test "$(wc -l <"$tmp/out")" -eq 3
valid_json 'lines_of_all_cycles_are_valid' lines
expect_nothing 'no_lines_of_all_cycles' 1 -r0.01c3 -j 9999

# --- until nothing is found ------------------------------------------------

# As lsof does, without a marker where there is nothing.
expect_nothing 'never_found' 1 +r0.01 9999
expect_nothing 'never_found_is_fine' 0 +r0.01 -Q 9999
expect_nothing 'never_found_in_fields' 1 +r0.01 -F0 9999
begin +r0.05 -t 80
await =======
switch_to
end_status
ended 'ends_when_nothing_is_found' 0
verify 'last_cycle_has_no_row' test "$(tail -n 2 "$tmp/out" | tr '\n' ' ')" = '811 ======= '
verify 'first_cycle_has_one' test "$(head -n 2 "$tmp/out" | tr '\n' ' ')" = '811 ======= '
switch_to 80 1001
begin +r0.05 -J 80
await '"pid":811'
switch_to
end_status
ended 'ends_after_an_empty_document' 0
verify 'empty_document_is_the_last' test "$(tail -n 1 "$tmp/out")" = "$head],\"unowned\":[]}"
valid_json 'documents_until_nothing_is_found_are_valid' document cycles
switch_to 80 1001
begin -r0.05 -t 80
await =======
switch_to
sleep 0.5
kill -0 "$running" 2>/dev/null
verify 'goes_on_without_rows' test "$?" = 0
switch_to 80 1001
: >"$tmp/out"
await 811
stop
ended 'ends_by_a_signal' 143

# --- status over cycles ----------------------------------------------------

switch_to 80 1001
begin +r0.05 --no-header -o PID 80 81
await 811
switch_to 81 1002
await 812
switch_to
end_status
ended 'what_some_cycle_found_counts_as_found' 0
switch_to 80 1001
begin +r0.05 --no-header -o PID 80 81
await 811
switch_to
end_status
ended 'what_no_cycle_found_does_not' 1
switch_to 80 1001
begin +r0.05 -Q --no-header -o PID 80 81
await 811
switch_to
end_status
ended 'what_no_cycle_found_is_fine' 0
switch_to
begin -r0.05 -t 80
await =======
switch_to 80 1001
await 811
stop
ended 'what_comes_later_is_found' 143

# --- the reader ends, or cannot be written to ------------------------------

switch_to 80 1001
# reads NAME ARG...: of the answer only the first line.
reads() {
	name=$1
	shift
	{
		timeout 10 "$WHOPORT" --proc "$tree" "$@" 2>"$tmp/err"
		echo $? >"$tmp/status"
	} | head -n 1 >"$tmp/out"
	{
		case $(cat "$tmp/status") in
		124) echo 'it did not end' ;;
		esac
		cat "$tmp/err"
		[ -s "$tmp/out" ] || echo 'no line was read'
	} >"$tmp/wrong"
	report "$name"
}
if command -v timeout >/dev/null; then
	reads 'reader_that_ends_early' -r0.1 -t 80
	reads 'reader_that_ends_early_on_markers' -r0.1 9999
	reads 'reader_that_ends_early_on_fields' -r0.1 -F 80
	reads 'reader_that_ends_early_on_documents' -r0.1 -J 80
	reads 'reader_that_ends_early_on_lines' -r0.1 -j 80
	(
		trap '' PIPE
		reads 'reader_that_ends_early_without_the_signal' -r0.1 -t 80
	)
	if [ -c /dev/full ]; then
		for words in -t '--no-header -o PID' -F -J -j; do
			# shellcheck disable=SC2086 # words
			timeout 10 "$WHOPORT" --proc "$tree" -r0.1 $words 80 >/dev/full 2>"$tmp/err"
			verify "full_disk: $words" test "$?" = 2
			verify "full_disk_is_said_in_one_line: $words" \
				test "$(wc -l <"$tmp/err")" -eq 1
		done
	else
		skip 'full_disk' '/dev/full is missing'
	fi
	timeout 10 "$WHOPORT" --proc "$tree" -r0.1 80 >&- 2>"$tmp/err"
	verify 'closed_stdout' test "$?" = 2
	rm -rf "$tree/net/tcp"
	ln -s /dev/zero "$tree/net/tcp"
	timeout 10 "$WHOPORT" --proc "$tree" -r0.1 80 >"$tmp/out" 2>"$tmp/err"
	verify 'error_ends_the_cycles' test "$?" = 2
	rm "$tree/net/tcp"
	switch_to 80 1001
else
	skip 'reader_that_ends_early' 'timeout is missing'
fi
begin -r0.05 -t 80
await =======
rm "$tree/net/tcp"
ln -s /dev/zero "$tree/net/tcp"
end_status
verify 'error_in_a_later_cycle_ends_them' test "$status" = 2
verify 'error_in_a_later_cycle_is_one_line' test "$(wc -l <"$tmp/err")" -eq 1
verify 'what_was_found_before_is_there' grep -q '^811$' "$tmp/out"
rm -f "$tmp/late" "$tree/net/tcp"
switch_to 80 1001

# --- refusals --------------------------------------------------------------

refuses 'count_of_none' '-r c0' -rc0 80
refuses 'count_without_number' '-r c' -rc 80
refuses 'count_too_large' '-r c99999999999' -rc99999999999 80
refuses 'other_letters' '-r 1x' -r1x 80
refuses 'other_letters_behind_the_count' '-r 1c2x' -r1c2x 80
refuses 'two_points' '-r 1.2.3' -r1.2.3 80
refuses 'too_many_decimals' '-r 0.0001' -r0.0001 80
refuses 'too_many_seconds' '-r 1000001' -r1000001 80
refuses 'point_alone' '-r .' -r. 80
refuses 'plus_count_of_none' '+r c0' +rc0 80
refuses 'repeat_and_kill' -r -r -k 80
refuses 'repeat_and_close' -r -r --close 80
refuses 'repeat_and_wait' -r -r --wait=free 80
refuses 'repeat_until_and_kill' r +r -k 80
refuses 'marker_and_document' -r -J -r1m%T 80
refuses 'marker_and_lines' -r -j -r1m 80
refuses 'newline_in_the_marker_of_fields' -r -F -r1m%n 80
refuses 'newline_in_the_marker_of_fields_among_others' +r -F0 +r1ma%Tb%n 80
