"""
Check JSON of whoport against tests/data/whoport.schema.json, and more strictly than a parser
would: bytes that are no UTF-8, a key twice, NaN, several documents are errors.

    json_check.py document|lines [some|cycles]... [FILE]

document and lines say what was asked for (-J, -j); with `some` keys may miss, as -F chooses
them; with `cycles` documents may follow each other, as -r prints them, a document ending in a
line of its own. Without FILE it is stdin. Prints what is wrong, and says so by its status.

Tests import it, too: unescape() gives the bytes that a string stands for.
"""
import json
import os
import sys

# Keys that are there whatever -F chooses.
ALWAYS = {"schema", "version", "processes", "unowned", "files", "pid", "reason", "listener",
          "holders", "suspects"}


def unescape(text):
    """The bytes of a string: \\xNN is a byte that is no UTF-8, two backslashes are one."""
    out = bytearray()
    at = 0
    while at < len(text):
        if text[at] != "\\":
            out += text[at].encode()
            at += 1
        elif text[at + 1:at + 2] == "\\":
            out += b"\\"
            at += 2
        elif text[at + 1:at + 2] == "x" and at + 4 <= len(text):
            out.append(int(text[at + 2:at + 4], 16))
            at += 4
        else:
            raise ValueError(f"a backslash that begins nothing: {text!r}")
    return bytes(out)


def refuse(what):
    raise ValueError(f"not expected: {what}")


def unique(pairs):
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            refuse(f"key {key!r} a second time")
    return dict(pairs)


def parse(data):
    """One value out of bytes."""
    return json.loads(data.decode("utf-8", "strict"), object_pairs_hook=unique,
                      parse_constant=refuse, parse_float=refuse)


def strings(value):
    """Every string in it that may hold foreign bytes."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def load_schema():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data/whoport.schema.json")
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def loosen(schema):
    """Let keys miss that -F may leave out, and what follows from them."""
    for name in ("document", "process", "file", "unowned", "line"):
        definition = schema["definitions"][name]
        definition["required"] = [key for key in definition["required"] if key in ALWAYS]
        for condition in ("allOf", "if", "then", "else"):
            definition.pop(condition, None)


def documents(data):
    """Documents that follow each other: each begins with a brace in the first column."""
    starts = [0] + [i + 1 for i in range(len(data)) if data[i:i + 11] == b'\n{"schema":']
    return [data[a:b] for a, b in zip(starts, starts[1:] + [len(data)])]


def check(data, kind, some=False, cycles=False):
    """Yield what is wrong."""
    import jsonschema
    schema = load_schema()
    if some:
        loosen(schema)
    schema = {"$schema": schema["$schema"], "definitions": schema["definitions"],
              "$ref": f"#/definitions/{'document' if kind == 'document' else 'line'}"}
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    if data and not data.endswith(b"\n"):
        yield "the last line has no newline"
    if kind == "lines":
        values = data.split(b"\n")[:-1] if data else []
    else:
        values = documents(data) if cycles else [data]
    for number, part in enumerate(values, 1):
        try:
            value = parse(part)
            for text in strings(value):
                unescape(text)
        except ValueError as error:
            yield f"{kind} {number}: {error}: {part[:200]!r}"
            continue
        for error in validator.iter_errors(value):
            at = "/".join(str(step) for step in error.absolute_path)
            yield f"{kind} {number}: /{at}: {error.message[:300]}"


def main(words):
    kind = words.pop(0) if words else ""
    if kind not in ("document", "lines"):
        sys.exit(__doc__.strip())
    some = cycles = False
    while words and words[0] in ("some", "cycles"):
        some |= words[0] == "some"
        cycles |= words[0] == "cycles"
        words.pop(0)
    if words:
        with open(words[0], "rb") as file:
            data = file.read()
    else:
        data = sys.stdin.buffer.read()
    wrong = list(check(data, kind, some, cycles))
    for line in wrong[:20]:
        print(line.encode("unicode_escape").decode())
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
