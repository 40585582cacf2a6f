#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The member "exit" of state: how a container ended, as far as anybody knows.

load ../helpers

setup() {
	requires root
	setup_creel
}

teardown() {
	teardown_creel
}

# ended FILTER: the member exit of $NAME's state.
ended() {
	c state "$NAME" | tee "$BATS_TEST_TMPDIR/state" | jq -e "$@"
}

# kept PROGRAM...: run it to its end, keep the container.
kept() {
	bundle "$@"
	# A signal of its own reaches a program that is no init.
	edit 'del(.linux.namespaces[] | select(.type == "pid"))'
	c run --keep --bundle "$BUNDLE" "$NAME" || true
}

@test "a running container has no such member" {
	bundle sleep 60
	c run --detach --bundle "$BUNDLE" "$NAME" </dev/null >/dev/null 2>&1
	ended 'has("exit") | not'
	c kill "$NAME" KILL
}

@test "the exit status of a program that run waited for" {
	kept sh -c 'exit 42'
	ended '.status == "stopped" and .pid == 0 and .exit == {reason: "exited", exitCode: 42}'
}

@test "a signal, and that it was no exit" {
	kept sh -c 'kill -TERM $$'
	ended '.exit == {reason: "signal", signal: "SIGTERM", signalNumber: 15}'
}

@test "a system call that the filter forbids" {
	bundle mkdir /tmp/never
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_KILL_PROCESS"}]}'
	c run --keep --bundle "$BUNDLE" "$NAME" || true
	ended '.exit.reason == "seccomp" and .exit.signal == "SIGSYS"'
}

@test "the kernel killed it for want of memory" {
	grep -qw memory /proc/cgroups || [ -e /sys/fs/cgroup/memory.stat ] || skip "needs a memory controller"
	bundle dd if=/dev/zero of=/dev/null bs=100M count=1
	edit '.linux.resources.memory.limit = 20971520'
	c run --keep --bundle "$BUNDLE" "$NAME" || true
	ended '.exit == {reason: "oom-kill", signal: "SIGKILL", signalNumber: 9, oomKills: 1}'
}

@test "created and killed before anybody said start" {
	bundle true
	c create --bundle "$BUNDLE" "$NAME" </dev/null >/dev/null 2>&1
	c kill "$NAME" KILL
	wait_for has_status "$NAME" stopped
	ended '.exit.reason == "not-started"'
}

@test "start could not run the program" {
	rm -rf "$ROOTFS-own"
	cp -a "$ROOTFS" "$ROOTFS-own"
	printf '#!/no-such-interpreter\n' >"$ROOTFS-own/bin/broken"
	chmod 755 "$ROOTFS-own/bin/broken"
	bundle /bin/broken
	edit '.root.path += "-own"'
	c create --bundle "$BUNDLE" "$NAME" </dev/null >/dev/null 2>&1
	run c start "$NAME"
	[ "$status" -eq 1 ]
	wait_for has_status "$NAME" stopped
	ended --arg why "${output#creel: error: }" '.exit.reason == "start-failure" and .exit.message == $why'
}

@test "whoever reaped the process can tell, and what makes no sense is not believed" {
	bundle true
	c run --keep --bundle "$BUNDLE" "$NAME"
	printf '{"waitStatus":134}' >"$CREEL_ROOT/$NAME/exit.json"
	ended '.exit == {reason: "signal", signal: "SIGABRT", signalNumber: 6, coreDumped: true}'
	printf '{"waitStatus":"lots"}' >"$CREEL_ROOT/$NAME/exit.json"
	ended '.exit.reason == "unknown" or .exit.reason == "exited"'
	rm -r "$CREEL_ROOT/$NAME/exit.json"
	ended '.exit.reason == "unknown"'
}

@test "poststop hooks are told, by run and by a forced delete" {
	bundle sh -c 'exit 3'
	hook() { # keeps its standard input
		printf '#!/bin/sh\ncat >%s\n' "$BATS_TEST_TMPDIR/told" >"$BATS_TEST_TMPDIR/hook"
		chmod 755 "$BATS_TEST_TMPDIR/hook"
		edit '.hooks.poststop = [{path: $path}]' --arg path "$BATS_TEST_TMPDIR/hook"
	}
	hook
	c run --bundle "$BUNDLE" "$NAME" || true
	jq -e '.status == "stopped" and .exit == {reason: "exited", exitCode: 3}' "$BATS_TEST_TMPDIR/told"
	bundle sleep 60
	hook
	c run --detach --bundle "$BUNDLE" "$NAME" </dev/null >/dev/null 2>&1
	c delete --force "$NAME"
	jq -e '.exit == {reason: "signal", signal: "SIGKILL", signalNumber: 9}' "$BATS_TEST_TMPDIR/told"
}
