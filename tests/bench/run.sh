#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Start of a container, compared: creel, crun and runc as far as they are installed, and floor, which makes
# the same namespaces and mounts and nothing else; start of a program: creel --version and an empty one.
#
#     make bench [ROUNDS=N] [VIEW=v1|v2]          (as root; 20 rounds unless said otherwise)
#
# All run in one view of the control groups, in a mount namespace of this script's own:
#   v1   the controllers' hierarchies alone; a hybrid machine's v2 tree is hidden, since crun refuses hybrids
#   v2   a fresh cgroup2 on /sys/fs/cgroup; crun before 1.9 wants CAP_SYS_RESOURCE for it
set -euo pipefail

build=${BUILD_DIR:-$PWD}
rounds=${ROUNDS:-20}
hybrid=/sys/fs/cgroup/unified/cgroup.controllers
default=v2
[ ! -e "$hybrid" ] || default=v1
view=${VIEW:-$default}

if [ "${1-}" != inside ]; then
	[ "$(id -u)" -eq 0 ] || { echo "bench: needs root" >&2; exit 1; }
	exec unshare --mount --propagation slave "$0" inside
fi

case $view in
v1) [ ! -e "$hybrid" ] || mount --bind /dev/null "$hybrid" ;;
v2) [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup ;;
*) echo "bench: VIEW is v1 or v2" >&2; exit 2 ;;
esac
work=$(mktemp -d)
trap 'cd / && umount -l "$work" && rmdir "$work"' EXIT
mount -t tmpfs bench "$work" # state and bundle cost the same on every machine
mkdir -p "$work"/rootfs/{bin,dev,proc,sys,tmp,etc}
cp "$build/tests/bench/empty" "$work/rootfs/bin/true"
cd "$work"

# The document creel writes; an older version number for the sake of older runtimes.
"$build/creel" spec
sed -i -e 's/"ociVersion": "[^"]*"/"ociVersion": "1.0.2"/' -e 's/"terminal": true/"terminal": false/' \
	-e '/"args"/,/]/s/"sh"/"\/bin\/true"/' config.json

runs() { # NAME PROGRAM...: a contestant that runs the bundle, if it is there and able to
	local name=$1 program=$2
	command -v "$program" >/dev/null || { echo "bench: no $name here"; return 0; }
	if ! "$program" --root "$work/state-$name" run --bundle "$work" "bench-$name" >/dev/null 2>"$work/err"; then
		echo "bench: $name does not run the bundle: $(head -n 1 "$work/err")"
		return 0
	fi
	contestants+=("$name" "$program --root $work/state-$name run --bundle $work bench-$name")
}

contestants=(floor "$build/tests/bench/floor $work/rootfs /bin/true")
runs creel "$build/creel"
runs crun crun
runs runc runc

echo "run /bin/true, $rounds rounds, $view view of control groups"
"$build/tests/bench/turns" "$rounds" floor "${contestants[@]}"
echo
echo "start a program, $rounds rounds"
"$build/tests/bench/turns" "$rounds" empty empty "$build/tests/bench/empty" \
	"creel --version" "$build/creel --version"
