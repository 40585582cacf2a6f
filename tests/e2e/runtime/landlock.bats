#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Rights that the annotation org.creel.landlock takes, as the program inside feels it.
# shellcheck disable=SC2016 # jq and the shell inside expand them

load ../helpers

setup() {
	requires root
	requires program jq
	setup_creel
	rm -rf "$ROOTFS/mnt"
	mkdir -p "$ROOTFS/mnt/open" "$ROOTFS/mnt/closed" "$ROOTFS/mnt/library"
	echo content | tee "$ROOTFS/mnt/open/file" >"$ROOTFS/mnt/closed/file"
}

teardown() {
	teardown_creel
}

# rules JSON: the annotation; skips where the kernel has no Landlock at all.
rules() {
	edit '.annotations = {"org.creel.landlock": $v}' --arg v "$1"
}

has_landlock() {
	bundle true
	rules '{"handledAccessFs":["make_block"]}'
	run c run --bundle "$BUNDLE" "$NAME"
	[[ $output != *"this kernel has no Landlock"* ]] || skip "this kernel has no Landlock"
}

@test "what is handled is forbidden to root too, but where a rule allows it" {
	has_landlock
	for nnp in true false; do
		bundle sh -c 'echo x 2>&1 >/mnt/closed/new; echo x >/mnt/open/new && echo wrote; cat /mnt/closed/file; rm /mnt/closed/file && echo removed'
		edit '.process.noNewPrivileges = $n' --argjson n "$nnp"
		rules '{"handledAccessFs":["write_file","make_reg"],
			"pathBeneath":[{"paths":["/mnt/open","/dev"],"allowedAccess":["write_file","make_reg"]}]}'
		echo content >"$ROOTFS/mnt/closed/file"
		runs
		[[ $output == *"can't create /mnt/closed/new: Permission denied"*$'wrote\ncontent\nremoved' ]]
		[ ! -e "$ROOTFS/mnt/closed/new" ]
	done
}

@test "exec is bound by the same rules" {
	has_landlock
	bundle sleep 100
	rules '{"handledAccessFs":["read_file"],"pathBeneath":[{"paths":["/bin","/proc","/dev","/mnt/open/file"],
		"allowedAccess":["read_file"]}]}'
	c run -d --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	run c exec "$NAME" cat /mnt/open/file
	[ "$output" = content ]
	run c exec "$NAME" cat /mnt/closed/file
	[ "$status" -eq 1 ]
	[[ $output == *"can't open '/mnt/closed/file': Permission denied"* ]]
	# What has gone meanwhile needs no right.
	rm "$ROOTFS/mnt/open/file"
	run c exec "$NAME" cat /mnt/closed/file
	[[ $output == *"can't open '/mnt/closed/file': Permission denied"* ]]
}

@test "a program outside of what may be executed is not" {
	has_landlock
	cp "$ROOTFS/bin/busybox" "$ROOTFS/mnt/closed/busybox"
	bundle sh -c '/mnt/closed/busybox true || echo refused'
	rules '{"handledAccessFs":["execute"],"pathBeneath":[{"paths":["/bin"],"allowedAccess":["execute"]}]}'
	runs
	[[ $output == *"Permission denied"*refused ]]
	edit '.process.args = ["/mnt/closed/busybox","true"]'
	refuses "exec '/mnt/closed/busybox': permission denied"
}

@test "rights by number, as a newer kernel may have them" {
	has_landlock
	# 0x2 is write_file, 256 make_reg.
	bundle sh -c 'echo x >/mnt/closed/new || echo refused; echo x >/mnt/open/new && echo wrote'
	rules '{"handledAccessFs":["0x2","256"],"pathBeneath":[{"paths":["/mnt/open"],"allowedAccess":["258"]}]}'
	runs
	[[ $output == *refused*wrote ]]
}

@test "ports that may be bound" {
	has_landlock
	bundle sh -c 'nc -l -p 80 || echo refused; nc -l -p 81 & sleep 0.5; kill -9 $! && echo bound'
	rules '{"handledAccessNet":["bind_tcp"],"netPort":[{"ports":[81],"allowedAccess":["bind_tcp"]}]}'
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[[ $output != *"needs version 4 of Landlock"* ]] || skip "this kernel's Landlock knows no ports"
	[[ $output == "nc: bind: Permission denied"$'\nrefused\nbound' ]]
}

