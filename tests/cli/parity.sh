#!/bin/sh
# Command lines as users of lsof have them: clusters, attached and separate values, words that
# leave out, `+`, `--`. The selections themselves are in selection.sh.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# picks NAME ARG...: rows by inode.
picks() {
	name=$1
	shift
	expect "$name" 0 --no-header -o INODE "$@"
}

new_tree
add_process 1 init 0 1
add_process 2 xterm 1 2
add_process 3 Xorg 1 3
add_process 4 xclock 2 2
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_inet tcp '[::]:80' LISTEN 1002
add_inet tcp 10.0.0.1:80 ESTABLISHED 1003 remote=10.0.0.2:4000
add_inet udp 0.0.0.0:80 UNCONNECTED 1004
add_inet tcp 127.0.0.1:25 LISTEN 2001
add_inet tcp 127.0.0.1:4001 ESTABLISHED 2002 remote=127.0.0.1:80
add_inet udp 127.0.0.1:53 UNCONNECTED 2003
add_unix 3001 STREAM LISTEN /run/x.sock
add_unix 3002 STREAM LISTEN @x
add_unix 3003 STREAM LISTEN ./rel
add_inet tcp 127.0.0.1:4002 CLOSE_WAIT 4001 remote=127.0.0.1:25
add_fd 1 3 1001
add_fd 1 4 1002
add_fd 1 5 1003
add_fd 1 6 1004
add_fd 2 3 2001
add_fd 2 4 2002
add_fd 2 10 2003
add_fd 3 3 3001
add_fd 3 4 3002
add_fd 3 5 3003
add_fd 4 3 4001

# --- clusters --------------------------------------------------------------

for words in -nPiTCP:80 '-nP -i TCP:80' '-n -P -iTCP:80' '-nPi TCP:80' '-Pni tcp:80' -nPitcp:80 \
	'-P -i :80 -n -a -iTCP:80'; do
	# shellcheck disable=SC2086 # words
	case $words in
	*'-a '*)
		picks "cluster: $words" $words <<EOF
1001
1002
1003
1004
2002
EOF
		;;
	*)
		picks "cluster: $words" $words <<EOF
1001
1002
1003
2002
EOF
		;;
	esac
done
for words in -nPi4TCP\ -sTCP:LISTEN '-nP -i4TCP -sTCP:LISTEN' '-i 4tcp -s TCP:LISTEN -nP' \
	'-Pni4TCP -nsTCP:LISTEN'; do
	# shellcheck disable=SC2086 # words
	picks "cluster: $words" $words <<EOF
1001
2001
EOF
done
for words in -ti:80 '-t -i:80' '-ti :80' -nPti:80 '-i:80 -t' -Pti:80; do
	# shellcheck disable=SC2086 # words
	expect "cluster: $words" 0 $words <<EOF
1
EOF
done
expect 'cluster_of_pids_and_a_state' 0 -ti:80 -sTCP:ESTABLISHED <<EOF
1
2
EOF
for words in -aU -Ua '-a -U' '-nPaU' -wU; do
	# shellcheck disable=SC2086 # words
	picks "cluster: $words" $words <<EOF
3001
3002
3003
EOF
done
expect 'cluster_of_pids_of_unix_sockets' 0 -tU <<EOF
3
EOF
expect 'cluster_with_a_value_at_its_end' 0 -nPtp 2 <<EOF
2
EOF
expect 'cluster_with_an_attached_value_at_its_end' 0 -nPtp2,4 <<EOF
2
4
EOF
picks 'cluster_of_lRgK' -lRgK -p4 <<EOF
4001
EOF

# --- commands --------------------------------------------------------------

for words in '-c x' -cx '-c xterm -c xclock' '-c /^x/' '-c /^x[tc]/' '-c /^X[TC]/i' \
	'-c /^X[tc]/ix' \
	'-c /^x\(t\|c\)/b' '-c^init -c^Xorg --all'; do
	# shellcheck disable=SC2086 # words
	picks "commands: $words" $words <<EOF
2001
2002
2003
4001
EOF
done
for words in '-i -c ^x' '-i -c^x' '-i -c ^xterm -c ^xcl' '-i -c ^/^x/' '-i -c ^/^X[CT]/i' \
	'-c i' '-i -c /^[^x]/'; do
	# shellcheck disable=SC2086 # words
	picks "commands_left_out: $words" $words <<EOF
1001
1002
1003
1004
EOF
done
picks 'command_asked_for_and_another_left_out' -c x -c ^xt <<EOF
4001
EOF
expect_nothing 'command_of_nobody' 1 -c xterms

# --- processes, groups, users, descriptors ---------------------------------

for words in '-p 1,^2 -i4TCP' '-p1,^2 -i4TCP' '-p ^2,1 -i4TCP' '-p1 -i4TCP' '-i4TCP -p ^2 -p ^4' \
	'-p^2,^4 -i4TCP' '-g1 -i4TCP' '-g^2,^3 -i4TCP' '-g^2 -g^3 -i4TCP'; do
	# shellcheck disable=SC2086 # words
	picks "processes: $words" $words <<EOF
