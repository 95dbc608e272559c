/* The states of -s; see state_list.h. */
#include "state_list.h"

#include "refuse.h"

#include <string.h>

enum { ALL_PROTOS = SOCK_PROTO_BIT(SOCK_PROTO_COUNT) - 1 };

static int add_element(struct state_list *list, const char *text, size_t len, unsigned *protos,
		       const char **out_why)
{
	bool exclude = len > 0 && *text == '^';
	enum sock_proto proto;
	enum sock_state state;

	text += exclude;
	len -= exclude;
	const char *colon = memchr(text, ':', len);
	if (colon) {
		if (!sock_proto_parse(text, (size_t)(colon - text), &proto))
			return refuse_word(out_why, "no such protocol before the colon");
		*protos = SOCK_PROTO_BIT(proto);
		len -= (size_t)(colon + 1 - text);
		text = colon + 1;
		if (len > 0 && *text == '^') {
			exclude = true;
			text++;
			len--;
		}
	}
	if (!sock_state_parse(text, len, &state))
		return refuse_word(out_why, "no such state; try LISTEN, ESTABLISHED, TIME_WAIT, "
					    "BOUND, UNCONNECTED");
	if (exclude) {
		list->excluded[state] |= *protos;
		return 0;
	}
	list->included[state] |= *protos;
	list->any_included = true;
	if (*protos != ALL_PROTOS)
		list->protos |= *protos;
	return 0;
}

int state_list_add(struct state_list *list, const char *text, const char **out_why)
{
	unsigned protos = ALL_PROTOS;

	for (;;) {
		size_t len = strcspn(text, ",");
		int rc = add_element(list, text, len, &protos, out_why);

		if (rc < 0 || text[len] == '\0')
			return rc;
		text += len + 1;
	}
}

bool state_list_match(const struct state_list *list, enum sock_proto proto, enum sock_state state)
{
	unsigned bit = SOCK_PROTO_BIT(proto);

	if (list->excluded[state] & bit)
		return false;
	return !list->any_included || list->included[state] & bit;
}
