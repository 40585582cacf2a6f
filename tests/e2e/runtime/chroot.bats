#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A caller in a chroot into a plain directory, as system installers and build tools are.

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

# inside ARG...: creel in the chroot, in a mount namespace of its own.
inside() {
	unshare -m --propagation private sh -c 'mount -t proc proc "$1/proc"; shift; exec chroot "$@"' - "$TREE" "$TREE" \
		/bin/creel --root /run/creel --cgroup-manager disabled "$@"
}

@test "a container starts from a chroot that is no mount point" {
	run inside run --bundle /bundle "$NAME"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "root has $(wc -l <"$BATS_TEST_TMPDIR/names") entries" ]
	# Nothing of the host's mounts is left in it.
	[ "${lines[1]}" -lt 40 ]
}

@test "and without pivot_root" {
	run inside run --no-pivot --bundle /bundle "$NAME"
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
