/**
 * Stands in for the server while the page is worked on, and does what no real one can be asked to do: break
 * off, answer nonsense, refuse, write hostile text. What it answers follows from the last message.
 *
 *     node fake_server.mjs SITE [PORT]      SITE: the folder web/site of a build; prints its address
 */
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

const MARKDOWN = `## Edges and weights

A *small* model runs **here**, on the machine in front of you. Nothing leaves it.

1. Read the weights once per step.
2. Keep every sum in one order.
   - the same bits alone or among others
   - the same bits on each instruction set

| level | width | share |
|:------|------:|------:|
| avx2  |   256 |  0.91 |
| amx   |  8192 |  0.74 |

\`\`\`c
for (size_t i = 0; i < n; i++)
    sum = fma(x[i], w[i], sum); /* one order */
\`\`\`

> Measured, or not measured.

More is in [the manual](https://example.org/manual). That is \`all\`.`;

const HOSTILE = `<script>window.broken = 1</script><img src=x onerror="window.broken = 1">
<a href="javascript:window.broken = 1">one</a> [two](javascript:window.broken=1)
![three](https://example.org/x.png)
<form action="/x"><input autofocus onfocus="window.broken = 1"></form><style>body { display: none }</style>

<svg onload="window.broken = 1"><p id="composer" class="notice" style="position:fixed">text</p>`;

const state = {
  tokens: 0,
  prompt: 0,
  cached: 0,
  running: 0,
  requests: {},
  first: [],
  gap: [],
  whole: [],
  queue: [],
};

// ---- answers ----

/** What is to come for a message: deltas of the API, or a fault. */
function script(messages, tools) {
  const text = messages.at(-1).content;
  if (messages.at(-1).role === 'tool') return words(`The result is ${text}.`);
  if (tools && /light/.test(text)) return calls();
  if (/think/.test(text))
    return [
      ...words('First, what is asked? Then, what is known.', 'reasoning_content'),
      ...words('So it is 42.'),
    ];
  if (/endless/.test(text)) return words('and so on '.repeat(2000));
  if (/long/.test(text)) return words(`${MARKDOWN}\n\n`.repeat(100));
  if (/hostile/.test(text)) return words(HOSTILE);
  if (/break/.test(text)) return [...words('This will br'), 'break'];
  if (/nonsense/.test(text)) return [...words('Now '), 'nonsense'];
  if (/fault/.test(text)) return [...words('Now '), 'fault'];
  return words(MARKDOWN);
}

const words = (text, field = 'content') => text.match(/\s*\S+\s*?/g).map((word) => ({ [field]: word }));

function calls() {
  const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'light_set', arguments: '' } };
  const pieces = ['{"room": ', '"kitchen", ', '"state": "on"}'];
  const rest = pieces.map((piece) => ({ tool_calls: [{ index: 0, function: { arguments: piece } }] }));
  return [{ tool_calls: [call] }, ...rest];
}

async function chat(request, response) {
  const body = JSON.parse(await read(request));
  const text = body.messages.at(-1).content;
  if (/busy/.test(text)) return fail(response, 429, 'The queue of 256 requests is full.', 'rate_limit_error');
  const begin = performance.now();
  const deltas = script(body.messages, body.tools);
  const ms = /long/.test(text) ? 0 : 12;
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'X-Edgewise-Model': body.model ?? 'pocket',
    'X-Edgewise-Device': 'cpu (avx512)',
    'X-Edgewise-Cache': '24 of 31 tokens, memory',
  });
  state.running++;
  let sent = 0;
  await sleep(60);
  for (const delta of deltas) {
    if (response.destroyed) break;
    if (delta === 'break') await sleep(200).then(() => response.destroy());
    else if (delta === 'nonsense') response.write('data: <html>not JSON</html>\n\n');
    else if (delta === 'fault')
      send(response, { error: { message: 'the model file has vanished', type: 'server_error' } });
    else send(response, chunk(body, { delta }));
    (sent ? state.gap : state.first).push(sent ? ms / 1000 + 0.0004 * Math.random() : 0.06);
    sent++;
    state.tokens++;
    if (ms || sent % 40 === 0) await sleep(ms);
  }
  state.running--;
  state.prompt += 31;
  state.cached += 24;
  state.requests['chat.completions 200'] = (state.requests['chat.completions 200'] ?? 0) + 1;
  state.whole.push((performance.now() - begin) / 1000);
  state.queue.push(0.0002);
  if (response.destroyed) return;
  send(response, chunk(body, { delta: {}, finish_reason: deltas[0].tool_calls ? 'tool_calls' : 'stop' }));
  const usage = { prompt_tokens: 31, completion_tokens: sent, prompt_tokens_details: { cached_tokens: 24 } };
  const timings = { prompt_n: 7, prompt_per_second: 812.5, predicted_n: sent, predicted_per_second: 81.3 };
  send(response, { ...chunk(body), choices: [], usage, timings });
  response.end('data: [DONE]\n\n');
}

