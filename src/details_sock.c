/* The card of a socket; see details.h. Each line is a row of the table at the end. */
#include "details.h"

#include "addr.h"
#include "background.h"
#include "card.h"
#include "column.h"
#include "ends.h"
#include "escape.h"
#include "holder.h"
#include "join.h"
#include "netns.h"
#include "process_text.h"
#include "reason_text.h"
#include "sock.h"
#include "sock_info.h"
#include "sock_text.h"
#include "sockopt.h"

#include <string.h>
#include <sys/socket.h>

/* What lines are made of. */
struct view {
	struct card *card;
	const struct column_style *style;
	const struct row *row;
	const struct sock *s;
	const struct sock_info *info; /* NULL: not told */
	const struct row *const *sharers;
	size_t sharers_len;
};

static void end(const struct view *v)
{
	card_end_item(v->card, ", ");
}

static void add_reason(const struct view *v)
{
	if (v->row->reason != REASON_NONE)
		reason_text_add(v->style, v->row, &v->card->item);
	end(v);
}

static void add_thread(const struct view *v)
{
	const struct holder *h = v->row->holder;
	const struct process *task = v->row->task;

	if (!h || h->tid == h->pid)
		return;
	if (task && task->command_len > 0) {
		process_text_add_name(task->command, task->command_len, v->style->escape,
				      &v->card->item);
		buf_add_char(&v->card->item, ',');
	}
	buf_add_dec(&v->card->item, (uint64_t)h->tid);
	end(v);
}

static void add_inode(const struct view *v)
{
	if (v->s->inode != 0)
		buf_add_dec(&v->card->item, v->s->inode);
	end(v);
	if (v->s->cookie == 0 || sock_is_unix_text(v->s))
		return;
	buf_add_str(&v->card->item, "cookie ");
	buf_add_dec(&v->card->item, v->s->cookie);
	end(v);
}

static void add_owner(const struct view *v)
{
	if (v->s->uid_known)
		details_add_user(v->card, v->style, v->s->uid);
	end(v);
}

static void add_netns(const struct view *v)
{
	const struct netns *ns = NULL;

	if (v->style->namespaces)
		ns = netns_list_find(v->style->namespaces, v->s->netns);
	if (ns && (ns->inode || ns->name || ns->pid))
		netns_add_name(&v->card->item, ns, v->style->escape);
	else if (!ns && v->s->netns)
		buf_add_dec(&v->card->item, v->s->netns);
	end(v);
}

static void add_cgroup(const struct view *v)
{
	const char *path = background_cgroup(v->style->background, v->s);

	if (path)
		escape_add(&v->card->item, path, strlen(path), v->style->escape, ESCAPE_ALL);
	end(v);
}

static void add_device(const struct view *v)
{
	if (v->s->bound_if == 0)
		return;
	if (v->s->device)
		escape_add(&v->card->item, v->s->device, strlen(v->s->device),
			   v->style->escape | ESCAPE_BLANKS, ESCAPE_ALL);
	else
		buf_add_dec(&v->card->item, v->s->bound_if);
	end(v);
}

static void add_v6only(const struct view *v)
{
	bool is_yes = v->s->v6only == SOCK_V6ONLY_YES;

	if (v->s->v6only == SOCK_V6ONLY_UNKNOWN || v->s->local.family != AF_INET6)
		return;
	card_add(v->card, " ", is_yes ? "yes" : addr_is_wildcard(&v->s->local)
					? "no: takes IPv4, too" : "no");
}

/* The file of a unix socket: its name may have been given to another one since. */
static void add_file(const struct view *v)
{
	const struct sock_file *f = &v->s->file;

	if (f->inode == 0)
		return;
	buf_add_str(&v->card->item, "inode ");
	buf_add_dec(&v->card->item, f->inode);
	buf_add_str(&v->card->item, " on device ");
	buf_add_dec(&v->card->item, f->major);
	buf_add_char(&v->card->item, ':');
	buf_add_dec(&v->card->item, f->minor);
	end(v);
}

/* Who else holds it. */
static void add_sharers(const struct view *v)
{
	for (size_t i = 0; i < v->sharers_len; i++) {
		const struct row *other = v->sharers[i];
		if (other == v->row || !other->holder)
			continue;
		process_text_add_holder(other->holder, other->process, v->style->escape,
					&v->card->item);
		card_end_item(v->card, " ");
	}
}

