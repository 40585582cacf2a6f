/* SPDX-License-Identifier: Apache-2.0 */
/* New file systems: fsopen(2) and its kin, which say in words what they did not like. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "libutil/alloc.h"
#include "libutil/cleanup.h"
#include "libutil/fd.h"
#include "libutil/strbuf.h"
#include "libutil/sys.h"
#include "runtime/init/mount.h"

#define KERNEL_TEXT_MAX    256
#define DATA_MAX           4096
#define FSCONFIG_VALUE_MAX 255

/* The context descriptor holds lines like "e tmpfs: Unknown parameter 'foo'"; keep the last error,
 * without its mark and the name of the file system. */
static bool kernel_words(int fsfd, const char *type, char ret[KERNEL_TEXT_MAX])
{
	char line[KERNEL_TEXT_MAX];
	bool found = false;
	ssize_t n;

	while ((n = read(fsfd, line, sizeof(line) - 1)) > 0) {
		const char *text = line;
		size_t type_len = strlen(type);

		line[n] = '\0';
		line[strcspn(line, "\n")] = '\0';
		if (!starts_with(text, "e "))
			continue;
		text += 2;
		if (strncmp(text, type, type_len) == 0 && starts_with(text + type_len, ": "))
			text += type_len + 2;
		(void)memmove(ret, text, strlen(text) + 1);
		ret[0] = (char)tolower((unsigned char)ret[0]);
		found = true;
	}
	return found;
}

static int fs_failed(int fsfd, const struct mount_fs *fs, int error, struct err *e)
{
	char text[KERNEL_TEXT_MAX];

	if (kernel_words(fsfd, fs->type, text))
		return err_set(e, error, "%s", text);
	return err_set(e, error, "%s", strerror(error));
}

/* A word is "key" or "key=value". */
static int config_word(int fsfd, const char *word, size_t len)
{
	autofree char *key = xstrndup(word, len);
	char *value = strchr(key, '=');

	if (!value)
		return sys_fsconfig(fsfd, FSCONFIG_SET_FLAG, key, NULL, 0);
	*value++ = '\0';
	return sys_fsconfig(fsfd, FSCONFIG_SET_STRING, key, value, 0);
}

/* Length of the first of comma-separated words; "\," belongs to the word (overlay's lowerdir). */
static size_t word_length(const char *text)
{
	size_t n = 0;

	while (text[n] && !(text[n] == ',' && (n == 0 || text[n - 1] != '\\')))
		n++;
	return n;
}

/* A group that is a number but no group of this user namespace is refused as invalid. */
static bool is_spare_gid(const struct mount_fs *fs, const char *word, size_t len)
{
	static const char key[] = "gid=";
	size_t digits = starts_with(word, key) ? strspn(word + strlen(key), "0123456789") : 0;

	return fs->may_lack_gid && digits > 0 && strlen(key) + digits == len;
}

static int config_data(int fsfd, const struct mount_fs *fs, struct err *e)
{
	for (size_t i = 0; i < fs->n_data; i++) {
		const char *p = fs->data[i];

		while (*p) {
			size_t len = word_length(p);

			if (len > 0 && config_word(fsfd, p, len) < 0 &&
			    !(errno == EINVAL && is_spare_gid(fs, p, len)))
				return fs_failed(fsfd, fs, errno, e);
			p += len + (p[len] == ',');
		}
	}
	return 0;
}

static int config_super(int fsfd, const struct mount_fs *fs, struct err *e)
{
	for (int i = 0; i < MOUNT_SUPER_COUNT; i++) {
		const char *off = NULL;
		const char *on = mount_super_key((enum mount_super)i, &off);
		const char *key = fs->super_set & (1u << i) ? on : off;

		if (!((fs->super_set | fs->super_clear) & (1u << i)) || !key)
			continue;
		/* "silent" concerns mount(2) only: fsconfig(2) prints nothing. */
		if (i != MOUNT_SUPER_SILENT &&
		    sys_fsconfig(fsfd, FSCONFIG_SET_FLAG, key, NULL, 0) < 0)
			return fs_failed(fsfd, fs, errno, e);
	}
	return 0;
}

