#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# creel-image inspect and history: of the store, and of places elsewhere without pulling.

bats_require_minimum_version 1.5.0
load common
load registry

setup() {
	requires root
	requires program jq skopeo docker-registry curl
	room_setup
	STORE=$ROOM/st
	layer 1.tar <<<'dir name=etc'
	layer 2.tar <<<'file name=f data=x'
	gzip -kn 1.tar
	CONFIG='{"User":"1:2","Env":["A=1","B=two words"],"Cmd":["/x"],"Labels":{"k":"v","a.b/c":"d"}}' \
		make_layout lay x 1.tar.gz 2.tar
	DIGEST=$(jq -r '.manifests[0].digest' lay/index.json)
	CONFIG_DIGEST=$(jq -r .config.digest "lay/blobs/sha256/${DIGEST#*:}")
}
teardown() {
	stop_registry "$ROOM/registry"
	room_teardown
}

# with_history JSON: the layout's config gets this history, the store the image h:1
with_history() {
	jq -c --argjson h "$1" '.history = $h' "lay/blobs/sha256/${CONFIG_DIGEST#*:}" >config
	jq -c ".config = $(layout_descriptor lay config application/vnd.oci.image.config.v1+json)" \
		"lay/blobs/sha256/${DIGEST#*:}" >manifest
	jq -nc --argjson m "$(layout_descriptor lay manifest application/vnd.oci.image.manifest.v1+json)" \
		'{schemaVersion:2,manifests:[$m + {annotations:{"org.opencontainers.image.ref.name":"x"}}]}' >lay/index.json
	image copy -q oci:lay:x h:1
}

