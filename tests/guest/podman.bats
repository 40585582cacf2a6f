#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# podman with creel as its runtime, under systemd: life of a container, and checkpoints with the real criu.

load guest

setup_file() {
	command -v podman >/dev/null || return 0
	tar -C "$SRC_DIR/rootfs" -c . | podman import - creel-test >/dev/null 2>&1
}

setup() {
	requires program podman
	NAME=podman-$BATS_TEST_NUMBER
	OUT=$BATS_TEST_TMPDIR/out
}

teardown() {
	p rm --force --all --time 0 >/dev/null
}

p() {
	podman --runtime "$BUILD_DIR/creel" --cgroup-manager "${MANAGER:-systemd}" "$@" 3>&-
}

# start_counting OPTION...: a container that counts on its standard output.
start_counting() {
	p run --detach --name "$NAME" "$@" creel-test \
		sh -c 'i=0; while :; do i=$((i + 1)); echo $i; sleep 0.2; done' >/dev/null
	wait_for is_beyond 3
}

count() { # [CONTAINER]
	p logs --tail 1 "${1:-$NAME}" | tr -d '\r'
}

is_beyond() { # NUMBER [CONTAINER]
	[ "$(count "${2-}")" -gt "$1" ]
}

state() { # FORMAT [CONTAINER]
	p inspect --format "{{$1}}" "${2:-$NAME}"
}

@test "podman with systemd: run, exec, stats, update, pause, stop" {
	start_counting --network none --memory 128m
	group=$CGROUP/machine.slice/libpod-$(state .Id).scope
	[ "$(cat "$group/memory.max")" -eq 134217728 ]
	[ "$(property "${group##*/}" MemoryMax)" -eq 134217728 ]
	[ "$(p exec "$NAME" hostname)" = "$(state .Id | cut -c 1-12)" ]
	run p exec "$NAME" sh -c 'exit 7'
	[ "$status" -eq 7 ]
	[[ $(p stats --no-stream --format '{{.MemUsage}}' "$NAME") == *"/ 134.2MB" ]]
	p update --memory 64m "$NAME"
	[ "$(cat "$group/memory.max")" -eq 67108864 ]
	[ "$(property "${group##*/}" MemoryMax)" -eq 67108864 ]
	p pause "$NAME"
	before=$(count)
	[ "$(state .State.Status)" = paused ]
	sleep 0.5
	[ "$(count)" -eq "$before" ]
	p unpause "$NAME"
	wait_for is_beyond "$before"
	p stop --time 0 "$NAME" 2>/dev/null
	[ "$(state '.State.Status}} {{.State.ExitCode')" = "exited 137" ]
	[ ! -e "$group" ]
	p rm "$NAME"
}

@test "podman with its own control groups" {
	MANAGER=cgroupfs
	start_counting --network none --pids-limit 20
	[ "$(cat "$CGROUP$(cut -d : -f 3 "/proc/$(state .State.Pid)/cgroup")/pids.max")" -eq 20 ]
	p stop --time 0 "$NAME" 2>/dev/null
	[ "$(state .State.Status)" = exited ]
}

@test "podman checkpoints a container with a network, and restores it" {
	start_counting
	p container checkpoint "$NAME"
	[ "$(state '.State.Status}} {{.State.Checkpointed')" = "exited true" ]
	before=$(count)
	p container restore "$NAME"
	[ "$(state '.State.Status}} {{.State.Restored')" = "running true" ]
	wait_for is_beyond "$before"
	p exec "$NAME" ip addr show dev eth0 | grep -q "inet $(state .NetworkSettings.IPAddress)/"
	p exec "$NAME" ip addr show dev lo | grep -q 127.0.0.1
}

@test "podman moves a container by an archive, and by two" {
	start_counting --network none
	p container checkpoint --export "$OUT.tar" "$NAME"
	before=$(count)
	p rm "$NAME"
	p container restore --import "$OUT.tar" --name "$NAME-2"
	wait_for is_beyond "$before" "$NAME-2"
	# Memory first, with the container running on; then what has changed since.
	p container checkpoint --pre-checkpoint --export "$OUT.pre" "$NAME-2"
	[ "$(state .State.Status "$NAME-2")" = running ]
	p container checkpoint --with-previous --export "$OUT.tar" "$NAME-2"
	before=$(count "$NAME-2")
	p rm "$NAME-2"
	p container restore --import-previous "$OUT.pre" --import "$OUT.tar" --name "$NAME-3"
	wait_for is_beyond "$before" "$NAME-3"
}

@test "podman checkpoints a container with a terminal" {
	start_counting --network none --tty
	p container checkpoint "$NAME"
	before=$(count)
	p container restore "$NAME"
	wait_for is_beyond "$before"
	p exec "$NAME" sh -c 'ls -l /proc/1/fd/0' | grep -q pts
}
