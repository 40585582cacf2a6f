#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A Docker Engine with userns-remap: root in every container is nobody on the host.

bats_require_minimum_version 1.5.0
load docker

setup_file() { docker_open --userns-remap remapped; }
teardown_file() { docker_close; }
setup() { docker_needs; }
teardown() { remove_containers; }

# The engine looks its user up when it starts.
before_the_engine() {
	in_room sh -c 'echo remapped:x:4321:4321::/:/bin/false >>/etc/passwd && echo remapped:x:4321: >>/etc/group &&
		echo remapped:300000:65536 | tee /etc/subuid >/etc/subgid'
}

@test "root in the container is the first subordinate id on the host" {
	d run -d --name one busybox sleep 1000
	[ "$(d exec one sh -c 'echo $(id -u) $(cat /proc/self/uid_map)')" = "0 0 300000 65536" ]
	[ "$(in_room stat -c %u:%g "/proc/$(field one '{{.State.Pid}}')")" = 300000:300000 ]
}

@test "what it writes to a host directory belongs to that id, what is not its own it cannot write" {
	mkdir -p "$ROOM_DIR/host"
	run box -v "$ROOM_DIR/host:/data" busybox touch /data/file
	[[ $output == *"Permission denied"* ]]
	chown 300000 "$ROOM_DIR/host"
	box -v "$ROOM_DIR/host:/data" busybox touch /data/file
	[ "$(stat -c %u "$ROOM_DIR/host/file")" = 300000 ]
}

@test "limits, terminals, devices, tmpfs, ports and pause are as without" {
	[ "$(box --memory 32m busybox limit memory.limit_in_bytes memory.max)" = 33554432 ]
	run typed docker run --rm -it busybox tty
	[[ $output == *"/dev/pts/0"* ]]
	[ "$(box busybox sh -c 'echo x >/dev/null && head -c 3 /dev/zero | wc -c')" = 3 ]
	[ "$(box --tmpfs /scratch busybox sh -c 'touch /scratch/x && stat -c %u /scratch/x')" = 0 ]
	d run -d --name one -p 127.0.0.1:8084:80 busybox sh -c 'echo served >/tmp/index.html; exec httpd -f -p 80 -h /tmp'
	wait_for in_room curl -fs http://127.0.0.1:8084/
	d pause one
	d unpause one
	d stop -t 0 one
}

@test "--userns host leaves the mapping out for one container" {
	[ "$(box --userns host busybox cat /proc/self/uid_map | tr -s ' ')" = "$(in_room cat /proc/self/uid_map | tr -s ' ')" ]
}
