#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Where a build's Dockerfile and its contexts may come from.

bats_require_minimum_version 1.5.0
load build

setup() {
	build_setup
	echo data >ctx/file
	printf 'FROM base:1\nCOPY file /file\n' >ctx/Dockerfile
}
teardown() {
	[ -z "${SERVER:-}" ] || kill "$SERVER"
	room_teardown
}

has_file() { # IMAGE CONTENT
	[ "$(file_of "$1" /file)" = "$2" ]
}

@test "Dockerfile, dockerfile and Containerfile are found, in this order" {
	mv ctx/Dockerfile ctx/Containerfile
	good -t x:1 ctx
	has_file x:1 data
	printf 'FROM base:1\nRUN echo small >/file\n' >ctx/dockerfile
	good -t x:1 ctx
	has_file x:1 small
	printf 'FROM base:1\nRUN echo usual >/file\n' >ctx/Dockerfile
	good -t x:1 ctx
	has_file x:1 usual
}

@test "-f names a file here, or of the context, or outside of it" {
	mv ctx/Dockerfile other
	good -f other -t x:1 ctx
	has_file x:1 data
	says 'load build definition from other'
	mkdir ctx/sub
	mv other ctx/sub/inner
	good -f sub/inner -t y:1 ctx
	has_file y:1 data
	run -1 build -f nope ctx
	says 'failed to read dockerfile'
	says "'nope'"
}

@test "a missing context, one that is a file, one without Dockerfile" {
	run -1 build nope
	says 'unable to prepare context: path "nope" not found'
	run -1 build ctx/file
	says 'context must be a directory: ctx/file'
	rm ctx/Dockerfile
	run -1 build ctx
	says 'failed to read dockerfile: open Dockerfile: no such file or directory'
}

@test "a Dockerfile from standard input has no context, or the one that is given" {
	printf 'FROM base:1\nRUN echo alone >/file\n' | good -t x:1 -
	has_file x:1 alone
	printf 'FROM base:1\nCOPY file /file\n' >df
	run -1 build - <df
	says 'there is no build context'
	good -t x:1 -f - ctx <df
	has_file x:1 data
}

@test "a tar archive from standard input is a context, however it is compressed" {
	for how in cat gzip bzip2 xz zstd; do
		command -v "$how" >/dev/null || continue
		echo "$how" >ctx/file
		tar -C ctx -c . | "$how" | good -t x:1 -
		has_file x:1 "$how"
	done
	mv ctx/Dockerfile ctx/Other
	tar -C ctx -c . >t.tar
	good -t x:1 -f Other - <t.tar
	run -1 build - <t.tar
	says 'failed to read dockerfile'
	run -1 build -f x - </dev/null
	says 'ambiguous Dockerfile source'
}

@test "NAME.dockerignore goes before .dockerignore" {
	echo other >ctx/other
	printf 'FROM base:1\nCOPY . /all/\nRUN ls /all >/file\n' >ctx/Dockerfile
	echo file >ctx/.dockerignore
	good -t x:1 ctx
	run ! grep -qx file <(file_of x:1 /file)
	grep -qx other rootfs.of/file
	echo other >ctx/Dockerfile.dockerignore
	good -t x:1 ctx
	grep -qx file <(file_of x:1 /file)
	run ! grep -qx other rootfs.of/file
	cp ctx/Dockerfile elsewhere
	echo '*' >elsewhere.dockerignore
	good -t x:1 -f elsewhere ctx
	run ! grep -q . <(file_of x:1 /file)
	: >none
	good -t x:1 -f elsewhere --ignorefile none ctx
	grep -qx other <(file_of x:1 /file)
}

@test "named contexts: directories, images, stages, layouts" {
	mkdir more
	echo more >more/file
	printf 'FROM base:1 AS side\nRUN echo side >/file\nFROM base:1\nCOPY --from=named /file /file\n' >ctx/Dockerfile
	good --build-context named=more -t x:1 ctx
	has_file x:1 more
	good --build-context named=target:side -t x:1 ctx
	has_file x:1 side
	printf 'FROM base:1\nRUN echo img >/file\n' | good -t img:1 -
	good --build-context named=docker-image://img:1 -t x:1 ctx
	has_file x:1 img
	creel-image --store store copy img:1 "oci:$PWD/layout:tag" >/dev/null
	good --build-context "named=oci-layout://$PWD/layout:tag" -t y:1 ctx
	has_file y:1 img
	printf 'FROM nowhere.example/base:9\nCOPY file /file\n' >ctx/Dockerfile
	good --build-context nowhere.example/base:9=docker-image://base:1 -t x:1 ctx
	has_file x:1 data
	run -2 build --build-context named=nope ctx
	says 'failed to get build context named: stat nope'
}

