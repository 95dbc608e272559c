/*
 * The kernel's types; see btf.h. After a header, a section of types follows one of
 * strings. A type is
 *
 *     name, info (kind, number of members), size or type, then what its kind adds
 *
 * and has no number but its place in the row. So that a type can be found by its
 * number, every BTF_STRIDE-th place is noted. The walk stops where nothing more is
 * looked for, which is half the way, and goes on if a later number is asked for.
 */
#include "btf.h"

#include "grow.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAGIC = 0xEB9F,
	HEADER_LEN = 24, /* magic, version, flags, length; offset and length of both sections */
	TYPE_LEN = 12,
	MEMBER_LEN = 12, /* name, type, offset in bits */
	CHAIN_MAX = 32,  /* of typedef, const and the like */
	NESTED_MAX = 16, /* of structs without a name */
	MEMBERS_MAX = 1 << 16, /* looked at for one path: no cycle goes on for ever */
};

enum kind {
	KIND_PTR = 2, KIND_ARRAY, KIND_STRUCT, KIND_UNION, KIND_ENUM, KIND_FWD, KIND_TYPEDEF,
	KIND_VOLATILE, KIND_CONST, KIND_RESTRICT, KIND_FUNC, KIND_FUNC_PROTO, KIND_VAR,
	KIND_DATASEC, KIND_FLOAT, KIND_DECL_TAG, KIND_TYPE_TAG, KIND_ENUM64, KIND_COUNT
};

struct type {
	uint32_t name;
	uint32_t kind, members;
	bool has_bit_fields;
	uint32_t size; /* or the type that this one stands for */
};

