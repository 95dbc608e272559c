#!/bin/sh
# --why of unix names, beside what bind() says; and names that others have chosen.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_why.sh
. "${0%/*}/lib_why.sh"

stays='the file stays when the socket is closed: who binds anew removes it first'

# --- paths -------------------------------------------------------------------

listening() {
	hold "unix-stream:$tmp/live.sock"
	whose unix-stream
	asks_name "$tmp/live.sock"
	says EADDRINUSE EADDRINUSE "holder,$pid listens on it"
	fact "$stays"
	try "whoport -k $tmp/live.sock"
}
check 'a unix socket that is listened on' listening

datagram() {
	hold "unix-dgram:$tmp/log.sock"
	whose unix-dgram
	asks_name "$tmp/log.sock"
	says EADDRINUSE EADDRINUSE "holder,$pid receives on it"
}
check 'a unix socket that receives datagrams' datagram

hidden() {
	whose unix-stream || { hold "unix-stream:$tmp/live.sock"; whose unix-stream; }
	ask_as_nobody || return 0
	asks_name "$tmp/live.sock"
	says EADDRINUSE EADDRINUSE 'somebody [hidden: permission] listens on it'
	fact "$stays"
	try "sudo whoport --why $tmp/live.sock"
	ask_as_root
}
check 'a unix socket of a hidden holder' hidden

stale() {
	"$binder" stale "$tmp/stale.sock"
	asks_name "$tmp/stale.sock"
	says EADDRINUSE EADDRINUSE \
		'the socket file is stale: it is there, and no socket is bound to it'
	try "rm $tmp/stale.sock"
}
check 'a stale socket file' stale

# Its socket is in the table of another network namespace.
elsewhere() {
	in_new_netns "$holder" "unix-stream:$tmp/far.sock"
	whose unix-stream last
	asks_name "$tmp/far.sock"
	says EADDRINUSE EADDRINUSE "holder,$pid listens on it"
}
check 'a unix socket of another network namespace' elsewhere

# In no table that can be read: neither is it stale, nor is its file to be removed.
out_of_sight() {
	hold "unix-stream:$tmp/out.sock" "unix-dgram:$tmp/out.log"
	via='unshare --net --pid --fork --mount-proc'
	for name in out.sock out.log; do
		asks_name "$tmp/$name"
		says EADDRINUSE EADDRINUSE 'a socket is bound to it that cannot be seen from here'
		no_try_rm
	done
	restore
}
no_try_rm() {
	! grep -q 'try: rm' "$tmp/out" || { show_run; complain 'it is not to be removed'; }
}
check 'a unix socket that nobody here can see' out_of_sight

# Who may not write to the file cannot ask the kernel.
untold() {
	ask_as_nobody || return 0
	asks_name "$tmp/stale.sock"
	says EADDRINUSE EADDRINUSE \
		'a socket file has the name, and no socket that can be seen is bound to it'
	try "sudo whoport --why $tmp/stale.sock"
	ask_as_root
}
check 'a stale socket file of another user' untold

other_files() {
	: >"$tmp/file"
	asks_name "$tmp/file"
	says EADDRINUSE EADDRINUSE 'a regular file has the name'
	try "ls -ld $tmp/file"
	mkdir "$tmp/dir"
	asks_name "$tmp/dir"
	says EADDRINUSE EADDRINUSE 'a directory has the name'
	ln -s "$tmp/nowhere" "$tmp/link"
	asks_name "$tmp/link"
	says EADDRINUSE EADDRINUSE 'a symbolic link has the name'
}
check 'a file that is no socket' other_files

missing() {
	asks_name "$tmp/none/x.sock"
	says ENOENT ENOENT "there is no directory $tmp/none"
	try "mkdir -p $tmp/none"
	asks_name "$tmp/file/x.sock"
	says ENOTDIR ENOTDIR 'Not a directory'
}
check 'a directory that is missing, or none' missing

