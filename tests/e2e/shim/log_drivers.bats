#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154,SC2030,SC2031 # scripts for the container; stderr is set by run
# creel-shim run --log-driver, --log-opt: formats, rotation, reading over rotated files.

bats_require_minimum_version 1.5.0
load shim

setup() {
	shim_setup
}

teardown() {
	shim_teardown
}

@test "json-file: the log is docker's, and logs prints it byte by byte" {
	container 'echo "a<b>\"c"; echo oops >&2; printf "tab\there"; until [ -e /go ]; do sleep 0.05; done
		echo; printf "\303"; sleep 0.2; printf "\251\n"'
	shim_run -d --log-driver json-file "$ID"
	eventually 5 grep -q here "$STATE/$ID/log"
	touch "$BUNDLE/rootfs/go"
	shim wait "$ID"
	local time='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{9}Z'
	grep -qE "^\{\"log\":\"a\\\\u003cb\\\\u003e\\\\\"c\\\\n\",\"stream\":\"stdout\",\"time\":\"$time\"\}\$" "$STATE/$ID/log"
	grep -qF '{"log":"oops\n","stream":"stderr",' "$STATE/$ID/log"
	grep -qF '{"log":"tab\u0009here","stream":"stdout",' "$STATE/$ID/log"
	python3 -c 'import json,sys; [json.loads(l) for l in open(sys.argv[1])]' "$STATE/$ID/log"
	run --separate-stderr shim logs "$ID"
	[ "$output" = $'a<b>"c\ntab\there\né' ]
	[ "$stderr" = oops ]
	[ "$(shim list --json | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["logDriver"])')" = json-file ]
}

@test "json-file: what docker wrote is read" {
	container 'true'
	shim_run --log-driver json-file "$ID"
	printf '%s\n' '{"log":"from docker\n","stream":"stdout","time":"2026-01-02T03:04:05.12Z"}' \
		'{"log":"caf\u00e9 \ud83d\ude00\n","stream":"stdout","attrs":{"tag":"x,y}"},"time":"2026-01-02T03:04:06Z"}' >"$STATE/$ID/log"
	[ "$(shim logs "$ID")" = $'from docker\ncafé 😀' ]
	[ "$(shim logs --since 2026-01-02T03:04:06Z "$ID")" = 'café 😀' ]
}

@test "max-size: no file is larger, so many are kept, and logs prints them in order" {
	for driver in k8s-file json-file; do
		container 'seq 1 20000'
		shim_run -d --log-driver $driver --log-opt max-size=100k --log-opt max-file=4 "$ID-$driver"
		shim wait "$ID-$driver"
		[ "$(ls "$STATE/$ID-$driver" | grep -c '^log')" -eq 4 ]
		for f in "$STATE/$ID-$driver"/log*; do
			[ "$(stat -c %s "$f")" -le 102400 ]
		done
		shim logs "$ID-$driver" >"$T/out"
		[ "$(tail -1 "$T/out")" = 20000 ]
		# A suffix of the whole, without a hole.
		cmp "$T/out" <(seq "$(head -1 "$T/out")" 20000)
		[ "$(wc -l <"$T/out")" -gt 1500 ]
		[ "$(shim logs --tail 5000 "$ID-$driver" | tail -1)" = 20000 ]
		[ "$(shim logs --tail 1500 "$ID-$driver" | head -1)" = 18501 ]
		[ "$(shim logs --tail 3 "$ID-$driver")" = $'19998\n19999\n20000' ]
		[ -z "$(shim logs --tail 0 "$ID-$driver")" ]
	done
}

@test "max-size: with one file a full log is begun anew" {
	container 'seq 1 20000'
	shim_run -d --log-opt max-size=100k "$ID"
	shim wait "$ID"
	[ "$(ls "$STATE/$ID" | grep -c '^log')" -eq 1 ]
	shim logs "$ID" >"$T/out"
	cmp "$T/out" <(seq "$(head -1 "$T/out")" 20000)
}

@test "logs -f: goes on through rotations without losing or doubling a line" {
	container 'i=0; while [ $i -lt 60 ]; do seq $((i*500+1)) $((i*500+500)); i=$((i+1)); sleep 0.02; done'
	for driver in k8s-file json-file; do
		# So many that none is removed: who follows may be late.
		shim_run -d --log-driver $driver --log-opt max-size=64k --log-opt max-file=100 "$ID-$driver"
		shim logs -f "$ID-$driver" >"$T/out"
		cmp "$T/out" <(seq 1 30000)
		[ -e "$STATE/$ID-$driver/log.2" ]
	done
}

@test "run: a reader that falls behind finds its output in rotated files" {
	container 'seq 1 200000'
	shim_run --log-opt max-size=2m --log-opt max-file=20 "$ID" | (sleep 2; cat) >"$T/out"
	cmp "$T/out" <(seq 1 200000)
	[ -e "$STATE/$ID/log.1" ]
}

