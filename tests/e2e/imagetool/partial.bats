#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Pulls of zstd:chunked layers, of which only what is new travels; and tables of contents that lie.

bats_require_minimum_version 1.5.0
load ../helpers
load layout
load registry

setup_file() {
	requires root program docker-registry skopeo jq curl zstd openssl
	cd "$BATS_FILE_TMPDIR"
	start_registry "$PWD/registry"
	export REGISTRY
	mkdir -p files/etc files/bin
	for i in $(seq 60); do echo "setting $i" >"files/etc/$i"; done
	for i in $(seq 40); do head -c 100000 /dev/urandom >"files/bin/program-$i"; done
	noise 3000000 >files/bin/large
	chmod 644 files/bin/*
	ln files/bin/program-1 files/bin/link
	version v1
	echo changed >>files/bin/program-20
	echo new >files/bin/program-20a
	rm files/bin/program-30
	version v2
}

teardown_file() {
	stop_registry "$BATS_FILE_TMPDIR/registry"
}

# version TAG: an image of files/ in the registry.  GNU tar's padding is left away: skopeo 1.9 loses it.
version() {
	tar --sort=name -b1 -C files -cf "$1.tar" bin etc
	make_layout "layout-$1" "$1" "$1.tar"
	push "layout-$1:$1" "test/image:$1" --dest-compress-format zstd:chunked
}

setup() {
	STORE=$BATS_TEST_TMPDIR/store
	V1=$REGISTRY/test/image:v1
	V2=$REGISTRY/test/image:v2
	cd "$BATS_TEST_TMPDIR"
}

# pulled OPTION... NAME: how many bytes travelled, of how many.
pulled() {
	image --debug pull --json "$@" >result.json 2>debug.log
	PULLED=$(jq .pulled result.json)
	SPARED=$(jq .spared result.json)
	SIZE=$(jq .size result.json)
}

is_right() { # IMAGE TAR
	rm -rf got want
	image unpack "$1" got
	mkdir want
	tar -C want -xf "$2"
	diff -r want got/rootfs 2>/dev/null || diff -r want got
	image verify -q
	store_is_sound "$STORE"
}

@test "of a second version only what is new travels, in both forms" {
	for form in dir auto; do
		STORE=$BATS_TEST_TMPDIR/$form
		pulled --snapshots="$form" "$V1"
		[ "$SPARED" = 0 ]
		pulled --snapshots="$form" "$V2"
		[ "$SPARED" -gt 6000000 ]
		[ "$PULLED" -lt 500000 ]
		[ $((PULLED + SPARED)) = "$SIZE" ]
		is_right "$V2" "$BATS_FILE_TMPDIR/v2.tar"
	done
}

@test "the blob is the very one, so it can be copied on" {
	image pull -q "$V1"
	pulled "$V2"
	[ "$SPARED" -gt 0 ]
	skopeo copy -q --insecure-policy "oci:$STORE:$V2" oci:copied:x
	[ "$(jq -r '.manifests[0].digest' copied/index.json)" = "$(jq -r .manifest result.json)" ]
	image push -q "$V2" "$REGISTRY/test/pushed:v2"
}

@test "nothing is spared when that is not wanted, or nothing is here" {
	pulled "$V2"
	[ "$SPARED" = 0 ]
	STORE=$BATS_TEST_TMPDIR/other
	image pull -q "$V1"
	pulled --partial=never "$V2"
	[ "$SPARED" = 0 ]
	is_right "$V2" "$BATS_FILE_TMPDIR/v2.tar"
	run -2 image pull --partial=maybe "$V2"
}

@test "without snapshots it is the same" {
	image pull -q --unpack=false "$V1"
	pulled --unpack=false "$V2"
	[ "$SPARED" -gt 6000000 ]
	is_right "$V2" "$BATS_FILE_TMPDIR/v2.tar"
}

@test "killed at any moment, the next pull goes on" {
	image pull -q "$V1"
	for ms in 5 10 15 20 30 40 60 90 150; do
		# In the foreground, or timeout kills itself as well and what it runs may end later.
		timeout --foreground -s KILL "0.$(printf %03d "$ms")" creel-image --store "$STORE" pull -q "$V2" || true
		store_is_sound "$STORE"
	done
	pulled "$V2"
	is_right "$V2" "$BATS_FILE_TMPDIR/v2.tar"
}

@test "a blob of the store that was changed costs a whole download, not the image" {
	image pull -q "$V1"
	layer=$(skopeo inspect --raw "oci:$STORE:$V1" | jq -r '.layers[0].digest')
	chmod u+w "$STORE/blobs/sha256/${layer#sha256:}"
	printf x | dd of="$STORE/blobs/sha256/${layer#sha256:}" bs=1 seek=3000000 conv=notrunc 2>/dev/null
	pulled "$V2"
	grep -q "trying again from nothing" debug.log
	[ "$SPARED" = 0 ]
	rm -rf got want
	image unpack "$V2" got
	mkdir want
	tar -C want -xf "$BATS_FILE_TMPDIR/v2.tar"
	diff -r want got
}

# lying NAME JQ-FILTER [ANNOTATION-SED]: v2 with another table of contents, and all digests right.
lying() {
	local from=$BATS_FILE_TMPDIR/table raw toc
	mkdir -p "$from"
	[ -f "$from/manifest" ] || skopeo inspect --raw --tls-verify=false "docker://$V2" >"$from/manifest"
	raw=$(jq -r '.layers[0].digest' "$from/manifest")
	[ -f "$from/blob" ] || curl -fs -o "$from/blob" "http://$REGISTRY/v2/test/image/blobs/$raw"
	IFS=: read -r at len plain _ < <(jq -r '.layers[0].annotations | to_entries[] |
		select(.key | endswith("manifest-position")).value' "$from/manifest")
	tail -c +$((at + 1)) "$from/blob" | head -c "$len" | zstd -dcq | jq -c "$2" >toc.json
	zstd -qf toc.json -o toc.zst
	len=$(stat -c %s toc.zst)
	plain=$(stat -c %s toc.json)
	{
		head -c $((at - 8)) "$from/blob"
		printf '\x50\x2a\x4d\x18'
		printf "\\x$(printf %02x $((len & 255)))\\x$(printf %02x $((len >> 8 & 255)))\\x$(printf %02x $((len >> 16 & 255)))\\x00"
		cat toc.zst
	} >blob
	toc=sha256:$(sha256sum <toc.zst | cut -d' ' -f1)
	rm -rf lie
	mkdir -p lie/blobs/sha256
	digest=$(sha256sum <blob | cut -d' ' -f1)
	mv blob "lie/blobs/sha256/$digest"
	config=$(jq -r .config.digest "$from/manifest")
	curl -fs -o "lie/blobs/sha256/${config#sha256:}" "http://$REGISTRY/v2/test/image/blobs/$config"
	jq -c --arg d "sha256:$digest" --argjson s "$(stat -c %s "lie/blobs/sha256/$digest")" --arg p "$at:$len:$plain:1" --arg t "$toc" \
		'.layers[0].digest = $d | .layers[0].size = $s | .layers[0].annotations = {
			"io.github.containers.zstd-chunked.manifest-checksum": $t,
			"io.github.containers.zstd-chunked.manifest-position": $p}' "$from/manifest" | sed "${3:-}" >m
	m=$(sha256sum <m | cut -d' ' -f1)
	jq -cn --arg d "sha256:$m" --argjson s "$(stat -c %s m)" '{schemaVersion:2,manifests:[{
		mediaType:"application/vnd.oci.image.manifest.v1+json",digest:$d,size:$s,
		annotations:{"org.opencontainers.image.ref.name":"x"}}]}' >lie/index.json
	mv m "lie/blobs/sha256/$m"
	echo '{"imageLayoutVersion":"1.0.0"}' >lie/oci-layout
	creel-image copy -q oci:lie:x "docker://$REGISTRY/test/lying:$1"
}

# The image is right whatever its table says; `spared` says whether anything was believed.
lies_cost_nothing_but_bytes() { # NAME JQ-FILTER SPARED [SED]
	lying "$1" "$2" "${4:-}"
	STORE=$BATS_TEST_TMPDIR/store-$1
	cp -a "$BATS_TEST_TMPDIR/v1" "$STORE"
	pulled "$REGISTRY/test/lying:$1"
	echo "$1: spared $SPARED"
	case $3 in
	none) [ "$SPARED" = 0 ] ;;
	some) [ "$SPARED" -gt 1000000 ] ;;
	esac
	is_right "$REGISTRY/test/lying:$1" "$BATS_FILE_TMPDIR/v2.tar"
}

@test "a table of contents that lies costs bytes, never a wrong file" {
	STORE=$BATS_TEST_TMPDIR/v1
	image pull -q "$V1"
	lies_cost_nothing_but_bytes honest . some
	lies_cost_nothing_but_bytes digests '(.entries[] | select(.type == "reg")) |= (.digest = "sha256:" + ("0" * 64) | del(.chunkDigest))' ''
	lies_cost_nothing_but_bytes overlap '(.entries[] | select(.name == "bin/program-20")).endOffset += 1000000' none
	lies_cost_nothing_but_bytes outside '(.entries[] | select(.name == "bin/program-20")).endOffset = 9223372036854775807' none
	lies_cost_nothing_but_bytes negative '(.entries[] | select(.name == "bin/program-20")).offset = -5' none
	lies_cost_nothing_but_bytes reversed '.entries |= reverse' none
	lies_cost_nothing_but_bytes doubled '.entries += .entries' none
	lies_cost_nothing_but_bytes paths '(.entries[].name) |= "../../../" + .' ''
	lies_cost_nothing_but_bytes empty '.entries = []' none
	lies_cost_nothing_but_bytes nothing 'null' none
	lies_cost_nothing_but_bytes sizes '(.entries[].size) = 1' ''
	lies_cost_nothing_but_bytes position . none 's/manifest-position":"[0-9]*:/manifest-position":"12345:/'
	lies_cost_nothing_but_bytes beyond . none 's/manifest-position":"[0-9]*:/manifest-position":"999999999999:/'
	lies_cost_nothing_but_bytes huge . none 's/\(manifest-position":"[0-9]*:[0-9]*\):[0-9]*/\1:99999999999/'
	lies_cost_nothing_but_bytes bomb '. + {x: ("a" * 9000000)}' none 's/\(manifest-position":"[0-9]*:[0-9]*\):[0-9]*/\1:5000/'
	lies_cost_nothing_but_bytes checksum . none 's/\(manifest-checksum":"sha256:\)......../\100000000/'
	[ ! -e "$BATS_TEST_TMPDIR/bin" ]
}

