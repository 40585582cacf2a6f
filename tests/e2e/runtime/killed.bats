#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# creel killed in the middle of creation: `delete --force` clears what is left, whatever the moment.

load ../helpers

setup() {
	requires root
	setup_creel
	bundle sleep 1000
}

teardown() {
	teardown_creel
}

# A process of the container is one whose root is ours.
no_process() {
	local root
	for root in /proc/[0-9]*/root; do
		[ "$(readlink "$root" 2>/dev/null)" != "$ROOTFS" ] || return 1
	done
}

# A hook of the creator, before or after its exec; its first process has another name.
hooks_of() { # PARENT
	pgrep --parent "$1" -x 'sh|sleep'
}

# in_hook KIND: start `create` with a hook that waits, until it waits.
in_hook() {
	edit '.hooks = {($kind): [{"path": "/bin/sh", "args": ["sh", "-c", "touch \($f); exec sleep 1000"]}]}' \
		--arg kind "$1" --arg f "$BATS_TEST_TMPDIR/waiting"
	creel --root "$CREEL_ROOT" create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&- &
	CREATOR=$!
	wait_for test -e "$BATS_TEST_TMPDIR/waiting"
}

@test "a container is creating while its creator lives, and can be deleted only by force" {
	in_hook prestart
	[ "$(status_of "$NAME")" = creating ]
	c delete --force "$NAME"
	wait "$CREATOR" || true
	nothing_left
}

@test "killed in each of the creation's hooks" {
	for kind in prestart createRuntime createContainer; do
		rm -f "$BATS_TEST_TMPDIR/waiting"
		in_hook "$kind"
		hook=$(hooks_of "$CREATOR" || true)
		kill -9 "$CREATOR"
		wait "$CREATOR" 2>/dev/null || true
		[ -z "$hook" ] || kill -9 "$hook"
		[ "$(status_of "$NAME")" = stopped ]
		c delete --force "$NAME"
		nothing_left
		wait_for no_process
	done
}

@test "killed after a time that grows by little steps" {
	for ms in 0 1 2 3 4 5 6 7 8 9 10 12 14 16 18 20 25 30 40; do
		creel --root "$CREEL_ROOT" create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&- &
		pid=$!
		sleep "$(printf '0.%03d' "$ms")"
		kill -9 "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
		c delete --force "$NAME"
		nothing_left
		wait_for no_process
	done
}

@test "killed at each system call that makes something" {
	requires program strace
	# The numbered call is stopped dead: strace sends the signal as it is entered.
	for call in mkdirat:1 mkdirat:2 mkdirat:3 renameat:1 renameat:2 renameat:3 bind:1 listen:1 mkdir:1 mkdir:2 \
		clone3:1 sendmsg:1 sendmsg:2 flock:1; do
		strace -o /dev/null -e trace="${call%:*}" -e inject="${call%:*}":signal=KILL:when="${call#*:}" \
			creel --root "$CREEL_ROOT" create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&- </dev/null || true
		c delete --force "$NAME"
		nothing_left
		wait_for no_process
	done
}

@test "a directory whose record is still to come, or has just gone, is nobody's to clear" {
	mkdir -p "$CREEL_ROOT/$NAME"
	# However this ends, the lock goes with the inner shell.
	(
		flock 9
		run c state "$NAME" 9<&-
		echo "$output"
		[ "$status" -eq 1 ]
		[ "$output" = "creel: error: container '$NAME' does not exist: it is being made or removed" ]
		run c list -f json 9<&-
		echo "$output"
		[ "$output" = null ]
		# Who looks as well is no creator.
		flock -s 9
		run c state "$NAME" 9<&-
		echo "$output"
		[[ $output == *"was never finished: clear it with 'delete --force'"* ]]
	) 9<"$CREEL_ROOT/$NAME"
	c delete --force "$NAME"
	nothing_left
}

@test "a creator's death is seen by all who look at once" {
	in_hook prestart
	hook=$(hooks_of "$CREATOR")
	kill -9 "$CREATOR"
	wait "$CREATOR" 2>/dev/null || true
	kill -9 "$hook"
	flock -s "$CREEL_ROOT/$NAME" creel --root "$CREEL_ROOT" state "$NAME" >"$BATS_TEST_TMPDIR/said"
	cat "$BATS_TEST_TMPDIR/said"
	[ "$(jq -r .status "$BATS_TEST_TMPDIR/said")" = stopped ]
	c delete --force "$NAME"
	nothing_left
}

@test "a directory without a record is cleared, and does not exist" {
	mkdir -p "$CREEL_ROOT/$NAME"
	run c state "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"clear it with 'delete --force'"* ]]
	c delete --force "$NAME"
	nothing_left
	mkdir -p "$CREEL_ROOT/$NAME"
	run c delete "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"does not exist"* ]]
	nothing_left
}

@test "an interrupted create undoes what it made" {
	in_hook createRuntime
	kill -TERM "$CREATOR"
	got=0
	wait "$CREATOR" || got=$?
	[ "$got" -eq 1 ]
	nothing_left
	wait_for no_process
}

@test "an init that nobody knows does not stay" {
	creel --root "$CREEL_ROOT" --cgroup-manager=disabled create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	c delete "$NAME"
	wait_for no_process
}
