#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Static checks: clang-tidy, cppcheck, shellcheck, codespell, layers, length.
#   lint.sh BUILD-DIRECTORY     (config.h is read from there)
# Nearly all of its time is clang's analyzer following calls: LINT_DEPTH=deep lets it follow more of
# them and takes two and a half times as long.
set -u
[ $# -eq 1 ] || {
	echo "usage: $0 BUILD-DIRECTORY" >&2
	exit 2
}
build=$(cd "$1" && pwd) || exit 2
cd "$(dirname "$0")/.." || exit 2
for tool in clang-tidy cppcheck shellcheck codespell; do
	command -v "$tool" >/dev/null || {
		echo "$0: $tool is missing: run tools/install-packages.sh test" >&2
		exit 1
	}
done

bad=0
step() {
	local name=$1
	shift
	if "$@"; then
		echo "lint: $name: clean"
	else
		echo "lint: $name: FAILED"
		bad=1
	fi
}

mapfile -t sources < <(find libutil oci-spec runtime shim imagetool -name '*.c' | sort)
mapfile -t scripts < <(find tools tests .ci -name '*.sh' -o -name '*.bash' -o -path .ci/run -o -path tests/guest/vm-run | sort; echo autogen.sh)

# shellcheck disable=SC2016,SC2317 # run through step(); the quoted script has its own arguments
tidy() {
	printf '%s\0' "${sources[@]}" |
		xargs -0 -n 4 -P "$(nproc)" sh -c '
			build=$1; shift
			out=$(clang-tidy --quiet "$@" -- -std=gnu11 -include "$build/config.h" -I. \
				-DPKGLIBEXECDIR=\"/l\" -DSYSCONFDIR=\"/e\" -DBINDIR=\"/b\" \
				-Xclang -analyzer-config -Xclang "mode=${LINT_DEPTH:-shallow}" 2>/dev/null) || {
				printf "%s\n" "$out"
				exit 1
			}' sh "$build"
}
# shellcheck disable=SC2317
check_cpp() {
	# autoVariables: an object on the stack may be lent to what it outlives.
	cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --max-configs=4 -j "$(nproc)" \
		--enable=warning,performance,portability --suppress=memleak --suppress=resourceLeak \
		--suppress=missingIncludeSystem --suppress=unknownMacro --suppress=autoVariables --suppress=internalAstError \
		--include="$build/config.h" -I. "${sources[@]}"
}
step layers tools/check-layers.sh
step length tools/check-length.sh
step shellcheck shellcheck -x -S warning -P tests/e2e "${scripts[@]}"
step codespell codespell -q 3 -S '*.json,*.tar,*/tests/data/*,*/fuzz/corpus/*,tests/data/*,tests/fuzz/corpus/*' \
	-L "$(paste -sd, tools/codespell-words.txt)" \
	README.md CHANGELOG.md CONTRIBUTING.md docs man libutil oci-spec runtime shim imagetool tools tests
step cppcheck check_cpp
step clang-tidy tidy
exit "$bad"
