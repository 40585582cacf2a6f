#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The shim's program as each version of containerd calls it: start, delete, -info.

bats_require_minimum_version 1.5.0
load v2

setup() { v2_setup; }

teardown() { v2_teardown; }

is_gone() {
	[ ! -e "/proc/$1" ]
}

# Has it been executed, and waits for something?
is_at_rest() { # PID PROGRAM
	[ "/proc/$1/exe" -ef "$2" ] && grep -q '^State:.S' "/proc/$1/status"
}

servers() { # of this test
	pgrep -f "containerd-shim-creel-v2 .*-address $T/c.sock" | wc -l
}

@test "-v and -info answer without a task" {
	run "$SHIM" -v
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = containerd-shim-creel-v2: ]
	[[ ${lines[1]} == "  Version:  "* ]]
	"$SHIM" -info </dev/null >"$T/info"
	run ttrpc_client decode runtime_info <"$T/info"
	echo "$output"
	[[ $output == *"name: io.containerd.creel.v2"* ]]
	[[ $output == *"features.type_url: types.containerd.io/opencontainers/runtime-spec/1/features/Features"* ]]
	grep -q ociVersionMax "$T/info"
}

@test "-info tells of the runtime that the options name" {
	printf '#!/bin/sh\necho "{\\"ociVersionMax\\": \\"9.9.9\\"}"; echo noise >&2\n' >"$T/rt"
	chmod +x "$T/rt"
	ttrpc_client encode containerd.runc.v1.Options "binary_name=$T/rt" >"$T/o"
	ttrpc_client encode any type_url=containerd.runc.v1.Options "value=@$T/o" | "$SHIM" -info >"$T/info"
	grep -q 9.9.9 "$T/info"
	run ! grep -q noise "$T/info"
	# One without features is none the worse for it.
	printf '#!/bin/sh\nexit 1\n' >"$T/rt"
	ttrpc_client encode any type_url=containerd.runc.v1.Options "value=@$T/o" | "$SHIM" -info >"$T/info"
	grep -q io.containerd.creel.v2 "$T/info"
}

