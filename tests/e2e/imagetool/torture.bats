#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Pulls and removals that are killed at any system call, or that find the disk full at any step: the store is
# sound afterwards and the next pull completes it.  CREEL_SAFETY_FULL=1 tries each call, else every few.

bats_require_minimum_version 1.5.0
load ../helpers
load layout
load registry

setup_file() {
	requires root program docker-registry skopeo jq curl
	cd "$BATS_FILE_TMPDIR"
	start_registry "$PWD/registry"
	export REGISTRY
	mkdir -p one/bin two/etc
	head -c 200000 /dev/urandom >one/bin/program
	for i in $(seq 40); do echo "$i" >"two/etc/$i"; done
	ln two/etc/1 two/etc/link
	tar -C one -czf one.tar.gz bin
	tar -C two -czf two.tar.gz etc
	make_layout layout-a a one.tar.gz two.tar.gz
	CONFIG='{"Cmd":["/bin/program"]}' make_layout layout-b b one.tar.gz
	push layout-a:a test/image:a
	push layout-b:b test/image:b
}

teardown_file() {
	stop_registry "$BATS_FILE_TMPDIR/registry"
}

setup() {
	STORE=$BATS_TEST_TMPDIR/store
	A=$REGISTRY/test/image:a
	B=$REGISTRY/test/image:b
	STRIDE=61
	[ -z "${CREEL_SAFETY_FULL:-}" ] || STRIDE=1
}

# No snapshot that is not whole, no blob that is not what it is called.
sound() {
	[ -s "$STORE/oci-layout" ] || return 0
	store_is_sound "$STORE"
	image verify -q
}

completes() {
	image pull -q "$A" >/dev/null
	sound
	no_leftovers "$STORE"
	[ "$(ls "$STORE/snapshots" | wc -l)" = 2 ]
	[ "$(ls "$STORE/partial")" = "" ]
}

# kill_pulls [-i] OPTION...: kill a pull into a fresh store at each STRIDEth call, of its workers with -i.
kill_pulls() {
	local n=$((RANDOM % STRIDE + 1)) status=0 who=()
	[ "${1-}" != -i ] || {
		who=(-i)
		shift
	}
	for (( ; ; n += STRIDE)); do
		[ ! -e "$STORE" ] || rm -r "$STORE"
		status=0
		kill_at "${who[@]}" "$n" creel-image --store "$STORE" pull -q "$@" "$A" \
			>/dev/null 2>&1 3>"$BATS_TEST_TMPDIR/calls" || status=$?
		[ "$status" = 0 ] || break
		sound || {
			echo "not sound after a kill at call $n" >&2
			return 1
		}
		completes || {
			echo "not completed after a kill at call $n" >&2
			return 1
		}
	done
	[ "$status" = 1 ]
	[ "$(cat "$BATS_TEST_TMPDIR/calls")" -gt 20 ]
}

@test "a pull that is killed at any call leaves a store that the next one completes" {
	kill_pulls
}

@test "a pull that is killed at any call of its workers, likewise" {
	kill_pulls -i --snapshots=dir
}

@test "a removal that is killed at any call frees the rest the next time" {
	STRIDE=$((STRIDE > 13 ? 13 : STRIDE))
	status=0
	for ((n = RANDOM % STRIDE + 1; ; n += STRIDE)); do
		image pull -q "$A" >/dev/null
		image pull -q "$B" >/dev/null
		status=0
		kill_at "$n" creel-image --store "$STORE" rm -q "$A" >/dev/null 2>&1 3>/dev/null || status=$?
		[ "$status" = 0 ] || break
		sound
		image prune -q
		no_leftovers "$STORE"
		sound
		[ "$(image list --names | grep -c ":b$")" = 1 ]
		if [ "$(image list --names | wc -l)" = 1 ]; then
			[ "$(blob_count "$STORE")" = 3 ]
			[ "$(ls "$STORE/snapshots" | wc -l)" = 1 ]
		fi
	done
	[ "$status" = 1 ]
}

# no_room OPTIONS-OF-TMPFS: exit status of a pull into such a store; it must be sound, and complete with more room.
no_room() {
	export STORE A
	export -f image sound completes store_is_sound no_leftovers
	unshare -m bash -euc '
		mkdir -p "$STORE"
		mount -t tmpfs -o "$1" none "$STORE"
		status=0
		image pull -q $2 "$A" >/dev/null 2>"$3" || status=$?
		[ "$status" = 0 ] || [ "$status" = 6 ]
		[ "$status" = 0 ] || grep -qE "No space left on device|has room for" "$3"
		sound
		mount -o remount,size=100m,nr_inodes=10000 "$STORE"
		completes
		exit "$status"' sh "$@" "$BATS_TEST_TMPDIR/err"
}

@test "a disk that is full at any number of bytes is said to be, and nothing is half done" {
	failed=0
	for kib in 8 40 120 205 220 300 380 420 430 460 500; do
		status=0
		no_room "size=${kib}k" "" || status=$?
		[ "$status" = 0 ] || [ "$status" = 6 ] || {
			echo "at $kib KiB: status $status: $(cat "$BATS_TEST_TMPDIR/err")" >&2
			return 1
		}
		failed=$((failed + (status == 6)))
	done
	[ "$failed" -gt 5 ]
}

@test "likewise at any number of files" {
	failed=0
	for inodes in $(seq 2 7 100); do
		status=0
		no_room "size=100m,nr_inodes=$inodes" --snapshots=dir || status=$?
		[ "$status" = 0 ] || [ "$status" = 6 ] || {
			echo "with $inodes inodes: status $status: $(cat "$BATS_TEST_TMPDIR/err")" >&2
			return 1
		}
		failed=$((failed + (status == 6)))
	done
	[ "$failed" -gt 5 ]
}
