// Chunks are as OpenAI's reference of "chat.completion.chunk" describes them, reasoning as llama.cpp's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Answer } from '../../../web/page/answer.js';

const chunk = (delta, finish_reason = null) => ({
  model: 'm',
  choices: [{ index: 0, delta, finish_reason }],
});

test('text, reasoning, usage', () => {
  const answer = new Answer();
  answer.add(chunk({ role: 'assistant', content: null }));
  assert.equal(answer.begun, false);
  answer.add(chunk({ reasoning_content: 'hm' }));
  answer.add(chunk({ content: 'Hel' }));
  answer.add(chunk({ content: 'lo' }));
  answer.add(chunk({}, 'length'));
  answer.add({ model: 'm', choices: [], usage: { completion_tokens: 3 } });
  assert.equal(answer.begun, true);
  assert.deepEqual([answer.reasoning, answer.content, answer.finish], ['hm', 'Hello', 'length']);
  assert.equal(answer.usage.completion_tokens, 3);
});

test('calls come in pieces, side by side', () => {
  const answer = new Answer();
  const part = (index, f, id) => answer.add(chunk({ tool_calls: [{ index, id, function: f }] }));
  part(0, { name: 'a', arguments: '' }, 'c0');
  part(0, { arguments: '{"x":' });
  part(1, { name: 'b', arguments: '{' }, 'c1');
  part(0, { arguments: '1}' });
  part(1, { arguments: '}' });
  assert.deepEqual(answer.calls, [
    { id: 'c0', name: 'a', arguments: '{"x":1}' },
    { id: 'c1', name: 'b', arguments: '{}' },
  ]);
});
