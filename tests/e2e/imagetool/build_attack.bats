#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Whole builds against servers, images, caches and Dockerfiles that mean harm.

bats_require_minimum_version 1.5.0
load build

setup() {
	build_setup
	export HOME=$ROOM
	SERVERS=()
	mkdir web
	export WEB_LOG=$ROOM/web.log
}
teardown() {
	kill_servers
	room_teardown
}

# serve_web: WEB is a server of what say() wrote.
serve_web() {
	hostile_web web "$WEB_LOG" >web.port 3>&- &
	SERVERS+=($!)
	wait_for test -s web.port
	PORT=$(cat web.port)
	WEB=http://127.0.0.1:$PORT
}

answer() { # NAME, STATUS LINE AND HEADERS (with \r\n at their ends), BODY
	printf '%b' "HTTP/1.1 $2Connection: close\r\n\r\n$3" >"web/$1"
}

# try DOCKERFILE OPTION...: its tree is in out.tree/.
try() {
	printf '%s\n' "$1" >Dockerfile
	rm -rf out.tree
	build --progress=plain -f Dockerfile -o type=local,dest=out.tree "${@:2}" ctx
}

fails() { # WHAT IT SAYS, DOCKERFILE, OPTION...
	run ! try "${@:2}"
	says "$1"
}

# ---- Servers of ADD ----------------------------------------------------------------------------

@test "answers that are none make no file" {
	serve_web
	answer file '302 F\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n'
	answer ftp '302 F\r\nLocation: ftp://127.0.0.1/x\r\nContent-Length: 0\r\n'
	answer round '302 F\r\nLocation: /round\r\nContent-Length: 0\r\n'
	answer long '200 OK\r\nContent-Length: 100\r\n' short
	answer part '206 P\r\nContent-Range: bytes 5-7/100\r\nContent-Length: 3\r\n' abc
	answer same '304 S\r\nETag: "a"\r\n'
	answer escape '302 F\r\nLocation: foo://\033[31m/x\r\nContent-Length: 0\r\n'
	printf 'HTTP/1.1 200 OK\r\n' >web/heads
	printf 'X: bbbbbbbbbbbbbbbbbbbb\r\n' >web/heads.endless
	printf 'HTTP/1.1 100 Continue\r\n\r\n' | tee web/interim >web/interim.endless
	for row in "file|a redirect to 'file:///etc/passwd' is not followed" 'ftp|is not followed' \
		'round|redirects followed' 'long|bytes remaining' 'part|status 206' 'same|status 304' \
		'escape|is not followed' 'heads|bytes of headers' 'interim|bytes of headers'; do
		fails "${row#*|}" "FROM scratch
ADD $WEB/${row%%|*} /x"
		[ ! -e out.tree ]
	done
	run ! grep -q $'\033' out
}

@test "what a server calls a file, and how it packs it, is nobody's business" {
	serve_web
	head -c 1000000 /dev/zero | gzip -9 >bomb.gz
	answer bomb '200 OK\r\nContent-Encoding: gzip\r\n'
	cat bomb.gz >>web/bomb
	answer 'n' '200 OK\r\nContent-Disposition: attachment; filename="../../canary"\r\nContent-Length: 2\r\n' xx
	try "FROM scratch
ADD $WEB/bomb $WEB/n /d/"
	cmp out.tree/d/bomb bomb.gz
	[ "$(ls out.tree/d)" = $'bomb\nn' ]
	assert_untouched
}

@test "a server that never ends is left at an interrupt, and nothing stays" {
	serve_web
	printf 'HTTP/1.1 200 OK\r\n\r\n' | tee web/endless web/slow >/dev/null
	head -c 65536 /dev/zero >web/endless.endless
	echo slow >web/slow.slowly
	: >web/hang
	: >web/hang.hang
	for name in endless slow hang; do
		printf 'FROM scratch\nADD %s /x\n' "$WEB/$name" >Dockerfile
		env --default-signal=INT creel-image --store store build --progress=plain ctx -f Dockerfile >out 2>&1 3>&- &
		pid=$!
		wait_for grep -q "^GET /$name " web.log
		kill -INT "$pid"
		status=0
		wait "$pid" || status=$?
		[ "$status" -eq 130 ]
		no_leftovers_in_store
	done
}

