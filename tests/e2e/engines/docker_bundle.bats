#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# creel-image bundle takes the options of `docker run`: the same options, the same config.json.

load docker
load ../imagetool/layout

# What dockerd hands its runtime, for a container that is never made.
setup_file() {
	cat >"$BATS_FILE_TMPDIR/recorder" <<-END
		#!/bin/bash
		previous=
		for word; do
			[ "\$previous" != --bundle ] || cp "\$word/config.json" "$BATS_FILE_TMPDIR/docker.json"
			previous=\$word
		done
		case " \$* " in
		*" create "*) exit 1 ;;
		*) exec "$BUILD_DIR/creel" "\$@" ;;
		esac
	END
	chmod +x "$BATS_FILE_TMPDIR/recorder"
	ENGINE_RUNTIME=$BATS_FILE_TMPDIR/recorder docker_open
	room_can dockerd docker containerd iptables || return 0
	cd "$BATS_FILE_TMPDIR"
	tar --numeric-owner -C "$ROOM_DIR/busybox" -cf 1.tar .
	CONFIG='{"Cmd":["sh"],"Env":["PATH=/bin"]}' make_layout layout x 1.tar
	mkdir "$BATS_FILE_TMPDIR/src"
	printf '# comment\nE=from file\n  F=2\n' >"$BATS_FILE_TMPDIR/env"
}
teardown_file() { docker_close; }
setup() {
	docker_needs
	cd "$BATS_FILE_TMPDIR"
}
teardown() { remove_containers; }

