#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# verify --key, --ca: signatures in the forms of cosign and notation, made here with nothing but
# OpenSSL; in a registry, in a layout, in a store.

bats_require_minimum_version 1.5.0
load common
load registry

setup_file() {
	requires program openssl jq docker-registry skopeo curl
	cd "$BATS_FILE_TMPDIR"
	openssl ecparam -name prime256v1 -genkey -noout -out p256.key 2>/dev/null
	openssl ecparam -name secp384r1 -genkey -noout -out p384.key 2>/dev/null
	openssl genrsa -out rsa.key 2048 2>/dev/null
	openssl genrsa -out weak.key 1024 2>/dev/null
	openssl genpkey -algorithm ed25519 -out ed25519.key 2>/dev/null
	openssl ecparam -name secp256k1 -genkey -noout -out odd.key 2>/dev/null
	for k in p256 p384 rsa weak ed25519 odd; do openssl pkey -in $k.key -pubout -out $k.pub 2>/dev/null; done
	# An authority, a signer it certifies, a server it certifies, and one whose time is over.
	openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=authority 2>/dev/null
	openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -days 30 -subj /CN=other 2>/dev/null
	certificate signer "keyUsage=critical,digitalSignature
		extendedKeyUsage=codeSigning
		subjectAltName=email:who@example.test,URI:https://ci.test/job" 30
	certificate server "keyUsage=critical,digitalSignature
		extendedKeyUsage=serverAuth" 30
	certificate mute "keyUsage=critical,keyEncipherment" 30
	start_registry "$PWD/registry"
	export REGISTRY
}

# certificate NAME EXTENSIONS DAYS: NAME.key (RSA 2048), NAME.pem, by the authority.
certificate() {
	openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/O=Example/CN=$1" 2>/dev/null
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days "$3" -out "$1.pem" \
		-extfile <(sed 's/^[[:space:]]*//' <<<"$2") 2>/dev/null
}

teardown_file() {
	stop_registry "$BATS_FILE_TMPDIR/registry"
}

setup() {
	room_setup
	K=$BATS_FILE_TMPDIR
	layer 1.tar <<<'file name=f data=x'
	make_layout layout x 1.tar
	DIGEST=$(jq -r '.manifests[0].digest' layout/index.json)
	SIZE=$(jq -r '.manifests[0].size' layout/index.json)
	TYPE=application/vnd.oci.image.manifest.v1+json
}
teardown() { room_teardown; }

go_arch() { uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/'; }
b64() { base64 -w0; }
b64url() { base64 -w0 | tr '+/' '-_' | tr -d '='; }

simple_payload() { # DIGEST
	printf '{"critical":{"identity":{"docker-reference":"%s"},"image":{"docker-manifest-digest":"%s"},"type":"cosign container image signature"},"optional":null}' "${NAMED:-test/x}" "$1"
}

# add_to_layout FILE-OF-A-MANIFEST NAME: one more image of layout/.
add_to_layout() {
	local d
	d=$(layout_descriptor layout "$1" $TYPE)
	jq -c --argjson d "$d" --arg n "$2" \
		'.manifests += [$d + (if $n == "" then {} else {annotations: {"org.opencontainers.image.ref.name": $n}} end)]' \
		layout/index.json >index && mv index layout/index.json
}

# signature_manifest FILE MEDIA-TYPE ANNOTATIONS-JSON [SUBJECT]: prints it.
signature_manifest() {
	local config layer
	printf '{}' >empty
	config=$(layout_descriptor layout empty application/vnd.oci.empty.v1+json)
	layer=$(layout_descriptor layout "$1" "$2")
	jq -nc --argjson c "$config" --argjson l "$layer" --argjson a "$3" --arg t "$2" --arg s "${4:-}" --argjson size "$SIZE" \
		'{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", artifactType: $t, config: $c,
		layers: [$l + {annotations: $a}]} + (if $s == "" then {} else {subject: {mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $s, size: $size}} end)'
}

