#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# creel-image copy: any place to any place, what others write and what they read.

bats_require_minimum_version 1.5.0
load common
load registry

setup() {
	requires root
	requires program jq zstd skopeo umoci docker-registry curl
	room_setup
	STORE=$ROOM/st
}
teardown() {
	stop_registry "$ROOM/registry"
	stop_hostile
	room_teardown
}

MANIFEST=application/vnd.oci.image.manifest.v1+json
INDEX=application/vnd.oci.image.index.v1+json

# Three layers, one of them not compressed; $DIGEST is the manifest's.
make_image() {
	layer 1.tar <<<'dir name=./
		dir name=etc
		file name=etc/file data=lower
		symlink name=link link=etc/file'
	layer 2.tar <<<'file name=etc/file data=upper
		file name=big fill=300000'
	layer 3.tar <<<'file name=last data=last'
	gzip -kn 1.tar
	gzip -kn 2.tar
	CONFIG='{"User":"1:2","Env":["A=1"],"Cmd":["/x"],"Labels":{"k":"v"}}' \
		make_layout lay x 1.tar.gz 2.tar.gz 3.tar
	DIGEST=$(jq -r '.manifests[0].digest' lay/index.json)
}

copy() { image copy -q "$@"; }

# What the image of this place consists of when it is unpacked.
tree_of() { # PLACE
	local dir
	dir=$(mktemp -d -p "$ROOM")
	creel-image --store "$dir/st" copy -q "$1" creel:t:1 >&2
	creel-image --store "$dir/st" unpack t:1 "$dir/rootfs" >&2
	treecmp "$dir/rootfs"
	rm -rf "$dir"
}

