#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154,SC2030,SC2031 # scripts for the container; stderr is set by run
# creel-shim when things go wrong around it: hang-up, SIGKILL, a full disk, processes that stay.

bats_require_minimum_version 1.5.0
load shim

setup() {
	shim_setup
}

teardown() {
	shim_teardown
}

@test "robust: container and supervisor survive the end of the caller's session" {
	container 'trap "echo hup" HUP; echo ready; sleep 2; echo still here; exit 5'
	setsid bash -c 'trap "" TERM
		"$@" &
		sleep 1000' bash creel-shim --state "$STATE" run --runtime "$SHIM_RUNTIME" --root "$RUNTIME_ROOT" \
		--bundle "$BUNDLE" "$ID" >/dev/null 2>&1 &
	local leader=$!
	eventually 5 grep -q ready "$STATE/$ID/log"
	# Everybody in the session of the caller.
	kill -HUP -- "-$leader"
	kill -KILL -- "-$leader" 2>/dev/null || true # who has died of it already
	wait "$leader" || true
	[ "$(shim wait "$ID")" = 5 ]
	[ "$(shim logs "$ID")" = $'ready\nstill here' ]
}

@test "robust: a hung-up terminal ends run but not the container" {
	container -t 'echo ready; sleep 2; echo still here; exit 5'
	script -qec "exec creel-shim --state '$STATE' run --runtime '$SHIM_RUNTIME' --root '$RUNTIME_ROOT' \
		--bundle '$BUNDLE' '$ID'" /dev/null >/dev/null </dev/zero &
	local script=$!
	eventually 5 grep -q ready "$STATE/$ID/log"
	kill -KILL "$script"
	[ "$(shim wait "$ID")" = 5 ]
	grep -q 'still here' "$STATE/$ID/log"
}

@test "robust: the supervisor has nothing of its caller" {
	container 'exec sleep 1000'
	shim_run -d "$ID"
	local pid
	pid=$(field supervisorPid)
	[ "$(readlink "/proc/$pid/cwd")" = / ]
	for fd in 0 1 2; do
		[ "$(readlink "/proc/$pid/fd/$fd")" = /dev/null ]
	done
	[ "$(cut -d' ' -f6 "/proc/$pid/stat")" = "$pid" ]
	[ "$(cut -d' ' -f7 "/proc/$pid/stat")" = 0 ]
}

@test "robust: an idle supervisor never wakes up" {
	container 'exec sleep 1000'
	shim_run -d "$ID"
	local pid before
	pid=$(field supervisorPid)
	# It has something to do at first.
	slept_on() {
		before=$(grep ctxt "/proc/$pid/status")
		sleep 2
		[ "$(grep ctxt "/proc/$pid/status")" = "$before" ]
	}
	slept_on || slept_on || slept_on || slept_on || slept_on || slept_on
}

@test "robust: after SIGKILL of the supervisor everybody says lost, and rm --force cleans up" {
	container 'echo hello; exec sleep 1000'
	shim_run -d "$ID"
	eventually 5 grep -q hello "$STATE/$ID/log"
	local container
	container=$(field containerPid)
	kill -KILL "$(field supervisorPid)"
	eventually 5 gone "$(field supervisorPid)"

	local lost="the supervisor of '$ID' ended before the container's exit was recorded; 'creel-shim rm --force $ID' cleans up"
	[[ $(shim list) == *"$ID"*Lost* ]]
	run shim wait "$ID"
	[ "$status" -eq 1 ]
	[ "$output" = "creel-shim: error: wait '$ID': $lost" ]
	run --separate-stderr shim logs "$ID"
	[ "$status" -eq 1 ]
	[ "$output" = hello ]
	[ "$stderr" = "creel-shim: error: logs '$ID': $lost" ]
	run shim attach "$ID"
	[ "$output" = "creel-shim: error: attach '$ID': $lost" ]
	run shim rm "$ID"
	[ "$status" -eq 1 ]
	[ "$output" = "creel-shim: error: rm '$ID': $lost" ]

	shim rm --force "$ID"
	gone "$container"
	nothing_left
}

