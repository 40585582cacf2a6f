#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Everything that must hold before a change lands, on a bare Debian 12 as root:
# install what the tests need, build, unit tests, end-to-end tests, sanitizers,
# fuzz corpora, static checks, distcheck, tests in a guest.  Each part prints its time; the first
# failure ends it.  Build directories are kept below $CREEL_CI_DIR for a second run.
set -eu -o pipefail

src=$(cd "$(dirname "$0")/.." && pwd)
work=${CREEL_CI_DIR:-$src/build-ci}
started=$SECONDS
export E2E_STRICT=1

part() {
	local name=$1 begin=$SECONDS
	shift
	printf '\n==> %s\n' "$name"
	"$@" || {
		echo "ci: '$name' failed after $((SECONDS - begin)) s" >&2
		exit 1
	}
	printf '==> %s: passed in %d s\n' "$name" $((SECONDS - begin))
}
# A noisy step: its output is shown only when it fails.
quietly() {
	local log=$work/$1.log
	shift
	"$@" >"$log" 2>&1 || {
		tail -n 80 "$log" >&2
		echo "ci: '$*' failed; the whole output is in $log" >&2
		return 1
	}
}

# The parts.  `set -e` does not reach into them, as part() looks at their status: hence the chains.
build_in() {
	local dir=$work/$1
	shift
	mkdir -p "$dir" && cd "$dir" &&
		quietly configure "$src/configure" --enable-werror "$@" &&
		quietly build make -j "$(nproc)" all
}
unit_tests() {
	quietly "$1" make -j "$(nproc)" check || {
		failed_tests . >&2
		return 1
	}
	grep -E '^# (TOTAL|PASS|SKIP|FAIL|ERROR)' "$work/$1.log"
}
# What the tests of a build directory that failed have said: make says no more than their names.
failed_tests() {
	local result
	find "$1" -name '*.trs' -exec grep -lE '^:test-result: (FAIL|ERROR)' {} + | sort | while read -r result; do
		printf '\n--- %s failed:\n' "${result%.trs}"
		tail -n 25 "${result%.trs}.log"
	done
}

plain_build() {
	cd "$src" && quietly autogen ./autogen.sh && build_in plain
}
plain_check() {
	cd "$work/plain" && unit_tests check
}
sanitized_check() {
	build_in sanitized --enable-sanitizers CFLAGS="-O1 -g1" && unit_tests check-sanitized
}
fuzz_smoke() {
	build_in fuzz --enable-fuzzers --enable-sanitizers CC=clang CFLAGS="-O1 -g1" &&
		quietly fuzz "$src/tests/fuzz/smoke.sh" "$work/fuzz" "${FUZZ_SECONDS:-3}" &&
		cat "$work/fuzz.log"
}
end_to_end() {
	"$src/tests/e2e/run.sh" "$work/plain"
}
# In a virtual machine, whose image is made once and kept.  `make check-guest` has more of criu: some
# minutes on an emulated processor.
guest_tests() {
	local name files=()
	for name in apparmor checkpoint limits podman rootless systemd update; do
		files+=("$src/tests/guest/$name.bats")
	done
	"$src/tests/guest/run.sh" --build "$work/plain" &&
		"$src/tests/guest/run.sh" "$work/plain" "${files[@]}"
}
# It emulates one busy processor, so it runs beside parts that only compute; they are polite and it
# does not feel them.  What it says is kept until it is asked for.
guest=
begin_guest_tests() {
	set -m
	(begin=$SECONDS && guest_tests && echo "in the guest for $((SECONDS - begin)) s") >"$work/guest.log" 2>&1 </dev/null &
	guest=$!
	set +m
}
end_guest_tests() {
	local status=0
	wait "$guest" || status=$?
	guest=
	cat "$work/guest.log"
	[ "$status" -ne 0 ] || return 0
	# 77: it can't be done here, and has said why.
	if [ "$status" -eq 77 ]; then
		echo "skipped"
		return 0
	fi
	echo "--- failed in the guest:"
	awk '/^(ok|not ok) / { failed = /^not/ } failed' "$work/guest.log" | tail -n 30
	return 1
}
polite_part() {
	(renice -n 10 "$BASHPID" >/dev/null && part "$@")
}
lint() {
	cd "$work/plain" && make -s check-format && make -s lint
}
analyze() {
	cd "$work/plain" && quietly analyze make analyze && tail -n 1 "$work/analyze.log"
}
# Whether the archive is whole, builds elsewhere and installs: neither takes optimised programs nor a small archive.
dist() {
	cd "$work/plain" && XZ_OPT=-1 quietly distcheck make -j "$(nproc)" distcheck DISTCHECK_CONFIGURE_FLAGS="CFLAGS=-O0" || {
		failed_tests . >&2
		return 1
	}
}

mkdir -p "$work"
trap '[ -z "$guest" ] || kill -TERM -- "-$guest" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM
part "packages" "$src/tools/install-packages.sh" test
part "build" plain_build
part "unit tests" plain_check
begin_guest_tests
polite_part "static checks" lint
polite_part "unit tests with sanitizers" sanitized_check
polite_part "fuzz targets" fuzz_smoke
polite_part "gcc -fanalyzer" analyze
polite_part "make distcheck" dist
part "guest tests, begun before the static checks" end_guest_tests
part "end-to-end tests" end_to_end
printf '\nci: all parts passed in %d s\n' $((SECONDS - started))
