#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# pull: from a real registry and from one that misbehaves.

bats_require_minimum_version 1.5.0
load ../helpers
load layout
load registry

setup_file() {
	requires program docker-registry skopeo jq curl
	cd "$BATS_FILE_TMPDIR"
	start_registry "$PWD/registry"
	export REGISTRY
	mkdir -p one/bin two/etc
	head -c 200000 /dev/urandom >one/bin/program
	head -c 3000 /dev/urandom >two/etc/file
	tar -C one -czf one.tar.gz bin
	tar -C two -czf two.tar.gz etc
	make_layout layout-a a one.tar.gz two.tar.gz
	CONFIG='{"Cmd":["/bin/program"]}' make_layout layout-b b one.tar.gz
	push layout-a:a test/image:a
	push layout-b:b test/image:b
	push layout-a:a test/image:docker -f v2s2
	push_index test/image:all \
		a '{"os":"linux","architecture":"arm64","variant":"v8"}' \
		b '{"os":"linux","architecture":"amd64"}' \
		a '{"os":"unknown","architecture":"unknown"}'
}

teardown_file() {
	stop_registry "$BATS_FILE_TMPDIR/registry"
}

setup() {
	STORE=$BATS_TEST_TMPDIR/store
	MANIFEST_A=$(jq -r '.manifests[0].digest' "$BATS_FILE_TMPDIR/layout-a/index.json")
	MANIFEST_B=$(jq -r '.manifests[0].digest' "$BATS_FILE_TMPDIR/layout-b/index.json")
}

teardown() {
	stop_hostile
}

# ---- A real registry ------------------------------------------------------------------------------

@test "an OCI image arrives whole, and skopeo reads it from the store by its full name" {
	run -0 --separate-stderr image pull "$REGISTRY/test/image:a"
	[ "$output" = "$MANIFEST_A" ]
	store_is_sound "$STORE"
	no_leftovers "$STORE"
	run -0 skopeo inspect --raw "oci:$STORE:$REGISTRY/test/image:a"
	[ "sha256:$(printf %s "$output" | sha256sum | cut -d' ' -f1)" = "$MANIFEST_A" ]
	skopeo copy -q "oci:$STORE:$REGISTRY/test/image:a" "dir:$BATS_TEST_TMPDIR/copy"
}

@test "a Docker schema 2 image keeps its media type and its digest" {
	run -0 --separate-stderr image pull "$REGISTRY/test/image:docker"
	digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/test/image:docker")
	[ "$output" = "$digest" ]
	image inspect --raw "$REGISTRY/test/image:docker" >"$BATS_TEST_TMPDIR/raw"
	[ "$(jq -r .mediaType "$BATS_TEST_TMPDIR/raw")" = application/vnd.docker.distribution.manifest.v2+json ]
	[ "sha256:$(sha256sum <"$BATS_TEST_TMPDIR/raw" | cut -d' ' -f1)" = "$digest" ]
	store_is_sound "$STORE"
}

