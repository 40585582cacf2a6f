#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What becomes of a build: images in the store, archives, registries, files; and that others read them.

bats_require_minimum_version 1.5.0
load common
load registry
load ../engines/docker

setup_file() {
	docker_open
	start_registry "$BATS_FILE_TMPDIR/registry"
	export REGISTRY
}
teardown_file() {
	docker_close
	stop_registry "$BATS_FILE_TMPDIR/registry"
}

setup() {
	requires root
	requires program jq skopeo busybox docker-registry
	room_setup
	mkdir -p ctx/dir
	cp "$(command -v busybox)" ctx/busybox
	echo one >ctx/one
	echo two >ctx/dir/two
	ln -s /etc/passwd ctx/dir/link
	cat >ctx/Dockerfile <<-'END'
		FROM scratch
		COPY busybox /bin/sh
		COPY --chown=7:8 --chmod=640 one /one
		COPY dir /dir
		ENV A=b
		LABEL who=me
		CMD ["/bin/sh", "-c", "echo $A; cat /one"]
	END
}
teardown() { room_teardown; }

private_podman() {
	podman --root "$ROOM/podman" --runroot "$ROOM/podman-run" --storage-driver vfs --cgroup-manager cgroupfs "$@"
}

image() {
	creel-image --store store "$@"
}

build() {
	image build -q "$@" ctx
}

config_of() { # PLACE
	skopeo inspect --config "$1"
}

@test "the image is in the store under each name; history, created and diff_ids fit" {
	id=$(build -t one -t localhost:5000/two:2 --iidfile iid --metadata-file meta)
	[ "$id" = "$(cat iid)" ]
	image list | grep -q 'docker.io/library/one:latest'
	image list | grep -q 'localhost:5000/two:2'
	config_of oci:store:docker.io/library/one:latest >config
	[ "$(jq '[.history[] | select(.empty_layer != true)] | length' config)" = 3 ]
	[ "$(jq '.rootfs.diff_ids | length' config)" = 3 ]
	[ "$(jq -r .created config)" = "$(jq -r '.history[-1].created' config)" ]
	[ "$(jq '[.history[].created] | map(select(. == null)) | length' config)" = 0 ]
	[ "$(jq -r '."containerimage.config.digest"' meta)" = "$id" ]
	[ "$(jq -r '."image.name"' meta)" = docker.io/library/one:latest,localhost:5000/two:2 ]
	[ "$(jq -r '."containerimage.digest"' meta)" = "$(skopeo inspect oci:store:docker.io/library/one:latest | jq -r .Digest)" ]
	# Every diffID is that of its layer.
	skopeo copy -q oci:store:docker.io/library/one:latest dir:copied
	jq -r '.layers[].digest' copied/manifest.json | while read -r layer; do
		gzip -dc "copied/${layer#sha256:}" | sha256sum | sed 's/^/sha256:/; s/ .*//'
	done >found
	diff found <(jq -r '.rootfs.diff_ids[]' config)
	# Nothing changed: the same image.
	[ "$(build -t one)" = "$id" ]
}

@test "podman and docker load it, docker runs it" {
	requires program podman
	build -t example.com/app:1 -o type=docker,dest=d.tar -o type=oci,dest=o.tar
	private_podman load -q -i d.tar
	# Running it is docker's part below: podman's own runtime wants more than every machine gives.
	private_podman image inspect example.com/app:1 | jq -e '.[0].Config.Env | index("A=b")'
	container=$(private_podman create example.com/app:1)
	private_podman export "$container" | tar xO one | grep -q one
	skopeo inspect oci-archive:o.tar:1 | jq -e '.Labels.who == "me"'
	docker_needs
	d load -i "$PWD/d.tar" | grep -q 'example.com/app:1'
	[ "$(d run --rm --network none example.com/app:1)" = "$(printf 'b\none')" ]
	d rmi -f example.com/app:1 >/dev/null
}