static int configure(int fsfd, const struct mount_fs *fs, struct err *e)
{
	int r;

	if (fs->source && sys_fsconfig(fsfd, FSCONFIG_SET_STRING, "source", fs->source, 0) < 0)
		return fs_failed(fsfd, fs, errno, e);
	r = config_super(fsfd, fs, e);
	if (r >= 0)
		r = config_data(fsfd, fs, e);
	if (r < 0)
		return r;
	if (fs->context &&
	    sys_fsconfig(fsfd, FSCONFIG_SET_STRING, fs->context_key, fs->context, 0) < 0)
		return err_wrap(e, fs_failed(fsfd, fs, errno, e),
				"linux.mountLabel '%s' (needs SELinux)", fs->context);
	if (sys_fsconfig(fsfd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fs_failed(fsfd, fs, errno, e);
	return 0;
}

/* fsconfig(2) takes values of 255 bytes (an overlay's lowerdir may be a page long), and has no word
 * for the flag iversion: both are for mount(2) only. */
static bool is_for_mount2(const struct mount_fs *fs)
{
	if ((fs->super_set | fs->super_clear) & (1u << MOUNT_SUPER_IVERSION))
		return true;
	if (fs->source && strlen(fs->source) > FSCONFIG_VALUE_MAX)
		return true;
	for (size_t i = 0; i < fs->n_data; i++)
		if (strlen(fs->data[i]) > FSCONFIG_VALUE_MAX)
			return true;
	return false;
}

int mount_fs_tree(const struct mount_fs *fs, struct err *e)
{
	autofd int fsfd = is_for_mount2(fs) ? -1 : sys_fsopen(fs->type, FSOPEN_CLOEXEC);
	int tree;
	int r;

	if (is_for_mount2(fs))
		return -ENOSYS;
	if (fsfd < 0 && sys_is_refused(errno))
		return -ENOSYS;
	if (fsfd < 0 && errno == ENODEV)
		return err_set(e, ENODEV, "the kernel knows no file system '%s'", fs->type);
	if (fsfd < 0)
		return err_sys(e, "open a context");
	r = configure(fsfd, fs, e);
	if (r < 0)
		return r;
	tree = sys_fsmount(fsfd, FSMOUNT_CLOEXEC, (unsigned)fs->attr);
	return tree < 0 ? fs_failed(fsfd, fs, errno, e) : tree;
}

static int join_data(const struct mount_fs *fs, bool spare_gid, struct strbuf *data, struct err *e)
{
	for (size_t i = 0; i < fs->n_data; i++)
		if (!(spare_gid && is_spare_gid(fs, fs->data[i], strlen(fs->data[i]))))
			strbuf_addf(data, "%s%s", data->len ? "," : "", fs->data[i]);
	if (fs->context)
		strbuf_addf(data, "%s%s=\"%s\"", data->len ? "," : "", fs->context_key,
			    fs->context);
	return strbuf_check(data, "mount options", e);
}

static int reconfigure_legacy(const struct mount_fs *fs, int fd, struct err *e)
{
	auto_(strbuf) struct strbuf data = { .max = DATA_MAX };
	char path[FD_PATH_SIZE];
	/* The flags of the mount are as they shall be. */
	bool writable = fs->super_clear & (1u << MOUNT_SUPER_RO);
	unsigned long flags =
		mount_kept_ms(fd, writable ? MOUNT_ATTR_RDONLY : 0) | mount_super_ms(fs->super_set);
	int r = join_data(fs, false, &data, e);

	if (r < 0)
		return r;
	if (mount(NULL, fd_path(fd, path), NULL, MS_REMOUNT | flags, data.data) < 0)
		return err_set(e, errno, "%s", strerror(errno));
	return 0;
}

int mount_fs_reconfigure(const struct mount_fs *fs, int fd, struct err *e)
{
	bool old = is_for_mount2(fs);
	autofd int fsfd = old ? -1 : sys_fspick(fd, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);
	int r;

	if (old || (fsfd < 0 && sys_is_refused(errno)))
		return reconfigure_legacy(fs, fd, e);
	if (fsfd < 0)
		return err_sys(e, "pick the file system");
	r = config_super(fsfd, fs, e);
	if (r >= 0)
		r = config_data(fsfd, fs, e);
	if (r >= 0 && sys_fsconfig(fsfd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
		r = fs_failed(fsfd, fs, errno, e);
	return r;
}

static int mount_with(const struct mount_fs *fs, bool spare_gid, int targetfd, struct err *e)
{
	auto_(strbuf) struct strbuf data = { .max = DATA_MAX };
	char path[FD_PATH_SIZE];
	unsigned long flags = mount_attr_ms(fs->attr) | mount_super_ms(fs->super_set);
	int r = join_data(fs, spare_gid, &data, e);

	if (r < 0)
		return r;
	if (mount(fs->source ? fs->source : fs->type, fd_path(targetfd, path), fs->type, flags,
		  data.data) < 0)
		return err_set(e, errno, "%s", strerror(errno));
	return 0;
}

int mount_fs_legacy(const struct mount_fs *fs, int targetfd, struct err *e)
{
	struct err why = { 0 };
	int r = mount_with(fs, false, targetfd, &why);

	if (r == -EINVAL && fs->may_lack_gid && mount_with(fs, true, targetfd, NULL) >= 0)
		return 0;
	return r < 0 ? err_set(e, why.code, "%s", why.msg) : 0;
}
