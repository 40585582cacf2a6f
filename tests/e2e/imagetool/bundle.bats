#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# creel-image bundle: image-spec's conversion rules, what a person adds, and runtimes that run it.

load common

setup() {
	requires root
	requires program jq
	room_setup
}
teardown() { room_teardown; }

BUSYBOX=/bin/busybox

# An image with a static busybox as every command.
busybox_image() {
	local cmd
	ldd $BUSYBOX 2>&1 | grep -q 'not a dynamic' || skip "needs a static busybox"
	mkdir -p tree/bin tree/etc tree/data tree/var/lib/db tree/tmp
	cp $BUSYBOX tree/bin/busybox
	for cmd in sh id cat echo ls env pwd touch stat hostname true; do
		ln -sf busybox tree/bin/$cmd
	done
	printf 'root:x:0:0:root:/:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n' >tree/etc/passwd
	printf 'root:x:0:\napp:x:1001:\nextra:x:2000:root,app\nmore:x:2001:app\nnot:x:2002:apple\n' >tree/etc/group
	echo from-image >tree/var/lib/db/content
	chown 1000:1001 tree/var/lib/db
	chmod 0750 tree/var/lib/db
	tar --numeric-owner -C tree -cf 1.tar .
	make_layout layout x 1.tar
}

# A runtime takes cgroup v1 or v2; this machine has v1 with an empty v2 beside it.
run_bundle() { # RUNTIME DIR
	local root
	root=$(mktemp -d)
	run "$1" --root "$root" run -b "$2" "creel-e2e-$$-$RANDOM" </dev/null
	rm -rf "$root"
	echo "$output"
}

bundle() {
	run creel-image --store layout bundle "$@"
	echo "$output"
	[ "$status" -eq 0 ]
}

bundle_fails() { # TEXT ARG...
	local text=$1
	shift
	run creel-image --store layout bundle "$@"
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"$text"* ]]
	[ ! -e b ]
	assert_untouched
}

q() { # JQ-FILTER: of the bundle's config.json
	jq -c "$1" b/config.json
}

@test "the image's configuration becomes the runtime's by image-spec's rules" {
	layer 1.tar <<<'dir name=etc
		file name=etc/passwd data=app:x:1000:1001::/:/bin/sh\012
		file name=etc/group data=app:x:1001:\012extra:x:2000:app\012'
	CONFIG='{"User":"app","Env":["A=1","PATH=/p","B=x=y"],"Entrypoint":["/e","--flag"],"Cmd":["c d","e"],
		"WorkingDir":"/srv/deep","ExposedPorts":{"80/tcp":{},"53/udp":{}},"StopSignal":"SIGQUIT",
		"Labels":{"k":"v","org.opencontainers.image.author":"label wins","run.oci.hooks.stdout":"/x",
		"org.systemd.property.ExecStart":"x"}}' make_layout layout x 1.tar
	bundle x b
	[[ $output == *"2 labels were left out"* ]]
	[ "$(q .process.user)" = '{"uid":1000,"gid":1001,"additionalGids":[2000]}' ]
	[ "$(q .process.env)" = '["A=1","PATH=/p","B=x=y"]' ]
	[ "$(q .process.args)" = '["/e","--flag","c d","e"]' ]
	[ "$(q .process.cwd)" = '"/srv/deep"' ]
	[ -d b/rootfs/srv/deep ]
	[ "$(q '.annotations | keys' )" = '["k","org.opencontainers.image.architecture","org.opencontainers.image.author","org.opencontainers.image.created","org.opencontainers.image.exposedPorts","org.opencontainers.image.os","org.opencontainers.image.stopSignal"]' ]
	[ "$(q '.annotations["org.opencontainers.image.author"]')" = '"label wins"' ]
	[ "$(q '.annotations["org.opencontainers.image.stopSignal"]')" = '"SIGQUIT"' ]
	[ "$(q '.annotations["org.opencontainers.image.exposedPorts"]')" = '"80/tcp,53/udp"' ]
	[ "$(q .root)" = '{"path":"rootfs"}' ]
	[ "$(q .process.terminal)" != true ]
	[ "$(stat -c %a b)" = 700 ]
}

