"""Two servers that speak llama.cpp's API, and loads for them."""

import asyncio
import json
import random
import re
import signal
import socket
import subprocess
import tempfile
import time

from . import programs

VOCAB, N_CTX, N_RUNNING = 128000, 2304, 16


class Server:
    """One of the two programs, listening. options: model, threads, edgewise and peer, programs."""

    def __init__(self, options, name):
        self.options, self.name, self.others = options, name, None

    def words(self, port_of_peer=18433):
        o = self.options
        common = ["-m", str(o.model), "-t", str(o.threads), "-np", str(N_RUNNING)]
        if self.name == "edgewise":
            return [str(o.edgewise), "serve", *common, "-c", str(N_CTX), "--port", "0", "-q", "--no-cache",
                    "--queue", "65536", "--no-stats"]
        return [str(o.peer), *common, "-c", str(N_CTX * N_RUNNING), "--port", str(port_of_peer), "--no-webui",
                "-tb", str(o.threads), "--threads-http", "256", "--cache-ram", "0", "--log-disable"]

    def __enter__(self):
        # pylint: disable=consider-using-with
        self.watch = programs.Watch()
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(self.words(), stdout=subprocess.PIPE, stderr=self.log, text=True)
        if self.name == "edgewise":
            url = self.process.stdout.readline().strip()
            self.port = int(re.search(r":(\d+)$", url)[1])
        else:
            self.port = 18433
        asyncio.run(self.warm())
        return self

    async def warm(self):
        for _ in range(600):
            try:
                reply = await complete(self.port, [1, 2, 3], 1)
                if reply.n_out == 1:
                    return
            except (OSError, ValueError):
                pass
            if self.process.poll() is not None:
                break
            await asyncio.sleep(0.1)
        self.log.seek(0)
        said = self.log.read()[-2000:].decode(errors="replace")
        raise programs.Failed(f"{self.name} does not answer: {said}")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        _, _, usage = programs.wait_for(self.process, time.monotonic(), 20)
        self.watch.stop(usage)
        self.others = self.watch.others  # their share of the processors while it ran
        self.process.stdout.close()


# ---- one request ----


class Reply:
    """What came of a request; times in seconds from when it was meant to be sent."""

    def __init__(self):
        self.first_s, self.last_s, self.ended = None, None, False
        self.n_in, self.n_out, self.text, self.complaint = 0, 0, "", None

    def take(self, event, elapsed_s):
        # llama-server may say at the end that what random weights wrote is not in its form.
        if "error" in event and self.n_out:
            self.complaint, self.ended = event["error"], True
            return
        if "content" not in event:
            raise ValueError(json.dumps(event))
        self.text += event["content"]
        if event["stop"]:
            self.n_out, self.ended = event["tokens_predicted"], True
            return
        self.last_s, self.first_s = elapsed_s, self.first_s or elapsed_s
        self.n_out += 1


def ask(prompt, n_out):
    body = json.dumps({"prompt": prompt, "n_predict": n_out, "temperature": 0, "stream": True,
                       "ignore_eos": True, "cache_prompt": False}).encode()
    return (b"POST /completion HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def complete_alone(port, prompt, n_out):
    """The same without any other request: reads as it comes and looks at it afterwards, so that the client
    takes little of the processors from the server."""
    reply, pieces = Reply(), []
    question = ask(prompt, n_out)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        meant = time.perf_counter()
        connection.sendall(question)
        while piece := connection.recv(1 << 16):
            pieces.append((piece, time.perf_counter() - meant))
    reply.n_in, rest = len(prompt), b""
    for piece, elapsed_s in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(b"data: ") and not reply.ended:
                reply.take(json.loads(line[6:]), elapsed_s)
    if not reply.ended:
        raise ValueError("a stream broke off")
    return reply


async def complete(port, prompt, n_out, meant=None, reply=None):
    meant, reply = meant or time.perf_counter(), reply or Reply()
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
    writer.write(ask(prompt, n_out))
    await writer.drain()
    reply.n_in = len(prompt)
    try:
        status = await reader.readline()
        if b" 200 " not in status:
            raise ValueError(status.decode(errors="replace"))
        while not reply.ended and (line := await reader.readline()):
            if line.startswith(b"data: "):
                reply.take(json.loads(line[6:]), time.perf_counter() - meant)
    finally:
        writer.close()
    if not reply.ended:
        raise ValueError("a stream broke off")
    return reply


# ---- loads ----


def make_requests(seed, n=4000):
    """(prompt, tokens of the answer): 32 to 2048 and 16 to 128 tokens, as likely in each octave."""
    chance = random.Random(seed)
    made = []
    for _ in range(n):
        length = round(2 ** chance.uniform(5, 11))
        prompt = [chance.randrange(1000, VOCAB) for _ in range(length)]
        made.append((prompt, round(2 ** chance.uniform(4, 7))))
    return made


def tokens_done(replies):
    """Of prompts that were read to their end, and of answers as far as they came."""
    return sum(reply.n_in + reply.n_out for reply in replies if reply.n_out)


async def stop(tasks):
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, Exception):
            raise programs.Failed(f"a request failed: {ended}")


async def tokens_in_window(replies, seconds):
    """Tokens a second of `seconds`, after as many in which slots fill: prompts that are only partly read
    count for nothing, and there are about as many at the end of the window as at its beginning."""
    await asyncio.sleep(seconds)
    before, begin = tokens_done(replies), time.perf_counter()
    await asyncio.sleep(seconds)
    return (tokens_done(replies) - before) / (time.perf_counter() - begin)


async def closed(port, requests, seconds):
    """N_RUNNING clients, each with its next request as soon as it has its answer: tokens a second, over those
    of a request."""
    waiting, replies = iter(requests), []

    async def client():
        for prompt, n_out in waiting:
            replies.append(Reply())
            await complete(port, prompt, n_out, reply=replies[-1])

    tasks = [asyncio.create_task(client()) for _ in range(N_RUNNING)]
    done = await tokens_in_window(replies, seconds)
    await stop(tasks)
    return done / (sum(len(prompt) + n_out for prompt, n_out in requests) / len(requests))


async def offer(port, requests, rate, seconds, tasks, replies):
    """Poisson arrivals at `rate` a second: a task and its reply to be for each request."""
    chance = random.Random(1)
    begin, at = time.perf_counter(), 0.0
    for prompt, n_out in requests:
        at += chance.expovariate(rate)
        if at > seconds:
            break
        await asyncio.sleep(max(0, begin + at - time.perf_counter()))
        replies.append(Reply())
        tasks.append(asyncio.create_task(complete(port, prompt, n_out, begin + at, replies[-1])))


async def flood(port, requests, rate, seconds):
    """Tokens a second, and the replies by index."""
    tasks, replies = [], []
    offered = asyncio.create_task(offer(port, requests, rate, 2 * seconds, tasks, replies))
    done = await tokens_in_window(replies, seconds)
    await stop([offered])
    await stop(tasks)
    return done, replies


async def wait(port, requests, rate, seconds):
    """Times to the first token of all that were sent in two times `seconds`."""
    tasks, replies = [], []
    await offer(port, requests, rate, 2 * seconds, tasks, replies)
    await asyncio.gather(*tasks)
    return sorted(reply.first_s for reply in replies)
