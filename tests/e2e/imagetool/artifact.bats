#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# artifact, referrers, tags, delete: what a repository has beside images.

bats_require_minimum_version 1.5.0
load ../helpers
load layout
load registry

setup_file() {
	requires program docker-registry skopeo jq curl
	cd "$BATS_FILE_TMPDIR"
	REGISTRY_STORAGE_DELETE_ENABLED=true start_registry "$PWD/registry"
	export REGISTRY
	mkdir -p one/bin docs
	echo program >one/bin/program
	tar -C one -czf one.tar.gz bin
	make_layout layout a one.tar.gz
	echo '{"sbom":true}' >sbom.json
	echo 'read me' >docs/readme.txt
	head -c 3000000 /dev/urandom >big
}

teardown_file() {
	stop_registry "$BATS_FILE_TMPDIR/registry"
}

setup() {
	cd "$BATS_FILE_TMPDIR"
	MANIFEST=$(jq -r '.manifests[0].digest' layout/index.json)
	REPO=$REGISTRY/test/$BATS_TEST_NUMBER
	OUT=$BATS_TEST_TMPDIR/out
}

teardown() {
	stop_uploads
}

ci() {
	creel-image "$@"
}

manifest_of() { # NAME REFERENCE
	curl -fs -H 'Accept: application/vnd.oci.image.manifest.v1+json' "http://${1%%/*}/v2/${1#*/}/manifests/$2"
}

# ---- Files ----------------------------------------------------------------------------------------

@test "files go up with their types and names and come down again" {
	run -0 --separate-stderr ci artifact push --artifact-type application/x-bundle -a a=1 -a b=x=y \
		"$REPO:1" sbom.json:application/json docs/readme.txt "$PWD/big"
	digest=$output
	manifest_of "$REPO" 1 >"$BATS_TEST_TMPDIR/m"
	[ "sha256:$(sha256sum <"$BATS_TEST_TMPDIR/m" | cut -d' ' -f1)" = "$digest" ]
	run -0 jq -r '.artifactType, .config.mediaType, .config.digest, .annotations.a, .annotations.b,
		(.layers[] | .mediaType, .annotations["org.opencontainers.image.title"])' "$BATS_TEST_TMPDIR/m"
	[ "$output" = "$(printf '%s\n' application/x-bundle application/vnd.oci.empty.v1+json \
		sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a 1 x=y \
		application/json sbom.json application/octet-stream docs/readme.txt application/octet-stream big)" ]
	run -0 ci artifact pull -o "$OUT" "$REPO:1"
	[ "$output" = "$(printf "$OUT/%s\n" sbom.json docs/readme.txt big)" ]
	cmp sbom.json "$OUT/sbom.json"
	cmp docs/readme.txt "$OUT/docs/readme.txt"
	cmp big "$OUT/big"
	[ "$(find "$OUT" -type f | wc -l)" = 3 ]
}

@test "the same files are the same artifact, and do not travel again" {
	run -0 ci artifact push -q "$REPO:1" big
	first=$output
	run -0 ci artifact push --json "$REPO:2" big
	[ "$(jq -r .digest <<<"$output")" = "$first" ]
	[ "$(jq .pushed <<<"$output")" = 0 ]
}

@test "a config and several tags" {
	ci artifact push -q --config sbom.json:application/x-config -t two "$REPO:one" big
	[ "$(manifest_of "$REPO" two | jq -r .config.mediaType)" = application/x-config ]
	[ "$(manifest_of "$REPO" one | jq 'has("artifactType")')" = false ]
}

@test "skopeo copies an artifact" {
	ci artifact push -q --artifact-type application/x-one "$REPO:1" sbom.json:application/json
	skopeo copy -q --src-tls-verify=false "docker://$REPO:1" "oci:$BATS_TEST_TMPDIR/copy:x"
	blob=$(sha256sum <sbom.json | cut -d' ' -f1)
	cmp sbom.json "$BATS_TEST_TMPDIR/copy/blobs/sha256/$blob"
}

@test "only files of a type, and none in place of another" {
	ci artifact push -q "$REPO:1" sbom.json:application/json docs/readme.txt
	run -0 ci artifact pull -o "$OUT" --media-type application/json "$REPO:1"
	[ "$output" = "$OUT/sbom.json" ]
	echo mine >"$OUT/sbom.json"
	run -1 ci artifact pull -k -o "$OUT" "$REPO:1"
	[ "$(cat "$OUT/sbom.json")" = mine ]
	ci artifact pull -q -o "$OUT" "$REPO:1"
	cmp sbom.json "$OUT/sbom.json"
	[ -z "$(find "$OUT" -name '.creel*')" ]
}

