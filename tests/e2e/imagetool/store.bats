#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The store: list, inspect, rm; shared by processes and with other tools.

bats_require_minimum_version 1.5.0
load ../helpers
load layout
load registry

setup_file() {
	requires program docker-registry skopeo jq curl
	cd "$BATS_FILE_TMPDIR"
	start_registry "$PWD/registry"
	export REGISTRY
	mkdir -p one/bin two/etc
	head -c 100000 /dev/urandom >one/bin/program
	head -c 3000 /dev/urandom >two/etc/file
	tar -C one -czf one.tar.gz bin
	tar -C two -czf two.tar.gz etc
	make_layout layout-a a one.tar.gz two.tar.gz
	CONFIG='{"Cmd":["/bin/program"]}' make_layout layout-b b one.tar.gz
	push layout-a:a test/image:a
	push layout-b:b test/image:b
}

teardown_file() {
	stop_registry "$BATS_FILE_TMPDIR/registry"
}

setup() {
	STORE=$BATS_TEST_TMPDIR/store
	MANIFEST_A=$(jq -r '.manifests[0].digest' "$BATS_FILE_TMPDIR/layout-a/index.json")
	CONFIG_A=$(jq -r .config.digest "$BATS_FILE_TMPDIR/layout-a/blobs/sha256/${MANIFEST_A#sha256:}")
	A=$REGISTRY/test/image:a
	B=$REGISTRY/test/image:b
}

teardown() {
	stop_hostile
	[ -z "${OWN:-}" ] || rm -r "$OWN"
}

pull_both() {
	image pull -q "$A" >/dev/null
	image pull -q "$B" >/dev/null
}

@test "list shows a table, JSON and digests" {
	pull_both
	run -0 image list
	[[ ${lines[0]} =~ ^NAME\ +DIGEST\ +PLATFORM\ +SIZE\ +CREATED$ ]]
	[[ ${lines[1]} =~ ^$A\ +${MANIFEST_A:7:12}\ +linux/amd64\ +[0-9.]+\ kB\ +2024-05-06\ 07:08$ ]]
	[ "${#lines[@]}" = 3 ]
	[ "$(image list --json | jq -r '.[0] | "\(.name) \(.digest) \(.id) \(.platform) \(.created)"')" = \
		"$A $MANIFEST_A $CONFIG_A linux/amd64 2024-05-06T07:08:09Z" ]
	[ "$(image list -q | head -n 1)" = "$MANIFEST_A" ]
	image list --digests | grep -q "$MANIFEST_A"
	[ "$(image list --names)" = "$A"$'\n'"$B" ]
	run -2 image list --names --json
}

@test "names that others made up reach neither the terminal nor the shell as they are" {
	image pull -q "$A"
	for name in '\u001b[31mred' '$(touch pwned)' '`touch pwned`' 'a;b' "it's"; do
		jq --arg name "$(printf "$name")" '.manifests += [.manifests[0] |
			.annotations["org.opencontainers.image.ref.name"] = $name]' "$STORE/index.json" >"$BATS_TEST_TMPDIR/index"
		cp "$BATS_TEST_TMPDIR/index" "$STORE/index.json"
	done
	[ "$(image list --names)" = "$A" ]
	run -0 image list
	[ "${#lines[@]}" = 7 ]
	[[ $output == *"?[31mred"* ]]
	[[ $output != *$'\033'* ]]
}

@test "list of a store that was never written is empty, of one that was named and is missing an error" {
	run -3 creel-image --store "$STORE" list
	[[ $output == *"does not exist"* ]]
	OWN=$(mktemp -d) # bats' own directories let nobody else in
	chown 65534 "$OWN"
	for verb in "list -q" "prune -f" "list -q"; do
		# shellcheck disable=SC2086 # several words
		run -0 setpriv --reuid 65534 --regid 65534 --clear-groups \
			env HOME=/nonexistent XDG_DATA_HOME="$OWN" creel-image $verb
		echo "$output"
		[[ $output != *error* ]]
	done
	[ -e "$OWN/creel/images/oci-layout" ]
	mkdir -p "$STORE"
	run -3 image list
	[[ $output == *"is no OCI image layout"* ]]
}