@test "of an index the image for the wanted platform is taken" {
	run -0 image pull -q --platform linux/arm64 "$REGISTRY/test/image:all"
	[ "$(jq -r '.manifests[0].digest' "$STORE/index.json")" = "$MANIFEST_A" ]
	run -0 image pull -q --platform linux/amd64 "$REGISTRY/test/image:all"
	[ "$(jq -r '.manifests[0].digest' "$STORE/index.json")" = "$MANIFEST_B" ]
	# What is printed, and what docker shows as well, is the digest of the index.
	[ "$output" = "sha256:$(curl -fs -H 'Accept: application/vnd.oci.image.index.v1+json' \
		"http://$REGISTRY/v2/test/image/manifests/all" | sha256sum | cut -d' ' -f1)" ]
	[ "$(jq '.manifests | length' "$STORE/index.json")" = 1 ]
}

@test "an index may lie in an index, and Docker's manifest list is one" {
	index=application/vnd.oci.image.index.v1+json
	docker=application/vnd.docker.distribution.manifest
	push_list test/image:nested $index \
		"$(remote_descriptor test/image docker $docker.v2+json '{"os":"linux","architecture":"arm"}')" \
		"$(remote_descriptor test/image all $index '{"os":"linux","architecture":"arm64"}')"
	image pull -q --platform linux/arm64 "$REGISTRY/test/image:nested"
	[ "$(jq -r '.manifests[0].digest' "$STORE/index.json")" = "$MANIFEST_A" ]
	push_list test/image:list $docker.list.v2+json \
		"$(remote_descriptor test/image docker $docker.v2+json '{"os":"linux","architecture":"s390x"}')"
	image pull -q --platform linux/s390x "$REGISTRY/test/image:list"
	[ "$(jq -r '.manifests[1].mediaType' "$STORE/index.json")" = $docker.v2+json ]
	store_is_sound "$STORE"
}

@test "a platform the index lacks is an error that lists those it has" {
	run -3 image pull --platform linux/s390x "$REGISTRY/test/image:all"
	[[ $output == *"no image for platform linux/s390x; there is linux/arm64/v8, linux/amd64" ]]
}

@test "a lone image for another platform is refused when a platform was asked for" {
	run -3 image pull --platform linux/arm64 "$REGISTRY/test/image:a"
	[[ $output == *"the image is for platform linux/amd64, not linux/arm64"* ]]
	run -0 image list -q
	[ "$output" = "" ]
}

@test "an image is pulled by digest" {
	image pull -q "$REGISTRY/test/image@$MANIFEST_B"
	run -0 image list
	[[ $output == *"$REGISTRY/test/image@$MANIFEST_B"* ]]
}

@test "layers that are here already do not come again" {
	image pull -q "$REGISTRY/test/image:a"
	run -0 --separate-stderr image pull --json "$REGISTRY/test/image:b"
	[ "$(jq .pulled <<<"$output")" -lt 1000 ]
	[ "$(jq .size <<<"$output")" -gt 100000 ]
}

@test "a tag that moved frees the blobs nobody needs any more" {
	push "$BATS_FILE_TMPDIR/layout-a:a" test/moves:1
	image pull -q "$REGISTRY/test/moves:1"
	[ "$(blob_count "$STORE")" = 4 ]
	push "$BATS_FILE_TMPDIR/layout-b:b" test/moves:1
	image pull -q "$REGISTRY/test/moves:1"
	[ "$(blob_count "$STORE")" = 3 ]
	store_is_sound "$STORE"
}

@test "an image the registry does not have is exit status 3" {
	run -3 image pull "$REGISTRY/test/image:nothing"
	[[ $output == *"not found in the registry (MANIFEST_UNKNOWN"* ]]
}

@test "https with a certificate nobody signed is fine on loopback, and with --tls-verify only when it is known" {
	requires program openssl
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$BATS_TEST_TMPDIR/key" -out "$BATS_TEST_TMPDIR/cert" 2>/dev/null
	start_registry "$BATS_TEST_TMPDIR/tls" \
		", tls: {certificate: $BATS_TEST_TMPDIR/cert, key: $BATS_TEST_TMPDIR/key}"
	push "$BATS_FILE_TMPDIR/layout-b:b" tls/image:1
	run -5 image pull --tls-verify "$REGISTRY/tls/image:1"
	secure=$output
	mkdir "$BATS_TEST_TMPDIR/certs"
	cp "$BATS_TEST_TMPDIR/cert" "$BATS_TEST_TMPDIR/certs/ca.crt"
	image pull -q --cert-dir "$BATS_TEST_TMPDIR/certs" "$REGISTRY/tls/image:1"
	run -0 image pull -q "$REGISTRY/tls/image:1"
	stop_registry "$BATS_TEST_TMPDIR/tls"
	[ "$output" = "$MANIFEST_B" ]
	[[ $secure == *"certificate"*"--tls-verify=false"* ]]
}

@test "a proxy of the environment is not asked for what is on this machine" {
	http_proxy=http://127.0.0.1:1 https_proxy=http://127.0.0.1:1 image pull -q "$REGISTRY/test/image:b"
}

@test "eight pulls at once into one new store leave one sound image each" {
	pids=()
	for tag in a b docker all a b docker all; do
		image pull -q --platform linux/amd64 "$REGISTRY/test/image:$tag" >/dev/null 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	[ "$(jq '.manifests | length' "$STORE/index.json")" = 4 ]
	store_is_sound "$STORE"
	no_leftovers "$STORE"
}

# ---- Output ------------------------------------------------------------------------------------------

@test "in a pipe progress is plain lines on stderr, the digest alone is on stdout" {
	run -0 --separate-stderr image pull "$REGISTRY/test/image:b"
	[ "$output" = "$MANIFEST_B" ]
	[[ $stderr == *"pulling $REGISTRY/test/image:b: 2 of 2 blobs"* ]]
	[[ $stderr != *$'\033'* ]]
	run -0 --separate-stderr image pull "$REGISTRY/test/image:b"
	[ "$stderr" = "$REGISTRY/test/image:b is up to date" ]
	run -0 --separate-stderr image pull --quiet "$REGISTRY/test/image:a"
	[ "$output" = "$MANIFEST_A" ]
	[ "$stderr" = "" ]
}

@test "on a terminal there is a picture" {
	requires program script
	TERM=xterm run -0 script -qec "creel-image --store '$STORE' pull '$REGISTRY/test/image:b'" /dev/null
	[[ $output == *"["*"="*"] "*"done"* ]]
	[[ $output == *"$MANIFEST_B"* ]]
}

# ---- A registry that misbehaves -------------------------------------------------------------------------

# refuses ACT STATUS TEXT: pulling from it fails so, and leaves nothing half done.
refuses() {
	[ ! -d "$STORE/partial" ] || rm -r "$STORE/partial"
	run -"$2" image pull --retry 1 "$HOSTILE/$1:1"
	[[ $output == *"$3"* ]] || {
		echo "$1: expected '$3' in: $output" >&2
		return 1
	}
	no_leftovers "$STORE"
	[ "$(image list -q)" = "" ]
}

@test "what goes wrong with an unspoilt image is the other tests' doing" {
	start_hostile
	image pull -q "$HOSTILE/good:1"
	store_is_sound "$STORE"
}

@test "content that is not what was promised is refused" {
	start_hostile
	refuses other-content 4 ": the blob's digest is sha256:"
	refuses shorter 4 "offers 1572864 bytes where the manifest promises 3145728"
	refuses claims-more 4 "offers 6291456 bytes where the manifest promises 3145728"
	refuses smaller-size 4 "offers 3145728 bytes where the manifest promises 1572864"
	refuses endless-layer 4 "is longer than the 3145728 bytes it should have"
	refuses missing-layer 3 "not found in the registry (BLOB_UNKNOWN: gone)"
	store_is_sound "$STORE"
}

@test "a manifest that is none is refused" {
	start_hostile
	refuses not-json 4 "line 1, column"
	refuses schema1 5 "Docker schema 1 manifest"
	refuses false-digest 4 "as the registry says"
	refuses false-type 4 "the document itself says 'application/vnd.oci.image.manifest.v1+json'"
	refuses two-in-one 4 "manifests"
	refuses path-as-digest 4 "expected 64 lower-case hex digits"
	refuses negative-size 4 "layers[0].size"
	refuses odd-type 5 "'text/?[31mred' is no manifest of an image"
	refuses endless-manifest 5 "longer than 4194304 bytes"
	refuses endless-headers 5 "bytes of headers"
	[ "$(blob_count "$STORE")" = 0 ]
}

@test "a list of tags without an end is given up" {
	start_hostile
	run -5 timeout 600 creel-image tags "$HOSTILE/endless"
	[[ $output == *"the list is longer than 64 MiB"* ]]
}

@test "a web page in place of a document says what probably answered" {
	start_hostile
	refuses web-page 5 "answers with a web page: it is no registry, or a proxy or login page"
	refuses web-page-layer 5 "answers with a web page"
	refuses page-with-status 5 "answers 403: the registry forbids it"
}

@test "a manifest without any media type is known by its shape" {
	start_hostile
	image pull -q "$HOSTILE/without-type:1"
	[ "$(jq -r '.manifests[0].mediaType' "$STORE/index.json")" = application/vnd.oci.image.manifest.v1+json ]
}

@test "without libcurl pull says what is missing, and the other verbs work" {
	requires root
	lib=$(ldconfig -p | awk '/libcurl\.so\.4 / { print $NF; exit }')
	run -1 unshare -m sh -c 'mount --bind /dev/null "$1" && creel-image --store "$2" pull one ||
		creel-image --store "$2" list && exit 1' sh "$lib" "$STORE"
	[[ $output == *"registries need libcurl (Debian: libcurl4)"*"NAME "* ]]
}

@test "an image larger than the disk is refused before anything is pulled" {
	start_hostile
	refuses enormous-size 6 "has room for"
	run -1 grep blobs/ "$HOSTILE_LOG"
}

@test "a transfer that breaks goes on where it stopped" {
	start_hostile
	run -0 --separate-stderr image pull "$HOSTILE/dies-once:1"
	[[ $stderr == *"resumed after an interruption"* ]]
	grep -q 'dies-once/blobs/.* range=1572864$' "$HOSTILE_LOG"
	store_is_sound "$STORE"
}

@test "a server that ignores or refuses ranges is coped with" {
	start_hostile
	image pull -q "$HOSTILE/dies-then-ignores-range:1"
	image rm -qa
	image pull -q "$HOSTILE/dies-then-416:1"
	store_is_sound "$STORE"
	image rm -qa
	refuses dies-then-wrong-place 5 "continues at the wrong place: 'bytes 5-9/100' instead of byte 1572864"
}

@test "what was read once is what is kept, also when a registry sends it again and differently" {
	start_hostile
	image pull -q --unpack=false "$HOSTILE/dies-then-416-then-lies:1"
	store_is_sound "$STORE"
}

@test "a transfer that breaks for ever ends with what arrived" {
	start_hostile
	refuses dies-always 5 "1572864 of 3145728 bytes arrived, 2 tries"
	refuses shorter-unsaid 5 "the transfer ended early (1572864 of 3145728 bytes arrived"
}

@test "a silent connection is given up" {
	start_hostile
	run -5 image pull --retry 0 --timeout 2 "$HOSTILE/stalls:1"
	echo "$output"
	# Where the machine itself stops for so long, it is the connection that took too long.
	[[ $output == *"Operation too slow"* || $output == *[Tt]imeout* || $output == *"timed out"* ]]
	no_leftovers "$STORE"
}

@test "an unchanged tag asks for no blob" {
	start_hostile
	image pull -q "$HOSTILE/good:1"
	: >"$HOSTILE_LOG"
	image pull -q "$HOSTILE/good:1"
	run -0 cat "$HOSTILE_LOG"
	[ "$output" = "/v2/good/manifests/1 auth=no range=-" ]
}

@test "redirects go to no file, not round in circles, and take no token to another host" {
	start_hostile
	refuses to-file 5 "a redirect to 'file:///etc/passwd' is not followed"
	refuses to-itself 5 "redirects followed"
	image pull -q "$HOSTILE/to-other-host:1"
	grep -q '^/v2/to-other-host/blobs/.* auth=yes' "$HOSTILE_LOG"
	grep -q '^/elsewhere auth=no' "$HOSTILE_LOG"
	run -1 grep '^/elsewhere auth=yes' "$HOSTILE_LOG"
}

@test "a busy or broken registry is asked again, within reason" {
	start_hostile
	image pull -q "$HOSTILE/busy-once:1"
	image rm -qa
	image pull -q "$HOSTILE/broken-once:1"
	image rm -qa
	refuses busy-for-hours 5 "too many requests"
	[[ $output == *"(TOOMANYREQUESTS: pull rate limit); it asks to wait 7200 s" ]]
	refuses broken 5 "answers 500"
}

@test "an anonymous token is fetched when the registry wants one, and again when it is old" {
	start_hostile
	image pull -q "$HOSTILE/token:1"
	image rm -qa
	image pull -q "$HOSTILE/token-ages:1"
	[ "$(grep -c '^/token/token-ages' "$HOSTILE_LOG")" = 2 ]
	image rm -qa
	refuses never-satisfied 5 "refuses anonymous access"
	refuses wants-password 5 "wants a user name and a password"
	refuses token-by-file 5 "'file:///etc/passwd' is neither http nor https"
}

@test "a warning of the registry is shown once, and not to programs" {
	start_hostile
	run -0 --separate-stderr image pull "$HOSTILE/warns:1"
	[[ $stderr == "$HOSTILE warns: this image is \"old\"?[31m"$'\n'* ]]
	[[ $stderr != *"not for people"* ]]
	run -0 --separate-stderr image pull --quiet "$HOSTILE/warns:1"
	[ "$stderr" = "" ]
}

@test "what a registry says cannot move the cursor" {
	start_hostile
	run -3 image pull "$HOSTILE/nobody:1"
	[[ $output == *"NAME_UNKNOWN: no?[31m act"* ]]
	[[ $output != *$'\033'* ]]
}

# ---- Bad moments ------------------------------------------------------------------------------------------

@test "a full disk is exit status 6 and leaves no partial blob" {
	requires root
	start_hostile
	mkdir "$BATS_TEST_TMPDIR/small"
	# statvfs promises the room; another writer takes it away meanwhile.
	run -6 unshare -m sh -c '
		mount -t tmpfs -o size=12m none "$1" || exit 99
		creel-image --store "$1/store" pull --timeout 600 "$2/held:1" &
		while ! grep -q held/blobs "$4"; do sleep 0.05; done
		head -c 100m /dev/zero >"$1/hog" 2>/dev/null
		: >"$4.go"
		wait $!
		status=$?
		rm "$1/hog"
		ls -A "$1/store/tmp" >"$3"
		exit $status' sh "$BATS_TEST_TMPDIR/small" "$HOSTILE" "$BATS_TEST_TMPDIR/left" "$HOSTILE_LOG"
	echo "$output"
	[[ $output == *"No space left on device"* ]]
	[ ! -s "$BATS_TEST_TMPDIR/left" ]
}

@test "a signal ends the pull with 130 and leaves no temporary" {
	start_hostile
	creel-image --store "$STORE" pull --timeout 600 "$HOSTILE/held:1" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	wait_for grep -q held/blobs "$HOSTILE_LOG"
	kill -TERM "$!"
	wait "$!" && status=0 || status=$?
	[ "$status" = 130 ]
	grep -q 'interrupted by SIGTERM' "$BATS_TEST_TMPDIR/err"
	no_leftovers "$STORE"
	store_is_sound "$STORE"
}

@test "killed at any moment, the store is sound and the next pull completes it" {
	start_hostile
	has_temporaries() {
		[ -n "$(ls -A "$STORE/tmp")" ]
	}
	has_new_temporaries() {
		ls -A "$STORE/tmp" | grep -qvxF "$before"
	}
	for delay in 0.01 0.02 0.03 0.05 0.08 0.15 0.3 0.6 begun; do
		before=$(ls -A "$STORE/tmp" 2>/dev/null || true)
		creel-image --store "$STORE" pull -q --timeout 600 "$HOSTILE/held:1" >/dev/null 2>&1 3>&- &
		case $delay in
		begun) wait_for has_new_temporaries ;;
		*) sleep "$delay" ;;
		esac
		kill -KILL "$!"
		# Not before it is gone: a process that dies inside fsync holds its lock until then.
		wait "$!" || true
		[ ! -e "$STORE/oci-layout" ] || store_is_sound "$STORE"
	done
	has_temporaries
	: >"$HOSTILE_LOG.go"
	image pull -q "$HOSTILE/held:1"
	store_is_sound "$STORE"
	no_leftovers "$STORE"
	skopeo inspect --raw "oci:$STORE:$HOSTILE/held:1" >/dev/null
}

