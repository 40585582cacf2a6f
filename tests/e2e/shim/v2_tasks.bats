#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The Task service call by call: what is answered when, to whom, in which words, and what is told.

bats_require_minimum_version 1.5.0
load v2

setup() { v2_setup; }

teardown() { v2_teardown; }

# began ID SCRIPT [WORD...]: a shim with a running container.
began() {
	bundle "$1" "$2"
	v2_start "$1" >/dev/null
	create "$1" "${@:3}" >/dev/null
	ask "$1" Start "id=$1" >/dev/null
}

# refused CODE CALL...: the call fails, with a code of that name.
refused() {
	local code=$1
	shift
	run --separate-stderr "$@"
	echo "$stderr"
	[ "$status" -eq 1 ]
	[[ $stderr == "$code: "* ]]
}

# status ID [EXEC]: the number of its status.
status_of() {
	ask "$1" State "id=$1" "exec_id=${2:-}" | sed -n 's/^status: //p'
}

has_status() {
	[ "$(status_of "$1" "${3:-}")" = "$2" ]
}
CREATED=1 RUNNING=2 STOPPED=3 PAUSED=4

topics() {
	grep -oE '^/tasks/[a-z-]+' "$T/events" | paste -sd ' '
}

has_topics() {
	# shellcheck disable=SC2053 # a pattern
	[[ $(topics) == $1 ]]
}

# exec_add ID EXEC SCRIPT [WORD...]
exec_add() {
	local spec
	spec=$(jq -nc --arg s "$3" '{args: ["/bin/sh", "-c", $s], cwd: "/", env: ["PATH=/bin"], user: {uid: 0, gid: 0}}')
	ask "$1" Exec "id=$1" "exec_id=$2" "spec.value=$spec" "${@:4}"
}

exec_run() {
	exec_add "$@" && ask "$1" Start "id=$1" "exec_id=$2" >/dev/null
}

@test "a life, in either version of the service" {
	local version told=
	for version in "" v3:; do
		local id=$P${version:+-3}
		bundle "$id" 'sleep 1000'
		v2_start "$id" >/dev/null
		ask "$id" "${version}Create" "id=$id" "bundle=$T/ns/$id" options.type_url=containerd.runc.v1.Options \
			"options.value=@$T/options"
		has_status "$id" $CREATED
		ask "$id" "${version}Start" "id=$id"
		has_status "$id" $RUNNING
		ask "$id" "${version}Kill" "id=$id" signal=9
		run -0 ask "$id" "${version}Wait" "id=$id"
		[[ $output == *"exit_status: 137"* ]]
		has_status "$id" $STOPPED
		run -0 ask "$id" "${version}Delete" "id=$id"
		[[ $output == *"exit_status: 137"*exited_at.seconds* ]]
		# It waits for who takes its events no longer than two seconds once it is to end.
		told+="${told:+ }/tasks/create /tasks/start /tasks/exit /tasks/delete"
		wait_for has_topics "$told"
		ask "$id" "${version}Shutdown" "id=$id"
		run ! test -e "$(socket_of "$id")"
		wait_for test ! -e "/proc/$SHIM_PID"
		has_topics "$told"
	done
}

@test "what is asked of nobody, or too late, has containerd's codes" {
	began "$P" 'sleep 1000'
	refused "not found" ask "$P" State id=nobody
	refused "not found" ask "$P" State "id=$P" exec_id=nobody
	refused "not found" ask "$P" Kill id=nobody signal=9
	refused "already exists" create "$P"
	refused "invalid argument" create "$P" id=../x
	refused "invalid argument" create "$P" id=--root
	refused "invalid argument" ask "$P" Kill "id=$P" signal=99
	refused "failed precondition" ask "$P" Start "id=$P"
	refused unknown ask "$P" Delete "id=$P"
	refused unknown ask "$P" Resume "id=$P"
	refused unimplemented ttrpc_client call "$(socket_of "$P")" containerd.task.v2.Task:Nothing
	refused unimplemented ttrpc_client call "$(socket_of "$P")" some.Service:Nothing
	run -0 ask "$P" Connect id=nobody
	[[ $output == *"task_pid: 0"* ]] || [[ $output != *task_pid* ]]
	ask "$P" Kill "id=$P" signal=0
	ask "$P" Kill "id=$P" signal=9
	ask "$P" Wait "id=$P"
	refused "not found" ask "$P" Kill "id=$P" signal=9
	refused unknown ask "$P" Pause "id=$P"
	refused "failed precondition" exec_add "$P" late true
}

