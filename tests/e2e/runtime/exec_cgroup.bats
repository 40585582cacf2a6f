#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# exec --cgroup: groups below the container's, and never others.

load ../helpers

setup() {
	requires root
	requires program jq
	requires cgroup1
	setup_creel
	bundle sleep 1000
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	BELOW=/creel-e2e/$NAME
}

teardown() {
	teardown_creel
}

# below CONTROLLER PATH: make a group there.
below() {
	mkdir -p "/sys/fs/cgroup/$1$BELOW/$2"
	[ "$1" != cpuset ] || {
		cat "/sys/fs/cgroup/$1$BELOW/cpuset.cpus" >"/sys/fs/cgroup/$1$BELOW/$2/cpuset.cpus"
		cat "/sys/fs/cgroup/$1$BELOW/cpuset.mems" >"/sys/fs/cgroup/$1$BELOW/$2/cpuset.mems"
	}
}

# place ARG...: /proc/self/cgroup of a process that exec starts, as the host counts.
place() {
	c exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" "$@" "$NAME" sleep 1000 >/dev/null 2>&1 3>&-
	cat "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/cgroup"
}

@test "a controller's group can be named, the others stay the container's" {
	below memory a/b
	below pids p
	run place --cgroup memory:a/b --cgroup pids:/p
	echo "$output"
	[[ $output == *":memory:$BELOW/a/b"* ]]
	[[ $output == *":pids:$BELOW/p"* ]]
	[[ $output == *":devices:$BELOW"* ]]
	[[ $output != *"$BELOW/p/"* ]]
	below pids a/b
	run place --cgroup memory,pids:a/b
	[[ $output == *":memory:$BELOW/a/b"* ]]
	[[ $output == *":pids:$BELOW/a/b"* ]]
}

@test "a path alone is for all hierarchies, the v2 tree included" {
	local dir
	run place --cgroup sub
	[ -z "$output" ] || [[ $output != *"$BELOW/sub"* ]]
	for dir in /sys/fs/cgroup/*/"$BELOW"; do
		dir=${dir#/sys/fs/cgroup/}
		below "${dir%%/*}" sub
	done
	run place --cgroup sub
	echo "$output"
	[[ $output == *"0::$BELOW/sub"* ]]
	[ "$(grep -c "$BELOW/sub" <<<"$output")" = "$(grep -c "$BELOW" <<<"$output")" ]
	mkdir "/sys/fs/cgroup/unified$BELOW/only"
	run place --cgroup unified:only
	[[ $output == *"0::$BELOW/only"* ]]
	[[ $output == *":memory:$BELOW"* ]]
}

@test "nothing leads above the container's group" {
	local sub before
	below memory a
	mkdir -p "/sys/fs/cgroup/memory/creel-e2e/outside-$NAME"
	before=$(cat "/sys/fs/cgroup/memory$BELOW/cgroup.procs")
	for sub in .. ../.. a/../.. "../outside-$NAME" "a/../../outside-$NAME" "memory:../outside-$NAME" "/../outside-$NAME" \
		"memory:a/..//../outside-$NAME" no/such nosuch:a ':a' 'memory,:a' 'memory:a --cgroup memory:a'; do
		# shellcheck disable=SC2086 # the last is two options
		run c exec --cgroup $sub "$NAME" true
		echo "$sub: $output"
		[ "$status" -eq 255 ]
	done
	[ ! -s "/sys/fs/cgroup/memory/creel-e2e/outside-$NAME/cgroup.procs" ]
	rmdir "/sys/fs/cgroup/memory/creel-e2e/outside-$NAME"
	[ "$before" = "$(cat "/sys/fs/cgroup/memory$BELOW/cgroup.procs")" ]
}