function chunk(body, choice) {
  return { id: 'x', object: 'chat.completion.chunk', model: body.model, choices: [{ index: 0, ...choice }] };
}

const send = (response, data) => response.write(`data: ${JSON.stringify(data)}\n\n`);

function fail(response, status, message, type) {
  json(response, { error: { message, type, code: status } }, status);
}

function json(response, value, status = 200) {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}

async function read(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

// ---- metrics ----

function metrics() {
  const lines = [
    `edgewise_tokens_generated_total ${state.tokens}`,
    `edgewise_prompt_tokens_total ${state.prompt}`,
    `edgewise_prompt_tokens_cached_total ${state.cached}`,
    `edgewise_requests_running ${state.running}`,
    'edgewise_requests_queued 0',
    ...Object.entries(state.requests).map(([key, count]) => {
      const [api, code] = key.split(' ');
      return `edgewise_requests_total{api="${api}",code="${code}"} ${count}`;
    }),
    ...histogram('edgewise_time_to_first_token_seconds', state.first),
    ...histogram('edgewise_token_gap_seconds', state.gap),
    ...histogram('edgewise_request_seconds', state.whole),
    ...histogram('edgewise_queue_seconds', state.queue),
    `edgewise_memory_bytes{kind="resident"} ${process.memoryUsage().rss}`,
    'edgewise_memory_bytes{kind="weights"} 2.4e+06',
    'edgewise_memory_bytes{kind="state"} 1.1e+06',
    `edgewise_memory_bytes{kind="cache"} ${4096 * state.cached}`,
    `edgewise_cache_bytes{where="memory"} ${4096 * state.cached}`,
    'edgewise_cache_bytes{where="disk"} 0',
    `edgewise_cache_hits_total{where="memory"} ${state.cached / 24}`,
    'edgewise_cache_hits_total{where="disk"} 0',
    'edgewise_engine_info{model="pocket",cpu_level="avx512",weights="q4s",threads="2"} 1',
  ];
  return `${lines.join('\n')}\n`;
}

function histogram(name, values) {
  const bounds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
  const below = (bound) => values.filter((value) => value <= bound).length;
  return [
    ...bounds.map((bound) => `${name}_bucket{le="${bound}"} ${below(bound)}`),
    `${name}_bucket{le="+Inf"} ${values.length}`,
    `${name}_sum ${values.reduce((sum, value) => sum + value, 0)}`,
    `${name}_count ${values.length}`,
  ];
}

// ---- server ----

const MODELS = { object: 'list', data: [{ id: 'pocket' }, { id: 'stories' }] };
const ADAPTERS = [{ id: 0, path: '/adapters/pirate.gguf', scale: 0 }];
const PROPS = {
  default_generation_settings: { n_ctx: 2048 },
  total_slots: 16,
  model_path: 'models/pocket/package',
  build_info: 'fake',
};

async function answer(request, response, site, key) {
  const { pathname } = new URL(request.url, 'http://localhost');
  const free = pathname === '/' || pathname.startsWith('/page/');
  if (key && !free && request.headers.authorization !== `Bearer ${key}`)
    return fail(response, 401, 'This server wants an API key.', 'authentication_error');
  if (pathname === '/v1/chat/completions') return chat(request, response);
  if (pathname === '/v1/models') return json(response, MODELS);
  if (pathname === '/lora-adapters') return json(response, ADAPTERS);
  if (pathname === '/props') return json(response, PROPS);
  if (pathname === '/metrics') return response.end(metrics());
  const path = normalize(pathname === '/' ? '/index.html' : pathname);
  const bytes = await readFile(join(site, path)).catch(() => null);
  if (!bytes) return fail(response, 404, `There is nothing at ${pathname}.`, 'not_found_error');
  response.writeHead(200, { 'Content-Type': TYPES[extname(path)], 'Cache-Control': 'no-cache' }).end(bytes);
}

/** @returns {Promise<{url: string, close: () => void}>} */
export function serve(site, port = 0, key = '') {
  const server = createServer((request, response) => {
    answer(request, response, site, key).catch((error) => response.destroy(error));
  });
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => {
      const url = `http://127.0.0.1:${server.address().port}/`;
      resolve({ url, close: () => (server.closeAllConnections(), server.close()) });
    });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , site, port] = process.argv;
  console.log((await serve(site, Number(port ?? 8017))).url);
}
