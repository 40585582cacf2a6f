#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Run every fuzz target for a few seconds from its corpus: a smoke test, not a campaign.
#   smoke.sh BUILD-DIRECTORY SECONDS
set -eu
[ $# -eq 2 ] || {
	echo "usage: $0 BUILD-DIRECTORY SECONDS" >&2
	exit 2
}
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
ran=0
for target in "$build"/tests/fuzz/fuzz_*; do
	if [ ! -x "$target" ] || [ -d "$target" ]; then
		continue # objects, and .deps
	fi
	name=${target##*/fuzz_}
	mkdir "$scratch/$name"
	(cd "$scratch" && "$target" -max_total_time="$2" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
		"$scratch/$name" "$here/corpus/$name") >"$scratch/out" 2>&1 || {
		tail -n 60 "$scratch/out"
		cp "$scratch"/crash-* "$scratch"/timeout-* "$scratch"/oom-* . 2>/dev/null || true
		echo "fuzz $name: FAILED (the input is kept in $PWD)" >&2
		exit 1
	}
	echo "fuzz $name: $(sed -n 's/stat::number_of_executed_units: *//p' "$scratch/out") runs in $2 s, clean"
	ran=$((ran + 1))
done
[ "$ran" -gt 0 ] || {
	echo "$0: no fuzz target in $1/tests/fuzz: configure with --enable-fuzzers" >&2
	exit 1
}
