#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Devices as their vendors describe them (the Container Device Interface): of bundles, of steps, and
# what podman makes of the same description.

bats_require_minimum_version 1.5.0
load build

setup() {
	build_setup
	mkdir cdi
}
teardown() { room_teardown; }

# describe FILE KIND [VERSION]: two devices, whose common part is an environment variable.
describe() {
	cat >"$1" <<-END
		{"cdiVersion": "${3:-0.5.0}", "kind": "$2",
		 "containerEdits": {"env": ["COMMON=1"]},
		 "devices": [
		  {"name": "full", "containerEdits": {
		    "env": ["FULL=yes", "PATH=/bin:/vendor"],
		    "deviceNodes": [{"path": "/dev/brim", "hostPath": "/dev/full", "permissions": "rw", "fileMode": 416, "uid": 7, "gid": 8}],
		    "mounts": [{"hostPath": "$PWD/lib", "containerPath": "/vendor/deep/lib", "options": ["ro", "rbind"]}],
		    "hooks": [{"hookName": "createRuntime", "path": "/bin/sh", "args": ["sh", "-c", "echo \$WORD >$PWD/hooked"], "env": ["WORD=hello"], "timeout": 99}]}},
		  {"name": "null", "containerEdits": {"deviceNodes": [{"path": "/dev/nil", "type": "c", "major": 1, "minor": 3}]}}]}
	END
	mkdir -p lib
	echo of-the-vendor >lib/file
}

# bundle ARG...: in b/
bundle() {
	creel-image --store store bundle --cdi-spec-dir "$PWD/cdi" "$@"
}

run_it() {
	creel --root "$PWD/state" run -b b "cdi-$$-$RANDOM" </dev/null
}

@test "a device brings its nodes, mounts, variables and hooks, and those its file has for all" {
	describe cdi/v.json vendor.com/class
	bundle --device vendor.com/class=full --device vendor.com/class=null base:1 b \
		sh -c 'busybox stat -c "%n %t:%T %a %u %g" /dev/brim; cat /vendor/deep/lib/file; env | busybox sort; echo x >/dev/nil && echo taken; echo x >/dev/brim'
	run run_it
	echo "$output"
	[[ $output == *"/dev/brim 1:7 640 7 8"* ]]
	[[ $output == *of-the-vendor* ]]
	[[ $output == *COMMON=1* && $output == *FULL=yes* && $output == *PATH=/bin:/vendor* ]]
	[[ $output == *taken* ]]
	[[ $output == *"No space left on device"* ]]
	[ "$(cat hooked)" = hello ]
	drop b
}

@test "YAML says the same" {
	cat >cdi/v.yaml <<-'END'
		---
		cdiVersion: 0.7.0
		kind: vendor.com/class
		annotations: {example.com/a: true}
		devices:
		- name: 0
		  containerEdits:
		    additionalGids: [42]
		    deviceNodes:
		    - {path: /dev/brim, hostPath: /dev/full, fileMode: 0600}
	END
	run bundle --device vendor.com/class=0 base:1 b sh -c 'busybox stat -c %a /dev/brim; id'
	if [[ $output == *"built without libyaml"* ]]; then skip "built without libyaml"; fi
	[ "$status" -eq 0 ]
	run -0 run_it
	echo "$output"
	[[ $output == 600$'\n'*groups=42 ]]
	drop b
}

@test "the later directory wins, and what cannot be used is told of" {
	mkdir later
	describe cdi/v.json vendor.com/class
	describe cdi/w.json vendor.com/other
	describe later/v.json vendor.com/other
	sed -i s/COMMON=1/COMMON=later/ later/v.json
	echo '{"cdiVersion": "9.9.9", "kind": "a.b/c", "devices": [{"name": "x", "containerEdits": {"env": ["A=1"]}}]}' >later/broken.json
	run -0 bundle --cdi-spec-dir "$PWD/later" --device vendor.com/other=null base:1 b true
	echo "$output"
	[[ $output == *"not used:"*"later/broken.json"*"9.9.9"* ]]
	[ "$(jq -c '[.process.env[] | select(startswith("COMMON"))]' b/config.json)" = '["COMMON=later"]' ]
	drop b
	run ! bundle --cdi-spec-dir "$PWD/later" --device a.b/c=x base:1 b true
	[[ $output == *"describes the device 'a.b/c=x'"*"9.9.9"* ]]
	cp later/v.json later/w.json
	run ! bundle --cdi-spec-dir "$PWD/later" --device vendor.com/other=null base:1 b true
	[[ $output == *"later/v.json"*"later/w.json"* ]]
	bundle --cdi-spec-dir "$PWD/later" --device vendor.com/class=null base:1 b true
	drop b
}

