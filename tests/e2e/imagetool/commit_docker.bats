#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Changed files by us and by docker: the same list of changes, the same layer; and docker runs what we
# committed and converted.

load ../helpers
load common
load ../engines/docker

setup_file() { docker_open; }
teardown_file() { docker_close; }

setup() {
	docker_needs
	room_setup
	unset SOURCE_DATE_EPOCH
}
teardown() {
	remove_containers
	room_teardown
}

CHANGES='echo n >/etc/n; echo more >>/etc/passwd; rm -r /dir; mkdir /dir /d; echo 1 >/d/1; ln /d/1 /d/2; ln -s x /d/s; chmod 700 /srv; rm /gone'

# base/: the engine's busybox with files to change, as our layout too.
base() {
	printf 'FROM busybox\nRUN mkdir -p /etc /dir/sub /srv && echo root >/etc/passwd && touch /dir/1 /dir/sub/2 /gone\n' >Dockerfile
	d build -q -t base:1 "$PWD" >/dev/null
	d save -o "$PWD/base.tar" base:1
	creel-image --store st load -i base.tar >/dev/null
}

@test "diff lists what docker diff lists, commit writes what docker commit writes" {
	base
	d run --name changed --network none base:1 sh -c "$CHANGES"
	d diff changed | sort >theirs
	creel-image --store st bundle --rootfs=copy base:1 b
	chroot b/rootfs /bin/sh -c "$CHANGES"
	creel-image --store st diff b | sort >ours
	cat ours
	diff theirs ours
	d commit changed theirs:1 >/dev/null
	d save -o "$PWD/theirs.tar" theirs:1
	creel-image --store st load -i theirs.tar >/dev/null
	creel-image --store st commit -q b ours:1
	creel-image --store st unpack theirs:1 t
	creel-image --store st unpack ours:1 o
	diff <(treecmp -T t) <(treecmp -T o)
	creel-image --store st diff --json theirs:1 ours:1 | jq -c '.[] | select(.what != ["time"] and .what != ["inside"])' >differs
	cat differs
	[ ! -s differs ]
	d rmi -f theirs:1 base:1 >/dev/null
}

@test "docker loads and runs what was committed, with either compression, squashed or not" {
	base
	creel-image --store st bundle --rootfs=copy base:1 b
	# More than one block of the compressor.
	head -c 3000000 /dev/urandom >b/rootfs/big
	sum=$(sha256sum <b/rootfs/big)
	creel-image --store st commit -q -c 'CMD sha256sum </big' b c:1
	creel-image --store st commit -q --squash -c 'CMD sha256sum </big' b s:1
	creel-image --store st convert -q --compression-format gzip --force-compression --compression-level 1 c:1 g:1
	for i in c s g; do
		creel-image --store st save --format docker-archive -o "$i.tar" "$i:1" 2>/dev/null
		d load -i "$PWD/$i.tar"
		[ "$(box --network none "$i:1")" = "$sum" ]
		d rmi -f "$i:1" >/dev/null
	done
	d rmi -f base:1 >/dev/null
}
