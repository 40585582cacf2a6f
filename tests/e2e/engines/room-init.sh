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
# Control groups as the kernel has them, whether this machine has mounted them or made other things
# there: each hierarchy of version 1 by its controllers, or one tree (ROOM_CGROUPS=v2 shows that one
# wherever the controllers are, ROOM_CGROUPS=v1 leaves it out).
hierarchy() {
	local name
	mkdir "./sys/fs/cgroup/$1"
	mount -t cgroup -o "$2" cgroup "./sys/fs/cgroup/$1"
	for name in ${1//,/ }; do
		[ -e "./sys/fs/cgroup/$name" ] || ln -s "$1" "./sys/fs/cgroup/$name"
	done
}
if [ "${ROOM_CGROUPS:-}" = v2 ] || ! grep -qv '^0:' ./proc/self/cgroup; then
	mount -t cgroup2 cgroup ./sys/fs/cgroup
else
	mount -t tmpfs -o mode=755 cgroup ./sys/fs/cgroup
	while IFS=: read -r _ controllers _; do
		case $controllers in
		"") [ "${ROOM_CGROUPS:-}" = v1 ] || { mkdir ./sys/fs/cgroup/unified && mount -t cgroup2 cgroup ./sys/fs/cgroup/unified; } ;;
		name=*) hierarchy "${controllers#name=}" "none,$controllers" ;;
		*) hierarchy "$controllers" "$controllers" ;;
		esac
	done <./proc/self/cgroup
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
