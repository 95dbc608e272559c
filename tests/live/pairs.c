/*
 * Does --why say what bind(2) does? Pairs of a socket and a wanted bind are drawn by lot:
 *
 *     pairs WHOPORT NAME SEED COUNT UID OWNER...
 *
 * makes sockets of the OWNERs (user IDs), asks WHOPORT as UID about binds to their ports,
 * once with --probe, and binds and listens itself as UID: without options, with
 * SO_REUSEADDR and with SO_REUSEPORT. What was said for certain and is not so is printed
 * with its pair, and the exit status is 1; that something cannot be told is counted. The
 * last line, `# NAME: ...`, says how often.
 *
 * 10.9.0.1 and so on are addresses of two devices, pd0 and pd1; pairs that this machine
 * cannot make are left out.
 */
#define _GNU_SOURCE
#include "pairs.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { BATCH = 60, TRIES = 3, FIRST_PORT = 20000, OUTPUT_MAX = 1 << 17, OWNERS_MAX = 4 };

struct wish {
	const char *address; /* NULL: the port alone */
	const char *proto;   /* "tcp", "udp"; NULL: both */
};

struct pair {
	struct socket_plan plans[2]; /* all on one port */
	size_t plans_len;
	uid_t owner;
	struct wish wish;
	bool made;
	int errors[2][TRIES]; /* of bind() or listen(); TCP, UDP */
};

/* What --why said of one protocol of a pair. */
struct saying {
	bool plain_known, addr_known, port_known;
	int plain, addr, port; /* errno */
};

struct tally {
	unsigned sure, depends, unknown, wrong, pairs;
};

static const char *whoport, *name;
static uid_t asker;
static uid_t owners[OWNERS_MAX];
static size_t owners_len;
static unsigned ports_given; /* of all batches */

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "pairs: %s: %s\n", what, strerror(errno));
	exit(2);
}

static pid_t fork_as(uid_t uid)
{
	pid_t child = fork();

	if (child < 0)
		die("fork");
	if (child > 0)
		return child;
	if (uid != geteuid() && (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0))
		die("setresuid");
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* another user ID would forget it */
	prctl(PR_SET_DUMPABLE, 1); /* whom others of that user may look into */
	return 0;
}

/* --- drawing ----------------------------------------------------------------------- */

#define ANY_OF(list) (list)[draw(sizeof(list) / sizeof(*(list)))]

static const char *draw_own_address(void)
{
	static const char *const addresses[] = {
		"0.0.0.0", "0.0.0.0", "::", "::", "::", "127.0.0.1", "127.0.0.1", "127.0.0.2",
		"10.9.0.1", "10.9.1.1", "::1", "::1", "fd00:9::1", "fe80::9%pd0", "fe80::9%pd1",
		"::ffff:127.0.0.1", "::ffff:10.9.0.1", "::ffff:0.0.0.0", "127.0.0.6"};

	return ANY_OF(addresses);
}

static const char *draw_wished_address(void)
{
	static const char *const odd[] = {
		"10.9.0.77", "fd00:9::77", "fe80::9", "fe80::77%pd0", "ff02::1", "ff02::1%pd0",
		"ff05::9", "224.0.0.9", "10.9.0.255", "255.255.255.255", "::1%lo",
		"::ffff:10.9.0.77", "::ffff:224.0.0.9"};

	if (draw_percent(8))
		return ANY_OF(odd);
	return draw_percent(25) ? NULL : draw_own_address();
}

static const char *draw_device(void)
{
	static const char *const devices[] = {"lo", "lo", "pd0", "pd1"};

	return draw_percent(15) ? ANY_OF(devices) : NULL;
}

static struct socket_plan draw_plan(void)
{
	struct socket_plan p = {.being = (enum being)draw(BEINGS), .address = draw_own_address()};

	if (draw_percent(20)) /* what is met most */
		p.being = draw(2) ? LISTENING : RECEIVING;
	p.device = draw_device();
	p.mptcp = p.being <= LISTENING && draw_percent(10);
	p.v6only = strchr(p.address, ':') && strncmp(p.address, "::ffff:", 7) && draw_percent(40);
	p.reuse_addr = draw_percent(40);
	p.reuse_port = draw_percent(30);
	if (p.being == CALLING_UNBOUND || p.being == CONNECTED_UNBOUND)
		p.port = 0;
	else /* some are of those that need a right */
		p.port = (uint16_t)(draw_percent(6) ? 300 + ports_given % 600
						    : FIRST_PORT + ports_given);
	ports_given++;
	return p;
}