# An index of the layout's image for two platforms, as lay2:multi.
make_index() {
	make_image
	cp -r lay lay2
	local other
	other=$(mktemp -d -p "$ROOM")
	jq '.architecture = "arm64" | .variant = "v8"' "lay/blobs/sha256/$(jq -r '.config.digest[7:]' "lay/blobs/sha256/${DIGEST#*:}")" >"$other/config"
	jq -c ".config = $(layout_descriptor lay2 "$other/config" application/vnd.oci.image.config.v1+json)" \
		"lay/blobs/sha256/${DIGEST#*:}" >"$other/manifest"
	jq -nc --argjson a "$(layout_descriptor lay2 "lay/blobs/sha256/${DIGEST#*:}" $MANIFEST)" \
		--argjson b "$(layout_descriptor lay2 "$other/manifest" $MANIFEST)" --arg t $INDEX \
		'{schemaVersion:2,mediaType:$t,manifests:[$a + {platform:{os:"linux",architecture:"amd64"}}, $b + {platform:{os:"linux",architecture:"arm64",variant:"v8"}}],annotations:{a:"b"}}' >"$other/index"
	jq -nc --argjson i "$(layout_descriptor lay2 "$other/index" $INDEX)" \
		'{schemaVersion:2,manifests:[$i + {annotations:{"org.opencontainers.image.ref.name":"multi"}}]}' >lay2/index.json
	INDEX_DIGEST=$(jq -r '.manifests[0].digest' lay2/index.json)
}

@test "every place to every other, and the digest stays" {
	start_registry "$ROOM/registry"
	make_image
	want=$(tree_of oci:lay:x)
	for from in "docker://$REGISTRY/a:1" oci:o1:n oci-archive:oa.tar:n dir:d1 creel:own:1; do
		[ "$(copy oci:lay:x "$from")" = "$DIGEST" ]
		for to in "docker://$REGISTRY/b/c:2" oci:o2:n oci-archive:ob.tar:n dir:d2 creel:other:2; do
			echo "$from -> $to"
			rm -rf o2 ob.tar d2
			[ "$(copy "$from" "$to")" = "$DIGEST" ]
			# The store is a layout to others.
			[ "$to" != creel:other:2 ] || to=oci:$STORE:docker.io/library/other:2
			diff <(echo "$want") <(tree_of "$to")
			skopeo inspect --tls-verify=false "$to" | jq -e --arg d "$DIGEST" '.Digest == $d' >/dev/null
		done
		# A docker-archive has no manifest: its content is compared.
		rm -f da.tar
		copy "$from" docker-archive:da.tar:name/x:3
		[ "$(skopeo inspect --config docker-archive:da.tar | jq -c .rootfs)" = \
			"$(skopeo inspect --config oci:lay:x | jq -c .rootfs)" ]
		diff <(echo "$want") <(tree_of docker-archive:da.tar)
		[ "$(copy docker-archive:da.tar creel:from:docker)" ]
	done
	[ -z "$(ls -A | grep -F .creel-image- || true)" ]
	no_leftovers "$STORE"
}

@test "what skopeo writes is read, and skopeo reads what we write" {
	make_image
	want=$(tree_of oci:lay:x)
	skopeo copy -q oci:lay:x oci:so:n
	skopeo copy -q oci:lay:x oci-archive:so.tar:n
	skopeo copy -q oci:lay:x docker-archive:sd.tar:name:1
	skopeo copy -q oci:lay:x dir:sdir
	for from in oci:so:n oci-archive:so.tar:n oci-archive:so.tar docker-archive:sd.tar \
		docker-archive:sd.tar:name:1 docker-archive:sd.tar:@0 dir:sdir; do
		echo "$from"
		diff <(echo "$want") <(tree_of "$from")
	done
	copy oci:lay:x docker-archive:ours.tar:name:1
	copy oci:lay:x dir:ourdir
	copy oci:lay:x oci-archive:ours-oci.tar:n
	for from in docker-archive:ours.tar dir:ourdir oci-archive:ours-oci.tar:n; do
		rm -rf back
		skopeo copy -q "$from" oci:back:n
		diff <(echo "$want") <(tree_of oci:back:n)
	done
	copy oci:lay:x oci:for-umoci:n
	umoci unpack --rootless --image for-umoci:n bundle
	[ "$(cat bundle/rootfs/etc/file)" = upper ]
}

@test "docker's format and back: media types change, blobs and the rest do not" {
	start_registry "$ROOM/registry"
	make_image
	copy --format docker oci:lay:x "docker://$REGISTRY/a:docker"
	skopeo inspect --tls-verify=false --raw "docker://$REGISTRY/a:docker" >raw
	jq -e '.mediaType == "application/vnd.docker.distribution.manifest.v2+json" and
		.config.mediaType == "application/vnd.docker.container.image.v1+json" and
		([.layers[].mediaType] | unique) == ["application/vnd.docker.image.rootfs.diff.tar", "application/vnd.docker.image.rootfs.diff.tar.gzip"]' raw
	[ "$(jq -c '[.config, .layers[]] | map(.digest)' raw)" = \
		"$(jq -c '[.config, .layers[]] | map(.digest)' "lay/blobs/sha256/${DIGEST#*:}")" ]
	# As it is, unless the target knows one format only.
	copy "docker://$REGISTRY/a:docker" "docker://$REGISTRY/a:same"
	skopeo inspect --tls-verify=false --raw "docker://$REGISTRY/a:same" | cmp - raw
	copy "docker://$REGISTRY/a:docker" dir:d
	cmp d/manifest.json raw
	[ "$(copy "docker://$REGISTRY/a:docker" oci:o:n)" = "$DIGEST" ]
	run -1 image copy --preserve-digests "docker://$REGISTRY/a:docker" oci:o2:n
	[[ $output == *"--preserve-digests forbids it"* ]]
	[ ! -e o2 ]
	run -1 image copy --format docker oci:lay:x oci:o3:n
	[[ $output == *"OCI's format only"* ]]
	# Docker has no word for zstd.
	zstd -qk 1.tar
	make_layout zlay x 1.tar.zst
	run -1 image copy --format docker oci:zlay:x "docker://$REGISTRY/a:zstd"
	[[ $output == *"compressed with zstd"* ]]
}

@test "an index: all of it, one platform, another format" {
	start_registry "$ROOM/registry"
	make_index
	[ "$(copy --all oci:lay2:multi "docker://$REGISTRY/m:1")" = "$INDEX_DIGEST" ]
	[ "$(skopeo inspect --tls-verify=false --raw "docker://$REGISTRY/m:1" | sha256sum | cut -c-64)" = "${INDEX_DIGEST#*:}" ]
	[ "$(copy --multi-arch all --retry-times 2 "docker://$REGISTRY/m:1" oci:o3:n)" = "$INDEX_DIGEST" ]
	for to in "docker://$REGISTRY/n:1" oci:o2:n oci-archive:ob.tar:n dir:d2 creel:multi:1; do
		[ "$(copy --all "docker://$REGISTRY/m:1" "$to")" = "$INDEX_DIGEST" ]
		[ "$(copy --platform linux/amd64 "$to" "creel:x:$(tr -dc a-z <<<"$to")")" = "$DIGEST" ]
	done
	[ "$(copy "docker://$REGISTRY/m:1" creel:one:1)" = "$DIGEST" ]
	copy --platform linux/arm64 "docker://$REGISTRY/m:1" creel:arm:1
	[ "$(image inspect --format '{{.Architecture}}' arm:1)" = arm64 ]
	run -3 image copy --platform linux/s390x "docker://$REGISTRY/m:1" creel:no:1
	[[ $output == *"no image for platform linux/s390x; there is linux/amd64, linux/arm64/v8"* ]]
	run -1 image copy --all oci:lay2:multi docker-archive:da.tar
	[[ $output == *"images of one platform"* ]]
	[ ! -e da.tar ]
	copy --all --format docker oci:lay2:multi "docker://$REGISTRY/m:docker"
	run -0 skopeo inspect --tls-verify=false --raw "docker://$REGISTRY/m:docker"
	[ "$(jq -c '[.mediaType, (.manifests | length), .manifests[0].mediaType, .manifests[1].platform.architecture]' <<<"$output")" = \
		'["application/vnd.docker.distribution.manifest.list.v2+json",2,"application/vnd.docker.distribution.manifest.v2+json","arm64"]' ]
	# And skopeo finds every part of it.
	skopeo copy -q --all --src-tls-verify=false "docker://$REGISTRY/m:docker" dir:all
}

@test "within a registry blobs are mounted, what is there does not travel" {
	start_registry "$ROOM/registry"
	make_image
	copy oci:lay:x "docker://$REGISTRY/a:1"
	run -0 --separate-stderr image copy --json "docker://$REGISTRY/a:1" "docker://$REGISTRY/b:1"
	[ "$(jq -c '[.blobs, .mounted, .bytes]' <<<"$output")" = '[4,4,0]' ]
	run -0 --separate-stderr image copy --json oci:lay:x "docker://$REGISTRY/b:2"
	[ "$(jq -c '[.blobs, .present, .bytes]' <<<"$output")" = '[4,4,0]' ]
}

@test "between registries large blobs pass through side by side" {
	start_registry "$ROOM/registry"
	make_image
	files=()
	for i in 1 2 3 4 5; do
		{ echo "file name=f$i fill=4000000"; } | mktar >"big$i.tar"
		head -c 3000000 /dev/urandom >>"big$i.tar"
		files+=("big$i.tar")
	done
	make_layout big x "${files[@]}"
	copy oci:big:x "docker://$REGISTRY/big:1"
	first=$REGISTRY
	start_registry "$ROOM/second"
	run -0 --separate-stderr image copy --json "docker://$first/big:1" "docker://$REGISTRY/big:1"
	stop_registry "$ROOM/second"
	[ "$(jq -c '.mounted + .present' <<<"$output")" = 0 ]
	[ "$(jq -c '.bytes > 35000000' <<<"$output")" = true ]
}

@test "options, and places that are none" {
	make_image
	run -0 image copy --digestfile d oci:lay:x creel:a:1
	[ "$(cat d)" = "$DIGEST" ]
	run -2 image copy containers-storage:a creel:b
	[[ $output == *"podman save"* ]]
	run -2 image copy docker-daemon:a creel:b
	[[ $output == *"docker save"* ]]
	# An image of this name: docker's place has slashes.
	run -3 image copy docker:a creel:b
	run -3 image copy oci-archive:none.tar creel:b
	run -3 image copy a:no-such creel:b
	run -2 image copy --all --platform linux/amd64 oci:lay:x creel:b
	[[ $output == *"exclude each other"* ]]
	image copy oci:lay:x oci-archive:-:n >piped.tar
	[ "$(copy oci-archive:piped.tar:n creel:c:1)" = "$DIGEST" ]
	gzip piped.tar
	[ "$(copy oci-archive:piped.tar.gz:n creel:d:1)" = "$DIGEST" ]
	[ "$(zcat piped.tar.gz | copy oci-archive:- creel:e:1)" = "$DIGEST" ]
	# A layout that is there takes another image; a directory of something else does not.
	copy oci:lay:x oci:o:one
	copy oci:lay:x oci:o:two
	[ "$(jq -c '[.manifests[].annotations["org.opencontainers.image.ref.name"]]' o/index.json)" = '["one","two"]' ]
	mkdir full
	echo x >full/file
	run -1 image copy oci:lay:x oci:full:n
	run -1 image copy oci:lay:x dir:full
	[ "$(ls full)" = file ]
}

# blob_of POSITION: path of a layer's blob in lay
blob_of() {
	echo "lay/blobs/sha256/$(jq -r ".layers[$1].digest[7:]" "lay/blobs/sha256/${DIGEST#*:}")"
}

@test "a name that nothing can have is a wrong command line in every verb, and nothing is done" {
	while read -r args; do
		status=0
		# shellcheck disable=SC2086
		creel-image --store nostore $args >said 2>out </dev/null || status=$?
		[ "$status" -eq 2 ] && [ ! -s said ] && [ ! -e nostore ] && [ ! -e made ] || {
			echo "status $status: $args"
			cat out
			return 1
		}
	done <<-'END'
		pull BAD!
		push x:1 BAD!
		push --tag BAD! x:1
		tag x:1 y:1 BAD!
		tags BAD!
		referrers BAD!
		delete docker://BAD!
		copy docker://BAD! dir:made
		copy dir:made BAD!
		copy docker-daemon:x dir:made
		commit made BAD!
		import made BAD!
		convert x:1 BAD!
		index create BAD!
		index inspect docker://BAD!
		inspect docker://BAD!
		history docker://BAD!
		load --name BAD!
		artifact push BAD! said
		artifact pull BAD!
	END
}

@test "content that lies goes nowhere, from any place to any place" {
	start_registry "$ROOM/registry"
	make_image
	blob=$(blob_of 1)
	cp "$blob" good
	for damage in 'printf x >>"$blob"' 'truncate -s -1 "$blob"' 'printf X | dd of="$blob" conv=notrunc status=none'; do
		cp good "$blob"
		eval "$damage"
		for to in "docker://$REGISTRY/bad:1" oci:o2:n oci-archive:ob.tar:n dir:d2 creel:bad:1 docker-archive:da.tar; do
			# What stands behind the last byte does not travel.
			[[ $damage != *'>>'* || $to != docker:* ]] || continue
			run image copy oci:lay:x "$to"
			echo "$to: $output"
			[ "$status" -eq 4 ]
			[ ! -e o2 ] && [ ! -e ob.tar ] && [ ! -e d2 ] && [ ! -e da.tar ]
		done
		run -3 image inspect bad:1
		run ! curl -fs "http://$REGISTRY/v2/bad/manifests/1"
	done
	assert_untouched
}

@test "names and digests that want out of their place do not get there" {
	make_image
	mkdir evil
	printf 'Directory Transport Version: 1.1\n' >evil/version
	for digest in 'sha256:../../canary' 'sha256:..' '../canary' 'sha256:' "sha256:$(printf 'A%.0s' {1..64})" 'md5:00'; do
		jq -nc --arg d "$digest" '{schemaVersion:2,config:{mediaType:"application/vnd.oci.image.config.v1+json",digest:$d,size:1},layers:[]}' >evil/manifest.json
		for to in oci:o2:n dir:d2 creel:bad:1 oci-archive:ob.tar; do
			run image copy dir:evil "$to"
			[ "$status" -ne 0 ]
			[[ $output == *digest* ]]
			[ ! -e o2 ] && [ ! -e d2 ] && [ ! -e ob.tar ]
		done
	done
	# A blob that is a link out is no blob.
	copy oci:lay:x dir:linked
	hex=$(basename "$(blob_of 0)")
	ln -sf "$ROOM/canary" "linked/$hex"
	run -4 image copy dir:linked creel:bad:1
	[[ $output == *"not a regular file"* ]]
	assert_untouched
}

@test "a document that is two things, schema 1, and types that lie are refused" {
	make_image
	copy oci:lay:x dir:d
	cp d/manifest.json plain
	jq -c '.manifests = []' plain >d/manifest.json
	run -4 image copy dir:d creel:bad:1
	jq -c '.mediaType = "application/vnd.oci.image.index.v1+json"' plain >d/manifest.json
	run -4 image copy dir:d creel:bad:1
	printf '{"schemaVersion":1,"fsLayers":[]}' >d/manifest.json
	run -4 image copy dir:d creel:bad:1
	[[ $output == *"schema 1"* ]]
	echo '[]' >d/manifest.json
	run -4 image copy dir:d creel:bad:1
	head -c 100000 /dev/zero | tr '\0' '[' >d/manifest.json
	run -4 image copy dir:d creel:bad:1
	# The config that says more layers than there are.
	jq -c '.layers = .layers[1:]' plain >d/manifest.json
	run -4 image copy dir:d creel:bad:1
	[[ $output == *"2 layers, the image config describes 3"* ]]
	# A layer that calls itself something else.
	jq -c '.layers[2].mediaType = "text/html"' plain >d/manifest.json
	run -4 image copy dir:d docker-archive:da.tar
	[ ! -e da.tar ]
}

@test "only what is wanted of a large archive is read" {
	make_image
	image copy oci:lay:x docker-archive:small.tar:a:1
	# The same with a member of 3 GB, mostly a hole, in front.
	truncate -s 3000000512 hole
	tar -b 1 -cf - hole | head -c 512 >big.tar
	truncate -s $((512 + 3000000512)) big.tar
	cat small.tar >>big.tar
	requires program strace
	run -0 bash -c "ulimit -f 100000; exec strace -f -e trace=pread64,read -o trace creel-image --store st copy -q docker-archive:big.tar creel:a:1"
	bytes=$(awk -F'= ' '/pread64|read\(/ && $NF + 0 > 0 { n += $NF } END { print n + 0 }' trace)
	echo "$bytes"
	[ "$bytes" -lt 20000000 ]
}

@test "killed at any time, a copy leaves nothing that looks done" {
	make_image
	image copy oci:lay:x creel:own:1
	for delay in 0.001 0.005 0.01 0.02; do
		for to in oci:o2:n oci-archive:ob.tar:n dir:d2 docker-archive:da.tar; do
			# In the foreground, or timeout kills itself as well and what it runs may end later.
			timeout --foreground -s KILL "$delay" creel-image --store "$STORE" copy -q own:1 "$to" || true
			case $to in
			oci:*) [ ! -e o2 ] || skopeo inspect "$to" >/dev/null ;;
			dir:*) [ ! -e d2 ] || skopeo inspect "$to" >/dev/null ;;
			*) [ ! -e "$(cut -d: -f2 <<<"$to")" ] || skopeo inspect "$to" >/dev/null ;;
			esac
			rm -rf o2 ob.tar d2 da.tar
		done
	done
}

private_podman() {
	podman --root "$ROOM/podman" --runroot "$ROOM/podman-run" --storage-driver vfs --cgroup-manager cgroupfs "$@"
}
private_buildah() {
	buildah --root "$ROOM/podman" --runroot "$ROOM/podman-run" --storage-driver vfs "$@"
}

@test "podman and buildah take what we write, in each form, and we what they write" {
	requires program podman buildah
	make_image
	id=$(jq -r '.config.digest[7:]' "lay/blobs/sha256/${DIGEST#*:}")
	for place in docker-archive:da.tar:example.com/x:1 oci-archive:oa.tar:example.com/x:1 oci:o:n dir:d; do
		copy oci:lay:x "$place"
		[ "$(private_podman pull -q "$place" | tail -1)" = "$id" ]
		private_podman rmi -f "$id" >/dev/null
		private_buildah pull -q "$place" >/dev/null
		private_podman tag "$id" example.com/x:1
		[ "$(private_podman image inspect --format '{{.Id}}' example.com/x:1)" = "$id" ]
	done
	# Not docker-dir: there podman 4 calls uncompressed layers gzip's, and what lies is refused.
	for form in docker-archive oci-archive oci-dir; do
		rm -rf saved
		private_podman save -q --format "$form" -o saved example.com/x:1
		case $form in
		oci-dir) from=oci:saved ;;
		*) from=$form:saved ;;
		esac
		diff <(tree_of oci:lay:x) <(tree_of "$from")
	done
	# Two images in one docker-archive.
	private_podman tag "$id" example.com/y:2
	rm -rf saved
	private_podman save -q -m -o saved example.com/x:1 example.com/y:2
	[ "$(image load -i saved | sort -u | wc -l)" = 2 ]
	image inspect example.com/x:1 example.com/y:2 >/dev/null
}

@test "containerd imports what we write, and we what it exports" {
	requires program containerd ctr
	make_image
	cat >containerd.toml <<-END
		version = 2
		root = "$ROOM/containerd"
		state = "$ROOM/containerd-state"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		  address = "$ROOM/c.sock"
	END
	containerd -c containerd.toml >containerd.log 2>&1 3>&- &
	pid=$!
	c() { ctr -a "$ROOM/c.sock" "$@"; }
	wait_for c images ls
	image copy -q oci:lay:x example.com/x:1
	status=0
	{
		image save -o a.tar example.com/x:1 &&
			c images import --snapshotter native a.tar &&
			[ "$(c images ls -q)" = example.com/x:1 ] &&
			copy oci:lay:x docker-archive:da.tar:example.com/y:1 &&
			c images import --snapshotter native da.tar &&
			c images ls -q | grep -qx example.com/y:1 &&
			c images export back.tar example.com/x:1 &&
			[ "$(image copy -q oci-archive:back.tar creel:back:1)" = "$DIGEST" ] &&
			rm -rf new && creel-image --store new load -i back.tar | grep -qF 'example.com/x:1'
	} || status=$?
	kill $pid
	wait $pid || true
	[ $status -eq 0 ]
}

@test "two copies that make one directory at once both put their image there" {
	local pid
	requires program strace
	make_image
	# Stopped when all is written and nothing is in its place.
	strace -f -o trace -e trace=syncfs -e inject=syncfs:signal=STOP:when=1 \
		creel-image --store st copy -q oci:lay:x oci:new:a >first 2>&1 3>&- &
	pid=$!
	wait_for grep -q 'stopped by SIGSTOP' trace
	run ! test -e new
	copy oci:lay:x oci:new:b
	kill -CONT "$(tr -d ' ' <"/proc/$pid/task/$pid/children")"
	wait "$pid" || {
		cat first
		false
	}
	[ "$(jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"]' new/index.json | sort | xargs)" = "a b" ]
}
