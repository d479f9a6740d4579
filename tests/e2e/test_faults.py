#!/usr/bin/env python3
"""What goes wrong around a server: it is killed, its disk is full, its model vanishes, its clients go or
dawdle. It answers on, and says the same as before.

    test_faults.py --program build/dev/edgewise
"""

import concurrent.futures
import contextlib
import http.client
import json
import pathlib
import random
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.parse

import served

ROOMS = ("kitchen", "bedroom", "bathroom", "hall", "garage", "office", "cellar", "attic", "nursery", "garden")
STATES = ("on", "off")
ENDLESS = {"model": "pocket", "messages": served.ASK, "temperature": 0, "ignore_eos": True, "stream": True}


def long_prompt(index):
    """About 200 tokens, some blocks of the cache; all of them differ from the first one on."""
    rooms = random.Random(index).choices(ROOMS, k=20)
    return f"{index}: " + " ".join(f"turn on the light in the {room}." for room in rooms)


def answers(server, n):
    """The first words of answers to n long prompts."""
    return [server.chat(long_prompt(i), max_tokens=4) for i in range(n)]


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory() as name:
        yield pathlib.Path(name)


@contextlib.contextmanager
def stream(server, body):
    """A reply that is being written, as lines."""
    link = http.client.HTTPConnection(urllib.parse.urlsplit(server.url).netloc, timeout=60)
    link.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
    reply = link.getresponse()
    assert reply.status == 200
    yield reply
    reply.close()
    link.close()


def read_events(reply, n):
    for _ in range(2 * n):
        reply.readline()


# ---- the server is killed ----


def check_kill_in_stream(program):
    """A second server has the first one's prefixes, and gives its answers."""
    with folder() as cache:
        with served.Server(program, {"pocket": served.POCKET}, cache=cache) as server:
            first = answers(server, 8)
            with stream(server, ENDLESS) as reply:
                read_events(reply, 20)
                server.kill()
        with served.Server(program, {"pocket": served.POCKET}, cache=cache) as server:
            assert answers(server, 8) == first
            assert server.metrics()['edgewise_cache_hits_total{where="disk"}'] > 0
            server.check_alive()


