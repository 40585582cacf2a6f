#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What ties a container to its host, with the real criu: users, sockets, locks, groups, interfaces, terminals,
# hooks.  Without its option criu refuses a tie, and its reason is told.

load criu

# A program of the guest's, with its libraries.
add_program() {
	local file
	for file in $(command -v "$1") $(ldd "$(command -v "$1")" | grep -o '/[^ ]*'); do
		mkdir -p "$ROOTFS${file%/*}"
		cp -L "$file" "$ROOTFS$file"
	done
}

@test "a user namespace" {
	counting_bundle
	edit '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings | .process.user = {uid: 1000, gid: 1000}'
	start_container
	wait_for counter_is_beyond 5
	c checkpoint --pre-dump --image-path "$BATS_TEST_TMPDIR/pre" "$NAME"
	checkpoint --parent-path ../pre
	nothing_left
	before=$(count)
	# Closed to whom the container's root is here.
	[ "$(stat -c %a "$IMAGE" "$BATS_TEST_TMPDIR/pre")" = $'700\n700' ]
	restore
	wait_for counter_is_beyond "$before"
	[ "$(awk '$1 == "Uid:" { print $2 }' "/proc/$(pid_of "$NAME")/status")" -eq 101000 ]
	[ "$(c exec "$NAME" id -u)" -eq 1000 ]
	c exec "$NAME" sh -c 'echo >/dev/null && head -c 1 /dev/zero'
}

@test "locked files: --file-locks" {
	add_program flock
	criu_bundle flock "/tmp/$NAME" sleep 1000
	start_container
	wait_for test -e "$COUNTER"
	refuses_checkpoint "--file-locks"
	checkpoint --file-locks
	restore --file-locks
	run c exec "$NAME" flock -n "/tmp/$NAME" true
	[ "$status" -eq 1 ]
}

@test "a socket that is connected to one outside: --ext-unix-sk" {
	criu_bundle sh -c 'while :; do echo again; sleep 0.1; done'
	edit 'del(.linux.namespaces[] | select(.type == "network"))'
	mkdir "$BATS_TEST_TMPDIR/outside"
	edit '.mounts += [{destination: $d, source: $d, options: ["bind"]}]' --arg d "$BATS_TEST_TMPDIR/outside"
	python3 -c 'if True:
		import socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(sys.argv[1])
		while True:
			sys.stdout.write(s.recv(100).decode()); sys.stdout.flush()
		' "$BATS_TEST_TMPDIR/outside/socket" >"$OUT.heard" 3>&- &
	listener=$!
	wait_for test -S "$BATS_TEST_TMPDIR/outside/socket"
	python3 -c 'if True:
		import os, socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.connect(sys.argv[1])
		os.dup2(s.fileno(), 1)
		os.execvp(sys.argv[2], sys.argv[2:])
		' "$BATS_TEST_TMPDIR/outside/socket" creel --root "$CREEL_ROOT" run --detach --bundle "$BUNDLE" "$NAME" \
		</dev/null 2>&1 3>&-
	wait_for grep -q again "$OUT.heard"
	refuses_checkpoint "ext-unix-sk"
	checkpoint --ext-unix-sk
	before=$(wc -l <"$OUT.heard")
	restore --ext-unix-sk
	heard_more() { [ "$(wc -l <"$OUT.heard")" -gt "$before" ]; }
	wait_for heard_more
	kill "$listener"
}

# in_terminal VERB OPTION...: creel with a terminal of its own, which is fed through $IN.
in_terminal() {
	script -qfc "creel --root $CREEL_ROOT $* --bundle $BUNDLE $NAME" /dev/null <>"$IN" 2>&1 3>&-
}

@test "a terminal of the caller: it becomes that of the restore's caller" {
	criu_bundle sh -c 'test -t 0 && while read -r x; do echo "got $x"; done'
	IN=$BATS_TEST_TMPDIR/in
	mkfifo "$IN"
	in_terminal run >"$OUT" &
	wait_for has_status "$NAME" running
	exec 8<>"$IN"
	echo one >&8
	wait_for grep -q 'got one' "$OUT"
	checkpoint 8>&-
	in_terminal restore --image-path "$IMAGE" >"$OUT.2" 8>&- &
	wait_for has_status "$NAME" running || {
		cat "$OUT.2"
		false
	}
	echo two >&8
	wait_for grep -q 'got two' "$OUT.2"
	# The same with the option that other runtimes want for it.
	checkpoint --shell-job 8>&-
	in_terminal restore --image-path "$IMAGE" --shell-job >"$OUT.3" 8>&- &
	wait_for has_status "$NAME" running || {
		cat "$OUT.3"
		false
	}
	echo three >&8
	wait_for grep -q 'got three' "$OUT.3"
	exec 8>&-
}

