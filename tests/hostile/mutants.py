"""TorchScript files that are broken at random, on purpose.

SPDX-License-Identifier: LGPL-2.1-or-later

mutate(file, random) breaks the bytes, the archive's entries, the pickled data or the
code of a file, the last three such that a reader gets past what is before them.
"""
import io
import pickletools
import re
import zipfile

# Numbers that lengths and offsets go wrong with.
NUMBERS = [0, 1, -1, 2, 3, 127, 128, 255, 256, 65535, 2**31 - 1, -2**31, 2**31, 2**32,
           2**62, 2**63 - 1, -2**63, 10**30]

# Names that libtorch's unpickler knows, and some that it does not.
GLOBALS = [
    "torch._utils\n_rebuild_tensor_v2", "torch._utils\n_rebuild_tensor",
    "torch._utils\n_rebuild_qtensor", "torch._utils\n_rebuild_parameter",
    "torch._utils\n_rebuild_sparse_tensor", "torch._tensor\n_rebuild_from_type_v2",
    "torch\nrestore_type_tag", "torch\ndevice", "torch\nFloatStorage", "torch\nQUInt8Storage",
    "torch.jit._pickle\nbuild_intlist", "torch.jit._pickle\nbuild_tensorlist",
    "torch.jit._pickle\nrestore_type_tag", "torch.jit._pickle\nbuild_tensor_from_id",
    "collections\nOrderedDict", "builtins\ncomplex", "torch.torch_version\nTorchVersion",
    "__torch__\nNowhere", "os\nsystem"]

# One letter opcodes of any kind, such as those that reach for what is not there.
OPCODES = [b"(", b"t", b"l", b"d", b"}", b"]", b"a", b"e", b"u", b"s", b"0", b"R", b"b",
           b"Q", b"N", b"\x85", b"\x86", b"\x87", b"\x88", b"\x89", b"h\x00", b"q\x01",
           b"K\x07", b"J\xff\xff\xff\xff", b"X\x03\x00\x00\x00abc", b"\x8f", b"\x94", b"."]

# Pieces of code.
WORDS = [
    "self", "input", "x", "None", "True", "1", "-1", "0.5", "1e999", '"a"', "[", "]", "(",
    ")", "{", "}", ",", ":", "=", ".", "+", "*", "//", "%", "@", "not", "-", "if", "else",
    "for", "while", "def", "class", "return", "pass", "break", "del", "with", "as", "in",
    "is", "and", "lambda", "assert", "raise", "Tensor", "List[int]", "Dict[str, Tensor]",
    "Optional[Tensor]", "Tuple[int, ...]", "Future[Tensor]", "NoneType", "__torch__",
    "torch.zeros", "torch.nn", "ops.prim", "prims", "annotate", "uninitialized",
    "unchecked_cast", "getattr", "isinstance", "fork", "torch.rand", "CONSTANTS.c0",
    "CONSTANTS.c99", "__annotations__", "__parameters__", "__buffers__", "__setstate__",
    "NamedTuple", "Module", "Enum", "Interface", "\n", "\n  ", "\n    ", "\\\n", "#"]

# Calls, with shapes that no memory holds, of operators that look at little.
CALLS = [
    "torch.zeros([4611686018427387904])", "torch.zeros([2147483647, 2147483647])",
    "torch.as_strided(x, [1000], [1000000])", "torch.reshape(x, [-1, 0])",
    "torch.repeat_interleave(x, 1000000000)", "torch.index_select(x, 0, torch.zeros([0]))",
    "torch.embedding(x, torch.to(x, 4))", "torch.gather(x, 9, torch.to(x, 4))",
    "torch.conv2d(x, x, None, [0, 0], [-1, -1], [0, 0], 0)", "torch.max_pool2d(x, [0, 0])",
    "torch.upsample_bilinear2d(x, [0, -1], True, None, None)", "torch.pad(x, [-9, -9])",
    "torch.bincount(torch.to(x, 4))", "torch.unfold(x, 0, 0, 0)", "torch.fft_fft(x, 0)",
    "torch.quantize_per_tensor(x, 0., 0, 13)", "torch.to_sparse(x)", "torch.cdist(x, x)"]

NESTS = [("(", ")"), ("[", "]"), ("-", ""), ("not ", ""), ("", ".x"), ("", "[0]"),
         ("", "()"), ("", " + x"), ("x if x else ", ""), ("torch.neg(", ")"),
         ("lambda x: ", "")]


