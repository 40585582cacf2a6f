#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bundle --subids: an ordinary user's bundle whose files belong to many ids, and a container that has them.

bats_require_minimum_version 1.5.0
load ../helpers
load ../rootless
load layout

setup() {
	setup_user
	cp "$(command -v creel-image)" "$HOME_DIR/bin/"
	cd "$BATS_TEST_TMPDIR"
	mkdir -p more/srv
	echo mine >more/srv/page
	chmod 600 more/srv/page
	tar -C "$ROOTFS" --owner=0 --group=0 -cf layer.tar .
	tar -C more --owner=33 --group=34 -rf layer.tar srv
	CONFIG='{"Cmd":["stat","-c","%u %g","/srv/page"]}' make_layout layout x layer.tar
	cp -r layout "$HOME_DIR/layout"
	chown -hR "$ROOTLESS_ID:$ROOTLESS_ID" "$HOME_DIR/layout"
	user creel-image copy -q oci:layout:x image
}

teardown() {
	teardown_user
}

@test "files keep their owners among the ids of /etc/subuid, and the container has these ids" {
	user creel-image bundle --subids image made
	[ "$(stat -c '%u %g %a' "$HOME_DIR/made/rootfs/srv/page")" = "$((ROOTLESS_SUB + 32)) $((ROOTLESS_SUB + 33)) 600" ]
	[ "$(stat -c '%u %g' "$HOME_DIR/made" "$HOME_DIR/made/rootfs/bin" | sort -u)" = "$ROOTLESS_ID $ROOTLESS_ID" ]
	for ids in uid gid; do
		[ "$(jq -cS ".linux.${ids}Mappings" "$HOME_DIR/made/config.json")" = "$(jq -cnS "$ROOTLESS_MAPS")" ]
	done
	jq -e '.linux.namespaces | any(.type == "user")' "$HOME_DIR/made/config.json"
	[ "$(user creel run --bundle made made)" = "33 34" ]
	[ "$(user creel-image bundle --subids --user 33:34 image other cat /srv/page && user creel run --bundle other other)" = mine ]
}

@test "without it all files are the user's own" {
	user creel-image bundle image made
	[ "$(stat -c '%u %g' "$HOME_DIR/made/rootfs/srv/page")" = "$ROOTLESS_ID $ROOTLESS_ID" ]
	jq -e '.linux.uidMappings | length == 1' "$HOME_DIR/made/config.json"
}

@test "what cannot be is said" {
	run -2 --separate-stderr user creel-image bundle --subids --rootfs=overlay image made
	[[ $stderr == *"--subids makes a copy"* ]]
	run -2 --separate-stderr creel-image --store "$HOME_DIR/layout" bundle --subids x "$HOME_DIR/root"
	[[ $stderr == *"root has all ids"* ]]
	USER_PATH=$HOME_DIR/bin run -1 --separate-stderr user creel-image bundle --subids image made
	[[ $stderr == *"newuidmap (package uidmap) has to be there"* ]]
	[ ! -e "$HOME_DIR/made" ]
}
