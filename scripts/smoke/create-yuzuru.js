import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { createService } from 'create-yuzuru'

rmSync('made', { recursive: true, force: true })
const files = await createService('made/by-hand', { name: 'by-hand', packages: [] })
assert.ok(files.includes('src/main.ts'))
const command = ['node_modules/create-yuzuru/dist/cli.js', 'made/by-command']
execFileSync(process.execPath, command)
const { dependencies } = JSON.parse(readFileSync('made/by-command/package.json', 'utf8'))
// The release has put versions in the place of the workspace's own marks.
for (const range of Object.values(dependencies)) assert.match(range, /^\^\d+\.\d+\.\d+/)
console.log('ok')
