// What `describe` returns, as the contract has it: everything may be left out but name, version and description.

const KNOWN = new Set(['name', 'version', 'description', 'commands', 'deepLinks', 'events', 'tables', 'config', 'processors', 'schedules', 'routes']);

export function toHost(manifest) {
  const unknown = Object.keys(manifest).find((key) => !KNOWN.has(key));
  if (unknown) throw new TypeError(`the manifest has no \`${unknown}\`; it has ${[...KNOWN].join(', ')}`);
  const all = (list, one) => (list ?? []).map(one);
  return {
    name: manifest.name,
    version: manifest.version,
    description: manifest.description,
    commands: all(manifest.commands, (it) => ({
      name: it.name,
      description: it.description,
      translations: Object.entries(it.translations ?? {}).map(([language, text]) => ({ language, text })),
      adminsOnly: it.adminsOnly ?? false,
    })),
    deepLinks: manifest.deepLinks ?? [],
    events: manifest.events ?? [],
    tables: all(manifest.tables, (it) => it.declaration),
    config: all(manifest.config, (it) => ({
      name: it.name,
      description: it.description,
      default: it.default === undefined ? undefined : String(it.default),
    })),
    processors: all(manifest.processors, (it) => ({ name: it.name, events: it.events ?? [] })),
    schedules: all(manifest.schedules, (it) => ({ name: it.name, cron: it.cron, processor: it.processor })),
    routes: all(manifest.routes, (it) => ({
      name: it.name,
      method: (it.method ?? 'get').toLowerCase(),
      path: it.path,
      description: it.description,
      parameters: all(it.parameters, (of) => ({
        name: of.name,
        description: of.description,
        isInteger: of.isInteger ?? false,
        required: of.required ?? it.path.includes(`{${of.name}}`),
      })),
      request: schema(it.request),
      response: schema(it.response),
      processor: it.processor,
    })),
  };
}

const schema = (value) => (value === undefined || typeof value === 'string' ? value : JSON.stringify(value));
