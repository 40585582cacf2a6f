#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# creel-image load and save: what other tools write is read, what we write they read.

load common

setup() {
	requires root
	requires program jq zstd skopeo umoci
	room_setup
}
teardown() { room_teardown; }

NAME=example.com/team/app:1.2

# An image of three layers (one of them twice) in the store st, called $NAME.
make_image() {
	layer 1.tar <<<'dir name=./
		dir name=etc
		file name=etc/file data=lower
		file name=etc/gone data=lower
		symlink name=link link=etc/file
		hardlink name=hard link=etc/file'
	layer 2.tar <<<'file name=etc/file data=upper
		file name=etc/.wh.gone'
	gzip -kn 1.tar
	zstd -qk 2.tar
	CONFIG='{"User":"1:2","Env":["A=1"],"Cmd":["/x"],"Labels":{"k":"v"}}' \
		make_layout layout x "$@"
	creel-image --store st load -i layout --name $NAME
}

# The root file system an image of the store has.
files_of() { # STORE IMAGE
	local dir
	dir=$(mktemp -d -p "$ROOM")
	creel-image --store "$1" unpack "$2" "$dir/rootfs" >&2
	treecmp "$dir/rootfs"
	rm -rf "$dir"
}

assert_is_the_image() { # STORE IMAGE
	diff <(files_of st $NAME) <(files_of "$1" "$2")
	[ "$(creel-image --store "$1" inspect "$2" | jq -c '[.. | .Cmd? // empty]')" = "$(creel-image --store st inspect $NAME | jq -c '[.. | .Cmd? // empty]')" ]
}

private_podman() {
	podman --root "$ROOM/podman" --runroot "$ROOM/podman-run" --storage-driver vfs --cgroup-manager cgroupfs "$@"
}
private_buildah() {
	buildah --root "$ROOM/podman" --runroot "$ROOM/podman-run" --storage-driver vfs "$@"
}

load_fails() { # TEXT ARG...
	local text=$1
	shift
	run creel-image --store new load "$@"
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"$text"* ]]
	# Neither a name nor a blob came in.
	[ "$(jq '.manifests | length' new/index.json)" = 0 ]
	[ -z "$(find new/blobs new/tmp -type f)" ]
	assert_untouched
}

