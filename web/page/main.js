/** Puts the page together: what the address says is what is shown. */
import { ChatView } from './chat_view.js';
import { newConversation } from './conversation.js';
import { ConversationList } from './conversation_list.js';
import { Dashboard } from './dashboard.js';
import { byId } from './dom.js';
import { fillPickers, setUpPickers } from './pickers.js';
import { settings } from './settings.js';
import { setUpSettings } from './settings_dialog.js';
import { loadConversation } from './store.js';

const chat = new ChatView((conversation) => {
  if (conversation.id === chat.id) {
    byId('to-chat').href = `#/c/${chat.id}`;
    if (location.hash.length < 3) history.replaceState(null, '', byId('to-chat').href);
  }
  list.refresh(chat.id);
});
const list = new ConversationList(chat, (id) => id === chat.id && startNew());
const dashboard = new Dashboard();

// ---- addresses: #/ a new conversation, #/c/ID a kept one, #/dashboard ----

async function follow() {
  const onDashboard = location.hash === '#/dashboard';
  byId('chat').hidden = onDashboard;
  byId('dashboard').hidden = !onDashboard;
  byId('list-toggle').hidden = onDashboard;
  mark('to-chat', !onDashboard);
  mark('to-dashboard', onDashboard);
  document.title = onDashboard ? 'Dashboard – Edgewise' : 'Edgewise';
  showSide(false);
  if (onDashboard) return dashboard.start();
  dashboard.stop();
  await open(/^#\/c\/(.+)$/.exec(location.hash)?.[1]);
}

async function open(id) {
  if (!id || id !== chat.id) {
    const kept =
      id && (chat.known(id) ?? (await loadConversation(id).catch((error) => chat.say(error.message))));
    chat.show(kept || newConversation(crypto.randomUUID?.() ?? String(Date.now()), Date.now()));
    if (id && !kept) chat.say('This browser has no such conversation.');
  }
  byId('to-chat').href = location.hash.startsWith('#/c/') ? location.hash : '#/';
  await list.refresh(chat.id).catch((error) => chat.say(`Conversations cannot be listed: ${error.message}`));
}

function startNew() {
  if (location.hash === '#/') follow();
  else location.hash = '#/';
  chat.focus();
}

function mark(id, here) {
  if (here) byId(id).setAttribute('aria-current', 'page');
  else byId(id).removeAttribute('aria-current');
}

// ---- what lies around the views ----

/** The list of conversations, where it covers the chat (narrow windows). */
function showSide(open) {
  byId('side').classList.toggle('open', open);
  byId('list-toggle').setAttribute('aria-expanded', String(open));
}

const THEMES = { '': '◐ Auto', light: '○ Light', dark: '● Dark' };

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem('edgewise.theme', theme);
  byId('theme').textContent = THEMES[theme];
  byId('theme').setAttribute('aria-label', `Theme: ${THEMES[theme].slice(2)}`);
  dashboard.restyle();
}

function nextTheme() {
  const all = Object.keys(THEMES);
  setTheme(all[(all.indexOf(document.documentElement.dataset.theme) + 1) % all.length]);
}

function onKey(event) {
  if (event.key !== 'Escape' || event.defaultPrevented || document.querySelector('dialog[open]')) return;
  const menu = document.querySelector('.menu[open]');
  if (menu) {
    menu.open = false;
    menu.firstChild.focus();
  } else if (byId('side').classList.contains('open')) {
    showSide(false);
    byId('list-toggle').focus();
  } else if (!byId('chat').hidden && chat.stop()) {
    chat.focus();
  }
}

async function askServer() {
  try {
    await fillPickers();
    chat.say('');
  } catch (error) {
    chat.say(`${error.message}${error.about?.status === 401 ? ' Enter the API key in Settings.' : ''}`);
  }
}

setTheme(document.documentElement.dataset.theme ?? '');
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => dashboard.restyle());
setUpPickers();
setUpSettings(askServer);
byId('theme').addEventListener('click', nextTheme);
byId('new').addEventListener('click', startNew);
byId('list-toggle').addEventListener('click', () => showSide(!byId('side').classList.contains('open')));
addEventListener('hashchange', follow);
addEventListener('keydown', onKey);
await follow();
await askServer();
