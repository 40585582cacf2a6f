#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# containerd runs creel by its io.containerd.runc.v2 shim with BinaryName=creel, driven by ctr.

bats_require_minimum_version 1.5.0
load room

setup_file() {
	room_can containerd ctr || return 0
	room_open
	export RUNTIME=${ENGINE_RUNTIME:-$BUILD_DIR/creel}
	room_records runc
	[ -z "${ENGINE_SHIM:-}" ] || room_shim
	in_room containerd >"$ROOM_DIR/containerd.log" 2>&1 </dev/null 3>&- &
	wait_for in_room ctr version
	"$SRC_DIR/tools/make-busybox-image.sh" "$ROOM_DIR/busybox.tar"
	in_room ctr image import --base-name example.com/busybox "$ROOM_DIR/busybox.tar" >/dev/null
}

teardown_file() { [ -z "${ROOM_PID:-}" ] || room_close; }

setup() {
	room_needs containerd ctr
}

teardown() {
	[ -n "${ROOM_PID:-}" ] || return 0
	ctr task kill -s KILL one >/dev/null 2>&1 || true
	wait_for gone_or_stopped
	ctr task rm -f one >/dev/null 2>&1 || true
	ctr container rm one >/dev/null 2>&1 || true
}

ctr() {
	in_room timeout --foreground -s KILL 180 ctr "$@"
}

# box CTR-RUN-OPTION... -- ARG...: the container "one" of our image.
box() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	ctr run --runtime io.containerd.runc.v2 --runc-binary "$RUNTIME" --cgroup "/$ROOM_CGROUP/one" \
		"${options[@]}" example.com/busybox:latest one "$@"
}

task_is() {
	[[ $(ctr task ls | grep '^one ') == *"$1"* ]]
}

gone_or_stopped() {
	! ctr task ls | grep '^one ' | grep -qE 'RUNNING|PAUSED|CREATED'
}

runtime_runs() {
	[ "$(in_room "$RUNTIME" --root /run/containerd/runc/default list -q)" = one ]
}

@test "ctr run: output, input, exit code, directory, environment, a read-only root" {
	[ "$(box --rm -- echo hello)" = hello ]
	[ "$(echo words | box --rm -- head -n 1)" = words ]
	run -7 box --rm -- sh -c 'exit 7'
	[ "$(box --rm --cwd /tmp --env A=b -- sh -c 'echo $PWD $A')" = "/tmp b" ]
	run box --rm --read-only -- touch /file
	[[ $output == *"Read-only file system"* ]]
}

@test "ctr run -d is a task of creel's, which ctr task kill and rm end" {
	box -d -- sleep 1000
	runtime_runs
	task_is RUNNING
	[ "$(ctr task ps one | wc -l)" -eq 2 ]
	ctr task kill -s TERM one
	task_is RUNNING
	ctr task kill -s KILL one
	wait_for task_is STOPPED
	ctr task rm one || true
	ctr container rm one
	[ -z "$(in_room "$RUNTIME" --root /run/containerd/runc/default list -q)" ]
	[ -z "$(room_cgroups)" ]
}

@test "ctr run -t gives a terminal" {
	run typed ctr run --rm -t --runc-binary "$RUNTIME" --cgroup "/$ROOM_CGROUP/one" example.com/busybox:latest one \
		sh -c 'tty; exit 4'
	echo "$output"
	[ "$status" -eq 4 ]
	[[ $output == *"/dev/pts/0"* ]]
}

@test "ctr task exec: output, exit code, user, a terminal" {
	box -d -- sleep 1000
	[ "$(ctr task exec --exec-id x one echo hello)" = hello ]
	run -9 ctr task exec --exec-id x one sh -c 'exit 9'
	[ "$(ctr task exec --exec-id x --user 7 one id -u)" = 7 ]
	run typed ctr task exec -t --exec-id x one tty
	[[ $output == *"/dev/pts/0"* ]]
	run ctr task exec --exec-id x one no-such-program
	[ "$status" -ne 0 ]
	[[ $output == *'executable file not found in $PATH'* ]]
}

@test "ctr task pause and resume" {
	box -d -- sh -c 'i=0; while :; do i=$((i + 1)); echo $i >/tmp/count; sleep 0.02; done'
	wait_for ctr task exec --exec-id x one test -s /tmp/count
	ctr task pause one
	task_is PAUSED
	local count before
	count=/proc/$(ctr task ls | awk '$1 == "one" { print $2 }')/root/tmp/count
	before=$(in_room cat "$count")
	sleep 0.3
	[ "$(in_room cat "$count")" = "$before" ]
	ctr task resume one
	task_is RUNNING
}

@test "ctr task metrics shows the limit and the use of memory" {
	box -d --memory-limit 67108864 -- sleep 1000
	run ctr task metrics one
	echo "$output"
	[[ $output == *memory*67108864* ]]
	[[ $output == *pids.current*1* ]]
}

@test "seccomp, capabilities, devices and mounts are as asked for" {
	mkdir -p "$ROOM_DIR/host"
	echo there >"$ROOM_DIR/host/file"
	[ "$(box --rm --seccomp -- grep Seccomp: /proc/self/status)" = $'Seccomp:\t2' ]
	[ "$(box --rm --cap-drop CAP_CHOWN -- grep CapEff /proc/self/status)" = $'CapEff:\t00000000a80425fa' ]
	[ "$(box --rm --mount "type=bind,src=$ROOM_DIR/host,dst=/data,options=rbind:ro" -- cat /data/file)" = there ]
	[ "$(box --rm --net-host -- readlink /proc/self/ns/net)" = "$(in_room readlink /proc/self/ns/net)" ]
}

@test "a user namespace: root inside is another user outside" {
	# With these options ctr 1.6 forgets its --runc-binary: the shim starts what is named runc.
	rm -f "$ROOM_DIR/runc.calls"
	box -d --uidmap 0:100000:1000 --gidmap 0:200000:1000 -- sleep 1000
	[ "$(in_room stat -c %u "/proc/$(ctr task ls | awk '$1 == "one" { print $2 }')")" = 100000 ]
	[ "$(ctr task exec --exec-id x one id -u)" = 0 ]
	runtime_runs
	grep -q ' create ' "$ROOM_DIR/runc.calls"
}

@test "what cannot start says why, in containerd's error" {
	run box --rm -- no-such-program
	[ "$status" -ne 0 ]
	[[ $output == *'executable file not found in $PATH'* ]]
	run box --rm --mount type=bind,src=/no/such,dst=/data,options=rbind -- true
	[ "$status" -ne 0 ]
	[[ $output == *"/no/such"* ]]
}

@test "ctr task checkpoint works, or says what it lacks and leaves the task running" {
	box -d -- sleep 1000
	run ctr task checkpoint one
	echo "$output"
	if [ "$status" -ne 0 ]; then
		[[ $output == *criu* ]]
	fi
	task_is RUNNING
}

@test "the configuration for Kubernetes chooses creel as its default runtime" {
	cat >"$ROOM_DIR/config.toml" <<-END
		version = 2
		[plugins."io.containerd.grpc.v1.cri".containerd]
		  default_runtime_name = "creel"
		  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.creel]
		    runtime_type = "io.containerd.runc.v2"
		    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.creel.options]
		      BinaryName = "$RUNTIME"
		      SystemdCgroup = false
	END
	run in_room containerd --config "$ROOM_DIR/config.toml" config dump
	[ "$status" -eq 0 ]
	[[ $output == *'default_runtime_name = "creel"'* ]]
	[[ $output == *"BinaryName = \"$RUNTIME\""* ]]
}
