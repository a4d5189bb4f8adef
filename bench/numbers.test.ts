// Medians, percentiles and how figures are written.
import { expect, test } from 'vitest';
import { figure, latency, median, percentile } from './numbers.ts';

test('the median of an even number of values lies between the two in the middle', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([10, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test('a percentile is one of the values, and the highest share is the largest', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(percentile(hundred, 0.5)).toBe(50);
  expect(percentile(hundred, 0.99)).toBe(99);
  expect(percentile([7], 0.99)).toBe(7);
  expect(percentile([1, 2, 3], 1)).toBe(3);
  expect(percentile([], 0.5)).toBeNaN();
});

test('figures have three digits, or all of a larger number', () => {
  expect([0.51234, 28.06, 99.96, 1336.7, 0, Number.NaN].map(figure)).toEqual([
    '0.512',
    '28.1',
    '100',
    '1,337',
    '0',
    '–',
  ]);
  expect(latency([10, 20, 30])).toBe('20 · 30');
});