@test "a repository is a context, at a ref, below a directory" {
	requires program git
	export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
	git init -q -b main repo
	mkdir repo/sub
	cp ctx/Dockerfile ctx/file repo/sub
	git -C repo add . && git -C repo commit -q -m one
	echo newer >repo/sub/file
	git -C repo commit -qam two
	git -C repo tag -a v1 -m v1 HEAD~1
	git -C repo update-server-info
	serve repo/.git/..
	good -t x:1 "http://127.0.0.1:$PORT/.git#main:sub"
	has_file x:1 newer
	good -t x:1 "http://127.0.0.1:$PORT/.git#v1:sub"
	has_file x:1 data
	run -1 build "http://127.0.0.1:$PORT/.git#--upload-pack=touch:sub"
	# Never above the repository.
	good -t x:1 "http://127.0.0.1:$PORT/.git#main:../../sub"
	has_file x:1 newer
}

@test "an URL is a context: an archive or a Dockerfile" {
	tar -C ctx -cz . >ctx/c.tgz
	printf 'FROM base:1\nRUN echo url >/file\n' >ctx/df
	serve ctx
	good -t x:1 "http://127.0.0.1:$PORT/c.tgz"
	has_file x:1 data
	good -t x:1 "http://127.0.0.1:$PORT/df"
	has_file x:1 url
	run -3 build "http://127.0.0.1:$PORT/nope"
	says 404
}

@test "a link that is the Dockerfile leads nowhere outside of its context" {
	rm ctx/Dockerfile
	echo 'FROM base:1' >outside/df
	ln -s "$ROOM/outside/df" ctx/Dockerfile
	run -1 build ctx
	mv outside/df ctx/real
	ln -sf real ctx/Dockerfile
	good ctx
}

@test "a FIFO in the place of a file the build reads is refused, not waited for" {
	mkfifo ctx/fifo
	mv ctx/Dockerfile ctx/Dockerfile.good
	mkfifo ctx/Dockerfile
	run -1 timeout -k 5 120 creel-image --store store build ctx
	[[ $output == *"'Dockerfile' is not a regular file"* ]]
	mv ctx/Dockerfile.good ctx/Dockerfile
	mkfifo ctx/.dockerignore
	run -1 timeout -k 5 120 creel-image --store store build ctx
	[[ $output == *"'.dockerignore' is not a regular file"* ]]
}

@test "a FIFO that a person names is read, and Ctrl-C ends the wait for its writer" {
	mkfifo outside/fifo
	cat ctx/Dockerfile >outside/fifo 3>&- &
	good -f outside/fifo ctx
	printf secret >outside/fifo 3>&- &
	good --secret "id=x,src=$ROOM/outside/fifo" ctx
	printf 'A=1\n' >outside/fifo 3>&- &
	good --build-arg-file outside/fifo ctx
	local -a option
	for option in '-f outside/fifo' '--secret id=x,src=outside/fifo' '--build-arg-file outside/fifo'; do
		# shellcheck disable=SC2086
		run timeout -k 5 -s INT 0.3 creel-image --store store build $option ctx
		[ "$status" -eq 124 ] || { echo "$option: $status"; false; }
	done
}

@test "what --ignorefile names is a file, which is read more than once" {
	mkfifo outside/fifo
	run -2 timeout -k 5 120 creel-image --store store build --ignorefile outside/fifo ctx
	[[ $output == *"--ignorefile 'outside/fifo': 'outside/fifo' is not a regular file"* ]]
	cp ctx/Dockerfile outside/df
	mkfifo outside/df.dockerignore
	run -1 timeout -k 5 120 creel-image --store store build -f outside/df ctx
	[[ $output == *"is not a regular file"* ]]
}