# cosign_sign KEY [OPENSSL-DGST-OPTION...]: of $DIGEST, in the layout by cosign's tag.
cosign_sign() {
	local key=$1 sig annotations
	shift
	simple_payload "${SIGNED:-$DIGEST}" >payload
	if [ "$key" = ed25519 ]; then
		sig=$(openssl pkeyutl -sign -rawin -inkey "$K/$key.key" -in payload | b64)
	else
		sig=$(openssl dgst -sha256 "$@" -sign "$K/$key.key" payload | b64)
	fi
	annotations=$(jq -nc --arg s "${SIGNATURE:-$sig}" --rawfile c "${CERT:-/dev/null}" \
		'{"dev.cosignproject.cosign/signature": $s} + (if $c == "" then {} else {"dev.sigstore.cosign/certificate": $c} end)')
	signature_manifest payload application/vnd.dev.cosign.simplesigning.v1+json "$annotations" >manifest
	add_to_layout manifest "test/x:${DIGEST/:/-}.sig"
}

# notation_sign KEY CERT [JQ-CHANGE-OF-PROTECTED]: a JWS envelope by PS256, with the image as subject.
notation_sign() {
	local protected payload
	payload=$(printf '{"targetArtifact":{"mediaType":"%s","digest":"%s","size":%s}}' $TYPE "${SIGNED:-$DIGEST}" "$SIZE" | b64url)
	protected=$(jq -nc '{alg: "PS256", cty: "application/vnd.cncf.notary.payload.v1+json",
		"io.cncf.notary.signingScheme": "notary.x509", "io.cncf.notary.signingTime": "2026-01-01T00:00:00Z",
		crit: ["io.cncf.notary.signingScheme"]} | '"${3:-.}" | tr -d '\n' | b64url)
	printf '%s.%s' "$protected" "$payload" >input
	jq -nc --arg p "$payload" --arg h "$protected" --arg c "$(openssl x509 -in "$K/$2.pem" -outform DER | b64)" \
		--arg s "$(openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -sign "$K/$1.key" input | b64url)" \
		'{payload: $p, protected: $h, header: {x5c: [$c]}, signature: $s}' >envelope
	signature_manifest envelope application/jose+json '{}' "$DIGEST" >manifest
	add_to_layout manifest ""
}

# dsse PREDICATE-TYPE KEY: an envelope around a statement about $SIGNED or the image.
dsse() {
	local body
	body=$(printf '{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"x","digest":{"sha256":"%s"}}],"predicateType":"%s","predicate":{}}' \
		"${SIGNED:-${DIGEST#sha256:}}" "$1")
	printf 'DSSEv1 28 application/vnd.in-toto+json %s %s' "${#body}" "$body" >pae
	jq -nc --arg p "$(printf %s "$body" | b64)" --arg s "$(openssl dgst -sha256 -sign "$K/$2.key" pae | b64)" \
		'{payloadType: "application/vnd.in-toto+json", payload: $p, signatures: [{sig: $s}]}'
}

verifies() { # TEXT ARG...
	local text=$1
	shift
	run --separate-stderr creel-image verify "$@" oci:layout:x
	echo "$output $stderr"
	[ "$status" -eq 0 ]
	[[ $output == *"$DIGEST"*"$text"* ]]
}

refuses() { # TEXT ARG...
	local text=$1
	shift
	run creel-image verify "$@" oci:layout:x
	echo "$output"
	[ "$status" -eq 4 ]
	[[ $output == *"$text"* ]]
}

@test "cosign: each kind of key, and no other key" {
	for row in "p256" "p384" "rsa" "rsa -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest" "ed25519"; do
		rm -rf layout
		make_layout layout x 1.tar
		# shellcheck disable=SC2086 # words
		cosign_sign $row
		verifies "cosign: key $K/${row%% *}.pub" --key "$K/${row%% *}.pub"
		for other in p256 p384 rsa ed25519; do
			[ $other = "${row%% *}" ] || refuses "it is not made by the key" --key "$K/$other.pub"
		done
		verifies "cosign: key $K/${row%% *}.pub" --ca "$K/ca.pem" --key "$K/${row%% *}.pub"
	done
}

