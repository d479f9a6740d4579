#!/usr/bin/env python3
"""What `edgewise stats` shows is what the replies said, and no text of a request is in the file.

    test_stats.py --program build/edgewise
"""

import json
import subprocess

import served

SECRET = "xylophone"


def ask(server, body):
    return server.ask("/v1/chat/completions", body)


def main():
    options = served.options(__doc__)
    with served.Server(options.program, {"pocket": served.POCKET}) as server:
        message = [{"role": "user", "content": f"turn on the {SECRET}"}]
        usages = [json.loads(ask(server, {"messages": message})[2])["usage"] for _ in range(5)]
        assert ask(server, {"model": SECRET, "messages": message})[0] == 404
        served.wait_until(
            "six requests", lambda: stats(options.program, server)["all"]["requests"] == 6
        )
        shown = stats(options.program, server)
        for file in server.stats_file.parent.iterdir():
            assert SECRET.encode() not in file.read_bytes(), file
    assert shown["all"]["errors"] == 1, shown
    assert shown["all"]["prompt_tokens"] == sum(u["prompt_tokens"] for u in usages), shown
    assert shown["all"]["generated_tokens"] == sum(u["completion_tokens"] for u in usages), shown
    cached = sum(u["prompt_tokens_details"]["cached_tokens"] for u in usages)
    assert shown["all"]["cached_tokens"] == cached > 0, shown
    assert [g["model"] for g in shown["groups"]] == ["(none)", "pocket"], shown
    print("ok")


def stats(program, server):
    run = subprocess.run([program, "stats", "--json", "--file", server.stats_file], check=False,
                         capture_output=True, text=True)
    return json.loads(run.stdout) if run.returncode == 0 else {"all": {"requests": 0}}


if __name__ == "__main__":
    main()
