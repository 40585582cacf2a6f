#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# AppArmor: a profile is in force from the first instruction of the program.
# shellcheck disable=SC2016
load guest

setup_file() {
	apparmor_parser -r <<-'PROFILE'
		profile creel-test flags=(attach_disconnected) {
			file,
			capability,
			signal,
			deny /secret r,
			deny /tmp/** x,
		}
	PROFILE
}

@test "the profile is the one the program runs under" {
	bundle cat /proc/1/attr/current
	edit '.process.apparmorProfile = "creel-test"'
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$output" = "creel-test (enforce)" ]
}

@test "what the profile denies is denied to root" {
	echo hidden >"$ROOTFS/secret"
	bundle sh -c 'cat /secret || echo denied; cat /etc/passwd | head -n 1'
	edit '.process.apparmorProfile = "creel-test"'
	run c run --bundle "$BUNDLE" "$NAME"
	[[ $output == *"can't open '/secret': Permission denied"*denied*root:* ]]
	edit 'del(.process.apparmorProfile)'
	run c run --bundle "$BUNDLE" "$NAME"
	[[ $output == hidden* ]]
}

@test "exec runs under the container's profile, or one of its own" {
	bundle sleep 100
	edit '.process.apparmorProfile = "creel-test"'
	c run --bundle "$BUNDLE" --detach "$NAME" >/dev/null 2>&1 </dev/null
	[ "$(c exec "$NAME" cat /proc/self/attr/current)" = "creel-test (enforce)" ]
	[ "$(c exec --apparmor unconfined "$NAME" cat /proc/self/attr/current)" = unconfined ]
}

@test "a profile that is not loaded is an error that names it" {
	bundle true
	edit '.process.apparmorProfile = "no-such-profile"'
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$status" -ne 0 ]
	[[ $output == *no-such-profile* ]]
}