@test "cosign: a payload that was changed, of another image, of another kind, without signature" {
	cosign_sign p256
	blob=layout/blobs/$(sed 's/:/\//' <<<"$(digest_of payload)")
	sed -i 's/optional/Optional/' "$blob"
	refuses "" --key "$K/p256.pub"
	rm -rf layout
	make_layout layout x 1.tar
	SIGNED=sha256:$(printf other | sha256sum | cut -d' ' -f1) cosign_sign p256
	refuses "a signature of another image" --key "$K/p256.pub"
	rm -rf layout
	make_layout layout x 1.tar
	SIGNATURE=AAAA cosign_sign p256
	refuses "not made by the key" --key "$K/p256.pub"
	rm -rf layout
	make_layout layout x 1.tar
	SIGNATURE="A A=" cosign_sign p256
	refuses "no base64" --key "$K/p256.pub"
	rm -rf layout
	make_layout layout x 1.tar
	refuses "no signature of $DIGEST was found" --key "$K/p256.pub"
}

@test "cosign: one good signature among bad ones is enough" {
	SIGNATURE=AAAA cosign_sign p256
	cosign_sign rsa
	cosign_sign p256
	verifies "cosign: key" --key "$K/p256.pub"
	[ "$(wc -l <<<"$output")" -eq 1 ]
}

@test "keys that say nothing are refused before anything is looked at" {
	for k in weak odd; do
		run creel-image verify --key "$K/$k.pub" oci:no-such
		echo "$output"
		[ "$status" -eq 1 ]
		[[ $output == *"key '$K/$k.pub'"*" key o"* ]]
	done
	run creel-image verify --key "$K/p256.key" oci:layout:x
	[[ $output == *"no public key in PEM"* ]]
	run creel-image verify --ca "$K/p256.pub" oci:layout:x
	[[ $output == *"no certificate in PEM"* ]]
	run creel-image verify --key "$K/p256.pub" --certificate-identity x oci:layout:x
	[[ $output == *"an authority"* ]]
}

