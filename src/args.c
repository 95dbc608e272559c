/* Arguments; see args.h. */
#include "args.h"

#include <string.h>

bool args_next(struct word *args, struct word *out)
{
	if (args->len == 0)
		return false;
	const char *nul = memchr(args->text, '\0', args->len);
	size_t len = nul ? (size_t)(nul - args->text) : args->len;
	size_t used = nul ? len + 1 : len;

	*out = (struct word){args->text, len};
	*args = (struct word){args->text + used, args->len - used};
	return true;
}

bool args_find_option(struct word args, const char *name, const char *other, struct word *out)
{
	struct word arg;

	if (!args_next(&args, &arg)) /* the program itself */
		return false;
	while (args_next(&args, &arg)) {
		const char *equal = arg.len > 0 ? memchr(arg.text, '=', arg.len) : NULL;
		struct word option = {arg.text, equal ? (size_t)(equal - arg.text) : arg.len};

		if (!word_equals(option, name) && !word_equals(option, other))
			continue;
		if (!equal)
			return args_next(&args, out);
		*out = (struct word){equal + 1, arg.len - option.len - 1};
		return true;
	}
	return false;
}

bool args_has(struct word args, const char *name)
{
	struct word arg;

	while (args_next(&args, &arg)) {
		if (word_equals(word_base_name(arg), name))
			return true;
	}
	return false;
}
