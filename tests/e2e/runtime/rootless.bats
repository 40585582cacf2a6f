#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A caller who is not root: ids by a user namespace, control groups as far as they may be changed.

load ../helpers
load ../rootless

setup() {
	setup_user
}

teardown() {
	teardown_user
}

# run_it [CREEL-OPTION...]: run the bundle as the user, for its output.
run_it() {
	run user creel "$@" run --bundle "$BUNDLE" "$NAME"
	echo "$output"
}

@test "the user is root inside, and nothing is left" {
	program sh -c 'id -u; awk "{ print \$1, \$2, \$3 }" /proc/self/uid_map; cat /proc/self/setgroups; exit 5'
	run_it
	[ "$status" -eq 5 ]
	[ "${lines[0]}" = 0 ]
	[ "${lines[1]}" = "0 $ROOTLESS_ID 1" ]
	[ "${lines[2]}" = deny ]
	[ -z "$(ls -A "$HOME_DIR/run/creel")" ]
}

@test "spec --rootless makes a bundle that runs as it is" {
	mkdir "$HOME_DIR/asis"
	chown "$ROOTLESS_ID:$ROOTLESS_ID" "$HOME_DIR/asis"
	ln -s ../bundle/rootfs "$HOME_DIR/asis/rootfs"
	user creel spec --rootless --bundle "$HOME_DIR/asis"
	run user script -qec "creel run --bundle $HOME_DIR/asis $NAME" /dev/null <<<'id -u; exit'
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *$'\n0'* ]]
}

@test "a whole life: create, start, exec, ps, list, kill, delete" {
	program sh -c 'sleep 1001 & exec sleep 1000'
	user creel create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	user creel start "$NAME"
	[ "$(user creel state "$NAME" | jq -r .status)" = running ]
	[ "$(user creel exec "$NAME" id -u)" = 0 ]
	run user creel exec "$NAME" sh -c 'exit 6'
	[ "$status" -eq 6 ]
	two() { [ "$(user creel ps --format json "$NAME" | jq length)" = 2 ]; }
	wait_for two
	user creel ps "$NAME" | grep -q 'sleep 1001'
	user creel list | grep -q "^$NAME .*running"
	user creel kill "$NAME" KILL
	stopped() { [ "$(user creel state "$NAME" | jq -r .status)" = stopped ]; }
	wait_for stopped
	user creel delete "$NAME"
	[ -z "$(ls -A "$HOME_DIR/run/creel")" ]
}

@test "subordinate ids of /etc/subuid are mapped by newuidmap, with groups" {
	map_many
	edit '.process.user = {uid: 1000, gid: 1000, additionalGids: [5, 6]}'
	program sh -c 'id -u; id -g; id -G; touch /tmp/mine'
	run_it
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = 1000 ]
	[ "${lines[1]}" = 1000 ]
	[ "${lines[2]}" = "1000 5 6" ]
	[ "$(stat -c %u:%g "$BUNDLE/rootfs/tmp/mine")" = "$((ROOTLESS_SUB + 999)):$((ROOTLESS_SUB + 999))" ]
}

@test "a single mapping needs no helper; more say which package has it" {
	program id -u
	USER_PATH=$HOME_DIR/bin run_it
	[ "$status" -eq 0 ]
	[ "$output" = 0 ]
	map_many
	USER_PATH=$HOME_DIR/bin run_it
	[ "$status" -eq 1 ]
	[[ $output == *newgidmap*"not in PATH"*uidmap* ]]
}

@test "ids that are not the user's are refused, and the error says where they would be given" {
	edit '.linux.uidMappings += [{containerID: 1, hostID: 1000, size: 10}]'
	run_it
	[ "$status" -eq 1 ]
	[[ $output == *"not allowed"*/etc/subuid* ]]
	map_many
	run user setpriv --no-new-privs creel run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *no_new_privs* ]]
}

@test "groups and users without a mapping are errors with their names" {
	edit '.process.user.additionalGids = [5]'
	run_it
	[ "$status" -eq 1 ]
	[[ $output == *process.user.additionalGids* ]]
	edit '.process.user = {uid: 0, gid: 1000}'
	run_it
	[ "$status" -eq 1 ]
	[[ $output == *"process.user.gid: become 1000"*linux.gidMappings* ]]
}

@test "without a user namespace the error says what is missing" {
	edit '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
	run_it
	[ "$status" -eq 1 ]
	[[ $output == *"needs a user namespace"*"spec --rootless"* ]]
}