static void add_other_end(const struct view *v)
{
	if (v->s->peer != 0) {
		buf_add_str(&v->card->item, "inode ");
		buf_add_dec(&v->card->item, v->s->peer);
		card_end_item(v->card, " ");
	}
	sock_text_add_ends(v->style, v->s, &v->card->item);
	card_end_list(v->card, ' ');
}

/* Of a listener; its limit is what text does not tell. */
static void add_backlog(const struct view *v)
{
	if (v->s->state != SOCK_STATE_LISTEN || !sock_has_queues(v->s))
		return;
	card_add_count(v->card, v->s->rqueue, "connection");
	buf_add_str(&v->card->item, v->s->rqueue == 1 ? " waits" : " wait");
	end(v);
	if (!v->s->cookie)
		return;
	buf_add_str(&v->card->item, "limit ");
	buf_add_dec(&v->card->item, v->s->wqueue);
	end(v);
}

static void add_queues(const struct view *v)
{
	bool is_left = v->s->timer == SOCK_TIMER_TIME_WAIT; /* which has none */

	if (v->s->state == SOCK_STATE_LISTEN || is_left || !sock_has_queues(v->s))
		return;
	card_add_count(v->card, v->s->rqueue, "byte");
	buf_add_str(&v->card->item, " to be read");
	end(v);
	card_add_count(v->card, v->s->wqueue, "byte");
	buf_add_str(&v->card->item, v->s->proto == SOCK_PROTO_TCP ? " not acknowledged"
								  : " to be sent");
	end(v);
}

/* `receive 2304 of 212992 bytes` */
static void add_buffer(const struct view *v, const char *name, enum sock_memory used,
		       enum sock_memory limit)
{
	uint32_t bytes, of;

	if (!sock_info_memory(v->info, used, &bytes) || !sock_info_memory(v->info, limit, &of))
		return;
	buf_add_str(&v->card->item, name);
	buf_add_dec(&v->card->item, bytes);
	buf_add_str(&v->card->item, " of ");
	card_add_count(v->card, of, "byte");
	end(v);
}

static void add_memory(const struct view *v)
{
	static const struct {
		const char *name;
		enum sock_memory which;
	} rest[] = {{"forward ", SOCK_MEMORY_FORWARD}, {"queued ", SOCK_MEMORY_QUEUED},
		    {"options ", SOCK_MEMORY_OPTIONS}, {"backlog ", SOCK_MEMORY_BACKLOG}};
	uint32_t bytes;

	add_buffer(v, "receive ", SOCK_MEMORY_RECEIVED, SOCK_MEMORY_RECEIVE_LIMIT);
	add_buffer(v, "send ", SOCK_MEMORY_SENT, SOCK_MEMORY_SEND_LIMIT);
	for (size_t i = 0; i < sizeof(rest) / sizeof(*rest); i++) {
		if (!sock_info_memory(v->info, rest[i].which, &bytes) || bytes == 0)
			continue;
		buf_add_str(&v->card->item, rest[i].name);
		buf_add_dec(&v->card->item, bytes);
		end(v);
	}
}

static void add_drops(const struct view *v)
{
	uint32_t drops;

	if (sock_info_memory(v->info, SOCK_MEMORY_DROPS, &drops))
		buf_add_dec(&v->card->item, drops);
	end(v);
}

static void add_timer(const struct view *v)
{
	static const char *const names[] = {
		[SOCK_TIMER_RETRANSMIT] = "retransmit", [SOCK_TIMER_KEEPALIVE] = "keepalive",
		[SOCK_TIMER_TIME_WAIT] = "time-wait", [SOCK_TIMER_PROBE] = "probe"};

	if (v->s->timer == SOCK_TIMER_NONE)
		return;
	buf_add_str(&v->card->item, names[v->s->timer]);
	buf_add_str(&v->card->item, " in ");
	card_add_time(v->card, v->s->timer_ms);
	end(v);
	if (!v->info || !(v->info->known & SOCK_INFO_RETRANSMITS) || v->info->retransmits == 0)
		return;
	buf_add_str(&v->card->item, "tried ");
	card_add_count(v->card, v->info->retransmits, "time");
	end(v);
}

static void add_shutdown(const struct view *v)
{
	if (!v->info || !(v->info->known & SOCK_INFO_SHUTDOWN))
		return;
	if (v->info->shutdown & SOCK_INFO_SHUT_RECEIVE)
		card_add(v->card, ", ", "receiving");
	if (v->info->shutdown & SOCK_INFO_SHUT_SEND)
		card_add(v->card, ", ", "sending");
}

