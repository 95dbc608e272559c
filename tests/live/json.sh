#!/bin/sh
# -J and -j, and -F beside them, about names that others choose: a parser gets the very bytes
# back. Sockets that nobody holds, with their reasons. All of it is what the schema says.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

esc=$(printf '\033')

# Bytes FROM to TO as the holder's arguments have them, without those behind; few enough.
all_bytes() {
	awk -v from="$1" -v to="$2" -v without="${3:-}" 'BEGIN {
		count = split(without, left_out, " ")
		for (i = from; i <= to; i++) {
			for (j = 1; j <= count && left_out[j] != i; j++)
				continue
			if (j > count)
				printf "\\x%02x", i
		}
	}'
}

if [ -z "$skip_all" ]; then
	dir="$tmp/cwd$nl${esc}[2J\"\\x41 $(printf '\377\303\251\342\200\256\302\233\177')"
	mkdir "$dir"
	cd "$dir" || exit 1
	set --
	low=1
	while [ "$low" -le 255 ]; do # a name has 15 bytes at most
		high=$((low + 14))
		[ "$high" -le 255 ] || high=255
		set -- "$@" "named:$(all_bytes "$low" "$high")"
		low=$((high + 1))
	done
	hold "$@" 'named:a\n\x1b[31m"\x5c"' 'named:\xe2\x80\xae\xc3\xa9' 'named:\x5cx41' \
		"note:$nl${esc}]0;t$esc\\\"" "note:$(printf '\377\342\200\256\302\233')" \
		'note:' 'note:\x41' \
		"unix-stream:$tmp/$(all_bytes 1 60 47)" "unix-stream:$tmp/$(all_bytes 61 120)" \
		"unix-stream:$tmp/$(all_bytes 121 190)" "unix-stream:$tmp/$(all_bytes 191 255)" \
		"unix-dgram:@$(all_bytes 0 99)" "unix-dgram:@$(all_bytes 100 199)" \
		"unix-dgram:@$(all_bytes 200 255)" 'unix-dgram:@\0\0a\0b\n' 'unix-dgram:@@a' \
		'unix-dgram:@\x5cx41\x5c\x5c' "unix-conn:$tmp/\\x1b]0;c\\n" 'unix-seqpacket:@x40' \
		tcp4
	cd "$PWD" && cd "$tmp" || exit 1
fi

# What must come back, as told by the kernel and by what was asked of the holder:
# PID FD NAME, the name in hexadecimal, and nothing for processes alone.
cat >"$tmp/names.py" <<'EOF'
import os
import sys

sys.path.insert(0, sys.argv[1])
from json_check import parse, unescape


def read(path):
    with open(path, "rb") as file:
        return file.read()


def decode(text):
    """A name as the holder takes it: \\xNN, \\n, \\0."""
    out, at = bytearray(), 0
    while at < len(text):
        if text[at:at + 1] != b"\\":
            out += text[at:at + 1]
            at += 1
        elif text[at + 1:at + 2] == b"x":
            out.append(int(text[at + 2:at + 4], 16))
            at += 4
        else:
            out += {b"n": b"\n", b"0": b"\0"}.get(text[at + 1:at + 2], text[at + 1:at + 2])
            at += 2
    return bytes(out)


def held(path):
    """(pid, fd) of the unix sockets in the order of the arguments, and their names."""
    lines = [line.split() for line in read(path).decode().splitlines()]
    lines = [line for line in lines if line[5].startswith("unix") and "conn" not in line[5]]
    words = [word for word in read(f"/proc/{lines[0][0]}/cmdline").split(b"\0")
             if word.startswith(b"unix-") and b"conn" not in word]
    return {(int(line[0]), int(line[2])): decode(word.partition(b":")[2])
            for line, word in zip(lines, words, strict=True)}


def expect(what, got, wanted):
    if got != wanted:
        print(f"{what}: got {got!r}, expected {wanted!r}")


