#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Layers that try to reach out of their root, to lie, or to exhaust.  Each is refused or stays
# inside; the directory beside it is never touched, and nothing half-made is left.

load common

setup() {
	requires root
	room_setup
}
teardown() { room_teardown; }

@test "a symlink in place of the root is refused, however it is spelled" {
	layer 2.tar <<<'file name=canary data=gone'
	for name in . ./ / // ./. /./; do
		image_of "symlink name=$name link=$ROOM/outside"
		unpack_fails "root can only be a directory"
	done
}

@test "an entry without a name is refused" {
	image_of 'symlink name= link=/outside'
	unpack_fails "without a name"
}

@test "names with '..' are refused" {
	for name in .. ../canary a/../../canary a/.. /../canary ./../canary; do
		image_of "file name=$name data=gone"
		unpack_fails "'..' is not allowed"
	done
}

@test "an absolute name is below the root" {
	image_of "file name=$ROOM/canary data=inside"
	unpack_works
	[ "$(cat "target$ROOM/canary")" = inside ]
}

@test "a file behind an absolute symlink stays inside" {
	image_of "symlink name=out link=$ROOM/outside
		dir name=$ROOM
		dir name=$ROOM/outside
		file name=out/canary data=inside"
	unpack_works
	[ "$(cat "target$ROOM/outside/canary")" = inside ]
}

@test "a file behind a symlink that points to nothing inside is refused" {
	image_of "symlink name=out link=$ROOM/outside
		file name=out/canary data=gone"
	unpack_fails "out/canary"
}

@test "a file behind a symlink with parent references stays inside" {
	image_of 'symlink name=out link=../../../../outside
		dir name=outside
		file name=out/canary data=inside'
	unpack_works
	[ "$(cat target/outside/canary)" = inside ]
}

@test "a chain of symlinks over two layers stays inside" {
	image_of 'dir name=a
		symlink name=a/b link=../..
		symlink name=c link=a/b/..' \
		'file name=c/canary data=inside'
	unpack_works
	[ "$(cat target/canary)" = inside ]
}

@test "a symlink is replaced, not written through" {
	image_of "symlink name=file link=$ROOM/canary" 'file name=file data=inside'
	unpack_works
	[ ! -L target/file ]
	[ "$(cat target/file)" = inside ]
}

@test "a directory replaces a symlink to a directory outside" {
	image_of "symlink name=d link=$ROOM/outside" 'dir name=d mode=0700
		file name=d/new data=x'
	unpack_works
	[ ! -L target/d ]
	[ -f target/d/new ]
}

@test "a hard link to a file outside is refused" {
	for link in "$ROOM/canary" ../canary ../../../../../../../etc/passwd / . ""; do
		image_of "hardlink name=l link=$link"
		unpack_fails "hard link to"
	done
}

@test "a hard link through a symlink to the outside finds only the inside" {
	image_of "symlink name=out link=$ROOM
		hardlink name=l link=out/canary
		file name=l data=gone"
	unpack_fails "hard link to"
}

@test "a hard link to a symlink is the symlink, and writing replaces it" {
	image_of "symlink name=s link=$ROOM/canary
		hardlink name=l link=s"
	unpack_works
	[ "$(readlink target/l)" = "$ROOM/canary" ]
	[ target/l -ef target/s ]
	[ "$(stat -c %h canary)" = 1 ]
	rm -rf target
	image_of "symlink name=s link=$ROOM/canary
		hardlink name=l link=s" \
		'file name=l data=inside'
	unpack_works
	[ "$(cat target/l)" = inside ]
	[ -L target/s ]
}

@test "a whiteout behind a symlink stays inside" {
	image_of "symlink name=out link=$ROOM/outside
		symlink name=up link=.." \
		'file name=out/.wh.canary
		file name=out/.wh..wh..opq
		file name=up/.wh.canary'
	unpack_works
}

@test "a whiteout behind a symlink removes what is inside there" {
	image_of "symlink name=out link=$ROOM/outside
		dir name=$ROOM/outside
		file name=$ROOM/outside/canary data=inside
		file name=$ROOM/outside/other data=inside" \
		'file name=out/.wh.canary'
	unpack_works
	[ ! -e "target$ROOM/outside/canary" ]
	[ -e "target$ROOM/outside/other" ]
}

@test "a whiteout removes a symlink, not its target" {
	image_of "symlink name=out link=$ROOM/outside" 'file name=.wh.out'
	unpack_works
	[ ! -L target/out ]
}