@test "what umoci makes of the same image: user, arguments, environment, directory, annotations" {
	requires program umoci
	layer 1.tar <<<'dir name=etc
		file name=etc/passwd data=app:x:1000:1001::/:/bin/sh\012
		file name=etc/group data=app:x:1001:\012extra:x:2000:app\012'
	for user in app app:extra 7:8 app:55 1000:extra; do
		drop b
		rm -rf layout umoci
		CONFIG="{\"User\":\"$user\",\"Env\":[\"A=1\",\"PATH=/p\",\"HOME=/h\",\"TERM=t\"],\"Cmd\":[\"c\"],\"WorkingDir\":\"/w\",\"Labels\":{\"k\":\"v\"}}" \
			make_layout layout x 1.tar
		bundle x b
		umoci unpack --image layout:x umoci >/dev/null 2>&1
		# Old ones replace the image's HOME, which image-spec does not allow.
		filter='[.process.user, .process.args, (.process.env - ["HOME=/","HOME=/h"] | sort), .process.cwd,
			(.annotations | with_entries(select(.value != "")))]'
		diff <(jq -S "$filter" umoci/config.json) <(jq -S "$filter" b/config.json)
	done
}

@test "options win over the image, one by one" {
	layer 1.tar <<<'file name=f'
	CONFIG='{"User":"7:8","Env":["A=1","B=2"],"Entrypoint":["/e"],"Cmd":["c"],"WorkingDir":"/w"}' \
		make_layout layout x 1.tar
	FROM_HERE=yes bundle -e A=new --env C=3 -e FROM_HERE -e NOT_SET_ANYWHERE --user 5:6 -w /other --hostname box \
		-t --read-only x b
	[ "$(q .process.env)" = '["A=new","B=2","C=3","FROM_HERE=yes","PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","HOSTNAME=box","TERM=xterm"]' ]
	[ "$(q '[.process.user.uid,.process.user.gid]')" = '[5,6]' ]
	[ "$(q .process.cwd)" = '"/other"' ]
	[ "$(q .hostname)" = '"box"' ]
	[ "$(q .process.terminal)" = true ]
	[ "$(q .root.readonly)" = true ]
	drop b
	bundle x b cmd --flag -x
	[ "$(q .process.args)" = '["/e","cmd","--flag","-x"]' ]
	drop b
	bundle --cmd '["a","b c"]' x b
	[ "$(q .process.args)" = '["/e","a","b c"]' ]
	drop b
	bundle --entrypoint /new x b
	[ "$(q .process.args)" = '["/new"]' ]
	drop b
	bundle --entrypoint '["/new","arg"]' x b rest
	[ "$(q .process.args)" = '["/new","arg","rest"]' ]
	drop b
	bundle_fails "names no command" --entrypoint "" x b
	bundle --entrypoint "" x b only
	[ "$(q .process.args)" = '["only"]' ]
}

@test "users: numbers, names, groups, and who is unknown" {
	layer 1.tar <<<'dir name=etc
		file name=etc/passwd data=#\040comment\012broken\012u:x:7:8::/:/bin/sh\012u:x:99:99::/:/bin/sh\012
		file name=etc/group data=g:x:9:\012h:x:10:u,v\012i:x:11:uu\012'
	CONFIG='{"Cmd":["x"]}' make_layout layout x 1.tar
	while read -r user want; do
		drop b
		bundle -u "$user" x b
		[ "$(q '[.process.user.uid,.process.user.gid,(.process.user.additionalGids // [])]')" = "$want" ]
	done <<-'E'
		u [7,8,[10]]
		u:g [7,9,[]]
		u:77 [7,77,[]]
		7 [7,8,[]]
		5 [5,0,[]]
		5:g [5,9,[]]
		0:0 [0,0,[]]
		4294967294 [4294967294,0,[]]
	E
	drop b
	bundle_fails "user 'w' is not in" -u w x b
	bundle_fails "group 'w' is not in" -u u:w x b
	bundle_fails "user '4294967295' is not in" -u 4294967295 x b
	bundle_fails "user '-1' is not in" --user=-1 x b
}

