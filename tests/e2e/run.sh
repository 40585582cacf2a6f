#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Run the end-to-end tests (bats) against the programs of a build directory.
#
#   run.sh BUILD-DIRECTORY [FILE.bats or FOLDER]...
#
# Prints each test, then what was skipped and why, what failed with its messages, and a closing line.  A skip
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
command -v adopt >/dev/null || {
	echo "$0: '$BUILD_DIR' has no tests/tools/adopt: run make there" >&2
	exit 1
}
[ $# -gt 0 ] || set -- "$here"

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
trap 'exit 130' INT TERM
chmod 755 "$results"

# Some tests are other users for a while, whom root's own directories do not let in.
if [ "$(id -u)" -eq 0 ] && ! setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$BUILD_DIR/creel-image"; then
	mkdir "$results/bin"
	find "$BUILD_DIR" "$BUILD_DIR/tests/tools" -maxdepth 1 -type f -perm -100 -exec cp -t "$results/bin" {} +
	PATH=$results/bin:$PATH
fi

# File by file, so that a line says where the time went.
run_file() { # FILE RESULTS
	local label=${1#"$here/"} status planned ran TIMEFORMAT='%0R s, %1U + %1S of processor'
	# A command in the background of a script ignores SIGINT: tests begin alike, wherever they are run.
	# What `run` took in is printed where a test fails.
	{ time adopt env --default-signal=INT,QUIT bats --print-output-on-failure --tap "$1" >"$2.tap" 2>&1 </dev/null; } 2>"$2.time"
	status=$?
	planned=$(sed -n 's/^1\.\.//p' "$2.tap")
	ran=$(grep -cE '^(ok|not ok) ' "$2.tap")
	{
		sed -E "s|^(ok\|not ok) ([0-9]+) |\1 $label: |" "$2.tap" | grep -v '^1\.\.'
		if [ "${planned:-none}" != "$ran" ]; then
			echo "not ok $label: stopped after $ran of ${planned:-?} tests (exit status $status)"
			sed 's/^/# /' "$2.tap" | tail -n 20
		fi
	} >"$2.out"
	cat "$2.out" >>"$2"
	echo "# $label: $(cat "$2.time")" >>"$2.out"
	flock "$results/files" cat "$2.out"
}

# The first line of a list, which loses it; lanes ask at the same time.
take() { # LIST
	flock "$1.lock" sh -c 'head -n 1 "$1" && sed -i 1d "$1"' - "$1"
}
run_lane() { # NAME LIST...: until the lists are empty, one after the other
	local lane=$1 list file
	for list in "${@:2}"; do
		while file=$(take "$results/$list") && [ -n "$file" ]; do
			run_file "$file" "$results/$lane.results"
		done
	done
}

# Files that take long come first, or one of them is left alone with the machine at the end.
in_order() { # FILES-IN... >FILES
	while read -r name; do
		grep -xF "$here/$name" "$1"
	done < <(grep -v '^#' "$here/long.txt")
	grep -v '^#' "$here/long.txt" | sed "s|^|$here/|" | grep -vxFf - "$1"
}

# Files with engines run one after the other, in the first lane: a daemon and its clients are many
# processes, whose tests have limits of time.  All lanes draw from the others; tests wait more than
# they compute, hence more lanes than processors.
lanes=${E2E_LANES:-$(($(nproc) + 1))}
find "$@" -name '*.bats' | sort >"$results/files"
xargs -r grep -lE '^load (\.\./engines/)?(room|docker|podman|podman_user|ctr|cri|oracle)$' <"$results/files" | sort >"$results/with"
sort "$results/with" | comm -23 "$results/files" - >"$results/without"
in_order "$results/with" >"$results/engines"
in_order "$results/without" >"$results/others"
workers=()
for ((lane = 2; lane <= lanes; lane++)); do
	run_lane "$lane" others &
	workers+=($!)
done
run_lane 1 engines others
[ ${#workers[@]} -eq 0 ] || wait "${workers[@]}"
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
# What failed is said again, with its messages: who reads the end of a record needs no more.
failures() { # LINES-OF-EACH
	awk -v most="$1" '
		function flush(i) {
			if (n > most)
				print "# ... " n - most " lines are left out"
			for (i = n > most ? n - most + 1 : 1; i <= n; i++)
				print line[i]
			n = 0
		}
		/^(ok|not ok) / { flush(); failed = /^not/; if (failed) print; next }
		failed && !/^# \(in test file / { line[++n] = $0; next }
		failed
		END { flush() }' "$results/all"
}
if [ "$failed" -gt 0 ]; then
	echo "# failed, with the end of what each said:"
	failures $((failed > 3 ? 8 : 25))
	if [ "$failed" -gt 1 ]; then
		echo "# failed:"
		sed -n 's/^not ok /#   /p' "$results/all" | tail -n 20
	fi
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