@test "inspect gives manifest and config, and their bytes" {
	image pull -q "$A"
	run -0 image inspect "$A"
	[ "$(jq -r '.[] | .Name, .Digest, .Id' <<<"$output")" = "$A"$'\n'"$MANIFEST_A"$'\n'"$CONFIG_A" ]
	[ "$(jq -r '.[] | .Author, (.Manifest.layers | length)' <<<"$output")" = "A. Tester"$'\n'2 ]
	[ "sha256:$(image inspect --raw "$A" | sha256sum | cut -d' ' -f1)" = "$MANIFEST_A" ]
	[ "sha256:$(image inspect --config "$A" | sha256sum | cut -d' ' -f1)" = "$CONFIG_A" ]
}

@test "an image is found by digest, by id, and by the beginning of either" {
	pull_both
	for name in "$MANIFEST_A" "$CONFIG_A" "${MANIFEST_A:7:12}" "${CONFIG_A:7:8}" "sha256:${CONFIG_A:7:8}" \
		"$REGISTRY/test/image@$MANIFEST_A"; do
		[ "$(image inspect "$name" | jq -r '.[0].Name')" = "$A" ]
	done
	run -3 image inspect "${MANIFEST_A:7:3}"
	run -3 image inspect ffffffffffff
	[[ $output == *"no image 'ffffffffffff' in store"* ]]
}

@test "rm frees what no other image needs" {
	pull_both
	[ "$(blob_count "$STORE")" = 6 ]
	run -0 image rm "$A"
	[ "${lines[0]}" = "removed $A" ]
	[[ ${lines[1]} == "freed 3 blobs, "* ]]
	[ "$(blob_count "$STORE")" = 3 ]
	store_is_sound "$STORE"
	run -0 image rm --json "$B"
	[ "$(jq -r '"\(.images[0]) \(.blobs) \(.snapshots)"' <<<"$output")" = "$B 3 1" ]
	[ "$(blob_count "$STORE")" = 0 ]
}

@test "rm of one of several names keeps the image; by id it wants to be sure" {
	image pull -q "$A"
	skopeo copy -q "oci:$STORE:$A" "oci:$STORE:second"
	run -1 image rm "${CONFIG_A:7:12}"
	[[ $output == *"has several names"* ]]
	image rm second
	[ "$(image list --json | jq -r '.[].name')" = "$A" ]
	store_is_sound "$STORE"
	skopeo copy -q "oci:$STORE:$A" "oci:$STORE:second"
	image rm --force "${CONFIG_A:7:12}"
	[ "$(image list -q)" = "" ]
	[ "$(blob_count "$STORE")" = 0 ]
}

@test "when one of the images does not exist rm removes nothing" {
	pull_both
	run -3 image rm "$A" no-such-image
	[[ $output == *"no image 'no-such-image'"* ]]
	[ "$(image list -q | wc -l)" = 2 ]
	image rm --force "$A" no-such-image
	[ "$(image list -q | wc -l)" = 1 ]
	run -2 image rm
	image rm --all
	[ "$(image list -q)" = "" ]
}

@test "rm beside a running pull takes no blob the pull relies on" {
	start_hostile
	image pull -q "$HOSTILE/good:1" >/dev/null
	pull_both
	# The same layers by another name, and the first of them stops half-way: most blobs are here already.
	rm "$STORE/blobs/sha256/$(image inspect "$HOSTILE/good:1" | jq -r '.[0].Manifest.layers[0].digest[7:]')"
	image pull -q --timeout 600 "$HOSTILE/held:1" >/dev/null 3>&- &
	pid=$!
	wait_for grep -q '^/v2/held/blobs/' "$HOSTILE_LOG"
	run -0 image rm "$HOSTILE/good:1" "$A"
	# What is the pull's stays, what is nobody's goes at once.
	[[ $output == *"freed 4 blobs"* ]]
	: >"$HOSTILE_LOG.go"
	wait "$pid"
	store_is_sound "$STORE"
	run -0 image rm "$B"
	[[ $output == *"freed 3 blobs"* ]]
	store_is_sound "$STORE"
	[ "$(image list --json | jq -r '.[].name')" = "$HOSTILE/held:1" ]
}

