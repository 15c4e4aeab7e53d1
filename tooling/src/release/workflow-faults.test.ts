import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { workflowFaults } from './workflow-faults.ts'

const path = join(import.meta.dirname, '../../../.github/workflows/release.yml')
const workflow = readFileSync(path, 'utf8')

test('the workflow of releases is without a fault', () => {
  expect(workflowFaults(workflow)).toEqual([])
})

test.each([
  ['it may not prove its identity (id-token)', /^.*id-token.*\n/m, ''],
  ['it may not prove its identity (id-token)', /id-token: write/, '# id-token: write'],
  ['its other jobs have permissions by default', /^permissions: \{\}\n/m, ''],
  [
    'it does not run `pnpm@12.21.0 release --dry-run` before it publishes',
    /^.*release --dry-run.*\n/m,
    '',
  ],
  ['it does not publish by `changeset publish`', /changeset publish/, 'pnpm publish'],
  ['it has a token of npm', /GITHUB_TOKEN/, 'NODE_AUTH_TOKEN'],
])('a fault of the workflow is named: %s', (fault, line, instead) => {
  expect(workflowFaults(workflow.replace(line, instead))).toContain(fault)
})
