#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Where images are had: mirrors, blocked and insecure registries, certificates, proxies, and
# addresses that a registry must not lead to.

bats_require_minimum_version 1.5.0
load ../helpers
load layout
load registry

setup_file() {
	requires program docker-registry skopeo jq curl openssl
	cd "$BATS_FILE_TMPDIR"
	make_certificates
	start_registry "$PWD/plain"
	export REGISTRY
	mkdir -p one/bin
	head -c 20000 /dev/urandom >one/bin/program
	tar -C one -czf one.tar.gz bin
	make_layout layout a one.tar.gz
	push layout:a team/image:a
	push layout:a mirrored/team/image:a
	TLS=$(REGISTRY='' && start_registry "$PWD/tls" \
		", tls: {certificate: $PWD/server.crt, key: $PWD/server.key}" && echo "$REGISTRY")
	export TLS
	cp -r plain/data tls/data
}

# ca.crt signs server.crt (127.0.0.1), old.crt is over, other.crt is for somebody else, client.crt is
# a person's.
make_certificates() {
	local name
	openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=test-ca \
		-addext basicConstraints=critical,CA:true 2>/dev/null
	for name in server client other; do
		openssl req -newkey rsa:2048 -nodes -keyout $name.key -out $name.csr -subj "/CN=$name" 2>/dev/null
	done
	sign server 2 "subjectAltName=IP:127.0.0.1,DNS:localhost"
	sign other 2 "subjectAltName=DNS:elsewhere.test"
	sign client 2 "extendedKeyUsage=clientAuth"
}

sign() { # NAME DAYS EXTENSION
	openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -out "$1.crt" -days "$2" \
		-extfile <(echo "$3") 2>/dev/null
}

teardown_file() {
	stop_registry "$BATS_FILE_TMPDIR/plain"
	stop_registry "$BATS_FILE_TMPDIR/tls"
}

setup() {
	STORE=$BATS_TEST_TMPDIR/store
	export HOME=$BATS_TEST_TMPDIR/home XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
	unset DOCKER_CONFIG REGISTRY_AUTH_FILE CONTAINERS_REGISTRIES_CONF
	mkdir -p "$HOME" "$XDG_RUNTIME_DIR/containers" "$XDG_CONFIG_HOME/containers"
	CONF=$XDG_CONFIG_HOME/containers/registries.conf
	CERTS=$BATS_FILE_TMPDIR
}

teardown() {
	stop_hostile
	[ ! -f "$BATS_TEST_TMPDIR/s_server.pid" ] || kill "$(cat "$BATS_TEST_TMPDIR/s_server.pid")" 2>/dev/null || true
}

refuses() { # NAME STATUS TEXT [OPTION...]
	local name=$1 status=$2 text=$3
	shift 3
	run "-$status" image pull -q --retry 0 "$@" "$name"
	echo "$output"
	[[ $output == *"$text"* ]]
}

# ---- registries.conf ------------------------------------------------------------------------------

@test "a registry that is blocked is not asked" {
	start_hostile
	echo "[[registry]]
		prefix = '$HOSTILE/good'
		blocked = true" >"$CONF"
	refuses "$HOSTILE/good:1" 5 "'$HOSTILE/good' is blocked by $CONF (prefix '$HOSTILE/good')"
	[ ! -s "$HOSTILE_LOG" ]
	image pull -q "$HOSTILE/shorter-unsaid:1" || true
	[ -s "$HOSTILE_LOG" ]
}

@test "a location takes the place of a prefix, also of one with a wildcard" {
	echo "[[registry]]
		prefix = 'example.invalid/t'
		location = '$REGISTRY/team'
		[[registry]]
		prefix = '*.wild.invalid'
		location = '$REGISTRY/mirrored'
		insecure = true" >"$CONF"
	image pull -q example.invalid/t/image:a
	image list | grep -q example.invalid/t/image
	image pull -q a.b.wild.invalid/team/image:a
	refuses example.invalid/tt/image:a 5 "example.invalid"
	refuses wild.invalid/team/image:a 5 "wild.invalid"
}

