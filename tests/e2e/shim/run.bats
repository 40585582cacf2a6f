#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154,SC2030,SC2031 # scripts for the container; stderr is set by run
# creel-shim run: starting, exit statuses, what fails.

bats_require_minimum_version 1.5.0
load shim

setup() {
	shim_setup
}

teardown() {
	shim_teardown
}

@test "run: output and exit status are the container's" {
	container 'echo out; echo err >&2; exit 3'
	run --separate-stderr shim_run "$ID"
	[ "$status" -eq 3 ]
	[ "$output" = out ]
	[ "$stderr" = err ]
}

@test "run: a container killed by a signal exits with 128 plus its number" {
	# The first process of a pid namespace does not die of its own signals.
	container 'exec sleep 1000'
	shim_run -d "$ID"
	kill -TERM "$(field containerPid)"
	kill -KILL "$(field containerPid)"
	run shim wait "$ID"
	[ "$output" = 137 ]
	run shim list --json
	[[ $output == *'"reason": "killed by SIGKILL"'* ]]
}

@test "run -d: returns while the container runs, and its input is empty" {
	container 'cat; echo ready; exec sleep 1000'
	run shim_run -d "$ID"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	eventually 5 grep -q ready "$STATE/$ID/log"
	[[ $(shim list) == *"$ID"*" Up "* ]]
	shim rm --force "$ID"
	nothing_left
}

@test "run --rm: leaves no record" {
	container 'echo hello; exit 4'
	run shim_run --rm "$ID"
	[ "$status" -eq 4 ]
	[ "$output" = hello ]
	nothing_left
}

@test "run --rm: who reads slowly gets the output of a container that is gone" {
	container 'seq 1 500000; echo >/done; exit 4'
	(
		local status=0
		shim_run --rm "$ID" || status=$?
		echo "$status" >"$T/status"
	) | {
		eventually 20 test -e "$BUNDLE/rootfs/done"
		eventually 20 nothing_left
		cat >"$T/out"
	}
	[ "$(cat "$T/status")" -eq 4 ]
	seq 1 500000 | cmp - "$T/out"
}

@test "run --rm: a container that ends before run has looked is not missed" {
	container 'echo hello; exit 4'
	# The runtime's delete is instant, and run is stopped meanwhile.
	cat >"$T/runtime" <<-END
		#!/bin/sh
		for word; do
			if [ "\$word" = start ]; then
				kill -STOP \$(cat $T/run.pid)
				(sleep 2; kill -CONT \$(cat $T/run.pid)) >/dev/null 2>&1 &
			fi
		done
		exec $(command -v "$SHIM_RUNTIME") "\$@"
	END
	chmod +x "$T/runtime"
	shim_exec run --rm --runtime "$T/runtime" --root "$RUNTIME_ROOT" --bundle "$BUNDLE" "$ID" >"$T/out" &
	echo $! >"$T/run.pid"
	local status=0
	wait $! || status=$?
	[ "$status" -eq 4 ]
	[ "$(cat "$T/out")" = hello ]
	eventually 5 nothing_left
}

@test "run: the runtime has deleted the container when run returns" {
	container 'true'
	shim_run "$ID"
	[ -z "$(runtime list -q)" ]
	[ -f "$STATE/$ID/exit" ]
}

@test "run --pid-file: holds the container's process" {
	container 'exec sleep 1000'
	shim_run -d --pid-file "$T/pid" "$ID"
	[ "$(cat "$T/pid")" = "$(field containerPid)" ]
	[ "$(readlink "/proc/$(cat "$T/pid")/exe")" = /bin/busybox ]
}

@test "run -i: input is passed on to its end" {
	container 'cat; echo done'
	seq 1 100000 >"$T/in"
	shim_run -i --rm "$ID" <"$T/in" >"$T/from-file"
	seq 1 100000 | shim_run -i --rm "$ID" >"$T/from-pipe"
	(cat "$T/in"; echo "done") | cmp - "$T/from-file"
	cmp "$T/from-file" "$T/from-pipe"
}

@test "run -i: bytes that are detach keys on a terminal are data in a pipe" {
	container 'cat'
	head -c 100000 /dev/urandom >"$T/in"
	printf '\020\021' >>"$T/in"
	echo tail >>"$T/in"
	shim_run -i "$ID" <"$T/in" >"$T/out"
	cmp "$T/in" "$T/out"
}