@test "robust: those who wait, follow and are attached learn of the supervisor's death" {
	container 'echo hello; exec sleep 1000'
	shim_run -d "$ID"
	shim_exec wait "$ID" >"$T/wait" 2>&1 &
	local wait=$!
	shim_exec logs -f "$ID" >"$T/logs" 2>&1 &
	local logs=$!
	shim_exec attach "$ID" >"$T/attach" 2>&1 &
	local attach=$!
	eventually 5 watches "$wait"
	eventually 5 watches "$logs"
	eventually 5 attached 1
	kill -KILL "$(field supervisorPid)"
	for pid in "$wait" "$logs" "$attach"; do
		if wait "$pid"; then
			echo "one of them found nothing wrong" >&2
			return 1
		fi
	done
	for who in wait logs attach; do
		grep -q "the supervisor of '$ID' ended before" "$T/$who"
	done
}

@test "robust: killed at any time of the start, nothing stays that rm --force cannot clear" {
	container 'exec sleep 1000'
	for delay in 0.000 0.002 0.005 0.010 0.020 0.030 0.040 0.060; do
		shim_exec run -d --runtime "$SHIM_RUNTIME" --root "$RUNTIME_ROOT" --bundle "$BUNDLE" "$ID" \
			>/dev/null 2>&1 &
		local run=$!
		sleep "$delay"
		local supervisor
		supervisor=$(field supervisorPid 2>/dev/null) || true
		[ -z "$supervisor" ] || kill -KILL "$supervisor" 2>/dev/null || true
		wait "$run" || true
		for id in $(shim list -q); do
			shim rm --force "$id"
		done
		eventually 5 nothing_left
	done
}

@test "robust: a damaged record is shown as lost, and rm --force removes it" {
	container 'true'
	shim_run "$ID-a"
	shim_run "$ID-b"
	echo '{"id": 5}' >"$STATE/$ID-a/state.json"
	run shim list
	[ "$status" -eq 0 ]
	[[ ${lines[1]} == "$ID-a"*Lost* ]]
	[[ ${lines[2]} == "$ID-b"*"Exited (0)"* ]]
	run shim wait "$ID-a"
	[ "$status" -eq 1 ]
	[[ $output == *"the record is damaged: state.json: id: "*"; 'creel-shim rm --force $ID-a' removes it" ]]
	run shim rm "$ID-a"
	[ "$status" -eq 1 ]
	shim rm --force "$ID-a"
	shim rm "$ID-b"
	nothing_left
}

