import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { temporaryFolder } from '../temporary-folder.ts'

/** Whether there is a Redis to start: no package on npm holds one. */
export function hasRedis(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** When Redis answers a write: when the disk has it, or as it comes, when the memory has it. */
export type RedisWrites = 'on disk' | 'in memory'

const SETTINGS: Record<RedisWrites, readonly string[]> = {
  'on disk': ['--appendonly', 'yes', '--appendfsync', 'always'],
  'in memory': [],
}

/** Starts a Redis of its own, on a socket in a folder of its own. Returns the path of that. */
export async function startRedis(
  resources: AsyncDisposableStack,
  writes: RedisWrites,
): Promise<string> {
  const folder = await temporaryFolder(resources)
  const path = join(folder, 'redis.sock')
  const place = ['--port', '0', '--unixsocket', path, '--dir', folder]
  const child = spawn('redis-server', [...place, ...SETTINGS[writes]], { stdio: 'ignore' })
  const exited = once(child, 'exit')
  resources.defer(async () => {
    child.kill('SIGTERM')
    await exited
  })
  // It asks again until there is an answer.
  const client = new Redis({ path, maxRetriesPerRequest: null })
  client.on('error', () => undefined)
  await client.ping()
  await client.quit()
  return path
}
