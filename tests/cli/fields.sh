#!/bin/sh
# -F: field output as lsof's, in lines and with NULs; -F? and what goes not with it. Letters of
# lsof that change nothing, and those about files.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

login=
! id -un >/dev/null 2>&1 || login=L$user
nl='
'

new_tree
add_process 815 worker 4711 4700
add_process 4711 nginx 1 4700
add_inet tcp 0.0.0.0:80 LISTEN 1001 queues=128:3
add_inet tcp '[::1]:81' ESTABLISHED 1002 remote='[::1]:4000' queues=10:4294967295
add_inet udp 0.0.0.0:53 UNCONNECTED 1003
add_inet udp 127.0.0.1:54 ESTABLISHED 1010 remote=127.0.0.1:55
add_inet raw '[::]:58' UNCONNECTED 1004
add_unix 1005 STREAM LISTEN '/run/a b.sock'
add_unix 1006 DGRAM UNCONNECTED @name
add_unix 1007 SEQPACKET CONNECTED
add_netlink 1008 0 5
add_packet 1009 3 0003 2
add_inet tcp 10.0.0.1:80 TIME_WAIT 0 remote=10.0.0.2:4000 timer=3:41
add_inet tcp 10.0.0.1:80 ESTABLISHED 0 remote=10.0.0.2:4001
add_fd 815 3 1001
add_fd 4711 6 1001
add_fd 4711 7 1002
add_fd 4711 8 1003
add_fd 4711 9 1004
add_fd 4711 10 1005
add_fd 4711 11 1006
add_fd 4711 12 1007
add_fd 4711 13 1008
add_fd 4711 14 1009
add_fd 4711 15 1099
add_fd 4711 16 1010
mkdir "$tree/815/fdinfo"
printf 'pos:\t0\nflags:\t02004002\n' >"$tree/815/fdinfo/3"

# --- all fields ------------------------------------------------------------

worker="p815
g4700
R4711
cworker
u$uid
${login:+$login$nl}f3
au
l 
tIPv4
G0x80802;0x0
d1001
o0t0
PTCP
n*:80
TST=LISTEN
TQR=3
TQS=128"
expect 'all_fields' 0 -F 80 <<EOF
$worker
p4711
g4700
R1
cnginx
u$uid
${login:+$login$nl}f6
au
l 
tIPv4
d1001
o0t0
PTCP
n*:80
TST=LISTEN
TQR=3
TQS=128
EOF
expect 'all_fields_of_every_kind' 0 -F -p 4711 -d ^6 <<EOF
p4711
g4700
R1
cnginx
u$uid
${login:+$login$nl}f7
au
l 
tIPv6
d1002
o0t0
PTCP
n[::1]:81->[::1]:4000
TST=ESTABLISHED
TQR=4294967295
TQS=10
f8
au
l 
tIPv4
d1003
o0t0
PUDP
n*:53
TQR=0
TQS=0
f9
au
l 
traw6
o0t0
i1004
n*:58
f10
au
l 
tunix
d0x00000000000003ed
o0t0
i1005
n/run/a b.sock type=STREAM
TST=LISTEN
f11
au
l 
tunix
d0x00000000000003ee
o0t0
i1006
n@name type=DGRAM
TST=UNCONNECTED
f12
au
l 
tunix
d0x00000000000003ef
o0t0
i1007
ntype=SEQPACKET
TST=CONNECTED
f13
au
l 
tnetlink
o0t0
i1008
nROUTE portid=5
f14
au
l 
tpacket
d1009
o0t0
nALL type=RAW dev=2
f15
au
l 
tsock
o0t0
i1099
nprotocol: unknown
f16
au
l 
tIPv4
d1010
o0t0
PUDP
n127.0.0.1:54->127.0.0.1:55
TQR=0
TQS=0
EOF
expect 'sockets_without_holder_have_no_set' 0 -Fn --all 80 <<EOF
p815
n*:80
p4711
n*:80
EOF
expect_nothing 'nothing_but_sockets_without_holder' 1 -F 80 -sTIME_WAIT
expect_nothing 'nothing_found' 1 -F 9999
expect_nothing 'nothing_found_with_nuls' 1 -F0 9999
expect_nothing 'nothing_found_is_fine' 0 -F -Q 9999

# --- letters ---------------------------------------------------------------

