#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Pulls of zstd:chunked layers, of which only what is new travels; and tables of contents that lie.

bats_require_minimum_version 1.5.0
load ../helpers
load layout
load registry

setup_file() {
	requires root program docker-registry skopeo jq curl zstd
	cd "$BATS_FILE_TMPDIR"
	start_registry "$PWD/registry"
	export REGISTRY
	mkdir -p files/etc files/bin
	for i in $(seq 60); do echo "setting $i" >"files/etc/$i"; done
	for i in $(seq 40); do head -c 100000 /dev/urandom >"files/bin/program-$i"; done
	head -c 3000000 /dev/urandom >files/bin/large
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
		timeout -s KILL 0.$(printf %03d "$ms") creel-image --store "$STORE" pull -q "$V2" || true
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
