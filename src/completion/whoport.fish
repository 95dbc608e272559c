# Completion of whoport's command line for fish: options, their values, and as targets the
# ports, each with a command that holds it, and the abstract unix sockets in use, for which
# whoport itself is asked.
#
# Names of foreign processes and sockets are data: they come out of command substitutions,
# which fish does not evaluate again, and it quotes what it inserts.

# whoport as it was typed; an alias for it cannot be run from here.
function __whoport_ask
    set -l program (commandline -opc)[1]
    set program (string replace -r '^~/' "$HOME/" -- "$program")
    command -q "$program"; or set program whoport
    command $program -w --no-header $argv 2>/dev/null </dev/null
end

# What is typed of the value under the cursor, its option left out.
function __whoport_typed
    commandline -ct | string replace -r -- '^(--[a-z-]+=|-[aUtJjEDRlHLOXQVwnPh]*[spucdNoi])' ''
end

# Put the list that is there, up to its last comma and the like, before each line of stdin.
function __whoport_listed
    set -l before (__whoport_typed | string match -r -- '^.*[,:^]')
    while read -l line
        printf '%s%s\n' "$before" $line
    end
end

# Ports in use, of the protocols alone that the word names: tcp: TCP,UDP: 4UDP@h:
function __whoport_ports
    set -l one '(?:TCP|UDP|UDPLITE|MPTCP|SCTP)'
    set -l of (__whoport_typed | string upper |
        string replace -rf "^[46]?($one(,$one)*)[@:].*" '$1' | string split ,)
    contains TCP $of; and set -a of MPTCP # which is TCP, too
    set -q of[1]; or set of '\S+'
    set of (string join '|' -- $of)
    __whoport_ask -o COMMAND,NODE,LOCAL |
        string replace -rf "^(\S+)\s+(?:$of)\s.*:(\d+)\$" '$2\t$1' |
        string replace -r '\t-$' '' | sort -nu | __whoport_listed
end

# Of foreign names those that can be typed as they are shown.
function __whoport_names
    __whoport_ask $argv | string match -r '^[A-Za-z0-9_@][A-Za-z0-9_@/.,:+-]*$' | sort -u
end

# Paths; a name with a newline comes as two lines.
function __whoport_paths
    for line in (__fish_complete_path $argv)
        test -e (string replace -r '\t.*' '' -- $line); and printf '%s\n' $line
    end
end

function __whoport_targets
    switch (commandline -ct)
        case '@*'
            __whoport_behind_i; or __whoport_names -U -o LOCAL
        case '.*' '~*' '*/*'
            __whoport_paths (commandline -ct)
            set -l ports (commandline -ct | string match -r '^:?\d[\d,-]*/')
            and printf '%s\tprotocol\n' $ports{tcp,udp,udplite,mptcp,sctp}
        case '*'
            __whoport_ports
    end
end

function __whoport_inet
    string match -q -- '*:*' (__whoport_typed)
    or printf '%s\tprotocol\n' TCP UDP UDPLITE RAW MPTCP SCTP | __whoport_listed
end

function __whoport_states
    set -l states LISTEN ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE \
        CLOSE_WAIT LAST_ACK CLOSING BOUND UNCONNECTED CONNECTING CONNECTED DISCONNECTING
    printf '%s\tstate\n' $states | __whoport_listed
end

function __whoport_columns
    set -l columns COMMAND PID TID TASKCMD PPID PGID USER FD TYPE DEVICE SIZE NODE NAME STATE \
        LOCAL REMOTE INODE NETNS UID ARGS CWD START UNIT CONTAINER RECVQ SENDQ PEER REASON
    set -l used (__whoport_typed | string upper | string split ,)[1..-2]
    for column in $columns
        contains -- $column $used; or printf '%s\tcolumn\n' $column
    end | __whoport_listed
end

function __whoport_pids
    __whoport_ask --all -o PID,COMMAND | string replace -rf '^\s*(\d+)\s+(\S+)$' '$1\t$2' |
        sort -nu | __whoport_listed
end

function __whoport_netns
    switch (__whoport_typed)
        case '*/*'
            __whoport_paths (__whoport_typed)
        case '*'
            printf '%s\n' self all
            for path in /run/netns/*
                string replace -r '.*/' '' -- $path
            end
    end
end

function __whoport_commands
    set -l before (__whoport_typed | string match -r '^\^')
    __whoport_names --all -o COMMAND | string replace -r '^' "$before"
end

function __whoport_at_plus
    string match -q -- '+*' (commandline -ct)
end

function __whoport_at_target
    not __whoport_at_plus; and test (commandline -opc)[-1] != +c
end

# True where a value may be attached. Options that take no other are declared with this
# condition and to need a value (-x): so fish does not join other letters behind them, and yet
# does not take the next word for their value.
function __whoport_at_dash
    string match -q -- '-*' (commandline -ct)
end

