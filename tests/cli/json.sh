#!/bin/sh
# -J and -j: byte by byte, and as the schema says; the letters of -F that choose keys.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

login=null
! id -un >/dev/null 2>&1 || login="\"$user\""
version=$("$WHOPORT" --version | sed 's/^whoport //')
head="{\"schema\":1,\"version\":\"$version\",\"processes\":["

# The keys of a process from ppid on: PPID PGID COMMAND.
of_process() {
	printf '"ppid":%s,"pgid":%s,"command":"%s","task_cmd":null,"uid":%s,"login":%s,' \
		"$1" "$2" "$3" "$uid" "$login"
	printf '"start_time":1700000060,"cmdline":["%s","--serve","a b"],"cwd":"/srv",' "$3"
	printf '"unit":null,"container":null'
}

# json NAME STATUS document|lines ARG... <<EOF: expect, and as the schema says.
json() {
	case_name=$1 wanted=$2 kind=$3
	shift 3
	case $kind in
	document) expect "$case_name" "$wanted" -J "$@" ;;
	lines) expect "$case_name" "$wanted" -j "$@" ;;
	esac
	valid_json "${case_name}_is_valid" "$kind"
}

new_tree
add_process 4711 nginx 1 4700
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_inet tcp '[::1]:81' ESTABLISHED 1002 remote='[::1]:4000' queues=10:4294967295 timer=1:2
add_inet udp 0.0.0.0:53 UNCONNECTED 1003
add_inet raw '[::]:58' UNCONNECTED 1004
add_unix 1005 STREAM LISTEN '/run/a b.sock'
add_unix 1006 SEQPACKET CONNECTED
add_fd 4711 6 1001
add_fd 4711 7 1002
add_fd 4711 8 1003
add_fd 4711 9 1004
add_fd 4711 10 1005
add_fd 4711 11 1006
add_process 815 worker 4711 4700
add_fd 815 3 1001

process_815="\"pid\":815,\"tid\":null,$(of_process 4711 4700 worker)"
process_4711="\"pid\":4711,\"tid\":null,$(of_process 1 4700 nginx)"
listener='"kind":"fd","access":"u","type":"IPv4","family":"inet","protocol":"TCP",'
listener=$listener'"state":"LISTEN","inode":1001,"cookie":null,"netns":null,'
listener=$listener"\"socket_uid\":$uid,\"bound_device\":null,\"name\":\"*:80\","
listener=$listener'"local":{"address":"0.0.0.0","port":80},"remote":null,"path":null,'
listener=$listener'"queues":{"recv":0,"send":0},"timer":null,"peer":null'
no_reason='"reason":null,"listener":null,"holders":null,"suspects":null'

# --- documents and lines ---------------------------------------------------

json 'document' 0 document 80 <<EOF
$head
{$process_815,"files":[
{"fd":3,$listener}]},
{$process_4711,"files":[
{"fd":6,$listener}]}],
"unowned":[]}
EOF
json 'lines' 0 lines 80 <<EOF
{$process_815,"fd":3,$listener,$no_reason}
{$process_4711,"fd":6,$listener,$no_reason}
EOF
json 'connection' 0 document '-i@[::1]' <<EOF
$head
{$process_4711,"files":[
{"fd":7,"kind":"fd","access":"u","type":"IPv6","family":"inet6","protocol":"TCP","state":"ESTABLISHED","inode":1002,"cookie":null,"netns":null,"socket_uid":$uid,"bound_device":null,"name":"[::1]:81->[::1]:4000","local":{"address":"::1","port":81},"remote":{"address":"::1","port":4000},"path":null,"queues":{"recv":4294967295,"send":10},"timer":{"name":"retransmit","ms":2000},"peer":null}]}],
"unowned":[]}
EOF
json 'unix_sockets' 0 lines -U <<EOF
{$process_4711,"fd":10,"kind":"fd","access":"u","type":"unix","family":"unix","protocol":"STREAM","state":"LISTEN","inode":1005,"cookie":null,"netns":null,"socket_uid":null,"bound_device":null,"name":"/run/a b.sock type=STREAM","local":null,"remote":null,"path":"/run/a b.sock","queues":null,"timer":null,"peer":null,$no_reason}
{$process_4711,"fd":11,"kind":"fd","access":"u","type":"unix","family":"unix","protocol":"SEQPACKET","state":"CONNECTED","inode":1006,"cookie":null,"netns":null,"socket_uid":null,"bound_device":null,"name":"type=SEQPACKET","local":null,"remote":null,"path":null,"queues":null,"timer":null,"peer":null,$no_reason}
EOF
ask -J --all
valid_json 'every_kind_is_valid' document
cp "$tmp/out" "$tmp/plain"
for option in -n -R -g -K -Ki -l -Tqs -T -Ts +P +n --no-header '+c 2' --color=always; do
	# shellcheck disable=SC2086 # words
	ask -J --all $option
	case $option in
	-l | +P | +n) ;;
	*) verify "options_of_the_table_change_nothing: $option" diff "$tmp/plain" "$tmp/out" ;;
	esac
	valid_json "options_of_the_table_are_accepted: $option" document
