/** The dialog in which settings are made; each is kept as it is made. */
import { byId, h } from './dom.js';
import { apiKey, readHomeTools } from './server.js';
import { parseTools, SAMPLING, saveSettings, settings } from './settings.js';

/** @param {() => void} onClosed */
export function setUpSettings(onClosed) {
  byId('sampling').append(...SAMPLING.map(samplingField));
  bind('system', 'value', 'system');
  bind('tools', 'value', 'tools', tellTools);
  bind('use-tools', 'checked', 'useTools');
  bind('send-with', 'value', 'sendWith');
  byId('key').value = apiKey.get();
  byId('key').addEventListener('input', () => apiKey.set(byId('key').value));
  byId('home-tools').addEventListener('click', insertHomeTools);
  byId('open-settings').addEventListener('click', () => byId('settings').showModal());
  byId('settings').addEventListener('close', onClosed);
  tellTools();
}

function samplingField([field, label, min, max, step]) {
  const input = h('input', {
    type: 'number',
    id: `sampling-${field}`,
    min,
    max,
    step,
    placeholder: 'default',
  });
  input.value = settings.sampling[field] ?? '';
  input.addEventListener('input', () => {
    settings.sampling[field] = input.value;
    saveSettings();
  });
  return h('span', {}, h('label', { for: input.id }, label), input);
}

/** Ties a control to a setting. */
function bind(id, property, setting, after = () => {}) {
  const control = byId(id);
  control[property] = settings[setting];
  control.addEventListener('input', () => {
    settings[setting] = control[property];
    saveSettings();
    after();
  });
}

function tellTools() {
  let said = '';
  try {
    const tools = parseTools(settings.tools);
    if (tools.length) said = `${tools.length} tools`;
  } catch (error) {
    said = `Not usable: ${error.message}`;
  }
  byId('tools-said').textContent = said;
  byId('tools').setAttribute('aria-invalid', String(said.startsWith('Not')));
}

async function insertHomeTools() {
  byId('tools').value = settings.tools = await readHomeTools();
  byId('use-tools').checked = settings.useTools = true;
  saveSettings();
  tellTools();
}