@test "each format comes back as it went, through a file, a pipe and compression" {
	make_image 1.tar.gz 2.tar.zst 2.tar.zst
	for format in oci-archive docker-archive; do
		creel-image --store st save -o a.tar --format $format $NAME
		creel-image --store st save --format $format $NAME | cmp - a.tar
		for how in 'load -i a.tar' 'load <a.tar' 'load -i - <a.tar' \
			'gzip -c a.tar | IN load' 'zstd -qc a.tar | IN load'; do
			rm -rf new
			how=${how/#load/IN load}
			run bash -c "${how/IN/creel-image --store new}"
			echo "$output"
			[ "$status" -eq 0 ]
			[ "$output" = "Loaded image: $NAME" ]
			assert_is_the_image new $NAME
		done
	done
	creel-image --store st save -o dir --format oci-dir $NAME
	rm -rf new
	creel-image --store new load -i dir
	assert_is_the_image new $NAME
	cmp <(jq -S . st/index.json | grep digest) <(jq -S . new/index.json | grep digest)
}

@test "the same image gives the same bytes, whatever the store and the hour" {
	make_image 1.tar.gz 2.tar.zst
	creel-image --store st save -o a.tar $NAME
	creel-image --store other load -i a.tar
	sleep 1.1
	creel-image --store other save -o b.tar $NAME
	cmp a.tar b.tar
	[ "$(tar --utc --full-time -tvf a.tar | awk '{print $2, $4, $5}' | sort -u)" = "0/0 1970-01-01 00:00:00" ]
}

@test "several images in one file share their layers" {
	make_image 1.tar 2.tar
	CONFIG='{"Cmd":["/other"]}' make_layout other y 1.tar
	creel-image --store st load -i other --name example.com/team/other:1.2
	creel-image --store st load -i other --name example.com/team/other:2
	for format in oci-archive docker-archive; do
		creel-image --store st save -o a.tar --format $format $NAME example.com/team/other:1.2 example.com/team/other:2
		[ "$(tar tf a.tar | sort | uniq -d)" = "" ]
		rm -rf new
		creel-image --store new load -i a.tar
		[ "$(creel-image --store new list -q 2>/dev/null | wc -l)" -ge 1 ]
		assert_is_the_image new $NAME
		diff <(files_of st example.com/team/other:2) <(files_of new example.com/team/other:2)
		diff <(files_of st example.com/team/other:1.2) <(files_of new example.com/team/other:1.2)
	done
	[ "$(tar xOf a.tar repositories | jq -c '.["example.com/team/other"] | keys')" = '["1.2","2"]' ]
	run creel-image --store new load -i a.tar --name one
	[ "$status" -ne 0 ]
	[[ $output == *"--name is for one image"* ]]
}

@test "skopeo reads what we write, and we read what it writes" {
	make_image 1.tar.gz 2.tar.zst
	digest=$(jq -r '.manifests[0].digest' st/index.json)
	creel-image --store st save -o oci.tar $NAME
	creel-image --store st save -o oci --format oci-dir $NAME
	creel-image --store st save -o docker.tar --format docker-archive $NAME
	[ "$(skopeo inspect --raw oci-archive:oci.tar:1.2 | sha256sum | cut -d' ' -f1)" = "${digest#sha256:}" ]
	[ "$(skopeo inspect --raw oci:oci:1.2 | sha256sum | cut -d' ' -f1)" = "${digest#sha256:}" ]
	skopeo inspect docker-archive:docker.tar | jq -e '.Env == ["A=1"]'
	skopeo list-tags docker-archive:docker.tar | jq -e '.Tags == ["example.com/team/app:1.2"]'
	# Old ones can't make a docker-archive of zstd layers that are not their own.
	skopeo copy -q docker-archive:docker.tar docker-archive:s-docker.tar:$NAME
	skopeo copy -q oci:oci:1.2 oci-archive:s-oci.tar:$NAME
	skopeo copy -q docker-archive:docker.tar oci:s-dir:$NAME
	for from in s-docker.tar s-oci.tar s-dir; do
		rm -rf new
		run creel-image --store new load -i $from
		echo "$output"
		[ "$output" = "Loaded image: $NAME" ]
		assert_is_the_image new $NAME
	done
	# The store itself is a layout.
	skopeo inspect "oci:st:$NAME" | jq -e '.Env == ["A=1"]'
}

@test "umoci reads what we write, and we read what it writes" {
	make_image 1.tar.gz 2.tar
	creel-image --store st save -o oci --format oci-dir $NAME
	umoci unpack --image oci:1.2 bundle >/dev/null 2>&1
	diff <(treecmp -t bundle/rootfs) <(files_of st $NAME | sed -E '/ dir /s/ mtime=[^ ]+//')
	echo new >bundle/rootfs/added
	rm bundle/rootfs/etc/file
	umoci repack --image oci:mine bundle >/dev/null 2>&1
	run creel-image --store new load -i oci
	echo "$output"
	[ "$status" -eq 0 ]
	creel-image --store new unpack mine target
	[ "$(cat target/added)" = new ]
	[ ! -e target/etc/file ]
}

@test "podman and buildah read what we write, and we read what they write" {
	requires program podman buildah
	make_image 1.tar.gz 2.tar
	for format in oci-archive docker-archive; do
		creel-image --store st save -o a.tar --format $format $NAME
		run private_podman load -i a.tar
		echo "$output"
		[ "$status" -eq 0 ]
		[ "$(private_podman image inspect $NAME | jq -c '.[0].Config.Cmd')" = '["/x"]' ]
		rm -f p.tar
		private_podman save -q --format $format -o p.tar $NAME
		rm -rf new
		creel-image --store new load -i p.tar
		assert_is_the_image new $NAME
		private_podman rmi -f $NAME
	done
	creel-image --store st save -o oci --format oci-dir $NAME
	run private_buildah pull -q oci:oci:1.2
	echo "$output"
	[ "$status" -eq 0 ]
	private_buildah push -q "$output" "oci:b-dir:$NAME"
	private_buildah push -q "$output" "docker-archive:b-docker.tar:$NAME"
	for from in b-dir b-docker.tar; do
		rm -rf new
		creel-image --store new load -i $from
		assert_is_the_image new $NAME
	done
}

@test "layers that docker save linked to one another are found" {
	layer 1.tar <<<'file name=f data=x'
	config="{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"$(digest_of 1.tar)\",\"$(digest_of 1.tar)\",\"$(digest_of 1.tar)\"]}}"
	printf '[{"Config":"c.json","RepoTags":["app:1","app:2"],"Layers":["a/layer.tar","b/layer.tar","c.tar"]}]' >manifest.json
	echo "$config" >c.json
	mkdir a b
	cp 1.tar a/layer.tar
	ln -s ../a/layer.tar b/layer.tar
	ln a/layer.tar c.tar
	tar cf d.tar b/layer.tar a/layer.tar c.tar c.json manifest.json
	run creel-image --store new load -i d.tar
	[ "$output" = $'Loaded image: docker.io/library/app:1\nLoaded image: docker.io/library/app:2' ]
	creel-image --store new unpack app:2 target
	[ "$(cat target/f)" = x ]
}

@test "an image of a Docker registry becomes an OCI image when it is saved" {
	layer 1.tar <<<'file name=f data=x'
	gzip -k 1.tar
	LAYER_TYPE=application/vnd.docker.image.rootfs.diff.tar.gzip make_layout layout x 1.tar.gz
	# The same in Docker's words throughout.
	old=$(jq -r '.manifests[0].digest' layout/index.json)
	sed 's/vnd.oci.image.manifest.v1/vnd.docker.distribution.manifest.v2/; s/vnd.oci.image.config.v1/vnd.docker.container.image.v1/' \
		"layout/blobs/sha256/${old#sha256:}" >manifest
	desc=$(layout_descriptor layout manifest application/vnd.docker.distribution.manifest.v2+json)
	printf '{"schemaVersion":2,"manifests":[%s]}' "$desc" >layout/index.json
	creel-image --store st load -i layout --name app:1
	creel-image --store st save -o oci --format oci-dir app:1
	[ "$(skopeo inspect --raw oci:oci:1 | jq -r '.mediaType, .config.mediaType, .layers[0].mediaType' | xargs)" = "application/vnd.oci.image.manifest.v1+json application/vnd.oci.image.config.v1+json application/vnd.oci.image.layer.v1.tar+gzip" ]
	umoci unpack --image oci:1 bundle >/dev/null 2>&1
	[ -f bundle/rootfs/f ]
}

@test "members that leave the archive, or are no files, are refused" {
	cat >manifest.json <<<'[{"Config":"c.json","Layers":["l/layer.tar"]}]'
	for text in "symlink name=l/layer.tar link=$ROOM/canary" "symlink name=l/layer.tar link=../../canary" \
		"hardlink name=l/layer.tar link=$ROOM/canary" "hardlink name=l/layer.tar link=../canary"; do
		layer a.tar <<<"$text
			file name=manifest.json data=[]"
		load_fails "leaves the archive" -i a.tar
	done
	layer a.tar <<<"file name=../canary data=gone"
	load_fails "'..' is not allowed" -i a.tar
	layer a.tar <<<"char name=blobs/sha256/x dev=1:3"
	load_fails "neither a file nor a link" -i a.tar
	layer a.tar <<<'symlink name=l/layer.tar link=layer.tar
		file name=c.json data={}
		file name=manifest.json data=[{"Config":"c.json","Layers":["l/layer.tar"]}]'
	load_fails "" -i a.tar
}

@test "documents that lie are refused" {
	layer a.tar <<<'file name=manifest.json data=[{"Config":"../c.json","Layers":[]}]'
	load_fails "leaves the archive" -i a.tar
	layer a.tar <<<'file name=manifest.json data=[{"Config":"c.json","Layers":[]}]'
	load_fails "which is not there" -i a.tar
	layer a.tar <<<'file name=manifest.json data=[]'
	load_fails "no images" -i a.tar
	layer a.tar <<<'file name=manifest.json data={'
	load_fails "manifest.json" -i a.tar
	layer a.tar <<<'file name=index.json data={"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:../../../canary","size":1}]}
		file name=oci-layout data={"imageLayoutVersion":"1.0.0"}'
	load_fails "sha256:../../../canary" -i a.tar
	layer a.tar <<<"file name=index.json data={\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:$(printf '0%.0s' $(seq 64))\",\"size\":1}]}
		file name=oci-layout data={\"imageLayoutVersion\":\"1.0.0\"}"
	load_fails "is missing" -i a.tar
	layer a.tar <<<"file name=blobs/sha256/$(printf '0%.0s' $(seq 64)) data=x"
	load_fails "digest" -i a.tar
	layer a.tar <<<'file name=something data=else'
	load_fails "neither an OCI archive" -i a.tar
}

@test "a layer that is not what the config says is refused" {
	layer 1.tar <<<'file name=f data=x'
	printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
		"$(printf '0%.0s' $(seq 64))" >c.json
	printf '[{"Config":"c.json","Layers":["1.tar"]}]' >manifest.json
	tar cf a.tar 1.tar c.json manifest.json
	load_fails "the config says sha256:0000" -i a.tar
	printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}' >c.json
	tar cf a.tar 1.tar c.json manifest.json
	load_fails "manifest.json has 1 layers, the config 0" -i a.tar
}

@test "archives that are cut off, empty, of another kind or not there are refused" {
	make_image 1.tar
	creel-image --store st save -o a.tar $NAME
	head -c 3000 a.tar >cut.tar
	load_fails "truncated" -i cut.tar
	echo short >text
	load_fails "not a tar archive: too short" -i text
	head -c 3000 /dev/zero | tr '\0' x >text
	load_fails "not a tar archive" -i text
	: >empty.tar
	load_fails "neither an OCI archive" -i empty.tar
	xz -k a.tar
	load_fails "compressed with xz" -i a.tar.xz
	printf 'BZh91AY&SY' >a.tar.bz2
	load_fails "compressed with bzip2" -i a.tar.bz2
	head -c 10000 /dev/urandom >noise
	load_fails "" -i noise
	load_fails "no-such-file" -i no-such-file
	mkdir no-layout
	load_fails "no-layout" -i no-layout
}

@test "what can't be saved is refused, and an old file stays" {
	make_image 1.tar
	echo old >a.tar
	run creel-image --store st save -o a.tar no-such-image
	[ "$status" -eq 3 ]
	[ "$(cat a.tar)" = old ]
	rm "st/blobs/sha256/$(digest_of 1.tar | cut -d: -f2)"
	for format in oci-archive docker-archive; do
		run creel-image --store st save -o a.tar --format $format $NAME
		[ "$status" -eq 3 ]
		[ "$(cat a.tar)" = old ]
	done
	mkdir full
	touch full/x
	run creel-image --store st save -o full --format oci-dir $NAME
	[ "$status" -eq 1 ]
	run creel-image --store st save --format oci-dir $NAME
	[ "$status" -eq 2 ]
	[[ $output == *"needs -o DIR"* ]]
	run creel-image --store st save --format zip $NAME
	[ "$status" -eq 2 ]
	assert_untouched
}

@test "a blob that was damaged in the store is not passed on" {
	make_image 1.tar
	blob="st/blobs/sha256/$(digest_of 1.tar | cut -d: -f2)"
	chmod u+w "$blob"
	printf 'X' | dd of="$blob" bs=1 seek=1500 conv=notrunc status=none
	for format in oci-archive oci-dir docker-archive; do
		run creel-image --store st save -o out --format $format $NAME
		echo "$output"
		[ "$status" -eq 4 ]
		[ ! -e out ]
	done
	assert_untouched
}

@test "load waiting at a pipe can be interrupted, and leaves nothing" {
	image_of 'file name=f fill=600000'
	creel-image --store layout save -o a.tar x
	mkfifo pipe
	# Half of the archive, and then silence.
	(
		head -c 300000 a.tar
		: >half
		exec sleep 1000
	) >pipe 3>&- &
	writer=$!
	env --default-signal=INT creel-image --store new load <pipe 3>&- &
	pid=$!
	# No pipe holds as much: it was read.
	wait_for test -e half
	kill -INT $pid
	code=0
	wait $pid || code=$?
	kill $writer
	[ "$code" -eq 130 ]
	[ "$(jq '.manifests | length' new/index.json)" = 0 ]
	[ -z "$(find new/blobs new/tmp -type f)" ]
}

@test "save into a pipe ends when the reader goes, and can be interrupted while nobody reads" {
	image_of 'file name=f fill=3000000'
	run bash -c "set -o pipefail; creel-image --store layout save x | true"
	echo "$output"
	[ "$status" -ne 0 ]
	mkfifo pipe
	(
		head -c 1 >begun
		exec sleep 1000
	) <pipe 3>&- &
	reader=$!
	env --default-signal=INT creel-image --store layout save x >pipe 3>&- &
	pid=$!
	wait_for test -s begun
	kill -INT $pid
	code=0
	wait $pid || code=$?
	kill $reader
	[ "$code" -eq 130 ]
}

@test "names: --name, bare words of layouts, and none at all" {
	make_image 1.tar
	creel-image --store new load -i layout
	creel-image --store new unpack x t1
	creel-image --store new load -i layout --name nginx
	creel-image --store new unpack docker.io/library/nginx:latest t2
	jq 'del(.manifests[0].annotations)' layout/index.json >i && mv i layout/index.json
	run creel-image --store nameless load -i layout
	digest=$(jq -r '.manifests[0].digest' layout/index.json)
	[ "$output" = "Loaded image: $digest" ]
	creel-image --store nameless unpack "$digest" t3
	diff <(treecmp t1) <(treecmp t3)
	creel-image --store nameless save -o a.tar "$digest"
	skopeo inspect oci-archive:a.tar >/dev/null
	run creel-image --store new load -i layout --name 'Not A Name'
	[ "$status" -ne 0 ]
}

@test "a file system without nameless files takes an archive, whole or not at all" {
	requires program fuse-overlayfs
	image_of 'file name=f fill=3000000'
	mkdir lower upper work merged
	# shellcheck disable=SC2016 # it is a script
	unshare -m bash -c 'fuse-overlayfs -o lowerdir=lower,upperdir=upper,workdir=work merged || exit 77
		creel-image --store layout save x -o merged/x.tar
		rm layout/blobs/sha256/"$(sha256sum 1.tar | cut -d" " -f1)"
		! creel-image --store layout save x -o merged/y.tar
		umount merged' || [ $? -ne 77 ] || skip "needs FUSE"
	[ "$(ls -A upper)" = x.tar ]
	tar -tf upper/x.tar >members
	grep -qx index.json members
}

# docker_tar CONFIG-NAME LAYER-NAME...: an archive whose members are called so, around 1.tar's layer
docker_tar() {
	local config=$1 name names=()
	shift
	rm -rf d && mkdir d
	for name in "$@"; do
		mkdir -p "d/$(dirname "$name")"
		cp 1.tar.gz "d/$name"
		names+=("$name")
	done
	jq -nc --arg d "$(digest_of 1.tar)" --argjson n $# \
		'{architecture:"amd64",os:"linux",rootfs:{type:"layers",diff_ids:[range($n) | $d]}}' >"d/$config"
	jq -nc --arg c "$config" '[{Config:$c,RepoTags:["example.com/team/app:1.2"],Layers:$ARGS.positional}]' \
		--args "${names[@]}" >d/manifest.json
	(cd d && tar cf ../a.tar ./*)
}

@test "docker-archives of builders name their members anyhow" {
	layer 1.tar <<<'file name=f data=x'
	gzip -kn 1.tar
	hex=$(sha256sum <1.tar.gz | cut -c-64)
	for names in "sha256:$hex $hex.tar.gz" "config.json $hex.tar.gz" "$hex.json a/b/layer.tar" "c 1 2 3"; do
		# shellcheck disable=SC2086 # split into words
		docker_tar $names
		for how in 'load -i a.tar' "copy -q docker-archive:a.tar creel:$NAME" \
			"copy -q docker-archive:a.tar:$NAME creel:$NAME"; do
			rm -rf new target
			# shellcheck disable=SC2086
			creel-image --store new $how
			creel-image --store new unpack $NAME target
			[ "$(cat target/f)" = x ]
		done
	done
}

@test "an archive that is both kinds is read as either" {
	make_image 1.tar.gz 2.tar.zst
	creel-image --store st save --format oci-dir -o both $NAME
	manifest=both/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' both/index.json)
	jq -c --arg n "$NAME" '[{Config:("blobs/sha256/" + .config.digest[7:]),RepoTags:[$n],Layers:[.layers[] | "blobs/sha256/" + .digest[7:]]}]' \
		"$manifest" >both/manifest.json
	(cd both && tar cf ../a.tar ./*)
	for how in 'load -i a.tar' "copy -q docker-archive:a.tar creel:$NAME" "copy -q oci-archive:a.tar creel:$NAME"; do
		rm -rf new
		# shellcheck disable=SC2086
		creel-image --store new $how
		assert_is_the_image new $NAME
	done
}

@test "an archive has an end, and a size" {
	make_image 1.tar
	creel-image --store st save -o a.tar $NAME
	cp a.tar b.tar
	head -c 1000000 /dev/zero >>b.tar
	creel-image --store other load -i b.tar
	rm -rf new
	load_fails "behind its end" -i <(cat a.tar /dev/zero)
	head -c 300000000 /dev/zero | gzip -1 >zeros.gz
	load_fails "--max-size" --max-size 1M -i zeros.gz
	run creel-image --store new copy --max-size 1M oci-archive:zeros.gz creel:a:1
	[ "$status" -ne 0 ]
	[[ $output == *"--max-size"* ]]
}

@test "links, doubles and cuts in an archive that is read in place" {
	layer 1.tar <<<'file name=f data=x'
	d=$(digest_of 1.tar)
	config="{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"$d\"]}}"
	fails() { # TEXT
		run creel-image --store new copy -q docker-archive:a.tar creel:a:1
		echo "$output"
		[ "$status" -ne 0 ]
		[[ $output == *"$1"* ]]
		[ -z "$(find new/blobs -type f)" ] || [ -z "$(jq '.manifests[]' new/index.json)" ]
		assert_untouched
	}
	manifest='file name=manifest.json data=[{"Config":"c.json","Layers":["l"]}]'
	for link in "symlink name=l link=$ROOM/canary" 'symlink name=l link=../canary' 'hardlink name=l link=../canary' \
		'hardlink name=l link=/etc/passwd'; do
		layer a.tar <<<"$manifest
			file name=c.json data=$config
			$link"
		fails "leaves the archive"
	done
	layer a.tar <<<"$manifest
		file name=c.json data=$config
		symlink name=l link=m
		symlink name=m link=l"
	fails "has no member 'l'"
	layer a.tar <<<"$manifest
		file name=c.json data=$config
		fifo name=l"
	fails "neither a file nor a link"
	layer a.tar <<<"$manifest
		file name=c.json data=$config
		file name=l data=first
		file name=l data=second"
	fails "$d has another content"
	# Sizes and counts that nobody has.
	layer a.tar <<<"$manifest
		file name=c.json data=$config
		file name=l size=8000000000000 data=x
		noeof"
	fails "truncated"
	layer a.tar <<<'repeat=70000
		file name=n% data='
	fails "more than 65536 members"
}

@test "save --all keeps every platform, and others find it" {
	layer 1.tar <<<'file name=f data=x'
	make_layout lay x 1.tar
	m=$(jq -c '.manifests[0] | del(.annotations)' lay/index.json)
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s]}' \
		"$(jq -c '. + {platform:{os:"linux",architecture:"amd64"}}' <<<"$m")" >index
	i=$(layout_descriptor lay index application/vnd.oci.image.index.v1+json)
	printf '{"schemaVersion":2,"manifests":[%s]}' \
		"$(jq -c '. + {annotations:{"org.opencontainers.image.ref.name":"x"}}' <<<"$i")" >lay/index.json
	creel-image --store st load -i lay --name $NAME
	creel-image --store st save --all -o a.tar $NAME
	[ "$(skopeo inspect --raw oci-archive:a.tar:1.2 | sha256sum | cut -c-64)" = "$(sha256sum <index | cut -c-64)" ]
	creel-image --store new load -i a.tar
	[ "$(creel-image --store new inspect --raw $NAME)" = "$(cat index)" ]
	run creel-image --store st save --all --format docker-archive -o b.tar $NAME
	[ "$status" -ne 0 ]
	[ ! -e b.tar ]
}
