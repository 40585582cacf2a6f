# SPDX-License-Identifier: Apache-2.0
# The Podman of an ordinary user, in a room of its own.  Load room.bash and rootless.bash first.

U_HOME=/var/lib/rootless

# user_open: the room, and the account in it: that is the room's, as its /etc is.  Programs for the user
# go to $U_HOME/bin then: the build's directory and the room's are not for others to see.
user_open() {
	room_open
	in_room bash -c ". '$SRC_DIR/tests/e2e/rootless.bash' && make_user &&
		mkdir -p $U_HOME/.config/containers $U_HOME/bin && mkdir -m 700 -p /run/user/$ROOTLESS_ID"
}

# user_settle RUNTIME: the user's settings, home and image.
user_settle() {
	containers_conf "$1" 'netns = "none"' | in_room tee "$U_HOME/.config/containers/containers.conf" >/dev/null
	printf '[storage]\ndriver = "vfs"\n' | in_room tee "$U_HOME/.config/containers/storage.conf" >/dev/null
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' |
		in_room tee "$U_HOME/.config/containers/policy.json" >/dev/null
	in_room chown -R "$ROOTLESS_ID:$ROOTLESS_ID" "$U_HOME" "/run/user/$ROOTLESS_ID"
	image_root "$ROOM_DIR/busybox"
	tar -C "$ROOM_DIR/busybox" -c . | p import -q -c CMD=sh -c ENV=PATH=/bin - localhost/busybox >/dev/null 2>&1
}

# as_user PROGRAM ARG...: in the room, as the user.
as_user() {
	in_room setpriv --reuid "$ROOTLESS_ID" --regid "$ROOTLESS_ID" --clear-groups \
		env -C "$U_HOME" HOME="$U_HOME" XDG_RUNTIME_DIR="/run/user/$ROOTLESS_ID" USER="$ROOTLESS_NAME" \
		timeout --foreground -s KILL 180 "$@"
}

# p ARG...: the user's podman.
p() {
	as_user podman "$@"
}