@test "mirrors are asked in their order, and the registry itself when they fail" {
	start_hostile
	echo "[[registry]]
		location = '$REGISTRY'
		[[registry.mirror]]
		location = '127.0.0.1:1/nobody'
		[[registry.mirror]]
		location = '$HOSTILE'
		[[registry.mirror]]
		location = '$REGISTRY/mirrored'" >"$CONF"
	run -0 --separate-stderr image --debug pull "$REGISTRY/team/image:a"
	[[ $stderr == *"127.0.0.1:1"*"$HOSTILE"*"/v2/mirrored/team/image/blobs/"* ]]
	run -0 cut -d' ' -f1 "$HOSTILE_LOG"
	[ "$output" = /v2/team/image/manifests/a ]
	echo "[[registry]]
		location = '$REGISTRY'
		[[registry.mirror]]
		location = '127.0.0.1:1/nobody'" >"$CONF"
	image rm -qa
	image pull -q "$REGISTRY/team/image:a"
	refuses "$REGISTRY/team/none:a" 3 "not found in the registry"
}

@test "a blob that a mirror lacks, or breaks off for ever, comes from the registry itself" {
	start_hostile
	for bad in missing-layer dies-always; do
		echo "[[registry]]
			location = '$HOSTILE/good'
			[[registry.mirror]]
			location = '$HOSTILE/$bad'" >"$CONF"
		: >"$HOSTILE_LOG"
		image pull -q --retry 1 "$HOSTILE/good:1"
		grep -q "^/v2/$bad/blobs/" "$HOSTILE_LOG"
		[ "$(grep -c '^/v2/good/blobs/' "$HOSTILE_LOG")" -ge 1 ]
		store_is_sound "$STORE"
		image rm -qa
		: >"$HOSTILE_LOG"
		creel-image copy -q --retry 1 "docker://$HOSTILE/good:1" "oci:$BATS_TEST_TMPDIR/$bad:x"
		grep -q "^/v2/$bad/blobs/" "$HOSTILE_LOG"
		store_is_sound "$BATS_TEST_TMPDIR/$bad"
	done
	grep '^/v2/good/blobs/.* range=[1-9]' "$HOSTILE_LOG"
}

@test "a mirror that is broken is tried twice and no more" {
	start_hostile
	echo "[[registry]]
		location = '$HOSTILE/good'
		[[registry.mirror]]
		location = '$HOSTILE/broken'" >"$CONF"
	image pull -q "$HOSTILE/good:1"
	[ "$(grep -c '^/v2/broken/' "$HOSTILE_LOG")" = 2 ]
}

@test "a mirror for digests or for tags alone is asked for nothing else" {
	start_hostile
	digest=$(jq -r '.manifests[0].digest' "$BATS_FILE_TMPDIR/layout/index.json")
	for only in digest-only tag-only; do
		echo "[[registry]]
			location = '$REGISTRY'
			[[registry.mirror]]
			location = '$HOSTILE'
			pull-from-mirror = '$only'" >"$CONF"
		: >"$HOSTILE_LOG"
		image pull -q "$REGISTRY/team/image:a"
		image pull -q "$REGISTRY/team/image@$digest"
		run -0 cut -d' ' -f1 "$HOSTILE_LOG"
		case $only in
		digest-only) [ "$output" = "/v2/team/image/manifests/$digest" ] ;;
		tag-only) [ "$output" = "/v2/team/image/manifests/a" ] ;;
		esac
	done
}

@test "the registry's own credentials do not go to its mirror" {
	start_hostile
	echo '{"auths":{"'"$REGISTRY"'":{"auth":"YW5uOnMzY3JldCBwYXNz"}}}' \
		>"$XDG_RUNTIME_DIR/containers/auth.json"
	echo "[[registry]]
		location = '$REGISTRY/team/image'
		[[registry.mirror]]
		location = '$HOSTILE/as-basic'
		[[registry.mirror]]
		location = '$HOSTILE/as-password'" >"$CONF"
	image pull -q "$REGISTRY/team/image:a"
	run -1 grep auth=yes "$HOSTILE_LOG"
	image rm -qa
	run -0 bash -c "echo 's3cret pass' | creel-image --store '$STORE' pull -q --creds ann \
		--password-stdin '$REGISTRY/team/image:a'"
	run -1 grep auth=yes "$HOSTILE_LOG"
	grep -q as-basic "$HOSTILE_LOG"
}

