#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# creel-image list, tag, untag: names, filters, forms.

bats_require_minimum_version 1.5.0
load common
load registry

setup() {
	requires root
	requires program jq
	room_setup
	STORE=$ROOM/st
	layer 1.tar <<<'dir name=etc'
	layer 2.tar <<<'file name=f fill=100000'
	CONFIG='{"Labels":{"k":"v","app":"old"}}' make_layout a x 1.tar
	image copy -q oci:a:x example.com/team/app:1
	CONFIG='{"Labels":{"k":"w"}}' make_layout b x 1.tar 2.tar
	younger
	image copy -q oci:b:x tool:2
	image tag tool:2 example.com/team/tool:latest
}
teardown() { room_teardown; }

# The image of layout b was made a year after the other.
younger() {
	local m c
	m=$(jq -r '.manifests[0].digest[7:]' b/index.json)
	c=$(jq -r '.config.digest[7:]' "b/blobs/sha256/$m")
	sed 's/2024-05-06/2025-05-06/' "b/blobs/sha256/$c" >config
	jq -c ".config = $(layout_descriptor b config application/vnd.oci.image.config.v1+json)" "b/blobs/sha256/$m" >manifest
	jq -nc --argjson m "$(layout_descriptor b manifest application/vnd.oci.image.manifest.v1+json)" \
		'{schemaVersion:2,manifests:[$m + {annotations:{"org.opencontainers.image.ref.name":"x"}}]}' >b/index.json
}

names() { image list --names "$@" | sort | tr '\n' ' '; }

APP=example.com/team/app:1
TOOL=docker.io/library/tool:2
TEAMTOOL=example.com/team/tool:latest

@test "filters: reference, label, before, since, dangling" {
	[ "$(names)" = "$TOOL $APP $TEAMTOOL " ]
	[ "$(names tool)" = "$TOOL " ]
	[ "$(names 'tool:*')" = "$TOOL " ]
	[ "$(names 'example.com/*/*')" = "$APP $TEAMTOOL " ]
	[ "$(names 'example.com/*')" = "" ]
	[ "$(names --filter reference='*:2' --filter reference='*/*/app')" = "$TOOL $APP " ]
	[ "$(names --filter label=k)" = "$TOOL $APP $TEAMTOOL " ]
	[ "$(names --filter label=k=v)" = "$APP " ]
	[ "$(names --filter label=k --filter label=app=old)" = "$APP " ]
	[ "$(names --filter label=none)" = "" ]
	[ "$(names --filter before=tool:2)" = "$APP " ]
	[ "$(names --filter since=$APP)" = "$TOOL $TEAMTOOL " ]
	[ "$(names --filter dangling=false)" = "$TOOL $APP $TEAMTOOL " ]
	image untag $APP
	[ "$(image list --filter dangling=true --format '{{.Repository}}:{{.Tag}}')" = '<none>:<none>' ]
	run -2 image list --filter color=red
	[[ $output == *"reference=PATTERN"* ]]
	run -3 image list --filter before=nobody
}

@test "forms: table, json, templates, order" {
	run -0 image list --sort name
	[[ ${lines[0]} == NAME*DIGEST*PLATFORM*SIZE*CREATED* ]]
	[ "${#lines[@]}" = 4 ]
	[[ ${lines[1]} == $TOOL*linux/amd64*"2025-05-06 07:08"* ]]
	[ "$(image list --sort created --format '{{.Name}}' | tail -1)" = $APP ]
	[ "$(image list --sort size --format '{{.Name}}' | tail -1)" = $APP ]
	[ "$(image list --format '{{.Repository}} {{.Tag}}' tool)" = 'tool 2' ]
	[ "$(image list --format 'table {{.Repository}}\t{{.Tag}}' tool)" = $'REPOSITORY   TAG\ntool         2' ]
	[ "$(image list --format json | jq -s length)" = 3 ]
	[ "$(image list --json | jq -c 'map(.size > 0)')" = '[true,true,true]' ]
	[ "$(image list -q tool)" = "$(image inspect --format '{{.Digest}}' tool:2)" ]
	[ "$(image list --no-trunc --format '{{.ID}}' tool)" = "$(image inspect --format '{{.Id}}' tool:2)" ]
	run -1 image list --format '{{.Nme}}'
	[[ $output == *"there is no '.Nme'"* ]]
	run -2 image list --json --quiet
	# What docker, podman and buildah call it.
	[ "$(image images -aq)" = "$(image ls -q)" ]
	run -2 image image ls
	[[ $output == *"unknown command 'image': its second word"* ]]
}

@test "tag and untag: more names, fewer, none" {
	image tag $APP new other:3
	[ "$(image inspect --format '{{.Digest}}' new)" = "$(image inspect --format '{{.Digest}}' $APP)" ]
	image tag tool:2 new
	[ "$(image inspect --format '{{.Digest}}' new)" = "$(image inspect --format '{{.Digest}}' tool:2)" ]
	digest=$(image inspect --format '{{.Digest}}' tool:2)
	image untag tool:2 new
	[ "$(names)" = "docker.io/library/other:3 $TOOL $APP $TEAMTOOL " ]
	run -1 image untag tool:2 $APP
	[[ $output == *"is no name of"* ]]
	image untag tool:2
	[ "$(names)" = "docker.io/library/other:3 $APP " ]
	[ "$(image inspect --format '{{.Digest}}' "$digest")" = "$digest" ]
	image tag "$digest" back
	[ "$(image list --filter dangling=true -q)" = "" ]
	run -2 image tag back "x@$digest"
	run -2 image tag back 'Bad Name'
	run -3 image tag nobody a
	store_is_sound "$STORE"
}