# half_of_layer: half of the first layer of held:1, LAYER, has come, and no more will until the server is told.
half_of_layer() {
	LAYER=$(image inspect --raw "docker://$HOSTILE/held:1" | jq -r '.layers[0].digest')
	wait_for has_size "$STORE/partial/$LAYER" 1572864
}
has_size() { # FILE BYTES
	[ "$(stat -c %s "$1")" = "$2" ]
}

@test "a killed download goes on in the next run, from where it was" {
	start_hostile
	creel-image --store "$STORE" pull -q --timeout 600 "$HOSTILE/held:1" >/dev/null 2>&1 3>&- &
	half_of_layer
	kill -KILL "$!"
	wait "$!" || true
	: >"$HOSTILE_LOG.go"
	image pull -q "$HOSTILE/held:1"
	grep -q "^/v2/held/blobs/$LAYER .* range=1572864$" "$HOSTILE_LOG"
	store_is_sound "$STORE"
	no_leftovers "$STORE"
	[ "$(ls "$STORE/partial")" = "" ]
}

@test "what a run before left is not trusted: when it is wrong everything comes again" {
	start_hostile
	image pull -q "$HOSTILE/good:1"
	layer=$(image inspect --raw "$HOSTILE/good:1" | jq -r '.layers[0].digest')
	image rm -qa
	[ "$(blob_count "$STORE")" = 0 ]
	head -c 1000000 /dev/zero >"$STORE/partial/$layer"
	: >"$HOSTILE_LOG"
	image pull -q "$HOSTILE/good:1"
	[ "$(grep -c "blobs/$layer" "$HOSTILE_LOG")" = 2 ]
	grep -q "blobs/$layer .* range=1000000$" "$HOSTILE_LOG"
	store_is_sound "$STORE"
	# More than the blob can have is no beginning of it.
	image rm -qa
	head -c 9000000 /dev/zero >"$STORE/partial/$layer"
	image pull -q "$HOSTILE/good:1"
	store_is_sound "$STORE"
}

