#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is said of an image, and that programs which do not care still read the image.

bats_require_minimum_version 1.5.0
load build
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
teardown() {
	[ -z "${SERVER:-}" ] || kill "$SERVER"
	room_teardown
}

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
	jq .predicate sbom >document
	is_spdx document
	jq -e '.predicate.packages[1].name == "libc6"' sbom
	jq -e '.predicate.packages[1].externalRefs[0].referenceLocator == "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12"' sbom
}

# What the schema of SPDX 2.3 requires, and that what is named exists.
is_spdx() { # FILE
	jq -e '
		def filled: type == "string" and length > 0;
		(.spdxVersion == "SPDX-2.3") and (.dataLicense == "CC0-1.0") and (.SPDXID == "SPDXRef-DOCUMENT")
		and (.name | filled) and (.documentNamespace | test("^https?://[^#]+$"))
		and (.creationInfo.created | test("^[0-9-]{10}T[0-9:]{8}Z$"))
		and all(.creationInfo.creators[]; test("^(Tool|Organization|Person): ?."))
		and all(.packages[]; (.name | filled) and (.downloadLocation | filled)
			and (.SPDXID | test("^SPDXRef-[A-Za-z0-9.-]+$"))
			and all(.externalRefs[]?; .referenceCategory == "PACKAGE-MANAGER"
				and .referenceType == "purl" and (.referenceLocator | startswith("pkg:"))))
		and ([.packages[].SPDXID] | length == (unique | length))
		and all([.hasExtractedLicensingInfos[]? | .licenseId, .extractedText][]; filled)
		and ([.packages[].licenseDeclared | scan("LicenseRef-[A-Za-z0-9.-]+")] - [.hasExtractedLicensingInfos[]?.licenseId] == [])
		and ([.relationships[] | .spdxElementId, .relatedSpdxElement]
			- ([.packages[].SPDXID] + ["SPDXRef-DOCUMENT"]) == [])
		and any(.relationships[]; .relationshipType == "DESCRIBES" and .spdxElementId == "SPDXRef-DOCUMENT")
	' "$1" >/dev/null || {
		echo "no SPDX 2.3:"
		cat "$1"
		return 1
	}
}

