# shellcheck shell=bash
# Completion of whoport's command line for bash: options, their values, and as targets the
# ports and abstract unix sockets in use, for which whoport itself is asked.
#
# Names of foreign processes and sockets are data: they are compared and handed on, never
# evaluated (compgen -W would), and one that a shell does not take literally is not offered.
# The package bash-completion is not needed: what bash parts at `:`, `=` and `@`, as in
# tcp:80 and --wait=free, is put together here.

# whoport as it was typed; an alias for it cannot be run from here.
_whoport_ask() {
	local program=${COMP_WORDS[0]/#\~\//"$HOME"/}
	type -P -- "$program" >/dev/null || program=whoport
	"$program" -w --no-header "$@" 2>/dev/null </dev/null
}

# ports WORD: those in use, of the protocols alone that the word names: tcp: TCP,UDP: 4UDP@h: /udp
_whoport_ports() {
	local one='(TCP|UDP|UDPLITE|MPTCP|SCTP)' of='[A-Z]+'
	if [[ ${1^^} =~ ^[46]?($one(,$one)*)[@:]|/$one$ ]]; then
		of=${BASH_REMATCH[1]:-${BASH_REMATCH[5]}}
		[[ ,$of, != *,TCP,* ]] || of+=,MPTCP # which is TCP, too
	fi
	_whoport_ask -o NODE,LOCAL | sed -En "s/^ *(${of//,/|}) .*:([0-9]+)\$/\2/p" | sort -nu
}

# Of the words on stdin those that a shell takes literally.
_whoport_literal() {
	LC_ALL=C grep -x '[A-Za-z0-9_@][A-Za-z0-9_@/.,:+-]*'
}

# offer BEFORE TYPED CANDIDATE...: those that go on from what was typed. In another case they
# would not: what they have in common is inserted, for -k and -K a mere dash.
_whoport_offer() {
	local before=$1 typed=$2 word
	shift 2
	for word; do
		[[ $word != "$typed"* ]] || COMPREPLY+=("$before$word")
	done
}

_whoport_files() { # BEFORE TYPED [compgen's choice]
	local paths
	compopt -o filenames 2>/dev/null
	# A name with a newline would come as two lines.
	mapfile -t paths < <(compgen "${3:--f}" -X $'*\n*' -- "$2" | sort)
	COMPREPLY+=("${paths[@]/#/"$1"}")
}

_whoport_target() {
	local last=${cur##*[,:]} words
	case $cur in
	@*)
		mapfile -t words < <(_whoport_ask -U -o LOCAL | _whoport_literal | grep '^@' | sort -u)
		_whoport_offer '' "$cur" "${words[@]}"
		;;
	*/* | . | .. | \~*)
		_whoport_files '' "$cur"
		[[ ! $cur =~ ^(:?[0-9][0-9,-]*/)([a-z]*)$ ]] ||
			_whoport_offer "${BASH_REMATCH[@]:1}" tcp udp udplite mptcp sctp
		;;
	*)
		mapfile -t words < <(_whoport_ports "$cur$tail")
		_whoport_offer "${cur%"$last"}" "$last" "${words[@]}"
		;;
	esac
}

# value BEFORE OPTION TYPED: the value of an option; BEFORE is what stands before it in the word.
_whoport_value() {
	local last=${3##*[,:^]} before word words=()
	before=$1${3%"$last"}
	case $2 in
	i)
		last=${3##*[,:]} before=$1${3%"$last"} last=${last^^}
		[[ $3 == *:* ]] || words=(TCP UDP UDPLITE RAW MPTCP SCTP)
		mapfile -t -O "${#words[@]}" words < <(_whoport_ports "$3")
		;;
	s)
		local states=(
			LISTEN ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT
			LAST_ACK CLOSING BOUND UNCONNECTED CONNECTING CONNECTED DISCONNECTING
		)
		words=("${states[@]}") last=${last^^}
		;;
	p) mapfile -t words < <(_whoport_ask --all -o PID | grep -o '[0-9][0-9]*' | sort -nu) ;;
	u) mapfile -t words < <(compgen -u | _whoport_literal) ;;
	c)
		last=${3#^} before=$1${3%"$last"}
		mapfile -t words < <(_whoport_ask --all -o COMMAND | _whoport_literal | sort -u)
		;;
	N | netns)
		if [[ $3 == */* ]]; then
			_whoport_files "$1" "$3"
			return
		fi
		mapfile -t words < <(compgen -f /run/netns/ | sed 's:.*/::' | _whoport_literal)
		words+=(self all)
		;;
	o | columns)
		local columns=(
			COMMAND PID TID TASKCMD PPID PGID USER FD TYPE DEVICE SIZE NODE NAME STATE LOCAL
			REMOTE INODE NETNS UID ARGS CWD START UNIT CONTAINER RECVQ SENDQ PEER REASON
		)
		last=${last^^}
		for word in "${columns[@]}"; do
			[[ ,${3^^} == *",$word,"* ]] || words+=("$word")
		done
		compopt -o nospace 2>/dev/null # a comma may follow
		;;
	k | kill)
		local sigs=(TERM KILL HUP INT QUIT ABRT ALRM PIPE USR1 USR2 STOP TSTP CONT WINCH)
		words=("${sigs[@]}")
		[[ $2 == k ]] || last=${last^^} # behind -k a small letter is an option
		;;
	color) words=(always auto never) ;;
	source) words=(auto proc diag) ;;
	scan) words=(auto proc bpf) ;;
	wait) words=(free listen) ;;
	proc)
		_whoport_files "$1" "$3" -d
		return
		;;
	esac
	_whoport_offer "$before" "$last" "${words[@]}"
}