@test "no signal leaves the container's own processes" {
	has_landlock
	bundle sh -c 'kill -0 $(cat /mnt/open/pid); echo "$?"; sleep 5 & kill $! && echo own'
	edit '.linux.namespaces |= map(select(.type != "pid"))'
	sleep 100 3>&- &
	echo $! >"$ROOTFS/mnt/open/pid"
	runs
	[[ $output == $'0\nown' ]]
	rules '{"scoped":["signal","abstract_unix_socket"]}'
	run c run --bundle "$BUNDLE" "$NAME"
	kill %1
	echo "$output"
	[[ $output != *"needs version 6 of Landlock"* ]] || skip "this kernel's Landlock has no scopes"
	[[ $output == *"Operation not permitted"*$'1\nown' ]]
}

@test "in a user namespace, as a user, with a filter: still in force" {
	has_landlock
	bundle sh -c 'cat /mnt/open/file /mnt/closed/file; grep -E "^(Seccomp|NoNewPrivs):" /proc/self/status | tr -d "\t\n"'
	edit '.linux.namespaces += [{"type":"user"}] | .process.user = {"uid":1000,"gid":1000}
		| .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":65536}]
		| .linux.gidMappings = .linux.uidMappings | .process.noNewPrivileges = false
		| .linux.seccomp = {"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
			{"names":["landlock_restrict_self","mkdir"],"action":"SCMP_ACT_ERRNO"}]}'
	rules '{"handledAccessFs":["read_file"],"pathBeneath":[{"paths":["/bin","/proc","/dev","/mnt/open"],"allowedAccess":["read_file"]}]}'
	runs
	[[ $output == content*"can't open '/mnt/closed/file': Permission denied"*"NoNewPrivs:0Seccomp:2" ]]
}

@test "paths are the container's, and a link in the image leads nowhere else" {
	has_landlock
	ln -s /mnt/library "$ROOTFS/mnt/link"
	echo book >"$ROOTFS/mnt/library/book"
	bundle sh -c 'cat /mnt/library/book; cat /mnt/open/file'
	rules '{"handledAccessFs":["read_file"],"pathBeneath":[{"paths":["/bin","/mnt/link"],"allowedAccess":["read_file"]}]}'
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[[ $output == book*"Permission denied"* ]]
	rules '{"handledAccessFs":["read_file"],"pathBeneath":[{"paths":["/no/such"],"allowedAccess":["read_file"]}]}'
	refuses "annotations.org.creel.landlock: pathBeneath[0]: paths[0]: '/no/such'"
}

@test "rules that cannot be read, or forbid nothing, are refused with their place" {
	bundle true
	rules '{"handledAccessFs":["write_fill"]}'
	run creel lint --format json "$BUNDLE"
	jq -e '[.findings[] | select(.rule == "landlock" and (.message | contains("write_fill")))] | length == 1' <<<"$output"
	refuses "config.json: annotations.org.creel.landlock: handledAccessFs[0]: unknown right 'write_fill'"
	rules '{"handledAccesFs":["write_file"]}'
	refuses "annotations.org.creel.landlock: unknown member 'handledAccesFs'"
	rules '{}'
	refuses "annotations.org.creel.landlock: handles no right: it would forbid nothing"
	rules '{"handledAccessFs":["write_file"],"pathBeneath":[{"paths":["/"],"allowedAccess":["read_file"]}]}'
	refuses "pathBeneath[0].allowedAccess: 'read_file' (0x4) is not in handledAccessFs"
	rules '['
	refuses "annotations.org.creel.landlock:"
}

@test "a right that this kernel does not know is an error, unless best effort will do" {
	bundle sh -c 'echo x >/mnt/closed/new || echo refused'
	rules '{"handledAccessFs":["write_file","make_reg","0x4000000000000000"]}'
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"0x4000000000000000 is unknown to version"* || $output == *"this kernel does not know all"* ||
		$output == *"this kernel has no Landlock"* ]]
	nothing_left
}

@test "a kernel without Landlock: an error, or with best effort a warning" {
	bundle echo ran
	rules '{"handledAccessFs":["write_file"]}'
	run no_syscall landlock_create_ruleset --errno ENOSYS -- creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"annotations.org.creel.landlock: this kernel has no Landlock"* ]]
	rules '{"handledAccessFs":["write_file"],"bestEffort":true}'
	run no_syscall landlock_create_ruleset --errno ENOSYS -- creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"warning: annotations.org.creel.landlock: this kernel knows none of these rights"*ran ]]
}
