#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is said of an image, and that programs which do not care still read the image.

bats_require_minimum_version 1.5.0
load common
load registry

setup_file() {
	start_registry "$BATS_FILE_TMPDIR/registry"
	export REGISTRY
}
teardown_file() { stop_registry "$BATS_FILE_TMPDIR/registry"; }

setup() {
	requires root
	requires program jq skopeo docker-registry
	room_setup
	mkdir -p ctx/dpkg
	printf 'ID=debian\nVERSION_ID="12"\n' >ctx/os-release
	printf 'Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36-9\n' >ctx/dpkg/status
	cat >ctx/Dockerfile <<-'END'
		FROM scratch
		ARG TOKEN
		COPY os-release /etc/os-release
		COPY dpkg /var/lib/dpkg
	END
}
teardown() { room_teardown; }

image() {
	creel-image --store store "$@"
}

blob() { # DIGEST
	cat "store/blobs/sha256/${1#sha256:}"
}

# Of the store's image x: the statement of a predicate.
statement() { # PREDICATE-TYPE
	local index attached layer
	index=$(skopeo inspect --raw oci:store:docker.io/library/x:latest)
	attached=$(jq -r '.manifests[] | select(.annotations."vnd.docker.reference.type" == "attestation-manifest").digest' <<<"$index")
	layer=$(blob "$attached" | jq -r --arg t "$1" '.layers[] | select(.annotations."in-toto.io/predicate-type" | startswith($t)).digest')
	blob "$layer"
}

@test "statements stand in the index beside the image, as BuildKit attaches them" {
	image build -q -t x --provenance true --sbom true ctx
	skopeo inspect --raw oci:store:docker.io/library/x:latest >index
	[ "$(jq '.manifests | length' index)" = 2 ]
	jq -e '.manifests[1].platform == {"architecture": "unknown", "os": "unknown"}' index
	jq -e '.manifests[1].annotations."vnd.docker.reference.digest" == .manifests[0].digest' index
	blob "$(jq -r '.manifests[1].digest' index)" >attached
	jq -e 'all(.layers[]; .mediaType == "application/vnd.in-toto+json")' attached
	jq -e --arg d "$(jq -r '.manifests[0].digest' index)" '.subject.digest == $d' attached
	statement https://slsa.dev/provenance/v1 >provenance
	jq -e '._type == "https://in-toto.io/Statement/v1"' provenance
	jq -e '.subject[0].name == "pkg:docker/x@latest?platform=linux%2Famd64"' provenance
	jq -e --arg d "$(jq -r '.manifests[0].digest' index)" '"sha256:" + .subject[0].digest.sha256 == $d' provenance
	statement https://spdx.dev/Document >sbom
	jq -e '.predicate.spdxVersion == "SPDX-2.3"' sbom
	jq -e '.predicate.packages[1].name == "libc6"' sbom
	jq -e '.predicate.packages[1].externalRefs[0].referenceLocator == "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12"' sbom
}

@test "build arguments are told with mode=max only" {
	image build -q -t x --build-arg TOKEN=verysecret --provenance mode=min --metadata-file meta ctx
	statement https://slsa.dev/provenance/v1 >min
	run ! grep -q verysecret min
	jq -e '."buildx.build.provenance".runDetails.metadata.startedOn' meta
	image build -q -t x --build-arg TOKEN=verysecret --attest type=provenance,mode=max,builder-id=https://ci.example/7 ctx
	statement https://slsa.dev/provenance/v1 >max
	jq -e '.predicate.buildDefinition.externalParameters.request.args."build-arg:TOKEN" == "verysecret"' max
	jq -e '.predicate.runDetails.builder.id == "https://ci.example/7"' max
	jq -r '.predicate.runDetails.metadata.buildkit_metadata.source.infos[0].data' max | base64 -d | diff - ctx/Dockerfile
}

@test "others read the image whether the statements are an artifact or an image" {
	requires program podman
	for artifact in true false; do
		image build -q -t "$REGISTRY/x:$artifact" --provenance true \
			-o "type=registry,oci-artifact=$artifact" ctx
		skopeo copy -q --src-tls-verify=false "docker://$REGISTRY/x:$artifact" "dir:one-$artifact"
		skopeo copy -q --all --src-tls-verify=false "docker://$REGISTRY/x:$artifact" "dir:all-$artifact"
		podman --root "$ROOM/podman" --runroot "$ROOM/podman-run" --storage-driver vfs pull -q --tls-verify=false "$REGISTRY/x:$artifact"
		creel-image --store other pull -q "$REGISTRY/x:$artifact"
	done
	creel-image --store other unpack "$REGISTRY/x:true" tree
	[ -f tree/var/lib/dpkg/status ]
}

@test "what cannot be done is told before anything is built" {
	run -1 image build -q --sbom generator=docker/scout ctx
	[[ "$output" = *"leave generator= out"* ]]
	run -1 image build -q --attest type=vex ctx
	[[ "$output" = *"provenance or sbom"* ]]
}