@test "a place that is spelled out is answered as skopeo does, wherever it is" {
	start_registry "$ROOM/registry"
	for place in "docker://$REGISTRY/a:1" oci:o:n oci-archive:oa.tar:n docker-archive:da.tar:n:1 dir:d creel:n:1; do
		image copy -q oci:lay:x "$place"
		run -0 --separate-stderr image inspect "$place"
		[ "$(jq -c '[.Architecture, .Os, .Labels["a.b/c"], .Env[1], (.Layers | length)]' <<<"$output")" = \
			'["amd64","linux","d","B=two words",2]' ]
		[ "${place%%:*}" = creel ] || diff <(jq -S '{Architecture, Os, Labels, Env, Created}' <<<"$output") \
			<(skopeo inspect --tls-verify=false "$place" | jq -S '{Architecture, Os, Labels, Env, Created}')
		[ "$(image inspect --config "$place" | sha256sum | cut -c-64)" = "${CONFIG_DIGEST#*:}" ]
	done
	diff <(image inspect "docker://$REGISTRY/a:1" | jq -S '{Name, Digest, RepoTags, Layers}') \
		<(skopeo inspect --tls-verify=false "docker://$REGISTRY/a:1" | jq -S '{Name, Digest, RepoTags, Layers}')
	[ "$(image inspect -n --format '{{(index .LayersData 0).Size}}' "docker://$REGISTRY/a:1")" = "$(stat -c %s 1.tar.gz)" ]
	image inspect --raw "docker://$REGISTRY/a:1" | cmp - "lay/blobs/sha256/${DIGEST#*:}"
	[ "$(image inspect "docker://$REGISTRY/a:1" | jq '.RepoTags | index("1") != null')" = true ]
	[ "$(image inspect --no-tags "docker://$REGISTRY/a:1" | jq '.RepoTags | index("1") != null')" = false ]
}

@test "names are answered with an array, as docker does" {
	image copy -q oci:lay:x name:1
	image tag name:1 example.com/other:2
	run -0 image inspect name:1
	[ "$(jq -c '[length, .[0].Id, .[0].RepoTags, .[0].Config.User, .[0].Config.Entrypoint, .[0].RootFS.Type]' <<<"$output")" = \
		"[1,\"$CONFIG_DIGEST\",[\"docker.io/library/name:1\",\"example.com/other:2\"],\"1:2\",null,\"layers\"]" ]
	[ "$(jq -r '.[0].RepoDigests[1]' <<<"$output")" = "example.com/other@$DIGEST" ]
	[ "$(image inspect name:1 other:2 example.com/other:2 2>/dev/null | jq length)" = "" ]
	[ "$(image inspect name:1 example.com/other:2 | jq length)" = 2 ]
	[ "$(image inspect --type=image -f '{{.Id}}' name:1)" = "$CONFIG_DIGEST" ]
	run -2 image inspect --type container name:1
}

@test "--format is Go's templates as far as people write them" {
	image copy -q oci:lay:x name:1
	f() { image inspect --format "$1" name:1; }
	[ "$(f '{{.Id}}')" = "$CONFIG_DIGEST" ]
	[ "$(f '{{.Config.Env}}')" = '[A=1 B=two words]' ]
	[ "$(f '{{json .Config.Env}}')" = '["A=1","B=two words"]' ]
	[ "$(f '{{json .}}' | jq -r .Digest)" = "$DIGEST" ]
	[ "$(f '{{.Config.Labels}}')" = 'map[a.b/c:d k:v]' ]
	[ "$(f '{{index .Config.Labels "a.b/c"}}')" = d ]
	[ "$(f '{{range .Config.Env}}{{println .}}{{end}}')" = $'A=1\nB=two words' ]
	[ "$(f '{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}')" = 'a.b/c=d;k=v;' ]
	[ "$(f '{{if .Config.Entrypoint}}yes{{else}}no{{end}} {{len .RootFS.Layers}}')" = 'no 2' ]
	[ "$(f '{{.Id | printf "%.10s"}} {{upper .Os}} {{join .Config.Cmd ","}}')" = "${CONFIG_DIGEST:0:10} LINUX /x" ]
	[ "$(f '{{.Os}}\t{{.Architecture}}')" = $'linux\tamd64' ]
	run -1 f '{{.Confg}}'
	[[ $output == *"there is no '.Confg'; there is Id, Name"* ]]
	run -2 f '{{.Id'
	[[ $output == *"'}}' is missing"* ]]
	run -2 f '{{range .Layers}}'
	[[ $output == *"{{end}} is missing"* ]]
	run -2 f '{{call .Id}}'
	[[ $output == *"no function of this name"* ]]
	run -2 image inspect --format x --raw name:1
	[[ $output == *"exclude one another"* ]]
}

@test "a template that never ends is ended" {
	image copy -q oci:lay:x name:1
	bomb='{{range .Manifest.layers}}{{range $.History}}x{{end}}{{end}}'
	many=$(printf '{{range $.Config.Env}}%.0s' {1..25})x$(printf '{{end}}%.0s' {1..25})
	run -1 image inspect --format "$many" name:1
	[[ $output == *"more than 1000000 steps"* ]]
	run -0 image inspect --format "$bomb" name:1
}

@test "history: steps and layers side by side, local and remote" {
	start_registry "$ROOM/registry"
	with_history '[{"created":"2020-01-02T03:04:05Z","created_by":"/bin/sh -c #(nop) ADD file:1 in / "},
		{"created":"2020-01-02T03:04:06Z","created_by":"/bin/sh -c #(nop)  ENV A=1","empty_layer":true},
		{"created":"2020-01-02T03:04:07Z","created_by":"RUN a very long command that goes on and on and on and on","comment":"buildkit"}]'
	run -0 image history h:1
	[ "${#lines[@]}" = 4 ]
	[[ ${lines[0]} == IMAGE*CREATED*"CREATED BY"*SIZE*COMMENT* ]]
	[[ ${lines[1]} == *"years ago"*"RUN a very long command"*…*buildkit* ]]
	[[ ${lines[2]} == "<missing>"*"ENV A=1"*"0 B"* ]]
	[[ ${lines[3]} == *"ADD file:1 in /"* ]]
	# A character of several bytes takes one column: SIZE begins where its title does.
	local LC_ALL=C.UTF-8 title=${lines[0]%%SIZE*} line
	for line in "${lines[@]:1}"; do
		[[ ${line:${#title} - 3:4} == "   "[0-9] ]]
	done
	[ "$(image history --json h:1 | jq -c 'map(.Size > 0)')" = '[true,false,true]' ]
	image copy -q h:1 "docker://$REGISTRY/h:1"
	diff <(image history h:1) <(image history "docker://$REGISTRY/h:1")
	[ "$(image history --format '{{.ID}}' --no-trunc h:1 | head -1)" = "sha256:$(sha256sum <config | cut -c-64)" ]
	[ "$(image history --format 'table {{.CreatedBy}}' h:1 | head -1)" = "CREATED BY" ]
	[ "$(image history -q h:1 | head -1)" = "$(jq -r '.layers[1].digest' manifest)" ]
	[ "$(image history --human=false --format '{{.CreatedSince}} {{.Size}}' h:1 | tail -1)" = "2020-01-02T03:04:05Z $(stat -c %s 1.tar.gz)" ]
	# A history that does not fit its layers hides nothing.
	with_history '[{"created_by":"one"}]'
	[ "$(image history --json h:1 | jq -c 'map(.Layer != "")')" = '[true,true]' ]
}

@test "what others wrote into an image does not reach the terminal" {
	with_history '[{"created_by":"a\u001b[2Jb\ttab"},{"created_by":"c"}]'
	run -0 image history h:1
	[[ $output != *$'\e'* ]]
	[[ $output == *"a?[2Jb?tab"* ]]
	# On a terminal templates are made harmless, in a pipe they are what they are.
	[ "$(image inspect --format '{{(index .History 0).created_by}}' h:1)" = $'a\e[2Jb\ttab' ]
	run -0 script -qec "creel-image --store $STORE inspect --format '{{(index .History 0).created_by}}' h:1" /dev/null
	[[ $output != *$'\e[2J'* ]]
}
