#!/bin/sh
# --why beside the kernel: what it says of random pairs of a socket and a wanted bind is
# what bind() and listen() then do. The seed is 1, or $PAIRS_SEED (`time` draws one); the
# number of pairs 300, or $PAIRS_COUNT.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

seed=${PAIRS_SEED:-1} count=${PAIRS_COUNT:-300}
[ "$seed" != time ] || seed=$(date +%s)

# Two devices with addresses, of which one is on both. Without them fewer pairs are made.
make_devices() {
	command -v ip >/dev/null || return 0
	ip link add pd0 type veth peer name pd1 2>/dev/null || {
		ip link add pd0 type dummy && ip link add pd1 type dummy
	} 2>/dev/null || return 0
	for n in 0 1; do
		ip link set "pd$n" arp off up
		ip address add "10.9.$n.1/24" brd + dev "pd$n"
		ip -6 address add fe80::9/64 dev "pd$n" nodad
		ip -6 address add "fd00:9:$n::1/64" dev "pd$n" nodad
	done
	ip -6 address add fd00:9::1/64 dev pd0 nodad
}

# pairs NAME UID OWNER...: by the copies in $tmp, which everybody may run.
pairs() {
	pairs_of "$tmp/whoport" "$@"
}

pairs_of() {
	asked=$1 pairs_name=$2
	shift 2
	# shellcheck disable=SC2086 # words
	$as "$tmp/pairs" "$asked" "$pairs_name" "$seed" "$count" "$@" >"$tmp/out" 2>&1 ||
		complain "$(cat "$tmp/out")"
	tail -n 1 "$tmp/out"
}

if [ -z "$skip_all" ]; then
	cp "$whoport" "$tmp/whoport"
	cp "$BUILD/live/pairs" "$tmp/pairs"
	make_devices >"$tmp/devices" 2>&1
	# What is still there later has no port of the next ones.
	echo '32768 60999' >/proc/sys/net/ipv4/ip_local_port_range
fi
as=

as_root() {
	others=0
	[ "$LIVE_NAMESPACE" != root ] || others='0 65534'
	# shellcheck disable=SC2086 # words
	pairs root 0 $others
}
check 'all that root is told is so' as_root

by_text() {
	printf '#!/bin/sh\nexec "%s" --source=proc "$@"\n' "$tmp/whoport" >"$tmp/by-text"
	chmod 755 "$tmp/by-text"
	pairs_of "$tmp/by-text" 'root, by text' 0 0
}
check 'all that is told by text is so' by_text

# Of sockets of others the options are not seen.
as_user() {
	become_nobody || return 0
	restore
	pairs 'an ordinary user' 65534 65534 0 1000
}
check 'all that an ordinary user is told is so' as_user

as_alone() {
	become_nobody || return 0
	restore
	pairs 'an ordinary user, of his own sockets' 65534 65534
}
check 'all that an ordinary user is told of his own is so' as_alone

# Root of namespaces that an ordinary user has made.
in_namespaces() {
	become_nobody || return 0
	restore
	as='setpriv --reuid=65534 --regid=65534 --clear-groups unshare --user --map-root-user --net'
	if ! $as true 2>/dev/null; then
		skip='ordinary users may not make namespaces here'
	else
		as="$as sh $tmp/enter"
		{
			sed -n '/^make_devices()/,/^}/p' "$script"
			# shellcheck disable=SC2016 # for that shell
			echo 'ip link set lo up; make_devices >/dev/null 2>&1; exec "$@"'
		} >"$tmp/enter"
		pairs 'root of a user namespace' 0 0
	fi
	as=
}
check 'all that root of a user namespace is told is so' in_namespaces

# A socket that is bound and does not listen is in no text.
text_is_blind() {
	run --source=proc --scan=proc --why tcp:9 udp:9
	expect_status 2
	expect_text 'cannot be judged: nothing is seen on it, but sockets that are bound and do not'
	expect_text 'bind() to 9/udp as root works: nothing is in the way'
}
check 'text cannot tell that a port of TCP is free' text_is_blind