@test "a process that ends at once: start is told before exit, and Wait answers before and after" {
	local n
	for n in 1 2 3 4 5 6; do
		bundle "$P-$n" "exit $n"
		v2_start "$P-$n" >/dev/null
		create "$P-$n" >/dev/null
		ask "$P-$n" Wait "id=$P-$n" >"$T/wait-$n" 3>&- &
		ask "$P-$n" Start "id=$P-$n"
		run -0 ask "$P-$n" Wait "id=$P-$n"
		[[ $output == "exit_status: $n"* ]]
		wait $!
		[ "$(head -n 1 "$T/wait-$n")" = "exit_status: $n" ]
		ask "$P-$n" Delete "id=$P-$n"
	done
	wait_for eval '[ "$(grep -c "^/tasks/delete" "$T/events")" -eq 6 ]'
	[ "$(topics | sed 's|/tasks/create /tasks/start /tasks/exit /tasks/delete *||g')" = "" ]
}

@test "a created container can be killed, or deleted, without having run" {
	bundle "$P" 'sleep 1000'
	v2_start "$P" >/dev/null
	create "$P"
	run -0 ask "$P" Delete "id=$P"
	[[ $output == *"exit_status: 137"* ]]
	wait_for has_topics "/tasks/create /tasks/exit /tasks/delete"
	create "$P"
	ask "$P" Kill "id=$P" signal=9
	run -0 ask "$P" Wait "id=$P"
	[[ $output == *"exit_status: 137"* ]]
	ask "$P" Delete "id=$P"
}

@test "what cannot be created says why and leaves nothing" {
	bundle "$P" 'true'
	v2_start "$P" >/dev/null
	sed -i 's|/bin/sh|/no/such|' "$T/ns/$P/config.json"
	mkdir -p "$T/lower" "$T/ns/$P/rootfs"
	refused unknown create "$P" rootfs.0.type=bind "rootfs.0.source=$T/rootfs" rootfs.0.options.0=rbind
	[[ $stderr == *"OCI runtime create failed: "*/no/such* ]]
	run ! grep -q "$T/ns/$P/rootfs" /proc/self/mountinfo
	refused unknown create "$P" rootfs.0.type=bind "rootfs.0.source=$T/lower" rootfs.1.type=nosuchfs
	run ! grep -q "$T/ns/$P/rootfs" /proc/self/mountinfo
	refused unknown create "$P" "stdout_path=$T/no/such"
	refused unknown create "$P" "bundle=relative"
	refused "not found" ask "$P" State "id=$P"
	[ "$(topics)" = "" ]
	ask "$P" Shutdown "id=$P"
	wait_for test ! -e "/proc/$SHIM_PID"
}