@test "a host that allows no user namespaces is named with the switch to turn" {
	# shellcheck disable=SC2016 # for the inner shell
	run user unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_user_namespaces; exec creel "$@"' sh \
		run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"sysctl user.max_user_namespaces="* ]]
}

@test "no rights to control groups: all goes well until a limit is asked for" {
	program sh -c 'grep -c . /proc/self/cgroup >/dev/null; echo ran'
	edit '.linux.cgroupsPath = "/creel-e2e/rootless" | .linux.resources.devices = [{allow: false, access: "rwm"}]'
	run_it
	[ "$status" -eq 0 ]
	[ "$output" = ran ]
	edit '.linux.resources.pids.limit = 100'
	run_it
	[ "$status" -eq 1 ]
	[[ $output == *"linux.resources.pids.limit"*"not available to this user"* ]]
	[ -z "$(ls -A "$HOME_DIR/run/creel")" ]
	program sleep 1000
	edit 'del(.linux.resources)'
	user creel run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	run user creel pause "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"no control group"* ]]
}

# in_v2 COMMAND...: where nothing but the v2 tree is mounted.
in_v2() {
	unshare --mount bash -c 'umount -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' bash "$@"
}

@test "pure v2 without rights: no group, and the caller's to read" {
	requires cgroup2
	program sh -c 'grep " /sys/fs/cgroup cgroup2 " /proc/mounts; test -f /sys/fs/cgroup/cgroup.procs && echo seen'
	export -f user
	export HOME_DIR ROOTLESS_ID ROOTLESS_NAME BUNDLE NAME
	# shellcheck disable=SC2016 # for the inner shell
	run in_v2 bash -c 'user creel run --bundle "$BUNDLE" "$NAME"'
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[-2]} == *" ro,"* ]]
	[ "${lines[-1]}" = seen ]
	edit '.linux.resources.memory.limit = 100000000'
	# shellcheck disable=SC2016
	run in_v2 bash -c 'user creel run --bundle "$BUNDLE" "$NAME"'
	[ "$status" -eq 1 ]
	[[ $output == *linux.resources.memory.limit* ]]
}

# In the tree that root gave away the user stands in a leaf, or in the only group he was given.
delegated() {
	local place=$1 owner_of_parent=$2
	shift 2
	export -f user
	export HOME_DIR ROOTLESS_ID ROOTLESS_NAME BUNDLE NAME
	# shellcheck disable=SC2016 # for the inner shell
	in_v2 bash -ec 'top=/sys/fs/cgroup/creel-e2e-deleg-$NAME; place=$1 owner=$2; shift 2
		mkdir -p "$top/leaf"
		trap "echo 0 >/sys/fs/cgroup/cgroup.procs; rmdir $top/leaf $top" EXIT
		chown -R "$ROOTLESS_ID" "$top"
		chown "$owner" "$top"
		echo 0 >"$top/$place/cgroup.procs"
		"$@"' bash "$place" "$owner_of_parent" "$@"
}

life_with_pause() {
	user creel run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 </dev/null
	find "/sys/fs/cgroup/creel-e2e-deleg-$NAME" -type d -name "$NAME" | sed 's/.*deleg-[^/]*//'
	user creel pause "$NAME"
	user creel state "$NAME" | jq -r .status
	user creel resume "$NAME"
	user creel exec "$NAME" sh -c 'echo entered'
	user creel ps --format json "$NAME" | jq length
	user creel delete --force "$NAME"
	find "/sys/fs/cgroup/creel-e2e-deleg-$NAME" -type d -name "$NAME"
}

@test "a delegated group: the container's own is beside the caller's, and can be paused" {
	requires cgroup2
	program sleep 1000
	export -f life_with_pause
	run delegated leaf "$ROOTLESS_ID" life_with_pause
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = $'/'"$NAME"$'\npaused\nentered\n1' ]
}

@test "nothing but the caller's own group is delegated: the container's is below it" {
	requires cgroup2
	program sleep 1000
	export -f life_with_pause
	run delegated leaf 0 life_with_pause
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = $'/leaf/'"$NAME"$'\npaused\nentered\n1' ]
}