@test "drop-ins come later and win, a named file is the only one" {
	mkdir "$CONF.d"
	echo "[[registry]]
		location = '$REGISTRY'
		blocked = true" >"$CONF"
	image_pulls() { image pull -q "$@" "$REGISTRY/team/image:a"; }
	run ! image_pulls
	echo "[[registry]]
		location = '$REGISTRY'" >"$CONF.d/10.conf"
	image_pulls
	echo "[[registry]]
		location = '$REGISTRY'
		blocked = true" >"$CONF.d/20.conf"
	run ! image_pulls
	: >"$BATS_TEST_TMPDIR/other.conf"
	image_pulls --registries-conf "$BATS_TEST_TMPDIR/other.conf"
	CONTAINERS_REGISTRIES_CONF=$BATS_TEST_TMPDIR/other.conf image_pulls
	run ! image_pulls --registries-conf "$BATS_TEST_TMPDIR/none.conf"
}

@test "a file of version 1, or one that says nonsense, is named with its line" {
	echo "[registries.search]
		registries = ['docker.io']" >"$CONF"
	refuses "$REGISTRY/team/image:a" 1 "$CONF: line 1: [registries.search] and its like are version 1"
	echo "[[registry]]
		location = 5" >"$CONF"
	refuses "$REGISTRY/team/image:a" 1 "$CONF: line 2: 'location' is to be a string, not a whole number"
	echo "[[registry]]
		location = '$REGISTRY'
		[[registry.mirror]]
		location = '../../etc'" >"$CONF"
	refuses "$REGISTRY/team/image:a" 1 "'../../etc/team/image' is no registry and repository"
}

@test "a name without a registry is Docker Hub's, whatever the configuration thinks" {
	echo "unqualified-search-registries = ['$REGISTRY']
		[aliases]
		'team/image' = '$REGISTRY/team/image'
		[[registry]]
		prefix = 'docker.io'
		blocked = true" >"$CONF"
	refuses team/image:a 5 "'docker.io/team/image' is blocked"
}

# ---- hosts.toml -----------------------------------------------------------------------------------

hosts_toml() { # HOST < DOCUMENT
	mkdir -p "$BATS_TEST_TMPDIR/hosts/$1"
	cat >"$BATS_TEST_TMPDIR/hosts/$1/hosts.toml"
}

@test "a header that hosts.toml has for a host goes to no other" {
	start_hostile
	hosts_toml example.invalid <<-END
		[host."http://$HOSTILE"]
		capabilities = ["pull", "resolve"]
		[host."http://$HOSTILE".header]
		x-secret = "word"
	END
	image pull -q --hosts-dir "$BATS_TEST_TMPDIR/hosts" example.invalid/to-other-host:1
	grep -q '^/v2/to-other-host/blobs/.* auth=yes' "$HOSTILE_LOG"
	grep -q '^/elsewhere auth=no' "$HOSTILE_LOG"
}

@test "hosts.toml's hosts are asked before its server, proxies are told for whom" {
	start_hostile
	hosts_toml example.invalid <<-END
		server = "http://$REGISTRY"
		[host."http://$HOSTILE"]
		capabilities = ["pull", "resolve"]
		[host."http://$HOSTILE".header]
		x-team = ["a", "b"]
		[host."http://127.0.0.1:1"]
		capabilities = ["push"]
	END
	image pull -q --hosts-dir "$BATS_TEST_TMPDIR/hosts" example.invalid/team/image:a
	run -0 cat "$HOSTILE_LOG"
	[ "$output" = "/v2/team/image/manifests/a?ns=example.invalid auth=no range=-" ]
}

@test "override_path and paths of hosts.toml are where the API is" {
	start_hostile
	hosts_toml example.invalid <<-END
		server = "http://$REGISTRY"
		[host."http://$HOSTILE/some/where"]
		[host."http://$HOSTILE/other"]
		override_path = true
	END
	image pull -q --hosts-dir "$BATS_TEST_TMPDIR/hosts" example.invalid/team/image:a
	run -0 cut -d'?' -f1 "$HOSTILE_LOG"
	[ "$output" = "/some/where/v2/team/image/manifests/a"$'\n'"/other/team/image/manifests/a" ]
}

