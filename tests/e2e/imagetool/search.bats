#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# creel-image search, against servers that answer as Docker Hub does, and a registry that only lists.

bats_require_minimum_version 1.5.0
load common
load registry

setup() {
	requires root
	requires program jq skopeo docker-registry curl python3
	room_setup
	STORE=$ROOM/st
}
teardown() {
	[ -z "${SERVER_PID:-}" ] || kill "$SERVER_PID"
	stop_registry "$ROOM/registry"
	room_teardown
}

# start_server DIR: answers PATH?QUERY with DIR/PATH, whatever the query, and 404 for the rest; sets SERVER.
start_server() {
	python3 - "$1" >port 3>&- <<'END' &
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        path, _, query = self.path.partition('?')
        with open('asked', 'a') as f:
            f.write(self.path + '\n')
        try:
            body, status = open(sys.argv[1] + path.rstrip('/') + '/answer', 'rb').read(), 200
        except OSError:
            body, status = b'{}', 404
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
END
	SERVER_PID=$!
	wait_for test -s port
	SERVER=127.0.0.1:$(cat port)
}

answer() { # PATH
	mkdir -p "web/$1"
	cat >"web/$1/answer"
}

@test "what /v1/search answers, as a table, as JSON, filtered" {
	answer v1/search <<-'END'
		{"num_results":3,"results":[
		{"name":"alpine","description":"A minimal Docker image based on Alpine Linux with a complete package index","star_count":900,"is_official":true},
		{"name":"team/alpine","description":"colours \u001b[31m","star_count":3,"is_automated":true},
		{"name":"Not A Name","star_count":5},
		{"name":"last/alpine","description":"ääääääääääääääääääääääääääääääääääääääääääääääää","star_count":0}]}
	END
	start_server web
	run -0 image search "$SERVER/alpine"
	[ "${#lines[@]}" = 4 ]
	[[ ${lines[0]} == NAME*DESCRIPTION*STARS*OFFICIAL* ]]
	[[ ${lines[1]} == "$SERVER/alpine"*"A minimal"*…*900*"[OK]"* ]]
	[[ $output != *$'\e'* ]]
	iconv -f UTF-8 -t UTF-8 <<<"$output" >/dev/null
	grep -qxF '/v1/search?q=alpine&n=25' asked
	[ "$(image search --json "$SERVER/alpine" | jq -c 'map(.StarCount)')" = '[900,3,0]' ]
	[ "$(image search --filter stars=3 --format '{{.Name}}' "$SERVER/alpine" | wc -l)" = 2 ]
	[ "$(image search --filter is-official=true --format '{{.StarCount}}' "$SERVER/alpine")" = 900 ]
	[ "$(image search --limit 1 --format '{{.Name}}' "$SERVER/alpine")" = "$SERVER/alpine" ]
	image search --limit 7 "$SERVER/a&b=c d" >/dev/null
	grep -qxF '/v1/search?q=a%26b%3Dc%20d&n=7' asked
	run -2 image search --limit 0 "$SERVER/x"
	run -2 image search --filter color=red "$SERVER/x"
	[[ $output == *"stars=N"* ]]
}

@test "what Docker Hub's /v2/search/repositories answers" {
	answer v2/search/repositories <<<'{"count":1,"results":[{"repo_name":"busybox","short_description":"small","star_count":5,"pull_count":12345,"is_official":true}]}'
	start_server web
	[ "$(image search --format '{{.Name}} {{.Description}} {{.PullCount}}' "$SERVER/busy")" = "$SERVER/busybox small 12345" ]
	grep -qxF '/v2/search/repositories/?query=busy&page_size=25' asked
}

@test "a registry that only lists is searched in its list; one that does neither says so" {
	start_registry "$ROOM/registry"
	layer 1.tar <<<'dir name=etc'
	make_layout lay x 1.tar
	image copy -q oci:lay:x "docker://$REGISTRY/team/alpine:1"
	image copy -q oci:lay:x "docker://$REGISTRY/other:1"
	[ "$(image search --format '{{.Name}}' "$REGISTRY/ALP")" = "$REGISTRY/team/alpine" ]
	start_server web
	run -3 image search "$SERVER/x"
	[[ $output == *"can't be searched"* ]]
}

@test "answers that are none" {
	start_server web
	for text in 'x' '[]' '{"results":7}' '{}'; do
		answer v1/search <<<"$text"
		run -5 image search "$SERVER/x"
	done
	answer v1/search <<<'{"results":[1,null,{"name":5},{"name":"ok","star_count":"x"}]}'
	[ "$(image search --format '{{.Name}}' "$SERVER/x")" = "$SERVER/ok" ]
	answer v1/search < <(head -c 9000000 /dev/zero | tr '\0' ' ')
	run -5 image search "$SERVER/x"
	[[ $output == *"longer than"* ]]
}