# What is left out of both, and why:
#   hooks             docker's network; ours is the caller's
#   hostname          an id of docker's where nobody says one; HOSTNAME with it
#   /etc/hosts & co.  files of docker's at every start; ours only where an option or the host's network
#                     asks for them
#   cgroup namespace  docker has one on a host with version 2 only, we always
#   maskedPaths       dockerd 20.10 knows fewer: ours must have all of its
#   additionalGids    docker adds the primary group, image-spec names those of the group file
#   zeros             docker writes what is not limited as 0 or false
#   devices           docker's rules for those that every runtime adds by itself
#   seccomp           compared by another test
#   capabilities      dockerd 20.10 does not know the newest three, and gives CAP_SYS_RESOURCE also
#                     where the host's root has it not
#   minor -1          docker's "all of them", which is said by its absence
#   swap -1           the same, no limit
#   pids -1           docker writes no limit as nothing
#   /dev/shm          of the host: ours can't hold programs or devices
#   rprivate          of a tmpfs, which nobody shares
#   env               docker writes a name twice when a file and the command line have it
#   noexec, exec      docker leaves out what a later word takes back
#   twice             a capability that docker has by default and is added
#   size=1m           of a tmpfs, in bytes here
#   order             of capabilities, options, environment and namespaces means nothing
comparable() {
	jq -S '
	def default_rule: .type == "c" and ([.major, .minor] | IN([1,5],[1,3],[1,9],[1,8],[5,0],[5,1],[10,229]));
	def caps: ((. // []) | unique - ["CAP_BPF", "CAP_CHECKPOINT_RESTORE", "CAP_PERFMON", "CAP_SYS_RESOURCE"]);
	def own: IN("/etc/hosts", "/etc/hostname", "/etc/resolv.conf");
	{
		process: (.process | {terminal: (.terminal // false), args, cwd,
			user: {uid: .user.uid, gid: .user.gid},
			env: [.env[] | select(startswith("HOSTNAME=") | not)] |
				map({key: split("=")[0], value: .}) | from_entries | [.[]] | sort,
			bounding: (.capabilities.bounding | caps),
			effective: (.capabilities.effective | caps),
			permitted: (.capabilities.permitted | caps),
			inheritable: (.capabilities.inheritable | caps),
			rlimits: ((.rlimits // []) | sort_by(.type)), noNewPrivileges: (.noNewPrivileges // false),
			oom: (.oomScoreAdj // 0)}),
		readonly: (.root.readonly // false),
		mounts: [.mounts[] | select(.destination | own | not) | . as $m |
			{destination, type, source: (if .type == "bind" then .source else null end),
			 options: ((.options // []) | sort | map(sub("^size=65536k$"; "size=67108864") | sub("^size=1m$"; "size=1048576")) - ["rw", "relatime"]
				- (if $m.type == "tmpfs" then ["rprivate"] elif $m.destination == "/dev/shm" then ["nosuid", "noexec", "nodev"] else [] end) |
				if index("exec") then . - ["noexec"] else . end)}]
			| sort_by(.destination),
		namespaces: [.linux.namespaces[] | select(.type != "cgroup" and .path != "/var/run/docker/netns/default") |
			{type, path}] | sort_by(.type),
		devices: ((.linux.devices // []) | sort_by(.path)),
		rules: [.linux.resources.devices[]? | select(default_rule | not) | del(.minor | select(. == -1))],
		memory: ((.linux.resources.memory // {}) | with_entries(select(.value | IN(0, false, -1) | not))),
		cpu: ((.linux.resources.cpu // {}) | with_entries(select(.value != 0))),
		pids: (.linux.resources.pids | if .limit == -1 then null else . end),
		blockIO: ((.linux.resources.blockIO // {}) | with_entries(select(.value != 0 and .value != []))),
		sysctl: (.linux.sysctl // {}),
		readonlyPaths: ((.linux.readonlyPaths // []) | sort)
	}' "$1"
}

# same ARG...: both make the same of these options.
same() {
	rm -rf b docker.json
	d run --rm "$@" busybox >/dev/null 2>&1 </dev/null || true
	[ -s docker.json ]
	run creel-image --store layout bundle --rootfs=copy "$@" x b </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	echo "options: $*"
	comparable docker.json >docker.part
	comparable b/config.json >our.part
	diff docker.part our.part
	[ "$(jq -s '(.[0].linux.maskedPaths // []) - (.[1].linux.maskedPaths // [])' docker.json b/config.json)" = "[]" ]
}

# each < LINES: the options of each line, quoted for a shell.
each() {
	local line words
	# shellcheck disable=SC2294 # a line is words and quotes
	while read -r line; do
		eval "words=($line)"
		same "${words[@]}"
	done
}

@test "without options: docker's container" {
	same
	[ "$(jq -c '.process.env' b/config.json)" = '["PATH=/bin"]' ]
}

@test "the process" {
	each <<-E
		-e A=b --env C= --env-file $BATS_FILE_TMPDIR/env
		--env-file $BATS_FILE_TMPDIR/env -e E=typed
		-u 1000:1001
		-u 7
		-w /some/dir
		-t
		--entrypoint /bin/cat
		--ulimit nofile=100:200 --ulimit core=0 --ulimit memlock=-1
		--ulimit nproc=30
		--oom-score-adj 500
		--read-only
		--privileged=false
	E
}

@test "capabilities" {
	each <<-'E'
		--cap-add NET_ADMIN
		--cap-add CAP_SYS_TIME --cap-drop cap_chown
		--cap-drop ALL
		--cap-drop ALL --cap-add NET_BIND_SERVICE --cap-add chown
		--cap-add ALL
		--cap-add ALL --cap-drop SYS_ADMIN
		-u 5 --cap-add NET_RAW
	E
}

@test "security options" {
	each <<-'E'
		--security-opt no-new-privileges
		--security-opt no-new-privileges:false
		--security-opt systempaths=unconfined
		--security-opt seccomp=unconfined
		--security-opt label=disable
	E
	same --security-opt seccomp=unconfined
	[ "$(jq .linux.seccomp b/config.json)" = null ]
}

@test "--privileged" {
	same --privileged
	[ "$(jq .linux.seccomp b/config.json)" = null ]
	[ "$(jq '.linux.devices | length' b/config.json)" -gt 5 ]
}

@test "mounts" {
	each <<-E
		-v $BATS_FILE_TMPDIR/src:/dst
		-v $BATS_FILE_TMPDIR/src:/dst:ro
		-v $BATS_FILE_TMPDIR/src:/dst:ro,private
		--mount type=bind,source=$BATS_FILE_TMPDIR/src,target=/dst,readonly
		--mount type=bind,src=$BATS_FILE_TMPDIR/src,dst=/dst,bind-propagation=private
		--mount type=bind,src=$BATS_FILE_TMPDIR/src,dst=/dst,bind-nonrecursive
		--tmpfs /run
		--tmpfs /run:size=64k,mode=1770
		--tmpfs /run:exec
		--mount type=tmpfs,destination=/t,tmpfs-size=1m,tmpfs-mode=700
		--shm-size 1m
		--shm-size 2g
	E
}

@test "devices" {
	each <<-'E'
		--device /dev/zero:/dev/z
		--device /dev/full:/dev/f:r
		--device /dev/full:rw
		--device-cgroup-rule 'c 42:* rmw'
		--device-cgroup-rule 'b 7:1 r' --device /dev/zero:/dev/z
	E
}

@test "resources" {
	each <<-'E'
		-m 64m
		--memory 64m --memory-swap -1
		--memory 64m --memory-swap 100m --memory-reservation 32m
		--memory-swappiness 10
		--cpus 1.5
		--cpu-shares 512
		--cpu-quota 5000 --cpu-period 10000
		--cpuset-cpus 0
		--cpuset-cpus 0-1 --cpuset-mems 0
		--pids-limit 100
		--pids-limit -1
		--sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=9000
	E
}

@test "namespaces" {
	each <<-'E'
		--pid host
		--ipc private
		--uts host
		--network none
	E
}

@test "ipc and network of the host: the same but for docker's own files" {
	same --network host
	same --ipc host
	same --ipc none
}

@test "--init runs the command below an init" {
	same --init | tee out || true
	[ "$(jq -c .process.args b/config.json)" = "$(jq -c .process.args docker.json)" ]
	[ "$(jq -c '.mounts[] | select(.destination == "/sbin/docker-init") | .type' b/config.json)" = '"bind"' ]
}

# Names are compared as sets: what one allows and the other does not.
@test "the default filter allows what docker's does, without io_uring and vsock, and newer calls" {
	for options in "" "--cap-add SYS_ADMIN" "--cap-drop ALL" "--cap-add ALL"; do
		# shellcheck disable=SC2086 # words
		same $options
		for f in docker.json b/config.json; do
			jq -r '.linux.seccomp.syscalls[] | select(.action == "SCMP_ACT_ALLOW" and (.args // []) == []) | .names[]' $f |
				sort -u >${f%%/*}.names
		done
		# What docker allows and we do not: see seccomp_rows.c; socket has an argument here.
		missing=$(comm -23 docker.json.names b.names | xargs)
		echo "missing with '$options': $missing"
		[ "$missing" = "io_uring_enter io_uring_register io_uring_setup socket" ]
		# What we allow and dockerd 20.10 does not: calls of kernels after it, and what docker allows
		# everywhere today.
		more=$(comm -13 docker.json.names b.names | xargs)
		echo "more with '$options': $more"
	done
}