@test "whiteouts of nothing, of '.' and of '..' are refused" {
	for name in .wh. a/.wh. .wh.. a/.wh.. .wh... a/.wh...; do
		image_of "dir name=a
			file name=$name"
		unpack_fails "whiteout of no name"
	done
}

@test "a whiteout has no children" {
	image_of 'file name=.wh.a/b'
	unpack_fails "whiteout has no children"
}

@test "attributes of overlayfs are refused" {
	for x in trusted.overlay.opaque=y trusted.overlay.redirect=/etc user.overlay.whiteout=y; do
		image_of "dir name=d xattr:$x"
		unpack_fails "overlayfs"
	done
}

@test "the whiteout device of overlayfs is refused" {
	image_of 'char name=d dev=0:0'
	unpack_fails "character device 0:0"
}

@test "a device number that would become the whiteout's is refused" {
	for dev in 0:1048576 4096:0 1048576:0; do
		image_of "char name=d dev=$dev"
		unpack_fails "Linux has no device $dev"
	done
}

@test "a file where a directory is needed is refused" {
	image_of 'file name=a data=x
		file name=a/b data=x'
	unpack_fails "directory of 'a/b'"
}

@test "an extended header of more than a megabyte is refused before it is read" {
	for flag in 120 76 75; do
		image_of "flag=$flag name=x size=1048577"
		unpack_fails "extended header of 1048577 bytes"
	done
}

@test "a name longer than PATH_MAX is refused" {
	image_of "file name=$(printf 'a/%.0s' $(seq 3000))b gnulong"
	unpack_fails "name is too long"
}

@test "a name with a NUL, and a size no file has, are refused" {
	image_of 'file name=x pax:path=a\000b'
	unpack_fails "holds a NUL"
	image_of 'file name=x size=9223372036854775807'
	unpack_fails "more than any file has"
	image_of 'file name=x pax:size=99999999999999999999'
	unpack_fails "no such number"
}

@test "a sparse map that overlaps, lies or does not end is refused" {
	for map in 0,10,5,10 0,10,100,1000000 5,5,0,5 0,1 0; do
		image_of "file name=s data=aaaaaaaaaaaaaaaaaaaa pax:GNU.sparse.major=0 pax:GNU.sparse.minor=1 pax:GNU.sparse.size=1000 pax:GNU.sparse.map=$map"
		unpack_fails "sparse"
	done
	image_of "file name=s fill=2048 pax:GNU.sparse.major=1 pax:GNU.sparse.minor=0 pax:GNU.sparse.realsize=10"
	unpack_fails "sparse map"
	image_of "file name=s data=$(printf '9%.0s' $(seq 18))\\012 pax:GNU.sparse.major=1 pax:GNU.sparse.minor=0 pax:GNU.sparse.realsize=10"
	unpack_fails "sparse map"
}

@test "a wrong checksum and an unknown type are refused" {
	image_of 'file name=x badsum'
	unpack_fails "wrong checksum"
	image_of 'flag=86 name=volume'
	unpack_fails "unknown type flag"
}

@test "a layer that is cut off is refused, plain and compressed" {
	layer 1.tar <<<'file name=x fill=100000'
	head -c 50000 1.tar >cut.tar
	make_layout layout x cut.tar
	unpack_fails "truncated"
	for c in gz zst; do
		case $c in gz) gzip -k 1.tar ;; zst) zstd -q 1.tar ;; esac
		head -c $(($(stat -c %s 1.tar.$c) - 6)) 1.tar.$c >cut.tar.$c
		rm -rf layout
		DIFF_IDS="\"$(digest_of 1.tar)\"" make_layout layout x cut.tar.$c
		unpack_fails "truncated"
	done
}

@test "a blob with other content than its digest says is refused" {
	image_of 'file name=x fill=1000'
	blob=layout/blobs/sha256/$(digest_of 1.tar | cut -d: -f2)
	# The same archive, with one byte changed behind its end.
	printf 'X' | dd of="$blob" bs=1 seek=$(($(stat -c %s "$blob") - 1)) conv=notrunc status=none
	unpack_fails "the blob's digest is"
	[ "$status" -eq 4 ]
}

@test "a blob that is longer or shorter than its descriptor says is refused" {
	image_of 'file name=x fill=1000'
	blob=layout/blobs/sha256/$(digest_of 1.tar | cut -d: -f2)
	printf 'trailing garbage' >>"$blob"
	unpack_fails "longer than"
	truncate -s 2048 "$blob"
	unpack_fails "it should have"
}

@test "another diffID than the config's is refused, and what was made is removed" {
	layer 1.tar <<<'file name=x fill=1000'
	gzip -k 1.tar
	DIFF_IDS="\"sha256:$(printf '0%.0s' $(seq 64))\"" make_layout layout x 1.tar.gz
	unpack_fails "digest of the uncompressed layer"
	[ "$status" -eq 4 ]
}

