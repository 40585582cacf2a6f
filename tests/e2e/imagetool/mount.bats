#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images as overlays of their snapshots: mount, umount, unshare, bundles that share layers.

bats_require_minimum_version 1.5.0
load common
load ../rootless

setup() {
	requires root
	requires program jq
	room_setup
	image
}
teardown() { room_teardown; }

LOWER="dir name=. mode=0711 uid=3 gid=4 mtime=5
dir name=etc mode=0755 mtime=5
file name=etc/gone mode=0644 mtime=6 data=1
file name=etc/kept mode=4755 uid=7 gid=8 mtime=6 data=22 xattr:user.a=b
hardlink name=etc/same link=etc/kept
symlink name=lib link=etc uid=1 mtime=9
dir name=old mode=0700 uid=9 mtime=5
file name=old/x mode=0644 mtime=6 data=3
char name=null dev=1:3 mode=0666 mtime=6
fifo name=pipe mode=0600 mtime=7"
UPPER="dir name=etc mode=0755 mtime=5
file name=etc/.wh.gone
file name=lib/through mode=0644 mtime=8 data=4
dir name=old mode=0755 mtime=5
file name=old/.wh..wh..opq
file name=old/new mode=0600 mtime=4 data=5"

image() {
	rm -rf unpacked
	image_of "$LOWER" "$UPPER"
	creel-image --store layout unpack x unpacked
	# The names of a file that a lower layer has and an upper one hides count in its links.
	treecmp -t unpacked >expected
}

store() {
	creel-image --store layout "$@"
}

# The machine mounts EROFS images from files.
requires_erofs() {
	(
		cd "$ROOM"
		creel-image --store layout mount --snapshots=erofs x >/dev/null 2>&1 &&
			creel-image --store layout umount x
	) || skip "needs EROFS images that are mounted from files"
	rm -r layout/snapshots
}

is_mounted() {
	mountpoint -q "$1"
}

@test "every form shows what unpack makes, hidden files, links, owners, attributes and devices too" {
	requires_erofs
	for form in dir erofs; do
		at=$(store mount --snapshots=$form x)
		is_mounted "$at"
		(cd "$at" && treecmp -t .) >seen
		diff expected seen
		store umount x
		run ! is_mounted "$at"
		rm -r layout/snapshots
	done
}

@test "umount leaves what somebody else mounted on the place" {
	mkdir m
	unshare -m bash -c '
		creel-image --store layout mount x m >/dev/null
		mount -t tmpfs tmpfs m
		! creel-image --store layout umount m 2>error || exit 1
		findmnt -n -o FSTYPE m | grep -q tmpfs
		umount m
		creel-image --store layout umount m'
	grep -q "no overlay and not ours" error
	run ! is_mounted m
}

