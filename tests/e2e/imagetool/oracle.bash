# SPDX-License-Identifier: Apache-2.0
# What a Dockerfile builds, by whom: BuildKit in Debian's dockerd, buildah and creel-image, in one form of
# text that `diff` compares (see oracle.sh for the cases and what is recorded of them).
#
# A case is a directory below dockerfiles/:
#     Dockerfile        what is built
#     peer.Dockerfile   the same in the language that Debian's BuildKit knows (1.2), where it is newer
#     setup             a script that makes the context, its current directory
#     args              options of build, words of a shell
#     error             it must fail: the line that is to blame, and what our message matches
#     buildkit          recorded: what BuildKit builds
#     buildah           recorded: in what buildah's tree and config differ from BuildKit's
#     expect            in what ours differs from BuildKit's, and why

CASES=${CASES:-$SRC_DIR/tests/e2e/imagetool/dockerfiles}
# Files of a context are older than every build.
ORACLE_TIME='2024-01-02T03:04:05Z'

# oracle_open DIR: everything lies there, and OS is the time of the build.
oracle_open() {
	ORACLE=$1
	mkdir -p "$ORACLE/served" "$ORACLE/images"
	date +%s >"$ORACLE/started"
	oracle_bases
	oracle_serve
	creel-image --store "$ORACLE/store" load -i "$ORACLE/images/base" --name creel.test/base:1 >/dev/null
	creel-image --store "$ORACLE/store" load -i "$ORACLE/images/rich" --name creel.test/rich:1 >/dev/null
	creel-image --store "$ORACLE/store" load -i "$ORACLE/images/onbuild" --name creel.test/onbuild:1 >/dev/null
}

oracle_close() {
	local pid
	for pid in "$ORACLE"/*.pid; do
		[ ! -f "$pid" ] || kill "$(cat "$pid")" 2>/dev/null || true
	done
	if [ -f "$ORACLE/dockerd.outer" ]; then
		for _ in $(seq 600); do
			kill -0 "$(cat "$ORACLE/dockerd.outer")" 2>/dev/null || break
			sleep 0.1
		done
	fi
}

# ---- images to build from -------------------------------------------------------------------------
# Names of the base image's own programs: what people's build steps call.
oracle_programs() { # ROOT
	cat >"$1/bin/npm" <<-'END'
		#!/bin/sh
		# What an installation leaves behind, without a network.
		set -e
		case "$1" in
		ci | install)
			grep -q '"name"' package.json
			for name in $(sed -n 's/^ *"\([a-z@/-]*\)": "[0-9^].*/\1/p' package.json); do
				mkdir -p "node_modules/$name" node_modules/.bin
				echo "module.exports = '$name'" >"node_modules/$name/index.js"
				printf '{"name": "%s"}\n' "$name" >"node_modules/$name/package.json"
				ln -sf "../$name/index.js" "node_modules/.bin/${name##*/}"
			done
			mkdir -p ~/.npm/_cacache && echo cached >~/.npm/_cacache/index
			;;
		run)
			mkdir -p dist
			find src -name '*.ts' | sort | while read -r f; do sed 's/: string//' "$f" >"dist/$(basename "$f" .ts).js"; done
			;;
		prune) rm -rf node_modules/dev-* node_modules/.bin/dev-* ;;
		*) exit 1 ;;
		esac
	END
	printf '#!/bin/sh\nmkdir -p node_modules/.prisma/client && cp prisma/schema.prisma node_modules/.prisma/client/\n' >"$1/bin/npx"
	printf '#!/bin/sh\nexec cat "$@"\n' >"$1/bin/node"
	chmod 755 "$1"/bin/{npm,npx,node}
	cp "$BUILD_DIR/tests/tools/setxattr" "$1/bin/setxattr"
}

