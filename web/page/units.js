/** Numbers for people: three digits, a unit that fits; a dash for what is not known. */

const NONE = '–';

export function number(value) {
  if (value === null || value === undefined) return NONE;
  const digits = value >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 };
  return value.toLocaleString('en', digits);
}

export function seconds(value) {
  if (value === null || value === undefined) return NONE;
  if (value >= 1 || value === 0) return `${number(value)}\u00a0s`;
  return value >= 0.001 ? `${number(value * 1e3)}\u00a0ms` : `${number(value * 1e6)}\u00a0µs`;
}

export function bytes(value) {
  if (value === null || value === undefined) return NONE;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let i = 0;
  for (; value >= 1000 && i < units.length - 1; i++) value /= 1000;
  return `${number(value)}\u00a0${units[i]}`;
}
