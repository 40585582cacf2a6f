#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Who one is for a registry: login, logout, the files and helpers of other tools, tokens of all
# kinds; and that no secret goes where it does not belong.

bats_require_minimum_version 1.5.0
load ../helpers
load layout
load registry

SECRET='s3cret pass'
BASIC=YW5uOnMzY3JldCBwYXNz # ann:s3cret pass

setup_file() {
	requires program docker-registry skopeo podman jq curl
	cd "$BATS_FILE_TMPDIR"
	# "s3cret pass"
	# shellcheck disable=SC2016
	echo 'ann:$2y$05$abcdefghijklmnopqrstuu1qdcFaS0PtqFUPzaCxLQ8/0lspH0ZEW' >htpasswd
	start_registry "$PWD/registry" "" "auth: {htpasswd: {realm: private, path: $PWD/htpasswd}}"
	export REGISTRY
	mkdir -p one/bin
	head -c 20000 /dev/urandom >one/bin/program
	tar -C one -czf one.tar.gz bin
	make_layout layout a one.tar.gz
	push layout:a team/image:a --dest-creds "ann:s3cret pass"
}

teardown_file() {
	stop_registry "$BATS_FILE_TMPDIR/registry"
}

setup() {
	STORE=$BATS_TEST_TMPDIR/store
	export HOME=$BATS_TEST_TMPDIR/home XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run
	unset XDG_CONFIG_HOME DOCKER_CONFIG REGISTRY_AUTH_FILE
	AUTH=$XDG_RUNTIME_DIR/containers/auth.json
	mkdir -p "$HOME" "$XDG_RUNTIME_DIR"
}

teardown() {
	stop_hostile
	stop_registry "$BATS_TEST_TMPDIR/tokens"
}

log_in() { # ARG...
	printf '%s\n' "$SECRET" | creel-image login -u ann --password-stdin "$@"
}

# auth_json HOST [MEMBER]: a file for that host.
auth_json() {
	mkdir -p "$(dirname "$AUTH")"
	echo "{\"auths\":{\"$1\":{${2:-\"auth\":\"$BASIC\"}}}}" >"$AUTH"
}

refuses() { # NAME TEXT [OPTION...]
	local name=$1 text=$2
	shift 2
	run -5 image pull -q --retry 0 "$@" "$name"
	echo "$output"
	[[ $output == *"$text"* ]]
	[[ $output != *"$SECRET"* && $output != *"$BASIC"* ]]
}

# helper NAME < SCRIPT: docker-credential-NAME in PATH; it gets the verb as $1.
helper() {
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	{
		echo '#!/bin/bash'
		cat
	} >"$BATS_TEST_TMPDIR/bin/docker-credential-$1"
	chmod +x "$BATS_TEST_TMPDIR/bin/docker-credential-$1"
	export PATH="$BATS_TEST_TMPDIR/bin:$PATH"
}

# ---- login and logout -----------------------------------------------------------------------------

@test "without credentials a private registry says how to log in" {
	refuses "$REGISTRY/team/image:a" "wants a user name and a password: 'creel-image login $REGISTRY'"
}

@test "login keeps what the registry takes, skopeo and podman read it, logout forgets it" {
	run -0 log_in "$REGISTRY"
	[ "$output" = "$REGISTRY: ann is logged in ($AUTH)" ]
	[ "$(stat -c %a "$AUTH")" = 600 ]
	[ "$(stat -c %a "$(dirname "$AUTH")")" = 700 ]
	image pull -q "$REGISTRY/team/image:a"
	skopeo inspect --tls-verify=false "docker://$REGISTRY/team/image:a" >/dev/null
	[ "$(podman login --get-login "$REGISTRY")" = ann ]
	[ "$(creel-image login --get-login "$REGISTRY")" = ann ]
	run -0 creel-image logout "$REGISTRY"
	run -5 creel-image logout "$REGISTRY"
	[[ $output == *"nobody is logged in to '$REGISTRY'" ]]
	run -5 creel-image login --get-login "$REGISTRY"
	refuses "$REGISTRY/team/image:a" "creel-image login"
}

