#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The systemd driver: scopes, their properties, and what systemd does to them later.
# shellcheck disable=SC2016
load guest

@test "a container runs in a scope of the slice that was asked for" {
	scoped sleep 100
	start_scoped
	shows ActiveState=active Slice=machine.slice "ControlGroup=/machine.slice/$SCOPE" Delegate=yes DefaultDependencies=no "Description=creel container $NAME"
	shows CPUAccounting=yes MemoryAccounting=yes IOAccounting=yes TasksAccounting=yes
	says cgroup.procs "$(pid_of "$NAME")"
}

@test "limits are the unit's properties and the group's files" {
	limited_scope sleep 100
	start_scoped
	shows MemoryMax=67108864 MemorySwapMax=0 MemoryLow=33554432 CPUWeight=59 CPUQuotaPerSecUSec=500ms AllowedCPUs=0 TasksMax=50
	for file in "memory.max 67108864" "memory.low 33554432" "cpu.weight 59" "cpu.max 50000 100000" \
		"cpuset.cpus 0" "pids.max 50"; do
		says "${file%% *}" "${file#* }"
	done
}

@test "daemon-reload takes nothing back" {
	limited_scope sleep 100
	edit '.linux.resources.unified = {"memory.high": "60000000", "memory.min": "4096",
			"memory.oom.group": "1"}
		| .linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 2097152}]
		| .linux.resources.blockIO.throttleReadBpsDevice = [{major: 259, minor: 0, rate: 1048576}]
		| .linux.resources.cpu.burst = 1000'
	start_scoped
	grep -H . "$GROUP"/{memory.{max,low,high,min,swap.max,oom.group},cpu.{weight,max,max.burst},io.max} \
		"$GROUP"/{cpuset.cpus,pids.max,hugetlb.2MB.max} >"$BATS_TEST_TMPDIR/before"
	grep -q 'memory.high:59998208' "$BATS_TEST_TMPDIR/before"
	# systemd 253 and later are told by OOMPolicy=, which older ones do not know.
	grep -q 'memory.oom.group:1' "$BATS_TEST_TMPDIR/before"
	grep -q 'hugetlb.2MB.max:2097152' "$BATS_TEST_TMPDIR/before"
	grep -q 'io.max:259:0 rbps=1048576' "$BATS_TEST_TMPDIR/before"
	systemctl daemon-reload
	grep -H . "$GROUP"/{memory.{max,low,high,min,swap.max,oom.group},cpu.{weight,max,max.burst},io.max} \
		"$GROUP"/{cpuset.cpus,pids.max,hugetlb.2MB.max} | diff "$BATS_TEST_TMPDIR/before" -
}

@test "update changes properties and files, without being told of systemd" {
	limited_scope sleep 100
	start_scoped
	# systemd counts in whole percents; the file is exact all the same.
	c update --cpu-quota 25500 "$NAME"
	says cpu.max "25500 100000"
	shows CPUQuotaPerSecUSec=260ms
	c update --memory 100M --memory-swap 100M --cpu-quota 20000 --pids-limit 7 --cpu-share 1024 "$NAME"
	shows MemoryMax=104857600 CPUQuotaPerSecUSec=200ms TasksMax=7 CPUWeight=100
	c update --cpu-period 50000 "$NAME"
	says cpu.max "20000 50000"
	shows CPUQuotaPerSecUSec=400ms
	systemctl daemon-reload
	says memory.max 104857600
	says cpu.max "20000 50000"
	says pids.max 7
	says cpu.weight 100
}

@test "exec, pause, resume, kill and delete know the driver" {
	scoped sleep 100
	start_scoped
	c exec --detach "$NAME" sleep 101
	[ "$(wc -l <"$GROUP/cgroup.procs")" -eq 2 ]
	c pause "$NAME"
	[ "$(status_of "$NAME")" = paused ]
	says cgroup.freeze 1
	c resume "$NAME"
	c kill "$NAME" KILL
	wait_for has_status "$NAME" stopped
	c delete "$NAME"
	is_unloaded
}

@test "delete --force ends a running container and its scope, and the name is free at once" {
	scoped sleep 100
	for _ in 1 2; do
		start_scoped
		c delete --force "$NAME"
		is_unloaded
	done
	[ -z "$(ls "$CREEL_ROOT")" ]
}

@test "create waits in the scope, start runs the program there" {
	scoped sh -c 'cat /proc/self/cgroup; sleep 100'
	c --systemd-cgroup create --bundle "$BUNDLE" "$NAME" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null
	[ "$(status_of "$NAME")" = created ]
	says cgroup.procs "$(pid_of "$NAME")"
	c start "$NAME"
	wait_for grep -q '^0::/$' "$BATS_TEST_TMPDIR/out"
}

@test "a failed unit of the same name is no obstacle" {
	scoped true
	run ! systemd-run --quiet --scope --slice=machine.slice --unit="$SCOPE" -p RuntimeMaxSec=1 sleep 100
	# systemd sees by and by that the last process has ended.
	wait_for shows ActiveState=failed
	c --systemd-cgroup run --bundle "$BUNDLE" "$NAME"
}

@test "a unit that is in use is left alone" {
	scoped true
	systemd-run --quiet --scope --slice=machine.slice --unit="$SCOPE" sleep 100 &
	wait_for systemctl is-active "$SCOPE"
	run c --systemd-cgroup run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"unit '$SCOPE' exists already"* ]]
	shows ActiveState=active
	[ ! -e "$CREEL_ROOT/$NAME" ]
	systemctl stop "$SCOPE"
}

