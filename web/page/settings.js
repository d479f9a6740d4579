/** What the user chose, kept in the browser. An empty number is not sent: the server's default holds. */

const KEY = 'edgewise.settings';

/** Sampling, as /v1/chat/completions names it: [field, label, lowest, highest, step]. */
export const SAMPLING = [
  ['temperature', 'Temperature', 0, 5, 0.05],
  ['top_p', 'Top p', 0, 1, 0.01],
  ['top_k', 'Top k', 0, 1000, 1],
  ['min_p', 'Min p', 0, 1, 0.01],
  ['max_tokens', 'Max tokens', 1, 1000000, 1],
  ['seed', 'Seed', 0, 4294967295, 1],
];

const DEFAULTS = {
  system: '',
  tools: '',
  useTools: false,
  sendWith: 'enter',
  model: '',
  adapter: '',
  scale: '1',
};

export const settings = { ...DEFAULTS, sampling: {} };

try {
  Object.assign(settings, JSON.parse(localStorage.getItem(KEY)));
} catch {
  // Kept by something else: the defaults.
}

export function saveSettings() {
  localStorage.setItem(KEY, JSON.stringify(settings));
}

/** @returns {object[]} the tools' definitions; an Error says what is wrong with the text */
export function parseTools(text) {
  if (text.trim() === '') return [];
  const tools = JSON.parse(text);
  if (!Array.isArray(tools)) throw new Error('not an array of tools');
  tools.forEach((tool, i) => {
    if (tool?.type !== 'function') throw new Error(`tool ${i + 1}: its "type" is not "function"`);
    if (typeof tool.function?.name !== 'string')
      throw new Error(`tool ${i + 1}: its "function" has no "name"`);
  });
  return tools;
}

/** The part of a request that comes from the settings. */
export function requestFields() {
  const fields = {};
  if (settings.model) fields.model = settings.model;
  if (settings.adapter !== '')
    fields.lora = [{ id: Number(settings.adapter), scale: Number(settings.scale) }];
  for (const [field] of SAMPLING)
    if ((settings.sampling[field] ?? '') !== '') fields[field] = Number(settings.sampling[field]);
  const tools = settings.useTools ? parseTools(settings.tools) : [];
  if (tools.length) fields.tools = tools;
  return fields;
}