@test "what is no name, or not there, is refused" {
	describe cdi/v.json vendor.com/class
	local name
	for name in vendor.com/class=none vendor.com=full vendor.com/class= 'vendor.com/class=../x' nobody.com/class=full; do
		run ! bundle --device "$name" base:1 b true
		echo "$output"
		[[ $output == *"'$name'"* || $output == *"device's name"* ]]
		[ ! -e b ]
	done
	run ! bundle --gpus all base:1 b true
	[[ $output == *"'nvidia.com/gpu=all'"* ]]
	run ! bundle --gpus all,bogus=1 base:1 b true
	[[ $output == *"--gpus 'all,bogus=1'"* ]]
	describe cdi/n.json nvidia.com/gpu
	sed -i 's/"name": "null"/"name": "all"/' cdi/n.json
	bundle --gpus all base:1 b true
	[ "$(jq -c '[.linux.devices[].path]' b/config.json)" = '["/dev/nil"]' ]
	drop b
}

# Podman knows two directories, which are the host's: it gets a mount namespace with others there.
# What it makes is kept by a runtime that does nothing.  Of a variable that is there already its library
# made a second one in those days; today's replaces it.
@test "podman makes the same of it" {
	requires program podman
	local f
	describe cdi/v.json vendor.com/class
	mkdir root
	creel-image --store store unpack base:1 root >/dev/null
	cat >keep <<-END
		#!/bin/sh
		while [ \$# -gt 0 ]; do
			[ "\$1" != --bundle ] || cp "\$2/config.json" "$PWD/theirs.json"
			shift
		done
		exit 1
	END
	chmod +x keep
	run unshare -m sh -c '
		mount -t tmpfs none /run && mkdir /run/cdi && mount --bind cdi /run/cdi || exit 77
		podman --root "$PWD/podman" --runroot "$PWD/podman-run" --storage-driver vfs --cgroup-manager cgroupfs --runtime "$PWD/keep" \
			run --network none --device vendor.com/class=full --device vendor.com/class=null --rootfs "$PWD/root" true'
	[ "$status" -ne 77 ] || skip "nothing can be mounted"
	echo "$output"
	[ -e theirs.json ]
	bundle --device vendor.com/class=full --device vendor.com/class=null base:1 b true
	for f in theirs.json b/config.json; do
		jq -S '[(.linux.devices | map(select(.path | test("brim|nil")))),
			(.mounts | map(select(.destination | startswith("/vendor")) | {destination, source, options})),
			.hooks.createRuntime,
			(.process.env | map(select(test("COMMON|FULL")))),
			(.linux.resources.devices | map(select(.major == 1 and (.minor == 7 or .minor == 3)) | {allow, type, major, minor, access}))]' \
			"$f" >"${f%%.*}.part"
	done
	diff theirs.part b/config.part
	drop b
}

@test "a step gets the devices that it names, where they are allowed, and leaves nothing of them" {
	describe cdi/v.json vendor.com/class
	cat >ctx/Dockerfile <<-'END'
		# syntax=docker/dockerfile:1-labs
		FROM base:1
		RUN --device=vendor.com/class=full,required busybox stat -c "%n %t:%T" /dev/brim; cat /vendor/deep/lib/file; echo "$COMMON" >/word
		RUN --device=vendor.com/class=none echo went on
	END
	run ! build --progress=plain --cdi-spec-dir "$PWD/cdi" ctx
	says "device vendor.com/class=full is requested by the build but not allowed"
	good --progress=plain --cdi-spec-dir "$PWD/cdi" --allow device=vendor.com/class=full -t app:1 ctx
	says "/dev/brim 1:7"
	says of-the-vendor
	says "optional device 'vendor.com/class=none' is not there"
	says "went on"
	[ "$(file_of app:1 /word)" = 1 ]
	[ ! -e rootfs.of/vendor ]
	# What was done is known again, whatever the device is now; another word is another step.
	rm cdi/v.json
	good --progress=plain --cdi-spec-dir "$PWD/cdi" --allow device ctx
	says CACHED
	sed -i s/,required// ctx/Dockerfile
	good --progress=plain --cdi-spec-dir "$PWD/cdi" --allow device ctx
	says "optional device 'vendor.com/class=full' is not there"
}

@test "devices of steps: aliases, kinds, missing ones and words that are none" {
	describe cdi/v.json vendor.com/class
	printf 'FROM base:1\nRUN --device=mine env\n' >ctx/Dockerfile
	good --progress=plain --cdi-spec-dir "$PWD/cdi" --allow device=vendor.com/class=full,alias=mine ctx
	says FULL=yes
	printf 'FROM base:1\nRUN --device=vendor.com/class=* --device=vendor.com/class busybox ls -l /dev/brim /dev/nil\n' >ctx/Dockerfile
	good --progress=plain --cdi-spec-dir "$PWD/cdi" --allow device ctx
	says /dev/nil
	printf 'FROM base:1\nRUN --device=vendor.com/none,required true\n' >ctx/Dockerfile
	run ! build --progress=plain --cdi-spec-dir "$PWD/cdi" --allow device ctx
	says "describes the device 'vendor.com/none'"
	printf 'FROM base:1\nRUN --device=a,b=c true\n' >ctx/Dockerfile
	run ! build --progress=plain ctx
	says "unexpected key 'b' in 'b=c'"
	run ! build --progress=plain --allow devices ctx
	says "--allow 'devices': there are"
}
