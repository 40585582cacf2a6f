#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Mounts and devices that a container gets, and loses, while it runs.
# shellcheck disable=SC2016 # jq and the shell inside expand them

load ../helpers

setup() {
	requires root
	requires program jq
	setup_creel
	IMAGE=$BATS_TEST_TMPDIR/image
	VOLUME=$BATS_TEST_TMPDIR/volume
	cp -a "$ROOTFS" "$IMAGE"
	mkdir "$VOLUME"
	echo here >"$VOLUME/file"
}

teardown() {
	teardown_creel
}

# started [FILTER [JQ-OPTION...]]: $NAME sleeps in an image of its own.
started() {
	bundle sleep 1000
	edit ".root.path = \$i | ${1:-.}" --arg i "$IMAGE" "${@:2}"
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
}

# mounted DIR: the container's line for it in mountinfo.
mounted() {
	c exec "$NAME" grep -F " $1 " /proc/self/mountinfo
}

@test "a volume is added, shown, and removed again" {
	started
	c mounts add -v "$VOLUME:/data/deep:ro,nosuid" "$NAME"
	[ "$(c exec "$NAME" cat /data/deep/file)" = here ]
	run c exec "$NAME" touch /data/deep/new
	[ "$status" -ne 0 ]
	[[ $(mounted /data/deep) == *nosuid* ]]
	[ "$(c state "$NAME" | jq -c .mounts)" = '[{"destination":"/data/deep","type":"bind","source":"'"$VOLUME"'","options":["rbind","ro","nosuid"]}]' ]
	[ "$(jq -r '.mounts[-1].destination' "$CREEL_ROOT/$NAME/config.json")" = /data/deep ]
	run c mounts add -v "$VOLUME:/data//deep/." "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"has a mount on '/data//deep/.' already"* ]]
	c mounts remove -v /data/deep "$NAME"
	[ "$(c exec "$NAME" ls /data/deep)" = '' ]
	[ "$(c state "$NAME" | jq -c .mounts)" = null ]
	run c mounts remove -v /data/deep "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"has no mount on '/data/deep'"* ]]
	run grep -c "$NAME" /proc/self/mountinfo
	[ "$output" = 0 ]
}

@test "a document adds several mounts of all kinds, and takes them away" {
	started
	mkdir -p "$VOLUME/below"
	jq -n --arg v "$VOLUME" '[{destination: "/t", type: "tmpfs", source: "tmpfs", options: ["size=1m", "mode=1770", "ro"]},
		{destination: "/etc/one", source: ($v + "/file"), options: ["bind"]},
		{destination: "/t2", type: "tmpfs", options: ["tmpcopyup", "noexec"]},
		{destination: "/mapped", source: $v, options: ["bind"],
			uidMappings: [{containerID: 0, hostID: 1000, size: 1}],
			gidMappings: [{containerID: 0, hostID: 1000, size: 1}]}]' >"$BATS_TEST_TMPDIR/m.json"
	mkdir "$IMAGE/t2"
	echo up >"$IMAGE/t2/copied"
	c mounts add "$NAME" "$BATS_TEST_TMPDIR/m.json"
	[[ $(mounted /t) == *ro*size=1024k,mode=1770* ]]
	[ "$(c exec "$NAME" cat /etc/one)" = here ]
	[ "$(c exec "$NAME" cat /t2/copied)" = up ]
	[ "$(c exec "$NAME" stat -c %u /mapped/file)" = 1000 ]
	c mounts remove "$NAME" - <"$BATS_TEST_TMPDIR/m.json"
	run mounted /t
	[ "$status" -ne 0 ]
	run mounted /etc/one
	[ "$status" -ne 0 ]
	[ "$(c exec "$NAME" ls /mapped)" = '' ]
}

