# SPDX-License-Identifier: Apache-2.0
# An ordinary user for tests that root starts: one with ids of his own and of /etc/subuid, a home
# directory, and nothing else.  Load helpers.bash first.

# shellcheck disable=SC2016 # jq has variables of its own
# Nobody's account on the machines the tests run on; subordinate ids far away from everybody's.
ROOTLESS_ID=${ROOTLESS_ID:-7411}
ROOTLESS_NAME=creel-e2e-rootless
ROOTLESS_SUB=741000000
ROOTLESS_MAPS='[{containerID: 0, hostID: 7411, size: 1}, {containerID: 1, hostID: 741000000, size: 65536}]'

# make_user: the account, in the files that newuidmap(1) reads.  Several tests may do so at once.
make_user() {
	(
		flock 9
		getent group "$ROOTLESS_NAME" >/dev/null || groupadd -g "$ROOTLESS_ID" "$ROOTLESS_NAME"
		getent passwd "$ROOTLESS_NAME" >/dev/null ||
			useradd -K UID_MAX=60000 -M -u "$ROOTLESS_ID" -g "$ROOTLESS_ID" -d /nonexistent -s /bin/sh "$ROOTLESS_NAME"
		for file in /etc/subuid /etc/subgid; do
			touch "$file"
			# What is right stays: newuidmap(1) of another test may be reading it.
			[ "$(grep "^$ROOTLESS_NAME:" "$file")" != "$ROOTLESS_NAME:$ROOTLESS_SUB:65536" ] || continue
			sed -i "/^$ROOTLESS_NAME:/d" "$file"
			echo "$ROOTLESS_NAME:$ROOTLESS_SUB:65536" >>"$file"
		done
	) 9>/tmp/creel-e2e-rootless.lock 3>&-
}

# The test's own directories belong to root; the user gets one, with a copy of the program.
setup_user() {
	requires root
	requires userns
	requires program setpriv newuidmap newgidmap
	setup_creel
	make_user
	HOME_DIR=$(mktemp -d /tmp/creel-rootless.XXXXXX)
	chmod 755 "$HOME_DIR"
	mkdir "$HOME_DIR/bundle" "$HOME_DIR/bin"
	mkdir -m 700 "$HOME_DIR/run"
	cp "$(command -v creel)" "$HOME_DIR/bin/creel"
	cp -a "$ROOTFS" "$HOME_DIR/bundle/rootfs"
	chown -hR "$ROOTLESS_ID:$ROOTLESS_ID" "$HOME_DIR"
	BUNDLE=$HOME_DIR/bundle
	user creel spec --rootless --bundle "$BUNDLE"
	edit '.process.terminal = false | .root.readonly = false'
}

# user PROGRAM ARG...: as the user, in his home, with no environment but what is said here.
user() {
	(cd "$HOME_DIR" && exec setpriv --reuid "$ROOTLESS_ID" --regid "$ROOTLESS_ID" --clear-groups env -i \
		HOME="$HOME_DIR" XDG_RUNTIME_DIR="$HOME_DIR/run" USER="$ROOTLESS_NAME" \
		PATH="${USER_PATH:-$HOME_DIR/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}" "$@")
}

# program ARG...: what the bundle runs.
program() {
	edit '.process.args = $ARGS.positional' --args -- "$@"
}

# map_many: the user's own id is root, and the others of the container are his subordinate ones.
map_many() {
	edit ".linux.uidMappings = $ROOTLESS_MAPS | .linux.gidMappings = $ROOTLESS_MAPS"
}

teardown_user() {
	local id
	[ -n "${HOME_DIR:-}" ] || return 0
	for id in $(user creel list -q); do
		user creel delete --force "$id"
	done
	rm -rf "$HOME_DIR"
}