# ---- What we write ----

# made_chunked TAG: v1, v2 as zstd:chunked by us, in the registry as test/ours:TAG.
made_chunked() {
	STORE=$BATS_TEST_TMPDIR/maker
	[ -d "$STORE" ] || image copy -q "oci:$BATS_FILE_TMPDIR/layout-v1:v1" base
	image copy -q "oci:$BATS_FILE_TMPDIR/layout-$1:$1" "base-$1"
	image convert -q --compression-format=zstd:chunked "base-$1" "$REGISTRY/test/ours:$1"
	image push -q "$REGISTRY/test/ours:$1"
}

# The one layer's blob goes to `blob`, its descriptor to `layer`, table to `toc`, tar-split to `split`.
take_apart() { # TAG
	local at len n
	skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/test/ours:$1" | jq -c '.layers[0]' >layer
	curl -fs -o blob "http://$REGISTRY/v2/test/ours/blobs/$(jq -r .digest layer)"
	for n in manifest tarsplit; do
		IFS=: read -r at len _ < <(jq -r ".annotations[\"io.github.containers.zstd-chunked.$n-position\"]" layer)
		tail -c +$((at + 1)) blob | head -c "$len" >$n.zst
		zstd -dcq $n.zst >$n
	done
}

@test "what we write spares as much, and is the same stream for others" {
	made_chunked v1
	made_chunked v2
	STORE=$BATS_TEST_TMPDIR/store
	image pull -q "$REGISTRY/test/ours:v1"
	pulled "$REGISTRY/test/ours:v2"
	[ "$SPARED" -gt 6000000 ]
	is_right "$REGISTRY/test/ours:v2" "$BATS_FILE_TMPDIR/v2.tar"
	take_apart v2
	zstd -dcq blob | cmp - "$BATS_FILE_TMPDIR/v2.tar"
	skopeo copy -q --insecure-policy --src-tls-verify=false "docker://$REGISTRY/test/ours:v2" oci:other:x
	[ "$(jq -r '.layers[0].digest' "other/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' other/index.json)")" = "$(jq -r .digest layer)" ]
}

@test "the table of contents says what skopeo's says" {
	made_chunked v2
	take_apart v2
	skopeo inspect --raw --tls-verify=false "docker://$V2" | jq -c '.layers[0]' >theirs
	curl -fs -o their-blob "http://$REGISTRY/v2/test/image/blobs/$(jq -r .digest theirs)"
	IFS=: read -r at len _ < <(jq -r '.annotations["io.containers.zstd-chunked.manifest-position"]' theirs)
	tail -c +$((at + 1)) their-blob | head -c "$len" | zstd -dcq >their-toc
	# Where they cut large files, and how they write a time, is their business.
	local what='[.entries[] | select(.type != "chunk") | {type, name, linkName, mode, size, uid, gid, digest, devMajor, devMinor,
		modtime: (.modtime[:19])} | with_entries(select(.value != null))]'
	jq -S "$what" manifest >a
	jq -S "$what" their-toc >b
	[ "$(jq length a)" -gt 100 ]
	diff a b
	[ "$(sha256sum <manifest.zst | cut -d' ' -f1)" = "$(jq -r '.annotations["io.github.containers.zstd-chunked.manifest-checksum"][7:]' layer)" ]
}

