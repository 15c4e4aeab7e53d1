import { randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../error-code.ts'
import { parseRecord } from '../json-record.ts'

interface Owner {
  pid: number
  /** What distinguishes this process from a later one with the same number; empty where the system does not say. */
  born: string
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

async function livingOwner(file: string): Promise<number | undefined> {
  let owner: Record<string, unknown>
  try {
    owner = parseRecord(await readFile(file, 'utf8'))
  } catch {
    return undefined
  }
  const { pid, born } = owner
  if (typeof pid !== 'number' || !isAlive(pid)) return undefined
  return (await bornAt(pid)) === born ? pid : undefined
}

/**
 * Takes the data folder for this process. Two servers on one folder would be refused by PostgreSQL anyway, but a start
 * also stops what a killed process left behind, and must not do that to a living one.
 *
 * @returns What gives it back.
 * @throws {Error} when a living process has it.
 */
export async function takeOwnership(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, 'owner.json')
  const owner: Owner = { pid: process.pid, born: await bornAt(process.pid) }
  // Written aside and linked, so that nobody ever reads half of it.
  const draft = `${file}.${randomUUID()}`
  await using drafts = new AsyncDisposableStack()
  drafts.defer(() => rm(draft, { force: true }))
  await writeFile(draft, JSON.stringify(owner))
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      await link(draft, file)
      return () => rm(file, { force: true })
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
      const pid = await livingOwner(file)
      if (pid !== undefined) {
        throw new Error(
          `The data folder ${folder} is in use by process ${pid}. Close that sandbox first.`,
          { cause: error },
        )
      }
      await rm(file, { force: true })
    }
  }
  throw new Error(`The data folder ${folder} is being taken by another process`)
}