/* `tos 0x10`, if it is not 0 */
static void add_hex(const struct view *v, const char *name, unsigned known, uint32_t value,
		    unsigned width)
{
	if (!(v->info->known & known) || value == 0)
		return;
	buf_add_str(&v->card->item, name);
	buf_add_str(&v->card->item, " 0x");
	buf_add_hex(&v->card->item, value, width);
	end(v);
}

static void add_traffic(const struct view *v)
{
	if (!v->info)
		return;
	add_hex(v, "tos", SOCK_INFO_TOS, v->info->tos, 2);
	add_hex(v, "tclass", SOCK_INFO_TCLASS, v->info->tclass, 2);
	add_hex(v, "mark", SOCK_INFO_MARK, v->info->mark, 1);
}

static void add_ulp(const struct view *v)
{
	if (v->info)
		escape_add(&v->card->item, v->info->ulp, strlen(v->info->ulp),
			   v->style->escape | ESCAPE_BLANKS, ESCAPE_ALL);
	end(v);
}

/* But for those that nearly every socket has. */
static void add_flags(const struct view *v)
{
	for (size_t i = 0; v->info && sock_info_flag_name(i); i++) {
		if (v->info->flags >> i & 1 && !(SOCK_INFO_FLAGS_USUAL >> i & 1))
			card_add(v->card, ", ", sock_info_flag_name(i));
	}
}

/* With --sockopts; NULL without, or if there is nobody to be asked. */
static const struct sockopt_set *options_of(const struct view *v)
{
	return sockopt_list_find(&v->style->background->options, v->s);
}

static void add_options(const struct view *v)
{
	const struct sockopt_set *set = options_of(v);

	if (!set)
		return;
	sockopt_add_text(set, v->style->escape, &v->card->item);
	if (set->rc < 0)
		end(v);
	else
		card_end_list(v->card, ',');
}

/* The line of sockopt_add_names() that begins with a word. */
static void add_socket_name(const struct view *v, const char *word)
{
	const struct sockopt_set *set = options_of(v);
	struct buf text = {0};

	if (!set)
		return;
	sockopt_add_names(set, v->style->escape, &text);
	buf_add_char(&text, '\0');
	for (const char *at = text.error ? NULL : text.data; at && *at;) {
		size_t len = strcspn(at, "\n"), head = strlen(word);
		if (len > head && memcmp(at, word, head) == 0)
			buf_add(&v->card->item, at + head, len - head);
		at += len + (at[len] == '\n');
	}
	buf_free(&text);
	end(v);
}

static void add_sockname(const struct view *v)
{
	add_socket_name(v, "sockname: ");
}

static void add_peername(const struct view *v)
{
	add_socket_name(v, "peername: ");
}

/* The congestion control of a socket that will hand it on to its connections. */
static void add_congestion(const struct view *v)
{
	if (v->info && v->info->tcp_known == 0)
		card_add(v->card, " ", v->info->congestion);
}

struct line {
	const char *label;
	void (*add)(const struct view *v);
};

static const struct line head[] = {
	{"reason", add_reason},
	{"thread", add_thread},
	{"inode", add_inode},
	{"owner", add_owner},
	{"netns", add_netns},
	{"cgroup", add_cgroup},
	{"device", add_device},
	{"IPv6 only", add_v6only},
	{"file", add_file},
	{"shared with", add_sharers},
	{"other end", add_other_end},
	{"backlog", add_backlog},
	{"queues", add_queues},
	{"memory", add_memory},
	{"drops", add_drops},
	{"timer", add_timer},
	{"shut down", add_shutdown},
	{"congestion", add_congestion},
};

static const struct line tail[] = {
	{"traffic", add_traffic},
	{"ulp", add_ulp},
	{"flags", add_flags},
	{"options", add_options},
	{"sockname", add_sockname},
	{"peername", add_peername},
};

static void add_lines(const struct view *v, const struct line *lines, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		card_begin(v->card, lines[i].label);
		lines[i].add(v);
		card_end(v->card);
	}
}

void details_add_sock(struct card *card, const struct column_style *style, const struct row *row,
		      const struct row *const *sharers, size_t sharers_len)
{
	struct view v = {.card = card, .style = style, .row = row, .s = row->sock,
			 .info = row->sock->info, .sharers = sharers,
			 .sharers_len = sharers_len};

	add_lines(&v, head, sizeof(head) / sizeof(*head));
	details_add_tcp(card, row);
	add_lines(&v, tail, sizeof(tail) / sizeof(*tail));
}
