/* The lines of a card about a TCP connection; see details.h. */
#include "details.h"

#include "card.h"
#include "join.h"
#include "sock.h"
#include "sock_info.h"

/* What lines are made of. */
struct view {
	struct card *card;
	const struct sock *s;
	const struct sock_info *info;
};

static bool get(const struct view *v, enum sock_tcp member, uint64_t *out)
{
	return sock_info_tcp(v->info, member, out);
}

/* The same if it is not 0, which says that there was none. */
static bool get_any(const struct view *v, enum sock_tcp member, uint64_t *out)
{
	return get(v, member, out) && *out != 0;
}

static void end(const struct view *v)
{
	card_end_item(v->card, ", ");
}

/* A number behind its name, with a unit or, for "", without. */
static void add_named(const struct view *v, const char *name, enum sock_tcp member,
		      const char *unit)
{
	uint64_t value;

	if (!get_any(v, member, &value))
		return;
	buf_add_str(&v->card->item, name);
	if (*unit)
		card_add_count(v->card, value, unit);
	else
		buf_add_dec(&v->card->item, value);
	end(v);
}

static void add_time_named(const struct view *v, const char *name, enum sock_tcp member)
{
	uint64_t us;

	if (!get_any(v, member, &us))
		return;
	buf_add_str(&v->card->item, name);
	card_add_us(v->card, us);
	end(v);
}

static void add_ago(const struct view *v, enum sock_tcp member)
{
	uint64_t ms;

	if (!get(v, member, &ms))
		return;
	buf_add_str(&v->card->item, "last ");
	card_add_time(v->card, ms);
	buf_add_str(&v->card->item, " ago");
	end(v);
}

static void add_congestion(const struct view *v)
{
	uint64_t state;

	card_add(v->card, ", ", v->info->congestion);
	if (get(v, SOCK_TCP_CA_STATE, &state) && sock_info_ca_state(state)) {
		buf_add_str(&v->card->item, "state ");
		buf_add_str(&v->card->item, sock_info_ca_state(state));
		end(v);
	}
	add_named(v, "cwnd ", SOCK_TCP_SND_CWND, "");
	add_named(v, "ssthresh ", SOCK_TCP_SND_SSTHRESH, "");
}

static void add_rtt(const struct view *v)
{
	add_time_named(v, "", SOCK_TCP_RTT);
	add_time_named(v, "varies by ", SOCK_TCP_RTTVAR);
	add_time_named(v, "at least ", SOCK_TCP_MIN_RTT);
	add_time_named(v, "receiving ", SOCK_TCP_RCV_RTT);
	add_time_named(v, "rto ", SOCK_TCP_RTO);
	add_time_named(v, "ato ", SOCK_TCP_ATO);
}

static void add_window(const struct view *v)
{
	add_named(v, "peer's ", SOCK_TCP_SND_WND, "byte");
	add_named(v, "ours ", SOCK_TCP_RCV_WND, "byte");
	add_named(v, "at most ", SOCK_TCP_RCV_SSTHRESH, "byte");
}

static void add_sizes(const struct view *v)
{
	add_named(v, "mss ", SOCK_TCP_SND_MSS, "");
	add_named(v, "received mss ", SOCK_TCP_RCV_MSS, "");
	add_named(v, "advertised mss ", SOCK_TCP_ADVMSS, "");
	add_named(v, "path mtu ", SOCK_TCP_PMTU, "");
}

/* `1024 bytes in 3 segments` */
static void add_volume(const struct view *v, enum sock_tcp bytes, enum sock_tcp segments)
{
	uint64_t value;

	if (get(v, bytes, &value))
		card_add_count(v->card, value, "byte");
	if (get(v, segments, &value)) {
		buf_add_str(&v->card->item, v->card->item.len > 0 ? " in " : "");
		card_add_count(v->card, value, "segment");
	}
	end(v);
}

static void add_sent(const struct view *v)
{
	uint64_t sent;

	add_volume(v, SOCK_TCP_BYTES_SENT, SOCK_TCP_SEGS_OUT);
	add_named(v, "acknowledged ", SOCK_TCP_BYTES_ACKED, "byte");
	add_named(v, "in flight ", SOCK_TCP_UNACKED, "segment");
	add_named(v, "not sent yet ", SOCK_TCP_NOTSENT_BYTES, "byte");
	/* Else it is counted from the beginning of the connection, or of time. */
	if (get_any(v, SOCK_TCP_DATA_SEGS_OUT, &sent))
		add_ago(v, SOCK_TCP_LAST_DATA_SENT);
}