def rows_of(data):
    """Rows of -j and of -J alike."""
    if data.startswith(b'{"schema"'):
        for process in parse(data)["processes"]:
            yield from ({**process, **file} for file in process["files"])
    else:
        yield from (parse(line) for line in data.splitlines())


def check_json(data, names):
    count = 0
    for row in rows_of(data):
        pid, fd = row["pid"], row["fd"]
        expect(f"command of {pid}", unescape(row["command"] or ""), read(f"/proc/{pid}/comm")[:-1])
        wanted = read(f"/proc/{pid}/cmdline").split(b"\0")[:-1]
        expect(f"cmdline of {pid}", [unescape(word) for word in row["cmdline"]], wanted)
        wanted = os.readlink(os.fsencode(f"/proc/{pid}/cwd"))
        expect(f"cwd of {pid}", unescape(row["cwd"]), wanted)
        if (pid, fd) not in names:
            continue
        count += 1
        name = names[pid, fd]
        path = unescape(row["path"])
        expect(f"path of {pid} {fd}", path, name)
        shown = b"@" + name[1:].replace(b"\0", b"@") if name.startswith(b"@") else name
        kind = row["protocol"].encode()
        expect(f"name of {pid} {fd}", unescape(row["name"]), shown + b" type=" + kind)
    expect("sockets", count, len(names))


def check_fields(data, names):
    """-Fpcfn0: each field ends in NUL, each set in a newline behind it."""
    pid = fd = None
    count = 0
    for field in data.split(b"\0"):
        field = field[1:] if field.startswith(b"\n") else field
        letter, value = field[:1], field[1:]
        if letter == b"p":
            pid = int(value)
        elif letter == b"f":
            fd = int(value)
        elif letter == b"c":
            expect(f"command of {pid}", value, read(f"/proc/{pid}/comm")[:-1])
        elif letter == b"n" and (pid, fd) in names:
            name = names[pid, fd]
            if name.startswith(b"@"):
                name = b"@" + name[1:].replace(b"\0", b"@")
            expect(f"name of {pid} {fd}", value.rpartition(b" type=")[0], name)
            count += 1
        elif letter not in (b"n", b""):
            print(f"field {field!r}")
    expect("sockets", count, len(names))


names = held(sys.argv[4])
(check_fields if sys.argv[2] == "fields" else check_json)(read(sys.argv[3]), names)
EOF

# come_back json|fields: what run() left.
come_back() {
	if ! needs_python json; then
		skip=$why_not
		return
	fi
	wrong=$("$python" "$tmp/names.py" "$tests" "$1" "$tmp/out" \
		"$tmp/held" 2>&1) || wrong="failed: $wrong"
	[ -z "$wrong" ] || complain "$shown$nl$wrong"
}

foreign_json() {
	for option in -J -j; do
		for source in auto diag; do
			run -w "$option" --source=$source --all -c /./
			expect_status 0
			case $option in
			-J) valid_json document ;;
			-j) valid_json lines ;;
			esac
			come_back json
		done
		run -w "$option" --source=proc --all
		case $option in
		-J) valid_json document ;;
		-j) valid_json lines ;;
		esac
	done
}
check 'a parser gets the bytes of every name back' foreign_json

# No raw control byte, C1, U+2028, mark of direction, and one line for each object.
quiet_json() {
	for locale in C C.UTF-8; do
		run -j --all
		expect_status 0
		[ "$(LC_ALL=C tr -d '\n\040-\176\200-\377' <"$tmp/out" | wc -c)" = 0 ] ||
			complain "control bytes in $locale"
		! LC_ALL=C grep -q "$(printf '\302[\200-\237]\|\342\200[\250-\257]')" "$tmp/out" ||
			complain "deceptive characters in $locale"
		[ "$(grep -c '^{.*}$' "$tmp/out")" = "$(grep -c '' "$tmp/out")" ] ||
			complain "lines that are no objects in $locale"
		[ "$locale" != C ] || cp "$tmp/out" "$tmp/plain"
	done
	cmp -s "$tmp/plain" "$tmp/out" || complain 'the locale changes JSON'
	locale=
}
check 'JSON has no control bytes, whatever the locale' quiet_json

