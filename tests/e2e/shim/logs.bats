#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154,SC2030,SC2031 # scripts for the container; stderr is set by run
# creel-shim logs: every byte, each stream to its own, in the k8s-file format.

bats_require_minimum_version 1.5.0
load shim

setup() {
	shim_setup
}

teardown() {
	shim_teardown
}

@test "logs: stdout and stderr are kept apart" {
	container 'echo a; echo b >&2; echo c'
	shim_run -d "$ID"
	shim wait "$ID"
	run --separate-stderr shim logs "$ID"
	[ "$status" -eq 0 ]
	[ "$output" = $'a\nc' ]
	[ "$stderr" = b ]
}

@test "logs: the file is in the format of k8s-file" {
	container 'echo full; echo oops >&2; printf partial'
	shim_run -d "$ID"
	shim wait "$ID"
	local time='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{9}Z'
	grep -qE "^$time stdout F full\$" "$STATE/$ID/log"
	grep -qE "^$time stderr F oops\$" "$STATE/$ID/log"
	grep -qE "^$time stdout P partial\$" "$STATE/$ID/log"
	[ "$(wc -l <"$STATE/$ID/log")" -eq 3 ]
}

@test "logs: a long line is cut into partial records and printed whole" {
	container 'head -c 100000 /dev/zero | tr "\0" x; echo; echo after'
	shim_run "$ID" >"$T/out"
	[ "$(grep -c ' stdout P ' "$STATE/$ID/log")" -ge 12 ]
	[ "$(awk '{print length($4)}' "$STATE/$ID/log" | sort -n | tail -1)" -le 8192 ]
	shim logs "$ID" | cmp - "$T/out"
	[ "$(head -1 "$T/out" | wc -c)" -eq 100001 ]
	[ "$(tail -1 "$T/out")" = after ]
}

@test "logs: binary output comes back byte by byte" {
	head -c 3000000 /dev/urandom >"$BUNDLE/rootfs/data"
	container 'cat /data; cat /data >&2'
	shim_run -d "$ID"
	shim wait "$ID"
	shim logs "$ID" >"$T/out" 2>"$T/err"
	cmp "$T/out" "$BUNDLE/rootfs/data"
	cmp "$T/err" "$BUNDLE/rootfs/data"
}

@test "logs: 100 MB at full speed arrive exactly, in run and in the log" {
	container 'seq 1 14000000'
	seq 1 14000000 | head -c 200000000 | sha256sum >"$T/want"
	shim_run "$ID" | sha256sum >"$T/run"
	cmp "$T/want" "$T/run"
	shim logs "$ID" | sha256sum | cmp - "$T/want"
}

@test "logs: output written just before the exit is all there when wait returns" {
	container 'head -c 60000 /dev/zero | tr "\0" x; echo; echo last'
	for i in 1 2 3 4 5; do
		shim_run -d "$ID-$i"
		shim wait "$ID-$i"
		[ "$(shim logs "$ID-$i" | wc -c)" -eq 60006 ]
	done
}

@test "logs -f: prints what comes and ends with the container" {
	container 'echo one; for i in two three; do until [ -e /$i ]; do sleep 0.05; done; echo $i; done'
	shim_run -d "$ID"
	shim logs -f "$ID" >"$T/out" &
	local pid=$!
	eventually 5 grep -q one "$T/out"
	touch "$BUNDLE/rootfs/two"
	eventually 5 grep -q two "$T/out"
	touch "$BUNDLE/rootfs/three"
	wait "$pid"
	[ "$(cat "$T/out")" = $'one\ntwo\nthree' ]
	[ "$(shim logs -f "$ID")" = $'one\ntwo\nthree' ]
}

@test "logs -f: ends also for a container that removes its record" {
	container 'echo one; until [ -e /go ]; do sleep 0.05; done; echo two'
	shim_run -d --rm "$ID"
	shim logs -f "$ID" >"$T/out" &
	eventually 5 grep -q one "$T/out"
	touch "$BUNDLE/rootfs/go"
	wait $!
	[ "$(cat "$T/out")" = $'one\ntwo' ]
	eventually 5 nothing_left
}

@test "logs --tail: prints the last lines of both streams" {
	container 'for i in 1 2 3 4 5; do echo $i; done; head -c 20000 /dev/zero | tr "\0" x; echo; echo end'
	shim_run -d "$ID"
	shim wait "$ID"
	[ "$(shim logs --tail 1 "$ID")" = end ]
	[ "$(shim logs --tail 2 "$ID" | wc -c)" -eq 20005 ]
	[ "$(shim logs -n 3 "$ID" | head -1)" = 5 ]
	[ "$(shim logs --tail 100 "$ID" | wc -l)" -eq 7 ]
	[ -z "$(shim logs --tail 0 "$ID")" ]
	run shim logs --tail x "$ID"
	[ "$status" -ne 0 ]
}

@test "logs -t: each line begins with its time, a long one only once" {
	container 'echo a; head -c 20000 /dev/zero | tr "\0" x; echo'
	shim_run -d "$ID"
	shim wait "$ID"
	run shim logs -t "$ID"
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[0]} =~ ^[0-9-]+T[0-9:.]+Z\ a$ ]]
	[[ ${lines[1]} =~ ^[0-9-]+T[0-9:.]+Z\ x+$ ]]
	[ "${#lines[1]}" -eq 20031 ]
}

@test "logs: --log-path puts the log elsewhere, where rm leaves it" {
	container 'echo hello'
	shim_run -d --log-path "$T/web.log" "$ID"
	shim wait "$ID"
	[ "$(shim logs "$ID")" = hello ]
	shim rm "$ID"
	grep -q ' stdout F hello$' "$T/web.log"
}

@test "logs: what is no log line is an error that says where" {
	container 'echo hello'
	shim_run "$ID" >/dev/null
	echo garbage >>"$STATE/$ID/log"
	run shim logs "$ID"
	[ "$status" -eq 1 ]
	[[ $output == hello*"creel-shim: error: logs '$ID': log '$STATE/$ID/log': byte "*": not a log line" ]]
}

@test "logs: an unknown id is an error" {
	run shim logs none
	[ "$status" -eq 1 ]
	[ "$output" = "creel-shim: error: logs 'none': no container 'none' in '$STATE'" ]
}