@test "certificates: by whom, for what, naming whom" {
	CERT=$K/signer.pem cosign_sign signer
	verifies "certificate of CN=signer,O=Example" --ca "$K/ca.pem"
	verifies "certificate of" --ca "$K/other.pem" --ca "$K/ca.pem"
	for who in who@example.test https://ci.test/job CN=signer,O=Example; do
		verifies "certificate of" --ca "$K/ca.pem" --certificate-identity "$who"
	done
	refuses "names another: 'CN=signer,O=Example'" --ca "$K/ca.pem" --certificate-identity me@example.test
	refuses "not trusted" --ca "$K/other.pem"
	refuses "no --ca is given" --key "$K/p256.pub"
	for row in "server not_for_signing_code" "mute not_for_signatures"; do
		rm -rf layout
		make_layout layout x 1.tar
		CERT=$K/${row% *}.pem cosign_sign "${row% *}"
		text=${row#* }
		refuses "${text//_/ }" --ca "$K/ca.pem"
	done
	# The certificate of one, the signature of another.
	rm -rf layout
	make_layout layout x 1.tar
	CERT=$K/signer.pem cosign_sign server
	refuses "not of this content and this certificate" --ca "$K/ca.pem"
}

@test "notation: JWS" {
	notation_sign signer signer
	verifies "notation: certificate of CN=signer" --ca "$K/ca.pem"
	refuses "not trusted" --ca "$K/other.pem"
	while read -r text change; do
		rm -rf layout
		make_layout layout x 1.tar
		notation_sign signer signer "$change"
		refuses "${text//_/ }" --ca "$K/ca.pem"
	done <<-'E'
		critical_header_that_is_not_known .crit += ["x"] | .x = 1
		must_be_critical .crit = []
		must_be_critical ."io.cncf.notary.expiry" = "2099-01-01T00:00:00Z"
		has_expired .crit += ["io.cncf.notary.expiry"] | ."io.cncf.notary.expiry" = "2020-01-01T00:00:00Z"
		does_not_go_with .alg = "PS384"
		does_not_go_with .alg = "ES256"
		none_that_notation_allows .alg = "RS256"
		none_that_notation_allows .alg = "none"
		no_payload_of_notation .cty = "text/plain"
		signing_scheme_is_not_known ."io.cncf.notary.signingScheme" = "x"
	E
	rm -rf layout
	make_layout layout x 1.tar
	SIGNED=sha256:$(printf other | sha256sum | cut -d' ' -f1) notation_sign signer signer
	refuses "a signature of another image" --ca "$K/ca.pem"
	rm -rf layout
	make_layout layout x 1.tar
	notation_sign other signer
	refuses "not of this content" --ca "$K/ca.pem"
	rm -rf layout
	make_layout layout x 1.tar
	notation_sign signer signer '.crit += ["io.cncf.notary.expiry"] | ."io.cncf.notary.expiry" = "2099-01-01T00:00:00Z"'
	verifies "notation" --ca "$K/ca.pem"
}

@test "sigstore bundles: a statement, a message signature, an attestation" {
	bundle_of() { # JSON-OF-THE-CONTENT
		jq -nc --argjson c "$1" '{mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
			verificationMaterial: {publicKey: {hint: "k"}}} + $c' >bundle
		rm -rf layout
		make_layout layout x 1.tar
		signature_manifest bundle application/vnd.dev.sigstore.bundle.v0.3+json '{}' "$DIGEST" >manifest
		add_to_layout manifest ""
	}
	bundle_of "{\"dsseEnvelope\":$(dsse https://sigstore.dev/cosign/sign/v1 p256)}"
	verifies "sigstore bundle: key" --key "$K/p256.pub"
	refuses "not made by the key" --key "$K/rsa.pub"
	bundle_of "{\"dsseEnvelope\":$(SIGNED=$(printf 0 | sha256sum | cut -d' ' -f1) dsse https://sigstore.dev/cosign/sign/v1 p256)}"
	refuses "about another image" --key "$K/p256.pub"
	# An attestation is no signature, and is asked for by its type.
	bundle_of "{\"dsseEnvelope\":$(dsse https://slsa.dev/provenance/v1 p256)}"
	refuses "statement of type 'https://slsa.dev/provenance/v1'" --key "$K/p256.pub"
	verifies "sigstore bundle" --key "$K/p256.pub" --type https://slsa.dev/provenance/v1
	sig=$(openssl dgst -sha256 -sign "$K/p256.key" "layout/blobs/sha256/${DIGEST#sha256:}" | b64)
	bundle_of "{\"messageSignature\":{\"messageDigest\":{\"algorithm\":\"SHA2_256\",\"digest\":\"\"},\"signature\":\"$sig\"}}"
	verifies "sigstore bundle" --key "$K/p256.pub"
	bundle_of "{}"
	refuses "not one signature" --key "$K/p256.pub"
	jq -nc --arg c "$(openssl x509 -in "$K/signer.pem" -outform DER | b64)" --argjson d "$(dsse https://sigstore.dev/cosign/sign/v1 signer)" \
		'{mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json", verificationMaterial: {certificate: {rawBytes: $c}}, dsseEnvelope: $d}' >bundle
	rm -rf layout
	make_layout layout x 1.tar
	signature_manifest bundle application/vnd.dev.sigstore.bundle.v0.3+json '{}' "$DIGEST" >manifest
	add_to_layout manifest ""
	verifies "certificate of CN=signer" --ca "$K/ca.pem"
}

