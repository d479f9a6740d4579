/** Conversations in the browser's IndexedDB. */

const DATABASE = 'edgewise';
const STORE = 'conversations';
const LISTED = 'listed';

let opened = null;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    // The index holds all that the list shows, so that listing reads no messages.
    request.onupgradeneeded = () =>
      request.result.createObjectStore(STORE, { keyPath: 'id' }).createIndex(LISTED, ['updated', 'title']);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/** @param {(store: IDBObjectStore) => IDBRequest} operation */
async function run(mode, operation) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, mode);
    const request = operation(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

/** @param {import('./conversation.js').Conversation} conversation */
export const saveConversation = (conversation) => run('readwrite', (store) => store.put(conversation));

/** @returns {Promise<import('./conversation.js').Conversation|undefined>} */
export const loadConversation = (id) => run('readonly', (store) => store.get(id));

export const deleteConversation = (id) => run('readwrite', (store) => store.delete(id));

/** @returns {Promise<{id: string, title: string, updated: number}[]>} latest first */
export async function listConversations() {
  const list = [];
  await run('readonly', (store) => {
    const request = store.index(LISTED).openKeyCursor(null, 'prev');
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor) return;
      const [updated, title] = cursor.key;
      list.push({ id: cursor.primaryKey, title, updated });
      cursor.continue();
    };
    return request;
  });
  return list;
}