@test "execs: added, run, waited for, deleted; twice the same name is refused" {
	began "$P" 'sleep 1000'
	exec_add "$P" e 'exit 7'
	refused "already exists" exec_add "$P" e 'exit 7'
	refused "invalid argument" exec_add "$P" ../e 'exit 7'
	refused "invalid argument" ask "$P" Exec "id=$P" exec_id=f spec.value=nojson
	refused "invalid argument" ask "$P" Exec "id=$P" exec_id=f
	has_status "$P" $CREATED e
	refused "failed precondition" ask "$P" Kill "id=$P" exec_id=e signal=9
	ask "$P" Wait "id=$P" exec_id=e >"$T/wait" 3>&- &
	ask "$P" Start "id=$P" exec_id=e
	wait $!
	[ "$(head -n 1 "$T/wait")" = "exit_status: 7" ]
	has_status "$P" $STOPPED e
	refused "failed precondition" ask "$P" Start "id=$P" exec_id=e
	refused "failed precondition" ask "$P" ResizePty "id=$P" exec_id=e width=80 height=24
	run -0 ask "$P" Delete "id=$P" exec_id=e
	[[ $output == *"exit_status: 7"* ]]
	refused "not found" ask "$P" State "id=$P" exec_id=e
	# One that never ran.
	exec_add "$P" e 'exit 7'
	ask "$P" Delete "id=$P" exec_id=e
	# One that cannot.
	ask "$P" Exec "id=$P" exec_id=e 'spec.value={"args":["/no/such"],"cwd":"/","user":{"uid":0,"gid":0}}'
	refused unknown ask "$P" Start "id=$P" exec_id=e
	[[ $stderr == *"OCI runtime exec failed: "*/no/such* ]]
	ask "$P" Wait "id=$P" exec_id=e
	ask "$P" Delete "id=$P" exec_id=e
	[ ! -e "$T/ns/$P/e.pid" ]
	wait_for has_topics "/tasks/create /tasks/start /tasks/exec-added /tasks/exec-started /tasks/exit /tasks/exec-added /tasks/exec-added"
}

@test "execs that run when the container ends: theirs are told first, and no other can start" {
	NAMESPACES='' began "$P" 'sleep 1000'
	exec_run "$P" a 'sleep 2000'
	exec_run "$P" b 'sleep 3000'
	exec_add "$P" c 'true'
	[ "$(ask "$P" Pids "id=$P" | grep -c exec_id)" -eq 2 ]
	ask "$P" Kill "id=$P" signal=9
	ask "$P" Wait "id=$P"
	has_status "$P" $STOPPED
	has_status "$P" $STOPPED a
	wait_for has_topics "*/tasks/exit /tasks/exit /tasks/exit"
	[ "$(grep '^  \.id:' "$T/events" | tail -n 1)" = "  .id: $P" ]
	refused "failed precondition" ask "$P" Start "id=$P" exec_id=c
	# Without having deleted them; who is answered finds their files gone, however slow it is to remove one.
	strace -f -p "$SHIM_PID" -o "$T/trace" -e trace=unlink,unlinkat -e inject=unlink,unlinkat:delay_enter=200000 3>&- 2>"$T/strace" &
	wait_for grep -q attached "$T/strace"
	ask "$P" Delete "id=$P"
	run ! test -e "$T/ns/$P/a.pid"
	run ! test -e "$T/ns/$P/b.pid"
	kill $!
	wait $! || true
}

@test "input ends when the client has closed it and says so, before the start or after" {
	bundle "$P" 'cat; echo end'
	v2_start "$P" >/dev/null
	fifos "$P"
	exec 8<>"$T/fifo/$P/in"
	create "$P" $(with_fifos "$P") "stdin_path=$T/fifo/$P/in"
	ask "$P" Start "id=$P"
	echo words >&8
	exec 8>&-
	wait_for grep -q words "$T/fifo/$P/out.got"
	has_status "$P" $RUNNING
	ask "$P" CloseIO "id=$P" stdin_too=true
	ask "$P" Wait "id=$P"
	wait_for grep -q end "$T/fifo/$P/out.got"
	ask "$P" CloseIO "id=$P" stdin_too=true
	ask "$P" Delete "id=$P"
	fifos "$P-b"
	create "$P" $(with_fifos "$P-b") "stdin_path=$T/fifo/$P-b/in"
	echo early >"$T/fifo/$P-b/in"
	ask "$P" CloseIO "id=$P" stdin_too=true
	ask "$P" Start "id=$P"
	ask "$P" Wait "id=$P"
	wait_for grep -q end "$T/fifo/$P-b/out.got"
	[ "$(cat "$T/fifo/$P-b/out.got")" = $'early\nend' ]
}

