/*
 * BTF: the kernel's own description of its types. A pass over the bytes finds
 * types by name; then members are found in them, wherever this kernel keeps
 * them. Decodes bytes only; where they come from is the caller's.
 *
 * Source: Documentation/bpf/btf.rst and include/uapi/linux/btf.h of Linux.
 */
#ifndef WHOPORT_BTF_H
#define WHOPORT_BTF_H

#include <stddef.h>
#include <stdint.h>

/* Kinds of types that are looked for by name. */
enum btf_kind { BTF_INT = 1, BTF_STRUCT = 4, BTF_FUNC = 12 };

/* A type that is looked for; id and place are found. */
struct btf_name {
	enum btf_kind kind;
	const char *name;
	uint32_t id; /* 0: there is none */
	uint32_t at; /* place of its header in the section of types */
};

struct btf {
	const unsigned char *types;
	size_t types_len;
	const char *strings; /* ends in NUL */
	size_t strings_len;
	uint32_t *places; /* of every BTF_STRIDE-th type; owned */
	size_t places_len, places_cap;
	uint32_t count; /* types walked over so far; the last id of them */
	size_t at;      /* the place behind them */
};

/** Types between two whose places are noted. */
#define BTF_STRIDE 32U

/** Where a member is within its outermost struct. */
struct btf_member {
	uint32_t offset; /* bytes; of a bit field, of the unit that holds it */
	uint32_t size;   /* bytes; of a bit field, 1, 2, 4 or 8; of an open array, one element's */
	uint32_t shift;  /* bit field: bits to the left of it in a 64-bit register */
	uint32_t bits;   /* bit field: its width; else 0 */
};

/**
 * Read the types, as far as it takes to find those with the names given; of several,
 * the first.
 *
 * @data   bytes in the machine's own order, borrowed for the life of @out
 * @names  ids and places are filled in
 * @out    released by btf_free(), also after an error
 * Return 0, -EINVAL if the bytes are no BTF that we understand, or -ENOMEM.
 */
int btf_parse(const void *data, size_t len, struct btf_name *names, size_t count,
	      struct btf *out);

/** Release the index. */
void btf_free(struct btf *btf);

/** Bytes of a type that btf_parse() found; 0 if there is none. */
uint32_t btf_size(const struct btf *btf, const struct btf_name *type);

/**
 * Find a member by its path, such as "__sk_common.skc_net.net": each word is a
 * member of the struct or union before it, or of one without a name in there.
 *
 * @type  a struct that btf_parse() found
 * Return 0, or -ENOENT if this kernel has no such member of a known size.
 */
int btf_find_member(struct btf *btf, const struct btf_name *type, const char *path,
		    struct btf_member *out);

#endif
