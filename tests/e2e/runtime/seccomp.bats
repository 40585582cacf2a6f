#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# System call filters as a user meets them.

load ../helpers

setup() {
	requires root
	setup_creel
}

teardown() {
	teardown_creel
}

no_mkdir() {
	bundle mkdir /tmp/never
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 31}]}'
}

@test "a filtered call fails with the number the profile gives" {
	no_mkdir
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"Too many links"* ]]
	[ ! -e "$ROOTFS/tmp/never" ]
}

@test "a filter is compiled once, kept, and is no container" {
	no_mkdir
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$(find "$CREEL_ROOT/.seccomp" -type f | wc -l)" -eq 1 ]
	first=$(stat -c %i "$CREEL_ROOT"/.seccomp/*)
	run c run --bundle "$BUNDLE" "$NAME"
	[[ $output == *"Too many links"* ]]
	[ "$(stat -c %i "$CREEL_ROOT"/.seccomp/*)" = "$first" ]
	[ -z "$(c list -q)" ]
}

@test "a kept filter that was tampered with is made again" {
	no_mkdir
	run c run --bundle "$BUNDLE" "$NAME"
	dd if=/dev/zero of="$(echo "$CREEL_ROOT"/.seccomp/*)" bs=1 seek=200 count=300 conv=notrunc status=none
	run c run --bundle "$BUNDLE" "$NAME"
	[[ $output == *"Too many links"* ]]
}

@test "exec is under the same filter" {
	no_mkdir
	edit '.process.args = ["sleep", "100"]'
	c run -d --bundle "$BUNDLE" "$NAME"
	run c exec "$NAME" mkdir /tmp/never
	[[ $output == *"Too many links"* ]]
}