@test "volumes: binds, named and the image's own, tmpfs" {
	busybox_image
	CONFIG='{"Cmd":["sh"],"Volumes":{"/var/lib/db":{},"/new/place":{}}}' make_layout layout x 1.tar
	bundle -v "$ROOM/outside:/mnt/out:ro,noexec" -v ./outside:/mnt/rel -v named:/data -v /anonymous \
		--tmpfs /run/tmp:size=4m,mode=1770 --tmpfs /tmp x b
	[ "$(q '.mounts[] | select(.destination=="/mnt/out")')" = "{\"destination\":\"/mnt/out\",\"type\":\"bind\",\"source\":\"$ROOM/outside\",\"options\":[\"ro\",\"noexec\",\"rbind\",\"rprivate\"]}" ]
	[ "$(q '.mounts[] | select(.destination=="/mnt/rel") | .source')" = "\"$ROOM/outside\"" ]
	[ "$(q '.mounts[] | select(.destination=="/data") | .source')" = '"volumes/named"' ]
	[ "$(q '.mounts[] | select(.destination=="/var/lib/db") | .source')" = '"volumes/var-lib-db"' ]
	[ "$(q '.mounts[] | select(.destination=="/tmp") | .options')" = '["nosuid","nodev","noexec"]' ]
	[ "$(q '.mounts[] | select(.destination=="/run/tmp") | .options')" = '["nosuid","nodev","noexec","size=4m","mode=1770"]' ]
	[ "$(ls b/volumes | xargs)" = "anonymous named new-place var-lib-db" ]
	# What the image has there is where the volume begins, with owner and mode.
	[ "$(cat b/volumes/var-lib-db/content)" = from-image ]
	[ "$(stat -c '%a %u %g' b/volumes/var-lib-db b/rootfs/var/lib/db | sort -u)" = "750 1000 1001" ]
	[ -z "$(ls -A b/rootfs/var/lib/db)" ]
	drop b
	# A person's own mount takes the place of the image's volume.
	bundle -v "$ROOM/outside:/var/lib/db/" x b
	[ "$(q '[.mounts[] | select(.destination=="/var/lib/db")] | length')" = 1 ]
	[ "$(q '.mounts[] | select(.destination=="/var/lib/db") | .source')" = "\"$ROOM/outside\"" ]
}

@test "a volume inside a volume, and one behind a symlink" {
	layer 1.tar <<<'dir name=a
		file name=a/one data=1
		dir name=a/b
		file name=a/b/two data=2
		symlink name=link link=/real
		dir name=real
		file name=real/three data=3
		symlink name=out link=/../../outside'
	CONFIG='{"Cmd":["x"],"Volumes":{"/a":{},"/a/b":{},"/link":{},"/out":{}}}' make_layout layout x 1.tar
	bundle x b
	[ "$(cat b/volumes/a/one b/volumes/a-b/two b/volumes/link/three)" = 123 ]
	[ -z "$(ls -A b/volumes/a/b)" ]
	[ -z "$(ls -A b/volumes/out)" ]
	[ -L b/rootfs/link ]
	assert_untouched
}

@test "mounts that can't be are refused" {
	image_of 'file name=f data=x'
	bundle_fails "not an absolute path" -v a:b:c x b
	bundle_fails "No such file" -v /no/such/source:/x x b c
	bundle_fails "unknown mount option 'bogus'" -v "$ROOM:/x:bogus" x b
	bundle_fails "unknown mount option 'exec=1'" --tmpfs /x:exec=1 x b
	bundle_fails "on the root itself" -v "$ROOM:/" x b
	bundle_fails "on the root itself" --tmpfs /a/.. x b
	bundle_fails "volume name" -v 'a b:/x' x b
	bundle_fails "expected SRC:DST" -v a:/b:ro:d x b
	bundle_fails "Not a directory" -v v:/f x b c
	bundle_fails "--env '=x'" -e =x x b c
	bundle_fails "exclude one another" --cmd a x b c
	bundle_fails "--entrypoint" --entrypoint '["a",1]' x b c
	bundle_fails "--entrypoint" --entrypoint '["a"' x b c
}

@test "an image without a command needs one, and says where" {
	image_of 'file name=f'
	bundle_fails "give one behind the directory" x b
	bundle x b /f
}

