#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Builds on a Debian of today: packages by apt, C by gcc, Python by pip.  What packages hold changes, so nothing is
# recorded: BuildKit in dockerd builds the same here and now.

bats_require_minimum_version 1.5.0
load common
load oracle
load verdict

able() {
	[ "$(id -u)" -eq 0 ] && command -v jq python3 mmdebstrap dockerd docker skopeo >/dev/null
}

# Its package lists come from where this machine's come from; a third of the compiler's package is for
# what no case does.  DEBIAN_BASE names one made before.
debian_base() { # FILE
	if [ -n "${DEBIAN_BASE:-}" ]; then
		cp "$DEBIAN_BASE" "$1"
		return
	fi
	# shellcheck disable=SC2046 # one word
	mmdebstrap --quiet --variant=apt --include=gcc,libc6-dev,python3,python3-pip --dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt=force-unsafe-io \
		--dpkgopt='path-exclude=/usr/lib/gcc/*/lto1' --dpkgopt='path-exclude=/usr/bin/*-lto-dump-*' \
		--dpkgopt='path-exclude=/usr/lib/*/lib*san.*' --aptopt='APT::Install-Recommends "false"' \
		$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release) "$1" >"$1.log" 2>&1 || {
		cat "$1.log"
		return 1
	}
}

setup_file() {
	able || return 0
	export ORACLE=$BATS_FILE_TMPDIR/oracle
	mkdir "$ORACLE"
	oracle_open "$ORACLE"
	debian_base "$ORACLE/images/debian.tar"
	CONFIG='{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["bash"]},"history":[{"created_by":"debian"}]' \
		make_layout "$ORACLE/images/debian" creel.test/debian:1 "$ORACLE/images/debian.tar"
	echo "sha256:$(sha256sum <"$ORACLE/images/debian.tar" | cut -d' ' -f1)" >>"$ORACLE/base.diffs"
	creel-image --store "$ORACLE/store" load -i "$ORACLE/images/debian" --name creel.test/debian:1
	open_buildkit
	skopeo copy -q --dest-daemon-host "unix://$ORACLE/docker.sock" "oci:$ORACLE/images/debian" docker-daemon:creel.test/debian:1
}

teardown_file() {
	[ -z "${ORACLE:-}" ] || oracle_close
	unmount_below "$BATS_FILE_TMPDIR"
}

setup() {
	requires root
	requires program jq python3 mmdebstrap dockerd docker skopeo
	CASES=$SRC_DIR/tests/e2e/imagetool/dockerfiles.debian
}

# What a step opened for writing and left as it was is no change for us, and directories may have
# another time: config, history and tree are compared, directories but for those that changed with time alone.
meant() { # FILE THEIRS
	sed '/^}$/q' "$1"
	sed -n '/^tree$/,$p' "$1" | settled_times "$2" - | grep -v ' dir .* mtime=now$'
}

same_by_both() { # CASE
	oracle_build buildkit "$1" >"$ORACLE/theirs" || {
		cat "$ORACLE/buildkit.log"
		return 1
	}
	oracle_build creel "$1" >"$ORACLE/ours" || {
		cat "$ORACLE/creel.log"
		return 1
	}
	diff <(meant "$ORACLE/theirs" "$ORACLE/theirs") <(meant "$ORACLE/ours" "$ORACLE/theirs")
}

@test "apt-get installs and removes packages from this machine's sources, with capabilities" { same_by_both apt; }
@test "a C program is built by gcc and goes alone into an empty image" { same_by_both c-scratch; }
@test "pip installs a wheel from a local index" { same_by_both pip; }