@test "an OCI layout may be a directory, or go through a pipe" {
	build -t app:1 -o type=oci,dest=layout,tar=false
	[ "$(skopeo inspect oci:layout:1 | jq '.Layers | length')" = 3 ]
	build -t app:1 -o type=oci,dest=- | cat >piped.tar
	skopeo inspect oci-archive:piped.tar:1 >inspected
	[ "$(jq -r .Digest inspected)" = "$(skopeo inspect oci:layout:1 | jq -r .Digest)" ]
}

@test "files go to a directory and to a tar archive as the image has them" {
	mkdir out
	echo mine >out/mine
	build -o out
	[ "$(cat out/mine out/one out/dir/two)" = "$(printf 'mine\none\ntwo')" ]
	[ "$(stat -c %u:%g:%a out/one)" = 7:8:640 ]
	[ "$(readlink out/dir/link)" = /etc/passwd ]
	build -o - | tar tv --numeric-owner >list
	grep -qE '^-rw-r----- 7/8 .* one$' list
	build -o type=tar,dest=x.tar
	[ "$(tar xOf x.tar dir/two)" = two ]
	run ! script -qec 'creel-image --store store build -o - ctx' /dev/null </dev/null
}

@test "links that lie in the directory lead nowhere else" {
	mkdir out
	ln -s "$ROOM/outside" out/dir
	build -o out
	[ "$(ls outside)" = canary ]
	rm -rf out
	mkdir -p out/one/mine
	run -1 image build -q -o out ctx
	[[ "$output" = *"'one' is a directory there"* ]]
	[ -d out/one/mine ]
}

@test "push: what was built is pulled elsewhere; several names, compressions, annotations" {
	build -t "$REGISTRY/app:1" -t "$REGISTRY/app:2" --push --annotation who=me
	skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/app:2" >manifest
	[ "$(jq -r .annotations.who manifest)" = me ]
	[ "$(jq -r .mediaType manifest)" = application/vnd.oci.image.manifest.v1+json ]
	creel-image --store other pull -q "$REGISTRY/app:1"
	creel-image --store other unpack "$REGISTRY/app:1" tree
	[ "$(cat tree/one)" = one ]
	build -o "type=image,name=$REGISTRY/z:1,push=true,compression=zstd,compression-level=5"
	skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/z:1" |
		jq -e 'all(.layers[]; .mediaType == "application/vnd.oci.image.layer.v1.tar+zstd")'
	build -o "type=registry,name=$REGISTRY/d:1,oci-mediatypes=false"
	skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/d:1" |
		jq -e '.mediaType == "application/vnd.docker.distribution.manifest.v2+json"'
	# It was not asked to stay here.
	run ! image inspect "$REGISTRY/d:1"
	run -2 image build -q --push ctx
	[[ "$output" = *"give --tag"* ]]
}

@test "--pull asks the registry for the base again, --pull=never does not even for one that is not here" {
	mkdir on
	printf 'FROM %s/base:1\n' "$REGISTRY" >on/Dockerfile
	run -3 image build -q --pull=never on
	creel-image --store other build -q -t "$REGISTRY/base:1" --push ctx
	image build -q -o out on
	echo newer >ctx/one
	creel-image --store other build -q -t "$REGISTRY/base:1" --push ctx
	for words in "" --pull=missing --pull=false --pull=never; do
		# shellcheck disable=SC2086 # none is a word
		image build -q $words -o out on
		[ "$(cat out/one)" = one ]
	done
	image build -q --pull -o out on
	[ "$(cat out/one)" = newer ]
}

@test "SOURCE_DATE_EPOCH: two builds in two places at two times are one image" {
	cp -r ctx other
	touch -d 2002-02-02 other/one other/dir/two other/dir other
	build() { creel-image --store "$1" build -q -t x --source-date-epoch 1000000000 \
		-o "type=image,rewrite-timestamp=true" "$2"; }
	first=$(build s1 ctx)
	sleep 1.1
	touch -d 2003-03-03 ctx/one
	touch -d 2004-04-04 other/one
	second=$(build s2 other)
	[ "$first" = "$second" ]
	config_of oci:s1:docker.io/library/x:latest >config
	[ "$(jq -r .created config)" = 2001-09-09T01:46:40Z ]
	creel-image --store s1 unpack x tree
	run find tree -mindepth 1 -newermt '2001-09-09 01:46:41 UTC'
	[ "$output" = "" ]
}

