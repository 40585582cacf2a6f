#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# lint: what is wrong or risky, before anything runs.

load ../helpers

setup() {
	requires root
	setup_creel
}

# lints STATUS: of $BUNDLE; the report as JSON is in $output.
lints() {
	run c lint --format json --ignore unmasked-path "$BUNDLE"
	echo "$output"
	[ "$status" -eq "$1" ]
}

# finds RULE PATH: one finding of that rule at that place.
finds() {
	jq -e --arg rule "$1" --arg path "$2" '[.findings[] | select(.rule == $rule and .path == $path)] | length == 1' \
		<<<"$output"
}

@test "what creel spec writes has no fault but a missing filter" {
	bundle true
	lints 3
	jq -e '[.findings[].rule] == ["no-seccomp"] and .errors == 0 and .warnings == 1' <<<"$output"
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", syscalls: [{names: ["read"], action: "SCMP_ACT_ALLOW"}]}'
	lints 0
	# Nothing was made.
	[ ! -e "$CREEL_ROOT" ]
	nothing_left
}

@test "everything this host would refuse is found, not only the first" {
	bundle no-such-program
	edit '.linux.resources.unified = {"foo.max": "1", "bar.max": "2"} | .linux.sysctl = {"kernel.panic": "1", "net.ipv4.ip_forward": "1"}
		| .mounts += [{destination: "/a", type: "bind", source: "/no/such/source", options: ["bind"]},
			{destination: "/b", type: "bind", source: "/tmp", options: ["bind", "size=1k"]},
			{destination: "/c"}]
		| .hooks.prestart = [{path: "/no/such/hook"}]
		| .hooks.poststop = [{path: "/etc/passwd"}]
		| .linux.namespaces += [{type: "user", path: "/no/such/namespace"}]'
	lints 4
	finds program 'process.args[0]'
	finds mount-source "mounts[7].source"
	finds mount 'mounts[8].options'
	finds mount 'mounts[9].type'
	finds hook 'hooks.prestart[0].path'
	finds hook 'hooks.poststop[0].path'
	finds namespace 'linux.namespaces[6].path'
	finds sysctl 'linux.sysctl["kernel.panic"]'
	jq -e '[.findings[] | select(.rule == "cgroup" and (.path | startswith("linux.resources.unified")))] | length == 2' <<<"$output"
	# create agrees.
	run c create --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
}

@test "a class of service where there is no resctrl, and rules that are none" {
	grep -q ' resctrl ' /proc/self/mounts && skip "this host has resctrl"
	bundle true
	edit '.linux.intelRdt = {l3CacheSchema: "L3:0=f"} | .annotations["org.creel.landlock"] = "no rules"'
	lints 4
	finds intel-rdt linux.intelRdt
	jq -e '[.findings[] | select(.rule == "landlock")] | length == 1' <<<"$output"
}

@test "a root file system that is not there" {
	bundle true
	edit '.root.path = "/no/such/root"'
	lints 4
	finds rootfs root.path
}

@test "a filter that cannot be built" {
	bundle true
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", syscalls: [{names: ["read"], action: "SCMP_ACT_ALLOW",
		args: [{index: 0, value: 1, op: "SCMP_CMP_EQ"}, {index: 7, value: 1, op: "SCMP_CMP_EQ"}]}]}'
	lints 4
	jq -e '.findings | any(.path | startswith("linux.seccomp.syscalls[0].args[1]"))' <<<"$output"
}

@test "a namespace of the host behind a path is the host's" {
	bundle true
	edit '.linux.namespaces = [.linux.namespaces[] | if .type == "network" then .path = "/proc/self/ns/net" else . end]'
	lints 3
	finds host-network linux.namespaces
}

@test "a bundle that others can write" {
	bundle true
	chmod 777 "$BUNDLE"
	chmod 666 "$BUNDLE/config.json"
	run c lint --format json "$BUNDLE"
	[ "$status" -eq 3 ]
	[ "$(jq '[.findings[] | select(.rule == "writable-bundle")] | length' <<<"$output")" -eq 2 ]
	chmod 755 "$BUNDLE"
}

@test "text for people, levels, and rules left out" {
	bundle true
	run c lint "$BUNDLE"
	[ "$status" -eq 3 ]
	[ "${lines[0]}" = "warning: linux.seccomp: is not there [no-seccomp]" ]
	run c lint --ignore no-seccomp --ignore unmasked-path "$BUNDLE"
	[ "$status" -eq 0 ]
	[ "$output" = "0 errors, 0 warnings, 0 notes" ]
	run c lint --level error "$BUNDLE"
	[ "$status" -eq 3 ]
	[[ $output != *no-seccomp* ]]
	run c lint --ignore no-secomp "$BUNDLE"
	[ "$status" -eq 1 ]
	[[ $output == *"did you mean 'no-seccomp'?"* ]]
}

@test "a text that is no document, and none at all" {
	bundle true
	printf '{"ociVersion": 1,\n}' >"$BUNDLE/config.json"
	lints 4
	jq -e '.findings[-1] | .rule == "syntax" and (.message | startswith("line 2"))' <<<"$output"
	rm "$BUNDLE/config.json"
	run c lint "$BUNDLE"
	[ "$status" -eq 1 ]
	[[ $output == *"config.json"*"No such file"* ]]
}

@test "the manual has every rule" {
	for rule in $(c lint --help | sed -n 's/^  \([a-z-]*\)  *\(error\|warning\|note\) .*/\1/p'); do
		grep -q "$(sed 's/-/\\\\-/g' <<<"$rule")" "$BUILD_DIR/man/creel.1"
		rules=$((${rules:-0} + 1))
	done
	[ "$rules" -gt 40 ]
}