@test "in a registry: by cosign's tag, and by a referrer through the fallback tag" {
	cosign_sign p256
	sig=$(jq -r '.manifests[-1].digest' layout/index.json)
	creel-image copy -q oci:layout:x "docker://$REGISTRY/v/cosign:1"
	skopeo copy -q --dest-tls-verify=false "oci:layout:test/x:${DIGEST/:/-}.sig" \
		"docker://$REGISTRY/v/cosign:${DIGEST/:/-}.sig" >/dev/null
	run creel-image verify --key "$K/p256.pub" "docker://$REGISTRY/v/cosign:1"
	echo "$output $sig"
	[ "$status" -eq 0 ]
	[[ $output == "$DIGEST cosign: key"* ]]
	run creel-image verify --key "$K/rsa.pub" "docker://$REGISTRY/v/cosign:1"
	[ "$status" -eq 4 ]
	rm -rf layout
	make_layout layout x 1.tar
	notation_sign signer signer
	creel-image copy -q oci:layout:x "docker://$REGISTRY/v/notation:1"
	# The manifest of the signature, and the list that stands for the referrers API.
	for f in empty envelope; do
		curl -fs -X POST -o /dev/null -D headers "http://$REGISTRY/v2/v/notation/blobs/uploads/"
		at=$(sed -n 's/^[Ll]ocation: //p' headers | tr -d '\r')
		curl -fs -X PUT -o /dev/null --data-binary @$f -H 'Content-Type: application/octet-stream' "$at&digest=$(digest_of $f)"
	done
	curl -fs -X PUT -o /dev/null --data-binary @manifest -H "Content-Type: $TYPE" "http://$REGISTRY/v2/v/notation/manifests/$(digest_of manifest)"
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"%s","digest":"%s","size":%s}]}' \
		$TYPE "$(digest_of manifest)" "$(stat -c %s manifest)" >list
	curl -fs -X PUT -o /dev/null --data-binary @list -H 'Content-Type: application/vnd.oci.image.index.v1+json' \
		"http://$REGISTRY/v2/v/notation/manifests/${DIGEST/:/-}"
	run creel-image verify --ca "$K/ca.pem" "docker://$REGISTRY/v/notation:1"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == "$DIGEST notation: certificate of CN=signer,O=Example" ]]
	creel-image --store S pull -q --unpack=false --verify-ca "$K/ca.pem" "$REGISTRY/v/notation:1"
	run creel-image --store S2 pull -q --unpack=false --verify-ca "$K/other.pem" "$REGISTRY/v/notation:1"
	[ "$status" -eq 4 ]
}

@test "pull takes what is signed, and nothing else, not even half of it" {
	cosign_sign p256
	creel-image copy -q oci:layout:x "docker://$REGISTRY/v/pull:1"
	# Not signed yet.
	run creel-image --store S pull --verify-key "$K/p256.pub" "$REGISTRY/v/pull:1"
	echo "$output"
	[ "$status" -eq 4 ]
	[[ $output == *"no signature of $DIGEST was found"* ]]
	[ -z "$(find S/blobs -type f)" ]
	creel-image copy -q "oci:layout:test/x:${DIGEST/:/-}.sig" "docker://$REGISTRY/v/pull:${DIGEST/:/-}.sig"
	run creel-image --store S pull --verify-key "$K/rsa.pub" "$REGISTRY/v/pull:1"
	[ "$status" -eq 4 ]
	[ -z "$(find S/blobs -type f)" ]
	run creel-image --store S pull -q --unpack=false --verify-key "$K/rsa.pub" --verify-key "$K/p256.pub" "$REGISTRY/v/pull:1"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"$DIGEST"* ]]
	[ -f "S/blobs/sha256/${DIGEST#sha256:}" ]
	# Somebody moved the tag to another image: the one that is there stays.
	layer 2.tar <<<'file name=g data=y'
	rm -rf layout
	make_layout layout x 2.tar
	creel-image copy -q oci:layout:x "docker://$REGISTRY/v/pull:1"
	run creel-image --store S pull --verify-key "$K/p256.pub" "$REGISTRY/v/pull:1"
	[ "$status" -eq 4 ]
	[ "$(jq -r '.manifests[0].digest' S/index.json)" = "$DIGEST" ]
	run creel-image --store S pull --verify-identity x "$REGISTRY/v/pull:1"
	[ "$status" -eq 2 ]
	[[ $output == *"only certificates name somebody"* ]]
}

