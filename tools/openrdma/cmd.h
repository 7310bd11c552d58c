/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The subcommands: argv[0] is the subcommand's name; each returns an enum exit_code. */
#ifndef OPENRDMA_CMD_H
#define OPENRDMA_CMD_H

int cmd_attach(int argc, char **argv);
int cmd_detach(int argc, char **argv);
int cmd_discover(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_metrics(int argc, char **argv);
int cmd_drop(int argc, char **argv);
int cmd_reload(int argc, char **argv);
/* Exit codes of mount(8), not those above. */
int cmd_mount(int argc, char **argv);
int cmd_mount_helper(int argc, char **argv);	/* as mount(8) calls mount.openrdma */
int cmd_umount(int argc, char **argv);
int cmd_nfs(int argc, char **argv);
int cmd_run(int argc, char **argv);

#endif