@test "run: a container with a terminal has the caller's, with its size" {
	container -t 'stty size; read line; echo "got $line"; exit 5'
	touch "$T/out"
	types "$T/out" '^33 77' 'hello\n' '^status' '' | script -qec "stty rows 33 cols 77
		creel-shim --state '$STATE' run --runtime '$SHIM_RUNTIME' --root '$RUNTIME_ROOT' --bundle '$BUNDLE' '$ID'
		echo status \$?" /dev/null >"$T/out"
	cat "$T/out"
	grep -q '^33 77' "$T/out"
	grep -q '^got hello' "$T/out"
	grep -q '^status 5' "$T/out"
}

@test "run: a terminal works without anybody at it" {
	container -t 'echo from a terminal; exit 6'
	shim_run -d "$ID"
	[ "$(shim wait "$ID")" = 6 ]
	[ "$(shim logs "$ID" | tr -d '\r')" = "from a terminal" ]
}

@test "run: SIGTERM is passed on to the container" {
	container 'trap "exit 9" TERM; echo ready; while true; do sleep 0.1; done'
	shim_exec run --runtime "$SHIM_RUNTIME" --root "$RUNTIME_ROOT" --bundle "$BUNDLE" "$ID" >"$T/out" &
	local pid=$!
	eventually 5 grep -q ready "$T/out"
	kill -TERM "$pid"
	local status=0
	wait "$pid" || status=$?
	[ "$status" -eq 9 ]
}

has_taken_term() {
	local pending
	pending=$(sed -n 's/^ShdPnd:[[:space:]]*/0x/p' "/proc/$1/status")
	[ $((pending & 1 << (15 - 1))) -eq 0 ]
}

@test "run: the third signal a container ignores ends run, not the container" {
	container 'trap "" TERM; echo ready; exec sleep 1000'
	shim_exec run --runtime "$SHIM_RUNTIME" --root "$RUNTIME_ROOT" --bundle "$BUNDLE" "$ID" \
		>"$T/out" 2>"$T/err" &
	local pid=$!
	eventually 5 grep -q ready "$T/out"
	# Two that come at once are one.
	for _ in 1 2; do
		kill -TERM "$pid"
		eventually 5 has_taken_term "$pid"
	done
	kill -0 "$pid"
	kill -TERM "$pid"
	local status=0
	wait "$pid" || status=$?
	[ "$status" -eq 143 ]
	grep -q "detached; container '$ID' goes on" "$T/err"
	[[ $(shim list) == *" Up "* ]]
}

@test "run: a duplicate id is refused and changes nothing" {
	container 'exec sleep 1000'
	shim_run -d "$ID"
	local before
	before=$(field supervisorPid)
	run shim_run -d "$ID"
	[ "$status" -eq 125 ]
	[ "$output" = "creel-shim: error: run '$ID': the id is in use (running); 'creel-shim rm --force $ID' frees it" ]
	[ "$(field supervisorPid)" = "$before" ]
	[[ $(shim list) == *" Up "* ]]
}

@test "run: an id of an ended container is in use until rm" {
	container 'true'
	shim_run "$ID"
	run shim_run "$ID"
	[ "$status" -eq 125 ]
	[[ $output == *"the id is in use (exited); 'creel-shim rm $ID' frees it" ]]
	shim rm "$ID"
	shim_run "$ID"
}

@test "run: a missing runtime is named and nothing is left" {
	container 'true'
	run shim run --runtime /no/such/runtime --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 125 ]
	[ "$output" = "creel-shim: error: run '$ID': runtime '/no/such/runtime': not an executable file" ]
	run shim run --runtime no-such-runtime --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 125 ]
	[[ $output == *"runtime 'no-such-runtime': not found in PATH; give its path with --runtime" ]]
	nothing_left
}

@test "run: a missing bundle is named and nothing is left" {
	run shim run --runtime "$SHIM_RUNTIME" --bundle "$T/none" "$ID"
	[ "$status" -eq 125 ]
	[[ $output == *"bundle '$T/none': "*"No such file or directory" ]]
	nothing_left
}

@test "run: a malformed config.json is named with line and column" {
	container 'true'
	echo '{"process": {"terminal": tru}}' >"$BUNDLE/config.json"
	run shim_run "$ID"
	[ "$status" -eq 125 ]
	[[ $output == *"config.json: line 1, column "* ]]
	nothing_left
}