# serve_asking DIR VALUE: the same, for who sends this Authorization; who asked goes to `asked`.
serve_asking() {
	requires program python3
	cat >asking.py <<-'END'
		import http.server, sys
		class Asking(http.server.SimpleHTTPRequestHandler):
		    def do_GET(self):
		        if self.headers.get('Authorization') == sys.argv[1]:
		            return super().do_GET()
		        self.send_response(401)
		        self.send_header('WWW-Authenticate', 'Basic realm="x"')
		        self.end_headers()
		s = http.server.HTTPServer(('127.0.0.1', 0), Asking)
		print('port', s.server_port, flush=True)
		s.serve_forever()
	END
	: >served
	(cd "$1" && exec python3 -u "$ROOM/asking.py" "$2" >"$ROOM/served" 2>&1 3>&-) &
	SERVER=$!
	wait_served
}

@test "-f URL is a Dockerfile beside whatever context there is" {
	printf 'FROM base:1\nCOPY file /file\n' >df
	rm ctx/Dockerfile
	serve "$ROOM"
	good -f "http://127.0.0.1:$PORT/df" -t x:1 ctx
	has_file x:1 data
	says "[internal] load remote Dockerfile http://127.0.0.1:$PORT/df"
	echo piped >ctx/file
	tar -C ctx -c . | good -f "http://127.0.0.1:$PORT/df" -t x:1 -
	has_file x:1 piped
	tar -C ctx -czf c.tgz .
	good -f "http://127.0.0.1:$PORT/df" -t y:1 "http://127.0.0.1:$PORT/c.tgz"
	has_file y:1 piped
	# Of this machine, beside a context that is elsewhere.
	good -f - -t z:1 "http://127.0.0.1:$PORT/c.tgz" <df
	has_file z:1 piped
	run -1 build -f "http://127.0.0.1:$PORT/df" - <df
	says 'ambiguous Dockerfile source'
	run -3 build -f "http://127.0.0.1:$PORT/nope" ctx
	says 'failed to read dockerfile'
}

@test "SOURCE_DATE_EPOCH=context, and the name of a context or of a stage" {
	requires program git
	local created=.created
	tar -C ctx --mtime=@1100000000 -cf c.tar .
	touch -d @1200000000 c.tar
	git init -q -b main repo
	cp ctx/Dockerfile ctx/file repo
	git -C repo add .
	GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b \
		GIT_COMMITTER_DATE=@1300000000 git -C repo commit -q -m one
	git -C repo update-server-info
	serve "$ROOM"
	good -t x:1 --build-arg SOURCE_DATE_EPOCH=context "http://127.0.0.1:$PORT/c.tar"
	[ "$(creel-image --store store inspect --config x:1 | jq -r "$created")" = 2008-01-10T21:20:00Z ]
	good -t x:1 --build-arg SOURCE_DATE_EPOCH=context "http://127.0.0.1:$PORT/repo/.git"
	[ "$(creel-image --store store inspect --config x:1 | jq -r "$created")" = 2011-03-13T07:06:40Z ]
	good -t x:1 --build-context repo="http://127.0.0.1:$PORT/repo/.git" --build-arg SOURCE_DATE_EPOCH=repo ctx
	[ "$(creel-image --store store inspect --config x:1 | jq -r "$created")" = 2011-03-13T07:06:40Z ]
	printf 'ARG SOURCE_DATE_EPOCH=src\nFROM scratch AS src\nADD http://127.0.0.1:%s/c.tar /\nFROM base:1\nCOPY file /\n' \
		"$PORT" >ctx/Dockerfile
	good -t x:1 ctx
	[ "$(creel-image --store store inspect --config x:1 | jq -r "$created")" = 2008-01-10T21:20:00Z ]
	# A directory has no time.
	good -t x:1 --build-arg SOURCE_DATE_EPOCH=context ctx
	run -1 build --build-arg SOURCE_DATE_EPOCH=nope ctx
	says "invalid SOURCE_DATE_EPOCH: 'nope'"
}

# make_repo: repo/ has what ctx/ has.
make_repo() {
	requires program git
	git init -q -b main repo
	cp ctx/Dockerfile ctx/file repo
	git -C repo add .
	commit_repo
}

commit_repo() {
	GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b git -C repo commit -q -m one
}