def answer_some(server, order):
    """Until the server is gone."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        for i in order:
            server.chat(long_prompt(i), max_tokens=4)


def check_kill_in_write(program, wanted, rounds=8):
    """While the cache is being written, at another moment each time. What is left is used, or left alone."""
    chance = random.Random(1)
    with folder() as cache:
        for _ in range(rounds):
            with served.Server(program, {"pocket": served.POCKET}, cache=cache) as server:
                order = chance.sample(range(len(wanted)), len(wanted))
                asker = threading.Thread(target=answer_some, args=(server, order))
                asker.start()
                time.sleep(chance.uniform(0.02, 0.4))
                server.kill()
                asker.join()
        with served.Server(program, {"pocket": served.POCKET}, cache=cache) as server:
            assert answers(server, len(wanted)) == wanted
            assert server.metrics()['edgewise_cache_hits_total{where="disk"}'] > 0


# ---- its files ----


def check_damaged_cache(program, wanted):
    """Bytes that were changed or cut off while it slept are noticed."""
    with folder() as cache:
        with served.Server(program, {"pocket": served.POCKET}, cache=cache) as server:
            assert answers(server, len(wanted)) == wanted
        files = sorted(file for file in cache.rglob("*") if file.is_file())
        assert files, "nothing was written"
        chance = random.Random(2)
        for file in files:
            data = bytearray(file.read_bytes())
            if len(data) < 8:
                continue
            if chance.random() < 0.3:
                file.write_bytes(data[: chance.randrange(len(data))])
                continue
            for _ in range(16):
                data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            file.write_bytes(data)
        with served.Server(program, {"pocket": served.POCKET}, cache=cache) as server:
            assert answers(server, len(wanted)) == wanted


def check_full_disk(program, wanted):
    """A disk of a megabyte: what does not fit there is not kept."""
    with folder() as disk:
        words = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]
        made = subprocess.run(words, capture_output=True, text=True, check=False)
        if made.returncode:
            print(f"SKIPPED: a full disk: {made.stderr.strip()}")
            return
        try:
            with served.Server(program, {"pocket": served.POCKET}, cache=disk / "cache") as server:
                assert answers(server, len(wanted)) == wanted
                assert shutil.disk_usage(disk).free < 1 << 19, "it was never full"
            with served.Server(program, {"pocket": served.POCKET}, cache=disk / "cache") as server:
                assert answers(server, len(wanted)) == wanted
        finally:
            subprocess.run(["umount", disk], check=True)


def story(server):
    body = {"model": "stories", "prompt": "Once upon a time", "max_tokens": 20, "temperature": 0}
    return server.ask("/v1/completions", body)


def check_lost_model(program):
    """Deleted: what is mapped stays. Cut off: an error that says so, and other models are not touched."""
    with folder() as place:
        model = place / "stories.gguf"
        shutil.copy(served.stories(), model)
        model.chmod(0o644)
        models = {"pocket": served.POCKET, "stories": model}
        with served.Server(program, models, "--no-cache", "--keep-alive", "1") as server:
            wanted = json.loads(story(server)[2])["choices"][0]["text"]
            with model.open("r+b") as file:
                file.truncate(model.stat().st_size // 2)
            status, headers, body = story(server)
            error = json.loads(body)["error"]
            assert status >= 500 and headers["Content-Type"] == "application/json", (status, body)
            assert error["type"] and "stories" in error["message"], error
            server.check_alive()
            shutil.copy(served.stories(), place / "new")
            (place / "new").replace(model)
            # The lost one is closed, however often it is asked for, and the new one opened.
            served.wait_until("a new model", lambda: story(server)[0] == 200)
            assert json.loads(story(server)[2])["choices"][0]["text"] == wanted
            model.unlink()
            assert json.loads(story(server)[2])["choices"][0]["text"] == wanted
            served.wait_until(
                "a closed model", lambda: server.get("/v1/models/stories")["status"] == "unloaded"
            )
            status, _, body = story(server)
            said = json.loads(body)["error"]["message"]
            assert status >= 500 and "stories" in said and "stories.gguf" not in said, (status, body)
            assert "stories.gguf" in server.log()
            server.check_alive()


# ---- its clients ----


def count_running(server):
    return server.metrics()["edgewise_requests_running"]


def check_client_gone(program):
    """The place of a client that goes in mid-stream is free a step later."""
    with served.Server(program, {"pocket": served.POCKET}, "--parallel", "1", "--no-cache") as server:
        with stream(server, ENDLESS) as reply:
            read_events(reply, 5)
        begin = time.monotonic()
        served.wait_until("a free place", lambda: count_running(server) == 0, 2)
        taken = time.monotonic() - begin
        line = json.loads(served.wait_until("a line of the log", server.log).splitlines()[-1])
        assert line["generated_tokens"] < 400, f"{line}, after {taken} s"
        server.check_alive()
        # And so is that of one that waits for its turn.
        with contextlib.ExitStack() as streams:
            streams.enter_context(stream(server, ENDLESS))
            with server.connection() as bare:
                body = json.dumps({**ENDLESS, "stream": False}).encode()
                bare.sendall(server.post_head("/v1/chat/completions", len(body)) + body)
        served.wait_until("free places", lambda: count_running(server) == 0)
        assert server.metrics()["edgewise_requests_queued"] == 0
        server.check_alive()


def dawdle(bare, head, stop):
    """One byte a second."""
    with contextlib.suppress(OSError):
        for byte in head:
            bare.sendall(bytes([byte]))
            if stop.wait(1):
                return


def check_slow_clients(program, n=40):
    """Half-open ones and those of a byte a second, in the head or in the body, are in nobody's way."""
    with served.Server(program, {"pocket": served.POCKET}) as server, contextlib.ExitStack() as links:
        stop, threads = threading.Event(), []
        for i in range(n):
            bare = links.enter_context(server.connection())
            head = server.post_head("/v1/chat/completions", 1000)
            if i % 4 == 1:
                bare.sendall(head[: len(head) // 2])
            elif i % 4 == 2:
                bare.sendall(head + b'{"messages":')
            elif i % 4 == 3:
                threads.append(threading.Thread(target=dawdle, args=(bare, head, stop)))
        for thread in threads:
            thread.start()
        assert server.metrics()["edgewise_connections"] >= n
        begin = time.monotonic()
        for _ in range(20):
            server.check_alive()
        assert time.monotonic() - begin < 10
        stop.set()
        for thread in threads:
            thread.join()


def check_slow_reader(program):
    """One that asks and does not read: its answer ends, and the others do not wait for it."""
    with served.Server(program, {"pocket": served.POCKET}) as server:
        body = json.dumps({**ENDLESS, "n": 8, "logprobs": True, "top_logprobs": 20}).encode()
        with server.connection() as bare:
            bare.sendall(server.post_head("/v1/chat/completions", len(body)) + body)
            for _ in range(5):
                server.check_alive()
        served.wait_until("a free place", lambda: count_running(server) == 0)
        server.check_alive()


def check_crowd(program, n=100):
    """Each of so many at once gets the answer that it would get alone."""
    prompts = [
        f"turn {STATES[i % 2]} the light in the {ROOMS[i // 2 % 10]}" + " please" * (i // 20)
        for i in range(n)
    ]
    with served.Server(program, {"pocket": served.POCKET}, "--no-cache") as server:
        alone = [server.chat(prompt) for prompt in prompts]
    assert len(set(alone)) > 10
    with served.Server(program, {"pocket": served.POCKET}) as server:
        with concurrent.futures.ThreadPoolExecutor(n) as crowd:
            assert list(crowd.map(server.chat, prompts)) == alone
            streamed = list(crowd.map(lambda prompt: streamed_chat(server, prompt), prompts))
        assert streamed == alone
        metrics = server.metrics()
        assert metrics['edgewise_requests_total{api="openai.chat",code="200"}'] == 2 * n
        assert metrics["edgewise_requests_running"] == metrics["edgewise_requests_queued"] == 0


def streamed_chat(server, prompt):
    text = ""
    body = {"messages": [{"role": "user", "content": prompt}], "temperature": 0, "stream": True}
    with stream(server, body) as reply:
        for line in reply:
            if line.startswith(b"data: {"):
                text += json.loads(line[6:])["choices"][0]["delta"].get("content", "")
    assert line.strip() == b"" and reply.read() == b""
    return text


def main():
    program = served.options(__doc__).program
    with served.Server(program, {"pocket": served.POCKET}, "--no-cache") as server:
        wanted = answers(server, 24)
    for check, *more in (
        (check_kill_in_stream,),
        (check_kill_in_write, wanted),
        (check_damaged_cache, wanted),
        (check_full_disk, wanted),
        (check_lost_model,),
        (check_client_gone,),
        (check_slow_clients,),
        (check_slow_reader,),
        (check_crowd,),
    ):
        begin = time.monotonic()
        check(program, *more)
        print(f"{check.__name__}: {time.monotonic() - begin:.1f} s", flush=True)
    print("ok")


if __name__ == "__main__":
    main()
