#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Root file systems that containerd describes and the shim mounts: at Create, until Delete.

bats_require_minimum_version 1.5.0
load v2

setup() { v2_setup; }

teardown() { v2_teardown; }

# runs_from WORD...: a container that writes its root's /mark to a FIFO, from these mounts; nothing stays.
runs_from() {
	ROOT_PATH=rootfs bundle "$P" 'cat /mark; exit 6'
	fifos "$P"
	v2_start "$P" >/dev/null
	# shellcheck disable=SC2046 # words
	create "$P" $(with_fifos "$P") "$@"
	grep -q " $T/ns/$P/rootfs " /proc/self/mounts
	ask "$P" Start "id=$P"
	[ "$(ask "$P" Wait "id=$P" | sed -n 's/^exit_status: //p')" = 6 ]
	# Who comes for the output has until Delete, and two seconds more.
	wait_for test -s "$T/fifo/$P/out.got"
	[ "$(cat "$T/fifo/$P/out.got")" = here ]
	ask "$P" Delete "id=$P"
	run ! grep -q " $T/ns/$P/rootfs " /proc/self/mounts
}

# image COMMAND...: a root file system with a /mark, in $T/lower.
tree() {
	make_rootfs "$T/lower"
	echo here >"$T/lower/mark"
}

no_loop_is_left() {
	! losetup -l | grep -q "$T"
}

@test "a bind mount, read-only" {
	tree
	runs_from rootfs.0.type=bind "rootfs.0.source=$T/lower" rootfs.0.options.0=rbind rootfs.0.options.1=ro
}

@test "an overlay of two hundred layers" {
	local i layers=
	tree
	for i in {1..200}; do
		mkdir -p "$T/snapshots/$i/fs"
		layers+=$T/snapshots/$i/fs:
	done
	mkdir -p "$T/upper" "$T/work"
	[ "${#layers}" -gt 4096 ]
	runs_from rootfs.0.type=overlay rootfs.0.source=overlay "rootfs.0.options.0=upperdir=$T/upper" \
		"rootfs.0.options.1=workdir=$T/work" "rootfs.0.options.2=lowerdir=$layers$T/lower"
}

@test "erofs in a file, by a loop device that goes with it" {
	requires program mkfs.erofs losetup
	[ -e /dev/loop-control ] && grep -qw erofs /proc/filesystems || skip "needs loop devices and erofs"
	tree
	mkfs.erofs "$T/image" "$T/lower" >/dev/null 2>&1
	runs_from rootfs.0.type=erofs "rootfs.0.source=$T/image" rootfs.0.options.0=loop rootfs.0.options.1=ro
	wait_for no_loop_is_left
}

@test "an overlay by a FUSE helper, whose process goes with it" {
	requires program mount.fuse3 fuse-overlayfs
	[ -e /dev/fuse ] || skip "needs /dev/fuse"
	tree
	mkdir -p "$T/upper" "$T/work"
	runs_from rootfs.0.type=fuse3.fuse-overlayfs rootfs.0.source=overlay "rootfs.0.options.0=upperdir=$T/upper" \
		"rootfs.0.options.1=workdir=$T/work" "rootfs.0.options.2=lowerdir=$T/lower"
	wait_for eval '! pgrep -f "fuse-overlayfs .*$T/lower"'
}

@test "a mount that fails says which and why, and those before it are undone" {
	tree
	ROOT_PATH=rootfs bundle "$P" 'true'
	v2_start "$P" >/dev/null
	run create "$P" rootfs.0.type=bind "rootfs.0.source=$T/lower" rootfs.0.options.0=rbind \
		rootfs.1.type=no-such-fs rootfs.1.source=x
	[ "$status" -eq 1 ]
	echo "$output"
	[[ $output == *"mount 'x' (no-such-fs) on '$T/ns/$P/rootfs': the kernel knows no file system 'no-such-fs'" ]]
	run ! grep -q "$T/ns/$P/rootfs" /proc/self/mounts
	create "$P" rootfs.0.type=bind "rootfs.0.source=$T/lower" rootfs.0.options.0=rbind
}

@test "a container whose creation fails leaves no mount" {
	tree
	rm "$T/lower/bin/sh"
	ROOT_PATH=rootfs bundle "$P" 'true'
	v2_start "$P" >/dev/null
	run create "$P" rootfs.0.type=bind "rootfs.0.source=$T/lower" rootfs.0.options.0=rbind
	[ "$status" -eq 1 ]
	[[ $output == *"OCI runtime create failed"*"/bin/sh"* ]]
	run ! grep -q "$T/ns/$P/rootfs" /proc/self/mounts
}
