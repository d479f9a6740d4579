"""The model: Llama's architecture (RMS norms, rotary positions, SwiGLU, grouped keys, tied embedding).

Rotary pairs are (i, i + head_dim / 2), the layout of a Hugging Face checkpoint. Weights are [out, in].

In training the embedding is a sum: tokens that are the same letters share a part (`jazz`, ` jazz`, `Jazz`),
and all with a blank or a capital before the same letters share what that means. What the model learns of
copying a word then holds for all its forms, and for words that are rare. Embedding.table() is the sum: what
a Llama has.
"""

import dataclasses

import torch
from torch import nn
from torch.nn import functional


@dataclasses.dataclass
class Config:
    n_vocab: int = 3072
    d_model: int = 256
    n_layers: int = 6
    n_heads: int = 4
    n_kv_heads: int = 2
    d_ffn: int = 512
    n_ctx: int = 512
    rope_theta: float = 10000.0
    eps: float = 1e-5

    @property
    def head_dim(self):
        return self.d_model // self.n_heads


def rotary(config, n):
    """cos and sin, [n, head_dim]"""
    half = config.head_dim // 2
    angles = torch.arange(n)[:, None] * config.rope_theta ** (-torch.arange(half) / half)
    angles = torch.cat([angles, angles], -1).float()
    return angles.cos(), angles.sin()


def rotate(x, cos, sin):
    """x: [B, H, T, head_dim]"""
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat([-b, a], -1) * sin


class Embedding(nn.Module):
    """letters [n_vocab]: the token that is the same letters, bare; marks [n_vocab, n_marks]: what is beside them."""

    def __init__(self, c, letters, marks):
        super().__init__()
        self.register_buffer("letters", letters)
        self.register_buffer("marks", marks)
        self.of_letters = nn.Parameter(torch.randn(c.n_vocab, c.d_model) * 0.02)
        self.of_marks = nn.Parameter(torch.randn(marks.shape[1], c.d_model) * 0.02)
        self.own = nn.Parameter(torch.zeros(c.n_vocab, c.d_model))

    def table(self):
        """[n_vocab, d_model]"""
        return self.of_letters[self.letters] + self.marks @ self.of_marks + self.own


class Attention(nn.Module):
    """Written out: for texts this short it is faster on a CPU than the fused one."""

    def __init__(self, c):
        super().__init__()
        self.c = c
        self.q_proj = nn.Linear(c.d_model, c.n_heads * c.head_dim, bias=False)
        self.k_proj = nn.Linear(c.d_model, c.n_kv_heads * c.head_dim, bias=False)
        self.v_proj = nn.Linear(c.d_model, c.n_kv_heads * c.head_dim, bias=False)
        self.o_proj = nn.Linear(c.n_heads * c.head_dim, c.d_model, bias=False)

    def forward(self, x, cos, sin, mask):
        b, t, _ = x.shape
        c = self.c
        share = c.n_heads // c.n_kv_heads
        q = rotate(self.q_proj(x).view(b, t, c.n_heads, c.head_dim).transpose(1, 2), cos, sin)
        k = rotate(self.k_proj(x).view(b, t, c.n_kv_heads, c.head_dim).transpose(1, 2), cos, sin)
        v = self.v_proj(x).view(b, t, c.n_kv_heads, c.head_dim).transpose(1, 2)
        # The query heads that share a key head, one below the other: [B, kv heads, share * T, head_dim].
        scores = q.reshape(b, c.n_kv_heads, share * t, c.head_dim) @ k.transpose(-1, -2)
        scores = scores.view(b, c.n_kv_heads, share, t, t).float() * c.head_dim**-0.5 + mask
        weights = scores.softmax(-1).view(b, c.n_kv_heads, share * t, t)
        y = (weights @ v.to(weights.dtype)).view(b, c.n_heads, t, c.head_dim)
        return self.o_proj(y.transpose(1, 2).reshape(b, t, -1))


class Mlp(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gate_proj = nn.Linear(c.d_model, c.d_ffn, bias=False)
        self.up_proj = nn.Linear(c.d_model, c.d_ffn, bias=False)
        self.down_proj = nn.Linear(c.d_ffn, c.d_model, bias=False)

    def forward(self, x):
        return self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.input_layernorm = nn.RMSNorm(c.d_model, eps=c.eps)
        self.self_attn = Attention(c)
        self.post_attention_layernorm = nn.RMSNorm(c.d_model, eps=c.eps)
        self.mlp = Mlp(c)

    def forward(self, x, cos, sin, mask):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, mask)
        return x + self.mlp(self.post_attention_layernorm(x))


class Model(nn.Module):
    def __init__(self, c, letters, marks):
        super().__init__()
        self.c = c
        self.embed_tokens = Embedding(c, letters, marks)
        self.layers = nn.ModuleList(Layer(c) for _ in range(c.n_layers))
        self.norm = nn.RMSNorm(c.d_model, eps=c.eps)
        cos, sin = rotary(c, c.n_ctx)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self.apply(self.start)

    def start(self, module):
        """Small random weights; those that add to the residual stream are smaller by the depth (GPT-2)."""
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, Attention):
            nn.init.normal_(module.o_proj.weight, std=0.02 / (2 * self.c.n_layers) ** 0.5)
        if isinstance(module, Mlp):
            nn.init.normal_(module.down_proj.weight, std=0.02 / (2 * self.c.n_layers) ** 0.5)

    def hidden(self, tokens):
        """[B, T] to [B, T, d_model]"""
        x = functional.embedding(tokens, self.embed_tokens.table())
        cos, sin = self.cos[: tokens.shape[1]], self.sin[: tokens.shape[1]]
        mask = torch.full((tokens.shape[1], tokens.shape[1]), float("-inf")).triu(1)
        for layer in self.layers:
            x = layer(x, cos, sin, mask)
        return self.norm(x)

    def logits(self, hidden):
        return functional.linear(hidden, self.embed_tokens.table())

    def weights(self):
        """As a Hugging Face checkpoint names them, the embedding as one table."""
        weights = {f"model.{name}": value for name, value in self.named_parameters() if "embed_tokens" not in name}
        return {"model.embed_tokens.weight": self.embed_tokens.table()} | weights

    def n_params(self):
        return sum(value.numel() for value in self.weights().values())