def read_entries(file):
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def write_entries(entries, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return file.getvalue()


def break_bytes(data, random):
    data = bytearray(data)
    for _ in range(random.choice([1, 1, 2, 4, 16])):
        at = random.randrange(len(data) + 1)
        n = random.choice([1, 1, 2, 4, 8, 64])
        kind = random.randrange(5)
        if kind == 0:
            data[at:at + n] = bytes(random.randrange(256) for _ in range(n))
        elif kind == 1 and at < len(data):
            data[at] ^= 1 << random.randrange(8)
        elif kind == 2:
            del data[at:at + n]
        elif kind == 3:
            data[at:at] = data[random.randrange(len(data) + 1):][:n]
        else:
            number = random.choice(NUMBERS) & (2**64 - 1)
            size = random.choice([1, 2, 4, 8])
            data[at:at + size] = (number & (2**(8 * size) - 1)).to_bytes(size, "little")
    return bytes(data[:random.randrange(len(data) + 1)] if random.random() < .1 else data)


def break_archive(entries, random):
    """Entries that are gone, there twice, called otherwise or exchanged."""
    entries = list(entries)
    i, k = (random.randrange(len(entries)) for _ in range(2))
    kind = random.randrange(7)
    if kind == 0:
        del entries[i]
    elif kind == 1:
        entries.insert(k, entries[i])
    elif kind == 2:
        entries[i], entries[k] = (entries[i][0], entries[k][1]), (entries[k][0], entries[i][1])
    elif kind == 3:
        name = break_bytes(entries[i][0].encode(), random).decode("latin-1")
        entries[i] = (name.replace("\0", "") or "x", entries[i][1])
    elif kind == 4:
        stem = entries[i][0].split("/")[0]
        name = random.choice(["model.json", "byteorder", ".data/version", "attributes.pkl",
                              "code/__torch__.py.debug_pkl", "extra/config.txt", "version"])
        entries.insert(k, (f"{stem}/{name}", entries[i][1]))
    elif kind == 5:
        entries[i] = (entries[i][0], entries[i][1] * random.choice([0, 2, 1000]))
    else:
        return write_entries(entries, random.choice(
            [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]))
    return write_entries(entries)


def split_pickle(data):
    try:
        places = [place for _, _, place in pickletools.genops(data)] + [len(data)]
    except Exception:
        places = list(range(0, len(data) + 1, 3))
    return [data[a:b] for a, b in zip(places, places[1:])]


def break_global(op, random):
    if op[:1] == b"c":
        return b"c" + random.choice(GLOBALS).encode() + b"\n"
    return op


def break_argument(op, random):
    """Another number or text for an opcode that has one."""
    if op[:1] in (b"K", b"M", b"J", b"h", b"j", b"q", b"r"):
        size = len(op) - 1
        number = random.choice(NUMBERS) & (2**(8 * size) - 1)
        return op[:1] + number.to_bytes(size, "little")
    if op[:1] == b"\x8a" and len(op) > 2:
        return b"\x8a\x08" + (random.choice(NUMBERS) & (2**64 - 1)).to_bytes(8, "little")
    if op[:1] == b"X" and len(op) > 5:
        text = break_bytes(op[5:], random)
        return b"X" + len(text).to_bytes(4, "little") + text
    return break_global(op, random)


def break_pickle(data, random):
    ops = split_pickle(data)
    for _ in range(random.choice([1, 1, 1, 3])):
        i, k = (random.randrange(len(ops)) for _ in range(2))
        kind = random.randrange(7)
        if kind == 0:
            del ops[i]
            ops = ops or [b"."]
        elif kind == 1:
            ops[i], ops[k] = ops[k], ops[i]
        elif kind == 2:
            ops[k:k] = ops[i:i + random.randrange(1, 20)]
        elif kind == 3:
            ops.insert(k, random.choice(OPCODES))
        elif kind == 4:
            n = random.choice([10, 1000, 30000])
            ops.insert(k, random.choice([b"(" * n + b"t" * n, b"\x85" * n, b"]" * n + b"a" * n]))
        else:
            numbered = [i for i, op in enumerate(ops) if len(op) > 1]
            for i in random.sample(numbered, min(2, len(numbered))):
                ops[i] = break_argument(ops[i], random)
    return b"".join(ops)


def nest(random):
    before, after = random.choice(NESTS)
    n = random.choice([5, 100, 190, 1000, 30000])
    return before * n + "x" + after * n


def break_code(data, random):
    parts = re.findall(r"\w+|\s+|.", data.decode("utf-8", "replace"), re.S)
    for _ in range(random.choice([1, 1, 1, 3])):
        i, k = (random.randrange(len(parts)) for _ in range(2))
        kind = random.randrange(12)
        if kind == 0:
            del parts[i:i + random.choice([1, 1, 5])]
            parts = parts or ["x"]
        elif kind == 1:
            parts[i], parts[k] = parts[k], parts[i]
        elif kind == 2:
            parts[k:k] = parts[i:i + random.randrange(1, 40)]
        elif kind == 3:
            parts[i] = random.choice(WORDS)
        elif kind == 4:
            numbers = [i for i, part in enumerate(parts) if part.isdigit()] or [i]
            parts[random.choice(numbers)] = str(random.choice(NUMBERS))
        elif kind == 5:
            parts.insert(i, nest(random))
        else:
            text = "".join(parts)
            returns = list(re.finditer(r"return (.*)\n", text)) or [re.search("$", text)]
            place = random.choice(returns)
            text = f"{text[:place.start()]}return {random.choice(CALLS)}\n{text[place.end():]}"
            parts = re.findall(r"\w+|\s+|.", text, re.S)
    return "".join(parts).encode("utf-8", "replace")


def break_entry(entries, random):
    """One entry's content, by what it is."""
    entries = list(entries)
    wanted = random.choice([".pkl", ".pkl", ".py", ".py", ".py", ""])
    places = [i for i, (name, _) in enumerate(entries) if name.endswith(wanted)]
    i = random.choice(places or range(len(entries)))
    name, data = entries[i]
    how = break_bytes
    if random.random() < .9:
        how = {"pkl": break_pickle, "py": break_code}.get(name.rsplit(".", 1)[-1], how)
    entries[i] = (name, how(data, random))
    return write_entries(entries)


def mutate(file, random):
    kind = random.randrange(10)
    if kind == 0:
        return break_bytes(file, random)
    entries = read_entries(file)
    return (break_archive if kind == 1 else break_entry)(entries, random)
