#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What each option of a build does to it, seen in what comes of it; and values that no option takes.

bats_require_minimum_version 1.5.0
load build

setup() { build_setup; }
teardown() { room_teardown; }

# refused WORDS ARG...: before anything is done; the message has WORDS in it.
refused() {
	local words=$1 status=0
	shift
	creel-image --store store build "$@" ctx >said 2>out </dev/null || status=$?
	[ "$status" -eq 2 ] && [ ! -s said ] || {
		echo "status $status: $*"
		cat out
		return 1
	}
	says "$words"
	run ! grep -q '^#1 ' out
}

@test "a value that an option does not take is a wrong command line, and nothing is done" {
	printf 'FROM base:1\nRUN echo x >/x\n' >ctx/Dockerfile
	find store -not -path 'store/lock*' | sort >before
	mkdir dir
	while IFS='|' read -r words args; do
		eval "set -- $args"
		refused "$words" "$@"
	done <<-'END'
		--tag ''|-t ''
		--format 'v3'|--format v3
		are always so|--rm=false
		'maybe' is neither true|--layers=maybe
		--builder: there are no builders|--builder x
		--volume: steps mount what the Dockerfile says|-v /a:/b
		unknown type 'bogus'|-o type=bogus
		type=local needs dest=|-o type=local
		gzip has no level 99|-o type=image,compression-level=99
		zstd has no level 30|-o type=image,compression=zstd,compression-level=30
		'nowhere': No such file|-o type=oci,dest=nowhere/x.tar
		'dir': it is a directory|-o type=tar,dest=dir
		'nowhere': No such file|--iidfile nowhere/id
		'dir': it is a directory|--metadata-file dir
		--iidfile|--iidfile ''
		'bogus' is nothing that has annotations|--annotation bogus:a=b
		--annotation 'word'|--annotation word
		no image that has an id|--iidfile id -o dir
		no image that it could be of|--annotation a=b -o dir
		'x.tar': --output writes there|-o type=tar,dest=x.tar -o type=oci,dest=x.tar
		'm': --metadata-file writes there|--metadata-file m --iidfile m
		'm': --output writes there|--metadata-file m -o type=oci,dest=m
		--build-arg-file 'nowhere'|--build-arg-file nowhere
		--build-context 'n=docker-image://'|--build-context n=docker-image://
		--ignorefile 'nowhere'|--ignorefile nowhere
		--platform|--platform bogus
		hold one platform|--platform linux/amd64,linux/arm64 -o type=docker,dest=x.tar
		--secret 'id=x,src=nowhere'|--secret id=x,src=nowhere
		--ssh 'default=nowhere'|--ssh default=nowhere
		--cache-from|--cache-from type=s3
		unknown mode 'most'|--cache-to type=local,dest=c,mode=most
		true, false or KEY=VALUE|--provenance maybe
		true, false or KEY=VALUE|--sbom maybe
		--add-host 'name'|--add-host name
		--dns 'name'|--dns name
		--dns-search 'a b'|--dns-search 'a b'
		--dns-option ''|--dns-option ''
		--ulimit 'nofile=5:1'|--ulimit nofile=5:1
		--shm-size '0'|--shm-size 0
		--cgroup-parent '../x'|--cgroup-parent ../x
		--memory '1k': the least is|--memory 1k
		--memory is needed|--memory-swap 1g
		--cpu-shares '1'|--cpu-shares 1
		--cpu-period '1'|--cpu-period 1
		--cpu-quota 'x'|--cpu-quota x
		--cpuset-cpus 'x'|--cpuset-cpus x
		--cpuset-mems '3-1'|--cpuset-mems 3-1
		--runtime 'nowhere'|--runtime nowhere
		--authfile 'nowhere'|--authfile nowhere
		--registries-conf 'nowhere'|--registries-conf nowhere
		--hosts-dir 'nowhere'|--hosts-dir nowhere
		--cert-dir 'nowhere'|--cert-dir nowhere
		--timeout|--timeout 0
	END
	find store -not -path 'store/lock*' | sort | diff before -
}

