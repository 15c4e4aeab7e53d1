import { execFileSync } from 'node:child_process'
import {
  chmod,
  chown,
  link,
  lstat,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFakeStorage } from '../testing/fake-storage.ts'
import type { Storage } from '../storage.ts'
import { patterned } from '../../test/store.ts'

const body = patterned(1_024 ** 2)
/** What somebody would have us take for the beginning of the object. */
const planted = Buffer.alloc(1_000, 'evil')

let folder: string
let path: string
let storage: Storage
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yuzuru-storage-'))
  path = join(folder, 'plan.pdf')
  storage = createFakeStorage()
  await storage.upload('key', body)
})
afterEach(async () => {
  await storage.close()
  await rm(folder, { recursive: true })
})

/** Begins a download, breaks it off, and gives the place of what it has kept. */
async function kept(): Promise<string> {
  const controller = new AbortController()
  const object = await storage.download('key', { verify: false })
  const saving = object.saveTo(path, { resume: true, signal: controller.signal })
  saving.catch(() => undefined)
  let names: string[] = []
  while (names.length === 0) {
    await setImmediate()
    names = await readdir(folder)
  }
  controller.abort()
  await expect(saving).rejects.toMatchObject({ name: 'Cancelled' })
  return join(folder, names[0] ?? '')
}

const PLANTS: Readonly<Record<string, (at: string, victim: string) => unknown>> = {
  'a link to another file': (at, victim) => symlink(victim, at),
  'a link to nothing': (at) => symlink(join(folder, 'nothing'), at),
  'another name of a file': (at, victim) => link(victim, at),
  'a pipe': (at) => execFileSync('mkfifo', [at]),
  'a file that others may write to': async (at) => {
    await writeFile(at, planted)
    await chmod(at, 0o622)
  },
  // Only who may give files away can try that.
  ...(process.geteuid?.() === 0
    ? {
        'a file of somebody else': async (at: string) => {
          await writeFile(at, planted, { mode: 0o600 })
          await chown(at, 12_345, 12_345)
        },
      }
    : {}),
}

describe('what is found in the place of a kept part', () => {
  test.each(Object.entries(PLANTS))('is not taken for one: %s', async (_, plant) => {
    const at = await kept()
    await rm(at)
    const outside = await mkdtemp(join(tmpdir(), 'yuzuru-storage-'))
    const victim = join(outside, 'victim')
    try {
      await writeFile(victim, planted, { mode: 0o600 })
      await plant(at, victim)
      const object = await storage.download('key', { verify: false })
      await object.saveTo(path, { resume: true })
      expect(Buffer.compare(await readFile(path), body)).toBe(0)
      expect((await lstat(path)).isFile()).toBe(true)
      expect(Buffer.compare(await readFile(victim), planted)).toBe(0)
      expect(await readdir(folder)).toEqual(['plan.pdf'])
    } finally {
      await rm(outside, { recursive: true })
    }
  })

  test('is taken where it is our own', async () => {
    const at = await kept()
    await writeFile(at, planted)
    const object = await storage.download('key', { verify: false })
    await object.saveTo(path, { resume: true })
    expect((await readFile(path)).subarray(0, planted.byteLength).toString()).toContain('evilevil')
  })
})

test('a kept part is readable by nobody else, and the file as all others are', async () => {
  const at = await kept()
  expect((await stat(at)).mode & 0o777).toBe(0o600)
  const usual = join(folder, 'usual')
  await writeFile(usual, '')
  await (await storage.download('key')).saveTo(path, { resume: true })
  expect((await stat(path)).mode).toBe((await stat(usual)).mode)
})