1001
1003
EOF
done
picks 'group_is_attached_only' -g 25 <<EOF
2001
EOF
picks 'groups_in_a_list' -g2,3 -sLISTEN -iTCP -U <<EOF
2001
3001
3002
3003
EOF
for words in "-u $uid" "-u$uid" "-u $user" "-u $user,^4000000000" "-u ^4000000000"; do
	# shellcheck disable=SC2086 # words
	picks "users: $words" $words -iUDP <<EOF
1004
2003
EOF
done
for words in "-u ^$uid" "-u^$user" "-u 4000000000"; do
	# shellcheck disable=SC2086 # words
	expect_nothing "users_left_out: $words" 1 $words -i
done
for words in '-d 3-5,^4' '-d3-5,^4' '-d ^4,3-5' '-d 3,5,^4' '-d 3-3,5-5' '-d 3-5 -d ^4'; do
	# shellcheck disable=SC2086 # words
	picks "descriptors: $words" $words -p 1 <<EOF
1001
1003
EOF
done
picks 'descriptors_left_out' -d ^3-5 -i <<EOF
1004
2003
EOF
# What lsof has for files that are open otherwise: no socket is there, so they may be left out.
for words in '-d ^mem,^txt,^cwd' '-d ^cwd' '-d^rtd,^DEL' '-d ^mem -d ^txt'; do
	# shellcheck disable=SC2086 # words
	picks "files_left_out: $words" $words -p 4 <<EOF
4001
EOF
done
picks 'files_left_out_beside_descriptors' -d ^cwd,3-4 -p 2 <<EOF
2001
2002
EOF
for word in cwd rtd txt err DEL NOFD jld ltx; do
	refuses "files_are_refused: $word" "-d $word" -d "$word"
	verify "files_are_refused_by_what_they_are: $word" grep -q 'files' "$tmp/err"
done
expect_nothing 'mappings_of_nobody' 1 -d mem
refuses 'no_file_either' '-d cwds' -d cwds
refuses 'files_asked_for_and_left_out' '' -d mem,^mem

# A socket that only a mapping holds.
new_tree
add_process 9 capture
add_inet tcp 0.0.0.0:80 LISTEN 9001
add_inet tcp 0.0.0.0:81 LISTEN 9002
add_map 9 'socket:[9001]'
add_fd 9 3 9002
picks 'mapping' -d mem <<EOF
9001
EOF
picks 'mapping_or_descriptor' -d mem,3 <<EOF
9001
9002
EOF
picks 'mapping_left_out' -d ^mem -p 9 <<EOF
9002
EOF
picks 'mapping_is_left_out_by_no_other_word' -d ^cwd,^txt 80 <<EOF
9001
EOF

# --- values and targets ----------------------------------------------------

tree=$tmp/proc1
for words in '-o INODE 25' '-oINODE 25' '--columns=INODE 25' '--columns INODE 25' '-o INODE -- 25' \
	'25 -o INODE' '-a -o INODE -- 25'; do
	# shellcheck disable=SC2086 # words
	expect "values: $words" 0 --no-header $words <<EOF
2001
EOF
done
expect 'value_may_begin_with_a_minus' 2 -p -1 <<EOF
! whoport: -p -1: not a process ID
! Try 'whoport --help'
EOF
expect 'word_behind_two_dashes_is_no_option' 2 -- -i <<EOF
! whoport: -i: no such port or service
! Try 'whoport --help'
EOF
picks 'two_dashes_alone' -- <<EOF
1001
1002
1004
2001
2003
EOF
for path in /run/x.sock '-- /run/x.sock' '-U /run/x.sock' '-U -- /run/x.sock' '-aU /run/x.sock' \
	'-t /run/x.sock'; do
	# shellcheck disable=SC2086 # words
	case $path in
	-t*)
		expect "path: $path" 0 $path <<EOF
3
EOF
		;;
	*)
		picks "path: $path" $path <<EOF
3001
EOF
		;;
	esac
done
picks 'paths_and_abstract_names' /run/x.sock @x ./rel <<EOF
3001
3002
3003
EOF
expect 'path_of_nobody' 1 --no-header -o INODE /run/y.sock /run/x.sock <<EOF
3001
EOF
for words in '+c 2' +c2 '-n +c 2' '+nPc2'; do
	# shellcheck disable=SC2086 # words
	case $words in
	+nP*) continue ;; # would ask for names
	esac
	# shellcheck disable=SC2086 # words
	expect "plus: $words" 0 --no-header -o COMMAND -p 2 -d 3 $words <<EOF
xt
EOF
done
picks 'plus_w_and_minus_w' +w -w +w -p 4 <<EOF
4001
EOF
refuses 'plus_of_a_letter_without' +t +t
refuses 'plus_alone' + +
refuses 'minus_alone' - -

# --- a number apart from its option, as lsof takes it --------------------------
loose() { # OPTION WORD...: is the number, 5, noticed?
	expect "number behind $1" 1 "$@" --no-header -o INODE <<EOF
! whoport: 5 was taken for a port; a value of $1 is attached: ${1}5
EOF
}
loose -g 5
loose -S 5
loose +r 5
loose +r 5 -i
expect 'number_behind_a_cluster' 1 --no-header -nPS 5 -iTCP <<EOF
! whoport: 5 was taken for a port; a value of -S is attached: -S5
EOF
expect_nothing 'number_behind_w_is_not_noticed' 1 -w +r 5