function __whoport_behind_i
    string match -qr -- '^-[aUtJjEDRlHLOXQVwnPh]*i$' (commandline -opc)[-1]
end

set -l sigs TERM KILL HUP INT QUIT ABRT ALRM PIPE USR1 USR2 STOP TSTP CONT WINCH

complete -c whoport -f
complete -c whoport -k -n __whoport_at_target -a '(__whoport_targets)'
complete -c whoport -n __whoport_behind_i -a '(__whoport_inet)'

complete -c whoport -n __whoport_at_dash -s i -x -k -a '(__whoport_inet; __whoport_ports)' \
    -d 'Internet sockets, by either end'
complete -c whoport -s U -d 'Unix sockets'
complete -c whoport -s s -x -a '(__whoport_states)' -d 'Only these states, or all but these'
complete -c whoport -s p -x -k -a '(__whoport_pids)' -d 'Only these processes'
complete -c whoport -s u -x -a '(__fish_complete_users | __whoport_listed)' -d 'Only these users'
complete -c whoport -s c -x -a '(__whoport_commands)' -d 'Only commands that begin so'
complete -c whoport -s d -x -d 'Only these descriptors'
complete -c whoport -n __whoport_at_dash -s g -x -d 'Show process groups; only these'
complete -c whoport -s N -l netns -x -a '(__whoport_netns)' -d 'Network namespace'
complete -c whoport -l all -d 'Of a target every state; alone every socket'
complete -c whoport -s a -d 'Accepted: selections always AND'
complete -c whoport -s t -d 'Print process IDs only'
complete -c whoport -n __whoport_at_dash -s F -x -d 'Fields for programs'
complete -c whoport -s J -d 'One JSON document'
complete -c whoport -s j -d 'One JSON object a line'
complete -c whoport -n __whoport_at_dash -s r -x -d 'Again and again'
complete -c whoport -n __whoport_at_plus -a +r -d 'Until nothing is found'
complete -c whoport -s E -d 'Show who has the other end'
complete -c whoport -n __whoport_at_plus -a +E -d 'List the other ends, too'
complete -c whoport -s D -l details -d 'A card for each socket and holder'
complete -c whoport -l sockopts -d 'The same, with the options of the sockets'
complete -c whoport -l brief -d 'No lines about processes below rows'
complete -c whoport -s o -l columns -x -a '(__whoport_columns)' -d 'Choose columns'
complete -c whoport -l no-header -d 'Leave out the header line'
complete -c whoport -s R -d 'Show parent process IDs'
complete -c whoport -n __whoport_at_dash -s K -x -a i -d 'Show the descriptors of each thread'
complete -c whoport -s l -d 'Show user IDs, not names'
complete -c whoport -n __whoport_at_dash -s T -x -a 'q s qs' -d 'Show queues (q), state (s), or neither'
complete -c whoport -n __whoport_at_plus -a +c -d 'Width of COMMAND, 0 for all of it'
complete -c whoport -n __whoport_at_plus -a +P -d 'Show ports by name'
complete -c whoport -n __whoport_at_plus -a +n -d 'Show hosts by name'
complete -c whoport -s n -d 'Numeric hosts (always so)'
complete -c whoport -s P -d 'Numeric ports (always so)'
complete -c whoport -l color -x -a 'auto always never' -d 'Colour'
complete -c whoport -s b -d 'Accepted: changes nothing'
complete -c whoport -s Q -d 'Exit 0 also if something was not found'
complete -c whoport -s V -d 'Say what was not found'
complete -c whoport -s w -d 'No notes'
complete -c whoport -n __whoport_at_plus -a +w -d 'Notes again'
complete -c whoport -n __whoport_at_dash -s k -x -k -a "$sigs" -d 'Signal who holds'
complete -c whoport -l kill -a "$sigs" -d 'Signal who holds'
complete -c whoport -l grace -x -d 'Of -k: then KILL for who lives'
complete -c whoport -l dry-run -d 'Say what -k or --close would do'
complete -c whoport -l ask -d 'Ask before -k or --close act'
complete -c whoport -l force -d 'Of -k: guarded processes, too'
complete -c whoport -l close -d 'End connections, not processes'
complete -c whoport -l wait -x -a 'free listen' -d 'Until all targets are so'
complete -c whoport -l timeout -x -d 'Of --wait: then exit status 1'
complete -c whoport -l why -d 'Say why bind() to a target would fail'
complete -c whoport -l probe -d 'Of --why: try a bind(), too'
complete -c whoport -l source -x -a 'auto proc diag' -d 'Where sockets are looked up'
complete -c whoport -l scan -x -a 'auto proc bpf' -d 'How holders are looked for'
complete -c whoport -l stats -d 'Tell on stderr what it took'
complete -c whoport -l proc -x -a '(__fish_complete_directories (__whoport_typed))' -d 'Proc tree'
complete -c whoport -s h -l help -d 'Print a summary'
complete -c whoport -s v -l version -d 'Print the version'
