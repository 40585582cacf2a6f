#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The user's own systemd, asked by the user.
# shellcheck disable=SC2016
load guest

setup_file() {
	systemctl start user@1000.service
	cp -a "$SRC_DIR/rootfs" /home/rootless/rootfs
	chown -R 1000:1000 /home/rootless
}

setup() {
	setup_creel
	SCOPE=creel-$NAME.scope
	GROUP=$CGROUP/user.slice/user-1000.slice/user@1000.service/user.slice/$SCOPE
	HOME_DIR=/home/rootless/$NAME
	BUNDLE=$HOME_DIR/bundle
	as_user mkdir -p "$BUNDLE"
	config=$(<"$SRC_DIR/rootless.json")
	config=${config//'"@ARGS@"'/'"sleep", "100"'}
	config=${config//@PATH@/}
	printf '%s\n' "${config//@ROOTFS@//home/rootless/rootfs}" >"$BUNDLE/config.json"
}

teardown() {
	c delete --force "$NAME" || true
}

c() {
	as_user creel --root "$HOME_DIR/state" "$@"
}

start_user() {
	c --systemd-cgroup run --bundle "$BUNDLE" --detach "$NAME" >"$HOME_DIR/out" 2>&1 </dev/null || {
		cat "$HOME_DIR/out"
		return 1
	}
}

user_shows() {
	local value
	value=$(as_user systemctl --user show --value -p "$1" "$SCOPE")
	[ "$value" = "$2" ] || {
		echo "$1 of $SCOPE is '$value', not '$2'" >&2
		return 1
	}
}

@test "the scope is one of the user's systemd, with limits" {
	edit '.linux.resources = {memory: {limit: 33554432}, pids: {limit: 20}}'
	start_user
	user_shows ActiveState active
	user_shows Slice user.slice
	user_shows MemoryMax 33554432
	says memory.max 33554432
	says pids.max 20
	says cgroup.procs "$(pid_of "$NAME")"
}

@test "daemon-reload, update, exec, kill and delete by the user" {
	edit '.linux.resources = {memory: {limit: 33554432}}'
	start_user
	as_user systemctl --user daemon-reload
	says memory.max 33554432
	c update --memory 64M --pids-limit 9 "$NAME"
	user_shows MemoryMax 67108864
	user_shows TasksMax 9
	c exec "$NAME" true
	c kill "$NAME" KILL
	wait_for has_status "$NAME" stopped
	c delete "$NAME"
	[ ! -e "$GROUP" ]
	user_shows LoadState not-found
}

@test "a limit whose controller the user was not given is refused before anything is made" {
	edit '.linux.resources = {hugepageLimits: [{pageSize: "2MB", limit: 2097152}]}'
	run c --systemd-cgroup run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"linux.resources.hugepageLimits[0]: the hugetlb controller is not available to this user"* ]]
}

@test "without a bus the message says what to set" {
	run setpriv --reuid 1000 --regid 1000 --init-groups env -i HOME=/home/rootless PATH="$PATH" \
		creel --root "$HOME_DIR/state" --systemd-cgroup run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"connect to the user's bus"*XDG_RUNTIME_DIR* ]]
}
