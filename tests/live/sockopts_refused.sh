#!/bin/sh
# --sockopts where the kernel tells who holds a socket, and no copy of it may be had: as
# root without CAP_SYS_PTRACE.
# shellcheck source-path=SCRIPTDIR source=lib_bpf.sh
. "${0%/*}/lib_bpf.sh"

if [ -z "$skip_all" ] && ! command -v setpriv >/dev/null; then
	skip_all='setpriv is missing'
elif [ -z "$skip_all" ]; then
	hold tcp4
fi

limited() {
	whose tcp4 || return
	via='setpriv --bounding-set=-sys_ptrace --inh-caps=-sys_ptrace'
	run --scan=bpf "$@" "$port"
	restore
}

refusal_on_the_card() {
	limited --sockopts
	expect_status 0
	tr -s ' \n' ' ' <"$tmp/out" >"$tmp/card" # it may go on in another line
	grep -Fq 'not permitted: needs the same user and ptrace rights, or CAP_SYS_PTRACE' \
		"$tmp/card" || { show_run; complain 'expected a refusal'; }
	! grep -q 'SO_\|sudo' "$tmp/out" || { show_run; complain 'expected a refusal alone'; }
}
check 'a refusal is told on the card' refusal_on_the_card

refusal_in_json() {
	limited --sockopts -J
	expect_status 0
	jq -e '.processes[0].files[0].details | has("options") and .options == null' \
		"$tmp/out" >/dev/null || { show_run; complain 'expected null'; }
}
if command -v jq >/dev/null; then
	check 'a refusal is null in JSON' refusal_in_json
fi