@test "robust: a full disk stops neither the container nor the exit status" {
	mkdir "$T/small"
	cat >"$T/script" <<-'END'
		set -e
		mount -t tmpfs -o size=300k tmpfs "$T/small"
		STATE=$T/small/state
		container 'seq 1 200000; echo end >&2; exit 5'
		shim_run -d "$ID"
		[ "$(shim wait "$ID")" = 5 ]
		eventually 10 gone "$(field supervisorPid)"
		shim logs "$ID" >"$T/out" 2>"$T/err"
		cat "$STATE/$ID/problem"
		# Whole records only, and from the beginning.
		grep -qvE '^[0-9TZ:.-]+ std(out|err) [FP] ' "$STATE/$ID/log" && exit 1
		seq 1 200000 | head -n 1000 | cmp - <(head -n 1000 "$T/out")
		grep -qE "^creel-shim: warning: k8s-file: output is being lost: No space left on device\$" "$T/err"
		grep -qE "^creel-shim: warning: k8s-file: [0-9]+ bytes of output were lost: No space left on device\$" "$T/err"
		# Printed and lost together are what was written: 1288895 bytes of numbers and "end\n".
		lost=$(sed -n 's/.*k8s-file: \([0-9]*\) bytes.*/\1/p' "$T/err")
		[ $(($(wc -c <"$T/out") + $(grep -cx end "$T/err") * 4 + lost)) -eq $((1288895 + 4)) ]
		shim rm "$ID"
		nothing_left
	END
	export T ID BUNDLE RUNTIME_ROOT SHIM_RUNTIME
	run unshare -m --propagation private bash -c '. "$1"; . "$2"' bash \
		"$BATS_TEST_DIRNAME/shim.bash" "$T/script"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "robust: who reads too slowly while the log cannot be written is told of the gap" {
	mkdir "$T/small"
	cat >"$T/script" <<-'END'
		set -e
		mount -t tmpfs -o size=300k tmpfs "$T/small"
		STATE=$T/small/state
		container 'seq 1 500000; exit 5'
		mkfifo "$T/slow"
		sleep 1000 <>"$T/slow" 3>&- &
		holder=$!
		shim_run "$ID" >"$T/slow" 2>"$T/err" &
		run=$!
		eventually 5 test -e "$STATE/$ID/state.json"
		[ "$(shim wait "$ID")" = 5 ]
		cat "$T/slow" >"$T/got" &
		eventually 5 test -s "$T/got"
		kill "$holder"
		status=0
		wait "$run" || status=$?
		[ "$status" -eq 5 ]
		cat "$T/err"
		grep -q "^creel-shim: warning: output is missing from here on: it came faster than it was read, and" "$T/err"
		seq 1 500000 | head -c "$(wc -c <"$T/got")" | cmp - "$T/got"
		shim rm "$ID"
		nothing_left
	END
	export T ID BUNDLE RUNTIME_ROOT SHIM_RUNTIME
	run unshare -m --propagation private bash -c '. "$1"; . "$2"' bash \
		"$BATS_TEST_DIRNAME/shim.bash" "$T/script"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "robust: a state directory with a long path works, terminal and all" {
	STATE=$T/$(printf 'long-%.0s' {1..30})/$(printf 'path-%.0s' {1..30})
	container -t 'read line; echo "got $line"; exit 5'
	shim_run -d "$ID"
	touch "$T/out"
	types_until "$T/out" 'got hello' 'hello\r' |
		script -qec "creel-shim --state '$STATE' attach '$ID'" /dev/null >"$T/out" || true
	[ "$(shim wait "$ID")" = 5 ]
	grep -q 'got hello' "$T/out"
}

@test "robust: a disk that is full at the start is an error that leaves nothing" {
	mkdir "$T/small"
	cat >"$T/script" <<-'END'
		set -e
		mount -t tmpfs -o size=100k tmpfs "$T/small"
		STATE=$T/small/state
		mkdir "$STATE"
		container 'true'
		head -c 1000000 /dev/zero >"$T/small/filler" 2>/dev/null || true
		if shim_run -d "$ID" 2>"$T/err"; then exit 1; fi
		cat "$T/err"
		grep -q "^creel-shim: error: run '$ID': .*No space left on device" "$T/err"
		nothing_left
	END
	export T ID BUNDLE RUNTIME_ROOT SHIM_RUNTIME
	run unshare -m --propagation private bash -c '. "$1"; . "$2"' bash \
		"$BATS_TEST_DIRNAME/shim.bash" "$T/script"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "robust: processes the container leaves behind are ended, and their output is kept" {
	# Without a pid namespace of its own the container's children live on when it ends.
	container '(trap "" HUP; echo child; echo >/there; sleep 1000) &
		until [ -e /there ]; do sleep 0.05; done; echo parent; exit 4'
	sed -i 's/{"type": "pid"}, //' "$BUNDLE/config.json"
	sed -i 's|"linux": {|"linux": {"cgroupsPath": "/'"$ID"'", |' "$BUNDLE/config.json"
	shim_run -d "$ID"
	[ "$(shim wait "$ID")" = 4 ]
	eventually 10 gone "$(field supervisorPid)"
	[ "$(shim logs "$ID" | sort)" = $'child\nparent' ]
	[ ! -s "$STATE/$ID/problem" ]
	shim rm "$ID"
	nothing_left
}

@test "robust: a runtime that fails to delete is told about, and rm --force tries again" {
	container 'echo hello'
	cat >"$T/runtime" <<-END
		#!/bin/sh
		for word; do
			if [ "\$word" = delete ] && [ ! -e $T/works ]; then
				echo "no delete today" >&2
				exit 1
			fi
		done
		exec $(command -v "$SHIM_RUNTIME") "\$@"
	END
	chmod +x "$T/runtime"
	shim run --runtime "$T/runtime" --root "$RUNTIME_ROOT" --bundle "$BUNDLE" "$ID"
	run shim logs "$ID"
	[ "$output" = $'hello\ncreel-shim: warning: delete: no delete today' ]
	run shim rm --force "$ID"
	[ "$status" -eq 1 ]
	[ "$output" = "creel-shim: error: rm '$ID': delete: no delete today" ]
	touch "$T/works"
	shim rm --force "$ID"
	nothing_left
}

@test "robust: twenty at once" {
	container 'echo hello; sleep 0.5; exit 9'
	for i in $(seq 20); do
		shim_run -d "$ID-$i" &
	done
	wait
	local ids
	ids=$(shim list -q)
	[ "$(wc -l <<<"$ids")" -eq 20 ]
	# shellcheck disable=SC2086 # a list of words
	[ "$(shim wait $ids | sort | uniq -c | tr -s ' ')" = " 20 9" ]
	for id in $ids; do
		[ "$(shim logs "$id")" = hello ]
	done
	# shellcheck disable=SC2086
	shim rm $ids
	nothing_left
}