# git_helpers_end URL: the one that asked there is gone, or goes.
git_helpers_end() {
	wait_for helpers_ended "$1"
}

helpers_ended() {
	! pgrep -f "remote-http $1"
}

@test "a build that is killed leaves none of git's helpers" {
	requires program git
	serve_web
	: >web/r.git@info@refs
	: >web/r.git@info@refs.hang
	creel-image --store store build --progress=plain "$WEB/r.git" >out 2>&1 3>&- &
	pid=$!
	wait_for grep -q '^GET /r.git/info/refs' web.log
	pgrep -f "remote-http $WEB/r.git"
	kill -KILL "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 137 ]
	git_helpers_end "$WEB/r.git"
}

@test "a server that leads git elsewhere leads no password, token or header there" {
	requires program git
	serve_web
	export GIT_AUTH_TOKEN=secret GIT_AUTH_HEADER='Bearer secret'
	# The other host has another name, which is all that tells hosts apart.
	other=http://localhost:${WEB##*:}
	for at in r s; do
		printf 'HTTP/1.1 200 OK\r\n%s\r\nConnection: close\r\n\r\n%s\n%s\n%s\n%s' \
			'Content-Type: application/x-git-upload-pack-advertisement' \
			'001e# service=git-upload-pack' '0000000eversion 2' '0015agent=git/2.39.5' '000cls-refs' >"web/$at.git@info@refs"
		printf '\n0000' >>"web/$at.git@info@refs"
	done
	printf 'HTTP/1.1 302 Found\r\nLocation: %s/s.git/info/refs?service=git-upload-pack\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' \
		"$other" >web/r.git@info@refs
	printf 'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' \
		>web/s.git@git-upload-pack
	run ! creel-image --store store build --progress=plain "http://user:secret@127.0.0.1:${WEB##*:}/r.git"
	run ! creel-image --store store build --progress=plain --secret id=GIT_AUTH_TOKEN "$WEB/r.git"
	[ "$(grep -c '^POST /s.git/git-upload-pack' web.log)" -ge 2 ]
	run ! creel-image --store store build --progress=plain --secret id=GIT_AUTH_HEADER "$WEB/r.git"
	[[ "$output" == *"redirects are not followed with GIT_AUTH_HEADER"* ]]
	run ! awk '/^Host: / { there = /localhost/ } there && /^Authorization:/ { print; found = 1 } END { exit !found }' web.log
	# Who asks is told, so that the test can fail.
	grep -q '^Authorization: Bearer secret' web.log
}

@test "a repository whose server hangs is left at an interrupt, by git's helpers too" {
	requires program git
	serve_web
	: >web/r.git@info@refs
	: >web/r.git@info@refs.hang
	env --default-signal=INT creel-image --store store build --progress=plain "$WEB/r.git" >out 2>&1 3>&- &
	pid=$!
	wait_for grep -q '^GET /r.git/info/refs' web.log
	pgrep -f "remote-http $WEB/r.git"
	kill -INT "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 130 ]
	git_helpers_end "$WEB/r.git"
	no_leftovers_in_store
}

no_leftovers_in_store() {
	[ -z "$(ls -A store/tmp 2>/dev/null)" ] || {
		ls -lR store/tmp
		return 1
	}
	run ! grep -F "$ROOM/store" /proc/self/mountinfo
}

