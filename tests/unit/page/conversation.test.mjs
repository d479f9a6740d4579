import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tree from '../../../web/page/conversation.js';

/** user 1 - answer 2 - user 3 - answer 4 */
function conversation() {
  const c = tree.newConversation('id', 5);
  tree.addMessage(c, { role: 'user', content: 'one' });
  tree.addMessage(c, { role: 'assistant', content: 'first' });
  tree.addMessage(c, { role: 'user', content: 'two' });
  tree.addMessage(c, { role: 'assistant', content: 'second' });
  return c;
}

const shown = (c) => tree.shownMessages(c).map((m) => m.content);

test('messages follow each other', () => {
  const c = conversation();
  assert.deepEqual(shown(c), ['one', 'first', 'two', 'second']);
  assert.equal(c.title, 'one');
});

test('an edit is a branch, and the old one comes back as it was', () => {
  const c = conversation();
  const old = c.messages[3];
  const edited = tree.addMessage(c, { role: 'user', content: 'zwei' }, old.parent);
  assert.deepEqual(shown(c), ['one', 'first', 'zwei']);
  assert.deepEqual(tree.siblings(c, edited), [old, edited]);
  tree.showBranch(c, old);
  assert.deepEqual(shown(c), ['one', 'first', 'two', 'second']);
  assert.equal(c.title, 'one');
});

test('a first message is edited, too', () => {
  const c = conversation();
  tree.addMessage(c, { role: 'user', content: 'eins' }, 0);
  assert.deepEqual(shown(c), ['eins']);
});

test('a branch is shown down to what came last', () => {
  const c = conversation();
  tree.addMessage(c, { role: 'assistant', content: 'another' }, 3);
  tree.addMessage(c, { role: 'user', content: 'eins' }, 0);
  tree.showBranch(c, c.messages[1]);
  assert.deepEqual(shown(c), ['one', 'first', 'two', 'another']);
});

test('a message that failed is taken away', () => {
  const c = conversation();
  tree.removeMessage(c, c.messages[4]);
  assert.deepEqual(shown(c), ['one', 'first', 'two']);
});

test('what the API is sent', () => {
  const c = tree.newConversation('id', 5);
  tree.addMessage(c, { role: 'user', content: 'light' });
  const call = { id: 'call_1', name: 'light_set', arguments: '{}' };
  const asked = tree.addMessage(c, { role: 'assistant', content: '', reasoning: 'why', calls: [call] });
  assert.deepEqual(tree.openCalls(c), [call]);
  tree.addMessage(c, { role: 'tool', callId: 'call_1', content: 'done' });
  assert.deepEqual(tree.openCalls(c), []);
  const empty = tree.addMessage(c, { role: 'assistant', content: '', error: { message: 'no' } });
  assert.deepEqual(tree.apiMessages(c, empty.id, 'Be brief.'), [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'light' },
    {
      role: 'assistant',
      content: '',
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'light_set', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'done' },
  ]);
  assert.equal(tree.apiMessages(c, asked.parent, '').length, 1);
});

test('titles are one short line', () => {
  const c = tree.newConversation('id', 5);
  tree.addMessage(c, { role: 'user', content: `\n${'x'.repeat(100)}\nmore` });
  assert.equal(c.title, `${'x'.repeat(59)}…`);
});