@test "of several mounts all are made or none" {
	started
	local before
	before=$(cat "$CREEL_ROOT/$NAME/config.json")
	run c mounts add "$NAME" - <<<'[{"destination": "/a", "type": "tmpfs"}, {"destination": "/b", "type": "tmpfs", "options": ["size=x"]}]'
	[ "$status" -eq 1 ]
	[[ $output == *"mounts[1]: mount tmpfs on '/b'"* ]]
	run mounted /a
	[ "$status" -ne 0 ]
	[ "$(cat "$CREEL_ROOT/$NAME/config.json")" = "$before" ]
	[ "$(c state "$NAME" | jq -c .mounts)" = null ]
	for doc in '[{"destination": "/proc", "type": "proc"}]' '[{"destination": "/", "type": "tmpfs"}]' '[{"type": "tmpfs"}]' \
		'[{"destination": "/x", "type": "tmpfs", "options": ["remount"]}]' '{}' '[' '[{"destination": "/x", "type": "cgroup"}]' \
		'[{"destination": "/proc/sys", "type": "tmpfs"}]' '[{"destination": "/x", "source": "/no/such", "options": ["bind"]}]'; do
		run c mounts add "$NAME" - <<<"$doc"
		echo "$output"
		[ "$status" -eq 1 ]
	done
	run c mounts remove -v /proc/keys "$NAME"
	[ "$status" -eq 1 ]
	run c mounts list "$NAME"
	[[ $output == *"'list' is neither 'add' nor 'remove'"* ]]
}

@test "a link in the container leads a mount nowhere but into the container" {
	started
	local canary=$BATS_TEST_TMPDIR/canary
	mkdir "$canary"
	ln -s "$canary" "$IMAGE/out"
	ln -s ../../../../../../.."$canary" "$IMAGE/up"
	ln -s /proc/1/root "$IMAGE/magic"
	c mounts add -v "$VOLUME:/out/a" "$NAME"
	c mounts add -v "$VOLUME:/up/b" "$NAME"
	run c mounts add -v "$VOLUME:/magic/tmp" "$NAME"
	echo "$output"
	[ "$status" -eq 1 ]
	[ -z "$(ls "$canary")" ]
	[ "$(c exec "$NAME" cat "$canary/a/file")" = here ]
	ln -s /proc "$IMAGE/p"
	run c mounts add -v "$VOLUME:/p/sys" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"a symbolic link of the image leads it into a proc"* ]]
	# While the container swaps the place for a link to the host's name of it.
	mkdir "$IMAGE/swap" "$IMAGE/there"
	ln -s "$canary" "$IMAGE/link"
	c exec --detach "$NAME" sh -c 'while :; do mv /swap /s; mv /link /swap; mv /swap /link; mv /s /swap; done' >/dev/null 2>&1 3>&-
	for n in 1 2 3 4 5 6 7 8 9 10; do
		c mounts add -v "$VOLUME:/swap/$n" "$NAME" || true
	done
	[ -z "$(ls "$canary")" ]
	run grep -c "$canary" /proc/self/mountinfo
	[ "$output" = 0 ]
}

@test "a device is added with its permission, and both are taken away" {
	started '.linux.resources.devices = [{"allow": false, "access": "rwm"}]'
	run c exec "$NAME" dd if=/dev/fuse of=/dev/null count=0
	[ "$status" -ne 0 ]
	c devices add --device /dev/fuse "$NAME"
	c exec "$NAME" dd if=/dev/fuse of=/dev/null count=0
	[ "$(c state "$NAME" | jq -r '.devices[0] | "\(.path) \(.type) \(.major):\(.minor)"')" = '/dev/fuse c 10:229' ]
	run c devices add --device /dev/fuse:/dev//x/../fuse "$NAME"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"has a device '/dev//x/../fuse' already"* ]]
	c devices remove --device /dev//fuse "$NAME"
	run c exec "$NAME" ls /dev/fuse
	[ "$status" -ne 0 ]
	c exec "$NAME" mknod /tmp/fuse c 10 229
	run c exec "$NAME" dd if=/tmp/fuse of=/dev/null count=0
	[ "$status" -ne 0 ]
	[[ $output == *"not permitted"* ]]
	# By another name, with less; then by a document.
	c devices add --device /dev/fuse:/dev/some/where:r "$NAME"
	c exec "$NAME" dd if=/dev/some/where of=/dev/null count=0
	run c exec "$NAME" dd if=/dev/null of=/dev/some/where count=0
	[ "$status" -ne 0 ]
	c devices add "$NAME" - <<<'[{"path": "/dev/again", "type": "c", "major": 10, "minor": 229, "fileMode": 384, "uid": 7, "access": "rw"}]'
	[ "$(c exec "$NAME" stat -c '%u %a' /dev/again)" = '7 600' ]
	c devices remove --device /dev/some/where "$NAME"
	c exec "$NAME" dd if=/dev/again of=/dev/null count=0
	c devices remove --device /dev/again "$NAME"
	run c exec "$NAME" dd if=/tmp/fuse of=/dev/null count=0
	[ "$status" -ne 0 ]
}