done
expect 'user_ids_alone' 0 -j -FL -l -p 815 <<EOF
{"pid":815,"login":null,$no_reason}
EOF

# --- nothing found ---------------------------------------------------------

json 'empty_document' 1 document 9999 <<EOF
$head],"unowned":[]}
EOF
json 'no_lines' 1 lines 9999 </dev/null
json 'empty_document_of_a_selection' 1 document -iTCP -sCLOSE_WAIT <<EOF
$head],"unowned":[]}
EOF
expect 'empty_document_is_fine' 0 -J -Q 9999 <<EOF
$head],"unowned":[]}
EOF
ask -J 80 9999
verify 'one_of_two_is_not_found' test "$status" = 1
valid_json 'one_of_two_is_valid' document
verify 'one_of_two_is_there' grep -q '"pid":815' "$tmp/out"
expect 'what_is_missing_is_said_on_stderr' 1 -j -V 9999 <<EOF
! whoport: 9999: not found
EOF

# --- keys ------------------------------------------------------------------

# keys LETTERS PROCESS FILE: what -F makes of one line, but for pid and the reason.
keys() {
	expect "keys_of_$1" 0 -j "-F$1" -p 815 <<EOF
{"pid":815${2:+,$2}${3:+,$3},$no_reason}
EOF
	valid_json "keys_of_${1}_are_valid" lines some
	expect "keys_of_${1}_in_a_document" 0 -J "-F$1" -p 815 <<EOF
$head
{"pid":815${2:+,$2},"files":[
{$3}]}],
"unowned":[]}
EOF
	valid_json "keys_of_${1}_in_a_document_are_valid" document some
}
keys p '' ''
keys K '"tid":null' ''
keys R '"ppid":4711' ''
keys g '"pgid":4700' ''
keys c '"command":"worker"' ''
keys M '"task_cmd":null' ''
keys u "\"uid\":$uid" ''
keys L "\"login\":$login" ''
keys f '' '"fd":3,"kind":"fd"'
keys a '' '"access":"u"'
keys t '' '"type":"IPv4","family":"inet"'
keys P '' '"protocol":"TCP"'
keys T '' '"state":"LISTEN","queues":{"recv":0,"send":0},"timer":null'
keys i '' '"inode":1001'
keys d '' '"inode":1001,"cookie":null'
of_name='"bound_device":null,"name":"*:80","local":{"address":"0.0.0.0","port":80},'
of_name=$of_name'"remote":null,"path":null,"peer":null'
keys n '' "$of_name"
keys nfc '"command":"worker"' "\"fd\":3,\"kind\":\"fd\",$of_name"
keys cc '"command":"worker"' ''
keys c0 '"command":"worker"' ''
keys CDFkNorsSzZlGm '' ''
ask -J --all
cp "$tmp/out" "$tmp/all"
for letters in '' 0; do
	ask -J "-F$letters" --all
	verify "no_letters_choose_every_key: $letters" diff "$tmp/all" "$tmp/out"
done
expect 'fields_of_an_unowned_socket' 1 -J -Fc 9999 <<EOF
$head],"unowned":[]}
EOF

# --- threads, reasons ------------------------------------------------------

