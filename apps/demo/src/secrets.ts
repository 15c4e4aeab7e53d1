import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Settings } from './settings.ts'

/** What only the app knows. */
export type Secrets = Pick<Settings, 'appSecret' | 'encryption'>

/** The secrets kept in `dir`, made when there are none yet; without `dir`, for this time only. */
export async function readSecrets(dir: string | undefined): Promise<Secrets> {
  if (dir === undefined) return createSecrets()
  await mkdir(dir, { recursive: true })
  const path = join(dir, 'secrets.json')
  try {
    await writeFile(path, JSON.stringify(createSecrets()), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    if (!exists) throw error
  }
  return JSON.parse(await readFile(path, 'utf8')) as Secrets
}

function createSecrets(): Secrets {
  return {
    appSecret: randomBytes(32).toString('base64'),
    encryption: { keys: { k1: randomBytes(32).toString('base64') }, current: 'k1' },
  }
}
