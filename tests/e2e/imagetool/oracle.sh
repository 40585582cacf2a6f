#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Cases of Dockerfiles (dockerfiles/*) and what builders make of them.
#
#     oracle.sh show creel|buildkit|buildah CASE...    print what one builds
#     oracle.sh record buildkit|buildah [CASE...]      write it into the cases: for those without a record,
#                                                      or for those that are named
#     oracle.sh check creel|buildkit|buildah [CASE...] compare with what is recorded
#
# BUILD_DIR is the directory that was built in; KEEP is one for what differs between ours and BuildKit's.
set -u
: "${BUILD_DIR:=$PWD}"
SRC_DIR=$(cd "$(dirname "$0")/../../.." && pwd)
export SRC_DIR BUILD_DIR
. "$SRC_DIR/tests/e2e/helpers.bash"
. "$SRC_DIR/tests/e2e/imagetool/layout.bash"
. "$SRC_DIR/tests/e2e/imagetool/oracle.bash"
. "$SRC_DIR/tests/e2e/imagetool/verdict.bash"

[ $# -ge 2 ] || {
	sed -n '3,11s/^# \{0,1\}//p' "$0" >&2
	exit 2
}
verb=$1 builder=$2
shift 2
[ $# -gt 0 ] || {
	cd "$CASES" || exit 1
	all=()
	for name in *; do
		[ "$verb" = record ] && { [ -e "$name/$builder" ] || [ -e "$name/error" ]; } || all+=("$name")
	done
	set -- "${all[@]}"
}
dir=$(mktemp -d)
trap 'oracle_close; unmount_below "$dir"; rm -rf "${dir:?}"' EXIT
trap 'exit 130' INT TERM
unmount_below() {
	awk -v top="$1/" 'index($5, top) == 1 { print $5 }' /proc/self/mountinfo | sort -r | xargs -r umount -l
}
oracle_open "$dir" || exit 1
"open_$builder" || exit 1
failed=0
for name; do
	"${verb}_case" "$builder" "$name" || failed=$((failed + 1))
done
echo "$# cases, $failed failed" >&2
[ "$failed" -eq 0 ]
