#!/bin/sh
# Tab in bash, zsh and fish: what appears on a terminal, with real sockets.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

completion=$PWD/src/completion
package=/usr/share/bash-completion/bash_completion
mkdir -p "$tmp/bin" "$tmp/home" "$tmp/data" "$tmp/completions"
chmod 700 "$tmp/data" # else fish takes another directory
ln -s "$WHOPORT" "$tmp/bin/whoport"
ln -s "$completion/whoport.bash" "$tmp/completions/whoport"
mkdir "$tmp/home/sub"
touch "$tmp/home/plain" "$tmp/home/sub/one" "$tmp/home/odd
plain"

# The first line of each shell. Bash with the package finds the file by itself, as installed.
bash_start="PS1='ready> '; bind 'set show-all-if-ambiguous on'; . $completion/whoport.bash"
package_start="PS1='ready> '; bind 'set show-all-if-ambiguous on'; . $package"
zsh_start="PS1='ready> ' LISTMAX=0; setopt nolistambiguous completeinword; fpath=($completion \$fpath)
autoload -U compinit; compinit -u -D"
fish_start="function fish_prompt; echo -n 'ready> '; end
set fish_autosuggestion_enabled 0; . $completion/whoport.fish"

terminal() {
	tmux -S "$tmp/tmux" -f /dev/null "$@" 3>&-
}

screen() {
	terminal capture-pane -p -t it
}

# shows TEXT...: every one of them comes, within ten seconds.
shows() {
	tries=0
	for text in "$@"; do
		until screen >"$tmp/screen" && grep -Fq -e "$text" "$tmp/screen"; do
			tries=$((tries + 1))
			if [ "$tries" = 200 ]; then
				complain "expected: $text"
				complain "$(grep . "$tmp/screen")"
				return 1
			fi
			sleep 0.05
		done
	done
}

# lacks TEXT...: none of them is on the screen that shows() saw.
lacks() {
	[ -z "$problem" ] || return 0
	for text; do
		! grep -Fq -e "$text" "$tmp/screen" || {
			complain "not expected: $text"
			complain "$(grep . "$tmp/screen")"
		}
	done
}

# A prompt with nothing behind it, at the top of an empty screen.
at_prompt() {
	screen | awk 'NR == 1 { found = $0 ~ /^ready> *$/ } NR > 1 && NF { found = 0 }
		END { exit !found }'
}

clear_screen() {
	tries=0
	until at_prompt; do
		tries=$((tries + 1))
		[ "$tries" -lt 200 ] || { complain 'no prompt'; complain "$(screen)"; return 1; }
		terminal send-keys -t it C-c
		sleep 0.05
		terminal send-keys -t it C-l
		sleep 0.05
	done
}

# start NAME: in a home of its own; false if the shell is not here.
start() {
	for program in tmux "${1%-*}"; do
		command -v "$program" >/dev/null && continue
		skip="$program is not installed"
		return 1
	done
	case $1 in
	bash) words='bash --norc --noprofile' first=$bash_start ;;
	bash-package)
		if [ ! -r "$package" ]; then
			# shellcheck disable=SC2034 # of lib.sh
			skip='bash-completion is not installed'
			return 1
		fi
		words='bash --norc --noprofile' first=$package_start
		;;
	zsh) words='zsh -f' first=$zsh_start ;;
	fish) words='fish --no-config' first=$fish_start ;;
	esac
	stop
	printf '%s\n' "$first" >"$tmp/start"
	# shellcheck disable=SC2086 # words
	(
		cd "$tmp/home" && unset TMUX ZDOTDIR && LC_ALL=C SHELL=/bin/sh PATH=$tmp/bin:$PATH \
			HOME=$tmp/home XDG_CONFIG_HOME=$tmp/home XDG_DATA_HOME=$tmp/data \
			XDG_RUNTIME_DIR=$tmp/data BASH_COMPLETION_USER_DIR=$tmp \
			terminal new-session -d -s it -x 120 -y 50 $words
	) >"$tmp/start.log" 2>&1 || {
		complain "tmux: $(cat "$tmp/start.log")"
		return 1
	}
	terminal send-keys -t it -l ". $tmp/start"
	terminal send-keys -t it Enter
	shows 'ready>' && clear_screen
}

stop() {
	terminal kill-server 2>/dev/null
	rm -f "$tmp/tmux"
}
trap 'stop; rm -rf "$tmp"' EXIT

# tab LINE TEXT...: after Tab behind the line, these appear.
tab() {
	[ -z "$problem" ] || return 0
	clear_screen || return 0
	shown=$1
	terminal send-keys -t it -l -- "$1"
	shift
	terminal send-keys -t it Tab
	shows "$@" || complain "Tab behind: $shown"
}

# stays LINE [BEHIND]: Tab takes nothing away, and adds no more than BEHIND, a pattern.
stays() {
	tab "$1"
	[ -z "$problem" ] || return 0
	terminal send-keys -t it -l '##'
	shows '##' || return 0 # Tab is done
	grep -q -e "^ready> $1${2:-}##" "$tmp/screen" && return
	complain "$(grep . "$tmp/screen")"
	complain "Tab behind: $1"
}