denied() {
	mkdir "$tmp/closed" && chmod 555 "$tmp/closed"
	ask_as_nobody || return 0
	asks_name "$tmp/closed/x.sock"
	says EACCES EACCES "no file may be made in $tmp/closed"
	try "ls -ld $tmp/closed"
	mkdir "$tmp/shut" && chmod 700 "$tmp/shut"
	asks_name "$tmp/shut/x.sock"
	says EACCES EACCES 'a directory on the way may not be searched'
	ask_as_root
}
check 'a directory that may not be written to' denied

denied_root() {
	[ -d "$tmp/closed" ] || { mkdir "$tmp/closed" && chmod 555 "$tmp/closed"; }
	via='setpriv --bounding-set -dac_override,-dac_read_search'
	if $via true 2>/dev/null; then
		asks_name "$tmp/closed/x.sock"
		says EACCES EACCES "no file may be made in $tmp/closed"
	else
		skip='setpriv cannot drop capabilities'
	fi
	restore
}
check 'the same for root without the capability' denied_root

read_only() {
	mkdir "$tmp/ro"
	if ! mount -t tmpfs -o ro none "$tmp/ro" 2>/dev/null; then
		skip='nothing can be mounted here'
		return 0
	fi
	asks_name "$tmp/ro/x.sock"
	says EROFS EROFS "$tmp/ro is on a file system that is mounted read-only"
	umount "$tmp/ro"
}
check 'a file system that is mounted read-only' read_only

loop() {
	ln -s loop "$tmp/loop"
	asks_name "$tmp/loop/x.sock"
	says ELOOP ELOOP 'Too many levels of symbolic links'
}
check 'links that lead nowhere' loop

# A path of LEN bytes, in $path.
path_of_length() {
	path=$tmp/
	while [ ${#path} -lt "$1" ]; do
		path=${path}a
	done
}

too_long() {
	path_of_length 108
	asks_name "$path"
	says ok ok 'nothing is in the way'
	path_of_length 109
	asks_name "$path"
	says EINVAL EINVAL "the path has 109 bytes, and a socket's at most 108"
	no_try
}
check 'a path that is too long' too_long

free() {
	asks_name "$tmp/free.sock"
	says ok ok 'nothing is in the way'
	no_try
	[ ! -e "$tmp/free.sock" ] || complain 'a file was made'
}
check 'a path that is free' free

# --- abstract names ------------------------------------------------------------

abstract() {
	hold unix-stream:@why-test
	whose unix-stream last
	asks_name @why-test
	says EADDRINUSE EADDRINUSE "holder,$pid listens on it"
	fact 'it is of type STREAM: a socket of another type can have the same name'
	try 'whoport -k @why-test'
	asks_name @why-free
	says ok ok 'nothing is in the way'
}
check 'an abstract name' abstract

abstract_elsewhere() {
	in_new_netns "$holder" unix-stream:@why-far
	asks_name @why-far
	says ok ok 'nothing is in the way'
}
check 'an abstract name of another network namespace' abstract_elsewhere

# --- hostile names ----------------------------------------------------------------

# Bytes that would end the line, move the cursor or begin another command in a shell.
expect_one_line() {
	if LC_ALL=C grep -q '[^[:print:]]' "$tmp/out"; then
		show_run
		complain 'expected nothing but printable bytes'
	fi
	[ "$(grep -c '^bind() to ' "$tmp/out")" = 1 ] ||
		{ show_run; complain 'expected one headline'; }
	expect_form
}

# The command, read by a shell: the arguments of whoport, a line each.
typed() {
	command=$(sed -n 's/^  try: //p' "$tmp/out")
	# shellcheck disable=SC2317 # by eval
	whoport() {
		printf '%s\n' "$@"
	}
	eval "$command"
	unset -f whoport
}

hostile_process() {
	hold 'named:x,1 on *:80\n'
	whose named
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE "x\\x2c1\\x20on\\x20*:80\\n,$pid listens on 127.0.0.1:$port"
	expect_one_line
	# shellcheck disable=SC2016 # a name
	hold 'named:\x1b[2J $(a)'
	whose named last
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE "^[\\x5b2J\\x20\$(a),$pid listens on 127.0.0.1:$port"
	expect_one_line
}
check 'hostile names of processes' hostile_process

# PATH AS: a path, and as the headline has it; what is typed means the very path.
hostile_path() {
	case $1 in
	*"$nl"* | *"$(printf '\033')"*) has_command= ;;
	*) has_command=yes ;;
	esac
	"$binder" stale "$1"
	asks_name "$1"
	place=$2
	says EADDRINUSE EADDRINUSE \
		'the socket file is stale: it is there, and no socket is bound to it'
	expect_one_line
	if [ -z "$has_command" ]; then
		no_try
	else
		command=$(sed -n 's/^  try: //p' "$tmp/out")
		eval "$command"
		[ ! -e "$1" ] || complain "the command did not mean the path: $command"
	fi
	rm -f "$1"
	hold_as "$later" "unix:$1" listen ready
	whose unix last
	asks_name "$1"
	place=$2
	says EADDRINUSE EADDRINUSE "later,$pid listens on it"
	expect_one_line
	if [ -z "$has_command" ]; then
		no_try
	elif [ "$(typed)" != "-k$nl$1" ]; then
		show_run
		complain "the command means: $(typed)"
	fi
}