static void add_received(const struct view *v)
{
	uint64_t received;

	add_volume(v, SOCK_TCP_BYTES_RECEIVED, SOCK_TCP_SEGS_IN);
	add_named(v, "out of order ", SOCK_TCP_RCV_OOOPACK, "packet");
	if (get_any(v, SOCK_TCP_DATA_SEGS_IN, &received))
		add_ago(v, SOCK_TCP_LAST_DATA_RECV);
}

static void add_retransmits(const struct view *v)
{
	uint64_t total;

	if (get(v, SOCK_TCP_TOTAL_RETRANS, &total))
		card_add_count(v->card, total, "segment");
	end(v);
	add_named(v, "", SOCK_TCP_BYTES_RETRANS, "byte");
	add_named(v, "now ", SOCK_TCP_RETRANSMITS, "time");
	add_named(v, "probes ", SOCK_TCP_PROBES, "");
	add_named(v, "backoff ", SOCK_TCP_BACKOFF, "");
	add_named(v, "lost ", SOCK_TCP_LOST, "");
	add_named(v, "under way ", SOCK_TCP_RETRANS, "");
	add_named(v, "needless ", SOCK_TCP_DSACK_DUPS, "");
	add_named(v, "reordered ", SOCK_TCP_REORD_SEEN, "time");
}

static void add_rate(const struct view *v, const char *name, enum sock_tcp member)
{
	uint64_t rate;

	if (!get_any(v, member, &rate))
		return;
	buf_add_str(&v->card->item, name);
	card_add_rate(v->card, rate);
	end(v);
}

static void add_rates(const struct view *v)
{
	add_rate(v, "delivery ", SOCK_TCP_DELIVERY_RATE);
	add_rate(v, "pacing ", SOCK_TCP_PACING_RATE);
	add_rate(v, "at most ", SOCK_TCP_MAX_PACING_RATE);
	add_time_named(v, "busy for ", SOCK_TCP_BUSY_TIME);
	add_time_named(v, "limited by the peer's window for ", SOCK_TCP_RWND_LIMITED);
	add_time_named(v, "limited by the send buffer for ", SOCK_TCP_SNDBUF_LIMITED);
}

static void add_options(const struct view *v)
{
	uint64_t options, ours, theirs;

	if (!get(v, SOCK_TCP_OPTIONS, &options))
		return;
	for (size_t i = 0; sock_info_tcp_option(i); i++) {
		if (!(options >> i & 1))
			continue;
		buf_add_str(&v->card->item, sock_info_tcp_option(i));
		if (i == SOCK_INFO_OPTION_WSCALE && get(v, SOCK_TCP_SND_WSCALE, &theirs) &&
		    get(v, SOCK_TCP_RCV_WSCALE, &ours)) {
			buf_add_char(&v->card->item, ' ');
			buf_add_dec(&v->card->item, theirs);
			buf_add_char(&v->card->item, '/');
			buf_add_dec(&v->card->item, ours);
		}
		end(v);
	}
}

static void add_opener(const struct view *v)
{
	static const char *const words[] = {
		[SOCK_OPENER_UNKNOWN] = "", [SOCK_OPENER_THIS] = "by this end",
		[SOCK_OPENER_OTHER] = "by the other end"};

	buf_add_str(&v->card->item, words[sock_info_opener(v->s, v->info)]);
	end(v);
}

static const struct {
	const char *label;
	void (*add)(const struct view *v);
} lines[] = {
	{"opened", add_opener},
	{"congestion", add_congestion},
	{"rtt", add_rtt},
	{"sizes", add_sizes},
	{"window", add_window},
	{"sent", add_sent},
	{"received", add_received},
	{"retransmits", add_retransmits},
	{"rates", add_rates},
	{"tcp options", add_options},
};

void details_add_tcp(struct card *card, const struct row *row)
{
	struct view v = {card, row->sock, row->sock->info};

	if (!v.info || v.info->tcp_known == 0)
		return;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		card_begin(card, lines[i].label);
		lines[i].add(&v);
		card_end(card);
	}
}