@test "pulls and removals at once leave a sound store" {
	pids=()
	for i in 1 2 3; do
		{
			for _ in 1 2 3 4 5; do
				image pull -q "$A" >/dev/null && image pull -q "$B" >/dev/null || exit 1
				image rm -q --force "$A" || exit 1
			done
		} 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	store_is_sound "$STORE"
	no_leftovers "$STORE"
	image rm -qa
	[ "$(blob_count "$STORE")" = 0 ]
}

@test "temporaries of the dead are removed, those of the living stay" {
	image pull -q "$A"
	echo dead >"$STORE/tmp/dead"
	mkdir -p "$STORE/tmp/dead-directory/below"
	echo alive >"$STORE/tmp/alive"
	(
		flock 9
		image pull -q "$B" >/dev/null
	) 9<"$STORE/tmp/alive"
	[ "$(ls "$STORE/tmp")" = alive ]
}

@test "a directory with other things in it does not become a store" {
	mkdir "$STORE"
	echo precious >"$STORE/letters.txt"
	run -1 image pull "$A"
	[[ $output == *"neither empty nor an OCI image layout (it holds 'letters.txt')" ]]
	[ "$(ls "$STORE")" = letters.txt ]
}

@test "a directory that another process makes a store meanwhile is one" {
	local pid
	requires program strace
	# Stopped between its look for a layout and its look for what else is there.
	strace -o "$BATS_TEST_TMPDIR/trace" -e trace=fcntl -e inject=fcntl:signal=STOP:when=1 \
		creel-image --store "$STORE" pull -q "$A" >"$BATS_TEST_TMPDIR/first" 2>&1 3>&- &
	pid=$!
	wait_for grep -q 'stopped by SIGSTOP' "$BATS_TEST_TMPDIR/trace"
	run ! test -e "$STORE/oci-layout"
	image pull -q "$B" >/dev/null
	kill -CONT "$(tr -d ' ' <"/proc/$pid/task/$pid/children")"
	wait "$pid" || {
		cat "$BATS_TEST_TMPDIR/first"
		return 1
	}
	store_is_sound "$STORE"
	[ "$(image list --names)" = "$B"$'\n'"$A" ]
}

@test "layouts of skopeo and umoci are stores" {
	requires program umoci
	skopeo copy -q "oci:$BATS_FILE_TMPDIR/layout-a:a" "oci:$BATS_TEST_TMPDIR/skopeo:mine"
	find "$BATS_TEST_TMPDIR/skopeo" >"$BATS_TEST_TMPDIR/before"
	run -0 creel-image --store "$BATS_TEST_TMPDIR/skopeo" inspect mine
	# Who only looks leaves no traces in somebody else's layout.
	find "$BATS_TEST_TMPDIR/skopeo" | cmp - "$BATS_TEST_TMPDIR/before"
	umoci init --layout "$BATS_TEST_TMPDIR/umoci"
	umoci new --image "$BATS_TEST_TMPDIR/umoci:fresh"
	[ "$(creel-image --store "$BATS_TEST_TMPDIR/umoci" list --json | jq -r '.[].name')" = fresh ]
	creel-image --store "$BATS_TEST_TMPDIR/umoci" pull -q "$A"
	umoci list --layout "$BATS_TEST_TMPDIR/umoci" | grep -qx fresh
	store_is_sound "$BATS_TEST_TMPDIR/umoci"
}

@test "a store on read-only media can be read, and says so when written" {
	requires root
	image pull -q "$A"
	run -6 unshare -m sh -c 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" &&
		creel-image --store "$1" inspect "$2" >/dev/null && creel-image --store "$1" rm "$2"' sh "$STORE" "$A"
	[[ $output == *"Read-only file system"* ]]
}

