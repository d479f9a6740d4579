#!/usr/bin/env python3
"""The official OpenAI client for Node.js: openai_client.mjs against a server.

test_node.py --program build/dev/edgewise --tools build/e2e
"""

import subprocess

import served


def main():
    options = served.options(__doc__)
    models = {"pocket": served.POCKET, "stories": served.stories()}
    with served.Server(options.program, models) as server:
        client = served.HERE / "openai_client.mjs"
        subprocess.run(
            ["node", client, server.url, options.tools.resolve() / "node"], check=True, timeout=120
        )
        # The client that went in mid-stream holds nothing any more.
        served.wait_until("a stream is left", lambda: server.metrics()["edgewise_requests_running"] == 0)
    print("ok")


if __name__ == "__main__":
    main()