@test "an archive from a server gets out of its context nowhere" {
	serve_web
	local df='file name=Dockerfile data=FROM\040scratch\012COPY\040.\040/\012' out='../../../../../../..'
	local rows=("file name=../canary data=evil|'..' is not allowed" "symlink name=d link=$ROOM
file name=d/canary data=evil|File exists" "symlink name=d link=$out$ROOM
file name=d/canary data=evil|File exists" "hardlink name=h link=$out/etc/passwd|not below the root"
		"hardlink name=h link=$ROOM/canary|No such file" "symlink name=. link=$ROOM|can only be a directory"
		"fifo name=.dockerignore|'.dockerignore' is not a regular file" "char name=c dev=0:0|whiteout")
	echo canary >canary
	for row in "${rows[@]}"; do
		printf '%s\n' "$df" "${row%|*}" | mktar >context.tar
		answer context '200 OK\r\n'
		cat context.tar >>web/context
		run ! build --progress=plain "$WEB/context"
		says "${row##*|}"
		no_leftovers_in_store
	done
	for row in "symlink name=Dockerfile link=$ROOM/canary" 'fifo name=Dockerfile'; do
		mktar <<<"$row" >context.tar
		answer context '200 OK\r\n'
		cat context.tar >>web/context
		run ! timeout -k 5 120 creel-image --store store build --progress=plain "$WEB/context"
		[ "$status" -lt 124 ]
		[[ "$output" == *'failed to read dockerfile'* && "$output" != *canary* ]]
	done
	[ "$(cat canary)" = canary ]
}

@test "passwords of URLs are in no history, record, attestation, event or log" {
	serve_web
	serve_elsewhere
	answer there "302 F\r\nLocation: http://127.0.0.1:$ELSEWHERE/x\r\nSet-Cookie: crumb=1\r\nContent-Length: 0\r\n"
	answer x '200 OK\r\nContent-Length: 2\r\n' xx
	answer Dockerfile '200 OK\r\nContent-Length: 13\r\n' 'FROM scratch\n'
	url=http://bob:S3cret@127.0.0.1:$PORT
	printf 'FROM base:1\nARG host=%s\nADD %s /x\nADD http://t0ken@127.0.0.1:%s/x /y\nADD http://bob:S3cret@$host/x /z\n' "127.0.0.1:$PORT" "$url/there" "$PORT" >Dockerfile
	for progress in plain rawjson; do
		run -0 creel-image --log-level=debug --store store build --progress=$progress --no-cache --provenance=mode=min \
			--metadata-file meta -t x:1 -f Dockerfile ctx
		[[ "$output" == *'/there'* ]]
		run ! grep -E 'S3cret|t0ken' <<<"$output"
	done
	run ! grep -rE 'S3cret|t0ken' meta store
	run -0 creel-image --store store history --no-trunc x:1
	[[ "$output" == *'ADD http://xxxxx:xxxxx@127.0.0.1'* ]]
	run -0 creel-image --store store build --progress=plain "$url/Dockerfile"
	run ! grep -F S3cret <<<"$output"
	run ! creel-image --store store build --progress=plain "$url/no.git"
	run ! grep -F S3cret <<<"$output"
	# The server itself was told, the one that it names was not.
	grep -q '^Authorization: Basic' web.log
	[ -s elsewhere.log ]
	run ! grep -iE '^(authorization|cookie)' elsewhere.log
}

serve_elsewhere() {
	hostile_web web elsewhere.log >elsewhere.port 3>&- &
	SERVERS+=($!)
	wait_for test -s elsewhere.port
	ELSEWHERE=$(cat elsewhere.port)
}

@test "what a server once said of a file is not believed for ever" {
	serve_web
	answer f '200 OK\r\nETag: "a"\r\nContent-Length: 4\r\n' good
	answer f.304 '304 S\r\nETag: "a"\r\n'
	dockerfile="FROM scratch
ADD $WEB/f /x"
	try "$dockerfile"
	answer f '200 OK\r\nETag: "a"\r\nContent-Length: 4\r\n' evil
	try "$dockerfile"
	[ "$(cat out.tree/x)" = good ]
	sum=$(printf good | sha256sum | cut -c1-64)
	fails 'digest mismatch' "FROM scratch
ADD --checksum=sha256:$sum $WEB/f /x"
	# Its tree is gone: the word "unchanged" helps nobody, and costs one build.
	rm -rf store/snapshots/build-*
	fails 'run the build again' "$dockerfile"
	try "$dockerfile"
	[ "$(cat out.tree/x)" = evil ]
}

