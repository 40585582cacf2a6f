#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# linux.netDevices: interfaces of the host move in, with their addresses.

load ../helpers

setup() {
	requires root
	requires program ip
	setup_creel
	HERE=ch$$
	PEER=cp$$
	ip link add "$HERE" type veth peer name "$PEER" || skip "needs veth interfaces"
}

teardown() {
	teardown_creel
	ip link del "$PEER" 2>/dev/null || true
	ip link del "$HERE" 2>/dev/null || true
}

# devices OBJECT PROGRAM...
devices() {
	local object=$1
	shift
	bundle "$@"
	edit '.linux.netDevices = $d' --argjson d "$object"
}

@test "an interface moves in under its new name, with its addresses, and is up" {
	ip addr add 192.0.2.7/24 brd 192.0.2.255 dev "$HERE"
	ip -6 addr add 2001:db8::7/64 dev "$HERE" nodad
	devices '{"'"$HERE"'": {"name": "net1"}}' sh -c 'ip addr show dev net1'
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"inet 192.0.2.7/24 brd 192.0.2.255 scope global net1"* ]]
	[[ $output == *"inet6 2001:db8::7/64 scope global"* ]]
	[[ $output == *"UP"* ]]
	run ip link show dev "$HERE"
	[ "$status" -ne 0 ]
}

@test "without a name it keeps its own; a pattern takes the first free number" {
	devices '{"'"$HERE"'": {}, "'"$PEER"'": {"name": "eth%d"}}' sh -c 'ls /sys/class/net'
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ " ${lines[*]} " == *" $HERE "* ]]
	[[ " ${lines[*]} " == *" eth0 "* ]]
}

@test "a name that is taken, and an interface that is not there, are errors" {
	devices '{"'"$HERE"'": {"name": "lo"}}' true
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"linux.netDevices: '$HERE': the container has an interface 'lo' already"* ]]
	ip link show dev "$HERE"
	devices '{"nosuch0": {}}' true
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"linux.netDevices: 'nosuch0': find it on the host: No such device"* ]]
	nothing_left
}
