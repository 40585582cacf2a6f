#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Run the end-to-end tests (bats) against the programs of a build directory.
#
#   run.sh BUILD-DIRECTORY [FILE.bats or FOLDER]...
#
# Prints each test, then what was skipped and why, then a closing line.  A skip
# that tests/e2e/skips.txt does not list is a failure when CI is set or
# E2E_STRICT=1: nothing may be left out silently.
set -u

[ $# -ge 1 ] || {
	echo "usage: $0 BUILD-DIRECTORY [FILE.bats or FOLDER]..." >&2
	exit 2
}
here=$(cd "$(dirname "$0")" && pwd)
BUILD_DIR=$(cd "$1" && pwd) || exit 2
shift
export BUILD_DIR
export SRC_DIR=${here%/tests/e2e}
export PATH="$BUILD_DIR:$BUILD_DIR/tests/tools:$PATH"

command -v bats >/dev/null || {
	echo "$0: bats is missing: run tools/install-packages.sh test" >&2
	exit 1
}
[ $# -gt 0 ] || set -- "$here"

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
trap 'exit 130' INT TERM

# File by file, so that a line says where the time went.
run_file() { # FILE RESULTS
	local label=${1#"$here/"} start status planned ran
	start=$(date +%s)
	# a command in the background of a script ignores SIGINT: tests begin alike, wherever they are run
	env --default-signal=INT,QUIT bats --tap "$1" >"$2.tap" 2>&1 </dev/null
	status=$?
	planned=$(sed -n 's/^1\.\.//p' "$2.tap")
	ran=$(grep -cE '^(ok|not ok) ' "$2.tap")
	{
		sed -E "s|^(ok\|not ok) ([0-9]+) |\1 $label: |" "$2.tap" | grep -v '^1\.\.'
		if [ "${planned:-none}" != "$ran" ]; then
			echo "not ok $label: stopped after $ran of ${planned:-?} tests (exit status $status)"
		fi
	} >"$2.out"
	cat "$2.out" >>"$2"
	echo "# $label: $(($(date +%s) - start)) s" >>"$2.out"
	flock "$results/files" cat "$2.out"
}
run_lane() { # NAME, of a list of files
	while read -r file; do
		run_file "$file" "$results/$1.results"
	done <"$results/$1"
}

# Engines share the machine's bridges, address ranges and packet filter: their files run one after
# the other, beside all others'.  E2E_LANES=1 runs everything in one line.
find "$@" -name '*.bats' | sort >"$results/files"
if [ "${E2E_LANES:-2}" = 1 ]; then
	cp "$results/files" "$results/engines"
	: >"$results/own"
else
	xargs -r grep -lE 'dockerd|containerd|podman|buildah' <"$results/files" | sort >"$results/engines"
	sort "$results/engines" | comm -23 "$results/files" - >"$results/own"
fi
run_lane own &
own=$!
run_lane engines
wait "$own"
cat "$results"/*.results >"$results/all"

failed=$(grep -c '^not ok ' "$results/all")
skipped=$(grep -cE '^ok .* # skip' "$results/all")
passed=$(($(grep -c '^ok ' "$results/all") - skipped))

undocumented=0
if [ "$skipped" -gt 0 ]; then
	echo "# skipped:"
	while read -r line; do
		name=$(printf '%s\n' "$line" | sed -E 's/^ok (.*) # skip.*/\1/')
		reason=$(printf '%s\n' "$line" | sed -E 's/.* # skip *//')
		if grep -qxF "$name" "$here/skips.txt"; then
			echo "#   $name ($reason)"
		else
			echo "#   $name ($reason): NOT in tests/e2e/skips.txt"
			undocumented=$((undocumented + 1))
		fi
	done < <(grep -E '^ok .* # skip' "$results/all")
fi
if [ "$failed" -gt 0 ]; then
	echo "# failed:"
	sed -n 's/^not ok /#   /p' "$results/all"
fi
echo "$passed passed, $failed failed, $skipped skipped"

if [ "$failed" -gt 0 ] || [ "$((passed + skipped))" -eq 0 ]; then
	exit 1
fi
if [ "$undocumented" -gt 0 ] && [ "${CI:-}${E2E_STRICT:-}" != "" ]; then
	echo "$0: $undocumented tests were skipped that tests/e2e/skips.txt does not list" >&2
	exit 1
fi
exit 0
