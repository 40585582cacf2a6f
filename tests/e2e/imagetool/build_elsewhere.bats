#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What creel-image build makes runs elsewhere: in creel by way of a bundle, in docker and podman by way of
# archives and of a registry, and other tools' registries hand it back as it was.

bats_require_minimum_version 1.5.0
load common
load registry
load oracle

setup_file() {
	[ "$(id -u)" -eq 0 ] && command -v jq python3 git docker-registry skopeo >/dev/null || return 0
	export ORACLE=$BATS_FILE_TMPDIR/oracle
	mkdir "$ORACLE"
	oracle_open "$ORACLE"
	mkdir "$ORACLE/context"
	echo content >"$ORACLE/context/file"
	cat >"$ORACLE/context/Dockerfile" <<-'END'
		FROM creel.test/base:1 AS build
		RUN mkdir /out && echo "made" >/out/made && ln /out/made /out/hard && ln -s made /out/link
		FROM creel.test/base:1
		COPY --from=build --chown=1000:1000 /out /out
		COPY file /srv/tree/
		RUN rm -r /srv/tree/deep /srv/many && mkdir /srv/many && chmod 4755 /srv/tree/file
		ENV SAY=hello
		WORKDIR /out
		USER user
		ENTRYPOINT ["/bin/sh", "-c"]
		CMD ["echo $SAY $(pwd) $(id -u) $(cat made hard link /srv/tree/file | tr '\\n' ' ') $(ls /srv/tree /srv/many | tr '\\n' ' ') $(stat -c '%a %u' /srv/tree/file made | tr '\\n' ' ')"]
	END
	creel-image --store "$ORACLE/store" build -q --network host -t creel.test/built:1 "$ORACLE/context" >"$ORACLE/built" 2>&1
}

teardown_file() {
	[ -z "${ORACLE:-}" ] || oracle_close
	unmount_below "$BATS_FILE_TMPDIR"
}

setup() {
	requires root
	requires program jq python3 git docker-registry skopeo
	cat "$ORACLE/built"
	STORE=$ORACLE/store
	room_setup
}

teardown() {
	[ -z "${REGISTRY:-}" ] || stop_registry "$ROOM/registry"
	[ -z "${ROOM:-}" ] || room_teardown
}

# The one line that its command prints.
says_all() {
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "hello /out 1000 made made made content /srv/many: /srv/tree: file one 4755 0 644 1000" ]
}

pushed() { # sets REGISTRY; its repository built:1 is the image
	start_registry "$ROOM/registry"
	image push --tls-verify=false creel.test/built:1 "$REGISTRY/built:1"
}

config_digest() { # LAYOUT MANIFEST-DIGEST
	jq -r .config.digest "$1/blobs/sha256/${2#sha256:}"
}

@test "creel runs it" {
	image bundle creel.test/built:1 bundle
	run creel --root "$ROOM/state" run --bundle bundle "built-$$"
	says_all
	drop bundle
}

@test "docker runs it, from an archive and from a registry" {
	requires program dockerd docker
	open_buildkit
	image save creel.test/built:1 --format docker-archive -o built.tar
	oracle_docker load -q -i built.tar
	run oracle_docker run --rm --network none creel.test/built:1
	says_all
	pushed
	oracle_docker pull -q "$REGISTRY/built:1"
	run oracle_docker run --rm --network none "$REGISTRY/built:1"
	says_all
}

@test "podman runs it, from a registry" {
	requires program podman runc
	pushed
	# shellcheck disable=SC2016 # the inner shell's
	run env HOME="$ROOM" unshare --mount --propagation slave sh -c 'mount -t tmpfs none /run &&
		podman --root "$1/podman" --runroot "$1/podman-run" --storage-driver overlay --cgroup-manager cgroupfs --runtime runc \
		run -q --rm --network none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --tls-verify=false "$2"' - "$ROOM" "$REGISTRY/built:1"
	says_all
}

@test "what is pushed comes back the same, by skopeo and into another store" {
	local id
	id=$(cat "$ORACLE/built")
	pushed
	# Layers are compressed on their way; the config, which says what they hold, is the same.
	skopeo copy -q --src-tls-verify=false "docker://$REGISTRY/built:1" oci:back:x
	[ "$(config_digest back "$(jq -r '.manifests[0].digest' back/index.json)")" = "$id" ]
	creel-image --store other pull -q --tls-verify=false "$REGISTRY/built:1"
	[ "$(config_digest other "$(jq -r '.manifests[0].digest' other/index.json)")" = "$id" ]
	creel-image --store other unpack "$REGISTRY/built:1" there
	creel-image --store "$STORE" unpack creel.test/built:1 here
	diff <(treecmp here) <(treecmp there)
}
