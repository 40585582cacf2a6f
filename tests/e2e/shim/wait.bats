#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154,SC2030,SC2031 # scripts for the container; stderr is set by run
# creel-shim wait, list and rm.

bats_require_minimum_version 1.5.0
load shim

setup() {
	shim_setup
}

teardown() {
	shim_teardown
}

@test "wait: prints the exit statuses in the order given" {
	container 'exit 3'
	shim_run -d "$ID-a"
	container 'sleep 1; exit 4'
	shim_run -d "$ID-b"
	run shim wait "$ID-b" "$ID-a" "$ID-b"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = $'4\n3\n4' ]
}

@test "wait: several may wait, also while the container removes its record" {
	container 'until [ -e /go ]; do sleep 0.05; done; exit 7'
	shim_run -d --rm "$ID"
	local pids=()
	for i in 1 2 3; do
		shim_exec wait "$ID" >"$T/out.$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do eventually 5 watches "$i"; done
	touch "$BUNDLE/rootfs/go"
	wait "${pids[@]}"
	[ "$(cat "$T"/out.*)" = $'7\n7\n7' ]
	eventually 5 nothing_left
}

@test "wait: one of several may remove its record while another is waited for" {
	container 'until [ -e /long ]; do sleep 0.05; done; exit 3'
	shim_run -d "$ID-long"
	container 'until [ -e /short ]; do sleep 0.05; done; exit 4'
	shim_run -d --rm "$ID-short"
	shim_exec wait "$ID-long" "$ID-short" >"$T/out" &
	eventually 5 watches $!
	touch "$BUNDLE/rootfs/short"
	eventually 5 test ! -e "$STATE/$ID-short"
	touch "$BUNDLE/rootfs/long"
	wait $!
	[ "$(cat "$T/out")" = $'3\n4' ]
}

@test "wait: what it tells is on record, however long that takes" {
	container 'until [ -e /go ]; do sleep 0.05; done; exit 3'
	shim_run -d "$ID"
	strace -p "$(field supervisorPid)" -o "$T/trace" -e trace=fsync -e inject=fsync:delay_enter=500000 3>&- 2>"$T/strace" &
	eventually 5 grep -q attached "$T/strace"
	touch "$BUNDLE/rootfs/go"
	eventually 5 test -s "$STATE/$ID/.exit" -o -e "$STATE/$ID/exit"
	[ "$(shim wait "$ID")" = 3 ]
	[ "$(shim list -q --filter exited=3)" = "$ID" ]
	wait $! || true
}

@test "wait: more ids than descriptors by default" {
	container 'exit 3'
	shim_run -d "$ID"
	shim wait "$ID" >/dev/null
	local many
	mapfile -t many < <(for i in {1..200}; do echo "$ID"; done)
	run bash -c 'ulimit -Sn 256; exec "$@"' bash creel-shim --state "$STATE" wait "${many[@]}"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 200 ]
}

@test "wait: an unknown id is an error" {
	run shim wait none
	[ "$status" -eq 1 ]
	[ "$output" = "creel-shim: error: wait 'none': no container 'none' in '$STATE'" ]
}

@test "list: shows running and exited containers" {
	container 'exec sleep 1000'
	shim_run -d "$ID-a"
	container 'exit 3'
	shim_run "$ID-b" || true
	run shim list
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[0]} == ID*STATUS*PID*AGE*BUNDLE ]]
	echo "$output"
	[[ ${lines[1]} =~ ^$ID-a\ +Up\ [^-]*seconds?\ +$(field containerPid "$ID-a")\ +[0-9]+s\ +$BUNDLE$ ]]
	[[ ${lines[2]} =~ ^$ID-b\ +Exited\ \(3\)\ [^-]*seconds?\ ago\ +-\ +[0-9]+s\ +$BUNDLE$ ]]
	[ "$(shim ps -q)" = "$ID-a"$'\n'"$ID-b" ]
}

@test "list: nothing was ever run" {
	run shim list -q
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ "$(shim list --json)" = "[]" ]
}

@test "rm: refuses a running container, and kills it with --force" {
	container 'exec sleep 1000'
	shim_run -d "$ID"
	local pid
	pid=$(field containerPid)
	run shim rm "$ID"
	[ "$status" -eq 1 ]
	[ "$output" = "creel-shim: error: rm '$ID': the container is running; --force kills it" ]
	shim rm --force "$ID"
	gone "$pid"
	nothing_left
}

@test "rm: removes the records of ended containers" {
	container 'true'
	shim_run "$ID-a"
	shim_run "$ID-b"
	shim rm "$ID-a" "$ID-b"
	nothing_left
}
