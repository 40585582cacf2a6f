#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# creel in a container or a user namespace that creel, or unshare(1), made for an ordinary user: the
# kernel refuses more than on a host, and what it refuses has a substitute or a reason.

load ../helpers
load ../rootless

setup() {
	setup_user
	# The container's program is creel again; its bundle is /inner, its root file system a copy.
	mkdir "$BUNDLE/rootfs/inner" "$BUNDLE/rootfs/inner/rootfs"
	cp -a "$ROOTFS/." "$BUNDLE/rootfs/inner/rootfs/"
	cp "$(command -v creel)" "$BUNDLE/rootfs/bin/creel"
	chown -hR "$ROOTLESS_ID:$ROOTLESS_ID" "$BUNDLE/rootfs/inner"
}

teardown() {
	teardown_user
}

# inner SPEC-OPTION FILTER PROGRAM...: the inner bundle, which the outer container runs.
inner() {
	local dir=$BUNDLE/rootfs/inner
	rm -f "$dir/config.json"
	user creel spec ${1:+"$1"} --bundle "$dir"
	# Ids are those of the outer container, whose root writes the maps.
	jq '.process.terminal = false | .process.args = $ARGS.positional
		| if .linux.uidMappings then .linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0 else . end | '"$2" \
		--args -- "${@:3}" <"$dir/config.json" >"$dir/config.json.new"
	mv "$dir/config.json.new" "$dir/config.json"
	program creel --root /tmp/state run --bundle /inner "inner-$NAME"
}

outer() {
	run user creel run --bundle "$BUNDLE" "$NAME"
	echo "$output"
}

@test "a rootless container in a rootless container" {
	edit '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	inner --rootless . sh -c 'id -u; test -c /dev/null && test -r /sys/kernel && echo seen'
	outer
	[ "$status" -eq 0 ]
	[ "$output" = $'0\nseen' ]
}

@test "an ordinary bundle in a rootless container that has the rights for it" {
	edit '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"])'
	inner "" . sh -c 'id -u; ls /sys/class/net; ls /dev/pts; mount | grep -c "^proc on /proc "'
	outer
	[ "$status" -eq 0 ]
	[ "$output" = $'0\nlo\nptmx\n1' ]
	edit '.process.capabilities |= map_values(. - ["CAP_NET_ADMIN"])'
	outer
	[ "$status" -eq 1 ]
	[[ $output == *loopback*CAP_NET_ADMIN* ]]
}

@test "an outer container that masks its /proc allows no other proc, and the error says why" {
	inner --rootless . true
	outer
	[ "$status" -eq 1 ]
	[[ $output == *"mount proc on '/proc'"*unmasked* ]]
}

@test "an outer container that masks its /sys lends it, read-only" {
	edit '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"]) | .linux.maskedPaths = ["/sys/firmware"] | .linux.readonlyPaths = []'
	# A network of its own, so that it is not for want of an owner.
	inner --rootless '.linux.namespaces += [{type: "network"}] | .mounts |= map(select(.destination != "/sys/fs/cgroup")
		| if .destination == "/sys" then {destination: "/sys", type: "sysfs", source: "sysfs"} else . end)' \
		awk '$2 == "/sys"' /proc/mounts
	outer
	[ "$status" -eq 0 ]
	[[ $output == "sysfs /sys sysfs ro,"* ]]
}

@test "unshare --map-root-user: a bundle for root runs, as far as one id goes" {
	rm "$BUNDLE/config.json"
	user creel spec --bundle "$BUNDLE"
	edit '.process.terminal = false'
	program sh -c 'id -u; cat /proc/self/setgroups'
	run user unshare -Ur creel run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = $'0\ndeny' ]
	edit '.process.user.additionalGids = [5]'
	run user unshare -Ur creel run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *process.user.additionalGids* ]]
}

@test "exec, and the pid namespace of another, for root of a user namespace that has no pid namespace" {
	program sleep 1000
	edit '.linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0'
	edit '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
	user unshare -Ur sh -ec 'creel create --bundle "$1" "$2" >/dev/null 2>&1 </dev/null
		trap "creel delete --force $2" EXIT
		creel start "$2"
		creel exec "$2" sh -c "echo in as \$(id -u), first is \$(cat /proc/1/comm)"
		pid=$(creel state "$2" | jq .pid)
		jq --arg pid "$pid" ".process.args = [\"cat\", \"/proc/1/comm\"] | .linux.namespaces |=
			map(if .type == \"pid\" then .path = \"/proc/\" + \$pid + \"/ns/pid\" else . end)" \
			<"$1/config.json" >"$HOME/run/second.json"
		creel run --bundle "$1" --config "$HOME/run/second.json" "$2-too"' sh "$BUNDLE" "$NAME" >"$BATS_TEST_TMPDIR/out"
	cat "$BATS_TEST_TMPDIR/out"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = $'in as 0, first is sleep\nsleep' ]
}

@test "a single mapping, and no control groups at all" {
	edit '.linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0'
	program echo ran
	run user unshare -Urm sh -c 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"' sh \
		creel run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = ran ]
	run user unshare -Urm sh -c 'mount -t tmpfs none /sys/fs && exec "$@"' sh \
		creel --cgroup-manager disabled run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$output" = ran ]
	run user unshare -Urm sh -c 'mount -t tmpfs none /sys/fs && exec "$@"' sh \
		creel run --bundle "$BUNDLE" "$NAME"
	[ "$output" = ran ]
}

@test "ids that the outer user namespace lacks are named" {
	run user unshare -Ur creel run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *linux.gidMappings*"/proc/self/gid_map"* ]]
}
