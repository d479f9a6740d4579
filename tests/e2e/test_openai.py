#!/usr/bin/env python3
"""The official OpenAI client talks to the server: chat, streams, tools, completions, embeddings, errors.

test_openai.py --program build/dev/edgewise
"""

import json
import math
import struct

import openai
import served
from served import ASK, CALL


def check_chat(client):
    reply = client.chat.completions.create(model="pocket", messages=ASK, temperature=0)
    answer = json.loads(reply.choices[0].message.content)
    assert answer == {"tool": "light_set", "args": CALL}, answer
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    again = client.chat.completions.create(model="pocket", messages=ASK, temperature=0)
    assert again.choices[0].message.content == reply.choices[0].message.content
    assert again.usage.prompt_tokens_details.cached_tokens == again.usage.prompt_tokens - 1
    assert again.id != reply.id


def check_stream(client):
    whole = client.chat.completions.create(model="pocket", messages=ASK, temperature=0)
    text, finish, usage = "", None, None
    for chunk in client.chat.completions.create(
        model="pocket", messages=ASK, temperature=0, stream=True, stream_options={"include_usage": True}
    ):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
        usage = chunk.usage or usage
    assert text == whole.choices[0].message.content
    assert finish == "stop" and usage.completion_tokens == whole.usage.completion_tokens
    assert usage.prompt_tokens_details.cached_tokens == usage.prompt_tokens - 1


def check_choices(client):
    """n answers of one prompt, which counts once: greedy ones agree, drawn ones come again by seed."""
    greedy = client.chat.completions.create(model="pocket", messages=ASK, temperature=0, n=3)
    assert len({choice.message.content for choice in greedy.choices}) == 1
    assert [choice.index for choice in greedy.choices] == [0, 1, 2]
    one = client.chat.completions.create(model="pocket", messages=ASK, temperature=0)
    assert greedy.usage.prompt_tokens == one.usage.prompt_tokens
    assert greedy.usage.completion_tokens == 3 * one.usage.completion_tokens
    drawn = [
        [
            choice.text
            for choice in client.completions.create(
                model="stories", prompt="Once", max_tokens=20, temperature=1, seed=7, n=4
            ).choices
        ]
        for _ in range(2)
    ]
    assert drawn[0] == drawn[1] and len(set(drawn[0])) == 4, drawn
    texts = {}
    for chunk in client.completions.create(
        model="stories", prompt="Once", max_tokens=20, temperature=1, seed=7, n=4, stream=True
    ):
        for choice in chunk.choices:
            texts[choice.index] = texts.get(choice.index, "") + choice.text
    assert [texts[i] for i in range(4)] == drawn[0]


def check_stop(client):
    """The text ends before what stops it, also where that is cut by tokens or chunks."""
    ask = {"model": "pocket", "messages": ASK, "temperature": 0}
    whole = client.chat.completions.create(**ask).choices[0].message.content
    for stop in ('"args"', 'gs"', ["no such text", "on"], whole[-3:]):
        end = min(whole.find(text) for text in ([stop] if isinstance(stop, str) else stop) if text in whole)
        choice = client.chat.completions.create(**ask, stop=stop).choices[0]
        assert (choice.message.content, choice.finish_reason) == (whole[:end], "stop"), stop
        pieces = client.chat.completions.create(**ask, stop=stop, stream=True)
        assert "".join(piece.choices[0].delta.content or "" for piece in pieces) == whole[:end], stop


def check_tools(client):
    reply = client.chat.completions.create(model="pocket", messages=ASK, temperature=0, tools=[served.LIGHT])
    call = reply.choices[0].message.tool_calls[0]
    assert reply.choices[0].finish_reason == "tool_calls" and reply.choices[0].message.content is None
    assert call.function.name == "light_set" and json.loads(call.function.arguments) == CALL
    name, arguments = "", ""
    for chunk in client.chat.completions.create(
        model="pocket", messages=ASK, temperature=0, stream=True, tools=[served.LIGHT]
    ):
        for part in chunk.choices[0].delta.tool_calls or []:
            name += part.function.name or ""
            arguments += part.function.arguments or ""
    assert name == "light_set" and json.loads(arguments) == CALL
    none = client.chat.completions.create(
        model="pocket", messages=ASK, temperature=0, tools=[served.LIGHT], tool_choice="none"
    )
    assert none.choices[0].message.tool_calls is None


