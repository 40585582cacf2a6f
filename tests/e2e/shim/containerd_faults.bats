#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# containerd and our shim die at any time: containers run on or are cleaned up, and nothing is lost.

bats_require_minimum_version 1.5.0
load ctr

setup_file() { ctr_open; }

teardown_file() { [ -z "${ROOM_PID:-}" ] || room_close; }

setup() {
	room_needs containerd ctr
	# The events of a name are those of one test.
	ONE=one-$BATS_TEST_NUMBER
}

teardown() {
	ctr_clean "$ONE"
}

# Also the child it may be about to make a shim of.
containerd_killed() {
	local pids
	pids=$(in_room pgrep -x containerd)
	# shellcheck disable=SC2086 # one or two
	in_room kill -KILL $pids
	wait_for no_containerd
}

no_containerd() {
	! in_room pgrep -x containerd >/dev/null
}

no_task_mounts() {
	! in_room grep -q io.containerd.runtime.v2.task /proc/mounts
}

@test "containerd is killed and comes back: the container runs on and is its own again" {
	box "$ONE" -d -- sleep 1000
	local pid
	pid=$(task_pid "$ONE")
	containerd_killed
	in_room test -e "/proc/$pid"
	containerd_start
	task_is "$ONE" RUNNING
	[ "$(task_pid "$ONE")" = "$pid" ]
	[ "$(ctr task exec --exec-id x "$ONE" echo hello)" = hello ]
	ctr task kill -s KILL "$ONE"
	wait_for task_is "$ONE" STOPPED
	run ctr task rm "$ONE"
	[[ $output == *"exit code 137"* ]]
	wait_for eval '[ "$(shims)" -eq 0 ]'
}

@test "what ends while containerd is away is known when it is back" {
	box "$ONE" -d -- sh -c 'while [ ! -e /tmp/go ]; do sleep 0.05; done; exit 42'
	local pid
	pid=$(task_pid "$ONE")
	containerd_killed
	in_room touch "/proc/$pid/root/tmp/go"
	wait_for in_room test ! -e "/proc/$pid"
	containerd_start
	wait_for task_is "$ONE" STOPPED
	run ctr task rm "$ONE"
	[[ $output == *"exit code 42"* ]]
}

@test "the shim is killed: its container goes, and the exit is told" {
	listen # again: a person's ctr ends with containerd
	box "$ONE" -d -- sleep 1000
	local pid
	pid=$(task_pid "$ONE")
	in_room pkill -KILL containerd-shim
	wait_for in_room test ! -e "/proc/$pid"
	wait_for eval '[[ $(topics_of "$ONE") == */tasks/delete ]]'
	grep /tasks/exit "$ROOM_DIR/events" | grep -q '"exit_status":137'
	wait_for no_task_mounts
	wait_for eval '[ -z "$(room_cgroups)" ]'
	ctr container rm "$ONE"
	wait_for eval '[ -z "$(in_room ls /run/containerd/s)" ]'
	[ "$(box "$ONE" --rm -- echo next)" = next ]
}

@test "garbage on the socket hurts nobody" {
	box "$ONE" -d -- sleep 1000
	local socket
	socket=$(in_room cat "/run/containerd/io.containerd.runtime.v2.task/default/$ONE/address")
	in_room "$BUILD_DIR/tests/tools/ttrpc_client" raw "${socket#unix://}" ffffffffffffffffffff
	in_room sh -c 'head -c 200000 /dev/urandom | timeout 5 socat -t 1 - "UNIX-CONNECT:$1"' - "${socket#unix://}" || true
	in_room "$BUILD_DIR/tests/tools/ttrpc_client" hold "${socket#unix://}" 300 Connect "id=$ONE"
	[ "$(ctr task exec --exec-id x "$ONE" echo hello)" = hello ]
}

@test "containerd is killed at any instant of a start: what is half made is cleared away, or is a task" {
	local delay
	for delay in 0.01 0.02 0.03 0.04 0.05 0.06 0.08 0.1; do
		ID=$ONE-$delay
		box "$ID" -d -- sleep 1000 >/dev/null 2>&1 3>&- &
		sleep "$delay"
		containerd_killed
		wait $! || true
		containerd_start
		ctr task kill -s KILL "$ID" >/dev/null 2>&1 || true
		wait_for is_still "$ID"
		ctr task rm -f "$ID" >/dev/null 2>&1 || true
		ctr container rm "$ID" >/dev/null 2>&1 || true
	done
	# A shim that containerd never knew of ends when nobody has spoken with it for half a minute.
	wait_for eval '[ "$(shims)" -eq 0 ]'
	wait_for eval '[ -z "$(room_cgroups)" ]'
	wait_for no_task_mounts
	wait_for eval '[ -z "$(in_room ls /run/containerd/s)" ]'
	run ! in_room pgrep -f '^sleep 1000'
}

# Not one that is called and gone.  containerd calls no delete for a shim it never spoke with: whose
# socket is left then is replaced by the next of that name.
servers() {
	in_room pgrep -af containerd-shim | awk '!/ (start|delete)$/ { print $1 }'
}

@test "the shim is killed at any instant of a start: nothing is left" {
	local delay
	for delay in 0.02 0.03 0.04 0.05 0.06 0.07 0.08 0.1; do
		ID=$ONE-$delay
		box "$ID" -d -- sleep 1000 >/dev/null 2>&1 3>&- &
		sleep "$delay"
		# shellcheck disable=SC2046 # pids
		in_room kill -KILL $(servers) 2>/dev/null || true
		wait $! || true
		ctr task kill -s KILL "$ID" >/dev/null 2>&1 || true
		wait_for is_still "$ID"
		ctr task rm -f "$ID" >/dev/null 2>&1 || true
		ctr container rm "$ID" >/dev/null 2>&1 || true
	done
	wait_for eval '[ "$(shims)" -eq 0 ]'
	wait_for eval '[ -z "$(room_cgroups)" ]'
	wait_for no_task_mounts
	run ! in_room pgrep -f '^sleep 1000'
	[ "$(box "$ONE" --rm -- echo next)" = next ]
}