@test "each part of a table is what it is said to be, and tar-split makes the stream again" {
	made_chunked v2
	take_apart v2
	jq -r '.entries[] | select(.name == "bin/large" and .offset != null) | "\(.offset) \(.chunkSize) \(.chunkDigest)"' manifest >parts
	[ "$(wc -l <parts)" -gt 3 ]
	while read -r at size digest; do
		[ "$(tail -c +$((at + 1)) blob | zstd -dcq 2>/dev/null | head -c "$size" | sha256sum | cut -d' ' -f1)" = "${digest#sha256:}" ]
	done <parts
	[ "$(sha256sum <tarsplit.zst | cut -d' ' -f1)" = "$(jq -r '.tarSplitDigest[7:]' manifest)" ]
	mkdir files
	tar -C files -xf "$BATS_FILE_TMPDIR/v2.tar"
	jq -r 'if .type == 2 then "s \(.payload)" elif .size then "f \(.name)" else empty end' tarsplit |
		while read -r kind what; do
			if [ "$kind" = s ]; then base64 -d <<<"$what"; else cat "files/$what"; fi
		done >again.tar
	cmp again.tar "$BATS_FILE_TMPDIR/v2.tar"
}

# podman 4.3 knows the annotations by their older names.
@test "podman pulls what we write in parts, and gets the same files" {
	requires program podman
	made_chunked v2
	local type=application/vnd.oci.image.manifest.v1+json
	skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/test/ours:v2" |
		sed 's/io\.github\.containers\.zstd/io.containers.zstd/g' >old
	curl -fs -o /dev/null -X PUT -H "Content-Type: $type" --data-binary @old "http://$REGISTRY/v2/test/ours/manifests/old"
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' >policy.json
	cat >storage.conf <<-END
		[storage]
		driver = "overlay"
		graphroot = "$PWD/root"
		runroot = "$PWD/run"
		[storage.options]
		pull_options = {enable_partial_images = "true", use_hard_links = "false", ostree_repos = ""}
	END
	CONTAINERS_STORAGE_CONF=$PWD/storage.conf unshare -m bash -c '
		podman --log-level=debug pull --signature-policy policy.json --tls-verify=false "docker://$1/test/ours:old" 2>podman.log &&
			cp -a "$(podman image mount "$1/test/ours:old")" got && podman image umount -a' - "$REGISTRY" >/dev/null
	grep -q "Retrieved partial blob" podman.log
	mkdir want
	tar -C want -xf "$BATS_FILE_TMPDIR/v2.tar"
	diff -r want got
	[ "$(stat -c %i got/bin/link)" = "$(stat -c %i got/bin/program-1)" ]
}