@test "garbage behind a gzip member is refused" {
	layer 1.tar <<<'file name=x fill=1000'
	gzip -k 1.tar
	printf 'garbage that is no gzip' >>1.tar.gz
	DIFF_IDS="\"$(digest_of 1.tar)\"" make_layout layout x 1.tar.gz
	unpack_fails "gzip"
}

@test "a compression that the media type does not state is taken, what is no layer is not" {
	local type
	layer 1.tar <<<'file name=x'
	gzip -k 1.tar
	for type in tar tar+zstd; do
		LAYER_TYPE=application/vnd.oci.image.layer.v1.$type make_layout layout x 1.tar.gz
		rm -rf tree
		creel-image --store layout unpack x tree
		[ -f tree/x ]
		rm -rf layout
	done
	LAYER_TYPE=application/vnd.oci.image.layer.v1.tar+gzip make_layout layout x 1.tar
	rm -rf tree
	creel-image --store layout unpack x tree
	[ -f tree/x ]
	rm -rf layout tree
	LAYER_TYPE=text/html make_layout layout x 1.tar
	unpack_fails "is no layer's"
}

@test "a zstd window of more than 128 MiB is refused" {
	layer 1.tar <<<'file name=x'
	# The window is as long as asked for only when the input's size is not known.
	cat 1.tar | zstd -q --long=31 -1 -c >1.tar.zst
	DIFF_IDS="\"sha256:$(printf '0%.0s' $(seq 64))\"" make_layout layout x 1.tar.zst
	unpack_fails "window of more than 128 MiB"
}

@test "other than as many diffIDs as layers is refused" {
	layer 1.tar <<<'file name=x'
	sum=$(digest_of 1.tar)
	DIFF_IDS="\"$sum\",\"$sum\"" make_layout layout x 1.tar
	unpack_fails "the manifest has 1 layers, the config 2"
}

@test "a late whiteout of very deep directories gives up" {
	d=$(printf 'd/%.0s' $(seq 150))
	image_of "dir name=a
		file name=a/${d}x gnulong" \
		'file name=a/new
		file name=.wh.a'
	unpack_fails "deep"
}

@test "deep directories are removed by an early whiteout, and when a later layer is bad" {
	d=$(printf 'd/%.0s' $(seq 1500))
	image_of "file name=a/${d}x gnulong" 'file name=.wh.a
		file name=b'
	unpack_works
	[ "$(ls target)" = b ]
	rm -rf target
	image_of "file name=a/${d}x gnulong" 'file name=..'
	unpack_fails "'..' is not allowed"
}

@test "passwd and group of the image: a link out, a fifo, and giants do no harm" {
	try() { # TEXT LAYER
		layer 1.tar <<<"dir name=etc
			$2"
		rm -rf layout
		CONFIG='{"User":"u","Cmd":["x"]}' make_layout layout x 1.tar
		run timeout 300 creel-image --store layout bundle x target
		echo "$output"
		[ "$status" -eq 1 ] || [ "$status" -eq 3 ]
		[[ $output == *"$1"* ]]
		[ ! -e target ]
		assert_untouched
	}
	try "not in the image's /etc/passwd" "symlink name=etc/passwd link=$ROOM/passwd"
	try "not a regular file" 'fifo name=etc/passwd'
	try "not a regular file" 'dir name=etc/passwd'
	try "passwd" 'file name=etc/passwd fill=10000000'
	try "group" 'file name=etc/passwd data=u:x:7:7::/:/bin/sh
		file name=etc/group fill=10000000'
}

@test "sizes that no number holds are shown as unknown" {
	image_of 'file name=f data=x'
	local manifest big='{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:'
	big+="$(printf '0%.0s' {1..64})\",\"size\":9223372036854775807}"
	manifest=layout/blobs/sha256/$(jq -r '.manifests[0].digest' layout/index.json | cut -d: -f2)
	sed "s|\"layers\":.*|\"layers\":[$big,$big]}|" "$manifest" >changed
	sed "s|\"manifests\":\[{[^}]*,\"annotations|\"manifests\":[$(layout_descriptor layout changed \
		application/vnd.oci.image.manifest.v1+json | sed 's/}$//'),\"annotations|" layout/index.json >index
	mv index layout/index.json
	run creel-image --store layout list
	[ "$status" -eq 0 ]
	echo "$output"
	[[ ${lines[1]} =~ ^x\ .*\ linux/amd64\ +-\ +2024 ]]
}
