#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# eStargz layers that we make: what the format wants of them, and what they are to others.

bats_require_minimum_version 1.5.0
load ../helpers
load layout
load registry

setup_file() {
	requires root program docker-registry skopeo jq curl openssl
	cd "$BATS_FILE_TMPDIR"
	start_registry "$PWD/registry"
	export REGISTRY
	mkdir -p files/etc files/bin
	for i in $(seq 30); do echo "setting $i" >"files/etc/$i"; done
	for i in $(seq 10); do head -c 100000 /dev/urandom >"files/bin/program-$i"; done
	noise 4000000 >files/bin/large
	# More headers in a row than a block of the compressor takes.
	mkdir files/many
	for i in $(seq 720); do : >"files/many/$(printf %0120d "$i")"; done
	ln files/bin/program-1 files/bin/link
	ln -s program-2 files/bin/symlink
	mknod files/bin/char c 1 3
	mknod files/bin/block b 7 0
	mkfifo files/fifo
	chmod 4755 files/bin/program-2
	chown 7:8 files/etc/1
	setfattr -n user.some -v thing files/etc/1
	find files -exec touch -h -d '2024-05-06 07:08:09' {} +
	tar_of v1
	echo changed >>files/bin/program-5
	printf inserted | cat <(head -c 2000000 files/bin/large) - <(tail -c +2000001 files/bin/large) >new
	cat new >files/bin/large
	touch -d '2024-06-07 08:09:10' files/bin/program-5 files/bin/large files/bin
	tar_of v2
	for v in v1 v2; do
		make_layout "layout-$v" "$v" "$v.tar"
		creel-image --store maker copy -q "oci:layout-$v:$v" "base:$v"
		creel-image --store maker convert -q --compression-format estargz "base:$v" "$REGISTRY/test/stargz:$v"
		creel-image --store maker push -q "$REGISTRY/test/stargz:$v"
	done
}

teardown_file() {
	stop_registry "$BATS_FILE_TMPDIR/registry"
}

tar_of() {
	tar --sort=name --xattrs --format=posix --pax-option=delete=atime,delete=ctime -C files -cf "$1.tar" .
}

setup() {
	STORE=$BATS_TEST_TMPDIR/store
	V1=$REGISTRY/test/stargz:v1
	V2=$REGISTRY/test/stargz:v2
	cd "$BATS_TEST_TMPDIR"
}

