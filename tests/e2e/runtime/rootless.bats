#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A caller who is not root: ids by a user namespace, control groups as far as they may be changed.

load ../helpers

USER_ID=1000

setup() {
	requires root
	requires userns
	requires program setpriv
	setup_creel
	# The test's directories belong to root; the user gets one of his own.
	HOME_DIR=$(mktemp -d /tmp/creel-rootless.XXXXXX)
	chmod 755 "$HOME_DIR"
	mkdir "$HOME_DIR/bundle" "$HOME_DIR/run"
	cp "$(command -v creel)" "$HOME_DIR/creel"
	cp -a "$ROOTFS" "$HOME_DIR/bundle/rootfs"
	chown -hR "$USER_ID:$USER_ID" "$HOME_DIR"
	user creel spec --rootless --bundle "$HOME_DIR/bundle"
	BUNDLE=$HOME_DIR/bundle
}

teardown() {
	local id
	for id in $(user creel list -q); do
		user creel delete --force "$id"
	done
	rm -rf "$HOME_DIR"
}

# user creel ARG...: as the user.
user() {
	shift
	(cd "$HOME_DIR" && exec setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups \
		env HOME="$HOME_DIR" XDG_RUNTIME_DIR="$HOME_DIR/run" "$HOME_DIR/creel" "$@")
}

program() {
	edit '.process.args = $ARGS.positional | .process.terminal = false | .root.readonly = false' --args -- "$@"
	chown "$USER_ID:$USER_ID" "$BUNDLE/config.json"
}

@test "the user is root inside, and nothing is left" {
	program sh -c 'id -u; awk "{ print \$1, \$2, \$3 }" /proc/self/uid_map; exit 5'
	run user creel run "--bundle=$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -eq 5 ]
	[ "${lines[0]}" = 0 ]
	[ "${lines[1]}" = "0 $USER_ID 1" ]
	[ -z "$(ls -A "$HOME_DIR/run/creel")" ]
}

@test "a whole life: create, start, exec, kill, delete" {
	program sleep 1000
	user creel create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	user creel start "$NAME"
	[ "$(user creel state "$NAME" | jq -r .status)" = running ]
	[ "$(user creel exec "$NAME" id -u)" = 0 ]
	run user creel exec "$NAME" sh -c 'exit 6'
	[ "$status" -eq 6 ]
	user creel kill "$NAME" KILL
	stopped() { [ "$(user creel state "$NAME" | jq -r .status)" = stopped ]; }
	wait_for stopped
	user creel delete "$NAME"
	[ -z "$(ls -A "$HOME_DIR/run/creel")" ]
}

@test "the state of another user is not obeyed" {
	mkdir "$HOME_DIR/foreign"
	chown 1001:1001 "$HOME_DIR/foreign"
	run user creel --root "$HOME_DIR/foreign" list
	[ "$status" -eq 1 ]
	[[ $output == *"belongs to user 1001"* ]]
}