@test "pull by a policy of containers: scopes, rejection, keys, names in signatures" {
	policy() { # JSON-OF-transports.docker
		printf '{"default":[{"type":"reject"}],"transports":{"docker":%s}}' "$1" >policy.json
		run creel-image --store S pull -q --unpack=false --signature-policy policy.json "$REGISTRY/v/policy:1"
		echo "$output"
	}
	key() { # [MORE]
		printf '{"%s":[{"type":"sigstoreSigned","keyPath":"%s"%s}]}' "$REGISTRY/v" "$K/p256.pub" "${1:-}"
	}
	creel-image copy -q oci:layout:x "docker://$REGISTRY/v/policy:1"
	policy '{}'
	[ "$status" -eq 4 ]
	[[ $output == *"rejects images of this name"* ]]
	policy "{\"$REGISTRY/v/other\":[{\"type\":\"insecureAcceptAnything\"}]}"
	[ "$status" -eq 4 ]
	policy "$(key)"
	[ "$status" -eq 4 ]
	[[ $output == *"no signature of"* ]]
	[ -z "$(find S/blobs -type f)" ]
	# Signed for another name, then for the repository, which the default wants to be exact.
	cosign_sign p256
	creel-image copy -q "oci:layout:test/x:${DIGEST/:/-}.sig" "docker://$REGISTRY/v/policy:${DIGEST/:/-}.sig"
	policy "$(key ',"signedIdentity":{"type":"matchRepository"}')"
	[ "$status" -eq 4 ]
	[[ $output == *"for another name, 'test/x'"* ]]
	rm -rf layout
	make_layout layout x 1.tar
	NAMED=$REGISTRY/v/policy cosign_sign p256
	creel-image copy -q "oci:layout:test/x:${DIGEST/:/-}.sig" "docker://$REGISTRY/v/policy:${DIGEST/:/-}.sig"
	policy "$(key)"
	[ "$status" -eq 4 ]
	policy "$(key ',"signedIdentity":{"type":"exactReference","dockerReference":"x"}')"
	[ "$status" -eq 1 ]
	[[ $output == *"signedIdentity 'exactReference' is not supported"* ]]
	policy "{\"$REGISTRY\":[{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"/x\"}]}"
	[ "$status" -eq 1 ]
	[[ $output == *"GnuPG"* ]]
	policy "$(key ',"signedIdentity":{"type":"matchRepository"}')"
	[ "$status" -eq 0 ]
	policy "{\"\":[{\"type\":\"insecureAcceptAnything\"}]}"
	[ "$status" -eq 0 ]
}

@test "an index is signed as a whole, or its members are" {
	cp -r layout member
	jq -c '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [.manifests[0] | del(.annotations) + {platform: {os: "linux", architecture: "'"$(go_arch)"'"}}]}' \
		layout/index.json >list
	d=$(layout_descriptor layout list application/vnd.oci.image.index.v1+json)
	jq -c --argjson d "$d" '.manifests = [$d + {annotations: {"org.opencontainers.image.ref.name": "list"}}]' layout/index.json >index && mv index layout/index.json
	cosign_sign p256
	creel-image copy -q --all oci:layout:list "docker://$REGISTRY/v/list:1"
	creel-image copy -q "oci:layout:test/x:${DIGEST/:/-}.sig" "docker://$REGISTRY/v/list:${DIGEST/:/-}.sig"
	run creel-image verify --key "$K/p256.pub" "docker://$REGISTRY/v/list:1"
	[ "$status" -eq 4 ]
	run creel-image verify --key "$K/p256.pub" --platform "linux/$(go_arch)" "docker://$REGISTRY/v/list:1"
	echo "$output"
	[ "$status" -eq 0 ]
	run creel-image --store S pull -q --unpack=false --verify-key "$K/p256.pub" "$REGISTRY/v/list:1"
	echo "$output"
	[ "$status" -eq 0 ]
	run creel-image --store S2 pull -q --unpack=false --verify-key "$K/rsa.pub" "$REGISTRY/v/list:1"
	[ "$status" -eq 4 ]
}

@test "in the store" {
	cosign_sign p256
	run creel-image --store layout verify --key "$K/p256.pub" x
	echo "$output"
	[ "$status" -eq 0 ]
	run creel-image --store layout verify --key "$K/rsa.pub" x
	[ "$status" -eq 4 ]
}