@test "namespaces of another container are joined, with the same mappings or none" {
	local pid
	program sleep 1000
	map_many
	user creel create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	pid=$(user creel state "$NAME" | jq .pid)
	program readlink /proc/self/ns/user
	edit '.linux.namespaces |= map(if .type == "user" or .type == "ipc" then .path = "/proc/\($pid)/ns/\(.type)" else . end)' \
		--argjson pid "$pid"
	run user creel run --bundle "$BUNDLE" "$NAME-too"
	[ "$status" -eq 1 ]
	[[ $output == *"not started"* ]]
	user creel start "$NAME"
	run user creel run --bundle "$BUNDLE" "$NAME-too"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = "$(readlink "/proc/$pid/ns/user")" ]
	edit '.linux.uidMappings[1].size = 5'
	run user creel run --bundle "$BUNDLE" "$NAME-too"
	[ "$status" -eq 1 ]
	[[ $output == *"linux.uidMappings"*"other mappings"* ]]
	edit 'del(.linux.uidMappings, .linux.gidMappings)'
	user creel run --bundle "$BUNDLE" "$NAME-too"
}

@test "a network of its own has a loopback and a sysfs of its own" {
	edit '.linux.namespaces += [{type: "network"}] |
		.mounts |= map(if .destination == "/sys" then {destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "ro"]} else . end)'
	program sh -c 'ls /sys/class/net; cat /sys/class/net/lo/flags'
	run_it
	[ "$status" -eq 0 ]
	[ "$output" = $'lo\n0x9' ]
}

@test "the host's network: its sysfs is shown, and nothing in it can be written" {
	edit '.mounts |= map(if .destination == "/sys" then {destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid"]} else . end) |
		.mounts |= map(select(.destination != "/sys/fs/cgroup"))'
	program sh -c 'awk "\$2 ~ /^\/sys/ && \$4 ~ /^rw/" /proc/mounts; ls /sys/class/net | grep lo'
	run_it
	[ "$status" -eq 0 ]
	[ "$output" = lo ]
}

@test "a group for terminals that has no mapping is left out" {
	edit '.mounts |= map(if .destination == "/dev/pts" then .options += ["gid=5"] else . end)'
	program sh -c 'grep -c "gid=" /proc/mounts >/dev/null; grep " /dev/pts " /proc/mounts'
	run_it
	[ "$status" -eq 0 ]
	[[ $output == devpts* && $output != *gid=* ]]
	map_many
	run_it
	[[ $output == *gid=$((ROOTLESS_SUB + 4))* ]]
	edit '.mounts |= map(if .destination == "/dev/pts" then .options += ["gid=tty"] else . end)'
	run_it
	[ "$status" -eq 1 ]
}

@test "a terminal belongs to the user who runs in it" {
	map_many
	edit '.process.terminal = true | .process.user = {uid: 1000, gid: 1000}'
	program sh -c 'stat -c %u /dev/pts/0; echo to-tty >/dev/tty; echo to-stdout >/dev/stdout'
	run user script -qec "creel run --bundle $BUNDLE $NAME" /dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *1000*to-tty*to-stdout* ]]
}

@test "sysctls of the user namespace can be set" {
	edit '.linux.sysctl = {"user.max_user_namespaces": "3", "kernel.shmmax": "1000"} | .linux.readonlyPaths = []'
	program cat /proc/sys/user/max_user_namespaces /proc/sys/kernel/shmmax
	run_it
	[ "$status" -eq 0 ]
	[ "$output" = $'3\n1000' ]
}

@test "devices are the host's, bound; a fifo is made" {
	edit '.linux.devices = [{path: "/dev/full2", type: "c", major: 1, minor: 7}]'
	run_it
	[ "$status" -eq 1 ]
	[[ $output == *"/dev/full2"* ]]
	edit '.linux.devices = [{path: "/dev/fifo", type: "p"}]'
	program sh -c 'test -p /dev/fifo && echo x >/dev/null && head -c1 /dev/zero | od -An -tx1'
	run_it
	[ "$status" -eq 0 ]
	[ "${output// /}" = 00 ]
}

@test "flags that the host locked stay, whatever is asked for" {
	# shellcheck disable=SC2016 # for the inner shell
	edit '.mounts += [{destination: "/mnt", type: "bind", source: "/dev/shm/locked", options: ["bind", "rw", "exec", "suid", "relatime"]}]'
	program grep ' /mnt ' /proc/mounts
	export -f user
	export HOME_DIR ROOTLESS_ID ROOTLESS_NAME BUNDLE NAME
	# shellcheck disable=SC2016
	run unshare --mount bash -c 'mount -t tmpfs none /dev/shm && mkdir /dev/shm/locked &&
		mount -t tmpfs -o ro,nosuid,noexec,noatime none /dev/shm/locked && user creel run --bundle "$BUNDLE" "$NAME"'
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *" ro,nosuid,noexec,noatime "* ]]
}