@test "a change in the middle of a large file leaves its other parts" {
	cd "$BATS_TEST_TMPDIR"
	mkdir big
	noise 20000000 >big/file
	for v in 1 2; do
		tar -C big -cf "$v.tar" file
		STORE=$BATS_TEST_TMPDIR/maker
		make_layout "l$v" x "$v.tar"
		image copy -q "oci:l$v:x" "big-$v"
		image convert -q --compression-format=zstd:chunked "big-$v" "$REGISTRY/test/big:$v"
		image push -q "$REGISTRY/test/big:$v"
		printf inserted | cat <(head -c 9000000 big/file) - <(tail -c +9000001 big/file) >big/new
		mv big/new big/file
	done
	STORE=$BATS_TEST_TMPDIR/store
	image pull -q "$REGISTRY/test/big:1"
	pulled "$REGISTRY/test/big:2"
	[ "$PULLED" -lt 2500000 ]
	is_right "$REGISTRY/test/big:2" 2.tar
}

@test "layers that cannot be told apart become plain zstd" {
	mkdir odd
	echo 1 >odd/file
	tar -C odd -cf odd.tar file file
	make_layout odd-layout x odd.tar
	image copy -q oci:odd-layout:x odd
	run -0 --separate-stderr image convert --compression-format=zstd:chunked odd odd:new
	[[ $stderr == *"it has a name twice"* ]]
	skopeo inspect --raw "oci:$STORE:docker.io/library/odd:new" | jq -e '.layers[0] | .annotations == null and (.mediaType | endswith("zstd"))'
	run -2 image convert --compression-format=zstd:chunked --format=docker odd odd:docker
}

