# SPDX-License-Identifier: Apache-2.0
# Makes OCI layouts from layer files with nothing but a shell, so that tests say byte by byte what
# an image consists of.

# noise BYTES: the same each time, so that a file of it is always cut into the same parts.
noise() {
	openssl enc -aes-128-ctr -K 00112233445566778899aabbccddeeff -iv 00000000000000000000000000000000 </dev/zero 2>/dev/null |
		head -c "$1"
}

# layout_blob DIR FILE: store a file as a blob, print its digest.
layout_blob() {
	local hex
	hex=$(sha256sum <"$2" | cut -d' ' -f1)
	mkdir -p "$1/blobs/sha256"
	cp "$2" "$1/blobs/sha256/$hex"
	echo "sha256:$hex"
}

layout_descriptor() { # DIR FILE MEDIA-TYPE
	printf '{"mediaType":"%s","digest":"%s","size":%s}' "$3" "$(layout_blob "$1" "$2")" \
		"$(stat -c %s "$2")"
}

layout_plain() { # FILE: its uncompressed bytes
	case $1 in
	*.gz) gzip -dc "$1" ;;
	*.zst) zstd -qdc "$1" ;;
	*) cat "$1" ;;
	esac
}

layout_type() { # FILE
	local type=application/vnd.oci.image.layer.v1.tar
	case $1 in
	*.gz) echo "$type+gzip" ;;
	*.zst) echo "$type+zstd" ;;
	*) echo "$type" ;;
	esac
}

# make_layout DIR NAME LAYER...: the run configuration is $CONFIG (a JSON object) when it is set;
# $LAYER_TYPE and $DIFF_IDS (comma separated, quoted) replace what the layers say, $HISTORY (a JSON
# array) is the history, $PLATFORM what the config says of it in place of amd64 and linux, $CLAIM (a
# JSON object) is the platform that the index says.
make_layout() {
	local dir=$1 name=$2 layers="" diffs="" f scratch
	shift 2
	mkdir -p "$dir"
	scratch=$(mktemp -d)
	for f in "$@"; do
		layers+="${layers:+,}$(layout_descriptor "$dir" "$f" "${LAYER_TYPE:-$(layout_type "$f")}")"
		diffs+="${diffs:+,}\"sha256:$(layout_plain "$f" | sha256sum | cut -d' ' -f1)\""
	done
	printf '{"created":"2024-05-06T07:08:09Z","author":"A. Tester",%s"config":%s,"rootfs":{"type":"layers","diff_ids":[%s]}%s}' \
		"${PLATFORM-\"architecture\":\"amd64\",\"os\":\"linux\",}" "${CONFIG:-{\}}" "${DIFF_IDS:-$diffs}" \
		"${HISTORY:+,\"history\":$HISTORY}" >"$scratch/config"
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":%s,"layers":[%s]}' \
		"$(layout_descriptor "$dir" "$scratch/config" application/vnd.oci.image.config.v1+json)" \
		"$layers" >"$scratch/manifest"
	f=$(layout_descriptor "$dir" "$scratch/manifest" application/vnd.oci.image.manifest.v1+json)
	printf '{"imageLayoutVersion":"1.0.0"}' >"$dir/oci-layout"
	printf '{"schemaVersion":2,"manifests":[%s%s,"annotations":{"org.opencontainers.image.ref.name":"%s"}}]}' \
		"${f%\}}" "${CLAIM:+,\"platform\":$CLAIM}" "$name" >"$dir/index.json"
	rm -r "$scratch"
}
