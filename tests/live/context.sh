#!/bin/sh
# The line about a process on a terminal, of a real one; and none where something is done.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

if [ -z "$skip_all" ] &&
	[ "$(script -qec 'echo works' /dev/null </dev/null 2>/dev/null | tr -d '\r\n')" != works ]; then
	skip_all='script(1) is missing'
fi
mkdir "$tmp/in here"
if [ -z "$skip_all" ]; then
	# shellcheck disable=SC2016 # for that shell
	hold_as sh -c 'cd "$1" && shift && exec "$@"' sh "$tmp/in here" "$holder" tcp4
fi

# shown ARG...: what is on a terminal, in $tmp/out.
shown() {
	shown="whoport $*"
	script -qec "stty cols 300; TERM=dumb '$WHOPORT' $*" /dev/null </dev/null 2>&1 |
		tr -d '\r' >"$tmp/out"
	status=
	: >"$tmp/err"
}

real_process() {
	whose tcp4
	shown "$port"
	grep -Eq "^    $holder tcp4  in $tmp/in.x20here, [0-9]+ s(, |\$)" "$tmp/out" ||
		{ show_run; complain "expected a line about $holder"; }
	[ "$(grep -c '' "$tmp/out")" = 3 ] || { show_run; complain 'expected three lines'; }
}
check 'arguments, working directory and age' real_process

# none ARG...: only rows and words of ours.
none() {
	shown "$@" "$port"
	[ -s "$tmp/out" ] || complain "expected an answer: $shown"
	! grep -q '^    ' "$tmp/out" || { show_run; complain 'expected no line about the process'; }
}

nothing_else() {
	whose tcp4
	none --brief
	none -k --dry-run
	none --close --dry-run
	none --wait=listen
	none -o PID,NAME
	none --color=always -t
	run "$port"
	! grep -q '^    ' "$tmp/out" || { show_run; complain 'expected none in a pipe'; }
}
check 'none with --brief, in a pipe and where something is done' nothing_else
