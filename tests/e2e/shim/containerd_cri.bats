#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# containerd's CRI plugin, as Kubernetes uses it, with our shim and runtime: pods of several containers
# on a bridge.
# shellcheck disable=SC1083 # 1{ and } are words

bats_require_minimum_version 1.5.0
load cri

setup_file() {
	room_can containerd ctr curl /usr/lib/cni/bridge || return 0
	export SHIM_TYPE=${CRI_RUNTIME_TYPE:-io.containerd.creel.v2} SHIM_OPTIONS=${CRI_RUNTIME_OPTIONS:-}
	cri_open
}

teardown_file() { [ -z "${ROOM_PID:-}" ] || room_close; }

setup() {
	room_needs containerd ctr curl /usr/lib/cni/bridge
	POD=$(pod_run "pod$BATS_TEST_NUMBER")
}

teardown() {
	[ -z "${POD:-}" ] || { pod_stop "$POD" && pod_remove "$POD"; }
}

box() { # NAME WORD... -- COMMAND...: a running container of the pod
	container_run "$POD" "pod$BATS_TEST_NUMBER" "$@"
}

shims() {
	in_room pgrep -c 'containerd-shim' || true
}

@test "cri: a pod's containers share a shim, network and host name, not their processes" {
	local a b
	a=$(box a -- sh -c 'echo from a >/tmp/x; exec httpd -f -p 8080 -h /tmp')
	b=$(box b -- sleep 1000)
	[ "$(shims)" -eq 1 ]
	wait_for exec_sync "$b" wget -q -O - http://127.0.0.1:8080/x
	[ "$(exec_sync "$b" wget -q -O - http://127.0.0.1:8080/x)" = "from a" ]
	[ "$(exec_sync "$b" hostname)" = "pod$BATS_TEST_NUMBER" ]
	run ! exec_sync "$b" cat /tmp/x
	run -0 exec_sync "$b" ps
	echo "$output"
	[[ $output != *httpd* ]]
	[ "$(in_room curl -s "http://$(pod_ip "$POD"):8080/x")" = "from a" ]
}

@test "cri: execsync gives output, error output and exit code" {
	local a
	a=$(box a -- sleep 1000)
	run --separate-stderr -3 exec_sync "$a" sh -c 'echo out; echo err >&2; exit 3'
	[ "$output" = out ]
	[ "$stderr" = err ]
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ "$(exec_sync "$a" echo again)" = again ]
	done
}

@test "cri: exec over a stream has input, both outputs and the exit code" {
	local a url
	a=$(box a -- sleep 1000)
	url=$(cri Exec "1:$a" 2:sh 2:-c '2:read x; echo "got $x"; echo err >&2; exit 5' 4=1 5=1 6=1 | field 1)
	run --separate-stderr -5 in_room "$BUILD_DIR/tests/tools/ws" exec "$url" <<<"words"
	[ "$output" = "got words" ]
	[ "$stderr" = err ]
}

