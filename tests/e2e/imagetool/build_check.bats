#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is legal and mostly a mistake: told behind a build, or asked for without one.

bats_require_minimum_version 1.5.0
load build

setup() {
	build_setup
	cat >ctx/Dockerfile <<-'END'
		# word what is said
		ARG WORD=global
		# first the one that makes it
		FROM base:1 as first
		ARG WORD
		# other another one
		ARG other="a b"
		RUN --mount=type=secret,id=s,required=true --mount=type=ssh echo "$WORD"
		FROM first
		MAINTAINER somebody
		CMD echo x
	END
}
teardown() { room_teardown; }

@test "--check prints rule, address, message and lines, and ends with 1" {
	run -1 build --check ctx
	grep -qx 'Check complete, 3 warnings have been found!' said
	grep -qx 'WARNING: FromAsCasing - https://docs.docker.com/go/dockerfile/rule/from-as-casing/' said
	grep -qx "'as' and 'FROM' keywords' casing do not match" said
	grep -qx 'Dockerfile:4' said
	grep -qx '   4 | >>> FROM base:1 as first' said
	run ! grep -q 'RUN echo' out
}

@test "--check of a file without findings ends with 0" {
	printf 'FROM base:1\nCMD ["x"]\n' >ctx/Dockerfile
	good --check ctx
	[ "$(cat said)" = 'Check complete, no warnings found.' ]
}

@test "--check finds what only values show, and what cannot be built" {
	printf 'FROM base:1\nWORKDIR rel\nENV PASSWORD=x\nRUN echo\nCOPY $nope /\n' >ctx/Dockerfile
	run -1 build --check ctx
	grep -q '^WARNING: WorkdirRelativePath' said
	grep -q '^WARNING: SecretsUsedInArgOrEnv' said
	grep -q '^WARNING: UndefinedVar' said
	printf 'FROM base:1\nCOPY --from=nope:1 / /\n' >ctx/Dockerfile
	run -1 build --pull=never --check ctx
	grep -q "nope:1" said
}

@test "--call check,format=json is for programs" {
	run -1 build --call check,format=json ctx
	good --call check,format=json,ignorestatus=true ctx
	jq -e '.warnings | length == 3 and .[0].ruleName == "FromAsCasing" and
		.[0].location.ranges[0].start.line == 4' said
	jq -r '.sources[0].data' said | base64 -d | diff - ctx/Dockerfile
}

@test "--call targets names the stages and what they are" {
	good --call targets ctx
	grep -qE '^first +the one that makes it$' said
	grep -qE '^\(default\) *$' said
	good --call targets,format=json ctx
	jq -e '.targets | length == 2 and .[0].base == "base:1" and .[1].default' said
}

@test "--call outline names arguments, secrets and agents" {
	good --call outline --build-arg WORD=given ctx
	grep -qE '^WORD +given' said
	grep -qE '^other +a b +another one$' said
	grep -qE '^s +true$' said
	grep -qE '^default *$' said
	good --call outline,format=json ctx
	jq -e '(.args[] | select(.name == "WORD")).value == "global" and .secrets[0].required' said
}

@test "a build tells its warnings last, all of them with --debug" {
	good --secret id=s,src=ctx/Dockerfile --build-arg WORD=x --target first ctx 2>/dev/null || true
	printf 'FROM base:1 as x\nCMD echo x\n' >ctx/Dockerfile
	good ctx
	says ' 2 warnings found (use --debug to expand):'
	says " - FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 1)"
	run ! grep -q 'More info' out
	good --debug ctx
	says 'More info: https://docs.docker.com/go/dockerfile/rule/from-as-casing/'
	says '>>> FROM base:1 as x'
	good -q ctx
	[ ! -s out ]
}

@test "# check=error=true makes findings failures, skip= forgets them" {
	sed -i '1i # check=error=true' ctx/Dockerfile
	run -1 build ctx
	says 'lint violation found for rules: FromAsCasing'
	sed -i '1s/.*/# check=skip=all/' ctx/Dockerfile
	good --check ctx
	sed -i '1s/.*/# check=skip=FromAsCasing,JSONArgsRecommended/' ctx/Dockerfile
	run -1 build --check ctx
	grep -q 'Check complete, 1 warning has been found!' said
	good --build-arg BUILDKIT_DOCKERFILE_CHECK=skip=all --check ctx
}

@test "a file that is no Dockerfile is told with the line at fault" {
	printf 'FROM base:1\nRUN x\nKOPY a b\n' >ctx/Dockerfile
	run -1 build ctx
	says '>>> KOPY a b'
	says 'unknown instruction: KOPY (did you mean COPY?)'
	run -1 build --check ctx
	says '>>> KOPY a b'
	printf '# only\n' >ctx/Dockerfile
	run -1 build ctx
}

@test "answers have BuildKit's fields and no others" {
	cat >ctx/Dockerfile <<-'END'
		# base what it is built on
		ARG base=base:1
		ARG UNUSED=x DERIVED=${base}-x
		# last the end
		FROM --platform=$BUILDPLATFORM $base AS last
		ARG TARGETARCH DERIVED own=1
		CMD echo x
	END
	run -1 build --call check,format=json ctx
	jq -e '.warnings == [{ruleName: "JSONArgsRecommended", description:
		"JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals",
		url: "https://docs.docker.com/go/dockerfile/rule/json-args-recommended/",
		detail: "JSON arguments recommended for CMD to prevent unintended behavior related to OS signals",
		location: {ranges: [{start: {line: 7}, end: {line: 7}}]}}]
		and (.sources[0] | keys_unsorted == ["filename", "data", "language"]) and (has("buildError") | not)' said
	good --call targets,format=json ctx
	jq -e '.targets == [{name: "last", default: true, description: "the end", base: "$base",
		platform: "$BUILDPLATFORM", location: {ranges: [{start: {line: 5}, end: {line: 5}}]}}]' said
	good --call outline,format=json ctx
	jq -e '[.args[] | [.name, .value, .description, .location.ranges[0].start.line]] ==
		[["base", "base:1", "what it is built on", 2], ["DERIVED", "base:1-x", null, 3], ["own", "1", null, 6]]
		and .name == "last" and .description == "the end" and (.sources | length) == 1' said
	printf 'FROM base:1\n' >ctx/Dockerfile
	good --call check,format=json ctx
	jq -e '.warnings == null and (has("buildError") | not)' said
	printf 'FROM base:1\nCOPY --from=9 a b\n' >ctx/Dockerfile
	run -1 build --call check,format=json ctx
	jq -e '.buildError | (.message | test("invalid stage index 9")) and .location.ranges[0].start.line == 2' said
}

@test "--check says which sources .dockerignore leaves out" {
	local row ignored source want
	for row in 'out|./out/|Copy file "out"' 'out|out/x|Copy file "out/x"' 'out|.|' '*|.|Copy file "."' '**/*|/|Copy file "/"' \
		'*\n!x|.|' 'out\n!out/x|out|' '*.log|a.log|Copy file "a.log"' '# out|out|'; do
		IFS='|' read -r ignored source want <<<"$row"
		printf "$ignored\n" >ctx/.dockerignore
		printf 'FROM base:1\nCOPY %s /\n' "$source" >ctx/Dockerfile
		build --check ctx || true
		if [ -n "$want" ]; then
			grep -qxF "Attempting to $want that is excluded by .dockerignore" said || { echo "$row"; cat said; return 1; }
		else
			grep -qx 'Check complete, no warnings found.' said || { echo "$row"; cat said; return 1; }
		fi
	done
}
