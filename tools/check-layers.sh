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
# Rooms of one program, from the bottom up: none includes one that stands later.
above() {
	program=$1
	dir=$2
	shift 2
	rooms=$(printf '%s|' "$@")
	if grep -rnE --include='*.[ch]' "^#[[:space:]]*include \"$program/(${rooms%|})/" "$dir"; then
		bad=1
	fi
}
order() {
	program=$1
	shift
	while [ $# -gt 1 ]; do
		room=$1
		shift
		[ ! -d "$program/$room" ] || above "$program" "$program/$room" "$@"
	done
}
# The runtime's host side; the rooms that serve both sides, and the init side, which runs in the
# container, reach into none of it.
host='net container spawn ending creation exec live checkpoint lint verb'
for room in runtime/*/; do
	room=$(basename "$room")
	case " $host " in
	*" $room "*) continue ;;
	esac
	# shellcheck disable=SC2086 # split into words
	above runtime "runtime/$room" $host
done
# shellcheck disable=SC2086 # split into words
order runtime $host
image='template codec tar dockerfile store layer chunked erofs sign auth hosts registry snapshot unpack diff'
image="$image context archive cdi bundle mount pull push copy index commit progress graph cni step solve result"
image="$image attest build verb"
# shellcheck disable=SC2086 # split into words
order imagetool $image
for room in imagetool/*/; do
	case " $image " in
	*" $(basename "$room") "*) ;;
	*)
		echo "check-layers: '$room' has no place in the order" >&2
		bad=1
		;;
	esac
done
[ "$bad" -eq 0 ] || echo "check-layers: the includes above point up or sideways" >&2
exit "$bad"
