#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fail when a folder includes a header from a folder above or beside it.
set -eu
cd "$(dirname "$0")/.."
bad=0
allow() {
	dir=$1
	shift
	ok=$(printf '%s|' "$dir" "$@")
	ok=${ok%|}
	if grep -rnE --include='*.[ch]' '^#[[:space:]]*include "' "$dir" |
		grep -vE "include \"($ok)/"; then
		bad=1
	fi
}
allow libutil
allow oci-spec libutil
allow runtime oci-spec libutil
allow shim oci-spec libutil
allow imagetool oci-spec libutil
# The init side runs in the container: it never reaches back to the host side's rooms.
if grep -rnE --include='*.[ch]' '^#[[:space:]]*include "runtime/(container|verb)/' runtime/init; then
	bad=1
fi
[ "$bad" -eq 0 ] || echo "check-layers: the includes above point up or sideways" >&2
exit "$bad"
