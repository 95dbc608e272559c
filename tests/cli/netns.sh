#!/bin/sh
# Network namespaces and sources: -N, --source, the NETNS column. In a tree a
# namespace is a file that ns/net of its processes is a link to; which others
# there are cannot be listed, so that -N all means the tree's own tables.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# rows NAME STATUS ARG...: short rows.
rows() {
	name=$1 wanted=$2
	shift 2
	expect "$name" "$wanted" --no-header -o PID,FD,NAME "$@"
}

# True if what ask() left is one line on stderr about an object, and status 2.
is_error() {
	[ "$status" = 2 ] || echo "exit status $status"
	[ ! -s "$tmp/out" ] || echo 'stdout is not empty'
	[ "$(wc -l <"$tmp/err")" -eq 1 ] || echo 'stderr has not one line'
	case $(cat "$tmp/err") in
	"whoport: $1: "?*) ;;
	*)
		echo "stderr is not about $1"
		cat "$tmp/err"
		;;
	esac
}

# fails NAME OBJECT ARG...
fails() {
	name=$1 object=$2
	shift 2
	ask "$@"
	is_error "$object" >"$tmp/wrong"
	report "$name"
}

# --- a tree that knows nothing of namespaces -------------------------------

new_tree
add_process 811 nginx
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_inet udp 0.0.0.0:53 UNCONNECTED 1002
add_unix 1003 STREAM LISTEN /run/x.sock
add_fd 811 6 1001
add_fd 811 7 1002
add_fd 811 8 1003
plain_tree=$tree

for option in '-N self' -Nself --netns=self '--netns self' '-N all -N self'; do
	# shellcheck disable=SC2086 # words
	rows "self_is_what_is_read_anyway: $option" 0 $option 80 <<EOT
811 6u *:80 (LISTEN)
EOT
done
expect 'all_shows_the_namespace' 0 -N all 80 <<EOT
COMMAND PID $user_title FD TYPE DEVICE SIZE/OFF NODE NETNS NAME
nginx   811 $user_cell 6u IPv4   1001      0t0  TCP     - *:80 (LISTEN)
EOT
for option in -Nall --netns=all '--netns all' '-N self -N all'; do
	# shellcheck disable=SC2086 # words
	expect "all_in_other_spellings: $option" 0 $option --no-header 80 <<EOT
nginx 811 $user 6u IPv4 1001 0t0 TCP - *:80 (LISTEN)
EOT
done
expect 'all_adds_no_column_to_a_list' 0 -N all -o PID,NAME 80 <<EOT
PID NAME
811 *:80 (LISTEN)
EOT
rows 'all_with_a_unix_socket' 0 -N all /run/x.sock <<EOT
811 8u /run/x.sock type=STREAM (LISTEN)
EOT
expect_nothing 'all_finds_no_more_than_there_is' 1 -N all 9999
expect 'all_with_pids' 0 -N all -t 80 53 <<EOT
811
EOT
expect 'netns_is_in_a_cluster' 0 -lNall --no-header -o UID,NETNS 80 <<EOT
$uid -
EOT
expect 'netns_that_is_not_known' 0 -o NETNS,PID 80 <<EOT
NETNS PID
    - 811
EOT

fails 'process_that_is_missing' '-N 42' -N 42 80
fails 'process_that_is_missing_long' '-N 42' --netns=42 80
fails 'process_that_is_missing_for_pids' '-N 42' -N 42 -t 80
fails 'name_that_is_missing' '-N whoport-nope' -N whoport-nope 80
fails 'name_that_is_no_process' '-N 811x' -N 811x 80
fails 'process_0' '-N 0' -N 0 80
fails 'process_below_0' '-N -5' -N -5 80
fails 'word_in_upper_case_is_a_name' '-N ALL' -N ALL 80
fails 'path_that_is_missing' '-N /nonexistent' -N /nonexistent 80
fails 'path_of_a_file' "-N $tree/stat" -N "$tree/stat" 80
fails 'path_of_a_directory' '-N /' -N / 80
for dots in . ..; do
	fails "directory_that_is_no_name: $dots" "-N $dots" -N "$dots" 80
done
fails 'name_with_control_bytes' '-N ^[[2J' -N "$(printf '\033[2J')" 80
[ ! -e /proc/self/ns/net ] ||
	fails 'namespace_of_another_machine' '-N /proc/self/ns/net' -N /proc/self/ns/net 80
# Other mistakes come first.
ask -N 42 99999
verify 'usage_errors_come_first' grep -q '^whoport: 99999: ' "$tmp/err"

# --- processes in namespaces -----------------------------------------------

