/*
 * Further attributes of sock_diag; see sock_info.h. Which of them there are depends on the
 * family:
 *
 *     struct inet_diag_msg | INFO | CONG | TOS | SKMEMINFO | SHUTDOWN | MARK | ...
 *     struct unix_diag_msg | ... | MEMINFO | SHUTDOWN
 */
#define _GNU_SOURCE
#include "sock_info.h"

#include "netlink.h"
#include "sock.h"

#include <string.h>

enum { INFINITE_THRESHOLD = 0x7fffffff }; /* TCP_INFINITE_SSTHRESH, net/tcp.h */

/* Where a member lies. Of size 0 is one that is a part of a byte. */
static const struct {
	const char *name;
	uint8_t offset, size;
	uint64_t none; /* the value that is none; 0: any is one */
} members[SOCK_TCP_COUNT] = {
	[SOCK_TCP_CA_STATE] = {"ca_state", 1, 1, 0},
	[SOCK_TCP_RETRANSMITS] = {"retransmits", 2, 1, 0},
	[SOCK_TCP_PROBES] = {"probes", 3, 1, 0},
	[SOCK_TCP_BACKOFF] = {"backoff", 4, 1, 0},
	[SOCK_TCP_OPTIONS] = {"options", 5, 1, 0},
	[SOCK_TCP_SND_WSCALE] = {"snd_wscale", 6, 0, 0},
	[SOCK_TCP_RCV_WSCALE] = {"rcv_wscale", 6, 0, 0},
	[SOCK_TCP_RTO] = {"rto", 8, 4, 0},
	[SOCK_TCP_ATO] = {"ato", 12, 4, 0},
	[SOCK_TCP_SND_MSS] = {"snd_mss", 16, 4, 0},
	[SOCK_TCP_RCV_MSS] = {"rcv_mss", 20, 4, 0},
	[SOCK_TCP_UNACKED] = {"unacked", 24, 4, 0},
	[SOCK_TCP_SACKED] = {"sacked", 28, 4, 0},
	[SOCK_TCP_LOST] = {"lost", 32, 4, 0},
	[SOCK_TCP_RETRANS] = {"retrans", 36, 4, 0},
	[SOCK_TCP_LAST_DATA_SENT] = {"last_data_sent", 44, 4, 0},
	[SOCK_TCP_LAST_DATA_RECV] = {"last_data_recv", 52, 4, 0},
	[SOCK_TCP_LAST_ACK_RECV] = {"last_ack_recv", 56, 4, 0},
	[SOCK_TCP_PMTU] = {"pmtu", 60, 4, 0},
	[SOCK_TCP_RCV_SSTHRESH] = {"rcv_ssthresh", 64, 4, 0},
	[SOCK_TCP_RTT] = {"rtt", 68, 4, 0},
	[SOCK_TCP_RTTVAR] = {"rttvar", 72, 4, 0},
	[SOCK_TCP_SND_SSTHRESH] = {"snd_ssthresh", 76, 4, INFINITE_THRESHOLD},
	[SOCK_TCP_SND_CWND] = {"snd_cwnd", 80, 4, 0},
	[SOCK_TCP_ADVMSS] = {"advmss", 84, 4, 0},
	[SOCK_TCP_REORDERING] = {"reordering", 88, 4, 0},
	[SOCK_TCP_RCV_RTT] = {"rcv_rtt", 92, 4, 0},
	[SOCK_TCP_RCV_SPACE] = {"rcv_space", 96, 4, 0},
	[SOCK_TCP_TOTAL_RETRANS] = {"total_retrans", 100, 4, 0},
	[SOCK_TCP_PACING_RATE] = {"pacing_rate", 104, 8, UINT64_MAX},
	[SOCK_TCP_MAX_PACING_RATE] = {"max_pacing_rate", 112, 8, UINT64_MAX},
	[SOCK_TCP_BYTES_ACKED] = {"bytes_acked", 120, 8, 0},
	[SOCK_TCP_BYTES_RECEIVED] = {"bytes_received", 128, 8, 0},
	[SOCK_TCP_SEGS_OUT] = {"segs_out", 136, 4, 0},
	[SOCK_TCP_SEGS_IN] = {"segs_in", 140, 4, 0},
	[SOCK_TCP_NOTSENT_BYTES] = {"notsent_bytes", 144, 4, 0},
	[SOCK_TCP_MIN_RTT] = {"min_rtt", 148, 4, UINT32_MAX},
	[SOCK_TCP_DATA_SEGS_IN] = {"data_segs_in", 152, 4, 0},
	[SOCK_TCP_DATA_SEGS_OUT] = {"data_segs_out", 156, 4, 0},
	[SOCK_TCP_DELIVERY_RATE] = {"delivery_rate", 160, 8, 0},
	[SOCK_TCP_BUSY_TIME] = {"busy_time", 168, 8, 0},
	[SOCK_TCP_RWND_LIMITED] = {"rwnd_limited", 176, 8, 0},
	[SOCK_TCP_SNDBUF_LIMITED] = {"sndbuf_limited", 184, 8, 0},
	[SOCK_TCP_DELIVERED] = {"delivered", 192, 4, 0},
	[SOCK_TCP_DELIVERED_CE] = {"delivered_ce", 196, 4, 0},
	[SOCK_TCP_BYTES_SENT] = {"bytes_sent", 200, 8, 0},
	[SOCK_TCP_BYTES_RETRANS] = {"bytes_retrans", 208, 8, 0},
	[SOCK_TCP_DSACK_DUPS] = {"dsack_dups", 216, 4, 0},
	[SOCK_TCP_REORD_SEEN] = {"reord_seen", 220, 4, 0},
	[SOCK_TCP_RCV_OOOPACK] = {"rcv_ooopack", 224, 4, 0},
	[SOCK_TCP_SND_WND] = {"snd_wnd", 228, 4, 0},
	[SOCK_TCP_RCV_WND] = {"rcv_wnd", 232, 4, 0},
};

