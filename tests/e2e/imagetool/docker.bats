#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Docker loads what we save, and we load what Docker saves.  Needs a Docker daemon's program, which
# runs here on a socket and in directories of this test alone.

load ../helpers
load common

setup_file() {
	# A skip in here would count as a failure: setup() says what is missing.
	command -v dockerd >/dev/null && [ "$(id -u)" -eq 0 ] || return 0
	export DOCKER_HOST=unix://$BATS_FILE_TMPDIR/sock
	dockerd --data-root "$BATS_FILE_TMPDIR/data" --exec-root "$BATS_FILE_TMPDIR/exec" -H "$DOCKER_HOST" \
		--pidfile "$BATS_FILE_TMPDIR/pid" --iptables=false --bridge=none --storage-driver vfs \
		>"$BATS_FILE_TMPDIR/log" 2>&1 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/dockerd"
	for _ in $(seq 100); do
		docker version >/dev/null 2>&1 && return
		sleep 0.2
	done
	tail "$BATS_FILE_TMPDIR/log"
	return 1
}

teardown_file() {
	if [ ! -f "$BATS_FILE_TMPDIR/dockerd" ]; then
		return 0
	fi
	local pid
	pid=$(cat "$BATS_FILE_TMPDIR/dockerd")
	kill "$pid"
	for _ in $(seq 100); do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.1
	done
}

setup() {
	requires root
	requires program dockerd docker containerd jq
	room_setup
}
teardown() { room_teardown; }

@test "docker load takes our docker-archive, and we take docker save's, links and all" {
	image_of 'dir name=./
		dir name=etc
		file name=etc/file data=lower mode=0640 uid=7 gid=8' \
		'file name=etc/other data=upper
		file name=etc/.wh.file'
	creel-image --store st load -i layout --name example.com/team/app:1.2
	creel-image --store st save --format docker-archive -o ours.tar example.com/team/app:1.2
	run docker load -i ours.tar
	echo "$output"
	[ "$output" = "Loaded image: example.com/team/app:1.2" ]
	# The image id is the digest of the configuration, which nobody changed.
	[ "$(docker image inspect -f '{{.Id}}' example.com/team/app:1.2)" = "$(tar xOf ours.tar manifest.json | jq -r '.[0].Config | "sha256:" + rtrimstr(".json")')" ]
	printf 'FROM example.com/team/app:1.2\nENV A=1\nCOPY --from=example.com/team/app:1.2 /etc/other /copy\n' >Dockerfile
	docker build -q -t derived:1 . >/dev/null
	docker save -o theirs.tar derived:1 example.com/team/app:1.2
	run creel-image --store new load -i theirs.tar
	echo "$output"
	[ "$status" -eq 0 ]
	creel-image --store st unpack example.com/team/app:1.2 a
	creel-image --store new unpack example.com/team/app:1.2 b
	diff <(treecmp a) <(treecmp b)
	creel-image --store new unpack derived:1 target
	[ "$(cat target/copy)" = upper ]
	[ "$(creel-image --store new inspect derived:1 | jq -c '.. | .Env? // empty | select(index("A=1"))' | head -1 | grep -c A=1)" = 1 ]
	docker rmi -f derived:1 example.com/team/app:1.2 >/dev/null
}
