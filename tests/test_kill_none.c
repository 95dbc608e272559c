/* Nobody to signal, and why: from rows made by hand. */
#define _GNU_SOURCE
#include "capture.h"
#include "fake_looker.h"
#include "scene.h"

#include "kill.h"
#include "kill_none.h"

enum { STATUS_OF_NONE = 77 }; /* whatever the caller says */

struct nothing {
	struct scene scene;
	struct fake_looker fake;
	struct kill_request rq;
};

static void nothing_init(struct nothing *n, const char *word)
{
	*n = (struct nothing){.fake = {.len = 0}};
	scene_init(&n->scene, word);
	fake_looker_init(&n->fake);
	n->rq = (struct kill_request){
		.look = &n->scene.look, .filter = &n->scene.filter, .looker = &n->fake.looker,
		.names = &n->scene.names, .namespaces = &n->scene.list, .proc_fd = -1,
		.status_of_none = STATUS_OF_NONE};
}

/* Tell, and take all rows away. */
static void assert_none(struct fixture *fx, struct nothing *n, int status, const char *text)
{
	char said[1024];
	struct capture c = capture_start(fx);
	int rc = kill_none_tell(&n->rq);

	capture_end(&c, said, sizeof(said));
	assert_string_equal(said, text);
	assert_int_equal(rc, status);
	n->scene.look.rows.len = 0;
}

#define ONLY_CONNECTIONS                                                                           \
	"whoport: only connections use it, whose processes are not signalled; -s STATE or --all "  \
	"selects them, too\n"
#define CLOSED                                                                                     \
	"whoport: no process holds it: what is left of closed connections is the kernel's; "       \
	"--close ends that\n"
#define KERNEL "whoport: the kernel holds it: there is no process to signal\n"

static void what_there_is_instead_is_told(void **state)
{
	struct sock open = connection(SOCK_STATE_ESTABLISHED), tcp = listener();
	struct sock rest = remainder_of(SOCK_STATE_TIME_WAIT, 59000);
	struct nothing n;

	nothing_init(&n, "8080");
	add_held(&n.scene, &open, "sshd", 812);
	assert_none(*state, &n, STATUS_OF_NONE, ONLY_CONNECTIONS);
	add_row(&n.scene, &open, REASON_NOT_ACCEPTED);
	assert_none(*state, &n, STATUS_OF_NONE, ONLY_CONNECTIONS);
	add_row(&n.scene, &rest, REASON_TIME_WAIT);
	assert_none(*state, &n, STATUS_OF_NONE, CLOSED);
	add_row(&n.scene, &rest, REASON_ORPHAN);
	assert_none(*state, &n, STATUS_OF_NONE, CLOSED);
	add_row(&n.scene, &tcp, REASON_KERNEL);
	assert_none(*state, &n, STATUS_OF_NONE, KERNEL);
	add_row(&n.scene, &rest, REASON_TIME_WAIT);
	add_held(&n.scene, &open, "sshd", 812);
	add_row(&n.scene, &tcp, REASON_KERNEL);
	assert_none(*state, &n, STATUS_OF_NONE, KERNEL ONLY_CONNECTIONS CLOSED);
	assert_int_equal(n.fake.count, 0); /* there is something: nobody looks for clients */
	scene_free(&n.scene);
}

static void hidden_holder_is_an_error(void **state)
{
	static const enum reason reasons[] = {REASON_PERMISSION, REASON_PIDNS, REASON_UNKNOWN};
	struct sock tcp = listener(), open = connection(SOCK_STATE_ESTABLISHED);
	const char *advice = geteuid() != 0 ? "; sudo would show more" : "";
	struct nothing n;
	char text[256];

	nothing_init(&n, "8080");
	for (int known = 0; known < 2; known++) {
		tcp.uid = 4000000000; /* without a name */
		tcp.uid_known = known;
		snprintf(text, sizeof(text),
			 "whoport: nothing was signalled: the holder of a socket of %s is hidden%s\n",
			 known ? "4000000000" : "somebody", advice);
		for (size_t i = 0; i < COUNT(reasons); i++) {
			add_held(&n.scene, &open, "sshd", 812); /* says nothing of the listener */
			add_row(&n.scene, &tcp, reasons[i]);
			assert_none(*state, &n, 2, text);
		}
	}
	n.rq.unread = 1; /* a process that was asked for */
	assert_none(*state, &n, 2, "whoport: nothing was signalled\n");
	scene_free(&n.scene);
}