static struct pair draw_pair(void)
{
	static const char *const protos[] = {"tcp", "udp"};
	struct pair pair = {.plans_len = 1, .owner = owners[draw((unsigned)owners_len)]};

	pair.plans[0] = draw_plan();
	pair.wish.address = draw_wished_address();
	if (draw_percent(70))
		pair.wish.proto = pair.plans[0].being >= DATAGRAMS ? "udp" : "tcp";
	else if (draw_percent(30))
		pair.wish.proto = ANY_OF(protos);
	/* With devices the same is so of SO_REUSEADDR and others, see compare(). */
	if (pair.plans[0].being < DATAGRAMS && !pair.plans[0].device && pair.plans[0].port != 0 &&
	    draw_percent(20)) {
		pair.plans[1] = draw_plan();
		pair.plans[1].device = NULL;
		pair.plans[1].being = draw(2) ? LISTENING : BOUND;
		pair.plans[1].port = pair.plans[0].port;
		pair.plans_len = 2;
	}
	return pair;
}

/* --- what is there ------------------------------------------------------------------ */

/* Make a pair's sockets and tell how many, on which port; 0 if the first cannot be had. */
static void make_pair(struct pair *pair, unsigned number, int to)
{
	unsigned said[3] = {number, 0, 0};
	union end e;

	if (pair->wish.address && !end_set(&e, pair->wish.address, 0))
		return; /* there is no such device */
	while (said[1] < pair->plans_len && make_planned(&pair->plans[said[1]]))
		said[1]++;
	said[2] = pair->plans[0].port;
	if (write(to, said, sizeof(said)) != (ssize_t)sizeof(said))
		_exit(1);
}

/* The process that has the sockets of one owner, until it is killed. */
static pid_t start_owner(struct pair *v, size_t len, uid_t owner)
{
	int channel[2];
	unsigned said[3];

	if (pipe(channel) < 0)
		die("pipe");
	pid_t child = fork_as(owner);
	if (child == 0) {
		signal(SIGPIPE, SIG_IGN);
		close(channel[0]);
		for (size_t i = 0; i < len; i++) {
			if (v[i].owner == owner)
				make_pair(&v[i], (unsigned)i, channel[1]);
		}
		close(channel[1]);
		for (;;)
			pause();
	}
	close(channel[1]);
	while (read(channel[0], said, sizeof(said)) == (ssize_t)sizeof(said)) {
		struct pair *pair = &v[said[0]];
		pair->made = said[1] > 0 && said[2] != 0;
		pair->plans_len = said[1];
		pair->plans[0].port = (uint16_t)said[2];
	}
	close(channel[0]);
	return child;
}

/* --- what --why says ------------------------------------------------------------------ */

static void add_word(const struct pair *pair, char *out, size_t size)
{
	const struct wish *w = &pair->wish;
	bool is_v6 = w->address && strchr(w->address, ':');

	snprintf(out, size, "%s%s%s%s%s%s%u", w->proto ? w->proto : "", w->proto ? ":" : "",
		 is_v6 ? "[" : "", w->address ? w->address : "", is_v6 ? "]" : "",
		 w->address ? ":" : "", pair->plans[0].port);
}

/* The answer to all pairs of a batch. */
static void ask(const struct pair *v, size_t len, bool probe, char *out)
{
	static char words[BATCH][64];
	char *argv[BATCH + 4] = {(char *)whoport, (char *)"--why"};
	int argc = 2, channel[2];
	size_t got = 0;
	ssize_t n;

	if (probe)
		argv[argc++] = (char *)"--probe";
	for (size_t i = 0; i < len; i++) {
		add_word(&v[i], words[i], sizeof(words[i]));
		if (v[i].made)
			argv[argc++] = words[i];
	}
	out[0] = '\0';
	if (argc == 2 + probe)
		return;
	if (pipe2(channel, O_CLOEXEC) < 0)
		die("pipe");
	pid_t child = fork_as(asker);
	if (child == 0) {
		dup2(channel[1], 1);
		execv(whoport, argv);
		_exit(127);
	}
	close(channel[1]);
	while (got < OUTPUT_MAX - 1 && (n = read(channel[0], out + got, OUTPUT_MAX - 1 - got)) > 0)
		got += (size_t)n;
	out[got] = '\0';
	close(channel[0]);
	waitpid(child, NULL, 0);
	if (got == 0)
		die("whoport says nothing");
}