@test "a password the registry refuses is not kept" {
	run -5 bash -c "echo wrong | creel-image login -u ann --password-stdin $REGISTRY"
	[[ $output == *"log in to '$REGISTRY'"* ]]
	[[ $output != *wrong* ]]
	[ ! -e "$AUTH" ]
}

@test "login leaves what else is in the file, and a link where it leads" {
	mkdir -p "$(dirname "$AUTH")"
	echo '{"auths":{"other":{"auth":"eDp5"}},"credHelpers":{"x":"y"},"HttpHeaders":{"a":["b"]}}' \
		>"$BATS_TEST_TMPDIR/real"
	ln -s "$BATS_TEST_TMPDIR/real" "$AUTH"
	log_in "$REGISTRY"
	[ -L "$AUTH" ]
	run -0 jq -c '[.auths.other.auth, .credHelpers.x, .HttpHeaders.a[0], (.auths | length)]' \
		"$BATS_TEST_TMPDIR/real"
	[ "$output" = '["eDp5","y","b",2]' ]
	creel-image logout "$REGISTRY"
	run -0 jq -c '.auths | keys' "$BATS_TEST_TMPDIR/real"
	[ "$output" = '["other"]' ]
	run -5 creel-image logout --all
	[[ $output == *"'docker-credential-y' is not in PATH"* ]]
	run -0 jq -c '.auths' "$BATS_TEST_TMPDIR/real"
	[ "$output" = '{}' ]
}

@test "a password on the command line is refused, and not repeated" {
	run ! creel-image login -u ann -p "$SECRET" "$REGISTRY"
	[[ $output == *"--password-stdin"* && $output != *"$SECRET"* ]]
	run ! image pull --creds "ann:$SECRET" "$REGISTRY/team/image:a"
	[[ $output == *"--password-stdin"* && $output != *"$SECRET"* ]]
}

