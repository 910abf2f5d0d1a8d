import { expect, test } from 'vitest';
import { zoneName, zoneShown } from './zone';

test('a profile is told the name of the zone that is shown', () => {
  expect(zoneName('local', 'Europe/Lisbon')).toBe('Europe/Lisbon');
  expect(zoneName('utc', 'Europe/Lisbon')).toBe('UTC');
});

test('what a profile says is shown if this browser can', () => {
  expect(zoneShown('Europe/Lisbon', 'Europe/Lisbon')).toBe('local');
  expect(zoneShown('UTC', 'Europe/Lisbon')).toBe('utc');
  expect(zoneShown('Etc/UTC', 'Europe/Lisbon')).toBe('utc');
  expect(zoneShown('Asia/Tokyo', 'Europe/Lisbon')).toBeNull();
});

test('where the browser is in UTC both names mean what the clock says', () => {
  expect(zoneShown('UTC', 'UTC')).toBe('local');
});
