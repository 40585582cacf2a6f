#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154,SC2030,SC2031 # scripts for the container; stderr is set by run
# creel-shim run --restart, stop, restart, resize: a container has several lives.

bats_require_minimum_version 1.5.0
load shim

setup() {
	shim_setup
}

teardown() {
	shim_teardown
}

# What list --json says of a container: a Python expression over `c`.
told() {
	shim list --json --filter "id=$ID" | python3 -c "import json,sys; c=json.load(sys.stdin)[0]; print($1)"
}

no_supervisor() {
	! pgrep -f "supervise .*$STATE/"
}

restarted() {
	[ "$(told 'c["restartCount"]')" -ge "$1" ]
}

@test "restart policy: on-failure starts a container again until it has succeeded" {
	container 'n=$(cat /count); echo "life $n"; echo $((n+1)) >/count; [ $n -eq 3 ]'
	echo 1 >"$BUNDLE/rootfs/count"
	shim_run -d --restart on-failure "$ID"
	[ "$(shim wait "$ID")" = 0 ]
	[ "$(shim logs "$ID")" = $'life 1\nlife 2\nlife 3' ]
	[ "$(told 'c["restartCount"], c["restartPolicy"]')" = "2 on-failure" ]
	eventually 5 no_supervisor
	shim rm "$ID"
	nothing_left
}

@test "restart policy: on-failure:N gives up after N" {
	container 'echo life; exit 7'
	shim_run -d --restart on-failure:2 "$ID"
	[ "$(shim wait "$ID")" = 7 ]
	[ "$(shim logs "$ID" | grep -c life)" -eq 3 ]
	[[ $(shim list) == *"Exited (7) "*" ago"* ]]
}

@test "restart policy: run stays with the container through its lives" {
	container 'n=$(cat /count); echo "life $n"; echo $((n+1)) >/count; [ $n -eq 3 ]'
	echo 1 >"$BUNDLE/rootfs/count"
	[ "$(shim_run --restart on-failure "$ID")" = $'life 1\nlife 2\nlife 3' ]
}

# Held in a pause between two lives; its supervisor is stopped.
caught_in_pause() {
	kill -STOP "$(field supervisorPid)"
	[ "$(shim list -q --filter status=restarting)" = "$ID" ] || {
		kill -CONT "$(field supervisorPid)"
		return 1
	}
}

@test "restart policy: the pauses double, and the container is listed as restarting" {
	container 'echo life; exit 5'
	shim_run -d --restart always "$ID"
	eventually 10 restarted 4
	eventually 5 caught_in_pause
	[[ $(shim list) == *"Restarting (5) "*" ago"* ]]
	run shim rm "$ID"
	[ "$output" = "creel-shim: error: rm '$ID': the container is restarting; --force kills it" ]
	kill -CONT "$(field supervisorPid)"
	# A life's output is logged before the pause begins, and the next one's after it.
	shim logs -t "$ID" | cut -d' ' -f1 | date -f - +%s.%N | awk '
		NR > 1 { print $1 - last; if (NR <= 5 && $1 - last < 0.09 * 2 ^ (NR - 2)) short++ }
		{ last = $1 }
		END { exit short > 0 || NR < 4 }'
	shim stop "$ID"
	[ "$(shim wait "$ID")" = 5 ]
	eventually 5 no_supervisor
}

@test "restart policy: stop ends a container for good" {
	for policy in always unless-stopped on-failure; do
		container 'trap "exit 3" TERM; echo up; while :; do sleep 0.1; done'
		shim_run -d --restart $policy "$ID-$policy"
		eventually 5 shim_is_up "$ID-$policy"
		shim stop "$ID-$policy"
		[ "$(shim wait "$ID-$policy")" = 3 ]
		[ "$(shim logs "$ID-$policy")" = up ]
	done
}

shim_is_up() {
	[ "$(shim logs "$1")" = up ]
}

@test "restart policy: a signal to run or to the supervisor ends it for good, too" {
	container 'trap "exit 4" TERM; echo up; while :; do sleep 0.1; done'
	shim_run -d --restart always "$ID"
	eventually 5 shim_is_up "$ID"
	kill -TERM "$(field supervisorPid)"
	[ "$(shim wait "$ID")" = 4 ]
	(shim_exec run --runtime "$SHIM_RUNTIME" --root "$RUNTIME_ROOT" --bundle "$BUNDLE" --restart always "$ID-b") &
	local pid=$!
	eventually 5 shim_is_up "$ID-b"
	kill -TERM "$pid"
	local code=0
	wait "$pid" || code=$?
	[ "$code" -eq 4 ]
}

@test "restart policy: rm --force ends a container that would be started again" {
	container 'sleep 1000'
	shim_run -d --restart always "$ID-a"
	container 'exit 1'
	shim_run -d --restart always "$ID-b"
	eventually 5 bash -c "creel-shim --state '$STATE' list --json --filter id=b | grep -q '\"restartCount\": [1-9]'"
	shim rm --force "$ID-a" "$ID-b"
	nothing_left
}