# ---- Servers ----

@test "a registry that gives no parts, or another table, costs one request" {
	made_chunked v1
	STORE=$BATS_TEST_TMPDIR/store
	image pull -q "$REGISTRY/test/ours:v1"
	start_hostile
	for act in chunked-without-parts chunked-without-table; do
		cp -a "$STORE" "copy-$act"
		pulled "$HOSTILE/$act:tag" || {
			cat debug.log
			stop_hostile
			return 1
		}
		[ "$SPARED" = 0 ]
		grep -q "is fetched whole" debug.log
		mv "$STORE" "done-$act"
		mv "copy-$act" "$STORE"
	done
	stop_hostile
	[ "$(grep -c range=2999992 "$HOSTILE_LOG")" = 2 ]
}

@test "a layer that is elsewhere is not asked for there, and that is said" {
	start_hostile
	run -3 --separate-stderr image pull "$HOSTILE/elsewhere:tag"
	stop_hostile
	[[ $stderr == *"not in the registry, the manifest says it is at 'http://127.0.0.1:"*"such URLs are not followed"* ]]
	[[ $stderr != *$'\e[2J'* ]]
	run ! grep "^/elsewhere" "$HOSTILE_LOG"
	[ ! -e "$STORE/index.json" ] || [ "$(jq '.manifests | length' "$STORE/index.json")" = 0 ]
}