@test "runc runs the bundle: user, environment, directory, volumes, status" {
	requires program runc jq
	busybox_image
	CONFIG='{"User":"app","Env":["A=1","PATH=/bin"],"Cmd":["sh","-c","exit 3"],"WorkingDir":"/srv","Volumes":{"/var/lib/db":{}}}' \
		make_layout layout x 1.tar
	bundle x b
	run_bundle runc b
	[ "$status" -eq 3 ]
	drop b
	bundle -v named:/data --hostname box --read-only x b \
		sh -c 'id; pwd; echo $A; hostname; cat /var/lib/db/content; touch /var/lib/db/new; touch /x'
	run_bundle runc b
	[[ $output == *"uid=1000(app) gid=1001(app) groups=1001(app),2000(extra),2001(more)"* ]] ||
		[[ $output == *"uid=1000(app) gid=1001(app) groups=2000(extra),2001(more)"* ]]
	[[ $output == *"/srv"*"1"*"box"*"from-image"* ]]
	[[ $output == *"Read-only file system"* ]]
	[ -f b/volumes/var-lib-db/new ]
}

@test "creel runs the bundle, and a bundle of umoci's" {
	requires program creel umoci jq
	busybox_image
	CONFIG='{"User":"app","Env":["A=1","PATH=/bin"],"Cmd":["sh","-c","id; exit 3"],"WorkingDir":"/srv"}' \
		make_layout layout x 1.tar
	bundle x b
	run_bundle creel b
	[ "$status" -eq 3 ]
	[[ $output == *"uid=1000(app) gid=1001(app)"* ]]
	umoci unpack --image layout:x umoci >/dev/null 2>&1
	jq '.process.terminal = false' umoci/config.json >config && mv config umoci/config.json
	run_bundle creel umoci
	[ "$status" -eq 3 ]
	[[ $output == *"uid=1000(app) gid=1001(app)"* ]]
}

@test "a failure on the way leaves no bundle" {
	image_of 'file name=f' 'file name=..'
	bundle_fails "'..' is not allowed" x b c
	mkdir b
	touch b/here
	run creel-image --store layout bundle x b c
	[ "$status" -eq 1 ]
	[[ $output == *"'b' is not empty"* ]]
	[ "$(ls b)" = here ]
}

@test "without root the bundle has a user namespace, and runs" {
	requires program creel setpriv
	requires userns
	busybox_image
	CONFIG='{"Cmd":["sh","-c","id; cat /var/lib/db/content; exit 5"],"Env":["PATH=/bin"],"Volumes":{"/var/lib/db":{}}}' \
		make_layout layout x 1.tar
	chmod 777 .
	chmod -R a+rX layout "$ROOM"
	as_nobody() {
		run setpriv --reuid 65534 --regid 65534 --clear-groups "$@" </dev/null
		echo "$output"
	}
	as_nobody creel-image --store layout bundle x b
	[ "$status" -eq 0 ]
	[ "$(q '.linux.uidMappings')" = '[{"containerID":0,"hostID":65534,"size":1}]' ]
	as_nobody creel --root "$ROOM/state" run -b b "creel-e2e-$$-$RANDOM"
	[ "$status" -eq 5 ]
	[[ $output == *"uid=0(root)"*"from-image"* ]]
}

