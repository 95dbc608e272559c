/* A question at the terminal; see confirm.h. */
#define _GNU_SOURCE
#include "confirm.h"

#include "buf.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

bool confirm_ask(const struct buf *question)
{
	struct buf text = {0};
	char answer[16] = "";

	buf_add_str(&text, "whoport: ");
	buf_add(&text, question->data, question->len);
	buf_add_str(&text, "? [y/N] ");
	int rc = question->error ? question->error : buf_write(&text, STDERR_FILENO);
	buf_free(&text);
	if (rc < 0) /* nobody has read the question */
		return false;
	ssize_t n = read(STDIN_FILENO, answer, sizeof(answer) - 1);
	return n > 0 && (strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "yes\n") == 0);
}
