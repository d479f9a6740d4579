#!/usr/bin/env python3
"""A real Prometheus scrapes /metrics for a few seconds: no error, and queries find what happened meanwhile.

test_prometheus.py --program build/dev/edgewise
"""

import contextlib
import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import urllib.parse
import urllib.request

import served

CONFIG = """
global: {{scrape_interval: 250ms, scrape_timeout: 250ms}}
scrape_configs: [{{job_name: edgewise, static_configs: [{{targets: ["{target}"]}}]}}]
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Prometheus:
    def __init__(self, url):
        self.url = url

    def get(self, path, **query):
        try:
            with urllib.request.urlopen(
                f"{self.url}{path}?{urllib.parse.urlencode(query)}", timeout=10
            ) as reply:
                return json.load(reply)["data"]
        except (ConnectionError, urllib.error.URLError):
            return None

    def value(self, query):
        """Of the only sample that a query finds; None: there is none."""
        found = (self.get("/api/v1/query", query=query) or {"result": []})["result"]
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None

    def target(self):
        """The server, once it has been scraped."""
        targets = (self.get("/api/v1/targets") or {"activeTargets": []})["activeTargets"]
        return targets[0] if targets and targets[0]["health"] != "unknown" else None


@contextlib.contextmanager
def prometheus(server):
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / "prometheus.yml"
        config.write_text(CONFIG.format(target=urllib.parse.urlsplit(server.url).netloc), encoding="utf-8")
        subprocess.run(["promtool", "check", "config", config], check=True, capture_output=True)
        where = f"127.0.0.1:{free_port()}"
        words = [
            "prometheus",
            f"--config.file={config}",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address={where}",
            "--log.level=warn",
        ]
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
            try:
                yield Prometheus(f"http://{where}")
            finally:
                process.terminate()
                told = process.communicate(timeout=30)[1]
    assert "append failed" not in told and "level=error" not in told, told


def check_page(server):
    page = server.ask("/metrics")[2]
    tool = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, check=False)
    assert tool.returncode == 0 and not tool.stderr.strip(), tool.stderr.decode()


def check_scraped(server, scraper):
    target = served.wait_until("a scrape", scraper.target)
    assert target["health"] == "up" and target["lastError"] == "", target
    before = served.wait_until("a sample", lambda: scraper.value("edgewise_tokens_generated_total"))
    for _ in range(20):
        server.chat(cache_prompt=False)
    status = server.ask("/v1/chat/completions", {"messages": []})[0]
    assert status == 400
    now = server.metrics()
    assert now["edgewise_tokens_generated_total"] > before
    served.wait_until(
        "the new count",
        lambda: scraper.value("edgewise_tokens_generated_total") == now["edgewise_tokens_generated_total"],
    )
    for name in ("time_to_first_token", "token_gap", "request", "queue"):
        p99 = scraper.value(f"histogram_quantile(0.99, edgewise_{name}_seconds_bucket)")
        mean = scraper.value(f"edgewise_{name}_seconds_sum / edgewise_{name}_seconds_count")
        assert 0 < p99 < 10 and 0 < mean < 10, (name, p99, mean)
    assert scraper.value("edgewise_time_to_first_token_seconds_count") >= 20
    assert scraper.value('edgewise_requests_total{api="openai.chat",code="400"}') == 1
    assert scraper.value('edgewise_memory_bytes{kind="resident"}') > 1e6
    kinds = {entry["metric"]: entry["type"] for entry in scraper.get("/api/v1/targets/metadata")}
    assert kinds["edgewise_queue_seconds"] == "histogram" and kinds["edgewise_requests_total"] == "counter"
    assert kinds["edgewise_requests_running"] == "gauge", kinds


def main():
    options = served.options(__doc__)
    if not shutil.which("prometheus") or not shutil.which("promtool"):
        served.skip("there is no prometheus (Debian: prometheus)")
    with served.Server(options.program, {"pocket": served.POCKET}) as server:
        check_page(server)
        server.chat()
        check_page(server)
        with prometheus(server) as scraper:
            check_scraped(server, scraper)
    print("ok")


if __name__ == "__main__":
    main()
