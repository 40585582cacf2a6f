# SPDX-License-Identifier: Apache-2.0
# From a configuration to every configuration that differs from it in one hostile value: a line each, as
# run_each reads them.  $base is the plain configuration: what is the same there is mutated with that one only.

# jq keeps no integer beyond 2^53: these are written as strings and lose their quotes afterwards.
def numbers: null, -1, 0, 1, 65536, "@2147483648@", "@4294967294@", "@4294967295@", "@4294967296@",
	"@9223372036854775807@", "@9223372036854775808@", "@18446744073709551615@", "@18446744073709551616@",
	"@-2147483649@", "@-9223372036854775808@", "@-9223372036854775809@", "@1e308@", "@0.5@", "1", true, [], {};
def strings: null, "", " ", "/", ".", "..", "../../../../../etc/passwd", "/proc/self/fd/3", "/proc/self/exe", "a\nb",
	"a\u0000b", "%s%n%d", "é\u202e", "\u001b[2J", ("x" * 300), ("/x" * 3000), ("y" * 70000), "-1", "4294967296",
	7, true, [], {}, ["a"];
def booleans: null, 0, "true", [], {};
def keys_: "", " ", "/", "..", "a/../b", "a\nb", "a\u0000b", "=", ("x" * 300), ("y" * 70000), "%s";

def hostile: if type == "number" then numbers elif type == "string" then strings else booleans end;
def is_leaf: type != "object" and type != "array";
def maps: ["annotations"], ["linux", "sysctl"], ["linux", "resources", "unified"], ["linux", "resources", "rdma"],
	["linux", "timeOffsets"], ["linux", "netDevices"];
# A path as spec_rows prints it.
def row: . as $p | reduce range(length) as $i (""; . +
	if ($p[$i] | type) == "number" then "[]"
	elif any(maps; . == $p[:$i]) then "{}"
	else (if . == "" then "" else "." end) + $p[$i] end);

def line($where; $what): "\($where | row)\t\($where | tojson | .[:150]) = \($what | tojson | .[:40])\t\(tojson)";

. as $doc
| (paths(is_leaf) as $p
	| select($plain or ($base | getpath($p)) != ($doc | getpath($p)))
	| getpath($p) | hostile as $v
	# Groups above the container's own stay: names that go up and down would leave some.
	| select($p != ["linux", "cgroupsPath"] or ($v | type) != "string" or ($v | test("/.*/|^[^/]+/") | not))
	| $doc | setpath($p; $v) | line($p; $v)),
  (maps as $m | select(getpath($m) | type == "object") | select($plain or ($base | getpath($m)) != getpath($m))
	| keys_ as $k | $doc | setpath($m; getpath($m) | with_entries(.key = $k)) | line($m + [$k]; "key"))