foreign_fields() {
	for locale in C C.UTF-8; do
		run -Fpcfn0 --all -c ^sh
		expect_no_message
		come_back fields
	done
	locale=
}
check 'fields with NULs have the very bytes' foreign_fields

quiet_fields() {
	processes=$(awk '{ print $1 }' "$tmp/held" | sort -u | tr '\n' , | sed 's/,$//')
	run -F -p "$processes"
	expect_status 0
	[ "$(LC_ALL=C tr -d '\n\040-\176' <"$tmp/out" | wc -c)" = 0 ] || complain 'not printable'
	! grep -v '^[pcgKMRuLfaltGdoiPnT]' "$tmp/out" >"$tmp/odd" || complain "$(cat "$tmp/odd")"
	lines=$(grep -c '' "$tmp/out")
	locale=C.UTF-8
	if [ "$(LC_ALL=$locale locale charmap 2>/dev/null)" = UTF-8 ]; then
		run -F -p "$processes"
		[ "$(LC_ALL=C tr -d '\n\040-\176\200-\377' <"$tmp/out" | wc -c)" = 0 ] ||
			complain 'control bytes in a UTF-8 locale'
		! LC_ALL=C grep -q "$(printf '\302[\200-\237]\|\342\200[\250-\257]')" "$tmp/out" ||
			complain 'deceptive characters in a UTF-8 locale'
		[ "$(grep -c '' "$tmp/out")" = "$lines" ] || complain 'more lines in a UTF-8 locale'
	else
		skip='no UTF-8 locale'
	fi
	locale=
}
check 'fields are printable ASCII in the C locale, harmless in another' quiet_fields

# --- sockets that nobody holds ----------------------------------------------

release
hold timewait4 queue4 queue6 orphan4 tcp4 udp4 "unix-queue:$tmp/queue" "unix-conn:$tmp/conn"

# both WORD...: lines for query, and the document of the same.
both() {
	run -J "$@"
	expect_status 0
	valid_json document
	run -j "$@"
	expect_status 0
	valid_json lines
}

time_wait() {
	whose timewait4.server
	both "$port"
	query "len(rows) == 1 and rows[0]['reason'] == 'time-wait' and rows[0]['pid'] is None"
	query "rows[0]['state'] == 'TIME_WAIT' and rows[0]['local']['port'] == $port"
	query "rows[0]['timer']['name'] == 'time-wait' and 0 < rows[0]['timer']['ms'] <= 60000"
	query "rows[0]['inode'] is None and rows[0]['listener'] is None and rows[0]['kind'] is None"
}
check 'TIME_WAIT' time_wait

# KIND ADDRESS
not_accepted() {
	whose "$1.client" || return 0
	near=$port
	whose "$1.listener"
	both --all "$port"
	query "len(rows) == 2 and rows[0]['pid'] == $pid and rows[0]['fd'] == $fd"
	query "rows[0]['state'] == 'LISTEN' and rows[0]['queues'] == {'recv': 1, 'send': 16}"
	query "rows[1]['reason'] == 'not-accepted' and rows[1]['kind'] == 'queue'"
	query "rows[1]['listener'] == [{'pid': $pid, 'command': 'holder', 'fd': $fd}]"
	query "rows[1]['remote'] == {'address': '$2', 'port': $near}"
}
check 'a connection that nobody has accepted' not_accepted queue4 127.0.0.1
check 'the same over IPv6' not_accepted queue6 ::1