@test "restart policy: config.json may say it, and run has the last word" {
	container 'n=$(cat /count); echo $((n+1)) >/count; [ $n -eq 2 ]'
	echo 1 >"$BUNDLE/rootfs/count"
	sed -i 's/"ociVersion"/"annotations": {"org.creel.restart": "on-failure:3"}, "ociVersion"/' "$BUNDLE/config.json"
	shim_run -d "$ID"
	[ "$(shim wait "$ID")" = 0 ]
	echo 1 >"$BUNDLE/rootfs/count"
	run shim_run --restart no "$ID-b"
	[ "$status" -eq 1 ]
	run shim_run --rm "$ID-c"
	[ "$status" -eq 125 ]
	[ "$output" = "creel-shim: error: run '$ID-c': --rm and the restart policy 'on-failure:3' exclude each other" ]
	run shim_run --restart sometimes "$ID-d"
	[ "$status" -eq 125 ]
	[ "$output" = "creel-shim: error: run '$ID-d': restart policy 'sometimes': not one of no, on-failure[:N], always, unless-stopped" ]
}

has_failed() {
	[[ $(shim logs "$ID" 2>&1) == *"restart: "*"rootfs"* ]]
}

@test "restart policy: a life that cannot begin is tried again, and its reason is kept" {
	container 'echo life; exit 1'
	shim_run -d --restart always "$ID"
	eventually 5 restarted 2
	mv "$BUNDLE/rootfs" "$BUNDLE/away"
	eventually 20 has_failed
	mv "$BUNDLE/away" "$BUNDLE/rootfs"
	local before
	before=$(shim logs "$ID" 2>/dev/null | wc -l)
	eventually 20 bash -c "[ \$(creel-shim --state $STATE logs $ID 2>/dev/null | wc -l) -gt $before ]"
	shim stop "$ID"
	has_failed
	shim rm "$ID"
	nothing_left
}

@test "restart policy: input and a terminal go on in the next life" {
	container -t 'echo "size $(stty size)"; read x; echo "got $x"; exit 1'
	shim_run -d --restart on-failure:2 "$ID"
	eventually 5 bash -c "creel-shim --state $STATE logs $ID | grep -q size"
	touch "$T/out"
	# Each life says its size when it begins.
	lives() { [ "$(shim logs "$ID" | grep -c size)" -ge "$1" ]; }
	(
		for word in one:1 two:2 three:3; do
			eventually 5 lives "${word#*:}"
			eventually 5 attached 1
			printf '%s\r' "${word%:*}"
			eventually 5 grep -q "got ${word%:*}" "$T/out"
		done
	) |
		script -qec "creel-shim --state $STATE attach $ID" /dev/null >"$T/out" || true
	grep -q 'got one' "$T/out"
	grep -q 'got two' "$T/out"
	grep -q 'got three' "$T/out"
	[ "$(shim wait "$ID")" = 1 ]
}

@test "stop: asks with SIGTERM, and kills after the time" {
	container 'trap "" TERM; echo up; while :; do sleep 0.1; done'
	shim_run -d "$ID"
	eventually 5 shim_is_up "$ID"
	SECONDS=0
	shim stop -t 1 "$ID"
	[ "$SECONDS" -ge 1 ]
	[ "$(shim wait "$ID")" = 137 ]
	# It has ended: nothing to do.
	shim stop "$ID"
	run shim stop none
	[ "$status" -eq 1 ]
	[ "$output" = "creel-shim: error: stop 'none': no container 'none' in '$STATE'" ]
}

@test "stop: sends what the option, run, or config.json says" {
	container 'trap "exit 11" USR1; trap "exit 12" INT; trap "exit 13" HUP; echo up; while :; do sleep 0.1; done'
	shim_run -d --stop-signal SIGUSR1 "$ID-a"
	shim_run -d "$ID-b"
	sed -i 's/"ociVersion"/"annotations": {"org.opencontainers.image.stopSignal": "SIGHUP"}, "ociVersion"/' "$BUNDLE/config.json"
	shim_run -d "$ID-c"
	for i in a b c; do eventually 5 shim_is_up "$ID-$i"; done
	shim stop "$ID-a" "$ID-c"
	shim stop -s INT "$ID-b"
	[ "$(shim wait "$ID-a" "$ID-b" "$ID-c")" = $'11\n12\n13' ]
}

@test "stop: goes on when it is interrupted" {
	container 'trap "echo asked" TERM; echo up; while :; do sleep 0.1; done'
	shim_run -d "$ID"
	eventually 5 shim_is_up "$ID"
	(shim_exec stop -t 2 "$ID") &
	local pid=$!
	eventually 5 grep -q asked "$STATE/$ID/log"
	kill -KILL "$pid"
	[ "$(shim wait "$ID")" = 137 ]
}

@test "restart: a running container gets another life at once" {
	container 'trap "exit 0" TERM; echo up; while :; do sleep 0.1; done'
	shim_run -d "$ID"
	eventually 5 shim_is_up "$ID"
	local before
	before=$(field containerPid)
	shim restart "$ID"
	[ "$(field containerPid)" != "$before" ]
	eventually 5 bash -c "[ \$(creel-shim --state $STATE logs $ID | wc -l) -eq 2 ]"
	shim stop "$ID"
	[ "$(shim wait "$ID")" = 0 ]
}