new_tree
add_process 7 server
add_process 8 server
add_thread 7 9 helper
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_inet tcp 10.0.0.1:80 TIME_WAIT 0 remote=10.0.0.2:4000 timer=3:41 uid=0
add_inet tcp 10.0.0.1:80 LAST_ACK 0 remote=10.0.0.2:4001 timer=1:1
add_inet tcp 10.0.0.1:80 CLOSE_WAIT 0 remote=10.0.0.2:4002
add_inet tcp 10.0.0.1:81 ESTABLISHED 1002 remote=10.0.0.2:4003 timer=2:7200
add_inet tcp 10.0.0.1:82 ESTABLISHED 1003 remote=10.0.0.2:4003 timer=4:3
add_netlink 1004 0 5
add_packet 1005 3 0003 2
add_fd 7 3 1001
add_fd 8 3 1001
add_fd 8 4 1004
add_fd 8 5 1005
add_fd 8 6 1099
add_thread_fd 7 9 4 1002
add_fd 7 5 1003

ask -J --all
valid_json 'reasons_and_threads_are_valid' document
ask -j --all
valid_json 'reasons_and_threads_are_valid_lines' lines
expect 'threads_without_K' 0 -J -FKMf -d 4,5 -p 7 <<EOF
$head
{"pid":7,"tid":null,"task_cmd":null,"files":[
{"fd":5,"kind":"fd"}]},
{"pid":7,"tid":9,"task_cmd":null,"files":[
{"fd":4,"kind":"fd"}]}],
"unowned":[]}
EOF
expect 'threads_with_their_names' 0 -K -j -FKMf -d 4 -p 7 <<EOF
{"pid":7,"tid":9,"task_cmd":"helper","fd":4,"kind":"fd",$no_reason}
EOF
expect 'timers_of_all_kinds' 0 -j -FT --all -iTCP:4000-4099 <<EOF
{"pid":7,"state":"ESTABLISHED","queues":{"recv":0,"send":0},"timer":{"name":"probe","ms":3000},$no_reason}
{"pid":7,"state":"ESTABLISHED","queues":{"recv":0,"send":0},"timer":{"name":"keepalive","ms":7200000},$no_reason}
{"pid":null,"state":"TIME_WAIT","queues":{"recv":0,"send":0},"timer":{"name":"time-wait","ms":41000},"reason":"time-wait","listener":null,"holders":null,"suspects":null}
{"pid":null,"state":"LAST_ACK","queues":{"recv":0,"send":0},"timer":{"name":"retransmit","ms":1000},"reason":"orphan","listener":null,"holders":null,"suspects":null}
{"pid":null,"state":"CLOSE_WAIT","queues":{"recv":0,"send":0},"timer":null,"reason":"not-accepted","listener":[{"pid":7,"command":"server","fd":3},{"pid":8,"command":"server","fd":3}],"holders":null,"suspects":null}
EOF
expect 'unowned_alone' 0 -J -Fcfi 80 -sTIME_WAIT <<EOF
$head],
"unowned":[
{"kind":null,"inode":null,"reason":"time-wait","listener":null,"holders":null,"suspects":null}]}
EOF
valid_json 'unowned_alone_is_valid' document some
expect 'other_families' 0 -j -FtPnT -p 8 -d 4-6 <<EOF
{"pid":8,"type":"netlink","family":"netlink","protocol":null,"state":null,"bound_device":null,"name":"ROUTE portid=5","local":null,"remote":null,"path":null,"queues":null,"timer":null,"peer":null,$no_reason}
{"pid":8,"type":"packet","family":"packet","protocol":null,"state":null,"bound_device":"2","name":"ALL type=RAW dev=2","local":null,"remote":null,"path":null,"queues":null,"timer":null,"peer":null,$no_reason}
{"pid":8,"type":"sock","family":null,"protocol":null,"state":null,"bound_device":null,"name":"protocol: unknown","local":null,"remote":null,"path":null,"queues":null,"timer":null,"peer":null,$no_reason}
EOF

# --- the other end ---------------------------------------------------------

