// The plugin's own tables. A row is an object whose keys are columns, and `id`.

import * as raw from 'guesthouse:plugin/tables@0.1.0';

import { ask, received, variant, whole } from './values.js';

const call = (make) => ask('tables', make);

/** A comparison with a value, to stand in a condition: `{ price: gt(5) }`. */
class Comparison {
  constructor(comparison, value) { this.comparison = comparison; this.value = value; }
}
const compare = (comparison) => (value) => new Comparison(comparison, value);
export const ne = compare('ne');
export const lt = compare('lt');
export const le = compare('le');
export const gt = compare('gt');
export const ge = compare('ge');
export const contains = compare('contains');
export const startsWith = compare('starts-with');
/** One of these values. */
export const oneOf = (values) => new Comparison('one-of', values);

/** Conditions together. */
class Group {
  constructor(kind, parts) { this.kind = kind; this.parts = parts; }
}
export const any = (...parts) => new Group('any-of', parts);
export const all = (...parts) => new Group('all-of', parts);
export const not = (part) => new Group('negate', [part]);

/** A table with its columns: `{ text: 'text', price: 'real?' }`, where `?` says that it may be null. */
export function table(name, columns, { unique = [], indexes = [] } = {}) {
  return new Table(name, columns, unique, indexes);
}

class Table {
  #kinds = new Map([['id', 'integer']]);

  constructor(name, columns, unique, indexes) {
    this.name = name;
    const declared = Object.entries(columns).map(([column, kind]) => {
      const nullable = kind.endsWith('?');
      this.#kinds.set(column, nullable ? kind.slice(0, -1) : kind);
      return { name: column, kind: this.#kinds.get(column), nullable };
    });
    /** What the manifest says of it. */
    this.declaration = { name, columns: declared, unique, indexes };
  }

  get(id) {
    const row = call(() => raw.get(this.name, whole(id), []));
    return row === undefined ? undefined : read(row);
  }

  find(where = {}, { columns = [], orderBy = [], limit = 1000, offset = 0 } = {}) {
    const order = [orderBy].flat().map((by) => ({ column: by.replace(/^-/, ''), descending: by.startsWith('-') }));
    const query = { table: this.name, columns, filter: this.#steps(where), order, limit, offset };
    return call(() => raw.find(query)).map(read);
  }

  first(where = {}, options = {}) { return this.find(where, { ...options, limit: 1 })[0]; }
  count(where = {}) { return received(call(() => raw.count(this.name, this.#steps(where)))); }
  sum(column, where = {}) { return received(call(() => raw.sum(this.name, column, this.#steps(where)))); }
  insert(row) { return received(call(() => raw.insert(this.name, this.#cells(row)))); }
  update(id, changes) { call(() => raw.update(this.name, whole(id), this.#cells(changes))); }
  increment(id, column, by = 1) { return received(call(() => raw.increment(this.name, whole(id), column, whole(by)))); }
  delete(id) { return call(() => raw['delete'](this.name, whole(id))); }

  #cells(row) {
    return Object.entries(row).filter(([column]) => column !== 'id').map(([column, value]) => ({ column, value: this.#value(column, value) }));
  }

  #value(column, value) {
    if (value === null || value === undefined) return variant('null');
    switch (this.#kinds.get(column)) {
      case 'integer': case 'timestamp': return variant('integer', whole(value));
      case 'real': return variant('real', Number(value));
      case 'text': return variant('text', String(value));
      case 'bytes': return variant('bytes', value);
      case 'boolean': return variant('boolean', Boolean(value));
      default: throw new TypeError(`table \`${this.name}\` has no column \`${column}\``);
    }
  }

  /** Operands first, as the contract has it. */
  #steps(where) {
    const counted = (kind, parts) => [...parts.flatMap((part) => this.#one(part)), variant(kind, parts.length)];
    if (where instanceof Group) {
      return where.kind === 'negate' ? [...this.#one(where.parts[0]), variant('negate')] : counted(where.kind, where.parts);
    }
    return Object.entries(where).flatMap(([column, value]) => {
      const { comparison, value: operand } = value instanceof Comparison ? value : new Comparison('eq', value);
      const condition = (comparison, operand) => variant('condition', { column, comparison, value: this.#value(column, operand) });
      if (comparison !== 'one-of') return [condition(comparison, operand)];
      return [...operand.map((it) => condition('eq', it)), variant('any-of', operand.length)];
    });
  }

  /** The steps of one operand, which have to come to one result. */
  #one(part) {
    const steps = this.#steps(part);
    return part instanceof Group ? steps : [...steps, variant('all-of', Object.keys(part).length)];
  }
}

function read({ id, cells }) {
  const row = { id: received(id) };
  for (const { column, value } of cells) row[column] = value.tag === 'null' ? null : received(value.val);
  return row;
}