def check_top(logprobs):
    """Best first; what they leave to other tokens is no less than nothing."""
    assert logprobs == sorted(logprobs, reverse=True)
    assert 0 < sum(math.exp(logprob) for logprob in logprobs) <= 1 + 1e-6


def check_logprobs(client):
    reply = client.chat.completions.create(
        model="pocket", messages=ASK, temperature=0, logprobs=True, top_logprobs=3
    )
    tokens = reply.choices[0].logprobs.content
    assert "".join(token.token for token in tokens) == reply.choices[0].message.content
    for token in tokens:
        assert len(token.top_logprobs) == 3 and token.top_logprobs[0].token == token.token
        check_top([top.logprob for top in token.top_logprobs])
        assert token.logprob == token.top_logprobs[0].logprob
        assert bytes(token.bytes).decode() == token.token
    streamed = [
        token
        for chunk in client.chat.completions.create(
            model="pocket", messages=ASK, temperature=0, logprobs=True, top_logprobs=3, stream=True
        )
        for choice in chunk.choices
        if choice.logprobs
        for token in choice.logprobs.content
    ]
    assert streamed == tokens
    whole = client.completions.create(
        model="stories", prompt="Once upon", max_tokens=8, temperature=0, logprobs=20
    )
    said = whole.choices[0].logprobs
    assert "".join(said.tokens) == whole.choices[0].text
    for logprob, top in zip(said.token_logprobs, said.top_logprobs, strict=True):
        check_top(sorted(top.values(), reverse=True))
        assert logprob == max(top.values())


