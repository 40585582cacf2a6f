#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# creel-image import and export: root file systems as tar archives.

bats_require_minimum_version 1.5.0
load common
load registry

setup() {
	requires root
	requires program jq zstd skopeo
	room_setup
	STORE=$ROOM/st
	layer r.tar <<<'dir name=./
		dir name=etc mode=0750 uid=3
		file name=etc/f data=x mode=4755
		symlink name=l link=etc/f
		hardlink name=h link=etc/f
		file name=x data=y xattr:user.a=b
		char name=c dev=1:3'
}
teardown() { room_teardown; }

@test "an archive becomes an image whose layer it is, byte for byte" {
	run -0 --separate-stderr image import -c 'CMD ["/x"]' -c 'ENV A=b' -m hello r.tar me:1
	[ "$(image inspect --format '{{.Id}} {{.Config.Cmd}} {{.Config.Env}} {{.RootFS.Layers}} {{(index .History 0).comment}}' me:1)" = \
		"$output [/x] [A=b] [$(digest_of r.tar)] hello" ]
	image unpack me:1 a
	mkdir b
	tar --numeric-owner --xattrs -xpf r.tar -C b
	diff <(treecmp a) <(treecmp b)
	skopeo inspect "oci:$STORE:docker.io/library/me:1" | jq -e '.Os == "linux"'
	store_is_sound "$STORE"
}

@test "pipes, compressions, and always the same image" {
	export SOURCE_DATE_EPOCH=1000000000
	gzip -k r.tar
	zstd -qk r.tar
	id=$(image import -q r.tar)
	[ "$(image import -q - <r.tar)" = "$id" ]
	[ "$(image import -q r.tar.gz)" = "$id" ]
	[ "$(zstd -qdc r.tar.zst | image import -q -)" = "$id" ]
	[ "$(image import -q r.tar.zst)" = "$id" ]
	[ "$(image inspect --format '{{.Created}}' "$id")" = 2001-09-09T01:46:40Z ]
	image import -q --compression-format zstd --platform linux/arm64 r.tar z:1
	[ "$(image inspect --platform linux/arm64 --format '{{.Architecture}} {{(index .LayersData 0).MIMEType}}' z:1)" = \
		"arm64 application/vnd.oci.image.layer.v1.tar+zstd" ]
}

@test "what is no root file system is refused and leaves nothing" {
	head -c 3000 r.tar >cut.tar
	: >empty.tar
	layer up.tar <<<'file name=../canary data=x'
	gzip -kc r.tar | head -c 200 >cut.tar.gz
	xz -kc r.tar >r.tar.xz
	for file in cut.tar empty.tar up.tar cut.tar.gz r.tar.xz "$ROOM" none; do
		run ! image import "$file" bad:1
		echo "$output"
	done
	[[ $(image import r.tar.xz bad:1 2>&1) == *"xz -dc"* ]]
	[[ $(image import https://example.com/x.tar bad:1 2>&1) == *"curl -f URL"* ]]
	[[ $(image import --max-size 100 r.tar bad:1 2>&1) == *"--max-size"* ]]
	run ! image import -c 'RUN x' r.tar bad:1
	run -3 image inspect bad:1
	no_leftovers "$STORE"
	assert_untouched
}

@test "export is the merged tree, the same each time, and import takes it back" {
	layer 2.tar <<<'file name=etc/.wh.f
		file name=x data=newer
		dir name=d
		file name=d/.wh..wh..opq'
	layer 3.tar <<<'file name=.wh.l'
	gzip r.tar
	make_layout lay x r.tar.gz 2.tar 3.tar
	image copy -q oci:lay:x me:1
	image export me:1 >a.tar
	image export -o b.tar me:1
	cmp a.tar b.tar
	image unpack me:1 unpacked
	mkdir b
	tar --numeric-owner --xattrs -xpf a.tar -C b
	diff <(treecmp unpacked) <(treecmp b)
	image import -q a.tar back:1
	image unpack back:1 again
	diff <(treecmp unpacked) <(treecmp again)
	run ! image export me:1 -o "$ROOM"
	run -3 image export nobody
	# A layer that is damaged gives no file.
	blob=$STORE/blobs/sha256/$(jq -r '.layers[1].digest[7:]' <(image inspect --raw me:1))
	printf X | dd of="$blob" bs=1 seek=600 conv=notrunc status=none
	run ! image export -o c.tar me:1
	[ ! -e c.tar ]
}
