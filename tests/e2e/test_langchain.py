#!/usr/bin/env python3
"""LangChain's ChatOpenAI and ChatOllama talk to the server: invoke, stream, batch, tools, errors.

test_langchain.py --program build/dev/edgewise
"""

import json

import ollama
import openai
import served
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_ollama import ChatOllama
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from served import CALL

TEXT = served.ASK[0]["content"]
OTHERS = [f"turn on the light in the {room}" for room in ("bedroom", "hall", "bathroom")]


@tool
def light_set(room: str, state: str) -> str:
    """Switch the lights of a room."""
    return f"{room}: {state}"


def check_chat(model):
    """What each of the two does alike."""
    whole = model.invoke(TEXT)
    assert json.loads(whole.content) == {"tool": "light_set", "args": CALL}
    usage = whole.usage_metadata
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    pieces = list(model.stream(TEXT))
    assert len(pieces) > 5 and "".join(piece.content for piece in pieces) == whole.content
    alone = [model.invoke(text).content for text in OTHERS]
    assert [reply.content for reply in model.batch(OTHERS)] == alone
    # Rounds of a conversation, the call and its result among them.
    asked = HumanMessage(TEXT)
    called = model.bind_tools([light_set]).invoke([asked])
    (call,) = called.tool_calls
    assert (call["name"], call["args"]) == ("light_set", CALL)
    result = light_set.invoke(call)
    assert isinstance(result, ToolMessage) and result.content == "kitchen: on"
    assert model.bind_tools([light_set]).invoke([asked, called, result]) is not None
    streamed = None
    for piece in model.bind_tools([light_set]).stream([asked]):
        streamed = piece if streamed is None else streamed + piece
    assert [(each["name"], each["args"]) for each in streamed.tool_calls] == [("light_set", CALL)]


def refused(kind, part, call):
    try:
        call()
    except kind as error:
        assert part in str(error), str(error)
        return
    raise AssertionError(f"it was not refused: {part}")


def check_openai(server):
    where = {"base_url": f"{server.url}/v1", "api_key": "none", "max_retries": 0}
    check_chat(ChatOpenAI(model="pocket", temperature=0, **where))
    refused(openai.NotFoundError, "nobody", lambda: ChatOpenAI(model="nobody", **where).invoke(TEXT))
    refused(
        openai.BadRequestError, "512", lambda: ChatOpenAI(model="pocket", **where).invoke("light " * 2000)
    )
    answer = ChatOpenAI(model="pocket", **where).with_structured_output(
        {"title": "x", "type": "object", "properties": {"room": {"type": "string"}}}
    )
    refused(openai.BadRequestError, "json_schema", lambda: answer.invoke(TEXT))
    embeddings = OpenAIEmbeddings(model="stories", check_embedding_ctx_length=False, **where)
    vectors = embeddings.embed_documents(["a cat sat", "hello"])
    assert [len(vector) for vector in vectors] == [64, 64] and vectors[0] == embeddings.embed_query(
        "a cat sat"
    )


def check_ollama(server):
    check_chat(ChatOllama(model="pocket", base_url=server.url, temperature=0))
    refused(
        ollama.ResponseError, "nobody", lambda: ChatOllama(model="nobody", base_url=server.url).invoke(TEXT)
    )
    refused(
        ollama.ResponseError,
        "512",
        lambda: ChatOllama(model="pocket", base_url=server.url).invoke("light " * 2000),
    )


def main():
    options = served.options(__doc__)
    models = {"pocket": served.POCKET, "stories": served.stories()}
    with served.Server(options.program, models) as server:
        check_openai(server)
        check_ollama(server)
    print("ok")


if __name__ == "__main__":
    main()
