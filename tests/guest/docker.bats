#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A Docker Engine that leaves control groups to systemd, with creel as its runtime: life of a container, and
# checkpoints with the real criu.  The guest has it with GUEST_PACKAGES=docker.io.

load guest

setup_file() {
	command -v dockerd >/dev/null || return 0
	# The package's own, which the machine has started.
	systemctl stop docker.socket docker.service containerd.service
	dockerd --exec-opt native.cgroupdriver=systemd --add-runtime creel="$BUILD_DIR/creel" --default-runtime creel \
		--bridge none --iptables=false --experimental >"$BATS_FILE_TMPDIR/dockerd.log" 2>&1 </dev/null 3>&- &
	export DOCKERD=$!
	wait_for docker version || {
		tail -n 40 "$BATS_FILE_TMPDIR/dockerd.log"
		return 1
	}
	tar -C "$SRC_DIR/rootfs" -c . | docker import - creel-test >/dev/null
}

teardown_file() {
	[ -z "${DOCKERD-}" ] || kill "$DOCKERD"
}

setup() {
	requires program dockerd
	NAME=docker-$BATS_TEST_NUMBER
}

teardown() {
	docker rm --force "$NAME" >/dev/null
}

# start_counting OPTION...: a container that counts on its standard output.
start_counting() {
	docker run --detach --name "$NAME" --network none "$@" creel-test \
		sh -c 'i=0; while :; do i=$((i + 1)); echo $i; sleep 0.2; done' >/dev/null
	wait_for is_beyond 3
}

count() {
	docker logs --tail 1 "$NAME"
}

is_beyond() {
	[ "$(count)" -gt "$1" ]
}

state() { # FORMAT
	docker inspect --format "{{$1}}" "$NAME"
}

@test "docker with systemd: run, exec, stats, update, pause, stop" {
	[ "$(docker info --format '{{.CgroupDriver}} {{.DefaultRuntime}}')" = "systemd creel" ]
	start_counting --memory 128m
	group=$CGROUP/system.slice/docker-$(state .Id).scope
	[ "$(cat "$group/memory.max")" -eq 134217728 ]
	[ "$(property "${group##*/}" MemoryMax)" -eq 134217728 ]
	[ "$(docker exec "$NAME" hostname)" = "$(state .Id | cut -c 1-12)" ]
	run docker exec "$NAME" sh -c 'exit 7'
	[ "$status" -eq 7 ]
	[[ $(docker stats --no-stream --format '{{.MemUsage}}' "$NAME") == *"/ 128MiB" ]]
	docker update --memory 64m --memory-swap 128m "$NAME"
	[ "$(cat "$group/memory.max")" -eq 67108864 ]
	[ "$(property "${group##*/}" MemoryMax)" -eq 67108864 ]
	systemctl daemon-reload
	[ "$(cat "$group/memory.max")" -eq 67108864 ]
	docker pause "$NAME"
	before=$(count)
	[ "$(state .State.Status)" = paused ]
	sleep 0.5
	[ "$(count)" -eq "$before" ]
	docker unpause "$NAME"
	wait_for is_beyond "$before"
	docker stop --time 0 "$NAME"
	[ "$(state '.State.Status}} {{.State.ExitCode')" = "exited 137" ]
	[ ! -e "$group" ]
}

@test "docker checkpoint, and docker start from it" {
	start_counting
	docker checkpoint create "$NAME" first
	wait_for eval '[ "$(state .State.Status)" = exited ]'
	before=$(count)
	docker start --checkpoint first "$NAME"
	wait_for is_beyond "$before"
	[ "$(state .State.Status)" = running ]
}