def check_completions(client):
    reply = client.completions.create(
        model="stories", prompt="Once upon a time", max_tokens=12, temperature=0, n=2
    )
    assert [choice.index for choice in reply.choices] == [0, 1]
    assert reply.choices[0].text == reply.choices[1].text and reply.choices[0].finish_reason == "length"
    stopped = client.completions.create(
        model="stories", prompt="Once upon a time", max_tokens=50, temperature=0, stop=[" girl"]
    )
    assert stopped.choices[0].finish_reason == "stop" and "girl" not in stopped.choices[0].text
    streamed = "".join(
        chunk.choices[0].text
        for chunk in client.completions.create(
            model="stories", prompt="Once upon a time", max_tokens=12, temperature=0, stream=True
        )
    )
    assert streamed == reply.choices[0].text
    drawn = [
        client.completions.create(model="stories", prompt="Once", max_tokens=20, temperature=1, seed=seed)
        .choices[0]
        .text
        for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def check_bias(client, server):
    """A token that is forbidden does not come; one that is demanded always does."""
    ids = json.loads(server.ask("/tokenize", {"model": "stories", "content": " a time"})[2])["tokens"]
    ask = {"model": "stories", "prompt": "Once upon", "max_tokens": 2, "temperature": 0}
    assert client.completions.create(**ask).choices[0].text == " a time"
    text = client.completions.create(**ask, logit_bias={str(ids[-2]): -100}).choices[0].text
    assert not text.startswith(" a "), text
    assert client.completions.create(**ask, logit_bias={str(ids[-1]): 100}).choices[0].text == " time time"


def check_responses(client):
    reply = client.responses.create(model="pocket", input="turn on the light in the kitchen", temperature=0)
    assert json.loads(reply.output_text)["args"] == CALL and reply.status == "completed"
    tool = {"type": "function", **served.LIGHT["function"]}
    called = client.responses.create(model="pocket", input=ASK, temperature=0, tools=[tool])
    call = called.output[0]
    assert call.type == "function_call" and json.loads(call.arguments) == CALL
    kinds, text = [], ""
    with client.responses.stream(model="pocket", input=ASK, temperature=0) as stream:
        for event in stream:
            kinds.append(event.type)
            text += event.delta if event.type == "response.output_text.delta" else ""
        final = stream.get_final_response()
    assert kinds[0] == "response.created" and kinds[-1] == "response.completed"
    assert text == final.output_text == reply.output_text
    short = client.responses.create(model="pocket", input=ASK, max_output_tokens=2, temperature=0)
    assert short.status == "incomplete" and short.incomplete_details.reason == "max_output_tokens"
    outputs = [
        *ASK,
        {"type": "function_call", "call_id": "c1", "name": "light_set", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "done"},
    ]
    assert client.responses.create(model="pocket", input=outputs, max_output_tokens=2).status == "incomplete"


def check_embeddings(client):
    texts = ["a cat sat", "hello"]
    reply = client.embeddings.create(model="stories", input=texts)  # the client asks for base64
    plain = client.embeddings.create(model="stories", input=texts, encoding_format="float")
    for ours, other in zip(reply.data, plain.data, strict=True):
        assert struct.pack("64f", *ours.embedding) == struct.pack("64f", *other.embedding)
        assert abs(sum(x * x for x in ours.embedding) - 1) < 1e-5
    assert reply.usage.prompt_tokens > 2


def refused(kind, call, part):
    try:
        call()
    except kind as error:
        assert part in str(error), str(error)
        return error
    raise AssertionError(f"it was not refused: {part}")


def check_errors(client, server):
    create = client.chat.completions.create
    refused(openai.NotFoundError, lambda: create(model="nobody", messages=ASK), "nobody")
    refused(openai.BadRequestError, lambda: create(model="pocket", messages=[]), "messages")
    refused(
        openai.BadRequestError, lambda: create(model="pocket", messages=ASK, temperature=-1), "temperature"
    )
    refused(
        openai.BadRequestError, lambda: create(model="pocket", messages=ASK, extra_body={"foo": 1}), "foo"
    )
    refused(
        openai.BadRequestError,
        lambda: create(model="pocket", messages=ASK, response_format={"type": "json_object"}),
        "json_object",
    )
    image = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]
    refused(openai.BadRequestError, lambda: create(model="pocket", messages=image), "image_url")
    long = [{"role": "user", "content": "light " * 2000}]
    error = refused(openai.BadRequestError, lambda: create(model="pocket", messages=long), "512")
    assert error.code == "context_length_exceeded"
    status, headers, body = server.ask(
        "/v1/chat/completions", {"messages": ASK, "user": "me", "max_tokens": 3}
    )
    assert status == 200 and headers["X-Edgewise-Ignored"] == "user", body
    long = {"model": "stories", "prompt": "light " * 2000, "max_tokens": 3}
    assert server.ask("/v1/completions", long)[0] == 400
    status, headers, _ = server.ask("/v1/completions", {**long, "truncate": True})
    assert status == 200 and int(headers["X-Edgewise-Truncated"]) > 1000


def check_models(client):
    assert [model.id for model in client.models.list()] == ["pocket", "stories"]
    assert client.models.retrieve("stories").id == "stories"
    refused(openai.NotFoundError, lambda: client.models.retrieve("../etc/passwd"), "there is no model")


def main():
    options = served.options(__doc__)
    models = {"pocket": served.POCKET, "stories": served.stories()}
    with served.Server(options.program, models, "--api-key", "a key that is long") as server:
        client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="a key that is long", max_retries=0)
        refused(
            openai.AuthenticationError,
            lambda: openai.OpenAI(
                base_url=f"{server.url}/v1", api_key="another", max_retries=0
            ).models.list(),
            "",
        )
    with served.Server(options.program, models) as server:
        client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)
        for check in (
            check_chat,
            check_stream,
            check_choices,
            check_stop,
            check_tools,
            check_logprobs,
            check_completions,
            check_responses,
            check_embeddings,
            check_models,
        ):
            check(client)
        check_bias(client, server)
        check_errors(client, server)
        for line in server.log().splitlines():
            assert "light" not in line and "kitchen" not in line, line
    print("ok")


if __name__ == "__main__":
    main()