@test "a redirect of another machine does not lead to this one" {
	requires program unshare ip
	answer here '302 F\r\nLocation: http://127.0.0.1:1/x\r\nContent-Length: 0\r\n'
	answer user '302 F\r\nLocation: http://a@169.254.169.254/x\r\nContent-Length: 0\r\n'
	answer name '302 F\r\nLocation: http://hidden.test:1/x\r\nContent-Length: 0\r\n'
	answer x '200 OK\r\nContent-Length: 2\r\n' xx
	run -0 unshare -nm bash -c '
		set -e
		ip link set lo up
		ip addr add 10.9.8.7/32 dev lo
		printf "127.0.0.1 localhost hidden.test\n" >hosts
		mount --bind hosts /etc/hosts
		hostile_web web web.log 10.9.8.7 >web.port 3>&- &
		trap "kill $!" EXIT
		for i in $(seq 1200); do [ -s web.port ] || sleep 0.05; done
		for name in here user name x; do
			for user in "" "a:b@"; do
				printf "FROM scratch\nADD http://%s10.9.8.7:%s/%s /x\n" "$user" "$(cat web.port)" $name >Dockerfile
				creel-image --store store build --progress=plain --no-cache -f Dockerfile ctx 2>&1 | tail -n 1 | sed "s/^/$name: /"
			done
		done'
	[ "$(grep -c 'this machine or its link: refused' <<<"$output")" = 6 ]
	run ! grep 'x: .*error' <<<"$output"
}

# ---- Caches and layouts of others --------------------------------------------------------------

# spoil NAME JQ: cache.NAME/ is cache/ with a changed document of records.
spoil() {
	local dir=cache.$1 manifest config digest
	cp -a cache "$dir"
	manifest=$(jq -r '.manifests[0].digest' cache/index.json)
	config=$(jq -r .config.digest "cache/blobs/sha256/${manifest#sha256:}")
	jq -c "$2" "cache/blobs/sha256/${config#sha256:}" >config
	digest=$(layout_blob "$dir" config)
	jq -c --arg d "$digest" --argjson s "$(stat -c %s config)" '.config.digest = $d | .config.size = $s' \
		"cache/blobs/sha256/${manifest#sha256:}" >manifest
	digest=$(layout_blob "$dir" manifest)
	jq -c --arg d "$digest" --argjson s "$(stat -c %s manifest)" \
		'.manifests[0].digest = $d | .manifests[0].size = $s' cache/index.json >"$dir/index.json"
}

layers_of_cache() {
	local manifest
	manifest=$(jq -r '.manifests[0].digest' cache/index.json)
	jq -r '.layers[].digest | ltrimstr("sha256:")' "cache/blobs/sha256/${manifest#sha256:}"
}

@test "a cache that lies is a cache that is not there" {
	local name blob
	printf 'FROM base:1\nRUN echo built >/x\n' >Dockerfile
	cp -a store clean
	good -q --cache-to type=local,dest=cache -f Dockerfile ctx
	for name in spoilt short fifo link; do
		cp -a cache cache.$name
		for blob in $(layers_of_cache); do
			blob=cache.$name/blobs/sha256/$blob
			case $name in
			spoilt) printf x | dd of="$blob" conv=notrunc bs=1 seek=50 2>/dev/null ;;
			short) truncate -s 20 "$blob" ;;
			fifo) rm "$blob" && mkfifo "$blob" ;;
			link) ln -sf /etc/hostname "$blob" ;;
			esac
		done
	done
	spoil path '.layers[].blob = "sha256:../../../../../etc/passwd"'
	spoil diff ".layers[].annotations.diffID = \"sha256:$(printf '%064d' 1)\""
	spoil circle '.records |= map(.inputs = [[{"link": 0, "selector": ""}]])'
	cp -a cache cache.index
	rm cache.index/index.json
	mkfifo cache.index/index.json
	for name in spoilt short fifo link path diff circle index; do
		rm -rf store out.tree
		cp -a clean store
		timeout -k 5 120 creel-image --store store build --progress=plain --cache-from "type=local,src=cache.$name" \
			-f Dockerfile -o type=local,dest=out.tree ctx >out 2>&1
		[ "$(cat out.tree/x)" = built ]
		run ! grep CACHED out
	done
	# The honest one is used.
	rm -rf store
	cp -a clean store
	good --progress=plain --cache-from type=local,src=cache -f Dockerfile ctx
	says CACHED
}

