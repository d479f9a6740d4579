/** Asks one thing in a dialog of the page. */
import { byId } from './dom.js';

/**
 * @param {string} title @param {string} yes  what the button says
 * @param {string} [text]  if given, a text is asked for, and this is where it begins
 * @returns {Promise<string|null>} the text (or ''); null: cancelled
 */
export function ask(title, yes, text) {
  const dialog = byId('question');
  const input = byId('question-input');
  byId('question-title').textContent = title;
  byId('question-yes').textContent = yes;
  input.hidden = text === undefined;
  input.value = text ?? '';
  dialog.returnValue = '';
  dialog.showModal();
  if (text !== undefined) input.select();
  return new Promise((resolve) => {
    const onClose = () => resolve(dialog.returnValue === 'yes' ? input.value : null);
    dialog.addEventListener('close', onClose, { once: true });
  });
}