@test "a device that cannot be made changes no permission" {
	requires cgroup1
	started '.linux.resources.devices = [{"allow": false, "access": "rwm"}]'
	local list=/sys/fs/cgroup/devices/creel-e2e/$NAME/devices.list before
	before=$(sort "$list")
	c exec "$NAME" touch /dev/fuse
	run c devices add --device /dev/fuse "$NAME"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"something else is there"* ]]
	[ "$(sort "$list")" = "$before" ]
	[ "$(c state "$NAME" | jq -c .devices)" = null ]
	# Two of which the second fails: the first node goes again.
	run c devices add --device /dev/fuse:/dev/first --device /dev/fuse:/dev/fuse "$NAME"
	[ "$status" -eq 1 ]
	run c exec "$NAME" ls /dev/first
	[ "$status" -ne 0 ]
	for word in fuse /no/such /etc/passwd /dev/fuse:rel:r /dev/fuse:/dev/x:q ''; do
		run c devices add --device "$word" "$NAME"
		echo "$output"
		[ "$status" -eq 1 ]
	done
	run c devices remove --device /dev/null "$NAME"
	[ "$status" -eq 1 ]
	# A link that would put the node somewhere else.
	ln -s /tmp "$IMAGE/elsewhere"
	run c devices add --device /dev/fuse:/elsewhere/fuse "$NAME"
	[ "$status" -eq 1 ]
	[ ! -e "$IMAGE/tmp/fuse" ]
}

@test "a container with a user namespace gets mounts and devices as well" {
	requires userns
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR"
	chown -R 100000:100000 "$IMAGE"
	started '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chmod 700 "$BATS_TEST_TMPDIR"
	c mounts add -v "$VOLUME:/data" "$NAME"
	[ "$(c exec "$NAME" cat /data/file)" = here ]
	[ "$(c exec "$NAME" stat -c %u /data)" = 65534 ]
	c mounts add -v "$VOLUME:/mine:idmap" "$NAME"
	[ "$(c exec "$NAME" stat -c %u /mine/file)" = 0 ]
	c mounts add "$NAME" - <<<'[{"destination": "/t", "type": "tmpfs", "options": ["mode=700"]}]'
	[ "$(c exec "$NAME" stat -c %u /t)" = 0 ]
	c mounts remove -v /data -v /mine -v /t "$NAME"
	[ "$(c exec "$NAME" ls /mine)" = '' ]
	# Owned by nobody that the container knows: nothing of it stays.
	run c devices add "$NAME" - <<<'[{"path": "/dev/fifo", "type": "p", "uid": 70000}]'
	echo "$output"
	[ "$status" -eq 1 ]
	run c exec "$NAME" ls /dev/fifo
	[ "$status" -ne 0 ]
	c devices add --device /dev/fuse "$NAME"
	[ "$(c exec "$NAME" stat -c %t:%T /dev/fuse)" = a:e5 ]
	c devices remove --device /dev/fuse "$NAME"
	run c exec "$NAME" ls /dev/fuse
	[ "$status" -ne 0 ]
	# The host's own name for it may be a link, as below /dev/disk.
	chmod 755 "$BATS_TEST_TMPDIR"
	ln -s /dev/fuse "$BATS_TEST_TMPDIR/link"
	c devices add --device "$BATS_TEST_TMPDIR/link:/dev/f" "$NAME"
	[ "$(c exec "$NAME" stat -c %t:%T /dev/f)" = a:e5 ]
}

@test "a container that may use all devices, and has groups of its own, gets a node" {
	requires cgroup1
	started '.linux.resources.devices = [{"allow": true, "access": "rwm"}]'
	mkdir "/sys/fs/cgroup/devices/creel-e2e/$NAME/inner"
	c devices add --device /dev/fuse "$NAME"
	c exec "$NAME" dd if=/dev/fuse of=/dev/null count=0
	c devices remove --device /dev/fuse "$NAME"
	run c exec "$NAME" ls /dev/fuse
	[ "$status" -ne 0 ]
}

