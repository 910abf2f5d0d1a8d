/** What a browser or program calls itself, in a few words. Invariant: what is not known is told as it came, cut. */

import { cut } from '../parts/cut';

const BROWSERS: [RegExp, string][] = [
  [/\bEdgA?\/(\d+)/, 'Edge'],
  [/\bOPR\/(\d+)/, 'Opera'],
  [/\bFirefox\/(\d+)/, 'Firefox'],
  [/\bHeadlessChrome\/(\d+)/, 'Chrome'],
  [/\bChrome\/(\d+)/, 'Chrome'],
  [/\bVersion\/(\d+)[\d.]* .*Safari\//, 'Safari'],
];

const SYSTEMS: [RegExp, string][] = [
  [/\bAndroid\b/, 'Android'],
  [/\b(iPhone|iPad)\b/, 'iOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

const LENGTH_MAX = 40;

export function agentWords(agent: string | null): string {
  if (!agent) return 'unknown program';
  for (const [pattern, name] of BROWSERS) {
    const version = agent.match(pattern)?.[1];
    if (!version) continue;
    const system = SYSTEMS.find(([pattern]) => pattern.test(agent))?.[1];
    return `${name} ${version}${system ? ` on ${system}` : ''}`;
  }
  const tool = agent.match(/^([\w.-]+)\/([\w.]+)/);
  const words = tool && !agent.startsWith('Mozilla/') ? `${tool[1]} ${tool[2]}` : agent;
  return cut(words, LENGTH_MAX);
}