# db/: two packages of one source, in rpm's data base.
make_rpmdb() {
	cat >x.spec <<-'END'
		Name: two
		Version: 1.2
		Release: 3.fc39
		Epoch: 2
		Summary: x
		License: MIT AND GPL-2.0-or-later
		BuildArch: noarch
		%description
		x
		%package libs
		Summary: x
		License: GPLv2+ and something else
		%description libs
		x
		%files
		%files libs
	END
	HOME=$PWD rpmbuild -bb --define "_topdir $PWD/top" x.spec >log 2>&1 || cat log
	mkdir db
	HOME=$PWD rpm --dbpath "$PWD/db" --initdb
	HOME=$PWD rpm --dbpath "$PWD/db" --justdb --nodeps -i top/RPMS/noarch/*.rpm
}

@test "packages of rpm are told as rpm tells them" {
	requires program rpm rpmbuild
	make_rpmdb
	mkdir ctx/old
	cp "$BATS_TEST_DIRNAME/../../fuzz/corpus/rpm/bdb" ctx/old/Packages
	cp -r db ctx/new
	for backend in sqlite:new bdb_ro:old; do
		printf 'FROM scratch\nCOPY os-release /etc/\nCOPY %s /var/lib/rpm\n' "${backend#*:}" >ctx/Dockerfile
		image build -q -t x --sbom true ctx
		statement https://spdx.dev/Document | jq .predicate >sbom
		is_spdx sbom
		run jq -r .comment sbom
		if [[ $output == *"built without libsqlite3"* ]]; then skip "built without libsqlite3"; fi
		[ "$output" = null ]
		jq -r '.packages[1:][] | .name + " " + .versionInfo' sbom | sort >told
		HOME=$PWD rpm --define "_db_backend ${backend%:*}" --dbpath "$PWD/ctx/${backend#*:}" -qa \
			--qf '%{NAME} %{EPOCH}:%{VERSION}-%{RELEASE}\n' 2>/dev/null | sort >known
		[ -s known ]
		diff known told
	done
	jq -e '[.packages[1:][].licenseDeclared] == ["MIT AND GPL-2.0-or-later", "LicenseRef-GPLv2--" + $d]' \
		--arg d "$(printf GPLv2+ | sha256sum | cut -c -12)" sbom
	jq -e '.packages[1].externalRefs[0].referenceLocator ==
		"pkg:rpm/debian/creel-test@1.2-3.fc39?arch=noarch&distro=debian-12&epoch=2&upstream=creel-test-1.2-3.fc39.src.rpm"' sbom
}

@test "files have their statements beside them" {
	SOURCE_DATE_EPOCH=1000000000 image build -q --sbom true --provenance true -o out ctx
	[ "$(cd out && find . -type f | sort | tr '\n' ' ')" = \
		"./etc/os-release ./provenance.json ./sbom.spdx.json ./var/lib/dpkg/status " ]
	[ "$(stat -c '%a %Y' out/sbom.spdx.json)" = "600 1000000000" ]
	jq -e '._type == "https://in-toto.io/Statement/v1" and .predicateType == "https://slsa.dev/provenance/v1"' out/provenance.json
	jq -e --arg d "$(digest_of out/etc/os-release)" '.subject == [
		{name: "etc/os-release", digest: {sha256: $d}}, .subject[1]]' out/provenance.json
	jq -e '.predicate.packages[1].name == "libc6"' out/sbom.spdx.json
	# The same in an archive, a folder for each platform.
	image build -q --sbom true --provenance inline-only=true --platform linux/amd64,linux/arm64 \
		-o type=tar,dest=x.tar,attestation-prefix=said. ctx
	tar -tf x.tar | grep json >names
	diff names - <<-'END'
		linux_amd64/said.sbom.spdx.json
		linux_arm64/said.sbom.spdx.json
	END
	tar -xOf x.tar linux_arm64/said.sbom.spdx.json | jq -e '.subject | length == 2'
}

@test "statements of several platforms in one directory have names of their own, and follow no link" {
	printf 'FROM scratch\nARG TARGETARCH\nCOPY os-release /$TARGETARCH\n' >ctx/Dockerfile
	echo mine >victim
	image build -q --provenance true --platform linux/amd64,linux/arm64 -o type=local,dest=out,platform-split=false ctx
	jq -e '.subject[0].name == "amd64"' out/provenance.linux_amd64.json
	jq -e '.subject[0].name == "arm64"' out/provenance.linux_arm64.json
	# One that lies there leads nowhere.
	ln -sf "$PWD/victim" out/provenance.linux_amd64.json
	image build -q --provenance true --platform linux/amd64,linux/arm64 -o type=local,dest=out,platform-split=false ctx
	[ "$(cat victim)" = mine ]
	[ "$(stat -c %F out/provenance.linux_amd64.json)" = "regular file" ]
	run -2 image build -q --provenance true -o type=local,dest=out,attestation-prefix=../x ctx
	[[ "$output" = *"attestation-prefix: '../x' has a slash"* ]]
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

# www/: a file, an archive of ctx, and a repository; over http.
serve_sources() {
	export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
	mkdir www
	echo data >www/file
	tar -cf www/context.tar -C ctx .
	git init -q -b main www/work
	printf 'FROM scratch\nCOPY sub /\n' >www/work/Dockerfile
	mkdir www/work/sub && echo one >www/work/sub/one
	git -C www/work add . && git -C www/work commit -q -m one
	git -C www/work update-server-info
	COMMIT=$(git -C www/work rev-parse HEAD)
	serve www
	WWW=http://127.0.0.1:$PORT
}

digest_of() { # FILE
	sha256sum "$1" | cut -d ' ' -f 1
}

@test "what was fetched is told with its digest" {
	requires program git
	serve_sources
	printf 'FROM scratch\nADD %s /\nADD %s#main /src\n' "$WWW/file" "$WWW/work/.git" >ctx/Dockerfile
	image build -q -t x --provenance reproducible=true ctx
	statement https://slsa.dev/provenance/v1 >one
	jq -e --arg www "$WWW" --arg file "$(digest_of www/file)" --arg commit "$COMMIT" '
		.predicate.buildDefinition.resolvedDependencies == [
			{uri: "\($www)/work/.git#main", digest: {sha1: $commit}},
			{uri: "\($www)/file", digest: {sha256: $file}}]' one
	jq -e '.predicate.runDetails.metadata | .buildkit_reproducible and .buildkit_completeness == {request: true, resolvedDependencies: false}' one
	# The same from the cache, in other words.
	image build -q -t x --provenance version=v0.2,mode=max ctx
	statement https://slsa.dev/provenance/v0.2 >two
	jq -e '.predicate.materials[0].digest.sha1 == "'"$COMMIT"'"' two
	jq -e '.predicate.materials[1].digest.sha256 == "'"$(digest_of www/file)"'"' two
}

@test "a context out of the network is told with its digest, and leaves nothing unknown" {
	requires program git
	serve_sources
	image build -q -t x --provenance true "$WWW/context.tar"
	statement https://slsa.dev/provenance/v1 >one
	jq -e --arg www "$WWW" --arg file "$(digest_of www/context.tar)" '
		.predicate.buildDefinition.externalParameters.configSource ==
			{uri: "\($www)/context.tar", digest: {sha256: $file}, path: "Dockerfile"}' one
	jq -e '.predicate.runDetails.metadata | .buildkit_hermetic and .buildkit_completeness.resolvedDependencies' one
	image build -q -t x --provenance true "$WWW/work/.git#main"
	statement https://slsa.dev/provenance/v1 >two
	jq -e --arg uri "$WWW/work/.git#main" --arg commit "$COMMIT" '
		.predicate.buildDefinition.resolvedDependencies == [{uri: $uri, digest: {sha1: $commit}}]' two
}

@test "with SOURCE_DATE_EPOCH only what a run is called and its times differ" {
	for i in 1 2; do
		SOURCE_DATE_EPOCH=1000000000 image build -q -t x --provenance mode=max --sbom true ctx
		statement https://slsa.dev/provenance/v1 |
			jq -S 'del(.predicate.runDetails.metadata | .invocationID, .startedOn, .finishedOn)' >"provenance$i"
		statement https://spdx.dev/Document >"sbom$i"
	done
	diff provenance1 provenance2
	cmp sbom1 sbom2
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
	run -2 image build -q --sbom generator=docker/scout ctx
	[[ "$output" = *"leave generator= out"* ]]
	run -2 image build -q --attest type=vex ctx
	[[ "$output" = *"provenance or sbom"* ]]
}
