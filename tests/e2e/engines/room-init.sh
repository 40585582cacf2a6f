#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The first process of a room (room.bash), in its fresh namespaces:
#
#   room-init.sh DIRECTORY
set -eu
room=$1

# A root of the room's own, which is a mount point even where this shell's is not (in a chroot, which
# can neither change the propagation of its root nor pivot away from it).
pivots=true
mount --make-rprivate / 2>/dev/null || pivots=false
mount --rbind / "$room/root"
mount --make-rprivate "$room/root"
cd "$room/root"
fresh() {
	mount -t tmpfs -o "mode=755${2:+,$2}" tmpfs "./$1"
}

cp -a ./etc "./$room/etc"
fresh run
fresh etc
cp -a "./$room/etc/." ./etc
rm -rf "./${room:?}/etc"
fresh var/lib
fresh var/tmp mode=1777
mkdir -p ./run/lock ./var/lib/{docker,containerd,containers,cni}

mount -t proc proc ./proc
[ -e ./sys/kernel ] || mount -t sysfs sysfs ./sys
# For a look at engines on one tree for all controllers, wherever those are.
if [ "${ROOM_CGROUPS:-}" = v2 ]; then
	umount -l ./sys/fs/cgroup
	mount -t cgroup2 cgroup ./sys/fs/cgroup
fi
# Control groups where the machine has not mounted them: each hierarchy as the kernel groups it.
if [ ! -e ./sys/fs/cgroup/cgroup.procs ] && ! ls ./sys/fs/cgroup/*/cgroup.procs >/dev/null 2>&1; then
	mount -t tmpfs -o mode=755 cgroup ./sys/fs/cgroup
	while IFS=: read -r _ controllers _; do
		directory=./sys/fs/cgroup/${controllers#name=}
		case $controllers in
		"") mkdir ./sys/fs/cgroup/unified && mount -t cgroup2 cgroup ./sys/fs/cgroup/unified ;;
		name=*) mkdir "$directory" && mount -t cgroup -o "none,$controllers" cgroup "$directory" ;;
		*) mkdir "$directory" && mount -t cgroup -o "$controllers" cgroup "$directory" ;;
		esac
	done <./proc/self/cgroup
	# One tree for all controllers is mounted at the top.
	if [ "$(wc -l <./proc/self/cgroup)" -eq 1 ]; then
		umount ./sys/fs/cgroup/unified ./sys/fs/cgroup
		mount -t cgroup2 cgroup ./sys/fs/cgroup
	fi
fi

hostname room
ip link set lo up

become='cd /; touch "$1"; sleep infinity & wait'
if "$pivots"; then
	mkdir -p "./$room/old"
	pivot_root . "./$room/old"
	umount -l "$room/old"
	exec bash -c "$become" room "$room/ready"
fi
exec chroot . bash -c "$become" room "$room/ready"
