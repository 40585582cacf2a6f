#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Much of everything: no byte and no exit status is lost, and nothing grows.  TORTURE=10 makes it ten
# times as much (1 GB of output, 10,000 execs, 1,000 containers).

bats_require_minimum_version 1.5.0
load v2

setup() {
	v2_setup
	MUCH=${TORTURE:-1}
}

teardown() {
	[ -z "${GATE:-}" ] || kill "$GATE" || true
	v2_teardown
	[ -z "${STATE:-}" ] || forget_all
}

# What is a process's own, in KB: all but the program's file.
memory_of() {
	awk '/^Anonymous/ { print $2 }' "/proc/$1/smaps_rollup"
}

descriptors_of() {
	find "/proc/$1/fd" -mindepth 1 | wc -l
}

children_of() {
	wc -w <"/proc/$1/task/$1/children"
}

has_events() { # N TOPIC
	[ "$(grep -c "^$2 " "$T/events")" -ge "$1" ]
}

# All that read from it come to its end, also those who open it a little later.
open_gate() {
	while sleep 0.1; do : >"$T/rootfs/gate"; done 3>&- &
	GATE=$!
}

@test "torture: thousands of short-lived execs, four at a time, each with its own status" {
	local n=$((1000 * MUCH)) before i storms=()
	bundle "$P" 'exec sleep 100000'
	v2_start "$P"
	create "$P"
	ask "$P" Start "id=$P"
	exec_storm "$(socket_of "$P")" "$P" warm 20
	before=$(memory_of "$SHIM_PID") fds=$(descriptors_of "$SHIM_PID")
	for i in 1 2 3 4; do
		exec_storm "$(socket_of "$P")" "$P" "w$i" "$((n / 4))" 3>&- &
		storms+=($!)
	done
	for i in "${storms[@]}"; do wait "$i"; done
	wait_for has_events "$((n + 20))" /tasks/exit
	# Each exit once, with its status: as many of each as there are rounds of 200, for each storm.
	[ "$(grep -c '^/tasks/exit ' "$T/events")" -eq $((n + 20)) ]
	[ "$(grep -A6 '^/tasks/exit ' "$T/events" | sed -n 's/.*exit_status: //p' | grep -c '^7$')" -eq $((4 * (n / 4 / 200 + (n / 4 % 200 > 7)) + 1)) ]
	# Whom a runtime left behind is taken in, and connections are closed, a little later.
	wait_for eval '[ "$(children_of "$SHIM_PID")" -eq 1 ]'
	wait_for eval '[ "$(descriptors_of "$SHIM_PID")" -le "$fds" ]'
	echo "its own: $before KB, then $(memory_of "$SHIM_PID") KB"
	[ "$(memory_of "$SHIM_PID")" -le $((before + 64)) ]
	[ -z "$(find "$T/ns/$P" -name 'w*')" ]
}

@test "torture: a pod's containers all exit at once, and every status is told once" {
	local n=$((50 * MUCH)) i
	for i in $(seq "$n"); do
		bundle "$P-$i" "read x </gate; exit $((i % 200))" \
			'"annotations": {"io.kubernetes.cri.sandbox-id": "'"$P"'"}'
	done
	mkfifo "$T/rootfs/gate"
	v2_start "$P-1"
	for i in $(seq "$n"); do
		v2 "$P-$i" start </dev/null >/dev/null
		create "$P-$i" >/dev/null
		ask "$P-$i" Start "id=$P-$i" >/dev/null
	done
	open_gate
	wait_for has_events "$n" /tasks/exit
	for i in $(seq "$n"); do
		ask "$P-$i" Wait "id=$P-$i" >"$T/reply"
		[ "$((i % 200))" -eq 0 ] || grep -qx "exit_status: $((i % 200))" "$T/reply"
		ask "$P-$i" Delete "id=$P-$i" >/dev/null
	done
	[ "$(grep -c '^/tasks/exit ' "$T/events")" -eq "$n" ]
	wait_for has_events "$n" /tasks/delete
	wait_for eval '[ "$(children_of "$SHIM_PID")" -eq 0 ]'
}

@test "torture: much output at full speed, a slow reader, through the shim's copy and without it" {
	local bytes=$((100000000 * MUCH)) way sum
	for way in own shared; do
		local NAMESPACES='{"type": "pid"},'
		[ "$way" = own ] || NAMESPACES=
		bundle "$P-$way" "yes 'a line of output that is as good as any other' | head -c $bytes"
		export NAMESPACES
		mkdir -p "$T/fifo/$P-$way"
		mkfifo "$T/fifo/$P-$way"/{out,err}
		cat "$T/fifo/$P-$way/err" 3>&- >/dev/null &
		{ sleep 1; cat; } <"$T/fifo/$P-$way/out" 3>&- | sha256sum >"$T/$way.sum" &
		sum=$!
		v2_start "$P-$way"
		# shellcheck disable=SC2046
		create "$P-$way" $(with_fifos "$P-$way")
		ask "$P-$way" Start "id=$P-$way"
		ask "$P-$way" Wait "id=$P-$way" >/dev/null
		[ "$(memory_of "$SHIM_PID")" -le 300 ]
		ask "$P-$way" Delete "id=$P-$way"
		wait "$sum"
		yes 'a line of output that is as good as any other' | head -c "$bytes" | sha256sum | cmp - "$T/$way.sum"
	done
}

@test "torture: a thousand idle connections and garbage cost nobody a call" {
	bundle "$P" 'exec sleep 100000'
	v2_start "$P"
	create "$P"
	ask "$P" Start "id=$P"
	# Who is connected is served; how many can be at a time is bounded, so the flood may lose.
	ttrpc_client hold "$(socket_of "$P")" 100 State "id=$P" | grep -q 'status: 2'
	ttrpc_client hold "$(socket_of "$P")" 1000 State "id=$P" || true
	for hex in 00 ffffffffffffffffffff "$(printf '0%.0s' $(seq 4000))" 00000005000000010100ffffffffff; do
		timeout 100 ttrpc_client raw "$(socket_of "$P")" "$hex" >/dev/null 2>&1 || true
	done
	ask "$P" State "id=$P" | grep -q 'status: 2'
	wait_for eval '[ "$(descriptors_of "$SHIM_PID")" -lt 60 ]'
}

# ---- creel-shim run --------------------------------------------------------------------------------

forget_all() {
	local id
	for id in $(creel-shim --state "$STATE" list --quiet); do
		creel-shim --state "$STATE" rm --force "$id" >/dev/null 2>&1 || true
	done
}

@test "torture: many supervised containers exit at once, and each status is on record" {
	local n=$((100 * MUCH)) i dir
	STATE=$T/state
	make_rootfs "$T/rootfs"
	mkfifo "$T/rootfs/gate"
	for i in $(seq "$n"); do
		bundle "$P-$i" "echo begin $i; read x </gate; echo end $i; exit $((i % 200))"
		creel-shim --state "$STATE" run -d --root "$T/root" --bundle "$T/ns/$P-$i" "$P-$i" >/dev/null
	done
	open_gate
	for i in $(seq "$n"); do
		[ "$(creel-shim --state "$STATE" wait "$P-$i")" = "$((i % 200))" ]
		[ "$(creel-shim --state "$STATE" logs "$P-$i")" = "begin $i"$'\n'"end $i" ]
	done
	SHIMS=() # teardown has nothing of containerd's to delete
	for dir in "$T"/ns/*/; do rm -r "${dir:?}"; done
}