@test "what fsck.erofs says of every kind of file, and the same layer gives the same bytes" {
	requires program fsck.erofs
	requires_erofs
	store mount --snapshots=erofs x
	store umount x
	for f in layout/snapshots/*/fs.erofs; do
		fsck.erofs "$f"
	done
	sha256sum layout/snapshots/*/fs.erofs >first
	rm -r layout/snapshots
	store mount --snapshots=erofs x
	store umount x
	sha256sum layout/snapshots/*/fs.erofs | diff first -
}

@test "large files, tails of all lengths, holes, long links, big directories and many attributes in EROFS" {
	requires program setfattr
	requires_erofs
	mkdir big
	for size in 0 1 63 4031 4032 4033 4095 4096 4097 10000 1048577 3000000; do
		head -c "$size" /dev/urandom >"big/f$size"
	done
	ln big/f10000 big/hard
	ln -s "$(printf 'x%.0s' $(seq 4000))" big/link
	ln big/link big/link2
	mkdir big/names
	(cd big/names && seq 1 3000 | sed 's/^/a-name-that-is-not-short-/' | xargs touch)
	touch big/!a big/-b big/.c big/..d
	truncate -s 64M big/holes
	printf x | dd of=big/holes bs=1 seek=59999999 conv=notrunc status=none
	setfattr -n user.long -v "$(printf 'y%.0s' $(seq 3000))" big/f4031
	setfattr -n trusted.x -v same big/f1 big/f63 big/names
	tar --xattrs --xattrs-include='*' -S --format=pax -C big -cf big.tar .
	make_layout layout y big.tar
	at=$(store mount --snapshots=erofs y)
	(cd "$at" && treecmp .) >seen
	(cd big && treecmp .) | diff - seen
	# Holes take no room.
	[ "$(du -s --block-size=1M layout/snapshots | cut -f1)" -lt 12 ]
	store umount y
}

@test "mounting twice is mounting once; the list tells image and place" {
	at=$(store mount x)
	[ "$(store mount x)" = "$at" ]
	[ "$(grep -c " $at " /proc/self/mountinfo)" -eq 1 ]
	[ "$(store mount)" = "x $at" ]
	[ "$(store mount --json | jq -r '.[0] | .image, .target, .writable, .mounted' | tr '\n' ' ')" = "x $at false true " ]
	run ! touch "$at/new"
	store umount --all
	[ -z "$(store mount)" ]
	# A short name is one here, too; bundles of the image stay.
	store tag x short
	at=$(store mount short)
	store bundle short b /bin/true
	store umount short
	run ! mountpoint -q "$at"
	is_mounted b/rootfs
	store umount b
	rm -r b
	store untag short
	store prune -fq
	[ -z "$(ls layout/leases layout/mounts | grep -v :)" ]
}

@test "a directory of one's own, written to; the image stays" {
	mkdir m
	[ "$(store mount --rw x m)" = "$PWD/m" ]
	[ "$(stat -c '%a %u %g %Y' m)" = "711 3 4 5" ]
	echo new >m/etc/new
	rm m/etc/kept
	run store mount x m
	[ "$status" -eq 1 ]
	[[ $output == *"something is mounted on '$PWD/m' already"* ]]
	store umount m
	[ -z "$(ls -A m)" ]
	at=$(store mount x)
	[ ! -e "$at/etc/new" ]
	[ -e "$at/etc/kept" ]
	run store umount nothing
	[ "$status" -eq 3 ]
	[[ $output == *"'nothing' is not mounted"* ]]
	store umount "$at"
}

@test "what was written stays when its record is lost" {
	mkdir m
	store mount --rw x m
	echo new >m/etc/new
	home=$(dirname "$(find layout/mounts -name overlay.json)")
	# As after a restart, on a disk that lost something.
	umount -l m
	echo '{' >"$home/overlay.json"
	run store mount --rw x m
	[ "$status" -ne 0 ]
	[[ $output == *"was written to and its record is lost: take what you need out of 'upper' and remove it"* ]]
	[ "$(cat "$home/upper/etc/new")" = new ]
	rm -r "$home/upper"
	store mount --rw x m
	[ ! -e m/etc/new ]
	store umount m
}

@test "a file system image that somebody else may have written is not mounted" {
	requires_erofs
	store mount x
	store umount x
	find layout/snapshots -name fs.erofs -exec chown 1 {} +
	run store mount x
	[ "$status" -ne 0 ]
	[[ $output == *"that others may have written is not mounted"* ]]
	find layout/snapshots -name fs.erofs -exec chown 0 {} + -exec chmod g+w {} +
	run store mount x
	[ "$status" -ne 0 ]
	find layout/snapshots -name fs.erofs -exec chmod g-w {} +
	store mount x
	store umount x
}

@test "one that is in use stays" {
	at=$(store mount x)
	exec 7<"$at/etc/kept"
	run store umount x
	[ "$status" -eq 1 ]
	[[ $output == *"is in use: stop what runs in it"* ]]
	is_mounted "$at"
	exec 7<&-
	store umount x
}

@test "a bundle shares its layers, keeps what was written over a restart, and protects them" {
	store bundle x b /bin/true
	store bundle x c /bin/true
	is_mounted b/rootfs
	(cd b/rootfs && treecmp -t .) | diff expected -
	[ "$(stat -c '%a %u %g' b/rootfs)" = "711 3 4" ]
	echo mine >b/rootfs/etc/mine
	[ ! -e c/rootfs/etc/mine ]
	[ "$(ls layout/snapshots | wc -l)" -eq 2 ]

	# The name goes, the layers stay; the restart takes the mount away.
	store rm x
	store umount b
	run ! is_mounted b/rootfs
	[ "$(ls layout/snapshots | wc -l)" -eq 2 ]
	[ "$(creel-image mount b)" = "$PWD/b/rootfs" ]
	[ "$(cat b/rootfs/etc/mine)" = mine ]
	[ "$(creel-image mount b)" = "$PWD/b/rootfs" ]
	[ "$(store mount | wc -l)" -eq 2 ]

	creel-image umount b c
	rm -r b c
	[ -z "$(store mount)" ]
}

@test "a bundle of a stranger is mounted nowhere but in itself" {
	store bundle x b /bin/true
	creel-image umount b
	rmdir b/rootfs
	ln -s "$PWD/outside" b/rootfs
	jq '.target = env.PWD + "/outside"' b/overlay.json >changed
	cp changed b/overlay.json
	run creel-image mount b
	[ "$status" -eq 1 ]
	[[ $output == *"b/rootfs' is not a directory"* ]]
	run ! is_mounted outside
	rm b/rootfs
	mkdir b/rootfs
	[ "$(creel-image mount b)" = "$PWD/b/rootfs" ]
	run ! is_mounted outside
	assert_untouched
}

@test "many mount one image at once: it is mounted once" {
	for _ in $(seq 8); do
		store mount x &
	done >places
	wait
	[ "$(sort -u places | wc -l)" -eq 1 ]
	[ "$(grep -c " $(head -1 places) " /proc/self/mountinfo)" -eq 1 ]
	store umount x
}

@test "snapshots that were lost are made again from the blobs" {
	store bundle x b /bin/true
	creel-image umount b
	rm -r layout/snapshots
	creel-image mount b
	(cd b/rootfs && treecmp -t .) | diff expected -
}

@test "--rootfs=copy needs no mount, and neither does a machine that can't" {
	store bundle --rootfs=copy x b /bin/true
	run ! is_mounted b/rootfs
	[ ! -e b/upper ]
	(cd b/rootfs && treecmp -t .) | diff expected -
	no_syscall fsopen,mount --errno EPERM -- creel-image --store layout bundle x c /bin/true
	run ! is_mounted c/rootfs
	[ "$(ls -A c | sort | tr '\n' ' ')" = "$(ls -A b | sort | tr '\n' ' ')" ]
	run no_syscall fsopen,mount --errno EPERM -- creel-image --store layout bundle --rootfs=overlay x d /bin/true
	[ "$status" -eq 1 ]
	[ ! -e d ]
	assert_untouched
}

@test "kernels without the new mount calls take directories" {
	at=$(no_syscall fsopen -- creel-image --store layout mount --snapshots=dir x)
	(cd "$at" && treecmp -t .) | diff expected -
	store umount x
	no_syscall fsopen -- creel-image --store layout bundle x b /bin/true
	is_mounted b/rootfs
	(cd b/rootfs && treecmp -t .) | diff expected -
}

@test "more layers than a page of options names" {
	texts=()
	for i in $(seq 150); do
		texts+=("file name=f$i mode=0644 mtime=$i data=$i")
	done
	image_of "${texts[@]}"
	at=$(store mount x)
	[ "$(ls "$at" | wc -l)" -eq 150 ]
	store umount x
}

@test "runtimes run a bundle that is an overlay" {
	requires program creel busybox
	mkdir -p tree/bin
	cp "$(command -v busybox)" tree/bin/busybox
	ln -s busybox tree/bin/sh
	tar -C tree -cf 1.tar .
	# shellcheck disable=SC2016 # the container's shell
	CONFIG='{"Cmd":["/bin/sh","-c","echo ran >/done; read x </done; echo $x"],"Env":["PATH=/bin"]}' make_layout layout z 1.tar
	for runtime in creel runc crun; do
		command -v $runtime >/dev/null || continue
		# crun refuses this machine's mixture of control groups.
		[ $runtime != crun ] || crun --version >/dev/null || continue
		store bundle z "b-$runtime"
		jq '.process.terminal = false' "b-$runtime/config.json" >config
		mv config "b-$runtime/config.json"
		state=$(mktemp -d)
		run $runtime --root "$state" run -b "b-$runtime" "e2e-mount-$$-$runtime" </dev/null
		rm -r "$state"
		echo "$runtime: $output"
		if [ $runtime = crun ] && [ "$status" -ne 0 ]; then
			continue
		fi
		[ "$output" = ran ]
		[ "$(cat "b-$runtime/upper/done")" = ran ]
		creel-image umount "b-$runtime"
	done
}

@test "who is not root is told how" {
	requires userns
	make_user
	as_user() {
		setpriv --reuid "$ROOTLESS_ID" --regid "$ROOTLESS_ID" --clear-groups env -i \
			HOME="$ROOM/home" PATH="$PATH" "$@"
	}
	chmod 755 "$ROOM"
	mkdir home
	cp -r layout home/layout
	rm -rf home/layout/{snapshots,leases,mounts}
	chown -R "$ROOTLESS_ID:$ROOTLESS_ID" home
	cd home
	run as_user creel-image --store layout mount x
	[ "$status" -eq 1 ]
	[[ $output == *"only root may mount: run it in 'creel-image unshare'"* ]]

	requires program newuidmap newgidmap
	[ "$(as_user creel-image unshare sh -c 'id -u; wc -l </proc/self/uid_map' | tr '\n' ' ')" = "0 2 " ]
	# shellcheck disable=SC2016 # the inner shell's
	as_user creel-image --store layout unshare sh -c '
		at=$(creel-image --store layout mount x) && cd "$at" && treecmp -t . && cd / &&
		creel-image --store "$HOME/layout" umount x' >"$ROOM/seen"
	# Devices are root's of the machine.
	diff <(grep -v 'null' "$ROOM/expected") <(grep -v null "$ROOM/seen")
	run as_user creel-image unshare sh -c 'exit 7'
	[ "$status" -eq 7 ]
}

@test "without ranges of ids there is one" {
	requires userns
	chmod 755 "$ROOM"
	run setpriv --reuid 7499 --regid 7499 --clear-groups env -i PATH="$PATH" \
		creel-image unshare sh -c 'id -u; cat /proc/self/uid_map'
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = 0 ]
	[ "$(tr -s ' ' <<<"${lines[1]}")" = " 0 7499 1" ]
}