@test "a damaged manifest is noticed, listed and can be removed" {
	pull_both
	chmod u+w "$STORE/blobs/sha256/${MANIFEST_A#sha256:}"
	printf x >>"$STORE/blobs/sha256/${MANIFEST_A#sha256:}"
	run -4 image inspect "$A"
	[[ $output == *"$MANIFEST_A"* ]]
	run -0 image list
	[[ $output == *"$A"* ]]
	image rm "$A"
	store_is_sound "$STORE"
	[ "$(blob_count "$STORE")" = 3 ]
}

@test "a store of another user's making that is cut short is an error, not a crash" {
	image pull -q "$A"
	for text in '' '{' '[]' '{"schemaVersion":2}' '{"schemaVersion":2,"manifests":[{"mediaType":"x"}]}' \
		'{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:../../x","size":1}]}'; do
		printf %s "$text" >"$STORE/index.json"
		image list >/dev/null 2>&1 && status=0 || status=$?
		[ "$status" = 4 ] || [ "$text" = '{"schemaVersion":2}' ]
	done
	rm "$STORE/index.json"
	run ! image list
}

# ---- Upkeep -----------------------------------------------------------------------------------------------

@test "prune removes what nothing needs, and broken downloads" {
	pull_both
	image rm -q "$B"
	skopeo copy -q "oci:$STORE:$A" "oci:$STORE:extra"
	jq 'del(.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == "extra").annotations)' \
		"$STORE/index.json" >"$BATS_TEST_TMPDIR/index"
	cp "$BATS_TEST_TMPDIR/index" "$STORE/index.json"
	echo stray >"$BATS_TEST_TMPDIR/stray"
	layout_blob "$STORE" "$BATS_TEST_TMPDIR/stray" >/dev/null
	head -c 1000 /dev/zero >"$STORE/partial/$MANIFEST_A"
	run -0 image prune --dry-run
	[ "${lines[0]}" = "would remove $MANIFEST_A" ]
	[ "${lines[1]}" = "would free 1 blob, 0 snapshots, 1 broken download, 1.0 kB of blobs" ]
	[ "$(ls "$STORE/partial")" != "" ]
	run -0 image prune --json
	[ "$(jq -r '"\(.images[0]) \(.blobs) \(.snapshots) \(.partials) \(.bytes)"' <<<"$output")" = \
		"$MANIFEST_A 1 0 1 1006" ]
	[ "$(ls "$STORE/partial")" = "" ]
	[ "$(image list --names)" = "$A" ]
	store_is_sound "$STORE"
	run -0 image prune --all
	[ "${lines[0]}" = "removed $A" ]
	[ "$(blob_count "$STORE")" = 0 ]
}

@test "an image that calls another's manifest its configuration takes nothing from it" {
	local layout=$BATS_TEST_TMPDIR/layout
	cd "$BATS_TEST_TMPDIR"
	cp -r "$BATS_FILE_TMPDIR/layout-a" "$layout"
	cp "$layout/blobs/sha256/${MANIFEST_A#sha256:}" manifest
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":%s,"layers":[]}' \
		"$(layout_descriptor "$layout" manifest application/vnd.oci.image.config.v1+json)" >other
	jq --argjson d "$(layout_descriptor "$layout" other application/vnd.oci.image.manifest.v1+json)" \
		'.manifests = [$d + {annotations: {"org.opencontainers.image.ref.name": "evil"}}] + .manifests' "$layout/index.json" >index
	mv index "$layout/index.json"
	creel-image --store "$layout" prune
	[ "$(jq '.manifests | length' "$layout/index.json")" = 2 ]
	store_is_sound "$layout"
}

