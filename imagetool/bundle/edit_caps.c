/* SPDX-License-Identifier: Apache-2.0 */
/* --cap-add, --cap-drop: docker's rules.  The base is what the default document has. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>

#include "imagetool/bundle/edit.h"
#include "libutil/file.h"
#include "libutil/parse.h"

/* By capability number. */
struct cap_set {
	bool has[OCI_CAPABILITY_COUNT];
};

/* "net_admin", "CAP_NET_ADMIN" -> number; OCI_CAPABILITY_COUNT is "ALL". */
static int parse_capability(const char *option, const char *text, int *ret, struct err *e)
{
	autofree char *name =
		xasprintf("%s%s", strncasecmp(text, "CAP_", 4) == 0 ? "" : "CAP_", text);

	for (char *p = name; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	*ret = streq(name, "CAP_ALL") ? OCI_CAPABILITY_COUNT : oci_capability_number(name);
	if (*ret < 0)
		return err_set(e, EINVAL, "%s '%s': no such capability", option, text);
	return 0;
}

static int parse_list(const char *option, const struct strv *list, struct cap_set *set, bool *all,
		      struct err *e)
{
	for (size_t i = 0; i < list->n; i++) {
		int cap = -1, r = parse_capability(option, list->v[i], &cap, e);

		if (r < 0)
			return r;
		if (cap == OCI_CAPABILITY_COUNT)
			*all = true;
		else
			set->has[cap] = true;
	}
	return 0;
}

/* The kernel's last one; a runtime refuses to give what there is not. */
static int last_capability(void)
{
	autofree char *text = NULL;
	int last = OCI_CAPABILITY_COUNT - 1, n;

	if (file_read_at(AT_FDCWD, "/proc/sys/kernel/cap_last_cap", 64, &text, NULL, NULL) < 0)
		return last;
	text[strcspn(text, "\n")] = '\0';
	return parse_int(text, &n) == 0 && n < last ? n : last;
}

/* "ALL": what can be given.  Root gives no more than its own bounding set has; a user namespace
 * begins with everything. */
static void fill_all(struct cap_set *set, bool rootless)
{
	int last = last_capability();

	for (int i = 0; i <= last; i++)
		set->has[i] = rootless || prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1;
}

static void fill_from(struct cap_set *set, const struct oci_strings *names)
{
	for (size_t i = 0; i < names->n; i++) {
		int cap = oci_capability_number(names->items[i]);

		if (cap >= 0)
			set->has[cap] = true;
	}
}

static int decide(const struct spec_edit *ed, struct cap_set *ret, struct err *e)
{
	const struct container_options *o = ed->options;
	struct cap_set add = { 0 }, drop = { 0 };
	bool add_all = o->privileged, drop_all = false;
	int r = parse_list("--cap-add", &o->cap_add, &add, &add_all, e);

	if (r >= 0)
		r = parse_list("--cap-drop", &o->cap_drop, &drop, &drop_all, e);
	if (r < 0)
		return r;
	/* Of both for everything, and of --privileged, nothing is taken back: docker's order. */
	if (o->privileged)
		drop = (struct cap_set){ 0 };
	if (add_all)
		fill_all(ret, ed->rootless);
	else if (!drop_all)
		fill_from(ret, &ed->spec->process->capabilities->bounding);
	for (int i = 0; i < OCI_CAPABILITY_COUNT; i++)
		ret->has[i] = add.has[i] || (ret->has[i] && !drop.has[i]);
	return 0;
}

/* Who is not root loses them when a program is executed: say so at once, as docker does. */
int edit_capabilities(struct spec_edit *ed, struct err *e)
{
	struct spec_process *p = ed->spec->process;
	struct cap_set set = { 0 };
	struct oci_strings names = { 0 };
	int r = decide(ed, &set, e);

	if (r < 0)
		return r;
	for (int i = 0; i < OCI_CAPABILITY_COUNT; i++)
		if (set.has[i])
			edit_push_string(ed->a, &names, oci_capability_names[i]);
	*p->capabilities = (struct spec_capabilities){ .bounding = names };
	if (p->user->uid.v != 0)
		return 0;
	p->capabilities->effective = names;
	p->capabilities->permitted = names;
	return 0;
}
