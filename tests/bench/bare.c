/*
 * The least that an answer from the kernel's iterator can cost: learn the kernel's
 * types, load the program, read all its records, and do nothing with them.
 *
 *     bare
 */
#include "bpf_iterator.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	const struct bpf_choice choice = {.with_unix = true, .with_others = true};
	static char records[65536];
	struct bpf_layout layout;
	size_t bytes = 0;
	ssize_t n;

	int rc = bpf_iterator_learn(&layout);
	int fd = rc < 0 ? rc : bpf_iterator_open(&layout, &choice);
	if (fd < 0) {
		fprintf(stderr, "bare: %s\n", strerror(-fd));
		return 2;
	}
	while ((n = read(fd, records, sizeof(records))) > 0 || (n < 0 && errno == EAGAIN))
		bytes += n > 0 ? (size_t)n : 0;
	close(fd);
	printf("%zu bytes\n", bytes);
	return n < 0;
}
