/**
 * What is known of an answer's making: counts and speeds as the server reported them, times as the browser
 * saw them, and the server's X-Edgewise-* headers.
 * @typedef {{finish: string|null, model: string, prompt?: number, cached?: number, generated?: number,
 *            tokensPerSecond?: number, promptPerSecond?: number, firstSeconds: number|null, seconds: number,
 *            headers: Record<string, string>}} Facts
 */
import { number, seconds } from './units.js';

/** @param {import('./answer.js').Answer} answer @returns {Facts} */
export function factsOf(answer, headers, firstSeconds, totalSeconds) {
  const { usage, timings } = answer;
  return {
    finish: answer.finish,
    model: answer.model,
    prompt: usage?.prompt_tokens,
    cached: usage?.prompt_tokens_details?.cached_tokens,
    generated: usage?.completion_tokens,
    tokensPerSecond: timings?.predicted_per_second,
    promptPerSecond: timings?.prompt_per_second,
    firstSeconds,
    seconds: totalSeconds,
    headers,
  };
}

/** One line: what most people look for. @param {Facts} facts */
export function summary(facts) {
  const words = [];
  if (facts.generated !== undefined) words.push(`${number(facts.generated)} tokens`);
  if (facts.tokensPerSecond !== undefined) words.push(`${number(facts.tokensPerSecond)} tokens/s`);
  if (facts.firstSeconds !== null) words.push(`first after ${seconds(facts.firstSeconds)}`);
  if (facts.finish === 'length') words.push('cut off: limit of tokens reached');
  if (facts.finish === 'stopped') words.push('stopped');
  if (facts.headers.ignored) words.push(`ignored: ${facts.headers.ignored}`);
  return words.join(' · ');
}

/** The rest, as pairs of name and value. @param {Facts} facts */
export function details(facts) {
  const pairs = [
    ['Model', facts.headers.model ?? facts.model],
    ['Prompt', facts.prompt !== undefined && `${number(facts.prompt)} tokens`],
    ['of it cached', facts.cached !== undefined && `${number(facts.cached)} tokens`],
    ['Prompt speed', facts.promptPerSecond !== undefined && `${number(facts.promptPerSecond)} tokens/s`],
    ['Whole answer', seconds(facts.seconds)],
    ['Ended by', facts.finish],
  ];
  for (const [name, value] of Object.entries(facts.headers)) if (name !== 'model') pairs.push([name, value]);
  return pairs.filter(([, value]) => value);
}
