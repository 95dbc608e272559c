/*
 * What the iterator program tells of one descriptor. The program writes these
 * bytes in the kernel, the scanner reads them: both sides of the same moment.
 */
#ifndef WHOPORT_BPF_RECORD_H
#define WHOPORT_BPF_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sock;

/* What a descriptor leads to. */
enum bpf_record_kind {
	BPF_RECORD_SOCKET = 1,
	BPF_RECORD_RING,      /* an io_uring */
	BPF_RECORD_NAMESPACE, /* of any kind: nsfs */
};

/** Fields have the machine's byte order unless said otherwise; 0 stands for unknown. */
struct bpf_record {
	uint32_t kind; /* enum bpf_record_kind */
	uint32_t size; /* bytes of the record: all of it, or what is before path */
	uint32_t pid, tid, fd; /* in the initial pid namespace */
	uint32_t euid;         /* of the process, in the initial user namespace */
	uint64_t inode;        /* of the file */
	uint64_t table;        /* which descriptor table: equal for threads that share it */
	char command[16];      /* of the process; ends in NUL */
	uint64_t cookie;
	uint32_t netns; /* inode number */
	uint32_t uid;   /* of the socket */
	uint32_t bound_if;
	uint16_t family, type, protocol;
	uint16_t local_port;
	uint16_t remote_port; /* network byte order */
	uint8_t state;
	uint8_t v6only;
	uint8_t is_counted; /* among the sockets in use of its namespace */
	uint8_t is_named;   /* unix: the address and the other end were looked at */
	uint8_t pad[2];
	uint32_t path_len; /* unix: bytes of the address, its family among them */
	uint64_t peer;     /* unix: inode of the other end */
	uint8_t local[16], remote[16]; /* IPv4 in the first four bytes */
	char path[112]; /* unix: written only if there is one, padded with anything */
};

/** Bytes of a record without a path. */
#define BPF_RECORD_SHORT offsetof(struct bpf_record, path)

/**
 * Take the first of some records.
 *
 * @out  without a path its length is 0, and its bytes are what they were
 * Return its size; 0 if it is cut short or no record of ours.
 */
size_t bpf_record_parse(const void *data, size_t len, struct bpf_record *out);

/**
 * The socket in a record, as far as it would be in a table of its namespace.
 *
 * @out  its name borrows from the record
 * Return false for a socket that has no port or is of a kind without addresses.
 */
bool bpf_record_sock(const struct bpf_record *r, struct sock *out);

#endif