static uint32_t word(const unsigned char *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static struct type read_type(const struct btf *btf, uint32_t at)
{
	const unsigned char *p = btf->types + at;
	uint32_t info = word(p + 4);

	return (struct type){.name = word(p), .kind = info >> 24 & 31, .members = info & 0xffff,
			     .has_bit_fields = info >> 31, .size = word(p + 8)};
}

/* Bytes behind the common part. Return false for a kind that we do not know. */
static bool measure(const struct type *t, size_t *out)
{
	static const struct {
		uint8_t fixed, each;
	} extras[KIND_COUNT] = {
		[BTF_INT] = {4, 0},      [KIND_PTR] = {0, 0},      [KIND_ARRAY] = {12, 0},
		[KIND_STRUCT] = {0, 12}, [KIND_UNION] = {0, 12},   [KIND_ENUM] = {0, 8},
		[KIND_FUNC_PROTO] = {0, 8}, [KIND_VAR] = {4, 0},   [KIND_DATASEC] = {0, 12},
		[KIND_DECL_TAG] = {4, 0}, [KIND_ENUM64] = {0, 12},
	};

	if (t->kind == 0 || t->kind >= KIND_COUNT)
		return false;
	*out = extras[t->kind].fixed + (size_t)extras[t->kind].each * t->members;
	return true;
}

static const char *string_at(const struct btf *btf, uint32_t at)
{
	return at < btf->strings_len ? btf->strings + at : "";
}

void btf_free(struct btf *btf)
{
	free(btf->places);
	*btf = (struct btf){0};
}

static int note_place(struct btf *btf, size_t at)
{
	void *places = grow(btf->places, btf->places_len, &btf->places_cap, sizeof(*btf->places));

	if (!places)
		return -ENOMEM;
	btf->places = places;
	btf->places[btf->places_len++] = (uint32_t)at;
	return 0;
}

/* The names looked for, and for each kind with what they begin: most types are none. */
struct wanted {
	struct btf_name *names;
	size_t count, left;
	uint8_t kinds[KIND_COUNT];
	uint8_t begins[KIND_COUNT][UINT8_MAX + 1];
};

static struct wanted look_for(struct btf_name *names, size_t count)
{
	struct wanted w = {.names = names, .count = count, .left = count};

	for (size_t i = 0; i < count; i++) {
		names[i].id = names[i].at = 0;
		w.kinds[names[i].kind] = 1;
		w.begins[names[i].kind][(uint8_t)*names[i].name] = 1;
	}
	return w;
}

static void compare_names(const struct btf *btf, const struct type *t, uint32_t at,
			  struct wanted *w)
{
	const char *name = string_at(btf, t->name);

	if (!w->begins[t->kind][(uint8_t)*name])
		return;
	for (size_t i = 0; i < w->count; i++) {
		struct btf_name *n = &w->names[i];
		if ((uint32_t)n->kind == t->kind && n->id == 0 && strcmp(n->name, name) == 0) {
			n->id = btf->count;
			n->at = at;
			w->left--;
		}
	}
}

/* Walk over one type. Return 1, 0 at the end, -EINVAL or -ENOMEM. */
static int step(struct btf *btf, struct wanted *w)
{
	size_t at = btf->at, extra;

	if (at == btf->types_len)
		return 0;
	if (btf->types_len - at < TYPE_LEN)
		return -EINVAL;
	struct type t = read_type(btf, (uint32_t)at);
	if (!measure(&t, &extra) || extra > btf->types_len - at - TYPE_LEN)
		return -EINVAL;
	if (btf->count % BTF_STRIDE == 0 && note_place(btf, at) < 0)
		return -ENOMEM;
	btf->count++; /* the first type is number 1 */
	btf->at = at + TYPE_LEN + extra;
	if (w && w->kinds[t.kind])
		compare_names(btf, &t, (uint32_t)at, w);
	return 1;
}

/* A section within what is behind the header. */
static bool find_section(const unsigned char *data, size_t len, size_t header, size_t field,
			 const unsigned char **out, size_t *out_len)
{
	size_t at = word(data + field), size = word(data + field + 4);

	if (at > len - header || size > len - header - at)
		return false;
	*out = data + header + at;
	*out_len = size;
	return true;
}

int btf_parse(const void *data, size_t len, struct btf_name *names, size_t count,
	      struct btf *out)
{
	const unsigned char *p = data, *strings;
	uint16_t magic;

	*out = (struct btf){0};
	struct wanted wanted = look_for(names, count);
	if (len < HEADER_LEN || len > UINT32_MAX)
		return -EINVAL;
	memcpy(&magic, p, sizeof(magic));
	size_t header = word(p + 4);
	if (magic != MAGIC || p[2] != 1 || header < HEADER_LEN || header > len ||
	    !find_section(p, len, header, 8, &out->types, &out->types_len) ||
	    !find_section(p, len, header, 16, &strings, &out->strings_len) ||
	    out->strings_len == 0 || strings[out->strings_len - 1] != '\0')
		return -EINVAL;
	out->strings = (const char *)strings;
	int rc = 1;
	while (rc > 0 && wanted.left > 0)
		rc = step(out, &wanted);
	return rc < 0 ? rc : 0;
}

/* --- members --------------------------------------------------------------- */

/* Place of a type by its number. */
static bool find_type(struct btf *btf, uint32_t id, uint32_t *out)
{
	size_t extra = 0;

	while (id > btf->count && step(btf, NULL) > 0)
		;
	if (id == 0 || id > btf->count)
		return false;
	uint32_t at = btf->places[(id - 1) / BTF_STRIDE];
	for (uint32_t i = (id - 1) % BTF_STRIDE; i > 0; i--) {
		struct type t = read_type(btf, at);
		measure(&t, &extra);
		at += (uint32_t)(TYPE_LEN + extra);
	}
	*out = at;
	return true;
}

/* The type behind typedef, const and the like. */
static bool strip(struct btf *btf, uint32_t id, uint32_t *out_at, struct type *out)
{
	for (int i = 0; i < CHAIN_MAX && find_type(btf, id, out_at); i++) {
		*out = read_type(btf, *out_at);
		if (out->kind != KIND_TYPEDEF && out->kind != KIND_VOLATILE &&
		    out->kind != KIND_CONST && out->kind != KIND_RESTRICT &&
		    out->kind != KIND_TYPE_TAG)
			return true;
		id = out->size;
	}
	return false;
}

/* Bytes of a type; 0 if that is not known. */
static uint32_t size_of(struct btf *btf, const struct type *t, uint32_t at)
{
	struct type element;
	uint32_t place;

	switch (t->kind) {
	case BTF_INT:
	case KIND_STRUCT:
	case KIND_UNION:
	case KIND_ENUM:
	case KIND_ENUM64:
		return t->size;
	case KIND_PTR:
		return 8; /* who asks has made sure of that */
	case KIND_ARRAY: /* its type, that of the index, how many */
		if (!strip(btf, word(btf->types + at + TYPE_LEN), &place, &element) ||
		    element.kind == KIND_ARRAY)
			return 0;
		uint64_t size = size_of(btf, &element, place);
		uint32_t count = word(btf->types + at + TYPE_LEN + 8);
		if (count > 1) /* of an array at the end of a struct nobody knows how many */
			size *= count;
		return size <= UINT32_MAX ? (uint32_t)size : 0;
	default:
		return 0;
	}
}

uint32_t btf_size(const struct btf *btf, const struct btf_name *type)
{
	return type->id ? read_type(btf, type->at).size : 0;
}

struct search {
	struct btf *btf;
	const char *word; /* of the path */
	size_t len;
	uint32_t type;   /* found: number of the member's type */
	uint32_t offset; /* found: in bits, of the innermost struct with a name */
	uint32_t bits;   /* found: width of a bit field */
	int budget;
};

static bool is_container(const struct type *t)
{
	return t->kind == KIND_STRUCT || t->kind == KIND_UNION;
}

static bool is_word(const struct search *s, const char *name)
{
	return strncmp(name, s->word, s->len) == 0 && name[s->len] == '\0';
}

/* Look for the word in a struct, and in what has no name there. */
static bool find_in(struct search *s, uint32_t at, uint32_t base, int depth)
{
	struct type t = read_type(s->btf, at), inner;
	const unsigned char *m = s->btf->types + at + TYPE_LEN;

	for (uint32_t i = 0; i < t.members && s->budget-- > 0; i++, m += MEMBER_LEN) {
		const char *name = string_at(s->btf, word(m));
		uint32_t offset = word(m + 8), place;
		uint32_t bits = t.has_bit_fields ? offset >> 24 : 0;

		offset = base + (t.has_bit_fields ? offset & 0xffffff : offset);
		if (is_word(s, name)) {
			s->type = word(m + 4);
			s->offset = offset;
			s->bits = bits;
			return true;
		}
		if (*name == '\0' && depth < NESTED_MAX &&
		    strip(s->btf, word(m + 4), &place, &inner) && is_container(&inner) &&
		    find_in(s, place, offset, depth + 1))
			return true;
	}
	return false;
}

/* Place of a bit field in the smallest unit that holds it. */
static bool place_bits(uint32_t offset, uint32_t bits, struct btf_member *out)
{
	for (uint32_t size = 1; size <= 8; size *= 2) {
		uint32_t unit = offset / (8 * size), in_unit = offset % (8 * size);
		if (in_unit + bits > 8 * size)
			continue;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		uint32_t shift = 64 - 8 * size + in_unit;
#else
		uint32_t shift = 64 - in_unit - bits;
#endif
		*out = (struct btf_member){unit * size, size, shift, bits};
		return true;
	}
	return false;
}

int btf_find_member(struct btf *btf, const struct btf_name *type, const char *path,
		    struct btf_member *out)
{
	struct search s = {.btf = btf, .budget = MEMBERS_MAX};
	uint32_t at = type->at, base = 0;
	struct type t;

	if (type->id == 0)
		return -ENOENT;
	for (;;) {
		s.word = path;
		s.len = strcspn(path, ".");
		t = read_type(btf, at);
		if (!is_container(&t) || !find_in(&s, at, base, 0) ||
		    !strip(btf, s.type, &at, &t))
			return -ENOENT;
		base = s.offset;
		if (path[s.len] == '\0')
			break;
		path += s.len + 1;
	}
	if (s.bits > 0)
		return place_bits(base, s.bits, out) ? 0 : -ENOENT;
	*out = (struct btf_member){.offset = base / 8, .size = size_of(btf, &t, at)};
	return base % 8 == 0 && out->size > 0 ? 0 : -ENOENT;
}