@test "restart: it returns when the container runs, however long the runtime takes to start it" {
	container 'trap "exit 0" TERM; echo up; while :; do sleep 0.1; done'
	cat >"$T/runtime" <<-END
		#!/bin/sh
		for word; do [ "\$word" != start ] || { sleep 0.5; touch "$T/started"; }; done
		exec $(command -v "$SHIM_RUNTIME") "\$@"
	END
	chmod +x "$T/runtime"
	shim run -d --runtime "$T/runtime" --root "$RUNTIME_ROOT" --bundle "$BUNDLE" "$ID"
	eventually 5 shim_is_up "$ID"
	rm "$T/started"
	shim restart "$ID"
	[ -e "$T/started" ]
	[ "$(shim list -q --filter status=running)" = "$ID" ]
}

@test "restart: a life that is over at once is one" {
	container 'trap "exit 0" TERM; [ -e /second ] && exit 1; echo >/second; echo up; while :; do sleep 0.1; done'
	# Its next life ends before the runtime's start does, and so does each that follows.
	cat >"$T/runtime" <<-END
		#!/bin/sh
		for word; do [ "\$word" != start ] || { $(command -v "$SHIM_RUNTIME") "\$@" && exec sleep 0.3; }; done
		exec $(command -v "$SHIM_RUNTIME") "\$@"
	END
	chmod +x "$T/runtime"
	shim run -d --restart always --runtime "$T/runtime" --root "$RUNTIME_ROOT" --bundle "$BUNDLE" "$ID"
	eventually 5 shim_is_up "$ID"
	timeout 100 creel-shim --state "$STATE" restart -t 50 "$ID"
}

@test "restart: a container that has ended runs again with its log going on" {
	container 'echo life; exit 6'
	shim_run "$ID" || true
	shim restart "$ID"
	[ "$(shim wait "$ID")" = 6 ]
	[ "$(shim logs "$ID")" = $'life\nlife' ]
	eventually 5 no_supervisor
	# One that cannot be started stays as it was.
	mv "$BUNDLE/rootfs" "$BUNDLE/away"
	run shim restart "$ID"
	[ "$status" -eq 1 ]
	[[ $output == *"creel-shim: error: restart '$ID': "* ]]
	[ "$(shim wait "$ID")" = 6 ]
	[ "$(shim logs "$ID")" = $'life\nlife' ]
	mv "$BUNDLE/away" "$BUNDLE/rootfs"
	shim rm "$ID"
	nothing_left
}

@test "restart: of two at the same time one starts it" {
	container 'echo life; sleep 2'
	shim_run "$ID"
	eventually 5 no_supervisor
	shim restart "$ID" & local a=$!
	shim restart "$ID" 2>/dev/null & local b=$!
	wait "$a" || true
	wait "$b" || true
	shim wait "$ID"
	[ "$(shim logs "$ID" | sort -u)" = life ]
	# The second may have found it running, and given it a third life; never two at once.
	eventually 5 no_supervisor
	shim rm "$ID"
	nothing_left
}

@test "resize: sets the size of the terminal" {
	container -t 'trap "stty size" WINCH; echo up; while :; do sleep 0.1; done'
	shim_run -d "$ID"
	eventually 5 bash -c "creel-shim --state $STATE logs $ID | grep -q up"
	shim resize "$ID" 33 111
	eventually 5 bash -c "creel-shim --state $STATE logs $ID | grep -q '33 111'"
	run shim resize "$ID" 0 10
	[ "$status" -eq 1 ]
	[ "$output" = "creel-shim: error: resize '$ID': rows '0': not a number from 1 to 65535" ]
	shim stop -t 0 "$ID"
	run shim resize "$ID" 10 10
	[[ $output == *"the container is not running (exited)" ]]
	container 'sleep 1000'
	shim_run -d "$ID-b"
	run shim resize "$ID-b" 10 10
	[[ $output == *"the container has no terminal" ]]
}

@test "list: filters" {
	container 'exec sleep 1000'
	shim_run -d "$ID-up"
	container 'exit 3'
	shim_run "$ID-three" || true
	container 'exit 0'
	shim_run "$ID-zero"
	[ "$(shim list -q --filter status=running)" = "$ID-up" ]
	[ "$(shim list -q --filter exited=3)" = "$ID-three" ]
	# As 'docker ps' is typed: ended ones are shown anyway.
	[ "$(shim ps -aq --no-trunc --filter exited=3)" = "$ID-three" ]
	[ "$(shim list -q --filter exited=3 --filter exited=0)" = "$ID-three"$'\n'"$ID-zero" ]
	[ "$(shim list -q --filter status=exited --filter id=zero)" = "$ID-zero" ]
	[ -z "$(shim list -q --filter status=running --filter id=zero)" ]
	run shim list --filter status=alive
	[ "$status" -eq 1 ]
	[[ $output == *"filter 'status=alive': not id=TEXT, exited=CODE, or status= with creating, running, restarting, exited, lost" ]]
}
