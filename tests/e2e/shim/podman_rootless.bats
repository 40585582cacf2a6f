#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The Podman of an ordinary user with creel and, in conmon's place, creel-shim.

bats_require_minimum_version 1.5.0
load ../engines/room
load ../rootless
load ../engines/podman_user

setup_file() {
	[ "$(id -u)" -eq 0 ] && command -v podman newuidmap >/dev/null || return 0
	export ENGINE_CONMON=$U_HOME/bin/creel-shim
	user_open
	in_room cp "$BUILD_DIR/creel" "$BUILD_DIR/creel-shim" "$U_HOME/bin"
	user_settle "$U_HOME/bin/creel"
}

teardown_file() {
	[ -z "${ROOM_PID:-}" ] || room_close
}

setup() {
	requires root
	requires userns
	requires program podman newuidmap setpriv nsenter script
}

teardown() {
	p rm --force --all --time 0 >/dev/null 2>&1 || true
}

field() {
	p container inspect -f "$2" "$1"
}

@test "creel-shim is the user's conmon" {
	p run -d --name one localhost/busybox sleep 1000 >/dev/null
	[ "$(in_room readlink "/proc/$(field one '{{.State.ConmonPid}}')/exe")" = "$U_HOME/bin/creel-shim" ]
}

@test "run, exec and their terminals, exit codes" {
	run p run --rm -i localhost/busybox sh -c 'cat; exit 7' <<<input
	[ "$status" -eq 7 ]
	[ "$output" = input ]
	run -127 p run --rm localhost/busybox no-such-program
	p run -d --name one localhost/busybox sleep 1000 >/dev/null
	[ "$(echo typed | p exec -i one cat)" = typed ]
	run -5 p exec one sh -c 'exit 5'
	local words
	printf -v words '%q ' podman exec -it one sh -c 'tty; exit 6'
	run as_user env SHELL=/bin/bash TERM=xterm script -qec "$words" /dev/null </dev/null
	echo "$output"
	[ "$status" -eq 6 ]
	[[ $output == *"/dev/pts/"* ]]
}

@test "logs, stop and restart" {
	p run -d --name one localhost/busybox sh -c 'trap "exit 3" TERM; echo started; while :; do sleep 0.1; done' >/dev/null
	wait_for says_started
	p stop -t 50 one >/dev/null
	[ "$(field one '{{.State.ExitCode}}')" -eq 3 ]
	p start one >/dev/null
	wait_for says_started_twice
}

says_started() {
	[ "$(p logs one)" = started ]
}

says_started_twice() {
	[ "$(p logs one)" = $'started\nstarted' ]
}

@test "a pod's containers stop together" {
	p pod create --name group >/dev/null
	p run -d --pod group --name one localhost/busybox sleep 1000 >/dev/null
	p pod stop -t 0 group >/dev/null
	wait_for eval '[ "$(field one "{{.State.ExitCode}}")" -eq 137 ]'
	p pod rm -f group >/dev/null
}