@test "logs: a reader that is slower than rotation is told that output is missing" {
	container 'echo 0; until [ -e /go ]; do sleep 0.05; done; seq 1 300000; echo >/done'
	shim_run -d --log-opt max-size=64k --log-opt max-file=2 "$ID"
	mkfifo "$T/pipe"
	shim logs -f "$ID" >"$T/pipe" 2>"$T/err" &
	{
		read -r first
		echo "$first"
		touch "$BUNDLE/rootfs/go"
		eventually 20 test -e "$BUNDLE/rootfs/done"
		cat
	} <"$T/pipe" >"$T/out"
	wait $!
	[ "$(tail -1 "$T/out")" = 300000 ]
	grep -q "rotated faster than it was read: output is missing" "$T/err"
}

@test "log driver none: run shows the output, a slow reader misses nothing, logs says why it cannot" {
	container 'seq 1 200000'
	shim_run --log-driver none "$ID" | (sleep 1; cat) >"$T/out"
	cmp "$T/out" <(seq 1 200000)
	[ ! -e "$STATE/$ID/log" ]
	run shim logs "$ID"
	[ "$status" -eq 1 ]
	[ "$output" = "creel-shim: error: logs '$ID': the container was run with --log-driver none: there is no log" ]
}

@test "log driver passthrough: the container has the descriptors of run" {
	container 'read x; echo "got $x"; echo oops >&2; [ ! -p /proc/self/fd/1 ] && echo file'
	echo in | shim_run --log-driver passthrough "$ID" >"$T/out" 2>"$T/err"
	[ "$(cat "$T/out")" = $'got in\nfile' ]
	[ "$(cat "$T/err")" = oops ]
	run shim attach "$ID"
	[ "$status" -eq 125 ]
	container -t 'true'
	run shim_run --log-driver passthrough "$ID-t"
	[ "$status" -eq 125 ]
	[[ $output == *"passthrough: config.json asks for a terminal" ]]
}

@test "log driver journald: without a journal the error says what to do" {
	container 'echo hello'
	export -f shim_run shim
	export T STATE RUNTIME_ROOT BUNDLE ID SHIM_RUNTIME
	run unshare -m bash -c 'mount -t tmpfs tmpfs /run && shim_run --log-driver journald "$ID"'
	[ "$status" -eq 125 ]
	[[ $output == *"nobody listens at '/run/systemd/journal/socket': No such file or directory; start systemd-journald or choose another log driver" ]]
	nothing_left
}

@test "log driver journald: records have the container's fields" {
	requires program python3
	container 'echo hello; echo oops >&2; printf partial'
	# The journal of a mount namespace of the test's own.
	cat >"$T/journal.py" <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind("/run/systemd/journal/socket")
		open(sys.argv[1] + ".ready", "w").close()
		with open(sys.argv[1], "wb") as f:
		    for i in range(3):
		        f.write(s.recv(65536) + b"--\n")
	END
	export -f shim_run shim
	export T STATE RUNTIME_ROOT BUNDLE ID SHIM_RUNTIME
	unshare -m bash -c '
		mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal
		python3 "$T/journal.py" "$T/journal" & reader=$!
		until [ -e "$T/journal.ready" ]; do sleep 0.05; done
		shim_run -d --log-driver journald --log-opt tag=web --log-opt label=SHIP=pearl "$ID" && shim wait "$ID" && wait $reader'
	grep -qx MESSAGE=hello "$T/journal"
	grep -qx PRIORITY=3 "$T/journal"
	[ "$(grep -cx "CONTAINER_ID_FULL=$ID" "$T/journal")" -eq 3 ]
	[ "$(grep -cx SYSLOG_IDENTIFIER=web "$T/journal")" -eq 3 ]
	[ "$(grep -cx SHIP=pearl "$T/journal")" -eq 3 ]
	[ "$(grep -cx CONTAINER_PARTIAL_MESSAGE=true "$T/journal")" -eq 1 ]
	run shim logs "$ID"
	[ "$output" = "creel-shim: error: logs '$ID': the log is in the journal; 'journalctl CONTAINER_ID_FULL=$ID' prints it" ]
}

@test "a full disk under a log that is rotated stops nothing, and what was lost is told" {
	container 'seq 1 100000; echo end'
	mkdir "$T/small"
	export -f shim_run shim eventually gone field
	export T STATE RUNTIME_ROOT BUNDLE ID SHIM_RUNTIME
	unshare -m bash -c '
		mount -t tmpfs -o size=1m tmpfs "$T/small"
		shim_run -d --log-path "$T/small/log" --log-opt max-size=700k --log-opt max-file=9 "$ID"
		shim wait "$ID" >"$T/code"
		# The loss is summed up after the exit.
		eventually 10 gone "$(field supervisorPid)"
		shim logs "$ID" >"$T/out" 2>"$T/err"'
	[ "$(cat "$T/code")" = 0 ]
	grep -qE 'k8s-file: [0-9]+ bytes of output were lost: No space left on device' "$T/err"
	# Whole lines, in order, as far as there was room; a little piece of what came later may fit into the
	# rest of a page, and be the end of a line whose beginning is lost.
	head -n 15000 "$T/out" | cmp - <(seq 15000)
	awk '$0 != "end" && length($0) >= length(last) { if ($0 + 0 <= last + 0) { print last, $0; bad = 1 }; last = $0 } END { exit bad }' "$T/out"
	# Together they are all there was.
	lost=$(sed -n 's/.*k8s-file: \([0-9]*\) bytes.*/\1/p' "$T/err" | tail -1)
	[ $((lost + $(wc -c <"$T/out"))) -eq "$( (seq 1 100000; echo end) | wc -c)" ]
}

