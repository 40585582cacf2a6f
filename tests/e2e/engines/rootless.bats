#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Podman and Buildah of an ordinary user, in a room of their own, with creel as their runtime: both
# are root of a user namespace that they make by newuidmap, with no rights to any control group.

load room
load ../rootless
load podman_user

RUNTIME=$U_HOME/bin/creel
# Calls the runtime, and keeps a line of arguments of each call.
RECORDER=$U_HOME/bin/creel-recorded
CALLS=$U_HOME/calls

setup_file() {
	[ "$(id -u)" -eq 0 ] && command -v podman buildah conmon newuidmap >/dev/null || return 0
	user_open
	in_room cp "${ENGINE_RUNTIME:-$BUILD_DIR/creel}" "$RUNTIME"
	printf '#!/bin/sh\necho "$*" >>%s\nexec %s "$@"\n' "$CALLS" "$RUNTIME" | in_room tee "$RECORDER" >/dev/null
	in_room chmod +x "$RECORDER"
	user_settle "$RECORDER"
}

teardown_file() {
	[ -z "${ROOM_PID:-}" ] || room_close
}

setup() {
	requires root
	requires userns
	requires program podman buildah conmon newuidmap setpriv nsenter script
}

teardown() {
	p rm --force --all --time 0 >/dev/null 2>&1 || true
}

box() {
	p run --rm localhost/busybox "$@"
}

@test "run: root inside, with subordinate ids, and creel did it" {
	run box sh -c 'id -u; awk "{ print \$1, \$3 }" /proc/self/uid_map; exit 7'
	echo "$output"
	[ "$status" -eq 7 ]
	[[ $output == *$'0\n0 1\n1 65536'* ]]
	in_room grep -q ' create --bundle ' "$CALLS"
	run p run --rm --user 1000:1000 --read-only --cap-drop all localhost/busybox status Uid CapEff
	[[ $output == *$'1000\t1000\t1000\t1000\n0000000000000000'* ]]
	run p run --rm --userns keep-id localhost/busybox id -u
	[[ $output == *"$ROOTLESS_ID"* ]]
}

@test "run: the host's network, its processes, volumes, devices, an init" {
	run p run --rm --network host --pid host -v "$U_HOME:/there" -v /there/no --tmpfs /scratch --device /dev/null:/dev/nothing \
		localhost/busybox sh -c 'test -d /there/.config && test -c /dev/nothing && echo x >/scratch/x && ls /sys/class/net'
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *lo* ]]
	run p run --rm -t localhost/busybox sh -c 'test -t 0 && tty'
	[[ $output == *"/dev/pts/0"* ]]
}

@test "a whole life: run -d, exec, logs, top, kill, stop, rm" {
	p run -d --name life localhost/busybox sh -c 'trap "echo got it; exit 3" TERM; echo hello; while :; do sleep 0.1; done' >/dev/null
	says_hello() { p logs life | grep -q hello; }
	wait_for says_hello
	run p exec life sh -c 'id -u; cat /proc/1/comm; exit 5'
	echo "$output"
	[ "$status" -eq 5 ]
	[[ $output == *$'0\nsh'* ]]
	p exec -d life touch /tmp/from-exec
	in_life() { p exec life test -e /tmp/from-exec; }
	wait_for in_life
	p top life | grep -q 'sleep\|sh'
	p stop --time 100 life >/dev/null
	[ "$(p wait life)" = 3 ]
	p logs life | grep -q hello
	p logs life | grep -q 'got it'
	p start life >/dev/null
	p kill --signal KILL life >/dev/null
	[ "$(p wait life)" = 137 ]
	p rm life >/dev/null
	[ -z "$(p ps -aq)" ]
}

@test "what takes a control group is refused in words" {
	local id
	id=$(p run -d localhost/busybox sleep 1000)
	run as_user podman unshare "$RUNTIME" pause "$id"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"no control group"* ]]
	run as_user podman unshare "$RUNTIME" ps --format json "$id"
	[[ ${lines[-1]} =~ ^\[[0-9]+\]$ ]]
}

@test "a pod shares the namespaces of its first container" {
	p pod create --name pod --infra-image localhost/busybox --infra-command 'sleep 1000' --share ipc,uts >/dev/null
	p run -d --pod pod --name one localhost/busybox sleep 1000 >/dev/null
	[ "$(p exec one hostname)" = pod ]
	# shellcheck disable=SC2016 # for the containers
	[ "$(p exec one readlink /proc/self/ns/ipc)" = "$(p run --rm --pod pod localhost/busybox readlink /proc/self/ns/ipc)" ]
	p pod rm --force --time 0 pod >/dev/null
	[ -z "$(p ps -aq)" ]
}

@test "podman build and buildah run" {
	in_room mkdir -p "$U_HOME/build"
	printf 'FROM localhost/busybox\nRUN id -u >/made && chown 5:6 /made\nUSER 1000\nCMD ["cat", "/made"]\n' |
		in_room tee "$U_HOME/build/Containerfile" >/dev/null
	in_room chown -R "$ROOTLESS_ID:$ROOTLESS_ID" "$U_HOME/build"
	p build -q --network host -t localhost/built "$U_HOME/build" >/dev/null
	[ "$(p run --rm localhost/built)" = 0 ]
	[ "$(p run --rm localhost/built stat -c %u:%g /made)" = 5:6 ]
	local box calls
	calls=$(in_room wc -l "$CALLS")
	box=$(as_user buildah from --pull-never localhost/busybox)
	run as_user buildah run --runtime "$RECORDER" --isolation oci --network host "$box" sh -c 'id -u; exit 4'
	echo "$output"
	[ "$status" -eq 4 ]
	[ "$(in_room wc -l "$CALLS")" != "$calls" ]
	as_user buildah rm "$box" >/dev/null
}

@test "nothing is left" {
	[ -z "$(p ps -aq)" ]
	run as_user podman unshare "$RUNTIME" list -q
	[ -z "$output" ]
	[ -z "$(in_room find "/run/user/$ROOTLESS_ID/creel" -mindepth 1 -not -name '.seccomp' -not -path '*/.seccomp/*')" ]
}
