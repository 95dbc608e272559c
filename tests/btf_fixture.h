/*
 * BTF for the tests: types are added one by one and have numbers from 1, then the
 * bytes are written as in a kernel's vmlinux, in the machine's order. All is in this
 * header, so that a test without types links none of it.
 *
 *     struct btf_bytes *b = btf_bytes_new();
 *
 *     uint32_t u32 = btf_bytes_int(b, "unsigned int", 4);
 *     btf_bytes_type(b, KIND_STRUCT, "pair", 8);
 *     btf_bytes_member(b, "left", u32, 0);
 *     btf_bytes_member(b, "right", u32, 32);
 *     btf_bytes_write(b);
 */
#ifndef WHOPORT_TESTS_BTF_FIXTURE_H
#define WHOPORT_TESTS_BTF_FIXTURE_H

#include "btf.h"
#include "fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* A test uses some of these functions. */
#define BTF_FIXTURE static inline __attribute__((unused))

/* BTF_KIND_INT and so on, linux/btf.h. */
enum {
	KIND_INT = 1, KIND_PTR, KIND_ARRAY, KIND_STRUCT, KIND_UNION, KIND_ENUM, KIND_FWD,
	KIND_TYPEDEF, KIND_VOLATILE, KIND_CONST, KIND_RESTRICT, KIND_FUNC, KIND_FUNC_PROTO,
	KIND_VAR, KIND_DATASEC, KIND_FLOAT, KIND_DECL_TAG, KIND_TYPE_TAG, KIND_ENUM64, KIND_END
};

enum { BTF_BYTES_MAX = 262144, BTF_HEADER = 24 };

/** struct btf_header. */
struct btf_head {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t len, types_at, types_len, strings_at, strings_len;
};

/** Types and strings, and what they are written to. */
struct btf_bytes {
	size_t types_len, strings_len;
	size_t info;    /* place of the info word of the last type */
	uint32_t count; /* types */
	size_t len;     /* of what was written */
	unsigned char types[BTF_BYTES_MAX];
	char strings[BTF_BYTES_MAX];
	unsigned char data[2 * BTF_BYTES_MAX + 1024];
};

/** Neither types nor strings yet but the empty one; free() releases it. */
BTF_FIXTURE struct btf_bytes *btf_bytes_new(void)
{
	struct btf_bytes *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->strings_len = 1;
	return b;
}

/** Append one of the words that the last type's kind adds. */
BTF_FIXTURE void btf_bytes_word(struct btf_bytes *b, uint32_t word)
{
	assert_true(b->types_len + sizeof(word) <= sizeof(b->types));
	memcpy(b->types + b->types_len, &word, sizeof(word));
	b->types_len += sizeof(word);
}

/** Place of a string; none is the empty one. */
BTF_FIXTURE uint32_t btf_bytes_string(struct btf_bytes *b, const char *text)
{
	size_t size = strlen(text) + 1, at = b->strings_len;

	if (size == 1)
		return 0;
	assert_true(at + size <= sizeof(b->strings));
	memcpy(b->strings + at, text, size);
	b->strings_len += size;
	return (uint32_t)at;
}

/** Add a type without members. @size is the type that it stands for, with some. */
BTF_FIXTURE uint32_t btf_bytes_type(struct btf_bytes *b, unsigned kind, const char *name,
				    uint32_t size)
{
	btf_bytes_word(b, btf_bytes_string(b, name));
	b->info = b->types_len;
	btf_bytes_word(b, (uint32_t)kind << 24);
	btf_bytes_word(b, size);
	return ++b->count;
}

/** Set bits in the info word of the last type. */
BTF_FIXTURE void btf_bytes_change_info(struct btf_bytes *b, uint32_t add, uint32_t set)
{
	uint32_t info;

	memcpy(&info, b->types + b->info, sizeof(info));
	info = (info + add) | set;
	memcpy(b->types + b->info, &info, sizeof(info));
}

/** Add a member to the last type, at so many bits. */
BTF_FIXTURE void btf_bytes_member(struct btf_bytes *b, const char *name, uint32_t type,
				  uint32_t offset)
{
	btf_bytes_change_info(b, 1, 0);
	btf_bytes_word(b, btf_bytes_string(b, name));
	btf_bytes_word(b, type);
	btf_bytes_word(b, offset);
}

/** The same for a bit field; all members of such a type are added like this. */
BTF_FIXTURE void btf_bytes_bit_field(struct btf_bytes *b, const char *name, uint32_t type,
				     uint32_t offset, uint32_t bits)
{
	btf_bytes_member(b, name, type, offset | bits << 24);
	btf_bytes_change_info(b, 0, 1U << 31);
}

BTF_FIXTURE uint32_t btf_bytes_int(struct btf_bytes *b, const char *name, uint32_t size)
{
	uint32_t id = btf_bytes_type(b, KIND_INT, name, size);

	btf_bytes_word(b, 8 * size);
	return id;
}

BTF_FIXTURE uint32_t btf_bytes_array(struct btf_bytes *b, uint32_t type, uint32_t count)
{
	uint32_t id = btf_bytes_type(b, KIND_ARRAY, "", 0);

	btf_bytes_word(b, type);
	btf_bytes_word(b, 1);
	btf_bytes_word(b, count);
	return id;
}

