#!/bin/sh
# What the completions of bash and fish offer; those of zsh need a terminal, see
# tests/live/completion.sh. A whoport that prints fixed rows stands for the real one.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

completion=$PWD/src/completion
mkdir "$tmp/bin" "$tmp/home" "$tmp/fish"
chmod 700 "$tmp/fish" # else fish takes another directory
cat >"$tmp/bin/whoport" <<'EOT'
#!/bin/sh
case "$*" in
'-w --no-header -o NODE,LOCAL' | '-w --no-header -o COMMAND,NODE,LOCAL')
	for row in 'nginx   TCP *:443' 'nginx   TCP 127.0.0.1:80' 'nginx   TCP [::]:443' \
		'-     MPTCP *:8080' '- RAW *:*' '- - -' '$(touch${IFS}pwned) UDP *:1001' \
		';touch\x20pwned UDP *:1002' 'a:b UDP [::1%lo]:9' '-x   TCP *:22' \
		'`touch${IFS}pwned` UDPLITE *:1003' "'%F{red}\$[1/0] SCTP *:1004"; do
		case "$*" in *COMMAND*) ;; *) row=${row#* } ;; esac
		printf '%s\n' "$row"
	done
	;;
'-w --no-header -U -o LOCAL')
	printf '%s\n' /run/x.sock @good '@$(touch${IFS}pwned)' '@;touch\x20pwned' @good2/x -
	;;
'-w --no-header --all -o COMMAND')
	printf '%s\n' nginx nginx init '$(touch${IFS}pwned)' ';touch\x20pwned' -x -
	;;
'-w --no-header --all -o PID') printf '%s\n' '   - ' '  811' '  811' '   12' ;;
'-w --no-header --all -o PID,COMMAND')
	printf '%s\n' ' - -' ' 811 nginx' ' 811 nginx' '  12 $(touch${IFS}pwned)'
	;;
esac
EOT
chmod 755 "$tmp/bin/whoport"
cd "$tmp/home" || exit 1
touch 'a file' plain
mkdir sub sub/deep
# A line of a name must not be taken for a name, not even of a file that there is.
touch sub/one sub/two 'pla
plain' 'sub/o
sub'