# lie NAME JQ-OF-CONFIG JQ-OF-RECORDS: lie.NAME/ is image/ with a changed config and inline cache.
lie() {
	local manifest config records digest
	cp -a image "lie.$1"
	manifest=$(jq -r '.manifests[0].digest' image/index.json)
	config=image/blobs/sha256/$(jq -r '.config.digest | ltrimstr("sha256:")' "image/blobs/sha256/${manifest#sha256:}")
	records=$(jq -r '."moby.buildkit.cache.v0" | @base64d' "$config" | jq -c "$3" | base64 -w 0)
	jq -c --arg r "$records" ".\"moby.buildkit.cache.v0\" = \$r | $2" "$config" >config
	digest=$(layout_blob "lie.$1" config)
	jq -c --arg d "$digest" --argjson s "$(stat -c %s config)" '.config.digest = $d | .config.size = $s' \
		"image/blobs/sha256/${manifest#sha256:}" >manifest
	digest=$(layout_blob "lie.$1" manifest)
	jq -c --arg d "$digest" --argjson s "$(stat -c %s manifest)" \
		'.manifests[0] |= (.digest = $d | .size = $s | .annotations["org.opencontainers.image.ref.name"] = "latest")' \
		image/index.json >"lie.$1/index.json"
}

@test "an inline cache that lies is a cache that is not there" {
	local name
	printf 'FROM base:1\nRUN echo built >/x\n' >Dockerfile
	cp -a store clean
	good -q --provenance=false --cache-to type=inline -o type=oci,tar=false,dest=image -f Dockerfile ctx
	lie honest . .
	lie diff ".rootfs.diff_ids[-1] = \"sha256:$(printf '%064d' 1)\"" .
	lie swapped '.rootfs.diff_ids |= reverse' .
	lie path '.rootfs.diff_ids[-1] = "sha256:../../../etc/passwd"' .
	lie fewer '.rootfs.diff_ids |= .[:1]' .
	lie text '."moby.buildkit.cache.v0" = "%%%"' .
	lie layer . '.[].layers[].layer = 99999999'
	lie minus . '.[].layers[].layer = -1'
	lie circle . 'map(.inputs = [[{"link": 0, "selector": ""}]])'
	for name in diff swapped path fewer text layer minus circle honest; do
		rm -rf store out.tree
		cp -a clean store
		timeout -k 5 120 creel-image --store store build --progress=plain --cache-from "type=local,src=lie.$name" \
			-f Dockerfile -o type=local,dest=out.tree ctx >out 2>&1
		[ "$(cat out.tree/x)" = built ]
		[ "$name" = honest ] || run ! grep CACHED out
	done
	says CACHED
}

@test "a layout with a fifo in it keeps nobody waiting" {
	creel-image --store store copy -q base:1 oci:layout:x 2>/dev/null || cp -a store layout
	rm layout/index.json
	mkfifo layout/index.json
	run ! timeout -k 5 120 creel-image --store store build --build-context b=oci-layout://layout:x -f - ctx <<<'FROM b'
	[ "$status" -lt 124 ]
	[[ "$output" == *"'index.json' is not a regular file"* ]]
}

# ---- Base images -------------------------------------------------------------------------------

base_of() { # CONFIG: the context b is an image with it
	rm -rf layout
	layer base.tar <<<'dir name=bin'
	CONFIG=$1
	make_layout layout b base.tar
	unset CONFIG
}

with_base() { # WHAT IT SAYS, CONFIG, DOCKERFILE
	base_of "$2"
	fails "$1" "$3" --build-context b=oci-layout://layout:b
}

