#!/bin/sh
# -r on real sockets: it neither grows nor keeps descriptors, each cycle is written when it is
# made, and an interrupt ends it.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

# AddressSanitizer keeps what was freed for a while, which looks like growth.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=0:thread_local_quarantine_size_kb=0
export ASAN_OPTIONS

hold tcp4 tcp4 tcp6-dual conn4 udp4 "unix-conn:$tmp/conn" pair

# begin WORD...: whoport runs beside us and writes into a pipe that is read as descriptor 4.
begin() {
	rm -f "$tmp/pipe"
	mkfifo "$tmp/pipe"
	shown="whoport $*"
	LC_ALL=C "$WHOPORT" "$@" >"$tmp/pipe" 2>"$tmp/err" </dev/null 3>&- &
	running=$!
	exec 4<"$tmp/pipe"
}

# Read up to the next line that is MARKER, ten seconds at most, and no byte more; false if
# there is none.
cycle() {
	# shellcheck disable=SC2016 # for that shell
	timeout 10 sh -c 'while IFS= read -r line; do
			printf "%s\n" "$line"
			[ "$line" != "$0" ] || exit 0
		done
		exit 1' "$1" <&4 >"$tmp/out"
}

# stop [SIGNAL]: sets status.
stop() {
	kill "-${1:-TERM}" "$running" 2>/dev/null
	exec 4<&-
	wait "$running" 2>/dev/null
	status=$?
}

# Memory in kB and the number of descriptors.
size() {
	awk '/^VmRSS:/ { print $2 }' "/proc/$running/status"
}
descriptors() {
	find "/proc/$running/fd" -type l 2>/dev/null | wc -l
}

# The least of some looks, as a cycle may be under way: memory and descriptors.
least() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		for _ in 1 2 3 4; do
			echo "$(size) $(descriptors)"
		done
	done | awk 'NR == 1 || $1 < kb { kb = $1 } NR == 1 || $2 < fds { fds = $2 }
		END { print kb, fds }'
}

# measure MARKER COUNT: read the whole answer, and look in the tenth and the last but one
# tenth of the cycles.
measure() {
	seen=0
	while read -r line; do
		[ "$line" = "$1" ] || continue
		seen=$((seen + 1))
		if [ "$seen" = $(($2 / 10)) ] || [ "$seen" = $(($2 * 9 / 10)) ]; then
			least
		fi
		[ "$seen" -lt "$2" ] || break
	done <&4
	echo "$seen"
}