# wait_for_lock TRACE: a process that runs under strace has met what another one has locked.
wait_for_lock() {
	wait_for grep -qE 'EAGAIN|EWOULDBLOCK' "$1"
}

@test "two processes that want the same blob fetch it once" {
	requires program strace
	start_hostile
	creel-image --store "$STORE" pull -q --timeout 600 "$HOSTILE/held:1" >/dev/null 3>&- &
	first=$!
	half_of_layer
	strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=flock,fcntl \
		creel-image --store "$STORE" pull -q "$HOSTILE/held:1" >/dev/null 3>&- &
	second=$!
	wait_for_lock "$BATS_TEST_TMPDIR/trace"
	: >"$HOSTILE_LOG.go"
	wait "$first"
	wait "$second"
	[ "$(grep -c "blobs/$LAYER" "$HOSTILE_LOG")" = 1 ]
	store_is_sound "$STORE"
}

@test "when the process that fetches a blob is killed, the one that waits goes on with it" {
	requires program strace
	start_hostile
	creel-image --store "$STORE" pull -q --timeout 600 "$HOSTILE/held:1" >/dev/null 2>&1 3>&- &
	first=$!
	half_of_layer
	strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=flock,fcntl \
		creel-image --store "$STORE" pull -q "$HOSTILE/held:1" >/dev/null 3>&- &
	second=$!
	wait_for_lock "$BATS_TEST_TMPDIR/trace"
	kill -KILL "$first"
	wait "$first" || true
	: >"$HOSTILE_LOG.go"
	wait "$second"
	[ "$(grep -c "blobs/$LAYER" "$HOSTILE_LOG")" = 2 ]
	[[ "$(grep "blobs/$LAYER" "$HOSTILE_LOG" | tail -n 1)" == *range=1572864 ]]
	store_is_sound "$STORE"
}