@test "several platforms make an index, and directories of their own" {
	build --platform linux/amd64,linux/arm64 -t multi --annotation index:who=me \
		--annotation 'manifest[linux/arm64]:arm=yes'
	skopeo inspect --raw oci:store:docker.io/library/multi:latest >index
	[ "$(jq -r '[.manifests[].platform.architecture] | join(",")' index)" = amd64,arm64 ]
	[ "$(jq -r .annotations.who index)" = me ]
	arm=$(jq -r '.manifests[1].digest' index)
	[ "$(jq -r .annotations.arm "store/blobs/sha256/${arm#sha256:}")" = yes ]
	build --platform linux/amd64,linux/arm64 -o out
	[ "$(cat out/linux_amd64/one out/linux_arm64/one)" = "$(printf 'one\none')" ]
	run -2 image build -q --platform linux/amd64,linux/arm64 -o type=docker,dest=d.tar ctx
	[[ "$output" = *"one platform"* ]]
}

@test "squash leaves one layer above the base" {
	build -t base
	printf 'FROM base\nCOPY one /x\nRUN ["/bin/sh", "-c", "echo y >/y"]\n' >ctx/Dockerfile.more
	image tag base docker.io/library/base:latest || true
	build -t app --squash -f ctx/Dockerfile.more
	skopeo inspect oci:store:docker.io/library/app:latest >inspected
	[ "$(jq '.Layers | length' inspected)" = 4 ]
	image unpack app tree
	[ "$(cat tree/x tree/y)" = "$(printf 'one\ny')" ]
}

@test "an inline cache and --squash contradict each other" {
	run -2 build -t x --squash --cache-to type=inline
	[[ $output == *"--squash leaves no layers"* ]]
	run -2 build -t x --squash --build-arg BUILDKIT_INLINE_CACHE=1
	[[ $output == *"--squash leaves no layers"* ]]
	build -q -t x --squash --build-arg BUILDKIT_INLINE_CACHE=0
}

@test "caches travel by a directory, a registry and inside the image" {
	printf 'RUN ["/bin/sh", "-c", "echo made >/made"]\n' >>ctx/Dockerfile
	build -t x --cache-to type=local,dest=cache,mode=max
	build -t x --cache-to "type=registry,ref=$REGISTRY/cache:1"
	build -t "$REGISTRY/inline:1" --cache-to type=inline --push
	for from in type=local,src=cache "$REGISTRY/cache:1" "type=registry,ref=$REGISTRY/inline:1"; do
		rm -rf fresh
		creel-image --store fresh build --progress=plain -t x --cache-from "$from" ctx >log 2>&1
		grep -c CACHED log
		[ "$(grep -c CACHED log)" = 4 ]
		# A changed end stands on what came from there.
		cp -r ctx changed
		echo 'COPY one /more' >>changed/Dockerfile
		creel-image --store fresh build --progress=plain -t y --cache-from "$from" changed >log 2>&1
		[ "$(grep -c CACHED log)" = 4 ]
		creel-image --store fresh unpack y tree
		[ "$(cat tree/made tree/more)" = "$(printf 'made\none')" ]
		rm -rf tree changed
	done
	creel-image --store none build -q -t x --cache-from "$REGISTRY/nothing:1" ctx
	run -2 creel-image --store none build -q --cache-to type=gha ctx
	[[ "$output" = *"type=registry"* ]]
}

@test "a cache whose layer is another one is not used" {
	build -t x --cache-to type=local,dest=cache
	manifest=$(jq -r '.manifests[0].digest' cache/index.json)
	layer=$(jq -r '.layers[-1].digest' "cache/blobs/sha256/${manifest#sha256:}")
	echo poison >"cache/blobs/sha256/${layer#sha256:}"
	creel-image --store fresh build --progress=plain -t x --cache-from type=local,src=cache ctx >log 2>&1
	[ "$(grep -c CACHED log)" = 2 ]
	creel-image --store fresh unpack x tree
	[ "$(cat tree/dir/two)" = two ]
}
