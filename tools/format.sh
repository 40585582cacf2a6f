#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Format all C sources with clang-format, or with --check only say which differ.
set -eu
cd "$(dirname "$0")/.."
command -v clang-format >/dev/null || {
	echo "$0: clang-format is missing: run tools/install-packages.sh test" >&2
	exit 1
}
files=$(find libutil oci-spec runtime shim imagetool tests tools -name '*.[ch]')
case ${1-} in
--check)
	# shellcheck disable=SC2086 # a list of names without blanks
	clang-format --dry-run --Werror $files
	;;
'')
	# shellcheck disable=SC2086
	clang-format -i $files
	;;
*)
	echo "usage: $0 [--check]" >&2
	exit 2
	;;
esac