@test "a terminal has the size it is told, before and after the start" {
	bundle "$P" 'stty size; read x; stty size; sleep 1000'
	jq '.process.terminal = true | .mounts += [{destination: "/dev", type: "tmpfs", source: "tmpfs"},
		{destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666"]}]' "$T/ns/$P/config.json" >"$T/c" && mv "$T/c" "$T/ns/$P/config.json"
	v2_start "$P" >/dev/null
	fifos "$P"
	create "$P" $(with_fifos "$P") "stdin_path=$T/fifo/$P/in" terminal=true
	ask "$P" ResizePty "id=$P" width=100 height=33
	ask "$P" Start "id=$P"
	wait_for grep -q '33 100' "$T/fifo/$P/out.got"
	ask "$P" ResizePty "id=$P" width=80 height=24
	echo >"$T/fifo/$P/in"
	wait_for grep -q '24 80' "$T/fifo/$P/out.got"
	refused "invalid argument" ask "$P" ResizePty "id=$P" width=100000 height=1
	[[ $(ask "$P" State "id=$P") == *"terminal: 1"* ]]
}

@test "a pod: one shim for its containers, which goes with the last" {
	local pod='"annotations": {"io.kubernetes.cri.sandbox-id": "'$P'"}'
	bundle "$P" 'sleep 1000' "$pod"
	bundle "$P-b" 'exit 5' "$pod"
	v2_start "$P" >/dev/null
	[ "$(v2_start "$P-b")" = "$(cat "$T/ns/$P/address")" ]
	create "$P"
	create "$P-b"
	ask "$P" Start "id=$P"
	ask "$P-b" Start "id=$P-b"
	run -0 ask "$P" Wait "id=$P-b"
	[[ $output == "exit_status: 5"* ]]
	ask "$P" Delete "id=$P-b"
	ask "$P" Shutdown "id=$P-b"
	sleep 0.2
	has_status "$P" $RUNNING
	ask "$P" Kill "id=$P" signal=9
	ask "$P" Wait "id=$P"
	ask "$P" Shutdown "id=$P"
	has_status "$P" $STOPPED
	ask "$P" Delete "id=$P"
	ask "$P" Shutdown "id=$P"
	wait_for test ! -e "/proc/$SHIM_PID"
}

@test "pause and update reach the control group" {
	began "$P" 'sleep 1000'
	ask "$P" Pause "id=$P"
	has_status "$P" $PAUSED
	refused "failed precondition" exec_add "$P" e true
	ask "$P" Resume "id=$P"
	ask "$P" Update "id=$P" 'resources.value={"pids":{"limit":77}}'
	[[ $(ask "$P" Stats "id=$P") == *"pids.limit: 77"* ]]
	refused "invalid argument" ask "$P" Update "id=$P"
	refused unknown ask "$P" Update "id=$P" 'resources.value={"pids":{"limit":"many"}}'
	wait_for has_topics "*/tasks/paused /tasks/resumed"
}

@test "checkpoint: the container goes on, or ends with it and is restored by another Create" {
	mkdir -p "$T/bin" "$T/image" "$T/work"
	ln -s "$BUILD_DIR/tests/tools/fake_criu" "$T/bin/criu"
	PATH=$T/bin:$PATH
	bundle "$P" 'exec sleep 1000'
	# What the fake can restore: every capability.
	jq --argjson caps "$(creel features | jq .linux.capabilities)" '.process.capabilities = ({bounding: $caps,
		effective: $caps, permitted: $caps})' "$T/ns/$P/config.json" >"$T/c" && mv "$T/c" "$T/ns/$P/config.json"
	v2_start "$P" >/dev/null
	create "$P"
	ask "$P" Start "id=$P"
	ttrpc_client encode containerd.runc.v1.CheckpointOptions open_tcp=true "work_path=$T/work" >"$T/stay"
	ttrpc_client encode containerd.runc.v1.CheckpointOptions exit=true "work_path=$T/work" >"$T/go"
	ask "$P" Checkpoint "id=$P" "path=$T/image" options.type_url=containerd.runc.v1.CheckpointOptions "options.value=@$T/stay"
	grep -q tcp_established "$T/image/dump-request"
	has_status "$P" $RUNNING
	ask "$P" Checkpoint "id=$P" "path=$T/image" options.type_url=containerd.runc.v1.CheckpointOptions "options.value=@$T/go"
	ask "$P" Wait "id=$P"
	ask "$P" Delete "id=$P"
	[ "$(create "$P" "checkpoint=$T/image")" = "pid: 0" ]
	has_status "$P" $CREATED
	run -0 ask "$P" Start "id=$P"
	[[ $output == "pid: "[1-9]* ]]
	has_status "$P" $RUNNING
	wait_for grep -qE "sleep|busybox" "/proc/${output#pid: }/comm"
	ask "$P" Kill "id=$P" signal=9
	ask "$P" Wait "id=$P"
	ask "$P" Delete "id=$P"
	ended() {
		[[ $(topics) == *"/tasks/create /tasks/start /tasks/exit /tasks/delete" ]]
	}
	wait_for ended
	refused "not found" ask "$P" Checkpoint "id=$P"
}

