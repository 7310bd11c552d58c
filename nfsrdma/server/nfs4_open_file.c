// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The file that OPEN is about: found, or made, and whether the caller may open it so.  RFC 8881 18.16.3. */
#include <errno.h>

#include "nfsrdma/server/nfs4_open.h"
#include "nfsrdma/server/nfs4_pseudo.h"

/* Somebody else makes and removes it all the time: give up after so many tries. */
#define RACES_MAX	8

static enum nfs4_status found(struct nfs4_compound *c, struct nfs_node *node,
			      struct nfs4_opened *opened)
{
	return nfs4_obj_from_node(c, c->cur.export, node, &opened->obj);
}

static enum nfs4_status status_of(const struct nfs4_compound *c, int err)
{
	return err == -ENOTDIR ? nfs4_obj_not_dir(&c->cur) : nfs4_status_of(err);
}

/* It was there before. */
static enum nfs4_status existing(struct nfs4_compound *c, const struct nfs4_open_args *args,
				 struct nfs_node *node, struct nfs4_opened *opened)
{
	if (args->create && args->how == NFS4_GUARDED) {
		c->cur.export->vfs->put(node);
		return NFS4ERR_EXIST;
	}
	/* Of all attributes only a size of 0 counts for it. */
	opened->truncate = args->create && args->set.set & NFS_SET_SIZE && !args->set.size;
	if (opened->truncate)
		nfs4_bit_set(&opened->attrset, FATTR4_SIZE);
	return found(c, node, opened);
}

static enum nfs4_status plain(struct nfs4_compound *c, const struct nfs4_open_args *args,
			      struct nfs4_opened *opened)
{
	const struct nfs_vfs_ops *vfs = c->cur.export->vfs;
	struct nfs_node *node;
	int err;

	for (unsigned i = 0; i < RACES_MAX; i++) {
		err = vfs->lookup(c->cur.node, &c->cur.cred, args->name, &node);
		if (!err)
			return existing(c, args, node, opened);
		if (err != -ENOENT || !args->create)
			return status_of(c, err);
		if (!c->cur.rule->rw)
			return NFS4ERR_ROFS;
		err = vfs->create(c->cur.node, &c->cur.cred, args->name, true, NULL, &args->set,
				  &node);
		if (!err) {
			opened->made = true;
			opened->attrset = args->given;
			return found(c, node, opened);
		}
		if (err != -EEXIST)
			return status_of(c, err);
	}
	return NFS4ERR_DELAY;
}

/*
 * The verifier is kept in the times, which the client therefore sets afterwards: attrset tells it to.  What is set
 * here must leave them as they are.
 */
static enum nfs4_status exclusive(struct nfs4_compound *c, const struct nfs4_open_args *args,
				  struct nfs4_opened *opened)
{
	const struct nfs_vfs_ops *vfs = c->cur.export->vfs;
	struct nfs_set_attr set = args->set;
	/* A mode that is set later knows nothing of a default ACL. */
	const struct nfs_set_attr first = { .set = set.set & NFS_SET_MODE,
					    .mode = set.mode,
					    .umask = set.umask };
	struct nfs_node *node;
	struct nfs_attr attr;
	int err;

	if (!c->cur.rule->rw)
		return NFS4ERR_ROFS;
	err = vfs->create(c->cur.node, &c->cur.cred, args->name, true, args->verifier, &first,
			  &node);
	if (err)
		return status_of(c, err);
	/* By this call or by one of the same verifier before it: then it is the caller's as well. */
	err = vfs->getattr(node, &attr);
	opened->made = !err && attr.st.st_uid == c->cur.cred.uid;
	if (!set.size)
		set.set &= ~(unsigned)NFS_SET_SIZE;
	if (!(set.set & NFS_SET_ACL))
		set.set &= ~(unsigned)NFS_SET_MODE;
	if (!err && set.set)
		err = vfs->setattr(node, &c->cur.cred, &set);
	if (err) {
		vfs->put(node);
		return nfs4_status_of(err);
	}
	opened->attrset = args->given;
	nfs4_bit_set(&opened->attrset, FATTR4_TIME_ACCESS);
	nfs4_bit_set(&opened->attrset, FATTR4_TIME_MODIFY);
	return found(c, node, opened);
}

static enum nfs4_status in_pseudo(const struct nfs4_compound *c, const struct nfs4_open_args *args)
{
	const struct nfs4_pseudo *child;

	if (args->claim != CLAIM_NULL)
		return NFS4ERR_ISDIR;
	child = nfs4_pseudo_child(c->cur.pseudo, args->name);
	if (child && nfs4_pseudo_visible(child, &c->call->conn->peer))
		return args->create && args->how != NFS4_UNCHECKED ? NFS4ERR_EXIST : NFS4ERR_ISDIR;
	return args->create ? NFS4ERR_ROFS : NFS4ERR_NOENT;
}

static enum nfs4_status judge_rights(const struct nfs4_open_args *args,
				     const struct nfs4_opened *opened, const struct nfs_attr *attr)
{
	const struct nfs4_obj *obj = &opened->obj;
	bool reads = args->access & OPEN4_SHARE_ACCESS_READ;
	bool writes = args->access & OPEN4_SHARE_ACCESS_WRITE;
	unsigned have;
	int err;

	if ((writes || opened->truncate) && !obj->rule->rw)
		return NFS4ERR_ROFS;
	/* It was open before the server was started again, whatever its mode has become. */
	if (args->claim == CLAIM_PREVIOUS && attr->st.st_uid == obj->cred.uid)
		return NFS4_OK;
	err = obj->export->vfs->access(obj->node, &obj->cred,
				       NFS_MAY_READ | NFS_MAY_WRITE | NFS_MAY_EXEC, &have);
	if (err)
		return nfs4_status_of(err);
	if ((writes || opened->truncate) && !(have & NFS_MAY_WRITE))
		return NFS4ERR_ACCESS;
	/* Who may run a program must be able to read it. */
	if (reads && !(have & NFS_MAY_READ) && (writes || !(have & NFS_MAY_EXEC)))
		return NFS4ERR_ACCESS;
	return NFS4_OK;
}

enum nfs4_status nfs4_open_file(struct nfs4_compound *c, const struct nfs4_open_args *args,
				struct nfs4_opened *opened)
{
	enum nfs4_status status = NFS4_OK;
	struct nfs_attr attr;

	*opened = (struct nfs4_opened){ 0 };
	if (c->cur.pseudo)
		return in_pseudo(c, args);
	if (args->claim != CLAIM_NULL)
		nfs4_obj_copy(&opened->obj, &c->cur);
	else if (args->create && args->how >= NFS4_EXCLUSIVE)
		status = exclusive(c, args, opened);
	else
		status = plain(c, args, opened);
	if (status != NFS4_OK)
		return status;
	status = nfs4_obj_regular(&opened->obj, &attr);
	/* Its maker may do with it what he said, whatever mode he gave it. */
	if (status == NFS4_OK && !opened->made)
		status = judge_rights(args, opened, &attr);
	if (status != NFS4_OK)
		nfs4_obj_put(&opened->obj);
	return status;
}
