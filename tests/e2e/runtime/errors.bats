#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What programs read of a failure: words that engines search for, statuses, and the members of the one
# JSON object.

load ../helpers

setup() {
	requires root
	setup_creel
	LOG=$BATS_TEST_TMPDIR/log
}

teardown() {
	teardown_creel
}

# fails STATUS ARG...: one error object in the log, the same words on standard error; $output has them.
fails() {
	local want=$1
	shift
	rm -f "$LOG"
	run c --log "$LOG" --log-format json "$@"
	echo "$output"
	cat "$LOG"
	[ "$status" -eq "$want" ]
	# Podman takes the whole file for one document.
	jq -e -s 'length == 1 and .[0].level == "error" and (.[0] | keys_unsorted[0:3]) == ["level", "msg", "time"]' "$LOG"
	[[ $output == *"$(jq -r .msg "$LOG")"* ]]
}

# says FILTER: of the object.
says() {
	jq -e "$@" "$LOG"
}

# like REGEX: what Docker (which lowers it first) and Podman look for.
like() {
	grep -Eiq "$1" <<<"$output"
}

unlike() {
	if like "$1"; then
		return 1
	fi
}

@test "kill of a container that has stopped: container not running" {
	bundle true
	c run --keep --bundle "$BUNDLE" "$NAME"
	fails 1 kill "$NAME" TERM
	[[ $output == *"container not running"* ]]
	says --arg id "$NAME" '.operation == "kill" and .container == $id and .errno == "ESRCH" and .exitStatus == 1'
}

@test "an unknown container does not exist, whatever is asked of it" {
	for verb in kill delete state start pause resume "ps" "events --stats"; do
		# shellcheck disable=SC2086
		fails 1 $verb "no-$NAME"
		[[ $output == *"does not exist"* ]]
		says '.errno == "ENOENT" and .code == 2'
	done
	for verb in "mounts add -v /a:/a" "devices remove --device /dev/fuse"; do
		# shellcheck disable=SC2086
		fails 1 $verb "no-$NAME"
		says --arg id "no-$NAME" '.container == $id and .errno == "ENOENT"'
	done
	fails 255 exec "no-$NAME" true
	[[ $output == *"does not exist"* ]]
	says '.exitStatus == 255'
}

@test "a program that is nowhere in PATH" {
	bundle no-such-program
	fails 1 run --bundle "$BUNDLE" "$NAME"
	[[ $output == *'executable file not found in $PATH'* ]]
	says '.stage == "look-up" and .object == "no-such-program" and .errno == "ENOENT"'
	bundle /no/such/program
	fails 1 run --bundle "$BUNDLE" "$NAME"
	[[ $output == *"no such file or directory"* ]]
	says '.path == "/no/such/program"'
}

@test "a program that may not be executed" {
	bundle /etc/passwd
	fails 1 create --bundle "$BUNDLE" "$NAME"
	[[ $output == *"permission denied"* ]]
	says '.operation == "create" and .stage == "look-up" and .errno == "EACCES"'
	bundle /bin
	fails 1 create --bundle "$BUNDLE" "$NAME"
	[[ $output == *"is a directory"* ]]
}

@test "exec says the same, and ends with 255 where none of it is the program's" {
	bundle sleep 60
	c run --detach --bundle "$BUNDLE" "$NAME" </dev/null >/dev/null 2>&1
	fails 255 exec "$NAME" no-such-program
	[[ $output == *'executable file not found in $PATH'* ]]
	fails 255 exec "$NAME" /etc/passwd
	[[ $output == *"permission denied"* ]]
	run c exec "$NAME" sh -c 'exit 126'
	[ "$status" -eq 126 ]
}

@test "a directory on a file, and a file on a directory: not a directory" {
	bundle true
	edit '.mounts += [{destination: "/etc/passwd", type: "bind", source: "/tmp", options: ["bind"]}]'
	fails 1 run --bundle "$BUNDLE" "$NAME"
	like "not a directory"
	says '.stage == "mounts" and (.field | startswith("mounts[")) and .path == "/etc/passwd" and .errno == "ENOTDIR"'
	bundle true
	edit '.mounts += [{destination: "/tmp", type: "bind", source: "/etc/passwd", options: ["bind"]}]'
	fails 1 run --bundle "$BUNDLE" "$NAME"
	like "not a directory|is a directory"
}

