/*
 * Targets; see target.h. The address rules are those of bind(2): a wildcard
 * conflicts with every address of its family, and [::] with IPv4 too unless
 * it is known to be v6only.
 */
#define _GNU_SOURCE
#include "target.h"

#include "grow.h"
#include "names.h"
#include "num.h"
#include "port_set.h"
#include "refuse.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

void target_list_free(struct target_list *list)
{
	for (size_t i = 0; i < list->len; i++)
		free(list->v[i].name);
	free(list->v);
	*list = (struct target_list){0};
}

static int add_target(struct target_list *list, const struct target *t)
{
	void *v = grow(list->v, list->len, &list->cap, sizeof(*list->v));

	if (!v)
		return -ENOMEM;
	list->v = v;
	list->v[list->len++] = *t;
	return 0;
}

int target_list_add_copy(struct target_list *list, const struct target *t, size_t item)
{
	struct target copy = *t;

	copy.item = item;
	if (t->name) {
		copy.name = malloc(t->name_len + 1);
		if (!copy.name)
			return -ENOMEM;
		memcpy(copy.name, t->name, t->name_len);
	}
	int rc = add_target(list, &copy);
	if (rc < 0)
		free(copy.name);
	return rc;
}

static void find_file(const char *path, struct sock_file *out)
{
	struct stat st;

	*out = (struct sock_file){0};
	if (stat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		*out = (struct sock_file){major(st.st_dev), minor(st.st_dev), (uint32_t)st.st_ino};
}

bool target_is_path(const struct target *t)
{
	return t->name && (t->name_len == 0 || *t->name != '\0');
}

bool target_path(const struct target *t, char *out, size_t size)
{
	if (!t->name || t->name_len == 0 || t->name_len >= size || *t->name != '/')
		return false;
	memcpy(out, t->name, t->name_len);
	out[t->name_len] = '\0';
	return true;
}

bool target_find_file(struct target *t)
{
	char path[PATH_MAX];

	if (!target_path(t, path, sizeof(path)))
		return false;
	find_file(path, &t->file);
	return true;
}

/* Add a unix name, unless it is there already from another spelling. */
static int add_name(struct target_list *list, const char *name, size_t len, size_t item)
{
	for (size_t i = list->len; i > 0 && list->v[i - 1].item == item; i--) {
		const struct target *t = &list->v[i - 1];
		if (t->name_len == len && memcmp(t->name, name, len) == 0)
			return 0;
	}
	struct target t = {.protos = SOCK_PROTO_BIT(SOCK_PROTO_UNIX), .item = item,
			   .name_len = len};
	t.name = malloc(len ? len : 1);
	if (!t.name)
		return -ENOMEM;
	memcpy(t.name, name, len);
	int rc = add_target(list, &t);
	if (rc < 0)
		free(t.name);
	return rc;
}

static bool hex_byte(const char *at, char *out)
{
	uint64_t value;

	if (!at[0] || !at[1])
		return false;
	const char *p = at;
	if (!num_scan(&p, at + 2, 16, UINT8_MAX, &value) || p != at + 2)
		return false;
	*out = (char)value;
	return true;
}

/* `@name` with \0, \n, \t, \\ and \xNN: the bytes behind a leading NUL. */
static int add_abstract(struct target_list *list, const char *word, size_t item,
			const char **out_why)
{
	static const char letters[] = "0nt\\", bytes[] = "\0\n\t\\";
	char name[108] = "";
	size_t len = 1;

	for (const char *at = word + 1; *at; at++) {
		char c = *at;
		if (len == sizeof(name))
			return refuse_word(out_why, "longer than a socket name can be");
		if (c == '\\') {
			const char *letter = at[1] ? strchr(letters, at[1]) : NULL;
			if (letter) {
				c = bytes[letter - letters];
				at++;
			} else if (at[1] == 'x' && hex_byte(at + 2, &c)) {
				at += 3;
			} else {
				return refuse_word(out_why, "unknown escape in a socket name");
			}
		}
		name[len++] = c;
	}
	return add_name(list, name, len, item);
}

/* The names that a server may have bound for a path; see add_path(). */
static int add_spellings(struct target_list *list, const char *plain, size_t item)
{
	char path[2 * PATH_MAX + 2] = "", real[PATH_MAX], base[PATH_MAX];

	if (*plain != '/') {
		if (!getcwd(path, PATH_MAX))
			return 0;
		strcat(path, "/");
	}
	strcat(path, plain);
	int rc = add_name(list, path, strlen(path), item);
	if (rc == 0 && realpath(path, real))
		rc = add_name(list, real, strlen(real), item);
	/* And the directory alone: the socket file may be gone. */
	char *slash = strrchr(path, '/');
	strcpy(base, slash + 1);
	*slash = '\0';
	if (rc < 0 || !realpath(*path ? path : "/", real))
		return rc;
	strcpy(path, strcmp(real, "/") == 0 ? "" : real);
	strcat(path, "/");
	strcat(path, base);
	return add_name(list, path, strlen(path), item);
}

/*
 * A path, in the spellings that a server may have bound: as typed, without
 * "./", absolute, and with symbolic links resolved; and the file that it names
 * now, whatever name it was bound by. Only our own word is resolved, never
 * the name of a foreign socket.
 */
static int add_path(struct target_list *list, const char *word, size_t item, const char **out_why)
{
	const char *plain = word;
	size_t first = list->len;
	struct sock_file file;

	if (strlen(word) >= PATH_MAX)
		return refuse_word(out_why, "longer than a path can be");
	while (strncmp(plain, "./", 2) == 0)
		plain += 2 + strspn(plain + 2, "/");
	int rc = add_name(list, word, strlen(word), item);
	if (rc == 0)
		rc = add_name(list, plain, strlen(plain), item);
	if (rc == 0)
		rc = add_spellings(list, plain, item);
	find_file(word, &file);
	for (size_t i = first; i < list->len; i++)
		list->v[i].file = file;
	return rc;
}

/* Add each range of a port list, at each address. */
static int add_ports(struct target_list *list, const struct port_set *ports,
		     const struct addr *addrs, size_t count, size_t item)
{
	for (size_t i = 0; i < ports->len; i++) {
		for (size_t j = 0; j < count; j++) {
			struct target t = {.addr = addrs[j], .lo = ports->v[i].lo,
					   .hi = ports->v[i].hi, .protos = ports->v[i].protos,
					   .item = item};
			int rc = add_target(list, &t);
			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

/* `53/udp`: a protocol behind the last slash. */
static bool has_proto_suffix(const char *word, enum sock_proto *out)
{
	const char *slash = strrchr(word, '/');

	return slash && sock_proto_parse(slash + 1, strlen(slash + 1), out) &&
	       SOCK_PROTO_BIT(*out) & SOCK_PROTOS_PORTS;
}

/* What stands before the last colon: an address, a host, or nothing. */
static int parse_address(const char *text, size_t len, struct addr *out, size_t max,
			 size_t *out_count, const char **out_why)
{
	*out_count = 1;
	if (len == 0)
		return 0;
	if (len == 1 && *text == '*') {
		out->family = AF_INET6;
		return 0;
	}
	/* 1:2:3 would leave it open where the address ends. */
	if (memchr(text, ':', len) && *text != '[')
		return refuse_word(out_why, "write an IPv6 address in brackets: [::1]:80");
	if (addr_parse(text, len, out))
		return 0;
	*out_count = names_host_addrs(text, len, out, max);
	return *out_count > 0 ? 0 : refuse_word(out_why, "no such host or protocol");
}

/* Take `tcp:` off the front and `/tcp` off the end. */
static int parse_proto(const char **word, size_t *len, unsigned *out_protos, const char **out_why)
{
	const char *colon = memchr(*word, ':', *len);
	enum sock_proto proto;

	*out_protos = SOCK_PROTOS_PORTS;
	if (has_proto_suffix(*word, &proto)) {
		*out_protos = SOCK_PROTO_BIT(proto);
		*len = (size_t)(strrchr(*word, '/') - *word);
	}
	if (!colon || !sock_proto_parse(*word, (size_t)(colon - *word), &proto))
		return 0;
	*len -= (size_t)(colon + 1 - *word);
	*word = colon + 1;
	if (!(SOCK_PROTO_BIT(proto) & SOCK_PROTOS_PORTS))
		return refuse_word(out_why, "this protocol has no ports");
	*out_protos &= SOCK_PROTO_BIT(proto);
	return *out_protos ? 0 : refuse_word(out_why, "two protocols");
}

static int add_inet(struct target_list *list, struct names *names, const char *word, size_t item,
		    const char **out_why)
{
	struct addr addrs[16] = {0};
	size_t count = 1, len = strlen(word);
	unsigned protos;

	int rc = parse_proto(&word, &len, &protos, out_why);
	if (rc < 0)
		return rc;
	const char *ports = word, *colon = memrchr(word, ':', len);
	if (colon && memchr(colon, ']', len - (size_t)(colon - word)))
		return refuse_word(out_why, "the port is missing");
	if (colon) {
		rc = parse_address(word, (size_t)(colon - word), addrs, 16, &count, out_why);
		ports = colon + 1;
	}
	struct port_set set = {0};
	if (rc == 0)
		rc = port_set_parse(&set, names, ports, len - (size_t)(ports - word), protos,
				    out_why);
	if (rc == 0)
		rc = add_ports(list, &set, addrs, count, item);
	port_set_free(&set);
	return rc;
}

int target_list_add(struct target_list *list, struct names *names, const char *word, size_t item,
		    const char **out_why)
{
	enum sock_proto proto;

	if (*word == '\0')
		return refuse_word(out_why, "an empty word is no port");
	if (*word == '@')
		return add_abstract(list, word, item, out_why);
	if (*word == '/' || *word == '.' ||
	    (strchr(word, '/') && !has_proto_suffix(word, &proto)))
		return add_path(list, word, item, out_why);
	return add_inet(list, names, word, item, out_why);
}

static bool is_single(const struct target *t)
{
	return !t->name && t->lo == t->hi;
}

static int compare_target(const void *x, const void *y)
{
	const struct target *a = x, *b = y;

	if (is_single(a) != is_single(b))
		return is_single(a) ? -1 : 1;
	if (is_single(a) && a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	return a->item < b->item ? -1 : a->item > b->item;
}

void target_list_sort(struct target_list *list)
{
	if (list->len > 0)
		qsort(list->v, list->len, sizeof(*list->v), compare_target);
	list->singles = 0;
	while (list->singles < list->len && is_single(&list->v[list->singles]))
		list->singles++;
}

bool target_allows(const struct target *t, enum sock_proto proto, sa_family_t family)
{
	if (!(t->protos & SOCK_PROTO_BIT(proto)))
		return false;
	/* Only an IPv6 address, neither a wildcard nor v4-mapped, leaves IPv4 out. */
	return family != AF_INET || t->addr.family != AF_INET6 || addr_is_wildcard(&t->addr) ||
	       addr_is_v4mapped(&t->addr);
}

/* True if a socket at a wildcard takes the addresses of both families. */
static bool is_dual_stack(const struct addr *a, enum sock_v6only v6only)
{
	return a->family == AF_INET6 && addr_is_wildcard(a) && v6only != SOCK_V6ONLY_YES;
}

/* Would bind(2) to @wanted meet a socket? A bind to [::] is taken to be dual-stack. */
static bool conflicts(const struct addr *wanted, const struct sock *s)
{
	struct addr w = addr_unmap(wanted), l = addr_unmap(&s->local);

	if (w.family == AF_UNSPEC || is_dual_stack(&w, SOCK_V6ONLY_NO))
		return true;
	if (is_dual_stack(&l, (enum sock_v6only)s->v6only))
		return true;
	if (w.family != l.family)
		return false;
	return addr_is_wildcard(&w) || addr_is_wildcard(&l) || addr_equal_ip(&w, &l);
}

/* Text shows NUL as '@'; the target has the byte itself. */
static bool same_name(const struct target *t, const struct sock *s)
{
	if (!s->name || s->name_len != t->name_len)
		return false;
	for (size_t i = 0; i < t->name_len; i++) {
		bool blurred = !s->name_is_exact && t->name[i] == '\0' && s->name[i] == '@';
		if (s->name[i] != t->name[i] && !blurred)
			return false;
	}
	return true;
}

static bool same_file(const struct target *t, const struct sock *s)
{
	return t->file.inode != 0 && t->file.inode == s->file.inode &&
	       t->file.major == s->file.major && t->file.minor == s->file.minor;
}

/*
 * Is a socket of that name demonstrably another file's? Devices differ where file
 * systems lie on one another (overlay, btrfs): then the name has to do.
 */
static bool is_other_file(const struct target *t, const struct sock *s)
{
	return t->file.inode != 0 && s->file.inode != 0 && t->file.major == s->file.major &&
	       t->file.minor == s->file.minor && t->file.inode != s->file.inode;
}

bool target_match(const struct target *t, const struct sock *s)
{
	if (!(t->protos & SOCK_PROTO_BIT(s->proto)))
		return false;
	if (t->name)
		return same_file(t, s) || (same_name(t, s) && !is_other_file(t, s));
	return s->local.port >= t->lo && s->local.port <= t->hi && conflicts(&t->addr, s);
}

struct target *target_list_next(struct target_list *list, const struct sock *s, size_t *cursor)
{
	size_t i = *cursor;

	if (i == 0) {
		size_t hi = list->singles;
		while (i < hi) {
			size_t mid = i + (hi - i) / 2;
			if (list->v[mid].lo < s->local.port)
				i = mid + 1;
			else
				hi = mid;
		}
	}
	for (; i < list->len; i++) {
		/* Behind the single ports of this number come the ranges. */
		if (i < list->singles && list->v[i].lo != s->local.port)
			i = list->singles;
		if (i < list->len && target_match(&list->v[i], s)) {
			*cursor = i + 1;
			return &list->v[i];
		}
	}
	return NULL;
}

bool target_is_holding(const struct sock *s)
{
	switch (s->proto) {
	case SOCK_PROTO_TCP:
	case SOCK_PROTO_MPTCP:
	case SOCK_PROTO_SCTP:
		return s->state == SOCK_STATE_LISTEN || s->state == SOCK_STATE_BOUND;
	case SOCK_PROTO_UNIX:
		return s->type == SOCK_DGRAM || s->state == SOCK_STATE_LISTEN ||
		       s->state == SOCK_STATE_UNCONNECTED;
	default:
		return true;
	}
}
