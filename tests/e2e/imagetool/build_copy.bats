#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# COPY and ADD of what wants out: of contexts, states, archives, repositories, servers.

bats_require_minimum_version 1.5.0
load common

setup() {
	requires root
	requires program git python3 zstd bzip2 xz
	room_setup
	STORE=$ROOM/st
	export HOME=$ROOM
	mkdir ctx
	SERVERS=()
}
teardown() {
	kill_servers
	room_teardown
}

image() {
	creel-image --store "$STORE" "$@"
}

# build DOCKERFILE [OPTIONS...]: its tree is in out/.
build() {
	printf '%s\n' "$1" >Dockerfile
	rm -rf "$ROOM/out"
	image build --progress=plain -f Dockerfile -o "type=local,dest=out" "${@:2}" ctx
}

fails() { # WHAT IT SAYS, DOCKERFILE
	run ! build "$2"
	[[ "$output" == *"$1"* ]]
}

repository() {
	export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
	export GIT_COMMITTER_DATE="2020-02-02T02:02:02Z"
	mkdir -p git/r git/s
	(
		cd git/s
		git init -q -b main .
		echo below >in-submodule
		git add -A && git commit -qm s
		cd ../r
		git init -q -b main .
		mkdir -p sub/deep
		echo one >file && echo deep >sub/deep/f && ln -s / out && ln -s sub inside
		git add -A && git commit -qm one && git tag -a -m tag v1
		echo two >file
		git commit -qam two
		git checkout -q -b other
		echo other >file
		git commit -qam other
		git checkout -q main
	)
	serve_git
}

serve_git() {
	local port
	# It cannot choose one itself; below those that the kernel gives to clients.
	for port in $(shuf -i 20000-32000 -n 20); do
		# Not through `git`, which would leave it behind.
		"$(git --exec-path)/git-daemon" --verbose --reuseaddr --export-all --base-path="$ROOM/git" --listen=127.0.0.1 \
			--port="$port" --informative-errors "$ROOM/git" >git.log 2>&1 3>&- &
		GIT=git://127.0.0.1:$port
		until grep -q 'Ready to rumble' git.log; do
			kill -0 "$!" 2>/dev/null || continue 2
			sleep 0.05
		done
		SERVERS+=($!)
		return 0
	done
	cat git.log
	return 1
}

@test "a repository: its branch, a tag, a commit, a part of it, with and without .git" {
	repository
	first=$(git -C git/r rev-parse "v1^{commit}")
	build "FROM scratch
ADD $GIT/r /default/
ADD $GIT/r#other /other/
ADD $GIT/r#v1 /tag/
ADD $GIT/r#$first /commit/
ADD $GIT/r#main:sub /part/
ADD $GIT/r?ref=main&subdir=sub/deep /query/
ADD --keep-git-dir=true $GIT/r#main /kept/
ADD $GIT/r?mtime=commit /old/
ADD --checksum=${first:0:12} $GIT/r#v1 /checked/"
	[ "$(cat out/default/file out/other/file out/tag/file out/commit/file out/checked/file)" = $'two\nother\none\none\none' ]
	[ "$(cat out/part/deep/f out/query/f)" = $'deep\ndeep' ]
	[ ! -e out/default/.git ]
	[ ! -e out/part/file ]
	[ -d out/kept/.git ]
	[ "$(git -c safe.directory='*' -C out/kept status --porcelain)" = "" ]
	[ "$(git -c safe.directory='*' -C out/kept rev-parse HEAD)" = "$(git -C git/r rev-parse main)" ]
	[ "$(stat -c %a out/default/file)" = 644 ]
	[ "$(stat -c %Y out/old/file out/old/sub out/old/inside | sort -u)" = "$(git -C git/r show -s --format=%ct main)" ]
}