@test "without the kernel's newer mount calls it is said what is missing" {
	started
	run no_syscall open_tree -- creel --root "$CREEL_ROOT" mounts add -v "$VOLUME:/data" "$NAME"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"mounts[0]: a bind into a running container needs open_tree(2)"* ]]
	run no_syscall fsopen -- creel --root "$CREEL_ROOT" mounts add "$NAME" - <<<'[{"destination": "/t", "type": "tmpfs"}]'
	[ "$status" -eq 1 ]
	[[ $output == *"mounts[0]: mount tmpfs on '/t': a running container's needs fsopen(2)"* ]]
	no_syscall openat2 -- creel --root "$CREEL_ROOT" mounts add -v "$VOLUME:/data" "$NAME"
	[ "$(c exec "$NAME" cat /data/file)" = here ]
	no_syscall openat2 -- creel --root "$CREEL_ROOT" mounts remove -v /data "$NAME"
	[ "$(c exec "$NAME" ls /data)" = '' ]
}

@test "a paused container can be changed, a stopped one not" {
	started
	c pause "$NAME"
	c mounts add -v "$VOLUME:/data" "$NAME"
	c resume "$NAME"
	[ "$(c exec "$NAME" cat /data/file)" = here ]
	c kill "$NAME" KILL
	wait_for has_status "$NAME" stopped
	run c mounts add -v "$VOLUME:/data2" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"container not running: it is stopped"* ]]
	run c devices add --device /dev/fuse "$NAME"
	[ "$status" -eq 1 ]
	c delete "$NAME"
	[ "$(cat "$VOLUME/file")" = here ]
}

@test "mounts on one another go together, in whatever order they are named" {
	started
	c mounts add "$NAME" - <<<'[{"destination": "/a", "type": "tmpfs"}, {"destination": "/a/b", "type": "tmpfs"}]'
	run c mounts remove -v /a "$NAME"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"'/a/b' lies on it"* ]]
	mounted /a/b
	c mounts remove -v /a/b -v /a -v /a/ "$NAME"
	run mounted /a
	[ "$status" -ne 0 ]
	[ "$(c state "$NAME" | jq -c .mounts)" = null ]
}

@test "a link in the container has no other mount taken away in place of the named one" {
	started '.mounts += [{"destination": "/guard", "type": "tmpfs"}]'
	c mounts add -v "$VOLUME:/at/vol" "$NAME"
	c exec "$NAME" sh -c 'mv /at /kept && mkdir /at'
	for other in / /guard /dev/shm /proc; do
		c exec "$NAME" ln -sfn "$other" /at/vol
		run c mounts remove -v /at/vol "$NAME"
		echo "$output"
		[ "$status" -eq 1 ]
		[[ $output == *"/at/vol' leads to '$other' now"* ]]
	done
	[ "$(c exec "$NAME" cat /kept/vol/file)" = here ]
	c exec "$NAME" sh -c 'rm -r /at && ln -s /kept /at'
	c mounts remove -v /at/vol "$NAME"
	[ "$(c exec "$NAME" ls /kept/vol)" = '' ]
}

@test "a container cannot keep the permission of a device by hiding its node" {
	started '.linux.resources.devices = [{"allow": false, "access": "rwm"}]'
	for trick in 'mv /dev/x/fuse /dev/moved && touch /dev/x/fuse' 'mv /dev/x/fuse /dev/moved && mkdir /dev/x/fuse' \
		'mv /dev/x /dev/y && touch /dev/x' 'mv /dev/x /dev/y && ln -s x /dev/x'; do
		c devices add --device /dev/fuse:/dev/x/fuse "$NAME"
		c exec "$NAME" sh -c "$trick"
		run c devices remove --device /dev/x/fuse "$NAME"
		echo "$output"
		[ "$status" -eq 0 ]
		[[ $output == *"its node is left"* ]]
		[ "$(c state "$NAME" | jq -c .devices)" = null ]
		run c exec "$NAME" sh -c 'mknod /tmp/f c 10 229; dd if=/tmp/f of=/dev/null count=0'
		echo "$output"
		[ "$status" -ne 0 ]
		[[ $output == *"not permitted"* ]]
		c exec "$NAME" rm -rf /dev/x /dev/y /dev/moved
	done
}