@test "labels that the kernel does not take name their file in backquotes" {
	grep -qw selinux /sys/kernel/security/lsm 2>/dev/null && skip "this kernel knows labels"
	bundle true
	edit '.process.selinuxLabel = "no_u:no_r:no_t:s0"'
	fails 1 run --bundle "$BUNDLE" "$NAME"
	grep -Eq '`/proc/[a-z0-9-].+/attr/exec`' <<<"$output"
	# Podman would take these for a missing program or a missing right.
	unlike "no such file or directory|permission denied|operation not permitted"
	says '.field == "process.selinuxLabel" and .stage == "labels"'
	bundle true
	edit '.process.apparmorProfile = "no-such-profile"'
	fails 1 run --bundle "$BUNDLE" "$NAME"
	grep -Eq '`/proc/[a-z0-9-].+/attr/exec`' <<<"$output"
	unlike "no such file or directory|permission denied|operation not permitted"
}

@test "a memory limit below what init needs" {
	grep -qw memory /proc/cgroups || [ -e /sys/fs/cgroup/memory.stat ] || skip "needs a memory controller"
	bundle true
	edit '.linux.resources.memory.limit = 20480'
	fails 1 run --bundle "$BUNDLE" "$NAME"
	[[ $output == *"container init was OOM-killed (memory limit too low?)"* ]]
	says '.errno == "ENOMEM"'
}

@test "a fault of the document names its place" {
	bundle true
	edit '.process.rlimits = [{type: "RLIMIT_CORE", soft: 0, hard: 0}, {type: "RLIMIT_FOO", soft: 1, hard: 1}]'
	fails 1 run --bundle "$BUNDLE" "$NAME"
	says '.field == "process.rlimits[1].type" and .object == "RLIMIT_FOO" and .errno == "EINVAL"'
	bundle true
	edit '.linux.resources.unified = {"foo.max": "1"}'
	fails 1 run --bundle "$BUNDLE" "$NAME"
	says '.field | startswith("linux.resources.unified")'
	bundle true
	edit '.root.path = "/no/such/root"'
	fails 1 run --bundle "$BUNDLE" "$NAME"
	says '.field == "root.path" and .path == "/no/such/root"'
}

@test "what fails behind start's back is told by start" {
	cp -a "$ROOTFS" "$BATS_TEST_TMPDIR/rootfs"
	printf '#!/no-such-interpreter\n' >"$BATS_TEST_TMPDIR/rootfs/bin/broken"
	chmod 755 "$BATS_TEST_TMPDIR/rootfs/bin/broken"
	bundle /bin/broken
	edit '.root.path = $p' --arg p "$BATS_TEST_TMPDIR/rootfs"
	c create --bundle "$BUNDLE" "$NAME" </dev/null >/dev/null 2>&1
	fails 1 start "$NAME"
	says '.operation == "start" and .stage == "exec" and .path == "/bin/broken"'
}

@test "a wrong command line is one object too" {
	fails 1 kill
	says '.operation == "kill" and .errno == "EINVAL"'
	fails 1 no-such-verb
	fails 1 --root / list
}

@test "warnings stay out of a JSON log unless they are asked for, and out of the way of standard error" {
	bundle sh -c 'exit 4'
	# A poststop hook that fails is a warning.
	edit '.hooks.poststop = [{path: "/bin/false"}]'
	run c --log "$LOG" --log-format json run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 4 ]
	[ ! -s "$LOG" ]
	[ -z "$output" ]
	run c --log "$LOG" --log-format json --log-level warning run --bundle "$BUNDLE" "$NAME"
	jq -e -s 'length == 1 and .[0].level == "warning"' "$LOG"
}

@test "without a log file the object goes to standard error, alone" {
	run c --log-format json state "no-$NAME"
	[ "$status" -eq 1 ]
	jq -e '.operation == "state" and .level == "error"' <<<"$output"
}
