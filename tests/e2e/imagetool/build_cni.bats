#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# RUN steps on networks that the host's administrator describes, connected by CNI's plugins.  What is the host
# to them is a network namespace of the test's own.

bats_require_minimum_version 1.5.0
load build

setup() {
	build_setup
	mkdir net.d leases
	unshare --net sleep 6000 3>&- &
	HOST=$!
	until [ "$(readlink "/proc/$HOST/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
	unset CNI_PATH
	bridge_network team 10.88.7
}
teardown() {
	kill "$HOST" 2>/dev/null || true
	room_teardown
}

# bridge_network NAME PREFIX: in net.d/
bridge_network() {
	cat >"net.d/50-$1.conflist" <<-END
		{"cniVersion": "1.0.0", "name": "$1", "plugins": [
		  {"type": "bridge", "bridge": "$1", "isDefaultGateway": true,
		   "dns": {"nameservers": ["$2.1"], "search": ["$1.example"]},
		   "ipam": {"type": "host-local", "subnet": "$2.0/24", "dataDir": "$PWD/leases"}},
		  {"type": "portmap", "capabilities": {"portMappings": true}}]}
	END
}

# on_net ARG...: a build whose host is the test's.
on_net() {
	local status=0
	nsenter --net="/proc/$HOST/ns/net" creel-image --store store build --cni-config-path net.d --progress=plain \
		"$@" ctx >said 2>out || status=$?
	return $status
}

attached() {
	[ -n "$(find leases -name '10.*')" ]
}

# What a network still has of us.
nothing_attached() {
	[ -z "$(find leases -name '10.*')" ]
	[ -z "$(find store/build/cni -type f 2>/dev/null)" ]
}

@test "a step is on the network, with its addresses and name servers, and leaves it" {
	requires program /usr/lib/cni/bridge
	printf 'FROM base:1\nRUN busybox ip -4 addr; busybox ip route; cat /etc/resolv.conf; busybox ping -c 1 10.88.7.1; cat /etc/hosts\n' >ctx/Dockerfile
	on_net --network cni:team --add-host up=host-gateway --add-host other:192.0.2.7 || { cat out; false; }
	says 'inet 10.88.7.2/24'
	says 'inet 127.0.0.1/8'
	says 'default via 10.88.7.1'
	says 'nameserver 10.88.7.1'
	says 'search team.example'
	says '1 packets received'
	says $'10.88.7.1\tup'
	says $'192.0.2.7\tother'
	run ! grep -qF 0.0.0.0 out
	nothing_attached
	jq '.plugins[0] |= (del(.isDefaultGateway) | .ipam = {"type": "static", "addresses": [{"address": "10.88.7.9/24"}]})' \
		net.d/50-team.conflist >net.d/10-none.conflist
	run ! on_net --network cni --no-cache --add-host up=host-gateway
	says "--add-host 'up=host-gateway': the host has no address that is known in this network"
	nothing_attached
	on_net --network cni --no-cache --dns 192.0.2.9
	says 'nameserver 192.0.2.9'
	run ! grep -q team.example out
}

@test "steps side by side have an address each, and RUN's own word rules" {
	requires program /usr/lib/cni/bridge
	cat >ctx/Dockerfile <<-'END'
		FROM base:1 AS a
		RUN --mount=type=cache,target=/c busybox ip -4 addr show eth0 >/a; touch /c/a; for i in $(seq 1200); do test -e /c/b && break; sleep 0.1; done; test -e /c/b
		FROM base:1 AS b
		RUN --mount=type=cache,target=/c busybox ip -4 addr show eth0 >/b; touch /c/b; for i in $(seq 1200); do test -e /c/a && break; sleep 0.1; done; test -e /c/a
		FROM base:1
		RUN --network=none test ! -e /sys/class/net/eth0
		COPY --from=a /a /
		COPY --from=b /b /
	END
	on_net --network cni --jobs 2 -t x || { cat out; false; }
	[ "$(file_of x:latest /a | grep -o '10\.88\.7\.[0-9]*/')" != "$(file_of x:latest /b | grep -o '10\.88\.7\.[0-9]*/')" ]
	nothing_attached
}

@test "what fails, in a step or in a plugin, is said and detached" {
	requires program /usr/lib/cni/bridge
	printf 'FROM base:1\nRUN false\n' >ctx/Dockerfile
	run ! on_net --network cni
	nothing_attached
	mkdir plugins
	cat >plugins/broken <<-'END'
		#!/bin/sh
		cat >/dev/null
		echo "$CNI_COMMAND" >>"${CNI_PATH%%:*}/calls"
		test "$CNI_COMMAND" = DEL || { echo '{"cniVersion": "1.0.0", "code": 7, "msg": "no cable", "details": "port 3"}'; exit 1; }
	END
	chmod +x plugins/broken
	jq '.name = "cut" | .plugins += [{"type": "broken"}]' net.d/50-team.conflist >net.d/10-cut.conflist
	run ! on_net --network cni --cni-plugin-path "$PWD/plugins:/usr/lib/cni"
	says "network 'cut': plugin 'broken' (ADD): no cable: port 3"
	[ "$(tr '\n' ' ' <plugins/calls)" = 'ADD DEL ' ]
	nothing_attached
	run ! on_net --network cni --cni-plugin-path /nowhere
	says "plugin 'bridge' is not in '/nowhere'"
}

@test "an interrupt detaches; what a killed build left the next one detaches" {
	requires program /usr/lib/cni/bridge
	printf 'FROM base:1\nRUN --mount=type=cache,target=/c touch /c/up; sleep 1000\n' >ctx/Dockerfile
	for signal in INT KILL; do
		nsenter --net="/proc/$HOST/ns/net" env --default-signal=INT creel-image --store store build \
			--cni-config-path net.d --network cni ctx >said 2>out 3>&- &
		# No plugin runs any more when the step does.
		wait_for eval 'up=$(find store/build/mounts -name up) && [ -n "$up" ]'
		attached
		rm "$up"
		kill -s "$signal" $!
		wait $! && return 1
		[ "$signal" = KILL ] || nothing_attached
	done
	printf 'FROM base:1\nRUN true\n' >ctx/Dockerfile
	on_net
	nothing_attached
}

@test "a network that is not there, or no network, is said before anything is done" {
	printf 'FROM base:1\nRUN true\n' >ctx/Dockerfile
	run -2 on_net --network cni:nope
	cat out; 	says "no file in 'net.d' describes a network 'nope'"
	rm net.d/*
	run -2 on_net --network cni
	says "'net.d' describes no network"
	echo '{"cniVersion": "9.0.0", "name": "x", "type": "bridge"}' >net.d/x.conf
	run -2 on_net --network cni
	says "cniVersion '9.0.0'"
	echo '{"cniVersion": "1.0.0", "name": "x", "type": "../bridge"}' >net.d/x.conf
	run -2 on_net --network cni
	says 'plugins[0].type'
	run -1 unshare --user --map-root-user creel-image --store other build --network cni ctx
	[[ $output == *"use --network pasta"* ]]
}
