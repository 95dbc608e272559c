#!/bin/sh
# --why of addresses and ports that may not be had, whoever has them; and what is only
# perhaps in the way.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_why.sh
. "${0%/*}/lib_why.sh"

# --- rights ------------------------------------------------------------------

low='ports below 1024 need CAP_NET_BIND_SERVICE'

privileged() {
	ask_as_nobody || return 0
	asks tcp 127.0.0.1 80
	says EACCES EACCES "$low"
	try 'sudo setcap cap_net_bind_service=+ep PROGRAM'
	asks udp 0.0.0.0 53
	says EACCES EACCES "$low"
	asks tcp :: 80 80
	place=80
	says EACCES EACCES "$low"
	ask_as_root
}
check 'a privileged port' privileged

# Root of the namespace, too, needs the capability.
privileged_root() {
	via='setpriv --bounding-set -net_bind_service'
	if ! $via true 2>/dev/null; then
		skip='setpriv cannot drop capabilities'
	else
		asks tcp 127.0.0.1 80
		says EACCES EACCES "$low"
		try 'sysctl -w net.ipv4.ip_unprivileged_port_start=80'
	fi
	restore
}
check 'a privileged port, as root without the capability' privileged_root

privileged_and_held() {
	ask_as_nobody || return 0
	hold_as "$server" tcp4:81
	whose tcp4
	asks tcp 127.0.0.1 81
	says EACCES EACCES "$low"
	fact 'besides, somebody [hidden: permission] has 127.0.0.1:81'
	ask_as_root
}
check 'a privileged port that somebody has, too' privileged_and_held

start_file=/proc/sys/net/ipv4/ip_unprivileged_port_start

# Where ports below another number need the right, and 80 does not.
lowered() {
	was=$(cat "$start_file")
	if ! { echo 80 >"$start_file"; } 2>/dev/null; then
		skip='ip_unprivileged_port_start cannot be set here'
		return 0
	fi
	via='setpriv --bounding-set -net_bind_service'
	asks tcp 127.0.0.1 80
	says ok ok 'nothing is in the way'
	asks tcp 127.0.0.1 79
	says EACCES EACCES 'ports below 80 need CAP_NET_BIND_SERVICE'
	restore
	echo "$was" >"$start_file"
}
check 'ip_unprivileged_port_start' lowered

# --- addresses ---------------------------------------------------------------

not_local() {
	own_port
	asks tcp 192.0.2.1 "$port"
	says EADDRNOTAVAIL EADDRNOTAVAIL '192.0.2.1 is no address of this network namespace'
	try 'ip address'
	asks tcp 2001:db8::1 "$port"
	says EADDRNOTAVAIL EADDRNOTAVAIL '[2001:db8::1] is no address of this network namespace'
	asks udp 192.0.2.1 "$port"
	says EADDRNOTAVAIL EADDRNOTAVAIL '192.0.2.1 is no address of this network namespace'
}
check 'an address that is not local' not_local

nonlocal=/proc/sys/net/ipv4/ip_nonlocal_bind

allowed_nonlocal() {
	if ! { echo 1 >"$nonlocal"; } 2>/dev/null; then
		skip='ip_nonlocal_bind cannot be set here'
		return 0
	fi
	own_port
	asks tcp 192.0.2.1 "$port"
	says ok ok 'nothing is in the way'
	echo 0 >"$nonlocal"
}
check 'an address that is not local, with ip_nonlocal_bind' allowed_nonlocal

local_kinds() {
	own_port
	for address in 127.0.0.1 127.1.2.3 0.0.0.0 :: ::1; do
		asks tcp "$address" "$port"
		says ok ok 'nothing is in the way'
	done
}
check 'addresses that are local' local_kinds

# Two ends of a cable, up; what has an address first keeps it.
cable() {
	if ! command -v ip >/dev/null || ! ip link add why0 type veth peer name why1 2>/dev/null; then
		skip='no veth here'
		return 1
	fi
	ip link set why0 up && ip link set why1 up
}

link_local() {
	cable || return 0
	own_port
	asks tcp fe80::1 "$port"
	says EINVAL EINVAL \
		'[fe80::1] is link-local and needs its interface, as in [fe80::1%eth0]'
	try 'ip address'
	ip -6 address add fe80::9/64 dev why0 nodad
	asks tcp fe80::9%why0 "$port"
	says ok ok 'nothing is in the way'
	asks tcp fe80::9%why1 "$port"
	says EADDRNOTAVAIL EADDRNOTAVAIL '[fe80::9%why1] is no address of this network namespace'
	ip link del why0
}
check 'a link-local address' link_local

# Nobody answers at a cable whose other end is down.
tentative() {
	cable || return 0
	ip link set why1 down
	ip -6 address add fd00::7/64 dev why0
	own_port
	asks tcp fd00::7 "$port"
	says EADDRNOTAVAIL EADDRNOTAVAIL \
		'[fd00::7] is tentative: the kernel still asks the network whether it is taken'
	try 'ip -6 address show tentative'
	ip link del why0
}
check 'a tentative address of IPv6' tentative