@test "cri: exec with a terminal has one" {
	local a url
	a=$(box a -- sleep 1000)
	url=$(cri Exec "1:$a" 2:sh 2:-c '2:tty; exit 4' 3=1 4=1 5=1 | field 1)
	run -4 in_room "$BUILD_DIR/tests/tools/ws" exec "$url" </dev/null
	[[ $output == /dev/pts/* ]]
}

@test "cri: attach talks to the container itself" {
	local a url
	a=$(container_create "$POD" "pod$BATS_TEST_NUMBER" a 12=1 -- sh -c 'read x; echo "heard $x"; sleep 1; exit 6')
	container_start "$a"
	url=$(cri Attach "1:$a" 2=1 4=1 5=1 | field 1)
	run in_room timeout 20 "$BUILD_DIR/tests/tools/ws" exec "$url" <<<"a voice"
	[[ $output == *"heard a voice"* ]]
	wait_for container_has_ended "$a"
	[ "$(container_code "$a")" = 6 ]
}

@test "cri: port-forward reaches a port of the pod" {
	local url
	box a -- sh -c 'echo through >/tmp/x; exec httpd -f -p 8080 -h /tmp' >/dev/null
	url=$(cri PortForward "1:$POD" 2=8080 | field 1)
	wait_for in_room curl -s -o /dev/null "http://$(pod_ip "$POD"):8080/x"
	{ printf 'GET /x HTTP/1.0\r\n\r\n'; sleep 2; } |
		in_room timeout 20 "$BUILD_DIR/tests/tools/ws" forward "$url" >"$BATS_TEST_TMPDIR/got"
	grep -q through "$BATS_TEST_TMPDIR/got"
}

@test "cri: logs are the kubelet's format, both streams, whole" {
	local a log=/run/logs/pod$BATS_TEST_NUMBER/a.log
	a=$(box a -- sh -c 'echo one; echo two >&2; printf three')
	wait_for container_has_ended "$a"
	in_room grep -qE '^[0-9T:.-]+(Z|[+-][0-9:]+) stdout F one$' "$log"
	in_room grep -qE ' stderr F two$' "$log"
	in_room grep -qE ' stdout P three$' "$log" || in_room grep -qE ' stdout F three$' "$log"
}

@test "cri: stop is graceful, then not" {
	local a b begin
	a=$(box a -- sh -c 'trap "exit 9" TERM; while :; do sleep 0.1; done')
	b=$(box b -- sh -c 'trap "" TERM; while :; do sleep 0.1; done')
	wait_for exec_sync "$b" true
	container_stop "$a" 20
	[ "$(container_code "$a")" = 9 ]
	begin=$SECONDS
	container_stop "$b" 2
	[ $((SECONDS - begin)) -le 8 ]
	[ "$(container_code "$b")" = 137 ]
}

@test "cri: an exit code is the container's; a container can be removed and made again" {
	local a
	a=$(box a -- sh -c 'exit 42')
	wait_for container_has_ended "$a"
	[ "$(container_code "$a")" = 42 ]
	cri RemoveContainer "1:$a" >/dev/null
	a=$(box a -- sh -c 'exit 43')
	wait_for container_has_ended "$a"
	[ "$(container_code "$a")" = 43 ]
}

@test "cri: a command that is not there fails at start, and the pod lives on" {
	local a b
	a=$(container_create "$POD" "pod$BATS_TEST_NUMBER" a -- /no/such/program)
	run container_start "$a"
	[ "$status" -ne 0 ]
	[[ $output == *"/no/such/program"* ]]
	b=$(box b -- sleep 1000)
	[ "$(exec_sync "$b" echo fine)" = fine ]
}

@test "cri: statistics count, and resources can be changed" {
	local a
	a=$(box a 15{ 1{ 4=104857600 } } -- sleep 1000)
	[ "$(cri ContainerStats "1:$a" | field 1.3.2.1)" -gt 0 ] # memory, working set
	cri UpdateContainerResources "1:$a" 2{ 4=52428800 } >/dev/null
	[ "$(exec_sync "$a" sh -c 'echo alive')" = alive ]
}

@test "cri: containerd killed and started again finds pod and containers" {
	local a
	a=$(box a -- sleep 1000)
	in_room pkill -KILL -x containerd
	in_room containerd >>"$ROOM_DIR/containerd.log" 2>&1 </dev/null 3>&- &
	wait_for in_room ctr version
	wait_for cri Status
	[ "$(container_state "$a")" = 1 ]
	wait_for exec_sync "$a" true
	[ "$(exec_sync "$a" echo still here)" = "still here" ]
	container_stop "$a" 1
}

@test "cri: nothing is left of a removed pod" {
	local a
	a=$(box a -- sleep 1000)
	pod_stop "$POD"
	container_has_ended "$a"
	pod_remove "$POD"
	POD=
	wait_for no_shims
	[ -z "$(in_room find /run/containerd/io.containerd.runtime.v2.task/k8s.io -mindepth 1 -maxdepth 1)" ]
	[ -z "$(in_room grep -o "/run/containerd/[^ ]*/rootfs" /proc/self/mountinfo)" ]
	[ -z "$(room_cgroups)" ]
}

no_shims() {
	[ "$(shims)" -eq 0 ]
}
