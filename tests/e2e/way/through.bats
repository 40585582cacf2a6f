#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The main job end to end: registry -> store -> bundle -> runtime -> shim, with other people's tools
# at each joint.

bats_require_minimum_version 1.5.0
load ../helpers
load ../imagetool/registry

setup_file() {
	# A skip in here would count as a failure: setup() says what is missing.
	command -v docker-registry >/dev/null && command -v skopeo >/dev/null && [ "$(id -u)" -eq 0 ] || return 0
	export WORK=$BATS_FILE_TMPDIR
	"$SRC_DIR/tools/make-busybox-image.sh" "$WORK/busybox.tar"
	start_registry "$WORK/registry"
	export REGISTRY
	skopeo copy -q --dest-tls-verify=false "oci-archive:$WORK/busybox.tar:latest" \
		"docker://$REGISTRY/test/busybox:1"
	creel-image --store "$WORK/store" pull "$REGISTRY/test/busybox:1"
}

teardown_file() {
	stop_registry "${WORK:-}/registry"
}

setup() {
	requires root
	requires program skopeo umoci docker-registry runc jq
	NAME=way-$BATS_TEST_NUMBER-$$
	RUN_ROOT=$BATS_TEST_TMPDIR/run
	SHIM_STATE=$BATS_TEST_TMPDIR/shim
}

teardown() {
	creel --root "$RUN_ROOT" delete --force "$NAME" || true
	creel-shim --state "$SHIM_STATE" rm --force "$NAME" 2>/dev/null || true
	# A bundle's root is mounted.
	! mountpoint -q "$BATS_TEST_TMPDIR/bundle/rootfs" || umount -l "$BATS_TEST_TMPDIR/bundle/rootfs"
}

bundle() {
	creel-image --store "$WORK/store" bundle "$REGISTRY/test/busybox:1" "$BATS_TEST_TMPDIR/bundle" "$@"
}

@test "an image from a registry becomes a bundle that creel runs" {
	bundle sh -c 'echo "hello from $(hostname)"; exit 7'
	run creel --root "$RUN_ROOT" run --bundle "$BATS_TEST_TMPDIR/bundle" "$NAME"
	echo "$output"
	[ "$status" -eq 7 ]
	[[ $output == "hello from "* ]]
	[ -z "$(ls "$RUN_ROOT")" ]
}

@test "options of bundle are what the program sees" {
	mkdir "$BATS_TEST_TMPDIR/data"
	echo payload >"$BATS_TEST_TMPDIR/data/file"
	creel-image --store "$WORK/store" bundle --env GREETING=hi --workdir /tmp --user nobody --hostname way \
		--volume "$BATS_TEST_TMPDIR/data:/data:ro" --tmpfs /scratch --read-only \
		"$REGISTRY/test/busybox:1" "$BATS_TEST_TMPDIR/bundle" \
		sh -c 'echo $GREETING; pwd; id -u; hostname; cat /data/file; touch /data/x /x 2>&1; touch /scratch/ok && echo scratch'
	run creel --root "$RUN_ROOT" run --bundle "$BATS_TEST_TMPDIR/bundle" "$NAME"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = hi ]
	[ "${lines[1]}" = /tmp ]
	[ "${lines[2]}" = 65534 ]
	[ "${lines[3]}" = way ]
	[ "${lines[4]}" = payload ]
	[[ ${lines[5]} == *"Read-only file system"* ]]
	[[ ${lines[6]} == *"Read-only file system"* ]]
}

@test "the shim supervises the bundle through creel" {
	bundle sh -c 'echo out; echo err >&2; exit 3'
	creel-shim --state "$SHIM_STATE" run -d --runtime "$(command -v creel)" --runtime-arg --root \
		--runtime-arg "$RUN_ROOT" --bundle "$BATS_TEST_TMPDIR/bundle" "$NAME"
	run creel-shim --state "$SHIM_STATE" wait "$NAME"
	[ "$output" = 3 ]
	creel-shim --state "$SHIM_STATE" logs "$NAME" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = out ]
	[ "$(cat "$BATS_TEST_TMPDIR/err")" = err ]
}

@test "a bundle of ours runs under runc" {
	bundle sh -c 'echo runc ran me; exit 5'
	run runc --root "$RUN_ROOT/runc" run --bundle "$BATS_TEST_TMPDIR/bundle" "$NAME"
	echo "$output"
	[ "$status" -eq 5 ]
	[[ $output == *"runc ran me"* ]]
}

@test "a bundle of umoci's runs under creel" {
	skopeo copy -q "oci-archive:$WORK/busybox.tar:latest" "oci:$BATS_TEST_TMPDIR/layout:latest"
	umoci unpack --image "$BATS_TEST_TMPDIR/layout:latest" "$BATS_TEST_TMPDIR/umoci"
	jq '.process.terminal = false | .process.args = ["sh", "-c", "echo umoci unpacked me; exit 4"]' \
		"$BATS_TEST_TMPDIR/umoci/config.json" >"$BATS_TEST_TMPDIR/config.json"
	mv "$BATS_TEST_TMPDIR/config.json" "$BATS_TEST_TMPDIR/umoci/config.json"
	run creel --root "$RUN_ROOT" run --bundle "$BATS_TEST_TMPDIR/umoci" "$NAME"
	echo "$output"
	[ "$status" -eq 4 ]
	[[ $output == *"umoci unpacked me"* ]]
}

@test "a document that runc wrote runs under creel" {
	bundle true
	cd "$BATS_TEST_TMPDIR/bundle"
	rm config.json
	runc spec
	jq '.process.terminal = false | .process.args = ["grep", "CapAmb", "/proc/self/status"]' config.json >edited
	mv edited config.json
	run --separate-stderr creel --root "$RUN_ROOT" run "$NAME"
	echo "$output" "$stderr"
	[ "$status" -eq 0 ]
	[[ $output == *0000000000000000 ]]
	# runc 1.1 asks for ambient capabilities that are not inheritable: said, and left out.
	[[ $stderr == *"warning: process.capabilities.ambient: left out, since it is not permitted and inheritable: CAP_KILL"* ]]
}

@test "the shim supervises a bundle through runc as well" {
	bundle sh -c 'echo by runc; exit 9'
	creel-shim --state "$SHIM_STATE" run -d --runtime "$(command -v runc)" --runtime-arg --root \
		--runtime-arg "$RUN_ROOT/runc" --bundle "$BATS_TEST_TMPDIR/bundle" "$NAME"
	run creel-shim --state "$SHIM_STATE" wait "$NAME"
	[ "$output" = 9 ]
	run creel-shim --state "$SHIM_STATE" logs "$NAME"
	[ "$output" = "by runc" ]
}

@test "the quick start goes through, twice" {
	for _ in 1 2; do
		CREEL_BUILD=$BUILD_DIR CREEL_DEMO=$BATS_TEST_TMPDIR/demo run "$SRC_DIR/tools/quickstart.sh"
		echo "$output"
		[ "$status" -eq 0 ]
		[[ $output == *"hello from process 1 of creel"* ]]
	done
}
