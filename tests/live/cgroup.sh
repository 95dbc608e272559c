#!/bin/sh
# The cgroup of a socket's creator: for who may not see its holder it names the
# unit or container, and who is likely to be the holder.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

# Where version 2 is mounted whole, and we may make a directory.
base=
make_base() {
	awk '$4 == "/" && / - cgroup2 / { print $5 }' /proc/self/mountinfo >"$tmp/mounts"
	while read -r point; do
		base=$point/whoport-live.${tmp##*.}
		mkdir "$base" 2>/dev/null && return
	done <"$tmp/mounts"
	base=
	return 1
}

# The processes in them have to be gone first.
remove_base() {
	release
	find "$base" -depth -type d -exec rmdir {} \; 2>/dev/null
	base=
}

# hold_in DIRECTORY COMMAND... -- KIND...: below the base.
hold_in() {
	place=$base/$1
	shift
	mkdir -p "$place"
	# shellcheck disable=SC2016 # for that shell
	hold_as sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$place" "$@"
}

id=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
if [ -z "$skip_all" ]; then
	if make_base; then
		trap '[ -z "$base" ] || remove_base; rm -rf "$tmp"' EXIT
	else
		skip_all='no cgroup of version 2 can be made here'
	fi
fi

if [ -z "$skip_all" ]; then
	top=/${base##*/}
	hold_in plain "$holder" tcp4 udp6 queue4
	hold_in web@1.service "$holder" tcp4 orphan4 timewait4
	hold_in "docker/$id" "$holder" tcp4
	hold_in two "$holder" tcp4
	hold_in two "$holder" tcp6
	hold_in crowd "$holder" prefork:12
	hold_in app.slice/_app.service/worker "$holder" tcp4
	hold tcp4 # in ours
fi

# KIND N PLACE: the row of who may not look, where PID stands for the holder's.
hidden_in() {
	become_nobody || return 0
	whose "$1" "$2"
	place=$(echo "$3" | sed "s/PID/$pid/")
	run "$port"
	expect_status 0
	expect_one_message
	expect_text "$place]"
	run -w "$port" -o PID,USER,FD,INODE,REASON --no-header
	expect_answer "- root - $inode hidden: permission; $place"
	run -w -o INODE,REASON --no-header
	expect_row "$inode hidden: permission; $place"
	run -t "$port"
	expect_status 2
	expect_no_output
	restore
	run "$port" -o PID,REASON --no-header
	expect_answer "$pid -"
}
check 'a cgroup, and its only process' hidden_in tcp4 1 "cgroup ${top:-}/plain; likely holder,PID"
check 'the same of UDP' hidden_in udp6 1 "cgroup ${top:-}/plain; likely holder,PID"
check 'a unit' hidden_in tcp4 2 'unit web@1.service; likely holder,PID'
check 'a container' hidden_in tcp4 3 'container 0123456789ab; likely holder,PID'
check 'a unit of an escaped name, from below' hidden_in tcp4 5 'unit app.service; likely holder,PID'

two_likely() {
	become_nobody || return 0
	whose tcp6
	second=$pid
	whose tcp4 4
	run -w "$port" -o REASON --no-header
	expect_answer "hidden: permission; cgroup $top/two; likely holder,$pid holder,$second"
	restore
}
check 'two processes are both likely' two_likely

crowd() {
	become_nobody || return 0
	whose prefork
	run -w "$port" -o REASON --no-header
	expect_answer "hidden: permission; cgroup $top/crowd"
	restore
}
check 'of a crowd nobody is named' crowd

by_text() {
	become_nobody || return 0
	whose tcp4
	run -w --source=proc "$port" -o REASON --no-header
	expect_answer 'hidden: permission'
	whose tcp4 6
	run -w "$port" -o REASON --no-header
	rows | grep -q "^hidden: permission\\(; [cu].*\\)\\?$" ||
		{ show_run; complain 'expected a hidden row'; }
	restore
}
check 'text tells no cgroup' by_text

# What nobody holds any more was of a unit, too.
closed() {
	needs_kernel 6 17 || return 0
	whose orphan4.client
	run "$port" -o PID,REASON --no-header
	expect_answer '- orphan; unit web@1.service'
	whose timewait4.server
	run "$port"
	expect_status 0
	! grep -q unit "$tmp/out" || { show_run; complain 'expected no unit'; }
	become_nobody || { skip=''; return 0; }
	whose orphan4.client
	run "$port" -o PID,REASON --no-header
	expect_answer '- orphan; unit web@1.service'
	restore
}
check 'an orphan was of a unit' closed

# A socket's cgroup is its creator's: who went elsewhere is not likely.
moved() {
	become_nobody || return 0
	hold_in left "$holder" tcp4
	whose tcp4 7
	mkdir -p "$base/gone"
	echo "$pid" >"$base/gone/cgroup.procs"
	run -w "$port" -o REASON --no-header
	expect_answer "hidden: permission; cgroup $top/left"
	rmdir "$base/left"
	run -w "$port" -o REASON --no-header
	expect_answer 'hidden: permission'
	restore
}
check 'a cgroup that its creator has left, and one that is gone' moved

# With suspects of two cgroups the socket's own decides.
suspects() {
	hold_in one "$keeper" ringacc4
	hold_in other "$keeper" ringacc4
	for n in 1 2; do
		whose ringacc4 $n || return 0
		[ "$n" = 1 ] && where=one || where=other
		run -w "$port" -o REASON --no-header
		expect_status 0
		rows | grep -Fq ", or probably keeper,$pid, through io_uring; cgroup $top/$where" ||
			{ show_run; complain "expected keeper,$pid"; }
	done
}
check 'of two suspects the one in the cgroup of the socket' suspects

if [ -z "$skip_all" ]; then
	made=$base
	remove_base
	[ ! -d "$made" ] || echo "not ok - $made is left"
fi