@test "a hundred who wait hold up nobody, and all are answered" {
	local n pids=() socket
	began "$P" 'sleep 1000'
	socket=$(socket_of "$P")
	for n in {1..100}; do
		(exec ttrpc_client call "$socket" Wait "id=$P") >"$T/wait-$n" 3>&- &
		pids+=($!)
	done
	# A connection for each, and the client's of events.
	wait_for eval '[ "$(find "/proc/$SHIM_PID/fd" -lname "socket:*" | wc -l)" -gt 100 ]'
	[ "$(ttrpc_client many "$(socket_of "$P")" 1000 State "id=$P" | tail -n 1)" = "1000 of 1000" ]
	# Some leave.
	kill "${pids[@]:0:50}"
	ask "$P" Kill "id=$P" signal=15 all=true
	ask "$P" Kill "id=$P" signal=9
	for n in {51..100}; do
		wait "${pids[$n - 1]}"
		[ "$(head -n 1 "$T/wait-$n")" = "exit_status: 137" ] || [ "$(head -n 1 "$T/wait-$n")" = "exit_status: 143" ]
	done
}

@test "forty containers of a pod, made at once and ending at once: each one's exit is told once" {
	local n pids=() pod='"annotations": {"io.kubernetes.cri.sandbox-id": "'$P'"}'
	for n in {1..40}; do
		bundle "$P-$n" 'while [ ! -e /go ]; do sleep 0.1; done; exit 3' "$pod"
	done
	v2_start "$P-1" >/dev/null
	for n in {1..40}; do
		[ "$n" -eq 1 ] || cp "$T/ns/$P-1/address" "$T/ns/$P-$n/address"
		create "$P-$n" >/dev/null 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	pids=()
	for n in {1..40}; do
		ask "$P-$n" Start "id=$P-$n" >/dev/null
		ask "$P-$n" Wait "id=$P-$n" >"$T/wait-$n" 3>&- &
		pids+=($!)
	done
	touch "$T/rootfs/go"
	wait "${pids[@]}"
	[ "$(cat "$T"/wait-* | grep -c '^exit_status: 3$')" -eq 40 ]
	for n in {1..40}; do
		ask "$P-$n" Delete "id=$P-$n" >/dev/null
	done
	wait_for eval '[ "$(grep -c "^/tasks/delete" "$T/events")" -eq 40 ]'
	[ "$(grep -c '^/tasks/exit' "$T/events")" -eq 40 ]
	wait_for eval '[ "$(ls "/proc/$SHIM_PID/fd" | wc -l)" -lt 20 ]'
	ask "$P-1" Shutdown "id=$P-1"
	wait_for test ! -e "/proc/$SHIM_PID"
}

