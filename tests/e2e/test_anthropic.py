#!/usr/bin/env python3
"""The official Anthropic client talks to the server: messages, streams, tools and their results, errors.

test_anthropic.py --program build/dev/edgewise
"""

import json

import anthropic
import served
from served import ASK, CALL

GREEDY = {"temperature": 0}  # the client has no argument for it any more
TOOL = {
    "name": "light_set",
    "description": "Switch the lights of a room.",
    "input_schema": served.LIGHT["function"]["parameters"],
}


def check_messages(client):
    reply = client.messages.create(model="pocket", max_tokens=100, messages=ASK, extra_body=GREEDY)
    assert json.loads(reply.content[0].text) == {"tool": "light_set", "args": CALL}
    assert reply.stop_reason == "end_turn" and reply.usage.output_tokens > 0
    again = client.messages.create(model="pocket", max_tokens=100, messages=ASK, extra_body=GREEDY)
    assert again.usage.cache_read_input_tokens + again.usage.input_tokens == reply.usage.input_tokens
    short = client.messages.create(model="pocket", max_tokens=2, messages=ASK, extra_body=GREEDY)
    assert short.stop_reason == "max_tokens" and short.usage.output_tokens == 2
    stopped = client.messages.create(
        model="pocket", max_tokens=50, messages=ASK, stop_sequences=["no", "args"], extra_body=GREEDY
    )
    assert stopped.stop_reason == "stop_sequence" and stopped.stop_sequence == "args"


def check_stream(client):
    whole = client.messages.create(model="pocket", max_tokens=100, messages=ASK, extra_body=GREEDY)
    with client.messages.stream(model="pocket", max_tokens=100, messages=ASK, extra_body=GREEDY) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == whole.content[0].text == final.content[0].text
    assert final.usage.output_tokens == whole.usage.output_tokens and final.stop_reason == "end_turn"


def check_tools(client):
    reply = client.messages.create(
        model="pocket", max_tokens=100, messages=ASK, extra_body=GREEDY, tools=[TOOL]
    )
    assert reply.stop_reason == "tool_use" and reply.content[0].input == CALL
    with client.messages.stream(
        model="pocket", max_tokens=100, messages=ASK, extra_body=GREEDY, tools=[TOOL]
    ) as stream:
        final = stream.get_final_message()
    assert final.content[0].name == "light_set" and final.content[0].input == CALL
    blocks = [{"type": "tool_use", "id": final.content[0].id, "name": "light_set", "input": CALL}]
    result = [
        {"type": "tool_result", "tool_use_id": final.content[0].id, "content": "done"},
        {"type": "text", "text": "and now turn it off"},
    ]
    on = [*ASK, {"role": "assistant", "content": blocks}, {"role": "user", "content": result}]
    assert (
        client.messages.create(model="pocket", max_tokens=2, messages=on, tools=[TOOL]).usage.output_tokens
        == 2
    )


def check_count(client):
    reply = client.messages.create(model="pocket", max_tokens=1, messages=ASK)
    used = reply.usage.input_tokens + reply.usage.cache_read_input_tokens
    assert client.messages.count_tokens(model="pocket", messages=ASK).input_tokens == used


def refused(kind, part, **ask):
    try:
        reply = anthropic_client.messages.create(
            **{"model": "pocket", "max_tokens": 5, "messages": ASK, **ask}
        )
    except kind as error:
        assert part in str(error), str(error)
        assert error.body["type"] == "error" and error.body["error"]["message"], error.body
        return
    raise AssertionError(f"it was not refused: {reply}")


def check_errors(_):
    refused(anthropic.NotFoundError, "nobody", model="nobody")
    refused(anthropic.BadRequestError, "messages", messages=[])
    refused(anthropic.BadRequestError, "tool_choice", tools=[TOOL], tool_choice={"type": "any"})
    refused(anthropic.BadRequestError, "foo", extra_body={"foo": 1})
    image = {"type": "image", "source": {"type": "url", "url": "http://x"}}
    refused(anthropic.BadRequestError, "image", messages=[{"role": "user", "content": [image]}])
    refused(anthropic.BadRequestError, "512", messages=[{"role": "user", "content": "light " * 2000}])


def main():
    options = served.options(__doc__)
    with served.Server(options.program, {"pocket": served.POCKET}) as server:
        global anthropic_client  # pylint: disable=global-statement
        anthropic_client = anthropic.Anthropic(base_url=server.url, api_key="none", max_retries=0)
        for check in (check_messages, check_stream, check_tools, check_count, check_errors):
            check(anthropic_client)
    print("ok")


if __name__ == "__main__":
    main()
