#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# push: to a real registry, read back by others, and to one that is difficult.

bats_require_minimum_version 1.5.0
load ../helpers
load layout
load registry

setup_file() {
	requires program docker-registry skopeo jq curl
	cd "$BATS_FILE_TMPDIR"
	start_registry "$PWD/registry"
	export REGISTRY
	mkdir -p one/bin two/etc three/srv
	head -c 5000000 /dev/urandom >one/bin/program
	head -c 300000 /dev/urandom >two/etc/file
	head -c 100000 /dev/urandom >three/srv/data
	tar -C one -czf one.tar.gz bin
	tar -C two -czf two.tar.gz etc
	tar -C three -czf three.tar.gz srv
	make_layout layout a one.tar.gz two.tar.gz
	make_layout changed b one.tar.gz three.tar.gz
}

teardown_file() {
	stop_registry "$BATS_FILE_TMPDIR/registry"
}

setup() {
	cd "$BATS_FILE_TMPDIR"
	LAYOUT=$BATS_TEST_TMPDIR/layout
	cp -r layout "$LAYOUT"
	MANIFEST=$(jq -r '.manifests[0].digest' layout/index.json)
	REPO=test/$BATS_TEST_NUMBER
}

teardown() {
	stop_uploads
}

push_it() { # ARG...
	creel-image --store "$LAYOUT" push "$@"
}

