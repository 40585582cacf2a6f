#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images as other images: compression, squash, rebase, format, whole indexes.

load common

bats_require_minimum_version 1.5.0

setup() {
	room_setup
	export CONFIG='{"Cmd":["sh"]}'
	unset SOURCE_DATE_EPOCH
}

teardown() {
	room_teardown
}

image() {
	creel-image --store layout "$@"
}

# The document an entry of index.json names; `x` is a bare name of the layout's.
entry_of() { # NAME
	local full=docker.io/library/$1:latest
	[ "$1" != x ] || full=x
	jq -r --arg name "$full" \
		'.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $name).digest' layout/index.json
}

blob() { # DIGEST
	cat "layout/blobs/sha256/${1#sha256:}"
}

manifest_of() { # NAME
	blob "$(entry_of "$1")"
}

config_of() { # NAME
	blob "$(manifest_of "$1" | jq -r .config.digest)"
}

layers_of() { # NAME
	manifest_of "$1" | jq -r '.layers[].digest'
}

same_files() { # A B
	rm -rf "out-$1" "out-$2"
	image unpack "$1" "out-$1"
	image unpack "$2" "out-$2"
	diff <(treecmp -T "out-$1") <(treecmp -T "out-$2")
	[ -z "$(image diff "$1" "$2")" ]
}

ONE='dir name=etc mode=0755
file name=etc/a data=a mtime=1700000000
file name=bin/x mode=4755 data=xxxx mtime=1700000000 xattr:user.k=v
hardlink name=bin/y link=bin/x
dir name=dir mode=0700
file name=dir/1 data=1
dir name=old mode=0755
file name=old/1 data=1
symlink name=lib link=usr/lib
file name=usr/lib/so data=so'
TWO='file name=etc/.wh.a
file name=etc/b data=b mtime=1700000001
file name=.wh.old
dir name=old mode=0711
file name=old/2 data=2
file name=lib/new data=new'
THREE='file name=dir/.wh..wh..opq
dir name=dir mode=0755
file name=dir/3 fill=2000000
file name=bin/.wh.x
file name=etc/a data=again'

@test "compression: there and back, the config keeps every byte" {
	image_of "$ONE" "$TWO" "$THREE"
	image convert -q --compression-format zstd x z
	[ "$(manifest_of z | jq -r '.layers[].mediaType' | sort -u)" = application/vnd.oci.image.layer.v1.tar+zstd ]
	[ "$(manifest_of z | jq -r .config.digest)" = "$(manifest_of x | jq -r .config.digest)" ]
	same_files x z
	for digest in $(layers_of z); do blob "$digest" | zstd -qt; done
	image convert -q --compression-format gzip --compression-level 9 z g
	for digest in $(layers_of g); do blob "$digest" | gzip -t; done
	same_files x g
	image convert -q --compression-format uncompressed g p
	[ "$(layers_of p)" = "$(layers_of x)" ]
	# The same again is the same.
	image convert -q --compression-format zstd p z2
	[ "$(entry_of z2)" = "$(entry_of z)" ]
}

@test "layers that are right already are not written again, unless forced" {
	image_of "$ONE" "$TWO"
	run image convert --compression-format uncompressed x same
	[ "$status" -eq 0 ]
	[[ $output == *"1 image, 0 layers written"* ]]
	[ "$(layers_of same)" = "$(layers_of x)" ]
	image convert -q --compression-format gzip --compression-level 1 x g1
	run image convert --compression-format gzip --compression-level 9 g1 g9
	[[ $output == *"0 layers written"* ]]
	run image convert --compression-format gzip --compression-level 9 --force-compression g1 g9
	[[ $output == *"2 layers written"* ]]
	[ "$(layers_of g1)" != "$(layers_of g9)" ]
}

@test "--squash: one layer without whiteouts, history kept as empty layers" {
	image_of "$ONE" "$TWO" "$THREE"
	image convert -q --squash x s
	[ "$(layers_of s | wc -l)" -eq 1 ]
	same_files x s
	blob "$(layers_of s)" | gzip -dc >s.tar
	run ! grep -q '\.wh\.' <(tar tf s.tar)
	[ "$(tar tf s.tar | grep -c '^bin/.')" -eq 1 ]
	[ "$(config_of s | jq -c '[.history[].empty_layer]')" = '[true,true,true,null]' ]
	[ "$(config_of s | jq '.rootfs.diff_ids | length')" -eq 1 ]
	skopeo inspect oci:layout:docker.io/library/s:latest >/dev/null
	image convert -q --squash --compression-format zstd x sz
	same_files s sz
	# One layer is squashed already.
	run image convert --squash s s2
	[[ $output == *"0 layers written"* ]]
}

