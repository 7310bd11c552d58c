// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What rdma-core's own drivers link to.  Programs may link with such a driver (perftest with libmlx5 and libefa)
 * and then start only if these are here.  The drivers talk to the kernel through them, for devices that we never
 * list: they answer that it is not supported.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <infiniband/sa.h>
#include <infiniband/verbs.h>
#include <rdma/ib_user_sa.h>
#include <rdma/ib_user_verbs.h>

/* Called with arguments of many kinds, none of which matters. */
#define NOT_SUPPORTED(name)		\
	int name(void);			\
	int name(void)			\
	{				\
		return EOPNOTSUPP;	\
	}

#define NOTHING(name)			\
	void name(void);		\
	void name(void)			\
	{				\
	}

#define NO_OBJECT(name)			\
	void *name(void);		\
	void *name(void)		\
	{				\
		errno = EOPNOTSUPP;	\
		return NULL;		\
	}

NOT_SUPPORTED(ibv_cmd_advise_mr)
NOT_SUPPORTED(ibv_cmd_alloc_dm)
NOT_SUPPORTED(ibv_cmd_alloc_mw)
NOT_SUPPORTED(ibv_cmd_alloc_pd)
NOT_SUPPORTED(ibv_cmd_attach_mcast)
NOT_SUPPORTED(ibv_cmd_close_xrcd)
NOT_SUPPORTED(ibv_cmd_create_ah)
NOT_SUPPORTED(ibv_cmd_create_counters)
NOT_SUPPORTED(ibv_cmd_create_cq)
NOT_SUPPORTED(ibv_cmd_create_cq_ex)
NOT_SUPPORTED(ibv_cmd_create_cq_ex2)
NOT_SUPPORTED(ibv_cmd_create_flow)
NOT_SUPPORTED(ibv_cmd_create_flow_action_esp)
NOT_SUPPORTED(ibv_cmd_create_qp)
NOT_SUPPORTED(ibv_cmd_create_qp_ex)
NOT_SUPPORTED(ibv_cmd_create_qp_ex2)
NOT_SUPPORTED(ibv_cmd_create_rwq_ind_table)
NOT_SUPPORTED(ibv_cmd_create_srq)
NOT_SUPPORTED(ibv_cmd_create_srq_ex)
NOT_SUPPORTED(ibv_cmd_create_wq)
NOT_SUPPORTED(ibv_cmd_dealloc_mw)
NOT_SUPPORTED(ibv_cmd_dealloc_pd)
NOT_SUPPORTED(ibv_cmd_dereg_mr)
NOT_SUPPORTED(ibv_cmd_destroy_ah)
NOT_SUPPORTED(ibv_cmd_destroy_counters)
NOT_SUPPORTED(ibv_cmd_destroy_cq)
NOT_SUPPORTED(ibv_cmd_destroy_flow)
NOT_SUPPORTED(ibv_cmd_destroy_flow_action)
NOT_SUPPORTED(ibv_cmd_destroy_qp)
NOT_SUPPORTED(ibv_cmd_destroy_rwq_ind_table)
NOT_SUPPORTED(ibv_cmd_destroy_srq)
NOT_SUPPORTED(ibv_cmd_destroy_wq)
NOT_SUPPORTED(ibv_cmd_detach_mcast)
NOT_SUPPORTED(ibv_cmd_free_dm)
NOT_SUPPORTED(ibv_cmd_get_context)
NOT_SUPPORTED(ibv_cmd_modify_cq)
NOT_SUPPORTED(ibv_cmd_modify_flow_action_esp)
NOT_SUPPORTED(ibv_cmd_modify_qp)
NOT_SUPPORTED(ibv_cmd_modify_qp_ex)
NOT_SUPPORTED(ibv_cmd_modify_srq)
NOT_SUPPORTED(ibv_cmd_modify_wq)
NOT_SUPPORTED(ibv_cmd_open_qp)
NOT_SUPPORTED(ibv_cmd_open_xrcd)
NOT_SUPPORTED(ibv_cmd_poll_cq)
NOT_SUPPORTED(ibv_cmd_post_recv)
NOT_SUPPORTED(ibv_cmd_post_send)
NOT_SUPPORTED(ibv_cmd_post_srq_recv)
NOT_SUPPORTED(ibv_cmd_query_context)
NOT_SUPPORTED(ibv_cmd_query_device_any)
NOT_SUPPORTED(ibv_cmd_query_mr)
NOT_SUPPORTED(ibv_cmd_query_port)
NOT_SUPPORTED(ibv_cmd_query_qp)
NOT_SUPPORTED(ibv_cmd_query_srq)
NOT_SUPPORTED(ibv_cmd_read_counters)
NOT_SUPPORTED(ibv_cmd_reg_dm_mr)
NOT_SUPPORTED(ibv_cmd_reg_dmabuf_mr)
NOT_SUPPORTED(ibv_cmd_reg_mr)
NOT_SUPPORTED(ibv_cmd_req_notify_cq)
NOT_SUPPORTED(ibv_cmd_rereg_mr)
NOT_SUPPORTED(ibv_cmd_resize_cq)