@test "start prints an address and nothing else, and leaves no output open" {
	bundle "$P" 'exit 0'
	run v2 "$P" start </dev/null
	[ "$status" -eq 0 ]
	[[ $output =~ ^unix:///run/containerd/s/[0-9a-f]{64}$ ]]
	[ "$(cat "$T/ns/$P/address")" = "$output" ]
	note_shim "$P"
	[ "$(readlink "/proc/$SHIM_PID/fd/1")" = /dev/null ]
	[ "$(stat -c %a "${output#unix://}")" = 600 ]
	# A group and a session of its own; one thread.
	[ "$(ps -o pgid= -p "$SHIM_PID" | tr -d ' ')" = "$SHIM_PID" ]
	[ "$(ls "/proc/$SHIM_PID/task" | wc -l)" -eq 1 ]
	[ "$(cat "/proc/$SHIM_PID/comm")" = containerd-shim ]
	ask "$P" Shutdown "id=$P"
	wait_for is_gone "$SHIM_PID"
	[ ! -e "${output#unix://}" ]
}

@test "start answers each containerd in its words" {
	bundle "$P" 'exit 0'
	export GRPC_ADDRESS=$T/c.sock
	[[ $(v2 "$P" start </dev/null) == unix://* ]]
	note_shim "$P"
	[ "$(CREEL_SHIM_PROTOCOL=3 v2 "$P" start </dev/null | jq -c '[.version, .protocol, (.address | startswith("unix:///"))]')" = '[3,"ttrpc",true]' ]
	# containerd 2.3: parameters, another directory for sockets, events by its own word.
	bundle "$P-b" 'exit 0'
	ttrpc_client encode bootstrap_params "instance_id=$P-b" namespace_name=ns containerd_version=2.3.4 \
		"ttrpc_address=$T/c.ttrpc" "grpc_address=$T/c.sock" "socket_dir=$T/s" \
		extensions.0.value.type_url=containerd.runc.v1.Options "extensions.0.value.value=@$T/options" >"$T/params"
	run env -u TTRPC_ADDRESS sh -c 'cd "$1" && exec "$2" start <"$3"' - "$T/ns/$P-b" "$SHIM" "$T/params"
	echo "$output"
	[ "$(jq -r .version <<<"$output")" = 3 ]
	[[ $(jq -r .address <<<"$output") == "unix://$T/s/"* ]]
	note_shim "$P-b"
	[ "$(tr '\0' '\n' <"/proc/$SHIM_PID/environ" | sed -n 's/^TTRPC_ADDRESS=//p')" = "$T/c.ttrpc" ]
	ask "$P-b" v3:Connect "id=$P-b" | grep -q shim_pid
}

@test "a pod has one shim, whose socket is replaced when nobody serves it" {
	local pod='"annotations": {"io.kubernetes.cri.sandbox-id": "pod"}' first
	bundle "$P-a" 'exit 0' "$pod"
	bundle "$P-b" 'exit 0' "$pod"
	v2_start "$P-a" >/dev/null
	first=$SHIM_PID
	[ "$(v2_start "$P-b")" = "$(cat "$T/ns/$P-a/address")" ]
	note_shim "$P-b"
	[ "$SHIM_PID" = "$first" ]
	[ "$(servers)" -eq 1 ]
	kill -KILL "$first"
	wait_for is_gone "$first"
	[ -S "$(socket_of "$P-a")" ]
	v2_start "$P-b" >/dev/null
	[ "$SHIM_PID" != "$first" ]
	ask "$P-b" Shutdown "id=$P-b"
}

@test "many starts of one pod at once come to one shim" {
	local i
	for i in {1..20}; do
		bundle "$P-$i" 'exit 0' '"annotations": {"io.containerd.runc.v2.group": "many"}'
	done
	for i in {1..20}; do
		v2 "$P-$i" start </dev/null >"$T/answer.$i" 2>&1 3>&- &
		STARTS+=($!)
	done
	for i in "${STARTS[@]}"; do wait "$i"; done
	[ "$(cat "$T"/answer.* | sed 's/unix:/\n&/g' | grep . | sort -u | wc -l)" -eq 1 ]
	[ "$(servers)" -eq 1 ]
	note_shim "$P-1"
	ask "$P-1" Shutdown "id=$P-1"
	wait_for is_gone "$SHIM_PID"
}

@test "what start cannot do it says, and leaves no socket" {
	bundle "$P" 'exit 0'
	rm "$T/ns/$P/config.json"
	run v2 "$P" start </dev/null
	[ "$status" -eq 1 ]
	[ "$output" = "open 'config.json': No such file or directory" ]
	bundle "$P" 'exit 0'
	ttrpc_client encode containerd.runc.v1.Options shim_cgroup=/no/such/group >"$T/o"
	ttrpc_client encode any type_url=containerd.runc.v1.Options "value=@$T/o" >"$T/any"
	run v2 "$P" start <"$T/any"
	[ "$status" -eq 1 ]
	[ "$output" = "ShimCgroup '/no/such/group': no hierarchy has it: make the group first" ]
	[ "$(servers)" -eq 0 ]
	[ ! -S "$(socket_of "$P")" ]
	ttrpc_client encode runtimeoptions.v1.Options "config_body=@"<(echo 'SystemdCgruop = true') >"$T/o"
	ttrpc_client encode any type_url=runtimeoptions.v1.Options "value=@$T/o" >"$T/any"
	run v2 "$P" start <"$T/any"
	[ "$status" -eq 1 ]
	[[ $output == *"unknown option 'SystemdCgruop', did you mean 'SystemdCgroup'?" ]]
}

@test "a start whose caller died leaves no server that nobody knows" {
	bundle "$P" 'exit 0'
	mkfifo "$T/stdin"
	exec 7<>"$T/stdin"
	# Its caller ends while it reads what it is told.
	(cd "$T/ns/$P" && exec sh -c '"$1" -namespace ns -address "$2/c.sock" -id "$3" start <"$2/stdin" >"$2/answer" 2>&1 3>&- 7>&- &
		echo $! >"$2/start.pid"; while [ -e "$2/ns" ] && [ ! -e "$2/go" ]; do sleep 0.05; done' - "$SHIM" "$T" "$P") 3>&- &
	wait_for test -s "$T/start.pid"
	wait_for is_at_rest "$(cat "$T/start.pid")" "$SHIM"
	touch "$T/go"
	wait $!
	exec 7>&-
	wait_for grep -q "who called 'start' is gone" "$T/answer"
	# The caller's own end is not waited for by anybody.
	wait_for eval '[ "$(servers)" -eq 0 ]'
	[ ! -S "$(socket_of "$P")" ]
}

@test "the shim is put into the group it is told, and is likelier to be killed than who called it" {
	local dir group=/creel-$P
	bundle "$P" 'exit 0'
	for dir in /sys/fs/cgroup /sys/fs/cgroup/pids /sys/fs/cgroup/memory; do
		[ ! -e "$dir/cgroup.procs" ] || mkdir "$dir$group"
	done
	ttrpc_client encode containerd.runc.v1.Options "shim_cgroup=$group" >"$T/o"
	ttrpc_client encode any type_url=containerd.runc.v1.Options "value=@$T/o" >"$T/any"
	v2 "$P" start <"$T/any" >/dev/null
	note_shim "$P"
	run cat "/proc/$SHIM_PID/cgroup"
	echo "$output"
	[ "$(grep -c ":$group$" "/proc/$SHIM_PID/cgroup")" -ge 1 ]
	[ "$(cat "/proc/$SHIM_PID/oom_score_adj")" -eq $(($(cat /proc/self/oom_score_adj) + 1)) ]
	kill -KILL "$SHIM_PID"
	wait_for is_gone "$SHIM_PID"
	for dir in /sys/fs/cgroup /sys/fs/cgroup/pids /sys/fs/cgroup/memory; do
		[ ! -d "$dir$group" ] || wait_for rmdir "$dir$group"
	done
}

@test "delete: a container without its shim goes, with mounts, and 137 is answered" {
	mkdir -p "$T/lower" "$T/upper" "$T/work"
	make_rootfs "$T/lower"
	ROOT_PATH=rootfs bundle "$P" 'sleep 1000'
	v2_start "$P" >/dev/null
	create "$P" rootfs.0.type=overlay rootfs.0.source=overlay rootfs.0.options.0=index=off \
		"rootfs.0.options.1=workdir=$T/work" "rootfs.0.options.2=upperdir=$T/upper" \
		"rootfs.0.options.3=lowerdir=$T/lower:$T/rootfs"
	ask "$P" Start "id=$P"
	local pid
	pid=$(cat "$T/ns/$P/init.pid")
	wait_for eval '[[ $(cat "/proc/$pid/comm") == s[lh]* ]]'
	grep -q "$T/ns/$P/rootfs" /proc/self/mounts
	kill -KILL "$SHIM_PID"
	wait_for is_gone "$SHIM_PID"
	v2_delete "$P" >"$T/answer"
	run ttrpc_client decode delete_reply <"$T/answer"
	echo "$output"
	[[ $output == *"pid: $pid"* && $output == *"exit_status: 137"* && $output == *"exited_at.seconds: 1"* ]]
	wait_for is_gone "$pid"
	run ! grep -q "$T/ns/$P/rootfs" /proc/self/mounts
	[ -z "$(ls "$RUNTIME_ROOT/ns")" ]
	[ ! -e "$(socket_of "$P")" ]
	# Once more, for containerd may ask again.
	run v2_delete "$P"
	[ "$status" -eq 0 ]
}

@test "delete gives up in time when the runtime hangs" {
	bundle "$P" 'exit 0'
	printf '#!/bin/sh\nexec sleep 1000\n' >"$T/rt"
	chmod +x "$T/rt"
	printf %s "$T/rt" >"$T/ns/$P/runtime"
	run v2_delete "$P"
	echo "$output"
	[ "$status" -eq 1 ]
	# The second is what it says where it comes to it late.
	[[ $output == "delete '$P' by '$T/rt': "* ]] || [ "$output" = "delete: still not done after 4 seconds, given up" ]
}