@test "--squash=N: the last layers, whiteouts over those below stay" {
	image_of "$ONE" "$TWO" "$THREE"
	image convert -q --squash=2 x s
	[ "$(layers_of s | wc -l)" -eq 2 ]
	[ "$(layers_of s | head -1)" = "$(layers_of x | head -1)" ]
	same_files x s
	blob "$(layers_of s | tail -1)" | gzip -dc | tar t >list
	grep -qx bin/.wh.x list
	grep -qx dir/.wh.1 list
	run ! grep -qx etc/.wh.a list
	[ "$(config_of s | jq -c '[.history[].empty_layer]')" = '[null,true,true,null]' ]
	run image convert --squash=0 x n
	[ "$status" -eq 2 ]
}

# Layers of random entries over few names, so that they collide in many ways: a, b, x, y are mostly
# directories, f and g files, s a symlink to a directory that paths go through.
random_layer() { # SEED
	awk -v seed="$1" 'BEGIN {
		srand(seed)
		split("a b a s", top); split("x y x y", below); split("f g h", leaf)
		for (i = 0; i < 14; i++) {
			dir = top[int(rand() * 4) + 1] "/"
			if (rand() < .5) dir = dir below[int(rand() * 4) + 1] "/"
			name = dir leaf[int(rand() * 3) + 1]
			at = substr(dir, 1, length(dir) - 1)
			kind = int(rand() * 10)
			if (kind == 0 && at != "s") print "dir name=" at " mode=07" int(rand() * 8) "5 mtime=1700000000"
			else if (kind <= 4) { print "file name=" name " data=" seed "-" i " mtime=170000000" int(rand() * 9); file = name }
			else if (kind == 5) print "file name=" dir ".wh." leaf[int(rand() * 3) + 1]
			else if (kind == 6) print "file name=" (rand() < .5 ? at "/.wh..wh..opq" : top[int(rand() * 2) + 1] "/.wh." below[int(rand() * 2) + 1])
			else if (kind == 7 && file != "" && file != name) print "hardlink name=" name " link=" file
			else if (kind == 8) print "symlink name=" name " link=x"
			else if (kind == 9 && rand() < .3) print "file name=" at " data=" i
			else if (kind == 9 && rand() < .5) print "file name=.wh." top[int(rand() * 2) + 1]
		}
	}'
}

@test "random layers squashed in every way give the same files" {
	done=0
	for seed in {1..12}; do
		image_of "symlink name=s link=b
dir name=b mode=0755
$(random_layer "$seed")" "$(random_layer $((seed + 1000)))" "$(random_layer $((seed + 2000)))" \
			"$(random_layer $((seed + 3000)))"
		rm -rf out-*
		# What is no image at all is refused by all.
		image unpack x out-x 2>/dev/null || continue
		for n in 2 3 4; do
			image convert -q --squash=$n x "s$n"
			echo "seed $seed, last $n"
			same_files x "s$n"
			done=$((done + 1))
		done
	done >log 2>&1
	tail -30 log
	[ "$done" -ge 6 ]
}

@test "--rebase: the image's own layers and history on a newer base" {
	image_of "$ONE"
	image convert -q x base1
	rm -rf base1
	cp -a layout base1
	image_of "$ONE
file name=etc/patched data=p"
	cp -a layout base2
	CONFIG='{"Cmd":["mine"]}' image_of "$ONE" "$TWO"
	for i in 1 2; do creel-image --store layout copy "oci:base$i:x" "creel:base$i" 2>/dev/null; done
	image convert -q --rebase base1=base2 x r
	[ "$(layers_of r | head -1)" = "$(layers_of base2)" ]
	[ "$(layers_of r | tail -1)" = "$(layers_of x | tail -1)" ]
	[ "$(config_of r | jq -c .config)" = '{"Cmd":["mine"]}' ]
	[ "$(config_of r | jq '.history | length')" -eq 2 ]
	[ "$(manifest_of r | jq -r '.annotations["org.opencontainers.image.base.name"]')" = docker.io/library/base2:latest ]
	image unpack r out
	[ -e out/etc/patched ]
	[ -e out/etc/b ]
	run image convert --rebase base2=base1 x q
	[ "$status" -eq 1 ]
	[[ $output == *"does not stand on"* ]]
	run image convert --rebase base1 x q
	[ "$status" -eq 2 ]
	[[ $output == *"expected OLD=NEW"* ]]
}

