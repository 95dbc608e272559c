/* Capabilities; see capability.h. */
#define _GNU_SOURCE
#include "capability.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/nsfs.h, which musl-gcc does not have */
#define GET_USERNS _IO(0xb7, 0x1)
#define GET_PARENT _IO(0xb7, 0x2)
#define GET_OWNER_UID _IO(0xb7, 0x4)

bool capability_has(enum capability cap)
{
	enum { VERSION_3 = 0x20080522 };
	struct {
		uint32_t version;
		int pid;
	} header = {VERSION_3, 0};
	struct {
		uint32_t effective, permitted, inheritable;
	} data[2] = {{0}};

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	uint64_t caps = (uint64_t)data[1].effective << 32 | data[0].effective;
	return caps >> cap & 1;
}

static bool is_same(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_ino == y.st_ino &&
	       x.st_dev == y.st_dev;
}

/*
 * Who owns a user namespace has every right in it while he is in the parent; who has a
 * capability there has it in all that descend from it.
 */
static bool has_in(int user_ns, int ours, enum capability cap)
{
	enum { DEPTH_MAX = 33 }; /* user_namespaces(7) allows 32 */
	int at = dup(user_ns);
	bool has = false;

	for (int i = 0; i < DEPTH_MAX && at >= 0; i++) {
		uid_t owner = (uid_t)-1;
		if (is_same(at, ours)) {
			has = capability_has(cap);
			break;
		}
		int parent = ioctl(at, GET_PARENT); /* fails above our own */
		if (parent >= 0 && is_same(parent, ours) && ioctl(at, GET_OWNER_UID, &owner) == 0)
			has = owner == geteuid();
		close(at);
		at = parent;
		if (has)
			break;
	}
	if (at >= 0)
		close(at);
	return has;
}

bool capability_has_for_net(int proc_fd, enum capability cap)
{
	int net = openat(proc_fd, "self/ns/net", O_RDONLY | O_CLOEXEC);
	int ours = openat(proc_fd, "self/ns/user", O_RDONLY | O_CLOEXEC);
	int user_ns = net >= 0 ? ioctl(net, GET_USERNS) : -1;
	bool is_above = net >= 0 && user_ns < 0 && errno == EPERM; /* of ours */
	bool has = false;

	if (user_ns >= 0 && ours >= 0)
		has = has_in(user_ns, ours, cap);
	else if (!is_above)
		has = capability_has(cap);
	if (user_ns >= 0)
		close(user_ns);
	if (ours >= 0)
		close(ours);
	if (net >= 0)
		close(net);
	return has;
}