/* TCPI_OPT_TIMESTAMPS and so on. */
static const char *const tcp_options[] = {"timestamps", "sack", "wscale", "ecn", "ecn-seen",
					  "syn-data", "usec-timestamps", "fastopen-child"};

/*
 * struct inet_diag_sockopt; the compiler that lays out its bits is the kernel's, so that
 * bit 0 is where it is on this machine.
 */
struct wire_flags {
	uint8_t recverr : 1, is_icsk : 1, freebind : 1, hdrincl : 1, mc_loop : 1, transparent : 1,
		mc_all : 1, nodefrag : 1;
	uint8_t bind_address_no_port : 1, recverr_rfc4884 : 1, defer_connect : 1, unused : 5;
};

static const char *const flag_names[] = {
	"recverr", "freebind", "hdrincl", "mc-loop", "transparent", "mc-all", "nodefrag",
	"bind-address-no-port", "recverr-rfc4884", "defer-connect"};

const char *sock_info_flag_name(size_t i)
{
	return i < sizeof(flag_names) / sizeof(*flag_names) ? flag_names[i] : NULL;
}

const char *sock_info_tcp_option(size_t i)
{
	return i < sizeof(tcp_options) / sizeof(*tcp_options) ? tcp_options[i] : NULL;
}

const char *sock_info_ca_state(uint64_t state)
{
	static const char *const names[] = {"open", "disorder", "cwr", "recovery", "loss"};

	return state < sizeof(names) / sizeof(*names) ? names[state] : NULL;
}

enum sock_opener sock_info_opener(const struct sock *s, const struct sock_info *info)
{
	uint64_t acked, sent, again, unacked;

	/* Later a FIN counts, too. */
	if (s->state != SOCK_STATE_ESTABLISHED && s->state != SOCK_STATE_CLOSE_WAIT)
		return SOCK_OPENER_UNKNOWN;
	if (!sock_info_tcp(info, SOCK_TCP_BYTES_ACKED, &acked) ||
	    !sock_info_tcp(info, SOCK_TCP_BYTES_SENT, &sent) ||
	    !sock_info_tcp(info, SOCK_TCP_BYTES_RETRANS, &again) ||
	    !sock_info_tcp(info, SOCK_TCP_UNACKED, &unacked) || unacked > 0)
		return SOCK_OPENER_UNKNOWN;
	if (acked + again == sent + 1)
		return SOCK_OPENER_THIS;
	return acked + again == sent ? SOCK_OPENER_OTHER : SOCK_OPENER_UNKNOWN;
}

