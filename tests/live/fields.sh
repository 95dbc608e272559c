#!/bin/sh
# -F beside that of lsof, byte by byte. The two differ in what the man page says, and in nothing
# else: below is all that is made equal before the comparison.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

kinds=$BUILD/live/kinds
if ! command -v lsof >/dev/null; then
	skip_all='lsof is not installed'
fi

# fields.awk: one field a line, in sets of a process or a descriptor.
#  - sets of files are left out, and D, which names the device of a file system
#  - the device of a unix socket is its cookie, not the kernel's address
#  - QS of a listener is its backlog limit, lsof has 0
#  - a descriptor has all its digits, lsof has *345 for 12345
#  - sockets of odd kinds (PID FD KIND in `odd`) have names of their own
cat >"$tmp/fields.awk" <<'EOF'
function is_file(type) { return type ~ /^t(REG|DIR|CHR|BLK|FIFO|LINK|a_inode|unknown)/ }
function flush(  i, line, kind, listens, file) {
	kind = kinds[pid SUBSEP fd]
	for (i = 1; i <= len; i++) {
		listens = listens || set[i] ~ /^TST=LISTEN/
		file = file || is_file(set[i]) || set[i] ~ /^f(cwd|rtd|txt|mem|DEL)/
	}
	for (i = 1; i <= len && !file; i++) {
		line = set[i]
		if (who == "lsof" && line ~ /^D/)
			continue
		if (who == "lsof")
			sub(/^f\*345/, "f12345", line)
		sub(/^d0x[0-9a-f]+/, "d0x", line)
		if (listens)
			sub(/^TQS=[0-9]+/, "TQS=" , line)
		if (kind ~ /^bound/ && line ~ /^[tdiPnT]/)
			continue
		if (kind ~ /^raw/ && who == "lsof")
			sub(/^n[0-9A-F]+:[0-9A-F]+->[0-9A-F]+:[0-9A-F]+ st=07/, "nRAW", line)
		if (kind ~ /^raw/ && who == "whoport")
			sub(/^n\*:[0-9]+/, "nRAW", line)
		if (kind == "packet" && line ~ /^[tPn]/)
			continue
		if (kind == "netlink" && who == "whoport")
			sub(/ portid=[0-9]+/, "", line)
		if (kind == "odd-name" && line ~ /^n/)
			continue
		print line
	}
	len = 0
}
BEGIN {
	while ((getline words < odd) > 0)
		if (split(words, word, " ") == 3)
			kinds[word[1] SUBSEP word[2]] = word[3]
}
/^[pf]/ {
	flush()
	number = substr($0, 2)
	sub(/\001$/, "", number)
	if (/^p/) { pid = number; fd = "" } else fd = number
}
{ set[++len] = $0 }
END { flush() }
EOF

# One field a line, whatever ends it.
unfold() {
	tr '\000' '\001' <"$1" | sed "s/$(printf '\001')/&\\$nl/g"
}

# compare LETTERS WORD...: the same words for both; of $odd the kinds in $tmp/odd.
compare() {
	letters=$1
	shift
	LC_ALL=${locale:-C} lsof -nP "-F$letters" "$@" >"$tmp/lsof" 2>/dev/null
	run "-F$letters" "$@"
	expect_no_message
	[ "$(grep -c '' "$tmp/lsof")" -gt 1 ] || complain "lsof found nothing: -F$letters $*"
	for side in lsof out; do
		who=lsof
		[ "$side" = lsof ] || who=whoport
		unfold "$tmp/$side" | awk -v who="$who" -v odd="$tmp/odd" -f "$tmp/fields.awk" \
			>"$tmp/$side.same"
	done
	cmp -s "$tmp/lsof.same" "$tmp/out.same" || {
		complain "$shown"
		complain "$(diff "$tmp/lsof.same" "$tmp/out.same" | head -n 40)"
	}
}

# The process IDs of what is held, as -p takes them.
pids() {
	awk '{ print $1 }' "$tmp/held" | sort -nu | tr '\n' , | sed 's/,$//'
}

: >"$tmp/odd"
hold tcp4 tcp4 tcp4-any tcp6 tcp6-dual tcp6-only tcp6-mapped conn4 conn6 conn4in6 finwait2 \
	halfclosed udp4 udp4-any udp6 udp6-dual udp6-only udp4-conn udplite4 udplite6 dup4 \
	synsent4 queue4 far4 prefork:2 high4 \
	unix-stream:@fields "unix-dgram:$tmp/dgram" "unix-seqpacket:$tmp/seq" \
	"unix-conn:$tmp/conn" pair pair-dgram 'named:a b' 'named:a,b[c];' group
hold_as "$kinds" "server:$tmp/server" "seqpacket-server:@packets" "dgram-log:$tmp/log" far6 \
	far4in6 udp-pair4 udp-pair6 pair:3 idle idle-dgram idle-seqpacket "idle:$tmp/idle" \
	waiting:@wait
plain=$(pids)

enough() {
	count=$(awk '$3 >= 0' "$tmp/held" | wc -l)
	[ "$count" -ge 40 ] || complain "only $count sockets"
	run -p "$plain" -Ff
	expect_status 0
	found=$(grep -c '^f' "$tmp/out")
	[ "$found" -ge "$count" ] || complain "$found of $count sockets"
}
check 'forty sockets of all kinds' enough

lists="'' 0 f n pcuLRgn ptfn pcfn fPnT tPn0 fd fi fo fal fG faltGdoiPnT faltGdoiPnT0 cL0 Rg
	DskNrCFSzZf"