# letters LETTERS EXPECTED: the fields of one descriptor; p is always there.
letters() {
	printf '%s\n' "$2" | expect "letters: $1" 0 "-F$1" -p 815
}
letters p "p815"
letters f "p815${nl}f3"
letters c "p815${nl}cworker"
letters g "p815${nl}g4700"
letters R "p815${nl}R4711"
letters u "p815${nl}u$uid"
letters L "p815${login:+$nl$login}"
letters K "p815"
letters M "p815"
letters a "p815${nl}au"
letters l "p815${nl}l "
letters t "p815${nl}tIPv4"
letters G "p815${nl}G0x80802;0x0"
letters d "p815${nl}d1001"
letters i "p815"
letters o "p815${nl}o0t0"
letters P "p815${nl}PTCP"
letters n "p815${nl}n*:80"
letters T "p815${nl}TST=LISTEN${nl}TQR=3${nl}TQS=128"
letters m "p815"
letters DskrNFCSzZ "p815"
letters nTcp "p815${nl}cworker${nl}n*:80${nl}TST=LISTEN${nl}TQR=3${nl}TQS=128"
letters ptfc "p815${nl}cworker${nl}f3${nl}tIPv4"
letters cccc "p815${nl}cworker"
expect 'letters_of_other_sockets' 0 -Fdi -p 4711 -d 9-15 <<EOF
p4711
i1004
d0x00000000000003ed
i1005
d0x00000000000003ee
i1006
d0x00000000000003ef
i1007
i1008
d1009
i1099
EOF
expect 'letters_in_a_cluster' 0 -nPFc 80 <<EOF
p815
cworker
p4711
cnginx
EOF
expect 'letters_add_up' 0 -Fn -Fc -p 815 <<EOF
p815
cworker
n*:80
EOF
expect 'word_behind_F_is_a_target' 0 -F 80 -p 815 <<EOF
$worker
EOF

# --- what other options do -------------------------------------------------

expect 'no_login' 0 -FuL -l -p 815 <<EOF
p815
u$uid
EOF
expect 'T_without_q' 0 -FT -Ts -p 815 <<EOF
p815
TST=LISTEN
EOF
expect 'T_without_s' 0 -FT -Tq -p 815 <<EOF
p815
TQR=3
TQS=128
EOF
expect 'T_with_both' 0 -FT -Tqs -p 815 <<EOF
p815
TST=LISTEN
TQR=3
TQS=128
EOF
expect 'T_with_neither' 0 -FT -T -p 815 <<EOF
p815
EOF
for option in -R -g -n -P -K --no-header '+c 2' --color=always; do
	# shellcheck disable=SC2086 # words
	expect "options_of_the_table_change_nothing: $option" 0 -F -p 815 $option <<EOF
$worker
EOF
done
if has_service http 80/tcp; then
	expect 'port_names' 0 -Fn +P -p 815 <<EOF
p815
n*:http
EOF
else
	skip 'port_names' '/etc/services is missing or lacks http'
fi

# --- NULs ------------------------------------------------------------------

# bytes NAME FORMAT ARG...: stdout is what printf makes of the format.
bytes() {
	name=$1
	# shellcheck disable=SC2059 # the caller's
	printf "$2" >"$tmp/bytes"
	shift 2
	ask "$@"
	{
		cmp "$tmp/bytes" "$tmp/out"
		[ "$status" = 0 ] || echo "exit status $status"
		[ ! -s "$tmp/err" ] || cat "$tmp/err"
	} >"$tmp/wrong"
	[ ! -s "$tmp/wrong" ] || od -c "$tmp/out" >>"$tmp/wrong"
	report "$name"
}
bytes 'nul_ends_fields_newline_ends_sets' \
	'p815\0cworker\0\nf3\0n*:80\0\np4711\0cnginx\0\nf6\0n*:80\0\n' -Fcfn0 80
bytes 'nul_without_letters' \
	"$(printf '%s\n' "$worker" | sed 's/$/\\0/; s/^f3/\\n&/' | tr -d '\n')\\n" -F0 -p 815
bytes 'nul_in_front' 'p815\0\nau\0\n' -F0a -p 815
bytes 'nul_of_two_descriptors' \
	'p4711\0\nf10\0i1005\0n/run/a b.sock type=STREAM\0\nf11\0i1006\0n@name type=DGRAM\0\n' \
	-Ffni0 -p 4711 -d 10,11

bytes 'nul_without_a_field_of_a_descriptor' 'p815\0cworker\0\np4711\0cnginx\0\n' -F0c 80

# --- threads ---------------------------------------------------------------

new_tree
add_process 7 server
add_thread 7 9 helper
add_inet tcp 0.0.0.0:80 LISTEN 1001
add_inet tcp 0.0.0.0:81 LISTEN 1002
add_fd 7 3 1001
add_thread_fd 7 9 4 1002
expect 'threads_of_their_own' 0 -FKMc 80 81 <<EOF
p7
cserver
p7
K9
cserver
EOF
expect 'threads_with_names' 0 -K -FKMc 81 <<EOF
p7
K9
Mhelper
cserver
EOF

# --- foreign names ---------------------------------------------------------