@test "what a base image's config may not do" {
	with_base "ONBUILD isn't allowed" '{"OnBuild":["ONBUILD RUN x"]}' 'FROM b'
	with_base "FROM isn't allowed" '{"OnBuild":["FROM scratch"]}' 'FROM b'
	with_base 'more than 1000 ONBUILD' "{\"OnBuild\":[$(printf '"ENV A=b",%.0s' $(seq 2000))\"ENV A=b\"]}" 'FROM b'
	with_base 'security.insecure' '{"OnBuild":["RUN --security=insecure id"]}' 'FROM b'
	with_base 'duplicate key' '{"User":"root","User":"x"}' 'FROM b'
	with_base 'nested deeper' "{\"X\":$(printf '[%.0s' {1..5000})$(printf ']%.0s' {1..5000})}" 'FROM b'
	with_base 'expected an array' '{"Env":{"a":"b"}}' 'FROM b'
	with_base 'not in the image' '{"User":"\u001b[31m"}' $'FROM b\nRUN id'
	run ! grep -q $'\033\\[31m' out
}

@test "a base image's history that does not fit its layers is made to fit" {
	local one='{"created_by":"a"}' none='{"created_by":"e","empty_layer":true}' dir manifest config
	layer a.tar <<<'dir name=a'
	layer b.tar <<<'dir name=b'
	printf 'FROM b\nENV A=b\nCOPY f /f\n' >Dockerfile
	echo f >ctx/f
	for HISTORY in '[]' "[$one]" "[$one,$one,$one]" "[$none,$none]" "[$none,$one,$none,$one,$one]"; do
		dir=$(mktemp -d "$ROOM/layout.XXXX")
		make_layout "$dir/in" b a.tar b.tar
		good -q --provenance=false --build-context "b=oci-layout://$dir/in:b" -f Dockerfile \
			-o "type=oci,tar=false,dest=$dir/out" ctx
		manifest=$(jq -r '.manifests[0].digest' "$dir/out/index.json")
		config=$(jq -r .config.digest "$dir/out/blobs/sha256/${manifest#sha256:}")
		jq -e '(.rootfs.diff_ids | length) == 3 and ([.history[] | select(.empty_layer | not)] | length) == 3' \
			"$dir/out/blobs/sha256/${config#sha256:}"
	done
}

@test "a hundred thousand variables of a base image are no work" {
	layer base.tar <<<'dir name=bin'
	mkdir bin
	cp "$(command -v busybox)" bin/busybox
	tar -rf base.tar bin/busybox
	CONFIG="{\"Env\":[$(seq -f '"V%.0f=x",' 100000 | tr -d '\n')\"A=b\"]}"
	make_layout layout b base.tar
	unset CONFIG
	printf '%s\n' 'FROM b' 'ENV V5=y' 'RUN ["/bin/busybox", "env"]' >Dockerfile
	BUILDKIT_STEP_LOG_MAX_SIZE=-1 BUILDKIT_STEP_LOG_MAX_SPEED=-1 timeout -k 5 120 creel-image --store store build \
		--progress=plain --build-context b=oci-layout://layout:b -f Dockerfile ctx >out 2>&1
	says 'V5=y'
	run ! grep -E ' V5=x$' out
}

# ---- Dockerfiles -------------------------------------------------------------------------------

@test "a Dockerfile's size is bounded wherever it grows" {
	yes 'ENV A=b' | head -n 200000 | sed '1i FROM scratch' >ctx/Dockerfile
	run ! build ctx
	says 'more than 100000 instructions'
	seq -f 'FROM scratch AS s%.0f' 2000 >ctx/Dockerfile
	run ! build ctx
	says 'more than 1000 stages'
	{
		printf 'FROM scratch\nENV a=0123456789abcdef\n'
		yes 'ENV a=$a$a' | head -n 60
	} >ctx/Dockerfile
	run ! build ctx
	says 'the expanded text is larger'
	printf 'FROM scratch\nCOPY --exclude=%s *%s /\n' "$(printf '*a%.0s' {1..100})b" "$(printf '*a%.0s' {1..100})" >ctx/Dockerfile
	touch "ctx/$(printf 'a%.0s' {1..250})"
	timeout 120 creel-image --store store build -q ctx
}

