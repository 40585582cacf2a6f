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
	wait_for eval '[ "$(shims)" -eq 1 ]' # the last test's may be about to end
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
	a=$(container_create "$POD" "pod$BATS_TEST_NUMBER" a 12=1 -- sh -c 'read x; echo "heard $x"; until [ -e /tmp/go ]; do sleep 0.1; done; exit 6')
	container_start "$a"
	url=$(cri Attach "1:$a" 2=1 4=1 5=1 | field 1)
	in_room timeout 300 "$BUILD_DIR/tests/tools/ws" exec "$url" <<<"a voice" >"$BATS_TEST_TMPDIR/got" 2>&1 3>&- &
	wait_for grep -q "heard a voice" "$BATS_TEST_TMPDIR/got"
	exec_sync "$a" touch /tmp/go
	wait_for container_has_ended "$a"
	[ "$(container_code "$a")" = 6 ]
}

@test "cri: port-forward reaches a port of the pod" {
	local url
	box a -- sh -c 'echo through >/tmp/x; exec httpd -f -p 8080 -h /tmp' >/dev/null
	wait_for in_room curl -s -o /dev/null "http://$(pod_ip "$POD"):8080/x"
	url=$(cri PortForward "1:$POD" 2=8080 | field 1)
	touch "$BATS_TEST_TMPDIR/got"
	{ printf 'GET /x HTTP/1.0\r\n\r\n'; wait_for grep -q through "$BATS_TEST_TMPDIR/got"; } |
		in_room timeout 300 "$BUILD_DIR/tests/tools/ws" forward "$url" >"$BATS_TEST_TMPDIR/got"
	grep -q through "$BATS_TEST_TMPDIR/got"
}

@test "cri: logs are the kubelet's format, both streams, whole" {
	local a log=/run/logs/pod$BATS_TEST_NUMBER/a.log
	a=$(box a -- sh -c 'echo one; echo two >&2; printf three')
	wait_for container_has_ended "$a"
	# containerd's copy writes them, which it does not wait for when it says that the container has ended.
	wait_for in_room grep -qE '^[0-9T:.-]+(Z|[+-][0-9:]+) stdout F one$' "$log"
	wait_for in_room grep -qE ' stderr F two$' "$log"
	wait_for in_room grep -qE ' stdout [PF] three$' "$log"
}

@test "cri: stop is graceful, then not" {
	local a b
	a=$(box a -- sh -c 'trap "exit 9" TERM; echo >/tmp/up; while :; do sleep 0.1; done')
	b=$(box b -- sh -c 'trap "" TERM; echo >/tmp/up; while :; do sleep 0.1; done')
	wait_for exec_sync "$a" test -e /tmp/up
	wait_for exec_sync "$b" test -e /tmp/up
	container_stop "$a" 50
	[ "$(container_code "$a")" = 9 ]
	container_stop "$b" 2
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
	wait_for eval '! in_room pgrep -x containerd'
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
	wait_for container_has_ended "$a"
	pod_remove "$POD"
	POD=
	wait_for no_shims
	wait_for eval '[ -z "$(in_room find /run/containerd/io.containerd.runtime.v2.task/k8s.io -mindepth 1 -maxdepth 1)" ]'
	wait_for eval '[ -z "$(in_room grep -o "/run/containerd/[^ ]*/rootfs" /proc/self/mountinfo)" ]'
	wait_for eval '[ -z "$(room_cgroups)" ]'
}

no_shims() {
	[ "$(shims)" -eq 0 ]
}