_whoport() {
	local options=(
		-i -U -s -p -u -c -d -g -N --netns= --all -a -t -F -J -j -r +r -E +E -D --details
		--sockopts --brief -o --columns= --no-header -R -K -l -T +c +P +n -n -P --color= -b -Q -V -w +w -k --kill --grace=
		--dry-run --ask --force --close --wait= --timeout= --why --probe
		--source= --scan= --stats --proc=
		-h --help -v --version
	)
	# Letters that take no value, those that take what is attached, and those that need a value.
	local flags='aUtJjEDRlbHLOXQVwnPhv' attached='FrgTKSik' needed='spucdNo'
	local words=() line=${COMP_LINE:0:COMP_POINT} gap i cur prev kept typed=$2
	local tail=${COMP_LINE:COMP_POINT}
	COMPREPLY=()
	compopt -o nosort 2>/dev/null # bash 4.4
	tail=${tail%%[[:blank:]]*} # what the cursor stands in: 5_/udp
	[[ ! $tail ]] || compopt -o nospace 2>/dev/null

	# Join what no blank parts on the line; the last word ends at the cursor.
	for ((i = 0; i <= COMP_CWORD; i++)); do
		gap=${line%%[![:blank:]]*}
		line=${line#"$gap"}
		cur=${COMP_WORDS[i]}
		((i < COMP_CWORD)) || cur=$line
		line=${line#"$cur"}
		if [[ $gap || $i == 0 ]]; then
			words+=("$cur")
		else
			words[${#words[@]} - 1]+=$cur
		fi
	done
	cur=${words[${#words[@]} - 1]} prev=
	((${#words[@]} < 2)) || prev=${words[${#words[@]} - 2]}

	# Readline replaces no more than what follows the last of its breaks.
	[[ ${#typed} != 1 || $COMP_WORDBREAKS != *"$typed"* ]] || typed=
	kept=${cur%"$typed"}
	[[ $cur == *"$typed" ]] || kept=

	if [[ " ${words[*]:1:${#words[@]}-2} " == *' -- '* ]]; then
		_whoport_target
	elif [[ $prev =~ ^-[$flags]*([$needed])$ || $prev =~ ^\+(c)$ ]]; then
		[[ $prev == +c ]] || _whoport_value '' "${BASH_REMATCH[1]}" "$cur"
	elif [[ $prev =~ ^--(netns|columns|color|grace|wait|timeout|source|scan|proc)$ ]]; then
		_whoport_value '' "${BASH_REMATCH[1]}" "$cur"
	elif [[ $cur =~ ^(--([a-z-]+)=)(.*)$ ]]; then
		_whoport_value "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "${BASH_REMATCH[3]}"
	elif [[ $cur =~ ^(-[$flags]*([$attached$needed]))(.+)$ ]]; then
		_whoport_value "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "${BASH_REMATCH[3]}"
	elif [[ $cur == [-+]* ]]; then
		_whoport_offer '' "$cur" "${options[@]}"
		[[ ! $cur =~ ^-[$flags]*([ik])$ ]] || _whoport_value "$cur" "${BASH_REMATCH[1]}" ''
		[[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
	elif [[ $prev =~ ^-[$flags]*i$ && ($cur == @* || $cur != [.~]* && $cur != */*) ]]; then
		_whoport_value '' i "$cur"
	else
		_whoport_target
	fi
	COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}

complete -F _whoport whoport