@test "a COPY that takes nothing leaves an empty tree that others can take from" {
	try 'FROM scratch AS none
COPY nothing* /
FROM scratch
COPY --from=none / /x/'
	[ -d out.tree/x ]
	try 'FROM scratch
COPY nothing* /'
	[ -z "$(ls -A out.tree)" ]
}

# ---- Steps -------------------------------------------------------------------------------------

@test "what a step leaves running ends with it, and a step has nothing of the builder's" {
	start=$SECONDS
	try 'FROM base:1
RUN (setsid sleep 31997 &); (while :; do echo x; sleep 1; done) & echo ended
RUN kill -9 1; kill -9 -1; :
RUN ls -l /proc/self/fd /proc/1/fd'
	[ $((SECONDS - start)) -lt 500 ]
	run ! pgrep -f 'sleep 31997'
	run ! grep -E ' -> (/tmp|/var|/home|anon_inode|socket)' out
	no_leftovers_in_store
}

@test "what a step writes to a mount that it may write to reaches neither context nor stage" {
	echo one >ctx/f
	try 'FROM base:1 AS a
RUN echo one >/v
FROM base:1
RUN --mount=type=bind,rw,target=/c echo evil >/c/f; echo new >/c/new; chmod 777 /c
RUN --mount=type=bind,rw,from=a,target=/c echo evil >/c/v
RUN --mount=type=bind,target=/c cat /c/f >/f; ls /c >/ls
COPY --from=a /v /v'
	[ "$(cat ctx/f out.tree/f out.tree/v)" = $'one\none\none' ]
	[ "$(ls ctx)" = f ]
	[ "$(cat out.tree/ls)" = f ]
	[ "$(stat -c %a ctx)" != 777 ]
}

@test "a step has nothing of the terminal that the build was called from" {
	requires program script
	printf 'FROM base:1\nRUN ! echo </dev/tty && for f in 0 1 2; do ! test -t $f || exit 1; done\n' >Dockerfile
	run -0 script -qec 'creel-image --store store build --progress=tty -f Dockerfile ctx' /dev/null </dev/null
}

# ---- Interrupts --------------------------------------------------------------------------------

# With CREEL_SAFETY_FULL hundreds, at random moments; else a few.
@test "interrupted at any moment, once or twice, a build leaves nothing, and the next one works" {
	cat >Dockerfile <<-'END'
		FROM base:1 AS a
		COPY . /src/
		RUN seq 2000 >/a; for i in 1 2 3 4 5; do mkdir -p /d$i/x; done
		RUN --mount=type=cache,id=c,target=/c echo x >>/c/f
		FROM base:1
		COPY --from=a /a /
		RUN (setsid sleep 31998 &); seq 3000 >/b
		RUN sleep 0.05; echo done >/done
	END
	rounds=1
	[ -z "${CREEL_SAFETY_FULL:-}" ] || rounds=100
	for round in $(seq $rounds); do
		for signal in INT TERM HUP; do
			echo "$round $signal" >ctx/new
			env --default-signal=INT,TERM,HUP creel-image --store store build --progress=plain -f Dockerfile ctx >out 2>&1 3>&- &
			pid=$!
			sleep "0.$((RANDOM % 6))$((RANDOM % 10))"
			kill "-$signal" "$pid" 2>/dev/null || true
			[ $((RANDOM % 2)) = 0 ] || kill "-$signal" "$pid" 2>/dev/null || true
			status=0
			wait "$pid" || status=$?
			case $status in
			0) ;;
			# INT gives that status by itself, too, before it listens
			130) [ "$signal" = INT ] || grep -q interrupted out ;;
			*) [ "$status" -eq $((128 + $(kill -l "$signal"))) ] ;;
			esac
			no_leftovers_in_store
			run ! pgrep -f 'sleep 31998'
		done
	done
	good -q -t x:1 -f Dockerfile ctx
	[ "$(file_of x:1 /done)" = done ]
}