# What bash does: it parts the line at COMP_WORDBREAKS, and what is behind the last of them is
# replaced; printed is the word that comes of it.
cat >"$tmp/ask.bash" <<'EOT'
. "$1/whoport.bash"
[[ ! ${BREAKS+set} ]] || COMP_WORDBREAKS=$BREAKS
COMP_LINE=$2${behind-} COMP_POINT=${#2} COMP_WORDS=() typed='' rest=$2
while [[ $rest ]]; do
	rest=${rest#"${rest%%[! ]*}"}
	[[ $rest ]] || break
	word=${rest%%["$COMP_WORDBREAKS"]*}
	[[ $word ]] || word=${rest%%[!"$COMP_WORDBREAKS"]*}
	COMP_WORDS+=("$word") rest=${rest#"$word"}
done
case $2 in
*' ') COMP_WORDS+=('') ;;
*["$COMP_WORDBREAKS"]) ;;
*) typed=${COMP_WORDS[${#COMP_WORDS[@]} - 1]} ;;
esac
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_whoport "${COMP_WORDS[0]}" "$typed" ''
before=${2##* }
printf '%s\n' "${COMPREPLY[@]/#/${before%"$typed"}}"
EOT

# asked SHELL LINE
asked() {
	case $1 in
	bash)
		PATH=$tmp/bin:$PATH HOME=$tmp/home \
			bash --norc --noprofile "$tmp/ask.bash" "$completion" "$2"
		;;
	fish)
		PATH=$tmp/bin:$PATH HOME=$tmp/home XDG_CONFIG_HOME=$tmp/fish \
			XDG_DATA_HOME=$tmp/fish XDG_RUNTIME_DIR=$tmp/fish LINE=$2 fish --no-config -c \
			"source $completion/whoport.fish; complete -C \$LINE"
		;;
	esac >"$tmp/out" 2>"$tmp/err" </dev/null
	# Without descriptions, and what bash does not add itself.
	sed -i 's/	.*//; s/[/=]$//; /^$/d' "$tmp/out"
}

# offers SHELL LINE WORD...: these, in this order.
offers() {
	shell=$1 line=$2
	shift 2
	asked "$shell" "$line"
	{
		[ $# = 0 ] || printf '%s\n' "$@"
	} >"$tmp/expected"
	{
		diff -u "$tmp/expected" "$tmp/out"
		cat "$tmp/err"
		find "$tmp" -name pwned
	} >"$tmp/wrong"
	report "$shell: $line"
}

# offers_among SHELL LINE WORD...: these among others, and not those behind `!`.
offers_among() {
	shell=$1 line=$2 expected=0
	shift 2
	asked "$shell" "$line"
	{
		for word; do
			case $word in
			!) expected=1 ;;
			*)
				grep -Fxq -e "$word" "$tmp/out"
				[ $? = $expected ] || echo "$word: $expected"
				;;
			esac
		done
		cat "$tmp/err"
		find "$tmp" -name pwned
	} >"$tmp/wrong"
	[ ! -s "$tmp/wrong" ] || cat "$tmp/out" >>"$tmp/wrong"
	report "$shell: $line ..."
}

ports='9 22 80 443 1001 1002 1003 1004 8080'

# shellcheck disable=SC2086 # words
all_lines() {
	for start in '' '-k ' '-t ' '-kKILL ' '--kill ' '-n -P ' '-g ' '--all ' '-- '; do
		offers "$1" "whoport $start" $ports
	done
	offers "$1" 'whoport -k 80' 80 8080
	offers "$1" 'whoport 80,1 80,44' 80,443
	offers "$1" 'whoport tcp:8' tcp:80 tcp:8080
	offers "$1" 'whoport tcp:' tcp:22 tcp:80 tcp:443 tcp:8080
	offers "$1" 'whoport mptcp:' mptcp:8080
	offers "$1" 'whoport UDP:9,' UDP:9,9 UDP:9,1001 UDP:9,1002
	offers "$1" 'whoport udplite:127.0.0.1:' udplite:127.0.0.1:1003
	offers "$1" 'whoport localhost:100' localhost:1001 localhost:1002 localhost:1003 localhost:1004
	offers "$1" 'whoport -i4SCTP,UDP:1' -i4SCTP,UDP:1001 -i4SCTP,UDP:1002 -i4SCTP,UDP:1004
	offers "$1" 'whoport -i udp@::1:' udp@::1:9 udp@::1:1001 udp@::1:1002
	offers "$1" 'whoport -i @'
	offers "$1" 'whoport -i@'
	offers "$1" 'whoport -iTC' -iTCP
	offers_among "$1" 'whoport -iTCP' -iTCP
	offers "$1" 'whoport -nPiTCP:' -nPiTCP:22 -nPiTCP:80 -nPiTCP:443 -nPiTCP:8080
	offers_among "$1" 'whoport -i' -i80 -iTCP ! -in -iE
	offers "$1" 'whoport :8' :80 :8080
	offers "$1" 'whoport 127.0.0.1:44' 127.0.0.1:443
	offers "$1" 'whoport @' @good @good2/x
	offers "$1" 'whoport -U @good2' @good2/x
	offers "$1" 'whoport ./sub' ./sub
	offers_among "$1" 'whoport /' /etc ! 80
	offers "$1" 'whoport ./pl' ./plain
	offers "$1" 'whoport sub/' sub/deep sub/one sub/two
	offers "$1" 'whoport -i sub/t' sub/two
	offers "$1" 'whoport --netns sub/t' sub/two
	offers "$1" 'whoport 53/u' 53/udp 53/udplite
	offers "$1" 'whoport :53,80/s' :53,80/sctp
	offers_among "$1" 'whoport -i ' 80 443 TCP UDP
	offers_among "$1" 'whoport -nPi ' 80 443 TCP UDP
	offers "$1" 'whoport -i UDPL' UDPLITE
	offers "$1" 'whoport -i TCP:8' TCP:80 TCP:8080
	offers "$1" 'whoport -i@ho -sLIS' -sLISTEN
	offers_among "$1" 'whoport -s ' LISTEN ESTABLISHED BOUND ! 80
	offers_among "$1" 'whoport -nUs ' LISTEN ESTABLISHED BOUND ! 80
	offers "$1" 'whoport -s TCP:LISTEN,^CLOSE_' TCP:LISTEN,^CLOSE_WAIT
	offers "$1" 'whoport -p ' 12 811
	offers "$1" 'whoport -p 12,^8' 12,^811
	offers "$1" 'whoport -c ' init nginx
	offers "$1" 'whoport -c ^ng' ^nginx
	offers "$1" 'whoport -u roo' root
	offers "$1" 'whoport -u 7,^roo' 7,^root
	offers_among "$1" 'whoport -N ' self all ! 80
	offers "$1" 'whoport --netns=s' --netns=self
	offers "$1" 'whoport --netns /et' /etc
	offers "$1" 'whoport -o PID,CONT' PID,CONTAINER
	offers_among "$1" 'whoport -o PID,' PID,TID ! PID,PID
	offers_among "$1" 'whoport -oUSER,pid,P' -oUSER,pid,PPID ! -oUSER,pid,PID
	offers "$1" 'whoport -o PID' PID
	offers "$1" 'whoport -oPID,CONT' -oPID,CONTAINER
	offers "$1" 'whoport --columns=PID,CONT' --columns=PID,CONTAINER
	offers "$1" 'whoport --columns CONT' CONTAINER
	offers "$1" 'whoport --color=' --color=always --color=auto --color=never
	offers "$1" 'whoport --color a' always auto
	offers "$1" 'whoport --wait=f' --wait=free
	offers "$1" 'whoport --wait ' free listen
	offers "$1" 'whoport --source=d' --source=diag
	offers "$1" 'whoport --scan b' bpf
	offers "$1" 'whoport --kill=KI' --kill=KILL
	offers_among "$1" 'whoport -kT' -kTERM -kTSTP ! TERM 80
	offers_among "$1" 'whoport -k' -kTERM -kKILL ! -K -ka -kT
	offers_among "$1" 'whoport -nk' -nkTERM -nkKILL ! -nkp
	offers "$1" 'whoport -kK' -kKILL
	for letter in F r g; do
		offers_among "$1" "whoport -$letter" ! -${letter}p -${letter}a -${letter}n
	done
	offers_among "$1" 'whoport -K' ! -Kp -Ka -k
	offers_among "$1" 'whoport -T' ! -Tp -Ta -t
	offers_among "$1" 'whoport -Fp' ! -Fpa
	offers "$1" 'whoport --proc=./s' --proc=./sub
	offers "$1" 'whoport --proc ./' ./sub
	offers_among "$1" 'whoport -' -i -k -N --netns --wait ! +r 80
	offers_among "$1" 'whoport +' +c +r +E ! -k
	offers "$1" 'whoport --dry' --dry-run
	offers "$1" 'whoport --grace '
	offers "$1" 'whoport +c '
}

for name in bash fish; do
	if command -v "$name" >/dev/null; then
		all_lines "$name"
	else
		skip "$name" "$name is not installed"
	fi
done

# Nothing that bash offers behind a letter may take the letter away; bash inserts what all have in
# common. A list in capitals may be typed in small letters.
if command -v bash >/dev/null; then
	for letter in -i -U -s -p -u -c -d -g -N -a -t -F -J -j -r -E -o -R -K -l -T -n -P -b -Q -V -w \
		-k -h -v +r +E +c +P +n +w; do
		asked bash "whoport $letter"
		{
			grep -v -e "^$letter" "$tmp/out"
			cat "$tmp/err"
		} >"$tmp/wrong"
		report "bash: whoport $letter keeps it"
	done
	offers bash 'whoport -kt'
	offers bash 'whoport -c N'
	offers bash 'whoport -s lis' LISTEN
	offers bash 'whoport -i udpl' UDPLITE
	offers bash 'whoport -o cont' CONTAINER
	offers bash 'whoport --kill=ki' --kill=KILL
	# The cursor stands before the slash.
	behind=/udp
	export behind
	offers bash 'whoport 100' 1001 1002
	unset behind
fi

# Breaks that a user has taken away, and those of another program.
if command -v bash >/dev/null; then
	for BREAKS in ' ' ' =' ' :' ' ,:=@'; do
		export BREAKS
		offers bash 'whoport --wait=f' --wait=free
		offers bash 'whoport tcp:8' tcp:80 tcp:8080
		offers bash 'whoport :' :9 :22 :80 :443 :1001 :1002 :1003 :1004 :8080
		offers bash 'whoport @g' @good @good2/x
		offers bash 'whoport --columns=PID,CONT' --columns=PID,CONTAINER
	done
fi