@test "names that lead elsewhere are refused" {
	ci artifact push -q "$REPO:base" sbom.json
	for title in ../escaped /tmp/escaped a/../../escaped .. 'a/' ''; do
		manifest_of "$REPO" base | jq -c --arg t "$title" \
			'.layers[0].annotations["org.opencontainers.image.title"] = $t' >"$BATS_TEST_TMPDIR/m"
		curl -fs -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' \
			--data-binary "@$BATS_TEST_TMPDIR/m" "http://${REPO%%/*}/v2/${REPO#*/}/manifests/evil"
		if [ -z "$title" ]; then
			# No name at all: it is called after its digest.
			ci artifact pull -q -o "$OUT" "$REPO:evil"
			cmp sbom.json "$OUT/$(sha256sum <sbom.json | cut -d' ' -f1)"
			continue
		fi
		run -4 ci artifact pull -o "$OUT" "$REPO:evil"
		[[ $output == *"which would lie elsewhere: refused"* ]]
	done
	[ ! -e "$BATS_TEST_TMPDIR/escaped" ]
}

@test "a link that lies in the way is not followed" {
	ci artifact push -q "$REPO:1" docs/readme.txt
	mkdir -p "$OUT" "$BATS_TEST_TMPDIR/other"
	ln -s "$BATS_TEST_TMPDIR/other" "$OUT/docs"
	run ! ci artifact pull -o "$OUT" "$REPO:1"
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/other")" ]
}

@test "what cannot be an artifact is said" {
	run -1 ci artifact push "$REPO:1" docs
	[[ $output == *"'docs' is a directory: pack it into an archive first"* ]]
	run -1 ci artifact push -a novalue "$REPO:1" big
	[[ $output == *"annotation 'novalue' is not KEY=VALUE"* ]]
	run -1 ci artifact push "$REPO:1" big ./big
	[[ $output == *"two files would be called 'big'"* ]]
	run -2 ci artifact push --artifact-type nonsense "$REPO:1" big
	[[ $output == *"'nonsense' is no media type"* ]]
}

# ---- What refers to an image ----------------------------------------------------------------------

@test "push --subject says of what it is" {
	creel-image --store layout push -q a "$REPO:1"
	one=$(ci artifact push -q --subject 1 --artifact-type application/x-one "$REPO:about" sbom.json)
	[ "$(manifest_of "$REPO" "$one" | jq -r .subject.digest)" = "$MANIFEST" ]
	run -0 ci referrers "$REPO:1"
	[[ $output == *"$one  application/x-one"* ]]
}

@test "what is attached is listed, by the tag where the registry has no list" {
	creel-image --store layout push -q a "$REPO:1"
	run -0 ci referrers "$REPO:1"
	[ "$output" = "" ]
	one=$(ci artifact attach -q --artifact-type application/x-one -a k=v "$REPO:1" sbom.json)
	two=$(ci artifact attach -q --artifact-type application/x-two "$REPO@$MANIFEST" big)
	# Again: nothing is listed twice.
	[ "$(ci artifact attach -q --artifact-type application/x-one -a k=v "$REPO:1" sbom.json)" = "$one" ]
	run -0 ci referrers --json "$REPO:1"
	[ "$(jq -r '.[].digest' <<<"$output")" = "$(printf '%s\n%s' "$one" "$two")" ]
	[ "$(jq -r '.[0].annotations.k' <<<"$output")" = v ]
	run -0 ci referrers --artifact-type application/x-two "$REPO:1"
	[[ $output == "$two  application/x-two"* ]]
	[ "$(wc -l <<<"$output")" = 1 ]
	[ "$(manifest_of "$REPO" "$one" | jq -r .subject.digest)" = "$MANIFEST" ]
	# The tag is what every client looks for.
	run -0 curl -fs -H 'Accept: application/vnd.oci.image.index.v1+json' \
		"http://${REPO%%/*}/v2/${REPO#*/}/manifests/sha256-${MANIFEST#sha256:}"
	[ "$(jq '.manifests | length' <<<"$output")" = 2 ]
}

@test "referrers of referrers are a tree" {
	creel-image --store layout push -q a "$REPO:1"
	one=$(ci artifact attach -q --artifact-type application/x-one "$REPO:1" sbom.json)
	two=$(ci artifact attach -q --artifact-type application/x-two "$REPO@$one" big)
	run -0 ci referrers --tree "$REPO:1"
	[ "${lines[0]%% *}" = "$one" ]
	[[ ${lines[1]} == "  $two  application/x-two"* ]]
	run -0 ci referrers --tree --json "$REPO:1"
	[ "$(jq -r '.[0].referrers[0].digest' <<<"$output")" = "$two" ]
}

@test "a registry with a list of its own needs no tag, and its pages are followed" {
	start_uploads
	creel-image --store layout push -q a "$UPLOADS/referrers:1"
	one=$(ci artifact attach -q --artifact-type application/x-one "$UPLOADS/referrers:1" sbom.json)
	two=$(ci artifact attach -q --artifact-type application/x-two "$UPLOADS/referrers:1" big)
	run -0 ci referrers "$UPLOADS/referrers:1"
	[ "$(cut -d' ' -f1 <<<"$output" | sort)" = "$(printf '%s\n%s\n' "$one" "$two" | sort)" ]
	# It filters nothing: that is done here.
	run -0 ci referrers --artifact-type application/x-two "$UPLOADS/referrers:1"
	[ "$(cut -d' ' -f1 <<<"$output")" = "$two" ]
	[ "$(requests PUT "manifests/sha256-")" = 0 ]
}

