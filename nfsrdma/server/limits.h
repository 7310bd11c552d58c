/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What the server's transports allow their peers, in number, bytes and time.  docs/security.md says the same to
 * administrators; each is tested at the limit and past it.
 */
#ifndef NFSRDMA_SERVER_LIMITS_H
#define NFSRDMA_SERVER_LIMITS_H

/* ---- calls that wait for a file system */

#define NFS_QUEUES_MAX		32	/* file systems with threads of their own; more share */

/* ---- connections: of a listener on each reactor, TCP and RDMA alike */

#define NFS_CONNS_MAX		1024
#define NFS_CONNS_OF_HOST	(NFS_CONNS_MAX / 2)
/* Of them, those that have not sent a whole call yet: for one more the oldest goes (core/user/room.h). */
#define NFS_SILENT_MAX		256
#define NFS_SILENT_OF_HOST	64

/* ---- TCP */

#define TCP_CALLS_MAX		128	/* of a connection, from the end of their message to their last byte */
/* Messages and replies of a connection in memory: nothing more is read until some have left. */
#define TCP_WINDOW		(8u << 20)
/* The same of all connections of a reactor: past it, those go that have been stuck for TCP_STUCK_MS. */
#define TCP_REACTOR_BYTES	(256u << 20)
#define TCP_STUCK_MS		1000
#define TCP_SILENCE_S		30	/* within a message, or without taking any of a reply */
#define TCP_MESSAGE_S		300	/* a whole message, however it trickles */
#define TCP_KEEPALIVE_IDLE_S	30	/* a peer that is gone is asked so soon, so often, so many times */
#define TCP_KEEPALIVE_EVERY_S	10
#define TCP_KEEPALIVE_PROBES	3
#define TCP_UNACKED_MS		60000	/* bytes that it does not acknowledge */
#define TCP_ACCEPT_BATCH	64
#define TCP_PAUSE_MS		100	/* no descriptors, no memory: who waits to be accepted waits on */
#define TCP_HANDOVER_MAX	128	/* accepted ones on their way to a reactor that is busy */

/* ---- RDMA */

#define RDMA_WINDOW		(4u << 20)	/* bulk bytes of a connection; one call always goes */
/* Of a reactor's bulk memory, for all connections of one host: a part of each size of buffer. */
#define RDMA_SHARE_OF_HOST(n)	((n) / 2)
#define RDMA_STALL_S		30	/* without the end of any Read or Send that is under way */
#define RDMA_READ_S		300	/* the Reads of one call, however they trickle */

#endif
