#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Unit tests once more, with system calls refused that old kernels and
# seccomp filters do not give: what they promise holds all the same.
set -u

refuse=tests/tools/no_syscall
unit=tests/unit
failed=0

[ -x "$refuse" ] || { echo "fallbacks: '$refuse' is not built" >&2; exit 77; }

# again CALLS ERRNO PROGRAM...
again() {
	calls=$1 errno=$2
	shift 2
	for test in "$@"; do
		# Without cmocka there are no unit tests.
		[ -x "$unit/$test" ] || continue
		if ! out=$("$refuse" "$calls" --errno "$errno" -- "$unit/$test" 2>&1); then
			printf '%s\n' "$out"
			echo "fallbacks: $test fails without $calls ($errno)" >&2
			failed=1
		fi
	done
}

again openat2 EPERM libutil/test_beneath libutil/test_dir
again close_range ENOSYS libutil/test_fd libutil/test_proc
again close_range EPERM libutil/test_fd libutil/test_proc
again copy_file_range ENOSYS libutil/test_file
again getrandom ENOSYS libutil/test_file

exit $failed
