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
		rm -rf layout b umoci
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
	rm -rf b
	bundle x b cmd --flag -x
	[ "$(q .process.args)" = '["/e","cmd","--flag","-x"]' ]
	rm -rf b
	bundle --cmd '["a","b c"]' x b
	[ "$(q .process.args)" = '["/e","a","b c"]' ]
	rm -rf b
	bundle --entrypoint /new x b
	[ "$(q .process.args)" = '["/new"]' ]
	rm -rf b
	bundle --entrypoint '["/new","arg"]' x b rest
	[ "$(q .process.args)" = '["/new","arg","rest"]' ]
	rm -rf b
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
		rm -rf b
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
	rm -rf b
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
	rm -rf b
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
	rm -rf b
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
