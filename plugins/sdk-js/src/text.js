// Texts with formatting. Nothing in a text is markup: parts are added one after another.

/** A text and its formatting. Each method adds a part and returns the same text. */
export class Text {
  /** @param {string} content */
  constructor(content = '') {
    this.content = String(content);
    /** Offsets and lengths are UTF-16 units, which are JavaScript's own. */
    this.entities = [];
  }

  /** Adds plain text, or another text with its formatting. */
  plain(part) {
    const other = Text.from(part);
    const moved = other.entities.map((entity) => ({ ...entity, offset: entity.offset + this.content.length }));
    this.content += other.content;
    this.entities.push(...moved);
    return this;
  }

  bold(part) { return this.#add('bold', part); }
  italic(part) { return this.#add('italic', part); }
  underline(part) { return this.#add('underline', part); }
  strikethrough(part) { return this.#add('strikethrough', part); }
  spoiler(part) { return this.#add('spoiler', part); }
  quote(part) { return this.#add('blockquote', part); }
  code(part) { return this.#add('code', part); }
  pre(part, language) { return this.#add('pre', part, language); }
  link(part, url) { return this.#add('text-link', part, url); }
  mention(part, user) { return this.#add('text-mention', part, user); }
  line(part = '') { return this.plain('\n').plain(part); }

  #add(kind, part, value) {
    const offset = this.content.length;
    const inner = Text.from(part);
    if (inner.content === '') return this;
    const entity = value === undefined ? { kind } : { kind, value };
    this.entities.push({ kind: entity, offset, length: inner.content.length });
    return this.plain(inner);
  }

  /** A text of whatever can be one. */
  static from(part) {
    if (part instanceof Text) return part;
    if (typeof part?.content === 'string') {
      const text = new Text(part.content);
      text.entities = part.entities ?? [];
      return text;
    }
    return new Text(part);
  }

  /** As the contract has it. */
  toHost() {
    const value = ({ kind, value }) => {
      if (kind === 'pre') return { tag: 'pre', val: value };
      if (kind === 'text-mention') return { tag: kind, val: BigInt(value) };
      return value === undefined ? { tag: kind } : { tag: kind, val: value };
    };
    const entities = this.entities.map(({ kind, offset, length }) => ({ kind: value(kind), offset, length }));
    return { content: this.content, entities };
  }
}

/** Begins a text. */
export const text = (content = '') => new Text(content);