# steady MARKER COUNT WORD...: what was found does not grow, so neither does whoport, but for
# a page or so.
steady() {
	marker=$1 wanted=$2
	shift 2
	begin "$@"
	measure "$marker" "$wanted" >"$tmp/sizes"
	stop
	# shellcheck disable=SC2046 # words
	set -- $(cat "$tmp/sizes")
	if [ $# != 5 ] || [ "$5" != "$wanted" ]; then
		complain "$shown: $(cat "$tmp/sizes" "$tmp/err")"
		return
	fi
	[ "$3" -le $(($1 + 128)) ] || complain "$shown: $1 kB, then $3 kB"
	[ "$4" -le "$2" ] || complain "$shown: $2 descriptors, then $4"
	[ ! -s "$tmp/err" ] || complain "$shown: $(cat "$tmp/err")"
}
check 'a thousand cycles of the table' steady ======= 1000 -r0.01 -i
check 'cycles of fields' steady m 300 -r0.005 -F -i -U
check 'cycles with other ends' steady ======= 300 -r0.005 -E -i -U
check 'cycles with listed ends' steady ======= 300 -r0.005 +E -i -U
check 'cycles of documents' steady '"unowned":[]}' 300 -r0.005 -J -i
check 'cycles of text' steady ======= 300 -r0.005 --source=proc -i -U
check 'cycles of all namespaces' steady ======= 300 -r0.005 -w -N all -i

# The first block is there while whoport waits for the second.
at_once() {
	whose tcp4
	for words in "-t" "-Fp" "-o PID --no-header"; do
		marker='======='
		[ "$words" != -Fp ] || marker=m
		# shellcheck disable=SC2086 # words
		begin -r60c2 $words "$port"
		cycle "$marker" || complain "$shown: no cycle came: $(cat "$tmp/err")"
		[ "$(sed 's/^p//; 2,$d' "$tmp/out")" = "$pid" ] ||
			complain "$shown: not $pid: $(cat "$tmp/out")"
		kill -0 "$running" 2>/dev/null || complain "$shown: it has ended"
		stop
	done
	begin -r60c2 -J "$port"
	cycle '"unowned":[]}' || complain "$shown: no document came: $(cat "$tmp/err")"
	valid_json document
	kill -0 "$running" 2>/dev/null || complain "$shown: it has ended"
	stop
	begin -r60c2 -j "$port"
	timeout 10 head -n 1 <&4 >"$tmp/out"
	valid_json lines
	kill -0 "$running" 2>/dev/null || complain "$shown: it has ended"
	stop
}
check 'each cycle arrives when it is made' at_once

# What comes and goes is seen.
changes() {
	begin -r0.05 -t -iTCP -sLISTEN -p "^$$"
	cycle ======= || complain 'no cycle'
	before=$(cat "$tmp/out")
	hold tcp4
	new=$held_by
	tries=0
	while [ "$tries" -lt 100 ] && cycle ======= && ! grep -qx "$new" "$tmp/out"; do
		tries=$((tries + 1))
	done
	grep -qx "$new" "$tmp/out" || complain "$new is not seen: $before, then $(cat "$tmp/out")"
	kill "$new"
	wait "$new" 2>/dev/null
	tries=0
	while [ "$tries" -lt 100 ] && cycle ======= && grep -qx "$new" "$tmp/out"; do
		tries=$((tries + 1))
	done
	! grep -qx "$new" "$tmp/out" || complain "$new is still seen"
	stop
	[ "$status" = 143 ] || complain "exit status $status"
}
check 'sockets come and go' changes

ends_with_them() {
	hold tcp4
	new=$held_by
	whose tcp4 last
	begin +r0.05 -t "$port"
	cycle ======= || complain 'no cycle'
	kill "$new"
	wait "$new" 2>/dev/null
	timeout 10 cat <&4 >"$tmp/out"
	exec 4<&-
	wait "$running"
	status=$?
	expect_status 0
}
check '+r ends when the last holder has' ends_with_them

# A shell ignores interrupts for what it starts beside itself.
interrupted() {
	if ! env --default-signal=INT true 2>/dev/null; then
		skip='env has no --default-signal'
		return
	fi
	for signal in INT TERM; do
		rm -f "$tmp/pipe"
		mkfifo "$tmp/pipe"
		env --default-signal=INT,TERM "$WHOPORT" -r60 -i >"$tmp/pipe" 2>"$tmp/err" \
			</dev/null 3>&- &
		running=$!
		shown='whoport -r60 -i'
		exec 4<"$tmp/pipe"
		cycle ======= || complain 'no cycle'
		stop "$signal"
		case $signal/$status in
		INT/130 | TERM/143) ;;
		*) complain "$signal: exit status $status" ;;
		esac
		[ ! -s "$tmp/err" ] || complain "$(cat "$tmp/err")"
	done
}
check 'a signal ends it' interrupted

reader_ends() {
	begin -r0.05 -i
	cycle ======= || complain 'no cycle'
	exec 4<&-
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		kill -0 "$running" 2>/dev/null || break
		sleep 0.1
	done
	! kill "$running" 2>/dev/null || complain 'it goes on without a reader'
	wait "$running" 2>/dev/null
	[ ! -s "$tmp/err" ] || complain "$(cat "$tmp/err")"
}
check 'it ends when nobody reads any more' reader_ends
release
