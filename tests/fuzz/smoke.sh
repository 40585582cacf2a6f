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

# fuzz TARGET: one line when it is clean, its output and the input that broke it when not.
fuzz() {
	local name=${1##*/fuzz_}
	mkdir "$scratch/$name" "$scratch/$name.d"
	(cd "$scratch/$name.d" && "$1" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
		-print_final_stats=1 "$scratch/$name" "$here/corpus/$name") >"$scratch/$name.out" 2>&1 || {
		tail -n 60 "$scratch/$name.out"
		cp "$scratch/$name.d"/crash-* "$scratch/$name.d"/timeout-* "$scratch/$name.d"/oom-* . 2>/dev/null || true
		echo "fuzz $name: FAILED (the input is kept in $PWD)" >&2
		return 1
	}
	echo "fuzz $name: $(sed -n 's/stat::number_of_executed_units: *//p' "$scratch/$name.out") runs in $seconds s, clean"
}
export -f fuzz
export scratch here seconds=$2

# Objects lie there too, and .deps.
find "$build/tests/fuzz" -maxdepth 1 -type f -executable -name 'fuzz_*' | sort >"$scratch/targets"
[ -s "$scratch/targets" ] || {
	echo "$0: no fuzz target in $1/tests/fuzz: configure with --enable-fuzzers" >&2
	exit 1
}
# As many at once as there are processors; the first that fails ends all.
# shellcheck disable=SC2016 # expanded by the inner shell
xargs -P "$(nproc)" -I{} bash -c 'fuzz "$1" || exit 255' bash {} <"$scratch/targets"
