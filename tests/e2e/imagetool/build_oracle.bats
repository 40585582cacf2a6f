#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# creel-image build makes what BuildKit makes: the cases below dockerfiles/, entry by entry and field by
# field.  All are compared with what is recorded of BuildKit; some are built by BuildKit in Debian's dockerd
# and by buildah here and now, so that the records stay true.  oracle.bash says what a case is, oracle.sh
# records.

bats_require_minimum_version 1.5.0
load common
load oracle
load verdict

able() {
	[ "$(id -u)" -eq 0 ] && command -v jq python3 setfattr git zstd >/dev/null
}

setup_file() {
	able || return 0
	export ORACLE=$BATS_FILE_TMPDIR/oracle
	mkdir "$ORACLE"
	oracle_open "$ORACLE"
}

teardown_file() {
	[ -z "${ORACLE:-}" ] || oracle_close
	unmount_below "$BATS_FILE_TMPDIR"
}

setup() {
	requires root
	requires program jq python3 setfattr git zstd
}

# check BUILDER CASE...: all of them, and then whether one failed.
check() {
	local builder=$1 name failed=0
	shift
	[ $# -gt 0 ]
	for name; do
		check_case "$builder" "$name" || failed=$((failed + 1))
	done
	[ "$failed" -eq 0 ]
}

group() { # PREFIX
	local names=()
	mapfile -t names < <(cd "$CASES" && printf '%s\n' "$1"-*)
	check creel "${names[@]}"
}

@test "applications of several stages" { group app; }
@test "COPY" { group copy; }
@test "ADD" { group add; }
@test ".dockerignore" { group ignore; }
@test "the language: arguments, substitution, stages, what only changes the config" { group lang; }
@test "heredocs" { group heredoc; }
@test "RUN: what steps leave, whiteouts, mounts" { group run; }
@test "what is wrong fails, at the line that is to blame" { group error; }

@test "there are at least 120 cases, each with what BuildKit makes of it or how it fails" {
	local name n=0
	for name in "$CASES"/*/; do
		[ -s "$name/Dockerfile" ]
		[ -s "$name/buildkit" ] || [ -s "$name/error" ]
		[ ! -e "$name/expect" ] || grep -q '^# ..' "$name/expect"
		n=$((n + 1))
	done
	[ "$n" -ge 120 ]
}

@test "BuildKit in dockerd builds what is recorded of it" {
	requires program dockerd docker skopeo
	open_buildkit
	check buildkit app-node-prisma copy-dir-content copy-chown copy-hardlinks add-archives run-replace run-opaque \
		run-xattrs lang-arg-env lang-env-forms lang-workdir lang-onbuild-run ignore-exceptions error-typo run-fails
}

@test "buildah builds what is recorded of it" {
	requires program buildah skopeo runc
	open_buildah
	check buildah copy-dir-content run-replace lang-arg-env error-typo
}
