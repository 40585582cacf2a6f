# SPDX-License-Identifier: Apache-2.0
# Layers that get in one another's way, as descriptions for mktar, a line "---" between them:
#   awk -v seed=N -f random_layers.awk
# Few names, so that they meet; times below 100000, so that one that was not stated shows.

function pick(list, n,   parts) {
	n = split(list, parts, " ")
	return parts[1 + int(rand() * n)]
}
function path(depth,   p) {
	p = pick("a b c lib usr")
	while (depth-- > 1)
		p = p "/" pick("a b c lib x y")
	return p
}
function depth() { return 1 + int(rand() * 3) }
function common() {
	return " mtime=" int(rand() * 100000) " uid=" int(rand() * 3) " gid=" int(rand() * 3) \
		(rand() < 0.2 ? " xattr:user.n=" int(rand() * 9) : "")
}
function directory(p) {
	print "dir name=" p " mode=" pick("0755 0700 0711 1777 2755 0555") common()
}
# Honest tools state the directories on the way; others leave some out.
function parents(p,   i, n, parts, sofar) {
	n = split(p, parts, "/")
	for (i = 1; i < n; i++) {
		sofar = sofar (i > 1 ? "/" : "") parts[i]
		if (rand() < honest && !(sofar in stated)) {
			stated[sofar] = 1
			directory(sofar)
		}
	}
}
function entry(   p, kind, base) {
	p = path(depth())
	parents(p)
	kind = rand()
	if (kind < 0.25)
		directory(p)
	else if (kind < 0.5)
		print "file name=" p " mode=" pick("0644 0600 4755") common() " data=" int(rand() * 1000)
	else if (kind < 0.62)
		print "symlink name=" p " link=" pick("a b usr/lib /usr ../b ../usr . /usr/lib lib") common()
	else if (kind < 0.72)
		print "hardlink name=" p " link=" (last && rand() < 0.9 ? last : path(depth()))
	else if (kind < 0.88) {
		base = p
		if (match(p, /[^\/]*$/))
			base = substr(p, 1, RSTART - 1) ".wh." substr(p, RSTART)
		print "file name=" base
	} else if (kind < 0.98)
		print "file name=" p "/.wh..wh..opq"
	else
		print "dir name=. mode=0755" common()
	if (kind >= 0.25 && kind < 0.5)
		last = p
}
BEGIN {
	srand(seed)
	layers = 2 + int(rand() * 3)
	for (l = 0; l < layers; l++) {
		if (l)
			print "---"
		delete stated
		honest = pick("1 0.9 0.5 0")
		entries = 1 + int(rand() * 10)
		for (i = 0; i < entries; i++)
			entry()
	}
}