# The image of LAYOUT lies there, as the registry's own bytes say.
is_there() { # HOST/REPOSITORY:REFERENCE
	local name=${1#*/} digest
	digest=sha256:$(curl -fs -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
		"http://${1%%/*}/v2/${name%:*}/manifests/${name##*:}" | sha256sum | cut -d' ' -f1)
	[ "$digest" = "$MANIFEST" ]
	for blob in $(jq -r '.config.digest, .layers[].digest' "$LAYOUT/blobs/sha256/${MANIFEST#sha256:}"); do
		[ "sha256:$(curl -fs "http://${1%%/*}/v2/${name%:*}/blobs/$blob" | sha256sum | cut -d' ' -f1)" = "$blob" ]
	done
}

nothing_remembered() {
	[ -z "$(ls -A "$LAYOUT/uploads")" ]
}

# ---- A real registry ------------------------------------------------------------------------------

@test "an image arrives byte for byte, and skopeo reads it" {
	run -0 --separate-stderr push_it a "$REGISTRY/$REPO:1"
	[ "$output" = "$MANIFEST" ]
	is_there "$REGISTRY/$REPO:1"
	run -0 skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/$REPO:1"
	[ "$output" = "$MANIFEST" ]
	skopeo copy -q --src-tls-verify=false "docker://$REGISTRY/$REPO:1" "dir:$BATS_TEST_TMPDIR/dir"
	nothing_remembered
}

@test "an image that was pulled goes back and to another name" {
	push_it -q a "$REGISTRY/$REPO:1"
	STORE=$BATS_TEST_TMPDIR/store
	image pull -q "$REGISTRY/$REPO:1"
	run -0 image push "$REGISTRY/$REPO:1"
	[[ $output == *"$REGISTRY/$REPO:1 is up to date"* ]]
	run -0 --separate-stderr image push "$REGISTRY/$REPO:1" "docker://$REGISTRY/$REPO:2"
	is_there "$REGISTRY/$REPO:2"
}

@test "an unchanged image is one question, another tag of it one request more" {
	push_it -q a "$REGISTRY/$REPO:1"
	run -0 creel-image --store "$LAYOUT" --log-level debug push a "$REGISTRY/$REPO:1"
	[ "$(grep -c ': status 2' <<<"$output")" = 1 ]
	run -0 --separate-stderr push_it --json a "$REGISTRY/$REPO:2"
	[ "$(jq '.pushed, .sent' <<<"$output" | paste -sd,)" = 0,0 ]
	is_there "$REGISTRY/$REPO:2"
}

@test "of an image with one changed layer that layer travels, and the config" {
	push_it -q a "$REGISTRY/$REPO:1"
	run -0 --separate-stderr creel-image --store changed push --json b "$REGISTRY/$REPO:2"
	[ "$(jq .sent <<<"$output")" = 2 ]
	[ "$(jq .pushed <<<"$output")" -lt 110000 ]
	[ "$(jq .size <<<"$output")" -gt 5000000 ]
}

@test "layers of another repository of the registry are mounted from it" {
	STORE=$BATS_TEST_TMPDIR/store
	push_it -q a "$REGISTRY/$REPO/base:1"
	image pull -q "$REGISTRY/$REPO/base:1"
	run -0 --separate-stderr image push --json "$REGISTRY/$REPO/base:1" "$REGISTRY/$REPO/other:1"
	[ "$(jq .mounted <<<"$output")" = 2 ]
	[ "$(jq .pushed <<<"$output")" -lt 2000 ]
	is_there "$REGISTRY/$REPO/other:1"
}

@test "several tags" {
	run -0 push_it -q --tag two -t three a "$REGISTRY/$REPO:one"
	for tag in one two three; do
		is_there "$REGISTRY/$REPO:$tag"
	done
	run -2 push_it --tag 'no/tag' a "$REGISTRY/$REPO:one"
	[[ $output == *"--tag: 'no/tag' is not a legal tag"* ]]
}

@test "by digest an image has no tag" {
	run -0 push_it -q a "$REGISTRY/$REPO@$MANIFEST"
	curl -fs -o /dev/null -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
		"http://$REGISTRY/v2/$REPO/manifests/$MANIFEST"
	run -1 push_it a "$REGISTRY/$REPO@sha256:$(printf '0%.0s' {1..64})"
	[[ $output == *"it cannot be pushed as"* ]]
}

@test "a Docker schema 2 image keeps its media types and its digest" {
	skopeo copy -q -f v2s2 oci:layout:a "docker://$REGISTRY/$REPO/from:1" --dest-tls-verify=false
	STORE=$BATS_TEST_TMPDIR/store
	image pull -q "$REGISTRY/$REPO/from:1"
	run -0 --separate-stderr image push "$REGISTRY/$REPO/from:1" "$REGISTRY/$REPO/to:1"
	skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/$REPO/to:1" >"$BATS_TEST_TMPDIR/raw"
	[ "$(jq -r .mediaType "$BATS_TEST_TMPDIR/raw")" = application/vnd.docker.distribution.manifest.v2+json ]
	[ "$(digest_of_file "$BATS_TEST_TMPDIR/raw")" = "$output" ]
}

digest_of_file() {
	echo "sha256:$(sha256sum <"$1" | cut -d' ' -f1)"
}

@test "an index goes with all its images, or one of them" {
	push_it -q a "$REGISTRY/$REPO/from:a"
	creel-image --store changed push -q b "$REGISTRY/$REPO/from:b"
	push_index "$REPO/from:all" a '{"os":"linux","architecture":"arm64"}' b '{"os":"linux","architecture":"amd64"}'
	skopeo copy -q --all --src-tls-verify=false "docker://$REGISTRY/$REPO/from:all" "oci:$BATS_TEST_TMPDIR/all:x"
	STORE=$BATS_TEST_TMPDIR/all
	run -0 --separate-stderr image push --all --json x "$REGISTRY/$REPO/to:all"
	[ "$(jq '.images, .sent' <<<"$output" | paste -sd,)" = 2,5 ]
	skopeo copy -q --all --src-tls-verify=false "docker://$REGISTRY/$REPO/to:all" "oci:$BATS_TEST_TMPDIR/back:x"
	[ "$(jq -r '.manifests[0].digest' "$BATS_TEST_TMPDIR/back/index.json")" = "$(jq -r .digest <<<"$output")" ]
	run -0 --separate-stderr image push --json --platform linux/arm64 x "$REGISTRY/$REPO/one:1"
	[ "$(jq '.images' <<<"$output")" = 1 ]
	is_there "$REGISTRY/$REPO/one:1"
	run -3 push_it --all a "$REGISTRY/$REPO/one:1"
	[[ $output == *"the store has no index of that name"* ]]
}

@test "podman reads what was pushed" {
	requires program podman
	push_it -q a "$REGISTRY/$REPO:1"
	run -0 podman --root "$BATS_TEST_TMPDIR/podman" --runroot "$BATS_TEST_TMPDIR/run" --storage-driver vfs \
		pull -q --tls-verify=false "$REGISTRY/$REPO:1"
	run -0 podman --root "$BATS_TEST_TMPDIR/podman" --runroot "$BATS_TEST_TMPDIR/run" --storage-driver vfs \
		image inspect --format '{{.Digest}}' "$REGISTRY/$REPO:1"
	[ "$output" = "$MANIFEST" ]
}

@test "--digestfile has the digest" {
	push_it -q --digestfile "$BATS_TEST_TMPDIR/digest" a "$REGISTRY/$REPO:1"
	[ "$(cat "$BATS_TEST_TMPDIR/digest")" = "$MANIFEST" ]
}

@test "chunks of a chosen size" {
	run -0 creel-image --store "$LAYOUT" --log-level debug push --chunk-size 2m a "$REGISTRY/$REPO:1"
	[ "$(grep -c 'PATCH .*: status 202' <<<"$output")" = 3 ]
	is_there "$REGISTRY/$REPO:1"
}

@test "over TLS, to a registry that wants a name and a password" {
	requires program openssl
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$BATS_TEST_TMPDIR/key" -out "$BATS_TEST_TMPDIR/cert" 2>/dev/null
	# "s3cret pass"
	# shellcheck disable=SC2016
	echo 'ann:$2y$05$abcdefghijklmnopqrstuu1qdcFaS0PtqFUPzaCxLQ8/0lspH0ZEW' >"$BATS_TEST_TMPDIR/htpasswd"
	mkdir "$BATS_TEST_TMPDIR/certs"
	cp "$BATS_TEST_TMPDIR/cert" "$BATS_TEST_TMPDIR/certs/ca.crt"
	start_registry "$BATS_TEST_TMPDIR/tls" \
		", tls: {certificate: $BATS_TEST_TMPDIR/cert, key: $BATS_TEST_TMPDIR/key}" \
		"auth: {htpasswd: {realm: private, path: $BATS_TEST_TMPDIR/htpasswd}}"
	export HOME=$BATS_TEST_TMPDIR/home XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run
	mkdir -p "$HOME" "$XDG_RUNTIME_DIR"
	run -5 push_it --cert-dir "$BATS_TEST_TMPDIR/certs" a "$REGISTRY/x:1"
	printf 's3cret pass' | creel-image login -u ann --password-stdin --cert-dir "$BATS_TEST_TMPDIR/certs" "$REGISTRY"
	run -0 --separate-stderr push_it -q --cert-dir "$BATS_TEST_TMPDIR/certs" a "$REGISTRY/x:1"
	[ "$output" = "$MANIFEST" ]
	# In chunks, too.
	run -0 --separate-stderr push_it -q --cert-dir "$BATS_TEST_TMPDIR/certs" --chunk-size 1m a "$REGISTRY/y:1"
	run -0 --separate-stderr creel-image --store "$BATS_TEST_TMPDIR/back" pull -q --cert-dir "$BATS_TEST_TMPDIR/certs" "$REGISTRY/y:1"
	stop_registry "$BATS_TEST_TMPDIR/tls"
	[ "$output" = "$MANIFEST" ]
}

# ---- What is wrong here ---------------------------------------------------------------------------

@test "a damaged layer of the store never arrives" {
	layer=$(jq -r '.layers[0].digest' "$LAYOUT/blobs/sha256/${MANIFEST#sha256:}")
	printf x | dd of="$LAYOUT/blobs/sha256/${layer#sha256:}" bs=1 seek=4000 conv=notrunc status=none
	start_uploads
	run -4 push_it a "$UPLOADS/damaged:1"
	[[ $output == *"blob '$layer': its content is damaged: the digest is sha256:"* ]]
	run -22 curl -fsI "http://$UPLOADS/v2/damaged/blobs/$layer"
	run -22 curl -fsI "http://$UPLOADS/v2/damaged/manifests/1"
	# The last bytes did not leave, and the registry knows that nothing more comes.
	[ "$(requests DELETE uploads)" -ge 1 ]
	nothing_remembered
}

@test "a layer that the store lacks is said before anything is asked" {
	layer=$(jq -r '.layers[0].digest' "$LAYOUT/blobs/sha256/${MANIFEST#sha256:}")
	rm "$LAYOUT/blobs/sha256/${layer#sha256:}"
	start_uploads
	run -3 push_it a "$UPLOADS/x:1"
	[[ $output == *"blob '$layer' of "*" bytes is not in store"* ]]
	[ ! -s "$UPLOADS_LOG" ]
}

@test "layers that may not be distributed stay where they are" {
	LAYER_TYPE=application/vnd.docker.image.rootfs.foreign.diff.tar.gzip make_layout "$BATS_TEST_TMPDIR/f" f one.tar.gz
	start_uploads
	run -0 creel-image --store "$BATS_TEST_TMPDIR/f" push f "$UPLOADS/x:1"
	[[ $output == *"1 layer may not be distributed"* ]]
	[ "$(arrived_bytes)" -lt 2000 ]
}

@test "an image without a name needs a destination" {
	run -1 push_it "${MANIFEST#sha256:}"
	[[ $output == *"says no registry to push to: give DESTINATION as well"* ]]
}

# ---- A difficult registry -------------------------------------------------------------------------

@test "all is sent once" {
	start_uploads
	push_it -q a "$UPLOADS/plain:1"
	is_there "$UPLOADS/plain:1"
	size=$(jq '[.config.size, .layers[].size] | add' "$LAYOUT/blobs/sha256/${MANIFEST#sha256:}")
	# What is small went with the first POST as well, in vain.
	[ "$(arrived_bytes)" -lt $((size + 5000)) ]
	[ "$(requests PATCH)" = 0 ]
}

@test "small blobs go in one request where that is possible" {
	start_uploads
	push_it -q a "$UPLOADS/single:1"
	is_there "$UPLOADS/single:1"
	[ "$(requests POST 'digest=')" = 1 ]
}

@test "an upload that breaks goes on where it stopped" {
	start_uploads
	run -0 push_it a "$UPLOADS/breaks-once:1"
	[[ $output == *"resumed after an interruption"* ]]
	is_there "$UPLOADS/breaks-once:1"
	[ "$(requests GET 'uploads?session')" = 1 ]
	[ "$(arrived_bytes)" -lt 5400000 ]
}

@test "an upload that the registry forgot begins again" {
	start_uploads
	push_it -q a "$UPLOADS/breaks-and-forgets:1"
	is_there "$UPLOADS/breaks-and-forgets:1"
}

@test "a registry on which every transfer breaks is given up" {
	start_uploads
	run -5 push_it --retry 2 a "$UPLOADS/breaks-always:1"
	[[ $output == *"blob 'sha256:"* ]]
	[ "$(arrived_bytes)" -lt 20000000 ]
}

@test "416 is answered by asking how much is there" {
	start_uploads
	push_it -q a "$UPLOADS/refuses-once:1"
	is_there "$UPLOADS/refuses-once:1"
	[ "$(requests GET 'uploads?session')" = 1 ]
}

@test "chunks are as long as the registry wants them" {
	start_uploads
	push_it -q --chunk-size 1000 a "$UPLOADS/min-chunk:1"
	is_there "$UPLOADS/min-chunk:1"
	[ "$(grep '^PATCH' "$UPLOADS_LOG" | grep -c 'body=524288 ')" -ge 9 ]
}

@test "what is too large for one request goes in several" {
	start_uploads
	push_it -q a "$UPLOADS/small-bodies:1"
	is_there "$UPLOADS/small-bodies:1"
	run -5 push_it a "$UPLOADS/without-room:1"
	[[ $output == *"answers 413"* ]]
}

@test "a relative Location is followed, and its query comes back" {
	start_uploads
	push_it -q a "$UPLOADS/relative:1"
	is_there "$UPLOADS/relative:1"
}

@test "202 without Location is an error that says so" {
	start_uploads
	run -5 push_it a "$UPLOADS/no-location:1"
	[[ $output == *"without saying where to send it (no Location)"* ]]
}

@test "a mount that is refused is an upload" {
	start_uploads
	push_it -q a "$UPLOADS/base:1"
	STORE=$BATS_TEST_TMPDIR/store
	image pull -q "$UPLOADS/base:1"
	image push -q "$UPLOADS/base:1" "$UPLOADS/mount-denied:1"
	is_there "$UPLOADS/mount-denied:1"
	[ "$(requests POST 'mount=sha256:.*from=base')" = 2 ]
	image push -q "$UPLOADS/base:1" "$UPLOADS/mounts:1"
	is_there "$UPLOADS/mounts:1"
	[ "$(requests PUT 'v2/mounts/uploads')" = 1 ]
}

@test "a registry may find a layer in a repository of its own choice" {
	start_uploads
	push_it -q a "$UPLOADS/base:1"
	run -0 --separate-stderr push_it --json a "$UPLOADS/mounts:1"
	# All but the config, and the layer is the large one.
	[ "$(jq .mounted <<<"$output")" -ge 1 ]
	is_there "$UPLOADS/mounts:1"
}

@test "a blob whose digest is a SHA-512" {
	hex=$(sha512sum <one.tar.gz | cut -d' ' -f1)
	mkdir -p "$LAYOUT/blobs/sha512"
	cp one.tar.gz "$LAYOUT/blobs/sha512/$hex"
	jq -c --arg d "sha512:$hex" '.layers[0].digest = $d' "$LAYOUT/blobs/sha256/${MANIFEST#sha256:}" >"$BATS_TEST_TMPDIR/m"
	MANIFEST=sha256:$(sha256sum <"$BATS_TEST_TMPDIR/m" | cut -d' ' -f1)
	cp "$BATS_TEST_TMPDIR/m" "$LAYOUT/blobs/sha256/${MANIFEST#sha256:}"
	jq -c --arg d "$MANIFEST" --argjson s "$(stat -c %s "$BATS_TEST_TMPDIR/m")" \
		'.manifests[0].digest = $d | .manifests[0].size = $s' layout/index.json >"$LAYOUT/index.json"
	start_uploads
	push_it -q a "$UPLOADS/plain:1"
	[ "$(requests POST 'digest-algorithm=sha512')" = 1 ]
	[ "$(curl -fs "http://$UPLOADS/v2/plain/blobs/sha512:$hex" | sha512sum | cut -d' ' -f1)" = "$hex" ]
	printf x | dd of="$LAYOUT/blobs/sha512/$hex" bs=1 seek=4000 conv=notrunc status=none
	run -4 push_it a "$UPLOADS/other:1"
	[[ $output == *"its content is damaged: the digest is sha512:"* ]]
}

@test "an upload may go on at another host, which gets no token" {
	start_uploads
	push_it -q a "$UPLOADS/elsewhere:1"
	is_there_with_token=$(curl -fs -H 'Authorization: Bearer good' "http://$UPLOADS/v2/elsewhere/manifests/1" | sha256sum | cut -d' ' -f1)
	[ "sha256:$is_there_with_token" = "$MANIFEST" ]
	[ "$(requests PUT 'uploads.*auth=no')" = 3 ]
	run ! grep -q '^PUT /v2/elsewhere/uploads.*auth=yes' "$UPLOADS_LOG"
}

@test "a registry elsewhere cannot have an upload go on at this machine" {
	requires root
	requires program unshare ip
	run -0 unshare -n bash -c "
		ip link set lo up
		ip addr add 10.9.8.7/32 dev lo
		$(declare -f start_uploads stop_uploads told wait_for)
		BATS_TEST_TMPDIR='$BATS_TEST_TMPDIR'
		start_uploads 10.9.8.7
		trap stop_uploads EXIT
		creel-image --store '$LAYOUT' push -q --retry 0 --tls-verify=false a \"\$UPLOADS/elsewhere:1\" 2>&1 || true
		creel-image --store '$LAYOUT' push -q --tls-verify=false a \"\$UPLOADS/plain:1\""
	echo "$output"
	[[ $output == *"a loopback or link-local address"* || $output == *"this machine or its link: refused"* ]]
	[ "${lines[-1]}" = "$MANIFEST" ]
	run ! grep -q '^PUT /v2/elsewhere/uploads' "$BATS_TEST_TMPDIR/uploads.log"
}

@test "one token is asked for all that a push does" {
	start_uploads
	push_it -q a "$UPLOADS/token:1"
	[ "$(requests GET '/token?')" = 1 ]
	[ "$(requests GET 'scope=repository:token:pull[,%2C]*push')" = 1 ]
}

@test "a registry that says it stored something else is not believed" {
	start_uploads
	run -4 push_it a "$UPLOADS/lies:1"
	[[ $output == *"the registry says that it is 'sha256:"* ]]
}

@test "redirects have an end" {
	start_uploads
	run -5 push_it a "$UPLOADS/redirects:1"
	[ "$(requests POST)" -lt 60 ]
}

@test "a busy registry is waited for as long as it asks" {
	start_uploads
	start=$(date +%s%N)
	push_it -q a "$UPLOADS/busy-once:1"
	[ $(($(date +%s%N) - start)) -ge 1000000000 ]
	is_there "$UPLOADS/busy-once:1"
}

@test "tags go together where the registry can do that" {
	start_uploads
	push_it -q -t two -t three a "$UPLOADS/tags-together:one"
	for tag in one two three; do
		is_there "$UPLOADS/tags-together:$tag"
	done
	[ "$(requests PUT manifests)" = 1 ]
	push_it -q -t two a "$UPLOADS/plain:one"
	is_there "$UPLOADS/plain:two"
}

@test "a warning is shown once and cannot move the cursor" {
	start_uploads
	run -0 push_it a "$UPLOADS/warns:1"
	[[ $output == *"warns: this repository ?[31mcloses soon"* ]]
	[ "$(grep -c 'warns: ' <<<"$output")" = 1 ]
}

# ---- Killed ---------------------------------------------------------------------------------------

# at_the_third_chunk: which waits for an answer, and two have arrived.
at_the_third_chunk() {
	[ "$(requests PATCH)" = 3 ]
}

@test "a push that was killed goes on where it stopped" {
	start_uploads
	creel-image --store "$LAYOUT" push -q --chunk-size 1m a "$UPLOADS/stalls-once:1" 3>&- &
	pid=$!
	wait_for at_the_third_chunk
	kill -KILL "$pid"
	wait "$pid" || true
	[ -n "$(ls "$LAYOUT/uploads")" ]
	run -0 push_it --chunk-size 1m a "$UPLOADS/stalls-once:1"
	[[ $output == *"resumed where an earlier push stopped"* ]]
	is_there "$UPLOADS/stalls-once:1"
	nothing_remembered
	# A chunk may have gone twice.
	[ "$(arrived_bytes)" -lt 6500000 ]
}

@test "a signal ends a push with 130, and the next goes on" {
	start_uploads
	creel-image --store "$LAYOUT" push -q --chunk-size 1m a "$UPLOADS/stalls-once:1" 3>&- &
	pid=$!
	wait_for at_the_third_chunk
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" = 130 ]
	run -0 push_it --chunk-size 1m a "$UPLOADS/stalls-once:1"
	[[ $output == *"resumed where an earlier push stopped"* ]]
}

@test "two pushes at once do not disturb each other" {
	start_uploads
	creel-image --store "$LAYOUT" push -q --chunk-size 1m a "$UPLOADS/slow:1" 3>&- &
	pid=$!
	push_it -q --chunk-size 1m a "$UPLOADS/slow:2"
	wait "$pid"
	is_there "$UPLOADS/slow:1"
	is_there "$UPLOADS/slow:2"
	nothing_remembered
}