hostile_paths() {
	hostile_path "$tmp/a b;touch oops" "$tmp/a b;touch oops"
	hostile_path "$tmp/it's \"\$(id)\`" "$tmp/it's \"\$(id)\`"
	hostile_path "$tmp/two${nl}lines" "$tmp/two\\nlines"
	hostile_path "$tmp/esc$(printf '\033')[2J" "$tmp/esc^[[2J"
	hostile_path "$tmp/~*?[x]{a,b}" "$tmp/~*?[x]{a,b}"
	[ ! -e oops ] || complain 'a command was run'
}
check 'hostile paths' hostile_paths

hostile_directory() {
	asks_name "$tmp/no such \$(dir)/x"
	says ENOENT ENOENT "there is no directory $tmp/no such \$(dir)"
	expect_one_line
	eval "$(sed -n 's/^  try: //p' "$tmp/out")"
	[ -d "$tmp/no such \$(dir)" ] || { show_run; complain 'the command means another'; }
	asks_name "$tmp/no${nl}such/x"
	place="$tmp/no\\nsuch/x"
	says ENOENT ENOENT "there is no directory $tmp/no\\nsuch"
	expect_one_line
	no_try
}
check 'hostile directories' hostile_directory

relative() {
	here=$PWD
	cd "$tmp" || return
	"$binder" stale ./-rf
	run --why ./-rf
	bound='EADDRINUSE EADDRINUSE' wanted_place=./-rf
	says EADDRINUSE EADDRINUSE \
		'the socket file is stale: it is there, and no socket is bound to it'
	eval "$(sed -n 's/^  try: //p' "$tmp/out")"
	[ ! -e ./-rf ] || complain 'the command meant an option'
	cd "$here" || return
}
check 'a relative path' relative

hostile_abstract() {
	hold_as "$later" "unix:@x\$(id) \"'" listen ready
	whose unix last
	asks_name "@x\$(id) \"'"
	says EADDRINUSE EADDRINUSE "later,$pid listens on it"
	expect_one_line
	[ "$(typed)" = "-k$nl@x\$(id) \"'" ] || { show_run; complain "it means: $(typed)"; }
	hold 'unix-stream:@nul\0here\nx'
	whose unix-stream last
	run --why '@nul\0here\nx'
	bound='EADDRINUSE EADDRINUSE' wanted_place='@nul\0here\nx'
	place='@nul\0here\nx'
	says EADDRINUSE EADDRINUSE "holder,$pid listens on it"
	expect_one_line
}
check 'hostile abstract names' hostile_abstract
release