# A tree to take away from, to write over and to link into.
oracle_old_tree() { # ROOT
	mkdir -p "$1"/srv/{tree/deep/er,empty,many} "$1/home/user" "$1/usr/share"
	echo one >"$1/srv/tree/one"
	echo two >"$1/srv/tree/deep/two"
	echo three >"$1/srv/tree/deep/er/three"
	ln "$1/srv/tree/one" "$1/srv/hard"
	ln -s tree "$1/srv/link"
	ln -s /srv/tree/deep "$1/srv/absolute"
	ln -s nowhere "$1/srv/dangling"
	echo suid >"$1/srv/suid" && chmod 4755 "$1/srv/suid"
	touch "$1"/srv/many/{a,b,c,d}
	chmod 1777 "$1/srv/empty"
	chown -R 1000:1000 "$1/home/user"
}

oracle_layer() { # ROOT FILE
	find "$1" -exec touch -h -d 2020-02-02T02:02:02Z {} +
	tar -C "$1" --sort=name --numeric-owner --xattrs -cf "$2" .
}

# One entry a layer, or BuildKit makes them up.
ORACLE_HISTORY='"history":[{"created":"2020-02-02T02:02:02Z","created_by":"root"},{"created":"2020-02-02T02:02:02Z","created_by":"more"}]'

oracle_bases() {
	local dir=$ORACLE/images name config
	make_rootfs "$dir/root"
	oracle_programs "$dir/root"
	# As images of distributions have: builders mount over them, and would make them where they are not.
	touch "$dir"/root/etc/{hosts,hostname,resolv.conf}
	oracle_layer "$dir/root" "$dir/1.tar"
	oracle_old_tree "$dir/more"
	chmod 755 "$dir/more"
	oracle_layer "$dir/more" "$dir/2.tar"
	for name in base rich onbuild; do
		config="$(oracle_config "$name"),$ORACLE_HISTORY"
		CONFIG=$config make_layout "$dir/$name" "creel.test/$name:1" "$dir/1.tar" "$dir/2.tar"
	done
	for name in 1 2; do
		echo "sha256:$(sha256sum <"$dir/$name.tar" | cut -d' ' -f1)"
	done >"$ORACLE/base.diffs"
}

# shellcheck disable=SC2016 # for the image
oracle_config() { # NAME
	case $1 in
	base) echo '{"Env":["PATH=/usr/bin:/bin"],"Cmd":["/bin/sh"]}' ;;
	rich) echo '{"User":"user","Env":["PATH=/usr/bin:/bin","LEVEL=base","EMPTY="],"Entrypoint":["/bin/echo"],"Cmd":["from","base"],
		"WorkingDir":"/home/user","ExposedPorts":{"80/tcp":{}},"Volumes":{"/vol":{}},"Labels":{"base":"yes","kept":"1"},"StopSignal":"SIGINT"}' ;;
	onbuild) echo '{"Env":["PATH=/usr/bin:/bin"],"Cmd":["/bin/sh"],"OnBuild":["ARG WHO=me","COPY . /app/","RUN echo $WHO >/who"]}' ;;
	esac
}

# Files for ADD, over HTTP; the port is the server's choice.
oracle_serve() {
	printf 'served\n' >"$ORACLE/served/file.txt"
	touch -d 2023-03-04T05:06:07Z "$ORACLE/served/file.txt"
	mkdir "$ORACLE/unpacked"
	mkdir "$ORACLE/unpacked/inside" && echo packed >"$ORACLE/unpacked/inside/file"
	find "$ORACLE/unpacked" -exec touch -d "$ORACLE_TIME" {} +
	tar -C "$ORACLE/unpacked" --sort=name --owner=0 --group=0 -czf "$ORACLE/served/archive.tar.gz" inside
	touch -d 2023-03-04T05:06:07Z "$ORACLE/served/archive.tar.gz"
	oracle_git
	python3 -u -m http.server --bind 127.0.0.1 -d "$ORACLE/served" 0 >"$ORACLE/served.log" 2>&1 3>&- &
	echo $! >"$ORACLE/served.pid"
	wait_for oracle_served
	export SERVER
}

oracle_served() {
	SERVER=$(sed -n 's/.* port \([0-9]*\) .*/127.0.0.1:\1/p' "$ORACLE/served.log")
	[ -n "$SERVER" ]
}