# index_of NAME DESCRIPTOR...: an index of the layout's with this name, of descriptors' JSON.
index_of() {
	local name=$1 list
	shift
	list=$(printf '%s,' "$@")
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s]}' "${list%,}" >index
	jq -c --argjson d "$(layout_descriptor layout index application/vnd.oci.image.index.v1+json)" --arg n "$name" \
		'.manifests += [$d + {annotations: {"org.opencontainers.image.ref.name": $n}}]' layout/index.json >i
	cp i layout/index.json
}

@test "an index: every platform, shared layers once, attestations left out" {
	image_of "$ONE" "$TWO"
	m=$(entry_of x)
	size=$(blob "$m" | wc -c)
	blob "$(manifest_of x | jq -r .config.digest)" | sed 's/amd64/arm64/' >arm.config
	manifest_of x | jq -c --argjson c "$(layout_descriptor layout arm.config application/vnd.oci.image.config.v1+json)" \
		'.config = $c' >arm.manifest
	arm=$(layout_descriptor layout arm.manifest application/vnd.oci.image.manifest.v1+json)
	amd="{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"$m\",\"size\":$size"
	index_of many "$amd,\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}}" \
		"${arm%\}},\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}}" \
		"$amd,\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}}"
	run image convert --compression-format zstd many z
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"2 images, 4 layers written"* ]]
	[[ $output == *"1 attestations were left out"* ]]
	[ "$(manifest_of z | jq -c '[.manifests[].platform.architecture]')" = '["amd64","arm64"]' ]
	[ "$(manifest_of z | jq -r '.manifests[].digest' | while read -r d; do blob "$d" | jq -r '.layers[].digest'; done | sort -u | wc -l)" -eq 2 ]
	image convert -q --platform linux/arm64 --format docker many a
	[ "$(manifest_of a | jq -r .mediaType)" = application/vnd.docker.distribution.manifest.v2+json ]
	[ "$(config_of a | jq -r .architecture)" = arm64 ]
	image convert -q --format docker many d
	[ "$(manifest_of d | jq -r .mediaType)" = application/vnd.docker.distribution.manifest.list.v2+json ]
}

@test "what can't be is refused, and no image is made" {
	image_of "$ONE" "$TWO"
	run image convert --format docker --compression-format zstd x n
	[ "$status" -eq 1 ]
	[[ $output == *"choose --format oci"* ]]
	run image convert --compression-level 3 x n
	[ "$status" -eq 2 ]
	run image convert --compression-format gzip --compression-level 30 x n
	[ "$status" -eq 2 ]
	[[ $output == *"gzip has no level 30"* ]]
	run image convert nothing n
	[ "$status" -eq 3 ]
	blob=layout/blobs/sha256/$(sha256sum <2.tar | cut -d' ' -f1)
	printf X | dd of="$blob" bs=1 seek=600 conv=notrunc status=none
	for option in --compression-format=zstd --squash; do
		run image convert $option x n
		[ "$status" -eq 4 ]
	done
	[ -z "$(entry_of n)" ]
}

@test "podman loads and runs what was converted and committed" {
	requires root program podman
	mkdir -p bin
	cp "$(command -v busybox)" bin/busybox
	ln -s busybox bin/sh
	tar cf 1.tar bin
	CONFIG='{"Cmd":["/bin/sh","-c","/bin/busybox cat /new"],"Env":["PATH=/bin"]}' make_layout layout x 1.tar
	image bundle --rootfs=copy x b
	mkdir -p b/rootfs/proc b/rootfs/dev
	echo it works >b/rootfs/new
	image commit -q b c
	image convert -q --compression-format zstd c z
	image convert -q --squash c s
	p() { podman --root "$ROOM/p" --runroot "$ROOM/pr" --storage-driver vfs --cgroup-manager cgroupfs "$@"; }
	for i in c z s; do
		image save -o "$i.tar" --format oci-archive "$i" 2>/dev/null || image save -o "$i.tar" "$i"
		p load -q -i "$i.tar"
	done
	p images --format '{{.Repository}}' | sort >names
	cat names
	[ "$(grep -c library/ names)" -eq 3 ]
	for i in c z s; do
		mnt=$(p image mount "docker.io/library/$i:latest")
		[ "$(cat "$mnt/new")" = "it works" ]
		p image umount "docker.io/library/$i:latest" >/dev/null
	done
}