@test "on a terminal the password is asked for and not shown" {
	requires program script
	touch "$BATS_TEST_TMPDIR/shown"
	types "$BATS_TEST_TMPDIR/shown" Username: 'ann\n' Password: "$SECRET\n" "logged in" "" |
		script -qec "creel-image login $REGISTRY" /dev/null >"$BATS_TEST_TMPDIR/shown"
	output=$(<"$BATS_TEST_TMPDIR/shown")
	echo "$output"
	[[ $output == *"Username: "*"Password: "* ]]
	[[ $output == *"ann is logged in"* ]]
	[[ ${output#*Password} != *"$SECRET"* ]]
	[ "$(jq -r '.auths[].auth' "$AUTH")" = "$BASIC" ]
}

# Ctrl-C is for all that is in the foreground: the shell around the program stays for its trap, where the caller of these
# tests does not ignore the signal anyway
@test "Ctrl-C at the password leaves a terminal that shows what is typed" {
	requires program script stty
	touch "$BATS_TEST_TMPDIR/shown"
	types "$BATS_TEST_TMPDIR/shown" Password: '\003' "echo " "" |
		script -qec "trap : INT; env --default-signal=INT creel-image login -u ann $REGISTRY
			echo status \$?; stty -a" /dev/null >"$BATS_TEST_TMPDIR/shown"
	output=$(<"$BATS_TEST_TMPDIR/shown")
	echo "$output"
	[[ $output == *"interrupted by"*"status 130"*" echo "* ]]
	[ ! -e "$AUTH" ]
}

@test "--creds is for one command, and keeps nothing" {
	run -0 bash -c "printf '%s' '$SECRET' | creel-image --store '$STORE' pull -q \
		--creds ann --password-stdin '$REGISTRY/team/image:a'"
	[ ! -e "$AUTH" ]
}

@test "push, copy and tags are let in as pull is" {
	run -0 bash -c "printf '%s' '$SECRET' | creel-image copy -q --src-creds ann --src-password-stdin \
		'docker://$REGISTRY/team/image:a' 'oci:$BATS_TEST_TMPDIR/out:a'"
	run -5 creel-image copy -q "oci:$BATS_TEST_TMPDIR/out:a" "docker://$REGISTRY/team/copy:a"
	run -0 bash -c "printf '%s' '$SECRET' | creel-image copy -q --dest-creds ann --dest-password-stdin \
		'oci:$BATS_TEST_TMPDIR/out:a' 'docker://$REGISTRY/team/by-name:a'"
	log_in "$REGISTRY"
	mv "$AUTH" "$BATS_TEST_TMPDIR/elsewhere"
	creel-image copy -q --src-authfile "$BATS_TEST_TMPDIR/elsewhere" --dest-authfile "$BATS_TEST_TMPDIR/elsewhere" \
		"docker://$REGISTRY/team/by-name:a" "docker://$REGISTRY/team/by-file:a"
	run -5 creel-image copy -q --src-authfile "$BATS_TEST_TMPDIR/elsewhere" \
		"docker://$REGISTRY/team/by-file:a" "docker://$REGISTRY/team/by-nothing:a"
	log_in "$REGISTRY"
	creel-image copy -q "oci:$BATS_TEST_TMPDIR/out:a" "docker://$REGISTRY/team/copy:a"
	image pull -q "$REGISTRY/team/copy:a"
	image push -q "$REGISTRY/team/copy:a" "docker://$REGISTRY/team/more:b"
	run -0 creel-image tags "$REGISTRY/team/more"
	[ "$output" = b ]
}

@test "logins at the same time lose nothing" {
	start_hostile
	local i pids=()
	for i in $(seq 12); do
		log_in "$HOSTILE/n$i" 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	[ "$(jq '.auths | length' "$AUTH")" = 12 ]
}

# ---- What other tools keep ------------------------------------------------------------------------

@test "podman's and skopeo's logins are ours" {
	printf '%s' "$SECRET" | podman login --tls-verify=false -u ann --password-stdin \
		--authfile "$BATS_TEST_TMPDIR/p" "$REGISTRY"
	printf '%s' "$SECRET" | skopeo login --tls-verify=false -u ann --password-stdin \
		--authfile "$BATS_TEST_TMPDIR/s" "$REGISTRY"
	image pull -q --authfile "$BATS_TEST_TMPDIR/p" "$REGISTRY/team/image:a"
	image rm -qa
	REGISTRY_AUTH_FILE=$BATS_TEST_TMPDIR/s image pull -q "$REGISTRY/team/image:a"
	run -0 creel-image logout --authfile "$BATS_TEST_TMPDIR/p" "$REGISTRY"
	run -0 jq -c .auths "$BATS_TEST_TMPDIR/p"
	[ "$output" = '{}' ]
}

@test "docker's config.json is read, with its spellings of a host" {
	mkdir -p "$HOME/.docker"
	for key in "$REGISTRY" "https://$REGISTRY" "http://$REGISTRY/v2/" "https://$REGISTRY/v1/"; do
		echo "{\"auths\":{\"$key\":{\"auth\":\"$BASIC\"}}}" >"$HOME/.docker/config.json"
		image pull -q "$REGISTRY/team/image:a"
		image rm -qa
	done
	mkdir "$BATS_TEST_TMPDIR/d"
	mv "$HOME/.docker/config.json" "$BATS_TEST_TMPDIR/d"
	refuses "$REGISTRY/team/image:a" "creel-image login"
	DOCKER_CONFIG=$BATS_TEST_TMPDIR/d image pull -q "$REGISTRY/team/image:a"
}

@test "of namespaces the longest that leads there is used" {
	mkdir -p "$(dirname "$AUTH")"
	cat >"$AUTH" <<-END
		{"auths": {"$REGISTRY": {"auth": "eDp5"}, "$REGISTRY/tea": {"auth": "eDp5"},
		 "$REGISTRY/team/image": {"auth": "$BASIC"}, "$REGISTRY/team": {"auth": "eDp5"}}}
	END
	image pull -q "$REGISTRY/team/image:a"
	[ "$(creel-image login --get-login "$REGISTRY/team/image")" = ann ]
	[ "$(creel-image login --get-login "$REGISTRY/team/other")" = x ]
}

@test "a file that is broken is named" {
	mkdir -p "$(dirname "$AUTH")"
	echo '{"auths":' >"$AUTH"
	run ! image pull -q "$REGISTRY/team/image:a"
	[[ $output == *"$AUTH"* ]]
	auth_json "$REGISTRY" '"auth":"%%%"'
	run ! image pull -q "$REGISTRY/team/image:a"
	[[ $output == *"$AUTH': entry '$REGISTRY': 'auth' is not base64"* ]]
}

# ---- Helpers --------------------------------------------------------------------------------------

@test "a helper is asked, told and made to forget, and gets secrets by pipe only" {
	helper test <<-'END'
		f=$HOME/helper; input=$(cat)
		echo "$* : $input" >>"$HOME/calls"
		case $1 in
		store) printf '%s' "$input" >"$f" ;;
		get) [ -f "$f" ] && cat "$f" || { echo "credentials not found in native keychain"; exit 1; } ;;
		erase) [ -f "$f" ] && rm "$f" || { echo "credentials not found in native keychain"; exit 1; } ;;
		list) [ -f "$f" ] && jq '{(.ServerURL): .Username}' "$f" || echo '{}' ;;
		esac
	END
	mkdir -p "$(dirname "$AUTH")"
	echo "{\"credHelpers\":{\"$REGISTRY\":\"test\"}}" >"$AUTH"
	refuses "$REGISTRY/team/image:a" "creel-image login"
	run -0 log_in "$REGISTRY"
	[[ $output == *"(docker-credential-test)" ]]
	run -1 grep -q "$BASIC" "$AUTH"
	[ "$(jq -r .Secret "$HOME/helper")" = "$SECRET" ]
	image pull -q "$REGISTRY/team/image:a"
	creel-image logout --all
	[ ! -e "$HOME/helper" ]
	run -0 cut -d' ' -f1,2 "$HOME/calls"
	[ "$(sort -u <<<"$output" | tr '\n' ' ')" = "erase : get : list : store : " ]
}

