#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Pulls of eStargz layers, of which only what is new travels; and tables of contents that lie.

bats_require_minimum_version 1.5.0
load ../helpers
load layout
load registry

setup_file() {
	requires root program docker-registry jq curl
	cd "$BATS_FILE_TMPDIR"
	start_registry "$PWD/registry"
	export REGISTRY
	mkdir -p files/etc files/bin
	for i in $(seq 60); do echo "setting $i" >"files/etc/$i"; done
	for i in $(seq 40); do head -c 100000 /dev/urandom >"files/bin/program-$i"; done
	head -c 1000000 /dev/urandom >files/bin/large
	chmod 644 files/bin/*
	ln files/bin/program-1 files/bin/link
	ln -s program-2 files/bin/symlink
	: >files/etc/empty
	find files -exec touch -h -d '2024-05-06 07:08:09' {} +
	tar_of v1
	echo changed >>files/bin/program-20
	echo new >files/bin/program-20a
	rm files/bin/program-30
	touch -d '2024-06-07 08:09:10' files/bin/program-20* files/bin
	tar_of v2
	stargz v1 v1.tar
	stargz v2 v2.tar
}

teardown_file() {
	stop_registry "$BATS_FILE_TMPDIR/registry"
}

tar_of() {
	tar --sort=name --format=ustar -C files -cf "$1.tar" bin etc
}

# stargz TAG TAR [TABLE [DIGEST]]: an image of this one layer in the registry, with the table that is given.
stargz() {
	local layout=layout-$1 digest manifest old
	mkstargz ${3:+"$3"} <"$2" >"$1.gz" 2>"$1.digest"
	make_layout "$layout" x "$1.gz"
	old=$(jq -r '.manifests[0].digest[7:]' "$layout/index.json")
	digest=${4:-$(cat "$1.digest")}
	jq -c --arg d "$digest" '.layers[0].annotations = {"containerd.io/snapshot/stargz/toc.digest": $d}' \
		"$layout/blobs/sha256/$old" >"$1.manifest"
	manifest=$(layout_blob "$layout" "$1.manifest")
	jq -c --arg d "$manifest" --argjson s "$(stat -c %s "$1.manifest")" \
		'.manifests[0].digest = $d | .manifests[0].size = $s' "$layout/index.json" >"$1.index"
	mv "$1.index" "$layout/index.json"
	creel-image copy -q "oci:$layout:x" "docker://$REGISTRY/test/stargz:$1"
}

setup() {
	STORE=$BATS_TEST_TMPDIR/store
	V1=$REGISTRY/test/stargz:v1
	V2=$REGISTRY/test/stargz:v2
	cd "$BATS_TEST_TMPDIR"
}

# pulled OPTION... NAME: how many bytes travelled, of how many.
pulled() {
	image --debug pull --json "$@" >result.json 2>debug.log
	PULLED=$(jq .pulled result.json)
	SPARED=$(jq .spared result.json)
	SIZE=$(jq .size result.json)
}

# is_right IMAGE TAR: the table is a file of the layer, for whom it is only a layer.
is_right() {
	rm -rf got want
	image unpack "$1" got
	mkdir want
	tar -C want -xf "$2"
	diff -r -x stargz.index.json want got
	image verify -q
	store_is_sound "$STORE"
}

@test "a layer of the test's tool is what the format says" {
	cp "$BATS_FILE_TMPDIR/v2.gz" .
	gzip -dc v2.gz | tar -tf - >names
	[ "$(tail -n 1 names)" = stargz.index.json ]
	at=$((16#$(tail -c 35 v2.gz | head -c 16)))
	[ "$(tail -c 19 v2.gz | head -c 6)" = STARGZ ]
	tail -c +$((at + 1)) v2.gz | gzip -dc | tar -xOf - stargz.index.json >table
	[ "sha256:$(sha256sum <table | cut -d' ' -f1)" = "$(cat "$BATS_FILE_TMPDIR/v2.digest")" ]
	mkdir files
	tar -C files -xf "$BATS_FILE_TMPDIR/v2.tar"
	jq -r '.entries[] | select(.type == "reg" and .offset) | "\(.offset) \(.size) \(.digest) \(.name)"' table |
		grep -v large >parts
	[ "$(wc -l <parts)" -gt 90 ]
	while read -r offset size digest name; do
		[ "$(tail -c +$((offset + 1)) v2.gz | gzip -dcq | head -c "$size" | sha256sum | cut -d' ' -f1)" = "${digest#sha256:}" ]
		[ "sha256:$(sha256sum <"files/$name" | cut -d' ' -f1)" = "$digest" ]
	done < <(shuf -n 10 parts)
}

@test "of a second version only what is new travels, in both forms" {
	for form in dir auto; do
		STORE=$BATS_TEST_TMPDIR/$form
		pulled --snapshots="$form" "$V1"
		[ "$SPARED" = 0 ]
		pulled --snapshots="$form" "$V2"
		run ! grep "trying again from nothing" debug.log
		[ "$SPARED" -gt 4500000 ]
		[ "$PULLED" -lt 600000 ]
		[ $((PULLED + SPARED)) = "$SIZE" ]
		is_right "$V2" "$BATS_FILE_TMPDIR/v2.tar"
	done
}

@test "the blob is the very one, so it can be copied on" {
	image pull -q "$V1"
	pulled "$V2"
	[ "$SPARED" -gt 0 ]
	layer=$(jq -r '.layers[0].digest[7:]' "$BATS_FILE_TMPDIR/v2.manifest")
	cmp "$STORE/blobs/sha256/$layer" "$BATS_FILE_TMPDIR/v2.gz"
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
}

@test "a table longer than one request costs a second" {
	mkdir many
	# Names that compress badly make a long table.
	head -c 30000 /dev/urandom | od -An -v -tx1 -w12 | tr -d ' ' | (cd many && while read -r name; do echo "$name" >"$name"; done)
	head -c 3000000 /dev/urandom >many/data
	tar --sort=name --format=ustar -cf many.tar many
	stargz many1 many.tar
	echo new >many/a-new
	tar --sort=name --format=ustar -cf many.tar many
	stargz many2 many.tar
	[ $(($(stat -c %s many2.gz) - 16#$(tail -c 35 many2.gz | head -c 16))) -gt 70000 ]
	image pull -q "$REGISTRY/test/stargz:many1"
	pulled "$REGISTRY/test/stargz:many2"
	[ "$SPARED" -gt 2900000 ]
	is_right "$REGISTRY/test/stargz:many2" many.tar
}

@test "what no table says, and is other than it was, costs a whole download" {
	touch same
	head -c 2000000 /dev/urandom >data
	chown 1000 data
	# Only what compresses to the same length is taken for the same.
	for owner in q{1..30}; do
		tar --format=ustar -cf one.tar data
		cp one.tar two.tar
		tar --format=ustar --owner="$owner:1000" -rf one.tar same
		tar --format=ustar --owner="z${owner#q}:1000" -rf two.tar same
		[ "$(mkstargz <one.tar 2>/dev/null | wc -c)" != "$(mkstargz <two.tar 2>/dev/null | wc -c)" ] || break
	done
	[ "$(mkstargz <one.tar 2>/dev/null | wc -c)" = "$(mkstargz <two.tar 2>/dev/null | wc -c)" ]
	stargz one one.tar
	stargz two two.tar
	image pull -q "$REGISTRY/test/stargz:one"
	pulled "$REGISTRY/test/stargz:two"
	grep -q "trying again from nothing" debug.log
	[ "$SPARED" = 0 ]
	layer=$(jq -r '.layers[0].digest[7:]' two.manifest)
	cmp "$STORE/blobs/sha256/$layer" two.gz
}

# The image is right whatever its table says; `spared` says whether anything was believed.
lies_cost_nothing_but_bytes() { # NAME JQ-FILTER SPARED [DIGEST]
	gzip -dc "$BATS_FILE_TMPDIR/v2.gz" | tar -xOf - stargz.index.json | jq -c "$2" >lie.json
	stargz "lie-$1" "$BATS_FILE_TMPDIR/v2.tar" lie.json "${4:-}"
	STORE=$BATS_TEST_TMPDIR/store-$1
	cp -a "$BATS_TEST_TMPDIR/v1" "$STORE"
	pulled "$REGISTRY/test/stargz:lie-$1"
	echo "$1: spared $SPARED"
	case $3 in
	none) [ "$SPARED" = 0 ] ;;
	some) [ "$SPARED" -gt 1000000 ] ;;
	esac
	is_right "$REGISTRY/test/stargz:lie-$1" "$BATS_FILE_TMPDIR/v2.tar"
}

@test "a table of contents that lies costs bytes, never a wrong file" {
	STORE=$BATS_TEST_TMPDIR/v1
	local changed='(.entries[] | select(.name == "bin/program-20"))'
	image pull -q "$V1"
	lies_cost_nothing_but_bytes honest . some
	lies_cost_nothing_but_bytes digests '(.entries[] | select(.offset)) |= (.digest = "sha256:" + ("0" * 64) | del(.chunkDigest))' ''
	lies_cost_nothing_but_bytes nodigests 'del(.entries[].digest, .entries[].chunkDigest)' ''
	lies_cost_nothing_but_bytes outside "$changed.offset = 9223372036854775807" none
	lies_cost_nothing_but_bytes negative "$changed.offset = -5" none
	lies_cost_nothing_but_bytes reversed '.entries |= reverse' none
	lies_cost_nothing_but_bytes doubled '.entries += .entries' none
	lies_cost_nothing_but_bytes paths '(.entries[].name) |= "../../../" + .' ''
	lies_cost_nothing_but_bytes empty '.entries = []' none
	lies_cost_nothing_but_bytes nothing null none
	lies_cost_nothing_but_bytes sizes '(.entries[].size) = 1' ''
	lies_cost_nothing_but_bytes bomb '. + {x: ("a" * 17000000)}' none
	lies_cost_nothing_but_bytes checksum . none "sha256:$(printf %064d 0)"
	lies_cost_nothing_but_bytes annotation . none nonsense
	[ ! -e "$BATS_TEST_TMPDIR/bin" ]
}

@test "a footer that leads nowhere leaves a layer of gzip" {
	head -c 2000000 /dev/urandom >data
	tar --format=ustar -cf data.tar data
	stargz sound data.tar
	for where in 0000000000000000 ffffffffffffffff 7fffffffffffffff 000000000000000x 0000000000000010; do
		mkdir "$where"
		(
			cd "$where"
			mkstargz() {
				command mkstargz "$@" >whole
				head -c -35 whole
				printf %s "$where"
				tail -c 19 whole
			}
			stargz "bad-$where" ../data.tar
		)
		STORE=$BATS_TEST_TMPDIR/store-$where
		image pull -q "$V1"
		pulled "$REGISTRY/test/stargz:bad-$where"
		[ "$SPARED" = 0 ]
		grep -q "is fetched whole" debug.log
	done
}

@test "a registry that gives no parts costs one request" {
	image pull -q "$V1"
	start_hostile
	pulled "$HOSTILE/stargz-without-parts:tag" || {
		cat debug.log
		stop_hostile
		return 1
	}
	stop_hostile
	[ "$SPARED" = 0 ]
	grep -q "is fetched whole: the registry gives no parts" debug.log
	[ "$(grep -c "range=[1-9]" "$HOSTILE_LOG")" = 1 ]
}
