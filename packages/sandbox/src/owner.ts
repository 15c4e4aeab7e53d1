import { randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { errorCode } from './error-code.ts'
import { parseRecord } from './json-record.ts'

interface Owner {
  pid: number
  /** What distinguishes this process from a later one with the same number; empty where the system does not say. */
  born: string
  /** Elsewhere, in another container say, its number says nothing. */
  host: string
}

/**
 * `/proc/<pid>/stat`: the name may hold spaces and brackets, so fields count from the last bracket; the state is the 3rd,
 * the start time the 22nd. A zombie is dead, whoever has not asked for its exit code yet.
 */
async function bornAt(pid: number): Promise<string> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? 'dead' : (fields[19] ?? '')
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

const markIn = (folder: string): string => join(folder, 'owner.json')

/** The owner that a mark names, if it names one. */
async function readOwner(file: string): Promise<Owner | undefined> {
  try {
    const { pid, born, host } = parseRecord(await readFile(file, 'utf8'))
    if (typeof pid !== 'number' || typeof born !== 'string') return undefined
    return { pid, born, host: typeof host === 'string' ? host : '' }
  } catch {
    return undefined
  }
}

const isLiving = async ({ pid, born }: Owner): Promise<boolean> =>
  isAlive(pid) && (await bornAt(pid)) === born

/** Whether a folder was taken by a process of this machine that is dead. One that nobody has taken yet is not abandoned. */
export async function isAbandoned(folder: string): Promise<boolean> {
  const owner = await readOwner(markIn(folder))
  return owner !== undefined && owner.host === hostname() && !(await isLiving(owner))
}

/**
 * Takes the data folder for this process. Two servers on one folder would be refused by PostgreSQL anyway, but a start
 * also stops what a killed process left behind, and must not do that to a living one.
 *
 * @returns What gives it back.
 * @throws {Error} with the code `folder_in_use` when a living process has it.
 */
export async function takeOwnership(folder: string): Promise<() => Promise<void>> {
  const file = markIn(folder)
  const owner: Owner = { pid: process.pid, born: await bornAt(process.pid), host: hostname() }
  // Written aside and linked, so that nobody ever reads half of it.
  const draft = `${file}.${randomUUID()}`
  await using drafts = new AsyncDisposableStack()
  drafts.defer(() => rm(draft, { force: true }))
  await writeFile(draft, JSON.stringify(owner), { mode: 0o600, flag: 'wx' })
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      await link(draft, file)
      return () => rm(file, { force: true })
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
      const living = await readOwner(file)
      if (living !== undefined && (await isLiving(living))) {
        const reason = `is in use by process ${living.pid}. Close that sandbox first`
        const refusal = new Error(`The data folder ${folder} ${reason}.`, { cause: error })
        throw Object.assign(refusal, { code: 'folder_in_use' })
      }
      await rm(file, { force: true })
    }
  }
  throw new Error(`The data folder ${folder} is being taken by another process`)
}
