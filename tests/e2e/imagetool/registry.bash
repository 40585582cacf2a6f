# SPDX-License-Identifier: Apache-2.0
# Registries on loopback for the tests of pull: a real docker-registry, and one that misbehaves.

# told PID TEST...: waits for the test to succeed, no longer than the process lives.
told() {
	local pid=$1
	shift
	told_or_dead() {
		"$@" || ! kill -0 "$pid"
	}
	wait_for told_or_dead "$@"
	"$@"
}

# start_registry DIR [YAML-LINE-OF-http [YAML-LINE]]: sets REGISTRY to host:port, which it tells in its log
# once it listens there; DIR gets its files.
start_registry() {
	local dir=$1 more=${2:-} line=${3:-} listens='listening on 127[.]0[.]0[.]1:[0-9]+[",]'
	mkdir -p "$dir"
	cat >"$dir/config.yml" <<-END
		version: 0.1
		log: {level: info, accesslog: {disabled: true}}
		storage: {filesystem: {rootdirectory: $dir/data}}
		http: {addr: "127.0.0.1:0"$more}
		$line
	END
	: >"$dir/log"
	docker-registry serve "$dir/config.yml" >"$dir/log" 2>&1 3>&- &
	echo $! >"$dir/pid"
	told $! grep -qE "$listens" "$dir/log" || {
		cat "$dir/log" >&2
		return 1
	}
	REGISTRY=$(grep -oE "$listens" "$dir/log" | grep -oE '127[.]0[.]0[.]1:[0-9]+')
}

stop_registry() { # DIR
	[ ! -f "$1/pid" ] || kill "$(cat "$1/pid")"
}

# start_hostile [ADDRESS]: sets HOSTILE to host:port and HOSTILE_LOG to the file its requests go to.
start_hostile() {
	HOSTILE_LOG=$BATS_TEST_TMPDIR/hostile.log
	: >"$BATS_TEST_TMPDIR/hostile.port"
	hostile_registry "$HOSTILE_LOG" "${1:-127.0.0.1}" >"$BATS_TEST_TMPDIR/hostile.port" 3>&- &
	HOSTILE_PID=$!
	told $! test -s "$BATS_TEST_TMPDIR/hostile.port"
	HOSTILE=${1:-127.0.0.1}:$(cat "$BATS_TEST_TMPDIR/hostile.port")
	export HOSTILE
}

stop_hostile() {
	[ -z "${HOSTILE_PID:-}" ] || kill "$HOSTILE_PID" 2>/dev/null || true
}

# image CREEL-IMAGE-ARG...: with this test's store.
image() {
	creel-image --store "$STORE" "$@"
}

# push LAYOUT:NAME REPOSITORY:TAG [SKOPEO-OPTION...]
push() {
	local from=$1 to=$2
	shift 2
	skopeo copy -q --dest-tls-verify=false "$@" "oci:$from" "docker://$REGISTRY/$to" >/dev/null
}

# remote_descriptor REPOSITORY TAG MEDIA-TYPE PLATFORM-JSON: of what was pushed before.
remote_descriptor() {
	local text
	text=$(mktemp)
	curl -fs -H "Accept: $3" -o "$text" "http://$REGISTRY/v2/$1/manifests/$2"
	printf '{"mediaType":"%s","digest":"sha256:%s","size":%s,"platform":%s}' "$3" \
		"$(sha256sum <"$text" | cut -d' ' -f1)" "$(stat -c %s "$text")" "$4"
	rm "$text"
}

# push_list REPOSITORY:TAG MEDIA-TYPE DESCRIPTOR...: an index or a Docker manifest list.
push_list() {
	local repo=${1%:*} tag=${1##*:} type=$2
	shift 2
	curl -fs -X PUT -H "Content-Type: $type" \
		-d "{\"schemaVersion\":2,\"mediaType\":\"$type\",\"manifests\":[$(IFS=, && echo "$*")]}" \
		"http://$REGISTRY/v2/$repo/manifests/$tag"
}

# push_index REPOSITORY:TAG {TAG PLATFORM-JSON}...: an image index of OCI images pushed before.
push_index() {
	local repo=${1%:*} name=$1 entries=()
	shift
	while [ $# -gt 0 ]; do
		entries+=("$(remote_descriptor "$repo" "$1" application/vnd.oci.image.manifest.v1+json "$2")")
		shift 2
	done
	push_list "$name" application/vnd.oci.image.index.v1+json "${entries[@]}"
}

# store_is_sound DIR: it is a layout; every blob is what its name says; whatever index.json names is there.
store_is_sound() {
	local dir=$1 blob manifest part
	jq -e '.imageLayoutVersion == "1.0.0"' "$dir/oci-layout" >/dev/null
	jq -e '.schemaVersion == 2' "$dir/index.json" >/dev/null
	for blob in "$dir"/blobs/sha256/*; do
		[ -e "$blob" ] || continue
		[ "$(sha256sum <"$blob" | cut -d' ' -f1)" = "${blob##*/}" ] || {
			echo "blob ${blob##*/} is damaged" >&2
			return 1
		}
	done
	for manifest in $(jq -r '.manifests[].digest' "$dir/index.json"); do
		for part in "$manifest" $(jq -r '.config.digest, .layers[].digest' \
			"$dir/blobs/sha256/${manifest#sha256:}"); do
			[ -f "$dir/blobs/sha256/${part#sha256:}" ] || {
				echo "blob $part is missing" >&2
				return 1
			}
		done
	done
}

# no_leftovers DIR: nothing half done.
no_leftovers() {
	[ ! -d "$1/tmp" ] || [ -z "$(ls -A "$1/tmp")" ] || {
		ls -l "$1/tmp" >&2
		return 1
	}
}

blob_count() { # DIR
	find "$1/blobs" -type f | wc -l
}

# start_uploads [ADDRESS]: a registry to write to (tests/tools/hostile_uploads.c); sets UPLOADS to host:port
# and UPLOADS_LOG to the file its requests go to.
start_uploads() {
	UPLOADS_LOG=$BATS_TEST_TMPDIR/uploads.log
	: >"$BATS_TEST_TMPDIR/uploads.port"
	hostile_uploads "$UPLOADS_LOG" ${1:+"$1"} >"$BATS_TEST_TMPDIR/uploads.port" 3>&- &
	UPLOADS_PID=$!
	told $! test -s "$BATS_TEST_TMPDIR/uploads.port"
	UPLOADS=${1:-127.0.0.1}:$(cat "$BATS_TEST_TMPDIR/uploads.port")
	export UPLOADS
}

stop_uploads() {
	[ -z "${UPLOADS_PID:-}" ] || kill "$UPLOADS_PID" 2>/dev/null || true
}

# requests METHOD [PATTERN]: how many there were.
requests() {
	grep -c -- "^$1 .*${2:-}" "$UPLOADS_LOG" || true
}

# arrived_bytes: of all bodies.
arrived_bytes() {
	awk -F 'body=' '{ sum += $2 } END { print sum + 0 }' "$UPLOADS_LOG"
}
