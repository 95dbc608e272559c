/*
 * Requests of sock_diag about internet sockets; see sockdiag_request.h. The field
 * for the protocol has eight bits: a number above is sent behind the request,
 *
 *     struct inet_diag_req_v2 with protocol 255 | INET_DIAG_REQ_PROTOCOL 262
 */
#include "sockdiag_request.h"

enum {
	PROTOCOL_IN_ATTRIBUTE = 255, /* inet_diag's way to ask for a number above 255 */
	REQ_PROTOCOL = 3,            /* INET_DIAG_REQ_PROTOCOL, linux/inet_diag.h */
};

/* IPPROTO_TCP and so on; 0: not of the internet. */
static const uint16_t numbers[SOCK_PROTO_COUNT] = {
	[SOCK_PROTO_TCP] = 6,     [SOCK_PROTO_UDP] = 17,    [SOCK_PROTO_UDPLITE] = 136,
	[SOCK_PROTO_RAW] = 255,   [SOCK_PROTO_MPTCP] = 262, [SOCK_PROTO_SCTP] = 132,
};

size_t sockdiag_request_begin(enum sock_proto proto, sa_family_t family,
			      struct sockdiag_request *out)
{
	uint16_t number = numbers[proto];
	bool is_large = number > PROTOCOL_IN_ATTRIBUTE;

	*out = (struct sockdiag_request){
		.family = (uint8_t)family,
		.protocol = is_large ? PROTOCOL_IN_ATTRIBUTE : (uint8_t)number,
		.states = UINT32_MAX,
		.cookie = {UINT32_MAX, UINT32_MAX},
		.protocol_attr = {sizeof(out->protocol_attr), REQ_PROTOCOL, number},
	};
	if (number == 0)
		return 0;
	return is_large ? sizeof(*out) : offsetof(struct sockdiag_request, protocol_attr);
}