@test "options of docker run: what is wrong is said before anything is unpacked, by the option's name" {
	image_of 'file name=..'
	echo 'A B=1' >bad-env
	printf '\200=1\n' >no-text
	while read -r want options; do
		eval "words=($options)"
		# The image itself can't be unpacked: that is not what is said.
		bundle_fails "${want//_/ }" "${words[@]}" x b c
	done <<-'E'
		--env-file:_'bad-env':_line_1:_the_name --env-file bad-env
		--env-file:_'no-text'_is_not_a_text --env-file no-text
		--env-file --env-file /no/such
		--ulimit_'bogus=1' --ulimit bogus=1
		--ulimit_'nofile=2:1':_the_soft_limit --ulimit nofile=2:1
		--umask_'9' --umask 9
		--oom-score-adj_'2000' --oom-score-adj 2000
		--stop-signal --stop-signal NOPE
		mount_'type=nfs,dst=/x':_type_'nfs' --mount type=nfs,dst=/x
		mount_'type=bind,dst=/x':_there_is_no_source --mount type=bind,dst=/x
		'tmpfs-size'_is_for_type=tmpfs --mount type=bind,src=/,dst=/x,tmpfs-size=1
		unknown_word_'bogus' --mount type=bind,src=/,dst=/x,bogus
		can't_hold_on_to_a_directory --mount type=volume,src=v,dst=/x,volume-subpath=a
		two_mounts_are_on_'/x' --tmpfs /x --mount type=tmpfs,dst=/x
		--volumes-from_'none' --volumes-from none
		--shm-size_'x' --shm-size x
		--cap-add_'NOPE' --cap-add NOPE
		--cap-drop_'NOPE' --cap-drop NOPE
		--security-opt_'nope' --security-opt nope
		--security-opt_'systempaths=x' --security-opt systempaths=x
		--security-opt_'seccomp':_a_value --security-opt seccomp
		--security-opt_seccomp:_open --security-opt seccomp=/no/such
		--device_'/no/such' --device /no/such
		no_device_is_below_'/etc' --device /etc
		describes_the_device_'vendor.com/class=name' --device vendor.com/class=name
		no_device --device /etc/passwd
		--device-cgroup-rule_'c_1_r' --device-cgroup-rule 'c 1 r'
		--memory_'5m':_the_least --memory 5m
		--memory_'x':_no_size --memory x
		--memory-swap:_--memory_is_needed --memory-swap 10m
		--memory-swap:_it_counts --memory 20m --memory-swap 10m
		--memory-reservation:_it_is_more --memory 20m --memory-reservation 30m
		--memory-swappiness_'101':_the_most --memory-swappiness 101
		--cpus_'x' --cpus x
		--cpus_'0.001':_the_least --cpus 0.001
		--cpus:_it_sets --cpus 1 --cpu-quota 5000
		--cpu-period_'1':_the_least --cpu-period 1
		--cpuset-cpus_'3-1' --cpuset-cpus 3-1
		--pids-limit_'x' --pids-limit x
		--blkio-weight_'5' --blkio-weight 5
		no_block_device --device-read-bps /dev/null:1mb
		--name:_a_bundle_has_none --name n
		--cgroup-parent_'../x' --cgroup-parent ../x
		--cgroup-conf_'a/b=1' --cgroup-conf a/b=1
		--sysctl_'kernel.hostname=x':_it_is_the_whole --sysctl kernel.hostname=x
		with_this_--network --network host --sysctl net.ipv4.ip_forward=1
		--pid:_'bogus'_is_none_of --pid bogus
		--pid:_container_'nobody-of-that-name' --pid container:nobody-of-that-name
		--network:_'bridge' --network bridge
		--network:_stat_'/no/such' --network ns:/no/such
		--userns_private --userns private
		the_name_is_not_its_own --uts host --hostname h
		--hostname_'a/b' --hostname a/b
		--add-host_'x':_expected --add-host x
		--add-host_'x:host-gateway' --add-host x:host-gateway
		--dns_'x' --dns x
		--label_'run.oci.hooks.stdout=/x':_a_runtime_would_obey --label run.oci.hooks.stdout=/x
		--annotation_'x':_expected --annotation x
		--restart_'sometimes' --restart sometimes
		--publish:_a_bundle_has_no_network -p 80:80
		--interactive:_a_bundle_has_no_streams -i
		--pull:_the_image_is_taken_from_the_store --pull always
		--no-healthcheck:_nobody_runs --no-healthcheck
		'nvidia.com/gpu=all' --gpus all
		--kernel-memory: --kernel-memory 5m
		--log-driver: --log-driver journald
	E
}

@test "runtimes run a bundle with many options, and each has its effect" {
	busybox_image
	CONFIG='{"Cmd":["sh"],"Env":["PATH=/bin","GONE=1"]}' make_layout layout x 1.tar
	printf 'F=file\n' >env
	for runtime in creel runc crun; do
		command -v $runtime >/dev/null || continue
		drop b
		bundle --env-file env -e GONE -u app --group-add 77 --umask 027 -h box --domainname dom \
			--add-host a:1.2.3.4 --add-host b=::5 --dns 9.9.9.9 --dns-search s.test --ulimit nofile=100:200 \
			--mount type=tmpfs,dst=/big,tmpfs-size=2m --mount "type=bind,src=$ROOM/outside,dst=/in,readonly" \
			-v data:/data:nocopy --shm-size 1m --device /dev/zero:/dev/z:r --security-opt no-new-privileges \
			--cap-drop ALL --oom-score-adj 77 --sysctl net.ipv4.ip_forward=1 --read-only -m 64m --pids-limit 50 x b \
			sh -c 'id; echo $F-$GONE-$HOSTNAME; hostname; umask; cat /etc/hosts /etc/resolv.conf; ulimit -n
				cat /proc/sys/kernel/domainname /proc/sys/net/ipv4/ip_forward /proc/self/oom_score_adj
				grep -E "^(CapBnd|NoNew|Seccomp:)" /proc/self/status; cat /in/canary; ls /dev/z
				grep -E " /(big|dev/shm|data) " /proc/mounts; touch /in/x'
		run_bundle "$runtime" b
		# crun refuses this machine's mixture of control groups.
		[[ $runtime != crun || $output != *"hybrid mode not supported"* ]] || continue
		for want in "uid=1000(app) gid=1001(app)" "77" "file--box" "0027" $'1.2.3.4\ta' $'::5\tb' \
			$'127.0.0.1\tbox.dom box' "nameserver 9.9.9.9" "search s.test" $'\n100\n' $'dom\n1\n77' \
			"0000000000000000" $'NoNewPrivs:\t1' $'Seccomp:\t2' untouched /dev/z size=2048k size=1024k \
			"Read-only file system"; do
			[[ $output == *"$want"* ]] || { echo "$runtime lacks: $want"; false; }
		done
		[ -z "$(ls -A b/volumes/data)" ]
	done
	assert_untouched
}