# A repository.
oracle_git() {
	local work=$ORACLE/git
	(
		export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
		export GIT_AUTHOR_DATE="$ORACLE_TIME" GIT_COMMITTER_DATE="$ORACLE_TIME"
		git init -q -b main "$work"
		cd "$work"
		mkdir sub
		echo readme >README && echo below >sub/file && ln -s sub/file link
		printf 'FROM creel.test/base:1\nCOPY README sub /from-git/\n' >Dockerfile
		git add . && git commit -q -m one && git tag v1
		echo changed >README && git commit -q -a -m two
		git clone -q --bare "$work" "$ORACLE/served/repo.git"
	)
	local port
	for port in $(shuf -i 20000-32000 -n 20); do
		git daemon --verbose --reuseaddr --listen=127.0.0.1 --port="$port" --base-path="$ORACLE/served" --export-all \
			--pid-file="$ORACLE/git.pid" "$ORACLE/served" >"$ORACLE/git.log" 2>&1 3>&- &
		export GIT_SERVER=127.0.0.1:$port
		until grep -q 'Ready to rumble' "$ORACLE/git.log"; do
			kill -0 "$!" 2>/dev/null || continue 2
			sleep 0.05
		done
		return 0
	done
	cat "$ORACLE/git.log"
	return 1
}

# ---- builders: build_X CASE CONTEXT [FILE], and image_X CASE leaves DIR/config and DIR/layers (a list) ----
oracle_words() { # CASE: the words of its args
	WORDS=()
	[ ! -f "$CASES/$1/args" ] || eval "WORDS=($(cat "$CASES/$1/args"))"
}

oracle_context() { # CASE DIR BUILDER
	mkdir -p "$2"
	cp "$CASES/$1/Dockerfile" "$2/Dockerfile"
	[ ! -f "$CASES/$1/setup" ] || (cd "$2" && umask 022 && SERVED=$ORACLE/served BUILDER=$3 bash -eu "$CASES/$1/setup")
	find "$2" -newermt 2025-01-01 -exec touch -h -d "$ORACLE_TIME" {} +
}

build_creel() { # CASE CONTEXT
	oracle_words "$1"
	(cd "$2" && creel-image --store "$ORACLE/store" build --progress plain --network host -t "creel.test/case:$1" "${WORDS[@]}" .)
}

build_buildkit() {
	oracle_words "$1"
	[ ! -f "$CASES/$1/peer.Dockerfile" ] || cp "$CASES/$1/peer.Dockerfile" "$2/Dockerfile"
	touch -d "$ORACLE_TIME" "$2/Dockerfile"
	(cd "$2" && DOCKER_BUILDKIT=1 oracle_docker build --progress plain --network host -t "creel.test/case:$1" "${WORDS[@]}" .)
}

build_buildah() {
	oracle_words "$1"
	[ ! -f "$CASES/$1/peer.Dockerfile" ] || cp "$CASES/$1/peer.Dockerfile" "$2/Dockerfile"
	touch -d "$ORACLE_TIME" "$2/Dockerfile"
	(cd "$2" && oracle_buildah bud --pull-never --format docker --network host --isolation oci --runtime runc -t "creel.test/case:$1" "${WORDS[@]}" .)
}

image_creel() { # CASE DIR
	local blobs=$ORACLE/store/blobs/sha256 manifest
	manifest=$(jq -r --arg n "creel.test/case:$1" \
		'first(.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $n).digest[7:])' "$ORACLE/store/index.json")
	cp "$blobs/$(jq -r '.config.digest[7:]' "$blobs/$manifest")" "$2/config"
	jq -r --arg dir "$blobs" '.layers[] | $dir + "/" + .digest[7:]' "$blobs/$manifest" >"$2/layers"
}

image_buildkit() {
	mkdir "$2/saved"
	oracle_docker save "creel.test/case:$1" | tar -x -C "$2/saved"
	cp "$2/saved/$(jq -r '.[0].Config' "$2/saved/manifest.json")" "$2/config"
	jq -r --arg dir "$2/saved" '.[0].Layers[] | $dir + "/" + .' "$2/saved/manifest.json" >"$2/layers"
}