@test "--iidfile and --metadata-file through a link, a pipe and /dev/stdout leave those what they are" {
	printf 'FROM base:1\nENV A=b\n' >ctx/Dockerfile
	ln -s target id
	echo old >target
	mkfifo pipe
	cat pipe >meta &
	reader=$!
	good -q --iidfile id --metadata-file pipe ctx
	wait "$reader"
	[ -L id ] && [ -p pipe ]
	[ "$(cat target)" = "$(cat said)" ]
	jq -e '."containerimage.digest"' meta
	creel-image --store store build -q --iidfile /dev/stdout ctx 2>out | cat >both
	[ "$(tr -d '\n' <both)" = "$(cat target target)" ]
	# A build that fails leaves no old id there.
	printf 'FROM base:1\nCOPY nothing /\n' >ctx/Dockerfile
	run ! build --iidfile id ctx
	[ -L id ] && [ ! -s target ]
}

@test "options of steps: hosts, name servers, limits, memory, processors, the group they are in" {
	cat >ctx/Dockerfile <<-'END'
		FROM base:1
		RUN cat /etc/hosts /etc/resolv.conf >/names; { ulimit -n; ulimit -Hn; } >/limits; busybox df -k /dev/shm >/shm
		RUN for f in memory/memory.limit_in_bytes memory.max cpu/cpu.shares cpu.weight cpu/cpu.cfs_quota_us cpu.max \
			cpuset/cpuset.cpus cpuset.cpus cpuset/cpuset.mems cpuset.mems; do \
				[ ! -e /sys/fs/cgroup/$f ] || echo ${f#*/} $(cat /sys/fs/cgroup/$f); done >/groups
	END
	good -t x:1 --add-host one:10.1.2.3 --add-host six=[2001:db8::7] --dns 192.0.2.53 --dns-search example.org \
		--dns-option ndots:3 --ulimit nofile=100:200 --shm-size 2m --memory 64m --memory-swap 128m \
		--cpu-shares 512 --cpu-period 50000 --cpu-quota 25000 --cpuset-cpus 0 --cpuset-mems 0 ctx
	file_of x:1 /names >names
	for words in '10.1.2.3	one' '2001:db8::7	six' 'nameserver 192.0.2.53' 'search example.org' 'options ndots:3'; do
		grep -qxF "$words" names
	done
	[ "$(cat rootfs.of/limits)" = "$(printf '100\n200')" ]
	grep -qE '[[:space:]]2048[[:space:]]' rootfs.of/shm
	# Which of them a machine has differs.
	cat rootfs.of/groups
	while read -r name value; do
		case $name in
		memory.limit_in_bytes | memory.max) [ "$value" = 67108864 ] ;;
		cpu.shares) [ "$value" = 512 ] ;;
		cpu.cfs_quota_us) [ "$value" = 25000 ] ;;
		cpu.max) [ "$value" = "25000 50000" ] ;;
		cpuset.*) [ "$value" = 0 ] ;;
		esac
	done <rootfs.of/groups
}

@test "--cgroup-parent: the group of a step is in that one, and gone behind it" {
	requires program timeout
	printf 'FROM base:1\nRUN --mount=type=cache,target=/c,id=group touch /c/up; while [ ! -e /c/go ]; do sleep 0.05; done\n' >ctx/Dockerfile
	timeout 200 creel-image --store store build --cgroup-parent "creel-rows-$$" ctx >said 2>out 3>&- &
	until up=$(find store/build/mounts -name up 2>/dev/null) && [ -n "$up" ]; do
		sleep 0.05
		kill -0 $!
	done
	groups_below "creel-rows-$$" >groups
	touch "${up%/*}/go"
	wait $!
	[ -s groups ]
	[ -z "$(groups_below "creel-rows-$$")" ]
	remove_group "creel-rows-$$"
}