@test "--privileged, block devices and real time are written as they are said" {
	layer 1.tar <<<'dir name=etc'
	CONFIG='{"Cmd":["x"]}' make_layout layout x 1.tar
	mknod disk b 7 0
	bundle --privileged --rootfs=copy x b
	[ "$(q '[.linux.seccomp, (.linux.maskedPaths | length), (.linux.readonlyPaths | length), .linux.resources.devices[0].allow]')" = \
		'[null,0,0,true]' ]
	[ "$(q '.process.capabilities.bounding | index("CAP_SYS_ADMIN") != null')" = true ]
	rm -r b
	bundle --rootfs=copy -m 64m --oom-kill-disable --cpu-rt-runtime 95 --cpu-rt-period 1000 --blkio-weight-device "$PWD/disk:200" \
		--device-read-bps "$PWD/disk:2m" --device-write-bps "$PWD/disk:1m" --device-read-iops "$PWD/disk:20" \
		--device-write-iops "$PWD/disk:10" x b
	[ "$(q '.linux.resources | [.memory.disableOOMKiller, .cpu.realtimeRuntime, .cpu.realtimePeriod, .blockIO.weightDevice[0].weight]')" = \
		'[true,95,1000,200]' ]
	[ "$(q '.linux.resources.blockIO | [.throttleReadBpsDevice, .throttleWriteBpsDevice, .throttleReadIOPSDevice, .throttleWriteIOPSDevice]
		| map("\(.[0].major):\(.[0].rate)")')" = '["7:2097152","7:1048576","7:20","7:10"]' ]
}

@test "--init, and namespaces of the host and of another container" {
	requires program creel
	busybox_image
	CONFIG='{"Cmd":["sh"],"Env":["PATH=/bin"]}' make_layout layout x 1.tar
	if command -v catatonit docker-init tini-static >/dev/null; then
		bundle --init x b sh -c 'cat /proc/1/cmdline; exit 4'
		run_bundle creel b
		[ "$status" -eq 4 ]
		[[ $output == *docker-init* ]]
		drop b
		bundle_fails "process 1 of its own" --init --pid host x b
	fi
	bundle --pid host --uts host --ipc host --network host x b \
		sh -c 'for n in pid uts ipc net mnt; do ls -l /proc/self/ns/$n | grep -o "[a-z]*:.*"; done; ls /proc/self/exe; cat /etc/hosts'
	run_bundle creel b
	[ "$status" -eq 0 ]
	for n in pid uts ipc net; do
		[[ $output == *"$(readlink /proc/self/ns/$n)"* ]]
	done
	[[ $output != *"$(readlink /proc/self/ns/mnt)"* ]]
	[ "$(q .hostname)" = null ]
	drop b
	bundle --pid ns:/proc/$$/ns/pid --cgroupns host x b
	[ "$(q '.linux.namespaces[] | select(.type == "pid").path')" = "\"/proc/$$/ns/pid\"" ]
	[ "$(q '[.linux.namespaces[] | select(.type == "cgroup")] | length')" = 0 ]
}

@test "a namespace of a container that creel runs" {
	requires program creel
	busybox_image
	CONFIG='{"Cmd":["sh"],"Env":["PATH=/bin"]}' make_layout layout x 1.tar
	bundle x first sleep 1000 || true
	id=creel-e2e-join-$$
	jq '.process.args = ["cat"] | .process.terminal = false' first/config.json >config && mv config first/config.json
	mkfifo hold
	creel run -b first $id <hold >/dev/null 2>&1 3>&- &
	exec 9>hold
	runs() {
		[ "$(creel state $id | jq -r .status)" = running ]
	}
	wait_for runs
	pid=$(creel state $id | jq .pid)
	run creel-image --store layout bundle --network container:$id --ipc container:$id x b
	exec 9>&-
	wait
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(q '.linux.namespaces[] | select(.type == "network").path')" = "\"/proc/$pid/ns/net\"" ]
	[ "$(q '.mounts[] | select(.destination == "/dev/shm").source')" = "\"/proc/$pid/root/dev/shm\"" ]
}