for letters in $lists; do
	[ "$letters" != "''" ] || letters=
	check "internet sockets: -F$letters" compare "$letters" -a -p "$plain" -i
	check "unix sockets: -F$letters" compare "$letters" -a -p "$plain" -U
done
for letters in '' 0 ftn ftPnT ftG0 ftdi ptfcn; do
	check "of processes: -F$letters" compare "$letters" -p "$plain"
done
whose tcp4
one=$port
whose udp4-conn.server
two=$port
for words in "-i:$one" "-iTCP:$one -sTCP:LISTEN" "-iUDP:$two" "-i4 -a -p $plain" \
	"-i6 -a -p $plain" "-iTCP -sTCP:ESTABLISHED -a -p $plain" "-i@127.0.0.1 -a -p $plain" \
	"-l -i:$one" "-R -i:$one" "-g -i:$one" "-T -i:$one" "-Tq -i:$two" "-Ts -i:$one" \
	"-Tqs -i:$one" "-u root -a -i:$one" "-d 3-8 -a -p $plain -i"; do
	for letters in '' 0 fnT; do
		# shellcheck disable=SC2086 # words
		check "-F$letters $words" compare "$letters" $words
	done
done
# Who has the other ends. (lsof loses some of IPv4 if there are many others.)
release
hold conn4 conn6 unix-conn:@ends pair pair-dgram tcp4
hold_as "$kinds" "server:$tmp/ends" seqpacket-server:@packets pair dgram-pair far4 far6 \
	udp-pair4 udp-pair6
whose conn4.client
one=$port
ends=$(pids)
for words in "-E -a -p $ends -U" "-E -a -p $ends -i" "-E -i:$one" "-E -a -p $pid -U"; do
	for letters in '' fn fn0; do
		# shellcheck disable=SC2086 # words
		check "-F$letters $words" compare "$letters" $words
	done
done

# Foreign bytes are escaped alike, but as they are behind NULs, where lsof escapes them, too.
release
hold tcp4 "unix-stream:$tmp/\\x1b[31m" 'unix-stream:@\xc3\xa9\xff' 'unix-dgram:@\\\\n' \
	'named:a\n\x1b[31mb' 'named:\xff\x5cn' 'named:\xc3\xa9' 'named:\t\x08\x0c\r' \
	'named:\xc2\x9bm'
foreign=$(pids)
foreign_names() {
	compare pcfn -a -p "$foreign" -i
	compare pcfn -a -p "$foreign" -U
}
check 'foreign names' foreign_names
in_utf8() {
	locale=C.UTF-8
	if [ "$(LC_ALL=$locale locale charmap 2>/dev/null)" != UTF-8 ]; then
		skip='no UTF-8 locale'
	else
		foreign_names
	fi
	locale=
}
check 'foreign names in a UTF-8 locale' in_utf8

release
hold bound4 raw4 raw6 netlink tcp4 'unix-dgram:@nul\0inside' 'unix-stream:@\0\0z' \
	"unix-stream:$tmp/a b"
keep packet netlink bound6 boundany
odd=$(pids)
awk '$6 ~ /^(bound|raw)/ || $6 == "packet" || $6 == "netlink" { print $1, $3, $6 }
	$6 ~ /^unix/ { print $1, $3, "odd-name" }' "$tmp/held" >"$tmp/odd"

for letters in '' 0 ftG ftdi ftoal ftn ftPnT; do
	check "odd kinds: -F$letters" compare "$letters" -p "$odd"
done
check 'odd kinds of unix sockets' compare '' -a -p "$odd" -U
# What is in place of what was taken away.
bound() {
	whose "$1" || return 0
	run -FftdPnT -a -p "$pid" -d "$fd"
	expect_answer "p$pid" "f$fd" "t$2" "d$inode" PTCP "n$3:$port" TST=BOUND TQR=0 TQS=0
}
check 'a bound socket has its address' bound bound4 IPv4 127.0.0.1
check 'a bound IPv6 socket has its address' bound bound6 IPv6 '[::1]'
check 'a socket bound to the wildcard' bound boundany IPv4 '*'
named() {
	whose "$1" "${4:-1}" || return 0
	run -Fftn -a -p "$pid" -d "$fd"
	expect_answer "p$pid" "f$fd" "t$2" "n$3"
}
check 'a raw socket has its address' named raw4 raw '*:1'
check 'a raw6 socket has its address' named raw6 raw6 '*:58'
check 'a packet socket has its type and device' named packet packet 'ALL type=RAW dev=lo'
netlink() {
	whose netlink last || return 0
	named netlink netlink "ROUTE portid=$port" last
}
check 'a netlink socket has its port ID' netlink
check 'a name with a NUL inside is whole' named unix-dgram unix '@nul\0inside type=DGRAM'
backlog() {
	whose tcp4
	run -FfT "-i:$port"
	expect_answer "p$pid" "f$fd" TST=LISTEN TQR=0 TQS=16
}
check 'QS of a listener is its backlog limit' backlog
device() {
	whose unix-dgram
	run -Ffd -a -p "$pid" -d "$fd"
	mv "$tmp/out" "$tmp/fields"
	run -j -Fd -a -p "$pid" -d "$fd"
	cookie=$(sed 's/.*"cookie":\([0-9]*\).*/\1/' "$tmp/out")
	grep -qx "$(printf 'd0x%016x' "$cookie")" "$tmp/fields" ||
		{ show_run; complain "$(cat "$tmp/fields")"; }
}
check 'the device of a unix socket is its cookie' device
release