NOT_SUPPORTED(execute_ioctl)
NO_OBJECT(_verbs_init_and_alloc_context)
NO_OBJECT(verbs_open_device)
NOTHING(__verbs_log)
NOTHING(verbs_init_cq)
NOTHING(verbs_register_driver_34)
NOTHING(verbs_set_ops)
NOTHING(verbs_uninit_context)

extern bool verbs_allow_disassociate_destroy;
bool verbs_allow_disassociate_destroy;

unsigned __ioctl_final_num_attrs(unsigned num_attrs, void *link);
unsigned __ioctl_final_num_attrs(unsigned num_attrs, void *link)
{
	return num_attrs;
}

int ibv_read_ibdev_sysfs_file(char *buf, size_t size, void *device, const char *format, ...);
int ibv_read_ibdev_sysfs_file(char *buf, size_t size, void *device, const char *format, ...)
{
	errno = ENOENT;
	return -1;
}

/* ---- older than the private version --------------------------------------------------------------- */

const char *ibv_get_sysfs_path(void);
const char *ibv_get_sysfs_path(void)
{
	return "/sys";
}

static size_t trim(char *buf, size_t len)
{
	if (len && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
	return len;
}

/* The first line of a short file, without its end. */
int ibv_read_sysfs_file(const char *dir, const char *file, char *buf, size_t size);
int ibv_read_sysfs_file(const char *dir, const char *file, char *buf, size_t size)
{
	char path[4096];
	ssize_t n;
	int fd;

	if (!dir || !file || !buf || !size ||
	    snprintf(path, sizeof(path), "%s/%s", dir, file) >= (int)sizeof(path))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, buf, size - 1);
	close(fd);
	return n < 0 ? -1 : (int)trim(buf, (size_t)n);
}

/* No kernel told us anything of address handles, queue pairs and paths. */
void ibv_copy_ah_attr_from_kern(struct ibv_ah_attr *to, struct ib_uverbs_ah_attr *from);
void ibv_copy_ah_attr_from_kern(struct ibv_ah_attr *to, struct ib_uverbs_ah_attr *from)
{
	memset(to, 0, sizeof(*to));
}

void ibv_copy_qp_attr_from_kern(struct ibv_qp_attr *to, struct ib_uverbs_qp_attr *from);
void ibv_copy_qp_attr_from_kern(struct ibv_qp_attr *to, struct ib_uverbs_qp_attr *from)
{
	memset(to, 0, sizeof(*to));
}

void ibv_copy_path_rec_from_kern(struct ibv_sa_path_rec *to, struct ib_user_path_rec *from);
void ibv_copy_path_rec_from_kern(struct ibv_sa_path_rec *to, struct ib_user_path_rec *from)
{
	memset(to, 0, sizeof(*to));
}

void ibv_copy_path_rec_to_kern(struct ib_user_path_rec *to, struct ibv_sa_path_rec *from);
void ibv_copy_path_rec_to_kern(struct ib_user_path_rec *to, struct ibv_sa_path_rec *from)
{
	memset(to, 0, sizeof(*to));
}