@test "frames that are wrong are refused on their stream, and the connection goes on" {
	began "$P" 'sleep 1000'
	local s empty=00000000
	s=$(socket_of "$P")
	run -0 ttrpc_client raw "$s" =2 "${empty}000000020100" "${empty}000000019900" "00400001000000010100"
	[ "${lines[0]}" = "stream 2 type 2: invalid argument: a client's stream has an odd number" ]
	[ "${lines[1]}" = "stream 1 type 2: resource exhausted: the message is longer than the limit of 4 MiB" ]
	[ "${#lines[@]}" -eq 2 ]
	run -0 ttrpc_client raw "$s" =3 "${empty}000000030100" "${empty}000000030100" "${empty}000000050102"
	[[ ${lines[0]} == "stream 3 type 2: unimplemented"* ]]
	[[ ${lines[1]} == "stream 3 type 2: invalid argument"* ]]
	[[ ${lines[2]} == "stream 5 type 2: unimplemented"* ]]
	has_status "$P" $RUNNING
}

# execs FROM TO: as fast as one connection can, each with its own exit status.
execs() {
	# A line is split at blanks.
	local n spec='{"args":["/bin/sh","-c","exit${IFS}STATUS"],"cwd":"/","env":["PATH=/bin"],"user":{"uid":0,"gid":0}}'
	for ((n = $1; n <= $2; n++)); do
		echo "Exec id=$P exec_id=e$n spec.value=${spec/STATUS/$((n % 100))}"
		echo "Start id=$P exec_id=e$n"
		echo "Wait id=$P exec_id=e$n"
		echo "Delete id=$P exec_id=e$n"
	done | ttrpc_client script "$(socket_of "$P")"
}

# Its own alone, in KB: what it shares counts the more the fewer others do.
memory() {
	awk '/^Anonymous:/ { print $2 }' "/proc/$SHIM_PID/smaps_rollup"
}

@test "hundreds of short execs: every status is right, and no descriptor and no memory is lost" {
	local fds before after all=${SHIM_EXECS:-300}
	began "$P" 'sleep 1000'
	execs 1 50 >/dev/null
	status_of "$P" # by then the shim has closed the connection before
	fds=$(ls "/proc/$SHIM_PID/fd" | wc -l)
	before=$(memory)
	execs 51 "$all" >"$T/replies"
	for ((n = 51; n <= all; n++)); do
		printf 'exit_status: %d\nexit_status: %d\n' $((n % 100)) $((n % 100))
	done >"$T/expected"
	grep '^exit_status' "$T/replies" | diff - "$T/expected"
	wait_for eval '[ "$(grep -c "^/tasks/exit" "$T/events")" -eq "$all" ]'
	# Once nothing waits to be told any more.
	wait_for eval '[ "$(ls "/proc/$SHIM_PID/fd" | wc -l)" -le "$fds" ]'
	wait_for eval 'after=$(memory) && [ "$after" -le $((before + 40)) ]' || {
		echo "$before kB, then $after kB"
		return 1
	}
}

@test "SIGTERM ends the shim and leaves the container, SIGUSR1 only tells" {
	began "$P" 'sleep 1000'
	local pid
	pid=$(ask "$P" Connect "id=$P" | sed -n 's/^task_pid: //p')
	kill -USR1 "$SHIM_PID"
	has_status "$P" $RUNNING
	kill -TERM "$SHIM_PID"
	wait_for test ! -e "/proc/$SHIM_PID"
	[ -e "/proc/$pid" ]
	v2_delete "$P" >/dev/null
	wait_for test ! -e "/proc/$pid"
}

@test "a shim that says its last words does not keep its name from the next one" {
	bundle "$P" 'sleep 1000'
	v2_start "$P" >/dev/null
	create "$P" >/dev/null
	ask "$P" Delete "id=$P" >/dev/null
	local first=$SHIM_PID asker
	# Held when it has left its socket, before it answers.
	strace -p "$first" -o "$T/trace" -e trace=unlink,unlinkat -e inject=unlink,unlinkat:signal=STOP 3>&- 2>"$T/strace" &
	wait_for grep -q attached "$T/strace"
	ask "$P" Shutdown "id=$P" 3>&- &
	asker=$!
	wait_for test ! -e "$(socket_of "$P")"
	v2_start "$P" >/dev/null
	[ "$SHIM_PID" -ne "$first" ]
	[ -e "/proc/$first" ]
	[ -e "/proc/$asker" ] # without an answer yet
	create "$P" >/dev/null
	wait_for eval 'kill -CONT "$first"; ! is_shim "$first"'
	wait "$asker"
	has_status "$P" $CREATED
}

