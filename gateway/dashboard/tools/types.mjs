/**
 * Writes the types of the API from its OpenAPI document: `npm run types -- URL-OR-FILE [--check]`.
 *
 * It knows what our document uses and stops at anything else. It judges no values: the server does.
 */
import { readFile, writeFile } from 'node:fs/promises';

const target = new URL('../src/api/schema.ts', import.meta.url);
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

const [from, mode] = process.argv.slice(2);
if (!from) fail('say where the document is: an address such as http://127.0.0.1:8000/api/schema/, or a file');
const document = JSON.parse(
  /^https?:/.test(from) ? await (await fetch(from)).text() : await readFile(from, 'utf8'),
);
const text = written(document);
if (mode === '--check') {
  if ((await readFile(target, 'utf8')) !== text) {
    fail('src/api/schema.ts is not what the document of the server says; run `npm run types -- ADDRESS`');
  }
} else {
  await writeFile(target, text);
}

function fail(reason) {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}

function written({ components, paths }) {
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => `export type ${name} = ${type(schema)};\n`,
  );
  const routes = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => route(method, path, item)),
  );
  return [
    '// Made by `npm run types` from the OpenAPI document of the server. Do not edit.\n',
    ...schemas,
    `export interface Routes {\n${routes.join('')}}\n`,
  ].join('\n');
}

function route(method, path, item) {
  const operation = item[method];
  const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])];
  const of = (place) => object(parameters.filter((one) => one.in === place).map(parameter));
  const body = Object.keys(operation.requestBody?.content ?? {});
  const sent = body.includes('application/json')
    ? type(operation.requestBody.content['application/json'].schema)
    : body.length > 0
      ? 'unknown'
      : 'undefined';
  const answers = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'));
  const answer = [...new Set(answers.map(([, { content }]) => answered(content)))].join(' | ') || 'undefined';
  const name = `${method.toUpperCase()} ${path}`;
  return `  ${JSON.stringify(name)}: { path: ${of('path')}; query: ${of('query')}; body: ${sent}; answer: ${answer} };\n`;
}

function answered(content = {}) {
  const json = content['application/json'];
  if (json) return type(json.schema);
  return Object.keys(content).length > 0 ? 'unknown' : 'undefined';
}

/** What a page puts into an address is text, a number, a flag, or several of these. */
function parameter({ name, required }) {
  return `${JSON.stringify(name)}${required ? '' : '?'}: Asked`;
}

function object(fields) {
  return fields.length > 0
    ? `{ ${[...new Set(fields)].join('; ')} }`.replaceAll(
        'Asked',
        'string | number | boolean | readonly string[]',
      )
    : 'Record<never, never>';
}

function type(schema) {
  if (schema === true || schema === undefined || Object.keys(schema).length === 0) return 'unknown';
  if (schema.$ref) return schema.$ref.split('/').at(-1);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const several = schema.oneOf ?? schema.anyOf;
  if (several) return union(several.map(type));
  if (schema.allOf) return schema.allOf.map(type).join(' & ');
  if (Array.isArray(schema.type)) return union(schema.type.map((one) => type({ ...schema, type: one })));
  switch (schema.type) {
    case 'string':
      return 'string';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'null':
      return 'null';
    case 'array':
      return `${atom(type(schema.items))}[]`;
    case 'object':
      return fields(schema);
    case undefined:
      return schema.properties ? fields(schema) : 'unknown';
    default:
      return fail(`a type that this program does not know: ${JSON.stringify(schema)}`);
  }
}

function fields({ properties = {}, required = [], additionalProperties }) {
  const named = Object.entries(properties).map(
    ([name, schema]) => `${JSON.stringify(name)}${required.includes(name) ? '' : '?'}: ${type(schema)}`,
  );
  if (named.length === 0 || (additionalProperties && additionalProperties !== true)) {
    const others = typeof additionalProperties === 'object' ? type(additionalProperties) : 'unknown';
    named.push(`[name: string]: ${named.length === 0 ? others : 'unknown'}`);
  }
  return `{ ${named.join('; ')} }`;
}

function union(types) {
  return [...new Set(types)].join(' | ');
}

function atom(text) {
  return text.includes(' ') ? `(${text})` : text;
}
