#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# How memory goes from a container to its restored self, with the real criu: chains of pre-dumps, pages sent to
# a server, pages fetched when they are touched.

load criu

# A program with much memory that does not change, and some that does.  Told to, it sums up the former again.
remembering_bundle() {
	local file=/tmp/$NAME
	# No process besides it, whose memory would be all new; no stream put aside by the shell, for it is outside.
	criu_bundle sh -c 'x=$(head -c 300000 /dev/urandom | od -x); echo "$x" | md5sum >'"$file"'.first; mkfifo '"$file"'.ask; : >'"$file"'; exec 9<>'"$file"'.ask; i=0; while ! read -t 1 -u 9 -r go; do i=$((i + 1)); done; echo "$x" | md5sum >'"$file"'.again; sleep 1000'
}

start_remembering() {
	remembering_bundle
	start_container
	wait_for test -e "$COUNTER"
}

remembers() {
	echo go >"$COUNTER.ask"
	wait_for cmp "$COUNTER.first" "$COUNTER.again"
}

# Bytes of memory in an image.
size() {
	cat "$1"/pages-*.img | wc -c
}

@test "each pre-dump of a chain is short, and so is the dump" {
	start_remembering
	c checkpoint --pre-dump --image-path "$BATS_TEST_TMPDIR/one" "$NAME"
	[ "$(status_of "$NAME")" = running ]
	c checkpoint --pre-dump --image-path "$BATS_TEST_TMPDIR/two" --parent-path ../one "$NAME"
	[ "$(status_of "$NAME")" = running ]
	checkpoint --parent-path ../two
	[ "$(readlink "$IMAGE/parent")" = ../two ]
	[ "$(readlink "$BATS_TEST_TMPDIR/two/parent")" = ../one ]
	[ "$(size "$BATS_TEST_TMPDIR/two")" -lt $(($(size "$BATS_TEST_TMPDIR/one") / 2)) ]
	[ "$(size "$IMAGE")" -lt $(($(size "$BATS_TEST_TMPDIR/one") / 2)) ]
	restore
	remembers
}

@test "--auto-dedup drops from the parent what the dump has anew" {
	start_remembering
	c checkpoint --pre-dump --image-path "$BATS_TEST_TMPDIR/pre" "$NAME"
	sync -f "$BATS_TEST_TMPDIR/pre"
	before=$(stat -c %b "$BATS_TEST_TMPDIR"/pre/pages-1.img)
	sleep 1
	checkpoint --parent-path ../pre --auto-dedup
	[ "$(stat -c %b "$BATS_TEST_TMPDIR"/pre/pages-1.img)" -lt "$before" ]
	restore
	remembers
}

@test "--page-server sends memory there" {
	start_remembering
	mkdir "$BATS_TEST_TMPDIR/pages"
	criu page-server --images-dir "$BATS_TEST_TMPDIR/pages" --address 127.0.0.1 --port 9901 -v4 \
		-o "$BATS_TEST_TMPDIR/server.log" </dev/null >/dev/null 2>&1 3>&- &
	server=$!
	listens() { ss -ltn | grep -q ':9901 '; }
	wait_for listens
	checkpoint --page-server 127.0.0.1:9901
	wait "$server"
	# Not one page is in the image of here.
	[ -z "$(find "$IMAGE" -name 'pages-*')" ]
	nothing_left
	mv "$BATS_TEST_TMPDIR"/pages/page* "$IMAGE/"
	restore
	remembers
}

@test "a page server that is not there is told of" {
	start_remembering
	refuses_checkpoint "Can't connect to server 127.0.0.1:9902" --page-server 127.0.0.1:9902
}

@test "--lazy-pages: memory comes when it is touched" {
	start_remembering
	mkfifo "$BATS_TEST_TMPDIR/ready"
	exec 7<>"$BATS_TEST_TMPDIR/ready"
	checkpoint --lazy-pages --page-server 127.0.0.1:9903 --status-fd 7 >"$OUT.dump" 2>&1 &
	dump=$!
	[ "$(timeout 60 head -c 1 <&7 | wc -c)" -eq 1 ]
	[ -e "$IMAGE/inventory.img" ]
	mkdir "$BATS_TEST_TMPDIR/work"
	criu lazy-pages --page-server --address 127.0.0.1 --port 9903 --images-dir "$IMAGE" \
		--work-dir "$BATS_TEST_TMPDIR/work" -v4 -o lazy.log </dev/null >/dev/null 2>&1 3>&- 7>&- &
	lazy=$!
	wait_for test -S "$BATS_TEST_TMPDIR/work/lazy-pages.socket"
	other_group
	restore_as "$NAME-other" --lazy-pages --work-path "$BATS_TEST_TMPDIR/work"
	wait "$lazy"
	wait "$dump" || {
		cat "$OUT.dump"
		false
	}
	exec 7>&-
	remembers
	[ "$(status_of "$NAME-other")" = running ]
	run c state "$NAME"
	[ "$status" -eq 1 ]
}
