/*
 * The values of JSON keys: each function appends one value for a row, null where it is
 * unknown or the row has none.
 */
#ifndef WHOPORT_JSON_VALUE_H
#define WHOPORT_JSON_VALUE_H

struct buf;
struct column_style;
struct holder;
struct process;
struct row;

typedef void json_value(const struct column_style *style, const struct row *row, struct buf *out);

/* Of the process. */
json_value json_value_pid, json_value_tid, json_value_ppid, json_value_pgid,
	json_value_command, json_value_task_cmd, json_value_uid, json_value_login,
	json_value_start, json_value_cmdline, json_value_cwd, json_value_unit,
	json_value_container;

/* Of the descriptor. */
json_value json_value_fd, json_value_kind, json_value_access;

/* Of the socket. */
json_value json_value_type, json_value_family, json_value_protocol, json_value_state,
	json_value_inode, json_value_cookie, json_value_netns, json_value_socket_uid,
	json_value_bound_device, json_value_name, json_value_local, json_value_remote,
	json_value_path, json_value_queues, json_value_timer;

/* Of others: the other end, and why nobody holds the socket. */
json_value json_value_peer, json_value_reason, json_value_listener, json_value_holders,
	json_value_suspects;

/* Of --details, an object: of the process, of the socket, of both. */
json_value json_value_process_details, json_value_sock_details, json_value_details;

/* Of any process, NULL for none; of any holder. */
void json_value_command_of(const struct process *p, struct buf *out);
void json_value_fd_of(const struct holder *h, struct buf *out);

#endif
