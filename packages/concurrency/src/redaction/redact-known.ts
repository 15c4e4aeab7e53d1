/** A text that must not be shown. */
export interface KnownSecret {
  readonly text: string
  /** `false`: it is one only where it stands on its own, not within a longer word. */
  readonly anywhere: boolean
}

/** From where to where in a text, the end not included. */
export interface Span {
  readonly start: number
  readonly end: number
}

interface Node {
  readonly next: Map<number, Node>
  readonly depth: number
  /** The longest proper ending of this path that is a path too. */
  fallback: Node | undefined
  /** The nearest node along the fallbacks at which a secret ends. */
  shorter: Node | undefined
  found: KnownSecret | undefined
}

/**
 * Finds many texts at once, in one pass over the text whatever it is made of (A. Aho and M. Corasick,
 * "Efficient string matching", 1975): the sender may choose a text that makes a search slow.
 */
export class KnownSecrets {
  readonly #root: Node = node(0)
  #longest = 0

  constructor(secrets: Iterable<KnownSecret>) {
    for (const secret of secrets) this.#add(secret)
    this.#link()
  }

  /** Where they stand in `text`, in order and apart from each other. */
  find(text: string, isCut: boolean): readonly Span[] {
    if (this.#longest === 0) return []
    const spans: Span[] = []
    let at = this.#root
    for (let index = 0; index < text.length; index += 1) {
      at = this.#step(at, text.charCodeAt(index))
      const end = index + 1
      for (let hit: Node | undefined = at; hit !== undefined; hit = hit.shorter) {
        const { found, depth } = hit
        if (found === undefined) continue
        if (!found.anywhere && !standsAlone(text, end - depth, end)) continue
        add(spans, { start: end - depth, end })
        break
      }
    }
    // What was cut off may have been the rest of one.
    if (isCut && at.depth > 0) add(spans, { start: text.length - at.depth, end: text.length })
    return spans
  }

  #add(secret: KnownSecret): void {
    const { text } = secret
    let at = this.#root
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index)
      let next = at.next.get(unit)
      if (next === undefined) at.next.set(unit, (next = node(at.depth + 1)))
      at = next
    }
    if (at === this.#root) return
    if (at.found === undefined || secret.anywhere) at.found = secret
    this.#longest = Math.max(this.#longest, text.length)
  }

  #link(): void {
    const queue: Node[] = [this.#root]
    for (const parent of queue) {
      for (const [unit, child] of parent.next) {
        const { fallback } = parent
        child.fallback = fallback === undefined ? this.#root : this.#step(fallback, unit)
        child.shorter = child.fallback.found === undefined ? child.fallback.shorter : child.fallback
        queue.push(child)
      }
    }
  }

  #step(from: Node, unit: number): Node {
    for (let at: Node | undefined = from; at !== undefined; at = at.fallback) {
      const next = at.next.get(unit)
      if (next !== undefined) return next
    }
    return this.#root
  }
}

function node(depth: number): Node {
  return { next: new Map(), depth, fallback: undefined, shorter: undefined, found: undefined }
}

/** Adds a span to those before it; what it overlaps or contains is one with it. */
function add(spans: Span[], span: Span): void {
  let { start } = span
  for (let last = spans.at(-1); last !== undefined && last.end >= start; last = spans.at(-1)) {
    start = Math.min(start, last.start)
    spans.pop()
  }
  spans.push({ start, end: span.end })
}

function standsAlone(text: string, start: number, end: number): boolean {
  return (
    !(isWord(text, start - 1) && isWord(text, start)) &&
    !(isWord(text, end) && isWord(text, end - 1))
  )
}

function isWord(text: string, index: number): boolean {
  return index >= 0 && index < text.length && /[\p{L}\p{N}]/u.test(text.charAt(index))
}
