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

@test "docker pulls what we push, an index too, and what it pushes goes on to another name" {
	command -v docker-registry >/dev/null || skip "needs the program docker-registry"
	printf 'version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "127.0.0.1:5000"}\n' \
		"$PWD/data" >registry.yml
	in_room docker-registry serve "$PWD/registry.yml" >registry.log 2>&1 </dev/null 3>&- &
	wait_for in_room curl -fs -o /dev/null http://127.0.0.1:5000/v2/
	layer 1.tar <<<'file name=file data=pushed'
	gzip 1.tar
	make_layout layout x 1.tar.gz
	i() { in_room creel-image --store "$PWD/$1" "${@:2}"; }
	digest=$(i layout push -q x 127.0.0.1:5000/team/app:1)
	run d pull -q 127.0.0.1:5000/team/app:1
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(d image inspect -f '{{index .RepoDigests 0}}' 127.0.0.1:5000/team/app:1)" = "127.0.0.1:5000/team/app@$digest" ]
	i st index create 127.0.0.1:5000/team/all:1 docker://127.0.0.1:5000/team/app:1
	i st push -q --all 127.0.0.1:5000/team/all:1
	d pull -q 127.0.0.1:5000/team/all:1
	[ "$(d image inspect -f '{{.Id}}' 127.0.0.1:5000/team/all:1)" = "$(d image inspect -f '{{.Id}}' 127.0.0.1:5000/team/app:1)" ]
	d tag 127.0.0.1:5000/team/app:1 127.0.0.1:5000/theirs/app:1
	d push -q 127.0.0.1:5000/theirs/app:1
	i st pull -q 127.0.0.1:5000/theirs/app:1
	theirs=$(i st push -q 127.0.0.1:5000/theirs/app:1 127.0.0.1:5000/ours/app:1)
	[ "$(d pull 127.0.0.1:5000/ours/app:1 | sed -n 's/^Digest: //p')" = "$theirs" ]
	d rmi -f 127.0.0.1:5000/{ours,theirs,team}/app:1 127.0.0.1:5000/team/all:1 >/dev/null
}