image_buildah() {
	oracle_buildah push -q --disable-compression "creel.test/case:$1" "dir:$2/saved" >/dev/null
	cp "$2/saved/$(jq -r '.config.digest[7:]' "$2/saved/manifest.json")" "$2/config"
	jq -r --arg dir "$2/saved" '.layers[] | $dir + "/" + .digest[7:]' "$2/saved/manifest.json" >"$2/layers"
}

oracle_docker() {
	DOCKER_CONFIG=$ORACLE/docker-config PATH=/usr/sbin:/usr/bin:/sbin:/bin docker -H "unix://$ORACLE/docker.sock" "$@"
}

oracle_buildah() {
	HOME=$ORACLE/home buildah --root "$ORACLE/buildah" --runroot "$ORACLE/buildah-run" --storage-driver overlay "$@"
}

open_creel() { :; }

# Mounts and sockets in their usual places stay in a namespace of the daemon's own.
open_buildkit() {
	# shellcheck disable=SC2016 # the inner shell's
	unshare --mount --propagation slave sh -c 'mount -t tmpfs none /run && echo $$ >"$1/dockerd.outer" &&
		PATH=/usr/sbin:/usr/bin:/sbin:/bin exec dockerd --data-root "$1/docker" --exec-root "$1/docker-exec" --pidfile "$1/dockerd.pid" \
		--host "unix://$1/docker.sock" --bridge=none --iptables=false --ip6tables=false' - "$ORACLE" \
		>"$ORACLE/dockerd.log" 2>&1 3>&- &
	wait_for oracle_docker version || {
		tail -n 20 "$ORACLE/dockerd.log" >&2
		return 1
	}
	local name
	for name in base rich onbuild; do
		skopeo copy -q "oci:$ORACLE/images/$name" "docker-archive:$ORACLE/images/$name.tar:creel.test/$name:1"
		oracle_docker load -i "$ORACLE/images/$name.tar" >/dev/null
	done
}

open_buildah() {
	local name
	mkdir -p "$ORACLE/home"
	for name in base rich onbuild; do
		skopeo copy -q "oci:$ORACLE/images/$name" \
			"containers-storage:[overlay@$ORACLE/buildah+$ORACLE/buildah-run]creel.test/$name:1"
	done
}

# ---- what was built, as text ------------------------------------------------------------------------
# Members that are not there and members that say nothing are the same.
# shellcheck disable=SC2016 # jq's
ORACLE_CONFIG='def said: with_entries(select(.value | . != null and . != "" and . != false and . != [] and . != {}));
	{architecture, os, variant, author, config: ((.config // {}) | del(.Hostname, .Image) | said),
		history: [.history[] | del(.created) | said]} | said'

# oracle_result X CASE DIR: of what was built.
oracle_result() {
	local base=0 id
	"image_$1" "$2" "$3"
	for id in $(jq -r '.rootfs.diff_ids[]?' "$3/config"); do
		! grep -qxF "$id" "$ORACLE/base.diffs" || base=$((base + 1))
	done
	{
		jq -S "$ORACLE_CONFIG" "$3/config"
		# shellcheck disable=SC2046 # no spaces in them
		layertree -n "$(cat "$ORACLE/started")" -b "$base" $(cat "$3/layers")
	} | sed "s/$SERVER/SERVER/g; s/$GIT_SERVER/GIT_SERVER/g; s|\(^bin/busybox .*\) size=.*|\1 BUSYBOX|"
}

# oracle_build X CASE: prints the result; what the builder said is in $ORACLE/X.log.
oracle_build() {
	local dir status
	dir=$(mktemp -d "$ORACLE/case.XXXXXX")
	mkdir "$dir/result"
	oracle_context "$2" "$dir/context" "$1" >&2 || return 2
	"build_$1" "$2" "$dir/context" >"$ORACLE/$1.log" 2>&1 </dev/null
	status=$?
	[ "$status" -ne 0 ] || oracle_result "$1" "$2" "$dir/result"
	rm -rf "$dir"
	return "$status"
}