@test "without a path the scope is in system.slice; a nested slice is made on the way" {
	from_template "" sleep 100
	start_scoped
	shows "ControlGroup=/system.slice/$SCOPE"
	c delete --force "$NAME"
	from_template "creel-deep-er.slice:creel:$NAME" sleep 100
	start_scoped
	shows "ControlGroup=/creel.slice/creel-deep.slice/creel-deep-er.slice/$SCOPE"
	c delete --force "$NAME"
}

@test "a path that is none of systemd's is refused with the form it should have" {
	bundle true
	run c --systemd-cgroup run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"config.json: linux.cgroupsPath: '/creel-e2e/$NAME' is not 'slice:prefix:name'"* ]]
}

@test "annotations set properties, and only harmless ones" {
	scoped sleep 100
	edit '.annotations = {"org.systemd.property.TimeoutStopSec": "uint64 7",
		"org.systemd.property.CollectMode": "'"'inactive'"'", "org.systemd.property.Documentation": "['"'man:true'"']"}'
	start_scoped
	shows TimeoutStopUSec=7s CollectMode=inactive Documentation=man:true
	c delete --force "$NAME"
	for bad in '"org.systemd.property.ExecStartPre": "[('"'\/bin\/true'"', ['"'true'"'], false)]"' \
		'"org.systemd.property.PIDs": "[uint32 1]"'; do
		edit ".annotations = {$bad}"
		run c --systemd-cgroup run --bundle "$BUNDLE" "$NAME"
		[ "$status" -eq 1 ]
		is_unloaded
	done
	[ ! -e "$CREEL_ROOT/$NAME" ]
}

@test "a limit the kernel refuses leaves no scope behind" {
	scoped true
	edit '.linux.resources.unified = {"memory.max": "lots"}'
	run c --systemd-cgroup run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"linux.resources.unified.memory.max"* ]]
	is_unloaded
	[ ! -e "$CREEL_ROOT/$NAME" ]
}

@test "run.oci.systemd.subgroup keeps the container below its scope" {
	scoped sh -c 'cat /proc/self/cgroup; sleep 100'
	edit '.annotations = {"run.oci.systemd.subgroup": "inner"} | .linux.resources.pids = {limit: 9}
		| .linux.namespaces |= map(select(.type != "cgroup"))'
	start_scoped
	says inner/cgroup.procs "$(pid_of "$NAME")"
	says cgroup.procs ""
	says pids.max 9
	grep -q "/$SCOPE/inner\$" "$BATS_TEST_TMPDIR/out"
	c exec "$NAME" cat /proc/self/cgroup | grep -q "/$SCOPE/inner\$"
	c delete --force "$NAME"
	is_unloaded
}

@test "systemctl stop ends the container" {
	scoped sleep 100
	start_scoped
	systemctl kill --signal=KILL "$SCOPE"
	wait_for has_status "$NAME" stopped
	c delete "$NAME"
}

@test "the scope is where runc and crun put theirs, with the same files" {
	limited_scope sleep 100
	# Debian 12's runc takes no newer one.
	sed -i 's/"ociVersion": .*/"ociVersion": "1.0.2",/' "$BUNDLE/config.json"
	start_scoped
	for runtime in runc crun; do
		command -v "$runtime" >/dev/null || continue
		sed -i "s/\"machine.slice:.*:/\"machine.slice:$runtime:/" "$BUNDLE/config.json"
		"$runtime" --root "$BATS_TEST_TMPDIR/$runtime" --systemd-cgroup run --bundle "$BUNDLE" -d "$NAME" \
			>/dev/null 2>&1 </dev/null
		other=$runtime-$NAME.scope
		mapfile -t same < <(systemctl show -p Slice -p Delegate -p DefaultDependencies \
			-p MemoryAccounting -p CPUAccounting -p TasksAccounting -p KillMode "$other")
		[ "${#same[@]}" -eq 7 ]
		shows "${same[@]}"
		if [ "$runtime" = runc ]; then
			for file in memory.max memory.low cpu.max pids.max cpuset.cpus; do
				says "$file" "$(cat "$CGROUP/machine.slice/$other/$file")"
			done
		fi
		"$runtime" --root "$BATS_TEST_TMPDIR/$runtime" delete --force "$NAME"
	done
}

@test "a checkpoint is restored into a scope" {
	command -v criu >/dev/null || skip "needs criu"
	criu check >"$BATS_TEST_TMPDIR/criu" 2>&1 || skip "criu does not work on this kernel: $(tail -n 1 "$BATS_TEST_TMPDIR/criu")"
	scoped sleep 100
	# Debian 12's criu would forget it.
	edit '.linux.resources.pids = {limit: 50} | .process.noNewPrivileges = false'
	start_scoped
	c checkpoint --image-path "$BATS_TEST_TMPDIR/image" "$NAME"
	wait_for is_unloaded
	c --systemd-cgroup restore --image-path "$BATS_TEST_TMPDIR/image" --bundle "$BUNDLE" --detach "$NAME" \
		>"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null || {
		cat "$BATS_TEST_TMPDIR/out"
		false
	}
	[ "$(status_of "$NAME")" = running ]
	says pids.max 50
	grep -qx "$(pid_of "$NAME")" "$GROUP/cgroup.procs"
	c delete --force "$NAME"
	is_unloaded
}