@test "credsStore is for every host, and <token> is an identity token" {
	start_hostile
	helper any <<<"cat >/dev/null; echo '{\"Username\":\"<token>\",\"Secret\":\"identity\"}'"
	mkdir -p "$HOME/.docker"
	echo '{"credsStore":"any"}' >"$HOME/.docker/config.json"
	image pull -q "$HOSTILE/as-identity:1"
}

@test "a helper that hangs, prints garbage or gigabytes, fails or is missing is an error, and its words stay unsaid" {
	mkdir -p "$(dirname "$AUTH")"
	echo "{\"credHelpers\":{\"$REGISTRY\":\"bad\"}}" >"$AUTH"
	refuses "$REGISTRY/team/image:a" "credential helper 'docker-credential-bad' is not in PATH"
	helper bad <<<"echo garbage '$SECRET'"
	refuses "$REGISTRY/team/image:a" "is not what its protocol says"
	helper bad <<<"yes '{\"Secret\":\"$SECRET\"}' | head -c 50000000"
	refuses "$REGISTRY/team/image:a" "is not what its protocol says"
	helper bad <<<"echo '$SECRET'; exit 3"
	refuses "$REGISTRY/team/image:a" "'docker-credential-bad get' exited with status 3"
	helper bad <<<"sleep 1000 & echo \$! >$BATS_TEST_TMPDIR/pid; wait"
	run ! image pull -q --timeout 1 "$REGISTRY/team/image:a"
	[[ $output == *"credential helper 'docker-credential-bad' took longer than 2 s"* ]]
	# Gone, or a zombie whose new parent has yet to look.
	is_gone() {
		! grep -q '^State:.[RSD]' "/proc/$1/status"
	}
	wait_for is_gone "$(cat "$BATS_TEST_TMPDIR/pid")"
	for name in ../evil 'a b' "a;b" "-x/y"; do
		echo "{\"credHelpers\":{\"$REGISTRY\":\"$name\"}}" >"$AUTH"
		run ! image pull -q "$REGISTRY/team/image:a"
		[[ $output == *"is no name of a credential helper"* ]]
	done
}

# ---- Tokens ---------------------------------------------------------------------------------------