@test "prune leaves what is about an image that stays" {
	pull_both
	printf '{}' >"$BATS_TEST_TMPDIR/empty"
	layout_blob "$STORE" "$BATS_TEST_TMPDIR/empty" >/dev/null
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"a/b","config":%s,"layers":[],"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%s","size":1}}' \
		"$(layout_descriptor "$STORE" "$BATS_TEST_TMPDIR/empty" application/vnd.oci.empty.v1+json)" "$MANIFEST_A" \
		>"$BATS_TEST_TMPDIR/note"
	note=$(layout_descriptor "$STORE" "$BATS_TEST_TMPDIR/note" application/vnd.oci.image.manifest.v1+json)
	jq -c ".manifests += [$note]" "$STORE/index.json" >"$BATS_TEST_TMPDIR/index"
	cp "$BATS_TEST_TMPDIR/index" "$STORE/index.json"
	run -0 image prune
	[ "$output" = "freed 0 blobs, 0 snapshots, 0 broken downloads, 0 B of blobs" ]
	run -0 image prune --all
	[[ $output == *"removed $(jq -r .digest <<<"$note")"* ]]
	[ "$(blob_count "$STORE")" = 0 ]
}

@test "prune leaves what a lease names" {
	pull_both
	mkdir "$STORE/leases" "$BATS_TEST_TMPDIR/bundle"
	printf '{"path":"%s","digests":["%s"]}' "$BATS_TEST_TMPDIR/bundle" "$MANIFEST_A" >"$STORE/leases/mine"
	n=$(ls "$STORE/snapshots" | wc -l)
	image prune --all -q
	[ "$(image list --names)" = "$A" ]
	image rm -q "$A"
	[ "$(blob_count "$STORE")" = 4 ]
	[ "$(ls "$STORE/snapshots" | wc -l)" = "$n" ]
	rmdir "$BATS_TEST_TMPDIR/bundle"
	image prune -q
	[ "$(blob_count "$STORE")" = 0 ]
	[ "$(ls "$STORE/snapshots" "$STORE/leases" | grep -cv :)" = 1 ] # the blank line between them
}

@test "verify finds what is damaged, and repairs what can be pulled again" {
	pull_both
	run -0 image verify
	[[ $output == "6 blobs, "*" 0 damaged" ]]
	layer=$(image inspect --raw "$A" | jq -r '.layers[0].digest')
	printf x | dd of="$STORE/blobs/sha256/${layer#sha256:}" bs=1 seek=5000 conv=notrunc status=none
	snapshot=$(ls "$STORE/snapshots" | head -n 1)
	: >"$STORE/snapshots/$snapshot/info"
	run -4 image verify
	[[ $output == *"blob $layer is damaged"* ]]
	[[ $output == *"snapshot $snapshot is damaged"* ]]
	[[ $output == *"'creel-image verify --repair' removes what is"* ]]
	run -4 --separate-stderr image verify --repair --json
	[ "$(jq -r '"\(.damagedBlobs[0]) \(.damagedSnapshots[0]) \(.incompleteImages | length) \(.repaired)"' \
		<<<"$output")" = "$layer $snapshot 2 true" ]
	image pull -q "$A" >/dev/null
	image pull -q "$B" >/dev/null
	run -0 image verify
	[[ $output == *" 2 snapshots; 0 damaged" ]]
}

@test "du tells what images take, share and could be freed" {
	pull_both
	run -0 image du
	[[ ${lines[0]} =~ ^NAME\ +SIZE\ +SHARED\ +UNIQUE\ +UNPACKED$ ]]
	[[ ${lines[1]} =~ ^$A\ .*kB ]]
	[[ $output == *"6 blobs, "*"2 snapshots, 103.0 kB"*"'prune' would free 0 blobs"* ]]
	layer=$(image inspect --raw "$B" | jq '.layers[0].size')
	[ "$(image du --json | jq '.images[0].shared, .images[1].shared' | sort -u)" = "$layer" ]
	[ "$(image du --json | jq '.blobs.bytes')" = "$(cat "$STORE"/blobs/sha256/* | wc -c)" ]
	[ "$(image du --format '{{.Name}}')" = "$A"$'\n'"$B" ]
	layout_blob "$STORE" "$STORE/oci-layout" >/dev/null
	[ "$(image du --json | jq .reclaimable)" = "$(stat -c %s "$STORE/oci-layout")" ]
	run -3 creel-image --store "$BATS_TEST_TMPDIR/none" du
}
