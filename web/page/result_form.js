/** Asks for the results of an answer's tool calls. */
import { h } from './dom.js';

/**
 * @param {import('./answer.js').Call[]} calls
 * @param {(results: string[]) => void} onSend  a result per call
 */
export function resultForm(calls, onSend) {
  const areas = calls.map((call) =>
    h('textarea', { rows: 2, 'aria-label': `Result of ${call.name}`, class: 'mono' }),
  );
  const fields = calls.map((call, i) => h('label', {}, `Result of ${call.name}`, areas[i]));
  const form = h('form', { class: 'results' }, ...fields, h('button', {}, 'Send results'));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    onSend(areas.map((area) => area.value));
  });
  return form;
}
