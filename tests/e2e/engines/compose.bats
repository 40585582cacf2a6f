#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# docker-compose, with creel under the engine: services that talk to one another by name.

bats_require_minimum_version 1.5.0
load docker

setup_file() { docker_open; }
teardown_file() { docker_close; }
setup() {
	docker_needs
	requires program docker-compose
	project=$ROOM_DIR/project
	mkdir -p "$project/web"
	cat >"$project/docker-compose.yml" <<-'END'
		version: "3.7"
		services:
		  web:
		    build: web
		    environment: {GREETING: hello}
		    volumes: ["pages:/pages"]
		    ports: ["127.0.0.1:8081:80"]
		    healthcheck: {test: "wget -qO- http://127.0.0.1/", interval: 1s}
		    restart: always
		  client:
		    image: busybox
		    command: sh -c 'until wget -qO- http://web/; do sleep 0.2; done; sleep 1000'
		    depends_on: [web]
		    runtime: creel
		    init: true
		    stop_grace_period: 1s
		    tmpfs: /scratch
		    cap_drop: [ALL]
		    read_only: true
		volumes:
		  pages:
	END
	cat >"$project/web/Dockerfile" <<-'END'
		FROM busybox
		RUN mkdir /pages
		CMD echo "$GREETING from $(hostname)" >/pages/index.html; exec httpd -f -p 80 -h /pages
	END
}
teardown() {
	compose down -v -t 0 --rmi local >/dev/null 2>&1 || true
	remove_containers
}

compose() {
	in_room timeout --foreground -s KILL 180 docker-compose --no-ansi --project-directory "$project" \
		-f "$project/docker-compose.yml" "$@"
}

client_got_it() {
	[[ $(compose logs client 2>&1) == *"hello from "* ]]
}

answers() {
	[[ $(in_room curl -fs http://127.0.0.1:8081/) == "hello from "* ]]
}

@test "up builds, starts two services that find each other by name, and down leaves nothing" {
	compose up -d
	wait_for client_got_it
	# By the published port as well.
	answers
	wait_for runs_many 2
	run compose ps
	echo "$output"
	[[ $output == *project_web_1*Up* && $output == *project_client_1*Up* ]]
	[ "$(compose exec -T client sh -c 'status CapEff; touch /scratch/x && echo ok')" = "$(printf '0000000000000000\nok')" ]
	compose down -v -t 1
	wait_for nothing_runs
	[ -z "$(d volume ls -q)" ]
	[ -z "$(d network ls -q --filter name=project)" ]
}

@test "run, scale, stop, start, pause and restart of services" {
	compose up -d web
	wait_for answers
	[[ $(compose run --rm -T client wget -qO- http://web/) == "hello from "* ]]
	compose up -d --scale client=2 client
	wait_for runs_many 3
	compose pause web
	[ "$(field project_web_1 '{{.State.Status}}')" = paused ]
	compose unpause web
	compose stop -t 0 web
	run answers
	[ "$status" -ne 0 ]
	compose start web
	wait_for answers
	compose restart -t 0 web
	wait_for answers
}