@test "arguments from a file: comments, the environment, and --build-arg wins" {
	printf 'FROM base:1\nARG ONE\nARG TWO\nARG THREE\nARG FOUR=none\nRUN echo "$ONE $TWO $THREE $FOUR" >/args\n' >ctx/Dockerfile
	printf '# a comment\n\nONE=file\nTWO=file\nTHREE\nFOUR\n' >args
	THREE=environment good -t x:1 --build-arg-file args --build-arg TWO=given ctx
	[ "$(file_of x:1 /args)" = "file given environment none" ]
}

@test "an id of an earlier image is gone when the build fails" {
	printf 'FROM base:1\nRUN exit 1\n' >ctx/Dockerfile
	echo sha256:old >id
	run -1 build --iidfile id ctx
	[ ! -e id ]
	echo sha256:old >id
	good --check --iidfile id ctx
	[ -e id ]
}

@test "what podman and older docker say: --format, --rm, --force-rm, --layers, --arch" {
	printf 'FROM base:1\nLABEL a=b\n' >ctx/Dockerfile
	creel-image --store store bud -q --rm=true --force-rm --layers --format docker -t f:1 ctx
	[ "$(creel-image --store store inspect -f '{{.MediaType}}' f:1)" = application/vnd.docker.distribution.manifest.v2+json ]
	creel-image --store store buildx build -q --rm --arch s390x --format oci -t f:2 - <<<'FROM scratch'
	[ "$(creel-image --store store inspect -f '{{.MediaType}} {{.Architecture}}' f:2)" = "application/vnd.oci.image.manifest.v1+json s390x" ]
}

@test "--load keeps an image beside other outputs, labels win over the Dockerfile's" {
	printf 'FROM base:1\nLABEL a=file b=file\n' >ctx/Dockerfile
	good -t x:1 --load -o type=oci,dest=x.tar --label a=given --label a=last --label c ctx
	[ -s x.tar ]
	creel-image --store store inspect x:1 | jq -e '.[0].Config.Labels == { a: "last", b: "file", c: "" }'
}

@test "--jobs: as many steps at once as it says" {
	cat >ctx/Dockerfile <<-'END'
		FROM base:1 AS one
		RUN --mount=type=cache,target=/meet,sharing=shared touch /meet/one; for i in $(seq 2000); do [ ! -e /meet/two ] || exit 0; sleep 0.05; done; echo alone >/alone
		FROM base:1 AS two
		RUN --mount=type=cache,target=/meet,sharing=shared touch /meet/two; for i in $(seq 2000); do [ ! -e /meet/one ] || exit 0; sleep 0.05; done; echo alone >/alone
		FROM base:1
		COPY --from=one / /one
		COPY --from=two / /two
	END
	good -t x:1 --jobs 2 ctx
	run ! file_of x:1 /one/alone
	sed -i 's|RUN .*touch /meet/\(...\);.*|RUN --mount=type=cache,target=/meet,id=2 [ ! -e /meet/busy ]; echo $? >/busy; touch /meet/busy; sleep 0.1; rm /meet/busy|' ctx/Dockerfile
	good -t y:1 --jobs 1 ctx
	[ "$(file_of y:1 /one/busy)$(cat rootfs.of/two/busy)" = 00 ]
}

@test "--ssh: keys and a socket reach the step that asks for them" {
	requires program ssh-agent ssh-keygen ssh-add
	ssh-keygen -q -t ed25519 -N '' -C it-is-me -f key
	printf 'FROM base:1\nRUN --mount=type=ssh,required=true test -S "$SSH_AUTH_SOCK" && echo "$SSH_AUTH_SOCK" >/where\n' >ctx/Dockerfile
	good -t x:1 --ssh default=key ctx
	[ "$(file_of x:1 /where)" = /run/buildkit/ssh_agent.0 ]
	run ! ls rootfs.of/run
	run -3 build --no-cache ctx
	says "--ssh default"
}