/** Add a type of any kind, with what the kind adds; the content means little. */
BTF_FIXTURE uint32_t btf_bytes_any(struct btf_bytes *b, unsigned kind, const char *name)
{
	/* Words: once, and for each of two members. */
	static const uint8_t words[KIND_END][2] = {
		[KIND_INT] = {1, 0}, [KIND_ARRAY] = {3, 0}, [KIND_STRUCT] = {0, 3},
		[KIND_UNION] = {0, 3}, [KIND_ENUM] = {0, 2}, [KIND_FUNC_PROTO] = {0, 2},
		[KIND_VAR] = {1, 0}, [KIND_DATASEC] = {0, 3}, [KIND_DECL_TAG] = {1, 0},
		[KIND_ENUM64] = {0, 3},
	};
	uint32_t id = btf_bytes_type(b, kind, name, 1);

	if (words[kind][1] > 0 || kind == KIND_FUNC) /* that one has its linkage there */
		btf_bytes_change_info(b, 2, 0);
	for (int i = 0; i < words[kind][0] + 2 * words[kind][1]; i++)
		btf_bytes_word(b, 1);
	return id;
}

/* Put a section somewhere behind the header. */
BTF_FIXTURE void btf_bytes_put(struct btf_bytes *b, size_t at, const void *section, size_t len)
{
	assert_true(at + len <= sizeof(b->data));
	memcpy(b->data + at, section, len);
	if (b->len < at + len)
		b->len = at + len;
}

/** Write header, types and strings, wherever the header has them. */
BTF_FIXTURE void btf_bytes_write_as(struct btf_bytes *b, const struct btf_head *head)
{
	memset(b->data, 0xee, sizeof(b->data));
	b->len = 0;
	btf_bytes_put(b, 0, head, sizeof(*head));
	btf_bytes_put(b, head->len + head->types_at, b->types, b->types_len);
	btf_bytes_put(b, head->len + head->strings_at, b->strings, b->strings_len);
}

/** The header as pahole writes it: strings follow types. */
BTF_FIXTURE struct btf_head btf_bytes_head(const struct btf_bytes *b)
{
	return (struct btf_head){.magic = 0xeb9f, .version = 1, .len = BTF_HEADER,
				 .types_len = (uint32_t)b->types_len,
				 .strings_at = (uint32_t)b->types_len,
				 .strings_len = (uint32_t)b->strings_len};
}

BTF_FIXTURE void btf_bytes_write(struct btf_bytes *b)
{
	struct btf_head head = btf_bytes_head(b);

	btf_bytes_write_as(b, &head);
}

/* --- what is found -------------------------------------------------------- */

/** BTF that was parsed, with one struct that was looked for. */
struct btf_found {
	struct btf btf;
	struct btf_name name;
	char *data; /* guarded */
	size_t len;
	int rc;
};

/** Parse a guarded copy of what was written and look for a struct. */
BTF_FIXTURE struct btf_found btf_found_open(const struct btf_bytes *b, const char *name)
{
	struct btf_found f = {.name = {BTF_STRUCT, name, 0, 0}, .len = b->len};

	f.data = guard_copy(b->data, b->len);
	f.rc = btf_parse(f.data, f.len, &f.name, 1, &f.btf);
	return f;
}

BTF_FIXTURE void btf_found_close(struct btf_found *f)
{
	btf_free(&f->btf);
	guard_free(f->data, f->len);
}

/** A member that is there. */
BTF_FIXTURE struct btf_member btf_found_member(struct btf_found *f, const char *path)
{
	struct btf_member m = {0};

	assert_int_equal(f->rc, 0);
	if (btf_find_member(&f->btf, &f->name, path, &m) != 0)
		fail_msg("%s.%s: not found", f->name.name, path);
	return m;
}

/** A member that is no bit field is at this offset and has this size. */
BTF_FIXTURE void assert_member(struct btf_found *f, const char *path, uint32_t offset,
			       uint32_t size)
{
	struct btf_member m = btf_found_member(f, path);

	if (m.offset != offset || m.size != size || m.bits != 0)
		fail_msg("%s.%s: %u bytes at %u, %u bits", f->name.name, path, m.size, m.offset,
			 m.bits);
}

BTF_FIXTURE void assert_no_member(struct btf_found *f, const char *path)
{
	struct btf_member m;

	assert_int_equal(f->rc, 0);
	if (btf_find_member(&f->btf, &f->name, path, &m) != -ENOENT)
		fail_msg("%s.%s: found", f->name.name, path);
}

/** What the program makes of a member in memory: load, shift left, shift right. */
BTF_FIXTURE uint64_t btf_extract(const void *memory, const struct btf_member *m)
{
	const unsigned char *p = (const unsigned char *)memory + m->offset;
	uint64_t value = 0;
	uint32_t u32;
	uint16_t u16;

	switch (m->size) {
	case 8:
		memcpy(&value, p, 8);
		break;
	case 4:
		memcpy(&u32, p, 4);
		value = u32;
		break;
	case 2:
		memcpy(&u16, p, 2);
		value = u16;
		break;
	case 1:
		value = *p;
		break;
	default:
		fail_msg("a load of %u bytes", m->size);
	}
	return m->bits > 0 ? value << m->shift >> (64 - m->bits) : value;
}

/* --- this kernel ---------------------------------------------------------- */

/** The running kernel's types, for free(); NULL if they are not to be had. */
BTF_FIXTURE char *btf_live_read(size_t *out_len)
{
	size_t size = 0, len = 0;
	char *data = NULL;
	ssize_t n = 0;
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	do {
		len += (size_t)n;
		if (len == size) {
			size += 4U << 20;
			data = realloc(data, size);
			assert_non_null(data);
		}
		n = read(fd, data + len, size - len);
	} while (n > 0);
	close(fd);
	if (n < 0 || len == 0) {
		free(data);
		return NULL;
	}
	*out_len = len;
	return data;
}

#endif