@test "hosts.toml names certificates, the user's directory and _default are found" {
	mkdir -p "$XDG_CONFIG_HOME/containerd/certs.d/_default"
	cp "$CERTS/ca.crt" "$XDG_CONFIG_HOME/containerd/certs.d/_default"
	echo "[host.'https://$TLS']
		ca = 'ca.crt'" >"$XDG_CONFIG_HOME/containerd/certs.d/_default/hosts.toml"
	run -0 --separate-stderr image --debug pull -q example.invalid/team/image:a
	[[ $stderr == *"GET https://$TLS/v2/team/image/blobs/"*"?ns=example.invalid"* ]]
	echo "[host.'https://$TLS']
		ca = 5" >"$XDG_CONFIG_HOME/containerd/certs.d/_default/hosts.toml"
	refuses example.invalid/team/image:a 1 "hosts.toml: line 2: 'ca' is to be"
}

# ---- Certificates ---------------------------------------------------------------------------------

@test "an unknown CA says where its certificate belongs, and there it is found" {
	refuses "$TLS/team/image:a" 5 "put the certificate of its CA into /etc/containers/certs.d/$TLS/ca.crt" \
		--tls-verify
	for dir in containers docker; do
		mkdir -p "$XDG_CONFIG_HOME/$dir/certs.d/$TLS"
		cp "$CERTS/ca.crt" "$XDG_CONFIG_HOME/$dir/certs.d/$TLS/my.crt"
		image pull -q --tls-verify "$TLS/team/image:a"
		image rm -qa
		rm -r "${XDG_CONFIG_HOME:?}/$dir"
	done
	mkdir -p "$BATS_TEST_TMPDIR/c"
	cp "$CERTS/ca.crt" "$BATS_TEST_TMPDIR/c"
	image pull -q --cert-dir "$BATS_TEST_TMPDIR/c" "$TLS/team/image:a"
	image copy -q --src-cert-dir "$BATS_TEST_TMPDIR/c" --dest-cert-dir "$BATS_TEST_TMPDIR/c" \
		"docker://$TLS/team/image:a" "docker://$TLS/team/copied:a"
	run -5 image copy -q --dest-cert-dir "$BATS_TEST_TMPDIR/c" --src-tls-verify --retry 0 \
		"docker://$TLS/team/image:a" "docker://$TLS/team/copied:b"
}

@test "a key without its certificate is named" {
	mkdir -p "$XDG_CONFIG_HOME/containers/certs.d/$TLS"
	cp "$CERTS/client.key" "$XDG_CONFIG_HOME/containers/certs.d/$TLS"
	refuses "$TLS/team/image:a" 3 "client.cert' is the certificate of '"
	cp "$CERTS/client.crt" "$XDG_CONFIG_HOME/containers/certs.d/$TLS/client.cert"
	rm "$XDG_CONFIG_HOME/containers/certs.d/$TLS/client.key"
	refuses "$TLS/team/image:a" 3 "client.key' is the key of '"
}

# serve_tls OPENSSL-OPTION...: a TLS server that answers every request alike; sets PORT, which it tells.
serve_tls() {
	local said=$BATS_TEST_TMPDIR/s_server
	: >"$said"
	openssl s_server -accept 127.0.0.1:0 -www "$@" >"$said" 2>&1 3>&- &
	echo $! >"$said.pid"
	told $! grep -q '^ACCEPT .*:[0-9]*$' "$said" || {
		cat "$said" >&2
		return 1
	}
	PORT=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$said")
}

@test "a certificate that is over, or somebody else's, is refused by its fault" {
	mkdir "$BATS_TEST_TMPDIR/c"
	cp "$CERTS/ca.crt" "$BATS_TEST_TMPDIR/c"
	serve_tls -cert "$CERTS/other.crt" -key "$CERTS/other.key"
	refuses "127.0.0.1:$PORT/x:1" 5 "no alternative certificate subject name matches" \
		--cert-dir "$BATS_TEST_TMPDIR/c"
	kill "$(cat "$BATS_TEST_TMPDIR/s_server.pid")"
	openssl x509 -req -in "$CERTS/server.csr" -CA "$CERTS/ca.crt" -CAkey "$CERTS/ca.key" -set_serial 9 \
		-days -1 -extfile <(echo subjectAltName=IP:127.0.0.1) -out "$BATS_TEST_TMPDIR/old.crt" 2>/dev/null
	serve_tls -cert "$BATS_TEST_TMPDIR/old.crt" -key "$CERTS/server.key"
	refuses "127.0.0.1:$PORT/x:1" 5 "certificate has expired" --cert-dir "$BATS_TEST_TMPDIR/c"
}

