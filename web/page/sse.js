/**
 * Server-sent events (WHATWG HTML, section 9.2) out of bytes that may be cut anywhere.
 * @typedef {{event: string, data: string}} SseEvent
 */
export class SseParser {
  #decoder = new TextDecoder();
  #rest = '';
  #afterReturn = false;
  #event = '';
  #data = [];

  /** @param {Uint8Array} bytes @returns {SseEvent[]} the events that these bytes complete */
  push(bytes) {
    let text = this.#decoder.decode(bytes, { stream: true });
    if (text === '') return [];
    // The second half of a \r\n that was cut.
    if (this.#afterReturn && text[0] === '\n') text = text.slice(1);
    this.#afterReturn = text === '' || text.endsWith('\r');

    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = lines.pop();
    return lines.map((line) => this.#take(line)).filter((event) => event !== null);
  }

  #take(line) {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#event = value;
    return null;
  }

  #dispatch() {
    const event = this.#data.length ? { event: this.#event || 'message', data: this.#data.join('\n') } : null;
    this.#event = '';
    this.#data = [];
    return event;
  }
}
