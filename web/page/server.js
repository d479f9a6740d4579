/** The server's APIs, as the page uses them. Paths are relative: the page may lie below another server's. */
import { SseParser } from './sse.js';

const KEY = 'edgewise.key';

/** The API key lives as long as the browser's tab. */
export const apiKey = {
  get: () => sessionStorage.getItem(KEY) ?? '',
  set: (key) => (key ? sessionStorage.setItem(KEY, key) : sessionStorage.removeItem(KEY)),
};

/** What went wrong with a request, in the server's words where it had any. */
export class ServerError extends Error {
  /** @param {{status?: number, type?: string, code?: string|number, body?: string}} about */
  constructor(message, about = {}) {
    super(message);
    this.about = about;
  }

  /** @param {string} body @param {number} [status] */
  static of(body, status) {
    let error = null;
    try {
      error = JSON.parse(body).error;
    } catch {
      // Not JSON: shown as it is.
    }
    if (typeof error === 'string') error = { message: error };
    const message = error?.message ?? (body.trim() || 'The server said nothing about why.');
    return new ServerError(message, { status, type: error?.type, code: error?.code, body });
  }
}

async function request(path, init = {}) {
  const headers = { ...init.headers };
  if (apiKey.get()) headers.Authorization = `Bearer ${apiKey.get()}`;
  let response;
  try {
    response = await fetch(path, { cache: 'no-store', ...init, headers });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ServerError(`The server cannot be reached (${error.message}).`);
  }
  if (!response.ok) throw ServerError.of(await response.text(), response.status);
  return response;
}

/** @returns {Promise<string[]>} */
export async function listModels() {
  return (await (await request('v1/models')).json()).data.map((model) => model.id);
}

/** @returns {Promise<{id: number, path: string, scale: number}[]>} */
export async function listAdapters() {
  return (await request('lora-adapters')).json();
}

export async function readProps() {
  return (await request('props')).json();
}

export async function readMetrics() {
  return (await request('metrics')).text();
}

/** The tools of the model that comes with Edgewise, as an example. */
export async function readHomeTools() {
  return (await request('page/tools.json')).text();
}

/**
 * Streams an answer.
 * @param {object} body of /v1/chat/completions
 * @param {{signal: AbortSignal, onHeaders: (headers: Record<string, string>) => void,
 *          onChunk: (chunk: object) => void}} handlers  headers: those of X-Edgewise-, without that
 */
export async function streamChat(body, { signal, onHeaders, onChunk }) {
  const response = await request('v1/chat/completions', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    signal,
  });
  const named = [...response.headers].filter(([name]) => name.startsWith('x-edgewise-'));
  onHeaders(Object.fromEntries(named.map(([name, value]) => [name.slice('x-edgewise-'.length), value])));
  for await (const data of readEvents(response.body.getReader())) {
    if (data === '[DONE]') return;
    let chunk;
    try {
      chunk = JSON.parse(data);
    } catch {
      throw new ServerError('The server sent something that is not JSON.', { body: data });
    }
    if (chunk.error) throw ServerError.of(data);
    onChunk(chunk);
  }
  throw new ServerError('The connection ended before the answer did.');
}

async function* readEvents(reader) {
  const parser = new SseParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      for (const event of parser.push(value)) yield event.data;
    }
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ServerError(`The connection broke (${error.message}).`);
  } finally {
    reader.cancel().catch(() => {});
  }
}
