# SPDX-License-Identifier: Apache-2.0
# What the image tool's tests share: a private room per test, images from descriptions of their
# layers, and a canary beside the directory that no layer may reach.

load ../helpers
load layout

room_setup() {
	ROOM=$(mktemp -d)
	cd "$ROOM"
	mkdir outside
	echo untouched >outside/canary
	echo untouched >canary
	touch -d '2020-01-01' outside canary outside/canary
}

# Bundles mount their root file systems.
unmount_below() {
	awk -v top="$1/" 'index($5, top) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
		while read -r target; do
			umount -l "$target"
		done
}

# drop BUNDLE...: with its mount
drop() {
	local b
	for b in "$@"; do
		unmount_below "$(pwd -P)/$b"
		rm -rf "$b"
	done
}

room_teardown() {
	cd /
	unmount_below "$ROOM"
	rm -rf "$ROOM"
}

# layer FILE.tar < DESCRIPTION (see tests/tools/mktar.c)
layer() {
	mktar >"$1"
}

digest_of() {
	echo "sha256:$(sha256sum <"$1" | cut -d' ' -f1)"
}

# image_of LAYER-DESCRIPTION...: layout/ has the image x of these layers, 1.tar, 2.tar, ...
image_of() {
	local n=0 files=() text
	rm -rf layout
	for text in "$@"; do
		n=$((n + 1))
		layer "$n.tar" <<<"$text"
		files+=("$n.tar")
	done
	make_layout layout x "${files[@]}"
}

# Nothing outside the target was touched, and nothing half-made was left.
assert_untouched() {
	[ "$(cat outside/canary canary)" = "$(printf 'untouched\nuntouched')" ]
	[ "$(stat -c %Y outside/canary canary | sort -u)" = "$(date -d 2020-01-01 +%s)" ]
	[ "$(stat -c %Y outside)" = "$(date -d 2020-01-01 +%s)" ]
	[ "$(ls outside)" = canary ]
	[ -z "$(ls -A | grep -F .creel-image- || true)" ]
}

# unpack_fails TEXT: the image x of layout/ is refused, for a reason that contains TEXT.
unpack_fails() {
	run creel-image --store layout unpack x target
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"$1"* ]]
	[ ! -e target ]
	assert_untouched
}

unpack_works() {
	run creel-image --store layout unpack x target
	echo "$output"
	[ "$status" -eq 0 ]
	assert_untouched
}

# kill_servers: those whose pids a test has put into SERVERS.
kill_servers() {
	local pid
	for pid in "${SERVERS[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
}

# In every hierarchy; other people's control groups may go away while find looks.
groups_below() { # GROUP
	find /sys/fs/cgroup -type d -path "*/$1/*" 2>/dev/null || true
}
remove_group() { # NAME
	{ find /sys/fs/cgroup -type d -name "$1" 2>/dev/null || true; } | xargs -r rmdir
}