new_tree
add_process 7 server
add_process 8 client
add_inet tcp 127.0.0.1:80 LISTEN 1001
add_inet tcp 127.0.0.1:80 ESTABLISHED 1002 remote=127.0.0.1:4000
add_inet tcp 127.0.0.1:4000 ESTABLISHED 1003 remote=127.0.0.1:80
add_inet tcp 127.0.0.1:80 ESTABLISHED 0 remote=127.0.0.1:4001
add_inet tcp 127.0.0.1:4001 ESTABLISHED 1004 remote=127.0.0.1:80
add_inet tcp 127.0.0.1:80 ESTABLISHED 1005 remote=10.0.0.1:4002
add_fd 7 3 1001
add_fd 7 4 1002
add_fd 8 3 1003
add_fd 8 4 1004
add_fd 7 5 1005
# The sockets with their other ends: FD of PID, then the list.
peer() {
	ask -E -j -Fn -p "$2" -d "$3"
	sed 's/.*"peer":\(.*\),"reason".*/\1/' "$tmp/out" >"$tmp/peer"
	echo "$4" | diff - "$tmp/peer" >"$tmp/wrong" 2>&1
	report "$1"
	ask -E -j -p "$2" -d "$3"
	valid_json "$1_is_valid" lines
}
peer 'peer_of_a_server' 7 4 '[{"pid":8,"command":"client","fd":3,"inode":1003}]'
peer 'peer_of_a_client' 8 3 '[{"pid":7,"command":"server","fd":4,"inode":1002}]'
peer 'peer_that_has_not_accepted' 8 4 '[{"pid":7,"command":"server","fd":3,"inode":1001}]'
peer 'peer_of_a_listener' 7 3 '[]'
peer 'peer_beyond_a_network' 7 5 '[]'
ask -j -Fn -p 7 -d 4
verify 'peer_is_unknown_unless_asked_for' grep -q '"peer":null' "$tmp/out"
ask -E -J --all
valid_json 'peers_in_a_document_are_valid' document
ask +E -J -p 7
valid_json 'other_ends_in_a_document_are_valid' document

# --- foreign names ---------------------------------------------------------

# decoded NAME KEY PYTHON: the bytes of a key of the first line.
decoded() {
	if ! needs_python json; then
		skip "$1" "$why_not"
		return
	fi
	"$python" - "$tests" "$tmp/out" "$2" "$3" >"$tmp/wrong" 2>&1 <<'EOF'
import sys
sys.path.insert(0, sys.argv[1])
from json_check import parse, unescape
with open(sys.argv[2], "rb") as file:
    value = parse(file.readline())[sys.argv[3]]
got = [unescape(v) for v in value] if isinstance(value, list) else unescape(value)
wanted = eval(sys.argv[4])
if got != wanted:
    print("got", got, "expected", wanted)
EOF
	report "$1"
}
esc=$(printf '\033')
newline='
'
new_tree
add_process 10 "a${newline}b${esc}[2J\"q\\x41\\$(printf '\377\303\342\200\256\302\233\177\t\r')"
printf 'a\000\000b c\000\033\\n\000\377\000' >"$tree/10/cmdline"
rm "$tree/10/cwd"
ln -s "/tmp/x${newline}y${esc}]0;t\\x00" "$tree/10/cwd"
add_unix 1001 STREAM LISTEN "$(printf '/run/a\nb\033\\\377\303\251')"
add_unix 1002 STREAM LISTEN '@name'
add_unix 1003 STREAM LISTEN "$(printf '@\302\255\\x00')"
add_fd 10 3 1001
add_fd 10 4 1002
add_fd 10 5 1003
ask -j -U -d 3
valid_json 'foreign_names_are_valid' lines
verify 'foreign_names_are_one_line' test "$(wc -l <"$tmp/out")" -eq 1
verify 'foreign_names_without_control_bytes' lacks '[[:cntrl:]]' "$tmp/out"
decoded 'command_comes_back' command \
	'b"a\nb\033[2J\"q\\x41\\\377\303\342\200\256\302\233\177\t\r"'
decoded 'arguments_come_back' cmdline '[b"a", b"", b"b c", b"\033\\n", b"\377"]'
decoded 'directory_comes_back' cwd 'b"/tmp/x\ny\033]0;t\\x00"'
decoded 'path_comes_back' path 'b"/run/a\nb\033\\\377\303\251"'
decoded 'name_comes_back' name 'b"/run/a\nb\033\\\377\303\251 type=STREAM"'
ask -j -U -d 5
decoded 'abstract_name_comes_back' path 'b"@\302\255\\x00"'
cp "$tmp/out" "$tmp/plain"
if has_utf8; then
	export LC_ALL="$utf8"
	ask -j -U -d 5
	LC_ALL=C
	verify 'locale_changes_nothing' diff "$tmp/plain" "$tmp/out"
else
	skip 'locale_changes_nothing' 'there is no C.UTF-8 locale'
fi

