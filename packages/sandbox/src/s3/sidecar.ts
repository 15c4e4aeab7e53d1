import { createHash } from 'node:crypto'
import { renameSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assertNoLink } from '../own-files.ts'
import type { Blobs } from './blobs.ts'

/**
 * The file name of a key. A key is any text of up to 1,024 bytes (`..`, `a//b`, a trailing slash),
 * so it never becomes a path: its hash does, and the sidecar inside carries the key itself.
 */
export function sidecarName(key: string): string {
  return `${createHash('sha256').update(key).digest('hex')}.json`
}

/**
 * Writes a value where a rename can put it in place. Calling the result is synchronous on purpose:
 * a caller that checks a precondition and then calls it cannot be overtaken.
 */
export async function stageJson(
  blobs: Blobs,
  value: unknown,
): Promise<{ moveTo(path: string): void; discard(): Promise<void> }> {
  const staged = await blobs.write([Buffer.from(JSON.stringify(value))])
  return {
    moveTo: (path) => {
      renameSync(blobs.path(staged.file), path)
    },
    discard: () => blobs.remove([staged]),
  }
}

/** Every JSON file of a folder, parsed. The files are our own, so a broken one is an error. */
export async function readJsonFolder<T>(dir: string): Promise<T[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.json'))
  const values: T[] = []
  const batch = 64
  for (let at = 0; at < names.length; at += batch) {
    const texts = names.slice(at, at + batch).map(async (name) => {
      await assertNoLink(join(dir, name))
      return await readFile(join(dir, name), 'utf8')
    })
    for (const text of await Promise.all(texts)) values.push(JSON.parse(text) as T)
  }
  return values
}
