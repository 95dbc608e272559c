/* Hints: text of IPVS, messages of nf_tables, and trees that have something of the kind. */
#include "nl_fixture.h"

#include "hint.h"

#define IPVS "self/net/ip_vs"

static const char services[] =
	"IP Virtual Server version 1.2.1 (size=4096)\n"
	"Prot LocalAddress:Port Scheduler Flags\n"
	"  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"
	"TCP  C0A80001:0050 rr\n"
	"  -> C0A80002:1F90      Masq    1      0          0\n"
	"UDP  [fe80:0000:0000:0000:0000:0000:0000:0001]:0035 wlc persistent 300\n"
	"FWM  00000001 rr\n"
	"TCP  C0A80001:FFFF rr";

static bool parse(const char *text, size_t len, enum sock_proto proto, uint16_t port)
{
	char *guarded = guard_copy(text, len);
	bool has = hint_parse_ipvs(guarded, len, proto, port);

	guard_free(guarded, len);
	return has;
}

static void a_virtual_service_is_of_a_protocol(void **state)
{
	const size_t len = sizeof(services) - 1;

	(void)state;
	assert_true(parse(services, len, SOCK_PROTO_TCP, 80));
	assert_true(parse(services, len, SOCK_PROTO_UDP, 53));
	assert_true(parse(services, len, SOCK_PROTO_TCP, 65535));
	assert_false(parse(services, len, SOCK_PROTO_UDP, 80));
	assert_false(parse(services, len, SOCK_PROTO_TCP, 53));
	assert_false(parse(services, len, SOCK_PROTO_TCP, 8080)); /* where it leads */
	assert_false(parse(services, len, SOCK_PROTO_TCP, 1));
}

static void strange_services_are_none(void **state)
{
	static const char *const lines[] = {
		"", "\n", "TCP", "TCP  ", "TCP  C0A80001", "TCP  C0A80001:0050", "TCP  C0A80001: rr",
		"TCP  :0050", "TCP  C0A80001 0050 rr", "TCP  C0A80001:10050 rr", "TCP C0A80001:0050 rr",
		"tcp  C0A80001:0050 rr", "TCP   :0050 rr"};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		if (parse(lines[i], strlen(lines[i]), SOCK_PROTO_TCP, 80))
			fail_msg("'%s'", lines[i]);
	}
	for (size_t len = 0; len < sizeof(services); len++)
		parse(services, len, SOCK_PROTO_TCP, 80);
}

/* The body of a chain of some type; NULL: without one. */
static void begin_chain(struct nl_bytes *b, const char *type)
{
	const char header[4] = {2, 0, 0, 0};

	*b = (struct nl_bytes){0};
	nl_bytes_append(b, header, sizeof(header));
	nl_bytes_add_attr(b, 1, "filter", 7); /* NFTA_CHAIN_TABLE */
	if (type)
		nl_bytes_add_attr(b, 7, type, strlen(type) + 1);
}

static bool parse_chain(const struct nl_bytes *b, size_t len)
{
	char *guarded = guard_copy(b->data, len);
	bool is = hint_parse_chain(guarded, len);

	guard_free(guarded, len);
	return is;
}

static void a_chain_of_nat_is_one(void **state)
{
	static const char *const others[] = {NULL, "", "na", "nat2", "filter", "route"};
	static struct nl_bytes b;

	(void)state;
	begin_chain(&b, "nat");
	assert_true(parse_chain(&b, b.len));
	for (size_t len = 0; len < b.len; len++)
		assert_false(parse_chain(&b, len));
	for (size_t i = 0; i < COUNT(others); i++) {
		begin_chain(&b, others[i]);
		assert_false(parse_chain(&b, b.len));
	}
}

static unsigned find(struct fixture *fx, const char *path, const char *text)
{
	fixture_write(fx, path, text, strlen(text));
	return hint_find(fx->root_fd, false, SOCK_PROTO_BIT(SOCK_PROTO_TCP), 80);
}

static void a_tree_without_anything_gives_none(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(hint_find(fx->root_fd, false, SOCK_PROTO_BIT(SOCK_PROTO_TCP), 80), 0);
	/* What the machine itself has is not told of another tree. */
	assert_int_equal(find(fx, "self/status", "Name:\tx\nNoNewPrivs:\t1\n"), 0);
}

static void files_of_a_tree_give_hints(void **state)
{
	struct fixture *fx = *state;
	const unsigned nat = 1U << HINT_NAT, wsl = 1U << HINT_WSL, ipvs = 1U << HINT_IPVS;

	assert_int_equal(find(fx, "self/net/ip_tables_names", "filter\nnatural\nxnat\n"), 0);
	assert_int_equal(find(fx, "self/net/ip_tables_names", "filter\nnat\n"), nat);
	assert_int_equal(find(fx, "self/net/ip_tables_names", "nat\nfilter\n"), nat);
	assert_int_equal(find(fx, "self/net/ip_tables_names", ""), 0);
	assert_int_equal(find(fx, "self/net/ip6_tables_names", "nat\n"), nat);
	assert_int_equal(find(fx, "sys/kernel/osrelease", "6.6.1-Microsoft-Standard-WSL2\n"),
			 nat | wsl);
	assert_int_equal(find(fx, IPVS, services), nat | wsl | ipvs);
	assert_int_equal(hint_find(fx->root_fd, false, SOCK_PROTO_BIT(SOCK_PROTO_TCP), 81), nat | wsl);
}

static void hints_have_words(void **state)
{
	(void)state;
	for (unsigned i = 0; i < HINT_COUNT; i++)
		assert_true(strlen(hint_text((enum hint)i)) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_virtual_service_is_of_a_protocol),
		cmocka_unit_test(strange_services_are_none),
		cmocka_unit_test(a_chain_of_nat_is_one),
		cmocka_unit_test(hints_have_words),
		fixture_test(a_tree_without_anything_gives_none),
		fixture_test(files_of_a_tree_give_hints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
