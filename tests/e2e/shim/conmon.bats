#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# conmon's command line: what Podman and CRI-O see of it.

bats_require_minimum_version 1.5.0
load conmon

setup() { conmon_setup; }
teardown() { conmon_teardown; }

@test "conmon: the first line of --version is conmon's, whatever it is called as" {
	run "$CONMON" --version
	[[ ${lines[0]} =~ ^conmon\ version\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	[[ ${lines[1]} == "creel-shim "* ]]
	ln -s "$CONMON" "$T/my-conmon"
	run "$T/my-conmon" --version
	[[ ${lines[0]} == "conmon version "* ]]
	run "$T/my-conmon" --help
	[[ $output == *--exec-process-spec* ]]
}

@test "conmon: process id, log, exit status in both files, nothing left but what was asked for" {
	# Each stream has a pipe of its own: what comes later waits until the log has what came before.
	container 'until_there() { while [ ! -e "$1" ]; do sleep 0.05; done; }
		echo out; until_there /1; echo err >&2; until_there /2; printf partial; exit 3'
	created
	[ "$(cat "$T/pidfile")" = "$PID" ]
	[ -S "$BUNDLE/attach" ]
	[ "$(readlink "$T/socks/$ID")" = "$BUNDLE" ]
	[ -p "$BUNDLE/ctl" ] && [ -p "$BUNDLE/winsz" ]
	runtime start "$ID"
	eventually 5 grep -q 'stdout F out' "$LOG"
	touch "$BUNDLE/rootfs/1"
	eventually 5 grep -q 'stderr F err' "$LOG"
	touch "$BUNDLE/rootfs/2"
	ended
	cat "$LOG"
	[ "$(cat "$T/exits/$ID" "$T/persist/exit")" = 33 ]
	[ "$(texts "$LOG")" = $'stdout F out\nstderr F err\nstdout P partial' ]
	[[ $(head -n 1 "$LOG") =~ ^[0-9-]{10}T[0-9:]{8}\.[0-9]{9}[+-][0-9]{2}:[0-9]{2}\  ]]
	[ ! -e "$BUNDLE/attach" ]
	[ -z "$(ls "$T/socks")" ]
}

@test "conmon: a line of 10,000 bytes is pieces, the last of which ends it" {
	container 'head -c 10000 /dev/zero | tr "\0" x; echo'
	started
	ended
	[ "$(texts "$LOG" | cut -d' ' -f3 | tr -d '\n' | wc -c)" -eq 10000 ]
	[ "$(texts "$LOG" | cut -c1-9 | uniq)" = $'stdout P \nstdout F ' ]
}

@test "conmon: the runtime's words are the caller's message, and the exit command runs" {
	container true
	sed -i 's,"/bin/sh","/no/such",' "$BUNDLE/config.json"
	# Who hears of a failure finds the name free, however slow it is to leave it.
	printf '#!/bin/sh\nexec strace -D -f -qq -o /dev/null -P %s -e trace=unlinkat -e inject=unlinkat:delay_enter=500000 %s "$@"\n' \
		"$BUNDLE/attach" "$CONMON" >"$T/slow"
	chmod +x "$T/slow"
	CONMON=$T/slow conmon -b "$BUNDLE" -p "$T/pidfile" --exit-dir "$T/exits" --socket-dir-path "$T/socks" -l "$LOG" \
		--exit-command /usr/bin/touch --exit-command-arg "$T/cleaned"
	hears
	echo "$HEARD"
	[[ $HEARD == '{"data": -1, "message": "'*'/no/such'*'no such file or directory'* ]]
	[ ! -e "$BUNDLE/attach" ]
	[ -z "$(ls "$T/socks")" ]
	ended
	[ -e "$T/cleaned" ]
	[ ! -e "$T/exits/$ID" ]
	[ ! -s "$LOG" ]
}

@test "conmon: without --api-version the keys are the old ones" {
	container true
	echo go >&"$START"
	env _OCI_SYNCPIPE=7 _OCI_STARTPIPE=8 "$CONMON" -c "$ID" -u "$ID" -b "$BUNDLE" -p "$T/pidfile" -l "$LOG" \
		-r "$(command -v "$SHIM_RUNTIME")" --runtime-arg "--root=$RUNTIME_ROOT" --full-attach \
		-P "$T/conmon.pid" 3>&- 7>"$T/sync" 8<"$T/start"
	hears
	[ "$HEARD" = "{\"pid\": $(cat "$T/pidfile")}" ]
	runtime start "$ID"
	ended
}

@test "conmon: nothing begins before the caller says so" {
	container true
	env _OCI_SYNCPIPE=7 _OCI_STARTPIPE=8 "$CONMON" --api-version 1 -c "$ID" -u "$ID" -b "$BUNDLE" -p "$T/pidfile" \
		-r "$(command -v "$SHIM_RUNTIME")" --runtime-arg "--root=$RUNTIME_ROOT" -l "$LOG" --full-attach \
		-P "$T/conmon.pid" 3>&- 7>"$T/sync" 8<"$T/start" &
	sleep 0.5
	[ ! -e "$T/conmon.pid" ]
	[ ! -e "$T/pidfile" ]
	echo go >&"$START"
	wait $!
	hears
	runtime start "$ID"
	ended
}

@test "conmon: --sync stays, and its exit status is the container's" {
	container 'exit 6'
	# shellcheck disable=SC2030
	(created --sync 2>"$T/stderr"; echo $? >"$T/status") &
	local job=$!
	eventually 10 runtime start "$ID"
	wait "$job" || true
	eventually 10 test -e "$T/exits/$ID"
	[ "$(cat "$T/exits/$ID")" = 6 ]
}

@test "conmon: the exit command comes after the exit files, with its arguments and a delay" {
	container 'exit 5'
	printf '#!/bin/sh\n{ cat "$1"; echo; date +%%s.%%N; } >"$2.new"; mv "$2.new" "$2"; exit 12\n' >"$T/hook"
	chmod +x "$T/hook"
	started --exit-command "$T/hook" --exit-command-arg "$T/exits/$ID" --exit-command-arg "$T/hooked" --exit-delay 1
	ended
	[ "$(sed -n 1p "$T/hooked")" = 5 ]
	# A second after the file, but for what clocks differ.
	stat -c %.9Y "$T/exits/$ID" "$T/persist/exit"
	tail -n 1 "$T/hooked"
	awk -v file="$(stat -c %.9Y "$T/exits/$ID")" -v hook="$(sed -n 2p "$T/hooked")" 'BEGIN { exit !(hook - file >= 0.95) }'
}

@test "conmon: -T kills, and says so" {
	container 'sleep 1000'
	started -T 1
	ended
	[ "$(cat "$T/exits/$ID")" = -1 ]
	eventually 5 gone "$PID"
}

@test "conmon: SIGTERM is for the container" {
	container 'trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done'
	started
	eventually 10 grep -q ready "$LOG"
	kill -TERM "$(cat "$T/conmon.pid")"
	ended
	[ "$(cat "$T/exits/$ID")" = 9 ]
}

@test "conmon: exec: process id and exit code on the sync pipe, output in its own log" {
	container 'sleep 1000'
	started
	local main
	main=$(cat "$T/conmon.pid")
	process 'echo inside; exit 8'
	conmon -e --exec-process-spec "$T/process.json" -p "$T/exec.pid" -l "$T/exec.log" --exit-dir "$T/persist"
	hears
	[[ $HEARD == '{"data": '[0-9]* ]]
	hears
	[ "$HEARD" = '{"data": 8}' ]
	ended
	[ "$(texts "$T/exec.log")" = "stdout F inside" ]
	[ "$(cat "$T/persist/$ID")" = 8 ]
	kill -0 "$main"
	echo "$main" >"$T/conmon.pid"
	runtime kill "$ID" KILL
	ended
}

@test "conmon: exec: CRI-O's way gets the exit code alone, or that it took too long" {
	container 'sleep 1000'
	started
	cp "$T/conmon.pid" "$T/main.pid"
	process 'echo x; exit 8'
	old_exec
	hears
	[ "$HEARD" = '{"exit_code": 8}' ]
	process 'sleep 1000'
	old_exec -T 1
	hears
	[ "$HEARD" = '{"exit_code": -1, "message": "command timed out"}' ]
	cp "$T/main.pid" "$T/conmon.pid"
	runtime kill "$ID" KILL
	ended
}

old_exec() {
	echo go >&"$START"
	env _OCI_SYNCPIPE=7 _OCI_STARTPIPE=8 "$CONMON" -c "$ID" -n name -r "$(command -v "$SHIM_RUNTIME")" \
		--runtime-arg "--root=$RUNTIME_ROOT" -p "$T/exec.pid" -e -l "$T/exec.log" --socket-dir-path "$T/socks" \
		--exec-process-spec "$T/process.json" "$@" 3>&- 7>"$T/sync" 8<"$T/start"
}

@test "conmon: exec: an attached one begins when its client is there, and misses nothing" {
	container 'sleep 1000'
	started
	cp "$T/conmon.pid" "$T/main.pid"
	process 'echo first; cat; exit 4'
	mkdir "$T/session"
	conmon -e --exec-attach --exec-process-spec "$T/process.json" -b "$T/session" --full-attach -i \
		-p "$T/exec.pid" -l none
	read -r -t 120 line <&"$ATTACHED"
	[ "$line" = '{"data": 0}' ]
	[ ! -e "$T/exec.pid" ]
	CLIENT_DIR=$T/session client "$T/seen" "input" &
	local job=$!
	eventually 10 test -e "$T/seen.there"
	echo go >&"$START"
	wait "$job"
	[ "$(tr -d '\002\n' <"$T/seen")" = firstinput ]
	hears
	hears
	[ "$HEARD" = '{"data": 4}' ]
	cp "$T/main.pid" "$T/conmon.pid"
	runtime kill "$ID" KILL
	ended
}

@test "conmon: clients: streams are told apart, several see the same, input ends with the last" {
	container 'echo late; sleep 1; while read -r l; do echo "got $l"; done; echo over >&2'
	started -i
	client "$T/one" &
	local one=$!
	eventually 10 test -e "$T/one.there"
	client "$T/two" "$(printf 'word\n\n')
" &
	local two=$!
	wait "$one" "$two"
	ended
	grep -aq $'\002got word' "$T/one"
	grep -aq $'\003over' "$T/one"
	grep -aq $'\003over' "$T/two"
	[ "$(cat "$T/exits/$ID")" = 0 ]
}

@test "conmon: a client that does not read holds up the container, not the exit, and loses nothing" {
	container 'i=0; while [ $i -lt 40 ]; do head -c 50000 /dev/zero | tr "\0" x; i=$((i+1)); done; exit 7'
	created
	python3 -c '
import os, socket, sys, time
os.chdir(sys.argv[1])
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect("attach")
open(sys.argv[2] + ".there", "w")
while not os.path.exists(sys.argv[2] + ".go"): time.sleep(0.05)
n = 0
while True:
    p = s.recv(9000)
    if not p: break
    n += len(p) - 1
open(sys.argv[2], "w").write(str(n))
' "$BUNDLE" "$T/n" 3>&- &
	local job=$!
	eventually 10 test -e "$T/n.there"
	runtime start "$ID"
	sleep 1
	# It waits: the log has what the client was sent, and a little more.
	kill -0 "$PID"
	[ "$(stat -c %s "$LOG")" -lt 1500000 ]
	runtime kill "$ID" KILL
	eventually 10 test -e "$T/exits/$ID"
	[ "$(cat "$T/exits/$ID")" = 137 ]
	touch "$T/n.go"
	wait "$job"
	[ "$(cat "$T/n")" -eq "$(cut -d' ' -f4 "$LOG" | tr -d '\n' | wc -c)" ]
	ended
}

@test "conmon: ctl and winsz change the terminal's size, foolish orders do not" {
	container -t 'trap "stty size" WINCH; echo ready; while :; do sleep 0.1; done'
	started -t
	eventually 10 grep -q ready "$LOG"
	echo "1 33 99" >"$BUNDLE/ctl"
	eventually 10 grep -q '33 99' "$LOG"
	printf '1 1001 5\n1 -1 5\nnonsense\n9 1 1\n' >"$BUNDLE/ctl"
	echo "44 88" >"$BUNDLE/winsz"
	eventually 10 grep -q '44 88' "$LOG"
	[ "$(grep -c ' F [0-9]' "$LOG")" -eq 2 ]
	runtime kill "$ID" KILL
	ended
}

@test "conmon: ctl reopens a log that was renamed, and rotates it with --log-rotate" {
	container 'echo before; while [ ! -e /go ]; do sleep 0.1; done; echo after'
	started
	eventually 10 grep -q before "$LOG"
	mv "$LOG" "$LOG.old"
	echo "2 0 0" >"$BUNDLE/ctl"
	eventually 10 test -e "$LOG"
	touch "$BUNDLE/rootfs/go"
	ended
	[ "$(texts "$LOG")" = "stdout F after" ]
	[ "$(texts "$LOG.old")" = "stdout F before" ]
}

@test "conmon: a log over its size begins anew; beyond the global size nothing is written" {
	container 'seq 1000'
	started --log-size-max 5000
	ended
	[ "$(stat -c %s "$LOG")" -le 5000 ]
	grep -q ' 1000$' "$LOG"
	runtime delete "$ID"
	rm "$LOG"
	started --log-global-size-max 5000
	ended
	[ "$(stat -c %s "$LOG")" -le 5100 ]
	grep -q ' 1$' "$LOG"
	run ! grep -q ' 1000$' "$LOG"
}

@test "conmon: several logs, json-file, and a driver that nobody knows" {
	container 'echo hi'
	started -l "json-file:$T/ctr.json" -l none
	ended
	[ "$(texts "$LOG")" = "stdout F hi" ]
	[ "$(jq -r .log "$T/ctr.json")" = hi ]
	run conmon -b "$BUNDLE" -p "$T/pidfile" -l "gelf:x"
	[ "$status" -eq 1 ]
	[[ $output == *"log driver 'gelf'"* ]]
}

@test "conmon: a disk that is full costs the log, not the container, its other log or its clients" {
	container 'seq 20000; exit 3'
	created -l k8s-file:/dev/full
	client "$T/seen" &
	local job=$!
	eventually 10 test -e "$T/seen.there"
	runtime start "$ID"
	wait "$job"
	ended
	[ "$(cat "$T/exits/$ID")" = 3 ]
	[ "$(tr -d '\002' <"$T/seen" | tail -n 1)" = 20000 ]
	[ "$(tail -n 1 "$LOG" | cut -d' ' -f4)" = 20000 ]
}

@test "conmon: passthrough gives the container conmon's own streams" {
	container 'cat; echo through'
	echo typed >"$T/in"
	conmon -b "$BUNDLE" -p "$T/pidfile" --exit-dir "$T/exits" --full-attach -l passthrough \
		<"$T/in" >"$T/out"
	hears
	[ ! -e "$BUNDLE/attach" ]
	runtime start "$ID"
	ended
	[ "$(cat "$T/out")" = $'typed\nthrough' ]
}

@test "conmon: descriptors and LISTEN_PID reach the runtime" {
	container true
	printf '#!/bin/sh\n[ "$LISTEN_PID" = $$ ] && cat <&5 >%s\nexec %s "$@"\n' "$T/got" "$(command -v "$SHIM_RUNTIME")" >"$T/runtime"
	chmod +x "$T/runtime"
	echo "from five" >"$T/five"
	LISTEN_PID=1 conmon -r "$T/runtime" -b "$BUNDLE" -p "$T/pidfile" --full-attach -l none \
		--replace-listen-pid 5<"$T/five"
	hears
	[ "$(cat "$T/got")" = "from five" ]
	runtime start "$ID"
	ended
}

@test "conmon: sd_notify messages pass on, but no orders to the service manager" {
	mkdir "$BUNDLE/notify"
	cp "$(command -v notify)" "$BUNDLE/rootfs/bin/notify"
	container 'NOTIFY_SOCKET=/n/notify.sock notify "MAINPID=1
STATUS=fine
READY=1"'
	jq --arg n "$BUNDLE/notify" '.mounts += [{destination: "/n", type: "bind", source: $n, options: ["bind"]}]' \
		"$BUNDLE/config.json" >"$T/config.json"
	mv "$T/config.json" "$BUNDLE/config.json"
	python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1] + "/host.sock")
s.settimeout(120)
open(sys.argv[1] + "/heard", "w").write(s.recv(4096).decode())' "$T" 3>&- &
	local job=$!
	eventually 10 test -S "$T/host.sock"
	started --sdnotify-socket "$T/host.sock"
	wait "$job"
	[ "$(cat "$T/heard")" = $'STATUS=fine\nREADY=1' ]
	ended
}