@test "a client's certificate is shown to who wants one" {
	mkdir "$BATS_TEST_TMPDIR/c"
	cp "$CERTS/ca.crt" "$BATS_TEST_TMPDIR/c"
	serve_tls -cert "$CERTS/server.crt" -key "$CERTS/server.key" -CAfile "$CERTS/ca.crt" -Verify 1 \
		-verify_return_error
	run ! image pull -q --retry 0 --cert-dir "$BATS_TEST_TMPDIR/c" "127.0.0.1:$PORT/x:1"
	[[ $output != *"web page"* ]]
	cp "$CERTS/client.crt" "$BATS_TEST_TMPDIR/c/client.cert"
	cp "$CERTS/client.key" "$BATS_TEST_TMPDIR/c/client.key"
	refuses "127.0.0.1:$PORT/x:1" 5 "web page" --cert-dir "$BATS_TEST_TMPDIR/c"
}

# ---- Proxies --------------------------------------------------------------------------------------

@test "proxies of the environment are asked in both spellings, but for what no_proxy names" {
	start_hostile
	for name in http_proxy HTTP_PROXY; do
		: >"$HOSTILE_LOG"
		run ! env "$name=http://ann:pw@$HOSTILE" creel-image --store "$STORE" pull -q --retry 0 \
			--tls-verify=false registry.invalid/x:1
		[[ $output != *pw@* ]]
		grep -q 'http://registry.invalid' "$HOSTILE_LOG"
		: >"$HOSTILE_LOG"
		run ! env "$name=http://$HOSTILE" NO_PROXY=.invalid creel-image --store "$STORE" pull -q --retry 0 \
			--tls-verify=false registry.invalid/x:1
		[ ! -s "$HOSTILE_LOG" ]
	done
}

# ---- Addresses ------------------------------------------------------------------------------------

@test "a registry elsewhere cannot lead to this machine or its link" {
	requires root
	requires program unshare ip
	run -0 unshare -nm bash -c "
		set -e
		ip link set lo up
		ip addr add 10.9.8.7/32 dev lo
		printf '127.0.0.1 localhost hidden.test\n' >'$BATS_TEST_TMPDIR/hosts'
		mount --bind '$BATS_TEST_TMPDIR/hosts' /etc/hosts
		$(declare -f start_hostile stop_hostile told wait_for)
		BATS_TEST_TMPDIR='$BATS_TEST_TMPDIR'
		start_hostile 10.9.8.7
		trap stop_hostile EXIT
		one() {
			timeout 300 creel-image --store '$STORE' pull -q --retry 0 --tls-verify=false \
				\"\$HOSTILE/\$1:1\" 2>&1 | sed \"s/^/\$1: /\" || true
		}
		for name in as-to-metadata as-to-bare as-to-loopback as-to-name as-metadata.thief as-loopback.thief; do
			one \$name
		done
		creel-image --store '$STORE' pull -q --tls-verify=false \"\$HOSTILE/good:1\""
	echo "$output"
	[[ $output == *"as-to-metadata: "*"it leads to '169.254.169.254', this machine or its link: refused"* ]]
	[[ $output == *"as-to-bare: "*"it leads to '169.254.169.254', this machine or its link: refused"* ]]
	[[ $output == *"as-to-loopback: "*"it leads to '127.0.0.1', this machine or its link: refused"* ]]
	[[ $output == *"as-to-name: "*"it leads to 'a loopback or link-local address'"* ]]
	[[ $output == *"as-metadata.thief: "*"it leads to 'a loopback or link-local address'"* ]]
	[[ $output == *"as-loopback.thief: "*"is on this machine although"* ]]
	[[ ${lines[-1]} == sha256:* ]]
}

@test "names that are paths or URLs are refused before anything is asked" {
	start_hostile
	for name in "$HOSTILE/../x" "$HOSTILE/a//b" "$HOSTILE/a?b" "$HOSTILE/a#b" "http://$HOSTILE/x" \
		"$HOSTILE/A b" "user@$HOSTILE/x" "$HOSTILE/%2e%2e/x" "127.0.0.1:/x" "127.0.0.1:99999999/x"; do
		run ! image pull -q --retry 0 "$name:1"
	done
	[ ! -s "$HOSTILE_LOG" ]
	for name in ../x "a b" "x?y" 'http://a@b/' "host/../x" "-x y"; do
		run ! creel-image login -u a --password-stdin -- "$name" <<<x
	done
}