# --- large, cut off, full --------------------------------------------------

awk 'BEGIN {
	for (i = 0; i < 4000; i++)
		printf "%4d: 0100007F:%04X 00000000:0000 06 00000000:00000000 03:00001000 00000000     0        0 0 3 0\n", i, 20000 + i
}' >>"$tree/net/tcp"
ask -J --all
valid_json 'large_document_is_valid' document
verify 'large_document_is_whole' test "$(grep -c time-wait "$tmp/out")" -eq 4000
ask -j --all
valid_json 'many_lines_are_valid' lines
verify 'many_lines_are_all_there' test "$(wc -l <"$tmp/out")" -eq 4003
for option in -J -j; do
	"$WHOPORT" --proc "$tree" "$option" --all 2>"$tmp/err" | head -n 1 >"$tmp/out"
	verify "reader_that_ends_early_is_no_news: $option" test ! -s "$tmp/err"
	"$WHOPORT" --proc "$tree" "$option" --all >&- 2>"$tmp/err"
	verify "closed_stdout: $option" test "$?" = 2
	if [ -c /dev/full ]; then
		"$WHOPORT" --proc "$tree" "$option" --all >/dev/full 2>"$tmp/err"
		verify "full_disk: $option" test "$?" = 2
		verify "full_disk_is_said_in_one_line: $option" test "$(wc -l <"$tmp/err")" -eq 1
	else
		skip "full_disk: $option" '/dev/full is missing'
	fi
done

# --- what does not go together ---------------------------------------------

refuses 'both_kinds_of_json' -J -J -j 80
refuses 'document_and_pids' -J -t -J 80
refuses 'lines_and_pids' -j -j -t 80
refuses 'document_and_columns' -o -J -o PID 80
refuses 'lines_and_columns' -o -j --columns=PID 80
refuses 'document_and_kill' -J -k -J 80
refuses 'lines_and_close' -j --close -j 80
refuses 'document_and_wait' -J --wait=free -J 80
refuses 'document_with_unknown_keys' '-F q' -J -Fq 80
refuses 'document_takes_no_value' Z -JZ 80

# --- the schema itself -----------------------------------------------------

# mutated NAME KIND SED...: what whoport would never print is refused.
mutated() {
	name=$1 kind=$2
	shift 2
	if ! needs_python jsonschema; then
		skip "schema_refuses: $name" "$why_not"
		return
	fi
	sed "$@" "$tmp/$kind" >"$tmp/mutated"
	: >"$tmp/wrong"
	if cmp -s "$tmp/$kind" "$tmp/mutated" ||
		check_json "$kind" "$tmp/mutated" >"$tmp/said"; then
		cat "$tmp/mutated" >"$tmp/wrong"
	fi
	report "schema_refuses: $name"
}
tree=$tmp/proc1
ask -J 80
cp "$tmp/out" "$tmp/document"
ask -j 80
cp "$tmp/out" "$tmp/lines"
mutated 'a string for a number' document 's/"pid":815/"pid":"815"/'
mutated 'a fraction' lines 's/"pid":815/"pid":815.0/'
mutated 'null for a process' document 's/"pid":815/"pid":null/'
mutated 'no reason without a process' lines 's/"pid":815/"pid":null/'
mutated 'a key more' document 's/"tid"/"thread":1,"tid"/'
mutated 'a key less' document 's/"tid":null,//'
mutated 'a key twice' lines 's/"tid":null/&,&/'
mutated 'another kind' document 's/"kind":"fd"/"kind":"file"/'
mutated 'another state' document 's/LISTEN/LISTENING/'
mutated 'a state of unix sockets' lines 's/LISTEN/CONNECTED/'
mutated 'another family' document 's/"inet"/"ipv4"/'
mutated 'a family that is not of the type' document 's/"inet"/"inet6"/'
mutated 'another schema' document 's/"schema":1/"schema":2/'
mutated 'a reason that there is not' lines 's/"reason":null/"reason":"hidden"/'
mutated 'a port too high' document 's/"port":80/"port":65536/'
mutated 'a stray backslash' document 's/"worker"/"\\\\worker"/'
mutated 'a byte that is no UTF-8' document "s/worker/$(printf '\377')/"
mutated 'a comma at the end' lines 's/}$/},/'
mutated 'two documents' document 's/"unowned":\[\]}/&{}/'