@test "conmon: a container that ran out of memory leaves files that say so, another does not" {
	container 'tail /dev/zero; echo survived $?; exit 3'
	jq '.linux.resources.memory = {limit: 16777216, swap: 16777216} | .linux.cgroupsPath = "/'"$ID"'"' \
		"$BUNDLE/config.json" >"$T/config.json"
	mv "$T/config.json" "$BUNDLE/config.json"
	started
	ended
	[ -e "$T/persist/oom" ]
	[ -e "$BUNDLE/oom" ]
	grep -q "stdout F survived 137" "$LOG"
	runtime delete "$ID"
	rm "$T/persist/oom" "$BUNDLE/oom"
	printf 'exit 137\n' >"$BUNDLE/rootfs/$SCRIPT"
	started
	ended
	[ "$(cat "$T/exits/$ID")" = 137 ]
	[ ! -e "$T/persist/oom" ]
	[ ! -e "$BUNDLE/oom" ]
}

@test "conmon: options that miss something are refused before anything begins" {
	container true
	run "$CONMON" --api-version 1 -u x -r /bin/true -l none
	[ "$status" -eq 1 ]
	[[ $output == *"give --cid ID"* ]]
	run "$CONMON" -c x -u x -r /no/such -l none
	[[ $output == *"runtime '/no/such'"* ]]
	run conmon -b "$BUNDLE" -p "$T/pidfile" -l "/no/such/dir/log"
	[ "$status" -eq 1 ]
	[[ $output == *"/no/such/dir/log"* ]]
	run conmon -b "$BUNDLE" -p "$T/pidfile" -l "$LOG" --log-allowlist-dir "$T/exits"
	[ "$status" -eq 1 ]
	[[ $output == *"log '$LOG': not below any --log-allowlist-dir"* ]]
	run conmon -b "$BUNDLE" -p "$T/pidfile" -l "$LOG" --log-tag tag
	[ "$status" -eq 1 ]
	[[ $output == *"'--log-tag' needs the log driver journald"* ]]
	[ ! -e "$T/pidfile" ]
}

@test "conmon: a hundred containers that end at once all say how" {
	container 'exit 3'
	local i
	for i in $(seq 100); do
		mkdir "$T/b$i"
		ln -s "$BUNDLE/rootfs" "$BUNDLE/config.json" "$T/b$i"
		env "$CONMON" --api-version 1 -c "$ID-$i" -u "$ID-$i" -r "$(command -v "$SHIM_RUNTIME")" \
			--runtime-arg "--root=$RUNTIME_ROOT" -b "$T/b$i" -p "$T/pid-$i" --exit-dir "$T/exits" \
			--socket-dir-path "$T/socks" -l "$T/log-$i" 3>&- &
	done
	wait
	for i in $(seq 100); do
		eventually 20 runtime start "$ID-$i"
	done
	eventually 20 all_exits
	for i in $(seq 100); do
		runtime delete "$ID-$i"
	done
}

all_exits() {
	[ "$(ls "$T/exits" | wc -l)" -eq 100 ] && [ "$(sort -u "$T/exits/"*)" = 3 ]
}
