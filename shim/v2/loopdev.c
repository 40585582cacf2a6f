/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/loopdev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "libutil/cleanup.h"

/* Others take free devices, too. */
#define ATTEMPTS 64

static void name_it(struct loop_info64 *info, const char *file)
{
	(void)snprintf((char *)info->lo_file_name, sizeof(info->lo_file_name), "%s", file);
}

/* Kernels before 5.8 have no LOOP_CONFIGURE. */
static int configure_in_steps(int devfd, const struct loop_config *config)
{
	if (ioctl(devfd, LOOP_SET_FD, (unsigned long)config->fd) < 0)
		return -errno;
	if (ioctl(devfd, LOOP_SET_STATUS64, &config->info) < 0) {
		int error = errno;

		(void)ioctl(devfd, LOOP_CLR_FD, 0);
		return -error;
	}
	return 0;
}

static int configure(int devfd, int filefd, const char *file, bool read_only)
{
	struct loop_config config = {
		.fd = (unsigned)filefd,
		.info.lo_flags = LO_FLAGS_AUTOCLEAR | (read_only ? LO_FLAGS_READ_ONLY : 0),
	};

	name_it(&config.info, file);
	if (ioctl(devfd, LOOP_CONFIGURE, &config) == 0)
		return 0;
	return errno == EINVAL || errno == ENOTTY ? configure_in_steps(devfd, &config) : -errno;
}

/* Returns the device's descriptor, or -EBUSY when somebody else took it. */
static int take_free(int controlfd, int filefd, const char *file, bool read_only,
		     char name[LOOPDEV_NAME_SIZE], struct err *e)
{
	int mode = read_only ? O_RDONLY : O_RDWR;
	int number = ioctl(controlfd, LOOP_CTL_GET_FREE), r;
	autofd int devfd = -1;

	if (number < 0)
		return err_sys(e, "find a free loop device");
	(void)snprintf(name, LOOPDEV_NAME_SIZE, "/dev/loop%d", number);
	devfd = open(name, mode | O_CLOEXEC);
	if (devfd < 0)
		return err_sys(e, "open '%s'", name);
	r = configure(devfd, filefd, file, read_only);
	if (r < 0)
		return err_set(e, -r, "attach '%s' to '%s': %s", file, name, strerror(-r));
	return steal_fd(&devfd);
}

int loopdev_attach(const char *file, bool read_only, char name[LOOPDEV_NAME_SIZE], struct err *e)
{
	autofd int controlfd = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	autofd int filefd = -1;
	int r = -EBUSY;

	if (controlfd < 0)
		return err_sys(e, "open '/dev/loop-control' (load the kernel module 'loop')");
	filefd = open(file, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (filefd < 0)
		return err_sys(e, "open '%s'", file);
	for (int i = 0; i < ATTEMPTS && r == -EBUSY; i++)
		r = take_free(controlfd, filefd, file, read_only, name, e);
	return r;
}
