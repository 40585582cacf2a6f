#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SIGKILL as creel, or a container's first process, enters any of its system calls: `delete --force` clears all.
# kill_at counts the calls; with CREEL_SAFETY_FULL=1 each is tried, else every few.

load helpers

setup() {
	requires root
	setup_creel
	bundle sleep 1000
	mark
	# As much as there can be of what has to be undone.
	edit '.process.rlimits = [] | .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW",
			"syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}
		| .linux.resources.pids = {"limit": 100}
		| .mounts += [{"destination": "/data", "type": "bind", "source": $d, "options": ["rbind"]}]
		| .hooks = {"createRuntime": [{"path": "/bin/true"}], "createContainer": [{"path": "/bin/true"}],
			"startContainer": [{"path": "/bin/true"}], "poststop": [{"path": "/bin/true"}]}' \
		--arg d "$BATS_FILE_TMPDIR"
	CALLS=$BATS_TEST_TMPDIR/calls
}

teardown() {
	teardown_creel
}

# kill_each STRIDE PREPARE AFTER [-i] VERB...: kill `creel VERB...` at each STRIDEth call, until it gets through.
kill_each() {
	local stride prepare=$2 after=$3 who=() n status
	stride=$(full 1 "$1")
	# Other calls each time.
	n=$((RANDOM % stride + 1))
	shift 3
	[ "$1" != -i ] || {
		who=(-i)
		shift
	}
	for (( ; ; n += stride)); do
		"$prepare"
		status=0
		kill_at "${who[@]}" "$n" creel --root "$CREEL_ROOT" "$@" \
			>/dev/null 2>"$BATS_TEST_TMPDIR/err" 3>"$CALLS" </dev/null || status=$?
		"$after" "$status" || {
			echo "killed at call $n: $(cat "$BATS_TEST_TMPDIR/err")" >&2
			return 1
		}
		cleared || {
			echo "not cleared after a kill at call $n" >&2
			return 1
		}
		[ "$status" -eq 0 ] || break
	done
	# 1: there were fewer calls than that, after many.
	[ "$status" -eq 1 ]
	echo "# $*: $(cat "$CALLS") calls, each ${stride}th" >>"${SAFETY_REPORT:-/dev/null}"
	[ "$(cat "$CALLS")" -gt 20 ]
}

nothing() {
	:
}

created() {
	c create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
}

running() {
	created
	c start "$NAME"
}

stopped() {
	running
	c kill "$NAME" KILL
	wait_for has_status "$NAME" stopped
}

# A killed verb leaves a container that every other verb understands.
legal_state() {
	local state
	state=$(c state "$NAME" 2>&1) || {
		[[ $state == *"does not exist"* || $state == *"never finished"* ]] || {
			echo "$state" >&2
			return 1
		}
		return 0
	}
	state=$(jq -r .status <<<"$state")
	[[ $state == creating || $state == created || $state == running || $state == stopped ]]
}

# When its first process dies creel itself clears up.
own_clearance() {
	[ "$1" -ne 0 ] || nothing_at_all
}

# ... but not before it has let go of it, and then the container is there and stopped.
own_clearance_of_create() {
	[ "$1" -ne 0 ] || has_status "$NAME" stopped || nothing_at_all
}

@test "create, killed at any call" {
	kill_each 29 nothing legal_state create --bundle "$BUNDLE" "$NAME"
}

@test "run, killed at any call" {
	kill_each 37 nothing legal_state run --detach --bundle "$BUNDLE" "$NAME"
}

@test "create, its first process killed at any call" {
	kill_each 83 nothing own_clearance_of_create -i create --bundle "$BUNDLE" "$NAME"
}

@test "run, its first process killed at any call up to the program's" {
	edit '.process.args = ["true"]'
	kill_each 131 nothing own_clearance -i run --bundle "$BUNDLE" "$NAME"
}

@test "start, killed at any call" {
	kill_each 13 created legal_state start "$NAME"
}

@test "exec, killed at any call" {
	kill_each 31 running legal_state exec --detach --env "CONTAINER=$NAME" "$NAME" sleep 1000
}

@test "exec, its process killed at any call" {
	kill_each 43 running legal_state -i exec --detach --env "CONTAINER=$NAME" "$NAME" sleep 1
}

@test "delete, killed at any call" {
	kill_each 29 stopped legal_state delete "$NAME"
	kill_each 37 running legal_state delete --force "$NAME"
}

@test "kill, pause and resume, killed at any call" {
	kill_each 19 running legal_state kill "$NAME" KILL
	kill_each 23 running paused_or_legal pause "$NAME"
	kill_each 23 paused paused_or_legal resume "$NAME"
}

paused() {
	running
	c pause "$NAME"
}

# The kernel freezes what a killed creel asked it to freeze: it may be paused between two looks.
paused_or_legal() {
	has_status "$NAME" paused || legal_state || has_status "$NAME" paused
}