@test "what a repository may not be asked" {
	repository
	fails 'looks like an option' "FROM scratch
ADD $GIT/r#--upload-pack=touch$ROOM/pwned /x/"
	fails 'looks like an option' "FROM scratch
ADD $GIT/r?ref=--upload-pack%3Dx /x/"
	fails 'checksum' "FROM scratch
ADD --checksum=0123456789 $GIT/r#main /x/"
	fails 'does not contain ref' "FROM scratch
ADD $GIT/r#missing /x/"
	# Its links lead nowhere.
	fails 'subdir' "FROM scratch
ADD $GIT/r#main:out/etc /x/"
	fails 'subdir' "FROM scratch
ADD $GIT/r#main:inside /x/"
	[ ! -e pwned ]
}

@test "a submodule comes along, one of this machine's files does not" {
	repository
	(cd git/r && git -c protocol.allow=always submodule add -q "$GIT/s" mod && git commit -qm mod)
	build "FROM scratch
ADD $GIT/r /x/
ADD $GIT/r?submodules=false /y/"
	[ "$(cat out/x/mod/in-submodule)" = below ]
	[ ! -e out/x/mod/.git ]
	[ ! -e out/y/mod/in-submodule ]
	(cd git/r && git config -f .gitmodules submodule.mod.url ../s && git commit -qam relative)
	build "FROM scratch
ADD $GIT/r /x/
ADD --keep-git-dir=true $GIT/r /y/"
	[ "$(cat out/x/mod/in-submodule out/y/mod/in-submodule)" = $'below\nbelow' ]
	[ "$(git -c safe.directory='*' -C out/y remote -v | sort -u | wc -l)" = 2 ]
	(cd git/r && git config -f .gitmodules submodule.mod.url "$ROOM/git/s" && git commit -qam local)
	fails "transport 'file' not allowed" "FROM scratch
ADD $GIT/r /x/"
}

@test "a new commit is seen, and only then" {
	repository
	build "FROM scratch
ADD $GIT/r /x/"
	run -0 build "FROM scratch
ADD $GIT/r /x/"
	[[ "$output" == *CACHED* ]]
	(cd git/r && echo three >file && git commit -qam three)
	build "FROM scratch
ADD $GIT/r /x/"
	[ "$(cat out/x/file)" = three ]
}