esc=$(printf '\033')
new_tree
add_process 10 "a${nl}b${esc}[2J \\$(printf '\377\303\342\200\256\302\233\177\t\r')"
add_unix 1001 STREAM LISTEN "$(printf '/run/a\nb\033 \\\377\303\251')"
add_fd 10 3 1001
expect 'foreign_names_in_the_c_locale' 0 -Fcn -p 10 <<'EOF'
p10
ca\nb^[[2J \\\xff\xc3\xe2\x80\xae\xc2\x9b^?\t\r
n/run/a\nb^[ \\\xff\xc3\xa9 type=STREAM
EOF
bytes 'foreign_names_with_nuls_are_themselves' \
	"$(printf '%s' 'p10\0ca\nb\033[2J \\\377\303\342\200\256\302\233\177\t\r\0' \
		'\nf3\0n/run/a\nb\033 \\\377\303\251 type=STREAM\0\n')" -Fcfn0 -p 10
if has_utf8; then
	export LC_ALL="$utf8"
	expect 'foreign_names_in_a_utf8_locale' 0 -Fcn -p 10 <<EOF
p10
ca\\nb^[[2J \\\\\\xff\\xc3\\xe2\\x80\\xae\\xc2\\x9b^?\\t\\r
n/run/a\\nb^[ \\\\\\xff$(printf '\303\251') type=STREAM
EOF
	LC_ALL=C
else
	skip 'foreign_names_in_a_utf8_locale' 'there is no C.UTF-8 locale'
fi

# --- -F? -------------------------------------------------------------------

tree=$tmp/proc1
"$WHOPORT" '-F?' >"$tmp/out" 2>"$tmp/err"
status=$?
verify 'list_of_letters' test "$status" = 0
verify 'list_of_letters_is_no_message' test ! -s "$tmp/err"
for letter in a c d f g G i K l L m M n o p P R t T u 0; do
	verify "list_has_$letter" grep -q "^  $letter  ." "$tmp/out"
done
cp "$tmp/out" "$tmp/list"
ask '-F?' 80
verify 'list_of_letters_instead_of_an_answer' diff "$tmp/list" "$tmp/out"
"$WHOPORT" '-F?' >&- 2>"$tmp/err"
verify 'list_of_letters_on_a_closed_stdout' test "$?" = 2

# --- refusals --------------------------------------------------------------

refuses 'unknown_letter' '-F q' -Fq 80
refuses 'unknown_letter_among_others' '-F cqn' -Fcqn 80
refuses 'question_mark_among_others' '-F c?' '-Fc?' 80
refuses 'digit' '-F 1' -F1 80
refuses 'control_byte' '^[' "-F$esc" 80
refuses 'letters_stand_apart' pcn -F pcn
refuses 'fields_and_pids' -F -t -F 80
refuses 'fields_and_columns' -o -F -o PID 80
refuses 'fields_and_kill' -F -k -F 80
refuses 'fields_and_close' -F --close -F 80
refuses 'fields_and_wait' -F --wait=free -F 80
refuses 'ends_and_pids' -E -E -t 80
refuses 'listed_ends_and_pids' +E +E -t 80
refuses 'ends_and_kill' -E -E -k 80
refuses 'ends_and_close' -E -E --close 80
refuses 'ends_and_wait' -E -E --wait=free 80

# --- habits of lsof --------------------------------------------------------

ask -i -U
cp "$tmp/out" "$tmp/plain"
for option in -a -b -H -L -O -S -S5 -S15 -X -w +w -V -Q -n -P '-b -w' -nPbw -bHLOSX; do
	# shellcheck disable=SC2086 # words
	ask -i -U $option
	{
		[ "$status" = 0 ] || echo "exit status $status"
		cat "$tmp/err"
		diff "$tmp/plain" "$tmp/out"
	} >"$tmp/wrong" 2>&1
	report "letter_that_changes_nothing: $option"
done
expect 'letter_with_an_optional_value_leaves_the_next_word_a_target' 0 -S -o PID 53 <<EOF
 PID
4711
EOF
# about_files OBJECT ARG...: refused by name, and said why.
about_files() {
	refuses "letter_about_files: $1" "$@"
	verify "letter_about_files_is_called_that: $1" grep -q 'about files' "$tmp/err"
}
about_files +d +d /tmp
about_files +D +D /tmp
about_files +L +L
about_files '+L in +L1' +L1
about_files -f -f
about_files +f +f
about_files '+f in +fg' +fg
about_files -m -m
about_files +m +m
about_files +M +M
about_files -M -M
about_files -e -e /tmp
about_files +e +e /tmp
about_files -x -x
about_files '-x in -xf' -xf
about_files 'f in -nPf' -nPf
refuses 'descriptors_of_files' '-d cwd' -d cwd
