// Expected: the events of the examples in WHATWG HTML, section 9.2.6, and what its grammar says beside them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SseParser } from '../../../web/page/sse.js';

const message = (data, event = 'message') => ({ event, data });

const CASES = [
  ['data: YHOO\ndata: +2\ndata: 10\n\n', [message('YHOO\n+2\n10')]],
  [
    ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n',
    [message('first event'), message('second event'), message(' third event')],
  ],
  ['data\n\ndata\ndata\n\ndata:', [message(''), message('\n')]],
  ['data:test\n\ndata: test\n\n', [message('test'), message('test')]],
  [
    'event: add\r\ndata: 73857293\r\n\r\ndata: x\r\rdata: y\n\n',
    [message('73857293', 'add'), message('x'), message('y')],
  ],
  ['\ufeffdata: ünï — 𝄞 🙂\n\n', [message('ünï — 𝄞 🙂')]],
  ['data: not yet\n', []],
];

test('events, cut at every byte and at every pair of bytes', () => {
  for (const [text, want] of CASES) {
    const bytes = new TextEncoder().encode(text);
    for (let i = 0; i <= bytes.length; i++)
      for (let j = i; j <= bytes.length; j++) {
        const parser = new SseParser();
        const parts = [bytes.slice(0, i), bytes.slice(i, j), bytes.slice(j)];
        assert.deepEqual(
          parts.flatMap((part) => parser.push(part)),
          want,
          `${JSON.stringify(text)} at ${i}, ${j}`,
        );
      }
  }
});

test('events byte by byte', () => {
  for (const [text, want] of CASES) {
    const parser = new SseParser();
    const events = [...new TextEncoder().encode(text)].flatMap((byte) => parser.push(Uint8Array.of(byte)));
    assert.deepEqual(events, want);
  }
});
