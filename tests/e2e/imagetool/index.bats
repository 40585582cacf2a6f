#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# index: one name for several platforms, made here, pushed, read by others.

bats_require_minimum_version 1.5.0
load ../helpers
load layout
load registry

setup_file() {
	requires program docker-registry skopeo jq curl
	cd "$BATS_FILE_TMPDIR"
	start_registry "$PWD/registry"
	export REGISTRY
	mkdir -p one/bin two/bin
	echo one >one/bin/program
	echo two >two/bin/program
	tar -C one -czf one.tar.gz bin
	tar -C two -czf two.tar.gz bin
	make_layout amd a one.tar.gz
	make_layout arm b two.tar.gz
	push amd:a test/from:amd
	push arm:b test/from:arm
}

teardown_file() {
	stop_registry "$BATS_FILE_TMPDIR/registry"
}

setup() {
	cd "$BATS_FILE_TMPDIR"
	STORE=$BATS_TEST_TMPDIR/store
	FROM=docker://$REGISTRY/test/from
	NAME=$REGISTRY/test/$BATS_TEST_NUMBER:1
	AMD=$(jq -r '.manifests[0].digest' amd/index.json)
	ARM=$(jq -r '.manifests[0].digest' arm/index.json)
}

teardown() {
	stop_uploads
}

@test "an index is made of images of a registry, pushed, and pulled by platform" {
	run -0 image index create "$NAME" "$FROM:amd"
	run -0 image index add --os linux --arch arm64 --variant v8 "$NAME" "$FROM:arm"
	digest=$output
	store_is_sound_index
	run -0 image push -q --all "$NAME"
	[ "$output" = "$digest" ]
	run -0 skopeo inspect --raw --tls-verify=false "docker://$NAME"
	[ "$(jq -c '[.manifests[] | [.digest, .platform.architecture, .platform.variant]]' <<<"$output")" = \
		"[[\"$AMD\",\"amd64\",null],[\"$ARM\",\"arm64\",\"v8\"]]" ]
	[ "$(jq -r .mediaType <<<"$output")" = application/vnd.oci.image.index.v1+json ]
	creel-image --store "$BATS_TEST_TMPDIR/other" pull -q --platform linux/arm64 "$NAME"
	[ "$(jq -r '.manifests[0].digest' "$BATS_TEST_TMPDIR/other/index.json")" = "$ARM" ]
	skopeo copy -q --all --src-tls-verify=false "docker://$NAME" "dir:$BATS_TEST_TMPDIR/dir"
}

# Everything the index names is in the store.
store_is_sound_index() {
	local index entry blob
	index=$(jq -r '.manifests[0].digest' "$STORE/index.json")
	for entry in $(jq -r '.manifests[].digest' "$STORE/blobs/sha256/${index#sha256:}"); do
		for blob in "$entry" $(jq -r '.config.digest, .layers[].digest' "$STORE/blobs/sha256/${entry#sha256:}"); do
			[ "sha256:$(sha256sum <"$STORE/blobs/sha256/${blob#sha256:}" | cut -d' ' -f1)" = "$blob" ]
		done
	done
}

@test "Docker's manifest list" {
	skopeo copy -q -f v2s2 --dest-tls-verify=false oci:amd:a "docker://$REGISTRY/test/from:docker"
	image index create -f docker "$NAME" "$FROM:docker"
	image push -q "$NAME"
	run -0 skopeo inspect --raw --tls-verify=false "docker://$NAME"
	[ "$(jq -r .mediaType <<<"$output")" = application/vnd.docker.distribution.manifest.list.v2+json ]
	[ "$(jq -r '.manifests[0].platform.os' <<<"$output")" = linux ]
}

@test "images of the store and of a layout" {
	image copy -q oci:amd:a creel:local/a:1
	image index create x "local/a:1" "oci:arm:b"
	run -0 image index inspect x
	[ "$(jq -r '.manifests[].digest' <<<"$output")" = "$(printf '%s\n%s' "$AMD" "$ARM")" ]
	[ "$(jq '[.manifests[] | has("annotations")] | any' <<<"$output")" = false ]
	run -0 image index inspect --raw x
	[ "sha256:$(printf %s "$output" | sha256sum | cut -d' ' -f1)" = "$(jq -r '.manifests[] | select(.mediaType | test("index")).digest' "$STORE/index.json")" ]
}

@test "all images of an index, or one of them" {
	image index create "$NAME" "$FROM:amd"
	image index add --arch arm64 --os linux "$NAME" "$FROM:arm"
	image push -q "$NAME"
	image index create --all copy "docker://$NAME"
	run -0 image index inspect copy
	[ "$(jq '.manifests | length' <<<"$output")" = 2 ]
	image index create --platform linux/arm64 one "docker://$NAME"
	run -0 image index inspect one
	[ "$(jq -r '.manifests[].digest' <<<"$output")" = "$ARM" ]
}

@test "entries are annotated and removed" {
	image index create x "$FROM:amd" "$FROM:arm"
	image index annotate --annotation a=1 --annotation b=2 --os-features sse4 --os-version 10 x "${AMD:7:12}"
	image index annotate --annotation whole=yes x
	image index annotate --annotation a= x "$AMD"
	run -0 image index inspect x
	[ "$(jq -c '.annotations, .manifests[0].annotations, .manifests[0].platform' <<<"$output" | paste -sd' ')" = \
		'{"whole":"yes"} {"b":"2"} {"architecture":"amd64","os":"linux","os.version":"10","os.features":["sse4"]}' ]
	image index remove x "$ARM"
	run -0 image index inspect x
	[ "$(jq '.manifests | length' <<<"$output")" = 1 ]
	run -3 image index remove x "$ARM"
	[[ $output == *"the index names no '$ARM'"* ]]
}

@test "what would go wrong is said" {
	image index create x "$FROM:amd"
	run -1 image index create x
	[[ $output == *"there is an index"*"--amend adds to it"* ]]
	image index create --amend x "$FROM:arm"
	run -0 image index inspect x
	[ "$(jq '.manifests | length' <<<"$output")" = 2 ]
	run -1 image index annotate --os linux x
	[[ $output == *"a platform belongs to one image of the index"* ]]
	run -2 image index annotate x "$AMD"
	[[ $output == *"nothing to say"* ]]
	run -2 image index add --os linux --arch arm64 x "$FROM:amd" "$FROM:arm"
	[[ $output == *"add the others apart"* ]]
	image copy -q oci:amd:a creel:local/a:1
	run -1 image index add local/a:1 "$FROM:arm"
	[[ $output == *"is one image, not an index"* ]]
	run -3 image index add nobody "$FROM:arm"
	run -2 image index
	[[ $output == *"'index' is the first of two words (see 'creel-image index --help')"* ]]
}