const char *sock_info_tcp_name(enum sock_tcp member)
{
	return members[member].name;
}

bool sock_info_tcp(const struct sock_info *info, enum sock_tcp member, uint64_t *out)
{
	if (!info || !(info->tcp_known >> member & 1))
		return false;
	*out = info->tcp[member];
	return true;
}

bool sock_info_memory(const struct sock_info *info, enum sock_memory which, uint32_t *out)
{
	if (!info || which >= info->memory_len)
		return false;
	*out = info->memory[which];
	return true;
}

/* A socket that only waits has none of these values, and the kernel gives zeros. */
static bool has_connection(const struct sock *s)
{
	return s->proto == SOCK_PROTO_TCP && !(SOCK_STATES_WAITING & SOCK_STATE_BIT(s->state));
}

static uint64_t read_member(const char *data, unsigned offset, unsigned size)
{
	uint8_t byte;
	uint32_t word;
	uint64_t both;

	switch (size) {
	case sizeof(byte):
		memcpy(&byte, data + offset, sizeof(byte));
		return byte;
	case sizeof(word):
		memcpy(&word, data + offset, sizeof(word));
		return word;
	default:
		memcpy(&both, data + offset, sizeof(both));
		return both;
	}
}

static void take_tcp(const struct nl_attr *a, struct sock_info *out)
{
	struct {
		uint8_t snd_wscale : 4, rcv_wscale : 4;
	} scales;

	for (unsigned i = 0; i < SOCK_TCP_COUNT; i++) {
		unsigned size = members[i].size ? members[i].size : 1;
		if (members[i].offset + size > a->len)
			continue;
		uint64_t value = read_member(a->data, members[i].offset, size);
		if (members[i].none != 0 && value == members[i].none)
			continue;
		out->tcp[i] = value;
		out->tcp_known |= UINT64_C(1) << i;
	}
	if (!(out->tcp_known >> SOCK_TCP_SND_WSCALE & 1))
		return;
	memcpy(&scales, (const char *)a->data + members[SOCK_TCP_SND_WSCALE].offset,
	       sizeof(scales));
	out->tcp[SOCK_TCP_SND_WSCALE] = scales.snd_wscale;
	out->tcp[SOCK_TCP_RCV_WSCALE] = scales.rcv_wscale;
}

/* Older kernels tell fewer numbers: the array has grown at its end. */
static void take_memory(const struct nl_attr *a, struct sock_info *out)
{
	size_t size = sizeof(*out->memory), count = a->len / size;

	count = count < SOCK_MEMORY_COUNT ? count : SOCK_MEMORY_COUNT;
	memcpy(out->memory, a->data, count * size);
	out->memory_len = (uint8_t)count;
}

static void take_name(const struct nl_attr *a, char out[SOCK_INFO_NAME])
{
	size_t len = strnlen(a->data, a->len < SOCK_INFO_NAME - 1 ? a->len : SOCK_INFO_NAME - 1);

	memcpy(out, a->data, len);
	out[len] = '\0';
}

/* Attributes in INET_DIAG_ULP_INFO: the first one is its name. */
static void take_ulp(const struct nl_attr *a, struct sock_info *out)
{
	enum { ULP_NAME = 1 }; /* INET_ULP_INFO_NAME */
	const void *at = a->data;
	size_t len = a->len;
	struct nl_attr inner;

	while (nl_attr_next(&at, &len, &inner)) {
		if (inner.type == ULP_NAME)
			take_name(&inner, out->ulp);
	}
}

static void take_flags(const struct nl_attr *a, struct sock_info *out)
{
	struct wire_flags f;

	if (a->len < sizeof(f))
		return;
	memcpy(&f, a->data, sizeof(f));
	const unsigned bits[] = {f.recverr, f.freebind, f.hdrincl, f.mc_loop, f.transparent,
				 f.mc_all, f.nodefrag, f.bind_address_no_port,
				 f.recverr_rfc4884, f.defer_connect};
	for (unsigned i = 0; i < sizeof(bits) / sizeof(*bits); i++)
		out->flags = (uint16_t)(out->flags | bits[i] << i);
	out->known |= SOCK_INFO_FLAGS;
}

