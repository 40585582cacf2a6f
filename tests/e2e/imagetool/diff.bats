#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What changed: from an image to another, in a bundle, in a root file system.

load common

setup() {
	room_setup
	export CONFIG='{"Cmd":["sh"]}'
}

teardown() {
	room_teardown
}

LOWER='dir name=etc mode=0755
file name=etc/a data=a mtime=1700000000
file name=etc/b data=b mtime=1700000000
file name=usr/bin/x mode=4755 data=xxxx mtime=1700000000 xattr:user.k=v
hardlink name=usr/bin/y link=usr/bin/x
symlink name=lib link=usr/lib
file name=usr/lib/so data=so mtime=1700000000
dir name=dir mode=0755
file name=dir/1 data=1 mtime=1700000000
file name=dir/2 data=2 mtime=1700000000
fifo name=pipe'

changes() {
	run creel-image --store layout diff "$@"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "an image against itself, and a fresh bundle: nothing" {
	image_of "$LOWER"
	changes x x
	[ -z "$output" ]
	creel-image --store layout bundle --rootfs=copy x b
	changes b
	[ -z "$output" ]
	changes x b
	[ -z "$output" ]
	changes --checksum x b/rootfs
	[ -z "$output" ]
}

@test "an image alone has nothing to be compared with" {
	image_of "$LOWER"
	run creel-image --store layout diff x
	[ "$status" -eq 2 ]
	[[ $output == *"'x' is an image: give another one in front"* ]]
}

@test "two images: whiteouts, opaque directories, links of lower layers, content alone" {
	image_of "$LOWER"
	mv layout base
	image_of "$LOWER" 'file name=etc/.wh.a
file name=etc/b data=B mtime=1700000000
file name=dir/.wh..wh..opq
file name=dir/3 data=3
file name=lib/new data=n
dir name=usr/bin mode=0700'
	creel-image --store both copy oci:base:x creel:old 2>/dev/null
	creel-image --store both copy oci:layout:x creel:new 2>/dev/null
	run creel-image --store both diff old new
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = "C /dir
D /dir/1
D /dir/2
A /dir/3
C /etc
D /etc/a
C /etc/b
C /usr
C /usr/bin
C /usr/lib
A /usr/lib/new" ]
	[ "$(creel-image --store both diff --json old new | jq -c '.[] | select(.path == "/etc/b" or .path == "/usr/bin").what')" = '["content"]
["mode"]' ]
}

@test "a bundle: added, changed, deleted, other types, links; touched but the same is nothing" {
	requires root
	image_of "$LOWER"
	creel-image --store layout bundle --rootfs=copy x b
	cd b/rootfs
	echo n >etc/n
	echo -n c >etc/b
	touch -d @1700000000 etc/b
	echo -n a >etc/a
	touch -d @1700000000 etc/a
	rm lib dir/1
	mkdir lib
	ln usr/bin/x usr/bin/z
	chmod 0600 dir/2
	cd ../..
	changes b
	[ "$output" = "C /dir
D /dir/1
C /dir/2
C /etc
C /etc/b
A /etc/n
C /lib
C /usr
C /usr/bin
C /usr/bin/x
C /usr/bin/y
A /usr/bin/z" ]
	run creel-image --store layout diff --json b
	[ "$(jq -c '.[] | select(.path == "/etc/b" or .path == "/lib" or .path == "/dir/2").what' <<<"$output")" = '["mode"]
["content"]
["type"]' ]
}

@test "a file whose content alone differs is seen by its ctime, in a copy by --checksum" {
	requires root
	image_of "$LOWER"
	creel-image --store layout bundle --rootfs=copy x b
	cp -a b copy
	for i in b copy; do
		echo -n c >$i/rootfs/etc/b
		touch -d @1700000000 $i/rootfs/etc/b
	done
	changes b
	[ "$output" = "C /etc
C /etc/b" ]
	changes copy
	[ -z "$output" ]
	changes --checksum copy
	[ "$output" = "C /etc
C /etc/b" ]
}

@test "what a runtime makes to mount on is no change; a bundle that does not name its image asks for it" {
	image_of "$LOWER"
	creel-image --store layout bundle --rootfs=copy -v "$PWD/outside:/some/where" x b
	mkdir -p b/rootfs/some/where b/rootfs/proc b/rootfs/dev/pts
	changes b
	[ -z "$output" ]
	rm b/image.json
	run creel-image --store layout diff b
	[ "$status" -eq 1 ]
	[[ $output == *"does not say what image it was made of"* ]]
	changes x b
	[ -z "$output" ]
}

@test "names are shown without control characters, symlinks are never followed, sockets are told of" {
	requires root
	image_of "$LOWER"
	creel-image --store layout bundle --rootfs=copy x b
	ln -s "$PWD/outside" b/rootfs/out
	touch "$(printf 'b/rootfs/a\033[31m\nb')"
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("b/rootfs/sock")'
	changes b
	[[ $output == *'A /a\x1b[31m\nb'* ]]
	[[ $output == *"A /out"* ]]
	[[ $output != *canary* ]]
	[[ $output == *"1 sockets were left out"* ]]
}

@test "files that are called like whiteouts remove nothing from the image" {
	requires root
	image_of "$LOWER
		file name=kept/file data=x"
	creel-image --store layout bundle --rootfs=copy x b
	touch b/rootfs/.wh.kept b/rootfs/kept/.wh..wh..opq b/rootfs/new
	changes b
	[[ $output == *"2 files whose names begin with '.wh.' were left out"* ]]
	creel-image --store layout commit -q b new
	creel-image --store layout unpack new u
	[ -f u/kept/file ]
	[ -f u/new ]
}

@test "a damaged layer is no base" {
	image_of "$LOWER"
	blob=layout/blobs/sha256/$(sha256sum <1.tar | cut -d' ' -f1)
	chmod u+w "$blob"
	printf X | dd of="$blob" bs=1 seek=600 conv=notrunc status=none
	run creel-image --store layout diff x x
	[ "$status" -eq 4 ]
}
