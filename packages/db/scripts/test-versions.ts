/** Runs the whole suite on each version of PostgreSQL but the sandbox's own. Arguments go to vitest. */
import { spawnSync } from 'node:child_process'
import { OLDER_POSTGRES } from '@yuzuru/older-postgres'

const failed = OLDER_POSTGRES.filter(([version, binaries]) => {
  console.log(`\n== PostgreSQL ${version}`)
  const args = ['run', '--reporter=default', ...process.argv.slice(2)]
  const env = { ...process.env, YUZURU_POSTGRES_BINARIES: binaries }
  return spawnSync('vitest', args, { stdio: 'inherit', env }).status !== 0
})
if (failed.length > 0) {
  console.error(`\nFailed on PostgreSQL ${failed.map(([version]) => version).join(', ')}`)
  process.exitCode = 1
}