@test "what takes the host's rights is an error that says so" {
	edit '.mounts += [{destination: "/mnt", type: "bind", source: $b, options: ["bind", "idmap"]}]' --arg b "$BUNDLE"
	run_it
	[ "$status" -eq 1 ]
	[[ $output == *"map ids"*CAP_SYS_ADMIN* ]]
	edit '.mounts |= .[:-1] | .process.oomScoreAdj = -900'
	run_it
	[ "$status" -eq 1 ]
	[[ $output == *process.oomScoreAdj*CAP_SYS_RESOURCE* ]]
	edit 'del(.process.oomScoreAdj) | .linux.namespaces += [{type: "network"}] | .linux.netDevices = {eth0: {}}'
	run_it
	[ "$status" -eq 1 ]
	[[ $output == *netDevices*CAP_NET_ADMIN* ]]
}

@test "where the state is kept: XDG_RUNTIME_DIR, sticky; also for root in a user namespace" {
	program true
	run_it
	[ "$(stat -c %a:%u "$HOME_DIR/run/creel")" = "1700:$ROOTLESS_ID" ]
	edit '.linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0'
	rmdir "$HOME_DIR/run/creel"
	user unshare -Ur creel run --bundle "$BUNDLE" "$NAME"
	[ -d "$HOME_DIR/run/creel" ]
	run user unshare -Ur env USER=root creel run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == */run/creel* ]]
	run user env -u XDG_RUNTIME_DIR creel list
	[ "$status" -eq 0 ]
}

@test "--rootless false wants all rights, --rootless true does without" {
	program echo ran
	run_it --rootless false
	[ "$status" -eq 1 ]
	[[ $output == *cgroup* ]]
	run_it --rootless true
	[ "$output" = ran ]
	# Root, told to go without.
	edit '.linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0 | .linux.cgroupsPath = "/creel-e2e/\($name)"' \
		--arg name "$NAME"
	run c --rootless true run --bundle "$BUNDLE" "$NAME"
	[ "$output" = ran ]
	rmdir "$CREEL_ROOT"
}

@test "rights decide, not the user's number" {
	program sh -c 'cat /proc/self/setgroups'
	edit '.linux.uidMappings[0].size = 2 | .linux.gidMappings[0].size = 2'
	# Maps of ids that are not his, without a helper: a user who was given the capabilities.
	run setpriv --reuid "$ROOTLESS_ID" --regid "$ROOTLESS_ID" --clear-groups --inh-caps +setuid,+setgid \
		--ambient-caps +setuid,+setgid env PATH=/nowhere "$HOME_DIR/bin/creel" --root "$HOME_DIR/run/x" \
		run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = allow ]
	# User 0 without them is no more than anybody (one right is for mapping the id 0 of the host).
	edit '.linux.uidMappings[0] = {containerID: 0, hostID: 0, size: 1} | .linux.gidMappings[0] = .linux.uidMappings[0]'
	chown -R 0:0 "$BUNDLE"
	run setpriv --bounding-set -all,+setfcap --inh-caps -all creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = deny ]
	rmdir "$CREEL_ROOT"
}

@test "the state of another user is not obeyed" {
	mkdir "$HOME_DIR/foreign"
	chown 1001:1001 "$HOME_DIR/foreign"
	run user creel --root "$HOME_DIR/foreign" list
	[ "$status" -eq 1 ]
	[[ $output == *"belongs to user 1001"* ]]
}

@test "ids of a mount cannot be mapped without privileges, and the error says so" {
	program true
	edit '.mounts += [{"destination":"/mnt","source":"/usr","options":["bind","idmap"]}]'
	mkdir -p "$BUNDLE/rootfs/mnt"
	run_it
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"bind '/usr' on '/mnt': map ids: that takes CAP_SYS_ADMIN"* ]]
	edit '.mounts[-1] = {"destination":"/mnt","type":"tmpfs","source":"t","options":["idmap"]}'
	run_it
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"mount tmpfs on '/mnt':"* ]]
}

@test "a running container of a user gets file systems, but no tree of the host" {
	program sleep 1000
	user creel run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	user creel mounts add "$NAME" - <<<'[{"destination": "/t", "type": "tmpfs", "options": ["mode=700"]}]'
	user creel exec "$NAME" grep -q ' /t ' /proc/self/mountinfo
	run user creel mounts add -v "$HOME_DIR:/data" "$NAME"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"mounts[0]: a bind into a running container needs"*"the right to mount on the host"* ]]
	user creel mounts remove -v /t "$NAME"
	run user creel exec "$NAME" grep ' /t ' /proc/self/mountinfo
	[ "$status" -ne 0 ]
	run user creel devices add --device /dev/fuse "$NAME"
	echo "$output"
	[ "$status" -eq 1 ]
}