/* --- clients ---------------------------------------------------------------------------- */

static struct sock client_of(const char *remote, uint16_t port)
{
	return make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 40000, remote, port, 9);
}

static void clients_are_mentioned_if_they_are_all(void **state)
{
	struct sock client = client_of("10.0.0.1", 8080), other = client_of("10.0.0.1", 8081);
	struct sock none = listener();
	struct nothing n;

	nothing_init(&n, "8080");
	none.local.port = 9;
	add_held(&n.scene, &client, "curl", 900);
	add_held(&n.scene, &other, "wget", 901); /* of another port */
	add_held(&n.scene, &none, "nginx", 902); /* of none */
	n.fake.len = 0;
	fake_looker_add(&n.fake, n.scene.rows, n.scene.look.rows.len);
	n.scene.look.rows.len = 0;
	assert_none(*state, &n, STATUS_OF_NONE,
		    "whoport: nobody holds it here; connected to such a port: curl,900; "
		    "clients are not signalled\n");
	assert_int_equal(n.fake.count, 1);
	scene_free(&n.scene);
}

static void many_clients_are_not_all_named(void **state)
{
	struct sock client = client_of("10.0.0.1", 8080);
	struct nothing n;

	nothing_init(&n, "8080");
	for (pid_t pid = 900; pid < 905; pid++)
		add_held(&n.scene, &client, "curl", pid);
	n.scene.rows[1].process = n.scene.rows[0].process; /* with two descriptors */
	n.fake.len = 0;
	fake_looker_add(&n.fake, n.scene.rows, n.scene.look.rows.len);
	n.scene.look.rows.len = 0;
	assert_none(*state, &n, STATUS_OF_NONE,
		    "whoport: nobody holds it here; connected to such a port: curl,900 curl,902 "
		    "curl,903 ...; clients are not signalled\n");
	scene_free(&n.scene);
}

static struct sock far_end;

static void check_filter(struct filter *f)
{
	assert_int_equal(filter_classify(f, &far_end), SOCK_ROLE_WANTED);
	far_end.remote.port++;
	assert_int_not_equal(filter_classify(f, &far_end), SOCK_ROLE_WANTED);
}

static void clients_are_looked_for_by_the_ports_of_the_targets(void **state)
{
	static const struct {
		const char *word;
		uint16_t last; /* the highest of its ports */
	} cases[] = {{"8080", 8080}, {"tcp:8000-8010", 8010}, {"127.0.0.1:53", 53}, {"65534", 65534}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct nothing n;
		struct names names;
		nothing_init(&n, "1");
		make_names(&names);
		struct filter f = {.names = &names};
		filter_add_ok(&f, FILTER_TARGET, cases[i].word);
		filter_finish_ok(&f);
		n.rq.filter = &f;
		far_end = client_of("10.0.0.1", cases[i].last);
		n.fake.seen = check_filter;
		assert_none(*state, &n, STATUS_OF_NONE, "");
		assert_int_equal(n.fake.count, 1);
		filter_free(&f);
		names_free(&names);
		scene_free(&n.scene);
	}
}

static void names_have_no_clients_that_can_be_seen(void **state)
{
	struct nothing n;

	nothing_init(&n, "@name");
	assert_none(*state, &n, STATUS_OF_NONE, "");
	assert_int_equal(n.fake.count, 0);
	scene_free(&n.scene);
}

static void look_that_fails_takes_nothing_back(void **state)
{
	struct nothing n;

	nothing_init(&n, "8080");
	n.fake.rc = -EIO;
	assert_none(*state, &n, STATUS_OF_NONE, "");
	scene_free(&n.scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(what_there_is_instead_is_told),
		fixture_test(hidden_holder_is_an_error),
		fixture_test(clients_are_mentioned_if_they_are_all),
		fixture_test(many_clients_are_not_all_named),
		fixture_test(clients_are_looked_for_by_the_ports_of_the_targets),
		fixture_test(names_have_no_clients_that_can_be_seen),
		fixture_test(look_that_fails_takes_nothing_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
