#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What cannot be run: the message names the fault, and nothing is left behind.

load ../helpers

setup() {
	requires root
	setup_creel
	bundle true
}

teardown() {
	teardown_creel
}

# refused WORDS: create and run fail with 1 and a message that has the words.
refused() {
	local verb
	for verb in create run; do
		run c "$verb" --bundle "$BUNDLE" "$NAME"
		[ "$status" -eq 1 ] || {
			echo "status $status: $output" >&2
			return 1
		}
		[[ $output == *"$1"* ]] || {
			echo "no '$1' in: $output" >&2
			return 1
		}
		nothing_left
	done
}

@test "a missing bundle or configuration" {
	run c run --bundle "$BUNDLE/no-such" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"bundle '$BUNDLE/no-such': No such file or directory"* ]]
	rm "$BUNDLE/config.json"
	refused "open 'config.json': No such file or directory"
}

@test "malformed JSON is shown with its place" {
	printf '{\n  "ociVersion": "1.0.0",\n  oops\n}\n' >"$BUNDLE/config.json"
	refused "config.json: line 3, column"
	echo '[]' >"$BUNDLE/config.json"
	refused "config.json: "
	: >"$BUNDLE/config.json"
	refused "config.json: "
	head -c 8388608 /dev/zero >"$BUNDLE/config.json"
	refused "config.json"
}

@test "unknown words are named with their path" {
	edit '.process.rlimits = [{"type": "RLIMIT_FOO", "soft": 1, "hard": 1}]'
	refused "config.json: process.rlimits[0].type: unknown limit 'RLIMIT_FOO'"
	bundle true
	edit '.linux.namespaces += [{"type": "foo"}]'
	refused "config.json: linux.namespaces["
	bundle true
	edit '.linux.seccomp = {"defaultAction": "SCMP_ACT_FOO"}'
	refused "config.json: linux.seccomp.defaultAction: "
}

@test "an unknown namespace twice, a relative hook, a cwd that is none" {
	edit '.linux.namespaces += [{"type": "pid"}]'
	refused "config.json: linux.namespaces"
	bundle true
	edit '.hooks = {"prestart": [{"path": "bin/true"}]}'
	refused "config.json: hooks.prestart[0].path"
	bundle true
	edit '.process.cwd = "tmp"'
	refused "config.json: process.cwd"
}

@test "no process, no arguments, no root" {
	# For `create` it may be missing, as lifecycle.bats shows.
	edit 'del(.process)'
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"config.json: process: missing"* ]]
	nothing_left
	bundle true
	edit '.process.args = []'
	refused "config.json: process.args"
	bundle true
	edit 'del(.root)'
	refused "config.json: root"
}

@test "a root file system that is missing, or a file" {
	edit '.root.path = "no-such"'
	refused "config.json: root.path: open '$BUNDLE/no-such': No such file or directory"
	edit '.root.path = "config.json"'
	refused "Not a directory"
}

@test "a namespace path of another type" {
	edit '(.linux.namespaces[] | select(.type == "network")).path = "/proc/self/ns/uts"'
	refused "network"
	edit '(.linux.namespaces[] | select(.type == "network")).path = "/no/such"'
	refused "/no/such"
}

@test "a mount that cannot be made is named" {
	edit '.mounts += [{"destination": "/data", "source": "/no/such", "options": ["bind"]}]'
	refused "/no/such"
	bundle true
	edit '.mounts += [{"destination": "/data", "type": "nosuchfs", "source": "x"}]'
	refused "nosuchfs"
	bundle true
	edit '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["no-such-option"]}]'
	refused "/tmp"
}

@test "a program that is not there, not a program, not executable" {
	bundle no-such-program
	refused "executable file not found in \$PATH"
	bundle /no/such
	refused "no such file or directory"
	bundle /etc/passwd
	refused "permission denied"
	bundle /tmp
	refused "permission denied: is a directory"
}

@test "a failing hook stops the creation" {
	edit '.hooks = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", "echo no network >&2; exit 1"]}]}'
	refused "createRuntime hook 0: '/bin/sh' exited with status 1: no network"
	edit '.hooks = {"prestart": [{"path": "/no/such/hook"}]}'
	refused "/no/such/hook"
	edit '.hooks = {"createContainer": [{"path": "/bin/false"}]}'
	refused "createContainer hook 0"
}

@test "a pid file that cannot be written" {
	run c create --bundle "$BUNDLE" --pid-file /no/such/dir/pid "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"--pid-file '/no/such/dir/pid'"* ]]
	nothing_left
}

@test "ids that are no names" {
	for id in .. . a/b "a b" ""; do
		run c create --bundle "$BUNDLE" -- "$id"
		[ "$status" -eq 1 ]
	done
	run c create --bundle "$BUNDLE" "$(printf 'x%.0s' $(seq 2000))"
	[ "$status" -eq 1 ]
	nothing_left
}

@test "a wrong command line" {
	for line in "" "no-such-verb" "run" "create a b" "run --no-such x" "--log-format=xml list" "--cgroup-manager=x list" "--rootless=x list" "--root= list"; do
		# shellcheck disable=SC2086
		run creel $line
		[ "$status" -eq 1 ]
		[ "${#lines[@]}" -eq 1 ]
	done
}

@test "a limit that this host cannot honour" {
	edit '.linux.resources.unified = {"no.such.file": "1"}'
	refused "linux.resources.unified"
}

@test "a member that this version does not carry out" {
	edit '.linux.intelRdt = {closID: "x"}'
	refused "linux.intelRdt"
}

@test "the systemd manager where there is no systemd" {
	[ ! -d /run/systemd/system ] || skip "systemd runs here"
	edit '.linux.cgroupsPath = "system.slice:creel:" + $n' --arg n "$NAME"
	run c --systemd-cgroup run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *systemd* ]]
	nothing_left
}

@test "a control group that is in use" {
	bundle sleep 100
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	run c run --bundle "$BUNDLE" "$NAME-2"
	[ "$status" -eq 1 ]
	[ ! -e "$CREEL_ROOT/$NAME-2" ]
	[ "$(status_of "$NAME")" = running ]
}
