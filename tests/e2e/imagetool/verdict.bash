# SPDX-License-Identifier: Apache-2.0
# Whether what was built is what is recorded.

show_case() { # BUILDER CASE
	oracle_build "$1" "$2" || {
		cat "$ORACLE/$1.log"
		return 1
	}
}

# Where Debian's BuildKit takes what the newest refuses, there is a record beside the error.
must_fail() { # BUILDER CASE
	[ -e "$CASES/$2/error" ] && { [ "$1" = creel ] || [ ! -e "$CASES/$2/buildkit" ]; }
}

# record_case BUILDER CASE
record_case() {
	local got=$ORACLE/got
	if must_fail "$1" "$2"; then
		check_case "$1" "$2"
		return
	fi
	oracle_build "$1" "$2" >"$got" || {
		echo "$2: $1 fails:" && tail -n 5 "$ORACLE/$1.log"
		return 1
	}
	if [ "$1" = buildah ]; then
		record_buildah "$2" "$got"
	else
		cp "$got" "$CASES/$2/$1"
	fi
	echo "$2: recorded"
}

# buildah makes one layer of a build, words its history in its own way, signs with a label, does not set
# ArgsEscaped (which says something on Windows), and keeps the times of directories.
without_layers() { # FILE [THEIRS]
	{
		sed '/^}$/q' "$1" | jq -S 'del(.history, .config.Labels["io.buildah.version"], .config.ArgsEscaped)
			| if .config.Labels == {} then del(.config.Labels) else . end'
		sed -n '/^tree$/,$p' "$1" | settled_times "${2:-/dev/null}" -
	}
}

record_buildah() { # CASE FILE
	without_layers "$CASES/$1/buildkit" >"$ORACLE/left"
	without_layers "$2" "$CASES/$1/buildkit" >"$ORACLE/right"
	differences "$ORACLE/left" "$ORACLE/right" >"$CASES/$1/buildah"
	[ -s "$CASES/$1/buildah" ] || rm "$CASES/$1/buildah"
}

# differences FILE FILE: lines with - are only in the first, with + only in the second.
differences() {
	diff -U0 "$1" "$2" | sed '1,2d; /^@@/d'
}

# same_as FILE: standard input is what FILE says, but for comments; an empty FILE is one that is not there.
same_as() {
	diff <(grep -v '^#' "$1" 2>/dev/null) -
}

check_case() { # BUILDER CASE
	local got=$ORACLE/got verdict
	if must_fail "$1" "$2"; then
		verdict=$(check_error "$1" "$2") && return 0
	elif [ "$1" = buildah ] && grep -qx fails "$CASES/$2/buildah" 2>/dev/null; then
		! oracle_build "$1" "$2" >"$got" || verdict="does not fail"
		[ -n "${verdict:-}" ] || return 0
	elif ! oracle_build "$1" "$2" >"$got"; then
		verdict=$(echo "fails:" && tail -n 5 "$ORACLE/$1.log")
	else
		verdict=$("compare_$1" "$2" "$got") && return 0
	fi
	echo "$2: $1: $verdict"
	return 1
}

# settled_times THEIRS OURS: our lines, where a directory that COPY made has the time that it has in the source
# with theirs.  Debian's BuildKit leaves the time of the build on those that have entries; it does not since 0.9.
settled_times() {
	awk 'FILENAME == ARGV[1] { theirs[$0] = 1; next }
		!($0 in theirs) && / dir .* mtime=[0-9]+/ {
			line = $0
			sub(/ mtime=[0-9]+/, " mtime=now", line)
			if (line in theirs)
				$0 = line
		}
		{ print }' "$1" "$2"
}

compare_creel() { # CASE FILE
	settled_times "$CASES/$1/buildkit" "$2" >"$ORACLE/settled"
	differences "$CASES/$1/buildkit" "$ORACLE/settled" >"${KEEP:-$ORACLE}/$1.differences"
	same_as "$CASES/$1/expect" <"${KEEP:-$ORACLE}/$1.differences"
}

compare_buildkit() {
	differences "$CASES/$1/buildkit" "$2" | same_as /dev/null
}

compare_buildah() {
	without_layers "$CASES/$1/buildkit" >"$ORACLE/left"
	without_layers "$2" "$CASES/$1/buildkit" >"$ORACLE/right"
	differences "$ORACLE/left" "$ORACLE/right" | same_as "$CASES/$1/buildah"
}

# It fails; who names a line names the right one, and our words are what the case says.
check_error() { # BUILDER CASE
	local line words named
	read -r line words < <(grep -v '^#' "$CASES/$2/error")
	if oracle_build "$1" "$2" >/dev/null; then
		echo "does not fail"
		return 1
	fi
	named=$(sed -nE 's/.*(Dockerfile:|line )([0-9]+).*/\2/p' "$ORACLE/$1.log" | tail -n 1)
	if [ "$line" != - ] && [ "${named:-$line}" != "$line" ]; then
		echo "names line $named, not $line" && cat "$ORACLE/$1.log"
		return 1
	fi
	[ "$1" = creel ] || return 0
	if [ "$line" != - ] && [ -z "$named" ]; then
		echo "names no line" && cat "$ORACLE/$1.log"
		return 1
	fi
	grep -qE -- "$words" "$ORACLE/$1.log" || {
		echo "does not say '$words'" && cat "$ORACLE/$1.log"
		return 1
	}
}
