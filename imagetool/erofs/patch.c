/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/erofs/patch.h"

#include <endian.h>
#include <errno.h>
#include <unistd.h>

#include "imagetool/erofs/format.h"

int erofs_patch_dir(int fd, ino_t ino, const struct stat *like, struct err *e)
{
	struct erofs_inode_extended i;
	off_t at = (off_t)ino * EROFS_SLOT;
	ssize_t n = pread(fd, &i, sizeof(i), at);

	if (n < 0)
		return err_sys(e, "read the EROFS image");
	/* The block of the superblock has a checksum. */
	if ((size_t)n < sizeof(i) || at < EROFS_BLOCK || !(le16toh(i.format) & 1) ||
	    !S_ISDIR(le16toh(i.mode)))
		return 0;
	i.mode = htole16((uint16_t)(S_IFDIR | (like->st_mode & 07777)));
	i.uid = htole32(like->st_uid);
	i.gid = htole32(like->st_gid);
	i.mtime = htole64((uint64_t)like->st_mtim.tv_sec);
	i.mtime_nsec = htole32((uint32_t)like->st_mtim.tv_nsec);
	n = pwrite(fd, &i, sizeof(i), at);
	if (n < 0)
		return err_sys(e, "write the EROFS image");
	return (size_t)n == sizeof(i) ? 1 : err_set(e, EIO, "write the EROFS image");
}
