#!/bin/sh
# -k on unix sockets, by path and by abstract name; and what a forged name can do: nothing.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_kill.sh
. "${0%/*}/lib_kill.sh"

# The row of a unix socket: NAME, as a pattern.
expect_unix() {
	rows | sed -n 1p | grep -q "^server $pid $user ${fd}u unix 0x[0-9a-f]* 0t0 $inode $1\$" ||
		{ show_run; complain "expected the row of $1"; }
}

unix_path() {
	clear
	dir=$tmp/dir$((started + 1))
	mkdir -m 777 "$dir"
	serve "unix:$dir/s"
	serve "unix:$dir/other"
	whose unix
	options=${1:-}
	run -k "$dir/s"
	expect_status 0
	expect_no_message
	expect_unix "$dir/s type=STREAM (LISTEN)"
	rows | sed 1d >"$tmp/got"
	printf '%s\n' "SIGTERM sent to server,$pid: ended" \
		"$dir/s is free once its file is removed" | cmp -s - "$tmp/got" ||
		{ show_run; complain 'expected what became of it'; }
	expect_ended "$pid"
	whose unix 2
	expect_untouched
	rm "$dir/other"
	run -k -U "$dir/other" # by its name: the file is not there any more
	expect_status 0
	expect_last "$dir/other is free"
	expect_ended "$pid"
	options=
}
both 'a unix socket by its path' unix_path
both 'the same from text alone' unix_path --source=proc

unix_abstract() {
	clear
	serve "unix:@whoport-$1"
	whose unix
	options=${2:-}
	run -k "@whoport-$1"
	expect_status 0
	expect_no_message
	expect_unix "@whoport-$1 type=STREAM (LISTEN)"
	expect_last "@whoport-$1 is free"
	expect_ended "$pid"
	options=
	serve "unix:@whoport-$1" # or it fails here
}
both 'an abstract name' unix_abstract auto
both 'an abstract name from text alone' unix_abstract text --source=proc

# A line of /proc/net/unix says that a socket of KIND's holder is called so; the file
# is there, or not.
forged() {
	clear
	path=$tmp/forged
	: >"$path"
	[ "$2" = file ] || rm "$path"
	case $1 in
	unix) serve "unix:@innocent" ;;
	*) serve "$1" ;;
	esac
	whose "$1"
	serve "forge:$inode,$path"
	for source in --source=proc --source=auto; do
		for action in -k '-k -U' '-kKILL --force'; do
			# shellcheck disable=SC2086 # words
			run -w $source $action "$path"
			[ "$status" != 0 ] || { show_run; complain 'expected that nobody is found'; }
			expect_nobody_signalled
			expect_untouched
		done
	done
}
check 'a forged line about a TCP listener: its holder lives' forged tcp4 none
check 'the same with a file of that name' forged tcp4 file
check 'a forged line about another unix socket: its holder lives' forged unix none
check 'the same with a file of the name' forged unix file
clear