@test "a token is got with a password, by GET and where that is not answered by POST" {
	start_hostile
	refuses "$HOSTILE/as-password:1" "refuses anonymous access"
	auth_json "$HOSTILE"
	image pull -q "$HOSTILE/as-password:1"
	image rm -qa
	image pull -q "$HOSTILE/as-post:1"
	grep -q '^POST /auth/post auth=no' "$HOSTILE_LOG"
	run -0 grep '^/auth/password' "$HOSTILE_LOG"
	[[ $output == *"?service=s&scope=repository:as-password:pull&account=ann auth=yes"* ]]
}

# base64url of standard input.
b64() {
	base64 -w0 | tr '+/' '-_' | tr -d =
}

# make_token ACCESS-JSON: a token that docker-registry takes, into $TOKEN_FILE.
make_token() {
	local now head body
	now=$(date +%s)
	head=$(printf '{"typ":"JWT","alg":"RS256","x5c":["%s"]}' \
		"$(openssl x509 -in token.crt -outform DER | base64 -w0)" | b64)
	body=$(printf '{"iss":"issuer","sub":"ann","aud":"service","exp":%d,"nbf":%d,"iat":%d,"jti":"1","access":%s}' \
		$((now + 300)) $((now - 10)) $((now - 10)) "$1" | b64)
	printf '{"token":"%s.%s.%s","expires_in":300}' "$head" "$body" \
		"$(printf '%s.%s' "$head" "$body" | openssl dgst -sha256 -sign token.key -binary | b64)" >"$TOKEN_FILE"
}

@test "docker-registry with tokens is pushed to and pulled from, one token for all that is done" {
	requires program openssl
	cd "$BATS_TEST_TMPDIR"
	openssl req -x509 -newkey rsa:2048 -nodes -keyout token.key -out token.crt -days 2 -subj /CN=issuer 2>/dev/null
	export TOKEN_FILE=$PWD/token
	start_hostile
	private=$REGISTRY
	start_registry "$PWD/tokens" "" "auth: {token: {realm: \"http://$HOSTILE/auth/from-file\", \
service: service, issuer: issuer, rootcertbundle: $PWD/token.crt}}"
	echo "{\"auths\":{\"$REGISTRY\":{\"auth\":\"$BASIC\"},\"$private\":{\"auth\":\"$BASIC\"}}}" >auth
	export REGISTRY_AUTH_FILE=$PWD/auth
	make_token '[{"type":"repository","name":"a/b","actions":["pull","push"]}]'
	image pull -q "$private/team/image:a"
	image push -q "$private/team/image:a" "docker://$REGISTRY/a/b:1"
	run -0 cat "$HOSTILE_LOG"
	[ "$output" = "/auth/from-file?service=service&scope=repository:a/b:pull%2Cpush&account=ann auth=yes range=-" ]
	image rm -qa
	image pull -q "$REGISTRY/a/b:1"
	grep -q 'scope=repository:a/b:pull&account=ann auth=yes' "$HOSTILE_LOG"
	make_token '[{"type":"repository","name":"other","actions":["pull"]}]'
	refuses "$REGISTRY/a/b:1" "refuses what $PWD/auth says of user ann"
}

@test "a token is got with an identity token, and a ready one is sent as it is" {
	start_hostile
	auth_json "$HOSTILE" '"identitytoken":"identity"'
	image pull -q "$HOSTILE/as-identity:1"
	run -1 grep '^/auth' "$HOSTILE_LOG"
	image rm -qa
	auth_json "$HOSTILE" '"registrytoken":"ready"'
	image pull -q "$HOSTILE/as-ready:1"
	run -1 grep '^/auth/ready' "$HOSTILE_LOG"
}

@test "wrong credentials are said to be so, by the place they come from" {
	start_hostile
	auth_json "$HOSTILE" '"auth":"YW5uOndyb25n"'
	refuses "$HOSTILE/as-password:1" "refuses what $AUTH says of user ann"
	refuses "$HOSTILE/as-basic:1" "refuses what $AUTH says of user ann"
	auth_json "$HOSTILE" '"identitytoken":"wrong"'
	refuses "$HOSTILE/as-identity:1" "ask 'http://$HOSTILE/auth/identity' for a token"
}

