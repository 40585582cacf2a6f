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
# The rooms of the runtime's host side, from the bottom up: none includes one that stands later.
host='net container spawn ending creation exec live checkpoint lint verb'
above() {
	dir=$1
	shift
	rooms=$(printf '%s|' "$@")
	if grep -rnE --include='*.[ch]' "^#[[:space:]]*include \"runtime/(${rooms%|})/" "$dir"; then
		bad=1
	fi
}
# shellcheck disable=SC2086 # split into words
set -- $host
# The rooms that serve both sides, and the init side, which runs in the container, reach into none.
for room in runtime/*/; do
	room=$(basename "$room")
	case " $host " in
	*" $room "*) ;;
	*) above "runtime/$room" "$@" ;;
	esac
done
while [ $# -gt 1 ]; do
	room=$1
	shift
	above "runtime/$room" "$@"
done
[ "$bad" -eq 0 ] || echo "check-layers: the includes above point up or sideways" >&2
exit "$bad"