@test "logs --since, --until: docker's ways to name a time" {
	container 'true'
	shim_run "$ID"
	printf '%s\n' '2026-01-02T03:04:05.000000000Z stdout F one' \
		'2026-01-02T05:04:06.500000000+02:00 stdout P tw' \
		'2026-01-02T03:04:07.000000000Z stdout F o' \
		"$(date -u -d '-5 minutes' +%Y-%m-%dT%H:%M:%S.000000000Z) stdout F three" >"$STATE/$ID/log"
	[ "$(shim logs --since 2026-01-02T03:04:06Z "$ID")" = $'two\nthree' ]
	[ "$(shim logs --since 1767323046.5 "$ID")" = $'two\nthree' ]
	[ "$(shim logs --since 10m "$ID")" = three ]
	[ "$(shim logs --until 10m "$ID")" = $'one\ntwo' ]
	[ "$(shim logs --since 2026-01-02T03:04:06Z --until 2026-01-02T03:04:06.5Z "$ID")" = two ]
	[ "$(TZ=XXX-2 shim logs --until 2026-01-02T05:04:06 "$ID")" = one ]
	[ "$(shim logs --since 1h --tail 1 "$ID")" = three ]
	[ "$(shim logs --until 2026-01-03 --tail 1 "$ID")" = two ]
	run shim logs --since yesterday "$ID"
	[ "$status" -eq 1 ]
	[[ $output == *"'yesterday' is no time: give 10m, 1h30m, 2026-01-02T15:04:05Z, 2026-01-02, or seconds since 1970"* ]]
}

@test "logs -f --until: ends at that time" {
	container 'echo one; sleep 1000; echo two'
	shim_run -d "$ID"
	eventually 5 grep -q one "$STATE/$ID/log"
	[ "$(timeout 300 creel-shim --state "$STATE" logs -f --until "$(date -u -d '+1 second' +%Y-%m-%dT%H:%M:%SZ)" "$ID")" = one ]
}

@test "run --log-opt: wrong ones are told with what there is" {
	container 'true'
	while read -r options; do
		read -r message
		# shellcheck disable=SC2086 # several words
		run shim_run $options "$ID"
		[ "$status" -eq 125 ] || { echo "$options"; false; }
		[ "$output" = "creel-shim: error: run '$ID': $message" ] || { echo "$output"; false; }
	done <<-'END'
		--log-driver syslog
		log driver 'syslog': not one of k8s-file, json-file, journald, none, passthrough
		--log-opt max-size=0
		log option 'max-size': '0' is no size such as 10m
		--log-opt max-size=1m --log-opt max-file=0
		log option 'max-file': '0' is no number from 1 to 1000
		--log-opt max-file=3
		log option 'max-file' is of no use without 'max-size'
		--log-opt compress=true
		log option 'compress': not one of max-size, max-file, path, tag, label
		--log-opt tag=x
		log option 'tag': the log driver k8s-file has none
		--log-driver none --log-opt max-size=1m
		log option 'max-size': the log driver none has none
		--log-driver none --log-path /x
		--log-path: the log driver none has no file
	END
	nothing_left
}

@test "a supervisor that is killed while it rotates leaves a log without a hole or a double" {
	container 'seq 1 1000000000'
	local i
	for i in 1 2 3 4 5 6; do
		shim_run -d --log-opt max-size=32k --log-opt max-file=5 "$ID-$i"
		eventually 5 test -e "$STATE/$ID-$i/log.4"
		sleep "0.0$((RANDOM % 90 + 10))"
		kill -KILL "$(field supervisorPid "$ID-$i")"
		eventually 5 gone "$(field supervisorPid "$ID-$i")"
		shim logs "$ID-$i" >"$T/out" 2>"$T/err" || true
		cat "$T/err"
		grep -qF "the supervisor of '$ID-$i' ended before the container's exit was recorded" "$T/err"
		# The last line may be the beginning of one.
		[ -z "$(tail -c 1 "$T/out")" ] || sed -i '$d' "$T/out"
		[ "$(wc -l <"$T/out")" -gt 1000 ]
		cmp "$T/out" <(seq "$(head -n 1 "$T/out")" "$(tail -n 1 "$T/out")")
		shim rm --force "$ID-$i"
	done
	nothing_left
}
