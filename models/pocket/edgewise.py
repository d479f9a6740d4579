"""The parts of the C library that the scores need, by ctypes: open a model, answer a prompt."""

import ctypes as c

SPECIAL = 2  # EW_ENCODE_SPECIAL


class Error(c.Structure):
    _fields_ = [("status", c.c_int), ("text", c.c_char * 1020)]


class Str(c.Structure):
    _fields_ = [("data", c.c_char_p), ("len", c.c_size_t)]


class GenerateOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("n_predict", c.c_uint32),
        ("sampler", c.c_void_p),
        ("stops", c.c_void_p),
        ("n_stops", c.c_size_t),
        ("ignore_end", c.c_bool),
    ]


class SamplerOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("temperature", c.c_float),
        ("top_k", c.c_uint32),
        ("top_p", c.c_float),
        ("min_p", c.c_float),
        ("repeat_penalty", c.c_float),
        ("frequency_penalty", c.c_float),
        ("presence_penalty", c.c_float),
        ("penalty_last_n", c.c_uint32),
        ("seed", c.c_uint64),
    ]


class EngineOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("n_threads", c.c_uint32),
        ("n_rows", c.c_uint32),
        ("cache_k", c.c_int),
        ("cache_v", c.c_int),
        ("exact", c.c_bool),
        ("adapters", c.c_void_p),
        ("n_adapters", c.c_size_t),
        ("embeds", c.c_bool),
    ]


# The text is a structure passed by value, as (pointer, length).
TokenFn = c.CFUNCTYPE(c.c_bool, c.c_void_p, c.c_int32, Str)


class Model:
    """A model with one engine and one session; `answer` starts anew each time."""

    def __init__(self, library, path, threads=0):
        self.lib = c.CDLL(library)
        for name, result in [("ew_model_tokenizer", c.c_void_p), ("ew_tokenizer_n_vocab", c.c_size_t)]:
            getattr(self.lib, name).restype = result
        self.err = Error()
        self.model, self.engine, self.session = c.c_void_p(), c.c_void_p(), c.c_void_p()
        self.check(self.lib.ew_model_open(str(path).encode(), c.byref(self.model), c.byref(self.err)))
        options = EngineOptions(struct_size=c.sizeof(EngineOptions), n_threads=threads)
        self.check(
            self.lib.ew_engine_new(self.model, c.byref(options), c.byref(self.engine), c.byref(self.err))
        )
        self.check(self.lib.ew_session_new(self.engine, None, c.byref(self.session), c.byref(self.err)))
        self.tokenizer = c.c_void_p(self.lib.ew_model_tokenizer(self.model))
        self.n_vocab = self.lib.ew_tokenizer_n_vocab(self.tokenizer)

    def check(self, status):
        if status:
            raise RuntimeError(self.err.text.decode("utf-8", "replace"))

    def encode(self, text, special=True):
        raw = text.encode("utf-8")
        out, n = (c.c_int32 * (len(raw) + 8))(), c.c_size_t()
        self.check(
            self.lib.ew_tokenizer_encode(
                self.tokenizer,
                Str(raw, len(raw)),
                SPECIAL if special else 0,
                out,
                c.c_size_t(len(out)),
                c.byref(n),
                c.byref(self.err),
            )
        )
        return list(out[: n.value])

    def sampler(self, temperature, top_k, seed):
        options = SamplerOptions(
            struct_size=c.sizeof(SamplerOptions), temperature=temperature, top_k=top_k, seed=seed
        )
        made = c.c_void_p()
        self.check(
            self.lib.ew_sampler_new(
                c.byref(options), c.c_size_t(self.n_vocab), c.byref(made), c.byref(self.err)
            )
        )
        return made

    def answer(self, ids, n_predict, sampler=None):
        """(text, token ids) that follow these ids."""
        text, tokens = [], []

        def on_token(_, token, piece):
            tokens.append(token)
            text.append(
                c.string_at(c.cast(c.pointer(piece), c.POINTER(c.c_void_p))[0], piece.len)
                if piece.len
                else b""
            )
            return True

        options = GenerateOptions(struct_size=c.sizeof(GenerateOptions), n_predict=n_predict, sampler=sampler)
        self.lib.ew_session_truncate(self.session, c.c_uint32(0))
        prompt = (c.c_int32 * len(ids))(*ids)
        self.check(
            self.lib.ew_generate(
                self.session,
                prompt,
                c.c_size_t(len(ids)),
                c.byref(options),
                TokenFn(on_token),
                None,
                None,
                c.byref(self.err),
            )
        )
        return b"".join(text).decode("utf-8", "replace"), tokens

    def free_sampler(self, sampler):
        self.lib.ew_sampler_free(sampler)