# take_apart STORE NAME [LAYER]: the layer's descriptor, blob, stream, and table; DIFF_ID, TOC.
take_apart() {
	skopeo inspect --raw "oci:$1:$2" | jq -c ".layers[${3:-0}]" >layer
	DIFF_ID=$(skopeo inspect --config "oci:$1:$2" | jq -r ".rootfs.diff_ids[${3:-0}]")
	cp "$1/blobs/sha256/$(jq -r '.digest[7:]' layer)" blob
	gzip -dc blob >stream
	[ "$(tail -c 19 blob | head -c 6)" = STARGZ ]
	TOC=$((16#$(tail -c 35 blob | head -c 16)))
	tail -c +$((TOC + 1)) blob | gzip -dc | tar -xOf - stargz.index.json >table
}

sum() { sha256sum | cut -d' ' -f1; }

# none FILTER: no entry of the table is so.
none() {
	jq -c ".entries[] | select($1)" table >found
	[ ! -s found ] || {
		head -n 5 found
		return 1
	}
}

@test "footer, table and annotations are what the format says" {
	take_apart "$BATS_FILE_TMPDIR/maker" "$V1"
	[ "$(jq -r .mediaType layer)" = application/vnd.oci.image.layer.v1.tar+gzip ]
	[ "$(tail -c 51 blob | head -c 16 | od -An -v -tx1 | tr -d ' ')" = 1f8b08040000000000ff1a0053471600 ]
	[ "$(tail -c 13 blob | od -An -v -tx1 | tr -d ' ')" = 010000ffff0000000000000000 ]
	[ "$(jq -r '.annotations["containerd.io/snapshot/stargz/toc.digest"]' layer)" = "sha256:$(sum <table)" ]
	[ "$(jq -r '.annotations["io.containers.estargz.uncompressed-size"]' layer)" = "$(stat -c %s stream)" ]
	[ "$DIFF_ID" = "sha256:$(sum <stream)" ]
	tar -tf stream >names
	[ "$(tail -n 1 names)" = stargz.index.json ]
	[ "$(grep -c '^\.no\.prefetch\.landmark$' names)" = 1 ]
	[ "$(tar -xOf stream .no.prefetch.landmark | od -An -tx1)" = " 0f" ]
	# The stream is the one there was, with two files more before its end.
	cut=$(($(stat -c %s "$BATS_FILE_TMPDIR/v1.tar") / 10240 - 1))
	cmp -n $((cut * 10240)) "$BATS_FILE_TMPDIR/v1.tar" stream
	tar -tf "$BATS_FILE_TMPDIR/v1.tar" | diff - <(head -n -2 names)
	# The table is one member: readers of it stop at its end.
	tail -c +$((TOC + 1)) blob | head -c -51 >member
	[ "$(gzip -lq member 2>/dev/null | awk '{print $2}')" = "$(gzip -dc member | wc -c)" ]
}

@test "each entry has the fields it must have, and what they say is so" {
	take_apart "$BATS_FILE_TMPDIR/maker" "$V1"
	[ "$(jq .version table)" = 1 ]
	tar -tf stream | head -n -1 >names
	jq -r '.entries[] | select(.type != "chunk") | .name' table | diff names -
	none '.type | IN("dir", "reg", "symlink", "hardlink", "char", "block", "fifo", "chunk") | not'
	none '.type != "chunk" and ([.mode, .uid, .gid | type] != ["number", "number", "number"])'
	none '.type == "reg" and .size > 0 and (.offset == null or .digest == null or .chunkDigest == null)'
	none '.type == "chunk" and (.offset == null or .chunkOffset == null or .chunkDigest == null)'
	none '(.type | IN("symlink", "hardlink")) and (.linkName | length) == 0'
	none '(.type | IN("char", "block")) and (.devMajor == null or .devMinor == null)'
	none 'has("endOffset") or .offset == 0'
	none '.modtime != null and (.modtime | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\\.[0-9]+)?Z$") | not)'
	# What is the last part of a file has no chunkSize, and no other has none.
	jq -e '[.entries[], {type: "end"}] | . as $e | all(range(length - 1);
		(($e[.].offset != null) and $e[. + 1].type != "chunk") == (($e[.].offset != null) and $e[.].chunkSize == null))' table
	jq -e '.entries | ([.[].offset | values] | . == sort and . == unique) and
		([.[] | select(.name == "./bin/large")] | length > 3)' table
	[ "$(jq -c '.entries[] | select(.name == "./etc/1") | [.uid, .gid, .xattrs["user.some"], .modtime]' table)" = \
		"[7,8,\"$(printf thing | base64)\",\"2024-05-06T07:08:09Z\"]" ]
	[ "$(jq -c '.entries[] | select(.name == "./bin/program-2") | .mode' table)" = $((04755)) ]
	[ "$(jq -c '.entries[] | select(.name == "./bin/block") | [.devMajor, .devMinor]' table)" = "[7,0]" ]
	[ "$(jq -r '.entries[] | select(.name == "./bin/program-1") | .linkName' table)" = ./bin/link ]
}

@test "a member begins where the table says, and holds the part of the file" {
	take_apart "$BATS_FILE_TMPDIR/maker" "$V1"
	mkdir tree
	tar -C tree -xf stream
	jq -r '.entries as $e | range($e | length) | . as $i | $e[$i] | select(.offset) |
		"\(.offset) \(.chunkOffset // 0) \(.chunkSize // "end") \(.chunkDigest[7:]) \(.name)"' table >parts
	[ "$(wc -l <parts)" -gt 45 ]
	while read -r at from size digest name; do
		[ "$size" != end ] || size=$(($(stat -c %s "tree/$name") - from))
		tail -c +$((at + 1)) blob | gzip -dcq 2>/dev/null | head -c "$size" >part
		[ "$(sum <part)" = "$digest" ]
		cmp part <(tail -c +$((from + 1)) "tree/$name" | head -c "$size")
	done < <(grep -e /bin/large -e /bin/program-5 -e landmark -e 'etc/1$' parts)
	jq -r '.entries[] | select(.type == "reg" and .size > 0) | "\(.digest[7:])  tree/\(.name)"' table | sha256sum --quiet -c
}

@test "of a second version only what is new travels" {
	image pull -q "$V1"
	image --debug pull --json "$V2" >result.json 2>debug.log
	cat result.json
	run ! grep "trying again from nothing" debug.log
	[ "$(jq .spared result.json)" -gt 3000000 ]
	[ "$(jq .pulled result.json)" -lt 2000000 ]
	image unpack "$V2" got
	mkdir want
	tar --xattrs -C want -xf "$BATS_FILE_TMPDIR/v2.tar"
	rm got/stargz.index.json got/.no.prefetch.landmark
	treecmp -t want >a
	treecmp -t got >b
	diff a b
	image verify -q
	store_is_sound "$STORE"
}

@test "skopeo, umoci and podman get the same tree" {
	requires program umoci podman
	skopeo copy -q --insecure-policy --src-tls-verify=false "docker://$V1" oci:copied:x
	[ "$(jq -r '.manifests[0].digest' copied/index.json)" = "$(skopeo inspect "oci:$BATS_FILE_TMPDIR/maker:$V1" | jq -r .Digest)" ]
	umoci unpack --image copied:x bundle >/dev/null
	podman --root "$PWD/p" --runroot "$PWD/pr" --storage-driver vfs pull -q --tls-verify=false "$V1"
	# shellcheck disable=SC2016 # the inner shell's
	unshare -m bash -c 'p="podman --root $PWD/p --runroot $PWD/pr --storage-driver vfs"
		at=$($p image mount "$1") && cp -a "$at" podman && $p image umount "$1"' - "$V1" >/dev/null
	mkdir want
	tar --xattrs -C want -xf "$BATS_FILE_TMPDIR/v1.tar"
	treecmp -t want >a
	for got in bundle/rootfs podman; do
		rm "$got/stargz.index.json" "$got/.no.prefetch.landmark"
		treecmp -t "$got" | diff a -
	done
}

@test "podman pulls it in parts, and gets the same files" {
	requires program podman
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' >policy.json
	cat >storage.conf <<-END
		[storage]
		driver = "overlay"
		graphroot = "$PWD/root"
		runroot = "$PWD/run"
		[storage.options]
		pull_options = {enable_partial_images = "true", use_hard_links = "false", ostree_repos = ""}
	END
	# shellcheck disable=SC2016 # the inner shell's
	CONTAINERS_STORAGE_CONF=$PWD/storage.conf unshare -m bash -c '
		podman --log-level=debug pull --signature-policy policy.json --tls-verify=false "docker://$1" 2>podman.log &&
			cp -a "$(podman image mount "$1")" got && podman image umount -a' - "$V1" >/dev/null
	grep -q "Retrieved partial blob" podman.log
	mkdir want
	tar --xattrs -C want -xf "$BATS_FILE_TMPDIR/v1.tar"
	# podman 4.3 loses times, owners and special files of layers that it pulls in parts, zstd:chunked as well.
	diff -r --no-dereference -x stargz.index.json -x .no.prefetch.landmark -x fifo -x char -x block want got
	[ "$(stat -c %i got/bin/link)" = "$(stat -c %i got/bin/program-1)" ]
}

@test "made again it is the same, and what is made already stays" {
	cp -a "$BATS_FILE_TMPDIR/maker" "$STORE"
	[ "$(image convert -q --compression-format estargz "$V1" same)" = "$(image convert -q --compression-format estargz base:v1 again)" ]
	run -0 --separate-stderr image convert --compression-format estargz "$V1" same
	[[ $stderr == *"0 layers written"* ]]
	# The table and the landmark of the old one do not stay beside the new ones.
	forced=$(image convert -q --compression-format estargz --force-compression "$V1" forced)
	[ "$forced" = "$(image convert -q --compression-format estargz base:v1 again)" ]
	image verify -q
}

@test "layers of other kinds become it, too, without what others had of it; the history stays true" {
	mkdir one two
	echo 1 >one/a
	echo 3 >one/c
	printf '\017' >one/.prefetch.landmark
	head -c 700 /dev/zero >one/stargz.index.json
	echo 2 >two/b
	tar -C one -cf one.tar a ./.prefetch.landmark stargz.index.json c
	tar -C two -cf two.tar b
	# GNU tar's end is 10 KiB of zeros; some archives have none at all.
	head -c 1024 two.tar >two-cut.tar
	HISTORY='[{"created_by":"one"},{"created_by":"nothing","empty_layer":true},{"created_by":"two"}]' \
		make_layout layout x one.tar two-cut.tar
	image copy -q oci:layout:x x
	image convert -q --compression-format zstd x z
	image convert -q --compression-format estargz --compression-level 9 z s
	for i in 0 1; do
		take_apart "$STORE" docker.io/library/s:latest $i
		[ "$DIFF_ID" = "sha256:$(sum <stream)" ]
		[ "$(jq -r '.entries | map(.name) | join(" ")' table)" = "$([ $i = 0 ] && echo a c || echo b) .no.prefetch.landmark" ]
	done
	image unpack s tree
	[ "$(cat tree/a tree/b tree/c)" = "$(printf '1\n2\n3')" ]
	[ ! -e tree/.prefetch.landmark ]
	[ "$(skopeo inspect --config oci:store:docker.io/library/s:latest | jq -c '[.history[].created_by]')" = '["one","nothing","two"]' ]
	image verify -q
}

@test "layers that cannot be told apart stay what they are, docker's format has no place for it" {
	mkdir odd
	echo 1 >odd/file
	tar -C odd -cf odd.tar file ./file
	make_layout layout x odd.tar
	image copy -q oci:layout:x odd
	run -0 --separate-stderr image convert --compression-format estargz odd odd:new
	[[ $stderr == *"becomes plain gzip, without a table of contents: it has a name twice"* ]]
	skopeo inspect --raw "oci:$STORE:docker.io/library/odd:new" | jq -e '.layers[0].annotations == null'
	[ "$(skopeo inspect --config "oci:$STORE:docker.io/library/odd:new" | jq -r '.rootfs.diff_ids[0]')" = "sha256:$(sum <odd.tar)" ]
	run -2 image convert --compression-format estargz --format docker odd odd:docker
	[[ $output == *"take --format oci"* ]]
}

@test "build makes it as BuildKit spells it, of the base's layers when that is forced" {
	cp -a "$BATS_FILE_TMPDIR/maker" "$STORE"
	mkdir ctx
	printf 'FROM base:v1\nCOPY new /new\nENV A=b\n' >ctx/Dockerfile
	echo new >ctx/new
	local key='.annotations["containerd.io/snapshot/stargz/toc.digest"]'
	image build -q -o "type=image,name=$REGISTRY/test/built:1,push=true,compression=estargz" ctx
	skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/test/built:1" >manifest
	jq -e ".layers | length == 2 and (.[0] | $key == null) and (.[1] | $key != null)" manifest
	take_apart "$STORE" "$REGISTRY/test/built:1" 1
	[ "$DIFF_ID" = "sha256:$(sum <stream)" ]
	[ "$(jq -r '.annotations["containerd.io/snapshot/stargz/toc.digest"]' layer)" = "sha256:$(sum <table)" ]
	image build -q -o type=oci,dest=all,tar=false,compression=estargz,force-compression=true,compression-level=6 \
		-o type=oci,dest=gzip,tar=false ctx
	skopeo inspect --raw oci:all | jq -e ".layers | length == 2 and all(.[]; $key != null)"
	skopeo inspect --raw oci:gzip | jq -e ".layers | all(.[]; $key == null)"
	image build -q -o type=docker,dest=d.tar,compression=estargz ctx
	skopeo inspect --raw oci-archive:d.tar | jq -e ".layers[1] | $key != null"
	run -2 image build -q -o type=image,compression=estargz,oci-mediatypes=false ctx
	[[ $output == *"compression=estargz and oci-mediatypes=false exclude each other"* ]]
	image verify -q
}
