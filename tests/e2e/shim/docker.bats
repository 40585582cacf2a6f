#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Docker Engine with our shim first in its containerd's PATH, under the name it asks for.  The whole of
# tests/e2e/engines runs so with ENGINE_SHIM=1; here is what a shim can get wrong.

bats_require_minimum_version 1.5.0
load ../engines/docker

setup_file() { docker_open; }

teardown_file() { docker_close; }

setup() { docker_needs; }

teardown() { remove_containers; }

before_the_engine() { room_shim; }

state_is() {
	[ "$(field one '{{.State.Status}}')" = "$1" ]
}

shims() {
	in_room pgrep -c '^containerd-shim$' || true
}

# Ours is one thread and says its whole name.
is_ours() {
	[[ $(in_room ps -o args= -p "$1") == "containerd-shim-runc-v2 "* ]] &&
		[ "$(in_room readlink "/proc/$1/exe")" = "$BUILD_DIR/containerd-shim-creel-v2" ]
}

logs_have() {
	[[ $(d logs one 2>&1) == *"$1"* ]]
}

@test "docker run: it is our shim; output, errors, input, exit code" {
	[ "$(box busybox echo hello)" = hello ]
	run --separate-stderr box busybox sh -c 'echo out; echo err >&2; exit 9'
	[ "$status" -eq 9 ]
	[ "$output" = out ]
	[ "$stderr" = err ]
	[ "$(echo typed | box -i busybox cat)" = typed ]
	d run -d --name one busybox sleep 1000 >/dev/null
	wait_for eval '[ "$(shims)" -eq 1 ]' # those before may be about to end
	is_ours "$(in_room pgrep '^containerd-shim$')"
	d rm -f one >/dev/null
	wait_for eval '[ "$(shims)" -eq 0 ]'
}

@test "docker run -it and exec -it: terminals, their sizes, their exit codes" {
	run typed docker run --rm -it busybox sh -c 'tty; exit 4'
	[ "$status" -eq 4 ]
	[[ $output == *"/dev/pts/0"* ]]
	d run -dt --name one busybox sh >/dev/null
	run typed docker exec -it one sh -c 'stty size; exit 5'
	echo "$output"
	[ "$status" -eq 5 ]
}

@test "ten megabytes, written just before the end, arrive whole" {
	box busybox sh -c 'head -c 10000000 /dev/zero | tr "\0" x' >"$ROOM_DIR/out"
	[ "$(wc -c <"$ROOM_DIR/out")" -eq 10000000 ]
	d run -d --name one busybox sh -c 'seq 1 100000' >/dev/null
	[ "$(d wait one)" = 0 ]
	[ "$(d logs one | md5sum)" = "$(seq 1 100000 | md5sum)" ]
	d exec one true 2>/dev/null || true
	d start one >/dev/null
	[ "$(d wait one)" = 0 ]
	[ "$(d logs one | wc -l)" -eq 200000 ]
}

@test "docker exec: a megabyte in and out, and what runs on after it does not hold it up" {
	d run -d --name one busybox sleep 1000 >/dev/null
	head -c 1000000 /dev/urandom >"$ROOM_DIR/in"
	d exec -i one cat <"$ROOM_DIR/in" >"$ROOM_DIR/out"
	cmp "$ROOM_DIR/in" "$ROOM_DIR/out"
	# Which would be killed after a minute.
	run -0 d exec one sh -c 'sleep 500 & echo started'
	[ "$output" = started ]
}

@test "docker logs -f follows to the end; attach gets what comes; stop and restart" {
	d run -d --name one busybox sh -c 'trap "exit 3" TERM; echo begin; while :; do sleep 0.1; done' >/dev/null
	wait_for logs_have begin
	d logs -f one >"$ROOM_DIR/followed" 3>&- &
	local follower=$!
	d restart -t 50 one >/dev/null
	wait_for eval '[ "$(d logs one | grep -c begin)" -eq 2 ]' # its trap is set
	d stop -t 50 one >/dev/null
	[ "$(field one '{{.State.ExitCode}}')" = 3 ]
	wait "$follower"
	[ "$(grep -c begin "$ROOM_DIR/followed")" -ge 1 ]
	[ "$(d logs one | grep -c begin)" -eq 2 ]
}

@test "restart policies count each death once" {
	d run -d --name one --restart on-failure:3 busybox sh -c 'echo x; exit 1' >/dev/null
	wait_for eval '[ "$(field one "{{.RestartCount}}")" = 3 ]'
	wait_for state_is exited
	[ "$(d logs one | wc -l)" -eq 4 ]
}

@test "memory that runs out is told" {
	d run -d --name one -m 16m --memory-swap 16m busybox sh -c 'exec tail /dev/zero' >/dev/null
	[ "$(d wait one)" = 137 ]
	[ "$(field one '{{.State.OOMKilled}}')" = true ]
}

@test "containerd is killed: containers run on, their output and their ends arrive" {
	d run -d --name one busybox sh -c 'i=0; while [ ! -e /go ]; do i=$((i + 1)); echo line $i; sleep 0.05; done; echo last; exit 6' >/dev/null
	wait_for logs_have 'line 3'
	local pid
	pid=$(in_room pgrep -x containerd)
	in_room kill -KILL "$pid"
	# dockerd starts another one.
	wait_for eval '[ -n "$(in_room pgrep -x containerd)" ] && [ "$(in_room pgrep -x containerd)" != "$pid" ]'
	wait_for d exec one true
	state_is running
	d exec one touch /go
	wait_for state_is exited
	[ "$(field one '{{.State.ExitCode}}')" = 6 ]
	wait_for logs_have last
	# Not one line is missing.
	[ "$(d logs one | sed -n 's/^line //p' | awk '$1 != NR' | wc -l)" -eq 0 ]
}

@test "the shim is killed: the container is cleared away, and can be started again" {
	d run -d --name one busybox sleep 1000 >/dev/null
	in_room pkill -KILL '^containerd-shim$'
	wait_for state_is exited
	[ "$(field one '{{.State.ExitCode}}')" = 137 ]
	wait_for nothing_runs
	wait_for d start one
	state_is running
	d exec one true
}

@test "twenty containers at once, then none" {
	local i
	for i in {1..20}; do
		d run -d --name "many$i" busybox sh -c 'trap "exit 0" TERM; while :; do sleep 0.2; done' >/dev/null &
	done 3>&-
	wait
	[ "$(d ps -q | wc -l)" -eq 20 ]
	# shellcheck disable=SC2046 # a list of words
	d rm -f $(d ps -aq) >/dev/null
	wait_for nothing_runs
	wait_for eval '[ "$(shims)" -eq 0 ]'
	[ -z "$(in_room ls -A /run/containerd/s)" ]
}