@test "a container in the shim's own group takes nobody along when it ends" {
	local group=/sys/fs/cgroup/pids bystander
	[ -d "$group" ] || group=/sys/fs/cgroup
	mkdir "$group/$P-all"
	sleep 1000 3>&- &
	bystander=$!
	# A runtime that may make no groups.
	cat >"$T/runtime" <<-END
		#!/bin/sh
		"$BUILD_DIR/creel" "\$@" || exit
		for word; do [ "\$word" != create ] || cat "$T/ns/$P/init.pid" >$group/$P-all/cgroup.procs; done
	END
	chmod +x "$T/runtime"
	ttrpc_client encode containerd.runc.v1.Options "root=$RUNTIME_ROOT" "binary_name=$T/runtime" >"$T/options"
	NAMESPACES='' bundle "$P" 'sleep 1000 & exit 3'
	v2_start "$P" >/dev/null
	echo "$SHIM_PID" >"$group/$P-all/cgroup.procs"
	echo "$bystander" >"$group/$P-all/cgroup.procs"
	create "$P" >/dev/null
	ask "$P" Start "id=$P" >/dev/null
	run ask "$P" Wait "id=$P"
	local alive=0
	kill -0 "$bystander" || alive=$?
	# Whoever ends meanwhile is not there to be killed.
	xargs -r kill -KILL <"$group/$P-all/cgroup.procs" || true
	wait_for rmdir "$group/$P-all"
	[ "$alive" -eq 0 ]
	[[ $output == *"exit_status: 3"* ]]
}

@test "a limit of descriptors is for the container, not for how many processes the shim can have" {
	local n
	bundle "$P" 'sleep 1000'
	(ulimit -Sn 90 && v2 "$P" start </dev/null >/dev/null)
	note_shim "$P"
	create "$P" >/dev/null
	ask "$P" Start "id=$P" >/dev/null
	for ((n = 1; n <= 20; n++)); do
		fifos "e$n"
		exec_run "$P" "e$n" 'ulimit -n; exec sleep 1000' $(with_fifos "e$n")
	done
	wait_for grep -qx 90 "$T/fifo/e20/out.got"
	ask "$P" Kill "id=$P" signal=9
	ask "$P" Wait "id=$P"
}

# Two shims that nobody speaks with while the other tests run: half a minute is long.
setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0
	export IDLE=$BATS_FILE_TMPDIR/idle
	mkdir "$IDLE"
	BATS_TEST_TMPDIR=$IDLE BATS_TEST_NUMBER=idle v2_setup
	bundle "$P-b" 'true'
	local forgotten started=$SECONDS
	v2_start "$P-b" >/dev/null
	forgotten=$SHIM_PID
	socket_of "$P-b" >"$IDLE/socket"
	(
		while [ -e "/proc/$forgotten" ]; do sleep 0.2; done
		echo $((SECONDS - started)) >"$IDLE/lived"
	) 3>&- &
	began "$P" 'sleep 1000'
	declare -p T P SHIM RUNTIME_ROOT SHIMS EVENTS_PID >"$IDLE/variables"
}

teardown_file() {
	[ -e "${IDLE:-}/variables" ] || return 0
	. "$IDLE/variables"
	v2_teardown
}

@test "a shim without a task that nobody speaks with for half a minute ends, one with a task stays" {
	. "$IDLE/variables"
	local n
	for n in {1..5}; do
		[ -s "$IDLE/lived" ] || wait_for test -s "$IDLE/lived" || true
	done
	echo "it lived for $(cat "$IDLE/lived") s"
	[ "$(cat "$IDLE/lived")" -ge 29 ]
	[ ! -e "$(cat "$IDLE/socket")" ]
	has_status "$P" $RUNNING
}
