#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Docker loads what we save, and we load what Docker saves.  A Docker Engine runs here in namespaces of
# its own, which see the same /tmp.

load ../helpers
load common
load ../engines/docker

setup_file() { docker_open; }
teardown_file() { docker_close; }

setup() {
	docker_needs
	room_setup
}
teardown() { room_teardown; }

@test "docker load takes our docker-archive, and we take docker save's, links and all" {
	image_of 'dir name=./
		dir name=etc
		file name=etc/file data=lower mode=0640 uid=7 gid=8' \
		'file name=etc/other data=upper
		file name=etc/.wh.file'
	creel-image --store st load -i layout --name example.com/team/app:1.2
	creel-image --store st save --format docker-archive -o ours.tar example.com/team/app:1.2
	run d load -i "$PWD/ours.tar"
	echo "$output"
	[ "$output" = "Loaded image: example.com/team/app:1.2" ]
	# The image id is the digest of the configuration, which nobody changed.
	[ "$(d image inspect -f '{{.Id}}' example.com/team/app:1.2)" = "$(tar xOf ours.tar manifest.json | jq -r '.[0].Config | "sha256:" + rtrimstr(".json")')" ]
	printf 'FROM example.com/team/app:1.2\nENV A=1\nCOPY --from=example.com/team/app:1.2 /etc/other /copy\n' >Dockerfile
	d build -q -t derived:1 "$PWD" >/dev/null
	d save -o "$PWD/theirs.tar" derived:1 example.com/team/app:1.2
	run creel-image --store new load -i theirs.tar
	echo "$output"
	[ "$status" -eq 0 ]
	creel-image --store st unpack example.com/team/app:1.2 a
	creel-image --store new unpack example.com/team/app:1.2 b
	diff <(treecmp a) <(treecmp b)
	creel-image --store new unpack derived:1 target
	[ "$(cat target/copy)" = upper ]
	[ "$(creel-image --store new inspect derived:1 | jq -c '.. | .Env? // empty | select(index("A=1"))' | head -1 | grep -c A=1)" = 1 ]
	d rmi -f derived:1 example.com/team/app:1.2 >/dev/null
}