@test "a token that is about to end is renewed before it is used again" {
	start_hostile
	image pull -q "$HOSTILE/as-old:1"
	[ "$(grep -c '^/auth/old' "$HOSTILE_LOG")" -ge 1 ]
	image pull -q "$HOSTILE/as-old:1"
}

@test "neither password nor token goes to another host by a redirect" {
	start_hostile
	auth_json "$HOSTILE"
	image pull -q "$HOSTILE/as-basic:1"
	grep -q '^/elsewhere auth=no' "$HOSTILE_LOG"
	image rm -qa
	image pull -q "$HOSTILE/as-get-away:1"
	grep -q '^/auth/thief auth=no' "$HOSTILE_LOG"
	run -1 grep -E '^/(elsewhere|auth/thief).* auth=yes' "$HOSTILE_LOG"
	: >"$HOSTILE_LOG"
	refuses "$HOSTILE/as-post-away:1" "for a token"
	run -1 grep thief "$HOSTILE_LOG"
}

@test "a host that the registry leads to learns no password by asking for one" {
	start_hostile
	auth_json "$HOSTILE"
	refuses "$HOSTILE/to-asker:1" "answers 401"
	grep -q '^/asker auth=no' "$HOSTILE_LOG"
	run -1 grep '^/auth/thief' "$HOSTILE_LOG"
}

@test "neither password nor token goes to another port by a redirect" {
	start_hostile
	first=$HOSTILE_PID other=${HOSTILE##*:} log=$HOSTILE_LOG.other
	mv "$HOSTILE_LOG" "$log" # still open there
	rm "$BATS_TEST_TMPDIR/hostile.port"
	start_hostile
	auth_json "$HOSTILE"
	image pull -q "$HOSTILE/as-port.$other:1"
	kill "$first"
	run -0 cat "$log"
	[ "$output" = "/elsewhere auth=no range=-" ]
	grep -q "^/v2/as-port.$other/blobs/.* auth=yes" "$HOSTILE_LOG"
}

@test "a realm on another host without TLS gets no password, and none that is no URL is asked" {
	start_hostile
	auth_json "$HOSTILE"
	refuses "$HOSTILE/as-elsewhere.password:1" "another host, without TLS: refused"
	refuses "$HOSTILE/as-ftp.password:1" "is neither http nor https"
	refuses "$HOSTILE/as-user.password:1" "is malformed"
	refuses "$HOSTILE/as-open-quote:1" "401"
	run -1 grep '^/auth' "$HOSTILE_LOG"
	rm "$AUTH"
	image pull -q "$HOSTILE/as-elsewhere.thief:1"
}

@test "a token server that never ends, drips, lies or leads to a file is given up" {
	start_hostile
	refuses "$HOSTILE/as-endless:1" "the answer is longer than 1048576 bytes"
	refuses "$HOSTILE/as-drip:1" "timed out" --timeout 2
	refuses "$HOSTILE/as-to-file:1" "a redirect to 'file:///etc/passwd' is not followed"
	refuses "$HOSTILE/as-none:1" "has no usable token"
	refuses "$HOSTILE/as-lines:1" "has no usable token"
}

@test "no secret is in what --debug says, nor in the arguments of any process" {
	start_hostile
	auth_json "$HOSTILE"
	run -0 --separate-stderr image --debug pull "$HOSTILE/as-password:1"
	for secret in "$SECRET" "$BASIC" "Bearer" "good\""; do
		[[ $stderr != *"$secret"* ]]
	done
	strace -f -e trace=execve -o "$BATS_TEST_TMPDIR/trace" creel-image login --get-login "$HOSTILE" ||
		skip "no strace"
	run -1 grep -F "$SECRET" "$BATS_TEST_TMPDIR/trace"
}

@test "a proxy's password is not said, also when the proxy is none" {
	for proxy in 'weird://ann:pr0xypass@127.0.0.1:1' 'http://ann:pr0xypass@127.0.0.1:1' 'http://ann:pr0xypass@[bad'; do
		run ! env https_proxy="$proxy" no_proxy='' creel-image --debug --store "$STORE" pull --retry 0 \
			registry.invalid/x
		echo "$output"
		[[ $output != *pr0xypass* ]]
	done
}
