/**
 * An answer of /v1/chat/completions as its chunks come.
 * @typedef {{id: string, name: string, arguments: string}} Call
 */
export class Answer {
  content = '';
  reasoning = '';
  /** @type {Call[]} */
  calls = [];
  /** @type {string|null} stop, length, tool_calls, ... */
  finish = null;
  model = '';
  /** What OpenAI's `usage` and llama.cpp's `timings` say, as they came. */
  usage = null;
  timings = null;

  /** True once there is anything to show. */
  get begun() {
    return this.content !== '' || this.reasoning !== '' || this.calls.length > 0;
  }

  /** @param {object} chunk one chat.completion.chunk */
  add(chunk) {
    this.model = chunk.model ?? this.model;
    this.usage = chunk.usage ?? this.usage;
    this.timings = chunk.timings ?? this.timings;
    const choice = chunk.choices?.[0];
    if (!choice) return;
    this.finish = choice.finish_reason ?? this.finish;
    const delta = choice.delta ?? {};
    this.content += delta.content ?? '';
    this.reasoning += delta.reasoning_content ?? '';
    for (const part of delta.tool_calls ?? []) this.#addCall(part);
  }

  #addCall(part) {
    const call = (this.calls[part.index ?? 0] ??= { id: '', name: '', arguments: '' });
    call.id ||= part.id ?? '';
    call.name += part.function?.name ?? '';
    call.arguments += part.function?.arguments ?? '';
  }
}