@test "an image that has a subject is pushed with it" {
	start_uploads
	creel-image --store layout push -q a "$UPLOADS/plain:1"
	signature=$(ci artifact attach -q --artifact-type application/x-one "$UPLOADS/plain:1" sbom.json)
	STORE=$BATS_TEST_TMPDIR/store
	image pull -q --unpack=false "$UPLOADS/plain@$signature" || image pull -q "$UPLOADS/plain@$signature"
	creel-image --store layout push -q a "$UPLOADS/other:1"
	image push -q "$UPLOADS/plain@$signature" "$UPLOADS/other:signature"
	run -0 ci referrers "$UPLOADS/other:1"
	[ "${output%% *}" = "$signature" ]
}

# ---- Tags -----------------------------------------------------------------------------------------

@test "tags are listed" {
	creel-image --store layout push -q -t b -t c a "$REPO:a"
	run -0 ci tags "$REPO"
	[ "$output" = "$(printf 'a\nb\nc')" ]
	run -0 ci tags --json "docker://$REPO"
	[ "$(jq -c .tags <<<"$output")" = '["a","b","c"]' ]
	run -3 ci tags "$REGISTRY/nobody/here"
	[[ $output == *"NAME_UNKNOWN"* ]]
}

@test "pages of tags are followed, but not to another host, and not for ever" {
	start_uploads
	creel-image --store layout push -q -t b -t c -t d -t e a "$UPLOADS/pages:a"
	run -0 ci tags "$UPLOADS/pages"
	[ "$output" = "$(printf '%s\n' a b c d e)" ]
	[ "$(requests GET tags/list)" = 3 ]
	run -0 ci tags --limit 1 --last b "$UPLOADS/pages"
	[ "$output" = c ]
	creel-image --store layout push -q -t b -t c a "$UPLOADS/pages-elsewhere:a"
	run -5 ci tags "$UPLOADS/pages-elsewhere"
	[[ $output == *"the next page of the list is said to be 'http://localhost:1/"*"refused"* ]]
	creel-image --store layout push -q -t b -t c -t d -t e a "$UPLOADS/pages-forever:a"
	run -5 ci tags "$UPLOADS/pages-forever"
	[[ $output == *"next page of the list"*"refused"* ]]
}

# ---- Deleting -------------------------------------------------------------------------------------

@test "a manifest is deleted with its tags" {
	creel-image --store layout push -q -t b a "$REPO:a"
	ci delete --manifest "$REPO:a"
	run -22 curl -fsI -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
		"http://${REPO%%/*}/v2/${REPO#*/}/manifests/b"
	run -3 ci delete "$REPO@$MANIFEST"
	[[ $output == *"delete '$MANIFEST'"*"not found"* ]]
}

@test "a tag alone, where the registry can do that" {
	start_uploads
	creel-image --store layout push -q -t b a "$UPLOADS/plain:a"
	ci delete "$UPLOADS/plain:a"
	run -0 ci tags "$UPLOADS/plain"
	[ "$output" = b ]
	creel-image --store layout push -q a "$UPLOADS/no-tag-delete:a"
	run -5 ci delete "$UPLOADS/no-tag-delete:a"
	[[ $output == *"deletes no tag alone, or nothing at all"*"'delete --manifest'"* ]]
	ci delete --manifest "$UPLOADS/no-tag-delete:a"
}

@test "a registry in which nothing is deleted says so" {
	start_uploads
	creel-image --store layout push -q a "$UPLOADS/no-delete:a"
	run -5 ci delete "$UPLOADS/no-delete@$MANIFEST"
	[[ $output == *"deletes no manifests (it answers 405): deleting is not enabled there"* ]]
	run -5 ci delete --blob "$UPLOADS/no-delete@$MANIFEST"
	[[ $output == *"deletes no blobs"* ]]
}

@test "a blob" {
	creel-image --store layout push -q a "$REPO:a"
	blob=$(jq -r '.layers[0].digest' "layout/blobs/sha256/${MANIFEST#sha256:}")
	ci delete --blob "$REPO@$blob"
	run -22 curl -fsI "http://${REPO%%/*}/v2/${REPO#*/}/blobs/$blob"
	run -2 ci delete --blob "$REPO:a"
	[[ $output == *"--blob: give the digest"* ]]
}

@test "what refers to an image leaves its list when it is deleted" {
	creel-image --store layout push -q a "$REPO:1"
	one=$(ci artifact attach -q --artifact-type application/x-one "$REPO:1" sbom.json)
	two=$(ci artifact attach -q --artifact-type application/x-two "$REPO:1" big)
	ci delete "$REPO@$one"
	run -0 ci referrers "$REPO:1"
	[ "$(cut -d' ' -f1 <<<"$output")" = "$two" ]
}