@test "secrets open servers of files and repositories, and are shown to no other" {
	make_repo
	git -C repo update-server-info
	export GIT_AUTH_TOKEN=open
	# x-access-token:open
	serve_asking "$ROOM" 'Basic eC1hY2Nlc3MtdG9rZW46b3Blbg=='
	run -1 build "http://127.0.0.1:$PORT/repo/.git"
	good --secret id=GIT_AUTH_TOKEN -t x:1 "http://127.0.0.1:$PORT/repo/.git"
	has_file x:1 data
	printf 'FROM base:1\nADD http://127.0.0.1:%s/repo/.git /r\nRUN cp /r/file /file\n' "$PORT" >ctx/Dockerfile
	sed -i 's/cp /cat /;s, /file$, >/file,' ctx/Dockerfile
	run -1 build ctx
	good --secret "id=GIT_AUTH_TOKEN.127.0.0.1:$PORT,env=GIT_AUTH_TOKEN" -t x:1 ctx
	has_file x:1 data
	printf 'FROM base:1\nADD http://127.0.0.1:%s/ctx/file /file\n' "$PORT" >ctx/Dockerfile
	run -1 build ctx
	says HTTP_AUTH_TOKEN_HOST
	echo 'Basic eC1hY2Nlc3MtdG9rZW46b3Blbg==' >header
	good --secret id=HTTP_AUTH_HEADER_127.0.0.1,src=header -t x:1 ctx
	has_file x:1 data
	run ! grep -rq 'eC1hY2Nlc3M' store out said
}

@test "a password in a repository's URL opens its server, and is in no argument and no file" {
	make_repo
	git -C repo update-server-info
	# us/er:p w@x
	serve_asking "$ROOM" 'Basic dXMvZXI6cCB3QHg='
	mkdir bin
	printf '#!/bin/sh\necho "$*" >>"%s/argv"\nexec "%s" "$@"\n' "$ROOM" "$(command -v git)" >bin/git
	chmod +x bin/git
	url=http://us%2Fer:p%20w%40x@127.0.0.1:$PORT/repo/.git
	PATH=$ROOM/bin:$PATH good -t x:1 "$url"
	has_file x:1 data
	printf 'FROM base:1\nADD --keep-git-dir=true %s /r\nRUN cat /r/file >/file\n' "$url" >ctx/Dockerfile
	PATH=$ROOM/bin:$PATH good -t x:1 ctx
	has_file x:1 data
	grep -q " fetch .*http://127.0.0.1:$PORT/repo/.git" argv
	# So do what lies beside it.
	git clone -q repo sub
	git -C repo config -f .gitmodules submodule.sub.path sub
	git -C repo config -f .gitmodules submodule.sub.url ../../sub/.git
	git -C repo update-index --add --cacheinfo "160000,$(git -C sub rev-parse HEAD),sub"
	git -C repo add .gitmodules
	commit_repo
	git -C sub update-server-info
	git -C repo update-server-info
	printf 'FROM base:1\nADD %s /r\nRUN cat /r/sub/file >/file\n' "$url" >ctx/Dockerfile
	PATH=$ROOM/bin:$PATH good -t x:1 ctx
	has_file x:1 data
	run ! grep -rq 'p%20w\|p w@x\|dXMvZXI6' argv store out said
}

@test "repositories by ssh get the agent of --ssh default, or its keys, and a context its user's agent" {
	make_repo
	mkdir bin
	# The other machine is this one.
	cat >bin/ssh <<-END
		#!/bin/sh
		echo "agent=\$SSH_AUTH_SOCK \$*" >>"$ROOM/asked"
		for command; do :; done
		exec sh -c "\$command"
	END
	chmod +x bin/ssh
	export PATH="$ROOM/bin:$PATH"
	SSH_AUTH_SOCK=/run/mine good -t x:1 "ssh://git@host.example$ROOM/repo/.git#main"
	has_file x:1 data
	grep -q '^agent=/run/mine .*git@host.example' asked
	printf 'FROM base:1\nADD git@host.example:%s/repo/.git /r\nRUN cat /r/file >/file\n' "$ROOM" >ctx/Dockerfile
	: >asked
	SSH_AUTH_SOCK=/run/mine good -t y:1 ctx
	run ! grep -q 'agent=/run/mine' asked
	SSH_AUTH_SOCK=/run/mine good --no-cache --ssh default -t y:1 ctx
	grep -q '^agent=/run/mine ' asked
	touch "a key"
	: >asked
	SSH_AUTH_SOCK=/run/mine good --no-cache --ssh "default=a key" -t y:1 ctx
	grep -q '^agent= .*-i a key' asked
	has_file y:1 data
}
