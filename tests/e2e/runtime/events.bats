#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# events: statistics with runc's keys, and who ran out of whose memory.

load ../helpers

setup() {
	requires root
	setup_creel
}

teardown() {
	[ -z "${FOLLOWER:-}" ] || kill "$FOLLOWER" 2>/dev/null || true
	teardown_creel
}

# A limit and an own memory controller is what the tests about memory need.
requires_memory_limit() {
	grep -qw memory /proc/cgroups || [ -e /sys/fs/cgroup/memory.stat ] || skip "needs a memory controller"
	edit '.linux.resources.memory.limit = 20971520'
}

@test "the statistics are one line with the members that runc's callers read" {
	bundle sleep 60
	c run --detach --bundle "$BUNDLE" "$NAME" </dev/null >/dev/null 2>&1
	c events --stats "$NAME" >"$BATS_TEST_TMPDIR/stats"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/stats")" -eq 1 ]
	jq -e --arg id "$NAME" '.type == "stats" and .id == $id
		and (.data | keys_unsorted) == ["cpu", "cpuset", "memory", "pids", "blkio", "hugetlb",
			"intel_rdt", "network_interfaces"]
		and (.data.cpu.usage | has("kernel") and has("user")) and .data.cpu.throttling != null
		and (.data.memory | has("usage") and has("swap") and has("kernel") and has("kernelTCP"))
		and .data.pids.current == 1' "$BATS_TEST_TMPDIR/stats"
}

@test "every member that runc prints is there, with the same kind of value" {
	requires program runc
	kinds='[paths as $p | {key: ($p | map(if type == "number" then 0 else . end) | tostring),
		value: (getpath($p) | type)}] | from_entries'
	bundle sleep 60
	# The runc of Debian knows nothing newer.
	edit '.linux.resources.memory.limit = 67108864'
	c run --detach --bundle "$BUNDLE" "$NAME" </dev/null >/dev/null 2>&1
	c events --stats "$NAME" | jq -S "$kinds" >"$BATS_TEST_TMPDIR/ours"
	c delete --force "$NAME"
	runc --root "$BATS_TEST_TMPDIR/runc" run -d --bundle "$BUNDLE" "$NAME" </dev/null >/dev/null 2>&1 ||
		skip "runc runs no container here"
	runc --root "$BATS_TEST_TMPDIR/runc" events --stats "$NAME" | jq -S "$kinds" >"$BATS_TEST_TMPDIR/theirs"
	runc --root "$BATS_TEST_TMPDIR/runc" delete --force "$NAME"
	# Counters that are 0 are left out by both, and the two did not do the same.
	jq -e -n --slurpfile a "$BATS_TEST_TMPDIR/ours" --slurpfile b "$BATS_TEST_TMPDIR/theirs" '
		[$b[0] | to_entries[] | select(.key | test("percpu|\"max\"|\"cache\"|blkio.*io|\"usage\",\"usage\"|memory.*\"usage\"\\]|raw") | not)
			| select($a[0][.key] != .value)] | if . == [] then true else error(tostring) end'
}

@test "a line comes every interval until the container ends" {
	bundle sleep 60
	c run --detach --bundle "$BUNDLE" "$NAME" </dev/null >/dev/null 2>&1
	c events --interval 100ms "$NAME" >"$BATS_TEST_TMPDIR/lines" &
	FOLLOWER=$!
	two_lines() { [ "$(wc -l <"$BATS_TEST_TMPDIR/lines")" -ge 2 ]; }
	wait_for two_lines
	c kill "$NAME" KILL
	wait "$FOLLOWER"
	jq -e -s 'all(.type == "stats")' "$BATS_TEST_TMPDIR/lines"
}

@test "who dies of the container's own limit is told with the limit" {
	bundle sh -c 'until [ -e /tmp/go-'"$NAME"' ]; do sleep 0.05; done
		dd if=/dev/zero of=/dev/null bs=100M count=1; sleep 1000'
	requires_memory_limit
	c run --detach --bundle "$BUNDLE" "$NAME" </dev/null >/dev/null 2>&1
	c --debug --log "$BATS_TEST_TMPDIR/log" events --interval 100ms "$NAME" >"$BATS_TEST_TMPDIR/lines" 3>&- &
	FOLLOWER=$!
	# Whoever prints statistics watches.
	wait_for grep -q '"stats"' "$BATS_TEST_TMPDIR/lines"
	touch "$ROOTFS/tmp/go-$NAME"
	wait_for grep -q '"oom"' "$BATS_TEST_TMPDIR/lines"
	c kill "$NAME" KILL
	wait "$FOLLOWER"
	rm "$ROOTFS/tmp/go-$NAME"
	grep '"oom"' "$BATS_TEST_TMPDIR/lines"
	jq -e -s --arg cgroup "/creel-e2e/$NAME" 'map(select(.type != "stats")) | length == 1 and (.[0] | .type == "oom"
		and .data.scope == "container" and .data.cgroup == $cgroup and .data.limit == 20971520
		and .data.kills == 1)' "$BATS_TEST_TMPDIR/lines"
}

@test "a container without control groups has nothing that is counted" {
	bundle sleep 60
	edit 'del(.linux.resources)'
	c --cgroup-manager disabled run --detach --bundle "$BUNDLE" "$NAME" </dev/null >/dev/null 2>&1
	run c events --stats "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"has no control group"* ]]
}

@test "an interval that is none is refused" {
	for wrong in 0 -1s 5x ''; do
		run c events --interval "$wrong" "$NAME"
		[ "$status" -eq 1 ]
		[[ $output == *"is no duration longer than 0"* ]]
	done
}

@test "events of a container that has ended, and of none at all" {
	bundle true
	c run --keep --bundle "$BUNDLE" "$NAME"
	run c events --stats "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"container not running"* ]]
	run c events "no-$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"does not exist"* ]]
}