@test "run: a runtime that fails at create gives its reason and nothing is left" {
	container 'true'
	sed -i 's|"path": "rootfs"|"path": "no-rootfs"|' "$BUNDLE/config.json"
	run shim_run -d --log-path "$T/log" --pid-file "$T/pid" "$ID"
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == "creel-shim: error: run '$ID': create: "*no-rootfs* ]]
	[ "${#lines[@]}" -eq 1 ]
	[ ! -e "$T/log" ]
	[ ! -e "$T/pid" ]
	nothing_left
}

@test "run: a runtime that fails at start gives its reason and nothing is left" {
	container 'exec sleep 1000'
	cat >"$T/runtime" <<-END
		#!/bin/sh
		for word; do
			if [ "\$word" = start ]; then
				echo "no start today" >&2
				exit 1
			fi
		done
		exec $(command -v "$SHIM_RUNTIME") "\$@"
	END
	chmod +x "$T/runtime"
	run shim run -d --runtime "$T/runtime" --root "$RUNTIME_ROOT" --bundle "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" -eq 125 ]
	[ "$output" = "creel-shim: error: run '$ID': start: no start today" ]
	nothing_left
}

@test "run: a runtime that succeeds without making a container is found out" {
	container 'true'
	run shim run --runtime /bin/true --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 125 ]
	[[ $output == *"pid file of the runtime: open '"*"/pid': No such file or directory" ]]
	nothing_left
}

@test "run: a caller killed while the runtime creates leaves nothing behind" {
	container 'exec sleep 1000'
	cat >"$T/runtime" <<-END
		#!/bin/sh
		for word; do
			if [ "\$word" = create ]; then
				touch $T/creating
				exec sleep 1000
			fi
		done
		exec $(command -v "$SHIM_RUNTIME") "\$@"
	END
	chmod +x "$T/runtime"
	shim_exec run -d --runtime "$T/runtime" --root "$RUNTIME_ROOT" --bundle "$BUNDLE" "$ID" &
	local pid=$!
	eventually 5 test -e "$T/creating"
	kill -KILL "$pid"
	eventually 5 nothing_left
}

@test "run: --runtime-arg reaches the runtime before its verb" {
	container 'true'
	cat >"$T/runtime" <<-END
		#!/bin/sh
		echo "\$@" >>$T/calls
		exec $(command -v "$SHIM_RUNTIME") "\$@"
	END
	chmod +x "$T/runtime"
	shim run --runtime "$T/runtime" --root "$RUNTIME_ROOT" --runtime-arg --debug --bundle "$BUNDLE" "$ID"
	grep -q -- "--root $RUNTIME_ROOT .*--debug create --bundle $BUNDLE " "$T/calls"
	grep -q -- "--debug start $ID" "$T/calls"
	grep -q -- "--debug delete $ID" "$T/calls"
}

@test "run: an id that is no file name is refused" {
	container 'true'
	run shim_run ../x
	[ "$status" -eq 125 ]
	[ ! -e "$T/x" ]
}

@test "run: the runtime is told how the container ended, before it deletes it" {
	[ "$SHIM_RUNTIME" = creel ] || skip "of creel alone"
	# The supervisor's delete comes at once: look in front of it.
	cat >"$T/runtime" <<-END
		#!/bin/bash
		case " \$* " in *" delete "*) creel --root "$RUNTIME_ROOT" state "$ID" >"$T/ended" ;; esac
		exec creel "\$@"
	END
	chmod +x "$T/runtime"
	container 'kill -TERM $$'
	# As PID 1 it would not be killed by its own signal.
	sed -i 's/{"type": "pid"}, //; s/, {"type": "pid"}//' "$BUNDLE/config.json"
	run creel-shim --state "$STATE" run --runtime "$T/runtime" --root "$RUNTIME_ROOT" --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 143 ]
	eventually 5 test -s "$T/ended"
	python3 -c 'import json,sys; e=json.load(open(sys.argv[1]))["exit"]; assert (e["reason"], e["signal"]) == ("signal", "SIGTERM"), e' "$T/ended"
	shim rm "$ID"
	# The runtime's root may also be among the arguments that all calls have.
	rm "$T/ended"
	container 'exit 9'
	run creel-shim --state "$STATE" run --runtime "$T/runtime" --runtime-arg --root --runtime-arg "$RUNTIME_ROOT" --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 9 ]
	eventually 5 test -s "$T/ended"
	python3 -c 'import json,sys; e=json.load(open(sys.argv[1]))["exit"]; assert (e["reason"], e["exitCode"]) == ("exited", 9), e' "$T/ended"
}