has_failed() {
	ip -6 address show dev why0 dadfailed | grep -q fd00::8
}

duplicate() {
	cable || return 0
	ip -6 address add fd00::8/64 dev why1 nodad
	ip -6 address add fd00::8/64 dev why0
	wait_for has_failed || return 0
	own_port
	# The other end is ours, too, and would do.
	ip -6 address del fd00::8/64 dev why1
	asks tcp fd00::8 "$port"
	says EADDRNOTAVAIL EADDRNOTAVAIL \
		'[fd00::8] is not in use here, because another host has it (dadfailed)'
	try 'ip -6 address show dadfailed'
	ip link del why0
}
check 'an address of IPv6 that another host has' duplicate

ipv6_off=/proc/sys/net/ipv6/conf/all/disable_ipv6

disabled() {
	if ! { echo 1 >"$ipv6_off"; } 2>/dev/null; then
		skip='disable_ipv6 cannot be set here'
		return 0
	fi
	own_port
	asks tcp ::1 "$port"
	says EADDRNOTAVAIL EADDRNOTAVAIL 'IPv6 is switched off here (disable_ipv6)'
	try 'sysctl -w net.ipv6.conf.all.disable_ipv6=0'
	echo 0 >"$ipv6_off"
}
check 'IPv6 is switched off' disabled

# --- perhaps -------------------------------------------------------------------

nat() {
	own_port
	asks tcp 127.0.0.1 "$port"
	says ok ok 'nothing is in the way'
	no_fact 'perhaps: NAT'
	if ! why=$("$binder" nat 2>&1); then
		skip="no NAT here: $why"
		return 0
	fi
	asks tcp 127.0.0.1 "$port"
	says ok ok 'nothing is in the way'
	fact 'perhaps: NAT rules may send connections to the port elsewhere (nft list ruleset)'
}
check 'rules that translate addresses' nat

ipvs() {
	own_port
	if ! command -v ipvsadm >/dev/null || ! ipvsadm -A -t "127.0.0.1:$port" 2>/dev/null; then
		skip='no IPVS here'
		return 0
	fi
	asks tcp 127.0.0.1 "$port"
	says ok ok 'nothing is in the way'
	fact 'perhaps: IPVS has a virtual service on the port, which answers without a socket'
	ipvsadm -D -t "127.0.0.1:$port"
}
check 'a virtual service of IPVS' ipvs

# has_program MODE: skip the case if binder could not attach one.
has_program() {
	why=$(sed -n "s/^unavailable $1: //p" "$tmp/held")
	[ -z "$why" ] || skip="no $1 programs here: $why"
	[ -z "$why" ]
}

# An sk_lookup program of this network namespace, which lets all pass.
sk_lookup() {
	own_port
	hold_as "$binder" sk-lookup
	has_program sk-lookup || return 0
	asks tcp 127.0.0.1 "$port"
	says ok ok 'nothing is in the way'
	fact 'perhaps: sk_lookup programs may give connections to the port to any socket'
}
check 'an sk_lookup program' sk_lookup

# A cgroup whose program forbids bind(): what is judged works, what is tried does not.
cgroup_program() {
	mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	dir=$mount/whoport-live.$$
	if [ -z "$mount" ] || ! mkdir "$dir" 2>/dev/null; then
		skip='no cgroup can be made here'
		return 0
	fi
	if hold_as "$binder" cgroup-bind "$dir" && has_program cgroup-bind; then
		own_port
		# shellcheck disable=SC2016 # for that shell
		in_cgroup='echo $$ >"$0/cgroup.procs" && exec "$@"'
		bound=$(sh -c "$in_cgroup" "$dir" "$binder" try tcp 127.0.0.1 "$port")
		[ "$bound" = 'EPERM EPERM' ] || complain "bind() says $bound"
		run_in() {
			shown="in a cgroup: whoport $*"
			sh -c "$in_cgroup" "$dir" "$WHOPORT" "$@" >"$tmp/out" 2>"$tmp/err"
			status=$?
		}
		run_in --why "127.0.0.1:$port/tcp"
		expect_status 1
		fact 'perhaps: a bpf program of our cgroup judges bind() and may forbid it (EPERM)'
		run_in --why --probe "127.0.0.1:$port/tcp"
		wanted_place=127.0.0.1:$port/tcp
		says EPERM EPERM 'nothing that can be seen forbids it'
		fact 'tried: bind() fails with EPERM'
		fact 'perhaps: a bpf program of our cgroup judges bind() and may forbid it (EPERM)'
	fi
	release
	rmdir "$dir"
}
check 'a bpf program of the cgroup' cgroup_program

no_new_privs() {
	if ! grep -q landlock /sys/kernel/security/lsm 2>/dev/null; then
		skip='no Landlock here'
		return 0
	fi
	own_port
	via='setpriv --no-new-privs'
	asks tcp 127.0.0.1 "$port"
	says ok ok 'nothing is in the way'
	fact 'perhaps: no_new_privs is set: a Landlock sandbox may forbid it (EACCES)'
	restore
}
check 'a sandbox of Landlock' no_new_privs
release
