# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # of lib.sh, and for the scripts
# Sourced after lib.sh by the tests of --why: what bind() really says, and what whoport
# says of it.
#
#	hold tcp4
#	whose tcp4
#	asks tcp 127.0.0.1 "$port"      # bind(), then whoport --why of the same
#	says EADDRINUSE EADDRINUSE "holder,$pid listens on 127.0.0.1:$port"
#	fact 'SO_REUSEADDR does not help against a socket that listens'
#	try "whoport -k 127.0.0.1:$port/tcp"
#
# With WHY_TABLE set, each case that was looked at is a row of a table, too: the case,
# bind() without and with SO_REUSEADDR, the headline.

case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
binder=$BUILD/live/binder later=$BUILD/live/later server=$BUILD/live/server

# The word of an address and a port: ADDRESS PORT PROTOCOL.
word_of() {
	case $1 in
	*:*) echo "[$1]:$2/$3" ;;
	*) echo "$1:$2/$3" ;;
	esac
}

# asks PROTO ADDRESS PORT [WORD...]: by another word, and options, if they are given.
asks() {
	bound=$($via "$binder" try "$1" "$2" "$3" 2>&1)
	wanted_place=$(word_of "$2" "$3" "$1")
	if [ $# -gt 3 ]; then
		shift 3
		run --why "$@"
	else
		run --why "$wanted_place"
	fi
}

# asks_name NAME: the same for a unix name.
asks_name() {
	bound=$($via "$binder" try unix "$1" 2>&1)
	wanted_place=$1
	run --why "$1"
}

# What the headline must say, and exit with, if bind() says $1, with SO_REUSEADDR $2: one
# of these, a line each.
verdict_of() {
	status_due=0
	if_set='if what is there has it set, too:'
	case "$1 $2" in
	'ok ok') status_due=1 verdicts=works: ;;
	'EADDRINUSE ok')
		verdicts="works only with SO_REUSEADDR:
works only with SO_REUSEADDR, $if_set"
		;;
	'EADDRINUSE EADDRINUSE')
		verdicts="fails with EADDRINUSE:
works only with SO_REUSEPORT:
works only with SO_REUSEADDR, $if_set
works only with SO_REUSEPORT, $if_set"
		;;
	*) verdicts="fails with $1:" ;;
	esac
}

headline() {
	sed -n 1p "$tmp/out"
}

# expect_headline TEXT: what comes behind the verdict; seconds are read as NN.
expect_headline() {
	told=$(headline | sed 's/ [1-9][0-9]* s\([:,]\|$\)/ NN s\1/')
	while read -r verdict; do
		[ "$told" != "bind() to $place_due as $asker $verdict $1" ] || return 0
	done <<EOF
$verdicts
EOF
	show_run
	complain "bind() says: $bound" "expected: bind() to $place_due as $asker" "$verdicts" "$1"
}

# Lines below the headline are facts, three at most, and one command; each is one line,
# and none tells root to become root.
expect_form() {
	[ ! -s "$tmp/err" ] || { show_run; complain 'expected nothing on stderr'; }
	if [ "$(sed -n '2,$p' "$tmp/out" | grep -vc '^  ')" != 0 ] ||
		[ "$(grep -c '^  try: ' "$tmp/out")" -gt 1 ] ||
		[ "$(grep '^  ' "$tmp/out" | grep -vc '^  try: ')" -gt 3 ]; then
		show_run
		complain 'expected a headline, three facts, one command'
	fi
	[ "$asker" != root ] || ! grep -q 'sudo' "$tmp/out" ||
		{ show_run; complain 'root is told to use sudo'; }
}

# says PLAIN REUSE TEXT: bind() said these two, and whoport what fits them.
says() {
	[ "$bound" = "$1 $2" ] || { show_run; complain "bind() says $bound, expected $1 $2"; }
	verdict_of "$1" "$2"
	place_due=${place:-$wanted_place}
	place=
	expect_status "$status_due"
	expect_headline "$3"
	expect_form
	tell_row
}

# A row of the table, of seconds the number that it was.
tell_row() {
	[ -n "${WHY_TABLE:-}" ] && [ -z "$problem" ] || return 0
	printf '| %s | %s / %s | %s |\n' "$current" "${bound% *}" "${bound#* }" "$(headline)"
}

# fact TEXT: one of the lines below the headline.
fact() {
	grep -Fxq -e "  $1" "$tmp/out" || { show_run; complain "expected the fact: $1"; }
}

no_fact() {
	! grep -Fq -e "$1" "$tmp/out" || { show_run; complain "expected nothing of: $1"; }
}

# try COMMAND: the last line.
try() {
	[ "$(sed -n '$p' "$tmp/out")" = "  try: $1" ] ||
		{ show_run; complain "expected: try: $1"; }
}

no_try() {
	! grep -q '^  try: ' "$tmp/out" || { show_run; complain 'expected no command'; }
}

# A port that the scripts have for themselves, in $port: from 25000 on.
next_port=25000
own_port() {
	next_port=$((next_port + 1))
	port=$next_port
}

asker=root

# Go on as uid 65534, with copies of the programs; from a directory that it may read.
ask_as_nobody() {
	become_nobody || return
	[ -x "$tmp/binder" ] || cp "$binder" "$tmp/binder"
	binder=$tmp/binder
	asker=$(awk -F: '$3 == 65534 { print $1; exit }' /etc/passwd)
	asker=${asker:-65534}
}

ask_as_root() {
	restore
	binder=$BUILD/live/binder asker=root
}

# case_as_nobody FUNCTION [ARGUMENT...]: for check.
case_as_nobody() {
	ask_as_nobody || return 0
	"$@"
	ask_as_root
}