# shellcheck disable=SC2016 # names
# Names of processes that no shell may evaluate; of 15 bytes at most.
hold tcp4 tcp6 udp4 unix-stream:@server/live "named:\$(>pwned)" 'named:;>pwned' 'named:`>pwned`' \
	'named:a:b' 'named:-x' "named:x'\"\\\\" 'named:%F{red}$[1/0]'

ports() {
	start "$1" || return 0
	set -- "$1" # the ports
	for name in tcp4 tcp6 udp4 named; do
		whose "$name" && set -- "$@" "$port"
	done
	for n in 2 3 4 5 6 7; do
		whose named "$n" && set -- "$@" "$port"
	done
	shift
	tab 'whoport -k ' "$@"
	tab 'whoport ' "$@"
	tab 'whoport -t ' "$@"
	tab 'whoport -i ' "$@" TCP UDP
	# shellcheck disable=SC2016 # names
	case $shell in
	zsh | fish) tab 'whoport -k ' '$(>pwned)' ';>pwned' '`>pwned`' a:b '%F{red}$[1/0]' ;;
	esac
	whose udp4
	udp=$port
	whose tcp6
	tcp6=$port
	whose tcp4
	tab 'whoport tcp:' "$port" "$tcp6"
	lacks "$udp"
	tab 'whoport -iTCP:' "$port" "$tcp6"
	lacks "$udp"
	tab 'whoport udp:' "udp:$udp"
	tab 'whoport -iUDP:' "-iUDP:$udp"
	tab 'whoport 53/udpl' 'ready> whoport 53/udplite'
	# The cursor on the slash; fish would go to the end of the word.
	case $shell in
	bash* | zsh)
		clear_screen
		terminal send-keys -t it -l "whoport ${udp%?}/udp"
		terminal send-keys -t it Left Left Left Left Tab
		shows "ready> whoport $udp/udp" || complain "Tab in: ${udp%?}/udp"
		;;
	esac
	# The list stands for a command line that is ready.
	tab "whoport --no-header -o PID tcp:$port" "tcp:$port"
	terminal send-keys -t it Enter
	shows "$pid"
	[ ! -e "$tmp/home/pwned" ] || complain 'a name was evaluated'
	stop
}

values() {
	start "$1" || return 0
	whose tcp4
	tab 'whoport -p ' "$pid"
	tab 'whoport -p 1,^' "$pid"
	tab 'whoport -c ho' 'ready> whoport -c holder'
	tab 'whoport -u roo' 'ready> whoport -u root'
	tab 'whoport -U @ser' 'ready> whoport -U @server/live'
	tab 'whoport ./pla' 'ready> whoport ./plain'
	tab 'whoport sub/o' 'ready> whoport sub/one'
	tab 'whoport -iUDPL' 'ready> whoport -iUDPLITE'
	tab 'whoport -nPiUDPL' 'ready> whoport -nPiUDPLITE'
	# A host belongs behind @, no socket.
	stays 'whoport -i@serve'
	stays 'whoport -i @serve'
	[ "$shell" != zsh ] || tab 'whoport -i@localho' 'ready> whoport -i@localhost'
	stays 'whoport -o PID,CONTAINER,CONTA'
	tab 'whoport -i UDPL' 'ready> whoport -i UDPLITE'
	tab 'whoport -s TCP:LIS' 'ready> whoport -s TCP:LISTEN'
	tab 'whoport -nUsLIS' 'ready> whoport -nUsLISTEN'
	tab 'whoport -s LISTEN,^CLOSE_' 'ready> whoport -s LISTEN,^CLOSE_WAIT'
	tab 'whoport -o PID,CONT' 'ready> whoport -o PID,CONTAINER'
	tab 'whoport -o pers' 'ready> whoport -o pers'
	tab 'whoport --columns=PID,CONT' 'ready> whoport --columns=PID,CONTAINER'
	tab 'whoport --columns CONT' 'ready> whoport --columns CONTAINER'
	tab 'whoport --wait=f' 'ready> whoport --wait=free'
	tab 'whoport --wait f' 'ready> whoport --wait free'
	tab 'whoport --color=au' 'ready> whoport --color=auto'
	tab 'whoport --scan b' 'ready> whoport --scan bpf'
	tab 'whoport -N s' 'ready> whoport -N self'
	tab 'whoport --netns=al' 'ready> whoport --netns=all'
	tab 'whoport --proc=/pro' 'ready> whoport --proc=/proc/'
	tab 'whoport -kKI' 'ready> whoport -kKILL'
	tab 'whoport --kill=KI' 'ready> whoport --kill=KILL'
	[ ! -e "$tmp/home/pwned" ] || complain 'a name was evaluated'
	stop
}

options() {
	start "$1" || return 0
	tab 'whoport --dry' 'ready> whoport --dry-run'
	tab 'whoport --no-h' 'ready> whoport --no-header'
	tab 'whoport -' --netns --timeout -k -J
	tab 'whoport +' +c +r +E
	case $shell in
	bash*) # where it lists at once, it would not insert what is shorter
		clear_screen
		terminal send-keys -t it "bind 'set show-all-if-ambiguous off'" Enter
		;;
	esac
	for letter in k i p t n r J K T E; do
		stays "whoport -$letter" '.*'
	done
	stop
}

for shell in bash bash-package zsh fish; do
	check "$shell: ports" ports "$shell"
	check "$shell: values" values "$shell"
	check "$shell: options" options "$shell"
done