@test "each way to treat control groups" {
	counting_bundle
	start_container
	wait_for counter_is_beyond 5
	checkpoint
	for mode in soft none props full; do
		echo "$mode"
		restore --manage-cgroups-mode "$mode"
		grep -q "/creel-e2e/$NAME$" "/proc/$(pid_of "$NAME")/cgroup"
		c delete --force "$NAME"
		nothing_left
	done
	# The group is there before criu: it has the limits of config.json.
	run c restore --detach --image-path "$IMAGE" --bundle "$BUNDLE" --manage-cgroups-mode strict "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"criu restore failed: cg: Abort restore of existing cgroups"* ]]
	run c restore --detach --image-path "$IMAGE" --bundle "$BUNDLE" --manage-cgroups-mode ignore "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"criu makes no cgroup namespace with --manage-cgroups-mode ignore"* ]]
	nothing_left
	edit 'del(.linux.namespaces[] | select(.type == "cgroup")) | .mounts |= map(select(.type != "cgroup"))'
	start_container
	checkpoint --manage-cgroups-mode ignore
	nothing_left
	restore --manage-cgroups-mode ignore
	grep -q "/creel-e2e/$NAME$" "/proc/$(pid_of "$NAME")/cgroup"
}

@test "a group with limits has those of config.json afterwards" {
	counting_bundle
	edit '.linux.resources.memory.limit = 67108864 | .linux.resources.pids.limit = 50'
	start_container
	wait_for counter_is_beyond 2
	checkpoint
	edit '.linux.resources.memory.limit = 33554432'
	restore
	[ "$(cat "/sys/fs/cgroup/creel-e2e/$NAME/memory.max")" -eq 33554432 ]
	[ "$(cat "/sys/fs/cgroup/creel-e2e/$NAME/pids.max")" -eq 50 ]
	grep -q "/creel-e2e/$NAME$" "/proc/$(pid_of "$NAME")/cgroup"
}

@test "interfaces stay outside: --empty-ns network" {
	counting_bundle
	start_container
	nsenter -t "$(pid_of "$NAME")" -n ip link add dummy7 type dummy
	checkpoint --empty-ns network
	restore --empty-ns network
	run nsenter -t "$(pid_of "$NAME")" -n ip -o link
	echo "$output"
	[[ $output == *"lo: "*",UP,"* ]]
	[[ $output != *dummy7* ]]
}

@test "open connections: --tcp-close ends them" {
	requires program iptables-restore
	criu_bundle sh -c 'sleep 1000 | nc -l -p 7777 & until netstat -ltn | grep -q :7777; do sleep 0.1; done; sleep 1000 | (nc 127.0.0.1 7777; echo ended >/tmp/'"$NAME"')'
	start_container
	connected() { c exec "$NAME" netstat -tn | grep -q ESTABLISHED; }
	wait_for connected
	refuses_checkpoint "--tcp-established"
	checkpoint --tcp-established
	restore --tcp-close
	wait_for grep -qx ended "$COUNTER"
}

@test "hooks run at a restore as at a creation" {
	counting_bundle
	edit '.hooks = ({} | .[("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")] =
		[{path: "/bin/sh", args: ["sh", "-c", "cat >>/tmp/\($log)"]}])
		| .hooks.createContainer[0].args[2] = "true" | .hooks.startContainer[0].args[2] = "true"' --arg log "$NAME.hooks"
	start_container
	wait_for counter_is_beyond 2
	checkpoint
	rm "/tmp/$NAME.hooks"
	restore --pid-file "$BATS_TEST_TMPDIR/pid"
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	cat "/tmp/$NAME.hooks"
	[ "$(jq -c '[.status, .pid]' <"/tmp/$NAME.hooks")" = "$(printf '["%s",%d]\n' \
		creating "$pid" creating "$pid" running "$pid")" ]
	c delete --force "$NAME"
	[ "$(jq -r .status <"/tmp/$NAME.hooks" | tail -n 1)" = stopped ]
	rm "/tmp/$NAME.hooks"
}

@test "another bundle, root file system and name" {
	counting_bundle
	start_container
	wait_for counter_is_beyond 5
	checkpoint
	before=$(count)
	cp -a "$ROOTFS" "$BATS_TEST_TMPDIR/rootfs-2"
	cp -a "$BUNDLE" "$BATS_TEST_TMPDIR/bundle-2"
	BUNDLE=$BATS_TEST_TMPDIR/bundle-2
	sed -i "s,$ROOTFS,$BATS_TEST_TMPDIR/rootfs-2," "$BUNDLE/config.json"
	restore_as "$NAME-other"
	COUNTER=$BATS_TEST_TMPDIR/rootfs-2/tmp/$NAME
	wait_for counter_is_beyond "$before"
	[ "$(tail -n 1 "$ROOTFS/tmp/$NAME")" = "$before" ]
	rm "$ROOTFS/tmp/$NAME"
}