/* `bind() to [::]:8080/tcp as root ...`: is it of a port and a protocol? */
static bool is_about(const char *line, unsigned port, const char *proto)
{
	static const char head[] = "bind() to ";
	const char *end;

	while (*line == ' ')
		line++;
	if (strncmp(line, head, sizeof(head) - 1) || !(end = strstr(line, " as ")))
		return false;
	const char *at = line + sizeof(head) - 1;
	for (const char *c = at; c < end; c++)
		at = *c == ':' ? c + 1 : at;
	char *rest;
	if (strtoul(at, &rest, 10) != port)
		return false;
	return *rest == ' ' || (*rest == '/' && strncmp(rest + 1, proto, strlen(proto)) == 0);
}

/* The line about a protocol; NULL if none was worth it, which means that a bind works. */
static const char *find_line(const char *text, unsigned port, const char *proto)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (is_about(text, port, proto))
			return text;
	}
	return NULL;
}

static int error_of(const char *text)
{
	static const struct {
		const char *name;
		int error;
	} errors[] = {{"EACCES", EACCES}, {"EADDRINUSE", EADDRINUSE}, {"EINVAL", EINVAL},
		      {"EADDRNOTAVAIL", EADDRNOTAVAIL}, {"EAFNOSUPPORT", EAFNOSUPPORT}};

	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		size_t len = strlen(errors[i].name);
		if (strncmp(text, errors[i].name, len) == 0 && (text[len] == ':' || !text[len]))
			return errors[i].error;
	}
	return -1;
}

/* In the order in which one is the beginning of another. */
static struct saying understand(const char *line)
{
	static const char if_too[] = ", if what is there has it set, too:";
	static const char only_addr[] = " works only with SO_REUSEADDR";
	static const char only_port[] = " works only with SO_REUSEPORT", fails[] = " fails with ";
	char text[512];
	const char *at;

	if (!line)
		return (struct saying){.plain_known = true, .addr_known = true, .port_known = true};
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(line, "\n"), line);
	if (strstr(text, " cannot be judged:"))
		return (struct saying){0};
	if ((at = strstr(text, only_addr))) {
		bool sure = strncmp(at + strlen(only_addr), if_too, strlen(if_too)) != 0;
		return (struct saying){.plain_known = true, .plain = EADDRINUSE,
				       .addr_known = sure};
	}
	if ((at = strstr(text, only_port))) {
		bool sure = strncmp(at + strlen(only_port), if_too, strlen(if_too)) != 0;
		return (struct saying){.plain_known = true, .plain = EADDRINUSE,
				       .addr_known = true, .addr = EADDRINUSE, .port_known = sure};
	}
	int error = 0;
	if ((at = strstr(text, fails)))
		error = error_of(at + strlen(fails));
	else if (!strstr(text, " works:"))
		error = -1;
	return (struct saying){true, true, true, error, error, error};
}

/* --- what the kernel does --------------------------------------------------------------- */

