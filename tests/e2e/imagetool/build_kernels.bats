#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Builds where the kernel is old, or the store lies where no overlay can: the same images come of them.

bats_require_minimum_version 1.5.0
load build
load ../rootless

setup() { build_setup; }
teardown() { room_teardown; }

# Every way in which a step leaves something, or takes it from elsewhere.
many_kinds() {
	mkdir -p ctx/tree/deep ctx/into
	echo one >ctx/tree/deep/one
	ln -s one ctx/tree/deep/link
	echo over >ctx/into/passwd
	touch -d @1000000000 ctx/tree/deep/one ctx/into/passwd
	cat >ctx/Dockerfile <<-'END'
		FROM base:1 AS made
		WORKDIR /srv/made
		RUN echo first >first && ln -s first link && mkdir -p gone/below empty && echo x >gone/below/x && chmod 700 empty
		RUN rm -r gone && mkdir gone && echo new >gone/new && touch -d @5 first && rm /etc/passwd
		COPY tree /srv/tree
		FROM base:1
		RUN --mount=type=bind,from=made,source=/srv,target=/mnt,rw echo y >/mnt/y && cat /mnt/made/first >/first
		RUN --mount=type=bind,target=/ctx --mount=type=cache,target=/cache cat /ctx/tree/deep/one >/one && echo kept >>/cache/kept
		COPY --from=made /srv /srv
		COPY --link tree /linked
		COPY --link into /etc
		RUN cat /etc/passwd /linked/deep/one >/both && rm -r /linked/deep && rm /bin/yes
		RUN test ! -e /linked/deep && test ! -e /bin/yes && test -e /srv/made/gone/new
	END
}

# built NAME [PROGRAM ARG...]: the digest of the image of many_kinds, made under that program.
built() {
	rm -rf "store.$1"
	cp -a store "store.$1"
	SOURCE_DATE_EPOCH=1700000000 "${@:2}" creel-image --store "store.$1" build --progress plain -t x:1 \
		--metadata-file meta --output type=image,rewrite-timestamp=true ctx >said 2>out || {
		cat out >&2
		return 1
	}
	jq -er '."containerimage.digest"' meta
}

@test "kernels without the new mount calls build the same image" {
	many_kinds
	new=$(built new)
	[ -n "$new" ]
	[ "$(built old no_syscall fsopen --)" = "$new" ]
	[ "$(built older no_syscall fsopen,openat2,clone3,close_range,mount_setattr,pidfd_getfd --)" = "$new" ]
}

# on_overlay PROGRAM [ARG...]: the same where $1's store lies on an overlay, as all files of a container do.
on_overlay() {
	mkdir -p lower upper work
	unshare -m sh -euc 'mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work "$1"
		cp -a store/. "$1"; shift; exec "$@"' sh "$@"
}

@test "a store on an overlay builds the same image from copies, and says so once" {
	many_kinds
	new=$(built new)
	mkdir -p store.copied
	SOURCE_DATE_EPOCH=1700000000 on_overlay store.copied creel-image --store store.copied build --progress plain -t x:1 \
		--metadata-file meta --output type=image,rewrite-timestamp=true ctx >said 2>out || {
		cat out
		false
	}
	[ "$(jq -er '."containerimage.digest"' meta)" = "$new" ]
	[ "$(grep -c 'no overlay can be made' out)" -eq 1 ]
}

@test "on an overlay a cache is unpacked over copies, what is in use is kept, and mount says what to do" {
	printf 'FROM base:1\nRUN rm /etc/passwd && echo made >/made\nCOPY --link into /etc/\n' >ctx/Dockerfile
	mkdir ctx/into
	echo over >ctx/into/new
	cp -a store made
	creel-image --store made build -q -t x:1 --cache-to type=local,dest=cache,mode=max ctx
	echo 'RUN cat /made /etc/new >/both && test ! -e /etc/passwd' >>ctx/Dockerfile
	mkdir store.copied
	on_overlay store.copied sh -euc '
		img() { creel-image --store store.copied "$@"; }
		img build --progress plain -t y:1 --cache-from type=local,src=cache ctx
		img prune
		test "$(ls store.copied/snapshots | grep -c ^plain-)" -eq 3
		img build --progress plain -o tree ctx
		img bundle y:1 bundle /bin/sh
		grep -q over bundle/rootfs/both
		! img mount --rw y:1
		! img bundle --rootfs=overlay base:1 store.copied/other /bin/sh
	' >said 2>out || {
		cat out
		false
	}
	[ "$(grep -c ' CACHED' out)" -eq 5 ]
	[ "$(cat tree/both bundle/rootfs/both)" = "$(printf 'made\nover\nmade\nover')" ]
	says 'choose a store elsewhere'
	says 'choose a directory on another'
}

@test "an ordinary user's store on an overlay" {
	requires userns
	requires program setpriv newuidmap newgidmap
	make_user
	many_kinds
	chmod 755 "$ROOM"
	mkdir lower upper work home bin
	cp "$(command -v creel)" "$(command -v creel-image)" bin/
	creel-image --store store save -o lower/base.tar base:1 >/dev/null
	cp -r ctx lower/ctx
	chown -R "$ROOTLESS_ID:$ROOTLESS_ID" lower upper
	unshare -m sh -euc 'mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work home; cd home; exec "$@"' sh \
		setpriv --reuid "$ROOTLESS_ID" --regid "$ROOTLESS_ID" --clear-groups env -i HOME="$ROOM/home" PATH="$ROOM/bin:$PATH" sh -euc '
			creel-image --store st load -i base.tar >/dev/null
			exec creel-image --store st build --progress plain -o type=tar,dest=- ctx' >said 2>out || {
		cat out
		false
	}
	says 'no overlay can be made'
	tar -xOf said both | grep -qx over
}
