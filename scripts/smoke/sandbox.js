import assert from 'node:assert/strict'
import { startSandbox } from '@yuzuru/sandbox'

{
  await using sandbox = await startSandbox()
  assert.match(sandbox.postgres.url, /^postgres:/)
  assert.match(await sandbox.postgres.createDatabase(), /^postgres:/)
  assert.equal(sandbox.services.length, 5)
}
console.log('ok')