@test "volumes of another bundle, read-only when that is asked for" {
	busybox_image
	CONFIG='{"Cmd":["sh"],"Env":["PATH=/bin"],"Volumes":{"/var/lib/db":{}}}' make_layout layout x 1.tar
	bundle -h box -v "$ROOM/outside:/out:ro" -v data:/data x first
	bundle --volumes-from first --tmpfs /data x b
	[ "$(q '.mounts[] | select(.destination == "/var/lib/db").source')" = "\"$ROOM/first/volumes/var-lib-db\"" ]
	[ "$(q '.mounts[] | select(.destination == "/data").type')" = '"tmpfs"' ]
	[ "$(q '.mounts[] | select(.destination == "/out").options | index("ro") != null')" = true ]
	[ "$(q '[.mounts[] | select(.destination == "/etc/hosts")] | length')" = 0 ]
	drop b
	bundle --volumes-from first:ro x b
	[ "$(q '.mounts[] | select(.destination == "/data").options | index("ro") != null')" = true ]
}

@test "labels, annotations, restart policy, stop signal and the control group's place" {
	image_of 'file name=f'
	printf 'f=1\n# no\nk=file\n' >labels
	bundle --label-file labels -l k=v -l flag --annotation run.oci.keep_original_groups=1 --restart on-failure:3 \
		--stop-signal SIGINT --cgroup-parent parent --name box --cgroup-conf memory.high=1000 x b c
	[ "$(q '[.annotations | .f, .k, .flag, .["run.oci.keep_original_groups"], .["org.creel.restart"], .["org.opencontainers.image.stopSignal"]]')" = \
		'["1","v","","1","on-failure:3","SIGINT"]' ]
	[ "$(q .linux.cgroupsPath)" = '"/parent/box"' ]
	[ "$(q .linux.resources.unified)" = '{"memory.high":"1000"}' ]
	drop b
	bundle --cgroup-parent machine.slice x b c
	[ "$(q .linux.cgroupsPath)" = '"machine.slice:creel:b"' ]
}

@test "a seccomp profile in docker's form: conditions on capabilities, architecture and kernel" {
	image_of 'file name=f'
	cat >profile.json <<-'E'
		{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1,
		"archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]},{"architecture":"SCMP_ARCH_AARCH64","subArchitectures":["SCMP_ARCH_ARM"]}],
		"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"},{"name":"write","action":"SCMP_ACT_ALLOW"},
		{"names":["mount"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_SYS_ADMIN"]}},
		{"names":["umount2"],"action":"SCMP_ACT_ALLOW","excludes":{"caps":["CAP_SYS_ADMIN"]}},
		{"names":["never"],"action":"SCMP_ACT_ALLOW","includes":{"arches":["vax"]}},
		{"names":["future"],"action":"SCMP_ACT_ALLOW","includes":{"minKernel":"99.0"}},
		{"names":["ptrace"],"action":"SCMP_ACT_ALLOW","includes":{"minKernel":"4.8"}}]}
	E
	bundle --security-opt seccomp=profile.json x b c
	[ "$(q '[.linux.seccomp.syscalls[].names[]]')" = '["read","write","umount2","ptrace"]' ]
	drop b
	bundle --security-opt seccomp=profile.json --cap-add SYS_ADMIN x b c
	[ "$(q '[.linux.seccomp.syscalls[].names[]]')" = '["read","write","mount","ptrace"]' ]
}