# A server that says what a file is called, and where else it is.
serve_http() {
	cat >server.py <<-'END'
		import http.server, sys
		class H(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        print(self.path, self.headers.get("If-None-Match"), file=sys.stderr, flush=True)
		        if self.path == "/local":
		            self.send_response(302); self.send_header("Location", "file:///etc/passwd"); self.end_headers(); return
		        if self.headers.get("If-None-Match") == '"1"':
		            self.send_response(304); self.end_headers(); return
		        self.send_response(200)
		        self.send_header("ETag", '"1"')
		        self.send_header("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")
		        self.send_header("Content-Disposition", 'attachment; filename="../../pwned"')
		        self.end_headers()
		        self.wfile.write(b"content\n")
		    def log_message(self, *a): pass
		s = http.server.HTTPServer(("127.0.0.1", 0), H)
		open("port", "w").write(str(s.server_port))
		s.serve_forever()
	END
	python3 server.py 2>http.log 3>&- &
	SERVERS+=($!)
	wait_for test -s port
	HTTP=http://127.0.0.1:$(cat port)
}

@test "a file of a server has the name of its URL, its time, and is asked about once more" {
	serve_http
	build "FROM scratch
ADD $HTTP/dir/name?x=y /in/
ADD $HTTP/a%2f..%2fb /enc/
ADD --chmod=640 --chown=5:6 $HTTP/f /as"
	[ "$(stat -c '%a %u:%g %Y' out/in/name)" = '600 0:0 784111777' ]
	[ "$(stat -c '%a %u:%g' out/as)" = '640 5:6' ]
	[ -z "$(find . -name pwned)" ]
	[ "$(cat out/in/name)" = content ]
	run -0 build "FROM scratch
ADD $HTTP/dir/name?x=y /in/"
	[[ "$output" == *CACHED* ]]
	grep -q '^/dir/name?x=y "1"$' http.log
}

@test "a server does not lead to this machine's files" {
	serve_http
	fails 'download' "FROM scratch
ADD $HTTP/local /x"
	fails 'digest mismatch' "FROM scratch
ADD --checksum=sha256:$(printf '%064d' 0) $HTTP/f /x"
	build "FROM scratch
ADD --checksum=sha256:$(printf 'content\n' | sha256sum | cut -c1-64) $HTTP/f /x"
	[ "$(cat out/x)" = content ]
}

@test "archives stay below the directory that they are unpacked in" {
	echo victim >victim
	layer ctx/abs.tar <<<"symlink name=l link=$ROOM
		file name=l/victim data=pwned"
	layer ctx/hard.tar <<<"symlink name=l link=$ROOM
		hardlink name=h link=l/victim"
	layer ctx/up.tar <<<'file name=../../victim data=pwned'
	layer ctx/wh.tar <<<'file name=.wh..wh..opq data=
		file name=f data=x'
	layer ctx/in.tar <<<'dir name=in
		symlink name=l link=/in
		file name=l/f data=x'
	fails "'l/victim'" 'FROM scratch
ADD abs.tar /x/'
	[ "$(cat victim)" = victim ]
	# The directory is the root for them.
	build 'FROM scratch
ADD in.tar /x/'
	[ "$(cat out/x/in/f)" = x ]
	fails 'hard link' 'FROM scratch
ADD hard.tar /x/'
	fails "'..'" 'FROM scratch
ADD up.tar /x/'
}

@test "archives are known by their content, and nothing else is one" {
	mkdir t && echo x >t/f
	tar -C t -cf ctx/plain .
	gzip -c ctx/plain >ctx/gz
	bzip2 -c ctx/plain >ctx/bz2
	xz -c ctx/plain >ctx/xz
	zstd -qc ctx/plain >ctx/zst
	echo text | gzip >ctx/text.tar.gz
	head -c 700 ctx/gz >ctx/empty.tar
	: >ctx/nothing.tar
	build 'FROM scratch
ADD plain /plain
ADD gz /gz
ADD bz2 /bz2
ADD xz /xz
ADD zst /zst
ADD --unpack=false gz /kept
ADD text.tar.gz nothing.tar /asis/
COPY plain /copied'
	for kind in plain gz bz2 xz zst; do
		[ "$(cat out/$kind/f)" = x ]
	done
	cmp out/kept ctx/gz
	cmp out/asis/text.tar.gz ctx/text.tar.gz
	cmp out/copied ctx/plain
	[ ! -s out/asis/nothing.tar ]
}

@test "links of contexts and of states lead nowhere else" {
	ln -s "$ROOM/secret" ctx/abs
	ln -s ../secret ctx/up
	ln -s . ctx/self
	echo secret >secret
	echo a >ctx/a
	mkfifo ctx/fifo
	fails 'abs' 'FROM scratch
COPY abs /x'
	fails 'up' 'FROM scratch
COPY up /x'
	build "FROM scratch AS s
COPY . /
FROM scratch
COPY --from=s /self/self/a /a
COPY --from=s / /all/
COPY self/a /b
COPY a /all/up/../b"
	[ "$(cat out/a out/b)" = $'a\na' ]
	[ -L out/all/up ]
	[ -p out/all/fifo ]
	fails 'abs' 'FROM scratch AS s
COPY . /
FROM scratch
COPY --from=s /abs /x'
	run ! grep -r secret out
}

@test "a COPY from a state is done again when its files change, not when others do" {
	echo 1 >ctx/a
	echo 1 >ctx/b
	dockerfile='FROM scratch AS s
COPY a b /
FROM scratch
COPY --from=s /a /'
	build "$dockerfile"
	echo 2 >ctx/b
	run -0 build "$dockerfile"
	[[ "$output" == *'COPY --from=s /a /'*'CACHED'* ]]
	echo 2 >ctx/a
	build "$dockerfile"
	[ "$(cat out/a)" = 2 ]
}
