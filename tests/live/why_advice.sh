#!/bin/sh
# What --why advises where the usual advice would not help: rights that do not count
# here, sockets that cannot be seen, files that were bound by another name.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_why.sh
. "${0%/*}/lib_why.sh"

# Its root has the right in its own user namespace, and the network is another's.
void_right() {
	via='unshare --user --map-root-user'
	if ! $via true 2>/dev/null; then
		skip='user namespaces are not allowed'
	else
		asks tcp 127.0.0.1 80
		says EACCES EACCES 'ports below 1024 need CAP_NET_BIND_SERVICE'
		fact 'the one we have does not count: the network namespace belongs to another user namespace'
		no_try
	fi
	restore
}
check 'a privileged port, as root of another user namespace' void_right

own_right() {
	via='unshare --user --map-root-user --net'
	if ! $via true 2>/dev/null; then
		skip='user namespaces are not allowed'
	else
		asks tcp 0.0.0.0 80
		says ok ok 'nothing is in the way'
	fi
	restore
}
check 'a privileged port, as root of its own user namespace' own_right

# Text has no sockets that are bound and do not listen; bind() knows.
blind() {
	own_port
	options='--source=proc'
	run --why "127.0.0.1:$port/tcp"
	expect_status 2
	try "whoport --why --probe 127.0.0.1:$port/tcp"
	asks tcp 127.0.0.1 "$port" --probe "127.0.0.1:$port/tcp"
	place=127.0.0.1:$port/tcp
	says ok ok 'nothing is in the way'
	no_try
	hold bound4
	whose bound4
	run --why "127.0.0.1:$port/tcp"
	expect_status 2
	asks tcp 127.0.0.1 "$port" --probe "127.0.0.1:$port/tcp"
	place=127.0.0.1:$port/tcp
	says EADDRINUSE EADDRINUSE \
		'nothing is seen on it, but sockets that are bound and do not listen cannot be seen here'
	no_try
	restore
	release
}
check 'a socket that cannot be seen, and a real bind()' blind

relative() {
	mkdir "$tmp/dir"
	# shellcheck disable=SC2016 # for that shell
	hold_as sh -c 'cd "$1" && exec "$0" unix-stream:rel.sock' "$holder" "$tmp/dir"
	whose unix-stream
	asks_name "$tmp/dir/rel.sock"
	says EADDRINUSE EADDRINUSE "holder,$pid listens on it"
	try "whoport -k $tmp/dir/rel.sock"
	release
}
check 'a unix socket that was bound by a relative name' relative

# A directory of another user's would be of no use to who asks.
homeless() {
	mkdir "$tmp/closed" && chmod 755 "$tmp/closed"
	ask_as_nobody || return 0
	asks_name "$tmp/closed/a/x.sock"
	says ENOENT ENOENT "there is no directory $tmp/closed/a"
	try "sudo install -d -o 65534 $tmp/closed/a"
	asks_name "$tmp/closed/a/"
	says ENOENT ENOENT "there is no directory $tmp/closed/a"
	no_try
	ask_as_root
	ln -s "$tmp/nothing" "$tmp/dangling"
	asks_name "$tmp/dangling/x.sock"
	says ENOENT ENOENT "there is no directory $tmp/dangling"
	try "ls -ld $tmp/dangling"
}
check 'a unix socket in a directory that is not there' homeless

# Its holder is better not signalled, of which -k says the same.
guarded() {
	cp "$holder" "$tmp/inetd"
	hold_as "$tmp/inetd" "unix-stream:$tmp/guarded.sock"
	whose unix-stream last
	asks_name "$tmp/guarded.sock"
	says EADDRINUSE EADDRINUSE "inetd,$pid listens on it"
	fact 'its holder is the server that listens for others; remove the line from /etc/inetd.conf'
	try "kill -HUP $pid"
	release
}
check 'a unix socket that is held for others' guarded

# It looks nowhere else: neither is it slower, nor has the next cycle more namespaces.
note() {
	hold tcp4
	whose tcp4
	in_new_netns "$server" "tcp4:$port"
	ask_as_nobody || return 0
	run -r1c2 "$port"
	! grep -q NETNS "$tmp/out" || { show_run; complain 'other namespaces were looked into'; }
	[ "$(grep -c '(LISTEN)' "$tmp/out")" = 2 ] || { show_run; complain 'expected two rows'; }
	ask_as_root
	release
}
check 'the note below an answer that is repeated' note
