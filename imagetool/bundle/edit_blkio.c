/* SPDX-License-Identifier: Apache-2.0 */
/* Weights and rates of block devices. */
#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "imagetool/bundle/edit.h"
#include "libutil/parse.h"

#define WEIGHT_MIN 10
#define WEIGHT_MAX 1000

static struct spec_block_io *block_io_of(struct spec_edit *ed)
{
	struct spec_resources *r = edit_resources_of(ed);

	if (!r->block_io)
		r->block_io = arena_alloc(ed->a, 1, sizeof(*r->block_io));
	return r->block_io;
}

static int parse_weight(const char *text, int64_t *ret)
{
	int r = parse_i64(text, ret);

	return r < 0 || *ret < WEIGHT_MIN || *ret > WEIGHT_MAX ? -EINVAL : 0;
}

/* "/dev/sda:1mb": the device, and the text behind the colon. */
static int split_device(const char *text, struct stat *ret, const char **ret_value, struct err *e)
{
	const char *colon = strrchr(text, ':');
	autofree char *path = NULL;

	if (!colon || colon == text || text[0] != '/')
		return err_set(e, EINVAL, "expected DEVICE:VALUE");
	path = xstrndup(text, (size_t)(colon - text));
	if (stat(path, ret) < 0)
		return err_sys(e, "stat '%s'", path);
	if (!S_ISBLK(ret->st_mode))
		return err_set(e, ENOTBLK, "'%s' is no block device", path);
	*ret_value = colon + 1;
	return 0;
}

static int add_weight(struct spec_edit *ed, const char *text, struct err *e)
{
	struct spec_weight_device *w;
	const char *value;
	struct stat st;
	int64_t n;
	int r = split_device(text, &st, &value, e);

	if (r < 0)
		return r;
	if (parse_weight(value, &n) < 0)
		return err_set(e, EINVAL, "'%s' is no weight from 10 to 1000", value);
	w = edit_push(ed->a, &block_io_of(ed)->weight_device, sizeof(*w));
	w->major = (struct opt_i64){ true, major(st.st_rdev) };
	w->minor = (struct opt_i64){ true, minor(st.st_rdev) };
	w->weight = (struct opt_u64){ true, (uint64_t)n };
	return 0;
}

/* ---- Rates ---- */

static const struct rate_row {
	const char *option;
	size_t from, to;
	bool bytes;
} rates[] = {
#define RATE(option, from, to, bytes)                                                              \
	{                                                                                          \
		option, offsetof(struct container_options, from),                                  \
			offsetof(struct spec_block_io, to), bytes                                  \
	}
	RATE("--device-read-bps", read_bps, throttle_read_bps_device, true),
	RATE("--device-write-bps", write_bps, throttle_write_bps_device, true),
	RATE("--device-read-iops", read_iops, throttle_read_iops_device, false),
	RATE("--device-write-iops", write_iops, throttle_write_iops_device, false),
#undef RATE
};

static int add_rate(struct spec_edit *ed, const struct rate_row *row, const char *text,
		    struct err *e)
{
	struct spec_throttle_device *t;
	const char *value;
	struct stat st;
	int64_t n;
	int r = split_device(text, &st, &value, e);

	if (r < 0)
		return r;
	if ((row->bytes ? parse_size(value, &n) : parse_i64(value, &n)) < 0 || n < 0)
		return err_set(e, EINVAL, "'%s' is no %s", value,
			       row->bytes ? "rate such as 10mb" : "number");
	t = edit_push(ed->a, (struct oci_array *)(void *)((char *)block_io_of(ed) + row->to),
		      sizeof(*t));
	t->major = (struct opt_i64){ true, major(st.st_rdev) };
	t->minor = (struct opt_i64){ true, minor(st.st_rdev) };
	t->rate = (struct opt_u64){ true, (uint64_t)n };
	return 0;
}

static int add_rates(struct spec_edit *ed, const struct rate_row *row, struct err *e)
{
	const struct strv *list =
		(const struct strv *)(const void *)((const char *)ed->options + row->from);

	for (size_t i = 0; i < list->n; i++) {
		int r = add_rate(ed, row, list->v[i], e);

		if (r < 0)
			return err_wrap(e, r, "%s '%s'", row->option, list->v[i]);
	}
	return 0;
}

int edit_block_io(struct spec_edit *ed, struct err *e)
{
	const struct container_options *o = ed->options;
	int64_t weight = 0;
	int r = 0;

	if (o->blkio_weight && parse_weight(o->blkio_weight, &weight) < 0)
		return err_set(e, EINVAL, "--blkio-weight '%s': no weight from 10 to 1000",
			       o->blkio_weight);
	if (o->blkio_weight)
		block_io_of(ed)->weight = (struct opt_u64){ true, (uint64_t)weight };
	for (size_t i = 0; i < o->blkio_weight_devices.n && r >= 0; i++) {
		r = add_weight(ed, o->blkio_weight_devices.v[i], e);
		if (r < 0)
			return err_wrap(e, r, "--blkio-weight-device '%s'",
					o->blkio_weight_devices.v[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(rates) && r >= 0; i++)
		r = add_rates(ed, &rates[i], e);
	return r;
}