@test "layers are unpacked while they arrive, once, and blobs alone when that is wanted" {
	requires root
	image pull -q --unpack=false "$REGISTRY/test/image:a" >/dev/null
	[ ! -e "$STORE/snapshots" ]
	run -0 image pull --json "$REGISTRY/test/image:a"
	[ "$(jq -r '"\(.pulled) \(.unpacked)"' <<<"$output")" = "0 true" ]
	n=$(image inspect --raw "$REGISTRY/test/image:a" | jq '.layers | length')
	[ "$(ls "$STORE/snapshots" | wc -l)" = "$n" ]
	ls -i "$STORE/snapshots" >"$BATS_TEST_TMPDIR/before"
	run -0 image pull --json "$REGISTRY/test/image:a"
	[ "$(jq .unchanged <<<"$output")" = true ]
	ls -i "$STORE/snapshots" | cmp - "$BATS_TEST_TMPDIR/before"
	image rm -qa
	[ "$(ls "$STORE/snapshots")" = "" ]
}

@test "several names come one after the other, spelled as skopeo and podman do, too" {
	run -0 --separate-stderr image pull -q "docker://$REGISTRY/test/image:a" "$REGISTRY/test/image:a"
	[ "${#lines[@]}" = 2 ]
	[ "${lines[0]}" = "${lines[1]}" ]
	run -3 --separate-stderr image pull -q "$REGISTRY/test/image:a" "$REGISTRY/test/none:a" "$REGISTRY/test/image:b"
	[ "${#lines[@]}" = 1 ]
}

@test "a wrong command line is exit status 2" {
	run -2 image pull
	run -2 image pull --no-such-option x
}

@test "names and platforms that are none are refused before anything is asked" {
	run -2 image pull "$REGISTRY/UPPER/case"
	run -2 image pull "$REGISTRY/test/image:a" "docker://$REGISTRY/UPPER/case"
	run -2 image pull --platform linux "$REGISTRY/test/image:a"
	[[ $output == *"is not os/architecture[/variant]"* ]]
	[ ! -e "$STORE/index.json" ] || no_leftovers "$STORE"
}