static void take_byte(const struct nl_attr *a, unsigned bit, uint8_t *value, struct sock_info *out)
{
	if (a->len != sizeof(*value))
		return;
	*value = nl_attr_u8(a);
	out->known |= bit;
}

static void take_inet_attr(const struct nl_attr *a, const struct sock *s, struct sock_info *out)
{
	/* INET_DIAG_INFO and so on, linux/inet_diag.h */
	enum { INFO = 2, CONG = 4, TOS = 5, TCLASS = 6, SKMEMINFO = 7, SHUTDOWN = 8, MARK = 15,
	       ULP_INFO = 19, SOCKOPT = 22 };

	switch (a->type) {
	case INFO:
		if (has_connection(s))
			take_tcp(a, out);
		break;
	case CONG:
		take_name(a, out->congestion);
		break;
	case TOS:
		take_byte(a, SOCK_INFO_TOS, &out->tos, out);
		break;
	case TCLASS:
		take_byte(a, SOCK_INFO_TCLASS, &out->tclass, out);
		break;
	case SKMEMINFO:
		take_memory(a, out);
		break;
	case SHUTDOWN:
		take_byte(a, SOCK_INFO_SHUTDOWN, &out->shutdown, out);
		break;
	case MARK:
		if (a->len == sizeof(out->mark)) {
			out->mark = nl_attr_u32(a);
			out->known |= SOCK_INFO_MARK;
		}
		break;
	case ULP_INFO:
		take_ulp(a, out);
		break;
	case SOCKOPT:
		take_flags(a, out);
		break;
	}
}

/* Where the attributes begin, and which of them tells the memory. */
static const struct layout {
	uint8_t header;  /* bytes; 0: no attributes of use */
	uint8_t memory;  /* UNIX_DIAG_MEMINFO and so on */
	bool is_inet;
} layouts[SOCK_PROTO_COUNT] = {
	[SOCK_PROTO_TCP] = {72, 0, true},     [SOCK_PROTO_UDP] = {72, 0, true},
	[SOCK_PROTO_UDPLITE] = {72, 0, true}, [SOCK_PROTO_RAW] = {72, 0, true},
	[SOCK_PROTO_MPTCP] = {72, 0, true},   [SOCK_PROTO_SCTP] = {72, 0, true},
	[SOCK_PROTO_UNIX] = {16, 5, false},   [SOCK_PROTO_NETLINK] = {28, 0, false},
	[SOCK_PROTO_PACKET] = {16, 6, false}, [SOCK_PROTO_XDP] = {16, 8, false},
};

static void take_other_attr(const struct nl_attr *a, const struct sock *s, struct sock_info *out)
{
	enum { UNIX_SHUTDOWN = 6 }; /* UNIX_DIAG_SHUTDOWN */

	if (a->type == layouts[s->proto].memory)
		take_memory(a, out);
	else if (s->proto == SOCK_PROTO_UNIX && a->type == UNIX_SHUTDOWN)
		take_byte(a, SOCK_INFO_SHUTDOWN, &out->shutdown, out);
}

bool sock_info_parse(const void *data, size_t len, const struct sock *s, struct sock_info *out)
{
	enum { RETRANSMITS = 3 }; /* offset in struct inet_diag_msg */
	const struct layout *layout = &layouts[s->proto];
	const void *at = (const char *)data + layout->header;
	struct nl_attr a;

	*out = (struct sock_info){0};
	if (layout->header == 0 || len < layout->header)
		return false;
	if (layout->is_inet && s->timer != SOCK_TIMER_NONE && s->timer != SOCK_TIMER_TIME_WAIT) {
		memcpy(&out->retransmits, (const char *)data + RETRANSMITS, 1);
		out->known |= SOCK_INFO_RETRANSMITS;
	}
	len -= layout->header;
	while (nl_attr_next(&at, &len, &a)) {
		if (layout->is_inet)
			take_inet_attr(&a, s, out);
		else
			take_other_attr(&a, s, out);
	}
	return out->known || out->tcp_known || out->memory_len > 0 || *out->congestion || *out->ulp;
}
