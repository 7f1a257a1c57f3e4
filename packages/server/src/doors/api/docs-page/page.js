// The browsable description of the API, made from /openapi.json. Everything that comes from outside becomes a text node.

/** @param {string} name @param {Record<string, string>} attributes @param {(Node | string)[]} children */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const methods = ['get', 'post', 'put', 'patch', 'delete'];
const longest = 100_000;

/** A schema as people write types; named ones by name, to be unfolded below. */
function typeText(schema, depth = 0) {
  if (schema === undefined || schema === true) return 'anything';
  if (schema.$ref !== undefined) return nameOf(schema.$ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  const union = schema.anyOf ?? schema.oneOf;
  if (union !== undefined) return union.map((one) => typeText(one, depth)).join(' | ');
  if (schema.allOf !== undefined) return schema.allOf.map((one) => typeText(one, depth)).join(' & ');
  if (schema.type === 'array') return `[${typeText(schema.items, depth)}, …]`;
  if (schema.type === 'object' || schema.properties !== undefined) return objectText(schema, depth);
  return `${schema.type ?? 'anything'}${boundsText(schema)}`;
}

function objectText(schema, depth) {
  const pad = '  '.repeat(depth + 1);
  const required = new Set(schema.required ?? []);
  const lines = Object.entries(schema.properties ?? {}).map(
    ([key, value]) => `${pad}${key}${required.has(key) ? '' : '?'}: ${typeText(value, depth + 1)}`,
  );
  for (const value of Object.values(schema.patternProperties ?? {})) lines.push(`${pad}[name]: ${typeText(value, depth + 1)}`);
  return lines.length === 0 ? '{…}' : `{\n${lines.join('\n')}\n${'  '.repeat(depth)}}`;
}

function boundsText(schema) {
  const told = ['minimum', 'maximum', 'minLength', 'maxLength', 'pattern', 'format'].filter((key) => schema[key] !== undefined);
  return told.length === 0 ? '' : ` (${told.map((key) => `${key} ${schema[key]}`).join(', ')})`;
}

const nameOf = (ref) => String(ref).split('/').at(-1);

/** Named schemas that a text mentions, each once, those inside them too. */
function namedIn(schema, schemas, seen = new Set()) {
  if (typeof schema !== 'object' || schema === null) return seen;
  if (typeof schema.$ref === 'string') {
    const name = nameOf(schema.$ref);
    if (seen.has(name) || !Object.hasOwn(schemas, name)) return seen;
    seen.add(name);
    return namedIn(schemas[name], schemas, seen);
  }
  for (const value of Object.values(schema)) namedIn(value, schemas, seen);
  return seen;
}

function schemaBlock(title, schema, schemas) {
  const block = element('div', {}, element('h3', {}, title), element('pre', {}, typeText(schema)));
  for (const name of namedIn(schema, schemas)) {
    if (nameOf(schema.$ref ?? '') === name) block.lastChild.textContent = typeText(schemas[name]);
    else block.append(element('details', {}, element('summary', {}, name), element('pre', {}, typeText(schemas[name]))));
  }
  return block;
}

const schemaOf = (content) => Object.values(content ?? {})[0]?.schema;

function parametersTable(parameters) {
  const rows = parameters.map(({ name, in: place, schema, required, description }) => {
    const input = element('input', {
      'data-name': name,
      'data-in': place,
      'aria-label': name,
      placeholder: required ? 'needed' : '',
    });
    const about = description ?? typeText(schema);
    return element(
      'tr',
      {},
      element('td', {}, element('code', {}, name)),
      element('td', {}, place),
      element('td', {}, input),
      element('td', {}, about),
    );
  });
  return element('table', {}, ...rows);
}

function operationBlock(method, path, operation, schemas) {
  const right = operation['x-right'] === undefined ? '' : `needs ${operation['x-right']}`;
  const summary = element(
    'summary',
    {},
    element('span', { class: `method ${method}` }, method.toUpperCase()),
    element('span', { class: 'path' }, path),
    element('span', { class: 'what' }, operation.summary ?? ''),
    element('small', {}, right),
  );
  const block = element('details', { class: 'operation' }, summary);
  block.dataset.text = `${method} ${path} ${operation.summary ?? ''} ${(operation.tags ?? []).join(' ')}`.toLowerCase();
  // Made when it is opened: a hundred operations would be slow to lay out.
  block.addEventListener('toggle', () => block.childElementCount > 1 || block.append(inside(method, path, operation, schemas)));
  return block;
}

function inside(method, path, operation, schemas) {
  const body = element('div', { class: 'inside' });
  if ((operation.parameters ?? []).length > 0)
    body.append(element('h3', {}, 'Parameters'), parametersTable(operation.parameters));
  const request = schemaOf(operation.requestBody?.content);
  if (request !== undefined) body.append(schemaBlock('Body', request, schemas));
  for (const [status, { description, content }] of Object.entries(operation.responses ?? {})) {
    const schema = schemaOf(content);
    if (status !== 'default' && schema !== undefined)
      body.append(schemaBlock(`Answer ${status}: ${description}`, schema, schemas));
  }
  const text = operation.requestBody === undefined ? null : element('textarea', { 'aria-label': 'body', spellcheck: 'false' });
  if (text !== null) {
    if (request !== undefined) text.value = '{}';
    body.append(element('h3', {}, 'Body to send'), text);
  }
  const send = element('button', { type: 'button' }, `${method.toUpperCase()} it`);
  const answer = element('pre', { class: 'answer', hidden: '' });
  send.addEventListener('click', () => void tryIt({ method, path, body, text, answer, json: request !== undefined }));
  body.append(element('p', {}, send), answer);
  return body;
}

function addressOf(path, body) {
  const query = new URLSearchParams();
  const headers = {};
  let address = path;
  for (const input of body.querySelectorAll('input[data-name]')) {
    const { name, in: place } = input.dataset;
    if (place === 'path') address = address.replace(`{${name}}`, encodeURIComponent(input.value));
    else if (input.value === '') continue;
    else if (place === 'query') query.set(name, input.value);
    else headers[name] = input.value;
  }
  const asked = query.toString();
  return { address: asked === '' ? address : `${address}?${asked}`, headers };
}

async function tryIt({ method, path, body, text, answer, json }) {
  const { address, headers } = addressOf(path, body);
  const token = document.querySelector('#token').value.trim();
  if (token !== '') headers.authorization = `Bearer ${token}`;
  if (text !== null) headers['content-type'] = json ? 'application/json' : 'application/octet-stream';
  answer.hidden = false;
  answer.textContent = '…';
  const stop = new AbortController();
  try {
    const response = await fetch(address, {
      method: method.toUpperCase(),
      headers,
      body: text === null ? undefined : text.value,
      signal: stop.signal,
      credentials: 'omit',
    });
    const lines = [
      `${response.status} ${response.statusText}`,
      ...[...response.headers].map(([key, value]) => `${key}: ${value}`),
      '',
    ];
    answer.textContent = `${lines.join('\n')}\n${await shortBody(response)}`;
  } catch (error) {
    answer.textContent = String(error);
  } finally {
    // A stream that goes on for ever has been shown enough of.
    stop.abort();
  }
}

async function shortBody(response) {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const decoder = new TextDecoder();
  const patience = setTimeout(() => void reader.cancel(), 5_000);
  let text = '';
  for (let part = await reader.read(); !part.done && text.length < longest; part = await reader.read()) {
    text += decoder.decode(part.value, { stream: true });
  }
  clearTimeout(patience);
  try {
    return JSON.stringify(JSON.parse(text), null, 2).slice(0, longest);
  } catch {
    return text.slice(0, longest);
  }
}

function show(api) {
  document.querySelector('#version').textContent = api.info?.version ?? '';
  const schemas = api.components?.schemas ?? {};
  const groups = new Map();
  for (const [path, item] of Object.entries(api.paths ?? {})) {
    for (const method of methods) {
      const operation = item[method];
      if (operation === undefined) continue;
      const tag = operation.tags?.[0] ?? 'other';
      groups.set(tag, [...(groups.get(tag) ?? []), operationBlock(method, path, operation, schemas)]);
    }
  }
  const sections = [...groups].map(([tag, blocks]) => element('section', {}, element('h2', {}, tag), ...blocks));
  document.querySelector('#operations').replaceChildren(...sections);
}

function find(words) {
  const wanted = words
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  for (const section of document.querySelectorAll('section')) {
    let any = false;
    for (const block of section.querySelectorAll('.operation')) {
      block.hidden = !wanted.every((word) => block.dataset.text.includes(word));
      any ||= !block.hidden;
    }
    section.hidden = !any;
  }
}

document.querySelector('#find').addEventListener('input', (event) => find(event.target.value));
try {
  show(await (await fetch('/openapi.json')).json());
} catch (error) {
  document.querySelector('#operations').textContent = `The description cannot be read: ${error}`;
}
