import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'

/** A script and what it imports by relative paths, as a browser loads them. */
export interface BrowserModules {
  /** The name of the first. */
  readonly entry: string
  /** By their path beside the first: `browser.js`, `browser/upload-file.js`. */
  readonly texts: ReadonlyMap<string, string>
}

const IMPORT = /\b(?:from|import) ?['"](\.{1,2}\/[\w./-]+)['"]/g

/** Reads what a package made for browsers consists of; of sources the types are left out. */
export async function browserModules(specifier: string): Promise<BrowserModules> {
  const root = new URL('.', import.meta.resolve(specifier))
  const entry = nameIn(root, new URL(import.meta.resolve(specifier)))
  const texts = new Map<string, string>()
  const read = async (name: string): Promise<void> => {
    if (texts.has(name)) return
    const url = new URL(name, root)
    const source = await readFile(url, 'utf8')
    const text = name.endsWith('.ts') ? stripTypeScriptTypes(source) : source
    texts.set(name, text)
    const imported = Array.from(text.matchAll(IMPORT), ([, path = '']) => new URL(path, url))
    for (const each of imported) await read(nameIn(root, each))
  }
  await read(entry)
  return { entry, texts }
}

function nameIn(root: URL, { href }: URL): string {
  if (!href.startsWith(root.href)) throw new Error(`Expected a script in ${root.href}, got ${href}`)
  return href.slice(root.href.length)
}