static int try_bind(const struct pair *pair, bool is_udp, int option)
{
	const char *address = pair->wish.address ? pair->wish.address : "::";
	int on = 1, off = 0, error = 0;
	union end e;

	if (!end_set(&e, address, pair->plans[0].port))
		return ENODEV;
	int fd = socket(e.sa.sa_family, (is_udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	if (e.sa.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (option)
		setsockopt(fd, SOL_SOCKET, option, &on, sizeof(on));
	if (bind(fd, &e.sa, end_len(&e)) < 0 || (!is_udp && listen(fd, 4) < 0))
		error = errno;
	close(fd);
	return error;
}

static void try_all(struct pair *v, size_t len)
{
	static const int options[TRIES] = {0, SO_REUSEADDR, SO_REUSEPORT};
	size_t size = len * sizeof(*v);
	char *at = (char *)v;
	int channel[2];
	ssize_t n;

	if (pipe(channel) < 0)
		die("pipe");
	pid_t child = fork_as(asker);
	if (child == 0) {
		for (size_t i = 0; i < len * 2 * TRIES; i++) {
			struct pair *pair = &v[i / (2 * TRIES)];
			int is_udp = i / TRIES % 2, try = (int)(i % TRIES);
			if (pair->made)
				pair->errors[is_udp][try] = try_bind(pair, is_udp, options[try]);
		}
		while (size > 0 && (n = write(channel[1], at, size)) > 0) {
			at += n;
			size -= (size_t)n;
		}
		_exit(0);
	}
	close(channel[1]);
	while (size > 0 && (n = read(channel[0], at, size)) > 0) {
		at += n;
		size -= (size_t)n;
	}
	close(channel[0]);
	waitpid(child, NULL, 0);
}

/* --- comparing ---------------------------------------------------------------------------- */

static void show(const struct pair *pair, const char *line, const int errors[TRIES], bool probe)
{
	char word[64];

	add_word(pair, word, sizeof(word));
	printf("as %u: %s%s\n", (unsigned)asker, probe ? "--probe " : "", word);
	for (size_t i = 0; i < pair->plans_len; i++) {
		const struct socket_plan *p = &pair->plans[i];
		printf("  %s%s of %u at %s%s%s%s%s%s\n", p->mptcp ? "MPTCP, " : "",
		       being_names[p->being], (unsigned)pair->owner, p->address,
		       p->device ? " on " : "", p->device ? p->device : "",
		       p->v6only ? " V6ONLY" : "", p->reuse_addr ? " SO_REUSEADDR" : "",
		       p->reuse_port ? " SO_REUSEPORT" : "");
	}
	printf("  said: %.*s\n", line ? (int)strcspn(line, "\n") : 7, line ? line : "nothing");
	for (size_t i = 0; i < TRIES; i++) {
		static const char *const tries[] = {"plain", "SO_REUSEADDR", "SO_REUSEPORT"};
		printf("  %s: %s\n", tries[i], errors[i] ? strerror(errors[i]) : "works");
	}
}

static void compare(const struct pair *pair, bool is_udp, const char *text, bool probe,
		    struct tally *t)
{
	const int *errors = pair->errors[is_udp];
	const char *line = find_line(text, pair->plans[0].port, is_udp ? "udp" : "tcp");
	struct saying s = understand(line);
	/*
	 * Where SO_REUSEPORT was set on some sockets of a port and not on others, it depends
	 * on their order whether the kernel compares all of them (sk_reuseport_match,
	 * net/ipv4/inet_connection_sock.c). A real bind leaves nothing open, but the option
	 * is not tried.
	 */
	bool port_counts = !probe && pair->plans_len == 1;
	bool is_wrong = (s.plain_known && s.plain != errors[0]) ||
			(s.addr_known && s.addr != errors[1]) ||
			(s.port_known && s.port != errors[2] && port_counts) ||
			(probe && !(s.plain_known && s.addr_known) && errors[0] != errors[1]);

	if (is_wrong) {
		show(pair, line, errors, probe);
		t->wrong++;
	}
	if (probe)
		return;
	if (!s.plain_known)
		t->unknown++;
	else if (s.addr_known && (s.port_known || s.addr == 0))
		t->sure++;
	else
		t->depends++;
}

static void run_batch(size_t len, struct tally *t)
{
	static char said[2][OUTPUT_MAX];
	struct pair v[BATCH];
	pid_t keepers[OWNERS_MAX];

	for (size_t i = 0; i < len; i++)
		v[i] = draw_pair();
	for (size_t i = 0; i < owners_len; i++)
		keepers[i] = start_owner(v, len, owners[i]);
	nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	ask(v, len, false, said[0]);
	ask(v, len, true, said[1]);
	try_all(v, len);
	for (size_t i = 0; i < len * 4; i++) {
		const struct pair *pair = &v[i / 4];
		bool is_udp = i / 2 % 2, probe = i % 2;
		const char *other = is_udp ? "tcp" : "udp";
		if (pair->made && !(pair->wish.proto && strcmp(pair->wish.proto, other) == 0))
			compare(pair, is_udp, said[probe], probe, t);
		t->pairs += i % 4 == 0 && pair->made;
	}
	for (size_t i = 0; i < owners_len; i++) {
		kill(keepers[i], SIGKILL);
		waitpid(keepers[i], NULL, 0);
	}
}

static unsigned percent(unsigned part, const struct tally *t)
{
	unsigned all = t->sure + t->depends + t->unknown;

	return all ? (part * 100 + all / 2) / all : 0;
}

int main(int argc, char **argv)
{
	struct tally t = {0};

	if (argc < 7 || argc > 6 + OWNERS_MAX)
		return 2;
	whoport = argv[1];
	name = argv[2];
	lot_state = strtoull(argv[3], NULL, 10) * 2 + 1;
	unsigned count = (unsigned)atoi(argv[4]), batches = 0;
	asker = (uid_t)atoi(argv[5]);
	while (owners_len < (size_t)argc - 6) {
		owners[owners_len] = (uid_t)atoi(argv[6 + owners_len]);
		owners_len++;
	}
	while (t.pairs < count && batches++ < count) {
		unsigned left = count - t.pairs;
		run_batch(left < BATCH ? left : BATCH, &t);
	}
	printf("# %s, seed %s: %u pairs, %u wrong; of %u answers %u%% are certain, %u%% depend on "
	       "options of what is there, %u%% say that it cannot be judged\n", name, argv[3],
	       t.pairs, t.wrong, t.sure + t.depends + t.unknown, percent(t.sure, &t),
	       percent(t.depends, &t), percent(t.unknown, &t));
	return t.wrong > 0 || t.pairs < count;
}