new_tree
add_process 811 nginx
add_process 812 sidecar
add_process 813 neighbour
put_in_netns self home
put_in_netns 811 home
put_in_netns 812 blue
put_in_netns 813 blue
add_process 814 'no tables'
put_in_netns 814 red
add_process 815 'no namespace'
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_fd 811 6 1001
mkdir "$tree/811/net"
cp "$tree"/net/* "$tree/811/net"
make_tables "$tree/812/net"
add_inet tcp 0.0.0.0:80 LISTEN 2001
add_inet tcp 127.0.0.1:81 LISTEN 2002
add_inet tcp 127.0.0.1:81 ESTABLISHED 0 remote=127.0.0.1:4000
add_unix 2003 STREAM LISTEN /run/blue.sock
add_fd 812 3 2001
add_fd 813 3 2001
add_fd 813 4 2002
add_fd 812 5 2003
make_tables "$tree/813/net"
cp "$tree"/812/net/* "$tree/813/net"
number_of() {
	stat -c %i "$1"
}

rows 'port_of_one_namespace_is_not_that_of_another' 0 80 <<EOT
811 6u *:80 (LISTEN)
EOT
for pid in 812 813; do
	rows "namespace_of_a_process: $pid" 0 -N $pid 80 <<EOT
812 3u *:80 (LISTEN)
813 3u *:80 (LISTEN)
EOT
done
rows 'namespace_of_a_process_that_is_ours' 0 -N 811 80 <<EOT
811 6u *:80 (LISTEN)
EOT
rows 'listing_of_a_namespace' 0 -N 812 <<EOT
812 3u *:80 (LISTEN)
813 3u *:80 (LISTEN)
813 4u 127.0.0.1:81 (LISTEN)
EOT
rows 'unix_sockets_of_a_namespace' 0 -N 812 -U <<EOT
812 5u /run/blue.sock type=STREAM (LISTEN)
EOT
rows 'connection_in_a_queue_there' 0 -N 812 -iTCP -sESTABLISHED <<EOT
- - 127.0.0.1:81->127.0.0.1:4000 (ESTABLISHED) [not accepted yet: neighbour,813]
EOT
rows 'namespace_and_process' 0 -N 812 -p 813 <<EOT
813 3u *:80 (LISTEN)
813 4u 127.0.0.1:81 (LISTEN)
EOT
expect 'pids_of_a_namespace' 0 -N 813 -t 80 <<EOT
812
813
EOT
expect_nothing 'namespace_without_that_port' 1 -N 811 81
expect 'one_namespace_is_told_by_no_column' 0 -N 812 81 <<EOT
COMMAND   PID $user_title FD TYPE DEVICE SIZE/OFF NODE NAME
neighbour 813 $user_cell 4u IPv4   2002      0t0  TCP 127.0.0.1:81 (LISTEN)
EOT
expect 'netns_is_a_number' 0 --no-header -o NETNS,PID -N 812 81 <<EOT
$(number_of "$tree/netns-blue") 813
EOT
expect 'netns_of_whoport' 0 --no-header -o PID,NETNS 80 <<EOT
811 $(number_of "$tree/netns-home")
EOT
expect_nothing 'note_about_others_only_if_they_are_known' 1 81
fails 'tables_that_are_missing' '-N 814' -N 814 80
fails 'process_without_namespace' '-N 815' -N 815 80
named_tree=$tree

# Where the namespace may not be asked, its tables still may.
new_tree
add_process 811 nginx
add_process 812 hidden
put_in_netns self home
put_in_netns 811 home
put_in_netns 812 blue
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_fd 811 6 1001
make_tables "$tree/812/net"
add_inet tcp 0.0.0.0:80 LISTEN 2001
add_fd 812 3 2001
chmod 000 "$tree/812/ns" "$tree/812/fd"
closed_tree=$tree
new_tree
add_process 812 hidden
put_in_netns 812 blue
make_tables "$tree/812/net"
chmod 000 "$tree/812/net"
no_tables=$tree

tree=$closed_tree
if become_ordinary; then
	rows 'namespace_of_a_process_that_cannot_be_read' 0 -N 812 80 <<EOT
- - *:80 (LISTEN) [hidden: permission]
! whoport: 1 process could not be read; sudo would show more
EOT
	expect 'namespace_without_number_is_called_by_its_process' 0 -w -o NETNS,NAME -N 812 80 <<EOT
  NETNS NAME
pid:812 *:80 (LISTEN) [hidden: permission]
EOT
	expect 'pids_of_a_process_that_cannot_be_read' 2 -t -N 812 80 <<EOT
! whoport: 1 process could not be read; sudo would show more
EOT
	rows 'own_namespace_beside_it' 0 80 <<EOT
811 6u *:80 (LISTEN)
EOT
	tree=$no_tables
	fails 'tables_that_cannot_be_read' '-N 812' -N 812 80
else
	skip 'namespace_of_a_process_that_cannot_be_read' "$why_not"
fi
as=

# --- sources ---------------------------------------------------------------

# as_auto NAME ARG...: --source=proc and auto give one answer.
as_auto() {
	name=$1
	shift
	ask "$@"
	cp "$tmp/out" "$tmp/auto.out"
	cp "$tmp/err" "$tmp/auto.err"
	auto=$status
	ask --source=proc "$@"
	{
		diff -u "$tmp/auto.out" "$tmp/out"
		diff -u "$tmp/auto.err" "$tmp/err"
		[ "$status" = "$auto" ] || echo "exit status $status, with auto $auto"
		ask --source=auto "$@"
		diff -u "$tmp/auto.out" "$tmp/out"
	} >"$tmp/wrong"
	report "text_is_the_source_of_a_tree: $name"
}

tree=$plain_tree
as_auto listing
as_auto target 80
as_auto 'unix target' /run/x.sock
as_auto all --all
as_auto 'other kinds' -p 811
as_auto 'not found' -V 81
as_auto 'bound sockets are not in text' -sBOUND
tree=$named_tree
as_auto 'another namespace' -N 812
rows 'source_as_the_next_word' 0 --source proc 80 <<EOT
811 6u *:80 (LISTEN)
EOT
rows 'last_source_counts' 0 --source=diag --source=proc 80 <<EOT
811 6u *:80 (LISTEN)
EOT
fails 'tree_has_no_netlink' --source=diag --source=diag
fails 'tree_has_no_netlink_for_a_target' --source=diag --source=diag 80
fails 'tree_has_no_netlink_for_pids' --source=diag --source=diag -t 80
fails 'tree_has_no_netlink_for_processes' --source=diag --source=diag -p 811
fails 'tree_has_no_netlink_for_another_namespace' --source=diag --source=diag -N 811 80
# Protocols that text does not have.
for word in sctp:80 80/sctp -iSCTP mptcp:80 -iMPTCP; do
	ask "$word"
	is_error "$tree/net" >"$tmp/wrong"
	report "protocol_without_text: $word"
done
