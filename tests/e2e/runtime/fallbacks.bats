#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Older kernels, and seccomp filters around us: each newer system call refused in turn.

load ../helpers

setup() {
	requires root
	setup_creel
	bundle sh -c 'exit 3'
}

teardown() {
	teardown_creel
}

# without CALLS [ERRNO]: a whole life, and one more process, in which these calls fail.
without() {
	local refuse="no_syscall $1 ${2:+--errno $2} --" got=0
	$refuse creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME" || got=$?
	[ "$got" -eq 3 ]
	edit '.process.args = ["sleep", "1000"]'
	$refuse creel --root "$CREEL_ROOT" create --bundle "$BUNDLE" "$NAME" >/dev/null 2>"$BATS_TEST_TMPDIR/err" 3>&- || {
		cat "$BATS_TEST_TMPDIR/err"
		return 1
	}
	$refuse creel --root "$CREEL_ROOT" start "$NAME"
	[ "$($refuse creel --root "$CREEL_ROOT" exec "$NAME" echo in)" = in ]
	$refuse creel --root "$CREEL_ROOT" delete --force "$NAME"
	nothing_left
}

@test "without clone3" {
	without clone3
}

@test "without clone3, refused as by an older container's filter" {
	without clone3 EPERM
}

@test "without openat2" {
	without openat2
}

@test "without close_range" {
	without close_range
}

@test "without the mount calls of Linux 5.2" {
	without open_tree,move_mount,fsopen,fsconfig,fsmount,fspick,mount_setattr
}

@test "without mount_setattr" {
	without mount_setattr
}

@test "without a way to run from a protected file, nothing runs" {
	run no_syscall execveat,open_tree -- creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"protect our own program file"* ]]
	nothing_left
}
