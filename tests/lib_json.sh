# shellcheck shell=sh
# Sourced by the libraries of the command line and live tests: Python, and JSON that is
# checked by tests/json_check.py. Set by them: $tests, the directory of this file.
: "${tests:=tests}"
python=/usr/bin/python3 # the one that Debian's packages of modules are for
python_has=''
export PYTHONDONTWRITEBYTECODE=1 # the tree may be read-only

# needs_python MODULE...: false if something is missing, then why_not tells what.
# shellcheck disable=SC2034 # for the caller
needs_python() {
	for module; do
		case " $python_has " in *" $module "*) continue ;; esac
		why_not="$python is missing"
		[ -x "$python" ] || return 1
		why_not="the Python module $module is missing"
		"$python" -c "import $module" 2>/dev/null || return 1
		python_has="$python_has $module"
	done
}

# check_json document|lines [some|cycles]... FILE: print what is wrong.
check_json() {
	"$python" "$tests/json_check.py" "$@" 2>&1
}