unix_not_accepted() {
	whose unix-queue.listener
	both -U
	query "[r['listener'] for r in rows if r['reason'] == 'not-accepted'] == \
		[[{'pid': $pid, 'command': 'holder', 'fd': $fd}]]"
	query "[r['path'] for r in rows if r['reason']] == ['$tmp/queue']"
	query "[r['state'] for r in rows if r['reason']] == ['CONNECTING']"
}
check 'a client of a unix socket that nobody has accepted' unix_not_accepted

orphan() {
	whose orphan4.client
	both "$port"
	query "len(rows) == 1 and rows[0]['reason'] == 'orphan' and rows[0]['state'] == 'FIN_WAIT1'"
	query "rows[0]['queues']['send'] > 0 and rows[0]['inode'] is None"
}
check 'an orphan' orphan

hidden() {
	become_nobody || return 0
	whose tcp4
	run -J "$port"
	expect_status 0
	expect_one_message
	valid_json document
	run -w -j "$port"
	valid_json lines
	query "len(rows) == 1 and rows[0]['reason'] == 'permission' and rows[0]['inode'] == $inode"
	query "rows[0]['pid'] is rows[0]['command'] is rows[0]['fd'] is None"
	query "rows[0]['socket_uid'] == 0 and rows[0]['listener'] is None"
	run -w -j --all
	valid_json lines
	query "all(r['reason'] for r in rows) and len(rows) > 8"
	query "[r['listener'] for r in rows if r['reason'] == 'not-accepted'] == [[], [], []]"
	restore
}
check 'what is hidden from an ordinary user' hidden

all_of_them() {
	both --all
	query "{r['reason'] for r in rows} - {'kernel'} == \
		{None, 'time-wait', 'not-accepted', 'orphan'}"
	query "sum(r['pid'] is not None for r in rows) == \
		$(awk '$3 >= 0' "$tmp/held" | wc -l)"
	both -U -i
	both -i -E
	both -U -E
	run +E -J -i -U
	valid_json document
}
check 'everything there is' all_of_them

keepers() {
	release
	keep ring4 map4 packet mappacket netlink flight4 vsock xdp sctp4 mptcp4 mptcp4-conn
	both --all
	run -w -j --all
	valid_json lines
	for pair in ring4:ring map4:mem packet:fd mptcp4:fd; do
		whose "${pair%:*}" || continue
		query "[r['kind'] for r in rows if r['inode'] == $inode] == ['${pair#*:}']"
	done
	skip=''
	whose map4 && query "[r['fd'] for r in rows if r['inode'] == $inode] == [None]"
	skip=''
	whose ring4 && query "[r['fd'] for r in rows if r['inode'] == $inode] == [$fd]"
	skip=''
	whose flight4
	query "[r['reason'] for r in rows if r['inode'] == $inode] == ['pid-namespace']"
	run -w -j "$port"
	query "rows[0]['suspects'] == [{'pid': $pid, 'command': 'keeper', 'fd': None}]"
}
check 'rings, mappings, other families' keepers

# An empty answer is not to pass for a whole one.
fields_of_unheld() {
	whose flight4
	run -w -F "$port"
	expect_status 2
	expect_no_message
	expect_no_output
}
check 'field output has no set without a process' fields_of_unheld

threads() {
	release
	hold private-table dead-leader
	for option in '' -K -Ki; do
		# shellcheck disable=SC2086 # words
		both $option -iTCP
		whose private-table
		case $option in
		-K) query "[r['task_cmd'] for r in rows if r['tid'] == $tid] == ['private']" ;;
		*) query "[r['task_cmd'] for r in rows if r['tid'] == $tid] == [None]" ;;
		esac
		whose dead-leader
		query "$pid in [r['pid'] for r in rows] and $inode in [r['inode'] for r in rows]"
	done
	run -F -K -iTCP
	whose private-table
	for line in "K$tid" Mprivate; do
		grep -qx "$line" "$tmp/out" || { show_run; complain "expected $line"; }
	done
}
check 'threads' threads
release
