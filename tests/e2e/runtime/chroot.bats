#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Callers in a chroot, as system installers and build tools are: into a plain directory, or a mount point.

load ../helpers

setup() {
	requires root
	setup_creel
	TREE=$BATS_TEST_TMPDIR/tree
	mkdir -p "$TREE/proc" "$TREE/run"
	cp -a "$ROOTFS/." "$TREE"
	cp "$(command -v creel)" "$TREE/bin/creel"
	! ldd "$TREE/bin/creel" | grep -q "=>" || skip "creel is linked dynamically"
	bundle sh -c 'echo "root has $(ls / | wc -l) entries"; cat /proc/self/mountinfo | wc -l'
	edit '.root.path = "/rootfs"'
	mkdir "$TREE/bundle" "$TREE/rootfs"
	cp -a "$ROOTFS/." "$TREE/rootfs"
	cp "$BUNDLE/config.json" "$TREE/bundle"
	ls "$TREE/rootfs" >"$BATS_TEST_TMPDIR/names"
}

# in_chroot KIND SCRIPT: a shell script in the chroot, in a mount namespace of its own that is all shared, as
# a system's is, but not with the host: others mount there.  $C is creel with its global options.
in_chroot() {
	[ "$1" = plain ] || mount --bind "$TREE" "$TREE"
	unshare -m --propagation private sh -c 'mount --make-rshared / && mount -t proc proc "$1/proc" && mounts=$(wc -l </proc/self/mountinfo)
		chroot "$1" /bin/sh -c "C=\"/bin/creel --root /run/creel --cgroup-manager disabled\"; $2"; status=$?
		[ "$(wc -l </proc/self/mountinfo)" -eq "$mounts" ] || { echo "the mounts outside changed"; exit 99; }
		exit "$status"' - "$TREE" "$2"
	status=$?
	[ "$1" = plain ] || umount "$TREE"
	return "$status"
}

runs_in() {
	run in_chroot "$1" "\$C run --bundle /bundle $NAME"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "root has $(wc -l <"$BATS_TEST_TMPDIR/names") entries" ]
	# Nothing of the host's mounts is left in it.
	[ "${lines[1]}" -lt 40 ]
}

enters_in() {
	touch "$TREE/rootfs/in-the-container"
	jq '.process.args = ["sleep", "100"]' <"$BUNDLE/config.json" >"$TREE/bundle/config.json"
	run in_chroot "$1" "\$C run -d --bundle /bundle $NAME >/dev/null && \$C exec $NAME ls /; \$C delete --force $NAME"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *in-the-container* ]]
	[[ $output != *boot* ]]
}

@test "a container starts from a chroot that is no mount point" {
	runs_in plain
}

@test "a container starts from a chroot that is a mount point" {
	runs_in bound
}

@test "exec from a chroot enters the container, not the host" {
	enters_in plain
}

@test "exec from a chroot that is a mount point enters the container, not the host" {
	enters_in bound
}

@test "and without pivot_root" {
	run in_chroot plain "\$C run --no-pivot --bundle /bundle $NAME"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "root has $(wc -l <"$BATS_TEST_TMPDIR/names") entries" ]
}

@test "without control groups mounted the error says how to do without" {
	run unshare -m --propagation private sh -c 'mount -t proc proc "$1/proc"; exec chroot "$1" \
		/bin/creel --root /run/creel run --bundle /bundle x' - "$TREE"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"--cgroup-manager=disabled"* ]]
}
