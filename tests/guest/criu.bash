# SPDX-License-Identifier: Apache-2.0
# What the tests with the real criu share, besides guest.bash.
# shellcheck disable=SC2016,SC2154 # jq has variables of its own, and run of bats sets some
load guest

setup_file() {
	CRIU_LACKS=
	if ! command -v criu jq >/dev/null; then
		CRIU_LACKS="needs the programs criu and jq"
	elif ! criu check >/dev/null 2>&1; then
		CRIU_LACKS="criu does not work on this host: $(criu check 2>&1 | tail -n 1)"
	fi
	export CRIU_LACKS
}

setup() {
	[ -z "$CRIU_LACKS" ] || skip "$CRIU_LACKS"
	setup_creel
	PATH=$BATS_TEST_DIRNAME:$PATH
	IMAGE=$BATS_TEST_TMPDIR/image
	OUT=$BATS_TEST_TMPDIR/out
	COUNTER=$ROOTFS/tmp/$NAME
}

teardown() {
	teardown_creel
	rm -f "$COUNTER"*
}

# criu before 3.19 forgets noNewPrivileges, and creel then refuses.
criu_bundle() {
	bundle "$@"
	sed -i 's/"noNewPrivileges": true/"noNewPrivileges": false/' "$BUNDLE/config.json"
}

# A program that counts, in memory and in a file.  It appends: a file that is written anew is empty for a
# moment, and a dump may be of that moment.
counting_bundle() {
	criu_bundle sh -c 'i=0; while :; do i=$((i + 1)); echo $i >>/tmp/'"$NAME"'; sleep 0.1; done'
}

start_container() {
	c run --detach --bundle "$BUNDLE" "$NAME" >"$OUT" 2>&1 </dev/null 3>&- || {
		cat "$OUT"
		return 1
	}
}

checkpoint() {
	c checkpoint --image-path "$IMAGE" "$@" "$NAME" 3>&-
}

# refuses_checkpoint TEXT OPTION...: it fails with TEXT, and the container runs on.
refuses_checkpoint() {
	run checkpoint "${@:2}"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"criu dump failed:"*"$1"* ]]
	has_status "$NAME" running
	rm -rf "$IMAGE"
}

# restore_as ID OPTION...: in the background.
restore_as() {
	c restore --detach --image-path "$IMAGE" --bundle "$BUNDLE" "${@:2}" "$1" >"$OUT" 2>&1 </dev/null 3>&- || {
		cat "$OUT"
		return 1
	}
}

restore() {
	restore_as "$NAME" "$@"
}

# $BUNDLE for a second container beside the first.
other_group() {
	sed -i "s,/creel-e2e/$NAME,&-other," "$BUNDLE/config.json"
}

count() {
	tail -n 1 "$COUNTER"
}

counter_is_beyond() {
	[ -s "$COUNTER" ] && [ "$(count)" -gt "$1" ]
}
