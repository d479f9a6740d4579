/** Which model answers, and with which adapter. */
import { byId, h } from './dom.js';
import { listAdapters, listModels } from './server.js';
import { saveSettings, settings } from './settings.js';

/** Asks the server what there is; throws when it does not say. */
export async function fillPickers() {
  const models = await listModels();
  if (!models.includes(settings.model)) settings.model = models[0] ?? '';
  fill(
    byId('model'),
    models.map((id) => [id, id]),
    settings.model,
  );

  const adapters = await listAdapters();
  const choices = adapters.map(({ id, path }) => [String(id), nameOf(path)]);
  if (!choices.some(([id]) => id === settings.adapter)) settings.adapter = '';
  fill(byId('adapter'), [['', 'No adapter'], ...choices], settings.adapter);
  byId('adapters').hidden = adapters.length === 0;
  byId('scale').value = settings.scale;
  showScale();
  saveSettings();
}

export function setUpPickers() {
  for (const id of ['model', 'adapter', 'scale'])
    byId(id).addEventListener('input', () => {
      settings[id] = byId(id).value;
      showScale();
      saveSettings();
    });
}

function showScale() {
  byId('scale').hidden = settings.adapter === '';
}

function fill(select, choices, chosen) {
  select.replaceChildren(...choices.map(([value, text]) => h('option', { value }, text)));
  select.value = chosen;
}

/** The file's name, without folder and ending. */
function nameOf(path) {
  return path
    .replace(/\/+$/, '')
    .replace(/^.*\//, '')
    .replace(/\.(gguf|safetensors)$/, '');
}
