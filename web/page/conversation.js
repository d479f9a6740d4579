/**
 * Conversations: trees of messages, of which one path is shown. An edit or another answer is a new branch;
 * nothing is overwritten. They are plain objects, so that the browser can keep and export them as they are.
 *
 * @typedef {object} Message
 * @property {number} id
 * @property {number} parent   0: the first of a conversation
 * @property {'user'|'assistant'|'tool'} role
 * @property {string} content
 * @property {string} [reasoning]
 * @property {import('./answer.js').Call[]} [calls]
 * @property {string} [callId] of a tool's result
 * @property {object} [facts]  what is known of an answer's making (facts.js)
 * @property {object} [error]  why there is no more of it
 *
 * @typedef {{id: string, title: string, created: number, updated: number, last: number, leaf: number,
 *            messages: Record<number, Message>}} Conversation
 */

/** @returns {Conversation} */
export function newConversation(id, now) {
  return { id, title: '', created: now, updated: now, last: 0, leaf: 0, messages: {} };
}

/**
 * Adds a message below `parent` (below what is shown, if none is given) and shows it.
 * @param {Conversation} conversation @returns {Message}
 */
export function addMessage(conversation, message, parent = conversation.leaf) {
  const added = { ...message, id: ++conversation.last, parent };
  conversation.messages[added.id] = added;
  conversation.leaf = added.id;
  if (conversation.title === '' && added.role === 'user') conversation.title = titleOf(added.content);
  return added;
}

/** Takes away a message that has none below it; what is above it is shown. */
export function removeMessage(conversation, message) {
  delete conversation.messages[message.id];
  conversation.leaf = message.parent;
}

/** The messages that are shown, first to last. */
export function shownMessages(conversation, leaf = conversation.leaf) {
  const path = [];
  for (let m = conversation.messages[leaf]; m; m = conversation.messages[m.parent]) path.push(m);
  return path.reverse();
}

/** A message and its alternatives, oldest first. */
export function siblings(conversation, message) {
  return childrenOf(conversation, message.parent);
}

/** Shows the branch of a message, down to what was added to it last. */
export function showBranch(conversation, message) {
  let at = message;
  for (let below = [at]; below.length > 0; below = childrenOf(conversation, at.id))
    at = below[below.length - 1];
  conversation.leaf = at.id;
}

/** The messages down to `leaf`, in the form of the API; those without anything in them are left out. */
export function apiMessages(conversation, leaf, system) {
  const messages = system ? [{ role: 'system', content: system }] : [];
  for (const m of shownMessages(conversation, leaf)) {
    if (m.role === 'tool') messages.push({ role: 'tool', tool_call_id: m.callId, content: m.content });
    else if (m.calls?.length)
      messages.push({ role: m.role, content: m.content, tool_calls: m.calls.map(apiCall) });
    else if (m.role === 'user' || m.content !== '') messages.push({ role: m.role, content: m.content });
  }
  return messages;
}

/** The calls of the last answer above `leaf` that have no result yet. */
export function openCalls(conversation, leaf = conversation.leaf) {
  const path = shownMessages(conversation, leaf);
  const asked = path.findLastIndex((m) => m.role === 'assistant');
  const answered = new Set(path.slice(asked + 1).map((m) => m.callId));
  return (path[asked]?.calls ?? []).filter((call) => !answered.has(call.id));
}

function apiCall(call) {
  return { id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments } };
}

function childrenOf(conversation, id) {
  return Object.values(conversation.messages).filter((m) => m.parent === id);
}

function titleOf(text) {
  const line = text.trim().split('\n', 1)[0];
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
